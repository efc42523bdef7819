//! Who looks, in SQL: the one place that says which incidents somebody sees, which pages, and which entries
//! of the journal.
//!
//! Every query that uses a piece binds [`bound`] as `$1`.

use domain::respond::sight::Sight;

use crate::door::Value;

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
