//! What a change of documents does to coverage: when a page would no longer reach a human in time, and when it now would.
//!
//! The proof is that of `coverage`, made of both catalogs with the same overrides. It asks no database and sends nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::coverage::{Hole, coverage, first_contact};
use super::deliveries::Urgency;
use super::schedules::{Override, Roster};
use crate::prepare::catalog::Catalog;
use crate::prepare::documents::{Kind, Reference};
use crate::words::{Name, Span};

/// How many days ahead are looked at.
pub const DAYS_AHEAD: i64 = 14;
/// How soon a human must be told.
pub const WITHIN: Span = Span::minutes(15);

/// What becomes of coverage from `from` until before `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageChanges {
    pub from: Timestamp,
    pub to: Timestamp,
    /// How many policies were proven, or not.
    pub policies: usize,
    /// It was covered, and would not be.
    pub lost: Vec<Stretch>,
    /// It was not, and would be.
    pub gained: Vec<Stretch>,
    /// It is not covered, with the change or without; or it is new and not covered.
    pub left: Vec<Stretch>,
}

/// A high-urgency page by `subject` that starts from `from` until before `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// An escalation policy; or a service or route that goes through another policy than before.
    pub subject: Reference,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Why no human is told in time: for what is gained, why that was so.
    pub why: String,
}

impl CoverageChanges {
    /// One sentence that counts.
    pub fn sentence(&self) -> String {
        let stretches = |count: usize| if count == 1 { "1 stretch".to_owned() } else { format!("{count} stretches") };
        let days = Span::between(self.from, self.to).as_millis() / Span::hours(24).as_millis();
        let ahead = format!("of the coming {days} days");
        let left = match self.left.len() {
            0 => String::new(),
            count => format!(
                " {} {ahead} {} covered with the change or without.",
                stretches(count),
                if count == 1 { "is not" } else { "are not" }
            ),
        };
        match (self.lost.len(), self.gained.len()) {
            (0, 0) if self.left.is_empty() => {
                let policies = if self.policies == 1 { "policy reaches" } else { "policies reach" };
                format!(
                    "Proven: {} {policies} a human within {WITHIN} at every instant {ahead}, as before.",
                    self.policies
                )
            }
            (0, 0) => format!("Coverage stays as it is.{left}"),
            (lost, 0) => format!("{} {ahead} would no longer be covered.{left}", stretches(lost)),
            (0, gained) => format!("{} {ahead} would be covered that are not.{left}", stretches(gained)),
            (lost, gained) => format!(
                "{} {ahead} would no longer be covered, and {} would be that are not.{left}",
                stretches(lost),
                stretches(gained)
            ),
        }
    }
}

/// Proves both, and compares.
pub fn between(
    before: &Catalog,
    after: &Catalog,
    overrides: &[Override],
    (from, to): (Timestamp, Timestamp),
) -> CoverageChanges {
    let (old, new) = (Proof::of(before, overrides, (from, to)), Proof::of(after, overrides, (from, to)));
    let mut changes = CoverageChanges {
        from,
        to,
        policies: after.escalation_policies.len(),
        lost: Vec::new(),
        gained: Vec::new(),
        left: Vec::new(),
    };
    for (policy, holes) in &new.holes {
        let subject = Reference::new(Kind::EscalationPolicy, policy.clone());
        match old.holes.get(policy) {
            Some(had) => changes.add(&subject, had, holes),
            None => changes.left.extend(holes.iter().map(|hole| stretch(&subject, hole))),
        }
    }
    for kind in [Kind::Service, Kind::Route] {
        for name in after.names(kind) {
            let subject = Reference::new(kind, name.clone());
            let (through, now) = (policy_of(before, &subject), policy_of(after, &subject));
            if through != now && before.has(kind, name.as_str()) {
                changes.add(&subject, &old.through(through.as_ref()), &new.through(now.as_ref()));
            }
        }
    }
    changes
}

impl CoverageChanges {
    fn add(&mut self, subject: &Reference, had: &[Hole], has: &[Hole]) {
        let all = |holes: Vec<Hole>| holes.iter().map(|hole| stretch(subject, hole)).collect::<Vec<_>>();
        self.lost.extend(all(without(has, had)));
        self.gained.extend(all(without(had, has)));
        self.left.extend(all(within(has, had)));
    }
}

fn stretch(subject: &Reference, hole: &Hole) -> Stretch {
    Stretch { subject: subject.clone(), from: hole.from, to: hole.to, why: hole.why.clone() }
}

/// The policy that a service or route pages through.
fn policy_of(catalog: &Catalog, subject: &Reference) -> Option<Name> {
    let of_service = |name: &Name| catalog.services.get(name).and_then(|service| service.escalation_policy.clone());
    if subject.kind == Kind::Service {
        return of_service(&subject.name);
    }
    let route = catalog.routes.get(&subject.name)?;
    route.escalation_policy.clone().or_else(|| route.service.as_ref().and_then(of_service))
}

/// The holes of every policy of a catalog.
struct Proof {
    holes: BTreeMap<Name, Vec<Hole>>,
    range: (Timestamp, Timestamp),
}

impl Proof {
    fn of(catalog: &Catalog, overrides: &[Override], range: (Timestamp, Timestamp)) -> Self {
        let schedules: BTreeMap<Name, (Roster, Vec<Override>)> = catalog
            .schedules
            .iter()
            .filter_map(|(name, schedule)| {
                let mine = overrides.iter().filter(|one| one.schedule == *name).cloned().collect();
                Some((name.clone(), (schedule.roster().ok()?, mine)))
            })
            .collect();
        let contact = |name: &Name| match catalog.people.get(name) {
            Some(person) => first_contact(person, Urgency::High),
            None => Err("is not there".into()),
        };
        let proven = catalog.escalation_policies.iter();
        let holes = proven
            .map(|(name, policy)| (name.clone(), coverage(policy, WITHIN, range, &schedules, &contact).holes))
            .collect();
        Self { holes, range }
    }

    /// The holes of what pages through this policy.
    fn through(&self, policy: Option<&Name>) -> Vec<Hole> {
        let whole = |why: &str| vec![Hole { from: self.range.0, to: self.range.1, why: why.into() }];
        match policy {
            None => whole("it pages through no escalation policy"),
            Some(policy) => {
                self.holes.get(policy).cloned().unwrap_or_else(|| whole("its escalation policy is not there"))
            }
        }
    }
}

/// The parts of `holes` that lie in none of `others`.
fn without(holes: &[Hole], others: &[Hole]) -> Vec<Hole> {
    parts(holes, others, false)
}

/// The parts of `holes` that lie in one of `others`.
fn within(holes: &[Hole], others: &[Hole]) -> Vec<Hole> {
    parts(holes, others, true)
}

fn parts(holes: &[Hole], others: &[Hole], inside: bool) -> Vec<Hole> {
    let mut found: Vec<Hole> = Vec::new();
    for hole in holes {
        let edges = others.iter().flat_map(|other| [other.from, other.to]);
        let mut edges: BTreeSet<Timestamp> = edges.filter(|at| hole.from < *at && *at < hole.to).collect();
        edges.extend([hole.from, hole.to]);
        let edges: Vec<Timestamp> = edges.into_iter().collect();
        for pair in edges.windows(2) {
            let &[from, to] = pair else { continue };
            if others.iter().any(|other| other.from <= from && from < other.to) != inside {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.to == from && last.why == hole.why => last.to = to,
                _ => found.push(Hole { from, to, why: hole.why.clone() }),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::prepare::checks;
    use crate::prepare::reading::from_yaml;

    const FIRM: &str = "
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
spec:
  title: Web
  time_zone: UTC
  layers: [{ name: a, people: [ana, ben], starts: 2026-01-05T09:00, rotate: { weeks: 1 } }]
---
kind: escalation-policy
name: web
spec: { title: Web, steps: [{ notify: [{ schedule: web }] }] }
---
kind: service
name: shop
spec: { title: Shop, team: web, escalation_policy: web }
---
kind: route
name: shop
spec: { match: ['service=\"shop\"'], service: shop }
";

    fn catalog(text: &str) -> Catalog {
        let reading = from_yaml("firm", text);
        assert_eq!(reading.problems, []);
        checks::proposed(&Catalog::default(), &reading.proposals, &[])
    }

    fn look(before: &str, after: &str) -> String {
        let range = ("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-15T00:00:00Z".parse().unwrap());
        let changes = between(&catalog(before), &catalog(after), &[], range);
        let mut text = changes.sentence();
        for (word, all) in [("lost", &changes.lost), ("gained", &changes.gained), ("left", &changes.left)] {
            for one in all {
                write!(text, "\n{word} {} {} - {}: {}", one.subject, one.from, one.to, one.why).unwrap();
            }
        }
        text
    }

    #[test]
    fn what_becomes_uncovered_and_covered_is_told() {
        insta::assert_snapshot!(look(FIRM, FIRM), @"Proven: 1 policy reaches a human within 15m at every instant of the coming 14 days, as before.");
        let office = FIRM.replace("rotate: { weeks: 1 }", "rotate: { weeks: 1 }, only: [{ days: [monday, tuesday, wednesday, thursday, friday], from: '00:00', to: '24:00' }]");
        insta::assert_snapshot!(look(FIRM, &office), @r"
        3 stretches of the coming 14 days would no longer be covered.
        lost escalation-policy/web 2026-11-01T00:00:00Z - 2026-11-02T00:00:00Z: step 1: on call for web: nobody (no layer covers this time)
        lost escalation-policy/web 2026-11-07T00:00:00Z - 2026-11-09T00:00:00Z: step 1: on call for web: nobody (no layer covers this time)
        lost escalation-policy/web 2026-11-14T00:00:00Z - 2026-11-15T00:00:00Z: step 1: on call for web: nobody (no layer covers this time)
        ");
        insta::assert_snapshot!(look(&office, FIRM), @r"
        3 stretches of the coming 14 days would be covered that are not.
        gained escalation-policy/web 2026-11-01T00:00:00Z - 2026-11-02T00:00:00Z: step 1: on call for web: nobody (no layer covers this time)
        gained escalation-policy/web 2026-11-07T00:00:00Z - 2026-11-09T00:00:00Z: step 1: on call for web: nobody (no layer covers this time)
        gained escalation-policy/web 2026-11-14T00:00:00Z - 2026-11-15T00:00:00Z: step 1: on call for web: nobody (no layer covers this time)
        ");
        let gone = FIRM.replace("full_name: Ben,", "full_name: Ben, inactive: true,");
        insta::assert_snapshot!(look(FIRM, &gone), @r"
        1 stretch of the coming 14 days would no longer be covered.
        lost escalation-policy/web 2026-11-02T09:00:00Z - 2026-11-09T09:00:00Z: step 1: ben is marked as inactive (on call for web: a, turn 44)
        ");
        insta::assert_snapshot!(look(&office, &gone), @r"
        2 stretches of the coming 14 days would no longer be covered, and 2 stretches would be that are not. 1 stretch of the coming 14 days is not covered with the change or without.
        lost escalation-policy/web 2026-11-02T09:00:00Z - 2026-11-07T00:00:00Z: step 1: ben is marked as inactive (on call for web: a, turn 44)
        lost escalation-policy/web 2026-11-09T00:00:00Z - 2026-11-09T09:00:00Z: step 1: ben is marked as inactive (on call for web: a, turn 44)
        gained escalation-policy/web 2026-11-01T00:00:00Z - 2026-11-02T00:00:00Z: step 1: on call for web: nobody (no layer covers this time)
        gained escalation-policy/web 2026-11-14T00:00:00Z - 2026-11-15T00:00:00Z: step 1: on call for web: nobody (no layer covers this time)
        left escalation-policy/web 2026-11-07T00:00:00Z - 2026-11-09T00:00:00Z: step 1: ben is marked as inactive (on call for web: a, turn 44)
        ");
        insta::assert_snapshot!(look(FIRM, &FIRM.replace(", escalation_policy: web", "")), @r"
        2 stretches of the coming 14 days would no longer be covered.
        lost service/shop 2026-11-01T00:00:00Z - 2026-11-15T00:00:00Z: it pages through no escalation policy
        lost route/shop 2026-11-01T00:00:00Z - 2026-11-15T00:00:00Z: it pages through no escalation policy
        ");
        let new = "---\nkind: escalation-policy\nname: new\nspec: { title: New, steps: [{ notify: [{ webhook: 'https://a.example' }] }] }\n";
        insta::assert_snapshot!(look(FIRM, &format!("{FIRM}{new}")), @r"
        Coverage stays as it is. 1 stretch of the coming 14 days is not covered with the change or without.
        left escalation-policy/new 2026-11-01T00:00:00Z - 2026-11-15T00:00:00Z: no step tells a human
        ");
    }
}
