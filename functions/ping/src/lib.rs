//! `ping` checks every due monitor of a few shards for one slot and writes one block of signals of each.
//!
//! - [`handler`] is the invocation: which monitors are due, the round of checks, the block; [`keyring`] holds what
//!   targets let us in with, [`heartbeat`] judges those that call us, [`out_of_turn`] is what is asked between slots;
//! - [`check`] is one check inside its time budget, [`round`] many of them at once, [`doubt`] whether the round says
//!   anything; `retry` is when a check tries again;
//! - the kinds of check: `http` (with `request`, `follow`, `exchange`, `http2`, `expect`), `tcp`, `tls_check` (with
//!   `certificate`), `dns`;
//! - below them, in the order in which a host is reached: [`resolve`] (names), [`guard`] (which addresses may be
//!   dialled), [`connect`], [`tls`]; `reach` is all of it.

pub mod check;
pub mod config;
pub mod connect;
pub mod doubt;
pub mod event;
pub mod guard;
pub mod handler;
pub mod heartbeat;
pub mod keyring;
pub mod out_of_turn;
pub mod resolve;
pub mod round;
pub mod tls;

mod certificate;
mod dns;
mod exchange;
mod expect;
mod follow;
mod http;
mod http2;
mod networks;
mod reach;
mod rehearsal;
mod request;
mod retry;
mod tcp;
mod tls_check;

pub use check::{Checker, Finding, Job, Limits};
pub use config::Config;
pub use doubt::References;
pub use event::Event;
pub use guard::Guard;
pub use handler::{Ping, Stores};
pub use keyring::Keyring;
