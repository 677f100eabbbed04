//! The time budget, and many checks at once.

use std::time::{Duration, Instant};

use ping::Limits;
use shared::signal::{Outcome, Reason};
use tokio::io::AsyncWriteExt as _;

use crate::paper::{Host, Paper};
use crate::server::{Server, status};
use crate::{LIMITS, checker, down, target};

/// Short, for targets that use all of it.
const SHORT: Limits = Limits {
    connect: Duration::from_millis(200),
    patience: Duration::from_millis(400),
    total: Duration::from_millis(1_500),
    backoff: Duration::from_millis(1),
};

/// Longer than a check may take on a busy machine, shorter than two.
const AT_MOST: Duration = Duration::from_millis(2_900);

#[test]
fn the_default_budget_is_ten_seconds_with_four_for_connecting_and_for_head() {
    let Limits { connect, patience, total, .. } = Limits::default();
    assert_eq!([connect, patience, total], [4, 4, 10].map(Duration::from_secs));
}

#[tokio::test]
async fn a_black_hole_costs_the_budget_once() {
    let server = Server::black_hole().await;
    let start = Instant::now();
    let finding = checker(SHORT).check(&target(&server.url("/"))).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Timeout), None));
    assert!(start.elapsed() < AT_MOST, "{:?}", start.elapsed());
    assert_eq!(server.lines(), ["HEAD /", "GET /"], "a timeout must not be retried");
    assert!(finding.phases.connect_ms.is_some() && finding.phases.first_byte_ms.is_none());
    assert!(finding.phases.total_ms >= Some(1_500), "{finding:?}");
}

#[tokio::test]
async fn connecting_ends_before_the_budget_does() {
    let paper = Paper::default().host("1.1.1.1", Host::Silent);
    let finding = paper.checker(false, SHORT).check(&target("http://1.1.1.1/")).await;
    assert_eq!(finding.outcome, down(Reason::ConnectTimeout));
    assert!((200..1_400).contains(&finding.phases.total_ms.unwrap()), "{finding:?}");
    assert_eq!(paper.dialled().len(), 1);
}

#[tokio::test]
async fn looking_up_a_name_ends_before_the_budget_does() {
    let paper = Paper::default().name("shop.example", &[]);
    let finding = paper.checker(false, SHORT).check(&target("http://shop.example/")).await;
    assert_eq!(finding.outcome, down(Reason::Dns));
    assert!((200..1_400).contains(&finding.phases.total_ms.unwrap()), "{finding:?}");
}

#[tokio::test]
async fn a_slow_drip_ends_with_the_budget() {
    for drip_head in [true, false] {
        let server = Server::driving(move |mut stream, asked| async move {
            if asked.is_head() {
                let _ = stream.write_all(status(405).as_bytes()).await;
                return;
            }
            if !drip_head {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n").await;
            }
            for byte in b"HTTP/1.1 200 OK\r\n".iter().cycle() {
                if stream.write_u8(*byte).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        let start = Instant::now();
        let finding = checker(SHORT).check(&target(&server.url("/"))).await;
        assert_eq!(finding.outcome, down(Reason::Timeout));
        assert_eq!(finding.status, (!drip_head).then_some(200), "HEAD's 405 is not the verdict");
        assert!(start.elapsed() < AT_MOST, "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn redirects_and_retries_share_the_one_budget() {
    let server = Server::driving(|mut stream, _| async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let _ = stream.write_all(crate::server::with_header(302, "Location: /").as_bytes()).await;
    })
    .await;
    let start = Instant::now();
    let finding = checker(SHORT).check(&target(&server.url("/"))).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Timeout), Some(302)));
    assert!(start.elapsed() < AT_MOST, "{:?}", start.elapsed());
}

#[tokio::test]
async fn there_is_no_retry_that_the_budget_has_no_room_for() {
    let limits = Limits { backoff: Duration::from_secs(60), ..LIMITS };
    let paper = Paper::default();
    let start = Instant::now();
    let finding = paper.checker(false, limits).check(&target("http://1.1.1.1/")).await;
    assert_eq!(finding.outcome, down(Reason::Refused));
    assert_eq!(paper.dialled().len(), 1);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn several_hundred_checks_run_at_once_and_black_holes_hold_nobody_up() {
    let (good, hole) = (Server::answering(|_| status(200)).await, Server::black_hole().await);
    // More than may run at once, so that the rest has to move up.
    let targets = (0..600).map(|n| target(&if n % 10 == 0 { hole.url("/") } else { good.url("/") }));
    let limits = Limits { patience: Duration::from_secs(1), total: Duration::from_secs(3), ..LIMITS };
    let start = Instant::now();
    let findings = checker(limits).round(targets).await;
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(findings.len(), 600);
    for (n, finding) in findings.iter().enumerate() {
        let expected = if n % 10 == 0 { down(Reason::Timeout) } else { Outcome::Up };
        assert_eq!(finding.outcome, expected, "target {n}");
    }
}

#[tokio::test]
async fn connections_and_lookups_are_bounded_by_what_may_be_open() {
    let paper = Paper::default().host("1.1.1.1", Host::Mute).name("shop.example", &[]);
    let checker = paper.checker(false, Limits { patience: Duration::from_millis(1), ..LIMITS });
    for url in ["http://1.1.1.1/", "http://shop.example/"] {
        let round = checker.round((0..600).map(|_| target(url)));
        let _ = tokio::time::timeout(Duration::from_millis(500), round).await;
    }
    // HEAD's connection and GET's of each check; a look-up has up to two sockets. Lambda admits 1,024 files.
    assert_eq!((paper.dialled().len(), paper.lookups()), (2 * 352, 128));
}

#[tokio::test]
async fn a_check_that_panics_is_unknown_and_spares_the_others() {
    let paper = Paper::default().host("1.1.1.1", Host::Panics).answer("1.1.1.2", &status(200));
    let targets = ["http://1.1.1.1/", "http://1.1.1.2/"].map(target);
    let findings = paper.checker(false, LIMITS).round(targets).await;
    assert_eq!(
        findings.iter().map(|finding| finding.outcome).collect::<Vec<_>>(),
        [Outcome::Unknown(Reason::Network), Outcome::Up]
    );
}
