//! `shopwatch monitors`: what is watched, told by a file.

mod apply;
mod file;
mod located;
mod plan;

pub use apply::{Applied, apply, list, report, stored};
pub use file::{FileError, MAX_BYTES, MAX_MONITORS, Wanted, read};
pub use plan::{Difference, Outcome, Plan, PlanError, StoredShard, plan};

#[cfg(test)]
mod tests;
