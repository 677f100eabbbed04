//! What was sold, and who bought on which days.

use std::ops::RangeInclusive;

use jiff::ToSpan;
use jiff::civil::Date;
use shared::purchase::BuyerToken;
use shared::store::{
    ForgetBuyers, KnownBuyer, MAX_TREND_DAYS, ReadTrends, Result, StoreError, WriteBuyers, WriteTrends,
};
use shared::trend::{DaySales, DayTrend, HourSales, Sales, TrendReading};

use super::Memory;

impl WriteTrends for Memory {
    async fn put_trend(&self, trend: &DayTrend) -> Result<bool> {
        if let Some(hour) = trend.hours.keys().find(|hour| !(0..24).contains(*hour)) {
            return Err(StoreError::Broken(format!("a trend with hour {hour}")));
        }
        let mut tables = self.call()?;
        let replaces = tables.trends.get(&trend.date).is_none_or(|there| there.read_at < trend.read_at);
        if replaces {
            let mut stored = trend.clone();
            stored.hours.retain(|_, sales| *sales != Sales::default());
            tables.trends.insert(trend.date, stored);
        }
        Ok(replaces)
    }

    async fn trend_reading(&self, date: Date) -> Result<Option<TrendReading>> {
        let tables = self.call()?;
        let reading = |trend: &DayTrend| TrendReading { read_at: trend.read_at, since: trend.since };
        Ok(tables.trends.get(&date).map(reading))
    }
}

/// The last [`MAX_TREND_DAYS`] of them.
fn read(dates: &RangeInclusive<Date>) -> impl Fn(&&DayTrend) -> bool {
    let (first, last) = (*dates.start(), *dates.end());
    let first = first.max(last.saturating_sub((i64::from(MAX_TREND_DAYS) - 1).days()));
    move |trend| (first..=last).contains(&trend.date)
}

impl ReadTrends for Memory {
    async fn day_sales(&self, dates: RangeInclusive<Date>) -> Result<Vec<DaySales>> {
        let tables = self.call()?;
        let sold = tables.trends.values().filter(read(&dates)).filter(|t| t.sales != Sales::default());
        let day = |trend: &DayTrend| DaySales {
            date: trend.date,
            sales: trend.sales.clone(),
            new_buyers: trend.new_buyers,
            returning_buyers: trend.returning_buyers,
            read_at: trend.read_at,
        };
        Ok(sold.map(day).collect())
    }

    async fn hour_sales(&self, dates: RangeInclusive<Date>) -> Result<Vec<HourSales>> {
        let tables = self.call()?;
        let hours = tables.trends.values().filter(read(&dates)).flat_map(|trend| {
            trend.hours.iter().map(|(hour, sales)| HourSales {
                date: trend.date,
                hour: *hour,
                sales: sales.clone(),
            })
        });
        Ok(hours.collect())
    }
}

impl WriteBuyers for Memory {
    async fn known(&self, date: Date, tokens: &[BuyerToken]) -> Result<Vec<KnownBuyer>> {
        let tables = self.call()?;
        let known = |token: &BuyerToken| KnownBuyer {
            first: tables.first_bought.get(token).copied(),
            noted: tables.bought.contains(&(token.clone(), date)),
        };
        Ok(tokens.iter().map(known).collect())
    }

    async fn note(&self, date: Date, tokens: &[BuyerToken]) -> Result<()> {
        self.call()?.bought.extend(tokens.iter().map(|token| (token.clone(), date)));
        Ok(())
    }

    async fn first_bought_together(
        &self,
        tokens: &[(BuyerToken, Option<Date>)],
        date: Date,
    ) -> Result<Vec<BuyerToken>> {
        let mut tables = self.call()?;
        if tokens.iter().any(|(token, later)| tables.first_bought.get(token) != later.as_ref()) {
            return Ok(tokens.iter().map(|(token, _)| token.clone()).collect());
        }
        for (token, later) in tokens {
            tables.first_bought.insert(token.clone(), date);
            tables.first_moved_from.insert(token.clone(), later.unwrap_or(date));
        }
        Ok(Vec::new())
    }

    async fn first_bought(&self, token: &BuyerToken, date: Date) -> Result<Option<Date>> {
        let mut tables = self.call()?;
        let there = tables.first_bought.get(token).copied();
        if there.is_none_or(|there| there > date) {
            tables.first_bought.insert(token.clone(), date);
            tables.first_moved_from.insert(token.clone(), there.unwrap_or(date));
        } else if there != Some(date) {
            return Ok(None);
        }
        Ok(tables.first_moved_from.get(token).copied().filter(|from| *from > date))
    }
}

impl ForgetBuyers for Memory {
    async fn days_of(&self, token: &BuyerToken) -> Result<Vec<Date>> {
        let tables = self.call()?;
        Ok(tables.bought.iter().filter(|(of, _)| of == token).map(|(_, date)| *date).collect())
    }

    async fn forget(&self, token: &BuyerToken) -> Result<()> {
        let mut tables = self.call()?;
        tables.bought.retain(|(of, _)| of != token);
        tables.first_bought.remove(token);
        tables.first_moved_from.remove(token);
        Ok(())
    }
}
