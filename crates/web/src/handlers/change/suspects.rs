//! Suspects: a panel of the room, the page with all reasons, and the form for a verdict.

use actions::change::suspects::{self as acts, Suspicion};
use actions::respond::incidents::seen;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::change::suspects::{Finding, Suspect, Which};
use domain::change::verdicts::Outcome;
use domain::prepare::people::Access;
use domain::words::{IncidentId, RefusalKind};
use store::Halt;
use store::respond::incidents::IncidentRow;

use super::reflexes;
use super::rollbacks::{outcome_tone, run_views};
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::handlers::respond::incidents::{restricted, service_title};
use crate::handlers::respond::room::read_id;
use crate::pages::change::suspects::{SuspectView, SuspectsPage, SuspectsPanel, VerdictView};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

/// So many stand in the room.
const FIRST: usize = 3;

/// What the room shows.
pub(in crate::handlers) fn panel(look: &mut Look<'_, '_>, row: &IncidentRow) -> Result<SuspectsPanel, Halt> {
    let suspicion = acts::of_incident(look.tx, look.app.node(), row, look.asked.sight())?;
    let all = &suspicion.ranking.suspects;
    Ok(SuspectsPanel {
        href: format!("/incidents/{}/suspects", row.id),
        more: all.len().saturating_sub(FIRST),
        runs: run_views(look, row.id)?,
        reflexes: reflexes::told(look, row.id)?,
        suspects: all.iter().take(FIRST).map(|one| view(look, row, one)).collect(),
        may_write: look.asked.access >= Access::Responder,
    })
}

/// `GET /incidents/ID/suspects`.
pub async fn get_suspects(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, read_id(&id)?, None).await
}

async fn page(asked: Asked, id: IncidentId, refused: Option<(String, String, String)>) -> Result<Response, Problem> {
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Incidents, status, move |look, shell| {
            let row = seen(look.tx, id, look.asked.sight())?;
            let Suspicion { case, ranking, .. } =
                acts::of_incident(look.tx, look.app.node(), &row, look.asked.sight())?;
            Ok(SuspectsPage {
                incident: Link::new(row.name(), format!("/incidents/{id}")),
                restricted: restricted(&row),
                drill: row.drill,
                may_write: look.asked.access >= Access::Responder,
                began: look.when(case.began_at),
                services: case
                    .services
                    .iter()
                    .map(|name| Link::new(service_title(look, name), format!("/services/{name}")))
                    .collect(),
                runs: run_views(look, id)?,
                suspects: ranking.suspects.iter().map(|one| view(look, &row, one)).collect(),
                older: ranking.older,
                refused: refused.clone(),
                shell,
            })
        })
        .await
}

fn view(look: &Look<'_, '_>, row: &IncidentRow, one: &Suspect) -> SuspectView {
    let candidate = &one.candidate;
    let id = candidate.which.to_string();
    let kind = match candidate.which {
        Which::Documents(_) => "documents".to_owned(),
        _ => candidate.kind.to_string(),
    };
    let undone = matches!(candidate.rolled_back, Some(Outcome::Resolved | Outcome::NoEffect | Outcome::Worse));
    let takes_back = !row.drill && row.state.phase.is_open() && !undone && !matches!(candidate.which, Which::Flip(_));
    SuspectView {
        rank: if one.tied > 1 { format!("{}=", one.rank) } else { one.rank.to_string() },
        title: candidate.title.clone(),
        href: match candidate.which {
            Which::Change(id) => Some(format!("/changes/{id}")),
            Which::Documents(_) => Some("/documents".to_owned()),
            Which::Flip(_) => None,
        },
        kind,
        went_out: candidate.stages.iter().max().map(|at| look.when(*at)),
        reasons: sentence(&one.reasons()),
        score: one.score.to_string(),
        terms: one
            .terms
            .iter()
            .map(|term| (term.kind.to_string(), term.points.to_string(), sentence(&term.why)))
            .collect(),
        outcome: candidate
            .rolled_back
            .map(|outcome| Badge::new(outcome_tone(outcome), format!("taken back: {}", words(outcome.word())))),
        verdict: candidate.found.as_ref().map(|found| VerdictView {
            badge: Badge::new(tone(found.finding), words(found.finding.word())),
            why: found.why.clone(),
            by: look.tag(&found.by),
            when: look.when(found.at),
        }),
        rollback: takes_back.then(|| format!("/incidents/{}/rollback?suspect={}", row.id, escape(&id))),
        id,
    }
}

const fn tone(finding: Finding) -> Tone {
    match finding {
        Finding::Trigger => Tone::Critical,
        Finding::Contributed => Tone::Warning,
        Finding::RuledOut | Finding::Unknown => Tone::Quiet,
    }
}

/// A word of the API as people say it.
pub(super) fn words(word: &str) -> String {
    word.replace('-', " ")
}

/// `POST /incidents/ID/suspects` with `suspect`, `finding`, `why`.
pub async fn post_suspects(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let why = fields.raw("why").to_owned();
    let suspect = fields.text("suspect").to_owned();
    let read = || Ok::<(Which, Finding), domain::words::Refusal>((fields.parse("suspect")?, fields.parse("finding")?));
    let wanted = read();
    let said = why.clone();
    let outcome = asked
        .app
        .act(asked.actor(), move |store, _, moment| {
            let (suspect, finding) = wanted?;
            store.write(|tx| acts::judge(tx, &mut moment.again(), id, &suspect, finding, &said))
        })
        .await;
    match outcome {
        Ok(()) => Ok(asked.lead(&format!("/incidents/{id}/suspects"), Some(done("The verdict is kept")))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            page(asked, id, Some((suspect, why, sentence(&refusal.to_string())))).await
        }
        Err(failed) => Err(failed.into()),
    }
}
