//! The import ledger, and the people who have asked to be erased.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use shared::import::{Import, ImportId, ImportState, NOBODY, ObjectVersion};
use shared::store::{
    Claim, FirstHmac, Heartbeat, ListImports, ReadErased, ReadImports, Result, StoreError, WriteErased,
    WriteImports,
};

use super::{Memory, Tables};

fn entry(object: &ObjectVersion) -> (String, String) {
    (object.key.clone(), object.version.clone())
}

impl WriteImports for Memory {
    async fn claim(&self, import: &Import, now: Timestamp) -> Result<Claim> {
        let mut tables = self.call()?;
        if let Some(there) = tables.imports.get(&entry(&import.object)) {
            if there.state.is_final() {
                return Ok(Claim::Ended(Box::new(there.clone())));
            }
            let free = there.owner == import.owner || there.owner == NOBODY;
            if there.state == ImportState::Running && there.lease_until >= now && !free {
                return Ok(Claim::Leased(there.lease_until));
            }
        }
        tables.imports.insert(entry(&import.object), import.clone());
        Ok(Claim::Granted)
    }

    async fn progress(&self, object: &ObjectVersion, owner: &str, heartbeat: &Heartbeat) -> Result<()> {
        let mut tables = self.call()?;
        let import = owned(&mut tables, object, owner)?;
        import.counts = heartbeat.counts.clone();
        import.unsorted = heartbeat.unsorted;
        import.lease_until = heartbeat.lease_until;
        if let Some(days) = &heartbeat.days {
            import.days.clone_from(days);
        }
        Ok(())
    }

    async fn finish(&self, import: &Import) -> Result<()> {
        let mut tables = self.call()?;
        if tables.imports.get(&entry(&import.object)) != Some(import) {
            *owned(&mut tables, &import.object, &import.owner)? = import.clone();
        }
        Ok(())
    }

    async fn release(&self, import: &Import) -> Result<()> {
        let mut tables = self.call()?;
        let released = Import { owner: NOBODY.to_owned(), ..import.clone() };
        if tables.imports.get(&entry(&import.object)) != Some(&released) {
            *owned(&mut tables, &import.object, &import.owner)? = released;
        }
        Ok(())
    }

    async fn first_key(&self, fingerprint: &str) -> Result<String> {
        Ok(self.call()?.first_key.get_or_insert_with(|| fingerprint.to_owned()).clone())
    }
}

/// The running import of this owner.
fn owned<'a>(tables: &'a mut Tables, object: &ObjectVersion, owner: &str) -> Result<&'a mut Import> {
    let import = tables.imports.get_mut(&entry(object));
    import
        .filter(|import| import.owner == owner && import.state == ImportState::Running)
        .ok_or_else(|| StoreError::Conflict("the lease of the import".to_owned()))
}

impl ReadImports for Memory {
    async fn import(&self, object: &ObjectVersion) -> Result<Option<Import>> {
        Ok(self.call()?.imports.get(&entry(object)).cloned())
    }
}

impl ListImports for Memory {
    async fn import_by_id(&self, id: &ImportId) -> Result<Option<Import>> {
        Ok(self.call()?.imports.values().find(|import| import.import_id == *id).cloned())
    }

    async fn imports(&self, month: Date, before: Option<Timestamp>, limit: usize) -> Result<Vec<Import>> {
        let tables = self.call()?;
        let month_of = |import: &Import| TimeZone::UTC.to_datetime(import.started_at).date().first_of_month();
        let wanted = |import: &&Import| {
            month_of(import) == month.first_of_month() && before.is_none_or(|at| import.started_at < at)
        };
        let mut imports: Vec<Import> = tables.imports.values().filter(wanted).cloned().collect();
        imports.sort_by_key(|import| std::cmp::Reverse(import.started_at));
        imports.truncate(limit);
        Ok(imports)
    }
}

impl ReadErased for Memory {
    async fn erased(&self) -> Result<HashSet<FirstHmac>> {
        Ok(self.call()?.erased.keys().copied().collect())
    }
}

impl WriteErased for Memory {
    async fn put_erased(&self, person: &FirstHmac, at: Timestamp) -> Result<()> {
        self.call()?.erased.entry(*person).or_insert(at);
        Ok(())
    }
}
