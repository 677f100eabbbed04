//! Who bought: a token in the place of an e-mail address.

use std::fmt;
use std::str::FromStr;

use crate::text::{Invalid, as_text, is_hex};

/// Who bought: `key id . hex(HMAC-SHA256(key, normalised e-mail))`, or 40 hex digits of plain SHA-1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BuyerToken(String);

impl BuyerToken {
    /// The token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The token made of a key's id and the hex digits of the HMAC under that key.
    #[inline]
    pub fn keyed(key_id: &str, hmac_hex: &str) -> Self {
        let mut text = String::with_capacity(key_id.len() + 1 + hmac_hex.len());
        text.push_str(key_id);
        text.push('.');
        text.push_str(hmac_hex);
        Self(text)
    }
}

impl fmt::Display for BuyerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BuyerToken {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = match text.split_once('.') {
            Some((key, hmac)) => is_key_id(key) && is_hex(hmac, 64),
            None => is_hex(text, 40),
        };
        // Never repeat what came: it may be an e-mail address.
        valid
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("a buyer token such as k1.<64 hex digits>", "something else"))
    }
}

/// Whether the text names a PII key: `k` and a number from 1, such as `k1`.
pub fn is_key_id(text: &str) -> bool {
    text.strip_prefix('k').is_some_and(|number| {
        (1..=4).contains(&number.len())
            && !number.starts_with('0')
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

as_text!(BuyerToken);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_token_is_never_an_address() {
        let hex = "0123456789abcdef".repeat(4);
        assert!(format!("k1.{hex}").parse::<BuyerToken>().is_ok());
        assert!(hex[..40].parse::<BuyerToken>().is_ok());
        for bad in [
            "ada@shop.example",
            "k1.",
            "k0.00",
            &hex,
            &format!("x1.{hex}"),
            &format!("k1.{}", hex.to_uppercase()),
        ] {
            let error = bad.parse::<BuyerToken>().unwrap_err();
            assert!(!error.to_string().contains("ada"), "{error}");
        }
    }
}
