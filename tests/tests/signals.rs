//! The first path, end to end: the schedule fires, pages are checked, and the status page shows what happened.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::demo_shop::DemoShop;
use tests::local_cloud::LocalCloud;
use tests::operator::{shopwatch, shopwatch_with};

/// The newest record of a URL in `/signals`, once there is one that is as wanted.
async fn wait_for(
    cloud: &LocalCloud,
    url: &str,
    key: Option<&str>,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let begun = Instant::now();
    let mut last = String::new();
    while begun.elapsed() < Duration::from_secs(120) {
        let (status, body) = cloud.get("/signals?limit=60", key).await;
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let of_url = answer.as_array().unwrap().iter().find(|entry| entry["url"] == url);
        let record = of_url.and_then(|entry| entry["records"].as_array().unwrap().last().cloned());
        if let Some(record) = record.filter(|record| wanted(record)) {
            eprintln!("as wanted after {:?}: {record}", begun.elapsed());
            return record;
        }
        last = body;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("not as wanted within two minutes: {last}");
}

#[tokio::test]
async fn a_shop_that_dies_turns_the_page_red() {
    let cloud = LocalCloud::running().await;
    let (_, page) = cloud.get("/", None).await;
    assert!(page.contains("No signals yet"), "{page}");
    assert_eq!(cloud.get("/signals", None).await, (200, "[]".to_owned()));

    let mut shop = DemoShop::start(&cloud);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monitors.yaml");
    let (front, checkout, secret) =
        (format!("{}/", shop.url), format!("{}/checkout", shop.url), format!("{}/hidden", shop.url));
    let yaml = format!(
        "monitors:\n- {{name: Front, url: '{front}', public: true}}\n- {{name: Checkout, url: '{checkout}', public: true}}\n\
         - {{name: Secretmonitor, url: '{secret}'}}\n"
    );
    fs::write(&file, yaml).unwrap();
    let scopes = ["--scope", "read", "--scope", "write"];
    let key = shopwatch(&cloud, &[&["keys", "create", "--name", "apply"][..], &scopes].concat()).stdout;
    let apply = |arguments: &[&str]| {
        shopwatch_with(&cloud, key.trim(), &[&["monitors", "apply"], arguments].concat())
    };
    let file = file.to_str().unwrap();
    for (arguments, expected) in [
        (&["--dry-run", file][..], "plan: 3 to create"),
        (&[file], "done: 3 created"),
        (&[file], "plan: 0 to create, 0 to change, 0 to delete, 3 unchanged"),
    ] {
        let run = apply(arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains(expected), "{}", run.stdout);
    }
    let keyless = shopwatch(&cloud, &["monitors", "apply", file]);
    assert!(keyless.code == 1 && keyless.stderr.contains("SHOPWATCH_KEY is not set"), "{}", keyless.stderr);
    let run = apply(&["-"]);
    assert_ne!(run.code, 0, "nothing on standard input is no monitor file");

    // The schedule itself: nobody invokes anything here.
    let up = wait_for(&cloud, &front, None, |record| record["available"] == true).await;
    assert_eq!((up["url"].as_str(), up["http_status"].as_i64()), (Some(front.as_str()), Some(200)));
    assert!(up["received"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    let (_, page) = cloud.get("/", None).await;
    assert!(page.contains("Front") && page.contains("Checkout"), "{page}");

    // What is private is seen with a key alone.
    let (_, signals) = cloud.get("/signals", None).await;
    for answer in [&page, &signals] {
        assert!(!answer.contains("Secretmonitor") && !answer.contains("/hidden"), "{answer}");
    }
    let key =
        shopwatch(&cloud, &["keys", "create", "--name", "test", "--scope", "read"]).stdout.trim().to_owned();
    wait_for(&cloud, &secret, Some(&key), |_| true).await;

    // One page fails, then the whole shop dies.
    shop.set(&cloud, "/checkout", "fail");
    let failed = wait_for(&cloud, &checkout, None, |record| record["available"] == false).await;
    assert_eq!(failed["http_status"], 500);
    shop.kill();
    let dead = wait_for(&cloud, &front, None, |record| record["available"] == false).await;
    assert_eq!(dead["http_status"], -1);
    let (_, page) = cloud.get("/", None).await;
    assert!(page.contains("refused"), "{page}");

    // A key that is revoked opens nothing from then on.
    let list = shopwatch(&cloud, &["keys", "list"]).stdout;
    let id = list.lines().find(|line| line.contains("test") && line.contains("read")).unwrap();
    let id = id
        .split_whitespace()
        .find(|word| word.len() == 12 && word.bytes().all(|b| b.is_ascii_hexdigit()))
        .unwrap();
    assert_eq!(shopwatch(&cloud, &["keys", "revoke", id]).code, 0);
    assert_eq!(cloud.get("/purchases", Some(&key)).await.0, 401);
}

#[tokio::test]
async fn errors_are_problem_documents() {
    let cloud = LocalCloud::running().await;
    assert_eq!(cloud.get("/healthz", None).await, (200, r#"{"status":"ok"}"#.to_owned()));
    for (path, status) in
        [("/signals?limit=0", 400), ("/signals?limit=abc", 400), ("/nothing", 404), ("/purchases", 401)]
    {
        let (got, body) = cloud.get(path, None).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((got, body["status"].as_u64()), (status, Some(u64::from(status))), "{path}: {body}");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{path}: {body}");
    }
}
