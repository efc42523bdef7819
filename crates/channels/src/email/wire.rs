//! A connection to the mail server, as far as the first EHLO under the encryption that the settings demand.
//!
//! The STARTTLS part is spoken here and not by lettre, because what a server (or somebody in between) sends ahead of
//! the handshake must not be taken for an answer under it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use domain::words::text;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::settings::{Settings, Tls};
use crate::CONNECT_TIMEOUT;

/// Connects, encrypts and signs in. An error is a sentence; all of them may be better soon.
pub(super) async fn connect(settings: &Settings, trust: &Arc<ClientConfig>) -> Result<AsyncSmtpConnection, String> {
    let server = format!("{}:{}", settings.host, settings.port);
    let plain = TcpStream::connect((settings.host.as_str(), settings.port));
    let mut plain = tokio::time::timeout(CONNECT_TIMEOUT, plain)
        .await
        .map_err(|_| format!("no connection to {server} within {} seconds", CONNECT_TIMEOUT.as_secs()))?
        .map_err(|why| format!("no connection to {server}: {}", said(&why)))?;
    // The end of a message is a write of its own: it must not wait for the acknowledgement of the one before.
    plain.set_nodelay(true).map_err(|why| said(&why))?;
    let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
    let stream = match settings.tls {
        Tls::Implicit => Stream::Tls(Box::new(handshake(plain, settings, trust).await?)),
        Tls::None => Stream::Plain(plain),
        Tls::Required | Tls::Opportunistic => {
            greet(&mut plain, &server).await?;
            let offers = ask(&mut plain, &format!("EHLO {hello}\r\n"), &server).await?;
            if offers.lines().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")))
            {
                ask(&mut plain, "STARTTLS\r\n", &server).await?;
                Stream::Tls(Box::new(handshake(plain, settings, trust).await?))
            } else if settings.tls == Tls::Required {
                return Err(format!(
                    "{server} offers no encryption (STARTTLS), and the settings require it; nothing was sent"
                ));
            } else {
                Stream::Plain(plain)
            }
        }
    };
    let is_encrypted = matches!(stream, Stream::Tls(_));
    // The greeting is past where we spoke ourselves; lettre wants to read one.
    let greeting: &[u8] =
        if matches!(settings.tls, Tls::Required | Tls::Opportunistic) { b"220 greeted before\r\n" } else { b"" };
    let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(Wire { greeting, stream }), &hello)
        .await
        .map_err(|why| format!("{server}: {}", text::shorten(&why.to_string(), 300)))?;
    if let Some(credentials) = &settings.credentials {
        if !is_encrypted && settings.tls != Tls::None {
            return Err(format!("{server} offers no encryption, and a password is not sent without it"));
        }
        connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await.map_err(|why| {
            format!(
                "SIGN-IN REFUSED by {server}: no mail goes out until user and password in the settings are right ({})",
                text::shorten(&why.to_string(), 200)
            )
        })?;
    }
    Ok(connection)
}

async fn handshake(
    plain: TcpStream,
    settings: &Settings,
    trust: &Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(settings.host.clone())
        .map_err(|_| format!("{} is no name that a certificate can be for", settings.host))?;
    TlsConnector::from(Arc::clone(trust))
        .connect(name, plain)
        .await
        .map_err(|why| format!("no encryption with {}:{}: {}", settings.host, settings.port, said(&why)))
}

async fn greet(plain: &mut TcpStream, server: &str) -> Result<(), String> {
    answer(plain, server).await.map(drop)
}

async fn ask(plain: &mut TcpStream, command: &str, server: &str) -> Result<String, String> {
    plain.write_all(command.as_bytes()).await.map_err(|why| format!("{server}: {}", said(&why)))?;
    answer(plain, server).await
}

/// One whole answer, and not a byte more: we ask one thing at a time, so more is an attempt to get in between.
async fn answer(plain: &mut TcpStream, server: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 1024];
    while !is_whole(&bytes) {
        if bytes.len() > 8192 {
            return Err(format!("{server} answers without end"));
        }
        match plain.read(&mut chunk).await {
            Ok(0) => return Err(format!("{server} hung up")),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(why) => return Err(format!("{server}: {}", said(&why))),
        }
    }
    let lines = String::from_utf8_lossy(&bytes).into_owned();
    let ends = lines.lines().filter(|line| line.as_bytes().get(3) != Some(&b'-')).count();
    if ends != 1 {
        return Err(format!("{server} says more than it was asked before the encryption; somebody may be in between"));
    }
    if lines.starts_with('2') { Ok(lines) } else { Err(format!("{server} says {}", text::shorten(lines.trim(), 200))) }
}

/// Does it end in a line of which the fourth letter is not a hyphen?
fn is_whole(bytes: &[u8]) -> bool {
    let Some(lines) = bytes.strip_suffix(b"\n") else { return false };
    let last = lines.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    last.get(3) != Some(&b'-')
}

fn said(why: &io::Error) -> String {
    let said = why.to_string();
    text::shorten(said.split(" (os error").next().unwrap_or(&said), 200)
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The stream under lettre, with a greeting put before it.
struct Wire {
    greeting: &'static [u8],
    stream: Stream,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self.stream, Stream::Tls(_)) { "encrypted" } else { "plain" })
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(plain) => plain.peer_addr(),
            Stream::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let (now, rest) = self.greeting.split_at(self.greeting.len().min(into.remaining()));
            into.put_slice(now);
            self.greeting = rest;
            return Poll::Ready(Ok(()));
        }
        match &mut self.stream {
            Stream::Plain(plain) => Pin::new(plain).poll_read(cx, into),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(plain) => Pin::new(plain).poll_write(cx, from),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, from),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(plain) => Pin::new(plain).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(plain) => Pin::new(plain).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
