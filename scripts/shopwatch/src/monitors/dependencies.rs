//! Who depends on whom: names become ids, and circles are refused.

use std::collections::{HashMap, HashSet};

use shared::monitor::{MonitorId, MonitorName};

use super::{StoredShard, Wanted};
use crate::yaml::Problems;

/// Most names of a circle that are shown.
const SHOWN: usize = 10;

/// The ids of each wanted monitor's parents. `ids` has the id that every monitor of the file and of the table has
/// then.
///
/// # Errors
/// Names the parents that do not exist, and the circles that the file would close.
pub(super) fn parents_of(
    wanted: &[Wanted],
    stored: &[StoredShard],
    ids: &HashMap<&MonitorName, MonitorId>,
) -> Result<Vec<Vec<MonitorId>>, Problems> {
    let mut problems = Problems::default();
    let mut all = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let mut parents: Vec<MonitorId> = Vec::new();
        for parent in &wanted.depends_on {
            let what = match ids.get(&parent.name) {
                None => {
                    format!("expected a monitor of the file or of the table, got {:?}", parent.name.as_str())
                }
                Some(id) if parents.contains(id) => {
                    format!("expected each parent once, got {:?} again", parent.name.as_str())
                }
                Some(id) => {
                    parents.push(id.clone());
                    continue;
                }
            };
            problems.wrong(parent.line, format!("{}: {what}", parent.place));
        }
        all.push(parents);
    }
    circles(wanted, stored, ids, &all, &mut problems);
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

/// Tells each circle that a monitor of the file is part of.
fn circles(
    wanted: &[Wanted],
    stored: &[StoredShard],
    ids: &HashMap<&MonitorName, MonitorId>,
    parents: &[Vec<MonitorId>],
    problems: &mut Problems,
) {
    let mut graph: HashMap<&MonitorId, &[MonitorId]> = HashMap::new();
    let mut names: HashMap<&MonitorId, &str> = HashMap::new();
    for monitor in stored.iter().flat_map(|shard| &shard.monitors) {
        graph.insert(&monitor.id, &monitor.depends_on);
        names.insert(&monitor.id, monitor.name.as_str());
    }
    let mut lines: HashMap<&MonitorId, (u64, &str)> = HashMap::new();
    for (wanted, parents) in wanted.iter().zip(parents) {
        let Some(id) = ids.get(&wanted.name) else { continue };
        graph.insert(id, parents);
        names.insert(id, wanted.name.as_str());
        if let Some(first) = wanted.depends_on.first() {
            lines.insert(id, (first.line, &first.place));
        }
    }
    let of_file: Vec<&MonitorId> = wanted.iter().filter_map(|wanted| ids.get(&wanted.name)).collect();
    for circle in find_circles(&graph, of_file) {
        let Some((line, place)) = circle.iter().find_map(|id| lines.get(id)) else { continue };
        let shown: Vec<&str> = circle.iter().take(SHOWN).filter_map(|id| names.get(id).copied()).collect();
        let end = if circle.len() > SHOWN { "…" } else { shown.first().copied().unwrap_or_default() };
        let what = format!("expected no circle, got {} → {end}", shown.join(" → "));
        problems.wrong(*line, format!("{place}: {what}"));
    }
}

/// Circles that can be reached from these monitors, each monitor and its parents looked at once: a depth-first
/// search with a stack of its own, as long chains must not use up the thread's.
fn find_circles<'a>(
    graph: &HashMap<&'a MonitorId, &'a [MonitorId]>,
    starts: Vec<&'a MonitorId>,
) -> Vec<Vec<&'a MonitorId>> {
    let mut circles = Vec::new();
    let mut done: HashSet<&MonitorId> = HashSet::new();
    for start in starts {
        // The way from the start to here, with how many parents of each were looked at.
        let mut path: Vec<(&MonitorId, usize)> = Vec::new();
        let mut on_path: HashMap<&MonitorId, usize> = HashMap::new();
        if done.insert(start) {
            on_path.insert(start, 0);
            path.push((start, 0));
        }
        while let Some((id, looked_at)) = path.last_mut() {
            let next = graph.get(*id).and_then(|parents| parents.get(*looked_at));
            *looked_at += 1;
            match next {
                None => {
                    on_path.remove(*id);
                    path.pop();
                }
                Some(parent) => {
                    if let Some(at) = on_path.get(parent) {
                        circles.push(path[*at..].iter().map(|(id, _)| *id).collect());
                    } else if done.insert(parent) {
                        on_path.insert(parent, path.len());
                        path.push((parent, 0));
                    }
                }
            }
        }
    }
    circles
}
