//! Generated rows for the benches: repeated buyers, several items per order, in time order.

use std::io::Write as _;

/// Makes rows without end, always the same ones.
pub(crate) struct Rows {
    state: u64,
    second: u64,
    buyer: u64,
    /// Items left of the current order.
    items: u64,
    /// Out of time order.
    scattered: bool,
}

/// 2021-01-01T00:00:00Z.
const START: u64 = 1_609_459_200;

impl Rows {
    /// In time order, or scattered over two years.
    pub(crate) fn new(scattered: bool) -> Self {
        Self { state: 0x9e37_79b9_7f4a_7c15, second: START, buyer: 0, items: 0, scattered }
    }

    /// xorshift64*: a generator for benches needs no more.
    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    /// Appends one row.
    pub(crate) fn write(&mut self, to: &mut Vec<u8>) {
        if self.items == 0 {
            self.items = 1 + self.below(4);
            self.second += self.below(30);
            // A few buyers buy often, many once.
            let limit = if self.below(3) == 0 { 1_000 } else { 2_000_000 };
            self.buyer = self.below(limit);
        }
        self.items -= 1;
        if self.scattered {
            self.second = START + self.below(700 * 86_400);
        }
        let domain = ["shop.example", "mail.example", "post.example.org"]
            [usize::try_from(self.buyer % 3).unwrap_or(0)];
        let (item, quantity, cents) = (self.below(50_000), 1 + self.below(5), 99 + self.below(20_000));
        let time = jiff::Timestamp::from_second(i64::try_from(self.second).unwrap_or(0)).unwrap_or_default();
        let time = time.strftime("%Y-%m-%dT%H:%M:%S");
        let (units, cents) = (cents / 100, cents % 100);
        // Writing to a vector cannot fail.
        let _ =
            write!(to, "customer.{}@{domain},{item},{quantity},{units}.{cents:02},{time}\r\n", self.buyer);
    }
}
