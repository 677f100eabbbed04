//! From an event of the HTTP API (payload format 2.0) to a request that the router knows, without a panic.
//!
//! The path of an event may begin with the stage (AWS: `/prod/signals`) or with what a custom domain maps to
//! the API (`/status/signals`); the router's paths do not. And `lambda_http` panics where path, query or host
//! do not make a URI, and where a body is not encoded as it says, so they are made to before it sees them.

use std::convert::Infallible;

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HOST, HeaderName, HeaderValue};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent};
use serde::Serialize;
use tower::{Service, ServiceExt as _};

/// Longest path or query that is passed on, in bytes: the HTTP API itself refuses a request line and headers of
/// more than 10,240 bytes, and percent-encoding triples a byte at most.
const MAX_BYTES: usize = 30_720;

/// The router as what the Lambda runtime calls.
pub fn service(
    router: Router,
) -> impl Service<LambdaEvent<LambdaRequest>, Response = impl Serialize, Error = Infallible, Future: Send> {
    Adapter::from(router).map_request(|mut event: LambdaEvent<LambdaRequest>| {
        tidy(&mut event.payload);
        event
    })
}

/// Tells a page where its own links begin, when it was asked for by a folder's name without a slash at the end.
/// Set here and nowhere else: what a visitor sends under this name is dropped.
pub const FOLDER: HeaderName = HeaderName::from_static("x-shopwatch-folder");

/// Makes path, query and body what the router expects.
pub fn tidy(request: &mut LambdaRequest) {
    if let LambdaRequest::ApiGatewayV2(request) = request {
        let path = encoded(&routed_path(request), b"?");
        request.headers.remove(FOLDER);
        if let Some(folder) = folder(request, &path) {
            request.headers.insert(FOLDER, folder);
        }
        request.raw_path = Some(path);
        request.raw_query_string = request.raw_query_string.as_deref().map(|query| encoded(query, b""));
        // lambda_http would put the stage in front again, and the host into the URI: neither is needed.
        request.request_context.stage = None;
        request.request_context.domain_name = None;
        request.headers.remove(HOST);
        let decodes = || request.body.as_deref().is_none_or(|body| STANDARD.decode(body).is_ok());
        request.is_base64_encoded = request.is_base64_encoded && decodes();
    }
}

/// `./status/` for the page at `/status`: from there, a browser takes links for its neighbours.
fn folder(request: &ApiGatewayV2httpRequest, routed: &str) -> Option<HeaderValue> {
    let raw = request.raw_path.as_deref().unwrap_or_default();
    let name = raw.rsplit('/').next().filter(|name| routed == "/" && !name.is_empty())?;
    HeaderValue::from_str(&format!("./{}/", encoded(name, b"?"))).ok()
}

/// The path behind stage and base path, beginning with `/`.
fn routed_path(request: &ApiGatewayV2httpRequest) -> String {
    let raw = request.raw_path.as_deref().unwrap_or_default();
    let route = request.request_context.route_key.as_deref();
    if route.is_some_and(|key| key.ends_with(" /")) {
        return "/".to_owned();
    }
    // What the route `/{proxy+}` matched is the path without anything before it; of `/api/auth/{proxy+}` what comes
    // before is the route's own.
    if let Some(proxy) = request.path_parameters.get("proxy")
        && raw.strip_suffix(proxy.as_str()).is_some_and(|before| before.ends_with('/'))
    {
        let template = route.and_then(|key| key.split_once(" /")).map_or("", |(_, template)| template);
        return format!("/{}{proxy}", template.strip_suffix("{proxy+}").unwrap_or_default());
    }
    // What a route such as `POST /beats/{token}` matched are the last segments, as many as it has.
    if let Some((_, template)) = route.and_then(|key| key.split_once(" /"))
        && template.contains('{')
        && !template.contains("+}")
    {
        let segments = template.split('/').count();
        let mut last: Vec<&str> = raw.rsplitn(segments + 1, '/').take(segments).collect();
        last.reverse();
        return format!("/{}", last.join("/"));
    }
    let stage = request.request_context.stage.as_deref().unwrap_or_default();
    let behind_stage = raw
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(stage))
        .filter(|path| !stage.is_empty() && (path.is_empty() || path.starts_with('/')));
    format!("/{}", behind_stage.unwrap_or(raw).trim_start_matches('/'))
}

/// The text with every byte that a URI may not hold there percent-encoded; what is encoded already stays.
fn encoded(text: &str, also: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if out.len() >= MAX_BYTES {
            break;
        }
        let plain = byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte) && !also.contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn event(path: &str, query: &str, host: &str, stage: &str, route: &str, proxy: Option<&str>) -> Value {
        json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": host},
            "pathParameters": proxy.map(|proxy| json!({"proxy": proxy})).unwrap_or(json!({})),
            "requestContext": {
                "domainName": host,
                "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1"},
                "routeKey": route,
                "stage": stage,
            },
            "isBase64Encoded": false,
        })
    }

    fn uri(event: Value) -> String {
        let mut request: LambdaRequest = serde_json::from_value(event).unwrap();
        tidy(&mut request);
        lambda_http::Request::from(request).uri().to_string()
    }

    #[test]
    fn the_router_sees_its_own_paths_under_any_prefix() {
        let proxy = "GET /{proxy+}";
        for (path, stage, route, parameter, expected) in [
            // AWS and the emulator, stage $default.
            ("/signals", "$default", proxy, Some("signals"), "/signals"),
            ("/", "$default", "GET /", None, "/"),
            // AWS, a named stage; then the emulator, which cuts it off.
            ("/prod/signals", "prod", proxy, Some("signals"), "/signals"),
            ("/prod", "prod", "GET /", None, "/"),
            ("/prod/", "prod", "GET /", None, "/"),
            ("/signals", "prod", proxy, Some("signals"), "/signals"),
            // A custom domain's base path.
            ("/status/signals", "$default", proxy, Some("signals"), "/signals"),
            ("/status", "prod", "GET /", None, "/"),
            // A route with a folder of its own.
            ("/api/auth/login", "$default", "ANY /api/auth/{proxy+}", Some("login"), "/api/auth/login"),
            ("/prod/api/auth/keys/1", "prod", "ANY /api/auth/{proxy+}", Some("keys/1"), "/api/auth/keys/1"),
            ("/status/api/auth/me", "prod", "ANY /api/auth/{proxy+}", Some("me"), "/api/auth/me"),
            // A route with a parameter of its own, behind a stage and a base path.
            ("/beats/abc", "$default", "POST /beats/{token}", None, "/beats/abc"),
            ("/prod/beats/abc", "prod", "POST /beats/{token}", None, "/beats/abc"),
            ("/status/beats/abc", "$default", "POST /beats/{token}", None, "/beats/abc"),
            ("abc", "$default", "POST /beats/{token}", None, "/abc"),
            ("", "$default", "POST /beats/{token}", None, "/"),
            // Another route, such as $default.
            ("/prod/signals", "prod", "$default", None, "/signals"),
            ("/$default/signals", "$default", "$default", None, "/signals"),
            ("/production", "prod", "$default", None, "/production"),
            ("//signals", "$default", "$default", None, "/signals"),
        ] {
            let seen = uri(event(path, "limit=5", "shop.example", stage, route, parameter));
            assert_eq!(seen, format!("{expected}?limit=5"), "{path} in {stage} by {route}");
        }
    }

    #[test]
    fn a_body_is_decoded_where_it_can_be() {
        for (body, expected) in [("Zm9v", "foo"), ("Zm9", "Zm9"), ("{\"a\": 1}", "{\"a\": 1}")] {
            let mut event = event("/", "", "", "$default", "$default", None);
            event["body"] = json!(body);
            event["isBase64Encoded"] = json!(true);
            let mut request: LambdaRequest = serde_json::from_value(event).unwrap();
            tidy(&mut request);
            let request = lambda_http::Request::from(request);
            assert_eq!(&request.body()[..], expected.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn no_event_panics(path: String, query: String, host in "[ -~]{0,20}", stage in "[$a-z/]{0,9}", proxy: Option<String>, body: String) {
            let route = if stage.len() % 2 == 0 { "GET /{proxy+}" } else { "POST /beats/{token}" };
            let mut event = event(&path, &query, &host, &stage, route, proxy.as_deref());
            event["body"] = json!(body);
            event["isBase64Encoded"] = json!(true);
            let text = uri(event);
            prop_assert!(text.starts_with('/'), "{text}");
        }
    }

    #[test]
    fn an_endless_query_does_not_panic() {
        let query = "<".repeat(100_000);
        assert!(uri(event(&query, &query, "", "$default", "$default", None)).len() < 65_534);
    }
}
