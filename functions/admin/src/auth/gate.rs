//! What endpoints beside these need of who gets in.

use std::future::Future;
use std::sync::Arc;

use jiff::SignedDuration;
use shared::audit::AuditEntry;
use shared::http_frame::Failure;
use shared::session::Scope;

use super::caller::{Asked, Caller};
use super::{Accounts, Audits, Auth, Sessions, limits};

/// Lets people and programs in, and notes what they do.
pub(crate) trait Gate: Send + Sync + 'static {
    /// Who asks, if they may do what this scope is for.
    fn caller(&self, asked: Asked, scope: Scope) -> impl Future<Output = Result<Caller, Failure>> + Send;
    /// Notes what is about to be done.
    fn note(&self, entry: &AuditEntry) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Counts something that the caller's account may do so often in this time, and refuses one too many.
    fn ration(
        &self,
        caller: &Caller,
        what: &str,
        most: u16,
        window: SignedDuration,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Counts something that all guests together may do so often in this time, and refuses one too many.
    fn ration_of_guests(
        &self,
        caller: &Caller,
        what: &str,
        most: u16,
        window: SignedDuration,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

impl<A: Accounts, S: Sessions, U: Audits> Gate for Arc<Auth<A, S, U>> {
    async fn caller(&self, asked: Asked, scope: Scope) -> Result<Caller, Failure> {
        let caller = Caller::of(self, asked).await?;
        if caller.session.allows(scope, caller.now) { Ok(caller) } else { Err(Failure::MissingScope(scope)) }
    }

    async fn note(&self, entry: &AuditEntry) -> Result<(), Failure> {
        // One request may write many entries, of many shards; pages of the audit are told apart by their instants.
        let entry = AuditEntry { at: self.now(), ..entry.clone() };
        Ok(self.audit.put_entry(&entry).await?)
    }

    async fn ration(
        &self,
        caller: &Caller,
        what: &str,
        most: u16,
        window: SignedDuration,
    ) -> Result<(), Failure> {
        let name = format!("{what} account {}", caller.session.account);
        limits::count(&self.sessions, &name, caller.now, most, window).await
    }

    async fn ration_of_guests(
        &self,
        caller: &Caller,
        what: &str,
        most: u16,
        window: SignedDuration,
    ) -> Result<(), Failure> {
        limits::count(&self.sessions, &format!("{what} guests"), caller.now, most, window).await
    }
}
