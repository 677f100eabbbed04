//! A folder that looks like a fresh clone, for tests of the scripts: nothing in it is the developer's own stack.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::operator::binary;

/// A clone with what is built already, and with ports of its own.
#[derive(Debug)]
pub struct Clone {
    folder: TempDir,
    ports: [String; 2],
}

impl Clone {
    /// A new clone in a temporary folder.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new() -> Self {
        let root = crate::root().canonicalize().expect("the project");
        let folder = TempDir::new().expect("a temporary folder");
        for entry in fs::read_dir(&root).expect("the project's folder") {
            let entry = entry.expect("an entry");
            if ![".git", ".local", "target"].contains(&entry.file_name().to_string_lossy().as_ref()) {
                symlink(entry.path(), folder.path().join(entry.file_name())).expect("a link");
            }
        }
        fs::create_dir(folder.path().join("target")).expect("a folder");
        let built = binary("shopwatch");
        symlink(built.parent().expect("target/debug"), folder.path().join("target/debug")).expect("a link");
        Self { folder, ports: free_ports() }
    }

    /// Runs bash commands in the clone, as a person who has no AWS settings would.
    ///
    /// # Panics
    /// When there is no bash.
    pub fn bash(&self, commands: &str, variables: &[(&str, &str)]) -> Output {
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", commands]).current_dir(self.folder.path());
        for (name, _) in std::env::vars() {
            if name.starts_with("AWS_") || name.starts_with("SHOPWATCH_TEST_") {
                bash.env_remove(name);
            }
        }
        if std::env::var_os("SHOPWATCH_VENVS").is_none() {
            bash.env(
                "SHOPWATCH_VENVS",
                crate::root().canonicalize().expect("the project").join(".local/venv"),
            );
        }
        bash.env("SHOPWATCH_PORT", &self.ports[0]).env("SHOPWATCH_SHOP_PORT", &self.ports[1]);
        bash.envs(variables.iter().copied()).output().expect("bash")
    }
}

impl Default for Clone {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything a run has written.
pub fn written(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Ports below the range that Linux takes for outgoing connections, which could take them back before they are used.
fn free_ports() -> [String; 2] {
    let start = RandomState::new().hash_one(0) % 12_000;
    let mut free = (0..12_000)
        .filter_map(|offset| u16::try_from(20_000 + (start + offset) % 12_000).ok())
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .map(|port| port.to_string());
    std::array::from_fn(|_| free.next().expect("a free port"))
}
