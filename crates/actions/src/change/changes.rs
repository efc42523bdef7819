//! Changes that people write down: proposed, edited, approved, begun, finished, looked at afterwards.
//!
//! One way in for pages, the API and the command line. What may be done is said by the rule; whether now, by the gate.

use std::collections::BTreeSet;

use domain::change::changes::{By, Change, Command, Emergencies, State, emergencies};
use domain::change::gates::{Decision, Exemption};
use domain::change::observations::Stage;
use domain::change::proposals::{Proposal, Window};
use domain::change::risks::{Facts, Risk, Worry, weigh};
use domain::learn::changes::{Which, insights};
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::respond::entries;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, EventKind, IncidentId, Name, Refusal, RefusalKind, Span, Timestamp};
use serde_json::{Value, json};
use store::change::change_documents;
use store::change::changes::{self as rows, ChangeRow, Filter};
use store::change::rollbacks::{self, RollbackRow};
use store::{Halt, Tx};

use super::gates::{self, must_be_services};
use super::{document_proposals, preflights};
use crate::announce::Told;
use crate::learn::changes::begun;
use crate::learn::score_sheets::{Rehearsal, rehearsal_of_plan};
use crate::respond::incidents as rooms;
use crate::{Moment, Node, announce};

/// What somebody wants to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub proposal: Proposal,
    /// In an incident, without the wait for an approval.
    pub emergency: bool,
    /// The incident that it is part of.
    pub incident: Option<IncidentId>,
}

/// What somebody does with a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Of the revision that was read.
    Edit {
        revision: u32,
        proposal: Box<Proposal>,
    },
    Approve {
        revision: u32,
    },
    Schedule {
        window: Window,
    },
    Begin,
    Finish,
    Fail {
        why: String,
    },
    Cancel {
        why: String,
    },
    Review,
}

/// A change with all that people want to know of it.
#[derive(Debug)]
pub struct Sheet {
    pub row: ChangeRow,
    pub risk: Risk,
    /// How many people approve it.
    pub needed: u8,
    /// What speaks against beginning it, or going on with it, now.
    pub decision: Decision,
    pub exemptions: Vec<Exemption>,
    pub stages: Vec<(Timestamp, Stage, String)>,
    pub rollbacks: Vec<RollbackRow>,
    /// What its plan lacks to run now.
    pub readiness: preflights::Readiness,
    /// When taking it back was last gone through in a drill; never a reason to run it unasked.
    pub rehearsed: Option<Rehearsal>,
    /// Later changes of the same targets.
    pub later: Vec<ChangeRow>,
}

/// How the changes stand as a whole, of the last 90 days.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    pub emergencies: Emergencies,
    /// How many went past a rule: the same as in the insights.
    pub exempted: usize,
}

/// Failures and exemptions are counted over this.
const RECENT: Span = Span::hours(30 * 24);
const COUNTED: Span = Span::hours(90 * 24);

/// The change, or a refusal that says as little of one that may not be seen as of one that never was.
pub fn find(tx: &mut Tx<'_>, id: ChangeId, sight: Sight<'_>) -> Result<ChangeRow, Halt> {
    Ok(rows::get(tx, id, sight)?.ok_or_else(|| Refusal::not_found(format!("change {id}")))?)
}

/// Writes a change down. It may be incomplete; what it lacks keeps it from being approved.
pub fn propose(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, wanted: &Wanted) -> Result<ChangeRow, Halt> {
    let Some(person) = moment.person().cloned() else {
        return Err(Refusal::forbidden("a change is proposed by a person; a program reports what it did").into());
    };
    let catalog = node.rules(tx)?.catalog.clone();
    check(&wanted.proposal, &catalog)?;
    must_be_open(tx, moment, wanted.incident, wanted.emergency)?;
    let id = moment.mint.id(moment.now);
    let change = Change::propose(id, wanted.proposal.clone(), &person, wanted.emergency, wanted.incident)?;
    let row = fresh(change, moment);
    rows::save(tx, &row)?;
    let data = json!({ "revision": 1, "emergency": wanted.emergency });
    tell(tx, moment, EventKind::ChangeProposed, &row, Some(&wanted.proposal.why), data)?;
    Ok(row)
}

/// The incident that a change is to be part of is one that is seen, and open for an emergency.
pub(super) fn must_be_open(
    tx: &mut Tx<'_>,
    moment: &Moment<'_>,
    incident: Option<IncidentId>,
    emergency: bool,
) -> Result<(), Halt> {
    let Some(incident) = incident else { return Ok(()) };
    let room = rooms::find(tx, moment, incident)?;
    if emergency && !room.state.phase.is_open() {
        let message = "the incident is over: an emergency is part of an open one";
        return Err(Refusal::conflict(message).at("/incident").into());
    }
    Ok(())
}

/// A change that was proposed just now.
pub(super) fn fresh(change: Change, moment: &Moment<'_>) -> ChangeRow {
    ChangeRow {
        change,
        proposed_by: moment.actor.to_string(),
        proposed_at: moment.now,
        began_at: None,
        ended_at: None,
        risk: None,
        source: None,
        link: None,
    }
}

/// Does something with a change, or says why not. `access` is what whoever acts shows now.
pub fn act(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: ChangeId,
    deed: &Deed,
    access: Access,
) -> Result<ChangeRow, Halt> {
    if matches!(deed, Deed::Begin | Deed::Edit { .. }) {
        let row = find(tx, id, Sight::of(&moment.actor))?;
        if !change_documents::of(tx, id, row.change.revision)?.is_empty() {
            let message = match deed {
                Deed::Begin => "it carries documents: it is applied, which begins and finishes it",
                _ => "it carries documents: edit those, and say with them what it is called and why",
            };
            return Err(Refusal::conflict(message).into());
        }
    }
    press(tx, node, moment, id, deed, access)
}

/// The same, of whatever carries documents, too.
pub(super) fn press(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: ChangeId,
    deed: &Deed,
    access: Access,
) -> Result<ChangeRow, Halt> {
    let before = find(tx, id, Sight::of(&moment.actor))?;
    let catalog = node.rules(tx)?.catalog.clone();
    let person = moment.person().cloned();
    let asking = person.as_ref().map(|person| (person, access)).filter(|_| matches!(deed, Deed::Approve { .. }));
    let approving = approving(tx, node, &before, asking, moment.now)?;
    let command = command(tx, node, moment, &before, deed, approving.needed)?;
    let by = By { person: person.as_ref(), approves: approving.may };
    let mut after = before.clone();
    after.change = before.change.act(&command, by, moment.now)?;
    let mut data = json!({ "revision": after.change.revision, "state": after.change.state.word() });
    let mut why = None;
    let kind = match deed {
        Deed::Edit { proposal, .. } => {
            check(proposal, &catalog)?;
            let voided: Vec<&Name> = before.change.voided(&after.change).iter().map(|approval| &approval.by).collect();
            data["voided"] = json!(voided);
            EventKind::ChangeEdited
        }
        Deed::Approve { .. } => {
            after.risk = Some(risk(tx, node, &before, moment.now)?.total());
            data["risk"] = json!(after.risk);
            EventKind::ChangeApproved
        }
        Deed::Schedule { window } => {
            data["from"] = json!(window.from);
            data["to"] = json!(window.to);
            EventKind::ChangeScheduled
        }
        Deed::Begin => {
            after.began_at = Some(moment.now);
            if after.risk.is_none() {
                after.risk = Some(risk(tx, node, &before, moment.now)?.total());
            }
            rows::add_stage(tx, id, moment.now, Stage::Began, "")?;
            EventKind::ChangeBegun
        }
        Deed::Finish => {
            after.ended_at = Some(moment.now);
            rows::add_stage(tx, id, moment.now, Stage::Finished, "")?;
            EventKind::ChangeFinished
        }
        Deed::Fail { why: reason } => {
            after.ended_at = Some(moment.now);
            rows::add_stage(tx, id, moment.now, Stage::Failed, reason)?;
            why = Some(reason.as_str());
            EventKind::ChangeFailed
        }
        Deed::Cancel { why: reason } => {
            why = Some(reason.as_str());
            EventKind::ChangeCancelled
        }
        Deed::Review => EventKind::ChangeReviewed,
    };
    rows::save(tx, &after)?;
    tell(tx, moment, kind, &after, why, data)?;
    if matches!(after.change.state, State::Approved { .. } | State::Running { .. }) {
        preflights::wish(tx, node, &after, moment.now)?;
    }
    Ok(after)
}

fn command(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &Moment<'_>,
    row: &ChangeRow,
    deed: &Deed,
    needed: u8,
) -> Result<Command, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    Ok(match deed {
        Deed::Edit { revision, proposal } => {
            if *revision != row.change.revision {
                let message =
                    format!("you read revision {revision}, and it is at {}: read it anew", row.change.revision);
                return Err(Refusal::new(RefusalKind::Stale, message).at("/revision").into());
            }
            check(proposal, &catalog)?;
            Command::Edit { proposal: proposal.clone() }
        }
        Deed::Approve { revision } => Command::Approve { revision: *revision, needed },
        Deed::Schedule { window } => Command::Schedule { window: *window },
        Deed::Begin => Command::Begin { decision: gates::known(tx, node)?.of_change(tx, node, row, moment.now)? },
        Deed::Finish => Command::Finish,
        Deed::Fail { why } => Command::Fail { why: entries::text(why, "/why")? },
        Deed::Cancel { why } => Command::Cancel { why: entries::text(why, "/why")? },
        Deed::Review => Command::Review,
    })
}

/// How many people approve a change, and whether somebody is one of those who may.
#[derive(Clone, Copy, Debug)]
pub struct Approving {
    pub needed: u8,
    /// Of one that carries documents, those who may write these.
    pub may: bool,
    pub carries: bool,
}

/// Asks this of a change that is ahead.
pub fn approving(
    tx: &mut Tx<'_>,
    node: &Node,
    row: &ChangeRow,
    who: Option<(&Name, Access)>,
    now: Timestamp,
) -> Result<Approving, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let needed = risk(tx, node, row, now)?.approvals_needed(&row.change.proposal);
    let (needed, may) = document_proposals::asks(tx, row, &catalog, needed, who, Conditions::at(now))?;
    let own = || who.is_some_and(|(person, access)| approves(person, access, &row.change, &catalog));
    Ok(Approving { needed, may: may.unwrap_or_else(own), carries: may.is_some() })
}

/// May they approve it: managers may, and whoever belongs to a team that owns some of what it touches.
pub fn approves(person: &Name, access: Access, change: &Change, catalog: &Catalog) -> bool {
    let owns = |service: &Name| {
        let team = catalog.services.get(service).and_then(|service| catalog.teams.get(&service.team));
        team.is_some_and(|team| team.members.contains(person))
    };
    access >= Access::Manager || access >= Access::Responder && change.proposal.services().iter().any(owns)
}

fn check(proposal: &Proposal, catalog: &Catalog) -> Result<(), Refusal> {
    must_be_services(&proposal.services(), catalog).map_err(|refusal| refusal.at("/targets"))?;
    entries::text(&proposal.title, "/title").map(|_| ())
}

/// Weighs a change by what is so now.
pub(super) fn risk(tx: &mut Tx<'_>, node: &Node, row: &ChangeRow, now: Timestamp) -> Result<Risk, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let known = gates::known(tx, node)?;
    let proposal = &row.change.proposal;
    let vital = catalog.services.iter().filter(|(_, spec)| spec.tier == 1).map(|(name, _)| name.clone()).collect();
    let (mut recent, mut recent_failed, mut before) = (0, 0, 0);
    let mut authors = BTreeSet::new();
    for service in proposal.services() {
        let (began, failed) = rows::failures(tx, &service, RECENT.before(now))?;
        recent += began;
        recent_failed += failed;
        let filter = Filter { service: Some(service), ..Filter::default() };
        let earlier = rows::list(tx, &filter, Sight::Whole, Some(row.change.id), 100)?;
        before += earlier.iter().filter(|other| other.change.proposal.kind == proposal.kind).count();
        authors.extend(earlier.into_iter().flat_map(|other| other.change.authors));
    }
    let mut worries = BTreeSet::new();
    if before == 0 {
        worries.insert(Worry::FirstOfItsKind);
    }
    if !row.change.authors.is_empty() && row.change.authors.is_disjoint(&authors) {
        worries.insert(Worry::NewAuthor);
    }
    let burning = known.incidents.iter().flat_map(|open| open.services.iter().cloned()).collect();
    let facts = Facts { vital, worries, recent, recent_failed, burning };
    Ok(weigh(proposal, &facts, &known.graph, now))
}

/// Everything about a change.
pub fn sheet(tx: &mut Tx<'_>, node: &Node, id: ChangeId, sight: Sight<'_>, now: Timestamp) -> Result<Sheet, Halt> {
    let row = find(tx, id, sight)?;
    let risk = risk(tx, node, &row, now)?;
    let decision = gates::known(tx, node)?.of_change(tx, node, &row, now)?;
    let needed = approving(tx, node, &row, None, now)?.needed;
    let later = rows::later_on(tx, id, &row.change.proposal.services(), 50)?;
    let mut seen = Vec::new();
    for other in later.into_iter().filter(|other| !other.change.state.is_ahead()) {
        seen.extend(rows::get(tx, other.change.id, sight)?);
    }
    // Runs of a room that is not seen are not told of.
    let mut runs = Vec::new();
    for run in rollbacks::of_change(tx, id)? {
        let shown = match run.incident {
            Some(room) => store::respond::incidents::get(tx, room, sight)?.is_some(),
            None => true,
        };
        runs.extend(shown.then_some(run));
    }
    let rehearsed = match &row.change.proposal.rollback {
        Some(plan) => rehearsal_of_plan(tx, id, plan, now)?,
        None => None,
    };
    Ok(Sheet {
        rehearsed,
        needed,
        risk,
        decision,
        exemptions: rows::exemptions(tx, id)?,
        stages: rows::stages(tx, id)?,
        rollbacks: runs,
        readiness: preflights::readiness(tx, node, &row, now)?,
        later: seen,
        row,
    })
}

/// How many of those that are seen went the way of an emergency, and how many past a rule.
pub fn tally(tx: &mut Tx<'_>, sight: Sight<'_>, now: Timestamp) -> Result<Tally, Halt> {
    let (all, cases): (Vec<_>, Vec<_>) = begun(tx, COUNTED.before(now), now, sight)?.into_iter().unzip();
    let began = all.iter().filter_map(|row| Some((&row.change, row.began_at?)));
    let exempted = insights(&cases).of(Which::Exempted).len();
    Ok(Tally { emergencies: emergencies(began, now), exempted })
}

/// Notes what happened to a change: on the timeline of its incident, if it is part of one.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    kind: EventKind,
    row: &ChangeRow,
    why: Option<&str>,
    mut data: Value,
) -> Result<(), Halt> {
    let change = &row.change;
    data["kind"] = json!(change.proposal.kind);
    data["path"] = json!(change.path);
    data["services"] = json!(change.proposal.services());
    let why = why.filter(|why| !why.trim().is_empty());
    note(tx, moment, kind, About { change: row, incident: change.incident, part: None }, why, data)
}

/// What an entry is about.
pub(super) struct About<'a> {
    pub change: &'a ChangeRow,
    /// On whose timeline it stands.
    pub incident: Option<IncidentId>,
    /// What was done with the change that has an id of its own: its noun, and the id.
    pub part: Option<(&'static str, String)>,
}

/// Notes what happened to a change: on the timeline of the room, if it is part of an incident.
pub(super) fn note(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    kind: EventKind,
    about: About<'_>,
    why: Option<&str>,
    mut data: Value,
) -> Result<(), Halt> {
    let (change, mut subjects) = (&about.change.change, Vec::new());
    data["title"] = json!(change.proposal.title);
    if let Some((noun, id)) = about.part {
        data["change"] = json!(change.id);
        data[noun] = json!(id);
        subjects.push(id);
    }
    subjects.push(change.id.to_string());
    subjects.extend(change.proposal.services().iter().map(|service| format!("service/{service}")));
    match about.incident {
        Some(incident) => {
            announce::of_incident(tx, moment, kind, incident, subjects, Told { why, data, at: None })?;
        }
        None => announce::event(tx, moment, kind, subjects, why, data)?,
    }
    Ok(())
}
