//! Channels and their targets.

use shared::channel::{Channel, ChannelId, Target};
use shared::revision::Revision;
use shared::store::{ReadChannels, ReadTargets, Result, StoreError, Stored, WriteChannels, WriteTargets};

use super::Memory;

fn conflict(id: &ChannelId) -> StoreError {
    StoreError::Conflict(format!("channel {id}"))
}

impl ReadChannels for Memory {
    async fn channels(&self) -> Result<Stored<Channel>> {
        Ok(Stored { values: self.call()?.channels.values().cloned().collect(), broken: Vec::new() })
    }

    async fn channel(&self, id: &ChannelId) -> Result<Option<Channel>> {
        Ok(self.call()?.channels.get(id).cloned())
    }
}

impl WriteChannels for Memory {
    async fn put_channel(&self, channel: &Channel) -> Result<()> {
        let mut tables = self.call()?;
        let there = tables.channels.get(&channel.id).map_or(0, |there| there.version);
        if there + 1 != channel.version {
            return Err(conflict(&channel.id));
        }
        tables.channels.insert(channel.id.clone(), channel.clone());
        Ok(())
    }

    async fn delete_channel(&self, id: &ChannelId, version: u64) -> Result<()> {
        let mut tables = self.call()?;
        if tables.channels.get(id).map(|there| there.version) != Some(version) {
            return Err(conflict(id));
        }
        tables.channels.remove(id);
        Ok(())
    }
}

impl ReadTargets for Memory {
    async fn target(&self, id: &ChannelId, revision: &Revision) -> Result<Option<Target>> {
        Ok(self.call()?.targets.get(&(id.clone(), revision.clone())).cloned())
    }
}

impl WriteTargets for Memory {
    async fn put_target(&self, id: &ChannelId, revision: &Revision, target: &Target) -> Result<()> {
        self.call()?.targets.insert((id.clone(), revision.clone()), target.clone());
        Ok(())
    }

    async fn delete_target(&self, id: &ChannelId, revision: &Revision) -> Result<()> {
        self.call()?.targets.remove(&(id.clone(), revision.clone()));
        Ok(())
    }
}
