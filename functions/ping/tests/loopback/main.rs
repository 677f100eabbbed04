//! The checker and the handler against web servers on loopback, and against networks that only exist on paper.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings are broken has failed")]

mod browser;
mod budget;
mod dns;
mod doubt;
mod expect;
mod handler;
mod heartbeat;
mod hedge;
mod hostile;
mod ip;
mod means;
mod methods;
mod out_of_turn;
mod paper;
mod redirects;
mod secrets;
mod server;
mod shards;
mod ssrf;
mod tcp;
mod tls;
mod tls_check;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use ping::connect::TcpConnector;
use ping::resolve::SystemResolver;
use ping::tls::of_the_web;
use ping::{Checker, Finding, Guard, Job, Limits};
use shared::monitor::Monitor;
use shared::monitor::{Check, HttpCheck};
use shared::signal::{Outcome, Reason};
use tests::example::{monitor, monitor_of};

/// Room enough on a busy machine, with retries that do not wait.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(2),
    patience: Duration::from_secs(3),
    total: Duration::from_secs(5),
    backoff: Duration::from_millis(1),
};

/// A checker that may reach loopback.
fn checker(limits: Limits) -> Arc<Checker> {
    let guard = Guard::new(true, None);
    let resolver = SystemResolver::new().unwrap();
    Arc::new(Checker::with(resolver, TcpConnector, guard, of_the_web().unwrap(), limits))
}

/// A look at this URL.
fn target(url: &str) -> Job {
    Job::of(monitor_of("s0-aaaaaa", url))
}

/// A look of this kind: `{"kind": "tcp", …}`.
fn job(check: serde_json::Value) -> Job {
    Job::of(Monitor { check: serde_json::from_value(check).unwrap(), ..monitor("s0-aaaaaa") })
}

/// A look at this URL by a check that is special in some way.
fn target_with(url: &str, change: impl FnOnce(&mut HttpCheck)) -> Job {
    let mut monitor = monitor_of("s0-aaaaaa", url);
    if let Check::Http(check) = &mut monitor.check {
        change(check);
    }
    Job::of(monitor)
}

async fn check(url: &str) -> Finding {
    checker(LIMITS).check(&target(url)).await
}

fn down(reason: Reason) -> Outcome {
    Outcome::Down(reason)
}
