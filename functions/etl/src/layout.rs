//! How a file is laid out: its delimiter, and whether it has a header. Found from its first bytes.
//!
//! The rule: each delimiter is tried on the first 64 KiB, at most 200 records of them. The one whose first record
//! names every needed column has it. Otherwise it is the one that gives most good rows, then the one whose first
//! record names most columns, then the one that makes five columns of most records; `,` before `;` before tab
//! before `|` where two do as well. A first record that names some columns and lacks others refuses the file: the
//! columns are not where a file without a header has them. But one that names a single column by chance, as the title
//! `date,2021-03-21` does, and has too few fields for a header, is one bad row where most rows behind it are good.

use crate::columns::{COLUMN_NAMES, Named, Places};
use crate::csv::{COLUMNS, Piece, Record, Splitter};
use crate::dates::Dates;
use crate::format::{DELIMITERS, Format};
use crate::object::Refusal;
use crate::row;

/// How much of a file is looked at: 64 KiB.
pub const SAMPLE: usize = 64 * 1024;

/// How many records.
const RECORDS: usize = 200;

/// Fields of a header that hold something: one of the five columns may have no name.
const HEADER_FIELDS: usize = COLUMNS - 1;

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// What its columns are separated by.
    pub delimiter: u8,
    /// Where the needed columns are.
    pub places: Places,
    /// Whether the first record names them.
    pub header: bool,
}

/// What a delimiter makes of the sample.
struct Trial {
    delimiter: u8,
    first: Named,
    /// Fields of the first record that hold something.
    fields: usize,
    good: usize,
    /// Rows behind the first record that are not good.
    bad: usize,
    five: usize,
}

impl Layout {
    /// Finds out from the first bytes: [`SAMPLE`] of them, or the whole file.
    ///
    /// # Errors
    /// When there is a header that lacks a column, or has one twice.
    pub fn find(start: &[u8], format: &Format) -> Result<Self, Refusal> {
        let dates = Dates::new(&format.time_zone);
        let set = format.delimiter.map(|delimiter| [delimiter]);
        let candidates = set.as_ref().map_or(&DELIMITERS[..], |set| set);
        let mut best: Option<Trial> = None;
        for delimiter in candidates {
            let trial = Trial::of(start, *delimiter, format, &dates);
            if best.as_ref().is_none_or(|best| trial.rank() > best.rank()) {
                best = Some(trial);
            }
        }
        let delimiter = best.as_ref().map_or(DELIMITERS[0], |best| best.delimiter);
        let titled = best.as_ref().is_some_and(Trial::is_titled);
        match best.map_or(Named::None, |best| best.first) {
            Named::All(places) => Ok(Self { delimiter, places, header: true }),
            Named::None => Ok(Self { delimiter, places: Places::USUAL, header: false }),
            Named::Some(_) if titled => Ok(Self { delimiter, places: Places::USUAL, header: false }),
            Named::Some(missing) => Err(Refusal::Header(missing)),
            Named::Twice(column) => Err(Refusal::HeaderTwice(column)),
        }
    }

    /// Knows no more where the columns are.
    pub fn leave(&mut self) {
        self.places = Places::UNKNOWN;
    }

    /// Whether it isn't known any more where the columns are.
    pub fn is_left(&self) -> bool {
        self.places == Places::UNKNOWN
    }

    /// For the ledger: `header, delimiter ;`.
    pub fn words(&self) -> String {
        let header = if self.header { "header" } else { "no header" };
        let delimiter = match self.delimiter {
            b'\t' => "tab".to_owned(),
            other => char::from(other).to_string(),
        };
        format!("{header}, delimiter {delimiter}")
    }
}

impl Trial {
    /// Reads the sample as [`Transform`](crate::transform::Transform) would.
    fn of(start: &[u8], delimiter: u8, format: &Format, dates: &Dates) -> Self {
        let mut splitter = Splitter::new(delimiter);
        splitter.push(start);
        if start.len() < SAMPLE {
            splitter.finish();
        }
        let mut trial = Self { delimiter, first: Named::None, fields: 0, good: 0, bad: 0, five: 0 };
        let mut places = Places::USUAL;
        for at in 0..RECORDS {
            let Some(piece) = splitter.next() else { break };
            let Piece::Record(record) = piece else {
                trial.bad += 1;
                continue;
            };
            trial.five += usize::from(record.columns() == COLUMNS);
            if is_good(&places, record, dates) {
                trial.good += 1;
                continue;
            }
            let named = format.columns.find(record);
            if let Named::All(named) = named {
                places = named;
            } else if at > 0 {
                trial.bad += 1;
            }
            if at == 0 {
                trial.first = named;
                trial.fields = record.all().filter(|field| !field.trim_ascii().is_empty()).count();
            }
            splitter.reopen();
        }
        trial
    }

    /// Whether the first record names a column by chance, above rows without a header.
    fn is_titled(&self) -> bool {
        let one = matches!(&self.first, Named::Some(missing) if missing.len() + 1 == COLUMNS);
        one && self.fields < HEADER_FIELDS && self.good > self.bad
    }

    fn rank(&self) -> (bool, usize, usize, usize) {
        let named = match &self.first {
            Named::All(_) | Named::Twice(_) => COLUMNS,
            Named::Some(missing) => COLUMN_NAMES.len() - missing.len(),
            Named::None => 0,
        };
        (named == COLUMNS, self.good, named, self.five)
    }
}

fn is_good(places: &Places, record: Record<'_>, dates: &Dates) -> bool {
    let row = places.fields(record).map(|fields| row::parse(&fields, dates));
    row.is_some_and(|row| row.is_ok_and(|row| row.email.contains(&b'@')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(start: &str) -> String {
        of(start, None)
    }

    fn of(start: &str, delimiter: Option<u8>) -> String {
        let format = Format { delimiter, ..Format::default() };
        let found = Layout::find(start.as_bytes(), &format);
        found.map_or_else(|refusal| refusal.to_string(), |layout| layout.words())
    }

    const HEADER: &str = "email,item_id,quantity,price,purchase_date\n";
    const ROW: &str = "ada@shop.example,7,1,12.50,2021-03-21T11:00:00\n";

    #[test]
    fn the_delimiter_is_found_with_and_without_a_header() {
        for (delimiter, name) in [(",", ","), (";", ";"), ("\t", "tab"), ("|", "|")] {
            let with = |text: &str| words(&text.replace(',', delimiter));
            assert_eq!(with(HEADER), format!("header, delimiter {name}"));
            assert_eq!(with(ROW), format!("no header, delimiter {name}"));
            assert_eq!(with(&format!("\n\n{HEADER}{ROW}")), format!("header, delimiter {name}"));
            // Commas where they mean nothing.
            let quoted =
                ROW.replace("ada@", "\"ada, or; b|@").replace(",1,", &format!("{delimiter}1{delimiter}"));
            let quoted = quoted.replace("example,", &format!("example\"{delimiter}"));
            let quoted = quoted.replace("12.50,", &format!("12.50{delimiter}"));
            assert_eq!(words(&quoted), format!("no header, delimiter {name}"), "{quoted}");
        }
    }

    #[test]
    fn bad_first_rows_do_not_mislead() {
        assert_eq!(words(&format!("Export; March; 2021; all; shops\n{ROW}{ROW}")), "no header, delimiter ,");
        assert_eq!(words(&format!("x\n\"{ROW}{ROW}")), "no header, delimiter ,");
        // Nothing good in it: five columns of most lines, and else a comma.
        assert_eq!(words("1;2;3;4;5\n1;2;3;4;5\n1,2,3,4,5\n"), "no header, delimiter ;");
        assert_eq!(words("{\"purchases\": []}"), "no header, delimiter ,");
        assert_eq!(words(""), "no header, delimiter ,");
    }

    #[test]
    fn a_title_that_names_one_column_by_chance_is_one_bad_row() {
        for title in ["date,2021-03-21", "Purchases,date,Monday", "date,2021-03-21,,,", "date\n"] {
            assert_eq!(words(&format!("{title}\n{ROW}")), "no header, delimiter ,", "{title}");
            assert_eq!(
                words(&format!("{title}\n{HEADER}{ROW}x\n{ROW}")),
                "no header, delimiter ,",
                "{title}"
            );
            // Most rows behind it are no purchases, or there are none.
            for rows in [format!("{ROW}x\n"), "\"x\n".to_owned() + ROW, HEADER.to_owned(), String::new()] {
                let refused = words(&format!("{title}\n{rows}"));
                assert!(refused.starts_with("the header names no column for"), "{title}: {refused}");
            }
        }
        // What may be a header: item and quantity are where they are not in a file without one.
        for header in
            ["email,Menge,Artikel,Preis,Datum", "mail,1st,2nd,3rd,4th", "email,a,b,c,", "a,b,c,d,date,"]
        {
            let refused = words(&format!("{header}\n{}", ROW.repeat(30)));
            assert!(refused.starts_with("the header names no column for"), "{header}: {refused}");
        }
        let two = words(&format!("email,date\n{}", ROW.repeat(30)));
        assert!(two.starts_with("the header names no column for"), "{two}");
    }

    #[test]
    fn a_delimiter_that_is_set_is_not_looked_for() {
        assert_eq!(of(ROW, Some(b';')), "no header, delimiter ;");
        assert_eq!(of(&HEADER.replace(',', ";"), Some(b';')), "header, delimiter ;");
    }

    #[test]
    fn a_header_that_is_not_whole_refuses_the_file() {
        for rows in ["", ROW] {
            let lacks = words(&format!("email;product;qty;day\n{}", rows.replace(',', ";")));
            insta::allow_duplicates! {
                insta::assert_snapshot!(lacks, @"the header names no column for price, purchase_date: rename the columns, or set the names in CSV_COLUMNS");
            }
        }
        insta::assert_snapshot!(words("email,sku,qty,price,date,Date"), @"the header has two columns of one name for purchase_date");
    }
}
