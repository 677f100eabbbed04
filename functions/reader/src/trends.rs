//! `GET /purchases/trends?from&to&bucket=hour|day|week|month`: what was sold, bucket by bucket, as JSON or CSV.
//!
//! For API keys with the scope `purchases`, and for anybody where `PUBLIC_TRENDS` says so. What cannot be summed
//! from smaller buckets is left out of weeks and months.

mod bucket;
mod sums;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::value::RawValue;
use shared::http_frame::access;
use shared::purchase::written;
use shared::session::Scope;
use shared::store::{ReadSessions, ReadTrends};
use shared::trend::ItemSales;

use crate::Clock;
use crate::accept::Format;
use crate::answer;
use crate::csv::{Table, number};
use crate::failure::Failure;
use crate::params::Params;
use crate::range::{self, Range};
use bucket::{BucketSize, RULE};
use sums::Trend;

/// Bytes of an answer at most: Lambda's limit is 6 MB.
const MAX_BYTES: usize = 5_000_000;

const PARAMETERS: [&str; 3] = ["from", "to", "bucket"];

/// The columns of an answer as CSV, the same for every size of bucket. Top items have no place in a table.
const COLUMNS: [&str; 9] =
    ["from", "to", "orders", "quantity", "revenue", "returns", "buyers", "new_buyers", "returning_buyers"];

#[derive(Debug)]
struct Deps<H, K> {
    history: H,
    sessions: K,
    public: bool,
    clock: Clock,
}

pub(crate) fn routes<H, K>(history: H, sessions: K, public: bool, clock: Clock) -> Router
where
    H: ReadTrends + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { history, sessions, public, clock };
    Router::new().route("/purchases/trends", get(trends_of::<H, K>)).with_state(Arc::new(deps))
}

#[derive(Debug, Serialize)]
struct Answer {
    bucket: BucketSize,
    /// What is covered: every whole hour or day that the range asked for touches.
    from: String,
    to: String,
    trends: Vec<Entry>,
}

/// What was sold in one bucket; `None`: not known of buckets of this size.
#[derive(Debug, Serialize)]
struct Entry {
    from: String,
    to: String,
    orders: u64,
    quantity: i64,
    revenue: Box<RawValue>,
    returns: u64,
    buyers: Option<u64>,
    new_buyers: Option<u64>,
    returning_buyers: Option<u64>,
    top_items: Option<Vec<Item>>,
}

/// What was sold of an item.
#[derive(Debug, Serialize)]
struct Item {
    item_id: u64,
    quantity: i64,
    revenue: Box<RawValue>,
}

async fn trends_of<H, K>(
    Shared(deps): Shared<Arc<Deps<H, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    H: ReadTrends,
    K: ReadSessions,
{
    let now = (deps.clock)();
    let is_public = deps.public && !headers.contains_key(AUTHORIZATION);
    if !is_public {
        access::require(&deps.sessions, &Method::GET, &headers, Scope::Purchases, now).await?;
    }
    let params = Params::of(&uri, &PARAMETERS)?;
    let size = params.parsed("bucket", RULE)?.unwrap_or(BucketSize::Day);
    let range = size.covered(Range::of(&params, now, range::DEFAULT)?)?;

    let dates = range.first_day()..=range.last_day();
    let trends = match size {
        BucketSize::Hour => sums::of_hours(range, &deps.history.hour_sales(dates).await?),
        BucketSize::Day | BucketSize::Week | BucketSize::Month => {
            sums::of_days(size, range, &deps.history.day_sales(dates).await?)
        }
    };
    let trends = trends.ok_or_else(|| Failure::Internal("sales too large to be added up".to_owned()))?;

    let format = Format::wanted(&headers);
    let body = match format {
        Format::Json => json(size, range, &trends)?,
        Format::Csv => table(&trends),
    };
    if body.len() > MAX_BYTES {
        let detail = format!(
            "the answer has {} bytes, at most {MAX_BYTES} can be given: ask for fewer days, for weeks or for CSV",
            body.len()
        );
        return Err(Failure::bad_request("answer_too_large", detail));
    }
    Ok(answer::negotiated(if is_public {
        answer::public(&headers, format.media_type(), body)
    } else {
        answer::private(format.media_type(), body)
    }))
}

fn json(bucket: BucketSize, range: Range, trends: &[Trend]) -> Result<Vec<u8>, Failure> {
    answer::json(&Answer {
        bucket,
        from: written(range.from()),
        to: written(range.until()),
        trends: trends.iter().map(entry).collect::<Result<_, Failure>>()?,
    })
}

fn entry(trend: &Trend) -> Result<Entry, Failure> {
    let sales = &trend.sales;
    let item = |item: &ItemSales| {
        Ok(Item {
            item_id: item.item_id.get(),
            quantity: item.quantity,
            revenue: answer::exact(item.revenue.normalize())?,
        })
    };
    let top_items = trend.is_whole.then(|| sales.top_items.iter().map(item).collect::<Result<_, Failure>>());
    Ok(Entry {
        from: written(trend.range.from()),
        to: written(trend.range.until()),
        orders: sales.orders,
        quantity: sales.quantity,
        revenue: answer::exact(sales.revenue.normalize())?,
        returns: sales.returns,
        buyers: trend.buyers(),
        new_buyers: trend.new_buyers,
        returning_buyers: trend.returning_buyers,
        top_items: top_items.transpose()?,
    })
}

fn table(trends: &[Trend]) -> Vec<u8> {
    let mut table = Table::new(COLUMNS);
    for trend in trends {
        table.row(&[
            written(trend.range.from()),
            written(trend.range.until()),
            trend.sales.orders.to_string(),
            trend.sales.quantity.to_string(),
            trend.sales.revenue.normalize().to_string(),
            trend.sales.returns.to_string(),
            number(trend.buyers()),
            number(trend.new_buyers),
            number(trend.returning_buyers),
        ]);
    }
    table.body()
}
