//! The pages of the demo shop.

/// Items that have a page.
const ITEMS: std::ops::RangeInclusive<u32> = 1..=100;

/// What a page is, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Page {
    /// For people.
    Html(String),
    /// For programs.
    Json(serde_json::Value),
}

/// The page at this path; `None` when there is no such page.
pub(super) fn page(path: &str) -> Option<Page> {
    match path {
        "/" => Some(Page::Html(front())),
        "/checkout" => Some(Page::Html(html("Checkout", "<p>Your basket is empty.</p>"))),
        "/api/stock" => {
            Some(Page::Json(serde_json::json!({"items": [{"id": 7, "stock": 12}], "status": "ok"})))
        }
        _ => {
            let number = path.strip_prefix("/items/")?;
            let item: u32 = number.parse().ok()?;
            // One address per item: not /items/+1, not /items/01.
            (ITEMS.contains(&item) && item.to_string() == number).then(|| {
                let body = "<p>In stock.</p><p><a href=\"/checkout\">Buy</a></p>";
                Page::Html(html(&format!("Item {item}"), body))
            })
        }
    }
}

/// What a path answers that was told to be up and has no page.
pub(super) fn plain(message: &str) -> String {
    html("Demo shop", &format!("<p>{message}</p>"))
}

fn front() -> String {
    let items: String =
        (1..=12).map(|item| format!("<li><a href=\"/items/{item}\">Item {item}</a></li>")).collect();
    html("Demo shop", &format!("<ul>{items}</ul><p><a href=\"/checkout\">Checkout</a></p>"))
}

fn html(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>body{{font:1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}}</style></head>\
         <body><h1>{title}</h1>{body}<p><small>A shop for demos. Nothing is sold here.</small></p></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_one_page() {
        for path in ["/", "/checkout", "/items/1", "/items/100", "/api/stock"] {
            assert!(page(path).is_some(), "{path}");
        }
        for path in ["", "/items/", "/items/0", "/items/101", "/items/01", "/items/+1", "/items/1/", "/x"] {
            assert!(page(path).is_none(), "{path}");
        }
    }
}
