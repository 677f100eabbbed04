//! The API over HTTP.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::header::IF_MATCH;
use reqwest::{Client, Method, Response, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::{Host, Url};

use super::{Answer, Api};

/// For a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// For the whole call: API Gateway gives up after 30 s.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Longest answer, in bytes: Lambda's limit is 6 MB.
const MAX_BYTES: usize = 8_000_000;

/// Attempts at a request that is one too many.
const ATTEMPTS: u32 = 6;

/// Pause after the first refusal of this sort; each further one is a pause longer.
const PAUSE: Duration = Duration::from_millis(300);

/// Where an installation's API is. Plain HTTP goes to this machine only: a key goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Url);

impl FromStr for ApiUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected the API's address, such as https://abc.execute-api.us-east-1.amazonaws.com";
        let url: Url = text.trim_end_matches('/').parse().map_err(|_| expected.to_owned())?;
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if !(url.scheme() == "https" || (url.scheme() == "http" && is_here)) {
            return Err(format!("{expected}; http only to this machine, as a key goes along"));
        }
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if is_plain && url.password().is_none() { Ok(Self(url)) } else { Err(expected.to_owned()) }
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// A client of an installation.
#[derive(Debug)]
pub struct HttpApi {
    client: Client,
    url: ApiUrl,
    key: SecretString,
}

impl HttpApi {
    /// A client with this key.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn new(url: ApiUrl, key: SecretString) -> anyhow::Result<Self> {
        // The key goes to this address and to no other.
        let client = Client::builder().redirect(redirect::Policy::none());
        let client = client.connect_timeout(CONNECT).timeout(TIMEOUT).build()?;
        Ok(Self { client, url, key })
    }
}

impl Api for HttpApi {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        version: Option<u64>,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.url);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut request = self.client.request(method.clone(), &url).bearer_auth(self.key.expose_secret());
            if let Some(version) = version {
                request = request.header(IF_MATCH, format!("\"{version}\""));
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            let sent = request.send().await.map_err(reqwest::Error::without_url);
            let answer = sent.with_context(|| format!("no answer from {}", self.url))?;
            let is_one_too_many = answer.status() == reqwest::StatusCode::TOO_MANY_REQUESTS;
            if is_one_too_many && attempt < ATTEMPTS {
                tokio::time::sleep(PAUSE * attempt + PAUSE.mul_f64(rand::random())).await;
                continue;
            }
            return read(answer).await;
        }
    }
}

async fn read(mut answer: Response) -> anyhow::Result<Answer> {
    let status = answer.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.context("the answer ended early")? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            bail!("expected an answer of at most {MAX_BYTES} bytes, got more");
        }
        bytes.extend_from_slice(&chunk);
    }
    let body = match serde_json::from_slice(&bytes) {
        Ok(body) => body,
        // A refusal may come from what is in front of the API.
        Err(_) if bytes.is_empty() || !status.is_success() => Value::Null,
        Err(error) => return Err(error).context("expected JSON: is this the address of Shopwatch's API?"),
    };
    Ok(Answer { status, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_over_tls_or_stays_on_this_machine() {
        for (text, shown) in [
            (
                "https://abc.execute-api.us-east-1.amazonaws.com/",
                "https://abc.execute-api.us-east-1.amazonaws.com",
            ),
            (
                "http://127.0.0.1:4566/_aws/execute-api/5109a7c4/$default",
                "http://127.0.0.1:4566/_aws/execute-api/5109a7c4/$default",
            ),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:4566", "http://[::1]:4566"),
        ] {
            assert_eq!(text.parse::<ApiUrl>().unwrap().to_string(), shown);
        }
        for bad in [
            "",
            "shop.example",
            "http://shop.example",
            "http://10.0.0.1",
            "ftp://shop.example",
            "https://user:hunter2@shop.example",
            "https://shop.example/?a",
            "https://",
        ] {
            let error = bad.parse::<ApiUrl>().unwrap_err();
            assert!(error.starts_with("expected") && !error.contains("hunter2"), "{bad}: {error}");
        }
    }
}
