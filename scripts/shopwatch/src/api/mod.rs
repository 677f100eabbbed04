//! The installation's API, as a client sees it.

mod http;

pub use http::{ApiUrl, HttpApi};

use anyhow::bail;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::table::harmless;

/// Most characters of a refusal that are shown.
const SHOWN: usize = 500;

/// What answers: an installation, or a test.
pub trait Api: Sync {
    /// Asks for this, with the version that is meant where there is one.
    ///
    /// # Errors
    /// When there is no answer, or one that is too long or no JSON.
    fn ask(
        &self,
        method: Method,
        path: &str,
        version: Option<u64>,
        body: Option<&Value>,
    ) -> impl Future<Output = anyhow::Result<Answer>> + Send;
}

/// An answer of the API.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The body; `null` where it has none.
    pub body: Value,
}

/// Why something was refused: a problem of RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// What it is called, such as `monitor`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The HTTP status code.
    #[serde(default)]
    pub status: u16,
    /// What was expected, and what came.
    #[serde(default)]
    pub detail: String,
}

impl Refusal {
    /// The refusal in a body.
    pub fn of(body: &Value) -> Self {
        let mut refusal: Self = serde_json::from_value(body.clone()).unwrap_or_else(|_| Self {
            kind: String::new(),
            status: 0,
            detail: String::new(),
        });
        refusal.detail = harmless(&refusal.detail).chars().take(SHOWN).collect();
        refusal
    }

    /// Whether nothing was done and the same request may do better in a moment: somebody else changed the same shard. That
    /// there were too many requests is [`HttpApi`]'s to wait for.
    pub fn is_of_the_moment(&self) -> bool {
        self.status == 409 && self.kind == "changed"
    }
}

impl Answer {
    /// The body of an answer that does what was asked, or why it refuses.
    ///
    /// # Errors
    /// When the key opens nothing here, or the installation fails: nothing else that is asked would do better.
    pub fn told(self) -> anyhow::Result<Result<Value, Refusal>> {
        if self.status.is_success() {
            return Ok(Ok(self.body));
        }
        let refusal = Refusal { status: self.status.as_u16(), ..Refusal::of(&self.body) };
        match self.status {
            StatusCode::UNAUTHORIZED => bail!(
                "the key opens nothing here (401): is SHOPWATCH_KEY this installation's, and not revoked?"
            ),
            StatusCode::FORBIDDEN => bail!(
                "the key may not do this (403): {}. It takes one with the scopes read and write",
                refusal.detail
            ),
            status if status.is_server_error() => {
                bail!("the installation failed ({status}): {}", refusal.detail)
            }
            _ => Ok(Err(refusal)),
        }
    }
}
