//! A strip of dots on an axis of time: one dot for each incident, and above so many a bar for those that lie together. Lengths
//! become percentages of the width. Pure; what a quantile is, is for `domain` to say.
//!
//! The axis goes by powers, on both sides of nought: seconds and years are seen on one.

use domain::learn::insights::in_words;
use domain::respond::stamps::Took;

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    pub values: Vec<Value>,
    pub quantiles: Vec<Mark>,
    /// Where those between two lengths are listed: the address goes on with `&at_least=0&below=60`.
    pub list: String,
}

/// One incident.
#[derive(Clone, Debug)]
pub struct Value {
    pub took: Took,
    /// Everything, for whoever points at it or does not see it.
    pub title: String,
    pub href: String,
}

/// A quantile, with its interval.
#[derive(Clone, Debug)]
pub struct Mark {
    /// `50%`.
    pub label: String,
    pub seconds: i64,
    pub least: Option<i64>,
    pub most: Option<i64>,
    pub title: String,
    pub href: String,
}

/// What the template shows. Every `x` and `width` is a percentage such as `12.50%`.
#[derive(Clone, Debug)]
pub struct Strip {
    pub height: u32,
    /// Where the axis is.
    pub floor: u32,
    pub floor_label: u32,
    pub ticks: Vec<Tick>,
    pub dots: Vec<Dot>,
    pub bars: Vec<Bar>,
    pub lanes: Vec<Lane>,
}

#[derive(Clone, Debug)]
pub struct Tick {
    pub x: String,
    pub text: String,
    /// Nought: what is left of it was there before.
    pub is_zero: bool,
}

#[derive(Clone, Debug)]
pub struct Dot {
    pub x: String,
    pub y: u32,
    pub class: &'static str,
    /// From where to where it may have been, if that is more than a dot.
    pub range: Option<(String, String)>,
    pub title: String,
    pub href: String,
}

#[derive(Clone, Debug)]
pub struct Bar {
    pub class: &'static str,
    pub x: String,
    pub width: String,
    pub y: u32,
    pub height: u32,
    pub title: String,
    pub href: String,
}

/// A quantile on a line of its own.
#[derive(Clone, Debug)]
pub struct Lane {
    pub y: u32,
    pub text_y: u32,
    pub x: String,
    pub from: String,
    pub to: String,
    /// There may be worse than was seen: the line has no end.
    pub open_above: bool,
    pub open_below: bool,
    pub label: String,
    pub title: String,
    pub href: String,
}

/// Above so many a dot for each would be a cloud, and a page of links.
pub const DOTS_MOST: usize = 120;
/// So many places side by side; what lies in one is stacked.
const PLACES: u32 = 40;
/// The dots, and the room under them.
const PLOT: u32 = 64;
const LANE: u32 = 22;
const AXIS: u32 = 22;
/// As `.insight-dot` in insights.css.
const DOT: u32 = 9;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;
/// Where the axis has marks, on both sides of nought.
const TICKS: [(i64, &str); 12] = [
    (MINUTE, "1 min"),
    (10 * MINUTE, "10 min"),
    (HOUR, "1 h"),
    (6 * HOUR, "6 h"),
    (DAY, "1 d"),
    (7 * DAY, "1 wk"),
    (30 * DAY, "30 d"),
    (180 * DAY, "180 d"),
    (YEAR, "1 y"),
    (3 * YEAR, "3 y"),
    (10 * YEAR, "10 y"),
    (100 * YEAR, "100 y"),
];

/// Where a length is, before it is put between the edges.
fn power(seconds: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
    let minutes = seconds.unsigned_abs() as f64 / 60.0;
    minutes.ln_1p().copysign(if seconds < 0 { -1.0 } else { 1.0 })
}

/// The length at a place: the other way round.
fn length(power: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "as many seconds as there are in the time that computers know")]
    let seconds = (power.abs().exp_m1() * 60.0).round().min(1e15) as i64;
    if power < 0.0 { -seconds } else { seconds }
}

/// The axis, from edge to edge.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Nought is always on it, and so are the marks around what is to be seen.
    fn over(values: impl Iterator<Item = i64> + Clone) -> Self {
        let (least, most) = (values.clone().min().unwrap_or(0).min(0), values.max().unwrap_or(0).max(0));
        let edge = |size: u64| {
            let found = TICKS.iter().find(|(mark, _)| mark.unsigned_abs() >= size);
            found.map_or_else(|| i64::try_from(size).unwrap_or(i64::MAX), |(mark, _)| *mark)
        };
        let low = if least < 0 { power(-edge(least.unsigned_abs())) } else { 0.0 };
        Self { low, high: if most > 0 || least == 0 { power(edge(most.unsigned_abs())) } else { 0.0 } }
    }

    /// In percent of the width; a little is left at the edges.
    fn place(&self, seconds: i64) -> f64 {
        let share = (power(seconds) - self.low) / (self.high - self.low).max(f64::EPSILON);
        3.0 + 94.0 * share.clamp(0.0, 1.0)
    }

    /// The lengths at which a place ends and the next one begins.
    fn edges(&self) -> Vec<i64> {
        let width = (self.high - self.low) / f64::from(PLACES);
        (1..PLACES).map(|place| length(self.low + width * f64::from(place))).collect()
    }

    fn ticks(&self) -> Vec<Tick> {
        let both = TICKS.iter().rev().map(|(mark, text)| (-mark, format!("−{text}")));
        let both =
            both.chain([(0, "0".to_owned())]).chain(TICKS.iter().map(|(mark, text)| (*mark, (*text).to_owned())));
        let seen: Vec<(i64, String)> =
            both.filter(|(mark, _)| (self.low..=self.high).contains(&power(*mark))).collect();
        let zero = self.place(0);
        let mut ticks: Vec<(f64, Tick)> = Vec::new();
        // Nought first, then outwards: what would stand upon another is left out.
        let outwards = seen.iter().filter(|(mark, _)| *mark == 0);
        let outwards = outwards.chain(seen.iter().filter(|(mark, _)| *mark > 0));
        for (mark, text) in outwards.chain(seen.iter().rev().filter(|(mark, _)| *mark < 0)) {
            let at = self.place(*mark);
            if ticks.iter().all(|(other, _)| (other - at).abs() >= 16.0) || (at - zero).abs() < f64::EPSILON {
                ticks.push((at, Tick { x: percent(at), text: text.clone(), is_zero: *mark == 0 }));
            }
        }
        ticks.into_iter().map(|(_, tick)| tick).collect()
    }
}

/// In which place a length is.
fn place_of(edges: &[i64], seconds: i64) -> usize {
    edges.partition_point(|edge| *edge <= seconds)
}

fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

impl Drawing {
    pub fn draw(&self) -> Strip {
        let ends = self.values.iter().flat_map(|one| [one.took.least, one.took.most]);
        let scale = Scale::over(ends);
        let floor = PLOT + LANE * u32::try_from(self.quantiles.len()).unwrap_or(0);
        let single = self.values.len() <= DOTS_MOST;
        Strip {
            height: floor + AXIS,
            floor,
            floor_label: floor + 15,
            ticks: scale.ticks(),
            dots: if single { self.dots(&scale) } else { vec![] },
            bars: if single { vec![] } else { self.bars(&scale) },
            lanes: self.lanes(&scale),
        }
    }

    fn dots(&self, scale: &Scale) -> Vec<Dot> {
        let edges = scale.edges();
        let tallest = self.counts(&edges).into_iter().max().unwrap_or(0).max(1);
        // A stack that is higher than the strip is pushed together.
        let step =
            |place: u32| if tallest * DOT <= PLOT - DOT { place * DOT } else { place * (PLOT - 2 * DOT) / tallest };
        let mut placed = [0u32; PLACES as usize];
        let dot = |value: &Value| {
            let place = &mut placed[place_of(&edges, value.took.middle())];
            let y = PLOT - DOT - step(*place);
            *place += 1;
            let took = value.took;
            let range = took.is_vague().then(|| (percent(scale.place(took.least)), percent(scale.place(took.most))));
            Dot {
                x: percent(scale.place(took.middle())),
                y,
                class: match (took.is_before(), took.is_vague()) {
                    (true, _) => "insight-dot is-before",
                    (false, true) => "insight-dot is-vague",
                    (false, false) => "insight-dot",
                },
                range,
                title: value.title.clone(),
                href: value.href.clone(),
            }
        };
        self.values.iter().map(dot).collect()
    }

    fn bars(&self, scale: &Scale) -> Vec<Bar> {
        let edges = scale.edges();
        let counts = self.counts(&edges);
        let tallest = counts.iter().copied().max().unwrap_or(0).max(1);
        let width = 94.0 / f64::from(PLACES);
        let bar = |(place, count): (u32, &u32)| {
            let (least, most) = (place.checked_sub(1).map(|before| edges[before as usize]), edges.get(place as usize));
            let height = (count * (PLOT - DOT) / tallest).max(2);
            let is_before = most.is_some_and(|most| *most <= 0);
            let between = match (least, most) {
                (Some(least), Some(most)) => format!("{} to {}", in_words(least), in_words(*most)),
                (Some(least), None) => format!("{} or more", in_words(least)),
                (None, Some(most)) => format!("less than {}", in_words(*most)),
                (None, None) => String::new(),
            };
            let least = least.map_or_else(String::new, |least| format!("&at_least={least}"));
            let most = most.map_or_else(String::new, |most| format!("&below={most}"));
            Bar {
                class: if is_before { "insight-bar is-before" } else { "insight-bar" },
                x: percent(3.0 + width * f64::from(place)),
                width: percent(width * 0.86),
                y: PLOT - height,
                height,
                title: format!("{count}: {between}"),
                href: format!("{}{least}{most}", self.list),
            }
        };
        (0..).zip(&counts).filter(|(_, count)| **count > 0).map(bar).collect()
    }

    /// How many lie in each place.
    fn counts(&self, edges: &[i64]) -> [u32; PLACES as usize] {
        let mut counts = [0; PLACES as usize];
        for value in &self.values {
            counts[place_of(edges, value.took.middle())] += 1;
        }
        counts
    }

    fn lanes(&self, scale: &Scale) -> Vec<Lane> {
        let lane = |(place, mark): (u32, &Mark)| {
            let y = PLOT + LANE * place + LANE / 2 + 3;
            Lane {
                y,
                text_y: y + 4,
                x: percent(scale.place(mark.seconds)),
                from: mark.least.map_or_else(|| "1.00%".to_owned(), |least| percent(scale.place(least))),
                to: mark.most.map_or_else(|| "99.00%".to_owned(), |most| percent(scale.place(most))),
                open_above: mark.most.is_none(),
                open_below: mark.least.is_none(),
                label: mark.label.clone(),
                title: mark.title.clone(),
                href: mark.href.clone(),
            }
        };
        (0..).zip(&self.quantiles).map(lane).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(seconds: &[i64]) -> Drawing {
        let took = |seconds: &i64| Took {
            seconds: *seconds,
            least: seconds.saturating_sub(1),
            most: seconds.saturating_add(1),
        };
        let value = |seconds: &i64| Value { took: took(seconds), title: String::new(), href: String::new() };
        Drawing { values: seconds.iter().map(value).collect(), quantiles: vec![], list: "/insights/detect?".into() }
    }

    fn number(text: &str) -> f64 {
        text.trim_end_matches('%').parse().unwrap()
    }

    #[test]
    fn seconds_and_years_negative_and_not_are_seen_on_one_axis() {
        for seconds in [
            vec![],
            vec![0],
            vec![5],
            vec![-10_800, 60, 3600],
            vec![-10_800],
            vec![1, 20 * YEAR],
            vec![-300 * YEAR, 300 * YEAR],
            vec![i64::MIN / 2, i64::MAX / 2],
        ] {
            let strip = drawing(&seconds).draw();
            let places: Vec<f64> = strip.dots.iter().map(|dot| number(&dot.x)).collect();
            assert!(places.iter().all(|place| (3.0..=97.0).contains(place)), "{seconds:?}: {places:?}");
            assert!(places.is_sorted(), "{seconds:?}: {places:?}");
            assert_eq!(strip.ticks.iter().filter(|tick| tick.is_zero).count(), 1, "{seconds:?}: nought is there");
            let mut at: Vec<f64> = strip.ticks.iter().map(|tick| number(&tick.x)).collect();
            at.sort_by(f64::total_cmp);
            assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= 15.9), "{seconds:?}: labels stand apart: {at:?}");
            assert!(strip.dots.iter().all(|dot| dot.y <= PLOT), "{seconds:?}");
        }
        let texts =
            |seconds: &[i64]| drawing(seconds).draw().ticks.into_iter().map(|tick| tick.text).collect::<Vec<_>>();
        assert_eq!(texts(&[300, 7000]), ["0", "10 min", "1 h", "6 h"]);
        assert_eq!(texts(&[-10_000, 59]), ["0", "−10 min", "−1 h", "−6 h"]);
    }

    #[test]
    fn what_lies_together_is_stacked_and_many_are_bars_that_lead_to_what_they_count() {
        let stacked = drawing(&[600, 601, 602]).draw();
        let heights: Vec<u32> = stacked.dots.iter().map(|dot| dot.y).collect();
        assert_eq!(heights, [PLOT - DOT, PLOT - 2 * DOT, PLOT - 3 * DOT]);
        let high = drawing(&[600; DOTS_MOST]).draw();
        assert!(high.dots.iter().all(|dot| dot.y >= DOT && dot.y <= PLOT - DOT), "no stack leaves the strip");
        let values: Vec<i64> = (0..500).map(|number| number * 37 - 900).collect();
        let many = drawing(&values).draw();
        assert!(many.dots.is_empty() && many.bars.len() <= PLACES as usize);
        // Each value is in exactly one bar, and what the bar links to counts as many as it says.
        let mut all = 0;
        for bar in &many.bars {
            let bound =
                |name: &str| bar.href.split(name).nth(1).map(|rest| rest.split('&').next().unwrap().parse().unwrap());
            let (least, most): (Option<i64>, Option<i64>) = (bound("at_least="), bound("below="));
            let counted =
                values.iter().filter(|one| least.is_none_or(|it| **one >= it) && most.is_none_or(|it| **one < it));
            let said: usize = bar.title.split(':').next().unwrap().parse().unwrap();
            assert_eq!(counted.count(), said, "{bar:?}");
            all += said;
        }
        assert_eq!(all, values.len());
    }

    #[test]
    fn what_is_vague_is_a_range_and_what_came_before_has_a_look_of_its_own() {
        let mut drawing = drawing(&[-600, 3600, 40_000]);
        (drawing.values[1].took.least, drawing.values[1].took.most) = (1800, 5400);
        let strip = drawing.draw();
        let classes: Vec<&str> = strip.dots.iter().map(|dot| dot.class).collect();
        assert_eq!(classes, ["insight-dot is-before", "insight-dot is-vague", "insight-dot"]);
        let (from, to) = strip.dots[1].range.clone().unwrap();
        assert!(number(&from) < number(&strip.dots[1].x) && number(&strip.dots[1].x) < number(&to));
        assert!(strip.dots[0].range.is_none());
    }

    #[test]
    fn a_quantile_without_a_bound_runs_to_the_edge() {
        let mut drawing = drawing(&[60, 3600]);
        let mark = |least, most| Mark {
            label: "90%".into(),
            seconds: 3600,
            least,
            most,
            title: String::new(),
            href: String::new(),
        };
        drawing.quantiles = vec![mark(Some(60), None), mark(Some(60), Some(3600))];
        let strip = drawing.draw();
        assert_eq!((strip.lanes[0].to.as_str(), strip.lanes[0].open_above), ("99.00%", true));
        assert_eq!((strip.lanes[1].to == strip.lanes[1].x, strip.lanes[1].open_above), (true, false));
        assert_eq!(strip.height, PLOT + 2 * LANE + AXIS);
    }
}
