//! The words of a postmortem, written by several at once: a WebSocket that speaks y-sync, one for each open page.
//!
//! One line carries all sections, so that a page needs one connection and tells once where somebody is. What somebody changed is
//! on disk before anybody else hears of it; other nodes hear of it as live pages do, by the bell and from the store. Where cursors
//! are is told to those of this node only, kept nowhere, and under the name of whoever came in, whatever the program says.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::learn::shared_texts as acts;
use actions::respond::incidents::seen;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::learn::shared_texts::UPDATE_MOST;
use domain::learn::sync_frames::{self as frames, Place, Said};
use domain::prepare::access::Scope;
use domain::prepare::people::Access;
use domain::words::{IncidentId, Name, Refusal, RefusalKind};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Halt;
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::app::App;
use crate::enter::{self, May, Visitor};
use crate::handlers::respond::room::read_id;
use crate::pages::PersonTag;
use crate::problem::Problem;

/// Who may write; everybody else who sees the incident may watch.
const WRITE: May = May::Person(Access::Responder, Scope::Incidents);
/// Frames are no larger, in bytes: a change, and what stands around it.
const FRAME_MOST: usize = UPDATE_MOST + 1024;
/// What a program says of its cursor is no longer, in bytes.
const STATE_MOST: usize = 2048;
/// So many lines one postmortem has on a node, and one person to it.
const LINES_MOST: usize = 60;
const OWN_MOST: usize = 12;
/// Commits that come quickly one after another are told together.
const TOGETHER: Duration = Duration::from_millis(60);
/// So often the line says that it is alive, and whether whoever came in still may is asked.
const BEAT: Duration = Duration::from_secs(10);
/// Whoever says nothing for so many beats is gone.
const SILENT_BEATS_MOST: u32 = 4;
/// Whoever does not take for so long what is told is gone, too.
const PATIENCE: Duration = Duration::from_secs(10);
/// A change that changes nothing.
const NOTHING: &[u8] = &[0, 0];

/// What is told to the others of a room: by which seat, and the frame.
type Told = (u64, Bytes);

/// Who has which postmortem open on this node, and where in it they are.
#[derive(Debug, Default)]
pub struct Rooms(Mutex<(u64, HashMap<IncidentId, Room>)>);

#[derive(Debug)]
struct Room {
    tell: broadcast::Sender<Told>,
    seats: HashMap<u64, (Name, bool)>,
    /// By the program's own number.
    places: BTreeMap<u64, (u64, Place)>,
}

impl Room {
    fn new() -> Self {
        Self { tell: broadcast::channel(64).0, seats: HashMap::new(), places: BTreeMap::new() }
    }

    fn tell(&self, seat: u64, places: &[Place]) {
        // Nobody else is there: nobody hears it.
        _ = self.tell.send((seat, frames::tells(places).into()));
    }
}

/// A line's place in a room; it is left when this is dropped.
struct Seat {
    app: App,
    id: IncidentId,
    number: u64,
    hears: broadcast::Receiver<Told>,
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seat {} at {}", self.number, self.id)
    }
}

impl Seat {
    fn take(app: &App, id: IncidentId, person: &Name, writes: bool) -> Result<Self, Refusal> {
        let mut rooms = app.rooms().0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, rooms) = &mut *rooms;
        let room = rooms.entry(id).or_insert_with(Room::new);
        let own = room.seats.values().filter(|(name, _)| name == person).count();
        if room.seats.len() >= LINES_MOST || own >= OWN_MOST {
            return Err(Refusal::conflict(
                "too many have this open at once: close it somewhere else, or write in the form",
            ));
        }
        *last += 1;
        room.seats.insert(*last, (person.clone(), writes));
        Ok(Self { app: app.clone(), id, number: *last, hears: room.tell.subscribe() })
    }

    fn with<T>(&self, run: impl FnOnce(&mut Room) -> T) -> T {
        let mut rooms = self.app.rooms().0.lock().unwrap_or_else(PoisonError::into_inner);
        run(rooms.1.entry(self.id).or_insert_with(Room::new))
    }

    /// Where everybody is.
    fn places(&self) -> Vec<Place> {
        self.with(|room| room.places.values().map(|(_, place)| place.clone()).collect())
    }

    /// A program says where it is. It speaks for itself: for one number, which no other person's program has.
    fn hear(&self, said: Vec<Place>, user: &Value) {
        self.with(|room| {
            let mut news = Vec::new();
            for mut place in said {
                let own = room.places.iter().find(|(_, (seat, _))| *seat == self.number).map(|(client, _)| *client);
                let held = room.places.get(&place.client).map(|(seat, _)| room.seats.get(seat).map(|(name, _)| name));
                let me = room.seats.get(&self.number).map(|(name, _)| name);
                if own.is_some_and(|own| own != place.client) || held.is_some_and(|held| held != me) {
                    continue;
                }
                if place.state == "null" {
                    room.places.remove(&place.client);
                    news.push(place);
                    continue;
                }
                let Some(state) = named(&place.state, user) else { continue };
                place.state = state;
                room.places.insert(place.client, (self.number, place.clone()));
                news.push(place);
            }
            if !news.is_empty() {
                room.tell(self.number, &news);
            }
        });
    }
}

/// What a program says of its cursor, under the name of whoever came in. Nothing, if it is too long or no object.
fn named(state: &str, user: &Value) -> Option<String> {
    let mut said: Value = serde_json::from_str(state).ok().filter(|_| state.len() <= STATE_MOST)?;
    said.as_object_mut()?.insert("user".into(), user.clone());
    Some(said.to_string())
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut rooms = self.app.rooms().0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(room) = rooms.1.get_mut(&self.id) else { return };
        room.seats.remove(&self.number);
        let left: Vec<u64> =
            room.places.iter().filter(|(_, (seat, _))| *seat == self.number).map(|(client, _)| *client).collect();
        let gone = left.into_iter().filter_map(|client| room.places.remove(&client));
        let gone: Vec<Place> =
            gone.map(|(_, place)| Place { clock: place.clock + 1, state: "null".into(), ..place }).collect();
        if !gone.is_empty() {
            room.tell(self.number, &gone);
        }
        if room.seats.is_empty() {
            rooms.1.remove(&self.id);
        }
    }
}

/// What a program wants of the line.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// To be told in text how many of its changes are on disk: `{"stored": 3}`. Other Yjs programs know nothing of it.
    #[serde(default)]
    stored: bool,
}

/// `GET /incidents/ID/postmortem/live`, as a WebSocket.
pub async fn get_live(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let id = read_id(&text)?;
    let who = visitor.clone();
    app.read(move |tx| seen(tx, id, who.sight())).await?;
    let Some(person) = visitor.person().cloned() else {
        return Err(Refusal::forbidden("only a person can do this").into());
    };
    // A page of another site may open a line with the cookies of whoever looks at it: the browser says where it stands.
    let browser = matches!(visitor, Visitor::Person { .. });
    if browser && !enter::is_our_page(&headers, &app.settings().public_url) {
        return Err(Refusal::forbidden("this line was asked for by another site; open Allclear itself").into());
    }
    let upgrade = upgrade.map_err(|_| Refusal::invalid("here answers a WebSocket that speaks y-sync"))?;
    let writes = visitor.allowed(WRITE).is_ok();
    if writes {
        let begin = move |store: &store::Store, _: &actions::Node, moment: &mut actions::Moment<'_>| {
            store.write(|tx| acts::begin_sharing(tx, &mut moment.again(), id))
        };
        app.act(visitor.actor(), begin).await?;
    }
    let (again, name) = (app.clone(), person.clone());
    let rules = app.read(move |tx| Ok(again.node().rules(tx)?)).await?;
    let full = rules.catalog.people.get(&name).map_or(name.as_str(), |found| found.full_name.as_str());
    let tag = PersonTag::new(name.as_str(), full);
    let user = json!({ "person": name, "name": full, "hue": tag.hue });
    let seat = Seat::take(&app, id, &person, writes)?;
    let line = Line { app, id, headers, visitor, writes, seat, user, stored: wanted.stored.then_some(0), told: None };
    Ok(upgrade.max_message_size(FRAME_MOST).max_frame_size(FRAME_MOST).on_upgrade(|socket| line.talk(socket)))
}

/// Why a line ends: what is said with it, if it is ours to say.
struct Over(Option<(u16, &'static str)>);

impl From<axum::Error> for Over {
    fn from(_: axum::Error) -> Self {
        Self(None)
    }
}

const AWAY: Over = Over(Some((close_code::AWAY, "the server stops: come again")));
const NO_RIGHT: Over = Over(Some((close_code::POLICY, "you may not read this any more")));
const NO_MESSAGE: Over = Over(Some((close_code::INVALID, "this is no message of y-sync")));
const REFUSED: Over = Over(Some((close_code::POLICY, "a change was not taken")));
const FAILED: Over = Over(Some((close_code::ERROR, "it does not work just now: come again")));

struct Line {
    app: App,
    id: IncidentId,
    headers: HeaderMap,
    visitor: Visitor,
    writes: bool,
    seat: Seat,
    /// As others see whoever came in.
    user: Value,
    /// How many changes of this line are on disk, if it wants to know.
    stored: Option<u64>,
    /// The number of the last change that was told here; nothing before the program said what it has.
    told: Option<i64>,
}

impl Line {
    async fn talk(mut self, mut socket: WebSocket) {
        let Over(why) = self.follow(&mut socket).await.err().unwrap_or(Over(None));
        if let Some((code, reason)) = why {
            let frame = CloseFrame { code, reason: reason.into() };
            _ = timeout(PATIENCE, socket.send(Message::Close(Some(frame)))).await;
        }
        self.leave().await;
    }

    async fn follow(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        let mut bell = self.app.live().bell();
        let mut stopping = self.app.stopping();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent_beats = 0;
        let (mut looks, pause) = (false, sleep(Duration::ZERO));
        tokio::pin!(pause);
        loop {
            tokio::select! {
                message = socket.recv() => {
                    silent_beats = 0;
                    match message {
                        Some(Ok(Message::Binary(frame))) => self.hear(socket, &frame).await?,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Text(_))) => return Err(NO_MESSAGE),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Over(None)),
                    }
                }
                told = self.seat.hears.recv() => match told {
                    Ok((seat, frame)) if seat != self.seat.number => send(socket, Message::Binary(frame)).await?,
                    // Whoever is told too much at once hears where all are.
                    Err(broadcast::error::RecvError::Lagged(_)) => self.tell_places(socket).await?,
                    Ok(_) | Err(broadcast::error::RecvError::Closed) => {}
                },
                rung = bell.changed() => match rung {
                    Ok(()) if looks => {}
                    Ok(()) => {
                        looks = true;
                        pause.set(sleep(TOGETHER));
                    }
                    Err(_) => return Err(AWAY),
                },
                () = &mut pause, if looks => {
                    looks = false;
                    bell.mark_unchanged();
                    self.tell_news(socket).await?;
                }
                _ = beat.tick() => {
                    silent_beats += 1;
                    if silent_beats > SILENT_BEATS_MOST {
                        return Err(Over(None));
                    }
                    self.still_may().await?;
                    send(socket, Message::Binary(frames::tells(&[]).into())).await?;
                    send(socket, Message::Ping(Bytes::new())).await?;
                }
                () = &mut stopping => return Err(AWAY),
            }
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, frame: &[u8]) -> Result<(), Over> {
        for said in frames::read(frame).map_err(|_| NO_MESSAGE)? {
            match said {
                Said::Wants(vector) => self.answer(socket, vector).await?,
                Said::Brings(change) => self.take(socket, change).await?,
                Said::Where(places) => self.seat.hear(places, &self.user),
                Said::AsksWhere => self.tell_places(socket).await?,
            }
        }
        Ok(())
    }

    /// What the program lacks, and what we have.
    async fn answer(&mut self, socket: &mut WebSocket, vector: Vec<u8>) -> Result<(), Over> {
        let (id, who) = (self.id, self.visitor.clone());
        let found = self.app.read(move |tx| acts::since_vector(tx, id, who.sight(), &vector)).await;
        let (update, ours, last) = match found {
            Ok(Some(found)) => found,
            Ok(None) => (NOTHING.to_vec(), vec![0], 0),
            Err(halt) => return Err(over(&halt)),
        };
        send(socket, Message::Binary(frames::answers(&update).into())).await?;
        send(socket, Message::Binary(frames::wants(&ours).into())).await?;
        self.told = Some(last);
        self.tell_places(socket).await
    }

    async fn tell_places(&self, socket: &mut WebSocket) -> Result<(), Over> {
        let places = self.seat.places();
        if places.is_empty() {
            return Ok(());
        }
        send(socket, Message::Binary(frames::tells(&places).into())).await
    }

    /// Somebody changed something.
    async fn take(&mut self, socket: &mut WebSocket, change: Vec<u8>) -> Result<(), Over> {
        if self.writes && change != NOTHING {
            self.still_may().await?;
            let id = self.id;
            let change = Arc::new(change);
            let act = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::take(tx, node, &mut moment.again(), id, &change))
            };
            match self.app.act(self.visitor.actor(), act).await {
                // Our own change need not be told back; but what came between must be.
                Ok(number) if self.told == Some(number - 1) => self.told = Some(number),
                Ok(_) => {}
                Err(Halt::Refused(refusal)) => {
                    let said = json!({ "refused": refusal.message }).to_string();
                    if self.stored.is_some() {
                        send(socket, Message::Text(said.into())).await?;
                    }
                    return Err(REFUSED);
                }
                Err(halt) => return Err(over(&halt)),
            }
        }
        if let Some(stored) = &mut self.stored {
            *stored += 1;
            let said = json!({ "stored": *stored }).to_string();
            send(socket, Message::Text(said.into())).await?;
        }
        Ok(())
    }

    /// What others changed, here or on another node.
    async fn tell_news(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        let Some(after) = self.told else { return Ok(()) };
        let (id, who) = (self.id, self.visitor.clone());
        let news = self.app.read(move |tx| acts::news(tx, id, who.sight(), after)).await.map_err(|halt| over(&halt))?;
        for change in &news.changes {
            send(socket, Message::Binary(frames::brings(change).into())).await?;
        }
        self.told = Some(news.last.max(after));
        Ok(())
    }

    /// A session may end and a right be taken away while the line is open.
    async fn still_may(&mut self) -> Result<(), Over> {
        let now = enter::identify(&self.app, &self.headers, None).await.map_err(|halt| over(&halt))?;
        if now.person() != self.visitor.person() || now.allowed(May::view()).is_err() {
            return Err(NO_RIGHT);
        }
        if self.writes && now.allowed(WRITE).is_err() {
            return Err(NO_RIGHT);
        }
        let (id, who) = (self.id, now.clone());
        self.visitor = now;
        self.app.read(move |tx| seen(tx, id, who.sight())).await.map(drop).map_err(|halt| over(&halt))
    }

    /// What the last who wrote here left becomes a revision at once.
    async fn leave(self) {
        let Self { app, id, seat, writes, visitor, .. } = self;
        let last = seat.with(|room| !room.seats.iter().any(|(number, (_, writes))| *writes && *number != seat.number));
        drop(seat);
        if !writes || !last {
            return;
        }
        let act = move |store: &store::Store, _: &actions::Node, moment: &mut actions::Moment<'_>| {
            store.write(|tx| acts::settle_soon(tx, id, moment.now))
        };
        if let Err(halt) = app.act(visitor.actor(), act).await {
            // The pause ends by itself.
            tracing::debug!(%halt, "what was written together waits for the end of the pause");
        }
    }
}

fn over(halt: &Halt) -> Over {
    match halt {
        Halt::Refused(refusal) if refusal.kind == RefusalKind::Invalid => NO_MESSAGE,
        Halt::Refused(_) => NO_RIGHT,
        Halt::Failed(_) => FAILED,
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Over> {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(sent) => Ok(sent?),
        Err(_) => Err(Over(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_has_the_name_of_whoever_came_in() {
        let user = json!({ "name": "Ana Silva" });
        let said = named(r#"{"user":{"name":"The CEO"},"cursor":{"at":1}}"#, &user).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), json!({ "user": user, "cursor": { "at": 1 } }));
        assert_eq!(named("[1]", &user), None);
        assert_eq!(named(&format!("{{\"a\":\"{}\"}}", "x".repeat(STATE_MOST)), &user), None);
        assert_eq!(named("rubbish", &user), None);
    }
}
