//! Splits the bytes of an export into records, in any chunking, with bounded memory.
//!
//! A record is one physical line, or several when a quoted field holds line breaks. A line without quotes is
//! split at its delimiters, every other record by `csv-core`. What bounds it:
//! - a line of more than [`MAX_RECORD`] bytes is reported and passed over without being kept;
//! - a quote that is never closed must not swallow the file: when a record doesn't end within [`MAX_RECORD`]
//!   bytes and [`MAX_LINES`] lines, its first line alone is reported, and reading goes on behind that line.
//!   So no byte is looked at more than [`MAX_LINES`] times, whatever the file holds.

use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

pub use crate::record::{COLUMNS, MAX_COLUMNS, MAX_LINES, MAX_RECORD, Piece, Problem, Record};

/// Splits chunks that are pushed into it. Line ends are `\n` with any number of `\r` before it; the last line
/// needs none. Empty lines are passed over.
pub struct Splitter {
    reader: Reader,
    /// Bytes pushed and not yet handed out, from `start` on.
    pub(crate) buffer: Vec<u8>,
    start: usize,
    /// Number of the line at `start`, from 1.
    line: u64,
    delimiter: u8,
    ended: bool,
    /// Inside a line that is too long.
    skipping: bool,
    /// The fields of the record handed out last, unquoted, one behind the other; not used when it has no quotes.
    pub(crate) fields: Vec<u8>,
    /// Where its fields end: in `fields`, or in its bytes when it has no quotes. One more than the columns that can be
    /// looked at, so that there is always room for one.
    pub(crate) ends: Box<[usize; MAX_COLUMNS + 1]>,
    /// What was handed out last.
    pub(crate) last: Found,
}

/// A record or a bad line, as places in the buffer.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) line: u64,
    pub(crate) raw: Range<usize>,
    first_line_end: usize,
    pub(crate) lines: u64,
    pub(crate) columns: usize,
    pub(crate) quotes: bool,
    problem: Option<Problem>,
}

impl Splitter {
    /// Splits at this delimiter.
    pub fn new(delimiter: u8) -> Self {
        let mut splitter = Self {
            reader: reader(delimiter),
            buffer: Vec::new(),
            start: 0,
            line: 1,
            delimiter,
            ended: false,
            skipping: false,
            // Unquoting never makes longer; one byte more, so that the output is never "full".
            fields: vec![0; MAX_RECORD + 2],
            ends: Box::new([0; MAX_COLUMNS + 1]),
            last: Found::default(),
        };
        splitter.reset();
        splitter
    }

    /// The first bytes, so many of them or all there are; `None` when more are needed. Only before the first
    /// [`next`](Self::next).
    pub fn start(&self, most: usize) -> Option<&[u8]> {
        (self.ended || self.buffer.len() >= most).then(|| &self.buffer[..most.min(self.buffer.len())])
    }

    /// Splits at another delimiter. Only before the first [`next`](Self::next).
    pub fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
        self.reader = reader(delimiter);
        self.reset();
    }

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
        self.find().then(|| self.piece())
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
        match self.last.problem {
            None => Piece::Record(Record(self)),
            Some(problem) => Piece::Bad { line: self.last.line, raw: Record(self).raw(), problem },
        }
    }

    /// Finds the next piece, as the last one; `false` when more bytes are needed.
    fn find(&mut self) -> bool {
        loop {
            if self.skipping && !self.skip() {
                return false;
            }
            let most = self.buffer.len().min(self.start + MAX_RECORD + 1);
            let line = &self.buffer[self.start..most];
            let (quotes, end) = match memchr::memchr2(b'\n', b'"', line) {
                Some(at) if line[at] == b'\n' => (false, Some(at)),
                Some(at) => (true, memchr::memchr(b'\n', &line[at..]).map(|behind| at + behind)),
                None => (false, None),
            };
            let Some(end) = end.map(|at| self.start + at) else {
                if line.len() <= MAX_RECORD {
                    return false;
                }
                let raw = self.start..self.start + MAX_RECORD;
                self.start = raw.end;
                self.skipping = true;
                let problem = Some(Problem::LineTooLong);
                self.last = Found { line: self.line, raw, lines: 1, problem, ..Found::default() };
                return true;
            };
            if line[..end - self.start].iter().all(|byte| *byte == b'\r') {
                self.pass(end, 1);
                continue;
            }
            if quotes {
                return self.record(end);
            }
            self.plain(end);
            return true;
        }
    }

    /// The record of a line without quotes.
    #[inline]
    fn plain(&mut self, end: usize) {
        let (line, mut raw) = (self.line, self.start..end);
        trim_line_end(&self.buffer, &mut raw);
        let text = &self.buffer[raw.clone()];
        let mut columns = 0;
        for end in memchr::memchr_iter(self.delimiter, text) {
            self.ends[columns.min(MAX_COLUMNS)] = end;
            columns += 1;
        }
        self.ends[columns.min(MAX_COLUMNS)] = text.len();
        self.pass(end, 1);
        self.last = Found { line, raw, lines: 1, columns: columns + 1, ..Found::default() };
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

    /// The record whose first line ends at `first_line_end`; `false` when more bytes are needed.
    fn record(&mut self, first_line_end: usize) -> bool {
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
                return false;
            }
            let mut raw = self.start..first_line_end;
            trim_line_end(&self.buffer, &mut raw);
            self.pass(first_line_end, 1);
            let problem = Some(Problem::UnclosedQuote);
            self.last = Found { line, raw, first_line_end, lines: 1, columns, quotes: true, problem };
            return true;
        }
        if let Some(last) = columns.checked_sub(1).filter(|last| *last < MAX_COLUMNS) {
            // The line end's `\r`s are in the last field.
            let from = last.checked_sub(1).map_or(0, |before| self.ends[before]);
            let mut field = from..self.ends[last];
            trim_line_end(&self.fields, &mut field);
            self.ends[last] = field.end;
        }
        let mut raw = self.start..end;
        trim_line_end(&self.buffer, &mut raw);
        self.pass(end, lines);
        self.last = Found { line, raw, first_line_end, lines, columns, quotes: true, problem: None };
        true
    }

    /// Makes the reader ready for a record. An empty line keeps it from taking a byte order mark off, which would
    /// depend on where chunks end: that is done where the text is read.
    fn reset(&mut self) {
        self.reader.reset();
        let _ = self.reader.read_record(b"\n", &mut self.fields, self.ends.as_mut_slice());
    }

    /// Splits one more line of a record, with its line end; `false` when that leaves a quote open.
    fn split(&mut self, line: Range<usize>, columns: &mut usize, written: &mut usize) -> bool {
        let mut input = &self.buffer[line];
        while !input.is_empty() {
            // Columns that are too many are counted, but their ends not kept.
            let free = &mut self.ends[(*columns).min(MAX_COLUMNS)..];
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

/// `\r` is part of the line end only before `\n`, which the splitter takes care of.
fn reader(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build()
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
        let (mut splitter, chunk) = (Splitter::new(b','), vec![b'x'; 64 * 1024]);
        let mut pieces = Vec::new();
        for _ in 0..1_600 {
            splitter.push(&chunk);
            while let Some(piece) = splitter.next() {
                pieces.push(matches!(piece, Piece::Bad { problem: Problem::LineTooLong, .. }));
            }
            assert!(splitter.buffer.capacity() <= 4 * MAX_RECORD, "{}", splitter.buffer.capacity());
        }
        assert_eq!(pieces, [true]);
        splitter.push(b"\na,b,c,d,e");
        splitter.finish();
        let Some(Piece::Record(record)) = splitter.next() else { panic!("the row behind it") };
        assert_eq!((record.line(), record.raw()), (2, &b"a,b,c,d,e"[..]));
        assert!(splitter.next().is_none());
    }
}
