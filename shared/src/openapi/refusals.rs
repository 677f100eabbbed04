//! Why a request has no answer, as operations declare it: sets of statuses that many of them have in common.
//!
//! What only one operation says, its own description says.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ObjectBuilder, RefOr, Type};

/// Anything may go wrong inside, or take too long.
#[derive(Debug)]
pub struct Ours;

/// A parameter is wrong.
#[derive(Debug)]
pub struct BadQuery;

/// A body is wrong, or too long.
#[derive(Debug)]
pub struct BadBody;

/// It takes a session or key, and nothing more.
#[derive(Debug)]
pub struct Nobody;

/// Whoever reads has to show a session or key with the operation's scope.
#[derive(Debug)]
pub struct Caller;

/// Whoever changes what is watched has to show a session or key with the scope `write`.
#[derive(Debug)]
pub struct Changer;

/// It takes a person who has signed in.
#[derive(Debug)]
pub struct Person;

/// It takes an owner who has signed in.
#[derive(Debug)]
pub struct Owner;

/// A path names no monitor of the caller's account.
#[derive(Debug)]
pub struct NoMonitor;

const NOBODY: &str = "`unauthorized`: no session or API key that holds. Missing, malformed, unknown and expired ones look alike.";

fn refusal(description: &str) -> ResponseBuilder {
    ResponseBuilder::new().description(description)
}

fn nobody() -> ResponseBuilder {
    let challenge = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["Bearer"]));
    let header = HeaderBuilder::new().schema(challenge).description(Some("RFC 6750.")).build();
    refusal(NOBODY).header("WWW-Authenticate", header)
}

fn set<const N: usize>(of: [(u16, ResponseBuilder); N]) -> BTreeMap<String, RefOr<Response>> {
    of.into_iter().map(|(status, response)| (status.to_string(), response.build().into())).collect()
}

macro_rules! responses {
    ($($type:ty: $set:expr;)+) => {$(
        impl IntoResponses for $type {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                set($set)
            }
        }
    )+};
}

responses! {
    Ours: [
        (500, refusal("`internal`: the answer cannot be written.")),
        (503, refusal("`unavailable`: a table is out of reach, or the answer took longer than 18 s. Try again later.")),
    ];
    BadQuery: [(
        400,
        refusal(
            "A parameter breaks its rule (`type` is its name), is unknown (`unknown_parameter`) or given twice \
             (`repeated_parameter`), or the query is no list of `name=value` (`query`).",
        ),
    )];
    BadBody: [
        (
            400,
            refusal(
                "`body`: no JSON object, or a field that is unknown, missing, there twice or of another type; \
                 or `type` is the name of a field that breaks its rule. What came is not repeated. \
                 `unknown_parameter`: a query, where there is none.",
            ),
        ),
        (413, refusal("`body`: the body is too long. At most 64 KB.")),
    ];
    Nobody: [(401, nobody())];
    Caller: [
        (401, nobody()),
        (403, refusal("`scope_missing`: the session or key does not have the scope, or its owner may not.")),
    ];
    Changer: [
        (401, nobody()),
        (
            403,
            refusal(
                "`scope_missing`: the session or key does not have the scope `write`, or its owner is no editor. \
                 `csrf_token`: a cookie without the right `X-CSRF-Token`.",
            ),
        ),
    ];
    Person: [
        (401, nobody()),
        (
            403,
            refusal(
                "`forbidden`: an API key; this takes a person who has signed in. `csrf_token`: what changes \
                 something came with a cookie and without the right `X-CSRF-Token`.",
            ),
        ),
    ];
    Owner: [
        (401, nobody()),
        (
            403,
            refusal(
                "`forbidden`: an API key, or somebody who is no owner. `csrf_token`: what changes something came \
                 with a cookie and without the right `X-CSRF-Token`.",
            ),
        ),
    ];
    NoMonitor: [(404, refusal("`not_found`: no such monitor, or another account's: they look alike."))];
}
