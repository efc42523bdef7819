//! What was, once more: the signals of some days, and what people did about them, through the same engine, under the
//! configuration as it was and under another. The answer is who would have been called when, and what differs.
//!
//! Every message arrives at once, and people act on the same alerts at the same times as they did. It writes nothing
//! to the store that it reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use actions::Moment;
use actions::board::refresh;
use actions::detect::alerts::{self, Wish};
use actions::detect::signals::{Incoming, call_of, receive};
use actions::detect::silences;
use domain::detect::signals::{self, Signal, Told};
use domain::detect::silences::Silence;
use domain::engage::schedules::Override;
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::{Document, Reference};
use domain::respond::sight::Sight;
use domain::words::{
    Actor, AlertId, EventKind, Id, Mint, Name, OverrideId, PageId, SilenceId, Span, Timestamp, Urgency,
};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value as Json;
use store::journal::{self, Entry};
use store::{Error, Halt, Store, Tx};

use crate::differences::{Difference, difference};
use crate::world::{Deed, World};
use crate::{Trouble, company};

/// Somebody, or a machine, is told of a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Call {
    pub at: Timestamp,
    /// Absent: a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Name>,
    pub channel: String,
    /// What the page is about.
    pub title: String,
    pub urgency: Urgency,
    /// Why this person.
    pub because: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replay {
    pub since: Timestamp,
    pub until: Timestamp,
    /// How many calls of sources were replayed.
    pub signals: usize,
    /// How many acts of people.
    pub acts: usize,
    /// Who is called with the configuration as it was.
    pub as_it_was: Vec<Call>,
    /// Who is called with the other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_the_other: Option<Vec<Call>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// Plays what the store has from `since` until before `until`, as it was; and again with another catalog, if there is one.
pub fn replay(source: &Store, since: Timestamp, until: Timestamp, other: Option<Catalog>) -> Result<Replay, Trouble> {
    let (events, counts) = gather(source, since, until)?;
    let as_it_was = play(&events, None, since, until)?;
    let with_the_other = other.map(|other| play(&events, Some(other), since, until)).transpose()?;
    let difference = with_the_other.as_ref().map(|other| difference(&as_it_was, other));
    let (signals, acts) = counts;
    Ok(Replay { since, until, signals, acts, as_it_was, with_the_other, difference })
}

impl Replay {
    /// For people, by the clock of a zone.
    pub fn text(&self, zone: &TimeZone) -> String {
        let day = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string();
        let mut text = format!(
            "From {} until {}: {} calls of sources, {} acts of people.\n",
            day(self.since),
            day(self.until),
            self.signals,
            self.acts
        );
        match &self.difference {
            Some(difference) => text.push_str(&difference.text(zone, self.as_it_was.len())),
            None => {
                for call in &self.as_it_was {
                    _ = writeln!(text, "  {}", call.line(zone));
                }
            }
        }
        text
    }
}

impl Call {
    /// `Tue 3 Nov 02:00:00  ben  ntfy  5xx high (api): on call for ...`
    pub fn line(&self, zone: &TimeZone) -> String {
        let at = self.at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M:%S");
        let who = self.person.as_ref().map_or("a webhook", Name::as_str);
        format!("{at}  {who} by {}, {} urgency: {} ({})", self.channel, self.urgency, self.title, self.because)
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Heard(Heard),
    Told {
        integration: Name,
        told: Vec<Told>,
    },
    /// Nothing was heard of them in time, as it was.
    Lapsed(Vec<Told>, Name),
    Wish {
        by: Name,
        keys: Vec<(Name, u64)>,
        wish: Wish,
    },
    Silenced(Silence),
    SilenceEnded(SilenceId),
    StandIn(Override),
    StandInRemoved(OverrideId),
    /// The documents in force from then on.
    Documents(Box<Catalog>),
}

/// A call of a source as the log has it. It is read when it is played: a month of them, read, would be gigabytes.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) integration: Name,
    body: Vec<u8>,
    at: Timestamp,
    until: Timestamp,
}

impl Heard {
    pub(crate) fn told(&self) -> Result<Vec<Told>, Error> {
        read_told(&self.body, self.at, self.until)
            .ok_or_else(|| Error::corrupt(format!("what {} told at {} does not read", self.integration, self.at)))
    }
}

pub(crate) type Events = Vec<(Timestamp, Event)>;

const AT_ONCE: u32 = 500;
/// What is older than an entry by this much is surely older than those after it too, whatever the clocks.
const CLOCKS_APART: Span = Span::hours(1);

fn gather(source: &Store, since: Timestamp, until: Timestamp) -> Result<(Events, (usize, usize)), Halt> {
    source.read(|tx| {
        let mut events = standing(tx, since)?;
        let before = events.len();
        events.extend(told(tx, since, until, usize::MAX)?.unwrap_or_default());
        let signals = events.len() - before;
        let before = events.len();
        events.extend(acts(tx, since, until, usize::MAX)?.0);
        let acts = events.iter().skip(before).filter(|(_, event)| !matches!(event, Event::Lapsed(..))).count();
        for changeset in store::prepare::documents::changesets(tx, None, i64::MAX)? {
            if since < changeset.at && changeset.at < until {
                let catalog = store::prepare::documents::as_of(tx, changeset.number)?;
                events.push((changeset.at, Event::Documents(Box::new(catalog))));
            }
        }
        // Stable: what has one time stays in the order above.
        events.sort_by_key(|(at, _)| *at);
        Ok((events, (signals, acts)))
    })
}

/// What was so when it begins: the documents, silences and overrides.
pub(crate) fn standing(tx: &mut Tx<'_>, since: Timestamp) -> Result<Events, Error> {
    let mut events = Vec::new();
    let changesets = store::prepare::documents::changesets(tx, None, i64::MAX)?;
    if let Some(last) = changesets.iter().find(|changeset| changeset.at <= since) {
        let catalog = store::prepare::documents::as_of(tx, last.number)?;
        events.push((since, Event::Documents(Box::new(catalog))));
    }
    for silence in store::detect::silences::list(tx, since, 10_000)? {
        if minted_at(silence.id) < since {
            events.push((since, Event::Silenced(silence)));
        }
    }
    let rows = tx.query(
        "SELECT id, schedule, person, starts_at, ends_at, reason, created_by FROM overrides \
         WHERE created_at < $1 AND ends_at > $1 AND (removed_at IS NULL OR removed_at > $1) ORDER BY id",
        &[since.into()],
    )?;
    for row in &rows {
        let stand_in = Override {
            id: row.id("id")?,
            schedule: row.name("schedule")?,
            person: row.opt_name("person")?,
            starts_at: row.instant("starts_at")?,
            ends_at: row.instant("ends_at")?,
            reason: row.opt_text("reason")?.map(str::to_owned),
            created_by: row.name("created_by")?,
        };
        events.push((since, Event::StandIn(stand_in)));
    }
    Ok(events)
}

fn minted_at(id: impl Id) -> Timestamp {
    let ms = i64::try_from(id.bits() >> 32).unwrap_or(0);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MIN)
}

/// What sources told; nothing, if that is more bytes than that.
pub(crate) fn told(
    tx: &mut Tx<'_>,
    since: Timestamp,
    until: Timestamp,
    bytes_most: usize,
) -> Result<Option<Events>, Error> {
    let mut events = Vec::new();
    let mut bytes = 0;
    let mut after = None;
    loop {
        let some = store::signals::between(tx, since, until, after, AT_ONCE)?;
        let Some(last) = some.last() else { break };
        after = Some(last.id);
        for entry in some {
            for call in entry.calls.into_iter().filter(|call| since <= call.received_at && call.received_at < until) {
                bytes += call.body.len();
                if bytes > bytes_most {
                    return Ok(None);
                }
                let (integration, body, at) = (call.integration, call.body, call.received_at);
                events.push((at, Event::Heard(Heard { integration, body, at, until })));
            }
        }
    }
    Ok(Some(events))
}

/// What fires goes on until an end was told or recorded: repeats are not in the log, so silence means nothing here.
pub(crate) fn read_told(body: &[u8], at: Timestamp, until: Timestamp) -> Option<Vec<Told>> {
    Some(signals::read(body, &[]).ok()?.into_iter().map(|signal| told_of(signal, body, at, until)).collect())
}

fn told_of(signal: Signal, body: &[u8], at: Timestamp, until: Timestamp) -> Told {
    let never = Span::hours(24 * 366).after(until);
    Told {
        annotations: signal.annotations(body).unwrap_or_default(),
        labels: signal.labels,
        starts_at: signal.starts_at,
        ends_at: signal.ends_at.filter(|ends_at| *ends_at <= at).or(Some(never)),
        link: signal.link.map(Into::into),
        key: signal.told_key.map(Into::into),
    }
}

/// What people did, and what time did that cannot be seen in the signals; and since when, if reading so many entries
/// of the journal does not reach back as far.
pub(crate) fn acts(
    tx: &mut Tx<'_>,
    since: Timestamp,
    until: Timestamp,
    entries_most: usize,
) -> Result<(Events, Timestamp), Error> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut before, mut read, mut since) = (None, 0, since);
    loop {
        let some = journal::newest(tx, Sight::Whole, before, AT_ONCE)?;
        let Some(last) = some.last() else { break };
        read += some.len();
        if read >= entries_most {
            since = since.max(last.at);
        }
        let done = read >= entries_most || last.at < CLOCKS_APART.before(since);
        before = Some(last.id);
        entries.extend(some.into_iter().filter(|entry| since <= entry.at && entry.at < until));
        if done {
            break;
        }
    }
    entries.reverse();
    let mut events = Vec::new();
    for entry in entries {
        events.extend(act(tx, &entry, until)?.into_iter().map(|event| (entry.at, event)));
    }
    Ok((events, since))
}

fn act(tx: &mut Tx<'_>, entry: &Entry, until: Timestamp) -> Result<Vec<Event>, Error> {
    let Some(kind) = entry.kind() else { return Ok(Vec::new()) };
    let data = &entry.data;
    let wish = match kind {
        EventKind::AlertsAcknowledged => Some(Wish::Acknowledge),
        EventKind::AlertsUnacknowledged => Some(Wish::Unacknowledge),
        EventKind::AlertsSnoozed => instant(&data["until"]).map(|until| Wish::Snooze { until }),
        EventKind::AlertsResolved if data["by"] == "person" => Some(Wish::Resolve),
        _ => None,
    };
    if let Some(wish) = wish {
        let Some(by) = person(&entry.actor) else { return Ok(Vec::new()) };
        let keys = rows(tx, &alerts_of(entry))?.into_iter().map(|row| (row.integration, row.key)).collect();
        return Ok(vec![Event::Wish { by, keys, wish }]);
    }
    Ok(match kind {
        EventKind::AlertsClosed => lapsed(tx, entry, until)?,
        EventKind::SilenceCreated => silence(entry).map(Event::Silenced).into_iter().collect(),
        EventKind::SilenceExpired if entry.why.is_some() => {
            subject(entry).map(Event::SilenceEnded).into_iter().collect()
        }
        EventKind::OverrideCreated => stand_in(entry).map(Event::StandIn).into_iter().collect(),
        EventKind::OverrideRemoved => subject(entry).map(Event::StandInRemoved).into_iter().collect(),
        _ => Vec::new(),
    })
}

/// A lapse is told to the replay as an end.
fn lapsed(tx: &mut Tx<'_>, entry: &Entry, until: Timestamp) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    for row in rows(tx, &alerts_of(entry))? {
        let Some(signal) = store::signals::get(tx, row.signal)? else { continue };
        if let Some((call, place)) = call_of(&signal.calls, row.position)
            && let Ok(Some(one)) = signals::nth(&call.body, place)
        {
            let told = told_of(one, &call.body, call.received_at, until);
            let starts_at = told.starts_at.map(|starts_at| starts_at.min(entry.at));
            events.push(Event::Lapsed(vec![Told { starts_at, ends_at: Some(entry.at), ..told }], row.integration));
        }
    }
    Ok(events)
}

fn rows(tx: &mut Tx<'_>, ids: &[AlertId]) -> Result<Vec<store::detect::alerts::AlertRow>, Error> {
    let found: Result<Vec<_>, Error> = ids.iter().map(|id| store::detect::alerts::get(tx, *id)).collect();
    Ok(found?.into_iter().flatten().collect())
}

/// The alerts that an entry is about: its subjects, or those that it lists by group.
fn alerts_of(entry: &Entry) -> Vec<AlertId> {
    let listed = entry.data["groups"].as_object().into_iter().flatten().filter_map(|(_, ids)| ids.as_array());
    let listed = listed.flatten().filter_map(Json::as_str);
    entry.subjects.iter().map(String::as_str).chain(listed).filter_map(|id| id.parse().ok()).collect()
}

fn person(actor: &str) -> Option<Name> {
    let (kind, rest) = actor.split_once(':')?;
    match kind {
        "person" => rest.parse().ok(),
        "token" => rest.split_once(':')?.1.parse().ok(),
        _ => None,
    }
}

fn instant(at: &Json) -> Option<Timestamp> {
    at.as_str()?.parse().ok()
}

fn subject<T: std::str::FromStr>(entry: &Entry) -> Option<T> {
    entry.subjects.iter().find_map(|subject| subject.parse().ok())
}

fn silence(entry: &Entry) -> Option<Silence> {
    let data = &entry.data;
    Some(Silence {
        id: subject(entry)?,
        matchers: serde_json::from_value(data["matchers"].clone()).ok()?,
        starts_at: instant(&data["starts_at"])?,
        ends_at: instant(&data["ends_at"])?,
        created_by: data["created_by"].as_str().unwrap_or_default().to_owned(),
        comment: entry.why.clone().unwrap_or_else(|| "a silence".into()),
        updated_at: entry.at,
    })
}

fn stand_in(entry: &Entry) -> Option<Override> {
    let data = &entry.data;
    Some(Override {
        id: subject(entry)?,
        schedule: entry.subjects.iter().find_map(|s| s.strip_prefix("schedule/")?.parse().ok())?,
        person: data["person"].as_str().and_then(|name| name.parse().ok()),
        starts_at: instant(&data["starts_at"])?,
        ends_at: instant(&data["ends_at"])?,
        reason: entry.why.clone(),
        created_by: person(&entry.actor)?,
    })
}

/// Plays the events in a world of their own.
fn play(
    events: &[(Timestamp, Event)],
    other: Option<Catalog>,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<Call>, Trouble> {
    let mut player = Player::new(since, other.is_none())?;
    if let Some(other) = other {
        player.put(other)?;
    }
    player.world.add_nodes(&[("replay".into(), jiff::SignedDuration::ZERO)]);
    for (at, event) in events {
        player.world.run_until(*at)?;
        player.perform(event)?;
        player.world.do_what_is_due()?;
        player.collect()?;
    }
    player.world.run_until(until)?;
    player.collect()?;
    Ok(player.calls)
}

pub(crate) struct Player {
    pub(crate) world: World,
    mint: Mint,
    catalog: Catalog,
    /// Whether the documents change when they did.
    follows: bool,
    /// The silences here, by the id that they had.
    silences: BTreeMap<SilenceId, SilenceId>,
    pub(crate) calls: Vec<Call>,
    /// The pages that somebody was told of.
    pub(crate) pages: BTreeMap<PageId, Paged>,
}

/// Who was told of one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paged {
    pub(crate) title: String,
    pub(crate) started_at: Timestamp,
    pub(crate) first_call: Timestamp,
    /// Names of people; or the channel of a machine.
    pub(crate) whom: BTreeSet<String>,
}

impl Player {
    pub(crate) fn new(since: Timestamp, follows: bool) -> Result<Self, Trouble> {
        Ok(Self {
            world: World::new(0, since)?,
            mint: Mint::seeded(0x7e91),
            catalog: Catalog::default(),
            follows,
            silences: BTreeMap::new(),
            calls: Vec::new(),
            pages: BTreeMap::new(),
        })
    }

    /// Puts these documents in force, and no others.
    pub(crate) fn put(&mut self, catalog: Catalog) -> Result<(), Halt> {
        let changed = |document: &Document| self.catalog.get(&document.reference()).as_ref() != Some(&document.spec);
        let documents: Vec<Document> = catalog.documents().into_iter().filter(changed).collect();
        let gone: Vec<Reference> =
            self.catalog.references().into_iter().filter(|one| !catalog.has(one.kind, one.name.as_str())).collect();
        let (now, mint) = (self.world.now(), &mut self.mint);
        self.world
            .store
            .write(|tx| Ok(company::put(tx, &mut Moment::new(now, Actor::System, mint), &documents, &gone)?))?;
        self.catalog = catalog;
        Ok(())
    }

    pub(crate) fn perform(&mut self, event: &Event) -> Result<(), Trouble> {
        let done = match event {
            Event::Heard(heard) => {
                heard.told().map_err(Halt::from).and_then(|told| self.tell(&heard.integration, &told))
            }
            Event::Told { integration, told } | Event::Lapsed(told, integration) => self.tell(integration, told),
            Event::Wish { by, keys, wish } => self.wish(by, keys, wish),
            Event::Silenced(silence) => self.silence(silence),
            Event::SilenceEnded(id) => match self.silences.get(id).copied() {
                Some(mine) => self
                    .world
                    .act(None, &Actor::System, |store, node, moment| silences::expire(store, node, moment, mine)),
                None => Ok(()),
            },
            Event::StandIn(stand_in) => {
                let now = self.world.now();
                self.world.store.write(|tx| Ok(store::engage::overrides::insert(tx, stand_in, now)?))
            }
            Event::StandInRemoved(id) => {
                let now = self.world.now();
                self.world.store.write(|tx| Ok(store::engage::overrides::remove(tx, *id, now).map(drop)?))
            }
            Event::Documents(catalog) if self.follows => self.put((**catalog).clone()),
            Event::Documents(_) => Ok(()),
        };
        match done {
            // What could be done then may make no sense in what came of it here.
            Ok(()) | Err(Halt::Refused(_)) => Ok(()),
            Err(halt) => Err(halt.into()),
        }
    }

    fn tell(&mut self, integration: &Name, told: &[Told]) -> Result<(), Halt> {
        self.world.act(None, &Actor::Integration(integration.clone()), |store, node, moment| {
            let incoming = Incoming::told(integration.clone(), "replay", told, false, moment.now)?;
            receive(store, node, moment.mint, std::slice::from_ref(&incoming))
        })
    }

    fn wish(&mut self, by: &Name, keys: &[(Name, u64)], wish: &Wish) -> Result<(), Halt> {
        self.world.act(None, &Actor::Person(by.clone()), |store, node, moment| {
            refresh(store, node, moment.now)?;
            let ids: Vec<AlertId> = {
                let board = node.board();
                let slots = keys.iter().filter_map(|(integration, key)| board.by_key(integration, *key));
                slots.map(|slot| board.at(slot).id).collect()
            };
            for some in ids.chunks(1000) {
                alerts::act(store, node, moment, some, wish)?;
            }
            Ok(())
        })
    }

    fn silence(&mut self, silence: &Silence) -> Result<(), Halt> {
        let before = self.silences.get(&silence.id).copied();
        let mine = self
            .world
            .act(None, &Actor::System, |store, node, moment| silences::put(store, node, moment, before, silence))?;
        self.silences.insert(silence.id, mine);
        Ok(())
    }

    /// Notes who was called.
    pub(crate) fn collect(&mut self) -> Result<(), Halt> {
        for (_, deed) in self.world.take_deeds() {
            let Deed::Attempted(attempt) = deed else { continue };
            let arrival = attempt.arrival;
            let Some(page) = arrival.page.filter(|_| arrival.step > 0) else { continue };
            let found = self.world.store.read(|tx| Ok(store::engage::pages::get(tx, page)?))?;
            let Some(page) = found else { continue };
            let paged = self.pages.entry(page.id).or_insert_with(|| Paged {
                title: page.title.clone(),
                started_at: page.started_at,
                first_call: arrival.at,
                whom: BTreeSet::new(),
            });
            let machine = || format!("a machine ({})", arrival.channel);
            paged.whom.insert(arrival.person.as_ref().map_or_else(machine, Name::to_string));
            self.calls.push(Call {
                at: arrival.at,
                person: arrival.person,
                channel: arrival.channel,
                title: page.title,
                urgency: page.urgency,
                because: attempt.because,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::Story;

    const STORY: &str = "
story: two nights
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 ana silences service=db for 2h: moving disks
02:00 prometheus: api \"5xx high\" severity=critical
02:01 prometheus: db \"Disk full\" severity=critical
02:07 ana acknowledges page 1
02:30 prometheus: resolved api \"5xx high\" severity=critical
02:40 prometheus: resolved db \"Disk full\" severity=critical
12:00 ben overrides payments-primary with ana from 2026-11-03 20:00 until 2026-11-04 09:00
2026-11-04 03:00 prometheus: ledger \"Locks\" severity=critical
03:01 ana acknowledges
03:10 ana resolves
04:00 (quiet)
";

    fn source() -> Store {
        Story::read(STORY).unwrap().play().unwrap().world.store
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn with(store: &Store, yaml: &str) -> Catalog {
        let mut catalog = store.read(|tx| Ok(store::prepare::documents::load_all(tx)?)).unwrap();
        for document in company::read("new.yaml", yaml).unwrap() {
            catalog.insert(document);
        }
        catalog
    }

    fn whole(store: &Store, other: Option<Catalog>) -> Replay {
        replay(store, at("2026-11-02T23:00:00Z"), at("2026-11-04T23:00:00Z"), other).unwrap()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn as_it_was_the_same_people_are_called_at_the_same_times() {
        let store = source();
        insta::assert_snapshot!(whole(&store, None).text(&berlin()), @r#"
        From Tue 3 Nov 2026 00:00 until Thu 5 Nov 2026 00:00: 5 calls of sources, 5 acts of people.
          Tue 3 Nov 02:00:00  ben by ntfy, high urgency: 5xx high (api) (on call for payments-primary: weeks, turn 44, until Mon 09:00 Europe/Berlin)
          Tue 3 Nov 02:02:00  ben by email, high urgency: 5xx high (api) (on call for payments-primary: weeks, turn 44, until Mon 09:00 Europe/Berlin)
          Tue 3 Nov 02:05:00  ana by ntfy, high urgency: 5xx high (api) (on call for payments-secondary: weeks, turn 44, until Mon 09:00 Europe/Berlin)
          Tue 3 Nov 02:07:00  ana by email, high urgency: 5xx high (api) (on call for payments-secondary: weeks, turn 44, until Mon 09:00 Europe/Berlin)
          Wed 4 Nov 03:00:00  ana by ntfy, high urgency: Locks (ledger) (on call for payments-primary: standing in by override ovr_06gt246zg10kayvb, until Wed 09:00 Europe/Berlin)
        "#);
    }

    #[test]
    fn another_policy_shows_who_would_have_been_called_when() {
        let store = source();
        let other = with(
            &store,
            "kind: escalation-policy\nname: payments\nspec:\n  title: Payments\n  steps:\n  \
             - { notify: [{ schedule: payments-primary }], wait: 2m }\n  - { notify: [{ person: carla }], wait: 10m }\n",
        );
        insta::assert_snapshot!(whole(&store, Some(other)).text(&berlin()), @r#"
        From Tue 3 Nov 2026 00:00 until Thu 5 Nov 2026 00:00: 5 calls of sources, 5 acts of people.
        5 calls as it was, 4 with the change; 3 the same.
        + Tue 3 Nov 02:02:00  carla by email, high urgency: 5xx high (api) (named in step 2)
        - Tue 3 Nov 02:05:00  ana by ntfy, high urgency: 5xx high (api) (on call for payments-secondary: weeks, turn 44, until Mon 09:00 Europe/Berlin)
        - Tue 3 Nov 02:07:00  ana by email, high urgency: 5xx high (api) (on call for payments-secondary: weeks, turn 44, until Mon 09:00 Europe/Berlin)
        "#);
    }

    #[test]
    fn the_same_configuration_makes_no_difference_and_the_same_replay_says_the_same() {
        let store = source();
        let same = with(&store, "");
        let (first, again) = (whole(&store, Some(same.clone())), whole(&store, Some(same)));
        assert_eq!(serde_json::to_string(&first).unwrap(), serde_json::to_string(&again).unwrap());
        let difference = first.difference.unwrap();
        assert!(difference.is_empty(), "{difference:?}");
        assert_eq!(difference.unchanged, first.as_it_was.len());
    }

    #[test]
    fn it_writes_nothing_to_what_it_reads() {
        let store = source();
        let count = |store: &Store| {
            store
                .read(|tx| {
                    let mut all = Vec::new();
                    for sql in [
                        "SELECT count(*) AS n FROM journal",
                        "SELECT count(*) AS n FROM deliveries",
                        "SELECT count(*) AS n FROM signals",
                        "SELECT count(*) AS n FROM alerts",
                        "SELECT count(*) AS n FROM revisions",
                    ] {
                        let row = tx.one(sql, &[])?;
                        all.push(row.map_or(Ok(0), |row| row.int("n"))?);
                    }
                    Ok(all)
                })
                .unwrap()
        };
        let before = count(&store);
        whole(&store, Some(Catalog::default()));
        assert_eq!(count(&store), before);
    }
}
