//! The timeline of an incident over the API: read, written on, corrected, struck, pinned.

use std::collections::BTreeSet;

use actions::respond::entries::{self as acts, Wish};
use actions::respond::room::{self, Line};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::respond::drill_reading::read_event;
use domain::respond::entries::{Entry as Rule, Shows, Sort};
use domain::respond::entry_facts::EntryFact;
use domain::words::{EventId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::respond::entries::Done;
use utoipa::{IntoParams, ToSchema};

use super::incidents::id;
use crate::api::body::{Body, Search, created};
use crate::api::journal;
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Something on a timeline: an entry of the journal, and what was done to it since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    #[serde(flatten)]
    pub entry: journal::Entry,
    /// What it says now, if it was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Marked>,
    /// Why it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub struck: Option<Marked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Marked>,
    /// The incident that it comes from, if that was merged into this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// What was done to an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Marked {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub by: String,
    pub at: Timestamp,
}

/// What somebody writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    /// `note`, if absent; or `observation`, `action`, `decision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub sort: Option<Sort>,
    pub text: String,
    /// Of a decision: who objected, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objections: Option<String>,
    /// When it was; now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What it shows, for the rules of postmortem policies: `kill-switch-used`, `rolled-back`, `traffic-rerouted`, `failed-over`,
    /// `manual-recovery`, `rollback-failed`, `restore-failed`, `runbook-failed`, `tool-unavailable`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub facts: BTreeSet<EntryFact>,
    /// What was followed: `runbook/NAME`, `rollback-adapter/NAME`, or a change (`cng_…`) whose way back was gone through. In a drill that
    /// rehearses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followed: Vec<String>,
    /// In a drill alone: the event that this plays, as its file has it. It counts as there to be found, not as found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub played: Option<Value>,
}

impl NewEntry {
    /// Of now, with nothing beside its words.
    pub fn new(sort: Sort, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            sort: Some(sort),
            text,
            objections: None,
            at: None,
            facts: BTreeSet::new(),
            followed: Vec::new(),
            played: None,
        }
    }

    fn rule(self) -> Result<Rule, Refusal> {
        let played = self.played.as_ref().map(|event| read_event(event, "/played").map(Box::new));
        let followed = self.followed.iter().map(|one| one.parse()).collect::<Result<_, Refusal>>()?;
        let shows = Shows { facts: self.facts, followed, played: played.transpose()? };
        let sort = self.sort.unwrap_or(Sort::Note);
        Ok(Rule { sort, text: self.text, objections: self.objections, at: self.at, shows })
    }
}

/// What to do with an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EntryDeed {
    Correct { text: String },
    Strike { why: String },
    Pin {},
    Unpin {},
}

/// Which part of a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

fn wire(line: &Line) -> TimelineEntry {
    let marked = |text: Option<&String>, done: &Done| Marked { text: text.cloned(), by: done.by.clone(), at: done.at };
    let mark = line.mark.as_ref();
    TimelineEntry {
        entry: journal::wire(&line.entry),
        corrected: mark.and_then(|mark| mark.corrected.as_ref()).map(|(text, done)| marked(Some(text), done)),
        struck: mark.and_then(|mark| mark.struck.as_ref()).map(|(why, done)| marked(Some(why), done)),
        pinned: mark.and_then(|mark| mark.pinned.as_ref()).map(|done| marked(None, done)),
        origin: line.origin.map(|id| id.to_string()),
    }
}

/// A place in a timeline, as a cursor says it: microseconds and the id of an entry.
pub(crate) fn place(text: &str) -> Result<room::Place, Refusal> {
    let (at, event) = text.split_once(' ').ok_or_else(listing::wrong)?;
    let micros: i64 = at.parse().map_err(|_| listing::wrong())?;
    let at = Timestamp::from_microsecond(micros).map_err(|_| listing::wrong())?;
    Ok((at, event.parse().map_err(|_| listing::wrong())?))
}

/// The same as text.
pub(crate) fn place_text(line: &Line) -> String {
    format!("{} {}", line.entry.at.as_microsecond(), line.entry.id)
}

/// What happened, the latest first: in the incident, to its alerts and to their pages.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/timeline", tag = "incidents",
    params(("id" = String, Path), TimelineQuery), responses((status = 200, body = Listing<TimelineEntry>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    uri: Uri,
    Search(query): Search<TimelineQuery>,
) -> Result<Response, Problem> {
    Ok(part(&app, &visitor, &text, &query).await?.answer(&uri))
}

/// A part of a timeline.
pub(crate) async fn part(
    app: &App,
    visitor: &Visitor,
    text: &str,
    query: &TimelineQuery,
) -> Result<Listing<TimelineEntry>, Problem> {
    let (id, limit, visitor) = (id(text)?, listing::limit(query.limit)?, visitor.clone());
    let before = listing::place(query.cursor.as_deref())?.as_deref().map(place).transpose()?;
    let lines = app.read(move |tx| {
        let most = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        room::timeline(tx, id, visitor.sight(), before, most)
    });
    let mut lines = lines.await?;
    let more = lines.len() > limit;
    lines.truncate(limit);
    let next = lines.last().filter(|_| more).map(place_text);
    Ok(Listing::part(lines.iter().map(wire).collect(), next))
}

/// Writes on the timeline.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/entries", tag = "incidents", params(("id" = String, Path)),
    request_body = NewEntry, responses((status = 201, body = Made)))]
pub async fn add(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewEntry>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let entry = body.value.rule()?;
    let done = app
        .act(visitor.actor(), move |store, _, moment| store.write(|tx| acts::add(tx, &mut moment.again(), id, &entry)));
    let made = done.await?;
    Ok(created(&format!("/api/v1/incidents/{id}/timeline"), &Made { id: made.to_string() }))
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Made {
    /// `evt_…`.
    pub id: String,
}

/// Corrects, strikes, pins or unpins an entry. What it said before stays in the journal.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/entries/{entry}", tag = "incidents",
    params(("id" = String, Path), ("entry" = String, Path)), request_body = EntryDeed, responses((status = 204)))]
pub async fn mark(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, entry)): Path<(String, String)>,
    body: Body<EntryDeed>,
) -> Result<StatusCode, Problem> {
    let id = id(&text)?;
    let entry: EventId = entry.parse().map_err(|_| Refusal::not_found("entry with this id"))?;
    let wish = match body.value {
        EntryDeed::Correct { text } => Wish::Correct { text },
        EntryDeed::Strike { why } => Wish::Strike { why },
        EntryDeed::Pin {} => Wish::Pin,
        EntryDeed::Unpin {} => Wish::Unpin,
    };
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| acts::mark(tx, &mut moment.again(), id, entry, &wish))
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
