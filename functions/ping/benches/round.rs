//! Measures the checker, called directly, against a web server and black holes on loopback in a process of
//! their own. Prints `name<TAB>value<TAB>unit` on standard output.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use ping::connect::TcpConnector;
use ping::resolve::SystemResolver;
use ping::tls::of_the_web;
use ping::{Checker, Finding, Guard, Job, Limits};
use shared::signal::{Outcome, Phases, Reason, Signal};
use tests::example::monitor_of;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};

/// What the server says to everything.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Checks that the figure per CPU-second is taken from.
const CHECKS: usize = 40_000;

// As in the deployed function: one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [role] if role == "serve" => serve().await,
        [role, port] if role == "memory" => memory(port.parse()?).await,
        _ => measure().await,
    }
}

async fn measure() -> anyhow::Result<()> {
    let (mut server, good, hole) = start_server()?;
    let result = figures(good, hole).await;
    server.kill().context("ending the server")?;
    server.wait().context("ending the server")?;
    result
}

async fn figures(good: u16, hole: u16) -> anyhow::Result<()> {
    let checker = checker()?;
    let start = Instant::now();
    let findings = checker.round(targets(500, |n| if n.is_multiple_of(10) { hole } else { good })).await;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(with(&findings, Outcome::Up) == 450, "450 targets are up");
    ensure!(with(&findings, Outcome::Down(Reason::Timeout)) == 50, "50 targets are black holes");
    print("ping.round_500_targets_10pct_blackholes_s", seconds, "s")?;

    let jobs: Vec<Job> = targets(CHECKS, |_| good).collect();
    let before = cpu_seconds()?;
    let findings = checker.round(jobs).await;
    let seconds = cpu_seconds()? - before;
    ensure!(with(&findings, Outcome::Up) == CHECKS, "every target is up");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    print("ping.checks_per_cpu_s", CHECKS as f64 / seconds, "1/s")?;

    print("ping.block_96_monitors_bytes", block_bytes(), "bytes")?;

    // A process of its own: what the rounds before held does not count.
    let status = Command::new(std::env::current_exe()?).args(["memory", &good.to_string()]).status()?;
    ensure!(status.success(), "measuring memory failed");
    Ok(())
}

/// The largest resident set of a process that checked 1,000 monitors in one round.
async fn memory(port: u16) -> anyhow::Result<()> {
    let findings = checker()?.round(targets(1_000, |_| port)).await;
    ensure!(with(&findings, Outcome::Up) == 1_000, "every target is up");
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak memory")?;
    let kb: f64 = peak.trim().trim_end_matches(" kB").parse().context("reading the peak memory")?;
    print("ping.memory_1000_monitors_mb", kb / 1_024.0, "MB")
}

/// The item of a block of 96 monitors, each found up over TLS after 1.5 s: names of attributes and values, as DynamoDB
/// counts them
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn block_bytes() -> f64 {
    let signal = |n: u32| Signal {
        monitor: tests::example::monitor(&format!("s0-{n:06}")).id,
        outcome: Outcome::Up,
        status: Some(200),
        phases: Phases {
            dns_ms: Some(10 + n % 30),
            connect_ms: Some(30 + n),
            tls_ms: Some(60 + n),
            first_byte_ms: Some(150 + n),
            total_ms: Some(1_500),
        },
        certificate_days: None,
        metrics: Vec::new(),
    };
    let signals: Vec<Signal> = (0..96).map(signal).collect();
    let beside = "pkBLOCK#s123#2026-11-21sk14:25#ap-southeast-2vkindblocktextwritten_at2026-11-21T14:25:11.123456789Zexpires_at";
    // Numbers: a byte for two digits, and one more.
    (shared::block::encode(&signals).len() + beside.len() + 2 + 6) as f64
}

fn checker() -> anyhow::Result<Arc<Checker>> {
    let guard = Guard::new(true, None);
    let resolver = SystemResolver::new()?;
    Ok(Arc::new(Checker::with(resolver, TcpConnector, guard, of_the_web()?, Limits::default())))
}

fn targets(count: usize, port: impl Fn(usize) -> u16) -> impl Iterator<Item = Job> {
    (0..count)
        .map(move |n| Job::of(monitor_of("s0-aaaaaa", &format!("http://127.0.0.1:{}/shop/{n}", port(n)))))
}

fn with(findings: &[Finding], outcome: Outcome) -> usize {
    findings.iter().filter(|finding| finding.outcome == outcome).count()
}

/// CPU time of this process's only thread, from the scheduler's own account in ns.
fn cpu_seconds() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").context("reading the CPU time")?;
    let nanoseconds = text.split(' ').next().context("no CPU time")?;
    Ok(nanoseconds.parse::<f64>()? / 1e9)
}

fn print(name: &str, value: f64, unit: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout().lock(), "{name}\t{value:.2}\t{unit}")?)
}

/// Starts this program once more as the server; answers the ports of the web server and of the black hole.
fn start_server() -> anyhow::Result<(Child, u16, u16)> {
    let mut server = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().context("no output")?).read_line(&mut line)?;
    let (good, hole) = line.trim().split_once(' ').context("no ports")?;
    Ok((server, good.parse()?, hole.parse()?))
}

/// Holds back as many connections as a round opens at once; further ones would wait for seconds.
fn listener() -> anyhow::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    Ok(socket.listen(4_096)?)
}

async fn serve() -> anyhow::Result<()> {
    let (good, hole) = (listener()?, listener()?);
    writeln!(io::stdout(), "{} {}", good.local_addr()?.port(), hole.local_addr()?.port())?;
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = hole.accept().await {
            held.push(stream);
        }
    });
    loop {
        let (mut stream, _) = good.accept().await?;
        tokio::spawn(async move {
            // A request without body fits one segment.
            let mut request = [0; 1_024];
            if stream.read(&mut request).await.is_ok() {
                let _ = stream.write_all(ANSWER).await;
            }
        });
    }
}
