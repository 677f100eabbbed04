//! The function `rollup`; see the library.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rollup::{AnalyticsBucket, Config, Request, Rollup, SalesRollup};
use shared::config::Env;
use shared::invoke::Function;
use shared::store::{HistoryTable, ImportsTable, MonitorsTable, PurchasesTable, SignalsTable};
use shared::{clients, telemetry};

/// glibc's takes a third of the time that DynamoDB's client needs: docs/adr/0008-allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(Env::of_process())?;
    let aws = clients::of_function();
    let client = clients::dynamodb(&aws);
    let history = HistoryTable::new(client.clone(), config.history_table).consistent();
    let rollup = Rollup {
        monitors: MonitorsTable::new(client.clone(), config.monitors_table),
        signals: SignalsTable::new(client.clone(), config.signals_table).consistent(),
        history: history.clone(),
    };
    let sales = SalesRollup {
        purchases: PurchasesTable::new(client.clone(), config.purchases_table).consistent(),
        history,
        imports: ImportsTable::new(client, config.imports_table),
        analytics: AnalyticsBucket::new(aws_sdk_s3::Client::new(&aws), config.analytics_bucket),
        itself: Function::new(aws_sdk_lambda::Client::new(&aws), config.function),
    };
    let (rollup, sales) = (&rollup, &sales);
    run(service_fn(|event: LambdaEvent<Request>| async move {
        let done = match &event.payload {
            Request::History(event) => rollup.handle(event, Timestamp::now).await,
            Request::Day(day) => sales.day(day, Timestamp::now).await,
            Request::Nightly(night) => sales.nightly(night, Timestamp::now).await,
        };
        done.map_err(|error| Error::from(format!("{error:#}")))
    }))
    .await
}
