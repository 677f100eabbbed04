//! `rollup` recomputes history from blocks: every hour the hours that have just ended, the running day and the
//! summaries, and any window of the last seven days on request. It recomputes what is sold from the purchases: a day
//! after an import that touched it, every night what imports have touched lately, and any day on request.
//!
//! - [`request`]: which of these an event asks for;
//! - [`sales`]: what is sold;
//! - [`event`]: what an event asks for of history;
//! - [`handler`]: the invocation for history, over all shards;
//! - `shard`: one shard: its blocks read hour by hour, its hours, days and summary written;
//! - `day`, `hour`, `summary`: what they hold, as pure functions of what was read; `points` and `calendar` below them.

pub mod config;
pub mod event;
pub mod handler;
pub mod request;
pub mod sales;

mod calendar;
mod day;
mod hour;
mod points;
mod shard;
mod summary;

pub use config::Config;
pub use event::{Event, Work};
pub use handler::Rollup;
pub use request::{DayRequest, NightlyRequest, Request};
pub use sales::{AnalyticsBucket, SalesRollup, WriteAnalytics};
