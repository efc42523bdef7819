//! The intake: one writer gathers the calls that wait and receives them together, so that they share one sync.
//!
//! While one transaction goes to the disk, what has piled up meanwhile is the next one. Whoever comes alone is received
//! at once; where many came together a moment ago, the next wait a moment for company.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use domain::words::{Mint, Refusal, RefusalKind};
use store::{Halt, Store};

use super::signals::{Incoming, heard_before, receive_ahead};
use crate::Node;
use crate::board::Landing;

/// Called with what became of the call, once it is on the disk.
pub type Answer = Box<dyn FnOnce(Result<(), Halt>) + Send>;

/// The door to the intake, for any number of callers.
#[derive(Clone)]
pub struct Intake {
    node: Arc<Node>,
    door: Arc<Door>,
}

/// The other end: what the writer's thread runs.
pub struct Writer {
    store: Store,
    node: Arc<Node>,
    queue: Arc<Queue>,
}

type Waiting = (Incoming, Answer);

/// Calls that wait. Small ones, which may well be what somebody is to be paged for, do not wait behind a flood of large
/// ones: where both wait, they take turns. Calls that wait at the same time have no order among themselves: none of
/// their senders has been answered.
#[derive(Default)]
struct Queue {
    calls: Mutex<Calls>,
    called: Condvar,
}

#[derive(Default)]
struct Calls {
    small: VecDeque<Waiting>,
    large: VecDeque<Waiting>,
    /// Large ones are next, if any wait.
    large_next: bool,
    closed: bool,
    /// How many calls were received together the last time.
    company: usize,
    /// The writer is to be woken once so many wait.
    wanted: usize,
}

impl Calls {
    fn len(&self) -> usize {
        self.small.len() + self.large.len()
    }
}

/// Once it is gone nobody can hand anything in.
struct Door(Arc<Queue>);

impl Drop for Door {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.called.notify_one();
    }
}

/// How many calls may wait. More than that is answered with "later".
const WAITING_MOST: usize = 4096;

/// A call of so many alerts is a small one.
const SMALL: usize = 8;

/// For so long a call waits for others at most. A transaction costs about as much as receiving ten of them.
const GATHERED_FOR: Duration = Duration::from_millis(1);

/// So many transactions may be on their way to the disk at once.
const LANDING_MOST: usize = 4;

/// How many alerts are received in one transaction, unless a single call brings more. Fewer means that a page waits less
/// behind them, more that the sync is shared by more.
const ALERTS_AT_ONCE: usize = 1024;

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the call back if too many wait already, or nobody receives any more.
    fn put(&self, call: Waiting) -> Option<Waiting> {
        let mut calls = self.lock();
        if calls.closed || calls.len() >= WAITING_MOST {
            return Some(call);
        }
        let queue = if call.0.signals.len() <= SMALL { &mut calls.small } else { &mut calls.large };
        queue.push_back(call);
        let wanted = calls.len() >= calls.wanted;
        drop(calls);
        if wanted {
            self.called.notify_one();
        }
        None
    }

    fn is_empty(&self) -> bool {
        self.lock().len() == 0
    }

    /// The calls of the next transaction, as soon as there are any; nothing once the door is gone.
    fn take(&self) -> (Vec<Incoming>, Vec<Answer>) {
        let mut calls = self.lock();
        calls.wanted = 1;
        let mut calls = self.wait(calls, None);
        // Not all of them come again at the same time.
        calls.wanted = (calls.company * 3 / 4).max(1);
        let mut calls = self.wait(calls, Some(GATHERED_FOR));
        let large = calls.small.is_empty() || (calls.large_next && !calls.large.is_empty());
        calls.large_next = !large;
        let queue = if large { &mut calls.large } else { &mut calls.small };
        let mut alerts = 0;
        let mut count = 0;
        for (incoming, _) in queue.iter() {
            alerts += incoming.signals.len();
            if count > 0 && alerts > ALERTS_AT_ONCE {
                break;
            }
            count += 1;
        }
        let taken = queue.drain(..count).unzip();
        calls.company = count;
        taken
    }

    /// Waits until as many wait as are wanted.
    fn wait<'a>(&self, calls: MutexGuard<'a, Calls>, at_most: Option<Duration>) -> MutexGuard<'a, Calls> {
        let few = |calls: &mut Calls| calls.len() < calls.wanted && !calls.closed;
        match at_most {
            None => self.called.wait_while(calls, few).unwrap_or_else(PoisonError::into_inner),
            Some(time) => self.called.wait_timeout_while(calls, time, few).unwrap_or_else(PoisonError::into_inner).0,
        }
    }
}

pub fn intake(store: &Store, node: &Arc<Node>) -> (Intake, Writer) {
    let queue = Arc::new(Queue::default());
    let intake = Intake { node: node.clone(), door: Arc::new(Door(queue.clone())) };
    (intake, Writer { store: store.clone(), node: node.clone(), queue })
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
        if let Some((_, answer)) = self.door.0.put((incoming, answer)) {
            answer(Err(Refusal::new(
                RefusalKind::TooMany,
                "too many calls wait already, or the intake has stopped; try again",
            )
            .into()));
        }
    }
}

impl Writer {
    /// Receives until every door to the intake is gone.
    pub fn run(self, mut mint: Mint) {
        let (hand, handed) = sync_channel(LANDING_MOST);
        thread::scope(|threads| {
            threads.spawn(|| self.land(handed));
            loop {
                let (calls, answers) = self.queue.take();
                if calls.is_empty() {
                    break;
                }
                match receive_ahead(&self.store, &self.node, &mut mint, &calls) {
                    // Somebody waits already: another thread waits for the disk.
                    Ok(Some(landing)) if !self.queue.is_empty() => {
                        hand.send(Flight { landing, calls, answers }).expect("it receives until we are done");
                    }
                    Ok(landing) => {
                        let landed = landing.map_or(Ok(()), |landing| landing.land(&self.node));
                        tell(answers, &landed);
                    }
                    Err(halt) => tell(answers, &Err(halt)),
                }
            }
            drop(hand);
        });
    }

    /// Waits for the disk, and answers.
    fn land(&self, handed: Receiver<Flight>) {
        for Flight { landing, calls, answers } in handed {
            tell(answers, &landing.land(&self.node));
            drop(calls);
        }
    }
}

/// Calls that were received, until they are on the disk.
struct Flight {
    landing: Landing,
    /// Letting go of thousands of alerts takes a while: not on the writer's thread.
    calls: Vec<Incoming>,
    answers: Vec<Answer>,
}

fn tell(answers: Vec<Answer>, outcome: &Result<(), Halt>) {
    if let Err(Halt::Failed(error)) = outcome {
        tracing::error!(%error, calls = answers.len(), "signals could not be received; their senders were told");
    }
    for answer in answers {
        answer(outcome.clone());
    }
}

/// However it ends: whoever waits is told, and nobody waits in vain from now on.
impl Drop for Writer {
    fn drop(&mut self) {
        let mut calls = self.queue.lock();
        calls.closed = true;
        let (small, large) = (std::mem::take(&mut calls.small), std::mem::take(&mut calls.large));
        drop(calls);
        for (_, answer) in small.into_iter().chain(large) {
            answer(Err(store::Error::unavailable("the intake has stopped").into()));
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use domain::detect::signals::Told;
    use domain::words::{Labels, Timestamp};

    use super::*;

    fn call(alerts: usize) -> Incoming {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let told = |n: usize| Told {
            labels: Labels::from_pairs([("alertname", format!("a{n}"))]),
            annotations: Labels::default(),
            starts_at: Some(now),
            ends_at: None,
            link: None,
            key: None,
        };
        let told: Vec<Told> = (0..alerts).map(told).collect();
        Incoming::told("prom".parse().unwrap(), "alertmanager-v2", &told, true, now).unwrap()
    }

    fn sizes(queue: &Queue) -> Vec<usize> {
        queue.take().0.iter().map(|call| call.signals.len()).collect()
    }

    #[test]
    fn small_calls_and_large_ones_take_turns_and_a_transaction_has_an_end() {
        let queue = Queue::default();
        for alerts in [1000, 10, 20, 1, 5000, 2] {
            assert!(queue.put((call(alerts), Box::new(|_| ()))).is_none());
        }
        assert_eq!(sizes(&queue), [1, 2]);
        assert!(queue.put((call(3), Box::new(|_| ()))).is_none());
        assert_eq!(sizes(&queue), [1000, 10]);
        assert_eq!(sizes(&queue), [3]);
        assert_eq!(sizes(&queue), [20]);
        assert_eq!(sizes(&queue), [5000], "what comes in one call is received in one transaction");
    }

    #[test]
    fn who_waits_is_told_when_nobody_receives_any_more() {
        let store = Store::open(&store::Place::Memory).unwrap();
        let link_key = domain::engage::links::LinkKey::new([7; 32]);
        let identity = crate::node::Identity { name: "n".into(), public_url: "https://a.example".into(), link_key };
        let (intake, writer) = intake(&store, &Arc::new(Node::alone(identity)));
        let (said, heard) = mpsc::channel();
        let ask = |intake: &Intake| {
            let said = said.clone();
            intake.submit(call(1), Box::new(move |outcome| said.send(outcome.is_err()).unwrap()));
        };
        ask(&intake);
        assert!(heard.try_recv().is_err(), "nobody has received it yet");
        drop(writer);
        assert!(heard.recv().unwrap());
        ask(&intake);
        assert!(heard.recv().unwrap());
    }
}
