//! What may be said of an action item, by whom, and what follows.

use super::*;
use crate::words::{Mint, RefusalKind};

fn day(days: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + days * 86_400).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn new(owner: &str, check: Check) -> NewItem {
    NewItem {
        title: "Limit the queue to 1000".into(),
        bound: "a test with 1001 is refused".into(),
        owner: name(owner),
        kind: Kind::Prevent,
        priority: Priority::Normal,
        due_at: None,
        factor: Some(" no-limit ".into()),
        check,
    }
}

fn item(check: Check) -> ActionItem {
    let id = Mint::seeded(1).id(day(0));
    ActionItem::propose(id, &new("ben", check), Some(&name("ana")), Span::hours(30 * 24), day(0)).unwrap()
}

fn by(item: &ActionItem, who: &str, wish: &Wish, at: i64) -> Result<(ActionItem, EventKind)> {
    item.act(wish, &name(who), day(at))
}

fn document() -> Check {
    Check::Document {
        document: "service/shop".into(),
        field: "/runbook".into(),
        must: super::super::item_checks::Must::Exist,
    }
}

#[test]
fn an_item_is_due_by_the_severity_of_its_incident() {
    let matrix: SeverityMatrix = serde_json::from_value(serde_json::json!({ "levels": [
        { "name": "SEV1", "title": "a", "system": "", "operational": "", "security": "", "response": "", "action_items_within": "7d" },
        { "name": "SEV2", "title": "a", "system": "", "operational": "", "security": "", "response": "" },
        { "name": "SEV3", "title": "a", "system": "", "operational": "", "security": "", "response": "" },
        { "name": "SEV4", "title": "a", "system": "", "operational": "", "security": "", "response": "" },
    ] })).unwrap();
    let days = |severity| within(Some(&matrix), severity).as_millis() / 86_400_000;
    assert_eq!(
        [Some("SEV1"), Some("SEV2"), Some("SEV3"), Some("SEV4"), Some("none"), None].map(days),
        [7, 30, 60, 60, 60, 60]
    );
    assert_eq!(within(None, Some("SEV1")), Span::hours(60 * 24));
    let item = item(document());
    assert_eq!((item.due_at, item.factor.as_deref()), (day(30), Some("no-limit")));
    for due in [day(0), day(367)] {
        let wanted = NewItem { due_at: Some(due), ..new("ben", Check::Manual {}) };
        let refused = ActionItem::propose(item.id, &wanted, None, Span::ZERO, day(0)).unwrap_err();
        assert_eq!(refused.at.as_deref(), Some("/due_at"));
    }
}

#[test]
fn its_owner_accepts_it_and_says_that_it_is_done() {
    let item = item(document());
    assert_eq!(item.state, State::Proposed);
    assert_eq!(by(&item, "ana", &Wish::Accept, 1).unwrap_err().kind, RefusalKind::Forbidden);
    let (accepted, event) = by(&item, "ben", &Wish::Accept, 1).unwrap();
    assert_eq!((&accepted.state, event), (&State::Accepted { at: day(1) }, EventKind::ActionItemAccepted));
    assert!(by(&accepted, "ben", &Wish::Accept, 2).is_err());
    assert_eq!(by(&accepted, "ana", &Wish::Done { said: None }, 2).unwrap_err().kind, RefusalKind::Forbidden);
    let (done, _) = by(&accepted, "ben", &Wish::Done { said: None }, 2).unwrap();
    assert_eq!(done.state.done_at(), Some(day(2)));
    assert!(by(&done, "ben", &Wish::Done { said: None }, 3).is_err());
    let (given, _) = by(&accepted, "ana", &Wish::Give { to: name("cleo") }, 2).unwrap();
    assert_eq!((given.owner, given.state), (name("cleo"), State::Proposed), "she accepts it anew");
    let own = ActionItem::propose(item.id, &new("ben", Check::Manual {}), Some(&name("ben")), Span::hours(24), day(0));
    assert_eq!(own.unwrap().state, State::Accepted { at: day(0) });
}

#[test]
fn verified_is_what_the_check_says_and_it_can_take_that_back() {
    let (done, _) = by(&item(document()), "ben", &Wish::Done { said: None }, 2).unwrap();
    assert_eq!(item(document()).checked(Answer::Yes, day(1)), None, "it is not done");
    assert_eq!(done.checked(Answer::No, day(3)), None);
    assert_eq!(done.checked(Answer::Unknown, day(3)), None);
    let (verified, event) = done.checked(Answer::Yes, day(3)).unwrap();
    assert_eq!(event, EventKind::ActionItemVerified);
    assert_eq!(verified.checked(Answer::Unknown, day(4)), None, "a server that is away takes nothing back");
    let (again, event) = verified.checked(Answer::No, day(4)).unwrap();
    assert_eq!((&again.state, event), (&State::Done { at: day(2) }, EventKind::ActionItemUnproven));
    assert_eq!(
        by(&done, "cleo", &Wish::Confirm { seen: "I saw it".into() }, 4).unwrap_err().kind,
        RefusalKind::Conflict
    );
    let edit = Edit { check: Some(Check::Manual {}), ..Edit::default() };
    let (edited, _) = by(&verified, "ana", &Wish::Edit { edit: Box::new(edit), why: None }, 5).unwrap();
    assert_eq!(edited.state, State::Done { at: day(2) }, "what was proven was proven by another check");
}

#[test]
fn where_no_machine_looks_somebody_else_does() {
    let item = item(Check::Manual {});
    let seen = || Wish::Confirm { seen: "the branch is protected".into() };
    assert_eq!(by(&item, "cleo", &seen(), 1).unwrap_err().kind, RefusalKind::Conflict, "it is not done");
    let (done, _) = by(&item, "ben", &Wish::Done { said: None }, 2).unwrap();
    assert_eq!(by(&done, "ben", &seen(), 3).unwrap_err().kind, RefusalKind::Forbidden);
    let (verified, _) = by(&done, "cleo", &seen(), 3).unwrap();
    assert_eq!(verified.state, State::Verified { at: day(3), done_at: day(2), by: Some(name("cleo")) });
    assert_eq!(verified.next_check(day(3)), None);
}

#[test]
fn that_it_is_not_done_takes_two() {
    let item = item(document());
    let ask = || Wish::AskDrop { why: "the queue goes away".into() };
    assert!(by(&item, "cleo", &Wish::ApproveDrop, 1).is_err(), "nobody asked");
    let (asked, event) = by(&item, "ana", &ask(), 1).unwrap();
    assert_eq!((asked.state.word(), event), ("proposed", EventKind::ActionItemDropAsked));
    assert!(by(&asked, "cleo", &ask(), 2).is_err());
    for who in ["ana", "ben"] {
        assert_eq!(by(&asked, who, &Wish::ApproveDrop, 2).unwrap_err().kind, RefusalKind::Forbidden, "{who}");
    }
    let (kept, _) = by(&asked, "cleo", &Wish::Keep { why: "it stays".into() }, 2).unwrap();
    assert_eq!(kept.drop_asked, None);
    let (dropped, _) = by(&asked, "cleo", &Wish::ApproveDrop, 2).unwrap();
    let State::WontDo { why, asked_by, approved_by, .. } = &dropped.state else { panic!("{dropped:?}") };
    assert_eq!((why.as_str(), asked_by, approved_by), ("the queue goes away", &name("ana"), &name("cleo")));
    assert!(by(&dropped, "ben", &Wish::Accept, 3).is_err() && dropped.next_reminder(None).is_none());
    let (again, _) = by(&dropped, "ana", &Wish::Reopen { why: "it stays".into() }, 3).unwrap();
    assert_eq!((again.state, again.reopened), (State::Accepted { at: day(3) }, 1));
}

#[test]
fn a_later_due_date_has_a_reason() {
    let item = item(document());
    let edit = |to: i64, why: Option<&str>| {
        let edit = Edit { due_at: Some(day(to)), ..Edit::default() };
        by(&item, "ben", &Wish::Edit { edit: Box::new(edit), why: why.map(str::to_owned) }, 1)
    };
    assert_eq!(edit(40, None).unwrap_err().at.as_deref(), Some("/why"));
    assert_eq!(edit(40, Some("the vendor is late")).unwrap().0.due_at, day(40));
    assert_eq!(edit(20, None).unwrap().0.due_at, day(20));
    assert!(edit(30, None).is_err(), "it says that already");
    let worse = Edit { title: Some("Be more careful".into()), ..Edit::default() };
    assert!(by(&item, "ben", &Wish::Edit { edit: Box::new(worse), why: None }, 1).is_err());
}

#[test]
fn reminders_come_before_at_and_after() {
    let item = item(document());
    let mut last = None;
    let mut days = Vec::new();
    for _ in 0..5 {
        let next = item.next_reminder(last).unwrap();
        days.push(Span::between(day(0), next).as_millis() / 86_400_000);
        last = Some(next);
    }
    assert_eq!(days, [27, 30, 37, 44, 51]);
    assert_eq!(item.next_reminder(Some(day(46))), Some(day(51)), "what was missed meanwhile is not made up for");
    assert!(!item.is_escalated(day(36)) && item.is_escalated(day(37)));
    assert_eq!((item.is_overdue(day(30)), item.is_overdue(day(31)), item.days_overdue(day(42))), (false, true, 12));
    let (done, _) = by(&item, "ben", &Wish::Done { said: None }, 2).unwrap();
    assert_eq!((done.next_reminder(None), done.is_overdue(day(99))), (None, false));
    let soon = NewItem { due_at: Some(day(2)), ..new("ben", Check::Manual {}) };
    let soon = ActionItem::propose(item.id, &soon, None, Span::ZERO, day(0)).unwrap();
    assert_eq!(soon.next_reminder(None), Some(day(2)), "nobody is reminded before it is there");
}

#[test]
fn what_is_proven_is_asked_again_and_more_rarely_once_it_held() {
    assert_eq!(item(document()).next_check(day(0)), None);
    let (done, _) = by(&item(document()), "ben", &Wish::Done { said: None }, 2).unwrap();
    assert_eq!(done.next_check(day(2)), Some(day(3)));
    let (verified, _) = done.checked(Answer::Yes, day(3)).unwrap();
    assert_eq!(verified.next_check(day(10)), Some(day(11)));
    assert_eq!(verified.next_check(day(93)), Some(day(100)));
}
