//! Rows of what customers read of postmortems: the plan as it stands, what was published, and what was promised.

use std::collections::BTreeSet;

use domain::learn::customer_postmortems::{CustomerPostmortem, Report};
use domain::words::{ActionItemId, IncidentId, Name, NoticeId, Timestamp};

use crate::door::{Error, Row, Tx};

/// Writes one as it is now.
pub fn save(tx: &mut Tx<'_>, one: &CustomerPostmortem) -> Result<(), Error> {
    let json = |value: Result<String, serde_json::Error>| {
        value.map_err(|_| Error::corrupt("a customer postmortem does not write"))
    };
    let prepared: Vec<&str> = one.prepared_by.iter().map(Name::as_str).collect();
    tx.execute(
        "INSERT INTO customer_postmortems (incident, revision, plan, prepared_by, saved_at, answers, consent, notice, versions) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (incident) DO UPDATE SET revision = excluded.revision, plan = excluded.plan, \
         prepared_by = excluded.prepared_by, saved_at = excluded.saved_at, answers = excluded.answers, \
         consent = excluded.consent, notice = excluded.notice, versions = excluded.versions",
        &[
            one.incident.into(),
            i64::from(one.revision).into(),
            json(serde_json::to_string(&one.plan))?.into(),
            prepared.join("\n").into(),
            one.saved_at.into(),
            json(serde_json::to_string(&one.answers))?.into(),
            one.consent.as_ref().map(|consent| json(serde_json::to_string(consent))).transpose()?.into(),
            one.notice.into(),
            i64::from(one.versions).into(),
        ],
    )?;
    Ok(())
}

/// That of an incident, once somebody prepared it. Whoever asks has seen the incident.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<CustomerPostmortem>, Error> {
    let sql = "SELECT incident, revision, plan, prepared_by, saved_at, answers, consent, notice, versions \
               FROM customer_postmortems WHERE incident = $1";
    let read = |row: Row| {
        let name = |name: &str| name.parse().map_err(|_| Error::corrupt("a name does not read"));
        Ok(CustomerPostmortem {
            incident: row.id("incident")?,
            revision: row.number("revision")?,
            plan: row.json("plan")?,
            prepared_by: row.text("prepared_by")?.lines().map(name).collect::<Result<_, _>>()?,
            saved_at: row.instant("saved_at")?,
            answers: row.json("answers")?,
            consent: row.opt_json("consent")?,
            notice: row.opt_id("notice")?,
            versions: row.number("versions")?,
        })
    };
    tx.one(sql, &[incident.into()])?.map(read).transpose()
}

/// What was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub notice: NoticeId,
    pub version: u32,
    pub incident: IncidentId,
    pub report: Report,
    /// Of the report, in SHA-256.
    pub hash: String,
    pub by: Name,
    pub at: Timestamp,
    /// What was not so in the version before.
    pub correction: Option<String>,
}

/// Keeps a version, for good; what was promised is what it promises.
pub fn publish(tx: &mut Tx<'_>, one: &Version) -> Result<(), Error> {
    let report = serde_json::to_string(&one.report).map_err(|_| Error::corrupt("a report does not write"))?;
    tx.execute(
        "INSERT INTO customer_postmortem_versions (notice, version, incident, report, hash, published_by, published_at, \
         correction) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            one.notice.into(),
            i64::from(one.version).into(),
            one.incident.into(),
            report.into(),
            one.hash.as_str().into(),
            (&one.by).into(),
            one.at.into(),
            one.correction.as_deref().into(),
        ],
    )?;
    tx.execute("DELETE FROM customer_promises WHERE notice = $1", &[one.notice.into()])?;
    for promise in &one.report.promises {
        tx.execute(
            "INSERT INTO customer_promises (item, notice) VALUES ($1, $2) ON CONFLICT (item) DO UPDATE SET notice = excluded.notice",
            &[promise.item.into(), one.notice.into()],
        )?;
    }
    Ok(())
}

const VERSION: &str = "notice, version, incident, report, hash, published_by, published_at, correction";

/// All versions of an incident, the first first.
pub fn versions(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Version>, Error> {
    let sql = format!("SELECT {VERSION} FROM customer_postmortem_versions WHERE incident = $1 ORDER BY version");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// All that stand under a notice, for everybody, the first first.
pub fn of_notice(tx: &mut Tx<'_>, notice: NoticeId) -> Result<Vec<Version>, Error> {
    let sql = format!("SELECT {VERSION} FROM customer_postmortem_versions WHERE notice = $1 ORDER BY version");
    tx.query(&sql, &[notice.into()])?.iter().map(read).collect()
}

/// Notices under which there is one.
pub fn notices(tx: &mut Tx<'_>) -> Result<BTreeSet<NoticeId>, Error> {
    let sql = "SELECT DISTINCT notice FROM customer_postmortem_versions";
    tx.query(sql, &[])?.iter().map(|row| row.id("notice")).collect()
}

/// Whether an item is promised in public.
pub fn is_promised(tx: &mut Tx<'_>, item: ActionItemId) -> Result<bool, Error> {
    Ok(tx.one("SELECT item FROM customer_promises WHERE item = $1", &[item.into()])?.is_some())
}

fn read(row: &Row) -> Result<Version, Error> {
    Ok(Version {
        notice: row.id("notice")?,
        version: row.number("version")?,
        incident: row.id("incident")?,
        report: row.json("report")?,
        hash: row.text("hash")?.to_owned(),
        by: row.name("published_by")?,
        at: row.instant("published_at")?,
        correction: row.opt_text("correction")?.map(str::to_owned),
    })
}
