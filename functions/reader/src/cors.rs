//! Cross-origin requests (CORS): which other site's pages may read the answers.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::header::{AUTHORIZATION, ETAG, IF_NONE_MATCH, LINK};
use http::{HeaderValue, Method, Uri};
use tower_http::cors::{Any, CorsLayer};

/// How long a browser may remember what it was told: Chromium's own limit.
const MAX_AGE: Duration = Duration::from_secs(7_200);

/// One origin such as `https://shop.example`, or any (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsOrigin(HeaderValue);

/// A text that is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected * or an origin such as https://shop.example, without a path")]
pub struct NotAnOrigin;

impl FromStr for CorsOrigin {
    type Err = NotAnOrigin;
    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let is_origin = || {
            let uri: Uri = text.parse().ok()?;
            let scheme = uri.scheme_str().filter(|s| matches!(*s, "http" | "https"))?;
            let authority = uri.authority().filter(|a| !a.as_str().contains('@'))?;
            // A browser sends exactly this, and compares exactly this.
            (format!("{scheme}://{authority}") == text).then_some(())
        };
        if text != "*" {
            is_origin().ok_or(NotAnOrigin)?;
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| NotAnOrigin)
    }
}

impl fmt::Display for CorsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

impl CorsOrigin {
    /// Answers preflight requests, and allows the origin to read every answer.
    pub(crate) fn layer(self) -> CorsLayer {
        let layer = CorsLayer::new()
            .allow_methods([Method::GET, Method::HEAD])
            .allow_headers([AUTHORIZATION, IF_NONE_MATCH])
            .expose_headers([ETAG, LINK])
            // The origin allowed is the same whoever asks; and of two `Vary` headers Lambda would lose one.
            .vary([])
            .max_age(MAX_AGE);
        if self.0 == "*" { layer.allow_origin(Any) } else { layer.allow_origin(self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_and_host_and_no_more() {
        for good in ["*", "https://shop.example", "http://127.0.0.1:8080"] {
            assert_eq!(good.parse::<CorsOrigin>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/a",
            "https://u@shop.example",
            "ftp://shop.example",
            "https://a.example,https://b.example",
            "null",
            "https://a\nb",
        ] {
            assert!(bad.parse::<CorsOrigin>().is_err(), "{bad}");
        }
    }
}
