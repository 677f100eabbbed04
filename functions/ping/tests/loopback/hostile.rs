//! Answers that mean harm: each ends with a verdict, within bounds of time and memory.

use ping::Finding;
use shared::signal::{Outcome, Reason};
use tokio::io::AsyncWriteExt as _;

use crate::paper::{Host, Paper};
use crate::server::{Server, status};
use crate::{LIMITS, check, down, target};

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
