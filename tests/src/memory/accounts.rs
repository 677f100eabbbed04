//! Accounts, and who changed what in them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use shared::account::{AccountId, AccountSummary, Email, Invitation, User, UserId};
use shared::audit::AuditEntry;
use shared::session::TokenHash;
use shared::store::{
    AccountChange, ReadAccounts, ReadAudit, Result, StoreError, UserChange, WriteAccounts, WriteAudit,
};

use super::Memory;

impl ReadAccounts for Memory {
    async fn user(&self, account: &AccountId, id: &UserId) -> Result<Option<User>> {
        let tables = self.call()?;
        Ok(tables.users.values().find(|user| user.id == *id && user.account == *account).cloned())
    }

    async fn user_of(&self, email: &Email) -> Result<Option<User>> {
        Ok(self.call()?.users.get(email).cloned())
    }

    async fn users(&self, account: &AccountId) -> Result<Vec<User>> {
        let mut users: Vec<User> =
            self.call()?.users.values().filter(|user| user.account == *account).cloned().collect();
        users.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(users)
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSummary>> {
        Ok(self.call()?.accounts.get(id).cloned())
    }

    async fn invitation(&self, hash: &TokenHash) -> Result<Option<Invitation>> {
        Ok(self.call()?.invitations.get(&hash.to_string()).cloned())
    }

    async fn invitations(&self, account: &AccountId) -> Result<Vec<Invitation>> {
        let tables = self.call()?;
        Ok(tables.invitations.values().filter(|invitation| invitation.account == *account).cloned().collect())
    }
}

impl WriteAccounts for Memory {
    async fn change_account(&self, change: &AccountChange) -> Result<()> {
        let mut tables = self.call()?;
        let summary = &change.summary;
        let before = tables.accounts.get(&summary.account).map_or(0, |summary| summary.version);
        let version = |user: &User| {
            tables.users.get(&user.email).filter(|there| there.id == user.id).map(|u| u.version)
        };
        let fits = match &change.user {
            UserChange::SignsUp(user, invitation) => {
                let is_invited = |of: &Invitation| tables.invitations.contains_key(&of.hash.to_string());
                !tables.users.contains_key(&user.email) && invitation.as_ref().is_none_or(is_invited)
            }
            UserChange::Changes(user) => version(user).is_some_and(|version| version + 1 == user.version),
            UserChange::Leaves(user) => version(user).is_some(),
        };
        if tables.is_contended() || !fits || before + 1 != summary.version {
            return Err(StoreError::Conflict(format!("account {}", summary.account)));
        }
        match &change.user {
            UserChange::SignsUp(user, invitation) => {
                tables.users.insert(user.email.clone(), user.clone());
                tables
                    .invitations
                    .retain(|hash, _| invitation.as_ref().is_none_or(|used| used.hash.to_string() != *hash));
            }
            UserChange::Changes(user) => drop(tables.users.insert(user.email.clone(), user.clone())),
            UserChange::Leaves(user) => drop(tables.users.remove(&user.email)),
        }
        tables.accounts.insert(summary.account.clone(), summary.clone());
        Ok(())
    }

    async fn put_invitation(&self, invitation: &Invitation) -> Result<()> {
        self.call()?.invitations.insert(invitation.hash.to_string(), invitation.clone());
        Ok(())
    }

    async fn delete_invitation(&self, invitation: &Invitation) -> Result<()> {
        self.call()?.invitations.remove(&invitation.hash.to_string());
        Ok(())
    }
}

impl WriteAudit for Memory {
    async fn put_entry(&self, entry: &AuditEntry) -> Result<()> {
        self.call()?.audit.push(entry.clone());
        Ok(())
    }
}

impl ReadAudit for Memory {
    async fn entries(
        &self,
        account: &AccountId,
        month: Date,
        before: Option<Timestamp>,
        limit: u16,
    ) -> Result<Vec<AuditEntry>> {
        let tables = self.call()?;
        let is_of = |entry: &&AuditEntry| {
            let of = TimeZone::UTC.to_datetime(entry.at).date().first_of_month();
            entry.account == *account && of == month && before.is_none_or(|before| entry.at < before)
        };
        let mut entries: Vec<AuditEntry> = tables.audit.iter().filter(is_of).cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        entries.truncate(usize::from(limit));
        Ok(entries)
    }
}
