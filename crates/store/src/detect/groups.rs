//! Rows of groups.

use domain::detect::groups::Group;
use domain::engage::deliveries::Urgency;
use domain::words::{GroupId, Timestamp};

use crate::door::{Error, Row, Tx, Value};

const COLUMNS: &str = "id, route, labels, service, policy, urgency, title, opened_at, closed_at, page, told, due_at";

/// Writes a group as it is now.
pub fn save(tx: &mut Tx<'_>, group: &Group, closed_at: Option<Timestamp>) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO groups (id, route, labels, service, policy, urgency, title, opened_at, closed_at, page, told, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (id) DO UPDATE SET urgency = excluded.urgency, closed_at = excluded.closed_at, \
         page = excluded.page, told = excluded.told, due_at = excluded.due_at",
        &[
            group.id.into(),
            group.route.as_str().into(),
            json(&group.labels),
            group.service.as_ref().map(AsRef::as_ref).into(),
            group.policy.as_ref().map(AsRef::as_ref).into(),
            group.urgency.map(Urgency::word).into(),
            group.title.as_str().into(),
            group.opened_at.into(),
            closed_at.into(),
            group.page.into(),
            json(&group.told),
            group.due_at.filter(|_| closed_at.is_none()).into(),
        ],
    )?;
    Ok(())
}

/// A group, open or closed, and when it was closed.
pub fn get(tx: &mut Tx<'_>, id: GroupId) -> Result<Option<(Group, Option<Timestamp>)>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM groups WHERE id = $1");
    tx.one(&sql, &[id.into()])?.map(|row| Ok((read(&row)?, row.opt_instant("closed_at")?))).transpose()
}

/// Every open group.
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<Group>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM groups WHERE closed_at IS NULL ORDER BY id");
    tx.query(&sql, &[])?.iter().map(read).collect()
}

/// Open groups whose wait for company is over.
pub fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<GroupId>, Error> {
    let sql = "SELECT id FROM groups WHERE due_at <= $1 AND closed_at IS NULL ORDER BY due_at, id LIMIT 500";
    tx.query(sql, &[now.into()])?.iter().map(|row| row.id("id")).collect()
}

/// The earliest end of such a wait.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(due_at) AS due FROM groups WHERE due_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// Forgets up to `limit` groups that were closed before `before`; how many. What belongs to an incident stays with it.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let sql = "DELETE FROM groups WHERE id IN \
               (SELECT id FROM groups WHERE closed_at IS NOT NULL AND closed_at < $1 AND NOT EXISTS \
               (SELECT 1 FROM incident_links WHERE incident_links.subject = groups.id) ORDER BY id LIMIT $2)";
    tx.execute(sql, &[before.into(), i64::from(limit).into()])
}

fn json<T: serde::Serialize>(value: &T) -> Value<'static> {
    serde_json::to_string(value).expect("texts have a JSON form").into()
}

fn read(row: &Row) -> Result<Group, Error> {
    Ok(Group {
        id: row.id("id")?,
        route: row.name("route")?,
        labels: row.json("labels")?,
        service: row.opt_name("service")?,
        policy: row.opt_name("policy")?,
        urgency: row.opt_parse("urgency")?,
        title: row.text("title")?.to_owned(),
        opened_at: row.instant("opened_at")?,
        page: row.opt_id("page")?,
        told: row.json("told")?,
        due_at: row.opt_instant("due_at")?,
    })
}
