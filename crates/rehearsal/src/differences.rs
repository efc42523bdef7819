//! What differs between two lists of calls: who is called in addition, who no longer, and whose call moved.
//!
//! Lists in, difference out: how the calls came about is not asked.

use std::collections::BTreeMap;

use domain::words::{Name, Span, Timestamp};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::replay::Call;

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In the other only.
    pub added: Vec<Call>,
    /// In the first only.
    pub removed: Vec<Call>,
    /// About the same thing: at another time, to another person, or by another channel.
    pub moved: Vec<Moved>,
    /// How many are the same in both.
    pub unchanged: usize,
}

/// A call that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    pub from: Call,
    pub to: Call,
}

/// Farther apart, two calls are not the same one moved.
const MOVED_MOST: Span = Span::hours(24);

/// Compares. Each call is counted once.
pub fn difference(before: &[Call], after: &[Call]) -> Difference {
    let same = |call: &Call| (call.at, call.person.clone(), call.channel.clone(), call.title.clone(), call.urgency);
    let mut left: BTreeMap<_, Vec<&Call>> = BTreeMap::new();
    for call in before {
        left.entry(same(call)).or_default().push(call);
    }
    let mut difference = Difference::default();
    let mut added: Vec<&Call> = Vec::new();
    for call in after {
        match left.get_mut(&same(call)).and_then(Vec::pop) {
            Some(_) => difference.unchanged += 1,
            None => added.push(call),
        }
    }
    let mut removed: Vec<&Call> = left.into_values().flatten().collect();
    removed.sort();
    // The same person at another time is the nearest relative; then another person at the same time.
    let person: fn(&Call, &Call) -> bool = |one, other| one.person == other.person && one.channel == other.channel;
    let moment: fn(&Call, &Call) -> bool = |one, other| one.at == other.at;
    let someone: fn(&Call, &Call) -> bool = |one, other| one.person == other.person;
    for alike in [person, moment, someone] {
        removed.retain(|from| {
            let near = added.iter().enumerate().filter(|(_, to)| from.title == to.title && alike(from, to));
            let near = near.map(|(place, to)| (apart(from.at, to.at), place));
            let Some((_, place)) = near.filter(|(apart, _)| *apart <= MOVED_MOST).min() else { return true };
            let to = added.remove(place).clone();
            difference.moved.push(Moved { from: (*from).clone(), to });
            false
        });
    }
    difference.moved.sort_by(|one, other| (&one.from, &one.to).cmp(&(&other.from, &other.to)));
    difference.added = added.into_iter().cloned().collect();
    difference.removed = removed.into_iter().cloned().collect();
    difference
}

fn apart(one: Timestamp, other: Timestamp) -> Span {
    Span::between(one, other).max(Span::between(other, one))
}

impl Difference {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.moved.is_empty()
    }

    /// For people: `+` is new, `-` is gone, `~` moved.
    pub fn text(&self, zone: &TimeZone, before: usize) -> String {
        let after = self.unchanged + self.moved.len() + self.added.len();
        let mut text = format!("{before} calls as it was, {after} with the change; {} the same.\n", self.unchanged);
        if self.is_empty() {
            text.push_str("Nobody is called otherwise.\n");
            return text;
        }
        let mut lines: Vec<(Timestamp, String)> = Vec::new();
        lines.extend(self.added.iter().map(|call| (call.at, format!("+ {}", call.line(zone)))));
        lines.extend(self.removed.iter().map(|call| (call.at, format!("- {}", call.line(zone)))));
        lines.extend(self.moved.iter().map(|moved| (moved.from.at, format!("~ {}", moved.line(zone)))));
        lines.sort();
        for (_, line) in lines {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

impl Moved {
    fn line(&self, zone: &TimeZone) -> String {
        let who = |call: &Call| call.person.as_ref().map_or("a webhook", Name::as_str).to_owned();
        let mut changes = Vec::new();
        if self.from.person != self.to.person {
            changes.push(format!("to {}", who(&self.to)));
        }
        if self.from.channel != self.to.channel {
            changes.push(format!("by {}", self.to.channel));
        }
        if self.from.at != self.to.at {
            let word = if self.from.at < self.to.at { "later" } else { "earlier" };
            changes.push(format!("{} {word}", apart(self.from.at, self.to.at)));
        }
        if self.from.urgency != self.to.urgency {
            changes.push(format!("of {} urgency", self.to.urgency));
        }
        format!("{} -> {}", self.from.line(zone), changes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::words::Urgency;

    fn call(minute: i64, person: &str, title: &str) -> Call {
        Call {
            at: Timestamp::from_second(1_790_000_000 + minute * 60).unwrap(),
            person: Some(person.parse().unwrap()),
            channel: "ntfy".into(),
            title: title.into(),
            urgency: Urgency::High,
            because: "on call".into(),
        }
    }

    #[test]
    fn each_call_is_the_same_moved_added_or_removed() {
        let before =
            [call(0, "ana", "a"), call(0, "ana", "a"), call(1, "ana", "b"), call(2, "ana", "c"), call(3, "ana", "d")];
        let after =
            [call(0, "ana", "a"), call(9, "ana", "b"), call(2, "ben", "c"), call(4, "ben", "e"), call(5, "ana", "e")];
        insta::assert_snapshot!(difference(&before, &after).text(&TimeZone::UTC, before.len()), @r#"
        5 calls as it was, 5 with the change; 1 the same.
        - Mon 21 Sep 14:13:20  ana by ntfy, high urgency: a (on call)
        ~ Mon 21 Sep 14:14:20  ana by ntfy, high urgency: b (on call) -> 8m later
        ~ Mon 21 Sep 14:15:20  ana by ntfy, high urgency: c (on call) -> to ben
        - Mon 21 Sep 14:16:20  ana by ntfy, high urgency: d (on call)
        + Mon 21 Sep 14:17:20  ben by ntfy, high urgency: e (on call)
        + Mon 21 Sep 14:18:20  ana by ntfy, high urgency: e (on call)
        "#);
        assert!(difference(&before, &before).is_empty());
    }
}
