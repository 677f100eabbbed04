//! What an installation knows of its exports: the columns' names, the delimiter, the time zone of dates that
//! name none.

use jiff::tz::TimeZone;

use crate::columns::{COLUMN_NAMES, ColumnNames};

/// How exports are read. The default: the usual names, the delimiter that the file shows, UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// The columns' names (`CSV_COLUMNS`).
    pub columns: ColumnNames,
    /// The delimiter (`CSV_DELIMITER`); found from the first lines when there is none.
    pub delimiter: Option<u8>,
    /// The time zone of dates without one (`SHOP_TIME_ZONE`).
    pub time_zone: TimeZone,
}

/// The delimiters, in the order that decides where two would do.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Their names, in the same order: the stack's parameter has them.
const NAMES: [&str; 4] = ["comma", "semicolon", "tab", "pipe"];

/// What is wrong with a text that a [`Format`] is made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Not a JSON object of lists of texts.
    #[error(r#"expected JSON such as {{"email": ["e-mail", "customer_email"]}}"#)]
    ColumnsNotJson,
    /// A column that no export needs.
    #[error("there is no column {0:?}: expected {names}", names = COLUMN_NAMES.join(", "))]
    NoSuchColumn(String),
    /// No names, or names that none has.
    #[error("the names of {0:?}: expected 1 to 32 texts of 1 to 200 bytes without @ and line breaks")]
    ColumnNames(String),
    /// A name of two columns.
    #[error("{0:?} is the name of two columns")]
    SharedName(String),
    /// Another delimiter.
    #[error("{0:?} is no delimiter: expected auto, comma, semicolon, tab or pipe")]
    Delimiter(String),
    /// Not in the time zone database.
    #[error("{0:?} is no time zone: expected an IANA name such as Europe/Berlin")]
    TimeZone(String),
}

impl Default for Format {
    fn default() -> Self {
        Self { columns: ColumnNames::default(), delimiter: None, time_zone: TimeZone::UTC }
    }
}

impl Format {
    /// Reads the three texts; an empty one stands for the default.
    ///
    /// # Errors
    /// Says what was expected of the first text that is wrong.
    pub fn parse(columns: &str, delimiter: &str, time_zone: &str) -> Result<Self, FormatError> {
        let columns = columns.parse()?;
        Ok(Self { columns, delimiter: parse_delimiter(delimiter)?, time_zone: parse_time_zone(time_zone)? })
    }
}

/// Reads a delimiter: `comma`, `semicolon`, `tab`, `pipe`, or the character itself; none of `auto` and of an empty text.
///
/// # Errors
/// When it is another text.
pub fn parse_delimiter(text: &str) -> Result<Option<u8>, FormatError> {
    if matches!(text, "" | "auto") {
        return Ok(None);
    }
    let known = DELIMITERS.iter().zip(NAMES);
    let found = known.filter(|(delimiter, name)| text == *name || text.as_bytes() == [**delimiter]);
    match found.map(|(delimiter, _)| *delimiter).next() {
        Some(delimiter) => Ok(Some(delimiter)),
        None => Err(FormatError::Delimiter(text.to_owned())),
    }
}

/// Reads the name of a time zone; UTC of an empty text.
///
/// # Errors
/// When the database has no such zone.
pub fn parse_time_zone(text: &str) -> Result<TimeZone, FormatError> {
    match text {
        "" => Ok(TimeZone::UTC),
        name => TimeZone::get(name).map_err(|_| FormatError::TimeZone(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(Format::parse("", "", ""), Ok(Format::default()));
        assert_eq!(parse_time_zone("UTC"), Ok(TimeZone::UTC));
    }

    #[test]
    fn delimiters_and_zones_are_read() {
        for (text, delimiter) in
            [(",", b','), ("semicolon", b';'), ("\t", b'\t'), ("tab", b'\t'), ("pipe", b'|')]
        {
            assert_eq!(parse_delimiter(text), Ok(Some(delimiter)));
        }
        assert_eq!(parse_delimiter("auto"), Ok(None));
        let format = Format::parse("", "", "Europe/Berlin").unwrap();
        assert_eq!(format.time_zone.iana_name(), Some("Europe/Berlin"));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_was_expected() {
        let refused = |delimiter, zone| Format::parse("", delimiter, zone).unwrap_err().to_string();
        insta::assert_snapshot!(refused(":", ""), @r#"":" is no delimiter: expected auto, comma, semicolon, tab or pipe"#);
        insta::assert_snapshot!(refused(",;", ""), @r#"",;" is no delimiter: expected auto, comma, semicolon, tab or pipe"#);
        insta::assert_snapshot!(refused("", "Berlin"), @r#""Berlin" is no time zone: expected an IANA name such as Europe/Berlin"#);
    }
}
