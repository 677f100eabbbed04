//! Progress bars. indicatif hides them when standard error is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use shared::import::Import;

const UPLOAD: &str = "uploading {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";

const STEPS: &str = "applying {bar:30} {pos}/{len} {eta}";

const IMPORT: &str = "importing {bar:30} {msg}";

/// The bar of the moment.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Bytes on their way to the bucket.
    pub(crate) fn of_upload(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        bar.set_style(style(UPLOAD));
        Self(bar)
    }

    /// Bytes and rows read by `etl`.
    pub(crate) fn of_import(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        bar.set_style(style(IMPORT));
        bar.set_message("waiting for etl");
        Self(bar)
    }

    /// Monitors that are created, changed or deleted.
    pub(crate) fn of_steps(count: u64) -> Self {
        let bar = ProgressBar::new(count);
        bar.set_style(style(STEPS));
        Self(bar)
    }

    /// So many more are done.
    pub(crate) fn done(&self, count: u64) {
        self.0.inc(count);
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    pub(crate) fn seen(&self, import: &Import) {
        let counts = &import.counts;
        self.0.set_position(counts.bytes);
        self.0.set_message(format!(
            "{} rows read, {} loaded, {} rejected",
            counts.rows,
            counts.loaded,
            counts.rejected_total()
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // A template that is wrong is this file's mistake; the plain bar does then.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [UPLOAD, IMPORT, STEPS] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
