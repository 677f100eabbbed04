//! Checks that look like a browser's, and HTTP/2: with servers as they should be, and with such as mean harm.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{HOST, LOCATION};
use http::{HeaderMap, Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ping::{Checker, Finding, Limits};
use rcgen::{CertifiedIssuer, KeyPair};
use shared::monitor::{Condition, HttpCheck, Method, Operator};
use shared::signal::{Outcome, Reason};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::server::{Server, status};
use crate::tls::{authority, server_config, trusted_by, valid_until};
use crate::{LIMITS, down, target_with};

/// What came over HTTP/2: method, URI, headers, body.
type Asked = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// Serves TLS connections that chose HTTP/2; answers the port.
async fn listen<F, Fut>(authority: &CertifiedIssuer<'_, KeyPair>, protocols: &[&str], serve: F) -> u16
where
    F: Fn(TlsStream<TcpStream>) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(server_config(valid_until(2_100), Some(authority), protocols));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream));
            }
        }
    });
    port
}

/// A web server that speaks HTTP/2 and answers `/moved` with a redirect to `/`, everything else with a page.
async fn http2(authority: &CertifiedIssuer<'_, KeyPair>) -> (u16, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let port = listen(authority, &["h2"], move |stream| {
        let seen = Arc::clone(&seen);
        async move {
            let answer = hyper::service::service_fn(move |request: Request<Incoming>| {
                let seen = Arc::clone(&seen);
                async move {
                    assert_eq!(request.version(), Version::HTTP_2);
                    let line = format!("{} {}", request.method(), request.uri());
                    let (headers, moved) = (request.headers().clone(), request.uri().path() == "/moved");
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    let body = String::from_utf8(body.to_vec()).unwrap();
                    seen.lock().unwrap().push((line.clone(), headers, body));
                    // Hyper would send a body even to HEAD.
                    let page =
                        if line.starts_with("HEAD") { String::new() } else { "<h1>Shop</h1>".repeat(10_000) };
                    let mut answer = Response::new(Full::new(Bytes::from(page)));
                    if moved {
                        *answer.status_mut() = http::StatusCode::FOUND;
                        answer.headers_mut().insert(LOCATION, "/".parse().unwrap());
                    }
                    Ok::<_, Infallible>(answer)
                }
            });
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), answer).await;
        }
    })
    .await;
    (port, asked)
}

async fn browse(checker: &Checker, url: &str, change: impl FnOnce(&mut HttpCheck)) -> Finding {
    let job = target_with(url, |check| {
        check.browser = true;
        change(check);
    });
    checker.check(&job).await
}

#[tokio::test]
async fn a_browser_says_what_browsers_say() {
    let server = Server::answering(|_| status(200)).await;
    let finding = browse(&crate::checker(LIMITS), &server.url("/"), |_| {}).await;
    assert_eq!(finding.outcome, Outcome::Up);
    let [asked] = &server.asked()[..] else { panic!("one request") };
    assert_eq!(asked.line(), "GET /");
    for (name, part) in [
        ("User-Agent", "Firefox/"),
        ("Accept", "text/html"),
        ("Accept-Language", "en"),
        ("Accept-Encoding", "identity"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Upgrade-Insecure-Requests", "1"),
        ("Connection", "keep-alive"),
    ] {
        assert!(asked.header(name).is_some_and(|value| value.contains(part)), "{name}: {}", asked.head);
        assert!(asked.head.contains(&format!("\r\n{name}: ")), "{name} as browsers write it: {}", asked.head);
    }
    assert!(!asked.head.contains("Shopwatch"));
}

#[tokio::test]
async fn a_browser_speaks_http2_where_the_server_does() {
    let authority = authority();
    let (port, asked) = http2(&authority).await;
    let checker = trusted_by(&authority, LIMITS);
    let url = format!("https://localhost:{port}/moved?a=b");
    let finding = browse(&checker, &url, |check| {
        check.expect.body.push(Condition::new(Operator::Contains, "Shop").unwrap());
        check.headers.insert("x-shop".to_owned(), "7".to_owned());
    })
    .await;
    assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(200)));
    let phases = finding.phases;
    assert!(phases.connect_ms.is_some() && phases.tls_ms.is_some() && phases.first_byte_ms.is_some());
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked[0].0, format!("GET {url}"));
    assert_eq!(asked[1].0, format!("GET https://localhost:{port}/"));
    for (_, headers, _) in asked {
        assert!(!headers.contains_key(HOST) && headers["x-shop"] == "7");
    }
}

#[tokio::test]
async fn head_and_bodies_go_over_http2_too() {
    let authority = authority();
    let (port, asked) = http2(&authority).await;
    let checker = trusted_by(&authority, LIMITS);
    let url = format!("https://localhost:{port}/");
    assert_eq!(browse(&checker, &url, |check| check.method = Method::Head).await.outcome, Outcome::Up);
    let order = |check: &mut HttpCheck| {
        check.method = Method::Post;
        check.body = Some("item=1".to_owned());
    };
    assert_eq!(browse(&checker, &url, order).await.outcome, Outcome::Up);
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].0, format!("HEAD {url}"));
    assert_eq!((asked[1].0.clone(), asked[1].2.as_str()), (format!("POST {url}"), "item=1"));
}

#[tokio::test]
async fn only_browsers_offer_http2() {
    let authority = authority();
    let protocols = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&protocols);
    let port = listen(&authority, &["h2", "http/1.1"], move |mut stream| {
        let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec).unwrap_or_default();
        seen.lock().unwrap().push(String::from_utf8(protocol).unwrap());
        async move {
            let _ = stream.read(&mut [0; 1_024]).await;
            let _ = stream.write_all(status(200).as_bytes()).await;
        }
    })
    .await;
    let checker = trusted_by(&authority, LIMITS);
    let url = format!("https://localhost:{port}/");
    assert_eq!(checker.check(&crate::target(&url)).await.outcome, Outcome::Up);
    // The server said that it spoke HTTP/2, and did not.
    assert_eq!(
        browse(&checker, &url, |check| check.method = Method::Get).await.outcome,
        down(Reason::Protocol)
    );
    assert_eq!(*protocols.lock().unwrap(), ["http/1.1", "h2"]);

    // One that speaks HTTP/1.1 only is up for browsers too.
    let port = listen(&authority, &["http/1.1"], |mut stream| async move {
        let _ = stream.read(&mut [0; 4_096]).await;
        let _ = stream.write_all(status(200).as_bytes()).await;
    })
    .await;
    assert_eq!(browse(&checker, &format!("https://localhost:{port}/"), |_| {}).await.outcome, Outcome::Up);
}

/// A frame of HTTP/2: RFC 9113, section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `:status: 200` of HPACK's static table.
const STATUS_200: [u8; 1] = [0x88];

/// A literal header, not indexed, of a name of one byte.
fn header(value: &str) -> Vec<u8> {
    let length = value.len();
    assert!(length >= 127);
    // RFC 7541, section 5.1: an integer with a prefix of seven bits.
    let (mut encoded, mut rest) = (vec![0x00, 1, b'a', 127], length - 127);
    while rest >= 128 {
        encoded.push(u8::try_from(rest % 128).unwrap() | 0x80);
        rest /= 128;
    }
    encoded.push(u8::try_from(rest).unwrap());
    encoded.extend(value.as_bytes());
    encoded
}

/// Frames that a server sends: some first, then others over and over.
struct Frames {
    first: Vec<u8>,
    again: Vec<u8>,
}

/// The verdict on a server that sends these frames for as long as it is listened to, how long it took, and how
/// many bytes were taken.
async fn verdict(frames: Frames, limits: Limits) -> (Finding, Duration, usize) {
    let authority = authority();
    let Frames { first, again } = frames;
    let taken = Arc::new(Mutex::new(0));
    let count = Arc::clone(&taken);
    let port = listen(&authority, &["h2"], move |mut stream| {
        let (first, again, count) = (first.clone(), again.clone(), Arc::clone(&count));
        async move {
            // The preface, settings and the request.
            let _ = stream.read(&mut [0; 16 * 1_024]).await;
            let mut next = [frame(SETTINGS, 0, 0, &[]), first].concat();
            while stream.write_all(&next).await.is_ok() && stream.flush().await.is_ok() {
                *count.lock().unwrap() += next.len();
                next.clone_from(&again);
                if again.is_empty() {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                    return;
                }
            }
        }
    })
    .await;
    let start = Instant::now();
    let checker = trusted_by(&authority, limits);
    let finding = browse(&checker, &format!("https://localhost:{port}/"), |_| {}).await;
    let bytes = *taken.lock().unwrap();
    (finding, start.elapsed(), bytes)
}

#[tokio::test]
async fn frames_without_end_are_not_read_without_end() {
    let open = frame(HEADERS, END_HEADERS, 1, &STATUS_200);
    let unfinished = frame(HEADERS, 0, 1, &STATUS_200);
    for (what, first, again, expected) in [
        (
            "continuations",
            unfinished.clone(),
            frame(CONTINUATION, 0, 1, &header(&"x".repeat(1_000))),
            Reason::Protocol,
        ),
        ("empty continuations", unfinished, frame(CONTINUATION, 0, 1, &[]), Reason::Protocol),
        ("settings", Vec::new(), frame(SETTINGS, 0, 0, &[]), Reason::Protocol),
        ("pings", Vec::new(), frame(PING, 0, 0, &[0; 8]), Reason::Protocol),
        (
            "preliminary answers",
            Vec::new(),
            frame(HEADERS, END_HEADERS, 1, &[0x08, 3, b'1', b'0', b'3']),
            Reason::Protocol,
        ),
        ("empty data", open.clone(), frame(DATA, 0, 1, &[]).repeat(1_000), Reason::Body),
        ("data beyond the window", open, frame(DATA, 0, 1, &[b'x'; 16_000]).repeat(20), Reason::Body),
    ] {
        let (finding, took, bytes) = verdict(Frames { first, again }, LIMITS).await;
        if what == "data beyond the window" {
            assert!(matches!(finding.outcome, Outcome::Up | Outcome::Down(Reason::Body)), "{finding:?}");
        } else {
            let broke = [down(expected), down(Reason::Reset)];
            assert!(broke.contains(&finding.outcome), "{what}: {:?}", finding.outcome);
        }
        assert!(took < Duration::from_secs(4), "{what}: {took:?}");
        // What is under way in buffers of the operating system comes on top, and once more for each retry.
        assert!(bytes < 40 * 1_024 * 1_024, "{what}: {bytes} bytes");
    }
}

#[tokio::test]
async fn a_head_over_http2_has_the_same_bounds() {
    for (length, is_up) in [(40 * 1_024, true), (80 * 1_024, false)] {
        let block = [STATUS_200.to_vec(), header(&"x".repeat(length))].concat();
        // In pieces as large as a frame may be.
        let mut pieces = block.chunks(16_000).peekable();
        let mut first = frame(HEADERS, END_STREAM, 1, pieces.next().unwrap());
        while let Some(piece) = pieces.next() {
            let flags = if pieces.peek().is_none() { END_HEADERS } else { 0 };
            first.extend(frame(CONTINUATION, flags, 1, piece));
        }
        let (finding, ..) = verdict(Frames { first, again: Vec::new() }, LIMITS).await;
        let refused = matches!(finding.outcome, Outcome::Down(Reason::Protocol | Reason::Reset));
        assert_eq!((finding.outcome == Outcome::Up, refused), (is_up, !is_up), "{length}: {finding:?}");
    }
}

#[tokio::test]
async fn a_stream_or_connection_that_is_refused_is_down() {
    let open = frame(HEADERS, END_HEADERS, 1, &STATUS_200);
    let cut = frame(RST_STREAM, 0, 1, &2u32.to_be_bytes());
    let leave = frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11]);
    for (first, expected) in [
        (cut.clone(), Reason::Protocol),
        (leave, Reason::Protocol),
        ([open, cut].concat(), Reason::Body),
        (frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff; 20]), Reason::Protocol),
        (frame(DATA, 0, 0, b"x"), Reason::Protocol),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Reason::Protocol),
    ] {
        let (finding, took, _) = verdict(Frames { first: first.clone(), again: Vec::new() }, LIMITS).await;
        assert_eq!(finding.outcome, down(expected), "{first:?}");
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
}

#[tokio::test]
async fn silence_over_http2_ends_with_the_budget() {
    let limits = Limits { total: Duration::from_secs(1), ..LIMITS };
    let (finding, took, _) = verdict(Frames { first: Vec::new(), again: Vec::new() }, limits).await;
    assert_eq!(finding.outcome, down(Reason::Timeout));
    assert!(took < Duration::from_secs(2), "{took:?}");
}
