//! How the chronicle tells what happened to action items.

use domain::words::{EventKind, Timestamp};
use serde_json::Value;
use store::journal::Entry;

use crate::chronicle::{Chronicle, actor, capital};

impl Chronicle {
    /// What an entry tells of an action item; nothing, if it tells of none. The incident is named by whoever asks.
    pub(crate) fn of_item(&mut self, kind: EventKind, entry: &Entry) -> Option<String> {
        let data = &entry.data;
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let (title, owner, by) = (text("title"), capital(text("person")), actor(&entry.actor));
        let because = entry.why.as_ref().map_or_else(String::new, |why| format!(": {}", self.without_ids(why)));
        let due = data["due_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        let due = due.map_or_else(String::new, |due| format!(", due {}", self.on(due)));
        Some(match kind {
            EventKind::ActionItemProposed => format!("{by} proposes for {owner}: {title}{due}"),
            EventKind::ActionItemAccepted => format!("{owner} accepts: {title}"),
            EventKind::ActionItemGiven => format!("{by} gives to {owner}: {title}"),
            EventKind::ActionItemEdited => format!("{by} says anew: {title}{due}{because}"),
            EventKind::ActionItemDone => format!("{by} says that it is done: {title}{because}"),
            EventKind::ActionItemVerified => format!("proven: {title}{because}"),
            EventKind::ActionItemUnproven => format!("no longer proven: {title}{because}"),
            EventKind::ActionItemDropAsked => format!("{by} asks not to do: {title}{because}"),
            EventKind::ActionItemDropped => format!("{by} agrees that it is not done: {title}"),
            EventKind::ActionItemKept => format!("{by} wants it done: {title}{because}"),
            EventKind::ActionItemReopened => format!("reopened: {title}{because}{due}"),
            EventKind::ActionItemRestored => format!("stands as it did: {title}{because}"),
            EventKind::ActionItemTracked => format!("{by} has an issue in {} follow: {title}", text("tracker")),
            EventKind::ActionItemUntracked => format!("no issue follows any more: {title}"),
            EventKind::ActionItemReminded => {
                let people = data["people"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let people: Vec<String> = people.map(capital).collect();
                format!("reminds {}: {title}, {} days overdue", people.join(" and "), data["days_overdue"])
            }
            EventKind::ActionItemRecalled => {
                let one = |item: &Value| {
                    let how = if item["reopened"] == true { "reopened" } else { item["state"].as_str().unwrap_or("") };
                    format!("{} ({how}, {} days overdue)", item["title"].as_str().unwrap_or(""), item["days_overdue"])
                };
                let all: Vec<String> = data["items"].as_array().into_iter().flatten().map(one).collect();
                format!("this is addressed by {}", all.join("; "))
            }
            _ => return None,
        })
    }

    /// A reason of ours names incidents by their ids; here they have numbers.
    fn without_ids(&mut self, why: &str) -> String {
        let word = |word: &str| match word.trim_end_matches([':', ',', '.']) {
            id if id.starts_with("inc_") => {
                let number = self.incident_number(id);
                word.replace(id, &format!("incident {number}"))
            }
            _ => word.to_owned(),
        };
        why.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }
}
