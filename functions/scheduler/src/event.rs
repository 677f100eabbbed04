//! The schedule's event, and the slot it stands for.

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;
use shared::schedule::{PLACEHOLDER, Slot};

/// The event that the template's schedule sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Scheduled {
    /// The schedule's own time, RFC 3339, or [`PLACEHOLDER`].
    pub time: String,
}

impl Scheduled {
    /// The slot of the schedule's time. The clock counts where nobody filled the time in, and only there: an
    /// event may be delivered late.
    ///
    /// # Errors
    /// When the time is neither an instant nor the placeholder.
    pub fn slot(&self, now: Timestamp) -> anyhow::Result<Slot> {
        if self.time == PLACEHOLDER {
            return Ok(Slot::containing(now));
        }
        self.time.parse().context("reading the schedule's time")
    }
}
