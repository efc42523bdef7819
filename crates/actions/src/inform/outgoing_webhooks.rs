//! Outgoing webhooks: what happened is read from the journal and queued for each that wants it; written out, settled,
//! replayed, tried out.
//!
//! No act pays for them: the journal is read after the commit. A webhook moves on in the journal in the transaction that
//! queues what it read, so a crash loses nothing; of two nodes that read the same, one queues. Its deliveries are not
//! journalled, or each would be told of, too.

use domain::engage::deliveries::{Message, Outcome, Urgency};
use domain::inform::outgoing_webhooks::{self as rules, AT_ONCE, KEYS_MOST, OutgoingWebhook, WAITING_MOST, channel};
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::{Kind, Reference, Spec};
use domain::respond::sight::Sight;
use domain::words::{Actor, DeliveryId, EventId, EventKind, Mint, Name, Refusal, Span, Timestamp};
use serde_json::{Value, json};
use store::inform::outgoing_webhooks::{self as rows, Key, Standing};
use store::journal::{self, Entry};
use store::outbox::{self, Delivery, New, State};
use store::{Halt, Store, Tx, readers};

use crate::courier::Claimed;
use crate::prepare::drills;
use crate::{Moment, Node, announce};

/// So many entries of the journal are read at once.
const PORTION: u32 = 200;
/// A webhook that wants nothing of what it read moves on only after so many entries: moving on is a commit.
const LAZY: i64 = 20;
/// How many deliveries one claim takes of one webhook.
pub const CLAIMED_AT_ONCE: u32 = AT_ONCE;

/// Why nothing is sent to a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Its document says so.
    Document,
    /// Its receiver answered then that it wants no more.
    Gone(Timestamp),
}

/// Whether nothing is sent to it, and why. A receiver that is gone is gone at its URL: another URL is another receiver.
pub fn off(spec: &OutgoingWebhook, standing: Option<&Standing>) -> Option<Off> {
    if !spec.enabled {
        return Some(Off::Document);
    }
    let (at, url) = standing?.gone.as_ref()?;
    (*url == spec.url).then_some(Off::Gone(*at))
}

fn reference(name: &Name) -> Reference {
    Reference::new(Kind::OutgoingWebhook, name.clone())
}

/// The webhook of this name.
pub fn find<'c>(catalog: &'c Catalog, name: &Name) -> Result<&'c OutgoingWebhook, Refusal> {
    let found = catalog.outgoing_webhooks.get(name);
    found.ok_or_else(|| Refusal::not_found(format!("outgoing webhook {name}")))
}

/// An entry as the API shows it in the journal: the `data` of what is sent.
pub fn told(entry: &Entry) -> Value {
    let mut told = json!({
        "id": entry.id, "number": entry.number, "kind": entry.word, "at": entry.at, "recorded_at": entry.recorded_at,
        "actor": entry.actor, "subjects": entry.subjects, "why": entry.why, "data": entry.data,
    });
    if let Some(fields) = told.as_object_mut() {
        for absent in ["number", "why"] {
            if fields.get(absent).is_some_and(Value::is_null) {
                fields.shift_remove(absent);
            }
        }
    }
    told
}

// --- Following the journal

/// What is to be done for a webhook.
#[derive(Debug)]
enum Todo {
    /// Its document is new.
    Make(Name),
    /// Its document is gone.
    Forget(Name),
    /// It was switched off.
    Stop(Name),
    /// It was made or switched on with this entry of the journal.
    Begin(Name, i64),
    /// It has read so far, and wants these.
    Advance { name: Name, from: i64, to: i64, events: Vec<EventId> },
}

/// Reads on in the journal for all webhooks and queues what they want. Whether there is more to read at once.
pub fn follow(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<bool, Halt> {
    // Looked for in a read: a commit rings the bell, and takes its turn among those of acts.
    let (todo, more) = store.read(|tx| look(tx, node))?;
    if todo.is_empty() {
        return Ok(more);
    }
    store.write_bulk(|tx| {
        let mut moment = Moment::new(now, Actor::Rule("outgoing-webhooks"), mint);
        todo.iter().try_for_each(|one| carry_out(tx, &mut moment, one))
    })?;
    Ok(more)
}

fn look(tx: &mut Tx<'_>, node: &Node) -> Result<(Vec<Todo>, bool), Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let standing = rows::all(tx)?;
    let gone = standing.iter().filter(|one| !catalog.outgoing_webhooks.contains_key(&one.name));
    let mut todo: Vec<Todo> = gone.map(|one| Todo::Forget(one.name.clone())).collect();
    let mut more = false;
    let last = if catalog.outgoing_webhooks.is_empty() { 0 } else { journal::last(tx)? };
    for (name, spec) in &catalog.outgoing_webhooks {
        let Some(own) = standing.iter().find(|one| one.name == *name) else {
            todo.push(Todo::Make(name.clone()));
            more = true;
            continue;
        };
        let at = readers::at(tx, &channel(name))?;
        match (off(spec, Some(own)), at) {
            (Some(_), None) => {}
            (Some(_), Some(_)) => todo.push(Todo::Stop(name.clone())),
            (None, None) => {
                if let Some(number) = beginning(tx, name, last)? {
                    todo.push(Todo::Begin(name.clone(), number));
                    more = true;
                }
            }
            (None, Some(from)) if from < last => {
                let (advance, unread) = read_on(tx, name, spec, from, last)?;
                todo.extend(advance);
                more |= unread;
            }
            (None, Some(_)) => {}
        }
    }
    Ok((todo, more))
}

/// The number of the entry with which it was made or switched on; nothing while that has no number yet.
fn beginning(tx: &mut Tx<'_>, name: &Name, last: i64) -> Result<Option<i64>, Halt> {
    let told = journal::of_subject(tx, &reference(name).to_string(), Sight::Whole, None, 50)?;
    let begins =
        |entry: &&Entry| matches!(entry.kind(), Some(EventKind::DocumentsApplied | EventKind::OutgoingWebhookEnabled));
    Ok(told.iter().find(begins).map_or(Some(last), |entry| entry.number))
}

/// The next portion for one webhook, and whether there is more for it now.
fn read_on(
    tx: &mut Tx<'_>,
    name: &Name,
    spec: &OutgoingWebhook,
    from: i64,
    last: i64,
) -> Result<(Option<Todo>, bool), Halt> {
    let waiting = usize::try_from(outbox::waiting(tx, &channel(name))?).unwrap_or(usize::MAX);
    let room = (WAITING_MOST as usize).saturating_sub(waiting);
    if room == 0 {
        return Ok((None, false));
    }
    let entries = journal::since(tx, from, Sight::Open, PORTION)?;
    let read = entries.last().and_then(|entry| entry.number);
    let whole = entries.len() < PORTION as usize;
    // After a whole portion all is read: what is not among it is not for them.
    let mut to = if whole { read.unwrap_or(last).max(last) } else { read.unwrap_or(from) };
    let mut events = Vec::new();
    for entry in &entries {
        if events.len() == room {
            break;
        }
        let concerns = spec.services.is_empty() || {
            let services = rows::services_of(tx, entry)?;
            spec.services.iter().any(|service| services.contains(service))
        };
        if concerns && spec.wants(&entry.word) {
            events.push(entry.id);
            if events.len() == room {
                to = entry.number.unwrap_or(from);
            }
        }
    }
    let full = events.len() == room;
    if events.is_empty() && to - from < LAZY {
        return Ok((None, false));
    }
    Ok((Some(Todo::Advance { name: name.clone(), from, to, events }), !full && to < last))
}

fn carry_out(tx: &mut Tx<'_>, moment: &mut Moment<'_>, todo: &Todo) -> Result<(), Halt> {
    match todo {
        Todo::Make(name) => make(tx, moment, name)?,
        Todo::Forget(name) => {
            let head = store::prepare::documents::head(tx, &reference(name))?;
            if head.is_none() {
                rows::forget(tx, name, moment.now)?;
            }
        }
        Todo::Stop(name) => {
            if readers::stop(tx, &channel(name))? {
                outbox::cancel_channel(tx, &channel(name), "the outgoing webhook is switched off", moment.now)?;
            }
        }
        Todo::Begin(name, number) => {
            readers::begin(tx, &channel(name), *number)?;
        }
        Todo::Advance { name, from, to, events } => {
            // Another node may have read the same meanwhile.
            if readers::advance(tx, &channel(name), *from, *to)? {
                for event in events {
                    queue(tx, moment, name, Some(*event), &json!({ "event": event }))?;
                }
            }
        }
    }
    Ok(())
}

/// Makes what a webhook has besides its document, if it has it not: a first key, which nobody was shown.
fn make(tx: &mut Tx<'_>, moment: &mut Moment<'_>, name: &Name) -> Result<(), Halt> {
    if rows::begin(tx, name)? {
        let key = Key { seed: moment.mint.secret().to_vec(), made_at: moment.now, shown: false, expires_at: None };
        rows::add_key(tx, name, &key)?;
    }
    Ok(())
}

fn queue(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    name: &Name,
    event: Option<EventId>,
    payload: &Value,
) -> Result<DeliveryId, Halt> {
    let id = moment.mint.id(moment.now);
    let new = New {
        id,
        kind: outbox::Kind::Hook,
        page: None,
        person: None,
        contact: name.as_str(),
        channel: &channel(name),
        // The document says where to when it is sent: a URL that is mended is mended for what waits, too.
        address: &reference(name).to_string(),
        step: 0,
        round: 0,
        urgency: Urgency::Low,
        payload: &payload.to_string(),
        due_at: moment.now,
    };
    outbox::queue(tx, &new, None, moment.now)?;
    rows::note(tx, id, name, event)?;
    Ok(id)
}

// --- What is sent

/// What a delivery says: the id of the message, its type, and its data; `None` if that is not to be told any more.
pub fn content(
    tx: &mut Tx<'_>,
    name: &Name,
    delivery: &Delivery,
    sight: Sight<'_>,
) -> Result<Option<(String, String, Value)>, Halt> {
    let payload: Value = serde_json::from_str(&delivery.payload).unwrap_or_default();
    if let Some(event) = payload["event"].as_str().and_then(|id| id.parse::<EventId>().ok()) {
        let Some(entry) = journal::get(tx, event, sight)? else { return Ok(None) };
        let mut data = told(&entry);
        if drills::is_entry(tx, &entry)? {
            data["drill"] = json!(true);
        }
        return Ok(Some((rules::message_id(name, &entry.id.to_string()), entry.word.clone(), data)));
    }
    let test = payload["test"].as_object().cloned().map(Value::Object);
    Ok(test
        .map(|test| (rules::message_id(name, test["id"].as_str().unwrap_or_default()), rules::TEST.to_owned(), test)))
}

/// The body that is posted: `{type, timestamp, data}`.
pub fn body(kind: &str, data: &Value) -> Value {
    json!({ "type": kind, "timestamp": data["at"], "data": data })
}

/// Writes a claimed delivery out; nothing, if it is not to be sent any more.
pub(crate) fn write_out(
    tx: &mut Tx<'_>,
    node: &Node,
    name: &Name,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Option<Claimed>, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let spec = catalog.outgoing_webhooks.get(name);
    let content = content(tx, name, delivery, Sight::Open)?;
    let is_test = content.as_ref().is_some_and(|(_, kind, _)| kind == rules::TEST);
    let standing = rows::get(tx, name)?;
    let is_off = !is_test && spec.is_some_and(|spec| off(spec, standing.as_ref()).is_some());
    let (Some(spec), Some((key, event, data)), false) = (spec, content, is_off) else {
        let why = match (spec, is_off) {
            (None, _) => "the outgoing webhook was deleted",
            (_, true) => "the outgoing webhook is switched off",
            _ => "what it tells of is not for everybody any more",
        };
        outbox::cancel(tx, delivery.id, why, now)?;
        return Ok(None);
    };
    let keys = rows::keys(tx, name, now)?;
    let message = Message {
        key,
        subject: event.clone(),
        text: String::new(),
        html: None,
        urgency: Urgency::Low,
        links: Vec::new(),
        thread: name.to_string(),
        event,
        data,
        repeat_of: None,
        unsubscribe: None,
        calendar: None,
    };
    Ok(Some(Claimed {
        id: delivery.id,
        fence: delivery.fence,
        attempt: delivery.attempts,
        channel: delivery.channel.clone(),
        address: spec.url.clone(),
        message,
        signed_by: keys.iter().map(|one| rules::key(name, &one.seed)).collect(),
        errand: None,
    }))
}

/// Settles what became of a delivery. A receiver that wants no more is switched off, and what waits for it is not sent.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    mint: &mut Mint,
    name: &Name,
    claimed: &Claimed,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<bool, Halt> {
    let settled = rules::settle(outcome.clone(), claimed.attempt, now, mint.chance());
    if outbox::settle(tx, claimed.id, claimed.fence, &settled, now)?.is_none() {
        return Ok(false);
    }
    let Outcome::Gone { why } = outcome else { return Ok(true) };
    let head = store::prepare::documents::head(tx, &reference(name))?.map(|head| head.document.spec);
    let Some(Spec::OutgoingWebhook(spec)) = head else { return Ok(true) };
    let standing = rows::get(tx, name)?;
    let known = matches!(off(&spec, standing.as_ref()), Some(Off::Gone(_)));
    if spec.url != claimed.address || known {
        return Ok(true);
    }
    rows::set_gone(tx, name, Some((now, &spec.url)))?;
    readers::stop(tx, &channel(name))?;
    outbox::cancel_channel(tx, &channel(name), "the receiver wants no more", now)?;
    let mut moment = Moment::new(now, Actor::Rule("courier"), mint);
    let subjects = vec![reference(name).to_string()];
    announce::event(tx, &mut moment, EventKind::OutgoingWebhookDisabled, subjects, Some(why), json!({}))?;
    Ok(true)
}

// --- What people do

/// Gives a webhook a new secret; what it is derived from is the answer. Those it had sign, too, for `overlap`.
pub fn rotate_secret(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    name: &Name,
    overlap: Span,
) -> Result<Key, Halt> {
    find(catalog, name)?;
    if overlap > rules::OVERLAP_MOST {
        return Err(Refusal::invalid("two secrets sign for 30 days at most").at("/overlap").into());
    }
    let now = moment.now;
    rows::begin(tx, name)?;
    // What nobody was shown, nobody verifies by; and of many, the newest count.
    let before = rows::keys(tx, name, now)?;
    let useful = before.iter().filter(|key| key.shown).take(KEYS_MOST - 1);
    let useful: Vec<Key> = useful.cloned().collect();
    rows::end_keys(tx, name, now, now)?;
    for key in useful {
        let until = overlap.after(now);
        let expires_at = Some(key.expires_at.map_or(until, |at| at.min(until))).filter(|at| *at > now);
        if expires_at.is_some() {
            rows::add_key(tx, name, &Key { expires_at, ..key })?;
        }
    }
    let key = Key { seed: moment.mint.secret().to_vec(), made_at: now, shown: true, expires_at: None };
    rows::add_key(tx, name, &key)?;
    let data = json!({ "overlap": overlap.to_string() });
    let subjects = vec![reference(name).to_string()];
    announce::event(tx, moment, EventKind::OutgoingWebhookSecretRotated, subjects, None, data)?;
    Ok(key)
}

/// Queues a test event, whether the webhook is switched on or not.
pub fn test(tx: &mut Tx<'_>, moment: &mut Moment<'_>, catalog: &Catalog, name: &Name) -> Result<DeliveryId, Halt> {
    let spec = find(catalog, name)?;
    make(tx, moment, name)?;
    let id: EventId = moment.mint.id(moment.now);
    let test = json!({
        "id": id, "kind": rules::TEST, "at": moment.now, "actor": moment.actor.to_string(),
        "subjects": [reference(name).to_string()], "data": { "title": spec.title },
    });
    queue(tx, moment, name, None, &json!({ "test": test }))
}

/// Queues what a delivery told of anew, with the same `webhook-id`. One that waits to be tried again makes way for it.
pub fn replay(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    name: &Name,
    delivery: DeliveryId,
    sight: Sight<'_>,
) -> Result<DeliveryId, Halt> {
    let spec = find(catalog, name)?;
    let gone = || Refusal::not_found(format!("delivery {delivery} of outgoing webhook {name}"));
    let logged = rows::logged(tx, name, delivery, sight)?.ok_or_else(gone)?;
    let payload: Value = serde_json::from_str(&logged.delivery.payload).unwrap_or_default();
    let event = logged.event.map(|entry| entry.id);
    if event.is_some() {
        if off(spec, rows::get(tx, name)?.as_ref()).is_some() {
            return Err(Refusal::conflict("the outgoing webhook is switched off; switch it on first").into());
        }
        if content(tx, name, &logged.delivery, Sight::Open)?.is_none() {
            let why = "it tells of an incident that is restricted, which is never sent to others";
            return Err(Refusal::conflict(why).into());
        }
    }
    match logged.delivery.state {
        State::Claimed => return Err(Refusal::conflict("it is being sent right now").into()),
        State::Queued => {
            outbox::cancel(tx, delivery, "replayed", moment.now)?;
        }
        State::Sent | State::Failed | State::Cancelled => {}
    }
    queue(tx, moment, name, event, &payload)
}

/// Switches a webhook on again whose receiver had answered that it wants no more.
pub fn enable(tx: &mut Tx<'_>, moment: &mut Moment<'_>, catalog: &Catalog, name: &Name) -> Result<(), Halt> {
    let spec = find(catalog, name)?;
    let standing = rows::get(tx, name)?;
    match off(spec, standing.as_ref()) {
        None => Ok(()),
        Some(Off::Document) => Err(Refusal::conflict("its document says `enabled: false`; change the document").into()),
        Some(Off::Gone(_)) => {
            rows::set_gone(tx, name, None)?;
            let subjects = vec![reference(name).to_string()];
            announce::event(tx, moment, EventKind::OutgoingWebhookEnabled, subjects, None, json!({}))
        }
    }
}

#[cfg(test)]
#[path = "outgoing_webhooks_tests.rs"]
mod tests;
