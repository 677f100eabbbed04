//! What an export is split into: records, and lines that are none; and how large they may be.

/// Columns of an export.
pub const COLUMNS: usize = 5;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// One record of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Number of its first line, from 1.
    pub line: u64,
    /// Its bytes as they are in the file, without the line end.
    pub raw: &'a [u8],
    /// How many lines it spans.
    pub lines: u64,
    /// Whether there is a quote in it.
    pub quotes: bool,
    /// Its fields, unquoted; `None` when there are not [`COLUMNS`] of them.
    pub fields: Option<[&'a [u8]; COLUMNS]>,
}
