//! The least of an HTTP client: one connection, one request at a time. What a driver spends is taken from the servers.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that stays open.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer if it is a success.
    ///
    /// # Errors
    /// With status and body if not.
    pub fn success(self) -> anyhow::Result<Self> {
        ensure!((200..300).contains(&self.status), "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        Ok(self)
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connecting")?;
        stream.set_nodelay(true).context("connecting")?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request; `headers` are whole lines.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn call(&mut self, method: &str, path: &str, headers: &str, body: &str) -> anyhow::Result<Answer> {
        let length = body.len();
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n{kind}content-length: {length}\r\n{headers}\r\n{body}");
        self.stream.write_all(request.as_bytes()).await.context("sending")?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<Answer> {
        self.buffer.clear();
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = std::str::from_utf8(&self.buffer[..end]).context("the head of an answer")?.to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).context("the status")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(Ok(0), |text| text.trim().parse()).context("the length")?;
        while self.buffer.len() < end + length {
            self.more().await?;
        }
        Ok(Answer { status, body: self.buffer[end..end + length].to_vec() })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        let count = self.stream.read_buf(&mut self.buffer).await.context("reading")?;
        ensure!(count > 0, "the server closed the connection");
        Ok(())
    }
}
