//! The score sheet of a drill, as a page.

use actions::learn::score_sheets::of_drill;
use axum::extract::Path;
use axum::response::Response;

use crate::handlers::frame::Asked;
use crate::handlers::respond::room::read_id;
use crate::pages::learn::score_sheets::{ScoreRow, ScoreSheetPage};
use crate::pages::{Link, Section};
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
                markdown: format!("/api/v1/incidents/{id}/score-sheet.md"),
                shell,
            })
        })
        .await
}
