//! The help of what is done with imports, people and keys, word for word.

use super::*;

#[test]
fn help_of_a_person() {
    insta::assert_snapshot!(help("purchases buyer"), @"
    Find a person's purchases, or erase the person

    Usage: shopwatch purchases buyer [OPTIONS] <EMAIL>

    Arguments:
      <EMAIL>  The person's e-mail address; `-` reads it from standard input, so that the shell's
               history does not keep it

    Options:
          --json              Print JSON
          --csv               Print CSV
          --erase             Erase the person, for good
          --yes               Do not ask
          --wait-minutes <M>  With --erase: how long to wait for imports under way, and for trends
                              [default: 30]
          --bucket <NAME>     With --erase: bucket of exports; STACK-uploads-ACCOUNT-REGION if not given
                              [env: UPLOADS_BUCKET]
          --stack <NAME>      Name of the deployed stack, which the names of its tables and its bucket
                              begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help              Print help

    The address is hashed here, under every key of the stack's secret and with plain SHA-1, and goes
    nowhere. The days to look at come from the index of buyers that `rollup` keeps: what was imported
    minutes ago may be missing.

    --erase does this, in this order; run again, it finishes what was interrupted:
      1. records the person, as a keyed hash, so that no import ever loads them again
      2. waits until no import runs that began before
      3. has `rollup` make up for every day that it has not read since the last import of it: the
         index is complete then
      4. deletes the person's purchases
      5. has `rollup` recompute those days: trends and the analytics copy forget the person
      6. looks through every export and rejects file in the bucket, and says which of them still hold
         the address; it leaves them
      7. deletes the person from the index
    It does not reach backups: point-in-time recovery keeps the tables as they were for 35 days. When
    one is restored, run it again.

    Examples:
      shopwatch purchases buyer ada@shop.example
      shopwatch purchases buyer - --csv < address.txt > purchases.csv
      shopwatch purchases buyer - --erase
    ");
}

#[test]
fn help_of_the_ledger() {
    insta::assert_snapshot!(help("imports list"), @"
    List the imports of a month, newest first, at most 500

    Usage: shopwatch imports list [OPTIONS]

    Options:
          --month <YYYY-MM>  Those that began in this month (UTC); the current one if not given
          --state <S>        Those that are, or ended as: running, loaded, loaded_with_rejects, refused
                             or failed
          --json             Print JSON
          --stack <NAME>     Name of the deployed stack, which the names of its tables and its bucket
                             begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help             Print help

    Examples:
      shopwatch imports list
      shopwatch imports list --month 2026-11 --state failed
    ");
    insta::assert_snapshot!(help("imports show"), @"
    Show everything that the ledger knows of an import

    Usage: shopwatch imports show [OPTIONS] <ID|KEY>

    Arguments:
      <ID|KEY>  Its id or the first digits of it, as `imports list` shows it; or the key of its object

    Options:
          --json          Print JSON
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Of a key that was written several times, the import that began last is shown. Entries live for 400
    days.

    Examples:
      shopwatch imports show 3300cbd02de7
      shopwatch imports show purchases/2026-11-21T14.csv --json
    ");
}

#[test]
fn help_of_the_keys() {
    insta::assert_snapshot!(help("pii"), @"
    Say which keys e-mail addresses are hashed with, and rotate them

    Usage: shopwatch pii [OPTIONS] <COMMAND>

    Commands:
      status  Say which keys e-mail addresses are hashed with; never a key itself
      rotate  Make a new key the active one; the others stay
      help    Print this message or the help of the given subcommand(s)

    Options:
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Example:
      shopwatch pii status
    ");
    insta::assert_snapshot!(help("pii status"), @"
    Say which keys e-mail addresses are hashed with; never a key itself

    Usage: shopwatch pii status [OPTIONS]

    Options:
          --json          Print JSON
          --stack <NAME>  Name of the deployed stack, which the names of its tables and its bucket begin
                          with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help          Print help

    Reads the stack's secret, and the fingerprint in the table imports. Ends with 1 when the first key
    is not the one that this installation began with: imports fail then, until it is restored.

    Example:
      shopwatch pii status
    ");
    insta::assert_snapshot!(help("pii rotate"), @"
    Make a new key the active one; the others stay

    Usage: shopwatch pii rotate [OPTIONS]

    Options:
          --link-days <D>  For how many days purchases carry the former key's token too, so that buyers
                           stay linked [default: 90]
          --yes            Do not ask
          --stack <NAME>   Name of the deployed stack, which the names of its tables and its bucket
                           begin with [env: SHOPWATCH_STACK] [default: shopwatch]
      -h, --help           Print help

    The new key holds from the next import on. An import under way reads the keys anew whenever it goes
    on in another invocation: its purchases may carry either key's token. No key is ever removed: the
    first is part of every purchase's identity, and people are found under all of them. The secret is
    written only if nobody has changed it meanwhile. The key is 64 random letters and digits, and is not
    shown.

    Examples:
      shopwatch pii rotate
      shopwatch pii rotate --link-days 365 --yes
    ");
}

#[test]
fn help_fits_a_terminal() {
    for command in ["import", "imports list", "imports show", "pii status", "pii rotate", "purchases buyer"] {
        let help = help(command);
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}
