//! Rows of meetings in which postmortems are read together: one for each incident, as it stands.

use domain::learn::review_meetings::ReviewMeeting;
use domain::words::IncidentId;

use crate::door::{Error, Row, Tx};

/// Writes one as it is now.
pub fn save(tx: &mut Tx<'_>, one: &ReviewMeeting) -> Result<(), Error> {
    let json = |value: Result<String, serde_json::Error>| value.map_err(|_| Error::corrupt("a meeting does not write"));
    tx.execute(
        "INSERT INTO review_meetings (incident, revision, state, starts_at, minutes, place, facilitator, sequence, invitees, \
         notes, decisions, attended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (incident) DO UPDATE SET revision = excluded.revision, state = excluded.state, \
         starts_at = excluded.starts_at, minutes = excluded.minutes, place = excluded.place, \
         facilitator = excluded.facilitator, sequence = excluded.sequence, invitees = excluded.invitees, \
         notes = excluded.notes, decisions = excluded.decisions, attended = excluded.attended",
        &[
            one.incident.into(),
            i64::from(one.revision).into(),
            one.state.word().into(),
            one.starts_at.into(),
            i64::from(one.minutes).into(),
            one.place.as_str().into(),
            (&one.facilitator).into(),
            i64::from(one.sequence).into(),
            json(serde_json::to_string(&one.invitees))?.into(),
            json(serde_json::to_string(&one.notes))?.into(),
            json(serde_json::to_string(&one.decisions))?.into(),
            json(serde_json::to_string(&one.attended))?.into(),
        ],
    )?;
    Ok(())
}

/// That of an incident, if one was planned. Whoever asks has seen the incident.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<ReviewMeeting>, Error> {
    let sql = "SELECT incident, revision, state, starts_at, minutes, place, facilitator, sequence, invitees, notes, decisions, \
               attended FROM review_meetings WHERE incident = $1";
    let read = |row: Row| {
        Ok(ReviewMeeting {
            incident: row.id("incident")?,
            revision: row.number("revision")?,
            state: row.parse("state")?,
            starts_at: row.instant("starts_at")?,
            minutes: row.number("minutes")?,
            place: row.text("place")?.to_owned(),
            facilitator: row.name("facilitator")?,
            sequence: row.number("sequence")?,
            invitees: row.json("invitees")?,
            notes: row.json("notes")?,
            decisions: row.json("decisions")?,
            attended: row.json("attended")?,
        })
    };
    tx.one(sql, &[incident.into()])?.map(read).transpose()
}
