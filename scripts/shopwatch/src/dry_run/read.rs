//! Reads a file to its end, or to what `etl` would refuse it for.

use std::collections::BTreeMap;
use std::fs::File;

use etl::days::Days;
use etl::end;
use etl::event::Upload;
use etl::export::{Export, ReadError};
use etl::format::Format;
use etl::identity::{Halt, Occurrences};
use etl::judgement::{self, judge};
use etl::object::check_announced;
use etl::pii::{Method, Pii};
use etl::transform::{Outcome, Reject, Transform};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use shared::import::{ImportCounts, ImportState};

use super::file::Local;
use crate::import;
use crate::pii::new_key;

/// Lines that are named for each reason.
const LINES: usize = 5;

/// Bytes of a refused row that are shown.
const SHOWN: usize = 500;

/// After how much text progress is told.
const TOLD: u64 = 1 << 20;

/// How the file is read.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the installation knows of its exports.
    pub format: Format,
    /// Most of the first rows that may be refused.
    pub max_rejected_percent: u8,
    /// Whether refused rows are kept, to be shown.
    pub keep_rows: bool,
}

/// Rows that were refused for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected {
    /// How many.
    pub rows: u64,
    /// The numbers of the first lines, with the rows themselves if they are to be shown.
    pub first: Vec<(u64, Option<String>)>,
}

/// What an import would end as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is a purchase.
    Loaded,
    /// Every row is a purchase or a reject.
    LoadedWithRejects,
    /// Nothing would be written, for this reason.
    Refused(String),
    /// It would end before its end, for this reason.
    Failed(String),
}

/// What the file was found to hold, up to where reading ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What would become of it.
    pub verdict: Verdict,
    /// What it was found to be.
    pub format: Option<String>,
    /// Bytes of the file, and of the text in it.
    pub bytes: (u64, u64),
    /// Rows, good and refused.
    pub rows: u64,
    /// Rows refused, by reason.
    pub rejected: BTreeMap<&'static str, Rejected>,
    /// The first and the last instant.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Different days (UTC).
    pub days: usize,
    /// Local times that were ambiguous, or skipped, and resolved by rule.
    pub ambiguous_times: u64,
    /// Whether rows are out of time order.
    pub unsorted: bool,
    /// What the ledger would say of an import that has ended well, if anything.
    pub note: Option<String>,
}

/// Why a pass over the file ended before its end.
enum End {
    Refused(String),
    Failed(String),
    /// It has to be read again, remembering every row.
    Unsorted,
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Unsorted => Self::Unsorted,
            Halt::Refused(refusal) => Self::Refused(refusal.to_string()),
            Halt::TooMany => Self::Failed(end::too_many()),
        }
    }
}

/// Reads the file as if it were the object of this key; `seen` is told of bytes and rows read.
///
/// # Errors
/// When the file cannot be read.
pub async fn read(
    export: import::Export,
    key: &str,
    asked: &Asked,
    mut seen: impl FnMut(u64, u64),
) -> anyhow::Result<Report> {
    let size = export.size();
    let file = export.into_file();
    let pii = throw_away()?;
    let upload = Upload { key: key.to_owned(), size: Some(size), ..Upload::default() };
    if let Err(refusal) = check_announced(&upload, "") {
        return Ok(Reading::new(asked, false).report(Verdict::Refused(refusal.to_string()), (size, 0)));
    }
    let mut reading = Reading::new(asked, false);
    let mut ended = reading.pass(&file, &pii, Occurrences::in_time_order(), &mut seen).await?;
    if matches!(ended, Err(End::Unsorted)) {
        reading = Reading::new(asked, true);
        ended = reading.pass(&file, &pii, Occurrences::of_whole_file(), &mut seen).await?;
    }
    let mut note = None;
    let verdict = match ended {
        Ok(()) => {
            let (state, message) = end::ended_well(&reading.counts());
            note = message;
            if state == ImportState::Loaded { Verdict::Loaded } else { Verdict::LoadedWithRejects }
        }
        Err(End::Refused(why)) => Verdict::Refused(why),
        Err(End::Failed(why)) => Verdict::Failed(why),
        Err(End::Unsorted) => Verdict::Failed(Halt::Unsorted.to_string()),
    };
    let bytes = reading.bytes;
    Ok(Report { note, ..reading.report(verdict, bytes) })
}

/// Keys that nobody knows and nobody keeps.
fn throw_away() -> anyhow::Result<Pii> {
    let key = new_key()?;
    let secret = SecretString::from(format!(r#"{{"active":"k1","k1":"{}"}}"#, key.expose_secret()));
    Ok(Pii::parse(&secret, Method::Hmac, Timestamp::now())?)
}

/// What one pass has found so far.
struct Reading<'a> {
    asked: &'a Asked,
    format: Option<String>,
    bytes: (u64, u64),
    rows: u64,
    rejected: BTreeMap<&'static str, Rejected>,
    span: Option<(Timestamp, Timestamp)>,
    days: Days,
    ambiguous_times: u64,
    unsorted: bool,
}

impl<'a> Reading<'a> {
    fn new(asked: &'a Asked, unsorted: bool) -> Self {
        Self {
            asked,
            format: None,
            bytes: (0, 0),
            rows: 0,
            rejected: BTreeMap::new(),
            span: None,
            days: Days::default(),
            ambiguous_times: 0,
            unsorted,
        }
    }

    fn report(self, verdict: Verdict, bytes: (u64, u64)) -> Report {
        Report {
            verdict,
            format: self.format,
            bytes,
            rows: self.rows,
            rejected: self.rejected,
            span: self.span,
            days: self.days.to_vec().len(),
            ambiguous_times: self.ambiguous_times,
            unsorted: self.unsorted,
            note: None,
        }
    }

    async fn pass(
        &mut self,
        file: &File,
        pii: &Pii,
        occurrences: Occurrences,
        seen: &mut impl FnMut(u64, u64),
    ) -> anyhow::Result<Result<(), End>> {
        let mut export = Export::new(Local::of(file)?);
        let found = match export.check().await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(End::Refused(refusal.to_string()))),
        };
        self.format = Some(found.to_string());
        let mut transform = Transform::new(pii, &self.asked.format, occurrences);
        let mut told = 0;
        let end = loop {
            let text = match export.next().await {
                Ok(text) => text,
                Err(ReadError::Corrupt(why)) => break Err(End::Failed(end::corrupt(&why))),
                Err(ReadError::Broken(error)) => return Err(error),
            };
            self.bytes = (export.object_bytes(), export.text_bytes());
            let ended = text.is_none();
            match text {
                Some(text) => transform.push(&text),
                None => transform.finish(),
            }
            if let Err(end) = self.drain(&mut transform) {
                break Err(end);
            }
            if ended {
                // A file of fewer rows than are judged is judged at its end.
                break if self.rows < judgement::ROWS { self.judged() } else { Ok(()) };
            }
            if export.text_bytes() >= told {
                seen(self.bytes.0, self.rows);
                told = export.text_bytes() + TOLD;
            }
        };
        self.ambiguous_times = transform.ambiguous_times();
        if let (Some(format), Some(layout)) = (&mut self.format, transform.format()) {
            *format = format!("{format}, {layout}");
        }
        Ok(end)
    }

    fn drain(&mut self, transform: &mut Transform<'_>) -> Result<(), End> {
        while let Some(outcome) = transform.next()? {
            self.rows += 1;
            match outcome {
                Outcome::Purchase(purchase) => {
                    let at = purchase.position.at;
                    self.days.add(at).map_err(|error| End::Failed(error.to_string()))?;
                    let (first, last) = self.span.unwrap_or((at, at));
                    self.span = Some((first.min(at), last.max(at)));
                }
                Outcome::Reject(reject) => self.reject(&reject),
                // Nobody is erased here.
                Outcome::Erased => {}
            }
            if self.rows == judgement::ROWS {
                self.judged()?;
            }
        }
        Ok(())
    }

    fn reject(&mut self, reject: &Reject<'_>) {
        let rejected = self.rejected.entry(reject.reason.as_str()).or_default();
        rejected.rows += 1;
        if rejected.first.len() < LINES {
            let shown = &reject.raw[..reject.raw.len().min(SHOWN)];
            let row = self.asked.keep_rows.then(|| String::from_utf8_lossy(shown).into_owned());
            rejected.first.push((reject.line, row));
        }
    }

    fn judged(&self) -> Result<(), End> {
        judge(&self.counts(), self.asked.max_rejected_percent).map_err(End::Refused)
    }

    fn counts(&self) -> ImportCounts {
        let rejected = self.rejected.iter().map(|(reason, of)| ((*reason).to_owned(), of.rows)).collect();
        let mut counts = ImportCounts { rows: self.rows, rejected, ..ImportCounts::default() };
        counts.loaded = counts.rows.saturating_sub(counts.rejected_total());
        counts
    }
}
