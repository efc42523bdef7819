//! The public page, read: which document it is, and everything that is public at one moment.

use domain::inform::published::Published;
use domain::inform::status_pages::StatusPage;
use domain::inform::statuspage::LISTED;
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::{Kind, Reference};
use domain::words::{Name, Refusal, Timestamp};
use store::inform::notices::{self as rows, Which};
use store::{Halt, Tx};

use crate::Node;

/// The document of the page, whether it is shown or not: the first by its name.
pub fn page(catalog: &Catalog) -> Option<(&Name, &StatusPage)> {
    catalog.status_pages.iter().next()
}

/// The same, for whoever wants to write on it.
pub fn must(catalog: &Catalog) -> Result<&StatusPage, Refusal> {
    page(catalog).map(|(_, page)| page).ok_or_else(|| {
        Refusal::conflict(
            "there is no status page: apply a document of the kind status-page, which says what the public knows",
        )
    })
}

/// More notices than this do not count for bars and lists of one page.
const MOST: u32 = 2000;

/// What is public now; nothing, if no page is shown.
pub fn published(tx: &mut Tx<'_>, node: &Node, now: Timestamp) -> Result<Option<Published>, Halt> {
    let rules = node.rules(tx)?;
    match page(&rules.catalog).filter(|(_, page)| !page.hidden) {
        Some(_) => preview(tx, node, now),
        None => Ok(None),
    }
}

/// The same, of a page that may not be shown yet.
pub fn preview(tx: &mut Tx<'_>, node: &Node, now: Timestamp) -> Result<Option<Published>, Halt> {
    let rules = node.rules(tx)?;
    let Some((name, page)) = page(&rules.catalog) else { return Ok(None) };
    let reference = Reference::new(Kind::StatusPage, name.clone());
    let first = store::prepare::documents::at(tx, &reference, 1)?;
    let listed = u32::try_from(LISTED).unwrap_or(u32::MAX);
    let mut newest = rows::list(tx, Which::Of(domain::inform::notices::Sort::Incident), listed)?;
    newest.extend(rows::list(tx, Which::Of(domain::inform::notices::Sort::Maintenance), listed)?);
    let server = node.identity.public_url.clone();
    Ok(Some(Published {
        base: page.url.as_ref().map_or_else(|| server.clone(), |url| url.trim_end_matches('/').to_owned()),
        server,
        page: page.clone(),
        since: first.map_or(now, |(revision, _)| revision.changeset.at),
        now,
        notices: rows::list(tx, Which::Since(Published::bars_from(page.history_days, now)), MOST)?,
        newest,
        changed: rows::list(tx, Which::Changed, listed)?,
        first_began: rows::first_began(tx)?,
        reports: store::learn::customer_postmortems::notices(tx)?,
    }))
}

/// Moves whenever anything that is public does, but for the time: what was made before is old.
pub fn version(tx: &mut Tx<'_>, node: &Node) -> Result<(i64, i64), Halt> {
    let rules = node.rules(tx)?;
    Ok((rules.catalog.revision, rows::version(tx)?))
}
