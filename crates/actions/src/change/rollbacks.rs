//! Rollbacks: a plan is run, once; what the other side says is kept; then the alerts give the verdict.
//!
//! Nothing is called from here. A run says what is to be called next; a node takes that upon itself by one conditional write,
//! calls after the commit, and reports. What was called and has not answered is asked about, never called again.

use std::collections::BTreeSet;

use domain::change::changes::{By, Change, Command, Path, State as Stands};
use domain::change::document_edits::about;
use domain::change::proposals::{Kind, Proposal, Target};
use domain::change::reach::Graph;
use domain::change::rollback_plans::{Answer, Data, RollbackPlan, Way};
use domain::change::rollbacks::{Preview, Rollback, State, Word, preview as foresee};
use domain::change::suspects::Which;
use domain::change::verdicts::{Lookout, Outcome, Seen, Symptom, judge};
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::Conditions;
use domain::prepare::ownership::Via;
use domain::prepare::people::Access;
use domain::respond::entries;
use domain::respond::sight::Sight;
use domain::words::{
    AlertId, ChangeId, EventKind, Id as _, IncidentId, Mint, Name, Refusal, RollbackId, Span, Timestamp,
};
use serde_json::{Value, json};
use store::change::changes::{self as change_rows, ChangeRow};
use store::change::rollbacks::{self as rows, RollbackRow, Verdict};
use store::prepare::documents as document_rows;
use store::{Halt, Store, Tx};

use super::changes::{About, find, note};
use super::kills;
use super::preflights;
use crate::prepare::documents::{self, Order};
use crate::respond::incidents::levels;
use crate::respond::links::groups_of;
use crate::{Moment, Node, allow};

/// What taking a change back would do, with the plan.
#[derive(Debug)]
pub struct Foreseen {
    pub change: ChangeRow,
    pub plan: RollbackPlan,
    pub preview: Preview,
    /// The later changes that are undone, too.
    pub undone: Vec<ChangeRow>,
}

/// Who asks for a rollback, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The room.
    pub incident: Option<IncidentId>,
    pub access: Access,
    pub conditions: Conditions<'a>,
    pub why: &'a str,
}

/// What is to be called now, by whoever took it upon themselves.
#[derive(Clone, Debug)]
pub struct Call {
    pub run: RollbackRow,
    pub change: ChangeRow,
    pub adapter: Name,
    /// What the adapter is to do.
    pub action: String,
    /// It was called before: only ask what became of it.
    pub only_ask: bool,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// The other side took it.
    Taken { handle: Option<String>, link: Option<String> },
    /// It was certainly not done.
    Refused { why: String },
    /// Nobody knows.
    Unknown { why: String },
}

/// How often the other side is asked while it works.
const ASK_EVERY: Span = Span::seconds(5);
/// And when its time is over: so often, for so long.
const ASK_LATER: Span = Span::minutes(1);
const ASK_AT_ALL: Span = Span::hours(24);
/// A flag that a plan turns off stays off for this long, unless somebody says otherwise.
const KILLED_FOR: Span = Span::hours(7 * 24);
/// Under this name changesets of documents are kept as changes, when they are taken back.
pub(super) const DOCUMENTS: &str = "documents";

/// What taking back a suspect would do now. It changes nothing.
pub fn preview(
    tx: &mut Tx<'_>,
    node: &Node,
    suspect: &Which,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Foreseen, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    // As long as nothing is kept of it, any id does.
    let (change, _) = change_of(tx, &catalog, suspect, sight, ChangeId::from_bits(0), now)?;
    foreseen(tx, &catalog, change, sight, now)
}

pub(super) fn foreseen(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    mut change: ChangeRow,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Foreseen, Halt> {
    change.change.proposal.rollback = preflights::plan(&change, catalog);
    let no_plan = || Refusal::conflict("it has no plan by which it could be taken back");
    let plan = change.change.proposal.rollback.clone().ok_or_else(no_plan)?;
    let facts = preflights::facts(tx, catalog, &change, &plan, now)?;
    // What is part of an incident that is not seen is not told of, here as everywhere.
    let mut later = Vec::new();
    for row in change_rows::later_on(tx, change.change.id, &change.change.proposal.services(), 200)? {
        later.extend(change_rows::get(tx, row.change.id, sight)?);
    }
    let others: Vec<Change> = later.iter().map(|row| row.change.clone()).collect();
    let vital = catalog.services.iter().filter(|(_, spec)| spec.tier == 1).map(|(name, _)| name.clone()).collect();
    let graph = Graph::of(&catalog.services);
    let preview = foresee(&change.change, &others, &graph, &facts, &vital, now)?;
    let undone = later.into_iter().filter(|row| preview.undoes_also.contains(&row.change.id)).collect();
    Ok(Foreseen { change, plan, preview, undone })
}

/// Asks for a rollback. Asked twice, by a double click or on a second node, it is one run.
pub fn ask(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    suspect: &Which,
    asking: Asking<'_>,
) -> Result<RollbackRow, Halt> {
    let why = entries::text(asking.why, "/why")?;
    let catalog = node.rules(tx)?.catalog.clone();
    let fresh = moment.mint.id(moment.now);
    let (change, on_record) = change_of(tx, &catalog, suspect, Sight::of(&moment.actor), fresh, moment.now)?;
    let id = change.change.id;
    if !on_record {
        change_rows::save(tx, &change)?;
    }
    if let Some(open) = rows::of_change(tx, id)?.into_iter().find(|row| row.run.is_under_way()) {
        return Ok(open);
    }
    let foreseen = foreseen(tx, &catalog, change, Sight::Open, moment.now)?;
    let incident = asking.incident.map(|incident| crate::respond::incidents::find(tx, moment, incident)).transpose()?;
    if incident.as_ref().is_some_and(|row| row.drill) {
        return Err(Refusal::conflict("this is a drill: nothing real is taken back in it").into());
    }
    let person = moment.person().cloned();
    let worst = levels(&catalog).into_iter().next().map(|level| level.name);
    let commands = incident.as_ref().is_some_and(|row| {
        row.state.commander.is_some() && row.state.commander == person && row.state.severity == worst
    });
    let run_id = moment.mint.id(moment.now);
    let run = Rollback::ask(run_id, &foreseen.change.change, &foreseen.preview, person.as_ref(), commands, moment.now)?;
    let mut row = RollbackRow {
        run,
        incident: incident.map(|row| row.id),
        preview: told_preview(&foreseen).to_string(),
        step: 0,
        sent_at: None,
        handle: None,
        link: None,
        due_at: None,
        symptoms: Vec::new(),
        verdict: None,
    };
    let data = json!({ "preview": told_preview(&foreseen), "alone": row.run.alone });
    rows::save(tx, &row)?;
    tell(tx, moment, EventKind::RollbackAsked, &row, &foreseen.change, Some(&why), data)?;
    if row.run.state != State::Asked {
        row = start(tx, node, moment, row, foreseen, asking)?;
    }
    Ok(row)
}

/// A second person says yes.
pub fn confirm(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: RollbackId,
    asking: Asking<'_>,
) -> Result<RollbackRow, Halt> {
    let mut row = seen(tx, id, Sight::of(&moment.actor))?;
    let Some(person) = moment.person().cloned() else {
        return Err(Refusal::forbidden("only a person confirms a rollback").into());
    };
    let catalog = node.rules(tx)?.catalog.clone();
    let change = find(tx, row.run.change, Sight::Whole)?;
    let foreseen = foreseen(tx, &catalog, change, Sight::Open, moment.now)?;
    // This run is no obstacle to itself.
    row.run = row.run.confirm(&person, &foreseen.preview.missing, moment.now)?;
    rows::save(tx, &row)?;
    tell(tx, moment, EventKind::RollbackConfirmed, &row, &foreseen.change, None, json!({}))?;
    start(tx, node, moment, row, foreseen, asking)
}

/// Nobody wants it after all. Only as long as it waits for a second person.
pub fn call_off(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: RollbackId) -> Result<RollbackRow, Halt> {
    let mut row = seen(tx, id, Sight::of(&moment.actor))?;
    row.run = row.run.call_off(moment.now)?;
    rows::save(tx, &row)?;
    let change = find(tx, row.run.change, Sight::Whole)?;
    tell(tx, moment, EventKind::RollbackCalledOff, &row, &change, None, json!({}))?;
    Ok(row)
}

/// The run, for whoever may see its change and its room.
pub fn seen(tx: &mut Tx<'_>, id: RollbackId, sight: Sight<'_>) -> Result<RollbackRow, Halt> {
    let gone = || Refusal::not_found(format!("rollback {id}"));
    let row = rows::get(tx, id)?.ok_or_else(gone)?;
    change_rows::get(tx, row.run.change, sight)?.ok_or_else(gone)?;
    if let Some(incident) = row.incident {
        store::respond::incidents::get(tx, incident, sight)?.ok_or_else(gone)?;
    }
    Ok(row)
}

/// Begins to run: the change is being taken back from now on, and what fires now is what must clear.
fn start(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    mut row: RollbackRow,
    foreseen: Foreseen,
    asking: Asking<'_>,
) -> Result<RollbackRow, Halt> {
    let Foreseen { mut change, plan, .. } = foreseen;
    let catalog = node.rules(tx)?.catalog.clone();
    let radius = where_felt(tx, &catalog, &row, &change)?;
    row.symptoms = felt(tx, node, row.incident, &radius)?.into_iter().collect();
    change.change.proposal.rollback = find(tx, change.change.id, Sight::Whole)?.change.proposal.rollback;
    move_change(tx, moment, &mut change, &Command::RollBack)?;
    row.due_at = next_by_program(&plan, row.step).then_some(moment.now);
    rows::save(tx, &row)?;
    let data = json!({ "way": plan.way.word(), "symptoms": row.symptoms.len() });
    tell(tx, moment, EventKind::RollbackStarted, &row, &change, None, data)?;
    match &plan.way {
        Way::Documents { changeset } => {
            revert(tx, moment, *changeset, asking)?;
            over(tx, &catalog, moment, row, change, &Word::Succeeded)
        }
        Way::FlagOff { environment, flag } => {
            let wanted = kills::Wanted {
                flag: flag.clone(),
                environment: environment.clone(),
                to: None,
                why: if asking.why.is_empty() { change.change.proposal.title.clone() } else { asking.why.to_owned() },
                expires_at: KILLED_FOR.after(moment.now),
                incident: row.incident,
            };
            kills::kill(tx, moment, &catalog, &wanted)?;
            over(tx, &catalog, moment, row, change, &Word::Succeeded)
        }
        _ => Ok(row),
    }
}

/// What fires where a change may be felt. Whatever belongs to the room is what people want to see clear.
pub(super) fn felt(
    tx: &mut Tx<'_>,
    node: &Node,
    incident: Option<IncidentId>,
    radius: &BTreeSet<Name>,
) -> Result<BTreeSet<AlertId>, Halt> {
    let mut symptoms: BTreeSet<AlertId> = firing(node, radius).into_iter().map(|(id, _)| id).collect();
    if let Some(incident) = incident {
        let board = node.board();
        for group in groups_of(tx, incident)? {
            let open = board.group(group).into_iter().flat_map(|open| &open.alerts);
            symptoms.extend(open.map(|slot| board.at(*slot).id));
        }
    }
    Ok(symptoms)
}

/// Whether a program does the next step; otherwise a person does.
fn next_by_program(plan: &RollbackPlan, step: u16) -> bool {
    called_next(plan, step).is_some()
}

/// What is called in this step, if a program does it.
fn called_next(plan: &RollbackPlan, step: u16) -> Option<(Name, String)> {
    match &plan.way {
        Way::Automatic { adapter, action } => Some((adapter.clone(), action.clone())),
        Way::Scripted { steps } => {
            let step = steps.get(usize::from(step))?;
            Some((step.adapter.clone()?, step.text.clone()))
        }
        _ => None,
    }
}

fn steps(plan: &RollbackPlan) -> u16 {
    match &plan.way {
        Way::Scripted { steps } => u16::try_from(steps.len()).unwrap_or(u16::MAX),
        _ => 1,
    }
}

/// What documents said before a changeset is in force again; those that changed since are not undone behind somebody's back.
fn revert(tx: &mut Tx<'_>, moment: &mut Moment<'_>, changeset: i64, asking: Asking<'_>) -> Result<(), Halt> {
    let mut order = Order::default().via(Via::Rollback).because(asking.why);
    for revision in document_rows::of_changeset(tx, changeset)? {
        let last = document_rows::last_number(tx, &revision.reference)?;
        if last != revision.number {
            let message = format!("{} was changed again since: roll that back first", revision.reference);
            return Err(Refusal::conflict(message).into());
        }
        match document_rows::before(tx, &revision.reference, revision.number)? {
            Some(spec) => {
                let document = domain::prepare::documents::Document { name: revision.reference.name.clone(), spec };
                order.proposals.extend(Order::put([document]).proposals);
            }
            None => order.deletions.push(revision.reference.clone()),
        }
    }
    let person = moment.person().cloned();
    allow::order(tx, person.as_ref(), Some(asking.access), &order, asking.conditions)?;
    documents::apply(tx, moment, &order, asking.conditions)?.into_result()?;
    Ok(())
}

/// The change that a suspect is. A changeset of documents becomes one when it is first taken back, so that this is kept like any
/// other: then it is not on record yet.
fn change_of(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    suspect: &Which,
    sight: Sight<'_>,
    fresh: ChangeId,
    now: Timestamp,
) -> Result<(ChangeRow, bool), Halt> {
    let id = match suspect {
        Which::Change(id) => return Ok((find(tx, *id, sight)?, true)),
        Which::Documents(id) => *id,
        Which::Flip(_) => {
            return Err(Refusal::conflict("a kill is lifted or set on the page of its flag").at("/suspect").into());
        }
    };
    let source: Name = DOCUMENTS.parse()?;
    if let Some(row) = change_rows::of_source(tx, &source, &id.to_string())? {
        // One that belongs to an incident is taken back by those who see that.
        return Ok((find(tx, row.change.id, sight)?, true));
    }
    let gone = || Refusal::not_found(format!("suspect {id}")).at("/suspect");
    let sets = document_rows::changesets(tx, None, 1000)?;
    let set = sets.into_iter().find(|set| set.id == id).ok_or_else(gone)?;
    Ok((standing_for(tx, catalog, set, fresh, now)?, false))
}

/// A change that stands for a changeset of documents.
pub(super) fn standing_for(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    set: document_rows::Changeset,
    fresh: ChangeId,
    now: Timestamp,
) -> Result<ChangeRow, Halt> {
    let source: Name = DOCUMENTS.parse()?;
    let revisions = document_rows::of_changeset(tx, set.number)?;
    let names: Vec<String> = revisions.iter().map(|one| one.reference.to_string()).collect();
    let services: BTreeSet<Name> = revisions.iter().flat_map(|one| about(catalog, &one.reference)).collect();
    let target = |service| Target { service, environment: None, from: None, to: None };
    let proposal = Proposal {
        kind: Kind::Document,
        title: domain::words::text::shorten(&names.join(", "), 190),
        why: set.reason.clone().unwrap_or_default(),
        targets: services.into_iter().map(target).collect(),
        steps: Vec::new(),
        rollback: Some(RollbackPlan {
            way: Way::Documents { changeset: set.number },
            owner: source.clone(),
            estimate: Span::minutes(1),
            abort_when: Vec::new(),
            data: Data::Untouched,
            point_of_no_return: None,
            verification: Vec::new(),
            last_rehearsed: None,
            safe_until: None,
            watch: None,
        }),
        verification: Vec::new(),
    };
    Ok(ChangeRow {
        change: Change::observe(fresh, proposal, set.at)?,
        proposed_by: set.author,
        proposed_at: now,
        began_at: Some(set.at),
        ended_at: Some(set.at),
        risk: None,
        source: Some((source, set.id.to_string())),
        link: None,
    })
}

/// Whether a change stands for a changeset of documents: for which. One that was proposed stands for itself.
pub(super) fn stands_for(row: &ChangeRow) -> Option<Which> {
    let (source, key) = row.source.as_ref().filter(|_| row.change.path == Path::Observed)?;
    if source.as_str() == DOCUMENTS { key.parse().ok() } else { None }
}

/// A person did what is done by hand: the next step of it, or all of it.
pub fn done_by_hand(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: RollbackId,
    said: &str,
) -> Result<RollbackRow, Halt> {
    let said = entries::text(said, "/why")?;
    let catalog = node.rules(tx)?.catalog.clone();
    let (row, change, plan) = by_hand(tx, node, moment, id)?;
    step_done(tx, &catalog, moment, row, change, &plan, Some(&said))
}

/// A person could not.
pub fn failed_by_hand(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: RollbackId,
    why: &str,
) -> Result<RollbackRow, Halt> {
    let why = entries::text(why, "/why")?;
    let catalog = node.rules(tx)?.catalog.clone();
    let (row, change, _) = by_hand(tx, node, moment, id)?;
    over(tx, &catalog, moment, row, change, &Word::Failed { why })
}

/// Of a run of which nobody knows what became, a person says what they found, too.
fn by_hand(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &Moment<'_>,
    id: RollbackId,
) -> Result<(RollbackRow, ChangeRow, RollbackPlan), Halt> {
    let row = seen(tx, id, Sight::of(&moment.actor))?;
    let change = find(tx, row.run.change, Sight::Whole)?;
    let catalog = node.rules(tx)?.catalog.clone();
    let plan = preflights::plan(&change, &catalog).ok_or_else(|| Refusal::conflict("its plan is gone"))?;
    let may = match row.run.state {
        State::Unknown { .. } => true,
        State::Running { .. } => !next_by_program(&plan, row.step),
        _ => false,
    };
    if !may {
        return Err(Refusal::conflict("nothing of it waits for a person now").into());
    }
    Ok((row, change, plan))
}

fn step_done(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    moment: &mut Moment<'_>,
    mut row: RollbackRow,
    change: ChangeRow,
    plan: &RollbackPlan,
    said: Option<&str>,
) -> Result<RollbackRow, Halt> {
    let of = steps(plan);
    if row.step + 1 >= of {
        return over(tx, catalog, moment, row, change, &Word::Succeeded);
    }
    row.step += 1;
    (row.sent_at, row.handle) = (None, None);
    row.due_at = next_by_program(plan, row.step).then_some(moment.now);
    rows::save(tx, &row)?;
    let data = json!({ "step": row.step, "of": of });
    tell(tx, moment, EventKind::RollbackStepDone, &row, &change, said, data)?;
    Ok(row)
}

/// The other side has spoken the last word; or nobody has, and the time is over.
fn over(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    moment: &mut Moment<'_>,
    mut row: RollbackRow,
    mut change: ChangeRow,
    word: &Word,
) -> Result<RollbackRow, Halt> {
    row.run = row.run.heard(word, moment.now);
    let (kind, why) = match &row.run.state {
        State::Succeeded { at } => {
            row.due_at = Some(lookout(&change, catalog, *at).from());
            move_change(tx, moment, &mut change, &Command::RolledBack)?;
            (EventKind::RollbackSucceeded, None)
        }
        State::Failed { why, .. } => {
            row.due_at = None;
            let why = why.clone();
            move_change(tx, moment, &mut change, &Command::RollbackFailed { why: why.clone() })?;
            (EventKind::RollbackFailed, Some(why))
        }
        State::Unknown { .. } => {
            row.due_at = Some(ASK_EVERY.after(moment.now));
            (EventKind::RollbackUnknown, None)
        }
        State::Asked | State::Running { .. } | State::CalledOff { .. } => return Ok(row),
    };
    rows::save(tx, &row)?;
    tell(tx, moment, kind, &row, &change, why.as_deref(), json!({}))?;
    Ok(row)
}

fn move_change(tx: &mut Tx<'_>, moment: &Moment<'_>, change: &mut ChangeRow, command: &Command) -> Result<(), Halt> {
    let person = moment.person().cloned();
    let by = By { person: person.as_ref(), approves: false };
    change.change = change.change.act(command, by, moment.now)?;
    change_rows::save(tx, change)?;
    Ok(())
}

/// When something is to be called or asked next.
pub fn next_due(store: &Store) -> Result<Option<Timestamp>, Halt> {
    store.read(|tx| Ok(rows::next_call(tx)?))
}

/// Takes what is to be called or asked now upon this node, each for one node only.
pub fn take_due(store: &Store, node: &Node, now: Timestamp) -> Result<Vec<Call>, Halt> {
    if next_due(store)?.is_none_or(|at| at > now) {
        return Ok(Vec::new());
    }
    store.write(|tx| {
        let catalog = node.rules(tx)?.catalog.clone();
        let mut calls = Vec::new();
        for row in rows::calls_due(tx, now, 20)? {
            let mut change = find(tx, row.run.change, Sight::Whole)?;
            preflights::fill_from(tx, &mut change)?;
            let next = preflights::plan(&change, &catalog).and_then(|plan| called_next(&plan, row.step));
            let Some((adapter, action)) = next else { continue };
            let only_ask = row.sent_at.is_some();
            let mine = if only_ask {
                rows::claim_question(tx, row.run.id, row.due_at, Span::seconds(30).after(now))?
            } else {
                rows::claim_call(tx, row.run.id, row.step, now)?
            };
            if mine {
                calls.push(Call { run: row, change, adapter, action, only_ask });
            }
        }
        Ok(calls)
    })
}

/// The program was asked whether it could before it was called, and cannot: nothing was called.
pub fn not_able(
    store: &Store,
    node: &Node,
    mint: &mut Mint,
    call: &Call,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), Halt> {
    let why = match answer {
        Answer::Ready => return Ok(()),
        Answer::Denied(why) => format!("{} does not let us: {why}", call.adapter),
        Answer::Unreachable(why) => format!("{} does not answer: {why}", call.adapter),
        Answer::NoTarget(what) => format!("{} does not have {what} any more", call.adapter),
    };
    called(store, node, mint, call, &Called::Refused { why: format!("{why}; nothing was called") }, now)
}

/// Keeps what became of a call.
pub fn called(
    store: &Store,
    node: &Node,
    mint: &mut Mint,
    call: &Call,
    became: &Called,
    now: Timestamp,
) -> Result<(), Halt> {
    store.write(|tx| {
        let Some(mut row) = current(tx, call)? else { return Ok(()) };
        let mut moment = Moment::new(now, domain::words::Actor::Rule("rollback"), mint);
        match became {
            Called::Taken { handle, link } => {
                (row.handle, row.link) = (handle.clone(), link.clone().or(row.link.take()));
                row.due_at = Some(now);
                rows::save(tx, &row)?;
            }
            // Asked about until its time is over.
            Called::Unknown { .. } => {
                row.due_at = Some(ASK_EVERY.after(now));
                rows::save(tx, &row)?;
            }
            Called::Refused { why } => {
                let catalog = node.rules(tx)?.catalog.clone();
                let change = find(tx, row.run.change, Sight::Whole)?;
                over(tx, &catalog, &mut moment, row, change, &Word::Failed { why: why.clone() })?;
            }
        }
        Ok(())
    })
}

/// Keeps what the other side said when it was asked.
pub fn heard(
    store: &Store,
    node: &Node,
    mint: &mut Mint,
    call: &Call,
    word: &Word,
    now: Timestamp,
) -> Result<(), Halt> {
    store.write(|tx| {
        let Some(mut row) = current(tx, call)? else { return Ok(()) };
        let mut moment = Moment::new(now, domain::words::Actor::Rule("rollback"), mint);
        let change = find(tx, row.run.change, Sight::Whole)?;
        let catalog = node.rules(tx)?.catalog.clone();
        if let (Word::Succeeded, Some(plan)) = (word, preflights::plan(&change, &catalog)) {
            step_done(tx, &catalog, &mut moment, row, change, &plan, None)?;
            return Ok(());
        }
        let known = row.run.state.clone();
        row.due_at = match &known {
            State::Unknown { since } => (ASK_AT_ALL.after(*since) > now).then(|| ASK_LATER.after(now)),
            _ => Some(ASK_EVERY.after(now)),
        };
        if row.run.heard(word, now).state == known {
            rows::save(tx, &row)?;
        } else {
            over(tx, &catalog, &mut moment, row, change, word)?;
        }
        Ok(())
    })
}

/// The run, if it is still at the step that the call was of.
fn current(tx: &mut Tx<'_>, call: &Call) -> Result<Option<RollbackRow>, Halt> {
    let row = rows::get(tx, call.run.run.id)?;
    Ok(row.filter(|row| {
        row.step == call.run.step && matches!(row.run.state, State::Running { .. } | State::Unknown { .. })
    }))
}

/// Gives the verdicts whose time has come.
pub fn judge_due(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    let due = store.read(|tx| Ok(rows::verdicts_due(tx, now, 50)?))?;
    for row in &due {
        store.write(|tx| {
            let Some(row) = rows::get(tx, row.run.id)?.filter(|row| row.verdict.is_none()) else { return Ok(()) };
            let mut moment = Moment::new(now, domain::words::Actor::Rule("verdict"), mint);
            give_verdict(tx, node, &mut moment, row)
        })?;
    }
    Ok(due.len())
}

fn give_verdict(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, mut row: RollbackRow) -> Result<(), Halt> {
    let State::Succeeded { at } = row.run.state else { return Ok(()) };
    let mut change = find(tx, row.run.change, Sight::Whole)?;
    let catalog = node.rules(tx)?.catalog.clone();
    let radius = where_felt(tx, &catalog, &row, &change)?;
    let seen = look(tx, node, &row, &radius)?;
    let verdict = judge(&seen, &lookout(&change, &catalog, at), moment.now);
    let Some(outcome) = verdict.outcome else {
        row.due_at = verdict.again_at;
        rows::save(tx, &row)?;
        return Ok(());
    };
    row.due_at = None;
    row.verdict = Some(Verdict { outcome, why: verdict.why.clone(), at: moment.now });
    rows::save(tx, &row)?;
    if matches!(change.change.state, Stands::RolledBack { outcome: None, .. }) {
        move_change(tx, moment, &mut change, &Command::Judge { outcome })?;
    }
    let mut data = json!({ "outcome": outcome, "symptoms": row.symptoms.len() });
    if outcome == Outcome::NoEffect {
        data["demotes"] = json!(change.change.id.to_string());
    }
    tell(tx, moment, EventKind::RollbackJudged, &row, &change, Some(&verdict.why), data)
}

/// How long the alerts of a change are looked at.
fn lookout(change: &ChangeRow, catalog: &Catalog, done_at: Timestamp) -> Lookout {
    Lookout::of(preflights::plan(change, catalog).and_then(|plan| plan.watch), done_at)
}

/// Where it may be felt: all that stands on what was changed, and what the room says is hit.
fn where_felt(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    row: &RollbackRow,
    change: &ChangeRow,
) -> Result<BTreeSet<Name>, Halt> {
    let services = change.change.proposal.services();
    let mut radius: BTreeSet<Name> = Graph::of(&catalog.services).blast_radius(&services).into_keys().collect();
    if let Some(incident) = row.incident {
        let room = store::respond::incidents::get(tx, incident, Sight::Whole)?;
        radius.extend(room.into_iter().flat_map(|room| room.services));
    }
    Ok(radius)
}

/// How the alerts stand that fired when it began, and what began to fire since.
fn look(tx: &mut Tx<'_>, node: &Node, row: &RollbackRow, radius: &BTreeSet<Name>) -> Result<Seen, Halt> {
    let open: std::collections::BTreeMap<AlertId, Timestamp> = firing(node, radius).into_iter().collect();
    let mut seen = Seen::default();
    for id in &row.symptoms {
        let symptom = if open.contains_key(id) {
            Symptom::Firing
        } else {
            match store::detect::alerts::get(tx, *id)? {
                Some(alert) => match (alert.resolved_at, alert.closing.as_deref()) {
                    (Some(at), Some("source")) => Symptom::Cleared { at },
                    (None, _) => Symptom::Firing,
                    _ => Symptom::Silent,
                },
                None => Symptom::Silent,
            }
        };
        seen.symptoms.insert(*id, symptom);
    }
    let began = row.run.asked_at;
    seen.fresh = open.iter().filter(|(id, at)| !row.symptoms.contains(id) && **at > began).map(|(id, _)| *id).collect();
    Ok(seen)
}

/// The open alerts of some services, with when they began to fire. What is only practised is left out.
fn firing(node: &Node, services: &BTreeSet<Name>) -> Vec<(AlertId, Timestamp)> {
    let board = node.board();
    let mut found = Vec::new();
    for open in board.groups().filter(|open| !open.group.is_drill()) {
        for slot in &open.alerts {
            let labelled =
                || board.label(*slot, "service").is_some_and(|name| services.iter().any(|one| one.as_str() == name));
            if open.group.service.as_ref().is_some_and(|service| services.contains(service)) || labelled() {
                let alert = board.at(*slot);
                found.push((alert.id, alert.fired_at));
            }
        }
    }
    found
}

fn told_preview(foreseen: &Foreseen) -> Value {
    let preview = &foreseen.preview;
    json!({
        "way": foreseen.plan.way.word(),
        "blast_radius": preview.blast_radius.keys().collect::<Vec<_>>(),
        "undoes_also": preview.undoes_also,
        "warnings": preview.missing.iter().map(|one| &one.what).collect::<Vec<_>>(),
        "estimate": preview.estimate,
        "second_person": preview.second_person,
    })
}

/// Notes what happened to a run: on the timeline of the room that it was asked for in.
fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    kind: EventKind,
    row: &RollbackRow,
    change: &ChangeRow,
    why: Option<&str>,
    data: Value,
) -> Result<(), Halt> {
    let incident = row.incident.or(change.change.incident);
    let about = About { change, incident, part: Some(("rollback", row.run.id.to_string())) };
    note(tx, moment, kind, about, why, data)
}
