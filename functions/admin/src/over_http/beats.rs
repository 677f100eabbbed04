//! Beats: what is recorded, and what is refused.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shared::beat::BeatState;
use shared::store::WriteBeats as _;

use super::*;

fn beat(state: BeatState, duration_ms: Option<u32>) -> Beat {
    Beat { monitor: nightly(), received_at: now(), state, duration_ms }
}

#[tokio::test]
async fn a_beat_is_recorded_with_what_it_says() {
    for (query, body, state, duration_ms) in [
        ("", "", BeatState::Up, None),
        ("?state=up&duration_ms=0", "", BeatState::Up, Some(0)),
        ("?state=degraded", "", BeatState::Degraded, None),
        ("?duration_ms=86400000", "", BeatState::Up, Some(86_400_000)),
        ("", "{}", BeatState::Up, None),
        ("", r#" {"state": "down", "duration_ms": 1250} "#, BeatState::Down, Some(1_250)),
        ("?state=down", r#"{"duration_ms": 7}"#, BeatState::Down, Some(7)),
    ] {
        let shop = Shop::nightly();
        // A client that heard no answer calls again.
        for _ in 0..2 {
            let answer = shop.post(&format!("/beats/{TOKEN}{query}"), body).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NO_CONTENT, ""), "{query} {body}");
            assert_eq!(answer.headers["cache-control"], "no-store");
            assert_eq!(shop.last(), Some(beat(state, duration_ms)), "{query} {body}");
        }
    }
}

#[tokio::test]
async fn a_beat_that_is_overtaken_changes_nothing() {
    let shop = Shop::nightly();
    let later = Beat { received_at: "2026-11-21T14:25:31Z".parse().unwrap(), ..beat(BeatState::Down, None) };
    shop.memory.put_beat(&later).await.unwrap();
    assert_eq!(shop.post(&format!("/beats/{TOKEN}"), "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(shop.last(), Some(later));
}

#[tokio::test]
async fn unknown_and_malformed_tokens_look_alike() {
    let shop = Shop::nightly();
    let unknown = shop.post(&format!("/beats/{UNKNOWN}"), "").await;
    insta::assert_snapshot!(unknown.problem(), @"404 not_found: no monitor is beaten for with this token");
    let half = &TOKEN[..TOKEN.len() - 1];
    for token in ["x", "%20", "%FF", "shopwatch_", half, &TOKEN.to_lowercase(), &"x".repeat(5_000)] {
        let answer = shop.post(&format!("/beats/{token}"), "").await;
        assert_eq!((answer.status, &answer.body), (unknown.status, &unknown.body), "{token}");
        assert_eq!(answer.headers, unknown.headers, "{token}");
    }
    // Each of them is looked up: with the table out of reach, none is refused.
    for token in [UNKNOWN, "x", "%FF"] {
        shop.memory.fail_after(0);
        let answer = shop.post(&format!("/beats/{token}"), "").await;
        assert_eq!(answer.problem(), "503 unavailable: a table is out of reach; try again later", "{token}");
    }
    assert_eq!(shop.last(), None);
}

#[tokio::test]
async fn nobody_beats_for_what_is_gone_or_no_heartbeat_any_more() {
    let unknown = Shop::nightly().post(&format!("/beats/{UNKNOWN}"), "").await;
    for change in [
        |monitors: &mut BTreeMap<MonitorId, Monitor>| monitors.clear(),
        |monitors: &mut BTreeMap<MonitorId, Monitor>| {
            let http = ::tests::example::monitor("s0-bbbbbb").check;
            monitors.values_mut().for_each(|monitor| monitor.check = http.clone());
        },
    ] {
        let shop = Shop::nightly();
        change(&mut shop.memory.tables().monitors);
        let answer = shop.post(&format!("/beats/{TOKEN}"), "").await;
        assert_eq!((answer.status, answer.body), (unknown.status, unknown.body.clone()));
        assert_eq!(shop.last(), None);
    }
}

#[tokio::test]
async fn nobodys_hash_opens_nothing() {
    let shop = Shop::nightly();
    shop.memory.tables().beat_tokens.insert("0".repeat(64), nightly());
    assert_eq!(shop.post("/beats/x", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_table_out_of_reach_is_503_and_the_beat_can_be_sent_again() {
    let shop = Shop::nightly();
    // Token, monitor, beat.
    for calls in 0..3 {
        shop.memory.fail_after(calls);
        let answer = shop.post(&format!("/beats/{TOKEN}"), "").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{calls}");
    }
    assert_eq!(shop.last(), None);
    shop.memory.tables().calls_left = None;
    assert_eq!(shop.post(&format!("/beats/{TOKEN}"), "").await.status, StatusCode::NO_CONTENT);
    assert!(shop.last().is_some());
}

#[tokio::test]
async fn wrong_parameters_are_refused_by_name() {
    let shop = Shop::nightly();
    let problem = async |query: &str| shop.post(&format!("/beats/{TOKEN}?{query}"), "").await.problem();
    insta::assert_snapshot!(problem("state=ok").await, @r#"400 state: state must be up, degraded or down; got "ok""#);
    insta::assert_snapshot!(problem("duration_ms=86400001").await, @r#"400 duration_ms: duration_ms must be a whole number from 0 to 86400000; got "86400001""#);
    insta::assert_snapshot!(problem("status=up").await, @r#"400 unknown_parameter: "status" is not a parameter of this; it takes state, duration_ms"#);
    insta::assert_snapshot!(problem("state=up&state=up").await, @"400 repeated_parameter: state is given more than once");
    for query in [
        "state=",
        "state=UP",
        "state=unknown",
        "duration_ms=-1",
        "duration_ms=+1",
        "duration_ms=1.5",
        "duration_ms=",
    ] {
        assert!(problem(query).await.starts_with("400 "), "{query}");
    }
    assert_eq!(shop.last(), None);
}

#[tokio::test]
async fn wrong_bodies_are_refused() {
    let shop = Shop::nightly();
    let path = format!("/beats/{TOKEN}");
    let answer = shop.post(&path, r#"{"state": "down", "note": "canary"}"#).await;
    insta::assert_snapshot!(answer.problem(), @r#"400 body: the body must be a JSON object such as {"state": "down", "duration_ms": 1250} and hold nothing else (state is up, degraded or down, duration_ms a whole number from 0 to 86400000); see line 1, column 24"#);
    for body in [
        "state=down",
        "[]",
        r#"["up", 5]"#,
        "null",
        r#""up""#,
        r#"{"state": "ok"}"#,
        r#"{"state": 1}"#,
        r#"{"state": "up", "state": "up"}"#,
        r#"{"duration_ms": "5"}"#,
        r#"{"duration_ms": -1}"#,
        r#"{"duration_ms": 86400001}"#,
        r#"{"duration_ms": 1e99}"#,
        r#"{"state": "up"} x"#,
        r#"{"state": "up""#,
        "\u{feff}{}",
    ] {
        let problem = shop.post(&path, body).await.problem();
        assert!(problem.starts_with("400 body: "), "{body}: {problem}");
    }
    assert!(shop.post(&path, &b"\xff\xfe"[..]).await.problem().starts_with("400 body: "));
    let twice = shop.post(&format!("{path}?state=up"), r#"{"state": "up"}"#).await.problem();
    insta::assert_snapshot!(twice, @"400 repeated_parameter: state is given more than once: in the query and in the body");
    assert_eq!(shop.last(), None);
}

#[tokio::test]
async fn a_body_has_at_most_1024_bytes() {
    let shop = Shop::nightly();
    let path = format!("/beats/{TOKEN}");
    let answer = shop.post(&path, format!("{{}}{}", " ".repeat(1_023))).await;
    insta::assert_snapshot!(answer.problem(), @"413 body: the body may have at most 1024 bytes");
    assert_eq!(shop.last(), None);
    let answer = shop.post(&path, format!("{{}}{}", " ".repeat(1_022))).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn only_post_beats() {
    let shop = Shop::nightly();
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let answer = shop.send(method.clone(), &format!("/beats/{TOKEN}"), "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.headers["allow"], "POST", "{method}");
    }
    let get = shop.send(Method::GET, &format!("/beats/{TOKEN}"), "").await;
    insta::assert_snapshot!(get.problem(), @"405 method_not_allowed: this does not take GET");
    assert_eq!(shop.last(), None);
}

#[tokio::test]
async fn what_is_no_route_is_a_problem() {
    let shop = Shop::nightly();
    for path in ["/", "/beats", "/beats/", &format!("/beats/{TOKEN}/"), "/signals", "//"] {
        for method in [Method::GET, Method::POST] {
            let problem = shop.send(method, path, "").await.problem();
            assert_eq!(
                problem,
                "404 not_found: nothing is here; there are POST /beats/{token}, /api/auth/… and what changes /api/monitor",
                "{path}"
            );
        }
    }
}

proptest! {
    /// Whatever is asked: an answer of ours, and a beat only where one is reported.
    #[test]
    fn any_request_is_answered(
        token in prop_oneof![Just(TOKEN.to_owned()), "[a-z%0-9_-]{0,60}"],
        query in "(state=(up|down|x)|duration_ms=[0-9]{0,11}|[a-z=&%]{0,9}|&){0,3}",
        body in prop_oneof![
            Just(String::new()),
            r#"\{("state": ?"(up|ok)"|"duration_ms": ?-?[0-9]{1,9}|,|"a": ?null){0,3}\}"#,
            ".{0,40}",
        ],
    ) {
        let Ok(uri) = format!("/beats/{token}?{query}").parse::<http::Uri>() else { return Ok(()) };
        let shop = Shop::nightly();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let answer = runtime.block_on(shop.post(&uri.to_string(), body));
        prop_assert!([204, 400, 404].contains(&answer.status.as_u16()), "{answer:?}");
        prop_assert_eq!(answer.status == 204, shop.last().is_some());
        prop_assert!(!answer.body.contains(TOKEN));
    }
}
