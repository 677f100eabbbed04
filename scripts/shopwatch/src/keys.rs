//! `shopwatch keys`: API keys of the HTTP API, shown once and stored as a hash.

use std::io::{self, Write};

use anyhow::anyhow;
use jiff::{Timestamp, ToSpan};
use shared::account::{AccountId, Role, UserId};
use shared::session::{KeyName, Kind, Scope, Session, Token};
use shared::store::{StoreError, WriteSessions};

use crate::table::Table;

/// Makes a key and stores its hash. The answer is the only time its token is known.
///
/// # Errors
/// When the name is none, or the table does not answer.
pub async fn create(
    store: &impl WriteSessions,
    name: &str,
    scopes: &[Scope],
    expires_days: Option<u16>,
    now: Timestamp,
) -> anyhow::Result<Token> {
    let token = Token::random()?;
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let valid_until = expires_days.map(|days| now.checked_add((i64::from(days) * 24).hours())).transpose()?;
    let key = Session {
        hash: token.hash(),
        kind: Kind::Key,
        name: name.parse::<KeyName>()?.to_string(),
        user: UserId::operator(),
        account: AccountId::default(),
        role: Role::Owner,
        scopes,
        created_at: now,
        valid_until,
        idle_until: None,
    };
    store.put_session(&key).await?;
    Ok(token)
}

/// Prints every key, without what opens anything.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(keys: &[Session], now: Timestamp, out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(["ID", "NAME", "SCOPES", "CREATED", "VALID UNTIL"]);
    for key in keys {
        let scopes: Vec<String> = key.scopes.iter().map(Scope::to_string).collect();
        let valid_until = match key.valid_until {
            None => "no end".to_owned(),
            Some(end) if end <= now => format!("{end:.0} (expired)"),
            Some(end) => format!("{end:.0}"),
        };
        table.row([
            key.hash.id().to_owned(),
            key.name.clone(),
            scopes.join(","),
            format!("{:.0}", key.created_at),
            valid_until,
        ]);
    }
    table.print(out)
}

/// Revokes the one key whose hash begins with `id`, and answers it.
///
/// # Errors
/// When there is no such key, or more than one, or the table does not answer.
pub async fn revoke(store: &impl WriteSessions, id: &str) -> anyhow::Result<Session> {
    let mut keys = store.sessions(&UserId::operator()).await?;
    keys.retain(|key| key.hash.to_string().starts_with(id));
    match keys.len() {
        1 => {
            let key = keys.remove(0);
            store.revoke(&key.hash).await?;
            Ok(key)
        }
        0 => Err(anyhow!("no key has the id {id}: see `shopwatch keys list`")),
        count => Err(anyhow!("{count} keys have ids that begin with {id}: give more of its digits")),
    }
}

/// Every key of this command, oldest first.
///
/// # Errors
/// When the table does not answer.
pub async fn keys(store: &impl WriteSessions) -> Result<Vec<Session>, StoreError> {
    store.sessions(&UserId::operator()).await
}

#[cfg(test)]
mod tests {
    use ::tests::memory::Memory;
    use shared::store::ReadSessions as _;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T14:25:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn a_key_is_stored_by_its_hash_alone() {
        let memory = Memory::default();
        let scopes = [Scope::Purchases, Scope::Read, Scope::Read];
        let token = create(&memory, "dashboard", &scopes, Some(30), now()).await.unwrap();
        let key = memory.session(&token.hash()).await.unwrap().unwrap();
        assert_eq!(
            (key.user.clone(), key.scopes.as_slice()),
            (UserId::operator(), [Scope::Read, Scope::Purchases].as_slice())
        );
        assert_eq!(key.valid_until, Some("2026-12-21T14:25:00Z".parse().unwrap()));
        assert!(!format!("{key:?}").contains(token.expose()));
        for bad in ["", "a\nb", &"x".repeat(101)] {
            assert!(create(&memory, bad, &scopes, None, now()).await.is_err(), "{bad}");
        }
        assert_eq!(keys(&memory).await.unwrap().len(), 1);
    }

    #[test]
    fn the_list_shows_what_opens_nothing() {
        let hash = |digit: &str| digit.repeat(64).parse().unwrap();
        let key = |hash, valid_until: Option<&str>| Session {
            hash,
            name: "dashboard".into(),
            user: UserId::operator(),
            kind: Kind::Key,
            account: AccountId::default(),
            role: Role::Owner,
            idle_until: None,
            scopes: vec![Scope::Read, Scope::Purchases],
            created_at: now(),
            valid_until: valid_until.map(|end| end.parse().unwrap()),
        };
        let list_of = [
            key(hash("a"), None),
            key(hash("b"), Some("2026-12-21T14:25:00.123Z")),
            key(hash("c"), Some("2026-11-21T14:25:00Z")),
        ];
        let mut out = Vec::new();
        list(&list_of, now(), &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
        ID            NAME       SCOPES          CREATED               VALID UNTIL
        aaaaaaaaaaaa  dashboard  read,purchases  2026-11-21T14:25:00Z  no end
        bbbbbbbbbbbb  dashboard  read,purchases  2026-11-21T14:25:00Z  2026-12-21T14:25:00Z
        cccccccccccc  dashboard  read,purchases  2026-11-21T14:25:00Z  2026-11-21T14:25:00Z (expired)
        ");
    }

    #[tokio::test]
    async fn exactly_one_key_is_revoked() {
        let memory = Memory::default();
        for (name, hash) in [("one", "aaaa0"), ("other", "aaaa1")] {
            let key = Session {
                hash: format!("{hash:0<64}").parse().unwrap(),
                name: name.into(),
                user: UserId::operator(),
                kind: Kind::Key,
                account: AccountId::default(),
                role: Role::Owner,
                idle_until: None,
                scopes: vec![Scope::Read],
                created_at: now(),
                valid_until: None,
            };
            memory.put_session(&key).await.unwrap();
        }
        insta::assert_snapshot!(revoke(&memory, "aaaa").await.unwrap_err(), @"2 keys have ids that begin with aaaa: give more of its digits");
        insta::assert_snapshot!(revoke(&memory, "bbbb").await.unwrap_err(), @"no key has the id bbbb: see `shopwatch keys list`");
        assert_eq!(keys(&memory).await.unwrap().len(), 2);
        assert_eq!(revoke(&memory, "aaaa1").await.unwrap().name, "other");
        let left: Vec<String> = keys(&memory).await.unwrap().into_iter().map(|key| key.name).collect();
        assert_eq!(left, ["one"]);
    }
}
