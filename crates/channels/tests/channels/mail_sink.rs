//! A mail server that records whole conversations and fails where it is told to.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::certificate;

/// What the server does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Encrypts from the first byte.
    pub(crate) implicit_tls: bool,
    /// Offers STARTTLS.
    pub(crate) starttls: bool,
    /// Sends this together with the answer to STARTTLS, ahead of the handshake.
    pub(crate) injection: Option<&'static str>,
    /// Offers AUTH; the answer to it.
    pub(crate) auth: Option<&'static str>,
    /// The answer to a command that begins so, instead of the usual one. `hang up` hangs up; `silence` never answers.
    pub(crate) instead: Vec<(&'static str, &'static str)>,
}

/// One mail, as it was handed over.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) envelope: Vec<String>,
    pub(crate) text: String,
    pub(crate) encrypted: bool,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) mails: Arc<Mutex<Vec<Mail>>>,
    /// Every command of every connection, with the connection's number: `1 EHLO x`.
    pub(crate) commands: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, mails: Arc::default(), commands: Arc::default() };
        let (mails, commands) = (Arc::clone(&server.mails), Arc::clone(&server.commands));
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                number += 1;
                let (mails, commands) = (Arc::clone(&mails), Arc::clone(&commands));
                tokio::spawn(serve(stream, plan.clone(), number, mails, commands));
            }
        });
        server
    }

    /// `smtp://localhost:PORT` and the rest.
    pub(crate) fn url(&self, rest: &str) -> String {
        format!("smtp://localhost:{}{rest}", self.port)
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }
}

type Mails = Arc<Mutex<Vec<Mail>>>;
type Commands = Arc<Mutex<Vec<String>>>;

async fn serve(stream: TcpStream, plan: Plan, number: usize, mails: Mails, commands: Commands) {
    if plan.implicit_tls {
        let Ok(tls) = acceptor().accept(stream).await else { return };
        talk(&mut BufReader::new(tls), &plan, number, &mails, &commands, true, true).await;
        return;
    }
    let mut stream = BufReader::new(stream);
    if talk(&mut stream, &plan, number, &mails, &commands, false, true).await {
        let Ok(tls) = acceptor().accept(stream.into_inner()).await else { return };
        talk(&mut BufReader::new(tls), &plan, number, &mails, &commands, true, false).await;
    }
}

/// One conversation; true when the client asked for STARTTLS and may have it.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    plan: &Plan,
    number: usize,
    mails: &Mails,
    commands: &Commands,
    encrypted: bool,
    greet: bool,
) -> bool {
    if greet && !answer(stream, plan, "greeting", "220 sink.example ESMTP").await {
        return false;
    }
    let mut envelope = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let line = line.trim_end().to_owned();
        commands.lock().unwrap().push(format!("{number} {line}"));
        let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let usual = match word.as_str() {
            "EHLO" => {
                let mut offer = String::from("250-sink.example\r\n250-8BITMIME");
                if plan.starttls && !encrypted {
                    offer.push_str("\r\n250-STARTTLS");
                }
                if plan.auth.is_some() {
                    offer.push_str("\r\n250-AUTH PLAIN LOGIN");
                }
                offer + "\r\n250 SIZE 1000000"
            }
            "STARTTLS" => format!("220 go ahead{}", plan.injection.unwrap_or_default()),
            "AUTH" => plan.auth.unwrap_or("503 no").to_owned(),
            "MAIL" | "RCPT" => {
                envelope.push(line.clone());
                "250 2.1.0 ok".to_owned()
            }
            "DATA" => "354 go on".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 2.0.0 ok".to_owned(),
        };
        if !answer(stream, plan, &word, &usual).await {
            return false;
        }
        let refused = plan.instead.iter().any(|(command, _)| *command == word);
        match word.as_str() {
            "STARTTLS" if !refused => return true,
            "QUIT" => return false,
            "DATA" if !refused => {
                let mut text = String::new();
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                        return false;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                mails.lock().unwrap().push(Mail { envelope: std::mem::take(&mut envelope), text, encrypted });
                if !answer(stream, plan, "message", "250 2.0.0 Ok: queued as 4XyZ").await {
                    return false;
                }
            }
            _ => {}
        }
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    plan: &Plan,
    to: &str,
    usual: &str,
) -> bool {
    let text = plan.instead.iter().find(|(command, _)| *command == to).map_or(usual, |(_, text)| *text);
    match text {
        "hang up" => false,
        "silence" => std::future::pending().await,
        text => stream.write_all(format!("{text}\r\n").as_bytes()).await.is_ok() && stream.flush().await.is_ok(),
    }
}

fn acceptor() -> TlsAcceptor {
    let der = |text: &str| STANDARD.decode(text).unwrap();
    let key = PrivateKeyDer::try_from(der(certificate::KEY)).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der(certificate::CERTIFICATE).into()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
