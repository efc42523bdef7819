//! Heartbeats over the API: which checks call in, and which do not.

use axum::Json;
use axum::extract::State;
use domain::detect::integrations::Source;
use domain::words::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::listing::Listing;
use crate::app::App;
use crate::problem::Problem;

/// A check that must call in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Heartbeat)]
pub struct Heartbeat {
    pub integration: String,
    pub title: String,
    /// `waiting` (it never called), `beating` or `missed`.
    pub state: String,
    /// It calls at least this often.
    pub every: String,
    pub grace: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Timestamp>,
    /// When it is missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Since when it is missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_at: Option<Timestamp>,
}

/// Every heartbeat and its state.
#[utoipa::path(get, path = "/api/v1/heartbeats", tag = "heartbeats",
    responses((status = 200, body = Listing<Heartbeat>)))]
pub async fn list(State(app): State<App>) -> Result<Json<Listing<Heartbeat>>, Problem> {
    let again = app.clone();
    let heartbeats = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        let mut heartbeats = Vec::new();
        for (name, integration) in &rules.catalog.integrations {
            let Source::Heartbeat { every, grace } = &integration.source else { continue };
            let found = store::detect::heartbeats::get(tx, name)?;
            let state = match &found {
                Some(found) if found.missed_at.is_some() => "missed",
                Some(found) if found.last_at.is_some() => "beating",
                _ => "waiting",
            };
            heartbeats.push(Heartbeat {
                integration: name.to_string(),
                title: integration.title.clone(),
                state: state.into(),
                every: every.to_string(),
                grace: grace.to_string(),
                last_at: found.as_ref().and_then(|found| found.last_at),
                due_at: found.as_ref().and_then(|found| found.due_at),
                missed_at: found.as_ref().and_then(|found| found.missed_at),
            });
        }
        Ok(heartbeats)
    });
    Ok(Json(Listing::whole(heartbeats.await?)))
}
