//! The promises about what follows from an incident: the journal tells how each action item stands, what is proven or given up has
//! two people behind it, and nobody is reminded of the same day twice, or of what is over.

use std::collections::BTreeMap;

use actions::learn::item_reminders::is_of_items;
use domain::learn::action_items::State;
use domain::words::{EventKind, IncidentId, Span, Timestamp};
use store::learn::action_items::{self as rows, ItemRow};
use store::{Error, Tx, journal::Entry};

/// What comes after a due date comes every so often.
const WEEK: Span = Span::hours(7 * 24);

/// An item, as the journal tells it.
#[derive(Default)]
struct Told {
    state: String,
    owner: String,
    /// For which day somebody was reminded since it was last changed: before it was due, or so many weeks after.
    reminded_of: Option<i64>,
}

/// What is not as it was promised; `told` is the journal of the incident, the latest first.
pub(crate) fn of_items(tx: &mut Tx<'_>, incident: IncidentId, told: &[Entry]) -> Result<Vec<String>, Error> {
    let mut broken = Vec::new();
    let mut items: BTreeMap<String, Told> = BTreeMap::new();
    for entry in told.iter().rev() {
        let (Some(kind), Some(id)) = (entry.kind(), entry.data["action_item"].as_str()) else { continue };
        let text = |name: &str| entry.data[name].as_str().unwrap_or_default().to_owned();
        if kind == EventKind::ActionItemReminded {
            let Some(item) = items.get_mut(id) else { continue };
            if !matches!(item.state.as_str(), "proposed" | "accepted") {
                broken.push(format!("somebody is reminded of {id}, which is {}", item.state));
            }
            let due: Option<Timestamp> = entry.data["due_at"].as_str().and_then(|at| at.parse().ok());
            let late = due.map(|due| entry.at.as_millisecond() - due.as_millisecond());
            let of = late.map(|late| late.div_euclid(WEEK.as_millis()).max(-1));
            if item.reminded_of.is_some() && item.reminded_of == of {
                broken.push(format!("somebody is reminded of {id} twice for one day"));
            }
            item.reminded_of = of;
            continue;
        }
        if entry.data["state"].is_string() {
            items.insert(id.to_owned(), Told { state: text("state"), owner: text("person"), reminded_of: None });
        }
    }
    for row in rows::of_incident(tx, incident)? {
        let id = row.item.id.to_string();
        let (state, owner) = items.get(&id).map_or(("", ""), |one| (&one.state, &one.owner));
        if (state, owner) != (row.item.state.word(), row.item.owner.as_str()) {
            let (is, of) = (row.item.state.word(), &row.item.owner);
            broken.push(format!("{id} is {is}, of {of}, and the journal says {state}, of {owner}"));
        }
        if let Some(why) = alone(&row) {
            broken.push(format!("{id} {why}"));
        }
    }
    Ok(broken)
}

/// What one person decided that takes two.
fn alone(row: &ItemRow) -> Option<&'static str> {
    match &row.item.state {
        State::Verified { by: Some(by), .. } if *by == row.item.owner => Some("was proven by whoever owns it"),
        State::WontDo { asked_by, approved_by, .. } if asked_by == approved_by || *approved_by == row.item.owner => {
            Some("was given up by one person")
        }
        _ => None,
    }
}

/// Whether a reminder is of items, and all of them are over.
pub(crate) fn is_idle(tx: &mut Tx<'_>, incident: IncidentId, owed: Option<&str>) -> Result<Option<bool>, Error> {
    if !is_of_items(owed) {
        return Ok(None);
    }
    Ok(Some(rows::of_incident(tx, incident)?.iter().all(|row| !row.item.state.is_open())))
}

/// Whom time has forgotten, when all is quiet.
pub(crate) fn forgotten(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<String>, Error> {
    // Nodes look every now and then, and their clocks may be apart.
    let late = rows::to_remind(tx, Span::minutes(10).before(now), 500)?;
    Ok(late.iter().map(|row| format!("nobody was reminded of {}", row.item.id)).collect())
}
