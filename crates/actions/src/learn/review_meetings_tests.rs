//! Tests of meetings on both engines: who is invited, what calendars are told, what is kept.

use domain::respond::incidents::{Class, Command};
use domain::words::RefusalKind;
use store::Store;

use super::*;
use crate::courier;
use crate::respond::desk::{Desk, at, name};
use crate::respond::incidents::Declaration;

const PEOPLE: &str = "
kind: person
name: dai
spec: { full_name: Dai Lewis, email: dai@example.org, time_zone: Europe/Berlin, access: responder }
---
kind: person
name: eva
spec: { full_name: Eva, email: eva@example.org, access: manager }
---
kind: team
name: shop
spec: { title: Shop, members: [eva] }
---
kind: service
name: shop
spec: { title: The shop, team: shop }
";

fn over(desk: &Desk<'_>, class: Class) -> IncidentId {
    desk.apply(PEOPLE);
    let wanted = Declaration { services: vec![name("shop")], ..Declaration::new("Payments fail", class) };
    let id = desk.declare("ana", &wanted).id;
    desk.act("ana", id, &Command::Resolve { unmet: vec![] }, "it works again").unwrap();
    id
}

fn wanted(minute: i64, people: &[&str]) -> Wanted {
    Wanted {
        starts_at: at(minute),
        minutes: 60,
        place: "Room 4".into(),
        facilitator: name("dai"),
        invitees: people.iter().map(|person| Invitee { person: name(person), why: String::new() }).collect(),
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

/// What leaves now: to whom, the subject, the calendar.
fn sent(desk: &Desk<'_>, store: &Store) -> Vec<(String, String, String)> {
    let claimed = courier::claim(store, &desk.node, at(desk.minute() + 1), &|_| 50).unwrap();
    let invited = claimed.into_iter().filter(|one| one.message.event == "review-meeting");
    let mut all: Vec<_> = invited
        .map(|one| (one.address.clone(), one.message.subject.clone(), one.message.calendar.unwrap().text))
        .collect();
    all.sort();
    all
}

store::both_engines! {
    fn whom_the_record_names_is_invited_and_calendars_are_told_of_each_move(store) {
        let desk = Desk::open(store);
        let id = over(&desk, Class::System);
        let looks = store.read(|tx| whole(tx, &desk.node, id, Sight::Whole, at(50))).unwrap();
        let named: Vec<String> = looks.suggested.iter().map(|one| format!("{}: {}", one.person, one.why)).collect();
        assert_eq!(named, ["ana: took part", "eva: leads Shop, which owns The shop"]);
        assert_eq!(looks.agenda.iter().map(|topic| topic.minutes).sum::<u32>(), 60);
        let led_by = |who: &str| Deed::Plan(Wanted { facilitator: name(who), ..wanted(600, &["ana", "eva"]) });
        assert_eq!(kind(does(&desk, "ben", id, &led_by("ana"))), RefusalKind::Conflict);
        assert_eq!(kind(does(&desk, "ben", id, &Deed::Plan(wanted(600, &["nobody"])))), RefusalKind::Invalid);
        does(&desk, "ben", id, &led_by("dai")).unwrap();
        let first = sent(&desk, store);
        let to: Vec<&str> = first.iter().map(|(to, _, _)| to.as_str()).collect();
        assert_eq!(to, ["ana@example.org", "dai@example.org", "eva@example.org"]);
        assert_eq!(first[1].1, "Invitation: review of Payments fail, Tuesday, 22 September 2026, 02:13 CEST");
        assert!(first[0].2.contains("METHOD:REQUEST\r\n") && first[0].2.contains("SEQUENCE:0\r\n"));

        let change = |minute, revision| Deed::Change { wanted: wanted(minute, &["ana"]), revision };
        does(&desk, "ben", id, &change(700, 1)).unwrap();
        assert_eq!(kind(does(&desk, "ben", id, &change(800, 1))), RefusalKind::Conflict, "it was changed since");
        let moved = sent(&desk, store);
        assert_eq!(moved.len(), 3);
        assert!(moved[2].2.contains("METHOD:CANCEL\r\n") && moved[2].2.contains("SEQUENCE:1\r\n"), "{}", moved[2].2);
        // What was overtaken before it left is not said.
        does(&desk, "ben", id, &change(800, 2)).unwrap();
        does(&desk, "ben", id, &Deed::Cancel { why: "nobody can".into() }).unwrap();
        let last = sent(&desk, store);
        assert_eq!(last.len(), 2);
        assert!(last.iter().all(|(_, subject, text)| subject.starts_with("Cancelled") && text.contains("SEQUENCE:3\r\n")));
        let file = store.read(|tx| file(tx, &desk.node, id, Sight::Whole, at(90))).unwrap();
        assert!(file.contains("STATUS:CANCELLED"));
    }

    fn what_was_decided_and_who_was_there_is_kept(store) {
        let desk = Desk::open(store);
        let id = over(&desk, Class::System);
        let soon = desk.minute() + 3;
        does(&desk, "ben", id, &Deed::Plan(wanted(soon, &["ana", "ben"]))).unwrap();
        does(&desk, "dai", id, &Deed::Note { topic: "walk".into(), text: "We saw one graph.".into() }).unwrap();
        does(&desk, "dai", id, &Deed::Decide { text: "The pool gets a limit.".into() }).unwrap();
        let stranger = Deed::Hold { attended: [name("nobody")].into() };
        assert_eq!(kind(does(&desk, "dai", id, &stranger)), RefusalKind::Invalid);
        let held = does(&desk, "dai", id, &Deed::Hold { attended: [name("ana"), name("dai")].into() }).unwrap();
        let meeting = held.meeting.unwrap();
        assert_eq!((meeting.state, meeting.attended.len(), meeting.decisions.len()), (State::Held, 2, 1));
        let lines = desk.told("ana", id);
        for kind in ["review-meeting.planned", "review-meeting.decided", "review-meeting.held"] {
            assert!(lines.contains(&kind.to_owned()), "{kind}: {lines:?}");
        }
    }

    fn nobody_is_invited_to_what_they_may_not_see(store) {
        let desk = Desk::open(store);
        let id = over(&desk, Class::Security);
        assert_eq!(kind(does(&desk, "ben", id, &Deed::Plan(wanted(600, &["ana"])))), RefusalKind::NotFound);
        assert_eq!(kind(does(&desk, "ana", id, &Deed::Plan(wanted(600, &["ana", "dai"])))), RefusalKind::Conflict);
        desk.by("ana", |tx, _, _| Ok(store::respond::incidents::name_person(tx, id, &name("dai"))?)).unwrap();
        does(&desk, "ana", id, &Deed::Plan(wanted(600, &["ana", "dai"]))).unwrap();
        let told = sent(&desk, store);
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|(_, subject, text)| !subject.contains("Payments") && !text.contains("Payments")), "{told:?}");
    }
}
