//! `GET /imports?month&limit&cursor` and `GET /imports/{id}`: the import ledger, for API keys with the scope
//! `purchases`.

mod entry;
mod month;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::http_frame::access;
use shared::import::{Import, ImportId};
use shared::openapi::{self, BadQuery, Caller, Ours};
use shared::problem::Problem;
use shared::purchase::sortable;
use shared::session::Scope;
use shared::store::{ListImports, ReadSessions};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{PartialSchema as _, ToSchema};

use self::entry::Entry;
use self::month::{Month, RULE};
use crate::Clock;
use crate::answer;
use crate::failure::Failure;
use crate::link;
use crate::params::Params;

/// Imports per page unless the request says otherwise.
const DEFAULT_LIMIT: usize = 25;

/// Imports per page at most.
const MAX_LIMIT: usize = 100;

/// Months that a page looks back at most: an entry is kept for 400 days, which touch 15.
const MAX_MONTHS: usize = 15;

/// Bytes of a page behind which no import begins: an entry has 400 KB at most in the table, nearly all of it days,
/// and Lambda's limit is 6 MB.
const FULL_BYTES: usize = 4_000_000;

const PARAMETERS: [&str; 3] = ["month", "limit", "cursor"];

#[derive(Debug)]
struct Deps<L, K> {
    ledger: L,
    sessions: K,
    clock: Clock,
}

pub(crate) fn routes<L, K>(ledger: L, sessions: K, clock: Clock) -> Router
where
    L: ListImports + Send + Sync + 'static,
    K: ReadSessions + Send + Sync + 'static,
{
    let deps = Deps { ledger, sessions, clock };
    Router::new()
        .route("/imports", get(imports_of::<L, K>))
        .route("/imports/{id}", get(import_of::<L, K>))
        .with_state(Arc::new(deps))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Imports)]
struct Page {
    #[schema(value_type = Vec<Entry>)]
    imports: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

/// The parameters, for the API's description.
enum Query {}

impl utoipa::IntoParams for Query {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            openapi::text(
                "month",
                "2026-11",
                "Imports begun in this month in UTC; all of the last 400 days where it is left out.",
            ),
            openapi::optional(
                "limit",
                openapi::whole(1..=MAX_LIMIT as u64).default(Some(DEFAULT_LIMIT.into())),
                "Imports of a page at most.",
            ),
            openapi::text(
                "cursor",
                "eyJ2IjoxfQ",
                "Where to go on: `next_cursor` of the page before, with the same other parameters.",
            ),
        ]
    }
}

/// The path, for the API's description.
enum Place {}

impl utoipa::IntoParams for Place {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![openapi::path(
            "id",
            ImportId::schema(),
            "The import.",
            "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        )]
    }
}

#[utoipa::path(
    get,
    path = "/imports",
    operation_id = "list_imports",
    tag = "Imports",
    summary = "The import ledger, newest first",
    description = "Scope `purchases`, in the account `home`.",
    params(Query),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("purchases"))),
    responses((status = 200, description = "A page.", body = Page, headers(("Link" = String, description = "The next page, if there is one (RFC 8288): `<?…&cursor=…>; rel=\"next\"`."))), BadQuery, Caller, Ours),
)]
async fn imports_of<L, K>(
    Shared(deps): Shared<Arc<Deps<L, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    L: ListImports,
    K: ReadSessions,
{
    let now = (deps.clock)();
    access::require(&deps.sessions, &Method::GET, &headers, Scope::Purchases, now).await?;
    let params = Params::of(&uri, &PARAMETERS)?;
    let month: Option<Month> = params.parsed("month", RULE)?;
    let limit = params.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let before = cursor_of(&params)?;

    let newest = month.unwrap_or_else(|| Month::of(before.unwrap_or(now)));
    let months = if month.is_some() { 1 } else { MAX_MONTHS };
    // One more tells whether there is a next page.
    let found = read(&deps.ledger, newest, months, before, limit + 1).await?;
    let page = page(&found, limit)?;
    let link = page.next_cursor.as_ref().and_then(|cursor| link::next(&params, &PARAMETERS, cursor));
    Ok(answer::linked(answer::private(answer::JSON, answer::json(&page)?), link))
}

/// So many imports, newest first, of this month and so many in all.
async fn read<L: ListImports>(
    ledger: &L,
    newest: Month,
    months: usize,
    before: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<Import>, Failure> {
    let mut found = Vec::new();
    for month in newest.and_before().take(months) {
        let missing = limit.saturating_sub(found.len());
        if missing == 0 {
            break;
        }
        found.extend(ledger.imports(month, before, missing).await?);
    }
    Ok(found)
}

/// The first of these imports, and where to go on if that is not all of them.
fn page(found: &[Import], limit: usize) -> Result<Page, Failure> {
    let mut imports: Vec<Box<RawValue>> = Vec::new();
    let mut bytes = 0;
    for import in found.iter().take(limit) {
        if bytes > FULL_BYTES {
            break;
        }
        let text = serde_json::to_string(&Entry::of(import)).and_then(RawValue::from_string);
        let text = text.map_err(|error| Failure::Internal(error.to_string()))?;
        bytes += text.get().len();
        imports.push(text);
    }
    let shown = whole_instants(found, imports.len());
    imports.truncate(shown);
    let last = found.get(..shown).and_then(<[Import]>::last).filter(|_| shown < found.len());
    Ok(Page { imports, next_cursor: last.map(|last| sortable(last.started_at)) })
}

/// At most so many, but without those that began at the same nanosecond as the next: the cursor is an instant, and
/// the next page has what began before. (A page of nothing else keeps them, or the list would not go on.)
fn whole_instants(found: &[Import], shown: usize) -> usize {
    let Some(next) = found.get(shown) else {
        return shown;
    };
    let whole = found.iter().take(shown).filter(|import| import.started_at != next.started_at).count();
    if whole == 0 { shown } else { whole }
}

/// A cursor is when the last import of the page before began, written as pages write it.
fn cursor_of(params: &Params) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = params.text("cursor") else {
        return Ok(None);
    };
    let instant = text.parse().ok().filter(|instant| text == sortable(*instant) && Month::has(*instant));
    let refused = || Failure::bad_request("cursor", "this is not a cursor as next_cursor has it");
    instant.map(Some).ok_or_else(refused)
}

#[utoipa::path(
    get,
    path = "/imports/{id}",
    operation_id = "get_import",
    tag = "Imports",
    summary = "One import",
    description = "Entries are kept for 400 days. Scope `purchases`, in the account `home`.",
    params(Place),
    security(("bearer" = []), ("cookie" = [])),
    extensions(("x-scope" = json!("purchases"))),
    responses(
        (status = 200, description = "The import.", body = Entry),
        BadQuery,
        Caller,
        (status = 404, description = "`not_found`: no import has this id."),
        Ours,
    ),
)]
async fn import_of<L, K>(
    Shared(deps): Shared<Arc<Deps<L, K>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure>
where
    L: ListImports,
    K: ReadSessions,
{
    access::require(&deps.sessions, &Method::GET, &headers, Scope::Purchases, (deps.clock)()).await?;
    Params::of(&uri, &[])?;
    let id: Option<ImportId> = uri.path().rsplit('/').next().and_then(|id| id.parse().ok());
    // Never repeat what came: it may be an object's key, or an e-mail address.
    let id =
        id.ok_or_else(|| Failure::bad_request("id", "an import's id is 64 hex digits, as /imports has it"))?;
    let import = deps.ledger.import_by_id(&id).await?.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "no import has this id; entries are kept for 400 days",
        )
    })?;
    Ok(answer::private(answer::JSON, answer::json(&Entry::of(&import))?))
}
