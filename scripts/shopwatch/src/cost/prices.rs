//! The price list of us-east-1, November 2026, in USD, and what every account has free for good in each month.

/// A GB-second of a function on arm64: <https://aws.amazon.com/lambda/pricing/>.
pub(super) const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;

/// An invocation: <https://aws.amazon.com/lambda/pricing/>. What a mapping reads of a DynamoDB stream is free:
/// <https://aws.amazon.com/dynamodb/pricing/on-demand/>.
pub(super) const LAMBDA_REQUEST: f64 = 0.20 / 1e6;

/// A write unit, up to 1 KB, on demand: <https://aws.amazon.com/dynamodb/pricing/on-demand/>.
pub(super) const DYNAMODB_WRITE: f64 = 0.625 / 1e6;

/// A read unit, up to 4 KB and consistent, on demand: <https://aws.amazon.com/dynamodb/pricing/on-demand/>.
pub(super) const DYNAMODB_READ: f64 = 0.125 / 1e6;

/// A GB for a month: <https://aws.amazon.com/dynamodb/pricing/on-demand/>.
pub(super) const DYNAMODB_GB_MONTH: f64 = 0.25;

/// A GB for a month with point-in-time recovery, on top: <https://aws.amazon.com/dynamodb/pricing/on-demand/>.
pub(super) const DYNAMODB_RECOVERY_GB_MONTH: f64 = 0.20;

/// An invocation by a schedule: <https://aws.amazon.com/eventbridge/pricing/>.
pub(super) const SCHEDULER_INVOCATION: f64 = 1.00 / 1e6;

/// A GB of log lines taken in: <https://aws.amazon.com/cloudwatch/pricing/>. Keeping them for 30 days is a hundredth
/// of that, compressed.
pub(super) const LOGS_GB: f64 = 0.50;

/// A metric that an alarm looks at, for a month: <https://aws.amazon.com/cloudwatch/pricing/>.
pub(super) const ALARM_METRIC_MONTH: f64 = 0.10;

/// Free metrics that alarms look at: <https://aws.amazon.com/cloudwatch/pricing/>.
pub(super) const FREE_ALARM_METRICS: f64 = 10.0;

/// Free GB of log lines: <https://aws.amazon.com/cloudwatch/pricing/>.
pub(super) const FREE_LOGS_GB: f64 = 5.0;

/// Free invocations: <https://aws.amazon.com/lambda/pricing/>.
pub(super) const FREE_REQUESTS: f64 = 1e6;

/// Free GB-seconds: <https://aws.amazon.com/lambda/pricing/>.
pub(super) const FREE_GB_SECONDS: f64 = 400_000.0;

/// Free invocations by schedules: <https://aws.amazon.com/eventbridge/pricing/>.
pub(super) const FREE_SCHEDULER_INVOCATIONS: f64 = 14e6;

/// A GB to the internet, up to 10 TB a month: <https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer>.
pub(super) const INTERNET_GB: f64 = 0.09;

/// GB to the internet that every account has free each month:
/// <https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer>.
pub(super) const INTERNET_FREE_GB: f64 = 100.0;

/// A GB from one region to another: <https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer>.
pub(super) const BETWEEN_REGIONS_GB: f64 = 0.02;

/// Bytes of a GB on a bill.
pub(super) const GB: f64 = 1e9;
