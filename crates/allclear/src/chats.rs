//! Chats at the edge: an ear for each chat of Matrix, which no provider calls by itself.
//!
//! One node at a time listens. What was heard is acted upon before it is noted how far we heard, each thing once: after a
//! crash it comes again, and is known.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::Node;
use actions::respond::chat_commands::{self, Heard, Pinned, Reply, What};
use actions::respond::chats::{begun, is_news, listened};
use channels::matrix::{self, Said};
use domain::respond::chat_commands::{addressed, is_pin};
use domain::respond::chats::{Provider, channel};
use domain::words::{Mint, Name, Span, Timestamp};
use store::{Halt, Store};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

/// What listening needs.
#[derive(Clone)]
pub(crate) struct Ears {
    pub(crate) store: Store,
    pub(crate) node: Arc<Node>,
    pub(crate) chats: channels::chat::Chats,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) mint: Arc<Mutex<Mint>>,
}

/// So often it is looked whether there is a chat to listen to.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure a homeserver is left alone for a moment, and longer each time.
const PATIENCE: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];
/// So long a node that listens is believed to.
const LEASE: Span = Span::seconds(60);

/// Listens to every chat of Matrix until it is told to stop.
pub(crate) async fn listen(ears: Ears, mut stopped: watch::Receiver<bool>) {
    let mut all: BTreeMap<Name, JoinHandle<()>> = BTreeMap::new();
    while !*stopped.borrow() {
        let again = ears.clone();
        match spawn_blocking(move || again.names()).await {
            Ok(Ok(names)) => {
                all.retain(|_, ear| !ear.is_finished());
                for name in names {
                    let (own, until) = (ears.clone(), stopped.clone());
                    all.entry(name.clone()).or_insert_with(|| tokio::spawn(own.follow(name, until)));
                }
            }
            Ok(Err(halt)) => tracing::warn!(%halt, "it is not known which chats there are; it is tried again"),
            Err(panic) => tracing::error!(%panic, "listening to chats broke; it is tried again"),
        }
        pause(LOOK, &mut stopped).await;
    }
}

async fn pause(wait: Duration, stopped: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        _ = stopped.changed() => {}
    }
}

impl Ears {
    /// The chats that are listened to.
    fn names(&self) -> Result<Vec<Name>, Halt> {
        self.store.read(|tx| {
            let catalog = self.node.rules(tx)?.catalog.clone();
            let chats = catalog.chats.iter();
            let ours = chats.filter(|(_, chat)| chat.enabled && matches!(chat.provider, Provider::Matrix { .. }));
            Ok(ours.map(|(name, _)| name.clone()).collect())
        })
    }

    /// Listens to one chat for as long as it is there.
    async fn follow(self, name: Name, mut stopped: watch::Receiver<bool>) {
        let (mut since, mut failures) = (None, 0);
        while !*stopped.borrow() {
            let (again, chat) = (self.clone(), name.clone());
            let (homeserver, known, begun) = match spawn_blocking(move || again.turn(&chat)).await {
                Ok(Ok(Turn::Listen { homeserver, since, begun })) => (homeserver, since, begun),
                Ok(Ok(Turn::Wait)) => {
                    since = None;
                    pause(LOOK, &mut stopped).await;
                    continue;
                }
                Ok(Ok(Turn::Over)) => return,
                Ok(Err(halt)) => {
                    tracing::warn!(%halt, chat = %name, "the chat is not listened to; it is tried again");
                    pause(PATIENCE[1], &mut stopped).await;
                    continue;
                }
                Err(panic) => {
                    tracing::error!(%panic, chat = %name, "listening broke; it is tried again");
                    return;
                }
            };
            let from = since.clone().or(known);
            let heard = tokio::select! {
                heard = self.hear(&name, &homeserver, (from, begun)) => heard,
                _ = stopped.changed() => return,
            };
            match heard {
                Ok(next) => (since, failures) = (Some(next), 0),
                Err(why) => {
                    tracing::warn!(chat = %name, why, "the chat does not answer; it is asked again");
                    let wait = PATIENCE[failures.min(PATIENCE.len() - 1)];
                    failures += 1;
                    self.note(&name, Err(why), false).await;
                    pause(wait, &mut stopped).await;
                }
            }
        }
    }

    /// Whether it is this node's turn, where to ask, and from where on.
    fn turn(&self, name: &Name) -> Result<Turn, Halt> {
        if self.store.is_postgres() && !self.is_ours(name)? {
            return Ok(Turn::Wait);
        }
        self.store.read(|tx| {
            let catalog = self.node.rules(tx)?.catalog.clone();
            let chat = catalog.chats.get(name).filter(|chat| chat.enabled);
            let Some(Provider::Matrix { homeserver }) = chat.map(|chat| &chat.provider) else { return Ok(Turn::Over) };
            let since = store::respond::chats::standing(tx, name)?.since;
            let begun = begun(tx, name)?.map_or_else(|| (self.clock)(), |entry| entry.at);
            Ok(Turn::Listen { homeserver: homeserver.clone(), since, begun })
        })
    }

    /// Takes the lease, or holds on to it.
    fn is_ours(&self, name: &Name) -> Result<bool, Halt> {
        let now = (self.clock)();
        let node = &self.node.identity.name;
        self.store.write(|tx| Ok(store::leases::acquire(tx, &channel(name), node, now, LEASE.after(now))?.is_some()))
    }

    /// Waits for what is said, acts upon it, and answers up to where that was.
    async fn hear(
        &self,
        name: &Name,
        homeserver: &str,
        (since, begun): (Option<String>, Timestamp),
    ) -> Result<String, String> {
        let batch = self.chats.listen(name, homeserver, since.as_deref(), begun, (self.clock)()).await?;
        let any = !batch.said.is_empty();
        for said in batch.said {
            let Some(heard) = self.meant(name, homeserver, said).await? else { continue };
            let again = self.clone();
            let acted = spawn_blocking(move || {
                let mut mint = Mint::new(again.mint.lock().unwrap_or_else(PoisonError::into_inner).secret());
                chat_commands::hear(&again.store, &again.node, &mut mint, (again.clock)(), &heard)
            });
            match acted.await {
                Ok(Ok(_)) => {}
                Ok(Err(halt)) => return Err(format!("what was heard could not be acted upon: {halt}")),
                Err(panic) => return Err(format!("acting upon what was heard broke: {panic}")),
            }
        }
        self.note(name, Ok(batch.next.clone()), any || since.is_none()).await;
        Ok(batch.next)
    }

    /// Notes how listening went, if that is news.
    async fn note(&self, name: &Name, outcome: Result<String, String>, news: bool) {
        let (again, name) = (self.clone(), name.clone());
        let noted = spawn_blocking(move || {
            let (now, outcome) = ((again.clock)(), outcome.as_deref().map_err(String::as_str));
            let standing = again.store.read(|tx| Ok(store::respond::chats::standing(tx, &name)?))?;
            if news || is_news(&standing, outcome, now) {
                again.store.write(|tx| listened(tx, &name, outcome, now))?;
            }
            Ok::<_, Halt>(())
        });
        if let Ok(Err(halt)) = noted.await {
            tracing::warn!(%halt, "how far the chat was heard could not be noted; some of it is heard again");
        }
    }

    /// What is said to us, with the message that it is about.
    async fn meant(&self, chat: &Name, homeserver: &str, said: Said) -> Result<Option<Heard>, String> {
        let prefix = Provider::Matrix { homeserver: String::new() }.prefix();
        let (what, room) = (said.what, &said.room);
        let what = match what {
            matrix::What::Invitation => What::Invited,
            matrix::What::Mark { key, on } if is_pin(&key) => {
                What::Pin { message: self.pinned(chat, homeserver, room, &on.event).await?, named: false }
            }
            matrix::What::Mark { .. } => return Ok(None),
            matrix::What::Text { body, answers } => match (addressed(&body, prefix), answers) {
                (None, _) => return Ok(None),
                (Some(line), Some(message)) if line.eq_ignore_ascii_case("pin") => {
                    What::Pin { message: self.pinned(chat, homeserver, room, &message.event).await?, named: true }
                }
                (Some(line), _) => What::Line(line.to_owned()),
            },
        };
        let Said { room, event, sender, .. } = said;
        Ok(Some(Heard { chat: chat.clone(), id: event, room, sender, what, reply: Reply::Room }))
    }

    async fn pinned(&self, chat: &Name, homeserver: &str, room: &str, event: &str) -> Result<Option<Pinned>, String> {
        let message = self.chats.message(chat, homeserver, room, event, (self.clock)()).await?;
        let pinned = |(author, text, at)| Pinned { id: message.event.clone(), author, text, at };
        Ok(message.content.clone().map(pinned))
    }
}

/// What one chat wants of this node.
enum Turn {
    Listen {
        homeserver: String,
        since: Option<String>,
        /// When it was switched on.
        begun: Timestamp,
    },
    /// Another node listens.
    Wait,
    /// There is nothing to listen to any more.
    Over,
}
