//! What was changed of late in documents that bear on services: as a page, and for other pages.

use std::collections::BTreeSet;

use actions::prepare::document_changes::{Touch, touching};
use actions::prepare::documents::Step;
use axum::response::Response;
use domain::prepare::access_rules::may_edit_some;
use domain::prepare::diff::Verb;
use domain::words::{Name, Refusal, Span, text};
use store::Halt;

use super::documents::what;
use crate::handlers::detect::alert::actor;
use crate::handlers::frame::{Asked, Look};
use crate::pages::prepare::document_changes::{
    Back, ChangesetRow, DocumentChangeRow, DocumentChanges, DocumentChangesPage,
};
use crate::pages::{Link, Section};
use crate::problem::Problem;

/// How far is looked back, if nobody says otherwise.
pub const HOURS: u32 = 24;
const HOURS_MOST: u32 = 24 * 90;

/// `GET /documents/changes?service=NAME&hours=N`.
pub async fn get_changes(asked: Asked) -> Result<Response, Problem> {
    let hours = asked.query.some("hours").map_or(Ok(HOURS), str::parse).ok().filter(|hours| *hours <= HOURS_MOST);
    let hours =
        hours.ok_or_else(|| Refusal::invalid(format!("hours are a number, at most {HOURS_MOST}")).at("?hours"))?;
    let services: BTreeSet<Name> = asked.query.all("service").filter_map(|name| name.parse().ok()).collect();
    asked
        .page(Section::Documents, move |look, shell| {
            let link = |name: &Name| Link::new(name.as_str(), format!("/services/{name}"));
            Ok(DocumentChangesPage {
                services: services.iter().map(link).collect(),
                changes: of_services(look, &services, hours)?,
                shell,
            })
        })
        .await
}

/// What was changed in the last hours in documents that bear on these services: for the room of an incident, too.
pub fn of_services(look: &mut Look<'_, '_>, services: &BTreeSet<Name>, hours: u32) -> Result<DocumentChanges, Halt> {
    let since = Span::hours(i64::from(hours)).before(look.now());
    let found = touching(look.tx, services, since, &look.asked.reader())?;
    Ok(DocumentChanges { hours, changesets: found.iter().map(|touch| row(look, touch)).collect() })
}

fn row(look: &Look<'_, '_>, touch: &Touch) -> ChangesetRow {
    let changeset = &touch.changeset;
    ChangesetRow {
        number: changeset.number,
        when: look.when(changeset.at),
        by: actor(look, &changeset.author),
        reason: changeset.reason.clone(),
        documents: touch.steps.iter().map(|step| document(look, step)).collect(),
    }
}

fn document(look: &Look<'_, '_>, step: &Step) -> DocumentChangeRow {
    let revision = &step.revision;
    let reference = &revision.reference;
    let (number, catalog) = (revision.number, &look.rules.catalog);
    // Before it was made there is nothing to go back to.
    let is_made = step.difference.as_ref().is_none_or(|difference| difference.verb == Verb::Create);
    let may = !is_made && may_edit_some(&look.asked.person, look.asked.access, catalog, reference);
    let why = revision.changeset.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let reason = text::shorten(&format!("Take back changeset {}{why}", revision.changeset.number), 400);
    DocumentChangeRow {
        document: Link::new(
            reference.to_string(),
            format!("/documents/{reference}/history?from={}&to={number}", number - 1),
        ),
        what: what(step),
        sentences: step.difference.as_ref().map(|one| one.sentences.clone()).unwrap_or_default(),
        back: may.then(|| Back { action: format!("/documents/{reference}/rollback"), to: number - 1, reason }),
    }
}
