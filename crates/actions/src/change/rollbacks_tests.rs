//! A change goes wrong, stands under suspicion, and is taken back.

use domain::change::observations::{Observation, Stage};
use domain::change::proposals::{Kind, Proposal, Target};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::{State, Word};
use domain::change::suspects::{Finding, Which};
use domain::change::verdicts::Outcome;
use domain::detect::signals::Told;
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::respond::incidents::Class;
use domain::respond::sight::Sight;
use domain::words::{Actor, ChangeId, IncidentId, Labels, Timestamp};
use store::Store;
use store::change::changes::ChangeRow;
use store::change::rollbacks::RollbackRow;
use store::testing::Fresh;

use super::rollbacks::{self, Asking, Call, Called};
use super::{observations, preflights, suspects};
use crate::detect::signals::{Incoming, receive};
use crate::respond::desk::{Desk, at, name};
use crate::respond::incidents::Declaration;

const SERVICES: &str = "
kind: team
name: shop-team
spec: { title: Shop, members: [ben] }
---
kind: service
name: db
spec: { title: Database, team: shop-team }
---
kind: service
name: shop
spec: { title: Shop, team: shop-team, depends_on: [db] }
---
kind: service
name: vault
spec: { title: Vault, team: shop-team, tier: 1 }
---
kind: rollback-adapter
name: hook
spec:
  title: The deployer
  system: { webhook: { url: 'https://deploy.example.org/hook' } }
  deploys: { services: [shop, db, vault], estimate: 5m, data: untouched, last_rehearsed: 2026-09-20T00:00:00Z }
---
kind: integration
name: prom
spec: { title: Prometheus, source: { alertmanager: {} } }
---
kind: route
name: shop
spec: { match: ['service=shop'], service: shop, escalation_policy: commanders, group_by: [alertname] }
";

pub(super) struct House<'s> {
    pub(super) desk: Desk<'s>,
}

impl<'s> House<'s> {
    pub(super) fn open(store: &'s Store) -> Self {
        let desk = Desk::open(store);
        desk.apply(SERVICES);
        Self { desk }
    }

    pub(super) fn deploys(&self, key: &str, service: &str, stage: Stage, now: i64) -> ChangeRow {
        let target = Target { service: name(service), environment: None, from: None, to: Some(key.into()) };
        let proposal = Proposal {
            kind: Kind::Deploy,
            title: format!("{service} {key}"),
            why: String::new(),
            targets: vec![target],
            steps: Vec::new(),
            rollback: None,
            verification: Vec::new(),
        };
        let seen = Observation { key: key.into(), stage, at: at(now), proposal, said: String::new(), link: None };
        let actor = Actor::Integration(name("ci"));
        let (row, _) = self
            .desk
            .as_actor(&actor, |tx, node, moment| observations::observe(tx, node, moment, &name("ci"), &seen))
            .unwrap();
        row
    }

    /// The monitoring says that an alert of a service fires, or that it is over.
    pub(super) fn alert(&self, alert: &str, fires: bool, now: i64) {
        let labels = Labels::from_pairs([("alertname", alert), ("service", "shop")]);
        let told = Told {
            labels,
            annotations: Labels::default(),
            starts_at: None,
            ends_at: (!fires).then(|| at(now)),
            link: None,
            key: None,
        };
        let call = Incoming::told(name("prom"), "webhook", &[told], true, at(now)).unwrap();
        receive(self.desk.store, &self.desk.node, &mut self.desk.mint.borrow_mut(), &[call]).unwrap();
    }

    pub(super) fn incident(&self) -> IncidentId {
        let mut wanted = Declaration::new("Shop is down", Class::System);
        wanted.services = vec![name("shop")];
        self.desk.declare("ana", &wanted).id
    }

    pub(super) fn ask(&self, person: &str, change: ChangeId, incident: IncidentId) -> Result<RollbackRow, store::Halt> {
        self.desk.by(person, |tx, node, moment| {
            let conditions = Conditions::at(moment.now);
            let asking =
                Asking { incident: Some(incident), access: Access::Responder, conditions, why: "it broke the shop" };
            rollbacks::ask(tx, node, moment, &Which::Change(change), asking)
        })
    }

    pub(super) fn calls(&self, now: Timestamp) -> Vec<Call> {
        rollbacks::take_due(self.desk.store, &self.desk.node, now).unwrap()
    }

    pub(super) fn takes(&self, call: &Call, now: Timestamp) {
        let taken = Called::Taken { handle: Some("7".into()), link: None };
        rollbacks::called(self.desk.store, &self.desk.node, &mut self.desk.mint.borrow_mut(), call, &taken, now)
            .unwrap();
    }

    pub(super) fn says(&self, call: &Call, word: &Word, now: Timestamp) {
        let mint = &mut self.desk.mint.borrow_mut();
        rollbacks::heard(self.desk.store, &self.desk.node, mint, call, word, now).unwrap();
    }

    pub(super) fn run(&self, row: &RollbackRow) -> RollbackRow {
        self.desk.store.read(|tx| Ok(store::change::rollbacks::get(tx, row.run.id)?)).unwrap().unwrap()
    }

    pub(super) fn suspects(&self, incident: IncidentId) -> Vec<String> {
        let store = self.desk.store;
        let room = store.read(|tx| crate::respond::incidents::seen(tx, incident, Sight::Open)).unwrap();
        let all = store.read(|tx| suspects::of_incident(tx, &self.desk.node, &room, Sight::Open)).unwrap();
        all.ranking.suspects.into_iter().map(|one| one.candidate.title).collect()
    }
}

#[test]
fn the_nearest_and_newest_is_taken_back_and_the_alerts_say_resolved() {
    let fresh = Fresh::sqlite();
    let house = House::open(&fresh);
    house.deploys("1.0", "vault", Stage::Finished, 1);
    let culprit = house.deploys("4.2", "shop", Stage::Finished, 2);
    house.alert("Errors", true, 5);
    house.desk.wait(10);
    let incident = house.incident();
    assert_eq!(house.suspects(incident)[..2], ["shop 4.2", "vault 1.0"]);
    assert!(house.desk.told("ana", incident).contains(&"suspects.named".to_owned()));

    let run = house.ask("ana", culprit.change.id, incident).unwrap();
    assert!(matches!(run.run.state, State::Running { .. }) && run.symptoms.len() == 1, "{run:?}");
    assert_eq!(house.ask("ben", culprit.change.id, incident).unwrap().run.id, run.run.id, "a double click");
    let calls = house.calls(at(20));
    assert_eq!(
        calls.iter().map(|call| (call.action.as_str(), call.only_ask)).collect::<Vec<_>>(),
        [("rollback", false)]
    );
    assert_eq!(house.calls(at(20)).len(), 0, "a second node has nothing to call");
    house.takes(&calls[0], at(20));
    let asked = house.calls(at(21));
    assert!(asked[0].only_ask && asked[0].run.handle.as_deref() == Some("7"));
    house.says(&asked[0], &Word::Running, at(21));
    let asked = house.calls(at(22));
    house.says(&asked[0], &Word::Succeeded, at(22));
    assert_eq!(house.run(&run).run.state, State::Succeeded { at: at(22) });
    house.alert("Errors", false, 23);
    for minute in [24, 27, 29] {
        crate::clockwork::tick(&fresh, &house.desk.node, &mut house.desk.mint.borrow_mut(), at(minute)).unwrap();
    }
    let verdict = house.run(&run).verdict.unwrap();
    assert_eq!((verdict.outcome, verdict.at), (Outcome::Resolved, at(29)), "{}", verdict.why);
    let told: Vec<String> =
        house.desk.told("ana", incident).into_iter().filter(|word| word.starts_with("rollback")).collect();
    assert_eq!(told, ["rollback.asked", "rollback.started", "rollback.succeeded", "rollback.judged"]);
}

#[test]
fn without_effect_the_suspect_is_demoted_and_a_person_may_rule_it_out() {
    let fresh = Fresh::sqlite();
    let house = House::open(&fresh);
    let other = house.deploys("9", "db", Stage::Finished, 1);
    let first = house.deploys("4.2", "shop", Stage::Finished, 2);
    house.alert("Errors", true, 5);
    house.desk.wait(5);
    let incident = house.incident();
    assert_eq!(house.suspects(incident)[..2], ["shop 4.2", "db 9"]);
    let run = house.ask("ana", first.change.id, incident).unwrap();
    let calls = house.calls(at(20));
    house.takes(&calls[0], at(20));
    let asked = house.calls(at(21));
    house.says(&asked[0], &Word::Succeeded, at(21));
    for minute in 22..40 {
        house.alert("Errors", true, minute);
        crate::clockwork::tick(&fresh, &house.desk.node, &mut house.desk.mint.borrow_mut(), at(minute)).unwrap();
    }
    assert_eq!(house.run(&run).verdict.map(|verdict| verdict.outcome), Some(Outcome::NoEffect));
    assert_eq!(house.suspects(incident)[..2], ["db 9", "shop 4.2"]);
    let judge = |person: &str, why: &str| {
        house.desk.by(person, |tx, _, moment| {
            suspects::judge(tx, moment, incident, &Which::Change(other.change.id), Finding::RuledOut, why)
        })
    };
    judge("ana", "its tables are not read here").unwrap();
    assert!(judge("ana", "its tables are not read here").is_err(), "it stands already");
    assert_eq!(house.suspects(incident)[..2], ["shop 4.2", "db 9"]);
}

#[test]
fn a_call_that_was_refused_is_not_repeated_and_one_in_doubt_only_asked_about() {
    let fresh = Fresh::sqlite();
    let house = House::open(&fresh);
    let change = house.deploys("4.2", "shop", Stage::Finished, 2).change.id;
    let incident = house.incident();
    let run = house.ask("ana", change, incident).unwrap();
    let calls = house.calls(at(20));
    let doubt = Called::Unknown { why: "no answer in 10 s".into() };
    rollbacks::called(&fresh, &house.desk.node, &mut house.desk.mint.borrow_mut(), &calls[0], &doubt, at(20)).unwrap();
    let asked = house.calls(at(21));
    assert!(asked[0].only_ask, "what may have been done is not done again");
    house.says(&asked[0], &Word::Nothing, at(40));
    assert_eq!(house.run(&run).run.state, State::Unknown { since: at(40) });
    let late = house.calls(at(41));
    house.says(&late[0], &Word::Failed { why: "no such version".into() }, at(41));
    assert_eq!(house.run(&run).run.state, State::Failed { at: at(41), why: "no such version".into() });
}

#[test]
fn what_cannot_run_is_refused_before_anything_is_called() {
    let fresh = Fresh::sqlite();
    let house = House::open(&fresh);
    let change = house.deploys("4.2", "shop", Stage::Finished, 2).change.id;
    let incident = house.incident();
    let asked = preflights::take_due(&fresh, &house.desk.node, at(30)).unwrap();
    assert_eq!(asked.iter().map(|one| one.adapter.as_str()).collect::<Vec<_>>(), ["hook"]);
    preflights::answered(&fresh, &asked[0], &Answer::Denied("the token has no right".into()), at(30)).unwrap();
    house.desk.wait(25);
    let refusal = house.ask("ana", change, incident).unwrap_err().to_string();
    assert_eq!(refusal, "hook does not let us: the token has no right");
    assert_eq!(house.calls(at(99)).len(), 0);
}

#[test]
fn where_the_business_would_stop_a_second_person_says_yes() {
    let fresh = Fresh::sqlite();
    let house = House::open(&fresh);
    let change = house.deploys("1.1", "vault", Stage::Finished, 2).change.id;
    let incident = house.incident();
    let run = house.ask("ana", change, incident).unwrap();
    assert_eq!(run.run.state, State::Asked);
    assert_eq!(house.calls(at(99)).len(), 0, "nothing is called yet");
    let confirm = |person: &str| {
        house.desk.by(person, |tx, node, moment| {
            let conditions = Conditions::at(moment.now);
            let asking = Asking { incident: None, access: Access::Responder, conditions, why: "yes" };
            rollbacks::confirm(tx, node, moment, run.run.id, asking)
        })
    };
    assert_eq!(confirm("ana").unwrap_err().to_string(), "you asked for it: a second person confirms it");
    assert!(matches!(confirm("ben").unwrap().run.state, State::Running { .. }));
    assert!(confirm("ben").is_err(), "once");
    assert_eq!(house.calls(at(99)).len(), 1);
}

#[test]
fn documents_get_the_revision_before() {
    let fresh = Fresh::sqlite();
    let house = House::open(&fresh);
    house.desk.apply("kind: service\nname: shop\nspec: { title: Shop, team: shop-team, depends_on: [] }");
    let incident = house.incident();
    assert!(house.suspects(incident)[0].starts_with("service/shop"), "{:?}", house.suspects(incident));
    let room = fresh.read(|tx| crate::respond::incidents::seen(tx, incident, Sight::Open)).unwrap();
    let all = fresh.read(|tx| suspects::of_incident(tx, &house.desk.node, &room, Sight::Open)).unwrap();
    let which = all.ranking.suspects[0].candidate.which.clone();
    let ask = |access| {
        house.desk.by("cleo", |tx, node, moment| {
            let conditions = Conditions::at(moment.now);
            let asking = Asking { incident: Some(incident), access, conditions, why: "it lost what it stands on" };
            rollbacks::ask(tx, node, moment, &which, asking)
        })
    };
    assert!(ask(Access::Responder).is_err(), "whoever may not edit it may not take it back");
    let run = ask(Access::Administrator).unwrap();
    assert!(matches!(run.run.state, State::Succeeded { .. }));
    let catalog = fresh.read(|tx| Ok(store::prepare::documents::load_all(tx)?)).unwrap();
    assert_eq!(catalog.services[&name("shop")].depends_on, [name("db")]);
    assert_eq!(house.suspects(incident).len(), 1, "what took it back is the cure");
}

#[test]
fn what_is_undone_too_is_told_to_those_who_see_it() {
    let fresh = Fresh::sqlite();
    let house = House::open(&fresh);
    let first = house.deploys("4.2", "shop", Stage::Finished, 1);
    house.deploys("4.3", "shop", Stage::Finished, 2);
    let mut hidden = house.deploys("4.4", "shop", Stage::Finished, 3);
    let secret = house.desk.declare("ana", &Declaration::new("Keys are abroad", Class::Security));
    hidden.change.incident = Some(secret.id);
    fresh.write(|tx| Ok(store::change::changes::save(tx, &hidden)?)).unwrap();
    let undone = |sight| {
        let which = Which::Change(first.change.id);
        let seen = fresh.read(|tx| rollbacks::preview(tx, &house.desk.node, &which, sight, at(9))).unwrap();
        assert_eq!(seen.undone.len(), seen.preview.undoes_also.len());
        seen.undone.len()
    };
    assert_eq!([undone(Sight::Of(&name("ben"))), undone(Sight::Of(&name("ana")))], [1, 2]);
}
