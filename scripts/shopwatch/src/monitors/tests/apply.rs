//! Files applied to an installation, alone and against others.

use ::tests::memory::Memory;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::monitor::Monitor;
use shared::store::Broken;

use super::installed::Installed;
use super::*;
use crate::api::{Answer, Api};

#[tokio::test]
async fn applying_says_what_it_does_and_twice_does_nothing() {
    let installed = Installed::new().await;
    let mut file = vec![wanted("Shop"), Wanted { public: false, ..wanted("Checkout") }];
    insta::assert_snapshot!(installed.told(&file, false).await, @"
    + create   Shop
    + create   Checkout  (private: not on the status page)
    plan: 2 to create, 0 to change, 0 to delete, 0 unchanged
    created  ID  Shop
    created  ID  Checkout
    done: 2 created, 0 changed, 0 deleted, 0 unchanged
    ");
    let tables = installed.memory.tables().monitors.clone();
    assert!(tables.values().all(|monitor| monitor.regions == [region()]));

    insta::assert_snapshot!(installed.told(&file, false).await, @"
    plan: 0 to create, 0 to change, 0 to delete, 2 unchanged
    done: 0 created, 0 changed, 0 deleted, 2 unchanged
    ");
    assert_eq!(installed.memory.tables().monitors, tables);
    assert_eq!(
        installed.asked.lock().unwrap().as_slice(),
        ["POST /api/monitor/bulk"],
        "asked for nothing again"
    );

    file.remove(0);
    file[0] = Wanted {
        check: check("https://shop.example/checkout"),
        interval_minutes: 5.try_into().unwrap(),
        ..wanted("Checkout")
    };
    insta::assert_snapshot!(installed.told(&file, false).await, @"
    ~ change   ID  Checkout: url https://shop.example/ → https://shop.example/checkout, interval_minutes 1 → 5, public false → true
    plan: 0 to create, 1 to change, 0 to delete, 0 unchanged
    not in the file, left as they are (--prune deletes them):
      ID  Shop
    done: 0 created, 1 changed, 0 deleted, 0 unchanged
    ");
    assert_eq!(installed.names().len(), 2);
    insta::assert_snapshot!(installed.told(&file, true).await, @"
    - delete   ID  Shop
    plan: 0 to create, 0 to change, 1 to delete, 1 unchanged
    done: 0 created, 0 changed, 1 deleted, 1 unchanged
    ");
    assert_eq!(installed.names().into_iter().collect::<Vec<_>>(), ["Checkout"]);
}

/// An installation whose next answers are somebody else's.
struct Contended(Installed, std::sync::Mutex<Vec<(StatusCode, Value)>>);

impl Api for Contended {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        version: Option<u64>,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let next = if method == Method::GET { None } else { self.1.lock().unwrap().pop() };
        match next {
            Some((status, body)) => Ok(Answer { status, body }),
            None => self.0.ask(method, path, version, body).await,
        }
    }
}

fn problem(status: u16, kind: &str) -> (StatusCode, Value) {
    let problem = json!({"type": kind, "title": "", "status": status, "detail": "somebody else was there"});
    (StatusCode::from_u16(status).unwrap(), problem)
}

#[tokio::test(start_paused = true)]
async fn what_others_were_in_the_way_of_is_tried_again() {
    let installed = Installed::new().await;
    let one = json!({"created": [{"problem": problem(409, "changed").1}], "deleted": []});
    let answers = vec![(StatusCode::OK, one), problem(409, "changed")];
    let contended = Contended(installed.clone(), answers.into());
    let file = [wanted("Shop")];
    let applied = apply(&contended, &file, &installed.planned(&file, false).await, |_| ()).await.unwrap();
    assert_eq!(applied.outcomes[0].difference, Difference::Created);
    assert_eq!(installed.names().len(), 1, "once");

    let changed = [Wanted { paused: true, ..wanted("Shop") }];
    let contended = Contended(installed.clone(), vec![problem(409, "changed")].into());
    let applied =
        apply(&contended, &changed, &installed.planned(&changed, false).await, |_| ()).await.unwrap();
    assert_eq!(applied.outcomes[0].difference, Difference::Changed("paused false → true".to_owned()));

    let contended = Contended(installed.clone(), vec![problem(409, "changed")].into());
    let pruned = apply(&contended, &[], &installed.planned(&[], true).await, |_| ()).await.unwrap();
    assert!(!pruned.is_incomplete() && installed.names().is_empty(), "{pruned:?}");
}

#[tokio::test(start_paused = true)]
async fn endless_contention_is_refused() {
    let installed = Installed::new().await;
    let contended = Contended(
        installed.clone(),
        std::iter::repeat_n(problem(409, "changed"), 50).collect::<Vec<_>>().into(),
    );
    let file = many(3);
    let applied = apply(&contended, &file, &installed.planned(&file, false).await, |_| ()).await.unwrap();
    let refused = Difference::Refused("somebody else was there".to_owned());
    assert!(applied.outcomes.iter().all(|outcome| outcome.difference == refused), "{applied:?}");
}

#[tokio::test]
async fn what_somebody_else_changed_since_the_plan_is_left_alone() {
    let installed = Installed::new().await;
    installed.apply(&[wanted("Shop"), wanted("Stock")]).await;
    let file = ["Shop", "Stock"].map(|name| Wanted { paused: true, ..wanted(name) });
    let plan = installed.planned(&file, false).await;
    installed.apply(&[Wanted { public: false, ..wanted("Shop") }]).await;
    let applied = apply(&installed, &file, &plan, |_| ()).await.unwrap();
    let why = "somebody else changed it meanwhile: apply again".to_owned();
    assert_eq!(applied.outcomes[0].difference, Difference::Refused(why));
    assert_eq!(applied.outcomes[1].difference, Difference::Changed("paused false → true".to_owned()));
    let tables = installed.memory.tables();
    let shop = tables.monitors.values().find(|monitor| monitor.name.as_str() == "Shop").unwrap();
    assert!(!shop.public && !shop.paused, "{shop:?}");
}

#[tokio::test]
async fn a_failure_ends_it_and_a_key_that_opens_nothing_is_told() {
    let installed = Installed::new().await;
    for (answer, said) in [
        (problem(401, "key"), "SHOPWATCH_KEY"),
        (problem(403, "scope_missing"), "scopes read and write"),
        (problem(503, "unavailable"), "apply again to go on"),
    ] {
        let contended = Contended(installed.clone(), vec![answer].into());
        let file = [wanted("Shop")];
        let plan = installed.planned(&file, false).await;
        let error = apply(&contended, &file, &plan, |_| ()).await.unwrap_err();
        assert!(format!("{error:#}").contains(said), "{error:#}");
    }
}

#[tokio::test]
async fn what_is_refused_is_told_and_the_rest_is_done() {
    let installed = Installed::new().await;
    let nowhere = Wanted { regions: vec!["ap-south-1".parse().unwrap()], ..wanted("Nowhere") };
    let file = [nowhere, wanted("Shop"), child("Checkout", &["Nowhere"])];
    insta::assert_snapshot!(installed.told(&file, false).await, @"
    + create   Nowhere
    + create   Shop
    + create   Checkout
    plan: 3 to create, 0 to change, 0 to delete, 0 unchanged
    refused  Nowhere: regions: expected some of us-east-1, eu-west-1, got ap-south-1
    created  ID  Shop
    refused  Checkout: depends_on: a monitor that it depends on was not created
    done: 1 created, 0 changed, 0 deleted, 0 unchanged, 2 refused
    ");
    assert_eq!(installed.names().into_iter().collect::<Vec<_>>(), ["Shop"]);
}

#[tokio::test]
async fn a_strangers_monitor_of_the_same_name_is_left_alone() {
    let memory = Memory::default();
    let account = "a-7f3k2a9d0c1b2e4f".parse().unwrap();
    let stranger = Monitor { account, ..::tests::example::monitor("s0-aaaaaa") };
    memory.add_monitors([stranger.clone()]);
    let installed = Installed::over(&memory).await;
    assert_eq!(installed.apply(&[wanted(stranger.name.as_str())]).await, [Difference::Created]);
    installed.told(&[], true).await;
    assert_eq!(memory.tables().monitors.values().collect::<Vec<_>>(), [&stranger]);
}

#[tokio::test]
async fn the_list_is_a_table() {
    let memory = Memory::default();
    memory.add_monitors([Monitor {
        interval_minutes: 5.try_into().unwrap(),
        regions: vec![region(), "eu-west-1".parse().unwrap()],
        ..::tests::example::monitor("s0-7f3k2a")
    }]);
    memory.tables().broken.push(Broken { id: "s0-bbbbbb".into(), why: "no \u{1b}[2J url".into() });
    let mut out = Vec::new();
    list(&stored(&memory).await.unwrap(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
    ID         NAME  KIND  TARGET                INTERVAL  REGIONS              PUBLIC  PAUSED
    s0-7f3k2a  Shop  http  http://shop.example/  5 min     us-east-1,eu-west-1  no      no
    cannot be read, left as they are and not checked:
      s0-bbbbbb  no �[2J url
    ");
}
