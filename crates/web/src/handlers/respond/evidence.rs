//! The forms of evidence: a file is kept, a hand-over noted, a copy taken.

use actions::respond::evidence as acts;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{Multipart, Path};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use domain::engage::schedules::entered;
use domain::respond::evidence::{Content, Digest, Found, HandOver, Picture};
use domain::words::{EvidenceId, Refusal, RefusalKind, Timestamp};
use jiff::tz::TimeZone;
use store::Halt;

use super::record::{act, lead};
use super::room::read_id;
use crate::api::respond::evidence::{evidence_id, keep, may_collect, picture, send};
use crate::handlers::detect::silences::zone_of;
use crate::handlers::fields::Fields;
use crate::handlers::frame::Asked;
use crate::problem::Problem;
use crate::upload::Incoming;

/// A field of the form that is not the file is not longer.
const FIELD_MOST: usize = 64 << 10;

/// What the form says, but for the file.
#[derive(Debug, Default)]
struct Form {
    title: String,
    collector: String,
    at: String,
    place: String,
    note: String,
    tlp: String,
    sha256: String,
    why_no_hash: String,
}

impl Form {
    fn place_of(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "title" => &mut self.title,
            "collector" => &mut self.collector,
            "at" => &mut self.at,
            "place" => &mut self.place,
            "note" => &mut self.note,
            "tlp" => &mut self.tlp,
            "sha256" => &mut self.sha256,
            "why_no_hash" => &mut self.why_no_hash,
            _ => return None,
        })
    }

    fn found(&self, asked: &Asked, zone: &TimeZone) -> Result<Found, Refusal> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
        Ok(Found {
            title: self.title.clone(),
            file: None,
            media_type: None,
            collector: some(&self.collector).unwrap_or_else(|| asked.person.to_string()),
            collected_at: when(&self.at, zone)?.unwrap_or(asked.now),
            place: some(&self.place),
            note: some(&self.note),
            tlp: some(&self.tlp).map(|word| word.parse()).transpose()?.unwrap_or_default(),
        })
    }
}

fn when(local: &str, zone: &TimeZone) -> Result<Option<Timestamp>, Refusal> {
    let local = local.trim();
    if local.is_empty() { Ok(None) } else { entered(local, zone).map(Some) }
}

/// `POST /incidents/ID/evidence`, as `multipart/form-data`; the file comes last.
pub async fn post_evidence(
    asked: Asked,
    Path(id): Path<String>,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let parts = parts.map_err(|rejection| {
        Problem::new(StatusCode::BAD_REQUEST, format!("this form does not read: {}", rejection.body_text()))
    })?;
    match take(&asked, &id, parts).await {
        Ok(()) => lead(&asked, &id, "evidence", "It is kept", Ok(())),
        // What can be put right is said on the page; what failed, and what is not there, on one of its own.
        Err(problem) if problem.status().is_client_error() && problem.status() != StatusCode::NOT_FOUND => {
            let refusal = Refusal::new(RefusalKind::Invalid, problem.detail);
            lead(&asked, &id, "evidence", "", Err(Halt::Refused(refusal)))
        }
        Err(problem) => Err(problem),
    }
}

async fn take(asked: &Asked, id: &str, mut parts: Multipart) -> Result<(), Problem> {
    let incident = read_id(id)?;
    let zone = zone_of(asked).await?;
    let mut form = Form::default();
    while let Some(field) = parts.next_field().await.map_err(|error| unread(&error))? {
        let name = field.name().unwrap_or("").to_owned();
        if name == "file" && field.file_name().is_some_and(|file| !file.is_empty()) {
            return take_file(asked, incident, &form, &zone, field).await;
        }
        let said = words(field).await?;
        if let Some(place) = form.place_of(&name) {
            *place = said;
        }
    }
    let content = Content::elsewhere(Some(&form.sha256), Some(&form.why_no_hash)).map_err(|_| {
        Refusal::invalid("choose the file, or give the SHA-256 of what lies elsewhere, or say why it has none")
    })?;
    let found = form.found(asked, &zone)?;
    let evidence = may_collect(&asked.app, &asked.visitor, incident, &found).await?;
    keep(&asked.app, &asked.visitor, incident, evidence, found, content).await?;
    Ok(())
}

async fn take_file(
    asked: &Asked,
    incident: domain::words::IncidentId,
    form: &Form,
    zone: &TimeZone,
    mut field: Field<'_>,
) -> Result<(), Problem> {
    let wanted = Some(form.sha256.trim()).filter(|typed| !typed.is_empty()).map(str::parse::<Digest>).transpose()?;
    let mut found = form.found(asked, zone)?;
    found.file = field.file_name().map(str::to_owned);
    found.media_type = field.content_type().map(str::to_owned);
    let evidence: EvidenceId = may_collect(&asked.app, &asked.visitor, incident, &found).await?;
    let mut incoming = Incoming::begin(&asked.app.settings().evidence, evidence, None).await?;
    while let Some(part) = field.chunk().await.map_err(|error| unread(&error))? {
        incoming.part(&part).await?;
    }
    let (sha256, size) = incoming.finish().await?;
    if wanted.is_some_and(|wanted| wanted != sha256) {
        let message = format!("the file has the SHA-256 {sha256}, not the one that was given");
        return Err(Refusal::invalid(message).into());
    }
    keep(&asked.app, &asked.visitor, incident, evidence, found, Content::Kept { sha256, size }).await?;
    Ok(())
}

async fn words(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(part) = field.chunk().await.map_err(|error| unread(&error))? {
        bytes.extend_from_slice(&part);
        if bytes.len() > FIELD_MOST {
            return Err(Refusal::new(RefusalKind::TooLarge, "a field of this form is too long").into());
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::invalid("this form is not in UTF-8").into())
}

fn unread(error: &MultipartError) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, format!("the form broke off: {}", error.body_text()))
}

/// `POST /incidents/ID/evidence/EVIDENCE` with `to`, `why`, `place`, `at`.
pub async fn post_hand_over(
    asked: Asked,
    Path((id, evidence)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let zone = zone_of(&asked).await?;
    let read = evidence_id(&evidence);
    let hand = when(fields.text("at"), &zone).map(|at| HandOver {
        to: fields.raw("to").to_owned(),
        at,
        place: fields.some("place").map(str::to_owned),
        why: fields.raw("why").to_owned(),
    });
    act(&asked, &id, &evidence, "The hand-over is noted", move |tx, moment, id| {
        acts::hand_over(tx, moment, id, read.clone()?, &hand.clone()?)
    })
    .await
}

/// `POST /incidents/ID/evidence/EVIDENCE/download`
pub async fn post_download(asked: Asked, Path((id, evidence)): Path<(String, String)>) -> Result<Response, Problem> {
    send(&asked.app, &asked.visitor, read_id(&id)?, evidence_id(&evidence)?).await
}

/// `GET /incidents/ID/evidence/EVIDENCE/picture`: shown on a page, whatever it is called. What is no picture is not here.
pub async fn get_picture(asked: Asked, Path((id, evidence)): Path<(String, String)>) -> Result<Response, Problem> {
    let (id, evidence) = (read_id(&id)?, evidence_id(&evidence)?);
    let found = picture(&asked.app, &asked.visitor, Some(id), evidence, Picture::BYTES_MOST).await?;
    let (kind, bytes) = found.ok_or_else(|| Refusal::not_found("picture with this id"))?;
    let headers = [(CONTENT_TYPE, kind.word()), (CONTENT_DISPOSITION, "inline")];
    Ok((headers, bytes).into_response())
}
