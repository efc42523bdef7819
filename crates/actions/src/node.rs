//! A node: what one process keeps in memory, and may lose at any moment.
//!
//! The board, the catalog and the rules made of it. All of it is read again from the store when it is behind.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use domain::detect::board::Board;
use domain::detect::rules::Rules;
use domain::engage::links::LinkKey;
use store::{Error, Tx};

use crate::change::flags::Flags;
use crate::engage::compose::Material;
use crate::learn::pins::Verdicts;
use crate::learn::search::Search;
use crate::prepare::catalog::Cache;

/// What a process needs to be told to be a node.
#[derive(Clone)]
pub struct Identity {
    /// Unlike that of any other node of the same store: who holds a lease.
    pub name: String,
    /// Where people reach us: `https://allclear.example.org`, without a slash at the end.
    pub public_url: String,
    /// Signs the links in messages.
    pub link_key: LinkKey,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.public_url)
    }
}

/// One process.
pub struct Node {
    pub identity: Identity,
    alone: bool,
    board: RwLock<Board>,
    /// The version of the board that is known to be in the store.
    settled: AtomicI64,
    cache: Cache,
    flags: Arc<Flags>,
    search: Search,
    verdicts: Verdicts,
    rules: Mutex<Option<Arc<Rules>>>,
    /// Where messages go that were queued and claimed in one transaction, once it is committed.
    outlet: Mutex<Option<Outlet>>,
}

type Outlet = Box<dyn Fn(Vec<Material>) + Send>;

impl Node {
    /// A node that shares its store with others, or may.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            alone: false,
            board: RwLock::default(),
            settled: AtomicI64::new(-1),
            cache: Cache::default(),
            flags: Arc::default(),
            search: Search::default(),
            verdicts: Verdicts::default(),
            rules: Mutex::default(),
            outlet: Mutex::default(),
        }
    }

    /// The only node of its store: what this one has not heard, nobody has.
    pub fn alone(identity: Identity) -> Self {
        Self { alone: true, ..Self::new(identity) }
    }

    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// The rules in force, in this transaction.
    pub fn rules(&self, tx: &mut Tx<'_>) -> Result<Arc<Rules>, Error> {
        let catalog = crate::prepare::catalog::catalog(tx, &self.cache)?;
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        match &*rules {
            Some(rules) if Arc::ptr_eq(&rules.catalog, &catalog) => Ok(rules.clone()),
            _ => Ok(rules.insert(Arc::new(Rules::new(catalog))).clone()),
        }
    }

    /// The rules as this node last used them, without asking the store: for a first look.
    pub fn last_rules(&self) -> Option<Arc<Rules>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The flags as this node serves them.
    pub fn flags(&self) -> &Arc<Flags> {
        &self.flags
    }

    /// What this node finds things with.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// What replays said of pins, as far as this node played them.
    pub fn verdicts(&self) -> &Verdicts {
        &self.verdicts
    }

    /// The board as this node last saw it.
    pub fn board(&self) -> RwLockReadGuard<'_, Board> {
        self.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, unless it is being changed right now: for those who must not wait.
    pub fn board_at_once(&self) -> Option<RwLockReadGuard<'_, Board>> {
        match self.board.try_read() {
            Ok(board) => Some(board),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn board_mut(&self) -> RwLockWriteGuard<'_, Board> {
        self.board.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything on this board is in the store.
    pub fn is_settled(&self, board: &Board) -> bool {
        board.version == Some(self.settled.load(Ordering::Acquire))
    }

    pub(crate) fn set_settled(&self, version: i64) {
        self.settled.fetch_max(version, Ordering::Release);
    }

    /// Where to hand what is to be sent at once. Without it they are sent when their lease ran out.
    pub fn set_outlet(&self, outlet: impl Fn(Vec<Material>) + Send + 'static) {
        *self.outlet.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(outlet));
    }

    pub(crate) fn hand_over(&self, born: Vec<Material>) {
        if born.is_empty() {
            return;
        }
        if let Some(outlet) = &*self.outlet.lock().unwrap_or_else(PoisonError::into_inner) {
            outlet(born);
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.identity, f)
    }
}
