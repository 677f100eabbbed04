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
use shared::openapi::{self, BadQuery, Caller, Ours};
use shared::purchase::written;
use shared::session::Scope;
use shared::store::{ReadSessions, ReadTrends};
use shared::trend::ItemSales;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterIn};

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

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trends, example = json!({
    "bucket": "day",
    "from": "2026-11-21T00:00:00Z",
    "to": "2026-11-22T00:00:00Z",
    "trends": [{
        "from": "2026-11-21T00:00:00Z",
        "to": "2026-11-22T00:00:00Z",
        "orders": 3,
        "quantity": 5,
        "revenue": 99.95,
        "returns": 0,
        "buyers": 2,
        "new_buyers": 1,
        "returning_buyers": 1,
        "top_items": [{"item_id": 7, "quantity": 5, "revenue": 99.95}],
    }],
}))]
struct Answer {
    bucket: BucketSize,
    /// What is covered: every whole hour or day that the range asked for touches.
    from: String,
    to: String,
    trends: Vec<Entry>,
}

/// What was sold in one bucket; `None`: not known of buckets of this size.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trend)]
struct Entry {
    from: String,
    to: String,
    orders: u64,
    quantity: i64,
    #[schema(value_type = f64)]
    revenue: Box<RawValue>,
    returns: u64,
    buyers: Option<u64>,
    new_buyers: Option<u64>,
    returning_buyers: Option<u64>,
    top_items: Option<Vec<Item>>,
}

/// What was sold of an item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrendItem)]
struct Item {
    item_id: u64,
    quantity: i64,
    #[schema(value_type = f64)]
    revenue: Box<RawValue>,
}

/// The parameters, for the API's description.
enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            openapi::text(
                "from",
                "2026-11-21",
                "From when on: a date, an instant, or a date and time in UTC; 30 days before `to` where it is left out.",
            ),
            openapi::text(
                "to",
                "2026-11-22",
                "Until when, exclusive (a date is included as a whole); now where it is left out.",
            ),
            openapi::choice(
                "bucket",
                &["hour", "day", "week", "month"],
                Some("day"),
                "How long a bucket is. Hours of 31 days at most, the others of ten years.",
            ),
        ]
    }
}

#[utoipa::path(
    get,
    path = "/purchases/trends",
    operation_id = "list_trends",
    tag = "Purchases",
    summary = "What was sold, bucket by bucket",
    description = "Oldest first, as JSON, or as CSV where `Accept` rates `text/csv` above JSON. Scope `purchases`, in the \
                   account `home`; anybody where `PUBLIC_TRENDS` is `true`.",
    params(Query, ("If-None-Match" = Option<String>, Header, description = "The ETag of a copy.")),
    security((), ("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("purchases"))),
    responses(
        (status = 200, description = "The buckets. `null`: not known of buckets of this size.",
            headers(("ETag" = String, description = "Where anybody may read it: names this answer, for `If-None-Match`.")), content(
            (Answer = "application/json"),
            (String = "text/csv", example = "from,to,orders,quantity,revenue,returns,buyers,new_buyers,returning_buyers\r\n"),
        )),
        (status = 304, description = "The copy that `If-None-Match` names still holds."),
        BadQuery,
        (status = 400, description = "A parameter breaks its rule (`type` is its name), is unknown (`unknown_parameter`) or \
            given twice (`repeated_parameter`); `range`: no range, or too long a one; `answer_too_large`."),
        Caller,
        Ours,
    ),
)]
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
