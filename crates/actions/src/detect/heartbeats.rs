//! Heartbeats: a check calls in; one that does not becomes an alert, and its return resolves it.

use domain::detect::heartbeats::Heartbeat;
use domain::detect::integrations::Source;
use domain::detect::signals::Told;
use domain::words::{Actor, EventKind, Labels, Mint, Name, Refusal, Span, Timestamp};
use serde_json::json;
use store::detect::heartbeats;
use store::{Halt, Store};

use super::signals::{Incoming, receive_one};
use crate::board::{self, Pace, Turn};
use crate::{Moment, Node, announce};

/// A check calls in.
pub fn beat(store: &Store, node: &Node, moment: &mut Moment<'_>, integration: &Name) -> Result<(), Halt> {
    let missed = store.write(|tx| {
        let rules = node.rules(tx)?;
        let (every, grace) = timing(rules.catalog.integrations.get(integration).map(|found| &found.source))?;
        let mut heartbeat = heartbeats::get(tx, integration)?.unwrap_or_else(|| Heartbeat::new(integration.clone()));
        if heartbeat.missed_at.is_some() {
            return Ok(true);
        }
        heartbeat.beat(every, grace, moment.now);
        heartbeats::save(tx, &heartbeat)?;
        Ok(false)
    })?;
    if !missed {
        return Ok(());
    }
    board::turn(store, node, Pace::Ordinary, moment, |turn| {
        let source = turn.rules.catalog.integrations.get(integration).map(|found| &found.source);
        let (every, grace) = timing(source)?;
        let found = heartbeats::get(turn.tx, integration)?;
        let mut heartbeat = found.unwrap_or_else(|| Heartbeat::new(integration.clone()));
        let since = heartbeat.missed_at;
        if heartbeat.beat(every, grace, turn.moment.now) {
            let subjects = vec![format!("integration/{integration}")];
            let data = json!({ "missed_at": since });
            announce::event(turn.tx, &mut turn.moment, EventKind::HeartbeatReturned, subjects, None, data)?;
            tell(turn, integration, every, since, Some(turn.moment.now))?;
        }
        heartbeats::save(turn.tx, &heartbeat)?;
        Ok(())
    })
}

/// Looks for checks that should have called in by now. Answers how many.
pub fn look_for_missed(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(heartbeats::due(tx, now)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("heartbeat"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let mut missed = 0;
        for mut heartbeat in heartbeats::due(turn.tx, now)? {
            let integration = heartbeat.integration.clone();
            let source = turn.rules.catalog.integrations.get(&integration).map(|found| &found.source);
            let Ok((every, _)) = timing(source) else {
                // The integration is gone, or is no heartbeat any more: nothing is expected of it.
                heartbeat.due_at = None;
                heartbeats::save(turn.tx, &heartbeat)?;
                continue;
            };
            if !heartbeat.is_missed(now) {
                continue;
            }
            let last_at = heartbeat.last_at;
            heartbeat.miss(now);
            heartbeats::save(turn.tx, &heartbeat)?;
            let subjects = vec![format!("integration/{integration}")];
            let data = json!({ "last_at": last_at });
            announce::event(turn.tx, &mut turn.moment, EventKind::HeartbeatMissed, subjects, None, data)?;
            tell(turn, &integration, every, Some(now), None)?;
            missed += 1;
        }
        Ok(missed)
    })
}

fn timing(source: Option<&Source>) -> Result<(Span, Span), Refusal> {
    match source {
        Some(Source::Heartbeat { every, grace }) => Ok((*every, *grace)),
        Some(_) => Err(Refusal::invalid("this integration is not a heartbeat")),
        None => Err(Refusal::not_found("integration of this name")),
    }
}

/// A missed heartbeat is an alert like any other: it takes the way of all signals.
fn tell(
    turn: &mut Turn<'_, '_>,
    integration: &Name,
    every: Span,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
) -> Result<(), Halt> {
    let extra = turn.rules.extra(integration);
    let mut labels: Vec<(String, String)> =
        vec![("alertname".into(), "HeartbeatMissed".into()), ("heartbeat".into(), integration.to_string())];
    labels.extend(extra.iter().filter(|(name, _)| name != "alertname" && name != "heartbeat").cloned());
    let title = turn.rules.catalog.integrations.get(integration).map_or("", |found| found.title.as_str());
    let summary = format!("{title} has not called in; it should do so every {every}, or more often");
    let told = Told {
        labels: Labels::from_pairs(labels),
        annotations: Labels::from_pairs([("summary", summary)]),
        // The node that missed it may have a clock ahead of ours.
        starts_at: starts_at.map(|starts_at| starts_at.min(turn.moment.now)),
        ends_at,
        link: None,
        // The labels may be others by the time it returns.
        key: Some(integration.to_string()),
    };
    let incoming = Incoming::told(integration.clone(), "heartbeat", &[told], false, turn.moment.now)?;
    receive_one(turn, &incoming)
}
