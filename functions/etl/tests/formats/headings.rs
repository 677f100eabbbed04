//! Headers: of a whole file, and in the middle of one, where exports were joined.

use std::collections::HashSet;

use etl::format::Format;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::LazyJust;
use shared::purchase::Purchase;

use crate::reading::{HEADER, NAMES, ROW, Read, read, read_as, reasons, row, written};

/// What a header calls a column.
#[derive(Debug, Clone, Copy)]
enum Called {
    /// What it should.
    Name,
    /// Another of its names.
    Other,
    /// What nobody knows.
    Unknown,
    /// Nothing.
    Blank,
    /// What it calls the next column in the file too.
    Next,
}

const OTHER: [&str; 5] = ["E-Mail", "sku", "QTY", "unit price", "created_at"];
const UNKNOWN: [&str; 5] = ["Kunde", "Artikel", "Menge", "Preis", "Datum"];

/// The name of a column; the sixth is an extra one.
fn name(column: usize) -> &'static str {
    NAMES.get(column).copied().unwrap_or("note")
}

/// A header of columns in this order. One column at most has no name, and a name is there twice or as it should: a
/// header that lies is believed.
fn header_of(order: &[usize], called: &[Called], kept: usize) -> Vec<String> {
    let mut blanks = 0;
    let names = order.iter().enumerate().map(|(at, column)| {
        let next = order[(at + 1) % order.len()];
        match called.get(*column) {
            None => "note",
            Some(Called::Name) => name(*column),
            Some(Called::Other) => OTHER[*column],
            Some(Called::Blank) if blanks == 0 => {
                blanks += 1;
                ""
            }
            Some(Called::Next) if matches!(called.get(next), None | Some(Called::Name)) => name(next),
            Some(Called::Unknown | Called::Blank | Called::Next) => UNKNOWN[*column],
        }
    });
    let header: Vec<String> = names.map(str::to_owned).collect();
    // One that is shorter than its rows is known by two names.
    let short = &header[..kept.min(header.len())];
    let known: HashSet<&String> =
        short.iter().filter(|name| [NAMES, OTHER].as_flattened().contains(&name.as_str())).collect();
    if known.len() > 2 { short.to_vec() } else { header }
}

fn ordered(order: &[usize], rows: &[[String; 5]]) -> Vec<Vec<String>> {
    let field = |row: &[String; 5], column: usize| row.get(column).map_or("note", String::as_str).to_owned();
    rows.iter().map(|row| order.iter().map(|column| field(row, *column)).collect()).collect()
}

/// By its values: equal rows of two exports are told apart by their number.
fn values(read: &Read) -> Vec<String> {
    let values = |purchase: &Purchase| {
        let Purchase { position, buyer, item_id, quantity, price, .. } = purchase;
        format!("{} {buyer} {item_id:?} {quantity:?} {price:?}", position.at)
    };
    read.purchases.iter().map(values).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Exports that were joined, the second one with its columns elsewhere and a header of any kind, the third one as
    /// the first. Item and quantity are numbers both.
    #[test]
    fn no_row_behind_a_header_of_any_kind_is_loaded_with_its_columns_swapped(
        rows in vec(row(), 6..12),
        orders in LazyJust::new(|| vec![0, 1, 2, 3, 4, 5]).prop_shuffle().prop_flat_map(|order| {
            (Just(order.clone()), Just(order).prop_shuffle())
        }),
        columns in 5usize..7,
        begins_with_header: bool,
        called in vec(select(vec![
            Called::Name, Called::Name, Called::Name, Called::Other, Called::Unknown, Called::Blank, Called::Next,
        ]), 5),
        kept in 2usize..9,
        quoted: bool,
        mark in select(vec!["", "\u{feff}"]),
        size in 1usize..300,
    ) {
        let (mut order, mut turned) = orders;
        if !begins_with_header {
            order.sort_unstable();
        }
        // Both have an extra column, or neither; a file without a header has none.
        let columns = if begins_with_header { columns } else { 5 };
        order.retain(|column| *column < columns);
        turned.retain(|column| *column < columns);
        let header: Vec<String> = order.iter().map(|column| name(*column).to_owned()).collect();
        let text = |rows: &[Vec<String>]| written(rows, b',', quoted, "\n");
        let (first, second, third) = (&rows[..2], &rows[2..4], &rows[4..]);
        let text = [
            if begins_with_header { text(std::slice::from_ref(&header)) } else { String::new() },
            text(&ordered(&order, first)),
            mark.to_owned(),
            text(&[header_of(&turned, &called, kept)]),
            text(&ordered(&turned, second)),
            text(&[header]),
            text(&ordered(&order, third)),
        ].concat();

        let got = read_as(&Format::default(), text.as_bytes().chunks(size));
        let plain: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
        let real = values(&read(&written(&plain, b',', false, "\n")));
        let loaded = values(&got);
        prop_assert!(loaded.iter().all(|purchase| real.contains(purchase)), "{}", text);
        // What was before it, and behind the next complete header, is there.
        let known = real[..2].iter().chain(&real[4..]);
        prop_assert!(known.clone().all(|purchase| loaded.contains(purchase)), "{}", text);
        let lines = text.lines().count() - usize::from(begins_with_header);
        prop_assert_eq!(loaded.len() + got.rejects.len(), lines);
    }
}

#[test]
fn a_header_that_lacks_a_column_refuses_the_file_before_the_first_row() {
    let read = read(&format!("email,item_id,amount,price,purchase_date\n{ROW}"));
    assert!(read.purchases.is_empty() && read.rejects.is_empty());
    let refused = read.refused.unwrap();
    assert_eq!(
        refused,
        "the header names no column for quantity: rename the columns, or set the names in CSV_COLUMNS"
    );
    let format = Format::parse(r#"{"quantity": ["amount"]}"#, "", "").unwrap();
    let text = format!("email,item_id,amount,price,purchase_date\n{ROW}");
    assert_eq!(read_as(&format, [text.as_bytes()]).purchases.len(), 1);
}

#[test]
fn a_second_header_is_rejected_and_the_rows_behind_it_are_read_by_it() {
    let two = read(&format!("{HEADER}{ROW}{HEADER}{ROW}"));
    assert_eq!((two.purchases.len(), reasons(&two)), (2, vec![(3, "header")]));
    assert_eq!(two.rejects[0].2, HEADER.trim_end().as_bytes());
    // Quantity and item would be read as each other.
    let swapped =
        "email,quantity,item_id,note,price,purchase_date\nada@shop.example,2,9,x,12.50,2021-03-21T12:00:00\n";
    let two = read(&format!("{HEADER}{ROW}{swapped}"));
    assert_eq!((two.purchases.len(), reasons(&two)), (2, vec![(3, "header")]));
    assert_eq!((two.purchases[1].quantity.get(), two.purchases[1].item_id.get()), (2, 9));
    // A title above the header costs itself and the header, and no row.
    let titled = read(&format!("Purchases of March\n{swapped}"));
    assert_eq!((titled.purchases.len(), reasons(&titled)), (1, vec![(1, "columns"), (2, "header")]));
}

#[test]
fn behind_a_header_that_is_not_complete_every_row_is_rejected_until_one_is() {
    let swapped = "ada@shop.example,2,9,12.50,2021-03-21T12:00:00\n";
    for header in [
        "email,quantity,item_id,price\n",
        "email,quantity,item_id,price,day\n",
        "email,quantity,quantity,price,purchase_date\n",
        "Kunde,Menge,Artikel,Preis,Datum\n",
        "email,quantity,item_id,price,@\n",
        "qty,sku\n",
    ] {
        let read = read(&format!("{HEADER}{ROW}{header}{swapped}x\n{swapped}{HEADER}{ROW}"));
        let expected: Vec<(u64, &str)> = (3..8).map(|line| (line, "header")).collect();
        assert_eq!((read.purchases.len(), reasons(&read)), (2, expected), "{header}");
        assert!(read.purchases.iter().all(|purchase| purchase.item_id.get() == 7), "{header}");
    }
    // One whose quotes don't close, or whose names have line breaks.
    for (header, lines) in [
        ("email,quantity,item_id,price,purchase_date,\"note\n", vec![(3, "unclosed_quote"), (4, "header")]),
        (
            "email,quantity,item_id,price,purchase_date,\"no\nte\"\n",
            vec![(3, "unclosed_quote"), (4, "header"), (5, "header")],
        ),
    ] {
        let note = |text: &str| text.replace('\n', ",x\n");
        let first = note(HEADER).replace(",x", ",note");
        let read = read(&format!("{first}{}{header}{}", note(ROW), note(swapped)));
        assert_eq!((read.purchases.len(), reasons(&read)), (1, lines), "{header}");
    }
    // The first line of a file without a header, or of one whose header nobody knows.
    let unknown = read(&format!("Kunde,Menge,Artikel,Preis,Datum\n{swapped}"));
    assert_eq!((unknown.purchases.len(), reasons(&unknown)), (0, vec![(1, "header"), (2, "header")]));
}

#[test]
fn a_bad_row_that_is_no_header_costs_itself_alone() {
    for bad in [
        "Total,,,,\n",
        "n/a,n/a,n/a,n/a,n/a\n",
        "date,2021-03-21\n",
        "Purchases of March\n",
        "ada@shop.example,item,count,12.50,x\n",
        "price,quantity,7,1,2021\n",
        "one,two,three,four\n",
        "-,-,-,-,-\n",
    ] {
        let read = read(&format!("{HEADER}{ROW}{bad}{ROW}"));
        assert_eq!((read.purchases.len(), read.rejects.len()), (2, 1), "{bad}");
        assert!(read.rejects[0].1 != "header", "{bad}");
    }
}

/// As of a byte order mark that is in the middle, where two files were joined.
#[test]
fn a_second_header_may_have_a_byte_order_mark() {
    let quoted = "\"email\",\"quantity\",\"item_id\",\"price\",\"purchase_date\"\n";
    for header in [quoted.to_owned(), quoted.replace('"', "")] {
        let two =
            read(&format!("{HEADER}{ROW}\u{feff}{header}ada@shop.example,2,9,12.50,2021-03-21T12:00:00\n"));
        assert_eq!((two.purchases.len(), reasons(&two)), (2, vec![(3, "header")]));
        assert_eq!((two.purchases[1].quantity.get(), two.purchases[1].item_id.get()), (2, 9));
    }
}
