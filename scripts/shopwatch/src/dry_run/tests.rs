//! Files read as `etl` would read them.

use std::io::Write as _;
use std::path::Path;

use etl::format::Format;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::date;

use super::*;
use crate::import::Export;
use crate::purchases::{Bytes, Options, export};

fn asked() -> Asked {
    Asked { format: Format::default(), max_rejected_percent: 50, keep_rows: false }
}

async fn report_of(bytes: &[u8], asked: &Asked) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.csv");
    std::fs::write(&path, bytes).unwrap();
    let mut rows = Vec::new();
    let seen = |_, read| rows.push(read);
    let report = read(Export::open(&path).unwrap(), "purchases/export.csv", asked, seen).await.unwrap();
    assert!(rows.is_sorted() || report.unsorted);
    report
}

fn printed(report: &Report) -> String {
    let mut out = Vec::new();
    print(report, "export.csv", &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn generated(rows: u64, bytes: Bytes) -> Vec<u8> {
    let mut out = Vec::new();
    let options = Options { rows, seed: 42, from: date(2026, 1, 5), cents: true, returns: 0 };
    export(options, bytes, &mut out, |_| ()).unwrap();
    out
}

const SOME_BAD: &str = "\
email,item_id,quantity,price,purchase_date\r
ada@shop.example,7,1,12.50,2026-01-05T10:00:00\r
ben@shop.example,7,none,12.50,2026-01-05T10:00:01\r
ada@shop.example,7,1,12.50,2026-01-06T10:00:00\r
ada\u{1b}[2J@shop.example,x,1,12.50,2026-01-06T10:00:00\r
ada@shop.example,7,1,12.50,2026-01-07T10:00:00.5\r
";

#[tokio::test]
async fn a_good_file_would_be_loaded() {
    let report = report_of(&generated(3_000, Bytes::default()), &asked()).await;
    insta::assert_snapshot!(printed(&report), @"
    would be loaded  export.csv
      format           utf-8, no header, delimiter ,
      bytes            190449
      rows             3000
      good             3000
      rejected         0
      first            2026-01-05T00:01:33Z
      last             2026-01-05T14:26:42Z
      days             1
    Nothing was uploaded.
    ");
    assert_eq!(exit_code(&report), 0);
}

#[tokio::test]
async fn the_order_of_rows_and_compression_change_nothing_but_the_format() {
    let plain = report_of(&generated(3_000, Bytes::default()), &asked()).await;
    let bytes = Bytes { shuffle: true, gzip: true };
    let shuffled = report_of(&generated(3_000, bytes), &asked()).await;
    assert!(shuffled.unsorted && !plain.unsorted);
    assert!(shuffled.format.as_ref().unwrap().starts_with("gzip, utf-8"));
    assert_eq!(shuffled.bytes.1, plain.bytes.1, "bytes of text");
    let same = Report { format: plain.format.clone(), bytes: plain.bytes, unsorted: false, ..shuffled };
    assert_eq!(same, plain);
}

#[tokio::test]
async fn refused_rows_are_told_by_line_and_reason_and_never_shown() {
    let report = report_of(SOME_BAD.as_bytes(), &asked()).await;
    let text = printed(&report);
    insta::assert_snapshot!(text, @"
    would be loaded_with_rejects  export.csv
      format           utf-8, header, delimiter ,
      bytes            293
      rows             5
      good             3
      rejected         2
        item_id        1 in line 5
        quantity       1 in line 3
      first            2026-01-05T10:00:00Z
      last             2026-01-07T10:00:00.5Z
      days             3
    Nothing was uploaded.
    ");
    assert!(!text.contains('@'), "{text}");
    assert_eq!(exit_code(&report), 3);
    let debug = format!("{report:?}");
    assert!(!debug.contains('@'), "{debug}");
}

#[tokio::test]
async fn refused_rows_are_shown_when_asked_for_and_do_not_steer_the_terminal() {
    let report = report_of(SOME_BAD.as_bytes(), &Asked { keep_rows: true, ..asked() }).await;
    let text = printed(&report);
    assert!(text.contains("3: ben@shop.example,7,none,12.50,2026-01-05T10:00:01\n"), "{text}");
    assert!(text.contains("5: ada\u{fffd}[2J@shop.example") && !text.contains('\u{1b}'), "{text}");
}

#[tokio::test]
async fn the_wrong_file_would_be_refused() {
    let wrong = "a,b,c,4,e\n".repeat(3_000);
    let report = report_of(wrong.as_bytes(), &asked()).await;
    assert_eq!(report.rows, 1_000, "the rest is not read");
    insta::assert_snapshot!(printed(&report), @"
    would be refused  export.csv
      format           utf-8, no header, delimiter ,
      bytes            30000
      rows             1000
      good             0
      rejected         1000
        item_id        1000 in lines 1, 2, 3, 4, 5, …
      message          of the first 1000 rows 1000 were refused (item_id 1000), more than 50 %: probably the wrong file, or columns that are not named like the shop's. Nothing was written
    Nothing was uploaded.
    ");
    assert_eq!(exit_code(&report), 4);
    let all = Asked { max_rejected_percent: 100, ..asked() };
    assert_eq!(report_of(wrong.as_bytes(), &all).await.verdict, Verdict::LoadedWithRejects);
    // Fewer rows than are judged, judged at the end: two of five rows.
    let strict = Asked { max_rejected_percent: 39, ..asked() };
    assert!(matches!(report_of(SOME_BAD.as_bytes(), &strict).await.verdict, Verdict::Refused(_)));
    let lenient = Asked { max_rejected_percent: 40, ..asked() };
    assert_eq!(report_of(SOME_BAD.as_bytes(), &lenient).await.verdict, Verdict::LoadedWithRejects);
}

#[tokio::test]
async fn rows_behind_a_header_that_is_not_complete_would_be_rejected() {
    let header = "email,quantity,item_id,price,day\n";
    let swapped = "ada@shop.example,1,7,12.50,2026-01-08T10:00:00\n";
    let lenient = Asked { max_rejected_percent: 100, ..asked() };
    let report = report_of(format!("{SOME_BAD}{header}{}", swapped.repeat(2)).as_bytes(), &lenient).await;
    insta::assert_snapshot!(printed(&report), @"
    would be loaded_with_rejects  export.csv
      format           utf-8, header, delimiter ,
      bytes            420
      rows             8
      good             3
      rejected         5
        header         3 in lines 7, 8, 9
        item_id        1 in line 5
        quantity       1 in line 3
      first            2026-01-05T10:00:00Z
      last             2026-01-07T10:00:00.5Z
      days             3
    Nothing was uploaded.
    ");
}

#[tokio::test]
async fn what_is_no_export_would_be_refused() {
    let pdf = report_of(b"%PDF-1.7 and so on", &asked()).await;
    assert_eq!(pdf.verdict, Verdict::Refused("the object is a PDF, not a CSV file".into()));
    let header = report_of(b"email,item_id,quantity\nada@shop.example,1,1\n", &asked()).await;
    assert!(matches!(&header.verdict, Verdict::Refused(why) if why.contains("price")), "{header:?}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.xlsx");
    std::fs::write(&path, "a").unwrap();
    let named = read(Export::open(&path).unwrap(), "purchases/export.xlsx", &asked(), |_, _| ()).await;
    assert!(matches!(named.unwrap().verdict, Verdict::Refused(why) if why.contains(".csv")));
    assert!(Export::open(Path::new("no such file")).is_err());
}

#[tokio::test]
async fn a_file_that_breaks_off_would_fail() {
    let whole = generated(20_000, Bytes { shuffle: false, gzip: true });
    let report = report_of(&whole[..whole.len() / 2], &asked()).await;
    assert!(matches!(report.verdict, Verdict::Failed(_)), "{report:?}");
    assert!(report.rows > 1_000);
    assert_eq!(exit_code(&report), 5);
}

#[tokio::test]
async fn the_installations_parameters_may_be_given() {
    let mut text = Vec::new();
    let mut gzip = GzEncoder::new(&mut text, Compression::default());
    write!(gzip, "Kunde;sku;qty;Preis;date\nada@shop.example;7;1;2.50;2026-10-25 02:30:00\n").unwrap();
    gzip.finish().unwrap();
    let format = Format::parse(r#"{"email": ["Kunde"], "price": ["Preis"]}"#, ";", "Europe/Berlin").unwrap();
    let report = report_of(&text, &Asked { format, ..asked() }).await;
    insta::assert_snapshot!(printed(&report), @"
    would be loaded  export.csv
      format           gzip, utf-8, header, delimiter ;
      bytes            91, 71 of text
      rows             1
      good             1
      rejected         0
      first            2026-10-25T00:30:00Z
      last             2026-10-25T00:30:00Z
      days             1
      ambiguous times  1, resolved by rule
    Nothing was uploaded.
    ");
}
