//! Drills: which page and which entry of the journal is part of one, and what is refused to it.

use domain::engage::pages::About;
use domain::respond::sight::Sight;
use domain::words::{GroupId, IncidentId, PageId, Refusal};
use store::detect::groups;
use store::engage::pages;
use store::journal::Entry;
use store::respond::incidents::{self, IncidentRow};
use store::{Halt, Tx};

/// Whether a page is part of a drill: by its alerts, or by its incident.
pub(crate) fn is_page(tx: &mut Tx<'_>, about: &About) -> Result<bool, Halt> {
    match about {
        About::Group(group) => is_group(tx, *group),
        About::Command(incident) | About::Reminder(incident) => is_incident(tx, *incident),
        About::Test => Ok(false),
    }
}

fn is_group(tx: &mut Tx<'_>, id: GroupId) -> Result<bool, Halt> {
    Ok(groups::get(tx, id)?.is_some_and(|(group, _)| group.is_drill()))
}

fn is_incident(tx: &mut Tx<'_>, id: IncidentId) -> Result<bool, Halt> {
    Ok(incidents::get(tx, id, Sight::Whole)?.is_some_and(|row| row.drill))
}

/// Whether an entry of the journal tells of a drill.
pub(crate) fn is_entry(tx: &mut Tx<'_>, entry: &Entry) -> Result<bool, Halt> {
    if let Some(incident) = entry.incident
        && is_incident(tx, incident)?
    {
        return Ok(true);
    }
    for subject in &entry.subjects {
        if let Ok(group) = subject.parse::<GroupId>()
            && is_group(tx, group)?
        {
            return Ok(true);
        }
        if let Ok(page) = subject.parse::<PageId>()
            && let Some(page) = pages::get(tx, page)?
            && is_page(tx, &page.about)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A drill says nothing in public: people would believe it.
pub(crate) fn must_stay_inside(row: &IncidentRow) -> Result<(), Refusal> {
    if row.drill {
        let message = format!(
            "{} is a drill, and the public would believe what is said of it: a drill says nothing in public; post an \
             update to those inside instead",
            row.id
        );
        return Err(Refusal::conflict(message));
    }
    Ok(())
}

/// What is practised and what is real do not become one.
pub(crate) fn must_be_alike(one: &IncidentRow, other: &IncidentRow) -> Result<(), Refusal> {
    if one.drill == other.drill {
        return Ok(());
    }
    let drill = if one.drill { one.id } else { other.id };
    Err(Refusal::conflict(format!("{drill} is a drill and the other is not: they stay apart")))
}
