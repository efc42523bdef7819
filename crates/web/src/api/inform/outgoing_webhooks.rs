//! Outgoing webhooks over the API: what each is and does besides its document, its log, replays, tests, its secret.

use actions::inform::outgoing_webhooks::{self as acts, Off};
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::inform::outgoing_webhooks::{self as rules, OVERLAP};
use domain::prepare::addresses::{Reader, masked_url};
use domain::prepare::catalog::Catalog;
use domain::respond::sight::Sight;
use domain::words::{DeliveryId, Name, Refusal, Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::inform::outgoing_webhooks::{self as rows, Logged};
use store::{Halt, Tx, outbox};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search};
use crate::api::detect::alerts::name as read_name;
use crate::api::detect::integrations::shown_once;
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// An outgoing webhook, with how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OutgoingWebhook {
    pub name: String,
    pub title: String,
    /// Without its path for those who do not see addresses.
    pub url: String,
    /// Kinds of events, or `incident.*`; all, if empty.
    pub events: Vec<String>,
    /// Only what is about these; everything, if empty.
    pub services: Vec<String>,
    /// `on`; `off`: its document says so; `gone`: its receiver answered 410.
    pub state: String,
    /// When the receiver answered 410.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<Timestamp>,
    /// How many deliveries wait or are being sent.
    pub waiting: u64,
    /// When its secret was made, if it was shown to somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_made_at: Option<Timestamp>,
    /// Until then the secret of before signs, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_before_until: Option<Timestamp>,
    /// The newest line of its log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<EventDelivery>,
}

/// A line of the log of an outgoing webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventDelivery {
    pub id: String,
    /// The `webhook-id`: the same on each attempt and in each replay.
    pub webhook_id: String,
    /// The type of the event: `page.started`; `outgoing-webhook.test`.
    pub event: String,
    /// The entry of the journal; absent for a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// `queued`, `claimed`, `sent`, `failed`, `cancelled`.
    pub state: String,
    /// Attempts that were begun.
    pub attempts: u32,
    pub created_at: Timestamp,
    /// When it is tried next, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// What was answered last, or why it was not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Each attempt that ended; only where one delivery is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Vec<EventAttempt>>,
    /// What is posted; only where one delivery is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// An attempt to send an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventAttempt {
    pub number: u32,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// `sent`, `later`, `never`.
    pub outcome: String,
    /// The status that was answered, or why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only what did not arrive, or has not yet.
    #[serde(default)]
    pub unsent: bool,
    /// How many at once: 50, or 1 to 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How a secret is rotated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRotation {
    /// For so long the secret of before signs, too: `24h` if absent, `0s` ends it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub overlap: Option<Span>,
}

/// A new signing secret, shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RotatedSecret {
    pub webhook: String,
    /// `whsec_...`, for any library of Standard Webhooks.
    pub secret: String,
    /// Until then the secret of before signs, too.
    pub others_until: Timestamp,
}

/// A webhook as it stands.
pub(crate) fn view(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    name: &Name,
    sight: Sight<'_>,
    reader: &Reader,
    now: Timestamp,
) -> Result<OutgoingWebhook, Halt> {
    let spec = acts::find(catalog, name)?;
    let standing = rows::get(tx, name)?;
    let (state, gone_at) = match acts::off(spec, standing.as_ref()) {
        None => ("on", None),
        Some(Off::Document) => ("off", None),
        Some(Off::Gone(at)) => ("gone", Some(at)),
    };
    let keys = rows::keys(tx, name, now)?;
    let newest = keys.first().filter(|key| key.shown);
    let last = rows::log(tx, name, sight, false, None, 1)?.pop();
    Ok(OutgoingWebhook {
        name: name.to_string(),
        title: spec.title.clone(),
        url: if reader.sees_all() { spec.url.clone() } else { masked_url(&spec.url) },
        events: spec.events.clone(),
        services: spec.services.iter().map(ToString::to_string).collect(),
        state: state.to_owned(),
        gone_at,
        waiting: rows::waiting(tx, name, sight)?,
        secret_made_at: newest.map(|key| key.made_at),
        secret_before_until: newest.and(keys.iter().skip(1).filter_map(|key| key.expires_at).max()),
        last: last.map(|line| delivery(name, &line)),
    })
}

/// A line of the log, as the API has it.
pub(crate) fn delivery(name: &Name, line: &Logged) -> EventDelivery {
    let (one, event) = (&line.delivery, line.event.as_ref());
    let told = event.map_or_else(|| test_id(&one.payload), |event| event.id.to_string());
    let waits = matches!(one.state, outbox::State::Queued);
    EventDelivery {
        id: one.id.to_string(),
        webhook_id: rules::message_id(name, &told),
        event: event.map_or_else(|| rules::TEST.to_owned(), |event| event.word.clone()),
        event_id: event.map(|event| event.id.to_string()),
        state: one.state.word().to_owned(),
        attempts: one.attempts,
        created_at: one.created_at,
        due_at: waits.then_some(one.due_at),
        settled_at: one.settled_at,
        detail: one.detail.clone(),
        tried: None,
        body: None,
    }
}

/// The id of a test event, from what its delivery is made of.
fn test_id(payload: &str) -> String {
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    payload["test"]["id"].as_str().unwrap_or_default().to_owned()
}

/// One line of the log with its attempts and its body.
pub(crate) fn whole_delivery(
    tx: &mut Tx<'_>,
    name: &Name,
    id: DeliveryId,
    sight: Sight<'_>,
) -> Result<EventDelivery, Halt> {
    let line = rows::logged(tx, name, id, sight)?
        .ok_or_else(|| Refusal::not_found(format!("delivery {id} of outgoing webhook {name}")))?;
    let content = acts::content(tx, name, &line.delivery, sight)?;
    let tried = outbox::attempts(tx, id)?.into_iter().map(|one| EventAttempt {
        number: one.number,
        started_at: one.started_at,
        ended_at: one.ended_at,
        outcome: one.ending.word().to_owned(),
        detail: one.detail,
    });
    let body = content.map(|(_, kind, data)| acts::body(&kind, &data));
    Ok(EventDelivery { tried: Some(tried.collect()), body, ..delivery(name, &line) })
}

fn read_id(text: &str) -> Result<DeliveryId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(format!("delivery {}", domain::words::text::shorten(text, 40))))
}

/// Outgoing webhooks, with how each stands.
#[utoipa::path(get, path = "/api/v1/outgoing-webhooks", tag = "outgoing-webhooks",
    responses((status = 200, body = Listing<OutgoingWebhook>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Json<Listing<OutgoingWebhook>>, Problem> {
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        let names = catalog.outgoing_webhooks.keys();
        names.map(|name| view(tx, &catalog, name, visitor.sight(), &visitor.reader(), now)).collect()
    });
    Ok(Json(Listing::whole(found.await?)))
}

/// One outgoing webhook.
#[utoipa::path(get, path = "/api/v1/outgoing-webhooks/{name}", tag = "outgoing-webhooks",
    params(("name" = String, Path)), responses((status = 200, body = OutgoingWebhook)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<OutgoingWebhook>, Problem> {
    let name = read_name(&text, "outgoing webhook")?;
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        view(tx, &catalog, &name, visitor.sight(), &visitor.reader(), now)
    });
    Ok(Json(found.await?))
}

/// What was sent to an outgoing webhook or waits for it, the newest first.
#[utoipa::path(get, path = "/api/v1/outgoing-webhooks/{name}/deliveries", tag = "outgoing-webhooks",
    params(("name" = String, Path), DeliveryQuery), responses((status = 200, body = Listing<EventDelivery>)))]
pub async fn deliveries(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    uri: Uri,
    Search(query): Search<DeliveryQuery>,
) -> Result<Response, Problem> {
    let name = read_name(&text, "outgoing webhook")?;
    let limit = u32::try_from(listing::limit(query.limit)?).unwrap_or(500);
    let before: Option<DeliveryId> = listing::after(query.cursor.as_deref())?;
    let again = app.clone();
    let found = app.read(move |tx| {
        acts::find(&again.node().rules(tx)?.catalog, &name)?;
        let lines = rows::log(tx, &name, visitor.sight(), query.unsent, before, limit + 1)?;
        Ok(lines.iter().map(|line| delivery(&name, line)).collect::<Vec<_>>())
    });
    let mut items = found.await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|line| line.id.clone());
    Ok(Listing::part(items, next).answer(&uri))
}

/// One delivery, with its attempts and its body.
#[utoipa::path(get, path = "/api/v1/outgoing-webhooks/{name}/deliveries/{delivery}", tag = "outgoing-webhooks",
    params(("name" = String, Path), ("delivery" = String, Path)), responses((status = 200, body = EventDelivery)))]
pub async fn one_delivery(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, id)): Path<(String, String)>,
) -> Result<Json<EventDelivery>, Problem> {
    let (name, id) = (read_name(&text, "outgoing webhook")?, read_id(&id)?);
    let again = app.clone();
    let found = app.read(move |tx| {
        acts::find(&again.node().rules(tx)?.catalog, &name)?;
        whole_delivery(tx, &name, id, visitor.sight())
    });
    Ok(Json(found.await?))
}

/// Sends the event of a delivery anew, with the same `webhook-id`. The answer is the new delivery.
#[utoipa::path(post, path = "/api/v1/outgoing-webhooks/{name}/deliveries/{delivery}/replay", tag = "outgoing-webhooks",
    params(("name" = String, Path), ("delivery" = String, Path)), responses((status = 202, body = EventDelivery)))]
pub async fn replay(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (name, id) = (read_name(&text, "outgoing webhook")?, read_id(&id)?);
    let again = visitor.clone();
    let made = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let catalog = node.rules(tx)?.catalog.clone();
            let made = acts::replay(tx, &mut moment.again(), &catalog, &name, id, again.sight())?;
            whole_delivery(tx, &name, made, again.sight())
        })
    });
    Ok((StatusCode::ACCEPTED, Json(made.await?)).into_response())
}

/// Sends a test event, whether the webhook is switched on or not. The answer is its delivery.
#[utoipa::path(post, path = "/api/v1/outgoing-webhooks/{name}/test", tag = "outgoing-webhooks",
    params(("name" = String, Path)), responses((status = 202, body = EventDelivery)))]
pub async fn test(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let name = read_name(&text, "outgoing webhook")?;
    let again = visitor.clone();
    let made = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let catalog = node.rules(tx)?.catalog.clone();
            let made = acts::test(tx, &mut moment.again(), &catalog, &name)?;
            whole_delivery(tx, &name, made, again.sight())
        })
    });
    Ok((StatusCode::ACCEPTED, Json(made.await?)).into_response())
}

/// Switches an outgoing webhook on again whose receiver answered 410. What happened meanwhile is not sent.
#[utoipa::path(post, path = "/api/v1/outgoing-webhooks/{name}/enable", tag = "outgoing-webhooks",
    params(("name" = String, Path)), responses((status = 204)))]
pub async fn enable(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    let name = read_name(&text, "outgoing webhook")?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let catalog = node.rules(tx)?.catalog.clone();
            acts::enable(tx, &mut moment.again(), &catalog, &name)
        })
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an outgoing webhook a new signing secret, shown this once. The one of before signs, too, for a while.
#[utoipa::path(post, path = "/api/v1/outgoing-webhooks/{name}/secrets", tag = "outgoing-webhooks",
    params(("name" = String, Path)), request_body = SecretRotation, responses((status = 201, body = RotatedSecret)))]
pub async fn rotate(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<SecretRotation>,
) -> Result<Response, Problem> {
    let name = read_name(&text, "outgoing webhook")?;
    Ok(shown_once(&new_secret(&app, &visitor, name, body.value.overlap.unwrap_or(OVERLAP)).await?))
}

/// Makes the new secret of a webhook.
pub(crate) async fn new_secret(app: &App, visitor: &Visitor, name: Name, overlap: Span) -> Result<RotatedSecret, Halt> {
    let webhook = name.clone();
    let made = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let catalog = node.rules(tx)?.catalog.clone();
            let key = acts::rotate_secret(tx, &mut moment.again(), &catalog, &name, overlap)?;
            Ok((rules::key(&name, &key.seed), overlap.after(moment.now)))
        })
    });
    let (key, others_until) = made.await?;
    let secret = app.event_secret(&key);
    Ok(RotatedSecret { webhook: webhook.to_string(), secret, others_until })
}
