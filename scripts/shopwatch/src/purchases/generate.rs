//! The rows of an imagined shop, hour by hour, in the memory of one hour.

use std::io::Write;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday};

use super::rng::Rng;
use super::shop::{ITEMS, email, price_cents};

/// Most rows of one export: about 380 years of this shop.
pub const MAX_ROWS: u64 = 1_000_000_000;

/// Most returns in a hundred rows.
pub const MAX_RETURNS: u8 = 50;

/// Orders in an average hour: with 1.8 rows an order, about 300 rows.
const ORDERS_AN_HOUR: u64 = 165;

/// How busy each hour of a day is; 100 is the average.
const HOURS: [u64; 24] = [
    35, 20, 12, 10, 10, 15, 35, 75, 100, 120, 120, 125, 130, 130, 120, 120, 125, 140, 155, 185, 205, 195,
    140, 78,
];

/// Customers that the shop has on its first day.
const FIRST_CUSTOMERS: u64 = 200;

/// Orders in a thousand by somebody who has never bought before.
const NEW_CUSTOMERS: u64 = 300;

/// Orders in a thousand by somebody who has bought before and does so often.
const LOYAL_CUSTOMERS: u64 = 400;

/// Rows in a thousand that come twice.
const EQUAL_ROWS: u64 = 4;

/// Which numbers decide what is a return: others than those of the shop, whose rows stay the same otherwise. No
/// customer and no item has them.
const RETURNS: u64 = u64::MAX - 1;

/// What to generate.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many rows, at most [`MAX_ROWS`].
    pub rows: u64,
    /// Another seed is another shop.
    pub seed: u64,
    /// The first day.
    pub from: Date,
    /// Whether prices have cents: `12.50` instead of `12`.
    pub cents: bool,
    /// Of a hundred rows, how many are returns; at most [`MAX_RETURNS`].
    pub returns: u8,
}

/// One row of the export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who: an address below `example.com` or `.example`.
    pub email: String,
    /// What, from 1 to [`ITEMS`].
    pub item_id: u32,
    /// How many, from 1; of a return, from −1 down.
    pub quantity: i32,
    /// For how much apiece, as exported.
    pub price: String,
    /// When.
    pub purchase_date: DateTime,
}

/// The rows, in time order. A shop at the end of jiff's calendar (year 9999) ends with it.
pub fn generate(options: Options) -> impl Iterator<Item = Row> {
    let rows = usize::try_from(options.rows.min(MAX_ROWS)).unwrap_or(usize::MAX);
    let mut shop = Shop {
        options,
        rng: Rng::new(options.seed),
        returns: Rng::of(options.seed, RETURNS),
        customers: FIRST_CUSTOMERS,
    };
    let first_hour = options.from.to_datetime(jiff::civil::Time::midnight());
    let hours = std::iter::successors(Some(first_hour), |hour| hour.checked_add(1.hour()).ok());
    hours.flat_map(move |hour| shop.hour(hour)).take(rows)
}

/// Writes rows as the shop's own export does: no header, CR LF, quotes only where they must be.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_csv(rows: impl Iterator<Item = Row>, out: impl Write) -> std::io::Result<()> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    for row in rows {
        let (item_id, quantity) = (row.item_id.to_string(), row.quantity.to_string());
        let purchase_date = format!("{:.0}", row.purchase_date);
        csv.write_record([&row.email, &item_id, &quantity, &row.price, &purchase_date]).map_err(io_error)?;
    }
    csv.flush()
}

/// The cause itself: whoever writes to a pipe asks for its kind.
fn io_error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

/// The state of the shop between two hours.
struct Shop {
    options: Options,
    rng: Rng,
    returns: Rng,
    /// Who may have bought so far: customers 0 to this − 1.
    customers: u64,
}

impl Shop {
    /// All rows of one hour.
    fn hour(&mut self, hour: DateTime) -> Vec<Row> {
        let usual =
            ORDERS_AN_HOUR * HOURS[usize::from(hour.hour().unsigned_abs())] * weight(hour.weekday()) / 10_000;
        // From 75 % to 125 % of the usual.
        let orders = usual * 3 / 4 + self.rng.below(usual / 2 + 1);
        let mut seconds: Vec<i64> =
            (0..orders).map(|_| i64::try_from(self.rng.below(3_600)).unwrap_or(0)).collect();
        seconds.sort_unstable();
        let mut rows = Vec::new();
        for second in seconds {
            // Fails only behind the end of the calendar.
            if let Ok(instant) = hour.checked_add(second.seconds()) {
                self.order(instant, &mut rows);
            }
        }
        rows
    }

    /// One order: one address, one instant, one to six different items.
    fn order(&mut self, purchase_date: DateTime, rows: &mut Vec<Row>) {
        let customer = self.customer();
        let email = email(self.options.seed, customer);
        let mut items = Vec::new();
        loop {
            let item = 1 + u32::try_from(self.rng.below_skewed(u64::from(ITEMS))).unwrap_or(0);
            if !items.contains(&item) {
                items.push(item);
            }
            if items.len() == 6 || self.rng.happens(550) {
                break;
            }
        }
        for item_id in items {
            let row = Row {
                email: email.clone(),
                item_id,
                quantity: self.quantity(),
                price: self.price(item_id),
                purchase_date,
            };
            if self.rng.happens(EQUAL_ROWS) {
                rows.push(row.clone());
            }
            rows.push(row);
        }
    }

    fn customer(&mut self) -> u64 {
        if self.rng.happens(NEW_CUSTOMERS) {
            self.customers += 1;
            return self.customers - 1;
        }
        if self.rng.happens(LOYAL_CUSTOMERS * 1_000 / (1_000 - NEW_CUSTOMERS)) {
            // Every eighth customer is loyal, the eldest most.
            return self.rng.below_skewed(self.customers.div_ceil(8)) * 8;
        }
        self.rng.below(self.customers)
    }

    fn quantity(&mut self) -> i32 {
        let quantity = match self.rng.below(100) {
            0..72 => 1,
            72..90 => 2,
            90..96 => 3,
            96..99 => 4,
            _ => 10,
        };
        let is_return = self.returns.below(100) < self.options.returns.min(MAX_RETURNS).into();
        if is_return { -quantity } else { quantity }
    }

    fn price(&self, item: u32) -> String {
        let cents = price_cents(self.options.seed, item, self.options.cents);
        if self.options.cents {
            format!("{}.{:02}", cents / 100, cents % 100)
        } else {
            (cents / 100).to_string()
        }
    }
}

/// How busy a day of the week is; 100 is the average.
fn weight(day: Weekday) -> u64 {
    match day {
        Weekday::Monday => 92,
        Weekday::Tuesday | Weekday::Wednesday => 88,
        Weekday::Thursday => 94,
        Weekday::Friday => 104,
        Weekday::Saturday => 112,
        Weekday::Sunday => 122,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use jiff::civil::date;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn options(rows: u64) -> Options {
        Options { rows, seed: 42, from: date(2026, 1, 5), cents: false, returns: 0 }
    }

    fn csv(options: Options) -> String {
        let mut out = Vec::new();
        write_csv(generate(options), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_rows_of_a_seed_never_change() {
        let text = csv(options(10_000));
        let first: Vec<&str> = text.split("\r\n").take(8).collect();
        insta::assert_snapshot!(first.join("\n"), @"
        chen.xu200@office.example,589,1,101,2026-01-05T00:01:33
        sven.meyer168@office.example,604,2,12,2026-01-05T00:01:56
        xenia.baker48@webmail.example,8,1,138,2026-01-05T00:02:16
        xenia.baker48@webmail.example,87,1,17,2026-01-05T00:02:16
        xenia.baker48@webmail.example,165,1,148,2026-01-05T00:02:16
        xenia.baker48@webmail.example,610,1,62,2026-01-05T00:02:16
        xenia.baker48@webmail.example,78,2,79,2026-01-05T00:02:16
        karim.lopez16@office.example,212,1,19,2026-01-05T00:03:46
        ");
        insta::assert_snapshot!(faster_hex::hex_string(&Sha256::digest(&text)), @"2226a1b9d4fa6ac42539c734c3ce43d15b9750a94693bbde362abb7c99e6eb0b");
        let cents = csv(Options { cents: true, ..options(1_000) });
        insta::assert_snapshot!(cents.lines().next().unwrap(), @"chen.xu200@office.example,589,1,101.95,2026-01-05T00:01:33");
        insta::assert_snapshot!(faster_hex::hex_string(&Sha256::digest(&cents)), @"85256851342180c80adb433f4b0ad0dbadd0252d57df15330f7b97f1cac2a935");
    }

    #[test]
    fn returns_are_rows_of_the_same_shop() {
        let rows = |returns| generate(Options { returns, ..options(20_000) }).collect::<Vec<_>>();
        let none = rows(0);
        assert!(none.iter().all(|row| row.quantity > 0));
        for percent in [1, 5, MAX_RETURNS] {
            let mut some = rows(percent);
            let returns = some.iter().filter(|row| row.quantity < 0).count();
            let wanted = usize::from(percent) * 200;
            assert!(returns.abs_diff(wanted) * 5 < wanted, "{returns} of 20,000 for {percent} %");
            some.iter_mut().for_each(|row| row.quantity = row.quantity.abs());
            assert_eq!(some, none, "{percent} %");
        }
        assert_eq!(rows(MAX_RETURNS), rows(u8::MAX));
    }

    #[test]
    fn more_rows_begin_with_the_same() {
        let (few, many) = (csv(options(500)), csv(options(2_000)));
        assert!(many.starts_with(&few));
        assert_eq!((few.matches("\r\n").count(), many.matches("\r\n").count()), (500, 2_000));
        assert_ne!(few, csv(Options { seed: 43, ..options(500) }));
        assert_eq!(csv(options(0)), "");
    }

    #[test]
    fn each_line_is_in_the_tutorials_format() {
        for cents in [false, true] {
            for line in csv(Options { cents, returns: 10, ..options(3_000) }).split_terminator("\r\n") {
                let fields: Vec<&str> = line.split(',').collect();
                let [email, item, quantity, price, date] = fields[..] else {
                    panic!("{line}");
                };
                assert!(email.contains('@') && !line.contains(['"', ' ', '\n']), "{line}");
                assert!(shared::purchase::ItemId::parse(item.as_bytes()).is_some(), "{line}");
                assert!(shared::purchase::Quantity::parse(quantity.as_bytes()).is_some(), "{line}");
                assert!(shared::purchase::Money::parse(price.as_bytes()).is_some(), "{line}");
                assert_eq!(price.contains('.'), cents, "{line}");
                assert_eq!(date.parse::<DateTime>().unwrap().to_string(), date, "{line}");
            }
        }
    }

    #[test]
    fn the_shop_is_like_a_shop() {
        let rows: Vec<Row> = generate(options(100_000)).collect();
        assert!(rows.is_sorted_by_key(|row| row.purchase_date));

        let mut orders: HashMap<(&str, DateTime), usize> = HashMap::new();
        let mut prices: HashMap<u32, &str> = HashMap::new();
        for row in &rows {
            *orders.entry((&row.email, row.purchase_date)).or_default() += 1;
            assert_eq!(*prices.entry(row.item_id).or_insert(&row.price), row.price);
        }
        let per_order = rows.len() as f64 / orders.len() as f64;
        assert!((1.6..2.0).contains(&per_order), "{per_order} rows an order");

        let equal = rows.len() - rows.iter().map(|r| format!("{r:?}")).collect::<HashSet<_>>().len();
        assert!((300..500).contains(&equal), "{equal} equal rows in 100,000");

        let mut buyers: HashMap<&str, usize> = HashMap::new();
        for (email, _) in orders.keys() {
            *buyers.entry(email).or_default() += 1;
        }
        let repeated = buyers.values().filter(|orders| **orders > 1).count();
        assert!(repeated * 3 > buyers.len(), "{repeated} of {} buy again", buyers.len());
        assert!(buyers.values().any(|orders| *orders > 20), "nobody is loyal");

        let hour_of = |hour: i8| rows.iter().filter(|row| row.purchase_date.hour() == hour).count();
        assert!(hour_of(20) > 10 * hour_of(4), "no rhythm of days");
        let day_of = |day: Weekday| rows.iter().filter(|row| row.purchase_date.weekday() == day).count();
        assert!(day_of(Weekday::Sunday) > day_of(Weekday::Wednesday), "no rhythm of weeks");
        let span = rows[99_999].purchase_date.date() - rows[0].purchase_date.date();
        assert!((10..20).contains(&span.get_days()), "{span}: about 300 rows an hour");
    }
}
