//! The strips of a schedule on one time axis: instants become percentages of the width. Pure; who is on call is
//! for `domain` to say.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::pages::PersonTag;

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    pub from: Timestamp,
    pub to: Timestamp,
    /// The zone of the schedule: days, nights and the seams of its clock changes.
    pub zone: TimeZone,
    pub zone_name: String,
    /// The zone of the viewer; has its own axis where it differs.
    pub viewer_zone: TimeZone,
    pub viewer_zone_name: String,
    pub now: Timestamp,
    /// Where the scrubber stands.
    pub at: Option<Timestamp>,
    pub strips: Vec<Strip>,
}

/// One strip.
#[derive(Clone, Debug)]
pub struct Strip {
    pub kind: StripKind,
    pub title: String,
    /// `Weekly, hand-off Mon 09:00`.
    pub note: String,
    pub shifts: Vec<Shift>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripKind {
    /// Who is on call in the end.
    Final,
    Layer,
    Overrides,
}

impl StripKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Final => "is-final",
            Self::Layer => "is-layer",
            Self::Overrides => "is-overrides",
        }
    }

    /// As `.chart-names` in schedules.css.
    const fn height(self) -> u32 {
        match self {
            Self::Final => 60,
            Self::Layer | Self::Overrides => 44,
        }
    }
}

/// From when until when, and who.
#[derive(Clone, Debug)]
pub struct Shift {
    pub from: Timestamp,
    pub to: Timestamp,
    pub holder: Holder,
}

#[derive(Clone, Debug)]
pub enum Holder {
    Person(PersonTag),
    /// Stands in by an override.
    StandIn(PersonTag),
    /// An override that leaves it empty, or a gap that is meant.
    Nobody,
    /// Nobody, and that is a mistake.
    Gap,
}

/// What the template shows. Every `left` and `width` is a percentage such as `12.500%`.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Seconds, for the scrubber.
    pub from: i64,
    pub to: i64,
    pub height: u32,
    pub zone_name: String,
    pub viewer_zone_name: String,
    pub rows: Vec<Row>,
    pub nights: Vec<Band>,
    pub ticks: Vec<Tick>,
    /// The axis above the strips, in the schedule's zone.
    pub labels: Vec<Tick>,
    /// The axis below them, in the viewer's; empty where the two agree.
    pub viewer_labels: Vec<Tick>,
    pub viewer_axis_y: u32,
    pub seams: Vec<Tick>,
    pub now: Option<String>,
    pub at: Option<String>,
    pub bottom: u32,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub class: &'static str,
    pub title: String,
    pub note: String,
    /// Where the row ends: a thin line.
    pub line_y: u32,
    pub y: u32,
    pub height: u32,
    pub text_y: u32,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub left: String,
    pub width: String,
    pub class: String,
    pub label_class: &'static str,
    /// As much of the name as fits.
    pub label: String,
    /// Everything, on hover.
    pub title: String,
}

#[derive(Clone, Debug)]
pub struct Band {
    pub left: String,
    pub width: String,
}

#[derive(Clone, Debug)]
pub struct Tick {
    pub left: String,
    pub text: String,
    pub major: bool,
}

const AXIS: u32 = 38;
const DAY: i64 = 86_400;
const INSET: u32 = 7;

impl Drawing {
    pub fn draw(&self) -> Chart {
        let mut y = AXIS;
        let rows = self
            .strips
            .iter()
            .map(|strip| {
                let height = strip.kind.height();
                let row = Row {
                    class: strip.kind.class(),
                    title: strip.title.clone(),
                    note: strip.note.clone(),
                    y: y + INSET,
                    height: height - 2 * INSET,
                    text_y: (height - 2 * INSET) / 2 + 4,
                    line_y: y + height,
                    blocks: strip.shifts.iter().filter_map(|shift| self.block(shift)).collect(),
                };
                y += height;
                row
            })
            .collect();
        let viewer_labels = if self.zones_agree() { vec![] } else { self.labels(&self.viewer_zone) };
        Chart {
            from: self.from.as_second(),
            to: self.to.as_second(),
            height: if viewer_labels.is_empty() { y } else { y + AXIS },
            zone_name: self.zone_name.clone(),
            viewer_zone_name: self.viewer_zone_name.clone(),
            rows,
            nights: self.nights(),
            ticks: self.labels(&self.zone),
            labels: self.labels(&self.zone),
            viewer_axis_y: y + 23,
            viewer_labels,
            seams: self.seams(),
            now: self.within(self.now),
            at: self.at.and_then(|at| self.within(at)),
            bottom: y,
        }
    }

    fn share(&self, at: Timestamp) -> f64 {
        let whole = self.to.duration_since(self.from).as_secs_f64().max(1.0);
        (at.duration_since(self.from).as_secs_f64() / whole * 100.0).clamp(0.0, 100.0)
    }

    fn left(&self, at: Timestamp) -> String {
        format!("{:.3}%", self.share(at))
    }

    fn within(&self, at: Timestamp) -> Option<String> {
        (self.from <= at && at < self.to).then(|| self.left(at))
    }

    fn block(&self, shift: &Shift) -> Option<Block> {
        let (from, to) = (shift.from.max(self.from), shift.to.min(self.to));
        if from >= to {
            return None;
        }
        let share = self.share(to) - self.share(from);
        let (class, label_class, name, initials) = match &shift.holder {
            Holder::Person(person) => {
                (format!("chart-block hue-{}", person.hue), "chart-label", &*person.name, &*person.initials)
            }
            Holder::StandIn(person) => {
                (format!("chart-override hue-{}", person.hue), "chart-label", &*person.name, &*person.initials)
            }
            Holder::Nobody => ("chart-nobody".to_owned(), "chart-axis", "nobody", ""),
            Holder::Gap => ("chart-gap".to_owned(), "chart-gap-label", "Nobody", ""),
        };
        let zone = |at: Timestamp| at.to_zoned(self.zone.clone()).strftime("%a %-d %b %H:%M").to_string();
        let stands_in = if matches!(shift.holder, Holder::StandIn(_)) { " (override)" } else { "" };
        Some(Block {
            left: self.left(from),
            width: format!("{share:.3}%"),
            label: fit(name, initials, share),
            title: format!("{name}{stands_in}: {} to {} {}", zone(shift.from), zone(shift.to), self.zone_name),
            class,
            label_class,
        })
    }

    /// The starts of the days in a zone that lie in the window.
    fn days(&self, zone: &TimeZone) -> Vec<Timestamp> {
        let mut date = self.from.to_zoned(zone.clone()).date();
        let mut days = Vec::new();
        // One day early: a night begins on the day before the window.
        date = date.yesterday().unwrap_or(date);
        while days.len() < 400 {
            // Where a zone skipped a day, its start is the start of the next one.
            if let Ok(start) = date.to_zoned(zone.clone()) {
                let start = start.timestamp();
                if start >= self.to {
                    break;
                }
                if days.last() != Some(&start) {
                    days.push(start);
                }
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        days
    }

    fn labels(&self, zone: &TimeZone) -> Vec<Tick> {
        let length = self.to.as_second() - self.from.as_second();
        let hours: i8 = match length {
            0..=129_600 => 3,
            129_601..=345_600 => 12,
            _ => 24,
        };
        let mut ticks = Vec::new();
        for day in self.days(zone) {
            let date = day.to_zoned(zone.clone()).date();
            for place in 0..24 / hours {
                // Midnight is the start of the day, even where the clocks skip it; other hours keep the wall clock.
                let at = match place {
                    0 => day,
                    _ => match date.at(place * hours, 0, 0, 0).to_zoned(zone.clone()) {
                        Ok(zoned) => zoned.timestamp(),
                        Err(_) => continue,
                    },
                };
                if self.from <= at && at < self.to {
                    ticks.push(self.tick(at, zone, length, place == 0));
                }
            }
        }
        ticks
    }

    fn tick(&self, at: Timestamp, zone: &TimeZone, length: i64, midnight: bool) -> Tick {
        let local = at.to_zoned(zone.clone());
        let monday = local.weekday() == jiff::civil::Weekday::Monday;
        let text = match (midnight, length > 16 * DAY) {
            (false, _) => local.strftime("%H:%M").to_string(),
            (true, false) => local.strftime("%a %-d").to_string(),
            (true, true) if monday || local.day() == 1 => local.strftime("%-d %b").to_string(),
            (true, true) => String::new(),
        };
        Tick { left: self.left(at), text, major: midnight && (monday || length <= 4 * DAY) }
    }

    /// 22:00 to 06:00 where the schedule lives.
    fn nights(&self) -> Vec<Band> {
        if self.to.as_second() - self.from.as_second() > 16 * DAY {
            return vec![];
        }
        let wall = |date: jiff::civil::Date, hour| {
            date.at(hour, 0, 0, 0).to_zoned(self.zone.clone()).map(|zoned| zoned.timestamp())
        };
        self.days(&self.zone)
            .into_iter()
            .filter_map(|day| {
                let date = day.to_zoned(self.zone.clone()).date();
                let (from, to) = (wall(date, 22).ok()?, wall(date.tomorrow().ok()?, 6).ok()?);
                let (from, to) = (from.max(self.from), to.min(self.to));
                (from < to).then(|| Band {
                    left: self.left(from),
                    width: format!("{:.3}%", self.share(to) - self.share(from)),
                })
            })
            .collect()
    }

    /// Where the clocks change.
    fn seams(&self) -> Vec<Tick> {
        let mut before = self.zone.to_offset(self.from);
        let mut seams = Vec::new();
        for change in self.zone.following(self.from).take_while(|change| change.timestamp() < self.to) {
            if change.offset() != before {
                seams.push(Tick {
                    left: self.left(change.timestamp()),
                    text: seam(before, change.offset()),
                    major: true,
                });
            }
            before = change.offset();
        }
        seams
    }

    fn zones_agree(&self) -> bool {
        self.days(&self.zone)
            .iter()
            .chain([&self.from, &self.to])
            .all(|at| self.zone.to_offset(*at) == self.viewer_zone.to_offset(*at))
    }
}

/// `Clocks +1 h`.
fn seam(before: Offset, after: Offset) -> String {
    let minutes = (after.seconds() - before.seconds()) / 60;
    let sign = if minutes < 0 { '−' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (hours, 0) => format!("Clocks {sign}{hours} h"),
        (0, rest) => format!("Clocks {sign}{rest} min"),
        (hours, rest) => format!("Clocks {sign}{hours} h {rest} min"),
    }
}

/// As much of a name as fits into this share of a plot that is at least 736 px wide.
fn fit(name: &str, initials: &str, share: f64) -> String {
    let letters = |text: &str| f64::from(u16::try_from(text.chars().count()).unwrap_or(u16::MAX));
    let room = share / 100.0 * 736.0 - 12.0;
    let first = name.split(' ').next().unwrap_or(name);
    [name, first, initials].into_iter().find(|text| letters(text) * 7.6 <= room).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn drawing(zone: &str, viewer: &str, from: &str, days: i64) -> Drawing {
        let from: Timestamp = from.parse().unwrap();
        Drawing {
            from,
            to: from + SignedDuration::from_hours(24 * days),
            zone: TimeZone::get(zone).unwrap(),
            zone_name: zone.into(),
            viewer_zone: TimeZone::get(viewer).unwrap(),
            viewer_zone_name: viewer.into(),
            now: from,
            at: None,
            strips: vec![],
        }
    }

    #[test]
    fn clock_changes_are_seams_with_their_size() {
        for (zone, from, seams) in [
            ("Europe/Berlin", "2026-10-19T22:00:00Z", vec!["Clocks −1 h"]),
            ("Europe/Berlin", "2026-03-22T23:00:00Z", vec!["Clocks +1 h"]),
            ("Australia/Lord_Howe", "2026-09-27T13:30:00Z", vec!["Clocks +30 min"]),
            ("Africa/Nairobi", "2026-10-19T22:00:00Z", vec![]),
        ] {
            let chart = drawing(zone, zone, from, 14).draw();
            assert_eq!(chart.seams.iter().map(|seam| seam.text.as_str()).collect::<Vec<_>>(), seams, "{zone}");
        }
    }

    #[test]
    fn a_day_that_a_zone_skipped_is_drawn_once() {
        let chart = drawing("Pacific/Apia", "Pacific/Apia", "2011-12-27T10:00:00Z", 6).draw();
        let days: Vec<&str> = chart.labels.iter().map(|tick| tick.text.as_str()).collect();
        assert_eq!(days, ["Tue 27", "Wed 28", "Thu 29", "Sat 31", "Sun 1", "Mon 2"].as_slice());
    }

    #[test]
    fn the_viewer_has_an_axis_only_where_the_zones_differ() {
        assert!(drawing("Europe/Berlin", "Europe/Paris", "2026-11-22T23:00:00Z", 7).draw().viewer_labels.is_empty());
        let other = drawing("Europe/Berlin", "America/New_York", "2026-11-22T23:00:00Z", 7).draw();
        assert_eq!(other.viewer_labels.len(), 7);
        assert_ne!(other.viewer_labels[0].left, other.labels[0].left);
    }

    #[test]
    fn shifts_are_cut_at_the_edges_of_the_window() {
        let mut drawing = drawing("UTC", "UTC", "2026-11-22T00:00:00Z", 2);
        let person = PersonTag::new("ana", "Ana Silva");
        let shift = |from: &str, to: &str| Shift {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            holder: Holder::Person(person.clone()),
        };
        drawing.strips = vec![Strip {
            kind: StripKind::Final,
            title: "Final".into(),
            note: String::new(),
            shifts: vec![
                shift("2026-11-20T00:00:00Z", "2026-11-22T12:00:00Z"),
                shift("2026-11-22T12:00:00Z", "2026-11-30T00:00:00Z"),
                shift("2026-11-30T00:00:00Z", "2026-12-30T00:00:00Z"),
            ],
        }];
        let chart = drawing.draw();
        let places: Vec<_> =
            chart.rows[0].blocks.iter().map(|block| (block.left.as_str(), block.width.as_str())).collect();
        assert_eq!(places, [("0.000%", "25.000%"), ("25.000%", "75.000%")]);
    }
}
