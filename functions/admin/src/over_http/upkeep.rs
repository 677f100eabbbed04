//! What people add to incidents, and maintenance windows.

use shared::account::Role;
use shared::incident::{Action, Closed, ClosedBy, Incident, Update};
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
            account: shared::account::AccountId::default(),
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
async fn so_much_can_be_said_of_an_incident_and_it_can_still_be_closed() {
    let shop = Shop::new();
    let by = shop.editor().await;
    let path = shop.incident(&shop.created(&by, "https://shop.example/").await);
    let id = shop.memory.tables().incidents.keys().next().unwrap().clone();
    let say = async |action: &str| {
        let body = Some(json!({"note": "more"}));
        shop.ask(&by, Method::POST, &format!("{path}/{action}"), body).await
    };
    for n in 0..198 {
        let at = now() - jiff::SignedDuration::from_secs(n + 1);
        let update = Update { incident: id.clone(), at, action: Action::Note, note: "a note".to_owned() };
        shop.memory.tables().updates.insert((id.clone(), at), update);
    }
    assert_eq!(say("note").await.status, StatusCode::CREATED);
    for action in ["note", "acknowledge"] {
        let full = say(action).await.problem();
        insta::allow_duplicates!(
            insta::assert_snapshot!(full, @"409 too_many: an incident has at most 200 updates, one of them to close it")
        );
    }
    assert_eq!(shop.memory.tables().updates.len(), 199);
    let at = now() + jiff::SignedDuration::from_secs(1);
    // Somebody else was faster.
    let update = Update { incident: id.clone(), at, action: Action::Note, note: "a note".to_owned() };
    shop.memory.tables().updates.insert((id, at), update);
    // The tests' time stands still: it takes the place of the note of this moment.
    assert_eq!(say("close").await.status, StatusCode::ACCEPTED);
    assert!(say("close").await.problem().starts_with("409 too_many"));
}

#[tokio::test]
async fn less_can_be_said_of_a_guests_incident() {
    let shop = Shop::new();
    let by = shop.stranger().await;
    let path = shop.incident(&shop.created(&by, "https://shop.example/").await);
    let id = shop.memory.tables().incidents.keys().next().unwrap().clone();
    for n in 0..18 {
        let at = now() - jiff::SignedDuration::from_secs(n + 1);
        let update = Update { incident: id.clone(), at, action: Action::Note, note: "a note".to_owned() };
        shop.memory.tables().updates.insert((id.clone(), at), update);
    }
    let note = async || {
        let body = Some(json!({"note": "more"}));
        shop.ask(&by, Method::POST, &format!("{path}/note"), body).await
    };
    assert_eq!(note().await.status, StatusCode::CREATED);
    let full = note().await.problem();
    insta::assert_snapshot!(full, @"409 too_many: an incident has at most 20 updates, one of them to close it");
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
    // Of what is gone it is known whose it was.
    for incident in shop.memory.tables().incidents.values_mut() {
        incident.account = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
    }
    let of_the_stranger = shop.ask(&stranger, Method::POST, &format!("{gone}/acknowledge"), None).await;
    assert_eq!(of_the_stranger.status, StatusCode::CREATED);
    let of_home = shop.ask(&by, Method::POST, &format!("{gone}/acknowledge"), None).await;
    assert_eq!(of_home.status, StatusCode::NOT_FOUND);
    for incident in shop.memory.tables().incidents.values_mut() {
        incident.account = shared::account::AccountId::default();
    }
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
    let malformed = put("Move", json!({"name": "Move", "when": once})).await;
    insta::assert_snapshot!(malformed.problem(), @"404 not_found: there is no such maintenance window; an id is 1 to 40 lower-case letters, digits or -");
    for (id, body) in [
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
