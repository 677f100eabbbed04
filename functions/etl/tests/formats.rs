//! Exports of every shape give the same purchases: delimiters, headers, quoting, line ends, dates, chunks.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use etl::format::{DELIMITERS, Format};
use etl::identity::{Halt, Occurrences};
use etl::pii::{Method, Pii};
use etl::transform::{Outcome, Transform};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::LazyJust;
use secrecy::SecretString;
use shared::purchase::Purchase;

/// A reject that owns its row: line, reason, bytes.
type Reject = (u64, &'static str, Vec<u8>);

/// What became of a file.
#[derive(Debug, Default, PartialEq)]
struct Read {
    purchases: Vec<Purchase>,
    rejects: Vec<Reject>,
    format: Option<String>,
    ambiguous_times: u64,
    /// Why it was refused.
    refused: Option<String>,
}

fn pii() -> Pii {
    let secret = SecretString::from(format!(r#"{{"active":"k1","k1":"{}"}}"#, "0123456789abcdef".repeat(4)));
    Pii::parse(&secret, Method::Hmac, Timestamp::UNIX_EPOCH).unwrap_or_else(|error| panic!("{error}"))
}

fn read_as<'a>(format: &Format, chunks: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let pii = pii();
    let mut transform = Transform::new(&pii, format, Occurrences::of_whole_file());
    let mut read = Read::default();
    let mut drain = |transform: &mut Transform<'_>| {
        loop {
            match transform.next() {
                Ok(Some(Outcome::Purchase(purchase))) => read.purchases.push(purchase),
                Ok(Some(Outcome::Reject(reject))) => {
                    read.rejects.push((reject.line, reject.reason.as_str(), reject.raw.to_vec()));
                }
                Ok(Some(Outcome::Erased)) => panic!("nobody asked for it"),
                Ok(None) => return true,
                Err(Halt::Refused(refusal)) => {
                    read.refused = Some(refusal.to_string());
                    return false;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    let mut on = true;
    for chunk in chunks {
        transform.push(chunk);
        on = on && drain(&mut transform);
    }
    transform.finish();
    let _ = on && drain(&mut transform);
    (read.format, read.ambiguous_times) = (transform.format(), transform.ambiguous_times());
    read
}

fn read(text: &str) -> Read {
    read_as(&Format::default(), [text.as_bytes()])
}

/// What the rejects are: line and reason.
fn reasons(read: &Read) -> Vec<(u64, &'static str)> {
    read.rejects.iter().map(|(line, reason, _)| (*line, *reason)).collect()
}

const NAMES: [&str; 5] = ["email", "item_id", "quantity", "price", "purchase_date"];
const HEADER: &str = "email,item_id,quantity,price,purchase_date\n";
const ROW: &str = "ada@shop.example,7,1,12.50,2021-03-21T11:00:00\n";

/// One row's fields, in the order of [`NAMES`].
fn row() -> impl Strategy<Value = [String; 5]> {
    ("[a-zé]{1,8}@[a-z]{1,8}", 0u32..1_000, 1u32..9, 0u32..10_000, 0i64..4_000_000_000).prop_map(
        |(email, item, quantity, cents, second)| {
            let date = Timestamp::from_second(second).unwrap().strftime("%Y-%m-%dT%H:%M:%S").to_string();
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            [email, item.to_string(), quantity.to_string(), price, date]
        },
    )
}

/// What an extra column may hold; not what makes another row of a line of it.
fn extra() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ,;|\t\"0-9]{0,10}", "[a-z ,;|\t\"]{0,10}\n[a-z, \"]{0,5}"]
}

fn written(rows: &[Vec<String>], delimiter: u8, always: bool, line_end: &str) -> String {
    let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
    let rows = rows.iter().map(|row| {
        let mut writer = csv::WriterBuilder::new();
        let mut writer = writer.delimiter(delimiter).quote_style(style).from_writer(Vec::new());
        writer.write_record(row).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        format!("{}{line_end}", text.strip_suffix('\n').unwrap())
    });
    rows.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_gives_the_same_purchases(
        rows in vec(row(), 1..20),
        order in LazyJust::new(|| vec![0, 1, 2, 3, 4]).prop_shuffle(),
        extras in vec((any::<Index>(), vec(extra(), 20)), 0..4),
        delimiter in select(DELIMITERS.to_vec()),
        always: bool,
        line_end in select(vec!["\n", "\r\n", "\r\r\n", "\n\n"]),
        size in 1usize..200,
    ) {
        let plain: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
        let expected = read(&written(&plain, b',', false, "\n"));
        prop_assert_eq!((expected.purchases.len(), expected.rejects.len()), (rows.len(), 0));

        let mut header: Vec<String> = order.iter().map(|column| NAMES[*column].to_uppercase()).collect();
        let mut ordered: Vec<Vec<String>> =
            rows.iter().map(|row| order.iter().map(|column| row[*column].clone()).collect()).collect();
        for (n, (at, fields)) in extras.iter().enumerate() {
            let at = at.index(header.len() + 1);
            header.insert(at, format!("extra {n}"));
            ordered.iter_mut().zip(fields).for_each(|(row, field)| row.insert(at, field.clone()));
        }
        let text = written(&[vec![header], ordered].concat(), delimiter, always, line_end);
        let got = read_as(&Format::default(), text.as_bytes().chunks(size));
        prop_assert_eq!(got.rejects, vec![]);
        prop_assert_eq!(&got.purchases, &expected.purchases);

        let text = written(&plain, delimiter, always, line_end);
        let got = read_as(&Format::default(), text.as_bytes().chunks(size));
        prop_assert_eq!(got.rejects, vec![]);
        prop_assert_eq!(&got.purchases, &expected.purchases);
    }

    #[test]
    fn chunks_do_not_matter(
        parts in vec(select(vec![
            HEADER, ROW, "\"", "\n", ",", "\0", "x",
            "email;sku;qty;price;date\n", "ada@shop.example;7;1;12.50;2021-03-21T11:00:00Z\r\n",
            "note,date,price,qty,sku,mail\n", "\"a\nb\",2021-03-21 11:00:00,2.5,1,7,ada@shop.example\n",
        ]), 0..40),
        times in select(vec![1, 1, 1, 200]),
        size in 1usize..90_000,
    ) {
        let text = parts.concat().repeat(times);
        let whole = read(&text);
        let size = if text.len() > 10_000 { size.max(1_000) } else { size % 100 + 1 };
        prop_assert_eq!(read_as(&Format::default(), text.as_bytes().chunks(size)), whole);
    }

    #[test]
    fn any_text_is_rows_or_rejects_and_every_line_is_in_one(lines in vec("[a@,;1-9\"é-]{1,20}", 0..30)) {
        let read = read(&lines.join("\n"));
        if read.refused.is_none() {
            let header = u64::from(read.format.as_deref().is_some_and(|format| format.starts_with("header")));
            let seen: u64 = read.rejects.iter().map(|(_, _, raw)| raw.split(|b| *b == b'\n').count() as u64).sum();
            prop_assert_eq!(seen + read.purchases.len() as u64 + header, lines.len() as u64);
        }
    }
}

#[test]
fn what_a_file_was_found_to_be_is_told() {
    let format = |text: &str| read(text).format.unwrap();
    assert_eq!(format(&format!("{HEADER}{ROW}")), "header, delimiter ,");
    assert_eq!(format(&ROW.replace(',', "\t")), "no header, delimiter tab");
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
fn columns_that_shift_in_the_middle_are_rejected_by_reason() {
    let good = "ada@shop.example,7,1,12.50,2021-03-21T11:00:00,red\n";
    for (shifted, reason) in [
        ("ada@shop.example,7,1,12.50,2021-03-21T11:00:00,red,wine\n", "columns"),
        ("ada@shop.example,7,1,12.50,2021-03-21T11:00:00\n", "columns"),
        ("7,ada@shop.example,1,12.50,2021-03-21T11:00:00,red\n", "item_id"),
        ("ada@shop.example,7,12.50,1,2021-03-21T11:00:00,red\n", "quantity"),
        ("ada@shop.example,7,1,2021-03-21T11:00:00,12.50,red\n", "price"),
        ("red,7,1,12.50,2021-03-21T11:00:00,ada@shop.example\n", "email"),
        ("ada@shop.example,7,1,12.50,red,2021-03-21T11:00:00\n", "date"),
    ] {
        let header = HEADER.replace('\n', ",colour\n");
        let read = read(&format!("{header}{}{}{good}", good.repeat(20), shifted.repeat(10)));
        assert_eq!(read.purchases.len(), 21, "{shifted}");
        assert!(reasons(&read).into_iter().eq((22..32).map(|line| (line, reason))), "{shifted}");
    }
}

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
fn fields_of_more_than_1_kib_are_refused() {
    let spaces = " ".repeat(1_008);
    let fits = read(&ROW.replace("ada", &format!("{spaces}ada")));
    assert_eq!((fits.purchases.len(), reasons(&fits)), (1, vec![]));
    for column in 0..5 {
        let mut fields: Vec<String> = ROW.trim_end().split(',').map(str::to_owned).collect();
        fields[column] = format!("{spaces}0{}", fields[column]);
        if column > 0 {
            fields[column].push_str(&" ".repeat(20));
        }
        let read = read(&format!("{ROW}{}", fields.join(",")));
        assert_eq!((read.purchases.len(), reasons(&read)), (1, vec![(2, "field_too_long")]), "{column}");
    }
    // What is not used may be as long as a record may.
    let note = format!(
        "{}{}",
        HEADER.replace('\n', ",note\n"),
        ROW.replace('\n', &format!(",{}", "x".repeat(60_000)))
    );
    assert_eq!(read(&note).purchases.len(), 1);
}

#[test]
fn dates_are_local_times_of_the_shop_and_ambiguous_ones_are_counted() {
    let format = Format::parse("", "", "Europe/Berlin").unwrap();
    let rows = |dates: &[&str]| {
        let rows = dates.iter().map(|date| format!("ada@shop.example,7,1,12.50,{date}\n"));
        read_as(&format, [rows.collect::<String>().as_bytes()])
    };
    let read = rows(&[
        "2021-10-31T02:30:00",
        "2021-10-31T02:30:00Z",
        "2021-03-28 02:30:00.5",
        "2021-06-01T00:00:00+02",
    ]);
    let at: Vec<String> = read.purchases.iter().map(|purchase| purchase.position.at.to_string()).collect();
    let expected =
        ["2021-10-31T00:30:00Z", "2021-10-31T02:30:00Z", "2021-03-28T01:30:00.5Z", "2021-05-31T22:00:00Z"];
    assert_eq!((at, read.ambiguous_times), (expected.map(str::to_owned).to_vec(), 2));
    // A row refused for another reason is not counted.
    let bad = read_as(&format, [b"ada,7,1,12.50,2021-10-31T02:30:00\n".as_slice()]);
    assert_eq!((reasons(&bad), bad.ambiguous_times), (vec![(1, "email")], 0));
}

#[test]
fn the_same_instant_is_the_same_purchase_however_it_is_written() {
    let read =
        read(&format!("{ROW}{}{}", ROW.replace('T', " "), ROW.replace("11:00:00", "12:30:00.000+01:30")));
    let ids: Vec<u128> = read.purchases.iter().map(|purchase| purchase.position.row_id.0).collect();
    let again = self::read(&ROW.repeat(3));
    assert!(again.purchases.iter().map(|purchase| purchase.position.row_id.0).eq(ids));
}
