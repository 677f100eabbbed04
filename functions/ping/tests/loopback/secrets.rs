//! What may be secret (credentials, headers, body) and where it must not go.

use ping::Job;
use shared::credentials::Credentials;
use shared::monitor::{HttpCheck, Method};
use shared::revision::Revision;
use shared::signal::{Outcome, Reason};

use crate::paper::Paper;
use crate::server::{Server, status, with_header};
use crate::{LIMITS, checker, down, target_with};

const CANARY: &str = "hunter2-canary";

/// A check with secrets wherever there may be some.
fn secretive(url: &str, change: impl FnOnce(&mut HttpCheck)) -> Job {
    let job = target_with(url, |check| {
        check.credentials = Some(Revision::first());
        check.headers.insert("x-api-key".to_owned(), CANARY.to_owned());
        change(check);
    });
    Job { credentials: Some(Credentials::Bearer { token: CANARY.into() }), ..job }
}

#[tokio::test]
async fn credentials_and_headers_are_shown_to_the_target() {
    let server = Server::answering(|asked| {
        if asked.line().ends_with("/a") { with_header(302, "Location: /b") } else { status(200) }
    })
    .await;
    assert_eq!(checker(LIMITS).check(&secretive(&server.url("/a"), |_| {})).await.outcome, Outcome::Up);
    assert_eq!(server.lines(), ["HEAD /a", "HEAD /b"]);
    for asked in server.asked() {
        assert_eq!(asked.header("authorization"), Some("Bearer hunter2-canary"));
        assert_eq!(asked.header("x-api-key"), Some(CANARY));
    }

    // RFC 7617, section 2.1.
    let basic = Credentials::Basic { user: "test".into(), password: "123\u{a3}".into() };
    let job = Job { credentials: Some(basic), ..secretive(&server.url("/b"), |_| {}) };
    assert_eq!(checker(LIMITS).check(&job).await.outcome, Outcome::Up);
    assert_eq!(server.asked()[2].header("authorization"), Some("Basic dGVzdDoxMjPCow=="));
}

#[tokio::test]
async fn nothing_secret_is_sent_along_to_another_origin() {
    let other = Server::answering(|_| status(200)).await;
    let (port, other_port) = (other.address.port(), other.url("/landing"));
    for location in [
        // Another port, and another name for the same machine.
        other_port.clone(),
        other_port.replace("127.0.0.1", "localhost"),
        format!("//127.0.0.1:{port}/landing"),
        format!("http:\\\\127.0.0.1:{port}/landing"),
    ] {
        let header = format!("Location: {location}");
        let server = Server::answering(move |_| with_header(302, &header)).await;
        let before = other.asked().len();
        let finding = checker(LIMITS).check(&secretive(&server.url("/"), |_| {})).await;
        assert_eq!(finding.outcome, Outcome::Up, "{location}");
        let [asked] = &other.asked()[before..] else { panic!("one request: {location}") };
        assert_eq!(asked.headers(), ["accept", "connection", "host", "user-agent"], "{location}");
        assert!(!asked.head.contains(CANARY), "{location}");
    }
}

#[tokio::test]
async fn who_came_back_from_a_stranger_is_a_stranger() {
    let home = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let back = std::sync::Arc::clone(&home);
    let stranger =
        Server::answering(move |_| with_header(307, &format!("Location: {}", back.get().unwrap()))).await;
    let location = format!("Location: {}", stranger.url("/"));
    let server = Server::answering(move |asked| {
        if asked.line().ends_with("/transfer") { status(200) } else { with_header(307, &location) }
    })
    .await;
    home.set(server.url("/transfer")).unwrap();
    assert_eq!(checker(LIMITS).check(&secretive(&server.url("/"), |_| {})).await.outcome, Outcome::Up);
    let asked = server.asked();
    assert_eq!(server.lines(), ["HEAD /", "HEAD /transfer"]);
    assert!(asked[0].head.contains(CANARY) && !asked[1].head.contains(CANARY));
}

#[tokio::test]
async fn a_body_does_not_leave_for_another_origin() {
    let other = Server::answering(|_| status(200)).await;
    for (code, expected) in [(307, down(Reason::Redirect)), (308, down(Reason::Redirect)), (302, Outcome::Up)]
    {
        let location = format!("Location: {}", other.url("/"));
        let server = Server::answering(move |_| with_header(code, &location)).await;
        let job = secretive(&server.url("/"), |check| {
            check.method = Method::Post;
            check.body = Some(CANARY.to_owned());
        });
        assert_eq!(checker(LIMITS).check(&job).await.outcome, expected, "{code}");
        assert_eq!(server.asked()[0].body, CANARY);
    }
    let [asked] = &other.asked()[..] else { panic!("the one that became a GET") };
    assert!(asked.line() == "GET /" && asked.body.is_empty() && !asked.head.contains(CANARY));
}

#[tokio::test]
async fn a_check_without_its_credentials_is_not_made() {
    let paper = Paper::default();
    let job = Job { credentials: None, ..secretive("http://1.1.1.1/", |_| {}) };
    let finding = paper.checker(false, LIMITS).check(&job).await;
    assert_eq!(finding.outcome, Outcome::Unknown(Reason::Configuration));
    assert!(paper.dialled().is_empty());

    // Nor does one show credentials that it was not told to show.
    let server = Server::answering(|_| status(200)).await;
    let job = secretive(&server.url("/"), |check| check.credentials = None);
    checker(LIMITS).check(&job).await;
    assert_eq!(server.asked()[0].header("authorization"), None);
}

#[tokio::test]
async fn credentials_that_no_header_can_hold_are_not_sent() {
    let paper = Paper::default();
    let job = secretive("http://1.1.1.1/", |_| {});
    let broken = Credentials::Bearer { token: "a\r\nx-b: c".into() };
    let paper = paper.answer("1.1.1.1", &status(200));
    let finding = paper.checker(false, LIMITS).check(&Job { credentials: Some(broken), ..job }).await;
    assert_eq!(finding.outcome, Outcome::Unknown(Reason::Configuration));
}
