//! Rows of what was said of review meetings: who answered, and apart from it what was answered, as counts.

use domain::learn::review_surveys::ReviewSurvey;
use domain::words::IncidentId;

use crate::door::{Error, Row, Tx};

/// Writes one as it is now.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, one: &ReviewSurvey) -> Result<(), Error> {
    let json = |value: Result<String, serde_json::Error>| value.map_err(|_| Error::corrupt("a survey does not write"));
    tx.execute(
        "INSERT INTO review_surveys (incident, answered, shown, waiting) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (incident) DO UPDATE SET answered = excluded.answered, shown = excluded.shown, \
         waiting = excluded.waiting",
        &[
            incident.into(),
            json(serde_json::to_string(&one.answered))?.into(),
            json(serde_json::to_string(&one.shown))?.into(),
            json(serde_json::to_string(&one.waiting))?.into(),
        ],
    )?;
    Ok(())
}

/// What was said of the meeting about an incident so far. Whoever asks has seen the incident.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId) -> Result<ReviewSurvey, Error> {
    let sql = "SELECT answered, shown, waiting FROM review_surveys WHERE incident = $1";
    let read = |row: Row| {
        Ok(ReviewSurvey { answered: row.json("answered")?, shown: row.json("shown")?, waiting: row.json("waiting")? })
    };
    tx.one(sql, &[incident.into()])?.map_or_else(|| Ok(ReviewSurvey::default()), read)
}

#[cfg(test)]
mod tests {
    use domain::learn::review_surveys::Tally;
    use domain::words::{Mint, Timestamp};

    use super::*;
    use crate::both_engines;

    both_engines! {
        fn a_survey_reads_back_as_it_was_written_last(store) {
            let id = Mint::seeded(1).id(Timestamp::UNIX_EPOCH);
            let read = || store.read(|tx| Ok(get(tx, id)?)).unwrap();
            assert_eq!(read(), ReviewSurvey::default());
            let mut one = ReviewSurvey { answered: ["ana".parse().unwrap()].into(), ..ReviewSurvey::default() };
            for said in ["A \"word\"", "Less of it"] {
                one.waiting = Tally { answers: 2, counts: [[1, 0, 0, 0, 1]; 3], said: [said.to_owned()].into() };
                store.write(|tx| Ok(save(tx, id, &one)?)).unwrap();
                assert_eq!(read(), one);
            }
        }
    }
}
