//! A map of a file, read key by key: what is missing, wrong or unknown is told, and reading goes on.

use super::located::{Located, Node};
use super::problems::Problems;

/// Something is wrong, and has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told;

/// A map that is being read.
pub(crate) struct Entry<'p> {
    /// Where it is in the file: `monitors[0].expect`.
    place: String,
    line: u64,
    /// What was not asked for yet.
    fields: Vec<(Located<String>, Located<Node>)>,
    /// What was asked for.
    known: Vec<&'static str>,
    is_secret: bool,
    problems: &'p mut Problems,
}

impl<'p> Entry<'p> {
    /// The map at this place; `expected` says what it should be.
    pub(crate) fn of(
        place: String,
        node: Located<Node>,
        expected: &str,
        problems: &'p mut Problems,
    ) -> Result<Self, Told> {
        match node.value {
            Node::Map(fields) => {
                Ok(Self { place, line: node.line, fields, known: Vec::new(), is_secret: false, problems })
            }
            other => {
                problems.wrong(node.line, format!("{place}: expected {expected}, got {}", other.kind()));
                Err(Told)
            }
        }
    }

    /// The line it begins on.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Tells that something is wrong with the map as a whole.
    pub(crate) fn wrong(&mut self, what: &str) -> Told {
        self.problems.wrong(self.line, format!("{}: {what}", self.place));
        Told
    }

    /// Tells that something is wrong with a key that was read, or that is missing.
    pub(crate) fn wrong_at(&mut self, line: u64, key: &str, what: &str) -> Told {
        self.problems.wrong(line, format!("{}.{key}: {what}", self.place));
        Told
    }

    /// Its value of this key, to be read by hand.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Located<Node>> {
        self.known.push(key);
        let at = self.fields.iter().position(|(name, _)| name.value == key)?;
        Some(self.fields.remove(at).1)
    }

    /// The value of this key, if it has one.
    pub(crate) fn given<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Result<Option<T>, Told> {
        let Some(node) = self.take(key) else { return Ok(None) };
        read(&node.value).map(Some).map_err(|error| self.wrong_at(node.line, key, &error))
    }

    /// The value of this key.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Result<T, Told> {
        let found = self.given(key, read)?;
        found.ok_or_else(|| self.wrong_at(self.line, key, "expected one, got none"))
    }

    /// The value of this key, or its default.
    pub(crate) fn or_default<T: Default>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Result<T, Told> {
        Ok(self.given(key, read)?.unwrap_or_default())
    }

    /// The map behind this key, if it has one. `read` gets it, and [`Entry::finish`] is called behind it.
    pub(crate) fn map<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&mut Entry<'_>) -> Result<T, Told>,
    ) -> Result<Option<T>, Told> {
        let Some(node) = self.take(key) else { return Ok(None) };
        let mut inner = Entry::of(format!("{}.{key}", self.place), node, expected, self.problems)?;
        let value = read(&mut inner);
        inner.finish();
        value.map(Some)
    }

    /// The names and values of the map behind this key, in the file's order; at most `most`, none where it has none.
    pub(crate) fn pairs<T>(
        &mut self,
        key: &'static str,
        most: usize,
        mut read: impl FnMut(&str, &Node) -> Result<T, String>,
    ) -> Result<Vec<T>, Told> {
        let Some(node) = self.take(key) else { return Ok(Vec::new()) };
        let Node::Map(fields) = node.value else {
            let error = format!("expected a map, got {}", node.value.kind());
            return Err(self.wrong_at(node.line, key, &error));
        };
        self.few(node.line, key, most, fields.len())?;
        let read = fields.into_iter().map(|(name, value)| {
            read(&name.value, &value.value)
                .map_err(|error| self.wrong_at(value.line, &format!("{key}.{}", cut(&name.value)), &error))
        });
        all(read)
    }

    /// The values of the list behind this key, at most `most`; none where it has none.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        most: usize,
        mut read: impl FnMut(&Node) -> Result<T, String>,
    ) -> Result<Vec<T>, Told> {
        self.items(key, most, |place, node, problems| {
            read(&node.value).map_err(|error| {
                problems.wrong(node.line, format!("{place}: {error}"));
                Told
            })
        })
    }

    /// The entries of the list behind this key, each with its place; at most `most`, none where it has none.
    pub(crate) fn items<T>(
        &mut self,
        key: &'static str,
        most: usize,
        mut read: impl FnMut(String, Located<Node>, &mut Problems) -> Result<T, Told>,
    ) -> Result<Vec<T>, Told> {
        let Some(node) = self.take(key) else { return Ok(Vec::new()) };
        let Node::List(nodes) = node.value else {
            let error = format!("expected a list, got {}", node.value.kind());
            return Err(self.wrong_at(node.line, key, &error));
        };
        self.few(node.line, key, most, nodes.len())?;
        let place = format!("{}.{key}", self.place);
        let nodes = nodes.into_iter().enumerate();
        all(nodes.map(|(index, node)| read(format!("{place}[{index}]"), node, self.problems)))
    }

    fn few(&mut self, line: u64, key: &str, most: usize, got: usize) -> Result<(), Told> {
        if got > most {
            return Err(self.wrong_at(line, key, &format!("expected at most {most}, got {got}")));
        }
        Ok(())
    }

    /// Names no unknown key of it: what stands in its place may be a secret.
    pub(crate) fn keep_secret(&mut self) {
        self.is_secret = true;
    }

    /// Tells every key that nobody asked for.
    pub(crate) fn finish(&mut self) {
        let known = self.known.join(", ");
        for (key, _) in std::mem::take(&mut self.fields) {
            let place = if self.is_secret { String::new() } else { format!(".{}", cut(&key.value)) };
            let what = format!("{}{place}: expected one of {known}, got an unknown key", self.place);
            self.problems.wrong(key.line, what);
        }
    }
}

/// Every value, if all are right; each of them is read in any case.
fn all<T>(values: impl Iterator<Item = Result<T, Told>>) -> Result<Vec<T>, Told> {
    let mut right = Ok(Vec::new());
    for value in values {
        match (&mut right, value) {
            (Ok(values), Ok(value)) => values.push(value),
            (right, Err(told)) => *right = Err(told),
            (Err(_), Ok(_)) => {}
        }
    }
    right
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
