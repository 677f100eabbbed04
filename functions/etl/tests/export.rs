//! Properties of reading: any text, compressed and encoded in any way and cut into any chunks, comes out as it was.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use std::collections::VecDeque;
use std::io::Write as _;

use anyhow::bail;
use async_compression::Level;
use async_compression::tokio::write::ZstdEncoder;
use async_compression::zstd::CParameter;
use bytes::Bytes;
use etl::export::{Export, ReadError};
use etl::object::{Body, Refusal};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::io::AsyncWriteExt as _;

/// Chunks of a stream, which breaks off behind them or ends.
struct Chunks {
    left: VecDeque<Bytes>,
    breaks: bool,
}

impl Body for Chunks {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        match self.left.pop_front() {
            None if self.breaks => bail!("connection reset"),
            chunk => Ok(chunk),
        }
    }
}

fn export(bytes: &[u8], size: usize) -> Export<Chunks> {
    let left = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
    Export::new(Chunks { left, breaks: false })
}

/// Runs a future to its end.
fn done<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(1));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8], window_log: u32) -> Vec<u8> {
    done(async {
        let params = [CParameter::window_log(window_log), CParameter::checksum_flag(true)];
        let mut encoder = ZstdEncoder::with_quality_and_params(Vec::new(), Level::Default, &params);
        encoder.write_all(bytes).await.unwrap();
        encoder.shutdown().await.unwrap();
        encoder.into_inner()
    })
}

/// All text until the end or an error.
async fn read(export: &mut Export<Chunks>) -> (Vec<u8>, Option<ReadError>) {
    let mut text = Vec::new();
    loop {
        match export.next().await {
            Ok(Some(piece)) => {
                assert!((1..=64 * 1024).contains(&piece.len()));
                text.extend_from_slice(&piece);
                assert_eq!(export.text_bytes(), text.len() as u64);
            }
            Ok(None) => return (text, None),
            Err(error) => return (text, Some(error)),
        }
    }
}

/// What it was found to be, its text, and how it ended.
fn all_of(bytes: &[u8], size: usize) -> (String, Vec<u8>, Option<ReadError>) {
    done(async {
        let mut export = export(bytes, size);
        let found = export.check().await.unwrap().unwrap().to_string();
        let (text, error) = read(&mut export).await;
        (found, text, error)
    })
}

fn refused(bytes: &[u8]) -> String {
    let refusal: Refusal = done(async { export(bytes, 1_000).check().await.unwrap().unwrap_err() });
    refusal.to_string()
}

fn rows(count: usize) -> String {
    let row =
        |n| format!("buyer{n}@shop.example,{},1,2.50,2021-03-21T11:00:{:02}\n", n * 7919 % 100_003, n % 60);
    (0..count).map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_out_as_it_was(
        parts in vec("[a-z@,;é€\u{1f600}\r\n]{1,20}", 1..4),
        times in 1usize..4_000,
        compression in select(vec!["", "gzip", "zstd"]),
        encoding in select(vec!["utf-8", "utf-8 bom", "utf-16le", "utf-16be"]),
        size in prop_oneof![1usize..20, 1_000usize..100_000],
    ) {
        let text = parts.concat().repeat(if size < 20 { times % 50 + 1 } else { times });
        let marked = format!("\u{feff}{text}");
        let encoded: Vec<u8> = match encoding {
            "utf-16le" => marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "utf-16be" => marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            "utf-8 bom" => marked.into_bytes(),
            _ => text.clone().into_bytes(),
        };
        // Two files behind each other are one, as parallel compressors make them.
        let halves = encoded.split_at(encoded.len() / 2);
        let stored = match compression {
            "gzip" => [gzip(halves.0), gzip(halves.1)].concat(),
            "zstd" => [zstd(halves.0, 20), zstd(halves.1, 23)].concat(),
            _ => encoded,
        };
        let (found, got, error) = all_of(&stored, size);
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(got, text.as_bytes());
        let encoding = encoding.trim_end_matches(" bom");
        let expected = if compression.is_empty() { encoding.to_owned() } else { format!("{compression}, {encoding}") };
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_text_or_refused(
        start in select(vec![&b""[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff"]),
        bytes: Vec<u8>, size in 1usize..100,
    ) {
        let bytes = [start, &bytes].concat();
        done(async {
            let mut export = export(&bytes, size);
            if export.check().await.unwrap().is_ok() {
                read(&mut export).await;
            }
        });
    }
}

#[test]
fn a_broken_stream_may_be_tried_again_and_a_cut_file_not() {
    let text = rows(5_000);
    for stored in [text.clone().into_bytes(), gzip(text.as_bytes()), zstd(text.as_bytes(), 20)] {
        for keep in [0, 1, 3, 10, stored.len() / 2, stored.len() - 1] {
            let cut = &stored[..keep];
            let left = cut.chunks(1_000).map(Bytes::copy_from_slice).collect();
            let mut broken = Export::new(Chunks { left, breaks: true });
            let (got, error) = done(read(&mut broken));
            assert!(text.as_bytes().starts_with(&got));
            assert!(
                matches!(&error, Some(ReadError::Broken(cause)) if cause.to_string() == "connection reset")
            );
            // An export that failed doesn't look like one that ended.
            assert!(matches!(done(broken.next()), Err(ReadError::Broken(_))));
        }
    }
    for (stored, name) in [(gzip(text.as_bytes()), "gzip"), (zstd(text.as_bytes(), 20), "zstd")] {
        // 64 KiB of text are there, so it is the load that meets the end.
        let (_, got, error) = all_of(&stored[..stored.len() - 1], 1_000);
        assert!(got.len() > 64 * 1024 && text.as_bytes().starts_with(&got));
        let Some(ReadError::Corrupt(why)) = error else { panic!("{name}: {error:?}") };
        assert_eq!(why, format!("the {name} data ends in the middle: upload the whole file"));
        let expected = format!("the object cannot be read: {why}");
        assert_eq!(refused(&stored[..stored.len() / 10]), expected);
    }
}

#[test]
fn damage_is_found() {
    let text = rows(5_000);
    for stored in [gzip(text.as_bytes()), zstd(text.as_bytes(), 20)] {
        for at in [stored.len() / 2, stored.len() - 6] {
            let mut damaged = stored.clone();
            damaged[at] ^= 0x10;
            let (_, _, error) = all_of(&damaged, 1_000);
            assert!(matches!(error, Some(ReadError::Corrupt(why)) if why.contains("data is damaged")));
        }
    }
    // What follows the gzip data is no gzip data.
    let (_, got, error) = all_of(&[gzip(text.as_bytes()), b"more".to_vec()].concat(), 1_000);
    assert_eq!(got, text.as_bytes());
    assert!(matches!(error, Some(ReadError::Corrupt(_))));
}

#[test]
fn zeros_behind_the_last_gzip_file_are_passed_over_and_nothing_else_is() {
    let text = rows(5_000);
    for stored in [gzip(text.as_bytes()), [gzip(b""), gzip(text.as_bytes()), gzip(b"")].concat()] {
        for zeros in [1, 2, 9, 10_240, 200_000] {
            let padded = [stored.clone(), vec![0; zeros]].concat();
            for size in [1, 17, 1_000, padded.len()] {
                let (_, got, error) = all_of(&padded, size);
                assert!(error.is_none() && got == text.as_bytes(), "{zeros} zeros in {size}: {error:?}");
            }
            for behind in [b"x".to_vec(), vec![0x1f], gzip(text.as_bytes())] {
                for size in [1, 1_000, 1_000_000] {
                    let (_, got, error) = all_of(&[padded.clone(), behind.clone()].concat(), size);
                    assert_eq!(got, text.as_bytes());
                    assert!(matches!(error, Some(ReadError::Corrupt(_))), "{zeros} zeros and more in {size}");
                }
            }
        }
    }
    // A small file, whose end is met before its first rows are handed out.
    assert_eq!(all_of(&[gzip(b"a,b"), vec![0; 512]].concat(), 1_000).1, b"a,b");
    assert!(refused(&[gzip(b"a,b"), b"\0x".to_vec()].concat()).contains("the gzip data is damaged"));
    assert!(refused(&[gzip(b"a,b"), b"x".to_vec()].concat()).contains("the gzip data"));
    // Zeros alone are no gzip file.
    assert_eq!(refused(&[0; 512]), "one byte in 1 is NUL, so it is no text: save it as CSV in UTF-8");
    // One that breaks off among the zeros may be tried again.
    let padded = [gzip(text.as_bytes()), vec![0; 5_000]].concat();
    let left = padded.chunks(1_000).map(Bytes::copy_from_slice).collect();
    let (_, error) = done(read(&mut Export::new(Chunks { left, breaks: true })));
    assert!(matches!(error, Some(ReadError::Broken(_))));
}

#[test]
fn many_small_gzip_files_behind_each_other_are_one() {
    let text = rows(20_000);
    let stored: Vec<u8> = text.as_bytes().chunks(200).flat_map(gzip).collect();
    for size in [777, 65_536] {
        let (_, got, error) = all_of(&stored, size);
        assert!(error.is_none() && got == text.as_bytes(), "{error:?}");
    }
}

/// A frame that decoders skip (RFC 8878, section 3.1.2).
fn skippable(magic: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [&[magic, 0x2a, 0x4d, 0x18], length.to_le_bytes().as_slice(), bytes].concat()
}

#[test]
fn zstd_frames_that_are_to_be_skipped_are() {
    let text = rows(5_000);
    let (first, second) = text.as_bytes().split_at(text.len() / 3);
    let skipped = |magic| skippable(magic, &[0x5a; 3_000]);
    for frames in [
        [skipped(0x50), zstd(text.as_bytes(), 20)].concat(),
        [skipped(0x5f), skippable(0x57, b""), zstd(first, 20), zstd(second, 20)].concat(),
        [zstd(first, 20), skipped(0x5a), zstd(second, 20), skipped(0x50)].concat(),
    ] {
        for size in [1, 1_000, 1_000_000] {
            let (found, got, error) = all_of(&frames, size);
            assert!(error.is_none() && got == text.as_bytes(), "{error:?}");
            assert_eq!(found, "zstd, utf-8");
        }
    }
    assert_eq!(refused(&skipped(0x50)), "the object is empty");
    let cut = [zstd(text.as_bytes(), 20), skipped(0x50)].concat();
    let (_, got, error) = all_of(&cut[..cut.len() - 1], 1_000);
    assert_eq!(got, text.as_bytes());
    assert!(matches!(error, Some(ReadError::Corrupt(why)) if why.contains("ends in the middle")));
}

#[test]
fn a_window_of_8_mib_is_read_and_a_larger_one_refused() {
    let text = rows(10);
    assert_eq!(all_of(&zstd(text.as_bytes(), 23), 1_000).1, text.as_bytes());
    for window_log in [24, 27] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                refused(&zstd(text.as_bytes(), window_log)),
                @"the object cannot be read: the zstd data looks back more than 8 MiB: compress it again without --long and --ultra"
            );
        }
    }
}

#[test]
fn what_is_compressed_and_no_csv_is_refused_by_what_is_inside() {
    insta::assert_snapshot!(refused(&gzip(b"\x89PNG\r\n\x1a\n....")), @"compressed with gzip, the object holds a PNG image, not a CSV file");
    insta::assert_snapshot!(refused(&zstd(b"PK\x03\x04....", 20)), @"compressed with zstd, the object holds a ZIP archive or an Excel workbook, not a CSV file");
    insta::assert_snapshot!(refused(&gzip(&gzip(b"a,b"))), @"compressed with gzip, the object holds data compressed with gzip, not a CSV file");
    insta::assert_snapshot!(refused(&gzip(b"")), @"the object is empty");
    insta::assert_snapshot!(refused(b""), @"the object is empty");
    insta::assert_snapshot!(refused(&gzip(&[0; 1_000])), @"one byte in 1 is NUL, so it is no text: save it as CSV in UTF-8");
    insta::assert_snapshot!(refused(&gzip(b"jos\xe9@shop.example")), @"the byte at position 4, in line 1, is not UTF-8, but of an older encoding such as Latin-1 or Windows-1252: save the file as UTF-8 (spreadsheets call that CSV UTF-8)");
}

/// 64 MiB out of 64 KiB, never more than one piece at a time.
#[test]
fn a_bomb_comes_out_in_small_pieces() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&b"x".repeat(64 << 20)).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100_000);
    done(async {
        let mut export = export(&bomb, bomb.len());
        let mut pieces = 0;
        while let Some(piece) = export.next().await.unwrap() {
            assert!(piece.len() <= 64 * 1024);
            pieces += 1;
        }
        assert!(pieces >= 1_024);
        assert_eq!((export.text_bytes(), export.object_bytes()), (64 << 20, bomb.len() as u64));
    });
}
