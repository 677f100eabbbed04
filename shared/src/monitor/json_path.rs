//! Where in a JSON text a value is: `$.items[0].stock`.
//!
//! Singular queries of RFC 9535 (2.3.5.1) alone: names and indexes. They name one value at most and are followed
//! in one step each, so that no path of a user's costs more than its length.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::text::{Invalid, as_text};

/// Longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 200;

const EXPECTED: &str =
    "a JSON path of names and indexes such as $.items[0].stock or $['a b'], at most 200 bytes";

/// The way to one value of a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Step {
    Name(String),
    /// From the end where it is negative.
    Index(i64),
}

impl JsonPath {
    /// The value at the end of the path, if there is one.
    pub fn find<'a>(&self, json: &'a Value) -> Option<&'a Value> {
        self.steps.iter().try_fold(json, |value, step| match step {
            Step::Name(name) => value.as_object()?.get(name),
            Step::Index(index) => {
                let list = value.as_array()?;
                match usize::try_from(*index) {
                    Ok(index) => list.get(index),
                    Err(_) => {
                        let from_end = usize::try_from(index.unsigned_abs()).ok()?;
                        list.get(list.len().checked_sub(from_end)?)
                    }
                }
            }
        })
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for JsonPath {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(EXPECTED, text);
        let mut rest = text.strip_prefix('$').filter(|_| text.len() <= MAX_PATH_BYTES).ok_or_else(invalid)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, behind) = step(rest).ok_or_else(invalid)?;
            steps.push(step);
            rest = behind;
        }
        Ok(Self { text: text.to_owned(), steps })
    }
}

/// The first step of a path, and what is behind it.
fn step(path: &str) -> Option<(Step, &str)> {
    if let Some(rest) = path.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let valid = name.chars().enumerate().all(|(at, c)| {
            c == '_' || c.is_ascii_alphabetic() || !c.is_ascii() || (at > 0 && c.is_ascii_digit())
        });
        return (valid && !name.is_empty()).then(|| (Step::Name(name.to_owned()), behind));
    }
    let rest = path.strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if let Some(rest) = rest.strip_prefix(quote) {
            let (name, behind) = rest.split_once(quote)?;
            // Escapes are not read: a name that needs them cannot be asked for.
            let behind = behind.strip_prefix(']').filter(|_| !name.contains('\\'))?;
            return Some((Step::Name(name.to_owned()), behind));
        }
    }
    let (index, behind) = rest.split_once(']')?;
    let digits = index.strip_prefix('-').unwrap_or(index);
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    (plain && index != "-0").then_some(())?;
    Some((Step::Index(index.parse().ok()?), behind))
}

as_text!(JsonPath);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn find(path: &str) -> Option<Value> {
        let json = json!({"items": [{"stock": 7}, {"stock": 9}], "a b": {"é": true}, "n": null});
        path.parse::<JsonPath>().unwrap().find(&json).cloned()
    }

    #[test]
    fn a_path_leads_to_one_value_or_none() {
        assert_eq!(find("$.items[0].stock"), Some(json!(7)));
        assert_eq!(find("$.items[-1]['stock']"), Some(json!(9)));
        assert_eq!(find("$[\"a b\"].é"), Some(json!(true)));
        assert_eq!(find("$.n"), Some(Value::Null));
        for nowhere in
            ["$.items[2]", "$.items[-3]", "$.items.stock", "$.n.n", "$[0]", "$.items[9223372036854775807]"]
        {
            assert_eq!(find(nowhere), None, "{nowhere}");
        }
        for bad in [
            "",
            "items",
            "$items",
            "$.",
            "$..stock",
            "$.items[*]",
            "$[?@.a]",
            "$[0:1]",
            "$['a",
            "$[01]",
            "$[-0]",
            "$[+1]",
            "$['a\\'b']",
        ] {
            assert!(bad.parse::<JsonPath>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_or_refused(text in r#"[$.\[\]'"a0é-]{0,30}"#) {
            if let Ok(path) = text.parse::<JsonPath>() {
                prop_assert_eq!(path.to_string(), text);
                let _ = path.find(&json!({"a": [0, {"a": 1}]}));
            }
        }
    }
}
