//! The tables, with what they are told to do besides.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::Date;
use shared::import::{Import, ImportId, ObjectVersion};
use shared::purchase::Purchase;
use shared::store::{
    Claim, FirstHmac, Heartbeat, ListImports, ReadErased, ReadImports, Result, StoreError, Taken,
    WriteImports, WritePurchases,
};

use super::Fake;

/// Counts a batch as on its way, for as long as it is.
struct Flight<'a>(&'a Fake);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.world().in_flight -= 1;
    }
}

impl WritePurchases for Fake {
    async fn put(&self, purchases: &[Purchase]) -> Result<Taken> {
        let (delay, throttled) = {
            let mut world = self.world();
            world.batches += 1;
            match &mut world.batches_left {
                Some(0) => {
                    let (action, cause) = ("writing purchases", "told to fail".to_owned());
                    return Err(StoreError::Unavailable { action, cause });
                }
                Some(left) => *left -= 1,
                None => {}
            }
            world.in_flight += 1;
            let in_flight = world.in_flight;
            world.flights.push(in_flight);
            (world.delay, world.capacity.is_some_and(|capacity| in_flight > capacity))
        };
        let _flight = Flight(self);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.call(self.memory.put(purchases)).await?;
        self.world().written += purchases.len();
        Ok(if throttled { Taken::Throttled } else { Taken::AtOnce })
    }
}

impl WriteImports for Fake {
    async fn claim(&self, import: &Import, now: Timestamp) -> Result<Claim> {
        self.call(self.memory.claim(import, now)).await
    }

    async fn progress(&self, object: &ObjectVersion, owner: &str, heartbeat: &Heartbeat) -> Result<()> {
        self.world().heartbeats += 1;
        self.world().days_recorded += usize::from(heartbeat.days.is_some());
        self.call(self.memory.progress(object, owner, heartbeat)).await
    }

    async fn finish(&self, import: &Import) -> Result<()> {
        self.call(self.memory.finish(import)).await
    }

    async fn release(&self, import: &Import) -> Result<()> {
        self.call(self.memory.release(import)).await
    }

    async fn first_key(&self, fingerprint: &str) -> Result<String> {
        self.call(self.memory.first_key(fingerprint)).await
    }
}

impl ReadImports for Fake {
    async fn import(&self, object: &ObjectVersion) -> Result<Option<Import>> {
        self.call(self.memory.import(object)).await
    }
}

impl ListImports for Fake {
    async fn import_by_id(&self, id: &ImportId) -> Result<Option<Import>> {
        self.memory.import_by_id(id).await
    }

    async fn imports(&self, month: Date, before: Option<Timestamp>, limit: usize) -> Result<Vec<Import>> {
        self.call(self.memory.imports(month, before, limit)).await
    }
}

impl ReadErased for Fake {
    async fn erased(&self) -> Result<HashSet<FirstHmac>> {
        self.call(self.memory.erased()).await
    }
}
