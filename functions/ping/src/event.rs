//! What starts an invocation.

use serde::Deserialize;
use shared::out_of_turn::OutOfTurn;
use shared::schedule::PingRequest;

/// An event of `ping`: a slot of `scheduler`'s, or what `admin` asks for between two.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Check these shards for this slot.
    Slot(PingRequest),
    /// Look at something now.
    OutOfTurn(OutOfTurn),
}
