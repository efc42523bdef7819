//! Rows of pages.

use domain::engage::deliveries::Urgency;
use domain::engage::escalations::{End, State};
use domain::engage::pages::About;
use domain::respond::sight::Sight;
use domain::words::{GroupId, IncidentId, Name, PageId, Timestamp};

use crate::door::{Error, Row, Tx, Value};
use crate::respond::sight;

/// A page as its row tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRow {
    pub id: PageId,
    pub about: About,
    /// What a reminder is of, within its incident.
    pub owed: Option<String>,
    pub policy: Option<Name>,
    pub service: Option<Name>,
    pub title: String,
    /// Why it was started: `first page of the group`.
    pub because: String,
    pub urgency: Urgency,
    pub started_at: Timestamp,
    pub state: State,
}

const COLUMNS: &str = "id, kind, group_id, incident, owed, policy, service, title, because, urgency, started_at, state, step, round, \
    state_at, due_at, state_by, ended_why";
const SEEN: &str = sight::PAGE;

pub fn insert(tx: &mut Tx<'_>, page: &PageRow) -> Result<(), Error> {
    let facts = facts(&page.state);
    tx.execute(
        "INSERT INTO pages (id, kind, group_id, incident, owed, policy, service, title, because, urgency, started_at, state, \
         step, round, state_at, due_at, state_by, ended_why) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        &[
            page.id.into(),
            page.about.word().into(),
            page.about.group().into(),
            page.about.incident().into(),
            page.owed.as_deref().into(),
            page.policy.as_ref().map(AsRef::as_ref).into(),
            page.service.as_ref().map(AsRef::as_ref).into(),
            page.title.as_str().into(),
            page.because.as_str().into(),
            page.urgency.word().into(),
            page.started_at.into(),
            page.state.word().into(),
            facts.step.into(),
            facts.round.into(),
            facts.at.into(),
            page.state.due_at().into(),
            facts.by,
            facts.why,
        ],
    )?;
    Ok(())
}

/// Writes a new state.
pub fn save_state(tx: &mut Tx<'_>, id: PageId, state: &State) -> Result<(), Error> {
    let facts = facts(state);
    tx.execute(
        "UPDATE pages SET state = $2, step = $3, round = $4, state_at = $5, due_at = $6, state_by = $7, ended_why = $8 \
         WHERE id = $1",
        &[
            id.into(),
            state.word().into(),
            facts.step.into(),
            facts.round.into(),
            facts.at.into(),
            state.due_at().into(),
            facts.by,
            facts.why,
        ],
    )?;
    Ok(())
}

/// Writes why it was started again, and how urgent it is now.
pub fn save_reason(tx: &mut Tx<'_>, id: PageId, urgency: Urgency, because: &str) -> Result<(), Error> {
    let sql = "UPDATE pages SET urgency = $2, because = $3 WHERE id = $1";
    tx.execute(sql, &[id.into(), urgency.word().into(), because.into()])?;
    Ok(())
}

/// The page, for this program itself.
pub fn get(tx: &mut Tx<'_>, id: PageId) -> Result<Option<PageRow>, Error> {
    seen(tx, id, Sight::Whole)
}

/// The page, if whoever looks may see it.
pub fn seen(tx: &mut Tx<'_>, id: PageId, sight: Sight<'_>) -> Result<Option<PageRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM pages WHERE {SEEN} AND id = $2");
    tx.one(&sql, &[sight::bound(sight), id.into()])?.map(|row| read(&row)).transpose()
}

/// The pages of a group, newest first.
pub fn of_group(tx: &mut Tx<'_>, group: GroupId) -> Result<Vec<PageRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM pages WHERE group_id = $1 ORDER BY id DESC LIMIT 50");
    tx.query(&sql, &[group.into()])?.iter().map(read).collect()
}

/// The pages about an incident itself, newest first.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<PageRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM pages WHERE incident = $1 ORDER BY id DESC LIMIT 50");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// The pages that remind of something in an incident and are not over.
pub fn reminders(tx: &mut Tx<'_>, incident: IncidentId, owed: &str) -> Result<Vec<PageRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pages WHERE incident = $1 AND owed = $2 AND kind = 'reminder' AND state <> 'ended' ORDER BY id"
    );
    tx.query(&sql, &[incident.into(), owed.into()])?.iter().map(read).collect()
}

/// Pages newest first, from before an id; only those that are not over, if `open`.
pub fn list(
    tx: &mut Tx<'_>,
    open: bool,
    sight: Sight<'_>,
    before: Option<PageId>,
    limit: u32,
) -> Result<Vec<PageRow>, Error> {
    let filter = if open { "state <> 'ended' AND" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM pages WHERE {SEEN} AND {filter} id < $2 ORDER BY id DESC LIMIT $3");
    let before = before.map_or_else(|| "pag~".to_owned(), |id| id.to_string());
    tx.query(&sql, &[sight::bound(sight), before.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// The last pages of a policy about alerts that are over, the newest first.
pub fn of_policy(tx: &mut Tx<'_>, policy: &Name, sight: Sight<'_>, limit: u32) -> Result<Vec<PageRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pages WHERE {SEEN} AND policy = $2 AND group_id IS NOT NULL AND state = 'ended' \
         ORDER BY id DESC LIMIT $3"
    );
    tx.query(&sql, &[sight::bound(sight), policy.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// Pages of which something is due.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<PageId>, Error> {
    let sql = "SELECT id FROM pages WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    tx.query(sql, &[now.into(), i64::from(limit).into()])?.iter().map(|row| row.id("id")).collect()
}

pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(due_at) AS due FROM pages WHERE due_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// Forgets up to `limit` pages that ended before `before`, with everything that was sent for them; how many. Those about
/// what belongs to an incident stay with it.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let sql = "SELECT id FROM pages WHERE state = 'ended' AND state_at < $1 AND incident IS NULL AND NOT EXISTS \
               (SELECT 1 FROM incident_links WHERE incident_links.subject = pages.group_id) ORDER BY id LIMIT $2";
    let ids: Vec<PageId> = tx
        .query(sql, &[before.into(), i64::from(limit).into()])?
        .iter()
        .map(|row| row.id("id"))
        .collect::<Result<_, _>>()?;
    for id in &ids {
        tx.execute("DELETE FROM attempts WHERE delivery IN (SELECT id FROM deliveries WHERE page = $1)", &[id.into()])?;
        tx.execute("DELETE FROM deliveries WHERE page = $1", &[id.into()])?;
        tx.execute("DELETE FROM pages WHERE id = $1", &[id.into()])?;
    }
    Ok(ids.len() as u64)
}

struct Facts<'a> {
    step: i64,
    round: i64,
    at: Timestamp,
    by: Value<'a>,
    why: Value<'a>,
}

fn facts(state: &State) -> Facts<'_> {
    match state {
        State::Calling { step, round, since, .. } => {
            Facts { step: (*step).into(), round: (*round).into(), at: *since, by: Value::Null, why: Value::Null }
        }
        State::Acknowledged { by, at, step, round, .. } => {
            Facts { step: (*step).into(), round: (*round).into(), at: *at, by: by.into(), why: Value::Null }
        }
        State::Ended { at, why } => Facts { step: 0, round: 0, at: *at, by: Value::Null, why: why.word().into() },
    }
}

fn about(row: &Row) -> Result<About, Error> {
    Ok(match row.text("kind")? {
        "alert" => About::Group(row.id("group_id")?),
        "command" => About::Command(row.id("incident")?),
        "reminder" => match row.opt_id("incident")? {
            Some(incident) => About::Reminder(incident),
            // What it is of stands where an incident has what is owed.
            None => About::Kill(row.id("owed")?),
        },
        _ => About::Test,
    })
}

fn read(row: &Row) -> Result<PageRow, Error> {
    let small = |column| row.int(column).map(|value| u16::try_from(value).unwrap_or(u16::MAX));
    let (step, round, at) = (small("step")?, small("round")?, row.instant("state_at")?);
    let state = match row.text("state")? {
        "calling" => State::Calling { step, round, since: at, due_at: row.opt_instant("due_at")? },
        "acknowledged" => {
            State::Acknowledged { by: row.name("state_by")?, at, until: row.opt_instant("due_at")?, step, round }
        }
        _ => {
            let why = match row.text("ended_why")? {
                "resolved" => End::Resolved,
                "silenced" => End::Silenced,
                _ => End::Unanswered,
            };
            State::Ended { at, why }
        }
    };
    Ok(PageRow {
        id: row.id("id")?,
        about: about(row)?,
        owed: row.opt_text("owed")?.map(str::to_owned),
        policy: row.opt_name("policy")?,
        service: row.opt_name("service")?,
        title: row.text("title")?.to_owned(),
        because: row.text("because")?.to_owned(),
        urgency: row.parse("urgency")?,
        started_at: row.instant("started_at")?,
        state,
    })
}
