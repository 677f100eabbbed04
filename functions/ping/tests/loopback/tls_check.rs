//! Checks of kind `tls`.

use std::time::Duration;

use ping::{Finding, Job, Limits};
use serde_json::{Value, json};
use shared::signal::{Outcome, Reason};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::paper::Paper;
use crate::tcp::forbidden;
use crate::tls::{authority, checker, serve, valid_until};
use crate::{LIMITS, down, job};

/// A look at this port of `localhost`, with these further settings.
fn tls(port: u16, settings: Value) -> Job {
    let mut check = json!({"kind": "tls", "host": "localhost", "port": port});
    check.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    job(check)
}

#[tokio::test]
async fn a_session_and_its_certificate_are_looked_at() {
    let authority = authority();
    let (port, _) = serve(valid_until(2_100), Some(&authority)).await;
    let checker = checker(&authority);
    let good = json!({"issuer": "RCGEN", "names": ["localhost"]});
    for (settings, outcome) in [
        (json!({}), Outcome::Up),
        (good, Outcome::Up),
        (json!({"issuer": "Let's Encrypt"}), down(Reason::Certificate)),
        (json!({"names": ["localhost", "shop.example"]}), down(Reason::Certificate)),
        (json!({"names": ["127.0.0.1"]}), down(Reason::Certificate)),
        (json!({"certificate_days": 60_000}), Outcome::Degraded(Reason::Certificate)),
        // What is wrong outweighs what is about to be.
        (json!({"certificate_days": 60_000, "issuer": "nobody"}), down(Reason::Certificate)),
    ] {
        let finding = checker.check(&tls(port, settings.clone())).await;
        assert_eq!(finding.outcome, outcome, "{settings}");
        // Some 73 years.
        assert!((20_000..30_000).contains(&finding.certificate_days.unwrap()), "{finding:?}");
        let phases = finding.phases;
        assert!(
            phases.dns_ms.is_some() && phases.connect_ms.is_some() && phases.tls_ms.is_some(),
            "{phases:?}"
        );
    }
}

#[tokio::test]
async fn no_session_is_down_whatever_the_certificate_says() {
    let authority = authority();
    let checker = checker(&authority);
    let (expired, _) = serve(valid_until(2_020), Some(&authority)).await;
    let (self_signed, _) = serve(valid_until(2_100), None).await;
    for (port, why) in [(expired, "expired"), (self_signed, "self-signed")] {
        let finding = checker.check(&tls(port, json!({}))).await;
        assert_eq!((finding.outcome, finding.certificate_days), (down(Reason::Tls), None), "{why}");
    }
    let (good, _) = serve(valid_until(2_100), Some(&authority)).await;
    let by_address = job(json!({"kind": "tls", "host": "127.0.0.1", "port": good}));
    assert_eq!(checker.check(&by_address).await.outcome, down(Reason::Tls), "another name");
}

/// The verdict on a server that does this with each connection, and how many there were.
async fn verdict(limits: Limits, said: Option<&'static [u8]>) -> (Finding, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let job = tls(port, json!({}));
    let mut open = Vec::new();
    let checker = crate::checker(limits);
    let checked = checker.check(&job);
    tokio::pin!(checked);
    loop {
        tokio::select! {
            finding = &mut checked => return (finding, open.len()),
            Ok((mut stream, _)) = listener.accept() => {
                match said {
                    Some(said) => { let _ = stream.write_all(said).await; open.push(None) }
                    None => open.push(Some(stream)),
                }
            }
        }
    }
}

#[tokio::test]
async fn other_protocols_and_silence_are_told_apart() {
    let (finding, connections) =
        verdict(LIMITS, Some(b"220 mail.example ESMTP ready for whatever\r\n")).await;
    assert_eq!((finding.outcome, connections), (down(Reason::Tls), 1));
    // Hanging up is fast, and may be over.
    let (finding, connections) = verdict(LIMITS, Some(b"")).await;
    assert_eq!((finding.outcome, connections), (down(Reason::Reset), 3));
    let short = Limits { total: Duration::from_millis(500), ..LIMITS };
    let (finding, connections) = verdict(short, None).await;
    assert_eq!((finding.outcome, connections), (down(Reason::Timeout), 1));
    assert!(finding.phases.connect_ms.is_some() && finding.phases.tls_ms.is_none(), "{finding:?}");
}

#[tokio::test]
async fn no_protocol_is_asked_for_inside() {
    // What the client's first message offers is in the clear.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let listening = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 4_096];
        let length = tokio::io::AsyncReadExt::read(&mut stream, &mut hello).await.unwrap();
        hello.truncate(length);
        hello
    };
    let quick = Job { was_down: true, ..tls(port, json!({})) };
    let checker = crate::checker(LIMITS);
    let (hello, _) = tokio::join!(listening, checker.check(&quick));
    let says = |text: &[u8]| hello.windows(text.len()).any(|window| window == text);
    assert!(says(b"localhost") && !says(b"http/1.1") && !says(b"\x02h2"));
}

#[tokio::test]
async fn no_forbidden_address_is_dialled() {
    let (paper, targets) = forbidden();
    let checker = paper.checker(false, LIMITS);
    for (host, port) in targets {
        let finding = checker.check(&job(json!({"kind": "tls", "host": host, "port": port}))).await;
        assert_eq!(finding.outcome, Outcome::Blocked, "{host}");
    }
    assert_eq!(paper.dialled(), Vec::<String>::new());
}

#[tokio::test]
async fn the_port_is_that_of_https_unless_another_is_named() {
    let paper = Paper::default();
    let finding = paper.checker(false, LIMITS).check(&job(json!({"kind": "tls", "host": "1.1.1.1"}))).await;
    assert_eq!(finding.outcome, down(Reason::Refused));
    assert_eq!(paper.dialled(), ["1.1.1.1:443"; 3]);
}
