//! Who is asked for: an address that is hashed here and goes nowhere.

use std::io::Read;

use anyhow::{Context as _, ensure};
use etl::pii::Pii;
use secrecy::{ExposeSecret as _, SecretString};
use shared::email::{folded, normalised};
use shared::purchase::BuyerToken;
use shared::store::FirstHmac;

/// Most bytes read of standard input: an address has at most 320.
const MAX_BYTES: u64 = 1_024;

/// A person, by what an e-mail address is stored as.
pub struct Person {
    /// Every token that the address may be stored as: under each key of the secret, and the plain hash.
    pub tokens: Vec<BuyerToken>,
    /// What the person is erased by.
    pub first_hmac: FirstHmac,
    /// The address in its normal form, without quotes.
    address: SecretString,
}

impl Person {
    /// The person of this address.
    ///
    /// # Errors
    /// When it is no address. Does not repeat it.
    pub fn of(pii: &Pii, address: &SecretString) -> anyhow::Result<Self> {
        const NONE: &str = "expected an e-mail address, got a text that is none";
        let text = address.expose_secret();
        let first_hmac = pii.first_hmac(text).context(NONE)?;
        let normal = normalised(text.as_bytes()).context(NONE)?;
        let address = unquoted(&String::from_utf8_lossy(&normal)).into();
        Ok(Self { tokens: pii.tokens(text), first_hmac, address })
    }

    /// Whether the address stands anywhere in this text, however it is written: in any case, with accents composed or
    /// not, with its quotes doubled or not; in Latin-1 too where the text is no UTF-8.
    pub fn is_in(&self, raw: &[u8]) -> bool {
        let holds = |text: &str| unquoted(&folded(text)).contains(self.address.expose_secret());
        match std::str::from_utf8(raw) {
            Ok(text) => holds(text),
            Err(_) => {
                let latin_1: String = raw.iter().map(|byte| char::from(*byte)).collect();
                holds(&latin_1) || holds(&String::from_utf8_lossy(raw))
            }
        }
    }
}

/// A text without quotes: how often they are doubled depends on how often it was written as CSV.
fn unquoted(text: &str) -> String {
    text.replace('"', "")
}

/// The address that was given, or for `-` the first line of `input`.
///
/// # Errors
/// When `input` cannot be read, or has more than one line.
pub fn address(given: &SecretString, input: impl Read) -> anyhow::Result<SecretString> {
    if given.expose_secret() != "-" {
        return Ok(given.clone());
    }
    let mut text = String::new();
    input.take(MAX_BYTES).read_to_string(&mut text).context("reading the address from standard input")?;
    ensure!(text.trim().lines().count() <= 1, "expected one address on standard input, got several lines");
    Ok(text.into())
}
