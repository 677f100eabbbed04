//! An export: an object's bytes as UTF-8 text, whatever they are compressed and encoded with.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::anyhow;
use bytes::{Buf as _, Bytes, BytesMut};

use crate::decode::{Compression, Decoder, MAGIC};
use crate::encoding::{Encoding, PIECE, Text};
use crate::object::{Body, Refusal};

/// How much of the text is looked at before it is believed to be text: 64 KiB.
const SAMPLE: usize = 64 * 1024;

/// Most text: 10 GiB, however small it was when compressed.
pub const MAX_TEXT: u64 = 10 << 30;

/// An object being read.
pub struct Export<B> {
    stage: Stage<B>,
    object_bytes: Arc<AtomicU64>,
    text_bytes: u64,
    most: u64,
}

enum Stage<B> {
    /// Nothing has been read.
    New(B),
    Open(Box<Open>),
    /// An error or a refusal was the last thing read.
    Failed,
}

struct Open {
    found: Found,
    decoder: Decoder,
    text: Text,
    /// What the decoder fills, empty between two reads.
    buffer: BytesMut,
    ended: bool,
}

/// What an object was found to be. As text for the ledger: `gzip, utf-8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What it is compressed with.
    pub compression: Option<Compression>,
    /// What its text is encoded with.
    pub encoding: Encoding,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(compression) = self.compression {
            write!(f, "{}, ", compression.as_str())?;
        }
        f.write_str(self.encoding.as_str())
    }
}

/// Why reading ended before the end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stream broke off: trying again may help.
    #[error("{0:#}")]
    Broken(anyhow::Error),
    /// The object is not what it says it is, or holds more than it may: trying again ends the same.
    #[error("{0}")]
    Corrupt(String),
}

impl<B: Body> Export<B> {
    /// The object from its first byte.
    pub fn new(body: B) -> Self {
        Self { stage: Stage::New(body), object_bytes: Arc::default(), text_bytes: 0, most: MAX_TEXT }
    }

    /// Hands out at most so much text; for tests.
    #[cfg(test)]
    pub(crate) fn at_most(self, most: u64) -> Self {
        Self { most, ..self }
    }

    /// Looks at the first text (64 KiB) and says what the object is; the text is handed out all the same.
    ///
    /// # Errors
    /// The outer one when reading broke off, the inner one when the object is to be refused.
    pub async fn check(&mut self) -> anyhow::Result<Result<Found, Refusal>> {
        match self.open().await {
            Ok(found) => Ok(found),
            Err(ReadError::Broken(error)) => Err(error),
            Err(ReadError::Corrupt(why)) => Ok(Err(Refusal::Corrupt(why))),
        }
    }

    /// The next text, at most 64 KiB and not cut at characters; `None` at the end. What is no UTF-8 behind the first
    /// 64 KiB is handed out as it is.
    ///
    /// # Errors
    /// When reading broke off, when the object is corrupt, or has more than [`MAX_TEXT`] bytes of text.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        let next = match self.open().await {
            Ok(Ok(_)) => self.read().await,
            Ok(Err(refusal)) => Err(ReadError::Corrupt(refusal.to_string())),
            Err(error) => Err(error),
        };
        if next.is_err() {
            self.stage = Stage::Failed;
        }
        next
    }

    /// Bytes read of the object, as it is stored.
    pub fn object_bytes(&self) -> u64 {
        self.object_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of text handed out, in UTF-8 and without a byte order mark.
    pub fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    async fn read(&mut self) -> Result<Option<Bytes>, ReadError> {
        let Stage::Open(open) = &mut self.stage else { return Err(failed()) };
        loop {
            if let Some(piece) = open.text.next() {
                self.text_bytes += piece.len() as u64;
                if self.text_bytes > self.most {
                    let most = self.most;
                    return Err(ReadError::Corrupt(format!(
                        "more than {most} bytes of text: split the file"
                    )));
                }
                return Ok(Some(piece));
            }
            if open.ended {
                return Ok(None);
            }
            if open.decoder.read(&mut open.buffer, PIECE).await? == 0 {
                open.ended = true;
                open.text.finish();
            } else {
                open.text.push(open.buffer.split().freeze());
            }
        }
    }

    /// Finds out what the object is, once.
    async fn open(&mut self) -> Result<Result<Found, Refusal>, ReadError> {
        if let Stage::Open(open) = &self.stage {
            return Ok(Ok(open.found));
        }
        let Stage::New(mut body) = std::mem::replace(&mut self.stage, Stage::Failed) else {
            return Err(failed());
        };
        let (mut start, mut magic) = (Vec::new(), Vec::new());
        while magic.len() < MAGIC {
            let Some(chunk) = body.next().await.map_err(ReadError::Broken)? else { break };
            self.object_bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            magic.extend_from_slice(&chunk[..chunk.len().min(MAGIC)]);
            start.push(chunk);
        }
        let compression = Compression::of(&magic);
        let mut decoder = Decoder::new(compression, start, body, Arc::clone(&self.object_bytes));
        let mut buffer = BytesMut::new();
        let mut ended = false;
        while buffer.len() < SAMPLE && !ended {
            let most = SAMPLE - buffer.len();
            ended = decoder.read(&mut buffer, most).await? == 0;
        }
        let (encoding, mark) = match Encoding::of(&buffer, ended, compression.map(Compression::as_str)) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut text = Text::new(encoding);
        let mut sample = buffer.split().freeze();
        sample.advance(mark);
        text.push(sample);
        if ended {
            text.finish();
        }
        let found = Found { compression, encoding };
        self.stage = Stage::Open(Box::new(Open { found, decoder, text, buffer, ended }));
        Ok(Ok(found))
    }
}

fn failed() -> ReadError {
    ReadError::Broken(anyhow!("the object was read on after an error"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// One chunk.
    struct Once(Option<Bytes>);

    impl Body for Once {
        async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
            Ok(self.0.take())
        }
    }

    #[tokio::test]
    async fn text_is_bounded_however_small_it_was() {
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&b"x".repeat(4 << 20)).unwrap();
        let bomb = Bytes::from(bomb.finish().unwrap());
        assert!(bomb.len() < 30_000);
        let most = 1 << 20;
        let mut export = Export::new(Once(Some(bomb))).at_most(most);
        let error = loop {
            match export.next().await {
                Ok(piece) => assert!(piece.is_some(), "all of it was handed out"),
                Err(error) => break error,
            }
            let Stage::Open(open) = &export.stage else { panic!("is open") };
            assert!(open.buffer.capacity() <= 4 * PIECE);
        };
        assert!(matches!(&error, ReadError::Corrupt(_)));
        assert_eq!(error.to_string(), "more than 1048576 bytes of text: split the file");
        assert!(export.text_bytes() <= most + PIECE as u64);
    }

    #[tokio::test]
    async fn what_was_found_is_told_as_often_as_asked() {
        let mut export = Export::new(Once(Some(Bytes::from_static(b"a,b"))));
        for _ in 0..2 {
            assert_eq!(export.check().await.unwrap().unwrap().to_string(), "utf-8");
        }
        assert_eq!(export.next().await.unwrap(), Some(Bytes::from_static(b"a,b")));
        assert_eq!(export.next().await.unwrap(), None);
        assert_eq!(export.next().await.unwrap(), None);
    }
}
