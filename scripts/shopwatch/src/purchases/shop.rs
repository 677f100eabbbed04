//! The imagined shop: who buys there, and what it sells. Every customer and every item is computed from the seed,
//! so that any number of them needs no memory.

use super::rng::Rng;

/// Items in the shop, numbered from 1.
pub const ITEMS: u32 = 1_000;

const FIRST_NAMES: [&str; 32] = [
    "ada", "ben", "carla", "david", "elif", "fatima", "george", "hanna", "ivan", "june", "karim", "lena",
    "mario", "nora", "omar", "paula", "quentin", "rosa", "sven", "tara", "ugo", "vera", "wim", "xenia",
    "yusuf", "zoe", "anton", "bianca", "chen", "diego", "emma", "felix",
];

const LAST_NAMES: [&str; 32] = [
    "almeida", "baker", "costa", "diaz", "evans", "fischer", "garcia", "hansen", "ito", "jones", "kowalski",
    "lopez", "meyer", "novak", "okafor", "petrov", "quinn", "rossi", "smith", "tanaka", "ueda", "vogel",
    "weber", "xu", "yilmaz", "zhang", "ahmed", "brown", "clark", "dubois", "eriksson", "fontaine",
];

/// Domains that nobody can own (RFC 2606): no generated address is anybody's.
const DOMAINS: [&str; 6] = [
    "mail.example.com",
    "post.example.com",
    "inbox.example.com",
    "letters.example",
    "webmail.example",
    "office.example",
];

/// The address of the customer with this number, another one for each number.
pub(super) fn email(seed: u64, customer: u64) -> String {
    let mut rng = Rng::of(seed, customer << 1);
    let mut pick = |names: &[&'static str]| {
        let index = usize::try_from(rng.below(names.len() as u64)).unwrap_or(0);
        names[index]
    };
    let (first, last, domain) = (pick(&FIRST_NAMES), pick(&LAST_NAMES), pick(&DOMAINS));
    format!("{first}.{last}{customer}@{domain}")
}

/// What the item with this number costs, in cents: always the same, from 1.00 to 200.00, cheap ones more often.
pub(super) fn price_cents(seed: u64, item: u32, with_cents: bool) -> u64 {
    const ENDINGS: [u64; 5] = [0, 49, 50, 95, 99];
    let mut rng = Rng::of(seed, u64::from(item) << 1 | 1);
    let whole = 1 + rng.below_skewed(199);
    let ending = ENDINGS[usize::try_from(rng.below(5)).unwrap_or(0)];
    whole * 100 + if with_cents { ending } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_nobodys_and_differ() {
        let all: std::collections::HashSet<String> = (0..10_000).map(|customer| email(7, customer)).collect();
        assert_eq!(all.len(), 10_000);
        for address in all {
            let domain = address.split_once('@').unwrap().1;
            assert!(domain.ends_with(".example.com") || domain.ends_with(".example"), "{address}");
        }
    }

    #[test]
    fn an_item_has_one_price() {
        for item in 1..=ITEMS {
            let price = price_cents(7, item, true);
            assert!((100..=20_000).contains(&price), "{price}");
            assert_eq!(price, price_cents(7, item, true));
            assert_eq!(price_cents(7, item, false), price / 100 * 100);
        }
    }
}
