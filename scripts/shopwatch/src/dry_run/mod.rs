//! `shopwatch import --dry-run`: what would become of a file, by `etl`'s own code and a key that is thrown away.

mod file;
mod read;
mod report;

#[cfg(test)]
mod tests;

pub use read::{Asked, Rejected, Report, Verdict, read};
pub use report::{exit_code, print};
