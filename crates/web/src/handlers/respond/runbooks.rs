//! Runbooks: the page of one, and what points to them.

use actions::learn::score_sheets::rehearsal_of;
use actions::respond::runbooks::Pointer;
use axum::extract::Path;
use axum::response::Response;
use domain::prepare::documents::{Kind, Reference};
use domain::words::{Name, Refusal, text};
use store::Halt;

use super::incidents::service_title;
use crate::handlers::frame::{Asked, Look};
use crate::handlers::learn::score_sheets::drilled;
use crate::pages::respond::runbooks::{RunbookPage, RunbookView};
use crate::pages::{Link, Section, When, markdown};
use crate::problem::Problem;

/// The page of a runbook, or the address elsewhere.
pub fn link(pointer: &Pointer) -> Link {
    match pointer {
        Pointer::Document { name, title, .. } => Link::new(title, format!("/runbooks/{name}")),
        Pointer::Address { of, url } => Link::new(format!("Runbook of {of}"), url),
    }
}

/// A runbook in a room: where it is, when it was rehearsed, and by what name it is said to be followed.
pub fn in_room(look: &Look<'_, '_>, pointer: &Pointer) -> RunbookView {
    let (name, rehearsed) = match pointer {
        Pointer::Document { name, rehearsed, .. } => (Some(format!("runbook/{name}")), *rehearsed),
        Pointer::Address { .. } => (None, None),
    };
    RunbookView { link: link(pointer), name, drilled: rehearsed.map(|one| drilled(look, one)) }
}

fn rehearsed(look: &mut Look<'_, '_>, name: &Name) -> Result<Option<(Link, When)>, Halt> {
    let reference = Reference::new(Kind::Runbook, name.clone());
    let found = rehearsal_of(look.tx, &reference, look.now())?;
    Ok(found.map(|one| drilled(look, one)))
}

/// `GET /runbooks/NAME`.
pub async fn get_runbook(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    asked
        .page(Section::Documents, move |look, shell| {
            let gone = || Refusal::not_found(format!("runbook {}", text::shorten(&name, 120)));
            let name: Name = name.parse().map_err(|_| gone())?;
            let spec = look.rules.catalog.runbooks.get(&name).ok_or_else(gone)?;
            let service = |name: &Name| Link::new(service_title(look, name), format!("/services/{name}"));
            Ok(RunbookPage {
                title: spec.title.clone(),
                services: spec.services.iter().map(service).collect(),
                matchers: spec.matchers.iter().map(ToString::to_string).collect(),
                html: markdown::html(&spec.text),
                document_href: format!("/documents/runbook/{name}"),
                drilled: rehearsed(look, &name)?,
                shell,
            })
        })
        .await
}
