//! What two or more of Shopwatch's functions need, and nothing else.
//!
//! - the **domain** as plain types and pure functions, without AWS, clock or I/O: [`monitor`], [`schedule`],
//!   [`signal`], [`out_of_turn`], [`block`], [`state`], [`incident`], [`maintenance`], [`beat`], [`history`], [`uptime`], [`verdict`],
//!   [`purchase`], [`trend`], [`import`], [`session`], [`account`], [`audit`], [`email`], [`credentials`],
//!   [`channel`];
//! - the **stores** ([`store`]): one small trait per permission, and the tables behind them;
//! - the **frame** every function runs in: [`config`], [`clients`], [`telemetry`], [`problem`]; and behind features
//!   `http_frame` and `openapi`, of those that answer over HTTP, and `invoke`, of those that start others.

pub mod account;
pub mod audit;
pub mod beat;
pub mod block;
pub mod channel;
pub mod clients;
pub mod config;
pub mod credentials;
pub mod email;
pub mod history;
#[cfg(feature = "http-frame")]
pub mod http_frame;
pub mod import;
pub mod incident;
#[cfg(feature = "invoke")]
pub mod invoke;
pub mod maintenance;
pub mod monitor;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod out_of_turn;
pub mod problem;
pub mod purchase;
pub mod revision;
pub mod schedule;
pub mod session;
pub mod signal;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod trend;
pub mod uptime;
pub mod verdict;

mod text;

#[cfg(test)]
mod example;

pub use text::{Invalid, first_twice};
