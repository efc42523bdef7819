//! Entries that people write on a timeline; corrected, struck and pinned, never changed.

use domain::prepare::documents::{Kind, Reference};
use domain::respond::entries::{Entry, Followed, Shows, text};
use domain::respond::sight::Sight;
use domain::words::{EventId, EventKind, IncidentId, Refusal};
use serde_json::json;
use store::change::changes;
use store::journal;
use store::learn::postmortems::judge_again;
use store::prepare::documents;
use store::respond::entries::{self as marks, Done, Mark};
use store::{Halt, Tx};

use super::incidents::find;
use crate::announce::Told;
use crate::{Moment, announce};

/// What an entry says of how it came, if an assistant wrote it in somebody's name.
pub const BY_ASSISTANT: &str = "assistant";

/// Writes on the timeline. Answers with the id of the entry.
pub fn add(tx: &mut Tx<'_>, moment: &mut Moment<'_>, incident: IncidentId, entry: &Entry) -> Result<EventId, Halt> {
    write(tx, moment, incident, entry, None)
}

/// The same by an assistant, in the name of whoever gave it a token. The entry says so.
pub fn add_by_assistant(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    entry: &Entry,
) -> Result<EventId, Halt> {
    write(tx, moment, incident, entry, Some(BY_ASSISTANT))
}

fn write(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    entry: &Entry,
    via: Option<&str>,
) -> Result<EventId, Halt> {
    let row = find(tx, moment, incident)?;
    let entry = entry.clone().checked(moment.now)?;
    let Shows { facts, followed, played } = &entry.shows;
    if played.is_some() && !row.drill {
        return Err(Refusal::conflict("this is no drill: nothing is played in it").at("/played").into());
    }
    for one in followed {
        must_be_there(tx, moment, one)?;
    }
    let mut data = json!({ "sort": entry.sort, "text": entry.text });
    if let Some(via) = via {
        data["via"] = json!(via);
    }
    if let Some(objections) = &entry.objections {
        data["objections"] = json!(objections);
    }
    let also: Vec<String> = followed.iter().map(ToString::to_string).collect();
    if !also.is_empty() {
        data["followed"] = json!(also);
    }
    if let Some(event) = played {
        data["played"] = event.to_json();
    }
    if !facts.is_empty() {
        data["facts"] = json!(facts);
        judge_again(tx, incident, moment.now)?;
    }
    let told = Told { why: None, data, at: entry.at };
    announce::of_incident(tx, moment, EventKind::EntryAdded, incident, also, told)
}

/// What is said to be followed is on record, and seen by whoever says so.
fn must_be_there(tx: &mut Tx<'_>, moment: &Moment<'_>, what: &Followed) -> Result<(), Halt> {
    let reference = match what {
        Followed::Runbook(name) => Reference::new(Kind::Runbook, name.clone()),
        Followed::Adapter(name) => Reference::new(Kind::RollbackAdapter, name.clone()),
        Followed::Plan(id) => {
            let found = changes::get(tx, *id, Sight::of(&moment.actor))?;
            return found.map(|_| ()).ok_or_else(|| Refusal::not_found(format!("change {id}")).into());
        }
    };
    let found = documents::head(tx, &reference)?;
    found.map(|_| ()).ok_or_else(|| Refusal::invalid(format!("there is no {reference}")).at("/followed").into())
}

/// What somebody wants of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It should say this.
    Correct {
        text: String,
    },
    /// It does not hold.
    Strike {
        why: String,
    },
    Pin,
    Unpin,
}

/// Marks an entry. What people wrote can be corrected and struck; everything can be pinned.
pub fn mark(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    event: EventId,
    wish: &Wish,
) -> Result<Mark, Halt> {
    let row = find(tx, moment, incident)?;
    let sight = Sight::of(&moment.actor);
    let gone = || Refusal::not_found(format!("entry {event} on this timeline"));
    let entry = journal::get(tx, event, sight)?.ok_or_else(gone)?;
    if entry.incident != Some(row.id) && !super::room::shows(tx, row.id, &entry)? {
        return Err(gone().into());
    }
    let written = entry.kind() == Some(EventKind::EntryAdded) && entry.incident == Some(row.id);
    let mut mark = marks::get(tx, incident, event)?.unwrap_or_else(|| Mark::none(event));
    let done = Done { by: moment.actor.to_string(), at: moment.now };
    let must_stand = |mark: &Mark| -> Result<(), Refusal> {
        if !written {
            return Err(Refusal::conflict("what the system recorded is not corrected: write beside it what was so"));
        }
        if mark.struck.is_some() {
            return Err(Refusal::conflict("it is struck already"));
        }
        Ok(())
    };
    let (kind, why, data) = match wish {
        Wish::Correct { text: said } => {
            must_stand(&mark)?;
            let said = text(said, "/text")?;
            let before = mark.corrected.as_ref().map_or_else(|| entry.data["text"].clone(), |(text, _)| json!(text));
            if before == json!(said) {
                return Err(Refusal::conflict("it says that already").into());
            }
            let data = json!({ "entry": event, "text": said, "before": before });
            mark.corrected = Some((said, done));
            (EventKind::EntryCorrected, None, data)
        }
        Wish::Strike { why } => {
            must_stand(&mark)?;
            let why = text(why, "/why")?;
            mark.struck = Some((why.clone(), done));
            (EventKind::EntryStruck, Some(why), json!({ "entry": event }))
        }
        Wish::Pin => {
            if mark.pinned.is_some() {
                return Err(Refusal::conflict("it is pinned already").into());
            }
            mark.pinned = Some(done);
            (EventKind::EntryPinned, None, json!({ "entry": event }))
        }
        Wish::Unpin => {
            if mark.pinned.take().is_none() {
                return Err(Refusal::conflict("it is not pinned").into());
            }
            (EventKind::EntryUnpinned, None, json!({ "entry": event }))
        }
    };
    marks::save(tx, incident, &mark)?;
    let told = Told { why: why.as_deref(), data, at: None };
    announce::of_incident(tx, moment, kind, incident, Vec::new(), told)?;
    Ok(mark)
}
