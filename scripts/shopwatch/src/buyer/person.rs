//! Who is asked for: an address that is hashed here and goes nowhere.

use std::io::Read;

use anyhow::{Context as _, ensure};
use etl::pii::Pii;
use secrecy::{ExposeSecret as _, SecretString};
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
    /// The address in lower case, as raw rows may hold it.
    address: SecretString,
}

impl Person {
    /// The person of this address.
    ///
    /// # Errors
    /// When it is no address. Does not repeat it.
    pub fn of(pii: &Pii, address: &SecretString) -> anyhow::Result<Self> {
        let text = address.expose_secret();
        let first_hmac =
            pii.first_hmac(text).context("expected an e-mail address, got a text that is none")?;
        let address = text.trim().trim_start_matches('\u{feff}').to_lowercase().into();
        Ok(Self { tokens: pii.tokens(text), first_hmac, address })
    }

    /// Whether the address stands anywhere in this text, in any case.
    pub fn is_in(&self, raw: &[u8]) -> bool {
        String::from_utf8_lossy(raw).to_lowercase().contains(self.address.expose_secret())
    }
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
