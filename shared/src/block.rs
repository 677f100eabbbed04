//! A block: one shard's signals in one region and slot, as one short text.
//!
//! The text is `1` (its format version), then one entry per signal, each introduced by `;`:
//! `suffix,outcome,status,dns,connect,tls,first byte,total` with times in ms and empty fields where there is
//! nothing to say. Outcomes: `u` up, `g` degraded, `b` blocked, `n` unknown ("no data"), `d:reason` down.
//! Example: `1;7f3k2a,u,200,1,3,8,25,31;9x2m4c,d:timeout,,2,4,,,10000`.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::monitor::{MonitorId, Region, ShardId};
use crate::schedule::Slot;
use crate::signal::{Outcome, Phases, Signal};
use crate::text::Invalid;

/// Format version of the text written here.
const VERSION: &str = "1";

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

impl Block {
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
        text.push_str(match signal.outcome {
            Outcome::Up => ",u",
            Outcome::Degraded => ",g",
            Outcome::Blocked => ",b",
            Outcome::Unknown => ",n",
            Outcome::Down(_) => ",d:",
        });
        if let Outcome::Down(reason) = signal.outcome {
            text.push_str(reason.as_str());
        }
        let p = signal.phases;
        let status = signal.status.map(u32::from);
        for field in [status, p.dns_ms, p.connect_ms, p.tls_ms, p.first_byte_ms, p.total_ms] {
            text.push(',');
            if let Some(number) = field {
                // Writing to a string cannot fail.
                let _ = write!(text, "{number}");
            }
        }
    }
    text
}

/// The signals of a block's text, which belongs to this shard.
pub fn decode(shard: ShardId, text: &str) -> Result<Vec<Signal>, Invalid> {
    let mut entries = text.split(';');
    if entries.next() != Some(VERSION) {
        return Err(Invalid::new("a block of format 1", text));
    }
    entries.map(|entry| decode_entry(shard, entry)).collect()
}

fn decode_entry(shard: ShardId, entry: &str) -> Result<Signal, Invalid> {
    let invalid = || Invalid::new("an entry such as 7f3k2a,u,200,1,3,8,25,31", entry);
    let fields: Vec<&str> = entry.split(',').collect();
    let [suffix, outcome, status, dns, connect, tls, first_byte, total] = fields[..] else {
        return Err(invalid());
    };
    let outcome = match outcome {
        "u" => Outcome::Up,
        "g" => Outcome::Degraded,
        "b" => Outcome::Blocked,
        "n" => Outcome::Unknown,
        other => Outcome::Down(other.strip_prefix("d:").ok_or_else(invalid)?.parse()?),
    };
    let number = |field: &str| match field {
        "" => Ok(None),
        digits => digits.parse::<u32>().map(Some).map_err(|_| invalid()),
    };
    let status = number(status)?.map(u16::try_from).transpose().map_err(|_| invalid())?;
    Ok(Signal {
        monitor: MonitorId::new(shard, suffix)?,
        outcome,
        status,
        phases: Phases {
            dns_ms: number(dns)?,
            connect_ms: number(connect)?,
            tls_ms: number(tls)?,
            first_byte_ms: number(first_byte)?,
            total_ms: number(total)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::option::of;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::signal::Reason;

    fn outcomes() -> impl Strategy<Value = Outcome> {
        let mut all = vec![Outcome::Up, Outcome::Degraded, Outcome::Blocked, Outcome::Unknown];
        all.extend(Reason::ALL.iter().map(|(reason, _)| Outcome::Down(*reason)));
        select(all)
    }

    fn signals() -> impl Strategy<Value = Signal> {
        let ms = || of(any::<u32>());
        ("[a-z0-9]{6}", outcomes(), of(any::<u16>()), [ms(), ms(), ms(), ms(), ms()]).prop_map(
            |(suffix, outcome, status, [dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms])| Signal {
                monitor: MonitorId::new(ShardId(3), &suffix).unwrap(),
                outcome,
                status,
                phases: Phases { dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms },
            },
        )
    }

    proptest! {
        #[test]
        fn a_block_survives_its_text(signals in proptest::collection::vec(signals(), 0..96)) {
            prop_assert_eq!(decode(ShardId(3), &encode(&signals)), Ok(signals));
        }

        #[test]
        fn any_text_is_decoded_or_refused(text in "(1;)?[a-z0-9,;:]{0,80}") {
            let _ = decode(ShardId(0), &text);
        }
    }

    #[test]
    fn the_text_is_as_documented() {
        let text = "1;7f3k2a,u,200,1,3,8,25,31;9x2m4c,d:timeout,,2,4,,,10000";
        let signals = decode(ShardId(0), text).unwrap();
        assert_eq!(signals[1].outcome, Outcome::Down(Reason::Timeout));
        assert_eq!(encode(&signals), text);
        assert_eq!(encode(&[]), "1");
        for bad in [
            "",
            "2",
            "1;",
            "1;7f3k2a,u,200",
            "1;7f3k2a,x,200,,,,,",
            "1;7f3k2a,u,70000,,,,,",
            "1;7f3k2a,d:whim,,,,,,",
        ] {
            assert!(decode(ShardId(0), bad).is_err(), "{bad}");
        }
    }
}
