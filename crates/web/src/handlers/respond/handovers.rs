//! What whoever takes over a role reads on the timeline: how things stand, what is next, and what is left to them.

use domain::words::{EventKind, Timestamp};
use serde_json::Value;
use store::journal::Entry;

use crate::handlers::frame::Look;
use crate::pages::respond::handovers::{HandoverView, Left};

/// The hand-over that an entry is; nothing if it is none.
pub(super) fn view(look: &Look<'_, '_>, entry: &Entry) -> Option<HandoverView> {
    let data = &entry.data;
    if entry.kind() != Some(EventKind::RoleOffered) || !data["from"].is_string() {
        return None;
    }
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| data[name].as_array().into_iter().flatten();
    let time = |value: &Value| Some(look.when(value.as_str()?.parse::<Timestamp>().ok()?));
    let task = |one: &Value| Left {
        what: one["title"].as_str().unwrap_or_default().to_owned(),
        who: one["person"].as_str().map(|person| look.tag_of(person)),
        by: time(&one["due_at"]),
    };
    let update = |one: &Value| Left {
        what: format!("The next {} update", one["audience"].as_str().unwrap_or_default()),
        who: None,
        by: time(&one["by"]),
    };
    Some(HandoverView {
        situation: text("situation"),
        objectives: text("objectives"),
        left: list("open_tasks").map(task).chain(list("next_updates").map(update)).collect(),
    })
}
