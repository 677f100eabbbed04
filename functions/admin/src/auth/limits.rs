//! How often somebody may try to get in.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use shared::account::Email;
use shared::http_frame::Failure;

use super::Sessions;

/// The time in which attempts count.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// Most attempts with one person's address: a guess a minute is no way through a dictionary.
const OF_PERSON: usize = 15;

/// Most attempts from one address of the network: an office has one.
const OF_SOURCE: usize = 100;

/// Counts an attempt with this address from there, and refuses one too many: whoever is told so does not learn whether
/// the password was right. Refused attempts count too. Addresses are stored as hashes.
pub(super) async fn attempt<S: Sessions>(
    sessions: &S,
    email: &Email,
    source: Option<&str>,
    now: Timestamp,
) -> Result<(), Failure> {
    let hash = |kind: &str, name: &str| faster_hex::hex_string(&Sha256::digest(format!("{kind} {name}")));
    let by_person = sessions.attempt(&hash("person", email.as_str()), now, WINDOW).await? > OF_PERSON;
    let by_source = match source {
        Some(source) => sessions.attempt(&hash("source", source), now, WINDOW).await? > OF_SOURCE,
        None => false,
    };
    if by_person || by_source { Err(Failure::TooMany(WINDOW)) } else { Ok(()) }
}
