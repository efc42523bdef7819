//! How alike two incidents are, and in what: each part is said, none is hidden in a number.
//!
//! Words tell the most, and where words differ the alerts and the services do: the same thing is seldom told in the same
//! words. What is alike in one way only is shown if it is very alike in that.

use std::collections::{BTreeMap, BTreeSet};

use crate::words::Name;

/// What is known of an incident to compare it by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Names of its alerts.
    pub alerts: BTreeSet<String>,
    pub services: BTreeSet<Name>,
    /// What contributed to it, as people found.
    pub factors: BTreeSet<String>,
    /// The kinds of change that were found to be its trigger.
    pub changes: BTreeSet<String>,
}

/// How near their words are: of one at the score of another's text, as the share of what its own text would score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InWords {
    /// From 0 to 1.
    pub share: f64,
    /// Some that both have, the most telling first.
    pub both: Vec<String>,
}

/// In what two are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    Words,
    Alerts,
    Services,
    Factors,
    Changes,
}

impl Aspect {
    pub const ALL: [Self; 5] = [Self::Words, Self::Alerts, Self::Services, Self::Factors, Self::Changes];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Alerts => "alerts",
            Self::Services => "services",
            Self::Factors => "factors",
            Self::Changes => "changes",
        }
    }

    /// How much it counts. All together are 1.
    pub const fn weight(self) -> f64 {
        match self {
            Self::Words => 0.5,
            Self::Alerts => 0.2,
            Self::Services => 0.15,
            Self::Factors => 0.1,
            Self::Changes => 0.05,
        }
    }
}

/// One part of a likeness, with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub aspect: Aspect,
    /// From 0 to 1.
    pub share: f64,
    /// `both are about payments`
    pub says: String,
}

/// How alike two incidents are.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    /// From 0 to 1.
    pub score: f64,
    /// Those that are not nought, in the order of what they add.
    pub parts: Vec<Part>,
}

/// Less is not shown.
pub const LEAST: f64 = 0.2;
/// From here on it may be the same.
pub const SAME: f64 = 0.5;
/// How many are named in a reason.
const NAMED: usize = 4;
/// What a service one step away counts.
const NEXT_DOOR: f64 = 0.5;

impl Likeness {
    /// Whether it is enough to be shown.
    pub fn is_told(&self) -> bool {
        self.score >= LEAST
    }

    /// `may be the same` or `like this one`.
    pub fn word(&self) -> &'static str {
        if self.score >= SAME { "may be the same" } else { "like this one" }
    }
}

/// Compares two, where a service stands on others.
pub fn likeness(one: &Facts, other: &Facts, words: &InWords, stands_on: &BTreeMap<Name, BTreeSet<Name>>) -> Likeness {
    let mut parts = Vec::new();
    let mut add = |aspect: Aspect, share: f64, says: String| {
        if share > 0.0 {
            parts.push(Part { aspect, share: share.min(1.0), says });
        }
    };
    let both = list(words.both.iter().map(String::as_str));
    add(Aspect::Words, words.share, format!("told in the same words: {both}"));
    let shared: Vec<&str> = one.alerts.intersection(&other.alerts).map(String::as_str).collect();
    add(Aspect::Alerts, jaccard(&one.alerts, &other.alerts), format!("the same alerts: {}", list(shared)));
    let (near, says) = nearness(&one.services, &other.services, stands_on);
    add(Aspect::Services, near, says);
    let shared: Vec<&str> = one.factors.intersection(&other.factors).map(String::as_str).collect();
    add(Aspect::Factors, jaccard(&one.factors, &other.factors), format!("the same contributed: {}", list(shared)));
    let shared: Vec<&str> = one.changes.intersection(&other.changes).map(String::as_str).collect();
    let alike = if shared.is_empty() { 0.0 } else { 1.0 };
    add(Aspect::Changes, alike, format!("triggered by the same kind of change: {}", list(shared)));
    let adds = |part: &Part| part.share * part.aspect.weight();
    // A sum of nothing is nought below nought, and shows so.
    let score = parts.iter().map(adds).sum::<f64>() + 0.0;
    parts.sort_by(|a, b| adds(b).total_cmp(&adds(a)).then(a.aspect.cmp(&b.aspect)));
    Likeness { score, parts }
}

/// What both have, of what either has.
fn jaccard<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> f64 {
    let both = one.intersection(other).count();
    let either = one.len() + other.len() - both;
    if either == 0 { 0.0 } else { share(both, either) }
}

/// How near the services of two are: the same count whole, one that stands on the other counts half.
fn nearness(one: &BTreeSet<Name>, other: &BTreeSet<Name>, stands_on: &BTreeMap<Name, BTreeSet<Name>>) -> (f64, String) {
    let both: Vec<&str> = one.intersection(other).map(Name::as_str).collect();
    let stands = |a: &Name, b: &Name| stands_on.get(a).is_some_and(|below| below.contains(b));
    let (mut next, mut reasons) = (0, Vec::new());
    for a in one.difference(other) {
        if let Some(b) = other.difference(one).find(|b| stands(a, b) || stands(b, a)) {
            next += 1;
            let (above, below) = if stands(a, b) { (a, b) } else { (b, a) };
            reasons.push(format!("{above} stands on {below}"));
        }
    }
    let either = one.len() + other.len() - both.len();
    if either == 0 {
        return (0.0, String::new());
    }
    let near = share(both.len(), either) + NEXT_DOOR * share(2 * next, either);
    let mut says = Vec::new();
    if !both.is_empty() {
        says.push(format!("both are about {}", list(both)));
    }
    says.extend(reasons.into_iter().take(NAMED));
    (near.min(1.0), says.join("; "))
}

fn share(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    number(part) / number(whole)
}

/// `a, b, c, d and 3 more`
fn list<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<&str> = all.into_iter().collect();
    let named = all.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(all: &[&str]) -> BTreeSet<Name> {
        all.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn facts(alerts: &[&str], services: &[&str], changes: &[&str]) -> Facts {
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        Facts { alerts: texts(alerts), services: names(services), factors: BTreeSet::new(), changes: texts(changes) }
    }

    fn show(one: &Facts, other: &Facts, words: &InWords) -> String {
        let below = BTreeMap::from([("shop".parse().unwrap(), names(&["payments"]))]);
        let found = likeness(one, other, words, &below);
        let parts: Vec<String> =
            found.parts.iter().map(|part| format!("{} {:.2} {}", part.aspect.word(), part.share, part.says)).collect();
        format!("{:.3} {}: {}", found.score, if found.is_told() { found.word() } else { "-" }, parts.join(" / "))
    }

    #[test]
    fn each_part_is_said_with_its_reason() {
        let none = InWords::default();
        let words = InWords { share: 0.6, both: vec!["checkout".into(), "timeout".into()] };
        let table = [
            (facts(&[], &[], &[]), facts(&[], &[], &[]), &none, "0.000 -: "),
            (
                facts(&["High5xx", "Slow"], &["shop"], &["deploy"]),
                facts(&["High5xx"], &["shop"], &["deploy"]),
                &words,
                "0.600 may be the same: words 0.60 told in the same words: checkout, timeout / services 1.00 both are about \
                 shop / alerts 0.50 the same alerts: High5xx / changes 1.00 triggered by the same kind of change: deploy",
            ),
            (
                facts(&[], &["shop"], &[]),
                facts(&[], &["payments"], &[]),
                &words,
                "0.375 like this one: words 0.60 told in the same words: checkout, timeout / services 0.50 shop stands on \
                 payments",
            ),
            (
                facts(&[], &["shop"], &[]),
                facts(&[], &["shop"], &[]),
                &none,
                "0.150 -: services 1.00 both are about shop",
            ),
            (
                facts(&["a", "b", "c", "d", "e"], &[], &[]),
                facts(&["a", "b", "c", "d", "e"], &[], &[]),
                &none,
                "0.200 like this one: alerts 1.00 the same alerts: a, b, c, d and 1 more",
            ),
        ];
        for (one, other, words, wanted) in table {
            assert_eq!(show(&one, &other, words), wanted);
            let below = BTreeMap::from([("shop".parse().unwrap(), names(&["payments"]))]);
            let (there, back) = (likeness(&one, &other, words, &below), likeness(&other, &one, words, &below));
            assert!((there.score - back.score).abs() < 1e-9, "it is the same from both sides");
        }
    }

    #[test]
    fn the_weights_are_one_together() {
        let all: f64 = Aspect::ALL.iter().map(|aspect| aspect.weight()).sum();
        assert!((all - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_likeness_is_between_nought_and_one(
            one in proptest::collection::btree_set("[a-d]", 0..4), other in proptest::collection::btree_set("[a-d]", 0..4),
            said in 0.0..1.0f64,
        ) {
            let of = |names: &BTreeSet<String>| Facts {
                alerts: names.clone(),
                services: names.iter().map(|name| name.parse().unwrap()).collect(),
                factors: names.clone(),
                changes: names.clone(),
            };
            let below = BTreeMap::from([("a".parse().unwrap(), names(&["b", "c"]))]);
            let found = likeness(&of(&one), &of(&other), &InWords { share: said, both: Vec::new() }, &below);
            prop_assert!((0.0..=1.0).contains(&found.score));
            prop_assert!(found.parts.iter().all(|part| (0.0..=1.0).contains(&part.share)));
        }
    }
}
