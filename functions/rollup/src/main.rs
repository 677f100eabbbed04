//! The function `rollup`; see the library.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rollup::{Config, Event, Rollup};
use shared::config::Env;
use shared::store::{HistoryTable, MonitorsTable, SignalsTable};
use shared::{clients, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(Env::of_process())?;
    let client = Client::new(&clients::of_function().await);
    let rollup = Rollup {
        monitors: MonitorsTable::new(client.clone(), config.monitors_table),
        signals: SignalsTable::new(client.clone(), config.signals_table).consistent(),
        history: HistoryTable::new(client, config.history_table).consistent(),
    };
    let rollup = &rollup;
    run(service_fn(|event: LambdaEvent<Event>| async move {
        let done = rollup.handle(&event.payload, Timestamp::now).await;
        done.map_err(|error| Error::from(format!("{error:#}")))
    }))
    .await
}
