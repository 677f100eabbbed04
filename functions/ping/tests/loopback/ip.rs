//! IPv4 and IPv6: over which of them a target is connected to, and what is said where there is no way.

use ping::Job;
use shared::monitor::IpFamily;
use shared::signal::{Outcome, Reason};
use tests::example::monitor_of;

use crate::paper::{Host, Paper};
use crate::server::{status, with_header};
use crate::{LIMITS, down};

const V6: &str = "2606:4700::1111";

fn over(ip: IpFamily, url: &str) -> Job {
    let mut monitor = monitor_of("s0-aaaaaa", url);
    monitor.ip = ip;
    Job::of(monitor)
}

#[tokio::test]
async fn a_name_is_connected_to_over_the_ip_that_was_chosen() {
    for (ip, dialled) in
        [(IpFamily::Any, "1.1.1.1:80"), (IpFamily::V4, "1.1.1.1:80"), (IpFamily::V6, "[2606:4700::1111]:80")]
    {
        let paper = Paper::default()
            .name("shop.example", &[&["1.1.1.1", V6]])
            .answer("1.1.1.1", &status(200))
            .answer(V6, &status(200));
        let finding = paper.checker(false, LIMITS).check(&over(ip, "http://shop.example/")).await;
        assert_eq!(finding.outcome, Outcome::Up);
        assert_eq!(paper.dialled(), [dialled], "{ip:?}");
    }
}

#[tokio::test]
async fn a_host_without_an_address_of_that_ip_is_down() {
    let paper = Paper::default()
        .name("four.example", &[&["1.1.1.1"]])
        .name("six.example", &[&[V6]])
        .name("moved.example", &[&[V6]])
        .answer(V6, &with_header(301, "Location: http://1.1.1.1/"));
    let checker = paper.checker(false, LIMITS);
    for (ip, url) in [
        (IpFamily::V6, "http://four.example/"),
        (IpFamily::V4, "http://six.example/"),
        (IpFamily::V6, "http://1.1.1.1/"),
        (IpFamily::V4, "http://[2606:4700::1111]/"),
    ] {
        assert_eq!(checker.check(&over(ip, url)).await.outcome, down(Reason::Dns), "{url}");
    }
    assert!(paper.dialled().is_empty());
    // Nor is the other one used on a later hop.
    let finding = checker.check(&over(IpFamily::V6, "http://moved.example/")).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Dns), Some(301)));
    assert!(paper.dialled().iter().all(|address| address.starts_with("[2606")), "{:?}", paper.dialled());
}

#[tokio::test]
async fn what_the_guard_refuses_is_blocked_whatever_the_ip() {
    let paper = Paper::default();
    let checker = paper.checker(false, LIMITS);
    for url in [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::7f00:1]/",
    ] {
        for ip in [IpFamily::Any, IpFamily::V4, IpFamily::V6] {
            assert_eq!(checker.check(&over(ip, url)).await.outcome, Outcome::Blocked, "{url} {ip:?}");
        }
    }
    assert!(paper.dialled().is_empty());
}

#[tokio::test]
async fn without_a_way_out_over_ipv6_a_target_is_unknown() {
    // ENETUNREACH, EADDRNOTAVAIL
    for code in [101, 99] {
        let paper = Paper::default().name("six.example", &[&[V6]]).host(V6, Host::Fails(code));
        let checker = paper.checker(false, LIMITS);
        for (ip, url) in [
            (IpFamily::V6, "http://six.example/"),
            (IpFamily::V6, "http://[2606:4700::1111]/"),
            (IpFamily::Any, "http://six.example/"),
        ] {
            let finding = checker.check(&over(ip, url)).await;
            assert_eq!(finding.outcome, Outcome::Unknown(Reason::Ipv6), "{url} {code}");
        }
        assert_eq!(paper.dialled().len(), 3, "not retried");
    }
}
