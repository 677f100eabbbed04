//! How often somebody may try to get in.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use shared::account::{Email, UserId};
use shared::http_frame::Failure;
use utoipa::IntoResponses;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ObjectBuilder, RefOr, Type};

use super::Sessions;

/// More than somebody may do in a while, as the API's description has it.
#[derive(Debug)]
pub(crate) enum TooMany {}

impl IntoResponses for TooMany {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let header = HeaderBuilder::new().schema(seconds).description(Some("Seconds.")).build();
        let response = ResponseBuilder::new()
            .description("`too_many_attempts`: too many in a while; more are let through after this long.")
            .header("Retry-After", header);
        [("429".to_owned(), response.build().into())].into()
    }
}

/// The time in which attempts count.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// Most attempts with one person's address from one place: a guess a minute is no way through a dictionary.
const OF_PERSON_THERE: u16 = 15;

/// Most attempts with one person's address from everywhere: more than one place's, so that nobody locks others out alone.
const OF_PERSON: u16 = 60;

/// Most attempts from one address of the network: an office has one.
const OF_SOURCE: u16 = 100;

/// Most guests that come in an hour, from everywhere.
const GUESTS: (u16, SignedDuration) = (30, SignedDuration::from_hours(1));

/// Counts somebody who is about to become a guest, and refuses one too many.
pub(super) async fn guest<S: Sessions>(sessions: &S, now: Timestamp) -> Result<(), Failure> {
    count(sessions, "new guests", now, GUESTS.0, GUESTS.1).await
}

/// Counts an attempt to get in with this address from there, and refuses one too many: whoever is told so does not learn
/// whether the password was right. Refused attempts count too, where they are refused. Addresses are stored as hashes.
pub(super) async fn attempt<S: Sessions>(
    sessions: &S,
    email: &Email,
    source: Option<&str>,
    now: Timestamp,
) -> Result<(), Failure> {
    let (email, there) = (email.as_str(), source.unwrap_or_default());
    count(sessions, &format!("source {there}"), now, OF_SOURCE, WINDOW).await?;
    count(sessions, &format!("person {email} source {there}"), now, OF_PERSON_THERE, WINDOW).await?;
    count(sessions, &format!("person {email}"), now, OF_PERSON, WINDOW).await
}

/// The same for a change of password by who has signed in: whoever attacks their log-in must not stop it.
pub(super) async fn change<S: Sessions>(
    sessions: &S,
    user: &UserId,
    source: Option<&str>,
    now: Timestamp,
) -> Result<(), Failure> {
    count(
        sessions,
        &format!("password {user} source {}", source.unwrap_or_default()),
        now,
        OF_PERSON_THERE,
        WINDOW,
    )
    .await
}

/// Counts one more of what has this name, and refuses it where there were so many within the window.
pub(super) async fn count<S: Sessions>(
    sessions: &S,
    name: &str,
    now: Timestamp,
    most: u16,
    window: SignedDuration,
) -> Result<(), Failure> {
    let name = faster_hex::hex_string(&Sha256::digest(name));
    if sessions.attempt(&name, now, window, most).await? { Err(Failure::TooMany(window)) } else { Ok(()) }
}
