//! Roles over the API: offered, accepted, declined, handed over, laid down.

use actions::respond::assignments as acts;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::respond::assignments::{Assignment as Rule, State as Stage};
use domain::respond::handovers::Handover;
use domain::words::{Name, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::id;
use crate::api::body::Body;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A role that was offered to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assignment {
    pub role: String,
    pub person: String,
    pub offered_at: Timestamp,
    /// `offered`, `held`, `declined` or `ended`.
    pub state: String,
    pub since: Timestamp,
}

/// What to do with a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RoleDeed {
    /// Offers it. Whoever holds a role that only one may hold says how things stand and what is to be reached next.
    Offer {
        #[schema(value_type = String)]
        role: Name,
        #[schema(value_type = String)]
        person: Name,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        situation: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        objectives: Option<String>,
        /// Fatigue, shift, complexity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Takes what was offered to oneself.
    Accept {
        #[schema(value_type = String)]
        role: Name,
    },
    Decline {
        #[schema(value_type = String)]
        role: Name,
        why: String,
    },
    LayDown {
        #[schema(value_type = String)]
        role: Name,
    },
}

pub(super) fn wire(one: &Rule) -> Assignment {
    let (state, since) = match one.state {
        Stage::Offered => ("offered", one.offered_at),
        Stage::Held { since } => ("held", since),
        Stage::Declined { at } => ("declined", at),
        Stage::Ended { at } => ("ended", at),
    };
    Assignment {
        role: one.role.to_string(),
        person: one.person.to_string(),
        offered_at: one.offered_at,
        state: state.to_owned(),
        since,
    }
}

/// Offers a role, accepts or declines one that was offered, or lays it down. Offered to oneself it is taken.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/roles", tag = "incidents", params(("id" = String, Path)),
    request_body = RoleDeed, responses((status = 204)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<RoleDeed>,
) -> Result<StatusCode, Problem> {
    let (id, deed) = (id(&text)?, body.value);
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let moment = &mut moment.again();
            match &deed {
                RoleDeed::Offer { role, person, situation, objectives, reason } => {
                    let said = |text: &Option<String>| text.clone().unwrap_or_default();
                    let handover =
                        Handover { situation: said(situation), objectives: said(objectives), reason: said(reason) };
                    acts::offer(tx, node, moment, id, role, person, Some(&handover))
                }
                RoleDeed::Accept { role } => acts::accept(tx, node, moment, id, role),
                RoleDeed::Decline { role, why } => acts::decline(tx, node, moment, id, role, why),
                RoleDeed::LayDown { role } => acts::lay_down(tx, node, moment, id, role),
            }
        })
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
