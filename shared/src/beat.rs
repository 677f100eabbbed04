//! Beats: what a target that calls us says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::monitor::MonitorId;

/// Most tokens that beat for one monitor: as many as places that its target may run in, and a few that are being changed.
pub const MAX_BEAT_TOKENS: usize = 10;

/// The last call of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Whose.
    pub monitor: MonitorId,
    /// When it came.
    pub received_at: Timestamp,
    /// How the target says it fares.
    #[serde(default)]
    pub state: BeatState,
    /// How long its work took, in ms, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u32>,
}

/// How a target says it fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BeatState {
    /// As it should.
    #[default]
    Up,
    /// Something needs looking after.
    Degraded,
    /// Its work failed.
    Down,
}
