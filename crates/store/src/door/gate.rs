//! The gate before SQLite's single writer: one at a time, and bulk gives way. A page that wants to be
//! written never queues behind ingest, only behind the one batch that is being written.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use super::Error;

/// Which queue to stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Ordinary,
    /// Waits while anyone ordinary waits.
    Bulk,
}

#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    ordinary: Condvar,
    bulk: Condvar,
}

#[derive(Default)]
struct State {
    inside: Option<ThreadId>,
    ordinary_waiting: usize,
}

impl Gate {
    /// Waits for its turn. The turn ends when the answer is dropped.
    pub(super) fn enter(&self, pace: Pace) -> Result<Turn<'_>, Error> {
        let me = std::thread::current().id();
        let mut state = self.lock();
        if state.inside == Some(me) {
            return Err(Error::other("a transaction was opened inside a transaction"));
        }
        if pace == Pace::Ordinary {
            state.ordinary_waiting += 1;
            state =
                self.ordinary.wait_while(state, |state| state.inside.is_some()).unwrap_or_else(PoisonError::into_inner);
            state.ordinary_waiting -= 1;
        } else {
            state = self
                .bulk
                .wait_while(state, |state| state.inside.is_some() || state.ordinary_waiting > 0)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.inside = Some(me);
        Ok(Turn(self))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to write, for as long as it lives.
pub(super) struct Turn<'a>(&'a Gate);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.inside = None;
        let next = if state.ordinary_waiting > 0 { &self.0.ordinary } else { &self.0.bulk };
        drop(state);
        next.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    #[test]
    fn bulk_gives_way_to_the_ordinary() {
        let gate = Arc::new(Gate::default());
        let (said, heard) = mpsc::channel();
        let turn = gate.enter(Pace::Bulk).unwrap();
        let mut threads = Vec::new();
        // Three of bulk queue up first, then two of the ordinary.
        for (pace, count) in [(Pace::Bulk, 3), (Pace::Ordinary, 2)] {
            for _ in 0..count {
                let (gate, said) = (gate.clone(), said.clone());
                threads.push(std::thread::spawn(move || {
                    let _turn = gate.enter(pace).unwrap();
                    said.send(pace).unwrap();
                }));
            }
            while pace == Pace::Ordinary && gate.lock().ordinary_waiting < count {
                std::thread::yield_now();
            }
        }
        assert!(heard.recv_timeout(Duration::from_millis(20)).is_err(), "someone went past the closed gate");
        drop(turn);
        let order: Vec<Pace> = heard.iter().take(5).collect();
        assert_eq!(order[..2], [Pace::Ordinary, Pace::Ordinary], "{order:?}");
        for thread in threads {
            thread.join().unwrap();
        }
    }

    #[test]
    fn a_turn_inside_a_turn_is_refused_not_waited_for() {
        let gate = Gate::default();
        let _turn = gate.enter(Pace::Ordinary).unwrap();
        assert!(gate.enter(Pace::Bulk).is_err());
    }
}
