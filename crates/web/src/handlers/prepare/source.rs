//! The git source, for pages: what its branch would change, and applying it: by a person, for a reason.

use actions::prepare::documents::{Order, Outcome};
use actions::prepare::source::order;
use axum::response::Response;
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::words::{Refusal, RefusalKind};
use store::Halt;
use store::change::change_documents;

use super::{documents, ownership};
use crate::handlers::change::document_proposals::held;
use crate::handlers::change::proposals::open_incidents;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, refused};
use crate::pages::change::document_proposals::HeldView;
use crate::pages::prepare::documents::PlannedChange;
use crate::pages::prepare::source::{SourceLine, SourcePage};
use crate::pages::prepare::what_if::WhatIfView;
use crate::pages::{Link, Section};
use crate::problem::Problem;
use crate::{pin_runs, source, what_if};

fn none() -> Refusal {
    Refusal::not_found("git source: the server was started without --git-source")
}

/// `GET /documents/source`.
pub async fn get_source(asked: Asked) -> Result<Response, Problem> {
    let followed = asked.app.source().ok_or_else(none)?;
    let (app, now, reader) = (asked.app.clone(), asked.now, asked.reader());
    let found = asked.app.read(move |tx| source::changes(tx, &app, now, &reader)).await?;
    let what = match &found {
        Some((_, waiting)) if waiting.is_sound() => {
            pin_runs::before_preview(&asked.app, &waiting.preview).await?;
            what_if::ask(&asked.app, &waiting.preview, what_if::DAYS, what_if::PAGE_PATIENCE).await?
        }
        _ => None,
    };
    asked
        .page(Section::Documents, move |look, shell| {
            let state = followed.state();
            let (files, waiting) = (found.as_ref().map(|found| &found.0), found.as_ref().map(|found| &found.1));
            let plan = waiting.map(|waiting| &waiting.preview.plan);
            let wrong = waiting.iter().flat_map(|one| one.unread.iter().chain(&one.preview.plan.problems));
            let warnings = plan.iter().flat_map(|plan| &plan.warnings);
            let (mut waits, mut may_not) = (HeldView::default(), None);
            if let Some(waiting) = waiting.filter(|waiting| waiting.is_sound()) {
                waits = held(look, &waiting.preview)?;
                may_not = refused_to(look, &waiting.order)?;
            }
            let following = change_documents::following(look.tx, &followed.branch)?;
            let proposed = match following {
                Some(id) => store::change::changes::get(look.tx, id, look.asked.sight())?,
                None => None,
            };
            Ok(SourcePage {
                place: followed.place.clone(),
                branch: followed.branch.clone(),
                title: files.map(|files| files.title()),
                subject: files.map(|files| files.subject.clone()).unwrap_or_default(),
                commit: files.map(|files| files.commit.clone()).unwrap_or_default(),
                fetched: state.fetched_at.map(|at| look.when(at)),
                error: state.error,
                changes: plan.iter().flat_map(|plan| &plan.differences).map(PlannedChange::of).collect(),
                kept: plan.iter().flat_map(|plan| &plan.kept).map(|one| ownership::field(look, one)).collect(),
                problems: wrong.map(|one| documents::problem(one, "")).collect(),
                warnings: warnings.map(|one| documents::problem(one, "")).collect(),
                what_if: what.as_ref().map(|what| WhatIfView::of(what, &look.view)),
                revision: plan.map_or(0, |plan| plan.base),
                reason: files.map(|files| files.subject.clone()).unwrap_or_default(),
                may_not,
                held: waits,
                proposed: proposed
                    .map(|row| Link::new(&row.change.proposal.title, format!("/changes/{}", row.change.id))),
                may_propose: look.asked.access >= Access::Responder,
                incidents: open_incidents(look)?,
                shell,
            })
        })
        .await
}

/// Why the viewer may not apply it.
fn refused_to(look: &mut Look<'_, '_>, order: &Order) -> Result<Option<String>, Halt> {
    let (works, may_post) = (look.app.works(), look.app.may_post());
    let conditions = Conditions { now: look.now(), works: &works, may_post: &may_post };
    match actions::allow::order(look.tx, Some(&look.asked.person), Some(look.asked.access), order, conditions) {
        Ok(()) => Ok(None),
        Err(Halt::Refused(refusal)) => Ok(Some(capital(&refusal.message))),
        Err(failed) => Err(failed),
    }
}

/// `POST /documents/source` with `commit`, `revision`, `reason`, `take`: applies what was shown.
pub async fn post_source(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let followed = asked.app.source().ok_or_else(none)?;
    let here = "/documents/source";
    let files = followed.state().files.filter(|files| files.commit == fields.text("commit"));
    let Some(files) = files else {
        let moved = Refusal::new(RefusalKind::Stale, format!("{} moved on meanwhile: look again", followed.branch));
        return Ok(asked.lead(here, Some(refused(&moved))));
    };
    let (mut wanted, unread) = order(&files);
    if !unread.is_empty() {
        return Ok(asked.lead(here, None));
    }
    wanted.base = fields.text("revision").parse().ok();
    wanted.reason = Some(format!("{} ({})", fields.text("reason"), files.title()));
    wanted.override_why = fields.some("override").map(str::to_owned);
    for field in fields.all("take") {
        wanted.take.push(field.parse().map_err(Problem::from)?);
    }
    let to = match documents::apply(&asked, wanted).await {
        Ok(Outcome::Applied { changeset, .. }) => {
            let said = format!("{} is applied, as changeset {}", files.title(), changeset.number);
            return Ok(asked.lead("/documents", Some(done(said))));
        }
        Ok(Outcome::Unchanged(_)) => done("It said so already: nothing was changed"),
        Ok(Outcome::Refused(plan)) => refused(&documents::refusal_of(&plan)),
        Err(Halt::Refused(refusal)) => refused(&refusal),
        Err(failed) => return Err(failed.into()),
    };
    Ok(asked.lead(here, Some(to)))
}

/// What the page of documents says of it; nothing without a source, or when nothing waits.
pub fn line(look: &mut Look<'_, '_>) -> Result<Option<SourceLine>, Halt> {
    let Some(followed) = look.app.source() else { return Ok(None) };
    let found = source::changes(look.tx, look.app, look.now(), &look.asked.reader())?;
    let Some((files, waiting)) = found else {
        let error = followed.state().error;
        return Ok(error.map(|_| SourceLine { text: format!("{} cannot be fetched", followed.branch), is_wrong: true }));
    };
    let title = files.title();
    let text = match waiting.count() {
        _ if !waiting.is_sound() => format!("{title} has mistakes, and cannot be applied"),
        0 => return Ok(None),
        1 => format!("{title} would change 1 document"),
        count => format!("{title} would change {count} documents"),
    };
    Ok(Some(SourceLine { text, is_wrong: !waiting.is_sound() }))
}
