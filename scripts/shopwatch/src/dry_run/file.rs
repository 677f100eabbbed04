//! A local file as `etl` reads objects. May be read again from its start.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use anyhow::Context as _;
use bytes::Bytes;
use etl::object::Body;

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// The bytes of a file. Reading blocks, which nobody else waits for.
pub(super) struct Local(File);

impl Local {
    /// From the first byte.
    pub(super) fn of(file: &File) -> anyhow::Result<Self> {
        let mut file = file.try_clone().context("cannot read the file")?;
        file.seek(SeekFrom::Start(0)).context("cannot read the file again")?;
        Ok(Self(file))
    }
}

impl Body for Local {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let mut chunk = vec![0; CHUNK];
        let length = self.0.read(&mut chunk).context("cannot read the file")?;
        chunk.truncate(length);
        Ok((length > 0).then(|| chunk.into()))
    }
}
