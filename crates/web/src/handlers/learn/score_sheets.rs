//! The score sheet of a drill, as a page.

use actions::learn::score_sheets::{Rehearsal, of_drill};
use axum::extract::Path;
use axum::response::Response;
use domain::learn::drill_evidence::Evidence;
use domain::words::Span;

use crate::handlers::engage::pages::capital;
use crate::handlers::frame::{Asked, Look};
use crate::handlers::respond::room::read_id;
use crate::pages::learn::score_sheets::{EvidenceRow, ScoreRow, ScoreSheetPage};
use crate::pages::{Badge, Link, Section, Tone, When};
use crate::problem::Problem;

/// `GET /incidents/ID/score-sheet`.
pub async fn get_score_sheet(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    asked
        .page(Section::Incidents, move |look, shell| {
            let (node, sight, now) = (look.app.node(), look.asked.sight(), look.now());
            let sheet = of_drill(look.tx, node, id, sight, now)?;
            let rows = sheet.lines.iter().map(|line| ScoreRow {
                title: line.title,
                drill: line.drill.clone(),
                original: line.original.clone().unwrap_or_default(),
                others: line.others.as_ref().map_or_else(String::new, |(n, one)| format!("{one} in the middle of {n}")),
            });
            Ok(ScoreSheetPage {
                drill: Link::new(sheet.drill.name(), format!("/incidents/{id}")),
                original: sheet.original.as_ref().map(|row| Link::new(row.name(), format!("/incidents/{}", row.id))),
                others: sheet.others,
                rows: rows.collect(),
                evidence: sheet.evidence.iter().map(|one| evidence(look, one)).collect(),
                markdown: format!("/api/v1/incidents/{id}/score-sheet.md"),
                shell,
            })
        })
        .await
}

/// In words: `Alert`, and what became of it.
fn evidence(look: &Look<'_, '_>, one: &Evidence) -> EvidenceRow {
    let after = |after: Span| Span::seconds(after.as_millis() / 1000);
    EvidenceRow {
        sort: capital(one.sort.word()),
        title: one.title.clone(),
        at: look.when(one.at),
        taken: match one.taken {
            Some((how, took)) => Badge::new(Tone::Good, format!("{how} after {}", after(took))),
            None => Badge::new(Tone::Warning, "missed"),
        },
    }
}

/// The drill in which something was rehearsed last, and when.
pub(in crate::handlers) fn drilled(look: &Look<'_, '_>, one: Rehearsal) -> (Link, When) {
    (Link::new("a drill", format!("/incidents/{}", one.drill)), look.when(one.at))
}
