//! What is sold: the trend of a day, the buyer index, and the analytics copy, all recomputed from the purchases.
//!
//! - `handler`: one event; `day`: one day, from the table to trend and file; `follow`: days that follow it; `nightly`:
//!   which days are to be done again;
//! - `read`: the day's purchases into memory (`purchases`), and who made them (`people`);
//! - `count`: what they add up to; `copy`: the Parquet file; both pure functions of them;
//! - `buyers`: the buyer index; `analytics`: the bucket.

mod analytics;
mod buyers;
mod copy;
mod count;
mod day;
mod follow;
mod handler;
mod nightly;
mod people;
mod purchases;
mod read;

pub use analytics::{AnalyticsBucket, WriteAnalytics};
pub use handler::SalesRollup;
pub use purchases::MAX_PURCHASES;
