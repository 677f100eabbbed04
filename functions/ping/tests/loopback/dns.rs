//! Checks of kind `dns`, against a name server on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CAA, CNAME, MX, NS, SRV, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use ping::connect::TcpConnector;
use ping::resolve::SystemResolver;
use ping::tls::of_the_web;
use ping::{Checker, Finding, Guard, Limits};
use serde_json::json;
use shared::signal::{Outcome, Reason};
use tokio::net::UdpSocket;

use crate::paper::Paper;
use crate::{LIMITS, down, job};

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

/// What the zone says of `shop.example`.
fn zone(asked: RecordType) -> Vec<RData> {
    match asked {
        // Behind an alias, and where no target may be: nobody goes there.
        RecordType::A => vec![
            RData::CNAME(CNAME(name("cdn.example."))),
            RData::A(A::new(169, 254, 169, 254)),
            RData::A(A::new(192, 0, 2, 2)),
        ],
        RecordType::AAAA => vec![RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))],
        RecordType::CAA => vec![RData::CAA(CAA::new_issue(false, Some(name("letsencrypt.org")), Vec::new()))],
        RecordType::CNAME => vec![RData::CNAME(CNAME(name("cdn.example.")))],
        RecordType::MX => vec![RData::MX(MX::new(10, name("mail.shop.example.")))],
        RecordType::NS => vec![RData::NS(NS(name("ns1.shop.example.")))],
        RecordType::SRV => vec![RData::SRV(SRV::new(1, 2, 5_060, name("sip.shop.example.")))],
        RecordType::TXT => vec![RData::TXT(TXT::new(vec!["v=spf1 ".to_owned(), "-all".to_owned()]))],
        _ => Vec::new(),
    }
}

/// A name server that knows `shop.example`, has nothing to say of `empty.example`, fails at `broken.example` and
/// leaves `mute.example` unanswered; counts the questions.
async fn name_server() -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut buffer = vec![0; 4_096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            let query = question.queries.first().unwrap().clone();
            let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
            answer.add_query(query.clone());
            match query.name().to_ascii().as_str() {
                "shop.example." => {
                    let mut owner = query.name().clone();
                    for data in zone(query.query_type()) {
                        let alias = match &data {
                            RData::CNAME(alias) => Some(alias.0.clone()),
                            _ => None,
                        };
                        answer.add_answer(Record::from_rdata(owner.clone(), 300, data));
                        owner = alias.unwrap_or(owner);
                    }
                }
                "empty.example." => {}
                "broken.example." => answer.metadata.response_code = ResponseCode::ServFail,
                "mute.example." => continue,
                _ => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            let _ = socket.send_to(&answer.to_vec().unwrap(), from).await;
        }
    });
    (address, asked)
}

fn checker(server: SocketAddr, limits: Limits) -> Checker {
    let resolver = SystemResolver::asking(server).unwrap();
    Checker::with(resolver, TcpConnector, Guard::new(false, None), of_the_web().unwrap(), limits)
}

async fn ask(checker: &Checker, name: &str, record: &str, expect: &[&str]) -> Finding {
    checker.check(&job(json!({"kind": "dns", "name": name, "record": record, "expect": expect}))).await
}

#[tokio::test]
async fn each_record_is_as_zone_files_write_it() {
    let (server, _) = name_server().await;
    let checker = checker(server, LIMITS);
    for (record, expected) in [
        ("A", "192.0.2.2"),
        ("A", "169.254.169.254"),
        ("AAAA", "2001:db8::1"),
        ("CAA", "0 issue \"letsencrypt.org\""),
        ("CNAME", "cdn.example."),
        ("MX", "10 Mail.shop.example"),
        ("NS", "ns1.shop.example."),
        ("SRV", "1 2 5060 sip.shop.example."),
        ("TXT", "v=spf1 -all"),
    ] {
        let finding = ask(&checker, "shop.example", record, &[expected]).await;
        assert_eq!((finding.outcome, finding.status), (Outcome::Up, None), "{record} {expected}");
        assert!(finding.phases.dns_ms.is_some() && finding.phases.total_ms.is_some());
        assert_eq!((finding.phases.connect_ms, finding.phases.tls_ms), (None, None));
        assert_eq!(ask(&checker, "shop.example", record, &[]).await.outcome, Outcome::Up);
        let more = ask(&checker, "shop.example", record, &[expected, "192.0.2.9"]).await;
        assert_eq!(more.outcome, down(Reason::Answer), "{record}");
    }
    // The alias on the way is no answer to this question.
    let alias = ask(&checker, "shop.example", "A", &["cdn.example."]).await;
    assert_eq!(alias.outcome, down(Reason::Answer));
}

#[tokio::test]
async fn no_answer_is_down() {
    let (server, _) = name_server().await;
    let checker = checker(server, LIMITS);
    for name in ["empty.example", "broken.example", "gone.example"] {
        for expect in [&[][..], &["192.0.2.1"]] {
            let finding = ask(&checker, name, "MX", expect).await;
            assert_eq!((finding.outcome, finding.phases.dns_ms), (down(Reason::Dns), None), "{name}");
        }
    }
}

#[tokio::test]
async fn silence_ends_within_the_time_for_looking_up() {
    let (server, _) = name_server().await;
    let limits = Limits { connect: Duration::from_millis(300), ..LIMITS };
    let start = Instant::now();
    let finding = ask(&checker(server, limits), "mute.example", "A", &[]).await;
    assert_eq!(finding.outcome, down(Reason::Dns));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn name_servers_are_asked_each_time() {
    let (server, asked) = name_server().await;
    let checker = checker(server, LIMITS);
    for times in 1..=3 {
        assert_eq!(ask(&checker, "shop.example", "MX", &[]).await.outcome, Outcome::Up);
        assert_eq!(asked.load(Ordering::Relaxed), times);
    }
}

#[tokio::test]
async fn answers_are_not_dialled() {
    let paper = Paper::default().name("shop.example", &[&["169.254.169.254", "1.1.1.1"]]);
    let checker = paper.checker(false, LIMITS);
    let job = job(json!({"kind": "dns", "name": "shop.example", "expect": ["169.254.169.254"]}));
    assert_eq!(checker.check(&job).await.outcome, Outcome::Up);
    assert_eq!(paper.dialled(), Vec::<String>::new());
}

#[tokio::test]
async fn a_question_that_outlives_the_round_is_given_up() {
    let paper = Paper::default().name("mute.example", &[]);
    let limits = Limits { connect: Duration::from_secs(60), total: Duration::from_millis(100), ..LIMITS };
    let start = Instant::now();
    let jobs = [job(json!({"kind": "dns", "name": "mute.example"})), crate::target("http://1.1.1.1/")];
    let findings = paper.checker(false, limits).round(jobs).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let outcomes: Vec<Outcome> = findings.iter().map(|finding| finding.outcome).collect();
    assert_eq!(outcomes, [Outcome::Unknown(Reason::Network), down(Reason::Refused)]);
}
