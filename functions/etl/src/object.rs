//! The object: how it is read, and the checks it has to pass before anything is written.

use std::collections::VecDeque;
use std::future::Future;

use bytes::Bytes;

use crate::event::Upload;

/// Reads uploaded objects.
pub trait ReadUpload {
    /// The object's bytes.
    type Body: Body;

    /// Opens exactly the object that the event announced.
    fn open(&self, upload: &Upload) -> impl Future<Output = anyhow::Result<Opened<Self::Body>>> + Send;
}

/// A stream of bytes.
pub trait Body: Send {
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

/// Largest object: 10 GiB. More cannot be loaded within the time of an invocation.
pub const MAX_SIZE: u64 = 10 << 30;

/// How much of an object is looked at before it is believed to be text.
const SAMPLE: usize = 64 * 1024;

/// Content types of CSV files, as browsers, tools and S3 itself give them.
const CONTENT_TYPES: [&str; 6] = [
    "text/csv",
    "application/csv",
    "text/plain",
    "application/vnd.ms-excel",
    "binary/octet-stream",
    "application/octet-stream",
];

/// How files that are no text begin.
const SIGNATURES: [(&[u8], &str); 10] = [
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"PAR1", "a Parquet file"),
];

/// Why an object is refused: nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// By its bucket.
    #[error("the object is in another bucket than the uploads bucket")]
    Bucket,
    /// By its name.
    #[error("the key does not end in .csv: only CSV files are loaded")]
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
    /// By its byte order mark.
    #[error("the object is UTF-16: save it as UTF-8")]
    Utf16,
    /// By its NUL bytes.
    #[error("one byte in {0} is NUL, so it is no text: save it as CSV in UTF-8")]
    Binary(usize),
    /// By a byte that is not UTF-8.
    #[error("the byte at position {position}, in line {line}, is not UTF-8: save the file as UTF-8")]
    NotUtf8 {
        /// From 1.
        position: usize,
        /// From 1.
        line: usize,
    },
}

/// What can be told from the event.
pub fn check_announced(upload: &Upload, bucket: &str) -> Result<(), Refusal> {
    if upload.bucket != bucket {
        return Err(Refusal::Bucket);
    }
    let suffix = upload.key.len().checked_sub(4).and_then(|at| upload.key.as_bytes().get(at..));
    if !suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(b".csv")) {
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

/// What can be told from the first bytes; `whole` when there are no others.
fn check_start(start: &[u8], whole: bool) -> Result<(), Refusal> {
    if start.is_empty() {
        return Err(Refusal::Empty);
    }
    if let Some((_, kind)) = SIGNATURES.iter().find(|(signature, _)| start.starts_with(signature)) {
        return Err(Refusal::Signature(kind));
    }
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Err(Refusal::Utf16);
    }
    // A single NUL is one bad row, which is rejected; every second byte is UTF-16 without a mark.
    let nuls = start.iter().filter(|byte| **byte == 0).count();
    if nuls > start.len() / 10 {
        return Err(Refusal::Binary(start.len() / nuls));
    }
    match std::str::from_utf8(start) {
        // A character cut by the end of the sample.
        Err(error) if error.error_len().is_none() && !whole => Ok(()),
        Err(error) => {
            let good = &start[..error.valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            Err(Refusal::NotUtf8 { position: good.len() + 1, line })
        }
        Ok(_) => Ok(()),
    }
}

/// An object's bytes, with those before them that were looked at already.
#[derive(Debug)]
pub struct Source<B> {
    looked_at: VecDeque<Bytes>,
    body: B,
}

impl<B: Body> Source<B> {
    /// The bytes from the start.
    pub fn new(body: B) -> Self {
        Self { looked_at: VecDeque::new(), body }
    }

    /// Looks at the first bytes (64 KiB); they are read all the same.
    ///
    /// # Errors
    /// The outer one when reading broke off, the inner one when the object is to be refused.
    pub async fn check(&mut self) -> anyhow::Result<Result<(), Refusal>> {
        let mut start = Vec::new();
        let mut whole = false;
        while start.len() < SAMPLE && !whole {
            match self.body.next().await? {
                Some(chunk) => {
                    start.extend_from_slice(&chunk[..chunk.len().min(SAMPLE - start.len())]);
                    whole = false;
                    self.looked_at.push_back(chunk);
                }
                None => whole = true,
            }
        }
        Ok(check_start(&start, whole))
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// When reading broke off.
    pub async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        match self.looked_at.pop_front() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.body.next().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(key: &str, size: Option<u64>) -> Result<(), Refusal> {
        let (bucket, key) = ("uploads".to_owned(), key.to_owned());
        check_announced(&Upload { bucket, key, version: None, etag: None, size }, "uploads")
    }

    #[test]
    fn the_name_says_csv_in_any_case() {
        for good in ["purchases/2021-03-21T11.csv", "purchases/EXPORT.CSV", "purchases/.csv"] {
            assert_eq!(named(good, Some(1)), Ok(()), "{good}");
        }
        for bad in ["purchases/a.csv.gz", "purchases/a.xlsx", "purchases/", "csv", "purchases/ñcsv"] {
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
            [None, Some(""), Some("text/csv"), Some("Text/CSV; charset=utf-8"), Some("binary/octet-stream")]
        {
            assert_eq!(described(good), Ok(()), "{good:?}");
        }
        for bad in ["application/pdf", "image/png", "text/html"] {
            assert_eq!(described(Some(bad)), Err(Refusal::ContentType(bad.to_owned())));
        }
    }

    #[test]
    fn what_is_no_text_is_told_by_its_first_bytes() {
        let whole = |start: &[u8]| check_start(start, true).map_err(|refusal| refusal.to_string());
        let refused = |start: &[u8]| whole(start).unwrap_err();
        assert_eq!(whole(b"ada@shop.example,1,1,2.50,2021-03-21T11:00:00\n"), Ok(()));
        assert_eq!(whole("\u{feff}josé@shop.example,1".as_bytes()), Ok(()));
        insta::assert_snapshot!(refused(b""), @"the object is empty");
        insta::assert_snapshot!(refused(b"%PDF-1.7 and so on"), @"the object is a PDF, not a CSV file");
        insta::assert_snapshot!(refused(b"PK\x03\x04abc"), @"the object is a ZIP archive or an Excel workbook, not a CSV file");
        insta::assert_snapshot!(refused(b"\x1f\x8b\x08abc"), @"the object is compressed with gzip, not a CSV file");
        insta::assert_snapshot!(refused(b"\xff\xfea\0"), @"the object is UTF-16: save it as UTF-8");
        insta::assert_snapshot!(refused(b"a\0d\0a\0@\0"), @"one byte in 2 is NUL, so it is no text: save it as CSV in UTF-8");
        insta::assert_snapshot!(refused(b"header\nana,1\njos\xe9@shop.example,1"), @"the byte at position 17, in line 3, is not UTF-8: save the file as UTF-8");
    }

    #[test]
    fn a_single_nul_is_one_bad_row_and_not_a_bad_file() {
        assert_eq!(check_start(b"ada@shop.example,1,\x00,2.50,2021-03-21T11:00:00\n", true), Ok(()));
    }

    #[test]
    fn a_character_cut_by_the_sample_is_not_an_error() {
        let cut = &"jos\u{e9}".as_bytes()[..4];
        assert_eq!(check_start(cut, false), Ok(()));
        assert_eq!(check_start(cut, true), Err(Refusal::NotUtf8 { position: 4, line: 1 }));
    }
}
