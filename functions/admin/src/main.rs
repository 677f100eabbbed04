//! The function `admin`: see the crate's documentation and README.md.

use admin::config::Config;
use admin::{Deps, router};
use anyhow::Context as _;
use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use shared::config::Env;
use shared::http_frame::event;
use shared::store::{AccountsTable, AuditTable, BeatsTable, SessionsTable};
use shared::{clients, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let config = Config::from_env(Env::of_process())?;
    let dynamodb = Client::new(&clients::of_function());
    let router = router(Deps {
        beats: BeatsTable::new(dynamodb.clone(), config.beats_table),
        accounts: AccountsTable::new(dynamodb.clone(), config.accounts_table),
        sessions: SessionsTable::new(dynamodb.clone(), config.sessions_table),
        audit: AuditTable::new(dynamodb, config.audit_table),
        sign_up: config.sign_up,
        clock: Timestamp::now,
    });
    lambda_http::lambda_runtime::run(event::service(router))
        .await
        .map_err(anyhow::Error::from_boxed)
        .context("the Lambda runtime stopped")
}
