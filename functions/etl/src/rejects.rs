//! The rejects file: every row that was refused, as CSV with the columns `line,reason,row`.
//!
//! `row` is the row as it is in the upload, quoted by the CSV writer: the customer's own data, given back to be
//! mended and sent again. A spreadsheet may take a cell that begins with `=` for a formula there as in the
//! upload itself. It is cut to 64 KiB where the reason is `line_too_long`, and whole everywhere else.

use std::future::Future;

use anyhow::Context as _;
use bytes::Bytes;

use crate::transform::Reject;

/// Size of a part, and of the largest file that is put in one piece: 8 MiB (S3 wants 5 MiB or more of a part).
const PART: usize = 8 << 20;

/// Writes objects below `rejects/`. Nothing is to be seen of a file before it is complete.
pub trait WriteRejects {
    /// Puts a whole object.
    fn put(&self, key: &str, body: Bytes) -> impl Future<Output = anyhow::Result<()>> + Send;
    /// Begins an object in parts: the id of the upload.
    fn begin(&self, key: &str) -> impl Future<Output = anyhow::Result<String>> + Send;
    /// Sends one part; numbers count from 1.
    fn part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        body: Bytes,
    ) -> impl Future<Output = anyhow::Result<Part>> + Send;
    /// Makes an object of its parts.
    fn complete(
        &self,
        key: &str,
        upload: &str,
        parts: &[Part],
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
    /// Throws the parts away.
    fn abort(&self, key: &str, upload: &str) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// A part that S3 has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: i32,
    /// Its entity tag.
    pub etag: String,
    /// Its CRC-32 as S3 wrote it, if it did.
    pub crc32: Option<String>,
}

/// The rejects file of one import, while it is written.
pub struct Rejects<'a, R> {
    store: &'a R,
    key: String,
    writer: csv::Writer<Vec<u8>>,
    upload: Option<String>,
    parts: Vec<Part>,
    rows: u64,
}

impl<'a, R: WriteRejects> Rejects<'a, R> {
    /// A file with nothing in it.
    pub fn new(store: &'a R, key: String) -> Self {
        let writer = csv::Writer::from_writer(Vec::new());
        Self { store, key, writer, upload: None, parts: Vec::new(), rows: 0 }
    }

    /// Adds a row; `true` when a part is full and [`send_part`](Self::send_part) is due.
    ///
    /// # Errors
    /// Never: writing to memory.
    pub fn add(&mut self, reject: &Reject<'_>) -> anyhow::Result<bool> {
        if self.rows == 0 {
            self.writer.write_record(["line", "reason", "row"])?;
        }
        self.rows += 1;
        let line = reject.line.to_string();
        self.writer.write_record([line.as_bytes(), reject.reason.as_str().as_bytes(), reject.raw])?;
        Ok(self.writer.get_ref().len() >= PART)
    }

    /// Sends what has been added so far as one part.
    ///
    /// # Errors
    /// When S3 doesn't take it.
    pub async fn send_part(&mut self) -> anyhow::Result<()> {
        let upload = match &self.upload {
            Some(upload) => upload,
            None => self.upload.insert(self.store.begin(&self.key).await?),
        };
        let number = i32::try_from(self.parts.len() + 1)?;
        let full = std::mem::replace(&mut self.writer, csv::Writer::from_writer(Vec::new()));
        let part = self.store.part(&self.key, upload, number, bytes_of(full)?).await?;
        self.parts.push(part);
        Ok(())
    }

    /// Starts again with nothing in it.
    ///
    /// # Errors
    /// When S3 doesn't throw away what it has.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.writer = csv::Writer::from_writer(Vec::new());
        self.parts.clear();
        self.rows = 0;
        match self.upload.take() {
            Some(upload) => self.store.abort(&self.key, &upload).await,
            None => Ok(()),
        }
    }

    /// Makes the file appear: its key, or `None` when no row was refused.
    ///
    /// # Errors
    /// When S3 doesn't take it.
    pub async fn publish(&mut self) -> anyhow::Result<Option<String>> {
        if self.rows == 0 {
            return Ok(None);
        }
        if self.upload.is_none() {
            let file = std::mem::replace(&mut self.writer, csv::Writer::from_writer(Vec::new()));
            self.store.put(&self.key, bytes_of(file)?).await?;
            return Ok(Some(self.key.clone()));
        }
        self.send_part().await?;
        if let Some(upload) = &self.upload {
            self.store.complete(&self.key, upload, &self.parts).await?;
        }
        self.upload = None;
        Ok(Some(self.key.clone()))
    }
}

fn bytes_of(writer: csv::Writer<Vec<u8>>) -> anyhow::Result<Bytes> {
    let bytes = writer.into_inner().map_err(|error| error.into_error());
    Ok(bytes.context("a rejects file could not be written to memory")?.into())
}
