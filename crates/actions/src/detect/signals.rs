//! Receives signals: many calls in one transaction, each kept in the log, each answered when it is on the disk.

use std::sync::OnceLock;

use domain::detect::pipeline::{self, Arrival};
use domain::detect::signals::{self, Signal};
use domain::words::{Actor, Labels, Mint, Name, SignalId, Span, Timestamp};
use store::signals::{Body, Received};
use store::{Error, Halt, Store, Tx};

use crate::board::{self, Pace, Turn};
use crate::engage::watch;
use crate::{Moment, Node};

/// A call at an ingest URL, read.
#[derive(Debug)]
pub struct Incoming {
    pub integration: Name,
    /// What the body was before it became ours: `alertmanager-v2`, `alertmanager-webhook`, `webhook`, `heartbeat`.
    pub format: &'static str,
    /// In the form of the log.
    pub body: Vec<u8>,
    /// The same, as the log keeps it. Made when it is first asked for: a repeat never is.
    packed: OnceLock<Body>,
    pub signals: Vec<Signal>,
    /// The source tells again and again of what still fires.
    pub repeats: bool,
    pub received_at: Timestamp,
}

impl Incoming {
    /// Reads a body in the form of the log, and checks all of it. The integration's own labels become part of it.
    pub fn read(
        integration: Name,
        format: &'static str,
        body: Vec<u8>,
        extra: &[(String, String)],
        repeats: bool,
        received_at: Timestamp,
    ) -> Result<Self, domain::words::Refusal> {
        let signals = signals::read(&body, extra)?;
        if extra.is_empty() {
            return Ok(Self::new(integration, format, body, signals, repeats, received_at));
        }
        let told = signals.iter().map(|signal| told(signal, &body)).collect::<Result<Vec<_>, _>>()?;
        Self::told(integration, format, &told, repeats, received_at)
    }

    /// The same, of what a mapping read.
    pub fn told(
        integration: Name,
        format: &'static str,
        told: &[signals::Told],
        repeats: bool,
        received_at: Timestamp,
    ) -> Result<Self, domain::words::Refusal> {
        let body = signals::write(told);
        let signals = signals::read(&body, &[])?;
        Ok(Self::new(integration, format, body, signals, repeats, received_at))
    }

    fn new(
        integration: Name,
        format: &'static str,
        body: Vec<u8>,
        signals: Vec<Signal>,
        repeats: bool,
        received_at: Timestamp,
    ) -> Self {
        Self { integration, format, body, packed: OnceLock::new(), signals, repeats, received_at }
    }

    /// As the log keeps it. Compressing takes a while: ask before the transaction.
    pub fn packed(&self) -> &Body {
        self.packed.get_or_init(|| Body::pack(&self.body))
    }
}

fn told(signal: &Signal, body: &[u8]) -> Result<signals::Told, domain::words::Refusal> {
    Ok(signals::Told {
        labels: signal.labels.clone(),
        annotations: signal.annotations(body)?,
        starts_at: signal.starts_at,
        ends_at: signal.ends_at,
        link: signal.link.as_deref().map(str::to_owned),
        key: signal.told_key.as_deref().map(str::to_owned),
    })
}

/// Is all of it known already, and on the disk? Then it is noted, and that was all: no transaction, no copy.
///
/// Only a node that is alone may trust its own board.
pub fn heard_before(node: &Node, incoming: &Incoming) -> bool {
    let Some(rules) = node.last_rules().filter(|_| node.is_alone()) else { return false };
    let now = incoming.received_at;
    let board = node.board();
    if !node.is_settled(&board) {
        return false;
    }
    let known = |signal: &Signal| {
        let slot = board.by_key(&incoming.integration, signal.key)?;
        let same = board.at(slot).annotations_hash == signal.annotations_hash && !signal.resolved(now);
        same.then_some(slot)
    };
    let Some(slots) = incoming.signals.iter().map(known).collect::<Option<Vec<_>>>() else { return false };
    for (signal, slot) in incoming.signals.iter().zip(slots) {
        let expires_at = pipeline::repeat_expires_at(&board, slot, &rules, signal, incoming.repeats, now);
        board.at(slot).hear(now, expires_at, Span::ZERO);
    }
    true
}

/// Receives calls, all in one transaction.
pub fn receive(store: &Store, node: &Node, mint: &mut Mint, calls: &[Incoming]) -> Result<(), Halt> {
    let Some(now) = calls.iter().map(|call| call.received_at).max() else { return Ok(()) };
    let mut moment = Moment::new(now, actor(calls), mint);
    board::turn(store, node, Pace::Bulk, &mut moment, |turn| {
        for call in calls {
            if call.format == watch::CHANNEL {
                watch::receive(turn, call)?;
            } else {
                receive_one(turn, call)?;
            }
        }
        Ok(())
    })
}

/// Who tells: the integration, if all calls are of one.
fn actor(calls: &[Incoming]) -> Actor {
    match calls {
        [first, rest @ ..] if rest.iter().all(|call| call.integration == first.integration) => {
            Actor::Integration(first.integration.clone())
        }
        _ => Actor::Rule("ingest"),
    }
}

pub(crate) fn receive_one(turn: &mut Turn<'_, '_>, call: &Incoming) -> Result<(), Halt> {
    let id: SignalId = turn.moment.mint.id(turn.moment.now);
    let arrival = Arrival {
        integration: &call.integration,
        signal: id,
        signals: &call.signals,
        repeats: call.repeats,
        now: turn.moment.now,
    };
    let before = told_of(turn);
    pipeline::receive(&mut turn.board, &turn.rules, &arrival, turn.moment.mint, &mut turn.effects);
    // A call that told nothing new need not be kept: replaying it would change nothing.
    if told_of(turn) != before {
        store::signals::append(
            turn.tx,
            &Received {
                id,
                integration: &call.integration,
                received_at: call.received_at,
                format: call.format,
                count: u32::try_from(call.signals.len()).unwrap_or(u32::MAX),
                body: call.packed(),
                node: &turn.node.identity.name,
            },
        )?;
    }
    Ok(())
}

fn told_of(turn: &Turn<'_, '_>) -> (usize, usize, usize) {
    (turn.effects.fired.len(), turn.effects.updated.len(), turn.effects.resolved.len())
}

/// An entry of the log, read.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    body: Vec<u8>,
    signals: Vec<Signal>,
}

/// What an entry of the log tells of one alert.
#[derive(Clone, Debug, Default)]
pub struct Particulars {
    pub labels: Labels,
    pub annotations: Labels,
    pub link: Option<String>,
}

/// Reads an entry of the log; an empty one, if the log was cut.
pub fn entry(tx: &mut Tx<'_>, id: SignalId) -> Result<Entry, Error> {
    let Some(entry) = store::signals::get(tx, id)? else { return Ok(Entry::default()) };
    let signals =
        signals::read(&entry.body, &[]).map_err(|_| Error::corrupt(format!("the body of {id} does not read")))?;
    Ok(Entry { body: entry.body, signals })
}

impl Entry {
    /// The labels of every alert, in order.
    pub fn into_labels(self) -> Vec<Labels> {
        self.signals.into_iter().map(|signal| signal.labels).collect()
    }

    /// What it tells of one alert; nothing, if the log was cut.
    pub fn particulars(&self, position: u32) -> Particulars {
        let Some(signal) = self.signals.get(position as usize) else { return Particulars::default() };
        Particulars {
            labels: signal.labels.clone(),
            annotations: signal.annotations(&self.body).unwrap_or_default(),
            link: signal.link.as_deref().map(str::to_owned),
        }
    }
}
