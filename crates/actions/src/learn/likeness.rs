//! Incidents that are like one, each with its reasons, as far as whoever asks may see them.

use std::collections::{BTreeMap, BTreeSet};

use domain::change::suspects::{Finding, Which};
use domain::learn::factors::Factor;
use domain::learn::likeness::{Facts, InWords, Likeness, likeness};
use domain::learn::search::{Found, Of};
use domain::respond::incidents::Phase;
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name};
use store::change::{changes, suspects};
use store::respond::incidents::{self as rows, IncidentRow};
use store::{Halt, Tx};

use super::search::{catch_up, hidden};
use crate::Node;
use crate::respond::incidents::seen;
use crate::respond::links::groups_of;

/// An incident that is like another.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    pub row: IncidentRow,
    pub likeness: Likeness,
}

/// So many that are told alike are compared.
const TOLD_ALIKE: usize = 20;
/// So many of the latest are compared by their alerts, however they are told.
const LATEST: u32 = 60;

/// The incidents that are most like one.
pub fn similar(
    tx: &mut Tx<'_>,
    node: &Node,
    id: IncidentId,
    sight: Sight<'_>,
    limit: usize,
) -> Result<Vec<Similar>, Halt> {
    let row = seen(tx, id, sight)?;
    let catalog = node.rules(tx)?.catalog.clone();
    let stands_on: BTreeMap<Name, BTreeSet<Name>> = catalog
        .services
        .iter()
        .map(|(name, service)| (name.clone(), service.depends_on.iter().cloned().collect()))
        .collect();
    let own = facts(tx, &row, sight)?;
    let mut candidates: BTreeMap<IncidentId, InWords> = BTreeMap::new();
    for (other, words) in in_words(tx, node, &row, sight)? {
        let held = candidates.entry(other).or_default();
        if held.share < words.share {
            *held = words;
        }
    }
    if !own.alerts.is_empty() {
        // One look at all of them; the rest is asked only of those that had one of the same.
        for other in store::learn::memories::alerts_of_latest(tx, sight, LATEST)? {
            if other.incident != id && own.alerts.contains(alert(&other.labels, &other.title)) {
                candidates.entry(other.incident).or_default();
            }
        }
    }
    let mut found = Vec::new();
    for (other, words) in candidates {
        // What is drilled is like what is drilled; what was nothing, or is another by now, is like nothing.
        let Some(other) = rows::get(tx, other, sight)?.filter(|other| other.drill == row.drill) else { continue };
        if matches!(other.state.phase, Phase::Cancelled | Phase::Merged) {
            continue;
        }
        let likeness = likeness(&own, &facts(tx, &other, sight)?, &words, &stands_on);
        if likeness.is_told() {
            found.push(Similar { row: other, likeness });
        }
    }
    found.sort_by(|a, b| b.likeness.score.total_cmp(&a.likeness.score).then(b.row.id.cmp(&a.row.id)));
    found.truncate(limit);
    Ok(found)
}

/// Those that are told in the same words.
fn in_words(
    tx: &mut Tx<'_>,
    node: &Node,
    row: &IncidentRow,
    sight: Sight<'_>,
) -> Result<Vec<(IncidentId, InWords)>, Halt> {
    let index = node.search().index()?;
    catch_up(tx, node, &index)?;
    let of = Of {
        id: row.id,
        title: row.title.as_str().into(),
        class: row.state.class,
        severity: row.state.severity.as_deref(),
        services: &row.services,
    };
    let document = of.incident(row.because.as_deref(), row.impact.as_deref(), row.reported_at);
    let kinds = [Found::Incident, Found::Report, Found::Postmortem];
    let alike = index.alike(&document, &kinds, &hidden(tx, sight)?, TOLD_ALIKE)?;
    Ok(alike
        .into_iter()
        .filter_map(|one| Some((one.document.key.incident?, InWords { share: one.share, both: one.both })))
        .collect())
}

/// What an incident is compared by.
fn facts(tx: &mut Tx<'_>, row: &IncidentRow, sight: Sight<'_>) -> Result<Facts, Halt> {
    let mut alerts = BTreeSet::new();
    for group in groups_of(tx, row.id)? {
        if let Some((group, _)) = store::detect::groups::get(tx, group)? {
            alerts.insert(alert(&group.labels, &group.title).to_owned());
        }
    }
    let mut kinds = BTreeSet::new();
    for (suspect, found) in suspects::of_incident(tx, row.id)? {
        if let (Finding::Trigger, Which::Change(change)) = (found.finding, suspect) {
            kinds.extend(changes::get(tx, change, sight)?.map(|row| row.change.proposal.kind.to_string()));
        }
    }
    let named = store::learn::postmortems::factors(tx, row.id)?.into_iter().filter(Factor::holds);
    let factors = named.filter_map(|one| one.kind).map(|kind| kind.to_string()).collect();
    Ok(Facts { alerts, services: row.services.iter().cloned().collect(), factors, changes: kinds })
}

/// What the alerts of a group are called.
fn alert<'a>(labels: &'a [(String, String)], title: &'a str) -> &'a str {
    labels.iter().find(|(label, _)| label == "alertname").map_or(title, |(_, name)| name)
}
