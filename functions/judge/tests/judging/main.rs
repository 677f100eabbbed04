//! The real handler over the stores in memory, told of blocks by events as the stream sends them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod failing;
mod incidents;
mod marks;
mod play;
mod regions;
mod shuffled;
mod suppressed;
