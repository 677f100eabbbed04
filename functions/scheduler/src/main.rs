//! The function `scheduler`; see the library.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use scheduler::{Config, PingFunctions, Scheduled, Scheduler, Times};
use serde_json::Value;
use shared::config::Env;
use shared::schedule::Slot;
use shared::store::MonitorsTable;
use shared::{clients, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(Env::of_process())?;
    let aws = clients::of_function().await;
    let scheduler = Scheduler {
        shards: MonitorsTable::new(aws_sdk_dynamodb::Client::new(&aws), config.monitors_table),
        ping: PingFunctions::new(aws, config.ping_function, &config.region),
        times: Times::DEPLOYED,
    };
    let (scheduler, stack) = (&scheduler, &config.stack);
    run(service_fn(|event: LambdaEvent<Scheduled>| async move {
        let count = |slot: Slot, counts: &[(&str, u64)], beside: &[(&str, Value)]| {
            telemetry::count_beside(stack, slot.start(), counts, beside);
        };
        scheduler
            .handle(&event.payload, Timestamp::now(), count)
            .await
            .map_err(|error| Error::from(format!("{error:#}")))
    }))
    .await
}
