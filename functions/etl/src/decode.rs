//! Decompression: gzip and zstd by their first bytes, whatever the object is called, in bounded memory.
//!
//! What bounds it: 64 KiB are taken out at a time, however much a byte may become, and a zstd frame may look back no
//! more than 8 MiB, which RFC 8878 recommends to every decoder.
//!
//! Zeros behind the last of several gzip files are passed over, as tapes and block devices pad with them; anything else
//! there is damage.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::buf::Limit;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};
use tokio_util::io::StreamReader;

use crate::export::ReadError;
use crate::object::Body;

/// Longest look back of a zstd frame, as a power of two: 8 MiB.
const MAX_WINDOW_LOG: u32 = 23;

/// How an object is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// One gzip file, or several behind each other (RFC 1952).
    Gzip,
    /// Frames of Zstandard (RFC 8878).
    Zstd,
}

/// How many first bytes tell it.
pub(crate) const MAGIC: usize = 4;

impl Compression {
    /// Its name in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// By the first [`MAGIC`] bytes.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // A frame, or one that is to be skipped, as parallel compressors put before others.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// The object's bytes as they are stored.
type Stored = StreamReader<BoxStream<'static, io::Result<Bytes>>, Bytes>;

/// The object's bytes without their compression.
pub(crate) enum Decoder {
    Plain(Stored),
    /// The gzip file that is read; there always is one.
    Gzip(Option<GzipDecoder<Stored>>),
    Zstd(ZstdDecoder<Stored>),
}

/// The stream below a decoder broke off.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
struct BrokeOff(anyhow::Error);

impl Decoder {
    /// Decodes these first bytes and what follows them, counting what is read.
    pub(crate) fn new<B: Body>(
        compression: Option<Compression>,
        start: Vec<Bytes>,
        body: B,
        counted: Arc<AtomicU64>,
    ) -> Self {
        let rest = stream::unfold((body, counted), |(mut body, counted)| async move {
            let next = body.next().await.transpose()?;
            if let Ok(bytes) = &next {
                counted.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
            Some((next.map_err(|error| io::Error::other(BrokeOff(error))), (body, counted)))
        });
        let stored = StreamReader::new(stream::iter(start.into_iter().map(Ok)).chain(rest).boxed());
        match compression {
            None => Self::Plain(stored),
            Some(Compression::Gzip) => Self::Gzip(Some(GzipDecoder::new(stored))),
            Some(Compression::Zstd) => {
                let params = [DParameter::window_log_max(MAX_WINDOW_LOG)];
                let mut decoder = ZstdDecoder::with_params(stored, &params);
                decoder.multiple_members(true);
                Self::Zstd(decoder)
            }
        }
    }

    /// Reads at most so many bytes; 0 at the end.
    pub(crate) async fn read(&mut self, into: &mut BytesMut, most: usize) -> Result<usize, ReadError> {
        into.reserve(most);
        let mut into = into.limit(most);
        match self {
            Self::Plain(reader) => reader.read_buf(&mut into).await.map_err(|error| told(error, "file")),
            Self::Gzip(member) => gunzip(member, &mut into).await.map_err(|error| told(error, "gzip")),
            Self::Zstd(reader) => reader.read_buf(&mut into).await.map_err(|error| told(error, "zstd")),
        }
    }
}

/// Reads on in gzip files that follow each other; 0 behind the last one.
async fn gunzip(
    member: &mut Option<GzipDecoder<Stored>>,
    into: &mut Limit<&mut BytesMut>,
) -> io::Result<usize> {
    while let Some(reader) = member {
        let length = reader.read_buf(into).await?;
        if length > 0 || is_padding(reader.get_mut()).await? {
            return Ok(length);
        }
        *member = member.take().map(|reader| GzipDecoder::new(reader.into_inner()));
    }
    Ok(0)
}

/// Whether nothing but zeros is left, which are read; otherwise nothing is.
///
/// # Errors
/// When something follows zeros.
async fn is_padding(stored: &mut Stored) -> io::Result<bool> {
    let mut zeros = false;
    loop {
        let bytes = stored.fill_buf().await?;
        let length = bytes.len();
        if length == 0 {
            return Ok(true);
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return if zeros || bytes[0] == 0 {
                Err(io::Error::new(io::ErrorKind::InvalidData, "something follows zeros"))
            } else {
                Ok(false)
            };
        }
        zeros = true;
        stored.consume(length);
    }
}

/// What an error means: the stream's own, or one of the decoder about the bytes.
fn told(error: io::Error, kind: &str) -> ReadError {
    let error = match error.downcast::<BrokeOff>() {
        Ok(BrokeOff(cause)) => return ReadError::Broken(cause),
        Err(error) => error,
    };
    let cause = error.to_string();
    ReadError::Corrupt(if error.kind() == io::ErrorKind::UnexpectedEof {
        format!("the {kind} data ends in the middle: upload the whole file")
    } else if cause.contains("too much memory") {
        // The name that libzstd gives to the error.
        "the zstd data looks back more than 8 MiB: compress it again without --long and --ultra".to_owned()
    } else {
        format!("the {kind} data is damaged ({cause}): compress and upload it again")
    })
}
