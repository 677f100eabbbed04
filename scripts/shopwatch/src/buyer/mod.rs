//! `shopwatch purchases buyer`: a person's purchases, found by computing the person's tokens here, and erased.

mod erase;
mod find;
mod person;
mod print;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use erase::{Copy, Uploads};
pub use erase::{Erased, Erasing, Holding, Holds, ListUploads, ReadCopy, Waits, report};
pub use find::{Found, find};
pub use person::{Person, address};
pub use print::{Shape, print};
