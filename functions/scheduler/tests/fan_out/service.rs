//! What is sent to Lambda: an asynchronous invocation in the region asked for, and the request as `ping` reads it.

use std::sync::mpsc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use scheduler::{InvokePing as _, PingFunctions};
use shared::schedule::PingRequest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::region;

/// A Lambda service that answers every request with this status; what it was sent.
async fn service(status: &'static str) -> (SdkConfig, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, received) = mpsc::channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut sent = String::new();
            while !sent.contains("\"slot\"") {
                let mut part = [0; 4_096];
                let read = stream.read(&mut part).await.unwrap();
                sent.push_str(std::str::from_utf8(&part[..read]).unwrap());
            }
            sender.send(sent).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://{address}"))
        .build();
    (aws, received)
}

fn request() -> PingRequest {
    serde_json::from_value(tests::event("ping")).unwrap()
}

#[tokio::test]
async fn ping_is_invoked_asynchronously_in_the_region_asked_for() {
    let (aws, received) = service("202 Accepted").await;
    let ping = PingFunctions::new(aws, "shop-ping".to_owned(), &region("us-east-1"));
    for name in ["us-east-1", "eu-west-1"] {
        ping.invoke(&region(name), &request()).await.unwrap();
        let sent = received.recv().unwrap();
        assert!(sent.starts_with("POST /2015-03-31/functions/shop-ping/invocations "), "{sent}");
        assert!(sent.contains("x-amz-invocation-type: Event"), "{sent}");
        assert!(sent.contains(&format!("/{name}/lambda/aws4_request")), "{sent}");
        let (_, body) = sent.split_once("\r\n\r\n").unwrap();
        assert_eq!(serde_json::from_str::<PingRequest>(body).unwrap(), request());
    }
}

#[tokio::test]
async fn a_refusal_is_an_error_with_its_cause() {
    let (aws, received) = service("403 Forbidden").await;
    let ping = PingFunctions::new(aws, "shop-ping".to_owned(), &region("us-east-1"));
    let error = ping.invoke(&region("us-east-1"), &request()).await.unwrap_err();
    assert!(!error.to_string().is_empty());
    assert_eq!(received.try_iter().count(), 1, "a refusal is not tried again");
}
