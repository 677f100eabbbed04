//! `shopwatch purchases generate`: an export of a shop that does not exist, for demos, tests and benches.
//!
//! The same options give the same rows on every platform and in every version; more rows begin with the same ones.

mod export;
mod generate;
mod rng;
mod shop;

pub use export::{Bytes, MAX_SHUFFLED, export};
pub use generate::{MAX_RETURNS, MAX_ROWS, Options, Row, generate, write_csv};
pub use shop::ITEMS;
