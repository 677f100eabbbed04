//! What an export is split into: records, and lines that are none; and how large they may be.

use crate::csv::Splitter;

/// Columns of an export that are needed.
pub const COLUMNS: usize = 5;

/// Most columns of a record that can be looked at; more are counted.
pub const MAX_COLUMNS: usize = 1_024;

/// Most bytes of a line, and of a record: 64 KiB. A real row has about 80.
pub const MAX_RECORD: usize = 64 * 1024;

/// Most lines of a record. A real row has one, and a stray line break inside quotes makes it two.
pub const MAX_LINES: u64 = 16;

/// Why a line is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Longer than [`MAX_RECORD`]; only its beginning is kept.
    LineTooLong,
    /// A quote opened in it is not closed where it should be.
    UnclosedQuote,
}

/// A record, or a line that is none.
#[derive(Clone, Copy)]
pub enum Piece<'a> {
    /// One record.
    Record(Record<'a>),
    /// One line that is no record.
    Bad {
        /// Its number, from 1.
        line: u64,
        /// Its bytes without the line end.
        raw: &'a [u8],
        /// Why.
        problem: Problem,
    },
}

/// One record of an export, as long as it is in the splitter's buffer.
#[derive(Clone, Copy)]
pub struct Record<'a>(pub(crate) &'a Splitter);

impl<'a> Record<'a> {
    /// Number of its first line, from 1.
    pub fn line(self) -> u64 {
        self.0.last.line
    }

    /// Its bytes as they are in the file, without the line end.
    #[inline]
    pub fn raw(self) -> &'a [u8] {
        &self.0.buffer[self.0.last.raw.clone()]
    }

    /// How many lines it spans.
    #[inline]
    pub fn lines(self) -> u64 {
        self.0.last.lines
    }

    /// Whether there is a quote in it.
    #[inline]
    pub fn quotes(self) -> bool {
        self.0.last.quotes
    }

    /// How many columns it has.
    #[inline]
    pub fn columns(self) -> usize {
        self.0.last.columns
    }

    /// One field, unquoted; empty when there is no such column, or it is behind the first [`MAX_COLUMNS`].
    #[inline]
    pub fn column(self, column: usize) -> &'a [u8] {
        // Unquoted fields follow each other; those of a line without quotes have a delimiter between them.
        let (text, gap) = if self.quotes() { (self.0.fields.as_slice(), 0) } else { (self.raw(), 1) };
        let ends = &self.0.ends[..self.columns().min(MAX_COLUMNS)];
        let from = column.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| end + gap);
        ends.get(column).and_then(|end| text.get(from..*end)).unwrap_or_default()
    }

    /// Its fields, unquoted; the first [`MAX_COLUMNS`] of them.
    pub fn all(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.columns().min(MAX_COLUMNS)).map(move |column| self.column(column))
    }
}
