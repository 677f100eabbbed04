//! Checks of kind `tcp`.

use std::time::Duration;

use ping::{Finding, Job, Limits};
use serde_json::json;
use shared::monitor::{Monitor, TargetHost, TargetUrl};
use shared::signal::{Outcome, Reason};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::paper::{Host, Paper};
use crate::ssrf::LITERAL;
use crate::{LIMITS, checker, down, job};

/// Hosts that are forbidden addresses, however they are written.
pub(crate) const FORBIDDEN: [&str; 24] = [
    "169.254.169.254",
    "169.254.170.2",
    "127.1",
    "0177.0.0.1",
    "2130706433",
    "0x7f.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "\u{ff11}\u{ff12}\u{ff17}.\u{ff10}.\u{ff10}.\u{ff11}",
    "127\u{3002}0\u{3002}0\u{3002}1",
    "localhost",
    "localhost.",
];

fn tcp(host: &str, port: u16) -> Job {
    job(json!({"kind": "tcp", "host": host, "port": port}))
}

/// Everything that leads to a forbidden address, as host and port; the first name server answers with one.
pub(crate) fn forbidden() -> (Paper, Vec<(String, u16)>) {
    let inside = ["127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254"];
    let mut paper = Paper::default();
    for name in ["localhost", "localhost.", "inside.example"] {
        paper = paper.name(name, &[&inside]);
    }
    let mut targets: Vec<(String, u16)> = FORBIDDEN.map(|host| (host.to_owned(), 80)).into();
    targets.extend([("127.0.0.1".to_owned(), 9_001), ("inside.example".to_owned(), 443)]);
    for url in LITERAL {
        let url = url.parse::<TargetUrl>().unwrap();
        targets.push((url.url().host_str().unwrap().to_owned(), url.url().port_or_known_default().unwrap()));
    }
    (paper, targets)
}

#[tokio::test]
async fn a_connection_that_opens_is_up_and_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let checker = checker(LIMITS);
    for (host, is_name) in [("127.0.0.1", false), ("localhost", true)] {
        let job = tcp(host, port);
        let (finding, accepted) = tokio::join!(checker.check(&job), listener.accept());
        assert_eq!((finding.outcome, finding.status), (Outcome::Up, None));
        let phases = finding.phases;
        assert_eq!((phases.dns_ms.is_some(), phases.connect_ms.is_some()), (is_name, true));
        assert!(phases.total_ms.is_some() && phases.tls_ms.is_none() && phases.first_byte_ms.is_none());
        let mut said = Vec::new();
        let _ = accepted.unwrap().0.read_to_end(&mut said).await;
        assert!(said.is_empty(), "a check opens a connection and no more");
    }
}

async fn looked_at(paper: &Paper, job: &Job) -> Finding {
    paper.checker(false, LIMITS).check(job).await
}

#[tokio::test]
async fn what_breaks_fast_is_tried_again_unless_it_was_down_already() {
    // ECONNRESET
    for (host, reason) in [(None, Reason::Refused), (Some(Host::Fails(104)), Reason::Reset)] {
        let paper =
            || host.clone().map_or_else(Paper::default, |host| Paper::default().host("1.1.1.1", host));
        let job = tcp("1.1.1.1", 22);
        let (usual, stubborn, known) = (paper(), paper(), paper());
        assert_eq!(looked_at(&usual, &job).await.outcome, down(reason));
        assert_eq!(usual.dialled(), ["1.1.1.1:22"; 3]);
        let of_five = Job::of(Monitor { retries: 5.try_into().unwrap(), ..Monitor::clone(&job.monitor) });
        looked_at(&stubborn, &of_five).await;
        assert_eq!(stubborn.dialled().len(), 6);
        looked_at(&known, &Job { was_down: true, ..job }).await;
        assert_eq!(known.dialled().len(), 1);
    }
}

/// Short, for targets that use all of it.
const SHORT: Limits =
    Limits { connect: Duration::from_millis(200), total: Duration::from_millis(1_000), ..LIMITS };

#[tokio::test]
async fn a_timeout_is_not_tried_again() {
    let paper = Paper::default().host("1.1.1.1", Host::Silent).name("mute.example", &[]);
    let checker = paper.checker(false, SHORT);
    for (host, reason) in [("1.1.1.1", Reason::ConnectTimeout), ("mute.example", Reason::Dns)] {
        let finding = checker.check(&tcp(host, 22)).await;
        assert_eq!((finding.outcome, finding.phases.connect_ms), (down(reason), None));
        assert!((200..900).contains(&finding.phases.total_ms.unwrap()), "{finding:?}");
        assert_eq!(paper.dialled().len(), 1);
    }
}

#[tokio::test]
async fn retries_end_with_the_budget() {
    let paper = Paper::default();
    let five = Monitor { retries: 5.try_into().unwrap(), ..Monitor::clone(&tcp("1.1.1.1", 22).monitor) };
    let limits = Limits { backoff: Duration::from_millis(200), ..SHORT };
    let finding = paper.checker(false, limits).check(&Job::of(five)).await;
    // After 200 and 400 ms; 800 more are not left.
    assert_eq!((finding.outcome, paper.dialled().len()), (down(Reason::Refused), 3));
    assert!((600..1_000).contains(&finding.phases.total_ms.unwrap()), "{finding:?}");
}

#[tokio::test]
async fn a_name_without_address_is_down() {
    let nowhere = looked_at(&Paper::default(), &tcp("shop.example", 22)).await;
    assert_eq!((nowhere.outcome, nowhere.phases.dns_ms), (down(Reason::Dns), None));
    let empty = Paper::default().name("shop.example", &[&[]]);
    assert_eq!(looked_at(&empty, &tcp("shop.example", 22)).await.outcome, down(Reason::Dns));
}

#[tokio::test]
async fn no_forbidden_address_is_dialled() {
    let (paper, targets) = forbidden();
    for (host, port) in targets {
        assert_eq!(looked_at(&paper, &tcp(&host, port)).await.outcome, Outcome::Blocked, "{host}");
    }
    assert_eq!(paper.dialled(), Vec::<String>::new());
    for no_host in ["[fe80::1%25eth0]", "[fe80::1%eth0]", "shop.example@127.0.0.1", "::1", "127.0.0.1:80", ""]
    {
        assert!(no_host.parse::<TargetHost>().is_err(), "{no_host} must not be a host");
    }
}

#[tokio::test]
async fn with_private_targets_allowed_metadata_and_our_runtime_stay_out_of_reach() {
    let paper = Paper::default().name("metadata.example", &[&["169.254.169.254", "fe80::1"]]);
    let checker = paper.checker(true, LIMITS);
    for (host, port) in [
        ("169.254.169.254", 80),
        ("[fd00:ec2::254]", 80),
        ("[fe80::1]", 80),
        ("127.1", 9_001),
        ("0.0.0.0", 80),
        ("metadata.example", 80),
    ] {
        assert_eq!(checker.check(&tcp(host, port)).await.outcome, Outcome::Blocked, "{host}");
    }
    assert!(paper.dialled().is_empty());
    assert_eq!(checker.check(&tcp("10.0.0.1", 80)).await.outcome, down(Reason::Refused));
}

#[tokio::test]
async fn what_is_dialled_is_what_was_judged() {
    let mixed = Paper::default().name("shop.example", &[&["10.0.0.1", "1.1.1.1", "::1"]]);
    looked_at(&mixed, &tcp("shop.example", 22)).await;
    assert_eq!(mixed.dialled(), ["1.1.1.1:22"; 3]);
    // Public when judged, private when asked again for the second attempt.
    let rebound = Paper::default().name("shop.example", &[&["1.1.1.1"], &["127.0.0.1"]]);
    assert_eq!(looked_at(&rebound, &tcp("shop.example", 22)).await.outcome, Outcome::Blocked);
    assert_eq!(rebound.dialled(), ["1.1.1.1:22"]);
}
