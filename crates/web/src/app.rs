//! What every handler has at hand: the store, this node, the intake, the clock, a source of ids.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::ofrep::Programs;
use actions::detect::intake::Intake;
use actions::detect::lists::Counts;
use actions::{Halt, Moment, Node};
use domain::prepare::people::Address;
use domain::words::{Actor, Mint, Name, Timestamp};
use store::{Store, Tx};
use tokio::sync::watch;

use crate::address::Proxies;
use crate::api::once::{self, Working};
use crate::attempts::Attempts;
use crate::enter::Doors;
use crate::handlers::inform::status_pages::Kept;
use crate::handlers::learn::shared_texts::Rooms;
use crate::limits::Limits;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::reach::{MailOnly, Reach, Reached};
use crate::source::Source;
use crate::what_if::{self, Turn};

/// The clock of the edge. Handlers read it once per request.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    node: Arc<Node>,
    intake: Intake,
    clock: Clock,
    mint: Mutex<Mint>,
    doors: Doors,
    limits: Limits,
    attempts: Attempts,
    /// The same for addresses that ask to be told of notices.
    sign_ups: Attempts,
    kept_public: Kept,
    working: Working,
    /// The board's counts, and the version of it that was counted.
    counts: Mutex<(Option<i64>, Counts)>,
    live: Live,
    /// Who writes together in which postmortem.
    rooms: Rooms,
    /// Says when the server stops.
    stopping: OnceLock<watch::Receiver<bool>>,
    /// What answers the questions of programs.
    programs: Programs,
    metrics: Metrics,
    settings: Settings,
    reach: OnceLock<Reached>,
    what_if_turn: Turn,
    pins_turn: Turn,
    source: OnceLock<Arc<Source>>,
}

/// What the edge was told at the start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach us, without a slash at the end.
    pub public_url: String,
    /// Cookies are only sent over TLS: when the public URL is https.
    pub secure_cookies: bool,
    /// The largest body of an ingest call, in bytes.
    pub ingest_bytes_most: usize,
    /// What mail can be sent with, for the first-run page: false if no mail server is set up.
    pub mail: bool,
    /// Where the bytes of evidence are.
    pub evidence: store::Blobs,
    /// The proxies whose word about where a request comes from is believed.
    pub proxies: Proxies,
    /// What the receivers of webhooks verify with.
    pub webhook_secrets: WebhookSecrets,
    /// Signs the proof for `allclear watch`, if it is wanted.
    pub watch_secret: Option<String>,
    /// What this installation was told of its chats.
    pub chat_secrets: ChatSecrets,
    /// What trackers sign with.
    pub tracker_secrets: TrackerSecrets,
    pub version: &'static str,
}

/// What trackers sign their webhooks with, by the name of the document. Never printed.
#[derive(Clone, Default)]
pub struct TrackerSecrets(pub BTreeMap<Name, String>);

impl fmt::Debug for TrackerSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// What Slack signs with, and for which chats there is a token.
#[derive(Clone, Default)]
pub struct ChatSecrets {
    pub signing: BTreeMap<Name, String>,
    pub tokens: BTreeSet<Name>,
}

impl fmt::Debug for ChatSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.tokens).finish()
    }
}

/// The signing secrets of webhooks: the channels know them, and the edge shows them to whoever may see them.
#[derive(Clone)]
pub struct WebhookSecrets(pub Arc<dyn Fn(SecretOf<'_>) -> String + Send + Sync>);

/// What signs with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretOf<'a> {
    /// Messages to this URL, which a person or a policy names.
    Address(&'a str),
    /// An outgoing webhook, by what its secret is derived from.
    Key(&'a str),
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecrets")
    }
}

impl App {
    pub fn new(store: Store, node: Arc<Node>, intake: Intake, clock: Clock, mint: Mint, settings: Settings) -> Self {
        let (doors, live, metrics) = (Doors::default(), Live::new(&store), Metrics::new(clock()));
        let limits = Limits::new(&clock);
        let from = Some((store.clone(), node.clone()));
        let programs = Programs::new(node.flags().clone(), clock.clone(), settings.proxies.clone(), from);
        let mint = Mutex::new(mint);
        let (attempts, working, counts) = (Attempts::default(), Working::default(), Mutex::default());
        Self(Arc::new(Inner {
            store,
            node,
            intake,
            clock,
            mint,
            doors,
            limits,
            attempts,
            sign_ups: Attempts::default(),
            kept_public: Kept::default(),
            working,
            counts,
            live,
            rooms: Rooms::default(),
            stopping: OnceLock::new(),
            programs,
            metrics,
            settings,
            reach: OnceLock::new(),
            what_if_turn: what_if::turn(),
            pins_turn: what_if::turn(),
            source: OnceLock::new(),
        }))
    }

    /// The same, and these are its channels.
    #[must_use]
    pub fn reaching(self, reach: Arc<dyn Reach>) -> Self {
        // Told twice, the first counts: there is one set of channels.
        _ = self.0.reach.set(Reached(reach));
        self
    }

    /// The channels, as far as they can be asked without a message.
    pub(crate) fn reach(&self) -> Reached {
        let mail = self.0.settings.mail;
        self.0.reach.get().cloned().unwrap_or_else(|| Reached(Arc::new(MailOnly(mail))))
    }

    /// The same, and this branch is followed.
    #[must_use]
    pub fn following(self, source: Arc<Source>) -> Self {
        _ = self.0.source.set(source);
        self
    }

    /// The same, and this says when it stops: lines that never end by themselves do then.
    #[must_use]
    pub fn until(self, stopped: watch::Receiver<bool>) -> Self {
        _ = self.0.stopping.set(stopped);
        self
    }

    /// Comes to be when the server stops.
    pub(crate) fn stopping(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let stopped = self.0.stopping.get().cloned();
        Box::pin(async move {
            let Some(mut stopped) = stopped else { return std::future::pending().await };
            // Whoever would say it is gone: so is the server.
            _ = stopped.wait_for(|stopped| *stopped).await;
        })
    }

    /// The git source, if there is one.
    pub fn source(&self) -> Option<Arc<Source>> {
        self.0.source.get().cloned()
    }

    /// Whose turn it is to play past signals.
    pub(crate) fn what_if_turn(&self) -> Turn {
        self.0.what_if_turn.clone()
    }

    /// Whose turn it is to play pins: they do not wait for a what-if.
    pub(crate) fn pins_turn(&self) -> Turn {
        self.0.pins_turn.clone()
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub fn node(&self) -> &Node {
        &self.0.node
    }

    pub fn intake(&self) -> &Intake {
        &self.0.intake
    }

    pub fn doors(&self) -> &Doors {
        &self.0.doors
    }

    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    pub fn sign_ups(&self) -> &Attempts {
        &self.0.sign_ups
    }

    /// What was public a moment ago.
    pub fn kept_public(&self) -> &Kept {
        &self.0.kept_public
    }

    /// The keys of requests that are being answered.
    pub fn working(&self) -> &Working {
        &self.0.working
    }

    /// How many alerts are open, by state: counted once for each version of the board.
    pub fn counts(&self) -> Counts {
        let board = self.node().board();
        let mut kept = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if board.version.is_none() || kept.0 != board.version {
            *kept = (board.version, Counts::of(&board));
        }
        kept.1
    }

    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// Who writes together in which postmortem.
    pub(crate) fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    /// What answers the questions of programs.
    pub fn programs(&self) -> &Programs {
        &self.0.programs
    }

    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What the receiver at this URL verifies signatures with: `whsec_...`. For those who may see the URL.
    pub fn webhook_secret(&self, url: &str) -> String {
        (self.0.settings.webhook_secrets.0)(SecretOf::Address(url))
    }

    /// The secret of an outgoing webhook, by what it is derived from: to be shown once.
    pub fn event_secret(&self, key: &str) -> String {
        (self.0.settings.webhook_secrets.0)(SecretOf::Key(key))
    }

    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// A mint of its own for one request, seeded from ours.
    pub fn mint(&self) -> Mint {
        Mint::new(self.0.mint.lock().unwrap_or_else(PoisonError::into_inner).secret())
    }

    /// Runs an act on a thread that may wait for the database.
    pub async fn act<T: Send + 'static>(
        &self,
        actor: Actor,
        act: impl FnOnce(&Store, &Node, &mut Moment<'_>) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, Halt> {
        let app = self.clone();
        let (now, mut mint, store) = (self.now(), self.mint(), once::store(self.store()));
        let done = tokio::task::spawn_blocking(move || {
            let mut moment = Moment::new(now, actor, &mut mint);
            act(&store, app.node(), &mut moment)
        });
        match done.await {
            Ok(done) => done,
            Err(panic) => Err(store::Error::other(format!("an act did not finish: {panic}")).into()),
        }
    }

    /// Runs a query that wants the board as it is now, on a thread that may wait for the database.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Store, &Node, Timestamp) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, Halt> {
        let (app, now) = (self.clone(), self.now());
        let done = tokio::task::spawn_blocking(move || {
            actions::board::refresh(app.store(), app.node(), now)?;
            look(app.store(), app.node(), now)
        });
        match done.await {
            Ok(done) => done,
            Err(panic) => Err(store::Error::other(format!("a query did not finish: {panic}")).into()),
        }
    }

    /// Whether messages can be sent to such an address here; or why not. For checks of documents.
    pub fn works(&self) -> impl Fn(&Address) -> Result<(), String> + use<> {
        let reach = self.reach();
        move |address| reach.0.accepts(address)
    }

    /// Whether an outgoing webhook may post to a URL; or why not. For checks of documents.
    pub fn may_post(&self) -> impl Fn(&str) -> Result<(), String> + use<> {
        let reach = self.reach();
        move |url| reach.0.may_post(url)
    }

    /// Runs a query on a thread that may wait for the database.
    pub async fn read<T: Send + 'static>(
        &self,
        mut read: impl FnMut(&mut Tx<'_>) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, Halt> {
        let app = self.clone();
        match tokio::task::spawn_blocking(move || app.store().read(&mut read)).await {
            Ok(done) => done,
            Err(panic) => Err(store::Error::other(format!("a query did not finish: {panic}")).into()),
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App at {}", self.0.settings.public_url)
    }
}
