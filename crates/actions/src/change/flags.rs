//! Flags as they are served: compiled in memory, with the kills above them and the keys of those who may ask.
//!
//! Whoever asks waits for nothing: not for the database, which may be away, and not for a change, which is put in the
//! place of what was before. It is read again when the bell rings, and when a kill ends by the clock. Who asked is
//! noted here and written now and then.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::change::environment_keys::{EnvironmentKey, KeyKind, Meter};
use domain::change::environments::{Environment, set_of};
use domain::change::exposures::{Counts, Exposure};
use domain::change::flag_readers::FlagReader;
use domain::change::flag_sets::{Compiled, FlagSet};
use domain::change::kills::Overlay;
use domain::change::ofrep::Answers;
use domain::detect::rules::Rules;
use domain::words::{EnvironmentKeyId, Name, Span, Timestamp};
use sha2::{Digest, Sha256};
use store::change::kills::KillRow;
use store::change::{environment_keys, exposures, flag_readers, kills};
use store::{Halt, Store};

use crate::Node;

/// All that is served, at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub(super) keys: HashMap<[u8; 32], Arc<Held>>,
    pub(super) streams: HashMap<String, Arc<Held>>,
    pub(super) environments: HashMap<Name, Arc<Serving>>,
    /// Whether the store was read yet.
    pub is_there: bool,
    /// It was not read from the store, but is what was kept at that time.
    pub kept_at: Option<Timestamp>,
}

impl Snapshot {
    /// The key with this hash, if it is one of ours.
    pub fn key(&self, hash: &[u8; 32]) -> Option<&Arc<Held>> {
        self.keys.get(hash)
    }

    /// The key that listens under this name.
    pub fn stream(&self, name: &str) -> Option<&Arc<Held>> {
        self.streams.get(name)
    }

    pub fn environment(&self, name: &Name) -> Option<&Arc<Serving>> {
        self.environments.get(name)
    }
}

/// A key that holds, or did, and what it opens.
#[derive(Debug)]
pub struct Held {
    pub key: EnvironmentKey,
    /// What stands in the address of its stream: it tells of changes, and opens nothing else.
    pub stream: String,
    /// None, if its environment is gone.
    pub serving: Option<Arc<Serving>>,
    pub(super) meter: Arc<Meter>,
}

impl Held {
    /// Whether it may ask now; or in how many seconds.
    pub fn take(&self, now: Timestamp) -> Result<(), u64> {
        match self.serving.as_ref().and_then(|serving| serving.set.spec.questions_per_second) {
            Some(most) => self.meter.take(most, now),
            None => Ok(()),
        }
    }
}

/// An environment as it is served.
#[derive(Debug)]
pub struct Serving {
    pub environment: Name,
    pub set: Arc<Set>,
    pub kills: Overlay,
    /// Another one for each change of what is served.
    pub version: String,
    /// Up to when it knows of kills.
    pub knows_until: Timestamp,
}

/// A set of flags that was put together and compiled.
#[derive(Debug)]
pub struct Set {
    pub spec: Environment,
    pub flags: FlagSet,
    pub compiled: Compiled,
    pub answers: Answers,
    /// How often each flag was evaluated since that was last written.
    pub counts: Counts,
    /// Whether somebody fetched the definitions since.
    pub fetched: AtomicBool,
    digest: [u8; 32],
}

impl Set {
    pub(super) fn new(spec: Environment, flags: FlagSet) -> Self {
        let compiled = Compiled::new(&flags, spec.bucketing);
        let answers = Answers::new(&compiled, &flags.metadata);
        let said = serde_json::to_vec(&(&spec, &flags)).unwrap_or_default();
        let (counts, fetched) = (Counts::new(&compiled), AtomicBool::new(false));
        Self { digest: Sha256::digest(said).into(), spec, flags, compiled, answers, counts, fetched }
    }
}

/// What a node serves, and who asked.
#[derive(Default)]
pub struct Flags {
    now: RwLock<Arc<Snapshot>>,
    /// One at a time reads and builds.
    building: Mutex<Option<Arc<Rules>>>,
    bell: Mutex<Option<Bell>>,
    seen: Mutex<HashMap<Asking, Vec<Seen>>>,
    /// Sets whose counts have not been taken since they were replaced.
    replaced: Mutex<Vec<(Name, Arc<Set>)>>,
}

type Bell = Box<dyn Fn() + Send>;

/// Who asks: a key, and on a server from where.
type Asking = (EnvironmentKeyId, Option<IpAddr>);

struct Seen {
    agent: String,
    serving: Arc<Serving>,
    fetched_at: Timestamp,
    is_written: bool,
}

/// More readers than this are not told apart.
const SEEN_MOST: usize = 20_000;
/// More agents than this at one address are not told apart.
const AGENTS_MOST: usize = 8;
/// So long an agent is written down.
const AGENT_MOST: usize = 120;
/// Readers that were not heard of for so long are no longer kept in memory.
const QUIET: Span = Span::hours(1);
/// How many readers are written in one transaction.
const WRITTEN_AT_ONCE: usize = 200;

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flags")
    }
}

impl Flags {
    /// What is served now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves what was kept, until the store can be read.
    pub fn restore(&self, kept: Snapshot) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(kept);
    }

    /// Rung after what is served has changed.
    pub fn on_change(&self, bell: impl Fn() + Send + 'static) {
        *self.bell.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(bell));
    }

    /// Notes that somebody fetched. Of those who use a program nothing is kept but their key.
    pub fn note(&self, held: &Held, address: Option<IpAddr>, agent: &str, now: Timestamp) {
        let Some(serving) = &held.serving else { return };
        let (address, agent) = if held.key.kind == KeyKind::Server { (address, agent) } else { (None, "") };
        let agent = agent.get(..AGENT_MOST).unwrap_or(agent);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = seen.len() >= SEEN_MOST;
        let here = match seen.entry((held.key.id, address)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if is_full => return,
            Entry::Vacant(new) => new.insert(Vec::with_capacity(1)),
        };
        let is_crowded = here.len() >= AGENTS_MOST;
        match here.iter_mut().find(|one| one.agent.as_str() == agent) {
            Some(known) => {
                if !Arc::ptr_eq(&known.serving, serving) {
                    known.serving = serving.clone();
                }
                known.fetched_at = now;
                known.is_written = false;
            }
            None if is_crowded => {}
            None => {
                let (agent, serving) = (agent.to_owned(), serving.clone());
                here.push(Seen { agent, serving, fetched_at: now, is_written: false });
            }
        }
    }

    /// What was evaluated since it was last asked.
    fn exposures(&self, now: Timestamp) -> Vec<Exposure> {
        let snapshot = self.snapshot();
        let served = snapshot.environments.iter().map(|(name, serving)| (name.clone(), serving.set.clone()));
        let replaced = std::mem::take(&mut *self.replaced.lock().unwrap_or_else(PoisonError::into_inner));
        let mut found: BTreeMap<(Name, String, String), u64> = BTreeMap::new();
        for (environment, set) in replaced.into_iter().chain(served) {
            let flags: Vec<_> = set.compiled.flags().collect();
            for one in set.counts.take() {
                let (key, variants, _) = &flags[one.place];
                let variant = one.variant_place.map_or("", |place| variants[place].0.as_ref());
                *found.entry((environment.clone(), (*key).to_owned(), variant.to_owned())).or_default() += one.count;
            }
            if set.fetched.swap(false, Ordering::Relaxed) {
                *found.entry((environment, String::new(), String::new())).or_default() += 1;
            }
        }
        let told = |((environment, flag, variant), count)| Exposure { environment, flag, variant, count, last_at: now };
        found.into_iter().map(told).collect()
    }

    /// Those who fetched since it was last asked, and forgets those who were quiet for long.
    fn to_write(&self, now: Timestamp) -> Vec<FlagReader> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = Vec::new();
        for ((key, address), here) in seen.iter_mut() {
            for one in here.iter_mut().filter(|one| !one.is_written) {
                one.is_written = true;
                fresh.push(FlagReader {
                    environment: one.serving.environment.clone(),
                    key: *key,
                    address: address.map(|address| address.to_string()).unwrap_or_default(),
                    agent: one.agent.clone(),
                    fetched_at: one.fetched_at,
                    version: one.serving.version.clone(),
                    knows_until: one.serving.knows_until,
                });
            }
        }
        let quiet = QUIET.before(now);
        seen.retain(|_, here| {
            here.retain(|one| one.fetched_at > quiet);
            !here.is_empty()
        });
        fresh
    }
}

/// Writes down who fetched. Answers how many.
pub fn write_readers(store: &Store, node: &Node, now: Timestamp) -> Result<usize, Halt> {
    let fresh = node.flags().to_write(now);
    for some in fresh.chunks(WRITTEN_AT_ONCE) {
        store.write_bulk(|tx| {
            for reader in some {
                flag_readers::note(tx, reader)?;
            }
            Ok(())
        })?;
    }
    Ok(fresh.len())
}

/// Writes down how often flags were evaluated since it was last done. What cannot be written is not counted: that is no reason to
/// hold anybody up.
pub fn write_exposures(store: &Store, node: &Node, now: Timestamp) -> Result<usize, Halt> {
    let counted = node.flags().exposures(now);
    if !counted.is_empty() {
        store.write_bulk(|tx| {
            for one in &counted {
                exposures::add(tx, one)?;
            }
            Ok(())
        })?;
    }
    Ok(counted.len())
}

/// Reads what the store has, and serves it if it is another than before. Answers when what is served next changes by the
/// clock alone.
pub fn refresh(store: &Store, node: &Node, now: Timestamp) -> Result<Option<Timestamp>, Halt> {
    let flags = node.flags();
    let mut last = flags.building.lock().unwrap_or_else(PoisonError::into_inner);
    let (rules, standing, knows_until, held) = store.read(|tx| {
        let (rules, standing) = (node.rules(tx)?, kills::standing(tx)?);
        Ok((rules, standing, kills::changed_at(tx)?, environment_keys::held(tx)?))
    })?;
    let before = flags.snapshot();
    let is_same_catalog = last.as_ref().is_some_and(|last| Arc::ptr_eq(&last.catalog, &rules.catalog));
    let next = standing.iter().map(|row| row.kill.expires_at).filter(|at| *at > now).min();
    let mut environments = HashMap::with_capacity(rules.catalog.environments.len());
    for (name, spec) in &rules.catalog.environments {
        let old = before.environments.get(name);
        let set = match old {
            Some(old) if is_same_catalog => old.set.clone(),
            old => {
                let Some(put_together) = set_of(&rules.catalog, name) else { continue };
                match old.filter(|old| old.set.spec == *spec && old.set.flags == put_together) {
                    Some(old) => old.set.clone(),
                    None => Arc::new(Set::new(spec.clone(), put_together)),
                }
            }
        };
        let serving = Serving::new(name, set, &standing, knows_until.unwrap_or(Timestamp::UNIX_EPOCH), now);
        let is_same = |old: &Arc<Serving>| old.version == serving.version && old.kills_are(&serving);
        let serving = old.filter(|old| is_same(old)).cloned().unwrap_or_else(|| Arc::new(serving));
        environments.insert(name.clone(), serving);
    }
    let changed = environments.len() != before.environments.len()
        || environments
            .iter()
            .any(|(name, now)| before.environments.get(name).is_none_or(|was| !Arc::ptr_eq(was, now)));
    let (mut keys, mut streams) = (HashMap::with_capacity(held.len()), HashMap::with_capacity(held.len()));
    let mut keys_changed = before.keys.len() != held.len();
    for (hash, key) in held {
        let serving = environments.get(&key.environment).cloned();
        let old = before.keys.get(&hash);
        let same_serving = |old: &Held| match (&old.serving, &serving) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (old, new) => old.is_none() == new.is_none(),
        };
        let one = if let Some(old) = old.filter(|old| old.key == key && same_serving(old)) {
            old.clone()
        } else {
            keys_changed = true;
            let meter = old.map_or_else(Arc::default, |old| old.meter.clone());
            Arc::new(Held { stream: stream_of(&hash), key, serving, meter })
        };
        streams.insert(one.stream.clone(), one.clone());
        keys.insert(hash, one);
    }
    *last = Some(rules);
    let is_served = |name: &Name, set: &Arc<Set>| environments.get(name).is_some_and(|now| Arc::ptr_eq(&now.set, set));
    let gone = before.environments.iter().filter(|(name, was)| !is_served(name, &was.set));
    let gone = gone.map(|(name, was)| (name.clone(), was.set.clone()));
    flags.replaced.lock().unwrap_or_else(PoisonError::into_inner).extend(gone);
    if changed || keys_changed || !before.is_there {
        let snapshot = Arc::new(Snapshot { keys, streams, environments, is_there: true, kept_at: None });
        *flags.now.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        if let Some(bell) = &*flags.bell.lock().unwrap_or_else(PoisonError::into_inner) {
            bell();
        }
    }
    Ok(next)
}

/// The name under which whoever has the key listens. The key cannot be found from it.
pub(super) fn stream_of(hash: &[u8; 32]) -> String {
    hex(&Sha256::new().chain_update(b"stream of flags").chain_update(hash).finalize())
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

impl Serving {
    fn new(name: &Name, set: Arc<Set>, standing: &[KillRow], knows_until: Timestamp, now: Timestamp) -> Self {
        let own = || standing.iter().filter(|row| row.environment == *name);
        let mut version = Sha256::new().chain_update(set.digest);
        for row in own().filter(|row| row.kill.is_in_force(now)) {
            version = version.chain_update(row.id.to_string());
        }
        let kills: Overlay = own().map(|row| row.kill.clone()).collect();
        Self { environment: name.clone(), set, kills, version: hex(&version.finalize()), knows_until }
    }

    /// Whether the kills are the same, also in when they end.
    fn kills_are(&self, other: &Self) -> bool {
        self.kills == other.kills && self.knows_until == other.knows_until
    }
}

#[cfg(test)]
mod tests {
    use domain::change::flag_sets::Context;
    use domain::words::Span;

    use super::*;
    use crate::respond::desk::{Desk, at, name};

    store::both_engines! {
        fn what_was_asked_is_counted_across_a_change_and_written_once(store) {
            let desk = Desk::open(store);
            let documents = |title: &str| format!("
kind: environment
name: production
spec: {{ title: Production }}
---
kind: flag
name: checkout
spec:
  title: {title}
  key: New checkout!
  purpose: operational
  variants: {{ on: true, off: false }}
  environments: {{ production: {{ state: ENABLED, defaultVariant: 'on' }} }}
");
            let ask = |times: usize| {
                refresh(desk.store, &desk.node, at(10)).unwrap();
                let snapshot = desk.node.flags().snapshot();
                let serving = snapshot.environment(&name("production")).unwrap();
                for key in ["New checkout!", "nobody knows it"].iter().cycle().take(2 * times) {
                    let context = Context::empty();
                    serving.set.counts.note(&serving.set.compiled.evaluate(key, &context, &serving.kills, at(10)));
                }
            };
            desk.apply(&documents("New checkout"));
            ask(3);
            desk.apply(&documents("Newer checkout, which is another set"));
            ask(4);
            assert_eq!(write_exposures(desk.store, &desk.node, at(11)).unwrap(), 1);
            assert_eq!(write_exposures(desk.store, &desk.node, at(12)).unwrap(), 0);
            let since = Span::hours(24).before(at(12));
            let told = desk.store.read(|tx| Ok(exposures::of_flag(tx, "New checkout!", since)?)).unwrap();
            let wanted = Exposure {
                environment: name("production"),
                flag: "New checkout!".into(),
                variant: "on".into(),
                count: 7,
                last_at: at(11),
            };
            assert_eq!(told, [wanted]);
        }
    }
}
