//! Answers as CSV (RFC 4180): a header line, lines that end with CR LF.
//!
//! Every field is a number, an instant or a buyer's token: none needs quotes, and none is text from outside that a
//! spreadsheet could take for a formula. An empty field is what JSON calls `null`.

use http::HeaderValue;

/// The media type of CSV.
pub(crate) const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// A table with this many columns on the way.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize>(String);

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with these columns and no row.
    pub(crate) fn new(names: [&str; COLUMNS]) -> Self {
        let mut table = Self(String::new());
        table.line(&names);
        table
    }

    pub(crate) fn row(&mut self, fields: &[String; COLUMNS]) {
        self.line(fields);
    }

    pub(crate) fn body(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    fn line(&mut self, fields: &[impl AsRef<str>; COLUMNS]) {
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            self.0.push_str(field.as_ref());
        }
        self.0.push_str("\r\n");
    }
}

/// A number's field; empty without one.
pub(crate) fn number(number: Option<u64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_lines_of_as_many_fields_as_its_header() {
        let mut table = Table::new(["from", "orders", "buyers"]);
        table.row(&["2026-11-21T00:00:00Z".to_owned(), "-3".to_owned(), number(None)]);
        assert_eq!(table.body(), b"from,orders,buyers\r\n2026-11-21T00:00:00Z,-3,\r\n");
    }
}
