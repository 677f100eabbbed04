//! `rollup` recomputes history from blocks: every hour the hours that have just ended, the running day and the
//! summaries, and any window of the last seven days on request.
//!
//! - [`event`]: what an event asks for;
//! - [`handler`]: the invocation, over all shards;
//! - `shard`: one shard: its blocks read hour by hour, its hours, days and summary written;
//! - `day`, `hour`, `summary`: what they hold, as pure functions of what was read; `points` and `calendar` below them.

pub mod config;
pub mod event;
pub mod handler;

mod calendar;
mod day;
mod hour;
mod points;
mod shard;
mod summary;

pub use config::Config;
pub use event::{Event, Work};
pub use handler::Rollup;
