//! The header `Link` (RFC 8288) of an answer with a page behind it.
//!
//! It leads to another query of the same address (`<?limit=2&cursor=…>`), so it holds under any stage or base path.

use std::fmt::Write as _;

use http::HeaderValue;

use crate::params::Params;

/// The link to the next page: the request's parameters out of `known`, with this cursor.
pub(crate) fn next(params: &Params, known: &[&str], cursor: &str) -> Option<HeaderValue> {
    let given = known.iter().filter(|name| **name != "cursor");
    let mut query = String::new();
    for (name, text) in given.filter_map(|name| Some((*name, params.text(name)?))) {
        push(&mut query, name, text);
    }
    push(&mut query, "cursor", cursor);
    HeaderValue::try_from(format!("<?{query}>; rel=\"next\"")).ok()
}

/// Everything but the unreserved characters of RFC 3986 (2.3) is percent-encoded.
fn push(query: &mut String, name: &str, text: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(query, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;

    use super::*;

    const KNOWN: [&str; 3] = ["from", "item", "cursor"];

    #[test]
    fn a_link_repeats_the_request_with_another_cursor() {
        let uri: Uri = "/purchases?item=7&cursor=old&from=2026-11-21T10:00:00%2B01:00".parse().unwrap();
        let link = next(&Params::of(&uri, &KNOWN).unwrap(), &KNOWN, "new").unwrap();
        assert_eq!(link, r#"<?from=2026-11-21T10%3A00%3A00%2B01%3A00&item=7&cursor=new>; rel="next""#);
    }

    proptest! {
        #[test]
        fn any_value_comes_back_as_it_was(value: String, cursor: String) {
            let mut query = String::new();
            push(&mut query, "from", &value);
            let params = |query: &str| Params::of(&format!("/{query}").parse().unwrap(), &KNOWN).unwrap();
            let link = next(&params(&format!("?{query}")), &KNOWN, &cursor).unwrap();
            let target = link.to_str().unwrap().strip_prefix('<').and_then(|rest| rest.split_once('>')).unwrap().0;
            let followed = params(target);
            prop_assert_eq!(followed.text("from"), Some(value.as_str()));
            prop_assert_eq!(followed.text("cursor"), Some(cursor.as_str()));
        }
    }
}
