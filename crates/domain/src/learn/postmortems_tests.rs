//! Tests of postmortems: what rules say, what becomes of one, who is asked, and when somebody is reminded.

use proptest::prelude::*;

use super::*;
use crate::learn::postmortem_policies::{Observation, Reason};
use crate::learn::postmortem_sections::Section;
use crate::words::{Mint, RefusalKind};

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn reason(rule: &str, effect: Effect, waivable: bool) -> Reason {
    Reason {
        policy: name("default"),
        rule: name(rule),
        because: "it matters".into(),
        effect,
        form: Form::Full,
        waivable,
        seen: vec![Observation { condition: String::new(), says: "so it is".into(), cites: vec![] }],
    }
}

fn verdict(reasons: Vec<Reason>, over: i64) -> Verdict {
    let effect = reasons.iter().map(|one| one.effect).max();
    let due = Due { accept: at(over + 24), draft: at(over + 48), publish: at(over + 240) };
    Verdict { judgement: Judgement { effect, reasons }, over_at: at(over), due: Some(due) }
}

fn severe() -> Vec<Reason> {
    vec![reason("severe", Effect::Required, true)]
}

fn lost() -> Vec<Reason> {
    vec![reason("severe", Effect::Required, true), reason("data-lost", Effect::Required, false)]
}

fn new(reasons: Vec<Reason>) -> Postmortem {
    Postmortem::judged(None, Mint::seeded(1).id(at(0)), verdict(reasons, 0), at(0)).0
}

fn full() -> Texts {
    Section::of(Form::Full).map(|section| (section, "words".to_owned())).collect()
}

const LONG: &str = "the same lesson was published last week for the same fault";

#[test]
fn rules_make_it_due_and_corrections_change_the_verdict() {
    let id = Mint::seeded(1).id(at(0));
    let judged = |before: Option<&Postmortem>, reasons: Vec<Reason>, hour: i64| {
        Postmortem::judged(before, id, verdict(reasons, 0), at(hour))
    };
    let (quiet, told) = judged(None, vec![], 0);
    assert_eq!((quiet.state, told, quiet.due), (State::NotDue, None, None), "nothing to tell");
    let (same, told) = judged(Some(&quiet), vec![], 1);
    assert_eq!((same.state, told), (State::NotDue, None));
    let (advised, told) = judged(Some(&same), vec![reason("night", Effect::Recommended, true)], 2);
    assert_eq!((advised.state, told), (State::NotDue, Some(EventKind::PostmortemJudged)));
    let (due, told) = judged(Some(&advised), severe(), 3);
    assert_eq!((due.state, told, due.since), (State::Due, Some(EventKind::PostmortemJudged), at(3)));
    let (_, told) = judged(Some(&due), severe(), 4);
    assert_eq!(told, None, "the same rules once more are no news");
    let (gone, _) = judged(Some(&due), vec![], 5);
    assert_eq!((gone.state, gone.due), (State::NotDue, None), "it was graded by mistake");
}

#[test]
fn a_waiver_is_named_reasoned_and_falls_when_more_is_known() {
    let due = new(severe());
    let waive = |one: &Postmortem, by: &str, access, owner: Option<&str>, why: &str| {
        one.waive(&name(by), access, owner.map(name).as_ref(), why, at(1))
    };
    for (by, access, owner, why, kind) in [
        ("ana", Access::Responder, None, LONG, RefusalKind::Forbidden),
        ("ana", Access::Manager, Some("ana"), LONG, RefusalKind::Forbidden),
        ("ana", Access::Manager, None, "not needed", RefusalKind::Invalid),
        ("ana", Access::Manager, None, " ", RefusalKind::Invalid),
    ] {
        assert_eq!(waive(&due, by, access, owner, why).unwrap_err().kind, kind, "{by} {access} {why}");
    }
    let bound = waive(&new(lost()), "ana", Access::Administrator, None, LONG).unwrap_err();
    assert!(bound.message.contains("data-lost"), "{bound:?}");
    let (waived, told) = waive(&due, "ana", Access::Manager, Some("ben"), LONG).unwrap();
    assert_eq!((waived.state, told), (State::Waived, Some(EventKind::PostmortemWaived)));
    assert_eq!(waived.waiver.as_ref().map(|one| one.by.clone()), Some(name("ana")));
    let (still, told) = Postmortem::judged(Some(&waived), waived.incident, verdict(severe(), 0), at(5));
    assert_eq!((still.state, told), (State::Waived, None));
    let (again, _) = Postmortem::judged(Some(&waived), waived.incident, verdict(lost(), 0), at(5));
    assert_eq!((again.state, again.waiver), (State::Due, None), "data was lost: nobody waives that");
    let (asked, _) = waived.request(&name("cleo"), "customers ask", at(6)).unwrap();
    assert_eq!((asked.state, asked.waiver), (State::Due, None));
}

#[test]
fn it_is_written_reviewed_by_another_and_published_for_good() {
    let due = new(severe());
    assert_eq!(due.submit(&full(), 2, at(1)).unwrap_err().kind, RefusalKind::Conflict);
    let (draft, told) = due.write(at(1)).unwrap();
    assert_eq!((draft.state, told), (State::Draft, Some(EventKind::PostmortemBegun)));
    assert_eq!(draft.write(at(2)).unwrap(), (draft.clone(), None));
    let missing = draft.submit(&Texts::new(), 1, at(2)).unwrap_err();
    assert!(missing.message.contains("Summary is empty") && missing.message.contains("factors"), "{missing:?}");
    let (review, _) = draft.submit(&full(), 2, at(3)).unwrap();
    let (back, told) = review.send_back("say how it was measured", at(4)).unwrap();
    assert_eq!((back.state, told), (State::Draft, Some(EventKind::PostmortemSentBack)));
    assert!(review.send_back(" ", at(4)).is_err());
    let wrote = BTreeSet::from([name("ana")]);
    let publish = |by: &str| review.publish(&name(by), &wrote, Some(&name("ben")), at(5));
    assert_eq!(publish("ana").unwrap_err().kind, RefusalKind::Forbidden, "she wrote in it");
    assert_eq!(publish("ben").unwrap_err().kind, RefusalKind::Forbidden, "he owns it");
    let (published, _) = publish("cleo").unwrap();
    assert_eq!(
        (published.state, published.versions, published.reviewer.clone()),
        (State::Published, 1, Some(name("cleo")))
    );
    assert!(published.write(at(6)).is_err() && published.request(&name("ana"), "again", at(6)).is_err());
    assert_eq!(published.correct().unwrap().0.versions, 2);
    let (back, told) = Postmortem::judged(Some(&published), published.incident, verdict(severe(), 50), at(50));
    assert_eq!((back.state, told), (State::Draft, Some(EventKind::PostmortemJudged)), "it came back");
    let (same, _) = Postmortem::judged(Some(&published), published.incident, verdict(lost(), 0), at(50));
    assert_eq!(same.state, State::Published, "a correction of the record leaves what was published");
}

#[test]
fn reminders_come_before_at_and_after() {
    let due = new(severe());
    let mut now = at(0);
    let mut hours = Vec::new();
    for _ in 0..6 {
        now = due.remind_at(now).unwrap();
        hours.push(Span::between(at(0), now).as_millis() / 3_600_000);
    }
    assert_eq!(hours, [24, 48, 192, 240, 408, 576]);
    let (draft, _) = due.write(at(1)).unwrap();
    assert_eq!(draft.remind_at(at(1)), Some(at(192)), "whoever writes is not asked to begin");
    assert_eq!(due.late(at(47)), None);
    assert_eq!((due.late(at(48)), draft.late(at(48))), (Some(("it was to be drafted", at(48))), None));
    assert_eq!(draft.late(at(240)), Some(("it was to be published", at(240))));
    assert_eq!(new(vec![]).remind_at(at(0)), None);
}

proptest! {
    /// Whatever is judged after whatever: what is due has dates, what is not has none; what is waived has a name.
    #[test]
    fn a_verdict_never_leaves_it_halfway(rounds in prop::collection::vec((0usize..4, 0i64..3, 0usize..4), 1..12)) {
        let mut one: Option<Postmortem> = None;
        for (hour, (which, over, deed)) in rounds.into_iter().enumerate() {
            let now = at(i64::try_from(hour).unwrap() + 10);
            let reasons = match which {
                0 => vec![],
                1 => vec![reason("night", Effect::Recommended, true)],
                2 => severe(),
                _ => lost(),
            };
            let id = Mint::seeded(1).id(at(0));
            let (mut next, _) = Postmortem::judged(one.as_ref(), id, verdict(reasons, over), now);
            let done = match deed {
                0 => next.write(now),
                1 => next.waive(&name("ana"), Access::Manager, None, LONG, now),
                2 => next.submit(&full(), 2, now),
                _ => next.publish(&name("cleo"), &BTreeSet::new(), None, now),
            };
            if let Ok((done, _)) = done {
                next = done;
            }
            prop_assert_eq!(next.state == State::Waived, next.waiver.is_some());
            prop_assert!(next.state != State::Due || next.due.is_some());
            prop_assert!(next.state != State::Waived || next.judgement.binding().next().is_none());
            prop_assert_eq!(next.state.is_open() && next.due.is_some(), next.remind_at(now).is_some());
            one = Some(next);
        }
    }
}
