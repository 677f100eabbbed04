//! How an import ends: in which state, with which message, and whether it is worth trying again.

use shared::import::{ImportCounts, ImportState};

use crate::export::ReadError;
use crate::gone::Gone;
use crate::identity::{Halt, MAX_REMEMBERED};
use crate::load::PassError;
use crate::object::Refusal;

/// How an invocation's part of an import came to an end.
pub(crate) enum Part {
    /// The import has ended; well, if there is nothing to say.
    Ended(Result<(), End>),
    /// The invocation's time is over.
    OutOfTime,
    /// The import is another invocation's by now, which will end it.
    Lost,
}

/// Why an import has not ended well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    /// Not a file that can be loaded; nothing was written.
    #[error("{0}")]
    Refused(String),
    /// Something failed that may work the next time.
    #[error("{0}")]
    Failed(String),
    /// Something failed that would fail again.
    #[error("{0}")]
    Hopeless(String),
}

impl End {
    /// Something that may work the next time did not.
    pub(crate) fn failed(what: &'static str) -> impl FnOnce(anyhow::Error) -> Self {
        move |error| Self::Failed(format!("{what}: {error:#}"))
    }

    /// The object could not be opened.
    pub(crate) fn not_opened(error: anyhow::Error) -> Self {
        match error.downcast_ref::<Gone>() {
            Some(gone) => Self::Hopeless(gone.to_string()),
            None => Self::not_read(error),
        }
    }

    /// The beginning of the object could not be read.
    pub(crate) fn not_read(error: anyhow::Error) -> Self {
        Self::failed("the object could not be read")(error)
    }

    /// What the ledger calls it.
    pub(crate) fn state(&self) -> ImportState {
        match self {
            Self::Refused(_) => ImportState::Refused,
            Self::Failed(_) | Self::Hopeless(_) => ImportState::Failed,
        }
    }
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

impl From<PassError> for End {
    fn from(error: PassError) -> Self {
        match error {
            PassError::Judged(why) => Self::Refused(why),
            PassError::Halt(Halt::Refused(refusal)) => refusal.into(),
            PassError::Halt(Halt::Unsorted | Halt::TooMany) => Self::Hopeless(too_many()),
            PassError::Read(ReadError::Corrupt(why)) => Self::Hopeless(corrupt(&why)),
            PassError::Days(error) => Self::Hopeless(error.to_string()),
            error => Self::Failed(error.to_string()),
        }
    }
}

/// The message of an import of more rows than can be remembered.
pub fn too_many() -> String {
    format!(
        "more than {MAX_REMEMBERED} rows that are out of time order, or of one instant: sort the file by \
         purchase_date, or split it"
    )
}

/// The message of an import whose object is broken somewhere, for this reason.
pub fn corrupt(why: &str) -> String {
    format!("the object cannot be read to its end: {why}")
}

/// The state and the message of an import whose every row is settled.
pub fn ended_well(counts: &ImportCounts) -> (ImportState, Option<String>) {
    let message = match (counts.rows, counts.loaded + counts.erased) {
        (0, _) => Some("the file has no rows"),
        (_, 0) => Some(
            "no row could be loaded: is it an export with the columns email, item_id, quantity, price and \
             purchase_date?",
        ),
        _ => None,
    };
    let state =
        if counts.rejected_total() == 0 { ImportState::Loaded } else { ImportState::LoadedWithRejects };
    (state, message.map(str::to_owned))
}

/// The message of an import that got nowhere in one invocation's time: nine tenths of the rows that fitted, so that
/// the parts fit.
pub(crate) fn no_progress(counts: &ImportCounts) -> String {
    let advice = match counts.rows / 10 * 9 {
        0 => "smaller parts".to_owned(),
        rows => format!("parts of at most {rows} rows"),
    };
    format!(
        "{} rows were read in the time of one invocation, and none behind row {} was loaded: split the file into \
         {advice}. What has been loaded is not loaded twice",
        counts.rows, counts.checkpoint
    )
}

/// The message of an import that has been begun too often.
pub(crate) fn too_often(times: u32) -> String {
    format!(
        "the file has been read {times} times and is not loaded: split it. What has been loaded is not loaded twice"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rows_than_can_be_remembered_fail_for_good() {
        let end = End::from(PassError::Halt(Halt::TooMany));
        assert!(matches!(end, End::Hopeless(_)), "it would fail again");
        assert_eq!(end.state(), ImportState::Failed);
        assert!(end.to_string().contains("sort the file by purchase_date, or split it"), "{end}");
    }
}
