//! `GET /purchases?from&to&item&buyer&limit&cursor`: purchases in time order, for API keys with the scope
//! `purchases`, as JSON or CSV.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::http_frame::access;
use shared::purchase::{BuyerToken, CSV_COLUMNS, ItemId, Purchase, written};
use shared::session::Scope;
use shared::store::{ReadPurchases, ReadSessions};
use tokio::time::Instant;

use crate::Clock;
use crate::accept::Format;
use crate::answer;
use crate::csv::Table;
use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::link;
use crate::params::Params;
use crate::range::{self, Range};
use crate::walk::{Budget, Search, walk};

/// Purchases per page unless the request says otherwise.
const DEFAULT_LIMIT: u16 = 100;

/// Purchases per page at most.
const MAX_LIMIT: u16 = 1_000;

/// Pages of the table that one request reads at most: 50 empty days, or 400 MB searched for one buyer.
const MAX_TABLE_PAGES: usize = 400;

/// How long one request searches: behind it, the page is partial and the cursor leads on.
const SEARCH_TIME: Duration = Duration::from_secs(10);

const PARAMETERS: [&str; 6] = ["from", "to", "item", "buyer", "limit", "cursor"];

#[derive(Debug)]
struct Deps<P, K> {
    purchases: P,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<P, K>(purchases: P, sessions: K, clock: Clock) -> Router
where
    P: ReadPurchases + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { purchases, sessions, clock };
    Router::new().route("/purchases", get(purchases_of::<P, K>)).with_state(Arc::new(deps))
}

#[derive(Debug, Serialize)]
struct Page<'a> {
    purchases: Vec<Row<'a>>,
    next_cursor: Option<String>,
}

/// One purchase, with the names of the tutorial's table.
#[derive(Debug, Serialize)]
struct Row<'a> {
    buyer: &'a str,
    item_id: u64,
    quantity: i32,
    /// Written as it is stored, digit by digit: no floating point number on the way.
    price: Box<RawValue>,
    purchase_date: String,
    /// There while the purchase carries the same person's token under the key before.
    #[serde(skip_serializing_if = "Option::is_none")]
    linked: Option<&'a str>,
}

async fn purchases_of<P, K>(
    Shared(deps): Shared<Arc<Deps<P, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    P: ReadPurchases,
    K: ReadSessions,
{
    let now = (deps.clock)();
    access::require(&deps.sessions, &Method::GET, &headers, Scope::Purchases, now).await?;
    let params = Params::of(&uri, &PARAMETERS)?;
    let (search, cursor) = search_of(&params, now)?;
    let budget = Budget { pages: MAX_TABLE_PAGES, until: Instant::now() + SEARCH_TIME };
    let found = walk(&deps.purchases, &search, cursor.map(|cursor| cursor.after), budget).await?;
    let next = found.next.map(|after| Cursor { range: search.range, after }.text(&params));
    let link = next.as_ref().and_then(|cursor| link::next(&params, &PARAMETERS, cursor));
    let format = Format::wanted(&headers);
    let body = match format {
        Format::Json => answer::json(&Page {
            purchases: found.purchases.iter().map(row).collect::<Result<_, Failure>>()?,
            next_cursor: next,
        })?,
        Format::Csv => table(&found.purchases),
    };
    Ok(answer::linked(answer::negotiated(answer::private(format.media_type(), body)), link))
}

fn search_of(params: &Params, now: Timestamp) -> Result<(Search, Option<Cursor>), Failure> {
    let item: Option<ItemId> = params.parsed("item", "an item's number")?;
    let buyer: Option<BuyerToken> = buyer_of(params)?;
    let limit = params.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let given = Range::of(params, now, range::DEFAULT)?;
    let cursor = Cursor::of(params)?;
    let range = cursor.map_or(given, |cursor| cursor.range);
    Ok((Search { range, item, buyer, limit }, cursor))
}

/// Its error never repeats what came: it may be an e-mail address.
fn buyer_of(params: &Params) -> Result<Option<BuyerToken>, Failure> {
    let parsed = params.text("buyer").map(str::parse).transpose();
    parsed.map_err(|_| {
        let detail = "buyer must be a buyer token as purchases have it, such as k1.<64 hex digits>";
        Failure::bad_request("buyer", detail)
    })
}

fn row(purchase: &Purchase) -> Result<Row<'_>, Failure> {
    Ok(Row {
        buyer: purchase.buyer.as_str(),
        item_id: purchase.item_id.get(),
        quantity: purchase.quantity.get(),
        price: answer::exact(purchase.price)?,
        purchase_date: written(purchase.position.at),
        linked: purchase.linked.as_ref().map(BuyerToken::as_str),
    })
}

fn table(purchases: &[Purchase]) -> Vec<u8> {
    let mut table = Table::new(CSV_COLUMNS);
    for purchase in purchases {
        table.row(&[
            purchase.buyer.to_string(),
            purchase.item_id.to_string(),
            purchase.quantity.to_string(),
            purchase.price.to_string(),
            written(purchase.position.at),
            purchase.linked.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
    table.body()
}
