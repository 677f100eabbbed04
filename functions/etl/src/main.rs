//! The Lambda function `etl`.

use etl::aws::{S3, Secret};
use etl::config::Config;
use etl::import::Etl;
use etl::pii::Method;
use lambda_runtime::{Error, service_fn};
use shared::config::Env;
use shared::invoke::Function;
use shared::store::{ImportsTable, PurchasesTable};

/// glibc's takes a third of the time that DynamoDB's client needs: docs/adr/0008-allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let config = Config::read(Env::of_process())?;
    if config.method == Method::Sha1 {
        tracing::warn!(
            "PII_METHOD is sha1: buyers are hashed without a key, and whoever sees the hashes finds the addresses \
             by guessing (every six-letter one in a minute). Use hmac unless old data has to match"
        );
    }
    let aws = shared::clients::of_function();
    // A bucket's name is part of the host's on AWS; other endpoints know it by the path.
    let s3 = aws_sdk_s3::config::Builder::from(&aws).force_path_style(aws.endpoint_url().is_some()).build();
    let dynamodb = shared::clients::dynamodb(&aws);
    let lambda = aws_sdk_lambda::Client::new(&aws);
    let etl = Etl {
        objects: S3::new(aws_sdk_s3::Client::from_conf(s3), &config.bucket),
        keys: Secret::new(aws_sdk_secretsmanager::Client::new(&aws), &config.secret),
        purchases: PurchasesTable::new(dynamodb.clone(), &config.purchases_table),
        ledger: ImportsTable::new(dynamodb, &config.imports_table),
        itself: Function::new(lambda.clone(), &config.function),
        rollup: Function::new(lambda, &config.rollup_function),
        config,
    };
    let handle = service_fn(async |event| {
        // With its causes: an error as such would show the outermost one alone.
        etl::handle(&etl, event).await.map_err(|error| Error::from(format!("{error:#}")))
    });
    lambda_runtime::run(handle).await
}
