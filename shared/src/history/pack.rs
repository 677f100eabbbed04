//! History as one short text per item: what the monitors of a shard have, packed.
//!
//! The text is `1` (its format version), then one entry per monitor, each introduced by `;`. An entry begins with the
//! id's suffix and a comma, and goes on with fields that are separated by commas:
//!
//! - of an hour `checks,percentiles,series`, and `name=series` for each metric;
//! - of a day `checks,percentiles,hours`;
//! - of a summary `hours,days,older`.
//!
//! Checks and times are a letter and a number for what is not 0: `u` up, `g` degraded, `d` down, `n` unknown ("no
//! data"), `m` maintenance. Of times the number is one of minutes, behind a capital letter of seconds. Lists are
//! separated by `/`; equal neighbours are written once, with `*` and how many they are.
//! Example of a day: `1;7f3k2a,u1435d5,31/45/60/90,u60*13/u55d5/u60*10`.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::str::{FromStr, Split};

use super::{Checks, MonitorDay, MonitorHour, MonitorSummary, Percentiles, Seconds};
use crate::monitor::{MAX_METRICS, MonitorId, ShardId};
use crate::text::Invalid;

/// Format version of the text written here.
const VERSION: &str = "1";

/// What an item holds of each monitor.
pub(crate) trait Packed: Sized {
    /// Adds its fields.
    fn pack(&self, text: &mut String);
    /// Reads the fields that [`Packed::pack`] adds, and no more.
    fn unpack(fields: &mut Split<'_, char>) -> Option<Self>;
}

/// The monitors of a shard as one text.
pub(crate) fn encode<T: Packed>(monitors: &BTreeMap<MonitorId, T>) -> String {
    let mut text = VERSION.to_owned();
    for (id, monitor) in monitors {
        text.push(';');
        text.push_str(id.suffix());
        text.push(',');
        monitor.pack(&mut text);
    }
    text
}

/// The monitors of a text, which belongs to this shard.
pub(crate) fn decode<T: Packed>(shard: ShardId, text: &str) -> Result<BTreeMap<MonitorId, T>, Invalid> {
    let mut entries = text.split(';');
    if entries.next() != Some(VERSION) {
        return Err(Invalid::new("history of format 1", text));
    }
    let mut monitors = BTreeMap::new();
    for entry in entries {
        let invalid = || Invalid::new("an entry of history such as 7f3k2a,u60,31/45/60/90,u60*24", entry);
        let mut fields = entry.split(',');
        let id = MonitorId::new(shard, fields.next().unwrap_or_default())?;
        let monitor = T::unpack(&mut fields).filter(|_| fields.next().is_none()).ok_or_else(invalid)?;
        if monitors.insert(id, monitor).is_some() {
            return Err(invalid());
        }
    }
    Ok(monitors)
}

impl Packed for MonitorHour {
    fn pack(&self, text: &mut String) {
        pack_checks(self.checks, text);
        text.push(',');
        pack_percentiles(self.percentiles, text);
        text.push(',');
        pack_list(&self.series, pack_optional, text);
        for (name, series) in &self.metrics {
            // Writing to a string cannot fail.
            let _ = write!(text, ",{name}=");
            pack_list(series, pack_optional, text);
        }
    }

    fn unpack(fields: &mut Split<'_, char>) -> Option<Self> {
        let checks = unpack_checks(fields.next()?)?;
        let percentiles = unpack_percentiles(fields.next()?)?;
        let series = unpack_list(fields.next()?, unpack_optional)?;
        let mut metrics = BTreeMap::new();
        for metric in fields.by_ref() {
            let (name, series) = metric.split_once('=')?;
            let there = metrics.insert(name.parse().ok()?, unpack_list(series, unpack_optional)?);
            if there.is_some() || metrics.len() > MAX_METRICS {
                return None;
            }
        }
        Some(Self { checks, percentiles, series, metrics })
    }
}

impl Packed for MonitorDay {
    fn pack(&self, text: &mut String) {
        pack_checks(self.checks, text);
        text.push(',');
        pack_percentiles(self.percentiles, text);
        text.push(',');
        pack_list(&self.hours, pack_seconds, text);
    }

    fn unpack(fields: &mut Split<'_, char>) -> Option<Self> {
        let checks = unpack_checks(fields.next()?)?;
        let percentiles = unpack_percentiles(fields.next()?)?;
        Some(Self { checks, percentiles, hours: unpack_list(fields.next()?, unpack_seconds)? })
    }
}

impl Packed for MonitorSummary {
    fn pack(&self, text: &mut String) {
        pack_list(&self.hours, pack_seconds, text);
        text.push(',');
        pack_list(&self.days, pack_seconds, text);
        text.push(',');
        pack_seconds(&self.older, text);
    }

    fn unpack(fields: &mut Split<'_, char>) -> Option<Self> {
        let hours = unpack_list(fields.next()?, unpack_seconds)?;
        let days = unpack_list(fields.next()?, unpack_seconds)?;
        Some(Self { hours, days, older: unpack_seconds(fields.next()?)? })
    }
}

fn pack_list<T: PartialEq>(list: &[T], pack: impl Fn(&T, &mut String), text: &mut String) {
    for (n, equal) in list.chunk_by(PartialEq::eq).enumerate() {
        if n > 0 {
            text.push('/');
        }
        pack(&equal[0], text);
        if equal.len() > 1 {
            let _ = write!(text, "*{}", equal.len());
        }
    }
}

/// A list of exactly so many.
fn unpack_list<T: Clone, const N: usize>(text: &str, unpack: impl Fn(&str) -> Option<T>) -> Option<[T; N]> {
    let mut list = Vec::with_capacity(N);
    for part in text.split('/') {
        let (value, times) = match part.split_once('*') {
            Some((value, times)) => (value, times.parse().ok()?),
            None => (part, 1),
        };
        if times > N - list.len() {
            return None;
        }
        list.extend(std::iter::repeat_n(unpack(value)?, times));
    }
    list.try_into().ok()
}

fn pack_optional(value: &Option<impl Display>, text: &mut String) {
    let _ = value.as_ref().map_or(Ok(()), |value| write!(text, "{value}"));
}

fn unpack_optional<T: FromStr>(text: &str) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

fn pack_percentiles(percentiles: Option<Percentiles>, text: &mut String) {
    if let Some(Percentiles { p50, p90, p95, p99 }) = percentiles {
        let _ = write!(text, "{p50}/{p90}/{p95}/{p99}");
    }
}

fn unpack_percentiles(text: &str) -> Option<Option<Percentiles>> {
    if text.is_empty() {
        return Some(None);
    }
    let [p50, p90, p95, p99] = unpack_list(text, |number| number.parse().ok())?;
    Some(Some(Percentiles { p50, p90, p95, p99 }))
}

fn pack_checks(checks: Checks, text: &mut String) {
    let Checks { up, degraded, down, unknown } = checks;
    for (letter, number) in [('u', up), ('g', degraded), ('d', down), ('n', unknown)] {
        if number > 0 {
            let _ = write!(text, "{letter}{number}");
        }
    }
}

fn unpack_checks(text: &str) -> Option<Checks> {
    let mut checks = Checks::default();
    for amount in amounts(text) {
        let (letter, number) = amount?;
        *match letter {
            'u' => &mut checks.up,
            'g' => &mut checks.degraded,
            'd' => &mut checks.down,
            'n' => &mut checks.unknown,
            _ => return None,
        } = number;
    }
    Some(checks)
}

fn pack_seconds(seconds: &Seconds, text: &mut String) {
    let Seconds { up, degraded, down, unknown, maintenance } = *seconds;
    for (letter, number) in [('u', up), ('g', degraded), ('d', down), ('n', unknown), ('m', maintenance)] {
        let _ = match number {
            0 => Ok(()),
            number if number % 60 == 0 => write!(text, "{letter}{}", number / 60),
            number => write!(text, "{}{number}", letter.to_ascii_uppercase()),
        };
    }
}

fn unpack_seconds(text: &str) -> Option<Seconds> {
    let mut seconds = Seconds::default();
    for amount in amounts(text) {
        let (letter, number) = amount?;
        *match letter.to_ascii_lowercase() {
            'u' => &mut seconds.up,
            'g' => &mut seconds.degraded,
            'd' => &mut seconds.down,
            'n' => &mut seconds.unknown,
            'm' => &mut seconds.maintenance,
            _ => return None,
        } = if letter.is_ascii_lowercase() { number.checked_mul(60)? } else { number };
    }
    Some(seconds)
}

/// The letters of a text, each with the number behind it.
fn amounts(text: &str) -> impl Iterator<Item = Option<(char, u32)>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let letter = rest.chars().next()?;
        let digits = &rest[letter.len_utf8()..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        rest = &digits[end..];
        Some(digits[..end].parse().ok().map(|number| (letter, number)))
    })
}

#[cfg(test)]
mod tests;
