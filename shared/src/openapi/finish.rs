//! What a whole document has besides its operations: who gets in, and the body of every refusal.

use utoipa::PartialSchema as _;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Schema};

use crate::http_frame::access::SESSION_COOKIE;
use crate::problem::{MEDIA_TYPE, Problem};

/// The document with the schemes that its operations name, and a problem document (RFC 9457) as the body of every refusal
/// that does not say otherwise.
pub fn finished(mut api: OpenApi) -> OpenApi {
    let components = api.components.get_or_insert_with(Components::new);
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    components.schemas.insert("Problem".to_owned(), Problem::schema());
    for item in api.paths.paths.values_mut() {
        for operation in operations(item) {
            complete(operation);
        }
    }
    api
}

fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some("An API key (`/api/auth/keys`), or what `/api/auth/login` answers.".to_owned());
    let cookie = "The session of a page, as `/api/auth/login` sets it where `cookie` is `true`. Reads alone.";
    let csrf =
        "What `/api/auth/login` answers as `csrf_token`: beside the cookie, for whatever changes something.";
    [
        ("bearer", SecurityScheme::Http(bearer)),
        (
            "cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(SESSION_COOKIE, cookie))),
        ),
        ("csrf", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-CSRF-Token", csrf)))),
    ]
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// What a body is that may be left out: it is never `null`.
fn present(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::OneOf(mut either)) if either.items.len() == 2 => either.items.remove(1),
        other => other,
    }
}

fn complete(operation: &mut Operation) {
    if let Some(body) = &mut operation.request_body {
        for content in body.content.values_mut() {
            content.schema = content.schema.take().map(present);
        }
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let is_refusal = status.starts_with(['4', '5']);
        if is_refusal && response.content.is_empty() {
            let schema: RefOr<Schema> = Ref::from_schema_name("Problem").into();
            response.content.insert(MEDIA_TYPE.to_owned(), Content::new(Some(schema)));
        }
    }
}
