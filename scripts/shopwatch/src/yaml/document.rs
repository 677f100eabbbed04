//! The whole of a file: one key with a list.

use super::located::{Located, Node, parse};
use super::problems::Problems;

/// What a file is.
pub(crate) struct Document {
    /// Its one key, which also says what its entries are called: `monitors`.
    pub(crate) key: &'static str,
    /// Largest file, in bytes.
    pub(crate) max_bytes: usize,
    /// Most entries.
    pub(crate) max_entries: usize,
}

/// The entries of a file, each with its place, `monitors[0]`; none where the file is not one.
pub(crate) fn list_of(
    document: &Document,
    bytes: &[u8],
    problems: &mut Problems,
) -> Vec<(String, Located<Node>)> {
    let Document { key, max_bytes, max_entries } = document;
    if bytes.len() > *max_bytes {
        problems.wrong(None, format!("expected at most {max_bytes} bytes, got more"));
        return Vec::new();
    }
    let parsed = std::str::from_utf8(bytes)
        .map_err(|error| format!("expected UTF-8, got something else behind byte {}", error.valid_up_to()))
        .and_then(|text| parse(text).map_err(|error| format!("expected YAML: {error}")));
    let root = match parsed {
        Ok(root) => root,
        Err(error) => {
            problems.wrong(None, error);
            return Vec::new();
        }
    };
    let Some(list) = value_of(key, root, problems) else { return Vec::new() };
    match list.value {
        Node::List(entries) if entries.len() > *max_entries => {
            let got = entries.len();
            problems.wrong(list.line, format!("{key}: expected at most {max_entries} {key}, got {got}"));
            Vec::new()
        }
        Node::List(entries) => {
            entries.into_iter().enumerate().map(|(index, entry)| (format!("{key}[{index}]"), entry)).collect()
        }
        other => {
            problems.wrong(list.line, format!("{key}: expected a list, got {}", other.kind()));
            Vec::new()
        }
    }
}

/// What is behind the document's one key.
fn value_of(key: &str, root: Located<Node>, problems: &mut Problems) -> Option<Located<Node>> {
    let expected = format!("expected the key `{key}` with a list of {key}");
    let Node::Map(fields) = root.value else {
        problems.wrong(root.line, format!("{expected}, got {}", root.value.kind()));
        return None;
    };
    let mut found = None;
    let is_empty = fields.is_empty();
    for (name, value) in fields {
        if name.value == key {
            found = Some(value);
        } else {
            let name_of_key: String = name.value.chars().take(80).collect();
            problems.wrong(name.line, format!("{expected}, got the key {name_of_key:?}"));
        }
    }
    if is_empty {
        problems.wrong(root.line, expected);
    }
    found
}
