//! Rows of chats: how each stands, the rooms of incidents, and what was heard already.

use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, Timestamp};

use super::sight;
use crate::door::{Error, Row, Tx};

/// How a chat stands, besides its document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Up to where it was heard, as its provider calls that.
    pub since: Option<String>,
    pub heard_at: Option<Timestamp>,
    pub spoke_at: Option<Timestamp>,
    /// What failed last, if nothing worked since.
    pub error: Option<(Timestamp, String)>,
}

pub fn standing(tx: &mut Tx<'_>, chat: &Name) -> Result<Standing, Error> {
    let sql = "SELECT since, heard_at, spoke_at, error, error_at FROM chats WHERE name = $1";
    let Some(row) = tx.one(sql, &[chat.into()])? else { return Ok(Standing::default()) };
    let error = row.opt_text("error")?.map(str::to_owned);
    Ok(Standing {
        since: row.opt_text("since")?.map(str::to_owned),
        heard_at: row.opt_instant("heard_at")?,
        spoke_at: row.opt_instant("spoke_at")?,
        error: row.opt_instant("error_at")?.zip(error),
    })
}

/// The chats that something is kept of.
pub fn names(tx: &mut Tx<'_>) -> Result<Vec<Name>, Error> {
    tx.query("SELECT name FROM chats ORDER BY name", &[])?.iter().map(|row| row.name("name")).collect()
}

/// Something is kept of it from now on.
pub fn heard_of(tx: &mut Tx<'_>, chat: &Name) -> Result<(), Error> {
    tx.execute("INSERT INTO chats (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", &[chat.into()])?;
    Ok(())
}

/// It is heard no more; if it is again, then from then on.
pub fn forget_since(tx: &mut Tx<'_>, chat: &Name) -> Result<(), Error> {
    tx.execute("UPDATE chats SET since = NULL WHERE name = $1", &[chat.into()])?;
    Ok(())
}

/// It was heard up to here, and so it works.
pub fn heard(tx: &mut Tx<'_>, chat: &Name, since: Option<&str>, now: Timestamp) -> Result<(), Error> {
    heard_of(tx, chat)?;
    tx.execute(
        "UPDATE chats SET since = COALESCE($2, since), heard_at = $3, error = NULL, error_at = NULL WHERE name = $1",
        &[chat.into(), since.into(), now.into()],
    )?;
    Ok(())
}

/// Something was said in it, and so it works.
pub fn spoke(tx: &mut Tx<'_>, chat: &Name, now: Timestamp) -> Result<(), Error> {
    heard_of(tx, chat)?;
    tx.execute(
        "UPDATE chats SET spoke_at = $2, error = NULL, error_at = NULL WHERE name = $1",
        &[chat.into(), now.into()],
    )?;
    Ok(())
}

/// It failed.
pub fn failed(tx: &mut Tx<'_>, chat: &Name, why: &str, now: Timestamp) -> Result<(), Error> {
    heard_of(tx, chat)?;
    tx.execute("UPDATE chats SET error = $2, error_at = $3 WHERE name = $1", &[chat.into(), why.into(), now.into()])?;
    Ok(())
}

/// What was said before now is not heard any more: for a database that was restored.
pub fn skip_all(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute("UPDATE chats SET since = NULL", &[])?;
    Ok(())
}

/// Its document is gone. The rooms stay in the record of their incidents.
pub fn forget(tx: &mut Tx<'_>, chat: &Name) -> Result<(), Error> {
    tx.execute("DELETE FROM chats WHERE name = $1", &[chat.into()])?;
    Ok(())
}

// --- Rooms

/// The room of an incident in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub chat: Name,
    pub incident: IncidentId,
    pub asked_at: Timestamp,
    /// What the provider calls it, once it is opened.
    pub room: Option<String>,
    pub opened_at: Option<Timestamp>,
    /// Why it is not to be had.
    pub failed: Option<String>,
    /// When it was said in it that the incident is no longer for everybody.
    pub hidden_at: Option<Timestamp>,
}

const ROOM: &str = "chat_rooms.chat, chat_rooms.incident, chat_rooms.asked_at, chat_rooms.room, chat_rooms.opened_at, \
    chat_rooms.failed, chat_rooms.hidden_at";

fn room_of_row(row: &Row) -> Result<Room, Error> {
    Ok(Room {
        chat: row.name("chat")?,
        incident: row.id("incident")?,
        asked_at: row.instant("asked_at")?,
        room: row.opt_text("room")?.map(str::to_owned),
        opened_at: row.opt_instant("opened_at")?,
        failed: row.opt_text("failed")?.map(str::to_owned),
        hidden_at: row.opt_instant("hidden_at")?,
    })
}

/// A room is asked for; whether nobody did before.
pub fn ask_for_room(tx: &mut Tx<'_>, chat: &Name, incident: IncidentId, now: Timestamp) -> Result<bool, Error> {
    let sql =
        "INSERT INTO chat_rooms (chat, incident, asked_at) VALUES ($1, $2, $3) ON CONFLICT (chat, incident) DO NOTHING";
    Ok(tx.execute(sql, &[chat.into(), incident.into(), now.into()])? == 1)
}

/// It is opened; whether that was new.
pub fn opened(tx: &mut Tx<'_>, chat: &Name, incident: IncidentId, room: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE chat_rooms SET room = $3, opened_at = $4, failed = NULL \
               WHERE chat = $1 AND incident = $2 AND room IS NULL";
    Ok(tx.execute(sql, &[chat.into(), incident.into(), room.into(), now.into()])? == 1)
}

/// It is not to be had.
pub fn not_opened(tx: &mut Tx<'_>, chat: &Name, incident: IncidentId, why: &str) -> Result<(), Error> {
    let sql = "UPDATE chat_rooms SET failed = $3 WHERE chat = $1 AND incident = $2 AND room IS NULL";
    tx.execute(sql, &[chat.into(), incident.into(), why.into()])?;
    Ok(())
}

pub fn room(tx: &mut Tx<'_>, chat: &Name, incident: IncidentId) -> Result<Option<Room>, Error> {
    let sql = format!("SELECT {ROOM} FROM chat_rooms WHERE chat = $1 AND incident = $2");
    tx.one(&sql, &[chat.into(), incident.into()])?.as_ref().map(room_of_row).transpose()
}

/// The incident whose room this is.
pub fn incident_of(tx: &mut Tx<'_>, chat: &Name, room: &str) -> Result<Option<IncidentId>, Error> {
    let sql = "SELECT incident FROM chat_rooms WHERE chat = $1 AND room = $2";
    tx.one(sql, &[chat.into(), room.into()])?.map(|row| row.id("incident")).transpose()
}

/// The rooms of an incident, for those who see it: whoever asks has found that out.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Room>, Error> {
    let sql = format!("SELECT {ROOM} FROM chat_rooms WHERE incident = $1 ORDER BY chat");
    tx.query(&sql, &[incident.into()])?.iter().map(room_of_row).collect()
}

/// The newest rooms in a chat whose incidents are seen, with what those are called.
pub fn rooms(tx: &mut Tx<'_>, chat: &Name, sight: Sight<'_>, limit: u32) -> Result<Vec<(Room, String)>, Error> {
    let rows = tx.query(
        &format!(
            "SELECT {ROOM}, incidents.title FROM chat_rooms JOIN incidents ON incidents.id = chat_rooms.incident \
             WHERE {SEEN} AND chat_rooms.chat = $2 ORDER BY chat_rooms.incident DESC LIMIT $3"
        ),
        &[sight::bound(sight), chat.into(), limit.into()],
    )?;
    rows.iter().map(|row| Ok((room_of_row(row)?, row.text("title")?.to_owned()))).collect()
}

/// Rooms that were not told yet that their incident is no longer for everybody, and those that were and it is again.
pub fn to_hide(tx: &mut Tx<'_>, chat: &Name, limit: u32) -> Result<Vec<(IncidentId, bool)>, Error> {
    let rows = tx.query(
        "SELECT chat_rooms.incident, chat_rooms.hidden_at FROM chat_rooms \
         JOIN incidents ON incidents.id = chat_rooms.incident WHERE chat_rooms.chat = $1 AND \
         ((incidents.visibility <> 'open' AND chat_rooms.hidden_at IS NULL AND chat_rooms.room IS NOT NULL) \
         OR (incidents.visibility = 'open' AND chat_rooms.hidden_at IS NOT NULL)) \
         ORDER BY chat_rooms.incident LIMIT $2",
        &[chat.into(), limit.into()],
    )?;
    rows.iter().map(|row| Ok((row.id("incident")?, row.opt_instant("hidden_at")?.is_none()))).collect()
}

/// It was told, or is open again; whether that was new.
pub fn set_hidden(tx: &mut Tx<'_>, chat: &Name, incident: IncidentId, at: Option<Timestamp>) -> Result<bool, Error> {
    let sql = if at.is_some() {
        "UPDATE chat_rooms SET hidden_at = $3 WHERE chat = $1 AND incident = $2 AND hidden_at IS NULL"
    } else {
        "UPDATE chat_rooms SET hidden_at = $3 WHERE chat = $1 AND incident = $2 AND hidden_at IS NOT NULL"
    };
    Ok(tx.execute(sql, &[chat.into(), incident.into(), at.into()])? == 1)
}

// --- What was heard

/// Notes that a message was heard, with what was answered; `false` if it was before.
pub fn note(tx: &mut Tx<'_>, chat: &Name, message: &str, answer: Option<&str>, now: Timestamp) -> Result<bool, Error> {
    let noted = tx.execute(
        "INSERT INTO chat_messages (chat, message, heard_at, answer) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (chat, message) DO NOTHING",
        &[chat.into(), message.into(), now.into(), answer.into()],
    )?;
    Ok(noted == 1)
}

/// What was answered to a message that was heard before; `None` if it was not.
pub fn answered(tx: &mut Tx<'_>, chat: &Name, message: &str) -> Result<Option<Option<String>>, Error> {
    let sql = "SELECT answer FROM chat_messages WHERE chat = $1 AND message = $2";
    let row = tx.one(sql, &[chat.into(), message.into()])?;
    row.map(|row| Ok(row.opt_text("answer")?.map(str::to_owned))).transpose()
}

/// Forgets up to so many messages that were heard before an instant; how many.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, most: u32) -> Result<u64, Error> {
    let sql = "SELECT chat, message FROM chat_messages WHERE heard_at < $1 ORDER BY heard_at LIMIT $2";
    let rows = tx.query(sql, &[before.into(), most.into()])?;
    for row in &rows {
        let (chat, message) = (row.text("chat")?, row.text("message")?);
        tx.execute("DELETE FROM chat_messages WHERE chat = $1 AND message = $2", &[chat.into(), message.into()])?;
    }
    Ok(rows.len() as u64)
}

const SEEN: &str = sight::INCIDENT;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Halt, both_engines};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn incident(tx: &mut Tx<'_>, mint: &mut domain::words::Mint, visibility: &str) -> IncidentId {
        let id: IncidentId = mint.id(at(0));
        tx.execute(
            "INSERT INTO incidents (id, title, class, phase, since, activities, visibility, reopened, services, \
             reported_by, reported_at, retrospective, near_miss) \
             VALUES ($1, 'x', 'system', 'active', 0, '{}', $2, 0, '', 'ana', 0, FALSE, FALSE)",
            &[id.into(), visibility.into()],
        )
        .unwrap();
        id
    }

    both_engines! {
        fn a_room_is_asked_for_once_opened_once_and_found_by_its_id(store) {
            let (ops, other): (Name, Name) = ("ops".parse().unwrap(), "other".parse().unwrap());
            let mut mint = domain::words::Mint::seeded(1);
            store.write(|tx| {
                let open = incident(tx, &mut mint, "open");
                let hidden = incident(tx, &mut mint, "restricted");
                assert_eq!((ask_for_room(tx, &ops, open, at(1))?, ask_for_room(tx, &ops, open, at(2))?), (true, false));
                ask_for_room(tx, &ops, hidden, at(1))?;
                assert_eq!(to_hide(tx, &ops, 10)?, [], "nothing can be said before it is opened");
                assert!(opened(tx, &ops, open, "!a", at(3))?);
                assert!(!opened(tx, &ops, open, "!b", at(4))?, "it has a room");
                opened(tx, &ops, hidden, "!h", at(3))?;
                not_opened(tx, &ops, open, "no")?;
                assert_eq!(room(tx, &ops, open)?.unwrap().room.as_deref(), Some("!a"));
                assert_eq!(room(tx, &ops, open)?.unwrap().failed, None);
                assert_eq!((incident_of(tx, &ops, "!a")?, incident_of(tx, &other, "!a")?), (Some(open), None));
                assert_eq!(of_incident(tx, open)?.len(), 1);
                // A list shows what is seen, and who must be told is found.
                assert_eq!(rooms(tx, &ops, Sight::Open, 10)?.len(), 1);
                assert_eq!(rooms(tx, &ops, Sight::Whole, 10)?.len(), 2);
                assert_eq!(to_hide(tx, &ops, 10)?, [(hidden, true)]);
                assert_eq!((set_hidden(tx, &ops, hidden, Some(at(5)))?, set_hidden(tx, &ops, hidden, Some(at(6)))?), (true, false));
                assert_eq!(to_hide(tx, &ops, 10)?, []);
                tx.execute("UPDATE incidents SET visibility = 'open' WHERE id = $1", &[hidden.into()])?;
                assert_eq!(to_hide(tx, &ops, 10)?, [(hidden, false)]);
                assert!(set_hidden(tx, &ops, hidden, None)?);
                assert_eq!(to_hide(tx, &ops, 10)?, []);
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn a_message_is_noted_once_and_its_answer_is_kept_for_a_while(store) {
            let ops: Name = "ops".parse().unwrap();
            store.write(|tx| {
                assert_eq!(answered(tx, &ops, "$1")?, None);
                assert_eq!((note(tx, &ops, "$1", Some("done"), at(1))?, note(tx, &ops, "$1", None, at(2))?), (true, false));
                note(tx, &ops, "$2", None, at(5))?;
                assert_eq!((answered(tx, &ops, "$1")?, answered(tx, &ops, "$2")?), (Some(Some("done".into())), Some(None)));
                assert_eq!((cut(tx, at(5), 10)?, cut(tx, at(5), 10)?), (1, 0));
                assert_eq!(answered(tx, &ops, "$1")?, None);
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn how_a_chat_stands_is_kept_until_it_is_forgotten(store) {
            let ops: Name = "ops".parse().unwrap();
            store.write(|tx| {
                failed(tx, &ops, "connection refused", at(1))?;
                assert_eq!(standing(tx, &ops)?.error, Some((at(1), "connection refused".into())));
                heard(tx, &ops, Some("s1"), at(2))?;
                heard(tx, &ops, None, at(3))?;
                spoke(tx, &ops, at(4))?;
                let expected = Standing { since: Some("s1".into()), heard_at: Some(at(3)), spoke_at: Some(at(4)), error: None };
                assert_eq!(standing(tx, &ops)?, expected);
                skip_all(tx)?;
                assert_eq!(standing(tx, &ops)?.since, None);
                assert_eq!(names(tx)?, std::slice::from_ref(&ops));
                forget(tx, &ops)?;
                assert_eq!(standing(tx, &ops)?, Standing::default());
                Ok::<_, Halt>(())
            }).unwrap();
        }
    }
}
