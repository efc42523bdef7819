//! Coverage: does a page reach a human in time, whenever it starts? Proven, or the stretches in which it does not.
//!
//! Who is on call only changes at hand-offs, window edges and overrides. So it is enough to play a page that starts at
//! each of these instants (and as long before as a step may begin later): in between, every answer is the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::contacts::{check_address, plan};
use super::deliveries::Urgency;
use super::escalations::{EscalationPolicy, Lookup, Move, Page, Recipient, State, Target, next, start};
use super::oncall::OnCall;
use super::schedules::{Override, Roster};
use crate::prepare::people::Person;
use crate::words::{Name, Span};

/// A range of time, looked at for one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub from: Timestamp,
    pub to: Timestamp,
    /// How many instants were played. They stand for all others.
    pub played: usize,
    /// The longest time until a human is told, where one is in time.
    pub worst: Span,
    /// When a page would not reach a human in time. Empty: proven.
    pub holes: Vec<Hole>,
}

impl Coverage {
    pub fn is_proven(&self) -> bool {
        self.holes.is_empty()
    }
}

/// A page that starts from `from` until before `to` does not reach a human in time. `from` is the counterexample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    pub from: Timestamp,
    pub to: Timestamp,
    pub why: String,
}

/// How long after a step begins the person's first contact is tried; or why none works, in words that follow the name.
pub fn first_contact(person: &Person, urgency: Urgency) -> Result<Span, String> {
    super::contacts::reachable(person, urgency)?;
    let begins = Timestamp::UNIX_EPOCH;
    let works = plan(person, urgency, begins).into_iter().find(|one| check_address(&one.address).is_ok());
    Ok(works.map_or(Span::ZERO, |one| Span::between(begins, one.due_at)))
}

/// Whether every high-urgency page that starts in `[from, to)` reaches a human within `within`.
///
/// `schedules` are those that the policy names, with their overrides; `contact` is [`first_contact`] of the person of
/// that name. A page counts as answered for as soon as the first step that reaches people has told them.
pub fn coverage(
    policy: &EscalationPolicy,
    within: Span,
    (from, to): (Timestamp, Timestamp),
    schedules: &BTreeMap<Name, (Roster, Vec<Override>)>,
    contact: &dyn Fn(&Name) -> Result<Span, String>,
) -> Coverage {
    let world = World { schedules, contact };
    let mut coverage = Coverage { from, to, played: 0, worst: Span::ZERO, holes: Vec::new() };
    if from >= to {
        return coverage;
    }
    let instants: Vec<Timestamp> = instants(policy, from, to, schedules).into_iter().collect();
    for (i, at) in instants.iter().enumerate() {
        coverage.played += 1;
        let until = instants.get(i + 1).copied().unwrap_or(to);
        let why = match play(policy, *at, &world) {
            Ok(after) if after <= within => {
                coverage.worst = coverage.worst.max(after);
                continue;
            }
            Ok(after) => format!("a human is told only after {after}, not within {within}"),
            Err(why) => why,
        };
        match coverage.holes.last_mut() {
            Some(last) if last.to == *at && last.why == why => last.to = until,
            _ => coverage.holes.push(Hole { from: *at, to: until, why }),
        }
    }
    coverage
}

struct World<'a> {
    schedules: &'a BTreeMap<Name, (Roster, Vec<Override>)>,
    contact: &'a dyn Fn(&Name) -> Result<Span, String>,
}

impl Lookup for World<'_> {
    fn on_call(&self, schedule: &Name, at: Timestamp) -> Option<OnCall> {
        self.schedules.get(schedule).map(|(roster, overrides)| roster.on_call(overrides, at))
    }

    fn reachable(&self, person: &Name, _: Urgency) -> Result<(), String> {
        (self.contact)(person).map(|_| ())
    }
}

/// How long until a human is told, of a page that starts now.
fn play(policy: &EscalationPolicy, at: Timestamp, world: &World) -> Result<Span, String> {
    let mut now = at;
    let mut moved = start(policy, Urgency::High, now, world);
    let mut why = reasons(&moved);
    loop {
        let told = moved.notify.iter().filter_map(|one| match &one.to {
            Recipient::Person(person) => (world.contact)(person).ok(),
            Recipient::Webhook(_) => None,
        });
        if let Some(soonest) = told.min() {
            return Ok(Span::millis(Span::between(at, now).as_millis() + soonest.as_millis()));
        }
        let (State::Calling { .. }, Some(due_at)) = (&moved.state, moved.state.due_at()) else {
            return Err(if why.is_empty() { "no step tells a human".into() } else { why });
        };
        now = due_at;
        moved = next(policy, &Page { urgency: Urgency::High, state: moved.state }, now, world);
        if why.is_empty() {
            why = reasons(&moved);
        }
    }
}

fn reasons(moved: &Move) -> String {
    moved.skipped.iter().map(|one| format!("step {}: {}", one.step, one.why)).collect::<Vec<_>>().join("; ")
}

/// The instants at which the course of a page that starts then may differ from that of one a moment before.
fn instants(
    policy: &EscalationPolicy,
    from: Timestamp,
    to: Timestamp,
    schedules: &BTreeMap<Name, (Roster, Vec<Override>)>,
) -> BTreeSet<Timestamp> {
    let offsets = offsets(policy);
    let latest = offsets.last().copied().unwrap_or(Span::ZERO);
    let named: BTreeSet<&Name> = policy
        .steps
        .iter()
        .flat_map(|step| &step.notify)
        .filter_map(|target| match target {
            Target::Schedule(name) => Some(name),
            _ => None,
        })
        .collect();
    let mut instants = BTreeSet::from([from]);
    for (roster, overrides) in named.into_iter().filter_map(|name| schedules.get(name)) {
        for shift in roster.strips(overrides, from, latest.after(to)).rendered {
            instants.extend(offsets.iter().map(|offset| offset.before(shift.from)).filter(|at| from < *at && *at < to));
        }
    }
    instants
}

/// How long after its start a page that has reached no human yet may begin a step: only steps of webhooks alone wait
/// without one.
fn offsets(policy: &EscalationPolicy) -> BTreeSet<Span> {
    let mut offsets = BTreeSet::from([Span::ZERO]);
    let mut after = 0;
    for _ in 0..policy.rounds() {
        for step in &policy.steps {
            if step.notify.iter().all(|target| matches!(target, Target::Webhook(_))) {
                after += step.wait.as_millis();
                offsets.insert(Span::millis(after));
            }
        }
        if after == 0 {
            break;
        }
    }
    offsets
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::engage::schedule_proofs::{a_case, name};
    use crate::engage::schedules::Schedule;

    const SCHEDULE: &str = "
title: Payments
time_zone: Europe/Berlin
layers:
  - name: primary
    people: [ana, ben]
    starts: 2026-01-05T09:00
    rotate: { weeks: 1 }
";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn look(
        schedule: &str,
        policy: &str,
        overrides: &[Override],
        contact: &dyn Fn(&Name) -> Result<Span, String>,
    ) -> String {
        let schedule: Schedule = serde_saphyr::from_str(schedule).unwrap();
        let policy: EscalationPolicy = serde_saphyr::from_str(policy).unwrap();
        assert_eq!((schedule.check(), policy.check()), (vec![], vec![]));
        let zone = schedule.roster().unwrap().zone().clone();
        let schedules =
            BTreeMap::from([("payments".parse().unwrap(), (schedule.roster().unwrap(), overrides.to_vec()))]);
        let range = (at("2026-03-22T23:00:00Z"), at("2026-04-05T22:00:00Z"));
        let coverage = coverage(&policy, Span::minutes(5), range, &schedules, contact);
        let show = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %d %H:%M").to_string();
        let mut out = vec![format!("played {}, worst {}", coverage.played, coverage.worst)];
        out.extend(coverage.holes.iter().map(|hole| format!("{} - {}: {}", show(hole.from), show(hole.to), hole.why)));
        out.join("\n")
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands where somebody may have no contact")]
    fn everybody(_: &Name) -> Result<Span, String> {
        Ok(Span::ZERO)
    }

    const PLAIN: &str = "{title: P, steps: [{notify: [{schedule: payments}]}]}";

    #[test]
    fn a_week_about_rotation_is_proven_through_the_clock_change() {
        insta::assert_snapshot!(look(SCHEDULE, PLAIN, &[], &everybody), @"played 3, worst 0s");
    }

    #[test]
    fn the_first_counterexample_is_named_with_its_reason() {
        let office = format!(
            "{SCHEDULE}    only: [{{ days: [monday, tuesday, wednesday, thursday, friday], from: '00:00', to: '24:00' }}]\n"
        );
        insta::assert_snapshot!(look(&office, PLAIN, &[], &everybody), @r"
        played 6, worst 0s
        Sat 28 00:00 - Mon 30 00:00: step 1: on call for payments: nobody (no layer covers this time)
        Sat 04 00:00 - Mon 06 00:00: step 1: on call for payments: nobody (no layer covers this time)
        ");
        let boss = "{title: P, steps: [{notify: [{schedule: payments}]}, {notify: [{person: boss}]}]}";
        insta::assert_snapshot!(look(&office, boss, &[], &everybody), @"played 6, worst 0s");
        let ben_left =
            |person: &Name| if *person == "ben" { Err("is marked as inactive".into()) } else { Ok(Span::ZERO) };
        insta::assert_snapshot!(look(SCHEDULE, PLAIN, &[], &ben_left), @r"
        played 3, worst 0s
        Mon 23 09:00 - Mon 30 09:00: step 1: ben is marked as inactive (on call for payments: primary, turn 12)
        ");
        let nobody = Override {
            id: "ovr_0000000000000001".parse().unwrap(),
            schedule: "payments".parse().unwrap(),
            person: None,
            starts_at: at("2026-03-29T00:30:00Z"),
            ends_at: at("2026-03-29T02:00:00Z"),
            reason: None,
            created_by: name(0),
        };
        insta::assert_snapshot!(look(SCHEDULE, PLAIN, &[nobody], &everybody), @r"
        played 5, worst 0s
        Sun 29 01:30 - Sun 29 04:00: step 1: on call for payments: deliberately nobody, by override ovr_0000000000000001
        ");
    }

    #[test]
    fn what_is_told_too_late_is_a_hole_too() {
        let slow = |person: &Name| Ok(if *person == "ben" { Span::minutes(10) } else { Span::minutes(1) });
        insta::assert_snapshot!(look(SCHEDULE, PLAIN, &[], &slow), @r"
        played 3, worst 1m
        Mon 23 09:00 - Mon 30 09:00: a human is told only after 10m, not within 5m
        ");
        let hooks = "{title: P, repeat: 0, steps: [{notify: [{webhook: 'https://a.example'}], wait: 3m}, {notify: [{schedule: payments}]}]}";
        insta::assert_snapshot!(look(SCHEDULE, hooks, &[], &everybody), @"played 5, worst 3m");
        let hooks = hooks.replace("wait: 3m", "wait: 6m");
        insta::assert_snapshot!(look(SCHEDULE, &hooks, &[], &everybody), @r"
        played 5, worst 0s
        Mon 23 00:00 - Mon 06 00:00: a human is told only after 6m, not within 5m
        ");
        let only_hooks = "{title: P, steps: [{notify: [{webhook: 'https://a.example'}]}]}";
        insta::assert_snapshot!(look(SCHEDULE, only_hooks, &[], &everybody), @r"
        played 1, worst 0s
        Mon 23 00:00 - Mon 06 00:00: no step tells a human
        ");
    }

    #[test]
    fn the_first_contact_is_the_first_rung_that_works() {
        let person = |ladder: &str| -> Person {
            serde_saphyr::from_str(&format!("{{full_name: Ana, email: ana@example.org, ladder: {{high: {ladder}}}}}"))
                .unwrap()
        };
        assert_eq!(first_contact(&person("[]"), Urgency::High), Ok(Span::ZERO));
        assert_eq!(first_contact(&person("[{contact: email, after: 4m}]"), Urgency::High), Ok(Span::minutes(4)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_proof_agrees_with_playing_any_instant(
            (schedule, overrides, around) in a_case(),
            hooks_first in any::<bool>(),
            seconds in prop::collection::vec(0i64..5 * 86_400, 20),
        ) {
            let Ok(roster) = schedule.roster() else { return Ok(()) };
            let schedules = BTreeMap::from([("drawn".parse().unwrap(), (roster, overrides))]);
            let hook = if hooks_first { "{notify: [{webhook: 'https://a.example'}], wait: 7m}, " } else { "" };
            let policy: EscalationPolicy =
                serde_saphyr::from_str(&format!("{{title: P, repeat: 1, steps: [{hook}{{notify: [{{schedule: drawn}}]}}]}}")).unwrap();
            let contact = |person: &Name| if *person == "cleo" { Err("has no phone".to_owned()) } else { Ok(Span::minutes(1)) };
            let range = (around, around + SignedDuration::from_hours(5 * 24));
            let found = coverage(&policy, Span::minutes(8), range, &schedules, &contact);
            let world = World { schedules: &schedules, contact: &contact };
            for at in seconds.into_iter().map(|after| around + SignedDuration::from_secs(after)) {
                let hole = found.holes.iter().any(|hole| hole.from <= at && at < hole.to);
                let reached = play(&policy, at, &world).is_ok_and(|after| after <= Span::minutes(8));
                prop_assert_eq!(hole, !reached, "at {}", at);
            }
        }
    }
}
