//! What is to be said: queued in the transaction that decided it, claimed before it is sent, settled after.
//!
//! A claim has a lease and a fence. When the lease ends without an answer the row is claimed again, never
//! failed: a page may come twice, it is not lost. Whoever settles names the fence of its claim, and a
//! stale one is refused. Nothing here sends, and nothing here decides when to try again.

use std::fmt;
use std::str::FromStr;

use domain::engage::deliveries::{Settled, Urgency};
use domain::words::{DeliveryId, Name, PageId, Span, Timestamp};

use crate::door::{Error, Row, Tx};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.word()) }
        }

        impl FromStr for $name {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> {
                match word { $($word => Ok(Self::$variant),)* _ => Err(()) }
            }
        }
    )*};
}

words! {
    /// What a delivery is for.
    Kind {
        /// Tells a person of a page.
        Page = "page",
        /// Tries out a contact.
        Test = "test",
        /// Tells a machine: a webhook of a policy or a route.
        Hook = "hook",
        /// Anything else for a person: an invitation, a handover.
        Mail = "mail",
    }

    /// Where a delivery is on its way.
    State {
        Queued = "queued",
        /// Some node is sending it.
        Claimed = "claimed",
        Sent = "sent",
        /// Given up.
        Failed = "failed",
        /// No longer wanted: answered, resolved, silenced.
        Cancelled = "cancelled",
    }

    /// What became of one attempt.
    Ending {
        Sent = "sent",
        Later = "later",
        Never = "never",
    }
}

/// What to queue.
#[derive(Clone, Debug, PartialEq)]
pub struct New<'a> {
    pub id: DeliveryId,
    pub kind: Kind,
    pub page: Option<PageId>,
    pub person: Option<&'a Name>,
    /// What the person's ladder calls the contact.
    pub contact: &'a str,
    /// `email`, `ntfy`, `webhook`.
    pub channel: &'a str,
    pub address: &'a str,
    pub step: u32,
    pub round: u32,
    pub urgency: Urgency,
    /// JSON: what the message is made from when it is sent.
    pub payload: &'a str,
    pub due_at: Timestamp,
}

/// A delivery, as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub kind: Kind,
    pub page: Option<PageId>,
    pub person: Option<Name>,
    pub contact: String,
    pub channel: String,
    pub address: String,
    pub step: u32,
    pub round: u32,
    pub urgency: Urgency,
    pub payload: String,
    pub state: State,
    pub due_at: Timestamp,
    /// Who is sending it, as far as is known.
    pub node: Option<String>,
    pub claimed_at: Option<Timestamp>,
    pub lease_until: Option<Timestamp>,
    pub fence: i64,
    /// Begun so far, this one included.
    pub attempts: u32,
    pub created_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    /// When the person opened it or acted on it.
    pub seen_at: Option<Timestamp>,
    /// The receipt, or why not.
    pub detail: Option<String>,
}

/// One attempt that came to an end.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub number: u32,
    pub node: String,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub ending: Ending,
    pub detail: Option<String>,
}

/// How much there is to say, for the metrics and for those who watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Queued or being sent.
    pub open: u64,
    /// Due, and not yet settled.
    pub due: u64,
    /// Due since when: the oldest of them.
    pub oldest_due: Option<Timestamp>,
    /// Given up since the instant that was asked for.
    pub failed: u64,
}

/// Queues a delivery, and answers with it. With a node and the end of a lease it is born claimed, with fence 1: whoever
/// queued it sends it itself, after the commit.
pub fn queue(
    tx: &mut Tx<'_>,
    new: &New<'_>,
    born: Option<(&str, Timestamp)>,
    now: Timestamp,
) -> Result<Delivery, Error> {
    let begun = u32::from(born.is_some());
    let queued = Delivery {
        id: new.id,
        kind: new.kind,
        page: new.page,
        person: new.person.cloned(),
        contact: new.contact.to_owned(),
        channel: new.channel.to_owned(),
        address: new.address.to_owned(),
        step: new.step,
        round: new.round,
        urgency: new.urgency,
        payload: new.payload.to_owned(),
        state: if born.is_some() { State::Claimed } else { State::Queued },
        due_at: new.due_at,
        node: born.map(|(node, _)| node.to_owned()),
        claimed_at: born.map(|_| now),
        lease_until: born.map(|(_, until)| until),
        fence: begun.into(),
        attempts: begun,
        created_at: now,
        settled_at: None,
        seen_at: None,
        detail: None,
    };
    tx.execute(
        "INSERT INTO deliveries (id, kind, page, person, contact, channel, address, step, round, urgency, payload, \
         state, due_at, wake_at, node, claimed_at, lease_until, fence, attempts, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18, $19)",
        &[
            queued.id.into(),
            queued.kind.word().into(),
            queued.page.into(),
            queued.person.as_ref().into(),
            queued.contact.as_str().into(),
            queued.channel.as_str().into(),
            queued.address.as_str().into(),
            queued.step.into(),
            queued.round.into(),
            queued.urgency.word().into(),
            queued.payload.as_str().into(),
            queued.state.word().into(),
            queued.due_at.into(),
            queued.lease_until.unwrap_or(queued.due_at).into(),
            queued.node.as_deref().into(),
            queued.claimed_at.into(),
            queued.lease_until.into(),
            queued.fence.into(),
            now.into(),
        ],
    )?;
    Ok(queued)
}

/// Claims up to `limit` of what is due in a channel, so that a slow provider holds up nothing but itself: high urgency
/// first, then the oldest, and of what was claimed by a node that has not come back.
pub fn claim(
    tx: &mut Tx<'_>,
    channel: &str,
    node: &str,
    now: Timestamp,
    lease: Span,
    limit: u32,
) -> Result<Vec<Delivery>, Error> {
    let sql = format!(
        "UPDATE deliveries SET state = 'claimed', node = $1, claimed_at = $2, lease_until = $3, wake_at = $3, \
         fence = fence + 1, attempts = attempts + 1 WHERE id IN \
         (SELECT id FROM deliveries WHERE channel = $6 AND urgency = $4 AND wake_at <= $2 ORDER BY wake_at, id LIMIT $5) \
         RETURNING {COLUMNS}"
    );
    let mut claimed = Vec::new();
    // One urgency at a time, so that the index leads straight to what is due.
    for urgency in [Urgency::High, Urgency::Low] {
        let room = u64::from(limit).saturating_sub(claimed.len() as u64);
        if room == 0 {
            break;
        }
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        let until = lease.after(now);
        let values = [node.into(), now.into(), until.into(), urgency.word().into(), room.into(), channel.into()];
        let mut found = tx.query(&sql, &values)?.iter().map(delivery).collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(|delivery| (delivery.due_at, delivery.id)); // RETURNING has no order
        claimed.append(&mut found);
    }
    Ok(claimed)
}

/// Claims what is first in its thread (the contact) and due: what is said later waits for it, whatever becomes of other
/// threads. The order is that of the step, then of the ids.
pub fn claim_in_order(
    tx: &mut Tx<'_>,
    channel: &str,
    node: &str,
    now: Timestamp,
    lease: Span,
    limit: u32,
) -> Result<Vec<Delivery>, Error> {
    let sql = format!(
        "UPDATE deliveries SET state = 'claimed', node = $1, claimed_at = $2, lease_until = $3, wake_at = $3, \
         fence = fence + 1, attempts = attempts + 1 WHERE id IN \
         (SELECT id FROM deliveries WHERE channel = $4 AND wake_at <= $2 AND {FIRST} ORDER BY wake_at, id LIMIT $5) \
         RETURNING {COLUMNS}"
    );
    let until = lease.after(now);
    let values = [node.into(), now.into(), until.into(), channel.into(), limit.into()];
    let mut found = tx.query(&sql, &values)?.iter().map(delivery).collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|delivery| (delivery.due_at, delivery.id)); // RETURNING has no order
    Ok(found)
}

/// When somebody has to look again at a channel that is claimed in order.
pub fn next_in_order(tx: &mut Tx<'_>, channel: &str) -> Result<Option<Timestamp>, Error> {
    let sql =
        format!("SELECT min(wake_at) AS next FROM deliveries WHERE channel = $1 AND wake_at IS NOT NULL AND {FIRST}");
    tx.one(&sql, &[channel.into()])?.map_or(Ok(None), |row| row.opt_instant("next"))
}

/// Nothing of the same thread waits before it.
const FIRST: &str = "NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.channel = deliveries.channel \
    AND earlier.contact = deliveries.contact AND earlier.wake_at IS NOT NULL AND earlier.id <> deliveries.id \
    AND (earlier.step < deliveries.step OR (earlier.step = deliveries.step AND earlier.id < deliveries.id)))";

/// Records the end of the attempt that has this fence, and answers with the delivery as it was before; `None` if another
/// claim has come since.
///
/// A delivery that was cancelled while it was being sent counts as sent if it was, and is not tried again.
pub fn settle(
    tx: &mut Tx<'_>,
    id: DeliveryId,
    fence: i64,
    settled: &Settled,
    now: Timestamp,
) -> Result<Option<Delivery>, Error> {
    let Some(found) = get(tx, id)?.filter(|found| found.fence == fence) else { return Ok(None) };
    let (Some(node), Some(started_at)) = (&found.node, found.claimed_at) else { return Ok(None) };
    let cancelled = match found.state {
        State::Claimed => false,
        State::Cancelled => true,
        State::Queued | State::Sent | State::Failed => return Ok(None),
    };
    let (ending, detail) = match settled {
        Settled::Sent { receipt } => (Ending::Sent, receipt.as_deref()),
        Settled::Again { why, .. } => (Ending::Later, Some(why.as_str())),
        Settled::GivenUp { why } => (Ending::Never, Some(why.as_str())),
    };
    let (state, due_at) = match (settled, cancelled) {
        (Settled::Sent { .. }, _) => (State::Sent, None),
        (_, true) => (State::Cancelled, None),
        (Settled::Again { at, .. }, false) => (State::Queued, Some(*at)),
        (Settled::GivenUp { .. }, false) => (State::Failed, None),
    };
    tx.execute(
        "UPDATE deliveries SET state = $2, due_at = $3, wake_at = $4, settled_at = $5, detail = $6, \
         node = NULL, claimed_at = NULL, lease_until = NULL WHERE id = $1",
        &[
            id.into(),
            state.word().into(),
            due_at.unwrap_or(found.due_at).into(),
            due_at.into(),
            due_at.is_none().then_some(now).into(),
            detail.into(),
        ],
    )?;
    tx.execute(
        "INSERT INTO attempts (delivery, number, node, started_at, ended_at, outcome, detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            id.into(),
            found.attempts.into(),
            node.into(),
            started_at.into(),
            now.into(),
            ending.word().into(),
            detail.into(),
        ],
    )?;
    Ok(Some(found))
}

/// The person's next contact for the page is due now: the one before it said never, or they asked for it.
pub fn expedite(tx: &mut Tx<'_>, page: PageId, person: &Name, now: Timestamp) -> Result<Option<DeliveryId>, Error> {
    let next = tx.one(
        "SELECT id FROM deliveries WHERE page = $1 AND person = $2 AND state = 'queued' \
         ORDER BY round, step, due_at, id LIMIT 1",
        &[page.into(), person.into()],
    )?;
    let Some(next) = next else { return Ok(None) };
    let id: DeliveryId = next.id("id")?;
    tx.execute(
        "UPDATE deliveries SET due_at = $2, wake_at = $2 WHERE id = $1 AND due_at > $2",
        &[id.into(), now.into()],
    )?;
    Ok(Some(id))
}

/// Nothing more is to be said about the page; how many deliveries that stopped. What is being sent right
/// now cannot be called back, but is not tried again.
pub fn cancel_for_page(tx: &mut Tx<'_>, page: PageId, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE deliveries SET state = 'cancelled', wake_at = NULL, settled_at = $2 \
         WHERE page = $1 AND wake_at IS NOT NULL",
        &[page.into(), now.into()],
    )
}

/// Nothing that waits in a channel is to be sent; how many that were. What is being sent right now cannot be called back,
/// but is not tried again.
pub fn cancel_channel(tx: &mut Tx<'_>, channel: &str, why: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE deliveries SET state = 'cancelled', wake_at = NULL, settled_at = $2, detail = $3 \
         WHERE channel = $1 AND wake_at IS NOT NULL",
        &[channel.into(), now.into(), why.into()],
    )
}

/// The same for one delivery; `false` if it does not wait.
pub fn cancel(tx: &mut Tx<'_>, id: DeliveryId, why: &str, now: Timestamp) -> Result<bool, Error> {
    let cancelled = tx.execute(
        "UPDATE deliveries SET state = 'cancelled', wake_at = NULL, settled_at = $2, detail = $3 \
         WHERE id = $1 AND wake_at IS NOT NULL",
        &[id.into(), now.into(), why.into()],
    )?;
    Ok(cancelled == 1)
}

/// How many deliveries of a channel wait or are being sent.
pub fn waiting(tx: &mut Tx<'_>, channel: &str) -> Result<u64, Error> {
    let row = tx.one(
        "SELECT count(*) AS count FROM deliveries WHERE channel = $1 AND wake_at IS NOT NULL",
        &[channel.into()],
    )?;
    row.map_or(Ok(0), |row| row.number("count"))
}

/// Nothing that waits is to be sent, whatever it is about; how many that were.
pub fn cancel_all(tx: &mut Tx<'_>, why: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE deliveries SET state = 'cancelled', wake_at = NULL, settled_at = $1, detail = $2 \
         WHERE wake_at IS NOT NULL",
        &[now.into(), why.into()],
    )
}

/// The person opened the message or acted on it; `false` if that was known, or there is no such delivery.
pub fn mark_seen(tx: &mut Tx<'_>, id: DeliveryId, now: Timestamp) -> Result<bool, Error> {
    let seen =
        tx.execute("UPDATE deliveries SET seen_at = $2 WHERE id = $1 AND seen_at IS NULL", &[id.into(), now.into()])?;
    Ok(seen == 1)
}

/// Takes a delivery away with its attempts: for what proves something and is nobody's record.
pub fn remove(tx: &mut Tx<'_>, id: DeliveryId) -> Result<bool, Error> {
    tx.execute("DELETE FROM attempts WHERE delivery = $1", &[id.into()])?;
    Ok(tx.execute("DELETE FROM deliveries WHERE id = $1", &[id.into()])? == 1)
}

/// Takes everything away that was said to somebody outside, and that waits to be: they are forgotten.
pub fn forget_contact(tx: &mut Tx<'_>, contact: &str) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM attempts WHERE delivery IN \
         (SELECT id FROM deliveries WHERE contact = $1 AND page IS NULL AND kind = 'mail')",
        &[contact.into()],
    )?;
    tx.execute("DELETE FROM deliveries WHERE contact = $1 AND page IS NULL AND kind = 'mail'", &[contact.into()])
}

/// Forgets up to so many of what was said to people outside and settled before an instant; how many.
pub fn cut_mails(tx: &mut Tx<'_>, before: Timestamp, most: u32) -> Result<u64, Error> {
    let rows = tx.query(
        "SELECT id FROM deliveries WHERE page IS NULL AND kind = 'mail' AND settled_at < $1 ORDER BY id LIMIT $2",
        &[before.into(), most.into()],
    )?;
    for row in &rows {
        remove(tx, row.id("id")?)?;
    }
    Ok(rows.len() as u64)
}

/// Forgets up to so many of what was said in chats and settled before an instant; how many.
pub fn cut_chats(tx: &mut Tx<'_>, before: Timestamp, most: u32) -> Result<u64, Error> {
    let rows = tx.query(
        "SELECT id FROM deliveries WHERE channel LIKE $3 AND settled_at < $1 ORDER BY id LIMIT $2",
        &[before.into(), most.into(), CHATS.into()],
    )?;
    for row in &rows {
        remove(tx, row.id("id")?)?;
    }
    Ok(rows.len() as u64)
}

pub fn get(tx: &mut Tx<'_>, id: DeliveryId) -> Result<Option<Delivery>, Error> {
    let row = tx.one(&format!("SELECT {COLUMNS} FROM deliveries WHERE id = $1"), &[id.into()])?;
    row.as_ref().map(delivery).transpose()
}

/// Everything that was to be said about a page, in the order in which it was queued, with what became of it.
pub fn for_page(tx: &mut Tx<'_>, page: PageId) -> Result<Vec<(Delivery, Vec<Attempt>)>, Error> {
    let rows =
        tx.query(&format!("SELECT {COLUMNS} FROM deliveries WHERE page = $1 ORDER BY created_at, id"), &[page.into()])?;
    let mut found: Vec<(Delivery, Vec<Attempt>)> =
        rows.iter().map(|row| Ok((delivery(row)?, Vec::new()))).collect::<Result<_, Error>>()?;
    let rows = tx.query(
        "SELECT attempts.delivery, attempts.number, attempts.node, attempts.started_at, attempts.ended_at, \
         attempts.outcome, attempts.detail FROM deliveries JOIN attempts ON attempts.delivery = deliveries.id \
         WHERE deliveries.page = $1 ORDER BY attempts.number",
        &[page.into()],
    )?;
    for row in &rows {
        let id: DeliveryId = row.id("delivery")?;
        if let Some((_, attempts)) = found.iter_mut().find(|(delivery, _)| delivery.id == id) {
            attempts.push(attempt(row)?);
        }
    }
    Ok(found)
}

/// The attempts of one delivery, in order.
pub fn attempts(tx: &mut Tx<'_>, id: DeliveryId) -> Result<Vec<Attempt>, Error> {
    let rows = tx.query(
        "SELECT number, node, started_at, ended_at, outcome, detail FROM attempts WHERE delivery = $1 ORDER BY number",
        &[id.into()],
    )?;
    rows.iter().map(attempt).collect()
}

/// What was to be said to a person, newest first.
pub fn for_person(tx: &mut Tx<'_>, person: &Name, limit: u32) -> Result<Vec<Delivery>, Error> {
    let rows = tx.query(
        &format!("SELECT {COLUMNS} FROM deliveries WHERE person = $1 ORDER BY created_at DESC, id DESC LIMIT $2"),
        &[person.into(), limit.into()],
    )?;
    rows.iter().map(delivery).collect()
}

/// When somebody has to look again at what these channels have to say: something is due, or a lease ends.
pub fn next_due(tx: &mut Tx<'_>, channels: &[&str]) -> Result<Option<Timestamp>, Error> {
    let mut next = None;
    for channel in channels {
        // The index begins with the channel and the urgency: each half is a glance.
        let sql = "SELECT min(next) AS next FROM (\
                   SELECT min(wake_at) AS next FROM deliveries \
                   WHERE channel = $1 AND urgency = 'high' AND wake_at IS NOT NULL UNION ALL \
                   SELECT min(wake_at) AS next FROM deliveries \
                   WHERE channel = $1 AND urgency = 'low' AND wake_at IS NOT NULL) AS both_urgencies";
        let row = tx.one(sql, &[(*channel).into()])?;
        let earliest = row.map(|row| row.opt_instant("next")).transpose()?.flatten();
        next = [next, earliest].into_iter().flatten().min();
    }
    Ok(next)
}

/// How much there is to say, and how much was given up since `since`. Without what outgoing webhooks and chats wait for: they
/// may be down for days, and nobody is paged later for it.
pub fn load(tx: &mut Tx<'_>, now: Timestamp, since: Timestamp) -> Result<Load, Error> {
    let open = tx.one(
        "SELECT count(*) AS open, count(*) FILTER (WHERE due_at <= $1) AS due, \
         min(due_at) FILTER (WHERE due_at <= $1) AS oldest FROM deliveries \
         WHERE wake_at IS NOT NULL AND channel NOT LIKE $2 AND channel NOT LIKE $3",
        &[now.into(), OUTGOING.into(), CHATS.into()],
    )?;
    let failed = tx.one(
        "SELECT count(*) AS failed FROM deliveries WHERE state = 'failed' AND settled_at >= $1 \
         AND channel NOT LIKE $2 AND channel NOT LIKE $3",
        &[since.into(), OUTGOING.into(), CHATS.into()],
    )?;
    let (Some(open), Some(failed)) = (open, failed) else { return Ok(Load::default()) };
    Ok(Load {
        open: open.number("open")?,
        due: open.number("due")?,
        oldest_due: open.opt_instant("oldest")?,
        failed: failed.number("failed")?,
    })
}

/// The channels of outgoing webhooks (`domain::inform::outgoing_webhooks::channel`).
const OUTGOING: &str = "outgoing-webhook/%";
/// The channels of chats (`domain::respond::chats::channel`).
const CHATS: &str = "chat/%";
const COLUMNS: &str = "id, kind, page, person, contact, channel, address, step, round, urgency, payload, state, due_at, \
                       node, claimed_at, lease_until, fence, attempts, created_at, settled_at, seen_at, detail";

fn delivery(row: &Row) -> Result<Delivery, Error> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(Delivery {
        id: row.id("id")?,
        kind: row.parse("kind")?,
        page: row.opt_id("page")?,
        person: row.opt_name("person")?,
        contact: row.text("contact")?.to_owned(),
        channel: row.text("channel")?.to_owned(),
        address: row.text("address")?.to_owned(),
        step: row.number("step")?,
        round: row.number("round")?,
        urgency: row.parse("urgency")?,
        payload: row.text("payload")?.to_owned(),
        state: row.parse("state")?,
        due_at: row.instant("due_at")?,
        node: owned(row.opt_text("node")?),
        claimed_at: row.opt_instant("claimed_at")?,
        lease_until: row.opt_instant("lease_until")?,
        fence: row.int("fence")?,
        attempts: row.number("attempts")?,
        created_at: row.instant("created_at")?,
        settled_at: row.opt_instant("settled_at")?,
        seen_at: row.opt_instant("seen_at")?,
        detail: owned(row.opt_text("detail")?),
    })
}

fn attempt(row: &Row) -> Result<Attempt, Error> {
    Ok(Attempt {
        number: row.number("number")?,
        node: row.text("node")?.to_owned(),
        started_at: row.instant("started_at")?,
        ended_at: row.instant("ended_at")?,
        ending: row.parse("outcome")?,
        detail: row.opt_text("detail")?.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use crate::door::Store;
    use domain::words::Mint;
    use std::collections::BTreeSet;

    const LEASE: Span = Span::seconds(10);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn new(mint: &mut Mint, second: i64) -> New<'static> {
        New {
            id: mint.id(at(0)),
            kind: Kind::Page,
            page: Some(Mint::seeded(99).id(at(0))),
            person: None,
            contact: "mail",
            channel: "email",
            address: "ana@example.org",
            step: 0,
            round: 0,
            urgency: Urgency::High,
            payload: "{}",
            due_at: at(second),
        }
    }

    fn put(store: &Store, new: &New<'_>) -> DeliveryId {
        store.write(|tx| Ok(queue(tx, new, None, at(0))?)).unwrap();
        new.id
    }

    fn claimed(store: &Store, node: &str, second: i64, limit: u32) -> Vec<Delivery> {
        store.write(|tx| Ok(claim(tx, "email", node, at(second), LEASE, limit)?)).unwrap()
    }

    fn ids(deliveries: &[Delivery]) -> Vec<DeliveryId> {
        deliveries.iter().map(|delivery| delivery.id).collect()
    }

    fn settled(store: &Store, delivery: &Delivery, settled: &Settled, second: i64) -> bool {
        store.write(|tx| Ok(settle(tx, delivery.id, delivery.fence, settled, at(second))?)).unwrap().is_some()
    }

    fn look(store: &Store, id: DeliveryId) -> Delivery {
        store.read(|tx| Ok(get(tx, id)?)).unwrap().unwrap()
    }

    fn sent() -> Settled {
        Settled::Sent { receipt: Some("250 ok".into()) }
    }

    fn again(second: i64) -> Settled {
        Settled::Again { at: at(second), why: "451 try later".into() }
    }

    fn given_up() -> Settled {
        Settled::GivenUp { why: "550 no such user".into() }
    }

    both_engines! {
        fn what_is_due_is_claimed_high_urgency_first_then_the_oldest(store) {
            let mut mint = Mint::seeded(1);
            let low = put(store, &New { urgency: Urgency::Low, ..new(&mut mint, 1) });
            let late = put(store, &new(&mut mint, 5));
            let early = put(store, &new(&mut mint, 3));
            let future = put(store, &new(&mut mint, 60));
            assert_eq!(store.read(|tx| Ok(next_due(tx, &["email", "ntfy"])?)).unwrap(), Some(at(1)));
            assert_eq!(ids(&claimed(store, "a", 10, 2)), [early, late]);
            assert_eq!(ids(&claimed(store, "a", 10, 9)), [low]);
            assert_eq!(ids(&claimed(store, "a", 10, 9)), []);
            let claim = look(store, early);
            assert_eq!((claim.state, claim.node.as_deref(), claim.fence, claim.attempts), (State::Claimed, Some("a"), 1, 1));
            assert_eq!((claim.claimed_at, claim.lease_until), (Some(at(10)), Some(at(20))));
            assert_eq!(look(store, future).state, State::Queued);
            assert_eq!(store.read(|tx| Ok(next_due(tx, &["email", "ntfy"])?)).unwrap(), Some(at(20)), "when the leases end");
        }

        fn a_claimed_message_is_claimed_once_though_two_race(store) {
            let mut mint = Mint::seeded(1);
            let all: BTreeSet<_> = (0..20).map(|second| put(store, &new(&mut mint, second))).collect();
            let mut won: Vec<DeliveryId> = std::thread::scope(|threads| {
                let race = |node: &'static str| threads.spawn(move || {
                    let mut own = Vec::new();
                    loop {
                        let more = claimed(store, node, 100, 3);
                        if more.is_empty() { return own; }
                        own.extend(ids(&more));
                    }
                });
                let both = [race("a"), race("b")];
                both.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
            });
            won.sort();
            assert_eq!(won, all.into_iter().collect::<Vec<_>>());
        }

        fn an_expired_lease_is_reclaimed_and_the_stale_fence_refused(store) {
            let id = put(store, &new(&mut Mint::seeded(1), 0));
            let first = claimed(store, "a", 0, 1).remove(0);
            assert_eq!(ids(&claimed(store, "b", 9, 1)), [], "within the lease");
            let second = claimed(store, "b", 10, 1).remove(0);
            assert_eq!((second.id, second.fence, second.attempts), (id, 2, 2));
            assert!(!settled(store, &first, &sent(), 11), "a stale fence settled");
            assert_eq!(look(store, id).state, State::Claimed);
            assert!(settled(store, &second, &sent(), 12));
            assert!(!settled(store, &second, &given_up(), 13), "settled twice");
            let end = look(store, id);
            assert_eq!((end.state, end.settled_at, end.detail.as_deref()), (State::Sent, Some(at(12)), Some("250 ok")));
            let told: Vec<_> = store.read(|tx| Ok(attempts(tx, id)?)).unwrap().iter()
                .map(|attempt| (attempt.number, attempt.node.clone(), attempt.ending, attempt.started_at, attempt.ended_at)).collect();
            assert_eq!(told, [(2, "b".into(), Ending::Sent, at(10), at(12))]);
            assert_eq!(store.read(|tx| Ok(next_due(tx, &["email", "ntfy"])?)).unwrap(), None);
        }

        fn a_slow_answer_still_counts_while_nobody_else_has_claimed(store) {
            let id = put(store, &new(&mut Mint::seeded(1), 0));
            let claim = claimed(store, "a", 0, 1).remove(0);
            assert!(settled(store, &claim, &sent(), 99));
            assert_eq!(look(store, id).state, State::Sent);
        }

        fn later_comes_back_and_giving_up_is_seen(store) {
            let id = put(store, &new(&mut Mint::seeded(1), 0));
            let claim = claimed(store, "a", 0, 1).remove(0);
            assert!(settled(store, &claim, &again(30), 1));
            let queued = look(store, id);
            assert_eq!((queued.state, queued.due_at, queued.settled_at, queued.node), (State::Queued, at(30), None, None));
            assert_eq!(ids(&claimed(store, "a", 29, 1)), []);
            let claim = claimed(store, "a", 30, 1).remove(0);
            assert_eq!((claim.fence, claim.attempts), (2, 2));
            assert!(settled(store, &claim, &given_up(), 31));
            assert_eq!(look(store, id).state, State::Failed);
            assert_eq!(ids(&claimed(store, "a", 9999, 1)), []);
            let load = store.read(|tx| Ok((load(tx, at(40), at(31))?, load(tx, at(40), at(32))?))).unwrap();
            assert_eq!((load.0.failed, load.1.failed, load.0.open), (1, 0, 0));
            let page = new(&mut Mint::seeded(1), 0).page.unwrap();
            let told = store.read(|tx| Ok(for_page(tx, page)?)).unwrap();
            let endings: Vec<_> = told[0].1.iter().map(|attempt| (attempt.number, attempt.ending, attempt.detail.as_deref())).collect();
            assert_eq!(endings, [(1, Ending::Later, Some("451 try later")), (2, Ending::Never, Some("550 no such user"))]);
        }

        fn a_delivery_may_be_born_claimed(store) {
            let new = new(&mut Mint::seeded(1), 0);
            store.write(|tx| Ok(queue(tx, &new, Some(("a", at(10))), at(0))?)).unwrap();
            let born = look(store, new.id);
            assert_eq!((born.state, born.fence, born.attempts, born.claimed_at), (State::Claimed, 1, 1, Some(at(0))));
            assert_eq!(ids(&claimed(store, "b", 9, 1)), []);
            // Its node died between the commit and the sending.
            assert_eq!(claimed(store, "b", 10, 1)[0].fence, 2);
            assert!(!settled(store, &born, &sent(), 11));
        }

        fn a_cancelled_delivery_is_not_sent_again_but_what_was_sent_is_told(store) {
            let mut mint = Mint::seeded(1);
            let page = new(&mut mint, 0).page.unwrap();
            let [one, two, three] = [0, 0, 50].map(|second| put(store, &new(&mut mint, second)));
            let other = put(store, &New { page: None, ..new(&mut mint, 50) });
            let claims = claimed(store, "a", 0, 9);
            assert_eq!(store.write(|tx| Ok(cancel_for_page(tx, page, at(1))?)).unwrap(), 3);
            assert_eq!(store.write(|tx| Ok(cancel_for_page(tx, page, at(2))?)).unwrap(), 0);
            assert!(settled(store, &claims[0], &sent(), 3));
            assert!(settled(store, &claims[1], &again(30), 3));
            assert!(!settled(store, &claims[1], &again(30), 4), "settled twice");
            assert_eq!([one, two, three, other].map(|id| look(store, id).state), [State::Sent, State::Cancelled, State::Cancelled, State::Queued]);
            assert_eq!(ids(&claimed(store, "a", 9999, 9)), [other]);
            assert_eq!(store.read(|tx| Ok(for_page(tx, page)?)).unwrap().iter().map(|(_, attempts)| attempts.len()).collect::<Vec<_>>(), [1, 1, 0]);
        }

        fn never_brings_the_next_contact_forward(store) {
            let mut mint = Mint::seeded(1);
            let (ana, ben): (Name, Name) = ("ana".parse().unwrap(), "ben".parse().unwrap());
            let page = new(&mut mint, 0).page.unwrap();
            let of_ben = put(store, &New { person: Some(&ben), ..new(&mut mint, 60) });
            let later = put(store, &New { person: Some(&ana), ..new(&mut mint, 600) });
            let next = put(store, &New { person: Some(&ana), ..new(&mut mint, 300) });
            store.write(|tx| {
                assert_eq!(expedite(tx, page, &ana, at(10))?, Some(next));
                assert_eq!(expedite(tx, page, &ana, at(20))?, Some(next), "it is still the next");
                assert_eq!(expedite(tx, page, &"eve".parse().unwrap(), at(10))?, None);
                Ok(())
            }).unwrap();
            assert_eq!([of_ben, later, next].map(|id| look(store, id).due_at), [at(60), at(600), at(10)]);
            assert_eq!(ids(&claimed(store, "a", 10, 9)), [next]);
            assert_eq!(store.read(|tx| Ok(for_person(tx, &ana, 9)?)).unwrap().len(), 2);
        }

        fn each_channel_is_claimed_apart(store) {
            let mut mint = Mint::seeded(1);
            let mail = put(store, &new(&mut mint, 0));
            let push = put(store, &New { channel: "ntfy", urgency: Urgency::Low, ..new(&mut mint, 0) });
            let of = |channel: &str| store.write(|tx| Ok(claim(tx, channel, "a", at(1), LEASE, 9)?)).unwrap();
            assert_eq!([ids(&of("ntfy")), ids(&of("email")), ids(&of("sms"))], [vec![push], vec![mail], vec![]]);
        }

        fn the_load_says_what_waits_and_since_when(store) {
            let mut mint = Mint::seeded(1);
            assert_eq!(store.read(|tx| Ok(load(tx, at(0), at(0))?)).unwrap(), Load::default());
            for second in [3, 5, 90] { put(store, &new(&mut mint, second)); }
            claimed(store, "a", 4, 1);
            let load = store.read(|tx| Ok(load(tx, at(10), at(0))?)).unwrap();
            assert_eq!(load, Load { open: 3, due: 2, oldest_due: Some(at(3)), failed: 0 });
        }

        fn a_message_is_seen_once(store) {
            let new = new(&mut Mint::seeded(1), 0);
            put(store, &new);
            store.write(|tx| {
                assert_eq!((mark_seen(tx, new.id, at(5))?, mark_seen(tx, new.id, at(6))?), (true, false));
                assert!(!mark_seen(tx, Mint::seeded(7).id(at(0)), at(6))?);
                Ok(())
            }).unwrap();
            assert_eq!(look(store, new.id).seen_at, Some(at(5)));
        }
    }
}
