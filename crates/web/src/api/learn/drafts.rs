//! The cited draft over the API: what the record of an incident says, with the source of each sentence, as JSON or as Markdown.

use actions::learn::drafts::of_incident;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::learn::drafts::Draft;
use domain::learn::insights::title;
use domain::learn::ledgers::{Point, Spent};
use domain::learn::records::Cite;
use domain::respond::stamps::Took;
use domain::words::{IncidentId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What the record of an incident says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentDraft {
    pub incident: String,
    pub title: String,
    /// Sections of facts, in the order in which they are read; `questions` asks about gaps. None is empty.
    pub sections: Vec<DraftSection>,
    pub ledger: DraftLedger,
    /// What people are asked, for the parts that explain. They are never filled in.
    pub prompts: Vec<DraftPrompt>,
    /// The beginning of the timeline is not in it: there is too much.
    pub truncated: bool,
}

/// A section of facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftSection {
    /// `summary`, `impact`, `detection`, `timeline`, `response`, `changes`, `alerts`, `updates`, `obligations`, `earlier`, `people`
    /// or `questions`.
    pub name: String,
    pub title: String,
    pub parts: Vec<DraftPart>,
}

/// Sentences that belong together, such as a burst of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftPart {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub sentences: Vec<DraftSentence>,
}

/// A sentence, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftSentence {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    pub text: String,
    /// At least one.
    pub cites: Vec<DraftCite>,
}

/// What a sentence rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftCite {
    /// `evt_…`, `stm_…`, `alr_…`: whatever is on record.
    pub id: String,
    /// Of an entry: its place in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Where people can look at it.
    pub href: String,
}

/// Where the minutes went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftLedger {
    /// One after the other: each begins where the last that is known ended, so that they add up to the whole.
    pub rows: Vec<DraftLedgerRow>,
    /// From the first point that is known to the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<DraftSpan>,
    /// Measures between two milestones, as insights count them.
    pub totals: Vec<DraftTotal>,
}

/// A row of the ledger: `span` if it is known, `unknown` and the reason if it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftLedgerRow {
    /// `detect`, `alert`, `group-wait`, `page`, `deliver`, `acknowledge`, `assemble`, `contain`, `mitigate`, `recover` or `resolve`.
    pub stage: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<DraftSpan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// What shows that it is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<DraftCite>,
}

/// A length of time between two points, in seconds: below nought if the end came first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftSpan {
    pub from: DraftPoint,
    pub to: DraftPoint,
    pub seconds: i64,
    /// The least and the most that it can have been, by how exactly its ends are known.
    pub least: i64,
    pub most: i64,
}

/// A point on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftPoint {
    pub says: String,
    pub at: Timestamp,
    /// `second`, `minute`, `hour`, `day`, `month` or `year`.
    pub precision: String,
    /// `monitor`, `human`, `import` or `derived`.
    pub source: String,
    pub cites: Vec<DraftCite>,
}

/// A measure between two milestones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftTotal {
    /// `detect`, `acknowledge`, `mitigate` ...
    pub measure: String,
    pub title: String,
    /// Absent: one of its ends is not on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<DraftCite>,
}

/// Questions for a part of a postmortem that explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftPrompt {
    pub name: String,
    pub title: String,
    pub questions: Vec<String>,
}

/// Where people look at what is cited.
pub(crate) fn address(draft: &Draft, cite: &Cite) -> String {
    let room = format!("/incidents/{}", draft.incident);
    let cite = draft.leads.get(cite).unwrap_or(cite);
    match cite.as_str().split_once('_').map_or("", |(prefix, _)| prefix) {
        "evt" => format!("{room}/entries/{cite}"),
        "stm" => format!("{room}#times"),
        "tsk" => format!("{room}#tasks"),
        "upd" => format!("{room}#updates"),
        "aff" => format!("{room}/record#affected"),
        "anc" | "sub" | "dec" => format!("{room}/obligations"),
        "alr" => format!("/alerts/{cite}"),
        "cng" => format!("/changes/{cite}"),
        "chg" => format!("{room}/suspects#{cite}"),
        "inc" => format!("/incidents/{cite}"),
        _ => room,
    }
}

fn cites(draft: &Draft, all: &[Cite]) -> Vec<DraftCite> {
    let cite = |cite: &Cite| DraftCite {
        id: cite.to_string(),
        number: draft.numbers.get(cite).copied(),
        href: address(draft, cite),
    };
    all.iter().map(cite).collect()
}

fn point(draft: &Draft, point: &Point) -> DraftPoint {
    DraftPoint {
        says: point.says.into(),
        at: point.when.at,
        precision: point.when.precision.word().into(),
        source: point.source.word().into(),
        cites: cites(draft, &point.cites),
    }
}

fn span(draft: &Draft, from: &Point, to: &Point, took: Took) -> DraftSpan {
    DraftSpan {
        from: point(draft, from),
        to: point(draft, to),
        seconds: took.seconds,
        least: took.least,
        most: took.most,
    }
}

fn ledger(draft: &Draft) -> DraftLedger {
    let row = |row: &domain::learn::ledgers::Row| {
        let (span, unknown, shown) = match &row.spent {
            Spent::Known { from, to, took } => (Some(span(draft, from, to, *took)), None, Vec::new()),
            Spent::Unknown { why, cites: shown } => (None, Some(why.clone()), cites(draft, shown)),
        };
        DraftLedgerRow { stage: row.stage.word().into(), title: row.stage.title().into(), span, unknown, cites: shown }
    };
    let total = |total: &domain::learn::ledgers::Total| {
        let took = total.took.as_ref();
        DraftTotal {
            measure: total.measure.word().into(),
            title: title(total.measure).into(),
            seconds: took.map(|(.., took)| took.seconds),
            least: took.map(|(.., took)| took.least),
            most: took.map(|(.., took)| took.most),
            cites: took.map_or_else(Vec::new, |(from, to, _)| cites(draft, &[from.clone(), to.clone()])),
        }
    };
    DraftLedger {
        rows: draft.ledger.rows.iter().map(row).collect(),
        whole: draft.ledger.whole.as_ref().map(|(from, to, took)| span(draft, from, to, *took)),
        totals: draft.ledger.totals.iter().map(total).collect(),
    }
}

/// As the API writes it.
fn wire(draft: &Draft) -> IncidentDraft {
    let sentence = |one: &domain::learn::drafts::Sentence| DraftSentence {
        at: one.at,
        text: one.text.clone(),
        cites: cites(draft, &one.cites),
    };
    let part = |part: &domain::learn::drafts::Part| DraftPart {
        title: part.title.clone(),
        sentences: part.sentences.iter().map(sentence).collect(),
    };
    let section = |section: &domain::learn::drafts::Section| DraftSection {
        name: section.name.into(),
        title: section.title.into(),
        parts: section.parts.iter().map(part).collect(),
    };
    let prompt = |prompt: &domain::learn::drafts::Prompt| DraftPrompt {
        name: prompt.name.into(),
        title: prompt.title.into(),
        questions: prompt.questions.iter().map(|&question| question.to_owned()).collect(),
    };
    IncidentDraft {
        incident: draft.incident.to_string(),
        title: draft.title.clone(),
        sections: draft.sections.iter().map(section).collect(),
        ledger: ledger(draft),
        prompts: draft.prompts.iter().map(prompt).collect(),
        truncated: draft.truncated,
    }
}

async fn written(app: &App, visitor: Visitor, id: IncidentId) -> Result<Draft, Problem> {
    let look = app.look(move |store, node, now| store.read(|tx| of_incident(tx, node, id, visitor.sight(), now)));
    Ok(look.await?)
}

/// What the record of an incident says, as Markdown.
pub(crate) async fn markdown_of(app: &App, visitor: Visitor, id: IncidentId) -> Result<String, Problem> {
    let draft = written(app, visitor, id).await?;
    let base = app.settings().public_url.trim_end_matches('/').to_owned();
    Ok(draft.markdown(|cite| format!("{base}{}", address(&draft, cite))))
}

/// What the record of an incident says, in sentences that each name what they rest on; where the minutes went; what is not
/// known.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/draft", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = IncidentDraft)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<IncidentDraft>, Problem> {
    Ok(Json(wire(&written(&app, visitor, id(&text)?).await?)))
}

/// The same as Markdown.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/draft.md", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/markdown")))]
pub async fn text(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let text = markdown_of(&app, visitor, id(&text)?).await?;
    Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response())
}
