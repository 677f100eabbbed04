//! The columns of an export: what they are called, and where a header says that they are.

use std::collections::BTreeMap;

use crate::csv::{COLUMNS, Record};
use crate::format::FormatError;

/// The columns that are needed, in the order that they have in a file without a header.
pub const COLUMN_NAMES: [&str; COLUMNS] = ["email", "item_id", "quantity", "price", "purchase_date"];

/// What shops call them, unless told otherwise. An earlier name wins where a header has two of one column.
const USUAL: [&[&str]; COLUMNS] = [
    &["email", "email_address", "customer_email", "buyer_email", "user_email", "mail"],
    &["item_id", "product_id", "article_id", "variant_id", "item", "product", "sku"],
    &["quantity", "qty", "item_quantity", "units", "count"],
    &["price", "unit_price", "item_price", "price_each"],
    &["purchase_date", "purchased_at", "order_date", "ordered_at", "created_at", "timestamp", "date"],
];

/// Most names of one column, and most bytes of a name.
const MAX_NAMES: usize = 32;
const MAX_NAME: usize = 200;

/// The names of each column. Case, spaces, `-` and `_` do not matter: `E-Mail` is `email`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnNames([Vec<String>; COLUMNS]);

/// Where each needed column is in a record, and how many columns a record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// By the order of [`COLUMN_NAMES`].
    pub at: [usize; COLUMNS],
    /// All columns, the extra ones too.
    pub of: usize,
}

impl Places {
    /// Those of a file without a header: the five columns and no others.
    pub const USUAL: Self = Self { at: [0, 1, 2, 3, 4], of: COLUMNS };

    /// Not known: no record has its columns there.
    pub const UNKNOWN: Self = Self { at: [0; COLUMNS], of: usize::MAX };

    /// The fields of the needed columns; `None` when the record has another number of columns.
    #[inline]
    pub fn fields<'a>(&self, record: Record<'a>) -> Option<[&'a [u8]; COLUMNS]> {
        (record.columns() == self.of).then(|| self.at.map(|column| record.column(column)))
    }
}

/// What a record is, taken as a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// It names every needed column.
    All(Places),
    /// It names some of the needed columns, and lacks these.
    Some(Vec<&'static str>),
    /// It has a column's name twice.
    Twice(&'static str),
    /// It is no header.
    None,
}

impl Default for ColumnNames {
    fn default() -> Self {
        Self(USUAL.map(|names| names.iter().map(|name| normal(name)).collect()))
    }
}

impl std::str::FromStr for ColumnNames {
    type Err = FormatError;

    /// Reads a JSON object such as `{"email": ["e-mail", "customer_email"]}`. The names given for a column take
    /// the place of its usual ones; columns that are not mentioned keep theirs. Empty: the usual names.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        let mut names = Self::default();
        if text.trim().is_empty() {
            return Ok(names);
        }
        let given: BTreeMap<String, Vec<String>> =
            serde_json::from_str(text).map_err(|_| FormatError::ColumnsNotJson)?;
        for (column, given) in given {
            let Some(at) = COLUMN_NAMES.iter().position(|known| *known == column) else {
                return Err(FormatError::NoSuchColumn(column));
            };
            let good = |name: &String| {
                !normal(name).is_empty() && name.len() <= MAX_NAME && !name.contains(['@', '\n'])
            };
            if given.is_empty() || given.len() > MAX_NAMES || !given.iter().all(good) {
                return Err(FormatError::ColumnNames(column));
            }
            names.0[at] = given.iter().map(|name| normal(name)).collect();
        }
        names.check()
    }
}

impl ColumnNames {
    /// A name stands for one column.
    fn check(self) -> Result<Self, FormatError> {
        for (at, names) in self.0.iter().enumerate() {
            for name in names {
                if self.0[at + 1..].iter().any(|others| others.contains(name)) {
                    return Err(FormatError::SharedName(name.clone()));
                }
            }
        }
        Ok(self)
    }

    /// How many of the needed columns are named by these fields, which are in their normal form.
    pub(crate) fn named(&self, fields: &[String]) -> usize {
        self.0.iter().filter(|names| names.iter().any(|name| fields.contains(name))).count()
    }

    /// Takes a record as a header. A header names at least one needed column and has no `@` in it; columns that
    /// it has besides are passed over.
    pub fn find(&self, record: Record<'_>) -> Named {
        if record.raw().contains(&b'@') {
            return Named::None;
        }
        let header: Vec<String> = record.all().map(|field| normal(&String::from_utf8_lossy(field))).collect();
        let mut at = [0; COLUMNS];
        let mut missing = Vec::new();
        for (column, names) in self.0.iter().enumerate() {
            let Some(name) = names.iter().find(|name| header.contains(name)) else {
                missing.push(COLUMN_NAMES[column]);
                continue;
            };
            let mut places = header.iter().enumerate().filter(|(_, field)| *field == name);
            at[column] = places.next().map_or(0, |(place, _)| place);
            if places.next().is_some() {
                return Named::Twice(COLUMN_NAMES[column]);
            }
        }
        match missing.len() {
            0 => Named::All(Places { at, of: record.columns() }),
            COLUMNS => Named::None,
            _ => Named::Some(missing),
        }
    }
}

/// A name without what does not matter. A byte order mark before a quote makes the quote part of the name: the second
/// of two joined files may begin like that.
pub(crate) fn normal(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '"' | '\u{feff}'));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::{Piece, Splitter};

    fn found(names: &ColumnNames, header: &str) -> Named {
        let mut splitter = Splitter::new(b',');
        splitter.push(header.as_bytes());
        splitter.finish();
        let Some(Piece::Record(record)) = splitter.next() else { panic!("a record") };
        names.find(record)
    }

    fn places(at: [usize; COLUMNS], of: usize) -> Named {
        Named::All(Places { at, of })
    }

    #[test]
    fn columns_are_found_by_any_of_their_names_in_any_order() {
        let names = ColumnNames::default();
        assert_eq!(found(&names, "email,item_id,quantity,price,purchase_date"), Named::All(Places::USUAL));
        let other = "\"Ordered At\",id,UNIT PRICE,Qty,note,E-Mail,Product-ID";
        assert_eq!(found(&names, other), places([5, 6, 3, 2, 0], 7));
        // The earlier name of the two.
        assert_eq!(found(&names, "date,mail,sku,price,qty,email,created_at"), places([5, 2, 4, 3, 6], 7));
    }

    #[test]
    fn a_header_that_lacks_a_column_says_which() {
        let names = ColumnNames::default();
        assert_eq!(found(&names, "email,sku,qty,amount,day"), Named::Some(vec!["price", "purchase_date"]));
        assert_eq!(found(&names, "email,sku,qty,price,Price,date"), Named::Twice("price"));
        for row in ["ada@shop.example,7,1,price,2021", "a,b,c", "7,1,2", ",,,,"] {
            assert_eq!(found(&names, row), Named::None, "{row}");
        }
    }

    #[test]
    fn given_names_take_the_place_of_the_usual_ones() {
        let names: ColumnNames = r#"{"email": ["Kunde", "e-mail"], "price": ["Preis"]}"#.parse().unwrap();
        assert_eq!(found(&names, "kunde,sku,qty,PREIS,date"), Named::All(Places::USUAL));
        assert_eq!(found(&names, "mail,sku,qty,price,date"), Named::Some(vec!["email", "price"]));
        assert_eq!("".parse(), Ok(ColumnNames::default()));
    }

    #[test]
    fn what_is_wrong_with_given_names_is_said() {
        let refused = |text: &str| text.parse::<ColumnNames>().unwrap_err().to_string();
        insta::assert_snapshot!(refused("email=mail"), @r#"expected JSON such as {"email": ["e-mail", "customer_email"]}"#);
        insta::assert_snapshot!(refused(r#"{"mail": ["a"]}"#), @r#"there is no column "mail": expected email, item_id, quantity, price, purchase_date"#);
        insta::assert_snapshot!(refused(r#"{"price": []}"#), @r#"the names of "price": expected 1 to 32 texts of 1 to 200 bytes without @ and line breaks"#);
        insta::assert_snapshot!(refused(r#"{"price": [" _"]}"#), @r#"the names of "price": expected 1 to 32 texts of 1 to 200 bytes without @ and line breaks"#);
        insta::assert_snapshot!(refused(r#"{"price": ["Quantity"]}"#), @r#""quantity" is the name of two columns"#);
    }
}
