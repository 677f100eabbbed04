//! What two or more of Shopwatch's functions need, and nothing else.
//!
//! - the **domain** as plain types and pure functions, without AWS, clock or I/O: [`monitor`], [`schedule`],
//!   [`signal`], [`block`], [`uptime`], [`purchase`], [`import`], [`session`];
//! - the **stores** ([`store`]): one small trait per permission, and the tables behind them;
//! - the **frame** every function runs in: [`config`], [`clients`], [`telemetry`], [`problem`].

pub mod block;
pub mod clients;
pub mod config;
pub mod import;
pub mod monitor;
pub mod problem;
pub mod purchase;
pub mod schedule;
pub mod session;
pub mod signal;
pub mod store;
pub mod telemetry;
pub mod uptime;

mod text;

pub use text::Invalid;
