//! Answers that mean harm: each ends with a verdict, within bounds of time and memory.

use ping::{Finding, Limits};
use shared::monitor::{Condition, Operator};
use shared::signal::{Outcome, Reason};
use tokio::io::AsyncWriteExt as _;

use crate::paper::{Host, Paper};
use crate::server::{Server, status};
use crate::{LIMITS, check, checker, down, target, target_with};

/// The verdict on a server that refuses HEAD and answers GET with these bytes.
async fn verdict(answer: Vec<u8>) -> Finding {
    let server = Server::driving(move |mut stream, asked| {
        let answer = if asked.is_head() { status(405).into_bytes() } else { answer.clone() };
        async move {
            let _ = stream.write_all(&answer).await;
        }
    })
    .await;
    check(&server.url("/")).await
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_64_kb() {
    for framing in ["", "Content-Length: 999999999999\r\n", "Transfer-Encoding: chunked\r\n"] {
        let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n");
        let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
        let paper = Paper::default().host("1.1.1.1", Host::Endless(head.into_bytes(), chunk.into_bytes()));
        let finding = paper.checker(false, LIMITS).check(&target("http://1.1.1.1/")).await;
        assert_eq!((finding.outcome, finding.status), (Outcome::Up, Some(200)), "{framing}");
        assert!(paper.written() < 200 * 1_024, "{} bytes were taken", paper.written());
    }
}

#[tokio::test]
async fn a_head_without_end_is_not_read_without_end() {
    let large = format!("HTTP/1.1 200 OK\r\nX-Large: {}\r\n\r\n", "x".repeat(80 * 1_024));
    assert_eq!(verdict(large.into_bytes()).await.outcome, down(Reason::Protocol));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(100_000));
    assert_eq!(verdict(many.into_bytes()).await.outcome, down(Reason::Protocol));

    let endless = Host::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"A: b\r\n".to_vec());
    let paper = Paper::default().host("1.1.1.1", endless);
    paper.checker(false, LIMITS).check(&target("http://1.1.1.1/")).await;
    assert!(paper.written() < 200 * 1_024, "{} bytes were taken", paper.written());
}

#[tokio::test]
async fn a_compressed_body_stays_compressed() {
    // What it would be unpacked is nobody's business; that it is no gzip at all shows that nobody looked.
    let body = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!";
    assert_eq!(verdict(body.as_bytes().to_vec()).await.outcome, Outcome::Up);
}

#[tokio::test]
async fn a_body_that_is_not_text_is_up() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".to_vec();
    answer.extend([0xff, 0xfe, 0x00, 0xc3, 0x28]);
    assert_eq!(verdict(answer).await.outcome, Outcome::Up);
}

#[tokio::test]
async fn a_wrong_content_length_is_a_broken_body() {
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_vec();
    let finding = verdict(short).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Body), Some(200)));
    // More than was announced is not read.
    let long = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nlonger than that".to_vec();
    assert_eq!(verdict(long).await.outcome, Outcome::Up);
    let broken_chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec();
    assert_eq!(verdict(broken_chunk).await.outcome, down(Reason::Body));
    for contradiction in ["-1", "1, 2", "99999999999999999999999", "0x10"] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {contradiction}\r\n\r\n");
        assert_eq!(verdict(answer.into_bytes()).await.outcome, down(Reason::Protocol), "{contradiction}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    for junk in [
        b"SSH-2.0-OpenSSH_9.7\r\n".to_vec(),
        b"220 mail.example ESMTP\r\n".to_vec(),
        b"<html>HTTP/0.9</html>".to_vec(),
        b"\x15\x03\x01\x00\x02\x02\x50".to_vec(),
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00".to_vec(),
        b"HTTP/1.1 2000 OK\r\n\r\n".to_vec(),
        b"HTTP/1.1 abc OK\r\n\r\n".to_vec(),
        vec![0; 100_000],
    ] {
        let finding = verdict(junk.clone()).await;
        assert_eq!(finding.outcome, down(Reason::Protocol), "{:?}", &junk[..junk.len().min(20)]);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_body_is_a_reset() {
    let server = Server::driving(|mut stream, asked| async move {
        if asked.is_head() {
            let _ = stream.write_all(status(405).as_bytes()).await;
            return;
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome").await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let _ = stream.set_zero_linger();
    })
    .await;
    assert_eq!(check(&server.url("/")).await.outcome, down(Reason::Reset));
}

#[tokio::test]
async fn preliminary_answers_without_end_are_not_read_without_end() {
    for interim in ["HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let endless = Host::Endless(interim.as_bytes().to_vec(), interim.repeat(100).into_bytes());
        let paper = Paper::default().host("1.1.1.1", endless);
        let finding = paper.checker(false, LIMITS).check(&target("http://1.1.1.1/")).await;
        assert_eq!(finding.outcome, down(Reason::Protocol), "{interim}");
        assert!(paper.written() < 1_200 * 1_024, "{} bytes were taken", paper.written());
    }
}

#[tokio::test]
async fn a_body_in_the_smallest_pieces_is_read() {
    // Each byte a chunk of its own, with an extension.
    let chunks = "1;a=b\r\nx\r\n".repeat(10_000);
    let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    // Extensions beyond any measure are refused.
    assert_eq!(verdict(answer.into_bytes()).await.outcome, down(Reason::Body));
    let answer = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        "1\r\nx\r\n".repeat(10_000)
    );
    assert_eq!(verdict(answer.into_bytes()).await.outcome, Outcome::Up);
}

#[tokio::test]
async fn a_bomb_that_is_looked_into_stays_packed() {
    // 10 MB of zeros, as gzip packs them: a header, then a block that repeats itself. Nobody unpacks it, so its first
    // bytes are what a keyword is searched in.
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
    answer.extend(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xec\xc1\x01\x01\0\0\0\x80\x90\xfe\xaf\xee\x08\n");
    answer.extend([0; 10_000]);
    let server = Server::driving(move |mut stream, _| {
        let answer = answer.clone();
        async move {
            let _ = stream.write_all(&answer).await;
        }
    })
    .await;
    let job = target_with(&server.url("/"), |check| {
        check.expect.body.push(Condition::new(Operator::Contains, "\x03").unwrap());
        check.metrics.insert("stock".parse().unwrap(), "$.stock".parse().unwrap());
    });
    let finding = checker(LIMITS).check(&job).await;
    assert_eq!((finding.outcome, finding.metrics), (Outcome::Up, vec![None]));
}

#[tokio::test]
async fn one_byte_a_second_ends_with_the_budget() {
    // As slow as in the wild, in a time that is not ours.
    let paper = Paper::default().host("1.1.1.1", Host::Drips);
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let finding = paper.checker(false, Limits::default()).check(&target("http://1.1.1.1/")).await;
    assert_eq!((finding.outcome, finding.status), (down(Reason::Timeout), None));
    assert!(start.elapsed() < Limits::default().total + std::time::Duration::from_millis(50));
}
