//! Counterfactuals: had a step of a policy waited less, whom would past pages have called earlier?
//!
//! Both policies are played by the same rule on the same pages, with who was on call then. It tells when somebody is called, not what
//! they do: whether and how fast a person answers cannot be played. What it costs is said beside what it wins: whoever would have been
//! called although somebody else had answered by then.

use std::collections::BTreeMap;
use std::fmt;

use crate::engage::deliveries::Urgency;
use crate::engage::escalations::{EscalationPolicy, Lookup, Move, Page, Recipient, next, start};
use crate::words::{Name, Refusal, Result, Span, Timestamp};

/// Of fewer pages nothing is told.
pub const LEAST: usize = 5;
/// What is tried for each step that waits longer.
const WAITS: [i64; 6] = [1, 2, 3, 5, 10, 15];
/// So many are told, the best first.
pub const TOLD_MOST: usize = 5;
/// A page has no more turns than this.
const TURNS_MOST: usize = 500;
/// A call that was made farther from where the rule puts it was made by another policy.
const SAME_WITHIN: Span = Span::seconds(60);

/// A page that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastPage {
    pub started_at: Timestamp,
    /// Who acknowledged it first, and when.
    pub answered: Option<(Name, Timestamp)>,
    /// When it was over at the latest.
    pub over_at: Timestamp,
    /// When each person was called first.
    pub called: BTreeMap<Name, Timestamp>,
}

impl PastPage {
    /// Until when it called.
    fn until(&self) -> Timestamp {
        self.answered.as_ref().map_or(self.over_at, |(_, at)| *at)
    }
}

/// Another wait for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Counted from 1.
    pub step: usize,
    pub wait: Span,
}

/// What would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterfactual {
    pub candidate: Candidate,
    /// How long the step waits as it is.
    pub was: Span,
    /// Of how many pages it speaks.
    pub n: usize,
    /// In how many whoever answered would have been called earlier, and by how much in the middle of those.
    pub earlier: usize,
    pub by: Span,
    /// In how many somebody would have been called who was not, as it was.
    pub more_called: usize,
}

/// What is told of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How many pages could be compared.
    pub n: usize,
    /// How many could not: they went otherwise than the policy of today would have them.
    pub left_out: usize,
    /// Nothing, where there are too few pages.
    pub told: Vec<Counterfactual>,
}

/// When a policy calls each person first, if nobody answers until then.
pub fn calls(
    policy: &EscalationPolicy,
    from: Timestamp,
    until: Timestamp,
    who: &dyn Lookup,
) -> BTreeMap<Name, Timestamp> {
    let mut called = BTreeMap::new();
    let mut now = from;
    let mut moved = start(policy, Urgency::High, now, who);
    for _ in 0..TURNS_MOST {
        for one in &moved.notify {
            if let Recipient::Person(name) = &one.to {
                called.entry(name.clone()).or_insert(now);
            }
        }
        let Some(due) = moved.state.due_at().filter(|due| *due < until) else { break };
        now = due;
        let Move { state, .. } = moved;
        moved = next(policy, &Page { urgency: Urgency::High, state }, now, who);
    }
    called
}

/// The policy with another wait.
fn with(policy: &EscalationPolicy, candidate: Candidate) -> EscalationPolicy {
    let mut other = policy.clone();
    if let Some(step) = candidate.step.checked_sub(1).and_then(|place| other.steps.get_mut(place)) {
        step.wait = candidate.wait;
    }
    other
}

/// Refuses what is none.
pub fn refuse(policy: &EscalationPolicy, candidate: Candidate) -> Result<()> {
    let last = policy.steps.len();
    if candidate.step == 0 || candidate.step >= last {
        let message = match last {
            0 | 1 => "nothing follows the only step of this policy".to_owned(),
            _ => format!("name a step that another follows: 1 to {}", last - 1),
        };
        return Err(Refusal::invalid(message).at("/step"));
    }
    if candidate.wait.as_millis() < 1000 || candidate.wait > Span::hours(24) {
        return Err(Refusal::invalid("a step waits for a second at least, and a day at most").at("/wait"));
    }
    Ok(())
}

/// Candidates for each step that another follows.
fn candidates(policy: &EscalationPolicy) -> Vec<Candidate> {
    let steps = policy.steps.iter().enumerate().take(policy.steps.len().saturating_sub(1));
    let of = |(place, was): (usize, Span)| {
        let waits = WAITS.into_iter().map(Span::minutes).filter(move |wait| *wait < was);
        waits.map(move |wait| Candidate { step: place + 1, wait })
    };
    steps.map(|(place, step)| (place, step.wait)).flat_map(of).collect()
}

/// Compares a policy with candidates on its past pages of high urgency, each with who was on call then. With `asked`, that one alone.
pub fn counterfactuals(
    policy: &EscalationPolicy,
    pages: &[(PastPage, &dyn Lookup)],
    asked: Option<Candidate>,
) -> Found {
    let same = |page: &PastPage, as_it_is: &BTreeMap<Name, Timestamp>| {
        page.called.iter().all(|(name, at)| {
            as_it_is
                .get(name)
                .is_some_and(|also| Span::between(*at, *also).max(Span::between(*also, *at)) <= SAME_WITHIN)
        })
    };
    let known = |(page, who): &(PastPage, &dyn Lookup)| calls(policy, page.started_at, page.until(), *who);
    let all = pages.iter().map(|one| (one, known(one)));
    let compared: Vec<_> = all.filter(|((page, _), as_it_is)| !as_it_is.is_empty() && same(page, as_it_is)).collect();
    let (n, left_out) = (compared.len(), pages.len() - compared.len());
    if n < LEAST {
        return Found { n, left_out, told: Vec::new() };
    }
    let tried = asked.map_or_else(|| candidates(policy), |asked| vec![asked]);
    let one = |candidate: Candidate| {
        let other = with(policy, candidate);
        let (mut gains, mut more_called) = (Vec::new(), 0);
        for ((page, who), as_it_is) in &compared {
            let mut until = page.until();
            let would = calls(&other, page.started_at, until, *who);
            if let Some((person, _)) = &page.answered
                && let (Some(then), Some(now)) = (as_it_is.get(person), would.get(person))
                && now < then
            {
                let gain = Span::between(*now, *then);
                gains.push(gain);
                // Whoever is called earlier is taken to answer as fast as they did.
                until = gain.before(until);
            }
            let added = would.iter().any(|(name, at)| *at < until && !as_it_is.contains_key(name));
            more_called += usize::from(added);
        }
        gains.sort();
        let by = gains.get(gains.len() / 2).copied().unwrap_or(Span::ZERO);
        let was = policy.steps.get(candidate.step - 1).map_or(Span::ZERO, |step| step.wait);
        Counterfactual { candidate, was, n, earlier: gains.len(), by, more_called }
    };
    let mut told: Vec<Counterfactual> = tried.into_iter().map(one).collect();
    if asked.is_none() {
        told.retain(|one| one.earlier > 0);
        told.sort_by_key(|one| (one.more_called, std::cmp::Reverse((one.earlier, one.by)), one.candidate));
        told.truncate(TOLD_MOST);
    }
    Found { n, left_out, told }
}

impl fmt::Display for Counterfactual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { candidate: Candidate { step, wait }, was, n, earlier, by, more_called } = self;
        write!(f, "with step {step} waiting {wait} instead of {was}, ")?;
        match earlier {
            0 => write!(f, "none of the last {n} pages would have called whoever answered earlier")?,
            _ => write!(f, "{earlier} of the last {n} pages would have called whoever answered {by} earlier")?,
        }
        match more_called {
            0 => f.write_str(", and none somebody who was not called as it was"),
            1 => f.write_str("; 1 would have called somebody who was not needed"),
            more => write!(f, "; {more} would have called somebody who was not needed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engage::oncall::OnCall;

    /// Everybody can be reached; nobody is on call.
    struct Everybody;

    impl Lookup for Everybody {
        fn on_call(&self, _: &Name, _: Timestamp) -> Option<OnCall> {
            None
        }

        fn reachable(&self, _: &Name, _: Urgency) -> std::result::Result<(), String> {
            Ok(())
        }
    }

    fn policy() -> EscalationPolicy {
        serde_json::from_value(serde_json::json!({ "title": "Web", "repeat": 0, "steps": [
            { "notify": [{ "person": "ana" }], "wait": "5m" },
            { "notify": [{ "person": "ben" }], "wait": "10m" },
            { "notify": [{ "person": "cleo" }], "wait": "10m" },
        ] }))
        .unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    /// A page that somebody answers after so many minutes.
    fn page(answered: Option<(&str, i64)>) -> PastPage {
        let until = answered.map_or(at(60), |(_, minute)| at(minute));
        PastPage {
            started_at: at(0),
            answered: answered.map(|(name, minute)| (name.parse().unwrap(), at(minute))),
            over_at: at(60),
            called: calls(&policy(), at(0), until, &Everybody),
        }
    }

    fn ask(pages: &[PastPage], asked: Option<(usize, i64)>) -> Found {
        let pages: Vec<(PastPage, &dyn Lookup)> =
            pages.iter().map(|one| (one.clone(), &Everybody as &dyn Lookup)).collect();
        let asked = asked.map(|(step, minutes)| Candidate { step, wait: Span::minutes(minutes) });
        counterfactuals(&policy(), &pages, asked)
    }

    #[test]
    fn what_a_shorter_wait_wins_and_costs_is_told_of_enough_pages() {
        let mut pages: Vec<PastPage> = (0..4).map(|_| page(Some(("ben", 7)))).collect();
        assert_eq!(ask(&pages, Some((1, 2))).told, [], "four are too few");
        // Ana answers alone in the third minute: Ben would have been called for nothing.
        pages.push(page(Some(("ana", 3))));
        pages.push(page(None));
        let found = ask(&pages, Some((1, 2)));
        insta::assert_snapshot!(found.told[0], @"with step 1 waiting 2m instead of 5m, 4 of the last 6 pages would have called whoever answered 3m earlier; 1 would have called somebody who was not needed");
        let found = ask(&pages, Some((2, 2)));
        insta::assert_snapshot!(found.told[0], @"with step 2 waiting 2m instead of 10m, none of the last 6 pages would have called whoever answered earlier, and none somebody who was not called as it was");
        // Without a wish those that win something are told, the cheapest first.
        let all: Vec<(usize, String, usize)> = ask(&pages, None)
            .told
            .iter()
            .map(|one| (one.candidate.step, one.candidate.wait.to_string(), one.more_called))
            .collect();
        assert_eq!(all, [(1, "3m".into(), 0), (1, "1m".into(), 1), (1, "2m".into(), 1)]);
    }

    #[test]
    fn pages_that_went_by_another_policy_are_left_out() {
        let mut pages: Vec<PastPage> = (0..6).map(|_| page(Some(("ben", 7)))).collect();
        pages[0].called.insert("cleo".parse().unwrap(), at(1));
        let found = ask(&pages, Some((1, 2)));
        assert_eq!((found.n, found.left_out), (5, 1));
        for (step, wait, fine) in [(1, 2, true), (3, 2, false), (0, 2, false), (1, 0, false), (1, 2000, false)] {
            let candidate = Candidate { step, wait: Span::minutes(wait) };
            assert_eq!(refuse(&policy(), candidate).is_ok(), fine, "{candidate:?}");
        }
    }
}
