//! Who asks, and whether they may: sessions and API keys, as bearer tokens (RFC 6750) or as a cookie.

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, Method};
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::failure::Failure;
use crate::session::{Kind, Scope, Session, Token, TokenHash};
use crate::store::ReadSessions;

/// The cookie of a session. By the prefix a browser takes it from this host alone, over TLS, and for all paths:
/// <https://developer.mozilla.org/docs/Web/HTTP/Headers/Set-Cookie#cookie_prefixes>.
pub const SESSION_COOKIE: &str = "__Host-shopwatch";

/// What a page shows beside its cookie when it changes something: [`Token::csrf`].
pub const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

/// The session or key that a request brings, if it holds now.
///
/// # Errors
/// [`Failure::Unauthorized`] for everybody else: a missing, malformed, unknown and expired token look alike, and are
/// all looked up. [`Failure::Forged`] when a cookie would change something and the page does not show that it knows it.
pub async fn caller<K: ReadSessions>(
    sessions: &K,
    method: &Method,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Session, Failure> {
    let by_cookie = !headers.contains_key(AUTHORIZATION);
    let token = if by_cookie {
        let Some(text) = cookie(headers) else { return Err(Failure::Unauthorized) };
        text.parse().ok()
    } else {
        bearer(headers)
    };
    let token: Option<Token> = token;
    let hash = token.as_ref().map_or_else(TokenHash::nobodys, Token::hash);
    let session = sessions.session(&hash).await?;
    // A cookie's token is no bearer's, nor the other way round: a cookie has to be shown with what only a page knows.
    let carried = |session: &Session| (session.kind == Kind::Cookie) == by_cookie;
    // What opens nothing is as good as none.
    let opens = |session: &Session| session.holds(now) && !session.scopes.is_empty();
    let session = session.filter(|session| carried(session) && opens(session));
    let (Some(session), Some(token)) = (session, token) else { return Err(Failure::Unauthorized) };
    if by_cookie && !method.is_safe() {
        let shown = headers.get(CSRF).map(|shown| shown.as_bytes()).unwrap_or_default();
        if !bool::from(shown.ct_eq(token.csrf().as_bytes())) {
            return Err(Failure::Forged);
        }
    }
    Ok(session)
}

/// The same, and it has this scope.
///
/// # Errors
/// Those of [`caller`], and [`Failure::MissingScope`].
pub async fn require<K: ReadSessions>(
    sessions: &K,
    method: &Method,
    headers: &HeaderMap,
    scope: Scope,
    now: Timestamp,
) -> Result<Session, Failure> {
    let session = caller(sessions, method, headers, now).await?;
    if session.allows(scope, now) { Ok(session) } else { Err(Failure::MissingScope(scope)) }
}

fn bearer(headers: &HeaderMap) -> Option<Token> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().parse().ok()).flatten()
}

/// The session's cookie, in whichever of the headers it is.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs = all.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value)
}
