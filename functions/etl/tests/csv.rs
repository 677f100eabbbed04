//! Properties of the record splitter, for any bytes in any chunks.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use etl::csv::{COLUMNS, MAX_COLUMNS, MAX_LINES, MAX_RECORD, Piece, Problem, Splitter};
use etl::format::DELIMITERS;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A piece that owns its parts: line, bytes, and fields or what is wrong.
type Owned = (u64, Vec<u8>, Result<Vec<Vec<u8>>, Problem>);

fn owned(piece: Piece<'_>) -> Owned {
    match piece {
        Piece::Bad { line, raw, problem } => (line, raw.to_vec(), Err(problem)),
        Piece::Record(record) => {
            let fields: Vec<_> = record.all().map(<[u8]>::to_vec).collect();
            assert_eq!(fields.len(), record.columns().min(MAX_COLUMNS));
            (record.line(), record.raw().to_vec(), Ok(fields))
        }
    }
}

/// Splits as the transform does: a record of several lines without five columns is taken back.
fn split<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    split_at(b',', chunks)
}

fn split_at<'a>(delimiter: u8, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let mut splitter = Splitter::new(delimiter);
    let mut pieces = Vec::new();
    let mut drain = |splitter: &mut Splitter| {
        while let Some(piece) = splitter.next() {
            let taken_back = matches!(piece, Piece::Record(record) if record.columns() != COLUMNS);
            let piece = owned(piece);
            pieces.push(if taken_back { owned(splitter.reopen()) } else { piece });
        }
    };
    for chunk in chunks {
        splitter.push(chunk);
        drain(&mut splitter);
    }
    splitter.finish();
    drain(&mut splitter);
    pieces
}

fn raws(input: &[u8]) -> Vec<(u64, String, Option<Problem>)> {
    let pieces = split([input]).into_iter();
    pieces.map(|(line, raw, rest)| (line, String::from_utf8(raw).unwrap(), rest.err())).collect()
}

/// Bytes that mean something to a splitter, and some that don't.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&[u8]> = vec![
        b",",
        b",",
        b"\"",
        b"\"",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"a",
        b"bc",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b" ",
        b"1,2,3,4,5\n",
        b"x\",\"\n",
        b"\"\"",
    ];
    vec(select(parts), 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_do_not_matter(input in bytes(), size in 1usize..7) {
        let whole = split([input.as_slice()]);
        prop_assert_eq!(&whole, &split(input.chunks(size)));
    }

    #[test]
    fn every_byte_is_in_one_record_or_between_two(input in bytes()) {
        let (mut at, mut lines) = (0, 1);
        for (line, raw, _) in split([input.as_slice()]) {
            while !(input[at..].starts_with(&raw) && lines == line) {
                prop_assert!(matches!(input[at], b'\r' | b'\n'), "byte {} is in no record", at);
                lines += u64::from(input[at] == b'\n');
                at += 1;
            }
            prop_assert!(!raw.is_empty());
            lines += raw.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            at += raw.len();
            // A record ends where its line ends.
            prop_assert!(input[at..].iter().find(|byte| **byte != b'\r').is_none_or(|byte| *byte == b'\n'));
        }
        prop_assert!(input[at..].iter().all(|byte| matches!(byte, b'\r' | b'\n')));
    }

    #[test]
    fn well_formed_input_is_split_as_the_csv_crate_does(
        rows in vec(prop_oneof![row(plain), row(field)], 0..20),
        windows: bool,
        delimiter in select(DELIMITERS.to_vec()),
        always: bool,
    ) {
        let terminator = if windows { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut writer = csv::WriterBuilder::new();
        writer.terminator(terminator).delimiter(delimiter).quote_style(style);
        let mut writer = writer.from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let input = writer.into_inner().unwrap();
        let expected: Vec<Vec<Vec<u8>>> =
            rows.iter().map(|row| row.iter().map(|field| field.clone().into_bytes()).collect()).collect();
        let pieces = split_at(delimiter, [input.as_slice()]).into_iter();
        let got: Vec<Vec<Vec<u8>>> = pieces.map(|(_, _, fields)| fields.unwrap()).collect();
        prop_assert_eq!(got, expected);
    }
}

fn row<S: Strategy<Value = String> + 'static>(field: fn() -> S) -> BoxedStrategy<[String; COLUMNS]> {
    [field(), field(), field(), field(), field()].boxed()
}

/// A field that needs no quotes.
fn plain() -> impl Strategy<Value = String> {
    "[ab\u{e9}\\. ]{0,5}[ab]"
}

/// A field of up to three lines, so that a record stays within its limit.
fn field() -> impl Strategy<Value = String> {
    "[ab\",;|\té ]{0,5}(\r?\n[ab\",;|\t]{0,3}){0,2}[ab]"
}

#[test]
fn line_ends_of_every_kind_separate_records() {
    let expected: Vec<_> =
        [(1, "1,2,3,4,5"), (3, "6,7,8,9,0")].map(|(n, raw)| (n, raw.to_owned(), None)).into();
    for input in [
        "1,2,3,4,5\n\n6,7,8,9,0",
        "1,2,3,4,5\r\n\r\n6,7,8,9,0\r\n",
        "1,2,3,4,5\r\r\n\r\r\n6,7,8,9,0\r\r\n\r\r\n",
        "1,2,3,4,5\n\n6,7,8,9,0\n\n\n",
    ] {
        assert_eq!(raws(input.as_bytes()), expected, "{input:?}");
    }
    assert_eq!(split([&b""[..]]), []);
}

#[test]
fn the_last_field_has_no_line_end() {
    for input in ["1,2,3,4,5\r\r\n", "1,2,3,4,\"5\"\r\n", "1,2,3,4,5\r"] {
        let fields = split([input.as_bytes()]).remove(0).2.unwrap();
        assert_eq!(fields, [b"1", b"2", b"3", b"4", b"5"], "{input:?}");
    }
}

#[test]
fn a_quoted_line_break_does_not_end_a_record() {
    let pieces = raws(b"\"a\nb\",2,3,4,5\n6,7,8,9,0\n");
    let expected = [(1, "\"a\nb\",2,3,4,5".to_owned(), None), (3, "6,7,8,9,0".to_owned(), None)];
    assert_eq!(pieces, expected);
}

#[test]
fn an_open_quote_costs_its_own_line_and_no_other() {
    let quote = Some(Problem::UnclosedQuote);
    for (input, bad) in [
        ("1,2,3,4,\"5\n6,7,8,9,0\n", "1,2,3,4,\"5"),
        ("\"1,2,3,4,5\r\n6,7,8,9,0\n", "\"1,2,3,4,5"),
        // Closed by a later quote, but not as five columns.
        ("1,\"2,3,4,5\n6,7,8,9,0\n1,2\",3\n", "1,\"2,3,4,5"),
    ] {
        let pieces = raws(input.as_bytes());
        assert_eq!(pieces[0], (1, bad.to_owned(), quote), "{input:?}");
        assert_eq!(pieces[1], (2, "6,7,8,9,0".to_owned(), None), "{input:?}");
    }
    let long = format!("1,2,3,4,\"5\n{}", "6,7,8,9,0\n".repeat(50_000));
    let pieces = raws(long.as_bytes());
    assert_eq!(pieces.iter().filter(|piece| piece.2.is_some()).count(), 1);
    assert_eq!(pieces.len(), 50_001);
}

#[test]
fn a_record_has_so_many_lines_at_most() {
    let record = |lines: u64| format!("1,2,3,4,\"{}\"\n", "\n".repeat(usize::try_from(lines - 1).unwrap()));
    assert_eq!(raws(record(MAX_LINES).as_bytes())[0].2, None);
    assert_eq!(raws(record(MAX_LINES + 1).as_bytes())[0].2, Some(Problem::UnclosedQuote));
}

#[test]
fn lines_and_records_are_bounded_in_bytes_in_any_chunks() {
    let line = |length: usize| format!("1,2,3,4,{}\n6,7,8,9,0\n", "x".repeat(length - 8));
    let record = |length: usize| format!("1,2,3,4,\"\n{}\"\n6,7,8,9,0\n", "x".repeat(length - 11));
    let too_long = Some(Problem::LineTooLong);
    let unclosed = Some(Problem::UnclosedQuote);
    for (input, problem, first) in [
        (line(MAX_RECORD), None, MAX_RECORD),
        (line(MAX_RECORD + 1), too_long, MAX_RECORD),
        (record(MAX_RECORD), None, MAX_RECORD),
        (record(MAX_RECORD + 1), unclosed, "1,2,3,4,\"".len()),
    ] {
        let whole = split([input.as_bytes()]);
        assert_eq!((whole[0].1.len(), whole[0].2.clone().err()), (first, problem));
        assert_eq!(whole.last().unwrap().1, b"6,7,8,9,0");
        for size in [1_000, 1_021, 65_536, 65_537] {
            assert_eq!(split(input.as_bytes().chunks(size)), whole, "in chunks of {size}");
        }
        let without_end = input.strip_suffix("\n6,7,8,9,0\n").unwrap();
        assert_eq!(split([without_end.as_bytes()])[0], whole[0]);
    }
}

/// Each line here leaves a quote open, whether one was open before it or not: the worst case for reading again.
#[test]
fn a_hostile_file_is_read_in_bounded_time() {
    let input = "x\",\"\n".repeat(200_000);
    let began = std::time::Instant::now();
    let pieces = split(input.as_bytes().chunks(65_536));
    assert_eq!(pieces.len(), 200_000);
    assert!(pieces.iter().all(|piece| piece.2 == Err(Problem::UnclosedQuote)));
    // It takes a second where nothing is optimised, and would take minutes without the bound.
    assert!(began.elapsed().as_secs() < 30);
}

/// Found by `chunks_do_not_matter`: `csv-core` takes a mark off whenever it has been reset. The file's own is taken
/// off where its text is read.
#[test]
fn a_byte_order_mark_is_text() {
    let input = "\u{feff}1,2,3,4,\"5\n\u{feff}6,7,8,9,0\n";
    let pieces = split([input.as_bytes()]);
    assert_eq!(pieces[0].1, "\u{feff}1,2,3,4,\"5".as_bytes());
    assert_eq!(pieces[1].2.clone().unwrap()[0], "\u{feff}6".as_bytes());
}

#[test]
fn any_number_of_columns_is_counted_and_the_first_ones_are_kept() {
    for (count, quote) in
        [(1, ""), (6, ""), (6, "\""), (MAX_COLUMNS, ""), (MAX_COLUMNS + 1, "\""), (30_000, "")]
    {
        let fields: Vec<String> = (0..count).map(|n| format!("{quote}{}{quote}", n % 10)).collect();
        let input = format!("{}\r\n6,7", fields.join(","));
        let mut splitter = Splitter::new(b',');
        splitter.push(input.as_bytes());
        let Some(Piece::Record(record)) = splitter.next() else { panic!("a record") };
        assert_eq!(record.columns(), count);
        let expected: Vec<String> = (0..count.min(MAX_COLUMNS)).map(|n| (n % 10).to_string()).collect();
        assert!(record.all().eq(expected.iter().map(String::as_bytes)));
        assert_eq!(record.column(count), b"");
    }
}
