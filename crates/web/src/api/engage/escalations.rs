//! Escalation policies over the API: whom each step would tell right now. The policies themselves are documents.

use axum::Json;
use axum::extract::{Path, State};
use domain::words::{Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schedules::AtQuery;
use crate::api::body::Search;
use crate::api::detect::alerts::name;
use crate::app::App;
use crate::problem::Problem;

/// Whom the steps of a policy would tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WouldTell {
    pub escalation_policy: String,
    pub at: Timestamp,
    pub steps: Vec<WouldStep>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WouldStep {
    /// Counted from 1.
    pub step: usize,
    /// How long it waits for an answer.
    pub wait: String,
    pub tells: Vec<WouldTarget>,
}

/// Whom a step names, and who that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WouldTarget {
    /// `person`, `schedule` or `webhook`.
    pub kind: String,
    /// Absent for a webhook: its URL is as good as a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In words: who it is right now, or why nobody.
    pub says: String,
}

/// Whom each step of a policy would tell, now or at another time.
#[utoipa::path(get, path = "/api/v1/escalation-policies/{name}/would-tell", tag = "schedules",
    params(("name" = String, Path), AtQuery), responses((status = 200, body = WouldTell)))]
pub async fn would_tell(
    State(app): State<App>,
    Path(text): Path<String>,
    Search(query): Search<AtQuery>,
) -> Result<Json<WouldTell>, Problem> {
    use domain::engage::escalations::Target;
    let name = name(&text, "escalation policy")?;
    let (again, at) = (app.clone(), query.at.unwrap_or_else(|| app.now()));
    let found = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        let policy = rules.catalog.escalation_policies.get(&name);
        let policy = policy.ok_or_else(|| Refusal::not_found(format!("escalation policy {name}")))?;
        let mut told = actions::engage::pages::would_tell(tx, &rules.catalog, policy, at)?.into_iter();
        let mut steps = Vec::new();
        for (number, step) in policy.steps.iter().enumerate() {
            let tells = told.by_ref().take(step.notify.len()).map(|(target, says)| {
                let (kind, name) = match target {
                    Target::Person(name) => ("person", Some(name.to_string())),
                    Target::Schedule(name) => ("schedule", Some(name.to_string())),
                    Target::Webhook(_) => ("webhook", None),
                };
                WouldTarget { kind: kind.into(), name, says }
            });
            steps.push(WouldStep { step: number + 1, wait: step.wait.to_string(), tells: tells.collect() });
        }
        Ok(WouldTell { escalation_policy: name.to_string(), at, steps })
    });
    Ok(Json(found.await?))
}
