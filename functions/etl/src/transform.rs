//! The transform: text of an export in, purchases and rejects out. No I/O, and nothing of the file is kept.

use shared::purchase::{Position, Purchase, RowId};
use shared::store::FirstHmac;

use crate::columns::{Named, Places};
use crate::csv::{COLUMNS, Piece, Record, Splitter};
use crate::dates::Dates;
use crate::format::{DELIMITERS, Format};
use crate::heading::is_heading;
use crate::identity::{Halt, Occurrences, row_id};
use crate::layout::{Layout, SAMPLE};
use crate::pii::Pii;
use crate::row::{self, MAX_FIELD, Reason, Row};

/// Reads one export. Push text, then take every [`next`](Self::next).
pub struct Transform<'a> {
    splitter: Splitter,
    pii: &'a Pii,
    format: &'a Format,
    dates: Dates,
    /// Found from the first bytes.
    layout: Option<Layout>,
    occurrences: Occurrences,
    /// Whether the first record has been seen, which may be the header.
    begun: bool,
    ambiguous_times: u64,
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// A purchase.
    Purchase(Purchase),
    /// A row refused.
    Reject(Reject<'a>),
    /// A row of somebody who has asked to be erased: nothing of it is kept.
    Erased,
}

/// A row refused. Holds the customer's own data: for the rejects file and nothing else.
#[derive(PartialEq, Eq)]
pub struct Reject<'a> {
    /// Number of its line, from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// Its bytes as they are in the text; of a line that is too long only the beginning.
    pub raw: &'a [u8],
}

/// Without the row, which holds an e-mail address.
impl std::fmt::Debug for Reject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reject(line {}, {})", self.line, self.reason.as_str())
    }
}

impl<'a> Transform<'a> {
    /// Reads with these keys and this format, counting equal rows like this.
    pub fn new(pii: &'a Pii, format: &'a Format, occurrences: Occurrences) -> Self {
        Self {
            splitter: Splitter::new(DELIMITERS[0]),
            pii,
            format,
            dates: Dates::new(&format.time_zone),
            layout: None,
            occurrences,
            begun: false,
            ambiguous_times: 0,
        }
    }

    /// Adds text.
    pub fn push(&mut self, text: &[u8]) {
        self.splitter.push(text);
    }

    /// Says that there is no more text.
    pub fn finish(&mut self) {
        self.splitter.finish();
    }

    /// What the file was found to be, for people: `header, delimiter ;`. `None` before that is known, which is
    /// after the first 64 KiB at the latest.
    pub fn format(&self) -> Option<String> {
        self.layout.map(|layout| layout.words())
    }

    /// Purchases so far whose local time was ambiguous, or skipped, and was resolved by rule.
    pub fn ambiguous_times(&self) -> u64 {
        self.ambiguous_times
    }

    /// The next row; `None` when more text is needed, or at the end.
    ///
    /// # Errors
    /// When the header is to be refused, which is known before the first row, or equal rows cannot be counted
    /// like this; the transform is of no use then.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend its buffer")]
    pub fn next(&mut self) -> Result<Option<Outcome<'_>>, Halt> {
        if self.layout.is_none() {
            self.lay_out()?;
        }
        let Some(layout) = &mut self.layout else { return Ok(None) };
        loop {
            let Some(piece) = self.splitter.next() else { return Ok(None) };
            let first = !std::mem::replace(&mut self.begun, true);
            let refused = match piece {
                Piece::Record(_) if first && layout.header => continue,
                Piece::Record(record) => {
                    let reason = match row_in(&self.dates, layout, record) {
                        Err(reason) => reason,
                        Ok(row) => match self.pii.buyer_of(row.email) {
                            None => Reason::Email,
                            Some(buyer) if self.pii.is_erased(&buyer.hmac) => {
                                return Ok(Some(Outcome::Erased));
                            }
                            Some(buyer) => {
                                self.ambiguous_times += u64::from(row.ambiguous);
                                let row_id = identity(self.pii, &mut self.occurrences, &row, &buyer.hmac)?;
                                return Ok(Some(Outcome::Purchase(Purchase {
                                    position: Position { at: row.at, row_id },
                                    buyer: buyer.token,
                                    linked: buyer.linked,
                                    item_id: row.item_id,
                                    quantity: row.quantity,
                                    price: row.price,
                                })));
                            }
                        },
                    };
                    match self.format.columns.find(record) {
                        Named::All(places) if record.lines() == 1 => Refused::Header(places),
                        _ if layout.is_left() => Refused::Row(Reason::Header),
                        _ => Refused::Row(explained(record, layout, reason)),
                    }
                }
                Piece::Bad { .. } => Refused::Line,
            };
            // A row of several lines that is no purchase may be a stray quote that swallowed good rows: only its
            // first line is refused, and the others are read again.
            let piece = self.splitter.reopen();
            return Ok(Some(Outcome::Reject(reject(piece, refused, layout, self.format))));
        }
    }

    /// Finds the layout, once there is enough text.
    #[cold]
    fn lay_out(&mut self) -> Result<(), Halt> {
        if let Some(start) = self.splitter.start(SAMPLE) {
            let layout = Layout::find(start, self.format)?;
            self.splitter.set_delimiter(layout.delimiter);
            self.layout = Some(layout);
        }
        Ok(())
    }
}

/// What was refused.
enum Refused {
    /// A line that is no record.
    Line,
    /// A row.
    Row(Reason),
    /// A header: the rows behind it have these columns, which may be other ones than before.
    Header(Places),
}

/// The reject. Behind a header that isn't complete the layout is left.
#[cold]
fn reject<'a>(piece: Piece<'a>, refused: Refused, layout: &mut Layout, format: &Format) -> Reject<'a> {
    let reason = match refused {
        Refused::Header(places) => {
            layout.places = places;
            Reason::Header
        }
        _ if !layout.is_left() && is_heading(piece, layout.delimiter, layout.places.of, &format.columns) => {
            layout.leave();
            Reason::Header
        }
        Refused::Row(reason) => reason,
        Refused::Line => Reason::Columns,
    };
    match piece {
        Piece::Bad { line, raw, problem } => Reject { line, raw, reason: problem.into() },
        Piece::Record(record) => Reject { line: record.line(), raw: record.raw(), reason },
    }
}

/// The row id of a good row.
#[inline(always)]
fn identity(
    pii: &Pii,
    occurrences: &mut Occurrences,
    row: &Row<'_>,
    hmac: &FirstHmac,
) -> Result<RowId, Halt> {
    let fingerprint = row_id(pii.row_key(), hmac, row, 0);
    Ok(match occurrences.equal_before(row.at, fingerprint)? {
        0 => fingerprint,
        before => row_id(pii.row_key(), hmac, row, before),
    })
}

/// What a record is as a row, or why it is refused. Its e-mail has yet to be normalised.
#[inline(always)]
fn row_in<'a>(dates: &Dates, layout: &Layout, record: Record<'a>) -> Result<Row<'a>, Reason> {
    let fields = layout.places.fields(record).ok_or(Reason::Columns)?;
    // Well-formed CSV has an even number of quotes in each record (RFC 4180).
    if record.quotes()
        && !memchr::memchr_iter(b'"', record.raw()).count().is_multiple_of(2)
        && !has_inch_marks(layout, record, &fields)
    {
        return Err(Reason::UnclosedQuote);
    }
    let row = row::parse(&fields, dates)?;
    if record.lines() > 1 && has_swallowed(dates, layout, record, &row) {
        return Err(Reason::UnclosedQuote);
    }
    Ok(row)
}

/// Whether quotes that are text make the number odd, as in an extra column that holds `a 5" pipe`. Only in one line,
/// and never in a needed column. A quote is text when something of its column is on either side of it: one at a
/// column's end may close what another line has opened.
#[cold]
fn has_inch_marks(layout: &Layout, record: Record<'_>, fields: &[&[u8]; COLUMNS]) -> bool {
    if record.lines() > 1 || fields.iter().any(|field| field.contains(&b'"')) {
        return false;
    }
    let raw = record.raw();
    let text = |at: usize| raw.get(at).is_some_and(|byte| ![b'"', layout.delimiter].contains(byte));
    let quotes = memchr::memchr_iter(b'"', raw);
    quotes.filter(|at| !(*at > 0 && text(at - 1) && text(at + 1))).count().is_multiple_of(2)
}

/// What is wrong with a row's bytes explains best what is wrong with a field, but is looked for in refused rows
/// alone: in the others every field was checked byte by byte.
#[cold]
fn explained(record: Record<'_>, layout: &Layout, reason: Reason) -> Reason {
    let fields = layout.places.fields(record);
    if record.raw().contains(&0) {
        Reason::Nul
    } else if std::str::from_utf8(record.raw()).is_err() {
        Reason::NotUtf8
    } else if fields.is_some_and(|fields| fields.iter().any(|field| field.len() > MAX_FIELD)) {
        Reason::FieldTooLong
    } else {
        reason
    }
}

/// Whether a record of several lines is the work of a stray quote. A line break is white space around an e-mail, or
/// the trace of a row that the quote has swallowed. Extra columns may hold any text, but not a line that is another
/// row than the record itself.
#[cold]
fn has_swallowed(dates: &Dates, layout: &Layout, record: Record<'_>, row: &Row<'_>) -> bool {
    if row.email.trim_ascii().iter().any(|byte| [b'\n', layout.delimiter].contains(byte)) {
        return true;
    }
    if layout.places.of == COLUMNS {
        return false;
    }
    let lines = record.raw().split(|byte| *byte == b'\n');
    let mut rows = lines.filter_map(|line| row_of(dates, layout, line));
    rows.next().is_some_and(|first| first != *row || rows.next().is_some())
}

/// The row that a line is, whatever its quotes say.
fn row_of<'a>(dates: &Dates, layout: &Layout, line: &'a [u8]) -> Option<Row<'a>> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == layout.delimiter).collect();
    let bare = |place: usize| fields.get(place).map_or(&[][..], |field| bare(field));
    let row = (fields.len() == layout.places.of).then(|| row::parse(&layout.places.at.map(bare), dates));
    row.and_then(Result::ok).filter(|row| row.email.contains(&b'@'))
}

/// A field without what is around it.
fn bare(mut field: &[u8]) -> &[u8] {
    while let [b'"' | b'\r', rest @ ..] | [rest @ .., b'"' | b'\r'] = field {
        field = rest;
    }
    field
}
