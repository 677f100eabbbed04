//! `etl`: an uploaded export becomes purchases, with every e-mail address replaced by a keyed hash before
//! anything is stored.
//!
//! An event ([`event`]) → one import for each object that it announces ([`mod@import`]): checks ([`object`]), keys
//! ([`pii`]), then a pass ([`load`]) of the [`transform`] over the text ([`export`]): records ([`mod@csv`]), the places
//! of their columns ([`layout`]), typed rows ([`row`]), identities ([`identity`]). The first rows are judged
//! ([`judgement`]); the others go to the table as fast as it takes them ([`writes`], [`pace`]), or to the rejects file
//! ([`rejects`]). What is settled is behind the [`checkpoint`], where another invocation goes on ([`go_on`], [`sweep`]).

pub mod aws;
pub mod checkpoint;
pub mod columns;
pub mod config;
pub mod csv;
pub mod dates;
pub mod days;
pub mod decode;
pub mod encoding;
pub mod end;
mod erased;
pub mod event;
pub mod export;
pub mod format;
pub mod go_on;
pub mod gone;
mod heading;
pub mod identity;
pub mod import;
pub mod judgement;
pub mod layout;
pub mod lease;
pub mod load;
mod mac;
pub mod object;
mod occurrences;
pub mod pace;
pub mod pii;
pub mod progress;
mod record;
pub mod rejects;
pub mod row;
mod sip;
pub mod sweep;
pub mod transform;
pub mod writes;

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use shared::invoke::Invoke;
use shared::store::WritePurchases;
use tokio::time::Instant;

use crate::event::Work;
use crate::import::{Etl, Invocation, Ledger, ReadKeys};
use crate::object::ReadUpload;
use crate::rejects::WriteRejects;

/// What is kept of an invocation's time for ending the import, or handing it on: the calls that this takes may each be
/// retried.
pub const RESERVE: Duration = Duration::from_secs(45);

/// Imports every object that the event announces, or goes on with one, or looks for those that died. [`Etl::import`]
/// says what is an error, and so tried again. Objects behind the first are handed on when half of the time is over: a
/// file that fits one invocation's time may not fit what is left of it, and would end as too large.
///
/// # Errors
/// When the event is none that this function knows, or an import failed in a way that trying again may mend. The others
/// are done all the same.
pub async fn handle<O, K, P, L, F>(etl: &Etl<O, K, P, L, F>, event: LambdaEvent<Value>) -> anyhow::Result<()>
where
    O: ReadUpload + WriteRejects,
    K: ReadKeys,
    P: WritePurchases + Sync,
    L: Ledger,
    F: Invoke,
{
    let until = SystemTime::UNIX_EPOCH + Duration::from_millis(event.context.deadline);
    let left = until.duration_since(SystemTime::now()).unwrap_or_default();
    let over = Instant::now() + left;
    let deadline = Instant::now() + left.saturating_sub(RESERVE);
    let half = Instant::now() + left.saturating_sub(RESERVE) / 2;
    let invocation = |hop| {
        // A retry has the same request id: what follows it tells the attempts apart.
        let owner = format!("{}-{:016x}", event.context.request_id, rand::random::<u64>());
        Invocation { owner, hop, deadline, over }
    };
    let uploads = match event::read(event.payload, &etl.config.bucket)? {
        Work::Sweep => return etl.sweep(Timestamp::now(), deadline).await,
        // 28 KB of future: on the heap rather than moved about.
        Work::GoOn { upload, hop } => return Box::pin(etl.import(&upload, &invocation(hop))).await,
        Work::Import(uploads) => uploads,
    };
    let mut errors = Vec::new();
    for (index, upload) in uploads.iter().enumerate() {
        let done = if index > 0 && Instant::now() >= half {
            etl.invoke_itself(upload, 1).await.context("handing an import on")
        } else {
            Box::pin(etl.import(upload, &invocation(0))).await
        };
        if let Err(error) = done {
            errors.push(format!("{error:#}"));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    bail!(errors.join("; "))
}
