//! Room for more. Guests, which are accounts that are not the installation's own, have a room of their own, so that they
//! never fill the installation's, and each of them a part of it: somebody else pays for them.
//!
//! What is there is counted a moment before more is stored, so two at the same moment may both pass: this keeps the bill
//! small and lists short, and is no promise.

use shared::account::AccountId;
use shared::http_frame::Failure;

use crate::auth::caller::conflict;

/// How many of something there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// What it is.
    pub(crate) what: &'static str,
    /// Of the installation's own account.
    pub(crate) own: usize,
    /// Of all guests together.
    pub(crate) guests: usize,
    /// Of one of them.
    pub(crate) guest: usize,
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct There {
    /// Of the installation's own account.
    pub(crate) own: usize,
    /// Of all guests together.
    pub(crate) guests: usize,
    /// Of the guest who asks.
    pub(crate) guest: usize,
}

impl Room {
    /// Whether so many more of this account have room.
    ///
    /// # Errors
    /// `409 too_many` when they have not.
    pub(crate) fn has(&self, account: &AccountId, there: There, more: usize) -> Result<(), Failure> {
        let Self { what, .. } = self;
        let limits: &[(usize, usize, &str)] = if account.is_home() {
            &[(there.own, self.own, "an installation has")]
        } else {
            &[
                (there.guest, self.guest, "an account has"),
                (there.guests, self.guests, "all guests together have"),
            ]
        };
        for (there, most, whose) in limits {
            if there + more > *most {
                return Err(conflict("too_many", format!("{whose} at most {most} {what}")));
            }
        }
        Ok(())
    }
}
