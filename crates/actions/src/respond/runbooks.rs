//! Runbooks of an incident and of an alert: documents that are about them, and addresses that a service or an alert names.

use domain::prepare::catalog::Catalog;
use domain::prepare::documents::{Kind, Reference};
use domain::words::{Labels, Name, Timestamp};
use store::respond::incidents::{self as rows, IncidentRow};
use store::{Halt, Tx};

use super::links::Thing;
use crate::Node;
use crate::detect::views;
use crate::learn::score_sheets::{Rehearsal, rehearsal_of};

/// So many alerts of one group are looked at: those of a group are of one kind.
const ALERTS_OF_GROUP: usize = 20;

/// Where it is written what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pointer {
    /// A runbook document.
    Document { name: Name, title: String, rehearsed: Option<Rehearsal> },
    /// An http(s) address elsewhere, and the runbook of what it is.
    Address { of: String, url: String },
}

/// The runbooks of an incident: of its services, and of the alerts that belong to it.
pub fn of_incident(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow, now: Timestamp) -> Result<Vec<Pointer>, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let mut services = row.services.clone();
    let (mut alerts, mut worst) = (Vec::new(), Vec::new());
    for linked in rows::links(tx, row.id)? {
        let Some(Thing::Group(id)) = Thing::of(&linked.subject) else { continue };
        let kept = store::detect::groups::get(tx, id)?;
        // What its alerts share, for when they are over.
        if let Some((group, _)) = kept {
            services.extend(group.service);
            alerts.push(Labels::from_pairs(group.labels));
        }
        let board = node.board();
        if let Some(open) = board.group(id) {
            alerts.extend(open.alerts.iter().take(ALERTS_OF_GROUP).map(|slot| board.labels(*slot)));
            let slot = open.alerts.iter().copied().max_by_key(|slot| board.severity(*slot));
            worst.extend(slot.map(|slot| board.at(slot).id));
        }
    }
    services.sort();
    services.dedup();
    let mut found = about(&catalog, &services, &alerts);
    for alert in worst {
        let Some(alert) = views::one(tx, &node.board(), alert)? else { continue };
        found.extend(named_by(alert.summary(), |name| alert.annotations.get(name)));
    }
    found.sort();
    found.dedup();
    for one in &mut found {
        if let Pointer::Document { name, rehearsed, .. } = one {
            *rehearsed = rehearsal_of(tx, &Reference::new(Kind::Runbook, name.clone()), now)?;
        }
    }
    Ok(found)
}

/// The runbooks of an alert.
pub fn of_alert<'a>(
    catalog: &Catalog,
    service: Option<&Name>,
    labels: &Labels,
    annotation: impl Fn(&str) -> Option<&'a str>,
) -> Vec<Pointer> {
    let service: Vec<Name> = service.into_iter().cloned().collect();
    let mut found = about(catalog, &service, std::slice::from_ref(labels));
    found.splice(0..0, named_by("this alert", annotation));
    found
}

/// The documents that are about these, and what the services name.
fn about(catalog: &Catalog, services: &[Name], alerts: &[Labels]) -> Vec<Pointer> {
    let documents = catalog.runbooks.iter().filter(|(_, spec)| spec.fits(services, alerts));
    let documents = documents.map(|(name, spec)| Pointer::Document {
        name: name.clone(),
        title: spec.title.clone(),
        rehearsed: None,
    });
    let of_service = |name: &Name| {
        let service = catalog.services.get(name)?;
        Some(Pointer::Address { of: service.title.clone(), url: service.runbook.clone()? })
    };
    documents.chain(services.iter().filter_map(of_service)).collect()
}

/// What an alert's annotations name. They come from outside: only a web address is one.
fn named_by<'a>(of: &str, annotation: impl Fn(&str) -> Option<&'a str>) -> Option<Pointer> {
    let url = annotation("runbook_url").or_else(|| annotation("runbook"))?;
    let is_address = url.starts_with("https://") || url.starts_with("http://");
    is_address.then(|| Pointer::Address { of: of.to_owned(), url: url.to_owned() })
}
