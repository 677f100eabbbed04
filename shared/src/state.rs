//! What `judge` remembers of each monitor of a shard, packed into one text.
//!
//! The text is `1` (its format version), then one entry per monitor, each introduced by `;`:
//! `id,state,since,streaks,incident,flags,changes`. The id is its suffix alone where it is of this shard. The state is
//! a letter (`u` up, `g` degraded, `d` down, `n` unknown), then what was last wrong: the status code, a colon with the
//! reason, and the regions, each after a dot. Slots are minutes since 1970. Streaks are four, separated by dots: `0`,
//! or a length, `@`, and how many minutes after `since` it began. Changes are separated by dots; flags are `f` flapping
//! and `h` closed by hand.
//! Example: `1;7f3k2a,u,29000000,0.0.10@0.10@0;9x2m4c,d502:status.eu-west-1,29000100,2@0.2@0.0.0,29000101`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::monitor::{MonitorId, ShardId};
use crate::schedule::Slot;
use crate::signal::Reason;
use crate::text::Invalid;
use crate::verdict::Why;

/// Format version of the text written here.
const VERSION: &str = "1";

/// How a monitor fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It serves its visitors.
    Up,
    /// It answers, but something about it needs looking after.
    Degraded,
    /// It does not serve its visitors.
    Down,
    /// Nobody looks.
    Paused,
    /// It is being worked on: checks go on, and open no incident.
    Maintenance,
    /// Nothing has been found out.
    Unknown,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Paused => "paused",
            Self::Maintenance => "maintenance",
            Self::Unknown => "unknown",
        })
    }
}

/// Slots in a row, of those in which the monitor was due and known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many, never 0; counted up to the longest streak that can be asked for, so that nothing changes while
    /// nothing happens.
    pub slots: u8,
    /// The first of them.
    pub from: Slot,
}

/// What the last slots said of a monitor; `None` where the last one said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Streaks {
    /// Down.
    pub down: Option<Run>,
    /// Down or degraded.
    pub bad: Option<Run>,
    /// Up or degraded.
    pub good: Option<Run>,
    /// Up.
    pub up: Option<Run>,
}

/// What `judge` remembers of one monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorState {
    /// Up, degraded, down or unknown: paused and maintenance are known from the configuration.
    pub state: State,
    /// The slot that the state began to be true in: the first of the streak that confirmed it.
    pub since: Slot,
    /// Why it is degraded or down, seen from where; of one that is up, what was wrong in the last 15 minutes.
    pub why: Option<Why>,
    /// What the last slots said.
    pub streaks: Streaks,
    /// Slots of the last 15 minutes in which it changed between down and not down, oldest first.
    pub changes: Vec<Slot>,
    /// Its open incident, by the slot it was opened in.
    pub incident: Option<Slot>,
    /// Whether it changes too often for its incident to close.
    pub flapping: bool,
    /// Whether its incident was closed by hand: none is opened until it has recovered.
    pub closed_by_hand: bool,
}

impl MonitorState {
    /// Of a monitor that nothing is known of.
    pub fn unknown(since: Slot) -> Self {
        Self {
            state: State::Unknown,
            since,
            why: None,
            streaks: Streaks::default(),
            changes: Vec::new(),
            incident: None,
            flapping: false,
            closed_by_hand: false,
        }
    }
}

/// What `judge` remembers of a shard's monitors, and of their parents in other shards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShardState {
    /// By id.
    pub monitors: BTreeMap<MonitorId, MonitorState>,
}

/// The state as one text, as it belongs to this shard.
pub fn encode(shard: ShardId, state: &ShardState) -> String {
    let mut text = VERSION.to_owned();
    for (id, monitor) in &state.monitors {
        text.push(';');
        text.push_str(&encode_entry(shard, id, monitor));
    }
    text
}

fn encode_entry(shard: ShardId, id: &MonitorId, m: &MonitorState) -> String {
    let id = if id.shard() == shard { id.suffix().to_owned() } else { id.to_string() };
    let letter = match m.state {
        State::Up => "u",
        State::Degraded => "g",
        State::Down => "d",
        State::Paused | State::Maintenance | State::Unknown => "n",
    };
    let why = m.why.as_ref().map(encode_why).unwrap_or_default();
    let Streaks { down, bad, good, up } = m.streaks;
    let streaks = [down, bad, good, up].map(|run| match run {
        Some(run) => format!("{}@{}", run.slots, run.from.minutes().saturating_sub(m.since.minutes())),
        None => "0".to_owned(),
    });
    let streaks = streaks.join(".");
    let incident = m.incident.map(|slot| slot.minutes().to_string()).unwrap_or_default();
    let flags = format!("{}{}", if m.flapping { "f" } else { "" }, if m.closed_by_hand { "h" } else { "" });
    let changes: Vec<String> = m.changes.iter().map(|slot| slot.minutes().to_string()).collect();
    let since = m.since.minutes();
    let entry = format!("{id},{letter}{why},{since},{streaks},{incident},{flags},{}", changes.join("."));
    entry.trim_end_matches(',').to_owned()
}

fn encode_why(why: &Why) -> String {
    let status = why.status.map(|status| status.to_string()).unwrap_or_default();
    let regions: String = why.regions.iter().map(|region| format!(".{region}")).collect();
    format!("{status}:{}{regions}", why.reason)
}

/// The state of a text, which belongs to this shard.
///
/// # Errors
/// When it is not as [`encode`] writes it.
pub fn decode(shard: ShardId, text: &str) -> Result<ShardState, Invalid> {
    let mut entries = text.split(';');
    if entries.next() != Some(VERSION) {
        return Err(Invalid::new("a shard's state of format 1", text));
    }
    let monitors = entries.map(|entry| {
        decode_entry(shard, entry)
            .ok_or_else(|| Invalid::new("an entry such as 7f3k2a,u,29000000,0.0.2.2", entry))
    });
    Ok(ShardState { monitors: monitors.collect::<Result<_, _>>()? })
}

fn decode_entry(shard: ShardId, entry: &str) -> Option<(MonitorId, MonitorState)> {
    let mut fields = entry.split(',');
    let id = fields.next()?;
    let id = if id.contains('-') { id.parse().ok()? } else { MonitorId::new(shard, id).ok()? };
    let (letter, why) = fields.next()?.split_at_checked(1)?;
    let state = match letter {
        "u" => State::Up,
        "g" => State::Degraded,
        "d" => State::Down,
        "n" => State::Unknown,
        _ => return None,
    };
    let why = if why.is_empty() { None } else { Some(decode_why(why)?) };
    let slot = |text: &str| text.parse().ok().map(Slot::of_minutes);
    let since = slot(fields.next()?)?;
    let runs: Vec<Option<Run>> =
        fields.next()?.split('.').map(|run| decode_run(run, since)).collect::<Option<_>>()?;
    let [down, bad, good, up] = runs[..] else { return None };
    let incident = match fields.next().unwrap_or_default() {
        "" => None,
        text => Some(slot(text)?),
    };
    let (flapping, closed_by_hand) = match fields.next().unwrap_or_default() {
        "" => (false, false),
        "f" => (true, false),
        "h" => (false, true),
        "fh" => (true, true),
        _ => return None,
    };
    let changes = match fields.next().unwrap_or_default() {
        "" => Vec::new(),
        text => text.split('.').map(slot).collect::<Option<_>>()?,
    };
    if fields.next().is_some() {
        return None;
    }
    let streaks = Streaks { down, bad, good, up };
    Some((id, MonitorState { state, since, why, streaks, changes, incident, flapping, closed_by_hand }))
}

fn decode_why(text: &str) -> Option<Why> {
    let (status, rest) = text.split_once(':')?;
    let status = if status.is_empty() { None } else { Some(status.parse().ok()?) };
    let mut names = rest.split('.');
    let reason = Reason::from_str(names.next()?).ok()?;
    let regions = names.map(str::parse).collect::<Result<_, _>>().ok()?;
    Some(Why { reason, status, regions })
}

/// `0` is no run; the outer `None` is no text of a run.
fn decode_run(text: &str, since: Slot) -> Option<Option<Run>> {
    if text == "0" {
        return Some(None);
    }
    let (slots, minutes) = text.split_once('@')?;
    let slots = slots.parse().ok().filter(|slots| *slots > 0)?;
    Some(Some(Run { slots, from: since.plus(minutes.parse().ok()?) }))
}

#[cfg(test)]
mod tests {
    use proptest::option::of;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn slots() -> impl Strategy<Value = Slot> {
        (0i64..40_000_000).prop_map(Slot::of_minutes)
    }

    fn whys() -> impl Strategy<Value = Why> {
        let reason = select(Reason::ALL.map(|(reason, _)| reason).to_vec());
        let regions =
            proptest::collection::vec("[a-z]{2}-[a-z]{4}-[1-9]".prop_map(|r| r.parse().unwrap()), 1..4);
        (reason, of(any::<u16>()), regions).prop_map(|(reason, status, regions)| Why {
            reason,
            status,
            regions,
        })
    }

    fn runs() -> impl Strategy<Value = Option<Run>> {
        of((1u8..=10, slots()).prop_map(|(slots, from)| Run { slots, from }))
    }

    fn entries() -> impl Strategy<Value = (MonitorId, MonitorState)> {
        let id = ("[a-z0-9]{6}", 0u16..3).prop_map(|(suffix, shard)| MonitorId::new(ShardId(shard), &suffix));
        let state = select(vec![State::Up, State::Degraded, State::Down, State::Unknown]);
        let streaks = (runs(), runs(), runs(), runs()).prop_map(|(down, bad, good, up)| Streaks {
            down,
            bad,
            good,
            up,
        });
        let changes = proptest::collection::vec(slots(), 0..16);
        let about = (of(slots()), changes, any::<[bool; 2]>());
        (id, state, slots(), of(whys()), streaks, about).prop_map(
            |(id, state, since, why, streaks, about)| {
                let (incident, changes, [flapping, closed_by_hand]) = about;
                (
                    id.unwrap(),
                    MonitorState { state, since, why, streaks, changes, incident, flapping, closed_by_hand },
                )
            },
        )
    }

    #[test]
    fn the_text_is_as_documented() {
        let text =
            "1;7f3k2a,u,29000000,0.0.10@0.10@0;9x2m4c,d502:status.eu-west-1,29000100,2@0.2@-1.0.0,29000101";
        let state = decode(ShardId(0), text).unwrap();
        let down = &state.monitors[&"s0-9x2m4c".parse().unwrap()];
        assert_eq!(down.why.as_ref().map(|why| (why.reason, why.status)), Some((Reason::Status, Some(502))));
        assert_eq!(down.streaks.bad, Some(Run { slots: 2, from: Slot::of_minutes(29_000_099) }));
        assert_eq!(encode(ShardId(0), &state), text);
        for bad in [
            "",
            "2",
            "1;",
            "1;7f3k2a,u",
            "1;7f3k2a,x,1,0.0.0.0",
            "1;7f3k2a,u,1,0.0.0",
            "1;7f3k2a,u,1,0@1.0.0.0",
        ] {
            assert!(decode(ShardId(0), bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_state_survives_its_text(monitors in proptest::collection::btree_map("[a-z]", entries(), 0..20)) {
            let state = ShardState { monitors: monitors.into_values().collect() };
            prop_assert_eq!(decode(ShardId(1), &encode(ShardId(1), &state)), Ok(state));
        }

        #[test]
        fn any_text_is_decoded_or_refused(text in "(1;)?[a-z0-9,;:.@-]{0,80}") {
            let _ = decode(ShardId(0), &text);
        }
    }
}
