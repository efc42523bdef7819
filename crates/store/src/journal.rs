//! What happened: appended in the transaction of the act that it tells of, and never changed. What is sealed shows it
//! (seals.rs).
//!
//! Readers follow the number. On SQLite, with its one writer, an entry has it from the start. On
//! PostgreSQL a lower number could be committed later than a higher one and be missed, so there an
//! entry is numbered after its commit, by whoever holds the lease [`LEASE`]; until then nobody sees it
//! in [`since`]. By subject it is found at once.

use domain::respond::sight::Sight;
use domain::words::{AlertId, Event, EventId, EventKind, GroupId, Id as _, IncidentId, Timestamp};
use serde_json::Value as Json;

use crate::detect::births::MINTED_AT_ONCE;
use crate::door::{Error, Row, Tx, Value};
use crate::respond::sight;

/// The lease for [`number`].
pub const LEASE: &str = "journal";

/// An entry that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place in the order of commits; `None` for a moment on PostgreSQL.
    pub number: Option<i64>,
    pub id: EventId,
    /// The word of its kind; see [`Entry::kind`].
    pub word: String,
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    /// `person:ana`, `rule:escalation` ...
    pub actor: String,
    pub subjects: Vec<String>,
    /// The incident that it is part of.
    pub incident: Option<IncidentId>,
    pub why: Option<String>,
    pub data: Json,
}

impl Entry {
    /// `None` if a newer program wrote it.
    pub fn kind(&self) -> Option<EventKind> {
        EventKind::from_word(&self.word)
    }

    fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            number: row.opt_int("number")?,
            id: row.id("id")?,
            word: row.text("kind")?.to_owned(),
            at: row.instant("at")?,
            recorded_at: row.instant("recorded_at")?,
            actor: row.text("actor")?.to_owned(),
            subjects: row.text("subjects")?.lines().map(str::to_owned).collect(),
            incident: row.opt_id("incident")?,
            why: row.opt_text("why")?.map(str::to_owned),
            data: row.json("data")?,
        })
    }
}

/// Appends the event. A subject that holds a line break would be two, so it is refused.
pub fn append(tx: &mut Tx<'_>, event: &Event, recorded_at: Timestamp) -> Result<(), Error> {
    append_found_by(tx, event, recorded_at, &event.subjects)
}

/// The same, but [`of_subject`] finds it by these of its subjects alone.
pub fn append_found_by(
    tx: &mut Tx<'_>,
    event: &Event,
    recorded_at: Timestamp,
    found_by: &[String],
) -> Result<(), Error> {
    if event.subjects.iter().any(|subject| subject.is_empty() || subject.contains(['\n', '\r'])) {
        return Err(Error::other(format!("a subject of {} is empty or has a line break", event.id)));
    }
    let number = if tx.has_one_writer() {
        let last = tx.one("SELECT max(number) AS last FROM journal", &[])?;
        let last = last.map(|row| row.opt_int("last")).transpose()?.flatten();
        Some(last.unwrap_or(0) + 1)
    } else {
        None
    };
    tx.execute(
        "INSERT INTO journal (id, number, kind, at, recorded_at, actor, subjects, incident, why, data) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            event.id.into(),
            number.into(),
            event.kind.word().into(),
            event.at.into(),
            recorded_at.into(),
            event.actor.to_string().into(),
            event.subjects.join("\n").into(),
            event.incident.into(),
            event.why.as_ref().into(),
            event.data.to_string().into(),
        ],
    )?;
    let id = Value::from(event.id);
    for subject in found_by {
        tx.execute(
            "INSERT INTO journal_subjects (subject, event) VALUES ($1, $2) ON CONFLICT (subject, event) DO NOTHING",
            &[subject.into(), id.clone()],
        )?;
    }
    Ok(())
}

/// The entries after `number` that are seen, in order.
pub fn since(tx: &mut Tx<'_>, number: i64, sight: Sight<'_>, limit: u32) -> Result<Vec<Entry>, Error> {
    let rows = tx.query(
        &format!("SELECT {COLUMNS} FROM journal WHERE {SEEN} AND number > $2 ORDER BY number LIMIT $3"),
        &[sight::bound(sight), number.into(), limit.into()],
    )?;
    rows.iter().map(Entry::of).collect()
}

/// Of the entries after `number` those that tell of something that is searched, in order.
pub fn searched_since(tx: &mut Tx<'_>, number: i64, limit: u32) -> Result<Vec<Entry>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM journal WHERE number > $1 AND {SEARCHED} ORDER BY number LIMIT $2");
    tx.query(&sql, &[number.into(), limit.into()])?.iter().map(Entry::of).collect()
}

/// The same of those that have no number yet.
pub fn searched_unnumbered(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Entry>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM journal WHERE number IS NULL AND {SEARCHED} ORDER BY id LIMIT $1");
    tx.query(&sql, &[limit.into()])?.iter().map(Entry::of).collect()
}

/// What was written on the timeline of an incident by people, the first first, after an entry.
pub fn written_in(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    after: Option<(Timestamp, EventId)>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let (at, id) = after.map_or((Value::from(i64::MIN), Value::from("")), |(at, id)| (at.into(), id.into()));
    let sql = format!(
        "SELECT {COLUMNS} FROM journal WHERE journal.incident = $1 AND journal.kind = $4 \
         AND (journal.at, journal.id) > ($2, $3) ORDER BY journal.at, journal.id LIMIT $5"
    );
    let values = [incident.into(), at, id, EventKind::EntryAdded.word().into(), limit.into()];
    tx.query(&sql, &values)?.iter().map(Entry::of).collect()
}

/// The id of the entry with that number.
pub fn id_at(tx: &mut Tx<'_>, number: i64) -> Result<Option<EventId>, Error> {
    let row = tx.one("SELECT id FROM journal WHERE number = $1", &[number.into()])?;
    row.map(|row| row.id("id")).transpose()
}

/// What is told of a subject, newest first, from before the event `before` if there is one.
pub fn of_subject(
    tx: &mut Tx<'_>,
    subject: &str,
    sight: Sight<'_>,
    before: Option<EventId>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let before = before.map_or(Value::from(AFTER_ALL), Value::from);
    let rows = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM journal_subjects JOIN journal ON journal.id = journal_subjects.event \
             WHERE {SEEN} AND journal_subjects.subject = $2 AND journal_subjects.event < $3 \
             ORDER BY journal_subjects.event DESC LIMIT $4"
        ),
        &[sight::bound(sight), subject.into(), before, limit.into()],
    )?;
    rows.iter().map(Entry::of).collect()
}

/// What is told of an alert, newest first: that it fired, of itself, and of its group since then what names it or no
/// alert at all.
///
/// An event of a thousand alerts names them in its data: ingest must not write a row for each. That an alert fired has
/// an id that was minted a little after the alert's own; that it ended is found by its group.
pub fn of_alert(
    tx: &mut Tx<'_>,
    alert: AlertId,
    group: GroupId,
    sight: Sight<'_>,
    before: Option<EventId>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let mut entries = of_subject(tx, &alert.to_string(), sight, before, limit)?;
    let before = before.map_or(Value::from(AFTER_ALL), Value::from);
    let (since, named) = (EventId::from_bits(alert.bits()), format!("%\"{alert}\"%"));
    let mut rows = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM journal_subjects JOIN journal ON journal.id = journal_subjects.event \
             WHERE {SEEN} AND journal_subjects.subject = $2 AND journal_subjects.event > $3 \
             AND journal_subjects.event < $4 AND (journal.data LIKE $5 OR journal.data NOT LIKE $6) \
             ORDER BY journal_subjects.event DESC LIMIT $7"
        ),
        &[
            sight::bound(sight),
            group.to_string().into(),
            since.into(),
            before.clone(),
            named.clone().into(),
            "%\"groups\":{%".into(),
            limit.into(),
        ],
    )?;
    rows.extend(tx.query(
        &format!(
            "SELECT {COLUMNS} FROM journal WHERE id > $1 AND id < $2 AND id < $3 AND kind = $4 AND data LIKE $5 \
             ORDER BY id DESC LIMIT $6"
        ),
        &[
            since.into(),
            EventId::from_bits(alert.bits() + MINTED_AT_ONCE).into(),
            before,
            EventKind::AlertsFired.word().into(),
            named.into(),
            limit.into(),
        ],
    )?);
    for row in &rows {
        entries.push(Entry::of(row)?);
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    entries.dedup_by_key(|entry| entry.id);
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(entries)
}

/// Everything that is seen, newest first, from before the event `before` if there is one.
pub fn newest(tx: &mut Tx<'_>, sight: Sight<'_>, before: Option<EventId>, limit: u32) -> Result<Vec<Entry>, Error> {
    let before = before.map_or(Value::from(AFTER_ALL), Value::from);
    let rows = tx.query(
        &format!("SELECT {COLUMNS} FROM journal WHERE {SEEN} AND journal.id < $2 ORDER BY journal.id DESC LIMIT $3"),
        &[sight::bound(sight), before, limit.into()],
    )?;
    rows.iter().map(Entry::of).collect()
}

/// What happened in an incident, the latest first, from before a place in that order; but not the times that were derived
/// from it. For those who may see it: whoever asks has found that out.
pub fn of_incident(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    before: Option<(Timestamp, EventId)>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let (at, id) = before.map_or((Value::from(i64::MAX), Value::from(AFTER_ALL)), |(at, id)| (at.into(), id.into()));
    let rows = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM journal WHERE journal.incident = $1 AND (journal.at, journal.id) < ($2, $3) \
             AND journal.kind <> $5 ORDER BY journal.at DESC, journal.id DESC LIMIT $4"
        ),
        &[incident.into(), at, id, limit.into(), EventKind::StampDerived.word().into()],
    )?;
    rows.iter().map(Entry::of).collect()
}

/// One entry, if it is seen.
pub fn get(tx: &mut Tx<'_>, id: EventId, sight: Sight<'_>) -> Result<Option<Entry>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM journal WHERE {SEEN} AND journal.id = $2");
    tx.one(&sql, &[sight::bound(sight), id.into()])?.map(|row| Entry::of(&row)).transpose()
}

/// Those of many that are seen, in no order.
pub fn of_ids(tx: &mut Tx<'_>, ids: &[EventId], sight: Sight<'_>) -> Result<Vec<Entry>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM journal WHERE {SEEN} AND journal.id IN ({{ids}})");
    tx.query_ids(&sql, &[sight::bound(sight)], ids)?.iter().map(Entry::of).collect()
}

/// The highest number given so far, or 0.
pub fn last(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let row = tx.one("SELECT max(number) AS last FROM journal", &[])?;
    Ok(row.map(|row| row.opt_int("last")).transpose()?.flatten().unwrap_or(0))
}

/// Whether there is anything to number.
pub fn has_unnumbered(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(tx.one("SELECT id FROM journal WHERE number IS NULL LIMIT 1", &[])?.is_some())
}

/// Numbers what was committed without a number, oldest first; how many. For the holder of [`LEASE`].
///
/// Two at once do no harm: one of them is run again and finds nothing left.
pub fn number(tx: &mut Tx<'_>, limit: u32) -> Result<u64, Error> {
    let rows = tx.query("SELECT id FROM journal WHERE number IS NULL ORDER BY id LIMIT $1", &[limit.into()])?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut number = last(tx)?;
    for row in &rows {
        number += 1;
        tx.execute("UPDATE journal SET number = $1 WHERE id = $2", &[number.into(), row.text("id")?.into()])?;
    }
    Ok(rows.len() as u64)
}

/// Forgets up to `limit` entries that were recorded before `before` and are numbered up to `through`; their numbers. The
/// last one stays, so that numbers go on; and so does what stands on the timeline of an incident: its own, and that of its
/// alerts and their pages; and the record of what was cut.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, through: i64, limit: u32) -> Result<Vec<i64>, Error> {
    let through = through.min(last(tx)? - 1);
    let rows = tx.query(
        "SELECT id, number, subjects FROM journal WHERE recorded_at < $1 AND number <= $2 AND incident IS NULL \
         AND kind <> $4 \
         AND NOT EXISTS (SELECT 1 FROM journal_subjects JOIN incident_links ON \
         incident_links.subject = journal_subjects.subject WHERE journal_subjects.event = journal.id) \
         AND NOT EXISTS (SELECT 1 FROM journal_subjects JOIN pages ON pages.id = journal_subjects.subject \
         JOIN incident_links ON incident_links.subject = pages.group_id WHERE journal_subjects.event = journal.id) \
         ORDER BY id LIMIT $3",
        &[before.into(), through.into(), limit.into(), EventKind::JournalCut.word().into()],
    )?;
    let mut numbers = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = row.text("id")?;
        tx.execute("DELETE FROM journal WHERE id = $1", &[id.into()])?;
        for subject in row.text("subjects")?.lines() {
            tx.execute("DELETE FROM journal_subjects WHERE subject = $1 AND event = $2", &[subject.into(), id.into()])?;
        }
        numbers.push(row.int("number")?);
    }
    Ok(numbers)
}

const COLUMNS: &str = "journal.number, journal.id, journal.kind, journal.at, journal.recorded_at, journal.actor, \
                       journal.subjects, journal.incident, journal.why, journal.data";
/// Entries that whoever looks may see: `$1` says who.
const SEEN: &str = sight::ENTRY;
/// Entries that tell of something that is searched: domain/learn/search.rs says of what.
const SEARCHED: &str =
    "(journal.incident IS NOT NULL OR journal.kind LIKE 'change.%' OR journal.kind = 'documents.applied')";
/// Greater than every id: they begin with letters.
const AFTER_ALL: &str = "~";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::{Actor, Mint};
    use serde_json::json;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn event(mint: &mut Mint, second: i64, subjects: &[&str]) -> Event {
        Event {
            id: mint.id(at(second)),
            kind: EventKind::PageStarted,
            at: at(second),
            actor: Actor::Rule("escalation"),
            subjects: subjects.iter().map(ToString::to_string).collect(),
            incident: None,
            why: None,
            data: json!({ "second": second }),
        }
    }

    both_engines! {
        fn an_entry_reads_back_as_it_was_written(store) {
            let mut mint = Mint::seeded(1);
            let written = Event {
                why: Some("it was mine: \"é\" \u{1F6A8}".into()),
                actor: Actor::Person("ana".parse().unwrap()),
                data: json!({ "text": "a\nb", "n": 1.5, "none": null, "list": [1, 2] }),
                ..event(&mut mint, 0, &["grp_1", "schedule/payments", "grp_1"])
            };
            store.write(|tx| Ok(append(tx, &written, at(9))?)).unwrap();
            let found = store.read(|tx| Ok(newest(tx, Sight::Open, None, 10)?)).unwrap();
            assert_eq!(found, [Entry {
                number: (!store.is_postgres()).then_some(1),
                id: written.id,
                word: "page.started".into(),
                at: at(0),
                recorded_at: at(9),
                actor: "person:ana".into(),
                subjects: vec!["grp_1".into(), "schedule/payments".into(), "grp_1".into()],
                incident: None,
                why: written.why.clone(),
                data: written.data.clone(),
            }]);
            assert_eq!(found[0].kind(), Some(EventKind::PageStarted));
            assert_eq!(store.read(|tx| Ok(of_subject(tx, "schedule/payments", Sight::Open, None, 10)?)).unwrap(), found);
            assert_eq!(store.read(|tx| Ok(of_subject(tx, "schedule/pay", Sight::Open, None, 10)?)).unwrap(), []);
        }

        fn entries_are_followed_by_number_and_paged_by_subject(store) {
            let mut mint = Mint::seeded(1);
            for second in 0..7 {
                let subject = if second % 2 == 0 { "even" } else { "odd" };
                let event = event(&mut mint, second, &[subject, "all"]);
                store.write(|tx| Ok(append(tx, &event, at(second))?)).unwrap();
            }
            store.write(|tx| Ok(number(tx, 100)?)).unwrap();
            let seconds = |entries: Vec<Entry>| entries.iter().map(|entry| entry.data["second"].as_i64().unwrap()).collect::<Vec<_>>();
            store.read(|tx| {
                assert_eq!(last(tx)?, 7);
                let numbers: Vec<_> = since(tx, 2, Sight::Open, 3)?.iter().map(|entry| entry.number.unwrap()).collect();
                assert_eq!(numbers, [3, 4, 5]);
                assert_eq!(seconds(since(tx, 2, Sight::Open, 3)?), [2, 3, 4]);
                assert_eq!(seconds(since(tx, 7, Sight::Open, 3)?), Vec::<i64>::new());
                let first = of_subject(tx, "even", Sight::Open, None, 2)?;
                let before = first[1].id;
                assert_eq!(seconds(first), [6, 4]);
                assert_eq!(seconds(of_subject(tx, "even", Sight::Open, Some(before), 9)?), [2, 0]);
                assert_eq!(seconds(newest(tx, Sight::Open, Some(before), 2)?), [3, 2]);
                Ok(())
            }).unwrap();
        }

        fn an_alert_is_told_of_by_its_group_where_that_names_it(store) {
            let mut mint = Mint::seeded(1);
            let (group, mine, other): (GroupId, AlertId, AlertId) = (mint.id(at(0)), mint.id(at(0)), mint.id(at(0)));
            let (group_text, mine_text) = (group.to_string(), mine.to_string());
            for (second, subject, data) in [
                (0, &group_text, json!({ "groups": { &group_text: [mine] } })),
                (1, &group_text, json!({ "groups": { &group_text: [other] } })),
                (2, &mine_text, json!({ "own": true })),
                (3, &group_text, json!({ "opened": true })),
                (4, &group_text, json!({ "groups": { &group_text: [other, mine] }, "by": "source" })),
            ] {
                let told = Event { data, ..event(&mut mint, second, &[subject]) };
                store.write(|tx| Ok(append(tx, &told, at(second))?)).unwrap();
            }
            let told = |before, limit| {
                let entries = store.read(|tx| Ok(of_alert(tx, mine, group, Sight::Open, before, limit)?)).unwrap();
                entries.iter().map(|entry| (entry.id, entry.at)).collect::<Vec<_>>()
            };
            let instants = |told: &[(EventId, Timestamp)]| told.iter().map(|(_, at)| *at).collect::<Vec<_>>();
            assert_eq!(instants(&told(None, 10)), [at(4), at(3), at(2), at(0)]);
            let first = told(None, 2);
            assert_eq!(instants(&first), [at(4), at(3)]);
            assert_eq!(instants(&told(Some(first[1].0), 2)), [at(2), at(0)]);
        }

        fn numbers_have_no_hole_whoever_gives_them(store) {
            // Writers and numberers all at once; a reader that follows must see each entry once, in order.
            std::thread::scope(|threads| {
                for writer in 0..2 {
                    threads.spawn(move || {
                        let mut mint = Mint::seeded(writer);
                        for second in 0..20 {
                            let event = event(&mut mint, second, &["all"]);
                            store.write(|tx| Ok(append(tx, &event, at(second))?)).unwrap();
                        }
                    });
                }
                for _ in 0..2 {
                    threads.spawn(|| {
                        for _ in 0..20 { store.write(|tx| Ok(number(tx, 3)?)).unwrap(); }
                    });
                }
                let (mut seen, mut followed) = (0, Vec::new());
                while followed.len() < 40 {
                    for entry in store.read(|tx| Ok(since(tx, seen, Sight::Open, 100)?)).unwrap() {
                        seen = entry.number.unwrap();
                        followed.push(seen);
                    }
                    store.write(|tx| Ok(number(tx, 100)?)).unwrap();
                }
                assert_eq!(followed, (1..=40).collect::<Vec<i64>>());
            });
        }

        fn a_subject_that_would_be_two_is_refused(store) {
            let mut mint = Mint::seeded(1);
            for wrong in ["a\nb", "", "a\rb"] {
                let event = event(&mut mint, 0, &[wrong]);
                assert!(store.write(|tx| Ok(append(tx, &event, at(0))?)).is_err());
            }
            assert_eq!(store.read(|tx| Ok(newest(tx, Sight::Open, None, 10)?)).unwrap(), []);
        }

        fn what_stands_on_a_timeline_is_not_cut(store) {
            let mut mint = Mint::seeded(1);
            let row = crate::respond::incidents::tests::incident(&mut mint, 0, domain::respond::incidents::Class::System);
            let (linked, other): (GroupId, GroupId) = (mint.id(at(0)), mint.id(at(0)));
            let pages = [linked, other].map(|group| (mint.id::<domain::words::PageId>(at(0)), group));
            store.write(|tx| {
                crate::respond::incidents::save(tx, &row)?;
                crate::respond::incidents::link(tx, row.id, &linked.to_string(), "person:ana", at(0))?;
                for (id, group) in pages {
                    let page = crate::engage::pages::PageRow {
                        id,
                        about: domain::engage::pages::About::Group(group),
                        owed: None,
                        policy: None,
                        service: None,
                        title: "x".into(),
                        because: "x".into(),
                        urgency: domain::engage::deliveries::Urgency::High,
                        started_at: at(0),
                        state: domain::engage::escalations::State::Ended { at: at(1), why: domain::engage::escalations::End::Resolved },
                    };
                    crate::engage::pages::insert(tx, &page)?;
                    append(tx, &event(&mut mint, 1, &[&group.to_string()]), at(1))?;
                    append(tx, &event(&mut mint, 1, &[&id.to_string()]), at(1))?;
                }
                append(tx, &Event { incident: Some(row.id), ..event(&mut mint, 1, &["evt"]) }, at(1))?;
                append(tx, &event(&mut mint, 1, &["elsewhere"]), at(1))?;
                Ok(append(tx, &event(&mut mint, 1, &["the last one"]), at(1))?)
            }).unwrap();
            store.write(|tx| Ok(number(tx, 100)?)).unwrap();
            assert_eq!(store.write(|tx| Ok(cut(tx, at(9), 3, 99)?)).unwrap(), [3]);
            assert_eq!(store.write(|tx| Ok(cut(tx, at(9), i64::MAX, 99)?)).unwrap().len(), 2);
            let kept = store.read(|tx| Ok(newest(tx, Sight::Whole, None, 99)?)).unwrap();
            let kept: Vec<String> = kept.into_iter().rev().flat_map(|entry| entry.subjects).collect();
            assert_eq!(kept, [linked.to_string(), pages[0].0.to_string(), "evt".into(), "the last one".into()]);
            assert_eq!(store.write(|tx| Ok(crate::engage::pages::cut(tx, at(9), 9)?)).unwrap(), 1);
            assert!(store.read(|tx| Ok(crate::engage::pages::get(tx, pages[0].0)?)).unwrap().is_some());
        }

        fn what_happened_in_a_restricted_incident_is_seen_by_those_who_are_named(store) {
            let mut mint = Mint::seeded(1);
            let (ana, ben): (domain::words::Name, domain::words::Name) = ("ana".parse().unwrap(), "ben".parse().unwrap());
            let mut row = crate::respond::incidents::tests::incident(&mut mint, 0, domain::respond::incidents::Class::Security);
            store.write(|tx| {
                crate::respond::incidents::save(tx, &row)?;
                crate::respond::incidents::name_person(tx, row.id, &ana)?;
                append(tx, &event(&mut mint, 0, &["grp_1"]), at(0))?;
                // Written down later, but of an earlier time.
                for (second, of) in [(1, 1), (2, 9), (3, 5)] {
                    let told = Event { incident: Some(row.id), at: at(of), ..event(&mut mint, second, &["grp_1"]) };
                    append(tx, &told, at(second))?;
                }
                Ok(())
            }).unwrap();
            store.write(|tx| Ok(number(tx, 100)?)).unwrap();
            let seen = |sight: Sight<'_>| store.read(|tx| {
                let all = newest(tx, sight, None, 9)?;
                assert_eq!(since(tx, 0, sight, 9)?.len(), all.len());
                assert_eq!(of_subject(tx, "grp_1", sight, None, 9)?, all);
                for entry in newest(tx, Sight::Whole, None, 9)? {
                    assert_eq!(get(tx, entry.id, sight)?.is_some(), all.contains(&entry));
                }
                Ok(all.len())
            }).unwrap();
            assert_eq!([seen(Sight::Of(&ana)), seen(Sight::Of(&ben)), seen(Sight::Open), seen(Sight::Whole)], [4, 1, 1, 4]);
            let told = |before: Option<&Entry>| store.read(|tx| {
                Ok(of_incident(tx, row.id, before.map(|entry| (entry.at, entry.id)), 2)?)
            }).unwrap();
            let first = told(None);
            assert_eq!(first.iter().map(|entry| entry.at).collect::<Vec<_>>(), [at(9), at(5)]);
            assert_eq!(told(first.last()).iter().map(|entry| entry.at).collect::<Vec<_>>(), [at(1)]);
            row.state.visibility = domain::respond::incidents::Visibility::Open;
            store.write(|tx| Ok(crate::respond::incidents::save(tx, &row)?)).unwrap();
            assert_eq!(seen(Sight::Of(&ben)), 4);
        }
    }
}
