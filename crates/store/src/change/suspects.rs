//! Rows of verdicts: what people found of the suspects of an incident.

use std::collections::{BTreeMap, BTreeSet};

use domain::change::suspects::{Finding, Found, Which};
use domain::words::{ChangeId, IncidentId};

use crate::door::{Error, Row, Tx};

/// Keeps a verdict; it takes the place of an earlier one.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, suspect: &Which, found: &Found) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO findings (incident, suspect, finding, person, because, at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (incident, suspect) DO UPDATE SET finding = excluded.finding, person = excluded.person, \
         because = excluded.because, at = excluded.at",
        &[
            incident.into(),
            suspect.to_string().into(),
            found.finding.word().into(),
            (&found.by).into(),
            found.why.as_str().into(),
            found.at.into(),
        ],
    )?;
    Ok(())
}

/// The verdicts in an incident.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<BTreeMap<Which, Found>, Error> {
    let sql = "SELECT suspect, finding, person, because, at FROM findings WHERE incident = $1 ORDER BY suspect";
    tx.query(sql, &[incident.into()])?.iter().map(|row| Ok((row.parse("suspect")?, read(row)?))).collect()
}

/// The changes that were found to be the trigger of an incident; what was found in restricted ones is left out.
pub fn triggers(tx: &mut Tx<'_>) -> Result<BTreeSet<ChangeId>, Error> {
    let sql = "SELECT DISTINCT findings.suspect FROM findings JOIN incidents ON incidents.id = findings.incident \
               WHERE findings.finding = $1 AND incidents.visibility = 'open'";
    let rows = tx.query(sql, &[Finding::Trigger.word().into()])?;
    let found: Vec<Which> = rows.iter().map(|row| row.parse("suspect")).collect::<Result<_, _>>()?;
    let change = |which: Which| match which {
        Which::Change(id) => Some(id),
        Which::Documents(_) | Which::Flip(_) => None,
    };
    Ok(found.into_iter().filter_map(change).collect())
}

fn read(row: &Row) -> Result<Found, Error> {
    Ok(Found {
        finding: row.parse("finding")?,
        by: row.name("person")?,
        why: row.text("because")?.to_owned(),
        at: row.instant("at")?,
    })
}

#[cfg(test)]
mod tests {
    use domain::words::{ChangesetId, EventId, Id as _, Mint};

    use super::*;
    use crate::both_engines;
    use crate::change::changes::tests::at;

    both_engines! {
        fn a_later_verdict_takes_the_place_of_an_earlier_one(store) {
            let mut mint = Mint::seeded(7);
            let incident: IncidentId = mint.id(at(0));
            let all = [Which::Change(ChangeId::from_bits(1)), Which::Documents(ChangesetId::from_bits(2)), Which::Flip(EventId::from_bits(3))];
            for (second, finding) in [(1, Finding::Trigger), (2, Finding::RuledOut)] {
                for which in &all {
                    let found = Found { finding, by: "ana".parse().unwrap(), why: "seen".into(), at: at(second) };
                    store.write(|tx| Ok(save(tx, incident, which, &found)?)).unwrap();
                }
            }
            let kept = store.read(|tx| Ok(of_incident(tx, incident)?)).unwrap();
            assert_eq!(kept.keys().collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
            assert!(kept.values().all(|found| found.finding == Finding::RuledOut && found.at == at(2)));
        }
    }
}
