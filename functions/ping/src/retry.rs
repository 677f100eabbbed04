//! Attempts after the first, inside the check's time budget.

use shared::signal::{Outcome, Reason};
use tokio::time::{Duration, Instant, sleep};

use crate::check::{Job, Limits};

/// The attempts that are left to a check.
#[derive(Debug)]
pub(crate) struct Retries {
    left: u32,
    pause: Duration,
    deadline: Instant,
}

impl Retries {
    /// As many as the monitor asks for, none when it was down already.
    pub(crate) fn of(job: &Job, limits: &Limits, deadline: Instant) -> Self {
        Self { left: job.retries(), pause: limits.backoff, deadline }
    }

    /// Waits until it is time for another attempt, twice as long as before the last one; `false` at once where none
    /// is left or the budget has no room for it.
    pub(crate) async fn another(&mut self) -> bool {
        if self.left == 0 || Instant::now() + self.pause >= self.deadline {
            return false;
        }
        sleep(self.pause).await;
        self.left -= 1;
        self.pause = self.pause.saturating_mul(2);
        true
    }
}

/// Whether another attempt may find something else. Never after a timeout: the next slot confirms it.
pub(crate) fn broke_fast(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Down(Reason::Refused | Reason::Reset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(retries: u8, was_down: bool, backoff_ms: u64, budget_ms: u64) -> Retries {
        let mut monitor = ::tests::example::monitor("s0-aaaaaa");
        monitor.retries = retries.try_into().unwrap();
        let limits = Limits { backoff: Duration::from_millis(backoff_ms), ..Limits::default() };
        let deadline = Instant::now() + Duration::from_millis(budget_ms);
        Retries::of(&Job { was_down, ..Job::of(monitor) }, &limits, deadline)
    }

    /// How many further attempts there are, and the ms that they waited for in all.
    async fn all(mut retries: Retries) -> (usize, u128) {
        let (start, mut attempts) = (Instant::now(), 0);
        while retries.another().await {
            attempts += 1;
        }
        (attempts, start.elapsed().as_millis())
    }

    #[tokio::test]
    async fn each_pause_is_twice_the_last_and_all_are_inside_the_budget() {
        let (attempts, waited_ms) = all(retries(5, false, 2, 60_000)).await;
        assert!(attempts == 5 && waited_ms >= 2 + 4 + 8 + 16 + 32, "{attempts} in {waited_ms} ms");
        // 100 and 200 ms; 400 more are not left.
        let (attempts, waited_ms) = all(retries(5, false, 100, 600)).await;
        assert!(attempts == 2 && waited_ms < 600, "{attempts} in {waited_ms} ms");
        assert_eq!(all(retries(0, false, 1, 60_000)).await.0, 0);
        assert_eq!(
            all(retries(5, true, 1, 60_000)).await.0,
            0,
            "what was down is confirmed by the next slot"
        );
    }
}
