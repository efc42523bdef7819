//! What others say: calls at ingest URLs become signals or reports of changes, what Slack brings is heard, and trackers say that
//! an issue changed.

pub mod alertmanager;
pub mod deploys;
pub mod heartbeat;
pub mod slack;
pub mod trackers;
pub mod v2;
pub mod webhook;

use std::sync::Arc;

use actions::detect::rejections;
use actions::detect::signals::Incoming;
use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::detect::integrations::Source;
use domain::detect::rules::Rules;
use domain::detect::signals::Told;
use domain::words::{Name, Refusal, RefusalKind, Timestamp};
use serde_json::Value;
use store::Halt;

use crate::api::body::content_type;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::{Problem, status_of};
use alertmanager::with_labels;

/// Which integration a call is for: the one in the URL, which must be the one of the token.
pub(crate) fn integration_of(visitor: &Visitor, named: Option<&Name>, rules: &Rules) -> Result<Name, Refusal> {
    match (visitor, named) {
        (Visitor::Source { integration }, None) => Ok(integration.clone()),
        (Visitor::Source { integration }, Some(named)) if integration == named => Ok(named.clone()),
        (Visitor::Source { .. }, Some(named)) => {
            Err(Refusal::forbidden(format!("this token is not of the integration {named}")))
        }
        (_, Some(named)) => {
            let known = rules.catalog.integrations.contains_key(named);
            known.then(|| named.clone()).ok_or_else(|| Refusal::not_found(format!("integration {named}")))
        }
        // A person at the bare v2 API, with amtool: their alerts come in by the first Alertmanager integration.
        (_, None) => {
            let mut all = rules.catalog.integrations.iter();
            let first = all.find(|(_, integration)| matches!(integration.source, Source::Alertmanager { .. }));
            first.map(|(name, _)| name.clone()).ok_or_else(|| Refusal::not_found("integration for Alertmanager yet"))
        }
    }
}

/// A call at an integration's own URL.
pub(crate) struct Call {
    app: App,
    visitor: Visitor,
    pub(crate) integration: Name,
    pub(crate) rules: Arc<Rules>,
}

impl Call {
    pub(crate) async fn of(app: App, visitor: Visitor, name: &Name) -> Result<Self, Problem> {
        let rules = rules_with(&app, Some(name)).await?;
        let integration = integration_of(&visitor, Some(name), &rules)?;
        Ok(Self { app, visitor, integration, rules })
    }

    /// Takes a body of JSON with what it tells: received, or rejected and kept. `answer` is given the number of alerts.
    pub(crate) async fn take(
        self,
        format: &'static str,
        request: Request,
        read: impl FnOnce(&Value, Timestamp) -> Result<Vec<Told>, Refusal>,
        answer: impl FnOnce(usize) -> Response,
    ) -> Response {
        let Self { app, visitor, integration, rules } = self;
        let bytes = match body(&app, request).await {
            Ok(bytes) => bytes,
            Err(refusal) => return reject(&app, &visitor, Some(integration), format, refusal, Bytes::new()).await,
        };
        let now = received_at(&app);
        let incoming = json(&bytes)
            .and_then(|value| read(&value, now))
            .map(|told| with_labels(told, rules.extra(&integration)))
            .and_then(|told| Incoming::told(integration.clone(), format, &told, false, now));
        let incoming = match incoming {
            Ok(incoming) => incoming,
            Err(refusal) => return reject(&app, &visitor, Some(integration), format, refusal, bytes).await,
        };
        let alerts = incoming.signals.len();
        match receive(&app, incoming).await {
            Ok(()) => answer(alerts),
            Err(problem) => problem.into_response(),
        }
    }
}

/// The rules as this node last used them. They may be a moment old; the act itself reads the newest.
pub(crate) async fn rules(app: &App) -> Result<Arc<Rules>, Halt> {
    if let Some(rules) = app.node().last_rules() {
        return Ok(rules);
    }
    let again = app.clone();
    app.read(move |tx| Ok(again.node().rules(tx)?)).await
}

/// As [`rules`], but of now if an integration is asked for that was not known a moment ago.
pub(crate) async fn rules_with(app: &App, integration: Option<&Name>) -> Result<Arc<Rules>, Halt> {
    let rules = rules(app).await?;
    if integration.is_none_or(|name| rules.catalog.integrations.contains_key(name)) {
        return Ok(rules);
    }
    let again = app.clone();
    app.read(move |tx| Ok(again.node().rules(tx)?)).await
}

/// Hands a call in and waits until it is durable.
pub(crate) async fn receive(app: &App, incoming: Incoming) -> Result<(), Problem> {
    let count = incoming.signals.len() as u64;
    let (answer, answered) = tokio::sync::oneshot::channel();
    app.intake().submit(incoming, Box::new(|outcome| _ = answer.send(outcome)));
    let outcome = answered.await.unwrap_or_else(|_| Err(store::Error::unavailable("the intake has stopped").into()));
    match outcome {
        Ok(()) => {
            app.metrics().signals.inc_by(count);
            Ok(())
        }
        // Whatever failed, the sender shall try again: nothing was promised.
        Err(Halt::Failed(error)) => {
            let mut problem = Problem::from(error);
            problem.status = StatusCode::SERVICE_UNAVAILABLE.as_u16();
            Err(problem)
        }
        Err(refused) => Err(refused.into()),
    }
}

/// Answers a call that cannot be read, and keeps it for whoever looks after the integration.
pub(crate) async fn reject(
    app: &App,
    visitor: &Visitor,
    integration: Option<Name>,
    format: &'static str,
    refusal: Refusal,
    body: Bytes,
) -> Response {
    app.metrics().rejected.inc();
    if let Some(integration) =
        integration.filter(|_| matches!(refusal.kind, RefusalKind::Invalid | RefusalKind::TooLarge))
    {
        let (kept, status) = (refusal.clone(), status_of(refusal.kind).as_u16());
        let done = app.act(visitor.actor(), move |store, _, moment| {
            store.write(|tx| rejections::reject(tx, moment, &integration, format, status, &kept, &body))
        });
        if let Err(halt) = done.await {
            tracing::warn!(%halt, "a rejected call could not be kept");
        }
    }
    Problem::from(refusal).into_response()
}

/// A whole body, no larger than allowed.
pub(crate) async fn body(app: &App, request: Request) -> Result<Bytes, Refusal> {
    let most = app.settings().ingest_bytes_most;
    axum::body::to_bytes(request.into_body(), most).await.map_err(|error| {
        if crate::listen::is_too_slow(&error) {
            // 503, which sources try again.
            return Refusal::new(RefusalKind::TooMany, "the body did not come in time; send it again");
        }
        let message = format!("the body is larger than {most} bytes, or broke off");
        Refusal::new(RefusalKind::TooLarge, message)
    })
}

/// JSON, nested no deeper than a parser on a small stack can bear (128, which is what `serde_json` holds to).
pub(crate) fn json(body: &Bytes) -> Result<serde_json::Value, Refusal> {
    serde_json::from_slice(body).map_err(|error| domain::detect::signals::unreadable(&error))
}

/// A body as JSON, which GitHub may send as a field of a form.
pub(crate) async fn payload(headers: &HeaderMap, bytes: Bytes) -> Result<Value, Refusal> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if content_type(headers).is_none_or(|kind| kind != FORM) {
        return json(&bytes);
    }
    let missing = || Refusal::invalid("a form of GitHub has the field payload").at("payload");
    let request = Request::builder().method(Method::POST).header(CONTENT_TYPE, FORM).body(Body::from(bytes));
    let request = request.map_err(|_| missing())?;
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &()).await.map_err(|_| missing())?;
    let payload = fields.into_iter().find(|(name, _)| name == "payload").ok_or_else(missing)?.1;
    json(&Bytes::from(payload))
}

pub(crate) fn received_at(app: &App) -> Timestamp {
    app.now()
}
