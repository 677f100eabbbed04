//! Checks out of turn: what `ping` is asked for between its slots, and what it answers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::credentials::Credentials;
use crate::monitor::{Check, MetricName, Monitor, MonitorId, Region, SHARD_LIMIT};
use crate::signal::{Outcome, Phases, Reason, Signal};

/// Most monitors of one [`OutOfTurn::Check`].
pub const MAX_CHECKED: usize = SHARD_LIMIT;

/// What `ping` is asked for out of turn.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OutOfTurn {
    /// Look at these now, and record it; at most [`MAX_CHECKED`].
    Check {
        /// Which.
        monitors: Vec<MonitorId>,
    },
    /// Look at one that is not stored, and record nothing.
    Test {
        /// Which.
        monitor: Box<Monitor>,
        /// What its target lets us in with.
        #[serde(default)]
        credentials: Option<Credentials>,
    },
}

/// One check, as answers tell it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Check))]
pub struct Told {
    /// When it was recorded.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::Instant))]
    pub at: Timestamp,
    /// Seen from where.
    pub region: Region,
    /// `up`, `degraded`, `down`, `blocked` or `unknown`.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::outcome))]
    pub outcome: &'static str,
    /// Why it is not up.
    pub reason: Option<Reason>,
    /// The last status code that was received.
    pub status: Option<u16>,
    /// How long each part took, in ms.
    pub phases: Phases,
    /// Days that the certificate still holds.
    pub certificate_days: Option<u16>,
    /// Digit by digit as they came: no floating point number on the way. `null` where the answer had none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, Option<f64>>))]
    pub metrics: BTreeMap<MetricName, Option<Box<RawValue>>>,
    /// Whether it was made between slots: it is shown, and counts for nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub out_of_turn: bool,
}

impl Told {
    /// What the monitor's signal says, recorded there and then.
    pub fn of(monitor: &Monitor, signal: &Signal, region: &Region, at: Timestamp, out_of_turn: bool) -> Self {
        let number = |index: usize| {
            let number = signal.metrics.get(index).copied().flatten()?;
            // Digits with at most one point are always JSON.
            RawValue::from_string(number.to_string()).ok()
        };
        let metrics = metric_names(monitor).enumerate().map(|(index, name)| (name.clone(), number(index)));
        Self {
            at,
            region: region.clone(),
            outcome: signal.outcome.name(),
            reason: signal.outcome.reason(),
            status: signal.status,
            phases: signal.phases,
            certificate_days: signal.certificate_days,
            metrics: metrics.collect(),
            out_of_turn,
        }
    }
}

/// The monitor's metrics, in the order that a signal has them in.
pub fn metric_names(monitor: &Monitor) -> impl Iterator<Item = &MetricName> {
    let http = match &monitor.check {
        Check::Http(http) => Some(http),
        Check::Tcp(_) | Check::Tls(_) | Check::Dns(_) | Check::Heartbeat(_) => None,
    };
    http.into_iter().flat_map(|http| http.metrics.keys())
}

impl Outcome {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded(_) => "degraded",
            Self::Down(_) => "down",
            Self::Blocked => "blocked",
            Self::Unknown(_) => "unknown",
        }
    }
}
