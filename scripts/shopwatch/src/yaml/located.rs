//! YAML as a tree that knows its lines: so that everything wrong in a file can be told at once, with its place.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::AliasLimits;
use serde_saphyr::{Spanned, UserMessageFormatter};

/// Most nodes in a file, those behind aliases included: 10,000 monitors of four keys are 90,003, of thirty 610,003.
const MAX_NODES: usize = 700_000;

/// Deepest nesting: a condition on a value of a monitor's answer is at 8.
const MAX_DEPTH: usize = 16;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    /// Line, from 1.
    pub(crate) line: u64,
    /// What is there.
    pub(crate) value: T,
}

/// Any YAML value.
#[derive(Clone)]
pub(crate) enum Node {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Whole(i128),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// Everything else that is one value.
    Text(String),
    /// `- a`.
    List(Vec<Located<Node>>),
    /// `key: value`, each key once.
    Map(Vec<(Located<String>, Located<Node>)>),
}

impl Node {
    /// What kind of value came, for an error that must not repeat it: it may be a line of some other file, such as
    /// an export with e-mail addresses.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) | Self::Whole(_) | Self::Float(_) | Self::Text(_) => "a plain value",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl fmt::Debug for Node {
    /// Its kind alone: a file may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl fmt::Display for Node {
    /// For an error: what came in a field, cut to 80 characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{:?}", value.chars().take(80).collect::<String>()),
            Self::Null | Self::List(_) | Self::Map(_) => f.write_str(self.kind()),
        }
    }
}

/// Reads one YAML document.
///
/// # Errors
/// Says what is not YAML, or past a limit, with line and column.
pub(crate) fn parse(text: &str) -> Result<Located<Node>, String> {
    let options = serde_saphyr::options! {
        // Aliases count as often as they are used: a small file must not become a large tree.
        alias_limits: alias_limits(),
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
        },
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Spanned<Node>>(text, options)
        .map(located)
        .map_err(|error| error.render_with_formatter(&UserMessageFormatter))
}

fn alias_limits() -> AliasLimits {
    let mut limits = AliasLimits::default();
    limits.max_total_replayed_events = MAX_NODES;
    limits
}

fn located<T>(spanned: Spanned<T>) -> Located<T> {
    Located { line: spanned.referenced.line(), value: spanned.value }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Whole(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Whole(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element::<Spanned<Node>>()? {
            nodes.push(located(node));
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some((key, node)) = map.next_entry::<Spanned<String>, Spanned<Node>>()? {
            nodes.push((located(key), located(node)));
        }
        Ok(Node::Map(nodes))
    }
}
