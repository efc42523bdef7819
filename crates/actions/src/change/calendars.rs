//! What stands in the calendar of changes: changes that are scheduled or were done, freezes, who is on call, and incidents.
//!
//! Reads only. The feed for calendar programs is of changes and freezes alone, and of what everybody may see.

use domain::change::calendars::{Event, mint};
use domain::change::changes::State;
use domain::change::freezes::Freeze;
use domain::engage::oncall::{self, Shift};
use domain::respond::sight::Sight;
use domain::words::{Name, Span, Timestamp};
use store::change::changes::{self as rows, ChangeRow};
use store::respond::incidents::{self, IncidentRow};
use store::{Halt, Tx};

use crate::Node;

/// What falls into a stretch of time.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Each with from when until when.
    pub changes: Vec<(ChangeRow, Timestamp, Timestamp)>,
    pub freezes: Vec<(Name, Freeze)>,
    pub incidents: Vec<IncidentRow>,
    /// By schedule.
    pub on_call: Vec<(Name, Vec<Shift>)>,
}

/// More than this is not drawn.
const MOST: u32 = 500;
/// A feed tells of this much of the past, and of what comes.
const FEED_BEFORE: Span = Span::hours(30 * 24);
const FEED_AHEAD: Span = Span::hours(180 * 24);

/// Reads what falls into `[from, to)`.
pub fn gather(
    tx: &mut Tx<'_>,
    node: &Node,
    from: Timestamp,
    to: Timestamp,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Calendar, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let filter = incidents::Filter::default();
    let incidents = incidents::list(tx, &filter, sight, None, MOST)?
        .into_iter()
        .filter(|row| row.reported_at >= from && row.reported_at < to && !row.drill)
        .collect();
    let mut on_call = Vec::new();
    for (name, schedule) in &catalog.schedules {
        let overrides = store::engage::overrides::between(tx, name, from, to)?;
        on_call.push((name.clone(), oncall::strips(schedule, &overrides, from, to).rendered));
    }
    Ok(Calendar {
        changes: changes(tx, from, to, sight, now)?,
        freezes: catalog
            .freezes
            .iter()
            .filter(|(_, freeze)| freeze.from < to && freeze.to > from)
            .map(|(name, freeze)| (name.clone(), freeze.clone()))
            .collect(),
        incidents,
        on_call,
    })
}

fn changes(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Vec<(ChangeRow, Timestamp, Timestamp)>, Halt> {
    let mut found = rows::in_states(tx, &["scheduled", "running"], sight, MOST)?;
    for row in rows::in_stretch(tx, from, to, sight, MOST)? {
        if !found.iter().any(|known| known.change.id == row.change.id) {
            found.push(row);
        }
    }
    let placed = found.into_iter().filter_map(|row| {
        let (begins, ends) = match (&row.change.state, row.began_at) {
            (State::Scheduled { window }, _) => (window.from, window.to),
            (_, Some(began)) => (began, row.ended_at.unwrap_or_else(|| now.max(began))),
            (_, None) => return None,
        };
        (begins < to && ends >= from).then_some((row, begins, ends))
    });
    let mut placed: Vec<_> = placed.collect();
    placed.sort_by_key(|(row, begins, _)| (*begins, row.change.id));
    Ok(placed)
}

/// The address of a person's feed.
pub fn feed_url(node: &Node, person: &Name) -> String {
    let token = mint(&node.identity.link_key, person);
    format!("{}/changes/calendar/{token}.ics", node.identity.public_url.trim_end_matches('/'))
}

/// What is in a feed: changes and freezes that everybody may see.
pub fn events(tx: &mut Tx<'_>, node: &Node, now: Timestamp) -> Result<Vec<Event>, Halt> {
    let home = node.identity.public_url.trim_end_matches('/').to_owned();
    let host = home.split_once("://").map_or(home.as_str(), |(_, rest)| rest).to_owned();
    let (from, to) = (FEED_BEFORE.before(now), FEED_AHEAD.after(now));
    let mut events = Vec::new();
    for (row, begins, ends) in changes(tx, from, to, Sight::Open, now)? {
        let change = &row.change;
        let state = change.state.word().replace('-', " ");
        events.push(Event {
            uid: format!("{}@{host}", change.id),
            summary: format!("Change ({state}): {}", change.proposal.title),
            description: change.proposal.why.clone(),
            url: format!("{home}/changes/{}", change.id),
            from: begins,
            to: ends.max(begins),
        });
    }
    let catalog = node.rules(tx)?.catalog.clone();
    for (name, freeze) in catalog.freezes.iter().filter(|(_, freeze)| freeze.from < to && freeze.to > from) {
        events.push(Event {
            uid: format!("freeze-{name}@{host}"),
            summary: format!("{}: {}", if freeze.hard { "Hard freeze" } else { "Freeze" }, freeze.title),
            description: freeze.why.clone(),
            url: format!("{home}/documents/freeze/{name}"),
            from: freeze.from,
            to: freeze.to,
        });
    }
    Ok(events)
}
