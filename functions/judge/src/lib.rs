//! `judge` folds the blocks of signals, slot by slot and in order, into the state of each monitor, and opens and
//! closes incidents.
//!
//! - [`handler`] is the invocation: which shards its event touches, and what is counted;
//! - [`event`] reads the stream's records, [`park`] takes those that cannot be read;
//! - `fold` finds the slots of a shard that are closed and writes what they come to;
//! - below it, without I/O: [`slot`] (one slot of a shard), [`machine`] (one monitor), [`trouble`] (its incident).

pub mod config;
pub mod event;
pub mod handler;
pub mod machine;
pub mod park;
pub mod slot;
pub mod trouble;

mod fold;
mod round;

pub use config::Config;
pub use event::StreamEvent;
pub use handler::{Blocks, Counts, Judge};
pub use park::{Park, Poison, SqsPark};
