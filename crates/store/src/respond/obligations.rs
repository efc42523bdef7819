//! Rows of obligations: what is on record of their clocks, and which of them run.

use domain::respond::obligations::{Decision, Recorded, Records, Ruling, Submission};
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, Timestamp};

use super::sight;
use crate::door::{Error, Row, Tx};

/// Enters a record of an anchor. There is no way to change one.
pub fn insert_anchor(tx: &mut Tx<'_>, incident: IncidentId, one: &Recorded) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO obligation_anchors (id, incident, pack, anchor, at, basis, evidence, entered_by, entered_at, \
         supersedes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            one.id.into(),
            incident.into(),
            (&one.pack).into(),
            (&one.anchor).into(),
            one.at.into(),
            one.basis.as_str().into(),
            one.evidence.as_ref().into(),
            one.by.as_str().into(),
            one.entered_at.into(),
            one.supersedes.into(),
        ],
    )?;
    Ok(())
}

/// Enters what was told.
pub fn insert_submission(tx: &mut Tx<'_>, incident: IncidentId, one: &Submission) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO submissions (id, incident, pack, clock, at, receipt, said, entered_by, entered_at, amends, \
         why_late) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            one.id.into(),
            incident.into(),
            (&one.pack).into(),
            (&one.clock).into(),
            one.at.into(),
            one.receipt.as_ref().into(),
            one.text.as_str().into(),
            one.by.as_str().into(),
            one.entered_at.into(),
            one.amends.into(),
            one.why_late.as_ref().into(),
        ],
    )?;
    Ok(())
}

/// Enters a decision.
pub fn insert_decision(tx: &mut Tx<'_>, incident: IncidentId, one: &Decision) -> Result<(), Error> {
    let until = match one.ruling {
        Ruling::Postponed { until } => Some(until),
        _ => None,
    };
    tx.execute(
        "INSERT INTO obligation_decisions (id, incident, pack, clock, ruling, until, why, decided_by, decided_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            one.id.into(),
            incident.into(),
            (&one.pack).into(),
            one.clock.as_ref().into(),
            one.ruling.word().into(),
            until.into(),
            one.why.as_str().into(),
            one.by.as_str().into(),
            one.at.into(),
        ],
    )?;
    Ok(())
}

/// Everything that is on record of an incident.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Records, Error> {
    let anchors = tx.query(
        "SELECT id, pack, anchor, at, basis, evidence, entered_by, entered_at, supersedes FROM obligation_anchors \
         WHERE incident = $1 ORDER BY id",
        &[incident.into()],
    )?;
    let submissions = tx.query(
        "SELECT id, pack, clock, at, receipt, said, entered_by, entered_at, amends, why_late FROM submissions \
         WHERE incident = $1 ORDER BY id",
        &[incident.into()],
    )?;
    let decisions = tx.query(
        "SELECT id, pack, clock, ruling, until, why, decided_by, decided_at FROM obligation_decisions \
         WHERE incident = $1 ORDER BY id",
        &[incident.into()],
    )?;
    Ok(Records {
        anchors: anchors.iter().map(read_anchor).collect::<Result<_, _>>()?,
        submissions: submissions.iter().map(read_submission).collect::<Result<_, _>>()?,
        decisions: decisions.iter().map(read_decision).collect::<Result<_, _>>()?,
    })
}

fn read_anchor(row: &Row) -> Result<Recorded, Error> {
    Ok(Recorded {
        id: row.id("id")?,
        pack: row.name("pack")?,
        anchor: row.name("anchor")?,
        at: row.instant("at")?,
        basis: row.text("basis")?.to_owned(),
        evidence: row.opt_text("evidence")?.map(str::to_owned),
        by: row.text("entered_by")?.to_owned(),
        entered_at: row.instant("entered_at")?,
        supersedes: row.opt_id("supersedes")?,
    })
}

fn read_submission(row: &Row) -> Result<Submission, Error> {
    Ok(Submission {
        id: row.id("id")?,
        pack: row.name("pack")?,
        clock: row.name("clock")?,
        at: row.instant("at")?,
        receipt: row.opt_text("receipt")?.map(str::to_owned),
        text: row.text("said")?.to_owned(),
        by: row.text("entered_by")?.to_owned(),
        entered_at: row.instant("entered_at")?,
        amends: row.opt_id("amends")?,
        why_late: row.opt_text("why_late")?.map(str::to_owned),
    })
}

fn read_decision(row: &Row) -> Result<Decision, Error> {
    let ruling = match (row.text("ruling")?, row.opt_instant("until")?) {
        ("considered", _) => Ruling::Considered,
        ("ruled-out", _) => Ruling::RuledOut,
        ("not-due", _) => Ruling::NotDue,
        ("due", _) => Ruling::Due,
        ("postponed", Some(until)) => Ruling::Postponed { until },
        _ => return Err(Error::corrupt("a decision about an obligation does not read")),
    };
    Ok(Decision {
        id: row.id("id")?,
        pack: row.name("pack")?,
        clock: row.opt_name("clock")?,
        ruling,
        why: row.text("why")?.to_owned(),
        by: row.text("decided_by")?.to_owned(),
        at: row.instant("decided_at")?,
    })
}

/// A clock that was started, as it stood when something about it last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    pub incident: IncidentId,
    pub pack: Name,
    pub clock: Name,
    /// Nothing was told, nor decided that nothing must be.
    pub running: bool,
    pub since: Timestamp,
    /// Nothing: without undue delay.
    pub due_at: Option<Timestamp>,
    /// So many hundredths of its time were over when somebody was last reminded.
    pub reminded: u8,
    pub remind_at: Option<Timestamp>,
}

const COLUMNS: &str = "obligations.incident, obligations.pack, obligations.clock, obligations.running, obligations.since, \
    obligations.due_at, obligations.reminded, obligations.remind_at";
const SEEN: &str = sight::INCIDENT;

/// Writes how a clock stands now.
pub fn save(tx: &mut Tx<'_>, one: &Started) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO obligations (incident, pack, clock, running, since, due_at, reminded, remind_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (incident, pack, clock) DO UPDATE SET running = excluded.running, since = excluded.since, \
         due_at = excluded.due_at, reminded = excluded.reminded, remind_at = excluded.remind_at",
        &[
            one.incident.into(),
            (&one.pack).into(),
            (&one.clock).into(),
            one.running.into(),
            one.since.into(),
            one.due_at.into(),
            i64::from(one.reminded).into(),
            one.remind_at.into(),
        ],
    )?;
    Ok(())
}

/// Takes a clock off that is no longer kept: its pack does not have it any more.
pub fn remove(tx: &mut Tx<'_>, incident: IncidentId, pack: &Name, clock: &Name) -> Result<(), Error> {
    let sql = "DELETE FROM obligations WHERE incident = $1 AND pack = $2 AND clock = $3";
    tx.execute(sql, &[incident.into(), pack.into(), clock.into()])?;
    Ok(())
}

/// The clocks of a pack that were started in an incident.
pub fn started(tx: &mut Tx<'_>, incident: IncidentId, pack: &Name) -> Result<Vec<Started>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM obligations WHERE incident = $1 AND pack = $2 ORDER BY clock");
    tx.query(&sql, &[incident.into(), pack.into()])?.iter().map(read).collect()
}

/// Clocks that run, the soonest end first, in incidents that are seen; those without a number before all others.
pub fn running(tx: &mut Tx<'_>, sight: Sight<'_>, limit: u32) -> Result<Vec<Started>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM obligations JOIN incidents ON incidents.id = obligations.incident WHERE {SEEN} \
         AND obligations.running ORDER BY (obligations.due_at IS NOT NULL), obligations.due_at, obligations.incident, \
         obligations.pack, obligations.clock LIMIT $2"
    );
    tx.query(&sql, &[sight::bound(sight), i64::from(limit).into()])?.iter().map(read).collect()
}

/// Clocks of which somebody is to be reminded by now, the earliest first.
pub fn to_remind(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<Started>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM obligations WHERE remind_at <= $1 ORDER BY remind_at, incident, pack, clock LIMIT $2"
    );
    tx.query(&sql, &[now.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// When somebody is to be reminded next.
pub fn next_reminder(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT remind_at FROM obligations WHERE remind_at IS NOT NULL ORDER BY remind_at LIMIT 1";
    tx.one(sql, &[])?.map(|row| row.instant("remind_at")).transpose()
}

/// The incidents in which something is on record that may have started a clock of a pack. Asked when the pack changes.
pub fn incidents_of_pack(tx: &mut Tx<'_>, pack: &Name) -> Result<Vec<IncidentId>, Error> {
    let sql = "SELECT incident FROM obligation_anchors WHERE pack = $1 \
               UNION SELECT incident FROM submissions WHERE pack = $1 ORDER BY incident";
    tx.query(sql, &[pack.into()])?.iter().map(|row| row.id("incident")).collect()
}

fn read(row: &Row) -> Result<Started, Error> {
    Ok(Started {
        incident: row.id("incident")?,
        pack: row.name("pack")?,
        clock: row.name("clock")?,
        running: row.bool("running")?,
        since: row.instant("since")?,
        due_at: row.opt_instant("due_at")?,
        reminded: u8::try_from(row.int("reminded")?).map_err(|_| Error::corrupt("a share that is none"))?,
        remind_at: row.opt_instant("remind_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use crate::respond::incidents;
    use domain::respond::incidents::{Class, Visibility};
    use domain::words::Mint;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    both_engines! {
        fn what_is_on_record_reads_back_in_the_order_in_which_it_was_entered(store) {
            let mut mint = Mint::seeded(1);
            let incident: IncidentId = mint.id(at(0));
            let first = Recorded {
                id: mint.id(at(1)),
                pack: name("gdpr"),
                anchor: name("aware"),
                at: at(-60),
                basis: "the log\nshows it".into(),
                evidence: Some("ticket 7".into()),
                by: "person:ana".into(),
                entered_at: at(1),
                supersedes: None,
            };
            let second = Recorded { id: mint.id(at(2)), supersedes: Some(first.id), evidence: None, ..first.clone() };
            let told = Submission {
                id: mint.id(at(3)),
                pack: name("gdpr"),
                clock: name("authority"),
                at: at(2),
                receipt: Some("2026/1".into()),
                text: "We report\nthis".into(),
                by: "person:ana".into(),
                entered_at: at(3),
                amends: None,
                why_late: Some("we slept".into()),
            };
            let amended = Submission { id: mint.id(at(4)), amends: Some(told.id), receipt: None, ..told.clone() };
            let mut decide = |clock: Option<&str>, ruling| Decision {
                id: mint.id(at(5)),
                pack: name("gdpr"),
                clock: clock.map(name),
                ruling,
                why: "because".into(),
                by: "person:ben".into(),
                at: at(5),
            };
            let records = Records {
                anchors: vec![first, second],
                submissions: vec![told, amended],
                decisions: vec![
                    decide(None, Ruling::Considered),
                    decide(None, Ruling::RuledOut),
                    decide(Some("people"), Ruling::NotDue),
                    decide(Some("people"), Ruling::Due),
                    decide(Some("people"), Ruling::Postponed { until: at(900) }),
                ],
            };
            store.write(|tx| {
                records.anchors.iter().try_for_each(|one| insert_anchor(tx, incident, one))?;
                records.submissions.iter().try_for_each(|one| insert_submission(tx, incident, one))?;
                Ok(records.decisions.iter().try_for_each(|one| insert_decision(tx, incident, one))?)
            }).unwrap();
            assert_eq!(store.read(|tx| Ok(of_incident(tx, incident)?)).unwrap(), records);
            assert_eq!(store.read(|tx| Ok(of_incident(tx, mint.id(at(9)))?)).unwrap(), Records::default());
            assert_eq!(store.read(|tx| Ok(incidents_of_pack(tx, &name("gdpr"))?)).unwrap(), [incident]);
        }

        fn clocks_that_run_are_listed_by_their_end_for_those_who_see_the_incident(store) {
            let mut mint = Mint::seeded(1);
            let open = incidents::tests::incident(&mut mint, 0, Class::System);
            let mut hidden = incidents::tests::incident(&mut mint, 1, Class::Security);
            hidden.state.visibility = Visibility::Restricted;
            let started = |incident, clock: &str, due: Option<i64>, remind: Option<i64>| Started {
                incident,
                pack: name("gdpr"),
                clock: name(clock),
                running: true,
                since: at(0),
                due_at: due.map(at),
                reminded: 50,
                remind_at: remind.map(at),
            };
            let all = [
                started(open.id, "late", Some(900), Some(800)),
                started(open.id, "prompt", None, None),
                started(hidden.id, "soon", Some(90), Some(80)),
                Started { running: false, ..started(open.id, "over", Some(1), None) },
            ];
            store.write(|tx| {
                incidents::save(tx, &open)?;
                incidents::save(tx, &hidden)?;
                incidents::name_person(tx, hidden.id, &name("ana"))?;
                Ok(all.iter().try_for_each(|one| save(tx, one))?)
            }).unwrap();
            let listed = |sight: Sight<'_>| store.read(|tx| {
                Ok(running(tx, sight, 9)?.into_iter().map(|one| one.clock.to_string()).collect::<Vec<_>>())
            }).unwrap();
            assert_eq!(listed(Sight::Of(&name("ana"))), ["prompt", "soon", "late"]);
            assert_eq!(listed(Sight::Of(&name("ben"))), ["prompt", "late"]);
            let next = |now: i64| store.read(|tx| Ok((next_reminder(tx)?, to_remind(tx, at(now), 9)?.len()))).unwrap();
            assert_eq!(next(79), (Some(at(80)), 0));
            assert_eq!(next(800), (Some(at(80)), 2));
            // It was told: it runs no more, and nobody is reminded.
            let over = Started { running: false, remind_at: None, ..all[2].clone() };
            store.write(|tx| Ok(save(tx, &over)?)).unwrap();
            assert_eq!(next(800), (Some(at(800)), 1));
            assert_eq!(listed(Sight::Whole), ["prompt", "late"]);
            let of = |tx: &mut Tx<'_>| store_of(tx, &over);
            assert_eq!(store.read(|tx| Ok(of(tx)?)).unwrap(), std::slice::from_ref(&over));
            store.write(|tx| Ok(remove(tx, over.incident, &over.pack, &over.clock)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(of(tx)?)).unwrap(), []);
        }
    }

    fn store_of(tx: &mut Tx<'_>, one: &Started) -> Result<Vec<Started>, Error> {
        started(tx, one.incident, &one.pack)
    }
}
