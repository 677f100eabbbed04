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
    pause: Duration,
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
        Ok(Self { client, url, key, pause: PAUSE })
    }

    /// Where it is.
    pub fn url(&self) -> &ApiUrl {
        &self.url
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
                tokio::time::sleep(self.pause * attempt + self.pause.mul_f64(rand::random())).await;
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// What is answered by an API that refuses the first so many requests as too many, and how often it was asked.
    async fn asked(refused: u32) -> (Answer, u32) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4_096];
                let length = stream.read(&mut request).await.unwrap();
                assert!(String::from_utf8_lossy(&request[..length]).contains("authorization: Bearer key"));
                let status = match counted.fetch_add(1, Ordering::SeqCst) < refused {
                    true => "429 Too Many Requests",
                    false => "200 OK",
                };
                let answer =
                    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let api = HttpApi::new(url, "key".into()).unwrap();
        let api = HttpApi { pause: Duration::from_millis(1), ..api };
        let answer = api.ask(Method::GET, "/api/monitor", None, None).await.unwrap();
        serving.abort();
        (answer, count.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn who_asks_too_often_waits_and_asks_again_and_not_forever() {
        for (refused, status, times) in [(0, 200, 1), (2, 200, 3), (u32::MAX, 429, ATTEMPTS)] {
            let (answer, count) = asked(refused).await;
            assert_eq!((answer.status.as_u16(), count), (status, times), "{refused}");
        }
    }

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
