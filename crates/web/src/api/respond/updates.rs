//! Updates over the API: what people are told meanwhile, the promise of the next one, and calling for a commander.

use std::collections::BTreeMap;

use actions::respond::{command, updates as acts};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::inform::notices::Effects;
use domain::respond::updates::{Audience, Fate, Promise as Given, Stage, State as Standing, Update as Rule};
use domain::words::{Refusal, Timestamp, UpdateId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::id;
use crate::api::body::{Body, created};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What people are told of an incident meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Update {
    pub id: String,
    /// `internal` or `public`.
    pub audience: String,
    /// Of a public one: `investigating`, `identified`, `monitoring` or `resolved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    pub text: String,
    /// Of a public one: the title of the notice on the status page, if it opens one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a public one: how components are from then on: `degraded`, `partial-outage` ...
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, String>,
    /// The next one is promised by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_by: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    pub written_at: Timestamp,
    /// Why it came after the time that was promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_because: Option<String>,
    /// `draft` (it waits for a second person), `posted` or `withdrawn`.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// An update that was promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Promise {
    pub audience: String,
    pub given_at: Timestamp,
    pub by: Timestamp,
    /// When the update came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// When the incident was over before it was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_at: Option<Timestamp>,
    pub missed: bool,
    /// Why it was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// An update to be posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUpdate {
    #[schema(value_type = String)]
    pub audience: Audience,
    /// Of a public one: how far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub stage: Option<Stage>,
    pub text: String,
    /// Of a public one, if the status page has no notice of it yet: what that is called. Nothing of the incident is copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a public one: how components of the status page are from then on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub components: Effects,
    /// The next one is promised by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_by: Option<Timestamp>,
    /// If the one before was promised for a time that is over: why this one is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_because: Option<String>,
}

/// What to do with a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum UpdateDeed {
    /// A second person says that it may be posted, and with that it is.
    Approve {},
    /// It will not be posted.
    Withdraw {},
}

pub(crate) fn wire(update: &Rule) -> Update {
    let approved_by = match &update.state {
        Standing::Posted { approved_by, .. } => approved_by.as_ref().map(ToString::to_string),
        Standing::Draft | Standing::Withdrawn { .. } => None,
    };
    Update {
        id: update.id.to_string(),
        audience: update.audience.word().to_owned(),
        stage: update.stage.map(|stage| stage.word().to_owned()),
        text: update.text.clone(),
        title: update.title.clone(),
        components: update.components.iter().map(|(name, status)| (name.to_string(), status.to_string())).collect(),
        next_by: update.next_by,
        author: update.author.as_ref().map(ToString::to_string),
        written_at: update.written_at,
        late_because: update.late_because.clone(),
        state: update.state.word().to_owned(),
        posted_at: update.posted_at(),
        approved_by,
    }
}

pub(crate) fn wire_promise(promise: &Given, now: Timestamp) -> Promise {
    let (answered_at, over_at, why) = match &promise.fate {
        Fate::Open => (None, None, None),
        Fate::Answered { at, why } => (Some(*at), None, why.clone()),
        Fate::Over { at } => (None, Some(*at), None),
    };
    Promise {
        audience: promise.audience.word().to_owned(),
        given_at: promise.given_at,
        by: promise.by,
        answered_at,
        over_at,
        missed: promise.is_missed(now),
        why,
    }
}

/// Posts an update, inside or in public; or drafts it, where the severity asks for a second person.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/updates", tag = "incidents", params(("id" = String, Path)),
    request_body = NewUpdate, responses((status = 201, body = Update)))]
pub async fn say(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewUpdate>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let NewUpdate { audience, stage, text, title, components, next_by, late_because } = body.value;
    let word = acts::Word { audience, stage, text, title, components, next_by, late_because };
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| Ok(wire(&acts::say(tx, node, &mut moment.again(), id, &word)?)))
    });
    let made = done.await?;
    Ok(created(&format!("/api/v1/incidents/{id}"), &made))
}

/// Approves or withdraws a draft.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/updates/{update}", tag = "incidents",
    params(("id" = String, Path), ("update" = String, Path)), request_body = UpdateDeed,
    responses((status = 200, body = Update)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, update)): Path<(String, String)>,
    body: Body<UpdateDeed>,
) -> Result<Json<Update>, Problem> {
    let id = id(&text)?;
    let update: UpdateId = update.parse().map_err(|_| Refusal::not_found("update with this id"))?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let mut moment = moment.again();
            Ok(wire(&match body.value {
                UpdateDeed::Approve {} => acts::approve(tx, node, &mut moment, id, update)?,
                UpdateDeed::Withdraw {} => acts::withdraw(tx, node, &mut moment, id, update)?,
            }))
        })
    });
    Ok(Json(done.await?))
}

/// Pages for a commander at once, by the escalation policy of the role `incident-commander`.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/call", tag = "incidents", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn call(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = id(&text)?;
    let done = app.act(visitor.actor(), move |store, node, moment| command::call_now(store, node, moment, id));
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
