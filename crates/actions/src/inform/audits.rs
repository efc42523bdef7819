//! The truth audit: what goes on inside, gathered from the records for whoever looks, against what the page says.

use domain::inform::audits::{self as rule, Gap, Inside, What};
use domain::prepare::catalog::Catalog;
use domain::respond::incidents::Phase;
use domain::respond::sight::Sight;
use domain::words::{Timestamp, Urgency};
use store::inform::notices::{self as rows, Which};
use store::respond::incidents::{self, Filter, IncidentRow};
use store::{Halt, Tx};

use super::status_pages;
use crate::Node;
use crate::respond::incidents::levels;

/// So many incidents are looked at.
const INCIDENTS: u32 = 200;
/// The levels of the matrix that the public hears of: what is milder touches nobody outside.
const GRAVE: usize = 3;
/// Notices of so many days are looked at.
const DAYS: u8 = 30;

/// Where the page says something else than what goes on; nothing, if there is no page.
pub fn audit(tx: &mut Tx<'_>, node: &Node, sight: Sight<'_>, now: Timestamp) -> Result<Vec<Gap>, Halt> {
    let rules = node.rules(tx)?;
    let Some((_, page)) = status_pages::page(&rules.catalog) else { return Ok(Vec::new()) };
    let since = domain::inform::published::Published::bars_from(DAYS, now);
    let notices = rows::list(tx, Which::Since(since), 1000)?;
    let mut inside: Vec<Inside> = Vec::new();
    // The public is told of nothing that is only practised.
    let real = Filter { drill: Some(false), ..Filter::default() };
    for row in incidents::list(tx, &real, sight, None, INCIDENTS)? {
        inside.extend(of_incident(&rules.catalog, &row));
    }
    // What is open for longer than the newest hundreds go back.
    for row in incidents::list(tx, &Filter { open: true, ..real }, sight, None, INCIDENTS)? {
        if !inside.iter().any(|one| one.what == What::Incident(row.id)) {
            inside.extend(of_incident(&rules.catalog, &row));
        }
    }
    let board = node.board();
    for open in board.groups() {
        let Some(service) = &open.group.service else { continue };
        let fires = open.alerts.iter().any(|slot| board.at(*slot).muted().is_none());
        if open.group.urgency == Some(Urgency::High) && fires && !open.group.is_drill() {
            inside.push(Inside {
                what: What::Alerts(open.group.id),
                title: open.group.title.clone(),
                severity: None,
                services: vec![service.clone()],
                since: open.group.opened_at,
                over: None,
            });
        }
    }
    Ok(rule::gaps(page, &notices, &inside, now))
}

/// An incident as the audit sees it: declared, and of a level of which the public hears.
fn of_incident(catalog: &Catalog, row: &IncidentRow) -> Option<Inside> {
    let over = match row.state.phase {
        Phase::Active => None,
        Phase::Resolved | Phase::InReview | Phase::Closed => Some(row.state.since),
        Phase::Reported | Phase::Cancelled | Phase::Merged => return None,
    };
    let place = |severity: &str| levels(catalog).iter().position(|level| level.name == severity);
    if row.state.severity.as_deref().and_then(place).is_some_and(|place| place >= GRAVE) {
        return None;
    }
    Some(Inside {
        what: What::Incident(row.id),
        title: row.title.clone(),
        severity: row.state.severity.clone(),
        services: row.services.clone(),
        since: row.reported_at,
        over,
    })
}
