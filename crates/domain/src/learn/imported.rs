//! Reports that were written elsewhere, in Markdown, read as what they tell: a title, sections, times, the line of each time.
//!
//! Nothing is thrown away and nothing is made up: what is odd is listed with its line, what has no date gets none. Times are
//! read in the zone that stands beside them, else in the one that the report names, else in the one that is given.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use regex::{Captures, Regex};

use crate::respond::stamps::{Milestone, Precision, When};
use crate::words::text::shorten;
use crate::words::{Name, Timestamp};

/// So many lines with times are kept as entries; the whole text is kept anyway.
pub const ENTRIES_MOST: usize = 500;
/// Longer titles are cut.
const TITLE_MOST: usize = 150;
/// Times of one report lie closer together, mostly.
const FAR_DAYS: i64 = 60;

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub title: String,
    /// Those that exist here and are named in it.
    pub services: Vec<Name>,
    /// What its key events say.
    pub claims: Vec<Claimed>,
    /// Each line with a time, in the order of the text.
    pub entries: Vec<Stamped>,
    pub sections: Vec<Section>,
    pub oddities: Vec<Oddity>,
    /// How many times were read.
    pub times: usize,
}

/// A key event with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    pub milestone: Milestone,
    pub at: When,
    pub line: usize,
}

/// A line with a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    pub line: usize,
    /// The first time in it, unless nobody knows its day.
    pub at: Option<Timestamp>,
    pub text: String,
}

/// A part under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub line: usize,
    pub heading: String,
    pub text: String,
}

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    pub line: usize,
    pub says: String,
}

impl Imported {
    /// The text of the first section whose heading has this word.
    pub fn section(&self, word: &str) -> Option<&str> {
        let found =
            self.sections.iter().find(|one| one.heading.to_lowercase().contains(word) && !one.text.is_empty())?;
        Some(&found.text)
    }
}

fn pattern(text: &str) -> Regex {
    let text = text
        .replace("ZONE", r"Z\b|(?:UTC|GMT|CEST|CET|BST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|PT|ET)\b|[+-]\d{2}:?\d{2}\b")
        .replace("MONTH", r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*");
    Regex::new(&format!("(?i){text}")).expect("a pattern that compiles")
}

static ISO_DAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:\b|T)"));
static DAY_FIRST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,2})(?:st|nd|rd|th)?(?:\s+of)?[\s-]+(MONTH)\.?\b(?:,?[\s-]+(\d{4})\b)?"));
static MONTH_FIRST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(MONTH)\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:\s*\([^)]*\))?(?:,?\s+(\d{4})\b)?"));
static SHORT_DAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{2})-(\d{2})\s+\d{1,2}:\d{2}"));
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:\b|T)([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,]\d+)?)?(?:\s?(am|pm)\b)?(?:\s?\(?(ZONE)\)?)?")
});
/// `2026-03-10 11.50`.
static DOTTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{4}-\d{2}-\d{2}\s+\d{1,2})\.([0-5]\d)\b"));
static NAMED_ZONE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\btimes?\b.{0,40}?\b(UTC|GMT|CEST|CET|BST|EST|EDT|PST|PDT|Pacific|Eastern)\b"));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[a-z]+://[^\s)>\]]+"));
static HEADING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:#{1,6}\s+(.+?)\s*#*|(?:[-*]\s+)?\*\*([^*]{2,60}?)(?::\*\*|\*\*\s*:)\s*(.*))$"));
/// The words of a key event, before its time or after it.
static KEY_EVENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^[\W_]*(?:incident\s+)?(?:(first detected|detected|detection|declared|incident declared|repaired|mitigated|recovery|recovered|resolved|started|start_time|end_time|impact started))\b[\W_]*(?:on|at)?[\W_]*$",
    )
});
static LED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[\W_]*(detection|detected|recovery|mitigated|resolved|declared)\W*:"));
static STATED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\btime to (repair|resolve)\W{1,8}(\d+)\s*h\w*\s*(\d+)\s*m"));
/// About the report, not about what it tells.
static ABOUT_THE_FILE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\W*(?:last modified|last updated|created|source_\w+|last_review\w*|review_in|updated_at|commit [0-9a-f]{7})",
    )
});

/// Reads a report. `file` is its name, `services` are names and titles, `zone` holds where the report names none.
pub fn read<'a>(
    text: &str,
    file: &str,
    zone: &TimeZone,
    services: impl Iterator<Item = (&'a Name, &'a str)>,
    now: Timestamp,
) -> Imported {
    let mut reader = Reader::new(text, file, zone);
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line)).peekable();
    if lines.next_if(|(_, line)| line.trim() == "---").is_some() {
        let mut closed = false;
        for (number, line) in lines.by_ref() {
            if line.trim() == "---" {
                closed = true;
                break;
            }
            reader.fact(number, line);
        }
        if !closed {
            reader.odd(1, "what begins with --- does not end");
        }
    }
    for (number, line) in lines {
        reader.line(number, line);
    }
    reader.end(text, services, now)
}

struct Reader {
    title: Option<String>,
    zone: TimeZone,
    /// The day that a time without one is of.
    day: Option<Date>,
    /// The day and time of the line before, as it was read.
    last: Option<(Date, Time)>,
    file: String,
    fenced: bool,
    found: Imported,
    stated: Vec<(usize, Milestone, i64)>,
}

impl Reader {
    fn new(text: &str, file: &str, zone: &TimeZone) -> Self {
        let mut found = Imported {
            title: String::new(),
            services: Vec::new(),
            claims: Vec::new(),
            entries: Vec::new(),
            sections: Vec::new(),
            oddities: Vec::new(),
            times: 0,
        };
        let named = text.lines().enumerate().find_map(|(at, line)| Some((at + 1, NAMED_ZONE.captures(line)?)));
        let attached = TIME.captures_iter(text).find_map(|time| time.get(5)).and_then(|word| zone_of(word.as_str()));
        let own = named.and_then(|(_, word)| zone_of(&word[1])).or(attached);
        if own.is_none() && TIME.is_match(text) {
            let name = zone.iana_name().unwrap_or("the given zone");
            found.oddities.push(Oddity { line: 1, says: format!("no time zone is named; times are read as {name}") });
        }
        // The first day that is named, for times that come before any.
        let year = text.lines().find_map(|line| days(line, None).first().map(|(_, _, day)| day.year()));
        let day = days(file, year).first().map(|(_, _, day)| *day).or_else(|| {
            text.lines()
                .filter(|line| !ABOUT_THE_FILE.is_match(line))
                .find_map(|line| Some(days(line, year).first()?.2))
        });
        Self {
            title: None,
            zone: own.unwrap_or_else(|| zone.clone()),
            day,
            last: None,
            file: file.to_owned(),
            fenced: false,
            found,
            stated: Vec::new(),
        }
    }

    fn odd(&mut self, line: usize, says: impl Into<String>) {
        self.found.oddities.push(Oddity { line, says: says.into() });
    }

    /// A line of the front matter.
    fn fact(&mut self, number: usize, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        if name.trim() == "title" && self.title.is_none() {
            self.title = Some(value.trim().trim_matches(['"', '\'']).to_owned());
        }
        if !ABOUT_THE_FILE.is_match(line) {
            self.times(number, line);
        }
    }

    fn line(&mut self, number: usize, line: &str) {
        let bare = line.trim_start();
        // One that ends on its own line is none.
        if bare.starts_with("```") && !bare[3..].contains("```") {
            self.fenced = !self.fenced;
        }
        if !self.fenced
            && let Some(heading) = HEADING.captures(line)
        {
            let is_sign = heading.get(1).is_some();
            let said = heading.get(1).or(heading.get(2)).map_or("", |part| part.as_str()).trim_matches(['*', ' ']);
            if is_sign && self.title.is_none() {
                self.title = Some(said.to_owned());
            }
            let text = heading.get(3).map_or("", |part| part.as_str()).to_owned();
            self.found.sections.push(Section { line: number, heading: said.to_owned(), text });
        } else if let Some(section) = self.found.sections.last_mut() {
            section.text.push('\n');
            section.text.push_str(line);
        } else if !line.trim().is_empty() {
            self.found.sections.push(Section { line: number, heading: String::new(), text: line.to_owned() });
        }
        for stated in STATED.captures_iter(line) {
            let minutes = stated[2].parse::<i64>().ok().zip(stated[3].parse::<i64>().ok());
            let milestone = if &stated[1] == "repair" { Milestone::Mitigated } else { Milestone::Resolved };
            if let Some((hours, minutes)) = minutes {
                self.stated.push((number, milestone, hours.saturating_mul(60).saturating_add(minutes)));
            }
        }
        if !ABOUT_THE_FILE.is_match(line) {
            self.times(number, line);
        }
    }

    /// The times of a line.
    fn times(&mut self, number: usize, original: &str) {
        let line = ADDRESS.replace_all(original, |found: &Captures<'_>| " ".repeat(found[0].len()));
        let line = DOTTED.replace_all(&line, "$1:$2");
        for dotted in DOTTED.captures_iter(original) {
            self.odd(number, format!("{} is read as a time, with a colon", &dotted[0]));
        }
        let named = days(&line, self.day.map(Date::year));
        let times: Vec<Captures<'_>> = TIME.captures_iter(&line).collect();
        let mut first: Option<Option<Timestamp>> = None;
        for (nth, time) in times.iter().enumerate() {
            let Some(whole) = time.get(0) else { continue };
            let Some(clock) = clock(time) else {
                self.odd(number, format!("{} is no time", whole.as_str()));
                continue;
            };
            self.found.times += 1;
            // The day before it on the line, else the one after, else the last that was named.
            let before = named.iter().rev().find(|(from, _, _)| *from < whole.start());
            let beside = before.or_else(|| named.first()).map(|(_, _, day)| *day);
            let day = beside.or_else(|| self.rolled(number, clock)).or(self.day);
            let zone = times[nth..].iter().find_map(|time| zone_of(time.get(5)?.as_str()));
            let Some(day) = day else {
                self.odd(number, format!("{} has no day", whole.as_str().trim()));
                first.get_or_insert(None);
                continue;
            };
            (self.day, self.last) = (Some(day), Some((day, clock)));
            let at = day.to_datetime(clock).to_zoned(zone.unwrap_or_else(|| self.zone.clone()));
            let Ok(at) = at.map(|at| at.timestamp()) else { continue };
            let seconds = time.get(3).is_some();
            self.claim(number, &line, (whole.start(), whole.end()), at, seconds, &named);
            first.get_or_insert(Some(at));
        }
        if let Some((_, _, day)) = named.last() {
            self.day = Some(*day);
        }
        // A line of a timeline that names its day alone.
        let begins = |from: usize| line[..from].chars().all(|sign| !sign.is_alphanumeric());
        if first.is_none()
            && let Some((_, _, day)) = named.first().filter(|(from, _, _)| begins(*from))
        {
            self.found.times += 1;
            let at = day.at(0, 0, 0, 0).to_zoned(self.zone.clone()).map(|at| at.timestamp()).ok();
            self.odd(number, format!("{day} is a day without a time; it is kept as its beginning"));
            first = Some(at);
        }
        let Some(at) = first else { return };
        if self.found.entries.len() < ENTRIES_MOST {
            let text = original.trim().trim_start_matches(['-', '*', '|', ' ']).trim_end_matches(['|', ' ']).to_owned();
            self.found.entries.push(Stamped { line: number, at, text });
        } else if self.found.entries.len() == ENTRIES_MOST {
            self.odd(number, format!("only the first {ENTRIES_MOST} lines with times become entries"));
            self.found.entries.push(Stamped { line: number, at, text: original.trim().to_owned() });
        }
    }

    /// After midnight a timeline that names no days goes on.
    fn rolled(&mut self, number: usize, clock: Time) -> Option<Date> {
        let (day, before) = self.last.filter(|(day, _)| Some(*day) == self.day)?;
        if before.hour() < 18 || clock.hour() >= 6 {
            return None;
        }
        let next = day.tomorrow().ok()?;
        self.odd(
            number,
            format!(
                "{:02}:{:02} after {:02}:{:02}: taken for the next day, {next}",
                clock.hour(),
                clock.minute(),
                before.hour(),
                before.minute()
            ),
        );
        Some(next)
    }

    /// If the line is a key event, what it claims.
    fn claim(
        &mut self,
        line: usize,
        text: &str,
        (from, to): (usize, usize),
        at: Timestamp,
        seconds: bool,
        named: &[(usize, usize, Date)],
    ) {
        let begins = named.iter().map(|(from, _, _)| *from).filter(|day| *day < from).min().unwrap_or(from);
        let word = KEY_EVENT.captures(&text[..begins]).or_else(|| LED.captures(&text[to..]));
        let Some(milestone) = word.as_ref().and_then(|word| milestone(&word[1])) else { return };
        if self.found.claims.iter().any(|one| one.milestone == milestone) {
            self.odd(line, format!("{} is said more than once; the first counts", milestone.word()));
            return;
        }
        let precision = if seconds { Precision::Second } else { Precision::Minute };
        let length = if seconds { 1 } else { 60 };
        let until = Timestamp::from_second(at.as_second() + length).unwrap_or(at);
        self.found.claims.push(Claimed { milestone, at: When { at, until, precision }, line });
    }

    fn end<'a>(mut self, text: &str, services: impl Iterator<Item = (&'a Name, &'a str)>, now: Timestamp) -> Imported {
        let file = self.file.clone();
        let stem = file.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = stem.split_once(".md").map_or(stem, |(stem, _)| stem).trim();
        let title = self.title.take().filter(|title| !title.is_empty());
        if title.is_none() {
            self.odd(1, "it has no title; it is called after its file");
        }
        let title = title.unwrap_or_else(|| stem.to_owned());
        let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ");
        self.found.title = shorten(if title.is_empty() { "A report without a title" } else { &title }, TITLE_MOST);
        for section in &mut self.found.sections {
            section.text = section.text.trim().to_owned();
        }
        let words: BTreeSet<String> = text
            .split(|sign: char| !sign.is_alphanumeric() && sign != '-' && sign != '_')
            .map(str::to_lowercase)
            .collect();
        let lower = text.to_lowercase();
        self.found.services = services
            .filter(|(name, title)| {
                words.contains(name.as_str()) || title.len() > 3 && lower.contains(&title.to_lowercase())
            })
            .map(|(name, _)| name.clone())
            .collect();
        self.order();
        self.stated();
        self.far(now);
        if self.fenced {
            self.odd(text.lines().count(), "a block of code does not end");
        }
        if self.found.times == 0 {
            self.odd(1, "it names no time");
        }
        self.found.oddities.sort_by_key(|one| one.line);
        self.found
    }

    /// Key events that come in another order than they mostly do.
    fn order(&mut self) {
        let mut claims = self.found.claims.clone();
        claims.sort_by_key(|one| one.milestone);
        for (nth, early) in claims.iter().enumerate() {
            for late in &claims[nth + 1..] {
                if late.at.at < early.at.at {
                    let says = format!(
                        "{} ({}) comes after {} ({})",
                        early.milestone.word(),
                        early.at.at,
                        late.milestone.word(),
                        late.at.at
                    );
                    self.odd(early.line.max(late.line), says);
                }
            }
        }
    }

    /// Durations that are stated and differ from their own times.
    fn stated(&mut self) {
        for (line, milestone, stated) in std::mem::take(&mut self.stated) {
            let at = |milestone| self.found.claims.iter().find(|one| one.milestone == milestone).map(|one| one.at.at);
            let (Some(from), Some(to)) = (at(Milestone::Detected), at(milestone)) else { continue };
            let counted = (to.as_second() - from.as_second()) / 60;
            if (counted - stated).abs() > 1 {
                let word = milestone.word();
                self.odd(line, format!("it says {stated} minutes; from detected to {word} it is {counted}"));
            }
        }
    }

    /// Times that are far from the others, or still to come.
    fn far(&mut self, now: Timestamp) {
        let mut all: Vec<Timestamp> = self.found.entries.iter().filter_map(|one| one.at).collect();
        all.sort_unstable();
        let Some(middle) = all.get(all.len() / 2).copied() else { return };
        for one in self.found.entries.clone() {
            let Some(at) = one.at else { continue };
            let days = (at.as_second() - middle.as_second()).abs() / 86_400;
            if at > now {
                self.odd(one.line, format!("{at} is still to come"));
            } else if days > FAR_DAYS {
                self.odd(one.line, format!("{at} is {days} days away from most other times"));
            }
        }
    }
}

fn milestone(word: &str) -> Option<Milestone> {
    Some(match word.to_lowercase().as_str() {
        "first detected" | "detected" | "detection" => Milestone::Detected,
        "declared" | "incident declared" => Milestone::Declared,
        "repaired" | "mitigated" | "recovery" | "recovered" | "end_time" => Milestone::Mitigated,
        "resolved" => Milestone::Resolved,
        "started" | "start_time" | "impact started" => Milestone::ImpactStarted,
        _ => return None,
    })
}

/// The days that a line names, with where they stand.
fn days(line: &str, year: Option<i16>) -> Vec<(usize, usize, Date)> {
    let mut found: Vec<(usize, usize, Date)> = Vec::new();
    let number = |part: Option<regex::Match<'_>>| part.and_then(|part| part.as_str().parse::<i16>().ok());
    let mut put = |whole: Option<regex::Match<'_>>, year: Option<i16>, month: Option<i16>, day: Option<i16>| {
        let (Some(whole), Some(year), Some(month), Some(day)) = (whole, year, month, day) else { return };
        let date = i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .and_then(|(month, day)| Date::new(year, month, day).ok());
        let overlaps = found.iter().any(|(from, to, _)| *from < whole.end() && whole.start() < *to);
        if let Some(date) = date.filter(|_| !overlaps) {
            found.push((whole.start(), whole.end(), date));
        }
    };
    for day in ISO_DAY.captures_iter(line) {
        put(day.get(0), number(day.get(1)), number(day.get(2)), number(day.get(3)));
    }
    for day in DAY_FIRST.captures_iter(line) {
        put(day.get(0), number(day.get(3)).or(year), month(&day[2]), number(day.get(1)));
    }
    for day in MONTH_FIRST.captures_iter(line) {
        put(day.get(0), number(day.get(3)).or(year), month(&day[1]), number(day.get(2)));
    }
    for day in SHORT_DAY.captures_iter(line) {
        put(day.get(2), year, number(day.get(1)), number(day.get(2)));
    }
    found.sort_by_key(|(from, _, _)| *from);
    found
}

fn month(word: &str) -> Option<i16> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_lowercase();
    let at = MONTHS.iter().position(|name| name.starts_with(&word) || word == "sept" && *name == "september")?;
    i16::try_from(at + 1).ok()
}

fn clock(time: &Captures<'_>) -> Option<Time> {
    let number = |at: usize| time.get(at).map_or(Ok(0), |part| part.as_str().parse::<i8>()).ok();
    let hour = match (number(1)?, time.get(4).map(|half| half.as_str().to_lowercase())) {
        (12, Some(half)) if half == "am" => 0,
        (hour, Some(half)) if half == "pm" && hour < 12 => hour + 12,
        (hour, _) => hour,
    };
    Time::new(hour, number(2)?, number(3)?, 0).ok()
}

/// A zone by its usual letters. Those that mean several are read as they mostly are in such reports.
fn zone_of(word: &str) -> Option<TimeZone> {
    let hours = |hours: i8| Some(TimeZone::fixed(Offset::constant(hours)));
    match word.to_uppercase().as_str() {
        "Z" | "UTC" | "GMT" => Some(TimeZone::UTC),
        "CET" | "BST" => hours(1),
        "CEST" => hours(2),
        "EDT" => hours(-4),
        "EST" | "CDT" => hours(-5),
        "CST" | "MDT" => hours(-6),
        "MST" | "PDT" => hours(-7),
        "PST" => hours(-8),
        "PT" | "PACIFIC" => TimeZone::get("America/Los_Angeles").ok(),
        "ET" | "EASTERN" => TimeZone::get("America/New_York").ok(),
        offset => {
            let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
            let (hours, minutes) = (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..4)?.parse::<i32>().ok()?);
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            Some(TimeZone::fixed(Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_it(text: &str, file: &str) -> Imported {
        let (shop, title) = ("shop".parse::<Name>().unwrap(), "The shop");
        read(text, file, &TimeZone::UTC, [(&shop, title)].into_iter(), "2026-06-01T00:00:00Z".parse().unwrap())
    }

    fn told(found: &Imported) -> Vec<(usize, String, &str)> {
        let at = |one: &Stamped| one.at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        found.entries.iter().map(|one| (one.line, at(one), one.text.as_str())).collect()
    }

    fn odd(found: &Imported) -> Vec<(usize, &str)> {
        found.oddities.iter().map(|one| (one.line, one.says.as_str())).collect()
    }

    #[test]
    fn key_events_become_claims_and_what_is_odd_is_said() {
        let text = "---\ntitle: The shop was slow\nweight: 3\n---\n# Heading\n- **Key events**\n  - First detected 2026-03-04 22:05\n  \
            - Repaired 2026-03-05 00:16\n  - Incident declared 2026-03-05 00:53\n  - Resolved 2026-03-05 01:27\n\
            - **Time to repair**: 1h 16m\n\n- **Impact**: The shop was slow for all.\n";
        let found = read_it(text, "a.md");
        assert_eq!((found.title.as_str(), found.services.len(), found.times), ("The shop was slow", 1, 4));
        assert_eq!(found.section("impact"), Some("The shop was slow for all."));
        let claims: Vec<_> = found.claims.iter().map(|one| (one.milestone.word(), one.at.at.to_string())).collect();
        assert_eq!(claims[0], ("detected", "2026-03-04T22:05:00Z".to_owned()));
        assert_eq!(claims.len(), 4);
        assert_eq!(
            odd(&found),
            [
                (1, "no time zone is named; times are read as UTC"),
                (9, "declared (2026-03-05T00:53:00Z) comes after mitigated (2026-03-05T00:16:00Z)"),
                (11, "it says 76 minutes; from detected to mitigated it is 131"),
            ]
        );
    }

    #[test]
    fn times_take_their_day_and_zone_from_what_stands_around_them() {
        for (text, entries) in [
            (
                "# A\n\nAll times in CET.\n\n| 2026-01-02 11:00 | It began |",
                vec![(5, "2026-01-02T10:00:00Z", "2026-01-02 11:00 | It began")],
            ),
            (
                "# A - September 29, 2025\n- **16:58 UTC** - It began",
                vec![(2, "2025-09-29T16:58:00Z", "16:58 UTC** - It began")],
            ),
            (
                "At 09:15:04 Monday May 10th (UTC), 2021, it was edited",
                vec![(1, "2021-05-10T09:15:04Z", "At 09:15:04 Monday May 10th (UTC), 2021, it was edited")],
            ),
            ("# 2 June 2025\nfrom 1:10 to 2:20 pm PDT", vec![(2, "2025-06-02T08:10:00Z", "from 1:10 to 2:20 pm PDT")]),
            (
                "# 2025-06-02\n23:50 UTC a\n00:10 UTC b",
                vec![(2, "2025-06-02T23:50:00Z", "23:50 UTC a"), (3, "2025-06-03T00:10:00Z", "00:10 UTC b")],
            ),
            ("2026-01-02T03:04:05Z x", vec![(1, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z x")]),
            ("2026-01-02 11.50 UTC x", vec![(1, "2026-01-02T11:50:00Z", "2026-01-02 11.50 UTC x")]),
            ("12:00 UTC x", vec![(1, "-", "12:00 UTC x")]),
            ("https://example.org/12:00", vec![]),
        ] {
            let found = read_it(text, "a.md");
            let found: Vec<_> = told(&found).into_iter().map(|(line, at, text)| (line, at, text.to_owned())).collect();
            let entries: Vec<_> =
                entries.into_iter().map(|(line, at, text)| (line, at.to_owned(), text.to_owned())).collect();
            assert_eq!(
                found.iter().filter(|one| !one.2.starts_with('#')).collect::<Vec<_>>(),
                entries.iter().collect::<Vec<_>>(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let found = read_it("", "2022-10/Phone.md");
        assert_eq!(found.title, "Phone");
        assert_eq!(odd(&found), [(1, "it has no title; it is called after its file"), (1, "it names no time")]);
        let found = read_it("# A\n2031-01-01 10:00 UTC x\n```\n", "a.md");
        assert_eq!(odd(&found), [(2, "2031-01-01T10:00:00Z is still to come"), (3, "a block of code does not end")]);
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_file_is_read(text in "(?s).{0,60}|(([0-9]{1,2}:[0-9]{2}|2026-0[0-9]-[0-9]{2}|May 1|1st of June| |\n|# |\\*\\*a\\*\\*: |---|```|UTC|é){0,20})", file in ".{0,10}") {
            let found = read_it(&text, &file);
            prop_assert!(!found.title.is_empty() && found.title.chars().count() <= TITLE_MOST);
            prop_assert!(found.entries.iter().all(|one| one.line <= text.lines().count()));
        }
    }
}
