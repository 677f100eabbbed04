//! An import as the ledger has it, without what is nobody's but `etl`'s: who holds the lease.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use shared::import::{Import, ImportId, ImportState};

/// One import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Import, example = json!({
    "id": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    "key": "purchases/2026-11-21.csv",
    "version": "v1",
    "size": 52_340,
    "state": "loaded_with_rejects",
    "message": null,
    "format": "csv",
    "rows": 500,
    "loaded": 498,
    "rejected": {"email": 2},
    "erased": 0,
    "ambiguous_times": 0,
    "bytes": 52_340,
    "text_bytes": 52_340,
    "rows_per_s": 1_250,
    "key_id": "k1",
    "normalisation": 1,
    "unsorted": false,
    "passes": 1,
    "checkpoint": 500,
    "days": ["2026-11-21"],
    "rejects_key": "rejects/5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef.csv",
    "rejects_left_out": 0,
    "sequencer": null,
    "started_at": "2026-11-21T14:25:00Z",
    "ended_at": "2026-11-21T14:25:01Z",
    "duration_ms": 400,
    "lease_until": null,
}))]
pub(super) struct Entry<'a> {
    id: &'a ImportId,
    key: &'a str,
    version: &'a str,
    size: u64,
    state: ImportState,
    message: Option<&'a str>,
    format: Option<&'a str>,
    rows: u64,
    loaded: u64,
    /// Rows by reason.
    #[schema(value_type = BTreeMap<String, u64>)]
    rejected: &'a BTreeMap<String, u64>,
    erased: u64,
    ambiguous_times: u64,
    bytes: u64,
    text_bytes: u64,
    rows_per_s: Option<u64>,
    key_id: Option<&'a str>,
    normalisation: Option<u32>,
    unsorted: bool,
    passes: u32,
    checkpoint: u64,
    #[schema(value_type = Vec<shared::openapi::Day>)]
    days: &'a [Date],
    rejects_key: Option<&'a str>,
    rejects_left_out: u64,
    sequencer: Option<&'a str>,
    #[schema(value_type = shared::openapi::Instant)]
    started_at: Timestamp,
    #[schema(value_type = Option<shared::openapi::Instant>)]
    ended_at: Option<Timestamp>,
    /// Of the last attempt.
    duration_ms: Option<u64>,
    /// While it is running.
    #[schema(value_type = Option<shared::openapi::Instant>)]
    lease_until: Option<Timestamp>,
}

impl<'a> Entry<'a> {
    pub(super) fn of(import: &'a Import) -> Self {
        let counts = &import.counts;
        Self {
            id: &import.import_id,
            key: &import.object.key,
            version: &import.object.version,
            size: import.size,
            state: import.state,
            message: import.message.as_deref(),
            format: import.format.as_deref(),
            rows: counts.rows,
            loaded: counts.loaded,
            rejected: &counts.rejected,
            erased: counts.erased,
            ambiguous_times: counts.ambiguous_times,
            bytes: counts.bytes,
            text_bytes: counts.text_bytes,
            rows_per_s: import.rows_per_s(),
            key_id: import.key_id.as_deref(),
            normalisation: import.normalisation,
            unsorted: import.unsorted,
            passes: import.passes,
            checkpoint: counts.checkpoint,
            days: &import.days,
            rejects_key: import.rejects_key.as_deref(),
            rejects_left_out: import.rejects_left_out,
            sequencer: import.sequencer.as_deref(),
            started_at: import.started_at,
            ended_at: import.ended_at,
            duration_ms: import.duration_ms,
            lease_until: (import.state == ImportState::Running).then_some(import.lease_until),
        }
    }
}
