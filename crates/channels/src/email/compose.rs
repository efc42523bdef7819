//! A message as the bytes of a mail: headers, text and HTML. Pure; the same message gives the same bytes.

use std::fmt::Write as _;

use domain::engage::deliveries::{LinkKind, Message, Urgency};
use domain::words::{Timestamp, text};
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use sha2::{Digest as _, Sha256};

use super::html;
use crate::{one_line, repeat_note};

pub(super) struct Mail {
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
}

/// The mail, or why this address can never get one.
pub(super) fn compose(from: &Mailbox, address: &str, message: &Message, now: Timestamp) -> Result<Mail, String> {
    let to: Mailbox =
        address.trim().parse().map_err(|_| format!("{:?} is not an e-mail address", text::shorten(address, 100)))?;
    let domain = from.email.domain();
    let thread = format!("<{}.thread@{domain}>", id_part(&message.thread));
    let header = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    let mut mail = lettre::Message::builder()
        .from(from.clone())
        .to(to)
        .subject(one_line(&message.subject, 200))
        .date(now.into())
        .message_id(Some(format!("<{}@{domain}>", id_part(&message.key))))
        // The thread's own first mail does not exist; readers group by what they have in common.
        .in_reply_to(thread.clone())
        .references(thread)
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"));
    if message.urgency == Urgency::High {
        mail = mail.raw_header(header("X-Priority", "1 (Highest)")).raw_header(header("Importance", "high"));
    }
    if let Some(url) = &message.unsubscribe {
        let url = one_line(url, 2048);
        mail = mail
            .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    // Drawn from the content, since there is no chance here: no line of the parts can be meant to match it.
    let boundary = hex(&Sha256::new().chain_update(&message.key).chain_update(&message.text).finalize()[..15]);
    let html = message.html.clone().unwrap_or_else(|| html::render(message));
    let mut parts = MultiPart::alternative()
        .boundary(boundary)
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain(message)))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(html));
    // Programs with a calendar take the last form that they know (RFC 6047).
    if let Some(calendar) = &message.calendar {
        let method: String = calendar.method.chars().filter(char::is_ascii_alphabetic).collect();
        let kind = ContentType::parse(&format!("text/calendar; charset=utf-8; method={method}"));
        let kind = kind.map_err(|why| format!("no mail can be made of this: {why}"))?;
        parts = parts.singlepart(SinglePart::builder().header(kind).body(calendar.text.clone()));
    }
    let mail = mail.multipart(parts).map_err(|why| format!("no mail can be made of this: {why}"))?;
    Ok(Mail { envelope: mail.envelope().clone(), bytes: mail.formatted() })
}

/// The text alternative: what it is about, then the links, each on a line of its own.
fn plain(message: &Message) -> String {
    let mut out = String::new();
    if let Some(note) = repeat_note(message) {
        out.push_str(&note);
        out.push_str("\n\n");
    }
    // Bare carriage returns and the like would be read differently by different servers.
    let body: String =
        message.text.replace("\r\n", "\n").chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
    out.push_str(body.trim_end());
    out.push('\n');
    for link in &message.links {
        let _ = writeln!(out, "\n{}: {}", one_line(&link.label, 60), one_line(&link.url, 2048));
    }
    if message.links.iter().any(|link| link.kind != LinkKind::Open) {
        out.push_str("\nThe links are for you alone: they act in your name. Do not forward this mail.\n");
    }
    out
}

/// Fit for the left side of a Message-ID: ids of ours as they are, anything else by its hash.
fn id_part(id: &str) -> String {
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if fits { id.to_owned() } else { hex(&Sha256::digest(id.as_bytes())[..16]) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
