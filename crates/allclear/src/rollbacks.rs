//! Rollbacks at the edge: asks the programs of adapters whether they could, tells them to, and asks how it goes.
//!
//! What is to be done comes from the store, each for one node; what came of it goes back there. Nothing is decided here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::Node;
use actions::change::preflights::{self, Asked};
use actions::change::rollbacks::{self, Call as Due, Called};
use channels::Channels;
use domain::change::rollback_adapters::{Call, Handle, Mishap, RollbackAdapter};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::words::{Mint, Name, RollbackId, Timestamp};
use store::change::changes::ChangeRow;
use store::{Halt, Store};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// What the rounds of rollbacks need.
#[derive(Clone)]
pub(crate) struct Hands {
    pub(crate) store: Store,
    pub(crate) node: Arc<Node>,
    pub(crate) channels: Channels,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) mint: Arc<Mutex<Mint>>,
}

/// So often it is looked whether there is something to do, at least.
const LOOK: Duration = Duration::from_millis(500);

/// Something to do for an adapter.
enum Job {
    Ask(Box<Asked>),
    Call(Box<Due>),
}

/// Works until it is told to stop. What is under way then is asked about when a node is back.
pub(crate) async fn run(hands: Hands, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let again = hands.clone();
        match spawn_blocking(move || again.take()).await {
            Ok(Ok(jobs)) => {
                for job in jobs {
                    tokio::spawn(hands.clone().work(job));
                }
            }
            Ok(Err(halt)) => tracing::warn!(%halt, "it is not known what is to be rolled back; it is tried again"),
            Err(panic) => tracing::error!(%panic, "looking for rollbacks broke; it is tried again"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => {}
        }
    }
}

impl Hands {
    fn take(&self) -> Result<Vec<Job>, Halt> {
        let now = (self.clock)();
        let calls = rollbacks::take_due(&self.store, &self.node, now)?;
        let asked = preflights::take_due(&self.store, &self.node, now)?;
        Ok(calls
            .into_iter()
            .map(|due| Job::Call(Box::new(due)))
            .chain(asked.into_iter().map(|one| Job::Ask(Box::new(one))))
            .collect())
    }

    async fn work(self, job: Job) {
        let done = match job {
            Job::Ask(asked) => self.ask(*asked).await,
            Job::Call(due) if due.only_ask => self.ask_after(*due).await,
            Job::Call(due) => self.call(*due).await,
        };
        if let Err(halt) = done {
            tracing::error!(%halt, "what a rollback adapter said could not be kept; it is asked again");
        }
    }

    /// Whether it could.
    async fn ask(self, asked: Asked) -> Result<(), Halt> {
        // A question has a key, too; nothing is done under it.
        let key = self.fresh();
        let call = call(&asked.row, key, "rollback", (self.clock)());
        let answer = match (self.adapter(&asked.adapter).await?, call) {
            (Some(spec), Some(call)) => self.could(&asked.adapter, &spec, &call).await,
            (None, _) => Answer::Denied(gone(&asked.adapter)),
            (_, None) => Answer::Denied(NO_SERVICE.into()),
        };
        self.keep(move |hands| preflights::answered(&hands.store, &asked, &answer, (hands.clock)())).await
    }

    async fn could(&self, name: &Name, spec: &RollbackAdapter, call: &Call) -> Answer {
        match self.channels.rollback_adapter(name, spec, (self.clock)()) {
            Ok(adapter) => adapter.preflight(call).await,
            Err(why) => Answer::Denied(why),
        }
    }

    /// Asks whether it could, and tells it to.
    async fn call(self, due: Due) -> Result<(), Halt> {
        let Some(call) = call(&due.change, due.run.run.id, &due.action, due.run.run.asked_at) else {
            return self.became(due, Called::Refused { why: NO_SERVICE.into() }).await;
        };
        let Some(spec) = self.adapter(&due.adapter).await? else {
            let why = gone(&due.adapter);
            return self.became(due, Called::Refused { why }).await;
        };
        let answer = self.could(&due.adapter, &spec, &call).await;
        if answer != Answer::Ready {
            return self
                .keep(move |hands| {
                    rollbacks::not_able(&hands.store, &hands.node, &mut hands.mint(), &due, &answer, (hands.clock)())
                })
                .await;
        }
        let said = match self.channels.rollback_adapter(&due.adapter, &spec, (self.clock)()) {
            Ok(adapter) => adapter.execute(&call).await,
            Err(why) => Err(Mishap::Refused { why }),
        };
        let became = match said {
            Ok(Handle { text, link }) => Called::Taken { handle: Some(text), link },
            Err(Mishap::Refused { why }) => Called::Refused { why },
            Err(Mishap::Unknown { why }) => Called::Unknown { why },
        };
        self.became(due, became).await
    }

    async fn became(&self, due: Due, became: Called) -> Result<(), Halt> {
        self.keep(move |hands| {
            rollbacks::called(&hands.store, &hands.node, &mut hands.mint(), &due, &became, (hands.clock)())
        })
        .await
    }

    /// How it goes.
    async fn ask_after(self, due: Due) -> Result<(), Halt> {
        let call = call(&due.change, due.run.run.id, &due.action, due.run.run.asked_at);
        let handle = due.run.handle.clone().map(|text| Handle { text, link: due.run.link.clone() });
        let word = match self.adapter(&due.adapter).await?.zip(call) {
            None => Word::Nothing,
            Some((spec, call)) => match self.channels.rollback_adapter(&due.adapter, &spec, (self.clock)()) {
                Ok(adapter) => adapter.poll(&call, handle.as_ref()).await,
                Err(_) => Word::Nothing,
            },
        };
        self.keep(move |hands| {
            rollbacks::heard(&hands.store, &hands.node, &mut hands.mint(), &due, &word, (hands.clock)())
        })
        .await
    }

    /// The document of an adapter, if it is still there.
    async fn adapter(&self, name: &Name) -> Result<Option<RollbackAdapter>, Halt> {
        let name = name.clone();
        self.keep(move |hands| {
            hands.store.read(|tx| Ok(hands.node.rules(tx)?.catalog.rollback_adapters.get(&name).cloned()))
        })
        .await
    }

    /// Does something with the store, where it may wait.
    async fn keep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, Halt> {
        let again = self.clone();
        match spawn_blocking(move || work(&again)).await {
            Ok(done) => done,
            Err(panic) => Err(store::Error::other(format!("it broke: {panic}")).into()),
        }
    }

    fn mint(&self) -> Mint {
        Mint::new(self.mint.lock().unwrap_or_else(PoisonError::into_inner).secret())
    }

    fn fresh(&self) -> RollbackId {
        self.mint().id((self.clock)())
    }
}

const NO_SERVICE: &str = "the change names no service, so nobody knows what to roll back";

fn gone(adapter: &Name) -> String {
    format!("there is no rollback adapter {adapter} any more")
}

/// What is said to an adapter: what runs now, and what ran before.
fn call(row: &ChangeRow, key: RollbackId, action: &str, at: Timestamp) -> Option<Call> {
    let proposal = &row.change.proposal;
    let target = proposal.targets.first()?;
    Some(Call {
        key,
        action: action.to_owned(),
        change: row.change.id,
        title: proposal.title.clone(),
        service: target.service.clone(),
        environment: target.environment.clone(),
        from: target.to.clone(),
        to: target.from.clone(),
        at,
    })
}
