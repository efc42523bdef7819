//! `POST /trackers/TRACKER/webhook`: GitHub or Jira says that an issue changed. Signed over the bytes as they came.
//!
//! It only wishes for a look: how the issue stands is asked of the tracker, never believed. So whoever forges or repeats a call
//! has us look once more, and nothing else.

use actions::learn::trackers;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::change::deploy_events::github::is_signed;
use domain::learn::trackers::System;
use domain::words::{Actor, Name, Refusal, RefusalKind};

use super::{body, payload};
use crate::app::App;
use crate::problem::Problem;

pub async fn post_webhook(
    State(app): State<App>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    // Whether there is such a tracker is told to nobody who cannot sign; and of strangers no body is read.
    let tracker = name.parse::<Name>().map_err(|_| unsigned())?;
    let secret = app.settings().tracker_secrets.0.get(&tracker).cloned().ok_or_else(unsigned)?;
    let system = system(&app, tracker.clone()).await?.ok_or_else(unsigned)?;
    let signature = headers.get(system.signature()).and_then(|value| value.to_str().ok()).ok_or_else(unsigned)?;
    let bytes = body(&app, request).await?;
    if !is_signed(secret.as_bytes(), signature, &bytes) {
        return Err(unsigned().into());
    }
    if let Some(issue) = system.told(&payload(&headers, bytes).await?) {
        let done = app.act(Actor::System, move |store, _, moment| {
            store.write(|tx| trackers::wish(tx, &tracker, &issue, moment.now).map(drop))
        });
        done.await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn unsigned() -> Refusal {
    let why = "the call is not signed with the webhook secret of this tracker: write TRACKER.webhook=... into the file of \
               --tracker-secrets, and the same there";
    Refusal::new(RefusalKind::Unauthenticated, why)
}

async fn system(app: &App, tracker: Name) -> Result<Option<System>, Problem> {
    let again = app.clone();
    let found = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        Ok(rules.catalog.trackers.get(&tracker).map(|tracker| tracker.system.clone()))
    });
    Ok(found.await?)
}
