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
use shared::openapi::{self, BadQuery, Caller, Ours};
use shared::purchase::{BuyerToken, CSV_COLUMNS, ItemId, MAX_ITEM_ID, Purchase, written};
use shared::session::Scope;
use shared::store::{ReadPurchases, ReadSessions};
use tokio::time::Instant;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{PartialSchema as _, ToSchema};

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

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Purchases, example = json!({
    "purchases": [{
        "buyer": "k1.5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        "item_id": 7,
        "quantity": 2,
        "price": 19.99,
        "purchase_date": "2026-11-21T14:25:00Z",
    }],
    "next_cursor": null,
}))]
struct Page<'a> {
    purchases: Vec<Row<'a>>,
    next_cursor: Option<String>,
}

/// One purchase, with the names of the tutorial's table.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Purchase)]
struct Row<'a> {
    #[schema(value_type = BuyerToken)]
    buyer: &'a str,
    item_id: u64,
    quantity: i32,
    /// Written as it is stored, digit by digit: no floating point number on the way.
    #[schema(value_type = f64)]
    price: Box<RawValue>,
    #[schema(format = DateTime)]
    purchase_date: String,
    /// There while the purchase carries the same person's token under the key before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BuyerToken>)]
    linked: Option<&'a str>,
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
            openapi::optional("item", openapi::whole(0..=MAX_ITEM_ID), "Purchases of this item alone."),
            openapi::optional("buyer", BuyerToken::schema(), "Purchases of this buyer alone."),
            openapi::number("limit", 1..=MAX_LIMIT, Some(DEFAULT_LIMIT), "Purchases of a page at most."),
            openapi::text(
                "cursor",
                "eyJ2IjoxfQ",
                "Where to go on: `next_cursor` of the page before, with the same other parameters.",
            ),
        ]
    }
}

#[utoipa::path(
    get,
    path = "/purchases",
    operation_id = "list_purchases",
    tag = "Purchases",
    summary = "Purchases in time order",
    description = "As JSON, or as CSV where `Accept` rates `text/csv` above JSON. A page may be partial: one request searches \
                   for 10 s at most. Scope `purchases`, in the account `home`.",
    params(Query),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("purchases"))),
    responses(
        (status = 200, description = "A page.", headers(("Link" = String, description = "The next page, if there is one (RFC 8288): `<?…&cursor=…>; rel=\"next\"`.")), content(
            (Page = "application/json"),
            (String = "text/csv", example = "buyer,item_id,quantity,price,purchase_date,linked\r\n"),
        )),
        BadQuery,
        Caller,
        Ours,
    ),
)]
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
