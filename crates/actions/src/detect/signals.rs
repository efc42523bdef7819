//! Receives signals: many calls in one transaction, each kept in the log, each answered when it is on the disk.

use std::cell::OnceCell;
use std::sync::OnceLock;

use domain::detect::pipeline::{self, Arrival};
use domain::detect::signals::{self, Signal};
use domain::words::{Actor, Labels, Mint, Name, SignalId, Span, Timestamp};
use store::signals::{Body, Draft, Received};
use store::{Error, Halt, Store, Tx};

use crate::board::{self, Landing, Pace, Turn};
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
/// Only a node that is alone may trust its own board. While that is being changed the answer is no: whoever reads
/// calls must not wait for whoever receives them, who will find out.
pub fn heard_before(node: &Node, incoming: &Incoming) -> bool {
    let Some(rules) = node.last_rules().filter(|_| node.is_alone()) else { return false };
    let now = incoming.received_at;
    let Some(board) = node.board_at_once().filter(|board| node.is_settled(board)) else { return false };
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
    receive_ahead(store, node, mint, calls)?.map_or(Ok(()), |landing| landing.land(node))
}

/// As [`receive`], but comes back before the sync: nobody may be answered before it has landed. None if there was no call.
pub fn receive_ahead(store: &Store, node: &Node, mint: &mut Mint, calls: &[Incoming]) -> Result<Option<Landing>, Halt> {
    let Some(now) = calls.iter().map(|call| call.received_at).max() else { return Ok(None) };
    let mut moment = Moment::new(now, actor(calls), mint);
    let ((), landing) = board::turn_ahead(store, node, Pace::Bulk, &mut moment, |turn| {
        for call in calls {
            if call.format == watch::CHANNEL {
                watch::receive(turn, call)?;
            } else {
                receive_one(turn, call)?;
            }
        }
        Ok(())
    })?;
    Ok(Some(landing))
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
    let now = turn.moment.now;
    if turn.entry.is_none() {
        // Before the ids of the alerts that begin in it: they are found by that.
        turn.entry = Some(Draft::new(turn.moment.mint.id(now)));
    }
    let Some((signal, offset)) = turn.entry.as_ref().map(|entry| (entry.id, entry.count())) else { return Ok(()) };
    let (integration, signals) = (&call.integration, &call.signals[..]);
    let arrival = Arrival { integration, signal, offset, signals, repeats: call.repeats, now };
    let before = told_of(turn);
    pipeline::receive(&mut turn.board, &turn.rules, &arrival, turn.moment.mint, &mut turn.effects);
    // A call that told nothing new need not be kept: replaying it would change nothing.
    if told_of(turn) != before
        && let Some(entry) = &mut turn.entry
    {
        entry.add(&Received {
            integration,
            received_at: call.received_at,
            format: call.format,
            count: u32::try_from(signals.len()).unwrap_or(u32::MAX),
            body: call.packed(),
        })?;
    }
    Ok(())
}

fn told_of(turn: &Turn<'_, '_>) -> (usize, usize, usize) {
    (turn.effects.fired.len(), turn.effects.updated.len(), turn.effects.resolved.len())
}

/// An entry of the log. A call is read when it is first asked for.
#[derive(Debug, Default)]
pub struct Entry {
    calls: Vec<(store::signals::Call, OnceCell<Vec<Signal>>)>,
}

/// What an entry of the log tells of one alert.
#[derive(Clone, Debug, Default)]
pub struct Particulars {
    pub labels: Labels,
    pub annotations: Labels,
    pub link: Option<String>,
}

/// What calls of one entry tell of one alert; nothing, if the log was cut. For whoever asks once: the rest is not read.
pub fn particulars(calls: &[store::signals::Call], position: u32) -> Result<Particulars, Error> {
    let Some((call, place)) = call_of(calls, position) else { return Ok(Particulars::default()) };
    let signal = signals::nth(&call.body, place).map_err(|_| unreadable())?;
    Ok(signal.map(|signal| Particulars::of(&signal, call)).unwrap_or_default())
}

/// In which of the calls of an entry an alert stands, and at which place of it.
pub fn call_of(calls: &[store::signals::Call], position: u32) -> Option<(&store::signals::Call, u32)> {
    let mut place = position;
    for call in calls {
        if place < call.count {
            return Some((call, place));
        }
        place -= call.count;
    }
    None
}

impl Particulars {
    fn of(signal: &Signal, call: &store::signals::Call) -> Self {
        Self {
            labels: signal.labels.clone(),
            annotations: signal.annotations(&call.body).unwrap_or_default(),
            link: signal.link.as_deref().map(str::to_owned),
        }
    }
}

/// An entry of the log; an empty one, if the log was cut.
pub fn entry(tx: &mut Tx<'_>, id: SignalId) -> Result<Entry, Error> {
    let calls = store::signals::get(tx, id)?.map_or_else(Vec::new, |entry| entry.calls);
    Ok(Entry { calls: calls.into_iter().map(|call| (call, OnceCell::new())).collect() })
}

impl Entry {
    /// The labels of every alert, in order.
    pub fn into_labels(self) -> Result<Vec<Labels>, Error> {
        let mut labels = Vec::new();
        for (call, _) in &self.calls {
            labels.extend(read(call)?.into_iter().map(|signal| signal.labels));
        }
        Ok(labels)
    }

    /// What it tells of one alert; nothing, if the log was cut.
    pub fn particulars(&self, position: u32) -> Result<Particulars, Error> {
        let mut place = position;
        for (call, signals) in &self.calls {
            if place >= call.count {
                place -= call.count;
                continue;
            }
            if signals.get().is_none() {
                _ = signals.set(read(call)?);
            }
            let Some(signal) = signals.get().and_then(|signals| signals.get(place as usize)) else { break };
            return Ok(Particulars::of(signal, call));
        }
        Ok(Particulars::default())
    }
}

fn read(call: &store::signals::Call) -> Result<Vec<Signal>, Error> {
    signals::read(&call.body, &[]).map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::corrupt("a body in the signals log does not read")
}
