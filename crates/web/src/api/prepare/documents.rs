//! Documents over the API: read, plan, apply, history, rollback. YAML or JSON; one at a time, or a whole set at once.

use actions::Halt;
use actions::change::document_edits::{self, Editor};
use actions::learn::score_sheets::rehearsal_of;
use actions::prepare::documents::{self as acts, Order, Outcome, Wanted};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::prepare::addresses::Reader;
use domain::prepare::diff;
use domain::prepare::documents::{Document as Typed, Kind, Reference};
use domain::prepare::ownership::Via;
use domain::prepare::problems::Problem as Found;
use domain::prepare::reading::{self, Reading};
use domain::prepare::schemas;
use domain::words::{Refusal, RefusalKind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Tx;
use store::prepare::documents as rows;
use utoipa::{IntoParams, ToSchema};

use super::ownership::{self, DifferingField};
use crate::api::body::{self, Body, Raw, Search};
use crate::api::change::gates::{GateReason, reasons};
use crate::api::learn::score_sheets::{Rehearsed, wire_rehearsal};
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::pin_runs::{self, PlannedPins};
use crate::problem::{Fault, Problem};
use crate::what_if::{self, WhatIf};

/// A document in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Document)]
pub struct Document {
    pub kind: String,
    pub name: String,
    /// What it says; its form is at `/api/v1/schemas/{kind}`.
    pub spec: Value,
    /// The number of its revision; also the `ETag`.
    pub revision: i64,
    /// The changeset that put it in force.
    pub changeset: i64,
    /// Of a runbook, a checklist or a rollback adapter that is asked for alone: when it was last followed in a drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Rehearsed>,
}

/// What would be done, or was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// The changeset in force: give it back as `base`, so that nothing that came since is overwritten.
    pub base: i64,
    pub changes: Vec<Change>,
    /// Documents that say already what they should.
    pub unchanged: Vec<String>,
    /// Fields that stay as they were set by hand, though the files say otherwise. `take` has them overwritten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<DifferingField>,
    /// With any of these nothing is applied.
    pub problems: Vec<Finding>,
    pub warnings: Vec<Finding>,
    /// What holds it now, and who may let it through: a freeze, an open incident, a review, a pin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<GateReason>,
    /// What the pins say to it: incidents whose signals must go on to reach people. Absent: there are none, or it is of documents that
    /// page nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<PlannedPins>,
    /// If it was asked for, and the change is of documents that decide who is paged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_if: Option<WhatIf>,
}

/// What happens to one document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// `schedule/payments`
    pub document: String,
    /// `create`, `change` or `delete`.
    pub verb: String,
    /// What it means.
    pub sentences: Vec<String>,
    pub fields: Vec<FieldChange>,
}

/// A field that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// In the spec.
    pub pointer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Something that is wrong, or doubtful.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// `oncall.yaml:12`, or a pointer into the body, or the document in force.
    pub place: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// What was changed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Changeset)]
pub struct Changeset {
    pub number: i64,
    pub id: String,
    pub at: Timestamp,
    pub author: String,
    /// `api`, `page`, `apply`, `rollback`, `defaults`.
    pub via: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    /// Absent: everything said already what it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changeset: Option<Changeset>,
    pub plan: Plan,
}

/// A set of documents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentSet {
    /// As JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Value>,
    /// As YAML, with the name that errors shall call each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// What to delete: `team/web`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete: Vec<String>,
    /// Delete the documents of the kinds in the set that the set does not have.
    #[serde(default)]
    pub prune: bool,
    /// The changeset that you saw: what came after it is not overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it cannot wait, if it is held and you may let it through. Kept, and counted.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub override_why: Option<String>,
    /// Fields to overwrite though they were set by hand: `schedule/payments:/layers`; or whole documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub take: Vec<String>,
    /// All of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub take_all: bool,
    /// Of a plan: play the signals of so many days through the documents in force and through these, at most 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_if: Option<u32>,
}

/// A text of YAML documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub name: String,
    pub text: String,
}

/// The same as in a [`DocumentSet`], for a body of YAML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SetQuery {
    /// Only with YAML: delete the documents of the kinds in the set that the set does not have.
    #[serde(default)]
    pub prune: bool,
    /// Only with YAML: the changeset that you saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<i64>,
    /// Only with YAML: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only with YAML: why it cannot wait, if it is held and you may let it through.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub override_why: Option<String>,
    /// Only with YAML: fields to overwrite though they were set by hand, with commas between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<String>,
    /// Only with YAML: all of them.
    #[serde(default)]
    pub take_all: bool,
    /// Only with YAML, of a plan: play the signals of so many days through both, at most 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_if: Option<u32>,
}

/// Why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReasonQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it cannot wait, if it is held and you may let it through.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub override_why: Option<String>,
}

/// Which kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KindQuery {
    /// One kind; all, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Which documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Kinds and documents with commas between: `schedule,team/web`; all, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// A part of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Between which revisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiffQuery {
    pub from: i64,
    /// What is in force, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}

/// A revision, and what it changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Revision)]
pub struct Revision {
    pub document: String,
    pub revision: i64,
    pub changeset: Changeset,
    /// It took the document away.
    pub deleted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// What differs; no change if they say the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// Where to go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The number of a revision.
    pub to: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

fn document(head: &rows::Head, reader: &Reader) -> Document {
    Document {
        kind: head.document.kind().to_string(),
        name: head.document.name.to_string(),
        spec: reader.spec(&head.document.reference(), &head.document.spec).to_json(),
        revision: head.number,
        changeset: head.changeset,
        rehearsed: None,
    }
}

fn change(difference: &diff::Difference) -> Change {
    let fields = difference.fields.iter().map(|field| FieldChange {
        pointer: field.pointer.clone(),
        before: field.before.clone(),
        after: field.after.clone(),
    });
    Change {
        document: difference.reference.to_string(),
        verb: difference.verb.word().into(),
        sentences: difference.sentences.clone(),
        fields: fields.collect(),
    }
}

pub(super) fn finding(problem: &Found) -> Finding {
    Finding {
        place: problem.place.clone(),
        document: problem.document.as_ref().map(ToString::to_string),
        message: problem.message.clone(),
        suggestion: problem.suggestion.clone(),
    }
}

pub(crate) fn plan_wire(plan: &acts::Plan) -> Plan {
    Plan {
        base: plan.base,
        changes: plan.differences.iter().map(change).collect(),
        unchanged: plan.unchanged.iter().map(ToString::to_string).collect(),
        kept: plan.kept.iter().map(ownership::field).collect(),
        problems: plan.problems.iter().map(finding).collect(),
        warnings: plan.warnings.iter().map(finding).collect(),
        held: Vec::new(),
        pins: None,
        what_if: None,
    }
}

pub(super) fn changeset(changeset: &rows::Changeset) -> Changeset {
    Changeset {
        number: changeset.number,
        id: changeset.id.to_string(),
        at: changeset.at,
        author: changeset.author.clone(),
        via: changeset.via.clone(),
        reason: changeset.reason.clone(),
    }
}

fn revision(step: &acts::Step) -> Revision {
    Revision {
        document: step.revision.reference.to_string(),
        revision: step.revision.number,
        changeset: changeset(&step.revision.changeset),
        deleted: step.revision.hash.is_none(),
        change: step.difference.as_ref().map(change),
    }
}

/// Documents that are wrong, as a problem with all that is wrong in them.
fn faulty(problems: &[Found]) -> Problem {
    let detail = match problems {
        [one] => one.message.clone(),
        all => format!("{} things are wrong with these documents; nothing was applied", all.len()),
    };
    let mut problem = Problem::new(StatusCode::BAD_REQUEST, detail);
    problem.at = problems.first().filter(|_| problems.len() == 1).map(|one| one.place.clone());
    problem.errors = problems
        .iter()
        .map(|one| {
            let near = one.suggestion.as_ref().map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
            Fault { detail: format!("{}{near}", one.message), at: Some(one.place.clone()) }
        })
        .collect();
    problem
}

pub(super) fn reference(kind: &str, name: &str) -> Result<Reference, Refusal> {
    let kind: Kind = kind.parse().map_err(|wrong: Refusal| Refusal { kind: RefusalKind::NotFound, ..wrong })?;
    let name = name.parse().map_err(|_| Refusal::not_found(format!("{kind} of this name")))?;
    Ok(Reference::new(kind, name))
}

/// What a set of documents asks for: an order, or all that could not be read.
pub(crate) fn order_of(set: &DocumentSet) -> Result<Order, Problem> {
    let mut reading = Reading::default();
    for (place, one) in set.documents.iter().enumerate() {
        let mut read = reading::from_json(&Value::Array(vec![one.clone()]));
        // The reader counts from the list it is given, which is one long.
        for proposal in &mut read.proposals {
            proposal.origin = domain::prepare::problems::Origin::Body { pointer: format!("/documents/{place}") };
        }
        for problem in &mut read.problems {
            let rest = problem.place.strip_prefix("/0").unwrap_or(&problem.place).to_owned();
            problem.place = format!("/documents/{place}{rest}");
        }
        reading.extend(read);
    }
    reading.extend(acts::read_files(set.files.iter().map(|file| (file.name.as_str(), file.text.as_str()))));
    if !reading.problems.is_empty() {
        return Err(faulty(&reading.problems));
    }
    let mut deletions = Vec::new();
    for (place, text) in set.delete.iter().enumerate() {
        deletions.push(text.parse::<Reference>().map_err(|wrong| wrong.at(format!("/delete/{place}")))?);
    }
    let mut take = Vec::new();
    for (place, text) in set.take.iter().enumerate() {
        take.push(text.parse().map_err(|wrong: Refusal| wrong.at(format!("/take/{place}")))?);
    }
    if reading.proposals.is_empty() && deletions.is_empty() {
        return Err(Refusal::invalid("there is no document in what was sent").into());
    }
    let (prune, base, take_all) = (set.prune, set.base, set.take_all);
    let order = Order { proposals: reading.proposals, deletions, prune, base, take, take_all, ..Order::default() };
    Ok(Order { reason: set.reason.clone(), override_why: set.override_why.clone(), ..order.via(Via::Apply) })
}

/// A set, as YAML or JSON.
pub(super) fn read_set(raw: &Raw, query: SetQuery) -> Result<DocumentSet, Problem> {
    let kind = body::content_type(&raw.headers).unwrap_or_else(|| "application/json".into());
    if is_yaml(&kind) {
        let file = File { name: "body".into(), text: text(&raw.bytes)? };
        let SetQuery { prune, base, reason, override_why, take, take_all, what_if } = query;
        let take = take.iter().flat_map(|all| all.split(',')).map(|one| one.trim().to_owned()).collect();
        let set = DocumentSet { files: vec![file], prune, base, reason, override_why, ..DocumentSet::default() };
        return Ok(DocumentSet { take, take_all, what_if, ..set });
    }
    if !body::is_json(&raw.headers) {
        return Err(body::wrong_type("application/yaml or application/json"));
    }
    if query != SetQuery::default() {
        return Err(Refusal::invalid("with JSON, say it in the body").at("?").into());
    }
    Ok(body::read_json(&raw.bytes)?)
}

fn is_yaml(kind: &str) -> bool {
    matches!(kind, "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml")
}

fn text(bytes: &Bytes) -> Result<String, Refusal> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Refusal::invalid("the body is not UTF-8"))
}

/// Applies an order if this visitor may. The revision is that of the first document.
fn apply_order(
    app: &App,
    tx: &mut Tx<'_>,
    moment: &mut actions::Moment<'_>,
    visitor: &Visitor,
    order: &Order,
) -> Result<Result<(Applied, i64), Problem>, Halt> {
    let (works, may_post) = (app.works(), app.may_post());
    let conditions = domain::prepare::checks::Conditions { now: moment.now, works: &works, may_post: &may_post };
    let editor = Editor { person: visitor.person(), access: visitor.access(), conditions };
    let outcome = document_edits::apply(tx, app.node(), moment, order, editor)?;
    let changeset = match &outcome {
        Outcome::Refused(plan) => return Ok(Err(faulty(&plan.problems))),
        Outcome::Applied { changeset: made, .. } => Some(changeset(made)),
        Outcome::Unchanged(_) => None,
    };
    let revision = match order.proposals.first() {
        Some(proposal) => rows::head(tx, &proposal.document.reference())?.map_or(0, |head| head.number),
        None => 0,
    };
    Ok(Ok((Applied { changeset, plan: plan_wire(outcome.plan()) }, revision)))
}

pub(crate) async fn run(app: &App, visitor: &Visitor, order: Order) -> Result<(Json<Applied>, i64), Problem> {
    let (again, by) = (app.clone(), visitor.clone());
    pin_runs::before_order(app, &order).await?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| apply_order(&again, tx, &mut moment.again(), &by, &order))
    });
    let (applied, revision) = done.await??;
    // Access may have changed.
    app.doors().forget();
    Ok((Json(applied), revision))
}

/// Documents in force.
#[utoipa::path(get, path = "/api/v1/documents", tag = "documents", params(KindQuery),
    responses((status = 200, body = Listing<Document>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<KindQuery>,
) -> Result<Json<Listing<Document>>, Problem> {
    let kinds = match &query.kind {
        Some(kind) => vec![kind.parse::<Kind>().map_err(|wrong| wrong.at("?kind"))?],
        None => Kind::ALL.to_vec(),
    };
    let reader = visitor.reader();
    let found = app.read(move |tx| {
        let mut documents = Vec::new();
        for kind in &kinds {
            documents.extend(rows::heads(tx, *kind)?.iter().map(|head| document(head, &reader)));
        }
        Ok(documents)
    });
    Ok(Json(Listing::whole(found.await?)))
}

/// One document in force. `ETag` is its revision, for `If-Match`. Addresses are masked (`a…@example.org`) for those who
/// may not see them: only the person, managers and administrators do.
#[utoipa::path(get, path = "/api/v1/documents/{kind}/{name}", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Document), (status = 304, description = "As it was: `If-None-Match` names it.")))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((kind, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reference = reference(&kind, &name)?;
    let now = app.now();
    let found = app.read(move |tx| {
        let gone = || Refusal::not_found(format!("document {reference}"));
        let head = rows::head(tx, &reference)?.ok_or_else(gone)?;
        Ok((head, rehearsal_of(tx, &reference, now)?))
    });
    let (head, rehearsed) = found.await?;
    let tag = etag(head.number);
    // The tag is the revision alone, for `If-Match`; a rehearsal changes what is told, and makes no revision.
    if rehearsed.is_none() && headers.get(IF_NONE_MATCH).is_some_and(|seen| *seen == tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let document = Document { rehearsed: rehearsed.map(wire_rehearsal), ..document(&head, &visitor.reader()) };
    Ok(([(ETAG, tag)], Json(document)).into_response())
}

fn etag(revision: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The revision that the writer saw. Absent: the header was not sent.
fn seen(headers: &HeaderMap) -> Result<Option<i64>, Refusal> {
    if headers.get(IF_NONE_MATCH).is_some_and(|value| *value == "*") {
        return Ok(Some(0));
    }
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or("").trim();
    let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    let wrong = || Refusal::new(RefusalKind::Stale, "If-Match must be the ETag that you got, for example \"7\"");
    number.map(Some).ok_or_else(|| wrong().at("If-Match"))
}

fn must_match() -> Problem {
    let why = "send If-Match with the ETag of the document that you saw, so that nobody's change is lost";
    Problem::new(StatusCode::PRECONDITION_REQUIRED, why)
}

/// Puts a document in force, as JSON or YAML. A document that is there is only changed with `If-Match`.
#[utoipa::path(put, path = "/api/v1/documents/{kind}/{name}", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path), ReasonQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag that you saw")),
    request_body(content((Value = "application/json"), (String = "application/yaml")), description = "kind, name, spec"),
    responses((status = 200, body = Applied)))]
pub async fn put(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((kind, name)): Path<(String, String)>,
    Search(query): Search<ReasonQuery>,
    raw: Raw,
) -> Result<Response, Problem> {
    let reference = reference(&kind, &name)?;
    let media = body::content_type(&raw.headers).unwrap_or_else(|| "application/json".into());
    let read = if is_yaml(&media) {
        reading::from_yaml("body", &text(&raw.bytes)?)
    } else if body::is_json(&raw.headers) {
        reading::from_json(&body::read_json(&raw.bytes)?)
    } else {
        return Err(body::wrong_type("application/yaml or application/json"));
    };
    if !read.problems.is_empty() {
        return Err(faulty(&read.problems));
    }
    let sent = read.proposals.first().map(|proposal| proposal.document.reference());
    if read.proposals.len() != 1 || sent.as_ref() != Some(&reference) {
        return Err(Refusal::invalid(format!("send the one document {reference}")).into());
    }
    let seen = seen(&raw.headers)?;
    if seen.is_none() {
        let of = reference.clone();
        if app.read(move |tx| Ok(rows::head(tx, &of)?.is_some())).await? {
            return Err(must_match());
        }
    }
    let expected = seen.unwrap_or(0);
    let ReasonQuery { reason, override_why } = query;
    let mut order = Order { proposals: read.proposals, reason, override_why, ..Order::default() }.via(Via::Api);
    order.expected.insert(reference, expected);
    let (done, revision) = run(&app, &visitor, order).await?;
    Ok(([(ETAG, etag(revision))], done).into_response())
}

/// Takes a document away. Its history stays.
#[utoipa::path(delete, path = "/api/v1/documents/{kind}/{name}", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path), ReasonQuery,
        ("If-Match" = String, Header, description = "The ETag that you saw")),
    responses((status = 200, body = Applied)))]
pub async fn delete(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((kind, name)): Path<(String, String)>,
    Search(query): Search<ReasonQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reference = reference(&kind, &name)?;
    let Some(expected) = seen(&headers)? else { return Err(must_match()) };
    let ReasonQuery { reason, override_why } = query;
    let mut order = Order { reason, override_why, ..Order::delete([reference.clone()]) }.via(Via::Api);
    order.expected.insert(reference, expected);
    Ok(run(&app, &visitor, order).await?.0.into_response())
}

/// What a set of documents would change, and what that means. Changes nothing. What was set by hand since files said
/// otherwise is kept, and told; with `what_if`, past signals are played through both.
#[utoipa::path(post, path = "/api/v1/plan", tag = "documents", params(SetQuery),
    request_body(content((DocumentSet = "application/json"), (String = "application/yaml"))),
    responses((status = 200, body = Plan)))]
pub async fn plan(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<SetQuery>,
    raw: Raw,
) -> Result<Json<Plan>, Problem> {
    let set = read_set(&raw, query)?;
    let (order, days) = (order_of(&set)?, what_if::days(set.what_if.unwrap_or(0), "/what_if")?);
    let (preview, plan) = foreseen(&app, &visitor, order).await?;
    let what_if = what_if::ask(&app, &preview, days, what_if::API_PATIENCE).await?;
    Ok(Json(Plan { what_if, ..plan }))
}

/// What an order would do, and what holds it now.
pub(crate) async fn foreseen(app: &App, visitor: &Visitor, order: Order) -> Result<(acts::Preview, Plan), Halt> {
    let (again, now, reader) = (app.clone(), app.now(), visitor.reader());
    pin_runs::before_order(app, &order).await?;
    let found = app.read(move |tx| {
        let (works, may_post) = (again.works(), again.may_post());
        let conditions = domain::prepare::checks::Conditions { now, works: &works, may_post: &may_post };
        let preview = acts::preview_for(tx, &order, conditions, &reader)?;
        let held = reasons(&document_edits::held(tx, again.node(), &preview, now)?);
        let pins = pin_runs::planned(tx, &again, &preview)?;
        Ok((preview, held, pins))
    });
    let (preview, held, pins) = found.await?;
    let plan = Plan { held, pins, ..plan_wire(&preview.plan) };
    Ok((preview, plan))
}

/// Applies a set of documents: all of it, or nothing. What a freeze or an incident holds is answered with 409 and every reason.
#[utoipa::path(post, path = "/api/v1/apply", tag = "documents", params(SetQuery),
    request_body(content((DocumentSet = "application/json"), (String = "application/yaml"))),
    responses((status = 200, body = Applied)))]
pub async fn apply(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<SetQuery>,
    raw: Raw,
) -> Result<Response, Problem> {
    let order = order_of(&read_set(&raw, query)?)?;
    Ok(run(&app, &visitor, order).await?.0.into_response())
}

/// The documents in force, as YAML that can be applied again. Addresses that you may not see are masked, and a masked
/// one is refused when it is applied.
#[utoipa::path(get, path = "/api/v1/export", tag = "documents", params(ExportQuery),
    responses((status = 200, body = String, content_type = "application/yaml")))]
pub async fn export(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<ExportQuery>,
) -> Result<Response, Problem> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for word in query.of.as_deref().unwrap_or("").split(',').map(str::trim).filter(|word| !word.is_empty()) {
        wanted.push(word.parse().map_err(|wrong: Refusal| wrong.at("?of"))?);
    }
    let reader = visitor.reader();
    let text = app.read(move |tx| acts::export(tx, &wanted, &reader)).await?;
    Ok(([(CONTENT_TYPE, "application/yaml")], text).into_response())
}

/// The revisions of a document, the latest first, each with what it changed.
#[utoipa::path(get, path = "/api/v1/documents/{kind}/{name}/history", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path), HistoryQuery),
    responses((status = 200, body = Listing<Revision>)))]
pub async fn history(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Path((kind, name)): Path<(String, String)>,
    Search(query): Search<HistoryQuery>,
) -> Result<Response, Problem> {
    let reference = reference(&kind, &name)?;
    let limit = listing::limit(query.limit)?.min(199);
    let before: Option<i64> = listing::after(query.cursor.as_deref())?;
    let most = i64::try_from(limit + 1).unwrap_or(200);
    let reader = visitor.reader();
    let mut steps = app.read(move |tx| acts::history(tx, &reference, before, most, &reader)).await?;
    let more = steps.len() > limit;
    steps.truncate(limit);
    let next = steps.last().filter(|_| more).map(|step| step.revision.number.to_string());
    Ok(Listing::part(steps.iter().map(revision).collect(), next).answer(&uri))
}

/// What differs between two revisions of a document.
#[utoipa::path(get, path = "/api/v1/documents/{kind}/{name}/diff", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path), DiffQuery), responses((status = 200, body = Difference)))]
pub async fn difference(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((kind, name)): Path<(String, String)>,
    Search(query): Search<DiffQuery>,
) -> Result<Json<Difference>, Problem> {
    let (reference, now, reader) = (reference(&kind, &name)?, app.now(), visitor.reader());
    let found = app.read(move |tx| acts::difference(tx, &reference, query.from, query.to, now, &reader));
    Ok(Json(Difference { change: found.await?.as_ref().map(change) }))
}

/// Brings a document back to what it said at a revision, as a new revision.
#[utoipa::path(post, path = "/api/v1/documents/{kind}/{name}/rollback", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path)), request_body = Rollback,
    responses((status = 200, body = Applied)))]
pub async fn rollback(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((kind, name)): Path<(String, String)>,
    body: Body<Rollback>,
) -> Result<Response, Problem> {
    let reference = reference(&kind, &name)?;
    let Rollback { to, reason } = body.value;
    let mut order = app.read(move |tx| acts::rollback(tx, &reference, to)).await?;
    order.reason = reason.or(order.reason);
    Ok(run(&app, &visitor, order).await?.0.into_response())
}

/// Sets of changes, the latest first.
#[utoipa::path(get, path = "/api/v1/changesets", tag = "documents", params(HistoryQuery),
    responses((status = 200, body = Listing<Changeset>)))]
pub async fn changesets(
    State(app): State<App>,
    uri: Uri,
    Search(query): Search<HistoryQuery>,
) -> Result<Response, Problem> {
    let limit = listing::limit(query.limit)?;
    let before: Option<i64> = listing::after(query.cursor.as_deref())?;
    let most = i64::try_from(limit + 1).unwrap_or(501);
    let mut found = app.read(move |tx| Ok(rows::changesets(tx, before, most)?)).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|changeset| changeset.number.to_string());
    Ok(Listing::part(found.iter().map(changeset).collect(), next).answer(&uri))
}

/// What a set of changes did, document by document.
#[utoipa::path(get, path = "/api/v1/changesets/{number}", tag = "documents", params(("number" = i64, Path)),
    responses((status = 200, body = Listing<Revision>)))]
pub async fn changes(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(number): Path<String>,
) -> Result<Json<Listing<Revision>>, Problem> {
    let number: i64 = number.parse().map_err(|_| Refusal::not_found("changeset of this number"))?;
    let reader = visitor.reader();
    let steps = app.read(move |tx| acts::changes_of(tx, number, &reader)).await?;
    Ok(Json(Listing::whole(steps.iter().map(revision).collect())))
}

/// The JSON Schema of any document.
#[utoipa::path(get, path = "/api/v1/schemas", tag = "documents",
    responses((status = 200, body = Value, content_type = "application/schema+json")))]
pub async fn schemas() -> Response {
    ([(CONTENT_TYPE, "application/schema+json")], schemas::of_any().to_string()).into_response()
}

/// The JSON Schema of one kind of document.
#[utoipa::path(get, path = "/api/v1/schemas/{kind}", tag = "documents", params(("kind" = String, Path)),
    responses((status = 200, body = Value, content_type = "application/schema+json")))]
pub async fn schema(Path(kind): Path<String>) -> Result<Response, Problem> {
    let kind: Kind = kind.parse().map_err(|wrong: Refusal| Refusal { kind: RefusalKind::NotFound, ..wrong })?;
    Ok(([(CONTENT_TYPE, "application/schema+json")], schemas::of(kind).to_string()).into_response())
}

/// A document as it is written: for programs that make one.
pub fn write(document: &Typed) -> Value {
    serde_json::json!({ "kind": document.kind().word(), "name": document.name, "spec": document.spec.to_json() })
}
