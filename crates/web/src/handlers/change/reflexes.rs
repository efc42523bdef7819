//! Automatic rollback: what rules make of suspects, in the room and on the page of a service; the button that stops one.

use actions::change::reflexes::{self as acts, Recorded};
use axum::extract::Path;
use axum::response::Response;
use domain::change::reflexes::{LEAST_AGREED, LEAST_SUGGESTED, Ramp, State};
use domain::prepare::access_rules::may_edit_some;
use domain::prepare::documents::{Kind, Reference};
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, RefusalKind};
use store::Halt;

use crate::api::change::reflexes::{read_id, stop};
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, refused, sentence};
use crate::pages::change::reflexes::{RampPanel, RampStep, ReflexView};
use crate::pages::{Badge, Link, Tone};
use crate::problem::Problem;

/// What rules made of the suspects of a room, the newest first; what one took back is told by its run.
pub(super) fn told(look: &mut Look<'_, '_>, incident: IncidentId) -> Result<Vec<ReflexView>, Halt> {
    let mut all = acts::of_incident(look.tx, incident, look.asked.sight())?;
    all.retain(|one| !matches!(one.made.state, State::Ran { .. }));
    Ok(all.iter().rev().map(|one| view(look, one)).collect())
}

fn view(look: &Look<'_, '_>, one: &Recorded) -> ReflexView {
    let made = &one.made;
    let (tone, text) = match made.state {
        State::Suggested { .. } => (Tone::Info, "would take it back"),
        State::Counting { .. } => (Tone::Critical, "counts down"),
        State::Stopped { .. } => (Tone::Warning, "stopped"),
        State::Ran { .. } => (Tone::Info, "took it back"),
        State::Lapsed { .. } => (Tone::Quiet, "did not after all"),
    };
    let (said, by, until) = match &made.state {
        State::Suggested { why } => (why.as_deref(), None, None),
        State::Stopped { why, by, .. } => (Some(why.as_str()), Some(look.tag(by)), None),
        State::Lapsed { why, .. } => (Some(why.as_str()), None, None),
        State::Counting { until } => (None, None, Some(*until)),
        State::Ran { .. } => (None, None, None),
    };
    let clock = |at: domain::words::Timestamp| at.to_zoned(look.view.zone.clone()).strftime("%H:%M:%S").to_string();
    ReflexView {
        id: made.id.to_string(),
        title: one.change.change.proposal.title.clone(),
        change: format!("/changes/{}", made.change),
        incident: None,
        state: Badge::new(tone, text),
        at: look.when(made.at),
        said: said.map(sentence),
        by,
        until: until.map(|at| (look.when(at), clock(at))),
        agreed: match one.agreed {
            Some(true) => Badge::new(Tone::Good, "people agreed"),
            Some(false) => Badge::new(Tone::Warning, "people disagreed"),
            None => Badge::new(Tone::Quiet, "open"),
        },
        because: sentence(one.because),
    }
}

/// What the page of a service shows.
pub(in crate::handlers) fn panel(
    look: &mut Look<'_, '_>,
    service: &Name,
    refused: Option<(String, String, String)>,
) -> Result<RampPanel, Halt> {
    let standing = acts::of_service(look.tx, service)?;
    let moves = standing.moves();
    let mut record = Vec::new();
    for one in &standing.record {
        let room = store::respond::incidents::get(look.tx, one.made.incident, Sight::Open)?;
        let incident = room.map(|row| Link::new(row.name(), format!("/incidents/{}", row.id)));
        record.push(ReflexView { incident, ..view(look, one) });
    }
    let reference = Reference::new(Kind::Service, service.clone());
    let asked = look.asked;
    Ok(RampPanel {
        href: format!("/services/{service}"),
        steps: Ramp::ALL
            .iter()
            .map(|ramp| RampStep {
                word: ramp.word(),
                title: title(*ramp),
                means: sentence(ramp.means()),
                is_now: *ramp == standing.ramp,
                not_yet: moves.iter().find(|(to, _)| to == ramp).and_then(|(_, why)| why.clone()),
            })
            .collect(),
        said: standing.said.as_ref().map(|row| (look.tag(&row.by), look.when(row.at), sentence(&row.why))),
        suggested: standing.history.suggested,
        least_suggested: LEAST_SUGGESTED,
        agreed: standing.history.agreed,
        agreed_of_100: standing.history.agreed_of_100(),
        least_agreed: LEAST_AGREED,
        proven: standing.history.is_proven(),
        record,
        may_set: may_edit_some(&asked.person, asked.access, &look.rules.catalog, &reference),
        refused,
    })
}

const fn title(ramp: Ramp) -> &'static str {
    match ramp {
        Ramp::Off => "Off",
        Ramp::Suggest => "Suggest",
        Ramp::Countdown => "Countdown",
        Ramp::Automatic => "Automatic",
    }
}

/// `POST /reflexes/ID` with `why`: stops what counts down.
pub async fn post_reflex(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let why = fields.raw("why").to_owned();
    match stop(&asked.app, &asked.visitor, id, why).await {
        Ok(one) => {
            let room = format!("/incidents/{}", one.made.incident);
            Ok(asked.lead(&room, Some(done("Stopped: no rule takes it back"))))
        }
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            let sight = asked.visitor.clone();
            let one = asked.app.read(move |tx| acts::seen(tx, id, sight.sight())).await?;
            Ok(asked.lead(&format!("/incidents/{}", one.made.incident), Some(refused(&refusal))))
        }
        Err(failed) => Err(failed.into()),
    }
}
