//! Reads a text as an import would, and makes texts to be read.

use etl::format::Format;
use etl::identity::{Halt, Occurrences};
use etl::pii::{Method, Pii};
use etl::transform::{Outcome, Transform};
use jiff::Timestamp;
use proptest::prelude::*;
use secrecy::SecretString;
use shared::purchase::Purchase;

/// A reject that owns its row: line, reason, bytes.
pub(crate) type Reject = (u64, &'static str, Vec<u8>);

/// What became of a file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Read {
    pub(crate) purchases: Vec<Purchase>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) format: Option<String>,
    pub(crate) ambiguous_times: u64,
    /// Why it was refused.
    pub(crate) refused: Option<String>,
}

fn pii() -> Pii {
    let secret = SecretString::from(format!(r#"{{"active":"k1","k1":"{}"}}"#, "0123456789abcdef".repeat(4)));
    Pii::parse(&secret, Method::Hmac, Timestamp::UNIX_EPOCH).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn read_as<'a>(format: &Format, chunks: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let pii = pii();
    let mut transform = Transform::new(&pii, format, Occurrences::of_whole_file());
    let mut read = Read::default();
    let mut drain = |transform: &mut Transform<'_>| {
        loop {
            match transform.next() {
                Ok(Some(Outcome::Purchase(purchase))) => read.purchases.push(purchase),
                Ok(Some(Outcome::Reject(reject))) => {
                    read.rejects.push((reject.line, reject.reason.as_str(), reject.raw.to_vec()));
                }
                Ok(Some(Outcome::Erased)) => panic!("nobody asked for it"),
                Ok(None) => return true,
                Err(Halt::Refused(refusal)) => {
                    read.refused = Some(refusal.to_string());
                    return false;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    let mut on = true;
    for chunk in chunks {
        transform.push(chunk);
        on = on && drain(&mut transform);
    }
    transform.finish();
    let _ = on && drain(&mut transform);
    (read.format, read.ambiguous_times) = (transform.format(), transform.ambiguous_times());
    read
}

pub(crate) fn read(text: &str) -> Read {
    read_as(&Format::default(), [text.as_bytes()])
}

/// What the rejects are: line and reason.
pub(crate) fn reasons(read: &Read) -> Vec<(u64, &'static str)> {
    read.rejects.iter().map(|(line, reason, _)| (*line, *reason)).collect()
}

pub(crate) const NAMES: [&str; 5] = ["email", "item_id", "quantity", "price", "purchase_date"];
pub(crate) const HEADER: &str = "email,item_id,quantity,price,purchase_date\n";
pub(crate) const ROW: &str = "ada@shop.example,7,1,12.50,2021-03-21T11:00:00\n";

/// One row's fields, in the order of [`NAMES`].
pub(crate) fn row() -> impl Strategy<Value = [String; 5]> {
    ("[a-zé]{1,8}@[a-z]{1,8}", 0u32..1_000, 1u32..9, 0u32..10_000, 0i64..4_000_000_000).prop_map(
        |(email, item, quantity, cents, second)| {
            let date = Timestamp::from_second(second).unwrap().strftime("%Y-%m-%dT%H:%M:%S").to_string();
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            [email, item.to_string(), quantity.to_string(), price, date]
        },
    )
}

/// What an extra column may hold; not what makes another row of a line of it.
pub(crate) fn extra() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ,;|\t\"0-9]{0,10}", "[a-z ,;|\t\"]{0,10}\n[a-z, \"]{0,5}"]
}

pub(crate) fn written(rows: &[Vec<String>], delimiter: u8, always: bool, line_end: &str) -> String {
    let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
    let rows = rows.iter().map(|row| {
        let mut writer = csv::WriterBuilder::new();
        let mut writer = writer.delimiter(delimiter).quote_style(style).from_writer(Vec::new());
        writer.write_record(row).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        format!("{}{line_end}", text.strip_suffix('\n').unwrap())
    });
    rows.collect()
}
