//! What customers read of a postmortem: derived from what was published inside, never copied by hand.
//!
//! A plan says which blocks go out, which words are taken out of them and why, and what is promised. The text for customers is
//! made from both whenever it is asked for, so what was left out can always be seen. What is published stays; a correction is
//! a version of its own that says what and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::action_items::{ActionItem, State as ItemState};
use super::leaks::{House, Leak, leaks};
use super::postmortem_sections::{SUMMARY_WORDS, Section};
use crate::inform::notices::TITLE_MOST;
use crate::respond::entries::{line, text};
use crate::words::choices::choices;
use crate::words::{ActionItemId, IncidentId, Name, NoticeId, Refusal, Result, Timestamp};

choices! {
    /// Why words are taken out.
    Reason: "the reason of a redaction" at "/reason" {
        Security = "security",
        Personal = "personal",
        CustomerName = "customer-name",
        Vendor = "vendor",
        Speculation = "speculation",
    }
}

impl Reason {
    /// As people read it inside.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Personal => "personal",
            Self::CustomerName => "a customer’s name",
            Self::Vendor => "a vendor’s name",
            Self::Speculation => "not certain",
        }
    }

    /// What stands in the place of the words, unless other words do.
    const fn instead(self) -> &'static str {
        match self {
            Self::Security => "[left out for security]",
            Self::Personal => "[a person]",
            Self::CustomerName => "[a customer]",
            Self::Vendor => "[a vendor]",
            Self::Speculation => "[left out: not certain]",
        }
    }
}

/// The name of the block of contributing factors; the others are called as sections are.
pub const FACTORS: &str = "factors";

/// Words that customers do not read, wherever they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    pub words: String,
    pub reason: Reason,
    /// What they read in that place; absent: what the reason has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// What goes out, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What customers call it.
    pub title: String,
    /// The first lines, written for customers: what we are sorry for. Not of the postmortem inside.
    #[serde(default)]
    pub opening: String,
    /// Names of the blocks that go out; all others stay inside.
    pub blocks: BTreeSet<String>,
    #[serde(default)]
    pub redactions: Vec<Redaction>,
    /// Action items that are promised in public.
    #[serde(default)]
    pub promises: BTreeSet<ActionItemId>,
    /// What is not so in the version before, and why it is said now. Asked for once something was published.
    #[serde(default)]
    pub correction: String,
}

/// Why something that the leak check found may stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub why: String,
    pub by: Name,
    pub at: Timestamp,
}

/// That whoever may open a restricted incident agrees to one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub by: Name,
    pub why: String,
    pub at: Timestamp,
    pub revision: u32,
}

/// How it stands for one incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerPostmortem {
    pub incident: IncidentId,
    /// How often the plan was saved.
    pub revision: u32,
    pub plan: Plan,
    /// Who worked on what is not published yet.
    pub prepared_by: BTreeSet<Name>,
    pub saved_at: Timestamp,
    /// By the keys of what was found.
    pub answers: BTreeMap<String, Answer>,
    pub consent: Option<Consent>,
    /// Where the public finds it.
    pub notice: Option<NoticeId>,
    pub versions: u32,
}

/// A block of the postmortem inside: its name, title and Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub name: String,
    pub title: String,
    pub text: String,
}

/// A part of a text, as it stands inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Kept(String),
    /// Words, why they are taken out, and what stands there instead.
    Cut(String, Reason, String),
}

/// A part of what customers read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub title: String,
    /// Markdown.
    pub text: String,
}

/// Something promised: the item inside, and what customers read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    pub item: ActionItemId,
    pub text: String,
}

/// What customers read, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub title: String,
    pub opening: String,
    pub parts: Vec<Part>,
    pub promises: Vec<Promise>,
}

/// How a promise stands, as the public is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Open {
        due: Timestamp,
    },
    Done,
    /// It will not be done.
    Dropped,
}

impl Kept {
    pub const fn of(item: &ActionItem) -> Self {
        match &item.state {
            ItemState::Proposed | ItemState::Accepted { .. } => Self::Open { due: item.due_at },
            ItemState::Done { .. } | ItemState::Verified { .. } => Self::Done,
            ItemState::WontDo { .. } => Self::Dropped,
        }
    }
}

/// Letters of the opening, and of a correction.
pub const OPENING_MOST: usize = 4000;
/// More words are not taken out of one text.
const REDACTIONS_MOST: usize = 200;
const PROMISES_MOST: usize = 50;
/// Letters of what an answer says.
const WHY_MOST: usize = 500;

/// Who asks, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Publisher<'a> {
    pub name: &'a Name,
    /// They command the incident, or lead its security.
    pub may_open: bool,
}

/// What decides whether it may be published, besides the plan.
#[derive(Clone, Copy, Debug)]
pub struct Conditions<'a> {
    /// Nobody but those who are named sees the incident.
    pub restricted: bool,
    /// What is said in public of this incident takes a second person.
    pub second_person: bool,
    pub leaks: &'a [Leak],
}

impl Plan {
    /// What a first plan is made of: what every customer wants to know, and nothing that is only of use inside.
    pub fn first(title: &str, blocks: &[Block]) -> Self {
        let usual = [Section::Summary, Section::Impact, Section::Detection, Section::Resolution];
        let goes = |block: &&Block| usual.iter().any(|section| section.word() == block.name);
        Self {
            title: title.to_owned(),
            blocks: blocks.iter().filter(goes).map(|block| block.name.clone()).collect(),
            ..Self::default()
        }
    }

    /// As it is kept; or what is wrong with it.
    pub fn checked(self, blocks: &[Block], items: &[ActionItem]) -> Result<Self> {
        let title = line(&self.title, TITLE_MOST, "/title")?;
        let opening = optional(&self.opening, "/opening")?;
        let correction = optional(&self.correction, "/correction")?;
        for name in &self.blocks {
            if !blocks.iter().any(|block| block.name == *name) {
                let near = crate::words::text::did_you_mean(name, blocks.iter().map(|block| block.name.as_str()));
                return Err(Refusal::invalid(format!("what was published has no block {name}{near}")).at("/blocks"));
            }
        }
        if self.blocks.is_empty() {
            return Err(Refusal::invalid("choose what customers read: nothing is chosen").at("/blocks"));
        }
        if let Some(unknown) = self.promises.iter().find(|id| !items.iter().any(|item| item.id == **id)) {
            return Err(Refusal::invalid(format!("this incident has no action item {unknown}")).at("/promises"));
        }
        if self.promises.len() > PROMISES_MOST {
            return Err(Refusal::invalid(format!("promise {PROMISES_MOST} things at most")).at("/promises"));
        }
        if self.redactions.len() > REDACTIONS_MOST {
            return Err(Refusal::invalid(format!("take out {REDACTIONS_MOST} words at most")).at("/redactions"));
        }
        let mut redactions: Vec<Redaction> = Vec::new();
        for (place, one) in self.redactions.into_iter().enumerate() {
            let at = |name: &str| format!("/redactions/{place}/{name}");
            let words = text(&one.words, &at("words"))?;
            let instead = one.instead.filter(|said| !said.trim().is_empty());
            let instead = instead.map(|said| line(&said, 200, &at("instead"))).transpose()?;
            let stands = blocks.iter().any(|block| block.text.contains(&words))
                || items.iter().any(|item| item.title.contains(&words));
            if !stands {
                let message =
                    format!("“{}” stands nowhere in what was published", crate::words::text::shorten(&words, 60));
                return Err(Refusal::invalid(message).at(at("words")));
            }
            if redactions.iter().any(|other| other.words == words) {
                return Err(Refusal::invalid("the same words are taken out already").at(at("words")));
            }
            redactions.push(Redaction { words, reason: one.reason, instead });
        }
        Ok(Self { title, opening, blocks: self.blocks, redactions, promises: self.promises, correction })
    }

    /// A text in pieces: what stays, and what is taken out. Where several would fit, the longest words are taken out.
    pub fn pieces(&self, said: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (mut from, mut at) = (0, 0);
        while at < said.len() {
            let rest = &said[at..];
            let fits = self.redactions.iter().filter(|one| rest.starts_with(&one.words));
            if let Some(one) = fits.max_by_key(|one| one.words.len()) {
                if from < at {
                    pieces.push(Piece::Kept(said[from..at].to_owned()));
                }
                let instead = one.instead.clone().unwrap_or_else(|| one.reason.instead().to_owned());
                pieces.push(Piece::Cut(one.words.clone(), one.reason, instead));
                at += one.words.len();
                from = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        if from < said.len() {
            pieces.push(Piece::Kept(said[from..].to_owned()));
        }
        pieces
    }

    fn outside(&self, said: &str) -> String {
        self.pieces(said)
            .into_iter()
            .map(|piece| match piece {
                Piece::Kept(text) | Piece::Cut(_, _, text) => text,
            })
            .collect()
    }

    /// What customers read by this plan.
    pub fn derive(&self, blocks: &[Block], items: &[ActionItem]) -> Report {
        let goes = |block: &&Block| self.blocks.contains(&block.name);
        let promised = items.iter().filter(|item| self.promises.contains(&item.id));
        Report {
            title: self.title.clone(),
            opening: self.opening.clone(),
            parts: blocks
                .iter()
                .filter(goes)
                .map(|block| Part { title: block.title.clone(), text: self.outside(&block.text) })
                .collect(),
            promises: promised.map(|item| Promise { item: item.id, text: self.outside(&item.title) }).collect(),
        }
    }
}

fn optional(said: &str, place: &str) -> Result<String> {
    if said.trim().is_empty() {
        return Ok(String::new());
    }
    let said = text(said, place)?;
    if said.chars().count() > OPENING_MOST {
        return Err(Refusal::invalid(format!("{OPENING_MOST} letters are the most")).at(place));
    }
    Ok(said)
}

impl Report {
    /// Everything in it that may tell too much.
    pub fn leaks(&self, correction: &str, house: &House) -> Vec<Leak> {
        let mut texts = vec![("Title", self.title.as_str()), ("Opening", &self.opening), ("Correction", correction)];
        texts.extend(self.parts.iter().map(|part| (part.title.as_str(), part.text.as_str())));
        texts.extend(self.promises.iter().map(|promise| ("Promises", promise.text.as_str())));
        leaks(&texts, house)
    }

    /// Stands for the text as it was published.
    pub fn hash(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
            _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// What a post on the status page says of it: the summary, or how it begins.
    pub fn lead(&self) -> String {
        let summary = self.parts.iter().find(|part| part.title == Section::Summary.title());
        let said = summary.or(self.parts.first()).map_or(self.opening.as_str(), |part| part.text.as_str());
        let words: Vec<&str> = said.split_whitespace().collect();
        if words.len() <= SUMMARY_WORDS {
            said.trim().to_owned()
        } else {
            format!("{} …", words[..SUMMARY_WORDS].join(" "))
        }
    }
}

impl CustomerPostmortem {
    /// None was prepared yet.
    pub fn none(incident: IncidentId, plan: Plan, now: Timestamp) -> Self {
        Self {
            incident,
            revision: 0,
            plan,
            prepared_by: BTreeSet::new(),
            saved_at: now,
            answers: BTreeMap::new(),
            consent: None,
            notice: None,
            versions: 0,
        }
    }

    /// Somebody works on it, from a revision that they saw. A consent was to another plan.
    pub fn prepare(&self, plan: Plan, from: u32, by: &Name, now: Timestamp) -> Result<Self> {
        self.must_be_seen(from)?;
        let mut next = Self { revision: self.revision + 1, plan, saved_at: now, consent: None, ..self.clone() };
        next.prepared_by.insert(by.clone());
        Ok(next)
    }

    fn must_be_seen(&self, revision: u32) -> Result<()> {
        if revision == self.revision {
            return Ok(());
        }
        let message =
            format!("it was saved anew since you looked: this is revision {}, yours is {revision}", self.revision);
        Err(Refusal::conflict(message).at("/revision"))
    }

    /// Somebody says why what was found may stay.
    pub fn answer(&self, found: &[Leak], key: &str, why: &str, by: &Name, now: Timestamp) -> Result<Self> {
        let leak = found.iter().find(|leak| leak.key == key);
        let leak = leak.ok_or_else(|| Refusal::not_found(format!("finding {key} in what customers would read")))?;
        if leak.kind == super::leaks::Kind::Secret {
            return Err(Refusal::conflict(
                "what looks like a secret does not go out: take it out, or write it otherwise",
            )
            .at("/finding"));
        }
        let answer = Answer { why: line(why, WHY_MOST, "/why")?, by: by.clone(), at: now };
        let mut next = self.clone();
        next.answers.insert(key.to_owned(), answer);
        next.prepared_by.insert(by.clone());
        Ok(next)
    }

    /// Whoever may open the incident to everybody agrees that this plan goes out.
    pub fn consent(
        &self,
        revision: u32,
        restricted: bool,
        by: Publisher<'_>,
        why: &str,
        now: Timestamp,
    ) -> Result<Self> {
        self.must_be_seen(revision)?;
        if !restricted {
            return Err(Refusal::conflict("everybody here may see the incident: nobody has to agree"));
        }
        if self.revision == 0 {
            return Err(Refusal::conflict("nothing was prepared yet"));
        }
        if !by.may_open {
            let message = "only the commander or the security lead may let something of a restricted incident out";
            return Err(Refusal::forbidden(message));
        }
        let consent = Consent { by: by.name.clone(), why: line(why, WHY_MOST, "/why")?, at: now, revision };
        Ok(Self { consent: Some(consent), ..self.clone() })
    }

    /// What was found and nobody answered.
    pub fn open<'l>(&self, found: &'l [Leak]) -> Vec<&'l Leak> {
        found.iter().filter(|leak| !self.answers.contains_key(&leak.key)).collect()
    }

    /// What stands between this and its publication by somebody, each in a sentence. Empty: they may.
    pub fn hindrances(&self, by: &Name, conditions: Conditions<'_>) -> Vec<String> {
        let mut all = Vec::new();
        if self.revision == 0 {
            all.push("nothing was prepared yet: choose what goes out, and save it".to_owned());
        }
        let open = self.open(conditions.leaks).len();
        if open > 0 {
            let are = if open == 1 {
                "1 finding of the leak check is".to_owned()
            } else {
                format!("{open} findings of the leak check are")
            };
            all.push(format!("{are} open: take the words out, or say why they may stay"));
        }
        if conditions.restricted && self.consent.as_ref().is_none_or(|consent| consent.revision != self.revision) {
            all.push(
                "the incident is restricted: its commander or security lead has not agreed to this plan".to_owned(),
            );
        }
        if conditions.second_person && self.prepared_by.contains(by) {
            all.push("you prepared it: at this severity a second person publishes".to_owned());
        }
        if self.versions > 0 && self.plan.correction.is_empty() {
            all.push("it was published before: say what is corrected, and why".to_owned());
        }
        all
    }

    /// It goes out: as the first version, or as a correction.
    pub fn publish(&self, revision: u32, by: &Name, conditions: Conditions<'_>) -> Result<Self> {
        self.must_be_seen(revision)?;
        if let Some(first) = self.hindrances(by, conditions).into_iter().next() {
            let refusal =
                if first.starts_with("you prepared") { Refusal::forbidden(first) } else { Refusal::conflict(first) };
            return Err(refusal);
        }
        let mut next = self.clone();
        next.versions += 1;
        next.prepared_by.clear();
        next.plan.correction.clear();
        // Whoever looked at what is out looks anew before the next.
        next.revision += 1;
        next.consent = None;
        Ok(next)
    }
}

#[cfg(test)]
#[path = "customer_postmortems_tests.rs"]
mod tests;
