//! Rows of action items, of what their checks saw, and of the incidents in which something came back.

use domain::learn::action_items::{ActionItem, DropAsked, Kind, Priority, State};
use domain::learn::item_checks::{DrillSeen, Evidence, Seen};
use domain::prepare::documents::Reference;
use domain::respond::sight::Sight;
use domain::words::{ActionItemId, IncidentId, Name, Timestamp};

use super::customer_postmortems;
use super::memories;
use crate::door::{Error, Row, Tx, Value};
use crate::inform::notices;
use crate::respond::sight::{self, INCIDENT as SEEN};

/// An item with its incident and its timers.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRow {
    pub incident: IncidentId,
    pub item: ActionItem,
    /// When its owner was reminded last.
    pub reminded_at: Option<Timestamp>,
    /// When its owner is reminded next.
    pub wake_at: Option<Timestamp>,
    /// When its check is asked next.
    pub check_at: Option<Timestamp>,
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub owner: Option<Name>,
    pub incident: Option<IncidentId>,
    /// A word of the state; `open`: proposed or accepted.
    pub state: Option<String>,
    pub kind: Option<Kind>,
    pub priority: Option<Priority>,
    /// Of incidents that touch this service.
    pub service: Option<Name>,
    /// Due before this, and open.
    pub overdue_at: Option<Timestamp>,
    /// What follows this one in the list.
    pub after: Option<Place>,
}

/// Where an item stands in a list: the open ones first, by when they are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub open: bool,
    pub due_at: Timestamp,
    pub id: ActionItemId,
}

impl Place {
    pub fn of(item: &ActionItem) -> Self {
        Self { open: item.state.is_open(), due_at: item.due_at, id: item.id }
    }
}

const COLUMNS: &str = "action_items.id, action_items.incident, action_items.title, action_items.bound, action_items.owner, \
    action_items.kind, action_items.priority, action_items.due_at, action_items.factor, action_items.proof, \
    action_items.proposed_at, action_items.state, action_items.state_at, action_items.done_at, action_items.state_by, \
    action_items.asked_by, action_items.because, action_items.reopened, action_items.drop_by, action_items.drop_why, \
    action_items.drop_at, action_items.reminded_at, action_items.wake_at, action_items.check_at";

/// What is over stands behind what is open.
const OVER: &str = "CASE WHEN action_items.state IN ('proposed', 'accepted') THEN 0 ELSE 1 END";

/// Writes an item as it is now, with its timers.
pub fn save(tx: &mut Tx<'_>, row: &ItemRow) -> Result<(), Error> {
    let item = &row.item;
    let (at, by, asked_by, because) = match &item.state {
        State::Proposed => (item.proposed_at, None, None, None),
        State::Accepted { at } | State::Done { at } => (*at, None, None, None),
        State::Verified { at, by, .. } => (*at, by.as_ref(), None, None),
        State::WontDo { at, why, asked_by, approved_by } => {
            (*at, Some(approved_by), Some(asked_by), Some(why.as_str()))
        }
    };
    let asked = item.drop_asked.as_ref();
    let document = item.check.document().map(|document| document.to_string());
    tx.execute(
        "INSERT INTO action_items (id, incident, title, bound, owner, kind, priority, due_at, factor, proof, document, slow, \
         proposed_at, state, state_at, done_at, state_by, asked_by, because, reopened, drop_by, drop_why, drop_at, reminded_at, \
         wake_at, check_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
         $21, $22, $23, $24, $25, $26) ON CONFLICT (id) DO UPDATE SET title = excluded.title, bound = excluded.bound, \
         owner = excluded.owner, kind = excluded.kind, priority = excluded.priority, due_at = excluded.due_at, \
         factor = excluded.factor, proof = excluded.proof, document = excluded.document, slow = excluded.slow, \
         state = excluded.state, state_at = excluded.state_at, done_at = excluded.done_at, state_by = excluded.state_by, \
         asked_by = excluded.asked_by, because = excluded.because, reopened = excluded.reopened, drop_by = excluded.drop_by, \
         drop_why = excluded.drop_why, drop_at = excluded.drop_at, reminded_at = excluded.reminded_at, \
         wake_at = excluded.wake_at, check_at = excluded.check_at",
        &[
            item.id.into(),
            row.incident.into(),
            item.title.as_str().into(),
            item.bound.as_str().into(),
            (&item.owner).into(),
            item.kind.word().into(),
            item.priority.word().into(),
            item.due_at.into(),
            item.factor.as_ref().into(),
            json(&item.check),
            document.into(),
            item.check.is_slow().into(),
            item.proposed_at.into(),
            item.state.word().into(),
            at.into(),
            item.state.done_at().into(),
            by.into(),
            asked_by.into(),
            because.into(),
            i64::from(item.reopened).into(),
            asked.map(|asked| &asked.by).into(),
            asked.map(|asked| asked.why.as_str()).into(),
            asked.map(|asked| asked.at).into(),
            row.reminded_at.into(),
            row.wake_at.into(),
            row.check_at.into(),
        ],
    )?;
    if customer_postmortems::is_promised(tx, item.id)? {
        notices::touch(tx)?;
    }
    Ok(())
}

/// One, if whoever looks may see its incident.
pub fn get(tx: &mut Tx<'_>, id: ActionItemId, sight: Sight<'_>) -> Result<Option<ItemRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM action_items JOIN incidents ON incidents.id = action_items.incident \
         WHERE {SEEN} AND action_items.id = $2"
    );
    tx.one(&sql, &[sight::bound(sight), id.into()])?.map(|row| read(&row)).transpose()
}

/// Those of many whose incident is seen, in no order.
pub fn of_ids(tx: &mut Tx<'_>, ids: &[ActionItemId], sight: Sight<'_>) -> Result<Vec<ItemRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM action_items JOIN incidents ON incidents.id = action_items.incident \
         WHERE {SEEN} AND action_items.id IN ({{ids}})"
    );
    tx.query_ids(&sql, &[sight::bound(sight)], ids)?.iter().map(read).collect()
}

/// Those of an incident, in the order in which they were proposed. Whether that may be seen was asked before.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<ItemRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM action_items WHERE incident = $1 ORDER BY id");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// Those of incidents that are seen: the open ones first, by when they are due.
pub fn list(tx: &mut Tx<'_>, filter: &Filter, sight: Sight<'_>, limit: u32) -> Result<Vec<ItemRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM action_items JOIN incidents ON incidents.id = action_items.incident WHERE {SEEN} \
         AND ($2 = '' OR action_items.owner = $2) AND ($3 = '' OR action_items.state = $3 OR $3 = 'open' AND \
         action_items.state IN ('proposed', 'accepted')) AND ($4 = '' OR action_items.kind = $4) \
         AND ($5 = '' OR action_items.priority = $5) AND ($6 = '' OR action_items.incident = $6) \
         AND (action_items.due_at < $7 AND action_items.state IN ('proposed', 'accepted') OR $7 = 0) \
         AND ($8 = '' OR $9 || incidents.services || $9 LIKE $8) \
         AND ($10 = '' OR {OVER} > $11 OR {OVER} = $11 AND (action_items.due_at > $12 \
         OR action_items.due_at = $12 AND action_items.id > $10)) \
         ORDER BY {OVER}, action_items.due_at, action_items.id LIMIT $13"
    );
    let service = filter.service.as_ref().map_or_else(String::new, |service| format!("%\n{service}\n%"));
    let rows = tx.query(
        &sql,
        &[
            sight::bound(sight),
            filter.owner.as_ref().map_or("", Name::as_str).into(),
            filter.state.as_deref().unwrap_or("").into(),
            filter.kind.map_or("", Kind::word).into(),
            filter.priority.map_or("", Priority::word).into(),
            filter.incident.map_or_else(String::new, |id| id.to_string()).into(),
            filter.overdue_at.map_or(0, Timestamp::as_microsecond).into(),
            service.into(),
            "\n".into(),
            filter.after.map_or_else(String::new, |place| place.id.to_string()).into(),
            filter.after.map_or(0, |place| i64::from(!place.open)).into(),
            filter.after.map_or(0, |place| place.due_at.as_microsecond()).into(),
            i64::from(limit).into(),
        ],
    )?;
    rows.iter().map(read).collect()
}

/// Those whose owners are to be reminded by now.
pub fn to_remind(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<ItemRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM action_items WHERE wake_at <= $1 ORDER BY wake_at, id LIMIT $2");
    tx.query(&sql, &[now.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// Those whose check is to be asked by now: what needs the world outside, or what does not.
pub fn to_check(tx: &mut Tx<'_>, slow: bool, now: Timestamp, limit: u32) -> Result<Vec<ItemRow>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM action_items WHERE check_at <= $1 AND slow = $2 ORDER BY check_at, id LIMIT $3");
    tx.query(&sql, &[now.into(), slow.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// When somebody is reminded next.
pub fn next_reminder(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(wake_at) AS due FROM action_items WHERE wake_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// When a check is asked next that needs nothing from outside.
pub fn next_check(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT min(check_at) AS due FROM action_items WHERE check_at IS NOT NULL AND slow = FALSE";
    tx.one(sql, &[])?.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// Takes a check upon oneself until then: true for one node only.
pub fn claim_check(tx: &mut Tx<'_>, id: ActionItemId, due_at: Timestamp, until: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE action_items SET check_at = $3 WHERE id = $1 AND check_at = $2";
    Ok(tx.execute(sql, &[id.into(), due_at.into(), until.into()])? > 0)
}

/// A document changed: what was done and is proven by it is asked again, now.
pub fn document_changed(tx: &mut Tx<'_>, document: &Reference, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE action_items SET check_at = $2 WHERE document = $1 AND state IN ('done', 'verified')";
    tx.execute(sql, &[document.to_string().into(), now.into()])?;
    Ok(())
}

/// Keeps what a check saw. What was seen before is not written again, but that it is still so.
pub fn add_evidence(
    tx: &mut Tx<'_>,
    id: ActionItemId,
    seen: &Seen,
    by: Option<&Name>,
    now: Timestamp,
) -> Result<(), Error> {
    let last = evidence(tx, id, 1)?.into_iter().next();
    if let Some(last) = last.filter(|last| last.seen == *seen && last.by.as_ref() == by) {
        let sql = "UPDATE action_item_evidence SET until = $3 WHERE item = $1 AND at = $2";
        tx.execute(sql, &[id.into(), last.at.into(), now.into()])?;
        return Ok(());
    }
    tx.execute(
        "INSERT INTO action_item_evidence (item, at, until, answer, said, person) VALUES ($1, $2, $2, $3, $4, $5) \
         ON CONFLICT (item, at) DO UPDATE SET answer = excluded.answer, said = excluded.said, person = excluded.person",
        &[id.into(), now.into(), seen.answer.word().into(), seen.said.as_str().into(), by.into()],
    )?;
    Ok(())
}

/// What its checks saw, the latest first.
pub fn evidence(tx: &mut Tx<'_>, id: ActionItemId, limit: u32) -> Result<Vec<Evidence>, Error> {
    let sql =
        "SELECT at, until, answer, said, person FROM action_item_evidence WHERE item = $1 ORDER BY at DESC LIMIT $2";
    let read = |row: &Row| {
        Ok(Evidence {
            at: row.instant("at")?,
            until: row.instant("until")?,
            seen: Seen { answer: row.parse("answer")?, said: row.text("said")?.to_owned() },
            by: row.opt_name("person")?,
        })
    };
    tx.query(sql, &[id.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// Items of incidents that are over, open to everybody and no drills, in which the same alerts fired since then.
pub fn of_same_alerts(
    tx: &mut Tx<'_>,
    but: IncidentId,
    route: &Name,
    labels: &[(String, String)],
    since: Timestamp,
) -> Result<Vec<ItemRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM action_items JOIN incidents ON incidents.id = action_items.incident \
         WHERE incidents.visibility = 'open' AND NOT incidents.drill AND incidents.id <> $1 \
         AND incidents.phase IN ('resolved', 'in-review', 'closed') AND EXISTS (SELECT 1 FROM incident_links \
         JOIN groups ON groups.id = incident_links.subject WHERE incident_links.alike = $2 \
         AND incident_links.incident = incidents.id AND groups.labels = $3 AND groups.opened_at >= $4) \
         ORDER BY action_items.id LIMIT 50"
    );
    let bound = [but.into(), memories::alike(route, labels).into(), json(&labels), since.into()];
    tx.query(&sql, &bound)?.iter().map(read).collect()
}

/// Items of such incidents that answer a factor, of incidents that were reported since then.
pub fn of_same_factor(tx: &mut Tx<'_>, but: IncidentId, factor: &str, since: Timestamp) -> Result<Vec<ItemRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM action_items JOIN incidents ON incidents.id = action_items.incident \
         WHERE incidents.visibility = 'open' AND NOT incidents.drill AND incidents.id <> $1 \
         AND incidents.phase IN ('resolved', 'in-review', 'closed') AND action_items.factor = $2 \
         AND incidents.reported_at >= $3 ORDER BY action_items.id LIMIT 50"
    );
    tx.query(&sql, &[but.into(), factor.into(), since.into()])?.iter().map(read).collect()
}

/// That something of an item came back in an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    pub item: ActionItemId,
    pub incident: IncidentId,
    pub at: Timestamp,
    /// How it stood, and when it was due, if it was reopened.
    pub was: Option<(State, Timestamp)>,
    /// The incident was none after all.
    pub undone_at: Option<Timestamp>,
}

/// Keeps that; false if it is kept already.
pub fn add_recurrence(tx: &mut Tx<'_>, one: &Recurrence) -> Result<bool, Error> {
    let (state, due_at) = one.was.as_ref().map_or((None, None), |(state, due_at)| (Some(state), Some(*due_at)));
    let (at, done_at, by) = match state {
        Some(State::Done { at }) => (Some(*at), Some(*at), None),
        Some(State::Verified { at, done_at, by }) => (Some(*at), Some(*done_at), by.as_ref()),
        _ => (None, None, None),
    };
    let added = tx.execute(
        "INSERT INTO action_item_recurrences (item, incident, at, was, was_at, was_done_at, was_by, was_due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (item, incident) DO NOTHING",
        &[
            one.item.into(),
            one.incident.into(),
            one.at.into(),
            state.map(State::word).into(),
            at.into(),
            done_at.into(),
            by.into(),
            due_at.into(),
        ],
    )?;
    Ok(added > 0)
}

/// What came back in an incident.
pub fn recurrences_in(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Recurrence>, Error> {
    let sql = "SELECT item, incident, at, was, was_at, was_done_at, was_by, was_due_at, undone_at FROM action_item_recurrences \
               WHERE incident = $1 ORDER BY item";
    tx.query(sql, &[incident.into()])?.iter().map(read_recurrence).collect()
}

/// In which incidents, that are seen, something of an item came back.
pub fn recurrences_of(tx: &mut Tx<'_>, item: ActionItemId, who: Sight<'_>) -> Result<Vec<Recurrence>, Error> {
    let sql = format!(
        "SELECT item, incident, at, was, was_at, was_done_at, was_by, was_due_at, undone_at FROM action_item_recurrences \
         JOIN incidents ON incidents.id = action_item_recurrences.incident WHERE {SEEN} AND item = $2 ORDER BY at, incident"
    );
    tx.query(&sql, &[sight::bound(who), item.into()])?.iter().map(read_recurrence).collect()
}

/// The incident was none.
pub fn undo_recurrence(tx: &mut Tx<'_>, item: ActionItemId, incident: IncidentId, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE action_item_recurrences SET undone_at = $3 WHERE item = $1 AND incident = $2";
    tx.execute(sql, &[item.into(), incident.into(), now.into()])?;
    Ok(())
}

/// Drills that are over since then and seen by everybody.
pub fn drills_since(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<DrillSeen>, Error> {
    let sql = "SELECT id, title, because, impact, services, since FROM incidents WHERE drill AND visibility = 'open' \
               AND phase IN ('resolved', 'in-review', 'closed') AND since >= $1 ORDER BY since LIMIT 500";
    let read = |row: &Row| {
        let part = |column: &str| Ok::<_, Error>(row.opt_text(column)?.unwrap_or_default().to_owned());
        let services = row.text("services")?.lines().map(str::parse).collect::<Result<_, _>>();
        Ok(DrillSeen {
            id: row.text("id")?.to_owned(),
            words: [part("title")?, part("because")?, part("impact")?].join("\n"),
            services: services.map_err(|_| Error::corrupt("the services of an incident do not read"))?,
            closed_at: row.instant("since")?,
        })
    };
    tx.query(sql, &[since.into()])?.iter().map(read).collect()
}

/// What a curve needs of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct LifeRow {
    pub kind: Kind,
    pub priority: Priority,
    pub services: Vec<String>,
    pub proposed_at: Timestamp,
    pub done_at: Option<Timestamp>,
    /// When it was decided that it will not be done.
    pub dropped_at: Option<Timestamp>,
}

/// All of incidents that are seen and no drills.
pub fn lives(tx: &mut Tx<'_>, who: Sight<'_>) -> Result<Vec<LifeRow>, Error> {
    let sql = format!(
        "SELECT action_items.kind, action_items.priority, action_items.proposed_at, action_items.done_at, action_items.state, \
         action_items.state_at, incidents.services FROM action_items JOIN incidents ON incidents.id = action_items.incident \
         WHERE {SEEN} AND NOT incidents.drill ORDER BY action_items.id"
    );
    let read = |row: &Row| {
        let dropped = row.text("state")? == "wont-do";
        Ok(LifeRow {
            kind: row.parse("kind")?,
            priority: row.parse("priority")?,
            services: row.text("services")?.lines().map(str::to_owned).collect(),
            proposed_at: row.instant("proposed_at")?,
            done_at: row.opt_instant("done_at")?,
            dropped_at: if dropped { Some(row.instant("state_at")?) } else { None },
        })
    };
    tx.query(&sql, &[sight::bound(who)])?.iter().map(read).collect()
}

fn json<T: serde::Serialize>(value: &T) -> Value<'static> {
    serde_json::to_string(value).expect("texts have a JSON form").into()
}

fn read(row: &Row) -> Result<ItemRow, Error> {
    let at = row.instant("state_at")?;
    let missing = || Error::corrupt("an action item lacks what its state needs");
    let state = match row.text("state")? {
        "proposed" => State::Proposed,
        "accepted" => State::Accepted { at },
        "done" => State::Done { at },
        "verified" => State::Verified {
            at,
            done_at: row.opt_instant("done_at")?.ok_or_else(missing)?,
            by: row.opt_name("state_by")?,
        },
        "wont-do" => State::WontDo {
            at,
            why: row.opt_text("because")?.ok_or_else(missing)?.to_owned(),
            asked_by: row.opt_name("asked_by")?.ok_or_else(missing)?,
            approved_by: row.opt_name("state_by")?.ok_or_else(missing)?,
        },
        _ => return Err(Error::corrupt("the state of an action item does not read")),
    };
    let drop_asked = match (row.opt_name("drop_by")?, row.opt_text("drop_why")?, row.opt_instant("drop_at")?) {
        (Some(by), Some(why), Some(at)) => Some(DropAsked { by, why: why.to_owned(), at }),
        _ => None,
    };
    Ok(ItemRow {
        incident: row.id("incident")?,
        item: ActionItem {
            id: row.id("id")?,
            title: row.text("title")?.to_owned(),
            bound: row.text("bound")?.to_owned(),
            owner: row.name("owner")?,
            kind: row.parse("kind")?,
            priority: row.parse("priority")?,
            due_at: row.instant("due_at")?,
            factor: row.opt_text("factor")?.map(str::to_owned),
            check: row.json("proof")?,
            proposed_at: row.instant("proposed_at")?,
            state,
            reopened: u32::try_from(row.int("reopened")?).unwrap_or(u32::MAX),
            drop_asked,
        },
        reminded_at: row.opt_instant("reminded_at")?,
        wake_at: row.opt_instant("wake_at")?,
        check_at: row.opt_instant("check_at")?,
    })
}

fn read_recurrence(row: &Row) -> Result<Recurrence, Error> {
    let missing = || Error::corrupt("a recurrence lacks how its item stood");
    let at = row.opt_instant("was_at")?;
    let state = match row.opt_text("was")? {
        Some("done") => Some(State::Done { at: at.ok_or_else(missing)? }),
        Some("verified") => Some(State::Verified {
            at: at.ok_or_else(missing)?,
            done_at: row.opt_instant("was_done_at")?.ok_or_else(missing)?,
            by: row.opt_name("was_by")?,
        }),
        _ => None,
    };
    Ok(Recurrence {
        item: row.id("item")?,
        incident: row.id("incident")?,
        at: row.instant("at")?,
        was: state.zip(row.opt_instant("was_due_at")?),
        undone_at: row.opt_instant("undone_at")?,
    })
}

#[cfg(test)]
#[path = "action_items_tests.rs"]
pub(crate) mod tests;
