//! Automatic rollback over the API: how far a service lets rules go, with the record that this rests on; and stopping a countdown.

use actions::change::reflexes::{self as acts, Recorded, Standing};
use actions::respond::incidents::seen;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use domain::change::reflexes::{LEAST_AGREED, LEAST_SUGGESTED, Ramp, State as Stands};
use domain::words::{Name, ReflexId, Refusal, Timestamp, text};
use serde::{Deserialize, Serialize};
use store::change::reflexes::RampRow;
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::api::listing::Listing;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// How far a service lets rules take back changes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceRamp {
    pub service: String,
    /// `off`, `suggest`, `countdown`, `automatic`.
    pub ramp: String,
    /// Who said so last; absent: nobody ever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Of how many suggestions it is known whether people came to the same, and how often they did.
    pub suggested: u32,
    pub agreed: u32,
    /// So many it takes to go beyond suggesting, and so many of a hundred.
    pub least_suggested: u32,
    pub least_agreed_of_100: u32,
    /// What the rule made of suspects, the newest first; a hundred at most.
    pub record: Vec<RuleReflex>,
}

/// How far one of the services lets rules go, without its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SaidRamp {
    pub service: String,
    /// `off`, `suggest`, `countdown`, `automatic`.
    pub ramp: String,
    pub set_by: String,
    pub set_at: Timestamp,
    pub why: String,
}

/// What a rule made of the first suspect of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleReflex {
    /// `rfx_…`.
    pub id: String,
    pub incident: String,
    pub change: String,
    pub title: String,
    /// How far the service let it go then.
    pub ramp: String,
    pub at: Timestamp,
    /// `suggested`, `counting`, `stopped`, `ran`, `lapsed`.
    pub state: String,
    /// When it is done, unless somebody stops it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
    /// Why it was stopped, lapsed, or left to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The run that it set off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<String>,
    /// Whether people came to the same; absent: nobody can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<bool>,
    /// How that is known.
    pub agreed_because: String,
}

/// How far a service is to let rules go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRamp {
    /// `off`, `suggest`, `countdown`, `automatic`: up one step at a time, down at any time.
    #[schema(value_type = String)]
    pub ramp: Ramp,
    pub why: String,
}

/// What is done with what a rule is about to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ReflexDeed {
    /// It is not done, now or later in this incident.
    Stop {
        #[serde(default)]
        why: String,
    },
}

fn wire(one: &Recorded) -> RuleReflex {
    let made = &one.made;
    let (mut due_at, mut stopped_by, mut why, mut rollback) = (None, None, None, None);
    match &made.state {
        Stands::Suggested { why: only } => why.clone_from(only),
        Stands::Counting { until } => due_at = Some(*until),
        Stands::Stopped { by, why: said, .. } => (stopped_by, why) = (Some(by.to_string()), Some(said.clone())),
        Stands::Ran { rollback: run, .. } => rollback = Some(run.to_string()),
        Stands::Lapsed { why: because, .. } => why = Some(because.clone()),
    }
    RuleReflex {
        id: made.id.to_string(),
        incident: made.incident.to_string(),
        change: made.change.to_string(),
        title: one.change.change.proposal.title.clone(),
        ramp: made.ramp.to_string(),
        at: made.at,
        state: made.state.word().to_owned(),
        due_at,
        stopped_by,
        why,
        rollback,
        agreed: one.agreed,
        agreed_because: one.because.to_owned(),
    }
}

fn standing(service: &Name, one: &Standing) -> ServiceRamp {
    ServiceRamp {
        service: service.to_string(),
        ramp: one.ramp.to_string(),
        set_by: one.said.as_ref().map(|said| said.by.to_string()),
        set_at: one.said.as_ref().map(|said| said.at),
        why: one.said.as_ref().map(|said| said.why.clone()),
        suggested: one.history.suggested,
        agreed: one.history.agreed,
        least_suggested: LEAST_SUGGESTED,
        least_agreed_of_100: LEAST_AGREED,
        record: one.record.iter().map(wire).collect(),
    }
}

/// How far services let rules take back changes of them, as far as anybody ever said; all others let them do nothing.
#[utoipa::path(get, path = "/api/v1/ramps", tag = "changes", responses((status = 200, body = Listing<SaidRamp>)))]
pub async fn list(State(app): State<App>) -> Result<Json<Listing<SaidRamp>>, Problem> {
    let again = app.clone();
    let all = app.read(move |tx| acts::ramps(tx, again.node())).await?;
    let said = |row: RampRow| SaidRamp {
        service: row.service.to_string(),
        ramp: row.ramp.to_string(),
        set_by: row.by.to_string(),
        set_at: row.at,
        why: row.why,
    };
    Ok(Json(Listing::whole(all.into_iter().map(said).collect())))
}

/// What rules are about to take back: all that counts down now, the oldest first.
#[utoipa::path(get, path = "/api/v1/reflexes", tag = "changes", responses((status = 200, body = Listing<RuleReflex>)))]
pub async fn counting(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Json<Listing<RuleReflex>>, Problem> {
    let all = app.read(move |tx| acts::counting(tx, visitor.sight())).await?;
    Ok(Json(Listing::whole(all.iter().map(wire).collect())))
}

/// How far a service lets rules take back changes of it, and the record that this rests on.
#[utoipa::path(get, path = "/api/v1/services/{name}/ramp", tag = "changes", params(("name" = String, Path)),
    responses((status = 200, body = ServiceRamp)))]
pub async fn of_service(State(app): State<App>, Path(text): Path<String>) -> Result<Json<ServiceRamp>, Problem> {
    let name = read_service(&text)?;
    let node = app.clone();
    let found = app.read(move |tx| {
        let catalog = node.node().rules(tx)?.catalog.clone();
        if !catalog.services.contains_key(&name) {
            return Err(Refusal::not_found(format!("service {name}")).into());
        }
        Ok(standing(&name, &acts::of_service(tx, &name)?))
    });
    Ok(Json(found.await?))
}

/// Says how far a service lets rules take back changes of it. Up one step at a time, and beyond suggesting only by its record.
#[utoipa::path(put, path = "/api/v1/services/{name}/ramp", tag = "changes", params(("name" = String, Path)),
    request_body = NewRamp, responses((status = 200, body = ServiceRamp)))]
pub async fn set(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewRamp>,
) -> Result<Json<ServiceRamp>, Problem> {
    let name = read_service(&text)?;
    let NewRamp { ramp, why } = body.value;
    let said = name.clone();
    Ok(Json(standing(&name, &set_ramp(&app, &visitor, said, ramp, why).await?)))
}

/// The same, for pages.
pub(crate) async fn set_ramp(
    app: &App,
    visitor: &Visitor,
    name: Name,
    ramp: Ramp,
    why: String,
) -> Result<Standing, store::Halt> {
    let again = visitor.clone();
    app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let catalog = node.rules(tx)?.catalog.clone();
            if catalog.services.contains_key(&name) {
                actions::allow::service(&catalog, again.person(), again.access(), &name)?;
            }
            acts::set_ramp(tx, node, &mut moment.again(), &name, ramp, &why)
        })
    })
    .await
}

/// What rules made of the suspects of an incident, the oldest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/reflexes", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = Listing<RuleReflex>)))]
pub async fn of_incident(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<RuleReflex>>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| {
        seen(tx, id, visitor.sight())?;
        acts::of_incident(tx, id, visitor.sight())
    });
    Ok(Json(Listing::whole(found.await?.iter().map(wire).collect())))
}

/// Stops a rule that counts down.
#[utoipa::path(post, path = "/api/v1/reflexes/{id}", tag = "changes", params(("id" = String, Path)),
    request_body = ReflexDeed, responses((status = 200, body = RuleReflex)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ReflexDeed>,
) -> Result<Json<RuleReflex>, Problem> {
    let ReflexDeed::Stop { why } = body.value;
    Ok(Json(wire(&stop(&app, &visitor, read_id(&text)?, why).await?)))
}

/// The same, for pages.
pub(crate) async fn stop(app: &App, visitor: &Visitor, id: ReflexId, why: String) -> Result<Recorded, store::Halt> {
    app.act(visitor.actor(), move |store, _, moment| store.write(|tx| acts::stop(tx, &mut moment.again(), id, &why)))
        .await
}

/// What cannot be an id is a reflex that is not there.
pub(crate) fn read_id(shown: &str) -> Result<ReflexId, Refusal> {
    shown.parse().map_err(|_| Refusal::not_found(format!("reflex {}", text::shorten(shown, 40))))
}

/// What cannot be a name is a service that is not there.
pub(crate) fn read_service(shown: &str) -> Result<Name, Refusal> {
    shown.parse().map_err(|_| Refusal::not_found(format!("service {}", text::shorten(shown, 63))))
}
