//! The table `accounts`: partition `ACCOUNT#id` holds `ACCOUNT`, the account's summary, `USER#id`, a person, and
//! `INVITATION#sha256`; partitions `EMAIL#sha256` and `INVITATION#sha256` lead there. So an account's people are read
//! together and consistently: the summary is made of them.

use std::fmt::Display;
use std::future::Future;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::item::{Item, item_of, key, n, s, unavailable, value_of};
use super::transaction::{self, Ended};
use super::{Result, StoreError};
use crate::account::{AccountId, AccountSummary, Email, Invitation, User, UserId};
use crate::session::TokenHash;

/// Most people, or invitations, of one account that are listed.
pub const MAX_LISTED: usize = 1_000;

/// Reads accounts, the people in them and invitations.
pub trait ReadAccounts {
    /// A person of an account.
    fn user(&self, account: &AccountId, id: &UserId) -> impl Future<Output = Result<Option<User>>> + Send;
    /// The person who signs in with this address.
    fn user_of(&self, email: &Email) -> impl Future<Output = Result<Option<User>>> + Send;
    /// The people of an account, by id; at most [`MAX_LISTED`].
    fn users(&self, account: &AccountId) -> impl Future<Output = Result<Vec<User>>> + Send;
    /// The account's summary; none of one that has never had anybody.
    fn account(&self, id: &AccountId) -> impl Future<Output = Result<Option<AccountSummary>>> + Send;
    /// The invitation with this hash, expired or not.
    fn invitation(&self, hash: &TokenHash) -> impl Future<Output = Result<Option<Invitation>>> + Send;
    /// The invitations of an account; at most [`MAX_LISTED`].
    fn invitations(&self, account: &AccountId) -> impl Future<Output = Result<Vec<Invitation>>> + Send;
}

/// What becomes of one person, with the account's summary as it is afterwards. All of it is done or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// The summary, its version one above the one that is there.
    pub summary: AccountSummary,
    /// What becomes of the person.
    pub user: UserChange,
}

/// What becomes of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChange {
    /// A new one signs up; the invitation, where it took one, is used up.
    SignsUp(User, Option<Invitation>),
    /// One is changed, not the address; the version is one above the one that is there.
    Changes(User),
    /// One leaves.
    Leaves(User),
}

/// Changes accounts.
pub trait WriteAccounts {
    /// Does all of this, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account, the person, the address or the invitation is not as it was read.
    fn change_account(&self, change: &AccountChange) -> impl Future<Output = Result<()>> + Send;
    /// Stores a new invitation.
    fn put_invitation(&self, invitation: &Invitation) -> impl Future<Output = Result<()>> + Send;
    /// Deletes an invitation. Does nothing when there is none.
    fn delete_invitation(&self, invitation: &Invitation) -> impl Future<Output = Result<()>> + Send;
}

/// The table of accounts; see [`ReadAccounts`], [`WriteAccounts`].
#[derive(Debug, Clone)]
pub struct AccountsTable {
    client: Client,
    table: String,
}

const USER: &str = "USER";
const EMAIL: &str = "EMAIL";
const ACCOUNT: &str = "ACCOUNT";
const INVITATION: &str = "INVITATION";

/// Where in the table somebody's address, or an invitation, leads to.
#[derive(Debug, Serialize, Deserialize)]
struct Lead {
    account: AccountId,
    to: String,
}

fn named(kind: &str, name: impl Display) -> String {
    format!("{kind}#{name}")
}

/// The partition of what leads to a person: keys are named in errors and in metrics, so it is not the address itself.
fn address(email: &Email) -> String {
    named(EMAIL, faster_hex::hex_string(&Sha256::digest(email.as_str())))
}

impl AccountsTable {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn item<T: DeserializeOwned>(&self, pk: String, sk: String) -> Result<Option<T>> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let get = get.set_key(Some(key(pk, sk)));
        get.send().await.map_err(unavailable("reading an account"))?.item.map(value_of).transpose()
    }

    /// What the lead of this partition and kind leads to. Where there is none something is read all the same: how long it
    /// takes must not tell who has an account.
    async fn led<T: DeserializeOwned>(&self, pk: String, kind: &str) -> Result<Option<T>> {
        let lead = self.item::<Lead>(pk, kind.to_owned()).await?;
        let nobody = || Lead { account: AccountId::default(), to: named(kind, "nobody") };
        let lead = lead.unwrap_or_else(nobody);
        self.item(named(ACCOUNT, lead.account), lead.to).await
    }

    async fn of_account<T: DeserializeOwned>(&self, account: &AccountId, kind: &str) -> Result<Vec<T>> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :kind)")
            .expression_attribute_values(":pk", s(named(ACCOUNT, account)))
            .expression_attribute_values(":kind", s(format!("{kind}#")))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while found.len() < MAX_LISTED
            && let Some(item) = items.next().await
        {
            found.push(value_of(item.map_err(unavailable("reading an account"))?)?);
        }
        Ok(found)
    }

    /// A put of what must not be there yet, or of what has the version before this one.
    fn put(&self, item: Item, version: Option<u64>) -> Result<TransactWriteItem> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = match version.filter(|version| *version > 1) {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(version) => put
                .condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", n(version - 1)),
        };
        let put = put.build().map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn put_user(&self, user: &User) -> Result<TransactWriteItem> {
        let item = item_of(named(ACCOUNT, &user.account), named(USER, &user.id), user)?;
        self.put(item, Some(user.version))
    }

    /// A delete of what must be there.
    fn delete(&self, pk: String, sk: String) -> Result<TransactWriteItem> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key(pk, sk)));
        let delete = delete.condition_expression("attribute_exists(pk)").build();
        let delete = delete.map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn writes(&self, change: &AccountChange) -> Result<Vec<TransactWriteItem>> {
        let summary = &change.summary;
        let item = item_of(named(ACCOUNT, &summary.account), ACCOUNT, summary)?;
        let mut writes = vec![self.put(item, Some(summary.version))?];
        match &change.user {
            UserChange::SignsUp(user, invitation) => {
                writes.push(self.put_user(user)?);
                let lead = Lead { account: user.account.clone(), to: named(USER, &user.id) };
                writes.push(self.put(item_of(address(&user.email), EMAIL, &lead)?, None)?);
                for (pk, sk) in invitation.iter().flat_map(places) {
                    writes.push(self.delete(pk, sk)?);
                }
            }
            UserChange::Changes(user) => writes.push(self.put_user(user)?),
            UserChange::Leaves(user) => {
                writes.push(self.delete(named(ACCOUNT, &user.account), named(USER, &user.id))?);
                writes.push(self.delete(address(&user.email), EMAIL.to_owned())?);
            }
        }
        Ok(writes)
    }
}

/// Others were at it each time, or the table takes no more.
fn busy(action: &'static str) -> StoreError {
    StoreError::Unavailable { action, cause: "others wrote at the same moment, each time".to_owned() }
}

/// The keys of an invitation, and of what leads to it.
fn places(invitation: &Invitation) -> [(String, String); 2] {
    let name = named(INVITATION, &invitation.hash);
    [(named(ACCOUNT, &invitation.account), name.clone()), (name, INVITATION.to_owned())]
}

impl ReadAccounts for AccountsTable {
    async fn user(&self, account: &AccountId, id: &UserId) -> Result<Option<User>> {
        self.item(named(ACCOUNT, account), named(USER, id)).await
    }

    async fn user_of(&self, email: &Email) -> Result<Option<User>> {
        self.led(address(email), EMAIL).await
    }

    async fn users(&self, account: &AccountId) -> Result<Vec<User>> {
        self.of_account(account, USER).await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSummary>> {
        self.item(named(ACCOUNT, id), ACCOUNT.to_owned()).await
    }

    async fn invitation(&self, hash: &TokenHash) -> Result<Option<Invitation>> {
        self.led(named(INVITATION, hash), INVITATION).await
    }

    async fn invitations(&self, account: &AccountId) -> Result<Vec<Invitation>> {
        self.of_account(account, INVITATION).await
    }
}

impl WriteAccounts for AccountsTable {
    async fn change_account(&self, change: &AccountChange) -> Result<()> {
        match transaction::send(&self.client, "changing an account", || self.writes(change)).await? {
            Ended::Written => Ok(()),
            Ended::Refused => Err(StoreError::Conflict(format!("account {}", change.summary.account))),
            Ended::Contended => Err(busy("changing an account")),
        }
    }

    async fn put_invitation(&self, invitation: &Invitation) -> Result<()> {
        let expires_at = n(invitation.valid_until.as_second());
        let writes = || {
            let [(pk, sk), _] = places(invitation);
            let mut item = item_of(pk, sk.clone(), invitation)?;
            let lead = Lead { account: invitation.account.clone(), to: sk };
            let mut lead = item_of(named(INVITATION, &invitation.hash), INVITATION, &lead)?;
            for item in [&mut item, &mut lead] {
                item.insert("expires_at".to_owned(), expires_at.clone());
            }
            Ok(vec![self.put(item, None)?, self.put(lead, None)?])
        };
        match transaction::send(&self.client, "storing an invitation", writes).await? {
            Ended::Written => Ok(()),
            Ended::Refused => Err(StoreError::Conflict("an invitation".to_owned())),
            Ended::Contended => Err(busy("storing an invitation")),
        }
    }

    async fn delete_invitation(&self, invitation: &Invitation) -> Result<()> {
        for (pk, sk) in places(invitation) {
            let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(pk, sk)));
            delete.send().await.map_err(unavailable("deleting an invitation"))?;
        }
        Ok(())
    }
}
