//! The request of each hop: what it says, and what of it may be shown to whom.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap,
    HeaderName, HeaderValue, UPGRADE_INSECURE_REQUESTS, USER_AGENT,
};
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{Method, Request, StatusCode, Uri, Version};
use http_body_util::Full;
use secrecy::ExposeSecret as _;
use shared::credentials::Credentials;
use shared::monitor::HttpCheck;
use shared::signal::{Outcome, Reason};
use url::{Position, Url};

use crate::check::Job;

/// Honest about being a machine, and it names the product, so that a shop's owner can tell these requests.
const AGENT: &str = concat!("Shopwatch/", env!("CARGO_PKG_VERSION"), " (+status check)");

/// What a browser sends when somebody opens a page: Firefox's long-term release, which needs no client hints. It
/// would take compressed answers too; we look into them.
const OF_A_BROWSER: [(HeaderName, &str); 10] = [
    (USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (ACCEPT_LANGUAGE, "en-US,en;q=0.5"),
    (ACCEPT_ENCODING, "identity"),
    (UPGRADE_INSECURE_REQUESTS, "1"),
    (HeaderName::from_static("sec-fetch-dest"), "document"),
    (HeaderName::from_static("sec-fetch-mode"), "navigate"),
    (HeaderName::from_static("sec-fetch-site"), "none"),
    (HeaderName::from_static("sec-fetch-user"), "?1"),
    (HeaderName::from_static("priority"), "u=0, i"),
];

/// What is asked for on the way from the monitor's URL to the end of its redirects.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) check: &'a HttpCheck,
    pub(crate) method: Method,
    credentials: Option<&'a Credentials>,
    /// Whether every hop so far was at the monitor's own origin. Headers, body and credentials may be secrets: they
    /// are shown there only, and not again after a stranger has said where to.
    at_home: bool,
    body: Option<&'a str>,
    /// Whether a redirect has dropped the body.
    body_dropped: bool,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(job: &'a Job, check: &'a HttpCheck, method: Method) -> Self {
        let credentials = job.credentials.as_ref().filter(|_| check.credentials.is_some());
        Self { check, method, credentials, at_home: true, body: check.body.as_deref(), body_dropped: false }
    }

    /// Goes on to the place that an answer of this status named. Methods change as the Fetch standard has it
    /// (<https://fetch.spec.whatwg.org/#http-redirect-fetch>, 4.4.12).
    ///
    /// # Errors
    /// When the body would have to be sent to another origin.
    pub(crate) fn redirected(&mut self, status: StatusCode, to: &Url) -> Result<(), Outcome> {
        self.at_home &= is_same_origin(self.check.url.url(), to);
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body_dropped |= self.body.take().is_some();
        }
        if self.body.is_some() && !self.at_home {
            return Err(Outcome::Down(Reason::Redirect));
        }
        Ok(())
    }

    /// The request to this URL. Beside what the check asks for it says where to and who asks: no cookie, no referer.
    pub(crate) fn request(&self, url: &Url, version: Version) -> Result<Request<Full<Bytes>>, Outcome> {
        let body = self.body.map_or_else(Bytes::new, |body| Bytes::copy_from_slice(body.as_bytes()));
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        let host_port = &url[Position::BeforeHost..Position::AfterPort];
        let path = PathAndQuery::try_from(&url[Position::BeforePath..Position::AfterQuery]);
        let path = path.map_err(|_| Outcome::Down(Reason::Protocol))?;
        if version == Version::HTTP_2 {
            *request.version_mut() = version;
            *request.uri_mut() = absolute(host_port, path).ok_or(Outcome::Down(Reason::Protocol))?;
        } else {
            let host = HeaderValue::from_str(host_port).map_err(|_| Outcome::Down(Reason::Protocol))?;
            request.headers_mut().insert(HOST, host);
            *request.uri_mut() = Uri::from(path);
        }
        self.add_headers(request.headers_mut(), version)?;
        Ok(request)
    }

    fn add_headers(&self, headers: &mut HeaderMap, version: Version) -> Result<(), Outcome> {
        if self.check.browser {
            headers.extend(OF_A_BROWSER.map(|(name, value)| (name, HeaderValue::from_static(value))));
        } else {
            headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
            headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        }
        if version != Version::HTTP_2 {
            let after = if self.check.browser { "keep-alive" } else { "close" };
            headers.insert(CONNECTION, HeaderValue::from_static(after));
        }
        // RFC 9110, section 8.6: a body that is not there has a length too, where the method means to send one.
        if self.body.is_none() && matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if !self.at_home {
            return Ok(());
        }
        for (name, value) in &self.check.headers {
            // What describes a body goes with it.
            if self.body_dropped && name.starts_with("content-") {
                continue;
            }
            let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) else {
                return Err(Outcome::Unknown(Reason::Configuration));
            };
            headers.insert(name, secret(value));
        }
        if let Some(credentials) = self.credentials {
            let value = authorization(credentials).ok_or(Outcome::Unknown(Reason::Configuration))?;
            headers.insert(AUTHORIZATION, secret(value));
        }
        Ok(())
    }
}

/// A value that is neither shown nor kept in a connection's table of headers.
fn secret(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn authorization(credentials: &Credentials) -> Option<HeaderValue> {
    let text = match credentials {
        Credentials::Basic { user, password } => {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", password.expose_secret())))
        }
        Credentials::Bearer { token } => format!("Bearer {}", token.expose_secret()),
    };
    HeaderValue::from_str(&text).ok()
}

fn absolute(host_port: &str, path: PathAndQuery) -> Option<Uri> {
    let mut parts = Parts::default();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Some(Authority::try_from(host_port).ok()?);
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

fn is_same_origin(a: &Url, b: &Url) -> bool {
    let origin = |url: &Url| (url.scheme() == "https", url.port_or_known_default());
    origin(a) == origin(b) && a.host() == b.host()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::revision::Revision;

    use super::*;

    fn job(change: impl FnOnce(&mut HttpCheck)) -> (Job, HttpCheck) {
        let job = Job {
            credentials: Some(Credentials::Basic { user: "Aladdin".into(), password: "open sesame".into() }),
            ..Job::of(::tests::example::monitor("s0-aaaaaa"))
        };
        let mut check = HttpCheck::of("https://shop.example:8443/".parse().unwrap());
        change(&mut check);
        (job, check)
    }

    fn headers(request: &Request<Full<Bytes>>) -> Vec<String> {
        let text =
            |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        request.headers().iter().map(text).collect()
    }

    #[test]
    fn the_request_says_where_to_and_who_asks_and_no_more() {
        let url = Url::parse("https://shop.example:8443/a b?q=`|`#part").unwrap();
        let (job, check) = job(|_| {});
        let request = Ask::new(&job, &check, Method::HEAD).request(&url, Version::HTTP_11).unwrap();
        let mut headers = headers(&request);
        headers.sort();
        assert_eq!(request.uri(), "/a%20b?q=`|`");
        assert_eq!(
            headers,
            [
                "accept: */*",
                "connection: close",
                "host: shop.example:8443",
                concat!("user-agent: Shopwatch/", env!("CARGO_PKG_VERSION"), " (+status check)"),
            ]
        );
    }

    #[test]
    fn over_http2_the_host_is_part_of_the_url() {
        let url = Url::parse("https://[::1]:8443/a?b").unwrap();
        let (job, check) = job(|_| {});
        let request = Ask::new(&job, &check, Method::GET).request(&url, Version::HTTP_2).unwrap();
        assert_eq!(request.uri(), "https://[::1]:8443/a?b");
        assert!(!request.headers().contains_key(HOST) && !request.headers().contains_key(CONNECTION));
    }

    #[test]
    fn a_users_headers_replace_ours_and_credentials_are_not_shown() {
        let (job, check) = job(|check| {
            check.credentials = Some(Revision::first());
            check.headers.insert("user-agent".to_owned(), "mine".to_owned());
        });
        let ask = Ask::new(&job, &check, Method::GET);
        let request = ask.request(check.url.url(), Version::HTTP_11).unwrap();
        let headers = headers(&request);
        assert!(headers.contains(&"user-agent: mine".to_owned()), "{headers:?}");
        // RFC 7617, section 2.
        assert!(headers.contains(&"authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned()));
        let shown = format!("{request:?} {ask:?}");
        assert!(!shown.contains("QWxh") && !shown.contains("sesame"), "{shown}");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a, b| is_same_origin(&Url::parse(a).unwrap(), &Url::parse(b).unwrap());
        assert!(same("https://shop.example/a", "https://SHOP.example:443/b"));
        for other in [
            "http://shop.example/",
            "http://shop.example:443/",
            "https://shop.example:8443/",
            "https://www.shop.example/",
            "https://shop.example./",
            "https://shop.example.org/",
        ] {
            assert!(!same("https://shop.example/", other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_url_can_be_asked_for(path in "[ -~é]{0,60}", query in "[ -~é]{0,60}") {
            if let Ok(url) = Url::parse(&format!("https://shop.example/{path}?{query}")) {
                let (job, check) = job(|_| {});
                let ask = Ask::new(&job, &check, Method::GET);
                for version in [Version::HTTP_11, Version::HTTP_2] {
                    prop_assert!(ask.request(&url, version).is_ok(), "{}", url);
                }
            }
        }
    }
}
