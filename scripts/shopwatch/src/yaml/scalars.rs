//! Single values of a file: what was expected, and what came instead.

use std::ops::RangeInclusive;
use std::str::FromStr;

use shared::Invalid;

use super::located::Node;

/// A text, in quotes where it would be something else without them.
pub(crate) fn text(node: &Node) -> Result<&str, String> {
    match node {
        Node::Text(text) => Ok(text),
        Node::Whole(_) | Node::Float(_) | Node::Bool(_) => {
            Err(format!("expected a text, got {node}: put it in quotes"))
        }
        other => Err(format!("expected a text, got {other}")),
    }
}

/// A text that no error may show.
pub(crate) fn secret(node: &Node) -> Result<&str, String> {
    match node {
        Node::Text(text) => Ok(text),
        Node::Whole(_) | Node::Float(_) | Node::Bool(_) => {
            Err("expected a text, got another plain value: put it in quotes".to_owned())
        }
        other => Err(format!("expected a text, got {}", other.kind())),
    }
}

/// The text of any single value.
pub(crate) fn scalar(node: &Node) -> Result<String, String> {
    match node {
        Node::Text(text) => Ok(text.clone()),
        Node::Whole(_) | Node::Bool(_) | Node::Float(_) => Ok(node.to_string()),
        Node::Null => {
            Err("expected a value, got nothing: write \"null\" in quotes if that is meant".to_owned())
        }
        other => Err(format!("expected a value, got {}", other.kind())),
    }
}

/// What a text says.
pub(crate) fn parsed<T: FromStr<Err = Invalid>>(node: &Node) -> Result<T, String> {
    text(node)?.parse().map_err(shown)
}

/// A whole number in this range; `what` names it.
pub(crate) fn whole<T>(what: &str, range: RangeInclusive<T>) -> impl Fn(&Node) -> Result<T, String>
where
    T: TryFrom<i128> + PartialOrd + std::fmt::Display,
{
    move |node| {
        let number = match node {
            Node::Whole(number) => T::try_from(*number).ok(),
            _ => None,
        };
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("expected {what} from {} to {}, got {node}", range.start(), range.end()))
    }
}

/// `true` or `false`.
pub(crate) fn boolean(node: &Node) -> Result<bool, String> {
    match node {
        Node::Bool(value) => Ok(*value),
        other => Err(format!("expected true or false, got {other}")),
    }
}

/// An error of the domain, as files tell it.
pub(crate) fn shown(error: Invalid) -> String {
    error.to_string()
}
