//! People come in and leave: sign-up, log-in, sessions.

use http::header::{AUTHORIZATION, SET_COOKIE};
use shared::account::{AccountId, Invitation, Role, UserId};

use super::*;

pub(super) const PASSWORD: &str = "correct horse battery";

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum By {
    Nobody,
    Bearer(String),
    /// A session's cookie, and what the page shows beside it.
    Cookie(String, Option<String>),
}

impl Shop {
    pub(super) async fn ask(&self, by: &By, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        request = match by {
            By::Nobody => request,
            By::Bearer(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            By::Cookie(cookie, csrf) => {
                let request = request.header("cookie", format!("other=1; {cookie}"));
                match csrf {
                    Some(csrf) => request.header("x-csrf-token", csrf),
                    None => request,
                }
            }
        };
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let (parts, body) =
            self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// An invitation's token.
    pub(super) fn invited(&self, role: Role, email: Option<&str>) -> String {
        let token = Token::random().unwrap();
        let invitation = Invitation {
            hash: token.hash(),
            account: AccountId::default(),
            role,
            email: email.map(|email| email.parse().unwrap()),
            invited_by: UserId::operator(),
            created_at: now(),
            valid_until: now() + jiff::SignedDuration::from_hours(1),
        };
        self.memory.tables().invitations.insert(token.hash().to_string(), invitation);
        token.expose().to_owned()
    }

    /// Somebody new of this role, by a bearer token, and their id.
    pub(super) async fn somebody(&self, role: Role, email: &str) -> (By, String) {
        let invitation = self.invited(role, None);
        let body = json!({"invitation": invitation, "email": email, "password": PASSWORD});
        let answer = self.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let user = answer.json()["user"]["id"].as_str().unwrap().to_owned();
        (By::Bearer(answer.text("token")), user)
    }

    pub(super) async fn log_in(&self, email: &str, password: &str, cookie: bool) -> Answer {
        let body = json!({"email": email, "password": password, "cookie": cookie});
        self.ask(&By::Nobody, Method::POST, "/api/auth/login", Some(body)).await
    }

    pub(super) async fn status_of_me(&self, by: &By) -> u16 {
        self.ask(by, Method::GET, "/api/auth/me", None).await.status.as_u16()
    }
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("{name}: {self:?}")).to_owned()
    }
}

#[tokio::test]
async fn somebody_who_is_invited_signs_up_once_and_in_ever_after() {
    let shop = Shop::new();
    let invitation = shop.invited(Role::Editor, None);
    let looked =
        shop.ask(&By::Nobody, Method::GET, &format!("/api/auth/invitations/{invitation}"), None).await;
    assert_eq!((looked.status.as_u16(), looked.text("role").as_str()), (200, "editor"));
    assert!(!looked.body.contains(&invitation), "{looked:?}");
    let body = |email: &str| json!({"invitation": invitation, "email": email, "password": PASSWORD});
    let answer =
        shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body(" Ada@Shop.example "))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let user = answer.json()["user"].clone();
    assert_eq!(
        (&user["email"], &user["role"], &user["account"]),
        (&json!("ada@shop.example"), &json!("editor"), &json!("home"))
    );
    assert!(answer.json()["expires_at"].is_string() && answer.json().get("csrf_token").is_none());
    let by = By::Bearer(answer.text("token"));
    let me = shop.ask(&by, Method::GET, "/api/auth/me", None).await.json();
    assert_eq!((&me["user"], &me["kind"]), (&user, &json!("bearer")));
    assert_eq!(me["scopes"], json!(["read", "write", "purchases", "metrics"]));

    // Used up: for somebody else, and for the same person.
    for email in ["ben@shop.example", "ada@shop.example"] {
        let again = shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body(email))).await;
        assert_eq!(again.status, StatusCode::FORBIDDEN, "{again:?}");
    }
    let answer = shop.log_in("ADA@shop.example", PASSWORD, false).await;
    assert_eq!((answer.status, &answer.json()["user"]), (StatusCode::OK, &user));
    assert_ne!(By::Bearer(answer.text("token")).token(), by.token());
    // Neither token nor password is stored.
    let tables = shop.memory.tables();
    let stored = format!("{:?} {:?} {:?}", tables.sessions, tables.audit, tables.accounts);
    let users = serde_json::to_string(&tables.users.values().collect::<Vec<_>>()).unwrap();
    for secret in [by.token(), PASSWORD, &invitation] {
        assert!(!stored.contains(secret) && !users.contains(secret), "{secret}");
    }
    let actions: Vec<&str> = tables.audit.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["user.signup", "user.login"]);
}

impl By {
    pub(super) fn token(&self) -> &str {
        match self {
            Self::Bearer(token) | Self::Cookie(token, _) => token,
            Self::Nobody => "",
        }
    }
}

#[tokio::test]
async fn an_invitation_is_for_one_address_one_time_and_a_while() {
    let shop = Shop::new();
    let sign_up = async |invitation: &str, email: &str| {
        let body = json!({"invitation": invitation, "email": email, "password": PASSWORD});
        shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await
    };
    let for_ada = shop.invited(Role::Viewer, Some("ada@shop.example"));
    assert_eq!(sign_up(&for_ada, "eve@shop.example").await.status, StatusCode::FORBIDDEN);
    assert_eq!(sign_up(&for_ada, "ada@shop.example").await.status, StatusCode::CREATED);
    let late = shop.invited(Role::Viewer, None);
    shop.memory.tables().invitations.values_mut().for_each(|invitation| invitation.valid_until = now());
    for refused in [late.as_str(), UNKNOWN, "none"] {
        let answer = sign_up(refused, "ben@shop.example").await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer.problem(), @"403 forbidden: this invitation does not hold, was used, or is for another address");
        }
    }
    // Somebody signs in with this address: the invitation is not used up.
    let twice = shop.invited(Role::Viewer, None);
    let answer = sign_up(&twice, "ada@shop.example").await;
    insta::assert_snapshot!(answer.problem(), @"409 email: somebody signs in with this address already");
    assert_eq!(sign_up(&twice, "ben@shop.example").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn two_who_use_one_invitation_at_once_are_one_person() {
    let shop = Shop::new();
    let invitation = shop.invited(Role::Owner, None);
    let sign_up = |email: &'static str| {
        let body = json!({"invitation": invitation, "email": email, "password": PASSWORD});
        let shop = &shop;
        async move { shop.ask(&By::Nobody, Method::POST, "/api/auth/signup", Some(body)).await.status.as_u16() }
    };
    let mut answers = [sign_up("ada@shop.example").await, sign_up("ben@shop.example").await];
    answers.sort_unstable();
    assert_eq!(answers, [201, 403]);
    assert_eq!(shop.memory.tables().users.len(), 1);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_told_alike() {
    let shop = Shop::new();
    shop.somebody(Role::Viewer, "ada@shop.example").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("ada@shop.example", "wrong horse battery!"),
        ("eve@shop.example", PASSWORD),
        ("ada@shop.example", "x"),
    ] {
        let answer = shop.log_in(email, password, false).await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        answers.push(answer.problem());
    }
    answers.dedup();
    assert_eq!(answers, ["401 credentials: nobody signs in with this address and password"]);
}

#[tokio::test]
async fn attempts_are_limited_for_each_address() {
    let shop = Shop::new();
    shop.somebody(Role::Viewer, "ada@shop.example").await;
    let mut statuses = Vec::new();
    for n in 0..20 {
        // The right one does not help once there were too many.
        let password = if n < 17 { "wrong horse battery!" } else { PASSWORD };
        statuses.push(shop.log_in("ada@shop.example", password, false).await.status.as_u16());
    }
    // Signing up was one.
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 14, "{statuses:?}");
    assert!(statuses[14..].iter().all(|status| *status == 429), "{statuses:?}");
    let refused = shop.log_in("ada@shop.example", PASSWORD, false).await;
    assert_eq!(refused.headers["retry-after"], "900");
    assert_eq!(shop.log_in("ben@shop.example", PASSWORD, false).await.status, StatusCode::UNAUTHORIZED);
    let names = shop.memory.tables().attempts.keys().cloned().collect::<String>();
    assert!(!names.contains("ada"), "addresses are stored as hashes: {names}");
}

#[tokio::test]
async fn who_leaves_is_gone_at_once() {
    let shop = Shop::new();
    let (first, _) = shop.somebody(Role::Viewer, "ada@shop.example").await;
    let second = By::Bearer(shop.log_in("ada@shop.example", PASSWORD, false).await.text("token"));
    assert_eq!(shop.ask(&first, Method::POST, "/api/auth/logout", None).await.status, StatusCode::NO_CONTENT);
    assert_eq!((shop.status_of_me(&first).await, shop.status_of_me(&second).await), (401, 200));
    let third = By::Bearer(shop.log_in("ada@shop.example", PASSWORD, false).await.text("token"));
    let body = json!({"name": "ci", "scopes": ["read"]});
    let key = By::Bearer(shop.ask(&third, Method::POST, "/api/auth/keys", Some(body)).await.text("token"));
    let everywhere = shop.ask(&third, Method::POST, "/api/auth/logout/everywhere", None).await;
    assert_eq!(everywhere.status, StatusCode::NO_CONTENT, "{everywhere:?}");
    assert_eq!((shop.status_of_me(&second).await, shop.status_of_me(&third).await), (401, 401));
    assert_eq!(shop.status_of_me(&key).await, 200, "keys go on");
}

#[tokio::test]
async fn another_password_ends_every_other_session() {
    let shop = Shop::new();
    let (mine, _) = shop.somebody(Role::Viewer, "ada@shop.example").await;
    let other = By::Bearer(shop.log_in("ada@shop.example", PASSWORD, false).await.text("token"));
    let change = async |current: &str, new: &str| {
        let body = json!({"current": current, "new": new});
        shop.ask(&mine, Method::POST, "/api/auth/password", Some(body)).await
    };
    assert_eq!(change("wrong horse battery!", "another horse battery").await.status, StatusCode::FORBIDDEN);
    assert_eq!(change(PASSWORD, "short").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(shop.status_of_me(&other).await, 200);
    assert_eq!(change(PASSWORD, "another horse battery").await.status, StatusCode::NO_CONTENT);
    assert_eq!((shop.status_of_me(&mine).await, shop.status_of_me(&other).await), (200, 401));
    assert_eq!(shop.log_in("ada@shop.example", PASSWORD, false).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(shop.log_in("ada@shop.example", "another horse battery", false).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_cookie_needs_its_page_to_change_anything() {
    let shop = Shop::new();
    shop.somebody(Role::Owner, "ada@shop.example").await;
    let answer = shop.log_in("ada@shop.example", PASSWORD, true).await;
    let set = answer.headers[SET_COOKIE].to_str().unwrap().to_owned();
    let (cookie, attributes) = set.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax");
    assert!(answer.json().get("token").is_none(), "the token is in the cookie alone: {answer:?}");
    let csrf = answer.text("csrf_token");
    let token = cookie.strip_prefix("__Host-shopwatch=").unwrap().to_owned();
    assert_eq!(shop.status_of_me(&By::Cookie(cookie.to_owned(), None)).await, 200, "reading needs none");
    assert_eq!(shop.status_of_me(&By::Bearer(token)).await, 401, "a cookie is no bearer");
    let body = || Some(json!({"name": "ci", "scopes": ["read"]}));
    for shown in [None, Some(String::new()), Some(csrf.to_uppercase()), Some(format!("{csrf}x"))] {
        let forged = By::Cookie(cookie.to_owned(), shown);
        let answer = shop.ask(&forged, Method::POST, "/api/auth/keys", body()).await;
        assert!(answer.problem().starts_with("403 csrf_token"), "{answer:?}");
    }
    let page = By::Cookie(cookie.to_owned(), Some(csrf));
    assert_eq!(shop.ask(&page, Method::POST, "/api/auth/keys", body()).await.status, StatusCode::CREATED);
    let left = shop.ask(&page, Method::POST, "/api/auth/logout", None).await;
    assert!(left.headers[SET_COOKIE].to_str().unwrap().starts_with("__Host-shopwatch=; Path=/; Max-Age=0;"));
    assert_eq!(shop.status_of_me(&page).await, 401);
}

#[tokio::test]
async fn a_cookie_that_is_used_lasts_and_one_that_is_not_ends() {
    let shop = Shop::new();
    shop.somebody(Role::Owner, "ada@shop.example").await;
    let answer = shop.log_in("ada@shop.example", PASSWORD, true).await;
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let by = By::Cookie(cookie, None);
    let idle = |end: Timestamp| {
        shop.memory.tables().sessions.values_mut().for_each(|session| {
            session.idle_until = session.idle_until.map(|_| end);
        });
    };
    let hours = jiff::SignedDuration::from_hours;
    idle(now() + hours(1));
    assert_eq!(shop.status_of_me(&by).await, 200);
    let moved = shop.memory.tables().sessions.values().find_map(|session| session.idle_until).unwrap();
    assert_eq!(moved, now() + hours(24));
    idle(now());
    assert_eq!(shop.status_of_me(&by).await, 401);
}

#[tokio::test]
async fn a_page_of_another_site_sets_no_cookie() {
    let shop = Shop::new();
    shop.somebody(Role::Owner, "ada@shop.example").await;
    let body = json!({"email": "ada@shop.example", "password": PASSWORD, "cookie": true}).to_string();
    let form = shop.post("/api/auth/login", body).await;
    assert!(form.problem().starts_with("400 content_type"), "{form:?}");
    assert!(!form.headers.contains_key(SET_COOKIE));
}
