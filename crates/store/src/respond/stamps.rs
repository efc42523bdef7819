//! Rows of stamps: claims of when a milestone was reached.

use domain::respond::stamps::{Milestone, Precision, Source, Stamp, When};
use domain::words::IncidentId;

use crate::door::{Error, Row, Tx};

pub(crate) const COLUMNS: &str = "stamps.id, stamps.milestone, stamps.at, stamps.until, stamps.precision, stamps.source, \
    stamps.entered_by, stamps.entered_at, stamps.evidence, stamps.note, stamps.supersedes";

/// Writes a claim. There is no way to change one.
pub fn insert(tx: &mut Tx<'_>, incident: IncidentId, stamp: &Stamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO stamps (id, incident, milestone, at, until, precision, source, entered_by, entered_at, evidence, \
         note, supersedes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            stamp.id.into(),
            incident.into(),
            stamp.milestone.word().into(),
            stamp.when.at.into(),
            stamp.when.until.into(),
            stamp.when.precision.word().into(),
            stamp.source.word().into(),
            stamp.by.as_str().into(),
            stamp.entered_at.into(),
            stamp.evidence.as_ref().into(),
            stamp.note.as_ref().into(),
            stamp.supersedes.into(),
        ],
    )?;
    Ok(())
}

/// Every claim about an incident, in the order in which they were entered.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Stamp>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM stamps WHERE incident = $1 ORDER BY id");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

pub(crate) fn read(row: &Row) -> Result<Stamp, Error> {
    let unknown = |column: &str| Error::corrupt(format!("the {column} of a stamp does not read"));
    Ok(Stamp {
        id: row.id("id")?,
        milestone: row.parse::<Milestone>("milestone")?,
        when: When {
            at: row.instant("at")?,
            until: row.instant("until")?,
            precision: Precision::from_word(row.text("precision")?).ok_or_else(|| unknown("precision"))?,
        },
        source: Source::from_word(row.text("source")?).ok_or_else(|| unknown("source"))?,
        by: row.text("entered_by")?.to_owned(),
        entered_at: row.instant("entered_at")?,
        evidence: row.opt_text("evidence")?.map(str::to_owned),
        note: row.opt_text("note")?.map(str::to_owned),
        supersedes: row.opt_id("supersedes")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::{Mint, Timestamp};

    both_engines! {
        fn claims_read_back_as_they_were_entered(store) {
            let mut mint = Mint::seeded(1);
            let now = Timestamp::from_second(1_790_000_000).unwrap();
            let incident: IncidentId = mint.id(now);
            let mut stamps: Vec<Stamp> = Vec::new();
            for (place, milestone) in Milestone::ALL.into_iter().enumerate() {
                stamps.push(Stamp {
                    id: mint.id(now),
                    milestone,
                    when: When {
                        at: now,
                        until: "2200-01-01T00:00:00Z".parse().unwrap(),
                        precision: Precision::ALL[place % Precision::ALL.len()],
                    },
                    source: Source::ALL[place % Source::ALL.len()],
                    by: "person:ana".into(),
                    entered_at: now,
                    evidence: (place % 2 == 0).then(|| "https://example.org/graph".into()),
                    note: (place % 3 == 0).then(|| "by the chart".into()),
                    supersedes: stamps.last().map(|stamp| stamp.id),
                });
            }
            store.write(|tx| {
                for stamp in &stamps {
                    insert(tx, incident, stamp)?;
                }
                Ok(())
            }).unwrap();
            assert_eq!(store.read(|tx| Ok(of_incident(tx, incident)?)).unwrap(), stamps);
            assert_eq!(store.read(|tx| Ok(of_incident(tx, mint.id(now))?)).unwrap(), []);
        }
    }
}
