//! Quantiles of a sample, by its order: each is a value that was seen, with an interval of two values that were seen.
//!
//! The interval is exact by the binomial distribution, whatever the values are distributed like: durations of incidents have
//! long tails, and nothing here takes them to be normal. There is no mean. A sample that is too small has no bound on a side,
//! and says so. Only ranks are computed; the values stay with whoever has them.

/// How sure an interval is that stands by itself.
pub const SURE: f64 = 0.95;
/// How sure each of two is, so that both hold together as surely as one: the root of 0.95.
pub const SURE_OF_TWO: f64 = 0.974_679_434_480_896_4;

/// The place in a sorted sample, from nought, of the quantile; none of an empty one. `percent` is 1 to 100.
pub fn place(n: usize, percent: usize) -> Option<usize> {
    (n * percent).div_ceil(100).max(1).checked_sub(1).filter(|place| *place < n)
}

/// The places of the two values between which the quantile of the population is, as surely as `sure`. `None` where the
/// sample is too small for a bound on that side.
pub fn between(n: usize, percent: usize, sure: f64) -> (Option<usize>, Option<usize>) {
    let beside = (1.0 - sure) / 2.0;
    let share = real(percent) / 100.0;
    // So many values may lie below the quantile, and not more, in all but the few cases that are left beside.
    let below = |share: f64| -> Option<usize> {
        let least = cumulated(n, share).into_iter().take_while(|sum| *sum <= beside).count();
        least.checked_sub(1)
    };
    (below(share), below(1.0 - share).map(|above| n - 1 - above))
}

/// Between which shares the true one is when `hits` of `n` were seen (Clopper and Pearson), as surely as [`SURE`].
pub fn share_between(hits: usize, n: usize) -> (f64, f64) {
    let beside = (1.0 - SURE) / 2.0;
    // The largest share under which so few would be rare; the chance falls as the share grows.
    let most = |hits: usize| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let chance = cumulated(n, middle).get(hits).copied().unwrap_or(1.0);
            if chance > beside { low = middle } else { high = middle }
        }
        high
    };
    let upper = if hits >= n { 1.0 } else { most(hits) };
    let lower = if hits == 0 { 0.0 } else { 1.0 - most(n - hits.min(n)) };
    (lower, upper)
}

/// For each number from nought to `n`: the chance of at most so many hits in `n` tries.
fn cumulated(n: usize, share: f64) -> Vec<f64> {
    if share <= 0.0 {
        return vec![1.0; n + 1];
    }
    if share >= 1.0 {
        return (0..=n).map(|hits| if hits == n { 1.0 } else { 0.0 }).collect();
    }
    // In logarithms: the chances at the edges of a large sample are smaller than any number.
    let odds = (share / (1.0 - share)).ln();
    let mut chance = real(n) * (1.0 - share).ln();
    let mut sum = 0.0;
    let mut sums = Vec::with_capacity(n + 1);
    for hits in 0..=n {
        sum += chance.exp();
        sums.push(f64::min(sum, 1.0));
        if hits < n {
            chance += (real(n - hits) / real(hits + 1)).ln() + odds;
        }
    }
    sums
}

/// A count as a number to compute with. Nobody has four thousand million incidents.
fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_are_those_of_the_tables() {
        // Ranks of the median as they are printed in tables of the sign test, from one there and from nought here.
        for (n, low, high) in [(6, 1, 6), (10, 2, 9), (20, 6, 15), (25, 8, 18), (50, 18, 33), (100, 40, 61)] {
            assert_eq!(between(n, 50, SURE), (Some(low - 1), Some(high - 1)), "{n}");
        }
        assert_eq!(between(5, 50, SURE), (None, None), "five values bound no median");
        // The slowest tenth: under 36 values there may be worse than was seen.
        assert_eq!(between(20, 90, SURE), (Some(14), None));
        assert_eq!(between(35, 90, SURE).1, None);
        assert_eq!(between(36, 90, SURE).1, Some(35));
        for (n, percent, at) in [
            (0, 50, None),
            (1, 50, Some(0)),
            (20, 50, Some(9)),
            (21, 50, Some(10)),
            (20, 90, Some(17)),
            (20, 75, Some(14)),
        ] {
            assert_eq!(place(n, percent), at, "{percent} of {n}");
        }
    }

    #[test]
    fn shares_are_those_of_the_tables() {
        for (hits, n, low, high) in
            [(0, 20, 0.0, 0.1684), (10, 20, 0.2720, 0.7280), (19, 20, 0.7513, 0.9987), (20, 20, 0.8316, 1.0)]
        {
            let (least, most) = share_between(hits, n);
            assert!((least - low).abs() < 1e-4 && (most - high).abs() < 1e-4, "{hits} of {n}: {least} {most}");
        }
    }

    /// By another way: Pascal's triangle in whole numbers and powers.
    fn chance(n: usize, hits: usize, share: f64) -> f64 {
        let ways = (0..hits).fold(1.0, |ways, step| ways * real(n - step) / real(step + 1));
        let power = |base: f64, times: usize| (0..times).fold(1.0, |product, _| product * base);
        ways * power(share, hits) * power(1.0 - share, n - hits)
    }

    proptest! {
        #[test]
        fn the_interval_holds_what_it_promises_and_is_no_wider_than_it_must_be(n in 1usize..120, percent in 1usize..100) {
            let share = real(percent) / 100.0;
            let covers = |low: Option<usize>, high: Option<usize>| -> f64 {
                // It holds when at least `low + 1` and at most `high` values are below the quantile.
                let (least, most) = (low.map_or(0, |low| low + 1), high.unwrap_or(n));
                (least..=most).map(|hits| chance(n, hits, share)).sum()
            };
            let (low, high) = between(n, percent, SURE);
            prop_assert!(covers(low, high) >= SURE - 1e-9, "{n} {percent}: {low:?} {high:?} {}", covers(low, high));
            let (next, last) = (low.map_or(0, |low| low + 1), high.unwrap_or(n));
            prop_assert!((0..=next).map(|hits| chance(n, hits, share)).sum::<f64>() > 0.025 - 1e-9, "wider than needed below");
            prop_assert!((last..=n).map(|hits| chance(n, hits, share)).sum::<f64>() > 0.025 - 1e-9, "wider than needed above");
            let at = place(n, percent).unwrap();
            prop_assert!(low.is_none_or(|low| low <= at) && high.is_none_or(|high| at <= high), "the quantile is in it");
        }

        #[test]
        fn two_intervals_hold_together(n in 20usize..400) {
            let (narrow, wide) = (between(n, 50, SURE), between(n, 50, SURE_OF_TWO));
            prop_assert!(wide.0.is_some() && wide.0 <= narrow.0 && narrow.1 <= wide.1);
        }
    }

    #[test]
    fn thousands_of_values_do_not_drown_in_small_numbers() {
        let (low, high) = between(10_000, 50, SURE);
        // 5000 give or take 1.96 times 50, from nought.
        assert_eq!((low, high), (Some(4901), Some(5098)));
        assert!((SURE_OF_TWO * SURE_OF_TWO - SURE).abs() < 1e-12);
    }
}
