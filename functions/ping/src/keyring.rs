//! The credentials of checks, remembered for a while: most rounds need those of the round before.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use shared::credentials::Credentials;
use shared::monitor::{Monitor, MonitorId, SHARD_LIMIT};
use shared::signal::{Outcome, Reason};
use shared::store::{ReadCredentials, StoreError};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

/// How long credentials are remembered.
const KEPT: Duration = Duration::from_secs(600);

/// Most monitors whose credentials are remembered: those of four shards.
const MAX_KEPT: usize = 4 * SHARD_LIMIT;

/// Reads credentials, and remembers those of each version of a monitor.
#[derive(Debug)]
pub struct Keyring<K> {
    secrets: K,
    kept: Mutex<HashMap<MonitorId, Kept>>,
}

#[derive(Debug)]
struct Kept {
    version: u64,
    since: Instant,
    credentials: Credentials,
}

impl<K: ReadCredentials> Keyring<K> {
    /// Nothing is remembered yet.
    pub fn new(secrets: K) -> Self {
        Self { secrets, kept: Mutex::default() }
    }

    /// The credentials of this monitor, read until this instant.
    ///
    /// # Errors
    /// `Unknown(Configuration)` where there are none or they are not as they are written, `Unknown(Network)` where the
    /// table does not answer.
    pub async fn credentials(&self, monitor: &Monitor, until: Instant) -> Result<Credentials, Outcome> {
        if let Some(credentials) = self.remembered(monitor) {
            return Ok(credentials);
        }
        let origin = monitor.check.origin().unwrap_or_default();
        match timeout_at(until, self.secrets.credentials(&monitor.id, &origin)).await {
            Ok(Ok(Some(credentials))) => {
                self.remember(monitor, credentials.clone());
                Ok(credentials)
            }
            Ok(Ok(None)) => Err(Outcome::Unknown(Reason::Configuration)),
            Ok(Err(error @ StoreError::Broken(_))) => {
                warn!(monitor = %monitor.id, %error, "no credentials for a check");
                Err(Outcome::Unknown(Reason::Configuration))
            }
            Ok(Err(error)) => {
                warn!(monitor = %monitor.id, %error, "no credentials for a check");
                Err(Outcome::Unknown(Reason::Network))
            }
            Err(_) => {
                warn!(monitor = %monitor.id, "no credentials for a check: the table did not answer in time");
                Err(Outcome::Unknown(Reason::Network))
            }
        }
    }

    fn remembered(&self, monitor: &Monitor) -> Option<Credentials> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&monitor.id)?;
        let holds = kept.version == monitor.version && kept.since.elapsed() < KEPT;
        holds.then(|| kept.credentials.clone())
    }

    fn remember(&self, monitor: &Monitor, credentials: Credentials) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT && !kept.contains_key(&monitor.id) {
            // Rare, and the next rounds read them again.
            kept.clear();
        }
        let entry = Kept { version: monitor.version, since: Instant::now(), credentials };
        kept.insert(monitor.id.clone(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Nothing;

    impl ReadCredentials for Nothing {
        async fn credentials(&self, _: &MonitorId, _: &str) -> shared::store::Result<Option<Credentials>> {
            Ok(None)
        }
    }

    fn credentials() -> Credentials {
        serde_json::from_str(r#"{"scheme": "bearer", "token": "hunter2"}"#).unwrap()
    }

    #[test]
    fn what_is_remembered_is_of_this_version_and_not_old() {
        let keyring = Keyring::new(Nothing);
        let monitor = ::tests::example::monitor("s0-aaaaaa");
        let is_remembered = |version| keyring.remembered(&Monitor { version, ..monitor.clone() }).is_some();
        assert!(!is_remembered(1));
        keyring.remember(&monitor, credentials());
        assert!(is_remembered(1) && !is_remembered(2));
        let long_ago = Instant::now().checked_sub(KEPT).unwrap();
        keyring.kept.lock().unwrap().get_mut(&monitor.id).unwrap().since = long_ago;
        assert!(!is_remembered(1));
        assert!(!format!("{keyring:?}").contains("hunter2"));
    }

    #[test]
    fn no_more_is_remembered_than_four_shards_have() {
        let keyring = Keyring::new(Nothing);
        for n in 0..2 * MAX_KEPT {
            keyring.remember(&::tests::example::monitor(&format!("s0-{n:06}")), credentials());
            assert!(keyring.kept.lock().unwrap().len() <= MAX_KEPT);
        }
    }
}
