//! A cursor: where the next page of a query begins. Base64url of JSON; opaque to clients, and not secret.
//!
//! It names a position, not a count, so that purchases loaded meanwhile do not shift it; and it holds the range
//! as it was resolved, because «the last 30 days» are others a minute later.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::purchase::Position;

use crate::bookmark;
use crate::failure::Failure;
use crate::params::Params;
use crate::range::Range;

/// Format version of the cursors written here.
const VERSION: u8 = 1;

/// Longest cursor that is looked at, in bytes: twice one that is written here.
const MAX_BYTES: usize = 600;

/// The parameters that make a query what it is. `limit` may differ from page to page.
const OF_QUERY: [&str; 4] = ["from", "to", "item", "buyer"];

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    v: u8,
    query: String,
    from: Timestamp,
    until: Timestamp,
    after: Position,
}

/// Where a query goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The range of the query's first page.
    pub(crate) range: Range,
    /// Everything up to here was answered.
    pub(crate) after: Position,
}

impl Cursor {
    /// The request's cursor, if it has one. It must have been made for the same parameters.
    pub(crate) fn of(params: &Params) -> Result<Option<Self>, Failure> {
        let Some(text) = params.text("cursor") else {
            return Ok(None);
        };
        let Some(cursor) = decode(text) else {
            return Err(refused("this is not a cursor of this version"));
        };
        if cursor.query != fingerprint(params) {
            return Err(refused(
                "this cursor belongs to another query: repeat from, to, item and buyer as in its first request",
            ));
        }
        let range = Range::new(cursor.from, cursor.until).filter(|range| range.contains(cursor.after.at));
        match range {
            Some(range) => Ok(Some(Self { range, after: cursor.after })),
            None => Err(refused("this cursor leaves its range")),
        }
    }

    /// The cursor's text, for the query of these parameters.
    pub(crate) fn text(&self, params: &Params) -> String {
        let text = Text {
            v: VERSION,
            query: fingerprint(params),
            from: self.range.from(),
            until: self.range.until(),
            after: self.after,
        };
        // Numbers and texts always serialise.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&text).unwrap_or_default())
    }
}

fn decode(text: &str) -> Option<Text> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&json).ok().filter(|text: &Text| text.v == VERSION)
}

fn refused(detail: &'static str) -> Failure {
    Failure::bad_request("cursor", detail)
}

/// Names the query without repeating a buyer.
fn fingerprint(params: &Params) -> String {
    bookmark::list(OF_QUERY.map(|name| params.text(name)))
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;
    use shared::purchase::RowId;

    use super::*;

    fn params(query: &str) -> Params {
        let uri: Uri = format!("/?{query}").parse().unwrap();
        Params::of(&uri, &["from", "to", "item", "buyer", "limit", "cursor"]).unwrap()
    }

    fn cursor() -> Cursor {
        let at = |text: &str| text.parse().unwrap();
        Cursor {
            range: Range::new(at("2026-11-01T00:00:00Z"), at("2026-11-22T00:00:00Z")).unwrap(),
            after: Position { at: at("2026-11-21T14:25:00Z"), row_id: RowId(u128::MAX) },
        }
    }

    fn read(query: &str) -> Result<Option<Cursor>, String> {
        Cursor::of(&params(query)).map_err(|failure| match failure {
            Failure::Problem(problem) => format!("{}: {}", problem.kind, problem.detail),
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn a_cursor_goes_on_with_its_own_query_only() {
        let text = cursor().text(&params("item=5"));
        assert!(text.len() < MAX_BYTES / 2, "{}", text.len());
        assert_eq!(read(&format!("item=5&limit=7&cursor={text}")), Ok(Some(cursor())));
        for other in ["item=6", "", "item=5&from=2026-11-01", "buyer=5"] {
            let error = read(&format!("{other}&cursor={text}")).unwrap_err();
            assert!(error.starts_with("cursor: this cursor belongs to another query"), "{error}");
        }
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn a_forged_cursor_is_refused() {
        let json = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor().text(&params(""))).unwrap()).unwrap();
        insta::assert_snapshot!(json, @r#"{"v":1,"query":"r5YTdg9yY18","from":"2026-11-01T00:00:00Z","until":"2026-11-22T00:00:00Z","after":"2026-11-21T14:25:00.000000000Z#ffffffffffffffffffffffffffffffff"}"#);
        for (from, to) in [
            (r#""v":1"#, r#""v":2"#),
            (r#""v":1"#, r#""v":1,"more":1"#),
            ("2026-11-01T", "2026-12-01T"),
            ("2026-11-21T", "2026-10-21T"),
            ("2026-11-21T14:25:00.000000000Z", "2026-11-21T14:25:00Z"),
            ("2026-11-22T00:00:00Z", "9999-12-01T00:00:00Z"),
            ("ffff", "zzzz"),
        ] {
            assert!(json.contains(from), "{from}");
            let forged = URL_SAFE_NO_PAD.encode(json.replacen(from, to, 1));
            assert!(read(&format!("cursor={forged}")).is_err(), "{from} {to}");
        }
        for bad in ["", "x", "%3D%3D", "bnVsbA", "e30"] {
            assert!(read(&format!("cursor={bad}")).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_refused(text in "[A-Za-z0-9_-]{0,700}") {
            let _ = decode(&text);
        }
    }
}
