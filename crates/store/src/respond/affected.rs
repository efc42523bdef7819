//! Rows of what is affected, and of every count of it.

use domain::respond::affected::{Affected, Amount, Count, Subject, What};
use domain::words::{AffectedId, IncidentId};

use crate::door::{Error, Row, Tx};

/// Writes what is counted, without a count.
pub fn insert(tx: &mut Tx<'_>, incident: IncidentId, id: AffectedId, what: &What) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO affected (id, incident, subject, label, data, unit) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            id.into(),
            incident.into(),
            what.subject.word().into(),
            what.label.as_ref().into(),
            what.data.as_ref().into(),
            what.unit.as_ref().into(),
        ],
    )?;
    Ok(())
}

/// Adds a count. There is no way to change one.
pub fn count(tx: &mut Tx<'_>, affected: AffectedId, count: &Count) -> Result<(), Error> {
    let number = |value: Option<u64>| value.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
    let (low, high) = count.amount.numbers();
    tx.execute(
        "INSERT INTO affected_counts (affected, number, precision, low, high, at, source, note, entered_by, entered_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            affected.into(),
            i64::from(count.number).into(),
            count.amount.precision().into(),
            number(low).into(),
            number(high).into(),
            count.at.into(),
            count.source.as_ref().into(),
            count.note.as_ref().into(),
            count.by.as_str().into(),
            count.entered_at.into(),
        ],
    )?;
    Ok(())
}

/// All of an incident with their counts, in the order in which they were entered.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Affected>, Error> {
    let rows = tx.query(
        "SELECT id, subject, label, data, unit FROM affected WHERE incident = $1 ORDER BY id",
        &[incident.into()],
    )?;
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        all.push(read(tx, row)?);
    }
    Ok(all)
}

/// One of an incident.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId, id: AffectedId) -> Result<Option<Affected>, Error> {
    let sql = "SELECT id, subject, label, data, unit FROM affected WHERE incident = $1 AND id = $2";
    match tx.one(sql, &[incident.into(), id.into()])? {
        Some(row) => Ok(Some(read(tx, &row)?)),
        None => Ok(None),
    }
}

fn read(tx: &mut Tx<'_>, row: &Row) -> Result<Affected, Error> {
    let id: AffectedId = row.id("id")?;
    let some = |column: &str| Ok::<_, Error>(row.opt_text(column)?.map(str::to_owned));
    let what = What {
        subject: row.parse::<Subject>("subject")?,
        label: some("label")?,
        data: some("data")?,
        unit: some("unit")?,
    };
    let sql = "SELECT number, precision, low, high, at, source, note, entered_by, entered_at FROM affected_counts \
               WHERE affected = $1 ORDER BY number";
    let counts = tx.query(sql, &[id.into()])?.iter().map(read_count).collect::<Result<_, _>>()?;
    Ok(Affected { id, what, counts })
}

fn read_count(row: &Row) -> Result<Count, Error> {
    let amount = Amount::of(row.text("precision")?, row.opt_number("low")?, row.opt_number("high")?);
    Ok(Count {
        number: row.number("number")?,
        amount: amount.map_err(|_| Error::corrupt("a count of what is affected does not read"))?,
        at: row.instant("at")?,
        source: row.opt_text("source")?.map(str::to_owned),
        note: row.opt_text("note")?.map(str::to_owned),
        by: row.text("entered_by")?.to_owned(),
        entered_at: row.instant("entered_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::{Mint, Timestamp};

    both_engines! {
        fn counts_read_back_in_their_order(store) {
            let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let mut mint = Mint::seeded(1);
            let incident: IncidentId = mint.id(at(0));
            let amounts = [
                Amount::Unknown,
                Amount::AtLeast(40),
                Amount::Between(30, 1_000_000_000_000_000),
                Amount::About(52),
                Amount::Exact(0),
            ];
            let counts = amounts.into_iter().zip(1..).map(|(amount, number)| Count {
                number,
                amount,
                at: at(0),
                source: (number % 2 == 0).then(|| "a query".into()),
                note: (number % 2 == 1).then(|| "a\nb".into()),
                by: "person:ana".into(),
                entered_at: at(1),
            });
            let what = What {
                subject: Subject::Money,
                label: Some("of the shop".into()),
                data: None,
                unit: Some("EUR".into()),
            };
            let one = Affected { id: mint.id(at(0)), what, counts: counts.collect() };
            store.write(|tx| {
                insert(tx, incident, one.id, &one.what)?;
                Ok(one.counts.iter().try_for_each(|each| count(tx, one.id, each))?)
            }).unwrap();
            store.read(|tx| {
                assert_eq!(of_incident(tx, incident)?, std::slice::from_ref(&one));
                assert_eq!(get(tx, incident, one.id)?.as_ref(), Some(&one));
                assert_eq!(get(tx, mint.id(at(9)), one.id)?, None);
                Ok(())
            }).unwrap();
        }
    }
}
