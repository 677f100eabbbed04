//! The contract of trends.

use jiff::ToSpan as _;
use jiff::civil::Date;
use shared::store::{MAX_TREND_DAYS, ReadTrends, WriteTrends};
use shared::trend::{DaySales, DayTrend, HourSales, ItemSales, Sales, TOP_ITEMS, TrendReading};

contracts!(
    HistoryTable,
    "history",
    [
        a_day_and_its_hours_change_together,
        a_result_replaces_only_one_whose_reading_began_earlier,
        a_day_without_sales_is_left_out_and_keeps_older_results_away,
        days_and_hours_are_found_by_date,
        no_more_days_are_read_than_the_last_ten_years,
        a_full_trend_is_kept_exactly,
        a_day_has_24_hours,
    ]
);

const NOON: &str = "2026-11-22T12:00:00Z";
const LATE: &str = "2026-11-22T12:00:00.000000001Z";

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn sales(orders: u64) -> Sales {
    let top = ItemSales { item_id: "7".parse().unwrap(), quantity: 2, revenue: "19.98".parse().unwrap() };
    let revenue = "19.9800".parse().unwrap();
    Sales { orders, quantity: 2, revenue, buyers: orders, returns: 0, top_items: vec![top] }
}

fn trend(day: &str, read_at: &str, orders: u64, hours: &[i8]) -> DayTrend {
    DayTrend {
        date: date(day),
        sales: sales(orders),
        new_buyers: 1,
        returning_buyers: orders - 1,
        hours: hours.iter().map(|hour| (*hour, sales(orders))).collect(),
        read_at: super::instant(read_at),
        since: None,
    }
}

fn nothing(day: &str, read_at: &str) -> DayTrend {
    let sales = Sales::default();
    DayTrend { sales, new_buyers: 0, returning_buyers: 0, ..trend(day, read_at, 1, &[]) }
}

fn day_of(trend: &DayTrend) -> DaySales {
    DaySales {
        date: trend.date,
        sales: trend.sales.clone(),
        new_buyers: trend.new_buyers,
        returning_buyers: trend.returning_buyers,
        read_at: trend.read_at,
    }
}

fn hours_of(trend: &DayTrend) -> Vec<HourSales> {
    let hour =
        |(hour, sales): (&i8, &Sales)| HourSales { date: trend.date, hour: *hour, sales: sales.clone() };
    trend.hours.iter().map(hour).collect()
}

/// That this is all that is stored of its day.
async fn is_stored(store: &impl ReadTrends, trend: &DayTrend) {
    let day = trend.date..=trend.date;
    assert_eq!(store.day_sales(day.clone()).await.unwrap(), [day_of(trend)]);
    assert_eq!(store.hour_sales(day).await.unwrap(), hours_of(trend));
}

async fn a_day_and_its_hours_change_together(store: &(impl WriteTrends + ReadTrends)) {
    let first = trend("2026-11-21", NOON, 3, &[0, 7, 23]);
    assert!(store.put_trend(&first).await.unwrap());
    is_stored(store, &first).await;

    // Hours in which nothing was sold any more are gone, whether they are named or not.
    let mut second = trend("2026-11-21", LATE, 2, &[7, 8]);
    second.hours.insert(23, Sales::default());
    assert!(store.put_trend(&second).await.unwrap());
    second.hours.remove(&23);
    is_stored(store, &second).await;
}

async fn a_result_replaces_only_one_whose_reading_began_earlier(store: &(impl WriteTrends + ReadTrends)) {
    let day = date("2026-11-21");
    assert_eq!(store.trend_reading(day).await.unwrap(), None);
    let early = "2026-11-22T11:59:59.9Z";
    for (read_at, orders, kept) in [(NOON, 1, true), (early, 2, false), (NOON, 3, false), (LATE, 4, true)] {
        let hours = [i8::try_from(orders).unwrap(), 20];
        let trend = trend("2026-11-21", read_at, orders, &hours);
        assert_eq!(store.put_trend(&trend).await.unwrap(), kept, "{read_at}");
    }
    is_stored(store, &trend("2026-11-21", LATE, 4, &[4, 20])).await;
    let reading = TrendReading { read_at: super::instant(LATE), since: None };
    assert_eq!(store.trend_reading(day).await.unwrap(), Some(reading));
    assert_eq!(store.trend_reading(date("2026-11-20")).await.unwrap(), None);

    // Whose reading it was is kept with it, and goes with it.
    for (second, since) in [("01", None), ("02", Some(super::instant(NOON))), ("03", None)] {
        let read_at = format!("2026-11-22T12:00:{second}Z");
        assert!(
            store.put_trend(&DayTrend { since, ..trend("2026-11-21", &read_at, 4, &[4]) }).await.unwrap()
        );
        let reading = TrendReading { read_at: super::instant(&read_at), since };
        assert_eq!(store.trend_reading(day).await.unwrap(), Some(reading));
    }
}

async fn a_day_without_sales_is_left_out_and_keeps_older_results_away(
    store: &(impl WriteTrends + ReadTrends),
) {
    let day = date("2026-11-21")..=date("2026-11-21");
    store.put_trend(&trend("2026-11-21", NOON, 3, &[7])).await.unwrap();
    assert!(store.put_trend(&nothing("2026-11-21", LATE)).await.unwrap());
    assert_eq!(store.day_sales(day.clone()).await.unwrap(), []);
    assert_eq!(store.hour_sales(day.clone()).await.unwrap(), []);
    let reading = TrendReading { read_at: super::instant(LATE), since: None };
    assert_eq!(store.trend_reading(*day.start()).await.unwrap(), Some(reading));
    assert!(!store.put_trend(&trend("2026-11-21", NOON, 3, &[7])).await.unwrap());
    assert_eq!(store.hour_sales(day).await.unwrap(), []);
}

async fn days_and_hours_are_found_by_date(store: &(impl WriteTrends + ReadTrends)) {
    let days = ["2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01", "2026-05-01"];
    let trends = days.map(|day| trend(day, NOON, 1, &[0, 23]));
    for trend in trends.iter().rev() {
        store.put_trend(trend).await.unwrap();
    }
    // Years, months and more than one batch of days.
    for (from, to, found) in [
        ("2025-12-31", "2026-01-01", 0..2),
        ("2026-01-31", "2026-01-31", 2..3),
        ("2026-01-02", "2026-02-28", 2..4),
        ("2025-12-01", "2026-05-01", 0..5),
        ("2026-02-02", "2026-04-30", 4..4),
        ("2026-02-01", "2026-01-01", 0..0),
    ] {
        let (range, found) = (date(from)..=date(to), &trends[found]);
        let sold = store.day_sales(range.clone()).await.unwrap();
        assert_eq!(sold, found.iter().map(day_of).collect::<Vec<_>>(), "{range:?}");
        let hours = store.hour_sales(range.clone()).await.unwrap();
        assert_eq!(hours, found.iter().flat_map(hours_of).collect::<Vec<_>>(), "{range:?}");
    }
}

async fn no_more_days_are_read_than_the_last_ten_years(store: &(impl WriteTrends + ReadTrends)) {
    let last = date("2026-11-21");
    let oldest = last - (i64::from(MAX_TREND_DAYS) - 1).days();
    for day in [oldest.yesterday().unwrap(), oldest, last] {
        store.put_trend(&trend(&day.to_string(), NOON, 1, &[7])).await.unwrap();
    }
    let dates = date("1970-01-01")..=last;
    let days: Vec<Date> = store.day_sales(dates.clone()).await.unwrap().iter().map(|day| day.date).collect();
    assert_eq!(days, [oldest, last]);
    let hours: Vec<Date> = store.hour_sales(dates).await.unwrap().iter().map(|hour| hour.date).collect();
    assert_eq!(hours, [oldest, last]);
}

async fn a_full_trend_is_kept_exactly(store: &(impl WriteTrends + ReadTrends)) {
    let top = |n: usize| ItemSales {
        item_id: (9_007_199_254_740_991 - n as u64).to_string().parse().unwrap(),
        quantity: i64::MIN + n as i64,
        revenue: "-7922816251426433759354395.0335".parse().unwrap(),
    };
    let full = Sales {
        orders: 18_014_398_509_481_985,
        quantity: -9_007_199_254_740_993,
        revenue: "7922816251426433759354395.0335".parse().unwrap(),
        buyers: 9_007_199_254_740_993,
        returns: u64::MAX,
        top_items: (0..TOP_ITEMS).map(top).collect(),
    };
    let hours = (0..24).map(|hour| (hour, full.clone())).collect();
    let trend = DayTrend { sales: full, hours, ..trend("2026-11-21", NOON, 2, &[]) };
    assert!(store.put_trend(&trend).await.unwrap());
    is_stored(store, &trend).await;
}

async fn a_day_has_24_hours(store: &(impl WriteTrends + ReadTrends)) {
    for hour in [-1, 24] {
        assert!(store.put_trend(&trend("2026-11-21", NOON, 1, &[hour])).await.is_err());
    }
    assert_eq!(store.trend_reading(date("2026-11-21")).await.unwrap(), None);
}
