//! What texts about an incident mention, in words, for whoever reads them; and what whoever writes may mention.

use std::collections::{BTreeMap, BTreeSet};

use actions::detect::views::Line as AlertLine;
use actions::learn::mentions::{self as acts, Mentioned, Near};
use actions::respond::room::Line;
use domain::learn::mentions::Mention;
use domain::respond::evidence::Evidence;
use domain::words::text::shorten;
use domain::words::{IncidentId, Name};
use store::Halt;
use store::change::changes::ChangeRow;
use store::learn::action_items::ItemRow;
use store::respond::incidents::IncidentRow;

use crate::handlers::frame::Look;
use crate::handlers::respond::lines::{self, line};
use crate::pages::markdown::mentions;
use crate::pages::mentions::{Named, Names, Shown};

/// Letters of a title.
const TITLE_MOST: usize = 100;
/// So many are offered.
pub const OFFERS_MOST: usize = 20;

/// The names of what these texts mention, as whoever looks may see it.
pub(crate) fn names<'t>(
    look: &mut Look<'_, '_>,
    home: IncidentId,
    texts: impl IntoIterator<Item = &'t str>,
) -> Result<Names, Halt> {
    let mut known = BTreeSet::new();
    let mut all = Vec::new();
    for text in texts {
        all.extend(mentions(text).into_iter().filter(|mention| known.insert(mention.clone())));
    }
    named(look, home, &all)
}

/// The same of mentions that are known.
pub(crate) fn named(look: &mut Look<'_, '_>, home: IncidentId, all: &[Mention]) -> Result<Names, Halt> {
    let (node, sight) = (look.app.node(), look.asked.sight());
    let found = acts::look_up(look.tx, node, home, all, sight)?;
    let name = |mention: &Mention| Some((mention.to_string(), one(look, home, mention, &found)?));
    Ok(Names::new(all.iter().filter_map(name).collect()))
}

fn one(look: &Look<'_, '_>, home: IncidentId, mention: &Mention, found: &Mentioned) -> Option<Named> {
    Some(match mention {
        Mention::Person(name) => person(look, name)?,
        Mention::Incident(id) => incident(found.incidents.get(id)?),
        Mention::Alert(id) => alert(found.alerts.get(id)?),
        Mention::Entry(id) => entry(look, home, found.entries.get(id)?),
        Mention::Change(id) => change(found.changes.get(id)?),
        Mention::ActionItem(id) => item(found.items.get(id)?),
        Mention::Evidence(id) => {
            let (incident, one) = found.evidence.get(id)?;
            evidence(*incident, one)
        }
    })
}

fn of(kind: &'static str, title: &str, state: Option<&str>, href: String) -> Named {
    let flat = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let state = state.map(|state| state.replace('-', " "));
    Named { kind, title: shorten(&flat, TITLE_MOST), state, href, picture: None }
}

fn person(look: &Look<'_, '_>, name: &Name) -> Option<Named> {
    let found = look.rules.catalog.people.get(name)?;
    Some(of("person", &found.full_name, None, format!("/people/{name}")))
}

fn incident(row: &IncidentRow) -> Named {
    let phase = row.state.phase.to_string();
    let state = row.state.severity.as_ref().map_or_else(|| phase.clone(), |severity| format!("{severity}, {phase}"));
    Named { state: Some(state), ..of("incident", &row.name(), None, format!("/incidents/{}", row.id)) }
}

fn alert(line: &AlertLine) -> Named {
    of("alert", &format!("Alert {}", line.title), Some(line.state), format!("/alerts/{}", line.id))
}

fn entry(look: &Look<'_, '_>, home: IncidentId, found: &Line) -> Named {
    let view = line(look, home, found, &lines::Names::new());
    let (text, at) = (view.corrected.as_ref().unwrap_or(&view.text), look.view.brief(found.entry.at));
    let title = match &view.who {
        Some(who) => format!("{at} {}: {text}", who.name),
        None => format!("{at} {text}"),
    };
    let state = view.struck.is_some().then_some("struck");
    let place = found.entry.incident.unwrap_or(home);
    of("entry", &title, state, format!("/incidents/{place}/entries/{}", found.entry.id))
}

fn change(row: &ChangeRow) -> Named {
    let one = &row.change;
    of("change", &one.proposal.title, Some(one.state.word()), format!("/changes/{}", one.id))
}

fn item(row: &ItemRow) -> Named {
    let one = &row.item;
    of("action-item", &one.title, Some(one.state.word()), format!("/action-items/{}", one.id))
}

fn evidence(incident: IncidentId, one: &Evidence) -> Named {
    let state = one.altered_at.map(|_| "altered");
    let id = one.id;
    let shown = one.said_picture().filter(|_| one.altered_at.is_none());
    let picture = shown.and(one.content.sha256()).map(|sha256| Shown {
        src: Some(format!("/incidents/{incident}/evidence/{id}/picture")),
        sha256: sha256.to_string(),
    });
    Named { picture, ..of("evidence", &one.found.title, state, format!("/incidents/{incident}/record#{id}")) }
}

/// A mention that is offered, as it is written.
pub(crate) type Offer = (String, Named);

/// People whose name or full name has these words.
pub(crate) fn people(look: &Look<'_, '_>, text: &str) -> Vec<Offer> {
    let wanted = text.trim_start_matches('@').to_lowercase();
    let mut all: Vec<(bool, Offer)> = Vec::new();
    for (name, found) in &look.rules.catalog.people {
        let full = found.full_name.to_lowercase();
        if !wanted.is_empty() && !name.as_str().contains(&wanted) && !full.contains(&wanted) {
            continue;
        }
        let begins = name.as_str().starts_with(&wanted) || full.split(' ').any(|part| part.starts_with(&wanted));
        all.extend(person(look, name).map(|named| (!begins, (format!("@{name}"), named))));
    }
    all.sort_by_key(|(later, _)| *later);
    all.into_iter().map(|(_, offer)| offer).take(OFFERS_MOST).collect()
}

/// What belongs to the incident and has all of these words in its line.
pub(crate) fn things(look: &mut Look<'_, '_>, home: IncidentId, text: &str) -> Result<Vec<Offer>, Halt> {
    let (node, sight) = (look.app.node(), look.asked.sight());
    let Near { lines, alerts, changes, items, evidence: held, incidents } = acts::near(look.tx, node, home, sight)?;
    let mut all: Vec<Offer> = Vec::new();
    all.extend(alerts.iter().map(|one| (one.id.to_string(), alert(one))));
    all.extend(changes.iter().map(|one| (one.change.id.to_string(), change(one))));
    all.extend(items.iter().map(|one| (one.item.id.to_string(), item(one))));
    all.extend(held.iter().map(|one| (one.id.to_string(), evidence(home, one))));
    all.extend(incidents.iter().map(|one| (one.id.to_string(), incident(one))));
    all.extend(lines.iter().map(|one| (one.entry.id.to_string(), entry(look, home, one))));
    let wanted: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut seen = BTreeSet::new();
    all.retain(|(written, named)| {
        let says = format!("{} {} {written}", named.kind, named.says()).to_lowercase();
        wanted.iter().all(|word| says.contains(word)) && seen.insert(written.clone())
    });
    Ok(fairly(all))
}

/// Some of each kind, so that a long timeline leaves room for what is not on it.
fn fairly(all: Vec<Offer>) -> Vec<Offer> {
    let mut by_kind: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, usize, Offer)> = Vec::new();
    for (place, offer) in all.into_iter().enumerate() {
        let count = by_kind.entry(offer.1.kind).or_default();
        // Of each kind three come first; then what stands first.
        ranked.push((*count / 3, place, offer));
        *count += 1;
    }
    ranked.sort_by_key(|(round, place, _)| (*round, *place));
    ranked.truncate(OFFERS_MOST);
    ranked.sort_by_key(|(_, place, _)| *place);
    ranked.into_iter().map(|(_, _, offer)| offer).collect()
}
