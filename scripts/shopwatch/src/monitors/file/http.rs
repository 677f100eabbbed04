//! The fields of an `http` monitor.

use std::collections::BTreeMap;

use shared::monitor::{Check, HttpCheck, JsonPath, MAX_HEADERS, MAX_METRICS, Method, MetricName};

use super::check::keeps;
use super::expect::expect;
use crate::yaml::{Entry, Node, Told, boolean, parsed, scalar, secret, shown, text};

/// A check over HTTP; whether it has credentials is not said yet.
pub(super) fn http(entry: &mut Entry<'_>) -> Result<HttpCheck, Told> {
    let url = entry.required("url", parsed);
    let method = entry.or_default("method", method);
    let headers = headers(entry);
    let body = entry.given("body", |node| {
        let body = secret(node)?.to_owned();
        with(|http| http.body = Some(body.clone())).map(|()| body)
    });
    let follow_redirects = entry.given("follow_redirects", boolean);
    let browser = entry.or_default("browser", boolean);
    let expect = entry.map("expect", "a map of expectations", expect);
    let metrics = entry.pairs("metrics", MAX_METRICS, |name, node| {
        Ok((name.parse::<MetricName>().map_err(shown)?, parsed::<JsonPath>(node)?))
    });
    Ok(HttpCheck {
        url: url?,
        method: method?,
        headers: headers?,
        body: body?,
        credentials: None,
        follow_redirects: follow_redirects?.unwrap_or(true),
        browser: browser?,
        expect: expect?.unwrap_or_default(),
        metrics: metrics?.into_iter().collect(),
    })
}

/// Whether a check that has only this about it keeps the rules that types do not carry.
pub(super) fn with(change: impl FnOnce(&mut HttpCheck)) -> Result<(), String> {
    let mut http = HttpCheck::of("http://x.example/".parse().map_err(shown)?);
    change(&mut http);
    keeps(Check::Http(Box::new(http)))
}

fn method(node: &Node) -> Result<Method, String> {
    let name = text(node)?;
    let name = if name == "auto" { name.to_owned() } else { name.to_ascii_uppercase() };
    serde_json::from_value(name.into())
        .map_err(|_| format!("expected auto, GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, got {node}"))
}

/// Headers by their names in lower case. No error shows a value: it may be a secret in the wrong place.
fn headers(entry: &mut Entry<'_>) -> Result<BTreeMap<String, String>, Told> {
    let mut seen = BTreeMap::new();
    entry.pairs("headers", MAX_HEADERS, |name, node| {
        let name = name.to_ascii_lowercase();
        let value = scalar(node)?;
        with(|http| drop(http.headers.insert(name.clone(), value.clone())))?;
        match seen.insert(name, value) {
            None => Ok(()),
            Some(_) => Err("expected each header once, got it again".to_owned()),
        }
    })?;
    with(|http| http.headers = seen.clone())
        .map_err(|error| entry.wrong_at(entry.line(), "headers", &error))
        .map(|()| seen)
}
