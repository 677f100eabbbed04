//! `shopwatch monitors`: what is watched, told by a file.

mod apply;
mod credentials;
mod dependencies;
mod difference;
mod export;
mod file;
mod losses;
mod plan;
mod report;
mod stored;
mod wanted;
mod write;

pub use crate::yaml::{FileError, Problems};
pub use apply::{Applied, apply};
pub use difference::Difference;
pub use export::{Exported, export};
pub use file::{MAX_BYTES, MAX_MONITORS, read};
pub(crate) use losses::Note;
pub use losses::Report;
pub use plan::{Outcome, Plan, PlanError, plan};
pub use report::{list, report};
pub(crate) use stored::by_name;
pub use stored::{StoredShard, named, stored};
pub use wanted::{Parent, Wanted};
pub use write::{Access, Written, write};

#[cfg(test)]
mod tests;
