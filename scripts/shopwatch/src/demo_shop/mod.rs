//! `shopwatch demo-shop`: a small web shop whose pages can be told to answer, to be slow, to fail, to hang.

mod client;
mod control;
mod pages;
mod server;

#[cfg(test)]
mod tests;

pub use client::set;
pub use control::{Behaviour, Behaviours, DEFAULT_DELAY_MS, MAX_DELAY, Mode};
pub use server::DemoShop;
