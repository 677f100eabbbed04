//! Measures what putting purchases into the table costs this side: CPU time of the thread that runs the client,
//! against a sink on loopback, on a thread of its own, that takes everything. Prints `name<TAB>value<TAB>unit`.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use aws_sdk_dynamodb::config::{Credentials, Region, SharedCredentialsProvider};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use shared::purchase::{BuyerToken, ItemId, Money, Position, Purchase, Quantity, RowId};
use shared::store::{BATCH, PurchasesTable, Taken, WritePurchases as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// As in the function.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Purchases that are put.
const ROWS: usize = 200_000;

/// Batches in flight.
const IN_FLIGHT: usize = 32;

/// Answers every request with nothing left over.
async fn sink(mut stream: TcpStream) -> anyhow::Result<()> {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 23\r\n\r\n{\"UnprocessedItems\":{}}";
    let mut buffer = Vec::new();
    loop {
        let head = loop {
            if let Some(at) = buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let end = head + length.context("a length")?.trim().parse::<usize>()?;
        while buffer.len() < end {
            ensure!(stream.read_buf(&mut buffer).await? > 0, "a request was cut");
        }
        buffer.drain(..end);
        stream.write_all(ANSWER).await?;
    }
}

/// The sink's address.
fn start_sink() -> anyhow::Result<String> {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            tell.send(listener.local_addr()?.to_string())?;
            loop {
                tokio::spawn(sink(listener.accept().await?.0));
            }
        })
    });
    told.recv().context("the sink did not start")
}

fn purchase(n: usize) -> anyhow::Result<Purchase> {
    let at = jiff::Timestamp::from_second(1_600_000_000 + i64::try_from(n / 3)?)?;
    let number = |text: String| text.into_bytes();
    Ok(Purchase {
        position: Position { at, row_id: RowId((u128::MAX / 7).wrapping_mul(n as u128 + 1)) },
        buyer: BuyerToken::keyed("k1", &format!("{n:064x}")),
        linked: None,
        item_id: ItemId::parse(&number(format!("{}", n % 500))).context("an item")?,
        quantity: Quantity::parse(b"2").context("a quantity")?,
        price: Money::parse(&number(format!("{}.50", n % 90))).context("a price")?,
    })
}

/// CPU time of this thread in ns.
fn cpu_ns() -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").context("Linux only")?;
    stat.split_whitespace().next().context("a time")?.parse().context("a time in ns")
}

// As in the deployed function: one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // Among the tests it only has to run.
    let rows = if std::env::args().any(|argument| argument == "--bench") { ROWS } else { 1_000 };
    let credentials = Credentials::new("test", "test", None, None, "bench");
    let aws = shared::clients::of_function().into_builder();
    let aws = aws
        .endpoint_url(format!("http://{}", start_sink()?))
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let table = PurchasesTable::new(shared::clients::dynamodb(&aws), "purchases");
    let purchases: Vec<Purchase> = (0..rows).map(purchase).collect::<anyhow::Result<_>>()?;
    let before = cpu_ns()?;
    let batches = stream::iter(purchases.chunks(BATCH)).map(|batch| table.put(batch));
    let taken: Vec<Taken> = batches.buffer_unordered(IN_FLIGHT).try_collect().await?;
    let each = (cpu_ns()? - before) as f64 / rows as f64 / 1_000.0;
    ensure!(taken.iter().all(|taken| *taken == Taken::AtOnce), "the sink takes everything");
    writeln!(std::io::stdout(), "etl.load_cpu_us_per_row\t{each:.2}\tus").context("printing a figure")
}
