//! The files of the demo, and the help's example.

use super::*;

fn text(name: &str) -> Vec<u8> {
    std::fs::read(::tests::root().join("scripts/demo").join(name)).unwrap()
}

#[test]
fn the_demos_files_are_right() {
    let monitors =
        read("monitors.yaml", &text("monitors.yaml"), no_variables).unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<&str> = monitors.iter().map(|monitor| monitor.name.as_str()).collect();
    assert_eq!(names, ["Front page", "Item", "Checkout", "Stock", "Nightly export"]);
    let windows = crate::maintenance::read("maintenance.yaml", &text("maintenance.yaml")).unwrap();
    for parent in windows.iter().flat_map(|window| &window.monitors) {
        assert!(names.contains(&parent.name.as_str()), "{parent:?}");
    }
    assert!(plan(&monitors, &there(&[]), false).is_ok());
}

#[test]
fn the_examples_of_the_help_are_right() {
    use clap::CommandFactory as _;

    let mut command = crate::cli::Cli::command();
    let mut example = |path: [&str; 2], key: &str| {
        let found =
            path.into_iter().fold(&mut command, |command, name| command.find_subcommand_mut(name).unwrap());
        let help = found.get_after_help().unwrap().to_string();
        let begins = help.find(&format!("  {key}:\n")).unwrap();
        let lines = help[begins..].lines().take_while(|line| line.starts_with("  "));
        lines.map(|line| format!("{}\n", &line[2..])).collect::<String>()
    };
    let file = example(["monitors", "apply"], "monitors");
    let token = |name: &str| (name == "STOCK_TOKEN").then(|| "x".to_owned());
    assert_eq!(read("help", file.as_bytes(), token).unwrap_or_else(|error| panic!("{error}")).len(), 6);
    let file = example(["maintenance", "apply"], "windows");
    assert_eq!(crate::maintenance::read("help", file.as_bytes()).unwrap().len(), 2);
}
