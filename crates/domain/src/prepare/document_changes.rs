//! Which documents bear on services: what pages for them, who is told, what is to be done. A change of one of these may be
//! why something fails, or why nobody came.
//!
//! Looks at documents alone; when they were changed is not asked here.

use std::collections::BTreeSet;

use super::catalog::Catalog;
use super::documents::{Document, Kind, Reference};
use super::references::mentions;
use crate::words::Name;

/// The documents that bear on these services, by a catalog.
pub fn bearing_on(catalog: &Catalog, services: &BTreeSet<Name>) -> BTreeSet<Reference> {
    let mut found: BTreeSet<Reference> = BTreeSet::new();
    let mut open: Vec<Reference> = services.iter().map(|name| Reference::new(Kind::Service, name.clone())).collect();
    while let Some(reference) = open.pop() {
        // What a service stands on bears on it; how others are paged for that does not. Of a team only that it is one.
        let goes_on = match reference.kind {
            Kind::Service => services.contains(&reference.name),
            kind => kind != Kind::Team,
        };
        let spec = catalog.get(&reference).filter(|_| goes_on);
        let named = spec.iter().flat_map(mentions).map(|mention| Reference::new(mention.kind, mention.name));
        let fresh: Vec<Reference> = named.filter(|named| !found.contains(named)).collect();
        found.insert(reference);
        open.extend(fresh);
    }
    let names_one = |document: &Document| {
        mentions(&document.spec).iter().any(|one| one.kind == Kind::Service && services.contains(&one.name))
    };
    // Any route may take an alert from the others.
    found.extend(catalog.of_kind(Kind::Route).iter().map(Document::reference));
    found.extend(catalog.of_kind(Kind::Runbook).iter().filter(|one| names_one(one)).map(Document::reference));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::checks;
    use crate::prepare::reading::from_yaml;

    #[test]
    fn what_pages_for_a_service_bears_on_it_and_what_others_do_does_not() {
        let text = "
kind: person
name: ana
spec: { full_name: Ana, email: ana@example.org }
---
kind: person
name: ben
spec: { full_name: Ben, email: ben@example.org }
---
kind: team
name: web
spec: { title: Web, members: [ana, ben] }
---
kind: schedule
name: web
spec: { title: Web, time_zone: UTC, layers: [{ name: a, people: [ana], starts: 2026-01-05T09:00, rotate: { weeks: 1 } }] }
---
kind: escalation-policy
name: web
spec: { title: Web, steps: [{ notify: [{ schedule: web }] }] }
---
kind: escalation-policy
name: db
spec: { title: Db, steps: [{ notify: [{ person: ben }] }] }
---
kind: service
name: db
spec: { title: Db, team: web, escalation_policy: db }
---
kind: service
name: shop
spec: { title: Shop, team: web, escalation_policy: web, depends_on: [db] }
---
kind: route
name: rest
spec: { order: 900 }
---
kind: runbook
name: shop
spec: { title: Shop, services: [shop], text: Look }
---
kind: runbook
name: db
spec: { title: Db, services: [db], text: Look }
";
        let reading = from_yaml("firm", text);
        assert_eq!(reading.problems, []);
        let catalog = checks::proposed(&Catalog::default(), &reading.proposals, &[]);
        let found = bearing_on(&catalog, &BTreeSet::from(["shop".parse().unwrap()]));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found.join(" "),
            "person/ana team/web service/db service/shop schedule/web escalation-policy/web route/rest runbook/shop"
        );
        // Of nothing only the routes.
        assert_eq!(bearing_on(&catalog, &BTreeSet::new()).len(), 1);
    }
}
