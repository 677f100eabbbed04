//! `shopwatch maintenance`: windows in which checks go on and open no incident, told by a file.

mod apply;
mod file;
mod report;

pub use apply::{Applied, Difference, Planned, apply, delete, plan};
pub use file::{MAX_BYTES, WantedWindow, read};
pub use report::{list, report};

#[cfg(test)]
mod tests;
