//! Monitors that depend on others.

use proptest::prelude::*;
use shared::monitor::MonitorId;

use super::installed::Installed;
use super::*;

async fn applied(installed: &Installed, file: &[Wanted]) -> Result<Vec<Difference>, String> {
    let plan = plan(file, &installed.there().await, false).map_err(|problems| problems.to_string())?;
    let applied = apply(installed, file, &plan, |_| ()).await.unwrap();
    assert!(!applied.is_incomplete(), "{applied:?}");
    Ok(applied.outcomes.into_iter().map(|outcome| outcome.difference).collect())
}

fn parents(installed: &Installed, name: &str) -> Vec<String> {
    let tables = installed.memory.tables();
    let name_of = |id: &MonitorId| tables.monitors[id].name.to_string();
    let monitor = tables.monitors.values().find(|monitor| monitor.name.as_str() == name).unwrap();
    monitor.depends_on.iter().map(name_of).collect()
}

#[tokio::test]
async fn names_of_the_file_and_of_the_installation_become_ids() {
    let installed = Installed::new().await;
    applied(&installed, &[wanted("Database")]).await.unwrap();
    applied(&installed, &[child("Shop", &["Database", "Gateway"]), wanted("Gateway")]).await.unwrap();
    assert_eq!(parents(&installed, "Shop"), ["Database", "Gateway"]);
    let again = applied(&installed, &[child("Shop", &["Database", "Gateway"])]).await.unwrap();
    assert_eq!(again, [Difference::Unchanged]);
    applied(&installed, &[wanted("Shop")]).await.unwrap();
    assert!(parents(&installed, "Shop").is_empty(), "where the file is silent, none");
}

#[tokio::test]
async fn who_does_not_exist_is_told() {
    let installed = Installed::new().await;
    let file = [child("Shop", &["Databse", "Shop 2", "Shop 2"]), wanted("Shop 2")];
    insta::assert_snapshot!(applied(&installed, &file).await.unwrap_err(), @r#"
    2 problems, so nothing was written
      line 7: monitors[0].depends_on[0]: expected a monitor of the file or of the installation, got "Databse"
      line 7: monitors[0].depends_on[2]: expected each parent once, got "Shop 2" again
    "#);
    assert!(installed.memory.tables().monitors.is_empty());
}

#[tokio::test]
async fn circles_are_refused() {
    let installed = Installed::new().await;
    insta::assert_snapshot!(applied(&installed, &[child("Shop", &["Shop"])]).await.unwrap_err(), @"
    1 problem, so nothing was written
      line 7: monitors[0].depends_on[0]: expected no circle, got Shop → Shop
    ");
    let file = [child("A", &["B"]), child("B", &["C"]), child("C", &["A"]), child("D", &["A"])];
    insta::assert_snapshot!(applied(&installed, &file).await.unwrap_err(), @"
    1 problem, so nothing was written
      line 7: monitors[0].depends_on[0]: expected no circle, got A → B → C → A
    ");

    applied(&installed, &[wanted("Root"), child("Middle", &["Root"])]).await.unwrap();
    let closing = applied(&installed, &[child("Root", &["Middle"])]).await;
    insta::assert_snapshot!(closing.unwrap_err(), @"
    1 problem, so nothing was written
      line 7: monitors[0].depends_on[0]: expected no circle, got Root → Middle → Root
    ");
    applied(&installed, &[child("Root", &["Middle"]), wanted("Middle")]).await.unwrap();
    assert_eq!(parents(&installed, "Root"), ["Middle"], "turned around");
}

#[tokio::test]
async fn a_chain_that_is_turned_around_closes_no_circle_on_the_way() {
    let installed = Installed::new().await;
    let chain = |names: [&str; 5]| -> Vec<Wanted> {
        let with_parent = |at: usize| child(names[at], if at == 0 { &[] } else { &names[at - 1..at] });
        (0..names.len()).map(with_parent).collect()
    };
    applied(&installed, &chain(["A", "B", "C", "D", "E"])).await.unwrap();
    // In the file's order, the first change would meet its own child above it.
    let mut file = chain(["E", "D", "C", "B", "A"]);
    file.reverse();
    let changed = applied(&installed, &file).await.unwrap();
    assert!(changed.iter().all(|difference| matches!(difference, Difference::Changed(_))), "{changed:?}");
    assert_eq!(parents(&installed, "A"), ["B"]);
}

#[tokio::test]
async fn whoever_is_deleted_is_no_parent() {
    let installed = Installed::new().await;
    applied(&installed, &[wanted("Database"), wanted("Shop")]).await.unwrap();
    let file = [child("Shop", &["Database"])];
    let problems = plan(&file, &installed.there().await, true).unwrap_err().to_string();
    assert!(problems.contains("expected a monitor of the file or of the installation"), "{problems}");
    assert!(plan(&file, &installed.there().await, false).is_ok());
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
    let plan = plan(&file, &there(&[]), false).unwrap();
    assert!(plan.steps.iter().enumerate().all(|(number, step)| step.level == number));
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
        let plan = plan(&file, &there(&[]), false);
        prop_assert_eq!(plan.is_ok(), left.is_empty());
    }
}
