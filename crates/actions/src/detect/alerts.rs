//! What people do about alerts: acknowledge, snooze, resolve, call noise; and what time does: lapse, snoozes that end.

use std::collections::BTreeSet;

use domain::detect::alerts::{Closing, Taken, snooze_until};
use domain::detect::pipeline;
use domain::words::{Actor, AlertId, EventKind, GroupId, Mint, Name, Refusal, Timestamp};
use serde_json::json;
use store::detect::alerts;
use store::{Halt, Store};

use crate::board::{self, Pace, Turn};
use crate::engage::pages;
use crate::{Moment, Node, announce};

/// What a person wants done with alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Acknowledge,
    /// It fires for everybody again, and pages.
    Unacknowledge,
    Snooze {
        until: Timestamp,
    },
    Resolve,
    /// It should not have paged; the reason helps whoever tunes it.
    Noise {
        reason: String,
    },
}

/// Does it for all of the alerts, or for none. Those that are over already are left alone. Answers how many changed.
pub fn act(store: &Store, node: &Node, moment: &mut Moment<'_>, ids: &[AlertId], wish: &Wish) -> Result<usize, Halt> {
    if ids.is_empty() {
        return Err(Refusal::invalid("name at least one alert").at("/alerts").into());
    }
    if ids.len() > 1000 {
        return Err(Refusal::invalid("a thousand alerts at once, at most").at("/alerts").into());
    }
    let by = moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))?;
    board::turn(store, node, Pace::Ordinary, moment, |turn| {
        for id in ids {
            if turn.board.slot(*id).is_none() && alerts::get(turn.tx, *id)?.is_none() {
                return Err(Refusal::not_found(format!("alert {id}")).into());
            }
        }
        match wish {
            Wish::Acknowledge => take(turn, ids, &by, None),
            Wish::Snooze { until } => {
                let until = snooze_until(*until, turn.moment.now)?;
                take(turn, ids, &by, Some(until))
            }
            Wish::Unacknowledge => give_back(turn, ids),
            Wish::Resolve => Ok(resolve(turn, ids, &by)),
            Wish::Noise { reason } => noise(turn, ids, reason),
        }
    })
}

/// Marks every open alert of a group as taken by whoever took its page.
pub(crate) fn take_group(turn: &mut Turn<'_, '_>, group: GroupId, by: &Name) -> Result<(), Halt> {
    let Some(open) = turn.board.group(group) else { return Ok(()) };
    let ids: Vec<AlertId> = open
        .alerts
        .iter()
        .map(|slot| turn.board.at(*slot))
        // What is muted was not told of, and pages when it speaks.
        .filter(|alert| alert.wants_attention())
        .map(|alert| alert.id)
        .collect();
    mark(turn, &ids, by, None)?;
    Ok(())
}

/// Nobody has them any more: an acknowledgement ran out, or somebody asks for help, which ends snoozes too.
pub(crate) fn give_back_group(turn: &mut Turn<'_, '_>, group: GroupId, snoozed: bool) {
    let Some(open) = turn.board.group(group) else { return };
    for slot in open.alerts.clone() {
        let ends = match turn.board.at(slot).taken.as_deref() {
            Some(Taken::Acknowledged { .. }) => true,
            Some(Taken::Snoozed { .. }) => snoozed,
            None => false,
        };
        if ends {
            turn.board.at_mut(slot).taken = None;
            let id = turn.board.at(slot).id;
            turn.effects.updated.insert(id);
        }
    }
    turn.effects.groups.insert(group);
}

/// Takes alerts, for good or until an instant; how many changed.
pub(crate) fn take(
    turn: &mut Turn<'_, '_>,
    ids: &[AlertId],
    by: &Name,
    until: Option<Timestamp>,
) -> Result<usize, Halt> {
    let groups = mark(turn, ids, by, until)?;
    let changed = groups.len();
    // A page of which every alert is taken calls nobody any more.
    for group in groups.into_iter().collect::<BTreeSet<_>>() {
        let Some(open) = turn.board.group(group) else { continue };
        let Some(page) = open.group.page else { continue };
        if open.alerts.iter().any(|slot| turn.board.at(*slot).wants_attention()) {
            continue;
        }
        match hold(turn, group) {
            Some(hold) if hold.until.is_some() => pages::hold(turn, page, &hold)?,
            _ => _ = pages::acknowledge_in_turn(turn, page, by)?,
        }
    }
    Ok(changed)
}

/// Who has a group of which nobody need be called, and until when if it is all snoozed.
pub(crate) struct Hold {
    pub by: Name,
    pub until: Option<Timestamp>,
}

/// Who has what speaks in a group; nobody, if nothing in it does.
pub(crate) fn hold(turn: &Turn<'_, '_>, group: GroupId) -> Option<Hold> {
    type Latest<'n> = Option<(Timestamp, &'n Name)>;
    let open = turn.board.group(group)?;
    let speaking = open.alerts.iter().map(|slot| turn.board.at(*slot)).filter(|alert| alert.muted().is_none());
    let (mut acknowledged, mut snoozed): (Latest<'_>, Latest<'_>) = (None, None);
    for alert in speaking {
        match alert.taken.as_deref() {
            Some(Taken::Acknowledged { by, at }) => acknowledged = acknowledged.max(Some((*at, by))),
            Some(Taken::Snoozed { by, until, .. }) => snoozed = snoozed.max(Some((*until, by))),
            None => {}
        }
    }
    match (acknowledged, snoozed) {
        (Some((_, by)), _) => Some(Hold { by: by.clone(), until: None }),
        (None, Some((until, by))) => Some(Hold { by: by.clone(), until: Some(until) }),
        (None, None) => None,
    }
}

/// Marks alerts as taken; answers with the group of each that changed.
fn mark(turn: &mut Turn<'_, '_>, ids: &[AlertId], by: &Name, until: Option<Timestamp>) -> Result<Vec<GroupId>, Halt> {
    let at = turn.moment.now;
    let (mut groups, mut subjects) = (Vec::new(), Vec::new());
    for id in ids {
        let Some(slot) = turn.board.slot(*id) else { continue };
        let taken = match until {
            None => Taken::Acknowledged { by: by.clone(), at },
            Some(until) => Taken::Snoozed { by: by.clone(), at, until },
        };
        let same = match (turn.board.at(slot).taken.as_deref(), &taken) {
            (Some(Taken::Acknowledged { by, .. }), Taken::Acknowledged { by: again, .. }) => by == again,
            _ => false,
        };
        if same {
            continue;
        }
        turn.board.at_mut(slot).taken = Some(Box::new(taken));
        turn.effects.updated.insert(*id);
        groups.push(turn.board.at(slot).group);
        subjects.push(id.to_string());
    }
    if subjects.is_empty() {
        return Ok(groups);
    }
    for group in &groups {
        turn.effects.groups.insert(*group);
    }
    let kind = if until.is_some() { EventKind::AlertsSnoozed } else { EventKind::AlertsAcknowledged };
    announce::event(turn.tx, &mut turn.moment, kind, subjects, None, json!({ "until": until }))?;
    Ok(groups)
}

fn give_back(turn: &mut Turn<'_, '_>, ids: &[AlertId]) -> Result<usize, Halt> {
    let mut subjects = Vec::new();
    for id in ids {
        let Some(slot) = turn.board.slot(*id) else { continue };
        if turn.board.at_mut(slot).taken.take().is_some() {
            pipeline::insist(&turn.board, &turn.rules, slot, &mut turn.effects);
            subjects.push(id.to_string());
        }
    }
    let changed = subjects.len();
    if changed > 0 {
        announce::event(turn.tx, &mut turn.moment, EventKind::AlertsUnacknowledged, subjects, None, json!({}))?;
    }
    Ok(changed)
}

fn resolve(turn: &mut Turn<'_, '_>, ids: &[AlertId], by: &Name) -> usize {
    let now = turn.moment.now;
    let mut changed = 0;
    for id in ids {
        let Some(slot) = turn.board.slot(*id) else { continue };
        let closing = Closing::Person(by.clone());
        pipeline::resolve(&mut turn.board, &turn.rules, slot, now, closing, now, &mut turn.effects);
        changed += 1;
    }
    changed
}

fn noise(turn: &mut Turn<'_, '_>, ids: &[AlertId], reason: &str) -> Result<usize, Halt> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > 1000 {
        return Err(Refusal::invalid("say in a few words why it is noise").at("/reason").into());
    }
    for id in ids {
        if let Some(slot) = turn.board.slot(*id) {
            board::unfold(turn, slot)?;
        }
        alerts::set_noise(turn.tx, *id, Some(reason))?;
    }
    let subjects = ids.iter().map(ToString::to_string).collect();
    announce::event(turn.tx, &mut turn.moment, EventKind::AlertsMarkedNoise, subjects, Some(reason), json!({}))?;
    Ok(ids.len())
}

/// How many alerts lapse in one transaction.
const LAPSES_AT_ONCE: usize = 500;

/// Closes alerts that were not heard of in time, and writes down of which we have heard. Answers how many.
pub fn close_lapsed(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if node.board_mut().next_lapse(now).is_none_or(|due| due > now) {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("auto-close"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let lapsed = turn.board.lapsed(now, LAPSES_AT_ONCE);
        let count = lapsed.over.len() + lapsed.heard.len();
        for slot in lapsed.heard {
            turn.effects.updated.insert(turn.board.at(slot).id);
        }
        for slot in lapsed.over {
            let at = turn.board.at(slot).expires_at();
            pipeline::resolve(&mut turn.board, &turn.rules, slot, at, Closing::Lapsed, now, &mut turn.effects);
        }
        Ok(count)
    })
}

/// Ends snoozes whose time has come: what still fires pages again. Answers how many.
pub fn end_snoozes(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(alerts::snoozes_over(tx, now)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("snooze"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let over = alerts::snoozes_over(turn.tx, now)?;
        for id in &over {
            let Some(slot) = turn.board.slot(*id) else { continue };
            turn.board.at_mut(slot).taken = None;
            pipeline::insist(&turn.board, &turn.rules, slot, &mut turn.effects);
        }
        Ok(over.len())
    })
}

/// Lets groups page whose wait for company is over. Answers how many.
pub fn end_waits(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(store::detect::groups::due(tx, now)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("group-wait"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = store::detect::groups::due(turn.tx, now)?;
        for id in &due {
            let Some(open) = turn.board.group(*id) else { continue };
            let speaking: Vec<_> =
                open.alerts.iter().copied().filter(|slot| turn.board.at(*slot).wants_attention()).collect();
            if let Some(group) = turn.board.group_mut(*id) {
                group.due_at = Some(now);
            }
            for slot in &speaking {
                pipeline::insist(&turn.board, &turn.rules, *slot, &mut turn.effects);
            }
            if speaking.is_empty()
                && let Some(group) = turn.board.group_mut(*id)
            {
                group.due_at = None;
                turn.effects.groups.insert(*id);
            }
        }
        Ok(due.len())
    })
}
