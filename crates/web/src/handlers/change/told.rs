//! Entries of the journal about changes, suspects and rollbacks, in words: for the room of an incident and the page of a change.

use domain::words::{EventKind, Timestamp};
use serde_json::Value;

use crate::handlers::frame::Look;
use crate::pages::Tone;

/// What happened; nothing, if the entry is about something else.
pub(crate) fn told(look: &Look<'_, '_>, kind: EventKind, data: &Value) -> Option<(Tone, String)> {
    let text = |name: &str| data[name].as_str().unwrap_or("").to_owned();
    let title = format!("“{}”", text("title"));
    let time = |name: &str| text(name).parse::<Timestamp>().map_or_else(|_| String::new(), |at| look.view.brief(at));
    Some(match kind {
        EventKind::ChangeProposed if data["emergency"] == true => {
            (Tone::Warning, format!("Proposed as an emergency: {title}"))
        }
        EventKind::ChangeProposed => (Tone::Info, format!("Proposed: {title}")),
        EventKind::ChangeEdited => {
            let voided: Vec<String> = data["voided"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|name| Some(look.tag_of(name.as_str()?).name))
                .collect();
            let void = match voided.as_slice() {
                [] => String::new(),
                names => format!("; void: the approval of {}", names.join(", ")),
            };
            (Tone::Warning, format!("Written anew as revision {}: {title}{void}", data["revision"]))
        }
        EventKind::ChangeApproved if data["state"] == "proposed" => {
            (Tone::Info, format!("Approved, and one more person is needed: {title}"))
        }
        EventKind::ChangeApproved => (Tone::Good, format!("Approved: {title}")),
        EventKind::ChangeScheduled => {
            (Tone::Info, format!("Scheduled from {} to {}: {title}", time("from"), time("to")))
        }
        EventKind::ChangeExempted => {
            let about = text("about");
            let rule = if about.is_empty() { text("rule") } else { format!("{} {about}", text("rule")) };
            (Tone::Warning, format!("Exempted from {rule}: {title}"))
        }
        EventKind::ChangeBegun => (Tone::Warning, format!("Begun: {title}")),
        EventKind::ChangeFinished => (Tone::Good, format!("Finished: {title}")),
        EventKind::ChangeFailed => (Tone::Critical, format!("Failed: {title}")),
        EventKind::ChangeCancelled => (Tone::Quiet, format!("Not done after all: {title}")),
        EventKind::ChangeReviewed => (Tone::Good, format!("The emergency was looked at: {title}")),
        EventKind::ChangeObserved => match data["stage"].as_str() {
            Some("began") => (Tone::Warning, format!("Begun, says its program: {title}")),
            Some("finished") => (Tone::Good, format!("Finished, says its program: {title}")),
            Some("failed") => (Tone::Critical, format!("Failed, says its program: {title}")),
            Some("rolled-back") => (Tone::Warning, format!("Rolled back, says its program: {title}")),
            _ => (Tone::Info, format!("A part of it went out: {title}")),
        },
        EventKind::SuspectsNamed => {
            let named: Vec<String> = data["suspects"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| Some(format!("“{}”", one["title"].as_str()?)))
                .collect();
            match named.as_slice() {
                [] => (Tone::Quiet, "No change is near enough to be a suspect".into()),
                named => (Tone::Info, format!("Changes that may have caused it: {}", named.join(", "))),
            }
        }
        EventKind::SuspectJudged => match data["finding"].as_str() {
            Some("trigger") => (Tone::Critical, format!("It was the trigger: {title}")),
            Some("contributed") => (Tone::Warning, format!("It contributed: {title}")),
            Some("ruled-out") => (Tone::Good, format!("It was not that: {title}")),
            _ => (Tone::Quiet, format!("Nobody knows whether it was that: {title}")),
        },
        EventKind::RollbackAsked => (Tone::Warning, format!("To be rolled back: {title}")),
        EventKind::RollbackConfirmed => (Tone::Warning, format!("A second person confirms the rollback: {title}")),
        EventKind::RollbackCalledOff => (Tone::Quiet, format!("The rollback was called off: {title}")),
        EventKind::RollbackStarted => (Tone::Warning, format!("The rollback began: {title}")),
        EventKind::RollbackStepDone => {
            (Tone::Info, format!("Step {} of {} of the rollback is done: {title}", data["step"], data["of"]))
        }
        EventKind::RollbackSucceeded => {
            (Tone::Good, format!("Rolled back: {title}. The alerts will say what it came to"))
        }
        EventKind::RollbackFailed => (Tone::Critical, format!("The rollback failed: {title}")),
        EventKind::RollbackUnknown => (Tone::Critical, format!("Nobody knows what became of the rollback: {title}")),
        EventKind::RollbackSuggested => {
            (Tone::Info, format!("A rule would take it back, and leaves it to you: {title}"))
        }
        EventKind::RollbackCounting => (
            Tone::Critical,
            format!("A rule takes it back at {}, unless somebody stops it: {title}", clock(look, data)),
        ),
        EventKind::RollbackStopped => (Tone::Warning, format!("Stopped: no rule takes it back, {title}")),
        EventKind::RollbackLapsed => (Tone::Quiet, format!("No rule takes it back after all: {title}")),
        EventKind::RollbackJudged => match data["outcome"].as_str() {
            Some("resolved") => (Tone::Good, format!("The rollback helped: all alerts cleared, {title}")),
            Some("partial") => (Tone::Warning, format!("The rollback helped in part: {title}")),
            Some("no-effect") => (Tone::Warning, format!("The rollback had no effect, so it was probably not {title}")),
            Some("worse") => (Tone::Critical, format!("It is worse since the rollback: {title}")),
            _ => (Tone::Quiet, format!("Nothing can be said of what the rollback came to: {title}")),
        },
        _ => return None,
    })
}

/// To the second: two minutes are short.
fn clock(look: &Look<'_, '_>, data: &Value) -> String {
    let at = data["due_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    at.map_or_else(String::new, |at| at.to_zoned(look.view.zone.clone()).strftime("%H:%M:%S").to_string())
}
