//! The generated rows as a file: in time order or shuffled, plain or compressed.

use std::io::{self, Write};

use anyhow::ensure;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::generate::{Options, generate, write_csv};
use super::rng::Rng;

/// Most rows that are shuffled: they are held in memory, about 70 bytes each.
pub const MAX_SHUFFLED: u64 = 10_000_000;

/// After how many rows progress is told.
const TOLD: u64 = 1_000;

/// How the bytes of a file are made of rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bytes {
    /// In any order; the same one for the same options.
    pub shuffle: bool,
    /// Compressed with gzip.
    pub gzip: bool,
}

/// Writes an export; `seen` is told how many rows there are so far.
///
/// # Errors
/// When `out` cannot be written, or there are more rows than can be shuffled.
pub fn export(options: Options, bytes: Bytes, out: impl Write, seen: impl FnMut(u64)) -> anyhow::Result<()> {
    ensure!(
        !bytes.shuffle || options.rows <= MAX_SHUFFLED,
        "expected at most {MAX_SHUFFLED} rows to shuffle, got {}",
        options.rows
    );
    if !bytes.gzip {
        return Ok(rows(options, bytes.shuffle, out, seen)?);
    }
    let mut gzip = GzEncoder::new(out, Compression::default());
    rows(options, bytes.shuffle, &mut gzip, seen)?;
    Ok(gzip.finish()?.flush()?)
}

fn rows(options: Options, shuffle: bool, mut out: impl Write, mut seen: impl FnMut(u64)) -> io::Result<()> {
    let mut count = 0;
    let rows = generate(options).inspect(|_| {
        count += 1;
        if count % TOLD == 0 {
            seen(count);
        }
    });
    if !shuffle {
        return write_csv(rows, out);
    }
    // The lines one behind the other, and where each begins and ends.
    let (mut text, mut lines) = (Vec::new(), Vec::new());
    for row in rows {
        let from = text.len();
        write_csv(std::iter::once(row), &mut text)?;
        lines.push(from..text.len());
    }
    let mut rng = Rng::of(options.seed, u64::MAX);
    for last in (1..lines.len()).rev() {
        let other = usize::try_from(rng.below(last as u64 + 1)).unwrap_or(last);
        lines.swap(last, other);
    }
    for line in lines {
        out.write_all(&text[line])?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use jiff::civil::date;

    use super::*;

    fn exported(rows: u64, shuffle: bool, gzip: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let options = Options { rows, seed: 42, from: date(2026, 1, 5), cents: false, returns: 3 };
        let mut told = 0;
        export(options, Bytes { shuffle, gzip }, &mut out, |rows| told = rows).unwrap();
        assert_eq!(told, rows / TOLD * TOLD);
        out
    }

    fn sorted(text: &[u8]) -> Vec<&str> {
        let mut lines: Vec<&str> = std::str::from_utf8(text).unwrap().split_inclusive("\r\n").collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn shuffled_rows_are_the_same_rows() {
        let (plain, shuffled) = (exported(5_000, false, false), exported(5_000, true, false));
        assert_ne!(plain, shuffled);
        assert_eq!(sorted(&plain), sorted(&shuffled));
        assert_eq!(shuffled, exported(5_000, true, false), "the same order every time");
        let date = |line: &str| line.trim_end().rsplit(',').next().unwrap().to_owned();
        let dates: Vec<String> = std::str::from_utf8(&shuffled).unwrap().lines().map(date).collect();
        let earlier = dates.windows(2).filter(|two| two[1] < two[0]).count();
        assert!((2_000..3_000).contains(&earlier), "{earlier} of 5,000 are earlier than their predecessor");
    }

    #[test]
    fn a_compressed_export_is_the_same_export() {
        for shuffle in [false, true] {
            let compressed = exported(2_000, shuffle, true);
            let mut text = Vec::new();
            GzDecoder::new(compressed.as_slice()).read_to_end(&mut text).unwrap();
            assert_eq!(text, exported(2_000, shuffle, false));
            assert!(compressed.len() * 3 < text.len(), "{} of {}", compressed.len(), text.len());
        }
        assert_eq!(exported(0, true, false), b"");
    }

    #[test]
    fn what_does_not_fit_the_memory_is_not_shuffled() {
        let options =
            Options { rows: MAX_SHUFFLED + 1, seed: 1, from: date(2026, 1, 5), cents: false, returns: 3 };
        let bytes = Bytes { shuffle: true, gzip: false };
        let error = export(options, bytes, Vec::new(), |_| ()).unwrap_err();
        insta::assert_snapshot!(error, @"expected at most 10000000 rows to shuffle, got 10000001");
    }
}
