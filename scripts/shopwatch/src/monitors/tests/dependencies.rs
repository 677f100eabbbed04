//! Monitors that depend on others.

use ::tests::memory::Memory;
use proptest::prelude::*;
use shared::monitor::MonitorId;

use super::{plan as plan_of, *};

async fn applied(memory: &Memory, file: &[Wanted]) -> Result<Applied, String> {
    apply(memory, memory, file, &region(), &mut rand::rng()).await.map_err(|error| error.to_string())
}

fn parents(memory: &Memory, name: &str) -> Vec<String> {
    let tables = memory.tables();
    let name_of = |id: &MonitorId| tables.monitors[id].name.to_string();
    let monitor = tables.monitors.values().find(|monitor| monitor.name.as_str() == name).unwrap();
    monitor.depends_on.iter().map(name_of).collect()
}

#[tokio::test]
async fn names_of_the_file_and_of_the_table_become_ids() {
    let memory = Memory::default();
    applied(&memory, &[wanted("Database")]).await.unwrap();
    applied(&memory, &[child("Shop", &["Database", "Gateway"]), wanted("Gateway")]).await.unwrap();
    assert_eq!(parents(&memory, "Shop"), ["Database", "Gateway"]);
    let again = applied(&memory, &[child("Shop", &["Database", "Gateway"])]).await.unwrap();
    assert_eq!(again.outcomes[0].difference, Difference::Unchanged);
    applied(&memory, &[wanted("Shop")]).await.unwrap();
    assert!(parents(&memory, "Shop").is_empty(), "where the file is silent, none");
}

#[tokio::test]
async fn who_does_not_exist_is_told() {
    let memory = Memory::default();
    let file = [child("Shop", &["Databse", "Shop 2", "Shop 2"]), wanted("Shop 2")];
    insta::assert_snapshot!(applied(&memory, &file).await.unwrap_err(), @r#"
    2 problems, so nothing was written
      line 7: monitors[0].depends_on[0]: expected a monitor of the file or of the table, got "Databse"
      line 7: monitors[0].depends_on[2]: expected each parent once, got "Shop 2" again
    "#);
    assert!(memory.tables().monitors.is_empty());
}

#[tokio::test]
async fn circles_are_refused() {
    let memory = Memory::default();
    insta::assert_snapshot!(applied(&memory, &[child("Shop", &["Shop"])]).await.unwrap_err(), @"
    1 problem, so nothing was written
      line 7: monitors[0].depends_on[0]: expected no circle, got Shop → Shop
    ");
    let file = [child("A", &["B"]), child("B", &["C"]), child("C", &["A"]), child("D", &["A"])];
    insta::assert_snapshot!(applied(&memory, &file).await.unwrap_err(), @"
    1 problem, so nothing was written
      line 7: monitors[0].depends_on[0]: expected no circle, got A → B → C → A
    ");

    applied(&memory, &[wanted("Root"), child("Middle", &["Root"])]).await.unwrap();
    let closing = applied(&memory, &[child("Root", &["Middle"])]).await;
    insta::assert_snapshot!(closing.unwrap_err(), @"
    1 problem, so nothing was written
      line 7: monitors[0].depends_on[0]: expected no circle, got Root → Middle → Root
    ");
    applied(&memory, &[child("Root", &["Middle"]), wanted("Middle")]).await.unwrap();
    assert_eq!(parents(&memory, "Root"), ["Middle"], "turned around");
}

#[test]
fn a_long_chain_is_walked() {
    let file: Vec<Wanted> = (0..MAX_MONITORS)
        .map(|number| {
            child(&format!("M{number}"), if number == 0 { vec![] } else { vec!["PARENT"] }.as_slice())
        })
        .enumerate()
        .map(|(number, mut wanted)| {
            for parent in &mut wanted.depends_on {
                parent.name = format!("M{}", number - 1).parse().unwrap();
            }
            wanted
        })
        .collect();
    assert!(plan_of(&file, &[], &region(), &none(), now(), &mut rand::rng()).is_ok());
}

proptest! {
    #[test]
    fn a_file_is_refused_exactly_when_it_has_a_circle(edges in proptest::collection::btree_set((0usize..12, 0usize..12), 0..16)) {
        let name = |number: usize| format!("M{number}");
        let file: Vec<Wanted> = (0..12)
            .map(|number| {
                let parents: Vec<String> =
                    edges.iter().filter(|(child, _)| *child == number).map(|(_, parent)| name(*parent)).collect();
                child(&name(number), &parents.iter().map(String::as_str).collect::<Vec<_>>())
            })
            .collect();
        // Whoever has no parent that is left is taken away, until nobody is, or nobody can be.
        let mut left: Vec<usize> = (0..12).collect();
        loop {
            let before = left.len();
            let here = left.clone();
            left.retain(|number| edges.iter().any(|(child, parent)| child == number && here.contains(parent)));
            if left.len() == before {
                break;
            }
        }
        let plan = plan_of(&file, &[], &region(), &none(), now(), &mut rand::rng());
        prop_assert_eq!(plan.is_ok(), left.is_empty());
    }
}
