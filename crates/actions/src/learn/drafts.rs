//! Gathers the record of an incident for its draft, as far as whoever reads may see it.
//!
//! Reads only, and judges nothing: what the draft makes of it is domain/learn/drafts.rs. What the reader may not see is not in
//! the record, so that no sentence can tell of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::learn::drafts::{Draft, draft};
use domain::learn::records::{
    AlertFact, ChangeFact, ClockFact, DeliveryFact, EarlierFact, Happened, KillFact, PageFact, Record, RollbackFact,
};
use domain::prepare::catalog::Catalog;
use domain::respond::incidents::Phase;
use domain::respond::obligations::Standing as ClockStanding;
use domain::respond::sight::Sight;
use domain::respond::stamps::{Milestone, Stamp, standing};
use domain::words::{AlertId, GroupId, Id as _, IncidentId, Name, Span, Timestamp};
use store::change::{changes as change_rows, kills, rollbacks};
use store::detect::{alerts as alert_rows, groups};
use store::engage::pages::{self, PageRow};
use store::outbox::{self, Kind, State};
use store::respond::incidents::{self as rows, Filter, IncidentRow};
use store::respond::{affected, stamps, tasks, updates};
use store::{Halt, Tx};

use crate::Node;
use crate::change::suspects::{self, Suspicion};
use crate::detect::views::{self, AlertView};
use crate::respond::incidents::seen;
use crate::respond::links::groups_of;
use crate::respond::owed::{self, Held, Regime};
use crate::respond::room::{self, Line};

/// More entries than this are not read; the latest are.
const ENTRIES: usize = 5000;
/// More alerts than this are not told one by one.
const ALERTS: usize = 200;
/// So many that fired near it are looked for.
const NEAR: usize = 50;
/// So long before the harm began an alert is near.
const BEFORE: Span = Span::minutes(30);
/// So many earlier incidents are compared, and so many are told.
const COMPARED: u32 = 100;
const ALIKE: usize = 5;
/// While nobody has said how often people are told, this long without anything is a silence.
const QUIET: Span = Span::minutes(30);

/// Writes the draft of an incident.
pub fn of_incident(
    tx: &mut Tx<'_>,
    node: &Node,
    id: IncidentId,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Draft, Halt> {
    Ok(draft(&gather(tx, node, id, sight, now)?))
}

/// Reads the record of an incident.
pub fn gather(tx: &mut Tx<'_>, node: &Node, id: IncidentId, sight: Sight<'_>, now: Timestamp) -> Result<Record, Halt> {
    let row = seen(tx, id, sight)?;
    let catalog = node.rules(tx)?.catalog.clone();
    let (events, truncated) = events(tx, id, sight)?;
    let stamps = stamps::of_incident(tx, id)?;
    let own: BTreeSet<GroupId> = groups_of(tx, id)?.into_iter().collect();
    let suspicion = suspects::of_incident(tx, node, &row, sight)?;
    let stretch = stretch(&row, &stamps, &suspicion, now);
    let alerts = alerts(tx, node, &own, &events)?;
    let (pages, deliveries) = paged(tx, id, &own)?;
    let (clocks, packs_asked) = clocks(owed::of_incident(tx, node, &row, now)?.regimes);
    Ok(Record {
        id,
        title: row.name().into_owned(),
        class: row.state.class,
        phase: row.state.phase,
        severity: row.state.severity.clone(),
        services: row.services.iter().map(|name| service(&catalog, name)).collect(),
        because: row.because.clone(),
        impact: row.impact.clone(),
        reported_at: row.reported_at,
        retrospective: row.retrospective,
        near_miss: row.near_miss,
        reopened: row.state.reopened,
        now,
        quiet_after: quiet_after(&catalog, &row),
        people: people(&catalog, &events),
        roles: catalog.roles.iter().map(|(name, role)| (name.clone(), role.title.clone())).collect(),
        alerts_near: alerts_near(tx, node, &row, &own, &suspicion, stretch)?,
        changes: changes(tx, &row, &suspicion, stretch, sight)?,
        rollbacks: taken_back(tx, id, sight)?,
        kills: killed(tx, id)?,
        earlier: earlier(tx, &row, &own, sight)?,
        tasks: tasks::of_incident(tx, id)?,
        updates: updates::of_incident(tx, id)?,
        promises: updates::promises(tx, id)?,
        affected: affected::of_incident(tx, id)?,
        suspects: suspicion.ranking.suspects,
        events,
        truncated,
        stamps,
        alerts,
        pages,
        deliveries,
        clocks,
        packs_asked,
    })
}

fn service(catalog: &Catalog, name: &Name) -> String {
    catalog.services.get(name).map_or_else(|| name.to_string(), |service| service.title.clone())
}

fn quiet_after(catalog: &Catalog, row: &IncidentRow) -> Span {
    let levels = catalog.severity_matrices.values().flat_map(|matrix| &matrix.levels);
    let level = levels.into_iter().find(|level| Some(&level.name) == row.state.severity.as_ref());
    level.and_then(|level| level.update_every).unwrap_or(QUIET)
}

/// What people are called who stand in the entries.
fn people(catalog: &Catalog, events: &[Happened]) -> BTreeMap<Name, String> {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for event in events {
        named.extend(event.actor.rsplit(':').next());
        named.extend(event.data["person"].as_str());
    }
    let known = |name: &str| {
        let (name, person) = catalog.people.get_key_value(name)?;
        Some((name.clone(), person.full_name.clone()))
    };
    named.into_iter().filter_map(known).collect()
}

/// Its timeline, the earliest first, and whether there was more.
fn events(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>) -> Result<(Vec<Happened>, bool), Halt> {
    const AT_ONCE: u32 = 1000;
    let mut lines: Vec<Line> = Vec::new();
    let mut more = true;
    while more && lines.len() < ENTRIES {
        let before = lines.last().map(|line| (line.entry.at, line.entry.id));
        let found = room::timeline(tx, id, sight, before, AT_ONCE)?;
        more = found.len() == AT_ONCE as usize;
        lines.extend(found);
    }
    Ok((lines.into_iter().rev().map(happened).collect(), more))
}

fn happened(line: Line) -> Happened {
    let kind = line.entry.kind();
    let mark = line.mark;
    let merged = line.origin.is_some();
    Happened {
        id: line.entry.id,
        number: line.entry.number,
        kind,
        at: line.entry.at,
        recorded_at: line.entry.recorded_at,
        actor: line.entry.actor,
        subjects: line.entry.subjects,
        why: line.entry.why,
        data: line.entry.data,
        merged,
        struck: mark.as_ref().is_some_and(|mark| mark.struck.is_some()),
        corrected: mark.and_then(|mark| mark.corrected).map(|(text, _)| text),
    }
}

/// From when to when it was.
fn stretch(row: &IncidentRow, stamps: &[Stamp], suspicion: &Suspicion, now: Timestamp) -> (Timestamp, Timestamp) {
    let held = standing(stamps);
    let begun = suspicion.case.began_at.min(row.reported_at);
    let over = held.get(&Milestone::Resolved).map(|stamp| stamp.when.at);
    (begun, over.filter(|_| !row.state.phase.is_open()).unwrap_or(now).max(begun))
}

/// The alerts of its groups: those that still fire, and those of which an entry tells.
fn alerts(tx: &mut Tx<'_>, node: &Node, own: &BTreeSet<GroupId>, events: &[Happened]) -> Result<Vec<AlertFact>, Halt> {
    let mut ids: BTreeSet<AlertId> = BTreeSet::new();
    for event in events {
        for group in own {
            let named = event.data["groups"][group.to_string()].as_array().into_iter().flatten();
            ids.extend(named.filter_map(|id| id.as_str()?.parse::<AlertId>().ok()));
        }
    }
    for group in own {
        let board = node.board();
        let open = board.group(*group).into_iter().flat_map(|open| open.alerts.iter());
        ids.extend(open.map(|slot| board.at(*slot).id));
    }
    let mut found = Vec::new();
    for id in ids.into_iter().take(ALERTS) {
        let view = views::one(tx, &node.board(), id)?;
        found.extend(view.map(|view| fact(&view)));
    }
    Ok(found)
}

fn fact(view: &AlertView) -> AlertFact {
    AlertFact {
        id: view.id,
        group: view.group,
        summary: view.summary().to_owned(),
        service: view.service.clone(),
        fired_at: view.fired_at,
        resolved_at: view.resolved_at,
        noise: view.noise.clone(),
    }
}

/// Alerts that fired on what was hit while it went on, or a little before, and do not belong to it.
fn alerts_near(
    tx: &mut Tx<'_>,
    node: &Node,
    row: &IncidentRow,
    own: &BTreeSet<GroupId>,
    suspicion: &Suspicion,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<AlertFact>, Halt> {
    let services = &suspicion.case.services;
    let since = BEFORE.before(from);
    let slots: Vec<_> = {
        let board = node.board();
        let near = |slot: &_| {
            let alert = board.at(*slot);
            since <= alert.fired_at && alert.fired_at <= to && !own.contains(&alert.group)
        };
        board.newest_first(None).filter(near).take(ALERTS).collect()
    };
    let mut found = views::open(tx, &node.board(), &slots)?;
    // The end of what began in the stretch is mostly not long after it.
    let until = Span::hours(24).after(to);
    let over = alert_rows::resolved(tx, Some((until, AlertId::from_bits(0))), 300)?;
    let near =
        |alert: &alert_rows::AlertRow| since <= alert.fired_at && alert.fired_at <= to && !own.contains(&alert.group);
    found.extend(views::rows(tx, over.into_iter().filter(near).take(ALERTS).collect())?);
    let hit = |view: &AlertView| view.service.as_ref().is_some_and(|name| services.contains(name));
    found.retain(|view| view.is_drill() == row.drill && hit(view));
    found.sort_by_key(|view| (view.fired_at, view.id));
    found.dedup_by_key(|view| view.id);
    Ok(found.iter().take(NEAR).map(fact).collect())
}

/// The pages about its alerts and about itself, and what was sent for each.
fn paged(tx: &mut Tx<'_>, id: IncidentId, own: &BTreeSet<GroupId>) -> Result<(Vec<PageFact>, Vec<DeliveryFact>), Halt> {
    let mut found: Vec<PageRow> = pages::of_incident(tx, id)?;
    for group in own {
        found.extend(pages::of_group(tx, *group)?);
    }
    found.sort_by_key(|page| page.id);
    let (mut told, mut deliveries) = (Vec::new(), Vec::new());
    for page in found {
        for (one, _) in outbox::for_page(tx, page.id)?.into_iter().filter(|(one, _)| one.kind == Kind::Page) {
            deliveries.push(DeliveryFact {
                id: one.id,
                page: page.id,
                channel: one.channel,
                queued_at: one.created_at,
                sent_at: one.settled_at.filter(|_| one.state == State::Sent),
                failed: one.state == State::Failed,
                attempts: one.attempts,
            });
        }
        told.push(PageFact {
            id: page.id,
            group: page.about.group(),
            escalates: page.about.escalates(),
            title: page.title,
            urgency: page.urgency,
            started_at: page.started_at,
        });
    }
    Ok((told, deliveries))
}

/// Changes that were made in it, and those of what was hit that went out while it went on.
fn changes(
    tx: &mut Tx<'_>,
    row: &IncidentRow,
    suspicion: &Suspicion,
    (from, to): (Timestamp, Timestamp),
    sight: Sight<'_>,
) -> Result<Vec<ChangeFact>, Halt> {
    let mut found = Vec::new();
    for one in change_rows::in_stretch(tx, from, to, sight, 200)? {
        let (id, services) = (one.change.id, one.change.proposal.services());
        let is_own = one.change.incident == Some(row.id);
        let is_near = !services.is_disjoint(&suspicion.case.services) && !suspicion.changes.contains_key(&id);
        if is_own || is_near {
            found.push(ChangeFact {
                id,
                title: one.change.proposal.title.clone(),
                services,
                is_own,
                began_at: one.began_at,
                state: one.change.state.word(),
            });
        }
    }
    Ok(found)
}

fn taken_back(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>) -> Result<Vec<RollbackFact>, Halt> {
    let mut found = Vec::new();
    for row in rollbacks::of_incident(tx, id)? {
        if let Some(change) = change_rows::get(tx, row.run.change, sight)? {
            let verdict = row.verdict.map(|verdict| (verdict.outcome, verdict.why));
            found.push(RollbackFact { run: row.run, title: change.change.proposal.title, verdict });
        }
    }
    Ok(found)
}

fn killed(tx: &mut Tx<'_>, id: IncidentId) -> Result<Vec<KillFact>, Halt> {
    let fact = |row: kills::KillRow| KillFact { id: row.id, environment: row.environment, kill: row.kill };
    Ok(kills::of_incident(tx, id)?.into_iter().map(fact).collect())
}

/// The clocks that were considered, and the packs of which nobody has said anything yet.
fn clocks(regimes: Vec<Regime>) -> (Vec<ClockFact>, Vec<String>) {
    let (mut clocks, mut asked) = (Vec::new(), Vec::new());
    for regime in regimes {
        let pack = regime.spec.as_ref().map_or_else(|| regime.pack.to_string(), |spec| spec.title.clone());
        match &regime.held {
            Held::Asked => asked.push(pack),
            Held::RuledOut(decision) => {
                let why = Some(decision.why.clone());
                let mut fact = ClockFact { title: pack, standing: ClockStanding::NotDue, why, cites: Vec::new() };
                fact.cite(decision.id);
                clocks.push(fact);
            }
            Held::Considered(_) => {
                for one in &regime.clocks {
                    let late = one.submissions.first().and_then(|first| first.why_late.clone());
                    let mut fact = ClockFact {
                        title: format!("{} ({pack})", one.duty.title),
                        standing: one.standing.clone(),
                        why: one.decision.as_ref().map(|decision| decision.why.clone()).or(late),
                        cites: Vec::new(),
                    };
                    for (_, recorded) in &regime.anchors {
                        if let Some(recorded) = recorded {
                            fact.cite(recorded.id);
                        }
                    }
                    for submission in &one.submissions {
                        fact.cite(submission.id);
                    }
                    if let Some(decision) = &one.decision {
                        fact.cite(decision.id);
                    }
                    clocks.push(fact);
                }
            }
        }
    }
    (clocks, asked)
}

/// Earlier incidents of the same services, or with groups of alerts of the same route and labels; the likest first.
fn earlier(
    tx: &mut Tx<'_>,
    row: &IncidentRow,
    own: &BTreeSet<GroupId>,
    sight: Sight<'_>,
) -> Result<Vec<EarlierFact>, Halt> {
    let mut prints = BTreeSet::new();
    for id in own {
        prints.extend(print(tx, *id)?);
    }
    let filter = Filter { drill: Some(row.drill), ..Filter::default() };
    let mut found = Vec::new();
    for other in rows::list(tx, &filter, sight, Some(row.id), COMPARED)? {
        if matches!(other.state.phase, Phase::Cancelled | Phase::Merged) {
            continue;
        }
        let mut theirs = BTreeSet::new();
        for id in groups_of(tx, other.id)? {
            theirs.extend(print(tx, id)?);
        }
        let groups = theirs.intersection(&prints).count();
        let services: BTreeSet<Name> =
            other.services.iter().filter(|name| row.services.contains(name)).cloned().collect();
        if groups > 0 || !services.is_empty() {
            found.push(EarlierFact {
                id: other.id,
                title: other.name().into_owned(),
                reported_at: other.reported_at,
                phase: other.state.phase,
                services,
                groups,
            });
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse((one.groups, one.services.len(), one.id)));
    found.truncate(ALIKE);
    Ok(found)
}

/// By what a group is told from others: its route and the labels that its alerts share.
type Print = (Name, Vec<(String, String)>);

fn print(tx: &mut Tx<'_>, id: GroupId) -> Result<Option<Print>, Halt> {
    Ok(groups::get(tx, id)?.map(|(group, _)| (group.route, group.labels)))
}

#[cfg(test)]
#[path = "drafts_tests.rs"]
mod tests;
