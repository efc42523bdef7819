//! Pins: what people do with them, the signals that they keep, and what speaks against an edit of documents.
//!
//! Nothing is played here: whoever rehearses plays what [`to_play`] asks for, outside of any transaction, and leaves the verdicts with
//! the node. The gate only looks them up; what nobody played is held. Pins of restricted incidents hold nothing: a reason would tell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::change::gates::Reason;
use domain::detect::signals::{self as told, Told};
use domain::engage::escalations::Target;
use domain::engage::oncall::on_call;
use domain::learn::pins::{Expectation, Key, Pin, Print, Retired, Verdict, Whom, matters, print};
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::Reference;
use domain::respond::entries;
use domain::respond::incidents::{Phase, Visibility};
use domain::respond::sight::Sight;
use domain::words::{EventKind, IncidentId, Labels, Name, PinId, Refusal, Span, Timestamp};
use serde_json::{Value, json};
use store::journal::{self, Entry};
use store::learn::pins::{self as rows, Kept};
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Tx};

use super::item_checks::{Play, play_of};
use crate::announce::Told as Noted;
use crate::respond::incidents::seen as incident_seen;
use crate::respond::links::groups_of;
use crate::{Moment, Node, announce};

/// More pins are not listed, and hold nothing.
pub const PINS_MOST: u32 = 1_000;
/// A pin keeps the first so many calls of sources, and so many bytes of them.
const CALLS_MOST: usize = 2_000;
const BYTES_MOST: usize = 1 << 20;
const AT_ONCE: u32 = 200;
const HISTORY_MOST: u32 = 100;

/// What somebody wants to pin; what is absent is drawn from what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPin {
    pub whom: Option<Whom>,
    pub within: Option<Span>,
    pub why: Option<String>,
}

/// The signals of an incident, and whom they reached.
#[derive(Clone, Debug)]
pub struct Gathered {
    signals: Vec<Kept>,
    /// Whom they reached first, and how long after the first signal; nothing, where nobody was called.
    pub drawn: Option<Expectation>,
}

/// A pin with its incident.
#[derive(Clone, Debug)]
pub struct Seen {
    pub pin: Pin,
    pub incident: IncidentRow,
    /// How often somebody let it fail.
    pub overridden: i64,
}

/// Reads what an incident is pinned by. It may be much: not for a transaction that writes.
pub fn gather(
    tx: &mut Tx<'_>,
    node: &Node,
    incident: IncidentId,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Gathered, Halt> {
    let row = incident_seen(tx, incident, sight)?;
    may_be_pinned(&row)?;
    let play = play_of(tx, incident, now)?.map_err(|why| Halt::from(Refusal::conflict(why)))?;
    let signals = signals_of(tx, &play)?;
    let Some(first) = signals.first().map(|kept| kept.received_at) else {
        let message =
            "the signals of its alerts are no longer kept, or were reported elsewhere: there is nothing to pin";
        return Err(Refusal::conflict(message).into());
    };
    let drawn = drawn(tx, node, incident, first)?;
    Ok(Gathered { signals, drawn })
}

fn may_be_pinned(row: &IncidentRow) -> Result<(), Refusal> {
    if row.drill {
        return Err(Refusal::conflict("a drill is no regression: pin the incident that it practises"));
    }
    if row.state.visibility != Visibility::Open {
        return Err(Refusal::conflict("it is restricted, and a pin tells everybody who applies documents of it"));
    }
    if matches!(row.state.phase, Phase::Cancelled | Phase::Merged) {
        return Err(Refusal::conflict(format!("it is {}: there is nothing to hold", row.state.phase)));
    }
    Ok(())
}

/// What sources told of the alerts of an incident, cut down to those alerts.
fn signals_of(tx: &mut Tx<'_>, play: &Play) -> Result<Vec<Kept>, Halt> {
    let fits = |labels: &Labels| {
        play.groups.iter().any(|group| group.iter().all(|(name, value)| labels.get(name).unwrap_or("") == value))
    };
    let (mut kept, mut bytes, mut after) = (Vec::new(), 0, None);
    loop {
        let some = store::signals::between(tx, play.since, play.until, after, AT_ONCE)?;
        let Some(last) = some.last() else { return Ok(kept) };
        after = Some(last.id);
        let inside = |at: Timestamp| play.since <= at && at < play.until;
        for call in some.into_iter().flat_map(|entry| entry.calls).filter(|call| inside(call.received_at)) {
            let Ok(all) = told::read(&call.body, &[]) else { continue };
            let mut few = Vec::new();
            for signal in all.into_iter().filter(|signal| fits(&signal.labels)) {
                few.push(Told {
                    annotations: signal.annotations(&call.body).unwrap_or_default(),
                    labels: signal.labels,
                    starts_at: signal.starts_at,
                    ends_at: signal.ends_at,
                    link: signal.link.map(Into::into),
                    key: signal.told_key.map(Into::into),
                });
            }
            if few.is_empty() {
                continue;
            }
            let body = told::write(&few);
            bytes += body.len();
            if kept.len() >= CALLS_MOST || bytes > BYTES_MOST {
                return Ok(kept);
            }
            kept.push(Kept { received_at: call.received_at, integration: call.integration, body });
        }
    }
}

/// Whoever was called first, by what called them.
fn drawn(tx: &mut Tx<'_>, node: &Node, incident: IncidentId, first: Timestamp) -> Result<Option<Expectation>, Halt> {
    let mut called = Vec::new();
    for group in groups_of(tx, incident)? {
        for page in store::engage::pages::of_group(tx, group)? {
            for (delivery, _) in store::outbox::for_page(tx, page.id)? {
                if let Some(person) = delivery.person.filter(|_| delivery.step > 0) {
                    called.push((delivery.created_at, delivery.step, page.policy.clone(), person));
                }
            }
        }
    }
    called.sort();
    let Some((at, step, policy, person)) = called.into_iter().next() else { return Ok(None) };
    let catalog = node.rules(tx)?.catalog.clone();
    let step = usize::try_from(step).unwrap_or(1).saturating_sub(1);
    let step = policy.and_then(|name| catalog.escalation_policies.get(&name)?.steps.get(step));
    let mut whom = Whom::Person(person.clone());
    for target in step.into_iter().flat_map(|step| &step.notify) {
        let Target::Schedule(name) = target else { continue };
        let Some(schedule) = catalog.schedules.get(name) else { continue };
        let overrides = store::engage::overrides::at(tx, name, at)?;
        if on_call(schedule, &overrides, at).person.as_ref() == Some(&person) {
            whom = Whom::Schedule(name.clone());
            break;
        }
    }
    Ok(Some(Expectation::drawn(whom, Span::between(first, at))))
}

/// Pins an incident.
pub fn pin(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    gathered: &Gathered,
    new: &NewPin,
) -> Result<Seen, Halt> {
    let row = incident_seen(tx, incident, Sight::of(&moment.actor))?;
    may_be_pinned(&row)?;
    let by = must_be_person(moment)?;
    if let Some(before) = rows::of_incident(tx, incident)? {
        return Err(Refusal::conflict(format!("it is pinned already, as {}", before.id)).into());
    }
    let why = new.why.as_deref().map(str::trim).filter(|why| !why.is_empty());
    let why = why.map(|why| entries::text(why, "/why")).transpose()?;
    let expect = match (&new.whom, new.within, &gathered.drawn) {
        (Some(whom), Some(within), _) => Expectation { whom: whom.clone(), within },
        (whom, within, Some(drawn)) => Expectation {
            whom: whom.clone().unwrap_or_else(|| drawn.whom.clone()),
            within: within.unwrap_or(drawn.within),
        },
        (_, _, None) => {
            let message = "nobody was called then: say whom its signals must reach, and within what time";
            return Err(Refusal::invalid(message).at(if new.whom.is_none() { "/whom" } else { "/within" }).into());
        }
    };
    expect.refuse(&node.rules(tx)?.catalog)?;
    let first_at = gathered.signals.first().map_or(moment.now, |kept| kept.received_at);
    let pin = Pin {
        id: moment.mint.id(moment.now),
        incident,
        title: row.name().into_owned(),
        expect,
        pinned_by: by,
        pinned_at: moment.now,
        first_at,
        signals: u32::try_from(gathered.signals.len()).unwrap_or(u32::MAX),
        retired: None,
    };
    rows::save(tx, &pin)?;
    rows::keep_signals(tx, pin.id, &gathered.signals)?;
    tell(tx, moment, EventKind::PinCreated, &pin, why.as_deref(), json!({ "signals": pin.signals }))?;
    Ok(Seen { pin, incident: row, overridden: 0 })
}

fn must_be_person(moment: &Moment<'_>) -> Result<Name, Refusal> {
    moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))
}

/// Says anew whom the signals must reach, and in what time, and why.
pub fn expect(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: PinId,
    whom: Option<Whom>,
    within: Option<Span>,
    why: &str,
) -> Result<Seen, Halt> {
    must_be_person(moment)?;
    let seen = seen(tx, id, Sight::of(&moment.actor))?;
    must_hold(&seen.pin)?;
    let why = entries::text(why, "/why")?;
    let before = seen.pin.expect.clone();
    let expect =
        Expectation { whom: whom.unwrap_or_else(|| before.whom.clone()), within: within.unwrap_or(before.within) };
    if expect == before {
        return Err(Refusal::conflict("it says so already").into());
    }
    expect.refuse(&node.rules(tx)?.catalog)?;
    let pin = Pin { expect, ..seen.pin };
    rows::save(tx, &pin)?;
    let data = json!({ "before": { "whom": before.whom.word(), "within": before.within } });
    tell(tx, moment, EventKind::PinEdited, &pin, Some(&why), data)?;
    Ok(Seen { pin, ..seen })
}

/// From now on it holds nothing, and why. It stays on record.
pub fn retire(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: PinId, why: &str) -> Result<Seen, Halt> {
    let by = must_be_person(moment)?;
    let seen = seen(tx, id, Sight::of(&moment.actor))?;
    must_hold(&seen.pin)?;
    let why = entries::text(why, "/why")?;
    let retired = Some(Retired { at: moment.now, by, why: why.clone() });
    let pin = Pin { retired, ..seen.pin };
    rows::save(tx, &pin)?;
    tell(tx, moment, EventKind::PinRetired, &pin, Some(&why), json!({}))?;
    Ok(Seen { pin, ..seen })
}

fn must_hold(pin: &Pin) -> Result<(), Refusal> {
    if pin.retired.is_some() { Err(Refusal::conflict("it is retired: pin the incident again")) } else { Ok(()) }
}

fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    event: EventKind,
    pin: &Pin,
    why: Option<&str>,
    more: Value,
) -> Result<(), Halt> {
    let mut data = json!({ "title": pin.title, "whom": pin.expect.whom.word(), "within": pin.expect.within });
    if let (Some(all), Value::Object(more)) = (data.as_object_mut(), more) {
        all.extend(more);
    }
    let noted = Noted { why, data, at: None };
    announce::of_incident(tx, moment, event, pin.incident, vec![pin.id.to_string()], noted)?;
    Ok(())
}

/// A pin with its incident; or a refusal that says as little of one that may not be seen as of one that never was.
pub fn seen(tx: &mut Tx<'_>, id: PinId, sight: Sight<'_>) -> Result<Seen, Halt> {
    let gone = || Refusal::not_found(format!("pin {id}"));
    let pin = rows::get(tx, id, sight)?.ok_or_else(gone)?;
    let incident = incident_rows::get(tx, pin.incident, sight)?.ok_or_else(gone)?;
    let overridden = rows::overridden(tx, id)?;
    Ok(Seen { pin, incident, overridden })
}

/// Pins of incidents that are seen, the newest first.
pub fn list(tx: &mut Tx<'_>, also_retired: bool, sight: Sight<'_>) -> Result<Vec<Seen>, Halt> {
    let mut all = Vec::new();
    for pin in rows::list(tx, also_retired, sight, PINS_MOST)? {
        if let Some(incident) = incident_rows::get(tx, pin.incident, sight)? {
            let overridden = rows::overridden(tx, pin.id)?;
            all.push(Seen { pin, incident, overridden });
        }
    }
    Ok(all)
}

/// The pin of an incident that holds something, for whoever may see the incident.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<Option<Pin>, Halt> {
    incident_seen(tx, incident, sight)?;
    Ok(rows::of_incident(tx, incident)?)
}

/// What happened to a pin, the latest first.
pub fn history(tx: &mut Tx<'_>, id: PinId, sight: Sight<'_>) -> Result<Vec<Entry>, Halt> {
    Ok(journal::of_subject(tx, &id.to_string(), sight, None, HISTORY_MOST)?)
}

/// What replays said of pins, as far as this node played them. It may be lost at any moment.
#[derive(Debug, Default)]
pub struct Verdicts(Mutex<BTreeMap<Key, Arc<Verdict>>>);

/// More are not kept: a node that is asked about that many configurations begins anew.
const VERDICTS_MOST: usize = 20_000;

impl Verdicts {
    /// What a replay said.
    pub fn get(&self, key: &Key) -> Option<Arc<Verdict>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps what a replay said.
    pub fn keep(&self, key: Key, verdict: Verdict) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= VERDICTS_MOST {
            all.clear();
        }
        all.insert(key, Arc::new(verdict));
    }
}

/// A pin that is to be played through a catalog.
#[derive(Clone, Debug)]
pub struct ToPlay {
    pub pin: Pin,
    pub key: Key,
}

/// The pins that hold something.
fn active(tx: &mut Tx<'_>) -> Result<Vec<Pin>, Halt> {
    Ok(rows::list(tx, false, Sight::Open, PINS_MOST)?)
}

/// What is to be played before the gate can tell of a catalog; nothing that this node has played already.
pub fn to_play(tx: &mut Tx<'_>, node: &Node, catalog: &Catalog, now: Timestamp) -> Result<Vec<ToPlay>, Halt> {
    let pins = active(tx)?;
    if pins.is_empty() {
        return Ok(Vec::new());
    }
    let print = print(catalog);
    let mut all = Vec::new();
    for pin in pins {
        let key = pin.key(catalog, print, now);
        if node.verdicts().get(&key).is_none() {
            all.push(ToPlay { pin, key });
        }
    }
    Ok(all)
}

/// A pin, with what its replay through a catalog said; nothing, where it was not played.
pub type Standing = (Pin, Option<Arc<Verdict>>);

/// Every pin that holds something.
pub fn standings(tx: &mut Tx<'_>, node: &Node, catalog: &Catalog, now: Timestamp) -> Result<Vec<Standing>, Halt> {
    let pins = active(tx)?;
    let print = if pins.is_empty() { return Ok(Vec::new()) } else { print(catalog) };
    Ok(pins
        .into_iter()
        .map(|pin| (verdict(node, &pin, catalog, print, now), pin))
        .map(|(said, pin)| (pin, said))
        .collect())
}

/// What a replay of a pin through a catalog said, if this node played it.
pub fn verdict(node: &Node, pin: &Pin, catalog: &Catalog, print: Print, now: Timestamp) -> Option<Arc<Verdict>> {
    node.verdicts().get(&pin.key(catalog, print, now))
}

/// What speaks against a change of these documents, for the gate.
pub(crate) fn against(
    tx: &mut Tx<'_>,
    node: &Node,
    before: &Catalog,
    after: &Catalog,
    changed: &[&Reference],
    now: Timestamp,
) -> Result<Vec<Reason>, Halt> {
    if !changed.iter().any(|one| matters(one.kind)) {
        return Ok(Vec::new());
    }
    let pins = active(tx)?;
    if pins.is_empty() {
        return Ok(Vec::new());
    }
    let (old, new) = (print(before), print(after));
    if old == new {
        return Ok(Vec::new());
    }
    let one = |pin: &Pin| {
        let (was, is) = (verdict(node, pin, before, old, now), verdict(node, pin, after, new, now));
        pin.against(was.as_deref(), is.as_deref())
    };
    Ok(pins.iter().filter_map(one).collect())
}
