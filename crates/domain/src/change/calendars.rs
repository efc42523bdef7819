//! The calendar of changes: what falls on which day, and the same as a feed for calendar programs (iCalendar, RFC 5545).
//!
//! A feed is fetched by a program that cannot sign in, so its address is signed for one person. It holds what everybody who is
//! signed in may see, and nothing else: it leaves the house.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use subtle::ConstantTimeEq as _;

use crate::engage::links::LinkKey;
use crate::words::choices::choices;
use crate::words::{Name, Refusal, Result, Timestamp};

choices! {
    /// How much of the calendar is looked at.
    View: "the view of the calendar" at "/view" {
        Month = "month",
        Week = "week",
    }
}

impl View {
    /// The first day that is shown, and how many: whole weeks from a Monday on.
    pub fn days(self, on: Date) -> (Date, usize) {
        let monday = |day: Date| day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
        match self {
            Self::Week => (monday(on), 7),
            Self::Month => {
                let first = monday(on.first_of_month());
                let last = monday(on.last_of_month());
                let weeks = first.until(last).map_or(4, |span| span.get_days() / 7) + 1;
                (first, usize::try_from(weeks * 7).unwrap_or(35))
            }
        }
    }

    /// A day in the stretch before, and in the one after.
    pub fn beside(self, on: Date) -> (Date, Date) {
        match self {
            Self::Week => (on.saturating_sub(7.days()), on.saturating_add(7.days())),
            Self::Month => {
                let first = on.first_of_month();
                (first.saturating_sub(1.month()), first.saturating_add(1.month()))
            }
        }
    }
}

/// One day, and what falls on it: the place of each stretch among those that were given, and whether it begins on that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    pub falls: Vec<(usize, bool)>,
}

/// Lays stretches of time out on days of a zone. What ends at midnight does not fall on the day that begins then; what takes no
/// time falls on the day of its instant.
pub fn days(stretches: &[(Timestamp, Timestamp)], first: Date, count: usize, zone: &TimeZone) -> Vec<Day> {
    let start = |date: Date| date.to_zoned(zone.clone()).map_or(Timestamp::MAX, |at| at.timestamp());
    let mut date = first;
    let mut found = Vec::with_capacity(count);
    for _ in 0..count {
        let next = date.saturating_add(1.day());
        let (from, to) = (start(date), start(next));
        let mut falls: Vec<(usize, bool)> = stretches
            .iter()
            .enumerate()
            .filter(|(_, (begins, ends))| *begins < to && (*ends > from || *begins >= from))
            .map(|(place, (begins, _))| (place, *begins >= from))
            .collect();
        // What goes on since before stands above what begins.
        falls.sort_by_key(|(place, begins)| (*begins, stretches[*place].0));
        found.push(Day { date, falls });
        date = next;
    }
    found
}

/// One thing in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for as long as there is the thing.
    pub uid: String,
    pub summary: String,
    pub description: String,
    pub url: String,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// The feed, as a calendar program reads it.
pub fn feed(title: &str, events: &[Event], now: Timestamp) -> String {
    let mut out = begin("Changes", "PUBLISH");
    fold(&mut out, &format!("X-WR-CALNAME:{}", escape(title)));
    fold(&mut out, "REFRESH-INTERVAL;VALUE=DURATION:PT15M");
    for event in events {
        // It says what goes on, and takes up nobody's time.
        write(&mut out, event, &["TRANSP:TRANSPARENT".to_owned()], now);
    }
    fold(&mut out, "END:VCALENDAR");
    out
}

/// One thing, as a message to a calendar (iTIP, RFC 5546): by this method, with more lines that are escaped already.
pub(crate) fn message(product: &str, method: &str, event: &Event, more: &[String], now: Timestamp) -> String {
    let mut out = begin(product, method);
    write(&mut out, event, more, now);
    fold(&mut out, "END:VCALENDAR");
    out
}

fn begin(product: &str, method: &str) -> String {
    let mut out = String::new();
    fold(&mut out, "BEGIN:VCALENDAR");
    fold(&mut out, "VERSION:2.0");
    fold(&mut out, &format!("PRODID:-//Allclear//{product}//EN"));
    fold(&mut out, &format!("METHOD:{method}"));
    out
}

fn write(out: &mut String, event: &Event, more: &[String], now: Timestamp) {
    let time = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    fold(out, "BEGIN:VEVENT");
    fold(out, &format!("UID:{}", escape(&event.uid)));
    fold(out, &format!("DTSTAMP:{}", time(now)));
    fold(out, &format!("DTSTART:{}", time(event.from)));
    fold(out, &format!("DTEND:{}", time(event.to)));
    fold(out, &format!("SUMMARY:{}", escape(&event.summary)));
    if !event.description.is_empty() {
        fold(out, &format!("DESCRIPTION:{}", escape(&event.description)));
    }
    fold(out, &format!("URL:{}", event.url.replace(char::is_control, "")));
    for line in more {
        fold(out, line);
    }
    fold(out, "END:VEVENT");
}

/// Text as the format has it.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => _ = write!(escaped, "\\{letter}"),
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A line has 75 bytes at most; what is longer goes on in the next, after a space.
fn fold(out: &mut String, line: &str) {
    let mut used = 0;
    for letter in line.chars() {
        if used + letter.len_utf8() > 75 {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(letter);
        used += letter.len_utf8();
    }
    out.push_str("\r\n");
}

const SIGNATURE: usize = 32;
const PURPOSE: &[u8] = b"allclear calendar of changes\0";

/// The token in the address of a person's feed. It holds until they are gone, or the key that signs is another.
pub fn mint(key: &LinkKey, person: &Name) -> String {
    let mut bytes = person.as_str().as_bytes().to_vec();
    let signature = key.sign(PURPOSE, &bytes);
    bytes.extend(signature);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whose feed it is, if we signed it.
pub fn read(key: &LinkKey, token: &str) -> Result<Name> {
    let wrong = || Refusal::not_found("such calendar: its address is incomplete, or was not made here");
    if token.len() > (63 + SIGNATURE).div_ceil(3) * 4 {
        return Err(wrong());
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    let at = bytes.len().checked_sub(SIGNATURE).filter(|at| *at > 0).ok_or_else(wrong)?;
    let (person, signature) = bytes.split_at(at);
    if !bool::from(key.sign(PURPOSE, person).as_slice().ct_eq(signature)) {
        return Err(wrong());
    }
    std::str::from_utf8(person).ok().and_then(|name| name.parse().ok()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn whole_weeks_are_shown_from_a_monday_on() {
        for (view, on, first, count) in [
            (View::Week, "2026-11-29", "2026-11-23", 7),
            (View::Week, "2026-11-23", "2026-11-23", 7),
            (View::Month, "2026-11-29", "2026-10-26", 42),
            (View::Month, "2027-02-10", "2027-02-01", 28),
            (View::Month, "2026-12-01", "2026-11-30", 35),
        ] {
            assert_eq!(view.days(date(on)), (date(first), count), "{view} {on}");
        }
        assert_eq!(View::Month.beside(date("2026-03-31")), (date("2026-02-01"), date("2026-04-01")));
        assert_eq!(View::Week.beside(date("2026-03-31")), (date("2026-03-24"), date("2026-04-07")));
    }

    #[test]
    fn what_lasts_falls_on_each_of_its_days_and_not_on_the_one_that_begins_when_it_ends() {
        // In Berlin the night of 24 to 25 October 2026 has an hour more.
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let stretches = [
            (at("2026-10-23T10:00:00Z"), at("2026-10-25T23:00:00Z")),
            (at("2026-10-24T22:30:00Z"), at("2026-10-24T23:00:00Z")),
            (at("2026-10-25T23:00:00Z"), at("2026-10-25T23:00:00Z")),
        ];
        let found = days(&stretches, date("2026-10-23"), 5, &zone);
        let falls: Vec<Vec<(usize, bool)>> = found.into_iter().map(|day| day.falls).collect();
        assert_eq!(falls, [vec![(0, true)], vec![(0, false)], vec![(0, false), (1, true)], vec![(2, true)], vec![]]);
    }

    #[test]
    fn a_feed_is_escaped_and_folded_and_says_the_same_of_the_same() {
        let event = Event {
            uid: "cng_1@allclear.example".into(),
            summary:
                "Change: drop, then; add \\ a column of a name that is longer than one line may be in such a file, ü"
                    .into(),
            description: "one\ntwo\r".into(),
            url: "https://allclear.example/changes/cng_1".into(),
            from: at("2026-12-01T02:00:00Z"),
            to: at("2026-12-01T03:30:00Z"),
        };
        let text = feed("Changes", &[event], at("2026-11-29T10:00:00Z"));
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        assert!(!text.replace("\r\n", "").contains(['\n', '\r']));
        let whole = text.replace("\r\n ", "");
        for line in [
            "SUMMARY:Change: drop\\, then\\; add \\\\ a column of a name that is longer than one line may be in such a file\\, ü\r\n",
            "DESCRIPTION:one\\ntwo\r\n",
            "DTSTART:20261201T020000Z\r\nDTEND:20261201T033000Z\r\n",
        ] {
            assert!(whole.contains(line), "{whole}");
        }
        assert!(whole.starts_with("BEGIN:VCALENDAR\r\n") && whole.ends_with("END:VCALENDAR\r\n"));
    }

    #[test]
    fn the_address_of_a_feed_is_of_one_person_and_nothing_altered_is_read() {
        let (key, other) = (LinkKey::new([7; 32]), LinkKey::new([8; 32]));
        let ana: Name = "ana".parse().unwrap();
        let token = mint(&key, &ana);
        assert_eq!(read(&key, &token).unwrap(), ana);
        assert!(read(&other, &token).is_err());
        for place in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            assert!(read(&key, std::str::from_utf8(&altered).unwrap()).is_err(), "{place}");
        }
        for short in ["", "ana", &token[..token.len() - 4]] {
            assert!(read(&key, short).is_err());
        }
    }
}
