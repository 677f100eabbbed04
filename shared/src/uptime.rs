//! Uptime: the one place of its formula.

use crate::signal::Outcome;

/// The share of checks that found the target available, 0 to 1: `up / (up + down)`, degraded counted as up.
/// Blocked and unknown checks say nothing of the target and are left out; `None` when nothing is left.
pub fn uptime(outcomes: impl IntoIterator<Item = Outcome>) -> Option<f64> {
    let (mut up, mut counted) = (0_u32, 0_u32);
    for available in outcomes.into_iter().filter_map(Outcome::is_available) {
        up += u32::from(available);
        counted += 1;
    }
    (counted > 0).then(|| f64::from(up) / f64::from(counted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Reason;

    #[test]
    fn unknown_is_not_down() {
        let down = Outcome::Down(Reason::Timeout);
        assert_eq!(uptime([Outcome::Up, Outcome::Degraded, Outcome::Up, down]), Some(0.75));
        assert_eq!(uptime([Outcome::Up, Outcome::Unknown, Outcome::Blocked]), Some(1.0));
        assert_eq!(uptime([Outcome::Unknown]), None);
        assert_eq!(uptime([]), None);
    }
}
