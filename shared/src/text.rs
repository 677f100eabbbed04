//! The error of every type that is parsed from text, the macro that makes such a type travel as text, and lists of them.

use std::fmt;

/// The first value of a list that is in front of it already.
pub fn first_twice<T: PartialEq>(values: &[T]) -> Option<&T> {
    values.iter().enumerate().find(|(at, value)| values[..*at].contains(value)).map(|(_, value)| value)
}

/// A text that is not what was expected. Never holds an e-mail address: buyers have a type of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// What a valid text would have been.
    pub expected: &'static str,
    /// What came instead, cut to 80 characters.
    pub got: String,
}

impl Invalid {
    pub(crate) fn new(expected: &'static str, got: impl fmt::Display) -> Self {
        Self { expected, got: got.to_string().chars().take(80).collect() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, got {:?}", self.expected, self.got)
    }
}

impl std::error::Error for Invalid {}

/// Whether the text is this many lower-case hex digits.
pub(crate) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Serialises a type by its `Display` and deserialises it by its `FromStr`, so that a rule checked by the
/// parser cannot be gone around by a stored or received text.
macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use as_text;
