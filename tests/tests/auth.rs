//! Getting in, over the deployed stack with IAM enforced: by invitation, with a token, a cookie and a key.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tests::local_cloud::LocalCloud;
use tests::operator::run;

const PASSWORD: &str = "correct horse battery";

/// Asks the API for this; headers are names and values.
async fn ask(
    cloud: &LocalCloud,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Response {
    let mut request = Client::new().request(method, format!("{}{path}", cloud.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request = body.into_iter().fold(request, |request, body| request.json(&body));
    request.timeout(std::time::Duration::from_secs(30)).send().await.unwrap()
}

#[tokio::test]
async fn somebody_invited_gets_in_and_out() {
    let cloud = LocalCloud::running().await;
    let invited = run(&cloud, &["users", "invite", "--role", "owner", "--url", &cloud.url]);
    let invitation = invited.stdout.trim().to_owned();
    assert!(
        invited.stderr.contains(&format!("{}/api/auth/invitations/{invitation}", cloud.url)),
        "{}",
        invited.stderr
    );
    let looked = ask(&cloud, Method::GET, &format!("/api/auth/invitations/{invitation}"), &[], None).await;
    assert_eq!(looked.json::<Value>().await.unwrap()["role"], "owner");
    let body = json!({"invitation": invitation, "email": "ada@shop.example", "password": PASSWORD});
    let signed_up = ask(&cloud, Method::POST, "/api/auth/signup", &[], Some(body.clone())).await;
    assert_eq!(signed_up.status(), 201);
    let token = signed_up.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    assert_eq!(ask(&cloud, Method::POST, "/api/auth/signup", &[], Some(body)).await.status(), 403, "once");
    assert!(run(&cloud, &["users", "list"]).stdout.contains("ada@shop.example"));

    // What admin writes, reader knows: a session, and a key with a scope.
    let bearer = format!("Bearer {token}");
    let purchases = |bearer: String| {
        let cloud = &cloud;
        async move {
            let headers = [("authorization", bearer.as_str())];
            ask(cloud, Method::GET, "/purchases?limit=1", &headers, None).await.status().as_u16()
        }
    };
    assert_eq!(purchases(bearer.clone()).await, 200);
    let mut keys = Vec::new();
    for scope in ["read", "purchases"] {
        let body = json!({"name": "ci", "scopes": [scope]});
        let made =
            ask(&cloud, Method::POST, "/api/auth/keys", &[("authorization", &bearer)], Some(body)).await;
        assert_eq!(made.status(), 201);
        keys.push(format!("Bearer {}", made.json::<Value>().await.unwrap()["token"].as_str().unwrap()));
    }
    assert_eq!((purchases(keys[0].clone()).await, purchases(keys[1].clone()).await), (403, 200));

    // A cookie, as a browser would keep it.
    let body = json!({"email": "ada@shop.example", "password": PASSWORD, "cookie": true});
    let logged_in = ask(&cloud, Method::POST, "/api/auth/login", &[], Some(body)).await;
    assert_eq!(logged_in.status(), 200);
    let set = logged_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    let cookie = set.split(';').next().unwrap().to_owned();
    let csrf = logged_in.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
    let me = ask(&cloud, Method::GET, "/api/auth/me", &[("cookie", &cookie)], None).await;
    assert_eq!(me.json::<Value>().await.unwrap()["kind"], "cookie");
    let everywhere = "/api/auth/logout/everywhere";
    assert_eq!(ask(&cloud, Method::POST, everywhere, &[("cookie", &cookie)], None).await.status(), 403);
    let page = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    assert_eq!(ask(&cloud, Method::POST, everywhere, &page, None).await.status(), 204);
    assert_eq!((purchases(bearer.clone()).await, purchases(keys[1].clone()).await), (401, 200), "keys go on");

    // Who did what, and none of what they did it with.
    let body = json!({"email": "ada@shop.example", "password": PASSWORD});
    let again =
        ask(&cloud, Method::POST, "/api/auth/login", &[], Some(body)).await.json::<Value>().await.unwrap();
    let bearer = format!("Bearer {}", again["token"].as_str().unwrap());
    let audit = ask(&cloud, Method::GET, "/api/auth/audit", &[("authorization", &bearer)], None).await;
    let audit = audit.text().await.unwrap();
    for action in ["user.signup", "user.login", "key.create", "user.logout_everywhere"] {
        assert!(audit.contains(action), "{action}: {audit}");
    }
    let logged = cloud.logged();
    let stored = cloud.items(&cloud.name("accounts"), "ACCOUNT#home").await;
    let stored = format!("{stored:?} {:?}", cloud.items(&cloud.name("accounts"), "EMAIL#").await);
    for secret in [PASSWORD, &invitation, &token, &csrf, &keys[0]["Bearer ".len()..]] {
        assert!(!audit.contains(secret) && !logged.contains(secret) && !stored.contains(secret));
    }
    assert!(!logged.contains("ada@shop.example"), "addresses are in no log");
    assert!(stored.contains("$argon2id$"), "{stored}");
}
