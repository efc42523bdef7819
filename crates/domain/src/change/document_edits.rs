//! What an edit of documents does to services, as the gate and the suspects see it.
//!
//! Documents that act on what runs are held as any change is: flags, environments, services, routes. What people need in an
//! incident is not: who is called, when nothing is changed, how things are taken back, what the public is told.

use std::collections::BTreeSet;

use super::changes::Path;
use super::freezes::Deed;
use super::proposals::Kind as ChangeKind;
use crate::prepare::catalog::Catalog;
use crate::prepare::documents::{Kind, Reference};
use crate::words::Name;

/// The services that a document is about.
pub fn about(catalog: &Catalog, reference: &Reference) -> BTreeSet<Name> {
    let name = &reference.name;
    match reference.kind {
        Kind::Service => [name.clone()].into(),
        Kind::Route => catalog.routes.get(name).and_then(|route| route.service.clone()).into_iter().collect(),
        Kind::Flag => catalog.flags.get(name).into_iter().flat_map(|flag| flag.services.clone()).collect(),
        Kind::Environment => {
            let here = catalog.flags.values().filter(|flag| flag.environments.contains_key(name));
            here.flat_map(|flag| flag.services.clone()).collect()
        }
        Kind::Runbook => catalog.runbooks.get(name).into_iter().flat_map(|book| book.services.clone()).collect(),
        Kind::EscalationPolicy => {
            let by = catalog.services.iter().filter(|(_, spec)| spec.escalation_policy.as_ref() == Some(name));
            by.map(|(name, _)| name.clone()).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// The same, before and after an edit.
pub fn about_both(before: &Catalog, after: &Catalog, reference: &Reference) -> BTreeSet<Name> {
    &about(before, reference) | &about(after, reference)
}

/// Flags alone are changed, or other documents, too.
pub fn kind<'r>(changed: impl IntoIterator<Item = &'r Reference>) -> ChangeKind {
    let mut kinds = changed.into_iter().map(|reference| reference.kind).peekable();
    let flags = kinds.peek().is_some() && kinds.all(|kind| matches!(kind, Kind::Flag | Kind::Environment));
    if flags { ChangeKind::Flag } else { ChangeKind::Document }
}

/// What the gate is asked about these edits; nothing, if none of them acts on what runs.
pub fn deed(before: &Catalog, after: &Catalog, changed: &[&Reference]) -> Option<Deed> {
    let acting: Vec<&Reference> = changed.iter().copied().filter(|one| acts(before, after, one)).collect();
    let places: BTreeSet<Option<Name>> = acting.iter().flat_map(|one| places(before, after, one)).collect();
    let each: Vec<BTreeSet<Name>> = acting.iter().map(|one| about_both(before, after, one)).collect();
    // One that says nothing may touch everything.
    let unknown = each.iter().any(BTreeSet::is_empty);
    let services = if unknown { BTreeSet::new() } else { each.into_iter().flatten().collect() };
    let first = places.first().cloned().flatten().filter(|_| places.len() == 1);
    (!acting.is_empty()).then(|| Deed {
        kind: kind(acting.iter().copied()),
        path: Path::Planned,
        services,
        environment: first,
        incident: None,
        takes_back: false,
    })
}

fn acts(before: &Catalog, after: &Catalog, reference: &Reference) -> bool {
    match reference.kind {
        Kind::Flag | Kind::Environment => true,
        // What is written down for the first time has not changed what was there.
        Kind::Service => before.get(reference).is_some(),
        Kind::Route => !about_both(before, after, reference).is_empty(),
        _ => false,
    }
}

/// In which environments something changes; nothing in the set: in none, `None`: in all.
fn places(before: &Catalog, after: &Catalog, reference: &Reference) -> Vec<Option<Name>> {
    let name = &reference.name;
    match reference.kind {
        Kind::Environment => vec![Some(name.clone())],
        Kind::Flag => match (before.flags.get(name), after.flags.get(name)) {
            (Some(old), Some(new)) => {
                let bare = |flag: &super::flags::Flag| {
                    let mut flag = flag.clone();
                    flag.environments.clear();
                    flag
                };
                if bare(old) != bare(new) {
                    return vec![None];
                }
                let all: BTreeSet<&Name> = old.environments.keys().chain(new.environments.keys()).collect();
                let differs = |name: &&Name| old.environments.get(*name) != new.environments.get(*name);
                all.into_iter().filter(differs).cloned().map(Some).collect()
            }
            (old, new) => {
                let one = old.or(new).into_iter().flat_map(|flag| flag.environments.keys().cloned().map(Some));
                one.collect()
            }
        },
        _ => vec![None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::reading::from_yaml;

    fn catalog(text: &str) -> Catalog {
        let mut catalog = Catalog::default();
        let reading = from_yaml("test", text);
        assert_eq!(reading.problems, []);
        for proposal in reading.proposals {
            catalog.insert(proposal.document);
        }
        catalog
    }

    fn flag(live: &str, services: &str) -> String {
        format!(
            "kind: flag\nname: fast\nspec: {{ title: Fast, purpose: operational, services: [{services}], variants: {{ 'on': true, 'off': false }}, \
             environments: {{ live: {{ state: ENABLED, defaultVariant: '{live}' }}, test: {{ state: ENABLED, defaultVariant: 'off' }} }} }}\n"
        )
    }

    #[test]
    fn an_edit_is_of_the_services_and_the_environment_that_it_touches() {
        let look = |before: &str, after: &str, what: &str| {
            let reference: Reference = what.parse().unwrap();
            let deed = deed(&catalog(before), &catalog(after), &[&reference])?;
            let services: Vec<&str> = deed.services.iter().map(Name::as_str).collect();
            let place = deed.environment.as_ref().map_or("all", Name::as_str);
            Some(format!("{} of [{}] in {place}", deed.kind, services.join(" ")))
        };
        let (off, on, nowhere) = (flag("off", "shop"), flag("on", "shop, cart"), flag("on", ""));
        let same = flag("on", "shop");
        let shop = "kind: service\nname: shop\nspec: { title: Shop, team: web }\n";
        let route = |service: &str| {
            format!("kind: route\nname: r\nspec: {{ order: 1, match: [], {service} escalation_policy: p }}\n")
        };
        for (before, after, what, answer) in [
            (off.as_str(), same.as_str(), "flag/fast", Some("flag of [shop] in live")),
            (&off, &on, "flag/fast", Some("flag of [cart shop] in all")),
            ("", &nowhere, "flag/fast", Some("flag of [] in all")),
            (shop, "", "service/shop", Some("document of [shop] in all")),
            ("", shop, "service/shop", None),
            (&route("service: shop,"), &route(""), "route/r", Some("document of [shop] in all")),
            (&route(""), "", "route/r", None),
            (shop, shop, "freeze/sale", None),
            (shop, shop, "schedule/web", None),
            (&on, &on, "environment/live", Some("flag of [cart shop] in live")),
        ] {
            assert_eq!(look(before, after, what).as_deref(), answer, "{what}");
        }
    }
}
