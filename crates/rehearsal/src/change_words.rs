//! How the chronicle tells of changes: what was proposed and approved, what is suspected, what is taken back.

use domain::words::EventKind;
use serde_json::Value;
use store::journal::Entry;

use crate::chronicle::{Chronicle, actor, capital};

impl Chronicle {
    /// What an entry tells of changes; nothing if it tells of none.
    pub(crate) fn of_change(&mut self, kind: EventKind, entry: &Entry) -> Option<Vec<String>> {
        let data = &entry.data;
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let (title, by) = (format!("{:?}", text("title")), actor(&entry.actor));
        let because = entry.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        let list = |name: &str| -> Vec<String> {
            let all = data[name].as_array().into_iter().flatten();
            all.map(|one| one.as_str().map_or_else(|| one.to_string(), capital)).collect()
        };
        let said = match kind {
            EventKind::ChangeProposed if data["emergency"] == true => {
                format!("{title} is proposed by {by} as an emergency{because}")
            }
            EventKind::ChangeProposed => format!("{title} is proposed by {by}{because}"),
            EventKind::ChangeEdited => {
                let voided = list("voided");
                let void = if voided.is_empty() {
                    String::new()
                } else {
                    format!("; the approval of {} is void", voided.join(" and "))
                };
                format!("{title} is edited by {by}, revision {}{void}", data["revision"])
            }
            EventKind::ChangeApproved => {
                let more = if text("state") == "approved" { "" } else { ", one more is needed" };
                format!("{title} is approved by {by} at {} points of risk{more}", data["risk"])
            }
            EventKind::ChangeScheduled => format!("{title} is scheduled by {by}"),
            EventKind::ChangeExempted => {
                let rule = format!("{} {}", text("rule"), if text("rule") == "freeze" { text("about") } else { "" });
                format!("{title} is exempted by {by} from the rule {}{because}", rule.trim())
            }
            EventKind::ChangeBegun => format!("{title} is begun by {by}"),
            EventKind::ChangeFinished => format!("{title} is finished, says {by}"),
            EventKind::ChangeFailed => format!("{title} failed, says {by}{because}"),
            EventKind::ChangeCancelled => format!("{title} is cancelled by {by}{because}"),
            EventKind::ChangeReviewed => format!("{title} was looked at by {by}"),
            EventKind::ChangeObserved => format!("{title} is {}, reports {by}{because}", text("state")),
            EventKind::SuspectsNamed => return Some(self.named(entry)),
            EventKind::SuspectJudged => format!("{title} is {}, says {by}{because}", text("finding").replace('-', " ")),
            EventKind::RollbackAsked => match data["preview"]["second_person"].as_str() {
                Some(reason) if data["alone"] == true => {
                    format!("{by} rolls {title} back alone, though {reason}{because}")
                }
                Some(reason) => {
                    format!("{by} wants {title} rolled back; a second person is asked, for {reason}{because}")
                }
                None => format!("{by} rolls {title} back{because}"),
            },
            EventKind::RollbackConfirmed => format!("{by} confirms that {title} is rolled back"),
            EventKind::RollbackCalledOff => format!("{by} calls the rollback of {title} off"),
            EventKind::RollbackStarted => {
                format!("{title} is being rolled back, {}; {} fire", text("way"), data["symptoms"])
            }
            EventKind::RollbackStepDone => format!("step {} of {} is done{because}", data["step"], data["of"]),
            EventKind::RollbackSucceeded => format!("{title} is rolled back"),
            EventKind::RollbackFailed => format!("{title} could not be rolled back{because}"),
            EventKind::RollbackUnknown => format!("nobody knows whether {title} is rolled back"),
            EventKind::RollbackSuggested => format!("a rule would take {title} back: {}{because}", text("reasons")),
            EventKind::RollbackCounting => {
                format!("a rule takes {title} back in 2m, unless somebody stops it: {}", text("reasons"))
            }
            EventKind::RollbackStopped => format!("{by} stops the rule: it does not take {title} back{because}"),
            EventKind::RollbackLapsed => format!("no rule takes {title} back after all{because}"),
            EventKind::RampMoved => format!("{} is ramped to {} by {by}{because}", text("service"), text("ramp")),
            EventKind::RollbackJudged => format!("the rollback of {title}: {}{because}", text("outcome")),
            _ => return None,
        };
        Some(vec![self.in_incident(entry, &said)])
    }

    fn named(&mut self, entry: &Entry) -> Vec<String> {
        let all = entry.data["suspects"].as_array().cloned().unwrap_or_default();
        let line = |one: &Value| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            format!("suspect {}: {}, {}: {}", one["rank"], text("title"), text("score"), text("why"))
        };
        all.iter().map(|one| self.in_incident(entry, &line(one))).collect()
    }

    pub(crate) fn in_incident(&mut self, entry: &Entry, said: &str) -> String {
        match entry.incident {
            Some(id) => format!("incident {}: {said}", self.incident_number(&id.to_string())),
            None => said.to_owned(),
        }
    }
}
