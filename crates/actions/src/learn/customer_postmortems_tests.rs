//! Tests of what customers read, on both engines: from the postmortem inside to the status page.

use std::collections::BTreeSet;

use domain::learn::action_items::{Kind, NewItem, Priority};
use domain::learn::customer_postmortems::{Reason, Redaction};
use domain::learn::factors::Wanted;
use domain::learn::item_checks::Check;
use domain::respond::incidents::{Class, Command};
use domain::words::RefusalKind;
use store::Store;

use super::*;
use crate::learn::postmortems::{self, Text};
use crate::respond::assignments;
use crate::respond::desk::{Desk, name};
use crate::respond::incidents::Declaration;

const PAGE: &str = "
kind: status-page
name: main
spec: { title: Shop, groups: [{ components: [{ name: web, title: Web }] }] }
";

fn learned(desk: &Desk<'_>, class: Class) -> IncidentId {
    let id = desk.declare("ana", &Declaration::new("Payments fail", class)).id;
    if class == Class::Security {
        desk.by("ana", |tx, _, _| Ok(store::respond::incidents::name_person(tx, id, &name("cleo"))?)).unwrap();
        let commander = name("incident-commander");
        desk.by("ana", |tx, node, moment| assignments::offer(tx, node, moment, id, &commander, &name("ana"), None))
            .unwrap();
    }
    desk.act("ana", id, &Command::Grade { level: "SEV1".into() }, "so it is").unwrap();
    desk.act("ana", id, &Command::Resolve { unmet: vec![] }, "it works again").unwrap();
    let words = "The pool at Acme ran full on db-2.";
    let texts: Vec<Text> = domain::learn::postmortem_sections::Section::ALL
        .iter()
        .map(|section| Text { section: *section, text: words.into(), from: 0 })
        .collect();
    desk.by("ana", |tx, node, moment| postmortems::write(tx, node, moment, id, &texts)).unwrap();
    for text in ["The pool has no limit", "Nothing tried two pools"] {
        let wanted = Wanted { text: text.into(), ..Wanted::default() };
        desk.by("ana", |tx, node, moment| postmortems::name_factor(tx, node, moment, id, &wanted)).unwrap();
    }
    desk.by("ana", |tx, _, moment| postmortems::submit(tx, moment, id)).unwrap();
    desk.by("cleo", |tx, node, moment| postmortems::publish(tx, node, moment, id)).unwrap();
    id
}

fn plan(instead: &str) -> Plan {
    let cut = Redaction { words: "db-2".into(), reason: Reason::Security, instead: Some(instead.into()) };
    Plan {
        title: "Payments failed".into(),
        opening: "We are sorry.".into(),
        blocks: BTreeSet::from(["summary".into(), FACTORS.into()]),
        redactions: vec![cut],
        ..Plan::default()
    }
}

fn does(desk: &Desk<'_>, person: &str, id: IncidentId, deed: &Deed) -> Result<Whole, Halt> {
    desk.by(person, |tx, node, moment| act(tx, node, moment, id, deed))
}

fn kind<T: std::fmt::Debug>(done: Result<T, Halt>) -> RefusalKind {
    match done {
        Err(Halt::Refused(refusal)) => refusal.kind,
        other => panic!("{other:?}"),
    }
}

fn public(store: &Store, notice: NoticeId) -> Vec<Version> {
    store.read(|tx| of_notice(tx, notice)).unwrap().0
}

store::both_engines! {
    fn what_was_published_inside_is_derived_looked_through_and_published_by_another(store) {
        let desk = Desk::open(store);
        let id = learned(&desk, Class::System);
        let looks = |desk: &Desk<'_>| store.read(|tx| whole(tx, &desk.node, id, Some(&name("ana")), Sight::Whole)).unwrap();
        assert!(looks(&desk).hindrances[0].contains("no status page"));
        desk.apply(PAGE);
        let prepare = |words: &str, from| Deed::Prepare { plan: plan(words), from };
        let found = does(&desk, "ana", id, &prepare("db-3", 0)).unwrap();
        assert_eq!(found.leaks.len(), 1, "{:?}", found.leaks);
        assert_eq!(kind(does(&desk, "ben", id, &Deed::Publish { revision: 1 })), RefusalKind::Conflict, "a machine is named");
        let done = does(&desk, "ana", id, &prepare("a database", 1)).unwrap();
        assert_eq!(done.leaks, []);
        assert_eq!(done.report.parts[0].text, "The pool at Acme ran full on a database.");
        assert_eq!(kind(does(&desk, "ana", id, &Deed::Publish { revision: 2 })), RefusalKind::Forbidden, "she prepared it");
        assert_eq!(kind(does(&desk, "ben", id, &Deed::Publish { revision: 1 })), RefusalKind::Conflict, "he saw another");
        assert_eq!(kind(does(&desk, "ana", id, &prepare("x", 0))), RefusalKind::Conflict);
        let out = does(&desk, "ben", id, &Deed::Publish { revision: 2 }).unwrap();
        let notice = out.one.notice.unwrap();
        let told = store.read(|tx| notices::find(tx, notice)).unwrap();
        assert_eq!((told.state(), told.title.as_str(), told.posts.len()), (State::Postmortem, "Payments failed", 1));
        let all = store.read(|tx| status_pages::preview(tx, &desk.node, told.changed_at)).unwrap().unwrap();
        assert!(all.reports.contains(&notice));
        let first = public(store, notice);
        assert_eq!((first.len(), first[0].hash.len()), (1, 64));

        let mut fixed = plan("one of our databases");
        assert_eq!(kind(does(&desk, "ben", id, &Deed::Publish { revision: 3 })), RefusalKind::Conflict, "nothing is corrected");
        fixed.correction = "It was one of several.".into();
        does(&desk, "ana", id, &Deed::Prepare { plan: fixed, from: 3 }).unwrap();
        does(&desk, "ben", id, &Deed::Publish { revision: 4 }).unwrap();
        let both = public(store, notice);
        assert_eq!(both[0], first[0], "what was published stays");
        assert_eq!(both[1].correction.as_deref(), Some("It was one of several."));
        let told = store.read(|tx| notices::find(tx, notice)).unwrap();
        assert!(told.posts[1].text.starts_with("Correction: It was one of several.\n\nThe whole report: https://a.example/status"));
        let lines = desk.told("ana", id);
        for kind in ["customer-postmortem.prepared", "customer-postmortem.published"] {
            assert!(lines.contains(&kind.to_owned()), "{kind}: {lines:?}");
        }
    }

    fn what_is_restricted_goes_out_when_who_may_open_it_agrees(store) {
        let desk = Desk::open(store);
        desk.apply(PAGE);
        let id = learned(&desk, Class::Security);
        let hidden = kind(does(&desk, "ben", id, &Deed::Prepare { plan: plan("a database"), from: 0 }));
        assert_eq!(hidden, RefusalKind::NotFound);
        desk.by("ana", |tx, _, _| Ok(store::respond::incidents::name_person(tx, id, &name("ben"))?)).unwrap();
        does(&desk, "ben", id, &Deed::Prepare { plan: plan("a database"), from: 0 }).unwrap();
        assert_eq!(kind(does(&desk, "cleo", id, &Deed::Publish { revision: 1 })), RefusalKind::Conflict);
        let agree = Deed::Agree { revision: 1, why: "customers must know".into() };
        assert_eq!(kind(does(&desk, "cleo", id, &agree)), RefusalKind::Forbidden);
        does(&desk, "ana", id, &agree).unwrap();
        let out = does(&desk, "cleo", id, &Deed::Publish { revision: 1 }).unwrap();
        assert_eq!(out.one.versions, 1);
        assert!(out.incident.state.visibility == Visibility::Restricted, "only the report is public");
    }

    fn a_promise_is_shown_as_it_stands_and_a_drill_says_nothing(store) {
        let desk = Desk::open(store);
        desk.apply(PAGE);
        let id = learned(&desk, Class::System);
        let wanted = NewItem {
            title: "Add a limit to the pool of db-2".into(),
            bound: "the 1001st is refused".into(),
            owner: name("ana"),
            kind: Kind::Prevent,
            priority: Priority::Normal,
            due_at: None,
            factor: None,
            check: Check::Drill { service: None },
        };
        let item = desk.by("ana", |tx, node, moment| crate::learn::action_items::propose(tx, node, moment, id, &wanted)).unwrap();
        let promised = Plan { promises: BTreeSet::from([item.item.id]), ..plan("a database") };
        does(&desk, "ana", id, &Deed::Prepare { plan: promised, from: 0 }).unwrap();
        let notice = does(&desk, "ben", id, &Deed::Publish { revision: 1 }).unwrap().one.notice.unwrap();
        let (_, promises) = store.read(|tx| of_notice(tx, notice)).unwrap();
        assert!(matches!(promises[..], [(_, Kept::Open { .. })]), "{promises:?}");
        assert_eq!(promises[0].0, "Add a limit to the pool of a database");
        let version = || store.read(|tx| Ok(store::inform::notices::version(tx)?)).unwrap();
        let before = version();
        let row = store.read(|tx| Ok(store::learn::action_items::get(tx, item.item.id, Sight::Whole)?)).unwrap().unwrap();
        store.write(|tx| Ok(store::learn::action_items::save(tx, &row)?)).unwrap();
        assert!(version() > before, "the page is made anew");
        let practised = Declaration { drill: true, ..Declaration::new("We practise", Class::System) };
        let drill = desk.declare("ana", &practised).id;
        assert_eq!(kind(does(&desk, "ben", drill, &Deed::Publish { revision: 1 })), RefusalKind::NotFound, "nothing is there");
    }
}
