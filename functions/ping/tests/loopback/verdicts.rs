//! What a check says of ordinary servers, and which requests it takes to say it.

use std::time::Duration;

use ping::Limits;
use shared::signal::{Outcome, Reason};
use tokio::net::TcpListener;

use crate::paper::{Host, Paper};
use crate::server::{Server, status, with_header};
use crate::{LIMITS, check, down, target};

#[tokio::test]
async fn head_is_enough_where_it_is_answered_well() {
    for code in [200, 204, 226, 300, 304, 399] {
        let server = Server::answering(move |_| status(code)).await;
        let finding = check(&server.url("/shop?a=b")).await;
        assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(code)));
        assert_eq!(server.lines(), ["HEAD /shop?a=b"]);
        let phases = finding.phases;
        assert!(phases.connect_ms.is_some() && phases.first_byte_ms.is_some() && phases.total_ms.is_some());
        assert!(phases.dns_ms.is_none() && phases.tls_ms.is_none(), "{phases:?}");
    }
}

#[tokio::test]
async fn get_has_the_last_word_where_head_is_not_answered_well() {
    for answer_to_head in [status(405), status(404), status(501), "SSH-2.0-x\r\n".to_owned(), String::new()] {
        let told = answer_to_head.clone();
        let server =
            Server::answering(move |asked| if asked.is_head() { told.clone() } else { status(200) }).await;
        let finding = check(&server.url("/")).await;
        assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(200)), "{answer_to_head}");
        assert_eq!(server.lines(), ["HEAD /", "GET /"]);
    }
}

#[tokio::test]
async fn a_status_below_200_or_from_400_is_down() {
    for code in [101, 400, 403, 404, 429, 499, 999] {
        let server = Server::answering(move |_| status(code)).await;
        let finding = check(&server.url("/")).await;
        assert_eq!((finding.outcome, finding.status), (down(Reason::Status), Some(code)));
        assert_eq!(server.lines(), ["HEAD /", "GET /"], "{code} must not be retried");
    }
}

#[tokio::test]
async fn a_server_error_is_retried() {
    let server = Server::answering(|asked| status(if asked.before < 3 { 503 } else { 200 })).await;
    assert_eq!(check(&server.url("/")).await.outcome, Outcome::Up);
    assert_eq!(server.lines(), ["HEAD /", "GET /", "GET /", "GET /"]);

    let server = Server::answering(|_| status(503)).await;
    let finding = check(&server.url("/")).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Status), Some(503)));
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_refused_and_retried() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(check(&format!("http://{address}/")).await.outcome, down(Reason::Refused));

    let paper = Paper::default();
    paper.checker(false, LIMITS).check(&target("http://1.1.1.1/")).await;
    assert_eq!(paper.dialled(), ["1.1.1.1:80"; 3]);
}

#[tokio::test]
async fn hanging_up_without_an_answer_is_a_reset() {
    let server = Server::answering(|_| String::new()).await;
    let finding = check(&server.url("/")).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Reset), None));
    assert_eq!(server.lines(), ["HEAD /", "GET /", "GET /", "GET /"]);

    let server = Server::driving(|stream, _| async move {
        // Closing with the linger time at zero sends a reset.
        let _ = stream.set_zero_linger();
    })
    .await;
    assert_eq!(check(&server.url("/")).await.outcome, down(Reason::Reset));
}

#[tokio::test]
async fn a_name_without_address_is_down_and_looked_up_once() {
    let paper = Paper::default().name("empty.example", &[&[]]);
    let checker = paper.checker(false, LIMITS);
    for name in ["nowhere.example", "empty.example"] {
        let finding = checker.check(&target(&format!("http://{name}/"))).await;
        assert_eq!(finding.outcome, down(Reason::Dns));
    }
    assert!(paper.dialled().is_empty());
}

#[tokio::test]
async fn the_next_address_is_tried_where_the_first_does_not_answer() {
    let limits = Limits { connect: Duration::from_secs(1), ..LIMITS };
    for bad in [Host::Fails(111), Host::Fails(113), Host::Silent] {
        let paper = Paper::default()
            .name("shop.example", &[&["1.1.1.1", "1.1.1.2"]])
            .host("1.1.1.1", bad)
            .answer("1.1.1.2", &status(200));
        let finding = paper.checker(false, limits).check(&target("http://shop.example:8080/")).await;
        assert_eq!(finding.outcome, Outcome::Up);
        assert_eq!(paper.dialled(), ["1.1.1.1:8080", "1.1.1.2:8080"]);
        assert!(finding.phases.dns_ms.is_some());
        assert!(finding.phases.connect_ms < Some(900), "a silent address has its share of the time only");
    }
}

#[tokio::test]
async fn four_addresses_are_tried_at_most_and_the_first_failure_stands() {
    let ips = ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"];
    let paper = Paper::default().name("shop.example", &[&ips]).host("1.1.1.1", Host::Fails(113));
    let finding = paper.checker(false, LIMITS).check(&target("http://shop.example/")).await;
    assert_eq!(finding.outcome, down(Reason::Unreachable));
    assert_eq!(paper.dialled().len(), 4);
}

#[tokio::test]
async fn having_no_files_left_or_no_route_is_our_trouble() {
    // EMFILE, ENETUNREACH
    for code in [24, 101] {
        let paper = Paper::default().host("1.1.1.1", Host::Fails(code));
        let finding = paper.checker(false, LIMITS).check(&target("http://1.1.1.1/")).await;
        assert_eq!(finding.outcome, Outcome::Unknown(Reason::Network), "{code}");
        assert_eq!(paper.dialled().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn what_browsers_forgive_is_up() {
    for answer in [
        with_header(200, "no colon here"),
        with_header(200, "X-Space : before the colon"),
        with_header(200, "X-Folded: a\r\n b"),
        with_header(200, "X-Latin: caf\u{e9}"),
        "HTTP/1.0 200\r\n\r\n".to_owned(),
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Header: value\r\n".repeat(200)),
    ] {
        let told = answer.clone();
        let server = Server::answering(move |_| told.clone()).await;
        assert_eq!(check(&server.url("/")).await.outcome, Outcome::Up, "{answer}");
        assert_eq!(server.lines(), ["HEAD /"], "{answer}");
    }
}
