//! What is mentioned in texts about an incident, as it stands now, for whoever reads; and what whoever writes may mention.
//!
//! What the reader does not see is not there: the mention stays as it is written. Things are looked up by their kind, many at once.

use std::collections::{BTreeMap, BTreeSet};

use domain::learn::mentions::{MOST, Mention};
use domain::respond::evidence::Evidence;
use domain::respond::sight::Sight;
use domain::words::{ActionItemId, AlertId, ChangeId, EventId, EventKind, EvidenceId, GroupId, IncidentId};
use store::change::changes::{self, ChangeRow};
use store::journal::{self, Entry};
use store::learn::action_items::{self, ItemRow};
use store::respond::entries as marks;
use store::respond::evidence;
use store::respond::incidents::{self, IncidentRow};
use store::{Halt, Tx};

use crate::Node;
use crate::change::suspects;
use crate::detect::views::{self, Line as AlertLine};
use crate::respond::incidents::seen;
use crate::respond::links::groups_of;
use crate::respond::room::{self, Line};

/// Lines of the timeline among which whoever writes chooses, and things of each other kind.
const LINES: u32 = 400;
const EACH: u32 = 100;

/// Things that are mentioned, as they stand.
#[derive(Debug, Default)]
pub struct Mentioned {
    pub incidents: BTreeMap<IncidentId, IncidentRow>,
    pub alerts: BTreeMap<AlertId, AlertLine>,
    pub entries: BTreeMap<EventId, Line>,
    pub changes: BTreeMap<ChangeId, ChangeRow>,
    pub items: BTreeMap<ActionItemId, ItemRow>,
    pub evidence: BTreeMap<EvidenceId, (IncidentId, Evidence)>,
}

/// Looks up what is mentioned about an incident: the first [`MOST`], as far as whoever looks sees it. People are in the catalog.
pub fn look_up(
    tx: &mut Tx<'_>,
    node: &Node,
    home: IncidentId,
    mentions: &[Mention],
    sight: Sight<'_>,
) -> Result<Mentioned, Halt> {
    seen(tx, home, sight)?;
    let mut wanted = BTreeSet::new();
    for mention in mentions {
        if wanted.len() < MOST {
            wanted.insert(mention);
        }
    }
    let (mut of_incidents, mut of_alerts, mut of_entries) = (Vec::new(), Vec::new(), Vec::new());
    let (mut of_changes, mut of_items, mut of_evidence) = (Vec::new(), Vec::new(), Vec::new());
    for mention in wanted {
        match mention {
            Mention::Person(_) => {}
            Mention::Incident(id) => of_incidents.push(*id),
            Mention::Alert(id) => of_alerts.push(*id),
            Mention::Entry(id) => of_entries.push(*id),
            Mention::Change(id) => of_changes.push(*id),
            Mention::ActionItem(id) => of_items.push(*id),
            Mention::Evidence(id) => of_evidence.push(*id),
        }
    }
    let mut found = Mentioned::default();
    found.incidents.extend(incidents::of_ids(tx, &of_incidents, sight)?.into_iter().map(|row| (row.id, row)));
    found.alerts.extend(views::lines(tx, node, &of_alerts)?.into_iter().map(|line| (line.id, line)));
    found.entries = entries(tx, home, &of_entries, sight)?;
    found.changes.extend(changes::of_ids(tx, &of_changes, sight)?.into_iter().map(|row| (row.change.id, row)));
    found.items.extend(action_items::of_ids(tx, &of_items, sight)?.into_iter().map(|row| (row.item.id, row)));
    let held = evidence::of_ids(tx, &of_evidence, sight)?;
    found.evidence.extend(held.into_iter().map(|(incident, one)| (one.id, (incident, one))));
    Ok(found)
}

/// Entries of timelines. The journal has others, too, which are nobody's to mention.
fn entries(
    tx: &mut Tx<'_>,
    home: IncidentId,
    ids: &[EventId],
    sight: Sight<'_>,
) -> Result<BTreeMap<EventId, Line>, Halt> {
    let mut all = journal::of_ids(tx, ids, sight)?;
    if all.iter().any(|entry| entry.incident.is_none()) {
        let subjects = room::subjects(tx, home)?;
        let is_shown =
            |entry: &Entry| entry.incident.is_some() || entry.subjects.iter().any(|subject| subjects.contains(subject));
        all.retain(is_shown);
    }
    let marked = marks::of_ids(tx, &all.iter().map(|entry| entry.id).collect::<Vec<_>>())?;
    let line = |entry: Entry| {
        let mark = marked.iter().find(|mark| mark.event == entry.id).cloned();
        (entry.id, Line { mark, origin: entry.incident.filter(|of| *of != home), entry })
    };
    Ok(all.into_iter().map(line).collect())
}

/// What belongs to an incident and may be mentioned by whoever writes about it.
#[derive(Debug, Default)]
pub struct Near {
    /// The latest first.
    pub lines: Vec<Line>,
    pub alerts: Vec<AlertLine>,
    /// The likeliest suspects first, then what is part of the incident.
    pub changes: Vec<ChangeRow>,
    pub items: Vec<ItemRow>,
    pub evidence: Vec<Evidence>,
    /// Others that belong to it.
    pub incidents: Vec<IncidentRow>,
}

/// Gathers what is near. What whoever looks does not see is not offered to them.
pub fn near(tx: &mut Tx<'_>, node: &Node, home: IncidentId, sight: Sight<'_>) -> Result<Near, Halt> {
    let row = seen(tx, home, sight)?;
    let groups = groups_of(tx, home)?;
    let mut lines = room::timeline(tx, home, sight, None, LINES)?;
    let alerts = views::lines(tx, node, &alerts_of(node, &groups, &lines))?;
    lines.retain(|line| !is_about_writing(&line.entry.word));
    let others = incidents::links(tx, home)?;
    let others: Vec<IncidentId> = others.iter().filter_map(|linked| linked.subject.parse().ok()).collect();
    let suspicion = suspects::of_incident(tx, node, &row, sight)?;
    let mut changes: Vec<ChangeRow> =
        suspicion.ranking.suspects.iter().filter_map(|one| suspicion.change(&one.candidate.which).cloned()).collect();
    changes.extend(changes::of_incident(tx, home, sight, EACH)?);
    Ok(Near {
        lines,
        alerts,
        changes,
        items: action_items::of_incident(tx, home)?,
        evidence: evidence::of_incident(tx, home, sight)?,
        incidents: incidents::of_ids(tx, &others, sight)?,
    })
}

/// What is told of the text itself, and of how an entry was marked, is nobody's to mention: the entry says it as it stands.
fn is_about_writing(word: &str) -> bool {
    word.starts_with("postmortem.") || word.starts_with("entry.") && word != EventKind::EntryAdded.word()
}

/// Those that still fire, and those of which a line tells.
fn alerts_of(node: &Node, groups: &[GroupId], lines: &[Line]) -> Vec<AlertId> {
    let board = node.board();
    let mut ids = BTreeSet::new();
    for group in groups {
        let open = board.group(*group).into_iter().flat_map(|open| open.alerts.iter());
        ids.extend(open.map(|slot| board.at(*slot).id));
        let told = lines.iter().filter_map(|line| line.entry.data["groups"][group.to_string()].as_array());
        ids.extend(told.flatten().filter_map(|id| id.as_str()?.parse::<AlertId>().ok()));
    }
    ids.into_iter().rev().take(EACH as usize).collect()
}

#[cfg(test)]
#[path = "mentions_tests.rs"]
mod tests;
