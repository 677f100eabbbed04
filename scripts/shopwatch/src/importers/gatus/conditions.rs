//! Conditions of Gatus: `[STATUS] == 200`, `[BODY].items[0].stock >= 5`, `[RESPONSE_TIME] < 300`.

use shared::monitor::{MAX_EXPECTED, Operator};

use super::super::draft::Draft;
use super::super::http::Http;
use super::super::secrets::is_secret;
use super::super::statuses::Statuses;
use super::super::tree::Fields;
use super::duration_ms;
use crate::yaml::scalar;

/// Operators, in the order in which Gatus looks for them.
const OPERATORS: [&str; 6] = ["==", "!=", "<=", ">=", ">", "<"];

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// What a condition of an unknown form is.
const UNKNOWN: &str = "has no counterpart: left out";

/// A condition, taken apart.
struct Condition {
    /// `conditions[0]`.
    field: String,
    left: String,
    operator: &'static str,
    right: String,
}

/// What a condition compares with.
enum Right<'a> {
    Plain(&'a str),
    /// `pat(*text*)`: `*` stands for anything.
    Pattern(&'a str),
    /// `any(a, b)`.
    Any(Vec<&'a str>),
}

impl Condition {
    fn of(index: usize, text: &str) -> Option<Self> {
        let operator = OPERATORS.into_iter().find(|operator| text.contains(&format!(" {operator} ")))?;
        let (left, right) = text.split_once(&format!(" {operator} "))?;
        let (left, right) = (left.trim().to_owned(), right.trim().to_owned());
        Some(Self { field: format!("conditions[{index}]"), left, operator, right })
    }

    fn right(&self) -> Right<'_> {
        let inner = |function: &str| self.right.strip_prefix(function)?.strip_suffix(')');
        match (inner("pat("), inner("any(")) {
            (Some(pattern), _) => Right::Pattern(pattern),
            (None, Some(values)) => Right::Any(values.split(',').map(str::trim).collect()),
            (None, None) => Right::Plain(&self.right),
        }
    }

    /// Whether it says that there was a connection, or an answer: what every check says.
    fn is_usual(&self) -> bool {
        let holds =
            |left: &str, right: &str| self.left == left && self.operator == "==" && self.right == right;
        holds("[CONNECTED]", "true") || holds("[DNS_RCODE]", "NOERROR")
    }

    /// The milliseconds on the right of `<` or `<=`, `>` or `>=`.
    fn ms(&self, operators: [&str; 2]) -> Option<u64> {
        let number = duration_ms(&self.right).or_else(|| self.right.parse().ok());
        number.filter(|_| operators.contains(&self.operator))
    }
}

/// Each condition that there is something to do about.
fn all(fields: &Fields<'_>, draft: &mut Draft) -> Vec<Condition> {
    let mut all = Vec::new();
    for (index, node) in fields.list("conditions").iter().enumerate() {
        let field = format!("conditions[{index}]");
        match scalar(&node.value).ok().and_then(|text| Condition::of(index, &text)) {
            Some(condition) if condition.is_usual() => {}
            Some(condition) => all.push(condition),
            None => draft
                .note(&field, "expected a condition such as [STATUS] == 200, got something else: left out"),
        }
    }
    all
}

/// What of a condition any check may have; whether it was that.
fn is_common(condition: &Condition, draft: &mut Draft) -> bool {
    if condition.left != "[RESPONSE_TIME]" {
        return false;
    }
    match condition.ms(["<", "<="]) {
        Some(ms) => draft.slower_than(&condition.field, ms),
        None => draft.note(&condition.field, "expected [RESPONSE_TIME] < 300, got something else: left out"),
    }
    true
}

/// Days that a certificate must still hold.
fn certificate_days(condition: &Condition, draft: &mut Draft) -> Option<u64> {
    let days = condition.ms([">", ">="]).map(|ms| ms.div_ceil(DAY_MS));
    if days.is_none() {
        draft.note(&condition.field, "expected [CERTIFICATE_EXPIRATION] > 48h, got something else: left out");
    }
    days
}

/// The conditions of a `tcp` or `tls` endpoint; the answer is how many days a certificate must hold.
pub(super) fn of_connection(fields: &Fields<'_>, draft: &mut Draft) -> Option<u16> {
    let mut found = None;
    for condition in all(fields, draft) {
        if condition.left == "[CERTIFICATE_EXPIRATION]" {
            let days =
                certificate_days(&condition, draft).map(|days| u16::try_from(days).unwrap_or(u16::MAX));
            if days.is_some() {
                draft.note(&condition.field, "with fewer days it is degraded, not down");
            }
            found = days.or(found);
        } else if !is_common(&condition, draft) {
            draft.note(&condition.field, UNKNOWN);
        }
    }
    found
}

/// The conditions of a `dns` endpoint: the answers that are expected.
pub(super) fn of_dns(fields: &Fields<'_>, draft: &mut Draft) -> Vec<String> {
    let mut answers = Vec::new();
    for condition in all(fields, draft) {
        match condition.right() {
            Right::Plain(answer)
                if condition.left == "[BODY]"
                    && condition.operator == "=="
                    && (1..=500).contains(&answer.len())
                    && answers.len() < MAX_EXPECTED =>
            {
                answers.push(answer.to_owned());
            }
            _ if is_common(&condition, draft) => {}
            _ => draft.note(&condition.field, UNKNOWN),
        }
    }
    answers
}

/// The conditions of an endpoint over HTTP.
pub(super) fn of_http(fields: &Fields<'_>, http: &mut Http<'_>) {
    let mut statuses = Statuses::all();
    let mut is_whole = true;
    for condition in all(fields, http.draft) {
        let left = condition.left.clone();
        if left == "[STATUS]" {
            if status(&condition, &mut statuses).is_none() {
                http.draft.note(&condition.field, "expected status codes, got something else: left out");
                is_whole = false;
            }
        } else if left == "[BODY]" {
            body(&condition, http);
        } else if let Some(path) = left.strip_prefix("[BODY]") {
            json(&condition, path, http);
        } else if let Some(path) = left.strip_prefix("has([BODY]").and_then(|path| path.strip_suffix(')')) {
            match (condition.operator, condition.right.as_str()) {
                // Any text contains nothing.
                ("==", "true") => {
                    http.expect_json(&condition.field, &format!("${path}"), Operator::Contains, "")
                }
                _ => http.draft.note(&condition.field, UNKNOWN),
            }
        } else if left == "[CERTIFICATE_EXPIRATION]" {
            if let Some(days) = certificate_days(&condition, http.draft) {
                http.certificate_days(&condition.field, days);
            }
        } else if !is_common(&condition, http.draft) {
            http.draft.note(&condition.field, UNKNOWN);
        }
    }
    // Where nobody asks for one, every status is good there.
    if is_whole {
        http.status("conditions", &statuses);
    }
}

/// Leaves the codes that this condition lets pass; nothing where it is about something else.
fn status(condition: &Condition, statuses: &mut Statuses) -> Option<()> {
    let code = |text: &str| text.parse::<u16>().ok();
    let any: Option<Vec<u16>> = match condition.right() {
        Right::Plain(text) => code(text).map(|code| vec![code]),
        Right::Any(texts) => texts.into_iter().map(code).collect(),
        Right::Pattern(pattern) => {
            let digits = pattern.strip_suffix('*').filter(|digits| code(digits).is_some())?;
            Some((100..600).filter(|code| code.to_string().starts_with(digits)).collect())
        }
    };
    match (condition.operator, any?.as_slice()) {
        ("==", codes) => statuses.keep(|code| codes.contains(&code)),
        ("!=", codes) => statuses.keep(|code| !codes.contains(&code)),
        ("<", [bound]) => statuses.keep(|code| code < *bound),
        ("<=", [bound]) => statuses.keep(|code| code <= *bound),
        (">", [bound]) => statuses.keep(|code| code > *bound),
        (">=", [bound]) => statuses.keep(|code| code >= *bound),
        _ => return None,
    }
    Some(())
}

fn body(condition: &Condition, http: &mut Http<'_>) {
    let field = &condition.field;
    match (condition.operator, condition.right()) {
        ("==", Right::Pattern(pattern)) => match contained(pattern) {
            Some(text) => http.expect_body(field, Operator::Contains, text),
            None => http.expect_body(field, Operator::Matches, &expression(&[pattern], true)),
        },
        ("!=", Right::Pattern(pattern)) => match contained(pattern) {
            Some(text) => http.expect_absent(field, text),
            None => http.draft.note(field, UNKNOWN),
        },
        ("==", Right::Any(texts)) => http.expect_body(field, Operator::Matches, &expression(&texts, false)),
        ("!=", Right::Any(_)) => http.draft.note(field, UNKNOWN),
        (_, _) => match plain(condition, http) {
            Some((operator, text)) => http.expect_body(field, operator, &text),
            None => http.draft.note(field, UNKNOWN),
        },
    }
}

fn json(condition: &Condition, path: &str, http: &mut Http<'_>) {
    let (field, path) = (&condition.field, format!("${path}"));
    if is_secret(&path) {
        return http.draft.note_secret(field, "may hold a secret");
    }
    match (condition.operator, condition.right()) {
        ("==", Right::Pattern(pattern)) => match contained(pattern) {
            Some(text) => http.expect_json(field, &path, Operator::Contains, text),
            None => http.expect_json(field, &path, Operator::Matches, &expression(&[pattern], true)),
        },
        ("==", Right::Any(texts)) => {
            http.expect_json(field, &path, Operator::Matches, &expression(&texts, false))
        }
        ("!=", Right::Pattern(_) | Right::Any(_)) => http.draft.note(field, UNKNOWN),
        (_, _) => match plain(condition, http) {
            Some((operator, text)) => http.expect_json(field, &path, operator, &text),
            None => http.draft.note(field, UNKNOWN),
        },
    }
}

/// What a value is compared with; numbers are whole ones there.
fn plain(condition: &Condition, http: &mut Http<'_>) -> Option<(Operator, String)> {
    let right = condition.right.clone();
    let whole = |by: i64| right.parse::<i64>().ok()?.checked_add(by);
    let (operator, number) = match condition.operator {
        "==" => return Some((Operator::Equals, right)),
        "!=" => return Some((Operator::NotEquals, right)),
        "<=" => (Operator::AtMost, whole(0)?),
        ">=" => (Operator::AtLeast, whole(0)?),
        "<" => (Operator::AtMost, whole(-1)?),
        _ => (Operator::AtLeast, whole(1)?),
    };
    if matches!(condition.operator, "<" | ">") {
        let is = if operator == Operator::AtMost { "at_most" } else { "at_least" };
        http.draft.note(&condition.field, format!("is compared as a whole number: {is} {number}"));
    }
    Some((operator, number.to_string()))
}

/// The text of `*text*`.
fn contained(pattern: &str) -> Option<&str> {
    let text = pattern.strip_prefix('*')?.strip_suffix('*')?;
    (!text.is_empty() && !text.contains(['*', '?', '[', '\\'])).then_some(text)
}

/// One of these texts, as a regular expression. In patterns `*` stands for anything and `?` for a character.
fn expression(texts: &[&str], is_pattern: bool) -> String {
    let mut expression = "(?s)^(".to_owned();
    for (index, text) in texts.iter().enumerate() {
        expression.push_str(if index > 0 { "|" } else { "" });
        for c in text.chars() {
            match c {
                '*' if is_pattern => expression.push_str(".*"),
                '?' if is_pattern => expression.push('.'),
                c if c.is_ascii_punctuation() => expression.extend(['\\', c]),
                c => expression.push(c),
            }
        }
    }
    expression.push_str(")$");
    expression
}
