//! The error of an object that is not there any more as it was announced.

/// What [`ReadUpload::open`](crate::object::ReadUpload::open) fails with when trying again would end the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// The object, or the version that the event names, was deleted or never there.
    #[error(
        "the object is not there any more: it was deleted before it could be read, and has to be uploaded again"
    )]
    Deleted,
    /// Under its key there is another object by now, which has an import of its own.
    #[error("the object was replaced before it could be read: the one in its place has an import of its own")]
    Replaced,
}
