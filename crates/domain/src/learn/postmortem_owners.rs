//! Who is asked to own a postmortem, and who is asked next.

use std::collections::BTreeSet;

use crate::prepare::catalog::Catalog;
use crate::prepare::people::Access;
use crate::words::Name;

/// Who may be asked to own one, the likeliest first: whoever the commander named; who manages in the teams of the services that
/// it touched, the most important service first; the commander; who manages anywhere; administrators. Everybody once, nobody
/// who is away for good.
pub fn candidates(catalog: &Catalog, named: Option<&Name>, services: &[Name], commander: Option<&Name>) -> Vec<Name> {
    let mut touched: Vec<_> = services.iter().filter_map(|name| catalog.services.get(name)).collect();
    touched.sort_by_key(|service| service.tier);
    let teams = touched.iter().filter_map(|service| catalog.teams.get(&service.team));
    let managing = |name: &&Name| catalog.people.get(*name).is_some_and(|person| person.access == Access::Manager);
    let leads = teams
        .flat_map(|team| &team.members)
        .filter(|name| catalog.people.get(*name).is_some_and(|person| person.access >= Access::Manager));
    let administrators =
        catalog.people.iter().filter(|(_, person)| person.access == Access::Administrator).map(|(name, _)| name);
    let all = named
        .into_iter()
        .chain(leads)
        .chain(commander)
        .chain(catalog.people.keys().filter(managing))
        .chain(administrators);
    let mut seen = BTreeSet::new();
    let there = |name: &&Name| catalog.people.get(*name).is_some_and(|person| !person.inactive);
    all.filter(there).filter(|name| seen.insert((*name).clone())).cloned().collect()
}

/// Whoever is asked next: the first who was not asked in this round; when all were, the round begins anew.
pub fn next_to_ask(candidates: &[Name], asked: &[Name]) -> (Option<Name>, Vec<Name>) {
    if let Some(next) = candidates.iter().find(|name| !asked.contains(name)) {
        return (Some(next.clone()), asked.iter().cloned().chain([next.clone()]).collect());
    }
    let first = candidates.first().cloned();
    let asked = first.iter().cloned().collect();
    (first, asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::reading::from_yaml;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    const HOUSE: &str = "
kind: person
name: ana
spec: { full_name: Ana, email: a@example.org, access: manager }
---
kind: person
name: ben
spec: { full_name: Ben, email: b@example.org }
---
kind: person
name: cleo
spec: { full_name: Cleo, email: c@example.org, access: manager }
---
kind: person
name: dora
spec: { full_name: Dora, email: d@example.org, access: administrator }
---
kind: person
name: eve
spec: { full_name: Eve, email: e@example.org, access: manager, inactive: true }
---
kind: team
name: shop
spec: { title: Shop, members: [ben, cleo, eve] }
---
kind: service
name: shop
spec: { title: Shop, team: shop }
";

    #[test]
    fn whoever_manages_what_broke_is_asked_first() {
        let mut catalog = Catalog::default();
        for proposal in from_yaml("test", HOUSE).proposals {
            catalog.insert(proposal.document);
        }
        let asked = |named: Option<&str>, services: &[&str], commander: Option<&str>| -> String {
            let services: Vec<Name> = services.iter().map(|one| name(one)).collect();
            let all = candidates(&catalog, named.map(name).as_ref(), &services, commander.map(name).as_ref());
            all.iter().map(Name::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(asked(None, &["shop"], Some("ben")), "cleo ben ana dora");
        assert_eq!(asked(Some("ben"), &["shop"], Some("ben")), "ben cleo ana dora");
        assert_eq!(asked(None, &[], None), "ana cleo dora");
        let all = [name("ana"), name("ben")];
        assert_eq!(next_to_ask(&all, &[]), (Some(name("ana")), vec![name("ana")]));
        assert_eq!(next_to_ask(&all, &[name("ana")]).0, Some(name("ben")));
        assert_eq!(next_to_ask(&all, &all), (Some(name("ana")), vec![name("ana")]), "the round begins anew");
        assert_eq!(next_to_ask(&[], &all), (None, vec![]));
    }
}
