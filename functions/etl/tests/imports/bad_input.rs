//! Every kind of bad upload has a clear ending and loses nothing.

use shared::import::{Import, ImportState};

use crate::fakes::{Shop, file, rows};

const GOOD: &str = "ada@shop.example,7,1,12.50,2021-03-21T11:00:00";

/// The ledger's entry: state, message.
async fn ended(key: &str, content_type: Option<&str>, bytes: &[u8]) -> (ImportState, String) {
    let shop = Shop::new();
    let event = shop.put_as(key, content_type, bytes);
    shop.deliver(event).await.unwrap();
    assert_eq!(shop.purchases().len(), 0);
    assert_eq!(shop.world().files.len(), 0);
    let entry = shop.entry(key);
    assert!(entry.state.is_final());
    (entry.state, entry.message.unwrap())
}

async fn refused(key: &str, content_type: Option<&str>, bytes: &[u8]) -> String {
    let (state, message) = ended(key, content_type, bytes).await;
    assert_eq!(state, ImportState::Refused);
    message
}

#[tokio::test]
async fn what_is_no_csv_is_refused_with_a_reason() {
    let csv = Some("text/csv");
    let is = |message: String, expected: &str| assert_eq!(message, expected);
    is(refused("purchases/a.csv", csv, b"").await, "the object is empty");
    is(
        refused("purchases/a.xlsx", csv, b"x").await,
        "the key ends in none of .csv, .tsv, .txt, .gz, .zst: only CSV files are loaded, plain or compressed",
    );
    is(refused("purchases/a.csv", csv, b"%PDF-1.7\n").await, "the object is a PDF, not a CSV file");
    is(
        refused("purchases/a.csv", Some("application/pdf"), GOOD.as_bytes()).await,
        "the object's content type is \"application/pdf\": expected text/csv",
    );
    is(
        refused(
            "purchases/a.csv",
            csv,
            format!("{GOOD}\njos")
                .as_bytes()
                .iter()
                .chain(b"\xe9@x")
                .copied()
                .collect::<Vec<u8>>()
                .as_slice(),
        )
        .await,
        "the byte at position 51, in line 2, is not UTF-8, but of an older encoding such as Latin-1 or \
         Windows-1252: save the file as UTF-8 (spreadsheets call that CSV UTF-8)",
    );
    is(
        refused("purchases/a.csv", csv, &GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
            .await,
        "one byte in 2 is NUL, so it is no text: save it as CSV in UTF-8",
    );
}

#[tokio::test]
async fn a_header_only_is_loaded_with_no_rows_and_says_so() {
    for header in [
        "email,item_id,quantity,price,purchase_date\r\n",
        "\u{feff}Email,Item_ID,QUANTITY,price,purchase_date",
        "\n",
    ] {
        let (state, message) = ended("purchases/a.csv", None, header.as_bytes()).await;
        assert_eq!((state, message.as_str()), (ImportState::Loaded, "the file has no rows"));
    }
}

#[tokio::test]
async fn capitals_in_the_suffix_are_no_reason() {
    let shop = Shop::new();
    assert_eq!(shop.import("purchases/EXPORT.CSV", GOOD).await.state, ImportState::Loaded);
}

#[tokio::test]
async fn the_spelling_of_a_file_does_not_change_its_purchases() {
    let export = rows(0, 50);
    let plain = Shop::new();
    plain.import("purchases/a.csv", file(&export)).await;
    let quoted = |row: &String| format!("\"{}\"", row.replace(',', "\",\""));
    for spelling in [
        export.join("\n"),
        export.join("\r\n"),
        format!("\u{feff}{}\r\n", export.join("\r\n")),
        format!("email,item_id,quantity,price,purchase_date\n{}", export.join("\r\r\n")),
        format!("\u{feff}\"Email\",item_id,quantity,price,PURCHASE_DATE\n\n\n{}", export.join("\n\n")),
        export.iter().map(quoted).collect::<Vec<_>>().join("\n"),
        export
            .iter()
            .map(|row| row.replace("@shop", "@SHOP").replace(".50,", ".5000,"))
            .collect::<Vec<_>>()
            .join("\n"),
        export
            .iter()
            .map(|row| format!("\" {}", row.replacen(',', "\n\",", 1)))
            .collect::<Vec<_>>()
            .join("\n"),
    ] {
        let shop = Shop::new();
        let entry = shop.import("purchases/a.csv", spelling.clone()).await;
        assert_eq!((entry.state, entry.counts.rows), (ImportState::Loaded, 50), "{spelling:.200}");
        assert_eq!(shop.purchases(), plain.purchases(), "{spelling:.200}");
    }
}

async fn with_bad_rows(bad: &[u8]) -> (Shop, Import) {
    let shop = Shop::new();
    let mut bytes = file(&rows(0, 30)).into_bytes();
    bytes.extend_from_slice(bad);
    bytes.push(b'\n');
    bytes.extend_from_slice(file(&rows(30, 30)).as_bytes());
    let entry = shop.import("purchases/a.csv", bytes).await;
    assert_eq!(entry.state, ImportState::LoadedWithRejects);
    assert_eq!(entry.counts.loaded, 60, "good rows were lost");
    assert_eq!(entry.counts.rows, entry.counts.loaded + entry.counts.rejected_total());
    assert_eq!(shop.purchases().len(), 60);
    (shop, entry)
}

#[tokio::test]
async fn a_bad_row_is_rejected_with_its_line_and_reason_and_nothing_else_is() {
    for (row, reason) in [
        ("ada@shop.example,7,1,12.50", "columns"),
        ("ada@shop.example,7,1,12.50,2021-03-21T11:00:00,x", "columns"),
        ("ada@shop.example,7,1,12,50,2021-03-21T11:00:00", "columns"),
        ("ada@shop.example;7;1;12.50;2021-03-21T11:00:00", "columns"),
        (",7,1,12.50,2021-03-21T11:00:00", "email"),
        ("   ,7,1,12.50,2021-03-21T11:00:00", "email"),
        ("ada,7,1,12.50,2021-03-21T11:00:00", "email"),
        ("ada@shop.example,1_000,1,12.50,2021-03-21T11:00:00", "item_id"),
        ("ada@shop.example,٧,1,12.50,2021-03-21T11:00:00", "item_id"),
        ("ada@shop.example,12345678901234567890,1,12.50,2021-03-21T11:00:00", "item_id"),
        ("ada@shop.example,7,0,12.50,2021-03-21T11:00:00", "quantity"),
        ("ada@shop.example,7,12345678901234567890,12.50,2021-03-21T11:00:00", "quantity"),
        ("ada@shop.example,7,1,1e3,2021-03-21T11:00:00", "price"),
        ("ada@shop.example,7,1,12345678901234567890,2021-03-21T11:00:00", "price"),
        ("ada@shop.example,7,1,12.50,21.03.2021", "date"),
        ("ada@shop.example,7,1,12.50,2021-02-31T11:00:00", "no_such_date"),
        ("ada@shop.example,7,\0,12.50,2021-03-21T11:00:00", "nul"),
        ("\"ada@shop.example,7,1,12.50,2021-03-21T11:00:00", "unclosed_quote"),
        ("ada@shop.example\",7,1,12.50,2021-03-21T11:00:00", "unclosed_quote"),
        ("ada@shop.example,7,1,12.50,\"2021-03-21T11:00:00", "unclosed_quote"),
        ("email,item_id,quantity,price,purchase_date", "header"),
    ] {
        let (shop, entry) = with_bad_rows(row.as_bytes()).await;
        assert_eq!(shop.rejects(&entry), [(31, reason.to_owned(), row.as_bytes().to_vec())], "{row}");
        assert_eq!(entry.counts.rejected, [(reason.to_owned(), 1)].into(), "{row}");
    }
}

#[tokio::test]
async fn a_quoted_line_break_inside_a_row_swallows_no_other_row() {
    let (shop, entry) = with_bad_rows(b"\"ada@shop\n.example\",7,1,12.50,2021-03-21T11:00:00").await;
    let rejects: Vec<(u64, String)> =
        shop.rejects(&entry).into_iter().map(|(line, reason, _)| (line, reason)).collect();
    assert_eq!(rejects, [(31, "unclosed_quote".to_owned()), (32, "unclosed_quote".to_owned())]);
    // The second line alone must not become a purchase either.
    with_bad_rows(b"\"ada\n@shop.example\",7,1,12.50,2021-03-21T11:00:00").await;
    // Two stray quotes with good rows between them, that five columns could be made of.
    for count in [1, 2] {
        let good = rows(0, count).join("\n");
        for stray in [
            format!("\"\n{good}\n\",7,1,12.50,2021-03-21T11:00:00"),
            format!("a@shop.example,7,1,12.50,\"\n{good}\n\""),
            format!("\"a@shop.example\n{good}\n\",7,1,12.50,2021-03-21T11:00:00"),
        ] {
            let shop = Shop::lenient();
            let entry = shop.import("purchases/a.csv", stray.clone()).await;
            assert_eq!(entry.counts.loaded, count as u64, "{stray}: {:?}", entry.counts);
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_utf8_behind_the_first_ones_cost_their_row_alone() {
    let shop = Shop::new();
    let mut bytes = file(&rows(0, 2_000)).into_bytes();
    assert!(bytes.len() > 64 * 1024);
    bytes.extend_from_slice(b"jos\xe9@shop.example,7,1,12.50,2021-03-21T11:00:00");
    let entry = shop.import("purchases/a.csv", bytes).await;
    assert_eq!(entry.counts.loaded, 2_000);
    let expected = b"jos\xe9@shop.example,7,1,12.50,2021-03-21T11:00:00".to_vec();
    assert_eq!(shop.rejects(&entry), [(2_001, "not_utf8".to_owned(), expected)]);
}

#[tokio::test]
async fn a_line_of_100_mb_costs_itself_alone() {
    let (shop, entry) = with_bad_rows(&vec![b'x'; 100_000_000]).await;
    assert_eq!(shop.rejects(&entry), [(31, "line_too_long".to_owned(), vec![b'x'; 64 * 1024])]);
}

#[tokio::test]
async fn an_inch_mark_in_a_column_that_is_not_needed_costs_nothing() {
    let shop = Shop::new();
    let text = format!("item_name,email,item_id,quantity,price,purchase_date\n5\" pipe,{GOOD}\n5\",{GOOD}\n");
    let entry = shop.import("purchases/a.csv", text).await;
    assert_eq!((entry.state, entry.counts.loaded), (ImportState::LoadedWithRejects, 1));
    let rejects = shop.rejects(&entry);
    assert_eq!((rejects.len(), rejects[0].0, rejects[0].1.as_str()), (1, 3, "unclosed_quote"));
}

#[tokio::test]
async fn text_that_is_no_export_says_so() {
    let shop = Shop::lenient();
    let entry = shop.import("purchases/a.csv", "{\"purchases\": []}\n").await;
    assert_eq!(entry.counts.rejected_total(), 1);
    assert!(entry.message.unwrap().starts_with("no row could be loaded"));
}

#[tokio::test]
async fn many_rejects_are_one_file_in_parts() {
    let shop = Shop::lenient();
    let rows: Vec<String> =
        (0..250_000).map(|n| format!("=cmd|' /C calc'!A{n},\"quoted, as it is\"")).collect();
    let entry = shop.import("purchases/a.csv", rows.join("\r\n")).await;
    assert_eq!(entry.counts.rejected_total(), 250_000);
    assert!(shop.world().unfinished.is_empty());
    let rejects = shop.rejects(&entry);
    assert!(rejects.iter().map(|(_, _, row)| row.as_slice()).eq(rows.iter().map(String::as_bytes)));
    assert!(rejects.iter().map(|(line, _, _)| *line).eq(1..=250_000));
}

#[tokio::test]
async fn ten_million_rejects_are_counted_and_the_file_of_them_ends() {
    let shop = Shop::lenient();
    let entry = shop.import("purchases/a.csv", "x\n".repeat(10_000_000)).await;
    assert_eq!(entry.counts.rejected_total(), 10_000_000);
    assert_eq!(entry.rejects_left_out, 9_000_000);
    let rejects = shop.rejects(&entry);
    assert_eq!(rejects.len(), 1_000_001);
    let (line, reason, _) = rejects.last().unwrap();
    assert_eq!((*line, reason.as_str()), (1_000_001, "left_out"));
}

#[tokio::test]
async fn a_failed_import_publishes_no_rejects() {
    let shop = Shop::lenient();
    let bad = "x\n".repeat(600_000);
    let event = shop.put("purchases/a.csv", format!("{bad}{}", file(&rows(0, 30))));
    shop.world().batches_left = Some(0);
    shop.deliver(event.clone()).await.unwrap_err();
    {
        let world = shop.world();
        assert!(world.files.is_empty() && world.unfinished.is_empty());
    }
    assert_eq!(shop.entry("purchases/a.csv").rejects_key, None);
    shop.world().batches_left = None;
    shop.deliver(event).await.unwrap();
    let entry = shop.entry("purchases/a.csv");
    assert_eq!(shop.rejects(&entry).len(), 600_000);
}
