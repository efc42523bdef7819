//! Pins over the API: which there are and how they stand, an incident is pinned, a pin says something else, or is retired.

use actions::learn::pins::{self as acts, NewPin as Wanted, Seen};
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use axum::{Extension, Json};
use domain::learn::pins::{Standing, Verdict, print};
use domain::words::{IncidentId, PinId, Refusal, Span, Timestamp, text};
use serde::{Deserialize, Serialize};
use store::{Halt, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search, created};
use crate::api::listing::Listing;
use crate::api::respond::incidents::id as incident_id;
use crate::app::App;
use crate::enter::Visitor;
use crate::pin_runs;
use crate::problem::Problem;

/// An incident whose signals must go on to reach people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Pin)]
pub struct Pin {
    /// `pin_…`
    pub id: String,
    pub incident: String,
    /// The name of the incident when it was pinned.
    pub title: String,
    /// `anybody`, `person/NAME`, `schedule/NAME` or `team/NAME`.
    pub whom: String,
    /// After the first signal.
    #[schema(value_type = String)]
    pub within: Span,
    /// The same in words.
    pub expects: String,
    pub pinned_by: String,
    pub pinned_at: Timestamp,
    /// How many calls of sources it keeps, for as long as it is there.
    pub signals: u32,
    /// How often somebody who may let it fail.
    pub overridden: i64,
    /// With what is in force: `holds`, `fails`, `stale` (what it names is no more, but somebody is called) or `unknown`.
    pub standing: String,
    /// Why, in one sentence.
    pub said: String,
    /// What would happen, from the first signal.
    pub story: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<PinRetired>,
}

/// That a pin holds nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PinRetired {
    pub at: Timestamp,
    pub by: String,
    pub why: String,
}

/// An incident is to be pinned. What is absent is as it happened: who was called first, and how long that took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPin {
    /// `anybody`, `person/NAME`, `schedule/NAME` or `team/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whom: Option<String>,
    /// After the first signal: `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub within: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What to do with a pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PinDeed {
    /// It must reach somebody else, or in another time. What is absent stays.
    Edit {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        whom: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        within: Option<Span>,
        why: String,
    },
    /// It holds nothing any more.
    Retire { why: String },
}

/// Which pins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PinQuery {
    /// `true`: also those that are retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<bool>,
    /// Of one incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// What cannot be an id is a pin that is not there.
pub(crate) fn read_id(shown: &str) -> Result<PinId, Refusal> {
    shown.parse().map_err(|_| Refusal::not_found(format!("pin {}", text::shorten(shown, 40))))
}

fn wire(seen: &Seen, verdict: Option<&Verdict>) -> Pin {
    let pin = &seen.pin;
    let said = match (verdict, &pin.retired) {
        (Some(verdict), None) => verdict.said.clone(),
        (_, Some(_)) => "it is retired, and holds nothing".to_owned(),
        (None, None) => "it was not played yet".to_owned(),
    };
    Pin {
        id: pin.id.to_string(),
        incident: pin.incident.to_string(),
        title: pin.title.clone(),
        whom: pin.expect.whom.word(),
        within: pin.expect.within,
        expects: pin.expect.to_string(),
        pinned_by: pin.pinned_by.to_string(),
        pinned_at: pin.pinned_at,
        signals: pin.signals,
        overridden: seen.overridden,
        standing: verdict.map_or(Standing::Unknown, |verdict| verdict.standing).to_string(),
        said,
        story: verdict.map_or_else(Vec::new, |verdict| verdict.story.clone()),
        retired: pin.retired.as_ref().map(|retired| PinRetired {
            at: retired.at,
            by: retired.by.to_string(),
            why: retired.why.clone(),
        }),
    }
}

fn wired(tx: &mut Tx<'_>, app: &App, all: &[Seen]) -> Result<Vec<Pin>, Halt> {
    let catalog = app.node().rules(tx)?.catalog.clone();
    let print = print(&catalog);
    let one = |seen: &Seen| {
        let verdict = acts::verdict(app.node(), &seen.pin, &catalog, print, app.now());
        wire(seen, verdict.as_deref().filter(|_| seen.pin.retired.is_none()))
    };
    Ok(all.iter().map(one).collect())
}

/// Plays the pins through what is in force, as far as that was not done.
pub(crate) async fn play_in_force(app: &App) -> Result<(), Halt> {
    let again = app.clone();
    let catalog = app.read(move |tx| Ok(again.node().rules(tx)?.catalog.clone())).await?;
    pin_runs::play(app, vec![(*catalog).clone()]).await
}

/// Pins of incidents that you see, the newest first, and how they stand with what is in force.
#[utoipa::path(get, path = "/api/v1/pins", tag = "learn", params(PinQuery),
    responses((status = 200, body = Listing<Pin>)))]
pub async fn list(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<PinQuery>,
) -> Result<Json<Listing<Pin>>, Problem> {
    let of = query.incident.as_deref().map(incident_id).transpose()?;
    play_in_force(&app).await?;
    let again = app.clone();
    let found = app.read(move |tx| {
        let mut all = acts::list(tx, query.retired == Some(true), visitor.sight())?;
        all.retain(|seen| of.is_none_or(|of| seen.pin.incident == of));
        wired(tx, &again, &all)
    });
    Ok(Json(Listing::whole(found.await?)))
}

/// One pin, and how it stands with what is in force.
#[utoipa::path(get, path = "/api/v1/pins/{id}", tag = "learn", params(("id" = String, Path)),
    responses((status = 200, body = Pin)))]
pub async fn one(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Pin>, Problem> {
    let id = read_id(&text)?;
    play_in_force(&app).await?;
    let again = app.clone();
    let found = app.read(move |tx| {
        let seen = acts::seen(tx, id, visitor.sight())?;
        Ok(wired(tx, &again, std::slice::from_ref(&seen))?.pop())
    });
    Ok(Json(found.await?.ok_or_else(|| Refusal::not_found(format!("pin {id}")))?))
}

/// Pins an incident: documents by which its signals would not reach whom they must in time are held from then on.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/pins", tag = "learn", params(("id" = String, Path)),
    request_body = NewPin, responses((status = 201, body = Pin)))]
pub async fn pin(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewPin>,
) -> Result<Response, Problem> {
    let NewPin { whom, within, why } = body.value;
    let whom = whom.as_deref().map(str::parse).transpose()?;
    let seen = make(&app, &visitor, incident_id(&text)?, Wanted { whom, within, why }).await?;
    let made = wire(&seen, None);
    Ok(created(&format!("/api/v1/pins/{}", made.id), &made))
}

/// The same for pages.
pub(crate) async fn make(app: &App, visitor: &Visitor, incident: IncidentId, new: Wanted) -> Result<Seen, Halt> {
    let (again, by, now) = (app.clone(), visitor.clone(), app.now());
    let gathered = app.read(move |tx| acts::gather(tx, again.node(), incident, by.sight(), now)).await?;
    let made = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::pin(tx, node, &mut moment.again(), incident, &gathered, &new))
    });
    made.await
}

/// Says anew whom a pin must reach, or retires it. A reason is asked for either.
#[utoipa::path(post, path = "/api/v1/pins/{id}", tag = "learn", params(("id" = String, Path)),
    request_body = PinDeed, responses((status = 200, body = Pin)))]
pub async fn act(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<PinDeed>,
) -> Result<Json<Pin>, Problem> {
    let seen = deed(&app, &visitor, read_id(&text)?, body.value).await?;
    Ok(Json(wire(&seen, None)))
}

/// The same for pages.
pub(crate) async fn deed(app: &App, visitor: &Visitor, id: PinId, deed: PinDeed) -> Result<Seen, Halt> {
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| match &deed {
            PinDeed::Edit { whom, within, why } => {
                let whom = whom.as_deref().map(str::parse).transpose()?;
                acts::expect(tx, node, &mut moment.again(), id, whom, *within, why)
            }
            PinDeed::Retire { why } => acts::retire(tx, &mut moment.again(), id, why),
        })
    });
    done.await
}
