//! What belongs to an incident: groups of alerts with their pages, and other incidents. What is told of them stands on
//! its timeline, and what they say of when things happened is claimed for it.

use domain::engage::escalations::State;
use domain::engage::pages::About;
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::respond::stamps::{Milestone, Source, When};
use domain::words::{AlertId, EventKind, GroupId, IncidentId, PageId, Refusal};
use serde_json::json;
use store::detect::groups;
use store::respond::incidents::{self as rows, IncidentRow};
use store::{Halt, Tx};

use super::incidents::find;
use super::stamps;
use crate::announce::Told;
use crate::{Moment, Node, announce};

/// Something that can belong to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    Group(GroupId),
    Incident(IncidentId),
}

impl Thing {
    fn subject(self) -> String {
        match self {
            Self::Group(id) => id.to_string(),
            Self::Incident(id) => id.to_string(),
        }
    }

    /// What a link names; nothing if a newer program made it.
    pub fn of(subject: &str) -> Option<Self> {
        subject.parse().map(Self::Group).or_else(|_| subject.parse().map(Self::Incident)).ok()
    }
}

/// Links what `subject` names: an alert and a page stand for their group.
pub fn link(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, id: IncidentId, subject: &str) -> Result<(), Halt> {
    let row = find(tx, moment, id)?;
    let thing = resolve(tx, node, subject)?;
    if let Thing::Incident(other) = thing {
        if other == id {
            return Err(Refusal::invalid("an incident is not linked with itself").at("/subject").into());
        }
        let other = find(tx, moment, other)?;
        must_not_leak(tx, &other, &row)?;
    }
    let by = moment.actor.to_string();
    if !rows::link(tx, id, &thing.subject(), &by, moment.now)? {
        return Err(Refusal::conflict(format!("{} belongs to it already", thing.subject())).into());
    }
    let told = Told::of(json!({ "subject": thing.subject() }));
    announce::of_incident(tx, moment, EventKind::IncidentLinked, id, vec![thing.subject()], told)?;
    if let Thing::Group(group) = thing {
        claim_from_group(tx, moment, id, group)?;
        crate::change::reflexes::wish(tx, id, moment.now)?;
        crate::learn::recurrences::recall(tx, node, moment, id, group)?;
    }
    Ok(())
}

/// Takes a link away. What it had told stays where it was told.
pub fn unlink(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, subject: &str) -> Result<(), Halt> {
    find(tx, moment, id)?;
    if !rows::unlink(tx, id, subject)? {
        let subject = domain::words::text::shorten(subject, 40);
        return Err(Refusal::conflict(format!("{subject} does not belong to it")).into());
    }
    let told = Told::of(json!({ "subject": subject }));
    announce::of_incident(tx, moment, EventKind::IncidentUnlinked, id, Vec::new(), told)?;
    Ok(())
}

/// What is merged goes on as part of the other: its links and its people come along.
pub(super) fn merge(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, into: IncidentId) -> Result<(), Halt> {
    let by = moment.actor.to_string();
    for linked in rows::links(tx, id)?.into_iter().filter(|linked| linked.subject != into.to_string()) {
        rows::link(tx, into, &linked.subject, &by, moment.now)?;
    }
    let people = rows::people(tx, id)?;
    for person in &people {
        rows::name_person(tx, into, person)?;
    }
    rows::link(tx, into, &id.to_string(), &by, moment.now)?;
    let told = Told::of(json!({ "subject": id, "merged": true, "people": people }));
    announce::of_incident(tx, moment, EventKind::IncidentLinked, into, vec![id.to_string()], told)?;
    Ok(())
}

/// What is restricted may be named only where nobody looks who may not see it.
pub(super) fn must_not_leak(tx: &mut Tx<'_>, named: &IncidentRow, place: &IncidentRow) -> Result<(), Halt> {
    if named.state.visibility == Visibility::Open {
        return Ok(());
    }
    if place.state.visibility == Visibility::Open {
        let message = format!("{} is restricted and {} is not: restrict that one, too, first", named.id, place.id);
        return Err(Refusal::conflict(message).into());
    }
    let may = rows::people(tx, named.id)?;
    let others: Vec<String> =
        rows::people(tx, place.id)?.iter().filter(|one| !may.contains(one)).map(ToString::to_string).collect();
    if !others.is_empty() {
        let message = format!("{} may not see {}: name them for it first, too", others.join(", "), named.id);
        return Err(Refusal::conflict(message).into());
    }
    Ok(())
}

/// The groups of alerts that belong to it.
pub fn groups_of(tx: &mut Tx<'_>, id: IncidentId) -> Result<Vec<GroupId>, Halt> {
    let links = rows::links(tx, id)?;
    Ok(links.iter().filter_map(|linked| linked.subject.parse().ok()).collect())
}

fn resolve(tx: &mut Tx<'_>, node: &Node, subject: &str) -> Result<Thing, Halt> {
    let gone = || Refusal::invalid(format!("there is no {}", domain::words::text::shorten(subject, 40))).at("/subject");
    if let Ok(id) = subject.parse::<AlertId>() {
        let slot = node.board().slot(id).map(|slot| node.board().at(slot).group);
        let group = match slot {
            Some(group) => group,
            None => store::detect::alerts::get(tx, id)?.ok_or_else(gone)?.group,
        };
        return Ok(Thing::Group(group));
    }
    if let Ok(id) = subject.parse::<PageId>() {
        let page = store::engage::pages::get(tx, id)?.ok_or_else(gone)?;
        return match page.about {
            About::Group(group) => Ok(Thing::Group(group)),
            About::Test => Err(Refusal::conflict("a test page belongs to no incident").into()),
            About::Command(_) | About::Reminder(_) | About::Kill(_) => Err(gone().into()),
        };
    }
    if let Ok(id) = subject.parse::<GroupId>() {
        let there = groups::get(tx, id)?.is_some() || node.board().group(id).is_some();
        return if there { Ok(Thing::Group(id)) } else { Err(gone().into()) };
    }
    let id: IncidentId = subject.parse().map_err(|_| {
        let named = domain::words::text::shorten(subject, 40);
        Refusal::invalid(format!("{named:?} is no alert, group, page or incident")).at("/subject")
    })?;
    Ok(Thing::Incident(id))
}

/// When it was detected, when somebody was alerted, and when somebody answered, as its alerts have it.
fn claim_from_group(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, group: GroupId) -> Result<(), Halt> {
    let Some((group, _)) = groups::get(tx, group)? else { return Ok(()) };
    stamps::derive(tx, moment, id, Milestone::Detected, When::exactly(group.opened_at), Source::Monitor)?;
    let pages = store::engage::pages::of_group(tx, group.id)?;
    if let Some(first) = pages.last() {
        stamps::derive(tx, moment, id, Milestone::Alerted, When::exactly(first.started_at), Source::Derived)?;
    }
    let answered = pages.iter().rev().find_map(|page| match page.state {
        State::Acknowledged { at, .. } => Some(at),
        _ => None,
    });
    if let Some(at) = answered {
        stamps::derive(tx, moment, id, Milestone::Acknowledged, When::exactly(at), Source::Derived)?;
    }
    Ok(())
}

/// A page of a group was answered: that is claimed for the incidents to which the group belongs.
pub(crate) fn answered(tx: &mut Tx<'_>, moment: &mut Moment<'_>, group: GroupId) -> Result<(), Halt> {
    for row in rows::of_subject(tx, &group.to_string(), Sight::Whole)? {
        if row.state.phase.is_open() {
            let now = When::exactly(moment.now);
            stamps::derive(tx, moment, row.id, Milestone::Acknowledged, now, Source::Derived)?;
        }
    }
    Ok(())
}
