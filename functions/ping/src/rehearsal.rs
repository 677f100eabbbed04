//! A rehearsal at start: this process checks itself over loopback once, so that nothing which is done at the first
//! time only, from random numbers to memory pages of code, is charged to the first target.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use shared::monitor::{Check, DnsCheck, HttpCheck, Monitor, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::timeout;

use crate::check::{Checker, Job, Limits};
use crate::connect::TcpConnector;
use crate::guard::Guard;
use crate::resolve::SystemResolver;

/// Nothing depends on a rehearsal: it ends soon.
const LIMITS: Limits = Limits {
    connect: Duration::from_millis(20),
    patience: Duration::from_millis(20),
    total: Duration::from_millis(50),
    backoff: Duration::from_millis(1),
};

impl Checker {
    /// Rehearses a look-up, a request and the beginning of a TLS session. What goes wrong is of no consequence.
    pub async fn rehearse(&self) {
        if let Err(error) = Box::pin(self.scenes()).await {
            tracing::info!(%error, "no rehearsal");
        }
    }

    async fn scenes(&self) -> anyhow::Result<()> {
        let web = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let names = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (at, name_server) = (web.local_addr()?, names.local_addr()?);
        // The only checker that may look at its own machine, whatever is configured.
        let guard = Guard::new(true, None);
        let tls = Arc::clone(&self.tls);
        let checker = Checker::with(SystemResolver::asking(name_server)?, TcpConnector, guard, tls, LIMITS);
        let looks = async {
            for check in scenes_at(at)? {
                let job = Job { was_down: true, ..job(check)? };
                Box::pin(checker.check(&job)).await;
            }
            anyhow::Ok(())
        };
        tokio::select! {
            done = looks => done,
            () = answer(web) => Ok(()),
            () = deny(names) => Ok(()),
        }
    }
}

fn scenes_at(web: SocketAddr) -> anyhow::Result<[Check; 3]> {
    let http = |scheme: &str| {
        anyhow::Ok(Check::Http(Box::new(HttpCheck::of(format!("{scheme}://{web}/").parse()?))))
    };
    let dns = DnsCheck { name: "shop.example".parse()?, record: RecordType::A, expect: Vec::new() };
    Ok([Check::Dns(dns), http("http")?, http("https")?])
}

fn job(check: Check) -> anyhow::Result<Job> {
    Ok(Job::of(Monitor::of("s0-000000".parse()?, "Rehearsal".parse()?, check, "nowhere".parse()?)))
}

/// Answers every request, and TLS with what is none.
async fn answer(web: TcpListener) {
    while let Ok((mut stream, _)) = web.accept().await {
        let mut request = [0; 2_048];
        let _ = timeout(LIMITS.total, stream.read(&mut request)).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    }
}

/// Says of every name that there is none, by the bits of the question's header that make an answer (RFC 1035, 4.1.1).
async fn deny(names: UdpSocket) {
    let mut message = [0; 512];
    while let Ok((length, from)) = names.recv_from(&mut message).await {
        message[2] |= 0x80;
        message[3] |= 0x03;
        let _ = names.send_to(message.get(..length).unwrap_or_default(), from).await;
    }
}
