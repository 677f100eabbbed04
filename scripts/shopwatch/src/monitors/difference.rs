//! How a monitor of the file differs from what is there, for people.

use serde_json::{Map, Value};
use shared::monitor::{Monitor, MonitorId, MonitorName, flat};

/// Longest value that is shown, in characters; of a longer one only the field's name is.
const SHOWN_CHARS: usize = 200;

/// Fields that may hold what is nobody's business: their names alone are shown.
const NAMES_ONLY: [&str; 3] = ["body", "credentials", "headers"];

/// How a monitor of the file differs from what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Created,
    /// It is otherwise: what changes, for people.
    Changed(String),
    /// It is as the file wants it but for its credentials, maybe: these go to the installation, which compares them.
    Compared,
    /// It is as the file wants it.
    Unchanged,
    /// It is otherwise and stays so: why.
    Refused(String),
}

/// What changes between two versions of a monitor; empty when nothing does. `name_of` tells a parent's name.
pub(super) fn changes<'a>(
    before: &Monitor,
    after: &Monitor,
    name_of: impl Fn(&MonitorId) -> Option<&'a MonitorName>,
) -> Vec<String> {
    let mut changes = Vec::new();
    if before.check.kind() == after.check.kind() {
        compare(&fields(&before.check), &fields(&after.check), &mut changes);
    } else {
        changes.push(format!("kind {} → {}", before.check.kind(), after.check.kind()));
        changes.push(format!("target {} → {}", before.target(), after.target()));
    }
    let fields_of = |monitor: &Monitor| {
        // Those of every kind, each with its value: what is stored leaves out defaults.
        let of_check = fields(&monitor.check);
        let mut fields = flat(monitor).unwrap_or_default();
        fields.retain(|name, _| name == "name" || !(name == "host" || of_check.contains_key(name)));
        let name = |id: &MonitorId| name_of(id).map_or_else(|| id.to_string(), MonitorName::to_string);
        let parents: Vec<String> = monitor.depends_on.iter().map(name).collect();
        fields.insert("depends_on".to_owned(), parents.into());
        fields
    };
    compare(&fields_of(before), &fields_of(after), &mut changes);
    changes
}

fn fields(value: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        // Monitors and checks are maps.
        _ => Map::new(),
    }
}

fn compare(before: &Map<String, Value>, after: &Map<String, Value>, changes: &mut Vec<String>) {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            continue;
        }
        match (shown(old), shown(new)) {
            (Some(old), Some(new)) if !NAMES_ONLY.contains(&name.as_str()) => {
                changes.push(format!("{name} {old} → {new}"));
            }
            _ => changes.push(name.clone()),
        }
    }
}

/// A value that fits a line; `None` for any other.
fn shown(value: Option<&Value>) -> Option<String> {
    let text = match value {
        None => "default".to_owned(),
        Some(Value::Null) => "none".to_owned(),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Number(value)) => value.to_string(),
        Some(Value::String(value)) => value.clone(),
        Some(Value::Array(values)) if values.is_empty() => "none".to_owned(),
        Some(Value::Array(values)) => {
            values.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join(", ")
        }
        // A quorum of a number: {"at_least": 2}.
        Some(Value::Object(fields)) if fields.len() == 1 => {
            fields.iter().find_map(|(name, value)| Some(format!("{name} {}", value.as_u64()?)))?
        }
        Some(Value::Object(_)) => return None,
    };
    (text.chars().count() <= SHOWN_CHARS && !text.chars().any(char::is_control)).then_some(text)
}
