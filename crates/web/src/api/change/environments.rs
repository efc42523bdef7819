//! Environments over the API: their keys, who fetched from them, and flagd's file in and out.

use actions::change::environment_keys::{self as acts, Wanted, must};
use actions::prepare::documents::Order;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::change::environment_keys::{EnvironmentKey as Row, KeyKind};
use domain::change::environments::{import as taken_apart, set_of};
use domain::change::flag_sets::FlagSet;
use domain::prepare::ownership::Via;
use domain::words::{EnvironmentKeyId, Name, Refusal, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::change::environment_keys as rows;
use utoipa::{IntoParams, ToSchema};

use super::kills::{Reader, readers, wire_readers};
use crate::api::body::{Body, Search};
use crate::api::detect::alerts::name as read_name;
use crate::api::detect::integrations::shown_once;
use crate::api::listing::Listing;
use crate::api::prepare::documents::{Applied, foreseen, run};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::{Fault, Problem};

/// An environment, as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Environment {
    pub name: String,
    pub title: String,
    /// How many flags are in it.
    pub flags: u64,
    /// How many keys hold.
    pub keys: u64,
    /// What is served now, on the node that answers: another one for each change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentKey {
    pub id: String,
    /// `server`, which may have the definitions with their rules; `client`, which gets answers only.
    pub kind: String,
    /// What it is for.
    pub title: String,
    /// The last letters of its secret.
    pub ending: String,
    pub made_by: String,
    pub made_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEnvironmentKey {
    /// `server` or `client`.
    pub kind: String,
    /// What it is for: `checkout service`.
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A new key, shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MadeEnvironmentKey {
    pub key: EnvironmentKey,
    /// `ack_...`: what the program sends as `Authorization: Bearer` or `X-API-Key`.
    pub secret: String,
}

/// How a file is taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it cannot wait, if it is held and you may let it through. Kept, and counted.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub override_why: Option<String>,
}

pub(crate) fn wire(key: Row) -> EnvironmentKey {
    EnvironmentKey {
        id: key.id.to_string(),
        kind: key.kind.word().to_owned(),
        title: key.title,
        ending: key.ending,
        made_by: key.made_by.to_string(),
        made_at: key.made_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
    }
}

/// Environments.
#[utoipa::path(get, path = "/api/v1/environments", tag = "flags",
    responses((status = 200, body = Listing<Environment>)))]
pub async fn list(State(app): State<App>) -> Result<Json<Listing<Environment>>, Problem> {
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        let snapshot = again.node().flags().snapshot();
        let held = rows::held(tx)?;
        let view = |(name, spec): (&Name, &domain::change::environments::Environment)| Environment {
            name: name.to_string(),
            title: spec.title.clone(),
            flags: catalog.flags.values().filter(|flag| flag.environments.contains_key(name)).count() as u64,
            keys: held.iter().filter(|(_, key)| key.environment == *name && key.is_valid(now)).count() as u64,
            version: snapshot.environment(name).map(|serving| serving.version.clone()),
        };
        Ok(catalog.environments.iter().map(view).collect())
    });
    Ok(Json(Listing::whole(found.await?)))
}

/// The flags of an environment as flagd's file: what the documents say, without kills.
#[utoipa::path(get, path = "/api/v1/environments/{name}/flags", tag = "flags", params(("name" = String, Path)),
    responses((status = 200, body = serde_json::Value)))]
pub async fn export(State(app): State<App>, Path(text): Path<String>) -> Result<Json<FlagSet>, Problem> {
    let name = read_name(&text, "environment")?;
    let again = app.clone();
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        must(&catalog, &name)?;
        Ok(set_of(&catalog, &name).unwrap_or_default())
    });
    Ok(Json(found.await?))
}

/// Takes flagd's file into an environment: each of its flags becomes a document, or changes one; what the file does not
/// name stays. All of it, or nothing. What a freeze or an incident holds is answered with 409 and every reason.
#[utoipa::path(post, path = "/api/v1/environments/{name}/flags", tag = "flags",
    params(("name" = String, Path), ImportQuery), request_body = serde_json::Value, responses((status = 200, body = Applied)))]
pub async fn import(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    Search(query): Search<ImportQuery>,
    body: Body<FlagSet>,
) -> Result<Json<Applied>, Problem> {
    let name = read_name(&text, "environment")?;
    let (again, set) = (app.clone(), body.value);
    let documents = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        Ok(taken_apart(&catalog, &name, &set))
    });
    let documents = documents.await?.map_err(|problems| all_of(&problems))?;
    let ImportQuery { dry_run, reason, override_why } = query;
    let order = Order { reason, override_why, ..Order::put(documents).via(Via::Import) };
    if !dry_run {
        return Ok(run(&app, &visitor, order).await?.0);
    }
    let (_, plan) = foreseen(&app, &visitor, order).await?;
    Ok(Json(Applied { changeset: None, plan }))
}

/// All that is wrong with a file, in one answer.
fn all_of(problems: &[Refusal]) -> Problem {
    let mut problem = Problem::new(StatusCode::BAD_REQUEST, format!("{} things in the file are wrong", problems.len()));
    if let [only] = problems {
        problem = Problem::from(only.clone());
    }
    problem.errors = problems.iter().map(|one| Fault { detail: one.message.clone(), at: one.at.clone() }).collect();
    problem
}

/// The keys of an environment, the newest first; also those that no longer hold.
#[utoipa::path(get, path = "/api/v1/environments/{name}/keys", tag = "flags", params(("name" = String, Path)),
    responses((status = 200, body = Listing<EnvironmentKey>)))]
pub async fn keys(State(app): State<App>, Path(text): Path<String>) -> Result<Json<Listing<EnvironmentKey>>, Problem> {
    let name = read_name(&text, "environment")?;
    let again = app.clone();
    let found = app.read(move |tx| {
        must(&again.node().rules(tx)?.catalog, &name)?;
        Ok(rows::of_environment(tx, &name)?)
    });
    Ok(Json(Listing::whole(found.await?.into_iter().map(wire).collect())))
}

/// Makes a key for programs, shown this once.
#[utoipa::path(post, path = "/api/v1/environments/{name}/keys", tag = "flags", params(("name" = String, Path)),
    request_body = NewEnvironmentKey, responses((status = 201, body = MadeEnvironmentKey)))]
pub async fn create_key(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewEnvironmentKey>,
) -> Result<Response, Problem> {
    let kind = KeyKind::from_word(&body.value.kind)
        .ok_or_else(|| Refusal::invalid("a key is of the kind server or client").at("/kind"))?;
    let environment = read_name(&text, "environment")?;
    let wanted = Wanted { environment, kind, title: body.value.title, expires_at: body.value.expires_at };
    Ok(shown_once(&make_key(&app, &visitor, wanted).await?))
}

pub(crate) async fn make_key(app: &App, visitor: &Visitor, wanted: Wanted) -> Result<MadeEnvironmentKey, store::Halt> {
    let made = app.act(visitor.actor(), move |store, node, moment| {
        let (key, secret) = store.write(|tx| {
            let catalog = node.rules(tx)?.catalog.clone();
            acts::create(tx, &mut moment.again(), &catalog, &wanted)
        })?;
        actions::change::flags::refresh(store, node, moment.now)?;
        Ok(MadeEnvironmentKey { key: wire(key), secret: secret.reveal().to_owned() })
    });
    made.await
}

/// Revokes a key: it opens nothing any more.
#[utoipa::path(delete, path = "/api/v1/environments/{name}/keys/{key}", tag = "flags",
    params(("name" = String, Path), ("key" = String, Path)), responses((status = 204)))]
pub async fn revoke_key(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, key)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let name = read_name(&text, "environment")?;
    let id: EnvironmentKeyId = key.parse().map_err(|_| Refusal::not_found("key with this id"))?;
    end_key(&app, &visitor, name, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn end_key(
    app: &App,
    visitor: &Visitor,
    environment: Name,
    id: EnvironmentKeyId,
) -> Result<(), store::Halt> {
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::revoke(tx, &mut moment.again(), &environment, id))?;
        actions::change::flags::refresh(store, node, moment.now)?;
        Ok(())
    });
    done.await
}

/// Programs that fetched the flags of an environment within a day, the last first.
#[utoipa::path(get, path = "/api/v1/environments/{name}/readers", tag = "flags", params(("name" = String, Path)),
    responses((status = 200, body = Listing<Reader>)))]
pub async fn readers_of(State(app): State<App>, Path(text): Path<String>) -> Result<Json<Listing<Reader>>, Problem> {
    let name = read_name(&text, "environment")?;
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        must(&again.node().rules(tx)?.catalog, &name)?;
        let all = readers(tx, &name, Span::hours(24).before(now))?;
        wire_readers(tx, &name, &all)
    });
    Ok(Json(Listing::whole(found.await?)))
}
