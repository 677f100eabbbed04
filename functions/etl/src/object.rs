//! The object: how it is opened, and what can be told before its bytes are read ([`export`](crate::export)).

use std::future::Future;

use bytes::Bytes;

use crate::event::Upload;

/// Reads uploaded objects.
pub trait ReadUpload {
    /// The object's bytes.
    type Body: Body;

    /// Opens exactly the object that the event announced. When it is not there any more, the error is a
    /// [`Gone`](crate::gone::Gone).
    fn open(&self, upload: &Upload) -> impl Future<Output = anyhow::Result<Opened<Self::Body>>> + Send;
}

/// A stream of bytes.
pub trait Body: Send + 'static {
    /// The next bytes; `None` at the end. An error is a stream that broke off.
    fn next(&mut self) -> impl Future<Output = anyhow::Result<Option<Bytes>>> + Send;
}

/// An object about to be read.
#[derive(Debug)]
pub struct Opened<B> {
    /// What the uploader said it is.
    pub content_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Its bytes.
    pub body: B,
}

/// Largest object: 10 GiB, as it is stored.
pub const MAX_SIZE: u64 = 10 << 30;

/// How names of uploads end.
const SUFFIXES: [&str; 5] = [".csv", ".tsv", ".txt", ".gz", ".zst"];

/// Content types of CSV files, compressed or not, as browsers, tools and S3 itself give them.
const CONTENT_TYPES: [&str; 12] = [
    "text/csv",
    "text/tab-separated-values",
    "application/csv",
    "text/plain",
    "application/vnd.ms-excel",
    "binary/octet-stream",
    "application/octet-stream",
    "application/gzip",
    "application/x-gzip",
    "application/zstd",
    "application/x-zstd",
    "application/x-zstd-compressed",
];

/// Why an object is refused: nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// By its bucket.
    #[error("the object is in another bucket than the uploads bucket")]
    Bucket,
    /// By its name.
    #[error(
        "the key ends in none of {names}: only CSV files are loaded, plain or compressed",
        names = SUFFIXES.join(", ")
    )]
    Suffix,
    /// Not a byte in it.
    #[error("the object is empty")]
    Empty,
    /// More than [`MAX_SIZE`].
    #[error("the object has {0} bytes, more than {MAX_SIZE} (10 GiB): split it")]
    TooLarge(u64),
    /// By its uploader's word.
    #[error("the object's content type is {0:?}: expected text/csv")]
    ContentType(String),
    /// By its first bytes.
    #[error("the object is {0}, not a CSV file")]
    Signature(&'static str),
    /// By the first bytes of what is compressed in it.
    #[error("compressed with {0}, the object holds {1}, not a CSV file")]
    Inside(&'static str, &'static str),
    /// By its NUL bytes.
    #[error("one byte in {0} is NUL, so it is no text: save it as CSV in UTF-8")]
    Binary(usize),
    /// By a byte that is not UTF-8.
    #[error(
        "the byte at position {position}, in line {line}, is not UTF-8, but of an older encoding such as Latin-1 or \
         Windows-1252: save the file as UTF-8 (spreadsheets call that CSV UTF-8)"
    )]
    NotUtf8 {
        /// From 1, in the text.
        position: usize,
        /// From 1.
        line: usize,
    },
    /// Found before the first 64 KiB of text were read.
    #[error("the object cannot be read: {0}")]
    Corrupt(String),
    /// By its header, which lacks these columns.
    #[error(
        "the header names no column for {names}: rename the columns, or set the names in CSV_COLUMNS",
        names = .0.join(", ")
    )]
    Header(Vec<&'static str>),
    /// By its header.
    #[error("the header has two columns of one name for {0}")]
    HeaderTwice(&'static str),
}

/// What can be told from the event.
pub fn check_announced(upload: &Upload, bucket: &str) -> Result<(), Refusal> {
    if upload.bucket != bucket {
        return Err(Refusal::Bucket);
    }
    let key = upload.key.to_ascii_lowercase();
    if !SUFFIXES.iter().any(|suffix| key.ends_with(suffix)) {
        return Err(Refusal::Suffix);
    }
    check_size(upload.size)
}

fn check_size(size: Option<u64>) -> Result<(), Refusal> {
    match size {
        Some(0) => Err(Refusal::Empty),
        Some(size) if size > MAX_SIZE => Err(Refusal::TooLarge(size)),
        _ => Ok(()),
    }
}

/// What can be told from the object's description.
pub fn check_described<B>(opened: &Opened<B>) -> Result<(), Refusal> {
    check_size(opened.size)?;
    let Some(given) = &opened.content_type else { return Ok(()) };
    let kind = given.split(';').next().unwrap_or_default().trim();
    if kind.is_empty() || CONTENT_TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return Ok(());
    }
    // Chosen by whoever uploads, and an e-mail address is nothing for a ledger.
    let shown = if kind.contains('@') { "something with an @" } else { kind };
    Err(Refusal::ContentType(shown.chars().take(80).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(key: &str, size: Option<u64>) -> Result<(), Refusal> {
        let (bucket, key) = ("uploads".to_owned(), key.to_owned());
        check_announced(&Upload { bucket, key, version: None, etag: None, sequencer: None, size }, "uploads")
    }

    #[test]
    fn the_name_says_csv_or_how_it_is_compressed_in_any_case() {
        for good in [
            "2021-03-21T11.csv",
            "EXPORT.CSV",
            ".csv",
            "a.csv.gz",
            "a.csv.zst",
            "a.GZ",
            "a.zst",
            "a.tsv",
            "a.txt",
        ] {
            assert_eq!(named(&format!("purchases/{good}"), Some(1)), Ok(()), "{good}");
        }
        for bad in ["purchases/a.csv.bz2", "purchases/a.xlsx", "purchases/", "csv", "purchases/\u{f1}csv"] {
            assert_eq!(named(bad, Some(1)), Err(Refusal::Suffix), "{bad}");
        }
    }

    #[test]
    fn the_size_is_bounded() {
        assert_eq!(named("a.csv", Some(0)), Err(Refusal::Empty));
        assert_eq!(named("a.csv", None), Ok(()));
        assert_eq!(named("a.csv", Some(MAX_SIZE)), Ok(()));
        assert_eq!(named("a.csv", Some(MAX_SIZE + 1)), Err(Refusal::TooLarge(MAX_SIZE + 1)));
    }

    #[test]
    fn the_content_type_is_one_of_a_csv_file() {
        let described = |kind: Option<&str>| {
            let opened = Opened { content_type: kind.map(str::to_owned), size: Some(1), body: () };
            check_described(&opened)
        };
        for good in
            [None, Some(""), Some("text/csv"), Some("Text/CSV; charset=utf-8"), Some("application/gzip")]
        {
            assert_eq!(described(good), Ok(()), "{good:?}");
        }
        for bad in ["application/pdf", "image/png", "text/html"] {
            assert_eq!(described(Some(bad)), Err(Refusal::ContentType(bad.to_owned())));
        }
    }
}
