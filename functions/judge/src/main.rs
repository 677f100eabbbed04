//! The function `judge`; see the library.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use judge::{Blocks, Config, Judge, SqsPark, StreamEvent};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::config::Env;
use shared::monitor::Region;
use shared::schedule::Slot;
use shared::store::{IncidentsTable, MonitorsTable, SignalsTable};
use shared::{clients, telemetry};
use tracing::warn;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(Env::of_process())?;
    let aws = clients::of_function();
    let client = Client::new(&aws);
    let judge = Judge {
        monitors: MonitorsTable::new(client.clone(), config.monitors_table),
        signals: SignalsTable::new(client.clone(), config.signals_table).consistent(),
        incidents: IncidentsTable::new(client, config.incidents_table),
        parked: SqsPark { client: aws_sdk_sqs::Client::new(&aws), queue_url: config.dead_letters_url },
    };
    let judge = &judge;
    run(service_fn(|event: LambdaEvent<StreamEvent>| async move {
        // What is as it should be is not told: lines are paid for.
        let count = |slot: Slot, regions: &BTreeMap<Region, Blocks>| {
            for (region, Blocks { expected, written }) in regions {
                if written < expected {
                    warn!(%slot, %region, expected, written, "blocks are missing");
                }
            }
        };
        let judged = judge.handle(event.payload, Timestamp::now(), count).await;
        judged.map_err(|error| Error::from(format!("{error:#}")))
    }))
    .await
}
