//! Imports through the real handler, with every store in memory.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

mod bad_input;
mod events;
mod fakes;
mod leaks;
mod ledger;
mod once;
