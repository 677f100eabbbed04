//! `shopwatch monitors`: what is watched, told by a file.

mod apply;
mod credentials;
mod dependencies;
mod difference;
mod file;
mod plan;
mod report;
mod stored;
mod wanted;

pub use crate::yaml::{FileError, Problems};
pub use apply::{Applied, apply};
pub use difference::Difference;
pub use file::{MAX_BYTES, MAX_MONITORS, read};
pub use plan::{Outcome, Plan, PlanError, plan};
pub use report::{list, report};
pub(crate) use stored::by_name;
pub use stored::{StoredShard, named, stored};
pub use wanted::{Parent, Wanted};

#[cfg(test)]
mod tests;
