//! Methods and bodies: what is sent, what becomes of it on the way, and what is not sent twice.

use std::time::Duration;

use ping::{Job, Limits};
use shared::monitor::{Condition, HttpCheck, Method, Operator};
use shared::signal::{Outcome, Reason};
use tests::example::monitor_of;

use crate::paper::Paper;
use crate::server::{Server, page, status, with_header};
use crate::{LIMITS, checker, down, target, target_with};

/// An order of one item.
fn order(check: &mut HttpCheck) {
    check.method = Method::Post;
    check.body = Some(r#"{"item":1}"#.to_owned());
    check.headers.insert("content-type".to_owned(), "application/json".to_owned());
    check.headers.insert("x-shop".to_owned(), "7".to_owned());
}

fn is(operator: Operator, value: &str) -> Condition {
    Condition::new(operator, value).unwrap()
}

#[tokio::test]
async fn what_is_kept_awake_is_asked_by_get() {
    let server = Server::answering(|_| status(200)).await;
    let mut job = target(&server.url("/"));
    std::sync::Arc::make_mut(&mut job.monitor).keep_warm = true;
    assert_eq!(checker(LIMITS).check(&job).await.outcome, Outcome::Up);
    assert_eq!(server.lines(), ["GET /"]);
}

#[tokio::test]
async fn a_method_that_was_chosen_is_the_only_one() {
    for (method, name) in [
        (Method::Get, "GET"),
        (Method::Head, "HEAD"),
        (Method::Post, "POST"),
        (Method::Put, "PUT"),
        (Method::Patch, "PATCH"),
        (Method::Delete, "DELETE"),
        (Method::Options, "OPTIONS"),
    ] {
        let server = Server::answering(|_| status(404)).await;
        let job = target_with(&server.url("/a"), |check| check.method = method);
        let finding = checker(LIMITS).check(&job).await;
        assert_eq!((finding.outcome, finding.status), (down(Reason::Status), Some(404)));
        assert_eq!(server.lines(), [format!("{name} /a")]);
    }
}

#[tokio::test]
async fn a_method_that_was_chosen_is_not_hedged() {
    let limits = Limits { patience: Duration::from_millis(50), total: Duration::from_millis(500), ..LIMITS };
    let server = Server::black_hole().await;
    let job = target_with(&server.url("/"), |check| check.method = Method::Head);
    assert_eq!(checker(limits).check(&job).await.outcome, down(Reason::Timeout));
    assert_eq!(server.lines(), ["HEAD /"]);
}

#[tokio::test]
async fn get_is_first_where_a_body_is_sent_or_looked_at() {
    let server = Server::answering(|_| page("{}")).await;
    let changes: [fn(&mut HttpCheck); 4] = [
        |check| check.body = Some("x".to_owned()),
        |check| check.expect.body.push(is(Operator::Contains, "{")),
        |check| check.expect.absent.push("x".to_owned()),
        |check| drop(check.metrics.insert("a".parse().unwrap(), "$.a".parse().unwrap())),
    ];
    for change in changes {
        assert_eq!(checker(LIMITS).check(&target_with(&server.url("/"), change)).await.outcome, Outcome::Up);
    }
    assert_eq!(server.lines(), ["GET /"; 4]);
    assert_eq!(server.asked()[0].body, "x");
}

#[tokio::test]
async fn headers_and_body_are_sent_as_they_are() {
    let server = Server::answering(|_| status(201)).await;
    let job = target_with(&server.url("/orders"), order);
    assert_eq!(checker(LIMITS).check(&job).await.outcome, Outcome::Up);
    let [asked] = &server.asked()[..] else { panic!("one request") };
    assert_eq!((asked.line(), asked.body.as_str()), ("POST /orders", r#"{"item":1}"#));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!((asked.header("content-length"), asked.header("x-shop")), (Some("10"), Some("7")));

    // A server may insist on the length of a body that is not there.
    let job = target_with(&server.url("/empty"), |check| check.method = Method::Post);
    assert_eq!(checker(LIMITS).check(&job).await.outcome, Outcome::Up);
    assert_eq!(server.asked()[1].header("content-length"), Some("0"));
}

#[tokio::test]
async fn a_redirect_changes_the_method_as_in_a_browser() {
    for (code, method, landed, keeps_body) in [
        (301, Method::Post, "GET /b", false),
        (302, Method::Post, "GET /b", false),
        (303, Method::Post, "GET /b", false),
        (303, Method::Put, "GET /b", false),
        (303, Method::Head, "HEAD /b", true),
        (301, Method::Put, "PUT /b", true),
        (302, Method::Delete, "DELETE /b", true),
        (307, Method::Post, "POST /b", true),
        (308, Method::Patch, "PATCH /b", true),
    ] {
        let server = Server::answering(move |asked| {
            if asked.line().ends_with("/a") { with_header(code, "Location: /b") } else { status(200) }
        })
        .await;
        let job = target_with(&server.url("/a"), |check| {
            order(check);
            check.method = method;
        });
        assert_eq!(checker(LIMITS).check(&job).await.outcome, Outcome::Up);
        let last = server.asked().pop().unwrap();
        assert_eq!(last.line(), landed, "{code}");
        assert_eq!(last.body.is_empty(), !keeps_body, "{code}");
        assert_eq!(last.header("content-type").is_some(), keeps_body, "{code}");
        assert_eq!(last.header("x-shop"), Some("7"), "{code}");
    }
}

#[tokio::test]
async fn where_redirects_are_not_followed_they_are_answers() {
    let server = Server::answering(|_| with_header(301, "Location: http://169.254.169.254/")).await;
    let mut job = target_with(&server.url("/"), |check| check.follow_redirects = false);
    let finding = checker(LIMITS).check(&job).await;
    assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(301)));
    job = target_with(&server.url("/"), |check| {
        check.follow_redirects = false;
        check.expect.status = "200-299".parse().unwrap();
    });
    let finding = checker(LIMITS).check(&job).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Status), Some(301)));
}

#[tokio::test]
async fn an_order_is_not_placed_twice() {
    for (method, times) in [(Method::Get, 3), (Method::Options, 3), (Method::Post, 1), (Method::Delete, 1)] {
        // Hangs up, and fails.
        for answer in [String::new(), status(503)] {
            let server = Server::answering(move |_| answer.clone()).await;
            let job = target_with(&server.url("/"), |check| check.method = method);
            checker(LIMITS).check(&job).await;
            assert_eq!(server.lines().len(), times, "{method:?}");
        }
        // Nothing was sent where nobody listened.
        let paper = Paper::default();
        let job = target_with("http://1.1.1.1/", |check| check.method = method);
        assert_eq!(paper.checker(false, LIMITS).check(&job).await.outcome, down(Reason::Refused));
        assert_eq!(paper.dialled().len(), 3, "{method:?}");
    }
}

#[tokio::test]
async fn retries_are_as_many_as_the_monitor_says_and_none_when_it_was_down() {
    for (retries, was_down, times) in [(0, false, 1), (1, false, 2), (5, false, 6), (5, true, 1)] {
        let paper = Paper::default();
        let mut monitor = monitor_of("s0-aaaaaa", "http://1.1.1.1/");
        monitor.retries = retries.try_into().unwrap();
        let job = Job { was_down, ..Job::of(monitor) };
        assert_eq!(paper.checker(false, LIMITS).check(&job).await.outcome, down(Reason::Refused));
        assert_eq!(paper.dialled().len(), times);
    }
}

#[tokio::test]
async fn a_check_that_took_longer_than_it_may_is_degraded() {
    let server = Server::driving(|mut stream, _| async move {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, status(200).as_bytes()).await;
    })
    .await;
    let checker = checker(LIMITS);
    for (limit, expected) in [(50, Outcome::Degraded(Reason::Slow)), (4_000, Outcome::Up)] {
        let mut monitor = monitor_of("s0-aaaaaa", &server.url("/"));
        monitor.degraded_ms = Some(limit);
        assert_eq!(checker.check(&Job::of(monitor)).await.outcome, expected);
    }
    // What is down is down, however slow.
    let paper = Paper::default();
    assert_eq!(
        paper.checker(false, LIMITS).check(&target("http://1.1.1.1/")).await.outcome,
        down(Reason::Refused)
    );
}
