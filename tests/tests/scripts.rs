//! What the scripts say when they are asked for help, or given something wrong.

use std::net::TcpListener;

use tests::clone::{Clone, written};

#[test]
fn every_script_has_help_and_refuses_what_it_does_not_know() {
    let clone = Clone::new();
    for script in ["up", "down", "test", "deploy", "bench"] {
        let help = clone.bash(&format!("./scripts/{script} --help"), &[]);
        assert!(help.status.success() && written(&help).starts_with("usage: scripts/"), "{}", written(&help));
    }
    // deploy hands on what it does not know to sam, test to cargo.
    for script in ["up", "down", "bench"] {
        let wrong = clone.bash(&format!("./scripts/{script} --whim"), &[]);
        assert_eq!(wrong.status.code(), Some(2), "{script}: {}", written(&wrong));
        assert!(written(&wrong).contains("--whim"), "{script}: {}", written(&wrong));
    }
}

#[test]
fn a_taken_port_is_named_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let clone = Clone::new();
    for variable in ["SHOPWATCH_PORT", "SHOPWATCH_SHOP_PORT"] {
        let run = clone.bash("./scripts/up", &[(variable, &port)]);
        assert_eq!(run.status.code(), Some(1), "{}", written(&run));
        let expected = format!("error: port {port} is taken by another program. Choose another: {variable}=");
        assert!(written(&run).contains(&expected), "{}", written(&run));
    }
}

#[test]
fn what_a_machine_lacks_is_named_with_how_to_get_it() {
    let clone = Clone::new();
    // A machine with bash and coreutils, but neither cargo nor a compiler.
    let commands =
        r#"bin=$(mktemp -d); ln -s "$(command -v dirname)" "$bin/dirname"; PATH=$bin /bin/bash ./scripts/up"#;
    let run = clone.bash(commands, &[]);
    assert_eq!(run.status.code(), Some(1), "{}", written(&run));
    assert!(written(&run).contains("cargo is missing. Install Rust with rustup"), "{}", written(&run));
}
