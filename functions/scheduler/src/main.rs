//! The function `scheduler`; see the library.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use scheduler::{Config, PingFunctions, Scheduled, Scheduler, Times};
use shared::config::Env;
use shared::store::{IncidentsTable, MonitorsTable};
use shared::{clients, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(Env::of_process())?;
    let aws = clients::of_function();
    let client = aws_sdk_dynamodb::Client::new(&aws);
    let scheduler = Scheduler {
        shards: MonitorsTable::new(client.clone(), config.monitors_table),
        marks: IncidentsTable::new(client, config.incidents_table),
        ping: PingFunctions::new(aws, config.ping_function, &config.region),
        times: Times::DEPLOYED,
    };
    let scheduler = &scheduler;
    run(service_fn(|event: LambdaEvent<Scheduled>| async move {
        let handled = scheduler.handle(&event.payload, Timestamp::now()).await;
        handled.map_err(|error| Error::from(format!("{error:#}")))
    }))
    .await
}
