//! Action items over the API: proposed, accepted, done, proven, not done after all; and how long they stay open.

use actions::learn::action_items::{self as acts, Detail, Survival};
use actions::learn::{item_checks, trackers};
use actions::{Moment, Node};
use axum::extract::{Path, State as Shared};
use axum::http::Uri;
use axum::response::Response;
use axum::{Extension, Json};
use domain::learn::action_items::{By, Edit, Kind, NewItem, Priority, State, Wish};
use domain::learn::item_checks::{Check, Evidence};
use domain::words::{ActionItemId, IncidentId, Name, Refusal, Timestamp, text};
use serde::{Deserialize, Serialize};
use store::learn::action_items::{Filter, ItemRow, Place};
use store::learn::trackers::TrackedRow;
use store::{Halt, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search, created};
use crate::api::downloads::{Download, cell, yes};
use crate::api::listing::{self, Listing};
use crate::api::respond::incidents::id as incident_id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Something that is to be done after an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActionItem {
    /// `act_…`
    pub id: String,
    pub incident: String,
    pub title: String,
    /// How anybody can tell that it is done.
    pub bound: String,
    pub owner: String,
    /// `prevent`, `detect`, `mitigate` or `process`.
    pub kind: String,
    /// `high`, `normal` or `low`.
    pub priority: String,
    pub due_at: Timestamp,
    /// The factor that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<String>,
    /// What proves it, by `by`: `replay`, `document`, `url`, `commit`, `drill` or `manual`.
    #[schema(value_type = Object)]
    pub check: Check,
    /// The same in words.
    pub check_says: String,
    /// A person says whether it holds, no machine.
    pub by_hand: bool,
    /// `proposed`, `accepted`, `done`, `verified` or `wont-do`.
    pub state: String,
    pub proposed_at: Timestamp,
    /// Since when it is in this state.
    pub since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// Who saw that it holds, where no machine did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<String>,
    /// That it is not to be done: asked for, or decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<ItemDrop>,
    pub reopened: u32,
    pub overdue: bool,
    /// Its check is being asked, or is next then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_at: Option<Timestamp>,
}

/// That an item is not to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemDrop {
    pub why: String,
    pub asked_by: String,
    /// Absent: a second person has not decided yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// An item with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActionItemDetail {
    #[serde(flatten)]
    pub item: ActionItem,
    pub incident_title: String,
    /// `eliminate`, `guard`, `automate`, `alert`, `document` or `train`; absent, where its words do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<String>,
    /// What may be better about its wording.
    pub advice: Vec<String>,
    /// What its checks saw, the latest first.
    pub evidence: Vec<ItemEvidence>,
    /// In which incidents something of it came back.
    pub recurrences: Vec<ItemRecurrence>,
    /// The issue that follows it in a tracker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracked: Option<TrackedIssue>,
}

/// The issue of an action item in a tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrackedIssue {
    pub tracker: String,
    /// `12`, `OPS-12`; absent: it is being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the tracker calls how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Timestamp>,
    /// What stands in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

fn tracked(row: &TrackedRow) -> TrackedIssue {
    TrackedIssue {
        tracker: row.tracker.to_string(),
        issue: row.issue.clone(),
        url: row.url.clone(),
        title: row.title.clone(),
        status: row.status.clone(),
        heard_at: row.heard_at,
        trouble: row.trouble.clone(),
    }
}

/// What a check saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemEvidence {
    /// From when to when it was the same.
    pub at: Timestamp,
    pub until: Timestamp,
    /// `yes`, `no` or `unknown`.
    pub answer: String,
    pub said: String,
    /// Who looked, where no machine did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// That something came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemRecurrence {
    pub incident: String,
    pub at: Timestamp,
    /// The item was done, and was reopened by it.
    pub reopened: bool,
    /// The incident was none after all.
    pub undone: bool,
}

/// An item that is proposed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewActionItem {
    /// What is to be otherwise: it begins with a verb.
    pub title: String,
    /// How anybody can tell that it is done.
    pub bound: String,
    /// One person, who accepts it. Whoever proposes it for themselves has accepted it.
    #[schema(value_type = String)]
    pub owner: Name,
    /// `prevent`, `detect`, `mitigate` or `process`.
    #[schema(value_type = String)]
    pub kind: Kind,
    /// `normal`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub priority: Option<Priority>,
    /// As the severity of the incident has it, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<String>,
    /// What proves it; by hand, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub check: Option<Check>,
}

/// What to do with an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ActionItemDeed {
    /// I do it.
    Accept {},
    /// Somebody else owns it.
    Give {
        #[schema(value_type = String)]
        owner: Name,
    },
    /// It is done, says its owner.
    Done {
        #[serde(default)]
        said: Option<String>,
    },
    /// Asks its check now.
    Check {},
    /// I saw that it holds: where no machine can, by somebody who does not own it.
    Confirm { seen: String },
    /// It need not be done: a second person decides.
    AskDrop { why: String },
    /// I agree that it need not be done.
    ApproveDrop {},
    /// It is to be done after all.
    Keep { why: String },
    /// It was not enough.
    Reopen { why: String },
    /// An issue in a tracker follows it: a new one, or one that is there.
    Track {
        /// The name of the `tracker` document.
        #[schema(value_type = String)]
        tracker: Name,
        /// The address of an issue that is there, as people read it; absent: a new one is made.
        #[serde(default)]
        issue: Option<String>,
        /// Its incident is restricted, and this may leave all the same.
        #[serde(default)]
        consent: bool,
    },
    /// No issue follows it any more; the issue stays as it is.
    Untrack {},
}

/// What is said anew of an item. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionItemEdit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub kind: Option<Kind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub priority: Option<Priority>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Empty: it answers none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub check: Option<Check>,
    /// A later due date has a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Which items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActionItemQuery {
    /// The name of a person; `me`: yours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `open` (proposed and accepted), or one state; all, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `true`: only those that are open and past their due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Of one incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Of incidents that touch this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// How many in one part: 1 to 500, which is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the part before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl ActionItemQuery {
    /// As the store is asked; pages have the same filters.
    pub(crate) fn filter(&self, me: Option<&Name>, now: Timestamp) -> Result<Filter, Refusal> {
        let owner = match self.owner.as_deref() {
            None | Some("") => None,
            Some("me") => me.cloned(),
            Some(name) => Some(name.parse::<Name>().map_err(|refusal| refusal.at("/owner"))?),
        };
        Ok(Filter {
            owner,
            incident: some(self.incident.as_deref()).map(str::parse::<IncidentId>).transpose()?,
            state: some(self.state.as_deref()).map(str::to_owned),
            kind: some(self.kind.as_deref()).map(str::parse::<Kind>).transpose()?,
            priority: some(self.priority.as_deref()).map(str::parse::<Priority>).transpose()?,
            service: some(self.service.as_deref()).map(str::parse::<Name>).transpose()?,
            overdue_at: (self.overdue == Some(true)).then_some(now),
            after: listing::place(self.cursor.as_deref())?
                .map(|text| placed(&text).ok_or_else(listing::wrong))
                .transpose()?,
        })
    }
}

/// What a cursor says: whether it was open, when it is due, which one it was.
fn placed(text: &str) -> Option<Place> {
    let mut parts = text.split(' ');
    let (open, due_at, id) = (parts.next()?, parts.next()?, parts.next()?);
    let due_at = Timestamp::from_microsecond(due_at.parse().ok()?).ok()?;
    Some(Place { open: open.parse().ok()?, due_at, id: id.parse().ok()? })
}

fn some(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// How curves are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SurvivalQuery {
    /// `all` (what is told without this), `kind`, `priority` or `service`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// How long some items stay open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemSurvival {
    /// `all`, a kind, a priority or a service.
    pub what: String,
    /// Of how many items it speaks. Below five nothing is told: it cannot be told.
    pub n: usize,
    /// How many of them are not done: they count as open so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<usize>,
    /// The age, in days, at which half are done; absent, if fewer are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_days: Option<f64>,
    /// Where the curve goes down, by age (Kaplan and Meier).
    pub steps: Vec<SurvivalStep>,
}

/// Where a curve goes down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SurvivalStep {
    pub days: f64,
    /// How many were open just before, and how many were done then.
    pub at_risk: usize,
    pub done: usize,
    /// The share that is open after it, and between which shares it is in 95 of 100 cases.
    pub open: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
}

pub(crate) fn wire(row: &ItemRow, now: Timestamp) -> ActionItem {
    let item = &row.item;
    let (mut since, mut verified_by, mut drop) = (item.proposed_at, None, None);
    match &item.state {
        State::Proposed => {}
        State::Accepted { at } | State::Done { at } => since = *at,
        State::Verified { at, by, .. } => (since, verified_by) = (*at, by.as_ref().map(Name::to_string)),
        State::WontDo { at, why, asked_by, approved_by } => {
            since = *at;
            let approved_by = Some(approved_by.to_string());
            drop = Some(ItemDrop { why: why.clone(), asked_by: asked_by.to_string(), approved_by });
        }
    }
    let asked = item.drop_asked.as_ref();
    let asked = asked.map(|one| ItemDrop { why: one.why.clone(), asked_by: one.by.to_string(), approved_by: None });
    ActionItem {
        id: item.id.to_string(),
        incident: row.incident.to_string(),
        title: item.title.clone(),
        bound: item.bound.clone(),
        owner: item.owner.to_string(),
        kind: item.kind.to_string(),
        priority: item.priority.to_string(),
        due_at: item.due_at,
        factor: item.factor.clone(),
        check: item.check.clone(),
        check_says: item.check.to_string(),
        by_hand: item.check.is_manual(),
        state: item.state.word().to_owned(),
        proposed_at: item.proposed_at,
        since,
        done_at: item.state.done_at(),
        verified_by,
        drop: drop.or(asked),
        reopened: item.reopened,
        overdue: item.is_overdue(now),
        check_at: row.check_at,
    }
}

fn evidence(one: &Evidence) -> ItemEvidence {
    ItemEvidence {
        at: one.at,
        until: one.until,
        answer: one.seen.answer.to_string(),
        said: one.seen.said.clone(),
        by: one.by.as_ref().map(Name::to_string),
    }
}

fn detailed(detail: &Detail, now: Timestamp) -> ActionItemDetail {
    ActionItemDetail {
        item: wire(&detail.row, now),
        incident_title: detail.incident.name().into_owned(),
        strength: detail.advice.strength.map(|strength| strength.to_string()),
        advice: detail.advice.notes.clone(),
        evidence: detail.evidence.iter().map(evidence).collect(),
        tracked: detail.tracked.as_ref().map(tracked),
        recurrences: detail
            .recurrences
            .iter()
            .map(|one| ItemRecurrence {
                incident: one.incident.to_string(),
                at: one.at,
                reopened: one.was.is_some(),
                undone: one.undone_at.is_some(),
            })
            .collect(),
    }
}

fn curve(one: &Survival) -> ItemSurvival {
    let curve = one.curve.as_ref();
    ItemSurvival {
        what: one.what.clone(),
        n: one.n,
        open: curve.map(|curve| curve.open),
        half_days: curve.and_then(|curve| curve.half),
        steps: curve.map_or_else(Vec::new, |curve| {
            let step = |step: &domain::learn::survival::Step| SurvivalStep {
                days: step.days,
                at_risk: step.at_risk,
                done: step.closed,
                open: step.open,
                least: step.interval.map(|(least, _)| least),
                most: step.interval.map(|(_, most)| most),
            };
            curve.steps.iter().map(step).collect()
        }),
    }
}

/// What cannot be an id is an item that is not there.
pub(crate) fn read_id(shown: &str) -> Result<ActionItemId, Refusal> {
    shown.parse().map_err(|_| Refusal::not_found(format!("action item {}", text::shorten(shown, 40))))
}

/// Action items of incidents that you see, in parts: the open ones first, by when they are due.
#[utoipa::path(get, path = "/api/v1/action-items", tag = "learn", params(ActionItemQuery),
    responses((status = 200, body = Listing<ActionItem>)))]
pub async fn list(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Search(query): Search<ActionItemQuery>,
) -> Result<Response, Problem> {
    let now = app.now();
    let filter = query.filter(visitor.person(), now)?;
    let limit = listing::limit(query.limit.or(Some(acts::LISTED_MOST)))?;
    let most = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut rows = app.read(move |tx| acts::list(tx, &filter, visitor.sight(), most)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(row, _)| Place::of(&row.item));
    let next = next.map(|place| format!("{} {} {}", place.open, place.due_at.as_microsecond(), place.id));
    Ok(Listing::part(rows.iter().map(|(row, _)| wire(row, now)).collect(), next).answer(&uri))
}

/// So many are written into one table.
const EXPORTED_MOST: u32 = 50_000;

const HEADINGS: [&str; 17] = [
    "action_item",
    "title",
    "bound",
    "owner",
    "kind",
    "priority",
    "state",
    "due_at",
    "overdue",
    "incident",
    "incident_title",
    "factor",
    "proof",
    "proposed_at",
    "done_at",
    "reopened",
    "dropped_because",
];

/// The same action items as comma-separated values, fifty thousand at most. No cell is a formula.
#[utoipa::path(get, path = "/api/v1/action-items.csv", tag = "learn", params(ActionItemQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn export(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<ActionItemQuery>,
) -> Result<Download, Problem> {
    let now = app.now();
    let filter = query.filter(visitor.person(), now)?;
    let mut table = Download::with(HEADINGS);
    for (row, of) in app.read(move |tx| acts::list(tx, &filter, visitor.sight(), EXPORTED_MOST)).await? {
        let one = wire(&row, now);
        let (due, proposed, reopened) = (one.due_at.to_string(), one.proposed_at.to_string(), one.reopened.to_string());
        let dropped = one.drop.filter(|drop| drop.approved_by.is_some()).map(|drop| drop.why);
        table.row([
            one.id,
            one.title,
            one.bound,
            one.owner,
            one.kind,
            one.priority,
            one.state,
            due,
            yes(one.overdue),
            one.incident,
            of.name().into_owned(),
            cell(one.factor),
            one.check_says,
            proposed,
            cell(one.done_at),
            reopened,
            cell(dropped),
        ]);
    }
    Ok(table)
}

/// How long action items stay open, as curves that count what is open as open so far.
#[utoipa::path(get, path = "/api/v1/action-items/survival", tag = "learn", params(SurvivalQuery),
    responses((status = 200, body = Listing<ItemSurvival>)))]
pub async fn survival(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<SurvivalQuery>,
) -> Result<Json<Listing<ItemSurvival>>, Problem> {
    let by: By = some(query.by.as_deref()).map_or(Ok(By::All), str::parse)?;
    let now = app.now();
    let found = app.read(move |tx| acts::survival(tx, by, visitor.sight(), now)).await?;
    Ok(Json(Listing::whole(found.iter().map(curve).collect())))
}

/// The action items of an incident, in the order in which they were proposed.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/action-items", tag = "learn", params(("id" = String, Path)),
    responses((status = 200, body = Listing<ActionItem>)))]
pub async fn of_incident(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<ActionItem>>, Problem> {
    let (id, now) = (incident_id(&text)?, app.now());
    let found = app.read(move |tx| acts::of_incident(tx, id, visitor.sight())).await?;
    Ok(Json(Listing::whole(found.iter().map(|row| wire(row, now)).collect())))
}

/// Proposes an action item of an incident. What nobody can do as it is written is refused, with what to write instead.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/action-items", tag = "learn", params(("id" = String, Path)),
    request_body = NewActionItem, responses((status = 201, body = ActionItem)))]
pub async fn propose(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewActionItem>,
) -> Result<Response, Problem> {
    let (id, now) = (incident_id(&text)?, app.now());
    let NewActionItem { title, bound, owner, kind, priority, due_at, factor, check } = body.value;
    let (priority, check) = (priority.unwrap_or(Priority::Normal), check.unwrap_or(Check::Manual {}));
    let new = NewItem { title, bound, owner, kind, priority, due_at, factor, check };
    let made = with_one(&app, &visitor, move |tx, node, moment| acts::propose(tx, node, moment, id, &new));
    let made = wire(&made.await?, now);
    Ok(created(&format!("/api/v1/action-items/{}", made.id), &made))
}

/// One action item, with what its checks saw and where it came back.
#[utoipa::path(get, path = "/api/v1/action-items/{id}", tag = "learn", params(("id" = String, Path)),
    responses((status = 200, body = ActionItemDetail)))]
pub async fn one(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ActionItemDetail>, Problem> {
    let (id, now) = (read_id(&text)?, app.now());
    let found = app.read(move |tx| acts::detail(tx, id, visitor.sight())).await?;
    Ok(Json(detailed(&found, now)))
}

/// Does something with an action item.
#[utoipa::path(post, path = "/api/v1/action-items/{id}", tag = "learn", params(("id" = String, Path)),
    request_body = ActionItemDeed, responses((status = 200, body = ActionItem)))]
pub async fn act(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ActionItemDeed>,
) -> Result<Json<ActionItem>, Problem> {
    let id = read_id(&text)?;
    let row = deed(&app, &visitor, id, body.value).await?;
    Ok(Json(wire(&row, app.now())))
}

/// The same, for pages.
pub(crate) async fn deed(
    app: &App,
    visitor: &Visitor,
    id: ActionItemId,
    deed: ActionItemDeed,
) -> Result<ItemRow, Halt> {
    let wish = match deed {
        ActionItemDeed::Accept {} => Wish::Accept,
        ActionItemDeed::Give { owner } => Wish::Give { to: owner },
        ActionItemDeed::Done { said } => Wish::Done { said },
        ActionItemDeed::Confirm { seen } => Wish::Confirm { seen },
        ActionItemDeed::AskDrop { why } => Wish::AskDrop { why },
        ActionItemDeed::ApproveDrop {} => Wish::ApproveDrop,
        ActionItemDeed::Keep { why } => Wish::Keep { why },
        ActionItemDeed::Reopen { why } => Wish::Reopen { why },
        ActionItemDeed::Check {} => {
            return with_one(app, visitor, move |tx, node, moment| item_checks::ask(tx, node, moment, id)).await;
        }
        ActionItemDeed::Track { tracker, issue, consent } => {
            let issue = issue.filter(|issue| !issue.trim().is_empty());
            let track = move |tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>| {
                trackers::track(tx, node, moment, id, &tracker, issue.as_deref(), consent)
            };
            return with_one(app, visitor, track).await;
        }
        ActionItemDeed::Untrack {} => {
            return with_one(app, visitor, move |tx, _, moment| trackers::untrack(tx, moment, id)).await;
        }
    };
    with_one(app, visitor, move |tx, node, moment| acts::act(tx, node, moment, id, &wish)).await
}

/// One act with one item.
async fn with_one(
    app: &App,
    visitor: &Visitor,
    act: impl Fn(&mut Tx<'_>, &Node, &mut Moment<'_>) -> Result<ItemRow, Halt> + Send + 'static,
) -> Result<ItemRow, Halt> {
    app.act(visitor.actor(), move |store, node, moment| store.write(|tx| act(tx, node, &mut moment.again()))).await
}

/// Says anew what is to be done, by when, or what proves it.
#[utoipa::path(post, path = "/api/v1/action-items/{id}/describe", tag = "learn", params(("id" = String, Path)),
    request_body = ActionItemEdit, responses((status = 200, body = ActionItem)))]
pub async fn describe(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ActionItemEdit>,
) -> Result<Json<ActionItem>, Problem> {
    let id = read_id(&text)?;
    let row = say_anew(&app, &visitor, id, body.value).await?;
    Ok(Json(wire(&row, app.now())))
}

/// The same, for pages.
pub(crate) async fn say_anew(
    app: &App,
    visitor: &Visitor,
    id: ActionItemId,
    said: ActionItemEdit,
) -> Result<ItemRow, Halt> {
    let ActionItemEdit { title, bound, kind, priority, due_at, factor, check, why } = said;
    let wish = Wish::Edit { edit: Box::new(Edit { title, bound, kind, priority, due_at, factor, check }), why };
    with_one(app, visitor, move |tx, node, moment| acts::act(tx, node, moment, id, &wish)).await
}
