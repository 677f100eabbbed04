//! Brings the stored windows to what a file wants.

use std::collections::{BTreeSet, HashMap};

use anyhow::{anyhow, bail};
use shared::maintenance::{MAX_WINDOWS, Window, WindowId};
use shared::monitor::{MonitorId, MonitorName};
use shared::store::{Broken, ReadMaintenance, Stored, WriteMaintenance};

use super::WantedWindow;
use crate::yaml::Problems;

/// How a window of the file differs from what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It was not there.
    Created,
    /// It was otherwise, or could not be read.
    Changed,
    /// It is as the file wants it.
    Unchanged,
}

/// What is to be done, and what is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What becomes of each window of the file, in the file's order.
    pub outcomes: Vec<(Window, Difference)>,
    /// Windows that are stored and that the file does not name.
    pub unnamed: Vec<Window>,
    /// Windows that cannot be read and that the file does not replace.
    pub broken: Vec<Broken>,
}

/// What `apply` did: all of the plan.
pub type Applied = Planned;

/// Plans the way from `stored` to `wanted`: a pure function.
///
/// # Errors
/// Names every monitor that does not exist, or says that there would be too many windows.
pub fn plan(
    wanted: &[WantedWindow],
    stored: &Stored<Window>,
    ids: &HashMap<MonitorName, MonitorId>,
) -> anyhow::Result<Planned> {
    let mut problems = Problems::default();
    let mut outcomes = Vec::with_capacity(wanted.len());
    for WantedWindow { window, monitors } in wanted {
        let mut found = BTreeSet::new();
        for monitor in monitors {
            match ids.get(&monitor.name) {
                Some(id) => drop(found.insert(id.clone())),
                None => {
                    let what = format!(
                        "{}: expected a monitor that exists, got {:?}",
                        monitor.place,
                        monitor.name.as_str()
                    );
                    problems.wrong(monitor.line, what);
                }
            }
        }
        let window = Window { monitors: found.into_iter().collect(), ..window.clone() };
        let there = stored.values.iter().find(|there| there.id == window.id);
        let is_broken = stored.broken.iter().any(|broken| broken.id == window.id.to_string());
        let difference = match there {
            Some(there) if *there == window => Difference::Unchanged,
            Some(_) => Difference::Changed,
            None if is_broken => Difference::Changed,
            None => Difference::Created,
        };
        outcomes.push((window, difference));
    }
    if !problems.is_empty() {
        bail!("{problems}");
    }
    let is_named = |id: &str| outcomes.iter().any(|(window, _)| window.id.to_string() == id);
    let unnamed: Vec<Window> =
        stored.values.iter().filter(|window| !is_named(&window.id.to_string())).cloned().collect();
    let broken: Vec<Broken> = stored.broken.iter().filter(|broken| !is_named(&broken.id)).cloned().collect();
    let total = outcomes.len() + unnamed.len() + broken.len();
    if total > MAX_WINDOWS {
        bail!("expected at most {MAX_WINDOWS} windows, got {total} with those stored: delete some first");
    }
    Ok(Planned { outcomes, unnamed, broken })
}

/// Creates and changes windows until the store holds what is wanted; deletes none. When two do that at once, each
/// window is as the later one wants it.
///
/// # Errors
/// When the table does not answer, or the file cannot be applied. What was written until then stays.
pub async fn apply(
    store: &(impl ReadMaintenance + WriteMaintenance),
    wanted: &[WantedWindow],
    ids: &HashMap<MonitorName, MonitorId>,
) -> anyhow::Result<Applied> {
    let planned = plan(wanted, &store.windows().await?, ids)?;
    for (window, difference) in &planned.outcomes {
        if *difference != Difference::Unchanged {
            store.put_window(window).await?;
        }
    }
    Ok(planned)
}

/// Deletes a window, whether it can be read or not.
///
/// # Errors
/// When there is none of this id, or the table does not answer.
pub async fn delete(store: &(impl ReadMaintenance + WriteMaintenance), id: &WindowId) -> anyhow::Result<()> {
    let there = store.windows().await?;
    let is_there = there.values.iter().any(|window| window.id == *id)
        || there.broken.iter().any(|broken| broken.id == id.to_string());
    if !is_there {
        return Err(anyhow!("no window has the id {id}: see `shopwatch maintenance list`"));
    }
    Ok(store.delete_window(id).await?)
}
