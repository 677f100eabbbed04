//! The uploaded exports and rejects files that still hold a person: which are looked at, and what was found.

use std::collections::BTreeSet;

use anyhow::Context as _;
use etl::event::Upload;
use etl::object::ReadUpload;
use jiff::civil::Date;
use shared::import::{Import, ImportState};
use shared::purchase::BuyerToken;
use shared::store::ReadImports;

use super::Erasing;
use super::search::Search;

/// What exports are uploaded below.
const EXPORTS: &str = "purchases/";

/// What rejects files are below.
const REJECTS: &str = "rejects/";

/// Lists the uploads bucket.
pub trait ListUploads {
    /// Every version of every object below this prefix.
    fn versions(&self, prefix: &str) -> impl Future<Output = anyhow::Result<Vec<Upload>>> + Send;
}

/// An object that holds a person, or may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Its key.
    pub key: String,
    /// Its version.
    pub version: Option<String>,
    /// What is known of it.
    pub holds: Holds,
}

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// So many rows of the person.
    Rows(u64),
    /// It cannot be read, for this reason.
    Unknown(String),
}

/// What looking came to.
pub(super) struct Looked {
    pub(super) holding: Vec<Holding>,
    /// Objects that were looked through.
    pub(super) objects: usize,
}

/// Looks through every export that may hold the person, and every rejects file.
pub(super) async fn look<L, P, H, R, C, O>(
    erasing: &Erasing<'_, L, P, H, R, C, O>,
    tokens: &BTreeSet<BuyerToken>,
    days: &BTreeSet<Date>,
    tell: &impl Fn(String),
) -> anyhow::Result<Looked>
where
    L: ReadImports,
    O: ListUploads + ReadUpload,
{
    const LISTING: &str = "listing the uploads bucket";
    tell(LISTING.to_owned());
    let mut objects = Vec::new();
    for upload in erasing.uploads.versions(EXPORTS).await.context(LISTING)? {
        let import = erasing.ledger.import(&upload.object()).await.context("reading the ledger")?;
        if import.is_none_or(|import| may_hold(&import, days)) {
            objects.push((upload, true));
        }
    }
    let rejects = erasing.uploads.versions(REJECTS).await.context(LISTING)?;
    objects.extend(rejects.into_iter().map(|upload| (upload, false)));
    let total = objects.len();
    let search = Search { uploads: erasing.uploads, pii: erasing.pii, person: erasing.person, tokens };
    let mut holding = Vec::new();
    for (looked, (upload, is_export)) in objects.into_iter().enumerate() {
        tell(format!("looking through uploads: {looked} of {total}"));
        let rows = if is_export { search.export(&upload).await } else { search.lines(&upload).await };
        let holds = match rows {
            Ok(0) => continue,
            Ok(rows) => Holds::Rows(rows),
            Err(error) => Holds::Unknown(format!("{error:#}")),
        };
        holding.push(Holding { key: upload.key, version: upload.version, holds });
    }
    Ok(Looked { holding, objects: total })
}

/// Whether the object of an import may hold a person who bought on these days, or on days that are not known any more.
/// One that was loaded whole, without a reject and without anybody left out, holds nobody else.
fn may_hold(import: &Import, days: &BTreeSet<Date>) -> bool {
    let whole = import.state == ImportState::Loaded && import.counts.erased == 0;
    !whole || days.is_empty() || import.days.iter().any(|day| days.contains(day))
}
