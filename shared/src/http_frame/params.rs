//! Query parameters: only the known ones, each at most once. A mistyped name must not silently widen a query.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::Query;
use http::Uri;

use super::failure::Failure;

/// The parameters of one request.
#[derive(Debug, Default)]
pub struct Params(Vec<(&'static str, String)>);

impl Params {
    /// The parameters of this address, which may be these.
    ///
    /// # Errors
    /// Names the first that is unknown or given more than once: 400.
    pub fn of(uri: &Uri, known: &[&'static str]) -> Result<Self, Failure> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Failure::bad_request("query", "the query is not a list of name=value"))?;
        let mut params: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in pairs {
            let Some(name) = known.iter().find(|known| **known == name) else {
                return Err(unknown(&name, known));
            };
            if params.iter().any(|(before, _)| before == name) {
                let detail = format!("{name} is given more than once");
                return Err(Failure::bad_request("repeated_parameter", detail));
            }
            params.push((*name, value));
        }
        Ok(Self(params))
    }

    /// This parameter's text, if it is given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    /// This parameter as a type with rules of its own, if it is given.
    ///
    /// # Errors
    /// Tells the rule that it breaks: 400.
    pub fn parsed<T: FromStr>(&self, name: &'static str, rule: impl Display) -> Result<Option<T>, Failure> {
        self.text(name).map(|text| text.parse().map_err(|_| invalid(name, text, rule))).transpose()
    }

    /// This parameter as a whole number between two bounds, if it is given.
    ///
    /// # Errors
    /// Tells the bounds: 400.
    pub fn number<T: FromStr + PartialOrd + Display>(
        &self,
        name: &'static str,
        bounds: RangeInclusive<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        // `str::parse` would let a `+` pass.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && bounds.contains(&number) => Ok(Some(number)),
            _ => {
                let rule = format!("a whole number from {} to {}", bounds.start(), bounds.end());
                Err(invalid(name, text, rule))
            }
        }
    }
}

/// This parameter's value breaks its rule.
pub fn invalid(name: &'static str, got: &str, rule: impl Display) -> Failure {
    Failure::bad_request(name, format!("{name} must be {rule}; got {}", shown(got)))
}

fn unknown(name: &str, known: &[&'static str]) -> Failure {
    let known = match known {
        [] => "it takes none".to_owned(),
        names => format!("it takes {}", names.join(", ")),
    };
    let detail = format!("{} is not a parameter of this; {known}", shown(name));
    Failure::bad_request("unknown_parameter", detail)
}

/// What came, cut to 80 characters; but nothing that may be an e-mail address: a problem may be logged by whoever
/// receives it.
fn shown(text: &str) -> String {
    if text.contains('@') {
        "something with an @, not repeated here".to_owned()
    } else {
        format!("{:?}", text.chars().take(80).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "[a-z=&%+0-9@ü-]{0,60}") {
            let uri = Uri::builder().path_and_query(format!("/?{}", query.replace('ü', "%C3%BC"))).build();
            if let Ok(uri) = uri
                && let Ok(params) = Params::of(&uri, &["a", "b"])
            {
                let _ = params.number("a", 1u16..=9);
            }
        }
    }
}
