//! The uploaded exports and rejects files that still hold a person: every one is looked through, because an address
//! may stand in a column that `etl` does not read.

use anyhow::Context as _;
use etl::event::Upload;
use etl::object::ReadUpload;
use futures_util::{StreamExt as _, stream};

use super::search::lines;
use crate::buyer::Person;

/// Objects that are read at once.
const AT_ONCE: usize = 8;

/// What exports are uploaded below.
const EXPORTS: &str = "purchases/";

/// What rejects files are below.
pub(super) const REJECTS: &str = "rejects/";

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
    /// So many lines with the address.
    Lines(u64),
    /// It cannot be searched, for this reason.
    Unknown(String),
}

/// What looking came to.
pub(super) struct Looked {
    pub(super) holding: Vec<Holding>,
    /// Objects that were looked through.
    pub(super) objects: usize,
}

/// Looks through every export and every rejects file, in every version.
pub(super) async fn look(
    uploads: &(impl ListUploads + ReadUpload),
    person: &Person,
    tell: &impl Fn(String),
) -> anyhow::Result<Looked> {
    const LISTING: &str = "listing the uploads bucket";
    tell(LISTING.to_owned());
    let mut objects = uploads.versions(EXPORTS).await.context(LISTING)?;
    objects.extend(uploads.versions(REJECTS).await.context(LISTING)?);
    let total = objects.len();
    let searches = objects.into_iter().map(async |upload| (lines(uploads, &upload, person).await, upload));
    let mut searches = stream::iter(searches).buffered(AT_ONCE);
    let (mut holding, mut looked) = (Vec::new(), 0);
    tell(format!("looking through uploads: 0 of {total}"));
    while let Some((found, upload)) = searches.next().await {
        looked += 1;
        tell(format!("looking through uploads: {looked} of {total}"));
        let holds = match found {
            Ok(0) => continue,
            Ok(lines) => Holds::Lines(lines),
            Err(error) => Holds::Unknown(format!("{error:#}")),
        };
        holding.push(Holding { key: upload.key, version: upload.version, holds });
    }
    Ok(Looked { holding, objects: total })
}
