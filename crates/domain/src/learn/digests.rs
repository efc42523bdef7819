//! The weekly digest: what was learned, what came back, what is overdue, and what happened a year ago, for one person.
//!
//! It is about the services of their teams and what those stand on, and about what they own; it is made of what they may see.
//! Each line leads to its record. Where there is nothing to say, nothing is sent.

use std::fmt::Write as _;

use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use jiff::{Span as Stretch, ToSpan as _, Zoned};

use crate::engage::schedules;
use crate::words::{Span, Timestamp, text};

/// Sent on Mondays at this hour, where the person is.
const HOUR: i8 = 8;
/// After so long a digest is old news: it is not sent any more.
pub const LATE: Span = Span::hours(72);
/// So many lines of each section; the rest is counted.
pub const LINES: usize = 12;
/// So many years back an incident is remembered on its day.
pub const YEARS: i16 = 5;

/// A week of somebody: what it is called, and the Monday morning on which they are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week {
    /// The date of that Monday: `2026-11-30`.
    pub name: String,
    pub at: Timestamp,
}

impl Week {
    /// The last one that began, where somebody is.
    pub fn of(now: Timestamp, time_zone: &str) -> Option<Self> {
        let zone = schedules::zone(time_zone).unwrap_or(TimeZone::UTC);
        let today = now.to_zoned(zone.clone()).date();
        let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
        let this = morning(monday, &zone)?;
        let last = if this.timestamp() <= now { this } else { morning(monday.checked_sub(7.days()).ok()?, &zone)? };
        Some(Self { name: last.date().to_string(), at: last.timestamp() })
    }

    /// When the next one begins there.
    pub fn next(&self, time_zone: &str) -> Option<Timestamp> {
        let zone = schedules::zone(time_zone).unwrap_or(TimeZone::UTC);
        let monday = self.at.to_zoned(zone.clone()).date().checked_add(7.days()).ok()?;
        Some(morning(monday, &zone)?.timestamp())
    }
}

fn morning(date: Date, zone: &TimeZone) -> Option<Zoned> {
    date.to_datetime(time(HOUR, 0, 0, 0)).to_zoned(zone.clone()).ok()
}

/// The stretch of a week so many years before one that ends then.
pub fn years_before(end: Timestamp, years: i16) -> Option<(Timestamp, Timestamp)> {
    let end = end.to_zoned(TimeZone::UTC).checked_sub(Stretch::new().years(years)).ok()?;
    let start = end.checked_sub(7.days()).ok()?;
    Some((start.timestamp(), end.timestamp()))
}

/// What somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Those that say something, in their order.
    pub sections: Vec<Section>,
}

/// Lines about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub about: About,
    pub lines: Vec<Line>,
    /// So many more are not told.
    pub more: usize,
}

/// What a section is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Learned,
    Back,
    Overdue,
    Anniversary,
}

impl About {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Learned => "learned",
            Self::Back => "back",
            Self::Overdue => "overdue",
            Self::Anniversary => "anniversary",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Learned => "What was learned",
            Self::Back => "What came back",
            Self::Overdue => "What is overdue",
            Self::Anniversary => "This week, in years before",
        }
    }
}

/// One thing, with its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub title: String,
    /// `41 days overdue, Ben Okafor`
    pub note: String,
    /// Where it is on this server.
    pub path: String,
}

impl Line {
    /// Others wrote the title: one line, and not a long one.
    pub fn new(title: &str, note: impl Into<String>, path: impl Into<String>) -> Self {
        Self { title: text::shorten(title, 120), note: note.into(), path: path.into() }
    }
}

impl Digest {
    /// Of these sections, as far as they say something.
    pub fn of(from: Timestamp, to: Timestamp, sections: Vec<(About, Vec<Line>)>) -> Self {
        let section = |(about, mut lines): (About, Vec<Line>)| {
            let more = lines.len().saturating_sub(LINES);
            lines.truncate(LINES);
            (!lines.is_empty()).then_some(Section { about, lines, more })
        };
        Self { from, to, sections: sections.into_iter().filter_map(section).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// `2 learned, 1 overdue`
    pub fn subject(&self) -> String {
        let counted = |section: &Section| {
            let n = section.lines.len() + section.more;
            match section.about {
                About::Learned => format!("{n} learned"),
                About::Back => format!("{n} came back"),
                About::Overdue => format!("{n} overdue"),
                About::Anniversary => format!("{n} from years before"),
            }
        };
        let all: Vec<String> = self.sections.iter().map(counted).collect();
        format!("Your week: {}", all.join(", "))
    }

    /// Plain text, where `root` is the address of this server.
    pub fn text(&self, root: &str) -> String {
        let mut out = String::new();
        for section in &self.sections {
            out += section.about.title();
            out += "\n\n";
            for line in &section.lines {
                let _ = writeln!(out, "- {}: {}\n  {root}{}", line.title, line.note, line.path);
            }
            if section.more > 0 {
                let _ = writeln!(out, "- and {} more", section.more);
            }
            out += "\n";
        }
        out
    }

    /// The same in HTML, without a frame around it. Whatever was written by others is text in it.
    pub fn html(&self, root: &str) -> String {
        use crate::inform::prose::escape;
        let mut out = String::new();
        for section in &self.sections {
            let _ = write!(out, "<h2 style=\"margin:20px 0 6px;font-size:17px\">{}</h2><ul>", section.about.title());
            for line in &section.lines {
                let href = escape(&format!("{root}{}", line.path));
                let _ = write!(
                    out,
                    "<li style=\"margin:6px 0\"><a href=\"{href}\">{}</a><br><span class=\"soft\" style=\"color:#5b6675\">{}</span></li>",
                    escape(&line.title),
                    escape(&line.note)
                );
            }
            if section.more > 0 {
                let _ = write!(out, "<li>and {} more</li>", section.more);
            }
            out += "</ul>";
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_morning_where_somebody_is() {
        let (berlin, tokyo) = ("Europe/Berlin", "Asia/Tokyo");
        for (now, zone, name, at) in [
            ("2026-11-30T06:59:59Z", berlin, "2026-11-23", "2026-11-23T07:00:00Z"),
            ("2026-11-30T07:00:00Z", berlin, "2026-11-30", "2026-11-30T07:00:00Z"),
            ("2026-12-06T22:00:00Z", berlin, "2026-11-30", "2026-11-30T07:00:00Z"),
            ("2026-11-29T23:00:00Z", tokyo, "2026-11-30", "2026-11-29T23:00:00Z"),
            // After the clocks went forward eight is eight.
            ("2026-03-30T06:00:00Z", berlin, "2026-03-30", "2026-03-30T06:00:00Z"),
        ] {
            let week = Week::of(now.parse().unwrap(), zone).unwrap();
            assert_eq!((week.name.as_str(), week.at), (name, at.parse().unwrap()), "{now}");
            let next = week.next(zone).unwrap();
            assert_eq!(Week::of(next, zone).unwrap().at, next, "{now}");
            assert_eq!(Week::of(Span::seconds(1).before(next), zone), Some(week), "{now}");
        }
        let (from, to) = years_before("2024-02-29T08:00:00Z".parse().unwrap(), 1).unwrap();
        assert_eq!((from.to_string(), to.to_string()), ("2023-02-21T08:00:00Z".into(), "2023-02-28T08:00:00Z".into()));
    }

    #[test]
    fn each_line_leads_to_its_record_and_what_others_wrote_is_text() {
        let (from, to) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let hostile = Line::new("<b>x</b>\nhttps://evil.example", "41 days overdue, <i>Ben</i>", "/action-items/act_1");
        let many = (0..15).map(|n| Line::new(&format!("Learned {n}"), "by Ana", "/incidents/inc_1")).collect();
        let digest =
            Digest::of(from, to, vec![(About::Learned, many), (About::Back, vec![]), (About::Overdue, vec![hostile])]);
        assert_eq!(digest.subject(), "Your week: 15 learned, 1 overdue");
        let (text, html) = (digest.text("https://a.example"), digest.html("https://a.example"));
        assert!(text.contains(
            "- <b>x</b> https://evil.example: 41 days overdue, <i>Ben</i>\n  https://a.example/action-items/act_1\n"
        ));
        assert!(text.contains("- and 3 more\n") && !text.contains("What came back"));
        assert!(html.contains("&lt;b&gt;x&lt;/b&gt;") && !html.contains("<b>") && !html.contains("<i>"), "{html}");
        assert!(html.contains("<a href=\"https://a.example/action-items/act_1\">"));
        assert!(Digest::of(from, to, vec![(About::Back, vec![])]).is_empty());
    }
}
