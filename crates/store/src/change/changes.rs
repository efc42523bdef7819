//! Rows of changes: as they stand, what they touch, what was said of them, who approved, and from what they were exempted.
//!
//! A change that is part of an incident is seen by those who see the incident; every other by everybody.

use std::collections::{BTreeMap, BTreeSet};

use domain::change::changes::{Approval, Change, Path, State};
use domain::change::gates::{Exemption, Rule};
use domain::change::observations::Stage;
use domain::change::proposals::{Kind, Proposal, Window};
use domain::change::verdicts::Outcome;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, IncidentId, Name, Timestamp};

use crate::door::{Error, Row, Tx, Value};
use crate::respond::sight;

/// A change as its row tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    pub change: Change,
    /// `person:ana`, `integration:github`.
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    pub began_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Its points when it was approved or begun.
    pub risk: Option<i32>,
    /// Of one that a program reported: which integration, and what it calls it.
    pub source: Option<(Name, String)>,
    /// An http(s) URL where people can look.
    pub link: Option<String>,
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<String>,
    pub path: Option<Path>,
    pub kind: Option<Kind>,
    pub service: Option<Name>,
    pub environment: Option<Name>,
    /// A part of the title.
    pub words: Option<String>,
    /// Only those that are ahead, go on, or are stuck.
    pub open: bool,
}

/// States in which somebody has still to do something.
pub const OPEN: &str = "'proposed', 'approved', 'scheduled', 'running', 'rolling-back', 'stuck'";

/// Those in which nothing of it was done yet.
pub(super) const OPEN_AHEAD: &str = "'proposed', 'approved', 'scheduled'";

const COLUMNS: &str = "changes.id, changes.path, changes.kind, changes.title, changes.revision, changes.proposal, \
    changes.authors, changes.state, changes.since, changes.because, changes.outcome, changes.window_from, \
    changes.window_to, changes.incident, changes.reviewed_by, changes.reviewed_at, changes.risk, changes.proposed_by, \
    changes.proposed_at, changes.began_at, changes.ended_at, changes.source, changes.source_key, changes.link";
/// Changes that are seen.
const SEEN: &str = "(changes.incident IS NULL OR $1 = '*' OR EXISTS (SELECT 1 FROM incidents WHERE \
    incidents.id = changes.incident AND (incidents.visibility = 'open' OR EXISTS (SELECT 1 FROM incident_people \
    WHERE incident_people.incident = incidents.id AND incident_people.person = $1))))";

/// Writes a change as it is now, with what it touches.
pub fn save(tx: &mut Tx<'_>, row: &ChangeRow) -> Result<(), Error> {
    let change = &row.change;
    let authors: Vec<&str> = change.authors.iter().map(Name::as_str).collect();
    let state = Columns::of(&change.state, row.proposed_at);
    tx.execute(
        "INSERT INTO changes (id, path, kind, title, revision, proposal, authors, state, since, because, outcome, \
         window_from, window_to, incident, reviewed_by, reviewed_at, risk, proposed_by, proposed_at, began_at, ended_at, \
         source, source_key, link) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
         $18, $19, $20, $21, $22, $23, $24) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, \
         title = excluded.title, revision = excluded.revision, proposal = excluded.proposal, authors = excluded.authors, \
         state = excluded.state, since = excluded.since, because = excluded.because, outcome = excluded.outcome, \
         window_from = excluded.window_from, window_to = excluded.window_to, incident = excluded.incident, \
         reviewed_by = excluded.reviewed_by, reviewed_at = excluded.reviewed_at, risk = excluded.risk, \
         began_at = excluded.began_at, ended_at = excluded.ended_at, link = excluded.link, source = excluded.source, \
         source_key = excluded.source_key",
        &[
            change.id.into(),
            change.path.word().into(),
            change.proposal.kind.word().into(),
            change.proposal.title.as_str().into(),
            i64::from(change.revision).into(),
            serde_json::to_string(&change.proposal).expect("a proposal has a JSON form").into(),
            authors.join("\n").into(),
            change.state.word().into(),
            state.since.into(),
            state.because.into(),
            state.outcome.into(),
            state.window.map(|window| window.from).into(),
            state.window.map(|window| window.to).into(),
            change.incident.into(),
            change.reviewed.as_ref().map(|(person, _)| person).into(),
            change.reviewed.as_ref().map(|(_, at)| *at).into(),
            row.risk.map(i64::from).into(),
            row.proposed_by.as_str().into(),
            row.proposed_at.into(),
            row.began_at.into(),
            row.ended_at.into(),
            row.source.as_ref().map(|(source, _)| source).into(),
            row.source.as_ref().map(|(_, key)| key.as_str()).into(),
            row.link.as_ref().into(),
        ],
    )?;
    tx.execute("DELETE FROM change_targets WHERE change = $1", &[change.id.into()])?;
    for target in &change.proposal.targets {
        tx.execute(
            "INSERT INTO change_targets (service, change, environment) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[(&target.service).into(), change.id.into(), target.environment.as_ref().map_or("", Name::as_str).into()],
        )?;
    }
    for approval in &change.approvals {
        tx.execute(
            "INSERT INTO approvals (change, revision, person, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            &[change.id.into(), i64::from(approval.revision).into(), (&approval.by).into(), approval.at.into()],
        )?;
    }
    Ok(())
}

/// The columns that a state is kept in.
struct Columns<'s> {
    since: Timestamp,
    because: Option<&'s str>,
    outcome: Option<&'static str>,
    window: Option<Window>,
}

impl<'s> Columns<'s> {
    fn of(state: &'s State, proposed_at: Timestamp) -> Self {
        let at = |since| Self { since, because: None, outcome: None, window: None };
        match state {
            State::Proposed => at(proposed_at),
            State::Scheduled { window } => Self { window: Some(*window), ..at(window.from) },
            State::Approved { at: since }
            | State::Running { since }
            | State::Finished { at: since }
            | State::RollingBack { since } => at(*since),
            State::Failed { at: since, why }
            | State::Stuck { at: since, why }
            | State::Cancelled { at: since, why } => Self { because: Some(why), ..at(*since) },
            State::RolledBack { at: since, outcome } => Self { outcome: outcome.map(Outcome::word), ..at(*since) },
        }
    }
}

/// The change, if whoever looks may see it.
pub fn get(tx: &mut Tx<'_>, id: ChangeId, sight: Sight<'_>) -> Result<Option<ChangeRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM changes WHERE {SEEN} AND changes.id = $2");
    let row = tx.one(&sql, &[sight::bound(sight), id.into()])?;
    row.map(|row| with_approvals(tx, read(&row)?)).transpose()
}

/// Those of many that are seen, in no order; their approvals are not read.
pub fn of_ids(tx: &mut Tx<'_>, ids: &[ChangeId], sight: Sight<'_>) -> Result<Vec<ChangeRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM changes WHERE {SEEN} AND changes.id IN ({{ids}})");
    tx.query_ids(&sql, &[sight::bound(sight)], ids)?.iter().map(read).collect()
}

/// Those that are part of an incident, newest first; their approvals are not read.
pub fn of_incident(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>, limit: u32) -> Result<Vec<ChangeRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM changes WHERE {SEEN} AND changes.incident = $2 ORDER BY changes.id DESC LIMIT $3"
    );
    tx.query(&sql, &[sight::bound(sight), id.into(), limit.into()])?.iter().map(read).collect()
}

/// What an integration calls so.
pub fn of_source(tx: &mut Tx<'_>, source: &Name, key: &str) -> Result<Option<ChangeRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM changes WHERE source = $1 AND source_key = $2");
    tx.one(&sql, &[source.into(), key.into()])?.map(|row| read(&row)).transpose()
}

/// Changes that are seen, newest first, from before an id; their approvals are not read.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &Filter,
    sight: Sight<'_>,
    before: Option<ChangeId>,
    limit: u32,
) -> Result<Vec<ChangeRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM changes WHERE {SEEN} AND changes.id < $2 AND ($3 = '' OR state = $3) \
         AND ($4 = '' OR path = $4) AND ($5 = '' OR kind = $5) AND ($6 = '' OR EXISTS (SELECT 1 FROM change_targets \
         WHERE change_targets.change = changes.id AND change_targets.service = $6)) \
         AND ($7 = '' OR EXISTS (SELECT 1 FROM change_targets WHERE change_targets.change = changes.id \
         AND change_targets.environment = $7)) AND ($8 = '' OR LOWER(title) LIKE $8) \
         AND ($9 = 0 OR state IN ({OPEN})) ORDER BY changes.id DESC LIMIT $10"
    );
    let words = filter.words.as_deref().map_or_else(String::new, |words| {
        let plain: String = words.to_lowercase().chars().filter(|letter| !"%_\\".contains(*letter)).collect();
        format!("%{plain}%")
    });
    let values: [Value<'_>; 10] = [
        sight::bound(sight),
        before.map_or_else(|| "cng~".to_owned(), |id| id.to_string()).into(),
        filter.state.as_deref().unwrap_or_default().into(),
        filter.path.map_or("", Path::word).into(),
        filter.kind.map_or("", Kind::word).into(),
        filter.service.as_ref().map_or("", Name::as_str).into(),
        filter.environment.as_ref().map_or("", Name::as_str).into(),
        words.into(),
        i64::from(filter.open).into(),
        i64::from(limit).into(),
    ];
    tx.query(&sql, &values)?.iter().map(read).collect()
}

/// Those in one of some states, the oldest first.
pub fn in_states(tx: &mut Tx<'_>, states: &[&str], sight: Sight<'_>, limit: u32) -> Result<Vec<ChangeRow>, Error> {
    let mut found = Vec::new();
    for state in states {
        let sql = format!("SELECT {COLUMNS} FROM changes WHERE {SEEN} AND state = $2 ORDER BY changes.id LIMIT $3");
        let rows = tx.query(&sql, &[sight::bound(sight), (*state).into(), i64::from(limit).into()])?;
        found.extend(rows.iter().map(read).collect::<Result<Vec<_>, _>>()?);
    }
    found.sort_by_key(|row| row.change.id);
    Ok(found)
}

/// Those of which something went out in a stretch of time, the oldest first, with when.
pub fn in_stretch(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
    sight: Sight<'_>,
    limit: u32,
) -> Result<Vec<ChangeRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM changes WHERE {SEEN} AND changes.id IN (SELECT change FROM change_stages WHERE at >= $2 \
         AND at <= $3) ORDER BY changes.id DESC LIMIT $4"
    );
    let rows = tx.query(&sql, &[sight::bound(sight), from.into(), to.into(), i64::from(limit).into()])?;
    let mut found: Vec<ChangeRow> = rows.iter().map(read).collect::<Result<_, _>>()?;
    found.reverse();
    Ok(found)
}

/// Emergencies that began and that nobody has looked at since, the oldest first.
pub fn unreviewed(tx: &mut Tx<'_>, sight: Sight<'_>, limit: u32) -> Result<Vec<ChangeRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM changes WHERE {SEEN} AND path = 'emergency' AND reviewed_by IS NULL \
         AND began_at IS NOT NULL AND state <> 'cancelled' ORDER BY changes.id LIMIT $2"
    );
    tx.query(&sql, &[sight::bound(sight), i64::from(limit).into()])?.iter().map(read).collect()
}

/// What an integration reported and no service was found for, the newest first. What is of an environment is of none.
pub fn unmapped(tx: &mut Tx<'_>, source: &Name, sight: Sight<'_>, limit: u32) -> Result<Vec<ChangeRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM changes WHERE {SEEN} AND source = $2 AND kind <> 'infrastructure' AND NOT EXISTS \
         (SELECT 1 FROM change_targets WHERE change_targets.change = changes.id) ORDER BY changes.id DESC LIMIT $3"
    );
    tx.query(&sql, &[sight::bound(sight), source.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// Others of the same services, that came after one, the oldest first.
pub fn later_on(
    tx: &mut Tx<'_>,
    after: ChangeId,
    services: &BTreeSet<Name>,
    limit: u32,
) -> Result<Vec<ChangeRow>, Error> {
    let mut found = BTreeMap::new();
    for service in services {
        let sql = format!(
            "SELECT {COLUMNS} FROM changes JOIN change_targets ON change_targets.change = changes.id \
             WHERE change_targets.service = $1 AND change_targets.change > $2 ORDER BY changes.id LIMIT $3"
        );
        for row in tx.query(&sql, &[service.into(), after.into(), i64::from(limit).into()])? {
            let row = read(&row)?;
            found.insert(row.change.id, row);
        }
    }
    Ok(found.into_values().collect())
}

/// How many changes of a service began since, and how many of them failed or were taken back.
pub fn failures(tx: &mut Tx<'_>, service: &Name, since: Timestamp) -> Result<(u32, u32), Error> {
    let row = tx.one(
        "SELECT COUNT(*) AS began, COALESCE(SUM(CASE WHEN state IN ('failed', 'rolling-back', 'rolled-back', 'stuck') \
         THEN 1 ELSE 0 END), 0) AS failed FROM changes WHERE began_at >= $2 AND EXISTS (SELECT 1 FROM change_targets \
         WHERE change_targets.change = changes.id AND change_targets.service = $1)",
        &[service.into(), since.into()],
    )?;
    row.map_or(Ok((0, 0)), |row| Ok((row.number("began")?, row.number("failed")?)))
}

/// Notes that something of it was said or went out. Saying it again changes nothing; answers whether it was new.
pub fn add_stage(tx: &mut Tx<'_>, id: ChangeId, at: Timestamp, stage: Stage, said: &str) -> Result<bool, Error> {
    let sql = "INSERT INTO change_stages (change, at, stage, said) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, &[id.into(), at.into(), stage.word().into(), said.into()])? > 0)
}

/// What was said of it, the earliest first.
pub fn stages(tx: &mut Tx<'_>, id: ChangeId) -> Result<Vec<(Timestamp, Stage, String)>, Error> {
    let rows =
        tx.query("SELECT at, stage, said FROM change_stages WHERE change = $1 ORDER BY at, stage, said", &[id.into()])?;
    rows.iter().map(|row| Ok((row.instant("at")?, row.parse("stage")?, row.text("said")?.to_owned()))).collect()
}

/// Keeps an exemption.
pub fn add_exemption(tx: &mut Tx<'_>, one: &Exemption) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO exemptions (change, revision, rule, about, person, because, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            one.change.into(),
            i64::from(one.revision).into(),
            one.rule.word().into(),
            one.rule.about().into(),
            (&one.by).into(),
            one.why.as_str().into(),
            one.at.into(),
        ],
    )?;
    Ok(())
}

/// The exemptions of a change, of every revision.
pub fn exemptions(tx: &mut Tx<'_>, id: ChangeId) -> Result<Vec<Exemption>, Error> {
    let sql =
        "SELECT change, revision, rule, about, person, because, at FROM exemptions WHERE change = $1 ORDER BY at, rule";
    tx.query(sql, &[id.into()])?.iter().map(read_exemption).collect()
}

/// The changes for which somebody was exempted from a rule.
pub fn exempted(tx: &mut Tx<'_>) -> Result<BTreeSet<ChangeId>, Error> {
    tx.query("SELECT DISTINCT change FROM exemptions", &[])?.iter().map(|row| row.id("change")).collect()
}

fn read_exemption(row: &Row) -> Result<Exemption, Error> {
    let rule = Rule::read(row.text("rule")?, row.text("about")?);
    Ok(Exemption {
        rule: rule.map_err(|_| Error::corrupt("the rule of an exemption does not read"))?,
        change: row.id("change")?,
        revision: row.number("revision")?,
        by: row.name("person")?,
        why: row.text("because")?.to_owned(),
        at: row.instant("at")?,
    })
}

fn with_approvals(tx: &mut Tx<'_>, mut row: ChangeRow) -> Result<ChangeRow, Error> {
    let sql = "SELECT person, revision, at FROM approvals WHERE change = $1 AND revision = $2 ORDER BY at, person";
    let rows = tx.query(sql, &[row.change.id.into(), i64::from(row.change.revision).into()])?;
    let approval =
        |row: &Row| Ok(Approval { by: row.name("person")?, revision: row.number("revision")?, at: row.instant("at")? });
    row.change.approvals = rows.iter().map(approval).collect::<Result<_, Error>>()?;
    Ok(row)
}

fn read(row: &Row) -> Result<ChangeRow, Error> {
    let since = row.instant("since")?;
    let because = || Ok::<_, Error>(row.opt_text("because")?.unwrap_or_default().to_owned());
    let state = match row.text("state")? {
        "proposed" => State::Proposed,
        "approved" => State::Approved { at: since },
        "scheduled" => {
            State::Scheduled { window: Window { from: row.instant("window_from")?, to: row.instant("window_to")? } }
        }
        "running" => State::Running { since },
        "finished" => State::Finished { at: since },
        "failed" => State::Failed { at: since, why: because()? },
        "rolling-back" => State::RollingBack { since },
        "rolled-back" => State::RolledBack { at: since, outcome: row.opt_parse("outcome")? },
        "stuck" => State::Stuck { at: since, why: because()? },
        "cancelled" => State::Cancelled { at: since, why: because()? },
        _ => return Err(Error::corrupt("the state of a change does not read")),
    };
    let authors = row.text("authors")?.lines().map(str::parse).collect::<Result<_, _>>();
    let proposal: Proposal = row.json("proposal")?;
    let incident: Option<IncidentId> = row.opt_id("incident")?;
    let reviewed = row.opt_name("reviewed_by")?.zip(row.opt_instant("reviewed_at")?);
    Ok(ChangeRow {
        change: Change {
            id: row.id("id")?,
            path: row.parse("path")?,
            revision: row.number("revision")?,
            authors: authors.map_err(|_| Error::corrupt("the authors of a change do not read"))?,
            proposal,
            approvals: Vec::new(),
            state,
            incident,
            reviewed,
        },
        proposed_by: row.text("proposed_by")?.to_owned(),
        proposed_at: row.instant("proposed_at")?,
        began_at: row.opt_instant("began_at")?,
        ended_at: row.opt_instant("ended_at")?,
        risk: row.opt_number("risk")?,
        source: row.opt_name("source")?.zip(row.opt_text("source_key")?.map(str::to_owned)),
        link: row.opt_text("link")?.map(str::to_owned),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use domain::change::proposals::{Step, Target};
    use domain::words::{Id as _, Mint, Span};

    use super::*;
    use crate::both_engines;
    use crate::respond::incidents;

    pub(in super::super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    pub(in super::super) fn row(id: ChangeId, service: &str) -> ChangeRow {
        let target =
            Target { service: name(service), environment: Some(name("live")), from: None, to: Some("4.2".into()) };
        ChangeRow {
            change: Change {
                id,
                path: Path::Planned,
                revision: 2,
                authors: [name("ana"), name("ben")].into(),
                proposal: Proposal {
                    kind: Kind::Deploy,
                    title: "Checkout 4.2".into(),
                    why: "faster".into(),
                    targets: vec![target],
                    steps: vec![Step { text: "deploy".into(), estimate: Span::minutes(5) }],
                    rollback: None,
                    verification: vec!["it answers".into()],
                },
                approvals: Vec::new(),
                state: State::Proposed,
                incident: None,
                reviewed: None,
            },
            proposed_by: "person:ana".into(),
            proposed_at: at(0),
            began_at: None,
            ended_at: None,
            risk: None,
            source: None,
            link: None,
        }
    }

    both_engines! {
        fn a_change_reads_back_in_each_of_its_states(store) {
            let mut mint = Mint::seeded(1);
            let id: ChangeId = mint.id(at(0));
            let mut row = row(id, "shop");
            row.change.approvals = vec![Approval { by: name("cleo"), revision: 2, at: at(3) }];
            (row.risk, row.link) = (Some(31), Some("https://ci.example/1".into()));
            row.source = Some((name("github"), "dep 7".into()));
            let window = Window { from: at(60), to: at(120) };
            for state in [
                State::Proposed,
                State::Approved { at: at(3) },
                State::Scheduled { window },
                State::Running { since: at(61) },
                State::Finished { at: at(70) },
                State::Failed { at: at(70), why: "no\ndisk".into() },
                State::RollingBack { since: at(80) },
                State::RolledBack { at: at(81), outcome: None },
                State::RolledBack { at: at(81), outcome: Some(Outcome::NoEffect) },
                State::Stuck { at: at(82), why: "no answer".into() },
                State::Cancelled { at: at(9), why: "not wanted".into() },
            ] {
                row.change.state = state;
                row.change.reviewed = Some((name("dan"), at(90)));
                store.write(|tx| Ok(save(tx, &row)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(get(tx, id, Sight::Open)?)).unwrap().as_ref(), Some(&row));
            }
            // An approval of a revision that no longer stands is kept, and not read.
            row.change.revision = 3;
            store.write(|tx| Ok(save(tx, &row)?)).unwrap();
            let read = store.read(|tx| Ok(get(tx, id, Sight::Open)?)).unwrap().unwrap();
            assert_eq!(read.change.approvals, []);
            let found = store.read(|tx| Ok(of_source(tx, &name("github"), "dep 7")?)).unwrap();
            assert_eq!(found.map(|row| row.change.id), Some(id));
        }

        fn changes_are_found_by_what_they_touch_and_when(store) {
            let mut mint = Mint::seeded(2);
            let ids: Vec<ChangeId> = (0..4).map(|second| mint.id(at(second))).collect();
            for (id, service) in ids.iter().zip(["shop", "cart", "shop", "mail"]) {
                let mut row = row(*id, service);
                if *id == ids[2] {
                    row.change.state = State::Failed { at: at(50), why: "x".into() };
                    row.began_at = Some(at(40));
                }
                store.write(|tx| Ok(save(tx, &row)?)).unwrap();
            }
            let listed = |filter: Filter, before: Option<ChangeId>| -> Vec<ChangeId> {
                let rows = store.read(|tx| Ok(list(tx, &filter, Sight::Open, before, 10)?)).unwrap();
                rows.into_iter().map(|row| row.change.id).collect()
            };
            let of = |service: &str| Filter { service: Some(name(service)), ..Filter::default() };
            assert_eq!(listed(Filter::default(), None), [ids[3], ids[2], ids[1], ids[0]]);
            assert_eq!(listed(of("shop"), None), [ids[2], ids[0]]);
            assert_eq!(listed(of("shop"), Some(ids[2])), [ids[0]]);
            assert_eq!(listed(Filter { state: Some("failed".into()), ..of("shop") }, None), [ids[2]]);
            assert_eq!(listed(Filter { words: Some("CHECK%out".into()), open: true, ..of("shop") }, None), [ids[0]]);
            assert_eq!(listed(Filter { words: Some("cart".into()), ..Filter::default() }, None), []);
            assert_eq!(listed(Filter { environment: Some(name("test")), ..of("shop") }, None), []);
            let shop = [name("shop"), name("mail")].into();
            let later = store.read(|tx| Ok(later_on(tx, ids[0], &shop, 10)?)).unwrap();
            assert_eq!(later.iter().map(|row| row.change.id).collect::<Vec<_>>(), [ids[2], ids[3]]);
            assert_eq!(store.read(|tx| Ok(failures(tx, &name("shop"), at(0))?)).unwrap(), (1, 1));
            assert_eq!(store.read(|tx| Ok(failures(tx, &name("shop"), at(41))?)).unwrap(), (0, 0));
        }

        fn what_no_service_was_found_for_is_found(store) {
            let mut mint = Mint::seeded(6);
            for (place, source) in ["ci", "ci", "cd"].into_iter().enumerate() {
                let mut row = row(mint.id(at(0)), "shop");
                row.source = Some((name(source), place.to_string()));
                if place > 0 {
                    row.change.proposal.targets.clear();
                }
                store.write(|tx| Ok(save(tx, &row)?)).unwrap();
            }
            let found = store.read(|tx| Ok(unmapped(tx, &name("ci"), Sight::Open, 9)?)).unwrap();
            assert_eq!(found.into_iter().map(|row| row.source.unwrap().1).collect::<Vec<_>>(), ["1"]);
        }

        fn what_was_said_twice_is_kept_once(store) {
            let mut mint = Mint::seeded(3);
            let id: ChangeId = mint.id(at(0));
            store.write(|tx| Ok(save(tx, &row(id, "shop"))?)).unwrap();
            let add = |second, stage| store.write(|tx| Ok(add_stage(tx, id, at(second), stage, "")?)).unwrap();
            assert_eq!([add(5, Stage::Finished), add(1, Stage::Began), add(5, Stage::Finished)], [true, true, false]);
            let said = store.read(|tx| Ok(stages(tx, id)?)).unwrap();
            assert_eq!(said.iter().map(|(at, stage, _)| (*at, *stage)).collect::<Vec<_>>(), [(at(1), Stage::Began), (at(5), Stage::Finished)]);
            let between = |from, to| store.read(|tx| Ok(in_stretch(tx, at(from), at(to), Sight::Open, 9)?)).unwrap().len();
            assert_eq!([between(0, 4), between(2, 4), between(5, 5)], [1, 0, 1]);
        }

        fn a_change_of_a_restricted_incident_is_seen_by_those_who_see_that(store) {
            let mut mint = Mint::seeded(4);
            let mut incident = incidents::tests::incident(&mut mint, 0, domain::respond::incidents::Class::Security);
            incident.state.visibility = domain::respond::incidents::Visibility::Restricted;
            let id: ChangeId = mint.id(at(1));
            let mut row = row(id, "shop");
            row.change.incident = Some(incident.id);
            store.write(|tx| {
                incidents::save(tx, &incident)?;
                incidents::name_person(tx, incident.id, &name("ana"))?;
                Ok(save(tx, &row)?)
            }).unwrap();
            for (sight, seen) in [(Sight::Open, false), (Sight::Of(&name("ben")), false), (Sight::Of(&name("ana")), true), (Sight::Whole, true)] {
                let (one, all) = store.read(|tx| Ok((get(tx, id, sight)?, list(tx, &Filter::default(), sight, None, 9)?))).unwrap();
                assert_eq!((one.is_some(), all.len()), (seen, usize::from(seen)), "{sight:?}");
            }
        }

        fn exemptions_are_kept_by_revision(store) {
            let id = ChangeId::from_bits(9);
            let one = Exemption { rule: Rule::Freeze(name("sale")), change: id, revision: 2, by: name("mo"), why: "it cannot wait".into(), at: at(4) };
            let two = Exemption { rule: Rule::Window, at: at(5), ..one.clone() };
            store.write(|tx| { add_exemption(tx, &one)?; Ok(add_exemption(tx, &two)?) }).unwrap();
            assert_eq!(store.read(|tx| Ok(exemptions(tx, id)?)).unwrap(), [one.clone(), two]);
            assert_eq!(store.read(|tx| Ok(exempted(tx)?)).unwrap(), [id].into());
            assert!(store.write(|tx| Ok(add_exemption(tx, &one)?)).is_err(), "once for a revision");
        }
    }
}
