//! The service graph: how far one service is from another, and what is hit when one of them breaks.
//!
//! Harm goes from what is needed to what needs it. Steps are counted along `depends_on`; nothing is guessed that the catalog
//! does not say, and a circle of services ends where it began.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::prepare::services::Service;
use crate::words::Name;

/// Which service needs which, both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    needs: BTreeMap<Name, BTreeSet<Name>>,
    needed_by: BTreeMap<Name, BTreeSet<Name>>,
}

impl Graph {
    /// As the catalog has it.
    pub fn of(services: &BTreeMap<Name, Service>) -> Self {
        services.iter().flat_map(|(name, spec)| spec.depends_on.iter().map(|on| (name.clone(), on.clone()))).collect()
    }

    /// Everything that a service needs, and how many steps away it is. The service itself is 0 steps away.
    pub fn below(&self, service: &Name) -> BTreeMap<Name, u32> {
        walk(&self.needs, [service])
    }

    /// Everything that is hit when one of these breaks, and how many steps away it is.
    pub fn blast_radius<'n>(&self, services: impl IntoIterator<Item = &'n Name>) -> BTreeMap<Name, u32> {
        walk(&self.needed_by, services)
    }

    /// Whether what happens to the one may be felt in the other, either way. Two services that only have a common caller
    /// do not touch: with a gateway in front of all, everything would.
    pub fn touch(&self, one: &BTreeSet<Name>, other: &BTreeSet<Name>) -> bool {
        let reaches = |from: &BTreeSet<Name>, to: &BTreeSet<Name>| {
            let hit = self.blast_radius(from);
            to.iter().any(|service| hit.contains_key(service))
        };
        reaches(one, other) || reaches(other, one)
    }
}

impl FromIterator<(Name, Name)> for Graph {
    /// From pairs of a service and one that it needs.
    fn from_iter<T: IntoIterator<Item = (Name, Name)>>(pairs: T) -> Self {
        let mut graph = Self::default();
        for (service, on) in pairs {
            graph.needed_by.entry(on.clone()).or_default().insert(service.clone());
            graph.needs.entry(service).or_default().insert(on);
        }
        graph
    }
}

fn walk<'n>(arrows: &BTreeMap<Name, BTreeSet<Name>>, from: impl IntoIterator<Item = &'n Name>) -> BTreeMap<Name, u32> {
    let mut seen: BTreeMap<Name, u32> = from.into_iter().map(|name| (name.clone(), 0)).collect();
    let mut next: VecDeque<(Name, u32)> = seen.iter().map(|(name, steps)| (name.clone(), *steps)).collect();
    while let Some((name, steps)) = next.pop_front() {
        for neighbour in arrows.get(&name).into_iter().flatten() {
            if !seen.contains_key(neighbour) {
                seen.insert(neighbour.clone(), steps + 1);
                next.push_back((neighbour.clone(), steps + 1));
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn set(names: &[&str]) -> BTreeSet<Name> {
        names.iter().map(|one| name(one)).collect()
    }

    #[test]
    fn steps_are_counted_along_what_is_needed() {
        let pairs = [("shop", "cart"), ("cart", "db"), ("shop", "search"), ("db", "disk"), ("disk", "db")];
        let graph: Graph = pairs.iter().map(|(a, b)| (name(a), name(b))).collect();
        let steps = |map: BTreeMap<Name, u32>| map.into_iter().map(|(n, s)| format!("{n}{s}")).collect::<Vec<_>>();
        assert_eq!(steps(graph.below(&name("shop"))), ["cart1", "db2", "disk3", "search1", "shop0"]);
        assert_eq!(steps(graph.blast_radius([&name("db")])), ["cart1", "db0", "disk1", "shop2"]);
        assert_eq!(steps(graph.below(&name("nobody"))), ["nobody0"], "a service alone");
        for (one, other, touch) in [
            (&["db"][..], &["shop"][..], true),
            (&["shop"], &["db"], true),
            (&["search"], &["cart"], false),
            (&["search", "db"], &["cart"], true),
            (&[], &["cart"], false),
        ] {
            assert_eq!(graph.touch(&set(one), &set(other)), touch, "{one:?} {other:?}");
        }
    }
}
