//! `/in/INTEGRATION/github`, `gitlab`, `cdevents`, `v2/change/enqueue`, `deploys`: reports of changes come in.
//!
//! Here are bytes and whose they are. What they mean is read in `domain/change/deploy_events`, and taken in one transaction
//! before it is answered.

use actions::change::observations as acts;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::change::deploy_events::{Names, Told, cdevents, generic, github, gitlab, pagerduty};
use domain::detect::integrations::Source;
use domain::words::{Name, Refusal, RefusalKind, Timestamp};
use serde_json::{Value, json};
use store::Halt;

use super::alertmanager::wrong_kind;
use super::{body, integration_of, json, payload, reject, rules_with};
use crate::api::change::observations::ReportsTaken;
use crate::app::App;
use crate::enter::{self, Visitor};
use crate::problem::Problem;

/// In which language somebody speaks; as the document of an integration names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Github,
    Gitlab,
    Cdevents,
    Pagerduty,
    Deploys,
}

/// What GitHub signs with.
const SIGNATURE: &str = "x-hub-signature-256";

impl Language {
    const fn word(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Cdevents => "cdevents",
            Self::Pagerduty => "pagerduty-changes",
            Self::Deploys => "deploys",
        }
    }
}

/// Signed over the bytes with the token of the integration, as GitHub does; or with the token itself.
pub async fn post_github(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<Name>,
    request: Request,
) -> Response {
    answer(Language::Github, app, visitor, name, request).await
}

/// With the token of the integration in `X-Gitlab-Token`, or as any source shows it.
pub async fn post_gitlab(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<Name>,
    request: Request,
) -> Response {
    answer(Language::Gitlab, app, visitor, name, request).await
}

pub async fn post_cdevents(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<Name>,
    request: Request,
) -> Response {
    answer(Language::Cdevents, app, visitor, name, request).await
}

/// With the token of the integration for a `routing_key`, or as any source shows it.
pub async fn post_pagerduty(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<Name>,
    request: Request,
) -> Response {
    answer(Language::Pagerduty, app, visitor, name, request).await
}

pub async fn post_deploys(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<Name>,
    request: Request,
) -> Response {
    answer(Language::Deploys, app, visitor, name, request).await
}

/// CloudEvents asks whether it may send here. It may; who sends is asked of each call.
pub async fn options_cdevents(headers: HeaderMap) -> Response {
    const ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
    const ALLOWED: HeaderName = HeaderName::from_static("webhook-allowed-origin");
    const RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");
    let Some(origin) = headers.get(ORIGIN) else {
        return Problem::from(Refusal::invalid("missing: who asks").at("WebHook-Request-Origin")).into_response();
    };
    let mut response = StatusCode::OK.into_response();
    response.headers_mut().insert(ALLOWED, origin.clone());
    if headers.contains_key("webhook-request-rate") {
        response.headers_mut().insert(RATE, HeaderValue::from_static("*"));
    }
    response
}

async fn answer(language: Language, app: App, visitor: Visitor, name: Name, request: Request) -> Response {
    take(language, &app, visitor, name, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn take(
    language: Language,
    app: &App,
    visitor: Visitor,
    name: Name,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let proven = before_the_body(language, app, visitor, &headers).await?;
    let bytes = match body(app, request).await {
        Ok(bytes) => bytes,
        Err(refusal) => {
            // Kept, if it is known whose it was.
            let visitor = proven.unwrap_or(Visitor::Nobody);
            let integration = match &visitor {
                Visitor::Source { integration } => Some(integration.clone()),
                _ => None,
            };
            return Ok(reject(app, &visitor, integration, language.word(), refusal, Bytes::new()).await);
        }
    };
    let visitor = match proven {
        Some(visitor) => visitor,
        None => by_the_body(language, app, &name, &headers, &bytes).await?,
    };
    let rules = rules_with(app, Some(&name)).await?;
    let integration = integration_of(&visitor, Some(&name), &rules)?;
    let source = rules.catalog.integrations.get(&integration).map(|found| &found.source);
    let Some(settings) = source.filter(|one| one.word() == language.word()).and_then(Source::reports) else {
        let is = source.map_or("gone", Source::word);
        return Err(wrong_kind(&integration, is, language.word()).into());
    };
    let names = Names { settings, services: &rules.catalog.services };
    let value = if language == Language::Github { payload(&headers, bytes.clone()).await } else { json(&bytes) };
    let told = match value.and_then(|value| read(language, &headers, &value, names, app.now())) {
        Ok(told) => told,
        Err(refusal) => return Ok(reject(app, &visitor, Some(integration), language.word(), refusal, bytes).await),
    };
    let Told { reports, ignored } = told;
    let unmapped = reports.iter().flat_map(|report| report.unmapped.iter().cloned()).collect();
    let source = integration.clone();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::take(tx, node, &mut moment.again(), &source, &reports))
    });
    match done.await {
        Ok(taken) => Ok(accepted(language, &ReportsTaken { ignored, unmapped, ..ReportsTaken::of(&taken) })),
        Err(Halt::Refused(refusal)) => {
            Ok(reject(app, &visitor, Some(integration), language.word(), refusal, bytes).await)
        }
        // Whatever failed, the sender shall try again: nothing was promised.
        Err(Halt::Failed(error)) => {
            Err(Problem { status: StatusCode::SERVICE_UNAVAILABLE.as_u16(), ..Problem::from(error) })
        }
    }
}

fn accepted(language: Language, taken: &ReportsTaken) -> Response {
    let mut told = json!(taken);
    if language == Language::Pagerduty {
        // As its own clients expect it.
        told["status"] = json!("success");
        told["message"] = json!("Change event processed");
    }
    (StatusCode::ACCEPTED, Json(told)).into_response()
}

/// Whose call it is, by its headers; nothing, if its body must say so. A source that showed no token of ours in the usual way may
/// prove itself in its own. Of strangers no body is read.
async fn before_the_body(
    language: Language,
    app: &App,
    visitor: Visitor,
    headers: &HeaderMap,
) -> Result<Option<Visitor>, Problem> {
    // What is signed must be signed rightly, whatever else is shown.
    if language == Language::Github && headers.contains_key(SIGNATURE) {
        return Ok(None);
    }
    if visitor != Visitor::Nobody {
        return Ok(Some(visitor));
    }
    match (language, text(headers, "x-gitlab-token")) {
        (Language::Gitlab, Some(token)) => Ok(Some(enter::source_of(app, token).await?)),
        (Language::Pagerduty, _) => Ok(None),
        _ => Err(nobody().into()),
    }
}

async fn by_the_body(
    language: Language,
    app: &App,
    name: &Name,
    headers: &HeaderMap,
    bytes: &Bytes,
) -> Result<Visitor, Problem> {
    if language == Language::Github {
        return signed(app, name, text(headers, SIGNATURE).unwrap_or_default(), bytes).await;
    }
    let value = json(bytes)?;
    let key = value.get("routing_key").and_then(Value::as_str).ok_or_else(|| nobody().at("/routing_key"))?;
    Ok(enter::source_of(app, key).await?)
}

fn nobody() -> Refusal {
    Refusal::new(RefusalKind::Unauthenticated, "send the token of the integration, or sign with it")
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The integration, if one of its tokens signed these bytes.
async fn signed(app: &App, name: &Name, signature: &str, bytes: &Bytes) -> Result<Visitor, Problem> {
    let (of, now) = (name.clone(), app.now());
    let tokens = app.read(move |tx| Ok(store::prepare::access::integration_token_hashes(tx, &of, now)?)).await?;
    let Some((hash, used_at)) = tokens.into_iter().find(|(hash, _)| github::is_signed(hash, signature, bytes)) else {
        let why = "the signature is not made with the token of this integration over this body";
        return Err(Refusal::new(RefusalKind::Unauthenticated, why).into());
    };
    let visitor = Visitor::Source { integration: name.clone() };
    if actions::prepare::access::is_use_worth_noting(used_at, now) {
        enter::note_use(app, visitor.clone(), hash, now);
    }
    Ok(visitor)
}

fn read(
    language: Language,
    headers: &HeaderMap,
    value: &Value,
    names: Names<'_>,
    now: Timestamp,
) -> Result<Told, Refusal> {
    let header = |name: &str| text(headers, name);
    match language {
        Language::Github => {
            let missing = || Refusal::invalid("missing: it says what kind of event this is").at("X-GitHub-Event");
            github::read(header("x-github-event").ok_or_else(missing)?, value, names, now)
        }
        Language::Gitlab => {
            let delivery = header("idempotency-key").or_else(|| header("x-gitlab-event-uuid"));
            gitlab::read(delivery, value, names, now)
        }
        Language::Cdevents => {
            let kind = header(CONTENT_TYPE.as_str()).unwrap_or_default();
            cdevents::read(kind, header("ce-type"), header("ce-specversion"), value, names, now)
        }
        Language::Pagerduty => pagerduty::read(value, names, now),
        Language::Deploys => generic::read(value, names, now),
    }
}
