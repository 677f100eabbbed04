//! A network on paper: names have the addresses that a test gives them, and what would be dialled is noted.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ping::connect::Connect;
use ping::resolve::Resolve;
use ping::tls::of_the_web;
use ping::{Checker, Guard, Limits};
use shared::monitor::{IpFamily, RecordType};
use shared::signal::{Outcome, Reason};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

/// Bytes between a host and the checker: few, so that what was written was nearly all read.
const BUFFER: usize = 1_024;

/// What is at an address.
#[derive(Debug, Clone)]
pub(crate) enum Host {
    /// Answers any request with these bytes.
    Answers(Vec<u8>),
    /// Refuses HEAD, and answers GET with the first bytes once and the others for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// Refuses to be connected to with this error of the operating system.
    Fails(i32),
    /// Never lets a connection come about.
    Silent,
    /// Takes connections and requests, and says nothing.
    Mute,
    /// Answers any request with one byte a second.
    Drips,
    /// Ends the check with a panic.
    Panics,
}

/// The network; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<Network>>);

#[derive(Default)]
struct Network {
    /// What a name server answers, one after the other; the last answer stays.
    names: BTreeMap<String, VecDeque<Vec<IpAddr>>>,
    hosts: BTreeMap<IpAddr, Host>,
    lookups: usize,
    dialled: Vec<SocketAddr>,
    written: usize,
}

impl Paper {
    /// Lets a name have these addresses: those of the first answer, those of the second, … Without any answer
    /// the name servers stay silent.
    pub(crate) fn name(self, name: &str, answers: &[&[&str]]) -> Self {
        let answers = answers.iter().map(|ips| ips.iter().map(|ip| ip.parse().unwrap()).collect());
        self.0.lock().unwrap().names.insert(name.to_owned(), answers.collect());
        self
    }

    pub(crate) fn host(self, ip: &str, host: Host) -> Self {
        self.0.lock().unwrap().hosts.insert(ip.parse().unwrap(), host);
        self
    }

    /// A host that gives this answer.
    pub(crate) fn answer(self, ip: &str, answer: &str) -> Self {
        self.host(ip, Host::Answers(answer.as_bytes().to_vec()))
    }

    pub(crate) fn checker(&self, allow_private: bool, limits: Limits) -> Arc<Checker<Self, Self>> {
        let guard = Guard::new(allow_private, None);
        Arc::new(Checker::with(self.clone(), self.clone(), guard, of_the_web().unwrap(), limits))
    }

    /// Every address that was dialled, in order.
    pub(crate) fn dialled(&self) -> Vec<String> {
        self.0.lock().unwrap().dialled.iter().map(SocketAddr::to_string).collect()
    }

    /// How many names were looked up.
    pub(crate) fn lookups(&self) -> usize {
        self.0.lock().unwrap().lookups
    }

    /// Bytes that endless hosts got rid of.
    pub(crate) fn written(&self) -> usize {
        self.0.lock().unwrap().written
    }
}

/// What was asked, or nothing when nobody asked.
async fn asked(stream: &mut DuplexStream) -> Option<Vec<u8>> {
    let mut request = vec![0; 4_096];
    let length = stream.read(&mut request).await.unwrap_or_default();
    request.truncate(length);
    (length > 0).then_some(request)
}

fn of(ip: IpFamily, address: IpAddr) -> bool {
    match ip {
        IpFamily::Any => true,
        IpFamily::V4 => address.is_ipv4(),
        IpFamily::V6 => address.is_ipv6(),
    }
}

impl Resolve for Paper {
    async fn addresses(&self, name: &str, ip: IpFamily) -> Result<Vec<IpAddr>, Outcome> {
        let answer = {
            let mut network = self.0.lock().unwrap();
            network.lookups += 1;
            let answers = network.names.get_mut(name).ok_or(Outcome::Down(Reason::Dns))?;
            if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
        };
        match answer {
            Some(answer) => Ok(answer.into_iter().filter(|address| of(ip, *address)).collect()),
            None => std::future::pending().await,
        }
    }

    /// The addresses of the name, whatever is asked for.
    async fn records(&self, name: &str, _: RecordType) -> Result<Vec<String>, Outcome> {
        let addresses = self.addresses(name, IpFamily::Any).await?;
        Ok(addresses.iter().map(IpAddr::to_string).collect())
    }
}

impl Connect for Paper {
    type Stream = DuplexStream;

    async fn connect(&self, address: SocketAddr) -> io::Result<DuplexStream> {
        let host = {
            let mut network = self.0.lock().unwrap();
            network.dialled.push(address);
            network.hosts.get(&address.ip()).cloned()
        };
        match host {
            None => Err(io::ErrorKind::ConnectionRefused.into()),
            Some(Host::Fails(code)) => Err(io::Error::from_raw_os_error(code)),
            Some(Host::Silent) => std::future::pending().await,
            Some(Host::Mute) => {
                let (ours, mut theirs) = duplex(BUFFER);
                tokio::spawn(async move { while asked(&mut theirs).await.is_some() {} });
                Ok(ours)
            }
            Some(Host::Drips) => {
                let (ours, mut theirs) = duplex(BUFFER);
                tokio::spawn(async move {
                    for byte in b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" {
                        if theirs.write_u8(*byte).await.is_err() {
                            return;
                        }
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                });
                Ok(ours)
            }
            Some(Host::Panics) => panic!("told to"),
            Some(Host::Answers(bytes)) => {
                let (ours, mut theirs) = duplex(BUFFER);
                tokio::spawn(async move {
                    if asked(&mut theirs).await.is_some() {
                        let _ = theirs.write_all(&bytes).await;
                    }
                });
                Ok(ours)
            }
            Some(Host::Endless(first, again)) => {
                let (ours, mut theirs) = duplex(BUFFER);
                let network = Arc::clone(&self.0);
                tokio::spawn(async move {
                    if asked(&mut theirs).await.is_none_or(|request| request.starts_with(b"HEAD ")) {
                        let _ = theirs.write_all(b"HTTP/1.1 405 No\r\n\r\n").await;
                        return;
                    }
                    let mut next = &first;
                    while theirs.write_all(next).await.is_ok() {
                        network.lock().unwrap().written += next.len();
                        next = &again;
                    }
                });
                Ok(ours)
            }
        }
    }
}
