//! Request bodies: JSON, of a bounded size, with no field that is not meant to be there.

use std::fmt;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use http::StatusCode;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};
use shared::http_frame::Failure;
use shared::problem::Problem;

/// Longest description of what is wrong, in characters.
const MAX_SAID: usize = 300;

/// Longest body, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1_024;

/// The value in a body.
///
/// # Errors
/// Names the field that is missing, unknown, there twice or of another type, and what was expected; never what came:
/// it may be a password.
pub(crate) fn json<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Failure> {
    let body = body.map_err(unread)?;
    // An array would do in place of an object, its values in the order of the fields.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Failure::bad_request("body", "expected a JSON object"));
    }
    let mut read = serde_json::Deserializer::from_slice(&body);
    let value = serde_path_to_error::deserialize(&mut read).map_err(|error| {
        let at = match error.path().to_string() {
            path if path == "." || path == "?" => String::new(),
            path => format!("{}: ", path.chars().take(80).collect::<String>()),
        };
        Failure::bad_request("body", format!("{at}{}", said(error.inner())))
    })?;
    read.end()
        .map_err(|_| Failure::bad_request("body", "expected one JSON object, got something behind it"))?;
    Ok(value)
}

/// A JSON object with no name in it twice, however deep: of two, nobody could say which one is meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object(pub(crate) Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Unambiguous::deserialize(deserializer)?.0 {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(D::Error::custom("expected an object")),
        }
    }
}

/// Any JSON value without a name twice.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(Unambiguous(value)) = items.next_element()? {
                    values.push(value);
                }
                Ok(values.into())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
                let mut map = Map::new();
                while let Some(name) = pairs.next_key::<String>()? {
                    let Unambiguous(value) = pairs.next_value()?;
                    if map.contains_key(&name) {
                        let name: String = name.chars().take(80).collect();
                        return Err(A::Error::custom(format!("duplicate field `{name}`")));
                    }
                    map.insert(name, value);
                }
                Ok(map.into())
            }
        }
        deserializer.deserialize_any(Any).map(Self)
    }
}

/// What a JSON error says, without the value that came.
fn said(error: &serde_json::Error) -> String {
    let place = format!("at line {}, column {}", error.line(), error.column());
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
    // `invalid type: string "…", expected u64`: what came is between the two.
    let of_value = ["invalid type: ", "invalid value: "].iter().any(|kind| text.starts_with(kind));
    let said = match text.rfind(", expected ") {
        Some(at) if of_value => format!("expected {}", &text[at + ", expected ".len()..]),
        _ => text.to_owned(),
    };
    // An unknown field's name may be as long as the body.
    let said: String = said.chars().take(MAX_SAID).collect();
    format!("{said} ({place})")
}

/// The body is longer than it may be, or did not arrive whole.
fn unread(rejection: BytesRejection) -> Failure {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = "the body is too long: at most 64 KB, or 4 MB of many monitors at once";
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body", detail).into()
        }
        _ => Failure::bad_request("body", "the body did not arrive whole"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use shared::account::Email;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[expect(dead_code, reason = "only read")]
        email: Email,
        #[expect(dead_code, reason = "only read")]
        #[serde(default)]
        days: Option<u16>,
    }

    fn refused(text: &str) -> String {
        match json::<Example>(Ok(Bytes::copy_from_slice(text.as_bytes()))) {
            Err(Failure::Problem(problem)) => problem.detail,
            other => panic!("{text} is taken: {other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        let cases = [
            "",
            "[]",
            "{",
            r#"{"days": 1}"#,
            r#"{"email": "qz", "days": 1}"#,
            r#"{"email": 5}"#,
            r#"{"email": "a@b.c", "days": "qzqz"}"#,
            r#"{"email": "a@b.c", "days": 70000}"#,
            r#"{"email": "a@b.c", "role": "owner"}"#,
            r#"{"email": "a@b.c", "email": "a@b.c"}"#,
            r#"{"email": "a@b.c"} {}"#,
        ];
        let said: Vec<String> = cases.iter().map(|case| format!("{case:40} {}", refused(case))).collect();
        assert!(said.iter().all(|line| !line[40..].contains("qz")), "{said:#?}");
        insta::assert_snapshot!(said.join("\n"), @r#"
                                                 expected a JSON object
        []                                       expected a JSON object
        {                                        EOF while parsing an object (at line 1, column 1)
        {"days": 1}                              missing field `email` (at line 1, column 11)
        {"email": "qz", "days": 1}               email: expected an e-mail address such as ada@shop.example, got "none" (at line 1, column 14)
        {"email": 5}                             email: expected a string (at line 1, column 11)
        {"email": "a@b.c", "days": "qzqz"}       days: expected u16 (at line 1, column 33)
        {"email": "a@b.c", "days": 70000}        days: expected u16 (at line 1, column 32)
        {"email": "a@b.c", "role": "owner"}      role: unknown field `role`, expected `email` or `days` (at line 1, column 25)
        {"email": "a@b.c", "email": "a@b.c"}     duplicate field `email` (at line 1, column 26)
        {"email": "a@b.c"} {}                    expected one JSON object, got something behind it
        "#);
        let deep = format!(r#"{{"email": {}"#, "[".repeat(50_000));
        assert!(refused(&deep).len() < 300);
        assert!(json::<Example>(Ok(Bytes::from_static(br#"{"email": "a@b.c"}"#))).is_ok());
    }
}
