//! Sessions, API keys and attempts to sign in.

use jiff::{SignedDuration, Timestamp};
use shared::account::{Role, UserId};
use shared::session::{Session, TokenHash};
use shared::store::{CountAttempts, ReadSessions, Result, WriteSessions};

use super::Memory;

impl ReadSessions for Memory {
    async fn session(&self, hash: &TokenHash) -> Result<Option<Session>> {
        Ok(self.call()?.sessions.get(&hash.to_string()).cloned())
    }
}

impl WriteSessions for Memory {
    async fn put_session(&self, session: &Session) -> Result<()> {
        self.call()?.sessions.insert(session.hash.to_string(), session.clone());
        Ok(())
    }

    async fn sessions(&self, user: &UserId) -> Result<Vec<Session>> {
        let mut sessions: Vec<Session> =
            self.call()?.sessions.values().filter(|session| session.user == *user).cloned().collect();
        sessions.sort_by_key(|session| session.created_at);
        Ok(sessions)
    }

    async fn keep_awake(&self, hash: &TokenHash, idle_until: Timestamp) -> Result<()> {
        if let Some(there) = self.call()?.sessions.get_mut(&hash.to_string()) {
            there.idle_until = Some(idle_until);
        }
        Ok(())
    }

    async fn change_role(&self, hash: &TokenHash, role: Role) -> Result<()> {
        if let Some(there) = self.call()?.sessions.get_mut(&hash.to_string()) {
            there.role = role;
        }
        Ok(())
    }

    async fn revoke(&self, hash: &TokenHash) -> Result<()> {
        self.call()?.sessions.remove(&hash.to_string());
        Ok(())
    }
}

impl CountAttempts for Memory {
    async fn attempt(&self, name: &str, at: Timestamp, before: SignedDuration, most: u16) -> Result<bool> {
        let mut tables = self.call()?;
        let attempts = tables.attempts.entry(name.to_owned()).or_default();
        attempts.push(at);
        Ok(attempts.iter().filter(|attempt| **attempt > at - before).count() > usize::from(most))
    }
}
