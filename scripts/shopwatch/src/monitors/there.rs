//! What the installation watches, as its API tells it.

use std::collections::HashMap;

use anyhow::{Context as _, anyhow, bail};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::monitor::{Asked, Monitor, MonitorId, MonitorName, Region};

use crate::api::{Api, Refusal};

/// Most pages of the list: an installation has 10,000 monitors at most, and a page a hundred unless these are large.
const MAX_PAGES: usize = 1_000;

/// What the API tells of a monitor beside what a request may set.
const TOLD: [&str; 7] = ["has_credentials", "hidden_before", "id", "since", "state", "target", "version"];

/// All that is watched for the account of a key.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Where a monitor is checked from that names no regions.
    pub home: Region,
    /// The monitors.
    pub monitors: Vec<There>,
}

/// A monitor of the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    /// The monitor, as far as a file could say it; its credentials are told apart.
    pub monitor: Monitor,
    /// Whether there are credentials for it: nobody reads which.
    pub has_credentials: bool,
}

#[derive(Debug, Deserialize)]
struct Page {
    monitors: Vec<Map<String, Value>>,
    next_cursor: Option<String>,
    home_region: Region,
}

impl Installation {
    /// Reads it.
    ///
    /// # Errors
    /// When the API does not answer, or tells a monitor in a way that this command does not know.
    pub async fn read(api: &impl Api) -> anyhow::Result<Self> {
        let mut path = "/api/monitor".to_owned();
        let mut monitors = Vec::new();
        for _ in 0..MAX_PAGES {
            let answer = api.ask(Method::GET, &path, None, None).await?.told()?;
            let page = answer
                .map_err(|Refusal { detail, .. }| anyhow!("the list of monitors was refused: {detail}"))?;
            let page: Page = serde_json::from_value(page).context(
                "the list of monitors is not as expected: is this command as old as the installation?",
            )?;
            for fields in page.monitors {
                monitors.push(There::of(fields, &page.home_region)?);
            }
            let Some(cursor) = page.next_cursor else {
                return Ok(Self { home: page.home_region, monitors });
            };
            path = format!("/api/monitor?cursor={cursor}");
        }
        bail!("expected a list of at most {MAX_PAGES} pages, got more")
    }

    /// The monitors by name. Should a name be there twice, the monitor with the lower id is meant.
    pub(super) fn by_name(&self) -> HashMap<&MonitorName, &There> {
        let mut known: HashMap<&MonitorName, &There> = HashMap::new();
        for there in &self.monitors {
            let kept = known.entry(&there.monitor.name).or_insert(there);
            if there.monitor.id < kept.monitor.id {
                *kept = there;
            }
        }
        known
    }
}

impl There {
    /// The monitor of these fields.
    ///
    /// # Errors
    /// When they are not those that this command knows.
    pub(super) fn of(mut fields: Map<String, Value>, home: &Region) -> anyhow::Result<Self> {
        let mut told = Map::new();
        for name in TOLD {
            told.extend(fields.remove_entry(name));
        }
        let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id: MonitorId = text("id").parse().context("the id of a monitor")?;
        let asked = Asked::of(fields).and_then(|asked| asked.monitor(id.clone(), home));
        let monitor = asked.map_err(|error| {
            anyhow!("monitor {id} is not as expected: {error}. Is this command as old as the installation?")
        })?;
        let version = told.get("version").and_then(Value::as_u64);
        let version = version.with_context(|| format!("monitor {id} has no version"))?;
        let has_credentials = told.get("has_credentials") == Some(&Value::Bool(true));
        Ok(Self { monitor: Monitor { version, ..monitor }, has_credentials })
    }
}

#[cfg(test)]
mod tests {
    use shared::monitor::{flat, shown};

    use super::*;

    #[test]
    fn what_answers_add_to_a_monitor_is_known() {
        let monitor = ::tests::example::monitor("s0-7f3k2a");
        let hidden = Monitor { hidden_before: Some("2026-11-21T14:25:00Z".parse().unwrap()), ..monitor };
        let (flat, mut shown) = (flat(&hidden).unwrap(), shown(&hidden).unwrap());
        shown.insert("state".to_owned(), "up".into());
        shown.insert("since".to_owned(), Value::Null);
        let added: Vec<&String> = shown.keys().filter(|name| !flat.contains_key(*name)).collect();
        assert_eq!(added, TOLD);
        let there = There::of(shown, &"eu-west-1".parse().unwrap()).unwrap();
        assert_eq!(
            there,
            There { monitor: Monitor { hidden_before: None, ..hidden }, has_credentials: false }
        );
    }

    #[test]
    fn what_is_not_known_is_told() {
        let mut shown = shown(&::tests::example::monitor("s0-7f3k2a")).unwrap();
        shown.insert("colour".to_owned(), "red".into());
        let error = There::of(shown, &"eu-west-1".parse().unwrap()).unwrap_err();
        insta::assert_snapshot!(error, @"monitor s0-7f3k2a is not as expected: colour: is no field of a monitor of this kind. Is this command as old as the installation?");
    }
}
