//! `shopwatch users`: who signs in. The first owner cannot be invited by another, so the operator's command does it.

use std::io::{self, Write};

use jiff::{Timestamp, ToSpan as _};
use shared::account::{AccountId, Email, Invitation, Role, User, UserId};
use shared::session::Token;
use shared::store::{ReadAccounts, WriteAccounts};

use crate::table::Table;

/// Makes an invitation to the installation's account and stores its hash. The answer is the only time its token is
/// known.
///
/// # Errors
/// When the table does not answer.
pub async fn invite(
    store: &impl WriteAccounts,
    role: Role,
    email: Option<Email>,
    expires_days: u16,
    now: Timestamp,
) -> anyhow::Result<Token> {
    let token = Token::random()?;
    let invitation = Invitation {
        hash: token.hash(),
        account: AccountId::default(),
        role,
        email,
        invited_by: UserId::operator(),
        created_at: now,
        valid_until: now.checked_add((i64::from(expires_days) * 24).hours())?,
    };
    store.put_invitation(&invitation).await?;
    Ok(token)
}

/// The people of the installation's account, by address.
///
/// # Errors
/// When the table does not answer.
pub async fn users(store: &impl ReadAccounts) -> anyhow::Result<Vec<User>> {
    let mut users = store.users(&AccountId::default()).await?;
    users.sort_by(|one, other| one.email.cmp(&other.email));
    Ok(users)
}

/// Prints who signs in, without what lets them.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(users: &[User], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(["ID", "EMAIL", "ROLE", "SINCE"]);
    for user in users {
        let since = format!("{:.0}", user.created_at);
        table.row([user.id.to_string(), user.email.to_string(), user.role.to_string(), since]);
    }
    table.print(out)
}

#[cfg(test)]
mod tests {
    use ::tests::memory::Memory;
    use shared::account::PasswordHash;

    use super::*;

    #[tokio::test]
    async fn an_invitation_is_stored_by_its_hash_alone_and_ends() {
        let (memory, now) = (Memory::default(), "2026-11-21T14:25:00Z".parse().unwrap());
        let email = Some("ada@shop.example".parse().unwrap());
        let token = invite(&memory, Role::Owner, email, 7, now).await.unwrap();
        let invitation = memory.invitation(&token.hash()).await.unwrap().unwrap();
        assert_eq!((invitation.role, invitation.invited_by.as_str()), (Role::Owner, "operator"));
        assert_eq!(invitation.valid_until, "2026-11-28T14:25:00Z".parse().unwrap());
        assert!(!format!("{invitation:?}").contains(token.expose()));
    }

    #[test]
    fn the_list_shows_what_lets_nobody_in() {
        let user = User {
            id: "u-7f3k2a9d0c1b2e4f".parse().unwrap(),
            account: AccountId::default(),
            email: "ada@shop.example".parse().unwrap(),
            role: Role::Owner,
            password: PasswordHash("$argon2id$secret".to_owned()),
            created_at: "2026-11-21T14:25:00.5Z".parse().unwrap(),
            version: 1,
        };
        let mut out = Vec::new();
        list(&[user], &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
        ID                  EMAIL             ROLE   SINCE
        u-7f3k2a9d0c1b2e4f  ada@shop.example  owner  2026-11-21T14:25:00Z
        ");
    }
}
