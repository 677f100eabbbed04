//! Monitors with nothing special about them, for tests to change.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use shared::monitor::{Check, HttpCheck, Monitor};

/// A private monitor of this id, checked every minute from `us-east-1`.
///
/// # Panics
/// When that is no id.
pub fn monitor(id: &str) -> Monitor {
    monitor_of(id, "http://shop.example/")
}

/// A private monitor of this id and URL, checked every minute from `us-east-1`.
///
/// # Panics
/// When that is no id or no URL.
pub fn monitor_of(id: &str, url: &str) -> Monitor {
    let check = Check::Http(Box::new(HttpCheck::of(url.parse().expect("a URL"))));
    let region = "us-east-1".parse().expect("a region");
    Monitor::of(id.parse().expect("an id"), "Shop".parse().expect("a name"), check, region)
}
