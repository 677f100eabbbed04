//! Rows that are refused and name somebody who has asked to be erased: nothing of them is kept.
//!
//! Their columns may be anywhere, and what is in a column too (`mailto:ada@shop.example`, `email=…`, `<…>`), so
//! everything with an `@` is tried that may be an e-mail: each word, each part of a word, and parts that follow each
//! other. Not found is an address that is cut, or encoded (`%40`), or has double quotes, commas or brackets in it.

use crate::pii::Pii;
use crate::row::MAX_FIELD;

/// Most parts of a word that are taken together: three signs that rather stand around an e-mail than in it, as `'`.
const MAX_PARTS: usize = 4;

impl Pii {
    /// Whether a row that is refused names somebody who has asked to be erased. All of it is looked at; a row has at
    /// most 64 KiB ([`MAX_RECORD`](crate::csv::MAX_RECORD)), which bounds how many e-mails may be in it.
    pub fn names_erased(&self, row: &[u8]) -> bool {
        if self.nobody_is_erased() || !row.contains(&b'@') {
            return false;
        }
        let text = String::from_utf8_lossy(row);
        let mut words = text.split(between_words).filter(|word| word.contains('@'));
        words.any(|word| self.word_names_erased(word))
    }

    fn word_names_erased(&self, word: &str) -> bool {
        // Where the last parts begin, the latest last.
        let mut begins = vec![0];
        let mut signs = word.match_indices(between_parts).chain([(word.len(), "")]);
        signs.any(|(end, sign)| {
            let first = begins.len().saturating_sub(MAX_PARTS);
            let found = begins[first..].iter().any(|begin| self.text_is_erased(&word[*begin..end]));
            begins.push(end + sign.len());
            found
        })
    }

    /// Whether a text is the e-mail of such a person, as it is or without what may be before and behind one.
    fn text_is_erased(&self, text: &str) -> bool {
        if text.len() > MAX_FIELD || !text.contains('@') {
            return false;
        }
        let erased = |email: &str| self.first_hmac(email).is_some_and(|hmac| self.is_erased(&hmac));
        let bare = text.trim_matches(['.', '-', '_', '@']);
        erased(text) || (bare.len() < text.len() && erased(bare))
    }
}

/// What is between words: no e-mail has it.
fn between_words(c: char) -> bool {
    c.is_control() || ",;|\"<>()\u{fffd}".contains(c)
}

/// What is between the parts of a word: an e-mail may have it, and more often has it around.
fn between_parts(c: char) -> bool {
    let quotes = "«»‘’‚“”„‹›\u{feff}";
    if c.is_ascii() {
        !c.is_ascii_alphanumeric() && !"@.-_+".contains(c)
    } else {
        c.is_whitespace() || quotes.contains(c)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use secrecy::SecretString;

    use super::*;
    use crate::csv::MAX_RECORD;
    use crate::pii::Method;

    /// Keys that know this person to be erased.
    fn erased(email: &str) -> Pii {
        let secret = format!(r#"{{"active":"k1","k1":"{}"}}"#, "0123456789abcdef".repeat(4));
        let pii = Pii::parse(&SecretString::from(secret), Method::Hmac, Timestamp::UNIX_EPOCH).unwrap();
        let person = pii.first_hmac(email).unwrap();
        pii.with_erased([person].into())
    }

    #[test]
    fn a_person_is_found_wherever_a_row_names_them() {
        for email in
            ["ada@shop.example", "o'brien+x=y@shop.example", "jose\u{301}@shop.example", "ada l@shop.example"]
        {
            let pii = erased(email);
            let others = "eve@shop.example ".repeat(200);
            for row in [
                "mailto:ada",
                "email=ada",
                "<ada>",
                "'ada'",
                "\"ada\"",
                "x;ada;y",
                "x|ada",
                "x\tada\ty",
                "Sent to ada.",
                "Ada Lovelace <ada>",
                "{\"email\":\"ada\"}",
                "[ada]",
                "„ada“",
                "«ada»",
                "**ada**",
                "_ada_",
                "https://shop.example/?email=ada&x=1#y",
                "a:b:c:ada:d:e:f",
                "write to ada, please",
                "\u{feff}ada",
                "ada/eve",
                "@ada",
                "eve@shop.example=ada",
            ] {
                let row = row.replace("ada", email);
                assert!(pii.names_erased(row.as_bytes()), "{row}");
                assert!(pii.names_erased(row.to_uppercase().as_bytes()), "{row}");
                assert!(pii.names_erased(format!("{others}{row}").as_bytes()), "behind many others: {row}");
                let other = row.replace("shop.example", "shop.test");
                assert!(!pii.names_erased(other.as_bytes()), "{other}");
            }
        }
    }

    /// Whatever fills the longest row that there is.
    #[test]
    fn a_row_is_looked_through_in_bounded_time() {
        let pii = erased("ada@shop.example");
        let began = std::time::Instant::now();
        for filling in ["@", "@=", "a@b,", "a@b ", "=", "a@", "=@.", "é@ "] {
            let row = filling.repeat(MAX_RECORD / filling.len());
            assert!(!pii.names_erased(row.as_bytes()), "{filling}");
            assert!(pii.names_erased(format!("{row} ada@shop.example").as_bytes()), "{filling}");
        }
        // Nothing is optimised here.
        assert!(began.elapsed().as_secs() < 30);
    }
}
