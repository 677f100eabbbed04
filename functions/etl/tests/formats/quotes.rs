//! Quotes that open nothing, or are never closed.

use crate::reading::{HEADER, ROW, read, reasons};

#[test]
fn a_stray_quote_in_an_extra_column_swallows_no_row() {
    let header = HEADER.replace('\n', ",note\n");
    let row = |n: u32, note: &str| format!("ada@shop.example,{n},1,12.50,2021-03-21T11:00:00,{note}\n");
    // Closed by another one, two rows on: six columns that are well-formed.
    let read_of = |notes: &[&str]| {
        let rows: String = (1..).zip(notes).map(|(n, note)| row(n, note)).collect();
        read(&format!("{header}{rows}"))
    };
    let stray = read_of(&["\"oops", "fine", "oops\"", "fine"]);
    assert_eq!(
        (stray.purchases.len(), reasons(&stray)),
        (2, vec![(2, "unclosed_quote"), (4, "unclosed_quote")])
    );
    // The same row twice.
    let twice = format!("{header}{}{}", row(1, "\"oops"), row(1, "oops\""));
    assert_eq!(reasons(&read(&twice)), [(2, "unclosed_quote"), (3, "unclosed_quote")]);
    // A note of several lines is one, behind the row or before it.
    let before = read(&format!("note,{HEADER}\"two\nlines\",{ROW}"));
    assert_eq!((before.purchases.len(), reasons(&before)), (1, vec![]));
    let note = read_of(&["\"two\nlines, and\r\na third\"", "fine"]);
    assert_eq!((note.purchases.len(), reasons(&note)), (2, vec![]));
}

#[test]
fn an_inch_mark_in_an_extra_column_is_text() {
    let note = |note: &str| {
        let read = read(&format!("note,{}{note},{ROW}{note},{ROW}", HEADER));
        (read.purchases.len(), reasons(&read))
    };
    for text in ["5\" pipe", "a 5\" pipe", "5\" x 3\" x 2\" wood", "a\"b"] {
        assert_eq!(note(text), (2, vec![]), "{text}");
    }
    // At a column's end it may close what another line has opened, and at its beginning it opens.
    let unclosed = vec![(2, "unclosed_quote"), (3, "unclosed_quote")];
    for text in ["5\"", "a 5\"", "x\"\"\""] {
        assert_eq!(note(text), (0, unclosed.clone()), "{text}");
    }
    // Never in a column that is needed, and never in a row of several lines.
    let row = |row: &str| {
        let read = read(&format!("note,{HEADER}{row}"));
        (read.purchases.len(), reasons(&read))
    };
    assert_eq!(row(&format!("a 5\" pipe,{}", ROW.replace("ada", "a\"da"))), (1, vec![]), "quotes are even");
    assert_eq!(row(&format!("pipe,{}", ROW.replace("ada", "a\"da"))).1, [(2, "unclosed_quote")]);
    let lines = format!("a 5\" pipe,\"ada@shop.example\n\",{}", ROW.split_once(',').unwrap().1);
    assert_eq!(row(&lines).1[0], (2, "unclosed_quote"));
}

/// What customers write in a note must not become purchases: its last line ends with the quote that closes it.
#[test]
fn the_end_of_a_note_is_no_row_whatever_is_in_it() {
    for ending in ["", " 5\"\" pipe", " a\"\"b\"\"c", "\"\"", " \"\""] {
        let note = format!("{},x{ending}", ROW.replace("ada", "eve").trim_end());
        let header = format!("{},note\n", HEADER.trim_end());
        let read = read(&format!("{header}{},\"hi\n{note}\"\n", ROW.trim_end()));
        assert!(read.purchases.is_empty(), "{ending}");
    }
}
