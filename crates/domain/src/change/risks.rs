//! The risk of a change: a sum of points, each printed with what it rests on. Not a probability.
//!
//! The points are a proposal: what is behind each term was seen elsewhere, how much it weighs here was not measured. A band says what
//! is asked: one person, or two.

use std::collections::BTreeSet;

use super::proposals::{Kind, Proposal};
use super::reach::Graph;
use super::rollback_plans::Data;
use crate::words::choices::choices;
use crate::words::{Name, Span, Timestamp};

choices! {
    /// How much a change risks.
    Band: "the band of a risk" at "/band" {
        Low = "low",
        Medium = "medium",
        High = "high",
        Critical = "critical",
    }
}

/// One summand of a risk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub points: i32,
    /// A sentence for people, without a final full stop.
    pub why: String,
}

/// The risk of a change, with every term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    pub terms: Vec<Term>,
}

/// What is known of the world when a change is weighed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Services of tier 1.
    pub vital: BTreeSet<Name>,
    pub worries: BTreeSet<Worry>,
    /// How many changes there were on its services in the last 30 days, and how many of them failed.
    pub recent: u32,
    pub recent_failed: u32,
    /// Services of open incidents.
    pub burning: BTreeSet<Name>,
}

choices! {
    /// What else speaks against it.
    Worry: "the worry" at "/worries" {
        /// It goes out everywhere at once.
        AtOnce = "at-once",
        /// Nothing of the kind was done there before.
        FirstOfItsKind = "first-of-its-kind",
        /// Outside of the hours in which its owners work.
        OutOfHours = "out-of-hours",
        /// The author has not changed this service before.
        NewAuthor = "new-author",
    }
}

impl Worry {
    const fn term(self) -> (i32, &'static str) {
        match self {
            Self::AtOnce => (15, "it goes out everywhere at once"),
            Self::FirstOfItsKind => (10, "nothing of the kind was done there before"),
            Self::OutOfHours => (5, "its owners are not at work then"),
            Self::NewAuthor => (5, "its author has not changed this before"),
        }
    }
}

impl Risk {
    /// What the terms come to; never less than nothing.
    pub fn total(&self) -> i32 {
        self.terms.iter().map(|term| term.points).sum::<i32>().max(0)
    }

    pub fn band(&self) -> Band {
        match self.total() {
            ..20 => Band::Low,
            20..45 => Band::Medium,
            45..70 => Band::High,
            70.. => Band::Critical,
        }
    }

    /// How many people other than the authors approve it: one, and two where it is critical or leads nowhere back.
    pub fn approvals_needed(&self, proposal: &Proposal) -> u8 {
        let back = proposal.rollback.as_ref().is_some_and(|plan| plan.way.leads_back());
        if self.band() == Band::Critical || !back { 2 } else { 1 }
    }
}

/// Weighs a change.
pub fn weigh(proposal: &Proposal, facts: &Facts, graph: &Graph, now: Timestamp) -> Risk {
    let mut terms = Vec::new();
    let mut add = |points: i32, why: String| {
        if points != 0 {
            terms.push(Term { points, why });
        }
    };
    let services = proposal.services();
    let radius = graph.blast_radius(&services);
    let others = radius.len() - services.len();
    add(reach_points(others), format!("{others} services stand on what it changes"));
    let vital: Vec<&str> = radius.keys().filter(|name| facts.vital.contains(*name)).map(Name::as_str).collect();
    add(if vital.is_empty() { 0 } else { 10 }, format!("the business stops without {}", vital.join(", ")));
    add(kind_points(proposal.kind), format!("it is a change of kind {}", proposal.kind));
    let (points, why) = way_back(proposal, now);
    add(points, why);
    let rate = f64::from(facts.recent_failed + 1) / f64::from(facts.recent + 2);
    let failures = if facts.recent_failed == 0 { 0 } else { rounded(rate * 40.0).min(20) };
    add(failures, format!("{} of {} changes there failed in 30 days", facts.recent_failed, facts.recent));
    let burning: Vec<&str> = facts
        .burning
        .iter()
        .filter(|name| radius.contains_key(*name) || services.iter().any(|own| graph.below(own).contains_key(*name)))
        .map(Name::as_str)
        .collect();
    add(if burning.is_empty() { 0 } else { 15 }, format!("an incident is open on {}", burning.join(", ")));
    for worry in &facts.worries {
        let (points, why) = worry.term();
        add(points, why.into());
    }
    let verified = !proposal.verification.is_empty();
    add(if verified { -8 } else { 0 }, "it says what shows that it worked".into());
    Risk { terms }
}

/// 6 for each doubling, 24 at most.
fn reach_points(others: usize) -> i32 {
    let others = u32::try_from(others).unwrap_or(u32::MAX);
    rounded((1.0 + f64::from(others)).log2() * 6.0).min(24)
}

const fn kind_points(kind: Kind) -> i32 {
    match kind {
        Kind::Schema | Kind::Data => 15,
        Kind::Network | Kind::Certificate | Kind::Access => 12,
        Kind::Config | Kind::Document | Kind::Infrastructure | Kind::Vendor => 10,
        Kind::Deploy => 6,
        Kind::Flag => 4,
    }
}

fn way_back(proposal: &Proposal, now: Timestamp) -> (i32, String) {
    let Some(plan) = &proposal.rollback else { return (20, "there is no plan to take it back".into()) };
    let word = plan.way.word();
    match (plan.way.leads_back(), plan.data) {
        (false, _) => (20, format!("there is no way back: its plan is {word}")),
        (true, Data::RestoreNeeded | Data::ForwardOnly) => (15, "data is not read back when it is taken back".into()),
        (true, _) if plan.estimate > Span::minutes(30) => (10, format!("taking it back takes {}", plan.estimate)),
        (true, _) if plan.is_fresh(now) => (-6, format!("taking it back is {word}, and was rehearsed")),
        (true, _) => (5, format!("taking it back is {word}, and was not rehearsed lately")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "points are small")]
fn rounded(points: f64) -> i32 {
    points.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::proposals::tests::proposal;
    use crate::change::rollback_plans::Way;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn printed(risk: &Risk) -> Vec<String> {
        risk.terms.iter().map(|term| format!("{:+} {}", term.points, term.why)).collect()
    }

    #[test]
    fn every_term_is_printed_and_the_total_is_their_sum() {
        let graph: Graph = [("shop", "cart"), ("app", "cart")].into_iter().map(|(a, b)| (name(a), name(b))).collect();
        let calm = weigh(&proposal("4.2", "cart"), &Facts::default(), &graph, at(1));
        assert_eq!(
            printed(&calm),
            [
                "+10 2 services stand on what it changes",
                "+6 it is a change of kind deploy",
                "-6 taking it back is automatic, and was rehearsed",
                "-8 it says what shows that it worked",
            ]
        );
        assert_eq!((calm.total(), calm.band(), calm.approvals_needed(&proposal("4.2", "cart"))), (2, Band::Low, 1));

        let mut worst = proposal("drop a column", "cart");
        worst.kind = Kind::Schema;
        let way = Way::Irreversible { reason: "it is dropped".into(), forward_fix: "restore".into() };
        worst.rollback.as_mut().unwrap().way = way;
        worst.verification.clear();
        let facts = Facts {
            vital: [name("shop")].into(),
            worries: Worry::ALL.iter().copied().collect(),
            recent: 8,
            recent_failed: 4,
            burning: [name("app"), name("mail")].into(),
        };
        let risk = weigh(&worst, &facts, &graph, at(1));
        assert_eq!(
            printed(&risk),
            [
                "+10 2 services stand on what it changes",
                "+10 the business stops without shop",
                "+15 it is a change of kind schema",
                "+20 there is no way back: its plan is irreversible",
                "+20 4 of 8 changes there failed in 30 days",
                "+15 an incident is open on app",
                "+15 it goes out everywhere at once",
                "+10 nothing of the kind was done there before",
                "+5 its owners are not at work then",
                "+5 its author has not changed this before",
            ]
        );
        assert_eq!((risk.total(), risk.band(), risk.approvals_needed(&worst)), (125, Band::Critical, 2));
    }

    #[test]
    fn bands_begin_where_they_say() {
        for (points, band) in [
            (-9, Band::Low),
            (19, Band::Low),
            (20, Band::Medium),
            (44, Band::Medium),
            (45, Band::High),
            (69, Band::High),
            (70, Band::Critical),
        ] {
            let risk = Risk { terms: vec![Term { points, why: String::new() }] };
            assert_eq!((risk.band(), risk.total()), (band, points.max(0)));
        }
    }
}
