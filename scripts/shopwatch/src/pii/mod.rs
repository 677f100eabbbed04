//! `shopwatch pii`: the keys that e-mail addresses are hashed with. They are read, added to and never shown.

mod keys;
mod lost;
mod rotate;
mod secret;
#[cfg(test)]
mod secrets_manager;
mod status;

#[cfg(test)]
pub(crate) mod tests;

pub use keys::{Keys, new_key};
pub use lost::lost;
pub use rotate::{Rotation, rotation, written};
pub use secret::{KeepKeys, ReadFirstKey, Replaced, Version};
pub(crate) use secret::{PiiSecret, RecordedKey};
pub use status::{FirstKey, Status, print, status};
