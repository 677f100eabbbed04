//! A monitor for the tests of this crate.

use crate::monitor::{Check, HttpCheck, Monitor, MonitorId, ShardId};

/// A monitor of shard 0 with nothing special about it.
pub(crate) fn monitor(suffix: &str) -> Monitor {
    let check = Check::Http(Box::new(HttpCheck::of("http://shop.example/".parse().unwrap())));
    let id = MonitorId::new(ShardId(0), suffix).unwrap();
    Monitor::of(id, "Shop".parse().unwrap(), check, "us-east-1".parse().unwrap())
}
