//! What a file could not take over, for people.

use std::io::{self, Write};

use crate::table::{counted, harmless};

/// What a file could not take over, monitor by monitor. Never holds a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// About all of them, each thing once.
    file: Vec<Note>,
    monitors: Vec<Of>,
    read: u64,
    written: u64,
}

/// What there is to say of one monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Of {
    name: String,
    is_written: bool,
    notes: Vec<Note>,
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// The field that it is about, as the source calls it.
    pub(crate) field: String,
    /// What became of it and why.
    pub(crate) what: String,
}

impl Note {
    pub(crate) fn new(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self { field: field.into(), what: what.into() }
    }
}

impl Report {
    /// Notes something about the whole file, once.
    pub(crate) fn file(&mut self, field: &str, what: &str) {
        let note = Note::new(field, what);
        if !self.file.contains(&note) {
            self.file.push(note);
        }
    }

    /// Counts a monitor that was read, and says what is not as it was; `name` is what people find it by.
    pub(crate) fn monitor(&mut self, name: impl Into<String>, is_written: bool, notes: Vec<Note>) {
        self.read += 1;
        self.written += u64::from(is_written);
        if !(notes.is_empty() && is_written) {
            self.monitors.push(Of { name: name.into(), is_written, notes });
        }
    }

    /// Prints a paragraph for each monitor that is not as it was, then a summary.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let note = |out: &mut dyn Write, note: &Note| {
            writeln!(out, "  {}: {}", harmless(&note.field), harmless(&note.what))
        };
        for Of { name, is_written, notes } in &self.monitors {
            writeln!(out, "{}{}", harmless(name), if *is_written { "" } else { " (left out)" })?;
            notes.iter().try_for_each(|said| note(out, said))?;
        }
        if !self.file.is_empty() {
            writeln!(out, "all of it")?;
            self.file.iter().try_for_each(|said| note(out, said))?;
        }
        let notes = self.file.len() + self.monitors.iter().map(|of| of.notes.len()).sum::<usize>();
        let (read, left_out) = (counted(self.read, "monitor"), self.read - self.written);
        let notes = counted(notes.try_into().unwrap_or(u64::MAX), "note");
        writeln!(out, "done: {read} read, {} written, {left_out} left out; {notes}", self.written)
    }
}
