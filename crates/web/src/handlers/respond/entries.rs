//! One entry of a timeline: looked at, corrected, struck, pinned.

use actions::respond::entries::{self as acts, Wish};
use actions::respond::incidents::seen;
use actions::respond::room::Line;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::prepare::people::Access;
use domain::words::{EventId, EventKind, IncidentId, Refusal, RefusalKind};
use store::respond::entries as marks;
use store::{Halt, journal};

use super::lines::{Names, line};
use super::room::read_id;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, done, sentence};
use crate::pages::respond::entries::EntryPage;
use crate::pages::{Link, Section};
use crate::problem::Problem;

/// `GET /incidents/ID/entries/ENTRY`.
pub async fn get_entry(asked: Asked, Path((id, entry)): Path<(String, String)>) -> Result<Response, Problem> {
    page(asked, read(&id, &entry)?, None).await
}

fn read(id: &str, entry: &str) -> Result<(IncidentId, EventId), Refusal> {
    let entry = entry.parse().map_err(|_| Refusal::not_found("entry with this id"))?;
    Ok((read_id(id)?, entry))
}

/// The entry; with what was typed and refused, and why.
async fn page(
    asked: Asked,
    (id, event): (IncidentId, EventId),
    refused: Option<(String, String)>,
) -> Result<Response, Problem> {
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Incidents, status, move |look, shell| {
            let sight = look.asked.sight();
            let row = seen(look.tx, id, sight)?;
            let entry = journal::get(look.tx, event, sight)?;
            let entry = entry.ok_or_else(|| Refusal::not_found(format!("entry {event} on this timeline")))?;
            let mark = marks::get(look.tx, id, event)?;
            let written = entry.kind() == Some(EventKind::EntryAdded) && entry.incident == Some(id);
            let responds = look.asked.access >= Access::Responder;
            let stands = mark.as_ref().is_none_or(|mark| mark.struck.is_none());
            let said = entry.data["text"].as_str().unwrap_or("").to_owned();
            let now = mark.as_ref().and_then(|mark| mark.corrected.as_ref()).map_or(said, |(text, _)| text.clone());
            let (text, error) = refused.clone().map_or((now, None), |(text, error)| (text, Some(error)));
            Ok(EntryPage {
                incident: Link::new(row.name(), format!("/incidents/{id}")),
                kind: entry.word.clone(),
                recorded: look.when(entry.recorded_at),
                line: line(look, id, &Line { entry, mark, origin: None }, &Names::new()),
                text,
                may_correct: written && responds && stands,
                may_pin: responds,
                error,
                shell,
            })
        })
        .await
}

/// `POST /incidents/ID/entries/ENTRY` with `act`.
pub async fn post_entry(
    asked: Asked,
    Path((id, entry)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (id, event) = read(&id, &entry)?;
    let (wish, said) = match fields.text("act") {
        "correct" => (Wish::Correct { text: fields.raw("text").to_owned() }, "Corrected"),
        "strike" => (Wish::Strike { why: fields.raw("why").to_owned() }, "Struck"),
        "pin" => (Wish::Pin, "It stands at the top now"),
        "unpin" => (Wish::Unpin, "It stands at the top no more"),
        _ => return Err(Refusal::invalid("there is no such button").into()),
    };
    let run = move |store: &store::Store, _: &actions::Node, moment: &mut actions::Moment<'_>| {
        store.write(|tx| acts::mark(tx, &mut moment.again(), id, event, &wish))
    };
    match asked.app.act(asked.actor(), run).await {
        Ok(_) => Ok(asked.lead(&format!("/incidents/{}#{event}", escape(&id.to_string())), Some(done(said)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            page(asked, (id, event), Some((fields.raw("text").to_owned(), sentence(&refusal.message)))).await
        }
        Err(failed) => Err(failed.into()),
    }
}
