//! How long things stay open, as a curve: of those that are still open at an age, how many were closed there (Kaplan and Meier).
//!
//! What is open counts as open so far, which a percentage of what is done cannot say: a young item is no failure. The interval
//! goes by Greenwood's variance on the log-log scale, so that it stays between nought and one. Below five nothing is drawn.

use crate::words::{Span, Timestamp};

/// One thing, from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub from: Timestamp,
    /// When it was closed, or looked at last.
    pub until: Timestamp,
    /// It was closed then; if not, nobody knows yet when it will be.
    pub closed: bool,
}

/// Where the curve goes down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The age, in days.
    pub days: f64,
    /// How many were open just before, how many were closed there.
    pub at_risk: usize,
    pub closed: usize,
    /// The share that is open after it, with its interval in 95 of 100 cases; nothing, where nothing can be said.
    pub open: f64,
    pub interval: Option<(f64, f64)>,
}

/// The curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// How many it speaks of, and how many of them are not closed.
    pub n: usize,
    pub open: usize,
    pub steps: Vec<Step>,
    /// The age of the oldest, in days: where the curve ends.
    pub ends: f64,
    /// The age at which half are closed, if so many are.
    pub half: Option<f64>,
}

/// Of fewer nothing is said.
pub const LEAST: usize = 5;
/// The quantile of the normal distribution for 95 of 100.
const Z: f64 = 1.959_963_984_540_054;
const DAY_MS: f64 = 86_400_000.0;

impl Life {
    #[expect(clippy::cast_precision_loss, reason = "an age in days")]
    fn days(&self) -> f64 {
        Span::between(self.from, self.until).as_millis().max(0) as f64 / DAY_MS
    }
}

/// The curve of these; nothing, if there are too few to tell.
pub fn curve(lives: &[Life]) -> Option<Curve> {
    if lives.len() < LEAST {
        return None;
    }
    let mut ages: Vec<(f64, bool)> = lives.iter().map(|life| (life.days(), life.closed)).collect();
    // At one age those that are closed come first: whoever was only seen until then was open there.
    ages.sort_by(|(one, closed), (other, also)| one.total_cmp(other).then(also.cmp(closed)));
    let mut steps: Vec<Step> = Vec::new();
    let (mut open, mut greenwood, mut place) = (1.0_f64, 0.0_f64, 0);
    while place < ages.len() {
        let days = ages[place].0;
        let same = ages[place..].iter().take_while(|(age, _)| age.total_cmp(&days).is_eq()).count();
        let closed = ages[place..place + same].iter().filter(|(_, closed)| *closed).count();
        let at_risk = ages.len() - place;
        if closed > 0 {
            let (d, n) = (real(closed), real(at_risk));
            open *= 1.0 - d / n;
            greenwood += if closed < at_risk { d / (n * (n - d)) } else { f64::INFINITY };
            steps.push(Step { days, at_risk, closed, open, interval: interval(open, greenwood) });
        }
        place += same;
    }
    let half = steps.iter().find(|step| step.open <= 0.5).map(|step| step.days);
    Some(Curve {
        n: lives.len(),
        open: lives.iter().filter(|life| !life.closed).count(),
        steps,
        ends: ages.last().map_or(0.0, |(days, _)| *days),
        half,
    })
}

/// Greenwood's interval on the log-log scale.
fn interval(open: f64, greenwood: f64) -> Option<(f64, f64)> {
    if open <= 0.0 || open >= 1.0 || !greenwood.is_finite() {
        return None;
    }
    let log = open.ln();
    let wide = (Z * greenwood.sqrt() / log.abs()).exp();
    // The exponents are above and below one: the larger makes the smaller share.
    Some((open.powf(wide), open.powf(1.0 / wide)))
}

impl Curve {
    /// The share that is open at an age, in days; nothing beyond the oldest.
    pub fn open_at(&self, days: f64) -> Option<(f64, Option<(f64, f64)>)> {
        if days > self.ends {
            return None;
        }
        let last = self.steps.iter().rev().find(|step| step.days <= days);
        Some(last.map_or((1.0, None), |step| (step.open, step.interval)))
    }
}

#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
const fn real(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap()
    }

    /// Ages in days; negative: still open.
    fn lives(days: &[i64]) -> Vec<Life> {
        days.iter().map(|days| Life { from: at(0), until: at(days.abs()), closed: *days >= 0 }).collect()
    }

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 5e-4
    }

    #[test]
    fn too_few_cannot_tell() {
        assert_eq!(curve(&lives(&[1, 2, 3, 4])), None);
        assert!(curve(&lives(&[1, 2, 3, 4, 5])).is_some());
    }

    /// Freireich and others, 1963: weeks in remission under 6-MP, the example of many textbooks. Values as they are printed there.
    #[test]
    fn the_example_of_the_textbooks_comes_out_as_it_is_printed() {
        let weeks = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35];
        let found = curve(&lives(&weeks)).unwrap();
        let open: Vec<f64> = found.steps.iter().map(|step| step.open).collect();
        for (found, printed) in open.iter().zip([0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]) {
            assert!(near(*found, printed), "{found} is not {printed}");
        }
        assert_eq!(
            found.steps.iter().map(|step| (step.at_risk, step.closed)).collect::<Vec<_>>(),
            [(21, 3), (17, 1), (15, 1), (12, 1), (11, 1), (7, 1), (6, 1)]
        );
        // The standard error by Greenwood at 10 weeks is 0.0963, as printed: 0.7529 * sqrt(0.0163...).
        let (least, most) = found.steps[2].interval.unwrap();
        assert!(near(least, 0.5032) && near(most, 0.8894), "{least} {most}");
        assert!(near(found.half.unwrap(), 23.0));
        assert_eq!((found.n, found.open), (21, 12));
    }

    #[test]
    fn what_is_open_is_no_failure_and_all_that_is_closed_ends_at_nought() {
        let open = curve(&lives(&[-1, -2, -3, -4, -5])).unwrap();
        assert_eq!((open.steps.len(), open.half, open.open_at(3.0)), (0, None, Some((1.0, None))));
        assert_eq!(open.open_at(6.0), None, "nobody was watched so long");
        let closed = curve(&lives(&[1, 2, 3, 4, 5])).unwrap();
        let last = closed.steps.last().unwrap();
        assert_eq!((last.open, last.interval), (0.0, None));
        assert!(near(closed.half.unwrap(), 3.0));
    }

    #[test]
    fn the_curve_only_falls_and_its_interval_holds_it() {
        for seed in 1..40_i64 {
            let days: Vec<i64> = (0..60).map(|n| (seed * 7919 + n * 104_729) % 97 - 30).collect();
            let found = curve(&lives(&days)).unwrap();
            let mut before = 1.0;
            for step in &found.steps {
                assert!(step.open <= before && step.open >= 0.0);
                before = step.open;
                if let Some((least, most)) = step.interval {
                    assert!(0.0 <= least && least <= step.open && step.open <= most && most <= 1.0);
                }
            }
        }
    }
}
