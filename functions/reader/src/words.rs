//! Reasons and times in words, for the status page.

use shared::schedule::Slot;
use shared::signal::Reason;

/// Why a check did not find its target up, with the status code it saw: `unexpected status 503`.
pub(crate) fn why(reason: Reason, status: Option<u16>) -> String {
    let words = match reason {
        Reason::Dns => "its name has no address",
        Reason::Refused => "connection refused",
        Reason::Unreachable => "its network cannot be reached",
        Reason::ConnectTimeout => "no connection in time",
        Reason::Tls => "no secure connection",
        Reason::Reset => "connection broken off",
        Reason::Timeout => "no whole answer in time",
        Reason::Protocol => "the answer is not HTTP",
        Reason::Status => "unexpected status",
        Reason::Redirect => "redirects lead nowhere",
        Reason::Body => "the answer cannot be read",
        Reason::Keyword => "the answer's text is not as expected",
        Reason::Header => "a header of the answer is not as expected",
        Reason::Json => "a value of the answer is not as expected",
        Reason::Answer => "the name servers' answer is not as expected",
        Reason::Certificate => "the certificate is not as expected",
        Reason::Slow => "slow",
        Reason::Late => "its beat is late",
        Reason::Reported => "it says so itself",
        Reason::Network => "our own network failed",
        Reason::Ipv6 => "no way out over IPv6",
        Reason::Configuration => "its configuration is not valid",
        Reason::NoBeat => "no beat has come yet",
    };
    match (reason, status) {
        (Reason::Status, Some(code)) => format!("{words} {code}"),
        _ => words.to_owned(),
    }
}

/// The slot's time in UTC, `14:25`, with the day where that is not today: `2026-11-20 14:25`.
pub(crate) fn time(slot: Slot, now: Slot) -> String {
    let time = slot.hour_minute();
    if slot.date() == now.date() { time } else { format!("{} {time}", slot.date()) }
}

/// So many minutes: `1 minute`, `90 minutes`, `26 hours`, `4 days`; rounded down where the unit is larger.
pub(crate) fn minutes(minutes: i64) -> String {
    let (count, unit) = match minutes {
        ..120 => (minutes, "minute"),
        120..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{s}")
}

/// A share of 0 to 1 as `99.98 %`. Never 100 where something is missing.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.2} %", share * 100.0);
    if share < 1.0 && text == "100.00 %" { "99.99 %".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_another_day_says_which() {
        let now: Slot = "2026-11-21T00:01:00Z".parse().unwrap();
        assert_eq!([now, now.plus(-2)].map(|slot| time(slot, now)), ["00:01", "2026-11-20 23:59"]);
    }

    #[test]
    fn durations_are_told_in_the_unit_that_fits() {
        let told = [0, 1, 119, 120, 2_879, 2_880].map(minutes);
        assert_eq!(told, ["0 minutes", "1 minute", "119 minutes", "2 hours", "47 hours", "2 days"]);
    }

    #[test]
    fn almost_all_is_not_all() {
        let told = [1.0, 0.999_999, 0.5, 0.0].map(percent);
        assert_eq!(told, ["100.00 %", "99.99 %", "50.00 %", "0.00 %"]);
    }
}
