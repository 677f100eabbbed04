//! The demo shop's server: bounded connections, pages that behave as they were told, and the control of that.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use shared::problem::{MEDIA_TYPE, Problem};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::control::{Behaviour, Behaviours, MAX_DELAY, Mode};
use super::pages;

/// Connections at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 1_024;

/// For the head of a request to arrive, and for an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest life of a connection: who sends a body byte by byte, or reads none, is cut off.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);

/// Where the behaviours are read and set.
pub(super) const CONTROL: &str = "/_control";

/// A running demo shop. It ends when this is dropped.
#[derive(Debug)]
pub struct DemoShop {
    address: SocketAddr,
    behaviours: Behaviours,
    server: JoinHandle<()>,
}

impl DemoShop {
    /// Starts the shop at this address; port 0 picks a free one.
    ///
    /// # Errors
    /// When the port is taken, or the address is not this machine's.
    pub async fn start(host: IpAddr, port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((host, port)).await.map_err(|error| {
            let address = SocketAddr::new(host, port);
            if error.kind() == std::io::ErrorKind::AddrInUse {
                anyhow!("{address} is taken by another program: choose another port with --port, or 0 for a free one")
            } else {
                anyhow!(error).context(format!("cannot listen on {address}"))
            }
        })?;
        let address = listener.local_addr().context("no address to listen on")?;
        let behaviours = Behaviours::default();
        let server = tokio::spawn(serve(listener, behaviours.clone()));
        Ok(Self { address, behaviours, server })
    }

    /// Where the shop is, without a slash at the end: `http://127.0.0.1:4580`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How its pages behave; may be changed at any time.
    pub fn behaviours(&self) -> &Behaviours {
        &self.behaviours
    }

    /// Waits for the end of the server, which comes only by a panic in it.
    pub async fn ended(&mut self) {
        let _ = (&mut self.server).await;
    }
}

impl Drop for DemoShop {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, behaviours: Behaviours) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Dropped with this function: no connection outlives the server.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, or a connection that was gone already: neither is helped by hurry.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let behaviours = behaviours.clone();
        connections.spawn(async move {
            let _slot = slot;
            let service = service_fn(move |request| answer(request, behaviours.clone()));
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            // A visitor who leaves early is no failure of the shop.
            let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
        });
    }
}

/// A page hangs: the connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the page was told to hang")]
struct Hung;

async fn answer(request: Request<Incoming>, behaviours: Behaviours) -> Result<Response<Full<Bytes>>, Hung> {
    let path = request.uri().path();
    if path == CONTROL {
        return Ok(control(request.method(), request.uri().query().unwrap_or_default(), &behaviours));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(method_not_allowed("GET, HEAD"));
    }
    let told = behaviours.get(path);
    Ok(match told.map(|behaviour| behaviour.mode) {
        Some(Mode::Fail) => {
            html(StatusCode::INTERNAL_SERVER_ERROR, pages::plain("Something broke, as it was told to."))
        }
        Some(Mode::Missing) => not_found(),
        Some(Mode::Hang) => {
            tokio::time::sleep(MAX_DELAY).await;
            return Err(Hung);
        }
        None => pages::page(path).map_or_else(not_found, found),
        Some(Mode::Up | Mode::Slow) => {
            if let Some(Behaviour { mode: Mode::Slow, delay_ms }) = told {
                tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            }
            let plain = || pages::Page::Html(pages::plain("Up, as it was told to be."));
            found(pages::page(path).unwrap_or_else(plain))
        }
    })
}

/// `GET` lists the behaviours; `PUT ?path=…&mode=…&delay_ms=…` sets one.
fn control(method: &Method, query: &str, behaviours: &Behaviours) -> Response<Full<Bytes>> {
    match *method {
        Method::GET | Method::HEAD => json(StatusCode::OK, "application/json", &behaviours.all()),
        Method::PUT => match set(query, behaviours) {
            Ok(answer) => json(StatusCode::OK, "application/json", &answer),
            Err(detail) => {
                let problem = Problem::bad_request("invalid_behaviour", detail);
                json(StatusCode::BAD_REQUEST, MEDIA_TYPE, &problem)
            }
        },
        _ => method_not_allowed("GET, HEAD, PUT"),
    }
}

fn set(query: &str, behaviours: &Behaviours) -> Result<serde_json::Value, String> {
    let (mut path, mut mode, mut delay_ms) = (None, None, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "path" => path = Some(value.into_owned()),
            "mode" => mode = Some(value.parse::<Mode>().map_err(|error| format!("mode: {error}"))?),
            "delay_ms" => {
                let parsed = value.parse::<u64>();
                delay_ms =
                    Some(parsed.map_err(|_| "delay_ms: expected a number of milliseconds".to_owned())?);
            }
            _ => return Err("expected path, mode and delay_ms, got another parameter".to_owned()),
        }
    }
    let path = path.ok_or("path: expected one, got none")?;
    let behaviour = Behaviour::new(mode.ok_or("mode: expected one, got none")?, delay_ms)?;
    behaviours.set(&path, behaviour)?;
    Ok(serde_json::json!({"path": path, "mode": behaviour.mode, "delay_ms": behaviour.delay_ms}))
}

fn found(page: pages::Page) -> Response<Full<Bytes>> {
    match page {
        pages::Page::Html(text) => html(StatusCode::OK, text),
        pages::Page::Json(value) => json(StatusCode::OK, "application/json", &value),
    }
}

fn not_found() -> Response<Full<Bytes>> {
    html(StatusCode::NOT_FOUND, pages::plain("There is no such page."))
}

fn method_not_allowed(allowed: &'static str) -> Response<Full<Bytes>> {
    let mut answer = html(StatusCode::METHOD_NOT_ALLOWED, pages::plain("Not like this."));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn html(status: StatusCode, page: String) -> Response<Full<Bytes>> {
    response(status, "text/html; charset=utf-8", page)
}

fn json(
    status: StatusCode,
    media_type: &'static str,
    value: &impl serde::Serialize,
) -> Response<Full<Bytes>> {
    // Maps with text keys and plain structures always have a JSON text.
    response(status, media_type, serde_json::to_string(value).unwrap_or_default())
}

fn response(status: StatusCode, media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // For checks that expect a header.
    headers.insert("x-shop", HeaderValue::from_static("demo"));
    response
}
