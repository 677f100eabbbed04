//! A channel and its target are two items of two tables: the target is there before a channel names it, and gone only when
//! none does.

use shared::channel::{Channel, ChannelId, Target};
use shared::http_frame::Failure;
use shared::revision::Revision;
use shared::store::{StoreError, WriteTargets};

use super::{Channels, Registry};
use crate::auth::Gate;

impl<G: Gate, M: Registry, K: WriteTargets + Sync> Channels<G, M, K> {
    /// Stores a channel, behind the target that its revision names if that is new. `false` where somebody else was first:
    /// then what was written is taken back.
    ///
    /// # Errors
    /// When a table is out of reach. Whether the channel was written nobody knows then, so its target stays.
    pub(super) async fn store(&self, channel: &Channel, target: Option<&Target>) -> Result<bool, Failure> {
        if let Some(target) = target {
            self.targets.put_target(&channel.id, &channel.revision, target).await?;
        }
        match self.registry.put_channel(channel).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict(_)) => {
                // Or the answer to our own write was lost, and its repetition refused.
                let there = self.registry.channel(&channel.id).await?;
                if there.as_ref() == Some(channel) {
                    return Ok(true);
                }
                if target.is_some() && there.is_none_or(|there| there.revision != channel.revision) {
                    self.forget(&channel.id, &channel.revision).await;
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes a target that no channel names any more. What was asked for is done by then: that it is still stored is said
    /// in the log alone.
    pub(super) async fn forget(&self, id: &ChannelId, revision: &Revision) {
        if let Err(error) = self.targets.delete_target(id, revision).await {
            tracing::error!(%id, %revision, %error, "a target that no channel names is still stored");
        }
    }
}
