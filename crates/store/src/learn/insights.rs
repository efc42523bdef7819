//! Incidents of a stretch of time with their stamps and promises, in three queries, however many there are.
//!
//! It reads what may be counted. What is, and how, is for the rule.

use std::collections::BTreeMap;

use domain::learn::insights::Case;
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Timestamp};

use crate::door::{Error, Tx};
use crate::respond::{incidents, sight, stamps, updates};

const SEEN: &str = sight::INCIDENT;
/// Reported then, or with a claim of then. Binds the first instant as `$2`, and the first that is not of it as `$3`.
const THEN: &str = "(incidents.reported_at >= $2 AND incidents.reported_at < $3 OR EXISTS (SELECT 1 FROM stamps AS claim \
    WHERE claim.incident = incidents.id AND claim.at >= $2 AND claim.at < $3))";

/// Whatever may be of that time, of what is seen: the rule decides which claim of its time counts.
pub fn cases(tx: &mut Tx<'_>, from: Timestamp, to: Timestamp, sight: Sight<'_>) -> Result<Vec<Case>, Error> {
    const INCIDENT: &str = incidents::COLUMNS;
    const STAMP: &str = stamps::COLUMNS;
    const PROMISE: &str = updates::PROMISE;
    let with = [sight::bound(sight), from.into(), to.into()];
    let sql = format!("SELECT {INCIDENT} FROM incidents WHERE {SEEN} AND {THEN}");
    let mut cases: BTreeMap<IncidentId, Case> = BTreeMap::new();
    for row in tx.query(&sql, &with)? {
        let row = incidents::read(&row)?;
        let case = Case {
            id: row.id,
            title: row.name().into_owned(),
            codename: row.codename.filter(|_| row.state.visibility == Visibility::Restricted),
            class: row.state.class,
            severity: row.state.severity,
            phase: row.state.phase,
            services: row.services,
            reported_at: row.reported_at,
            near_miss: row.near_miss,
            drill: row.drill,
            retrospective: row.retrospective,
            stamps: Vec::new(),
            promises: Vec::new(),
        };
        cases.insert(case.id, case);
    }
    let sql = format!(
        "SELECT stamps.incident, {STAMP} FROM incidents JOIN stamps ON stamps.incident = incidents.id \
         WHERE {SEEN} AND {THEN} ORDER BY stamps.id"
    );
    for row in tx.query(&sql, &with)? {
        if let Some(case) = cases.get_mut(&row.id("incident")?) {
            case.stamps.push(stamps::read(&row)?);
        }
    }
    let sql = format!(
        "SELECT promises.incident, {PROMISE} FROM incidents JOIN promises ON promises.incident = incidents.id \
         WHERE {SEEN} AND {THEN} ORDER BY promises.given_at, promises.audience"
    );
    for row in tx.query(&sql, &with)? {
        if let Some(case) = cases.get_mut(&row.id("incident")?) {
            case.promises.push(updates::read_promise(&row)?);
        }
    }
    Ok(cases.into_values().collect())
}

#[cfg(test)]
mod tests {
    use domain::respond::incidents::Class;
    use domain::respond::stamps::{Milestone, Source, Stamp, When};
    use domain::respond::updates::{Audience, Fate, Promise};
    use domain::words::{Mint, Name};

    use super::*;
    use crate::both_engines;
    use crate::respond::incidents::tests::incident;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn stamp(mint: &mut Mint, milestone: Milestone, second: i64) -> Stamp {
        Stamp {
            id: mint.id(at(second)),
            milestone,
            when: When::exactly(at(second)),
            source: Source::Derived,
            by: "person:ana".into(),
            entered_at: at(second),
            evidence: None,
            note: None,
            supersedes: None,
        }
    }

    both_engines! {
        fn incidents_of_a_time_are_read_whole_and_by_those_who_see_them(store) {
            let mut mint = Mint::seeded(1);
            let ana: Name = "ana".parse().unwrap();
            let mut row = incident(&mut mint, 100, Class::System);
            row.codename = Some("quiet heron".into());
            row.retrospective = true;
            let hidden = incident(&mut mint, 101, Class::Security);
            let stamps = [
                stamp(&mut mint, Milestone::Declared, 20),
                stamp(&mut mint, Milestone::Mitigated, 30),
                stamp(&mut mint, Milestone::Declared, 25),
            ];
            let promise = Promise { audience: Audience::Internal, given_at: at(20), by: at(60), fate: Fate::Open };
            store.write(|tx| {
                for row in [&row, &hidden] {
                    incidents::save(tx, row)?;
                    for one in &stamps {
                        stamps::insert(tx, row.id, &Stamp { id: mint.id(at(0)), ..one.clone() })?;
                    }
                    updates::save_promise(tx, row.id, &promise, None)?;
                }
                incidents::name_person(tx, hidden.id, &ana)?;
                Ok(())
            }).unwrap();
            let found = |from, to, sight: Sight<'_>| store.read(|tx| Ok(cases(tx, at(from), at(to), sight)?)).unwrap();
            let whole = found(0, 1000, Sight::Open);
            assert_eq!(whole.len(), 1, "what is restricted is not there");
            let case = &whole[0];
            assert_eq!((case.id, &case.title, case.codename.as_ref()), (row.id, &row.title, None), "it is open");
            assert_eq!((case.retrospective, case.near_miss, &case.services), (true, false, &row.services));
            let claimed: Vec<_> = case.stamps.iter().map(|stamp| (stamp.milestone, stamp.when.at)).collect();
            assert_eq!(claimed, stamps.each_ref().map(|stamp| (stamp.milestone, stamp.when.at)), "as they were entered");
            assert_eq!(case.promises, [promise]);
            for (from, to, open) in [(20, 21, 1), (26, 30, 0), (0, 20, 0), (30, 31, 1), (100, 101, 1), (101, 102, 0)] {
                assert_eq!(found(from, to, Sight::Open).len(), open, "{from} to {to}");
            }
            let named = found(0, 1000, Sight::Of(&ana));
            assert_eq!(named.iter().map(|case| case.id).collect::<Vec<_>>(), [row.id, hidden.id]);
            assert_eq!(named[1].codename.as_deref(), Some("quiet heron"));
            assert_eq!(found(0, 1000, Sight::Of(&"ben".parse().unwrap())), whole);
            assert_eq!(found(0, 1000, Sight::Whole), named);
        }
    }
}
