//! A bookmark: where the next page of a list begins. Base64url of JSON with a format version; opaque to clients, and
//! not secret.
//!
//! It names a position, not a count, so that what is added meanwhile does not shift it; and the list it was made for, so
//! that it leads nowhere else: another address, account or query refuses it. It opens nothing: whose list is read is
//! the session's to say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::params::Params;

/// Format version of the bookmarks written here.
const VERSION: u8 = 1;

/// Longest bookmark that is looked at, in bytes: twice one that is written here.
const MAX_BYTES: usize = 600;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text<P> {
    v: u8,
    list: String,
    at: P,
}

/// The list that a bookmark is for: the first 64 bits of the SHA-256 of what makes it what it is, such as its address,
/// the account and the query's parameters. Names it without repeating what somebody asked for.
pub(crate) fn list<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // A length before each part: «a», «bc» is not «ab», «c»; and what is missing is not what is empty.
        let length = part.map_or(u64::MAX, |text| text.len() as u64);
        hash.update(length.to_be_bytes());
        hash.update(part.unwrap_or_default());
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..8])
}

/// The text of a bookmark in this list.
pub(crate) fn text<P: Serialize>(list: String, at: P) -> String {
    // Numbers and texts always serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&Text { v: VERSION, list, at }).unwrap_or_default())
}

/// The position of the request's bookmark, if it has one. It must have been made for this list.
pub(crate) fn of<P: DeserializeOwned>(params: &Params, list: &str) -> Result<Option<P>, Failure> {
    let Some(text) = params.text("cursor") else {
        return Ok(None);
    };
    let Some(bookmark) = decode::<P>(text) else {
        return Err(refused("this is not a cursor of this version"));
    };
    if bookmark.list != list {
        return Err(refused(
            "this cursor belongs to another list: repeat address, key and parameters of its first request",
        ));
    }
    Ok(Some(bookmark.at))
}

/// A cursor that leads nowhere here: 400.
pub(crate) fn refused(detail: &'static str) -> Failure {
    Failure::bad_request("cursor", detail)
}

fn decode<P: DeserializeOwned>(text: &str) -> Option<Text<P>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&json).ok().filter(|text: &Text<P>| text.v == VERSION)
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;
    use shared::monitor::MonitorId;

    use super::*;

    fn read(cursor: &str, list: &str) -> Result<Option<MonitorId>, String> {
        let uri: Uri = format!("/?cursor={cursor}").parse().unwrap();
        of(&Params::of(&uri, &["cursor"]).unwrap(), list).map_err(|failure| failure.problem().detail)
    }

    #[test]
    fn a_bookmark_goes_on_in_its_own_list_only() {
        let id: MonitorId = "s0-aaaaaa".parse().unwrap();
        let own = list([Some("monitors"), Some("home"), None]);
        let cursor = text(own.clone(), &id);
        assert_eq!(read(&cursor, &own), Ok(Some(id)));
        for other in [
            list([Some("monitors"), Some("home"), Some("")]),
            list([Some("monitors"), Some("a-7f3k2a9d0c1b2e4f"), None]),
            list([Some("monitorsh"), Some("ome"), None]),
        ] {
            assert!(read(&cursor, &other).unwrap_err().starts_with("this cursor belongs to another list"));
        }
    }

    #[test]
    fn a_forged_bookmark_is_refused() {
        let own = list([Some("monitors")]);
        let json = URL_SAFE_NO_PAD.decode(text(own.clone(), "s0-aaaaaa")).unwrap();
        let json = String::from_utf8(json).unwrap();
        insta::assert_snapshot!(json, @r#"{"v":1,"list":"cxlfXnPj5YY","at":"s0-aaaaaa"}"#);
        for (from, to) in [
            (r#""v":1"#, r#""v":2"#),
            (r#""v":1"#, r#""v":1,"more":1"#),
            ("aaaaaa", "AAAAAA"),
            ("s0-aaaaaa", ""),
        ] {
            assert!(json.contains(from), "{from}");
            let forged = URL_SAFE_NO_PAD.encode(json.replacen(from, to, 1));
            assert!(read(&forged, &own).is_err(), "{from} {to}");
        }
        for bad in ["", "x", "%3D%3D", "bnVsbA", "e30", &"a".repeat(601)] {
            assert!(read(bad, &own).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_bookmark_or_refused(text in "[A-Za-z0-9_-]{0,700}") {
            let _ = decode::<MonitorId>(&text);
        }
    }
}
