//! `shopwatch demo-shop`: its arguments and their help.

use std::net::IpAddr;

use clap::{Args, Subcommand};

use crate::demo_shop::Mode;

/// `shopwatch demo-shop`.
#[derive(Debug, Args)]
#[command(after_help = DEMO_SHOP, args_conflicts_with_subcommands = true)]
pub struct DemoShop {
    /// Port to listen on; 0 picks a free one
    #[arg(long, value_name = "P", default_value_t = 4_580)]
    pub port: u16,
    /// Address to listen on; who can reach it can also tell its pages how to behave
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Something else than running it.
    #[command(subcommand)]
    pub command: Option<DemoShopCommand>,
}

const DEMO_SHOP: &str = "\
Pages: /, /items/1 to /items/100, /checkout, and /api/stock in JSON. Prints `listening on
http://…` when it is ready, and runs until it is stopped.
  GET /_control                                            how pages were told to behave
  PUT /_control?path=/checkout&mode=slow&delay_ms=5000     tells one

Examples:
  shopwatch demo-shop --port 4580
  shopwatch demo-shop set /checkout fail
  shopwatch demo-shop set /checkout slow --delay-ms 5000
  shopwatch demo-shop set /checkout up";

/// What `demo-shop` does besides running.
#[derive(Debug, Subcommand)]
pub enum DemoShopCommand {
    /// Tell a page of a running demo shop how to behave
    #[command(after_help = "\
Example:
  shopwatch demo-shop set --url http://127.0.0.1:4580 /items/7 missing")]
    Set {
        /// The page's path, such as /checkout
        path: String,
        /// How it is to behave
        mode: Mode,
        /// How long a slow page takes, in ms, at most 60000; 3000 if not given
        #[arg(long, value_name = "N")]
        delay_ms: Option<u64>,
        /// Where the shop runs
        #[arg(
            long,
            env = "SHOPWATCH_SHOP_URL",
            hide_env_values = true,
            default_value = "http://127.0.0.1:4580"
        )]
        url: String,
    },
}
