//! The synthetic alert: proves, once a minute, that what comes in goes out.
//!
//! It takes the way of all alerts: the intake, the stages, grouping, the first step of an escalation, the outbox, the
//! courier. Its route and its policy are its own, and its board is empty, so that it stands in no list and pages nobody;
//! its message goes nowhere and leaves no row.

use std::sync::Arc;

use domain::detect::board::Board;
use domain::detect::groups::{self, Call, Paged};
use domain::detect::pipeline::{self, Arrival, Effects};
use domain::detect::routes::Route;
use domain::detect::rules::Rules;
use domain::detect::signals::Told;
use domain::engage::deliveries::{LinkKind, Message, MessageLink, Urgency};
use domain::engage::escalations::{self, EscalationPolicy, Step, Target};
use domain::engage::watch::Synthetic;
use domain::prepare::catalog::Catalog;
use domain::words::{Labels, Name, Refusal, Span, Timestamp};
use serde_json::json;
use store::outbox::{self, Delivery, Kind, New};
use store::{Halt, Tx};

use super::who::Who;
use crate::board::Turn;
use crate::detect::signals::Incoming;

/// The channel that ends inside: the courier settles it as sent, and nothing leaves the process.
pub const CHANNEL: &str = "synthetic";

/// From one synthetic alert to the next.
pub const EVERY: Span = Span::seconds(60);

/// Less than this after the last one there is none: several nodes keep the time.
const TOO_SOON: Span = Span::seconds(45);

/// Under this name the newest one is kept.
const KEPT: &str = "synthetic-alert";

/// The call that brings one in, to be handed to the intake.
pub fn incoming(now: Timestamp) -> Result<Incoming, Refusal> {
    let told = Told {
        labels: Labels::from_pairs([("alertname", "AllclearSynthetic"), ("severity", "critical")]),
        annotations: Labels::from_pairs([("summary", "Proves that an alert gets through")]),
        starts_at: Some(now),
        ..Told::default()
    };
    Incoming::told(CHANNEL.parse()?, CHANNEL, std::slice::from_ref(&told), false, now)
}

/// The newest one, and whether its page went out.
pub fn newest(tx: &mut Tx<'_>) -> Result<Option<Synthetic>, Halt> {
    let kept = store::settings::get(tx, KEPT)?;
    Ok(kept.and_then(|text| serde_json::from_str(&text).ok()))
}

fn keep(tx: &mut Tx<'_>, synthetic: Synthetic) -> Result<(), Halt> {
    Ok(store::settings::set(tx, KEPT, &json!(synthetic).to_string())?)
}

/// Documents of its own: one route to one policy, whose one step is the channel that ends inside.
fn documents() -> Result<(Rules, EscalationPolicy), Refusal> {
    let name: Name = CHANNEL.parse()?;
    let policy = EscalationPolicy {
        title: "Synthetic".into(),
        steps: vec![Step { notify: vec![Target::Webhook(CHANNEL.into())], wait: Span::minutes(1) }],
        repeat: 0,
        ack_timeout: None,
        team: None,
    };
    let route: Route = serde_json::from_value(json!({ "escalation_policy": CHANNEL, "urgency": "high" }))
        .map_err(|wrong| Refusal::invalid(wrong.to_string()))?;
    let mut catalog = Catalog::default();
    catalog.routes.insert(name.clone(), route);
    catalog.escalation_policies.insert(name, policy.clone());
    Ok((Rules::new(Arc::new(catalog)), policy))
}

/// Receives it: in the turn of all calls, on a board of its own.
pub(crate) fn receive(turn: &mut Turn<'_, '_>, call: &Incoming) -> Result<(), Halt> {
    let now = turn.moment.now;
    let last = newest(turn.tx)?;
    if last.is_some_and(|last| TOO_SOON.after(last.alert_at) > now) {
        return Ok(());
    }
    let (rules, policy) = documents()?;
    let (mut board, mut effects) = (Board::default(), Effects::default());
    let signal = turn.moment.mint.id(now);
    let (integration, signals) = (&call.integration, &call.signals[..]);
    let arrival = Arrival { integration, signal, offset: 0, signals, repeats: false, now };
    pipeline::receive(&mut board, &rules, &arrival, turn.moment.mint, &mut effects);
    let mut paged = false;
    for (group, news) in &effects.news {
        let Some(open) = board.group(*group) else { continue };
        if !matches!(groups::call(&open.group, Paged::Never, news, Span::ZERO, now), Call::Start { .. }) {
            continue;
        }
        let who = Who::for_policy(turn.tx, &rules.catalog, &policy, now)?;
        for told in escalations::start(&policy, Urgency::High, now, &who).notify {
            paged = true;
            let new = New {
                id: turn.moment.mint.id(now),
                kind: Kind::Hook,
                page: None,
                person: None,
                contact: CHANNEL,
                channel: CHANNEL,
                address: CHANNEL,
                step: told.step.into(),
                round: told.round.into(),
                urgency: Urgency::High,
                payload: "{}",
                due_at: now,
            };
            outbox::queue(turn.tx, &new, None, now)?;
        }
    }
    if paged {
        let sequence = last.map_or(1, |last| last.sequence + 1);
        keep(turn.tx, Synthetic { sequence, alert_at: now, paged_at: None })?;
    }
    Ok(())
}

/// What its message says; nobody reads it.
pub(crate) fn message(delivery: &Delivery) -> Message {
    Message {
        key: delivery.id.to_string(),
        subject: "Synthetic".into(),
        text: "Proves that an alert gets through.".into(),
        html: None,
        urgency: delivery.urgency,
        links: vec![MessageLink { label: "Open".into(), url: String::new(), kind: LinkKind::Open }],
        thread: delivery.id.to_string(),
        event: "watch.synthetic".into(),
        data: json!({}),
        repeat_of: None,
        unsubscribe: None,
        calendar: None,
    }
}

/// It got through: noted for the proof, and its row goes.
pub(crate) fn settled(tx: &mut Tx<'_>, delivery: &Delivery, now: Timestamp) -> Result<(), Halt> {
    if let Some(newest) = newest(tx)?.filter(|newest| newest.alert_at == delivery.created_at) {
        keep(tx, Synthetic { paged_at: Some(now), ..newest })?;
    }
    outbox::remove(tx, delivery.id)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::engage::deliveries::Outcome;
    use domain::words::Mint;
    use store::Store;

    use super::*;
    use crate::courier;
    use crate::detect::signals;
    use crate::node::{Identity, Node};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn node() -> Node {
        let link_key = domain::engage::links::LinkKey::new([7; 32]);
        Node::new(Identity { name: "n".into(), public_url: "https://a.example".into(), link_key })
    }

    fn rows(store: &Store) -> (usize, i64, u64) {
        let read = store.read(|tx| {
            let alerts = store::detect::alerts::open(tx)?.len();
            let open = outbox::load(tx, at(0), at(0))?.open;
            Ok((alerts, store::journal::last(tx)?, open))
        });
        read.unwrap()
    }

    store::both_engines! {
        fn a_synthetic_alert_gets_through_and_leaves_nothing_behind(store) {
            let (node, mut mint) = (node(), Mint::seeded(1));
            let newest = || store.read(newest).unwrap();
            assert_eq!(newest(), None);
            let before = rows(store);
            for (second, sequence) in [(0, 1), (20, 1), (60, 2)] {
                let call = incoming(at(second)).unwrap();
                signals::receive(store, &node, &mut mint, &[call]).unwrap();
                if second == 20 {
                    continue;
                }
                assert_eq!(newest(), Some(Synthetic { sequence, alert_at: at(second), paged_at: None }));
                let claimed = courier::claim(store, &node, at(second + 1), &|_| 16).unwrap();
                let [one] = &claimed[..] else { panic!("{claimed:?}") };
                assert_eq!(one.channel, CHANNEL);
                let sent = Outcome::Sent { receipt: None };
                assert!(courier::settle(store, &mut mint, one, &sent, at(second + 2)).unwrap());
                assert_eq!(newest().unwrap().paged_at, Some(at(second + 2)));
            }
            assert_eq!(rows(store), before, "no alert, no entry, no message");
        }
    }
}
