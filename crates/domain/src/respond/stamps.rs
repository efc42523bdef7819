//! Stamps: when something in the life of an incident happened, as somebody claims.
//!
//! A stamp is a claim, not a column. It has a precision, a source and an author; several may stand side by side, and a
//! later one may supersede an earlier. An order that looks wrong is an oddity to be looked at, never a refusal: real
//! reports are declared after they were mended, and name the wrong year. Spans of time are computed, never typed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};
use serde::{Deserialize, Serialize};

use crate::words::{Refusal, Result, StampId, Timestamp};

/// A point in the life of an incident, in the order in which they mostly come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    /// The trigger entered the system: a change deployed, a certificate issued. Often years earlier.
    CauseIntroduced,
    /// The first unauthorised action that had an effect.
    CompromiseStarted,
    /// The first signal that in retrospect pointed here. For learning, never to judge people.
    FirstSignal,
    /// The first person or system was affected beyond the threshold.
    ImpactStarted,
    /// The first signal that something or somebody acted on as this problem.
    Detected,
    /// A notification left the system.
    Alerted,
    /// A person took it.
    Acknowledged,
    Declared,
    /// The commander accepted; not: was asked.
    CommanderAccepted,
    FirstInternalUpdate,
    FirstPublicUpdate,
    /// The commander adopted an explanation. It may be superseded.
    Diagnosed,
    /// Further harm was stopped.
    Contained,
    /// Impact is back under the threshold. A workaround counts.
    Mitigated,
    /// Foothold, malicious artefact or faulty change are gone everywhere.
    Eradicated,
    /// Function, redundancy and the integrity of data are restored.
    Recovered,
    /// The commander declared the response over.
    Resolved,
    /// Nothing is left but tracked actions.
    Closed,
    /// From here data was lost.
    DataLossStarted,
    /// Until here data was lost.
    DataLossEnded,
}

impl Milestone {
    pub const ALL: [Self; 20] = [
        Self::CauseIntroduced,
        Self::CompromiseStarted,
        Self::FirstSignal,
        Self::ImpactStarted,
        Self::Detected,
        Self::Alerted,
        Self::Acknowledged,
        Self::Declared,
        Self::CommanderAccepted,
        Self::FirstInternalUpdate,
        Self::FirstPublicUpdate,
        Self::Diagnosed,
        Self::Contained,
        Self::Mitigated,
        Self::Eradicated,
        Self::Recovered,
        Self::Resolved,
        Self::Closed,
        Self::DataLossStarted,
        Self::DataLossEnded,
    ];

    /// As the API and the journal write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CauseIntroduced => "cause-introduced",
            Self::CompromiseStarted => "compromise-started",
            Self::FirstSignal => "first-signal",
            Self::ImpactStarted => "impact-started",
            Self::Detected => "detected",
            Self::Alerted => "alerted",
            Self::Acknowledged => "acknowledged",
            Self::Declared => "declared",
            Self::CommanderAccepted => "commander-accepted",
            Self::FirstInternalUpdate => "first-internal-update",
            Self::FirstPublicUpdate => "first-public-update",
            Self::Diagnosed => "diagnosed",
            Self::Contained => "contained",
            Self::Mitigated => "mitigated",
            Self::Eradicated => "eradicated",
            Self::Recovered => "recovered",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::DataLossStarted => "data-loss-started",
            Self::DataLossEnded => "data-loss-ended",
        }
    }

    /// Part of the response itself, which is a matter of hours or days; what came before may be years back.
    const fn is_response(self) -> bool {
        !matches!(
            self,
            Self::CauseIntroduced
                | Self::CompromiseStarted
                | Self::FirstSignal
                | Self::Closed
                | Self::DataLossStarted
                | Self::DataLossEnded
        )
    }
}

impl FromStr for Milestone {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::word);
            let near = crate::words::text::did_you_mean(word, known.iter().copied());
            Refusal::invalid(format!("there is no milestone {word:?}{near}"))
        })
    }
}

impl fmt::Display for Milestone {
    /// As people say it: `impact started`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word().replace('-', " "))
    }
}

/// How much of the time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
}

impl Precision {
    pub const ALL: [Self; 6] = [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Month, Self::Year];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A machine that watched.
    Monitor,
    Human,
    /// A report or another system that was read in.
    Import,
    /// This program, from what it recorded.
    Derived,
}

impl Source {
    pub const ALL: [Self; 4] = [Self::Monitor, Self::Human, Self::Import, Self::Derived];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Human => "human",
            Self::Import => "import",
            Self::Derived => "derived",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// When something happened: the time, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The beginning of what is meant: of the minute, the day, the year.
    pub at: Timestamp,
    /// The end of what is meant, which is not part of it.
    pub until: Timestamp,
    pub precision: Precision,
}

impl When {
    /// To the second.
    pub fn exactly(at: Timestamp) -> Self {
        Self { at, until: at.checked_add(1.second()).unwrap_or(Timestamp::MAX), precision: Precision::Second }
    }

    /// What a person writes: `2020`, `2020-08`, `2020-08-14`, `2020-08-14 10`, `2020-08-14 10:43`, with seconds, and with
    /// `Z` or `+02:00` if it is not the time of `zone`. As much as is written is known.
    pub fn read(text: &str, zone: &TimeZone) -> Result<Self> {
        let wrong = || {
            let message = format!(
                "{:?} is not a time; write 2026-08-14 10:43, or as much of it as is known",
                crate::words::text::shorten(text.trim(), 40)
            );
            Refusal::invalid(message)
        };
        let text = text.trim();
        if let Ok(at) = text.parse::<Timestamp>() {
            let seconds = text.matches(':').count() - usize::from(has_offset_with_colon(text)) > 1;
            let precision = if seconds { Precision::Second } else { Precision::Minute };
            return Self::of(&at.to_zoned(TimeZone::UTC), precision);
        }
        let (date, time) = text.split_once(['T', ' ']).map_or((text, None), |(date, time)| (date, Some(time.trim())));
        let numbers: Vec<&str> = date.split('-').collect();
        let number = |place: usize| numbers[place].parse::<i16>().map_err(|_| wrong());
        let small = |place: usize| numbers[place].parse::<i8>().map_err(|_| wrong());
        let (day, precision) = match (numbers.len(), time) {
            (1, None) => (Date::new(number(0)?, 1, 1), Precision::Year),
            (2, None) => (Date::new(number(0)?, small(1)?, 1), Precision::Month),
            (3, _) => (Date::new(number(0)?, small(1)?, small(2)?), Precision::Day),
            _ => return Err(wrong()),
        };
        let day = day.map_err(|_| wrong())?;
        let (start, precision) = match time {
            None => (day.at(0, 0, 0, 0), precision),
            Some(time) => {
                let parts: Vec<i8> =
                    time.split(':').map(str::parse).collect::<std::result::Result<_, _>>().map_err(|_| wrong())?;
                let (hour, minute, second, precision) = match parts[..] {
                    [hour] => (hour, 0, 0, Precision::Hour),
                    [hour, minute] => (hour, minute, 0, Precision::Minute),
                    [hour, minute, second] => (hour, minute, second, Precision::Second),
                    _ => return Err(wrong()),
                };
                let start = DateTime::new(day.year(), day.month(), day.day(), hour, minute, second, 0);
                (start.map_err(|_| wrong())?, precision)
            }
        };
        Self::of(&start.to_zoned(zone.clone()).map_err(|_| wrong())?, precision)
    }

    fn of(start: &Zoned, precision: Precision) -> Result<Self> {
        if !YEARS.contains(&start.year()) {
            let (first, last) = (YEARS.start(), YEARS.end());
            return Err(Refusal::invalid(format!("the year {} is not from {first} to {last}", start.year())));
        }
        let length = match precision {
            Precision::Second => 1.second(),
            Precision::Minute => 1.minute(),
            Precision::Hour => 1.hour(),
            Precision::Day => 1.day(),
            Precision::Month => 1.month(),
            Precision::Year => 1.year(),
        };
        let until = start.checked_add(length).map_or(Timestamp::MAX, |end| end.timestamp());
        Ok(Self { at: start.timestamp(), until, precision })
    }

    /// Whether it was certainly before the other: not even the last of one could be the first of the other.
    pub fn is_before(&self, other: &Self) -> bool {
        self.until <= other.at
    }
}

/// A wrong year is kept and told; one beyond these is no claim of anything.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// `+02:00` at the end has a colon that says nothing of the precision.
fn has_offset_with_colon(text: &str) -> bool {
    text.rfind(['+', '-']).is_some_and(|at| at > 10 && text[at..].contains(':'))
}

/// A claim of when a milestone was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub id: StampId,
    pub milestone: Milestone,
    pub when: When,
    pub source: Source,
    /// Who entered it: `person:ana`.
    pub by: String,
    /// When it was entered; set by the server.
    pub entered_at: Timestamp,
    /// Where it is shown: a link, or words.
    pub evidence: Option<String>,
    pub note: Option<String>,
    /// The claim that this one replaces.
    pub supersedes: Option<StampId>,
}

/// The stamps that count, one for each milestone: of those that nothing supersedes, the one that was entered last.
pub type Standing<'a> = BTreeMap<Milestone, &'a Stamp>;

/// Which stamps count.
pub fn standing(stamps: &[Stamp]) -> Standing<'_> {
    let mut standing = Standing::new();
    for stamp in unsuperseded(stamps) {
        let held = standing.entry(stamp.milestone).or_insert(stamp);
        if (held.entered_at, held.id) < (stamp.entered_at, stamp.id) {
            *held = stamp;
        }
    }
    standing
}

fn unsuperseded(stamps: &[Stamp]) -> impl Iterator<Item = &Stamp> {
    stamps.iter().filter(|stamp| !stamps.iter().any(|other| other.supersedes == Some(stamp.id)))
}

/// Something that deserves a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// What mostly comes first came later.
    Disordered {
        first: Milestone,
        then: Milestone,
    },
    Future(Milestone),
    /// Far from everything else: a wrong year or month, mostly.
    FarOff(Milestone),
    /// Two claims stand side by side and cannot both be right.
    Disputed(Milestone),
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disordered { first, then } => write!(f, "\"{then}\" is before \"{first}\""),
            Self::Future(one) => write!(f, "\"{one}\" is in the future"),
            Self::FarOff(one) => write!(f, "\"{one}\" is far from everything else; is the date right?"),
            Self::Disputed(one) => write!(f, "there are claims of \"{one}\" that cannot both be right"),
        }
    }
}

/// What mostly comes in this order. That it was detected before it had an impact is no oddity: it is good news.
const ORDER: [(Milestone, Milestone); 8] = [
    (Milestone::ImpactStarted, Milestone::Mitigated),
    (Milestone::Detected, Milestone::Acknowledged),
    (Milestone::Declared, Milestone::Mitigated),
    (Milestone::Declared, Milestone::Resolved),
    (Milestone::Mitigated, Milestone::Resolved),
    (Milestone::Contained, Milestone::Eradicated),
    (Milestone::Eradicated, Milestone::Recovered),
    (Milestone::DataLossStarted, Milestone::DataLossEnded),
];

/// So far apart the parts of one response hardly are. A wrong year is a year, give or take the length of the incident.
const FAR_OFF_HOURS: i64 = 24 * 180;
/// Nor so far, where all else happened within a few days: a wrong month is 28 days at least.
const FAR_FROM_FEW_DAYS_HOURS: i64 = 24 * 25;
const FEW_DAYS_HOURS: i64 = 24 * 3;

/// Everything that deserves a look, in the order of the milestones. Nothing of it is refused.
pub fn oddities(stamps: &[Stamp], now: Timestamp) -> Vec<Oddity> {
    let standing = standing(stamps);
    let mut odd = Vec::new();
    for (milestone, stamp) in &standing {
        let others = unsuperseded(stamps).filter(|other| other.milestone == *milestone);
        if others.into_iter().any(|other| other.when.is_before(&stamp.when) || stamp.when.is_before(&other.when)) {
            odd.push(Oddity::Disputed(*milestone));
        }
        if stamp.when.at > now {
            odd.push(Oddity::Future(*milestone));
        }
        let rest: Vec<&When> = standing
            .iter()
            .filter(|(other, _)| other.is_response() && *other != milestone)
            .map(|(_, other)| &other.when)
            .collect();
        let nearest = rest.iter().map(|other| apart(&stamp.when, other)).min();
        let most = if is_of_few_days(&rest) { FAR_FROM_FEW_DAYS_HOURS } else { FAR_OFF_HOURS };
        if milestone.is_response() && nearest.is_some_and(|hours| hours > most) {
            odd.push(Oddity::FarOff(*milestone));
        }
    }
    for (first, then) in ORDER {
        if let (Some(a), Some(b)) = (standing.get(&first), standing.get(&then))
            && b.when.is_before(&a.when)
        {
            odd.push(Oddity::Disordered { first, then });
        }
    }
    odd
}

/// Whether several things are known to have happened within a few days.
fn is_of_few_days(all: &[&When]) -> bool {
    let times = || all.iter().map(|when| when.at);
    let span = times().min().zip(times().max()).map(|(first, last)| last.duration_since(first).as_hours());
    all.len() > 1 && span.is_some_and(|hours| hours <= FEW_DAYS_HOURS)
}

/// Whole hours between two times, whichever is first.
fn apart(a: &When, b: &When) -> i64 {
    a.at.duration_since(b.at).as_hours().abs()
}

/// What is measured between two milestones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// From the impact to the detection; negative when it was caught before.
    Detect,
    /// From the compromise to the detection.
    Dwell,
    /// From the alert to a person.
    Acknowledge,
    /// From the detection to the declaration.
    Declare,
    /// From the declaration to a commander.
    Command,
    /// From the detection, or the impact if that came later, to the first public word.
    FirstPublicWord,
    /// From the detection to the containment.
    Contain,
    /// From the impact to its end.
    Mitigate,
    /// From the impact until all is restored.
    Recover,
    /// From the detection to the end of the response.
    Resolve,
}

impl Measure {
    pub const ALL: [Self; 10] = [
        Self::Detect,
        Self::Dwell,
        Self::Acknowledge,
        Self::Declare,
        Self::Command,
        Self::FirstPublicWord,
        Self::Contain,
        Self::Mitigate,
        Self::Recover,
        Self::Resolve,
    ];

    /// As the API writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Dwell => "dwell",
            Self::Acknowledge => "acknowledge",
            Self::Declare => "declare",
            Self::Command => "command",
            Self::FirstPublicWord => "first-public-word",
            Self::Contain => "contain",
            Self::Mitigate => "mitigate",
            Self::Recover => "recover",
            Self::Resolve => "resolve",
        }
    }

    /// The claims between which it is measured. `None` if one of them is not there.
    pub fn ends<'a>(self, standing: &Standing<'a>) -> Option<(&'a Stamp, &'a Stamp)> {
        use Milestone as M;
        let held = |milestone| standing.get(&milestone).copied();
        let (from, to) = match self {
            Self::Detect => (held(M::ImpactStarted)?, M::Detected),
            Self::Dwell => (held(M::CompromiseStarted)?, M::Detected),
            Self::Acknowledge => (held(M::Alerted)?, M::Acknowledged),
            Self::Declare => (held(M::Detected)?, M::Declared),
            Self::Command => (held(M::Declared)?, M::CommanderAccepted),
            Self::FirstPublicWord => {
                let begun = [held(M::Detected), held(M::ImpactStarted)];
                (begun.into_iter().flatten().max_by_key(|stamp| stamp.when.at)?, M::FirstPublicUpdate)
            }
            Self::Contain => (held(M::Detected)?, M::Contained),
            Self::Mitigate => (held(M::ImpactStarted)?, M::Mitigated),
            Self::Recover => (held(M::ImpactStarted)?, M::Recovered),
            Self::Resolve => (held(M::Detected)?, M::Resolved),
        };
        Some((from, held(to)?))
    }

    /// How long it took. `None` if an end is not recorded: unknown stays unknown.
    pub fn of(self, standing: &Standing<'_>) -> Option<Took> {
        self.ends(standing).map(|(from, to)| Took::between(&from.when, &to.when))
    }
}

impl FromStr for Measure {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word).ok_or_else(|| {
            let near = crate::words::text::did_you_mean(word, Self::ALL.map(Self::word));
            Refusal::not_found(format!("measure {:?}{near}", crate::words::text::shorten(word, 40)))
        })
    }
}

/// How long something took, in seconds: what the stamps say, and the least and the most that it can have been by their
/// precision. Negative when the end came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    pub seconds: i64,
    pub least: i64,
    pub most: i64,
}

impl Took {
    pub fn between(from: &When, to: &When) -> Self {
        let seconds = |a: Timestamp, b: Timestamp| b.duration_since(a).as_secs();
        Self { seconds: seconds(from.at, to.at), least: seconds(from.until, to.at), most: seconds(from.at, to.until) }
    }

    /// In the middle of what it can have been: what one end is known to the day and the other to the minute, `seconds`
    /// leans to one side.
    pub const fn middle(self) -> i64 {
        self.least + (self.most - self.least) / 2
    }

    /// It is known less exactly than to the minute at both ends.
    pub const fn is_vague(self) -> bool {
        self.most.saturating_sub(self.least) > 120
    }

    /// The end certainly came first.
    pub const fn is_before(self) -> bool {
        self.most <= 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Mint;

    fn when(text: &str) -> When {
        When::read(text, &TimeZone::UTC).unwrap()
    }

    fn stamps(claims: &[(Milestone, &str)]) -> Vec<Stamp> {
        let mut mint = Mint::seeded(1);
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let stamp = |(milestone, text): &(Milestone, &str)| Stamp {
            id: mint.id(now),
            milestone: *milestone,
            when: when(text),
            source: Source::Human,
            by: "person:ana".into(),
            entered_at: now,
            evidence: None,
            note: None,
            supersedes: None,
        };
        claims.iter().map(stamp).collect()
    }

    fn odd(stamps: &[Stamp]) -> Vec<String> {
        oddities(stamps, "2026-06-01T00:00:00Z".parse().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn as_much_as_is_written_is_known() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let read = |text: &str| {
            When::read(text, &berlin).map(|when| (when.at.to_string(), when.until.to_string(), when.precision))
        };
        let table = [
            ("2020", "2019-12-31T23:00:00Z", "2020-12-31T23:00:00Z", Precision::Year),
            ("2020-02", "2020-01-31T23:00:00Z", "2020-02-29T23:00:00Z", Precision::Month),
            // The day on which the clocks go back has 25 hours.
            ("2020-10-25", "2020-10-24T22:00:00Z", "2020-10-25T23:00:00Z", Precision::Day),
            ("2020-08-14 10", "2020-08-14T08:00:00Z", "2020-08-14T09:00:00Z", Precision::Hour),
            (" 2020-08-14T10:43 ", "2020-08-14T08:43:00Z", "2020-08-14T08:44:00Z", Precision::Minute),
            ("2020-08-14 10:43:20", "2020-08-14T08:43:20Z", "2020-08-14T08:43:21Z", Precision::Second),
            ("2020-08-14T10:43:20Z", "2020-08-14T10:43:20Z", "2020-08-14T10:43:21Z", Precision::Second),
            ("2020-08-14T10:43+02:00", "2020-08-14T08:43:00Z", "2020-08-14T08:44:00Z", Precision::Minute),
        ];
        for (text, at, until, precision) in table {
            assert_eq!(read(text), Ok((at.into(), until.into(), precision)), "{text}");
        }
        for wrong in [
            "",
            "soon",
            "9999",
            "0001-01-01",
            "2020-13",
            "2020-08-14 25:00",
            "2020-08 10:43",
            "2020-08-14 10:43:20:1",
            "10:43",
            "2020-02-30",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_claim_is_superseded_and_not_edited() {
        let mut all = stamps(&[(Milestone::Detected, "2020-08-14 10:43"), (Milestone::Detected, "2020-08-14 10:40")]);
        assert_eq!(
            standing(&all)[&Milestone::Detected].when,
            when("2020-08-14 10:40"),
            "of equals the last one minted"
        );
        assert_eq!(odd(&all), ["there are claims of \"detected\" that cannot both be right"]);
        all[1].supersedes = Some(all[0].id);
        assert_eq!(odd(&all), [""; 0]);
        all[0].supersedes = Some(all[1].id);
        all[1].supersedes = None;
        assert_eq!(standing(&all)[&Milestone::Detected].when, when("2020-08-14 10:43"));
        // A vague claim does not contradict an exact one that lies in it.
        let vague = stamps(&[(Milestone::Detected, "2020-08-14"), (Milestone::Detected, "2020-08-14 10:40")]);
        assert_eq!(odd(&vague), [""; 0]);
    }

    #[test]
    fn an_odd_order_is_told_and_good_news_is_not() {
        let declared_late = stamps(&[
            (Milestone::Detected, "2020-08-14 10:43"),
            (Milestone::Mitigated, "2020-08-14 11:00"),
            (Milestone::Declared, "2020-08-14 11:01"),
            (Milestone::Resolved, "2020-08-14 11:38"),
        ]);
        assert_eq!(odd(&declared_late), ["\"mitigated\" is before \"declared\""]);
        // GitLab, 31 January 2017: the load was seen three hours before anybody was affected.
        let caught_before =
            stamps(&[(Milestone::ImpactStarted, "2017-01-31 21:00"), (Milestone::Detected, "2017-01-31 18:00")]);
        assert_eq!(odd(&caught_before), [""; 0]);
        assert_eq!(Measure::Detect.of(&standing(&caught_before)).unwrap().seconds, -180 * 60);
        // The same day says nothing of the order.
        let vague = stamps(&[(Milestone::Declared, "2020-08-14 11:01"), (Milestone::Resolved, "2020-08-14")]);
        assert_eq!(odd(&vague), [""; 0]);
    }

    #[test]
    fn a_wrong_year_is_kept_and_told() {
        let typo = stamps(&[
            (Milestone::CauseIntroduced, "2016"),
            (Milestone::Detected, "2020-01-04 08:56"),
            (Milestone::Declared, "2021-01-04 09:10"),
            (Milestone::Resolved, "2021-01-04 10:00"),
        ]);
        assert_eq!(odd(&typo), ["\"detected\" is far from everything else; is the date right?"]);
        // A report of July that says September of its end.
        let month = stamps(&[
            (Milestone::Detected, "2023-07-25 14:05"),
            (Milestone::Declared, "2023-07-25 15:21"),
            (Milestone::Mitigated, "2023-07-25 15:55"),
            (Milestone::Resolved, "2023-09-25 15:55"),
        ]);
        assert_eq!(odd(&month), ["\"resolved\" is far from everything else; is the date right?"]);
        let slow = stamps(&[(Milestone::Detected, "2023-07-25 14:05"), (Milestone::Resolved, "2023-09-25 15:55")]);
        assert_eq!(odd(&slow), [""; 0], "of two, neither is the odd one");
        let future = stamps(&[(Milestone::Detected, "2026-06-02 08:56")]);
        assert_eq!(odd(&future), ["\"detected\" is in the future"]);
    }

    #[test]
    fn spans_are_computed_and_as_vague_as_their_ends() {
        let all = stamps(&[
            (Milestone::ImpactStarted, "2019-07-02 13:42"),
            (Milestone::Detected, "2019-07-02 13:45"),
            (Milestone::Mitigated, "2019-07-02 14:09"),
            (Milestone::Resolved, "2019-07-02"),
        ]);
        let standing = standing(&all);
        let took =
            |measure: Measure| measure.of(&standing).map(|took| (took.least / 60, took.seconds / 60, took.most / 60));
        assert_eq!(took(Measure::Detect), Some((2, 3, 4)));
        assert_eq!(took(Measure::Mitigate), Some((26, 27, 28)));
        assert_eq!(took(Measure::Resolve), Some((-826, -825, 615)));
        assert_eq!(took(Measure::Declare), None, "unknown stays unknown");
        assert_eq!(Measure::ALL.iter().filter(|measure| measure.of(&standing).is_some()).count(), 3);
        let middle = |measure: Measure| {
            measure.of(&standing).map(|took| (took.middle() / 60, took.is_before(), took.is_vague()))
        };
        assert_eq!(middle(Measure::Mitigate), Some((27, false, false)));
        assert_eq!(middle(Measure::Resolve), Some((-105, false, true)), "the same day is not before");
    }

    #[test]
    fn every_milestone_reads_back() {
        for milestone in Milestone::ALL {
            assert_eq!(milestone.word().parse(), Ok(milestone));
        }
        for measure in Measure::ALL {
            assert_eq!(measure.word().parse(), Ok(measure));
        }
        assert!("average".parse::<Measure>().is_err());
        assert_eq!(
            "mitgated".parse::<Milestone>().unwrap_err().message,
            "there is no milestone \"mitgated\" (did you mean \"mitigated\"?)"
        );
    }
}
