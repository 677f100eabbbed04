//! The help of the demo shop, word for word.

use super::*;

#[test]
fn help_of_the_demo_shop() {
    insta::assert_snapshot!(help("demo-shop"), @"
    Run a small web shop whose pages can be told to fail

    Usage: shopwatch demo-shop [OPTIONS]
           shopwatch demo-shop <COMMAND>

    Commands:
      set   Tell a page of a running demo shop how to behave
      help  Print this message or the help of the given subcommand(s)

    Options:
          --port <P>      Port to listen on; 0 picks a free one [default: 4580]
          --host <HOST>   Address to listen on; who can reach it can also tell its pages how to behave
                          [default: 127.0.0.1]
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Pages: /, /items/1 to /items/100, /checkout, and /api/stock in JSON. Prints `listening on
    http://…` when it is ready, and runs until it is stopped.
      GET /_control                                            how pages were told to behave
      PUT /_control?path=/checkout&mode=slow&delay_ms=5000     tells one

    Examples:
      shopwatch demo-shop --port 4580
      shopwatch demo-shop set /checkout fail
      shopwatch demo-shop set /checkout slow --delay-ms 5000
      shopwatch demo-shop set /checkout up
    ");
    insta::assert_snapshot!(help("demo-shop set"), @"
    Tell a page of a running demo shop how to behave

    Usage: shopwatch demo-shop set [OPTIONS] <PATH> <MODE>

    Arguments:
      <PATH>  The page's path, such as /checkout
      <MODE>  How it is to behave [possible values: up, slow, fail, hang, missing]

    Options:
          --delay-ms <N>  How long a slow page takes, in ms, at most 60000; 3000 if not given
          --url <URL>     Where the shop runs [env: SHOPWATCH_SHOP_URL] [default: http://127.0.0.1:4580]
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help (see more with '--help')

    Example:
      shopwatch demo-shop set --url http://127.0.0.1:4580 /items/7 missing
    ");
}
