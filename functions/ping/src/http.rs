//! A check over HTTP: by the method that its monitor names, or by HEAD and GET where HEAD does not settle it; retries
//! where a failure came fast, all of it inside one time budget; then the answer is compared with what is expected.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use shared::monitor::{self, Check, HttpCheck};
use shared::signal::{Outcome, Phases, Reason};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::certificate::Certificate;
use crate::check::{Checker, Finding, Job, ms};
use crate::connect::Connect;
use crate::expect::{Answer, Verdict, has_patterns, judge};
use crate::request::Ask;
use crate::resolve::Resolve;
use crate::retry::{Retries, broke_fast};

/// How long the patterns of one check may be searched, beside the time budget.
const PATTERNS: Duration = Duration::from_millis(400);

/// What one method knows so far, kept outside its attempts so that it outlives the end of their time.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) status: Option<u16>,
    pub(crate) phases: Phases,
    /// The certificate of the last hop that had one, where the check looks at it.
    pub(crate) certificate: Option<Certificate>,
    /// Whether a request, or part of one, may have reached the target.
    pub(crate) sent: bool,
    /// Told when a request is without its answer for longer than [`crate::Limits::patience`].
    pub(crate) overdue: Arc<Notify>,
}

/// One method's part of a check.
struct Part<'a> {
    job: &'a Job,
    check: &'a HttpCheck,
    method: Method,
    /// Whether GET has the last word on bad answers.
    left_to_get: bool,
    start: Instant,
    deadline: Instant,
}

impl<R: Resolve, C: Connect> Checker<R, C> {
    /// What the monitor's method finds.
    pub(crate) async fn http(&self, job: &Job, check: &HttpCheck, start: Instant) -> Finding {
        if check.credentials.is_some() && job.credentials.is_none() {
            return Finding::of(Outcome::Unknown(Reason::Configuration));
        }
        let deadline = start + self.limits.total;
        let part = |method| Part { job, check, method, left_to_get: false, start, deadline };
        // Browsers open pages with GET, and what is to be kept awake may not even hear of a HEAD.
        let needs_get = check.body.is_some() || check.needs_body() || check.browser || job.monitor.keep_warm;
        let method = match check.method {
            monitor::Method::Auto if !needs_get => {
                let head = Part { left_to_get: true, ..part(Method::HEAD) };
                return self.head_or_get(&head, &part(Method::GET)).await;
            }
            monitor::Method::Auto | monitor::Method::Get => Method::GET,
            monitor::Method::Head => Method::HEAD,
            monitor::Method::Post => Method::POST,
            monitor::Method::Put => Method::PUT,
            monitor::Method::Patch => Method::PATCH,
            monitor::Method::Delete => Method::DELETE,
            monitor::Method::Options => Method::OPTIONS,
        };
        self.ask(&part(method), Progress::default()).await
    }

    /// HEAD's verdict where it is up or no answer at all, else GET's: many servers refuse HEAD, answer it wrongly,
    /// hang up on it or never answer it. While HEAD is merely overdue it goes on beside GET, because a slow page is
    /// up too.
    async fn head_or_get(&self, head: &Part<'_>, get: &Part<'_>) -> Finding {
        let progress = Progress::default();
        let overdue = Arc::clone(&progress.overdue);
        let mut head = pin!(self.ask(head, progress));
        let ended = tokio::select! {
            biased;
            finding = &mut head => Some(finding),
            () = overdue.notified() => None,
        };
        let goes_on = ended.is_none();
        if let Some(finding) = ended
            && !is_bad_answer(finding.outcome)
        {
            return finding;
        }
        // Boxed: most checks do not come this far.
        let get = Box::pin(self.ask(get, Progress::default()));
        tokio::select! {
            biased;
            good @ Finding { outcome: Outcome::Up | Outcome::Degraded(_), .. } = &mut head, if goes_on => good,
            finding = get => finding,
        }
    }

    /// What one method finds until the deadline.
    async fn ask(&self, part: &Part<'_>, mut progress: Progress) -> Finding {
        let ended = timeout_at(part.deadline, self.attempts(part, &mut progress)).await;
        // From here on the time is ours, not the target's.
        progress.phases.total_ms = Some(ms(part.start.elapsed()));
        let (outcome, metrics) = match ended.unwrap_or(Err(Outcome::Down(Reason::Timeout))) {
            Err(outcome) => (outcome, Vec::new()),
            Ok(answer) => {
                let Verdict { outcome, metrics } = self.verdict(part, answer).await;
                (outcome, metrics)
            }
        };
        let certificate_days =
            progress.certificate.map(|certificate| certificate.days_left(Timestamp::now()));
        let runs_out = certificate_days < part.check.expect.certificate_days && certificate_days.is_some();
        let outcome = match outcome {
            Outcome::Up if runs_out => Outcome::Degraded(Reason::Certificate),
            outcome => outcome,
        };
        Finding { outcome, status: progress.status, phases: progress.phases, certificate_days, metrics }
    }

    async fn attempts(&self, part: &Part<'_>, progress: &mut Progress) -> Result<Answer, Outcome> {
        let mut retries = Retries::of(part.job, &self.limits, part.deadline);
        loop {
            let ask = Ask::new(part.job, part.check, part.method.clone());
            let ended = self.follow(part.job, ask, progress).await;
            let Err(outcome) = ended else { return ended };
            let server_error = outcome == Outcome::Down(Reason::Status)
                && progress.status.is_some_and(|status| (500..600).contains(&status));
            // Asking again is GET's business then.
            let left_to_get = part.left_to_get && is_bad_answer(outcome);
            // An order must not be placed twice because the first answer was lost.
            let may_repeat = part.method.is_safe() || !progress.sent;
            let again = (broke_fast(outcome) || server_error) && may_repeat && !left_to_get;
            if !again || !retries.another().await {
                return ended;
            }
        }
    }

    /// Compares the answer with what is expected of it. Patterns are searched on a thread of their own, so that the
    /// checks that go on meanwhile keep their time; what is not done in time says nothing of the target.
    async fn verdict(&self, part: &Part<'_>, answer: Answer) -> Verdict {
        // Somewhat longer than anybody waits: a verdict that was given up on is not heard.
        let until = Instant::now() + PATTERNS + Duration::from_millis(100);
        if !has_patterns(&part.check.expect) {
            return judge(part.check, &answer, until);
        }
        let monitor = Arc::clone(&part.job.monitor);
        let search = tokio::task::spawn_blocking(move || match &monitor.check {
            Check::Http(check) => Some(judge(check, &answer, until)),
            Check::Tcp(_) | Check::Tls(_) | Check::Dns(_) | Check::Heartbeat(_) => None,
        });
        let verdict = timeout(PATTERNS, search).await.ok().and_then(Result::ok).flatten();
        verdict.unwrap_or(Verdict { outcome: Outcome::Unknown(Reason::Network), metrics: Vec::new() })
    }
}

/// Whether the target answered, but not as it should.
fn is_bad_answer(outcome: Outcome) -> bool {
    use Reason::{Body, Header, Protocol, Redirect, Reset, Status};
    matches!(outcome, Outcome::Down(Status | Header | Redirect | Protocol | Reset | Body))
}
