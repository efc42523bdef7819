//! Suspects: the changes that may have caused an incident, the nearest and newest first, each with its numbers and reasons.
//!
//! A score is a sum of printed terms, in hundredths: what people read is what is compared, and who has the same score shares
//! a rank. It accuses nobody: three suspects are shown and people give the verdict, which outranks every number. No share
//! of certainty is shown: there is none before enough verdicts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::proposals::Kind;
use super::reach::Graph;
use super::verdicts::Outcome;
use crate::words::choices::choices;
use crate::words::{ChangeId, ChangesetId, EventId, Name, Refusal, Result, Span, Timestamp};

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    Change(ChangeId),
    /// Documents of ours.
    Documents(ChangesetId),
    /// A flag was killed, or a kill was lifted: the entry of the journal that says so.
    Flip(EventId),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(id) => id.fmt(f),
            Self::Documents(id) => id.fmt(f),
            Self::Flip(id) => id.fmt(f),
        }
    }
}

impl FromStr for Which {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self> {
        let change = text.parse().map(Self::Change);
        let found = change.or_else(|_| text.parse().map(Self::Documents)).or_else(|_| text.parse().map(Self::Flip));
        found.map_err(|_| Refusal::invalid("a suspect is cng_…, chg_… or evt_…").at("/suspect"))
    }
}

choices! {
    /// What people found of a suspect. Verdicts are kept: without those that ruled out, no ranking can be measured.
    Finding: "the verdict on a suspect" at "/finding" {
        /// It set the incident off.
        Trigger = "trigger",
        /// It made the incident possible, or worse.
        Contributed = "contributed",
        RuledOut = "ruled-out",
        Unknown = "unknown",
    }
}

impl Finding {
    /// Before what nobody has judged (0), or after it.
    const fn standing(self) -> i8 {
        match self {
            Self::Trigger => 2,
            Self::Contributed => 1,
            Self::Unknown => 0,
            Self::RuledOut => -1,
        }
    }
}

/// A verdict of a person on a suspect of an incident. A later one takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub finding: Finding,
    pub by: Name,
    pub why: String,
    pub at: Timestamp,
}

/// A change that might have to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub which: Which,
    pub kind: Kind,
    pub title: String,
    pub services: BTreeSet<Name>,
    /// When each stage of it went out. The last before the incident began is the one that counts.
    pub stages: Vec<Timestamp>,
    /// Its risk when it was approved, of 100.
    pub risk: Option<u8>,
    /// How many of this kind on this service failed before, of 100.
    pub failure_rate: Option<u8>,
    /// What taking it back came to, if that was tried in this incident.
    pub rolled_back: Option<Outcome>,
    pub found: Option<Found>,
}

/// What is known of the incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub services: BTreeSet<Name>,
    /// When the harm began, as far as anybody knows: the first alert less the time over which it looks, or the stamp.
    pub began_at: Timestamp,
}

/// How much each term counts at most, in hundredths.
///
/// Chosen on made-up worlds with a known culprit, where an exponential decay of the age and a smaller weight of it fell behind
/// what is simply newest as soon as the service that was changed was not itself seen to be hit. The terms of risk and failures,
/// and what demotes, are a proposal. Each can be set to 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    pub distance: i32,
    pub recency: i32,
    pub spread: i32,
    pub risk: i32,
    pub failures: i32,
    pub later: i32,
    pub no_effect: i32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { distance: 300, recency: 400, spread: 100, risk: 70, failures: 70, later: -400, no_effect: -500 }
    }
}

choices! {
    /// One summand of a score.
    TermKind: "the term" at "/term" {
        Distance = "distance",
        Recency = "recency",
        Spread = "spread",
        Risk = "risk",
        Failures = "failures",
        Later = "later",
        NoEffect = "no-effect",
    }
}

/// One summand of a score, with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub kind: TermKind,
    pub points: Points,
    /// A sentence for people, without a final full stop.
    pub why: String,
}

/// Hundredths, as they are shown: `1.50`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points(pub i32);

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.abs() / 100, self.0.abs() % 100)
    }
}

/// A candidate in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    pub candidate: Candidate,
    /// How many steps lead from what is hit to what it changed, if any do.
    pub steps: Option<u32>,
    /// From 1; whoever is equal shares the better one, and the next is as far behind as there are before it.
    pub rank: u32,
    /// How many share the rank, this one included.
    pub tied: u32,
    pub score: Points,
    pub terms: Vec<Term>,
}

impl Suspect {
    /// It changed what is hit, or what that needs directly.
    pub fn is_near(&self) -> bool {
        self.steps.is_some_and(|steps| steps <= 1)
    }

    /// The reasons in one line: `same service; 6m before it began`.
    pub fn reasons(&self) -> String {
        self.terms.iter().map(|term| term.why.as_str()).collect::<Vec<_>>().join("; ")
    }
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranking {
    pub suspects: Vec<Suspect>,
    /// How many changes were too long ago to be looked at.
    pub older: usize,
}

/// So far back changes are looked at.
pub const LOOK_BACK: Span = Span::hours(24);

/// How quickly a change of a kind usually shows: the unit in which its age is counted.
pub const fn shows_within(kind: Kind) -> Span {
    match kind {
        Kind::Deploy | Kind::Flag => Span::minutes(20),
        Kind::Config | Kind::Document | Kind::Infrastructure | Kind::Network | Kind::Vendor => Span::hours(2),
        Kind::Schema | Kind::Data | Kind::Certificate | Kind::Access => Span::hours(24),
    }
}

/// Puts the changes in order. The order in which they come in does not matter.
pub fn rank(case: &Case, candidates: Vec<Candidate>, graph: &Graph, weights: Weights) -> Ranking {
    let all = candidates.len();
    let since = LOOK_BACK.before(case.began_at);
    let scales = Scales::of(case, graph, weights);
    let mut suspects: Vec<Suspect> = candidates
        .into_iter()
        .filter(|one| one.stages.iter().any(|stage| *stage >= since))
        .map(|candidate| {
            let (steps, terms) = scales.weigh(&candidate);
            let score = Points(terms.iter().map(|term| term.points.0).sum());
            Suspect { candidate, steps, rank: 0, tied: 0, score, terms }
        })
        .collect();
    let place = |one: &Suspect| Reverse((standing(&one.candidate), one.score));
    // Of equals the newer is shown before, though they share the rank.
    let newest = |one: &Suspect| Reverse(one.candidate.stages.iter().max().copied());
    suspects.sort_by(|a, b| {
        let by_time = || newest(a).cmp(&newest(b)).then_with(|| a.candidate.which.cmp(&b.candidate.which));
        place(a).cmp(&place(b)).then_with(by_time)
    });
    let mut before = 0;
    for equal in suspects.chunk_by_mut(|a, b| place(a) == place(b)) {
        let tied = u32::try_from(equal.len()).unwrap_or(u32::MAX);
        for one in equal {
            (one.rank, one.tied) = (before + 1, tied);
        }
        before += tied;
    }
    Ranking { older: all - suspects.len(), suspects }
}

fn standing(candidate: &Candidate) -> i8 {
    candidate.found.as_ref().map_or(0, |found| found.finding.standing())
}

/// What every candidate of a case is weighed against.
struct Scales<'c> {
    case: &'c Case,
    weights: Weights,
    around: BTreeMap<&'c Name, Around>,
}

/// What a service that is hit needs, and what needs it, with steps.
struct Around {
    below: BTreeMap<Name, u32>,
    above: BTreeMap<Name, u32>,
}

impl<'c> Scales<'c> {
    fn of(case: &'c Case, graph: &Graph, weights: Weights) -> Self {
        let around = |hit| Around { below: graph.below(hit), above: graph.blast_radius([hit]) };
        Self { case, weights, around: case.services.iter().map(|hit| (hit, around(hit))).collect() }
    }

    fn weigh(&self, candidate: &Candidate) -> (Option<u32>, Vec<Term>) {
        let (steps, distance) = self.distance(candidate);
        let terms = [
            Some(distance),
            Some(self.time(candidate)),
            self.spread(candidate),
            candidate.risk.map(|risk| Term {
                kind: TermKind::Risk,
                points: share(self.weights.risk, f64::from(risk) / 100.0),
                why: format!("its risk was put at {risk} of 100"),
            }),
            candidate.failure_rate.map(|rate| Term {
                kind: TermKind::Failures,
                points: share(self.weights.failures, f64::from(rate) / 100.0),
                why: format!("of its kind there, {rate} of 100 failed before"),
            }),
            candidate.rolled_back.and_then(|outcome| self.taken_back(outcome)),
        ];
        (steps, terms.into_iter().flatten().collect())
    }

    /// Half for each step. What calls the service that is hit may have overloaded it: that is a step further.
    fn distance(&self, candidate: &Candidate) -> (Option<u32>, Term) {
        let paths = self.around.iter().flat_map(|(hit, Around { below, above })| {
            candidate.services.iter().flat_map(move |changed| {
                let needed = below.get(changed).map(|steps| (*steps, false, changed, *hit));
                let calls = above.get(changed).filter(|steps| **steps > 0);
                [needed, calls.map(|steps| (*steps + 1, true, changed, *hit))].into_iter().flatten()
            })
        });
        let nearest = paths.min();
        let (points, why) = match nearest {
            Some((0, _, changed, _)) => (Points(self.weights.distance), format!("it changed {changed}, which is hit")),
            Some((steps, calls, changed, hit)) => {
                let points = share(self.weights.distance, 0.5f64.powi(i32::try_from(steps).unwrap_or(i32::MAX)));
                let why = match (calls, steps) {
                    (true, 2) => format!("it changed {changed}, which calls {hit}"),
                    (true, _) => format!("it changed {changed}, which calls {hit} through {} others", steps - 2),
                    (false, 1) => format!("it changed {changed}, which {hit} needs"),
                    (false, _) => format!("it changed {changed}, {steps} steps below {hit}"),
                };
                (points, why)
            }
            None if candidate.services.is_empty() => (Points(0), "it names no service".into()),
            None => (Points(0), "no path on the service graph leads from it to what is hit".into()),
        };
        (nearest.map(|(steps, ..)| steps), Term { kind: TermKind::Distance, points, why })
    }

    fn time(&self, candidate: &Candidate) -> Term {
        let began = self.case.began_at;
        if let Some(stage) = candidate.stages.iter().filter(|stage| **stage <= began).max() {
            let lag = Span::between(*stage, began);
            let points = share(self.weights.recency, fresh(lag, shows_within(candidate.kind)));
            return Term { kind: TermKind::Recency, points, why: format!("{} before it began", roughly(lag)) };
        }
        let lag = candidate.stages.iter().min().map_or(Span::ZERO, |stage| Span::between(began, *stage));
        let why = format!("it came {} after it began, too late to be the cause", roughly(lag));
        Term { kind: TermKind::Later, points: Points(self.weights.later), why }
    }

    /// How much of what is hit it would explain.
    fn spread(&self, candidate: &Candidate) -> Option<Term> {
        let of = self.around.len();
        if of < 2 {
            return None;
        }
        let explains = |around: &&Around| candidate.services.iter().any(|changed| around.below.contains_key(changed));
        let explained = self.around.values().filter(explains).count();
        let points = share(self.weights.spread, number(explained) / number(of));
        let why = format!("it would explain {explained} of the {of} services that are hit");
        Some(Term { kind: TermKind::Spread, points, why })
    }

    fn taken_back(&self, outcome: Outcome) -> Option<Term> {
        let demotes = outcome == Outcome::NoEffect;
        let why = "it was taken back, and nothing changed".to_owned();
        demotes.then_some(Term { kind: TermKind::NoEffect, points: Points(self.weights.no_effect), why })
    }
}

/// As a person says it: whole minutes, below one whole seconds.
fn roughly(span: Span) -> String {
    let whole = |unit: Span| span.as_millis() / unit.as_millis();
    match (whole(Span::minutes(1)), whole(Span::seconds(1))) {
        (0, 0) => "a moment".into(),
        (0, seconds) => Span::seconds(seconds).to_string(),
        (minutes, _) => Span::minutes(minutes).to_string(),
    }
}

/// 1 for what was changed at that moment, 0 for what was a day before; on the scale of a logarithm, so that of two old ones
/// the newer still comes first, and an hour matters more after an hour than after ten.
fn fresh(lag: Span, unit: Span) -> f64 {
    let scale = |span: Span| (seconds(span) / seconds(unit)).ln_1p();
    1.0 - scale(lag) / scale(LOOK_BACK)
}

fn seconds(span: Span) -> f64 {
    f64::from(i32::try_from(span.as_millis() / 1000).unwrap_or(i32::MAX))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[expect(clippy::cast_possible_truncation, reason = "a weight times a share of at most 1")]
fn share(weight: i32, part: f64) -> Points {
    Points((f64::from(weight) * part.clamp(0.0, 1.0)).round() as i32)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words::Id as _;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn graph() -> Graph {
        let pairs = [("shop", "cart"), ("cart", "db"), ("shop", "search"), ("db", "disk")];
        pairs.into_iter().map(|(a, b)| (name(a), name(b))).collect()
    }

    fn case(services: &[&str]) -> Case {
        Case { services: services.iter().map(|one| name(one)).collect(), began_at: at(0) }
    }

    pub(in super::super) fn candidate(bits: u128, service: &str, minute: i64) -> Candidate {
        Candidate {
            which: Which::Change(ChangeId::from_bits(bits)),
            kind: Kind::Deploy,
            title: service.into(),
            services: [name(service)].into(),
            stages: vec![at(minute)],
            risk: None,
            failure_rate: None,
            rolled_back: None,
            found: None,
        }
    }

    fn found(finding: Finding) -> Found {
        Found { finding, by: name("ana"), why: "seen".into(), at: at(5) }
    }

    fn order(case: &Case, candidates: Vec<Candidate>) -> Vec<String> {
        let ranking = rank(case, candidates, &graph(), Weights::default());
        let shown = |one: &Suspect| format!("{} {} {} {}", one.rank, one.candidate.title, one.score, one.reasons());
        ranking.suspects.iter().map(shown).collect()
    }

    #[test]
    fn the_nearest_and_newest_comes_first_with_its_reasons() {
        let all = vec![
            candidate(1, "mail", -1),
            candidate(2, "disk", -6),
            candidate(3, "cart", -20),
            candidate(4, "shop", -6),
            candidate(5, "cart", 3),
        ];
        assert_eq!(
            order(&case(&["cart"]), all),
            [
                "1 cart 6.35 it changed cart, which is hit; 20m before it began",
                "2 disk 4.51 it changed disk, 2 steps below cart; 6m before it began",
                "2 shop 4.51 it changed shop, which calls cart; 6m before it began",
                "4 mail 3.95 no path on the service graph leads from it to what is hit; 1m before it began",
                "5 cart -1.00 it changed cart, which is hit; it came 3m after it began, too late to be the cause",
            ]
        );
        let wide = order(&case(&["shop", "cart"]), vec![candidate(1, "shop", -5), candidate(2, "cart", -5)]);
        assert_eq!(
            wide[0],
            "1 cart 7.79 it changed cart, which is hit; 5m before it began; it would explain 2 of the 2 services that are hit"
        );
    }

    #[test]
    fn how_long_before_is_said_as_people_say_it() {
        for (millis, said) in [(15, "a moment"), (3_546, "3s"), (59_999, "59s"), (61_000, "1m"), (7_380_000, "2h3m")] {
            assert_eq!(roughly(Span::millis(millis)), said);
        }
    }

    #[test]
    fn a_stage_counts_and_not_the_beginning() {
        let staged = Candidate { stages: vec![at(-300), at(-4), at(6)], ..candidate(1, "cart", 0) };
        let ranking = rank(&case(&["cart"]), vec![staged], &graph(), Weights::default());
        assert_eq!(ranking.suspects[0].reasons(), "it changed cart, which is hit; 4m before it began");
    }

    #[test]
    fn what_is_too_old_is_left_out_and_counted() {
        let day = 24 * 60;
        let ranking = rank(
            &case(&["cart"]),
            vec![candidate(1, "cart", -day), candidate(2, "cart", -day - 1)],
            &graph(),
            Weights::default(),
        );
        assert_eq!((ranking.suspects.len(), ranking.older), (1, 1));
    }

    #[test]
    fn a_rollback_without_effect_demotes_and_a_verdict_outranks() {
        let first = candidate(1, "cart", -5);
        let second = candidate(2, "db", -5);
        let titles = |first: &Candidate, second: &Candidate| -> Vec<String> {
            let ranking = rank(&case(&["cart"]), vec![first.clone(), second.clone()], &graph(), Weights::default());
            ranking.suspects.into_iter().map(|one| one.candidate.title).collect()
        };
        assert_eq!(titles(&first, &second), ["cart", "db"]);
        for (outcome, then) in [
            (Outcome::NoEffect, ["db", "cart"]),
            (Outcome::Blind, ["cart", "db"]),
            (Outcome::Partial, ["cart", "db"]),
            (Outcome::Worse, ["cart", "db"]),
        ] {
            let tried = Candidate { rolled_back: Some(outcome), ..first.clone() };
            assert_eq!(titles(&tried, &second), then, "{outcome}");
        }
        for (finding, then) in [
            (Finding::RuledOut, ["db", "cart"]),
            (Finding::Unknown, ["cart", "db"]),
            (Finding::Trigger, ["cart", "db"]),
        ] {
            assert_eq!(titles(&Candidate { found: Some(found(finding)), ..first.clone() }, &second), then, "{finding}");
        }
        let far = Candidate { found: Some(found(Finding::Contributed)), ..candidate(2, "mail", -900) };
        assert_eq!(titles(&first, &far), ["mail", "cart"]);
        let tried = Candidate { rolled_back: Some(Outcome::NoEffect), ..first };
        let ranking = rank(&case(&["cart"]), vec![tried], &graph(), Weights::default());
        assert!(ranking.suspects[0].reasons().ends_with("it was taken back, and nothing changed"));
    }

    #[test]
    fn a_suspect_is_read_as_it_is_written() {
        let (change, set, flip) = (ChangeId::from_bits(3), ChangesetId::from_bits(3), EventId::from_bits(3));
        for which in [Which::Change(change), Which::Documents(set), Which::Flip(flip)] {
            assert_eq!(which.to_string().parse::<Which>().unwrap(), which);
        }
        for text in ["", "cng_", "inc_3", "cng_3 "] {
            assert_eq!(text.parse::<Which>().unwrap_err().at.as_deref(), Some("/suspect"), "{text:?}");
        }
    }

    fn any_candidate() -> impl Strategy<Value = Candidate> {
        let services = prop::collection::btree_set(
            prop::sample::select(vec!["shop", "cart", "db", "disk", "search", "mail"]),
            0..3,
        );
        let stages = prop::collection::vec(-2000i64..30, 1..4);
        let found = prop::option::of(prop::sample::select(Finding::ALL));
        let back = prop::option::of(prop::sample::select(Outcome::ALL));
        (services, stages, prop::sample::select(Kind::ALL), found, back, prop::option::of(0u8..=100)).prop_map(
            |(services, stages, kind, finding, rolled_back, risk)| Candidate {
                kind,
                services: services.into_iter().map(name).collect(),
                stages: stages.into_iter().map(at).collect(),
                risk,
                rolled_back,
                found: finding.map(self::found),
                ..candidate(0, "any", 0)
            },
        )
    }

    /// Some candidates, and the same in another order.
    fn two_orders() -> impl Strategy<Value = (Vec<Candidate>, Vec<Candidate>)> {
        prop::collection::vec(any_candidate(), 0..8).prop_flat_map(|mut all| {
            for (bits, one) in all.iter_mut().enumerate() {
                one.which = Which::Change(ChangeId::from_bits(bits as u128));
            }
            (Just(all.clone()), Just(all).prop_shuffle())
        })
    }

    proptest! {
        /// The order is one of all with all, whoever comes in first; equals share a rank, and every score is the sum of what is
        /// printed.
        #[test]
        fn the_order_does_not_hang_on_how_they_came_in((all, shuffled) in two_orders()) {
            let case = case(&["shop", "cart"]);
            let ranking = rank(&case, all.clone(), &graph(), Weights::default());
            prop_assert_eq!(&rank(&case, shuffled, &graph(), Weights::default()), &ranking);
            prop_assert_eq!(ranking.suspects.len() + ranking.older, all.len());
            for (place, one) in ranking.suspects.iter().enumerate() {
                prop_assert_eq!(one.score.0, one.terms.iter().map(|term| term.points.0).sum::<i32>());
                let key = |one: &Suspect| (standing(&one.candidate), one.score);
                let better = ranking.suspects.iter().filter(|other| key(other) > key(one)).count();
                let equal = ranking.suspects.iter().filter(|other| key(other) == key(one)).count();
                prop_assert_eq!((one.rank as usize, one.tied as usize), (better + 1, equal));
                prop_assert!(better <= place && place < better + equal);
                // Who is ranked does not depend on who else is: a pair alone stands as it stands among all.
                for other in &ranking.suspects[place + 1..] {
                    let pair = rank(&case, vec![other.candidate.clone(), one.candidate.clone()], &graph(), Weights::default());
                    prop_assert_eq!(&pair.suspects[0].candidate.which, &one.candidate.which);
                }
            }
        }
    }
}
