//! The timeline of the room, line by line: what happened, in words.

use std::collections::BTreeMap;

use actions::respond::room::{Line, Room};
use domain::respond::stamps::Precision;
use domain::words::{EventKind, IncidentId, Name, Timestamp};

use super::{checklists, handovers, obligations};
use crate::handlers::change::flags;
use crate::handlers::detect::alert::{actor, happened};
use crate::handlers::engage::pages::capital;
use crate::handlers::frame::{Look, sentence};
use crate::handlers::learn::{action_items, customer_postmortems, pins, postmortems, review_meetings};
use crate::pages::respond::room::LineView;
use crate::pages::{Link, PersonTag, Tone};

/// What the things that belong to an incident are called, by their ids.
pub(in crate::handlers) type Names = BTreeMap<String, String>;

pub(super) fn names(room: &Room) -> Names {
    let groups = room.groups.iter().filter_map(|group| Some((group.id.to_string(), group.title.clone()?)));
    groups.chain(room.others.iter().map(|other| (other.id.to_string(), other.name().into_owned()))).collect()
}

pub(super) fn with_days(look: &Look<'_, '_>, id: IncidentId, lines: &[Line], names: &Names) -> Vec<LineView> {
    let mut shown: Option<String> = None;
    let today = look.view.day(look.now());
    let view = |one: &Line| {
        let mut view = line(look, id, one, names);
        let day = look.view.day(one.entry.at);
        let is_new = shown.as_ref().map_or(day != today, |before| *before != day);
        view.day = Some(day.clone()).filter(|_| is_new);
        shown = Some(day);
        view
    };
    lines.iter().map(view).collect()
}

/// A line of the timeline, in words.
pub(in crate::handlers) fn line(look: &Look<'_, '_>, id: IncidentId, line: &Line, names: &Names) -> LineView {
    let entry = &line.entry;
    let written = entry.kind() == Some(EventKind::EntryAdded);
    let told = told(look, entry, names);
    let mark = line.mark.as_ref();
    let late = entry.recorded_at.duration_since(entry.at).as_secs() >= 60;
    LineView {
        id: entry.id.to_string(),
        when: look.view.clock(entry.at),
        day: None,
        tone: told.0,
        sort: entry.data["sort"].as_str().filter(|_| written).and_then(|word| {
            let sort: domain::respond::entries::Sort = word.parse().ok()?;
            Some(sort.word())
        }),
        text: told.1,
        who: actor(look, &entry.actor).filter(|who| !is_about(look, entry, who)),
        via: via(entry),
        why: entry.why.clone().filter(|_| entry.kind() != Some(EventKind::DeliverySent)),
        handover: handovers::view(look, entry),
        objections: entry.data["objections"].as_str().map(str::to_owned),
        recorded: late.then(|| look.view.clock(entry.recorded_at)),
        corrected: mark.and_then(|mark| mark.corrected.as_ref()).map(|(text, _)| text.clone()),
        struck: mark.and_then(|mark| mark.struck.as_ref()).map(|(why, _)| why.clone()),
        pinned: mark.is_some_and(|mark| mark.pinned.is_some()),
        origin: line.origin.map(|origin| Link::new(origin.to_string(), format!("/incidents/{origin}"))),
        href: format!("/incidents/{id}/entries/{}", entry.id),
    }
}

/// Whether an entry says already by its own words who did it: that they accepted a role.
fn is_about(look: &Look<'_, '_>, entry: &store::journal::Entry, who: &PersonTag) -> bool {
    (entry.word.starts_with("role.") || entry.word == "task.taken")
        && look.tag_of(entry.data["person"].as_str().unwrap_or("")).href == who.href
}

fn told(look: &Look<'_, '_>, entry: &store::journal::Entry, names: &Names) -> (Tone, String) {
    let called = |subject: &str| names.get(subject).map_or_else(|| subject.to_owned(), |name| format!("“{name}”"));
    let data = &entry.data;
    let text = |name: &str| data[name].as_str().unwrap_or("").to_owned();
    let role = || {
        let name: Option<Name> = text("role").parse().ok();
        let found = name.as_ref().and_then(|name| look.rules.catalog.roles.get(name));
        found.map_or_else(|| text("role"), |role| role.title.clone())
    };
    let person = || look.tag_of(&text("person")).name;
    let Some(kind) = entry.kind() else { return (Tone::Quiet, sentence(&entry.word.replace(['.', '-'], " "))) };
    match kind {
        EventKind::EntryAdded => (Tone::Quiet, text("text")),
        EventKind::IncidentReported => (Tone::Warning, "Reported".into()),
        EventKind::IncidentDeclared => (Tone::Critical, "Declared".into()),
        EventKind::IncidentCancelled => (Tone::Quiet, "Cancelled: it was no incident".into()),
        EventKind::IncidentGraded => match data["before"].as_str() {
            Some(before) => (Tone::Warning, format!("Severity {}, was {before}", text("severity"))),
            None => (Tone::Warning, format!("Severity {}", text("severity"))),
        },
        EventKind::IncidentReclassified => (Tone::Warning, format!("Now {}, was {}", text("class"), text("before"))),
        EventKind::IncidentActivityBegan => (Tone::Info, format!("{} began", capital(&text("activity")))),
        EventKind::IncidentActivityEnded => (Tone::Good, format!("{} is done", capital(&text("activity")))),
        EventKind::IncidentMitigated => (Tone::Good, "Mitigated: impact is back under the threshold".into()),
        EventKind::IncidentResolved => {
            let unmet: Vec<&str> =
                data["unmet"].as_array().into_iter().flatten().filter_map(|one| one.as_str()).collect();
            let left = if unmet.is_empty() { String::new() } else { format!("; not so yet: {}", unmet.join("; ")) };
            (Tone::Good, format!("Resolved{left}"))
        }
        EventKind::IncidentReopened => (Tone::Critical, "Reopened".into()),
        EventKind::IncidentMerged => (Tone::Quiet, format!("Merged into {}", called(&text("into")))),
        EventKind::IncidentClosed => (Tone::Good, "Closed".into()),
        EventKind::IncidentRestricted => (Tone::Warning, "Restricted to those who are named".into()),
        EventKind::IncidentRevealed => (Tone::Warning, "Opened to everybody".into()),
        EventKind::IncidentDescribed => {
            let said = ["title", "impact", "because", "services"].into_iter().filter(|name| !data[*name].is_null());
            let said: Vec<String> = said
                .map(|name| match data[name]["after"].as_str() {
                    Some(after) => format!("{name}: {after}"),
                    None => name.to_owned(),
                })
                .collect();
            (Tone::Quiet, format!("Said anew: {}", said.join("; ")))
        }
        EventKind::IncidentLinked => (Tone::Info, format!("Linked {}", called(&text("subject")))),
        EventKind::IncidentUnlinked => (Tone::Quiet, format!("No longer linked: {}", called(&text("subject")))),
        EventKind::IncidentPersonNamed => (Tone::Quiet, format!("{} was named for it", person())),
        EventKind::IncidentPersonRemoved => (Tone::Quiet, format!("{} was taken off", person())),
        EventKind::RoleOffered => (Tone::Info, format!("{} was asked to be {}", person(), role())),
        EventKind::RoleAccepted => (Tone::Good, format!("{} is {}", person(), role())),
        EventKind::RoleDeclined => (Tone::Warning, format!("{} cannot be {}", person(), role())),
        EventKind::RoleHandedOver => (Tone::Info, format!("{} handed over: {}", person(), role())),
        EventKind::RoleEnded => (Tone::Quiet, format!("{} is no longer {}", person(), role())),
        EventKind::StampClaimed => {
            let milestone = text("milestone").replace('-', " ");
            let precision = Precision::from_word(&text("precision")).unwrap_or(Precision::Minute);
            let at = text("at").parse::<Timestamp>();
            let at = at.map_or_else(|_| String::new(), |at| look.view.as_known(at, precision).relative);
            (Tone::Quiet, format!("Time of “{milestone}”: {at}"))
        }
        EventKind::NoticeOpened => (Tone::Info, format!("Told the public: {}. {}", text("title"), text("text"))),
        EventKind::NoticeUpdated => (Tone::Info, format!("Told the public more: {}", text("text"))),
        EventKind::NoticeCorrected => (Tone::Info, format!("Corrected what the public was told: {}", text("text"))),
        EventKind::NoticeDescribed => (Tone::Quiet, format!("The notice for the public is now: {}", text("title"))),
        EventKind::ChatRoomOpened => (Tone::Quiet, format!("A room was opened in the chat {}", text("chat"))),
        EventKind::TaskGiven => (Tone::Info, format!("Task for {}: {}", person(), text("title"))),
        EventKind::TaskTaken => (Tone::Good, format!("{} does it: {}", person(), text("title"))),
        EventKind::TaskExtended => (Tone::Quiet, format!("{} reports later: {}", person(), text("title"))),
        EventKind::TaskDone => (Tone::Good, format!("Done: {}. {}", text("title"), text("result"))),
        EventKind::TaskDropped => (Tone::Quiet, format!("Dropped: {}", text("title"))),
        EventKind::TaskLate => (Tone::Warning, format!("{} has not reported: {}", person(), text("title"))),
        EventKind::UpdateDrafted => (Tone::Info, format!("Drafted for the public: {}", text("text"))),
        EventKind::UpdatePosted => match data["stage"].as_str() {
            Some(stage) => (Tone::Info, format!("Said in public ({stage}): {}", text("text"))),
            None => (Tone::Info, format!("Update: {}", text("text"))),
        },
        EventKind::UpdateWithdrawn => (Tone::Quiet, "A draft for the public was withdrawn".into()),
        EventKind::UpdateDue => (Tone::Info, format!("The next {} update is due soon", text("audience"))),
        EventKind::UpdateMissed => {
            (Tone::Warning, format!("The next {} update did not come in time", text("audience")))
        }
        EventKind::FlagKilled
        | EventKind::FlagKillLifted
        | EventKind::FlagKillExtended
        | EventKind::FlagKillEnding
        | EventKind::FlagKillExpired => flags::told(kind, data),
        EventKind::ChecklistTicked | EventKind::ChecklistUnticked => checklists::told(kind, data),
        _ if kind.word().starts_with("pin.") => pins::told(kind, data),
        _ if kind.word().starts_with("action-item.") => action_items::told(look, kind, data),
        EventKind::ObligationConsidered
        | EventKind::ObligationRuledOut
        | EventKind::ObligationAnchored
        | EventKind::ObligationSubmitted
        | EventKind::ObligationNotDue
        | EventKind::ObligationDue
        | EventKind::ObligationPostponed
        | EventKind::ObligationReminded => obligations::told(look, kind, data),
        EventKind::EntryCorrected => (Tone::Quiet, format!("An entry was corrected: {}", text("text"))),
        EventKind::EntryStruck => (Tone::Quiet, "An entry was struck".into()),
        EventKind::EntryPinned => (Tone::Quiet, "An entry was pinned".into()),
        EventKind::EntryUnpinned => (Tone::Quiet, "An entry was taken off the top".into()),
        _ => {
            let told = super::record::told(look, kind, data).or_else(|| postmortems::told(look, kind, data));
            let told = told.or_else(|| customer_postmortems::told(look, kind, data));
            let told = told.or_else(|| review_meetings::told(look, kind, data));
            if let Some(told) = told.or_else(|| crate::handlers::change::told::told(look, kind, data)) {
                return told;
            }
            let happened = happened(look, entry);
            // Of its alerts and pages: which of them.
            let of = entry.subjects.iter().find_map(|subject| names.get(subject)).filter(|_| names.len() > 1);
            let of = of.or_else(|| names.values().next().filter(|_| kind.word().starts_with("alerts.")));
            (happened.tone, of.map_or(happened.text.clone(), |name| format!("{} (“{name}”)", happened.text)))
        }
    }
}

/// How somebody acted, where that was not on a page: from a chat, through an assistant.
fn via(entry: &store::journal::Entry) -> Option<String> {
    if entry.data["via"] == actions::respond::entries::BY_ASSISTANT {
        return Some("through an assistant".into());
    }
    let chat = entry.actor.strip_prefix("chat:")?.split_once(':').map(|(chat, _)| chat)?;
    Some(format!("from the chat {chat}"))
}
