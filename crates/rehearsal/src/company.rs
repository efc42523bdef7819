//! A company to play with: people, teams, schedules, policies, services, routes and sources.
//!
//! The one of `company.yaml` stands in every story that says `company: default`; a seed makes up others.

use std::fmt::Write as _;

use domain::prepare::documents::{Document, Reference};
use domain::prepare::reading::from_yaml;
use domain::words::{Mint, Refusal};
use store::prepare::documents::{self, Changeset};
use store::{Error, Tx};

use actions::Moment;

/// The company that most stories play in.
pub const DEFAULT: &str = include_str!("../company/company.yaml");

/// Reads documents; the first problem refuses all of them.
pub fn read(file: &str, yaml: &str) -> Result<Vec<Document>, Refusal> {
    let reading = from_yaml(file, yaml);
    match reading.problems.first() {
        Some(problem) => Err(Refusal::invalid(problem.to_string())),
        None => Ok(reading.proposals.into_iter().map(|proposal| proposal.document).collect()),
    }
}

/// Puts documents in force and takes others out, as one changeset, without asking whether that makes sense: a
/// rehearsal may want to see what happens if not.
pub fn put(tx: &mut Tx<'_>, moment: &mut Moment<'_>, documents: &[Document], gone: &[Reference]) -> Result<i64, Error> {
    let number = documents::head_number(tx)? + 1;
    let changeset = Changeset {
        number,
        id: moment.mint.id(moment.now),
        at: moment.now,
        author: moment.actor.to_string(),
        via: "rehearsal".into(),
        reason: None,
    };
    documents::add_changeset(tx, &changeset)?;
    for document in documents {
        documents::put(tx, document, number)?;
    }
    for reference in gone {
        documents::delete(tx, reference, number)?;
    }
    Ok(number)
}

/// The sources of a made-up company that tell of alerts.
pub const SOURCES: [&str; 2] = ["prometheus", "shop"];

/// A company that a seed made up: two to five people, one or two schedules and policies, a few services.
pub fn made_up(chance: &mut Mint) -> String {
    let mut pick = |most: usize| usize::try_from(chance.chance() % most as u64).unwrap_or(0);
    let everybody = ["ana", "ben", "carla", "dai", "eve"];
    let zones = ["Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "UTC"];
    let people = 2 + pick(4);
    let mut yaml = String::new();
    for name in &everybody[..people] {
        let zone = zones[pick(4)];
        let ladder = match pick(3) {
            0 => "high: [{ contact: push }, { contact: mail, after: 1m }], low: [{ contact: mail }]",
            1 => "high: [{ contact: mail }, { contact: push, after: 30s }, { contact: push, after: 3m }]",
            _ => "",
        };
        let access = if *name == "ana" { "manager" } else { "responder" };
        _ = write!(
            yaml,
            "kind: person\nname: {name}\nspec:\n  full_name: {name}\n  access: {access}\n  email: {name}@example.org\n  time_zone: {zone}\n  \
             contacts:\n  - {{ name: push, ntfy: 'https://ntfy.example.org/{name}' }}\n  \
             - {{ name: mail, email: {name}@example.org }}\n  ladder: {{ {ladder} }}\n---\n"
        );
    }
    let members = everybody[..people].join(", ");
    _ = write!(yaml, "kind: team\nname: all\nspec: {{ title: All, members: [{members}] }}\n---\n");
    for (place, schedule) in ["primary", "secondary"].into_iter().enumerate() {
        let zone = zones[pick(4)];
        let rotate = ["hours: 12", "days: 1", "hours: 5", "weeks: 1"][pick(4)];
        let mut turn = everybody[..people].to_vec();
        turn.rotate_left((place + pick(3)) % people);
        let only = if pick(4) == 0 { ", only: [{ from: '08:00', to: '20:00' }]" } else { "" };
        _ = write!(
            yaml,
            "kind: schedule\nname: {schedule}\nspec:\n  title: {schedule}\n  time_zone: {zone}\n  layers:\n  \
             - {{ name: turns, people: [{}], starts: '2026-01-05T09:00', rotate: {{ {rotate} }}{only} }}\n---\n",
            turn.join(", ")
        );
    }
    for policy in ["first", "second"] {
        let (wait, repeat) = (1 + pick(10), pick(3));
        let last = everybody[pick(people)];
        let hook =
            if pick(3) == 0 { "\n  - { notify: [{ webhook: 'https://hooks.example.org/x' }], wait: 1m }" } else { "" };
        let timeout = if pick(2) == 0 { "\n  ack_timeout: 30m" } else { "" };
        _ = write!(
            yaml,
            "kind: escalation-policy\nname: {policy}\nspec:\n  title: {policy}\n  steps:\n  \
             - {{ notify: [{{ schedule: primary }}], wait: {wait}m }}{hook}\n  \
             - {{ notify: [{{ schedule: secondary }}, {{ person: {last} }}], wait: {wait}m }}\n  repeat: {repeat}{timeout}\n---\n"
        );
    }
    for (service, policy) in [("api", "first"), ("db", "second"), ("web", "first")] {
        _ = write!(
            yaml,
            "kind: service\nname: {service}\nspec: {{ title: {service}, team: all, escalation_policy: {policy} }}\n---\n"
        );
    }
    let wait = if pick(2) == 0 { "\n  group_wait: 30s" } else { "" };
    let group_by = if pick(2) == 0 { "[alertname, service]" } else { "[service]" };
    _ = write!(
        yaml,
        "kind: route\nname: everything\nspec:\n  order: 1000\n  group_by: {group_by}{wait}\n  auto_close: 12h\n  inhibit:\n  \
         - {{ source: ['alertname=\"Host down\"'], target: ['alertname!=\"Host down\"'], equal: [service] }}\n---\n\
         kind: route\nname: quiet\nspec: {{ order: 10, match: ['severity=\"none\"'], urgency: none }}\n---\n\
         kind: integration\nname: prometheus\nspec: {{ title: Prometheus, source: {{ alertmanager: {{ resolve_timeout: 1h }} }} }}\n---\n\
         kind: integration\nname: shop\nspec: {{ title: Shop, source: {{ webhook: {{ mapping: {{ summary: /title }} }} }} }}\n---\n\
         kind: integration\nname: backup\nspec: {{ title: Backup, source: {{ heartbeat: {{ every: 2h, grace: 5m }} }}, labels: {{ service: db }} }}\n---\n"
    );
    yaml.push_str(LEADING);
    yaml
}

/// What incidents need: how bad, who leads, who tells.
const LEADING: &str = "kind: severity-matrix
name: default
spec:
  levels:
  - { name: SEV1, title: a, system: a, operational: a, security: a, response: a, update_every: 20m, commander_within: 2m, second_person: true, freezes_changes: true }
  - { name: SEV2, title: b, system: b, operational: b, security: b, response: b, update_every: 1h, commander_within: 10m, freezes_changes: true }
  - { name: SEV3, title: c, system: c, operational: c, security: c, response: c }
---
kind: role
name: incident-commander
spec: { title: Commander, duties: [leads], single: true, escalation_policy: first }
---
kind: role
name: communications-lead
spec: { title: Communications, duties: [tells], single: true }
---
kind: role
name: postmortem-owner
spec: { title: Postmortem owner, duties: [sees to it], single: true }
---
kind: postmortem-policy
name: default
spec:
  title: Postmortems
  calendar: { time_zone: Europe/Berlin }
  accept_within: { hours: 6 }
  dates: [{ draft: { hours: 12 }, publish: { hours: 24 } }]
  rules:
  - { name: severe, because: it was bad, when: { severities: [SEV1, SEV2] }, effect: required, form: light }
  - { name: long, because: it took long, when: { took_longer: 1h }, effect: required, form: light }
  - { name: requested, because: somebody asked, when: { requested: true }, effect: required, form: light }
---
kind: rollback-adapter
name: deployer
spec:
  title: The deployer
  system: { webhook: { url: 'https://deploy.example.org/hook' } }
  # In the made-up years it is always fresh.
  deploys: { services: [api, db, web], estimate: 5m, last_rehearsed: 2026-11-01T00:00:00Z }
---
kind: runbook
name: back
spec: { title: Back by hand, services: [web], text: Put the old version back. }
---
kind: freeze
name: quarter
spec:
  title: The end of the quarter
  why: the books are closed
  from: 2026-01-01T00:00:00Z
  to: 2027-01-01T00:00:00Z
  services: [db]
---
kind: environment
name: live
spec: { title: Live }
---
kind: flag
name: new-cart
spec:
  title: New cart
  services: [web]
  purpose: operational
  variants: { on: true, off: false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
---
kind: flag
name: thumbnails
spec:
  title: Thumbnails
  key: web/thumbnails
  services: [web, api]
  purpose: kill-switch
  variants: { on: true, off: false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
";

#[cfg(test)]
mod tests {
    use super::*;
    use domain::prepare::catalog::Catalog;
    use domain::prepare::checks::{Conditions, check};

    fn problems(yaml: &str) -> Vec<String> {
        let reading = from_yaml("company.yaml", yaml);
        let found = check(
            &Catalog::default(),
            &reading.proposals,
            &[],
            Conditions::at("2026-11-02T12:00:00Z".parse().unwrap()),
        );
        reading.problems.iter().chain(&found.problems).map(ToString::to_string).collect()
    }

    #[test]
    fn every_company_could_be_applied() {
        assert_eq!(problems(DEFAULT), Vec::<String>::new());
        for seed in 0..50 {
            let yaml = made_up(&mut Mint::seeded(seed));
            assert_eq!(problems(&yaml), Vec::<String>::new(), "{yaml}");
        }
    }
}
