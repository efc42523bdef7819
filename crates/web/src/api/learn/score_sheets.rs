//! Score sheets of drills over the API, as JSON and as Markdown; and incidents as files of drills.

use actions::learn::score_sheets::{self as acts, Rehearsal, Sheet};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::learn::drill_evidence::Evidence;
use domain::learn::score_sheets::markdown;
use domain::words::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// How a drill went. It names no person, and is in no measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScoreSheet {
    pub drill: String,
    pub title: String,
    /// The incident that it practises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// How many other drills of the same there were.
    pub others: usize,
    pub lines: Vec<ScoreLine>,
    /// What was there to be found, and whether anybody took it in.
    #[serde(default)]
    pub evidence: Vec<DrillEvidence>,
}

/// Something that was there to be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillEvidence {
    /// `alert`, `observation`, `finding`, `change`, `trigger`.
    pub sort: String,
    pub title: String,
    /// When it was, as the file or the real incident has it.
    pub at: Timestamp,
    /// How it was taken in first: `linked`, `acknowledged`, `judged`, `named`. Absent: nobody took it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<String>,
    /// How long after it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<i64>,
    /// The same in a line: `missed: alert PoolExhausted`.
    pub says: String,
}

/// When something was rehearsed last. It counts for nothing that is real.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rehearsed {
    pub drill: String,
    pub at: Timestamp,
}

pub(crate) fn wire_rehearsal(one: Rehearsal) -> Rehearsed {
    Rehearsed { drill: one.drill.to_string(), at: one.at }
}

/// A line of a score sheet, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScoreLine {
    pub title: String,
    pub drill: String,
    /// When it was real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// Of how many other drills something is known, and what is in the middle of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<ScoreMiddle>,
}

/// The middle of other drills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScoreMiddle {
    pub n: usize,
    pub middle: String,
}

fn wire(sheet: &Sheet) -> ScoreSheet {
    let lines = sheet.lines.iter().map(|line| ScoreLine {
        title: line.title.to_owned(),
        drill: line.drill.clone(),
        original: line.original.clone(),
        others: line.others.as_ref().map(|(n, middle)| ScoreMiddle { n: *n, middle: middle.clone() }),
    });
    ScoreSheet {
        drill: sheet.drill.id.to_string(),
        title: sheet.drill.name().into_owned(),
        original: sheet.original.as_ref().map(|row| row.id.to_string()),
        others: sheet.others,
        lines: lines.collect(),
        evidence: sheet.evidence.iter().map(evidence).collect(),
    }
}

fn evidence(one: &Evidence) -> DrillEvidence {
    DrillEvidence {
        sort: one.sort.word().to_owned(),
        title: one.title.clone(),
        at: one.at,
        taken: one.taken.map(|(how, _)| how.word().to_owned()),
        after_seconds: one.taken.map(|(_, after)| after.as_millis() / 1000),
        says: one.says(),
    }
}

async fn read(app: &App, visitor: Visitor, text: &str) -> Result<Sheet, Problem> {
    let (id, now, again) = (id(text)?, app.now(), app.clone());
    Ok(app.read(move |tx| acts::of_drill(tx, again.node(), id, visitor.sight(), now)).await?)
}

/// How a drill went, beside how it went when it was real and in other drills of the same.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/score-sheet", tag = "learn", params(("id" = String, Path)),
    responses((status = 200, body = ScoreSheet)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ScoreSheet>, Problem> {
    Ok(Json(wire(&read(&app, visitor, &text).await?)))
}

/// The same as Markdown.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/score-sheet.md", tag = "learn", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/markdown")))]
pub async fn text(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let sheet = read(&app, visitor, &text).await?;
    let original = sheet.original.as_ref().map(|row| format!("{} ({})", row.name(), row.id));
    let text = markdown(&sheet.drill.name(), original.as_deref(), &sheet.lines, &sheet.evidence);
    Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response())
}

/// An incident that is over, as a file that `allclear drill run` plays. It names no person.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/drill-file", tag = "learn", params(("id" = String, Path)),
    responses((status = 200, body = Value)))]
pub async fn file(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (id, now, again) = (id(&text)?, app.now(), app.clone());
    let found = app.read(move |tx| acts::as_drill(tx, again.node(), id, visitor.sight(), now));
    Ok(Json(found.await?))
}
