//! The judgement: when too many of a file's first rows are refused, it is probably another file than an export, and
//! nothing of it is to be loaded.

use shared::import::ImportCounts;

/// How many rows are looked at before any is written.
pub const ROWS: u64 = 1_000;

/// Whether a file whose first rows were counted like this is an export.
///
/// # Errors
/// Says how many rows were refused for which reasons, when they are more than `max_percent` of a hundred.
pub fn judge(counts: &ImportCounts, max_percent: u8) -> Result<(), String> {
    let refused = counts.rejected_total();
    if u128::from(refused) * 100 <= u128::from(counts.rows) * u128::from(max_percent) {
        return Ok(());
    }
    let mut reasons: Vec<(&str, u64)> = counts.rejected.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    reasons.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    let reasons: Vec<String> = reasons.iter().map(|(name, n)| format!("{name} {n}")).collect();
    let rows = match counts.rows {
        1 => "the only row".to_owned(),
        ROWS.. => format!("the first {} rows", counts.rows),
        rows => format!("all {rows} rows"),
    };
    Err(format!(
        "of {rows} {refused} were refused ({}), more than {max_percent} %: probably the wrong file, or columns that \
         are not named like the shop's. Nothing was written",
        reasons.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(rows: u64, rejected: &[(&str, u64)], max_percent: u8) -> Result<(), String> {
        let rejected = rejected.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        judge(&ImportCounts { rows, rejected, ..ImportCounts::default() }, max_percent)
    }

    #[test]
    fn more_than_the_share_is_refused_and_no_less() {
        assert_eq!(judged(0, &[], 0), Ok(()));
        assert_eq!(judged(1_000, &[("email", 500)], 50), Ok(()));
        assert!(judged(1_000, &[("email", 500), ("date", 1)], 50).is_err());
        assert!(judged(1_000, &[("email", 1)], 0).is_err());
        assert_eq!(judged(1_000, &[("email", 1_000)], 100), Ok(()));
        assert!(judged(3, &[("columns", 2)], 50).is_err());
    }

    #[test]
    fn the_message_says_why() {
        let message = |rows, rejected: &[(&str, u64)]| judged(rows, rejected, 50).unwrap_err();
        insta::assert_snapshot!(message(1_000, &[("columns", 3), ("date", 40), ("email", 700)]), @"of the first 1000 rows 743 were refused (email 700, date 40, columns 3), more than 50 %: probably the wrong file, or columns that are not named like the shop's. Nothing was written");
        insta::assert_snapshot!(message(3, &[("columns", 2)]), @"of all 3 rows 2 were refused (columns 2), more than 50 %: probably the wrong file, or columns that are not named like the shop's. Nothing was written");
        insta::assert_snapshot!(message(1, &[("columns", 1)]), @"of the only row 1 were refused (columns 1), more than 50 %: probably the wrong file, or columns that are not named like the shop's. Nothing was written");
    }
}
