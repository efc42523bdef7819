//! A few connections, lent one at a time. Made when first needed, given back when dropped.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Error, ErrorKind};

/// How long to wait for a connection before saying that the store is busy.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Pool<C> {
    state: Mutex<State<C>>,
    returned: Condvar,
    most: usize,
}

struct State<C> {
    idle: Vec<C>,
    /// Idle and lent.
    open: usize,
}

impl<C> Pool<C> {
    pub(super) fn new(most: usize) -> Self {
        Self { state: Mutex::new(State { idle: Vec::new(), open: 0 }), returned: Condvar::new(), most }
    }

    /// A connection: the one used last (its cache is warm), or a new one, or the next to come back.
    pub(super) fn lend(&self, make: impl FnOnce() -> Result<C, Error>) -> Result<Lent<'_, C>, Error> {
        let (mut state, wait) = self
            .returned
            .wait_timeout_while(self.lock(), PATIENCE, |state| state.idle.is_empty() && state.open >= self.most)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = state.idle.pop() {
            return Ok(Lent { pool: self, connection: Some(connection) });
        }
        if wait.timed_out() {
            return Err(Error::new(ErrorKind::Busy, "all connections to the database are in use"));
        }
        state.open += 1;
        drop(state);
        // From here the place is taken; `Lent` gives it back when there is no connection in it.
        let mut lent = Lent { pool: self, connection: None };
        lent.connection = Some(make()?);
        Ok(lent)
    }

    /// Takes all idle connections out, to be closed by the caller.
    pub(super) fn drain(&self) -> Vec<C> {
        let mut state = self.lock();
        let idle = std::mem::take(&mut state.idle);
        state.open -= idle.len();
        drop(state);
        self.returned.notify_all();
        idle
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan.
pub(super) struct Lent<'a, C> {
    pool: &'a Pool<C>,
    connection: Option<C>,
}

impl<C> Lent<'_, C> {
    /// Does not give it back: it is no longer fit.
    pub(super) fn discard(mut self) -> Option<C> {
        self.connection.take()
    }
}

impl<C> Drop for Lent<'_, C> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        match self.connection.take() {
            Some(connection) => state.idle.push(connection),
            None => state.open -= 1,
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}

impl<C> Deref for Lent<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection.as_ref().expect("lent until dropped")
    }
}

impl<C> DerefMut for Lent<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("lent until dropped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_made_when_needed_and_used_again() {
        let pool = Pool::new(2);
        let first = pool.lend(|| Ok(1)).unwrap();
        let second = pool.lend(|| Ok(2)).unwrap();
        drop(first);
        assert_eq!(*pool.lend(|| Ok(3)).unwrap(), 1);
        assert_eq!(second.discard(), Some(2));
        let again = pool.lend(|| Ok(4)).unwrap();
        let newest = pool.lend(|| Ok(5)).unwrap();
        assert_eq!((*again, *newest), (1, 5));
    }

    #[test]
    fn a_connection_that_cannot_be_made_leaves_its_place_free() {
        let pool = Pool::new(1);
        assert!(pool.lend(|| Err::<i32, _>(Error::unavailable("no"))).is_err());
        assert_eq!(*pool.lend(|| Ok(1)).unwrap(), 1);
    }

    #[test]
    fn whoever_waits_gets_the_one_that_comes_back() {
        let pool = Pool::new(1);
        let lent = pool.lend(|| Ok(7)).unwrap();
        std::thread::scope(|threads| {
            let waiting = threads.spawn(|| *pool.lend(|| Ok(8)).unwrap());
            drop(lent);
            assert_eq!(waiting.join().unwrap(), 7);
        });
    }
}
