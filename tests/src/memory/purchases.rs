//! The store of purchases.

use shared::purchase::{Position, Purchase};
use shared::store::{
    BATCH, BucketPage, BucketQuery, DeletePurchases, ReadPurchases, Result, StoreError, Taken, WritePurchases,
};

use super::Memory;

fn bounded(batch: usize) -> Result<()> {
    if batch > BATCH { Err(StoreError::Broken(format!("a batch of {batch}"))) } else { Ok(()) }
}

impl WritePurchases for Memory {
    async fn put(&self, purchases: &[Purchase]) -> Result<Taken> {
        bounded(purchases.len())?;
        let mut tables = self.call()?;
        tables.purchases.extend(purchases.iter().map(|p| (p.position, p.clone())));
        Ok(Taken::AtOnce)
    }
}

impl DeletePurchases for Memory {
    async fn delete(&self, positions: &[Position]) -> Result<()> {
        bounded(positions.len())?;
        self.call()?.purchases.retain(|position, _| !positions.contains(position));
        Ok(())
    }
}

impl ReadPurchases for Memory {
    async fn page(&self, query: &BucketQuery) -> Result<BucketPage> {
        let tables = self.call()?;
        let wanted = |p: &&Purchase| {
            p.position.date() == query.date
                && p.position.row_id.bucket() == query.bucket
                && (query.from..query.until).contains(&p.position.at)
                && query.after.is_none_or(|after| p.position > after)
        };
        let limit = usize::from(query.limit);
        // As DynamoDB does: a page ends after `limit` items, filtered or not.
        let read: Vec<&Purchase> = tables.purchases.values().filter(wanted).take(limit).collect();
        let read_to = read.last().filter(|_| read.len() == limit).map(|last| last.position);
        let matches = |p: &&Purchase| {
            query.item.is_none_or(|item| p.item_id == item)
                && query.buyer.as_ref().is_none_or(|b| p.buyer == *b || p.linked.as_ref() == Some(b))
        };
        Ok(BucketPage { purchases: read.into_iter().filter(matches).cloned().collect(), read_to })
    }
}
