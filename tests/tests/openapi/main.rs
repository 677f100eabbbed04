//! The description of the API (OpenAPI 3.1) against the code: it is up to date, every operation is answered, and what is
//! answered is what is described.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod bodies;
mod document;
mod fuzzed;
mod schema;
mod secrets;
mod shop;
mod snapshot;
