//! Runbooks: the page of one, and what points to them.

use actions::respond::runbooks::Pointer;
use axum::extract::Path;
use axum::response::Response;
use domain::words::{Name, Refusal, text};

use super::incidents::service_title;
use crate::handlers::frame::Asked;
use crate::pages::respond::runbooks::RunbookPage;
use crate::pages::{Link, Section, markdown};
use crate::problem::Problem;

/// The page of a runbook, or the address elsewhere.
pub fn link(pointer: &Pointer) -> Link {
    match pointer {
        Pointer::Document { name, title } => Link::new(title, format!("/runbooks/{name}")),
        Pointer::Address { of, url } => Link::new(format!("Runbook of {of}"), url),
    }
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
                shell,
            })
        })
        .await
}
