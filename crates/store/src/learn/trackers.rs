//! Rows of the issues that action items have in trackers: asked for, found or made, and how both stood when they last agreed.

use domain::words::{ActionItemId, Name, Timestamp};

use crate::door::{Error, Row, Tx};

/// The issue of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedRow {
    pub item: ActionItemId,
    pub tracker: Name,
    /// What it is called there; nothing: it is still to be made.
    pub issue: Option<String>,
    pub url: Option<String>,
    pub title: Option<String>,
    /// What the tracker calls how it stands.
    pub status: Option<String>,
    /// Whether both were open when they last agreed.
    pub agreed_open: bool,
    pub etag: Option<String>,
    pub asked_by: Name,
    pub asked_at: Timestamp,
    /// When it was last heard of.
    pub heard_at: Option<Timestamp>,
    /// What stands in the way, as people read it.
    pub trouble: Option<String>,
    /// How often in a row there was trouble.
    pub attempts: u32,
    /// When it is looked at next; nothing: somebody has to do something first.
    pub due_at: Option<Timestamp>,
    /// The tracker said meanwhile that it changed: it is looked at once more.
    pub wished: bool,
}

const COLUMNS: &str = "item, tracker, issue, url, title, status, agreed_open, etag, asked_by, asked_at, heard_at, trouble, \
    attempts, due_at, wished";

/// Writes it as it is now.
pub fn save(tx: &mut Tx<'_>, row: &TrackedRow) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO tracked_issues (item, tracker, issue, url, title, status, agreed_open, etag, asked_by, asked_at, heard_at, \
         trouble, attempts, due_at, wished) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (item) DO UPDATE SET issue = excluded.issue, url = excluded.url, title = excluded.title, \
         status = excluded.status, agreed_open = excluded.agreed_open, etag = excluded.etag, heard_at = excluded.heard_at, \
         trouble = excluded.trouble, attempts = excluded.attempts, due_at = excluded.due_at, wished = excluded.wished",
        &[
            row.item.into(),
            (&row.tracker).into(),
            row.issue.as_deref().into(),
            row.url.as_deref().into(),
            row.title.as_deref().into(),
            row.status.as_deref().into(),
            row.agreed_open.into(),
            row.etag.as_deref().into(),
            (&row.asked_by).into(),
            row.asked_at.into(),
            row.heard_at.into(),
            row.trouble.as_deref().into(),
            i64::from(row.attempts).into(),
            row.due_at.into(),
            row.wished.into(),
        ],
    )?;
    Ok(())
}

/// The issue of an item. Whether that may be seen was asked before.
pub fn get(tx: &mut Tx<'_>, item: ActionItemId) -> Result<Option<TrackedRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM tracked_issues WHERE item = $1");
    tx.one(&sql, &[item.into()])?.map(|row| read(&row)).transpose()
}

/// The item that has this issue.
pub fn of_issue(tx: &mut Tx<'_>, tracker: &Name, issue: &str) -> Result<Option<ActionItemId>, Error> {
    let sql = "SELECT item FROM tracked_issues WHERE tracker = $1 AND issue = $2";
    tx.one(sql, &[tracker.into(), issue.into()])?.map(|row| row.id("item")).transpose()
}

/// They have nothing to do with each other any more. False if they had not.
pub fn remove(tx: &mut Tx<'_>, item: ActionItemId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM tracked_issues WHERE item = $1", &[item.into()])? > 0)
}

/// Those that are to be looked at by now.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<TrackedRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM tracked_issues WHERE due_at <= $1 ORDER BY due_at, item LIMIT $2");
    tx.query(&sql, &[now.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// When one is to be looked at next.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT MIN(due_at) AS due_at FROM tracked_issues WHERE due_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due_at"))
}

/// Takes it upon oneself until then: true for one node only.
pub fn claim(tx: &mut Tx<'_>, item: ActionItemId, due_at: Timestamp, until: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE tracked_issues SET due_at = $3 WHERE item = $1 AND due_at = $2";
    Ok(tx.execute(sql, &[item.into(), due_at.into(), until.into()])? > 0)
}

/// Something of the item changed: it is looked at now. While an issue is being made it is not: a second node would make another,
/// and whoever makes it looks at the item afterwards anyway.
pub fn wake(tx: &mut Tx<'_>, item: ActionItemId, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE tracked_issues SET due_at = $2 WHERE item = $1 AND (issue IS NOT NULL OR due_at IS NULL)";
    tx.execute(sql, &[item.into(), now.into()])?;
    Ok(())
}

fn read(row: &Row) -> Result<TrackedRow, Error> {
    let text = |column: &str| Ok::<_, Error>(row.opt_text(column)?.map(str::to_owned));
    Ok(TrackedRow {
        item: row.id("item")?,
        tracker: row.name("tracker")?,
        issue: text("issue")?,
        url: text("url")?,
        title: text("title")?,
        status: text("status")?,
        agreed_open: row.bool("agreed_open")?,
        etag: text("etag")?,
        asked_by: row.name("asked_by")?,
        asked_at: row.instant("asked_at")?,
        heard_at: row.opt_instant("heard_at")?,
        trouble: text("trouble")?,
        attempts: row.number("attempts")?,
        due_at: row.opt_instant("due_at")?,
        wished: row.bool("wished")?,
    })
}

#[cfg(test)]
mod tests {
    use domain::words::Mint;

    use super::*;
    use crate::both_engines;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    both_engines! {
        fn an_issue_reads_back_and_is_taken_once(store) {
            let mut mint = Mint::seeded(1);
            let name = |text: &str| -> Name { text.parse().unwrap() };
            let mut row = TrackedRow {
                item: mint.id(at(0)),
                tracker: name("shop"),
                issue: None,
                url: None,
                title: None,
                status: None,
                agreed_open: true,
                etag: None,
                asked_by: name("ana"),
                asked_at: at(0),
                heard_at: None,
                trouble: None,
                attempts: 0,
                due_at: Some(at(5)),
                wished: false,
            };
            let save = |row: &TrackedRow| store.write(|tx| Ok(save(tx, row)?)).unwrap();
            save(&row);
            let due = |now| store.read(|tx| Ok(due(tx, at(now), 9)?)).unwrap();
            assert_eq!((due(4).len(), due(5)), (0, vec![row.clone()]));
            let claim = |until| store.write(|tx| Ok(claim(tx, row.item, at(5), at(until))?)).unwrap();
            assert!(claim(60) && !claim(70), "another node has it");
            store.write(|tx| Ok(wake(tx, row.item, at(6))?)).unwrap();
            assert_eq!(due(59), [], "nobody else makes one meanwhile");
            row.issue = Some("12".into());
            row.url = Some("https://github.com/example/shop/issues/12".into());
            (row.title, row.status, row.etag) = (Some("Limit it".into()), Some("open".into()), Some("W/\"1\"".into()));
            (row.agreed_open, row.heard_at, row.trouble, row.attempts) = (false, Some(at(9)), Some("it answered 502".into()), 3);
            (row.due_at, row.wished) = (None, true);
            save(&row);
            assert_eq!(store.read(|tx| Ok(get(tx, row.item)?)).unwrap().as_ref(), Some(&row));
            let of = |tracker: &str, issue: &str| store.read(|tx| Ok(of_issue(tx, &name(tracker), issue)?)).unwrap();
            assert_eq!((of("shop", "12"), of("shop", "1"), of("web", "12")), (Some(row.item), None, None));
            store.write(|tx| Ok(wake(tx, row.item, at(7))?)).unwrap();
            assert_eq!(due(7).len(), 1);
            assert!(store.write(|tx| Ok(remove(tx, row.item)?)).unwrap());
            assert_eq!(store.read(|tx| Ok(get(tx, row.item)?)).unwrap(), None);
        }
    }
}
