//! The file of monitors: YAML read, checked as a whole, and everything wrong in it told at once.

use std::collections::HashMap;
use std::fmt;

use shared::Invalid;
use shared::monitor::{Interval, MAX_INTERVAL_MINUTES, MonitorName, TargetUrl};

use super::located::{Located, Node, parse};

/// Largest file, in bytes: 10,000 monitors of 100 bytes.
pub const MAX_BYTES: usize = 1_000_000;

/// Most monitors in one file.
pub const MAX_MONITORS: usize = 10_000;

/// Problems that are shown; the rest is counted.
const SHOWN: usize = 50;

/// One monitor as the file wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What people call it: what the file and the table are compared by.
    pub name: MonitorName,
    /// What is checked.
    pub url: TargetUrl,
    /// How often; every minute unless the file says otherwise.
    pub interval_minutes: Interval,
    /// Whether anonymous readers see it; no unless the file says otherwise.
    pub public: bool,
}

/// Everything that is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub struct FileError {
    /// The file's name, as it was given.
    file: String,
    problems: Vec<Problem>,
}

/// One thing that is wrong, and where.
#[derive(Debug)]
struct Problem {
    line: Option<u64>,
    what: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "{}: {count} {noun}, so nothing was written", self.file)?;
        for problem in self.problems.iter().take(SHOWN) {
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

/// Reads a file of monitors; `file` names it in the error.
///
/// # Errors
/// Names each problem with its line, its field, what was expected and what came.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<Wanted>, FileError> {
    let mut reader = Reader::default();
    reader.read(bytes);
    if reader.problems.is_empty() {
        return Ok(reader.wanted);
    }
    // A stable sort: the problems of one line stay in the order of the fields.
    reader.problems.sort_by_key(|problem| problem.line);
    Err(FileError { file: file.to_owned(), problems: reader.problems })
}

/// Collects monitors and problems.
#[derive(Default)]
struct Reader {
    wanted: Vec<Wanted>,
    problems: Vec<Problem>,
    /// The line of each name, wherever else its monitor is wrong.
    names: HashMap<MonitorName, u64>,
}

impl Reader {
    fn wrong(&mut self, line: impl Into<Option<u64>>, what: impl Into<String>) {
        self.problems.push(Problem { line: line.into(), what: what.into() });
    }

    fn read(&mut self, bytes: &[u8]) {
        if bytes.len() > MAX_BYTES {
            return self.wrong(None, format!("expected at most {MAX_BYTES} bytes, got more"));
        }
        let parsed = std::str::from_utf8(bytes)
            .map_err(|error| {
                format!("expected UTF-8, got something else behind byte {}", error.valid_up_to())
            })
            .and_then(|text| parse(text).map_err(|error| format!("expected YAML: {error}")));
        match parsed {
            Ok(root) => self.root(root),
            Err(error) => self.wrong(None, error),
        }
    }

    /// The whole document: one key with the list.
    fn root(&mut self, root: Located<Node>) {
        const EXPECTED: &str = "expected the key `monitors` with a list of monitors";
        let Node::Map(fields) = root.value else {
            return self.wrong(root.line, format!("{EXPECTED}, got {}", root.value.kind()));
        };
        let mut found = false;
        for (key, value) in fields {
            if key.value == "monitors" {
                found = true;
                self.list(value);
            } else {
                self.wrong(key.line, format!("{EXPECTED}, got the key {:?}", cut(&key.value)));
            }
        }
        if !found && self.problems.is_empty() {
            self.wrong(root.line, EXPECTED);
        }
    }

    fn list(&mut self, list: Located<Node>) {
        match list.value {
            Node::List(entries) if entries.len() > MAX_MONITORS => {
                let got = entries.len();
                self.wrong(
                    list.line,
                    format!("monitors: expected at most {MAX_MONITORS} monitors, got {got}"),
                );
            }
            Node::List(entries) => {
                for (index, entry) in entries.into_iter().enumerate() {
                    let wanted = self.entry(&format!("monitors[{index}]"), entry);
                    self.wanted.extend(wanted);
                }
            }
            other => self.wrong(list.line, format!("monitors: expected a list, got {}", other.kind())),
        }
    }

    /// One entry of the list; `None` when something is wrong with it.
    fn entry(&mut self, place: &str, entry: Located<Node>) -> Option<Wanted> {
        let Node::Map(fields) = entry.value else {
            let what = format!("{place}: expected a monitor with name and url, got {}", entry.value.kind());
            self.wrong(entry.line, what);
            return None;
        };
        let (mut name, mut url) = (Field::Missing, Field::Missing);
        let (mut interval_minutes, mut public) = (Field::Missing, Field::Missing);
        for (key, value) in fields {
            let at = format!("{place}.{}", cut(&key.value));
            match key.value.as_str() {
                "name" => name = self.field(&at, &value, |v| text(v)?.parse().map_err(shown)),
                "url" => url = self.field(&at, &value, |v| text(v)?.parse().map_err(shown)),
                "interval_minutes" => interval_minutes = self.field(&at, &value, interval),
                "public" => public = self.field(&at, &value, boolean),
                _ => self.wrong(
                    key.line,
                    format!("{at}: expected name, url, interval_minutes or public, got an unknown key"),
                ),
            }
            if let ("name", Field::Found(name)) = (key.value.as_str(), &name) {
                self.once(&at, name, value.line);
            }
        }
        for (field, missing) in [("name", name.is_missing()), ("url", url.is_missing())] {
            if missing {
                self.wrong(entry.line, format!("{place}.{field}: expected one, got none"));
            }
        }
        Some(Wanted {
            name: name.or(None)?,
            url: url.or(None)?,
            interval_minutes: interval_minutes.or(Some(Interval::default()))?,
            public: public.or(Some(false))?,
        })
    }

    fn field<T>(
        &mut self,
        at: &str,
        value: &Located<Node>,
        read: impl Fn(&Node) -> Result<T, String>,
    ) -> Field<T> {
        match read(&value.value) {
            Ok(value) => Field::Found(value),
            Err(error) => {
                self.wrong(value.line, format!("{at}: {error}"));
                Field::Wrong
            }
        }
    }

    /// Two monitors of one name could not be told apart.
    fn once(&mut self, at: &str, name: &MonitorName, line: u64) {
        match self.names.get(name) {
            Some(first) => {
                let what =
                    format!("{at}: expected each name once, got {:?} of line {first} again", name.as_str());
                self.wrong(line, what);
            }
            None => {
                self.names.insert(name.clone(), line);
            }
        }
    }
}

/// What became of one field of an entry.
enum Field<T> {
    Missing,
    Wrong,
    Found(T),
}

impl<T> Field<T> {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The value; `default` where the file says nothing.
    fn or(self, default: Option<T>) -> Option<T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Missing => default,
            Self::Wrong => None,
        }
    }
}

fn text(node: &Node) -> Result<&str, String> {
    match node {
        Node::Text(text) => Ok(text),
        Node::Whole(_) | Node::Float(_) | Node::Bool(_) => {
            Err(format!("expected a text, got {node}: put it in quotes"))
        }
        other => Err(format!("expected a text, got {other}")),
    }
}

fn interval(node: &Node) -> Result<Interval, String> {
    let minutes = match node {
        Node::Whole(minutes) => u32::try_from(*minutes).ok(),
        _ => None,
    };
    minutes
        .and_then(|minutes| Interval::try_from(minutes).ok())
        .ok_or_else(|| format!("expected whole minutes from 1 to {MAX_INTERVAL_MINUTES}, got {node}"))
}

fn boolean(node: &Node) -> Result<bool, String> {
    match node {
        Node::Bool(value) => Ok(*value),
        other => Err(format!("expected true or false, got {other}")),
    }
}

fn shown(error: Invalid) -> String {
    error.to_string()
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
