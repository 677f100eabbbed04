//! `scheduler` runs every minute and asks `ping`, by one asynchronous invocation per shard and region, to check
//! the shard for the slot that the minute is.
//!
//! - [`event`]: which slot an event stands for;
//! - [`fan_out`]: the invocations;
//! - [`invoke`]: one invocation, behind a trait.

pub mod config;
pub mod event;
pub mod fan_out;
pub mod invoke;

pub use config::Config;
pub use event::Scheduled;
pub use fan_out::{Scheduler, Times};
pub use invoke::{InvokePing, PingFunctions};
