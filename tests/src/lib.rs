//! What the tests of several crates share: the stores in memory, the sample events, the local cloud.

pub mod analytics;
pub mod clone;
pub mod demo_shop;
pub mod everything;
pub mod example;
pub mod export;
pub mod fed;
pub mod local_cloud;
pub mod logged;
pub mod memory;
pub mod operator;
pub mod stream;
pub mod trends;

use std::path::{Path, PathBuf};

/// The project's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The sample event `events/<name>.json`.
///
/// # Panics
/// When there is no such file, or it is not JSON.
pub fn event(name: &str) -> serde_json::Value {
    let path = root().join("events").join(format!("{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
