//! The operator's command: what a person does to a stack of Shopwatch, with that person's AWS credentials.
//!
//! [`cli`] says what can be asked for and [`run`] does it; the rest is one module for each thing it does.
//! [`purchases::generate`] and [`demo_shop::DemoShop`] are there for other crates' tests and benches too.

pub mod api;
mod aws;
pub mod beats;
pub mod buyer;
pub mod cli;
mod confirm;
pub mod cost;
pub mod demo_shop;
pub mod dry_run;
pub mod guests;
pub mod import;
pub mod importers;
pub mod imports;
pub mod incidents;
pub mod keys;
pub mod maintenance;
pub mod monitors;
pub mod names;
pub mod pii;
mod progress;
pub mod purchases;
mod run;
mod selling;
mod table;
pub mod users;
mod watching;
mod yaml;

pub use run::run;
