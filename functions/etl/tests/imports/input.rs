//! However an export is compressed, encoded and laid out, the same purchases come of it; and what cannot be read to its
//! end has a clear ending.

use std::io::Write as _;

use async_compression::Level;
use async_compression::tokio::write::ZstdEncoder;
use async_compression::zstd::CParameter;
use flate2::Compression;
use flate2::write::GzEncoder;
use shared::import::ImportState;
use tokio::io::AsyncWriteExt as _;

use crate::fakes::{Shop, file, rows};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// What reads it has to look back as many bytes as the logarithm of two says.
async fn zstd(text: &[u8], window_log: u32) -> Vec<u8> {
    let params = [CParameter::window_log(window_log)];
    let mut encoder = ZstdEncoder::with_quality_and_params(Vec::new(), Level::Default, &params);
    encoder.write_all(text).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[tokio::test]
async fn compression_encoding_and_layout_do_not_change_the_purchases() {
    let export = rows(0, 2_000);
    let plain = Shop::new();
    plain.import("purchases/a.csv", file(&export)).await;
    let turned = |row: &String| {
        let fields: Vec<&str> = row.split(',').collect();
        format!("{}Z;note;{};{};{};{}", fields[4], fields[3], fields[2], fields[1], fields[0])
    };
    let turned: String = export.iter().map(|row| format!("{}\r\n", turned(row))).collect();
    let turned = format!("Ordered at;Note;Unit price;Qty;SKU;E-Mail\r\n{turned}");
    let text = file(&export).into_bytes();
    let (first, second) = text.split_at(30_000);
    // Two frames, as parallel compressors write them, and one before them that is to be skipped.
    let skipped = b"\x50\x2a\x4d\x18\x04\0\0\0four".to_vec();
    let frames = [skipped, zstd(first, 19).await, zstd(second, 23).await].concat();
    for (key, bytes, format) in [
        ("purchases/a.csv.zst", zstd(&text, 20).await, "zstd, utf-8, no header, delimiter ,"),
        ("purchases/a.csv", frames, "zstd, utf-8, no header, delimiter ,"),
        ("purchases/a.zst", zstd(&utf16(&turned), 23).await, "zstd, utf-16le, header, delimiter ;"),
        (
            "purchases/a.csv.gz",
            [gzip(&text), vec![0; 10_240]].concat(),
            "gzip, utf-8, no header, delimiter ,",
        ),
        ("purchases/a.csv", file(&export).into_bytes(), "utf-8, no header, delimiter ,"),
        ("purchases/a.csv.gz", gzip(file(&export).as_bytes()), "gzip, utf-8, no header, delimiter ,"),
        // By what it is, not by what it is called.
        ("purchases/a.csv", gzip(turned.as_bytes()), "gzip, utf-8, header, delimiter ;"),
        ("purchases/a.txt", utf16(&turned), "utf-16le, header, delimiter ;"),
        ("purchases/a.gz", gzip(&utf16(&turned.replace(';', "\t"))), "gzip, utf-16le, header, delimiter tab"),
    ] {
        let shop = Shop::new();
        let size = bytes.len() as u64;
        let entry = shop.import(key, bytes).await;
        assert_eq!((entry.state, entry.counts.rows), (ImportState::Loaded, 2_000), "{:?}", entry.message);
        assert_eq!(entry.format.as_deref(), Some(format));
        assert_eq!(entry.counts.bytes, size);
        assert_eq!(shop.purchases(), plain.purchases(), "{format}");
    }
}

#[tokio::test]
async fn a_file_that_is_cut_in_the_middle_fails_for_good_and_its_whole_adds_the_rest() {
    let export = rows(0, 10_000);
    let whole = gzip(file(&export).as_bytes());
    let shop = Shop::new();
    let entry = shop.import("purchases/cut.csv.gz", &whole[..whole.len() - 9]).await;
    assert_eq!(entry.state, ImportState::Failed);
    assert!(entry.message.unwrap().ends_with("the gzip data ends in the middle: upload the whole file"));
    let entry = shop.import("purchases/whole.csv.gz", whole).await;
    assert_eq!((entry.state, shop.purchases().len()), (ImportState::Loaded, 10_000));
}

#[tokio::test]
async fn a_zstd_file_with_a_huge_window_is_refused() {
    for window_log in [24, 27, 31] {
        let shop = Shop::new();
        let entry =
            shop.import("purchases/a.csv.zst", zstd(file(&rows(0, 30)).as_bytes(), window_log).await).await;
        let expected = "the object cannot be read: the zstd data looks back more than 8 MiB: compress it again without \
                        --long and --ultra";
        assert_eq!((entry.state, entry.message.as_deref()), (ImportState::Refused, Some(expected)));
        assert!(shop.purchases().is_empty() && shop.world().nothing_published());
    }
}

#[tokio::test]
async fn what_follows_the_zeros_behind_a_gzip_file_is_damage() {
    let export = rows(0, 10_000);
    let shop = Shop::new();
    let padded = [gzip(file(&export).as_bytes()), vec![0; 512]].concat();
    let entry = shop.import("purchases/a.csv.gz", [padded.as_slice(), b"tape"].concat()).await;
    assert_eq!(entry.state, ImportState::Failed);
    assert!(entry.message.unwrap().contains("the gzip data is damaged"));
    let entry = shop.import("purchases/b.csv.gz", padded).await;
    assert_eq!((entry.state, shop.purchases().len()), (ImportState::Loaded, 10_000));
}

/// Item and quantity are numbers both: taken for each other they would be purchases that nobody made.
#[tokio::test]
async fn rows_behind_a_header_that_is_not_complete_are_rejected_until_one_is() {
    let export = rows(0, 60);
    let plain = Shop::new();
    plain.import("purchases/a.csv", file(&[&export[..30], &export[50..]].concat())).await;
    let swapped = |row: &String| {
        let fields: Vec<&str> = row.split(',').collect();
        format!("{},{},{},{},{}\n", fields[0], fields[2], fields[1], fields[3], fields[4])
    };
    let swapped: String = export[30..50].iter().map(swapped).collect();
    for header in [
        "email,quantity,item_id,price,day\n",
        "email,qty,qty,price,date\n",
        "Kunde,Menge,Artikel,Preis,Datum\n",
    ] {
        let shop = Shop::new();
        let again = "email,item_id,quantity,price,purchase_date\n";
        let text = format!("{}{header}{swapped}{again}{}", file(&export[..30]), file(&export[50..]));
        let entry = shop.import("purchases/a.csv", text).await;
        assert_eq!((entry.state, entry.counts.loaded), (ImportState::LoadedWithRejects, 40), "{header}");
        assert_eq!(entry.counts.rejected, [("header".to_owned(), 22)].into());
        assert_eq!(shop.purchases(), plain.purchases());
        assert_eq!(shop.rejects(&entry)[1].2, swapped.lines().next().unwrap().as_bytes());
    }
}

#[tokio::test]
async fn a_title_above_rows_without_a_header_is_one_reject() {
    let shop = Shop::new();
    let entry = shop.import("purchases/a.csv", format!("date,2021-03-21\n{}", file(&rows(0, 30)))).await;
    assert_eq!((entry.state, entry.counts.loaded), (ImportState::LoadedWithRejects, 30));
    assert_eq!(shop.rejects(&entry), [(1, "columns".to_owned(), b"date,2021-03-21".to_vec())]);
}

#[tokio::test]
async fn a_header_without_a_needed_column_refuses_the_file() {
    let shop = Shop::new();
    let text = format!("email,item_id,price,amount,purchase_date\n{}", file(&rows(0, 30)));
    let entry = shop.import("purchases/a.csv", text).await;
    let expected =
        "the header names no column for quantity: rename the columns, or set the names in CSV_COLUMNS";
    assert_eq!((entry.state, entry.message.as_deref()), (ImportState::Refused, Some(expected)));
    assert!(shop.purchases().is_empty());
}

/// 64 MiB in one line: a bomb that costs one reject.
#[tokio::test]
async fn a_bomb_costs_its_own_line() {
    let shop = Shop::new();
    let export = rows(0, 60);
    let text =
        [file(&export[..30]).as_bytes(), &b"x".repeat(64 << 20), b"\n", file(&export[30..]).as_bytes()]
            .concat();
    let bytes = gzip(&text);
    assert!(bytes.len() < 100_000);
    let entry = shop.import("purchases/a.csv.gz", bytes).await;
    assert_eq!((entry.state, entry.counts.loaded), (ImportState::LoadedWithRejects, 60));
    assert_eq!(entry.counts.rejected, [("line_too_long".to_owned(), 1)].into());
    assert_eq!(entry.counts.text_bytes, text.len() as u64);
}
