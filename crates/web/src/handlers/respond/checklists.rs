//! Checklists in the room, and the form that ticks an item.

use actions::respond::checklists as acts;
use axum::extract::Path;
use axum::response::Response;
use domain::respond::checklists::{Item, State, Tick};
use domain::words::{EventKind, Name, Refusal};
use serde_json::Value;
use store::Halt;
use store::respond::incidents::IncidentRow;

use super::room;
use crate::handlers::detect::alert::actor;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look};
use crate::pages::Tone;
use crate::pages::respond::checklists::{ChecklistView, ItemView};
use crate::problem::Problem;

/// What the room shows.
pub(super) fn views(look: &mut Look<'_, '_>, row: &IncidentRow) -> Result<Vec<ChecklistView>, Halt> {
    let lists = acts::of_incident(look.tx, look.app.node(), row)?;
    let item = |(item, tick): (&Item, &Option<Tick>)| {
        let tick = tick.as_ref().filter(|tick| tick.state != State::Open);
        let role = item.role.as_ref();
        ItemView {
            name: item.name.to_string(),
            says: item.says.clone(),
            why: item.why.clone(),
            role: role.and_then(|name| Some(look.rules.catalog.roles.get(name)?.title.clone())),
            is_done: tick.is_some_and(|tick| matches!(tick.state, State::Done { .. })),
            is_not_applicable: tick.is_some_and(|tick| matches!(tick.state, State::NotApplicable { .. })),
            said: tick.and_then(|tick| tick.state.said()).map(str::to_owned),
            by: tick.and_then(|tick| actor(look, &tick.by)),
            when: tick.map(|tick| look.when(tick.at)),
        }
    };
    let view = |one: &acts::Standing| {
        let items: Vec<ItemView> = one.spec.items.iter().zip(&one.ticks).map(item).collect();
        let over = items.iter().filter(|item| item.is_done || item.is_not_applicable).count();
        ChecklistView {
            name: one.name.to_string(),
            title: one.spec.title.clone(),
            unfolded: one.fits && over < items.len(),
            tally: format!("{over} of {}", items.len()),
            items,
        }
    };
    let mut views: Vec<ChecklistView> = lists.iter().map(view).collect();
    let others = views.iter_mut().filter(|view| view.unfolded).skip(1);
    others.for_each(|view| view.unfolded = false);
    Ok(views)
}

/// What happened to an item, as a line of the timeline.
pub(super) fn told(kind: EventKind, data: &Value) -> (Tone, String) {
    let says = data["says"].as_str().unwrap_or("");
    match (kind, data["state"].as_str()) {
        (EventKind::ChecklistUnticked, _) => (Tone::Quiet, format!("Open again: {says}")),
        (_, Some("not-applicable")) => (Tone::Quiet, format!("Not applicable: {says}")),
        _ => (Tone::Good, format!("Ticked: {says}")),
    }
}

/// `POST /incidents/ID/checklists` with `act`, `checklist`, `item`, `said`.
pub async fn post_item(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let said = fields.raw("said").to_owned();
    let read = || -> Result<(Name, Name, State), Refusal> {
        let state = match fields.text("act") {
            "tick" => State::Done { note: Some(said.clone()) },
            "not-applicable" => State::NotApplicable { why: said.clone() },
            "untick" => State::Open,
            _ => return Err(Refusal::invalid("there is no such button")),
        };
        Ok((fields.parse("checklist")?, fields.parse("item")?, state))
    };
    let wanted = read();
    room::act(asked, &id, "It is noted", move |tx, node, moment, id| {
        let (checklist, item, state) = wanted.clone()?;
        acts::act(tx, node, moment, id, (&checklist, &item), &state)
    })
    .await
}
