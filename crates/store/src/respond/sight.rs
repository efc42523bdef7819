//! Who looks, in SQL: the one place that says which incidents somebody sees, which pages, and which entries
//! of the journal.
//!
//! Every query that uses a piece binds [`bound`] as `$1`.

use domain::respond::sight::Sight;
use domain::words::IncidentId;

use crate::door::{Error, Tx, Value};

/// What stands for a sight as `$1`. No person is called `*` or nothing.
pub(crate) fn bound(sight: Sight<'_>) -> Value<'_> {
    match sight {
        Sight::Whole => "*".into(),
        Sight::Of(person) => person.into(),
        Sight::Open => "".into(),
    }
}

/// Incidents that are seen.
pub(crate) const INCIDENT: &str = "(incidents.visibility = 'open' OR $1 = '*' OR EXISTS (SELECT 1 FROM incident_people \
    WHERE incident_people.incident = incidents.id AND incident_people.person = $1))";

/// Pages that are seen: those about an incident by whoever sees that.
pub(crate) const PAGE: &str = "(pages.incident IS NULL OR $1 = '*' OR EXISTS (SELECT 1 FROM incidents \
    WHERE incidents.id = pages.incident AND (incidents.visibility = 'open' OR EXISTS (SELECT 1 FROM incident_people \
    WHERE incident_people.incident = incidents.id AND incident_people.person = $1))))";

/// Entries of the journal that are seen: those of no incident, and those of one that is.
pub(crate) const ENTRY: &str = "(journal.incident IS NULL OR $1 = '*' OR EXISTS (SELECT 1 FROM incidents \
    WHERE incidents.id = journal.incident AND (incidents.visibility = 'open' OR EXISTS (SELECT 1 FROM incident_people \
    WHERE incident_people.incident = incidents.id AND incident_people.person = $1))))";

/// Evidence that is seen of an incident that is seen: what is marked RED, by those who are inside.
pub(crate) const EVIDENCE: &str = "(evidence.tlp <> 'RED' OR $1 = '*' OR EXISTS (SELECT 1 FROM incident_people \
    WHERE incident_people.incident = evidence.incident AND incident_people.person = $1) OR EXISTS (SELECT 1 FROM \
    assignments WHERE assignments.incident = evidence.incident AND assignments.person = $1 AND assignments.state = 'held'))";

/// The same of observables.
pub(crate) const OBSERVABLE: &str = "(observables.tlp <> 'RED' OR $1 = '*' OR EXISTS (SELECT 1 FROM incident_people \
    WHERE incident_people.incident = observables.incident AND incident_people.person = $1) OR EXISTS (SELECT 1 FROM \
    assignments WHERE assignments.incident = observables.incident AND assignments.person = $1 AND assignments.state = 'held'))";

/// Whether somebody is named for an incident or holds a role in it: then they see what is marked RED.
pub fn is_inside(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<bool, Error> {
    let sql = "SELECT ($1 = '*' OR EXISTS (SELECT 1 FROM incident_people WHERE incident_people.incident = $2 AND \
               incident_people.person = $1) OR EXISTS (SELECT 1 FROM assignments WHERE assignments.incident = $2 AND \
               assignments.person = $1 AND assignments.state = 'held')) AS inside";
    tx.one(sql, &[bound(sight), incident.into()])?.map_or(Ok(false), |row| row.bool("inside"))
}

/// The incidents that somebody does not see.
pub fn hidden(tx: &mut Tx<'_>, sight: Sight<'_>) -> Result<Vec<IncidentId>, Error> {
    let sql =
        format!("SELECT incidents.id FROM incidents WHERE incidents.visibility = 'restricted' AND NOT {INCIDENT}");
    tx.query(&sql, &[bound(sight)])?.iter().map(|row| row.id("id")).collect()
}

/// The incidents that somebody is inside of, as [`is_inside`] says of one; all, if absent.
pub fn inside(tx: &mut Tx<'_>, sight: Sight<'_>) -> Result<Option<Vec<IncidentId>>, Error> {
    if sight == Sight::Whole {
        return Ok(None);
    }
    let sql = "SELECT incident FROM incident_people WHERE person = $1 UNION SELECT incident FROM assignments \
               WHERE person = $1 AND state = 'held'";
    tx.query(sql, &[bound(sight)])?.iter().map(|row| row.id("incident")).collect::<Result<_, _>>().map(Some)
}
