//! What a heartbeat's target calls with: made, counted, revoked.

use super::*;

#[tokio::test]
async fn a_heartbeat_gets_a_token_that_beats() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.create(&by, json!({"kind": "heartbeat", "name": "Nightly"})).await.text("id");
    let made = shop.ask(&by, Method::POST, &format!("/api/monitor/{id}/beat-token"), None).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(shop.post(&made.text("path"), "").await.status, StatusCode::NO_CONTENT);
    assert!(shop.memory.tables().beats.contains_key(&id.parse().unwrap()));
    assert!(!format!("{:?}", shop.memory.tables()).contains(&made.text("token")));
    let check = Check::Heartbeat(HeartbeatCheck { grace_minutes: 1 });
    assert_eq!(shop.stored(&id).unwrap().check, check);
    let other = shop.created(&by, "https://shop.example/").await;
    let refused = shop.ask(&by, Method::POST, &format!("/api/monitor/{other}/beat-token"), None).await;
    insta::assert_snapshot!(refused.problem(), @"409 kind: only a heartbeat is called; this is of kind http, checked by us");
}

#[tokio::test]
async fn tokens_to_beat_with_are_few_and_can_be_revoked() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let mut paths = Vec::new();
    for name in ["Nightly", "Hourly"] {
        let id = shop.create(&by, json!({"kind": "heartbeat", "name": name})).await.text("id");
        paths.push(format!("/api/monitor/{id}"));
    }
    let make = async |of: &str| shop.ask(&by, Method::POST, &format!("{of}/beat-token"), None).await;
    let beat = async |made: &Answer| shop.post(&made.text("path"), "").await.status.as_u16();
    let other = make(&paths[1]).await;
    let mut made = Vec::new();
    for _ in 0..10 {
        made.push(make(&paths[0]).await);
    }
    let eleventh = make(&paths[0]).await;
    insta::assert_snapshot!(eleventh.problem(), @"409 too_many: a monitor has at most 10 tokens: revoke them");
    assert_eq!((beat(&made[0]).await, beat(&made[9]).await), (204, 204));
    for _ in 0..2 {
        let revoked = shop.ask(&by, Method::DELETE, &format!("{}/beat-tokens", paths[0]), None).await;
        assert_eq!((revoked.status, revoked.body.as_str()), (StatusCode::NO_CONTENT, ""));
        assert_eq!((beat(&made[0]).await, beat(&made[9]).await, beat(&other).await), (404, 404, 204));
    }
    let audit = shop.memory.tables().audit.last().unwrap().clone();
    assert_eq!(audit.action, "monitor.beat_tokens.revoke");
    assert_eq!(beat(&make(&paths[0]).await).await, 204);
}

#[tokio::test]
async fn tokens_and_beats_go_with_their_monitor() {
    let shop = Shop::new();
    let by = shop.editor().await;
    for end in ["delete", "bulk", "another kind"] {
        let id = shop.create(&by, json!({"kind": "heartbeat", "name": "Nightly"})).await.text("id");
        let path = format!("/api/monitor/{id}");
        let token = shop.ask(&by, Method::POST, &format!("{path}/beat-token"), None).await;
        assert_eq!(shop.post(&token.text("path"), "").await.status, StatusCode::NO_CONTENT);
        let (method, path, body) = match end {
            "delete" => (Method::DELETE, path, None),
            "bulk" => (Method::POST, "/api/monitor/bulk".to_owned(), Some(json!({"delete": [id]}))),
            _ => (Method::PUT, path, Some(json!({"url": "https://shop.example/"}))),
        };
        let answer = shop.ask(&by, method, &path, body).await;
        assert!(answer.status.is_success(), "{answer:?}");
        let tables = shop.memory.tables();
        assert!(tables.beat_tokens.is_empty() && tables.beats.is_empty(), "{end}: {tables:?}");
    }
}
