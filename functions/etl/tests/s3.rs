//! What S3 is asked for, and what its refusals mean: a server that answers by script stands in for it.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use etl::aws::S3;
use etl::event::Upload;
use etl::gone::Gone;
use etl::object::{Body as _, ReadUpload as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A bucket that answers one request with this status and body, and the head of the request.
async fn bucket(status: &str, body: &str) -> (S3, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut head).await.unwrap() > 0);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(head).unwrap()
    });
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    (S3::new(aws_sdk_s3::Client::from_conf(config), "uploads"), asked)
}

fn upload() -> Upload {
    Upload {
        bucket: "uploads".to_owned(),
        key: "purchases/a b+c%.csv".to_owned(),
        version: Some("v1".to_owned()),
        etag: Some("0cc175b9".to_owned()),
        ..Upload::default()
    }
}

#[tokio::test]
async fn exactly_the_announced_object_is_asked_for() {
    let (s3, asked) = bucket("200 OK", "rows").await;
    let mut opened = s3.open(&upload()).await.unwrap();
    assert_eq!(opened.size, Some(4));
    assert_eq!(opened.body.next().await.unwrap().unwrap(), "rows");
    let head = asked.await.unwrap().to_lowercase();
    assert!(head.starts_with("get /uploads/purchases/a%20b%2bc%25.csv?"), "{head}");
    assert!(head.contains("versionid=v1") && head.contains("if-match: \"0cc175b9\""), "{head}");
}

#[tokio::test]
async fn an_object_that_is_gone_is_told_from_one_that_cannot_be_read() {
    for (status, gone) in [
        ("404 Not Found", Some(Gone::Deleted)),
        ("412 Precondition Failed", Some(Gone::Replaced)),
        ("403 Forbidden", None),
        ("503 Slow Down", None),
    ] {
        let (s3, _) = bucket(status, "<Error><Code>NoSuchVersion</Code></Error>").await;
        let error = s3.open(&upload()).await.unwrap_err();
        assert_eq!(error.downcast_ref::<Gone>().copied(), gone, "{status}");
    }
}
