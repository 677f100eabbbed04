//! What the command asks of AWS: where the stack is, and clients for its parts.

use anyhow::{Context as _, anyhow};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client as DynamoDb;
use shared::clients::causes;
use shared::invoke::Function;
use shared::monitor::Region;
use shared::store::{
    AccountsTable, BeatsTable, HistoryTable, ImportsTable, IncidentsTable, MonitorsTable, PurchasesTable,
    SecretsTable, SessionsTable,
};

use crate::buyer::{Copy, Uploads};
use crate::names::Stack;
use crate::pii::{PiiSecret, RecordedKey};

/// A stack in an account and region.
pub(crate) struct Cloud {
    config: SdkConfig,
    dynamodb: DynamoDb,
    stack: Stack,
    region: Region,
}

impl Cloud {
    /// Reads the usual AWS variables and files.
    pub(crate) async fn of(stack: Stack) -> anyhow::Result<Self> {
        let config = Box::pin(shared::clients::of_command()).await;
        let region = config
            .region()
            .context("no AWS region: set AWS_REGION, or AWS_PROFILE to a profile that has one")?;
        let region = region.as_ref().parse().context("AWS_REGION")?;
        Ok(Self { dynamodb: DynamoDb::new(&config), config, stack, region })
    }

    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    pub(crate) fn monitors(&self) -> MonitorsTable {
        MonitorsTable::new(self.dynamodb.clone(), self.stack.monitors()).consistent()
    }

    pub(crate) fn beats(&self) -> BeatsTable {
        BeatsTable::new(self.dynamodb.clone(), self.stack.beats())
    }

    pub(crate) fn secrets(&self) -> SecretsTable {
        SecretsTable::new(self.dynamodb.clone(), self.stack.secrets())
    }

    pub(crate) fn incidents(&self) -> IncidentsTable {
        IncidentsTable::new(self.dynamodb.clone(), self.stack.incidents())
    }

    pub(crate) fn imports(&self) -> ImportsTable {
        ImportsTable::new(self.dynamodb.clone(), self.stack.imports())
    }

    pub(crate) fn purchases(&self) -> PurchasesTable {
        PurchasesTable::new(self.dynamodb.clone(), self.stack.purchases()).consistent()
    }

    pub(crate) fn history(&self) -> HistoryTable {
        HistoryTable::new(self.dynamodb.clone(), self.stack.history()).consistent()
    }

    pub(crate) fn first_key(&self) -> RecordedKey {
        RecordedKey::new(self.dynamodb.clone(), self.stack.imports())
    }

    pub(crate) fn pii_secret(&self) -> PiiSecret {
        PiiSecret::new(aws_sdk_secretsmanager::Client::new(&self.config), self.stack.pii_secret())
    }

    pub(crate) fn rollup(&self) -> Function {
        Function::new(aws_sdk_lambda::Client::new(&self.config), self.stack.rollup())
    }

    pub(crate) fn uploads(&self, bucket: &str) -> Uploads {
        Uploads::new(self.s3(), bucket.to_owned())
    }

    pub(crate) fn accounts(&self) -> AccountsTable {
        AccountsTable::new(self.dynamodb.clone(), self.stack.accounts())
    }

    pub(crate) fn sessions(&self) -> SessionsTable {
        SessionsTable::new(self.dynamodb.clone(), self.stack.sessions())
    }

    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        crate::import::client(&self.config)
    }

    /// The stack's bucket, whose name holds the account's number.
    pub(crate) async fn uploads_bucket(&self) -> anyhow::Result<String> {
        Ok(self.stack.uploads(&self.account().await?, &self.region))
    }

    /// The stack's analytics copy.
    pub(crate) async fn analytics(&self) -> anyhow::Result<Copy> {
        let bucket = self.stack.analytics(&self.account().await?, &self.region);
        Ok(Copy::new(self.s3(), bucket))
    }

    async fn account(&self) -> anyhow::Result<String> {
        let caller = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let caller = caller.map_err(|error| anyhow!("asking for the account failed: {}", causes(&error)))?;
        caller.account.context("the answer to who is asking names no account")
    }

    /// An error with what to check, where that is known.
    pub(crate) fn hinted(&self, error: anyhow::Error) -> anyhow::Error {
        match self.hint(&error) {
            Some(hint) => error.context(hint),
            None => error,
        }
    }

    /// What to check when a call failed.
    fn hint(&self, error: &anyhow::Error) -> Option<String> {
        let text = format!("{error:#}");
        let (stack, region) = (&self.stack, &self.region);
        if ["ResourceNotFoundException", "NoSuchBucket"].iter().any(|code| text.contains(code)) {
            Some(format!(
                "is the stack {stack} deployed in {region}? --stack and AWS_REGION say which is meant"
            ))
        } else if ["CredentialsNotLoaded", "loading credentials"].iter().any(|code| text.contains(code)) {
            Some("there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".into())
        } else {
            None
        }
    }
}
