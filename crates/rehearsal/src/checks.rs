//! The promises, asked of a world as it is: each broken one is named with what it was seen on.
//!
//! Some are asked of the tables at any instant, some of the order in which things happened, some only when all is
//! quiet again. They look at the store with plain queries, past the code that is being checked.

use std::collections::{BTreeMap, BTreeSet};

use actions::board::refresh;
use actions::node::Identity;
use actions::{Halt, Node};
use domain::detect::board::Board;
use domain::engage::deliveries::Outcome;
use domain::engage::links::LinkKey;
use domain::words::{DeliveryId, EventKind, Refusal, Span, Timestamp};
use serde_json::Value as Json;
use store::journal::Entry;
use store::{Error, Store, Tx, Value};

use crate::play::Play;
use crate::world::{Attempt, Deed, Post};
use crate::{Trouble, change_checks, incident_checks, learning_checks, switch_checks};

/// What the journal and the channels say happened, in order: what the tables must agree with.
#[derive(Debug, Default)]
pub struct Ledger {
    pages: BTreeMap<String, Told>,
    /// What was not as it should be when it happened.
    broken: Vec<String>,
    arrived: BTreeSet<DeliveryId>,
    /// Messages that arrived again.
    pub duplicates: u64,
    /// What may lead to a message that arrives again: lost answers, refused answers.
    pub excuses: u64,
    /// Attempts of which the store took the outcome.
    settled: u64,
    pub attempts: u64,
    /// How often somebody was reminded of an action item, and how many were proven or given up.
    pub reminders: u64,
    pub items_over: u64,
}

/// A page, as the journal tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    state: &'static str,
    step: i64,
    round: i64,
    by: Option<String>,
    ended: Option<String>,
    due_at: Option<Timestamp>,
    /// A message failed for good since: the next step may be early.
    hurried: bool,
}

impl Ledger {
    /// An entry came into the journal.
    pub fn entry(&mut self, entry: &Entry) {
        let Some(kind) = entry.kind() else { return };
        match kind {
            EventKind::ActionItemReminded => self.reminders += 1,
            EventKind::ActionItemVerified | EventKind::ActionItemDropped => self.items_over += 1,
            _ => {}
        }
        let Some(page) = entry.subjects.iter().find(|subject| subject.starts_with("pag_")) else { return };
        if kind == EventKind::DeliveryFailed {
            if let Some(told) = self.pages.get_mut(page) {
                told.hurried = true;
            }
            return;
        }
        let data = &entry.data;
        let before = self.pages.get(page);
        let number = |name: &str| data[name].as_i64().unwrap_or(0);
        let (state, ended) = match kind {
            EventKind::PageStarted | EventKind::PageRestarted | EventKind::PageEscalated => match &data["ended"] {
                Json::String(why) => ("ended", Some(why.clone())),
                _ => ("calling", None),
            },
            EventKind::PageAcknowledged => ("acknowledged", None),
            EventKind::PageEnded => ("ended", data["ended"].as_str().map(str::to_owned)),
            _ => return,
        };
        if let Some(before) = before {
            let early = before.due_at.is_some_and(|due| entry.at < due) && !before.hurried;
            if kind == EventKind::PageEscalated && entry.actor == "rule:escalation" && early {
                self.broken.push(format!("{page} went on before its time"));
            }
            if before.state == "ended"
                && kind == EventKind::PageEscalated
                && before.ended.as_deref() != Some("unanswered")
            {
                self.broken.push(format!("{page} went on after its end"));
            }
            if kind == EventKind::PageStarted {
                self.broken.push(format!("{page} was started twice"));
            }
        } else if kind != EventKind::PageStarted {
            self.broken.push(format!("{page} was {} before it was started", kind.word()));
        }
        let by = data["by"].as_str().map(str::to_owned);
        let due_at = data["due_at"].as_str().and_then(|at| at.parse().ok());
        let told = Told { state, step: number("step"), round: number("round"), by, ended, due_at, hurried: false };
        self.pages.insert(page.clone(), told);
    }

    /// How many pages it knows.
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Something was done that is not in the journal.
    pub fn deed(&mut self, deed: &Deed) {
        match deed {
            Deed::Attempted(attempt) => {
                self.attempted(attempt);
                if !attempt.pending {
                    self.answered(attempt);
                }
            }
            Deed::Settled(attempt) => self.answered(attempt),
            _ => {}
        }
    }

    fn attempted(&mut self, attempt: &Attempt) {
        self.attempts += 1;
        let arrival = &attempt.arrival;
        let state = arrival.page.and_then(|page| self.pages.get(&page.to_string())).map(|told| told.state);
        let wanted = if arrival.step == 0 { "ended" } else { "calling" };
        // An invitation to a meeting is about no page.
        if arrival.page.is_some() && state != Some(wanted) {
            let state = state.unwrap_or("nowhere");
            self.broken.push(format!("{} was sent while its page was {state}", arrival.delivery));
        }
        if !attempt.arrived {
            return;
        }
        if !self.arrived.insert(arrival.delivery) {
            self.duplicates += 1;
            if !arrival.repeat {
                self.broken.push(format!("{} arrived again and did not say so", arrival.delivery));
            }
        }
    }

    fn answered(&mut self, attempt: &Attempt) {
        if attempt.stale {
            self.excuses += 1;
        } else {
            self.settled += 1;
        }
        if attempt.arrived && !matches!(attempt.outcome, Outcome::Sent { .. }) {
            self.excuses += 1;
        }
    }
}

/// All promises that can be asked at any instant.
pub fn all(play: &mut Play) -> Result<(), Trouble> {
    now(play)?;
    first_of(of_boards(play)?)
}

/// Most promises: those that are cheap to ask.
pub fn now(play: &mut Play) -> Result<(), Trouble> {
    if let Some(broken) = play.ledger.broken.first() {
        return Err(Trouble::Broken(broken.clone()));
    }
    let mut broken = Vec::new();
    let looked = play.world.store.write(|tx| {
        // The checks ask in SQL; so what has no row is given one, and then it has not been so.
        store::detect::alerts::write_out(tx)?;
        broken = of_tables(tx, play)?;
        Err::<(), _>(Refusal::conflict("only looked").into())
    });
    if let Err(halt @ Halt::Failed(_)) = looked {
        return Err(halt.into());
    }
    broken.extend(of_clocks(play)?);
    broken.extend(switch_checks::all(play)?);
    play.newly_promised.clear();
    let excuses = play.ledger.excuses + play.world.lost_with_nodes + play.world.in_flight() as u64;
    if play.ledger.duplicates > excuses {
        broken.push(format!("{} duplicates, with {excuses} lost answers", play.ledger.duplicates));
    }
    first_of(broken)
}

fn first_of(broken: Vec<String>) -> Result<(), Trouble> {
    match broken.into_iter().next() {
        Some(first) => Err(Trouble::Broken(first)),
        None => Ok(()),
    }
}

/// All promises that hold when nothing has gone wrong for long, and nothing new has happened.
pub fn quiet(play: &mut Play) -> Result<(), Trouble> {
    play.newly_promised = play.promised.clone();
    all(play)?;
    let now = play.world.now();
    first_of(play.world.store.read(|tx| Ok(learning_checks::forgotten(tx, now)?))?)?;
    let open = play.world.store.read(|tx| {
        let rows = tx.query("SELECT id FROM deliveries WHERE wake_at IS NOT NULL ORDER BY id", &[])?;
        rows.iter().map(|row| Ok(row.text("id")?.to_owned())).collect::<Result<Vec<_>, Halt>>()
    })?;
    match open.first() {
        Some(first) => Err(Trouble::Broken(format!("{first} and {} others never came to an end", open.len() - 1))),
        None => Ok(()),
    }
}

/// Each is a query that finds nothing, as long as its promise is kept.
const NOTHING: [(&str, &str); 12] = [
    (
        "an alert belongs to no group",
        "SELECT a.id AS id FROM alerts a LEFT JOIN groups g ON g.id = a.group_id WHERE g.id IS NULL",
    ),
    (
        "an open alert is in a closed group",
        "SELECT a.id AS id FROM alerts a JOIN groups g ON g.id = a.group_id \
         WHERE a.resolved_at IS NULL AND g.closed_at IS NOT NULL",
    ),
    (
        "a group is open and has no alert",
        "SELECT g.id AS id FROM groups g WHERE g.closed_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.group_id = g.id AND a.resolved_at IS NULL)",
    ),
    (
        "two open alerts are one",
        "SELECT min(id) AS id FROM alerts WHERE resolved_at IS NULL GROUP BY integration, key HAVING count(*) > 1",
    ),
    (
        "two open groups are one",
        "SELECT min(id) AS id FROM groups WHERE closed_at IS NULL GROUP BY route, labels HAVING count(*) > 1",
    ),
    (
        "a page of high urgency calls and has no next instant",
        "SELECT id FROM pages WHERE state = 'calling' AND urgency = 'high' AND due_at IS NULL",
    ),
    (
        "a page calls though everything in its group is muted or taken",
        "SELECT p.id AS id FROM pages p WHERE p.state = 'calling' AND p.group_id IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM alerts a WHERE a.group_id = p.group_id AND a.resolved_at IS NULL AND a.muted IS NULL AND a.taken IS NULL)",
    ),
    (
        "a page goes on though its group is closed",
        "SELECT p.id AS id FROM pages p JOIN groups g ON g.id = p.group_id \
         WHERE p.state <> 'ended' AND g.closed_at IS NOT NULL",
    ),
    (
        "an alert speaks and nobody was paged",
        "SELECT a.id AS id FROM alerts a JOIN groups g ON g.id = a.group_id LEFT JOIN pages p ON p.id = g.page \
         WHERE a.resolved_at IS NULL AND a.muted IS NULL AND a.taken IS NULL AND a.urgency IS NOT NULL \
         AND g.policy IS NOT NULL AND g.due_at IS NULL \
         AND (p.id IS NULL OR (p.state = 'ended' AND p.ended_why <> 'unanswered'))",
    ),
    (
        "a page that nobody need answer has messages to send",
        "SELECT d.id AS id FROM deliveries d JOIN pages p ON p.id = d.page \
         WHERE d.state = 'queued' AND d.step > 0 AND p.state <> 'calling'",
    ),
    ("a message came to its end at no time", "SELECT id FROM deliveries WHERE wake_at IS NULL AND settled_at IS NULL"),
    (
        "a message is neither on its way nor at its end",
        "SELECT id FROM deliveries WHERE (wake_at IS NULL) = (state IN ('queued', 'claimed'))",
    ),
];

/// High urgency is tried eleven times; whatever died with a node may be tried again.
const ATTEMPTS_MOST: u64 = 11;

/// Shorter than any source may be silent.
const REPEATED_LATELY: Span = Span::minutes(3);

fn of_tables(tx: &mut Tx<'_>, play: &Play) -> Result<Vec<String>, Error> {
    let mut broken = Vec::new();
    for (promise, sql) in NOTHING {
        if let Some(row) = tx.one(sql, &[])? {
            broken.push(format!("{promise}: {}", row.text("id")?));
        }
    }
    for (integration, key) in &play.newly_promised {
        let with = [Value::from(integration), key.cast_signed().into()];
        if tx.one("SELECT id FROM alerts WHERE integration = $1 AND key = $2", &with)?.is_none() {
            broken.push(format!("an alert of {integration} was answered for and is lost"));
        }
    }
    for ((integration, key), at) in &play.heard {
        let with = [Value::from(integration), key.cast_signed().into()];
        let sql = "SELECT closing FROM alerts WHERE integration = $1 AND key = $2 ORDER BY id DESC LIMIT 1";
        let closing = tx.one(sql, &with)?.map(|row| row.opt_text("closing").map(|word| word == Some("lapsed")));
        if play.world.since(*at) < REPEATED_LATELY && closing.transpose()? == Some(true) {
            broken.push(format!("an alert of {integration} was closed though its source told of it at {at}"));
        }
    }
    let most = ATTEMPTS_MOST + play.world.lost_with_nodes + play.ledger.excuses + play.world.in_flight() as u64;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    if let Some(row) = tx.one("SELECT id FROM deliveries WHERE attempts > $1", &[most.into()])? {
        broken.push(format!("{} was tried more often than it may", row.text("id")?));
    }
    let settled = tx.one("SELECT count(*) AS settled FROM attempts", &[])?;
    let settled = settled.map_or(Ok(0), |row| row.int("settled"))?.unsigned_abs();
    if settled < play.ledger.settled.saturating_sub(play.world.lost_with_nodes)
        || settled > play.ledger.settled + play.world.lost_with_nodes
    {
        broken.push(format!("{settled} attempts are noted, {} were settled", play.ledger.settled));
    }
    broken.extend(of_journal(tx, &play.ledger)?);
    broken.extend(incident_checks::all(tx, play.world.posts().iter().find_map(Post::node), play.world.now())?);
    broken.extend(change_checks::all(tx, &play.world.adapters)?);
    Ok(broken)
}

/// The journal tells every change of a page's state: from it alone the rows can be made again.
fn of_journal(tx: &mut Tx<'_>, ledger: &Ledger) -> Result<Vec<String>, Error> {
    let mut broken = Vec::new();
    let rows = tx.query("SELECT id, state, step, round, state_by, ended_why FROM pages ORDER BY id", &[])?;
    for row in &rows {
        let id = row.text("id")?;
        let Some(told) = ledger.pages.get(id) else {
            broken.push(format!("the journal does not know {id}"));
            continue;
        };
        let same = row.text("state")? == told.state
            && (told.state != "calling" || (row.int("step")?, row.int("round")?) == (told.step, told.round))
            && (told.state != "acknowledged" || row.opt_text("state_by")? == told.by.as_deref())
            && row.opt_text("ended_why")? == told.ended.as_deref();
        if !same {
            let state = row.text("state")?;
            broken.push(format!("{id} is {state}, step {}, and the journal says {told:?}", row.int("step")?));
        }
    }
    if rows.len() != ledger.pages.len() {
        broken.push(format!("the journal knows {} pages, the table {}", ledger.pages.len(), rows.len()));
    }
    Ok(broken)
}

/// Whoever lives has done what was due by its own clock.
fn of_clocks(play: &Play) -> Result<Vec<String>, Halt> {
    let latest =
        play.world.posts().iter().filter(|post| post.node().is_some()).map(|post| post.local(play.world.now())).max();
    let Some(latest) = latest else { return Ok(Vec::new()) };
    play.world.store.read(|tx| {
        let mut broken = Vec::new();
        for (promise, sql) in [
            ("a page is overdue", "SELECT id FROM pages WHERE due_at < $1"),
            ("a message is overdue", "SELECT id FROM deliveries WHERE wake_at < $1"),
            ("a group has waited too long", "SELECT id FROM groups WHERE due_at < $1 AND closed_at IS NULL"),
            ("a silence is overdue", "SELECT id FROM silences WHERE due_at < $1"),
            ("a call for a commander is overdue", "SELECT id FROM incidents WHERE command_due_at < $1"),
            ("a reminder of a task is overdue", "SELECT id FROM tasks WHERE wake_at < $1"),
            ("a reminder of an update is overdue", "SELECT incident AS id FROM promises WHERE wake_at < $1"),
            ("a kill is overdue", "SELECT id FROM kills WHERE due_at < $1"),
            ("a snooze is overdue", "SELECT id FROM alerts WHERE snoozed_until < $1 AND resolved_at IS NULL"),
        ] {
            if let Some(row) = tx.one(sql, &[latest.into()])? {
                broken.push(format!("{promise}: {}", row.text("id")?));
            }
        }
        Ok(broken)
    })
}

/// The board of every node shows what is in the tables; and what an active silence matches is muted.
fn of_boards(play: &Play) -> Result<Vec<String>, Halt> {
    let store = &play.world.store;
    let fresh = Node::new(Identity {
        name: "the one who checks".into(),
        public_url: String::new(),
        link_key: LinkKey::new([0; 32]),
    });
    refresh(store, &fresh, play.world.now())?;
    let truth = show(&fresh.board());
    let mut broken = of_silences(play, store, &fresh.board());
    for post in play.world.posts() {
        let Some(node) = post.node() else { continue };
        refresh(store, node, post.local(play.world.now()))?;
        let mine = show(&node.board());
        if mine != truth {
            let other =
                mine.iter().find(|line| !truth.contains(*line)).or(truth.iter().find(|line| !mine.contains(*line)));
            broken.push(format!("the board of {} is not what the tables say: {}", post.name, other.map_or("", |l| l)));
        }
    }
    Ok(broken)
}

fn of_silences(play: &Play, store: &Store, board: &Board) -> Vec<String> {
    let locals =
        || play.world.posts().iter().filter(|post| post.node().is_some()).map(|post| post.local(play.world.now()));
    let (Some(earliest), Some(latest)) = (locals().min(), locals().max()) else { return Vec::new() };
    let _ = store;
    let sure = board.silences.iter().filter(|silence| silence.starts_at <= earliest && latest < silence.ends_at);
    sure.flat_map(|silence| board.matching(&silence.matchers))
        .filter(|slot| board.at(*slot).muted().is_none())
        .map(|slot| format!("{} speaks though a silence matches it", board.at(slot).id))
        .collect()
}

/// What a board shows, apart from what only one node has heard.
fn show(board: &Board) -> Vec<String> {
    let alerts = board.newest_first(None).map(|slot| {
        let alert = board.at(slot);
        format!(
            "{} {} {:x} {} {} {:?} {} {:?} {:?} {}",
            alert.id,
            alert.integration,
            alert.key,
            alert.group,
            alert.signal,
            alert.urgency,
            alert.starts_at,
            alert.taken,
            alert.muted(),
            board.labels(slot)
        )
    });
    let groups = board.groups().map(|open| {
        let members: BTreeSet<_> = open.alerts.iter().map(|slot| board.at(*slot).id).collect();
        format!("{:?} {members:?}", open.group)
    });
    let silences = board.silences.iter().map(|silence| format!("{} {}", silence.id, silence.ends_at));
    let mut lines: Vec<String> = alerts.chain(groups).chain(silences).collect();
    lines.sort_unstable();
    lines
}
