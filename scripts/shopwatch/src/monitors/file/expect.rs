//! What is expected of an answer over HTTP.

use shared::monitor::{Condition, Expect, ExpectHeader, ExpectJson, MAX_EXPECTATIONS, Operator, StatusCodes};

use super::http::with;
use crate::yaml::{Entry, Node, Told, parsed, scalar, shown, text, whole};

/// Longest name of an expected header, in bytes: it bounds what a shard can weigh.
const MAX_HEADER_NAME_BYTES: usize = 100;

/// The map `expect`.
pub(super) fn expect(entry: &mut Entry<'_>) -> Result<Expect, Told> {
    let status = entry.or_default("status", |node| {
        let codes: StatusCodes = scalar(node)?.parse().map_err(shown)?;
        Ok(codes)
    });
    let body = entry.list("body", MAX_EXPECTATIONS, condition);
    let absent = entry.list("absent", MAX_EXPECTATIONS, |node| {
        let text = scalar(node)?;
        with(|http| http.expect.absent = vec![text.clone()]).map(|()| text)
    });
    let json = entry.items("json", MAX_EXPECTATIONS, |place, node, problems| {
        let mut entry = Entry::of(place, node, "a path and what its value is", problems)?;
        let path = entry.required("path", parsed);
        let is = entry.required("is", condition);
        entry.finish();
        Ok(ExpectJson { path: path?, is: is? })
    });
    let headers = entry.items("headers", MAX_EXPECTATIONS, |place, node, problems| {
        let mut entry = Entry::of(place, node, "a name and what its value is", problems)?;
        let name = entry.required("name", header_name);
        let is = entry.required("is", condition);
        entry.finish();
        Ok(ExpectHeader { name: name?, is: is? })
    });
    let certificate_days = entry.given("certificate_days", whole("days", 0..=u16::MAX));
    Ok(Expect {
        status: status?,
        body: body?,
        absent: absent?,
        json: json?,
        headers: headers?,
        certificate_days: certificate_days?,
    })
}

fn header_name(node: &Node) -> Result<String, String> {
    let name = text(node)?.to_ascii_lowercase();
    if name.len() > MAX_HEADER_NAME_BYTES {
        return Err(format!("expected a name of at most {MAX_HEADER_NAME_BYTES} bytes, got {}", name.len()));
    }
    let any = Condition::new(Operator::Contains, "").map_err(shown)?;
    with(|http| http.expect.headers = vec![ExpectHeader { name: name.clone(), is: any }]).map(|()| name)
}

/// A short map such as `{at_most: 5}`: the key is the operator.
fn condition(node: &Node) -> Result<Condition, String> {
    const EXPECTED: &str = "expected a condition such as {contains: text}, of equals, not_equals, at_most, at_least, \
                            contains or matches";
    let Node::Map(fields) = node else {
        return Err(format!("{EXPECTED}, got {}", node.kind()));
    };
    let [(key, value)] = fields.as_slice() else {
        return Err(format!("{EXPECTED}, got {} of them: write each as one of the list", fields.len()));
    };
    let operator = match key.value.as_str() {
        "equals" => Operator::Equals,
        "not_equals" => Operator::NotEquals,
        "at_most" => Operator::AtMost,
        "at_least" => Operator::AtLeast,
        "contains" => Operator::Contains,
        "matches" => Operator::Matches,
        other => return Err(format!("{EXPECTED}, got {:?}", other.chars().take(80).collect::<String>())),
    };
    if matches!((operator, &value.value), (Operator::Contains | Operator::Matches, Node::Float(_))) {
        // 1.50 would be looked for as 1.5.
        return Err(format!("expected a text, got {}: put it in quotes", value.value));
    }
    Condition::new(operator, scalar(&value.value)?).map_err(shown)
}
