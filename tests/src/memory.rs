//! Every store in memory, for tests of handlers. The contract tests hold it to what DynamoDB does.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use shared::account::{AccountId, AccountSummary, Email, Invitation, User};
use shared::audit::AuditEntry;
use shared::beat::Beat;
use shared::block::Block;
use shared::channel::{Channel, ChannelId, Target};
use shared::credentials::{Credentials, CredentialsId};
use shared::history::{DayOfShard, Hour, Summary};
use shared::import::Import;
use shared::incident::{Incident, IncidentId, Update};
use shared::maintenance::{Window, WindowId};
use shared::monitor::{Monitor, MonitorId, Region, ShardId, ShardSummary};
use shared::purchase::{BuyerToken, Position, Purchase};
use shared::revision::Revision;
use shared::schedule::Slot;
use shared::session::Session;
use shared::state::ShardState;
use shared::store::{
    Broken, FirstHmac, ListMonitors, MAX_SLOTS, Mark, ReadChecks, ReadMonitor, ReadMonitors, ReadShards,
    ReadSignals, Recorded, Result, ShardChange, StoreError, Stored, WriteChecks, WriteMonitors, WriteSignals,
};
use shared::trend::DayTrend;

mod accounts;
mod channels;
mod imports;
mod purchases;
mod sessions;
mod trends;
mod uptime;

/// All tables of an installation. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Tables>>);

/// What the tables hold, for tests to look at and to change.
#[derive(Debug, Default)]
pub struct Tables {
    /// The table `monitors`: the shards' summaries.
    pub shards: BTreeMap<ShardId, ShardSummary>,
    /// The table `monitors`: the monitors.
    pub monitors: BTreeMap<MonitorId, Monitor>,
    /// The table `monitors`: monitors that are not valid.
    pub broken: Vec<Broken>,
    /// The table `monitors`: maintenance windows.
    pub windows: BTreeMap<WindowId, Window>,
    /// The table `monitors`: what people added to incidents.
    pub updates: BTreeMap<(IncidentId, Timestamp), Update>,
    /// The table `secrets`: of monitors.
    pub credentials: BTreeMap<CredentialsId, Credentials>,
    /// The table `monitors`: channels.
    pub channels: BTreeMap<ChannelId, Channel>,
    /// The table `secrets`: by channel and revision.
    pub targets: BTreeMap<(ChannelId, Revision), Target>,
    /// The table `beats`: the last beat of each monitor.
    pub beats: BTreeMap<MonitorId, Beat>,
    /// The table `beats`: who beats with which token.
    pub beat_tokens: BTreeMap<String, MonitorId>,
    /// The table `incidents`: how far each shard is folded.
    pub folded: BTreeMap<ShardId, Mark>,
    /// The table `incidents`: the state of each shard.
    pub states: BTreeMap<ShardId, ShardState>,
    /// The table `incidents`.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// The table `history`: hours.
    pub hours: BTreeMap<(ShardId, Date, u8, Region), Hour>,
    /// The table `history`: days.
    pub days: BTreeMap<(ShardId, Date), DayOfShard>,
    /// The table `history`: summaries.
    pub summaries: BTreeMap<ShardId, Summary>,
    /// The table `history`: trends, without hours in which nothing was sold.
    pub trends: BTreeMap<Date, DayTrend>,
    /// The table `history`: the first day that each buyer bought on.
    pub first_bought: BTreeMap<BuyerToken, Date>,
    /// The table `history`: the day that each of these was moved from, or it itself.
    pub first_moved_from: BTreeMap<BuyerToken, Date>,
    /// The table `history`: the days that each buyer bought on.
    pub bought: BTreeSet<(BuyerToken, Date)>,
    /// The table `signals`.
    pub blocks: BTreeMap<(ShardId, Slot, Region), Block>,
    /// The table `signals`: checks out of turn.
    pub checks: BTreeMap<(Slot, Region, MonitorId), Block>,
    /// The table `purchases`.
    pub purchases: BTreeMap<Position, Purchase>,
    /// The table `imports`: the ledger.
    pub imports: BTreeMap<(String, String), Import>,
    /// The table `imports`: the fingerprint of the first PII key.
    pub first_key: Option<String>,
    /// The table `imports`: who has asked to be erased, and when.
    pub erased: BTreeMap<FirstHmac, Timestamp>,
    /// The table `sessions`.
    pub sessions: BTreeMap<String, Session>,
    /// The table `sessions`: attempts to sign in.
    pub attempts: BTreeMap<String, Vec<Timestamp>>,
    /// The table `accounts`: the people, by address.
    pub users: BTreeMap<Email, User>,
    /// The table `accounts`: the summaries.
    pub accounts: BTreeMap<AccountId, AccountSummary>,
    /// The table `accounts`: invitations, by hash.
    pub invitations: BTreeMap<String, Invitation>,
    /// The table `audit`, in order.
    pub audit: Vec<AuditEntry>,
    /// Calls of any store that may still succeed; every later one fails. `None`: all succeed.
    pub calls_left: Option<usize>,
    /// Changes of monitors and of accounts that are refused from now on, as when somebody else changes the same shard or
    /// account.
    pub conflicts_left: usize,
}

impl Tables {
    /// The wanted monitors behind this one in the order of their ids as text, at most `limit`.
    fn listed(
        &self,
        wanted: impl Fn(&Monitor) -> bool,
        after: Option<&MonitorId>,
        limit: u16,
    ) -> Vec<Monitor> {
        let after = after.map(MonitorId::to_string);
        let found = self.monitors.values().filter(|monitor| wanted(monitor));
        let mut found: Vec<(String, &Monitor)> = found.map(|one| (one.id.to_string(), one)).collect();
        found.retain(|(id, _)| after.as_ref().is_none_or(|after| id > after));
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.into_iter().take(limit.into()).map(|(_, monitor)| monitor.clone()).collect()
    }

    /// Whether somebody else changes the same at this moment.
    fn is_contended(&mut self) -> bool {
        let contended = self.conflicts_left > 0;
        self.conflicts_left = self.conflicts_left.saturating_sub(1);
        contended
    }
}

impl Memory {
    /// The tables, to look at or to change.
    pub fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets this many calls succeed and every later one fail, as when a table is out of reach.
    pub fn fail_after(&self, calls: usize) {
        self.tables().calls_left = Some(calls);
    }

    /// Adds these monitors, and the summaries of their shards.
    pub fn add_monitors(&self, monitors: impl IntoIterator<Item = Monitor>) {
        let mut tables = self.tables();
        for monitor in monitors {
            let shard = monitor.id.shard();
            tables.monitors.insert(monitor.id.clone(), monitor);
            let of_shard: Vec<Monitor> =
                tables.monitors.values().filter(|m| m.id.shard() == shard).cloned().collect();
            let since = tables.shards.get(&shard).map_or(Slot::of_minutes(0), |summary| summary.since);
            tables.shards.insert(shard, ShardSummary::of(shard, &of_shard, 1, since));
        }
    }

    /// The tables, for one call of a store.
    fn call(&self) -> Result<MutexGuard<'_, Tables>> {
        let mut tables = self.tables();
        match &mut tables.calls_left {
            Some(0) => {
                Err(StoreError::Unavailable { action: "a call in memory", cause: "told to fail".to_owned() })
            }
            Some(left) => {
                *left -= 1;
                Ok(tables)
            }
            None => Ok(tables),
        }
    }
}

impl ReadShards for Memory {
    async fn shards(&self) -> Result<Vec<ShardSummary>> {
        Ok(self.call()?.shards.values().cloned().collect())
    }
}

impl ReadMonitors for Memory {
    async fn monitors(&self, shard: ShardId) -> Result<Stored<Monitor>> {
        let tables = self.call()?;
        let values = tables.monitors.values().filter(|m| m.id.shard() == shard).cloned().collect();
        let broken = tables.broken.iter().filter(|broken| broken.id.starts_with(&format!("{shard}-")));
        Ok(Stored { values, broken: broken.cloned().collect() })
    }
}

impl ReadMonitor for Memory {
    async fn monitor(&self, id: &MonitorId) -> Result<Option<Monitor>> {
        Ok(self.call()?.monitors.get(id).cloned())
    }
}

impl ListMonitors for Memory {
    async fn monitors_of(
        &self,
        account: &AccountId,
        after: Option<&MonitorId>,
        limit: u16,
    ) -> Result<Vec<Monitor>> {
        Ok(self.call()?.listed(|monitor| monitor.account == *account, after, limit))
    }

    async fn shards_behind(&self, after: Option<ShardId>, limit: u16) -> Result<Vec<ShardSummary>> {
        let mut shards: Vec<ShardSummary> = self.call()?.shards.values().cloned().collect();
        shards.sort_by_key(|summary| summary.shard.to_string());
        shards.retain(|summary| after.is_none_or(|after| summary.shard.to_string() > after.to_string()));
        shards.truncate(limit.into());
        Ok(shards)
    }

    async fn monitors_in(
        &self,
        shard: ShardId,
        account: &AccountId,
        after: Option<&MonitorId>,
        limit: u16,
    ) -> Result<Vec<Monitor>> {
        let wanted = |monitor: &Monitor| monitor.id.shard() == shard && monitor.account == *account;
        Ok(self.call()?.listed(wanted, after, limit))
    }
}

impl WriteMonitors for Memory {
    async fn change(&self, change: &ShardChange) -> Result<()> {
        let mut tables = self.call()?;
        let shard = change.summary.shard;
        let follows = |stored: Option<u64>, version: u64| match stored {
            None => version == 1,
            Some(stored) => version == stored + 1,
        };
        let fits = follows(tables.shards.get(&shard).map(|s| s.version), change.summary.version)
            && change.put.iter().all(|m| follows(tables.monitors.get(&m.id).map(|m| m.version), m.version))
            && change.delete.iter().all(|(id, v)| tables.monitors.get(id).is_some_and(|m| m.version == *v));
        if tables.is_contended() || !fits {
            return Err(StoreError::Conflict(format!("shard {shard}")));
        }
        tables.monitors.extend(change.put.iter().map(|m| (m.id.clone(), m.clone())));
        tables.monitors.retain(|id, _| !change.delete.iter().any(|(gone, _)| gone == id));
        tables.shards.insert(shard, change.summary.clone());
        Ok(())
    }
}

impl WriteSignals for Memory {
    async fn put_block(&self, block: &Block) -> Result<bool> {
        let mut tables = self.call()?;
        let key = (block.shard, block.slot, block.region.clone());
        let new = !tables.blocks.contains_key(&key);
        tables.blocks.entry(key).or_insert_with(|| block.clone());
        Ok(new)
    }
}

impl WriteChecks for Memory {
    async fn put_check(&self, check: &Block) -> Result<()> {
        let key = (check.slot, check.region.clone(), check.signals[0].monitor.clone());
        self.call()?.checks.insert(key, check.clone());
        Ok(())
    }
}

impl ReadChecks for Memory {
    async fn recorded(&self, shard: ShardId, slots: RangeInclusive<Slot>) -> Result<Recorded> {
        let tables = self.call()?;
        let from = slots.end().plus(1 - MAX_SLOTS).max(*slots.start());
        let kept = |block: &&Block| {
            let expired = block.slot.start() + 192.hours() <= Timestamp::now();
            block.shard == shard && (from..=*slots.end()).contains(&block.slot) && !expired
        };
        Ok(Recorded {
            blocks: tables.blocks.values().filter(kept).cloned().collect(),
            checks: tables.checks.values().filter(kept).cloned().collect(),
        })
    }
}

impl ReadSignals for Memory {
    async fn blocks(&self, shard: ShardId, slots: RangeInclusive<Slot>) -> Result<Vec<Block>> {
        Ok(self.recorded(shard, slots).await?.blocks)
    }

    async fn oldest(&self, shard: ShardId) -> Result<Option<Slot>> {
        let tables = self.call()?;
        Ok(tables.blocks.keys().find(|(of, _, _)| *of == shard).map(|(_, slot, _)| *slot))
    }
}
