//! The operator's command, run as a person would run it.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::{Command, Output};

use crate::local_cloud::LocalCloud;

/// What a run of the command ended with.
#[derive(Debug)]
pub struct Run {
    /// The exit code; -1 when it was killed.
    pub code: i32,
    /// What it wrote on standard output.
    pub stdout: String,
    /// What it wrote on standard error.
    pub stderr: String,
}

/// The command, set to the stack under test.
///
/// # Panics
/// When this is not a test that cargo runs.
pub fn command(cloud: &LocalCloud) -> Command {
    let mut command = Command::new(binary("shopwatch"));
    command.args(["--stack", &cloud.stack]).env("SHOPWATCH_URL", &cloud.url);
    command
}

/// Runs `shopwatch ARGUMENTS…` against the stack under test.
///
/// # Panics
/// When the command cannot be started: `scripts/test` builds it.
pub fn shopwatch(cloud: &LocalCloud, arguments: &[&str]) -> Run {
    shopwatch_with(cloud, "", arguments)
}

/// As [`shopwatch`], with this key of the API.
///
/// # Panics
/// When the command cannot be started: `scripts/test` builds it.
pub fn shopwatch_with(cloud: &LocalCloud, key: &str, arguments: &[&str]) -> Run {
    let output = command(cloud).env("SHOPWATCH_KEY", key).args(arguments).output();
    let output = output.expect("the shopwatch binary beside the tests");
    let Output { status, stdout, stderr } = output;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs `shopwatch ARGUMENTS…`, which has to succeed.
///
/// # Panics
/// When it does not.
pub fn run(cloud: &LocalCloud, arguments: &[&str]) -> Run {
    let run = shopwatch(cloud, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    run
}

/// A new API key with the scope `purchases`.
///
/// # Panics
/// When it cannot be made.
pub fn api_key(cloud: &LocalCloud) -> String {
    let key = run(cloud, &["keys", "create", "--name", "test", "--scope", "purchases"]).stdout;
    key.trim().to_owned()
}

/// The binary that cargo built beside the tests, which run from `target/debug/deps/`.
///
/// # Panics
/// When this is not a test that cargo runs.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.ancestors().nth(2).expect("target/debug").join(name)
}
