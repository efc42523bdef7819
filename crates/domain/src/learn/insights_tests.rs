//! Tests of insights: what is counted, what is left out, and what is said of it.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::respond::stamps::{Source, When};
use crate::respond::updates::Audience;
use crate::words::Mint;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
}

fn case(number: u64, claims: &[(Milestone, When)]) -> Case {
    let mut mint = Mint::seeded(number);
    let stamp = |(milestone, when): &(Milestone, When)| Stamp {
        id: mint.id(at(0)),
        milestone: *milestone,
        when: when.clone(),
        source: Source::Human,
        by: "person:ana".into(),
        entered_at: at(0),
        evidence: None,
        note: None,
        supersedes: None,
    };
    let stamps = claims.iter().map(stamp).collect();
    Case {
        id: mint.id(at(0)),
        title: format!("incident {number}"),
        codename: None,
        class: Class::System,
        severity: Some("SEV2".into()),
        phase: Phase::Resolved,
        services: vec!["shop".parse().unwrap()],
        reported_at: at(0),
        near_miss: false,
        drill: false,
        retrospective: false,
        stamps,
        promises: vec![],
    }
}

/// Declared at a minute, and mitigated so many minutes after the impact began; not known, if there are none.
fn took(number: u64, minute: i64, mitigated: Option<i64>) -> Case {
    let mut claims = vec![(Milestone::Declared, When::exactly(at(minute)))];
    if let Some(after) = mitigated {
        claims.push((Milestone::ImpactStarted, When::exactly(at(minute))));
        claims.push((Milestone::Mitigated, When::exactly(at(minute + after))));
    }
    case(number, &claims)
}

fn many(values: impl IntoIterator<Item = i64>) -> Vec<Case> {
    (1..).zip(values).map(|(number, value)| took(number, 0, Some(value))).collect()
}

fn everything() -> Filter {
    Filter::period(Some(at(-1_000_000)), Some(at(1_000_000)), at(0)).unwrap()
}

fn minutes(cases: &[Case]) -> Vec<i64> {
    let found = insights(cases, &everything(), at(0));
    found.distribution(Measure::Mitigate).points.iter().map(|point| point.seconds() / 60).collect()
}

#[test]
fn what_is_not_known_is_counted_as_such_and_never_as_nought() {
    let cases = [took(1, 0, Some(30)), took(2, 0, None), took(3, 0, Some(10))];
    let found = insights(&cases, &everything(), at(0));
    let mitigate = found.distribution(Measure::Mitigate);
    assert_eq!((mitigate.n(), mitigate.of_all(), minutes(&cases)), (2, 3, vec![10, 30]));
    assert_eq!(mitigate.unknown.iter().map(|case| case.id).collect::<Vec<_>>(), [cases[1].id]);
    let dwell = found.distribution(Measure::Dwell);
    assert_eq!((dwell.n(), dwell.of_all(), dwell.before(), dwell.quantiles().len()), (0, 3, 0, 0));
}

#[test]
fn below_twenty_there_are_only_the_values() {
    let found = |n: i64| {
        let cases = many(1..=n);
        let found = insights(&cases, &everything(), at(0));
        let told = |one: &Quantile<'_>| {
            let minutes = |point: Point<'_>| point.seconds() / 60;
            (one.percent, minutes(one.point), one.least.map(minutes), one.most.map(minutes))
        };
        found.distribution(Measure::Mitigate).quantiles().iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(found(19), []);
    let twenty = [(50, 10, Some(6), Some(15)), (75, 15, Some(11), Some(19)), (90, 18, Some(15), None)];
    assert_eq!(found(20), twenty, "a value that was seen, between two; the slowest tenth has no end yet");
    assert_eq!(found(100)[2], (90, 90, Some(84), Some(96)));
}

#[test]
fn caught_before_the_impact_is_good_news_and_vague_is_not_before() {
    let when = |text: &str| When::read(text, &TimeZone::UTC).unwrap();
    let detect = |impact: &str, detected: &str| {
        let all = [case(1, &[(Milestone::ImpactStarted, when(impact)), (Milestone::Detected, when(detected))])];
        let found = insights(&all, &Filter { from: Timestamp::MIN, to: Timestamp::MAX, ..everything() }, at(0));
        let detect = found.distribution(Measure::Detect);
        (detect.points[0].seconds() / 60, detect.before())
    };
    // GitLab, 31 January 2017.
    assert_eq!(detect("2017-01-31 21:00", "2017-01-31 18:00"), (-180, 1));
    assert_eq!(detect("2017-01-31 21:00", "2017-01-31"), (-540, 0), "some time that day");
    assert_eq!(detect("2017-01-31 21:00", "2017-01-31 21:00"), (0, 0));
    assert_eq!(detect("2016", "2020-01-04 08:56"), (1_845_176, 0), "years are years");
}

#[test]
fn each_incident_is_counted_once_and_where_it_belongs() {
    let changed = |number, change: fn(&mut Case)| {
        let mut case = took(number, 0, Some(5));
        change(&mut case);
        case
    };
    let cases = [
        changed(1, |_| ()),
        changed(2, |case| case.near_miss = true),
        changed(3, |case| case.retrospective = true),
        changed(4, |case| case.phase = Phase::Cancelled),
        changed(5, |case| case.phase = Phase::Merged),
        changed(6, |case| (case.phase, case.retrospective, case.near_miss) = (Phase::Merged, true, true)),
        changed(7, |case| case.phase = Phase::Reported),
        changed(8, |case| (case.drill, case.retrospective) = (true, true)),
    ];
    let count = |filter: &Filter| {
        let found = insights(&cases, filter, at(0));
        let sizes: Vec<usize> = Cohort::ALL.iter().map(|cohort| found.of(*cohort).len()).collect();
        (sizes, found.distribution(Measure::Mitigate).n())
    };
    assert_eq!(count(&everything()), (vec![2, 1, 1, 1, 2, 1], 2));
    let with = Filter { retrospective: true, ..everything() };
    assert_eq!(count(&with), (vec![3, 1, 0, 1, 2, 1], 3), "if they are asked for");
}

#[test]
fn an_incident_is_of_the_time_when_it_was_declared_or_of_the_best_that_is_known() {
    let exactly = |minute| When::exactly(at(minute));
    let declared = case(1, &[(Milestone::Detected, exactly(3)), (Milestone::Declared, exactly(7))]);
    let found_later = case(2, &[(Milestone::CauseIntroduced, exactly(-900)), (Milestone::Mitigated, exactly(4))]);
    let bare = case(3, &[(Milestone::CauseIntroduced, exactly(-900))]);
    assert_eq!([&declared, &found_later, &bare].map(Case::at), [at(7), at(4), at(0)]);
    let cases = [declared, found_later, bare];
    let count = |from, to| {
        let filter = Filter::period(Some(at(from)), Some(at(to)), at(0)).unwrap();
        insights(&cases, &filter, at(0)).of(Cohort::Counted).len()
    };
    assert_eq!([count(0, 8), count(4, 7), count(4, 8), count(-10, 0)], [3, 1, 2, 0]);
}

#[test]
fn a_filter_admits_what_it_says_and_ends_now_if_nothing_is_said() {
    let mut other = took(2, 0, Some(5));
    (other.class, other.severity, other.services) = (Class::Security, None, vec!["search".parse().unwrap()]);
    let cases = [took(1, 0, Some(5)), other];
    let name = |text: &str| text.parse::<Name>().unwrap();
    let table = [
        (everything(), 2),
        (Filter { class: Some(Class::System), ..everything() }, 1),
        (Filter { class: Some(Class::Operational), ..everything() }, 0),
        (Filter { severity: Some("SEV2".into()), ..everything() }, 1),
        (Filter { services: Some(vec![name("shop"), name("search")]), ..everything() }, 2),
        (Filter { services: Some(vec![name("search")]), ..everything() }, 1),
        (Filter { services: Some(vec![]), ..everything() }, 0),
        (Filter::period(None, None, at(0)).unwrap(), 2),
        (Filter::period(None, None, at(DAYS * 24 * 60)).unwrap(), 0),
        (Filter::period(None, None, at(0)).unwrap().before(), 0),
        (Filter::period(None, None, at(100 * 24 * 60)).unwrap().before(), 2),
    ];
    for (filter, count) in table {
        assert_eq!(insights(&cases, &filter, at(0)).of(Cohort::Counted).len(), count, "{filter:?}");
    }
    let wrong = Filter::period(Some(at(1)), Some(at(1)), at(0)).unwrap_err();
    assert_eq!(wrong.to_string(), "?to: the period ends before it begins");
    let filter = Filter::period(None, None, at(0)).unwrap();
    assert_eq!(filter.before().to, filter.from);
    assert_eq!(
        Filter { from: Timestamp::MIN, ..filter }.before().from,
        Timestamp::MIN,
        "there is no time before all time"
    );
}

#[test]
fn a_promise_counts_once_its_time_has_come() {
    let given = |by: i64, fate: Fate| Promise { audience: Audience::Internal, given_at: at(0), by: at(by), fate };
    let answered = |minute| Fate::Answered { at: at(minute), why: None };
    let table = [
        (given(10, answered(10)), "kept"),
        (given(90, answered(10)), "kept"),
        (given(10, answered(11)), "missed"),
        (given(60, Fate::Open), ""),
        (given(59, Fate::Open), "missed"),
        (given(10, Fate::Over { at: at(10) }), ""),
        (given(10, Fate::Over { at: at(20) }), "missed"),
    ];
    for (promise, stands) in &table {
        let mut one = took(1, 0, None);
        one.promises.push(promise.clone());
        let cases = [one];
        let found = insights(&cases, &everything(), at(60)).promises;
        let listed = |which| found.list(which).len();
        let is = (listed(Promised::Due), listed(Promised::Kept), listed(Promised::Missed));
        let should = match *stands {
            "kept" => (1, 1, 0),
            "missed" => (1, 0, 1),
            _ => (0, 0, 0),
        };
        assert_eq!(is, should, "{promise:?}");
        assert_eq!(found.share(), None, "one is no share");
    }
    let mut one = took(1, 0, None);
    one.promises = (1..=20).map(|minute| given(minute, answered(19))).collect();
    let cases = [one];
    let found = insights(&cases, &everything(), at(60)).promises;
    assert_eq!(found.kept(), 2);
    let (share, least, most) = found.share().unwrap();
    assert!((share - 0.1).abs() < 1e-9 && (least - 0.0123).abs() < 1e-4 && (most - 0.3170).abs() < 1e-4);
}

#[test]
fn a_difference_that_cannot_be_seen_is_not_told_as_one() {
    let against = |now: Vec<i64>, before: Vec<i64>| {
        let (now, before) = (many(now), many(before));
        let (now, before) = (insights(&now, &everything(), at(0)), insights(&before, &everything(), at(0)));
        now.distribution(Measure::Mitigate).against(before.distribution(Measure::Mitigate))
    };
    assert_eq!(against((1..=30).collect(), (1..=19).collect()), Comparison::TooFew { before: 19 });
    assert_eq!(against((1..=19).collect(), (1..=30).collect()), Comparison::TooFew { before: 30 });
    let same = against((1..=30).collect(), (1..=40).collect());
    assert!(!same.is_detectable(), "{same:?}");
    // A tenth less of everything is invisible among so few: that is how it is.
    let tenth = against((1..=30).map(|minute| minute * 9).collect(), (1..=30).map(|minute| minute * 10).collect());
    assert!(matches!(tenth, Comparison::Difference { seconds: -900, .. }) && !tenth.is_detectable(), "{tenth:?}");
    let half = against((101..=140).collect(), (1..=40).collect());
    assert!(matches!(half, Comparison::Difference { seconds: 6000, before: 40, .. }) && half.is_detectable());
    let quicker = against((1..=40).collect(), (101..=140).collect());
    assert!(matches!(quicker, Comparison::Difference { seconds: -6000, .. }) && quicker.is_detectable());
}

#[test]
fn lengths_are_said_in_two_units() {
    for (seconds, said) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (119, "1 min 59 s"),
        (659, "10 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (-10_800, "−3 h"),
        (266_400, "3 d 2 h"),
        (31_536_000, "1 y"),
        (-110_775_360, "−3 y 187 d"),
        (i64::MIN, "−292471208677 y 195 d"),
    ] {
        assert_eq!(in_words(seconds), said);
    }
}

proptest! {
    /// Whatever the values are, the numbers speak of the same incidents: none twice, none lost, in order.
    #[test]
    fn known_and_unknown_are_all(values in proptest::collection::vec(proptest::option::of(-5000i64..5000), 0..80)) {
        let cases: Vec<Case> = (1..).zip(&values).map(|(number, value)| took(number, 0, *value)).collect();
        let found = insights(&cases, &everything(), at(0));
        let mitigate = found.distribution(Measure::Mitigate);
        let known = values.iter().flatten().count();
        prop_assert_eq!((mitigate.n(), mitigate.of_all()), (known, values.len()));
        prop_assert!(mitigate.points.is_sorted_by_key(Point::seconds));
        let mut ids: Vec<_> = mitigate.points.iter().map(|point| point.case.id).collect();
        ids.extend(mitigate.unknown.iter().map(|case| case.id));
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), values.len());
        prop_assert_eq!(mitigate.quantiles().is_empty(), known < ENOUGH);
        for one in mitigate.quantiles() {
            prop_assert!(one.least.is_none_or(|least| least.seconds() <= one.point.seconds()));
            prop_assert!(one.most.is_none_or(|most| one.point.seconds() <= most.seconds()));
        }
        prop_assert_eq!(mitigate.before(), values.iter().flatten().filter(|value| **value < 0).count());
    }

    /// Turned around, a comparison says the opposite.
    #[test]
    fn a_comparison_has_two_sides(now in proptest::collection::vec(-500i64..5000, 20..60), before in proptest::collection::vec(-500i64..5000, 20..60)) {
        let (now, before) = (many(now), many(before));
        let (now, before) = (insights(&now, &everything(), at(0)), insights(&before, &everything(), at(0)));
        let (now, before) = (now.distribution(Measure::Mitigate), before.distribution(Measure::Mitigate));
        match (now.against(before), before.against(now)) {
            (Comparison::Difference { seconds, least, most, .. }, Comparison::Difference { seconds: back, least: low, most: high, .. }) => {
                prop_assert_eq!((seconds, least, most), (-back, -high, -low));
                prop_assert!(least <= seconds && seconds <= most);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
