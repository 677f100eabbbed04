//! The stores around monitors and their signals: maintenance, beats, incidents, history.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use jiff::civil::Date;
use shared::account::AccountId;
use shared::beat::Beat;
use shared::credentials::{Credentials, CredentialsId};
use shared::history::{DayOfShard, Hour, Summary};
use shared::incident::{Incident, IncidentId, MAX_UPDATES, Update};
use shared::maintenance::{Window, WindowId};
use shared::monitor::{MonitorId, ShardId};
use shared::schedule::Slot;
use shared::session::TokenHash;
use shared::state::ShardState;
use shared::store::{
    Folding, ListStates, MAX_FOLDED_INCIDENTS, Mark, ReadBeats, ReadCredentials, ReadHistory, ReadIncidents,
    ReadMaintenance, ReadMarks, ReadStates, ReadUpdates, Result, StoreError, Stored, WriteBeatTokens,
    WriteBeats, WriteCredentials, WriteHistory, WriteJudgement, WriteMaintenance, WriteUpdates,
};

use super::Memory;

impl ReadMaintenance for Memory {
    async fn windows(&self) -> Result<Stored<Window>> {
        Ok(Stored { values: self.call()?.windows.values().cloned().collect(), broken: Vec::new() })
    }
}

impl WriteMaintenance for Memory {
    async fn put_window(&self, window: &Window) -> Result<()> {
        self.call()?.windows.insert(window.id.clone(), window.clone());
        Ok(())
    }

    async fn delete_window(&self, id: &WindowId) -> Result<()> {
        self.call()?.windows.remove(id);
        Ok(())
    }
}

impl ReadUpdates for Memory {
    async fn updates(&self, incident: &IncidentId) -> Result<Vec<Update>> {
        let tables = self.call()?;
        let updates = tables.updates.values().filter(|update| update.incident == *incident);
        Ok(updates.take(2 * MAX_UPDATES).cloned().collect())
    }
}

impl WriteUpdates for Memory {
    async fn add_update(&self, update: &Update) -> Result<()> {
        self.call()?.updates.insert((update.incident.clone(), update.at), update.clone());
        Ok(())
    }
}

impl ReadCredentials for Memory {
    async fn credentials(&self, id: &CredentialsId) -> Result<Option<Credentials>> {
        Ok(self.call()?.credentials.get(id).cloned())
    }
}

impl WriteCredentials for Memory {
    async fn put_credentials(&self, id: &CredentialsId, credentials: &Credentials) -> Result<()> {
        self.call()?.credentials.insert(id.clone(), credentials.clone());
        Ok(())
    }

    async fn are_credentials(&self, id: &CredentialsId, credentials: &Credentials) -> Result<bool> {
        let tables = self.call()?;
        Ok(tables.credentials.get(id).is_some_and(|there| there.exposed() == credentials.exposed()))
    }

    async fn delete_credentials(&self, id: &CredentialsId) -> Result<()> {
        self.call()?.credentials.remove(id);
        Ok(())
    }
}

impl ReadBeats for Memory {
    async fn beats(&self, shard: ShardId) -> Result<Vec<Beat>> {
        Ok(self.call()?.beats.values().filter(|beat| beat.monitor.shard() == shard).cloned().collect())
    }
}

impl WriteBeats for Memory {
    async fn beating(&self, token: &TokenHash) -> Result<Option<MonitorId>> {
        Ok(self.call()?.beat_tokens.get(&token.to_string()).cloned())
    }

    async fn put_beat(&self, beat: &Beat) -> Result<()> {
        let mut tables = self.call()?;
        let later = tables.beats.get(&beat.monitor).is_some_and(|there| there.received_at > beat.received_at);
        if !later {
            tables.beats.insert(beat.monitor.clone(), beat.clone());
        }
        Ok(())
    }
}

impl WriteBeatTokens for Memory {
    async fn put_beat_token(&self, token: &TokenHash, monitor: &MonitorId) -> Result<()> {
        self.call()?.beat_tokens.insert(token.to_string(), monitor.clone());
        Ok(())
    }

    async fn beat_tokens(&self, monitor: &MonitorId) -> Result<usize> {
        Ok(self.call()?.beat_tokens.values().filter(|of| *of == monitor).count())
    }

    async fn delete_beat_tokens(&self, monitor: &MonitorId) -> Result<()> {
        self.call()?.beat_tokens.retain(|_, of| of != monitor);
        Ok(())
    }

    async fn delete_beat(&self, monitor: &MonitorId) -> Result<()> {
        self.call()?.beats.remove(monitor);
        Ok(())
    }
}

impl ReadStates for Memory {
    async fn state(&self, shard: ShardId) -> Result<Option<ShardState>> {
        Ok(self.call()?.states.get(&shard).cloned())
    }
}

impl ListStates for Memory {
    async fn states(&self, shards: &BTreeSet<ShardId>) -> Result<HashMap<ShardId, ShardState>> {
        let tables = self.call()?;
        let state = |shard: &ShardId| Some((*shard, tables.states.get(shard)?.clone()));
        Ok(shards.iter().filter_map(state).collect())
    }
}

impl ReadMarks for Memory {
    async fn marks(&self) -> Result<BTreeMap<ShardId, Mark>> {
        Ok(self.call()?.folded.clone())
    }
}

impl WriteJudgement for Memory {
    async fn folded(&self, shard: ShardId) -> Result<Option<Mark>> {
        Ok(self.call()?.folded.get(&shard).cloned())
    }

    async fn fold(&self, folding: &Folding) -> Result<()> {
        if folding.incidents.len() > MAX_FOLDED_INCIDENTS {
            return Err(StoreError::Broken(format!("a folding of {} incidents", folding.incidents.len())));
        }
        let mut tables = self.call()?;
        if tables.folded.get(&folding.shard).map(|mark| mark.slot) != folding.before {
            return Err(StoreError::Conflict(format!("the state of shard {}", folding.shard)));
        }
        tables.folded.insert(folding.shard, folding.after.clone());
        if let Some(state) = &folding.state {
            tables.states.insert(folding.shard, state.clone());
        }
        tables.incidents.extend(folding.incidents.iter().map(|incident| (incident.id(), incident.clone())));
        Ok(())
    }
}

impl ReadIncidents for Memory {
    async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>> {
        Ok(self.call()?.incidents.get(id).cloned())
    }

    async fn incidents(
        &self,
        account: &AccountId,
        opened: RangeInclusive<Slot>,
        limit: usize,
    ) -> Result<Vec<Incident>> {
        let tables = self.call()?;
        let found = tables.incidents.values().rev();
        let found = found.filter(|one| one.account == *account && opened.contains(&one.opened_at));
        Ok(found.take(limit).cloned().collect())
    }

    async fn incidents_of(&self, monitor: &MonitorId, limit: usize) -> Result<Vec<Incident>> {
        let tables = self.call()?;
        let of_monitor = tables.incidents.values().rev().filter(|incident| incident.monitor == *monitor);
        Ok(of_monitor.take(limit).cloned().collect())
    }
}

impl WriteHistory for Memory {
    async fn put_hour(&self, hour: &Hour) -> Result<bool> {
        let mut tables = self.call()?;
        let key = (hour.shard, hour.date, hour.hour, hour.region.clone());
        let replaces = tables.hours.get(&key).is_none_or(|there| there.read_at < hour.read_at);
        if replaces {
            tables.hours.insert(key, hour.clone());
        }
        Ok(replaces)
    }

    async fn put_day(&self, day: &DayOfShard) -> Result<bool> {
        let mut tables = self.call()?;
        let key = (day.shard, day.date);
        let replaces = tables.days.get(&key).is_none_or(|there| there.read_at < day.read_at);
        if replaces {
            tables.days.insert(key, day.clone());
        }
        Ok(replaces)
    }

    async fn put_summary(&self, summary: &Summary) -> Result<bool> {
        let mut tables = self.call()?;
        let replaces =
            tables.summaries.get(&summary.shard).is_none_or(|there| there.read_at < summary.read_at);
        if replaces {
            tables.summaries.insert(summary.shard, summary.clone());
        }
        Ok(replaces)
    }
}

impl ReadHistory for Memory {
    async fn hours(&self, shard: ShardId, date: Date) -> Result<Vec<Hour>> {
        let tables = self.call()?;
        Ok(tables.hours.values().filter(|hour| hour.shard == shard && hour.date == date).cloned().collect())
    }

    async fn days(&self, shard: ShardId, dates: RangeInclusive<Date>) -> Result<Vec<DayOfShard>> {
        let tables = self.call()?;
        let in_range = tables.days.values().filter(|day| day.shard == shard && dates.contains(&day.date));
        Ok(in_range.cloned().collect())
    }

    async fn summary(&self, shard: ShardId) -> Result<Option<Summary>> {
        Ok(self.call()?.summaries.get(&shard).cloned())
    }
}
