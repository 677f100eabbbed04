//! What requests say of channels.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use shared::account::Email;
use shared::channel::{
    Channel, HookUrl, Kind, MAX_ADDRESSES, MAX_HOOK_BYTES, MAX_MONITORS, MAX_SIGNING_CHARS,
    MIN_SIGNING_CHARS, Target, Transition,
};
use shared::http_frame::Failure;
use shared::monitor::{MonitorId, MonitorName};
use shared::openapi;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Ref, Schema, Type};

/// What a request leaves out, sets to `null`, or says.
type Told<T> = Option<Option<T>>;

fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Told<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A whole channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChannelRequest, example = json!({
    "name": "On call",
    "kind": "webhook",
    "url": "https://hooks.shop.example/alerts/5f70bf18a086",
    "secret": "correct horse battery",
    "monitors": ["s0-7f3k2a"],
    "on": ["down", "up"],
}))]
pub(super) struct Asked {
    name: MonitorName,
    kind: Kind,
    #[serde(default)]
    #[schema(schema_with = monitors)]
    monitors: BTreeSet<MonitorId>,
    #[serde(default = "Transition::all")]
    #[schema(schema_with = on)]
    on: BTreeSet<Transition>,
    /// Whether it rests: nothing is delivered.
    #[serde(default)]
    paused: bool,
    #[serde(default, deserialize_with = "told")]
    #[schema(schema_with = url, required = false)]
    url: Told<SecretString>,
    #[serde(default, deserialize_with = "told")]
    #[schema(schema_with = secret, required = false)]
    secret: Told<SecretString>,
    #[serde(default, deserialize_with = "told")]
    #[schema(schema_with = addresses, required = false)]
    addresses: Told<BTreeSet<Email>>,
}

/// What of a channel is to be otherwise (RFC 7396).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChannelPatch, example = json!({"paused": true, "monitors": null}))]
pub(super) struct Patch {
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = MonitorName, required = false)]
    name: Told<MonitorName>,
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Kind, required = false)]
    kind: Told<Kind>,
    #[serde(default, deserialize_with = "told")]
    #[schema(schema_with = monitors_or_null, required = false)]
    monitors: Told<BTreeSet<MonitorId>>,
    #[serde(default, deserialize_with = "told")]
    #[schema(schema_with = on_or_null, required = false)]
    on: Told<BTreeSet<Transition>>,
    /// Whether it rests: nothing is delivered.
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<bool>, required = false)]
    paused: Told<bool>,
    #[serde(default, deserialize_with = "told")]
    #[schema(schema_with = url, required = false)]
    url: Told<SecretString>,
    #[serde(default, deserialize_with = "told")]
    #[schema(schema_with = secret, required = false)]
    secret: Told<SecretString>,
    #[serde(default, deserialize_with = "told")]
    #[schema(schema_with = addresses, required = false)]
    addresses: Told<BTreeSet<Email>>,
}

/// What a channel is to be.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) name: MonitorName,
    pub(super) kind: Kind,
    pub(super) monitors: BTreeSet<MonitorId>,
    pub(super) on: BTreeSet<Transition>,
    pub(super) paused: bool,
    /// Where it is to lead; none: where it leads.
    pub(super) target: Option<Target>,
}

impl Asked {
    /// What this asks for, given what is there.
    pub(super) fn wanted(&self, before: Option<&Channel>) -> Result<Wanted, Failure> {
        let Self { name, kind, monitors, on, paused, url, secret, addresses } = self;
        let target = target(*kind, (url, secret, addresses), before)?;
        let (name, monitors, on) = (name.clone(), monitors.clone(), on.clone());
        Wanted { name, kind: *kind, monitors, on, paused: *paused, target }.validated()
    }
}

impl Patch {
    /// What this makes of what is there.
    pub(super) fn wanted(&self, before: &Channel) -> Result<Wanted, Failure> {
        let Self { name, kind, monitors, on, paused, url, secret, addresses } = self;
        let kind = needed("kind", kind, &before.kind)?;
        let target = target(kind, (url, secret, addresses), Some(before))?;
        let name = needed("name", name, &before.name)?;
        let monitors = told_or(monitors, &before.monitors, BTreeSet::new);
        let on = told_or(on, &before.on, Transition::all);
        let paused = told_or(paused, &before.paused, || false);
        Wanted { name, kind, monitors, on, paused, target }.validated()
    }
}

fn told_or<T: Clone>(told: &Told<T>, before: &T, default: impl FnOnce() -> T) -> T {
    match told {
        None => before.clone(),
        Some(None) => default(),
        Some(Some(value)) => value.clone(),
    }
}

/// A field that has no default.
fn needed<T: Clone>(field: &'static str, told: &Told<T>, before: &T) -> Result<T, Failure> {
    match told {
        None => Ok(before.clone()),
        Some(None) => Err(refused(field, "a channel needs one")),
        Some(Some(value)) => Ok(value.clone()),
    }
}

impl Wanted {
    fn validated(self) -> Result<Self, Failure> {
        if self.on.is_empty() {
            return Err(refused("on", "expected at least one of down, degraded and up"));
        }
        Ok(self)
    }
}

fn refused(field: &'static str, rule: &str) -> Failure {
    Failure::bad_request(field, format!("{field}: {rule}"))
}

/// What a request says of where a channel leads.
type OfTarget<'a> = (&'a Told<SecretString>, &'a Told<SecretString>, &'a Told<BTreeSet<Email>>);

/// The target that is asked for; none where the one that is there stays. Nobody here can read that one, so it changes as a
/// whole.
fn target(kind: Kind, asked: OfTarget<'_>, before: Option<&Channel>) -> Result<Option<Target>, Failure> {
    let (url, secret, addresses) = asked;
    let of_another_kind = match kind {
        Kind::Webhook => [("addresses", is_said(addresses)), ("addresses", false)],
        Kind::Slack => [("addresses", is_said(addresses)), ("secret", is_said(secret))],
        Kind::Email => [("url", is_said(url)), ("secret", is_said(secret))],
    };
    if let Some((field, _)) = of_another_kind.into_iter().find(|(_, is_said)| *is_said) {
        return Err(refused(field, &format!("a channel of kind {} has none", kind.name())));
    }
    let there = before.filter(|before| before.kind == kind);
    let target = match kind {
        Kind::Email => people(addresses, there)?,
        Kind::Webhook | Kind::Slack => hook(kind, url, secret, there)?,
    };
    let target = target.map(Target::validated).transpose();
    target.map_err(|(field, rule)| refused(field, rule))
}

fn is_said<T>(told: &Told<T>) -> bool {
    matches!(told, Some(Some(_)))
}

fn people(addresses: &Told<BTreeSet<Email>>, there: Option<&Channel>) -> Result<Option<Target>, Failure> {
    match addresses {
        Some(Some(addresses)) => Ok(Some(Target::Email { addresses: addresses.clone() })),
        None if there.is_some() => Ok(None),
        None | Some(None) => Err(refused("addresses", "a channel of kind email needs some")),
    }
}

fn hook(
    kind: Kind,
    url: &Told<SecretString>,
    secret: &Told<SecretString>,
    there: Option<&Channel>,
) -> Result<Option<Target>, Failure> {
    let was_signed = there.is_some_and(|there| there.has_secret);
    match url {
        Some(Some(_)) if was_signed && secret.is_none() => {
            Err(refused("secret", "there is one: give it again with the URL, or null for none"))
        }
        Some(Some(url)) => {
            let url = HookUrl::of(url).map_err(|rule| refused("url", rule))?;
            Ok(Some(match kind {
                Kind::Slack => Target::Slack { url },
                Kind::Webhook | Kind::Email => Target::Webhook { url, secret: secret.clone().flatten() },
            }))
        }
        None if there.is_some() && (is_said(secret) || secret.is_some() && was_signed) => {
            Err(refused("secret", "it is kept with the URL, which nobody reads: give both again"))
        }
        None if there.is_some() => Ok(None),
        None | Some(None) => Err(refused("url", &format!("a channel of kind {} needs one", kind.name()))),
    }
}

fn monitors() -> Array {
    let ids = ArrayBuilder::new().items(Ref::from_schema_name(MonitorId::name()));
    let ids = ids.max_items(Some(MAX_MONITORS)).unique_items(true);
    ids.description(Some("For which monitors; none, or an empty list: for all of the account's.")).build()
}

fn on() -> Array {
    let all = ArrayBuilder::new().items(Ref::from_schema_name(Transition::name()));
    let all = all.min_items(Some(1)).unique_items(true);
    all.description(Some("For what they have become; for all of it where it is left out.")).build()
}

fn or_null(schema: impl Into<RefOr<Schema>>) -> OneOfBuilder {
    OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Null)).item(schema)
}

fn monitors_or_null() -> Schema {
    or_null(Schema::from(monitors())).build().into()
}

fn on_or_null() -> Schema {
    or_null(Schema::from(on())).build().into()
}

fn url() -> Object {
    let mut url = openapi::secret(1..=MAX_HOOK_BYTES);
    url.description = Some(
        "Where a webhook or Slack is delivered to: an https URL without user name and password. Nobody reads it again, but \
         for its scheme, host and port. Left out of a change, the one that is there stays."
            .to_owned(),
    );
    url
}

fn secret() -> Schema {
    let secret = or_null(Schema::from(openapi::secret(MIN_SIGNING_CHARS..=MAX_SIGNING_CHARS)));
    let description = "What deliveries to a webhook are signed with; `null`: nothing. It is kept with the URL: a change \
                       names both, or neither.";
    secret.description(Some(description)).build().into()
}

fn addresses() -> Array {
    let all = ArrayBuilder::new().items(Ref::from_schema_name(Email::name()));
    let all = all.min_items(Some(1)).max_items(Some(MAX_ADDRESSES)).unique_items(true);
    let description = "To whom e-mail goes. Nobody reads them again, but for their number and domains. Left out of a \
                       change, those that are there stay.";
    all.description(Some(description)).build()
}
