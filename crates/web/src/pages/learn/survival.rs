//! A curve of what is still open at which age, with the band in which it is in 95 of 100 cases. Ages become places from nought to a
//! thousand; the template stretches them. Pure.

use std::fmt::Write as _;

use domain::learn::survival::Curve;

/// What the template shows.
#[derive(Clone, Debug)]
pub struct CurveDrawing {
    /// The path of the curve, and of the band around it; in a box of 1000 by 1000.
    pub line: String,
    pub band: String,
    /// Where the axis has marks: `12.50%`, `30 d`.
    pub ticks: Vec<(String, String)>,
    /// The same as a table: after how many days which share is open, between which shares, of how many.
    pub rows: Vec<CurveRow>,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub struct CurveRow {
    pub after: String,
    pub open: String,
    pub between: String,
    pub at_risk: usize,
    pub done: usize,
}

const BOX: f64 = 1000.0;
/// Where the axis has marks, in days: as many as fit.
const TICKS: [f64; 8] = [1.0, 7.0, 15.0, 30.0, 60.0, 90.0, 180.0, 365.0];
/// Marks do not stand nearer to each other, in percent.
const APART: f64 = 14.0;
/// More lines than anybody reads.
const ROWS_MOST: usize = 40;

/// Draws a curve; from nought to the age of the oldest.
pub fn draw(curve: &Curve) -> CurveDrawing {
    let ends = curve.ends.max(1.0);
    let x = |days: f64| (days / ends * BOX).clamp(0.0, BOX);
    let y = |share: f64| (1.0 - share) * BOX;
    let mut line = format!("M0 {:.1}", y(1.0));
    let (mut above, mut below) = (format!("M0 {:.1}", y(1.0)), Vec::new());
    let mut before = (1.0, 1.0);
    for step in &curve.steps {
        let at = x(step.days);
        _ = write!(line, "H{at:.1}V{:.1}", y(step.open));
        let (least, most) = step.interval.unwrap_or((step.open, step.open));
        _ = write!(above, "H{at:.1}V{:.1}", y(most));
        below.push((at, before.0));
        below.push((at, least));
        before = (least, most);
    }
    _ = write!(line, "H{BOX:.1}");
    _ = write!(above, "H{BOX:.1}V{:.1}", y(before.0));
    for (at, least) in below.iter().rev() {
        _ = write!(above, "L{at:.1} {:.1}", y(*least));
    }
    above.push_str("L0 0Z");
    let mut ticks: Vec<(String, String)> = vec![("0%".into(), "0".into())];
    let mut last = 0.0;
    for days in TICKS.into_iter().filter(|days| *days <= ends) {
        let place = days / ends * 100.0;
        if place - last >= APART && place <= 97.0 {
            ticks.push((format!("{place:.2}%"), format!("{days:.0} d")));
            last = place;
        }
    }
    let row = |step: &domain::learn::survival::Step| CurveRow {
        after: format!("{:.0} d", step.days),
        open: percent(step.open),
        between: step
            .interval
            .map_or_else(|| "cannot tell".into(), |(least, most)| format!("{} to {}", percent(least), percent(most))),
        at_risk: step.at_risk,
        done: step.closed,
    };
    let every = curve.steps.len().div_ceil(ROWS_MOST).max(1);
    CurveDrawing { line, band: above, ticks, rows: curve.steps.iter().step_by(every).map(row).collect() }
}

/// `48 %`
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::learn::survival::{Life, curve};
    use domain::words::Timestamp;

    #[test]
    fn a_curve_begins_above_and_only_falls() {
        let at = |day: i64| Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap();
        let life = |day: i64, closed| Life { from: at(0), until: at(day), closed };
        let lives = [life(5, true), life(10, true), life(20, false), life(40, true), life(80, false)];
        let drawn = draw(&curve(&lives).unwrap());
        assert_eq!(drawn.line, "M0 0.0H62.5V200.0H125.0V400.0H500.0V700.0H1000.0");
        assert!(drawn.band.starts_with("M0 0.0H62.5V") && drawn.band.ends_with("L0 0Z"), "{}", drawn.band);
        assert_eq!(
            drawn.ticks.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
            ["0", "15 d", "30 d", "60 d"]
        );
        assert_eq!(drawn.rows.len(), 3);
        assert_eq!((drawn.rows[0].open.as_str(), drawn.rows[0].at_risk), ("80 %", 5));
    }
}
