//! `allclear mcp`: an assistant that starts programs speaks to the server through this one, a line for each message.
//!
//! Knows of the protocol only what the way to the server needs: each line is passed on with the token of the command line, and
//! what comes back is written out. What may be done, and how, is the server's.

use std::io::{BufRead, Write};

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::{Exit, Failure, Outcome};
use crate::client::{Answer, Client, Server};

/// Speak to an assistant: the Model Context Protocol over standard input and output
///
/// The assistant may what the token may, and sees what its person sees; make it one with little access. By HTTP the server
/// speaks the same at /mcp, and this program is not needed.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear mcp --url https://allclear.example.org\n  allclear token create --name assistant --access responder --scope read,incidents --expires 90d"
)]
pub(crate) struct Mcp {
    #[command(flatten)]
    server: Server,
}

pub(crate) fn run(command: &Mcp) -> Outcome {
    let client = command.server.client()?;
    pass(&client, std::io::stdin().lock(), std::io::stdout().lock())?;
    Ok(Exit::Fine)
}

/// Passes messages on until there are no more.
fn pass(client: &Client, from: impl BufRead, mut to: impl Write) -> Result<(), Failure> {
    for line in from.lines() {
        let line = line.context("what the assistant says cannot be read")?;
        if line.trim().is_empty() {
            continue;
        }
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        let answer = client.pass("mcp", &headers(&message), line.into_bytes());
        if let Some(said) = said(&message, answer) {
            // One line, whatever is in it: line ends within texts are escaped.
            writeln!(to, "{said}").and_then(|()| to.flush()).context("the assistant does not listen any more")?;
        }
    }
    Ok(())
}

/// What the message says of itself, for those on the way, as the versions without a handshake ask for.
fn headers(message: &Value) -> Vec<(&'static str, String)> {
    let params = &message["params"];
    let version = params["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str();
    let Some(version) = version else { return Vec::new() };
    let method = message["method"].as_str().unwrap_or_default();
    let named = match method {
        "tools/call" | "prompts/get" => params["name"].as_str(),
        "resources/read" => params["uri"].as_str(),
        _ => None,
    };
    let mut headers = vec![("mcp-protocol-version", version.to_owned()), ("mcp-method", method.to_owned())];
    headers.extend(named.map(|named| ("mcp-name", named.to_owned())));
    // What is no header is none of ours either: the server says that it is missing.
    headers.retain(|(_, value)| value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    headers
}

/// What is said to the assistant: the server's answer, or why there is none. Nothing, if none is awaited.
fn said(message: &Value, answer: Result<Answer, Failure>) -> Option<String> {
    let why = match answer {
        Ok(answer) => match serde_json::from_slice::<Value>(&answer.body) {
            Ok(body) if body.get("jsonrpc").is_some() => return Some(body.to_string()),
            _ if answer.status.is_success() => return None,
            Ok(body) => body["detail"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned),
            Err(_) => answer.status.to_string(),
        },
        Err(failure) => failure.sentence(),
    };
    let id = message.get("id")?;
    // Our own, among those that the protocol leaves to whoever speaks it.
    let error = json!({ "code": -32000, "message": why });
    Some(json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string())
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn answer(status: StatusCode, body: &str) -> Answer {
        Answer { status, date: None, body: body.into() }
    }

    #[test]
    fn what_is_no_answer_is_said_as_an_error_to_whoever_awaits_one() {
        let asked = json!({ "jsonrpc": "2.0", "id": 7, "method": "ping" });
        let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let fine = "{\n\"jsonrpc\": \"2.0\", \"id\": 7, \"result\": {\"text\": \"a\\nb\"}}";
        let line = said(&asked, Ok(answer(StatusCode::OK, fine))).unwrap();
        assert_eq!(line, r#"{"jsonrpc":"2.0","id":7,"result":{"text":"a\nb"}}"#);
        assert_eq!(said(&told, Ok(answer(StatusCode::ACCEPTED, ""))), None);
        let refused = r#"{"status": 401, "detail": "this token is not known"}"#;
        for (outcome, why) in [
            (Ok(answer(StatusCode::UNAUTHORIZED, refused)), "this token is not known"),
            (Ok(answer(StatusCode::BAD_GATEWAY, "<html>")), "502 Bad Gateway"),
            (Err(Failure::Unreachable("nobody is there".into())), "nobody is there"),
        ] {
            let line: Value = serde_json::from_str(&said(&asked, outcome).unwrap()).unwrap();
            assert_eq!((line["id"].as_i64(), line["error"]["message"].as_str()), (Some(7), Some(why)));
        }
        assert_eq!(said(&told, Err(Failure::Unreachable("x".into()))), None);
    }

    #[test]
    fn a_message_without_a_handshake_says_in_headers_what_it_is() {
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
        let call = json!({ "method": "tools/call", "params": { "_meta": meta, "name": "search" } });
        let wanted = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "search")];
        assert_eq!(headers(&call), wanted.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(headers(&json!({ "method": "tools/call", "params": { "name": "search" } })), []);
        let odd = json!({ "method": "tools/call", "params": { "_meta": meta, "name": "a\r\nb: c" } });
        assert_eq!(headers(&odd).len(), 2);
    }
}
