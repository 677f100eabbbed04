//! `shopwatch guests`: who came by themselves, where anybody may sign up; and how they go.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::{anyhow, bail, ensure};
use shared::account::{AccountId, AccountSummary, Email, User};
use shared::channel::Channel;
use shared::credentials::CredentialsId;
use shared::monitor::{Monitor, ShardSummary};
use shared::store::{
    AccountChange, ReadAccounts, ReadChannels, ReadMonitors, ReadShards, ShardChange, UserChange,
    WriteAccounts, WriteBeatTokens, WriteChannels, WriteCredentials, WriteMonitors, WriteSessions,
    WriteTargets,
};

use crate::monitors::stored;
use crate::table::Table;

/// How often a change is made again that somebody else was faster with.
const ATTEMPTS: u32 = 4;

/// The tables that know guests.
#[derive(Debug)]
pub struct Tables<M, K, B, A, S> {
    /// What they watch, and their channels.
    pub monitors: M,
    /// What that needs.
    pub secrets: K,
    /// What calls us.
    pub beats: B,
    /// Who they are.
    pub accounts: A,
    /// What they hold.
    pub sessions: S,
}

/// All that is known of one guest's account.
#[derive(Debug)]
pub struct Guest {
    /// The account.
    pub account: AccountId,
    /// Its people.
    pub people: Vec<User>,
    /// What they watch.
    pub monitors: Vec<Monitor>,
    /// Where their alerts go.
    pub channels: Vec<Channel>,
}

impl<M, K, B, A, S> Tables<M, K, B, A, S>
where
    M: ReadShards + ReadMonitors + WriteMonitors + ReadChannels + WriteChannels,
    K: WriteCredentials + WriteTargets,
    B: WriteBeatTokens,
    A: ReadAccounts + WriteAccounts,
    S: WriteSessions,
{
    /// Every guest that watches anything or has a channel, by account.
    ///
    /// # Errors
    /// When a table does not answer.
    pub async fn guests(&self) -> anyhow::Result<Vec<Guest>> {
        let mut monitors: BTreeMap<AccountId, Vec<Monitor>> = BTreeMap::new();
        for monitor in stored(&self.monitors).await?.into_iter().flat_map(|shard| shard.monitors) {
            monitors.entry(monitor.account.clone()).or_default().push(monitor);
        }
        let mut channels: BTreeMap<AccountId, Vec<Channel>> = BTreeMap::new();
        for channel in self.monitors.channels().await?.values {
            monitors.entry(channel.account.clone()).or_default();
            channels.entry(channel.account.clone()).or_default().push(channel);
        }
        let mut guests = Vec::new();
        for (account, monitors) in monitors.into_iter().filter(|(account, _)| !account.is_home()) {
            let people = self.accounts.users(&account).await?;
            let channels = channels.remove(&account).unwrap_or_default();
            guests.push(Guest { account, people, monitors, channels });
        }
        Ok(guests)
    }

    /// The guest of this account, or of the person with this address, whether they watch anything or not.
    ///
    /// # Errors
    /// When there is none, it is the installation's own, or a table does not answer.
    pub async fn guest(&self, who: &str) -> anyhow::Result<Guest> {
        let account = match who.parse::<AccountId>() {
            Ok(account) => account,
            Err(_) => {
                let email: Email = who
                    .parse()
                    .map_err(|_| anyhow!("expected an account such as a-7f3k2a9d0c1b2e4f, or an address"))?;
                let user = self.accounts.user_of(&email).await?;
                user.ok_or_else(|| anyhow!("nobody signs in with this address"))?.account
            }
        };
        ensure!(!account.is_home(), "that is no guest, but one of the installation's own account");
        let known = self.guests().await?.into_iter().find(|guest| guest.account == account);
        let guest = match known {
            Some(guest) => guest,
            None => {
                let people = self.accounts.users(&account).await?;
                Guest { account, people, monitors: Vec::new(), channels: Vec::new() }
            }
        };
        let is_known = !(guest.people.is_empty() && guest.monitors.is_empty() && guest.channels.is_empty());
        ensure!(is_known, "nothing is known of this account");
        Ok(guest)
    }

    /// Takes in everything that the guest has: first what lets them in, then the people, then what they watch. What fails on
    /// the way is done by doing it again.
    ///
    /// # Errors
    /// When a table does not answer, or others change the same all the time.
    pub async fn remove(&self, guest: &Guest) -> anyhow::Result<()> {
        for user in &guest.people {
            self.leave(user).await?;
            for session in self.sessions.sessions(&user.id).await? {
                self.sessions.revoke(&session.hash).await?;
            }
        }
        for invitation in self.accounts.invitations(&guest.account).await? {
            self.accounts.delete_invitation(&invitation).await?;
        }
        for summary in self.monitors.shards().await?.into_iter().filter(ShardSummary::is_of_guests) {
            for gone in self.empty(&summary, &guest.account).await? {
                if let Some(credentials) = CredentialsId::of(&gone) {
                    self.secrets.delete_credentials(&credentials).await?;
                }
                self.beats.delete_beat_tokens(&gone.id).await?;
                self.beats.delete_beat(&gone.id).await?;
            }
        }
        for channel in &guest.channels {
            self.monitors.delete_channel(&channel.id, channel.version).await?;
            self.secrets.delete_target(&channel.id, &channel.revision).await?;
        }
        Ok(())
    }

    async fn leave(&self, user: &User) -> anyhow::Result<()> {
        for _ in 0..ATTEMPTS {
            let version = self.accounts.account(&user.account).await?.map_or(0, |summary| summary.version);
            let mut left = self.accounts.users(&user.account).await?;
            left.retain(|there| there.id != user.id);
            let summary = AccountSummary::of(user.account.clone(), &left, version.saturating_add(1));
            let change = AccountChange { summary, user: UserChange::Leaves(user.clone()) };
            if self.accounts.change_account(&change).await.is_ok() {
                return Ok(());
            }
            if self.accounts.user(&user.account, &user.id).await?.is_none() {
                return Ok(());
            }
        }
        bail!("somebody else changes this account at the same time: try again")
    }

    /// Deletes the account's monitors from this shard; which they were.
    async fn empty(&self, summary: &ShardSummary, account: &AccountId) -> anyhow::Result<Vec<Monitor>> {
        let mut summary = summary.clone();
        for _ in 0..ATTEMPTS {
            let stored = self.monitors.monitors(summary.shard).await?;
            // A summary is made of all monitors of its shard.
            ensure!(stored.broken.is_empty(), "a monitor of shard {} cannot be read", summary.shard);
            let (gone, left): (Vec<Monitor>, Vec<Monitor>) =
                stored.values.into_iter().partition(|monitor| monitor.account == *account);
            if gone.is_empty() {
                return Ok(gone);
            }
            let delete = gone.iter().map(|monitor| (monitor.id.clone(), monitor.version)).collect();
            let after =
                ShardSummary::of(summary.shard, &left, summary.version.saturating_add(1), summary.since);
            let change = ShardChange { put: Vec::new(), delete, summary: after };
            if self.monitors.change(&change).await.is_ok() {
                return Ok(gone);
            }
            let shards = self.monitors.shards().await?;
            summary = shards.into_iter().find(|there| there.shard == summary.shard).unwrap_or(summary);
        }
        bail!("somebody else changes shard {} at the same time: try again", summary.shard)
    }
}

/// Prints guests with what they have.
///
/// # Errors
/// When `out` cannot be written.
pub fn list(guests: &[Guest], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new(["ACCOUNT", "MONITORS", "CHANNELS", "PEOPLE"]);
    for guest in guests {
        let people: Vec<String> = guest.people.iter().map(|user| user.email.to_string()).collect();
        table.row([
            guest.account.to_string(),
            guest.monitors.len().to_string(),
            guest.channels.len().to_string(),
            people.join(", "),
        ]);
    }
    table.print(out)
}

#[cfg(test)]
mod tests {
    use ::tests::memory::Memory;
    use shared::account::{PasswordHash, Role};
    use shared::monitor::{Check, HeartbeatCheck};
    use shared::revision::Revision;
    use shared::session::{Kind, Session, Token};

    use super::*;

    type InMemory = Tables<Memory, Memory, Memory, Memory, Memory>;

    async fn shop() -> (Memory, InMemory) {
        let memory = Memory::default();
        for (account, letter) in [("home", "h"), ("a-aaaaaaaaaaaaaaaa", "a"), ("a-bbbbbbbbbbbbbbbb", "b")] {
            let account: AccountId = account.parse().unwrap();
            let user = User {
                id: format!("u-{}", letter.repeat(16)).parse().unwrap(),
                account: account.clone(),
                email: format!("{letter}@shop.example").parse().unwrap(),
                role: Role::Owner,
                password: PasswordHash("$argon2id$secret".to_owned()),
                created_at: "2026-11-21T14:25:00Z".parse().unwrap(),
                version: 1,
            };
            let summary = AccountSummary::of(account.clone(), std::slice::from_ref(&user), 1);
            let change = AccountChange { summary, user: UserChange::SignsUp(user.clone(), None) };
            memory.change_account(&change).await.unwrap();
            let token = Token::random().unwrap();
            let session = Session {
                hash: token.hash(),
                kind: Kind::Bearer,
                name: String::new(),
                user: user.id,
                account: account.clone(),
                role: Role::Owner,
                scopes: Vec::new(),
                created_at: user.created_at,
                valid_until: None,
                idle_until: None,
            };
            memory.put_session(&session).await.unwrap();
            let shard = u8::from(!account.is_home());
            let of = |id: String| Monitor { account: account.clone(), ..::tests::example::monitor(&id) };
            let heartbeat = Check::Heartbeat(HeartbeatCheck { grace_minutes: 1 });
            let heartbeat = Monitor {
                check: heartbeat,
                ..of(format!("s{shard}-{letter}{letter}{letter}{letter}{letter}2"))
            };
            memory.put_beat_token(&Token::random().unwrap().hash(), &heartbeat.id).await.unwrap();
            memory
                .add_monitors([of(format!("s{shard}-{letter}{letter}{letter}{letter}{letter}1")), heartbeat]);
            let channel = serde_json::json!({
                "id": format!("c-{}", letter.repeat(16)), "owned_by": account.to_string(), "name": "Mail", "kind": "email",
                "target": "1 address at shop.example", "has_secret": false, "monitors": [], "on": ["down"],
                "paused": false, "revision": Revision::first().to_string(), "version": 1,
            });
            let channel: Channel = serde_json::from_value(channel).unwrap();
            memory.put_channel(&channel).await.unwrap();
        }
        let tables = Tables {
            monitors: memory.clone(),
            secrets: memory.clone(),
            beats: memory.clone(),
            accounts: memory.clone(),
            sessions: memory.clone(),
        };
        (memory, tables)
    }

    #[tokio::test]
    async fn guests_are_listed_and_the_installations_own_account_is_none() {
        let (_, tables) = shop().await;
        let mut out = Vec::new();
        list(&tables.guests().await.unwrap(), &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
        ACCOUNT             MONITORS  CHANNELS  PEOPLE
        a-aaaaaaaaaaaaaaaa  2         1         a@shop.example
        a-bbbbbbbbbbbbbbbb  2         1         b@shop.example
        ");
        for (who, why) in [
            ("h@shop.example", "no guest"),
            ("home", "no guest"),
            ("nobody@shop.example", "nobody signs in"),
            ("nonsense", "expected an account"),
            ("a-cccccccccccccccc", "nothing is known"),
        ] {
            let error = tables.guest(who).await.unwrap_err().to_string();
            assert!(error.contains(why), "{who}: {error}");
        }
    }

    #[tokio::test]
    async fn a_guest_goes_with_everything_and_nobody_else_does() {
        let (memory, tables) = shop().await;
        memory.tables().conflicts_left = 2;
        let guest = tables.guest("A@shop.example").await.unwrap();
        tables.remove(&guest).await.unwrap();
        {
            let known = format!("{:?}", memory.tables());
            for theirs in ["a@shop", "u-aaaa", "aaaaa1", "aaaaa2", "c-aaaa"] {
                assert!(!known.contains(theirs), "{theirs}: {known}");
            }
            let tables = memory.tables();
            assert_eq!((tables.monitors.len(), tables.channels.len(), tables.users.len()), (4, 2, 2));
            assert_eq!((tables.sessions.len(), tables.beat_tokens.len()), (2, 2));
            let guests: Vec<(usize, usize)> = tables.shards.values().map(|s| (s.count, s.guests)).collect();
            assert_eq!(guests, [(2, 0), (2, 2)]);
        }
        assert!(tables.guest("a@shop.example").await.is_err());
        // Done again it changes nothing.
        tables.remove(&guest).await.unwrap_err();
    }
}
