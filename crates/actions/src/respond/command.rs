//! Command: somebody is called while nobody leads, and whoever answers leads.

use domain::engage::escalations::State;
use domain::engage::pages::About;
use domain::respond::command::page_at;
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::words::{Actor, IncidentId, Mint, Name, Refusal, Timestamp};
use store::engage::pages::{self as page_rows, PageRow};
use store::respond::incidents::{self as rows, IncidentRow};
use store::{Halt, Store, Tx};

use super::assignments;
use super::incidents::{COMMANDER, find, levels};
use crate::board::{self, Pace, Turn};
use crate::engage::pages;
use crate::{Moment, Node};

/// How many incidents are called for in one transaction.
const AT_ONCE: u32 = 20;

/// What an incident is called where others may read it: of a restricted one the codename.
pub fn outside_name(row: &IncidentRow) -> &str {
    match (row.state.visibility, &row.codename) {
        (Visibility::Restricted, Some(codename)) => codename,
        (Visibility::Restricted, None) => "a restricted incident",
        (Visibility::Open, _) => &row.title,
    }
}

/// Sets the time at which somebody is called, as the incident stands now: after each change of phase, severity or
/// command.
pub(super) fn watch(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow) -> Result<(), Halt> {
    let catalog = &node.rules(tx)?.catalog;
    let calls = catalog.roles.get(COMMANDER).is_some_and(|role| role.escalation_policy.is_some());
    let due = page_at(&row.state, &levels(catalog), calls, row.retrospective && row.state.reopened == 0);
    // Whoever was called already is not called again because the severity changed.
    let called = page_rows::of_incident(tx, row.id)?.iter().any(|page| page.started_at >= row.state.since);
    rows::set_command_due(tx, row.id, due.filter(|_| !called))?;
    Ok(())
}

/// Calls for a commander where the time has come. Answers for how many incidents.
pub fn call_due(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(rows::command_due(tx, now, 1)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("command"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = rows::command_due(turn.tx, now, AT_ONCE)?;
        for id in &due {
            rows::set_command_due(turn.tx, *id, None)?;
            call(turn, *id, "Nobody has taken command")?;
        }
        Ok(due.len())
    })
}

/// Calls for a commander at once, because somebody asks for it.
pub fn call_now(store: &Store, node: &Node, moment: &mut Moment<'_>, id: IncidentId) -> Result<(), Halt> {
    board::turn(store, node, Pace::Ordinary, moment, |turn| {
        find(turn.tx, &turn.moment, id)?;
        must_be_wanted(turn.tx, id)?;
        if calling(turn.tx, id)?.is_some() {
            return Err(Refusal::conflict("somebody is being called already").into());
        }
        rows::set_command_due(turn.tx, id, None)?;
        if !call(turn, id, "Somebody asks for a commander")? {
            let message = "the role incident-commander names no escalation policy: offer the role to somebody";
            return Err(Refusal::conflict(message).into());
        }
        Ok(())
    })
}

/// Somebody is called only for an incident that is open and that nobody commands.
pub(crate) fn must_be_wanted(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), Halt> {
    let Some(row) = rows::get(tx, id, Sight::Whole)? else { return Ok(()) };
    if !row.state.phase.is_open() {
        return Err(Refusal::conflict(format!("it is {}: nobody is called for it", row.state.phase)).into());
    }
    match row.state.commander {
        Some(commander) => {
            Err(Refusal::conflict(format!("{commander} commands it: offer the role to whoever follows")).into())
        }
        None => Ok(()),
    }
}

/// The page that calls for a commander now.
pub fn calling(tx: &mut Tx<'_>, id: IncidentId) -> Result<Option<PageRow>, Halt> {
    let calls = |page: &PageRow| matches!((&page.about, &page.state), (About::Command(_), State::Calling { .. }));
    Ok(page_rows::of_incident(tx, id)?.into_iter().find(calls))
}

fn call(turn: &mut Turn<'_, '_>, id: IncidentId, because: &str) -> Result<bool, Halt> {
    let Some(row) = rows::get(turn.tx, id, Sight::Whole)? else { return Ok(false) };
    let role = turn.rules.catalog.roles.get(COMMANDER);
    let Some(policy) = role.and_then(|role| role.escalation_policy.clone()) else { return Ok(false) };
    let severity = row.state.severity.as_ref().map_or_else(String::new, |severity| format!("{severity}: "));
    let title = format!("{severity}{}", outside_name(&row));
    pages::start_for_command(turn, id, &policy, &title, because)?;
    Ok(true)
}

/// Whoever answered the page leads.
pub(crate) fn accept(turn: &mut Turn<'_, '_>, id: IncidentId, by: &Name) -> Result<(), Halt> {
    let role: Name = COMMANDER.parse()?;
    assignments::offer(turn.tx, turn.node, &mut turn.moment, id, &role, by, None)
}

#[cfg(test)]
mod tests {
    use domain::respond::incidents::{Class, Command};
    use domain::words::{PageId, RefusalKind};

    use super::super::desk::{Desk, at, name};
    use super::super::incidents::Declaration;
    use super::*;

    fn page(desk: &Desk<'_>, id: IncidentId) -> PageRow {
        desk.store.read(|tx| Ok(page_rows::of_incident(tx, id)?)).unwrap().pop().unwrap()
    }

    fn answer(desk: &Desk<'_>, id: PageId, by: &str) -> Result<PageRow, Halt> {
        let (actor, mut mint) = (Actor::Person(name(by)), desk.mint.borrow_mut());
        let mut moment = Moment::new(at(500), actor, &mut mint);
        pages::acknowledge(desk.store, &desk.node, &mut moment, id, &name(by))
    }

    fn told<'t>(kind: &'t str, person: &'t str, title: &'t str) -> (String, String, String) {
        (kind.to_owned(), person.to_owned(), title.to_owned())
    }

    store::both_engines! {
        fn while_nobody_commands_the_policy_of_the_role_is_paged(store) {
            let desk = Desk::open(store);
            let row = desk.declare("ana", &Declaration::new("Payments fail", Class::System));
            assert_eq!(desk.wait(1), Some(at(4)), "not graded: as the worst");
            desk.act("ana", row.id, &Command::Grade { level: "SEV2".into() }, "a part fails").unwrap();
            assert_eq!(desk.wait(0), Some(at(7)), "as its level says, from when it was declared");
            assert_eq!(desk.paged(row.id), []);
            desk.wait(3);
            assert_eq!(desk.paged(row.id), [told("command", "ben", "SEV2: Payments fail")]);
            desk.act("ana", row.id, &Command::Grade { level: "SEV1".into() }, "worse").unwrap();
            desk.wait(4);
            let both = [told("command", "ben", "SEV2: Payments fail"), told("command", "cleo", "SEV2: Payments fail")];
            assert_eq!(desk.paged(row.id), both, "it goes on, and does not begin anew");
            let calls = page(&desk, row.id);
            assert!(answer(&desk, calls.id, "cleo").is_ok());
            let led = desk.by("ana", |tx, _, moment| find(tx, moment, row.id)).unwrap();
            assert_eq!(led.state.commander, Some(name("cleo")), "whoever answers has accepted command");
            assert!(answer(&desk, calls.id, "ben").is_err());
            let kinds = desk.told("ana", row.id);
            for kind in ["page.started", "page.escalated", "page.acknowledged", "role.accepted"] {
                assert!(kinds.iter().any(|one| one == kind), "{kind}: {kinds:?}");
            }
        }

        fn whoever_takes_command_in_the_room_stops_the_call_and_so_does_the_end(store) {
            let desk = Desk::open(store);
            let ids: Vec<IncidentId> =
                (0..2).map(|_| desk.declare("ana", &Declaration::new("Payments fail", Class::System)).id).collect();
            desk.wait(5);
            desk.by("ana", |tx, node, moment| {
                assignments::offer(tx, node, moment, ids[0], &name(COMMANDER), &name("ana"), None)
            }).unwrap();
            desk.act("ana", ids[1], &Command::Cancel, "a false alarm").unwrap();
            assert!(matches!(page(&desk, ids[0]).state, State::Acknowledged { ref by, .. } if *by == name("ana")));
            assert!(matches!(page(&desk, ids[1]).state, State::Ended { .. }));
            assert_eq!(desk.wait(60), None, "and nothing more is due");
            assert_eq!(desk.paged(ids[0]).len() + desk.paged(ids[1]).len(), 2);
        }

        fn a_restricted_incident_calls_by_its_codename_and_whoever_is_called_may_see_it(store) {
            let desk = Desk::open(store);
            let row = desk.declare("ana", &Declaration::new("A token leaked", Class::Security));
            let seen = |person: &str| desk.by(person, |tx, _, moment| find(tx, moment, row.id)).is_ok();
            assert!(!seen("ben"));
            desk.wait(5);
            let codename = row.codename.clone().unwrap();
            assert_eq!(desk.paged(row.id), [told("command", "ben", &codename)]);
            assert!(seen("ben") && !seen("cleo"));
            let calls = page(&desk, row.id);
            let refused = answer(&desk, calls.id, "cleo");
            assert!(matches!(refused, Err(Halt::Refused(refusal)) if refusal.kind == RefusalKind::NotFound));
            let (cleo, ben) = (name("cleo"), name("ben"));
            let listed = |sight| store.read(|tx| Ok(page_rows::list(tx, false, sight, None, 9)?.len())).unwrap();
            assert_eq!((listed(Sight::Of(&cleo)), listed(Sight::Of(&ben)), listed(Sight::Open)), (0, 1, 0));
            let open = store.read(|tx| Ok(store::journal::newest(tx, Sight::Of(&cleo), None, 500)?)).unwrap();
            assert!(open.iter().all(|entry| !entry.word.starts_with("page.")), "{open:?}");
        }

        fn nobody_is_called_for_what_needs_no_commander(store) {
            let desk = Desk::open(store);
            let mild = Declaration { severity: Some("SEV3".into()), ..Declaration::new("A nuisance", Class::System) };
            let past = Declaration { retrospective: true, ..Declaration::new("Last week", Class::System) };
            let report = Declaration { only_reported: true, ..Declaration::new("Odd", Class::System) };
            let ids = [mild, past, report].map(|wanted| desk.declare("ana", &wanted).id);
            assert_eq!(desk.wait(60), None);
            assert!(ids.iter().all(|id| desk.paged(*id).is_empty()));
            // Somebody may ask all the same.
            let mut mint = desk.mint.borrow_mut();
            let mut moment = Moment::new(at(100), Actor::Person(name("ana")), &mut mint);
            call_now(store, &desk.node, &mut moment, ids[0]).unwrap();
            assert!(call_now(store, &desk.node, &mut moment, ids[0]).is_err(), "somebody is being called already");
            assert!(call_now(store, &desk.node, &mut moment, ids[1]).is_err(), "it is over");
            drop(mint);
            assert_eq!(desk.paged(ids[0]), [told("command", "ben", "SEV3: A nuisance")]);
        }
    }
}
