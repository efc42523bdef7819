//! Chats: what happens in incidents is read from the journal and queued for each chat that wants it; written out, settled;
//! rooms opened, people invited.
//!
//! No act waits for a chat: the journal is read after the commit, and what could not be said waits in the outbox, in order
//! for each incident. Only what is open to everybody is ever said.

use domain::engage::deliveries::{Message, Outcome, Settled, Urgency};
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::{Kind, Reference};
use domain::prepare::people::Person;
use domain::respond::assignments::State as Standing;
use domain::respond::chats::{self as rules, Chat, Deed, Errand, WAITING_MOST, channel};
use domain::respond::incidents::Phase;
use domain::respond::sight::Sight;
use domain::words::{Actor, DeliveryId, EventId, EventKind, IncidentId, Mint, Name, Refusal, Span, Timestamp};
use serde_json::{Value, json};
use store::journal::{self, Entry};
use store::outbox::{self, Delivery, New};
use store::respond::assignments;
use store::respond::chats as rows;
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Store, Tx, readers};

use crate::announce::Told;
use crate::courier::Claimed;
use crate::{Moment, Node, announce};

/// So many entries of the journal are read at once.
const PORTION: u32 = 200;
/// A chat that wants nothing of what it read moves on only after so many entries: moving on is a commit.
const LAZY: i64 = 20;
/// In so many incidents something is said at once.
pub const CLAIMED_AT_ONCE: u32 = 4;
/// For so long it is known what was heard. No provider sends anything again so late.
pub const HEARD_KEPT: Span = Span::hours(14 * 24);
/// That a chat works is noted no more often.
const NOTED_EVERY: Span = Span::seconds(60);

/// The chat of this name.
pub fn find<'c>(catalog: &'c Catalog, name: &Name) -> Result<&'c Chat, Refusal> {
    catalog.chats.get(name).ok_or_else(|| Refusal::not_found(format!("chat {name}")))
}

/// The person who is called so in a chat.
pub fn person_of<'c>(catalog: &'c Catalog, chat: &Chat, id: &str) -> Option<(&'c Name, &'c Person)> {
    let mut people = catalog.people.iter().filter(|(_, person)| !person.inactive);
    people.find(|(_, person)| chat.provider.id_of(person) == Some(id))
}

// --- Following the journal

/// What is to be done for a chat.
#[derive(Debug)]
enum Todo {
    /// Its document is gone.
    Forget(Name),
    /// It was switched off.
    Stop(Name),
    /// It was made or switched on after this entry of the journal.
    Begin(Name, i64),
    /// It has read so far, and these are of incidents and may be told.
    Advance { name: Name, from: i64, to: i64, entries: Vec<Entry> },
    /// Whether the incident of this room is hidden now.
    Hide(Name, IncidentId, bool),
}

/// Reads on in the journal for all chats and queues what is to be said. Whether there is more to read at once.
pub fn follow(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<bool, Halt> {
    let (todo, more) = store.read(|tx| look(tx, node))?;
    if todo.is_empty() {
        return Ok(more);
    }
    store.write_bulk(|tx| {
        let mut moment = Moment::new(now, Actor::Rule("chat"), mint);
        let catalog = node.rules(tx)?.catalog.clone();
        todo.iter().try_for_each(|one| carry_out(tx, &mut moment, &catalog, one))
    })?;
    Ok(more)
}

fn look(tx: &mut Tx<'_>, node: &Node) -> Result<(Vec<Todo>, bool), Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let known = rows::names(tx)?.into_iter().filter(|name| !catalog.chats.contains_key(name));
    let mut todo: Vec<Todo> = known.map(Todo::Forget).collect();
    let mut more = false;
    let last = if catalog.chats.is_empty() { 0 } else { journal::last(tx)? };
    for (name, chat) in &catalog.chats {
        match (chat.enabled, readers::at(tx, &channel(name))?) {
            (false, None) => {}
            (false, Some(_)) => todo.push(Todo::Stop(name.clone())),
            (true, None) => todo.push(Todo::Begin(name.clone(), beginning(tx, name, last)?)),
            (true, Some(from)) => {
                let hidden = rows::to_hide(tx, name, PORTION)?.into_iter();
                todo.extend(hidden.map(|(incident, hide)| Todo::Hide(name.clone(), incident, hide)));
                if from < last {
                    let (advance, unread) = read_on(tx, name, from, last)?;
                    todo.extend(advance);
                    more |= unread;
                }
            }
        }
    }
    Ok((todo, more))
}

/// The entry with which it was made or switched on, as far as the journal goes back.
pub fn begun(tx: &mut Tx<'_>, name: &Name) -> Result<Option<Entry>, Halt> {
    let reference = Reference::new(Kind::Chat, name.clone()).to_string();
    Ok(journal::of_subject(tx, &reference, Sight::Whole, None, 1)?.into_iter().next())
}

/// The number of the entry with which it was made or switched on: what happened since is told.
fn beginning(tx: &mut Tx<'_>, name: &Name, last: i64) -> Result<i64, Halt> {
    Ok(begun(tx, name)?.and_then(|entry| entry.number).unwrap_or(last))
}

/// The next portion for one chat, and whether there is more for it now.
fn read_on(tx: &mut Tx<'_>, name: &Name, from: i64, last: i64) -> Result<(Option<Todo>, bool), Halt> {
    if outbox::waiting(tx, &channel(name))? >= u64::from(WAITING_MOST) {
        return Ok((None, false));
    }
    let read = journal::since(tx, from, Sight::Open, PORTION)?;
    // After a whole portion all is read: what is not among it is not for everybody.
    let whole = read.len() < PORTION as usize;
    let reached = read.last().and_then(|entry| entry.number).unwrap_or(from);
    let to = if whole { reached.max(last) } else { reached };
    let entries: Vec<Entry> = read.into_iter().filter(may_be_told).collect();
    if entries.is_empty() && to - from < LAZY {
        return Ok((None, false));
    }
    Ok((Some(Todo::Advance { name: name.clone(), from, to, entries }), !whole))
}

fn may_be_told(entry: &Entry) -> bool {
    let Some((kind, _)) = entry.kind().zip(entry.incident) else { return false };
    rules::invites(kind) || rules::tells(kind, &entry.data, None).is_some()
}

fn carry_out(tx: &mut Tx<'_>, moment: &mut Moment<'_>, catalog: &Catalog, todo: &Todo) -> Result<(), Halt> {
    match todo {
        Todo::Forget(name) => {
            if !catalog.chats.contains_key(name) {
                outbox::cancel_channel(tx, &channel(name), "the chat was deleted", moment.now)?;
                readers::stop(tx, &channel(name))?;
                rows::forget(tx, name)?;
            }
        }
        Todo::Stop(name) => {
            if readers::stop(tx, &channel(name))? {
                outbox::cancel_channel(tx, &channel(name), "the chat is switched off", moment.now)?;
                // What is said meanwhile is not obeyed when it is switched on again.
                rows::forget_since(tx, name)?;
            }
        }
        Todo::Begin(name, number) => {
            readers::begin(tx, &channel(name), *number)?;
            rows::heard_of(tx, name)?;
        }
        Todo::Hide(name, incident, hide) => {
            if rows::set_hidden(tx, name, *incident, hide.then_some(moment.now))? && *hide {
                queue(tx, moment, name, &incident.to_string(), u32::MAX, &json!({ "hidden": incident }))?;
            }
        }
        Todo::Advance { name, from, to, entries } => {
            // Another node may have read the same meanwhile.
            if readers::advance(tx, &channel(name), *from, *to)?
                && let Some(chat) = catalog.chats.get(name)
            {
                for entry in entries {
                    tell(tx, moment, catalog, (name, chat), entry)?;
                }
            }
        }
    }
    Ok(())
}

/// Queues what follows in a chat from one entry.
fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    (name, chat): (&Name, &Chat),
    entry: &Entry,
) -> Result<(), Halt> {
    let Some((kind, incident)) = entry.kind().zip(entry.incident) else { return Ok(()) };
    let Some(row) = incident_rows::get(tx, incident, Sight::Open)? else { return Ok(()) };
    // What was over is written down without calling anybody.
    if row.retrospective && row.state.reopened == 0 || row.state.phase == Phase::Reported {
        return Ok(());
    }
    let (thread, step) = (incident.to_string(), step(entry));
    let mut room = rows::room(tx, name, incident)?;
    let wanted = row.state.phase.is_open() && chat.wants_room(row.state.class, row.state.severity.as_deref());
    if room.is_none() && wanted && rows::ask_for_room(tx, name, incident, moment.now)? {
        queue(tx, moment, name, &thread, step, &json!({ "open": incident }))?;
        for person in invited(tx, chat, &row)? {
            invite(tx, moment, catalog, (name, chat), incident, step, &person)?;
        }
        room = rows::room(tx, name, incident)?;
    }
    let has_room = room.is_some_and(|room| room.failed.is_none());
    if has_room
        && rules::invites(kind)
        && let (Some(person), Some(role)) = (name_in(&entry.data, "person"), name_in(&entry.data, "role"))
        && chat.rooms.as_ref().is_some_and(|rooms| rooms.roles.is_empty() || rooms.roles.contains(&role))
    {
        invite(tx, moment, catalog, (name, chat), incident, step, &person)?;
    }
    // With the declaration the severity is said, too.
    if kind == EventKind::IncidentGraded && entry.data["before"].is_null() && entry.recorded_at == row.reported_at {
        return Ok(());
    }
    if has_room && rules::tells(kind, &entry.data, None).is_some() {
        queue(tx, moment, name, &thread, step, &json!({ "event": entry.id, "to": "room" }))?;
    }
    if chat.announce.is_some() && rules::announces(kind, has_room) {
        queue(tx, moment, name, &thread, step, &json!({ "event": entry.id, "to": "announce" }))?;
    }
    Ok(())
}

/// The order in which things are said of an incident is that of the journal.
fn step(entry: &Entry) -> u32 {
    entry.number.and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX)
}

fn name_in(data: &Value, field: &str) -> Option<Name> {
    data[field].as_str().and_then(|name| name.parse().ok())
}

/// Who is invited to the room of an incident when it is opened.
fn invited(tx: &mut Tx<'_>, chat: &Chat, row: &IncidentRow) -> Result<Vec<Name>, Halt> {
    let Some(rooms) = &chat.rooms else { return Ok(Vec::new()) };
    let mut people: Vec<Name> =
        row.reported_by.rsplit(':').next().and_then(|name| name.parse().ok()).into_iter().collect();
    people.extend(rooms.people.iter().cloned());
    for given in assignments::of_incident(tx, row.id)? {
        let plays = given.is_held() || given.state == Standing::Offered;
        if plays && (rooms.roles.is_empty() || rooms.roles.contains(&given.role)) {
            people.push(given.person);
        }
    }
    people.sort();
    people.dedup();
    Ok(people)
}

fn invite(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    (name, chat): (&Name, &Chat),
    incident: IncidentId,
    step: u32,
    person: &Name,
) -> Result<(), Halt> {
    let known = catalog.people.get(person).is_some_and(|person| chat.provider.id_of(person).is_some());
    if known {
        let payload = json!({ "invite": person, "incident": incident });
        queue(tx, moment, name, &incident.to_string(), step, &payload)?;
    }
    Ok(())
}

/// Queues something for a chat. What has one thread is done in order, each after the one before.
pub(super) fn queue(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    name: &Name,
    thread: &str,
    step: u32,
    payload: &Value,
) -> Result<DeliveryId, Halt> {
    let id = moment.mint.id(moment.now);
    let new = New {
        id,
        kind: outbox::Kind::Hook,
        page: None,
        person: None,
        contact: thread,
        channel: &channel(name),
        // The document says where to when it is sent.
        address: &Reference::new(Kind::Chat, name.clone()).to_string(),
        step,
        round: 0,
        urgency: Urgency::Low,
        payload: &payload.to_string(),
        due_at: moment.now,
    };
    outbox::queue(tx, &new, None, moment.now)?;
    Ok(id)
}

// --- What is said

/// What is to be done for a claimed delivery; or why nothing is.
type Written = Result<Deed, &'static str>;

const NOT_OPEN: &str = "it is not for everybody any more";
const NO_ROOM: &str = "there is no room to say it in";

/// Writes a claimed delivery out; nothing, if it is not to be said any more.
pub(crate) fn write_out(
    tx: &mut Tx<'_>,
    node: &Node,
    name: &Name,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Option<Claimed>, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let written = match catalog.chats.get(name) {
        None => Err("the chat was deleted"),
        Some(chat) if !chat.enabled => Err("the chat is switched off"),
        Some(chat) => deed(tx, node, &catalog, (name, chat), delivery)?.map(|deed| (chat, deed)),
    };
    let (chat, deed) = match written {
        Ok(written) => written,
        Err(why) => {
            outbox::cancel(tx, delivery.id, why, now)?;
            return Ok(None);
        }
    };
    let key = delivery.id.to_string();
    let message = Message {
        key: key.clone(),
        subject: String::new(),
        text: String::new(),
        html: None,
        urgency: Urgency::Low,
        links: Vec::new(),
        thread: delivery.contact.clone(),
        event: "chat".into(),
        data: Value::Null,
        repeat_of: None,
        unsubscribe: None,
        calendar: None,
    };
    let again = delivery.attempts > 1;
    let errand = Errand { chat: name.clone(), provider: chat.provider.clone(), key, again, deed };
    Ok(Some(Claimed {
        id: delivery.id,
        fence: delivery.fence,
        attempt: delivery.attempts,
        channel: delivery.channel.clone(),
        address: delivery.address.clone(),
        message,
        signed_by: Vec::new(),
        errand: Some(Box::new(errand)),
    }))
}

fn deed(
    tx: &mut Tx<'_>,
    node: &Node,
    catalog: &Catalog,
    (name, chat): (&Name, &Chat),
    delivery: &Delivery,
) -> Result<Written, Halt> {
    let payload: Value = serde_json::from_str(&delivery.payload).unwrap_or_default();
    let text = |field: &str| payload[field].as_str().map(str::to_owned);
    let id = |field: &str| payload[field].as_str().and_then(|id| id.parse::<IncidentId>().ok());
    if let Some(event) = text("event").and_then(|id| id.parse::<EventId>().ok()) {
        let Some(entry) = journal::get(tx, event, Sight::Open)? else { return Ok(Err(NOT_OPEN)) };
        let incident = entry.incident.map(|id| incident_rows::get(tx, id, Sight::Open)).transpose()?.flatten();
        let (Some(row), Some(kind)) = (incident, entry.kind()) else { return Ok(Err(NOT_OPEN)) };
        let own = rows::room(tx, name, row.id)?.and_then(|room| room.room);
        let announced = payload["to"] == "announce";
        let Some(room) = (if announced { chat.announce.clone() } else { own.clone() }) else { return Ok(Err(NO_ROOM)) };
        let Some(said) = rules::tells(kind, &entry.data, entry.why.as_deref()) else { return Ok(Err(NOT_OPEN)) };
        let link = own.filter(|_| announced).map(|own| chat.provider.link(&own));
        let text = words(node, &row, kind, &said, link.as_deref(), announced);
        return Ok(Ok(Deed::Say { room, text, reply_to: None, aside: false }));
    }
    if let Some(incident) = id("open") {
        let Some(row) = incident_rows::get(tx, incident, Sight::Open)? else {
            rows::not_opened(tx, name, incident, NOT_OPEN)?;
            return Ok(Err(NOT_OPEN));
        };
        let Some(rooms) = &chat.rooms else {
            rows::not_opened(tx, name, incident, "the chat opens no rooms any more")?;
            return Ok(Err(NO_ROOM));
        };
        let deed = Deed::Open {
            name: rules::room_name(&rooms.name, incident, &row.name(), row.reported_at),
            alias: rules::room_alias(name, incident),
            topic: format!("{}: {}", row.name(), link(node, incident)),
        };
        return Ok(Ok(deed));
    }
    if let (Some(person), Some(incident)) = (text("invite"), id("incident")) {
        if incident_rows::get(tx, incident, Sight::Open)?.is_none() {
            return Ok(Err(NOT_OPEN));
        }
        let room = rows::room(tx, name, incident)?.and_then(|room| room.room);
        let user = catalog.people.get(person.as_str()).filter(|person| !person.inactive);
        let user = user.and_then(|person| chat.provider.id_of(person));
        return Ok(match (room, user) {
            (Some(room), Some(user)) => Ok(Deed::Invite { room, user: user.to_owned() }),
            (None, _) => Err(NO_ROOM),
            (_, None) => Err("the person is not known in this chat any more"),
        });
    }
    if let Some(incident) = id("hidden") {
        let room = rows::room(tx, name, incident)?.and_then(|room| room.room);
        let say = |room| Deed::Say { room, text: rules::HIDDEN.to_owned(), reply_to: None, aside: false };
        return Ok(room.map(say).ok_or(NO_ROOM));
    }
    if let Some(room) = text("join") {
        return Ok(Ok(Deed::Join { room }));
    }
    if let (Some(said), Some(room)) = (text("say"), text("room")) {
        // An answer about an incident that is no longer for everybody stays here.
        if let Some(incident) = id("about")
            && incident_rows::get(tx, incident, Sight::Open)?.is_none()
        {
            return Ok(Err(NOT_OPEN));
        }
        return Ok(Ok(match text("whisper") {
            Some(user) => Deed::Whisper { room, user, text: said },
            None => Deed::Say { room, text: said, reply_to: text("reply_to"), aside: payload["aside"] == true },
        }));
    }
    Ok(Err("it cannot be read"))
}

/// Where an incident is in Allclear.
pub(super) fn link(node: &Node, incident: IncidentId) -> String {
    format!("{}/incidents/{incident}", node.identity.public_url)
}

/// What is said of an event. In the room of its incident everybody knows which one it is.
fn words(node: &Node, row: &IncidentRow, kind: EventKind, said: &str, room: Option<&str>, announced: bool) -> String {
    let level = row.state.severity.as_deref().map(|level| format!("{level} · ")).unwrap_or_default();
    let headline = format!("{level}{} · {}", row.state.class.word(), row.name());
    let room = room.map(|room| format!("\nRoom: {room}")).unwrap_or_default();
    match (kind, announced) {
        (EventKind::IncidentDeclared, _) => format!("{headline}\n{said}\n{}{room}", link(node, row.id)),
        (_, true) => format!("{headline}\n{said}\n{}", link(node, row.id)),
        (_, false) => said.to_owned(),
    }
}

/// Settles what became of a delivery.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    mint: &mut Mint,
    name: &Name,
    claimed: &Claimed,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<bool, Halt> {
    let settled = rules::settle(outcome.clone(), claimed.attempt, now, mint.chance());
    let Some(delivery) = outbox::settle(tx, claimed.id, claimed.fence, &settled, now)? else { return Ok(false) };
    let payload: Value = serde_json::from_str(&delivery.payload).unwrap_or_default();
    let opens = payload["open"].as_str().and_then(|id| id.parse::<IncidentId>().ok());
    match &settled {
        Settled::Sent { receipt } => {
            let standing = rows::standing(tx, name)?;
            if standing.error.is_some() || standing.spoke_at.is_none_or(|at| NOTED_EVERY.after(at) <= now) {
                rows::spoke(tx, name, now)?;
            }
            if let (Some(incident), Some(room)) = (opens, receipt) {
                let title = match claimed.errand.as_deref() {
                    Some(Errand { deed: Deed::Open { name, .. }, .. }) => name.clone(),
                    _ => String::new(),
                };
                if rows::opened(tx, name, incident, room, now)? {
                    let mut moment = Moment::new(now, Actor::Rule("chat"), mint);
                    let data = json!({ "chat": name, "room": room, "name": title });
                    let also = vec![Reference::new(Kind::Chat, name.clone()).to_string()];
                    announce::of_incident(tx, &mut moment, EventKind::ChatRoomOpened, incident, also, Told::of(data))?;
                }
            }
        }
        Settled::Again { why, .. } => rows::failed(tx, name, why, now)?,
        Settled::GivenUp { why } => {
            rows::failed(tx, name, why, now)?;
            if let Some(incident) = opens {
                rows::not_opened(tx, name, incident, why)?;
            }
        }
    }
    Ok(true)
}

// --- How it stands

/// It was listened to: up to here, or why that failed. Noted when that is news.
pub fn listened(tx: &mut Tx<'_>, name: &Name, outcome: Result<&str, &str>, now: Timestamp) -> Result<(), Halt> {
    match outcome {
        Ok(since) => rows::heard(tx, name, Some(since), now)?,
        Err(why) => rows::failed(tx, name, why, now)?,
    }
    Ok(())
}

/// Whether that something was listened to, or failed, is news.
pub fn is_news(standing: &rows::Standing, outcome: Result<&str, &str>, now: Timestamp) -> bool {
    match outcome {
        Ok(_) => standing.error.is_some() || standing.heard_at.is_none_or(|at| NOTED_EVERY.after(at) <= now),
        Err(why) => standing.error.as_ref().is_none_or(|(at, known)| known != why || NOTED_EVERY.after(*at) <= now),
    }
}

/// Says in the place of announcements that it works.
pub fn test(tx: &mut Tx<'_>, moment: &mut Moment<'_>, catalog: &Catalog, name: &Name) -> Result<DeliveryId, Halt> {
    let chat = find(catalog, name)?;
    if !chat.enabled {
        return Err(Refusal::conflict("the chat is switched off: its document says `enabled: false`").into());
    }
    let Some(room) = &chat.announce else {
        let why =
            "its document names no room in which incidents are announced (`announce`): there is nowhere to say it";
        return Err(Refusal::conflict(why).into());
    };
    let by = moment.person().map(|person| format!(" {person} tried it out.")).unwrap_or_default();
    let text = format!("Allclear speaks here.{by} Type {} help for what you can ask of it.", chat.provider.prefix());
    queue(tx, moment, name, "test", 0, &json!({ "say": text, "room": room }))
}

#[cfg(test)]
#[path = "chats_tests.rs"]
pub(super) mod tests;
