//! Searches one object for a person: an export row by row, as `etl` reads it, everything else as text.

use std::collections::BTreeSet;

use anyhow::anyhow;
use etl::event::Upload;
use etl::export::Export;
use etl::format::Format;
use etl::identity::{Halt, Occurrences};
use etl::object::{Body as _, ReadUpload, Refusal};
use etl::pii::Pii;
use etl::transform::{Outcome, Transform};
use shared::purchase::BuyerToken;

use crate::buyer::Person;

/// Most bytes of a line that are kept: a rejects file has lines of more than 64 KiB.
const MAX_LINE: usize = 256 * 1024;

/// What of a longer line is looked at again with what follows: more than an address has.
const OVERLAP: usize = 1_024;

/// What is searched for, and where.
pub(super) struct Search<'a, O> {
    pub(super) uploads: &'a O,
    pub(super) pii: &'a Pii,
    pub(super) person: &'a Person,
    /// The person's tokens.
    pub(super) tokens: &'a BTreeSet<BuyerToken>,
}

/// Why an export was not read row by row.
enum Unread {
    /// It is none that `etl` loads.
    Refused(Refusal),
    /// Its rows cannot be told apart.
    Halted,
    /// Reading broke off.
    Broken(anyhow::Error),
}

impl<O: ReadUpload> Search<'_, O> {
    /// Rows of an export that are the person's, refused ones too.
    pub(super) async fn export(&self, upload: &Upload) -> anyhow::Result<u64> {
        let mut rows = self.rows(upload, Occurrences::in_time_order()).await;
        if matches!(rows, Err(Unread::Halted)) {
            rows = self.rows(upload, Occurrences::of_whole_file()).await;
        }
        match rows {
            Ok(rows) => Ok(rows),
            Err(Unread::Broken(error)) => Err(error),
            Err(Unread::Halted) => self.text(upload).await,
            // Nothing was loaded of it, and it may hold the address all the same.
            Err(Unread::Refused(Refusal::Header(_) | Refusal::HeaderTwice(_))) => self.text(upload).await,
            Err(Unread::Refused(refusal)) => match self.lines(upload).await? {
                0 => Err(anyhow!(refusal)),
                lines => Ok(lines),
            },
        }
    }

    async fn rows(&self, upload: &Upload, occurrences: Occurrences) -> Result<u64, Unread> {
        let format = Format::default();
        let opened = self.uploads.open(upload).await.map_err(Unread::Broken)?;
        let mut export = Export::new(opened.body);
        export.check().await.map_err(Unread::Broken)?.map_err(Unread::Refused)?;
        let mut transform = Transform::new(self.pii, &format, occurrences);
        let mut rows = 0;
        while let Some(text) = export.next().await.map_err(|error| Unread::Broken(anyhow!(error)))? {
            transform.push(&text);
            rows += self.drain(&mut transform)?;
        }
        transform.finish();
        Ok(rows + self.drain(&mut transform)?)
    }

    fn drain(&self, transform: &mut Transform<'_>) -> Result<u64, Unread> {
        let mut rows = 0;
        loop {
            let is_theirs = match transform.next() {
                Ok(None) => return Ok(rows),
                Ok(Some(Outcome::Purchase(purchase))) => self.tokens.contains(&purchase.buyer),
                Ok(Some(Outcome::Reject(reject))) => self.person.is_in(reject.raw),
                // The keys here know of nobody who was erased.
                Ok(Some(Outcome::Erased)) => true,
                Err(Halt::Refused(refusal)) => return Err(Unread::Refused(refusal)),
                Err(Halt::Unsorted | Halt::TooMany) => return Err(Unread::Halted),
            };
            rows += u64::from(is_theirs);
        }
    }

    /// Lines of an export that hold the address, inflated and as UTF-8.
    async fn text(&self, upload: &Upload) -> anyhow::Result<u64> {
        let mut export = Export::new(self.uploads.open(upload).await?.body);
        let mut lines = Lines::new(self.person);
        while let Some(text) = export.next().await? {
            lines.push(&text);
        }
        Ok(lines.finish())
    }

    /// Lines of an object that hold the address.
    pub(super) async fn lines(&self, upload: &Upload) -> anyhow::Result<u64> {
        let mut body = self.uploads.open(upload).await?.body;
        let mut lines = Lines::new(self.person);
        while let Some(bytes) = body.next().await? {
            lines.push(&bytes);
        }
        Ok(lines.finish())
    }
}

/// Counts the lines that hold an address, in any chunking and with bounded memory.
struct Lines<'a> {
    person: &'a Person,
    /// The beginning of a line that has not ended yet, or the end of what was read of it.
    line: Vec<u8>,
    /// Whether the address was found in a part of it that is not kept.
    held: bool,
    count: u64,
}

impl<'a> Lines<'a> {
    fn new(person: &'a Person) -> Self {
        Self { person, line: Vec::new(), held: false, count: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end();
            } else if self.line.len() > MAX_LINE {
                self.held |= self.person.is_in(&self.line);
                self.line.drain(..self.line.len() - OVERLAP);
            }
        }
    }

    fn end(&mut self) {
        let held = self.held || self.person.is_in(&self.line);
        self.count += u64::from(held);
        self.held = false;
        self.line.clear();
    }

    fn finish(mut self) -> u64 {
        self.end();
        self.count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::buyer::tests::{ADA, person};

    fn count(person: &Person, text: &[u8], chunk: usize) -> u64 {
        let mut lines = Lines::new(person);
        text.chunks(chunk).for_each(|chunk| lines.push(chunk));
        lines.finish()
    }

    #[test]
    fn a_line_of_any_length_is_searched_to_its_end() {
        let ada = person(ADA);
        for before in [0, MAX_LINE - 5, MAX_LINE, MAX_LINE + OVERLAP, 3 * MAX_LINE] {
            let text = [vec![b'x'; before], ADA.into(), vec![b'x'; MAX_LINE]].concat();
            assert_eq!(count(&ada, &text, 1_000), 1, "{before}");
        }
        let lines = format!("{ADA},{ADA}\nben\n{ADA}");
        assert_eq!(count(&ada, lines.as_bytes(), 3), 2, "lines, not addresses");
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(lines in proptest::collection::vec("[a@.\n ]{0,12}", 0..6), chunk in 1usize..40) {
            let ada = person(ADA);
            let text = lines.iter().map(|line| format!("{line}\"ada@SHOP.example\"{line}")).collect::<String>();
            prop_assert_eq!(count(&ada, text.as_bytes(), chunk), count(&ada, text.as_bytes(), usize::MAX));
        }
    }
}
