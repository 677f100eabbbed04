//! What `detail=true` adds to a record: all that is known of one check.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use shared::monitor::{MetricName, Monitor, Region};
use shared::out_of_turn::metric_names;
use shared::schedule::Slot;
use shared::signal::{Phases, Reason};

use crate::failure::Failure;
use crate::watched::Found;

/// One record's detail without its metrics, in bytes at most: a region's name has 32 bytes, a time 10 digits.
const BYTES: usize = 290;

/// One metric beside its name, in bytes at most: quotes, colon, comma, a number of 28 digits with sign and point.
const METRIC_BYTES: usize = 35;

/// All that is known of one check.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SignalDetail)]
pub(super) struct Detail {
    #[schema(required = false, schema_with = shared::openapi::outcome)]
    outcome: &'static str,
    reason: Option<Reason>,
    #[schema(required = false)]
    region: Region,
    #[schema(required = false)]
    slot: Slot,
    #[schema(required = false)]
    phases: Phases,
    certificate_days: Option<u16>,
    /// Digit by digit as they came: no floating point number on the way. `null` where the answer had none. Only for
    /// who has an API key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Option<f64>>)]
    metrics: BTreeMap<MetricName, Option<Box<RawValue>>>,
}

impl Detail {
    /// The detail of this monitor's signal.
    pub(super) fn of(monitor: &Monitor, found: &Found<'_>, with_metrics: bool) -> Result<Self, Failure> {
        let signal = found.signal;
        let number = |index: usize| {
            let number = signal.metrics.get(index).copied().flatten();
            number.map(|number| RawValue::from_string(number.to_string())).transpose()
        };
        let metrics = metric_names(monitor)
            .enumerate()
            .filter(|_| with_metrics)
            .map(|(index, name)| Ok((name.clone(), number(index)?)));
        let metrics: serde_json::Result<_> = metrics.collect();
        Ok(Self {
            outcome: signal.outcome.name(),
            reason: signal.outcome.reason(),
            region: found.region.clone(),
            slot: found.slot,
            phases: signal.phases,
            certificate_days: signal.certificate_days,
            metrics: metrics.map_err(|error| Failure::Internal(error.to_string()))?,
        })
    }
}

/// The detail of one record of this monitor, in bytes at most.
pub(super) fn bytes(monitor: &Monitor) -> usize {
    BYTES + metric_names(monitor).map(|name| name.to_string().len() + METRIC_BYTES).sum::<usize>()
}
