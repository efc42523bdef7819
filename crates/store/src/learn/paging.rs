//! Reads of many pages at once: who was told of them, and what became of them. Drills are left out.

use domain::learn::paging::{About, Paged, Told};
use domain::respond::sight::Sight;
use domain::words::{EventKind, IncidentId, Name, Timestamp};

use crate::door::{Error, Row, Tx};
use crate::respond::sight::{self, INCIDENT, PAGE as SEEN};

/// No drill: neither its alerts nor its incident are part of one.
const REAL: &str = "(groups.labels IS NULL OR NOT groups.labels LIKE '%[\"drill\",\"true\"]%') \
    AND NOT EXISTS (SELECT 1 FROM incidents AS drilled WHERE drilled.id = pages.incident AND drilled.drill)";

/// Who was told of pages that are seen, when first, in a stretch of time; of one person, if one is named.
pub fn told(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
    person: Option<&Name>,
    who: Sight<'_>,
) -> Result<Vec<Told>, Error> {
    let sql = format!(
        "SELECT deliveries.person, pages.id, pages.title, pages.incident, groups.labels, min(deliveries.created_at) AS at \
         FROM deliveries JOIN pages ON pages.id = deliveries.page LEFT JOIN groups ON groups.id = pages.group_id \
         WHERE {SEEN} AND {REAL} AND deliveries.kind = 'page' AND deliveries.state = 'sent' AND deliveries.step > 0 \
         AND deliveries.person IS NOT NULL AND deliveries.created_at >= $2 AND deliveries.created_at < $3 \
         AND ($4 = '' OR deliveries.person = $4) AND pages.kind IN ('alert', 'command') \
         GROUP BY deliveries.person, pages.id, pages.title, pages.incident, groups.labels ORDER BY deliveries.person, pages.id"
    );
    let bound = [sight::bound(who), from.into(), to.into(), person.map_or("", Name::as_str).into()];
    let read = |row: &Row| {
        let about = match (row.opt_id::<IncidentId>("incident")?, row.opt_text("labels")?) {
            (Some(incident), _) => About::Incident(incident),
            (None, Some(labels)) => About::Alerts { labels: labels_of(labels)? },
            (None, None) => About::Other,
        };
        let (person, title) = (row.name("person")?, row.text("title")?.to_owned());
        Ok(Told { person, page: row.id("id")?, title, about, at: row.instant("at")? })
    };
    tx.query(&sql, &bound)?.iter().map(read).collect()
}

/// So many pages are looked at, the latest.
const MOST: i64 = 50_000;

/// What became of the pages about alerts that were started in a stretch of time. What belongs to an incident that is not seen
/// looks as if it belonged to none.
pub fn paged(tx: &mut Tx<'_>, from: Timestamp, to: Timestamp, who: Sight<'_>) -> Result<Vec<Paged>, Error> {
    let sql = format!(
        "SELECT pages.id, pages.group_id, pages.title, pages.service, pages.started_at, pages.state, pages.ended_why, \
         groups.labels, \
         EXISTS (SELECT 1 FROM incident_links JOIN incidents ON incidents.id = incident_links.incident \
         WHERE incident_links.subject = pages.group_id AND {INCIDENT}) AS part, \
         EXISTS (SELECT 1 FROM journal_subjects JOIN journal ON journal.id = journal_subjects.event \
         WHERE journal_subjects.subject = pages.id AND journal.kind = $4) AS answered, \
         EXISTS (SELECT 1 FROM alerts WHERE alerts.group_id = pages.group_id AND alerts.noise IS NOT NULL) AS noise \
         FROM pages JOIN groups ON groups.id = pages.group_id WHERE {REAL} AND pages.kind = 'alert' \
         AND pages.started_at >= $2 AND pages.started_at < $3 ORDER BY pages.id DESC LIMIT {MOST}"
    );
    let read = |row: &Row| {
        let unanswered = row.opt_text("ended_why")? == Some("unanswered");
        Ok(Paged {
            page: row.id("id")?,
            group: row.id("group_id")?,
            labels: labels_of(row.text("labels")?)?,
            title: row.text("title")?.to_owned(),
            service: row.opt_name("service")?,
            started_at: row.instant("started_at")?,
            over: row.text("state")? == "ended" && !unanswered,
            answered: row.bool("answered")?,
            incident: row.bool("part")?,
            noise: row.bool("noise")?,
        })
    };
    let bound = [sight::bound(who), from.into(), to.into(), EventKind::PageAcknowledged.word().into()];
    tx.query(&sql, &bound)?.iter().map(read).collect()
}

/// The escalation policies by which most pages about alerts were started in a stretch of time, those first.
pub fn policies(tx: &mut Tx<'_>, from: Timestamp, to: Timestamp, most: u32) -> Result<Vec<Name>, Error> {
    let sql = format!(
        "SELECT pages.policy, count(*) AS count FROM pages JOIN groups ON groups.id = pages.group_id \
         WHERE {REAL} AND pages.kind = 'alert' AND pages.policy IS NOT NULL AND pages.started_at >= $1 \
         AND pages.started_at < $2 GROUP BY pages.policy ORDER BY count(*) DESC, pages.policy LIMIT $3"
    );
    tx.query(&sql, &[from.into(), to.into(), i64::from(most).into()])?.iter().map(|row| row.name("policy")).collect()
}

fn labels_of(text: &str) -> Result<Vec<(String, String)>, Error> {
    serde_json::from_str(text).map_err(|_| Error::corrupt("the labels of a group do not read"))
}
