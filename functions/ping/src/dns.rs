//! A question to the name servers, and whether the answers are those expected. What they lead to is not dialled.

use std::net::IpAddr;

use shared::monitor::DnsCheck;
use shared::signal::{Outcome, Phases, Reason};
use tokio::time::{Instant, timeout};

use crate::check::{Checker, Finding, ms};
use crate::connect::Connect;
use crate::resolve::Resolve;

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// Asks within the time for finding an address. A question is not repeated here: the resolver does that.
    pub(crate) async fn dns(&self, check: &DnsCheck) -> Finding {
        let start = Instant::now();
        let name = check.name.to_string();
        let asked = timeout(self.limits.connect, async {
            let _permit = self.lookups.acquire().await;
            self.resolver.records(&name, check.record).await
        });
        let answers = asked.await.unwrap_or(Err(Outcome::Down(Reason::Dns)));
        let dns_ms = answers.is_ok().then(|| ms(start.elapsed()));
        let outcome = answers.map_or_else(|outcome| outcome, |answers| judge(&check.expect, &answers));
        Finding { phases: Phases { dns_ms, ..Phases::default() }, ..Finding::of(outcome) }
    }
}

/// Up when everything expected is among the answers; any answer will do where nothing is.
fn judge(expected: &[String], answers: &[String]) -> Outcome {
    if answers.is_empty() {
        return Outcome::Down(Reason::Dns);
    }
    let answers: Vec<String> = answers.iter().map(|answer| plain(answer)).collect();
    if expected.iter().all(|wanted| answers.contains(&plain(wanted))) {
        Outcome::Up
    } else {
        Outcome::Down(Reason::Answer)
    }
}

/// The record without what makes no difference: case, the final dot of a name, quotation marks, the way an address is
/// written.
fn plain(record: &str) -> String {
    let record = record.trim();
    if let Ok(ip) = record.parse::<IpAddr>() {
        return ip.to_string();
    }
    let record = record.replace('"', "").to_lowercase();
    record.strip_suffix('.').unwrap_or(&record).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict(expected: &[&str], answers: &[&str]) -> Outcome {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        judge(&texts(expected), &texts(answers))
    }

    #[test]
    fn everything_expected_must_be_among_the_answers() {
        let answers = ["192.0.2.1", "192.0.2.2"];
        assert_eq!(verdict(&[], &answers), Outcome::Up);
        assert_eq!(verdict(&["192.0.2.2"], &answers), Outcome::Up);
        assert_eq!(verdict(&["192.0.2.2", "192.0.2.1"], &answers), Outcome::Up);
        assert_eq!(verdict(&["192.0.2.2", "192.0.2.3"], &answers), Outcome::Down(Reason::Answer));
        assert_eq!(verdict(&["192.0.2"], &answers), Outcome::Down(Reason::Answer));
        assert_eq!(verdict(&[], &[]), Outcome::Down(Reason::Dns));
        assert_eq!(verdict(&["192.0.2.1"], &[]), Outcome::Down(Reason::Dns));
    }

    #[test]
    fn what_makes_no_difference_makes_none() {
        for (wanted, answer) in [
            ("10 Mail.Shop.example", "10 mail.shop.example."),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("0 issue letsencrypt.org", "0 issue \"letsencrypt.org\""),
            ("\"v=spf1 -all\"", "v=spf1 -all"),
        ] {
            assert_eq!(verdict(&[wanted], &[answer]), Outcome::Up, "{wanted}");
        }
        assert_eq!(
            verdict(&["20 mail.shop.example"], &["10 mail.shop.example."]),
            Outcome::Down(Reason::Answer)
        );
    }

    proptest! {
        #[test]
        fn an_answer_always_is_what_it_is(answers in proptest::collection::vec("\\PC{1,30}", 1..4)) {
            prop_assert_eq!(judge(&answers, &answers), Outcome::Up);
        }
    }
}
