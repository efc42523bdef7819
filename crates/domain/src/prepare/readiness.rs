//! Whether the people who will be on call can be reached, and whether somebody always is.
//!
//! Looks at documents alone: overrides are events, and are checked when they are made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::checks::Checker;
use super::documents::{Kind, Reference};
use crate::engage::contacts;
use crate::engage::deliveries::Urgency;
use crate::engage::escalations::Target;
use crate::engage::oncall;
use crate::words::{Name, Timestamp};

/// How far ahead gaps are looked for.
pub(super) const DAYS_AHEAD: i64 = 14;
/// How far ahead a turn is looked for, to say when a person that cannot be reached is on call.
const DAYS_SEARCHED: i64 = 120;
/// More gaps of one schedule are counted, not listed.
const GAPS_SHOWN: usize = 3;

pub(super) fn check(checker: &mut Checker<'_>) {
    // Who is reached how: for each person (or schedule) the first policy that tells them, and where it does.
    let mut schedules: BTreeMap<&Name, (Reference, String)> = BTreeMap::new();
    let catalog = checker.catalog;
    for (policy, spec) in &catalog.escalation_policies {
        let reference = Reference::new(Kind::EscalationPolicy, policy.clone());
        for (step, spec) in spec.steps.iter().enumerate() {
            for (place, target) in spec.notify.iter().enumerate() {
                let pointer = format!("/spec/steps/{step}/notify/{place}");
                match target {
                    Target::Person(name) => {
                        let pointer = format!("{pointer}/person");
                        if let Some((where_, why)) = unreachable(checker, name) {
                            let message = format!("{name} is told by escalation policy {policy:?} but {why}");
                            blame(checker, name, where_, &reference, &pointer, &message);
                        }
                    }
                    Target::Schedule(name) => {
                        schedules.entry(name).or_insert((reference.clone(), format!("{pointer}/schedule")));
                    }
                    Target::Webhook(_) => {}
                }
            }
        }
    }
    for (name, (policy, pointer)) in schedules {
        on_call(checker, name, &policy, &pointer);
    }
    for (name, schedule) in &catalog.schedules {
        if !schedule.gaps_intended {
            gaps(checker, name);
        }
    }
}

/// Where in the person's document, and why, if the person cannot be reached when it matters.
fn unreachable(checker: &Checker<'_>, person: &Name) -> Option<(&'static str, String)> {
    let person = checker.catalog.people.get(person)?;
    let why = contacts::reachable_by(person, Urgency::High, checker.conditions.works).err()?;
    Some((if person.inactive { "/spec/inactive" } else { "/spec/contacts" }, why))
}

/// The people in the rotations of a schedule that some policy uses.
fn on_call(checker: &mut Checker<'_>, name: &Name, policy: &Reference, pointer: &str) {
    let Some(schedule) = checker.catalog.schedules.get(name) else { return };
    let schedule_reference = Reference::new(Kind::Schedule, name.clone());
    let mut seen = BTreeSet::new();
    for (layer, spec) in schedule.layers.iter().enumerate() {
        for (place, person) in spec.people.iter().enumerate() {
            let Some((where_, why)) = unreachable(checker, person) else { continue };
            if !seen.insert(person) {
                continue;
            }
            let when = match first_turn(checker, name, person) {
                Some(when) => format!("is on call for {name} {when}"),
                None => format!("is in the rotation of {name}"),
            };
            let message = format!("{person} {when} but {why}");
            if checker.touches(&schedule_reference) {
                let pointer = format!("/spec/layers/{layer}/people/{place}");
                blame(checker, person, where_, &schedule_reference, &pointer, &message);
            } else {
                blame(checker, person, where_, policy, pointer, &message);
            }
        }
    }
}

/// Puts the problem where it was made: at the person, if their document is part of the set.
fn blame(checker: &mut Checker<'_>, person: &Name, where_: &str, other: &Reference, pointer: &str, message: &str) {
    let reference = Reference::new(Kind::Person, person.clone());
    if checker.touches(&reference) && !checker.touches(other) {
        checker.problem(&reference, where_, message, None);
    } else {
        checker.problem(other, pointer, message, None);
    }
}

/// When the person is next on call there, in the words of the schedule's own clock.
fn first_turn(checker: &Checker<'_>, schedule: &Name, person: &Name) -> Option<String> {
    let spec = checker.catalog.schedules.get(schedule)?;
    let zone = crate::engage::schedules::zone(&spec.time_zone).ok()?;
    let strips = oncall::strips(spec, &[], checker.conditions.now, days_later(checker.conditions.now, DAYS_SEARCHED));
    let shift = strips.rendered.iter().find(|shift| shift.person.as_ref() == Some(person))?;
    if shift.from == checker.conditions.now {
        return Some("now".into());
    }
    Some(shift.from.to_zoned(zone).strftime("from %Y-%m-%d %H:%M").to_string())
}

/// Times of the coming days when nobody is on call.
fn gaps(checker: &mut Checker<'_>, name: &Name) {
    let Some(spec) = checker.catalog.schedules.get(name) else { return };
    // A schedule that cannot be read has its problems already.
    let (Ok(zone), true) = (crate::engage::schedules::zone(&spec.time_zone), spec.check().is_empty()) else { return };
    let gaps = oncall::strips(spec, &[], checker.conditions.now, days_later(checker.conditions.now, DAYS_AHEAD)).gaps;
    let Some(first) = gaps.first() else { return };
    let show = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %d %b %H:%M").to_string();
    let shown: Vec<String> =
        gaps.iter().take(GAPS_SHOWN).map(|(from, to)| format!("{} to {}", show(*from), show(*to))).collect();
    let more = match gaps.len().saturating_sub(GAPS_SHOWN) {
        0 => String::new(),
        more => format!(", and {more} more times"),
    };
    let whole = gaps.len() == 1 && *first == (checker.conditions.now, days_later(checker.conditions.now, DAYS_AHEAD));
    let message = if whole {
        format!("nobody is on call for {name} in the coming {DAYS_AHEAD} days")
    } else {
        format!(
            "nobody is on call for {name} from {}{more}; if that is meant, say `gaps_intended: true`",
            shown.join(", from ")
        )
    };
    checker.warning(&Reference::new(Kind::Schedule, name.clone()), "/spec/layers", message);
}

pub(super) fn days_later(at: Timestamp, days: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
}
