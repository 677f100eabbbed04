//! What describes the HTTP API (OpenAPI 3.1): schemas with their bounds, and what many operations have in common.
//!
//! A function's own crate describes its routes, beside their handlers; nothing here is called where requests are answered.
//!
//! - `schema`: small schemas, with bounds from the constants that the code checks;
//! - `texts`: types that travel as text; `monitor`, `monitors`: what requests write of a monitor, and what answers show;
//! - `query`: parameters; `refusals`: why a request has no answer, by who asks for what;
//! - `finish`: what a whole document has besides.

mod finish;
mod monitor;
mod monitors;
mod query;
mod refusals;
mod schema;
mod texts;

pub use finish::finished;
pub use monitors::{MonitorFaring, MonitorPatch, MonitorRequest, MonitorShown};
pub use query::{PathId, choice, number, optional, path, text};
pub use refusals::{BadBody, BadQuery, Caller, Changer, NoMonitor, Nobody, Ours, Owner, Person};
pub use schema::{chars, flag, one_of, secret, whole};
pub(crate) use texts::of_target;
pub use texts::{Day, Instant, outcome};

#[cfg(test)]
mod tests;
