//! Whether a proposed set of documents makes sense together with those in force: all problems at once, each
//! with its place, what is wrong, and what was probably meant.
//!
//! A problem refuses the set; a warning does not. What was wrong before, in documents that the set does
//! not touch, does not stand in the way of a change that has nothing to do with it: it becomes a warning.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::catalog::Catalog;
use super::documents::{Kind, Reference};
use super::people::{Access, Address};
use super::problems::{Origin, Problem, suggest};
use super::reading::Proposal;
use super::{fields, readiness, references};
use crate::change::environments;
use crate::detect::routes::Route;
use crate::words::labels::Compare;
use crate::words::{Name, Timestamp, text};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Any of these, and nothing is applied.
    pub problems: Vec<Problem>,
    /// Worth knowing.
    pub warnings: Vec<Problem>,
}

/// What decides besides the documents.
#[derive(Clone, Copy)]
pub struct Conditions<'a> {
    /// Where "the coming days" begin.
    pub now: Timestamp,
    /// Whether messages can be sent to such an address here; or why not (`no mail server is set up`).
    pub works: &'a dyn Fn(&Address) -> Result<(), String>,
    /// Whether an outgoing webhook may post to this URL; or why not.
    pub may_post: &'a dyn Fn(&str) -> Result<(), String>,
}

impl fmt::Debug for Conditions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conditions at {}", self.now)
    }
}

impl Conditions<'_> {
    /// Where every channel works.
    pub fn at(now: Timestamp) -> Self {
        Self { now, works: &|_| Ok(()), may_post: &|_| Ok(()) }
    }
}

/// The catalog as it would be with the proposals in force and the deletions done.
pub fn proposed(before: &Catalog, proposals: &[Proposal], deletions: &[Reference]) -> Catalog {
    let mut after = before.clone();
    for reference in deletions {
        after.remove(reference);
    }
    for proposal in proposals {
        after.insert(proposal.document.clone());
    }
    after
}

/// Everything that is wrong or doubtful in the set.
pub fn check(
    before: &Catalog,
    proposals: &[Proposal],
    deletions: &[Reference],
    conditions: Conditions<'_>,
) -> Findings {
    let mut origins = BTreeMap::new();
    let mut twice = Vec::new();
    for proposal in proposals {
        let reference = proposal.document.reference();
        if let Some(first) = origins.get(&reference) {
            let first: &&Origin = first;
            twice.push(Problem {
                place: proposal.origin.place(""),
                document: Some(reference.clone()),
                pointer: String::new(),
                message: format!("{reference} stands twice in this set; it is at {} already", first.place("")),
                suggestion: None,
            });
        } else {
            origins.insert(reference, &proposal.origin);
        }
    }
    let after = proposed(before, proposals, deletions);
    let deleted = deletions.iter().filter(|reference| !origins.contains_key(reference)).collect();
    let mut findings = Checker { catalog: &after, origins, deleted, conditions, findings: Findings::default() }.run();
    if let Some(problem) = administrators(before, &after, proposals) {
        findings.problems.push(problem);
    }
    set_apart_what_was_wrong_before(before, proposals, conditions, &mut findings);
    findings.problems.splice(0..0, twice);
    findings
}

/// Everything that is wrong or doubtful in the documents in force.
pub fn check_in_force(catalog: &Catalog, conditions: Conditions<'_>) -> Findings {
    let (origins, deleted) = (BTreeMap::new(), BTreeSet::new());
    Checker { catalog, origins, deleted, conditions, findings: Findings::default() }.run()
}

/// While there is somebody who may do everything, there always is.
fn administrators(before: &Catalog, after: &Catalog, proposals: &[Proposal]) -> Option<Problem> {
    let may_all = |catalog: &Catalog| {
        let found =
            catalog.people.iter().find(|(_, person)| person.access == Access::Administrator && !person.inactive);
        found.map(|(name, _)| Reference::new(Kind::Person, name.clone()))
    };
    let (Some(last), None) = (may_all(before), may_all(after)) else { return None };
    let pointer = "/spec/access";
    let proposal = proposals.iter().find(|proposal| proposal.document.reference() == last);
    Some(Problem {
        place: proposal.map_or_else(|| last.to_string(), |proposal| proposal.origin.place(pointer)),
        document: Some(last),
        pointer: pointer.into(),
        message: "nobody would be left who is an active administrator: keep one, or make another first".into(),
        suggestion: None,
    })
}

fn set_apart_what_was_wrong_before(
    before: &Catalog,
    proposals: &[Proposal],
    conditions: Conditions<'_>,
    findings: &mut Findings,
) {
    let touched: BTreeSet<Reference> = proposals.iter().map(|proposal| proposal.document.reference()).collect();
    let elsewhere = |problem: &Problem| problem.document.as_ref().is_some_and(|document| !touched.contains(document));
    if !findings.problems.iter().any(elsewhere) {
        return;
    }
    let known = check_in_force(before, conditions).problems;
    let (old, new) = std::mem::take(&mut findings.problems)
        .into_iter()
        .partition(|problem| elsewhere(problem) && known.contains(problem));
    findings.problems = new;
    findings.warnings.splice(0..0, old);
}

/// One look at a whole catalog.
pub(super) struct Checker<'c> {
    pub(super) catalog: &'c Catalog,
    origins: BTreeMap<Reference, &'c Origin>,
    deleted: BTreeSet<&'c Reference>,
    pub(super) conditions: Conditions<'c>,
    findings: Findings,
}

impl Checker<'_> {
    fn run(mut self) -> Findings {
        for document in self.catalog.documents() {
            let reference = document.reference();
            for refusal in fields::check(&document.spec) {
                let pointer = format!("/spec{}", refusal.at.unwrap_or_default());
                self.problem(&reference, &pointer, refusal.message, None);
            }
            for mention in references::mentions(&document.spec) {
                if !self.catalog.has(mention.kind, mention.name.as_str()) {
                    self.unknown(&reference, &mention);
                }
            }
        }
        self.cycles();
        self.routes();
        self.integrations();
        self.services();
        self.obligation_packs();
        self.outgoing_webhooks();
        self.chats();
        self.programs();
        self.people_in_chats();
        self.flags();
        readiness::check(&mut self);
        self.findings
    }

    /// Is the document part of the set that is checked?
    pub(super) fn touches(&self, reference: &Reference) -> bool {
        self.origins.contains_key(reference)
    }

    pub(super) fn problem(
        &mut self,
        reference: &Reference,
        pointer: &str,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let problem = self.found(reference, pointer, message.into(), suggestion);
        if !self.findings.problems.contains(&problem) {
            self.findings.problems.push(problem);
        }
    }

    pub(super) fn warning(&mut self, reference: &Reference, pointer: &str, message: impl Into<String>) {
        let warning = self.found(reference, pointer, message.into(), None);
        self.findings.warnings.push(warning);
    }

    fn found(&self, reference: &Reference, pointer: &str, message: String, suggestion: Option<String>) -> Problem {
        let place = match self.origins.get(reference) {
            Some(origin) => origin.place(pointer),
            None => Origin::in_force(reference.clone()).place(pointer),
        };
        Problem { place, document: Some(reference.clone()), pointer: pointer.to_owned(), message, suggestion }
    }

    fn unknown(&mut self, reference: &Reference, mention: &references::Mention) {
        let (kind, name) = (mention.kind, mention.name.as_str());
        if self.deleted.contains(&Reference::new(kind, mention.name.clone())) {
            let message = format!("{kind} {name:?} is deleted in this set, but still named by {reference}");
            return self.problem(reference, &mention.pointer, message, None);
        }
        let near = suggest(name, self.catalog.names(kind).into_iter().map(Name::as_str));
        let another = Kind::ALL.into_iter().find(|other| *other != kind && self.catalog.has(*other, name));
        let message = match another.filter(|_| near.is_none()) {
            Some(other) => format!("there is no {kind} {name:?}; there is a {other} of that name"),
            None => format!("there is no {kind} {name:?}"),
        };
        self.problem(reference, &mention.pointer, message, near);
    }

    /// Services that need each other in a circle.
    fn cycles(&mut self) {
        let mut done: BTreeSet<&Name> = BTreeSet::new();
        for start in self.catalog.services.keys() {
            if done.contains(start) {
                continue;
            }
            // Depth first, without recursion: the path, and for each service on it the next dependency to look at.
            let mut path: Vec<(&Name, usize)> = vec![(start, 0)];
            while let Some((service, next)) = path.last_mut() {
                let service = *service;
                let place = *next;
                *next += 1;
                let Some(needed) = self.catalog.services.get(service).and_then(|spec| spec.depends_on.get(place))
                else {
                    done.insert(service);
                    path.pop();
                    continue;
                };
                if let Some(begin) = path.iter().position(|(on, _)| *on == needed) {
                    let mut names: Vec<&str> = path[begin..].iter().map(|(name, _)| name.as_str()).collect();
                    names.push(needed.as_str());
                    let message = format!("services need each other in a circle: {}", names.join(" -> "));
                    let reference = Reference::new(Kind::Service, service.clone());
                    self.problem(&reference, &format!("/spec/depends_on/{place}"), message, None);
                } else if !done.contains(needed) && self.catalog.services.contains_key(needed) {
                    path.push((needed, 0));
                }
            }
        }
    }

    /// Routes that an earlier one leaves nothing to.
    fn routes(&mut self) {
        let mut routes: Vec<(&Name, &Route)> = self.catalog.routes.iter().collect();
        routes.sort_by_key(|(name, route)| (route.order, *name));
        for (place, (name, route)) in routes.iter().enumerate() {
            let takes_all = routes[..place]
                .iter()
                .find(|(_, earlier)| earlier.matchers.iter().all(|matcher| route.matchers.contains(matcher)));
            if let Some((earlier, spec)) = takes_all {
                let what = if spec.matchers.is_empty() { "every alert" } else { "every alert that this one would" };
                let message = format!(
                    "route {name:?} can never match: route {earlier:?} (order {}) comes before it and takes {what}",
                    spec.order
                );
                self.warning(&Reference::new(Kind::Route, (*name).clone()), "/spec/order", message);
            }
        }
    }

    /// Integrations whose alerts no route could take.
    fn integrations(&mut self) {
        let of_alerts = self.catalog.integrations.iter().filter(|(_, one)| one.source.reports().is_none());
        for (name, integration) in of_alerts {
            let could_take = |route: &Route| {
                route.matchers.iter().all(|matcher| match integration.labels.get(&matcher.name) {
                    Some(value) if matcher.compare == Compare::Equal => matcher.value == *value,
                    _ => true,
                })
            };
            if !self.catalog.routes.values().any(could_take) {
                let message =
                    format!("no route takes the alerts of integration {name:?}: nobody will be paged for them");
                self.warning(&Reference::new(Kind::Integration, name.clone()), "", message);
            }
        }
    }

    /// Outgoing webhooks to places where nothing may be sent.
    fn outgoing_webhooks(&mut self) {
        for (name, webhook) in &self.catalog.outgoing_webhooks {
            let reference = Reference::new(Kind::OutgoingWebhook, name.clone());
            if let Err(why) = (self.conditions.may_post)(&webhook.url) {
                self.problem(&reference, "/spec/url", why, None);
            }
        }
    }

    /// Rollback adapters and trackers at places where nothing may be sent.
    fn programs(&mut self) {
        let catalog = self.catalog;
        let adapters =
            catalog.rollback_adapters.iter().map(|(name, one)| (Kind::RollbackAdapter, name, one.system.at()));
        let trackers = catalog.trackers.iter().map(|(name, one)| (Kind::Tracker, name, one.system.at()));
        for (kind, name, (url, place)) in adapters.chain(trackers) {
            if let Err(why) = (self.conditions.may_post)(url) {
                self.problem(&Reference::new(kind, name.clone()), &format!("/spec{place}"), why, None);
            }
        }
    }

    fn chats(&mut self) {
        for (name, chat) in &self.catalog.chats {
            let reference = Reference::new(Kind::Chat, name.clone());
            if let Err(why) = (self.conditions.may_post)(chat.provider.url()) {
                self.problem(&reference, &format!("/spec{}", chat.provider.place()), why, None);
            }
            let Some(rooms) = &chat.rooms else { continue };
            let levels = || self.catalog.severity_matrices.values().flat_map(|matrix| &matrix.levels);
            let unknown: Vec<_> = rooms.severities.iter().enumerate().collect();
            let unknown = unknown.into_iter().filter(|(_, wanted)| !levels().any(|level| level.name == **wanted));
            let unknown: Vec<_> = unknown
                .map(|(place, wanted)| {
                    let near = text::did_you_mean(wanted, levels().map(|level| level.name.as_str()));
                    (place, format!("no severity matrix has the level {wanted:?}{near}"))
                })
                .collect();
            for (place, message) in unknown {
                self.warning(&reference, &format!("/spec/rooms/severities/{place}"), message);
            }
        }
    }

    /// Whoever speaks in a chat is one person here.
    fn people_in_chats(&mut self) {
        let mut known: BTreeMap<(&str, &str), &Name> = BTreeMap::new();
        for (name, person) in &self.catalog.people {
            for (provider, id) in person.chat.ids() {
                if let Some(first) = known.insert((provider, id), name) {
                    let reference = Reference::new(Kind::Person, name.clone());
                    let shown = text::shorten(id, 80);
                    let message = format!("{shown:?} is {first} already: two people cannot be the same in a chat");
                    self.problem(&reference, &format!("/spec/chat/{provider}"), message, None);
                }
            }
        }
    }

    /// Flags beside each other and in their environments: of what is looked at now, or of all.
    fn flags(&mut self) {
        let looked_at = |one: &Reference| self.origins.is_empty() || self.origins.contains_key(one);
        for (reference, refusal) in environments::problems(self.catalog, looked_at) {
            let pointer = format!("/spec{}", refusal.at.unwrap_or_default());
            self.problem(&reference, &pointer, refusal.message, None);
        }
    }

    /// Services for which nobody would be paged.
    fn services(&mut self) {
        for (name, service) in &self.catalog.services {
            let routed = |route: &Route| route.service.as_ref() == Some(name) && route.escalation_policy.is_some();
            if service.escalation_policy.is_none() && !self.catalog.routes.values().any(routed) {
                let message = format!(
                    "service {name:?} has no escalation policy: nobody is paged for it unless a route says whom"
                );
                self.warning(&Reference::new(Kind::Service, name.clone()), "", message);
            }
        }
    }

    fn obligation_packs(&mut self) {
        for (name, pack) in &self.catalog.obligation_packs {
            if pack.applies == Some(true) && pack.accountable.is_none() && pack.escalation_policy.is_none() {
                let message = format!(
                    "obligation pack {name:?} applies, but names nobody who is accountable: only the incident commander is reminded"
                );
                self.warning(&Reference::new(Kind::ObligationPack, name.clone()), "/applies", message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::prepare::reading::from_yaml;

    /// What is in force at the beginning of each test: one team, two people, one schedule, one policy, one service.
    const FIRM: &str = "
kind: person
name: ana
spec:
  full_name: Ana Silva
  email: ana@example.org
  access: administrator
  contacts: [{ name: mail, email: ana@example.org }]
  ladder: { high: [{ contact: mail }] }
---
kind: person
name: ben
spec:
  full_name: Ben Ode
  email: ben@example.org
  contacts: [{ name: mail, email: ben@example.org }]
  ladder: { high: [{ contact: mail }] }
---
kind: team
name: payments
spec: { title: Payments, members: [ana, ben] }
---
kind: schedule
name: payments-primary
spec:
  title: Payments, primary
  time_zone: Europe/Berlin
  layers:
  - { name: week, people: [ana, ben], starts: '2026-11-16T09:00', rotate: { weeks: 1 } }
---
kind: escalation-policy
name: payments
spec:
  title: Payments
  steps: [{ notify: [{ schedule: payments-primary }] }]
---
kind: service
name: card
spec: { title: Cards, team: payments, escalation_policy: payments }
---
kind: route
name: everything
spec: { order: 1000 }
---
kind: integration
name: prometheus
spec: { title: Prometheus, source: { alertmanager: {} } }
";

    fn now() -> Conditions<'static> {
        Conditions::at("2026-11-22T12:00:00Z".parse().unwrap())
    }

    fn firm() -> Catalog {
        let reading = from_yaml("firm.yaml", FIRM);
        assert_eq!(reading.problems, []);
        proposed(&Catalog::default(), &reading.proposals, &[])
    }

    fn found(yaml: &str, deletions: &[&str]) -> String {
        let reading = from_yaml("new.yaml", yaml);
        let deletions: Vec<Reference> = deletions.iter().map(|word| word.parse().unwrap()).collect();
        let findings = check(&firm(), &reading.proposals, &deletions, now());
        let mut out = String::new();
        for problem in reading.problems.iter().chain(&findings.problems) {
            writeln!(out, "{problem}").unwrap();
        }
        for warning in &findings.warnings {
            writeln!(out, "warning: {warning}").unwrap();
        }
        out
    }

    #[test]
    fn the_firm_itself_is_in_order() {
        assert_eq!(check_in_force(&firm(), now()), Findings::default());
        assert_eq!(found("", &[]), "");
    }

    #[test]
    fn unknown_references_are_named_with_line_and_suggestion() {
        insta::assert_snapshot!(found("
kind: escalation-policy
name: cards
spec:
  title: Cards
  team: payment
  steps:
  - notify:
    - schedule: payment-primary
    - person: carol
    - person: payments
---
kind: service
name: web
spec:
  title: Web
  team: payments
  escalation_policy: cardz
  depends_on: [card, crad, mail]
---
kind: route
name: web
spec: { service: wbe, escalation_policy: payments-primary }
", &[]), @r#"
        new.yaml:9: there is no schedule "payment-primary" (did you mean "payments-primary"?)
        new.yaml:10: there is no person "carol"
        new.yaml:11: there is no person "payments"; there is a team of that name
        new.yaml:6: there is no team "payment" (did you mean "payments"?)
        new.yaml:19: there is no service "crad" (did you mean "card"?)
        new.yaml:19: there is no service "mail"
        new.yaml:18: there is no escalation-policy "cardz" (did you mean "cards"?)
        new.yaml:23: there is no service "wbe" (did you mean "web"?)
        new.yaml:23: there is no escalation-policy "payments-primary"; there is a schedule of that name
        warning: route/everything /spec/order: route everything can never match: route web (order 100) comes before it and takes every alert
        "#);
    }

    #[test]
    fn what_the_set_deletes_cannot_be_named_in_it() {
        insta::assert_snapshot!(found("
kind: route
name: cards
spec: { match: [service=card], escalation_policy: payments }
", &["escalation-policy/payments", "person/ben"]), @r#"
        team/payments /spec/members/1: person "ben" is deleted in this set, but still named by team/payments
        schedule/payments-primary /spec/layers/0/people/1: person "ben" is deleted in this set, but still named by schedule/payments-primary
        service/card /spec/escalation_policy: escalation-policy "payments" is deleted in this set, but still named by service/card
        new.yaml:4: escalation-policy "payments" is deleted in this set, but still named by route/cards
        "#);
    }

    #[test]
    fn services_that_need_each_other_are_named_along_the_circle() {
        insta::assert_snapshot!(found("
kind: service
name: card
spec: { title: Cards, team: payments, escalation_policy: payments, depends_on: [ledger] }
---
kind: service
name: ledger
spec: { title: Ledger, team: payments, escalation_policy: payments, depends_on: [mail, database] }
---
kind: service
name: database
spec: { title: Database, team: payments, escalation_policy: payments, depends_on: [card] }
---
kind: service
name: mail
spec: { title: Mail, team: payments, escalation_policy: payments, depends_on: [mail] }
", &[]), @"
        new.yaml:16: services need each other in a circle: mail -> mail
        new.yaml:12: services need each other in a circle: card -> ledger -> database -> card
        ");
    }

    #[test]
    fn a_person_on_call_must_be_reachable() {
        insta::assert_snapshot!(found("
kind: person
name: ben
spec: { full_name: Ben Ode, email: ben@, contacts: [{ name: mail, email: ben@ }] }
", &[]), @r#"
        new.yaml:4: "ben@" is not an e-mail address: what stands after the @ is not a domain
        new.yaml:4: "ben@" is not an e-mail address: what stands after the @ is not a domain
        new.yaml:4: ben is on call for payments-primary from 2026-11-23 09:00 but has no working contact for high urgency (mail: "ben@" is not an e-mail address: what stands after the @ is not a domain)
        "#);
        insta::assert_snapshot!(found("
kind: person
name: ben
spec: { full_name: Ben Ode, email: ben@example.org, inactive: true }
---
kind: escalation-policy
name: cards
spec:
  title: Cards
  steps:
  - notify: [{ person: ben }]
", &[]), @"
        new.yaml:11: ben is told by escalation policy cards but is marked as inactive
        new.yaml:4: ben is on call for payments-primary from 2026-11-23 09:00 but is marked as inactive
        ");
        insta::assert_snapshot!(found("
kind: person
name: carol
spec: { full_name: Carol, email: carol@example.org, inactive: true }
---
kind: schedule
name: payments-primary
spec:
  title: Payments, primary
  time_zone: Europe/Berlin
  layers:
  - name: week
    people:
    - ana
    - carol
    starts: '2026-11-16T09:00'
    rotate: { weeks: 1 }
", &[]), @"new.yaml:15: carol is on call for payments-primary from 2026-11-23 09:00 but is marked as inactive");
    }

    #[test]
    fn a_person_is_not_reachable_through_a_channel_that_is_not_set_up() {
        let no_mail = |address: &Address| match address {
            Address::Email(_) => Err("no mail server is set up".to_owned()),
            _ => Ok(()),
        };
        let conditions = Conditions { works: &no_mail, ..now() };
        let before = Catalog { escalation_policies: BTreeMap::new(), ..firm() };
        let yaml = "kind: escalation-policy\nname: payments\nspec:\n  title: Payments\n  steps:\n  - notify:\n    - schedule: payments-primary\n";
        let findings = check(&before, &from_yaml("new.yaml", yaml).proposals, &[], conditions);
        insta::assert_snapshot!(findings.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @"
        new.yaml:7: ana is on call for payments-primary now but has no working contact for high urgency (mail: no mail server is set up)
        new.yaml:7: ben is on call for payments-primary from 2026-11-23 09:00 but has no working contact for high urgency (mail: no mail server is set up)
        ");
        // What stood before the mail server was taken away does not stand in the way of other changes.
        let team = from_yaml("new.yaml", "kind: team\nname: web\nspec: { title: Web }\n").proposals;
        let findings = check(&firm(), &team, &[], conditions);
        assert_eq!((findings.problems.len(), findings.warnings.len()), (0, 2));
    }

    #[test]
    fn fields_say_what_they_must_be() {
        insta::assert_snapshot!(found("
kind: person
name: carol
spec:
  full_name: ' '
  email: carol
  time_zone: Europe/Berlni
  contacts:
  - { name: mail, email: a@b@c }
  - { name: mail, ntfy: https://ntfy.sh }
  - { name: hook, webhook: 'javascript:alert(1)' }
  ladder:
    high: [{ contact: mial }]
    waking: 8-22
---
kind: service
name: web
spec:
  title: Web
  team: payments
  escalation_policy: payments
  tier: 5
  runbook: ftp://x
  links: [{ title: '', url: 'https://' }]
---
kind: integration
name: hooks
spec:
  title: Hooks
  source:
    webhook:
      mapping: { each: \"'x'\", summary: title, status: /state, key: /a~2b, labels: { host: host } }
---
kind: integration
name: beat
spec: { title: Beat, source: { heartbeat: { every: 1s } } }
---
kind: route
name: web
spec:
  match: [service=web]
  group_by: [a, a]
  auto_close: 1s
  group_wait: 2h
  inhibit: [{ source: [] }]
---
kind: severity-matrix
name: ours
spec:
  levels:
  - { name: SEV1, title: a, system: b, operational: c, security: d, response: e }
  - { name: sev1, title: a, system: b, operational: c, security: d, response: e }
---
kind: role
name: none
spec: { title: None, duties: [] }
---
kind: notification-template
name: page
spec: { subject: '{{ x', text: '{% if %}' }
---
kind: schedule
name: bad
spec:
  title: Bad
  time_zone: Mars/Olympus
  layers: []
", &[]), @r#"
        new.yaml:5: the name that people read is empty
        new.yaml:6: "carol" is not an e-mail address: write it like ana@example.org
        new.yaml:7: there is no time zone "Europe/Berlni" (did you mean "Europe/Berlin"?); use an IANA name like Europe/Berlin
        new.yaml:9: "a@b@c" is not an e-mail address: it contains a character that does not belong there
        new.yaml:10: two contacts are called "mail"; give each a name of its own
        new.yaml:10: "https://ntfy.sh" names no ntfy topic: write it like https://ntfy.example.org/ana-9f3k
        new.yaml:11: "javascript:alert(1)" is not a URL to post to: it begins with https:// or http://
        new.yaml:13: there is no contact "mial" (did you mean "mail"?); the contacts are: mail, mail, hook
        new.yaml:14: "8-22" are no waking hours: "8" is not a time of day: write HH:MM, like 09:00
        new.yaml:66: there is no time zone "Mars/Olympus"; use an IANA name like Europe/Berlin
        new.yaml:67: a schedule needs at least one layer, or nobody is ever on call
        new.yaml:22: the tier is 1 (the business stops) to 4 (nobody notices today), not 5
        new.yaml:23: "ftp://x" is not a link: it begins with https:// or http://
        new.yaml:24: `title` is empty: write what people call it
        new.yaml:24: "https://" is not a link: there is no host name after the //
        new.yaml:42: "a" stands here twice
        new.yaml:44: nobody is paged for 2h: at most 1h
        new.yaml:43: 1s would close alerts between two repeats: at least 5m
        new.yaml:45: `source` is empty: then every alert would mute the others
        new.yaml:36: `every` must be at least 10s
        new.yaml:32: `each` must be a JSON pointer to the array of alerts
        new.yaml:32: "title" is not a JSON pointer: write it like /event/title, or a fixed text in single quotes like 'disk'
        new.yaml:32: "/a~2b" is not a JSON pointer: write it like /event/title, or a fixed text in single quotes like 'disk'
        new.yaml:32: "host" is not a JSON pointer: write it like /event/title, or a fixed text in single quotes like 'disk'
        new.yaml:32: `resolved` is missing: which words at `status` mean resolved?
        new.yaml:52: there is another level "sev1" already
        new.yaml:56: a role has at least one duty
        new.yaml:60: `subject` is not a template: syntax error: unexpected end of input, expected end of variable block, in its line 1
        new.yaml:60: `text` is not a template: syntax error: unexpected end of block, in its line 1
        "#);
    }

    #[test]
    fn doubtful_things_are_warned_of() {
        insta::assert_snapshot!(found("
kind: route
name: everything
spec: { order: 10 }
---
kind: route
name: cards
spec: { match: [service=card], order: 20 }
---
kind: route
name: cards-at-night
spec: { match: [service=card, hour=night], order: 30 }
---
kind: service
name: web
spec: { title: Web, team: payments }
---
kind: schedule
name: payments-primary
spec:
  title: Payments, primary
  time_zone: Europe/Berlin
  layers:
  - name: week
    people: [ana, ben]
    starts: '2026-11-16T09:00'
    rotate: { weeks: 1 }
    only: [{ days: [monday, tuesday, wednesday], from: '09:00', to: '24:00' }]
", &[]), @"
        warning: new.yaml:8: route cards can never match: route everything (order 10) comes before it and takes every alert
        warning: new.yaml:12: route cards-at-night can never match: route everything (order 10) comes before it and takes every alert
        warning: new.yaml:14: service web has no escalation policy: nobody is paged for it unless a route says whom
        warning: new.yaml:23: nobody is on call for payments-primary from Sun 22 Nov 13:00 to Mon 23 Nov 09:00, from Tue 24 Nov 00:00 to Tue 24 Nov 09:00, from Wed 25 Nov 00:00 to Wed 25 Nov 09:00, and 4 more times; if that is meant, say `gaps_intended: true`
        ");
        insta::assert_snapshot!(found("
kind: route
name: cards
spec: { match: [env=prod] }
---
kind: integration
name: staging
spec: { title: Staging, source: { alertmanager: {} }, labels: { env: staging } }
", &["route/everything"]), @"warning: new.yaml:6: no route takes the alerts of integration staging: nobody will be paged for them");
    }

    #[test]
    fn a_set_is_not_refused_for_what_was_wrong_before() {
        let mut before = firm();
        before.services.get_mut("card").unwrap().escalation_policy = Some("gone".parse().unwrap());
        let reading = from_yaml("new.yaml", "kind: team\nname: web\nspec: { title: Web }\n");
        let findings = check(&before, &reading.proposals, &[], now());
        assert_eq!(findings.problems, []);
        assert_eq!(findings.warnings[0].place, "service/card /spec/escalation_policy");
    }

    #[test]
    fn somebody_stays_administrator_and_nothing_stands_twice() {
        insta::assert_snapshot!(found("
kind: person
name: ana
spec: { full_name: Ana Silva, email: ana@example.org, contacts: [{ name: mail, email: ana@example.org }], ladder: { high: [{ contact: mail }] } }
---
kind: team
name: web
spec: { title: Web }
---
kind: team
name: web
spec: { title: Webb }
", &[]), @"
        new.yaml:10: team/web stands twice in this set; it is at new.yaml:6 already
        new.yaml:4: nobody would be left who is an active administrator: keep one, or make another first
        ");
    }
}
