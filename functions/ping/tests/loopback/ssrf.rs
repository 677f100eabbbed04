//! Server-side request forgery: whatever a monitor's URL, a redirect or a name server says, no connection is
//! opened to an address that the guard refuses.

use ping::Job;
use serde_json::json;
use shared::account::AccountId;
use shared::monitor::{HttpCheck, Method, Monitor, TargetUrl};
use shared::signal::Outcome;

use crate::paper::Paper;
use crate::server::{status, with_header};
use crate::{LIMITS, job, target, target_with};

/// URLs that lead to forbidden addresses without any name server.
pub(crate) const LITERAL: [&str; 53] = [
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials",
    "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0177.0.0.1/",
    "http://0x7f.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.0.192/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::1]:9001/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:0:ffff::80ff:fffe]/",
    "http://[fd00:ec2::254]/",
    "http://[fc00::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://\u{ff11}\u{ff12}\u{ff17}.\u{ff10}.\u{ff10}.\u{ff11}/",
    "http://127\u{3002}0\u{3002}0\u{3002}1/",
    "http://\u{2460}\u{2461}\u{2466}.0.0.1/",
    "http://127.0.0.1#@shop.example/",
    "http://127.0.0.1?@shop.example/",
    "http://127.0.0.1\\@shop.example/",
    "http:\\\\127.0.0.1\\",
    "http://127.0.0.%31/",
    "https://169.254.169.254/",
];

/// URLs that are no targets at all.
const REFUSED: [&str; 9] = [
    "http://shop.example@127.0.0.1/",
    "http://shop.example:80@127.0.0.1/",
    "http://:@127.0.0.1:0@127.0.0.1/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "file:///proc/self/environ",
    "gopher://127.0.0.1:9001/_",
    "ftp://127.0.0.1/",
    "unix:/var/run/docker.sock",
];

#[tokio::test]
async fn no_forbidden_literal_is_dialled() {
    let paper = Paper::default();
    let checker = paper.checker(false, LIMITS);
    for url in LITERAL {
        let finding = checker.check(&target(url)).await;
        assert_eq!((finding.outcome, finding.status), (Outcome::Blocked, None), "{url}");
    }
    assert_eq!(paper.dialled(), Vec::<String>::new());
    for url in REFUSED {
        assert!(url.parse::<TargetUrl>().is_err(), "{url} must not be a target");
    }
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_address_is_not_followed() {
    for url in LITERAL.iter().chain(&REFUSED) {
        // As bytes of a header, which may not be ASCII.
        let paper = Paper::default()
            .name("shop.example", &[&["1.1.1.1"]])
            .answer("1.1.1.1", &with_header(302, &format!("Location: {url}")));
        let finding = paper.checker(false, LIMITS).check(&target("http://shop.example/")).await;
        assert_ne!(finding.outcome, Outcome::Up, "{url}");
        if LITERAL.contains(url) {
            assert_eq!((finding.outcome, finding.status), (Outcome::Blocked, Some(302)), "{url}");
        }
        assert!(
            paper.dialled().iter().all(|address| address == "1.1.1.1:80"),
            "{url}: {:?}",
            paper.dialled()
        );
    }
}

#[tokio::test]
async fn the_last_of_several_hops_is_judged_as_the_first() {
    let paper = Paper::default()
        .name("a.example", &[&["1.1.1.1"]])
        .name("b.example", &[&["1.1.1.2"]])
        .name("inside.example", &[&["10.0.0.1"]])
        .answer("1.1.1.1", &with_header(301, "Location: http://b.example:8080/"))
        .answer("1.1.1.2", &with_header(301, "Location: http://inside.example/"));
    let finding = paper.checker(false, LIMITS).check(&target("http://a.example/")).await;
    assert_eq!(finding.outcome, Outcome::Blocked);
    assert_eq!(paper.dialled(), ["1.1.1.1:80", "1.1.1.2:8080"]);
}

#[tokio::test]
async fn a_name_is_judged_by_its_addresses() {
    for name in ["localhost", "localhost.", "inside.example", "metadata.internal"] {
        let paper = Paper::default().name(name, &[&["127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254"]]);
        let finding = paper.checker(false, LIMITS).check(&target(&format!("http://{name}/"))).await;
        assert_eq!(finding.outcome, Outcome::Blocked, "{name}");
        assert!(paper.dialled().is_empty(), "{name}: {:?}", paper.dialled());
    }
}

#[tokio::test]
async fn of_a_mixed_answer_only_public_addresses_are_dialled() {
    for ips in [["10.0.0.1", "1.1.1.1", "::1"], ["1.1.1.1", "169.254.169.254", "::ffff:127.0.0.1"]] {
        let good = Paper::default().name("shop.example", &[&ips]).answer("1.1.1.1", &status(200));
        let finding = good.checker(false, LIMITS).check(&target("http://shop.example/")).await;
        assert_eq!(finding.outcome, Outcome::Up);
        assert_eq!(good.dialled(), ["1.1.1.1:80"]);
        // Nor is the private one when the public one refuses.
        let bad = Paper::default().name("shop.example", &[&ips]);
        bad.checker(false, LIMITS).check(&target("http://shop.example/")).await;
        assert_eq!(bad.dialled(), ["1.1.1.1:80"; 3]);
    }
}

#[tokio::test]
async fn an_answer_that_changes_after_the_judgement_changes_nothing() {
    // Public when judged, private when asked again: by the second attempt, or on the next hop.
    let answers: [&[&str]; 2] = [&["1.1.1.1"], &["127.0.0.1"]];
    for answer in [status(503), with_header(302, "Location: http://shop.example/again")] {
        let paper = Paper::default().name("shop.example", &answers).answer("1.1.1.1", &answer);
        let finding = paper.checker(false, LIMITS).check(&target("http://shop.example/")).await;
        assert_eq!(finding.outcome, Outcome::Blocked);
        assert_eq!(paper.dialled(), ["1.1.1.1:80"], "what is dialled is what was judged");
    }
}

#[tokio::test]
async fn a_backslash_ends_the_host() {
    let paper = Paper::default().name("example.com", &[&["1.1.1.1"]]).answer("1.1.1.1", &status(200));
    let finding = paper.checker(false, LIMITS).check(&target("http://example.com\\@127.0.0.1/")).await;
    assert_eq!(finding.outcome, Outcome::Up);
    assert_eq!(paper.dialled(), ["1.1.1.1:80"]);
}

#[tokio::test]
async fn with_private_targets_allowed_metadata_and_our_runtime_stay_out_of_reach() {
    let paper = Paper::default()
        .name("shop.example", &[&["1.1.1.1"]])
        .name("metadata.example", &[&["169.254.169.254", "fd00:ec2::254", "fe80::1"]])
        .answer("10.0.0.1", &status(200));
    let checker = paper.checker(true, LIMITS);
    for url in [
        "http://169.254.169.254/",
        "http://169.254.170.2/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fe80::1]/",
        "http://127.0.0.1:9001/",
        "http://127.1:9001/",
        "http://[::1]:9001/",
        "http://0.0.0.0:9001/",
        "http://metadata.example/",
    ] {
        assert_eq!(checker.check(&target(url)).await.outcome, Outcome::Blocked, "{url}");
    }
    assert!(paper.dialled().is_empty());
    assert_eq!(checker.check(&target("http://10.0.0.1/")).await.outcome, Outcome::Up);
}

#[tokio::test]
async fn however_it_is_asked_for_a_forbidden_address_is_blocked() {
    let changes: [fn(&mut HttpCheck); 5] = [
        |check| check.method = Method::Get,
        |check| check.method = Method::Delete,
        |check| check.browser = true,
        |check| check.expect.certificate_days = Some(14),
        |check| {
            check.method = Method::Post;
            check.body = Some("item=1".to_owned());
            check.headers.insert("x-aws-ec2-metadata-token-ttl-seconds".to_owned(), "60".to_owned());
        },
    ];
    for change in changes {
        for place in ["http://169.254.169.254/", "https://[fd00:ec2::254]/", "http://2130706433:9001/"] {
            let paper = Paper::default().answer("1.1.1.1", &with_header(303, &format!("Location: {place}")));
            let checker = paper.checker(false, LIMITS);
            for (url, status) in [(place, None), ("http://1.1.1.1/", Some(303))] {
                let finding = checker.check(&target_with(url, change)).await;
                assert_eq!((finding.outcome, finding.status), (Outcome::Blocked, status), "{url} {place}");
            }
            assert_eq!(paper.dialled(), ["1.1.1.1:80"]);
        }
    }
}

/// What an installation lets its own monitors reach is not for whoever signs up there.
#[tokio::test]
async fn private_targets_are_for_the_installations_own_monitors_alone() {
    let redirect = with_header(302, "Location: http://10.0.0.1/");
    for (check, direct) in [
        (json!({"kind": "http", "url": "http://10.0.0.1/"}), 0),
        (json!({"kind": "http", "url": "http://inside.example/"}), 0),
        (json!({"kind": "http", "url": "http://shop.example/"}), 1),
        (json!({"kind": "tcp", "host": "10.0.0.1", "port": 80}), 0),
        (json!({"kind": "tls", "host": "inside.example", "port": 80}), 0),
    ] {
        for account in [AccountId::default(), "a-7f3k2a9d0c1b2e4f".parse().unwrap()] {
            let paper = Paper::default()
                .name("inside.example", &[&["10.0.0.1"]])
                .name("shop.example", &[&["1.1.1.1"]])
                .answer("1.1.1.1", &redirect)
                .answer("10.0.0.1", &status(200));
            let ours = account.is_home();
            let monitor = Monitor { account, ..(*job(check.clone()).monitor).clone() };
            let finding = paper.checker(true, LIMITS).check(&Job::of(monitor)).await;
            assert_eq!(finding.outcome == Outcome::Blocked, !ours, "{check}: {finding:?}");
            let inside = paper.dialled().iter().filter(|address| *address == "10.0.0.1:80").count();
            assert_eq!(inside > 0, ours, "{check}");
            assert_eq!(paper.dialled().len() - inside, direct, "{check}: {:?}", paper.dialled());
        }
    }
}
