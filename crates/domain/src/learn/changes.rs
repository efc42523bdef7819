//! Insights about changes: how many failed, how long it took until it was well again, how long they waited to be done, and how many
//! went past the rules.
//!
//! As of incidents: each number says of how many it speaks and opens which they are; there is no mean, no share of fewer than
//! twenty, and no ranking of people or teams. What is not known is counted as such.

use std::collections::BTreeSet;

use super::insights::ENOUGH;
use super::quantiles::{SURE, between, place, share_between};
use crate::change::changes::{Path, State};
use crate::change::proposals::Kind;
use crate::words::choices::choices;
use crate::words::{ChangeId, Name, Span, Timestamp};

/// A change that began, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub id: ChangeId,
    pub title: String,
    pub kind: Kind,
    pub path: Path,
    pub services: BTreeSet<Name>,
    pub state: State,
    pub proposed_at: Timestamp,
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Somebody was exempted from a rule for it.
    pub exempted: bool,
    /// It was found to be the trigger of an incident.
    pub triggered: bool,
}

choices! {
    /// Which changes.
    Which: "the changes" at "?which" {
        /// All that began.
        Begun = "begun",
        /// Those that are over.
        Done = "done",
        /// Of them those that failed, were taken back, or were the trigger of an incident.
        Failed = "failed",
        /// Of the failed those of which it is known when it was well again.
        Recovered = "recovered",
        /// Those that people wrote down and that are finished: how long they took from then on.
        Lead = "lead",
        /// Those that people wrote down.
        Written = "written",
        /// Of them those that did not wait for an approval.
        Emergency = "emergency",
        /// Those that people wrote down, and edits of documents that somebody let through in spite of a rule.
        Made = "made",
        /// Of them those that went past a rule.
        Exempted = "exempted",
    }
}

impl Case {
    /// It is known what came of it.
    pub const fn is_over(&self) -> bool {
        !matches!(self.state, State::Running { .. }) && !self.state.is_ahead()
    }

    /// It failed, was taken back, or was the trigger of an incident.
    pub const fn failed(&self) -> bool {
        let bad = matches!(
            self.state,
            State::Failed { .. } | State::RollingBack { .. } | State::RolledBack { .. } | State::Stuck { .. }
        );
        self.is_over() && (bad || self.triggered)
    }

    const fn is_written(&self) -> bool {
        !matches!(self.path, Path::Observed)
    }

    /// When it was well again after it failed: it was taken back, or the next change of the same service went well.
    fn recovered_at(&self, all: &[Self]) -> Option<Timestamp> {
        if let State::RolledBack { at, .. } = self.state {
            return Some(at);
        }
        let mends = |other: &&Self| {
            other.began_at > self.began_at
                && matches!(other.state, State::Finished { .. })
                && !other.triggered
                && !other.services.is_disjoint(&self.services)
        };
        all.iter().filter(mends).filter_map(|other| other.ended_at).min()
    }
}

/// Lengths of time, the shortest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lengths<'c> {
    /// Seconds, and of which change.
    pub points: Vec<(i64, &'c Case)>,
    /// Those of which it is not known.
    pub unknown: Vec<&'c Case>,
}

/// A quantile of lengths, each a value that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantile<'c> {
    pub percent: u8,
    pub seconds: i64,
    pub case: &'c Case,
    /// Between which two values it is in the long run.
    pub least: Option<i64>,
    pub most: Option<i64>,
}

impl<'c> Lengths<'c> {
    /// From twenty on.
    pub fn quantiles(&self) -> Vec<Quantile<'c>> {
        let n = self.points.len();
        if n < ENOUGH {
            return Vec::new();
        }
        let of = |percent: u8| {
            let (seconds, case) = *self.points.get(place(n, percent.into())?)?;
            let (least, most) = between(n, percent.into(), SURE);
            let seconds_at = |place: Option<usize>| Some(self.points.get(place?)?.0);
            Some(Quantile { percent, seconds, case, least: seconds_at(least), most: seconds_at(most) })
        };
        [50, 75, 90].into_iter().filter_map(of).collect()
    }
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    pub hits: usize,
    pub n: usize,
}

impl Share {
    /// The share, and between which two it is in the long run; from twenty on.
    pub fn share(self) -> Option<(f64, f64, f64)> {
        if self.n < ENOUGH {
            return None;
        }
        let real = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let (least, most) = share_between(self.hits, self.n);
        Some((real(self.hits) / real(self.n), least, most))
    }
}

/// What happened in one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    pub from: Timestamp,
    pub to: Timestamp,
    pub changes: usize,
    pub failed: usize,
    pub incidents: usize,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Insights<'c> {
    cases: &'c [Case],
    pub recovery: Lengths<'c>,
    pub lead: Lengths<'c>,
}

/// Looks at changes that began in one stretch of time.
pub fn insights(cases: &[Case]) -> Insights<'_> {
    let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs();
    let lengths = |of: &dyn Fn(&Case) -> bool, took: &dyn Fn(&Case) -> Option<i64>| {
        let mut found = Lengths::default();
        for case in cases.iter().filter(|case| of(case)) {
            match took(case) {
                Some(seconds) => found.points.push((seconds, case)),
                None => found.unknown.push(case),
            }
        }
        found.points.sort_by_key(|(seconds, case)| (*seconds, case.id));
        found
    };
    Insights {
        cases,
        recovery: lengths(&Case::failed, &|case| Some(seconds(case.began_at, case.recovered_at(cases)?))),
        lead: lengths(&|case| case.is_written() && matches!(case.state, State::Finished { .. }), &|case| {
            Some(seconds(case.proposed_at, case.ended_at?))
        }),
    }
}

impl<'c> Insights<'c> {
    /// Which they are, the newest first.
    pub fn of(&self, which: Which) -> Vec<&'c Case> {
        let points = |lengths: &Lengths<'c>| lengths.points.iter().map(|(_, case)| *case).collect::<Vec<_>>();
        let admits = |case: &&Case| match which {
            Which::Done => case.is_over(),
            Which::Failed => case.failed(),
            Which::Written => case.is_written(),
            Which::Emergency => case.path == Path::Emergency,
            Which::Made => case.is_written() || case.exempted,
            Which::Exempted => case.exempted,
            Which::Begun | Which::Recovered | Which::Lead => true,
        };
        let mut found: Vec<&Case> = match which {
            Which::Recovered => points(&self.recovery),
            Which::Lead => points(&self.lead),
            _ => self.cases.iter().filter(admits).collect(),
        };
        found.sort_by_key(|case| std::cmp::Reverse((case.began_at, case.id)));
        found
    }

    /// How many of some are others.
    pub fn share(&self, hits: Which, of: Which) -> Share {
        Share { hits: self.of(hits).len(), n: self.of(of).len() }
    }

    /// Changes and incidents side by side, by weeks from the end backwards, the oldest first.
    pub fn weeks(&self, incidents: &[Timestamp], from: Timestamp, to: Timestamp) -> Vec<Week> {
        let week = Span::hours(7 * 24);
        let mut weeks = Vec::new();
        let mut end = to;
        while end > from && weeks.len() < 60 {
            let begin = week.before(end).max(from);
            let inside = |at: Timestamp| begin <= at && at < end;
            let own = || self.cases.iter().filter(|case| inside(case.began_at));
            weeks.push(Week {
                from: begin,
                to: end,
                changes: own().count(),
                failed: own().filter(|case| case.failed()).count(),
                incidents: incidents.iter().filter(|at| inside(**at)).count(),
            });
            end = begin;
        }
        weeks.reverse();
        weeks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Id as _;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap()
    }

    fn case(bits: u128, hour: i64, path: Path, state: State) -> Case {
        Case {
            id: ChangeId::from_bits(bits),
            title: format!("change {bits}"),
            kind: Kind::Deploy,
            path,
            services: ["shop".parse().unwrap()].into(),
            proposed_at: at(hour - 10),
            began_at: at(hour),
            ended_at: (!matches!(state, State::Running { .. })).then(|| at(hour + 1)),
            state,
            exempted: false,
            triggered: false,
        }
    }

    #[test]
    fn a_change_failed_that_was_taken_back_or_was_the_trigger_of_an_incident() {
        let finished = |hour: i64| State::Finished { at: at(hour + 1) };
        let cases = [
            case(1, 0, Path::Planned, finished(0)),
            case(2, 10, Path::Observed, State::Failed { at: at(11), why: "x".into() }),
            Case { triggered: true, ..case(3, 20, Path::Planned, finished(20)) },
            case(4, 30, Path::Emergency, State::RolledBack { at: at(32), outcome: None }),
            Case { exempted: true, ..case(5, 40, Path::Planned, finished(40)) },
            case(6, 50, Path::Planned, State::Running { since: at(50) }),
            Case {
                services: ["mail".parse().unwrap()].into(),
                ..case(7, 60, Path::Planned, State::Failed { at: at(61), why: "y".into() })
            },
            // An edit of documents that was let through: nobody wrote it down before.
            Case {
                exempted: true,
                services: ["mail".parse().unwrap()].into(),
                ..case(8, 58, Path::Observed, finished(58))
            },
        ];
        let found = insights(&cases);
        let ids = |which| found.of(which).iter().map(|case| case.id.bits()).collect::<Vec<_>>();
        for (which, expected) in [
            (Which::Done, vec![7, 8, 5, 4, 3, 2, 1]),
            (Which::Failed, vec![7, 4, 3, 2]),
            (Which::Recovered, vec![4, 3, 2]),
            (Which::Lead, vec![5, 3, 1]),
            (Which::Written, vec![7, 6, 5, 4, 3, 1]),
            (Which::Emergency, vec![4]),
            (Which::Made, vec![7, 8, 6, 5, 4, 3, 1]),
            (Which::Exempted, vec![8, 5]),
        ] {
            assert_eq!(ids(which), expected, "{which}");
        }
        // 2 and 3 were mended by 5, which ended at 41; 4 was taken back at 32; nothing mended 7.
        let took: Vec<(i64, u128)> =
            found.recovery.points.iter().map(|(took, case)| (took / 3600, case.id.bits())).collect();
        assert_eq!(took, [(2, 4), (21, 3), (31, 2)]);
        assert_eq!(found.recovery.unknown.iter().map(|case| case.id.bits()).collect::<Vec<_>>(), [7]);
        let share = found.share(Which::Failed, Which::Done);
        assert_eq!((share.hits, share.n, share.share()), (4, 7, None), "too few for a share");
        assert_eq!(found.recovery.quantiles(), []);
        let weeks = found.weeks(&[at(5), at(200)], at(-100), at(168));
        let told: Vec<_> = weeks.iter().map(|week| (week.changes, week.failed, week.incidents)).collect();
        assert_eq!(told, [(0, 0, 0), (8, 4, 1)]);
    }

    #[test]
    fn from_twenty_on_there_is_a_share_with_its_interval() {
        let cases: Vec<Case> = (0_i64..20)
            .map(|n| {
                let state = if n < 4 {
                    State::RolledBack { at: at(n + 2), outcome: None }
                } else {
                    State::Finished { at: at(n + 1) }
                };
                case(u128::try_from(n).unwrap() + 1, n, Path::Planned, state)
            })
            .collect();
        let found = insights(&cases);
        let (share, least, most) = found.share(Which::Failed, Which::Done).share().unwrap();
        assert!((share - 0.2).abs() < 1e-9 && least < share && share < most, "{least} {share} {most}");
        let lead = insights(&cases[4..]).lead;
        assert_eq!((lead.points.len(), lead.quantiles()), (16, vec![]));
    }
}
