//! Reads a function's configuration from environment variables: once, at start, with every wrong or missing
//! variable in one message.

use std::str::FromStr;

/// Finds the value of a variable.
type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// Collects what is wrong until [`Env::finish`].
pub struct Env {
    lookup: Lookup,
    problems: Vec<String>,
}

/// Every variable that is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("the environment is not as this function needs it: {}", .0.join("; "))]
pub struct EnvError(Vec<String>);

impl Env {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// Variables from elsewhere; for tests.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self { lookup: Box::new(lookup), problems: Vec::new() }
    }

    /// A variable that must be there and not empty.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let value = (self.lookup)(name).filter(|value| !value.is_empty());
        if value.is_none() {
            self.problems.push(format!("{name} is missing"));
        }
        value
    }

    /// A variable that may be missing or empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A variable that must be there and be of this type.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|error| self.problems.push(format!("{name}: {error}"))).ok()
    }

    /// A variable read by this function, which gets an empty text when it is missing.
    pub fn read<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = (self.lookup)(name).unwrap_or_default();
        read(&text).map_err(|error| self.problems.push(format!("{name}: {error}"))).ok()
    }

    /// A variable that must be one of these texts.
    pub fn one_of<T: Clone>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = choices.iter().find(|(choice, _)| *choice == text).map(|(_, value)| value.clone());
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            self.problems.push(format!("{name} is {text:?}, not one of {}", names.join(", ")));
        }
        found
    }

    /// The configuration, or everything that is wrong with it. `build` answers `None` when a part is missing.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, EnvError> {
        if self.problems.is_empty()
            && let Some(config) = build()
        {
            return Ok(config);
        }
        Err(EnvError(self.problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_in_one_message() {
        let mut env = Env::new(|name| (name == "FLAG").then(|| "maybe".to_owned()));
        let (table, region) = (env.text("TABLE"), env.parsed::<crate::monitor::Region>("AWS_REGION"));
        let flag = env.one_of("FLAG", &[("true", true), ("false", false)]);
        let error = env.finish(|| Some((table?, region?, flag?))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment is not as this function needs it: TABLE is missing; AWS_REGION is missing; \
             FLAG is \"maybe\", not one of true, false"
        );
    }
}
