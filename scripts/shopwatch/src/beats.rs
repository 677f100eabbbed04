//! `shopwatch beats`: tokens that targets call us with, shown once and stored as a hash.

use anyhow::bail;
use shared::beat::MAX_BEAT_TOKENS;
use shared::monitor::{Check, Monitor};
use shared::session::Token;
use shared::store::WriteBeatTokens;

/// Makes a token for a heartbeat monitor, and answers where its target is to call: the only time it is known. `url` is
/// the installation's; without it the answer is the path alone. Tokens made before go on holding.
///
/// # Errors
/// When the monitor is of another kind or has too many tokens, or the table does not answer.
pub async fn token(
    store: &impl WriteBeatTokens,
    monitor: &Monitor,
    url: Option<&str>,
) -> anyhow::Result<String> {
    if !matches!(monitor.check, Check::Heartbeat(_)) {
        bail!("expected a monitor of kind heartbeat, got {}, which is checked by us", monitor.check.kind());
    }
    if store.beat_tokens(&monitor.id).await? >= MAX_BEAT_TOKENS {
        bail!("expected a monitor with fewer than {MAX_BEAT_TOKENS} tokens: revoke them over the API first");
    }
    let token = Token::random()?;
    store.put_beat_token(&token.hash(), &monitor.id).await?;
    Ok(format!("{}/beats/{}", url.unwrap_or_default().trim_end_matches('/'), token.expose()))
}

#[cfg(test)]
mod tests {
    use ::tests::memory::Memory;
    use shared::monitor::HeartbeatCheck;
    use shared::store::WriteBeats as _;

    use super::*;

    #[tokio::test]
    async fn a_token_beats_for_its_monitor_and_is_stored_as_its_hash() {
        let memory = Memory::default();
        let check = Check::Heartbeat(HeartbeatCheck { grace_minutes: 1 });
        let monitor = Monitor { check, ..::tests::example::monitor("s0-7f3k2a") };
        for (url, start) in [
            (None, "/beats/"),
            (Some("https://watch.example"), "https://watch.example/beats/"),
            (Some("http://127.0.0.1:1/prod/"), "http://127.0.0.1:1/prod/beats/"),
        ] {
            let path = token(&memory, &monitor, url).await.unwrap();
            let text = path.strip_prefix(start).unwrap();
            let beats: Token = text.parse().unwrap();
            assert_eq!(memory.beating(&beats.hash()).await.unwrap(), Some(monitor.id.clone()));
            assert!(!format!("{:?}", memory.tables()).contains(text));
        }
        assert_eq!(memory.tables().beat_tokens.len(), 3, "older tokens go on holding");
        for _ in 3..MAX_BEAT_TOKENS {
            token(&memory, &monitor, None).await.unwrap();
        }
        let error = token(&memory, &monitor, None).await.unwrap_err();
        insta::assert_snapshot!(error, @"expected a monitor with fewer than 10 tokens: revoke them over the API first");
    }

    #[tokio::test]
    async fn only_a_heartbeat_is_called() {
        let memory = Memory::default();
        let error = token(&memory, &::tests::example::monitor("s0-7f3k2a"), None).await.unwrap_err();
        insta::assert_snapshot!(error, @"expected a monitor of kind heartbeat, got http, which is checked by us");
        assert!(memory.tables().beat_tokens.is_empty());
    }
}
