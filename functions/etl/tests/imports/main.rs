//! Imports through the real handler, with every store in memory.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

mod bad_input;
mod crash;
mod days;
mod events;
mod fakes;
mod going_on;
mod input;
mod judgement;
mod leaks;
mod ledger;
mod objects;
mod once;
mod people;
mod sweep;
mod throttling;
