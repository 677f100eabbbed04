//! `shopwatch maintenance`: its arguments and their help.

use std::path::PathBuf;

use clap::Subcommand;
use shared::maintenance::WindowId;

/// `shopwatch maintenance`.
#[derive(Debug, Subcommand)]
pub enum Maintenance {
    /// Create and change windows until they are as the file says; delete none
    #[command(after_help = APPLY)]
    Apply {
        /// YAML file of windows; `-` reads standard input
        file: PathBuf,
    },
    /// List the windows
    #[command(after_help = "Example:\n  shopwatch maintenance list")]
    List,
    /// Delete a window
    #[command(after_help = "Example:\n  shopwatch maintenance delete sunday-night")]
    Delete {
        /// Its id
        id: WindowId,
    },
}

const APPLY: &str = "\
While a window is open its monitors are checked, and no incident is opened for them. Windows are
told apart by their ids. A file with anything wrong in it changes nothing. Most: 500 windows, 1 MB.

The file:
  windows:
    - id: sunday-night
      name: Deployments
      monitors: [Checkout]        # names; all monitors if not given
      days: [sun]                 # on which it begins; every day if not given
      at: \"23:30\"
      minutes: 90                 # 1 to 10080
      time_zone: Europe/Berlin
    - id: move
      name: Move to the new shop
      from: 2026-11-28T22:00:00   # with Z or an offset, or on the clocks of time_zone
      until: 2026-11-29T02:00:00
      time_zone: Europe/Berlin

Examples:
  shopwatch maintenance apply maintenance.yaml";
