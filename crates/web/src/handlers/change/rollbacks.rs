//! Rollbacks: what one would do, the button that does it, and the forms of a run.

use actions::change::preflights;
use actions::change::rollbacks::{self as acts, Foreseen};
use actions::learn::score_sheets::gone_through;
use actions::respond::incidents::seen;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::change::rollback_plans::{Data, RollbackPlan, Way};
use domain::change::rollbacks::State;
use domain::change::suspects::Which;
use domain::change::verdicts::Outcome;
use domain::prepare::people::Access;
use domain::words::{ChangeId, IncidentId, Refusal, RefusalKind};
use store::Halt;
use store::change::changes::{self as change_rows, ChangeRow};
use store::change::rollbacks::{self as rows, RollbackRow};
use store::respond::incidents::IncidentRow;

use super::changes::read_id as read_change;
use super::suspects::words;
use crate::api::change::rollbacks::{RollbackDeed, begin, read_id as read_run, run as act};
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, refused, sentence};
use crate::handlers::respond::incidents::{restricted, service_title};
use crate::handlers::respond::room::read_id;
use crate::pages::change::rollbacks::{RollbackPage, RunView};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

/// The runs of a room that matter now, the newest first.
pub(super) fn run_views(look: &mut Look<'_, '_>, incident: IncidentId) -> Result<Vec<RunView>, Halt> {
    let mut views = Vec::new();
    for row in rows::of_incident(look.tx, incident)?.into_iter().rev() {
        if let Some(change) = change_rows::get(look.tx, row.run.change, look.asked.sight())? {
            views.push(run_view(look, &row, &change));
        }
    }
    Ok(views)
}

/// How a run stands.
pub(super) fn run_view(look: &Look<'_, '_>, row: &RollbackRow, change: &ChangeRow) -> RunView {
    let run = &row.run;
    let plan = preflights::plan(change, &look.rules.catalog);
    let verdict = row.verdict.as_ref();
    let (state, since, said) = match &run.state {
        State::Asked => (Badge::new(Tone::Warning, "waits for a second person"), run.asked_at, None),
        State::Running { since, .. } => (Badge::new(Tone::Info, "is being taken back"), *since, None),
        State::Unknown { since } => {
            let said = "Its time is over, and nobody knows what became of it: look, and say so.".to_owned();
            (Badge::new(Tone::Critical, "unknown"), *since, Some(said))
        }
        State::Failed { at, why } => (Badge::new(Tone::Critical, "failed"), *at, Some(sentence(why))),
        State::CalledOff { at } => (Badge::new(Tone::Quiet, "called off"), *at, None),
        State::Succeeded { at } => {
            if let Some(verdict) = verdict {
                let badge = Badge::new(outcome_tone(verdict.outcome), words(verdict.outcome.word()));
                (badge, verdict.at, Some(sentence(&verdict.why)))
            } else {
                let said = "It is done. The alerts that fired are given time to clear.".to_owned();
                (Badge::new(Tone::Info, "done, verdict to come"), *at, Some(said))
            }
        }
    };
    let waits = run.state == State::Asked;
    let by_hand = match run.state {
        State::Unknown { .. } => Some("find out what became of it".to_owned()),
        State::Running { .. } => plan.and_then(|plan| by_hand(&plan, row.step)),
        _ => None,
    };
    RunView {
        id: run.id.to_string(),
        title: change.change.proposal.title.clone(),
        state,
        since: look.when(since),
        by: run.asked_by.as_ref().map(|person| look.tag(person)),
        said,
        link: row.link.clone(),
        by_hand,
        asks_viewer: waits && run.asked_by.as_ref() != Some(&look.asked.person),
        waits,
    }
}

/// What a person does next.
fn by_hand(plan: &RollbackPlan, step: u16) -> Option<String> {
    match &plan.way {
        Way::Manual { runbook } => Some(format!("follow the runbook {runbook}")),
        Way::Scripted { steps } => {
            let step = steps.get(usize::from(step))?;
            step.adapter.is_none().then(|| step.text.clone())
        }
        _ => None,
    }
}

pub(super) const fn outcome_tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Resolved => Tone::Good,
        Outcome::Partial | Outcome::NoEffect | Outcome::Blind => Tone::Warning,
        Outcome::Worse => Tone::Critical,
    }
}

/// From where a change is taken back.
#[derive(Clone, Copy, Debug)]
enum Place {
    Room(IncidentId),
    /// Its own page, without an incident.
    Change(ChangeId),
}

impl Place {
    fn address(self) -> String {
        match self {
            Self::Room(id) => format!("/incidents/{id}"),
            Self::Change(id) => format!("/changes/{id}"),
        }
    }

    const fn incident(self) -> Option<IncidentId> {
        match self {
            Self::Room(id) => Some(id),
            Self::Change(_) => None,
        }
    }

    const fn section(self) -> Section {
        match self {
            Self::Room(_) => Section::Incidents,
            Self::Change(_) => Section::Changes,
        }
    }
}

/// `GET /incidents/ID/rollback?suspect=…`.
pub async fn get_rollback(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let suspect = asked.query.text("suspect").to_owned();
    page(asked, Place::Room(read_id(&id)?), suspect, String::new(), None).await
}

/// `GET /changes/ID/rollback`.
pub async fn get_rollback_of_change(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = read_change(&id)?;
    page(asked, Place::Change(id), Which::Change(id).to_string(), String::new(), None).await
}

async fn page(
    asked: Asked,
    place: Place,
    suspect: String,
    why: String,
    error: Option<String>,
) -> Result<Response, Problem> {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(place.section(), status, move |look, shell| {
            let sight = look.asked.sight();
            let room = place.incident().map(|id| seen(look.tx, id, sight)).transpose()?;
            let suspect: Which = suspect.parse()?;
            let Foreseen { change, plan, preview, undone } =
                acts::preview(look.tx, look.app.node(), &suspect, sight, look.now())?;
            let runs = rows::of_change(look.tx, change.change.id)?;
            let open = runs.iter().rev().find(|run| run.run.is_under_way());
            let missing = |blocks: bool| {
                let all = preview.missing.iter().filter(move |lack| lack.blocks == blocks);
                all.map(|lack| sentence(&lack.what)).collect::<Vec<_>>()
            };
            let mut radius: Vec<(Link, u32)> = preview
                .blast_radius
                .iter()
                .map(|(name, steps)| (Link::new(service_title(look, name), format!("/services/{name}")), *steps))
                .collect();
            radius.sort_by_key(|(_, steps)| *steps);
            Ok(RollbackPage {
                from: Link::new(room.as_ref().map_or_else(|| "The change".into(), IncidentRow::name), place.address()),
                restricted: room.as_ref().and_then(restricted),
                suspect: suspect.to_string(),
                title: change.change.proposal.title.clone(),
                way: way(&plan),
                steps: match &plan.way {
                    Way::Scripted { steps } => steps.iter().map(|step| step.text.clone()).collect(),
                    _ => Vec::new(),
                },
                estimate: preview.estimate.to_string(),
                owner: plan.owner.to_string(),
                data: data(plan.data).to_owned(),
                verification: plan.verification.clone(),
                radius,
                undone: undone
                    .iter()
                    .map(|row| Link::new(&row.change.proposal.title, format!("/changes/{}", row.change.id)))
                    .collect(),
                blocked: missing(true),
                warnings: missing(false),
                second_person: preview.second_person.map(str::to_owned),
                run: open.map(|open| run_view(look, open, &change)),
                may_write: look.asked.access >= Access::Responder,
                walk: room.as_ref().filter(|room| room.drill).map(|_| {
                    let own = match suspect {
                        Which::Change(id) => Some(id),
                        Which::Documents(_) | Which::Flip(_) => None,
                    };
                    gone_through(own, &plan).iter().map(ToString::to_string).collect()
                }),
                why: why.clone(),
                error: error.clone(),
                shell,
            })
        })
        .await
}

fn way(plan: &RollbackPlan) -> String {
    match &plan.way {
        Way::Automatic { adapter, action } => format!("One call to {adapter}: {action}"),
        Way::Scripted { .. } => "Step by step, by programs and people".into(),
        Way::FlagOff { environment, flag } => format!("The flag {flag} is killed in {environment}"),
        Way::Documents { .. } => "The documents get the revisions that they had before".into(),
        Way::Manual { runbook } => format!("By hand, by the runbook {runbook}"),
        Way::RollForward { fix, .. } => format!("Not back, but forward: {fix}"),
        Way::Irreversible { reason, .. } => format!("There is no way back: {reason}"),
    }
}

const fn data(data: Data) -> &'static str {
    match data {
        Data::Untouched => "No data is touched.",
        Data::Reversible => "The old program reads what the new one wrote.",
        Data::ForwardOnly => "What was written in the meantime is not read by the old program.",
        Data::RestoreNeeded => "A backup must be restored.",
    }
}

/// `POST /incidents/ID/rollback` with `suspect`, `why`.
pub async fn post_rollback(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let suspect = fields.text("suspect").to_owned();
    ask(asked, Place::Room(read_id(&id)?), suspect, fields).await
}

/// `POST /changes/ID/rollback` with `why`.
pub async fn post_rollback_of_change(
    asked: Asked,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = read_change(&id)?;
    ask(asked, Place::Change(id), Which::Change(id).to_string(), fields).await
}

async fn ask(asked: Asked, place: Place, suspect: String, fields: Fields) -> Result<Response, Problem> {
    let why = fields.raw("why").to_owned();
    let outcome = begin(&asked.app, &asked.visitor, asked.access, place.incident(), suspect.clone(), why.clone()).await;
    match outcome {
        Ok(row) => {
            let toast =
                if row.run.state == State::Asked { "A second person is asked" } else { "It is being taken back" };
            Ok(asked.lead(&place.address(), Some(done(toast))))
        }
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            page(asked, place, suspect, why, Some(sentence(&refusal.message))).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /rollbacks/ID` with `act` and `why`.
pub async fn post_run(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_run(&id)?;
    let why = fields.raw("why").to_owned();
    let (deed, said) = match fields.text("act") {
        "confirm" => (RollbackDeed::Confirm, "Confirmed: it is being taken back"),
        "call-off" => (RollbackDeed::CallOff, "Called off"),
        "done" => (RollbackDeed::Done { said: why }, "It is noted"),
        "failed" => (RollbackDeed::Failed { why }, "It is noted"),
        _ => return Err(Refusal::invalid("there is no such button").into()),
    };
    let outcome = act(&asked.app, &asked.visitor, asked.access, id, deed).await;
    let room = |row: &RollbackRow| match row.incident {
        Some(incident) => format!("/incidents/{incident}"),
        None => format!("/changes/{}", row.run.change),
    };
    match outcome {
        Ok(row) => Ok(asked.lead(&room(&row), Some(done(said)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            let sight = asked.visitor.clone();
            let row = asked.app.read(move |tx| acts::seen(tx, id, sight.sight())).await?;
            Ok(asked.lead(&room(&row), Some(refused(&refusal))))
        }
        Err(failed) => Err(failed.into()),
    }
}
