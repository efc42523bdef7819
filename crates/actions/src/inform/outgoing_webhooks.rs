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
        let entry = journal::get(tx, event, sight)?;
        return Ok(
            entry.map(|entry| (rules::message_id(name, &entry.id.to_string()), entry.word.clone(), told(&entry)))
        );
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
    };
    Ok(Some(Claimed {
        id: delivery.id,
        fence: delivery.fence,
        attempt: delivery.attempts,
        channel: delivery.channel.clone(),
        address: spec.url.clone(),
        message,
        signed_by: keys.iter().map(|one| rules::key(name, &one.seed)).collect(),
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
mod tests {
    use std::cell::RefCell;

    use domain::prepare::checks::Conditions;
    use domain::respond::incidents::{Class, Visibility};
    use domain::words::IncidentId;

    use super::*;
    use crate::courier;
    use crate::node::Identity;
    use crate::prepare::documents::{self, Order, read_files};
    use crate::respond::incidents::{self, Declaration};

    const FIRM: &str = "
kind: person
name: ana
spec: { full_name: Ana Silva, email: ana@example.org, access: administrator }
---
kind: team
name: web
spec: { title: Web, members: [ana] }
---
kind: service
name: shop
spec: { title: Shop, team: web }
---
kind: service
name: blog
spec: { title: Blog, team: web }
---
kind: severity-matrix
name: default
spec: { levels: [{ name: SEV1, title: a, system: a, operational: a, security: a, response: a }] }
";
    const ALL: &str = "kind: outgoing-webhook\nname: all\nspec: { title: All, url: 'https://all.example.org/in' }";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn node() -> Node {
        let link_key = domain::engage::links::LinkKey::new([7; 32]);
        Node::new(Identity { name: "n".into(), public_url: "https://a.example".into(), link_key })
    }

    /// A firm, somebody who works there, and a clock that is told the second.
    struct Desk<'s> {
        store: &'s Store,
        node: Node,
        mint: RefCell<Mint>,
    }

    impl<'s> Desk<'s> {
        fn open(store: &'s Store, hooks: &str) -> Self {
            let desk = Self { store, node: node(), mint: RefCell::new(Mint::seeded(1)) };
            desk.apply(FIRM);
            if !hooks.is_empty() {
                desk.apply(hooks);
            }
            desk
        }

        fn act<T>(
            &self,
            second: i64,
            mut act: impl FnMut(&mut Tx<'_>, &mut Moment<'_>) -> Result<T, Halt>,
        ) -> Result<T, Halt> {
            let mut mint = self.mint.borrow_mut();
            self.store.write(|tx| act(tx, &mut Moment::new(at(second), Actor::Person(name("ana")), &mut mint)))
        }

        fn apply(&self, yaml: &str) {
            let reading = read_files([("all.yaml", yaml)]);
            assert_eq!(reading.problems, []);
            let order = Order { proposals: reading.proposals, ..Order::default() };
            self.act(0, |tx, moment| {
                Ok(documents::apply(tx, moment, &order, Conditions::at(at(0)))?.into_result()?.is_some())
            })
            .unwrap();
        }

        fn delete(&self, hook: &str) {
            let order = Order { deletions: vec![reference(&name(hook))], ..Order::default() };
            self.act(0, |tx, moment| {
                Ok(documents::apply(tx, moment, &order, Conditions::at(at(0)))?.into_result()?.is_some())
            })
            .unwrap();
        }

        fn catalog(&self) -> std::sync::Arc<Catalog> {
            self.store.read(|tx| Ok(self.node.rules(tx)?.catalog.clone())).unwrap()
        }

        fn event(&self, kind: EventKind, subjects: &[&str]) {
            let subjects: Vec<String> = subjects.iter().map(ToString::to_string).collect();
            self.act(1, |tx, moment| announce::event(tx, moment, kind, subjects.clone(), None, json!({}))).unwrap();
        }

        fn declare(&self, restricted: bool, services: &[&str]) -> IncidentId {
            let services = services.iter().map(|one| name(one)).collect();
            let visibility = Some(if restricted { Visibility::Restricted } else { Visibility::Open });
            let wanted = Declaration { services, visibility, ..Declaration::new("It fails", Class::System) };
            self.act(1, |tx, moment| incidents::declare(tx, &self.node, moment, &wanted)).unwrap().id
        }

        /// Reads the journal to its end.
        fn follow(&self, second: i64) {
            loop {
                self.store.write(|tx| Ok(journal::number(tx, 5000)?)).unwrap();
                let more = follow(self.store, &self.node, &mut self.mint.borrow_mut(), at(second)).unwrap();
                if !more {
                    return;
                }
            }
        }

        fn claim(&self, second: i64) -> Vec<Claimed> {
            courier::claim(self.store, &self.node, at(second), &courier::at_once).unwrap()
        }

        fn settle(&self, claimed: &Claimed, outcome: &Outcome, second: i64) -> bool {
            courier::settle(self.store, &mut self.mint.borrow_mut(), claimed, outcome, at(second)).unwrap()
        }

        /// Sends everything that is due, and says which events went where.
        fn send_all(&self, second: i64) -> Vec<String> {
            let mut sent = Vec::new();
            loop {
                let claimed = self.claim(second);
                if claimed.is_empty() {
                    sent.sort();
                    return sent;
                }
                for one in claimed {
                    sent.push(format!("{} {}", one.message.thread, one.message.event));
                    assert!(self.settle(&one, &Outcome::Sent { receipt: None }, second));
                }
            }
        }

        fn waiting(&self, hook: &str) -> u64 {
            self.store.read(|tx| Ok(outbox::waiting(tx, &channel(&name(hook)))?)).unwrap()
        }

        fn log(&self, hook: &str) -> Vec<(State, Option<String>)> {
            let lines = self.store.read(|tx| Ok(rows::log(tx, &name(hook), Sight::Whole, false, None, 500)?)).unwrap();
            lines.into_iter().map(|line| (line.delivery.state, line.delivery.detail)).collect()
        }
    }

    store::both_engines! {
        fn what_is_wanted_is_sent_from_the_moment_on_at_which_a_webhook_was_made(store) {
            let desk = Desk::open(store, "");
            desk.event(EventKind::PageStarted, &[]);
            desk.apply(&format!("{ALL}\n---\nkind: outgoing-webhook\nname: few\nspec: {{ title: Few, url: 'https://few.example.org/', events: [page.ended, incident.*] }}\n---\nkind: outgoing-webhook\nname: shop\nspec: {{ title: Shop, url: 'https://shop.example.org/', services: [shop] }}"));
            // Nobody has read the journal yet.
            desk.event(EventKind::PageEscalated, &[]);
            desk.follow(2);
            desk.event(EventKind::PageEnded, &[]);
            desk.declare(false, &["shop"]);
            desk.declare(false, &["blog"]);
            desk.event(EventKind::DocumentsApplied, &["service/shop"]);
            desk.follow(3);
            let incident = ["incident.declared", "incident.declared"];
            let all = ["page.escalated", "page.ended", incident[0], incident[1], "stamp.derived", "stamp.derived", "documents.applied"];
            let mut expected: Vec<String> = all.iter().map(|kind| format!("all {kind}")).collect();
            expected.extend(["page.ended", incident[0], incident[1]].map(|kind| format!("few {kind}")));
            expected.extend([incident[0], "stamp.derived", "documents.applied"].map(|kind| format!("shop {kind}")));
            expected.sort();
            assert_eq!(desk.send_all(4), expected);
            desk.follow(5);
            assert_eq!(desk.send_all(5), Vec::<String>::new(), "nothing twice, and deliveries tell of nothing");
        }

        fn what_is_restricted_is_never_sent(store) {
            let desk = Desk::open(store, ALL);
            desk.follow(0);
            desk.declare(true, &[]);
            let open = desk.declare(false, &[]);
            desk.follow(2);
            let waiting = desk.waiting("all");
            assert!(waiting > 0);
            // Restricted between the queue and the sending.
            let restrict = |tx: &mut Tx<'_>, _: &mut Moment<'_>| {
                tx.execute("UPDATE incidents SET visibility = 'restricted' WHERE id = $1", &[open.into()])?;
                Ok(())
            };
            desk.act(3, restrict).unwrap();
            assert_eq!(desk.send_all(4), Vec::<String>::new());
            let log = desk.log("all");
            assert_eq!(log.len() as u64, waiting);
            assert!(log.iter().all(|(state, why)| *state == State::Cancelled && why.as_deref().unwrap().contains("not for everybody")), "{log:?}");
        }

        fn a_crash_between_reading_and_sending_loses_nothing_and_doubles_nothing(store) {
            let desk = Desk::open(store, ALL);
            desk.follow(0);
            desk.event(EventKind::PageStarted, &[]);
            store.write(|tx| Ok(journal::number(tx, 100)?)).unwrap();
            // Two nodes read the same; both write, and a third dies before it does.
            let other = node();
            let (mine, _) = store.read(|tx| look(tx, &desk.node)).unwrap();
            let (theirs, _) = store.read(|tx| look(tx, &other)).unwrap();
            drop(store.read(|tx| look(tx, &other)).unwrap());
            for todo in [&mine, &theirs] {
                assert!(matches!(&todo[..], [Todo::Advance { .. }]), "{todo:?}");
                desk.act(2, |tx, moment| todo.iter().try_for_each(|one| carry_out(tx, moment, one))).unwrap();
            }
            assert_eq!(desk.waiting("all"), 1);
            // The node that sends it dies; another sends it again, and the receiver can tell.
            let first = desk.claim(3);
            let later = desk.claim(3 + 31);
            let ([first], [later]) = (&first[..], &later[..]) else { panic!("{first:?} {later:?}") };
            assert_eq!((&first.message.key, &first.message.data), (&later.message.key, &later.message.data));
            assert_eq!((first.attempt, later.attempt), (1, 2));
            assert_eq!(later.address, "https://all.example.org/in");
            let sent = Outcome::Sent { receipt: Some("200 OK".into()) };
            assert!(!desk.settle(first, &sent, 40), "its claim is over");
            assert!(desk.settle(later, &sent, 40));
            assert_eq!(desk.log("all"), [(State::Sent, Some("200 OK".into()))]);
        }

        fn a_failed_attempt_is_made_again_and_a_receiver_that_is_gone_is_left_alone(store) {
            let desk = Desk::open(store, ALL);
            desk.follow(0);
            desk.event(EventKind::PageStarted, &[]);
            desk.event(EventKind::PageEnded, &[]);
            desk.follow(2);
            let claimed = desk.claim(2);
            assert_eq!(claimed.len(), 2);
            let later = Outcome::Later { at: Some(at(700)), why: "the receiver answered 503".into() };
            for one in &claimed {
                assert!(desk.settle(one, &later, 3));
            }
            let next = courier::next_due(store, &desk.node, &courier::at_once).unwrap();
            assert_eq!(next, Some(at(700)), "as the receiver asked");
            let claimed = desk.claim(700);
            assert_eq!(claimed[0].attempt, 2);
            assert!(desk.settle(&claimed[0], &Outcome::Gone { why: "the receiver answered 410 Gone".into() }, 701));
            assert_eq!(desk.waiting("all"), 0);
            let standing = store.read(|tx| Ok(rows::get(tx, &name("all"))?)).unwrap().unwrap();
            let off = off(&desk.catalog().outgoing_webhooks["all"], Some(&standing));
            assert_eq!(off, Some(Off::Gone(at(701))));
            // That it is gone stands in the journal, once, also when the other attempt says the same.
            assert!(desk.settle(&claimed[1], &Outcome::Gone { why: "410".into() }, 702));
            let told = store.read(|tx| Ok(journal::of_subject(tx, "outgoing-webhook/all", Sight::Open, None, 9)?)).unwrap();
            assert_eq!(told.iter().filter(|one| one.kind() == Some(EventKind::OutgoingWebhookDisabled)).count(), 1);
            // What happens meanwhile is not sent, also not when it is switched on again.
            desk.event(EventKind::SilenceCreated, &[]);
            desk.follow(703);
            desk.act(704, |tx, moment| enable(tx, moment, &desk.catalog(), &name("all"))).unwrap();
            desk.event(EventKind::SilenceExpired, &[]);
            desk.follow(705);
            assert_eq!(desk.send_all(706), ["all silence.expired"]);
        }

        fn a_webhook_that_is_switched_off_or_deleted_is_told_nothing(store) {
            let desk = Desk::open(store, ALL);
            desk.follow(0);
            desk.event(EventKind::PageStarted, &[]);
            desk.follow(1);
            desk.apply(&ALL.replace("title: All", "title: All, enabled: false"));
            desk.event(EventKind::PageEnded, &[]);
            desk.follow(2);
            assert_eq!((desk.waiting("all"), desk.send_all(3)), (0, vec![]));
            let catalog = desk.catalog();
            assert!(desk.act(3, |tx, moment| enable(tx, moment, &catalog, &name("all"))).is_err(), "its document says so");
            desk.act(3, |tx, moment| test(tx, moment, &catalog, &name("all"))).unwrap();
            assert_eq!(desk.send_all(4), ["all outgoing-webhook.test"], "a test goes out all the same");
            desk.apply(ALL);
            desk.event(EventKind::SilenceCreated, &[]);
            desk.follow(5);
            assert_eq!(desk.send_all(6), ["all silence.created"]);
            desk.event(EventKind::SilenceExpired, &[]);
            desk.follow(7);
            desk.delete("all");
            desk.follow(8);
            assert_eq!((desk.waiting("all"), store.read(|tx| Ok(rows::all(tx)?)).unwrap()), (0, vec![]));
            assert_eq!(desk.send_all(9), Vec::<String>::new());
        }

        fn a_backlog_waits_in_the_journal_and_not_in_the_outbox(store) {
            let desk = Desk::open(store, ALL);
            desk.follow(0);
            let many = i64::from(WAITING_MOST) + 150;
            desk.act(1, |tx, moment| {
                (0..many).try_for_each(|_| announce::event(tx, moment, EventKind::PageStarted, vec![], None, json!({})))
            }).unwrap();
            desk.follow(2);
            assert_eq!(desk.waiting("all"), u64::from(WAITING_MOST));
            assert_eq!(desk.claim(2).len(), AT_ONCE as usize, "and only a few are on their way");
            let sent = desk.send_all(60);
            assert_eq!(sent.len(), WAITING_MOST as usize);
            desk.follow(61);
            assert_eq!(desk.send_all(61).len(), 150);
        }

        fn an_event_is_replayed_under_the_same_id(store) {
            let desk = Desk::open(store, ALL);
            desk.follow(0);
            desk.event(EventKind::PageStarted, &[]);
            desk.follow(1);
            let replay = |second, id| {
                let catalog = desk.catalog();
                desk.act(second, |tx, moment| replay(tx, moment, &catalog, &name("all"), id, Sight::Open))
            };
            let claimed = desk.claim(1).remove(0);
            assert!(replay(2, claimed.id).is_err(), "it is being sent");
            desk.settle(&claimed, &Outcome::Later { at: None, why: "500".into() }, 2);
            let second = replay(2, claimed.id).unwrap();
            let again = desk.claim(2).remove(0);
            assert_eq!((again.id, &again.message), (second, &claimed.message), "the same event, the same webhook-id");
            desk.settle(&again, &Outcome::Sent { receipt: None }, 3);
            assert_eq!(desk.log("all"), [(State::Sent, None), (State::Cancelled, Some("replayed".into()))]);
            // Also what arrived long ago.
            replay(9, second).unwrap();
            assert_eq!(desk.send_all(10), ["all page.started"]);
            let nothing = desk.mint.borrow_mut().id(at(11));
            assert!(replay(11, nothing).is_err(), "there is no such delivery");
        }

        fn two_secrets_sign_while_one_replaces_the_other(store) {
            let desk = Desk::open(store, ALL);
            desk.follow(0);
            let all = name("all");
            let keys = |second| store.read(|tx| Ok(rows::keys(tx, &all, at(second))?)).unwrap();
            let unseen = keys(0);
            assert!(matches!(&unseen[..], [Key { shown: false, .. }]), "what is sent is signed from the start");
            let rotate = |second, overlap| {
                let catalog = desk.catalog();
                desk.act(second, |tx, moment| rotate_secret(tx, moment, &catalog, &all, Span::seconds(overlap)))
            };
            let first = rotate(10, 100).unwrap();
            assert_eq!(keys(10), std::slice::from_ref(&first), "nobody verifies by what nobody was shown");
            let second = rotate(20, 100).unwrap();
            desk.event(EventKind::PageStarted, &[]);
            desk.follow(21);
            let claimed = desk.claim(21).pop().unwrap();
            assert_eq!(claimed.signed_by, [rules::key(&all, &second.seed), rules::key(&all, &first.seed)]);
            assert_eq!(keys(120).len(), 1, "the overlap is over");
            // A longer overlap does not bring back what was to end sooner; and at once is at once.
            rotate(30, 1000).unwrap();
            assert_eq!((keys(119).len(), keys(121).len()), (3, 2));
            rotate(40, 0).unwrap();
            assert_eq!(keys(40).len(), 1);
            for turn in 0..9 {
                rotate(50 + turn, 1000).unwrap();
            }
            assert_eq!(keys(60).len(), KEYS_MOST);
            assert!(rotate(70, 40 * 24 * 3600).is_err());
        }
    }
}
