//! Incidents over the API: listed, declared, described, led from phase to phase, linked, hidden and shown.

use actions::respond::incidents::{Declaration, Description};
use actions::respond::room::{self, Room};
use actions::respond::runbooks::Pointer;
use actions::respond::{incidents as acts, links};
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::{Extension, Json};
use domain::respond::incidents::{Activity, Class, Command, Visibility};
use domain::words::{IncidentId, Name, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::respond::incidents::{Filter, IncidentRow};
use utoipa::{IntoParams, ToSchema};

use super::assignments::{self, Assignment};
use super::stamps::{self, NewStamp, Stamp};
use super::tasks::{self, Task};
use super::updates::{self, Promise, Update};
use crate::api::body::{Body, Search, created};
use crate::api::engage::pages::{self, Page};
use crate::api::learn::score_sheets::{Rehearsed, wire_rehearsal};
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Something that people respond to together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    pub id: String,
    pub title: String,
    /// `security`, `system` or `operational`.
    pub class: String,
    /// `reported`, `active`, `resolved`, `in-review`, `closed`, `cancelled` or `merged`.
    pub phase: String,
    /// Since when it is in this phase.
    pub since: Timestamp,
    /// A level of the severity matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What goes on: `analysis`, `containment`, `eradication`, `recovery`, `monitoring`.
    pub activities: Vec<Going>,
    /// `open`, or `restricted`: then only those who are named see it.
    pub visibility: String,
    /// What it is called where others might read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// Who accepted command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commander: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    pub services: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// How often it came back.
    pub reopened: u32,
    pub retrospective: bool,
    pub near_miss: bool,
    /// It is only practised.
    #[serde(default)]
    pub drill: bool,
    /// `person:ana`.
    pub reported_by: String,
    pub reported_at: Timestamp,
}

/// Something that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Going {
    pub activity: String,
    pub since: Timestamp,
}

/// An incident with all that stands around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentDetail {
    #[serde(flatten)]
    pub incident: Incident,
    /// Every claim of when something happened.
    pub stamps: Vec<Stamp>,
    /// What looks odd about them.
    pub oddities: Vec<String>,
    /// How long things took, from the stamps that count.
    pub measures: Vec<stamps::Measured>,
    pub assignments: Vec<Assignment>,
    pub tasks: Vec<Task>,
    /// What people were told, and drafts that wait, in the order in which they were written.
    pub updates: Vec<Update>,
    /// The updates that were promised, in the order in which they were.
    pub promises: Vec<Promise>,
    /// Who owes the next one: whoever leads the communication, or else commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owes_update: Option<String>,
    /// The pages about the incident itself, the newest first: for a commander, and reminders.
    pub pages: Vec<Page>,
    /// What whoever leads may want to think of.
    pub hints: Vec<String>,
    /// Who is named for it.
    pub people: Vec<String>,
    /// What belongs to it: groups of alerts, other incidents.
    pub links: Vec<Linked>,
    /// Where it is written what to do about its services and alerts.
    pub runbooks: Vec<Runbook>,
    /// What should be so before it is over.
    pub end_criteria: Vec<EndCriterion>,
}

/// Where it is written what to do: a document of kind `runbook`, or an address elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Runbook {
    Document {
        /// Its name: `payments-fail`.
        runbook: String,
        title: String,
        /// When it was last followed in a drill.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rehearsed: Option<Rehearsed>,
    },
    Address {
        /// The service or the alert that names it.
        of: String,
        url: String,
    },
}

/// Something that belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Linked {
    /// `grp_…`, `inc_…`.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a group: how many of its alerts are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_alerts: Option<usize>,
    /// Of an incident: its phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
}

/// Something that should be so before it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndCriterion {
    pub says: String,
    pub met: bool,
}

/// An incident that is declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by itself")]
pub struct NewIncident {
    pub title: String,
    #[schema(value_type = String)]
    pub class: Class,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// "I declare it because ..."
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// "The impact is ..."
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub services: Vec<Name>,
    /// What it comes from: `alr_…`, `grp_…`, `pag_…`, `inc_…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Absent: a security incident is restricted, another is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub visibility: Option<Visibility>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// Only report it: somebody is to look at it first.
    #[serde(default)]
    pub only_reported: bool,
    #[serde(default)]
    pub near_miss: bool,
    /// It is only practised: it is marked so wherever it is named, and nothing of it is said in public.
    #[serde(default)]
    pub drill: bool,
    /// It is over, and is written down afterwards.
    #[serde(default)]
    pub retrospective: bool,
    /// When what happened, as far as it is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stamps: Vec<NewStamp>,
}

/// What is said anew. What is absent stays; a text that is empty goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDescription {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub services: Option<Vec<Name>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_miss: Option<bool>,
}

/// What to do with an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Deed {
    Declare(Reason),
    /// It was none.
    Cancel(Reason),
    /// Sets its severity.
    Grade {
        severity: String,
        #[serde(default)]
        why: Option<String>,
    },
    Reclassify {
        #[schema(value_type = String)]
        class: Class,
        #[serde(default)]
        why: Option<String>,
    },
    Begin {
        #[schema(value_type = String)]
        activity: Activity,
    },
    End {
        #[schema(value_type = String)]
        activity: Activity,
        /// Of a recovery: what was restored was checked, and is sound.
        #[serde(default)]
        integrity_checked: bool,
        #[serde(default)]
        why: Option<String>,
    },
    /// Impact is back under the threshold.
    Mitigate(Reason),
    /// It is over. With a reason if an end criterion is not met.
    Resolve(Reason),
    Reopen(Reason),
    Merge {
        into: String,
        #[serde(default)]
        why: Option<String>,
    },
    Close(Reason),
    Restrict(Reason),
    /// Everybody may see it from now on.
    Reveal(Reason),
}

/// A reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Deed {
    fn read(self) -> Result<(Command, Option<String>), Refusal> {
        Ok(match self {
            Self::Declare(Reason { why }) => (Command::Declare, why),
            Self::Cancel(Reason { why }) => (Command::Cancel, why),
            Self::Grade { severity, why } => (Command::Grade { level: severity }, why),
            Self::Reclassify { class, why } => (Command::Reclassify { class }, why),
            Self::Begin { activity } => (Command::Begin { activity }, None),
            Self::End { activity, integrity_checked, why } => (Command::End { activity, integrity_checked }, why),
            Self::Mitigate(Reason { why }) => (Command::Mitigate, why),
            Self::Resolve(Reason { why }) => (Command::Resolve { unmet: Vec::new() }, why),
            Self::Reopen(Reason { why }) => (Command::Reopen, why),
            Self::Merge { into, why } => {
                (Command::Merge { into: into.parse().map_err(|refusal: Refusal| refusal.at("/into"))? }, why)
            }
            Self::Close(Reason { why }) => (Command::Close, why),
            Self::Restrict(Reason { why }) => (Command::Restrict, why),
            Self::Reveal(Reason { why }) => (Command::Reveal, why),
        })
    }
}

/// What belongs to an incident from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// `alr_…`, `grp_…`, `pag_…`, `inc_…`.
    pub subject: String,
}

/// Who may see an incident from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    #[schema(value_type = String)]
    pub person: Name,
}

/// Which incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IncidentQuery {
    /// `open` (reported and active, and what is listed without this) or `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Words in the title, the reason or the impact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// `true`: only drills; `false`: only what is none; both, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl IncidentQuery {
    fn filter(&self) -> Result<Filter, Refusal> {
        let open = match self.state.as_deref().unwrap_or("open") {
            "open" => true,
            "all" => false,
            _ => return Err(Refusal::invalid("the state is one of open and all").at("?state")),
        };
        let class =
            self.class.as_deref().map(str::parse).transpose().map_err(|refusal: Refusal| refusal.at("?class"))?;
        let words = self.q.clone().filter(|words| !words.trim().is_empty());
        Ok(Filter { open, class, severity: self.severity.clone(), words, drill: self.drill })
    }
}

pub(crate) fn wire(row: &IncidentRow) -> Incident {
    let state = &row.state;
    Incident {
        id: row.id.to_string(),
        title: row.title.clone(),
        class: state.class.word().to_owned(),
        phase: state.phase.word().to_owned(),
        since: state.since,
        severity: state.severity.clone(),
        activities: state
            .activities
            .iter()
            .map(|(activity, since)| Going { activity: activity.word().to_owned(), since: *since })
            .collect(),
        visibility: state.visibility.word().to_owned(),
        codename: row.codename.clone(),
        commander: state.commander.as_ref().map(ToString::to_string),
        because: row.because.clone(),
        impact: row.impact.clone(),
        services: row.services.iter().map(ToString::to_string).collect(),
        merged_into: state.merged_into.map(|id| id.to_string()),
        reopened: state.reopened,
        retrospective: row.retrospective,
        near_miss: row.near_miss,
        drill: row.drill,
        reported_by: row.reported_by.clone(),
        reported_at: row.reported_at,
    }
}

pub(crate) fn detail(room: &Room, now: Timestamp) -> IncidentDetail {
    let groups = room.groups.iter().map(|group| Linked {
        subject: group.id.to_string(),
        title: group.title.clone(),
        open_alerts: Some(group.open),
        phase: None,
    });
    let others = room.others.iter().map(|other| Linked {
        subject: other.id.to_string(),
        title: Some(other.name().into_owned()),
        open_alerts: None,
        phase: Some(other.state.phase.word().to_owned()),
    });
    IncidentDetail {
        incident: wire(&room.row),
        stamps: stamps::wire_all(&room.stamps),
        oddities: room.oddities.iter().map(ToString::to_string).collect(),
        measures: room.measures.iter().map(stamps::measured).collect(),
        assignments: room.assignments.iter().map(assignments::wire).collect(),
        tasks: room.tasks.iter().map(tasks::wire).collect(),
        updates: room.updates.iter().map(updates::wire).collect(),
        promises: room.promises.iter().map(|one| updates::wire_promise(one, now)).collect(),
        owes_update: room.owes_update.as_ref().map(ToString::to_string),
        pages: room.pages.iter().map(pages::wire).collect(),
        hints: room.hints.iter().map(ToString::to_string).collect(),
        people: room.people.iter().map(ToString::to_string).collect(),
        links: groups.chain(others).collect(),
        runbooks: room.runbooks.iter().map(runbook).collect(),
        end_criteria: room.criteria.iter().map(|one| EndCriterion { says: one.says.clone(), met: one.met }).collect(),
    }
}

fn runbook(pointer: &Pointer) -> Runbook {
    match pointer.clone() {
        Pointer::Document { name, title, rehearsed } => {
            Runbook::Document { runbook: name.to_string(), title, rehearsed: rehearsed.map(wire_rehearsal) }
        }
        Pointer::Address { of, url } => Runbook::Address { of, url },
    }
}

/// What cannot be an id is an incident that is not there.
pub(crate) fn id(text: &str) -> Result<IncidentId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("incident with this id"))
}

/// Incidents that you may see, the newest first.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", params(IncidentQuery),
    responses((status = 200, body = Listing<Incident>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Search(query): Search<IncidentQuery>,
) -> Result<Response, Problem> {
    let (filter, limit) = (query.filter()?, listing::limit(query.limit)?);
    let before: Option<IncidentId> = listing::after(query.cursor.as_deref())?;
    let rows = app.read(move |tx| {
        let most = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        Ok(store::respond::incidents::list(tx, &filter, visitor.sight(), before, most)?)
    });
    let mut rows = rows.await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(Listing::part(rows.iter().map(wire).collect(), next).answer(&uri))
}

/// One incident, with its stamps, roles, links and end criteria.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = IncidentDetail)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<IncidentDetail>, Problem> {
    let id = id(&text)?;
    let found =
        app.look(move |store, node, now| Ok((store.read(|tx| room::room(tx, node, id, visitor.sight(), now))?, now)));
    let (room, now) = found.await?;
    Ok(Json(detail(&room, now)))
}

/// Declares an incident, or reports it. Anybody may.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "incidents", request_body = NewIncident,
    responses((status = 201, body = Incident)))]
pub async fn declare(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<NewIncident>,
) -> Result<Response, Problem> {
    let new = body.value;
    let claims = new.stamps.iter().enumerate().map(|(place, stamp)| {
        stamp.read().map_err(|refusal| {
            let at = format!("/stamps/{place}{}", refusal.at.as_deref().unwrap_or(""));
            refusal.at(at)
        })
    });
    let wanted = Declaration {
        title: new.title,
        class: new.class,
        severity: new.severity,
        because: new.because,
        impact: new.impact,
        services: new.services,
        visibility: new.visibility,
        codename: new.codename,
        only_reported: new.only_reported,
        near_miss: new.near_miss,
        drill: new.drill,
        retrospective: new.retrospective,
        stamps: claims.collect::<Result<_, _>>()?,
        from: new.from,
    };
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| Ok(wire(&acts::declare(tx, node, &mut moment.again(), &wanted)?)))
    });
    let made = done.await?;
    Ok(created(&format!("/api/v1/incidents/{}", made.id), &made))
}

/// Says anew what it is about.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/describe", tag = "incidents", params(("id" = String, Path)),
    request_body = NewDescription, responses((status = 200, body = Incident)))]
pub async fn describe(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewDescription>,
) -> Result<Json<Incident>, Problem> {
    let id = id(&text)?;
    let NewDescription { title, because, impact, services, near_miss } = body.value;
    let said = Description { title, because, impact, services, near_miss };
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| Ok(wire(&acts::describe(tx, node, &mut moment.again(), id, &said)?)))
    });
    Ok(Json(done.await?))
}

/// Does something with an incident: declare, cancel, grade, reclassify, begin, end, mitigate, resolve, reopen, merge,
/// close, restrict, reveal.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/act", tag = "incidents", params(("id" = String, Path)),
    request_body = Deed, responses((status = 200, body = Incident)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<Deed>,
) -> Result<Json<Incident>, Problem> {
    let id = id(&text)?;
    let (command, why) = body.value.read()?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| Ok(wire(&acts::act(tx, node, &mut moment.again(), id, &command, why.as_deref())?)))
    });
    Ok(Json(done.await?))
}

/// Links a group of alerts, by itself, one of its alerts or its page; or another incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/links", tag = "incidents", params(("id" = String, Path)),
    request_body = NewLink, responses((status = 204)))]
pub async fn link(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewLink>,
) -> Result<StatusCode, Problem> {
    let id = id(&text)?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| links::link(tx, node, &mut moment.again(), id, &body.value.subject))
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a link away.
#[utoipa::path(delete, path = "/api/v1/incidents/{id}/links/{subject}", tag = "incidents",
    params(("id" = String, Path), ("subject" = String, Path)), responses((status = 204)))]
pub async fn unlink(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, subject)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let id = id(&text)?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| links::unlink(tx, &mut moment.again(), id, &subject))
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Names somebody for an incident: they may see it if it is restricted.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/people", tag = "incidents", params(("id" = String, Path)),
    request_body = NewPerson, responses((status = 204)))]
pub async fn name_person(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewPerson>,
) -> Result<StatusCode, Problem> {
    let id = id(&text)?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::name_person(tx, node, &mut moment.again(), id, &body.value.person))
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes somebody off an incident.
#[utoipa::path(delete, path = "/api/v1/incidents/{id}/people/{person}", tag = "incidents",
    params(("id" = String, Path), ("person" = String, Path)), responses((status = 204)))]
pub async fn remove_person(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, person)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let id = id(&text)?;
    let person: Name = person.parse().map_err(|_| Refusal::not_found("person with this name"))?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| acts::remove_person(tx, &mut moment.again(), id, &person))
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
