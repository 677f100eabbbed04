//! Files read, plans made, monitors applied: without AWS.

mod apply;
mod credentials;
mod demo;
mod dependencies;
mod export;
mod file;
mod installed;
mod kinds;
mod plan;
mod scale;
mod write;

use shared::monitor::{Check, HttpCheck, Region};

use super::*;

fn region() -> Region {
    "us-east-1".parse().unwrap()
}

fn check(url: &str) -> Check {
    Check::Http(Box::new(HttpCheck::of(url.parse().unwrap())))
}

fn wanted(name: &str) -> Wanted {
    Wanted { public: true, ..Wanted::of(name.parse().unwrap(), check("https://shop.example/")) }
}

fn many(count: usize) -> Vec<Wanted> {
    (0..count).map(|number| wanted(&format!("Monitor {number}"))).collect()
}

/// A monitor that depends on these.
fn child(name: &str, parents: &[&str]) -> Wanted {
    let parent = |(index, name): (usize, &&str)| Parent {
        name: name.parse().unwrap(),
        line: 7,
        place: format!("monitors[0].depends_on[{index}]"),
    };
    Wanted { depends_on: parents.iter().enumerate().map(parent).collect(), ..wanted(name) }
}

/// An installation that watches these.
fn there(monitors: &[shared::monitor::Monitor]) -> Installation {
    let there =
        |monitor: &shared::monitor::Monitor| There { monitor: monitor.clone(), has_credentials: false };
    Installation { home: region(), monitors: monitors.iter().map(there).collect() }
}

fn no_variables(_: &str) -> Option<String> {
    None
}

fn problems(text: &str) -> String {
    read("monitors.yaml", text.as_bytes(), no_variables).unwrap_err().to_string()
}

fn read_one(fields: &str) -> Wanted {
    let text = format!("monitors:\n  - {{name: Shop, {fields}}}\n");
    let mut monitors =
        read("monitors.yaml", text.as_bytes(), no_variables).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(monitors.len(), 1);
    monitors.remove(0)
}
