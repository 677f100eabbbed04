//! Self-doubt: a round in which nothing was heard, and what reference targets say to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ping::{Checker, Finding, Job, Limits, References};
use serde_json::json;
use shared::signal::{Outcome, Reason};
use tokio::net::TcpListener;

use crate::handler::{holding, monitor, of_kind, outcomes, ping};
use crate::paper::{Host, Paper};
use crate::{LIMITS, checker, down, job, target};

/// Short: here nearly everything is silent.
const SHORT: Limits = Limits { connect: Duration::from_millis(200), ..LIMITS };

const REFERENCES: &str = "9.9.9.1:443,9.9.9.2:53";

/// One silent target of each kind.
fn silent() -> [Job; 4] {
    [
        target("http://1.1.1.1/"),
        target("http://mute.example/"),
        job(json!({"kind": "tcp", "host": "1.1.1.1", "port": 22})),
        job(json!({"kind": "dns", "name": "mute.example"})),
    ]
}

fn outage() -> Paper {
    let paper = Paper::default().name("mute.example", &[]);
    ["1.1.1.1", "9.9.9.1", "9.9.9.2"].into_iter().fold(paper, |paper, ip| paper.host(ip, Host::Silent))
}

/// One round, doubted; its outcomes, and whether they were changed.
async fn round(paper: &Paper, jobs: impl IntoIterator<Item = Job>, references: &str) -> (Vec<Outcome>, bool) {
    let checker = paper.checker(false, SHORT);
    let references: References = references.parse().unwrap_or_default();
    let mut findings = checker.round(jobs).await;
    let doubted = checker.doubt(&references, &mut findings).await;
    (findings.iter().map(|finding| finding.outcome).collect(), doubted)
}

fn dialled_references(paper: &Paper) -> usize {
    paper.dialled().iter().filter(|address| address.starts_with("9.9.9.")).count()
}

#[tokio::test]
async fn when_our_own_way_out_is_gone_nothing_is_known() {
    let paper = outage();
    let (outcomes, doubted) = round(&paper, silent(), REFERENCES).await;
    assert!(doubted);
    assert_eq!(outcomes, [Outcome::Unknown(Reason::Network); 4]);
    assert_eq!(dialled_references(&paper), 2);
    // ENETUNREACH, over IPv4 and over an IPv6 that was never there
    let paper = outage().host("9.9.9.1", Host::Fails(101)).host("2620:fe::fe", Host::Fails(101));
    let (_, doubted) = round(&paper, silent(), "9.9.9.1:443,[2620:fe::fe]:443").await;
    assert!(doubted, "no route is no answer");
}

#[tokio::test]
async fn what_is_blocked_stays_blocked() {
    let jobs = silent().into_iter().chain([target("http://169.254.169.254/")]);
    let (outcomes, doubted) = round(&outage(), jobs, REFERENCES).await;
    assert!(doubted);
    assert_eq!(outcomes.last(), Some(&Outcome::Blocked));
}

#[tokio::test]
async fn one_reference_that_answers_is_enough() {
    let silence = [ConnectTimeout, Dns, ConnectTimeout, Dns].map(down);
    use Reason::{ConnectTimeout, Dns};
    // Refusing is an answer too.
    for answering in [Host::Mute, Host::Fails(111)] {
        let paper = outage().host("9.9.9.2", answering);
        assert_eq!(round(&paper, silent(), REFERENCES).await, (silence.to_vec(), false));
    }
    // No way to tell, and references that the guard refuses are none.
    for none in ["", "127.0.0.1:80,169.254.169.254:80"] {
        let paper = outage();
        assert_eq!(round(&paper, silent(), none).await, (silence.to_vec(), false), "{none}");
        assert!(paper.dialled().iter().all(|address| address.starts_with("1.1.1.1:")));
    }
}

#[tokio::test]
async fn a_reference_by_name_shows_that_name_servers_answer() {
    let (_, doubted) = round(&outage(), silent(), "reference.example:443").await;
    assert!(doubted, "addresses may be reached, but nobody knows the name of any");
    let paper = outage().name("reference.example", &[&["9.9.9.9"]]).host("9.9.9.9", Host::Mute);
    let (_, doubted) = round(&paper, silent(), "reference.example:443").await;
    assert!(!doubted);
    // The guard judges what the name leads to.
    let paper = outage().name("reference.example", &[&["169.254.169.254"]]);
    let (_, doubted) = round(&paper, silent(), "reference.example:443").await;
    assert!(!doubted && paper.dialled().iter().all(|address| !address.starts_with("169.254.")));
}

#[tokio::test]
async fn a_sign_of_life_in_the_round_needs_no_reference() {
    let paper = outage();
    let jobs = silent().into_iter().chain([target("http://1.1.1.9/")]);
    let (outcomes, doubted) = round(&paper, jobs, REFERENCES).await;
    assert_eq!((outcomes.last(), doubted), (Some(&down(Reason::Refused)), false));
    assert_eq!((outcomes[0], dialled_references(&paper)), (down(Reason::ConnectTimeout), 0));
}

#[tokio::test]
async fn an_empty_round_asks_nobody() {
    let paper = outage();
    assert_eq!(round(&paper, [], REFERENCES).await, (vec![], false));
    assert_eq!(dialled_references(&paper), 0);
}

#[tokio::test]
async fn references_are_tried_at_once_and_for_two_seconds_at_most() {
    let eight = (1..=8).map(|n| format!("9.9.9.{n}:443")).collect::<Vec<_>>().join(",");
    let paper = (1..=8).fold(Paper::default(), |paper, n| paper.host(&format!("9.9.9.{n}"), Host::Silent));
    let limits = Limits { connect: Duration::from_secs(60), ..LIMITS };
    let mut findings = [Finding::of(down(Reason::Timeout))];
    let start = Instant::now();
    assert!(paper.checker(false, limits).doubt(&eight.parse().unwrap(), &mut findings).await);
    assert!((2..4).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_listener_on_loopback_is_a_reference() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here: References = listener.local_addr().unwrap().to_string().parse().unwrap();
    let mut findings = [Finding::of(down(Reason::Timeout))];
    let checker: Arc<Checker> = checker(LIMITS);
    assert!(!checker.doubt(&here, &mut findings).await);
    assert_eq!(findings[0].outcome, down(Reason::Timeout));
}

#[tokio::test]
async fn a_shard_of_black_holes_is_over_with_the_budget_and_doubted() {
    let silent = |n: usize| match n % 3 {
        0 => monitor(&format!("{n:06}"), "http://1.1.1.1/", 1, "us-east-1"),
        1 => monitor(&format!("{n:06}"), "http://mute.example/", 1, "us-east-1"),
        _ => of_kind(&format!("{n:06}"), json!({"kind": "tls", "host": "1.1.1.2"})),
    };
    for (reference, doubted) in [(Host::Silent, true), (Host::Mute, false)] {
        let memory = holding((0..96).map(silent));
        let paper = Paper::default()
            .host("1.1.1.1", Host::Silent)
            .host("1.1.1.2", Host::Mute)
            .host("9.9.9.9", reference)
            .name("mute.example", &[]);
        let mut ping = ping(&memory, &paper);
        let (connect, total) = (Duration::from_millis(400), Duration::from_millis(1_000));
        ping.checker = paper.checker(false, Limits { connect, total, ..LIMITS });
        ping.references = "9.9.9.9:443".parse().unwrap();
        let start = Instant::now();
        let found = outcomes(&memory, &ping).await;
        let asking = if doubted { connect } else { Duration::ZERO };
        let over = total + asking + Duration::from_millis(500);
        assert!(start.elapsed() < over, "{:?}", start.elapsed());
        assert_eq!(found.len(), 96);
        for (_, outcome) in found {
            assert_eq!(outcome == Outcome::Unknown(Reason::Network), doubted, "{outcome:?}");
            assert_eq!(matches!(outcome, Outcome::Down(_)), !doubted, "{outcome:?}");
        }
    }
}
