//! A block: one shard's signals in one region and slot, as one short text.
//!
//! The text is `2` (its format version), then one entry per signal, each introduced by `;`:
//! `suffix,verdict,dns,connect,tls,first byte,total,certificate days,metric,…` with times in ms. What has nothing
//! to say is empty, and empty fields at the end are left out. The verdict is a letter (`u` up, `g` degraded, `d`
//! down, `b` blocked, `n` unknown, "no data"), the status code, and a colon with the reason; of `u200`, which
//! nearly all are, nothing is written.
//! Example: `2;7f3k2a,,1,3,8,25,31;9x2m4c,d:timeout,2,4,,,10000;a1b2c3,g200:slow,1,2,,90,94`.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::monitor::{MAX_METRICS, MonitorId, Region, ShardId};
use crate::schedule::Slot;
use crate::signal::{Outcome, Phases, Signal};
use crate::text::Invalid;

/// Format version of the text written here.
const VERSION: &str = "2";

/// What nothing is written of.
const USUAL: (Outcome, Option<u16>) = (Outcome::Up, Some(200));

/// One shard's results in one region and slot; empty when nothing was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Whose monitors.
    pub shard: ShardId,
    /// Of which minute.
    pub slot: Slot,
    /// Seen from where.
    pub region: Region,
    /// When `ping` wrote it.
    pub written_at: Timestamp,
    /// At most one per monitor of the shard.
    pub signals: Vec<Signal>,
}

/// How long after its slot's start a block may be written to be judged, in seconds. A later one shows in history
/// only.
pub const GRACE_SECONDS: i64 = 90;

impl Block {
    /// Whether it was written in time to be judged.
    pub fn is_timely(&self) -> bool {
        self.written_at.duration_since(self.slot.start()) <= SignedDuration::from_secs(GRACE_SECONDS)
    }

    /// Whether it is what this region saw of this shard.
    pub fn is_of(&self, shard: ShardId, region: &Region) -> bool {
        self.shard == shard && self.region == *region
    }

    /// This monitor's signal, if it was due.
    pub fn signal(&self, monitor: &MonitorId) -> Option<&Signal> {
        self.signals.iter().find(|signal| signal.monitor == *monitor)
    }
}

/// The signals as the text of a block.
pub fn encode(signals: &[Signal]) -> String {
    let mut text = String::with_capacity(2 + 40 * signals.len());
    text.push_str(VERSION);
    for signal in signals {
        text.push(';');
        text.push_str(signal.monitor.suffix());
        text.push(',');
        if (signal.outcome, signal.status) != USUAL {
            text.push(match signal.outcome {
                Outcome::Up => 'u',
                Outcome::Degraded(_) => 'g',
                Outcome::Down(_) => 'd',
                Outcome::Blocked => 'b',
                Outcome::Unknown(_) => 'n',
            });
            // Writing to a string cannot fail.
            let _ = signal.status.map_or(Ok(()), |status| write!(text, "{status}"));
            let _ = signal.outcome.reason().map_or(Ok(()), |reason| write!(text, ":{reason}"));
        }
        let p = signal.phases;
        let days = signal.certificate_days.map(u32::from);
        for number in [p.dns_ms, p.connect_ms, p.tls_ms, p.first_byte_ms, p.total_ms, days] {
            text.push(',');
            let _ = number.map_or(Ok(()), |number| write!(text, "{number}"));
        }
        for metric in &signal.metrics {
            text.push(',');
            let _ = metric.map_or(Ok(()), |number| write!(text, "{number}"));
        }
        text.truncate(text.trim_end_matches(',').len());
    }
    text
}

/// The signals of a block's text, which belongs to this shard.
pub fn decode(shard: ShardId, text: &str) -> Result<Vec<Signal>, Invalid> {
    let mut entries = text.split(';');
    if entries.next() != Some(VERSION) {
        return Err(Invalid::new("a block of format 2", text));
    }
    entries.map(|entry| decode_entry(shard, entry)).collect()
}

fn decode_entry(shard: ShardId, entry: &str) -> Result<Signal, Invalid> {
    let invalid = || Invalid::new("an entry such as 7f3k2a,,1,3,8,25,31", entry);
    let mut fields = entry.split(',');
    let suffix = fields.next().ok_or_else(invalid)?;
    let (outcome, status) = decode_verdict(fields.next().unwrap_or_default()).ok_or_else(invalid)?;
    let mut number = || match fields.next().unwrap_or_default() {
        "" => Ok(None),
        digits => digits.parse::<u32>().map(Some).map_err(|_| invalid()),
    };
    let phases = Phases {
        dns_ms: number()?,
        connect_ms: number()?,
        tls_ms: number()?,
        first_byte_ms: number()?,
        total_ms: number()?,
    };
    let certificate_days = number()?.map(u16::try_from).transpose().map_err(|_| invalid())?;
    let mut metrics = Vec::new();
    for metric in fields {
        if metrics.len() == MAX_METRICS {
            return Err(invalid());
        }
        let number = (!metric.is_empty()).then(|| metric.parse::<Decimal>()).transpose();
        metrics.push(number.map_err(|_| invalid())?);
    }
    Ok(Signal { monitor: MonitorId::new(shard, suffix)?, outcome, status, phases, certificate_days, metrics })
}

fn decode_verdict(verdict: &str) -> Option<(Outcome, Option<u16>)> {
    if verdict.is_empty() {
        return Some(USUAL);
    }
    let (head, reason) = match verdict.split_once(':') {
        Some((head, reason)) => (head, Some(reason.parse().ok()?)),
        None => (verdict, None),
    };
    let (letter, status) = head.split_at_checked(1)?;
    let outcome = match (letter, reason) {
        ("u", None) => Outcome::Up,
        ("g", Some(reason)) => Outcome::Degraded(reason),
        ("d", Some(reason)) => Outcome::Down(reason),
        ("b", None) => Outcome::Blocked,
        ("n", Some(reason)) => Outcome::Unknown(reason),
        _ => return None,
    };
    let status = (!status.is_empty()).then(|| status.parse()).transpose().ok()?;
    Some((outcome, status))
}

#[cfg(test)]
mod tests {
    use proptest::option::of;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::signal::Reason;

    fn outcomes() -> impl Strategy<Value = Outcome> {
        let mut all = vec![Outcome::Up, Outcome::Blocked];
        for (reason, _) in Reason::ALL {
            all.extend([Outcome::Degraded(reason), Outcome::Down(reason), Outcome::Unknown(reason)]);
        }
        select(all)
    }

    fn metrics() -> impl Strategy<Value = Vec<Option<Decimal>>> {
        let metric = of((any::<i64>(), 0u32..8).prop_map(|(digits, scale)| Decimal::new(digits, scale)));
        // Nothing is kept of numbers that are missing at the end.
        proptest::collection::vec(metric, 0..=4).prop_map(|mut metrics: Vec<Option<Decimal>>| {
            let kept = metrics.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            metrics.truncate(kept);
            metrics
        })
    }

    fn signals() -> impl Strategy<Value = Signal> {
        let ms = || of(any::<u32>());
        let about = (of(any::<u16>()), of(any::<u16>()), metrics());
        ("[a-z0-9]{6}", outcomes(), about, [ms(), ms(), ms(), ms(), ms()]).prop_map(
            |(suffix, outcome, about, [dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms])| Signal {
                monitor: MonitorId::new(ShardId(3), &suffix).unwrap(),
                outcome,
                status: about.0,
                phases: Phases { dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms },
                certificate_days: about.1,
                metrics: about.2,
            },
        )
    }

    proptest! {
        #[test]
        fn a_block_survives_its_text(signals in proptest::collection::vec(signals(), 0..96)) {
            prop_assert_eq!(decode(ShardId(3), &encode(&signals)), Ok(signals));
        }

        #[test]
        fn any_text_is_decoded_or_refused(text in "(2;)?[a-z0-9,;:.-]{0,80}") {
            let _ = decode(ShardId(0), &text);
        }
    }

    #[test]
    fn a_block_is_timely_until_its_grace_is_over_whatever_the_clock() {
        let slot: Slot = "2028-02-29T23:59:00Z".parse().unwrap();
        let timely = |seconds: i64| {
            let written_at = slot.start() + SignedDuration::from_secs(seconds);
            let region = "us-east-1".parse().unwrap();
            Block { shard: ShardId(0), slot, region, written_at, signals: Vec::new() }.is_timely()
        };
        // A clock that is behind stamps a block before its slot begins.
        assert!(timely(-60) && timely(3) && timely(90) && !timely(91));
    }

    #[test]
    fn the_text_is_as_documented() {
        let text = "2;7f3k2a,,1,3,8,25,31;9x2m4c,d:timeout,2,4,,,10000;a1b2c3,g200:slow,1,2,,90,94,,12,,0.5";
        let signals = decode(ShardId(0), text).unwrap();
        assert_eq!((signals[0].outcome, signals[0].status), USUAL);
        assert_eq!(signals[1].outcome, Outcome::Down(Reason::Timeout));
        assert_eq!(signals[2].metrics.len(), 3);
        assert_eq!(encode(&signals), text);
        assert_eq!(encode(&[]), "2");
        for bad in [
            "",
            "1",
            "2;",
            "2;7f3k2a,x",
            "2;7f3k2a,u70000",
            "2;7f3k2a,d:whim",
            "2;7f3k2a,d",
            "2;7f3k2a,u:slow",
            "2;7f3k2a,,a",
            "2;7f3k2a,,1,1,1,1,1,1,1,1,1,1,1",
        ] {
            assert!(decode(ShardId(0), bad).is_err(), "{bad}");
        }
    }
}
