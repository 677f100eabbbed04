//! The ledger listed and shown, in memory.

use ::tests::memory::Memory;
use jiff::Timestamp;
use shared::import::{Import, ImportState, ObjectVersion};

use super::*;

fn now() -> Timestamp {
    "2026-11-21T15:00:00Z".parse().unwrap()
}

fn entry(key: &str, version: &str, state: ImportState, started_at: &str) -> Import {
    let object = ObjectVersion { key: key.into(), version: version.into() };
    let started_at: Timestamp = started_at.parse().unwrap();
    let mut import = Import::begun(object, 2_000, "request-1", started_at);
    import.state = state;
    import.counts.rows = 500;
    import.counts.loaded = 498;
    import.counts.bytes = 2_000;
    if state != ImportState::Running {
        import.ended_at = Some("2026-11-21T14:30:02.5Z".parse().unwrap());
        // An earlier attempt took the rest of the time.
        import.duration_ms = Some(1_250);
    }
    import
}

fn memory() -> Memory {
    let memory = Memory::default();
    let mut rejects = entry("purchases/b.csv", "v1", ImportState::LoadedWithRejects, "2026-11-21T14:30:00Z");
    rejects.counts.rejected.extend([("email".to_owned(), 1), ("price".to_owned(), 1)]);
    rejects.rejects_key = Some(rejects.import_id.rejects_key());
    rejects.format = Some("gzip, utf-8, header, delimiter ;".into());
    rejects.counts.bytes = 1_000;
    rejects.counts.text_bytes = 4_000;
    rejects.counts.ambiguous_times = 3;
    rejects.counts.erased = 2;
    rejects.days = vec!["2026-11-20".parse().unwrap(), "2026-11-21".parse().unwrap()];
    rejects.key_id = Some("k1".into());
    rejects.normalisation = Some(1);
    rejects.message = Some("two \u{1b}rows".into());
    let all = [
        rejects,
        entry("purchases/a.csv", "v1", ImportState::Loaded, "2026-11-20T14:00:00Z"),
        entry("purchases/a.csv", "v2", ImportState::Running, "2026-11-21T14:31:00Z"),
        entry("purchases/old.csv", "v1", ImportState::Failed, "2026-10-01T00:00:00Z"),
    ];
    for import in all {
        memory.tables().imports.insert((import.object.key.clone(), import.object.version.clone()), import);
    }
    memory
}

async fn printed(memory: &Memory, month: Option<&str>, state: Option<ImportState>) -> String {
    let month = month.map(|month| month.parse().unwrap());
    let mut out = Vec::new();
    list(&listed(memory, month, state, now()).await.unwrap(), false, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

async fn shown(memory: &Memory, wanted: &str) -> String {
    let import = found(memory, &wanted.parse().unwrap(), now()).await.unwrap();
    let mut out = Vec::new();
    show(&import, now(), false, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn imports_of_a_month_are_listed_newest_first() {
    let memory = memory();
    insta::assert_snapshot!(printed(&memory, None, None).await, @"
    ID            STARTED               STATE                ROWS  LOADED  REJECTED  TOOK         KEY
    c5f9a0faba90  2026-11-21T14:31:00Z  running              500   498     0                      purchases/a.csv
    de9ff119e5a8  2026-11-21T14:30:00Z  loaded_with_rejects  500   498     2         2.500 s      purchases/b.csv
    3300cbd02de7  2026-11-20T14:00:00Z  loaded               500   498     0         88202.500 s  purchases/a.csv
    ");
    let failed = printed(&memory, Some("2026-10-01"), Some(ImportState::Failed)).await;
    assert!(failed.lines().nth(1).unwrap().contains("purchases/old.csv"), "{failed}");
    assert_eq!(printed(&memory, None, Some(ImportState::Failed)).await.lines().count(), 1);
}

#[tokio::test]
async fn json_is_what_the_ledger_holds() {
    let memory = memory();
    let mut out = Vec::new();
    list(&listed(&memory, None, None, now()).await.unwrap(), true, &mut out).unwrap();
    let imports: Vec<Import> = serde_json::from_slice(&out).unwrap();
    assert_eq!(imports.len(), 3);
    assert_eq!(imports[1].counts.rejected_total(), 2);
}

#[tokio::test]
async fn an_import_is_shown_whole() {
    let memory = memory();
    insta::assert_snapshot!(shown(&memory, "b.csv").await, @"
    loaded_with_rejects  purchases/b.csv
      import           de9ff119e5a89995f094015e38c0a4d84def0bd82798000160f9c4a9b389d508
      version          v1
      format           gzip, utf-8, header, delimiter ;
      began            2026-11-21T14:30:00Z
      ended            2026-11-21T14:30:02Z
      took             2.500 s
      bytes            1000 of 2000, 4000 of text
      rows             500 (400 a second)
      loaded           498
      rejected         2
        email          1
        price          1
      rejects          rejects/de9ff119e5a89995f094015e38c0a4d84def0bd82798000160f9c4a9b389d508.csv
      erased           2
      ambiguous times  3
      days             2026-11-20, 2026-11-21
      key              k1, normalisation 1
      message          two �rows
    ");
    let running = shown(&memory, "purchases/a.csv").await;
    assert!(running.contains("v2") && running.contains("ran out at 2026-11-21T14:31:45Z"), "{running}");
    assert!(!running.contains("took"), "{running}");
}

#[test]
fn a_running_import_is_somebodys_or_goes_on_or_is_abandoned() {
    let mut import = entry("purchases/a.csv", "v1", ImportState::Running, "2026-11-21T14:31:00Z");
    let lease = |import: &Import, now: &str| {
        let mut out = Vec::new();
        show(import, now.parse().unwrap(), false, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().find_map(|line| line.trim().strip_prefix("lease")).unwrap().trim().to_owned()
    };
    insta::assert_snapshot!(lease(&import, "2026-11-21T14:31:45Z"), @"until 2026-11-21T14:31:45Z, of request-1");
    insta::assert_snapshot!(lease(&import, "2026-11-21T14:31:46Z"), @"ran out at 2026-11-21T14:31:45Z: nobody is loading it, the hourly sweep takes it up");
    import.owner = shared::import::NOBODY.to_owned();
    insta::assert_snapshot!(lease(&import, "2026-11-21T14:31:46Z"), @"released at 2026-11-21T14:31:45Z: it goes on in another invocation; if none begins within a minute, the hourly sweep takes it up");
}

#[tokio::test]
async fn an_import_is_named_by_its_id_or_the_first_digits_of_it() {
    let memory = memory();
    let import = entry("purchases/old.csv", "v1", ImportState::Failed, "2026-10-01T00:00:00Z");
    let id = import.import_id.to_string();
    for wanted in [id.clone(), short(&import.import_id), "purchases/old.csv".into(), "old.csv".into()] {
        let found = found(&memory, &wanted.parse().unwrap(), now()).await.unwrap();
        assert_eq!(found.import_id.to_string(), id, "{wanted}");
    }
    let error = async |wanted: &str| found(&memory, &wanted.parse().unwrap(), now()).await.unwrap_err();
    insta::assert_snapshot!(error("c.csv").await, @"no import is of the object purchases/c.csv: see `shopwatch imports list`");
    insta::assert_snapshot!(error("0000").await, @"no import has an id that begins with 0000: see `shopwatch imports list`");
    assert!(error(&"0".repeat(64)).await.to_string().contains("no import has the id"));
    // Another import whose id begins in the same way.
    let mut twin = import.clone();
    twin.import_id = format!("{}{}", &id[..12], "0".repeat(52)).parse().unwrap();
    memory.tables().imports.insert(("twin".into(), "v1".into()), twin);
    insta::assert_snapshot!(error(&id[..12]).await, @"2 imports have ids that begin so: give more of the digits");
    assert!(matches!("abc".parse().unwrap(), Wanted::Key(_)), "three digits are too few");
}
