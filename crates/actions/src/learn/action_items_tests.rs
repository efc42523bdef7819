//! Action items as people deal with them: reminded, proven, reopened, and seen by those who may.

use domain::detect::signals::Told as Fires;
use domain::learn::action_items::{By, Kind, Priority};
use domain::learn::item_checks::{Check, Must};
use domain::respond::incidents::{Class, Command};
use domain::words::{Actor, Labels, Mint};

use super::*;
use crate::detect::signals::{Incoming, receive};
use crate::learn::{item_checks, recurrences};
use crate::respond::desk::{Desk, at, name};
use crate::respond::incidents::{self, Declaration};

const DAY: i64 = 24 * 60;

const MORE: &str = "
kind: person
name: dora
spec: { full_name: Dora, email: dora@example.org, time_zone: UTC, access: manager, contacts: [{ name: mail, email: dora@example.org }] }
---
kind: team
name: shop
spec: { title: Shop, members: [ben, dora] }
---
kind: service
name: shop
spec: { title: Shop, team: shop }
---
kind: integration
name: prom
spec: { title: Prometheus, source: { alertmanager: {} } }
---
kind: route
name: all
spec: { order: 1, group_by: [service], escalation_policy: commanders }
";

fn new(owner: &str, check: Check) -> NewItem {
    NewItem {
        title: "Add a runbook for the shop".into(),
        bound: "the service names one".into(),
        owner: name(owner),
        kind: Kind::Mitigate,
        priority: Priority::Normal,
        due_at: None,
        factor: None,
        check,
    }
}

fn runbook() -> Check {
    Check::Document { document: "service/shop".into(), field: "/runbook".into(), must: Must::Exist }
}

fn declared(desk: &Desk<'_>, severity: &str) -> IncidentId {
    let wanted = Declaration {
        severity: Some(severity.into()),
        services: vec![name("shop")],
        ..Declaration::new("The shop is down", Class::System)
    };
    desk.declare("ana", &wanted).id
}

fn proposed(desk: &Desk<'_>, incident: IncidentId, owner: &str, check: &Check) -> ActionItemId {
    let made = desk.by("ana", |tx, node, moment| propose(tx, node, moment, incident, &new(owner, check.clone())));
    made.unwrap().item.id
}

fn wish(desk: &Desk<'_>, who: &str, id: ActionItemId, wish: &Wish) -> Result<ItemRow, Halt> {
    desk.by(who, |tx, node, moment| act(tx, node, moment, id, wish))
}

fn stands(desk: &Desk<'_>, id: ActionItemId) -> &'static str {
    desk.store.read(|tx| Ok(seen(tx, id, Sight::Whole)?.0.item.state.word())).unwrap()
}

fn fires(desk: &Desk<'_>, minute: i64, ends: bool) {
    let told = Fires {
        labels: Labels::from_pairs([("alertname", "5xx"), ("service", "shop"), ("severity", "critical")]),
        annotations: Labels::default(),
        starts_at: Some(at(minute)),
        ends_at: ends.then(|| at(minute)),
        link: None,
        key: None,
    };
    let incoming = Incoming::told(name("prom"), "t", &[told], false, at(minute)).unwrap();
    receive(desk.store, &desk.node, &mut Mint::seeded(7 + u64::try_from(minute).unwrap()), &[incoming]).unwrap();
}

fn newest_group(desk: &Desk<'_>) -> String {
    let groups = desk.store.read(|tx| Ok(store::detect::groups::open(tx)?)).unwrap();
    groups.last().unwrap().id.to_string()
}

store::both_engines! {
    fn an_owner_is_reminded_and_then_those_who_lead(store) {
        let desk = Desk::open(store);
        desk.apply(MORE);
        let incident = declared(&desk, "SEV2");
        desk.act("ana", incident, &Command::Resolve { unmet: vec![] }, "it was the cache").unwrap();
        let id = proposed(&desk, incident, "ben", &runbook());
        let people = |desk: &Desk<'_>| {
            let all = desk.paged(incident).into_iter().filter(|(kind, ..)| kind == "reminder");
            all.map(|(_, person, title)| format!("{person}: {title}")).collect::<Vec<_>>()
        };
        desk.wait(26 * DAY);
        assert_eq!(people(&desk), Vec::<String>::new());
        desk.wait(DAY + 10);
        assert_eq!(people(&desk), ["ben: Due soon: Add a runbook for the shop"]);
        desk.wait(3 * DAY);
        assert_eq!(people(&desk)[1..], ["ben: Due now: Add a runbook for the shop"]);
        desk.wait(7 * DAY);
        assert_eq!(people(&desk)[2..], [
            "ben: 7 days overdue: Add a runbook for the shop",
            "dora: 7 days overdue: Add a runbook for the shop",
        ]);
        wish(&desk, "ben", id, &Wish::Done { said: None }).unwrap();
        desk.wait(30 * DAY);
        assert_eq!(people(&desk).len(), 4, "nobody is reminded of what is done");
        let told = desk.told("ana", incident);
        assert_eq!(told.iter().filter(|kind| *kind == "action-item.reminded").count(), 3);
    }

    fn a_check_of_a_document_proves_it_and_takes_that_back(store) {
        let desk = Desk::open(store);
        desk.apply(MORE);
        let incident = declared(&desk, "SEV3");
        let id = proposed(&desk, incident, "ben", &runbook());
        let asked = desk.by("ana", |tx, node, moment| item_checks::ask(tx, node, moment, id)).unwrap();
        assert_eq!(asked.item.state, State::Proposed, "what is not done is not proven");
        wish(&desk, "ben", id, &Wish::Done { said: None }).unwrap();
        desk.wait(1);
        assert_eq!(stands(&desk, id), "done");
        let with = "kind: service\nname: shop\nspec: { title: Shop, team: shop, runbook: https://wiki/shop }\n";
        desk.apply(with);
        desk.wait(1);
        assert_eq!(stands(&desk, id), "verified", "as soon as the document changes");
        desk.wait(2 * DAY);
        desk.apply("kind: service\nname: shop\nspec: { title: Shop, team: shop }\n");
        desk.wait(1);
        assert_eq!(stands(&desk, id), "done");
        let detail = store.read(|tx| detail(tx, id, Sight::Open)).unwrap();
        let said: Vec<_> = detail.evidence.iter().map(|one| one.seen.answer.word()).collect();
        assert_eq!(said, ["no", "yes", "no"]);
        let words: Vec<_> = detail.history.iter().rev().map(|entry| entry.word.as_str()).collect();
        assert_eq!(words, ["action-item.proposed", "action-item.done", "action-item.verified", "action-item.unproven"]);
    }

    fn what_needs_the_world_is_taken_by_one_node(store) {
        let desk = Desk::open(store);
        desk.apply(MORE);
        let incident = declared(&desk, "SEV3");
        let id = proposed(&desk, incident, "ben", &Check::Commit { url: "https://forge.example/c/1".into() });
        wish(&desk, "ben", id, &Wish::Done { said: None }).unwrap();
        let next = desk.wait(1);
        assert!(next.is_none_or(|next| next > at(desk.minute())), "the clockwork does not wait for it");
        let now = at(desk.minute());
        let taken = item_checks::take_due(store, now).unwrap();
        assert_eq!((taken.len(), item_checks::take_due(store, now).unwrap().len()), (1, 0));
        let yes = Seen::new(Answer::Yes, "it answers 200");
        let mut mint = Mint::seeded(3);
        assert!(item_checks::checked(store, &mut mint, &taken[0], &yes, now).unwrap());
        assert!(!item_checks::checked(store, &mut mint, &taken[0], &yes, now).unwrap(), "once");
        assert_eq!(stands(&desk, id), "verified");
        let replay = proposed(&desk, incident, "ben", &Check::Replay { service: None, route: None, policy: None, within: None });
        wish(&desk, "ben", replay, &Wish::Done { said: None }).unwrap();
        let taken = item_checks::take_due(store, at(desk.minute())).unwrap();
        assert!(taken[0].play.is_err(), "no alerts belong to it");
    }

    fn the_same_alert_reopens_what_was_done_and_a_cancelled_incident_undoes_that(store) {
        let desk = Desk::open(store);
        desk.apply(MORE);
        fires(&desk, desk.minute(), false);
        let first = declared(&desk, "SEV2");
        let group = newest_group(&desk);
        desk.by("ana", |tx, node, moment| crate::respond::links::link(tx, node, moment, first, &group)).unwrap();
        fires(&desk, desk.minute() + 1, true);
        desk.act("ana", first, &Command::Resolve { unmet: vec![] }, "it was the cache").unwrap();
        let done = proposed(&desk, first, "ben", &runbook());
        let open = proposed(&desk, first, "ben", &Check::Manual {});
        wish(&desk, "ben", done, &Wish::Done { said: None }).unwrap();
        desk.wait(40 * DAY);
        fires(&desk, desk.minute(), false);
        let wanted = Declaration { from: vec![newest_group(&desk)], severity: Some("SEV1".into()), ..Declaration::new("Again", Class::System) };
        let second = desk.declare("ana", &wanted).id;
        let row = store.read(|tx| Ok(seen(tx, done, Sight::Open)?.0)).unwrap();
        assert_eq!((row.item.state.word(), row.item.reopened), ("accepted", 1));
        assert_eq!(row.item.due_at, Span::hours(15 * 24).after(at(desk.minute())), "by the severity of the new one");
        let entries = store.read(|tx| Ok(journal::of_subject(tx, &second.to_string(), Sight::Open, None, 50)?)).unwrap();
        let recalled = entries.iter().find(|entry| entry.word == "action-item.recalled").unwrap();
        let items = recalled.data["items"].as_array().unwrap();
        let short: Vec<_> = items.iter().map(|one| (one["reopened"] == true, one["days_overdue"].as_i64().unwrap())).collect();
        assert_eq!(short, [(true, 0), (false, 10)]);
        assert_eq!(stands(&desk, open), "proposed");
        let back = store.read(|tx| came_back_in(tx, second, Sight::Open)).unwrap();
        assert_eq!(back.len(), 2);
        desk.act("ana", second, &Command::Cancel, "a test of ours").unwrap();
        let row = store.read(|tx| Ok(seen(tx, done, Sight::Open)?.0)).unwrap();
        assert_eq!((row.item.state.word(), row.item.reopened), ("done", 0));
        assert!(desk.told("ana", first).contains(&"action-item.restored".to_owned()));
    }

    fn a_drill_and_what_is_restricted_reopen_nothing(store) {
        let desk = Desk::open(store);
        desk.apply(MORE);
        fires(&desk, desk.minute(), false);
        let first = declared(&desk, "SEV2");
        let group = newest_group(&desk);
        desk.by("ana", |tx, node, moment| crate::respond::links::link(tx, node, moment, first, &group)).unwrap();
        desk.act("ana", first, &Command::Resolve { unmet: vec![] }, "it was the cache").unwrap();
        let done = proposed(&desk, first, "ben", &Check::Manual {});
        wish(&desk, "ben", done, &Wish::Done { said: None }).unwrap();
        for (drill, class) in [(true, Class::System), (false, Class::Security)] {
            let wanted = Declaration { drill, from: vec![group.clone()], ..Declaration::new("Again", class) };
            let other = desk.declare("ana", &wanted).id;
            assert_eq!(stands(&desk, done), "done");
            assert!(!desk.told("ana", other).contains(&"action-item.recalled".to_owned()));
        }
        let open = desk.declare("ana", &Declaration::new("Another", Class::System)).id;
        desk.by("ana", |tx, node, moment| recurrences::factor_confirmed(tx, node, moment, open, "no-runbook")).unwrap();
        assert_eq!(stands(&desk, done), "done", "it answers no factor");
    }

    fn what_is_restricted_is_seen_by_those_who_are_named(store) {
        let desk = Desk::open(store);
        desk.apply(MORE);
        let hidden = desk.declare("ana", &Declaration::new("A token leaked", Class::Security)).id;
        let id = proposed(&desk, hidden, "ben", &Check::Manual {});
        let (ana, ben, cleo) = (name("ana"), name("ben"), name("cleo"));
        for (who, sees) in [(&ana, true), (&ben, true), (&cleo, false)] {
            let sight = Sight::Of(who);
            assert_eq!(store.read(|tx| seen(tx, id, sight)).is_ok(), sees, "{who}");
            assert_eq!(store.read(|tx| list(tx, &Filter::default(), sight, LISTED_MOST)).unwrap().len(), usize::from(sees), "{who}");
            let all = store.read(|tx| survival(tx, By::All, sight, at(9))).unwrap();
            assert_eq!(all[0].n, usize::from(sees), "{who}");
        }
        assert!(wish(&desk, "cleo", id, &Wish::AskDrop { why: "no".into() }).is_err());
        // Those who lead are told of nothing that they may not see.
        desk.wait(80 * DAY);
        let told: Vec<String> = desk.paged(hidden).into_iter().map(|(_, person, _)| person).collect();
        assert!(told.contains(&"ben".to_owned()) && told.iter().all(|person| person == "ben"), "{told:?}");
    }

    fn items_of_a_drill_remind_nobody_and_nothing_follows_from_none(store) {
        let desk = Desk::open(store);
        desk.apply(MORE);
        let drill = desk.declare("ana", &Declaration { drill: true, ..Declaration::new("Fire", Class::System) }).id;
        proposed(&desk, drill, "ben", &Check::Manual {});
        desk.wait(90 * DAY);
        assert!(desk.paged(drill).iter().all(|(kind, ..)| kind != "reminder"));
        desk.act("ana", drill, &Command::Cancel, "no time").unwrap();
        let refused = desk.by("ana", |tx, node, moment| propose(tx, node, moment, drill, &new("ben", Check::Manual {})));
        assert!(matches!(refused, Err(Halt::Refused(_))));
        let other = declared(&desk, "SEV3");
        let refused = desk.as_actor(&Actor::Person(name("ana")), |tx, node, moment| {
            incidents::find(tx, moment, other)?;
            propose(tx, node, moment, other, &new("nobody", Check::Manual {}))
        });
        let Err(Halt::Refused(refusal)) = refused else { panic!("{refused:?}") };
        assert_eq!(refusal.at.as_deref(), Some("/owner"));
    }
}
