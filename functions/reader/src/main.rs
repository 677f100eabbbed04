//! The function `reader`: see the crate's documentation and README.md.

use anyhow::Context as _;
use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use reader::config::Config;
use reader::{Deps, event, router};
use shared::config::Env;
use shared::store::{
    HistoryTable, ImportsTable, IncidentsTable, MonitorsTable, PurchasesTable, SessionsTable, SignalsTable,
};
use shared::{clients, telemetry};

/// glibc's takes a third of the time that DynamoDB's client needs: docs/adr/0008-allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let config = Config::from_env(Env::of_process())?;
    let dynamodb = Client::new(&clients::of_function());
    let router = router(Deps {
        monitors: MonitorsTable::new(dynamodb.clone(), config.monitors_table),
        signals: SignalsTable::new(dynamodb.clone(), config.signals_table),
        incidents: IncidentsTable::new(dynamodb.clone(), config.incidents_table),
        history: HistoryTable::new(dynamodb.clone(), config.history_table),
        purchases: PurchasesTable::new(dynamodb.clone(), config.purchases_table),
        ledger: ImportsTable::new(dynamodb.clone(), config.imports_table),
        sessions: SessionsTable::new(dynamodb, config.sessions_table),
        public_trends: config.public_trends,
        cors: config.cors,
        page_title: config.page_title,
        region: config.region,
        clock: Timestamp::now,
    });
    lambda_http::lambda_runtime::run(event::service(router))
        .await
        .map_err(anyhow::Error::from_boxed)
        .context("the Lambda runtime stopped")
}
