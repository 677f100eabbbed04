//! Every command of the README's `sh` blocks, run as it stands, in a folder that looks like a fresh clone.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tests::operator::binary;

/// The commands between the README's fences "```sh" and "```", but for the one that runs this test.
fn commands(readme: &str) -> String {
    let mut commands = String::new();
    for block in readme.split("```sh\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        commands
            .extend(block.lines().filter(|line| *line != "./scripts/test").map(|line| format!("{line}\n")));
    }
    commands
}

/// A folder with everything a clone has, and with what is built already.
fn clone_of(root: &Path, folder: &Path) {
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        if ![".git", ".local", "target"].contains(&entry.file_name().to_str().unwrap()) {
            symlink(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
    fs::create_dir(folder.join("target")).unwrap();
    symlink(binary("shopwatch").parent().unwrap(), folder.join("target/debug")).unwrap();
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

#[test]
fn every_command_of_the_readme_works() {
    let root = tests::root().canonicalize().unwrap();
    let commands = commands(&fs::read_to_string(root.join("README.md")).unwrap());
    assert!(commands.contains("./scripts/up\n") && commands.contains("./scripts/down\n"), "{commands}");

    let folder = tempfile::tempdir().unwrap();
    clone_of(&root, folder.path());
    let ports = (free_port(), free_port());
    let bash = |script: &str| {
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-x", "-c", script]).current_dir(folder.path());
        for (name, _) in std::env::vars()
            .filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("SHOPWATCH_TEST_"))
        {
            bash.env_remove(name);
        }
        if std::env::var_os("SHOPWATCH_VENVS").is_none() {
            bash.env("SHOPWATCH_VENVS", root.join(".local/venv"));
        }
        bash.env("SHOPWATCH_PORT", &ports.0).env("SHOPWATCH_SHOP_PORT", &ports.1).output().unwrap()
    };
    let run = bash(&commands);
    let cleaned = bash("./scripts/down --purge");
    let shown = |output: &std::process::Output| {
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    assert!(run.status.success(), "{}", shown(&run));
    assert!(cleaned.status.success(), "{}", shown(&cleaned));
}
