//! Observables over the API: listed, exported, added, judged, struck.

use actions::respond::observables::{self as acts, Judgement, Known, Wanted};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::respond::observables::{Kind, Observable as Rule, Seen, Verdict, defang};
use domain::respond::tlp::Tlp;
use domain::words::{ObservableId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::incidents::id;
use crate::api::body::{Body, Search, created};
use crate::api::downloads::{Download, cell};
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// An address, a name or a hash that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Observable {
    pub id: String,
    /// `ipv4`, `ipv6`, `domain`, `url`, `email`, `md5`, `sha1`, `sha256`, `filename`, `process`, `account`, `user-agent` or
    /// `other`.
    #[serde(rename = "type")]
    pub kind: String,
    /// As a program takes it.
    pub value: String,
    /// As it is shown: nobody follows it by accident.
    pub defanged: String,
    /// `malicious`, `suspicious`, `benign` or `unknown`.
    pub verdict: String,
    /// `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`.
    pub tlp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `person:ana`
    pub added_by: String,
    pub added_at: Timestamp,
    /// It does not belong here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub struck: Option<Struck>,
    /// Other incidents in which it was seen, of those that you may see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_in: Vec<AlsoIn>,
}

/// Why, by whom and when it was struck or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Struck {
    pub why: String,
    pub by: String,
    pub at: Timestamp,
}

/// Another incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlsoIn {
    pub id: String,
    pub title: String,
}

/// Values that were seen, all of which are known alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObservables {
    pub values: Vec<NewValue>,
    /// `unknown`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub verdict: Option<Verdict>,
    /// `AMBER`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tlp: Option<Tlp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A value: plain, or defanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    pub value: String,
    /// Absent: by its looks, if that is possible.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub kind: Option<Kind>,
}

/// What became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObservablesAdded {
    pub added: Vec<Observable>,
    /// They stood there already, and stay as they were.
    pub known: Vec<Observable>,
}

/// What to do with an observable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ObservableDeed {
    /// Says anew what is thought or known of it. What is absent stays.
    Judge {
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        verdict: Option<Verdict>,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        tlp: Option<Tlp>,
        #[serde(default)]
        first_seen: Option<Timestamp>,
        #[serde(default)]
        last_seen: Option<Timestamp>,
        #[serde(default)]
        note: Option<String>,
        #[serde(default)]
        source: Option<String>,
    },
    /// It does not belong here. It stays on record.
    Strike { why: String },
}

/// How far the export may go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Nothing that is marked above this: `AMBER`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub tlp: Option<Tlp>,
}

pub(super) fn wire((one, also): &Known) -> Observable {
    Observable {
        id: one.id.to_string(),
        kind: one.kind.word().to_owned(),
        value: one.value.clone(),
        defanged: defang(one.kind, &one.value),
        verdict: one.seen.verdict.word().to_owned(),
        tlp: one.seen.tlp.word().to_owned(),
        first_seen: one.seen.first,
        last_seen: one.seen.last,
        note: one.seen.note.clone(),
        source: one.seen.source.clone(),
        added_by: one.added_by.clone(),
        added_at: one.added_at,
        struck: one.struck.as_ref().map(|struck| Struck {
            why: struck.why.clone(),
            by: struck.by.clone(),
            at: struck.at,
        }),
        also_in: also.iter().map(|(id, title)| AlsoIn { id: id.to_string(), title: title.clone() }).collect(),
    }
}

fn alone(one: Rule) -> Observable {
    wire(&(one, Vec::new()))
}

/// The observables of an incident that you may see, in the order in which they were added.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/observables", tag = "record", params(("id" = String, Path)),
    responses((status = 200, body = Listing<Observable>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<Observable>>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| acts::of_incident(tx, id, visitor.sight()));
    Ok(Json(Listing::whole(found.await?.iter().map(wire).collect())))
}

const HEADINGS: [&str; 12] = [
    "type",
    "value",
    "defanged",
    "verdict",
    "tlp",
    "first_seen",
    "last_seen",
    "source",
    "note",
    "id",
    "added_by",
    "added_at",
];

/// The observables that stand, as comma-separated values, up to a marking. No cell is a formula.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/observables.csv", tag = "record",
    params(("id" = String, Path), ExportQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn export(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    Search(query): Search<ExportQuery>,
) -> Result<Download, Problem> {
    let id = id(&text)?;
    let most = query.tlp.unwrap_or_default();
    let found = app.read(move |tx| acts::of_incident(tx, id, visitor.sight())).await?;
    let mut table = Download::with(HEADINGS);
    for (one, _) in found.iter().filter(|(one, _)| one.struck.is_none() && one.seen.tlp <= most) {
        let seen = &one.seen;
        table.row([
            one.kind.word(),
            &one.value,
            &defang(one.kind, &one.value),
            seen.verdict.word(),
            &seen.tlp.to_string(),
            &cell(seen.first),
            &cell(seen.last),
            &cell(seen.source.as_ref()),
            &cell(seen.note.as_ref()),
            &one.id.to_string(),
            &one.added_by,
            &one.added_at.to_string(),
        ]);
    }
    Ok(table.named(format!("{id}-observables.csv")))
}

/// Adds what was seen. What stands there already stays as it is.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/observables", tag = "record", params(("id" = String, Path)),
    request_body = NewObservables, responses((status = 201, body = ObservablesAdded)))]
pub async fn add(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewObservables>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let new = body.value;
    let wanted: Vec<Wanted> = new.values.into_iter().map(|NewValue { value, kind }| Wanted { kind, value }).collect();
    let seen = Seen {
        verdict: new.verdict.unwrap_or(Verdict::Unknown),
        tlp: new.tlp.unwrap_or_default(),
        first: new.first_seen,
        last: new.last_seen,
        note: new.note,
        source: new.source,
    };
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| acts::add(tx, &mut moment.again(), id, &wanted, &seen))
    });
    let (known, added): (Vec<_>, Vec<_>) = done.await?.into_iter().partition(|one| one.known);
    let all = |list: Vec<acts::Added>| list.into_iter().map(|one| alone(one.observable)).collect();
    Ok(created(
        &format!("/api/v1/incidents/{id}/observables"),
        &ObservablesAdded { added: all(added), known: all(known) },
    ))
}

/// Judges one anew, or strikes it.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/observables/{observable}", tag = "record",
    params(("id" = String, Path), ("observable" = String, Path)), request_body = ObservableDeed,
    responses((status = 200, body = Observable)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, observable)): Path<(String, String)>,
    body: Body<ObservableDeed>,
) -> Result<Json<Observable>, Problem> {
    let id = id(&text)?;
    let observable: ObservableId = observable.parse().map_err(|_| Refusal::not_found("observable with this id"))?;
    let deed = body.value;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| {
            let moment = &mut moment.again();
            match deed.clone() {
                ObservableDeed::Strike { why } => acts::strike(tx, moment, id, observable, &why),
                ObservableDeed::Judge { verdict, tlp, first_seen, last_seen, note, source } => {
                    let said = Judgement { verdict, tlp, first: first_seen, last: last_seen, note, source };
                    acts::judge(tx, moment, id, observable, &said)
                }
            }
        })
    });
    Ok(Json(alone(done.await?)))
}
