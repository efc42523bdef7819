//! As much of HTTP/1.1 as both ends here need: messages on connections that stay open, with a length or in chunks.
//! Not a library: it talks to servers on this machine that are being measured.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection, with what was read from it and not yet asked for.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    at: usize,
}

/// A request or an answer.
pub struct Message {
    /// 0 for a request.
    pub status: u16,
    pub body: Vec<u8>,
    pub last: bool,
}

/// What the head of a message says about its body.
#[derive(Default)]
struct Head {
    status: u16,
    length: Option<usize>,
    chunked: bool,
    last: bool,
    waits: bool,
}

const HEAD_MOST: usize = 64 << 10;

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        _ = stream.set_nodelay(true);
        Self { stream, buffer: Vec::with_capacity(32 << 10), at: 0 }
    }

    pub async fn open(address: &str) -> Result<Self> {
        Ok(Self::new(TcpStream::connect(address).await?))
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a request and waits for its answer.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Message> {
        self.write(request).await?;
        self.read().await?.ok_or_else(|| broken("closed without an answer"))
    }

    /// Reads one message; nothing, if the other end has closed in between two.
    pub async fn read(&mut self) -> Result<Option<Message>> {
        let mut searched = 0;
        let length = loop {
            let unread = &self.buffer[self.at..];
            if let Some(end) = find(&unread[searched..], b"\r\n\r\n") {
                break searched + end + 4;
            }
            if unread.len() > HEAD_MOST {
                return Err(broken("a head without an end"));
            }
            searched = unread.len().saturating_sub(3);
            if !self.more(1).await? {
                return if self.at == self.buffer.len() { Ok(None) } else { Err(broken("cut off in a head")) };
            }
        };
        let head = Head::read(&self.buffer[self.at..self.at + length]);
        self.at += length;
        if head.waits {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let body = if head.chunked { self.chunks().await? } else { self.take(head.length.unwrap_or(0)).await? };
        Ok(Some(Message { status: head.status, body, last: head.last }))
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.line().await?;
            let size = std::str::from_utf8(size.split(|byte| *byte == b';').next().unwrap_or(b"")).unwrap_or("");
            let size = usize::from_str_radix(size.trim(), 16).map_err(|_| broken("a chunk without a size"))?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size).await?);
            self.line().await?;
        }
    }

    /// One line, without its end.
    async fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(end) = find(&self.buffer[self.at..], b"\r\n") {
                let line = self.buffer[self.at..self.at + end].to_vec();
                self.at += end + 2;
                return Ok(line);
            }
            if !self.more(1).await? {
                return Err(broken("cut off in a line"));
            }
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        while self.buffer.len() - self.at < length {
            let missing = length - (self.buffer.len() - self.at);
            if !self.more(missing).await? {
                return Err(broken("cut off in a body"));
            }
        }
        let taken = self.buffer[self.at..self.at + length].to_vec();
        self.at += length;
        Ok(taken)
    }

    /// Reads some more, with room for `wanted` bytes. False at the end of the stream.
    async fn more(&mut self, wanted: usize) -> Result<bool> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.reserve(wanted.max(16 << 10));
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

impl Head {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or("");
        let mut head = Self::default();
        if first.starts_with("HTTP/") {
            head.status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        }
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name {
                _ if name.eq_ignore_ascii_case("content-length") => head.length = value.parse().ok(),
                _ if name.eq_ignore_ascii_case("transfer-encoding") => {
                    head.chunked = value.eq_ignore_ascii_case("chunked");
                }
                _ if name.eq_ignore_ascii_case("connection") => head.last = value.eq_ignore_ascii_case("close"),
                _ if name.eq_ignore_ascii_case("expect") => head.waits = true,
                _ => {}
            }
        }
        head
    }
}

/// Where `needle` begins.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Where to send: only on this machine, only plain HTTP.
#[derive(Clone)]
pub struct Target {
    pub address: String,
    pub path: String,
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(url: &str) -> std::result::Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url}: only http:// is measured"))?;
        let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
        let target = Self { address: loopback(address)?, path: format!("/{path}") };
        Ok(target)
    }
}

/// An address with a port, on this machine.
pub fn loopback(address: &str) -> std::result::Result<String, String> {
    match address.parse::<std::net::SocketAddr>() {
        Ok(parsed) if parsed.ip().is_loopback() => Ok(address.to_owned()),
        _ => Err(format!("{address}: load goes to this machine only; write 127.0.0.1:port")),
    }
}

/// A request as bytes, written into `out`.
pub fn request(out: &mut Vec<u8>, method: &str, target: &Target, headers: &str, body: &[u8]) {
    out.clear();
    let Target { address, path } = target;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_a_target() {
        let target: Target = "http://127.0.0.1:9093/api/v2/alerts".parse().unwrap();
        assert_eq!((target.address.as_str(), target.path.as_str()), ("127.0.0.1:9093", "/api/v2/alerts"));
        for wrong in ["https://127.0.0.1:1/", "http://10.0.0.1:80/", "http://example.org/", "http://127.0.0.1/"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn messages_are_read_whole_however_they_arrive() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let said =
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\nHTTP/1.1 204 No\r\nConnection: close\r\n\r\n";
        let speaking = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for piece in said.chunks(7) {
                stream.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut connection = Connection::open(&address).await.unwrap();
        let mut heard = Vec::new();
        while let Some(message) = connection.read().await.unwrap() {
            heard.push((message.status, String::from_utf8(message.body).unwrap(), message.last));
        }
        speaking.await.unwrap();
        let expected = [(200, "hello", false), (503, "abcde", false), (204, "", true)];
        assert_eq!(heard, expected.map(|(status, body, last)| (status, body.to_owned(), last)));
    }
}
