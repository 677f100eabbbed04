//! `shopwatch import`: uploads an export, follows it into the table, and says how it went.

mod follow;
mod report;
mod upload;

#[cfg(test)]
mod tests;

pub use follow::{Followed, Patience, follow};
pub use report::{FAILED, LOADED, LOADED_WITH_REJECTS, REFUSED, TIMED_OUT, exit_code, report};
pub use upload::{Export, client, key_of, upload};
