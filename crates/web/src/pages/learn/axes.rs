//! Changes and incidents on one axis of time: what was changed above, what burned below. Times become percentages of the width.
//! Pure. That one follows the other shows no cause; the page says so.

use domain::words::Timestamp;

/// Something that has a place on the axis.
#[derive(Clone, Debug)]
pub struct Happening {
    pub from: Timestamp,
    /// Nothing: it is a moment, or goes on.
    pub to: Option<Timestamp>,
    /// It failed, or was severe: another shape, and another colour.
    pub bad: bool,
    pub title: String,
    pub href: String,
}

/// What the template shows. Every `x` and `width` is a percentage such as `12.50%`.
#[derive(Clone, Debug)]
pub struct Axis {
    pub height: u32,
    /// Between the two.
    pub floor: u32,
    pub label: u32,
    pub ticks: Vec<(String, String)>,
    pub changes: Vec<Mark>,
    pub incidents: Vec<Bar>,
}

/// A change.
#[derive(Clone, Debug)]
pub struct Mark {
    pub x: String,
    pub y: u32,
    pub bad: bool,
    pub title: String,
    pub href: String,
}

/// An incident, as long as it took.
#[derive(Clone, Debug)]
pub struct Bar {
    pub x: String,
    pub width: String,
    pub y: u32,
    pub bad: bool,
    pub title: String,
    pub href: String,
}

/// So many places side by side; what lies in one is stacked.
const PLACES: i64 = 40;
/// More than so many in one place are drawn over each other.
const STACKED: u32 = 6;
const STEP: u32 = 11;
const LANE: u32 = 12;
const LANES: usize = 5;
/// No incident is thinner, in parts of ten thousand of the width.
const THINNEST: i64 = 60;
const WHOLE: i64 = 10_000;

/// Draws what happened between two times. `ticks` are the marks of the axis, with their words.
pub fn draw(
    changes: &[Happening],
    incidents: &[Happening],
    ticks: &[(Timestamp, String)],
    from: Timestamp,
    to: Timestamp,
) -> Axis {
    let span = (to.as_second() - from.as_second()).max(1);
    let place = |at: Timestamp| ((at.as_second() - from.as_second()) * WHOLE / span).clamp(0, WHOLE);
    let percent = |parts: i64| format!("{}.{:02}%", parts / 100, parts % 100);
    let floor = STACKED * STEP + STEP;
    let mut heights = std::collections::BTreeMap::<i64, u32>::new();
    let changes = changes
        .iter()
        .map(|one| {
            let cell = (place(one.from) * PLACES / WHOLE).min(PLACES - 1);
            let height = heights.entry(cell).or_default();
            *height = (*height + 1).min(STACKED);
            Mark {
                x: percent((cell * 2 + 1) * WHOLE / (PLACES * 2)),
                y: floor - *height * STEP,
                bad: one.bad,
                title: one.title.clone(),
                href: one.href.clone(),
            }
        })
        .collect();
    // Each in the first lane that is free again; when none is, in the last.
    let mut ends = [-1i64; LANES];
    let mut used = 1;
    let mut bars = Vec::new();
    for one in incidents {
        let left = place(one.from).min(WHOLE - THINNEST);
        let width = (place(one.to.unwrap_or(to)) - left).max(THINNEST);
        let lane = ends.iter().position(|end| *end < left).unwrap_or(LANES - 1);
        ends[lane] = left + width;
        used = used.max(lane + 1);
        bars.push(Bar {
            x: percent(left),
            width: percent(width),
            y: floor + 6 + u32::try_from(lane).unwrap_or_default() * LANE,
            bad: one.bad,
            title: one.title.clone(),
            href: one.href.clone(),
        });
    }
    let bottom = floor + 6 + u32::try_from(used).unwrap_or_default() * LANE;
    Axis {
        height: bottom + 20,
        floor,
        label: bottom + 15,
        ticks: ticks.iter().map(|(at, text)| (percent(place(*at)), text.clone())).collect(),
        changes,
        incidents: bars,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap()
    }

    fn one(from: i64, to: Option<i64>) -> Happening {
        Happening { from: at(from), to: to.map(at), bad: false, title: String::new(), href: String::new() }
    }

    #[test]
    fn what_lies_together_is_stacked_and_what_overlaps_has_lanes() {
        let changes: Vec<_> = [0, 0, 50, 100].into_iter().map(|hour| one(hour, None)).collect();
        let incidents = [one(10, Some(30)), one(20, Some(40)), one(60, None)];
        let axis = draw(&changes, &incidents, &[(at(50), "half".into())], at(0), at(100));
        let ys: Vec<_> = axis.changes.iter().map(|mark| axis.floor - mark.y).collect();
        assert_eq!(ys, [11, 22, 11, 11], "the two at the beginning stand on each other");
        assert_eq!((axis.changes[0].x.as_str(), axis.changes[3].x.as_str()), ("1.25%", "98.75%"), "none is cut off");
        let lanes: Vec<_> = axis.incidents.iter().map(|bar| (bar.y - axis.floor - 6) / LANE).collect();
        assert_eq!(lanes, [0, 1, 0]);
        assert_eq!(
            (axis.incidents[2].x.as_str(), axis.incidents[2].width.as_str()),
            ("60.00%", "40.00%"),
            "it goes on"
        );
        assert_eq!(axis.ticks, [("50.00%".to_owned(), "half".to_owned())]);
    }

    #[test]
    fn nothing_leaves_the_picture() {
        let many: Vec<_> = (0..60).map(|n| one(n % 3, Some(n % 3 + 90))).collect();
        let axis = draw(&many, &many, &[], at(0), at(0));
        assert!(axis.changes.iter().all(|mark| mark.y < axis.floor));
        assert!(axis.incidents.iter().all(|bar| bar.y + LANE <= axis.height));
    }
}
