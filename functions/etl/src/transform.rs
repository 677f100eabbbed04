//! The transform: bytes of an export in, purchases and rejects out. No I/O, and nothing of the file is kept.

use shared::purchase::{Position, Purchase};

use crate::csv::{Piece, Record, Splitter};
use crate::identity::{Halt, Occurrences, row_id};
use crate::pii::{Buyer, Pii};
use crate::row::{self, Reason, Row};

/// Reads one export. Push bytes, then take every [`next`](Self::next).
pub struct Transform<'a> {
    splitter: Splitter,
    pii: &'a Pii,
    occurrences: Occurrences,
    /// Whether the first record has been seen, which may be the header.
    begun: bool,
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// A purchase.
    Purchase(Purchase),
    /// A row refused.
    Reject(Reject<'a>),
}

/// A row refused. Holds the customer's own data: for the rejects file and nothing else.
#[derive(PartialEq, Eq)]
pub struct Reject<'a> {
    /// Number of its line, from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// Its bytes as they are in the file; of a line that is too long only the beginning.
    pub raw: &'a [u8],
}

/// Without the row, which holds an e-mail address.
impl std::fmt::Debug for Reject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reject(line {}, {})", self.line, self.reason.as_str())
    }
}

impl<'a> Transform<'a> {
    /// Reads with these keys, counting equal rows like this.
    pub fn new(pii: &'a Pii, occurrences: Occurrences) -> Self {
        Self { splitter: Splitter::default(), pii, occurrences, begun: false }
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.splitter.push(bytes);
    }

    /// Says that there are no more bytes.
    pub fn finish(&mut self) {
        self.splitter.finish();
    }

    /// The next row; `None` when more bytes are needed, or at the end.
    ///
    /// # Errors
    /// When equal rows cannot be counted like this; the transform is of no use then.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend its buffer")]
    pub fn next(&mut self) -> Result<Option<Outcome<'_>>, Halt> {
        loop {
            let Some(piece) = self.splitter.next() else { return Ok(None) };
            let first = !std::mem::replace(&mut self.begun, true);
            let refused = match piece {
                Piece::Record(record) => {
                    if first && record.fields.is_some_and(|fields| row::is_header(&fields)) {
                        continue;
                    }
                    match purchase(self.pii, &mut self.occurrences, &record)? {
                        Ok(purchase) => return Ok(Some(Outcome::Purchase(purchase))),
                        Err(reason) => Some(reason),
                    }
                }
                Piece::Bad { .. } => None,
            };
            // A row of several lines that is no purchase may be a stray quote that swallowed good rows: only its
            // first line is refused, and the others are read again.
            return Ok(Some(Outcome::Reject(reject(self.splitter.reopen(), refused))));
        }
    }
}

fn reject<'a>(piece: Piece<'a>, refused: Option<Reason>) -> Reject<'a> {
    match piece {
        Piece::Bad { line, raw, problem } => Reject { line, raw, reason: problem.into() },
        Piece::Record(Record { line, raw, .. }) => {
            Reject { line, raw, reason: refused.unwrap_or(Reason::Columns) }
        }
    }
}

/// The purchase of a record, or why it is none.
fn purchase(
    pii: &Pii,
    occurrences: &mut Occurrences,
    record: &Record<'_>,
) -> Result<Result<Purchase, Reason>, Halt> {
    let (row, buyer) = match checked(pii, record) {
        Ok(parts) => parts,
        Err(reason) => return Ok(Err(reason)),
    };
    let fingerprint = row_id(pii.row_key(), &buyer.hmac, &row, 0);
    let row_id = match occurrences.equal_before(row.at, fingerprint)? {
        0 => fingerprint,
        before => row_id(pii.row_key(), &buyer.hmac, &row, before),
    };
    Ok(Ok(Purchase {
        position: Position { at: row.at, row_id },
        buyer: buyer.token,
        linked: None,
        item_id: row.item_id,
        quantity: row.quantity,
        price: row.price,
    }))
}

/// What a row would be, or why it is refused. What is wrong with its bytes explains best what is wrong with a
/// field, but is looked for in refused rows alone: in the others every field was checked byte by byte.
fn checked<'a>(pii: &Pii, record: &Record<'a>) -> Result<(Row<'a>, Buyer), Reason> {
    typed(pii, record).map_err(|reason| {
        if record.raw.contains(&0) {
            Reason::Nul
        } else if std::str::from_utf8(record.raw).is_err() {
            Reason::NotUtf8
        } else {
            reason
        }
    })
}

fn typed<'a>(pii: &Pii, record: &Record<'a>) -> Result<(Row<'a>, Buyer), Reason> {
    let fields = record.fields.ok_or(Reason::Columns)?;
    // Well-formed CSV has an even number of quotes in each record (RFC 4180).
    if record.quotes && !memchr::memchr_iter(b'"', record.raw).count().is_multiple_of(2) {
        return Err(Reason::UnclosedQuote);
    }
    let row = row::parse(&fields)?;
    if memchr::memchr(0, row.email.as_bytes()).is_some() {
        return Err(Reason::Nul);
    }
    // A line break is white space around an e-mail, or the trace of a row that a quote has swallowed.
    if record.lines > 1 && row.email.trim().contains(['\n', ',']) {
        return Err(Reason::UnclosedQuote);
    }
    let buyer = pii.buyer(row.email).ok_or(Reason::Email)?;
    Ok((row, buyer))
}
