//! Schedules: who is on call now, and one schedule as strips with its overrides.
//!
//! `GET /schedules/NAME?view=day|week|fortnight|month&from=DATE&at=INSTANT`: `at` is a local time of the viewer
//! (`2026-11-23T03:00`, from the form) or an instant in UTC (`…Z`, from the scrubber); `fill` is the instant at which
//! a gap begins, for which an override is offered.
//! `POST /schedules/NAME/overrides` with `person` (may be empty: nobody), `from`, `to`, `reason`;
//! `POST /overrides/ID/remove`.

use askama::Template;

use crate::pages::engage::chart::Chart;
use crate::pages::filters::Chosen;
use crate::pages::{Badge, Link, PersonTag, Shell};

/// All schedules.
#[derive(Clone, Debug, Template)]
#[template(path = "engage/schedules.html")]
pub struct SchedulesPage {
    pub shell: Shell,
    pub rows: Vec<ScheduleRow>,
}

/// One schedule, and who holds it.
#[derive(Clone, Debug)]
pub struct ScheduleRow {
    pub href: String,
    pub title: String,
    /// `Europe/Berlin · 04:12 there`.
    pub zone: String,
    pub team: Option<String>,
    pub now: Option<PersonTag>,
    /// `until Mon 09:00`, or why nobody is: `Nobody until Mon 09:00`.
    pub until: String,
    /// Who comes next.
    pub next: Option<PersonTag>,
    /// The viewer is in it.
    pub mine: bool,
    /// A gap that is not meant, in the next four weeks.
    pub gap: Option<String>,
}

/// One schedule.
#[derive(Clone, Debug, Template)]
#[template(path = "engage/schedule.html")]
pub struct SchedulePage {
    pub shell: Shell,
    pub name: String,
    pub title: String,
    pub time_zone: String,
    pub team: Option<Link>,
    /// Who is on call now; nobody in a gap.
    pub now: Option<PersonTag>,
    /// `until Mon 23 Nov 09:00, by layer Weekly`.
    pub now_note: String,
    /// Day, week, two weeks, month.
    pub zooms: Vec<Zoom>,
    pub earlier_href: String,
    pub later_href: String,
    pub today_href: String,
    /// `22 Nov to 6 Dec 2026`.
    pub window: String,
    pub chart: Chart,
    /// Gaps in the next four weeks that are not meant, in words.
    pub gaps: Vec<Link>,
    pub who_at: Option<WhoAt>,
    /// The zone in which the viewer reads and types times.
    pub viewer_zone: String,
    /// Kept by the who-at form: the zoom and the start of the window.
    pub view: String,
    pub from: String,
    /// `2026-11-23T03:00`.
    pub at: String,
    /// The coming shifts, in words: also what a screen reader reads instead of the strips.
    pub shifts: Vec<ShiftRow>,
    pub overrides: Vec<OverrideRow>,
    pub form: OverrideForm,
    /// Policies and so on that call this schedule.
    pub used_by: Vec<Link>,
    pub document_href: String,
}

#[derive(Clone, Debug)]
pub struct Zoom {
    pub title: &'static str,
    pub href: String,
    pub current: bool,
}

/// The answer of the scrubber.
#[derive(Clone, Debug)]
pub struct WhoAt {
    /// Both zones: `Mon 23 Nov 03:00 CET (Sun 21:00 EST for you)`.
    pub at: String,
    pub person: Option<PersonTag>,
    /// Which layer or override decides it.
    pub why: String,
}

/// One coming shift.
#[derive(Clone, Debug)]
pub struct ShiftRow {
    pub person: Option<PersonTag>,
    /// In the schedule's zone.
    pub from: String,
    pub to: String,
    /// `5 d`.
    pub length: String,
    /// `layer Weekly`, `override`.
    pub by: String,
}

/// One override that has not ended.
#[derive(Clone, Debug)]
pub struct OverrideRow {
    pub id: String,
    pub person: Option<PersonTag>,
    pub from: String,
    pub to: String,
    pub reason: Option<String>,
    pub by: String,
    pub state: Badge,
    /// It may still be removed by this viewer.
    pub removable: bool,
}

/// The form for a new override, as it was sent if it was refused.
#[derive(Clone, Debug)]
pub struct OverrideForm {
    pub people: Vec<Chosen>,
    pub from: String,
    pub to: String,
    pub reason: String,
    pub error: Option<String>,
}

#[cfg(test)]
mod samples {
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::pages::engage::chart::{Drawing, Holder, Shift, Strip, StripKind};
    use crate::pages::{Section, Tone};

    fn ana() -> PersonTag {
        PersonTag::new("ana", "Ana Silva")
    }

    fn ben() -> PersonTag {
        PersonTag::new("ben", "Ben Okafor")
    }

    fn chidi() -> PersonTag {
        PersonTag::new("chidi", "Chidi Anyanwu")
    }

    impl SchedulesPage {
        pub(crate) fn sample() -> Self {
            let row = |title: &str, name: &str, now: Option<PersonTag>, until: &str| ScheduleRow {
                href: format!("/schedules/{name}"),
                title: title.into(),
                zone: "Europe/Berlin · 03:12 there".into(),
                team: Some("Payments".into()),
                now,
                until: until.into(),
                next: Some(chidi()),
                mine: false,
                gap: None,
            };
            Self {
                shell: Shell::sample(Section::Schedules, "/schedules"),
                rows: vec![
                    ScheduleRow {
                        mine: true,
                        ..row("Payments, primary", "payments-primary", Some(ana()), "until Mon 09:00")
                    },
                    row("Payments, secondary", "payments-secondary", Some(ben()), "until Mon 09:00"),
                    ScheduleRow {
                        zone: "America/New_York · 21:12 there".into(),
                        gap: Some("Nobody from Sat 28 Nov 18:00 to Mon 30 Nov 09:00".into()),
                        team: Some("Search".into()),
                        ..row("Search, secondary", "search-secondary", Some(chidi()), "until Thu 18:00")
                    },
                    ScheduleRow {
                        next: Some(ben()),
                        ..row("Office hours", "office-hours", None, "Nobody until Mon 09:00, as intended")
                    },
                ],
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], ..Self::sample() }
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn shift(from: &str, days: i64, holder: Holder) -> Shift {
        Shift { from: at(from), to: at(from) + SignedDuration::from_hours(24 * days), holder }
    }

    impl SchedulePage {
        pub(crate) fn sample() -> Self {
            let from = at("2026-10-18T22:00:00Z");
            let weekly = |layer: bool| {
                let mut shifts = vec![
                    shift("2026-10-12T07:00:00Z", 7, Holder::Person(chidi())),
                    shift("2026-10-19T07:00:00Z", 7, Holder::Person(ana())),
                ];
                shifts[1].to = at("2026-10-26T08:00:00Z");
                shifts.push(shift("2026-10-26T08:00:00Z", 7, Holder::Person(ben())));
                if !layer {
                    shifts[1].to = at("2026-10-22T16:00:00Z");
                    shifts.push(shift("2026-10-22T16:00:00Z", 1, Holder::StandIn(chidi())));
                    shifts.push(Shift {
                        from: at("2026-10-23T16:00:00Z"),
                        to: at("2026-10-26T08:00:00Z"),
                        holder: Holder::Person(ana()),
                    });
                    shifts[2].to = at("2026-10-30T17:00:00Z");
                    shifts.push(Shift {
                        from: at("2026-10-30T17:00:00Z"),
                        to: at("2026-11-02T08:00:00Z"),
                        holder: Holder::Gap,
                    });
                }
                shifts
            };
            let night = |day: u32| shift(&format!("2026-10-{day:02}T20:00:00Z"), 0, Holder::Person(ben()));
            let nights = (19..31)
                .map(|day| {
                    let mut shift = night(day);
                    shift.to = shift.from + SignedDuration::from_hours(8);
                    shift
                })
                .collect();
            let chart = Drawing {
                from,
                to: from + SignedDuration::from_hours(24 * 14 + 1),
                zone: TimeZone::get("Europe/Berlin").unwrap(),
                zone_name: "Europe/Berlin".into(),
                viewer_zone: TimeZone::get("America/New_York").unwrap(),
                viewer_zone_name: "America/New_York".into(),
                now: at("2026-10-22T02:12:00Z"),
                at: Some(at("2026-10-25T01:30:00Z")),
                strips: vec![
                    Strip {
                        kind: StripKind::Final,
                        title: "Final".into(),
                        note: "Who is called".into(),
                        shifts: weekly(false),
                    },
                    Strip {
                        kind: StripKind::Layer,
                        title: "Nights".into(),
                        note: "Daily 22:00".into(),
                        shifts: nights,
                    },
                    Strip {
                        kind: StripKind::Layer,
                        title: "Weekly".into(),
                        note: "Mon 09:00".into(),
                        shifts: weekly(true),
                    },
                    Strip {
                        kind: StripKind::Overrides,
                        title: "Overrides".into(),
                        note: "1 in view".into(),
                        shifts: vec![shift("2026-10-22T16:00:00Z", 1, Holder::StandIn(chidi()))],
                    },
                ],
            }
            .draw();
            Self {
                shell: Shell::sample(Section::Schedules, "/schedules/payments-primary"),
                name: "payments-primary".into(),
                title: "Payments, primary".into(),
                time_zone: "Europe/Berlin".into(),
                team: Some(Link::new("Payments", "/documents/team/payments")),
                now: Some(ana()),
                now_note: "until Thu 22 Oct 18:00, by layer Weekly".into(),
                zooms: vec![
                    Zoom { title: "Day", href: "?view=day".into(), current: false },
                    Zoom { title: "Week", href: "?view=week".into(), current: false },
                    Zoom { title: "2 weeks", href: "?view=fortnight".into(), current: true },
                    Zoom { title: "Month", href: "?view=month".into(), current: false },
                ],
                earlier_href: "?from=2026-10-05".into(),
                later_href: "?from=2026-11-02".into(),
                today_href: "?".into(),
                window: "19 Oct to 1 Nov 2026".into(),
                chart,
                gaps: vec![
                    Link::new("Nobody is on call from Fri 30 Oct 18:00 to Mon 2 Nov 09:00.", "?fill=1#override"),
                    Link::new("Nobody is on call from Fri 6 Nov 18:00 to Mon 9 Nov 09:00.", "?fill=2#override"),
                ],
                who_at: Some(WhoAt {
                    at: "Sun 25 Oct, 02:30 CET in Europe/Berlin; Sat 24 Oct, 21:30 EDT for you".into(),
                    person: Some(ana()),
                    why: "by layer Weekly. The clocks go back that night: 02:30 comes twice, this is the second."
                        .into(),
                }),
                viewer_zone: "America/New_York".into(),
                view: "fortnight".into(),
                from: "2026-10-19".into(),
                at: "2026-10-24T21:30".into(),
                shifts: vec![
                    ShiftRow {
                        person: Some(ana()),
                        from: "Mon 19 Oct 09:00".into(),
                        to: "Thu 22 Oct 18:00".into(),
                        length: "3 d 9 h".into(),
                        by: "layer Weekly".into(),
                    },
                    ShiftRow {
                        person: Some(chidi()),
                        from: "Thu 22 Oct 18:00".into(),
                        to: "Fri 23 Oct 18:00".into(),
                        length: "1 d".into(),
                        by: "override".into(),
                    },
                    ShiftRow {
                        person: Some(ana()),
                        from: "Fri 23 Oct 18:00".into(),
                        to: "Mon 26 Oct 09:00".into(),
                        length: "2 d 16 h".into(),
                        by: "layer Weekly".into(),
                    },
                    ShiftRow {
                        person: None,
                        from: "Fri 30 Oct 18:00".into(),
                        to: "Mon 2 Nov 09:00".into(),
                        length: "2 d 15 h".into(),
                        by: "gap".into(),
                    },
                ],
                overrides: vec![OverrideRow {
                    id: "ovr_06f1k2m9qv7x3t01".into(),
                    person: Some(chidi()),
                    from: "Thu 22 Oct 18:00".into(),
                    to: "Fri 23 Oct 18:00".into(),
                    reason: Some("Ana is at the dentist".into()),
                    by: "Ana Silva".into(),
                    state: Badge::new(Tone::Info, "Coming"),
                    removable: true,
                }],
                form: OverrideForm {
                    people: [("ana", "Ana Silva"), ("ben", "Ben Okafor"), ("chidi", "Chidi Anyanwu")]
                        .map(|(value, title)| Chosen { value: value.into(), title: title.into(), chosen: false })
                        .to_vec(),
                    from: "2026-10-21T22:00".into(),
                    to: "2026-10-22T09:00".into(),
                    reason: String::new(),
                    error: None,
                },
                used_by: vec![Link::new("Policy: Payments", "/escalation-policies/payments")],
                document_href: "/documents/schedule/payments-primary".into(),
            }
        }
    }
}
