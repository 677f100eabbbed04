//! What a check expects of an answer's headers and body, and the numbers that are kept of it.

use std::cell::Cell;

use http::HeaderMap;
use rust_decimal::Decimal;
use serde_json::Value;
use shared::monitor::{Condition, Expect, ExpectHeader, ExpectJson, HttpCheck, JsonPath, number};
use shared::signal::{Outcome, Reason};
use tokio::time::Instant;

/// Decimal places that are kept of a number.
const DECIMAL_PLACES: u32 = 6;

/// Numbers from here on are no quote, length or temperature, and are not kept.
const TOO_LARGE: i64 = 1_000_000_000_000_000;

/// An answer with a good status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    /// The first [`crate::exchange::MAX_BODY_BYTES`] of the body where the check looks at it, else nothing.
    pub(crate) body: Vec<u8>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

/// What an answer says, apart from its status and certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// A number or none for each of the check's metrics, in the order of their names.
    pub(crate) metrics: Vec<Option<Decimal>>,
}

/// Compares the answer with what the check expects: headers, body, JSON, in this order; the first that is not as
/// expected is the reason. No pattern is searched after `until`: nobody waits for that verdict any more.
pub(crate) fn judge(check: &HttpCheck, answer: &Answer, until: Instant) -> Verdict {
    let expect = &check.expect;
    let late = Cell::new(false);
    let meets = |text: &str, is: &Condition| {
        late.set(late.get() || (is.is_pattern() && Instant::now() >= until));
        !late.get() && is.holds(text)
    };
    let text = String::from_utf8_lossy(&answer.body);
    let json = if expect.json.is_empty() && check.metrics.is_empty() { None } else { json(answer) };
    let outcome = if !expect.headers.iter().all(|expected| header_is(expected, &answer.headers, meets)) {
        Outcome::Down(Reason::Header)
    } else if !body_is(expect, &text, meets) {
        Outcome::Down(Reason::Keyword)
    } else if !expect
        .json
        .iter()
        .all(|expected| json.as_ref().is_some_and(|json| value_is(expected, json, meets)))
    {
        Outcome::Down(Reason::Json)
    } else {
        Outcome::Up
    };
    // We were too slow: that says nothing of the target.
    let outcome = if late.get() { Outcome::Unknown(Reason::Network) } else { outcome };
    let metric = |path: &JsonPath| json.as_ref().and_then(|json| metric(path.find(json)?));
    Verdict { outcome, metrics: check.metrics.values().map(metric).collect() }
}

/// Whether a pattern of a user's has to be searched: that may take its time.
pub(crate) fn has_patterns(expect: &Expect) -> bool {
    let conditions = expect.body.iter();
    let conditions = conditions.chain(expect.json.iter().map(|expected| &expected.is));
    conditions.chain(expect.headers.iter().map(|expected| &expected.is)).any(|is| is.is_pattern())
}

fn header_is(expected: &ExpectHeader, headers: &HeaderMap, meets: impl Fn(&str, &Condition) -> bool) -> bool {
    let mut values = headers.get_all(&expected.name).iter();
    values.any(|value| meets(&String::from_utf8_lossy(value.as_bytes()), &expected.is))
}

fn body_is(expect: &Expect, text: &str, meets: impl Fn(&str, &Condition) -> bool) -> bool {
    expect.body.iter().all(|is| meets(text, is)) && !expect.absent.iter().any(|absent| text.contains(absent))
}

/// The answer as JSON, which one that was cut is not.
fn json(answer: &Answer) -> Option<Value> {
    // RFC 8259, section 8.1: who writes must not add a byte order mark, who reads may ignore it.
    let body = answer.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&answer.body);
    serde_json::from_slice(body).ok().filter(|_| answer.whole)
}

fn value_is(expected: &ExpectJson, json: &Value, meets: impl Fn(&str, &Condition) -> bool) -> bool {
    expected.path.find(json).is_some_and(|value| match value {
        Value::String(text) => meets(text, &expected.is),
        other => meets(&other.to_string(), &expected.is),
    })
}

/// The number, or the text that is one, as it is kept.
fn metric(value: &Value) -> Option<Decimal> {
    let number = match value {
        Value::Number(digits) => number(&digits.to_string())?,
        Value::String(text) => number(text.trim())?,
        _ => return None,
    };
    Some(number.round_dp(DECIMAL_PLACES).normalize()).filter(|number| number.abs() < TOO_LARGE.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use shared::monitor::Operator;

    use super::*;

    fn answer(body: &str) -> Answer {
        Answer { headers: HeaderMap::new(), body: body.as_bytes().to_vec(), whole: true }
    }

    fn check(expect: Expect) -> HttpCheck {
        HttpCheck { expect, ..HttpCheck::of("http://shop.example/".parse().unwrap()) }
    }

    fn is(operator: Operator, value: &str) -> Condition {
        Condition::new(operator, value).unwrap()
    }

    fn json_is(path: &str, operator: Operator, value: &str) -> Expect {
        let expected = ExpectJson { path: path.parse().unwrap(), is: is(operator, value) };
        Expect { json: vec![expected], ..Expect::default() }
    }

    fn verdict(check: &HttpCheck, answer: &Answer) -> Verdict {
        judge(check, answer, Instant::now() + Duration::from_secs(60))
    }

    fn outcome(expect: Expect, answer: &Answer) -> Outcome {
        verdict(&check(expect), answer).outcome
    }

    #[test]
    fn nothing_is_searched_when_the_time_is_over() {
        let expect = |operator| Expect { body: vec![is(operator, "Shop")], ..Expect::default() };
        let over = Instant::now();
        let late = |operator| judge(&check(expect(operator)), &answer("Shop"), over).outcome;
        assert_eq!(late(Operator::Contains), Outcome::Up);
        assert_eq!(late(Operator::Matches), Outcome::Unknown(Reason::Network), "we were too slow");
    }

    #[test]
    fn a_keyword_must_be_there_and_another_must_not() {
        let page = answer("<h1>Shop</h1>");
        for (body, absent, expected) in [
            ("Shop", "Error", Outcome::Up),
            ("shop", "Error", Outcome::Down(Reason::Keyword)),
            ("Shop", "h1", Outcome::Down(Reason::Keyword)),
        ] {
            let body = vec![is(Operator::Contains, body)];
            let expect = Expect { body, absent: vec![absent.to_owned()], ..Expect::default() };
            assert_eq!(outcome(expect, &page), expected);
        }
    }

    #[test]
    fn one_of_several_headers_is_enough() {
        let mut page = answer("");
        page.headers.append("x-cache", "MISS".parse().unwrap());
        page.headers.append("x-cache", "HIT from edge".parse().unwrap());
        let expect = |name: &str, value| Expect {
            headers: vec![ExpectHeader { name: name.to_owned(), is: is(Operator::Matches, value) }],
            ..Expect::default()
        };
        assert_eq!(outcome(expect("X-Cache", "^HIT"), &page), Outcome::Up);
        assert_eq!(outcome(expect("x-cache", "^STALE"), &page), Outcome::Down(Reason::Header));
        assert_eq!(outcome(expect("x-other", ""), &page), Outcome::Down(Reason::Header));
    }

    #[test]
    fn json_values_are_compared_as_json_writes_them() {
        let page = answer(r#"{"ok": true, "queue": 12, "state": "open", "none": null}"#);
        for (path, operator, value, holds) in [
            ("$.ok", Operator::Equals, "true", true),
            ("$.queue", Operator::AtMost, "12.0", true),
            ("$.queue", Operator::AtMost, "11", false),
            ("$.state", Operator::Equals, "open", true),
            ("$.state", Operator::Equals, "\"open\"", false),
            ("$.none", Operator::Equals, "null", true),
            ("$.absent", Operator::NotEquals, "x", false),
        ] {
            let expected = if holds { Outcome::Up } else { Outcome::Down(Reason::Json) };
            assert_eq!(outcome(json_is(path, operator, value), &page), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_json_or_cut_is_not_as_expected() {
        let nested = "[".repeat(60_000);
        for body in ["", "<html>", "{\"ok\": true", &nested, "\u{feff}\u{feff}{}"] {
            assert_eq!(
                outcome(json_is("$.ok", Operator::Equals, "true"), &answer(body)),
                Outcome::Down(Reason::Json)
            );
        }
        let marked = answer("\u{feff}{\"ok\": true}");
        assert_eq!(outcome(json_is("$.ok", Operator::Equals, "true"), &marked), Outcome::Up);
        let cut = Answer { whole: false, ..marked };
        assert_eq!(outcome(json_is("$.ok", Operator::Equals, "true"), &cut), Outcome::Down(Reason::Json));
    }

    #[test]
    fn headers_come_before_body_and_body_before_json() {
        let mut expect = json_is("$.ok", Operator::Equals, "true");
        let page = answer("no");
        assert_eq!(outcome(expect.clone(), &page), Outcome::Down(Reason::Json));
        expect.body.push(is(Operator::Contains, "yes"));
        assert_eq!(outcome(expect.clone(), &page), Outcome::Down(Reason::Keyword));
        let name = "server".to_owned();
        expect.headers.push(ExpectHeader { name, is: is(Operator::Contains, "nginx") });
        assert_eq!(outcome(expect, &page), Outcome::Down(Reason::Header));
    }

    #[test]
    fn metrics_are_numbers_in_the_order_of_their_names() {
        let mut check = check(json_is("$.ok", Operator::Equals, "true"));
        for (name, path) in [("d", "$.b"), ("c", "$.c"), ("b", "$.items[0].stock"), ("a", "$.a")] {
            check.metrics.insert(name.parse().unwrap(), path.parse().unwrap());
        }
        let body = r#"{"a": 1.50000049, "items": [{"stock": "12.50"}], "c": [1], "b": 1e3, "ok": false}"#;
        let found = verdict(&check, &answer(body));
        let texts: Vec<String> =
            found.metrics.iter().map(|number| number.map_or("-".into(), |n| n.to_string())).collect();
        assert_eq!(texts, ["1.5", "12.5", "-", "1000"]);
        assert_eq!(
            found.outcome,
            Outcome::Down(Reason::Json),
            "numbers are kept of what is not as expected too"
        );
        assert_eq!(verdict(&check, &answer("no json")).metrics, [None; 4]);
    }

    #[test]
    fn only_numbers_of_a_sensible_size_are_kept() {
        let kept = |json: &str| metric(&serde_json::from_str(json).unwrap()).map(|number| number.to_string());
        assert_eq!(kept("-999999999999999").as_deref(), Some("-999999999999999"));
        assert_eq!(kept("0.0000001").as_deref(), Some("0"));
        assert_eq!(kept("-0.0").as_deref(), Some("0"));
        assert_eq!(kept("\" 7 \"").as_deref(), Some("7"));
        for not in
            ["1e15", "-1e15", "1e300", "true", "null", "\"\"", "\"7 items\"", "\"NaN\"", "\"1e999999999\""]
        {
            assert_eq!(kept(not), None, "{not}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_judged(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            json in r#"[\[\]{}":,0-9a-eE.+-]{0,60}"#,
            value in "[ -~]{0,20}",
        ) {
            let mut check = check(json_is("$", Operator::Equals, &value));
            check.expect.body.push(is(Operator::NotEquals, &value));
            check.metrics.insert("a".parse().unwrap(), "$".parse().unwrap());
            verdict(&check, &Answer { headers: HeaderMap::new(), body, whole: true });
            verdict(&check, &answer(&json));
            let _ = metric(&Value::String(json));
        }
    }
}
