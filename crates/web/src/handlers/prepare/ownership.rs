//! What was set by hand, for pages: the list of where documents and files drift apart, and rows for other pages.

use actions::prepare::ownership::{self as acts, Differing, Drift, Drifted};
use axum::response::Response;

use crate::handlers::detect::alert::actor;
use crate::handlers::frame::{Asked, Look};
use crate::pages::prepare::ownership::{DriftPage, DriftRow, FieldRow};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

/// `GET /documents/drift`.
pub async fn get_drift(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Documents, move |look, shell| {
            let found = acts::set_by_hand(look.tx, &look.asked.reader())?;
            let has_files = acts::files_spoke(look.tx)?;
            Ok(DriftPage { documents: found.iter().map(|one| document(look, one)).collect(), has_files, shell })
        })
        .await
}

fn document(look: &Look<'_, '_>, drift: &Drift) -> DriftRow {
    let badge = match drift.how {
        Drifted::Differs => Badge::new(Tone::Warning, "Differs"),
        Drifted::Missing => Badge::new(Tone::Critical, "Deleted here"),
        Drifted::Extra => Badge::new(Tone::Info, "Only here"),
    };
    let last = drift.last.as_ref().filter(|_| drift.fields.is_empty());
    DriftRow {
        document: Link::new(drift.reference.to_string(), format!("/documents/{}/history", drift.reference)),
        badge,
        fields: drift.fields.iter().map(|one| field(look, one)).collect(),
        by: last.and_then(|last| actor(look, &last.author)),
        when: last.map(|last| look.when(last.at)),
        why: last.and_then(|last| last.reason.clone()),
    }
}

/// A field that was set by hand, as a row.
pub fn field(look: &Look<'_, '_>, one: &Differing) -> FieldRow {
    let set = one.set.as_ref();
    let via = match set.map(|set| set.via.as_str()) {
        Some("page") => "in the pages",
        Some("rollback") => "by a rollback",
        Some("api") => "over the API",
        Some("apply" | "source") => "from files",
        Some("defaults") => "with the installation",
        Some(_) => "otherwise",
        None => "long ago",
    };
    FieldRow {
        field: one.field.to_string(),
        pointer: one.field.pointer.clone(),
        in_force: one.in_force.clone(),
        in_files: one.in_files.clone(),
        by: set.and_then(|set| actor(look, &set.author)),
        via: via.into(),
        when: set.map(|set| look.when(set.at)),
        why: set.and_then(|set| set.reason.clone()),
    }
}
