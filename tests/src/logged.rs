//! What a thread logs.

use std::fmt::{self, Debug, Write as _};
use std::sync::{Arc, Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Event, Level, Metadata, Subscriber};

/// Collects the fields of events and spans, a line for each; clones share them.
#[derive(Clone)]
pub struct Logged {
    at: Level,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Debug for Logged {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Logged at {}", self.at)
    }
}

impl Logged {
    /// Collects what this thread logs, at this level and above, while the guard lives.
    pub fn here(at: Level) -> (Self, DefaultGuard) {
        // With one subscriber in all, tracing asks the thread that meets a place first, and remembers for every thread that
        // nobody wanted it. With somebody everywhere it does not.
        static EVERYWHERE: Once = Once::new();
        EVERYWHERE.call_once(|| {
            let _ = tracing::subscriber::set_global_default(Everywhere);
        });
        let logged = Self { at, lines: Arc::default() };
        let guard = tracing::subscriber::set_default(logged.clone());
        (logged, guard)
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines so far, as one text.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    fn add(&self, record: impl FnOnce(&mut dyn Visit)) {
        let mut line = Line(String::new());
        record(&mut line);
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Logged {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.at
    }
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn event(&self, event: &Event<'_>) {
        self.add(|line| event.record(line));
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.add(|line| span.record(line));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        self.add(|line| values.record(line));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Wants everything, and keeps nothing.
struct Everywhere;

impl Subscriber for Everywhere {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn event(&self, _: &Event<'_>) {}
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
