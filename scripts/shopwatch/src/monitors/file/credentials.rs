//! What a target lets a check in with: in the file, or in an environment variable that the file names. No error
//! shows any of it, nor the variable's name: people put the secret itself there.

use secrecy::SecretString;
use shared::credentials::{Credentials, MAX_SECRET_BYTES};

use crate::yaml::{Entry, Node, Told, secret};

/// The credentials of a monitor: `basic`, `bearer` or `bearer_env`, or none.
pub(super) fn credentials(
    entry: &mut Entry<'_>,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Option<Credentials>, Told> {
    let basic = entry.map("basic", "a map with user and password, or password_env", |entry| {
        entry.keep_secret();
        let user = entry.required("user", |node| {
            let user = secret(node)?;
            let valid = (1..=MAX_SECRET_BYTES).contains(&user.len()) && !user.contains(':') && is_plain(user);
            valid.then(|| user.to_owned()).ok_or_else(|| {
                format!("expected 1 to {MAX_SECRET_BYTES} bytes without a colon and control characters")
            })
        });
        let password = one_of(entry, ["password", "password_env"], variable, is_plain);
        let password = password.and_then(|found| {
            found.ok_or_else(|| entry.wrong("expected password or password_env, got none"))
        });
        Ok(Credentials::Basic { user: user?, password: password? })
    });
    // RFC 6750 has fewer characters; what a header takes is what matters.
    let is_token = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
    let token = one_of(entry, ["bearer", "bearer_env"], variable, is_token);
    match (basic?, token?) {
        (Some(_), Some(_)) => Err(entry.wrong("expected basic or bearer, got both")),
        (basic, token) => Ok(basic.or(token.map(|token| Credentials::Bearer { token }))),
    }
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// A secret behind the first of these keys, or in the variable that the second one names.
fn one_of(
    entry: &mut Entry<'_>,
    keys: [&'static str; 2],
    variable: &impl Fn(&str) -> Option<String>,
    is_valid: impl Fn(&str) -> bool,
) -> Result<Option<SecretString>, Told> {
    let checked = |text: String| {
        let valid = (1..=MAX_SECRET_BYTES).contains(&text.len()) && is_valid(&text);
        valid.then(|| SecretString::from(text)).ok_or_else(|| {
            format!("expected 1 to {MAX_SECRET_BYTES} bytes of what a header can carry, got something else")
        })
    };
    let direct = entry.given(keys[0], |node: &Node| checked(secret(node)?.to_owned()));
    let named = entry.given(keys[1], |node: &Node| {
        let value =
            variable(secret(node)?).ok_or("expected the name of an environment variable that is set")?;
        checked(value)
    });
    match (direct?, named?) {
        (Some(_), Some(_)) => Err(entry.wrong(&format!("expected {} or {}, got both", keys[0], keys[1]))),
        (direct, named) => Ok(direct.or(named)),
    }
}
