//! Instants as people read them: relative at a glance, exact (their zone and UTC) when they ask. The browser
//! keeps the relative words fresh; without JavaScript they say what was true when the page was made.

use std::fmt;

use askama::filters::HtmlSafe;
use domain::respond::stamps::Precision;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// From where somebody looks: their clock and their zone.
#[derive(Clone, Debug)]
pub struct Viewpoint {
    pub now: Timestamp,
    pub zone: TimeZone,
}

impl Viewpoint {
    /// An instant, as this viewer reads it.
    pub fn when(&self, at: Timestamp) -> When {
        let iso = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        When { iso, relative: self.relative(at), exact: self.exact(at), stays: false }
    }

    /// The same by the clock: `14:05`. On a timeline it matters how far things are apart, not how long ago they were.
    pub fn clock(&self, at: Timestamp) -> When {
        let relative = at.to_zoned(self.zone.clone()).strftime("%H:%M").to_string();
        When { relative, stays: true, ..self.when(at) }
    }

    /// The same with the day where that matters: `09:00`, `Mon 09:00`, `2 Dec 09:00`.
    pub fn moment(&self, at: Timestamp) -> When {
        When { relative: self.brief(at), stays: true, ..self.when(at) }
    }

    /// The same, no more exact than it is known: `2026`, `November 2026`, `22 Nov 2026`.
    pub fn as_known(&self, at: Timestamp, precision: Precision) -> When {
        let form = match precision {
            Precision::Year => "%Y",
            Precision::Month => "%B %Y",
            Precision::Day => "%-d %b %Y",
            Precision::Hour | Precision::Minute | Precision::Second => return self.moment(at),
        };
        let relative = at.to_zoned(self.zone.clone()).strftime(form).to_string();
        When { relative, stays: true, ..self.when(at) }
    }

    /// `Sunday, 22 November 2026`.
    pub fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%A, %-d %B %Y").to_string()
    }

    /// `4 min ago`, `in 2 h`, `just now`.
    pub fn relative(&self, at: Timestamp) -> String {
        let seconds = self.now.as_second() - at.as_second();
        let size = in_words(seconds.unsigned_abs());
        match seconds {
            -9..=9 => "just now".to_owned(),
            10.. => format!("{size} ago"),
            _ => format!("in {size}"),
        }
    }

    /// `Sun 22 Nov 2026, 03:12:09 CET · 02:12:09 UTC`.
    pub fn exact(&self, at: Timestamp) -> String {
        let here = at.to_zoned(self.zone.clone());
        let utc = at.to_zoned(TimeZone::UTC);
        let local = here.strftime("%a %-d %b %Y, %H:%M:%S %Z");
        if here.offset().seconds() == 0 {
            return local.to_string();
        }
        if here.date() == utc.date() {
            return format!("{local} · {}", utc.strftime("%H:%M:%S UTC"));
        }
        format!("{local} · {}", utc.strftime("%a %-d %b, %H:%M:%S UTC"))
    }

    /// `09:00` today, `Mon 09:00` within a week, `2 Dec 09:00` beyond it.
    pub fn brief(&self, at: Timestamp) -> String {
        let (here, now) = (at.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        if here.date() == now.date() {
            return here.strftime("%H:%M").to_string();
        }
        let days = (at.as_second() - self.now.as_second()).abs() / 86_400;
        here.strftime(if days < 6 { "%a %H:%M" } else { "%-d %b %H:%M" }).to_string()
    }
}

/// `40 s`, `4 min`, `2 h`, `3 d`, `5 wk`: the largest unit that is not nought.
fn in_words(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        172_800..1_814_400 => format!("{} d", seconds / 86_400),
        _ => format!("{} wk", seconds / 604_800),
    }
}

/// An instant, ready to show. Prints as a `<time>` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// For machines: `2026-11-22T02:12:09Z`.
    pub iso: String,
    /// `4 min ago`.
    pub relative: String,
    /// The viewer's local time and UTC.
    pub exact: String,
    /// The browser does not make it relative again.
    pub stays: bool,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every field was made by this module out of digits and zone names: nothing to escape.
        let (iso, exact, relative) = (&self.iso, &self.exact, &self.relative);
        if self.stays {
            return write!(f, r#"<time datetime="{iso}" data-tip="{exact}" data-stays="{relative}">{relative}</time>"#);
        }
        write!(f, r#"<time datetime="{iso}" data-tip="{exact}">{relative}</time>"#)
    }
}

impl HtmlSafe for When {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_no_more_exactly_than_it_is_known() {
        let now: Timestamp = "2026-11-22T02:12:09Z".parse().unwrap();
        let berlin = Viewpoint { now, zone: TimeZone::get("Europe/Berlin").unwrap() };
        let at: Timestamp = "2026-10-31T23:30:00Z".parse().unwrap();
        for (precision, shown) in [
            (Precision::Year, "2026"),
            (Precision::Month, "November 2026"),
            (Precision::Day, "1 Nov 2026"),
            (Precision::Hour, "1 Nov 00:30"),
        ] {
            let when = berlin.as_known(at, precision);
            assert_eq!(when.relative, shown);
            assert!(when.to_string().contains(&format!("data-stays=\"{shown}\"")));
        }
        assert_eq!(berlin.clock(at).relative, "00:30");
        assert_eq!(berlin.day(at), "Sunday, 1 November 2026");
    }

    #[test]
    fn instants_read_relative_and_exact_from_where_the_viewer_stands() {
        let now: Timestamp = "2026-11-22T02:12:09Z".parse().unwrap();
        let berlin = Viewpoint { now, zone: TimeZone::get("Europe/Berlin").unwrap() };
        for (at, relative, exact, brief) in [
            ("2026-11-22T02:12:05Z", "just now", "Sun 22 Nov 2026, 03:12:05 CET · 02:12:05 UTC", "03:12"),
            ("2026-11-22T02:08:00Z", "4 min ago", "Sun 22 Nov 2026, 03:08:00 CET · 02:08:00 UTC", "03:08"),
            ("2026-11-21T23:30:00Z", "2 h ago", "Sun 22 Nov 2026, 00:30:00 CET · Sat 21 Nov, 23:30:00 UTC", "00:30"),
            ("2026-11-23T08:00:00Z", "in 29 h", "Mon 23 Nov 2026, 09:00:00 CET · 08:00:00 UTC", "Mon 09:00"),
            ("2026-10-20T08:00:00Z", "4 wk ago", "Tue 20 Oct 2026, 10:00:00 CEST · 08:00:00 UTC", "20 Oct 10:00"),
        ] {
            let at: Timestamp = at.parse().unwrap();
            let when = berlin.when(at);
            assert_eq!(
                (when.relative.as_str(), when.exact.as_str(), berlin.brief(at).as_str()),
                (relative, exact, brief)
            );
        }
        let utc = Viewpoint { now, zone: TimeZone::UTC };
        assert_eq!(utc.exact(now), "Sun 22 Nov 2026, 02:12:09 UTC");
    }
}
