//! What an integration needs besides its document: its token, what it was refused, a test alert.

use actions::detect::signals::Incoming;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::detect::signals::Told;
use domain::words::{Labels, Name, Refusal, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::prepare::access as rows;
use utoipa::ToSchema;

use super::alerts::name;
use crate::api::body::Body;
use crate::api::listing::Listing;
use crate::api::once::ShownOnce;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A token of an integration, without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationToken {
    /// Its last letters.
    pub ending: String,
    pub created_at: Timestamp,
    /// It works until then; for good, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
}

/// How a token is rotated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// For so long the tokens of before go on working: `24h` if absent, `0s` ends them at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub grace: Option<Span>,
}

/// A new token. The secret is shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RotatedToken {
    pub integration: String,
    /// Goes into the header `Authorization: Bearer ...`, or as password of Basic.
    pub secret: String,
    pub ending: String,
    /// Until then the tokens of before work too.
    pub others_until: Timestamp,
}

/// A call that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rejection {
    pub id: String,
    pub at: Timestamp,
    pub format: String,
    /// The HTTP status that was answered.
    pub status: u16,
    /// Where in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    pub why: String,
    /// The beginning of the body.
    pub excerpt: String,
}

/// Refused calls of an integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rejections {
    /// How many ever.
    pub count: i64,
    /// The last ones, the newest first.
    pub items: Vec<Rejection>,
}

/// What came of a test alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestAlert {
    /// The alert; absent if it was not found on the board in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    pub labels: std::collections::BTreeMap<String, String>,
}

async fn known(app: &App, text: &str) -> Result<Name, Problem> {
    let name = name(text, "integration")?;
    let rules = crate::inbound::rules_with(app, Some(&name)).await?;
    if !rules.catalog.integrations.contains_key(&name) {
        return Err(Refusal::not_found(format!("integration {name}")).into());
    }
    Ok(name)
}

/// The tokens of an integration, without their secrets.
#[utoipa::path(get, path = "/api/v1/integrations/{name}/tokens", tag = "integrations",
    params(("name" = String, Path)), responses((status = 200, body = Listing<IntegrationToken>)))]
pub async fn tokens(
    State(app): State<App>,
    Path(text): Path<String>,
) -> Result<Json<Listing<IntegrationToken>>, Problem> {
    let name = known(&app, &text).await?;
    let tokens = app.read(move |tx| Ok(rows::integration_tokens(tx, &name)?)).await?;
    let wire = |token: rows::IntegrationToken| IntegrationToken {
        ending: token.ending,
        created_at: token.created_at,
        expires_at: token.expires_at,
        used_at: token.used_at,
    };
    Ok(Json(Listing::whole(tokens.into_iter().map(wire).collect())))
}

/// Gives an integration a new token, shown this once. Those it had go on working for a while, so that nothing is lost.
#[utoipa::path(post, path = "/api/v1/integrations/{name}/tokens", tag = "integrations",
    params(("name" = String, Path)), request_body = Rotation, responses((status = 201, body = RotatedToken)))]
pub async fn rotate(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<Rotation>,
) -> Result<Response, Problem> {
    let name = known(&app, &text).await?;
    let grace = body.value.grace.unwrap_or(Span::hours(24));
    if grace > Span::hours(30 * 24) {
        return Err(Refusal::invalid("the grace lasts 30 days at most").at("/grace").into());
    }
    let again = visitor.clone();
    let made = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let rules = node.rules(tx)?;
            actions::allow::integration(&rules.catalog, again.person(), again.access(), &name)?;
            let secret = actions::prepare::access::rotate_integration_token(
                tx,
                &mut moment.again(),
                &rules.catalog,
                &name,
                grace,
            )?;
            Ok(RotatedToken {
                integration: name.to_string(),
                secret: secret.reveal().to_owned(),
                ending: secret.ending().to_owned(),
                others_until: grace.after(moment.now),
            })
        })
    });
    let made = made.await?;
    app.doors().forget();
    Ok(shown_once(&made))
}

/// The answer with a secret, which is kept nowhere.
pub(crate) fn shown_once<T: Serialize>(made: &T) -> Response {
    (StatusCode::CREATED, Extension(ShownOnce), Json(made)).into_response()
}

/// Calls of this integration that were refused, and why.
#[utoipa::path(get, path = "/api/v1/integrations/{name}/rejections", tag = "integrations",
    params(("name" = String, Path)), responses((status = 200, body = Rejections)))]
pub async fn rejections(State(app): State<App>, Path(text): Path<String>) -> Result<Json<Rejections>, Problem> {
    let name = known(&app, &text).await?;
    let found = app.read(move |tx| {
        let counts = store::detect::rejections::counts(tx)?;
        let count = counts.into_iter().find(|(of, _)| *of == name).map_or(0, |(_, count)| count);
        let items = store::detect::rejections::list(tx, &name)?.into_iter().map(|one| Rejection {
            id: one.id.to_string(),
            at: one.at,
            format: one.format,
            status: one.status,
            place: one.place,
            why: one.why,
            excerpt: one.excerpt,
        });
        Ok(Rejections { count, items: items.collect() })
    });
    Ok(Json(found.await?))
}

/// Sends an alert as if the integration had: it takes the way of all alerts, pages whom it pages, and ends after five
/// minutes.
#[utoipa::path(post, path = "/api/v1/integrations/{name}/test", tag = "integrations",
    params(("name" = String, Path)), responses((status = 202, body = TestAlert)))]
pub async fn test(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let name = known(&app, &text).await?;
    let answer = send_test(&app, &visitor, name).await?;
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// Sends the test alert of an integration, in the name of the visitor.
pub(crate) async fn send_test(app: &App, visitor: &Visitor, name: Name) -> Result<TestAlert, Problem> {
    let now = app.now();
    let rules = crate::inbound::rules_with(app, Some(&name)).await?;
    if rules.catalog.integrations.get(&name).is_some_and(|one| one.source.reports().is_some()) {
        return Err(Refusal::conflict(format!("the integration {name} brings changes, and no alerts")).into());
    }
    let by = visitor.person().map(ToString::to_string).unwrap_or_default();
    let own = [("alertname", "AllclearTest"), ("severity", "critical"), ("sent_by", by.as_str())];
    let mut labels: Vec<(String, String)> = own.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    labels.extend(rules.extra(&name).iter().filter(|(n, _)| !own.iter().any(|(o, _)| n == o)).cloned());
    let told = Told {
        labels: Labels::from_pairs(labels.iter().map(|(n, v)| (n.as_str(), v.as_str()))),
        annotations: Labels::from_pairs([("summary", format!("A test alert, sent by {by}"))]),
        starts_at: Some(now),
        ends_at: Some(Span::minutes(5).after(now)),
        link: None,
        key: None,
    };
    let incoming = Incoming::told(name.clone(), "webhook", std::slice::from_ref(&told), false, now)?;
    let key = incoming.signals.first().map(|signal| signal.key);
    crate::inbound::receive(app, incoming).await?;
    let alert = app.look(move |_, node, _| {
        let board = node.board();
        Ok(key.and_then(|key| board.by_key(&name, key)).map(|slot| board.at(slot).id.to_string()))
    });
    Ok(TestAlert { alert: alert.await?, labels: labels.into_iter().collect() })
}
