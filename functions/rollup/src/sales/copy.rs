//! A day's purchases as a Parquet file, for Athena, DuckDB, pandas or Power BI.
//!
//! - `purchase_date` is in microseconds: Athena, Spark and Power BI cannot read nanoseconds, or read them as numbers.
//!   A finer fraction is cut off here and stays in the table; rows are in the order of the whole instant.
//! - `price` is a decimal, so that sums are exact in every reader.
//! - `buyer` is the token that the purchase was loaded with. The linked token of a rotation is left out: a key is
//!   rotated because it may have leaked, and the copy would tie the new tokens to those under it.
//!
//! The same purchases make the same bytes, and no row is in it twice.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use jiff::Timestamp;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use shared::purchase::BuyerToken;

use crate::sales::purchases::{DayPurchases, Row};

/// The columns. Their names, order and types are what readers rely on.
const SCHEMA: &str = "message purchases {
    REQUIRED INT64 purchase_date (TIMESTAMP(MICROS,true));
    REQUIRED BYTE_ARRAY buyer (STRING);
    REQUIRED INT64 item_id;
    REQUIRED INT32 quantity;
    REQUIRED INT64 price (DECIMAL(15,4));
}";

/// Rows of a group: what the writer holds of a file before it is compressed. DuckDB's own number:
/// <https://duckdb.org/docs/stable/data/parquet/tips>.
const GROUP_ROWS: usize = 122_880;

/// Room for every buyer of a group: tokens do not repeat in their bytes, a number for each repetition is what saves.
const DICTIONARY_BYTES: usize = 16 << 20;

/// The file of a day; without purchases one without rows.
///
/// # Errors
/// When the writer fails, which writing to memory gives it no reason to.
pub(crate) fn parquet(day: DayPurchases) -> anyhow::Result<Bytes> {
    in_groups_of(GROUP_ROWS, day)
}

fn in_groups_of(group_rows: usize, day: DayPurchases) -> anyhow::Result<Bytes> {
    let schema = Arc::new(parse_message_type(SCHEMA).context("reading the schema")?);
    let by_time = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
    let properties = WriterProperties::builder()
        .set_created_by("shopwatch".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(Some(vec![by_time]))
        .build();
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let DayPurchases { begins, rows, people } = day;
    // The tokens are in memory once, before and after.
    let buyers = texts(people.tokens);
    for some in rows.chunks(group_rows) {
        let mut group = file.next_row_group()?;
        write(&mut group, begins, &buyers, some).context("writing a group of rows")?;
        group.close()?;
    }
    Ok(file.into_inner().context("ending the file")?.into())
}

/// The tokens' texts, in one piece of memory.
fn texts(tokens: Vec<BuyerToken>) -> Vec<ByteArray> {
    let lengths: Vec<usize> = tokens.iter().map(|token| token.as_str().len()).collect();
    let mut all = Vec::with_capacity(lengths.iter().sum());
    for token in tokens {
        all.extend_from_slice(token.as_str().as_bytes());
    }
    let (all, mut begins) = (Bytes::from(all), 0);
    let text = |length| {
        let text = ByteArray::from(all.slice(begins..begins + length));
        begins += length;
        text
    };
    lengths.into_iter().map(text).collect()
}

fn write(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    day_begins: Timestamp,
    buyers: &[ByteArray],
    rows: &[Row],
) -> anyhow::Result<()> {
    let begins = day_begins.as_microsecond();
    let instants = rows.iter().map(|row| Ok(begins + i64::try_from(row.at / 1_000)?));
    column::<Int64Type>(group, instants)?;
    let buyer = |row: &Row| buyers.get(row.buyer as usize).cloned().context("a buyer without a token");
    column::<ByteArrayType>(group, rows.iter().map(buyer))?;
    column::<Int64Type>(group, rows.iter().map(|row| Ok(i64::try_from(row.item.get())?)))?;
    column::<Int32Type>(group, rows.iter().map(|row| Ok(row.quantity)))?;
    column::<Int64Type>(group, rows.iter().map(|row| Ok(row.price)))
}

/// Writes the next column of the group.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: impl Iterator<Item = anyhow::Result<T::T>>,
) -> anyhow::Result<()> {
    let values: Vec<T::T> = values.collect::<anyhow::Result<_>>()?;
    let mut column = group.next_column()?.context("a column too many")?;
    let written = column.typed::<T>().write_batch(&values, None, None)?;
    ensure!(written == values.len(), "{written} of {} values were written", values.len());
    Ok(column.close()?)
}

#[cfg(test)]
mod tests;
