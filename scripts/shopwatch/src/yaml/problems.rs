//! What is wrong with a file, all of it.

use std::fmt;

/// Problems that are shown; the rest is counted.
const SHOWN: usize = 50;

/// Everything that is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problems}")]
pub struct FileError {
    /// The file's name, as it was given.
    pub(crate) file: String,
    /// What is wrong with it.
    pub(crate) problems: Problems,
}

/// Things that are wrong, each with its line. Never holds a secret of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

/// One thing that is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    line: Option<u64>,
    what: String,
}

impl Problems {
    /// Adds one.
    pub(crate) fn wrong(&mut self, line: impl Into<Option<u64>>, what: impl Into<String>) {
        self.0.push(Problem { line: line.into(), what: what.into() });
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The error of this file, if anything is wrong with it.
    ///
    /// # Errors
    /// When anything is.
    pub(crate) fn of_file(self, file: &str) -> Result<(), FileError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(FileError { file: file.to_owned(), problems: self })
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "{count} {noun}, so nothing was written")?;
        let mut sorted: Vec<&Problem> = self.0.iter().collect();
        // A stable sort: the problems of one line stay in the order of the fields.
        sorted.sort_by_key(|problem| problem.line);
        for problem in sorted.iter().take(SHOWN) {
            match problem.line {
                Some(line) => write!(f, "\n  line {line}: {}", problem.what)?,
                None => write!(f, "\n  {}", problem.what)?,
            }
        }
        if count > SHOWN {
            write!(f, "\n  … and {} more", count - SHOWN)?;
        }
        Ok(())
    }
}
