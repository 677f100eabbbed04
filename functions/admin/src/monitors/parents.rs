//! What a monitor may depend on: monitors of its own account, and none that depends on it.

use std::collections::{HashMap, HashSet};

use shared::account::AccountId;
use shared::http_frame::Failure;
use shared::monitor::{MAX_PARENTS, Monitor, MonitorId};
use shared::store::ReadMonitor;

/// Most monitors above one that are looked at: a hierarchy of shops, hosts and networks has a few.
const MAX_ANCESTORS: usize = 100;

/// The monitors that others depend on, each looked up once a request.
pub(super) struct Parents<'a, M> {
    monitors: &'a M,
    account: &'a AccountId,
    /// What each depends on itself; nothing of one that does not exist in this account.
    known: HashMap<MonitorId, Option<Vec<MonitorId>>>,
}

impl<'a, M: ReadMonitor> Parents<'a, M> {
    /// Nothing is looked up yet.
    pub(super) fn of(monitors: &'a M, account: &'a AccountId) -> Self {
        Self { monitors, account, known: HashMap::new() }
    }

    async fn above(&mut self, id: &MonitorId) -> Result<Option<Vec<MonitorId>>, Failure> {
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let found = self.monitors.monitor(id).await?.filter(|found| found.account == *self.account);
        let above = found.map(|found| found.depends_on);
        self.known.insert(id.clone(), above.clone());
        Ok(above)
    }

    /// Sees to it that these exist, in this account, and that none of them depends on `child`, however far up. One that the
    /// child depends on already may have been deleted. Two changes of
    /// different shards at the same moment could still close a circle; then neither has an incident opened while both are down.
    ///
    /// # Errors
    /// Names the first that cannot be depended on: 400.
    pub(super) async fn check(
        &mut self,
        child: Option<&Monitor>,
        parents: &[MonitorId],
    ) -> Result<(), Failure> {
        if parents.len() > MAX_PARENTS {
            return Err(refused(format!("expected at most {MAX_PARENTS} monitors, got {}", parents.len())));
        }
        let mut seen: HashSet<MonitorId> = HashSet::new();
        let mut above: Vec<(MonitorId, bool)> = parents.iter().map(|id| (id.clone(), true)).collect();
        while let Some((id, is_parent)) = above.pop() {
            if child.is_some_and(|child| child.id == id) {
                return Err(refused(format!("expected no circle, but {id} depends on itself then")));
            }
            if !seen.insert(id.clone()) {
                continue;
            }
            if seen.len() > MAX_ANCESTORS {
                return Err(refused(format!(
                    "expected at most {MAX_ANCESTORS} monitors above one, got more"
                )));
            }
            match self.above(&id).await? {
                Some(found) => above.extend(found.into_iter().map(|id| (id, false))),
                // So may a grandparent.
                None if is_parent && child.is_none_or(|child| !child.depends_on.contains(&id)) => {
                    return Err(refused(format!("there is no monitor {id}")));
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn refused(what: String) -> Failure {
    Failure::bad_request("monitor", format!("depends_on: {what}"))
}
