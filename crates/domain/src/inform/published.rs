//! What is public at one moment: the page and its notices. Everything that the public reads, as HTML, JSON or feed, is made
//! from this and from nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::components::{self, Bar};
use super::notices::{self, Effects, Notice, Sort, State, Status};
use super::status_pages::{Component, StatusPage};
use crate::words::{NoticeId, Timestamp};

/// What is public.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    pub page: StatusPage,
    /// Where the public reads it, without a slash at the end.
    pub base: String,
    /// Where one subscribes: this server.
    pub server: String,
    /// When the page was set up.
    pub since: Timestamp,
    pub now: Timestamp,
    /// Those that were not over when the bars begin, or began since; those that began last first.
    pub notices: Vec<Notice>,
    /// The newest of each sort, as programs read them: those that began last first.
    pub newest: Vec<Notice>,
    /// What was said last, for feeds.
    pub changed: Vec<Notice>,
    /// When the first notice began that there is.
    pub first_began: Option<Timestamp>,
    /// Notices with a postmortem for customers.
    pub reports: BTreeSet<NoticeId>,
}

/// How the whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The worst of all components.
    pub status: Status,
    /// An incident is open, whatever it touches.
    pub incident: bool,
}

impl Published {
    /// The first day of a component's bar.
    pub fn first_day(&self, component: &Component) -> Date {
        component.since.unwrap_or_else(|| self.since.to_zoned(TimeZone::UTC).date())
    }

    /// The first instant of the bars.
    pub fn bars_from(days: u8, now: Timestamp) -> Timestamp {
        crate::words::Span::hours(24 * i64::from(days)).before(now)
    }

    pub fn bar(&self, component: &Component) -> Bar {
        components::bar(&component.name, &self.notices, self.first_day(component), self.page.history_days, self.now)
    }

    /// How the components are; one that nothing is said of is operational.
    pub fn effects(&self) -> Effects {
        let worst = notices::standing(&self.notices);
        let known = self.page.components().map(|component| {
            (component.name.clone(), worst.get(&component.name).copied().unwrap_or(Status::Operational))
        });
        known.collect()
    }

    pub fn standing(&self) -> Standing {
        let status = self.effects().into_values().max().unwrap_or(Status::Operational);
        Standing { status, incident: self.incidents().next().is_some() }
    }

    /// Incidents that are not over, the newest first.
    pub fn incidents(&self) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(|notice| notice.sort == Sort::Incident && notice.is_open())
    }

    /// Maintenance that goes on.
    pub fn active(&self) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(|notice| matches!(notice.state(), State::InProgress | State::Verifying))
    }

    /// Maintenance that is to come, the next first.
    pub fn upcoming(&self) -> Vec<&Notice> {
        let mut all: Vec<&Notice> = self.notices.iter().filter(|notice| notice.state() == State::Scheduled).collect();
        all.sort_by_key(|notice| (notice.began_at(), notice.id));
        all
    }

    /// What was said of each of the last days, today first: notices that are over and began then.
    pub fn days(&self, days: u8) -> Vec<(Date, Vec<&Notice>)> {
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let mut by_day: BTreeMap<Date, Vec<&Notice>> = BTreeMap::new();
        for notice in self.notices.iter().filter(|notice| !notice.is_open()) {
            by_day.entry(notice.began_at().to_zoned(TimeZone::UTC).date()).or_default().push(notice);
        }
        let day = |back: i64| today.checked_sub(jiff::SignedDuration::from_hours(24 * back)).unwrap_or(today);
        (0..i64::from(days)).map(day).map(|date| (date, by_day.remove(&date).unwrap_or_default())).collect()
    }

    /// The years of which something was said, this year first.
    pub fn years(&self) -> Vec<i16> {
        let year = |at: Timestamp| at.to_zoned(TimeZone::UTC).year();
        let now = year(self.now);
        (self.first_began.map_or(now, year).min(now)..=now).rev().collect()
    }

    /// When anything that is public was said last.
    pub fn changed_at(&self) -> Timestamp {
        self.changed.first().map_or(self.since, |notice| notice.changed_at.max(self.since))
    }

    /// Where the public reads a notice.
    pub fn link(&self, notice: NoticeId) -> String {
        format!("{}/status/notices/{notice}", self.base)
    }

    /// Where the public reads the postmortem of a notice; under its own address each version stays.
    pub fn report_link(&self, notice: NoticeId) -> String {
        format!("{}/postmortem", self.link(notice))
    }

    pub fn title_of(&self, name: &crate::words::Name) -> String {
        self.page.component(name).map_or_else(|| name.to_string(), |component| component.title.clone())
    }
}

/// What stands over a post: the state that it names, or that it is an update.
pub fn heading(post: &notices::Post) -> &'static str {
    post.state.map_or("Update", State::title)
}

/// `19 Aug 2024, 17:28 UTC`.
pub fn utc(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// How bad it was at its worst, in the words that readers of Statuspage know.
pub fn impact(notice: &Notice) -> &'static str {
    match (notice.sort, notice.worst()) {
        (Sort::Maintenance, _) => "maintenance",
        (Sort::Incident, Status::Operational) => "none",
        (Sort::Incident, Status::Maintenance | Status::Degraded) => "minor",
        (Sort::Incident, Status::PartialOutage) => "major",
        (Sort::Incident, Status::MajorOutage) => "critical",
    }
}

/// Sixteen bytes that stand for a text for good.
pub(super) fn digest(text: &str) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(text).into();
    whole[..16].try_into().expect("sixteen of thirty-two bytes")
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::notices::tests::notice;
    use super::*;

    pub(in crate::inform) fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    /// A page of two components with what happened to them.
    pub(in crate::inform) fn published(mut notices: Vec<Notice>) -> Published {
        let page = serde_json::from_str(
            r#"{"title":"Shop & Co","about":"How we are","groups":[{"title":"Buying","components":[
                {"name":"web","title":"Web <shop>","services":["internal-shop"]},{"name":"pay","title":"Payments"}]},
                {"components":[{"name":"api","title":"API"}]}]}"#,
        );
        notices.sort_by_key(|notice| std::cmp::Reverse(notice.began_at()));
        Published {
            page: page.unwrap(),
            base: "https://status.example.org".into(),
            server: "https://allclear.example.org".into(),
            since: at(-1440),
            now: at(60),
            newest: notices.clone(),
            changed: notices.clone(),
            first_began: notices.last().map(Notice::began_at),
            reports: BTreeSet::new(),
            notices,
        }
    }

    #[test]
    fn what_is_open_what_is_to_come_and_what_was() {
        let all = published(vec![
            notice(Sort::Incident, None, &[(0, "investigating", "web=degraded")]),
            notice(Sort::Incident, None, &[(-1500, "investigating", "api=major-outage"), (-1490, "resolved", "")]),
            notice(Sort::Maintenance, Some((90, 120)), &[(-5, "scheduled", "pay=maintenance")]),
        ]);
        assert_eq!((all.incidents().count(), all.active().count(), all.upcoming().len()), (1, 0, 1));
        assert_eq!(all.standing(), Standing { status: Status::Degraded, incident: true });
        let days: Vec<usize> = all.days(3).iter().map(|(_, notices)| notices.len()).collect();
        assert_eq!(days, [0, 1, 0], "what is open stands above");
        assert_eq!(all.years(), [2026]);
        assert_eq!(all.first_day(all.page.components().next().unwrap()).to_string(), "2026-09-20");
        assert_eq!(utc(at(0)), "21 Sep 2026, 14:13 UTC");
    }
}
