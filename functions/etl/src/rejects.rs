//! The rejects file: every row that was refused, as CSV with the columns `line,reason,row`.
//!
//! `row` is the row as it is in the upload, quoted by the CSV writer: the customer's own data, given back to be
//! mended and sent again. A spreadsheet may take a cell that begins with `=` for a formula there as in the
//! upload itself. It is cut to 64 KiB where the reason is `line_too_long`, and whole everywhere else.
//!
//! The file has an end ([`Cap`]). What is refused after that is counted, and the last line, whose reason is `left_out`,
//! says how many rows those are.

use std::future::Future;

use anyhow::Context as _;
use bytes::Bytes;

use crate::transform::Reject;

/// Size of a part, and of the largest file that is put in one piece: 8 MiB (S3 wants 5 MiB or more of a part).
const PART: usize = 8 << 20;

/// Most that a rejects file holds.
#[derive(Debug, Clone, Copy)]
pub struct Cap {
    /// Rows.
    pub rows: u64,
    /// Bytes; the last row may go beyond them.
    pub bytes: u64,
}

impl Cap {
    /// A million rows (what a spreadsheet opens), and 256 MiB.
    pub const DEPLOYED: Self = Self { rows: 1_000_000, bytes: 256 << 20 };
}

/// The reason of the last line of a file that is full.
const LEFT_OUT: &str = "left_out";

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
    cap: Cap,
    writer: csv::Writer<Vec<u8>>,
    upload: Option<String>,
    parts: Vec<Part>,
    rows: u64,
    /// Bytes in the parts.
    sent: u64,
    left_out: u64,
    /// The line of the first row that was left out.
    left_out_from: u64,
}

impl<'a, R: WriteRejects> Rejects<'a, R> {
    /// A file with nothing in it.
    pub fn new(store: &'a R, key: String, cap: Cap) -> Self {
        Self {
            store,
            key,
            cap,
            writer: csv::Writer::from_writer(Vec::new()),
            upload: None,
            parts: Vec::new(),
            rows: 0,
            sent: 0,
            left_out: 0,
            left_out_from: 0,
        }
    }

    /// Adds a row, or counts it when the file is full; `true` when a part is full and [`send_part`](Self::send_part)
    /// is due.
    ///
    /// # Errors
    /// Never: writing to memory.
    pub fn add(&mut self, reject: &Reject<'_>) -> anyhow::Result<bool> {
        let bytes = self.sent + self.writer.get_ref().len() as u64;
        if self.left_out > 0 || self.rows >= self.cap.rows || bytes >= self.cap.bytes {
            if self.left_out == 0 {
                self.left_out_from = reject.line;
            }
            self.left_out += 1;
            return Ok(false);
        }
        if self.rows == 0 {
            self.writer.write_record(["line", "reason", "row"])?;
        }
        self.rows += 1;
        let line = reject.line.to_string();
        self.writer.write_record([line.as_bytes(), reject.reason.as_str().as_bytes(), reject.raw])?;
        // To the vector, so that its length is what there is.
        self.writer.flush()?;
        Ok(self.writer.get_ref().len() >= PART)
    }

    /// Rows that there was no room for.
    pub fn left_out(&self) -> u64 {
        self.left_out
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
        let body = bytes_of(full)?;
        self.sent += body.len() as u64;
        let part = self.store.part(&self.key, upload, number, body).await?;
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
        (self.rows, self.sent, self.left_out) = (0, 0, 0);
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
        if self.left_out > 0 {
            let (line, count) = (self.left_out_from.to_string(), self.left_out);
            let text =
                format!("from this line on {count} more rows were refused that this file has no room for");
            self.writer.write_record([&line, LEFT_OUT, &text])?;
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::row::Reason;

    /// Keeps what is put, and how large the parts are.
    #[derive(Default)]
    struct Bucket(Mutex<(Vec<u8>, Vec<usize>)>);

    impl WriteRejects for Bucket {
        async fn put(&self, _: &str, body: Bytes) -> anyhow::Result<()> {
            self.0.lock().unwrap().0 = body.to_vec();
            Ok(())
        }
        async fn begin(&self, _: &str) -> anyhow::Result<String> {
            Ok(String::new())
        }
        async fn part(&self, _: &str, _: &str, number: i32, body: Bytes) -> anyhow::Result<Part> {
            let mut bucket = self.0.lock().unwrap();
            bucket.0.extend_from_slice(&body);
            bucket.1.push(body.len());
            Ok(Part { number, etag: String::new(), crc32: None })
        }
        async fn complete(&self, _: &str, _: &str, _: &[Part]) -> anyhow::Result<()> {
            Ok(())
        }
        async fn abort(&self, _: &str, _: &str) -> anyhow::Result<()> {
            *self.0.lock().unwrap() = (Vec::new(), Vec::new());
            Ok(())
        }
    }

    async fn written(cap: Cap, rows: u64, raw: &[u8]) -> (Vec<String>, u64) {
        let bucket = Bucket::default();
        let mut rejects = Rejects::new(&bucket, "rejects/a.csv".to_owned(), cap);
        for _pass in 0..2 {
            rejects.restart().await.unwrap();
            for line in 1..=rows {
                if rejects.add(&Reject { line, reason: Reason::Columns, raw }).unwrap() {
                    rejects.send_part().await.unwrap();
                }
            }
        }
        assert!(rejects.publish().await.unwrap().is_some());
        let left_out = rejects.left_out();
        let (bytes, parts) = bucket.0.into_inner().unwrap();
        assert!(parts.iter().all(|part| *part < PART + 2 * raw.len() + 200));
        (String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect(), left_out)
    }

    #[tokio::test]
    async fn a_full_file_says_what_it_has_no_room_for() {
        let cap = Cap { rows: 3, bytes: 1_000 };
        assert_eq!(written(cap, 3, b"x").await.0.len(), 4);
        let (lines, left_out) = written(cap, 5, b"x").await;
        let last = "4,left_out,from this line on 2 more rows were refused that this file has no room for";
        assert_eq!(lines, ["line,reason,row", "1,columns,x", "2,columns,x", "3,columns,x", last]);
        assert_eq!(left_out, 2);
        let (lines, left_out) = written(cap, 5, &[b'x'; 600]).await;
        assert_eq!((lines.len(), left_out), (4, 3), "two rows and more than 1000 bytes");
    }

    #[tokio::test]
    async fn a_file_in_parts_is_bounded_too() {
        let cap = Cap { rows: 1_000_000, bytes: 20 << 20 };
        let (lines, left_out) = written(cap, 1_000, &[b'x'; 64 * 1024]).await;
        assert_eq!(left_out + lines.len() as u64 - 2, 1_000);
        assert_eq!(lines.len() - 2, (20 << 20) / (64 * 1024 + 10) + 1);
    }
}
