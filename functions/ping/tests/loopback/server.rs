//! A web server on loopback that answers with whatever bytes a test wants.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// How many came before it.
    pub(crate) before: usize,
    /// Its request line and headers.
    pub(crate) head: String,
    /// As much of a body as it announced.
    pub(crate) body: String,
}

impl Asked {
    /// Method and target, such as `HEAD /`.
    pub(crate) fn line(&self) -> &str {
        self.head.split(" HTTP/").next().unwrap()
    }

    pub(crate) fn is_head(&self) -> bool {
        self.head.starts_with("HEAD ")
    }

    /// The value of the header of this name, in whatever case it came.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(is, _)| is.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The names of all headers, sorted.
    pub(crate) fn headers(&self) -> Vec<&str> {
        let names = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut names: Vec<&str> = names.map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }
}

/// A listening server; it ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each request with these bytes and closes.
    pub(crate) async fn answering(answer: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Self {
        Self::driving(move |mut stream, asked| {
            let answer = answer(&asked);
            async move {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        })
        .await
    }

    /// Hands each connection over once its request has come; it is closed at the end.
    pub(crate) async fn driving<F, Fut>(drive: F) -> Self
    where
        F: Fn(TcpStream, Asked) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        // A listener holds back 128 connections by default and makes further ones wait for seconds.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(4_096).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, drive) = (Arc::clone(&asked), Arc::new(drive));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, drive) = (Arc::clone(&seen), Arc::clone(&drive));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    let head = String::from_utf8(head).unwrap();
                    let mut asked = Asked { before: 0, head, body: String::new() };
                    let length = asked.header("content-length").map_or(0, |text| text.parse().unwrap());
                    let mut body = vec![0; length];
                    if stream.read_exact(&mut body).await.is_err() {
                        return;
                    }
                    asked.body = String::from_utf8(body).unwrap();
                    {
                        let mut seen = seen.lock().unwrap();
                        asked.before = seen.len();
                        seen.push(asked.clone());
                    }
                    drive(stream, asked).await;
                });
            }
        });
        Self { address, asked }
    }

    /// Accepts connections and stays silent.
    pub(crate) async fn black_hole() -> Self {
        Self::driving(|stream, _| async move {
            std::future::pending::<()>().await;
            drop(stream);
        })
        .await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Method and target of every request so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| asked.line().to_owned()).collect()
    }
}

/// An empty answer of this status.
pub(crate) fn status(code: u16) -> String {
    format!("HTTP/1.1 {code} Whatever\r\nContent-Length: 0\r\n\r\n")
}

/// An answer of status 200 with this body.
pub(crate) fn page(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An empty answer of this status with this header.
pub(crate) fn with_header(code: u16, header: &str) -> String {
    format!("HTTP/1.1 {code} Whatever\r\n{header}\r\nContent-Length: 0\r\n\r\n")
}
