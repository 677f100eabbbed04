//! Tells a running demo shop how a page is to behave.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Client;

use super::control::Mode;
use super::server::CONTROL;

/// For the whole call: the shop answers at once or not at all.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Most characters of an answer that are shown.
const SHOWN: usize = 500;

/// Sets the behaviour of one page of the shop at `url`.
///
/// # Errors
/// When no demo shop answers there, or it refuses.
pub async fn set(url: &str, path: &str, mode: Mode, delay_ms: Option<u64>) -> anyhow::Result<String> {
    let client = Client::builder().timeout(TIMEOUT).no_proxy().build()?;
    let mode = serde_json::to_value(mode)?;
    let mut query = vec![("path", path.to_owned()), ("mode", mode.as_str().unwrap_or_default().to_owned())];
    query.extend(delay_ms.map(|delay_ms| ("delay_ms", delay_ms.to_string())));
    let control = format!("{}{CONTROL}", url.trim_end_matches('/'));
    let sent = client.put(control).query(&query).send().await;
    let answer = sent.with_context(|| format!("no demo shop answers at {url}"))?;
    let status = answer.status();
    let body = answer.text().await.context("the demo shop did not finish its answer")?;
    let body: String = body.chars().take(SHOWN).collect();
    if !status.is_success() {
        bail!("the demo shop refused with {status}: {body}");
    }
    Ok(body)
}
