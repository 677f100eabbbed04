//! Texts on their way into a file: in quotes wherever a reader could take them for something else.

/// Words that some reader takes for a value of another kind.
const WORDS: [&str; 11] = ["n", "nan", "no", "null", "inf", "infinity", "off", "on", "true", "y", "yes"];

/// Longest text without quotes, in characters.
const PLAIN_CHARS: usize = 200;

/// Digits of a number without quotes: what any reader holds exactly.
const DIGITS: usize = 15;

/// The text, for a place where a text is asked for.
pub(crate) fn quoted(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { in_quotes(text) }
}

/// The text, for a place where any single value is as good as its text.
pub(crate) fn value(text: &str) -> String {
    if is_whole(text) { text.to_owned() } else { quoted(text) }
}

/// Whether it is one text wherever it stands, between brackets too.
fn is_plain(text: &str) -> bool {
    let takes = |c: char| c.is_alphanumeric() || " _-./?=&%+~$()':".contains(c);
    // "a: b" and "a:" are maps.
    let has_key = text.ends_with(':') || text.contains(": ");
    let word = text.to_ascii_lowercase();
    text.starts_with(|c: char| c.is_alphabetic() || c == '$')
        && !text.ends_with(' ')
        && text.chars().all(takes)
        && text.chars().count() <= PLAIN_CHARS
        && !has_key
        && word != "false"
        && !WORDS.contains(&word.as_str())
}

/// Whether it is a whole number as numbers are written.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (1..=DIGITS).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && text != "-0"
        && (digits == "0" || !digits.starts_with('0'))
}

/// In double quotes, with everything escaped that cannot be seen or that ends a line.
fn in_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unseen(c) => {
                let code = u32::from(c);
                out.push_str(&match code {
                    0..=0xff => format!("\\x{code:02x}"),
                    0x100..=0xffff => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Controls, spaces that look like others, marks that turn the line around, and what Unicode gives no character.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}')
        || matches!(c, '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..)
            && !matches!(c, '\u{10000}'..='\u{1fffd}' | '\u{20000}'..='\u{2fffd}' | '\u{30000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::{Node, parse};

    fn text_of(yaml: &str) -> String {
        let parsed = parse(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"));
        let Node::Map(fields) = parsed.value else { panic!("{yaml}") };
        let mut values = fields.into_iter().map(|(key, value)| {
            assert_eq!(key.value, "key");
            match value.value {
                Node::Text(text) => text,
                Node::List(mut list) => {
                    assert_eq!(list.len(), 2, "{yaml}");
                    let Node::Text(text) = list.remove(0).value else { panic!("{yaml}") };
                    text
                }
                other => panic!("{yaml}: {other:?}"),
            }
        });
        values.next().unwrap()
    }

    #[test]
    fn what_people_write_has_no_quotes_and_what_is_no_text_has() {
        for plain in ["Front page", "https://shop.example/a?b=c&d=%20", "Süßes (new)", "it's", "$.stock"] {
            assert_eq!(quoted(plain), plain);
        }
        for text in [
            "",
            " ",
            " a",
            "a ",
            "-",
            "- a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "yes",
            "No",
            "NULL",
            "~",
            "true",
            "False",
            "on",
            "1",
            "1e5",
            "0x1f",
            "1_000",
            "12:30",
            ".inf",
            ".NaN",
            "nan",
            "2026-11-21",
            "0o7",
            "[a]",
            "{a: b}",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "'a'",
            "\"a\"",
            "a, b",
            "a\\b",
            "a\nb",
            "\u{85}",
            "\u{feff}a",
            "<<",
            "=",
            "? a",
            "---",
            "...",
            "\u{1f4a9}",
            "\u{e0001}",
            "\u{10ffff}",
            "\0",
        ] {
            assert_eq!(quoted(text), in_quotes(text), "{text:?}");
        }
        assert_eq!(value("5"), "5");
        assert_eq!(value("-12"), "-12");
        for text in ["-0", "05", "1.5", "+1", "1e5", "9999999999999999"] {
            assert_eq!(value(text), format!("\"{text}\""));
        }
        assert_eq!(in_quotes("a\"\\\n\u{1}\u{2028}\u{e0001}"), r#""a\"\\\n\x01\u2028\U000e0001""#);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in prop_oneof![any::<String>(), "[a-zA-Z0-9 :#,\\[\\]{}&*!|>'\"%@?~.\n\t-]{0,20}"]) {
            let quoted = quoted(&text);
            for yaml in [
                format!("key: {quoted}\n"),
                format!("{{key: {quoted}}}\n"),
                format!("{{key: [{quoted}, b]}}\n"),
                format!("key:\n  - {quoted}\n  - b\n"),
            ] {
                prop_assert_eq!(text_of(&yaml), text.as_str());
            }
        }
    }
}
