//! `POST /api/monitor`: a new monitor; a URL alone is enough.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use shared::account::AccountId;
use shared::http_frame::Failure;
use shared::monitor::{Asked, Monitor, MonitorId, SHARD_LIMIT, ShardId, ShardSummary};
use shared::openapi::{BadBody, Changer, MonitorRequest, MonitorShown, Ours};
use shared::problem::Problem;
use shared::revision::Revision;
use shared::session::Scope;
use shared::store::{ListMonitors as _, ReadShards as _, StoreError};
use std::collections::BTreeSet;

use super::check::ration;
use super::parents::Parents;
use super::shard::{Edited, UNREADABLE};
use super::wanted::{answer, asked, refused, settle};
use super::{Desk, Parts, Wired};
use crate::auth::caller::Caller;
use crate::auth::{Asked as Who, Gate};
use crate::body::{self, Object};
use crate::pings::Pings;
use crate::room::{Room, There};

/// Most new monitors of a guest that are looked at at once.
const LOOKED_AT: usize = 5;

/// Most monitors of one guest.
const MAX_OF_GUEST: u16 = 50;

/// Most monitors.
const ROOM: Room = Room { what: "monitors", own: 10_000, guests: 1_000, guest: MAX_OF_GUEST as usize };

/// Whether monitors of this account may live in this shard: guests' and the installation's own share none.
fn is_for(summary: &ShardSummary, account: &AccountId) -> bool {
    summary.count == 0 || summary.is_of_guests() != account.is_home()
}

#[utoipa::path(
    post,
    path = "/api/monitor",
    operation_id = "create_monitor",
    tag = "Monitors",
    summary = "Watch something",
    description = "A URL alone is enough. It is looked at at once. Scope `write`.",
    security(("bearer" = []), ("cookie" = [], "csrf" = [])),
    extensions(("x-scope" = json!("write"))),
    request_body = MonitorRequest,
    responses(
        (status = 201, description = "Made.", body = MonitorShown, headers(
            ("ETag" = String, description = "Its version."),
            ("Location" = String, description = "Its address."),
        )),
        BadBody,
        Changer,
        (status = 409, description = "`too_many`: the installation or the account has no room for more. `changed`: somebody \
            else changed its shard at the same moment, several times over."),
        Ours,
    ),
)]
pub(super) async fn create<D: Parts>(
    State(desk): Wired<D>,
    who: Who,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = desk.gate.caller(who, Scope::Write).await?;
    let Object(fields) = body::json(body)?;
    let wanted = asked(fields, &desk.regions)?;
    let placed = desk.place(&caller, vec![wanted]).await?.pop();
    let monitor = placed.unwrap_or_else(|| Err(Failure::Internal("a monitor was not placed".to_owned())))?;
    let mut response = answer(StatusCode::CREATED, &monitor)?;
    if let Ok(location) = HeaderValue::try_from(format!("/api/monitor/{}", monitor.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

impl<D: Parts> Desk<D> {
    /// Stores new monitors in shards that have room, and has them looked at at once. What becomes of each, in their order.
    ///
    /// # Errors
    /// When the installation is full, or nothing at all could be stored. What goes wrong later is the answer of those that
    /// it hits.
    pub(super) async fn place(
        &self,
        caller: &Caller,
        wanted: Vec<Asked>,
    ) -> Result<Vec<Result<Monitor, Failure>>, Failure> {
        let mut results: Vec<Option<Result<Monitor, Failure>>> = Vec::new();
        results.resize_with(wanted.len(), || None);
        let mut pending = Vec::new();
        let mut parents = Parents::of(&self.monitors, &caller.session.account);
        for (index, asked) in wanted.iter().enumerate() {
            match parents.check(None, asked.depends_on()).await {
                Ok(()) => pending.push(index),
                Err(failure) => results[index] = Some(Err(failure)),
            }
        }
        let shards = self.monitors.shards().await?;
        self.has_room(&caller.session.account, &shards, pending.len()).await?;
        let mut full: BTreeSet<ShardId> = shards
            .iter()
            .filter(|summary| summary.count >= SHARD_LIMIT || !is_for(summary, &caller.session.account))
            .map(|summary| summary.shard)
            .collect();
        while !pending.is_empty() {
            let Some(shard) = (0..=u16::MAX).map(ShardId).find(|shard| !full.contains(shard)) else { break };
            full.insert(shard);
            match self.fill(caller, shard, &wanted, &pending).await {
                Ok(placed) => {
                    for (index, placed) in placed {
                        pending.retain(|pending| *pending != index);
                        results[index] = Some(placed);
                    }
                }
                // Neither of them is in the way of other shards.
                Err(Failure::Problem(Problem { kind, .. })) if kind == UNREADABLE => {}
                Err(Failure::Store(StoreError::Conflict(_))) => {}
                Err(failure) if results.iter().flatten().all(Result::is_err) => return Err(failure),
                Err(failure) => {
                    tracing::warn!(?failure, left = pending.len(), "some of many monitors were not created");
                    for index in pending.drain(..) {
                        let cause = "others were created before it failed".to_owned();
                        let failure = StoreError::Unavailable { action: "creating a monitor", cause };
                        results[index] = Some(Err(failure.into()));
                    }
                }
            }
        }
        let results: Vec<Result<Monitor, Failure>> = results.into_iter().flatten().collect();
        let to_look_at: Vec<MonitorId> = results
            .iter()
            .flatten()
            .filter(|monitor| !monitor.paused)
            .map(|monitor| monitor.id.clone())
            .collect();
        self.look_at(caller, &to_look_at).await;
        Ok(results)
    }

    /// Whether there is room for so many more of this account.
    async fn has_room(
        &self,
        account: &AccountId,
        shards: &[ShardSummary],
        more: usize,
    ) -> Result<(), Failure> {
        let guests = shards.iter().map(|summary| summary.guests).sum();
        let own = shards.iter().map(|summary| summary.count).sum::<usize>().saturating_sub(guests);
        let guest = match account.is_home() {
            true => 0,
            false => self.monitors.monitors_of(account, None, MAX_OF_GUEST).await?.len(),
        };
        ROOM.has(account, There { own, guests, guest }, more)
    }

    /// Has new monitors looked at at once. Of guests only so many as they may ask for checks; those left out are checked in
    /// their slot.
    async fn look_at(&self, caller: &Caller, mut monitors: &[MonitorId]) {
        if !caller.session.account.is_home() {
            let mut allowed = 0;
            while allowed < monitors.len().min(LOOKED_AT) && ration(&self.gate, caller).await.is_ok() {
                allowed += 1;
            }
            monitors = monitors.get(..allowed).unwrap_or_default();
        }
        if !monitors.is_empty() {
            self.pings.start(monitors).await;
        }
    }

    /// Stores as many of those that are pending as the shard has room for.
    async fn fill(
        &self,
        caller: &Caller,
        shard: ShardId,
        wanted: &[Asked],
        pending: &[usize],
    ) -> Result<Vec<(usize, Result<Monitor, Failure>)>, Failure> {
        let home = self.home();
        // Drawn once, so that credentials that are stored by one attempt are those of the next.
        let drawn: Vec<(usize, MonitorId, Revision)> = pending
            .iter()
            .take(SHARD_LIMIT)
            .map(|index| {
                let mut rng = rand::rng();
                (*index, MonitorId::random(shard, &mut rng), Revision::random(&mut rng))
            })
            .collect();
        self.edit(caller, shard, "monitor.create", |monitors| {
            let mut placed = Edited::of(Vec::new());
            let is_ours = |monitor: &Monitor| monitor.account.is_home() == caller.session.account.is_home();
            for (index, id, revision) in &drawn {
                // It may have become another's since its summary was read.
                if monitors.len() >= SHARD_LIMIT || !monitors.values().all(is_ours) {
                    break;
                }
                let Some(asked) = wanted.get(*index) else { continue };
                // At most 95 of 36^6 ids are taken: the first draw is nearly always the last.
                let mut id = id.clone();
                while monitors.contains_key(&id) {
                    id = MonitorId::random(shard, &mut rand::rng());
                }
                let made = asked.monitor(id.clone(), home).map_err(refused).and_then(|mut monitor| {
                    monitor.account = caller.session.account.clone();
                    let keys = settle(asked, &mut monitor, None, None, revision)?;
                    Ok((monitor, keys))
                });
                placed.value.push((
                    *index,
                    made.map(|(monitor, keys)| {
                        placed.credentials.extend(keys.new);
                        monitors.insert(id, monitor.clone());
                        monitor
                    }),
                ));
            }
            Ok(placed)
        })
        .await
    }
}
