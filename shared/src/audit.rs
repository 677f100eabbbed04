//! Who changed what, when and from where.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::{AccountId, UserId};

/// How long an entry is kept, in days.
pub const AUDIT_DAYS: i64 = 400;

/// One change, or an attempt at one: it is written before what it tells of, so that nothing is changed without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// The account in which.
    pub account: AccountId,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::Instant))]
    pub at: Timestamp,
    /// Who.
    pub user: UserId,
    /// With what: the id of the session or key; none of who signs up or in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The address that it came from, as API Gateway saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What was done, such as `key.create`.
    pub action: String,
    /// To what: an id.
    pub target: String,
    /// What else there is to say; never a secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, String>,
}
