//! A check over HTTP, made field by field of what another tool says; what breaks a rule of ours is noted and left out.

use shared::monitor::{
    Check, Condition, ExpectJson, HttpCheck, JsonPath, MAX_EXPECTATIONS, Method, MonitorName, Operator,
    TargetUrl,
};
use url::{Url, form_urlencoded};

use super::draft::{Draft, Entrance};
use super::secrets::{has_secret, is_secret};
use super::statuses::Statuses;
use crate::monitors::Wanted;

/// Status codes or ranges of them that our file takes.
const MAX_RANGES: usize = 10;

/// A check over HTTP in the making.
pub(super) struct Http<'d> {
    /// Whose it is.
    pub(super) draft: &'d mut Draft,
    check: HttpCheck,
}

impl<'d> Http<'d> {
    /// A check of this URL; none where it is not one.
    pub(super) fn of(draft: &'d mut Draft, field: &str, url: &str) -> Option<Self> {
        let url = target(draft, field, url)?;
        Some(Self { draft, check: HttpCheck::of(url) })
    }

    /// Whether it is encrypted.
    pub(super) fn is_https(&self) -> bool {
        self.check.url.url().scheme() == "https"
    }

    pub(super) fn done(self) -> Check {
        Check::Http(Box::new(self.check))
    }

    /// Changes the check, if it then keeps our rules.
    fn change(&mut self, field: &str, change: impl FnOnce(&mut HttpCheck)) {
        let mut changed = self.check.clone();
        change(&mut changed);
        match keeps(&changed) {
            Ok(()) => self.check = changed,
            // What came may be a secret.
            Err(expected) => {
                self.draft.note(field, format!("expected {expected}, got something else: left out"))
            }
        }
    }

    pub(super) fn method(&mut self, field: &str, name: &str) {
        match serde_json::from_value::<Method>(name.trim().to_ascii_uppercase().into()) {
            Ok(method) => self.check.method = method,
            Err(_) => self.draft.note(
                field,
                "expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, got something else: left out",
            ),
        }
    }

    pub(super) fn follow_redirects(&mut self, follow: bool) {
        self.check.follow_redirects = follow;
    }

    /// Sets a header. What lets the check in becomes a variable.
    pub(super) fn header(&mut self, fields: &str, name: &str, value: &str) {
        let name = name.trim().to_ascii_lowercase();
        let is_name =
            (1..=60).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let field = if is_name { format!("{fields}.{name}") } else { fields.to_owned() };
        if name == "authorization" {
            let is_bearer =
                value.trim_start().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer "));
            self.draft.entrance =
                if is_bearer { Entrance::Bearer { field } } else { Entrance::Other { field } };
        } else if is_secret(&name) {
            self.draft.note_secret(&field, "may be a secret");
        } else if let Some(value) = self.draft.settled(&field, value) {
            self.change(&field, |check| drop(check.headers.insert(name, value)));
        }
    }

    /// Whether a header of this name is set.
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.check.headers.contains_key(name)
    }

    /// Sets the body of the request; whether it is set.
    pub(super) fn body(&mut self, field: &str, text: &str) -> bool {
        if has_secret(text) {
            self.draft.note_secret(field, "may hold a secret");
        } else if let Some(text) = self.draft.settled(field, text) {
            self.change(field, |check| check.body = Some(text));
        }
        self.check.body.is_some()
    }

    /// Sets which status codes are good.
    pub(super) fn status(&mut self, field: &str, statuses: &Statuses) {
        let codes = statuses.text().filter(|text| text.split(", ").count() <= MAX_RANGES);
        match codes.and_then(|text| text.parse().ok()) {
            Some(codes) => self.check.expect.status = codes,
            None => {
                let expected = format!("expected 1 to {MAX_RANGES} status codes or ranges, got others");
                self.draft.note(field, format!("{expected}: 200 to 399 are good"));
            }
        }
    }

    /// Expects something of the body.
    pub(super) fn expect_body(&mut self, field: &str, operator: Operator, text: &str) {
        if let Some(is) = self.condition(field, operator, text)
            && self.has_room(field, self.check.expect.body.len())
        {
            self.change(field, |check| check.expect.body.push(is));
        }
    }

    /// Expects a text not to be in the body.
    pub(super) fn expect_absent(&mut self, field: &str, text: &str) {
        if let Some(text) = self.draft.settled(field, text)
            && self.has_room(field, self.check.expect.absent.len())
        {
            self.change(field, |check| check.expect.absent.push(text));
        }
    }

    /// Expects something of a value of a JSON answer.
    pub(super) fn expect_json(&mut self, field: &str, path: &str, operator: Operator, text: &str) {
        let Ok(path) = path.parse::<JsonPath>() else {
            let expected = "expected a path of names and indexes such as $.items[0].stock";
            return self.draft.note(field, format!("{expected}, got something else: left out"));
        };
        if is_secret(&path.to_string()) && !text.is_empty() {
            return self.draft.note_secret(field, "may hold a secret");
        }
        if let Some(is) = self.condition(field, operator, text)
            && self.has_room(field, self.check.expect.json.len())
        {
            self.change(field, |check| check.expect.json.push(ExpectJson { path, is }));
        }
    }

    /// Expects the certificate to hold for so many days, if there is one.
    pub(super) fn certificate_days(&mut self, field: &str, days: u64) {
        let days = u16::try_from(days).unwrap_or(u16::MAX);
        if self.is_https() {
            self.check.expect.certificate_days = Some(days);
            self.draft.note(field, format!("with fewer than {days} days it is degraded, not down"));
        } else {
            self.draft.note(field, "expected a URL with https, got one without: left out");
        }
    }

    fn condition(&mut self, field: &str, operator: Operator, text: &str) -> Option<Condition> {
        let text = self.draft.settled(field, text)?;
        let condition = Condition::new(operator, text);
        let expected =
            |error: shared::Invalid| format!("expected {}, got something else: left out", error.expected);
        condition.map_err(expected).map_err(|what| self.draft.note(field, what)).ok()
    }

    fn has_room(&mut self, field: &str, there: usize) -> bool {
        if there == MAX_EXPECTATIONS {
            self.draft
                .note(field, format!("expected at most {MAX_EXPECTATIONS} conditions of a kind: left out"));
        }
        there < MAX_EXPECTATIONS
    }
}

/// The rule that the check breaks, if it breaks one.
fn keeps(check: &HttpCheck) -> Result<(), &'static str> {
    let name: MonitorName = "x".parse().map_err(|error: shared::Invalid| error.expected)?;
    Wanted::of(name, Check::Http(Box::new(check.clone()))).validate().map_err(|error| error.expected)
}

/// The URL without what may be a secret in it.
fn target(draft: &mut Draft, field: &str, text: &str) -> Option<TargetUrl> {
    const EXPECTED: &str = "expected a URL such as https://shop.example/, got something else";
    let text = draft.settled(field, text.trim())?;
    let Ok(mut url) = Url::parse(&text) else { return draft.leave_out(field, EXPECTED) };
    if !url.username().is_empty() || url.password().is_some() {
        let user = url.username().to_owned();
        // An escaped one would have to be read first.
        draft.entrance = if user.contains('%') {
            Entrance::Other { field: field.to_owned() }
        } else {
            Entrance::Basic { user, field: field.to_owned() }
        };
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return draft.leave_out(field, EXPECTED);
        }
    }
    // No request has it.
    url.set_fragment(None);
    if let Some(query) = url.query() {
        let is_kept =
            |pair: &&str| !form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| is_secret(&name));
        let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
        if kept.len() < query.split('&').count() {
            let kept = kept.join("&");
            url.set_query((!kept.is_empty()).then_some(kept.as_str()));
            draft.note_secret(&format!("{field} (a part of its query)"), "may be a secret");
        }
    }
    match TargetUrl::from_url(url) {
        Ok(url) => Some(url),
        Err(error) => draft.leave_out(field, format!("expected {}, got something else", error.expected)),
    }
}
