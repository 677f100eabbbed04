//! Which status codes are good, however another tool says it.

use std::ops::RangeInclusive;

/// Codes that our file knows.
const CODES: RangeInclusive<u16> = 100..=599;

/// A set of status codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statuses(Vec<u16>);

impl Statuses {
    /// All of them.
    pub(super) fn all() -> Self {
        Self(CODES.collect())
    }

    /// None of them.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// Leaves those that are good.
    pub(super) fn keep(&mut self, is_good: impl Fn(u16) -> bool) {
        self.0.retain(|code| is_good(*code));
    }

    /// Adds a range of codes; those that no answer has are no loss.
    pub(super) fn add(&mut self, range: RangeInclusive<u16>) {
        self.0.extend(CODES.filter(|code| range.contains(code)));
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// Adds `200`, `200-299`.
    pub(super) fn add_text(&mut self, text: &str) -> Option<()> {
        let (start, end) = text.split_once('-').unwrap_or((text, text));
        let code = |text: &str| text.trim().parse::<u16>().ok();
        self.add(code(start)?..=code(end)?);
        Some(())
    }

    /// As our file has them: `200-299, 301`; nothing where there are none.
    pub(super) fn text(&self) -> Option<String> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for code in &self.0 {
            match ranges.last_mut() {
                Some((_, end)) if *end + 1 == *code => *end = *code,
                _ => ranges.push((*code, *code)),
            }
        }
        let shown = |(start, end): &(u16, u16)| match start == end {
            true => start.to_string(),
            false => format!("{start}-{end}"),
        };
        (!ranges.is_empty()).then(|| ranges.iter().map(shown).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_ranges() {
        let mut statuses = Statuses::none();
        assert_eq!(statuses.text(), None);
        for text in ["200-299", "301", "300", " 404 - 404 ", "1000-2000"] {
            statuses.add_text(text).unwrap();
        }
        assert_eq!(statuses.text().unwrap(), "200-301, 404");
        statuses.keep(|code| code != 250);
        assert_eq!(statuses.text().unwrap(), "200-249, 251-301, 404");
        assert_eq!(Statuses::all().text().unwrap(), "100-599");
        for bad in ["", "2xx", "200-", "-1", "99999"] {
            assert_eq!(statuses.add_text(bad), None, "{bad}");
        }
    }
}
