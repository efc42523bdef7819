//! How components were, day by day: the bars of a status page, and the share of time in which each could be used.
//!
//! Computed from the notices alone, in days of UTC. A major outage counts in full and a partial outage for three tenths, as
//! on Statuspage; degraded performance and maintenance do not count. Before its first day nothing is known of a component.

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::notices::{Notice, Status};
use crate::words::{Name, Timestamp};

/// One day of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    /// The worst that was; `None` before its first day.
    pub worst: Option<Status>,
    /// How long it was in a partial and in a major outage, in seconds.
    pub partial: i64,
    pub major: i64,
}

/// A component over its days, the oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub days: Vec<Day>,
    /// In percent; `None` while no time has passed.
    pub uptime: Option<f64>,
}

/// What a partial outage counts.
const PARTIAL: f64 = 0.3;

/// A stretch in which a component was not simply operational.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from: Timestamp,
    until: Timestamp,
    status: Status,
}

/// The bar of one component over the last `days` days, today included, from `since` on.
pub fn bar(component: &Name, notices: &[Notice], since: Date, days: u8, now: Timestamp) -> Bar {
    let today = now.to_zoned(TimeZone::UTC).date();
    let stretches: Vec<Stretch> = notices.iter().flat_map(|notice| stretches(component, notice, now)).collect();
    let (mut shown, mut counted, mut lost) = (Vec::new(), 0, 0.0);
    for back in (0..i64::from(days)).rev() {
        let date = today.checked_sub(SignedDuration::from_hours(24 * back)).unwrap_or(today);
        let begin = midnight(date).min(now);
        let end = midnight(date.tomorrow().unwrap_or(date)).min(now);
        if date < since {
            shown.push(Day { date, worst: None, partial: 0, major: 0 });
            continue;
        }
        let mut day = Day { date, worst: Some(Status::Operational), partial: 0, major: 0 };
        for (from, until, status) in pieces(&stretches, begin, end) {
            day.worst = day.worst.max(Some(status));
            let seconds = until.as_second() - from.as_second();
            match status {
                Status::PartialOutage => day.partial += seconds,
                Status::MajorOutage => day.major += seconds,
                Status::Operational | Status::Maintenance | Status::Degraded => {}
            }
        }
        counted += end.as_second() - begin.as_second();
        lost += seconds(day.major) + PARTIAL * seconds(day.partial);
        shown.push(day);
    }
    let uptime = (counted > 0).then(|| 100.0 * (1.0 - lost / seconds(counted)));
    Bar { days: shown, uptime }
}

#[expect(clippy::cast_precision_loss, reason = "ninety days are eight million seconds")]
fn seconds(count: i64) -> f64 {
    count as f64
}

fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// Of one notice: how the component was by it, until now.
fn stretches(component: &Name, notice: &Notice, now: Timestamp) -> Vec<Stretch> {
    let said = notice.stretches();
    let ends = said.iter().skip(1).map(|(at, _)| *at).chain([now]);
    let felt = said.iter().zip(ends).filter_map(|((from, effects), until)| {
        let status = *effects.get(component)?;
        (status != Status::Operational && *from < until).then_some(Stretch { from: *from, until, status })
    });
    felt.collect()
}

/// The day cut where anything changes, each piece with the worst of what holds in it.
fn pieces(stretches: &[Stretch], begin: Timestamp, end: Timestamp) -> Vec<(Timestamp, Timestamp, Status)> {
    let within: Vec<&Stretch> = stretches.iter().filter(|one| one.from < end && one.until > begin).collect();
    if within.is_empty() {
        return Vec::new();
    }
    let mut cuts: Vec<Timestamp> =
        within.iter().flat_map(|one| [one.from.clamp(begin, end), one.until.clamp(begin, end)]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let pairs = cuts.windows(2).filter_map(|pair| {
        let worst =
            within.iter().filter(|one| one.from <= pair[0] && one.until >= pair[1]).map(|one| one.status).max()?;
        Some((pair[0], pair[1], worst))
    });
    pairs.collect()
}

/// Since when a component is as it is now, by what the notices say: the end of the last stretch that said otherwise, or
/// the begin of the one that says so. `None`: nothing was ever said of it.
pub fn since(component: &Name, notices: &[Notice], now: Timestamp) -> Option<Timestamp> {
    let all: Vec<Stretch> = notices.iter().flat_map(|notice| stretches(component, notice, now)).collect();
    let mut cuts: Vec<Timestamp> = all.iter().flat_map(|one| [one.from, one.until]).filter(|cut| *cut <= now).collect();
    cuts.sort_unstable();
    cuts.dedup();
    // Of the instants at which something may have changed, the last at which it did.
    let at = |instant: Timestamp| {
        let held = all.iter().filter(|one| one.from <= instant && (one.until > instant || one.until == now));
        held.map(|one| one.status).max().unwrap_or(Status::Operational)
    };
    let current = at(now);
    let mut begun = None;
    for cut in cuts.into_iter().rev().filter(|cut| *cut < now) {
        if at(cut) != current {
            break;
        }
        begun = Some(cut);
    }
    begun
}

#[cfg(test)]
mod tests {
    use super::super::notices::{Sort, tests::notice};
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    /// Minutes after 21 September 2026, 14:13:20 UTC.
    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    #[test]
    fn a_bar_tells_the_worst_of_each_day_and_counts_what_was_lost() {
        let all = [
            notice(Sort::Incident, None, &[(0, "investigating", "web=partial-outage"), (60, "resolved", "")]),
            // Overlaps: the worse counts, once.
            notice(
                Sort::Incident,
                None,
                &[(30, "identified", "web=major-outage"), (90, "monitoring", "web=degraded"), (120, "resolved", "")],
            ),
            notice(Sort::Incident, None, &[(0, "investigating", "api=major-outage")]),
        ];
        let now = at(24 * 60);
        let bar = super::bar(&name("web"), &all, "2026-09-20".parse().unwrap(), 4, now);
        let days: Vec<String> = bar
            .days
            .iter()
            .map(|day| format!("{} {} {} {}", day.date, day.worst.map_or("none", Status::word), day.partial, day.major))
            .collect();
        assert_eq!(
            days,
            [
                "2026-09-19 none 0 0",
                "2026-09-20 operational 0 0",
                "2026-09-21 major-outage 1800 3600",
                "2026-09-22 operational 0 0"
            ]
        );
        // Two whole days, and 14 h 13 min 20 s of today.
        let counted = f64::from(2 * 86_400 + 51_200);
        assert_eq!(bar.uptime, Some(100.0 * (1.0 - (3600.0 + 540.0) / counted)));
        let quiet = super::bar(&name("db"), &all, "2026-09-01".parse().unwrap(), 4, now);
        assert_eq!(quiet.uptime, Some(100.0));
        let open = super::bar(&name("api"), &all, "2026-09-01".parse().unwrap(), 2, now);
        assert_eq!((open.days[1].worst, open.days[1].major), (Some(Status::MajorOutage), 51_200), "it goes on");
        assert_eq!(super::bar(&name("web"), &all, "2027-01-01".parse().unwrap(), 4, now).uptime, None);
    }

    #[test]
    fn since_when_a_component_is_as_it_is() {
        let web = name("web");
        let open = [notice(
            Sort::Incident,
            None,
            &[(0, "investigating", "web=degraded"), (9, "", ""), (20, "", "web=major-outage")],
        )];
        assert_eq!(since(&web, &open, at(15)), Some(at(0)), "an update changes nothing");
        assert_eq!(since(&web, &open, at(60)), Some(at(20)));
        let over = [notice(Sort::Incident, None, &[(0, "investigating", "web=degraded"), (9, "resolved", "")])];
        assert_eq!(since(&web, &over, at(60)), Some(at(9)), "operational again");
        assert_eq!(since(&name("api"), &over, at(60)), None, "nothing was ever said of it");
    }
}
