//! Loops: turn the clockwork; carry messages to the channels; follow the journal; keep house. Each wakes at the next due
//! instant, and when the bell rings.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::change::flags;
use actions::courier::{self, Claimed};
use actions::detect::intake::Intake;
use actions::engage::compose::Material;
use actions::engage::watch as synthetic;
use actions::inform::outgoing_webhooks;
use actions::learn::search;
use actions::respond::chats;
use actions::{Node, clockwork, housekeeping, seals};
use domain::engage::deliveries::Outcome;
use domain::inform::outgoing_webhooks::of_channel;
use domain::words::{Mint, Span, Timestamp};
use store::{Halt, Store};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::spawn_blocking;

use crate::kept_flags::Keeper;

/// What the loops work with.
pub(crate) struct Rounds {
    pub(crate) store: Store,
    pub(crate) node: Arc<Node>,
    pub(crate) channels: channels::Channels,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) mint: Mint,
    /// How long what is over is kept.
    pub(crate) keep: Span,
    /// Keeps flags for a start without the database.
    pub(crate) keeper: Option<Mutex<Keeper>>,
}

/// At least so often the store is asked, whatever the bell says: a lost bell costs this long, never a message.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// So long after the bell we look. Under load it rings hundreds of times a second, and what must go out at once does
/// not wait for it.
const CALM: Duration = Duration::from_millis(20);
/// After a failure, the store is left alone for a moment.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How long a message waits, at least, for room in its channel.
const NO_ROOM: Duration = Duration::from_millis(20);
/// So often sealing looks whether there is something to seal.
const LOOK_FOR_SEALS: Span = Span::seconds(1);
/// So often it is written down who fetched flags.
const WRITE_READERS: Span = Span::seconds(2);
/// So often it is written down how often flags were evaluated.
const WRITE_EXPOSURES: Span = Span::minutes(1);
/// So long lies between two looks at the journal, at least.
const BREATH: Duration = Duration::from_millis(150);
/// A search reads what is new by itself: the index need not be brought up at once.
const BETWEEN_TURNS: Duration = Duration::from_secs(2);
/// So long the index is left alone after a failure: a full disk, or another process that holds it.
const AFTER_INDEX_FAILED: Duration = Duration::from_secs(10);
/// What could not begin for so long is left to whoever claims it next: an attempt must end within its lease.
const TOO_LATE: Span = Span::seconds(15);

/// Runs until it is told to stop.
pub(crate) async fn run(mut rounds: Rounds, stopped: watch::Receiver<bool>) {
    let (ring, bell) = watch::channel(());
    rounds.store.on_commit(move || _ = ring.send(()));
    let (hand, handed) = mpsc::unbounded_channel();
    rounds.node.set_outlet(move |born| _ = hand.send(born));
    let mint = Mint::new(rounds.mint.secret());
    let house_seed = rounds.mint.secret();
    let reader = Mint::new(rounds.mint.secret());
    let courier = Courier {
        store: rounds.store.clone(),
        node: rounds.node.clone(),
        channels: rounds.channels.clone(),
        clock: rounds.clock.clone(),
        room: Arc::default(),
    };
    let rounds = Arc::new(rounds);
    let clockwork = tokio::spawn(turn_clockwork(rounds.clone(), mint, bell.clone(), stopped.clone()));
    let house = tokio::spawn(keep_house(rounds.clone(), Mint::new(house_seed), bell.clone(), stopped.clone()));
    let follow = tokio::spawn(follow_journal(rounds.clone(), reader, bell.clone(), stopped.clone()));
    let served = tokio::spawn(serve_flags(rounds.clone(), bell.clone(), stopped.clone()));
    let indexed = tokio::spawn(keep_index(rounds.clone(), bell.clone(), stopped.clone()));
    let fresh = tokio::spawn(carry_fresh(courier.clone(), handed, stopped.clone()));
    carry_due(rounds, courier, bell, stopped).await;
    _ = clockwork.await;
    _ = house.await;
    _ = follow.await;
    _ = served.await;
    _ = indexed.await;
    _ = fresh.await;
}

async fn turn_clockwork(
    rounds: Arc<Rounds>,
    mint: Mint,
    mut bell: watch::Receiver<()>,
    mut stopped: watch::Receiver<bool>,
) {
    let mint = Arc::new(Mutex::new(mint));
    while !*stopped.borrow() {
        let ticked = rounds.turn("the clockwork could not turn", &mint, clockwork::tick).await;
        let wait = ticked.map_or(AFTER_FAILURE, |next| until(next, (rounds.clock)()));
        rest(wait, &mut bell, &mut stopped).await;
    }
}

impl Rounds {
    /// Does one thing where it may wait for the disk. Nothing, if it came to nothing: that is logged, and tried again.
    async fn turn<T: Send + 'static>(
        self: &Arc<Self>,
        failed: &'static str,
        mint: &Arc<Mutex<Mint>>,
        work: fn(&Store, &Node, &mut Mint, Timestamp) -> Result<T, Halt>,
    ) -> Option<T> {
        let (again, mint) = (self.clone(), mint.clone());
        let done = spawn_blocking(move || {
            let mut mint = mint.lock().unwrap_or_else(PoisonError::into_inner);
            work(&again.store, &again.node, &mut mint, (again.clock)())
        });
        match done.await {
            Ok(Ok(done)) => Some(done),
            Ok(Err(halt)) => {
                tracing::error!(%halt, "{failed}; it is tried again");
                None
            }
            Err(panic) => {
                tracing::error!(%panic, "{failed}: it broke; it is tried again");
                None
            }
        }
    }
}

/// Sends a synthetic alert now and then, by the way of all alerts, so that `allclear watch` can be shown that it works.
pub(crate) async fn prove(
    intake: Intake,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    mut stopped: watch::Receiver<bool>,
) {
    let every = u64::try_from(synthetic::EVERY.as_millis()).unwrap_or(60_000);
    let mut beats = tokio::time::interval(Duration::from_millis(every));
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = beats.tick() => {}
            _ = stopped.changed() => return,
        }
        match synthetic::incoming(clock()) {
            Ok(incoming) => intake.submit(
                incoming,
                Box::new(|outcome| {
                    if let Err(halt) = outcome {
                        tracing::error!(%halt, "the synthetic alert did not come in");
                    }
                }),
            ),
            Err(refusal) => tracing::error!(%refusal, "there is no synthetic alert"),
        }
    }
}

/// Numbers the journal where several nodes write it, seals it, and keeps house now and then.
async fn keep_house(
    rounds: Arc<Rounds>,
    mint: Mint,
    mut bell: watch::Receiver<()>,
    mut stopped: watch::Receiver<bool>,
) {
    let mint = Arc::new(Mutex::new(mint));
    let mut next = housekeeping::EVERY.after((rounds.clock)());
    let mut next_seal = (rounds.clock)();
    while !*stopped.borrow() {
        let (again, mint) = (rounds.clone(), mint.clone());
        let now = (rounds.clock)();
        let due = now >= next;
        // The bell may ring a hundred times a second; sealing looks once.
        let seal_due = now >= next_seal || now < LOOK_FOR_SEALS.before(next_seal);
        let done = spawn_blocking(move || {
            housekeeping::number_journal(&again.store, &again.node, now)?;
            let mut mint = mint.lock().unwrap_or_else(PoisonError::into_inner);
            if seal_due {
                seals::turn(&again.store, &mut mint, now)?;
            }
            if due {
                housekeeping::keep_house(&again.store, &again.node, &mut mint, again.keep, now)?;
            }
            Ok::<_, Halt>(())
        });
        if let Ok(Err(halt)) = done.await {
            tracing::warn!(%halt, "housekeeping was put off");
        }
        if due {
            next = housekeeping::EVERY.after(now);
        }
        if seal_due {
            next_seal = LOOK_FOR_SEALS.after(now);
        }
        if rounds.store.is_postgres() {
            rest(LONGEST_WAIT, &mut bell, &mut stopped).await;
        } else {
            tokio::select! {
                () = tokio::time::sleep(LONGEST_WAIT) => {}
                _ = stopped.changed() => {}
            }
        }
    }
}

/// Reads on in the journal for those who are told of it: outgoing webhooks and chats.
async fn follow_journal(
    rounds: Arc<Rounds>,
    mint: Mint,
    mut bell: watch::Receiver<()>,
    mut stopped: watch::Receiver<bool>,
) {
    let mint = Arc::new(Mutex::new(mint));
    while !*stopped.borrow() {
        let more = rounds.turn("the journal was not followed", &mint, follow).await.unwrap_or(false);
        if !more {
            rest(LONGEST_WAIT, &mut bell, &mut stopped).await;
        }
        // Under load the bell never stops; acts come first.
        tokio::select! {
            () = tokio::time::sleep(BREATH) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Serves other flags when something of them changed, and writes down who fetched. What cannot be read is served on as it
/// was.
async fn serve_flags(rounds: Arc<Rounds>, mut bell: watch::Receiver<()>, mut stopped: watch::Receiver<bool>) {
    let mut next_write = (rounds.clock)();
    let mut next_count = WRITE_EXPOSURES.after(next_write);
    while !*stopped.borrow() {
        let (again, now) = (rounds.clone(), (rounds.clock)());
        let (writes, counts) = (now >= next_write, now >= next_count);
        let done = spawn_blocking(move || {
            let next = flags::refresh(&again.store, &again.node, now)?;
            if let Some(keeper) = &again.keeper {
                keeper.lock().unwrap_or_else(PoisonError::into_inner).turn(again.node.flags(), now);
            }
            if writes {
                flags::write_readers(&again.store, &again.node, now)?;
            }
            if counts {
                flags::write_exposures(&again.store, &again.node, now)?;
            }
            Ok::<_, Halt>(next)
        });
        if writes {
            next_write = WRITE_READERS.after(now);
        }
        if counts {
            next_count = WRITE_EXPOSURES.after(now);
        }
        let wait = match done.await {
            Ok(Ok(next)) => until(next, (rounds.clock)()),
            Ok(Err(halt)) => {
                tracing::warn!(%halt, "flags are served as they were");
                AFTER_FAILURE
            }
            Err(_) => AFTER_FAILURE,
        };
        rest(wait, &mut bell, &mut stopped).await;
    }
}

/// Keeps the index of search up with the journal, so that whoever searches has little to read. While it is made anew it gives
/// way after each step.
async fn keep_index(rounds: Arc<Rounds>, mut bell: watch::Receiver<()>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let again = rounds.clone();
        let done = spawn_blocking(move || search::turn(&again.store, &again.node, (again.clock)()));
        let wait = match done.await {
            Ok(Ok(true)) => Duration::ZERO,
            Ok(Ok(false)) => BETWEEN_TURNS,
            Ok(Err(halt)) => {
                tracing::warn!(%halt, "the search index stays behind; it is tried again");
                AFTER_INDEX_FAILED
            }
            Err(panic) => {
                tracing::error!(%panic, "the search index broke; it is tried again");
                AFTER_INDEX_FAILED
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait.max(BREATH)) => {}
            _ = stopped.changed() => return,
        }
        if !wait.is_zero() {
            rest(LONGEST_WAIT, &mut bell, &mut stopped).await;
        }
    }
}

/// One that fails holds up no other.
fn follow(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<bool, Halt> {
    let hooks = outgoing_webhooks::follow(store, node, mint, now);
    let chats = chats::follow(store, node, mint, now)?;
    Ok(hooks? || chats)
}

/// Claims what is due, and sends it.
async fn carry_due(
    rounds: Arc<Rounds>,
    courier: Courier,
    mut bell: watch::Receiver<()>,
    mut stopped: watch::Receiver<bool>,
) {
    while !*stopped.borrow() {
        let (again, room) = (rounds.clone(), courier.clone());
        let claimed = spawn_blocking(move || {
            let now = (again.clock)();
            let claimed = courier::claim(&again.store, &again.node, now, &|channel| room.room(channel))?;
            let next = courier::next_due(&again.store, &again.node, &|channel| room.room(channel))?;
            Ok::<_, Halt>((claimed, next))
        });
        let wait = match claimed.await {
            Ok(Ok((claimed, next))) => {
                let any = !claimed.is_empty();
                courier.send_all(claimed);
                // Due, and yet not claimed: its channel has no room.
                if any { Duration::ZERO } else { until(next, (rounds.clock)()).max(NO_ROOM) }
            }
            Ok(Err(halt)) => {
                tracing::error!(%halt, "messages could not be claimed; the courier tries again");
                AFTER_FAILURE
            }
            Err(panic) => {
                tracing::error!(%panic, "the courier broke; it tries again");
                AFTER_FAILURE
            }
        };
        rest(wait, &mut bell, &mut stopped).await;
    }
}

/// Writes and sends what this node claimed as it queued it.
async fn carry_fresh(
    courier: Courier,
    mut handed: mpsc::UnboundedReceiver<Vec<Material>>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            handed = handed.recv() => match handed {
                Some(born) => {
                    for one in born {
                        let (courier, handed_at) = (courier.clone(), (courier.clock)());
                        tokio::spawn(async move {
                            let claimed = Claimed::born(&courier.node.identity, &one);
                            courier.send_in_turn(claimed, handed_at).await;
                        });
                    }
                }
                None => return,
            },
            _ = stopped.changed() => return,
        }
    }
}

#[derive(Clone)]
struct Courier {
    store: Store,
    node: Arc<Node>,
    channels: channels::Channels,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How many more messages each channel can send at once. Channels of outgoing webhooks and chats come and go.
    room: Arc<Mutex<BTreeMap<String, Arc<Semaphore>>>>,
}

impl Courier {
    fn semaphore(&self, channel: &str) -> Arc<Semaphore> {
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Semaphore::new(courier::at_once(channel) as usize));
        room.entry(channel.to_owned()).or_insert_with(fresh).clone()
    }

    /// How many more messages of a channel can be sent now.
    fn room(&self, channel: &str) -> u32 {
        u32::try_from(self.semaphore(channel).available_permits()).unwrap_or_else(|_| courier::at_once(channel))
    }

    /// Sends each on its own, so that a slow provider holds up nothing but itself.
    fn send_all(&self, claimed: Vec<Claimed>) {
        for one in claimed {
            let (courier, handed_at) = (self.clone(), (self.clock)());
            tokio::spawn(async move { courier.send_in_turn(one, handed_at).await });
        }
    }

    /// Sends it as soon as its channel has room.
    async fn send_in_turn(&self, claimed: Claimed, handed_at: Timestamp) {
        let room = self.semaphore(&claimed.channel).acquire_owned().await.ok();
        if TOO_LATE.after(handed_at) > (self.clock)() {
            self.send(claimed).await;
        }
        drop(room);
    }

    async fn send(&self, claimed: Claimed) {
        let began = (self.clock)();
        // A synthetic alert ends here: all that it shall prove has happened.
        let outcome = if claimed.channel == actions::engage::watch::CHANNEL {
            Outcome::Sent { receipt: None }
        } else if let Some(errand) = &claimed.errand {
            self.channels.carry(errand, began).await
        } else if of_channel(&claimed.channel).is_some() {
            self.channels.send_event(&claimed.address, &claimed.message, &claimed.signed_by, began).await
        } else {
            self.channels.send(&claimed.channel, &claimed.address, &claimed.message, began).await
        };
        let store = self.store.clone();
        let now = (self.clock)();
        let (id, channel) = (claimed.id, claimed.channel.clone());
        tracing::debug!(%id, channel, ?outcome, "sent");
        let settled = spawn_blocking(move || {
            let mut seed = [0u8; 32];
            seed[..16].copy_from_slice(&domain::words::Id::bits(claimed.id).to_le_bytes());
            courier::settle(&store, &mut Mint::new(seed), &claimed, &outcome, now)
        });
        match settled.await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => tracing::warn!(%id, "somebody else claimed it meanwhile; it may have been sent twice"),
            Ok(Err(halt)) => tracing::error!(%id, %halt, "could not be settled; it will be sent again"),
            Err(panic) => tracing::error!(%id, %panic, "could not be settled; it will be sent again"),
        }
    }
}

fn until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let wait = next.map(|next| Span::between(now, next).as_millis()).and_then(|ms| u64::try_from(ms).ok());
    wait.map_or(LONGEST_WAIT, Duration::from_millis).min(LONGEST_WAIT)
}

async fn rest(wait: Duration, bell: &mut watch::Receiver<()>, stopped: &mut watch::Receiver<bool>) {
    if wait.is_zero() {
        return;
    }
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        _ = stopped.changed() => {}
        _ = bell.changed() => {
            tokio::time::sleep(CALM.min(wait)).await;
            bell.mark_unchanged();
        }
    }
}
