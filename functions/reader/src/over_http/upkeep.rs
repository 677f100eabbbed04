//! `GET /api/incidents/{id}` and `GET /api/maintenance`.

use serde_json::json;
use shared::incident::{Action, Update};
use shared::maintenance::Window;

use super::*;

fn path(incident: &Incident) -> String {
    format!("/api/incidents/{}", incident.id().to_string().replace('#', "%23"))
}

#[tokio::test]
async fn an_incident_has_what_people_said_to_it() {
    let shop = Shop::new();
    shop.monitor("s0-aaaaaa", "Shop", "https://shop.example/", false);
    let incident = shop.incident("s0-aaaaaa", 60, None);
    for (minutes, action, note) in [(50, Action::Acknowledge, ""), (40, Action::Note, "the <host> is slow")] {
        let at = now() - jiff::SignedDuration::from_mins(minutes);
        let update = Update { incident: incident.id(), at, action, note: note.to_owned() };
        shop.memory.tables().updates.insert((incident.id(), at), update);
    }
    let token = shop.key(&[Scope::Read], None);
    let answer = shop.get_with_key(&token, &path(&incident)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let shown = answer.json();
    assert_eq!(json!([shown["name"], shown["state"], shown["closed_at"]]), json!(["Shop", "down", null]));
    let said: Vec<Value> = shown["updates"].as_array().unwrap().iter().map(|u| u["action"].clone()).collect();
    assert_eq!(said, ["acknowledge", "note"]);

    let none = shop.get_with_key(&token, "/api/incidents/nonsense").await;
    assert_eq!(none.problem(), "404 not_found: there is no such incident");
    let stranger = shop.get_with_key(&shop.strangers_key(&[Scope::Read]), &path(&incident)).await;
    assert_eq!(stranger.body, none.body);
    shop.change("s0-aaaaaa", |monitor| monitor.hidden_before = Some(Slot::containing(now())));
    assert_eq!(shop.get_with_key(&token, &path(&incident)).await.body, none.body, "hidden");
    // Of a monitor that is gone: of its account.
    let theirs = Incident { account: elsewhere(), ..shop.incident("s0-gone01", 30, None) };
    shop.memory.tables().incidents.insert(theirs.id(), theirs.clone());
    assert_eq!(shop.get_with_key(&token, &path(&theirs)).await.status, StatusCode::NOT_FOUND);
    let strangers = shop.strangers_key(&[Scope::Read]);
    assert_eq!(shop.get_with_key(&strangers, &path(&theirs)).await.status, StatusCode::OK);
    let gone = shop.incident("s0-gone00", 30, None);
    let shown = shop.get_with_key(&token, &path(&gone)).await;
    assert_eq!((shown.status, &shown.json()["name"]), (StatusCode::OK, &Value::Null));
}

#[tokio::test]
async fn windows_are_the_installations_own() {
    let shop = Shop::new();
    let window = json!({"id": "move", "name": "Move", "monitors": [],
        "when": {"weekly": {"days": ["sun"], "from": "03:00:00", "minutes": 60, "time_zone": "Europe/Zurich"}}});
    let stored: Window = serde_json::from_value(window.clone()).unwrap();
    shop.memory.tables().windows.insert(stored.id.clone(), stored);
    let token = shop.key(&[Scope::Read], None);
    let answer = shop.get_with_key(&token, "/api/maintenance").await;
    assert_eq!(answer.json(), json!({"windows": [window]}));
    let stranger = shop.get_with_key(&shop.strangers_key(&[Scope::Read]), "/api/maintenance").await;
    assert_eq!(stranger.json(), json!({"windows": []}));
}
