//! `shopwatch monitors`: what is watched, told by a file.

mod apply;
mod dependencies;
mod difference;
mod export;
mod file;
mod losses;
mod plan;
mod report;
mod stored;
mod there;
mod wanted;
mod write;

pub use crate::yaml::{FileError, Problems};
pub use apply::{Applied, Outcome, apply};
pub use difference::Difference;
pub use export::{Exported, export};
pub use file::{MAX_BYTES, MAX_MONITORS, read};
pub(crate) use losses::Note;
pub use losses::Report;
pub use plan::{Plan, Step, plan};
pub use report::{applied as report_applied, list, plan as report_plan};
pub(crate) use stored::by_name;
pub use stored::{StoredShard, named, own, stored};
pub use there::{Installation, There};
pub use wanted::{Parent, Wanted};
pub use write::{Access, Written, write};

#[cfg(test)]
mod tests;
