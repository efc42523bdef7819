//! Reminders of obligations: who answers for a clock is paged while it runs out.
//!
//! When half, three quarters, nine tenths and all of its time are over; once each, whatever node does it.

use domain::engage::escalations::{self, Recipient};
use domain::prepare::catalog::Catalog;
use domain::respond::incidents::Visibility;
use domain::respond::obligation_packs::{Accountable, Duty, ObligationPack};
use domain::respond::obligations::Deadline;
use domain::respond::sight::Sight;
use domain::words::{Actor, EventKind, Mint, Name, Span, Timestamp, Urgency};
use serde_json::json;
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::respond::obligations::{self as rows, Started};
use store::{Halt, Store};

use super::command;
use super::obligations::{next_reminder, particulars};
use crate::announce::Told;
use crate::board::{self, Pace, Turn};
use crate::engage::pages::{self, Reminder};
use crate::engage::who::Who;
use crate::{Moment, Node, announce};

/// How many reminders are given in one transaction.
const REMINDERS_AT_ONCE: u32 = 20;

/// Who answers for a pack in an incident: whom its document names, or else the commander.
pub fn accountable(catalog: &Catalog, spec: &ObligationPack, row: &IncidentRow) -> Vec<Name> {
    let named = match &spec.accountable {
        Some(Accountable::Person(person)) => vec![person.clone()],
        Some(Accountable::Team(team)) => catalog.teams.get(team).map(|team| team.members.clone()).unwrap_or_default(),
        None => Vec::new(),
    };
    let there = |person: &Name| catalog.people.get(person).is_some_and(|person| !person.inactive);
    let named: Vec<Name> = named.into_iter().filter(there).collect();
    if named.is_empty() { row.state.commander.iter().cloned().collect() } else { named }
}

/// Reminds those who are accountable of clocks that run out. Answers how many.
pub fn remind_due(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(rows::to_remind(tx, now, 1)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("obligation"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = rows::to_remind(turn.tx, now, REMINDERS_AT_ONCE)?;
        for one in &due {
            remind(turn, one)?;
        }
        Ok(due.len())
    })
}

/// Those who are accountable, and whom the first step of the policy of the pack would tell now.
fn whom(turn: &mut Turn<'_, '_>, spec: &ObligationPack, row: &IncidentRow) -> Result<Vec<Name>, Halt> {
    let (rules, now) = (turn.rules.clone(), turn.moment.now);
    let mut people = accountable(&rules.catalog, spec, row);
    let policy = spec.escalation_policy.as_ref();
    if let Some(policy) = policy.and_then(|policy| rules.catalog.escalation_policies.get(policy)) {
        let who = Who::for_policy(turn.tx, &rules.catalog, policy, now)?;
        for notify in escalations::start(policy, Urgency::High, now, &who).notify {
            match notify.to {
                Recipient::Person(person) if !people.contains(&person) => people.push(person),
                _ => {}
            }
        }
    }
    Ok(people)
}

/// Pages one of those who are accountable, by their ladder. They are named for the incident, or they could not look. What
/// leaves the house names a restricted incident by its codename, and tells nothing of what is owed.
fn page(
    turn: &mut Turn<'_, '_>,
    row: &IncidentRow,
    (spec, duty): (&ObligationPack, &Duty),
    (share, deadline): (u8, &Deadline),
    owed: &str,
    person: &Name,
) -> Result<bool, Halt> {
    let over = match share {
        50 => "half of its time is over",
        75 => "three quarters of its time are over",
        90 => "nine tenths of its time are over",
        _ => "its time is over",
    };
    let Some(due) = deadline.at() else { return Ok(false) };
    let local = due.to_zoned(spec.days().zone).strftime("%a %-d %b %Y, %H:%M %Z").to_string();
    let hidden = row.state.visibility == Visibility::Restricted;
    let what = if hidden { "Something is owed" } else { &duty.title };
    let title = format!("{what}: {}", command::outside_name(row));
    let because = format!("You answer for it, and {over}: it is due on {local}");
    // What ends within a day may wake somebody.
    let soon = due <= Span::hours(24).after(turn.moment.now);
    let urgency = if soon { Urgency::High } else { Urgency::Low };
    if incident_rows::name_person(turn.tx, row.id, person)? {
        let told = Told::of(json!({ "person": person }));
        let also = vec![format!("person/{person}")];
        announce::of_incident(turn.tx, &mut turn.moment, EventKind::IncidentPersonNamed, row.id, also, told)?;
    }
    let reminder = Reminder { incident: row.id, owed, urgency, title: &title, because: &because };
    pages::remind(turn, person, &reminder)
}

/// What a reminder of a clock is of.
pub(super) fn owed(pack: &Name, clock: &Name) -> String {
    format!("{pack}/{clock}")
}

fn remind(turn: &mut Turn<'_, '_>, started: &Started) -> Result<(), Halt> {
    let rules = turn.rules.clone();
    let pack = rules.catalog.obligation_packs.get(&started.pack);
    let duty = pack.and_then(|spec| Some((spec, spec.clock(&started.clock)?)));
    let row = incident_rows::get(turn.tx, started.incident, Sight::Whole)?;
    let (Some((spec, duty)), Some(row)) = (duty, row) else {
        return Ok(rows::remove(turn.tx, started.incident, &started.pack, &started.clock)?);
    };
    let (now, records) = (turn.moment.now, rows::of_incident(turn.tx, row.id)?);
    let (deadline, _) = records.stands(&started.pack, &duty.name, &duty.rule(), &spec.days(), now);
    // Of several that were missed meanwhile, the last.
    let passed = deadline.reminders().into_iter().rfind(|(_, at)| *at <= now).map_or(0, |(share, _)| share);
    let reminded = passed.max(started.reminded);
    rows::save(turn.tx, &Started { reminded, remind_at: next_reminder(&deadline, reminded), ..started.clone() })?;
    if passed <= started.reminded {
        return Ok(());
    }
    let owed = owed(&started.pack, &started.clock);
    pages::end_reminders(turn.tx, &mut turn.moment, row.id, &owed)?;
    let (mut people, mut unreached) = (Vec::new(), Vec::new());
    for person in whom(turn, spec, &row)? {
        let reached = page(turn, &row, (spec, duty), (passed, &deadline), &owed, &person)?;
        if reached { people.push(person) } else { unreached.push(person) }
    }
    let data = json!({ "share": passed, "due_at": deadline.at(), "people": people, "unreached": unreached });
    let data = particulars(&started.pack, spec, Some(duty), data);
    let mut also = vec![format!("obligation-pack/{}", started.pack)];
    also.extend(people.iter().map(|person| format!("person/{person}")));
    announce::of_incident(turn.tx, &mut turn.moment, EventKind::ObligationReminded, row.id, also, Told::of(data))?;
    Ok(())
}
