//! The contract of the buyer index.

use jiff::ToSpan as _;
use jiff::civil::Date;
use shared::purchase::BuyerToken;
use shared::store::{ForgetBuyers, KnownBuyer, WriteBuyers};

contracts!(
    HistoryTable,
    "history",
    [
        what_is_noted_is_known_in_the_order_asked,
        the_first_day_only_moves_back,
        first_days_are_moved_together_where_they_are_as_known,
        who_is_forgotten_is_gone_and_nobody_else,
    ]
);

fn buyer(n: u32) -> BuyerToken {
    BuyerToken::keyed("k1", &format!("{n:064x}"))
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

async fn what_is_noted_is_known_in_the_order_asked(store: &(impl WriteBuyers + ForgetBuyers)) {
    let (day, other_day) = (date("2026-11-21"), date("2026-11-20"));
    assert_eq!(store.known(day, &[]).await.unwrap(), []);
    store.note(day, &[]).await.unwrap();

    // More than a batch of either, in an order of its own, with one that comes twice.
    let mut noted: Vec<BuyerToken> = (0..60).map(|n| buyer(n * 7_919 % 60)).collect();
    noted.push(buyer(3));
    for _ in 0..2 {
        store.note(day, &noted).await.unwrap();
    }
    store.note(other_day, &[buyer(70)]).await.unwrap();
    for n in [5, 70] {
        store.first_bought(&buyer(n), other_day).await.unwrap();
    }
    // The plain hash of the tutorial is a token as well.
    let plain: BuyerToken = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    store.note(day, std::slice::from_ref(&plain)).await.unwrap();

    let mut asked: Vec<BuyerToken> = (0..120).rev().map(buyer).collect();
    asked.extend([plain, buyer(5)]);
    let known = store.known(day, &asked).await.unwrap();
    assert_eq!(known.len(), asked.len());
    for (token, known) in asked.iter().zip(known) {
        let first = [buyer(5), buyer(70)].contains(token).then_some(other_day);
        let noted = noted.contains(token) || !token.as_str().starts_with("k1");
        assert_eq!(known, KnownBuyer { first, noted }, "{token}");
    }
    assert_eq!(store.days_of(&buyer(3)).await.unwrap(), [day]);
}

async fn the_first_day_only_moves_back(store: &(impl WriteBuyers + ForgetBuyers)) {
    for (bought, later_before) in [
        ("2026-11-21", None),
        ("2026-11-21", None),
        ("2026-12-01", None),
        ("2026-11-09", Some("2026-11-21")),
        // The same again: the client sends again what was not answered.
        ("2026-11-09", Some("2026-11-21")),
        ("2025-12-31", Some("2026-11-09")),
        ("2025-12-31", Some("2026-11-09")),
        ("2026-11-09", None),
    ] {
        let answer = store.first_bought(&buyer(1), date(bought)).await.unwrap();
        assert_eq!(answer, later_before.map(date), "{bought}");
    }
    let known = store.known(date("2026-11-21"), &[buyer(1), buyer(2)]).await.unwrap();
    let first = Some(date("2025-12-31"));
    assert_eq!(known, [KnownBuyer { first, noted: false }, KnownBuyer::default()]);
    assert_eq!(store.days_of(&buyer(1)).await.unwrap(), [], "a first day is not a day that is noted");
}

async fn first_days_are_moved_together_where_they_are_as_known(store: &(impl WriteBuyers + ForgetBuyers)) {
    let (day, later, other) = (date("2026-11-09"), date("2026-11-21"), date("2026-11-30"));
    assert_eq!(store.first_bought_together(&[], day).await.unwrap(), []);
    // More than a transaction, with one that comes twice. The last two are not as they were known.
    let known_first = |n: u32| n.is_multiple_of(3).then_some(later);
    let mut tokens: Vec<(BuyerToken, Option<Date>)> = (0..250).map(|n| (buyer(n), known_first(n))).collect();
    for (token, first) in &tokens {
        let stored = if *token == buyer(249) { Some(other) } else { *first };
        let stored = if *token == buyer(248) { Some(later) } else { stored };
        if let Some(stored) = stored {
            store.first_bought(token, stored).await.unwrap();
        }
    }
    tokens.push(tokens[0].clone());

    let left = store.first_bought_together(&tokens, day).await.unwrap();
    assert!([buyer(248), buyer(249)].iter().all(|token| left.contains(token)), "{left:?}");
    let known = store.known(day, &tokens.iter().map(|(token, _)| token.clone()).collect::<Vec<_>>()).await;
    for ((token, first), now) in tokens.iter().zip(known.unwrap()) {
        if !left.contains(token) {
            assert_eq!(now.first, Some(day), "{token}");
            // A call that is sent again for one of them tells where it was moved from.
            assert_eq!(store.first_bought(token, day).await.unwrap(), *first, "{token}");
        } else if ![buyer(248), buyer(249)].contains(token) {
            assert_eq!(now.first, *first, "nothing was changed: {token}");
        }
    }
    assert_eq!(store.first_bought(&buyer(248), day).await.unwrap(), Some(later));
    assert_eq!(store.first_bought(&buyer(249), day).await.unwrap(), Some(other));
    // The others go one by one as well, where they were left out with these.
    for token in left.iter().filter(|token| ![buyer(248), buyer(249)].contains(token)) {
        store.first_bought(token, day).await.unwrap();
    }
    // By now they all have an earlier one than was known.
    let twice = store.first_bought_together(&tokens[..5], day).await.unwrap();
    assert_eq!(twice, (0..5).map(buyer).collect::<Vec<_>>());
}

async fn who_is_forgotten_is_gone_and_nobody_else(store: &(impl WriteBuyers + ForgetBuyers)) {
    let days: Vec<Date> = (0..60).map(|n| date("2026-10-01") + n.days()).collect();
    for day in days.iter().rev() {
        store.note(*day, &[buyer(1), buyer(2)]).await.unwrap();
    }
    for token in [buyer(1), buyer(2)] {
        store.first_bought(&token, days[0]).await.unwrap();
        assert_eq!(store.days_of(&token).await.unwrap(), days);
    }
    for _ in 0..2 {
        store.forget(&buyer(1)).await.unwrap();
    }
    assert_eq!(store.days_of(&buyer(1)).await.unwrap(), []);
    assert_eq!(store.days_of(&buyer(2)).await.unwrap(), days);
    let known = store.known(days[7], &[buyer(1), buyer(2)]).await.unwrap();
    assert_eq!(known, [KnownBuyer::default(), KnownBuyer { first: Some(days[0]), noted: true }]);
}
