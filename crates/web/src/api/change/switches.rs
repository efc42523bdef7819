//! The switches that can be pulled now, over the API.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::{Extension, Json};
use domain::prepare::catalog::Catalog;
use domain::words::{IncidentId, Name, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Halt, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::Search;
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A flag that acts near what breaks, in one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Switch {
    /// The document of the flag.
    pub flag: String,
    pub title: String,
    pub environment: String,
    /// What it is for: `kill-switch`, `operational`, ...
    pub purpose: String,
    /// The service that it acts on, and how many steps that is away from what breaks.
    pub service: String,
    pub steps: u32,
    /// When it was last thrown; absent: never, so it is unproven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercised_at: Option<Timestamp>,
    /// The kill that is in force at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill: Option<String>,
}

/// What breaks: services, or those of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SwitchQuery {
    /// Names with commas between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<String>,
    /// The id of an incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// The switches for some services, as whoever looks sees them.
pub(crate) fn view(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    services: &BTreeSet<Name>,
    now: Timestamp,
) -> Result<Vec<Switch>, Halt> {
    let found = actions::change::switches::of_services(tx, catalog, services, now)?;
    let wire = |one: actions::change::switches::Pullable| {
        let flag = catalog.flags.get(&one.switch.flag);
        Switch {
            title: flag.map(|flag| flag.title.clone()).unwrap_or_default(),
            purpose: flag.map(|flag| flag.purpose.word().to_owned()).unwrap_or_default(),
            flag: one.switch.flag.to_string(),
            environment: one.switch.environment.to_string(),
            service: one.switch.service.to_string(),
            steps: one.switch.steps,
            exercised_at: one.switch.exercised_at,
            kill: one.kill.map(|kill| kill.to_string()),
        }
    };
    Ok(found.into_iter().map(wire).collect())
}

/// The flags that act on what breaks, on what that needs, and on what needs it: the nearest first.
#[utoipa::path(get, path = "/api/v1/switches", tag = "flags", params(SwitchQuery),
    responses((status = 200, body = Listing<Switch>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<SwitchQuery>,
) -> Result<Json<Listing<Switch>>, Problem> {
    let words = query.services.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let services = words.map(|word| word.parse().map_err(|wrong: Refusal| wrong.at("?services")));
    let services: BTreeSet<Name> = services.collect::<Result<_, _>>()?;
    let incident: Option<IncidentId> = match &query.incident {
        Some(text) => Some(text.parse().map_err(|_| Refusal::not_found("incident with this id"))?),
        None => None,
    };
    if services.is_empty() && incident.is_none() {
        return Err(Refusal::invalid("say what breaks: `services` or `incident`").at("?services").into());
    }
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        let mut services = services.clone();
        if let Some(id) = incident {
            let row = store::respond::incidents::get(tx, id, visitor.sight())?;
            services.extend(row.ok_or_else(|| Refusal::not_found(format!("incident {id}")))?.services);
        }
        view(tx, &catalog, &services, now)
    });
    Ok(Json(Listing::whole(found.await?)))
}
