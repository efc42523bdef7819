//! Rows of postmortems: how each stands, what was written, which factors were named, what was published.

use std::collections::BTreeSet;

use domain::learn::factors::Factor;
use domain::learn::postmortem_policies::Due;
use domain::learn::postmortem_sections::{Section, Texts};
use domain::learn::postmortems::{Postmortem, State};
use domain::respond::sight::Sight;
use domain::words::{FactorId, IncidentId, Name, Timestamp};
use serde_json::Value as Json;

use crate::door::{Error, Row, Tx};
use crate::respond::sight::{self, INCIDENT as SEEN};

const COLUMNS: &str = "postmortems.incident, postmortems.state, postmortems.since, postmortems.judgement, \
    postmortems.judged_at, postmortems.over_at, postmortems.draft_due, postmortems.publish_due, postmortems.accept_due, \
    postmortems.asked, postmortems.accept_by, postmortems.requests, postmortems.waiver, postmortems.reviewer, \
    postmortems.versions";

/// Writes one as it is now; whoever owns it is reminded next at `remind_at`.
pub fn save(tx: &mut Tx<'_>, one: &Postmortem, remind_at: Option<Timestamp>) -> Result<(), Error> {
    let asked: Vec<&str> = one.asked.iter().map(Name::as_str).collect();
    let json =
        |value: Result<String, serde_json::Error>| value.map_err(|_| Error::corrupt("a postmortem does not write"));
    let waiver = one.waiver.as_ref().map(|waiver| json(serde_json::to_string(waiver))).transpose()?;
    tx.execute(
        "INSERT INTO postmortems (incident, state, since, judgement, judged_at, over_at, draft_due, publish_due, accept_due, \
         asked, accept_by, requests, waiver, reviewer, versions, remind_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         ON CONFLICT (incident) DO UPDATE SET state = excluded.state, since = excluded.since, judgement = excluded.judgement, \
         judged_at = excluded.judged_at, over_at = excluded.over_at, draft_due = excluded.draft_due, \
         publish_due = excluded.publish_due, accept_due = excluded.accept_due, asked = excluded.asked, \
         accept_by = excluded.accept_by, requests = excluded.requests, waiver = excluded.waiver, \
         reviewer = excluded.reviewer, versions = excluded.versions, remind_at = excluded.remind_at",
        &[
            one.incident.into(),
            one.state.word().into(),
            one.since.into(),
            json(serde_json::to_string(&one.judgement))?.into(),
            one.judged_at.into(),
            one.over_at.into(),
            one.due.map(|due| due.draft).into(),
            one.due.map(|due| due.publish).into(),
            one.due.map(|due| due.accept).into(),
            asked.join("\n").into(),
            one.accept_by.into(),
            json(serde_json::to_string(&one.requests))?.into(),
            waiver.into(),
            one.reviewer.as_ref().into(),
            i64::from(one.versions).into(),
            remind_at.into(),
        ],
    )?;
    Ok(())
}

/// That of an incident, once its response was over. Whoever asks has seen the incident.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<Postmortem>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM postmortems WHERE incident = $1");
    tx.one(&sql, &[incident.into()])?.map(|row| read(&row)).transpose()
}

/// Which to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<State>,
    /// Those that somebody has still to do something for.
    pub open: bool,
    /// Whose role `postmortem-owner` it is, held or offered.
    pub owner: Option<Name>,
}

/// Those of incidents that are seen, the first to be published first; those without a date last, the newest first.
/// What no rule asks for and nobody wrote is in no list.
pub fn list(tx: &mut Tx<'_>, filter: &Filter, sight: Sight<'_>, limit: u32) -> Result<Vec<Postmortem>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM postmortems JOIN incidents ON incidents.id = postmortems.incident WHERE {SEEN} \
         AND (postmortems.state <> 'not-due' OR $2 = 'not-due') AND ($2 = '' OR postmortems.state = $2) \
         AND ($3 = 0 OR postmortems.state IN ('due', 'draft', 'in-review')) \
         AND ($4 = '' OR EXISTS (SELECT 1 FROM assignments WHERE assignments.incident = incidents.id AND \
         assignments.role = 'postmortem-owner' AND assignments.person = $4 AND assignments.state IN ('offered', 'held'))) \
         ORDER BY CASE WHEN postmortems.publish_due IS NULL OR postmortems.state IN ('published', 'waived') THEN 1 ELSE 0 END, \
         CASE WHEN postmortems.state IN ('published', 'waived') THEN - postmortems.since ELSE postmortems.publish_due END, \
         postmortems.incident DESC LIMIT $5"
    );
    let rows = tx.query(
        &sql,
        &[
            sight::bound(sight),
            filter.state.map_or("", State::word).into(),
            i64::from(filter.open).into(),
            filter.owner.as_ref().map_or("", Name::as_str).into(),
            i64::from(limit).into(),
        ],
    )?;
    rows.iter().map(read).collect()
}

/// How many of incidents that are seen are in each state; drills are not counted.
pub fn counts(tx: &mut Tx<'_>, sight: Sight<'_>) -> Result<Vec<(State, u32)>, Error> {
    let sql = format!(
        "SELECT postmortems.state, count(*) AS n FROM postmortems JOIN incidents ON incidents.id = postmortems.incident \
         WHERE {SEEN} AND NOT incidents.drill GROUP BY postmortems.state ORDER BY postmortems.state"
    );
    let rows = tx.query(&sql, &[sight::bound(sight)])?;
    rows.iter().map(|row| Ok((row.parse("state")?, row.number("n")?))).collect()
}

/// Something was corrected: it is judged again soon. Does nothing for an incident that was never judged.
pub fn judge_again(tx: &mut Tx<'_>, incident: IncidentId, at: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE postmortems SET judge_at = $2 WHERE incident = $1 AND judge_at IS NULL";
    tx.execute(sql, &[incident.into(), at.into()])?;
    Ok(())
}

/// It was judged.
pub fn judged(tx: &mut Tx<'_>, incident: IncidentId) -> Result<(), Error> {
    tx.execute("UPDATE postmortems SET judge_at = NULL WHERE incident = $1", &[incident.into()])?;
    Ok(())
}

/// Those that something is due of by now: to be judged again, to ask somebody else, to remind.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<IncidentId>, Error> {
    let sql = "SELECT incident FROM postmortems WHERE judge_at <= $1 OR accept_by <= $1 OR remind_at <= $1 \
               ORDER BY incident LIMIT $2";
    tx.query(sql, &[now.into(), i64::from(limit).into()])?.iter().map(|row| row.id("incident")).collect()
}

/// When something is due next.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT min(due) AS due FROM (SELECT min(judge_at) AS due FROM postmortems WHERE judge_at IS NOT NULL \
               UNION ALL SELECT min(accept_by) FROM postmortems WHERE accept_by IS NOT NULL \
               UNION ALL SELECT min(remind_at) FROM postmortems WHERE remind_at IS NOT NULL) AS dues";
    tx.one(sql, &[])?.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// When it is judged again and when somebody is reminded.
pub fn wakes(tx: &mut Tx<'_>, incident: IncidentId) -> Result<(Option<Timestamp>, Option<Timestamp>), Error> {
    let row = tx.one("SELECT judge_at, remind_at FROM postmortems WHERE incident = $1", &[incident.into()])?;
    row.map_or(Ok((None, None)), |row| Ok((row.opt_instant("judge_at")?, row.opt_instant("remind_at")?)))
}

fn read(row: &Row) -> Result<Postmortem, Error> {
    let due = match (row.opt_instant("accept_due")?, row.opt_instant("draft_due")?, row.opt_instant("publish_due")?) {
        (Some(accept), Some(draft), Some(publish)) => Some(Due { accept, draft, publish }),
        _ => None,
    };
    Ok(Postmortem {
        incident: row.id("incident")?,
        state: row.parse("state")?,
        since: row.instant("since")?,
        judgement: row.json("judgement")?,
        judged_at: row.instant("judged_at")?,
        over_at: row.instant("over_at")?,
        due,
        asked: names(row, "asked")?,
        accept_by: row.opt_instant("accept_by")?,
        requests: row.json("requests")?,
        waiver: row.opt_json("waiver")?,
        reviewer: row.opt_name("reviewer")?,
        versions: row.number("versions")?,
    })
}

/// A text of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub section: Section,
    pub revision: u32,
    pub text: String,
    /// Who saved it, or changed it last.
    pub author: Name,
    /// Who wrote in it, too, since the revision before.
    pub others: Vec<Name>,
    pub at: Timestamp,
}

/// Keeps a text as the next revision of its section; false if somebody else wrote that meanwhile.
pub fn write(tx: &mut Tx<'_>, incident: IncidentId, one: &Written) -> Result<bool, Error> {
    let others: Vec<&str> = one.others.iter().map(Name::as_str).collect();
    let added = tx.execute(
        "INSERT INTO postmortem_sections (incident, section, revision, text, author, written_at, others) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (incident, section, revision) DO NOTHING",
        &[
            incident.into(),
            one.section.word().into(),
            i64::from(one.revision).into(),
            one.text.as_str().into(),
            (&one.author).into(),
            one.at.into(),
            others.join("\n").into(),
        ],
    )?;
    Ok(added > 0)
}

/// The last text of each section.
pub fn written(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Written>, Error> {
    let sql = "SELECT section, revision, text, author, written_at, others FROM postmortem_sections WHERE incident = $1 AND \
               revision = (SELECT max(other.revision) FROM postmortem_sections AS other WHERE other.incident = $1 AND \
               other.section = postmortem_sections.section) ORDER BY section";
    tx.query(sql, &[incident.into()])?.iter().map(read_written).collect()
}

/// All texts of a section, the first first.
pub fn history(tx: &mut Tx<'_>, incident: IncidentId, section: Section) -> Result<Vec<Written>, Error> {
    let sql = "SELECT section, revision, text, author, written_at, others FROM postmortem_sections WHERE incident = $1 AND \
               section = $2 ORDER BY revision";
    tx.query(sql, &[incident.into(), section.word().into()])?.iter().map(read_written).collect()
}

/// One text of a section.
pub fn revision(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    section: Section,
    number: u32,
) -> Result<Option<Written>, Error> {
    let sql = "SELECT section, revision, text, author, written_at, others FROM postmortem_sections WHERE incident = $1 AND \
               section = $2 AND revision = $3";
    let row = tx.one(sql, &[incident.into(), section.word().into(), i64::from(number).into()])?;
    row.map(|row| read_written(&row)).transpose()
}

/// Everybody who wrote in it.
pub fn authors(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Name>, Error> {
    let sql = "SELECT DISTINCT author, others FROM postmortem_sections WHERE incident = $1";
    let mut all = BTreeSet::new();
    for row in tx.query(sql, &[incident.into()])? {
        all.insert(row.name("author")?);
        all.extend(names(&row, "others")?);
    }
    Ok(all.into_iter().collect())
}

/// One to a line.
fn names(row: &Row, column: &str) -> Result<Vec<Name>, Error> {
    row.text(column)?.lines().map(|name| name.parse().map_err(|_| Error::corrupt("a name does not read"))).collect()
}

/// The texts alone.
pub fn texts(all: &[Written]) -> Texts {
    all.iter().map(|one| (one.section, one.text.clone())).collect()
}

fn read_written(row: &Row) -> Result<Written, Error> {
    Ok(Written {
        section: row.parse("section")?,
        revision: row.number("revision")?,
        text: row.text("text")?.to_owned(),
        author: row.name("author")?,
        others: names(row, "others")?,
        at: row.instant("written_at")?,
    })
}

/// Writes a factor as it is now.
pub fn save_factor(tx: &mut Tx<'_>, incident: IncidentId, one: &Factor) -> Result<(), Error> {
    let (by, why, at) = match &one.struck {
        Some((by, why, at)) => (Some(by), Some(why.as_str()), Some(*at)),
        None => (None, None, None),
    };
    tx.execute(
        "INSERT INTO factors (id, incident, text, kind, evidence, named_by, named_at, struck_by, struck_why, struck_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET struck_by = excluded.struck_by, \
         struck_why = excluded.struck_why, struck_at = excluded.struck_at",
        &[
            one.id.into(),
            incident.into(),
            one.text.as_str().into(),
            one.kind.as_ref().into(),
            one.evidence.as_deref().into(),
            (&one.by).into(),
            one.at.into(),
            by.into(),
            why.into(),
            at.into(),
        ],
    )?;
    Ok(())
}

/// All of an incident, also those that were struck, in the order in which they were named.
pub fn factors(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Factor>, Error> {
    let sql = "SELECT id, text, kind, evidence, named_by, named_at, struck_by, struck_why, struck_at FROM factors \
               WHERE incident = $1 ORDER BY id";
    tx.query(sql, &[incident.into()])?.iter().map(read_factor).collect()
}

/// One of an incident.
pub fn factor(tx: &mut Tx<'_>, incident: IncidentId, id: FactorId) -> Result<Option<Factor>, Error> {
    let sql = "SELECT id, text, kind, evidence, named_by, named_at, struck_by, struck_why, struck_at FROM factors \
               WHERE incident = $1 AND id = $2";
    tx.one(sql, &[incident.into(), id.into()])?.map(|row| read_factor(&row)).transpose()
}

fn read_factor(row: &Row) -> Result<Factor, Error> {
    let struck = match (row.opt_name("struck_by")?, row.opt_instant("struck_at")?) {
        (Some(by), Some(at)) => Some((by, row.opt_text("struck_why")?.unwrap_or("").to_owned(), at)),
        _ => None,
    };
    Ok(Factor {
        id: row.id("id")?,
        text: row.text("text")?.to_owned(),
        kind: row.opt_name("kind")?,
        evidence: row.opt_text("evidence")?.map(str::to_owned),
        by: row.name("named_by")?,
        at: row.instant("named_at")?,
        struck,
    })
}

/// What was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub version: u32,
    /// As it was then: sections, factors and facts.
    pub body: Json,
    pub by: Name,
    pub at: Timestamp,
    /// What was not so in the version before.
    pub correction: Option<String>,
}

/// Keeps a version, for good.
pub fn publish(tx: &mut Tx<'_>, incident: IncidentId, one: &Version) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO postmortem_versions (incident, version, body, published_by, published_at, correction) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            incident.into(),
            i64::from(one.version).into(),
            one.body.to_string().into(),
            (&one.by).into(),
            one.at.into(),
            one.correction.as_deref().into(),
        ],
    )?;
    Ok(())
}

/// All versions, the first first.
pub fn versions(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Version>, Error> {
    let sql = "SELECT version, body, published_by, published_at, correction FROM postmortem_versions WHERE incident = $1 \
               ORDER BY version";
    let read = |row: &Row| {
        Ok(Version {
            version: row.number("version")?,
            body: row.json("body")?,
            by: row.name("published_by")?,
            at: row.instant("published_at")?,
            correction: row.opt_text("correction")?.map(str::to_owned),
        })
    };
    tx.query(sql, &[incident.into()])?.iter().map(read).collect()
}
