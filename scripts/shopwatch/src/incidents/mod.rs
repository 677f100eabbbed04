//! `shopwatch incidents`: what went wrong, and what people say to it.

mod report;
mod update;

pub use report::{Listed, list, listed};
pub use update::update;

#[cfg(test)]
mod tests;
