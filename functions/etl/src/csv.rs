//! Splits the bytes of an export into records, in any chunking, with bounded memory.
//!
//! A record is one physical line, or several when a quoted field holds line breaks. A line without quotes is
//! split at its commas, every other record by `csv-core`. What bounds it:
//! - a line of more than [`MAX_RECORD`] bytes is reported and passed over without being kept;
//! - a quote that is never closed must not swallow the file: when a record doesn't end within [`MAX_RECORD`]
//!   bytes and [`MAX_LINES`] lines, its first line alone is reported, and reading goes on behind that line.
//!   So no byte is looked at more than [`MAX_LINES`] times, whatever the file holds.

use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

pub use crate::record::{COLUMNS, MAX_LINES, MAX_RECORD, Piece, Problem, Record};

/// The byte order mark that some programs put before UTF-8 text.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Splits chunks that are pushed into it. Line ends are `\n` with any number of `\r` before it; the last line
/// needs none. Empty lines are passed over.
pub struct Splitter {
    reader: Reader,
    /// Bytes pushed and not yet handed out, from `start` on.
    buffer: Vec<u8>,
    start: usize,
    /// Number of the line at `start`, from 1.
    line: u64,
    begun: bool,
    ended: bool,
    /// Inside a line that is too long.
    skipping: bool,
    /// The fields of the record handed out last, unquoted, one behind the other; not used when it has no quotes.
    fields: Vec<u8>,
    /// Where its fields end: in `fields`, or in its bytes when it has no quotes.
    ends: [usize; COLUMNS + 1],
    last: Found,
}

/// What was found at the start of the buffer, as places in it.
#[derive(Debug, Clone, Default)]
struct Found {
    line: u64,
    raw: Range<usize>,
    first_line_end: usize,
    lines: u64,
    columns: usize,
    quotes: bool,
    problem: Option<Problem>,
}

impl Default for Splitter {
    fn default() -> Self {
        let mut splitter = Self {
            // `\r` is part of the line end only before `\n`, which is taken care of here.
            reader: ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build(),
            buffer: Vec::new(),
            start: 0,
            line: 1,
            begun: false,
            ended: false,
            skipping: false,
            // Unquoting never makes longer; one byte more, so that the output is never "full".
            fields: vec![0; MAX_RECORD + 2],
            ends: [0; COLUMNS + 1],
            last: Found::default(),
        };
        splitter.reset();
        splitter
    }
}

impl Splitter {
    /// Adds bytes. Take every [`next`](Self::next) before the next push: what is pushed is kept until then.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that there are no more bytes.
    pub fn finish(&mut self) {
        self.ended = true;
        if self.buffer[self.start..].last().is_some_and(|last| *last != b'\n') {
            self.buffer.push(b'\n');
        }
    }

    /// The next record or bad line; `None` when more bytes are needed, or at the end.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend its buffer")]
    pub fn next(&mut self) -> Option<Piece<'_>> {
        self.last = self.find()?;
        Some(self.piece())
    }

    /// Takes back the record of several lines that was handed out last: its first line is reported instead, and
    /// reading goes on behind it. Without effect on a record of one line.
    pub fn reopen(&mut self) -> Piece<'_> {
        if self.last.lines > 1 {
            self.last.lines = 1;
            self.last.problem = Some(Problem::UnclosedQuote);
            self.last.raw.end = self.last.first_line_end;
            self.start = self.last.first_line_end + 1;
            self.line = self.last.line + 1;
            trim_line_end(&self.buffer, &mut self.last.raw);
        }
        self.piece()
    }

    fn piece(&self) -> Piece<'_> {
        let Found { line, lines, problem, columns, quotes, .. } = self.last;
        let raw = &self.buffer[self.last.raw.clone()];
        if let Some(problem) = problem {
            return Piece::Bad { line, raw, problem };
        }
        // Unquoted fields follow each other; those of a line without quotes have a comma between them.
        let (text, gap) = if quotes { (self.fields.as_slice(), 0) } else { (raw, 1) };
        let mut from = 0;
        let fields = (columns == COLUMNS).then(|| {
            std::array::from_fn(|column| {
                let to = self.ends[column];
                &text[std::mem::replace(&mut from, to + gap)..to]
            })
        });
        Piece::Record(Record { line, raw, lines, quotes, fields })
    }

    fn find(&mut self) -> Option<Found> {
        if !self.begun {
            if self.buffer.len() < BOM.len() && !self.ended {
                return None;
            }
            self.begun = true;
            self.start += if self.buffer.starts_with(BOM) { BOM.len() } else { 0 };
        }
        loop {
            if self.skipping && !self.skip() {
                return None;
            }
            let Some(end) = self.line_end(self.start, self.start) else {
                if self.buffer.len() - self.start <= MAX_RECORD {
                    return None;
                }
                let raw = self.start..self.start + MAX_RECORD;
                self.start = raw.end;
                self.skipping = true;
                let problem = Some(Problem::LineTooLong);
                return Some(Found { line: self.line, raw, lines: 1, problem, ..Found::default() });
            };
            if self.buffer[self.start..end].iter().all(|byte| *byte == b'\r') {
                self.pass(end, 1);
                continue;
            }
            if memchr::memchr(b'"', &self.buffer[self.start..end]).is_none() {
                return Some(self.plain(end));
            }
            return self.record(end);
        }
    }

    /// The record of a line without quotes.
    fn plain(&mut self, end: usize) -> Found {
        let (line, mut raw) = (self.line, self.start..end);
        trim_line_end(&self.buffer, &mut raw);
        let text = &self.buffer[raw.clone()];
        let mut columns = 0;
        for comma in memchr::memchr_iter(b',', text) {
            self.ends[columns.min(COLUMNS)] = comma;
            columns += 1;
        }
        self.ends[columns.min(COLUMNS)] = text.len();
        self.pass(end, 1);
        Found { line, raw, lines: 1, columns: columns + 1, ..Found::default() }
    }

    /// Where the line that goes on at `from` ends: its `\n`, within [`MAX_RECORD`] bytes of `start`.
    fn line_end(&self, start: usize, from: usize) -> Option<usize> {
        let most = self.buffer.len().min(start + MAX_RECORD + 1);
        memchr::memchr(b'\n', self.buffer.get(from..most)?).map(|at| from + at)
    }

    /// Drops the rest of a line that is too long, as far as it is there.
    fn skip(&mut self) -> bool {
        match memchr::memchr(b'\n', &self.buffer[self.start..]) {
            Some(at) => {
                self.skipping = false;
                self.pass(self.start + at, 1);
                true
            }
            None => {
                self.start = self.buffer.len();
                false
            }
        }
    }

    /// Moves behind a line end.
    fn pass(&mut self, end: usize, lines: u64) {
        self.start = end + 1;
        self.line += lines;
    }

    /// The record whose first line ends at `first_line_end`; `None` when more bytes are needed.
    fn record(&mut self, first_line_end: usize) -> Option<Found> {
        let line = self.line;
        let (mut from, mut end, mut lines) = (self.start, first_line_end, 1);
        let (mut columns, mut written) = (0, 0);
        while !self.split(from..end + 1, &mut columns, &mut written) {
            // In an open quote: the record goes on in the next line, if it may.
            from = end + 1;
            let next = if lines < MAX_LINES { self.line_end(self.start, from) } else { None };
            if let Some(next) = next {
                (end, lines) = (next, lines + 1);
                continue;
            }
            self.reset();
            if lines < MAX_LINES && !self.ended && self.buffer.len() - self.start <= MAX_RECORD {
                return None;
            }
            let mut raw = self.start..first_line_end;
            trim_line_end(&self.buffer, &mut raw);
            self.pass(first_line_end, 1);
            let problem = Some(Problem::UnclosedQuote);
            return Some(Found { line, raw, first_line_end, lines: 1, columns, quotes: true, problem });
        }
        if columns == COLUMNS {
            // The line end's `\r`s are in the last field.
            let from = self.ends[COLUMNS - 2];
            let mut last = from..self.ends[COLUMNS - 1];
            trim_line_end(&self.fields, &mut last);
            self.ends[COLUMNS - 1] = last.end;
        }
        let mut raw = self.start..end;
        trim_line_end(&self.buffer, &mut raw);
        self.pass(end, lines);
        Some(Found { line, raw, first_line_end, lines, columns, quotes: true, problem: None })
    }

    /// Makes the reader ready for a record. An empty line keeps it from taking a byte order mark off, which would
    /// depend on where chunks end: only the file's first one is taken off, and not by the reader.
    fn reset(&mut self) {
        self.reader.reset();
        let _ = self.reader.read_record(b"\n", &mut self.fields, &mut self.ends);
    }

    /// Splits one more line of a record, with its line end; `false` when that leaves a quote open.
    fn split(&mut self, line: Range<usize>, columns: &mut usize, written: &mut usize) -> bool {
        let mut input = &self.buffer[line];
        while !input.is_empty() {
            // Columns that are too many are counted, but their ends not kept.
            let free = &mut self.ends[(*columns).min(COLUMNS)..];
            let (result, read, wrote, ended) =
                self.reader.read_record(input, &mut self.fields[*written..], free);
            input = &input[read..];
            *written += wrote;
            *columns += ended;
            match result {
                ReadRecordResult::Record => return true,
                ReadRecordResult::OutputEndsFull => {}
                // The output holds a record and more, so it is never full.
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::End => break,
            }
        }
        false
    }
}

/// Takes the `\r`s off the end.
fn trim_line_end(bytes: &[u8], range: &mut Range<usize>) {
    while range.end > range.start && bytes[range.end - 1] == b'\r' {
        range.end -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a splitter keeps must not grow with a line or a file.
    #[test]
    fn a_line_of_100_mb_is_not_kept() {
        let (mut splitter, chunk) = (Splitter::default(), vec![b'x'; 64 * 1024]);
        let mut pieces = Vec::new();
        for _ in 0..1_600 {
            splitter.push(&chunk);
            while let Some(piece) = splitter.next() {
                pieces.push(format!("{piece:?}").len());
            }
            assert!(splitter.buffer.capacity() <= 4 * MAX_RECORD, "{}", splitter.buffer.capacity());
        }
        assert_eq!(pieces.len(), 1);
        splitter.push(b"\na,b,c,d,e");
        splitter.finish();
        let Some(Piece::Record(record)) = splitter.next() else { panic!("the row behind it") };
        assert_eq!((record.line, record.raw), (2, &b"a,b,c,d,e"[..]));
        assert_eq!(splitter.next(), None);
    }
}
