//! How the chronicle tells of what is learned: why a postmortem is due, who owns it, and how it ends.

use domain::words::EventKind;
use store::journal::Entry;

use crate::chronicle::{Chronicle, actor, capital};

impl Chronicle {
    /// What an entry tells of postmortems; nothing if it tells of none.
    pub(crate) fn of_learning(&mut self, kind: EventKind, entry: &Entry) -> Option<Vec<String>> {
        let (data, by) = (&entry.data, actor(&entry.actor));
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let because = entry.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        let said = match kind {
            EventKind::PostmortemJudged => {
                let reasons = data["reasons"].as_array().into_iter().flatten();
                let rule = |one: &serde_json::Value| {
                    let seen = one["seen"].as_array().into_iter().flatten().filter_map(|seen| seen.as_str());
                    format!("{} ({})", one["rule"].as_str().unwrap_or("?"), seen.collect::<Vec<_>>().join(", "))
                };
                let rules = reasons.map(rule).collect::<Vec<_>>().join("; ");
                match data["effect"].as_str() {
                    Some(effect) => format!("a postmortem is {effect}, {}: {rules}", text("state").replace('-', " ")),
                    None => "no rule asks for a postmortem any more".to_owned(),
                }
            }
            EventKind::PostmortemRequested => format!("{by} asks for a postmortem{because}"),
            EventKind::PostmortemEscalated => match data["silent"].as_str() {
                Some(silent) => format!("{} does not say whether they own the postmortem", capital(silent)),
                None => "nobody owns the postmortem".to_owned(),
            },
            EventKind::PostmortemBegun => format!("{by} begins the postmortem"),
            EventKind::PostmortemWritten => format!("{by} writes the {} of the postmortem", text("section")),
            EventKind::PostmortemCommented => format!("{by} comments on the {}: {}", text("section"), text("text")),
            EventKind::PostmortemCommentResolved => format!("{by} settles a comment on the {}", text("section")),
            EventKind::PostmortemSubmitted => format!("the postmortem is ready for review, says {by}"),
            EventKind::PostmortemSentBack => format!("the postmortem is sent back by {by}{because}"),
            EventKind::PostmortemPublished => {
                format!("the postmortem is published by {by}, version {}", data["version"])
            }
            EventKind::PostmortemCorrected => format!("the postmortem is corrected by {by}{because}"),
            EventKind::PostmortemWaived => format!("the postmortem is waived by {by}{because}"),
            EventKind::PostmortemReminded => {
                let late = data["late"].as_str().map_or_else(String::new, |late| format!(": {late}"));
                format!("{} is reminded of the postmortem{late}", capital(text("person")))
            }
            EventKind::CustomerPostmortemPrepared => {
                let cuts = data["redactions"].as_array().map_or(0, Vec::len);
                format!("{by} prepares what customers read, revision {}, words taken out: {cuts}", data["revision"])
            }
            EventKind::CustomerPostmortemAnswered => {
                format!("{by} lets a {} stay in what customers read{because}", text("kind"))
            }
            EventKind::CustomerPostmortemAgreed => format!("{by} agrees that customers read of it{because}"),
            EventKind::CustomerPostmortemPublished => {
                format!("customers can read it, version {}, says {by}{because}", data["version"])
            }
            EventKind::ReviewMeetingPlanned => {
                let invited = data["invited"].as_array().into_iter().flatten().filter_map(|one| one.as_str());
                let invited = invited.collect::<Vec<_>>().join(", ");
                format!("{by} plans the review, led by {}, with {invited}", text("facilitator"))
            }
            EventKind::ReviewMeetingMoved => {
                format!("{by} moves the review, calendars are told as {}", data["sequence"])
            }
            EventKind::ReviewMeetingCancelled => format!("{by} cancels the review{because}"),
            EventKind::ReviewMeetingDecided => format!("in the review it is decided: {}", text("decision")),
            EventKind::ReviewMeetingHeld => {
                format!("the review took place, with {}", data["attended"].as_array().map_or(0, Vec::len))
            }
            EventKind::FactorNamed => format!("{by} names a factor: {}", text("text")),
            EventKind::FactorStruck => format!("{by} strikes a factor: {}{because}", text("text")),
            _ => return None,
        };
        Some(vec![self.in_incident(entry, &said)])
    }
}
