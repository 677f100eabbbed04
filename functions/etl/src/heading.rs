//! Headings: lines behind the first one that name columns, as where two exports were joined.
//!
//! One that names every needed column is the header of the rows behind it. Behind one that doesn't (a name is missing,
//! unknown, or there twice) nobody knows where columns are, and item and quantity could be taken for each other
//! without a trace: those rows are refused until a complete header follows.
//!
//! The rule: a refused line is a heading when it names three needed columns or more; or when it has words alone, which
//! no purchase has, and names two of them, or has as many columns as rows have and no two alike but for one pair. A
//! word has no `@`, and the first letter or digit in it is a letter; empty is a word too. Empty columns at the line's
//! end may be more than rows have.

use std::collections::HashSet;

use crate::columns::{ColumnNames, normal};
use crate::csv::{MAX_COLUMNS, Piece};

/// Names that no row has so many of.
const SURE: usize = 3;

/// Names that a line of words alone is a heading with.
const LIKELY: usize = 2;

/// Whether this refused line is a heading of a file whose rows have so many columns.
pub(crate) fn is_heading(piece: Piece<'_>, delimiter: u8, columns: usize, names: &ColumnNames) -> bool {
    let of: Vec<&[u8]> = match piece {
        Piece::Record(record) => record.all().collect(),
        // Its quotes say nothing, or there are too many bytes.
        Piece::Bad { raw, .. } => raw.split(|byte| *byte == delimiter).take(MAX_COLUMNS).collect(),
    };
    if of.len() < LIKELY {
        return false;
    }
    let fields: Vec<String> = of.into_iter().map(|field| normal(&String::from_utf8_lossy(field))).collect();
    let named = names.named(&fields);
    if named >= SURE {
        return true;
    }
    if !fields.iter().all(|field| is_word(field)) {
        return false;
    }
    let filled = fields.iter().rposition(|field| !field.is_empty()).map_or(0, |last| last + 1);
    let different = fields.iter().collect::<HashSet<_>>().len();
    named >= LIKELY || ((filled..=fields.len()).contains(&columns) && different > columns.saturating_sub(2))
}

/// Whether a field is neither a number, nor a date, nor an e-mail.
fn is_word(field: &str) -> bool {
    let mut signs = field.chars().filter(|c| c.is_alphanumeric());
    field.is_empty() || (!field.contains('@') && signs.next().is_some_and(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::Splitter;

    fn heading(line: &str, columns: usize) -> bool {
        let mut splitter = Splitter::new(b',');
        splitter.push(line.as_bytes());
        splitter.finish();
        splitter.next().unwrap();
        is_heading(splitter.reopen(), b',', columns, &ColumnNames::default())
    }

    #[test]
    fn a_line_that_names_three_columns_is_a_heading_whatever_else_is_in_it() {
        for line in [
            "email,item_id,quantity,price,purchase_date",
            "email,quantity,price",
            "qty,sku,2021,price,@",
            "email,item,item,PRICE,day",
            // Quotes that don't close, and names of several lines.
            "email,qty,sku,price,date,\"note",
            "email,qty,sku,price,date,\"no\nte\"",
            "\"email\",\"qty\",\"sku\",\"price\",\"da\nte\"",
        ] {
            assert!(heading(line, 7), "{line}");
        }
    }

    #[test]
    fn a_line_of_words_is_a_heading_by_two_names_or_by_its_columns() {
        for line in ["sku,qty", "sku,Menge,Preis,qty", "sku,qty,-,x", "sku,qty,\"x"] {
            assert!(heading(line, 7), "{line}");
        }
        for line in
            ["Kunde,Artikel,Menge,Preis,Datum", "mail,a,b,c,d", ",Artikel,Menge,Preis,Datum", "a,b,c,d,d"]
        {
            assert!(heading(line, 5), "{line}");
            assert!(heading(&format!("{line},"), 5), "{line}");
            assert!(!heading(line, 4) && !heading(line, 6), "{line}");
        }
    }

    #[test]
    fn what_may_be_a_row_is_no_heading() {
        for line in [
            "ada@shop.example,item,count,x,y",
            "ada,item,count,12.50,x",
            "Total,,,,",
            "Total,count,,,",
            "n/a,n/a,n/a,n/a,n/a",
            "ada,seven,one,€ 12.50,monday",
            "a,b,-,-,-",
            "date,2021-03-21",
            "sku,qty,7",
            "Purchases of March",
            "date",
            "",
            "٧,b,c,d,e",
        ] {
            let line = format!("{line}\nx");
            assert!(!heading(&line, 5), "{line}");
        }
    }
}
