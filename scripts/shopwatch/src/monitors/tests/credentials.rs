//! Credentials: read, stored, renewed, and shown nowhere.

use secrecy::ExposeSecret as _;
use shared::credentials::Credentials;

use super::installed::Installed;
use super::*;

fn variable(name: &str) -> Option<String> {
    (name == "SHOP_PASSWORD").then(|| "hunter2".to_owned())
}

fn with(credentials: &str) -> Result<Vec<Wanted>, String> {
    let text = format!("monitors:\n  - name: Shop\n    url: https://shop.example/\n    {credentials}\n");
    read("monitors.yaml", text.as_bytes(), variable).map_err(|error| error.to_string())
}

fn secret_of(wanted: &Wanted) -> (Option<String>, String) {
    match wanted.credentials.as_ref().unwrap() {
        Credentials::Basic { user, password } => (Some(user.clone()), password.expose_secret().to_owned()),
        Credentials::Bearer { token } => (None, token.expose_secret().to_owned()),
    }
}

#[test]
fn credentials_are_in_the_file_or_in_the_environment() {
    let ada = Some("ada".to_owned());
    for (text, expected) in [
        ("basic: {user: ada, password: hunter2}", (ada.clone(), "hunter2")),
        ("basic: {user: ada, password_env: SHOP_PASSWORD}", (ada, "hunter2")),
        ("bearer: abc", (None, "abc")),
        ("bearer_env: SHOP_PASSWORD", (None, "hunter2")),
    ] {
        let wanted = with(text).unwrap().remove(0);
        let (user, secret) = secret_of(&wanted);
        assert_eq!((user, secret.as_str()), expected);
        assert!(!format!("{wanted:?}").contains("hunter2"), "{wanted:?}");
    }
}

#[test]
fn what_is_wrong_with_credentials_shows_none() {
    for wrong in [
        "basic: hunter2",
        "basic: [hunter2]",
        "basic: {user: ada, password: [hunter2]}",
        "basic: {user: ada, password: \"hunter2\\n\"}",
        "basic: {user: ada, hunter2: x}",
        "basic: {user: ada}",
        "basic: {user: hunter2}",
        "basic: {password: hunter2}",
        "basic: {user: \"ada:hunter2\", password: x}",
        "basic: {user: ada, password: hunter2, password_env: SHOP_PASSWORD}",
        "basic: {user: ada, password_env: hunter2}",
        "bearer: {hunter2: x}",
        "bearer: hunter2 hunter2",
        "bearer: \"\"",
        "bearer_env: hunter2",
        "bearer: hunter2\n    bearer_env: SHOP_PASSWORD",
        "bearer: hunter2\n    basic: {user: ada, password: hunter2}",
        "bearer: hunter2\n    interval_minutes: 0",
        "kind: tcp\n    bearer: hunter2",
        "headers: {authorization: hunter2}",
        "headers: {x-key: \"hunter2\\r\\nx: y\"}",
        "headers: [hunter2]",
        "body: [hunter2]",
    ] {
        let error = with(wrong).unwrap_err();
        assert!(
            error.contains("line ") && error.contains("expected") && !error.contains("hunter2"),
            "{wrong}: {error}"
        );
    }
    // A number is as secret as a text.
    for wrong in ["basic: {user: 4711, password: 12345678}", "bearer: 12345678", "body: 12345678"] {
        let error = with(wrong).unwrap_err();
        assert!(error.contains("in quotes") && !error.contains("12345678"), "{error}");
    }
}

#[tokio::test]
async fn the_installation_says_whether_credentials_are_other_ones() {
    let installed = Installed::new().await;
    let apply = async |text: &str| {
        let wanted = with(text).unwrap();
        let plan = installed.planned(&wanted, false).await;
        let told = installed.told(&wanted, false).await;
        for shown in [&told, &format!("{plan:?}"), &format!("{wanted:?}")] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
        let tables = installed.memory.tables();
        assert!(!format!("{:?}", tables.monitors).contains("hunter"), "{:?}", tables.monitors);
        let planned = plan.steps[0].difference.clone();
        (planned, told, tables.monitors.values().next().unwrap().version)
    };
    let changed = || Difference::Changed("credentials".to_owned());
    let (done, unchanged) =
        ("done: 0 created, 1 changed", "done: 0 created, 0 changed, 0 deleted, 1 unchanged");
    for (text, planned, said, version) in [
        ("", Difference::Created, "done: 1 created", 1),
        ("basic: {user: ada, password: hunter2}", changed(), done, 2),
        ("basic: {user: ada, password_env: SHOP_PASSWORD}", Difference::Compared, unchanged, 2),
        ("basic: {user: ada, password: hunter3}", Difference::Compared, done, 3),
        ("basic: {user: eve, password: hunter3}", Difference::Compared, done, 4),
        ("bearer: hunter3", Difference::Compared, done, 5),
        ("", changed(), done, 6),
        ("", Difference::Unchanged, unchanged, 6),
    ] {
        let (was_planned, told, is) = apply(text).await;
        assert_eq!((was_planned, is), (planned, version), "{text}: {told}");
        assert!(told.contains(said), "{text}: {told}");
    }
    assert!(installed.memory.tables().credentials.is_empty());
}
