//! What was changed of late in documents that bear on services: for an incident, and for whoever wants to take it back.
//!
//! Taking back is a rollback like any other; nothing is done here.

use std::collections::BTreeSet;

use domain::prepare::addresses::Reader;
use domain::prepare::document_changes::bearing_on;
use domain::prepare::ownership::Via;
use domain::words::{Name, Timestamp};
use store::prepare::documents::{self as rows, Changeset};
use store::{Halt, Tx};

use super::documents::{Step, changes_of};

/// More changesets are not looked at.
const LOOKED_AT_MOST: i64 = 100;
/// More are not shown.
const SHOWN_MOST: usize = 30;

/// A changeset, with those of its documents that bear on the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    pub changeset: Changeset,
    pub steps: Vec<Step>,
}

/// The changesets since then that touch documents bearing on these services, now or before; the latest first.
pub fn touching(
    tx: &mut Tx<'_>,
    services: &BTreeSet<Name>,
    since: Timestamp,
    reader: &Reader,
) -> Result<Vec<Touch>, Halt> {
    let recent: Vec<Changeset> =
        rows::changesets(tx, None, LOOKED_AT_MOST)?.into_iter().filter(|one| since <= one.at).collect();
    let Some(first) = recent.last() else { return Ok(Vec::new()) };
    let mut bearing = bearing_on(&rows::load_all(tx)?, services);
    // What bore on them before something was changed.
    bearing.extend(bearing_on(&rows::as_of(tx, first.number - 1)?, services));
    let mut found = Vec::new();
    for changeset in recent {
        if changeset.via.parse().is_ok_and(Via::is_beginning) {
            continue;
        }
        let mut steps = changes_of(tx, changeset.number, reader)?;
        steps.retain(|step| bearing.contains(&step.revision.reference));
        if !steps.is_empty() {
            found.push(Touch { changeset, steps });
        }
        if found.len() == SHOWN_MOST {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use domain::prepare::checks::Conditions;
    use domain::words::{Actor, Mint, Span};
    use store::Store;

    use super::*;
    use crate::Moment;
    use crate::prepare::documents::{Order, apply, read_files};

    fn put(store: &Store, mint: &mut Mint, now: Timestamp, yaml: &str) {
        let order = Order { proposals: read_files([("a", yaml)]).proposals, ..Order::default() }.via(Via::Page);
        let done = store.write(|tx| apply(tx, &mut Moment::new(now, Actor::System, mint), &order, Conditions::at(now)));
        done.unwrap().into_result().unwrap().unwrap();
    }

    store::both_engines! {
        fn what_touches_a_service_of_late_is_found_and_what_does_not_is_not(store) {
            let (mut mint, start) = (Mint::seeded(1), "2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap());
            let person = |name: &str| format!("kind: person\nname: {name}\nspec: {{ full_name: {name}, email: {name}@example.org }}\n---\n");
            let policy = |whom: &str| format!("kind: escalation-policy\nname: web\nspec: {{ title: Web, steps: [{{ notify: [{{ person: {whom} }}] }}] }}\n");
            let all = format!("{}{}kind: team\nname: web\nspec: {{ title: Web }}\n---\n{}---\nkind: service\nname: shop\nspec: {{ title: Shop, team: web, escalation_policy: web }}\n", person("ana"), person("ben"), policy("ana"));
            put(store, &mut mint, start, &all);
            let later = |hours| Span::hours(hours).after(start);
            put(store, &mut mint, later(10), &policy("ben"));
            put(store, &mut mint, later(11), "kind: team\nname: db\nspec: { title: Db }\n");
            put(store, &mut mint, later(12), &person("ana").replace("full_name: ana", "full_name: Ana S"));
            let services = BTreeSet::from(["shop".parse().unwrap()]);
            let look = |since| -> Vec<String> {
                let found = store.read(|tx| touching(tx, &services, since, &Reader::NOBODY)).unwrap();
                found.iter().flat_map(|one| &one.steps).map(|step| step.revision.reference.to_string()).collect()
            };
            // Ana was told by the policy before it was changed, within the time that is looked at.
            assert_eq!(look(later(9)), ["person/ana", "escalation-policy/web"]);
            assert_eq!(look(later(11)), Vec::<String>::new());
            // Ana is told no longer, and was not before the first of them.
            assert_eq!(look(start).len(), 5);
        }
    }
}
