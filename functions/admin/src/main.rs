//! The function `admin`: see the crate's documentation and README.md.

use admin::config::Config;
use admin::pings::PingFunction;
use admin::{Deps, router};
use anyhow::Context as _;
use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use shared::config::Env;
use shared::http_frame::event;
use shared::store::{
    AccountsTable, AuditTable, BeatsTable, IncidentsTable, MonitorsTable, SecretsTable, SessionsTable,
};
use shared::{clients, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let config = Config::from_env(Env::of_process())?;
    let aws = clients::of_function();
    let dynamodb = Client::new(&aws);
    let router = router(Deps {
        beats: BeatsTable::new(dynamodb.clone(), config.beats_table),
        accounts: AccountsTable::new(dynamodb.clone(), config.accounts_table),
        sessions: SessionsTable::new(dynamodb.clone(), config.sessions_table),
        audit: AuditTable::new(dynamodb.clone(), config.audit_table),
        monitors: MonitorsTable::new(dynamodb.clone(), config.monitors_table).consistent(),
        incidents: IncidentsTable::new(dynamodb.clone(), config.incidents_table),
        secrets: SecretsTable::new(dynamodb, config.secrets_table),
        pings: PingFunction::new(&aws, config.ping_function),
        regions: config.regions,
        sign_up: config.sign_up,
        clock: Timestamp::now,
    });
    lambda_http::lambda_runtime::run(event::service(router))
        .await
        .map_err(anyhow::Error::from_boxed)
        .context("the Lambda runtime stopped")
}
