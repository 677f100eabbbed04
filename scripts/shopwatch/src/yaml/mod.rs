//! Files in YAML that people write: read as a whole, and everything wrong in them told at once, with its place.

mod document;
mod entry;
mod located;
mod problems;
mod quote;
mod scalars;

pub(crate) use document::{Document, list_of};
pub(crate) use entry::{Entry, Told};
pub(crate) use located::{Located, Node, parse};
pub use problems::{FileError, Problems};
pub(crate) use quote::{quoted, value};
pub(crate) use scalars::{boolean, parsed, scalar, secret, shown, text, whole};
