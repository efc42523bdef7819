//! A world: one store, a few nodes over it, a clock that jumps to whatever is due next, and channels that play a part.
//!
//! The acts, the clockwork, the courier and the store are the real ones. It knows nothing of stories: they are played
//! in it.

use std::sync::{Arc, Mutex, PoisonError};

use actions::change::{preflights, rollbacks};
use actions::courier::{self, Claimed};
use actions::learn::digests;
use actions::learn::trackers as tracked;
use actions::node::Identity;
use actions::{Halt, Moment, Node, clockwork};
use domain::change::rollback_plans::Answer;
use domain::engage::deliveries::Outcome;
use domain::engage::links::LinkKey;
use domain::words::{Actor, DeliveryId, Mint, Name, PageId, Span, Timestamp};
use jiff::SignedDuration;
use store::{Place, Store, outbox};

use crate::Trouble;
use crate::adapters::Adapters;
use crate::channels::Channels;
use crate::trackers::Trackers;

/// One process of the world, alive or dead.
#[derive(Debug)]
pub struct Post {
    pub name: String,
    node: Option<Node>,
    mint: Mint,
    /// How far its clock is ahead of true time.
    pub ahead: SignedDuration,
    /// How often it was started.
    starts: u64,
    /// It dies the next time it should send something.
    dies_before_sending: bool,
}

impl Post {
    pub fn node(&self) -> Option<&Node> {
        self.node.as_ref()
    }

    /// What its clock shows.
    pub fn local(&self, at: Timestamp) -> Timestamp {
        at.saturating_add(self.ahead).unwrap_or(at)
    }

    fn true_time(&self, local: Timestamp) -> Timestamp {
        local.saturating_sub(self.ahead).unwrap_or(local)
    }
}

/// A message that somebody got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub at: Timestamp,
    pub delivery: DeliveryId,
    pub page: Option<PageId>,
    pub person: Option<Name>,
    pub channel: String,
    pub contact: String,
    pub subject: String,
    /// The step that told it; 0 tells of the end.
    pub step: u32,
    pub attempt: u32,
    /// It says that it may have come before.
    pub repeat: bool,
}

/// An attempt, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub at: Timestamp,
    pub node: String,
    pub arrival: Arrival,
    pub arrived: bool,
    /// Why the page told this person.
    pub because: String,
    pub outcome: Outcome,
    /// When it is tried again, if it is; filled in when it is settled.
    pub again_at: Option<Timestamp>,
    /// Settling it was refused: another node had claimed it since.
    pub stale: bool,
    /// The answer takes longer than an instant.
    pub pending: bool,
    pub repeat_of: Option<Timestamp>,
}

/// A message whose answer has not come yet.
#[derive(Debug)]
struct Flight {
    lands_at: Timestamp,
    post: usize,
    starts: u64,
    claimed: Claimed,
    outcome: Outcome,
    attempt: Attempt,
}

/// What a world did that is not in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Attempted(Box<Attempt>),
    /// The answer came at last.
    Settled(Box<Attempt>),
    Died {
        node: String,
        at: Timestamp,
        unsent: usize,
    },
    Started {
        node: String,
        at: Timestamp,
    },
    /// A node that lived could not do what was due.
    Failed {
        node: String,
        at: Timestamp,
        why: String,
    },
}

/// What happens at the next write.
pub use store::door::Mishap;

/// The world.
pub struct World {
    pub store: Store,
    pub channels: Channels,
    pub adapters: Adapters,
    pub trackers: Trackers,
    /// Everybody is told of their week.
    pub digests: bool,
    now: Timestamp,
    posts: Vec<Post>,
    alone: bool,
    handed_over: Arc<Mutex<Vec<(usize, Claimed)>>>,
    in_flight: Vec<Flight>,
    deeds: Vec<(i64, Deed)>,
    seed: u64,
    /// How many messages died with their node, or were still unanswered when it died.
    pub lost_with_nodes: u64,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World at {}", self.now)
    }
}

/// How often a node may find something due at one and the same instant.
const ROUNDS_MOST: u32 = 200;

impl World {
    /// An empty world with a store of its own in memory.
    pub fn new(seed: u64, now: Timestamp) -> Result<Self, Trouble> {
        Ok(Self::over(Store::open(&Place::Memory)?, seed, now))
    }

    /// A world over a store.
    pub fn over(store: Store, seed: u64, now: Timestamp) -> Self {
        Self {
            store,
            channels: Channels::default(),
            adapters: Adapters::default(),
            trackers: Trackers::default(),
            digests: false,
            now,
            posts: Vec::new(),
            alone: false,
            handed_over: Arc::default(),
            in_flight: Vec::new(),
            deeds: Vec::new(),
            seed,
            lost_with_nodes: 0,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn posts(&self) -> &[Post] {
        &self.posts
    }

    /// The place of a node by its name.
    pub fn post(&self, name: &str) -> Option<usize> {
        self.posts.iter().position(|post| post.name == name)
    }

    pub fn set_ahead(&mut self, place: usize, ahead: SignedDuration) {
        if let Some(post) = self.posts.get_mut(place) {
            post.ahead = ahead;
        }
    }

    /// Nodes join, alive.
    pub fn add_nodes(&mut self, nodes: &[(String, SignedDuration)]) {
        self.alone = nodes.len() == 1 && !self.store.is_postgres();
        for (name, ahead) in nodes {
            self.add_node(name, *ahead);
        }
    }

    fn add_node(&mut self, name: &str, ahead: SignedDuration) {
        let place = self.posts.len();
        self.posts.push(Post {
            name: name.to_owned(),
            node: None,
            mint: Mint::seeded(0),
            ahead,
            starts: 0,
            dies_before_sending: false,
        });
        self.start(place);
    }

    /// A node starts (again): it knows nothing but what is in the store.
    pub fn start(&mut self, place: usize) {
        let (handed_over, now, seed) = (self.handed_over.clone(), self.now, self.seed);
        let Some(post) = self.posts.get_mut(place) else { return };
        if post.node.is_some() {
            return;
        }
        post.starts += 1;
        post.dies_before_sending = false;
        // A mint of its own for each start: what it mints must not collide with what it minted before.
        post.mint = Mint::seeded(seed.wrapping_mul(1_000_003) + (place as u64) * 1009 + post.starts);
        let identity = Identity {
            name: format!("{}-{}", post.name, post.starts),
            public_url: "https://allclear.example.org".into(),
            link_key: LinkKey::new([7; 32]),
        };
        let node = if self.alone { Node::alone(identity.clone()) } else { Node::new(identity.clone()) };
        node.set_outlet(move |born| {
            let mut waiting = handed_over.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.extend(born.iter().map(|one| (place, Claimed::born(&identity, one))));
        });
        post.node = Some(node);
        if post.starts > 1 {
            let deed = Deed::Started { node: post.name.clone(), at: now };
            self.note(deed);
        }
    }

    /// A node dies: what it had not sent or not heard back about is left to others.
    pub fn kill(&mut self, place: usize) {
        let Some(post) = self.posts.get_mut(place) else { return };
        if post.node.take().is_none() {
            return;
        }
        let flights = self.in_flight.iter().filter(|flight| flight.post == place).count();
        let mut waiting = self.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
        let unsent = waiting.iter().filter(|(post, _)| *post == place).count();
        waiting.retain(|(post, _)| *post != place);
        drop(waiting);
        self.in_flight.retain(|flight| flight.post != place);
        self.lost_with_nodes += (unsent + flights) as u64;
        self.note(Deed::Died { node: self.posts[place].name.clone(), at: self.now, unsent: unsent + flights });
    }

    fn note(&mut self, deed: Deed) {
        let last = last_entry(&self.store).unwrap_or(0);
        self.deeds.push((last, deed));
    }

    /// A node will die the next time it has something to send.
    pub fn kill_before_sending(&mut self, place: usize) {
        if let Some(post) = self.posts.get_mut(place) {
            post.dies_before_sending = true;
        }
    }

    /// What was done since this was asked last, each with the last entry of the journal before it.
    pub fn take_deeds(&mut self) -> Vec<(i64, Deed)> {
        std::mem::take(&mut self.deeds)
    }

    /// Arranges for the next write to go wrong.
    pub fn arrange(&self, mishap: Mishap) {
        self.store.arrange(mishap);
    }

    /// Somebody acts, at a node that lives (the first, unless told); then what that gave to say is sent.
    pub fn act<T>(
        &mut self,
        place: Option<usize>,
        actor: &Actor,
        act: impl FnOnce(&Store, &Node, &mut Moment<'_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        let alive = |place: &usize| self.posts.get(*place).is_some_and(|post| post.node.is_some());
        let place = place.filter(alive).or_else(|| (0..self.posts.len()).find(alive));
        let nobody = || store::Error::unavailable("connection refused: no node is up");
        let post = place.and_then(|place| self.posts.get_mut(place)).ok_or_else(nobody)?;
        let now = post.local(self.now);
        let Some(node) = &post.node else { return Err(nobody().into()) };
        let mut moment = Moment::new(now, actor.clone(), &mut post.mint);
        let answer = act(&self.store, node, &mut moment);
        self.send_what_was_handed_over()?;
        answer
    }

    /// When something is due next, in true time, if anybody is alive to do it.
    pub fn next_due(&self) -> Result<Option<Timestamp>, Halt> {
        let adapters =
            [rollbacks::next_due(&self.store)?, preflights::next_due(&self.store)?, tracked::next_due(&self.store)?];
        let adapters = adapters.into_iter().flatten().min();
        let mut next = self.in_flight.iter().map(|flight| flight.lands_at).min();
        for post in &self.posts {
            let Some(node) = &post.node else { continue };
            let due = [
                clockwork::next_due(&self.store, node, post.local(self.now))?,
                courier::next_due(&self.store, node, &courier::at_once)?,
                adapters,
                if self.digests { digests::next_due(&self.store, node, post.local(self.now))? } else { None },
            ];
            let due = due.into_iter().flatten().min().map(|due| post.true_time(due));
            next = next.into_iter().chain(due).min();
        }
        Ok(next)
    }

    /// Lets time pass until then; everything that is due on the way is done when it is due.
    pub fn run_until(&mut self, until: Timestamp) -> Result<(), Trouble> {
        let mut next = self.next_due()?;
        while let Some(due) = next.filter(|due| *due <= until) {
            self.now = self.now.max(due);
            next = self.do_what_is_due()?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// Goes on to the next instant at which something is due, if that is not after `until`. False: there is none.
    pub fn run_one(&mut self, until: Timestamp) -> Result<bool, Trouble> {
        let Some(due) = self.next_due()?.filter(|due| *due <= until) else {
            self.now = self.now.max(until);
            return Ok(false);
        };
        self.now = self.now.max(due);
        self.do_what_is_due()?;
        Ok(true)
    }

    /// Everything that is due now, until nothing is. Answers when something is due next.
    pub fn do_what_is_due(&mut self) -> Result<Option<Timestamp>, Trouble> {
        for _ in 0..ROUNDS_MOST {
            self.land_flights()?;
            for place in 0..self.posts.len() {
                self.turn_the_clock(place)?;
                self.take_back(place);
            }
            let next = self.next_due()?;
            if next.is_none_or(|due| due > self.now) {
                return Ok(next);
            }
        }
        Err(Trouble::Stuck(format!("something is due at {} and never gets done", self.now)))
    }

    fn turn_the_clock(&mut self, place: usize) -> Result<(), Trouble> {
        let post = &mut self.posts[place];
        let now = post.local(self.now);
        let Some(node) = &post.node else { return Ok(()) };
        if self.digests
            && let Err(halt) = digests::keep_time(&self.store, node, &mut post.mint, now)
        {
            self.note_failure(place, &halt);
        }
        let post = &mut self.posts[place];
        let Some(node) = &post.node else { return Ok(()) };
        if let Err(halt) = clockwork::tick(&self.store, node, &mut post.mint, now) {
            self.note_failure(place, &halt);
        }
        self.send_what_was_handed_over()?;
        let post = &self.posts[place];
        let Some(node) = &post.node else { return Ok(()) };
        match courier::claim(&self.store, node, now, &courier::at_once) {
            Ok(claimed) => {
                let mut waiting = self.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
                waiting.extend(claimed.into_iter().map(|one| (place, one)));
            }
            Err(halt) => self.note_failure(place, &halt),
        }
        self.send_what_was_handed_over()?;
        Ok(())
    }

    /// What is to be asked of rollback adapters and trackers, and told to them, by this node.
    fn take_back(&mut self, place: usize) {
        let now = self.posts[place].local(self.now);
        for done in [self.answer_adapters(place, now), self.ask_trackers(place, now)] {
            if let Err(halt) = done {
                self.note_failure(place, &halt);
            }
        }
    }

    fn ask_trackers(&mut self, place: usize, now: Timestamp) -> Result<(), Halt> {
        let post = &mut self.posts[place];
        let Some(node) = &post.node else { return Ok(()) };
        let taken = tracked::take_due(&self.store, node, now)?;
        if post.dies_before_sending && !taken.is_empty() {
            self.kill(place);
            return Ok(());
        }
        for due in taken {
            let came = self.trackers.work(&due.row.tracker, &due.deed);
            tracked::came(&self.store, &mut post.mint, &due, &came, now)?;
        }
        Ok(())
    }

    fn answer_adapters(&mut self, place: usize, now: Timestamp) -> Result<(), Halt> {
        let post = &mut self.posts[place];
        let Some(node) = &post.node else { return Ok(()) };
        for asked in preflights::take_due(&self.store, node, now)? {
            preflights::answered(&self.store, &asked, &self.adapters.preflight(), now)?;
        }
        let calls = rollbacks::take_due(&self.store, node, now)?;
        if post.dies_before_sending && calls.iter().any(|call| !call.only_ask) {
            self.kill(place);
            return Ok(());
        }
        for call in calls {
            if call.only_ask {
                let word = self.adapters.poll(call.run.run.id, self.now);
                rollbacks::heard(&self.store, node, &mut post.mint, &call, &word, now)?;
                continue;
            }
            match self.adapters.preflight() {
                Answer::Ready => {
                    let became = self.adapters.execute(call.run.run.id, self.now);
                    rollbacks::called(&self.store, node, &mut post.mint, &call, &became, now)?;
                }
                answer => rollbacks::not_able(&self.store, node, &mut post.mint, &call, &answer, now)?,
            }
        }
        Ok(())
    }

    fn note_failure(&mut self, place: usize, halt: &Halt) {
        let node = self.posts[place].name.clone();
        self.note(Deed::Failed { node, at: self.now, why: halt.to_string() });
    }

    fn send_what_was_handed_over(&mut self) -> Result<(), Halt> {
        loop {
            let all = std::mem::take(&mut *self.handed_over.lock().unwrap_or_else(PoisonError::into_inner));
            if all.is_empty() {
                return Ok(());
            }
            for (place, claimed) in all {
                if self.posts[place].dies_before_sending && self.posts[place].node.is_some() {
                    self.handed_over.lock().unwrap_or_else(PoisonError::into_inner).push((place, claimed));
                    self.kill(place);
                } else if self.posts[place].node.is_some() {
                    self.send(place, claimed)?;
                } else {
                    self.lost_with_nodes += 1;
                }
            }
        }
    }

    fn send(&mut self, place: usize, claimed: Claimed) -> Result<(), Halt> {
        let delivery = self.store.read(|tx| Ok(outbox::get(tx, claimed.id)?))?;
        let (person, page, contact, step, payload) = delivery.map_or_else(
            || (None, None, String::new(), 0, String::new()),
            |row| (row.person, row.page, row.contact, row.step, row.payload),
        );
        let treatment = self.channels.treat(&claimed.channel, person.as_ref());
        let because = serde_json::from_str::<serde_json::Value>(&payload).unwrap_or_default();
        let mut because = because["because"].as_str().unwrap_or_default().to_owned();
        if let Some(says) = claimed.message.data["memory"]["says"].as_str() {
            because = format!("{because}. {says}");
        }
        let arrival = Arrival {
            at: self.now,
            delivery: claimed.id,
            page,
            person,
            channel: claimed.channel.clone(),
            contact,
            subject: claimed.message.subject.clone(),
            step,
            attempt: claimed.attempt,
            repeat: claimed.message.repeat_of.is_some(),
        };
        let attempt = Attempt {
            at: self.now,
            node: self.posts[place].name.clone(),
            arrival,
            arrived: treatment.arrives,
            because,
            outcome: treatment.outcome.clone(),
            again_at: None,
            stale: false,
            pending: !treatment.takes.is_zero(),
            repeat_of: claimed.message.repeat_of,
        };
        let lands_at = treatment.takes.after(self.now);
        let starts = self.posts[place].starts;
        let flight = Flight { lands_at, post: place, starts, claimed, outcome: treatment.outcome, attempt };
        if flight.attempt.pending {
            self.note(Deed::Attempted(Box::new(flight.attempt.clone())));
            self.in_flight.push(flight);
            return Ok(());
        }
        let last = last_entry(&self.store)?;
        let settled = self.settle(flight);
        self.deeds.push((last, Deed::Attempted(Box::new(settled))));
        Ok(())
    }

    /// The node tells the store what became of a message.
    fn settle(&mut self, flight: Flight) -> Attempt {
        let mut attempt = flight.attempt;
        let post = &mut self.posts[flight.post];
        let now = post.local(self.now);
        match courier::settle(&self.store, &mut post.mint, &flight.claimed, &flight.outcome, now) {
            Ok(taken) => {
                attempt.stale = !taken;
                let over = taken && matches!(flight.outcome, Outcome::Sent { .. });
                let row = if over {
                    None
                } else {
                    self.store.read(|tx| Ok(outbox::get(tx, flight.claimed.id)?)).ok().flatten()
                };
                let again = row.filter(|row| row.state == outbox::State::Queued).map(|row| row.due_at);
                attempt.again_at = again.map(|at| self.posts[flight.post].true_time(at));
            }
            // As if the node had died: the lease runs out and somebody sends it again.
            Err(halt) => {
                self.lost_with_nodes += 1;
                self.note_failure(flight.post, &halt);
            }
        }
        attempt
    }

    fn land_flights(&mut self) -> Result<(), Trouble> {
        let now = self.now;
        let (landed, rest) = std::mem::take(&mut self.in_flight).into_iter().partition(|one| one.lands_at <= now);
        self.in_flight = rest;
        let landed: Vec<Flight> = landed;
        for flight in landed {
            let post = &self.posts[flight.post];
            if post.node.is_some() && post.starts == flight.starts {
                let last = last_entry(&self.store)?;
                let settled = self.settle(flight);
                self.deeds.push((last, Deed::Settled(Box::new(settled))));
            }
        }
        self.send_what_was_handed_over()?;
        Ok(())
    }

    /// How long the last message that is on its way takes to be answered.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How long ago something happened.
    pub fn since(&self, at: Timestamp) -> Span {
        Span::between(at, self.now)
    }
}

/// The number of the last entry of the journal. Where entries are numbered after their commit, that is done first.
pub fn last_entry(store: &Store) -> Result<i64, Halt> {
    if store.is_postgres() {
        while store.write(|tx| Ok(store::journal::number(tx, 500)?))? > 0 {}
    }
    store.read(|tx| Ok(store::journal::last(tx)?))
}
