//! The board: what is open right now, in memory, on every node.
//!
//! A fold of the `alerts` and `groups` tables, brought up to date inside each transaction that changes it. Holds
//! what deciding and finding need; annotations stay in the signals log. Pure: who writes it down, and when, is not
//! known here.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use jiff::Timestamp;

use super::alerts::{Muted, Severity, Taken};
use super::groups::Group;
use super::index::{Hashed, PairId, PairIndex, half, spread};
use super::order::Order;
use super::silences::Silence;
use crate::words::Urgency;
use crate::words::{AlertId, GroupId, Labels, Matcher, Name, SignalId, SilenceId, Span, labels::Compare};

/// Most alerts have no more labels.
const PAIRS_MOSTLY: usize = 16;

/// The place of an alert on the board. Used again when the alert is gone.
pub type Slot = u32;

/// An open alert.
#[derive(Debug)]
pub struct Alert {
    pub id: AlertId,
    pub integration: Name,
    /// What tells it from others of its integration.
    pub key: u64,
    pub group: GroupId,
    /// Where the log tells of it last.
    pub signal: SignalId,
    pub position: u32,
    pub annotations_hash: u64,
    pub urgency: Option<Urgency>,
    pub starts_at: Timestamp,
    pub fired_at: Timestamp,
    pub taken: Option<Box<Taken>>,
    muted: Option<Muted>,
    has_row: bool,
    pairs: Box<[PairId]>,
    heard_at: AtomicI64,
    expires_at: AtomicI64,
    /// For how much longer it may stay, because other nodes may have heard of it and we have not.
    grace: AtomicI64,
    /// Until when it lives as far as its row says.
    written_until: AtomicI64,
    /// How often it was heard of.
    count: AtomicU32,
}

impl Alert {
    /// When the source spoke of it last.
    pub fn heard_at(&self) -> Timestamp {
        micros(self.heard_at.load(Ordering::Relaxed))
    }

    /// When it is over unless the source speaks of it again.
    pub fn expires_at(&self) -> Timestamp {
        micros(self.expires_at.load(Ordering::Relaxed))
    }

    /// When it is closed here, unless somebody hears of it before.
    pub fn lapses_at(&self) -> Timestamp {
        micros(self.expires_at.load(Ordering::Relaxed).saturating_add(self.grace.load(Ordering::Relaxed)))
    }

    /// It was heard of, and no other node can know.
    fn is_ahead_of_its_row(&self) -> bool {
        self.expires_at.load(Ordering::Relaxed) > self.written_until.load(Ordering::Relaxed)
    }

    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// The source said again what is known already. Needs no turn with the pen: any number of readers may note it.
    pub fn hear(&self, at: Timestamp, expires_at: Timestamp, grace: Span) {
        self.heard_at.fetch_max(at.as_microsecond(), Ordering::Relaxed);
        self.expires_at.store(expires_at.as_microsecond(), Ordering::Relaxed);
        self.grace.store(grace.as_millis().saturating_mul(1000), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub fn muted(&self) -> Option<Muted> {
        self.muted
    }

    /// Whether it has a row of its own; until something of it changes, the entry of the log that it began in tells all.
    pub fn has_row(&self) -> bool {
        self.has_row
    }

    /// What its row says now is what is known.
    pub fn written(&self) {
        self.written_until.store(self.expires_at.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether its row must be told soon that it was heard of: the row's time is nearly over, ours is not.
    pub fn must_be_written(&self, by: Timestamp) -> bool {
        let written = self.written_until.load(Ordering::Relaxed);
        written < by.as_microsecond() && written < self.expires_at.load(Ordering::Relaxed)
    }

    /// Fires, is not muted, and nobody took it.
    pub fn wants_attention(&self) -> bool {
        self.muted.is_none() && self.taken.is_none()
    }
}

fn micros(value: i64) -> Timestamp {
    Timestamp::from_microsecond(value).unwrap_or(Timestamp::MAX)
}

/// What it takes to put an alert on the board.
#[derive(Debug)]
pub struct NewAlert {
    pub id: AlertId,
    pub integration: Name,
    pub key: u64,
    pub group: GroupId,
    pub signal: SignalId,
    pub position: u32,
    pub annotations_hash: u64,
    pub urgency: Option<Urgency>,
    pub starts_at: Timestamp,
    pub fired_at: Timestamp,
    pub heard_at: Timestamp,
    pub expires_at: Timestamp,
    /// How much longer it stays than that: for alerts of which other nodes may have heard.
    pub grace: Span,
    /// The end that is written in its row.
    pub written_expires_at: Timestamp,
    pub count: u32,
    pub taken: Option<Taken>,
    pub muted: Option<Muted>,
    pub has_row: bool,
}

/// Alerts whose time has come.
#[derive(Debug, Default)]
pub struct Lapsed {
    /// Not heard of in time.
    pub over: Vec<Slot>,
    /// Heard of since their end was written: it must be written anew, for the other nodes.
    pub heard: Vec<Slot>,
}

/// A group and the slots of its open alerts.
#[derive(Debug)]
pub struct OpenGroup {
    pub group: Group,
    pub alerts: BTreeSet<Slot>,
    /// Its row says something else, or is not there yet.
    pub changed: bool,
}

/// What is open right now.
#[derive(Debug, Default)]
pub struct Board {
    /// The version of the tables that it shows; none since it was changed.
    pub version: Option<i64>,
    /// How much longer alerts stay because other nodes may have heard of them since; nothing for a node that is alone.
    pub others_grace: Span,
    alerts: Vec<Option<Alert>>,
    free: Vec<Slot>,
    by_key: HashTable<Hashed>,
    order: Order,
    index: PairIndex,
    /// Due times that were true once; an alert heard of since is put back when its turn comes.
    expiries: BinaryHeap<std::cmp::Reverse<(Timestamp, AlertId)>>,
    groups: BTreeMap<GroupId, OpenGroup>,
    by_group_key: HashTable<GroupKey>,
    /// Pending and active ones.
    pub silences: Vec<Silence>,
    /// Those that have begun for everybody, though the clock of this node may be behind.
    pub begun: BTreeSet<SilenceId>,
    /// Which alerts each silence and each inhibiting alert mutes.
    silenced: BTreeMap<SilenceId, BTreeSet<Slot>>,
    inhibited: BTreeMap<AlertId, BTreeSet<Slot>>,
    /// Alerts that a person resolved while their source goes on: (integration, key) and the start they had.
    laid_aside: BTreeMap<(Name, u64), Timestamp>,
}

/// An open group, found by the hash of its route and of the values that its alerts share.
#[derive(Clone, Copy, Debug)]
struct GroupKey {
    hash: u64,
    id: GroupId,
}

fn group_hash<'v>(route: &Name, values: impl Iterator<Item = &'v str>) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(route.as_str().as_bytes());
    for value in values {
        hasher.write_u8(0xff);
        hasher.write(value.as_bytes());
    }
    hasher.finish()
}

fn leave<K: Ord + Copy>(lists: &mut BTreeMap<K, BTreeSet<Slot>>, id: K, slot: Slot) {
    if let Some(slots) = lists.get_mut(&id) {
        slots.remove(&slot);
        if slots.is_empty() {
            lists.remove(&id);
        }
    }
}

fn key_hash(integration: &Name, key: u64) -> u32 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write_u64(key);
    hasher.write(integration.as_str().as_bytes());
    half(hasher.finish())
}

impl Board {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.len() == 0
    }

    pub fn at(&self, slot: Slot) -> &Alert {
        self.alerts[slot as usize].as_ref().expect("a slot in use")
    }

    pub fn at_mut(&mut self, slot: Slot) -> &mut Alert {
        self.version = None;
        self.alerts[slot as usize].as_mut().expect("a slot in use")
    }

    /// Whether an alert is in this slot still: it is used again when the alert is gone.
    pub fn is_at(&self, slot: Slot, id: AlertId) -> bool {
        self.alerts.get(slot as usize).is_some_and(|alert| alert.as_ref().is_some_and(|alert| alert.id == id))
    }

    pub fn slot(&self, id: AlertId) -> Option<Slot> {
        self.order.get(id)
    }

    pub fn by_key(&self, integration: &Name, key: u64) -> Option<Slot> {
        let hash = key_hash(integration, key);
        let is = |found: &Hashed| {
            let alert = || self.at(found.place);
            found.hash == hash && alert().key == key && alert().integration == *integration
        };
        self.by_key.find(spread(hash), is).map(|found| found.place)
    }

    /// Newest first, from before an id.
    pub fn newest_first(&self, before: Option<AlertId>) -> impl Iterator<Item = Slot> {
        self.order.newest_first(before)
    }

    pub fn labels(&self, slot: Slot) -> Labels {
        Labels::from_pairs(self.pairs(slot))
    }

    pub fn pairs(&self, slot: Slot) -> impl Iterator<Item = (&str, &str)> {
        self.at(slot).pairs.iter().map(|pair| self.index.text(*pair))
    }

    pub fn label(&self, slot: Slot, name: &str) -> Option<&str> {
        self.pairs(slot).find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// A label with its name: `severity=critical`.
    pub fn whole_pair(&self, slot: Slot, name: &str) -> Option<&str> {
        let pair = self.at(slot).pairs.iter().find(|pair| self.index.text(**pair).0 == name);
        pair.map(|pair| self.index.whole(*pair))
    }

    pub fn severity(&self, slot: Slot) -> Severity {
        Severity::read(self.label(slot, "severity").unwrap_or(""))
    }

    /// The values of a label among open alerts, with how many have each.
    pub fn label_values(&self, name: &str) -> Vec<(&str, u32)> {
        self.index.values(name)
    }

    /// Puts an alert on the board. Its group must be there.
    pub fn put<'l>(&mut self, new: NewAlert, labels: impl Iterator<Item = (&'l str, &'l str)>) -> Slot {
        self.version = None;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.alerts.push(None);
            Slot::try_from(self.alerts.len() - 1).expect("fewer than four thousand million alerts")
        });
        let mut pairs = Vec::with_capacity(PAIRS_MOSTLY);
        pairs.extend(labels.map(|(name, value)| self.index.add(name, value, slot)));
        let grace = new.grace.as_millis().saturating_mul(1000);
        // What its row does not know then must be written when the time of the row is over.
        let due = new.written_expires_at.min(new.expires_at);
        self.expiries.push(std::cmp::Reverse((due, new.id)));
        self.order.insert(new.id, slot);
        if let Some(open) = self.groups.get_mut(&new.group) {
            open.alerts.insert(slot);
        }
        let hash = key_hash(&new.integration, new.key);
        self.alerts[slot as usize] = Some(Alert {
            id: new.id,
            integration: new.integration,
            key: new.key,
            group: new.group,
            signal: new.signal,
            position: new.position,
            annotations_hash: new.annotations_hash,
            urgency: new.urgency,
            starts_at: new.starts_at,
            fired_at: new.fired_at,
            taken: new.taken.map(Box::new),
            muted: None,
            has_row: new.has_row,
            pairs: pairs.into(),
            heard_at: AtomicI64::new(new.heard_at.as_microsecond()),
            expires_at: AtomicI64::new(new.expires_at.as_microsecond()),
            grace: AtomicI64::new(grace),
            written_until: AtomicI64::new(new.written_expires_at.as_microsecond()),
            count: AtomicU32::new(new.count),
        });
        self.by_key.insert_unique(spread(hash), Hashed { place: slot, hash }, |found| spread(found.hash));
        if new.muted.is_some() {
            self.mute(slot, new.muted);
        }
        slot
    }

    /// An alert has a row of its own now.
    pub fn row_is_there(&mut self, slot: Slot) {
        self.at_mut(slot).has_row = true;
    }

    /// Mutes an alert, or lets it speak.
    pub fn mute(&mut self, slot: Slot, muted: Option<Muted>) {
        match std::mem::replace(&mut self.at_mut(slot).muted, muted) {
            Some(Muted::Silenced(id)) => leave(&mut self.silenced, id, slot),
            Some(Muted::Inhibited(id)) => leave(&mut self.inhibited, id, slot),
            None => {}
        }
        match muted {
            Some(Muted::Silenced(id)) => _ = self.silenced.entry(id).or_default().insert(slot),
            Some(Muted::Inhibited(id)) => _ = self.inhibited.entry(id).or_default().insert(slot),
            None => {}
        }
    }

    /// The silences that mute now.
    pub fn active_silences(&self, now: Timestamp) -> impl Iterator<Item = &Silence> {
        let begun = move |silence: &Silence| silence.starts_at <= now || self.begun.contains(&silence.id);
        self.silences.iter().filter(move |silence| now < silence.ends_at && begun(silence))
    }

    /// The alerts that a silence mutes.
    pub fn silenced_by(&self, id: SilenceId) -> Vec<Slot> {
        self.silenced.get(&id).into_iter().flatten().copied().collect()
    }

    /// The alerts that another alert mutes.
    pub fn inhibited_by(&self, id: AlertId) -> Vec<Slot> {
        self.inhibited.get(&id).into_iter().flatten().copied().collect()
    }

    /// Takes an alert off the board.
    pub fn take(&mut self, slot: Slot) -> Alert {
        if self.at(slot).muted.is_some() {
            self.mute(slot, None);
        }
        let hash = key_hash(&self.at(slot).integration, self.at(slot).key);
        if let Ok(found) = self.by_key.find_entry(spread(hash), |found| found.place == slot) {
            found.remove();
        }
        self.version = None;
        let alert = self.alerts[slot as usize].take().expect("a slot in use");
        self.order.remove(alert.id);
        if let Some(open) = self.groups.get_mut(&alert.group) {
            open.alerts.remove(&slot);
        }
        for pair in &alert.pairs {
            let alerts = &self.alerts;
            let still = |slot: Slot| alerts[slot as usize].as_ref().is_some_and(|alert| alert.pairs.contains(pair));
            self.index.remove(*pair, still);
        }
        self.free.push(slot);
        alert
    }

    /// Open alerts that all matchers match, in no order. An exact matcher is looked up, not searched for.
    pub fn matching(&self, matchers: &[Matcher]) -> Vec<Slot> {
        let exact = matchers.iter().filter(|matcher| matcher.compare == Compare::Equal && !matcher.value.is_empty());
        let mut rarest: Option<(PairId, u32)> = None;
        for matcher in exact {
            let Some((pair, live)) = self.index.look_up(&matcher.name, &matcher.value) else { return Vec::new() };
            if rarest.is_none_or(|(_, least)| live < least) {
                rarest = Some((pair, live));
            }
        }
        let all = |slot: Slot| matchers.iter().all(|m| m.matches_value(self.label(slot, &m.name).unwrap_or("")));
        let Some((pair, _)) = rarest else { return self.order.slots().filter(|slot| all(*slot)).collect() };
        let has = |slot: &Slot| {
            self.alerts[*slot as usize].as_ref().is_some_and(|alert| alert.pairs.contains(&pair)) && all(*slot)
        };
        let mut found: Vec<Slot> = self.index.slots(pair).iter().copied().filter(has).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    pub fn group(&self, id: GroupId) -> Option<&OpenGroup> {
        self.groups.get(&id)
    }

    pub fn group_mut(&mut self, id: GroupId) -> Option<&mut Group> {
        self.version = None;
        let open = self.groups.get_mut(&id)?;
        open.changed = true;
        Some(&mut open.group)
    }

    /// What its row says now is what is known.
    pub fn group_is_written(&mut self, id: GroupId) {
        if let Some(open) = self.groups.get_mut(&id) {
            open.changed = false;
        }
    }

    pub fn groups(&self) -> impl Iterator<Item = &OpenGroup> {
        self.groups.values()
    }

    /// The open group of alerts on a route that share these values, in the order of its `group_by`.
    pub fn group_by_key<'v, V>(&self, route: &Name, values: &V) -> Option<GroupId>
    where
        V: Iterator<Item = &'v str> + Clone,
    {
        let hash = group_hash(route, values.clone());
        let is = |found: &GroupKey| {
            let group = || self.groups.get(&found.id).map(|open| &open.group);
            let same = |group: &Group| {
                group.route == *route && group.labels.iter().map(|(_, value)| value.as_str()).eq(values.clone())
            };
            found.hash == hash && group().is_some_and(same)
        };
        self.by_group_key.find(hash, is).map(|found| found.id)
    }

    pub fn open_group(&mut self, group: Group) {
        self.version = None;
        let hash = group_hash(&group.route, group.labels.iter().map(|(_, value)| value.as_str()));
        self.by_group_key.insert_unique(hash, GroupKey { hash, id: group.id }, |key| key.hash);
        self.groups.insert(group.id, OpenGroup { group, alerts: BTreeSet::new(), changed: true });
    }

    pub fn close_group(&mut self, id: GroupId) -> Option<Group> {
        self.version = None;
        let open = self.groups.remove(&id)?;
        let hash = group_hash(&open.group.route, open.group.labels.iter().map(|(_, value)| value.as_str()));
        if let Ok(found) = self.by_group_key.find_entry(hash, |key| key.id == id) {
            found.remove();
        }
        Some(open.group)
    }

    /// Alerts that were not heard of in time, and those that were, but whose rows say that their end has come: at most
    /// so many.
    pub fn lapsed(&mut self, now: Timestamp, most: usize) -> Lapsed {
        let mut found = Lapsed::default();
        // An alert that was put on the board anew, as another node changed it, comes up more than once.
        let mut seen = BTreeSet::new();
        while found.over.len() + found.heard.len() < most && self.next_lapse(now).is_some_and(|due| due <= now) {
            let Some(std::cmp::Reverse((_, id))) = self.expiries.pop() else { break };
            let Some(slot) = self.slot(id).filter(|_| seen.insert(id)) else { continue };
            if self.at(slot).lapses_at() > now {
                let row_end = self.at(slot).expires_at(); // as its row will tell
                self.put_back_expiry(slot, row_end, now);
                found.heard.push(slot);
            } else {
                found.over.push(slot);
            }
        }
        found
    }

    /// When an alert may lapse next, or may have to be written down as heard of. What is still to come stays as it is:
    /// it may be heard of until then.
    pub fn next_lapse(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some(std::cmp::Reverse((due, id))) = self.expiries.peek().copied() {
            let Some(slot) = self.slot(id) else {
                self.expiries.pop();
                continue;
            };
            let alert = self.at(slot);
            if due > now || alert.lapses_at() <= due || alert.is_ahead_of_its_row() {
                return Some(due);
            }
            let row_end = micros(alert.written_until.load(Ordering::Relaxed));
            self.expiries.pop();
            self.put_back_expiry(slot, row_end, now);
        }
        None
    }

    /// A lapse that was looked at but not carried out: it comes up again when its row's end has come, as it may have
    /// been heard of by then; or at its own end.
    fn put_back_expiry(&mut self, slot: Slot, row_end: Timestamp, now: Timestamp) {
        let alert = self.at(slot);
        let due = if row_end > now { row_end } else { alert.lapses_at() };
        let entry = std::cmp::Reverse((due, alert.id));
        self.expiries.push(entry);
    }

    /// A person resolved it: the same firing, told again, opens nothing.
    pub fn lay_aside(&mut self, integration: Name, key: u64, starts_at: Timestamp) {
        self.version = None;
        self.laid_aside.insert((integration, key), starts_at);
    }

    /// Was this very firing resolved by a person? Any other word about it forgets that.
    pub fn is_laid_aside(&self, integration: &Name, key: u64, starts_at: Option<Timestamp>) -> bool {
        !self.laid_aside.is_empty()
            && self.laid_aside.get(&(integration.clone(), key)).is_some_and(|laid| Some(*laid) == starts_at)
    }

    pub fn forget_laid_aside(&mut self, integration: &Name, key: u64) {
        if !self.laid_aside.is_empty() {
            self.version = None;
            self.laid_aside.remove(&(integration.clone(), key));
        }
    }
}
