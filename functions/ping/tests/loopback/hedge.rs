//! GET beside a HEAD that is overdue.

use std::time::Duration;

use ping::{Finding, Limits};
use shared::signal::{Outcome, Reason};
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use crate::paper::{Host, Paper};
use crate::server::{Server, status, with_header};
use crate::{checker, down, target};

/// Little patience, and time enough for what a test waits for.
const LIMITS: Limits = Limits {
    connect: Duration::from_millis(600),
    patience: Duration::from_millis(200),
    total: Duration::from_secs(3),
    backoff: Duration::from_millis(1),
};

/// Answers HEAD and GET with this status after so many ms, or not within the budget.
async fn serve(head: (u64, u16), get: (u64, u16)) -> Server {
    Server::driving(move |mut stream, asked| async move {
        let (after, code) = if asked.is_head() { head } else { get };
        sleep(Duration::from_millis(after)).await;
        let _ = stream.write_all(status(code).as_bytes()).await;
    })
    .await
}

/// Long after the budget has ended.
const NEVER: (u64, u16) = (60_000, 200);

async fn check(server: &Server) -> Finding {
    checker(LIMITS).check(&target(&server.url("/"))).await
}

#[tokio::test]
async fn a_server_that_hangs_on_head_alone_is_up() {
    let server = serve(NEVER, (0, 200)).await;
    let finding = check(&server).await;
    assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(200)));
    assert_eq!(server.lines(), ["HEAD /", "GET /"]);
    assert!(finding.phases.first_byte_ms.is_some(), "GET's, which had an answer: {finding:?}");
    assert!((200..3_000).contains(&finding.phases.total_ms.unwrap()), "{finding:?}");
}

#[tokio::test]
async fn a_slow_page_is_up_by_head_while_get_is_under_way() {
    let server = serve((700, 204), NEVER).await;
    let finding = check(&server).await;
    assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(204)));
    assert_eq!(server.lines(), ["HEAD /", "GET /"]);
    assert!(finding.phases.first_byte_ms >= Some(690), "HEAD's: {finding:?}");
    assert!(finding.phases.total_ms < Some(3_000), "{finding:?}");
}

#[tokio::test]
async fn whatever_get_ends_with_first_is_the_verdict() {
    // HEAD would be up later.
    let server = serve((2_500, 200), (0, 404)).await;
    let finding = check(&server).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Status), Some(404)));
    assert!(finding.phases.total_ms < Some(2_500), "{finding:?}");

    // Retried as ever.
    let server = serve(NEVER, (0, 503)).await;
    let finding = check(&server).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Status), Some(503)));
    assert_eq!(server.lines(), ["HEAD /", "GET /", "GET /", "GET /"]);
}

#[tokio::test]
async fn an_overdue_head_that_is_not_up_leaves_the_verdict_to_get() {
    let server = serve((400, 503), (600, 200)).await;
    let finding = check(&server).await;
    assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(200)));
    assert_eq!(server.lines(), ["HEAD /", "GET /"]);

    let server = serve((400, 503), NEVER).await;
    let finding = check(&server).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Timeout), None));
    assert_eq!(server.lines(), ["HEAD /", "GET /"]);
    assert!(finding.phases.first_byte_ms.is_none(), "GET's: {finding:?}");
}

#[tokio::test]
async fn a_head_that_is_answered_in_time_is_alone() {
    let limits = Limits { patience: Duration::from_secs(2), ..LIMITS };
    let server = serve((600, 200), NEVER).await;
    assert_eq!(checker(limits).check(&target(&server.url("/"))).await.outcome, Outcome::Up);
    assert_eq!(server.lines(), ["HEAD /"]);
}

#[tokio::test]
async fn patience_is_for_answers_only() {
    // Looking up, connecting and shaking hands take longer than the patience and end as they would by GET.
    let paper = Paper::default()
        .name("shop.example", &[])
        .host("1.1.1.1", Host::Silent)
        .host("1.1.1.2", Host::Mute)
        .answer("1.1.1.3", &with_header(302, "Location: http://1.1.1.1/"));
    let checker = paper.checker(false, LIMITS);
    for (url, reason, dialled) in [
        ("http://shop.example/", Reason::Dns, &[][..]),
        ("http://1.1.1.1/", Reason::ConnectTimeout, &["1.1.1.1:80"]),
        ("https://1.1.1.2/", Reason::Timeout, &["1.1.1.2:443"]),
        ("http://1.1.1.3/", Reason::ConnectTimeout, &["1.1.1.3:80", "1.1.1.1:80"]),
    ] {
        let before = paper.dialled().len();
        assert_eq!(checker.check(&target(url)).await.outcome, down(reason), "{url}");
        assert_eq!(paper.dialled()[before..], *dialled, "{url}");
    }
    assert_eq!(paper.lookups(), 1);
}
