//! A rule looks at the first suspect of an incident, and people make something of what it came to.

use domain::change::observations::Stage;
use domain::change::reflexes::{Ramp, State};
use domain::change::rollback_plans::Answer;
use domain::change::suspects::{Finding, Which};
use domain::respond::incidents::{Class, Command, Visibility};
use domain::respond::sight::Sight;
use domain::words::{Actor, ChangeId, IncidentId};
use store::change::reflexes::{self as rows, RampRow};
use store::testing::Fresh;
use store::{Halt, Store};

use super::reflexes::{self, Recorded, Standing};
use super::rollbacks_tests::House;
use super::{preflights, suspects};
use crate::clockwork::tick;
use crate::respond::desk::{at, name};
use crate::respond::incidents::Declaration;

impl House<'_> {
    /// As far as a history that is not told here led.
    fn ramped(&self, service: &str, ramp: Ramp) {
        let row =
            RampRow { service: name(service), ramp, by: name("cleo"), why: "so".into(), at: at(self.desk.minute()) };
        self.desk.store.write(|tx| Ok(rows::set_ramp(tx, &row)?)).unwrap();
    }

    fn sets(&self, person: &str, ramp: Ramp) -> Result<Standing, Halt> {
        self.desk
            .by(person, |tx, node, moment| reflexes::set_ramp(tx, node, moment, &name("shop"), ramp, "we trust it"))
    }

    fn answers(&self, answer: &Answer) {
        let now = at(self.desk.minute());
        for asked in preflights::take_due(self.desk.store, &self.desk.node, now).unwrap() {
            preflights::answered(self.desk.store, &asked, answer, now).unwrap();
        }
    }

    /// A deploy, and the alert that follows.
    fn breaks(&self, key: &str, service: &str) -> ChangeId {
        let change = self.deploys(key, service, Stage::Finished, self.desk.minute()).change.id;
        self.desk.wait(3);
        self.answers(&Answer::Ready);
        self.alert("Errors", true, self.desk.minute());
        change
    }

    fn made(&self, incident: IncidentId) -> Vec<Recorded> {
        self.desk.store.read(|tx| reflexes::of_incident(tx, incident, Sight::Whole)).unwrap()
    }

    fn words(&self, incident: IncidentId) -> Vec<&'static str> {
        self.made(incident).iter().map(|one| one.made.state.word()).collect()
    }

    fn standing(&self) -> Standing {
        self.desk.store.read(|tx| reflexes::of_service(tx, &name("shop"))).unwrap()
    }

    fn finds(&self, incident: IncidentId, change: ChangeId, finding: Finding) {
        let which = Which::Change(change);
        self.desk
            .by("ana", |tx, _, moment| suspects::judge(tx, moment, incident, &which, finding, "seen in the logs"))
            .unwrap();
    }

    fn stops(&self, person: &str, incident: IncidentId) -> Result<Recorded, Halt> {
        let id = self.made(incident)[0].made.id;
        self.desk.by(person, |tx, _, moment| reflexes::stop(tx, moment, id, "  "))
    }

    fn runs(&self, incident: IncidentId) -> usize {
        self.desk.store.read(|tx| Ok(store::change::rollbacks::of_incident(tx, incident)?)).unwrap().len()
    }
}

fn with_house(test: impl Fn(&House<'_>)) {
    for fresh in [Some(Fresh::sqlite()), Fresh::postgres()].into_iter().flatten() {
        let store: &Store = &fresh;
        test(&House::open(store));
    }
}

#[test]
fn off_keeps_nothing_and_suggesting_tells_the_room_once() {
    with_house(|house| {
        let first = house.breaks("4.2", "shop");
        let incident = house.incident();
        house.desk.wait(1);
        assert_eq!(house.made(incident).len(), 0);
        house.sets("cleo", Ramp::Suggest).unwrap();
        house.desk.act("ana", incident, &Command::Grade { level: "SEV1".into() }, "many call").unwrap();
        for _ in 0..3 {
            house.desk.wait(1);
        }
        assert_eq!(house.words(incident), ["suggested"]);
        assert_eq!(house.runs(incident), 0, "people decide");
        let told = house.desk.told("ana", incident);
        assert_eq!(told.iter().filter(|word| *word == "rollback.suggested").count(), 1, "{told:?}");
        assert_eq!(house.standing().history.suggested, 0, "nobody has said yet");
        house.finds(incident, first, Finding::Trigger);
        let standing = house.standing();
        assert_eq!((standing.history.suggested, standing.history.agreed), (1, 1));
        assert_eq!(standing.record[0].because, "people found that it had to do with it");
        house.finds(incident, first, Finding::RuledOut);
        assert_eq!(house.standing().history.agreed, 0);
    });
}

#[test]
fn a_service_goes_up_by_twenty_of_its_own_and_no_further() {
    with_house(|house| {
        assert!(house.sets("cleo", Ramp::Countdown).is_err(), "one step at a time");
        house.sets("cleo", Ramp::Suggest).unwrap();
        let refused = house.sets("cleo", Ramp::Countdown).unwrap_err().to_string();
        assert_eq!(refused, "/ramp: people agreed with 0 of 0 suggestions: it takes 20, and 95 of 100");
        for round in 0..20 {
            assert!(house.sets("cleo", Ramp::Countdown).is_err(), "{round}");
            let change = house.breaks(&format!("4.{round}"), "shop");
            let incident = house.incident();
            house.desk.wait(1);
            assert_eq!(house.words(incident), ["suggested"], "{round}");
            let right = round != 7;
            house.finds(incident, change, if right { Finding::Contributed } else { Finding::RuledOut });
            house.alert("Errors", false, house.desk.minute());
            house.desk.act("ana", incident, &Command::Resolve { unmet: Vec::new() }, "over").unwrap();
            house.desk.wait(25 * 60);
        }
        let history = house.standing().history;
        assert_eq!((history.suggested, history.agreed, history.agreed_of_100()), (20, 19, Some(95)));
        assert_eq!(house.sets("cleo", Ramp::Countdown).unwrap().ramp, Ramp::Countdown);
        assert_eq!(house.sets("cleo", Ramp::Automatic).unwrap().ramp, Ramp::Automatic);
        assert_eq!(house.sets("cleo", Ramp::Off).unwrap().moves().len(), 3, "down at once");
        let rule = house.desk.as_actor(&Actor::Rule("x"), |tx, node, moment| {
            reflexes::set_ramp(tx, node, moment, &name("shop"), Ramp::Suggest, "more")
        });
        assert!(rule.is_err(), "a rule does not ramp itself up");
        let nowhere = house.desk.by("cleo", |tx, node, moment| {
            reflexes::set_ramp(tx, node, moment, &name("nothing"), Ramp::Suggest, "more")
        });
        assert_eq!(nowhere.unwrap_err().to_string(), "there is no service nothing");
    });
}

#[test]
fn a_countdown_runs_once_on_two_nodes_and_by_nobody() {
    with_house(|house| {
        house.ramped("shop", Ramp::Countdown);
        let change = house.breaks("4.2", "shop");
        let incident = house.incident();
        house.desk.wait(0);
        assert_eq!(house.words(incident), ["counting"]);
        house.desk.wait(1);
        assert_eq!(house.runs(incident), 0, "there is time to stop it");
        house.answers(&Answer::Ready);
        let now = at(house.desk.minute() + 1);
        for _ in 0..2 {
            tick(house.desk.store, &house.desk.node, &mut house.desk.mint.borrow_mut(), now).unwrap();
        }
        let runs = house.desk.store.read(|tx| Ok(store::change::rollbacks::of_change(tx, change)?)).unwrap();
        assert_eq!(runs.len(), 1);
        assert_eq!((&runs[0].run.asked_by, runs[0].incident), (&None, Some(incident)));
        assert_eq!(house.words(incident), ["ran"]);
        assert_eq!(house.made(incident)[0].made.state, State::Ran { at: now, rollback: runs[0].run.id });
        house.desk.wait(2);
        assert!(house.stops("ana", incident).is_err(), "it is too late");
        let told = house.desk.told("ana", incident);
        let told: Vec<&str> = told.iter().map(String::as_str).filter(|word| word.starts_with("rollback.")).collect();
        assert_eq!(told, ["rollback.counting", "rollback.asked", "rollback.started"]);
    });
}

#[test]
fn whoever_stops_it_stops_it_for_good_and_disagrees() {
    with_house(|house| {
        house.ramped("shop", Ramp::Countdown);
        house.breaks("4.2", "shop");
        let incident = house.incident();
        house.desk.wait(0);
        let stopped = house.stops("ana", incident).unwrap();
        let State::Stopped { by, why, .. } = &stopped.made.state else { panic!("{stopped:?}") };
        assert_eq!((by.as_str(), why.as_str()), ("ana", "no reason was given"));
        assert_eq!(house.stops("ben", incident).unwrap().made, stopped.made, "the first stopped it");
        for _ in 0..12 {
            house.desk.wait(1);
        }
        assert_eq!((house.words(incident), house.runs(incident)), (vec!["stopped"], 0));
        let standing = house.standing();
        assert_eq!((standing.history.suggested, standing.history.agreed), (1, 0));
        let told = house.desk.told("ana", incident);
        assert_eq!(told.iter().filter(|word| *word == "rollback.stopped").count(), 1);
    });
}

#[test]
fn what_no_longer_speaks_for_it_lets_it_lapse() {
    let because = |spoils: &dyn Fn(&House<'_>, IncidentId, ChangeId)| {
        let fresh = Fresh::sqlite();
        let house = House::open(&fresh);
        house.ramped("shop", Ramp::Countdown);
        let change = house.breaks("4.2", "shop");
        let incident = house.incident();
        house.desk.wait(0);
        assert_eq!(house.words(incident), ["counting"]);
        spoils(&house, incident, change);
        house.desk.wait(2);
        match &house.made(incident)[0].made.state {
            State::Lapsed { why, .. } => why.clone(),
            other => other.word().to_owned(),
        }
    };
    assert_eq!(
        because(&|house, _, _| house.alert("Errors", false, house.desk.minute())),
        "no alert fires where it would be felt"
    );
    assert_eq!(
        because(&|house, _, _| house.ramped("shop", Ramp::Off)),
        "the service does not let rules take back changes"
    );
    assert_eq!(
        because(&|house, _, _| house.ramped("shop", Ramp::Suggest)),
        "the service lets rules only suggest by now"
    );
    assert_eq!(
        because(&|house, _, _| house.answers(&Answer::Denied("no right".into()))),
        "hook does not let us: no right"
    );
    let another = |house: &House<'_>, _: IncidentId, _: ChangeId| {
        house.deploys("9", "db", Stage::Finished, house.desk.minute() - 4);
    };
    assert_eq!(because(&another), "it is not the only change that near");
    let over = |house: &House<'_>, incident, _| {
        house.desk.act("ana", incident, &Command::Resolve { unmet: Vec::new() }, "over").map(|_| ()).unwrap();
    };
    assert_eq!(because(&over), "the incident is over");
    let restricted = |house: &House<'_>, incident, _| {
        house.desk.act("ana", incident, &Command::Restrict, "keys").map(|_| ()).unwrap();
    };
    assert_eq!(because(&restricted), "the incident is restricted");
    let by_hand = |house: &House<'_>, incident, change| {
        house.ask("ana", change, incident).map(|_| ()).unwrap();
    };
    assert_eq!(because(&by_hand), "something is being taken back already; it is rolling-back");
}

#[test]
fn automatic_is_done_at_once_and_a_rule_is_no_second_person() {
    with_house(|house| {
        house.ramped("shop", Ramp::Automatic);
        house.ramped("vault", Ramp::Automatic);
        house.breaks("4.2", "shop");
        let incident = house.incident();
        house.desk.wait(0);
        assert_eq!((house.words(incident), house.runs(incident)), (vec!["ran"], 1));
        house.alert("Errors", false, house.desk.minute());
        house.desk.act("ana", incident, &Command::Resolve { unmet: Vec::new() }, "over").unwrap();
        house.desk.wait(26 * 60);
        house.breaks("1.1", "vault");
        let mut wanted = Declaration::new("Vault is down", Class::System);
        wanted.services = vec![name("vault"), name("shop")];
        let incident = house.desk.declare("ana", &wanted).id;
        house.alert("Errors", true, house.desk.minute());
        let group = house.desk.store.read(|tx| Ok(store::detect::groups::open(tx)?)).unwrap()[0].id;
        house
            .desk
            .by("ana", |tx, node, moment| crate::respond::links::link(tx, node, moment, incident, &group.to_string()))
            .unwrap();
        house.desk.wait(0);
        let made = house.made(incident);
        assert_eq!(
            made[0].made.state,
            State::Suggested {
                why: Some("a second person is asked, for the business stops without what it touches".into())
            }
        );
        assert_eq!(house.runs(incident), 0);
    });
}

#[test]
fn nothing_is_looked_at_in_a_drill_or_of_what_is_restricted_or_without_an_alert() {
    with_house(|house| {
        house.ramped("shop", Ramp::Automatic);
        house.breaks("4.2", "shop");
        let mut wanted = Declaration::new("Shop is down", Class::System);
        wanted.services = vec![name("shop")];
        let drill = Declaration { drill: true, ..wanted.clone() };
        let hidden = Declaration { visibility: Some(Visibility::Restricted), ..wanted.clone() };
        let afterwards = Declaration { retrospective: true, ..wanted.clone() };
        let reported = Declaration { only_reported: true, ..wanted.clone() };
        for wanted in [drill, hidden, afterwards, reported] {
            let incident = house.desk.declare("ana", &wanted).id;
            house.desk.wait(1);
            assert_eq!((house.made(incident).len(), house.runs(incident)), (0, 0), "{wanted:?}");
        }
        house.alert("Errors", false, house.desk.minute());
        let incident = house.incident();
        house.desk.wait(1);
        assert_eq!(house.words(incident).len(), 0, "nobody sets it off by saying that something is wrong");
        house.alert("Errors", true, house.desk.minute());
        house.desk.wait(1);
        assert_eq!(house.words(incident), ["ran"], "it is looked at again for a while");
    });
}

#[test]
fn a_program_that_was_not_asked_lately_is_asked_first() {
    with_house(|house| {
        house.ramped("shop", Ramp::Suggest);
        house.deploys("4.2", "shop", Stage::Finished, house.desk.minute());
        house.alert("Errors", true, house.desk.minute() + 3);
        house.desk.wait(3);
        let incident = house.incident();
        house.desk.wait(0);
        assert_eq!(house.words(incident).len(), 0);
        house.answers(&Answer::Ready);
        house.desk.wait(1);
        assert_eq!(house.words(incident), ["suggested"]);
    });
}

#[test]
fn a_ramp_that_is_moved_down_ends_what_counts_down_at_once() {
    with_house(|house| {
        house.ramped("shop", Ramp::Automatic);
        house.ramped("shop", Ramp::Countdown);
        house.breaks("4.2", "shop");
        let incident = house.incident();
        house.desk.wait(0);
        assert_eq!(house.words(incident), ["counting"]);
        let elsewhere = house.desk.by("cleo", |tx, node, moment| {
            reflexes::set_ramp(tx, node, moment, &name("vault"), Ramp::Suggest, "to see")
        });
        assert!(elsewhere.is_ok());
        assert_eq!(house.words(incident), ["counting"], "another service is another matter");
        let seen = |tx: &mut store::Tx<'_>| Ok(reflexes::counting(tx, Sight::Open)?.len());
        assert_eq!(house.desk.store.read(seen).unwrap(), 1);
        house.sets("cleo", Ramp::Suggest).unwrap();
        let State::Lapsed { at: when, why } = &house.made(incident)[0].made.state else { panic!("it goes on") };
        assert_eq!(*when, at(house.desk.minute()));
        assert_eq!(why, "cleo moved the ramp of shop to suggest: we trust it");
        assert_eq!(house.desk.store.read(seen).unwrap(), 0);
        let told = || house.desk.told("ana", incident).iter().filter(|word| *word == "rollback.lapsed").count();
        assert_eq!(told(), 1, "the room is told at once");
        for _ in 0..3 {
            house.desk.wait(1);
        }
        assert_eq!((house.words(incident), house.runs(incident), told()), (vec!["lapsed"], 0, 1));
        let by_service = house.desk.store.read(|tx| reflexes::ramps(tx, &house.desk.node)).unwrap();
        let by_service: Vec<_> = by_service.iter().map(|row| (row.service.as_str(), row.ramp)).collect();
        assert_eq!(by_service, [("shop", Ramp::Suggest), ("vault", Ramp::Suggest)]);
    });
}

#[test]
fn all_that_counts_down_in_an_incident_is_stopped_at_once() {
    with_house(|house| {
        let stops = |incident| {
            house
                .desk
                .by("ana", |tx, _, moment| reflexes::stop_all(tx, moment, incident, Sight::Open, "it is the cache"))
        };
        house.ramped("shop", Ramp::Countdown);
        house.breaks("4.2", "shop");
        let incident = house.incident();
        let refused = stops(incident).unwrap_err().to_string();
        assert_eq!(refused, "no rule counts down in it: there is nothing to stop");
        house.desk.wait(0);
        assert_eq!(stops(incident).unwrap().len(), 1);
        assert_eq!(house.words(incident), ["stopped"]);
        assert!(stops(incident).is_err(), "nothing counts down any more");
    });
}
