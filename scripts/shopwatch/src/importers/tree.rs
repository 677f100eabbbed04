//! YAML of other tools, read field by field: what is not there or of another kind is nothing.

use super::few;
use crate::yaml::{Located, Node, parse, scalar};

/// The fields of a map.
pub(super) struct Fields<'a>(Vec<(&'a str, &'a Node)>);

/// A whole file.
pub(super) struct Root(Node);

impl Root {
    /// The file's tree.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            format!("expected UTF-8, got something else behind byte {}", error.valid_up_to())
        })?;
        let root = parse(text).map_err(|error| format!("expected YAML: {error}"))?;
        Ok(Self(root.value))
    }

    /// Its fields.
    pub(super) fn fields(&self) -> Result<Fields<'_>, String> {
        Fields::of(&self.0).ok_or_else(|| format!("expected a map, got {}", self.0.kind()))
    }
}

impl<'a> Fields<'a> {
    /// The fields of a node, if it is a map.
    pub(super) fn of(node: &'a Node) -> Option<Self> {
        let Node::Map(fields) = node else { return None };
        Some(Self(fields.iter().map(|(name, value)| (name.value.as_str(), &value.value)).collect()))
    }

    /// The value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// Names and values in the file's order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a Node)> {
        self.0.iter().copied()
    }

    /// Whether the name is there, and with something behind it.
    pub(super) fn has(&self, name: &str) -> bool {
        match self.get(name) {
            None | Some(Node::Null | Node::Bool(false)) => false,
            Some(Node::List(values)) => !values.is_empty(),
            Some(Node::Map(fields)) => !fields.is_empty(),
            Some(Node::Text(text)) => !text.is_empty(),
            Some(Node::Bool(true) | Node::Whole(_) | Node::Float(_)) => true,
        }
    }

    /// A text, or the text of another single value.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|node| scalar(node).ok())
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Node::Whole(number) => u64::try_from(*number).ok(),
            Node::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Node::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The list of this name; nothing where there is none.
    pub(super) fn list(&self, name: &str) -> &'a [Located<Node>] {
        match self.get(name) {
            Some(Node::List(values)) => values,
            _ => &[],
        }
    }

    /// The entries of the lists of these names, each with its place; at least one of the lists must be there.
    pub(super) fn entries(&self, names: &[&str]) -> Result<Vec<(String, &'a Node)>, String> {
        if !names.iter().any(|name| matches!(self.get(name), Some(Node::List(_)))) {
            return Err(format!("expected a map with the list `{}`, got none", names.join("` or `")));
        }
        let lists =
            names.iter().flat_map(|name| self.list(name).iter().enumerate().map(move |at| (name, at)));
        let entries: Vec<_> =
            lists.map(|(name, (index, node))| (format!("{name}[{index}]"), &node.value)).collect();
        few(entries.len()).map(|()| entries)
    }
}
