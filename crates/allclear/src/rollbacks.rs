//! Rollbacks at the edge: asks the programs of adapters whether they could, tells them to, and asks how it goes.

use std::time::Duration;

use actions::change::preflights::{self, Asked};
use actions::change::rollbacks::{self, Call as Due, Called};
use domain::change::rollback_adapters::{Call, Handle, Mishap, RollbackAdapter};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::words::{Name, RollbackId, Timestamp};
use store::Halt;
use store::change::changes::ChangeRow;
use tokio::sync::watch;

use crate::edge::Edge;

/// So often it is looked whether there is something to do, at least.
const LOOK: Duration = Duration::from_millis(500);

/// Something to do for an adapter.
enum Job {
    Ask(Box<Asked>),
    Call(Box<Due>),
}

/// Works until it is told to stop. What is under way then is asked about when a node is back. Nobody waits for the program of
/// another: all at one time.
pub(crate) async fn run(edge: Edge, stopped: watch::Receiver<bool>) {
    let begin = async |edge: Edge, job: Job| {
        tokio::spawn(Hands(edge).work(job));
        Ok(())
    };
    edge.rounds("rollbacks", LOOK, take, begin, stopped).await;
}

fn take(edge: &Edge) -> Result<Vec<Job>, Halt> {
    let now = edge.now();
    let calls = rollbacks::take_due(&edge.store, &edge.node, now)?;
    let asked = preflights::take_due(&edge.store, &edge.node, now)?;
    Ok(calls
        .into_iter()
        .map(|due| Job::Call(Box::new(due)))
        .chain(asked.into_iter().map(|one| Job::Ask(Box::new(one))))
        .collect())
}

/// Whoever does one job.
struct Hands(Edge);

impl Hands {
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
        let call = call(&asked.row, key, "rollback", self.0.now());
        let answer = match (self.adapter(&asked.adapter).await?, call) {
            (Some(spec), Some(call)) => self.could(&asked.adapter, &spec, &call).await,
            (None, _) => Answer::Denied(gone(&asked.adapter)),
            (_, None) => Answer::Denied(NO_SERVICE.into()),
        };
        self.0.keep(move |edge| preflights::answered(&edge.store, &asked, &answer, edge.now())).await
    }

    async fn could(&self, name: &Name, spec: &RollbackAdapter, call: &Call) -> Answer {
        match self.0.channels.rollback_adapter(name, spec, self.0.now()) {
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
                .0
                .keep(move |edge| {
                    rollbacks::not_able(&edge.store, &edge.node, &mut edge.mint(), &due, &answer, edge.now())
                })
                .await;
        }
        let said = match self.0.channels.rollback_adapter(&due.adapter, &spec, self.0.now()) {
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
        self.0
            .keep(move |edge| rollbacks::called(&edge.store, &edge.node, &mut edge.mint(), &due, &became, edge.now()))
            .await
    }

    /// How it goes.
    async fn ask_after(self, due: Due) -> Result<(), Halt> {
        let call = call(&due.change, due.run.run.id, &due.action, due.run.run.asked_at);
        let handle = due.run.handle.clone().map(|text| Handle { text, link: due.run.link.clone() });
        let word = match self.adapter(&due.adapter).await?.zip(call) {
            None => Word::Nothing,
            Some((spec, call)) => match self.0.channels.rollback_adapter(&due.adapter, &spec, self.0.now()) {
                Ok(adapter) => adapter.poll(&call, handle.as_ref()).await,
                Err(_) => Word::Nothing,
            },
        };
        self.0
            .keep(move |edge| rollbacks::heard(&edge.store, &edge.node, &mut edge.mint(), &due, &word, edge.now()))
            .await
    }

    /// The document of an adapter, if it is still there.
    async fn adapter(&self, name: &Name) -> Result<Option<RollbackAdapter>, Halt> {
        let name = name.clone();
        self.0
            .keep(move |edge| {
                edge.store.read(|tx| Ok(edge.node.rules(tx)?.catalog.rollback_adapters.get(&name).cloned()))
            })
            .await
    }

    fn fresh(&self) -> RollbackId {
        self.0.mint().id(self.0.now())
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
