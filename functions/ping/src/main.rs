//! The function `ping`; see the library.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, Region};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use ping::{Checker, Config, Event, Keyring, Ping, Stores};
use shared::config::Env;
use shared::store::{BeatsTable, IncidentsTable, MonitorsTable, SecretsTable, SignalsTable};
use shared::{clients, telemetry};

// It waits more than it computes: one thread is enough, and cheaper to start.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(Env::of_process())?;
    // Wherever checks are made, the tables are at home.
    let home = Region::new(config.home_region.as_str().to_owned());
    let client = Client::from_conf(Builder::from(&clients::of_function()).region(home).build());
    let monitors = MonitorsTable::new(client.clone(), config.monitors_table);
    let stores = Stores {
        latest: monitors.clone().consistent(),
        monitors,
        states: IncidentsTable::new(client.clone(), config.incidents_table),
        beats: BeatsTable::new(client.clone(), config.beats_table),
        keyring: Keyring::new(SecretsTable::new(client.clone(), config.secrets_table)),
        signals: SignalsTable::new(client, config.signals_table),
    };
    let checker = Arc::new(Checker::new(config.guard)?);
    checker.rehearse().await;
    let ping = Ping { stores, checker, references: config.references, region: config.region };
    let ping = &ping;
    run(service_fn(|event: LambdaEvent<Event>| async move {
        let told = match event.payload {
            Event::Slot(request) => ping.handle(&request, Timestamp::now).await.map(|()| Vec::new()),
            Event::OutOfTurn(request) => Box::pin(ping.out_of_turn(request, Timestamp::now)).await,
        };
        told.map_err(|error| Error::from(format!("{error:#}")))
    }))
    .await
}
