//! A person: how to reach them, in which order, and what they may do here.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Refusal, Span, text};

/// The spec of a `person` document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name that people read: `Ana Silva`.
    pub full_name: String,
    /// Signs in with this address; also where mail goes unless `contacts` says otherwise.
    pub email: String,
    /// IANA name of the person's own time zone: `Europe/Berlin`. Decides what "waking hours" means.
    #[serde(default = "utc", skip_serializing_if = "is_utc")]
    pub time_zone: String,
    /// What the person may do here.
    #[serde(default)]
    pub access: Access,
    /// Ways to reach the person, each with a short name that the ladder uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// Which contact after how long, by urgency.
    #[serde(default, skip_serializing_if = "Ladder::is_unset")]
    pub ladder: Ladder,
    /// What the person is called in the chats of others: who speaks there as this is this person here.
    #[serde(default, skip_serializing_if = "ChatIds::is_unset")]
    pub chat: ChatIds,
    /// A person who left is kept in the record but is never paged and cannot sign in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inactive: bool,
}

/// What a person or token may do. Each includes what stands before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Sees everything that is not restricted.
    Viewer,
    /// Also acknowledges, resolves, silences, overrides, and tests their own pages.
    #[default]
    Responder,
    /// Also edits documents of the teams they belong to.
    Manager,
    /// Everything: integrations, tokens, people, all documents.
    Administrator,
}

impl Access {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Responder, Self::Manager, Self::Administrator];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Responder => "responder",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Access {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|access| access.word() == word).ok_or_else(|| {
            let near = text::did_you_mean(word, Self::ALL.map(Self::word));
            let all = Self::ALL.map(Self::word).join(", ");
            Refusal::invalid(format!("there is no access {:?}{near}; it is one of {all}", text::shorten(word, 40)))
        })
    }
}

/// One way to reach a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "ContactWords")]
#[schemars(!try_from, extend("unevaluatedProperties" = false))]
pub struct Contact {
    /// What the ladder calls it: `mail`, `phone`.
    pub name: String,
    #[serde(flatten)]
    pub address: Address,
}

/// A contact as it is written. Read apart from [`Contact`] so that an error can say which word is wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactWords {
    name: String,
    email: Option<String>,
    ntfy: Option<String>,
    webhook: Option<String>,
}

impl TryFrom<ContactWords> for Contact {
    type Error = String;

    fn try_from(words: ContactWords) -> Result<Self, String> {
        let address = match (words.email, words.ntfy, words.webhook) {
            (Some(email), None, None) => Address::Email(email),
            (None, Some(ntfy), None) => Address::Ntfy(ntfy),
            (None, None, Some(webhook)) => Address::Webhook(webhook),
            _ => return Err("a contact has exactly one of `email`, `ntfy` and `webhook`".into()),
        };
        Ok(Self { name: words.name, address })
    }
}

/// What a person is called in chats, by provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatIds {
    /// The member id in Slack: `U024BE7LH`. It stands under "Copy member ID" in the person's profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<String>,
    /// The user id in Matrix: `@ana:example.org`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<String>,
}

impl ChatIds {
    /// Speaks in no chat.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }

    /// Provider and id of each.
    pub fn ids(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("slack", &self.slack), ("matrix", &self.matrix)]
            .into_iter()
            .filter_map(|(provider, id)| Some((provider, id.as_deref()?)))
    }

    /// What is wrong in it; each refusal with a pointer into the spec of the person.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        for (provider, id) in self.ids() {
            let fits = match provider {
                "slack" => id.starts_with(['U', 'W']) && id.chars().all(|c| c.is_ascii_alphanumeric()),
                _ => id.strip_prefix('@').and_then(|rest| rest.split_once(':')).is_some_and(|(local, server)| {
                    !local.is_empty() && !server.is_empty() && !id.chars().any(|c| c.is_whitespace() || c.is_control())
                }),
            };
            if !fits || id.len() > 255 {
                let like = if provider == "slack" { "U024BE7LH" } else { "@ana:example.org" };
                let shown = text::shorten(id, 80);
                let why = format!(
                    "{shown:?} is nobody in {}: write it like {like}",
                    if provider == "slack" { "Slack" } else { "Matrix" }
                );
                found.push(Refusal::invalid(why).at(format!("/chat/{provider}")));
            }
        }
        found
    }
}

/// Where a message goes. One variant per channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    /// An e-mail address.
    Email(String),
    /// An ntfy topic URL: `https://ntfy.example.org/ana-9f3k`.
    Ntfy(String),
    /// A URL that gets a signed webhook (Standard Webhooks).
    Webhook(String),
}

/// Which contact after how long, counted from the start of the step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// For pages that may wake the person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub high: Vec<Rung>,
    /// For pages that never wake anyone: held back outside waking hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub low: Vec<Rung>,
    /// Local waking hours, `HH:MM-HH:MM`; the default is 08:00-22:00.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waking: Option<String>,
}

impl Ladder {
    /// Says nothing of its own.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

/// One rung of a ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// The name of one of the person's contacts.
    pub contact: String,
    /// How long after the start of the step.
    #[serde(default, skip_serializing_if = "Span::is_zero_ref")]
    pub after: Span,
}

fn utc() -> String {
    "UTC".into()
}

fn is_utc(zone: &String) -> bool {
    zone == "UTC"
}
