//! The demo shop, as the operator's command runs it.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::local_cloud::LocalCloud;
use crate::operator::{command, shopwatch};

/// A running demo shop, ended with the test.
#[derive(Debug)]
pub struct DemoShop {
    process: Child,
    /// Its address, without a slash at the end.
    pub url: String,
}

impl DemoShop {
    /// Starts a shop on a free port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(cloud: &LocalCloud) -> Self {
        Self::on_port(cloud, "0")
    }

    fn on_port(cloud: &LocalCloud, port: &str) -> Self {
        let mut process = command(cloud)
            .args(["demo-shop", "--port", port])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the shopwatch binary");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("output")).read_line(&mut line).expect("a line");
        let url = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");
        Self { process, url }
    }

    /// Ends it, as a crash would.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub fn kill(&mut self) {
        self.process.kill().expect("a process to end");
        self.process.wait().expect("an ended process");
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self, cloud: &LocalCloud) {
        let port = self.url.rsplit(':').next().unwrap_or_default().to_owned();
        *self = Self::on_port(cloud, &port);
    }

    /// Tells a page how to behave.
    ///
    /// # Panics
    /// When it does not listen.
    pub fn set(&self, cloud: &LocalCloud, page: &str, mode: &str) {
        let run = shopwatch(cloud, &["demo-shop", "set", "--url", &self.url, page, mode]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
}

impl Drop for DemoShop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
