//! What people add to incidents, and maintenance windows.

use shared::account::Role;
use shared::incident::{Action, Closed, ClosedBy, Incident};
use shared::schedule::Slot;
use shared::signal::Reason;
use shared::state::State;

use super::auth::By;
use super::*;

/// The routes that are asked here.
pub(super) const ROUTES: [(&str, &str); 5] = [
    ("POST", "/api/incidents/nonsense/acknowledge"),
    ("POST", "/api/incidents/nonsense/note"),
    ("POST", "/api/incidents/nonsense/close"),
    ("PUT", "/api/maintenance/move"),
    ("DELETE", "/api/maintenance/move"),
];

impl Shop {
    /// An open incident of this monitor; its path.
    fn incident(&self, monitor: &str) -> String {
        let opened_at: Slot = "2026-11-21T14:20:00Z".parse().unwrap();
        let incident = Incident {
            monitor: monitor.parse().unwrap(),
            opened_at,
            began_at: opened_at,
            state: State::Down,
            down_at: Some(opened_at),
            reason: Reason::Timeout,
            status: None,
            regions: vec!["us-east-1".parse().unwrap()],
            flapping: false,
            closed: None,
        };
        let path = format!("/api/incidents/{}", incident.id().to_string().replace('#', "%23"));
        self.memory.tables().incidents.insert(incident.id(), incident);
        path
    }
}

#[tokio::test]
async fn people_say_what_they_do_about_an_incident() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let path = shop.incident(&shop.created(&by, "https://shop.example/").await);
    let say = async |action: &str, body: Option<Value>| {
        shop.ask(&by, Method::POST, &format!("{path}/{action}"), body).await
    };
    assert_eq!(say("acknowledge", None).await.status, StatusCode::CREATED);
    // The tests' time stands still: each takes the place of the one before.
    assert_eq!(
        say("note", Some(json!({"note": "the <provider> is slow"}))).await.status,
        StatusCode::CREATED
    );
    let closed = say("close", Some(json!({"note": "moved"}))).await;
    assert_eq!((closed.status, &closed.json()["action"]), (StatusCode::ACCEPTED, &json!("close")));
    let last = shop.memory.tables().updates.values().next().cloned().unwrap();
    assert_eq!((last.action, last.note.as_str(), last.at), (Action::Close, "moved", now()));
    for body in [
        json!({}),
        json!({"note": ""}),
        json!({"note": "x".repeat(501)}),
        json!({"note": "\u{7}"}),
        json!({"words": "x"}),
    ] {
        assert_eq!(say("note", Some(body.clone())).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(say("reopen", None).await.status, StatusCode::NOT_FOUND);
    for incident in shop.memory.tables().incidents.values_mut() {
        incident.closed = Some(Closed { at: incident.opened_at, by: ClosedBy::Recovery });
    }
    insta::assert_snapshot!(say("close", None).await.problem(), @"409 closed: it is closed already");
    let actions: Vec<String> = shop.memory.tables().audit.iter().map(|entry| entry.action.clone()).collect();
    assert!(
        actions.ends_with(&["incident.acknowledge", "incident.note", "incident.close"].map(str::to_owned)),
        "{actions:?}"
    );
}

#[tokio::test]
async fn another_accounts_incident_is_none() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    let (theirs, gone) = (shop.incident(&id), shop.incident("s0-gone00"));
    let stranger = shop.stranger().await;
    let viewer = shop.somebody(Role::Viewer, "viewer@shop.example").await.0;
    for path in [&theirs, &gone, &"/api/incidents/nonsense".to_owned()] {
        let path = format!("{path}/acknowledge");
        let answer = shop.ask(&stranger, Method::POST, &path, None).await;
        insta::allow_duplicates!(
            insta::assert_snapshot!(answer.problem(), @"404 not_found: there is no such incident")
        );
        for (by, status) in [(&By::Nobody, 401), (&viewer, 403)] {
            assert_eq!(shop.ask(by, Method::POST, &path, None).await.status.as_u16(), status);
        }
    }
    assert!(shop.memory.tables().updates.is_empty());
    assert_eq!(
        shop.ask(&by, Method::POST, &format!("{gone}/acknowledge"), None).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn windows_are_put_and_deleted() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let id = shop.created(&by, "https://shop.example/").await;
    let put = async |id: &str, body: Value| {
        shop.ask(&by, Method::PUT, &format!("/api/maintenance/{id}"), Some(body)).await
    };
    let once = json!({"once": {"from": "2026-11-22T00:00:00Z", "until": "2026-11-22T01:00:00Z"}});
    let made = put("move", json!({"name": "Move", "monitors": [id, id], "when": once})).await;
    assert_eq!((made.status, &made.json()["monitors"]), (StatusCode::CREATED, &json!([id])), "{made:?}");
    let weekly =
        json!({"weekly": {"days": ["sun"], "from": "03:00:00", "minutes": 60, "time_zone": "Europe/Zurich"}});
    assert_eq!(put("move", json!({"name": "Move", "when": weekly})).await.status, StatusCode::OK);
    assert_eq!(shop.memory.tables().windows.len(), 1);
    let backwards = json!({"once": {"from": "2026-11-22T01:00:00Z", "until": "2026-11-22T01:00:00Z"}});
    for (id, body) in [
        ("Move", json!({"name": "Move", "when": once})),
        ("a", json!({"name": "Move", "when": backwards})),
        ("a", json!({"name": "Move", "when": {"once": {"from": "soon", "until": "later"}}})),
        ("a", json!({"name": "Move", "when": {}})),
        ("a", json!({"name": "Move"})),
        ("a", json!({"name": "Move", "when": once, "monitors": ["s0-nobody"]})),
        ("a", json!({"name": "Move", "when": once, "account": "home"})),
        (
            "a",
            json!({"name": "Move", "when": {"weekly": {"from": "03:00:00", "minutes": 60, "time_zone": "Mars/Base"}}}),
        ),
    ] {
        let answer = put(id, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {answer:?}");
    }
    let stranger = shop.stranger().await;
    let viewer = shop.somebody(Role::Viewer, "viewer@shop.example").await.0;
    let path = "/api/maintenance/move";
    for (by, status) in [(By::Nobody, 401), (viewer, 403), (stranger, 403)] {
        assert_eq!(shop.ask(&by, Method::DELETE, path, None).await.status.as_u16(), status);
        let body = Some(json!({"name": "Move", "when": once}));
        assert_eq!(shop.ask(&by, Method::PUT, path, body).await.status.as_u16(), status);
    }
    assert_eq!(shop.ask(&by, Method::DELETE, path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(shop.ask(&by, Method::DELETE, path, None).await.status, StatusCode::NOT_FOUND);
}
