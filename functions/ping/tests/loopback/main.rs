//! The checker and the handler against web servers on loopback, and against networks that only exist on paper.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings are broken has failed")]

mod budget;
mod handler;
mod hedge;
mod hostile;
mod paper;
mod redirects;
mod server;
mod ssrf;
mod tls;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use ping::connect::TcpConnector;
use ping::resolve::SystemResolver;
use ping::tls::of_the_web;
use ping::{Checker, Finding, Guard, Limits};
use shared::monitor::TargetUrl;
use shared::signal::{Outcome, Reason};

/// Room enough on a busy machine, with retries that do not wait.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(2),
    patience: Duration::from_secs(3),
    total: Duration::from_secs(5),
    retries: 2,
    backoff: Duration::from_millis(1),
};

/// A checker that may reach loopback.
fn checker(limits: Limits) -> Arc<Checker> {
    let guard = Guard::new(true, None);
    let resolver = SystemResolver::new().unwrap();
    Arc::new(Checker::with(resolver, TcpConnector, guard, of_the_web().unwrap(), limits))
}

fn target(url: &str) -> TargetUrl {
    url.parse().unwrap()
}

async fn check(url: &str) -> Finding {
    checker(LIMITS).check(&target(url)).await
}

fn down(reason: Reason) -> Outcome {
    Outcome::Down(reason)
}
