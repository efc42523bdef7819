//! What the same alerts led to before: one indexed look finds their incidents, and only where there are some the rest is asked.
//!
//! It is told to whoever is paged, so it is made of incidents that everybody may see; drills are none.

use domain::learn::memories::{Fix, MOST, Memory, Owed, Seen};
use domain::respond::sight::Sight;
use domain::words::{GroupId, IncidentId, Name, Span};

use crate::change::changes;
use crate::door::{Error, Row, Tx, Value};
use crate::respond::incidents;
use crate::respond::sight::{self, INCIDENT as SEEN};

/// So much of what tells alerts apart is in the index; the rest is compared where it is found.
const INDEXED: usize = 400;

/// Which alerts these are, as a link to their group says; the migration and [`incidents::link`] say the same in SQL.
pub(super) fn alike(route: &Name, labels: &[(String, String)]) -> String {
    let labels = serde_json::to_string(labels).expect("labels have a JSON form");
    format!("{route} {labels}").chars().take(INDEXED).collect()
}

/// Groups of alerts with the incidents to which they belong.
const LINKED: &str = "incident_links JOIN groups ON groups.id = incident_links.subject \
    JOIN incidents ON incidents.id = incident_links.incident";
/// Incidents of the same alerts that are over; `$1` is [`alike`], `$2` the labels whole, `$3` the group that fires now.
const BEFORE: &str = "WHERE incident_links.alike = $1 AND groups.labels = $2 \
    AND incidents.visibility = 'open' AND NOT incidents.drill AND incidents.phase IN ('resolved', 'in-review', 'closed') \
    AND NOT EXISTS (SELECT 1 FROM incident_links AS own WHERE own.incident = incidents.id AND own.subject = $3)";
const INCIDENT: &str = incidents::COLUMNS;

/// What is known of the alerts of a group. Nothing, if they led to no incident before.
pub fn of_alerts(
    tx: &mut Tx<'_>,
    group: GroupId,
    route: &Name,
    labels: &[(String, String)],
) -> Result<Option<Memory>, Error> {
    let alike = alike(route, labels);
    let whole = serde_json::to_string(labels).expect("labels have a JSON form");
    let bound: [Value<'_>; 3] = [alike.as_str().into(), whole.as_str().into(), group.into()];
    let sql = format!("SELECT DISTINCT {INCIDENT} FROM {LINKED} {BEFORE} ORDER BY incidents.id DESC LIMIT {MOST}");
    let mut seen = Vec::new();
    for row in tx.query(&sql, &bound)? {
        let row = incidents::read(&row)?;
        seen.push(Seen { incident: row.id, title: row.name().into_owned(), at: row.reported_at });
    }
    if seen.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT rollbacks.change, rollbacks.asked_at, rollbacks.since, incidents.id AS incident FROM {LINKED} \
         JOIN rollbacks ON rollbacks.incident = incidents.id {BEFORE} \
         AND rollbacks.state = 'succeeded' AND rollbacks.outcome = 'resolved' ORDER BY rollbacks.id DESC LIMIT 1"
    );
    let mut rolled = None;
    if let Some(row) = tx.one(&sql, &bound)? {
        let (asked_at, since) = (row.instant("asked_at")?, row.instant("since")?);
        // Of a change that belongs to a restricted incident nothing is said.
        if let Some(change) = changes::get(tx, row.id("change")?, Sight::Open)? {
            let took = Span::between(asked_at, since);
            let fix = Fix::Rollback { change: change.change.id, title: change.change.proposal.title, took };
            rolled = Some((row.id::<IncidentId>("incident")?, fix));
        }
    }
    let sql = format!(
        "SELECT kills.id, kills.flag, kills.environment, incidents.id AS incident FROM {LINKED} \
         JOIN kills ON kills.incident = incidents.id {BEFORE} ORDER BY kills.id DESC LIMIT 1"
    );
    let killed = match tx.one(&sql, &bound)? {
        Some(row) => {
            let flag = row.text("flag")?.to_owned();
            let fix = Fix::Kill { kill: row.id("id")?, flag, environment: row.name("environment")? };
            Some((row.id::<IncidentId>("incident")?, fix))
        }
        None => None,
    };
    // The later incident's; a rollback, where both were done in one: of that the alerts said that it helped.
    let fix = match (rolled, killed) {
        (Some((one, _)), Some((other, fix))) if other > one => Some(fix),
        (Some((_, fix)), _) | (None, Some((_, fix))) => Some(fix),
        (None, None) => None,
    };
    let sql = format!(
        "SELECT DISTINCT action_items.id, action_items.title, action_items.due_at FROM {LINKED} \
         JOIN action_items ON action_items.incident = incidents.id {BEFORE} \
         AND action_items.state IN ('proposed', 'accepted') ORDER BY action_items.due_at, action_items.id LIMIT {MOST}"
    );
    let mut owed = Vec::new();
    for row in tx.query(&sql, &bound)? {
        owed.push(Owed { item: row.id("id")?, title: row.text("title")?.to_owned(), due_at: row.instant("due_at")? });
    }
    Ok(Some(Memory { seen, fix, owed }))
}

/// Which alerts the latest incidents that are seen had: their labels and title, one row for each group.
pub fn alerts_of_latest(tx: &mut Tx<'_>, who: Sight<'_>, latest: u32) -> Result<Vec<AlertsOf>, Error> {
    let sql = format!(
        "SELECT incident_links.incident, groups.labels, groups.title FROM incident_links JOIN groups \
         ON groups.id = incident_links.subject WHERE incident_links.incident IN (SELECT incidents.id FROM incidents \
         WHERE {SEEN} ORDER BY incidents.id DESC LIMIT $2)"
    );
    let read = |row: &Row| {
        let labels = serde_json::from_str(row.text("labels")?);
        Ok(AlertsOf {
            incident: row.id::<IncidentId>("incident")?,
            labels: labels.map_err(|_| Error::corrupt("the labels of a group do not read"))?,
            title: row.text("title")?.to_owned(),
        })
    };
    tx.query(&sql, &[sight::bound(who), i64::from(latest).into()])?.iter().map(read).collect()
}

/// A group of alerts of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertsOf {
    pub incident: IncidentId,
    pub labels: Vec<(String, String)>,
    pub title: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::change::kills::{Kill, KillTo};
    use domain::detect::groups::Group;
    use domain::respond::incidents::{Class, Phase, Visibility};
    use domain::words::{Id as _, KillId, Mint, Timestamp};

    use super::*;
    use crate::both_engines;
    use crate::change::kills::{self, KillRow};
    use crate::respond::incidents::tests::incident;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    /// Labels of the alerts, how the incident stands, who sees it, and whether it was practised.
    type Led<'a> = (&'a [(String, String)], Phase, Visibility, bool);

    fn group(number: u128, labels: &[(String, String)]) -> Group {
        Group {
            id: GroupId::from_bits(number),
            route: "all".parse().unwrap(),
            labels: labels.to_vec(),
            service: None,
            policy: None,
            urgency: None,
            title: "Disk full".into(),
            opened_at: at(10),
            page: None,
            told: BTreeSet::new(),
            due_at: None,
        }
    }

    both_engines! {
        fn what_the_same_alerts_led_to_is_found_and_nothing_of_what_is_restricted(store) {
            let mut mint = Mint::seeded(7);
            let long = "x".repeat(500);
            let labels = vec![("alertname".to_owned(), "disk".to_owned()), ("path".to_owned(), format!("{long}1"))];
            let other = vec![("alertname".to_owned(), "disk".to_owned()), ("path".to_owned(), format!("{long}2"))];
            let all: [Led<'_>; 7] = [
                (&labels, Phase::Closed, Visibility::Open, false),
                (&labels, Phase::Resolved, Visibility::Open, false),
                (&labels, Phase::Cancelled, Visibility::Open, false),
                (&labels, Phase::Closed, Visibility::Restricted, false),
                (&labels, Phase::Closed, Visibility::Open, true),
                (&labels, Phase::Active, Visibility::Open, false),
                (&other, Phase::Closed, Visibility::Open, false),
            ];
            let mut rows = Vec::new();
            for (place, (labels, phase, visibility, drill)) in all.into_iter().enumerate() {
                let mut row = incident(&mut mint, i64::try_from(place).unwrap(), Class::System);
                (row.state.phase, row.state.visibility, row.drill) = (phase, visibility, drill);
                let group = group(place as u128 + 1, labels);
                store.write(|tx| {
                    crate::detect::groups::save(tx, &group, Some(at(20)))?;
                    incidents::save(tx, &row)?;
                    incidents::link(tx, row.id, &group.id.to_string(), "person:ana", at(11))?;
                    Ok(())
                }).unwrap();
                rows.push(row);
            }
            let find = |group: u128, labels: &[(String, String)]| {
                let route = "all".parse().unwrap();
                store.read(|tx| Ok(of_alerts(tx, GroupId::from_bits(group), &route, labels)?)).unwrap()
            };
            let ids = |found: Option<Memory>| {
                found.map_or_else(Vec::new, |found| found.seen.iter().map(|one| one.incident).collect::<Vec<_>>())
            };
            assert_eq!(ids(find(99, &labels)), [rows[1].id, rows[0].id], "the latest first");
            assert_eq!(ids(find(1, &labels)), [rows[1].id], "without the incident to which the alerts belong now");
            assert_eq!(ids(find(99, &other)), [rows[6].id], "what differs behind what is indexed differs");
            assert_eq!(find(99, &labels[..1]), None);
            let kill = |id: u128, incident, flag: &str| KillRow {
                id: KillId::from_bits(id),
                environment: "live".parse().unwrap(),
                kill: Kill {
                    flag: flag.into(),
                    to: KillTo::Disabled,
                    by: "ana".parse().unwrap(),
                    why: "it helps".into(),
                    incident: Some(incident),
                    at: at(12),
                    expires_at: at(900),
                    lifted: None,
                },
            };
            store.write(|tx| {
                kills::save(tx, &kill(1, rows[0].id, "fast-pay"), None)?;
                kills::save(tx, &kill(2, rows[3].id, "secret"), None)?;
                Ok(())
            }).unwrap();
            let fix = find(99, &labels).unwrap().fix;
            assert!(matches!(&fix, Some(Fix::Kill { flag, .. }) if flag == "fast-pay"), "{fix:?}");
            let latest = |who| store.read(|tx| Ok(alerts_of_latest(tx, who, 6)?)).unwrap().len();
            assert_eq!((latest(Sight::Whole), latest(Sight::Open)), (6, 6));
        }
    }
}
