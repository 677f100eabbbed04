//! `scheduler` runs every minute and asks `ping`, by asynchronous invocations in every region, to check
//! all shards for the slot that the minute is; and fails where blocks are overdue, which is the dead man's switch.
//!
//! - [`event`]: which slot an event stands for;
//! - [`groups`]: which shards are checked together;
//! - [`fan_out`]: the invocations;
//! - [`overdue`]: which blocks are;
//! - [`invoke`]: one invocation, behind a trait.

pub mod config;
pub mod event;
pub mod fan_out;
pub mod groups;
pub mod invoke;
pub mod overdue;

pub use config::Config;
pub use event::Scheduled;
pub use fan_out::{Scheduler, Times};
pub use invoke::{InvokePing, PingFunctions};
