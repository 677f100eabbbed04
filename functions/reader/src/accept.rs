//! Which format an answer has: JSON, or CSV where the request's `Accept` asks for it (RFC 9110, section 12.5.1).

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

use crate::{answer, csv};

/// Media ranges of a request that are looked at: a browser sends eight.
const MAX_RANGES: usize = 32;

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
}

impl Format {
    /// CSV when the request rates it above JSON, or alike and names it more exactly; JSON in any other case, also
    /// where it asks for neither: an answer in another format is better than none.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges = texts.flat_map(|list| list.split(',')).take(MAX_RANGES);
        let ranges: Vec<MediaRange<'_>> = ranges.filter_map(MediaRange::of).collect();
        let csv = Weight::of(&ranges, ("text", "csv"));
        let more = csv.quality > 0 && csv > Weight::of(&ranges, ("application", "json"));
        if more { Self::Csv } else { Self::Json }
    }

    pub(crate) fn media_type(self) -> HeaderValue {
        match self {
            Self::Json => answer::JSON,
            Self::Csv => csv::CSV,
        }
    }
}

/// What a request thinks of a media type: how much it wants it, then how exactly it named it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    quality: u16,
    exactness: u8,
}

impl Weight {
    /// The most exact range that covers the media type counts.
    fn of(ranges: &[MediaRange<'_>], media_type: (&str, &str)) -> Self {
        let matching = ranges.iter().filter_map(|range| Some((range.exactness(media_type)?, range.quality)));
        matching.max().map_or_else(Self::default, |(exactness, quality)| Self { quality, exactness })
    }
}

/// One entry of `Accept`, such as `text/*;q=0.5`.
#[derive(Debug, Clone, Copy)]
struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    quality: u16,
}

impl<'a> MediaRange<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let q =
            parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
        let quality = q.map_or(Some(1_000), |(_, value)| quality(value))?;
        Some(Self { kind, subtype, quality })
    }

    /// How exactly it names the media type; `None` when it doesn't cover it.
    fn exactness(self, (kind, subtype): (&str, &str)) -> Option<u8> {
        if (self.kind, self.subtype) == ("*", "*") {
            return Some(1);
        }
        let same_kind = self.kind.eq_ignore_ascii_case(kind);
        if same_kind && self.subtype == "*" {
            return Some(2);
        }
        (same_kind && self.subtype.eq_ignore_ascii_case(subtype)).then_some(3)
    }
}

/// `0` to `1` with at most three decimal places, in thousandths.
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(accept: &str) -> Format {
        Format::wanted(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(accept).unwrap())]))
    }

    #[test]
    fn csv_is_given_to_those_who_want_it_most() {
        for csv in [
            "text/csv",
            "TEXT/CSV",
            "text/csv; header=present",
            "text/csv,*/*;q=0.1",
            "text/csv, */*",
            "*/*, text/csv",
            "text/*",
            "application/json;q=0.5, text/csv;q=0.501",
            "application/json;q=0, */*",
            "application/json;Q=0.9,text/csv;q=1.000",
        ] {
            assert_eq!(wanted(csv), Format::Csv, "{csv}");
        }
    }

    #[test]
    fn everybody_else_gets_json() {
        for json in [
            "",
            "*/*",
            "application/json",
            "text/csv;q=0",
            "text/csv;q=0, */*;q=0.1",
            "text/csv, application/json",
            "text/csv;q=0.9, application/json",
            "text/csv;q=0.5, */*",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "application/json, text/plain, */*",
            "image/png",
            "text/csv2",
            "csv",
            // What is no quality is no entry.
            "text/csv;q=2",
            "text/csv;q=1.001",
            "text/csv;q=0.1234",
            "text/csv;q=high",
            "text/csv;q=-1",
            "text/csv;q=",
        ] {
            assert_eq!(wanted(json), Format::Json, "{json}");
        }
        assert_eq!(Format::wanted(&HeaderMap::new()), Format::Json);
        assert_eq!(wanted(&format!("{}text/csv", "a/b,".repeat(MAX_RANGES))), Format::Json);
    }

    proptest! {
        #[test]
        fn any_text_is_a_wish(text in "[ -~]{0,60}", rest in "[a-z/*;=.,0-9 q]{0,60}") {
            let _ = (wanted(&text), wanted(&rest));
        }
    }
}
