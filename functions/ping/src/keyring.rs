//! The credentials of checks, remembered for a while: most rounds need those of the round before.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use shared::credentials::{Credentials, CredentialsId};
use shared::monitor::{MonitorId, SHARD_LIMIT};
use shared::signal::{Outcome, Reason};
use shared::store::{ReadCredentials, StoreError};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

/// How long credentials are remembered.
const KEPT: Duration = Duration::from_secs(600);

/// Most monitors whose credentials are remembered: those of four shards.
const MAX_KEPT: usize = 4 * SHARD_LIMIT;

/// Reads credentials, and remembers the last ones of each monitor.
#[derive(Debug)]
pub struct Keyring<K> {
    secrets: K,
    kept: Mutex<HashMap<MonitorId, Kept>>,
}

#[derive(Debug)]
struct Kept {
    id: CredentialsId,
    since: Instant,
    credentials: Credentials,
}

impl<K: ReadCredentials> Keyring<K> {
    /// Nothing is remembered yet.
    pub fn new(secrets: K) -> Self {
        Self { secrets, kept: Mutex::default() }
    }

    /// These credentials, read until this instant.
    ///
    /// # Errors
    /// `Unknown(Configuration)` where there are none or they are not as they are written, `Unknown(Network)` where the
    /// table does not answer.
    pub async fn credentials(&self, id: &CredentialsId, until: Instant) -> Result<Credentials, Outcome> {
        if let Some(credentials) = self.remembered(id) {
            return Ok(credentials);
        }
        let monitor = &id.monitor;
        match timeout_at(until, self.secrets.credentials(id)).await {
            Ok(Ok(Some(credentials))) => {
                self.remember(id, credentials.clone());
                Ok(credentials)
            }
            Ok(Ok(None)) => Err(Outcome::Unknown(Reason::Configuration)),
            Ok(Err(error @ StoreError::Broken(_))) => {
                warn!(%monitor, %error, "no credentials for a check");
                Err(Outcome::Unknown(Reason::Configuration))
            }
            Ok(Err(error)) => {
                warn!(%monitor, %error, "no credentials for a check");
                Err(Outcome::Unknown(Reason::Network))
            }
            Err(_) => {
                warn!(%monitor, "no credentials for a check: the table did not answer in time");
                Err(Outcome::Unknown(Reason::Network))
            }
        }
    }

    fn remembered(&self, id: &CredentialsId) -> Option<Credentials> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&id.monitor)?;
        let holds = kept.id == *id && kept.since.elapsed() < KEPT;
        holds.then(|| kept.credentials.clone())
    }

    fn remember(&self, id: &CredentialsId, credentials: Credentials) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT && !kept.contains_key(&id.monitor) {
            // Rare, and the next rounds read them again.
            kept.clear();
        }
        let entry = Kept { id: id.clone(), since: Instant::now(), credentials };
        kept.insert(id.monitor.clone(), entry);
    }
}

#[cfg(test)]
mod tests {
    use shared::revision::Revision;

    use super::*;

    #[derive(Debug)]
    struct Nothing;

    impl ReadCredentials for Nothing {
        async fn credentials(&self, _: &CredentialsId) -> shared::store::Result<Option<Credentials>> {
            Ok(None)
        }
    }

    fn credentials() -> Credentials {
        serde_json::from_str(r#"{"scheme": "bearer", "token": "hunter2"}"#).unwrap()
    }

    fn of(monitor: &str) -> CredentialsId {
        let origin = "https://shop.example".to_owned();
        CredentialsId { monitor: monitor.parse().unwrap(), origin, revision: Revision::first() }
    }

    #[test]
    fn what_is_remembered_is_of_this_revision_and_origin_and_not_old() {
        let keyring = Keyring::new(Nothing);
        let id = of("s0-aaaaaa");
        let is_remembered = |id: &CredentialsId| keyring.remembered(id).is_some();
        assert!(!is_remembered(&id));
        keyring.remember(&id, credentials());
        assert!(is_remembered(&id));
        assert!(!is_remembered(&CredentialsId {
            revision: "abcdefghijklmnop".parse().unwrap(),
            ..id.clone()
        }));
        assert!(!is_remembered(&CredentialsId { origin: "https://new.example".to_owned(), ..id.clone() }));
        let long_ago = Instant::now().checked_sub(KEPT).unwrap();
        keyring.kept.lock().unwrap().get_mut(&id.monitor).unwrap().since = long_ago;
        assert!(!is_remembered(&id));
        assert!(!format!("{keyring:?}").contains("hunter2"));
    }

    #[test]
    fn no_more_is_remembered_than_four_shards_have() {
        let keyring = Keyring::new(Nothing);
        for n in 0..2 * MAX_KEPT {
            keyring.remember(&of(&format!("s0-{n:06}")), credentials());
            assert!(keyring.kept.lock().unwrap().len() <= MAX_KEPT);
        }
    }
}
