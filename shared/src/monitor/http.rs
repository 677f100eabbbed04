//! What a check over HTTP asks, and what it expects of the answer.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer, Serialize};

use super::condition::Condition;
use super::json_path::JsonPath;
use super::target::TargetUrl;
use crate::revision::Revision;
use crate::text::{Invalid, as_text};

/// Most headers of a check.
pub const MAX_HEADERS: usize = 16;

/// All headers of a check, in bytes.
pub const MAX_HEADERS_BYTES: usize = 4_096;

/// Longest name of a header that is expected, in bytes.
const MAX_HEADER_NAME_BYTES: usize = 100;

/// Longest body of a check's request, in bytes.
pub const MAX_REQUEST_BODY_BYTES: usize = 8_192;

/// Most expectations of each sort: keywords, JSON values, headers.
pub const MAX_EXPECTATIONS: usize = 4;

/// Most numbers of an answer that are kept as a series.
pub const MAX_METRICS: usize = 4;

/// Headers that the check itself sets, and the one that holds credentials: those have a place of their own, where
/// they are kept secret.
const RESERVED: [&str; 9] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
];

/// One request and what is expected of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HttpCheck {
    /// What is asked for.
    pub url: TargetUrl,
    /// How.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(default = "auto"))]
    pub method: Method,
    /// Headers beside those that every check sends, by lower-case name; at most [`MAX_HEADERS`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The request's body, at most [`MAX_REQUEST_BODY_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 8192))]
    pub body: Option<String>,
    /// Which credentials the table `secrets` holds for it; nothing where it needs none.
    #[serde(default, deserialize_with = "revision", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub credentials: Option<Revision>,
    /// Whether redirects are followed; where not, a redirect is an answer like any other.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    #[cfg_attr(feature = "openapi", schema(default = true))]
    pub follow_redirects: bool,
    /// Whether the request looks like a browser's and may use HTTP/2, for targets that turn robots away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(default = false))]
    pub browser: bool,
    /// What is expected of the answer.
    #[serde(default, skip_serializing_if = "Expect::is_default")]
    pub expect: Expect,
    /// Numbers of a JSON answer that are kept as series, by name; at most [`MAX_METRICS`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<MetricName, JsonPath>,
}

/// A revision, or as it was stored before there were any: whether there are credentials.
fn revision<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Revision>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Flag(bool),
        Revision(Revision),
    }
    Ok(match Option::<Stored>::deserialize(deserializer)? {
        None | Some(Stored::Flag(false)) => None,
        Some(Stored::Flag(true)) => Some(Revision::first()),
        Some(Stored::Revision(revision)) => Some(revision),
    })
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_true(flag: &bool) -> bool {
    *flag
}

/// How a target is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CheckMethod))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "RFC 9110 and 5789 say what they are")]
pub enum Method {
    /// HEAD, and GET where HEAD does not settle it; GET at once where a body is sent or looked at, and as a browser.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

/// What is expected of an answer. All of it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Which status codes are good.
    #[serde(skip_serializing_if = "StatusCodes::is_default")]
    #[cfg_attr(feature = "openapi", schema(default = "200-399"))]
    pub status: StatusCodes,
    /// Conditions on the body's first 64 KB, taken for UTF-8; at most [`MAX_EXPECTATIONS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 4))]
    pub body: Vec<Condition>,
    /// Texts that must not be in the body's first 64 KB; at most [`MAX_EXPECTATIONS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 4))]
    pub absent: Vec<String>,
    /// Conditions on values of a JSON answer; at most [`MAX_EXPECTATIONS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 4))]
    pub json: Vec<ExpectJson>,
    /// Conditions on headers; at most [`MAX_EXPECTATIONS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 4))]
    pub headers: Vec<ExpectHeader>,
    /// Days that the certificate must still hold; degraded with fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_days: Option<u16>,
}

/// A condition on a value of a JSON answer. A text is compared as it is, everything else as JSON writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectJson {
    /// Where the value is.
    pub path: JsonPath,
    /// What it must be.
    pub is: Condition,
}

/// A condition on a header; one of several values of the same name is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectHeader {
    /// The header's name.
    pub name: String,
    /// What its value must be.
    pub is: Condition,
}

impl Expect {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the body has to be read and looked at.
    pub fn needs_body(&self) -> bool {
        !(self.body.is_empty() && self.absent.is_empty() && self.json.is_empty())
    }
}

impl HttpCheck {
    /// A check of this URL with nothing special about it.
    pub fn of(url: TargetUrl) -> Self {
        Self {
            url,
            method: Method::default(),
            headers: BTreeMap::new(),
            body: None,
            credentials: None,
            follow_redirects: true,
            browser: false,
            expect: Expect::default(),
            metrics: BTreeMap::new(),
        }
    }

    /// Whether the answer's body has to be read and looked at.
    pub fn needs_body(&self) -> bool {
        self.expect.needs_body() || !self.metrics.is_empty()
    }

    /// The rules that types do not carry, by the field that breaks one.
    pub(super) fn validate(&self) -> Result<(), (&'static str, Invalid)> {
        let bytes: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if self.headers.len() > MAX_HEADERS || bytes > MAX_HEADERS_BYTES {
            let got = format_args!("{} of {bytes}", self.headers.len());
            return Err(("headers", Invalid::new("at most 16 headers of 4096 bytes in all", got)));
        }
        for (name, value) in &self.headers {
            let valid = name.parse::<HeaderName>().is_ok_and(|parsed| parsed.as_str() == name);
            if !valid || RESERVED.contains(&name.as_str()) {
                return Err(("headers", Invalid::new("a lower-case header that no check sets itself", name)));
            }
            if HeaderValue::from_str(value).is_err() {
                // The value may be a secret in the wrong place.
                let got = format_args!("something else for {name}");
                return Err(("headers", Invalid::new("a header value without control characters", got)));
            }
        }
        let lengths = [
            self.expect.body.len(),
            self.expect.absent.len(),
            self.expect.json.len(),
            self.expect.headers.len(),
            self.metrics.len(),
        ];
        if let Some(length) = lengths.iter().find(|length| **length > MAX_EXPECTATIONS) {
            return Err(("expect", Invalid::new("at most 4 conditions or metrics of one sort", length)));
        }
        if let Some(text) = self.expect.absent.iter().find(|text| !(1..=500).contains(&text.len())) {
            return Err(("expect", Invalid::new("a text of 1 to 500 bytes", text)));
        }
        let is_name = |name: &str| name.len() <= MAX_HEADER_NAME_BYTES && name.parse::<HeaderName>().is_ok();
        if let Some(header) = self.expect.headers.iter().find(|header| !is_name(&header.name)) {
            return Err(("expect", Invalid::new("a header's name of at most 100 bytes", &header.name)));
        }
        if self.body.as_ref().is_some_and(|body| body.len() > MAX_REQUEST_BODY_BYTES) {
            return Err(("body", Invalid::new("a body of at most 8192 bytes", "a longer one")));
        }
        Ok(())
    }
}

/// The name of a series of numbers: 1 to 20 lower-case letters, digits and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricName(String);

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MetricName {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = (1..=20).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        valid
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("1 to 20 lower-case letters, digits or _", text))
    }
}

/// Ranges of status codes, written `200-299, 301`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatusCodes(Vec<RangeInclusive<u16>>);

impl StatusCodes {
    /// Whether the code is in one of the ranges.
    pub fn contains(&self, code: u16) -> bool {
        self.0.iter().any(|range| range.contains(&code))
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for StatusCodes {
    /// What serves a visitor: 200 to 399.
    fn default() -> Self {
        Self(vec![200..=399])
    }
}

impl fmt::Display for StatusCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            match (range.start(), range.end()) {
                (start, end) if start == end => write!(f, "{comma}{start}")?,
                (start, end) => write!(f, "{comma}{start}-{end}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for StatusCodes {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=599).contains(code));
        let range = |text: &str| {
            let (start, end) = text.split_once('-').unwrap_or((text, text));
            Some(code(start)?..=code(end)?).filter(|range| !range.is_empty())
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges
            .filter(|ranges| ranges.len() <= 10)
            .map(Self)
            .ok_or_else(|| Invalid::new("at most 10 status codes or ranges such as 200-299, 301", text))
    }
}

as_text!(MetricName, StatusCodes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_ranges() {
        let codes: StatusCodes = "200-299,404".parse().unwrap();
        assert!(codes.contains(204) && codes.contains(404) && !codes.contains(301));
        assert_eq!(codes.to_string(), "200-299, 404");
        assert_eq!(codes.to_string().parse(), Ok(codes));
        for bad in ["", "99", "600", "299-200", "2xx", "200-", "200-299-300"] {
            assert!(bad.parse::<StatusCodes>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_check_without_frills_is_its_url_alone() {
        let check = HttpCheck::of("https://shop.example/".parse().unwrap());
        let json = serde_json::to_value(&check).unwrap();
        assert_eq!(json, serde_json::json!({"url": "https://shop.example/", "method": "auto"}));
        assert_eq!(serde_json::from_value::<HttpCheck>(json).unwrap(), check);
    }

    #[test]
    fn what_no_type_forbids_is_refused() {
        let with = |change: fn(&mut HttpCheck)| {
            let mut check = HttpCheck::of("https://shop.example/".parse().unwrap());
            change(&mut check);
            check.validate()
        };
        assert!(with(|_| {}).is_ok());
        for header in ["Host", "host", "authorization", "a b", "X-Upper", "x\r\ny"] {
            let mut check = HttpCheck::of("https://shop.example/".parse().unwrap());
            check.headers.insert(header.to_owned(), "x".to_owned());
            assert!(check.validate().is_err(), "{header}");
        }
        let split = with(|check| drop(check.headers.insert("x-a".into(), "hunter2\r\nx-b: c".into())));
        assert!(!split.unwrap_err().1.to_string().contains("hunter2"));
        assert!(with(|check| check.expect.absent = vec!["x".into(); 5]).is_err());
        assert!(with(|check| check.body = Some("x".repeat(8_193))).is_err());
        for (bytes, is_ok) in [(100, true), (101, false)] {
            let mut check = HttpCheck::of("https://shop.example/".parse().unwrap());
            let header = serde_json::json!({"name": "x".repeat(bytes), "is": {"contains": "a"}});
            check.expect.headers.push(serde_json::from_value(header).unwrap());
            assert_eq!(check.validate().is_ok(), is_ok, "{bytes}");
        }
    }
}
