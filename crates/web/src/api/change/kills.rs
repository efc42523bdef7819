//! Kills over the API: made, lifted, put off; and how far each has come.

use actions::change::kills::{self as acts, Wanted};
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::{Extension, Json};
use domain::change::flag_readers::{FlagReader, propagation};
use domain::change::kills::{KillTo, Phase};
use domain::prepare::catalog::Catalog;
use domain::respond::sight::Sight;
use domain::words::{KillId, Name, Refusal, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::change::kills::{self as rows, KillRow};
use store::change::{environment_keys, flag_readers};
use store::{Halt, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search, created};
use crate::api::detect::alerts::name as read_name;
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A flag that was switched to one variant, or off, above its definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = FlagKill)]
pub struct Kill {
    pub id: String,
    /// The document of the flag, if there still is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// What programs call the flag.
    pub key: String,
    pub environment: String,
    /// What everybody gets; absent: everybody takes their own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// `in-force`, `expired`, `lifted`.
    pub state: String,
    pub by: String,
    /// Absent, if it is for an incident that you do not see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The incident that it contains, if you see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    pub at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<String>,
    /// Who has fetched since; only where one kill is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagation: Option<KillPropagation>,
}

/// How far a kill, or its end, has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KillPropagation {
    /// Since when: when it was made, or when it was lifted.
    pub since: Timestamp,
    /// How many programs have fetched since.
    pub reached: u64,
    /// Those who fetched within the hour before, and have not since.
    pub behind: Vec<Reader>,
}

/// A program that fetched flags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = FlagReader)]
pub struct Reader {
    /// What its key is for.
    pub key: String,
    /// `server` or `client`.
    pub kind: String,
    /// Where it asks from; absent for keys that are with users, of whom nothing is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    pub fetched_at: Timestamp,
    /// The version of the environment that it got.
    pub version: String,
}

/// A kill to be made. One of `expires_at` and `for` says when it ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKill {
    pub environment: String,
    /// What everybody gets. Absent: the one variant that is false; if there is none such, everybody takes their own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Everybody takes their own default, whatever variants there are.
    #[serde(default)]
    pub disable: bool,
    /// Why, so that others know.
    pub why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// For how long: `4h`.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub span: Option<Span>,
    /// The incident that it contains: it stands on its timeline, and only who sees it is told why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// Why a kill is lifted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifting {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Until when a kill lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KillExtension {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// From now on: `24h`.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub span: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Which kills.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KillQuery {
    /// Only those in force.
    #[serde(default)]
    pub in_force: bool,
    /// How many at once: 50, or 1 to 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How many readers of an environment are looked at.
const READERS_MOST: u32 = 2000;

/// A kill as whoever looks may see it.
pub(crate) fn wire(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    row: KillRow,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Kill, Halt> {
    let KillRow { id, environment, kill } = rows::seen(tx, row, sight)?;
    Ok(Kill {
        id: id.to_string(),
        flag: acts::document(catalog, &kill.flag).map(|(name, _)| name.to_string()),
        key: kill.flag.clone(),
        environment: environment.to_string(),
        variant: if let KillTo::Variant(name) = &kill.to { Some(name.clone()) } else { None },
        state: word(kill.phase(now)).to_owned(),
        by: kill.by.clone(),
        why: Some(kill.why).filter(|why| !why.is_empty()),
        incident: kill.incident.map(|incident| incident.to_string()),
        at: kill.at,
        expires_at: kill.expires_at,
        lifted_at: kill.lifted.as_ref().map(|one| one.at),
        lifted_by: kill.lifted.map(|one| one.by),
        propagation: None,
    })
}

pub(crate) const fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::InForce => "in-force",
        Phase::Expired => "expired",
        Phase::Lifted => "lifted",
    }
}

/// The programs of an environment that fetched since.
pub(crate) fn readers(tx: &mut Tx<'_>, environment: &Name, since: Timestamp) -> Result<Vec<FlagReader>, Halt> {
    Ok(flag_readers::since(tx, environment, since, READERS_MOST)?)
}

/// Programs as the API has them, with what their keys are for.
pub(crate) fn wire_readers<'r>(
    tx: &mut Tx<'_>,
    environment: &Name,
    readers: impl IntoIterator<Item = &'r FlagReader>,
) -> Result<Vec<Reader>, Halt> {
    let keys = environment_keys::of_environment(tx, environment)?;
    let wire = |reader: &FlagReader| {
        let key = keys.iter().find(|key| key.id == reader.key);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Reader {
            key: key.map(|key| key.title.clone()).unwrap_or_default(),
            kind: key.map_or("server", |key| key.kind.word()).to_owned(),
            address: some(&reader.address),
            agent: some(&reader.agent),
            fetched_at: reader.fetched_at,
            version: reader.version.clone(),
        }
    };
    Ok(readers.into_iter().map(wire).collect())
}

/// A kill with how far it has come.
pub(crate) fn whole(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    row: KillRow,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Kill, Halt> {
    let environment = row.environment.clone();
    let since = row.kill.lifted.as_ref().map_or(row.kill.at, |lifted| lifted.at);
    let all = readers(tx, &environment, Span::hours(1).before(since))?;
    let told = propagation(&all, since);
    let behind = wire_readers(tx, &environment, told.behind.iter().copied())?;
    let propagation = KillPropagation { since, reached: told.reached.len() as u64, behind };
    Ok(Kill { propagation: Some(propagation), ..wire(tx, catalog, row, sight, now)? })
}

pub(crate) fn read_id(text: &str) -> Result<KillId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("kill with this id"))
}

impl NewKill {
    fn read(&self, flag: Name, now: Timestamp) -> Result<Wanted, Refusal> {
        let environment = self.environment.parse().map_err(|wrong: Refusal| wrong.at("/environment"))?;
        let incident = self.incident.as_deref().map(str::parse).transpose();
        let to = match (&self.variant, self.disable) {
            (Some(_), true) => return Err(Refusal::invalid("either `variant` or `disable`").at("/disable")),
            (Some(variant), false) => Some(KillTo::Variant(variant.clone())),
            (None, true) => Some(KillTo::Disabled),
            (None, false) => None,
        };
        Ok(Wanted {
            flag,
            environment,
            to,
            why: self.why.clone(),
            expires_at: end(self.expires_at, self.span, now)?,
            incident: incident.map_err(|wrong: Refusal| wrong.at("/incident"))?,
        })
    }
}

fn end(expires_at: Option<Timestamp>, span: Option<Span>, now: Timestamp) -> Result<Timestamp, Refusal> {
    match (expires_at, span) {
        (Some(expires_at), None) => Ok(expires_at),
        (None, Some(span)) => Ok(span.after(now)),
        _ => Err(Refusal::invalid("say when it ends: either `expires_at` or `for`").at("/expires_at")),
    }
}

/// The domain says `/to/variant`; here the field is spelt otherwise.
fn ours(halt: Halt) -> Problem {
    let mut problem = Problem::from(halt);
    if problem.at.as_deref() == Some("/to/variant") {
        problem.at = Some("/variant".into());
    }
    problem
}

/// Kills, the newest first.
#[utoipa::path(get, path = "/api/v1/kills", tag = "flags", params(KillQuery),
    responses((status = 200, body = Listing<Kill>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Search(query): Search<KillQuery>,
) -> Result<Response, Problem> {
    let limit = u32::try_from(listing::limit(query.limit)?).unwrap_or(500);
    let before: Option<KillId> = listing::after(query.cursor.as_deref())?;
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        let found = if query.in_force {
            let mut all = rows::standing(tx)?;
            all.retain(|row| row.kill.is_in_force(now) && before.is_none_or(|before| row.id < before));
            all.reverse();
            all
        } else {
            rows::list(tx, before, limit + 1)?
        };
        found.into_iter().map(|row| wire(tx, &catalog, row, visitor.sight(), now)).collect::<Result<Vec<_>, _>>()
    });
    let mut items = found.await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|one| one.id.clone());
    Ok(Listing::part(items, next).answer(&uri))
}

/// One kill, with who has fetched since.
#[utoipa::path(get, path = "/api/v1/kills/{id}", tag = "flags", params(("id" = String, Path)),
    responses((status = 200, body = Kill)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Kill>, Problem> {
    let (id, again, now) = (read_id(&text)?, app.clone(), app.now());
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        let row = acts::find(tx, id)?;
        whole(tx, &catalog, row, visitor.sight(), now)
    });
    Ok(Json(found.await?))
}

/// Kills a flag in an environment: from now on everybody gets one variant, or their own default, whatever its definition
/// says, until the kill ends. No change of documents undoes it.
#[utoipa::path(post, path = "/api/v1/flags/{name}/kills", tag = "flags", params(("name" = String, Path)),
    request_body = NewKill, responses((status = 201, body = Kill)))]
pub async fn create(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewKill>,
) -> Result<Response, Problem> {
    let wanted = body.value.read(read_name(&text, "flag")?, app.now())?;
    let made = kill(&app, &visitor, wanted).await.map_err(ours)?;
    Ok(created(&format!("/api/v1/kills/{}", made.id), &made))
}

/// Makes a kill, and serves it at once.
pub(crate) async fn kill(app: &App, visitor: &Visitor, wanted: Wanted) -> Result<Kill, Halt> {
    act(app, visitor, move |tx, moment, catalog| acts::kill(tx, moment, catalog, &wanted)).await
}

/// Lifts a kill: the flag is again what its definition says.
#[utoipa::path(post, path = "/api/v1/kills/{id}/lift", tag = "flags", params(("id" = String, Path)),
    request_body = Lifting, responses((status = 200, body = Kill)))]
pub async fn lift(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<Lifting>,
) -> Result<Json<Kill>, Problem> {
    let id = read_id(&text)?;
    Ok(Json(lift_one(&app, &visitor, id, body.value.why).await?))
}

pub(crate) async fn lift_one(app: &App, visitor: &Visitor, id: KillId, why: Option<String>) -> Result<Kill, Halt> {
    act(app, visitor, move |tx, moment, catalog| acts::lift(tx, moment, catalog, id, why.as_deref())).await
}

/// Lets a kill end at another time.
#[utoipa::path(post, path = "/api/v1/kills/{id}/extend", tag = "flags", params(("id" = String, Path)),
    request_body = KillExtension, responses((status = 200, body = Kill)))]
pub async fn extend(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<KillExtension>,
) -> Result<Json<Kill>, Problem> {
    let id = read_id(&text)?;
    let expires_at = end(body.value.expires_at, body.value.span, app.now())?;
    Ok(Json(extend_one(&app, &visitor, id, expires_at, body.value.why).await?))
}

pub(crate) async fn extend_one(
    app: &App,
    visitor: &Visitor,
    id: KillId,
    expires_at: Timestamp,
    why: Option<String>,
) -> Result<Kill, Halt> {
    act(app, visitor, move |tx, moment, catalog| acts::extend(tx, moment, catalog, id, expires_at, why.as_deref()))
        .await
}

/// Runs an act on a kill; this node serves what came of it before it answers.
async fn act(
    app: &App,
    visitor: &Visitor,
    mut act: impl FnMut(&mut Tx<'_>, &mut actions::Moment<'_>, &Catalog) -> Result<KillRow, Halt> + Send + 'static,
) -> Result<Kill, Halt> {
    let again = visitor.clone();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        let made = store.write(|tx| {
            let catalog = node.rules(tx)?.catalog.clone();
            let row = act(tx, &mut moment.again(), &catalog)?;
            wire(tx, &catalog, row, again.sight(), moment.now)
        })?;
        actions::change::flags::refresh(store, node, moment.now)?;
        Ok(made)
    });
    done.await
}
