//! The text format of Prometheus, version 0.0.4:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.

use std::fmt::{Display, Write as _};

/// The format's media type.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Metrics that are written one after the other.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// Begins a gauge: its samples follow. Each is begun once.
    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str) -> Gauge<'_> {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        Gauge { text: &mut self.0, name }
    }

    /// How long it is so far, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The whole text.
    pub(super) fn body(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// A gauge whose samples are being written.
#[derive(Debug)]
pub(super) struct Gauge<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Gauge<'_> {
    /// A sample with these labels, whose values may hold anything.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        for (index, (name, text)) in labels.iter().enumerate() {
            self.text.push(if index == 0 { '{' } else { ',' });
            self.text.push_str(name);
            self.text.push_str("=\"");
            push_escaped(self.text, text);
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

fn push_escaped(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gauge_has_its_help_type_and_samples() {
        let mut text = Exposition::default();
        let mut gauge = text.gauge("shop_open", "Whether it is.");
        gauge.sample(&[], 1);
        gauge.sample(&[("name", "a \\ \"b\"\nc"), ("id", "ü")], 0.25);
        text.gauge("shop_empty", "Of nothing.");
        insta::assert_snapshot!(String::from_utf8(text.body()).unwrap(), @r#"
        # HELP shop_open Whether it is.
        # TYPE shop_open gauge
        shop_open 1
        shop_open{name="a \\ \"b\"\nc",id="ü"} 0.25
        # HELP shop_empty Of nothing.
        # TYPE shop_empty gauge
        "#);
    }

    /// What a label's value was, as the format says it is read.
    fn unescaped(text: &str) -> String {
        let mut characters = text.chars();
        let mut value = String::new();
        while let Some(character) = characters.next() {
            match character {
                '\\' => value.push(match characters.next().unwrap() {
                    'n' => '\n',
                    other => other,
                }),
                other => value.push(other),
            }
        }
        value
    }

    proptest! {
        #[test]
        fn any_value_comes_back_as_it_was(value: String) {
            let mut text = Exposition::default();
            text.gauge("a", "b").sample(&[("c", &value)], 1);
            let text = String::from_utf8(text.body()).unwrap();
            let sample = text.strip_prefix("# HELP a b\n# TYPE a gauge\na{c=\"").unwrap();
            let escaped = sample.strip_suffix("\"} 1\n").unwrap();
            prop_assert!(!escaped.contains('\n'));
            prop_assert_eq!(unescaped(escaped), value);
        }
    }
}
