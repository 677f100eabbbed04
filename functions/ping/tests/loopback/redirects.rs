//! Redirects: how many, where to, and what is sent along.

use shared::signal::{Outcome, Reason};

use crate::paper::Paper;
use crate::server::{Server, status, with_header};
use crate::{LIMITS, check, down, target};

/// Redirects from `/n` to `/n-1` and answers `/0`.
async fn chain() -> Server {
    Server::answering(|asked| {
        let n: u32 = asked.line().rsplit('/').next().unwrap().parse().unwrap();
        if n == 0 { status(200) } else { with_header(302, &format!("Location: /{}", n - 1)) }
    })
    .await
}

#[tokio::test]
async fn five_redirects_are_followed() {
    let server = chain().await;
    let finding = check(&server.url("/5")).await;
    assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(200)));
    assert_eq!(server.lines(), ["HEAD /5", "HEAD /4", "HEAD /3", "HEAD /2", "HEAD /1", "HEAD /0"]);
}

#[tokio::test]
async fn the_phases_are_those_of_the_last_hop() {
    let paper = Paper::default()
        .name("shop.example", &[&["1.1.1.1"]])
        .answer("1.1.1.1", &with_header(302, "Location: http://1.1.1.2/"))
        .answer("1.1.1.2", &status(200));
    let phases = paper.checker(false, LIMITS).check(&target("http://shop.example/")).await.phases;
    assert!(phases.dns_ms.is_none() && phases.connect_ms.is_some(), "{phases:?}");
}

#[tokio::test]
async fn six_redirects_or_a_loop_are_too_many() {
    let server = chain().await;
    let finding = check(&server.url("/6")).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Redirect), Some(302)));
    assert_eq!(server.lines().len(), 12, "six by HEAD, six by GET");

    let server = Server::answering(|_| with_header(301, "Location: /")).await;
    assert_eq!(check(&server.url("/")).await.outcome, down(Reason::Redirect));
}

#[tokio::test]
async fn every_3xx_with_a_place_is_a_redirect() {
    for code in [300, 301, 302, 303, 307, 308] {
        let server = Server::answering(move |asked| match asked.line() {
            "HEAD /a" => with_header(code, "Location: b?c"),
            _ => status(200),
        })
        .await;
        assert_eq!(check(&server.url("/a")).await.outcome, Outcome::Up);
        assert_eq!(server.lines(), ["HEAD /a", "HEAD /b?c"]);
    }
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_down() {
    for nowhere in ["ftp://shop.example/", "http://user:pw@127.0.0.1/", "http://[", "mailto:a", "//"] {
        let server = Server::answering(move |_| with_header(302, &format!("Location: {nowhere}"))).await;
        let finding = check(&server.url("/")).await;
        assert_eq!((finding.outcome, finding.status), (down(Reason::Redirect), Some(302)), "{nowhere}");
        assert_eq!(server.lines(), ["HEAD /", "GET /"]);
    }
}

#[tokio::test]
async fn the_status_at_the_end_counts() {
    let server = Server::answering(|asked| match asked.line() {
        "HEAD /" | "GET /" => with_header(302, "Location: /gone"),
        _ => status(404),
    })
    .await;
    let finding = check(&server.url("/")).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Status), Some(404)));
    assert_eq!(server.lines(), ["HEAD /", "HEAD /gone", "GET /", "GET /gone"]);
}

#[tokio::test]
async fn nothing_is_carried_to_another_origin() {
    let other = Server::answering(|_| status(200)).await;
    let location = format!("Location: {}\r\nSet-Cookie: session=canary", other.url("/landing"));
    let server = Server::answering(move |_| with_header(302, &location)).await;
    assert_eq!(check(&server.url("/secret-path?token=canary")).await.outcome, Outcome::Up);
    let asked = other.asked();
    assert_eq!(asked[0].headers(), ["accept", "connection", "host", "user-agent"]);
    assert!(!asked[0].head.contains("canary") && !asked[0].head.contains("secret-path"));
    assert!(asked[0].head.contains(&format!("host: {}\r\n", other.address)));
}
