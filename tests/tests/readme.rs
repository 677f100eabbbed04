//! Every command of the README's `sh` blocks, run as it stands, in a folder that looks like a fresh clone.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use tests::clone::{Clone, written};

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

#[test]
fn every_command_of_the_readme_works() {
    let commands = commands(&fs::read_to_string(tests::root().join("README.md")).unwrap());
    assert!(commands.contains("./scripts/up\n") && commands.contains("./scripts/down\n"), "{commands}");
    let clone = Clone::new();
    let run = clone.bash(&format!("set -x\n{commands}"), &[]);
    let cleaned = clone.bash("./scripts/down --purge", &[]);
    assert!(run.status.success(), "{}", written(&run));
    assert!(cleaned.status.success(), "{}", written(&cleaned));
}
