//! Whether two samples differ by more than chance: by shuffling who belongs to which, many times, and counting how often they
//! then differ as much.
//!
//! Ranks are compared, so that one incident of three weeks weighs no more than the longest of an hour would. The shuffles are
//! the same each time: the same record says the same to everybody. What would have to be seen to know is reckoned from how
//! widely the values spread, as for a test of logarithms at 5 % with a power of 80 %.

/// Below so many in a thousand it is taken for more than chance.
pub(super) const RARE: u32 = 50;

/// How often, in a thousand shuffles, two samples differ as much as these do; from 1 to 1000. Nothing, if one is empty.
pub(super) fn chance(one: &[i64], other: &[i64]) -> Option<u32> {
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let ranks = ranks(one, other);
    let expected = real(one.len()) * (real(ranks.len()) + 1.0) / 2.0;
    let seen = (ranks[..one.len()].iter().sum::<f64>() - expected).abs() - 1e-9;
    // The fewer there are, the more often they are shuffled: it takes as long.
    let shuffles = (1_000_000 / ranks.len()).clamp(400, 2000);
    let (mut shuffled, mut dice, mut as_much) = (ranks, Dice(0x9E37_79B9_7F4A_7C15), 0_usize);
    for _ in 0..shuffles {
        for place in 0..one.len() {
            let with = place + dice.below(shuffled.len() - place);
            shuffled.swap(place, with);
        }
        if (shuffled[..one.len()].iter().sum::<f64>() - expected).abs() >= seen {
            as_much += 1;
        }
    }
    u32::try_from(((as_much + 1) * 1000).div_ceil(shuffles + 1)).ok()
}

/// How many it takes in each of two samples to see that one takes `ratio` times as long, if they spread as these do. Nothing
/// of fewer than five: how they spread is not known then.
pub(super) fn needed(values: &[i64], ratio: f64) -> Option<usize> {
    const FEWEST: usize = 5;
    /// The squared sum of the normal quantiles of 97.5 % and of 80 %.
    const SURE: f64 = 7.848_879_7;
    let logs: Vec<f64> = values.iter().filter(|value| **value > 0).map(|value| float(*value).ln()).collect();
    if logs.len() < FEWEST {
        return None;
    }
    let mean = logs.iter().sum::<f64>() / real(logs.len());
    let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / real(logs.len() - 1);
    let n = (2.0 * SURE * variance / ratio.ln().powi(2)).ceil();
    // Two significant digits: it is a size, no promise.
    let unit = [1, 10, 100, 1000, 10_000].into_iter().find(|unit| n <= float(*unit) * 100.0)?;
    (1_i64..=100).find(|times| float(times * unit) >= n).and_then(|times| usize::try_from(times * unit).ok())
}

/// The place of each among all, from one; what is the same has the same, in the middle of theirs.
fn ranks(one: &[i64], other: &[i64]) -> Vec<f64> {
    let all: Vec<i64> = one.iter().chain(other).copied().collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|place| all[*place]);
    let mut ranks = vec![0.0; all.len()];
    let mut start = 0;
    while start < order.len() {
        let end = (start..order.len()).take_while(|at| all[order[*at]] == all[order[start]]).count() + start;
        let middle = f64::midpoint(real(start + 1), real(end));
        for place in &order[start..end] {
            ranks[*place] = middle;
        }
        start = end;
    }
    ranks
}

/// A sequence that looks like chance, and is the same each time (xorshift*, Marsaglia and Vigna).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as usize;
        (drawn * most) >> 32
    }
}

fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn float(value: i64) -> f64 {
    f64::from(i32::try_from(value).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chance_does_as_well_is_told_apart_from_what_it_does_not() {
        let upto = |from: i64, to: i64| (from..=to).collect::<Vec<_>>();
        assert_eq!(chance(&upto(1, 30), &upto(1, 30)), Some(1000), "the same");
        assert_eq!(chance(&[7; 20], &[7; 25]), Some(1000), "all are one value");
        assert!(chance(&upto(101, 140), &upto(1, 40)).unwrap() < 5);
        // Three and three: of the twenty ways to part them two differ as much.
        let three = chance(&[1, 2, 3], &[4, 5, 6]).unwrap();
        assert!((85..=115).contains(&three), "{three}");
        assert_eq!(chance(&[], &[1]), None);
        let (one, other) = (upto(5, 44), upto(1, 40));
        assert_eq!(chance(&one, &other), chance(&one, &other), "the same each time");
        assert!(chance(&one, &other).unwrap() > RARE, "a few minutes among forty are not seen");
    }

    #[test]
    fn what_it_would_take_is_as_in_the_tables() {
        // Logarithms with a standard deviation of 1.24, as those of 354 real incidents: some 490 for a fifth, 50 for a half.
        // Half of them at e^(10 - 1.24) seconds, half at e^(10 + 1.24).
        let values: Vec<i64> = [6374, 76_114].into_iter().cycle().take(1000).collect();
        assert_eq!(needed(&values, 0.8), Some(490));
        assert_eq!(needed(&values, 0.5), Some(51));
        assert_eq!(needed(&[60, 60, 60, 60], 0.5), None, "too few");
        assert_eq!(needed(&[-5, 0, 3, 4, 5, 6], 0.5), None, "what is not positive has no logarithm");
        assert_eq!(needed(&[60; 9], 0.5), Some(1));
    }
}
