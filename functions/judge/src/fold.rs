//! Folds a shard: finds its closed slots, and writes what they come to, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use shared::block::Block;
use shared::incident::{Action, Incident, IncidentId, Update};
use shared::monitor::{Region, ShardId};
use shared::schedule::Slot;
use shared::state::ShardState;
use shared::store::{
    Folding, Mark, ReadIncidents, ReadMaintenance, ReadMonitors, ReadSignals, ReadStates, ReadUpdates,
    Reported, Result, StoreError, WriteJudgement,
};
use tracing::error;

use crate::handler::{Counts, Judge};
use crate::round::Round;
use crate::slot::{Changes, Closings, Watched};
use crate::trouble::applied;

/// Oldest slot that is folded, in minutes: blocks are kept for 8 days.
const MAX_BEHIND_MINUTES: i64 = 8 * 1_440;

/// Slots that are read, and folded, in one go.
const CHUNK: i64 = 120;

/// Calls of a store under way at once, for one shard.
const MAX_CONCURRENT: usize = 8;

/// How often a shard is begun anew because somebody else folded it meanwhile.
const MAX_ATTEMPTS: usize = 5;

/// A shard as far as it is folded.
struct Fold<'a> {
    shard: ShardId,
    watched: Watched<'a>,
    /// How far it is folded, as it is stored.
    folded: Option<Mark>,
    state: ShardState,
    /// The state as it is stored.
    stored: ShardState,
    closings: Closings,
    /// The open incidents that were asked for closings.
    asked: BTreeSet<IncidentId>,
}

impl<M, S, I, P> Judge<M, S, I, P>
where
    M: ReadMonitors + ReadMaintenance + ReadUpdates,
    S: ReadSignals,
    I: ReadStates + ReadIncidents + WriteJudgement,
{
    /// Folds every closed slot of the shard, as far as the round's time goes. Blocks of slots that were written are
    /// counted, also when a later slot fails.
    pub(crate) async fn fold(&self, round: &Round, shard: ShardId, counts: &mut Counts) -> Result<()> {
        let mut attempts = 1;
        loop {
            match self.attempt(round, shard, counts).await {
                // What somebody else has folded is not folded again: the mark is read anew.
                Err(StoreError::Conflict(_)) if attempts < MAX_ATTEMPTS => attempts += 1,
                result => return result,
            }
        }
    }

    async fn attempt(&self, round: &Round, shard: ShardId, counts: &mut Counts) -> Result<()> {
        // Before the state: a state that is newer than the mark is refused on writing, an older one would not be.
        let folded = self.incidents.folded(shard).await?;
        let next = match &folded {
            Some(mark) => Some(mark.slot.plus(1)),
            // Until the grace of a shard's first slot is over, a block of an earlier one may still come.
            None => self.signals.oldest(shard).await?.filter(|oldest| round.grace_is_over(*oldest)),
        };
        let Some(next) = next else { return Ok(()) };
        let last = Slot::containing(round.now);
        let mut first = next.max(last.plus(-MAX_BEHIND_MINUTES));
        let mut fold = None;
        while first <= last && !round.is_over() {
            let until = first.plus(CHUNK - 1).min(last);
            let blocks = self.blocks(round, shard, first..=until).await?;
            let closed = first.plus(round.closed(shard, first..=until, &blocks));
            if closed == first {
                break;
            }
            // Only now: most invocations find that a block is still missing.
            let fold = match &mut fold {
                Some(fold) => fold,
                None => fold.insert(self.begin(round, shard, folded.clone()).await?),
            };
            self.write(round, fold, first..=closed.plus(-1), &blocks, counts).await?;
            if closed <= until {
                break;
            }
            first = closed;
        }
        Ok(())
    }

    /// The blocks of these slots, of the shard and of those that its parents live in.
    async fn blocks(
        &self,
        round: &Round,
        shard: ShardId,
        slots: RangeInclusive<Slot>,
    ) -> Result<BTreeMap<Slot, Vec<Block>>> {
        let shards: Vec<ShardId> = [shard].iter().chain(round.parents(shard)).copied().collect();
        let reading = shards.into_iter().map(|shard| self.signals.blocks(shard, slots.clone()));
        let read: Vec<Vec<Block>> = stream::iter(reading).buffered(MAX_CONCURRENT).try_collect().await?;
        let mut blocks: BTreeMap<Slot, Vec<Block>> = BTreeMap::new();
        for block in read.into_iter().flatten() {
            blocks.entry(block.slot).or_default().push(block);
        }
        Ok(blocks)
    }

    /// Reads what the shard is judged by, and what is remembered of it.
    async fn begin<'a>(&self, round: &'a Round, shard: ShardId, folded: Option<Mark>) -> Result<Fold<'a>> {
        let state = self.incidents.state(shard).await?.unwrap_or_default();
        let windows = round.windows(&self.monitors).await?;
        let none = const { &shared::store::Stored { values: Vec::new(), broken: Vec::new() } };
        let own = round.monitors(&self.monitors, shard).await?.unwrap_or(none);
        let reading = round.parents(shard).iter().map(|parent| round.monitors(&self.monitors, *parent));
        let parents: Vec<_> = stream::iter(reading).buffered(MAX_CONCURRENT).try_collect().await?;
        let parents: Vec<_> = parents.into_iter().flatten().collect();
        let watched = Watched::new(shard, own, &parents, windows);
        let (closings, asked) = (Closings::new(), BTreeSet::new());
        Ok(Fold { shard, watched, folded, stored: state.clone(), state, closings, asked })
    }

    /// Folds these slots and writes them. Each writing ends with a slot that changed an incident: so there are never
    /// more of them than fit, and what people add to an incident is read before the next slot.
    async fn write(
        &self,
        round: &Round,
        fold: &mut Fold<'_>,
        slots: RangeInclusive<Slot>,
        blocks: &BTreeMap<Slot, Vec<Block>>,
        counts: &mut Counts,
    ) -> Result<()> {
        let mut slot = *slots.start();
        while slot <= *slots.end() {
            self.read_closings(fold).await?;
            let first = slot;
            let mut changes = Changes::new();
            while slot <= *slots.end() && changes.is_empty() {
                let there = timely(blocks, slot);
                changes = fold.watched.fold(&mut fold.state, slot, &there, &fold.closings);
                slot = slot.plus(1);
            }
            let slots = first..=slot.plus(-1);
            let folding = Folding {
                shard: fold.shard,
                before: fold.folded.as_ref().map(|mark| mark.slot),
                after: moved(fold.folded.as_ref(), &slots, fold.shard, round.regions(fold.shard), blocks),
                state: (fold.state != fold.stored).then(|| fold.state.clone()),
                incidents: self.changed(changes).await?,
            };
            self.incidents.fold(&folding).await?;
            fold.folded = Some(folding.after);
            if let Some(state) = folding.state {
                fold.stored = state;
            }
            for slot in each(&slots) {
                counts.add(slot, fold.shard, round.regions(fold.shard), &timely(blocks, slot));
            }
        }
        Ok(())
    }

    /// Finds out which of the open incidents somebody has closed; each is asked for once.
    async fn read_closings(&self, fold: &mut Fold<'_>) -> Result<()> {
        let open =
            fold.state.monitors.iter().filter_map(|(id, entry)| {
                Some(IncidentId { opened_at: entry.incident?, monitor: id.clone() })
            });
        let new: Vec<IncidentId> = open.filter(|id| !fold.asked.contains(id)).collect();
        let reading = new.iter().map(async |id| Ok((id, closed_at(self.monitors.updates(id).await, id)?)));
        let read: Vec<(&IncidentId, Option<Timestamp>)> =
            stream::iter(reading).buffer_unordered(MAX_CONCURRENT).try_collect().await?;
        let closed = read.into_iter().filter_map(|(id, at)| Some((id.clone(), at?)));
        fold.closings.extend(closed);
        fold.asked.extend(new);
        Ok(())
    }

    /// The incidents after these changes.
    async fn changed(&self, changes: Changes) -> Result<Vec<Incident>> {
        let reading = changes.into_iter().map(async |(id, changes)| {
            let stored = match self.incidents.incident(&id).await {
                // It must not keep the shard from being judged.
                Err(StoreError::Broken(cause)) => {
                    error!(incident = %id, cause, "an incident cannot be read: left as it is");
                    None
                }
                read => read?,
            };
            Ok(applied(stored, changes))
        });
        let read: Vec<Option<Incident>> =
            stream::iter(reading).buffered(MAX_CONCURRENT).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }
}

/// The blocks of a slot that came in time: the others are never judged, live and in a replay alike.
fn timely(blocks: &BTreeMap<Slot, Vec<Block>>, slot: Slot) -> Vec<&Block> {
    blocks.get(&slot).into_iter().flatten().filter(|block| block.is_timely()).collect()
}

/// How far a shard is folded after these slots. What is said of regions that are expected no more is dropped. A region
/// that is new is expected from the next slot on: it may have been added when these were over and not folded yet.
fn moved(
    before: Option<&Mark>,
    slots: &RangeInclusive<Slot>,
    shard: ShardId,
    expected: &[Region],
    blocks: &BTreeMap<Slot, Vec<Block>>,
) -> Mark {
    let of = |region: &Region| {
        let in_time = |slot| timely(blocks, slot).iter().any(|block| block.is_of(shard, region));
        let reported = match before {
            Some(mark) => match mark.reported.get(region) {
                Some(reported) => reported.moved(mark.slot, slots, in_time),
                None => Reported::since(slots.end().plus(1)),
            },
            None => Reported::since(*slots.start()).moved(*slots.start(), slots, in_time),
        };
        (region.clone(), reported)
    };
    Mark { slot: *slots.end(), reported: expected.iter().map(of).collect() }
}

fn each(slots: &RangeInclusive<Slot>) -> impl Iterator<Item = Slot> + use<> {
    (slots.start().minutes()..=slots.end().minutes()).map(Slot::of_minutes)
}

/// When somebody first closed the incident, if anybody did.
fn closed_at(updates: Result<Vec<Update>>, id: &IncidentId) -> Result<Option<Timestamp>> {
    let updates = match updates {
        // It must not keep the shard from being judged.
        Err(StoreError::Broken(cause)) => {
            error!(incident = %id, cause, "what was added to an incident cannot be read: left out");
            return Ok(None);
        }
        read => read?,
    };
    Ok(updates.iter().filter(|update| update.action == Action::Close).map(|update| update.at).min())
}
