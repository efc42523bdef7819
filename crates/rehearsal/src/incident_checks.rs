//! The promises about incidents: the journal tells how each stands, and what is restricted shows to nobody who is not
//! named.

use std::collections::BTreeMap;

use actions::Node;
use actions::learn::drafts::of_incident;
use domain::engage::pages::About;
use domain::learn::postmortems::{OWNER, State};
use domain::respond::incidents::{Phase, Visibility};
use domain::respond::sight::Sight;
use domain::words::{EventId, EventKind, Name, Timestamp};
use store::journal::{self, Entry};
use store::learn::postmortems;
use store::respond::incidents::{self as rows, Filter, IncidentRow};
use store::respond::{assignments, tasks, updates};
use store::{Error, Halt, Tx};

use crate::learning_checks;

/// What is not as it was promised.
pub(crate) fn all(tx: &mut Tx<'_>, node: Option<&Node>, now: Timestamp) -> Result<Vec<String>, Error> {
    // The latest few: what was so before was asked of before.
    let incidents = rows::list(tx, &Filter::default(), Sight::Whole, None, 4)?;
    let mut broken = Vec::new();
    for row in &incidents {
        let told = journal::of_incident(tx, row.id, None, 2000)?;
        broken.extend(of_journal(tx, row, &told)?);
        if row.state.visibility == Visibility::Restricted {
            broken.extend(of_sight(tx, row, &told)?);
        }
        broken.extend(of_promises(tx, row)?);
        broken.extend(of_postmortem(tx, row)?);
        broken.extend(learning_checks::of_items(tx, row.id, &told)?);
    }
    if let (Some(node), Some(row)) = (node, incidents.iter().find(|row| !row.state.phase.is_open())) {
        broken.extend(of_draft(tx, node, row, now)?);
    }
    Ok(broken)
}

/// What the draft tells is on record: every entry that it cites is there, and no sentence is without a source.
fn of_draft(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow, now: Timestamp) -> Result<Vec<String>, Error> {
    let draft = match of_incident(tx, node, row.id, Sight::Whole, now) {
        Ok(draft) => draft,
        Err(Halt::Failed(error)) => return Err(error),
        Err(Halt::Refused(refusal)) => return Ok(vec![format!("{} has no draft: {refusal}", row.id)]),
    };
    let bare = draft.sentences().filter(|one| one.cites.is_empty());
    let mut broken: Vec<String> = bare.map(|one| format!("{} tells without a source: {}", row.id, one.text)).collect();
    for cite in draft.cited() {
        if let Ok(event) = cite.as_str().parse::<EventId>()
            && journal::get(tx, event, Sight::Whole)?.is_none()
        {
            broken.push(format!("the draft of {} cites {cite}, which is not there", row.id));
        }
    }
    Ok(broken)
}

/// What is owed keeps an incident from being closed; what is published was read by somebody who did not write it; what is waived
/// has a name; and where one is owed and nobody owns it, somebody has a time to answer.
fn of_postmortem(tx: &mut Tx<'_>, row: &IncidentRow) -> Result<Vec<String>, Error> {
    let Some(one) = postmortems::get(tx, row.id)? else { return Ok(Vec::new()) };
    let mut broken = Vec::new();
    let owed = one.state.is_open() && one.due.is_some();
    if owed && row.state.phase == Phase::Closed {
        broken.push(format!("{} is closed, and its postmortem is {}", row.id, one.state));
    }
    let roles = assignments::of_incident(tx, row.id)?;
    let owner = roles.iter().find(|held| held.role.as_str() == OWNER && held.is_held()).map(|held| &held.person);
    if owed && !row.state.phase.is_open() && owner.is_none() && one.accept_by.is_none() {
        broken.push(format!("nobody owns the postmortem of {}, and nobody will be asked", row.id));
    }
    for version in postmortems::versions(tx, row.id)?.iter().filter(|version| version.correction.is_none()) {
        let wrote = postmortems::authors(tx, row.id)?;
        // Whoever published an earlier version may write in the next.
        if one.versions == 1 && wrote.contains(&version.by) {
            broken.push(format!("{} published the postmortem of {}, and wrote in it", version.by, row.id));
        }
    }
    if one.state == State::Waived && (one.waiver.is_none() || one.judgement.binding().next().is_some()) {
        broken.push(format!("the postmortem of {} is waived by nobody who may", row.id));
    }
    Ok(broken)
}

/// From the journal alone the incident can be made again, as far as it says how it stands.
fn of_journal(tx: &mut Tx<'_>, row: &IncidentRow, told: &[Entry]) -> Result<Vec<String>, Error> {
    let (mut phase, mut severity, mut restricted, mut commander) = (None, None, None, None);
    let (mut task_states, mut update_states) = (BTreeMap::new(), BTreeMap::new());
    // The latest comes first.
    for entry in told.iter().rev() {
        let Some(kind) = entry.kind() else { continue };
        let text = |name: &str| entry.data[name].as_str().map(str::to_owned);
        phase = match kind {
            EventKind::IncidentReported => Some(Phase::Reported),
            EventKind::IncidentDeclared | EventKind::IncidentReopened => Some(Phase::Active),
            EventKind::IncidentCancelled => Some(Phase::Cancelled),
            EventKind::IncidentResolved => Some(Phase::Resolved),
            EventKind::IncidentMerged => Some(Phase::Merged),
            EventKind::IncidentInReview => Some(Phase::InReview),
            EventKind::IncidentClosed => Some(Phase::Closed),
            _ => phase,
        };
        match kind {
            EventKind::IncidentReported | EventKind::IncidentDeclared if entry.data["visibility"].is_string() => {
                restricted = Some(text("visibility").as_deref() == Some("restricted"));
            }
            EventKind::IncidentRestricted => restricted = Some(true),
            EventKind::IncidentRevealed => restricted = Some(false),
            EventKind::IncidentGraded => severity = text("severity"),
            EventKind::RoleAccepted if text("role").as_deref() == Some("incident-commander") => {
                commander = text("person");
            }
            EventKind::TaskGiven | EventKind::TaskTaken | EventKind::TaskDone | EventKind::TaskDropped => {
                task_states.insert(text("task").unwrap_or_default(), text("state").unwrap_or_default());
            }
            EventKind::UpdateDrafted => drop(update_states.insert(text("update").unwrap_or_default(), "draft")),
            EventKind::UpdatePosted => drop(update_states.insert(text("update").unwrap_or_default(), "posted")),
            EventKind::UpdateWithdrawn => drop(update_states.insert(text("update").unwrap_or_default(), "withdrawn")),
            _ => {}
        }
    }
    let mut broken = Vec::new();
    let mut same = |what: &str, table: String, journal: String| {
        if table != journal {
            broken.push(format!("{what} of {} is {table}, and the journal says {journal}", row.id));
        }
    };
    same("the phase", format!("{:?}", Some(row.state.phase)), format!("{phase:?}"));
    same("the severity", format!("{:?}", row.state.severity), format!("{severity:?}"));
    let hidden = Some(row.state.visibility == Visibility::Restricted);
    same("the visibility", format!("{hidden:?}"), format!("{restricted:?}"));
    let commands = row.state.commander.as_ref().map(ToString::to_string);
    same("the commander", format!("{commands:?}"), format!("{commander:?}"));
    for task in tasks::of_incident(tx, row.id)? {
        let said = task_states.get(&task.id.to_string()).cloned().unwrap_or_default();
        same("a task", task.state.word().to_owned(), said);
    }
    for update in updates::of_incident(tx, row.id)? {
        let said = update_states.get(&update.id.to_string()).copied().unwrap_or_default();
        same("an update", update.state.word().to_owned(), said.to_owned());
    }
    let held = assignments::of_incident(tx, row.id)?;
    let leads = held.iter().filter(|one| one.role.as_str() == "incident-commander" && one.is_held()).count();
    same("the number of commanders", leads.to_string(), usize::from(row.state.commander.is_some()).to_string());
    Ok(broken)
}

/// To somebody who is not named it is not there: in no list, count, page, link, or entry of the journal.
fn of_sight(tx: &mut Tx<'_>, row: &IncidentRow, told: &[Entry]) -> Result<Vec<String>, Error> {
    let named = rows::people(tx, row.id)?;
    let everybody: Vec<Name> = store::prepare::documents::load_all(tx)?.people.into_keys().collect();
    let mut broken = Vec::new();
    for person in &everybody {
        let sight = Sight::Of(person);
        let listed = rows::list(tx, &Filter::default(), sight, None, 500)?.iter().any(|one| one.id == row.id);
        let open = row.state.phase.is_open();
        let counted = rows::count_open(tx, sight)?;
        let expected = rows::list(tx, &Filter { open: true, ..Filter::default() }, sight, None, 500)?.len() as u64;
        let pages = store::engage::pages::list(tx, false, sight, None, 500)?;
        let paged = pages.iter().any(|page| page.about.incident() == Some(row.id));
        let told_lately = journal::newest(tx, sight, None, 60)?.iter().any(|entry| entry.incident == Some(row.id));
        let one = told.first().map(|entry| journal::get(tx, entry.id, sight)).transpose()?.flatten().is_some();
        let found = rows::get(tx, row.id, sight)?.is_some();
        if named.contains(person) {
            if !(listed && found && one) {
                broken.push(format!("{} is named for {} and does not see it", person, row.id));
            }
        } else if listed || found || paged || told_lately || one {
            broken.push(format!("{person} is not named for {} and sees it", row.id));
        }
        if open && counted != expected {
            broken.push(format!("{person} counts {counted} open incidents, and sees {expected}"));
        }
    }
    Ok(broken)
}

/// What is owed is owed while it is open, and somebody is called only while nobody leads.
fn of_promises(tx: &mut Tx<'_>, row: &IncidentRow) -> Result<Vec<String>, Error> {
    let mut broken = Vec::new();
    let open = row.state.phase.is_open();
    let owed = updates::promises(tx, row.id)?;
    if !open && owed.iter().any(|promise| promise.fate == domain::respond::updates::Fate::Open) {
        broken.push(format!("{} is over, and an update is still owed", row.id));
    }
    let calls = store::engage::pages::of_incident(tx, row.id)?;
    for page in &calls {
        let calling = matches!(page.state, domain::engage::escalations::State::Calling { .. });
        let of_command = matches!(page.about, About::Command(_));
        // Whoever owns a postmortem is reminded of it when all else is over.
        let learning = page.owed.as_deref() == Some("postmortem");
        let owed = match learning_checks::is_idle(tx, row.id, page.owed.as_deref())? {
            Some(idle) => !idle,
            None => learning && postmortems::get(tx, row.id)?.is_some_and(|one| one.state.is_open()),
        };
        if calling && (!open && !owed || of_command && row.state.commander.is_some()) {
            broken.push(format!("{} calls though nobody need answer", page.id));
        }
    }
    Ok(broken)
}
