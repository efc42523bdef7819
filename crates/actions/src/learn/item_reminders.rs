//! Reminders of action items: before, at and after they are due, to whoever owns them; from the second week on also to those who
//! lead the owner's team, or that of the service.
//!
//! What is due of one incident at one time is one message to each. Nobody is reminded of a drill's items, and nobody of what they
//! may not see.

use std::collections::{BTreeMap, BTreeSet};

use domain::learn::action_items::ActionItem;
use domain::prepare::catalog::Catalog;
use domain::prepare::people::Access;
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::words::{Actor, EventKind, IncidentId, Mint, Name, Timestamp, Urgency, text};
use serde_json::json;
use store::learn::action_items::{self as rows, ItemRow};
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Store};

use super::action_items::{tell, timed};
use crate::board::{self, Pace, Turn};
use crate::engage::pages::{self, Reminder};
use crate::respond::command;
use crate::{Moment, Node};

const AT_ONCE: u32 = 50;
const OWED: &str = "action-items/";

/// What a reminder is of, within its incident: the items of one owner.
pub(super) fn owed(owner: &Name) -> String {
    format!("{OWED}{owner}")
}

/// Whether a reminder is of action items.
pub fn is_of_items(owed: Option<&str>) -> bool {
    owed.is_some_and(|owed| owed.starts_with(OWED))
}

/// Reminds whoever is to be reminded by now. Answers of how many items.
pub fn remind_due(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(rows::to_remind(tx, now, 1)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("action-item"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = rows::to_remind(turn.tx, now, AT_ONCE)?;
        let count = due.len();
        let mut together: BTreeMap<(IncidentId, Name), Vec<ItemRow>> = BTreeMap::new();
        for row in due {
            together.entry((row.incident, row.item.owner.clone())).or_default().push(row);
        }
        for ((incident, owner), rows) in together {
            remind(turn, incident, &owner, rows)?;
        }
        Ok(count)
    })
}

fn remind(turn: &mut Turn<'_, '_>, incident: IncidentId, owner: &Name, due: Vec<ItemRow>) -> Result<(), Halt> {
    let now = turn.moment.now;
    let Some(row) = incident_rows::get(turn.tx, incident, Sight::Whole)? else {
        for one in due {
            rows::save(turn.tx, &ItemRow { wake_at: None, ..one })?;
        }
        return Ok(());
    };
    let rules = turn.rules.clone();
    let items: Vec<&ActionItem> = due.iter().map(|one| &one.item).collect();
    let escalated = items.iter().any(|item| item.is_escalated(now));
    let gone = rules.catalog.people.get(owner).is_none_or(|person| person.inactive);
    let mut whom: BTreeSet<Name> = [owner.clone()].into();
    if escalated || gone {
        whom.extend(leads(&rules.catalog, owner, &row));
    }
    let owed = owed(owner);
    pages::end_reminders(turn.tx, &mut turn.moment, incident, &owed)?;
    let (title, because) = (title(&items, &row, now), because(&items, &row, &called(&rules.catalog, owner)));
    let (mut reached, mut unreached) = (Vec::new(), Vec::new());
    for person in whom {
        let because = if person == *owner { because.0.as_str() } else { because.1.as_str() };
        let reminder = Reminder { incident, owed: &owed, urgency: Urgency::Low, title: &title, because };
        if pages::remind(turn, &person, &reminder)? { reached.push(person) } else { unreached.push(person) }
    }
    for one in due {
        let next = timed(&row, ItemRow { reminded_at: Some(now), ..one }, now);
        rows::save(turn.tx, &next)?;
        let data = json!({
            "people": reached,
            "unreached": unreached,
            "escalated": next.item.is_escalated(now),
            "days_overdue": next.item.days_overdue(now),
        });
        tell(turn.tx, &mut turn.moment, EventKind::ActionItemReminded, &next, None, data)?;
    }
    Ok(())
}

/// Those who lead the teams of the owner; or, if nobody does, those of the services of the incident.
fn leads(catalog: &Catalog, owner: &Name, row: &IncidentRow) -> BTreeSet<Name> {
    let leads = |person: &&Name| {
        catalog.people.get(*person).is_some_and(|found| found.access >= Access::Manager && !found.inactive)
    };
    let of_owner = catalog.teams.values().filter(|team| team.members.contains(owner));
    let own: BTreeSet<Name> =
        of_owner.flat_map(|team| &team.members).filter(|one| *one != owner).filter(leads).cloned().collect();
    if !own.is_empty() {
        return own;
    }
    let services = row.services.iter().filter_map(|service| catalog.services.get(service));
    let teams = services.filter_map(|service| catalog.teams.get(&service.team));
    teams.flat_map(|team| &team.members).filter(|one| *one != owner).filter(leads).cloned().collect()
}

/// What leaves the house names a restricted incident by its codename, and tells nothing of what is to be done.
fn title(items: &[&ActionItem], row: &IncidentRow, now: Timestamp) -> String {
    let latest = items.iter().map(|item| item.days_overdue(now)).max().unwrap_or_default();
    let late = items.iter().any(|item| item.due_at <= now);
    let when = match (late, latest) {
        (false, _) => "Due soon".to_owned(),
        (true, 0) => "Due now".to_owned(),
        (true, 1) => "1 day overdue".to_owned(),
        (true, days) => format!("{days} days overdue"),
    };
    let hidden = row.state.visibility == Visibility::Restricted;
    let what = match items {
        _ if hidden => command::outside_name(row).to_owned(),
        [one] => one.title.clone(),
        many => {
            let titles: Vec<&str> = many.iter().map(|item| item.title.as_str()).collect();
            format!("{} action items: {}", many.len(), titles.join("; "))
        }
    };
    text::shorten(&format!("{when}: {what}"), 200)
}

/// As people call the owner.
fn called(catalog: &Catalog, owner: &Name) -> String {
    catalog.people.get(owner).map_or_else(|| owner.to_string(), |person| person.full_name.clone())
}

/// To the owner, and to those who lead.
fn because(items: &[&ActionItem], row: &IncidentRow, owner: &str) -> (String, String) {
    let of = command::outside_name(row);
    let many = if items.len() == 1 { "an action item" } else { "action items" };
    let own = format!("You own {many} of {of}: say that it is done, or what stands in the way");
    let lead = format!("{owner} owns {many} of {of}, and nothing was said of it for a week after it was due");
    (own, lead)
}
