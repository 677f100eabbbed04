//! Passwords: argon2id, and the rules of a new one.

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use shared::account::PasswordHash;
use shared::http_frame::Failure;
use shared::openapi::secret;
use utoipa::openapi::Object;

/// Shortest and longest password, in characters: as for one that is the only factor, and long enough for any phrase
/// (<https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver>).
pub(crate) const CHARS: (usize, usize) = (15, 200);

/// Memory in KiB, passes and lanes
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id>).
const PARAMETERS: (u32, u32, u32) = (19 * 1_024, 2, 1);

/// Random bytes of a salt.
const SALT_BYTES: usize = 16;

/// What nobody's password is checked against, so that it takes as long as somebody's. Of the parameters above; the
/// password is not known.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2hvcHdhdGNoIG5vYm9keQ$cGZlwXEESQ3aQ+Xx68RASBRE4m65yYOJu15BNCtk/2s";

fn argon2() -> Result<Argon2<'static>, Failure> {
    let (memory, passes, lanes) = PARAMETERS;
    let parameters = Params::new(memory, passes, lanes, None);
    let parameters = parameters.map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

/// A new password, for the API's description.
pub(crate) fn described() -> Object {
    secret(CHARS.0..=CHARS.1)
}

/// The password, if it may be one.
///
/// # Errors
/// Tells the rule that it breaks, and never the password: 400.
pub(crate) fn checked(password: &SecretString) -> Result<&SecretString, Failure> {
    let (least, most) = CHARS;
    let chars = password.expose_secret().chars().count();
    if (least..=most).contains(&chars) {
        return Ok(password);
    }
    let detail = format!("password must have {least} to {most} characters; got {chars}");
    Err(Failure::bad_request("password", detail))
}

/// What is stored of a password that was [`checked`].
///
/// # Errors
/// When the operating system has no random numbers.
pub(crate) fn hashed(password: &SecretString) -> Result<PasswordHash, Failure> {
    let internal = |error: &dyn std::fmt::Display| Failure::Internal(error.to_string());
    let mut salt = [0; SALT_BYTES];
    rand::TryRngCore::try_fill_bytes(&mut rand::rngs::OsRng, &mut salt).map_err(|error| internal(&error))?;
    let hash = argon2()?.hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
    Ok(PasswordHash(hash.map_err(|error| internal(&error))?.to_string()))
}

/// Whether it is the password of this hash; without one it takes as long, and is not.
///
/// # Errors
/// When a hash is stored that is none.
pub(crate) fn is_right(password: &SecretString, hash: Option<&PasswordHash>) -> Result<bool, Failure> {
    let text = hash.map_or(NOBODYS, |hash| hash.0.as_str());
    let stored = Phc::new(text).map_err(|_| Failure::Internal("a stored password is none".to_owned()))?;
    // A password longer than any that is stored is not hashed at all: that takes less time for everybody alike.
    let most = CHARS.1 * 4;
    let password = password.expose_secret().as_bytes();
    let same = password.len() <= most && argon2()?.verify_password(password, &stored).is_ok();
    Ok(same && hash.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.into()
    }

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let (right, wrong) = (secret("correct horse battery"), secret("correct horse batterz"));
        let hash = hashed(&right).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert_ne!(hash, hashed(&right).unwrap(), "salted");
        assert!(is_right(&right, Some(&hash)).unwrap());
        assert!(!is_right(&wrong, Some(&hash)).unwrap());
        assert!(!is_right(&right, None).unwrap());
        assert!(is_right(&right, Some(&PasswordHash("none".to_owned()))).is_err());
    }

    #[test]
    fn nobodys_password_costs_what_everybodys_does() {
        let of = |text: &str| text.rsplit_once('$').unwrap().0.rsplit_once('$').unwrap().0.to_owned();
        assert_eq!(of(NOBODYS), of(&hashed(&secret("correct horse battery")).unwrap().0));
        assert!(Phc::new(NOBODYS).is_ok());
    }

    #[test]
    fn short_and_endless_passwords_are_refused_without_being_repeated() {
        for bad in ["x", "fourteen chars", &"x".repeat(201), &"x".repeat(10_000)] {
            let Err(Failure::Problem(problem)) = checked(&secret(bad)) else { panic!("{bad} is taken") };
            assert!(!problem.detail.contains(bad), "{}", problem.detail);
        }
        assert!(checked(&secret("fifteen chars!!")).is_ok() && checked(&secret(&"ü".repeat(200))).is_ok());
    }
}
