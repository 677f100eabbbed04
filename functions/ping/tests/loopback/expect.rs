//! What is expected of an answer, from the wire to the verdict.

use std::time::{Duration, Instant};

use ping::{Finding, Job};
use shared::monitor::{Condition, ExpectHeader, ExpectJson, HttpCheck, Operator};
use shared::signal::{Outcome, Reason};
use tokio::io::AsyncWriteExt as _;

use crate::server::{Server, page, status, with_header};
use crate::{LIMITS, checker, down, target_with};

fn is(operator: Operator, value: &str) -> Condition {
    Condition::new(operator, value).unwrap()
}

async fn ask(server: &Server, change: impl FnOnce(&mut HttpCheck)) -> Finding {
    checker(LIMITS).check(&target_with(&server.url("/"), change)).await
}

#[tokio::test]
async fn the_status_that_is_expected_is_up_and_every_other_is_down() {
    let server = Server::answering(|_| status(404)).await;
    assert_eq!(ask(&server, |check| check.expect.status = "404".parse().unwrap()).await.outcome, Outcome::Up);
    let server = Server::answering(|_| status(200)).await;
    let finding = ask(&server, |check| check.expect.status = "201-299, 404".parse().unwrap()).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Status), Some(200)));
    // A 5xx that is expected is not tried again.
    let server = Server::answering(|_| status(503)).await;
    assert_eq!(ask(&server, |check| check.expect.status = "503".parse().unwrap()).await.outcome, Outcome::Up);
    assert_eq!(server.lines(), ["HEAD /"]);
}

#[tokio::test]
async fn head_is_enough_for_headers_and_get_has_the_last_word() {
    let cached = |check: &mut HttpCheck| {
        let expected = ExpectHeader { name: "X-Cache".to_owned(), is: is(Operator::Matches, "^HIT") };
        check.expect.headers.push(expected);
    };
    let server = Server::answering(|_| with_header(200, "X-Cache: HIT from edge")).await;
    assert_eq!(ask(&server, cached).await.outcome, Outcome::Up);
    assert_eq!(server.lines(), ["HEAD /"]);
    let server =
        Server::answering(
            |asked| {
                if asked.is_head() { status(200) } else { with_header(200, "X-Cache: HIT") }
            },
        )
        .await;
    assert_eq!(ask(&server, cached).await.outcome, Outcome::Up);
    assert_eq!(server.lines(), ["HEAD /", "GET /"]);
    let server = Server::answering(|_| with_header(200, "X-Cache: MISS")).await;
    let finding = ask(&server, cached).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Header), Some(200)));
    assert_eq!(server.lines(), ["HEAD /", "GET /"], "not tried again");
}

#[tokio::test]
async fn a_page_that_is_not_as_expected_is_down_and_not_asked_for_again() {
    let server = Server::answering(|_| page("<h1>Shop</h1> caf\u{e9}")).await;
    for (operator, value, expected) in [
        (Operator::Contains, "Shop", Outcome::Up),
        (Operator::Matches, "(?i)<H1>sh.p", Outcome::Up),
        (Operator::Contains, "caf\u{e9}", Outcome::Up),
        (Operator::Contains, "Sold out", down(Reason::Keyword)),
        (Operator::Matches, "^Shop", down(Reason::Keyword)),
    ] {
        let before = server.lines().len();
        let finding = ask(&server, |check| check.expect.body.push(is(operator, value))).await;
        assert_eq!((finding.outcome, finding.status), (expected, Some(200)), "{value}");
        assert_eq!(server.lines()[before..], ["GET /"], "{value}");
        let phases = finding.phases;
        assert!(phases.first_byte_ms.is_some() && phases.total_ms.is_some(), "{phases:?}");
    }
    let finding = ask(&server, |check| check.expect.absent.push("<h1>".to_owned())).await;
    assert_eq!(finding.outcome, down(Reason::Keyword));
}

#[tokio::test]
async fn json_is_compared_and_its_numbers_are_kept() {
    let server =
        Server::answering(|_| page(r#"{"ok": true, "items": [{"stock": "7"}], "queue": 1.25}"#)).await;
    let with = |path: &str, value: &str| {
        let expected = ExpectJson { path: path.parse().unwrap(), is: is(Operator::Equals, value) };
        move |check: &mut HttpCheck| {
            check.expect.json.push(expected);
            for (name, path) in [("stock", "$.items[0].stock"), ("queue", "$.queue"), ("zz", "$.nowhere")] {
                check.metrics.insert(name.parse().unwrap(), path.parse().unwrap());
            }
        }
    };
    for (path, value, expected) in [
        ("$.ok", "true", Outcome::Up),
        ("$.ok", "false", down(Reason::Json)),
        ("$.no", "1", down(Reason::Json)),
    ] {
        let finding = ask(&server, with(path, value)).await;
        assert_eq!(finding.outcome, expected, "{path} {value}");
        let kept: Vec<String> =
            finding.metrics.iter().map(|number| number.map_or("-".to_owned(), |n| n.to_string())).collect();
        assert_eq!(kept, ["1.25", "7", "-"], "in the order of their names");
    }
    let server = Server::answering(|_| status(500)).await;
    assert!(ask(&server, with("$.ok", "true")).await.metrics.is_empty());
}

#[tokio::test]
async fn of_a_long_page_the_first_64_kb_are_looked_at() {
    let fits = format!("{{\"a\": \"{}\"}}", "x".repeat(64 * 1_024 - 9));
    assert_eq!(fits.len(), 64 * 1_024);
    let json = |check: &mut HttpCheck| {
        check.expect.json.push(ExpectJson { path: "$.a".parse().unwrap(), is: is(Operator::Contains, "x") });
    };
    for (body, framing, expected) in [
        (fits.clone(), true, Outcome::Up),
        (fits.clone(), false, Outcome::Up),
        (format!("{fits} "), true, down(Reason::Json)),
        (format!("{fits} "), false, down(Reason::Json)),
    ] {
        let length = if framing { format!("Content-Length: {}\r\n", body.len()) } else { String::new() };
        let answer = format!("HTTP/1.1 200 OK\r\n{length}\r\n{body}");
        let server = Server::answering(move |_| answer.clone()).await;
        assert_eq!(ask(&server, json).await.outcome, expected, "{} {framing}", body.len());
    }
    // A piece that ends where looking ends, and another one after it.
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = format!("{head}10000\r\n{fits}\r\n1\r\n \r\n0\r\n\r\n");
    let server = Server::answering(move |_| answer.clone()).await;
    assert_eq!(ask(&server, json).await.outcome, down(Reason::Json));
    let (seen, beyond) =
        (format!("{}needle", "x".repeat(64 * 1_024 - 6)), format!("{}needle", "x".repeat(64 * 1_024 - 5)));
    for (body, expected) in [(seen, Outcome::Up), (beyond, down(Reason::Keyword))] {
        let answer = page(&body);
        let server = Server::answering(move |_| answer.clone()).await;
        let finding = ask(&server, |check| check.expect.body.push(is(Operator::Contains, "needle"))).await;
        assert_eq!(finding.outcome, expected);
    }
}

#[tokio::test]
async fn a_page_that_is_not_text_is_looked_at_all_the_same() {
    let server = Server::driving(|mut stream, _| async move {
        let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".to_vec();
        answer.extend(b"\xff\xfeShop\xc3\x28\x00");
        let _ = stream.write_all(&answer).await;
    })
    .await;
    let finding = ask(&server, |check| check.expect.body.push(is(Operator::Contains, "Shop"))).await;
    assert_eq!(finding.outcome, Outcome::Up);
}

#[tokio::test]
async fn the_first_that_is_not_as_expected_is_the_reason() {
    let server = Server::answering(|asked| if asked.before < 3 { page("no") } else { status(404) }).await;
    let everything = |check: &mut HttpCheck| {
        check.expect.json.push(ExpectJson { path: "$.a".parse().unwrap(), is: is(Operator::Equals, "1") });
        check.expect.body.push(is(Operator::Contains, "yes"));
        let name = "server".to_owned();
        check.expect.headers.push(ExpectHeader { name, is: is(Operator::Contains, "nginx") });
    };
    let without = |leave_out: usize| {
        move |check: &mut HttpCheck| {
            everything(check);
            if leave_out > 0 {
                check.expect.headers.clear();
            }
            if leave_out > 1 {
                check.expect.body.clear();
            }
        }
    };
    for (leave_out, reason) in
        [(0, Reason::Header), (1, Reason::Keyword), (2, Reason::Json), (0, Reason::Status)]
    {
        assert_eq!(ask(&server, without(leave_out)).await.outcome, down(reason));
    }
}

/// A pattern that takes the engine as long as any that was found, and is not in [`long`].
const HEAVY: &str = "(?:a*){30}(?:a*){30}$c";

fn long() -> String {
    "a".repeat(64 * 1_024)
}

/// The longest time that the runtime's only thread did nothing else, for as long as the work lasts.
async fn longest_gap<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let (mut longest, mut last) = (Duration::ZERO, Instant::now());
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = work.as_mut() => return (done, longest.max(last.elapsed())),
            () = tokio::time::sleep(Duration::from_millis(1)) => {
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
        }
    }
}

#[tokio::test]
async fn a_heavy_pattern_holds_nobody_up() {
    let start = Instant::now();
    assert!(!is(Operator::Matches, HEAVY).holds(&long()));
    let search = start.elapsed();

    let answer = page(&long());
    let server = Server::answering(move |_| answer.clone()).await;
    let work = ask(&server, |check| check.expect.body = vec![is(Operator::Matches, HEAVY); 4]);
    let (finding, gap) = longest_gap(work).await;
    // Not found, or not done in time; never down by our own slowness.
    let verdicts = [down(Reason::Keyword), Outcome::Unknown(Reason::Network)];
    assert!(verdicts.contains(&finding.outcome), "{finding:?}");
    assert!(gap < search / 2, "{gap:?} of {search:?}");
    assert!(finding.phases.total_ms < Some(2_000), "the search is not the target's: {finding:?}");
}

#[tokio::test]
async fn patterns_are_given_up_in_time() {
    let answer = page(&long());
    let server = Server::answering(move |_| answer.clone()).await;
    let jobs = (0..20).map(|_| {
        target_with(&server.url("/"), |check| check.expect.body = vec![is(Operator::Matches, HEAVY); 4])
    });
    let jobs: Vec<Job> = jobs.collect();
    let start = Instant::now();
    let findings = checker(LIMITS).round(jobs).await;
    assert!(findings.iter().any(|finding| finding.outcome == Outcome::Unknown(Reason::Network)));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
