//! Groups over the API: alerts that are paged once, together.

use std::collections::BTreeMap;

use actions::Halt;
use axum::Json;
use axum::extract::{Path, State};
use domain::detect::board::Board;
use domain::words::{GroupId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;

use crate::api::listing::Listing;
use crate::app::App;
use crate::problem::Problem;

/// Alerts that are paged once, together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Group)]
pub struct Group {
    pub id: String,
    /// One line for people.
    pub title: String,
    pub route: String,
    /// The labels that its alerts share.
    pub labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    pub opened_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The page that was started last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// It waits for company until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How many alerts are open in it.
    pub alerts: usize,
}

fn wire(group: &domain::detect::groups::Group, closed_at: Option<Timestamp>, alerts: usize) -> Group {
    Group {
        id: group.id.to_string(),
        title: group.title.clone(),
        route: group.route.to_string(),
        labels: group.labels.iter().filter(|(_, value)| !value.is_empty()).cloned().collect(),
        service: group.service.as_ref().map(ToString::to_string),
        escalation_policy: group.policy.as_ref().map(ToString::to_string),
        urgency: group.urgency.map(|urgency| urgency.to_string()),
        opened_at: group.opened_at,
        closed_at,
        page: group.page.map(|page| page.to_string()),
        due_at: group.due_at,
        alerts,
    }
}

/// A group, open or closed.
pub(crate) fn find(tx: &mut Tx<'_>, board: &Board, id: GroupId) -> Result<Option<Group>, Halt> {
    if let Some(open) = board.group(id) {
        return Ok(Some(wire(&open.group, None, open.alerts.len())));
    }
    Ok(store::detect::groups::get(tx, id)?.map(|(group, closed_at)| wire(&group, closed_at, 0)))
}

/// The open groups, the newest first.
#[utoipa::path(get, path = "/api/v1/groups", tag = "alerts", responses((status = 200, body = Listing<Group>)))]
pub async fn list(State(app): State<App>) -> Result<Json<Listing<Group>>, Problem> {
    let groups = app.look(|_, node, _| {
        let board = node.board();
        Ok(board.groups().map(|open| wire(&open.group, None, open.alerts.len())).collect::<Vec<_>>())
    });
    let mut groups = groups.await?;
    groups.sort_unstable_by(|a, b| b.id.cmp(&a.id));
    Ok(Json(Listing::whole(groups)))
}

/// One group, open or closed.
#[utoipa::path(get, path = "/api/v1/groups/{id}", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = Group)))]
pub async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Group>, Problem> {
    let id: GroupId = id.parse().map_err(|_| Refusal::not_found("group with this id"))?;
    let found = app.look(move |store, node, _| store.read(|tx| find(tx, &node.board(), id)));
    Ok(Json(found.await?.ok_or_else(|| Refusal::not_found(format!("group {id}")))?))
}
