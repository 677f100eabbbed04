//! Who may read what: API keys as bearer tokens (RFC 6750).

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use shared::session::{Scope, Token, TokenHash};
use shared::store::ReadSessions;

use crate::failure::Failure;

/// Refuses the request unless it brings an API key that holds now and has this scope.
pub(crate) async fn require<K: ReadSessions>(
    sessions: &K,
    headers: &HeaderMap,
    scope: Scope,
    now: Timestamp,
) -> Result<(), Failure> {
    if !headers.contains_key(AUTHORIZATION) {
        return Err(Failure::Unauthorized);
    }
    let token = bearer_token(headers);
    let hash = token.as_ref().map_or_else(TokenHash::nobodys, Token::hash);
    let key = sessions.key(&hash).await?.filter(|_| token.is_some());
    // A key that opens nothing at this instant has expired.
    let key = key
        .filter(|key| key.scopes.iter().any(|scope| key.allows(*scope, now)))
        .ok_or(Failure::Unauthorized)?;
    if key.allows(scope, now) { Ok(()) } else { Err(Failure::MissingScope(scope)) }
}

fn bearer_token(headers: &HeaderMap) -> Option<Token> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().parse().ok()).flatten()
}
