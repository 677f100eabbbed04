//! `shopwatch cost`: what watching costs in a month, from the price list and a profile of what it does.
//!
//! [`Bill::of`] is a pure function: what is watched in, dollars out. `prices` is the price list, `profile` what was
//! measured and what is assumed, `bill` what they come to, `report` the table.

mod bill;
mod lines;
mod prices;
mod profile;
mod report;

pub use bill::{Amounts, Bill, Line, Watching};
pub use report::{bench, json, table};

#[cfg(test)]
mod tests;
