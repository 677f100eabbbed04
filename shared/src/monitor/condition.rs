//! Conditions on a text that a target answered with: a header's value, a value of its JSON, its whole body.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use regex_lite::{Regex, RegexBuilder};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::{Invalid, as_text};

/// Longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 128;

/// Most memory of a compiled pattern, in bytes: any literal of [`MAX_PATTERN_BYTES`] fits. The engine takes a time
/// proportional to text × pattern and never tracks back. Of some 10,000 patterns of this size that are made to be slow,
/// the worst took 86 ms of one core for 64 KB of text (with 16 KB, 215 ms); ordinary ones take 1 ms.
const MAX_COMPILED_BYTES: usize = 4_608;

/// Longest text that something is compared with, in bytes.
pub const MAX_VALUE_BYTES: usize = 500;

/// A regular expression that a user wrote, of an engine whose time is linear in the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern, ready to search.
    ///
    /// # Errors
    /// Never for a pattern that was parsed by this version.
    pub fn compile(&self) -> Result<Regex, Invalid> {
        compile(&self.0)
    }
}

fn compile(text: &str) -> Result<Regex, Invalid> {
    let compiled = RegexBuilder::new(text).size_limit(MAX_COMPILED_BYTES).nest_limit(16).build();
    compiled.ok().filter(|_| text.len() <= MAX_PATTERN_BYTES).ok_or_else(|| {
        Invalid::new("a regular expression of at most 128 bytes and without large repetitions", text)
    })
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Pattern {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        compile(text).map(|_| Self(text.to_owned()))
    }
}

as_text!(Pattern);

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// The same text, or the same number.
    Equals,
    /// Another text, and another number.
    NotEquals,
    /// A number that is not larger.
    AtMost,
    /// A number that is not smaller.
    AtLeast,
    /// The text is part of it.
    Contains,
    /// The pattern is found in it.
    Matches,
}

/// What a value must be. Written as a map of the operator to the value, `{"at_most": "5"}`; the value may be a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>", into = "BTreeMap<Operator, String>")]
pub struct Condition {
    operator: Operator,
    value: String,
}

impl Condition {
    /// The condition, if the value suits the operator.
    ///
    /// # Errors
    /// When it must be a number or a pattern and is not, or is too long.
    pub fn new(operator: Operator, value: impl Into<String>) -> Result<Self, Invalid> {
        let value = value.into();
        match operator {
            _ if value.len() > MAX_VALUE_BYTES => {
                return Err(Invalid::new("a value of at most 500 bytes", value));
            }
            Operator::AtMost | Operator::AtLeast if number(&value).is_none() => {
                return Err(Invalid::new("a number", value));
            }
            Operator::Matches => drop(value.parse::<Pattern>()?),
            _ => {}
        }
        Ok(Self { operator, value })
    }

    /// Whether a pattern is searched.
    pub fn is_pattern(&self) -> bool {
        self.operator == Operator::Matches
    }

    /// Whether this text meets it.
    pub fn holds(&self, text: &str) -> bool {
        let ordering = || Some(number(text)?.cmp(&number(&self.value)?));
        let equal = || text == self.value || ordering().is_some_and(std::cmp::Ordering::is_eq);
        match self.operator {
            Operator::Equals => equal(),
            Operator::NotEquals => !equal(),
            Operator::AtMost => ordering().is_some_and(std::cmp::Ordering::is_le),
            Operator::AtLeast => ordering().is_some_and(std::cmp::Ordering::is_ge),
            Operator::Contains => text.contains(&self.value),
            Operator::Matches => compile(&self.value).is_ok_and(|pattern| pattern.is_match(text)),
        }
    }
}

/// A number as JSON and people write it.
pub fn number(text: &str) -> Option<Decimal> {
    text.parse().or_else(|_| Decimal::from_scientific(text)).ok()
}

impl TryFrom<BTreeMap<String, Value>> for Condition {
    type Error = Invalid;
    fn try_from(fields: BTreeMap<String, Value>) -> Result<Self, Invalid> {
        const EXPECTED: &str =
            "one of equals, not_equals, at_most, at_least, contains and matches, with a text or a number";
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let operator = |name: &str| serde_json::from_value(name.into()).ok();
        let mut pairs = fields.iter();
        let found: Option<(Operator, String)> = match (pairs.next(), pairs.next(), pairs.next()) {
            (Some((name, value)), None, None) => operator(name).zip(text(value)),
            // As it was stored once.
            (Some((first, Value::String(name))), Some((second, value)), None)
                if first == "operator" && second == "value" =>
            {
                operator(name).zip(text(value))
            }
            _ => None,
        };
        let (operator, value) = found
            .ok_or_else(|| Invalid::new(EXPECTED, fields.keys().cloned().collect::<Vec<_>>().join(", ")))?;
        Self::new(operator, value)
    }
}

impl From<Condition> for BTreeMap<Operator, String> {
    fn from(condition: Condition) -> Self {
        [(condition.operator, condition.value)].into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(operator: Operator, value: &str, text: &str) -> bool {
        Condition::new(operator, value).unwrap().holds(text)
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_texts_as_texts() {
        assert!(holds(Operator::Equals, "1.0", "1") && holds(Operator::Equals, "1000", "1e3"));
        assert!(holds(Operator::Equals, "ok", "ok") && !holds(Operator::Equals, "ok", "OK"));
        assert!(holds(Operator::NotEquals, "ok", "bad") && !holds(Operator::NotEquals, "1", "1.00"));
        assert!(holds(Operator::AtMost, "5", "5") && !holds(Operator::AtMost, "5", "5.01"));
        assert!(holds(Operator::AtLeast, "5", "10") && !holds(Operator::AtLeast, "5", "ten"));
        assert!(holds(Operator::Contains, "b", "abc") && holds(Operator::Matches, "^a.c$", "abc"));
    }

    #[test]
    fn a_value_must_suit_its_operator() {
        let long = "a".repeat(501);
        for (operator, bad) in [
            (Operator::AtMost, "five"),
            (Operator::Matches, "("),
            (Operator::Matches, "(a+)\\1"),
            (Operator::Matches, "((a{100}){100}){100}"),
            (Operator::Equals, &long),
        ] {
            assert!(Condition::new(operator, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_is_written_as_its_operator_with_its_value() {
        let read = |text: &str| serde_json::from_str::<Condition>(text);
        let five = Condition::new(Operator::AtMost, "5").unwrap();
        for text in [r#"{"at_most": "5"}"#, r#"{"at_most": 5}"#, r#"{"operator": "at_most", "value": "5"}"#] {
            assert_eq!(read(text).unwrap(), five, "{text}");
        }
        assert_eq!(serde_json::to_string(&five).unwrap(), r#"{"at_most":"5"}"#);
        for bad in [
            "{}",
            "5",
            r#"{"most": 5}"#,
            r#"{"at_most": 5, "at_least": 3}"#,
            r#"{"equals": null}"#,
            r#"{"at_most": "x"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ordinary_patterns_fit() {
        let literal = "x".repeat(MAX_PATTERN_BYTES);
        for pattern in [
            &literal,
            "(?i)(sold out|error|exception|maintenance|unavailable|not available|come back later|server error)",
            r"<title>[^<]*Shop[^<]*</title>",
            r#""stock":\s*[1-9][0-9]*"#,
            r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z",
            r"(?i)error.{0,40}database",
        ] {
            assert!(Condition::new(Operator::Matches, pattern).is_ok(), "{pattern}");
        }
        assert!(Condition::new(Operator::Matches, format!("{literal}x")).is_err());
    }

    #[test]
    fn the_worst_patterns_take_a_bounded_time() {
        let text = "a".repeat(64 * 1024);
        let mut worst = std::time::Duration::ZERO;
        for unit in [
            "a?",
            "a*",
            ".*",
            r"\w*",
            "(a|a)*",
            "(.?){8}",
            r"(?:\w*){8}",
            "(?:a?){64}",
            "((a*)){20}",
            "(?:[^x]?){100}",
        ] {
            // As long as they are admitted.
            let patterns = (1..64).map(|times| format!("{}$c", unit.repeat(times)));
            let longest =
                patterns.map_while(|pattern| Condition::new(Operator::Matches, pattern).ok()).last();
            let Some(condition) = longest else { continue };
            let start = std::time::Instant::now();
            assert!(!condition.holds(&text));
            worst = worst.max(start.elapsed());
        }
        // Not optimised, on a busy machine.
        assert!(worst < std::time::Duration::from_secs(5), "{worst:?}");
    }

    proptest! {
        #[test]
        fn any_pattern_is_searched_or_refused(pattern in r"[ab(){}|*+?\[\]^$\\.0-9,]{0,40}", text in "[ab]{0,200}") {
            if let Ok(condition) = Condition::new(Operator::Matches, pattern) {
                let _ = condition.holds(&text);
            }
        }
    }
}
