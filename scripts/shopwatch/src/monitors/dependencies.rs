//! Who depends on whom: names become ids, and circles are refused.

use std::collections::{HashMap, HashSet};

use shared::monitor::{Monitor, MonitorId, MonitorName};

use super::Wanted;
use crate::yaml::Problems;

/// Most names of a circle that are shown.
const SHOWN: usize = 10;

/// The ids of each wanted monitor's parents. `there` are the monitors of the installation that stay; `ids` has the id that
/// each of these and of the file has then.
///
/// # Errors
/// Names the parents that do not exist, and the circles that the file would close.
pub(super) fn parents_of(
    wanted: &[Wanted],
    there: &[&Monitor],
    ids: &HashMap<&MonitorName, MonitorId>,
) -> Result<Vec<Vec<MonitorId>>, Problems> {
    let mut problems = Problems::default();
    let mut all = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let mut parents: Vec<MonitorId> = Vec::new();
        for parent in &wanted.depends_on {
            let what = match ids.get(&parent.name) {
                None => {
                    format!(
                        "expected a monitor of the file or of the installation, got {:?}",
                        parent.name.as_str()
                    )
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
    circles(wanted, there, ids, &all, &mut problems);
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

/// Who depends on whom when all is done.
fn graph<'a>(
    wanted: &[Wanted],
    there: &[&'a Monitor],
    ids: &'a HashMap<&MonitorName, MonitorId>,
    parents: &'a [Vec<MonitorId>],
) -> HashMap<&'a MonitorId, &'a [MonitorId]> {
    let mut graph: HashMap<&MonitorId, &[MonitorId]> =
        there.iter().map(|monitor| (&monitor.id, monitor.depends_on.as_slice())).collect();
    for (wanted, parents) in wanted.iter().zip(parents) {
        graph.extend(ids.get(&wanted.name).map(|id| (id, parents.as_slice())));
    }
    graph
}

/// How many monitors are above each, in the longest way up. In the order of these levels every change finds what is above
/// it changed already, so none closes a circle for a moment.
pub(super) fn levels(
    wanted: &[Wanted],
    there: &[&Monitor],
    ids: &HashMap<&MonitorName, MonitorId>,
    parents: &[Vec<MonitorId>],
) -> HashMap<MonitorId, usize> {
    let graph = graph(wanted, there, ids, parents);
    let mut waits: HashMap<&MonitorId, usize> = HashMap::new();
    let mut children: HashMap<&MonitorId, Vec<&MonitorId>> = HashMap::new();
    for (id, parents) in &graph {
        // One that is deleted is above nobody.
        let parents: HashSet<&MonitorId> = parents.iter().filter(|id| graph.contains_key(id)).collect();
        waits.insert(id, parents.len());
        for parent in parents {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut ready: Vec<&MonitorId> =
        waits.iter().filter(|(_, waits)| **waits == 0).map(|(id, _)| *id).collect();
    let mut levels = HashMap::new();
    let mut level = 0;
    while !ready.is_empty() {
        let mut next = Vec::new();
        for id in ready {
            levels.insert(id.clone(), level);
            for child in children.get(id).into_iter().flatten() {
                if let Some(waits) = waits.get_mut(child) {
                    *waits -= 1;
                    if *waits == 0 {
                        next.push(*child);
                    }
                }
            }
        }
        ready = next;
        level += 1;
    }
    levels
}

/// Tells each circle that a monitor of the file is part of.
fn circles(
    wanted: &[Wanted],
    there: &[&Monitor],
    ids: &HashMap<&MonitorName, MonitorId>,
    parents: &[Vec<MonitorId>],
    problems: &mut Problems,
) {
    let graph = graph(wanted, there, ids, parents);
    let mut names: HashMap<&MonitorId, &str> =
        there.iter().map(|monitor| (&monitor.id, monitor.name.as_str())).collect();
    let mut lines: HashMap<&MonitorId, (u64, &str)> = HashMap::new();
    for wanted in wanted {
        let Some(id) = ids.get(&wanted.name) else { continue };
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
