//! The encoding: what the first bytes of a file say that it is, and text of any known encoding as UTF-8.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use crate::object::Refusal;

/// How files that are no text begin.
const SIGNATURES: [(&[u8], &str); 12] = [
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "data compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "data compressed with zstd"),
    (b"BZh", "data compressed with bzip2"),
    (b"\xfd7zXZ\0", "data compressed with xz"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"PAR1", "a Parquet file"),
    (b"\xff\xfe\0\0", "UTF-32 text"),
    (b"\0\0\xfe\xff", "UTF-32 text"),
];

/// Largest piece of text: 64 KiB.
pub(crate) const PIECE: usize = 64 * 1024;

/// How the text of a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// With a byte order mark or without.
    Utf8,
    /// By its byte order mark.
    Utf16Le,
    /// By its byte order mark.
    Utf16Be,
}

impl Encoding {
    /// Its name in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }

    /// What the first bytes are, which came out of this compression; `whole` when there are no others. With the
    /// length of the byte order mark.
    pub(crate) fn of(
        start: &[u8],
        whole: bool,
        inside: Option<&'static str>,
    ) -> Result<(Self, usize), Refusal> {
        if start.is_empty() {
            return Err(Refusal::Empty);
        }
        if let Some((_, kind)) = SIGNATURES.iter().find(|(signature, _)| start.starts_with(signature)) {
            return Err(inside.map_or(Refusal::Signature(kind), |outer| Refusal::Inside(outer, kind)));
        }
        match start {
            [0xff, 0xfe, ..] => return Ok((Self::Utf16Le, 2)),
            [0xfe, 0xff, ..] => return Ok((Self::Utf16Be, 2)),
            _ => {}
        }
        // A single NUL is one bad row, which is rejected; every second byte is UTF-16 without a mark.
        let nuls = start.iter().filter(|byte| **byte == 0).count();
        if nuls > start.len() / 10 {
            return Err(Refusal::Binary(start.len() / nuls));
        }
        check_utf8(start, whole)?;
        Ok((Self::Utf8, if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }))
    }
}

fn check_utf8(start: &[u8], whole: bool) -> Result<(), Refusal> {
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

/// Makes UTF-8 of bytes in any chunks, in pieces of at most [`PIECE`].
pub(crate) struct Text {
    /// None where the text is UTF-8 already.
    decoder: Option<Utf16>,
    ready: VecDeque<Bytes>,
}

impl Text {
    pub(crate) fn new(encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(Utf16::new(u16::from_le_bytes)),
            Encoding::Utf16Be => Some(Utf16::new(u16::from_be_bytes)),
        };
        Self { decoder, ready: VecDeque::new() }
    }

    /// Adds bytes.
    pub(crate) fn push(&mut self, mut bytes: Bytes) {
        while bytes.has_remaining() {
            match &mut self.decoder {
                None => self.ready.push_back(bytes.split_to(bytes.len().min(PIECE))),
                Some(decoder) => {
                    // Two bytes become three at most.
                    let some = bytes.split_to(bytes.len().min(PIECE / 2));
                    self.ready.push_back(decoder.utf8(&some));
                }
            }
        }
    }

    /// Says that there are no more bytes.
    pub(crate) fn finish(&mut self) {
        if self.decoder.take().is_some_and(|decoder| decoder.is_in_the_middle()) {
            self.ready.push_back(Bytes::from_static(&[NO_UTF8]));
        }
    }

    /// The next piece, never an empty one; `None` when there is none yet.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        std::iter::from_fn(|| self.ready.pop_front()).find(|piece| !piece.is_empty())
    }
}

/// What half of a pair, or of a character, becomes: no UTF-8, so that its row is rejected and not loaded with another
/// address.
const NO_UTF8: u8 = 0xff;

/// UTF-16 in any chunks. By hand, because a crate for every encoding adds its tables of all of them to the function.
struct Utf16 {
    unit: fn([u8; 2]) -> u16,
    /// The first byte of a unit.
    byte: Option<u8>,
    /// The first unit of a pair.
    high: Option<u16>,
}

impl Utf16 {
    fn new(unit: fn([u8; 2]) -> u16) -> Self {
        Self { unit, byte: None, high: None }
    }

    /// The text as UTF-8, as far as it is whole.
    fn utf8(&mut self, utf16: &[u8]) -> Bytes {
        let mut text = Vec::with_capacity(utf16.len() / 2 * 3 + 4);
        for byte in utf16 {
            match self.byte.take() {
                None => self.byte = Some(*byte),
                Some(first) => self.add((self.unit)([first, *byte]), &mut text),
            }
        }
        text.into()
    }

    fn add(&mut self, unit: u16, text: &mut Vec<u8>) {
        let push = |text: &mut Vec<u8>, character: char| {
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        };
        if let Some(high) = self.high.take() {
            if let Some(Ok(character)) = char::decode_utf16([high, unit]).next() {
                return push(text, character);
            }
            text.push(NO_UTF8);
        }
        match char::from_u32(unit.into()) {
            Some(character) => push(text, character),
            None if unit < 0xdc00 => self.high = Some(unit),
            None => text.push(NO_UTF8),
        }
    }

    /// Whether half a unit, or half a pair, is waiting for the other one.
    fn is_in_the_middle(&self) -> bool {
        self.byte.is_some() || self.high.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(start: &[u8]) -> String {
        Encoding::of(start, true, None).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_text_is_told_by_its_first_bytes() {
        insta::assert_snapshot!(refused(b""), @"the object is empty");
        insta::assert_snapshot!(refused(b"%PDF-1.7 and so on"), @"the object is a PDF, not a CSV file");
        insta::assert_snapshot!(refused(b"PK\x03\x04abc"), @"the object is a ZIP archive or an Excel workbook, not a CSV file");
        insta::assert_snapshot!(refused(b"\xff\xfe\0\0a\0\0\0"), @"the object is UTF-32 text, not a CSV file");
        insta::assert_snapshot!(refused(b"a\0d\0a\0@\0"), @"one byte in 2 is NUL, so it is no text: save it as CSV in UTF-8");
        insta::assert_snapshot!(refused(b"header\nana,1\njos\xe9@shop.example,1"), @"the byte at position 17, in line 3, is not UTF-8, but of an older encoding such as Latin-1 or Windows-1252: save the file as UTF-8 (spreadsheets call that CSV UTF-8)");
        let inside = Encoding::of(b"\x1f\x8b\x08", true, Some("zstd")).unwrap_err().to_string();
        insta::assert_snapshot!(inside, @"compressed with zstd, the object holds data compressed with gzip, not a CSV file");
    }

    #[test]
    fn the_byte_order_mark_tells_the_encoding() {
        let of = |start: &[u8]| Encoding::of(start, true, None);
        assert_eq!(of(b"ada@shop.example,1,1,2.50,2021-03-21T11:00:00\n"), Ok((Encoding::Utf8, 0)));
        assert_eq!(of("\u{feff}jos\u{e9}@shop.example,1".as_bytes()), Ok((Encoding::Utf8, 3)));
        assert_eq!(of(b"\xff\xfea\0"), Ok((Encoding::Utf16Le, 2)));
        assert_eq!(of(b"\xfe\xff\0a"), Ok((Encoding::Utf16Be, 2)));
    }

    #[test]
    fn a_single_nul_is_one_bad_row_and_not_a_bad_file() {
        let row = b"ada@shop.example,1,\x00,2.50,2021-03-21T11:00:00\n";
        assert_eq!(Encoding::of(row, true, None), Ok((Encoding::Utf8, 0)));
    }

    #[test]
    fn a_character_cut_by_the_sample_is_not_an_error() {
        let cut = &"jos\u{e9}".as_bytes()[..4];
        assert_eq!(Encoding::of(cut, false, None), Ok((Encoding::Utf8, 0)));
        assert_eq!(Encoding::of(cut, true, None), Err(Refusal::NotUtf8 { position: 4, line: 1 }));
    }

    fn decoded(encoding: Encoding, bytes: &[u8], size: usize) -> Vec<u8> {
        let mut text = Text::new(encoding);
        let mut all = Vec::new();
        let mut take = |text: &mut Text| {
            while let Some(piece) = text.next() {
                assert!((1..=PIECE).contains(&piece.len()));
                all.extend_from_slice(&piece);
            }
        };
        for chunk in bytes.chunks(size) {
            text.push(Bytes::copy_from_slice(chunk));
            take(&mut text);
        }
        text.finish();
        take(&mut text);
        all
    }

    #[test]
    fn half_a_pair_is_no_utf8() {
        assert_eq!(decoded(Encoding::Utf16Le, b"a\0\x00\xd8b\0", 2), b"a\xffb");
        assert_eq!(decoded(Encoding::Utf16Be, b"\0a\0", 1), b"a\xff");
        assert_eq!(decoded(Encoding::Utf16Le, &b"\x00\xd8".repeat(200_000), 200_000), [0xff].repeat(200_000));
    }

    proptest! {
        #[test]
        fn any_text_in_any_chunks_comes_out_as_it_was(text: String, times in 1usize..300, size in 1usize..100_000) {
            let text = text.repeat(times);
            let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            prop_assert_eq!(decoded(Encoding::Utf16Le, &le, size), text.as_bytes());
            prop_assert_eq!(decoded(Encoding::Utf16Be, &be, size), text.as_bytes());
            prop_assert_eq!(decoded(Encoding::Utf8, text.as_bytes(), size), text.as_bytes());
        }
    }
}
