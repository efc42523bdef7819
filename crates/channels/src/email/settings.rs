//! The mail server as one URL: `smtp://user:password@mail.example.org:587?tls=required`, `smtps://...`.
//!
//! Encryption is required unless the URL says otherwise, and what is required never falls back.

use std::fmt;

use domain::words::{Refusal, text};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use url::Url;

/// Where mail is handed over, and in whose name.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) credentials: Option<Credentials>,
    /// What we call ourselves in EHLO; the host name of the machine unless set.
    pub(super) hello: Option<String>,
    pub(super) from: Mailbox,
}

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (`smtps://`, port 465).
    Implicit,
    /// By STARTTLS before anything else is said; without it, nothing is sent.
    Required,
    /// By STARTTLS if the server offers it. A password is never sent without it.
    Opportunistic,
    /// Not at all: for a relay on the same machine.
    None,
}

impl Settings {
    /// From the URL of the server and the sender: `Allclear <alerts@example.org>`.
    pub fn parse(server: &str, from: &str) -> Result<Self, Refusal> {
        // What is wrong is said without the URL: it holds a password.
        let wrong = |why: String| {
            Refusal::invalid(format!(
                "the mail server: {why}; write smtp://user:password@mail.example.org:587?tls=required (or smtps://...)"
            ))
        };
        let url = Url::parse(server).map_err(|why| wrong(format!("not a URL: {why}")))?;
        let mut tls = match url.scheme() {
            "smtp" => Tls::Required,
            "smtps" => Tls::Implicit,
            other => return Err(wrong(format!("the URL begins with {other}:"))),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it names no host".into()))?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(wrong("there is something after the host that does not belong there".into()));
        }
        let mut hello = None;
        for (name, value) in url.query_pairs() {
            match (&*name, &*value, url.scheme()) {
                ("tls", "required", _) => {}
                ("tls", "opportunistic", "smtp") => tls = Tls::Opportunistic,
                ("tls", "none", "smtp") => tls = Tls::None,
                ("tls", _, "smtp") => return Err(wrong("tls is one of required, opportunistic, none".into())),
                ("tls", ..) => return Err(wrong("smtps:// is always encrypted: leave tls out".into())),
                ("hello", name, _) if is_hello(name) => hello = Some(name.to_owned()),
                ("hello", ..) => return Err(wrong("hello must be a host name".into())),
                (other, ..) => {
                    let near = text::did_you_mean(other, ["tls", "hello"]);
                    return Err(wrong(format!("there is no setting {:?}{near}", text::shorten(other, 40))));
                }
            }
        }
        let credentials = match (decode(url.username()), url.password().map(decode)) {
            (Some(user), None) if user.is_empty() => None,
            (Some(user), Some(Some(password))) if !user.is_empty() => Some(Credentials::new(user, password)),
            (Some(_), None) => return Err(wrong("there is a user but no password".into())),
            (Some(_), Some(Some(_))) => return Err(wrong("there is a password but no user".into())),
            _ => return Err(wrong("user or password is not well percent-encoded UTF-8".into())),
        };
        let from = from.parse::<Mailbox>().map_err(|_| {
            Refusal::invalid(format!(
                "{:?} is not a sender of mail: write alerts@example.org or Allclear <alerts@example.org>",
                text::shorten(from, 100)
            ))
        })?;
        Ok(Self {
            // Brackets belong to the URL, not to the address.
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if tls == Tls::Implicit { 465 } else { 587 }),
            tls,
            credentials,
            hello,
            from,
        })
    }
}

fn is_hello(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
}

/// Percent-decoded, if that is UTF-8 without control characters.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.credentials.is_some() { "user:password@" } else { "" };
        write!(f, "smtp://{user}{}:{} ({:?}) from {}", self.host, self.port, self.tls, self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_all_about_the_server() {
        for (url, shown) in [
            ("smtp://mail.example.org", "smtp://mail.example.org:587 (Required) from a@b.example"),
            ("smtps://u:p@mail.example.org", "smtp://user:password@mail.example.org:465 (Implicit) from a@b.example"),
            ("smtps://mail.example.org?tls=required", "smtp://mail.example.org:465 (Implicit) from a@b.example"),
            ("smtp://localhost:25?tls=none", "smtp://localhost:25 (None) from a@b.example"),
            ("smtp://[::1]:25/?tls=opportunistic&hello=a.b", "smtp://::1:25 (Opportunistic) from a@b.example"),
        ] {
            assert_eq!(format!("{:?}", Settings::parse(url, "a@b.example").unwrap()), shown);
        }
        let parsed = Settings::parse("smtp://a%40b:p%3A%2F%25@h", "Allclear <a@b.example>").unwrap();
        assert_eq!(parsed.credentials, Some(Credentials::new("a@b".into(), "p:/%".into())));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        let say = |url: &str| {
            let said = Settings::parse(url, "a@b.example").unwrap_err().to_string();
            assert!(!said.contains("geheim"), "{said}");
            said.split(';').next().unwrap_or_default().to_owned()
        };
        let said: Vec<String> = [
            "",
            "mail.example.org:25",
            "http://u:geheim@h",
            "smtp://",
            "smtp://u:geheim@h/path",
            "smtp://u:geheim@h?tls=maybe",
            "smtps://u:geheim@h?tls=none",
            "smtp://u:geheim@h?tsl=none",
            "smtp://u@h",
            "smtp://:geheim@h",
            "smtp://u:geheim%0d%0a@h",
            "smtp://u:geheim%zz@h",
            "smtp://h?hello=a%0d%0ab",
        ]
        .map(say)
        .into();
        insta::assert_snapshot!(said.join("\n"), @r#"
        the mail server: not a URL: relative URL without a base
        the mail server: the URL begins with mail.example.org:
        the mail server: the URL begins with http:
        the mail server: it names no host
        the mail server: there is something after the host that does not belong there
        the mail server: tls is one of required, opportunistic, none
        the mail server: smtps:// is always encrypted: leave tls out
        the mail server: there is no setting "tsl" (did you mean "tls"?)
        the mail server: there is a user but no password
        the mail server: there is a password but no user
        the mail server: user or password is not well percent-encoded UTF-8
        the mail server: user or password is not well percent-encoded UTF-8
        the mail server: hello must be a host name
        "#);
        for from in ["", "x", "a@b\r\nBcc: c@d", "a@b, c@d"] {
            assert!(Settings::parse("smtp://h", from).is_err(), "{from:?}");
        }
    }
}
