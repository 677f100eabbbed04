//! Uploads that do not load, under the roles of the deployed stack: objects that are gone, and files of which a dry run
//! says the same as the ledger afterwards.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use shared::import::{Import, ImportState, ObjectVersion};
use shared::store::{ImportsTable, ReadImports as _};
use tests::local_cloud::LocalCloud;
use tests::operator::{binary, shopwatch};

const ROW: &str = "ada@shop.example,7,1,12.50,2026-01-05T10:00:00\r\n";

/// Tells the deployed `etl` of this version of an object, with the tag it had, and answers what the ledger says then.
async fn announced(cloud: &LocalCloud, key: &str, version: Option<&str>, tag: &str) -> Import {
    let mut event = tests::event("s3-put");
    let uploaded = &mut event["Records"][0]["s3"];
    uploaded["bucket"]["name"] = cloud.bucket().await.into();
    uploaded["object"]["key"] = key.into();
    uploaded["object"]["eTag"] = tag.into();
    match version {
        Some(version) => uploaded["object"]["versionId"] = version.into(),
        None => drop(uploaded["object"].as_object_mut().unwrap().remove("versionId")),
    }
    let lambda = aws_sdk_lambda::Client::new(&cloud.aws);
    let payload = Blob::new(serde_json::to_vec(&event).unwrap());
    let answer = lambda.invoke().function_name(cloud.name("etl")).payload(payload).send().await.unwrap();
    assert_eq!(answer.function_error, None, "{:?}", answer.payload);
    let ledger = ImportsTable::new(aws_sdk_dynamodb::Client::new(&cloud.aws), cloud.name("imports"));
    // Without a version an object is known by its tag.
    let version = version.map_or_else(|| format!("null-{tag}"), str::to_owned);
    let object = ObjectVersion { key: key.to_owned(), version };
    ledger.import(&object).await.unwrap().unwrap_or_else(|| panic!("no import of {object:?}"))
}

#[tokio::test]
async fn an_object_that_is_gone_or_replaced_ends_as_failed_and_says_so() {
    let cloud = LocalCloud::running().await;
    let (s3, bucket) = (cloud.s3(), cloud.bucket().await);
    let put = async |key: &str, body: String| {
        let put = s3.put_object().bucket(&bucket).key(key).content_type("text/csv");
        put.body(body.into_bytes().into()).send().await.unwrap()
    };
    let other = put("purchases/other.csv", ROW.repeat(2)).await;
    let (version, tag) = (other.version_id.unwrap(), other.e_tag.unwrap().replace('"', ""));
    // A version that this key does not have, or not any more.
    let never = announced(&cloud, "purchases/never.csv", Some(&version), &tag).await;
    assert_eq!((never.state, never.counts.loaded), (ImportState::Failed, 0));
    let message = never.message.unwrap();
    assert!(message.contains("deleted before it could be read"), "{message}");

    let first = put("purchases/replaced.csv", ROW.repeat(3)).await.e_tag.unwrap().replace('"', "");
    let second = put("purchases/replaced.csv", ROW.repeat(4)).await.e_tag.unwrap().replace('"', "");
    assert_ne!(first, second);
    let replaced = announced(&cloud, "purchases/replaced.csv", None, &first).await;
    assert_eq!((replaced.state, replaced.counts.loaded), (ImportState::Failed, 0));
    let message = replaced.message.unwrap();
    assert!(message.contains("replaced before it could be read"), "{message}");
}

#[tokio::test]
async fn a_dry_run_says_what_the_ledger_says_afterwards() {
    let cloud = LocalCloud::running().await;
    let folder = tempfile::tempdir().unwrap();
    let header = "email,item_id,quantity,price,purchase_date\r\n";
    let bad = "ada@shop.example,none,1,12.50,2026-01-05T10:00:00\r\n";
    let mut cut = GzEncoder::new(Vec::new(), Compression::fast());
    for n in 0..20_000 {
        write!(cut, "ada{n}@shop.example,7,1,12.50,2026-01-05T10:00:00\r\n").unwrap();
    }
    let mut cut = cut.finish().unwrap();
    cut.truncate(cut.len() / 2);
    for (name, bytes, state) in [
        ("header", header.as_bytes().to_vec(), "loaded"),
        ("good", ROW.as_bytes().to_vec(), "loaded"),
        ("half", format!("{ROW}{bad}").into_bytes(), "loaded_with_rejects"),
        ("bad", bad.as_bytes().to_vec(), "refused"),
        ("columns", b"name,age\r\nada,36\r\n".to_vec(), "refused"),
        ("latin-1", b"jos\xe9@shop.example,7,1,12.50,2026-01-05T10:00:00\r\n".to_vec(), "refused"),
        ("cut", cut, "failed"),
    ] {
        let file = folder.path().join(format!("{name}.csv"));
        std::fs::write(&file, &bytes).unwrap();
        let file = file.to_str().unwrap();
        let key = format!("purchases/dry-run-{name}.csv");
        let dry = shopwatch(&cloud, &["import", "--dry-run", file, "--key", &key]);
        let import = shopwatch(&cloud, &["import", file, "--key", &key]);
        let shown = format!("{name}: {}{}\n{}{}", dry.stdout, dry.stderr, import.stdout, import.stderr);
        assert!(dry.stdout.starts_with(&format!("would be {state} ")), "{shown}");
        assert!(import.stdout.starts_with(&format!("{state} ")), "{shown}");
        assert_eq!(dry.code, import.code, "{shown}");
        let message = |text: &str| {
            let line = text.lines().find_map(|line| line.trim_start().strip_prefix("message"));
            line.map(|message| message.trim().to_owned())
        };
        assert_eq!(message(&dry.stdout), message(&import.stdout), "{shown}");
        assert_eq!(message(&dry.stdout).is_some(), !["good", "half"].contains(&name), "{shown}");
    }
}

/// Whoever chooses the plain hash reads in the log why not to.
#[tokio::test]
async fn the_plain_hash_is_warned_of() {
    for (method, warned) in [("sha1", true), ("hmac", false)] {
        let mut etl = Command::new(binary("etl"));
        etl.env_clear().stdout(Stdio::piped()).stderr(Stdio::null());
        let tables = [
            "PURCHASES_TABLE",
            "IMPORTS_TABLE",
            "UPLOADS_BUCKET",
            "PII_SECRET",
            "STACK_NAME",
            "ROLLUP_FUNCTION",
        ];
        etl.envs(tables.map(|name| (name, "nothing")));
        etl.envs([("SHOP_TIME_ZONE", "UTC"), ("CSV_COLUMNS", "{}"), ("CSV_DELIMITER", "auto")]);
        etl.envs([("MAX_REJECTED_PERCENT", "50"), ("AWS_REGION", "us-east-1")]);
        // Nobody hands out work: the runtime ends.
        let lambda =
            [("RUNTIME_API", "127.0.0.1:9"), ("FUNCTION_NAME", "etl"), ("FUNCTION_MEMORY_SIZE", "512")];
        etl.envs(lambda.map(|(name, value)| (format!("AWS_LAMBDA_{name}"), value)));
        etl.envs([
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("PII_METHOD", method),
        ]);
        let mut process = etl.spawn().unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while process.try_wait().unwrap().is_none() && std::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let _ = process.kill();
        let logged = String::from_utf8(process.wait_with_output().unwrap().stdout).unwrap();
        let warnings = logged.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut warnings = warnings.filter(|line| line["level"] == "WARN");
        assert_eq!(
            warnings.any(|line| line.to_string().contains("hashed without a key")),
            warned,
            "{logged}"
        );
    }
}
