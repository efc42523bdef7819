//! A small company for the tests of incidents, in which people act, a minute apart.

use std::cell::RefCell;

use domain::prepare::checks::Conditions;
use domain::respond::incidents::Command;
use domain::respond::sight::Sight;
use domain::words::{Actor, IncidentId, Mint, Name, Timestamp};
use store::respond::incidents::IncidentRow;
use store::{Halt, Store, Tx};

use super::incidents::{self, Declaration};
use super::room;
use crate::node::{Identity, Node};
use crate::prepare::documents::{self, Order, read_files};
use crate::{Moment, clockwork};

const DOCUMENTS: &str = "
kind: person
name: ana
spec: { full_name: Ana, email: ana@example.org, time_zone: UTC, access: responder }
---
kind: person
name: ben
spec: { full_name: Ben, email: ben@example.org, time_zone: UTC, access: responder, contacts: [{ name: mail, email: ben@example.org }] }
---
kind: person
name: cleo
spec: { full_name: Cleo, email: cleo@example.org, time_zone: UTC, access: administrator, contacts: [{ name: mail, email: cleo@example.org }] }
---
kind: escalation-policy
name: commanders
spec:
  title: Commanders
  repeat: 0
  steps:
  - { notify: [{ person: ben }], wait: 5m }
  - { notify: [{ person: cleo }], wait: 5m }
---
kind: severity-matrix
name: default
spec:
  levels:
  - { name: SEV1, title: Critical, system: a, operational: b, security: c, response: d, update_every: 20m, commander_within: 2m, second_person: true }
  - { name: SEV2, title: Major, system: a, operational: b, security: c, response: d, commander_within: 5m }
  - { name: SEV3, title: Minor, system: a, operational: b, security: c, response: d }
---
kind: role
name: incident-commander
spec: { title: Incident commander, duties: [leads], single: true, escalation_policy: commanders }
---
kind: role
name: scribe
spec: { title: Scribe, duties: [writes] }
";

/// A small company in which people act, a minute apart.
pub(crate) struct Desk<'s> {
    pub store: &'s Store,
    pub node: Node,
    pub mint: RefCell<Mint>,
    minute: RefCell<i64>,
}

pub(crate) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

impl<'s> Desk<'s> {
    pub(crate) fn open(store: &'s Store) -> Self {
        let link_key = domain::engage::links::LinkKey::new([7; 32]);
        let node = Node::new(Identity { name: "n".into(), public_url: "https://a.example".into(), link_key });
        let desk = Self { store, node, mint: RefCell::new(Mint::seeded(1)), minute: RefCell::new(0) };
        desk.apply(DOCUMENTS);
        desk
    }

    /// Another process over the same store.
    pub(crate) fn again(store: &'s Store, seed: u64) -> Self {
        let link_key = domain::engage::links::LinkKey::new([7; 32]);
        let node = Node::new(Identity { name: format!("n{seed}"), public_url: "https://a.example".into(), link_key });
        Self { store, node, mint: RefCell::new(Mint::seeded(seed)), minute: RefCell::new(100) }
    }

    /// Puts documents in force.
    pub(crate) fn apply(&self, yaml: &str) {
        let reading = read_files([("all.yaml", yaml)]);
        assert_eq!(reading.problems, []);
        let order = Order { proposals: reading.proposals, ..Order::default() };
        self.as_actor(&Actor::System, |tx, _, moment| {
            let conditions = Conditions::at(moment.now);
            Ok(documents::apply(tx, moment, &order, conditions)?.into_result()?.is_some())
        })
        .unwrap();
    }

    pub(crate) fn as_actor<T>(
        &self,
        actor: &Actor,
        mut act: impl FnMut(&mut Tx<'_>, &Node, &mut Moment<'_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        *self.minute.borrow_mut() += 1;
        let (now, mut mint) = (at(*self.minute.borrow()), self.mint.borrow_mut());
        self.store.write(|tx| act(tx, &self.node, &mut Moment::new(now, actor.clone(), &mut mint)))
    }

    pub(crate) fn by<T>(
        &self,
        person: &str,
        act: impl FnMut(&mut Tx<'_>, &Node, &mut Moment<'_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        self.as_actor(&Actor::Person(name(person)), act)
    }

    pub(crate) fn declare(&self, person: &str, wanted: &Declaration) -> IncidentRow {
        self.by(person, |tx, node, moment| incidents::declare(tx, node, moment, wanted)).unwrap()
    }

    pub(crate) fn act(&self, person: &str, id: IncidentId, command: &Command, why: &str) -> Result<IncidentRow, Halt> {
        self.by(person, |tx, node, moment| incidents::act(tx, node, moment, id, command, Some(why)))
    }

    /// The minute that it is.
    pub(crate) fn minute(&self) -> i64 {
        *self.minute.borrow()
    }

    /// The clockwork comes by after so many minutes more. Answers when it wants to come again.
    pub(crate) fn wait(&self, minutes: i64) -> Option<Timestamp> {
        *self.minute.borrow_mut() += minutes;
        clockwork::tick(self.store, &self.node, &mut self.mint.borrow_mut(), at(*self.minute.borrow())).unwrap()
    }

    /// Who is told by the pages about an incident, the earliest first: kind of page, person, title.
    pub(crate) fn paged(&self, id: IncidentId) -> Vec<(String, String, String)> {
        self.store
            .read(|tx| {
                let mut all = Vec::new();
                for page in store::engage::pages::of_incident(tx, id)?.into_iter().rev() {
                    for (one, _) in store::outbox::for_page(tx, page.id)?.into_iter().filter(|(one, _)| one.step > 0) {
                        let person = one.person.map_or_else(String::new, |person| person.to_string());
                        all.push((page.about.word().to_owned(), person, page.title.clone()));
                    }
                }
                Ok(all)
            })
            .unwrap()
    }

    /// The kinds on the timeline, the earliest first.
    pub(crate) fn told(&self, person: &str, id: IncidentId) -> Vec<String> {
        let person = name(person);
        let lines = self.store.read(|tx| room::timeline(tx, id, Sight::Of(&person), None, 500)).unwrap();
        lines.iter().rev().map(|line| line.entry.word.clone()).collect()
    }

    pub(crate) fn standing(&self, id: IncidentId) -> Vec<(String, Timestamp)> {
        let all = self.store.read(|tx| Ok(store::respond::stamps::of_incident(tx, id)?)).unwrap();
        let held = domain::respond::stamps::standing(&all);
        held.iter().map(|(milestone, stamp)| (milestone.word().to_owned(), stamp.when.at)).collect()
    }
}
