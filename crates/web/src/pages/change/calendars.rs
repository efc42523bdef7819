//! The calendar of changes: a month or a week, day by day.
//!
//! `GET /changes/calendar?view=month|week&on=2026-11-22`; `GET /changes/calendar/TOKEN.ics` is the feed.

use askama::Template;

use crate::pages::{Link, Shell, Tone};

/// The calendar.
#[derive(Clone, Debug, Template)]
#[template(path = "change/calendar.html")]
pub struct CalendarPage {
    pub shell: Shell,
    /// `November 2026`, `23 to 29 November 2026`.
    pub title: String,
    pub week: bool,
    /// The same days as a month, as a week.
    pub views: [Link; 2],
    pub before: Link,
    pub after: Link,
    pub today: Link,
    pub days: Vec<DayView>,
    /// The address of the viewer's feed.
    pub feed: String,
    pub zone: String,
}

/// One day.
#[derive(Clone, Debug)]
pub struct DayView {
    /// `Mon`, `23`.
    pub weekday: String,
    pub number: String,
    /// `Monday, 23 November`.
    pub full: String,
    pub today: bool,
    /// It belongs to another month.
    pub other: bool,
    pub items: Vec<ItemView>,
}

/// One thing on a day.
#[derive(Clone, Debug)]
pub struct ItemView {
    /// `Change`, `Freeze`, `Incident`, `On call`.
    pub sort: &'static str,
    pub tone: Tone,
    /// `09:00 to 10:30`; where it goes on since before, `goes on`.
    pub time: String,
    pub link: Link,
    /// `scheduled`, `SEV1`.
    pub said: String,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;

    impl CalendarPage {
        pub(crate) fn sample() -> Self {
            let item = |sort, tone, time: &str, title: &str, said: &str| ItemView {
                sort,
                tone,
                time: time.into(),
                link: Link::new(title, "/changes/cng_06f1k2m9qv7x3t01"),
                said: said.into(),
            };
            let days = (0..42).map(|place| {
                let number = (place + 26) % 31 + 1;
                let mut items = vec![];
                if (24..28).contains(&place) {
                    items.push(item("Freeze", Tone::Warning, "goes on", "Black Friday", "hard"));
                }
                if place % 7 == 0 {
                    items.push(item("On call", Tone::Quiet, "from 09:00", "Payments, primary: Ben Okafor", ""));
                }
                if place == 26 {
                    items.push(item(
                        "Change",
                        Tone::Info,
                        "09:00 to 10:30",
                        "Checkout 4.2 with a long title",
                        "scheduled",
                    ));
                    items.push(item("Incident", Tone::Critical, "03:12", "Card payments: 14% fail", "SEV1"));
                }
                DayView {
                    weekday: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][place % 7].into(),
                    number: number.to_string(),
                    full: format!("Day {number} November"),
                    today: place == 27,
                    other: place < 6,
                    items,
                }
            });
            Self {
                shell: Shell::sample(Section::Changes, "/changes/calendar"),
                title: "November 2026".into(),
                week: false,
                views: [
                    Link::new("Month", "/changes/calendar?view=month"),
                    Link::new("Week", "/changes/calendar?view=week"),
                ],
                before: Link::new("October 2026", "/changes/calendar?on=2026-10-01"),
                after: Link::new("December 2026", "/changes/calendar?on=2026-12-01"),
                today: Link::new("Today", "/changes/calendar"),
                days: days.collect(),
                feed: "https://allclear.example.org/changes/calendar/YW5hAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.ics"
                    .into(),
                zone: "Europe/Berlin".into(),
            }
        }

        pub(crate) fn sample_week() -> Self {
            let page = Self::sample();
            let days = page.days[21..28].to_vec();
            Self { title: "16 to 22 November 2026".into(), week: true, days, ..page }
        }
    }
}
