//! Properties of schedules that hold for any rotation in any zone, tried on drawn ones.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::oncall::{Shift, Why};
use super::schedules::{Layer, Override, Roster, Rotate, Schedule, Turns, Weekday, Window};
use crate::words::Name;

const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Nairobi",
    "Asia/Kolkata",
    "America/St_Johns",
    "Africa/Casablanca",
];

/// Instants around which clocks change in one of the zones.
const AROUND: [&str; 6] = [
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-10-03T15:30:00Z",
    "2011-12-30T10:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-07-01T00:00:00Z",
];

pub(super) fn name(index: usize) -> Name {
    ["ana", "ben", "cleo", "dan", "eve"][index % 5].parse().unwrap()
}

fn a_rotate() -> impl Strategy<Value = Rotate> {
    prop_oneof![
        prop::sample::select(vec![1u16, 2, 3, 4, 5, 6, 7, 8, 12, 36]).prop_map(Rotate::Hours),
        (1u16..9).prop_map(Rotate::Days),
        (1u16..4).prop_map(Rotate::Weeks),
    ]
}

fn a_window() -> impl Strategy<Value = Window> {
    (prop::sample::subsequence(Weekday::ALL.to_vec(), 0..=7), 0..48u32, 1..48u32).prop_map(|(days, from, length)| {
        let show = |half: u32| format!("{:02}:{:02}", half / 2, half % 2 * 30);
        Window { days, from: show(from), to: show((from + length) % 48) }
    })
}

fn a_layer(restricted: bool) -> impl Strategy<Value = Layer> {
    let windows = prop::collection::vec(a_window(), 0..if restricted { 3 } else { 1 });
    let day = (2010i32..=2026, 1u32..=12, 1u32..=28, prop::sample::select(vec!["00:00", "01:30", "02:30", "09:00"]));
    (1usize..=5, day, a_rotate(), windows, any::<bool>()).prop_map(
        |(people, (year, month, day, time), rotate, only, ends)| Layer {
            name: String::new(),
            people: (0..people).map(name).collect(),
            starts: format!("{year}-{month:02}-{day:02}T{time}"),
            ends: ends.then(|| format!("{}-{month:02}-{day:02}T13:00", year + 1)),
            rotate,
            only,
            turns: if people % 2 == 0 { Turns::Covered } else { Turns::All },
        },
    )
}

fn a_schedule() -> impl Strategy<Value = Schedule> {
    (prop::sample::select(ZONES.to_vec()), prop::collection::vec(a_layer(true), 1..4)).prop_map(|(zone, mut layers)| {
        for (i, layer) in layers.iter_mut().enumerate() {
            layer.name = format!("layer {i}");
        }
        Schedule { title: "Drawn".into(), time_zone: zone.into(), layers, team: None, gaps_intended: false }
    })
}

fn some_overrides(around: Timestamp) -> impl Strategy<Value = Vec<Override>> {
    let one = (-100i64..100, 1i64..60, prop::option::of(0usize..5));
    prop::collection::vec(one, 0..5).prop_map(move |drawn| {
        let hours = |hours| around + SignedDuration::from_hours(hours);
        let overrides = drawn.into_iter().enumerate().map(|(i, (starts, length, person))| Override {
            id: format!("ovr_{i:016}").parse().unwrap(),
            schedule: "drawn".parse().unwrap(),
            person: person.map(name),
            starts_at: hours(starts),
            ends_at: hours(starts + length),
            reason: None,
            created_by: name(0),
        });
        overrides.collect()
    })
}

pub(super) fn a_case() -> impl Strategy<Value = (Schedule, Vec<Override>, Timestamp)> {
    prop::sample::select(AROUND.to_vec()).prop_flat_map(|around| {
        let around: Timestamp = around.parse().unwrap();
        (a_schedule(), some_overrides(around), Just(around))
    })
}

/// The range is covered from end to end, without hole or overlap, and no two neighbours say the same.
fn tiles(shifts: &[Shift], from: Timestamp, to: Timestamp) -> Result<(), TestCaseError> {
    prop_assert_eq!(shifts.first().map(|shift| shift.from), Some(from));
    prop_assert_eq!(shifts.last().map(|shift| shift.to), Some(to));
    for pair in shifts.windows(2) {
        prop_assert_eq!(pair[0].to, pair[1].from);
        prop_assert!((&pair[0].why, &pair[0].person) != (&pair[1].why, &pair[1].person), "{:?}", pair);
    }
    for shift in shifts {
        prop_assert!(shift.from < shift.to, "{:?}", shift);
    }
    Ok(())
}

/// Asking for an instant gives what the strip shows there, and the same bounds.
fn agrees(
    roster: &Roster,
    overrides: &[Override],
    shift: &Shift,
    ends: (Timestamp, Timestamp),
) -> Result<(), TestCaseError> {
    let millisecond = SignedDuration::from_millis(1);
    let middle = shift.from + (shift.to.duration_since(shift.from) / 2);
    for at in [shift.from, shift.from + millisecond, middle, shift.to - millisecond] {
        let answer = roster.on_call(overrides, at);
        prop_assert_eq!((&answer.person, &answer.why), (&shift.person, &shift.why), "at {}", at);
        if shift.from > ends.0 {
            prop_assert_eq!(answer.since, Some(shift.from), "since, at {}", at);
        }
        if shift.to < ends.1 {
            prop_assert_eq!(answer.until, Some(shift.to), "until, at {}", at);
        }
        prop_assert!(answer.since.is_none_or(|since| since <= at) && answer.until.is_none_or(|until| at < until));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strips_tile_the_range_and_agree_with_each_instant((schedule, overrides, around) in a_case()) {
        // A drawn `starts` may lie in a gap, or the windows may be empty: those are refused, and not our matter here.
        let Ok(roster) = schedule.roster() else { return Ok(()) };
        let week = SignedDuration::from_hours(5 * 24);
        let (from, to) = (around - week, around + week);
        let strips = roster.strips(&overrides, from, to);
        tiles(&strips.rendered, from, to)?;
        for shift in &strips.rendered {
            agrees(&roster, &overrides, shift, (from, to))?;
        }
        let gaps: Vec<_> = strips.rendered.iter().filter(|s| s.person.is_none() && matches!(s.why, Why::Gap { .. })).map(|s| (s.from, s.to)).collect();
        prop_assert_eq!(gaps, strips.gaps);
    }

    #[test]
    fn one_layer_without_windows_always_has_somebody(
        zone in prop::sample::select(ZONES.to_vec()),
        mut layer in a_layer(false),
        around in prop::sample::select(AROUND.to_vec()),
        after in 0i64..100_000_000,
    ) {
        layer.name = "only".into();
        layer.ends = None;
        layer.turns = Turns::All;
        let schedule = Schedule { title: "Drawn".into(), time_zone: zone.into(), layers: vec![layer], team: None, gaps_intended: false };
        let Ok(roster) = schedule.roster() else { return Ok(()) };
        let starts = roster.entered(&schedule.layers[0].starts).unwrap();
        let around: Timestamp = around.parse().unwrap();
        for at in [around, around + SignedDuration::from_secs(after), starts, starts + SignedDuration::from_secs(after)] {
            let person = roster.on_call(&[], at).person;
            prop_assert_eq!(person.is_some(), at >= starts, "at {}", at);
        }
    }

    #[test]
    fn whoever_is_on_call_now_hands_off_to_the_next_in_turn((schedule, _, around) in a_case()) {
        let Ok(roster) = schedule.roster() else { return Ok(()) };
        let week = SignedDuration::from_hours(15 * 24);
        for ((_, shifts), layer) in roster.strips(&[], around - week, around + week).layers.iter().zip(&schedule.layers) {
            for shift in shifts {
                let Why::Turn { turn, .. } = &shift.why else { panic!() };
                if layer.turns == Turns::All {
                    let person = &layer.people[usize::try_from(turn - 1).unwrap() % layer.people.len()];
                    prop_assert_eq!(shift.person.as_ref(), Some(person));
                }
            }
        }
    }
}
