//! The normal form of an e-mail address, which is what is hashed.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Longest normalised e-mail in bytes: 64 before the `@`, 255 behind it (RFC 5321, section 4.5.3.1).
pub const MAX_EMAIL: usize = 320;

/// The e-mail as it is hashed: byte order mark and white space off, NFC, lower case. `None` when that is empty,
/// has no `@`, more than [`MAX_EMAIL`] bytes or a NUL among them, or is no UTF-8.
#[inline]
pub fn normalised(email: &[u8]) -> Option<Cow<'_, [u8]>> {
    // Nearly all of them are in their normal form. Without a way out of the loop, many bytes are looked at at once.
    let (mut plain, mut at) = (true, false);
    for byte in email {
        plain &= matches!(*byte, b'!'..=b'~') & !byte.is_ascii_uppercase();
        at |= *byte == b'@';
    }
    let normal = if plain && at { Cow::Borrowed(email) } else { changed(email)? };
    (normal.len() <= MAX_EMAIL).then_some(normal)
}

/// The same for any bytes.
#[cold]
fn changed(email: &[u8]) -> Option<Cow<'_, [u8]>> {
    let email = std::str::from_utf8(email).ok()?;
    let email = email.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !email.contains('@') || email.contains('\0') {
        return None;
    }
    Some(Cow::Owned(folded(email).into_bytes()))
}

/// A text as an e-mail is hashed, without its ends taken off: NFC, lower case. What an e-mail is searched for in.
pub fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.nfc().collect::<String>().to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(email: &str) -> Option<String> {
        normalised(email.as_bytes()).map(|email| String::from_utf8(email.into_owned()).unwrap())
    }

    #[test]
    fn an_email_has_one_normal_form() {
        for (email, expected) in [
            ("ada@shop.example", Some("ada@shop.example")),
            ("\u{feff}ada@shop.example\r\n", Some("ada@shop.example")),
            (" \tADA@Shop.Example\u{a0}", Some("ada@shop.example")),
            ("Jose\u{301}@shop.example", Some("jos\u{e9}@shop.example")),
            ("JOS\u{c9}@shop.example", Some("jos\u{e9}@shop.example")),
            ("ada lovelace@shop.example", Some("ada lovelace@shop.example")),
            ("\u{7f}@shop.example", Some("\u{7f}@shop.example")),
            ("@", Some("@")),
            ("", None),
            ("  ", None),
            ("ada", None),
            ("ada\0@shop.example", None),
        ] {
            assert_eq!(normal(email).as_deref(), expected);
        }
        assert_eq!(normalised(b"jos\xe9@shop.example"), None);
        let longest = format!("{}@shop.example", "a".repeat(MAX_EMAIL - 13));
        assert_eq!(normal(&longest), Some(longest.clone()));
        assert_eq!(normal(&format!("a{longest}")), None);
        assert_eq!(normal(&format!("\u{e9}{}", &longest[1..])), None);
    }

    proptest::proptest! {
        #[test]
        fn case_and_spaces_around_do_not_matter(
            email in "[a-zA-Z0-9.éÉüÜñÑ]{1,20}@[a-z]{1,10}", around in "[ \t\r\n]{0,3}",
        ) {
            let shouted = format!("{around}{}{around}", email.to_uppercase());
            proptest::prop_assert_eq!(normal(&email), normal(&shouted));
        }

        #[test]
        fn the_short_cut_changes_nothing(email in "[ -~éÉ\u{feff}\u{0}\u{7f}@]{0,20}") {
            let slowly = changed(email.as_bytes()).map(Cow::into_owned);
            proptest::prop_assert_eq!(normalised(email.as_bytes()).map(Cow::into_owned), slowly);
        }
    }
}
