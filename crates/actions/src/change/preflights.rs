//! Could it be rolled back now? Asked before it is needed: of every change that goes on or was done lately, and of what stands
//! under suspicion.

use std::collections::{BTreeMap, BTreeSet};

use domain::change::changes::Path;
use domain::change::proposals::Target;
use domain::change::rollback_adapters::for_deploy;
use domain::change::rollback_plans::{Answer, Missing, Preflight, RollbackPlan};
use domain::engage::oncall;
use domain::prepare::catalog::Catalog;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, Name, Span, Timestamp};
use store::change::changes::{self, ChangeRow, Filter};
use store::change::{preflights as rows, rollbacks};
use store::{Halt, Store, Tx};

use super::changes::find;
use crate::{Moment, Node};

/// Whether a change could be taken back now.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// Nothing: it has no plan.
    pub plan: Option<RollbackPlan>,
    pub missing: Vec<Missing>,
    /// When the programs that it calls answered last; nothing: not all have.
    pub asked_at: Option<Timestamp>,
}

/// How good the word of each program is: an answer is asked for anew after this, while the change is young.
const GOOD_FOR: Span = Span::hours(1);
const YOUNG_FOR: Span = Span::hours(24);
/// A no counts for this long: whoever mended what it was about need not wait, since a run asks again before it calls.
const NO_FOR: Span = Span::minutes(2);
/// A question that nobody answered is asked anew after this.
const LOST_AFTER: Span = Span::minutes(2);

impl Readiness {
    /// Nothing keeps it from running.
    pub fn could(&self) -> bool {
        self.plan.is_some() && self.missing.iter().all(|one| !one.blocks)
    }
}

/// The plan of a change: its own; of one that a program reported, what is set up for all that is deployed there.
pub fn plan(row: &ChangeRow, catalog: &Catalog) -> Option<RollbackPlan> {
    let proposal = &row.change.proposal;
    if proposal.rollback.is_some() || row.change.path != Path::Observed {
        return proposal.rollback.clone();
    }
    let (adapter, deploys) = for_deploy(&catalog.rollback_adapters, &proposal.targets)?;
    let service = proposal.targets.first()?;
    let team = catalog.services.get(&service.service).map_or(adapter, |service| &service.team);
    Some(deploys.plan(adapter, team))
}

/// Wants the programs of its plan to be asked soon.
pub fn wish(tx: &mut Tx<'_>, node: &Node, row: &ChangeRow, at: Timestamp) -> Result<(), Halt> {
    let plan = plan(row, &node.rules(tx)?.catalog);
    for adapter in plan.iter().flat_map(|plan| plan.way.adapters()) {
        rows::wish(tx, row.change.id, adapter, at)?;
    }
    Ok(())
}

/// The same, unless that is so already: whoever waits for the answer does not ask on and on.
pub(super) fn wish_once(tx: &mut Tx<'_>, node: &Node, row: &ChangeRow, now: Timestamp) -> Result<(), Halt> {
    let soon = |one: &rows::Preflight| one.due_at.is_some_and(|at| at <= LOST_AFTER.after(now));
    if rows::of_change(tx, row.change.id)?.iter().any(soon) { Ok(()) } else { wish(tx, node, row, now) }
}

/// The same, when somebody asks for it.
pub fn ask(tx: &mut Tx<'_>, node: &Node, moment: &Moment<'_>, id: ChangeId) -> Result<(), Halt> {
    let row = find(tx, id, Sight::of(&moment.actor))?;
    wish(tx, node, &row, moment.now)
}

/// What a plan lacks now, by all that is known.
pub fn readiness(tx: &mut Tx<'_>, node: &Node, row: &ChangeRow, now: Timestamp) -> Result<Readiness, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let Some(plan) = plan(row, &catalog) else {
        return Ok(Readiness { plan: None, missing: Vec::new(), asked_at: None });
    };
    let facts = facts(tx, &catalog, row, &plan, now)?;
    let answers = rows::of_change(tx, row.change.id)?;
    let asked_at = answers.iter().filter_map(|one| one.answered.as_ref().map(|(_, at)| *at)).min();
    Ok(Readiness { missing: plan.missing(&facts, now), plan: Some(plan), asked_at })
}

/// Whether a program that a plan calls has not answered lately whether it could.
pub(super) fn unasked(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    row: &ChangeRow,
    plan: &RollbackPlan,
    now: Timestamp,
) -> Result<bool, Halt> {
    let known = facts(tx, catalog, row, plan, now)?.adapters;
    Ok(plan.way.adapters().into_iter().any(|adapter| !known.contains_key(adapter)))
}

/// What is so in the world.
pub(super) fn facts(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    row: &ChangeRow,
    plan: &RollbackPlan,
    now: Timestamp,
) -> Result<Preflight, Halt> {
    let answered = rows::of_change(tx, row.change.id)?.into_iter().filter_map(|one| Some((one.adapter, one.answered?)));
    // What a document no longer says cannot be called, whatever it answered once.
    let mut adapters: BTreeMap<Name, Answer> = answered
        .filter(|(_, (answer, at))| {
            let counts = if *answer == Answer::Ready { Span::millis(2 * GOOD_FOR.as_millis()) } else { NO_FOR };
            counts.after(*at) >= now
        })
        .map(|(adapter, (answer, _))| (adapter, answer))
        .collect();
    for adapter in plan.way.adapters() {
        if !catalog.rollback_adapters.contains_key(adapter) {
            let why = format!("there is no rollback adapter {adapter}");
            adapters.insert(adapter.clone(), Answer::Denied(why));
        }
    }
    let services = row.change.proposal.services();
    let mut under_way = None;
    for other in rollbacks::under_way(tx)? {
        if other.run.change == row.change.id {
            continue;
        }
        let touched = find(tx, other.run.change, Sight::Whole)?.change.proposal.services();
        if !touched.is_disjoint(&services) {
            under_way = Some(other.run.asked_by.map_or_else(|| "a-rule".parse(), Ok)?);
        }
    }
    let done = if row.change.state.is_ahead() || row.began_at.is_some() && row.ended_at.is_none() {
        0
    } else {
        u16::try_from(row.change.proposal.steps.len()).unwrap_or(u16::MAX)
    };
    Ok(Preflight {
        adapters,
        runbooks: catalog.runbooks.keys().cloned().collect(),
        flags: flags(catalog),
        owner_on_duty: is_on_duty(tx, catalog, &plan.owner, now)?,
        steps_done: done,
        under_way,
    })
}

/// Every flag in every environment that it is in.
fn flags(catalog: &Catalog) -> BTreeSet<(Name, Name)> {
    let all = catalog.flags.iter();
    all.flat_map(|(flag, spec)| spec.environments.keys().map(|environment| (environment.clone(), flag.clone())))
        .collect()
}

/// A person on call, or a team that has one on call, by any schedule.
fn is_on_duty(tx: &mut Tx<'_>, catalog: &Catalog, owner: &Name, now: Timestamp) -> Result<bool, Halt> {
    let team = catalog.teams.get(owner);
    for (name, schedule) in &catalog.schedules {
        let overrides = store::engage::overrides::at(tx, name, now)?;
        let on_call = oncall::on_call(schedule, &overrides, now).person;
        if on_call.is_some_and(|person| person == *owner || team.is_some_and(|team| team.members.contains(&person))) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A question that is to be put to a program now.
#[derive(Clone, Debug)]
pub struct Asked {
    pub row: ChangeRow,
    pub adapter: Name,
}

/// When something is to be asked next.
pub fn next_due(store: &Store) -> Result<Option<Timestamp>, Halt> {
    store.read(|tx| Ok(rows::next_due(tx)?))
}

/// Takes due questions upon this node.
pub fn take_due(store: &Store, node: &Node, now: Timestamp) -> Result<Vec<Asked>, Halt> {
    if next_due(store)?.is_none_or(|at| at > now) {
        return Ok(Vec::new());
    }
    store.write(|tx| {
        let mut taken = Vec::new();
        for one in rows::due(tx, now, 20)? {
            if !rows::claim(tx, &one, LOST_AFTER.after(now))? {
                continue;
            }
            let mut row = find(tx, one.change, Sight::Whole)?;
            fill_from(tx, &mut row)?;
            let plan = plan(&row, &node.rules(tx)?.catalog);
            // What the plan no longer calls is not asked.
            if plan.is_some_and(|plan| plan.way.adapters().contains(&&one.adapter)) {
                taken.push(Asked { row, adapter: one.adapter });
            }
        }
        Ok(taken)
    })
}

/// What ran before, where whoever reported it did not say: what the change before it brought there.
pub(super) fn fill_from(tx: &mut Tx<'_>, row: &mut ChangeRow) -> Result<(), Halt> {
    let id = row.change.id;
    let Some(target) = row.change.proposal.targets.first_mut().filter(|target| target.from.is_none()) else {
        return Ok(());
    };
    let filter = Filter {
        service: Some(target.service.clone()),
        environment: target.environment.clone(),
        state: Some("finished".into()),
        ..Filter::default()
    };
    let before = changes::list(tx, &filter, Sight::Whole, Some(id), 1)?;
    let same = |one: &&Target| one.service == target.service && one.environment == target.environment;
    target.from = before.iter().flat_map(|row| &row.change.proposal.targets).find(same).and_then(|one| one.to.clone());
    Ok(())
}

/// Keeps what a program answered. It is asked again while the change is young.
pub fn answered(store: &Store, asked: &Asked, answer: &Answer, now: Timestamp) -> Result<(), Halt> {
    let since = asked.row.ended_at.or(asked.row.began_at).unwrap_or(asked.row.proposed_at);
    let again = (YOUNG_FOR.after(since) > now).then(|| GOOD_FOR.after(now));
    store.write(|tx| Ok(rows::answered(tx, asked.row.change.id, &asked.adapter, answer, now, again)?))
}
