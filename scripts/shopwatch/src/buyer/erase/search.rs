//! Searches one object for a person, as text: wherever in a row the address stands, and whatever `etl` makes of it.

use anyhow::anyhow;
use etl::event::Upload;
use etl::export::Export;
use etl::object::{Body, ReadUpload, Refusal};

use super::exports::REJECTS;
use crate::buyer::Person;

/// Most bytes of a line that are kept: a rejects file has lines of more than 64 KiB.
const MAX_LINE: usize = 256 * 1024;

/// What of a longer line is looked at again with what follows: more than an address has, however it is written.
const OVERLAP: usize = 4_096;

/// Lines of an object that hold the address: at least one if there is any, and all of them if the object can be read to
/// its end.
pub(super) async fn lines(
    uploads: &impl ReadUpload,
    upload: &Upload,
    person: &Person,
) -> anyhow::Result<u64> {
    let mut export = Export::new(uploads.open(upload).await?.body);
    let refusal = match export.check().await? {
        Ok(_) => return text(export, person).await,
        Err(Refusal::Empty) => return Ok(0),
        Err(refusal) => refusal,
    };
    match (raw(uploads.open(upload).await?.body, person).await?, refusal) {
        // What `etl` writes is text: only the rows in it may be anything.
        (0, Refusal::NotUtf8 { .. } | Refusal::Binary(_)) if upload.key.starts_with(REJECTS) => Ok(0),
        (0, refusal) => Err(anyhow!(refusal)),
        (lines, _) => Ok(lines),
    }
}

/// Inflated, and as UTF-8.
async fn text(mut export: Export<impl Body>, person: &Person) -> anyhow::Result<u64> {
    let mut lines = Lines::new(person);
    loop {
        match export.next().await {
            Ok(Some(text)) => lines.push(&text),
            Ok(None) => return Ok(lines.finish()),
            Err(error) => return lines.found_before(error.into()),
        }
    }
}

/// Byte for byte.
async fn raw(mut body: impl Body, person: &Person) -> anyhow::Result<u64> {
    let mut lines = Lines::new(person);
    loop {
        match body.next().await {
            Ok(Some(bytes)) => lines.push(&bytes),
            Ok(None) => return Ok(lines.finish()),
            Err(error) => return lines.found_before(error),
        }
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

    /// What was found is known, although reading ended early.
    fn found_before(self, error: anyhow::Error) -> anyhow::Result<u64> {
        match self.finish() {
            0 => Err(error),
            lines => Ok(lines),
        }
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
