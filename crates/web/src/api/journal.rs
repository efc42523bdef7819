//! The journal over the API: what happened, who did it, on what, why.

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use domain::respond::sight::Sight;
use domain::words::{AlertId, EventId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::journal::Entry as Told;
use store::{Halt, Tx};
use utoipa::{IntoParams, ToSchema};

use super::body::Search;
use super::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    pub id: String,
    /// Its place in the order of commits, once it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// `page.started`, `alerts.acknowledged` ...
    pub kind: String,
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    /// `person:ana`, `token:tok_…:ana`, `chat:ops:ana`, `integration:prom`, `rule:escalation`, `local:root`, `system`.
    pub actor: String,
    /// What it is about: ids, and documents as `schedule/payments`.
    pub subjects: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    pub data: Value,
}

pub(crate) fn wire(entry: &store::journal::Entry) -> Entry {
    Entry {
        id: entry.id.to_string(),
        number: entry.number,
        kind: entry.word.clone(),
        at: entry.at,
        recorded_at: entry.recorded_at,
        actor: entry.actor.clone(),
        subjects: entry.subjects.clone(),
        why: entry.why.clone(),
        data: entry.data.clone(),
    }
}

/// What to read of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JournalQuery {
    /// An id or a document: `alr_…`, `schedule/payments`, `person/ana`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The number of the last entry that was seen: then what came after it is told, the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// How many at once: 50, or 1 to 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What is told of a subject. Of an alert that is also what is told of its group and names it.
fn of_subject(
    tx: &mut Tx<'_>,
    subject: &str,
    sight: Sight<'_>,
    before: Option<EventId>,
    limit: u32,
) -> Result<Vec<Told>, Halt> {
    let alert = match subject.parse::<AlertId>() {
        Ok(id) => store::detect::alerts::get(tx, id)?,
        Err(_) => None,
    };
    Ok(match alert {
        Some(alert) => store::journal::of_alert(tx, alert.id, alert.group, sight, before, limit)?,
        None => store::journal::of_subject(tx, subject, sight, before, limit)?,
    })
}

/// What happened, the newest first; or, with `since`, the oldest first, for those who follow.
#[utoipa::path(get, path = "/api/v1/journal", tag = "journal", params(JournalQuery),
    responses((status = 200, body = Listing<Entry>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Search(query): Search<JournalQuery>,
) -> Result<Response, Problem> {
    let limit = u32::try_from(listing::limit(query.limit)?).unwrap_or(500);
    if query.since.is_some() && (query.subject.is_some() || query.cursor.is_some()) {
        return Err(Refusal::invalid("`since` follows everything: it goes with neither subject nor cursor")
            .at("?since")
            .into());
    }
    if let Some(since) = query.since {
        let entries = app.read(move |tx| Ok(store::journal::since(tx, since, visitor.sight(), limit)?)).await?;
        return Ok(Listing::whole(entries.iter().map(wire).collect()).answer(&uri));
    }
    let before: Option<EventId> = listing::after(query.cursor.as_deref())?;
    let subject = query.subject;
    let entries = app.read(move |tx| {
        Ok(match &subject {
            Some(subject) => of_subject(tx, subject, visitor.sight(), before, limit + 1)?,
            None => store::journal::newest(tx, visitor.sight(), before, limit + 1)?,
        })
    });
    let mut entries: Vec<Entry> = entries.await?.iter().map(wire).collect();
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| more).map(|entry| entry.id.clone());
    Ok(Listing::part(entries, next).answer(&uri))
}
