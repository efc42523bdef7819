//! How the chronicle tells what happened in incidents.

use domain::respond::incidents::Visibility;
use domain::words::{EventKind, IncidentId, Timestamp};
use store::journal::Entry;
use store::respond::incidents::IncidentRow;

use crate::chronicle::{Chronicle, actor, capital};

impl Chronicle {
    /// The incident of a number.
    pub fn incident_of(&self, number: usize) -> Option<IncidentId> {
        self.incidents.iter().find(|(_, known)| **known == number).and_then(|(id, _)| id.parse().ok())
    }

    pub(crate) fn incident_number(&mut self, id: &str) -> usize {
        let next = self.incidents.len() + 1;
        *self.incidents.entry(id.to_owned()).or_insert(next)
    }

    /// An incident, as somebody who looks sees it.
    pub(crate) fn incident_words(&mut self, row: &IncidentRow) -> String {
        let number = self.incident_number(&row.id.to_string());
        let hidden = if row.state.visibility == Visibility::Restricted { ", restricted" } else { "" };
        format!("incident {number} ({}{hidden})", row.name())
    }

    /// What an entry tells of an incident; nothing if it tells of none.
    pub(crate) fn of_incident(&mut self, kind: EventKind, entry: &Entry) -> Option<String> {
        let number = self.incident_number(&entry.incident?.to_string());
        let data = &entry.data;
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let person = capital(text("person"));
        let by = actor(&entry.actor);
        let until = |name: &str| data[name].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        let because = entry.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        let next = until("next_by").map_or_else(String::new, |at| format!(", the next by {}", self.when(at)));
        let said = match kind {
            EventKind::IncidentReported => format!("is reported by {by}, {}{because}", text("title")),
            EventKind::IncidentDeclared if data["drill"] == true => {
                format!("is declared by {by}, a drill, {}{because}", text("title"))
            }
            EventKind::IncidentDeclared => match text("title") {
                "" => format!("is declared by {by}{because}"),
                title => format!("is declared by {by}, {title}{because}"),
            },
            EventKind::IncidentCancelled => format!("is cancelled by {by}{because}"),
            EventKind::IncidentGraded => format!("is {}, says {by}{because}", text("severity")),
            EventKind::IncidentReclassified => format!("is of class {}, says {by}{because}", text("class")),
            EventKind::IncidentActivityBegan => format!("{} begins", text("activity")),
            EventKind::IncidentActivityEnded => format!("{} is done{because}", text("activity")),
            EventKind::IncidentMitigated => format!("is mitigated, says {by}"),
            EventKind::IncidentResolved => {
                let unmet: Vec<&str> =
                    data["unmet"].as_array().into_iter().flatten().filter_map(|one| one.as_str()).collect();
                let unmet =
                    if unmet.is_empty() { String::new() } else { format!(", though not: {}", unmet.join("; ")) };
                format!("is resolved by {by}{because}{unmet}")
            }
            EventKind::IncidentReopened => format!("is reopened by {by}{because}"),
            EventKind::IncidentMerged => {
                let into = text("into").to_owned();
                format!("goes on as incident {}{because}", self.incident_number(&into))
            }
            EventKind::IncidentClosed => format!("is closed by {by}"),
            EventKind::IncidentRestricted => format!("is restricted by {by}"),
            EventKind::IncidentRevealed => format!("is opened to everybody by {by}{because}"),
            EventKind::IncidentLinked if text("subject").starts_with("inc_") => {
                format!("has incident {}", self.incident_number(text("subject")))
            }
            EventKind::IncidentLinked => "has alerts".to_owned(),
            EventKind::IncidentPersonNamed => format!("{person} is named for it by {by}"),
            EventKind::IncidentPersonRemoved => format!("{person} is taken off it by {by}"),
            EventKind::StampClaimed => {
                let (milestone, precision) = (text("milestone"), text("precision"));
                format!("{milestone} was at {}, to the {precision}, says {by}{because}", text("at"))
            }
            EventKind::EntryAdded => format!("{by} writes: {}", text("text")),
            EventKind::TaskGiven => format!("{by} gives {person} a task: {}", text("title")),
            EventKind::TaskTaken => format!("{person} does {:?}", text("title")),
            EventKind::TaskExtended => format!("{person} reports later on {:?}", text("title")),
            EventKind::TaskDone => format!("{:?} is done: {}", text("title"), text("result")),
            EventKind::TaskDropped => format!("{:?} is dropped{because}", text("title")),
            EventKind::TaskLate => format!("{person} has not reported on {:?}", text("title")),
            EventKind::UpdateDrafted => format!("{by} drafts for the public: {}{next}", text("text")),
            EventKind::UpdatePosted => {
                let late = entry.why.as_ref().map_or_else(String::new, |why| format!(" (late: {why})"));
                let stage = data["stage"].as_str().map_or_else(String::new, |stage| format!(" {stage}"));
                format!("{by} tells {}{stage}: {}{next}{late}", text("audience"), text("text"))
            }
            EventKind::UpdateWithdrawn => format!("{by} withdraws a draft"),
            EventKind::UpdateDue => format!("the next {} update is due soon", text("audience")),
            EventKind::UpdateMissed => format!("the next {} update did not come", text("audience")),
            EventKind::ObligationAnchored => {
                let at = until("at").map_or_else(String::new, |at| self.on(at));
                format!("{by} records for {}: {} at {at}{because}", text("regime"), text("title"))
            }
            EventKind::ObligationSubmitted => {
                let due = until("due_at").map_or_else(String::new, |at| format!(", due {}", self.on(at)));
                format!("{by} tells {}: {}{due}{because}", text("to"), text("title"))
            }
            EventKind::ObligationReminded => {
                let due = until("due_at").map_or_else(String::new, |at| self.on(at));
                format!("{} % of the time for {} is over, due {due}", data["share"], text("title"))
            }
            EventKind::ObligationPostponed => {
                let due = until("until").map_or_else(String::new, |at| self.on(at));
                format!("{} is postponed until {due}{because}", text("title"))
            }
            EventKind::ObligationNotDue => format!("{} is not due, says {by}{because}", text("title")),
            EventKind::ObligationRuledOut => format!("{} is ruled out by {by}{because}", text("regime")),
            EventKind::RoleOffered => {
                let situation = data["situation"].as_str().map_or_else(String::new, |said| format!(": {said}"));
                let list = |name: &str| data[name].as_array().into_iter().flatten();
                let title = |task: &serde_json::Value| task["title"].as_str().unwrap_or_default().to_owned();
                let tasks: Vec<String> = list("open_tasks").map(title).collect();
                let tasks = if tasks.is_empty() { String::new() } else { format!("; open: {}", tasks.join(", ")) };
                let next = |one: &serde_json::Value| {
                    let by = one["by"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
                    let by = by.map_or_else(String::new, |by| self.when(by));
                    format!("; the next {} update by {by}", one["audience"].as_str().unwrap_or_default())
                };
                let next: String = list("next_updates").map(next).collect();
                format!("{by} asks {person} to be {}{situation}{tasks}{next}", text("role"))
            }
            EventKind::RoleAccepted => format!("{person} is {}", text("role")),
            EventKind::RoleDeclined => format!("{person} is not {}{because}", text("role")),
            EventKind::RoleHandedOver => format!("{person} hands over {}", text("role")),
            EventKind::RoleEnded => format!("{person} lays down {}", text("role")),
            EventKind::PinCreated => {
                format!("{by} pins it: its signals must reach {} within {}", text("whom"), text("within"))
            }
            EventKind::PinEdited => {
                format!("{by} edits the pin: they must reach {} within {}{because}", text("whom"), text("within"))
            }
            EventKind::PinRetired => format!("{by} retires the pin{because}"),
            _ => self.of_item(kind, entry)?,
        };
        Some(format!("incident {number}: {said}"))
    }
}
