//! Files read, plans made, monitors applied: without AWS.

mod apply;
mod file;
mod plan;

use shared::monitor::Region;

use super::*;

fn region() -> Region {
    "us-east-1".parse().unwrap()
}

fn wanted(name: &str) -> Wanted {
    Wanted {
        name: name.parse().unwrap(),
        url: "https://shop.example/".parse().unwrap(),
        interval_minutes: Default::default(),
        public: true,
    }
}

fn many(count: usize) -> Vec<Wanted> {
    (0..count).map(|number| wanted(&format!("Monitor {number}"))).collect()
}
