//! Rows of incidents, of who is named for them, and of what belongs to them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use domain::prepare::drills;
use domain::respond::incidents::{Activity, Class, Incident, Phase, Visibility};
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, Timestamp};

use super::sight;
use crate::door::{Error, Row, Tx};

/// An incident as its row tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRow {
    pub id: IncidentId,
    pub title: String,
    /// How it stands.
    pub state: Incident,
    pub codename: Option<String>,
    pub because: Option<String>,
    pub impact: Option<String>,
    pub services: Vec<Name>,
    /// `person:ana`.
    pub reported_by: String,
    pub reported_at: Timestamp,
    pub retrospective: bool,
    pub near_miss: bool,
    /// It is only practised.
    pub drill: bool,
}

impl IncidentRow {
    /// Its title as everybody reads it: of a drill with the mark.
    pub fn name(&self) -> Cow<'_, str> {
        drills::marked(self.drill, &self.title)
    }
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only those that are reported or active.
    pub open: bool,
    pub class: Option<Class>,
    pub severity: Option<String>,
    /// Those whose title, impact, reason or codename has this.
    pub words: Option<String>,
    /// Only drills, or only what is none.
    pub drill: Option<bool>,
}

pub(crate) const COLUMNS: &str = "incidents.id, incidents.title, incidents.class, incidents.phase, incidents.since, incidents.severity, \
    incidents.activities, incidents.visibility, incidents.codename, incidents.commander, incidents.merged_into, \
    incidents.reopened, incidents.because, incidents.impact, incidents.services, incidents.reported_by, \
    incidents.reported_at, incidents.retrospective, incidents.near_miss, incidents.drill";
const SEEN: &str = sight::INCIDENT;

/// Writes an incident as it is now.
pub fn save(tx: &mut Tx<'_>, row: &IncidentRow) -> Result<(), Error> {
    let state = &row.state;
    let activities: BTreeMap<String, i64> =
        state.activities.iter().map(|(activity, since)| (activity.to_string(), since.as_microsecond())).collect();
    let services: Vec<&str> = row.services.iter().map(Name::as_str).collect();
    tx.execute(
        "INSERT INTO incidents (id, title, class, phase, since, severity, activities, visibility, codename, commander, \
         merged_into, reopened, because, impact, services, reported_by, reported_at, retrospective, near_miss, drill) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, class = excluded.class, phase = excluded.phase, \
         since = excluded.since, severity = excluded.severity, activities = excluded.activities, \
         visibility = excluded.visibility, codename = excluded.codename, commander = excluded.commander, \
         merged_into = excluded.merged_into, reopened = excluded.reopened, because = excluded.because, \
         impact = excluded.impact, services = excluded.services, near_miss = excluded.near_miss",
        &[
            row.id.into(),
            row.title.as_str().into(),
            state.class.word().into(),
            state.phase.word().into(),
            state.since.into(),
            state.severity.as_ref().into(),
            serde_json::to_string(&activities).expect("numbers have a JSON form").into(),
            state.visibility.word().into(),
            row.codename.as_ref().into(),
            state.commander.as_ref().into(),
            state.merged_into.into(),
            i64::from(state.reopened).into(),
            row.because.as_ref().into(),
            row.impact.as_ref().into(),
            services.join("\n").into(),
            row.reported_by.as_str().into(),
            row.reported_at.into(),
            row.retrospective.into(),
            row.near_miss.into(),
            row.drill.into(),
        ],
    )?;
    Ok(())
}

/// The incident, if whoever looks may see it.
pub fn get(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>) -> Result<Option<IncidentRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM incidents WHERE {SEEN} AND incidents.id = $2");
    tx.one(&sql, &[sight::bound(sight), id.into()])?.map(|row| read(&row)).transpose()
}

/// Those of many that are seen, in no order.
pub fn of_ids(tx: &mut Tx<'_>, ids: &[IncidentId], sight: Sight<'_>) -> Result<Vec<IncidentRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM incidents WHERE {SEEN} AND incidents.id IN ({{ids}})");
    tx.query_ids(&sql, &[sight::bound(sight)], ids)?.iter().map(read).collect()
}

/// Incidents, newest first, from before an id.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &Filter,
    sight: Sight<'_>,
    before: Option<IncidentId>,
    limit: u32,
) -> Result<Vec<IncidentRow>, Error> {
    let phases = if filter.open { "phase IN ('reported', 'active') AND" } else { "" };
    let drills = match filter.drill {
        None => "",
        Some(true) => "drill AND",
        Some(false) => "NOT drill AND",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM incidents WHERE {SEEN} AND {phases} {drills} incidents.id < $2 AND ($3 = '' OR class = $3) \
         AND ($4 = '' OR severity = $4) AND ($5 = '' OR lower(title) LIKE $5 OR lower(impact) LIKE $5 \
         OR lower(because) LIKE $5 OR lower(codename) LIKE $5) ORDER BY incidents.id DESC LIMIT $6"
    );
    let before = before.map_or_else(|| "inc~".to_owned(), |id| id.to_string());
    let words = filter.words.as_deref().map_or_else(String::new, |words| {
        let plain: String = words.to_lowercase().chars().filter(|letter| !"%_\\".contains(*letter)).collect();
        format!("%{plain}%")
    });
    let rows = tx.query(
        &sql,
        &[
            sight::bound(sight),
            before.into(),
            filter.class.map_or("", Class::word).into(),
            filter.severity.as_deref().unwrap_or("").into(),
            words.into(),
            i64::from(limit).into(),
        ],
    )?;
    rows.iter().map(read).collect()
}

/// How many are reported or active.
pub fn count_open(tx: &mut Tx<'_>, sight: Sight<'_>) -> Result<u64, Error> {
    let sql = format!("SELECT count(*) AS open FROM incidents WHERE {SEEN} AND phase IN ('reported', 'active')");
    let row = tx.one(&sql, &[sight::bound(sight)])?;
    let count = row.map_or(Ok(0), |row| row.int("open"))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The incidents to which a subject belongs, newest first.
pub fn of_subject(tx: &mut Tx<'_>, subject: &str, sight: Sight<'_>) -> Result<Vec<IncidentRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM incident_links JOIN incidents ON incidents.id = incident_links.incident \
         WHERE {SEEN} AND incident_links.subject = $2 ORDER BY incidents.id DESC LIMIT 20"
    );
    tx.query(&sql, &[sight::bound(sight), subject.into()])?.iter().map(read).collect()
}

/// What belongs to incidents that are reported or active. Asked with each batch of alerts: these are few.
pub fn open_subjects(tx: &mut Tx<'_>) -> Result<BTreeSet<String>, Error> {
    let sql = "SELECT incident_links.subject FROM incidents JOIN incident_links ON incident_links.incident = incidents.id \
               WHERE incidents.phase IN ('reported', 'active')";
    tx.query(sql, &[])?.iter().map(|row| Ok(row.text("subject")?.to_owned())).collect()
}

/// Says when somebody is to be paged to command it; nothing, if nobody is.
pub fn set_command_due(tx: &mut Tx<'_>, id: IncidentId, at: Option<Timestamp>) -> Result<(), Error> {
    tx.execute("UPDATE incidents SET command_due_at = $2 WHERE id = $1", &[id.into(), at.into()])?;
    Ok(())
}

/// Incidents for which somebody is to be paged by now.
pub fn command_due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<IncidentId>, Error> {
    let sql = "SELECT id FROM incidents WHERE command_due_at <= $1 ORDER BY command_due_at, id LIMIT $2";
    tx.query(sql, &[now.into(), i64::from(limit).into()])?.iter().map(|row| row.id("id")).collect()
}

pub fn next_command_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(command_due_at) AS due FROM incidents WHERE command_due_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// Something that belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// `grp_…`, `inc_…`.
    pub subject: String,
    pub at: Timestamp,
    /// `person:ana`.
    pub by: String,
}

/// What belongs to it, the oldest link first.
pub fn links(tx: &mut Tx<'_>, id: IncidentId) -> Result<Vec<Linked>, Error> {
    let sql =
        "SELECT subject, linked_at, linked_by FROM incident_links WHERE incident = $1 ORDER BY linked_at, subject";
    let rows = tx.query(sql, &[id.into()])?;
    let linked = |row: &Row| {
        let by = row.text("linked_by")?.to_owned();
        Ok(Linked { subject: row.text("subject")?.to_owned(), at: row.instant("linked_at")?, by })
    };
    rows.iter().map(linked).collect()
}

/// Adds a link; one to a group of alerts says which alerts these are. False if it was there.
pub fn link(tx: &mut Tx<'_>, id: IncidentId, subject: &str, by: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO incident_links (incident, subject, linked_at, linked_by, alike) VALUES ($1, $2, $3, $4, \
               (SELECT substr(groups.route || ' ' || groups.labels, 1, 400) FROM groups WHERE groups.id = $2)) \
               ON CONFLICT (incident, subject) DO NOTHING";
    Ok(tx.execute(sql, &[id.into(), subject.into(), now.into(), by.into()])? > 0)
}

/// Takes a link away. False if there was none.
pub fn unlink(tx: &mut Tx<'_>, id: IncidentId, subject: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM incident_links WHERE incident = $1 AND subject = $2";
    Ok(tx.execute(sql, &[id.into(), subject.into()])? > 0)
}

/// Who is named for it.
pub fn people(tx: &mut Tx<'_>, id: IncidentId) -> Result<Vec<Name>, Error> {
    let rows = tx.query("SELECT person FROM incident_people WHERE incident = $1 ORDER BY person", &[id.into()])?;
    rows.iter().map(|row| row.name("person")).collect()
}

/// Names somebody for it. False if they were.
pub fn name_person(tx: &mut Tx<'_>, id: IncidentId, person: &Name) -> Result<bool, Error> {
    let sql =
        "INSERT INTO incident_people (incident, person) VALUES ($1, $2) ON CONFLICT (incident, person) DO NOTHING";
    Ok(tx.execute(sql, &[id.into(), person.into()])? > 0)
}

/// Takes somebody off it. False if they were not named.
pub fn remove_person(tx: &mut Tx<'_>, id: IncidentId, person: &Name) -> Result<bool, Error> {
    let sql = "DELETE FROM incident_people WHERE incident = $1 AND person = $2";
    Ok(tx.execute(sql, &[id.into(), person.into()])? > 0)
}

pub(crate) fn read(row: &Row) -> Result<IncidentRow, Error> {
    let activities: BTreeMap<Activity, i64> = row.json("activities")?;
    let instant = |micros: i64| Timestamp::from_microsecond(micros).map_err(|_| Error::corrupt("a time that is none"));
    let services = row.text("services")?.lines().map(str::parse).collect::<Result<_, _>>();
    Ok(IncidentRow {
        id: row.id("id")?,
        title: row.text("title")?.to_owned(),
        state: Incident {
            class: row.parse::<Class>("class")?,
            phase: row.parse::<Phase>("phase")?,
            since: row.instant("since")?,
            severity: row.opt_text("severity")?.map(str::to_owned),
            activities: activities
                .into_iter()
                .map(|(activity, since)| Ok((activity, instant(since)?)))
                .collect::<Result<_, Error>>()?,
            visibility: row.parse::<Visibility>("visibility")?,
            commander: row.opt_name("commander")?,
            merged_into: row.opt_id("merged_into")?,
            reopened: u32::try_from(row.int("reopened")?).unwrap_or(u32::MAX),
        },
        codename: row.opt_text("codename")?.map(str::to_owned),
        because: row.opt_text("because")?.map(str::to_owned),
        impact: row.opt_text("impact")?.map(str::to_owned),
        services: services.map_err(|_| Error::corrupt("the services of an incident do not read"))?,
        reported_by: row.text("reported_by")?.to_owned(),
        reported_at: row.instant("reported_at")?,
        retrospective: row.bool("retrospective")?,
        near_miss: row.bool("near_miss")?,
        drill: row.bool("drill")?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::Mint;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    pub(crate) fn incident(mint: &mut Mint, second: i64, class: Class) -> IncidentRow {
        IncidentRow {
            id: mint.id(at(second)),
            title: format!("100% of incident {second}"),
            state: Incident::reported(class, at(second)),
            codename: (class == Class::Security).then(|| "quiet heron".to_owned()),
            because: Some("errors".into()),
            impact: None,
            services: vec![name("payments"), name("search")],
            reported_by: "person:ana".into(),
            reported_at: at(second),
            retrospective: false,
            near_miss: second == 1,
            drill: second == 2,
        }
    }

    both_engines! {
        fn an_incident_reads_back_as_it_was_written(store) {
            let mut row = incident(&mut Mint::seeded(1), 0, Class::System);
            store.write(|tx| Ok(save(tx, &row)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(get(tx, row.id, Sight::Open)?)).unwrap().as_ref(), Some(&row));
            row.state.phase = Phase::InReview;
            row.state.severity = Some("SEV2".into());
            row.state.activities = [(Activity::Analysis, at(3)), (Activity::Recovery, at(4))].into();
            row.state.commander = Some(name("ben"));
            row.state.merged_into = Some(row.id);
            row.state.reopened = 2;
            row.services = vec![];
            row.impact = Some("a\nb".into());
            store.write(|tx| Ok(save(tx, &row)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(get(tx, row.id, Sight::Open)?)).unwrap(), Some(row));
        }

        fn a_restricted_incident_is_there_for_those_who_are_named(store) {
            let mut mint = Mint::seeded(1);
            let (open, hidden) = (incident(&mut mint, 0, Class::System), incident(&mut mint, 1, Class::Security));
            let (ana, ben) = (name("ana"), name("ben"));
            store.write(|tx| {
                save(tx, &open)?;
                save(tx, &hidden)?;
                for id in [open.id, hidden.id] {
                    assert!(link(tx, id, "grp_1", "person:ana", at(0))?);
                }
                assert!(name_person(tx, hidden.id, &ana)? && !name_person(tx, hidden.id, &ana)?);
                Ok(())
            }).unwrap();
            let seen = |sight: Sight<'_>| store.read(|tx| {
                let listed: Vec<_> = list(tx, &Filter::default(), sight, None, 9)?.iter().map(|row| row.id).collect();
                let linked: Vec<_> = of_subject(tx, "grp_1", sight)?.iter().map(|row| row.id).collect();
                assert_eq!(listed, linked);
                assert_eq!(count_open(tx, sight)?, listed.len() as u64);
                assert_eq!(get(tx, hidden.id, sight)?.is_some(), listed.contains(&hidden.id));
                Ok(listed)
            }).unwrap();
            assert_eq!(seen(Sight::Of(&ana)), [hidden.id, open.id]);
            assert_eq!(seen(Sight::Whole), [hidden.id, open.id]);
            assert_eq!(seen(Sight::Of(&ben)), [open.id]);
            assert_eq!(seen(Sight::Open), [open.id]);
            let subjects = || store.read(|tx| Ok(open_subjects(tx)?)).unwrap().len();
            assert_eq!(subjects(), 1);
            store.write(|tx| { assert!(remove_person(tx, hidden.id, &ana)?); Ok(()) }).unwrap();
            assert_eq!(seen(Sight::Of(&ana)), [open.id]);
        }

        fn whoever_is_to_be_called_to_command_is_called_when_it_is_due(store) {
            let row = incident(&mut Mint::seeded(1), 0, Class::System);
            let next = || store.read(|tx| Ok((next_command_due(tx)?, command_due(tx, at(5), 9)?))).unwrap();
            store.write(|tx| Ok(save(tx, &row)?)).unwrap();
            assert_eq!(next(), (None, vec![]));
            for (due, found) in [(6, vec![]), (5, vec![row.id])] {
                store.write(|tx| { set_command_due(tx, row.id, Some(at(due)))?; Ok(save(tx, &row)?) }).unwrap();
                assert_eq!(next(), (Some(at(due)), found), "and it stays when something else of it changes");
            }
            store.write(|tx| Ok(set_command_due(tx, row.id, None)?)).unwrap();
            assert_eq!(next(), (None, vec![]));
        }

        fn incidents_are_found_by_what_they_are(store) {
            let mut mint = Mint::seeded(1);
            let mut rows: Vec<_> = (0..4).map(|second| incident(&mut mint, second, Class::System)).collect();
            rows[1].state.class = Class::Operational;
            rows[2].state.phase = Phase::Closed;
            rows[3].state.severity = Some("SEV1".into());
            store.write(|tx| rows.iter().try_for_each(|row| Ok(save(tx, row)?))).unwrap();
            let found = |filter: Filter, before, limit| store.read(|tx| {
                let listed = list(tx, &filter, Sight::Open, before, limit)?;
                Ok(listed.iter().map(|one| rows.iter().position(|row| row.id == one.id).unwrap()).collect::<Vec<_>>())
            }).unwrap();
            let any = Filter::default;
            assert_eq!(found(any(), None, 9), [3, 2, 1, 0]);
            assert_eq!(found(any(), Some(rows[2].id), 1), [1]);
            assert_eq!(found(Filter { drill: Some(true), ..any() }, None, 9), [2]);
            assert_eq!(found(Filter { drill: Some(false), ..any() }, None, 9), [3, 1, 0]);
            assert_eq!(found(Filter { open: true, ..any() }, None, 9), [3, 1, 0]);
            assert_eq!(found(Filter { class: Some(Class::Operational), ..any() }, None, 9), [1]);
            assert_eq!(found(Filter { severity: Some("SEV1".into()), ..any() }, None, 9), [3]);
            assert_eq!(found(Filter { words: Some("INCIDENT 2".into()), ..any() }, None, 9), [2]);
            assert_eq!(found(Filter { words: Some("%".into()), ..any() }, None, 9).len(), 4, "no pattern of theirs");
        }
    }
}
