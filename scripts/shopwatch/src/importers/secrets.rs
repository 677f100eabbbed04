//! What may be a secret, by its name: it is written and told nowhere.

/// Parts of names that secrets have, without what stands between words.
const PARTS: [&str; 12] = [
    "apikey",
    "accesskey",
    "auth",
    "bearer",
    "cookie",
    "credential",
    "csrf",
    "passw",
    "secret",
    "session",
    "signature",
    "token",
];

/// Words that are secrets where they stand alone in a name.
const WORDS: [&str; 7] = ["jwt", "key", "pass", "pin", "pwd", "sid", "sig"];

/// Longest user, in bytes: what our file takes.
const MAX_USER_BYTES: usize = 2_000;

/// Whether a value of this name may be a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    words.any(|word| WORDS.contains(&word)) || has_secret(&name)
}

/// Whether a text, such as a request's body, may hold one.
pub(super) fn has_secret(text: &str) -> bool {
    let mut text = text.to_lowercase();
    text.retain(char::is_alphanumeric);
    PARTS.iter().any(|part| text.contains(part))
}

/// Whether our file takes this user.
pub(super) fn is_user(user: &str) -> bool {
    (1..=MAX_USER_BYTES).contains(&user.len()) && !user.contains(':') && !user.chars().any(char::is_control)
}

/// How a tool's texts name values that are elsewhere, such as in the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Variables {
    /// Not at all.
    #[default]
    None,
    /// `$NAME`; any other `$` is one.
    Dollar,
    /// `$NAME` and `${NAME}`; `$$` is a `$`.
    Shell,
}

impl Variables {
    /// The text, if it has no variable.
    pub(super) fn settled(self, text: &str) -> Option<String> {
        if self == Self::None {
            return Some(text.to_owned());
        }
        let mut settled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            settled.push_str(before);
            settled.push('$');
            rest = behind;
            match behind.chars().next() {
                Some('$') if self == Self::Shell => rest = &behind[1..],
                Some('{') if self == Self::Shell => return None,
                // Names of JSON paths and of queries are in lower case.
                Some(c) if c == '_' || c.is_ascii_uppercase() => return None,
                _ => {}
            }
        }
        settled.push_str(rest);
        Some(settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "Authorization",
            "X-Api-Key",
            "api_key",
            "apiKey",
            "X-Auth-Token",
            "Cookie",
            "sig",
            "PASSWORD",
            "pwd",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["Accept", "Content-Type", "X-Shop", "monkey", "page", "passenger", "keyboard", "design"]
        {
            assert!(!is_secret(name), "{name}");
        }
        assert!(
            has_secret(r#"{"user": "ada", "pass-word": "x"}"#) && !has_secret(r#"{"query": "{ items }"}"#)
        );
    }

    #[test]
    fn variables_are_where_the_tool_has_them() {
        let all = |text| {
            [Variables::None, Variables::Dollar, Variables::Shell].map(|variables| variables.settled(text))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            all("https://x.example/"),
            [some("https://x.example/"), some("https://x.example/"), some("https://x.example/")]
        );
        assert_eq!(all("a $TOKEN"), [some("a $TOKEN"), None, None]);
        assert_eq!(all("${TOKEN}"), [some("${TOKEN}"), some("${TOKEN}"), None]);
        assert_eq!(all("$.a costs 5$"), [some("$.a costs 5$"), some("$.a costs 5$"), some("$.a costs 5$")]);
        assert_eq!(all("a$$B"), [some("a$$B"), None, some("a$B")]);
        assert_eq!(all("$"), [some("$"), some("$"), some("$")]);
    }
}
