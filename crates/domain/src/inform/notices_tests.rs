//! Notices as real histories have them: backwards, written afterwards, corrected.

use super::*;
use crate::words::Mint;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A notice of posts: minute, state (empty: an update), effects as `web=degraded`.
pub(in crate::inform) fn notice(sort: Sort, window: Option<(i64, i64)>, posts: &[(i64, &str, &str)]) -> Notice {
    let mut mint = Mint::seeded(1);
    let mut notice = Notice {
        id: mint.id(at(0)),
        title: "It is slow".into(),
        sort,
        window: window.map(|(from, until)| Window { from: at(from), until: at(until) }),
        incident: None,
        created_at: at(0),
        changed_at: at(0),
        posts: Vec::new(),
    };
    for (minute, state, effects) in posts {
        let pairs = effects.split(' ').filter_map(|pair| pair.split_once('='));
        notice.add(Post {
            id: mint.id(at(1000)),
            state: Some(*state).filter(|state| !state.is_empty()).map(|state| state.parse().unwrap()),
            text: format!("at {minute}"),
            at: at(*minute),
            recorded_at: at(1000),
            by: "person:ana".into(),
            effects: pairs.map(|(component, status)| (name(component), status.parse().unwrap())).collect(),
            next_update_by: None,
            revision: 1,
            corrected_at: None,
        });
    }
    notice
}

fn shown(notice: &Notice) -> String {
    let effects: Vec<String> = notice.effects().iter().map(|(name, status)| format!("{name}={status}")).collect();
    format!("{} {} {}", notice.state(), if notice.is_open() { "open" } else { "over" }, effects.join(" "))
}

#[test]
fn states_come_in_any_order_and_the_latest_counts() {
    use Sort::{Incident, Maintenance};
    for (sort, posts, says) in [
        (Incident, &[(0, "investigating", "web=degraded")][..], "investigating open web=degraded"),
        (Incident, &[(0, "resolved", "web=major-outage")], "resolved over "),
        (Incident, &[(0, "investigating", "web=degraded"), (5, "", "")], "investigating open web=degraded"),
        (Incident, &[(0, "", "web=degraded")], "investigating open web=degraded"),
        (
            Incident,
            &[(0, "monitoring", "web=degraded"), (5, "investigating", "web=major-outage api=degraded")],
            "investigating open api=degraded web=major-outage",
        ),
        (
            Incident,
            &[(0, "identified", "web=degraded"), (5, "monitoring", "web=operational")],
            "monitoring open web=operational",
        ),
        // Written afterwards: what holds later stands.
        (Incident, &[(9, "resolved", ""), (3, "identified", "web=degraded")], "resolved over "),
        (Incident, &[(0, "resolved", ""), (5, "postmortem", "")], "postmortem over "),
        (Incident, &[(0, "investigating", "web=degraded"), (2, "resolved", ""), (3, "", "")], "resolved over "),
        // Opened again: what was touched is fine until it is said anew.
        (
            Incident,
            &[(0, "investigating", "web=degraded"), (2, "resolved", ""), (3, "investigating", "")],
            "investigating open web=operational",
        ),
        (Maintenance, &[(0, "scheduled", "web=maintenance")], "scheduled open "),
        (
            Maintenance,
            &[(0, "scheduled", "web=maintenance"), (1, "in-progress", "")],
            "in-progress open web=maintenance",
        ),
    ] {
        let window = (sort == Maintenance).then_some((1, 9));
        assert_eq!(shown(&notice(sort, window, posts)), says, "{posts:?}");
    }
}

#[test]
fn a_post_stands_where_its_time_says_and_after_what_was_there() {
    let it = notice(
        Sort::Incident,
        None,
        &[(5, "monitoring", ""), (5, "", ""), (1, "investigating", ""), (9, "resolved", "")],
    );
    let said: Vec<(i64, Option<&str>)> = it
        .posts
        .iter()
        .map(|post| ((post.at.as_second() - at(0).as_second()) / 60, post.state.map(State::word)))
        .collect();
    assert_eq!(said, [(1, Some("investigating")), (5, Some("monitoring")), (5, None), (9, Some("resolved"))]);
    assert_eq!(
        (0..4).map(|place| it.state_after(place).word()).collect::<Vec<_>>(),
        ["investigating", "monitoring", "monitoring", "resolved"]
    );
    assert_eq!((it.began_at(), it.over_at()), (at(1), Some(at(9))));
    let again = notice(Sort::Incident, None, &[(0, "resolved", ""), (5, "investigating", ""), (9, "postmortem", "")]);
    assert_eq!(again.over_at(), Some(at(9)), "it was opened again between");
}

#[test]
fn a_maintenance_begins_and_ends_by_the_clock_and_not_after_a_person_has_ended_it() {
    let mut it = notice(Sort::Maintenance, Some((10, 20)), &[(0, "scheduled", "web=operational api=degraded")]);
    assert_eq!((it.due_at(), it.by_the_clock(at(9))), (Some(at(10)), None));
    let begins = it.by_the_clock(at(12)).unwrap();
    assert_eq!((begins.state, begins.at), (Some(State::InProgress), Some(at(10))), "as of when it was to begin");
    assert_eq!(begins.effects, [(name("api"), Status::Degraded), (name("web"), Status::Maintenance)].into());
    let mut mint = Mint::seeded(2);
    let mut say = |it: &mut Notice, draft: Draft| {
        it.add(Post {
            id: mint.id(at(2000)),
            state: draft.state,
            text: draft.text,
            at: draft.at.unwrap(),
            recorded_at: at(2000),
            by: "rule:maintenance".into(),
            effects: draft.effects,
            next_update_by: None,
            revision: 1,
            corrected_at: None,
        });
    };
    say(&mut it, begins);
    assert_eq!((it.state(), it.due_at()), (State::InProgress, Some(at(20))));
    let mut early = it.clone();
    say(&mut early, Draft { state: Some(State::Completed), at: Some(at(15)), text: "Done".into(), ..Draft::default() });
    assert_eq!((early.due_at(), early.by_the_clock(at(99))), (None, None));
    let ends = it.by_the_clock(at(30)).unwrap();
    say(&mut it, ends);
    assert_eq!((it.state(), it.over_at(), it.due_at()), (State::Completed, Some(at(20)), None));
}

#[test]
fn what_cannot_be_said_is_refused_with_its_place() {
    let knows = |name: &Name| {
        if name.as_str() == "web" { Ok(()) } else { Err(Refusal::invalid("there is no component").at("/components/0")) }
    };
    let fine = || Draft { text: " We look.\r\nAll of us. ".into(), ..Draft::default() };
    let checked = |draft: Draft| draft.checked(Sort::Incident, &knows, at(0));
    let kept = checked(fine()).unwrap();
    assert_eq!((kept.text.as_str(), kept.at), ("We look.\nAll of us.", Some(at(0))));
    let old = Draft { at: Some(at(-500_000)), state: Some(State::Resolved), ..fine() };
    assert!(checked(old).is_ok(), "what was long ago may be written down");
    for (draft, place) in [
        (Draft { text: " \u{202e}\n".into(), ..fine() }, "/text"),
        (Draft { text: "a".repeat(TEXT_MOST + 1), ..fine() }, "/text"),
        (Draft { state: Some(State::Scheduled), ..fine() }, "/state"),
        (Draft { effects: [(name("db"), Status::Degraded)].into(), ..fine() }, "/components/0"),
        (Draft { at: Some(at(3)), ..fine() }, "/at"),
        (Draft { next_update_by: Some(at(0)), ..fine() }, "/next_update_by"),
        (Draft { next_update_by: Some(at(9)), state: Some(State::Resolved), ..fine() }, "/next_update_by"),
    ] {
        assert_eq!(checked(draft.clone()).unwrap_err().at.as_deref(), Some(place), "{draft:?}");
    }
    for wrong in ["", " ", "a\nb", &"a".repeat(TITLE_MOST + 1)] {
        assert!(title(wrong).is_err(), "{wrong:?}");
    }
    let window = |from, until| Some(Window { from: at(from), until: at(until) });
    assert!(check_window(Sort::Maintenance, window(0, 1)).is_ok());
    for (sort, window) in [
        (Sort::Incident, window(0, 1)),
        (Sort::Maintenance, None),
        (Sort::Maintenance, window(1, 1)),
        (Sort::Maintenance, window(0, 60 * 24 * 32)),
    ] {
        assert!(check_window(sort, window).is_err(), "{sort} {window:?}");
    }
}

#[test]
fn a_component_is_as_bad_as_the_worst_that_is_open() {
    let all = [
        notice(Sort::Incident, None, &[(0, "identified", "web=degraded api=operational")]),
        notice(Sort::Incident, None, &[(1, "monitoring", "web=partial-outage")]),
        notice(Sort::Incident, None, &[(2, "investigating", "api=major-outage"), (3, "resolved", "")]),
    ];
    let now = standing(&all);
    assert_eq!(now, [(name("api"), Status::Operational), (name("web"), Status::PartialOutage)].into());
    assert!(Status::MajorOutage > Status::PartialOutage && Status::Degraded > Status::Maintenance);
}
