//! Rows of notices and of their posts. A notice is always read whole.

use std::collections::BTreeMap;

use domain::inform::notices::{Notice, Post, Sort, Window};
use domain::words::{IncidentId, NoticeId, PostId, SubscriberId, Timestamp};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "id, title, sort, window_from, window_until, incident, created_at, changed_at";
const POST_COLUMNS: &str =
    "id, notice, state, said, at, recorded_at, said_by, effects, next_update_by, revision, corrected_at";

/// Which notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are not over.
    Open,
    /// Those that were not over at an instant, or began since.
    Since(Timestamp),
    /// Those that began from one instant on and before another.
    Between(Timestamp, Timestamp),
    /// All, what was said last first.
    Changed,
    /// All of a sort.
    Of(Sort),
    /// Those about an incident.
    About(IncidentId),
}

/// Writes a notice as it is now, without its posts.
pub fn save(tx: &mut Tx<'_>, notice: &Notice) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO notices (id, title, sort, window_from, window_until, incident, created_at, changed_at, began_at, \
         over_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, window_from = excluded.window_from, \
         window_until = excluded.window_until, incident = excluded.incident, changed_at = excluded.changed_at, \
         began_at = excluded.began_at, over_at = excluded.over_at, due_at = excluded.due_at",
        &[
            notice.id.into(),
            notice.title.as_str().into(),
            notice.sort.word().into(),
            notice.window.map(|window| window.from).into(),
            notice.window.map(|window| window.until).into(),
            notice.incident.into(),
            notice.created_at.into(),
            notice.changed_at.into(),
            notice.began_at().into(),
            notice.over_at().into(),
            notice.due_at().into(),
        ],
    )?;
    touch(tx)
}

/// Something that the public reads has moved.
pub fn touch(tx: &mut Tx<'_>) -> Result<(), Error> {
    let next = version(tx)? + 1;
    crate::settings::set(tx, VERSION, &next.to_string())
}

/// Under this name it is counted how often anything of any notice was written.
const VERSION: &str = "notices-version";

/// Moves whenever anything of any notice does, or of what was promised: what was made of them before is old.
pub fn version(tx: &mut Tx<'_>) -> Result<i64, Error> {
    Ok(crate::settings::get(tx, VERSION)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Writes a post as it is now.
pub fn save_post(tx: &mut Tx<'_>, notice: NoticeId, post: &Post) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO notice_posts (id, notice, state, said, at, recorded_at, said_by, effects, next_update_by, revision, \
         corrected_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, said = excluded.said, effects = excluded.effects, \
         next_update_by = excluded.next_update_by, revision = excluded.revision, corrected_at = excluded.corrected_at",
        &[
            post.id.into(),
            notice.into(),
            post.state.map(domain::inform::notices::State::word).into(),
            post.text.as_str().into(),
            post.at.into(),
            post.recorded_at.into(),
            post.by.as_str().into(),
            serde_json::to_string(&post.effects).expect("names and words have a JSON form").into(),
            post.next_update_by.into(),
            i64::from(post.revision).into(),
            post.corrected_at.into(),
        ],
    )?;
    Ok(())
}

/// Subscribers are to be told of a post.
pub fn tell(tx: &mut Tx<'_>, post: PostId) -> Result<(), Error> {
    tx.execute("UPDATE notice_posts SET telling = '' WHERE id = $1", &[post.into()])?;
    Ok(())
}

/// The post of which subscribers are being told, with its notice, and the subscriber who was told last.
pub fn telling(tx: &mut Tx<'_>) -> Result<Option<(NoticeId, PostId, Option<SubscriberId>)>, Error> {
    let row =
        tx.one("SELECT id, notice, telling FROM notice_posts WHERE telling IS NOT NULL ORDER BY id LIMIT 1", &[])?;
    let Some(row) = row else { return Ok(None) };
    let told = row.text("telling")?;
    let told = if told.is_empty() { None } else { Some(row.id("telling")?) };
    Ok(Some((row.id("notice")?, row.id("id")?, told)))
}

/// Since when subscribers are to be told of something.
pub fn next_telling(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT recorded_at FROM notice_posts WHERE telling IS NOT NULL ORDER BY id LIMIT 1";
    tx.one(sql, &[])?.map(|row| row.instant("recorded_at")).transpose()
}

/// Notes who was told of a post last; nobody: all were.
pub fn told(tx: &mut Tx<'_>, post: PostId, last: Option<SubscriberId>) -> Result<(), Error> {
    tx.execute("UPDATE notice_posts SET telling = $2 WHERE id = $1", &[post.into(), last.into()])?;
    Ok(())
}

/// One notice, whole.
pub fn get(tx: &mut Tx<'_>, id: NoticeId) -> Result<Option<Notice>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM notices WHERE id = $1");
    let Some(row) = tx.one(&sql, &[id.into()])? else { return Ok(None) };
    let sql = format!("SELECT {POST_COLUMNS} FROM notice_posts WHERE notice = $1 ORDER BY at, id");
    let posts = tx.query(&sql, &[id.into()])?;
    Ok(Some(read(&row, posts.iter().map(read_post).collect::<Result<_, _>>()?)?))
}

/// Notices, whole: those that began last first, unless it is asked for what was changed last.
pub fn list(tx: &mut Tx<'_>, which: Which, most: u32) -> Result<Vec<Notice>, Error> {
    let wanted = match which {
        Which::Open => "over_at IS NULL AND began_at BETWEEN $1 AND $2 AND $3 = ''",
        Which::Since(_) => "(over_at IS NULL OR over_at >= $1) AND began_at <= $2 AND $3 = ''",
        Which::Between(..) => "began_at >= $1 AND began_at < $2 AND $3 = ''",
        Which::Changed => "began_at BETWEEN $1 AND $2 AND $3 = ''",
        Which::Of(_) => "began_at BETWEEN $1 AND $2 AND sort = $3",
        Which::About(_) => "began_at BETWEEN $1 AND $2 AND incident = $3",
    };
    let order = match which {
        Which::Changed => "changed_at DESC, id DESC",
        _ => "began_at DESC, id DESC",
    };
    let (from, until) = match which {
        Which::Since(from) => (from, Timestamp::MAX),
        Which::Between(from, until) => (from, until),
        _ => (Timestamp::MIN, Timestamp::MAX),
    };
    let word = match which {
        Which::Of(sort) => sort.word().to_owned(),
        Which::About(incident) => incident.to_string(),
        _ => String::new(),
    };
    let values = [from.into(), until.into(), word.into(), most.into()];
    let rows = tx.query(&format!("SELECT {COLUMNS} FROM notices WHERE {wanted} ORDER BY {order} LIMIT $4"), &values)?;
    let sql = format!(
        "SELECT {POST_COLUMNS} FROM notice_posts WHERE notice IN \
         (SELECT id FROM notices WHERE {wanted} ORDER BY {order} LIMIT $4) ORDER BY notice, at, id"
    );
    let mut posts: BTreeMap<NoticeId, Vec<Post>> = BTreeMap::new();
    for row in tx.query(&sql, &values)? {
        posts.entry(row.id("notice")?).or_default().push(read_post(&row)?);
    }
    rows.iter().map(|row| read(row, posts.remove(&row.id("id")?).unwrap_or_default())).collect()
}

/// When the first notice began that there is.
pub fn first_began(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT began_at FROM notices ORDER BY began_at, id LIMIT 1", &[])?;
    row.map(|row| row.instant("began_at")).transpose()
}

/// Those whose time has come, the first due first.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, most: u32) -> Result<Vec<NoticeId>, Error> {
    let rows =
        tx.query("SELECT id FROM notices WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2", &[now.into(), most.into()])?;
    rows.iter().map(|row| row.id("id")).collect()
}

pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT due_at FROM notices WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1", &[])?;
    row.map(|row| row.instant("due_at")).transpose()
}

fn read(row: &Row, posts: Vec<Post>) -> Result<Notice, Error> {
    let window = match (row.opt_instant("window_from")?, row.opt_instant("window_until")?) {
        (Some(from), Some(until)) => Some(Window { from, until }),
        _ => None,
    };
    Ok(Notice {
        id: row.id("id")?,
        title: row.text("title")?.to_owned(),
        sort: row.text("sort")?.parse().map_err(|_| Error::corrupt("the sort of a notice does not read"))?,
        window,
        incident: row.opt_id("incident")?,
        created_at: row.instant("created_at")?,
        changed_at: row.instant("changed_at")?,
        posts,
    })
}

fn read_post(row: &Row) -> Result<Post, Error> {
    let state = row.opt_text("state")?.map(str::parse).transpose();
    Ok(Post {
        id: row.id("id")?,
        state: state.map_err(|_| Error::corrupt("the state of a post does not read"))?,
        text: row.text("said")?.to_owned(),
        at: row.instant("at")?,
        recorded_at: row.instant("recorded_at")?,
        by: row.text("said_by")?.to_owned(),
        effects: row.json("effects")?,
        next_update_by: row.opt_instant("next_update_by")?,
        revision: row.number("revision")?,
        corrected_at: row.opt_instant("corrected_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::inform::notices::{State, Status};
    use domain::words::Mint;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn notice(mint: &mut Mint, sort: Sort, posts: &[(i64, Option<State>)]) -> Notice {
        let mut notice = Notice {
            id: mint.id(at(0)),
            title: "It is slow".into(),
            sort,
            window: (sort == Sort::Maintenance).then(|| Window { from: at(500), until: at(600) }),
            incident: (sort == Sort::Incident).then(|| mint.id(at(0))),
            created_at: at(0),
            changed_at: at(posts.len().try_into().unwrap()),
            posts: Vec::new(),
        };
        for (minute, state) in posts {
            notice.add(Post {
                id: mint.id(at(0)),
                state: *state,
                text: "It\nis ü".into(),
                at: at(*minute),
                recorded_at: at(900),
                by: "person:ana".into(),
                effects: [("web".parse().unwrap(), Status::PartialOutage)].into(),
                next_update_by: Some(at(minute + 20)),
                revision: 2,
                corrected_at: Some(at(901)),
            });
        }
        notice
    }

    fn keep(tx: &mut Tx<'_>, notice: &Notice) -> Result<(), Error> {
        notice.posts.iter().try_for_each(|post| save_post(tx, notice.id, post))?;
        save(tx, notice)
    }

    both_engines! {
        fn a_notice_reads_back_whole_and_is_found_by_what_its_posts_say(store) {
            let mut mint = Mint::seeded(1);
            let open = notice(&mut mint, Sort::Incident, &[(10, Some(State::Investigating)), (12, None)]);
            let over = notice(&mut mint, Sort::Incident, &[(30, Some(State::Monitoring)), (5, Some(State::Resolved)), (40, Some(State::Resolved))]);
            let planned = notice(&mut mint, Sort::Maintenance, &[(1, Some(State::Scheduled))]);
            store.write(|tx| {
                assert_eq!(version(tx)?, 0);
                [&open, &over, &planned].into_iter().try_for_each(|one| Ok(keep(tx, one)?))
            }).unwrap();
            store.read(|tx| {
                assert_eq!(version(tx)?, 3);
                assert_eq!(get(tx, open.id)?.as_ref(), Some(&open));
                assert_eq!(get(tx, planned.id)?.as_ref(), Some(&planned));
                assert_eq!(get(tx, mint.id(at(0)))?, None);
                let mut found = |which, most| list(tx, which, most);
                let all = [planned.clone(), open.clone(), over.clone()];
                assert_eq!(found(Which::Since(at(0)), 9)?, all);
                assert_eq!(found(Which::Since(at(0)), 2)?, all[..2]);
                assert_eq!(found(Which::Since(at(41)), 9)?, all[..2]);
                assert_eq!(found(Which::Open, 9)?, all[..2]);
                assert_eq!(found(Which::Between(at(5), at(10)), 9)?, all[2..]);
                assert_eq!(found(Which::Of(Sort::Incident), 9)?, all[1..]);
                assert_eq!(found(Which::About(open.incident.unwrap()), 9)?, all[1..2]);
                assert_eq!(found(Which::Changed, 9)?, [over.clone(), open.clone(), planned.clone()]);
                assert_eq!(first_began(tx)?, Some(at(5)));
                assert_eq!((next_due(tx)?, due(tx, at(499), 9)?, due(tx, at(500), 9)?), (Some(at(500)), vec![], vec![planned.id]));
                Ok(())
            }).unwrap();
            store.write(|tx| {
                let (post, one) = (open.posts[0].id, mint.id(at(1)));
                assert_eq!(telling(tx)?, None);
                tell(tx, post)?;
                assert_eq!(telling(tx)?, Some((open.id, post, None)));
                told(tx, post, Some(one))?;
                assert_eq!(telling(tx)?, Some((open.id, post, Some(one))));
                told(tx, post, None)?;
                assert_eq!(telling(tx)?, None);
                Ok(())
            }).unwrap();
            let mut corrected = open.clone();
            corrected.posts[0].text = "It is not".into();
            corrected.posts[0].state = None;
            corrected.title = "Slow".into();
            store.write(|tx| Ok(keep(tx, &corrected)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(get(tx, open.id)?)).unwrap(), Some(corrected));
        }
    }
}
