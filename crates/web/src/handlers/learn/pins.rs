//! Pins on pages: all of them, one with what its replay says, and the panel of a room.

use actions::learn::pins::{self as acts, NewPin, Seen};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::learn::pins::{Pin, Print, Standing, Verdict, Whom, print};
use domain::prepare::people::Access;
use domain::respond::incidents::{Phase, Visibility};
use domain::words::{EventKind, Refusal, RefusalKind, Span};
use serde_json::Value;
use store::Halt;
use store::journal::Entry;
use store::respond::incidents::IncidentRow;

use crate::api::learn::pins::{PinDeed, deed, make, play_in_force, read_id};
use crate::handlers::detect::alert::actor;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, refused, sentence};
use crate::handlers::respond::room::read_id as read_incident;
use crate::pages::detect::alert::Happened;
use crate::pages::learn::pins::{PinForm, PinLine, PinPage, PinPanel, PinsPage};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

const PATH: &str = "/pins";

/// `GET /pins?retired=yes`.
pub async fn get_pins(asked: Asked) -> Result<Response, Problem> {
    play_in_force(&asked.app).await?;
    asked
        .page(Section::Incidents, |look, shell| {
            let retired = look.asked.query.some("retired").is_some();
            let all = acts::list(look.tx, retired, look.asked.sight())?;
            let print = print(&look.rules.catalog);
            let rows: Vec<PinLine> = all.iter().map(|seen| line(look, &seen.pin, seen.overridden, print)).collect();
            let failing = rows.iter().filter(|row| row.state.tone == Tone::Critical).count();
            Ok(PinsPage { shell, rows, retired, failing })
        })
        .await
}

fn line(look: &Look<'_, '_>, pin: &Pin, overridden: i64, print: Print) -> PinLine {
    let verdict = acts::verdict(look.app.node(), pin, &look.rules.catalog, print, look.now());
    PinLine {
        link: Link::new(&pin.title, format!("{PATH}/{}", pin.id)),
        incident: Link::new(&pin.title, format!("/incidents/{}", pin.incident)),
        state: badge(pin, verdict.as_deref()),
        expects: expects(pin),
        said: said(pin, verdict.as_deref()),
        overridden,
    }
}

fn expects(pin: &Pin) -> String {
    format!("Its signals {}.", pin.expect)
}

fn said(pin: &Pin, verdict: Option<&Verdict>) -> String {
    match (&pin.retired, verdict) {
        (Some(retired), _) => sentence(&retired.why),
        (None, Some(verdict)) => sentence(&verdict.said),
        (None, None) => "It was not played through what is in force yet.".to_owned(),
    }
}

fn badge(pin: &Pin, verdict: Option<&Verdict>) -> Badge {
    if pin.retired.is_some() {
        return Badge::new(Tone::Quiet, "retired");
    }
    match verdict.map(|verdict| verdict.standing) {
        Some(Standing::Holds) => Badge::new(Tone::Good, "holds"),
        Some(Standing::Fails) => Badge::new(Tone::Critical, "fails"),
        Some(Standing::Stale) => Badge::new(Tone::Warning, "out of date"),
        Some(Standing::Unknown) | None => Badge::new(Tone::Quiet, "cannot tell"),
    }
}

/// `GET /pins/ID`.
pub async fn get_pin(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    play_in_force(&asked.app).await?;
    page(asked, id, None).await
}

/// One pin; with what was typed and refused.
async fn page(asked: Asked, id: String, typed: Option<PinForm>) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Incidents, status, move |look, shell| {
            let Seen { pin, incident, overridden } = acts::seen(look.tx, id, look.asked.sight())?;
            let history = acts::history(look.tx, id, look.asked.sight())?;
            let catalog = look.rules.catalog.clone();
            let verdict = acts::verdict(look.app.node(), &pin, &catalog, print(&catalog), look.now());
            let verdict = verdict.as_deref().filter(|_| pin.retired.is_none());
            let form = PinForm {
                whom: pin.expect.whom.word(),
                within: pin.expect.within.to_string(),
                choices: choices(look, Some(&pin.expect.whom)),
                ..PinForm::default()
            };
            let form = match typed.clone() {
                Some(typed) => PinForm { choices: form.choices, ..typed },
                None => form,
            };
            Ok(PinPage {
                id: id.to_string(),
                title: pin.title.clone(),
                incident: Link::new(incident.name(), format!("/incidents/{}", incident.id)),
                state: badge(&pin, verdict),
                expects: expects(&pin),
                said: said(&pin, verdict),
                story: verdict.map_or_else(Vec::new, |verdict| verdict.story.clone()),
                pinned_by: look.tag(&pin.pinned_by),
                pinned_at: look.when(pin.pinned_at),
                signals: pin.signals,
                overridden,
                retired: pin.retired.as_ref().map(|one| (look.when(one.at), sentence(&one.why))),
                history: history.iter().map(|entry| happened(look, entry)).collect(),
                may: pin.retired.is_none() && look.asked.access >= Access::Manager,
                form,
                shell,
            })
        })
        .await
}

/// What may be named: whoever is there.
fn choices(look: &Look<'_, '_>, also: Option<&Whom>) -> Vec<(String, String)> {
    let catalog = &look.rules.catalog;
    let mut all = vec![("anybody".to_owned(), "Anybody".to_owned())];
    all.extend(
        catalog.schedules.iter().map(|(name, one)| (format!("schedule/{name}"), format!("On call: {}", one.title))),
    );
    all.extend(catalog.teams.iter().map(|(name, one)| (format!("team/{name}"), format!("Team: {}", one.title))));
    let people = catalog.people.iter().filter(|(_, one)| !one.inactive);
    all.extend(people.map(|(name, one)| (format!("person/{name}"), one.full_name.clone())));
    if let Some(word) = also.map(Whom::word)
        && !all.iter().any(|(known, _)| *known == word)
    {
        all.push((word.clone(), format!("{word} (no more)")));
    }
    all
}

fn happened(look: &Look<'_, '_>, entry: &Entry) -> Happened {
    let (tone, text) = match entry.kind() {
        Some(kind) => told(kind, &entry.data),
        None => (Tone::Quiet, sentence(&entry.word.replace(['.', '-'], " "))),
    };
    Happened { when: look.when(entry.at), tone, text, who: actor(look, &entry.actor), why: entry.why.clone() }
}

/// An entry of the journal about a pin, in words.
pub(in crate::handlers) fn told(kind: EventKind, data: &Value) -> (Tone, String) {
    let text = |name: &str| data[name].as_str().unwrap_or_default();
    let must = match text("whom").parse::<Whom>() {
        Ok(whom) => format!("its signals must reach {whom} within {}", text("within")),
        Err(_) => format!("its signals must reach {} within {}", text("whom"), text("within")),
    };
    match kind {
        EventKind::PinCreated => (Tone::Info, format!("Pinned: {must}")),
        EventKind::PinEdited => (Tone::Info, format!("The pin was said anew: {must}")),
        _ => (Tone::Quiet, "The pin was retired: it holds nothing any more".to_owned()),
    }
}

/// `POST /incidents/ID/pins` with `whom`, `within` and `why`.
pub async fn post_new(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let incident = read_incident(&id)?;
    let outcome = match wanted(&fields) {
        Ok(new) => make(&asked.app, &asked.visitor, incident, new).await,
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(seen) => Ok(asked.lead(&format!("{PATH}/{}", seen.pin.id), Some(done("Pinned")))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            let said = Refusal { message: sentence(&refusal.message), ..refusal };
            Ok(asked.lead(&format!("/incidents/{incident}"), Some(refused(&said))))
        }
        Err(failed) => Err(failed.into()),
    }
}

fn wanted(fields: &Fields) -> Result<NewPin, Refusal> {
    Ok(NewPin {
        whom: fields.some("whom").map(str::parse).transpose()?,
        within: fields.some("within").map(str::parse::<Span>).transpose()?,
        why: fields.some("why").map(str::to_owned),
    })
}

/// `POST /pins/ID` with `act` and what that needs.
pub async fn post_pin(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let pin = read_id(&id)?;
    let why = fields.raw("why").to_owned();
    let said = match fields.text("act") {
        "retire" => Ok((PinDeed::Retire { why }, "Retired")),
        "edit" => wanted(&fields).map(|wanted| {
            let whom = wanted.whom.map(|whom| whom.word());
            (PinDeed::Edit { whom, within: wanted.within, why }, "Said anew")
        }),
        _ => Err(Refusal::invalid("there is no such button")),
    };
    let outcome = match said {
        Ok((wish, word)) => deed(&asked.app, &asked.visitor, pin, wish).await.map(|_| word),
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(word) => Ok(asked.lead(&format!("{PATH}/{}", escape(&id)), Some(done(word)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            let text = |name: &str| fields.raw(name).to_owned();
            let error = Some(sentence(&refusal.message));
            let typed =
                PinForm { whom: text("whom"), within: text("within"), why: text("why"), error, ..PinForm::default() };
            page(asked, id, Some(typed)).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// What the room shows of its pin: how it stands as far as it was played; or the form that pins it, once it is over.
pub(in crate::handlers) fn panel(look: &mut Look<'_, '_>, row: &IncidentRow) -> Result<PinPanel, Halt> {
    if let Some(pin) = acts::of_incident(look.tx, row.id, look.asked.sight())? {
        let print = print(&look.rules.catalog);
        return Ok(PinPanel { pin: Some(line(look, &pin, 0, print)), form: None });
    }
    let may = look.asked.access >= Access::Responder
        && !row.drill
        && row.state.visibility == Visibility::Open
        && !row.state.phase.is_open()
        && !matches!(row.state.phase, Phase::Cancelled | Phase::Merged);
    let form = may.then(|| PinForm { choices: choices(look, None), ..PinForm::default() });
    Ok(PinPanel { pin: None, form })
}
