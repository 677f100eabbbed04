//! The `shopwatch` binary: arguments in, exit code out.

use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = shopwatch::cli::Cli::parse();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(shopwatch::run(cli, &mut out)));
    match done.and_then(|code| Ok(out.flush().map(|()| code)?)) {
        Ok(code) => ExitCode::from(code),
        // The reader of our output has seen enough: `shopwatch purchases generate … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "shopwatch: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    // Only our own output fails with nothing but an I/O error.
    let source = error.downcast_ref::<std::io::Error>();
    source.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
