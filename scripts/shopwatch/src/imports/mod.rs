//! `shopwatch imports`: the ledger, listed and shown.

mod ledger;
mod list;
mod show;
mod state;

#[cfg(test)]
mod tests;

pub(crate) use ledger::kept;
pub use list::{list, listed};
pub use show::{Wanted, found, show};
pub use state::{state_name, state_of};

/// Hex digits of an import's id that lists show: enough to tell imports apart.
const ID_DIGITS: usize = 12;

/// The first digits of an import's id.
pub(crate) fn short(id: &shared::import::ImportId) -> String {
    id.to_string().chars().take(ID_DIGITS).collect()
}
