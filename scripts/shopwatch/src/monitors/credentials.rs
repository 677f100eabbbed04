//! Credentials on their way from a file to the table `secrets`.

use std::collections::HashSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use secrecy::ExposeSecret as _;
use shared::credentials::{Credentials, CredentialsId, Revision};
use shared::monitor::{MonitorId, MonitorName};
use shared::store::{ReadCredentials, Result, WriteCredentials};

use super::stored::by_name;
use super::{Difference, Outcome, StoredShard, Wanted};

/// Calls of the table at once.
const AT_ONCE: usize = 16;

/// The names of the stored monitors whose credentials are not those of the file.
pub(super) async fn renewed(
    store: &impl ReadCredentials,
    wanted: &[Wanted],
    stored: &[StoredShard],
) -> Result<HashSet<MonitorName>> {
    let known = by_name(stored);
    let with_credentials = wanted.iter().filter_map(|wanted| {
        let id = of(&known.get(&wanted.name)?.id, wanted)?;
        Some((wanted.name.clone(), id, wanted.credentials.as_ref()?))
    });
    let compared = with_credentials.map(|(name, id, credentials)| async move {
        let there = store.credentials(&id).await?;
        Ok((!there.is_some_and(|there| is_same(&there, credentials))).then_some(name))
    });
    let found: Vec<Option<MonitorName>> =
        stream::iter(compared).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Stores the credentials of those monitors among `outcomes` that are new or whose credentials are renewed. They come
/// before the monitors: a check must never go without what it needs. Nor does one meanwhile take them elsewhere: they
/// are stored for the origin of the new URL.
pub(super) async fn put(
    store: &impl WriteCredentials,
    wanted: &[Wanted],
    outcomes: &[Outcome],
    renewed: &HashSet<MonitorName>,
    is_here: impl Fn(&MonitorId) -> bool,
) -> Result<()> {
    let to_put = wanted.iter().zip(outcomes).filter_map(|(wanted, outcome)| {
        let is_new = outcome.difference == Difference::Created || renewed.contains(&wanted.name);
        let is_refused = matches!(outcome.difference, Difference::Refused(_));
        let credentials = wanted.credentials.as_ref()?;
        let id = of(&outcome.monitor.id, wanted)?;
        (is_new && !is_refused && is_here(&id.monitor)).then_some((id, credentials))
    });
    let put = to_put.map(async |(id, credentials)| store.put_credentials(&id, credentials).await);
    stream::iter(put).buffer_unordered(AT_ONCE).try_collect().await
}

fn of(monitor: &MonitorId, wanted: &Wanted) -> Option<CredentialsId> {
    Some(CredentialsId {
        monitor: monitor.clone(),
        origin: wanted.check.origin()?,
        revision: Revision::first(),
    })
}

fn is_same(one: &Credentials, other: &Credentials) -> bool {
    match (one, other) {
        (Credentials::Basic { user, password }, Credentials::Basic { user: u, password: p }) => {
            user == u && password.expose_secret() == p.expose_secret()
        }
        (Credentials::Bearer { token }, Credentials::Bearer { token: t }) => {
            token.expose_secret() == t.expose_secret()
        }
        _ => false,
    }
}
