//! How paging falls upon people, and what it was good for: pages by night for each person, and alerts by how often they paged
//! for nothing.
//!
//! It compares nobody: people are in the order of their names, each sees their own, and those who manage see all. An alert is
//! not to blame for one page; where nobody had to do anything most times, it should page nobody.

use std::collections::BTreeMap;

use crate::engage::schedules;
use crate::words::{GroupId, IncidentId, Name, PageId, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// By night: from this hour on, and before that one, where the person is.
pub const NIGHT: (i8, i8) = (22, 7);

/// That somebody was told of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub person: Name,
    pub page: PageId,
    pub title: String,
    /// The label and its value by which its alerts are found; or the incident that it was about.
    pub about: About,
    /// When they were told first.
    pub at: Timestamp,
}

/// What a page was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Alerts { labels: Vec<(String, String)> },
    Incident(IncidentId),
    Other,
}

/// What fell upon one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burden<'t> {
    pub person: &'t Name,
    /// The latest first, each with the night in which it came, if it came by night: that of the evening on which it began.
    pub told: Vec<(&'t Told, Option<Date>)>,
}

impl<'t> Burden<'t> {
    /// Those that came by night.
    pub fn by_night(&self) -> impl Iterator<Item = &'t Told> {
        self.told.iter().filter(|(_, night)| night.is_some()).map(|(told, _)| *told)
    }

    /// The nights, the latest first, each with what came in it.
    pub fn nights(&self) -> Vec<(Date, Vec<&'t Told>)> {
        let mut nights: Vec<(Date, Vec<&'t Told>)> = Vec::new();
        for (told, night) in self.told.iter().filter_map(|(told, night)| Some((*told, (*night)?))) {
            match nights.last_mut() {
                Some((last, of_it)) if *last == night => of_it.push(told),
                _ => nights.push((night, vec![told])),
            }
        }
        nights
    }
}

/// What fell upon each, by their names; `zone` is the name of the time zone of somebody.
pub fn burdens<'t>(told: &'t [Told], zone: impl Fn(&Name) -> String) -> Vec<Burden<'t>> {
    let mut by_person: BTreeMap<&Name, Vec<&Told>> = BTreeMap::new();
    for one in told {
        by_person.entry(&one.person).or_default().push(one);
    }
    let burden = |(person, mut told): (&'t Name, Vec<&'t Told>)| {
        let zone = schedules::zone(&zone(person)).unwrap_or(TimeZone::UTC);
        told.sort_by_key(|one| std::cmp::Reverse((one.at, one.page)));
        let night = |one: &Told| {
            let there = one.at.to_zoned(zone.clone());
            let by_night = there.hour() >= NIGHT.0 || there.hour() < NIGHT.1;
            // The night of an evening goes on until the morning after.
            by_night.then(|| there.checked_sub(jiff::Span::new().hours(NIGHT.1)).unwrap_or(there).date())
        };
        let told = told.into_iter().map(|one| (one, night(one))).collect();
        Burden { person, told }
    };
    by_person.into_iter().map(burden).collect()
}

/// A page about alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each was seen by itself")]
pub struct Paged {
    pub page: PageId,
    pub group: GroupId,
    pub labels: Vec<(String, String)>,
    pub title: String,
    pub service: Option<Name>,
    pub started_at: Timestamp,
    /// It is over.
    pub over: bool,
    /// Somebody took it; it belongs to an incident; somebody said that it was noise.
    pub answered: bool,
    pub incident: bool,
    pub noise: bool,
}

/// What a page was good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It belongs to an incident.
    Incident,
    /// Somebody took it, and said nothing else of it.
    Answered,
    /// It is not over, or nobody answered while it fired: nothing can be said.
    Open,
    /// Somebody said that it was noise, or it was over before anybody took it, and no incident.
    Nothing,
}

impl Use {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Answered => "answered",
            Self::Open => "open",
            Self::Nothing => "nothing",
        }
    }
}

impl Paged {
    pub const fn used(&self) -> Use {
        match self {
            Self { incident: true, .. } => Use::Incident,
            Self { noise: true, .. } => Use::Nothing,
            Self { answered: true, .. } => Use::Answered,
            Self { over: true, .. } => Use::Nothing,
            _ => Use::Open,
        }
    }

    /// What its alerts are called.
    pub fn alert(&self) -> &str {
        self.labels.iter().find(|(label, _)| label == "alertname").map_or(&self.title, |(_, name)| name)
    }
}

/// An alert, by what its pages were good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth<'p> {
    pub alert: &'p str,
    pub service: Option<&'p Name>,
    /// The latest first.
    pages: Vec<&'p Paged>,
}

impl<'p> Worth<'p> {
    /// Those that were good for this; all, if nothing is said.
    pub fn pages(&self, used: Option<Use>) -> impl Iterator<Item = &'p Paged> {
        self.pages.iter().copied().filter(move |page| used.is_none_or(|used| page.used() == used))
    }

    pub fn count(&self, used: Option<Use>) -> usize {
        self.pages(used).count()
    }
}

/// Alerts by how many of their pages were good for nothing: that is pages times the share that was.
pub fn worths(pages: &[Paged]) -> Vec<Worth<'_>> {
    let mut by_alert: BTreeMap<(&str, Option<&Name>), Vec<&Paged>> = BTreeMap::new();
    for page in pages {
        by_alert.entry((page.alert(), page.service.as_ref())).or_default().push(page);
    }
    let mut worths: Vec<Worth<'_>> = by_alert
        .into_iter()
        .map(|((alert, service), mut pages)| {
            pages.sort_by_key(|page| std::cmp::Reverse((page.started_at, page.page)));
            Worth { alert, service, pages }
        })
        .collect();
    worths.sort_by_key(|one| std::cmp::Reverse((one.count(Some(Use::Nothing)), one.pages.len())));
    worths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Mint;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_goes_from_evening_to_morning_where_the_person_is() {
        let mut mint = Mint::seeded(1);
        let mut told = |person: &str, at: &str| {
            let at: Timestamp = at.parse().unwrap();
            Told { person: name(person), page: mint.id(at), title: "Disk full".into(), about: About::Other, at }
        };
        let told = [
            told("ben", "2026-09-21T21:59:00Z"),
            told("ana", "2026-09-21T19:59:00Z"),
            told("ana", "2026-09-21T20:00:00Z"),
            told("ana", "2026-09-22T04:59:00Z"),
            told("ana", "2026-09-22T05:00:00Z"),
            told("ana", "2026-09-22T23:00:00Z"),
        ];
        let zone = |person: &Name| if person.as_str() == "ana" { "Europe/Berlin" } else { "UTC" }.to_owned();
        let found = burdens(&told, zone);
        let said: Vec<_> = found
            .iter()
            .map(|one| (one.person.as_str(), one.told.len(), one.by_night().count(), one.nights().len()))
            .collect();
        assert_eq!(said, [("ana", 5, 3, 2), ("ben", 1, 0, 0)], "by name");
        assert_eq!(
            found[0].told.iter().map(|one| one.1.is_some()).collect::<Vec<_>>(),
            [true, false, true, true, false]
        );
        let nights: Vec<_> = found[0].nights().iter().map(|(night, told)| (night.to_string(), told.len())).collect();
        assert_eq!(nights, [("2026-09-22".to_owned(), 1), ("2026-09-21".to_owned(), 2)], "by the evening");
    }

    #[test]
    fn alerts_stand_by_how_often_they_paged_for_nothing() {
        let mut mint = Mint::seeded(2);
        let mut paged = |alert: &str, over, answered, incident, noise| {
            let at = Timestamp::from_second(1_790_000_000).unwrap();
            let labels = vec![("alertname".to_owned(), alert.to_owned())];
            let (page, group, title, service) = (mint.id(at), mint.id(at), String::new(), Some(name("shop")));
            Paged { page, group, labels, title, service, started_at: at, over, answered, incident, noise }
        };
        let pages = [
            paged("errors", true, true, true, false),
            paged("errors", true, false, false, false),
            paged("disk", true, false, false, false),
            paged("disk", true, true, false, true),
            paged("disk", true, true, true, true),
            paged("slow", false, false, false, false),
            paged("slow", true, true, false, false),
        ];
        let found = worths(&pages);
        let said: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    one.alert,
                    one.count(None),
                    [Use::Nothing, Use::Answered, Use::Incident, Use::Open].map(|used| one.count(Some(used))),
                )
            })
            .collect();
        assert_eq!(said, [("disk", 3, [2, 0, 1, 0]), ("errors", 2, [1, 0, 1, 0]), ("slow", 2, [0, 1, 0, 1])]);
    }
}
