//! Rows of action items on both engines.

use std::collections::BTreeSet;

use domain::detect::groups::Group;
use domain::learn::item_checks::{Answer, Check};
use domain::respond::incidents::{Class, Phase, Visibility};
use domain::words::{GroupId, Id as _, Mint};

use super::*;
use crate::both_engines;
use crate::respond::incidents::{self, tests::incident};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn row(mint: &mut Mint, incident: IncidentId, state: State) -> ItemRow {
    ItemRow {
        incident,
        item: ActionItem {
            id: mint.id(at(0)),
            title: "Limit the queue".into(),
            bound: "a test with 1001\nis refused".into(),
            owner: name("ben"),
            kind: Kind::Prevent,
            priority: Priority::High,
            due_at: at(100),
            factor: Some("no-limit".into()),
            check: Check::Drill { service: Some(name("payments")) },
            proposed_at: at(0),
            state,
            reopened: 2,
            drop_asked: None,
        },
        reminded_at: Some(at(3)),
        wake_at: Some(at(50)),
        check_at: None,
    }
}

both_engines! {
    fn an_item_reads_back_in_each_of_its_states(store) {
        let mut mint = Mint::seeded(1);
        let of = incident(&mut mint, 0, Class::System);
        store.write(|tx| Ok(incidents::save(tx, &of)?)).unwrap();
        let mut one = row(&mut mint, of.id, State::Proposed);
        for state in [
            State::Proposed,
            State::Accepted { at: at(1) },
            State::Done { at: at(2) },
            State::Verified { at: at(3), done_at: at(2), by: None },
            State::Verified { at: at(3), done_at: at(2), by: Some(name("cleo")) },
            State::WontDo { at: at(4), why: "no".into(), asked_by: name("ana"), approved_by: name("cleo") },
        ] {
            one.item.state = state;
            one.item.drop_asked = one.item.state.is_open().then(|| DropAsked { by: name("ana"), why: "w".into(), at: at(1) });
            store.write(|tx| Ok(save(tx, &one)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(get(tx, one.item.id, Sight::Open)?)).unwrap().as_ref(), Some(&one));
            assert_eq!(store.read(|tx| Ok(of_incident(tx, of.id)?)).unwrap(), std::slice::from_ref(&one));
        }
    }

    fn items_are_found_by_what_they_are_and_by_those_who_see_their_incident(store) {
        let mut mint = Mint::seeded(2);
        let open = incident(&mut mint, 0, Class::System);
        let mut hidden = incident(&mut mint, 1, Class::Security);
        hidden.state.visibility = Visibility::Restricted;
        hidden.services = vec![name("search")];
        let first = row(&mut mint, open.id, State::Accepted { at: at(1) });
        let mut second = row(&mut mint, hidden.id, State::Done { at: at(9) });
        second.item.owner = name("ana");
        second.item.kind = Kind::Detect;
        store.write(|tx| {
            incidents::save(tx, &open)?;
            incidents::save(tx, &hidden)?;
            incidents::name_person(tx, hidden.id, &name("ana"))?;
            save(tx, &first)?;
            Ok(save(tx, &second)?)
        }).unwrap();
        let ana = name("ana");
        let found = |filter: Filter, sight: Sight<'_>| {
            let rows = store.read(|tx| Ok(list(tx, &filter, sight, 9)?)).unwrap();
            rows.iter().map(|row| if row.item.id == first.item.id { 1 } else { 2 }).collect::<Vec<_>>()
        };
        let any = Filter::default;
        assert_eq!(found(any(), Sight::Of(&ana)), [1, 2]);
        assert_eq!(found(any(), Sight::Open), [1]);
        assert_eq!(found(any(), Sight::Of(&name("ben"))), [1]);
        let table = [
            (Filter { owner: Some(name("ana")), ..any() }, vec![2]),
            (Filter { state: Some("open".into()), ..any() }, vec![1]),
            (Filter { state: Some("done".into()), ..any() }, vec![2]),
            (Filter { kind: Some(Kind::Detect), ..any() }, vec![2]),
            (Filter { priority: Some(Priority::Low), ..any() }, vec![]),
            (Filter { incident: Some(open.id), ..any() }, vec![1]),
            (Filter { service: Some(name("payments")), ..any() }, vec![1]),
            (Filter { service: Some(name("search")), ..any() }, vec![1, 2]),
            (Filter { service: Some(name("pay")), ..any() }, vec![]),
            (Filter { overdue_at: Some(at(101)), ..any() }, vec![1]),
            (Filter { overdue_at: Some(at(100)), ..any() }, vec![]),
        ];
        for (filter, ids) in table {
            assert_eq!(found(filter.clone(), Sight::Whole), ids, "{filter:?}");
        }
        assert_eq!(store.read(|tx| Ok(get(tx, second.item.id, Sight::Open)?)).unwrap(), None);
        let count = |sight: Sight<'_>| store.read(|tx| Ok(lives(tx, sight)?)).unwrap().len();
        assert_eq!((count(Sight::Open), count(Sight::Of(&ana))), (1, 2), "also in curves");
    }

    fn whoever_is_due_is_found_and_a_check_is_taken_once(store) {
        let mut mint = Mint::seeded(3);
        let of = incident(&mut mint, 0, Class::System).id;
        let mut fast = row(&mut mint, of, State::Done { at: at(9) });
        fast.check_at = Some(at(40));
        let mut slow = row(&mut mint, of, State::Done { at: at(9) });
        (slow.wake_at, slow.check_at) = (None, Some(at(20)));
        slow.item.check = Check::Commit { url: "https://forge/x".into() };
        let mut document = row(&mut mint, of, State::Verified { at: at(9), done_at: at(8), by: None });
        document.wake_at = None;
        document.item.check = serde_json::from_value(serde_json::json!({
            "by": "document", "document": "service/shop", "field": "/runbook", "must": "exist" })).unwrap();
        store.write(|tx| { save(tx, &fast)?; save(tx, &slow)?; Ok(save(tx, &document)?) }).unwrap();
        assert_eq!(store.read(|tx| Ok(next_check(tx)?)).unwrap(), Some(at(40)), "what needs the world is not the clockwork's");
        assert_eq!(store.read(|tx| Ok(next_reminder(tx)?)).unwrap(), Some(at(50)));
        assert_eq!(store.read(|tx| Ok(to_remind(tx, at(49), 9)?)).unwrap(), []);
        assert_eq!(store.read(|tx| Ok(to_remind(tx, at(50), 9)?)).unwrap(), std::slice::from_ref(&fast));
        let checks = |slow, second| store.read(|tx| Ok(to_check(tx, slow, at(second), 9)?)).unwrap();
        assert_eq!((checks(false, 39), checks(true, 20)), (vec![], vec![slow.clone()]));
        let claim = || store.write(|tx| Ok(claim_check(tx, slow.item.id, at(20), at(600))?)).unwrap();
        assert_eq!([claim(), claim()], [true, false]);
        store.write(|tx| Ok(document_changed(tx, &"service/shop".parse().unwrap(), at(30))?)).unwrap();
        assert_eq!(checks(false, 30).iter().map(|row| row.item.id).collect::<Vec<_>>(), [document.item.id]);
    }

    fn what_is_still_so_is_not_written_again(store) {
        let id: ActionItemId = Mint::seeded(4).id(at(0));
        let (no, yes) = (Seen::new(Answer::No, "not there"), Seen::new(Answer::Yes, "there"));
        store.write(|tx| {
            for (second, seen) in [(1, &no), (2, &no), (3, &yes), (4, &yes)] {
                add_evidence(tx, id, seen, None, at(second))?;
            }
            Ok(add_evidence(tx, id, &yes, Some(&name("ana")), at(5))?)
        }).unwrap();
        let all = store.read(|tx| Ok(evidence(tx, id, 9)?)).unwrap();
        let short: Vec<_> = all.iter().map(|one| (one.at, one.until, one.seen.answer, one.by.is_some())).collect();
        assert_eq!(short, [
            (at(5), at(5), Answer::Yes, true),
            (at(3), at(4), Answer::Yes, false),
            (at(1), at(2), Answer::No, false),
        ]);
    }

    fn what_fired_before_is_found_again_by_its_labels(store) {
        let mut mint = Mint::seeded(5);
        let labels = vec![("service".to_owned(), "shop".to_owned())];
        let group = |id: u128, opened: i64| Group {
            id: GroupId::from_bits(id),
            route: name("all"),
            labels: labels.clone(),
            service: None,
            policy: None,
            urgency: None,
            title: "5xx".into(),
            opened_at: at(opened),
            page: None,
            told: BTreeSet::new(),
            due_at: None,
        };
        let mut before = incident(&mut mint, 0, Class::System);
        before.state.phase = Phase::Closed;
        let mut hidden = incident(&mut mint, 5, Class::Security);
        (hidden.state.phase, hidden.state.visibility) = (Phase::Closed, Visibility::Restricted);
        let now = incident(&mut mint, 9, Class::System);
        let (first, secret) = (row(&mut mint, before.id, State::Done { at: at(9) }), row(&mut mint, hidden.id, State::Proposed));
        store.write(|tx| {
            for (place, one) in [&before, &hidden, &now].into_iter().enumerate() {
                incidents::save(tx, one)?;
                let one_group = group(place as u128 + 1, 10);
                crate::detect::groups::save(tx, &one_group, Some(at(20)))?;
                incidents::link(tx, one.id, &one_group.id.to_string(), "person:ana", at(10))?;
            }
            save(tx, &first)?;
            Ok(save(tx, &secret)?)
        }).unwrap();
        let find = |labels: &[(String, String)], since| {
            store.read(|tx| Ok(of_same_alerts(tx, now.id, &name("all"), labels, at(since))?)).unwrap()
        };
        assert_eq!(find(&labels, 10), std::slice::from_ref(&first), "and nothing of what is restricted");
        assert_eq!(find(&labels, 11), []);
        assert_eq!(find(&[("service".to_owned(), "db".to_owned())], 10), []);
        let same = |factor: &str| store.read(|tx| Ok(of_same_factor(tx, now.id, factor, at(0))?)).unwrap().len();
        assert_eq!((same("no-limit"), same("other")), (1, 0));
        let one = Recurrence {
            item: first.item.id,
            incident: now.id,
            at: at(30),
            was: Some((State::Verified { at: at(3), done_at: at(2), by: None }, at(100))),
            undone_at: None,
        };
        assert!(store.write(|tx| Ok(add_recurrence(tx, &one)?)).unwrap());
        assert!(!store.write(|tx| Ok(add_recurrence(tx, &one)?)).unwrap());
        assert_eq!(store.read(|tx| Ok(recurrences_in(tx, now.id)?)).unwrap(), std::slice::from_ref(&one));
        assert_eq!(store.read(|tx| Ok(recurrences_of(tx, one.item, Sight::Open)?)).unwrap(), std::slice::from_ref(&one));
        store.write(|tx| Ok(undo_recurrence(tx, one.item, now.id, at(40))?)).unwrap();
        assert_eq!(store.read(|tx| Ok(recurrences_in(tx, now.id)?)).unwrap()[0].undone_at, Some(at(40)));
    }

    fn drills_that_are_over_are_found(store) {
        let mut mint = Mint::seeded(6);
        let mut drill = incident(&mut mint, 2, Class::System);
        (drill.state.phase, drill.state.since) = (Phase::Closed, at(50));
        let mut real = incident(&mut mint, 3, Class::System);
        (real.state.phase, real.state.since) = (Phase::Closed, at(50));
        store.write(|tx| { incidents::save(tx, &drill)?; Ok(incidents::save(tx, &real)?) }).unwrap();
        let found = |since| store.read(|tx| Ok(drills_since(tx, at(since))?)).unwrap();
        assert_eq!(found(50).iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [drill.id.to_string()]);
        assert_eq!((found(50)[0].services.len(), found(51).len()), (2, 0));
    }
}
