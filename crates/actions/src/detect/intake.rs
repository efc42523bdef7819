//! The intake: one writer gathers the calls that wait and receives them together, so that they share one sync.
//!
//! It waits for nobody: what piled up while the last transaction went to the disk is the next one.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use domain::words::{Mint, Refusal, RefusalKind};
use store::{Halt, Store};

use super::signals::{Incoming, heard_before, receive};
use crate::Node;

/// Called with what became of the call, once it is on the disk.
pub type Answer = Box<dyn FnOnce(Result<(), Halt>) + Send>;

/// The door to the intake, for any number of callers.
#[derive(Clone)]
pub struct Intake {
    node: Arc<Node>,
    queue: SyncSender<(Incoming, Answer)>,
}

/// The other end: what the writer's thread runs.
pub struct Writer {
    store: Store,
    node: Arc<Node>,
    queue: Receiver<(Incoming, Answer)>,
}

/// How many calls may wait. More than that is answered with "later".
const WAITING_MOST: usize = 4096;

/// How many alerts are received in one transaction. Fewer means that a page waits less behind them, more that the
/// sync is shared by more.
const ALERTS_AT_ONCE: usize = 2048;

pub fn intake(store: &Store, node: &Arc<Node>) -> (Intake, Writer) {
    let (sender, receiver) = sync_channel(WAITING_MOST);
    let intake = Intake { node: node.clone(), queue: sender };
    (intake, Writer { store: store.clone(), node: node.clone(), queue: receiver })
}

impl Intake {
    /// Hands a call in. The answer comes when it is durable; at once if nothing in it is new.
    pub fn submit(&self, incoming: Incoming, answer: Answer) {
        if incoming.signals.is_empty() || heard_before(&self.node, &incoming) {
            return answer(Ok(()));
        }
        if let Err(refused) = domain::detect::pipeline::check(&incoming.signals, &incoming.body) {
            return answer(Err(refused.into()));
        }
        // Here, on one of many threads, rather than on the writer's.
        incoming.packed();
        if let Err(error) = self.queue.try_send((incoming, answer)) {
            let (std::sync::mpsc::TrySendError::Full((_, answer))
            | std::sync::mpsc::TrySendError::Disconnected((_, answer))) = error;
            answer(Err(Refusal::new(RefusalKind::TooMany, "too many calls wait already; try again").into()));
        }
    }
}

impl Writer {
    /// Receives until every door to the intake is gone.
    pub fn run(self, mut mint: Mint) {
        let mut next = self.queue.recv().ok();
        while let Some(first) = next.take() {
            let mut alerts = first.0.signals.len();
            let (mut calls, mut answers) = (vec![first.0], vec![first.1]);
            while alerts < ALERTS_AT_ONCE {
                let Ok((incoming, answer)) = self.queue.try_recv() else { break };
                if alerts + incoming.signals.len() > ALERTS_AT_ONCE {
                    next = Some((incoming, answer));
                    break;
                }
                alerts += incoming.signals.len();
                calls.push(incoming);
                answers.push(answer);
            }
            let outcome = receive(&self.store, &self.node, &mut mint, &calls);
            if let Err(Halt::Failed(error)) = &outcome {
                tracing::error!(%error, calls = calls.len(), "signals could not be received; their senders were told");
            }
            for answer in answers {
                answer(outcome.clone());
            }
            if next.is_none() {
                next = self.queue.recv().ok();
            }
        }
    }
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Intake")
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}
