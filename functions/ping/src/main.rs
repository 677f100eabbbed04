//! The function `ping`; see the library.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use ping::{Checker, Config, Ping};
use shared::config::Env;
use shared::schedule::{PingRequest, Slot};
use shared::store::{MonitorsTable, SignalsTable};
use shared::{clients, telemetry};

// It waits more than it computes: one thread is enough, and cheaper to start.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(Env::of_process())?;
    let client = Client::new(&clients::of_function().await);
    let ping = Ping {
        monitors: MonitorsTable::new(client.clone(), config.monitors_table),
        signals: SignalsTable::new(client, config.signals_table),
        checker: Arc::new(Checker::new(config.guard)?),
        region: config.region,
    };
    let (ping, stack) = (&ping, &config.stack);
    run(service_fn(|event: LambdaEvent<PingRequest>| async move {
        let count = |slot: Slot, counts: &[(&str, u64)]| telemetry::count(stack, slot.start(), counts);
        ping.handle(&event.payload, Timestamp::now, count)
            .await
            .map_err(|error| Error::from(format!("{error:#}")))
    }))
    .await
}
