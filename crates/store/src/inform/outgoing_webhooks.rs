//! Outgoing webhooks: what each has besides its document, and the log of what was sent to it.
//!
//! The deliveries themselves are rows of the outbox. Whoever reads the log takes their sight along: what tells of an
//! incident that they do not see is not there.

use std::collections::BTreeSet;

use domain::inform::outgoing_webhooks::channel;
use domain::respond::sight::Sight;
use domain::words::{AlertId, DeliveryId, EventId, GroupId, Name, PageId, Timestamp};

use crate::door::{Error, Row, Tx, Value};
use crate::journal::{self, Entry};
use crate::outbox::{self, Delivery};
use crate::respond::sight;
use crate::{detect, engage, readers, respond};

/// A webhook besides its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub name: Name,
    /// When the receiver at this URL answered that it wants no more.
    pub gone: Option<(Timestamp, String)>,
}

/// What a secret is derived from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub seed: Vec<u8>,
    pub made_at: Timestamp,
    /// Whether somebody was shown its secret.
    pub shown: bool,
    /// It signs until then; for good, if absent.
    pub expires_at: Option<Timestamp>,
}

/// A line of the log: a delivery, and what it tells of; nothing, if it is a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    pub delivery: Delivery,
    pub event: Option<Entry>,
}

/// Makes a place for a webhook; whether there was none.
pub fn begin(tx: &mut Tx<'_>, name: &Name) -> Result<bool, Error> {
    let made =
        tx.execute("INSERT INTO outgoing_webhooks (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", &[name.into()])?;
    Ok(made == 1)
}

/// All of them, by name; those whose documents are gone, too.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Standing>, Error> {
    tx.query("SELECT name, gone_at, gone_url FROM outgoing_webhooks ORDER BY name", &[])?.iter().map(standing).collect()
}

pub fn get(tx: &mut Tx<'_>, name: &Name) -> Result<Option<Standing>, Error> {
    let row = tx.one("SELECT name, gone_at, gone_url FROM outgoing_webhooks WHERE name = $1", &[name.into()])?;
    row.as_ref().map(standing).transpose()
}

fn standing(row: &Row) -> Result<Standing, Error> {
    let at = row.opt_instant("gone_at")?;
    let url = row.opt_text("gone_url")?;
    Ok(Standing { name: row.name("name")?, gone: at.zip(url.map(str::to_owned)) })
}

/// Its receiver wants no more; or does again.
pub fn set_gone(tx: &mut Tx<'_>, name: &Name, gone: Option<(Timestamp, &str)>) -> Result<(), Error> {
    let (at, url) = (gone.map(|(at, _)| at), gone.map(|(_, url)| url));
    tx.execute(
        "UPDATE outgoing_webhooks SET gone_at = $2, gone_url = $3 WHERE name = $1",
        &[name.into(), at.into(), url.into()],
    )?;
    Ok(())
}

/// Its document is gone: what waits is not sent, and its secrets end. The log stays until it is cut.
pub fn forget(tx: &mut Tx<'_>, name: &Name, now: Timestamp) -> Result<(), Error> {
    outbox::cancel_channel(tx, &channel(name), "the outgoing webhook was deleted", now)?;
    readers::stop(tx, &channel(name))?;
    tx.execute("DELETE FROM outgoing_webhook_keys WHERE webhook = $1", &[name.into()])?;
    tx.execute("DELETE FROM outgoing_webhooks WHERE name = $1", &[name.into()])?;
    Ok(())
}

pub fn add_key(tx: &mut Tx<'_>, name: &Name, key: &Key) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO outgoing_webhook_keys (webhook, seed, made_at, shown, expires_at) VALUES ($1, $2, $3, $4, $5)",
        &[name.into(), key.seed.as_slice().into(), key.made_at.into(), key.shown.into(), key.expires_at.into()],
    )?;
    Ok(())
}

/// What signs now, the newest first.
pub fn keys(tx: &mut Tx<'_>, name: &Name, now: Timestamp) -> Result<Vec<Key>, Error> {
    let rows = tx.query(
        "SELECT seed, made_at, shown, expires_at FROM outgoing_webhook_keys \
         WHERE webhook = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY made_at DESC, seed",
        &[name.into(), now.into()],
    )?;
    let key = |row: &Row| {
        Ok(Key {
            seed: row.bytes("seed")?.to_vec(),
            made_at: row.instant("made_at")?,
            shown: row.bool("shown")?,
            expires_at: row.opt_instant("expires_at")?,
        })
    };
    rows.iter().map(key).collect()
}

/// Lets the keys of a webhook live until then at the longest, and forgets those that have ended.
pub fn end_keys(tx: &mut Tx<'_>, name: &Name, until: Timestamp, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE outgoing_webhook_keys SET expires_at = $2 \
         WHERE webhook = $1 AND (expires_at IS NULL OR expires_at > $2)",
        &[name.into(), until.into()],
    )?;
    tx.execute(
        "DELETE FROM outgoing_webhook_keys WHERE webhook = $1 AND expires_at <= $2",
        &[name.into(), now.into()],
    )?;
    Ok(())
}

/// Notes what a delivery that was just queued is of.
pub fn note(tx: &mut Tx<'_>, delivery: DeliveryId, name: &Name, event: Option<EventId>) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO outgoing_webhook_deliveries (delivery, webhook, event) VALUES ($1, $2, $3)",
        &[delivery.into(), name.into(), event.into()],
    )?;
    Ok(())
}

/// The event that a delivery tells of: `None` if it is none of an outgoing webhook, `Some(None)` if it is a test.
pub fn event_of(tx: &mut Tx<'_>, delivery: DeliveryId) -> Result<Option<Option<EventId>>, Error> {
    let row = tx.one("SELECT event FROM outgoing_webhook_deliveries WHERE delivery = $1", &[delivery.into()])?;
    row.map(|row| row.opt_id("event")).transpose()
}

/// The log of a webhook, the newest first, from before a delivery if one is named; with `unsent`, only what did not
/// arrive, or has not yet.
pub fn log(
    tx: &mut Tx<'_>,
    name: &Name,
    sight: Sight<'_>,
    unsent: bool,
    before: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<Logged>, Error> {
    let before = before.map_or(Value::from(AFTER_ALL), Value::from);
    let rows = tx.query(
        &format!(
            "SELECT outgoing_webhook_deliveries.delivery, outgoing_webhook_deliveries.event \
             FROM outgoing_webhook_deliveries \
             JOIN deliveries ON deliveries.id = outgoing_webhook_deliveries.delivery \
             LEFT JOIN journal ON journal.id = outgoing_webhook_deliveries.event \
             WHERE {SEEN} AND (outgoing_webhook_deliveries.event IS NULL OR journal.id IS NOT NULL) \
             AND outgoing_webhook_deliveries.webhook = $2 AND outgoing_webhook_deliveries.delivery < $3 \
             AND (deliveries.state <> 'sent' OR NOT $4) \
             ORDER BY outgoing_webhook_deliveries.delivery DESC LIMIT $5"
        ),
        &[sight::bound(sight), name.into(), before, unsent.into(), limit.into()],
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(delivery) = outbox::get(tx, row.id("delivery")?)? else { continue };
        let event = match row.opt_id("event")? {
            Some(event) => journal::get(tx, event, sight)?,
            None => None,
        };
        found.push(Logged { delivery, event });
    }
    Ok(found)
}

/// One line of the log of a webhook, if it is seen.
pub fn logged(tx: &mut Tx<'_>, name: &Name, delivery: DeliveryId, sight: Sight<'_>) -> Result<Option<Logged>, Error> {
    let row = tx.one(
        "SELECT event FROM outgoing_webhook_deliveries WHERE delivery = $1 AND webhook = $2",
        &[delivery.into(), name.into()],
    )?;
    let (Some(row), Some(delivery)) = (row, outbox::get(tx, delivery)?) else { return Ok(None) };
    let Some(event) = row.opt_id("event")? else { return Ok(Some(Logged { delivery, event: None })) };
    Ok(journal::get(tx, event, sight)?.map(|event| Logged { delivery, event: Some(event) }))
}

/// How many deliveries of a webhook wait, of those whose events are seen.
pub fn waiting(tx: &mut Tx<'_>, name: &Name, sight: Sight<'_>) -> Result<u64, Error> {
    let row = tx.one(
        &format!(
            "SELECT count(*) AS count FROM deliveries \
             JOIN outgoing_webhook_deliveries ON outgoing_webhook_deliveries.delivery = deliveries.id \
             LEFT JOIN journal ON journal.id = outgoing_webhook_deliveries.event \
             WHERE {SEEN} AND deliveries.channel = $2 AND deliveries.wake_at IS NOT NULL"
        ),
        &[sight::bound(sight), channel(name).into()],
    )?;
    row.map_or(Ok(0), |row| row.number("count"))
}

/// The services that an entry of the journal is about: those of its incident, of the groups and pages that it names, and
/// those that it names themselves.
pub fn services_of(tx: &mut Tx<'_>, entry: &Entry) -> Result<BTreeSet<Name>, Error> {
    let mut found = BTreeSet::new();
    if let Some(incident) = entry.incident
        && let Some(row) = respond::incidents::get(tx, incident, Sight::Whole)?
    {
        found.extend(row.services);
    }
    let mut groups: BTreeSet<GroupId> = entry.subjects.iter().filter_map(|subject| subject.parse().ok()).collect();
    if groups.is_empty() {
        // Where an entry names a thousand alerts it names their groups, too.
        for alert in entry.subjects.iter().filter_map(|subject| subject.parse::<AlertId>().ok()).take(ALERTS_MOST) {
            groups.extend(detect::alerts::get(tx, alert)?.map(|alert| alert.group));
        }
    }
    for group in groups {
        found.extend(detect::groups::get(tx, group)?.and_then(|(group, _)| group.service));
    }
    for page in entry.subjects.iter().filter_map(|subject| subject.parse::<PageId>().ok()) {
        found.extend(engage::pages::get(tx, page)?.and_then(|page| page.service));
    }
    let named = entry.subjects.iter().filter_map(|subject| subject.strip_prefix("service/")?.parse::<Name>().ok());
    found.extend(named);
    Ok(found)
}

/// Forgets up to `limit` deliveries that were settled before `before`; how many.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let rows = tx.query(
        "SELECT outgoing_webhook_deliveries.delivery FROM outgoing_webhook_deliveries \
         JOIN deliveries ON deliveries.id = outgoing_webhook_deliveries.delivery \
         WHERE deliveries.settled_at < $1 ORDER BY outgoing_webhook_deliveries.delivery LIMIT $2",
        &[before.into(), limit.into()],
    )?;
    for row in &rows {
        let id: DeliveryId = row.id("delivery")?;
        tx.execute("DELETE FROM outgoing_webhook_deliveries WHERE delivery = $1", &[id.into()])?;
        outbox::remove(tx, id)?;
    }
    Ok(rows.len() as u64)
}

/// More alerts of one entry are not asked for their service.
const ALERTS_MOST: usize = 20;
/// Deliveries that whoever looks may see: tests (the join has no entry for them), and those of entries that they see.
/// `$1` says who.
const SEEN: &str = sight::ENTRY;
/// Greater than every id: they begin with letters.
const AFTER_ALL: &str = "~";

#[cfg(test)]
mod tests {
    use domain::engage::deliveries::{Settled, Urgency};
    use domain::words::{Actor, Event, EventKind, IncidentId, Mint, Span};
    use serde_json::json;

    use super::*;
    use crate::{Halt, both_engines};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn event(tx: &mut Tx<'_>, mint: &mut Mint, incident: Option<IncidentId>, subjects: &[&str]) -> EventId {
        let event = Event {
            id: mint.id(at(0)),
            kind: EventKind::PageStarted,
            at: at(0),
            actor: Actor::System,
            subjects: subjects.iter().map(ToString::to_string).collect(),
            incident,
            why: None,
            data: json!({}),
        };
        journal::append(tx, &event, at(0)).unwrap();
        event.id
    }

    fn queue(tx: &mut Tx<'_>, mint: &mut Mint, hook: &Name, event: Option<EventId>, now: Timestamp) -> DeliveryId {
        let id = mint.id(now);
        let new = outbox::New {
            id,
            kind: outbox::Kind::Hook,
            page: None,
            person: None,
            contact: hook.as_str(),
            channel: &channel(hook),
            address: "x",
            step: 0,
            round: 0,
            urgency: Urgency::Low,
            payload: "{}",
            due_at: now,
        };
        outbox::queue(tx, &new, None, now).unwrap();
        note(tx, id, hook, event).unwrap();
        id
    }

    /// A restricted incident for which ana is named.
    fn restricted(tx: &mut Tx<'_>, mint: &mut Mint) -> IncidentId {
        let id: IncidentId = mint.id(at(0));
        tx.execute(
            "INSERT INTO incidents (id, title, class, phase, since, activities, visibility, reopened, services, \
             reported_by, reported_at, retrospective, near_miss) \
             VALUES ($1, 'x', 'security', 'active', 0, '{}', 'restricted', 0, '', 'ana', 0, FALSE, FALSE)",
            &[id.into()],
        )
        .unwrap();
        tx.execute("INSERT INTO incident_people (incident, person) VALUES ($1, 'ana')", &[id.into()]).unwrap();
        id
    }

    both_engines! {
        fn keys_are_added_ended_and_forgotten(store) {
            let tickets = name("tickets");
            let key = |seed: u8, second, expires_at| Key { seed: vec![seed; 32], made_at: at(second), shown: true, expires_at };
            store.write(|tx| {
                assert_eq!((begin(tx, &tickets)?, begin(tx, &tickets)?), (true, false));
                add_key(tx, &tickets, &key(1, 0, None))?;
                add_key(tx, &tickets, &key(2, 1, None))?;
                assert_eq!(keys(tx, &tickets, at(2))?, [key(2, 1, None), key(1, 0, None)]);
                end_keys(tx, &tickets, at(9), at(2))?;
                assert_eq!(keys(tx, &tickets, at(8))?.len(), 2);
                assert_eq!(keys(tx, &tickets, at(9))?, []);
                assert_eq!(get(tx, &tickets)?.unwrap().gone, None);
                set_gone(tx, &tickets, Some((at(3), "https://x")))?;
                assert_eq!(all(tx)?[0].gone, Some((at(3), "https://x".into())));
                set_gone(tx, &tickets, None)?;
                assert_eq!(get(tx, &tickets)?.unwrap().gone, None);
                readers::begin(tx, &channel(&tickets), 4)?;
                let waits = queue(tx, &mut Mint::seeded(1), &tickets, None, at(4));
                forget(tx, &tickets, at(5))?;
                assert_eq!(keys(tx, &tickets, at(2))?, []);
                assert_eq!((get(tx, &tickets)?, readers::at(tx, &channel(&tickets))?), (None, None));
                assert_eq!(outbox::get(tx, waits)?.unwrap().state, outbox::State::Cancelled);
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn the_log_tells_of_a_restricted_incident_only_to_those_who_are_named(store) {
            let (tickets, other, ana, ben) = (name("tickets"), name("other"), name("ana"), name("ben"));
            store.write(|tx| {
                let mint = &mut Mint::seeded(1);
                let incident = restricted(tx, mint);
                let (open, closed) = (event(tx, mint, None, &[]), event(tx, mint, Some(incident), &[]));
                let first = queue(tx, mint, &tickets, Some(open), at(1));
                let second = queue(tx, mint, &tickets, Some(closed), at(2));
                let third = queue(tx, mint, &tickets, None, at(3));
                queue(tx, mint, &other, Some(open), at(4));
                let ids = |tx: &mut Tx<'_>, sight, unsent, before| {
                    let lines = log(tx, &tickets, sight, unsent, before, 10).unwrap();
                    lines.iter().map(|line| line.delivery.id).collect::<Vec<_>>()
                };
                assert_eq!(ids(tx, Sight::Of(&ana), false, None), [third, second, first]);
                assert_eq!(ids(tx, Sight::Of(&ben), false, None), [third, first]);
                assert_eq!(ids(tx, Sight::Of(&ben), false, Some(third)), [first]);
                assert_eq!((waiting(tx, &tickets, Sight::Of(&ana))?, waiting(tx, &tickets, Sight::Of(&ben))?), (3, 2));
                assert!(logged(tx, &tickets, second, Sight::Of(&ben))?.is_none());
                assert!(logged(tx, &tickets, second, Sight::Of(&ana))?.is_some());
                assert!(logged(tx, &other, first, Sight::Whole)?.is_none(), "it is of another");
                let claimed = outbox::claim(tx, &channel(&tickets), "n", at(9), Span::seconds(30), 10)?;
                assert_eq!(claimed.iter().map(|one| one.id).collect::<Vec<_>>(), [first, second, third]);
                outbox::settle(tx, first, 1, &Settled::Sent { receipt: None }, at(10))?;
                assert_eq!(ids(tx, Sight::Of(&ben), true, None), [third], "what did not arrive");
                // Only what was settled is cut, and its line with it.
                assert_eq!((cut(tx, at(10), 10)?, cut(tx, at(11), 10)?), (0, 1));
                assert_eq!(ids(tx, Sight::Of(&ana), false, None), [third, second]);
                assert!(outbox::get(tx, first)?.is_none());
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn what_waits_for_an_outgoing_webhook_is_no_overdue_page(store) {
            store.write(|tx| {
                queue(tx, &mut Mint::seeded(1), &name("tickets"), None, at(1));
                assert_eq!(outbox::load(tx, at(1000), at(0))?, outbox::Load::default());
                assert_eq!(outbox::waiting(tx, "outgoing-webhook/tickets")?, 1);
                Ok::<_, Halt>(())
            }).unwrap();
        }
    }
}
