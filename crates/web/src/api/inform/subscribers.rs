//! Subscribers over the API: for administrators alone, since their addresses are nobody else's business.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use domain::words::{Refusal, SubscriberId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Search;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Somebody outside who is told of notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscriber {
    pub id: String,
    /// `email` or `webhook`.
    pub way: String,
    pub address: String,
    /// Which components they asked for; none means all.
    pub components: Vec<String>,
    pub asked_at: Timestamp,
    /// Absent: nothing is sent to them yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
}

/// A list of subscribers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Subscribers {
    pub items: Vec<Subscriber>,
}

/// Which subscribers.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubscriberFilter {
    /// Those after this one.
    #[param(value_type = Option<String>)]
    pub after: Option<SubscriberId>,
}

const MOST: u32 = 200;

/// Subscribers, in the order in which they asked; 200 at a time.
#[utoipa::path(get, path = "/api/v1/subscribers", tag = "status page", params(SubscriberFilter),
    responses((status = 200, body = Subscribers)))]
pub async fn list(
    State(app): State<App>,
    Search(filter): Search<SubscriberFilter>,
) -> Result<Json<Subscribers>, Problem> {
    let found = app.read(move |tx| Ok(store::inform::subscribers::list(tx, filter.after, MOST)?)).await?;
    let items = found.into_iter().map(|one| Subscriber {
        id: one.id.to_string(),
        way: one.way.word().to_owned(),
        address: one.address,
        components: one.components.iter().map(ToString::to_string).collect(),
        asked_at: one.asked_at,
        confirmed_at: one.confirmed_at,
    });
    Ok(Json(Subscribers { items: items.collect() }))
}

/// Forgets a subscriber, with everything that was sent to them.
#[utoipa::path(delete, path = "/api/v1/subscribers/{id}", tag = "status page", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn remove(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: SubscriberId = text.parse().map_err(|_| Refusal::not_found("subscriber with this id"))?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| {
            if actions::inform::subscribers::remove(tx, &mut moment.again(), id)? {
                return Ok(());
            }
            Err(Refusal::not_found(format!("subscriber {id}")).into())
        })
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
