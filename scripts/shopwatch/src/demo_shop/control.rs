//! How each page of the demo shop is told to behave.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// Longest time that a page is slow or silent.
pub const MAX_DELAY: Duration = Duration::from_secs(60);

/// How long a slow page takes unless it is told otherwise.
pub const DEFAULT_DELAY_MS: u64 = 3_000;

/// Most paths that are told how to behave.
const MAX_PATHS: usize = 1_000;

/// Longest path, in bytes.
const MAX_PATH_BYTES: usize = 200;

/// How a page behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Answers at once.
    Up,
    /// Answers after a delay.
    Slow,
    /// Answers 500.
    Fail,
    /// Accepts and stays silent, for a minute at most.
    Hang,
    /// Answers 404.
    Missing,
}

impl FromStr for Mode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        <Self as clap::ValueEnum>::from_str(text, false)
            .map_err(|_| "expected up, slow, fail, hang or missing".to_owned())
    }
}

/// What a page was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Behaviour {
    /// How it behaves.
    pub mode: Mode,
    /// How long a slow page takes, in ms, at most [`MAX_DELAY`].
    pub delay_ms: u64,
}

impl Behaviour {
    /// A behaviour.
    ///
    /// # Errors
    /// When the delay is over [`MAX_DELAY`].
    pub fn new(mode: Mode, delay_ms: Option<u64>) -> Result<Self, String> {
        let delay_ms = delay_ms.unwrap_or(if mode == Mode::Slow { DEFAULT_DELAY_MS } else { 0 });
        let longest = MAX_DELAY.as_secs() * 1_000;
        if delay_ms > longest {
            return Err(format!("delay_ms: expected at most {longest}, got {delay_ms}"));
        }
        Ok(Self { mode, delay_ms })
    }
}

/// The behaviours of all pages; a page that was told nothing is up, if it exists.
#[derive(Debug, Clone, Default)]
pub struct Behaviours(Arc<Mutex<BTreeMap<String, Behaviour>>>);

impl Behaviours {
    /// Tells a path how to behave.
    ///
    /// # Errors
    /// When the path is none, or too many were told something.
    pub fn set(&self, path: &str, behaviour: Behaviour) -> Result<(), String> {
        if !path.starts_with('/') || path.starts_with("/_control") || path.len() > MAX_PATH_BYTES {
            return Err(format!(
                "path: expected one that begins with / and has at most {MAX_PATH_BYTES} bytes, other than /_control"
            ));
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_PATHS && !all.contains_key(path) {
            return Err(format!("path: expected at most {MAX_PATHS} paths"));
        }
        all.insert(path.to_owned(), behaviour);
        Ok(())
    }

    /// What the path was told.
    pub fn get(&self, path: &str) -> Option<Behaviour> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(path).copied()
    }

    /// Every path that was told something.
    pub fn all(&self) -> BTreeMap<String, Behaviour> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
