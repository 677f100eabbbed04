//! `ping` checks every due monitor of one shard for one slot and writes one block of signals.
//!
//! - [`handler`] is the invocation: which monitors are due, the round of checks, the block;
//! - [`check`] is one check inside its time budget, and [`round`] many of them at once;
//! - below it, in the order a request passes them: `follow` (redirects), [`resolve`] (names), [`guard`]
//!   (which addresses may be dialled), [`connect`], [`tls`], `exchange` (one request and its answer).

pub mod check;
pub mod config;
pub mod connect;
pub mod guard;
pub mod handler;
pub mod resolve;
pub mod round;
pub mod tls;

mod exchange;
mod follow;
mod networks;

pub use check::{Checker, Finding, Limits};
pub use config::Config;
pub use guard::Guard;
pub use handler::Ping;
