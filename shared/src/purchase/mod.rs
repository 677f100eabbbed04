//! A purchase: one sold item, without any PII. Its parts are types that carry their rules.

mod buyer;
mod numbers;
mod position;

pub use buyer::{BuyerToken, is_key_id};
pub use numbers::{ItemId, MAX_ITEM_ID, MAX_PRICE_DIGITS, Money, Quantity};
pub use position::{BUCKETS, Position, RowId, sortable, written};

/// The columns of purchases as CSV, wherever they are handed out.
pub const CSV_COLUMNS: [&str; 6] = ["buyer", "item_id", "quantity", "price", "purchase_date", "linked"];

/// One sold item of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// When, and which of that instant.
    pub position: Position,
    /// Who.
    pub buyer: BuyerToken,
    /// The same person's token under the key before the active one, while that is linked after a rotation.
    pub linked: Option<BuyerToken>,
    /// What.
    pub item_id: ItemId,
    /// How many.
    pub quantity: Quantity,
    /// For how much apiece, as exported.
    pub price: Money,
}
