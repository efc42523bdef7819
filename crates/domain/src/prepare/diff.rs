//! What a change of documents means: as sentences (who is on call when, who is paged), and field by field.
//!
//! The sentences come from asking both revisions the same questions with the code that pages.

use std::collections::BTreeSet;
use std::fmt;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::catalog::Catalog;
use super::documents::{Reference, Spec};
use super::people::Person;
use super::problems::push_segment;
use super::readiness::DAYS_AHEAD;
use crate::engage::escalations::{EscalationPolicy, Target};
use crate::engage::oncall::{self, Shift};
use crate::engage::schedules::{self, Schedule};
use crate::words::{Name, Timestamp, text};

/// More changes of who is on call than this are counted, not told.
const MOVES_SHOWN: usize = 8;
/// Longer lists are compared place by place.
const ALIGNED_MOST: usize = 300;
/// A longer value is cut.
const VALUE_MOST: usize = 120;

/// What happens to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Create,
    Change,
    Delete,
}

impl Verb {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A field that changes. A value that is not there is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// In the spec: `/layers/0/people`.
    pub pointer: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".into());
        write!(f, "{}: {} -> {}", self.pointer, show(&self.before), show(&self.after))
    }
}

/// What happens to one document, and what that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub reference: Reference,
    pub verb: Verb,
    pub sentences: Vec<String>,
    pub fields: Vec<FieldChange>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.reference)?;
        for sentence in &self.sentences {
            write!(f, "\n  {sentence}")?;
        }
        if self.verb == Verb::Change {
            for field in &self.fields {
                write!(f, "\n    {field}")?;
            }
        }
        Ok(())
    }
}

/// Everything that differs, in the order in which the kinds refer to each other. `now` is where "the coming days" begin.
pub fn catalogs(before: &Catalog, after: &Catalog, now: Timestamp) -> Vec<Difference> {
    let references: BTreeSet<Reference> = before.references().into_iter().chain(after.references()).collect();
    let mut differences: Vec<Difference> = references
        .into_iter()
        .filter_map(|reference| {
            let (old, new) = (before.get(&reference), after.get(&reference));
            specs(&reference, old.as_ref(), new.as_ref(), now)
        })
        .collect();
    differences.sort_by_key(|difference| {
        super::documents::Kind::ALL.iter().position(|kind| *kind == difference.reference.kind)
    });
    differences
}

/// The difference between two revisions of a document; nothing if they say the same.
pub fn specs(reference: &Reference, before: Option<&Spec>, after: Option<&Spec>, now: Timestamp) -> Option<Difference> {
    let verb = match (before, after) {
        (None, None) => return None,
        (Some(before), Some(after)) if before == after => return None,
        (None, Some(_)) => Verb::Create,
        (Some(_), Some(_)) => Verb::Change,
        (Some(_), None) => Verb::Delete,
    };
    Some(Difference {
        reference: reference.clone(),
        verb,
        sentences: sentences(&reference.name, before, after, now),
        fields: fields(before, after),
    })
}

/// The fields of the spec that differ.
pub fn fields(before: Option<&Spec>, after: Option<&Spec>) -> Vec<FieldChange> {
    let json = |spec: Option<&Spec>| spec.map_or_else(|| Value::Object(serde_json::Map::new()), Spec::to_json);
    let mut found = Vec::new();
    compare(Some(&json(before)), Some(&json(after)), &mut String::new(), &mut found);
    found
}

fn compare(before: Option<&Value>, after: Option<&Value>, pointer: &mut String, found: &mut Vec<FieldChange>) {
    let end = pointer.len();
    match (before, after) {
        (None, None) => {}
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                push_segment(pointer, key);
                compare(old.get(key), new.get(key), pointer, found);
                pointer.truncate(end);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if !(flat(old) && flat(new)) => {
            for (place, old, new) in aligned(old, new) {
                push_segment(pointer, &place.to_string());
                compare(old, new, pointer, found);
                pointer.truncate(end);
            }
        }
        (old, new) => found.push(FieldChange { pointer: pointer.clone(), before: old.map(show), after: new.map(show) }),
    }
}

fn flat(items: &[Value]) -> bool {
    items.iter().all(|item| !item.is_object() && !item.is_array())
}

/// Items of two lists side by side: what is the same stays together, so that an insertion is only that. The place is
/// that in the new list, or, for what is gone, that in the old one.
fn aligned<'v>(old: &'v [Value], new: &'v [Value]) -> Vec<(usize, Option<&'v Value>, Option<&'v Value>)> {
    // Two items are of one thing if they bear the same name, or are equal.
    let same = |a: &Value, b: &Value| match (a.get("name"), b.get("name")) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    };
    if old.len() > ALIGNED_MOST || new.len() > ALIGNED_MOST {
        return (0..old.len().max(new.len())).map(|place| (place, old.get(place), new.get(place))).collect();
    }
    // The longest common subsequence, counted from the end.
    let mut longest = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = if same(&old[i], &new[j]) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        let (from_i, from_j) = (i, j);
        while (i < old.len() || j < new.len()) && !(i < old.len() && j < new.len() && same(&old[i], &new[j])) {
            if i < old.len() && (j == new.len() || longest[i + 1][j] >= longest[i][j + 1]) {
                i += 1;
            } else {
                j += 1;
            }
        }
        // Between two that are the same, what is left stands against each other in order.
        for place in 0..(i - from_i).max(j - from_j) {
            let (gone, come) = (from_i + place, from_j + place);
            let old = (gone < i).then(|| &old[gone]);
            let new = (come < j).then(|| &new[come]);
            pairs.push((if new.is_some() { come } else { gone }, old, new));
        }
        if i < old.len() && j < new.len() {
            pairs.push((j, Some(&old[i]), Some(&new[j])));
            (i, j) = (i + 1, j + 1);
        }
    }
    pairs
}

/// A value in a line: `ana, ben`; `high`; `schedule payments`; `{"a":1}` for what is more.
pub fn show(value: &Value) -> String {
    let line = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "(empty)".into(),
        Value::Array(items) => items.iter().map(show).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.len() == 1 && fields.values().all(|value| !value.is_object()) => {
            fields.iter().flat_map(|(key, value)| [key.clone(), " ".into(), show(value)]).collect()
        }
        other => other.to_string(),
    };
    text::shorten(&line, VALUE_MOST)
}

fn sentences(name: &Name, before: Option<&Spec>, after: Option<&Spec>, now: Timestamp) -> Vec<String> {
    macro_rules! both {
        ($kind:ident) => {{
            let before = before.and_then(|spec| match spec {
                Spec::$kind(spec) => Some(spec),
                _ => None,
            });
            let after = after.and_then(|spec| match spec {
                Spec::$kind(spec) => Some(spec),
                _ => None,
            });
            (before, after)
        }};
    }
    match before.or(after) {
        Some(Spec::Schedule(_)) => {
            let (before, after) = both!(Schedule);
            moves(name, before, after, now)
        }
        Some(Spec::EscalationPolicy(_)) => {
            let (before, after) = both!(EscalationPolicy);
            steps(name, before, after)
        }
        Some(Spec::Person(_)) => {
            let (before, after) = both!(Person);
            person(name, before, after)
        }
        Some(Spec::Service(_)) => {
            let (before, after) = both!(Service);
            let policy = |spec: Option<&super::services::Service>| spec.and_then(|spec| spec.escalation_policy.clone());
            let team = |spec: Option<&super::services::Service>| spec.map(|spec| spec.team.clone());
            let mut said = Vec::new();
            said.extend(goes(&format!("service {name}"), "is owned by team", team(before), team(after)));
            said.extend(goes(&format!("service {name}"), "pages through", policy(before), policy(after)));
            said
        }
        Some(Spec::Route(_)) => {
            let (before, after) = both!(Route);
            let policy =
                |spec: Option<&crate::detect::routes::Route>| spec.and_then(|spec| spec.escalation_policy.clone());
            goes(&format!("route {name}"), "pages through", policy(before), policy(after)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// `service web pages through b instead of a`.
fn goes(what: &str, does: &str, before: Option<Name>, after: Option<Name>) -> Option<String> {
    match (before, after) {
        (before, after) if before == after => None,
        (Some(before), Some(after)) => Some(format!("{what} {does} {after} instead of {before}")),
        (None, Some(after)) => Some(format!("{what} {does} {after}")),
        (Some(before), None) => Some(format!("{what} no longer {does} {before}")),
        (None, None) => None,
    }
}

/// Who is on call instead of whom, and when, in the coming days.
fn moves(name: &Name, before: Option<&Schedule>, after: Option<&Schedule>, now: Timestamp) -> Vec<String> {
    let Some(after) = after else { return vec![format!("nobody is on call for {name} any more")] };
    let zone = schedules::zone(&after.time_zone).unwrap_or(TimeZone::UTC);
    let end = super::readiness::days_later(now, DAYS_AHEAD);
    let new = oncall::strips(after, &[], now, end).rendered;
    let Some(before) = before else {
        let first = new.iter().find(|shift| shift.person.is_some());
        return match first.and_then(|shift| Some((shift, shift.person.as_ref()?))) {
            Some((shift, person)) if shift.from == now => vec![format!("{person} is on call for {name} from now on")],
            Some((shift, person)) => {
                vec![format!("{person} is on call for {name} from {}", show_time(shift.from, &zone))]
            }
            None => vec![format!("nobody is on call for {name} in the coming {DAYS_AHEAD} days")],
        };
    };
    let old = oncall::strips(before, &[], now, end).rendered;
    let moved = moved(&old, &new);
    let mut said: Vec<String> = moved
        .iter()
        .take(MOVES_SHOWN)
        .map(|(from, to, old, new)| {
            let begin = if *from == now { "now".into() } else { show_time(*from, &zone) };
            let when = if *to == end {
                format!("from {begin} on")
            } else {
                format!("from {begin} to {}", show_time(*to, &zone))
            };
            match (old, new) {
                (Some(old), Some(new)) => format!("on call for {name} {when} moves from {old} to {new}"),
                (None, Some(new)) => format!("on call for {name} {when} is {new}, where nobody was"),
                (Some(old), None) => format!("nobody is on call for {name} {when}, where {old} was"),
                (None, None) => String::new(),
            }
        })
        .collect();
    if moved.len() > MOVES_SHOWN {
        said.push(format!(
            "and {} more changes of who is on call in the coming {DAYS_AHEAD} days",
            moved.len() - MOVES_SHOWN
        ));
    }
    if moved.is_empty() {
        said.push(format!("who is on call for {name} in the coming {DAYS_AHEAD} days stays the same"));
    }
    said
}

type Move<'s> = (Timestamp, Timestamp, Option<&'s Name>, Option<&'s Name>);

/// The stretches of time in which the two lists name different people. Both lists cover the same range.
fn moved<'s>(old: &'s [Shift], new: &'s [Shift]) -> Vec<Move<'s>> {
    let mut found: Vec<Move<'s>> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(before), Some(after)) = (old.get(i), new.get(j)) {
        let (from, to) = (before.from.max(after.from), before.to.min(after.to));
        let people = (before.person.as_ref(), after.person.as_ref());
        if people.0 != people.1 && from < to {
            match found.last_mut() {
                Some(last) if last.1 == from && (last.2, last.3) == people => last.1 = to,
                _ => found.push((from, to, people.0, people.1)),
            }
        }
        i += usize::from(before.to <= to);
        j += usize::from(after.to <= to);
    }
    found
}

fn show_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M").to_string()
}

/// Whom each step tells, where that changes.
fn steps(name: &Name, before: Option<&EscalationPolicy>, after: Option<&EscalationPolicy>) -> Vec<String> {
    let tells = |policy: Option<&EscalationPolicy>, place: usize| {
        let step = policy?.steps.get(place)?;
        let whom: Vec<String> = step
            .notify
            .iter()
            .map(|target| match target {
                Target::Person(name) => name.to_string(),
                Target::Schedule(name) => format!("who is on call for {name}"),
                Target::Webhook(_) => "a webhook".into(),
            })
            .collect();
        let whom = if whom.is_empty() { "nobody".into() } else { whom.join(" and ") };
        Some((whom, step.wait))
    };
    let count = |policy: Option<&EscalationPolicy>| policy.map_or(0, |policy| policy.steps.len());
    let mut said = Vec::new();
    for place in 0..count(before).max(count(after)) {
        let step = format!("step {} of {name}", place + 1);
        match (tells(before, place), tells(after, place)) {
            (Some((old, _)), Some((new, wait))) if old != new => {
                said.push(format!("{step} tells {new} instead of {old}, and waits {wait}"));
            }
            (Some((_, old)), Some((_, new))) if old != new => {
                said.push(format!("{step} waits {new} for an answer instead of {old}"));
            }
            (None, Some((new, wait))) => said.push(format!("{step} tells {new}, and waits {wait}")),
            (Some((old, _)), None) => said.push(format!("{step} is gone: it told {old}")),
            _ => {}
        }
    }
    said
}

fn person(name: &Name, before: Option<&Person>, after: Option<&Person>) -> Vec<String> {
    let (Some(before), Some(after)) = (before, after) else { return Vec::new() };
    let mut said = Vec::new();
    if after.inactive && !before.inactive {
        said.push(format!("{name} is no longer paged and can no longer sign in"));
    }
    if before.inactive && !after.inactive {
        said.push(format!("{name} can be paged and sign in again"));
    }
    if after.access > before.access {
        said.push(format!("{name} may do more here: {}", after.access));
    }
    if after.access < before.access {
        said.push(format!("{name} may do less here: {}", after.access));
    }
    if after.ladder != before.ladder || after.contacts != before.contacts {
        said.push(format!("{name} is reached in another way"));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::checks::proposed;
    use crate::prepare::reading::from_yaml;

    fn catalog(yaml: &str) -> Catalog {
        let reading = from_yaml("a.yaml", yaml);
        assert_eq!(reading.problems, []);
        proposed(&Catalog::default(), &reading.proposals, &[])
    }

    fn diff(before: &str, after: &str) -> String {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let found = catalogs(&catalog(before), &catalog(after), now);
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    fn schedule(people: &str, more: &str) -> String {
        format!(
            "kind: schedule\nname: payments-primary\nspec:\n  title: Payments, primary\n  time_zone: Europe/Berlin\n  layers:\n  \
            - {{ name: week, people: [{people}], starts: '2026-11-16T09:00', rotate: {{ weeks: 1 }} }}\n{more}"
        )
    }

    #[test]
    fn a_swap_in_a_rotation_says_who_is_on_call_instead() {
        insta::assert_snapshot!(diff(&schedule("ana, ben", ""), &schedule("ben, ana", "")), @"
        change schedule/payments-primary
          on call for payments-primary from now to Mon 23 Nov 09:00 moves from ana to ben
          on call for payments-primary from Mon 23 Nov 09:00 to Mon 30 Nov 09:00 moves from ben to ana
          on call for payments-primary from Mon 30 Nov 09:00 on moves from ana to ben
            /layers/0/people: ana, ben -> ben, ana
        ");
    }

    #[test]
    fn a_layer_added_is_only_that() {
        let night = "  - { name: night, people: [carol], starts: '2026-11-16T00:00', rotate: { days: 1 }, only: [{ days: [tuesday], from: '22:00', to: '06:00' }] }\n";
        insta::assert_snapshot!(diff(&schedule("ana, ben", ""), &schedule("ana, ben", night)), @r#"
        change schedule/payments-primary
          on call for payments-primary from Tue 24 Nov 22:00 to Wed 25 Nov 06:00 moves from ben to carol
          on call for payments-primary from Tue 1 Dec 22:00 to Wed 2 Dec 06:00 moves from ana to carol
            /layers/1: (none) -> {"name":"night","people":["carol"],"starts":"2026-11-16T00:00","rotate":{"days":1},"only":[{"days":["tuesday"],"from":"2…
        "#);
        let daily = "  - { name: day, people: [carol], starts: '2026-11-16T00:00', rotate: { days: 1 }, only: [{ from: '22:00', to: '06:00' }] }\n";
        insta::assert_snapshot!(diff(&schedule("ana, ben", daily), &schedule("ana, ben", "")), @r#"
        change schedule/payments-primary
          on call for payments-primary from Sun 22 Nov 22:00 to Mon 23 Nov 06:00 moves from carol to ana
          on call for payments-primary from Mon 23 Nov 22:00 to Tue 24 Nov 06:00 moves from carol to ben
          on call for payments-primary from Tue 24 Nov 22:00 to Wed 25 Nov 06:00 moves from carol to ben
          on call for payments-primary from Wed 25 Nov 22:00 to Thu 26 Nov 06:00 moves from carol to ben
          on call for payments-primary from Thu 26 Nov 22:00 to Fri 27 Nov 06:00 moves from carol to ben
          on call for payments-primary from Fri 27 Nov 22:00 to Sat 28 Nov 06:00 moves from carol to ben
          on call for payments-primary from Sat 28 Nov 22:00 to Sun 29 Nov 06:00 moves from carol to ben
          on call for payments-primary from Sun 29 Nov 22:00 to Mon 30 Nov 06:00 moves from carol to ben
          and 6 more changes of who is on call in the coming 14 days
            /layers/1: {"name":"day","people":["carol"],"starts":"2026-11-16T00:00","rotate":{"days":1},"only":[{"from":"22:00","to":"06:00"}]} -> (none)
        "#);
    }

    #[test]
    fn other_kinds_say_what_changes() {
        insta::assert_snapshot!(diff("
kind: escalation-policy
name: payments
spec:
  title: Payments
  steps:
  - { notify: [{ schedule: payments-primary }], wait: 5m }
  - { notify: [{ person: ana }], wait: 5m }
---
kind: person
name: ana
spec: { full_name: Ana, email: ana@example.org, access: administrator }
---
kind: team
name: gone
spec: { title: Gone }
---
kind: service
name: web
spec: { title: Web, team: gone, links: [{ title: a, url: 'https://a' }, { title: b, url: 'https://b' }] }
", "
kind: escalation-policy
name: payments
spec:
  title: Payments
  steps:
  - { notify: [{ schedule: payments-primary }], wait: 10m }
  - { notify: [{ person: ana }, { person: ben }], wait: 5m }
  - { notify: [{ webhook: 'https://x' }], wait: 5m }
---
kind: person
name: ana
spec: { full_name: Ana, email: ana@example.org, inactive: true }
---
kind: team
name: new
spec: { title: New }
---
kind: service
name: web
spec: { title: Web, team: new, escalation_policy: payments, links: [{ title: b, url: 'https://b' }, { title: c, url: 'https://c' }] }
"), @r#"
        change person/ana
          ana is no longer paged and can no longer sign in
          ana may do less here: responder
            /access: administrator -> responder
            /inactive: (none) -> true
        delete team/gone
        create team/new
        change escalation-policy/payments
          step 1 of payments waits 10m for an answer instead of 5m
          step 2 of payments tells ana and ben instead of ana, and waits 5m
          step 3 of payments tells a webhook, and waits 5m
            /steps/0/wait: 5m -> 10m
            /steps/1/notify/1: (none) -> person ben
            /steps/2: (none) -> {"notify":[{"webhook":"https://x"}],"wait":"5m"}
        change service/web
          service web is owned by team new instead of gone
          service web pages through payments
            /team: gone -> new
            /links/0: {"title":"a","url":"https://a"} -> (none)
            /links/1: (none) -> {"title":"c","url":"https://c"}
            /escalation_policy: (none) -> payments
        "#);
    }

    #[test]
    fn what_says_the_same_is_no_difference() {
        assert_eq!(diff(&schedule("ana, ben", ""), &schedule("ana, ben", "")), "");
        assert_eq!(
            diff(&schedule("ana, ben", ""), ""),
            "delete schedule/payments-primary\n  nobody is on call for payments-primary any more"
        );
    }
}
