//! Evidence over the API: sent as it is, recorded where it lies, handed over, copied. Bytes come and go in parts.

use actions::respond::evidence::{self as acts, Held};
use axum::body::Body as Bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use domain::respond::evidence::{Content, Custody, Digest, Evidence as Rule, Found, HandOver, Picture, holder};
use domain::respond::tlp::Tlp;
use domain::words::{EvidenceId, IncidentId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::blobs::Part;
use store::respond::evidence as rows;
use utoipa::{IntoParams, ToSchema};

use super::incidents::id;
use crate::api::body::{Body, Search, created};
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;
use crate::upload::{Incoming, outgoing, waiting};

/// Something that may prove what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    pub id: String,
    pub title: String,
    /// Its bytes are kept here.
    pub kept: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// In bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_no_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// A person by name, or anybody in words.
    pub collector: String,
    pub collected_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`.
    pub tlp: String,
    /// `person:ana`
    pub added_by: String,
    pub added_at: Timestamp,
    /// When its bytes were found altered or gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altered_at: Option<Timestamp>,
    /// Who has it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    pub custody: Vec<CustodyLine>,
}

/// A line of the log of custody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustodyLine {
    pub number: u32,
    /// `collected`, `handed-over`, `downloaded` or `altered`.
    pub step: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// `person:ana`
    pub by: String,
    pub recorded_at: Timestamp,
}

/// What is said of evidence that is sent: in the query, since the body is the evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SentEvidence {
    pub title: String,
    /// What the file was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What kind of file it is: `application/pdf`. Kept as it is said; nothing is run or shown by it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// You, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
    /// Now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub collected_at: Option<Timestamp>,
    /// Where it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `AMBER`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub tlp: Option<Tlp>,
    /// The SHA-256 of the bytes, if it is known: what does not have it is refused. Needed with an `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Evidence that lies elsewhere: a disk in a safe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEvidence {
    pub title: String,
    /// You, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
    /// Now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `AMBER`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tlp: Option<Tlp>,
    /// Its SHA-256; or the reason why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_no_hash: Option<String>,
}

/// Somebody gives it to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHandOver {
    /// A person by name, or anybody in words.
    pub to: String,
    pub why: String,
    /// Now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl SentEvidence {
    fn found(&self, visitor: &Visitor, now: Timestamp) -> Found {
        Found {
            title: self.title.clone(),
            file: self.file.clone(),
            media_type: self.media_type.clone(),
            collector: self.collector.clone().unwrap_or_else(|| oneself(visitor)),
            collected_at: self.collected_at.unwrap_or(now),
            place: self.place.clone(),
            note: self.note.clone(),
            tlp: self.tlp.unwrap_or_default(),
        }
    }
}

fn oneself(visitor: &Visitor) -> String {
    visitor.person().map_or_else(|| visitor.actor().to_string(), ToString::to_string)
}

pub(super) fn wire(held: &Held) -> Evidence {
    let Held { evidence: Rule { found, content, .. }, .. } = held;
    let (size, why_no_hash) = match content {
        Content::Kept { size, .. } => (Some(*size), None),
        Content::Elsewhere { .. } => (None, None),
        Content::Unhashed { why } => (None, Some(why.clone())),
    };
    let line = |line: &Custody| CustodyLine {
        number: line.number,
        step: line.step.word().to_owned(),
        at: line.at,
        from: line.from.clone(),
        to: line.to.clone(),
        place: line.place.clone(),
        why: line.why.clone(),
        by: line.by.clone(),
        recorded_at: line.recorded_at,
    };
    Evidence {
        id: held.evidence.id.to_string(),
        title: found.title.clone(),
        kept: content.is_kept(),
        sha256: content.sha256().map(|hash| hash.to_string()),
        size,
        why_no_hash,
        file: found.file.clone(),
        media_type: found.media_type.clone(),
        collector: found.collector.clone(),
        collected_at: found.collected_at,
        place: found.place.clone(),
        note: found.note.clone(),
        tlp: found.tlp.word().to_owned(),
        added_by: held.evidence.added_by.clone(),
        added_at: held.evidence.added_at,
        altered_at: held.evidence.altered_at,
        holder: holder(&held.custody).map(str::to_owned),
        custody: held.custody.iter().map(line).collect(),
    }
}

/// What cannot be an id is evidence that is not there.
pub(crate) fn evidence_id(text: &str) -> Result<EvidenceId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("evidence with this id"))
}

/// The evidence of an incident that you may see, with its custody, in the order in which it was written down.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/evidence", tag = "record", params(("id" = String, Path)),
    responses((status = 200, body = Listing<Evidence>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<Evidence>>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| acts::of_incident(tx, id, visitor.sight()));
    Ok(Json(Listing::whole(found.await?.iter().map(wire).collect())))
}

/// One piece of evidence, with its custody.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/evidence/{evidence}", tag = "record",
    params(("id" = String, Path), ("evidence" = String, Path)), responses((status = 200, body = Evidence)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, evidence)): Path<(String, String)>,
) -> Result<Json<Evidence>, Problem> {
    let (id, evidence) = (id(&text)?, evidence_id(&evidence)?);
    let found = app.read(move |tx| acts::one(tx, id, evidence, visitor.sight()));
    Ok(Json(wire(&found.await?)))
}

/// Keeps what is sent: the body is the evidence, byte by byte, whatever its type says.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/evidence", tag = "record", params(("id" = String, Path), SentEvidence),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, body = Evidence)))]
pub async fn collect(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    Search(said): Search<SentEvidence>,
    request: Request,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let found = said.found(&visitor, app.now());
    let wanted = said.sha256.as_deref().map(str::parse::<Digest>).transpose();
    let wanted = wanted.map_err(|refusal| refusal.at("?sha256"))?;
    let evidence = may_collect(&app, &visitor, id, &found).await?;
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let incoming = Incoming::begin(&app.settings().evidence, evidence, announced).await?;
    let (sha256, size) = incoming.whole(request.into_body()).await?;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != sha256) {
        let message = format!("what arrived has the SHA-256 {sha256}, not {wanted}: it was changed on the way");
        return Err(Refusal::invalid(message).at("?sha256").into());
    }
    let made = wire(&keep(&app, &visitor, id, evidence, found, Content::Kept { sha256, size }).await?);
    Ok(created(&format!("/api/v1/incidents/{id}/evidence/{evidence}"), &made))
}

/// Refuses before a byte is read what would be refused after the last one. Answers with the id of what will be kept.
pub(crate) async fn may_collect(
    app: &App,
    visitor: &Visitor,
    id: IncidentId,
    found: &Found,
) -> Result<EvidenceId, Problem> {
    let found = found.clone();
    let asked = app.act(visitor.actor(), move |store, _, moment| {
        store.read(|tx| acts::must_see(tx, moment, id, found.tlp))?;
        found.clone().checked(moment.now)?;
        Ok(moment.mint.id(moment.now))
    });
    Ok(asked.await?)
}

/// Writes down what is on disk now, or lies elsewhere.
pub(crate) async fn keep(
    app: &App,
    visitor: &Visitor,
    id: IncidentId,
    evidence: EvidenceId,
    found: Found,
    content: Content,
) -> Result<Held, Problem> {
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| acts::collect(tx, &mut moment.again(), id, evidence, &found, &content))
    });
    Ok(done.await?)
}

/// Records evidence that lies elsewhere.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/evidence/elsewhere", tag = "record", params(("id" = String, Path)),
    request_body = NewEvidence, responses((status = 201, body = Evidence)))]
pub async fn elsewhere(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewEvidence>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let new = body.value;
    let content = Content::elsewhere(new.sha256.as_deref(), new.why_no_hash.as_deref())?;
    let found = Found {
        title: new.title,
        file: None,
        media_type: None,
        collector: new.collector.unwrap_or_else(|| oneself(&visitor)),
        collected_at: new.collected_at.unwrap_or_else(|| app.now()),
        place: new.place,
        note: new.note,
        tlp: new.tlp.unwrap_or_default(),
    };
    let evidence = app.mint().id(app.now());
    let made = wire(&keep(&app, &visitor, id, evidence, found, content).await?);
    Ok(created(&format!("/api/v1/incidents/{id}/evidence/{}", made.id), &made))
}

/// Notes that it was handed over.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/evidence/{evidence}/hand-over", tag = "record",
    params(("id" = String, Path), ("evidence" = String, Path)), request_body = NewHandOver,
    responses((status = 200, body = Evidence)))]
pub async fn hand_over(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, evidence)): Path<(String, String)>,
    body: Body<NewHandOver>,
) -> Result<Json<Evidence>, Problem> {
    let (id, evidence) = (id(&text)?, evidence_id(&evidence)?);
    let NewHandOver { to, why, at, place } = body.value;
    let hand = HandOver { to, at, place, why };
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| Ok(wire(&acts::hand_over(tx, &mut moment.again(), id, evidence, &hand)?)))
    });
    Ok(Json(done.await?))
}

/// Takes a copy: the bytes as they were collected. It is a POST because it is noted in the log of custody.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/evidence/{evidence}/download", tag = "record",
    params(("id" = String, Path), ("evidence" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn download(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, evidence)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, evidence) = (id(&text)?, evidence_id(&evidence)?);
    send(&app, &visitor, id, evidence).await
}

/// The bytes, looked over before the first of them leaves.
pub(crate) async fn send(
    app: &App,
    visitor: &Visitor,
    id: IncidentId,
    evidence: EvidenceId,
) -> Result<Response, Problem> {
    let asker = visitor.clone();
    let held = app.read(move |tx| acts::one(tx, id, evidence, asker.sight())).await?;
    acts::must_be_kept(&held.evidence)?;
    let Content::Kept { sha256, size } = held.evidence.content else {
        return Err(store::Error::corrupt("evidence that is kept has no hash").into());
    };
    let blobs = app.settings().evidence.clone();
    let reading = waiting(move || Ok(if blobs.is_sound(sha256, size)? { blobs.open(sha256, size)? } else { None }));
    let Some(reading) = reading.await? else {
        tracing::error!(%evidence, %sha256, "evidence was altered or is gone");
        let noted = app.act(visitor.actor(), move |store, _, moment| {
            store.write(|tx| acts::altered(tx, &mut moment.again(), id, evidence))
        });
        noted.await?;
        let why = "what is kept is not what was collected: it was altered or is gone, and nothing is given out; \
                   allclear check says more";
        return Err(Refusal::conflict(why).into());
    };
    let noted = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| acts::copy(tx, &mut moment.again(), id, evidence))
    });
    let copied = noted.await?;
    let name = copied.found.file.unwrap_or_else(|| evidence.to_string());
    let digest = base64::engine::general_purpose::STANDARD.encode(sha256.0);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CONTENT_DISPOSITION, attachment(&name)),
        (CONTENT_LENGTH, HeaderValue::from(size)),
        // RFC 9530
        (
            HeaderName::from_static("repr-digest"),
            HeaderValue::from_str(&format!("sha-256=:{digest}:")).unwrap_or(HeaderValue::from_static("")),
        ),
    ];
    let body: Bytes = outgoing(reading);
    Ok((StatusCode::OK, headers, body).into_response())
}

/// A picture among the evidence: what it is by its first bytes, and all of them, looked over. Nothing if it is none that is shown, if
/// it has more bytes than these, or if it was altered. It is shown on a page, and no copy is taken.
pub(crate) async fn picture(
    app: &App,
    visitor: &Visitor,
    incident: Option<IncidentId>,
    evidence: EvidenceId,
    most: u64,
) -> Result<Option<(Picture, Vec<u8>)>, Problem> {
    let asker = visitor.clone();
    let found = app.read(move |tx| Ok(rows::of_ids(tx, &[evidence], asker.sight())?.pop())).await?;
    let Some((of, held)) = found else { return Ok(None) };
    let Content::Kept { sha256, size } = held.content else { return Ok(None) };
    if incident.is_some_and(|incident| incident != of) || size > most.min(Picture::BYTES_MOST) {
        return Ok(None);
    }
    let blobs = app.settings().evidence.clone();
    waiting(move || {
        let Some(mut reading) = blobs.open(sha256, size)? else { return Ok(None) };
        let (mut bytes, mut part) = (Vec::new(), vec![0; 256 << 10]);
        loop {
            match reading.part(&mut part)? {
                Part::More(length) => bytes.extend_from_slice(&part[..length]),
                Part::End => break,
                Part::Altered => {
                    tracing::error!(%evidence, %sha256, "evidence was altered or is gone");
                    return Ok(None);
                }
            }
            // What is no picture is not read to its end.
            if Picture::of(&bytes).is_none() {
                return Ok(None);
            }
        }
        Ok(Picture::of(&bytes).map(|kind| (kind, bytes)))
    })
    .await
}

/// `attachment; filename="mem.raw"; filename*=UTF-8''mem.raw` (RFC 6266): never shown, always saved.
fn attachment(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || " ._-".contains(letter) { letter } else { '_' })
        .collect();
    let text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", crate::handlers::fields::escape(name));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_in_letters_that_break_no_header() {
        assert_eq!(
            attachment("é\"; x=\r\n.pdf").to_str().unwrap(),
            "attachment; filename=\"___ x___.pdf\"; filename*=UTF-8''%C3%A9%22%3B%20x%3D%0D%0A.pdf"
        );
    }
}
