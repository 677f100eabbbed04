//! Exports of every shape give the same purchases: delimiters, headers, quoting, line ends, dates, chunks.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

mod headings;
mod quotes;
mod reading;

use etl::format::{DELIMITERS, Format};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::LazyJust;

use crate::reading::{HEADER, NAMES, ROW, extra, read, read_as, reasons, row, written};

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
