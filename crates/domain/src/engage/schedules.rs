//! A schedule: who is on call when, as rotations in layers, in the wall-clock time of one zone.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rotations::{Rotation, instant, jump};
use super::windows::Week;
use crate::words::{Name, OverrideId, Refusal, Span, Timestamp, text};

/// The spec of a `schedule` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// What people call it: `Payments, primary`.
    pub title: String,
    /// IANA name of the zone in which hand-offs and restrictions are written: `Europe/Berlin`.
    pub time_zone: String,
    /// A layer that stands later in the list takes precedence where it covers the instant.
    pub layers: Vec<Layer>,
    /// The team that looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
    /// Gaps are meant: nobody is on call then, and no one is told so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gaps_intended: bool,
}

/// One rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    pub name: String,
    /// In turn; the first is on call from `starts`.
    pub people: Vec<Name>,
    /// The first hand-off, local: `2026-11-02T09:00`. Weekly rotations hand off on its weekday.
    pub starts: String,
    /// Local end, if it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    pub rotate: Rotate,
    /// Only within these hours and days; always, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Window>,
    /// Which turns count, where `only` leaves some without any time.
    #[serde(default, skip_serializing_if = "Turns::is_all")]
    pub turns: Turns,
}

/// Which turns pass from one person to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Turns {
    /// Every turn of the calendar, with or without time in it.
    #[default]
    All,
    /// Only turns with time in them: daily turns on working days pass over the weekend.
    Covered,
}

impl Turns {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// How long a turn is. Days and weeks, and 1, 2, 3, 4, 6, 8 and 12 hours, keep the wall clock; other hours are elapsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rotate {
    Hours(u16),
    Days(u16),
    Weeks(u16),
}

/// A local time of day on some days. `to` may be earlier than `from`: then it ends on the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The days on which it begins; every day, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`; `24:00` is the end of the day.
    pub to: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    pub(super) fn since_monday(self) -> i64 {
        self as i64
    }
}

/// Somebody stands in, from one instant to another. An event, not part of the document: `apply` never undoes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub id: OverrideId,
    pub schedule: Name,
    /// Who is on call instead; nobody if absent.
    pub person: Option<Name>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub reason: Option<String>,
    pub created_by: Name,
}

impl Override {
    /// That it begins before it ends, and does not last for ever: what lasts belongs into the schedule.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.starts_at >= self.ends_at {
            return Err(Refusal::invalid("the override ends before it begins").at("/ends_at"));
        }
        if Span::between(self.starts_at, self.ends_at) > MOST_OVERRIDE {
            let message = "an override lasts a year at most; change the schedule's layers for what lasts longer";
            return Err(Refusal::invalid(message).at("/ends_at"));
        }
        Ok(())
    }
}

const MOST_OVERRIDE: Span = Span::hours(366 * 24);
/// A turn is a year at most.
const MOST_HOURS: u16 = 366 * 24;
const MOST_LAYERS: usize = 30;
const MOST_PEOPLE: usize = 200;
const MOST_WINDOWS: usize = 50;
const WEEK_SECONDS: i64 = 7 * 24 * 3600;

impl Schedule {
    /// Everything that is wrong in it, each with a JSON pointer into the spec. Empty: it may be applied.
    ///
    /// Whether the people exist is a matter of the catalogue, not of the schedule.
    pub fn check(&self) -> Vec<Refusal> {
        let roster = match self.roster() {
            Ok(roster) => roster,
            Err(refusals) => return refusals,
        };
        let starved = roster.layers.iter().enumerate().filter_map(|(i, rota)| {
            let message = format!(
                "{} would never be on call in this layer: each of their turns falls outside its windows; write \
                 `turns: covered` to count only turns with time in them",
                rota.never_on_call()?
            );
            Some(Refusal::invalid(message).at(format!("/layers/{i}/people")))
        });
        starved.collect()
    }

    /// The schedule, read and ready to answer questions; or everything that is wrong in it.
    pub fn roster(&self) -> Result<Roster, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let zone = zone(&self.time_zone).map_err(|refusal| refusals.push(refusal.at("/time_zone"))).ok();
        if self.title.trim().is_empty() {
            refusals.push(Refusal::invalid("the title is empty").at("/title"));
        }
        if self.layers.is_empty() {
            let message = "a schedule needs at least one layer, or nobody is ever on call";
            refusals.push(Refusal::invalid(message).at("/layers"));
        }
        if self.layers.len() > MOST_LAYERS {
            let message = format!("{} layers are too many: {MOST_LAYERS} at most", self.layers.len());
            return Err(vec![Refusal::invalid(message).at("/layers")]);
        }
        let mut rotas = Vec::with_capacity(self.layers.len());
        for (i, layer) in self.layers.iter().enumerate() {
            let at = format!("/layers/{i}");
            if self.layers[..i].iter().any(|earlier| earlier.name == layer.name) {
                let message = format!("two layers are called {:?}; give each a name of its own", layer.name);
                refusals.push(Refusal::invalid(message).at(format!("{at}/name")));
            }
            rotas.extend(layer.read(zone.as_ref(), &at, &mut refusals));
        }
        match zone {
            Some(zone) if refusals.is_empty() => Ok(Roster { zone, layers: rotas, gaps_intended: self.gaps_intended }),
            _ => Err(refusals),
        }
    }
}

/// The zone of that name, or a refusal that suggests one.
pub fn zone(name: &str) -> Result<TimeZone, Refusal> {
    let known = TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name) && name != "Etc/Unknown");
    known.ok_or_else(|| {
        let names: Vec<String> = jiff::tz::db().available().map(|known| known.as_str().to_owned()).collect();
        let names = || names.iter().map(String::as_str);
        // People know the city.
        let near = names()
            .find(|known| known.eq_ignore_ascii_case(name))
            .or_else(|| {
                names().find(|known| known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name)))
            })
            .or_else(|| text::nearest(name, names()));
        let near = near.map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
        let name = text::shorten(name, 60);
        Refusal::invalid(format!("there is no time zone {name:?}{near}; use an IANA name like Europe/Berlin"))
    })
}

/// A schedule that was read: everything that a question needs, nothing left that can be wrong.
#[derive(Clone, Debug)]
pub struct Roster {
    pub(super) zone: TimeZone,
    pub(super) layers: Vec<Rota>,
    pub(super) gaps_intended: bool,
}

impl Roster {
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The instant of a local time that a person entered (`2026-11-02T09:00`).
    pub fn entered(&self, local: &str) -> Result<Timestamp, Refusal> {
        entered(local, &self.zone)
    }
}

/// A layer that was read.
#[derive(Clone, Debug)]
pub(super) struct Rota {
    pub(super) name: String,
    people: Vec<Name>,
    rotation: Rotation,
    ends: Timestamp,
    week: Option<Week>,
    /// With `turns: covered`: how many turns with time lie before each turn of one cycle, and in the whole of it.
    covered: Option<Vec<usize>>,
}

/// What one layer says around an instant: from when until when it says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The turn that is on; `None`: the layer covers nothing here.
    pub(super) turn: Option<i64>,
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
}

impl Rota {
    /// Whose turn that is.
    pub(super) fn person(&self, turn: i64) -> &Name {
        let turn = usize::try_from(turn).unwrap_or(0);
        let place = match &self.covered {
            Some(before) => {
                let cycle = before.len() - 1;
                (turn / cycle).saturating_mul(before[cycle]).saturating_add(before[turn % cycle])
            }
            None => turn,
        };
        &self.people[place % self.people.len()]
    }

    /// Asks for nothing but the days around: the cost does not grow with the time since the layer began.
    pub(super) fn stretch_at(&self, at: Timestamp) -> Stretch {
        let near = at.clamp(self.rotation.first(), self.ends);
        let mut stretch = Stretch { turn: None, since: Timestamp::MIN, until: Timestamp::MAX };
        for (begins, ends) in self.open(Span::hours(9 * 24).before(near), Span::hours(9 * 24).after(near)) {
            if ends <= at {
                stretch.since = ends;
            } else if begins > at {
                stretch.until = begins;
                break;
            } else if let Some(turn) = self.rotation.turn_at(at) {
                let since = begins.max(self.rotation.hand_off(turn));
                let until = ends.min(self.rotation.hand_off(turn + 1));
                return Stretch { turn: Some(turn), since, until };
            }
        }
        stretch
    }

    /// Every turn with time between two instants: since, until, turn. What it costs grows with their number.
    pub(super) fn turns(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp, i64)> {
        let mut turns = Vec::new();
        for (begins, ends) in self.open(from, to) {
            let (begins, ends) = (begins.max(from), ends.min(to));
            let Some(mut turn) = self.rotation.turn_at(begins).filter(|_| begins < ends) else { continue };
            let mut since = begins;
            while since < ends {
                let until = self.rotation.hand_off(turn + 1).min(ends);
                if since < until {
                    turns.push((since, until, turn));
                    since = until;
                }
                turn += 1;
            }
        }
        turns
    }

    /// The stretches that the layer covers and that touch `[from, to]`.
    fn open(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let (first, ends) = (self.rotation.first(), self.ends);
        match &self.week {
            None => vec![(first, ends)],
            Some(week) => week
                .open(self.rotation.zone(), from, to)
                .into_iter()
                .map(|(a, b)| (a.max(first), b.min(ends)))
                .filter(|(a, b)| a < b)
                .collect(),
        }
    }
}

impl Layer {
    fn read(&self, zone: Option<&TimeZone>, at: &str, refusals: &mut Vec<Refusal>) -> Option<Rota> {
        let before = refusals.len();
        let mut refuse =
            |below: &str, message: String| refusals.push(Refusal::invalid(message).at(format!("{at}{below}")));
        if self.name.trim().is_empty() {
            refuse("/name", "the layer has no name".into());
        }
        if self.people.is_empty() {
            refuse("/people", "nobody is in this layer; name at least one person".into());
        }
        if self.people.len() > MOST_PEOPLE {
            refuse("/people", format!("{} people are too many: {MOST_PEOPLE} at most", self.people.len()));
        }
        if self.only.len() > MOST_WINDOWS {
            refuse("/only", format!("{} windows are too many: {MOST_WINDOWS} at most", self.only.len()));
        }
        if let Some(message) = self.rotate.wrong() {
            refuse("/rotate", message);
        }
        let starts = read_local(&self.starts, zone).map_err(|wrong| refuse("/starts", wrong.message)).ok();
        let ends = match &self.ends {
            None => None,
            Some(ends) => read_local(ends, zone).map_err(|wrong| refuse("/ends", wrong.message)).ok(),
        };
        if let (Some(starts), Some(ends)) = (starts, ends)
            && starts >= ends
        {
            let message = format!("the layer ends at {}, which is not after it starts at {}", show(ends), show(starts));
            refuse("/ends", message);
        }
        if refusals.len() > before {
            // Windows are still worth a look: all that is wrong is told at once.
            Week::new(&self.only[..self.only.len().min(MOST_WINDOWS)], &format!("{at}/only"), refusals);
            return None;
        }
        let week = Week::new(&self.only, &format!("{at}/only"), refusals);
        let (zone, starts) = (zone?, starts?);
        let rotation = Rotation::new(zone.clone(), starts, self.rotate);
        if self.turns == Turns::Covered && rotation.wall_seconds().is_none() {
            let message = "turns of so many hours have no fixed place in the week, so it cannot be said which of them are \
                           covered; leave out `turns`, or rotate by days or by 1, 2, 3, 4, 6, 8 or 12 hours";
            refusals.push(Refusal::invalid(message).at(format!("{at}/turns")));
        }
        if refusals.len() > before {
            return None;
        }
        let covered = week.as_ref().filter(|_| self.turns == Turns::Covered).and_then(|week| cycle(&rotation, week));
        let ends = ends.map_or(Timestamp::MAX, |ends| instant(zone, ends));
        Some(Rota { name: self.name.clone(), people: self.people.clone(), rotation, ends, week, covered })
    }
}

impl Rota {
    /// Somebody whose turns all lie outside the windows, as happens with seven people, daily turns and working days.
    fn never_on_call(&self) -> Option<&Name> {
        let cycle = cycle(&self.rotation, self.week.as_ref()?)?;
        let turns = cycle.len() - 1;
        let mut served: BTreeSet<&Name> = BTreeSet::new();
        for turn in 0..turns * self.people.len() {
            if cycle[turn % turns] < cycle[turn % turns + 1] {
                served.insert(self.person(i64::try_from(turn).unwrap_or(0)));
            }
        }
        self.people.iter().find(|person| !served.contains(person))
    }
}

/// For wall-clock turns: the turns until the week looks the same again, each with the number of those before it that
/// have time in the windows, and at the end the number of all.
fn cycle(rotation: &Rotation, week: &Week) -> Option<Vec<usize>> {
    let seconds = rotation.wall_seconds()?;
    let turns = WEEK_SECONDS / greatest_common_divisor(seconds, WEEK_SECONDS);
    let begins = |turn: i64| rotation.anchor().saturating_add(SignedDuration::from_secs(turn * seconds));
    let mut before = vec![0];
    let mut covered = 0;
    for turn in 0..turns {
        covered += usize::from(week.touches(begins(turn), begins(turn + 1)));
        before.push(covered);
    }
    Some(before)
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

impl Rotate {
    fn wrong(self) -> Option<String> {
        let (count, hours, unit) = match self {
            Self::Hours(count) => (count, u32::from(count), "hours"),
            Self::Days(count) => (count, u32::from(count) * 24, "days"),
            Self::Weeks(count) => (count, u32::from(count) * 7 * 24, "weeks"),
        };
        match self {
            _ if count == 0 => Some(format!("a turn of 0 {unit} never ends; write `{unit}: 1` or more")),
            _ if hours > u32::from(MOST_HOURS) => Some(format!("a turn of {count} {unit} is too long: a year at most")),
            Self::Hours(hours) if hours % 24 == 0 => Some(format!(
                "{hours} hours of elapsed time would hand off an hour earlier or later after each clock change; write \
                 `days: {}`, which keeps the wall clock",
                hours / 24
            )),
            _ => None,
        }
    }
}

/// The instant of a local time that a person entered; refused where it does not exist or happens twice.
pub fn entered(local: &str, zone: &TimeZone) -> Result<Timestamp, Refusal> {
    Ok(instant(zone, read_local(local, Some(zone))?))
}

fn read_local(local: &str, zone: Option<&TimeZone>) -> Result<DateTime, Refusal> {
    let at: DateTime = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| DateTime::strptime(form, local).ok())
        .filter(|at| (1970..=2200).contains(&at.year()))
        .ok_or_else(|| {
            let remedy = if local.ends_with('Z') || local.get(16..).is_some_and(|rest| rest.contains(['+', '-'])) {
                "leave out the offset, since the zone of the schedule counts"
            } else {
                "write it like 2026-11-02T09:00"
            };
            Refusal::invalid(format!("{:?} is not a local time: {remedy}", text::shorten(local, 40)))
        })?;
    let Some((zone, jump)) = zone.and_then(|zone| Some((zone, jump(zone, at)?))) else { return Ok(at) };
    let (name, from, to) = (zone.iana_name().unwrap_or("this zone"), show(jump.from), show(jump.to));
    Err(Refusal::invalid(if jump.from < jump.to {
        format!("{} does not exist in {name}: the clocks go forward from {from} to {to}; write {to} or later", show(at))
    } else {
        format!(
            "{} happens twice in {name}: the clocks go back from {from} to {to}; write a time before {to}, or {from} or \
             later",
            show(at)
        )
    }))
}

fn show(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
title: Payments, primary
time_zone: Europe/Berlin
layers:
  - name: primary
    people: [ana, ben]
    starts: 2026-01-05T09:00
    rotate: { weeks: 1 }
    only: [{ days: [monday, friday], from: '22:00', to: '06:00' }]
";

    fn check(yaml: &str) -> String {
        let schedule: Schedule = serde_saphyr::from_str(yaml).unwrap();
        schedule.check().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_schedule_reads_and_writes_back() {
        assert_eq!(check(GOOD), "");
        let schedule: Schedule = serde_saphyr::from_str(GOOD).unwrap();
        let json = serde_json::to_string(&schedule).unwrap();
        assert!(!json.contains("turns"), "{json}");
        assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
    }

    #[test]
    fn each_mistake_is_refused_with_its_place_and_a_remedy() {
        let mistakes = [
            ("Europe/Berlin", "Europe/Berln"),
            ("Europe/Berlin", "Berlin"),
            ("Europe/Berlin", "europe/berlin"),
            ("Europe/Berlin", "CEST"),
            ("people: [ana, ben]", "people: []"),
            ("name: primary", "name: ''"),
            ("title: Payments, primary", "title: ' '"),
            ("{ weeks: 1 }", "{ days: 0 }"),
            ("{ weeks: 1 }", "{ weeks: 60 }"),
            ("{ weeks: 1 }", "{ hours: 168 }"),
            ("2026-01-05T09:00", "2026-01-05"),
            ("2026-01-05T09:00", "2026-01-05T09:00+01:00"),
            ("2026-01-05T09:00", "2026-02-30T09:00"),
            ("2026-01-05T09:00", "2026-03-29T02:30"),
            ("2026-01-05T09:00", "2026-10-25T02:30"),
            ("2026-01-05T09:00", "2026-01-05T09:00\n    ends: 2026-01-05T09:00"),
            ("'22:00'", "'9:00'"),
            ("'06:00'", "'22:00'"),
            ("'06:00'", "'25:00'"),
            ("{ weeks: 1 }", "{ hours: 5 }\n    turns: covered"),
        ];
        let said: Vec<_> = mistakes
            .iter()
            .map(|(good, bad)| {
                assert!(GOOD.contains(good), "{good}");
                check(&GOOD.replace(good, bad))
            })
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        /time_zone: there is no time zone "Europe/Berln" (did you mean "Europe/Berlin"?); use an IANA name like Europe/Berlin
        /time_zone: there is no time zone "Berlin" (did you mean "Europe/Berlin"?); use an IANA name like Europe/Berlin
        /time_zone: there is no time zone "europe/berlin" (did you mean "Europe/Berlin"?); use an IANA name like Europe/Berlin
        /time_zone: there is no time zone "CEST" (did you mean "CET"?); use an IANA name like Europe/Berlin
        /layers/0/people: nobody is in this layer; name at least one person
        /layers/0/name: the layer has no name
        /title: the title is empty
        /layers/0/rotate: a turn of 0 days never ends; write `days: 1` or more
        /layers/0/rotate: a turn of 60 weeks is too long: a year at most
        /layers/0/rotate: 168 hours of elapsed time would hand off an hour earlier or later after each clock change; write `days: 7`, which keeps the wall clock
        /layers/0/starts: "2026-01-05" is not a local time: write it like 2026-11-02T09:00
        /layers/0/starts: "2026-01-05T09:00+01:00" is not a local time: leave out the offset, since the zone of the schedule counts
        /layers/0/starts: "2026-02-30T09:00" is not a local time: write it like 2026-11-02T09:00
        /layers/0/starts: 2026-03-29 02:30 does not exist in Europe/Berlin: the clocks go forward from 2026-03-29 02:00 to 2026-03-29 03:00; write 2026-03-29 03:00 or later
        /layers/0/starts: 2026-10-25 02:30 happens twice in Europe/Berlin: the clocks go back from 2026-10-25 03:00 to 2026-10-25 02:00; write a time before 2026-10-25 02:00, or 2026-10-25 03:00 or later
        /layers/0/ends: the layer ends at 2026-01-05 09:00, which is not after it starts at 2026-01-05 09:00
        /layers/0/only/0/from: "9:00" is not a time of day: write it with two digits each, 09:00
        /layers/0/only/0: the window from 22:00 to 22:00 is empty; for the whole day write from 00:00 to 24:00
        /layers/0/only/0/to: "25:00" is not a time of day: hours go from 00 to 23 and minutes from 00 to 59
        /layers/0/turns: turns of so many hours have no fixed place in the week, so it cannot be said which of them are covered; leave out `turns`, or rotate by days or by 1, 2, 3, 4, 6, 8 or 12 hours
        "#);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let two = GOOD
            .replace("Europe/Berlin", "Mars/Base")
            .replace("people: [ana, ben]", "people: []")
            .replace("'06:00'", "six");
        insta::assert_snapshot!(check(&two), @r#"
        /time_zone: there is no time zone "Mars/Base"; use an IANA name like Europe/Berlin
        /layers/0/people: nobody is in this layer; name at least one person
        /layers/0/only/0/to: "six" is not a time of day: write HH:MM, like 09:00
        "#);
        let twice = format!(
            "{GOOD}  - name: primary\n    people: [cleo]\n    starts: 2026-01-05T09:00\n    rotate: {{ days: 1 }}\n"
        );
        insta::assert_snapshot!(check(&twice), @r#"/layers/1/name: two layers are called "primary"; give each a name of its own"#);
        insta::assert_snapshot!(check("{title: T, time_zone: UTC, layers: []}"), @"/layers: a schedule needs at least one layer, or nobody is ever on call");
    }

    #[test]
    fn a_person_whose_turn_is_always_outside_the_windows_is_noticed() {
        let yaml = "
title: Working days
time_zone: Europe/Berlin
layers:
  - name: days
    people: [mon, tue, wed, thu, fri, sat, sun]
    starts: 2026-01-05T00:00
    rotate: { days: 1 }
    only: [{ days: [monday, tuesday, wednesday, thursday, friday], from: '09:00', to: '17:00' }]
";
        insta::assert_snapshot!(check(yaml), @"/layers/0/people: sat would never be on call in this layer: each of their turns falls outside its windows; write `turns: covered` to count only turns with time in them");
        assert_eq!(check(&format!("{yaml}    turns: covered\n")), "");
    }

    #[test]
    fn every_zone_of_the_database_is_accepted_by_its_name() {
        let mut zones = 0;
        for name in jiff::tz::db().available() {
            zone(name.as_str()).unwrap_or_else(|refusal| panic!("{refusal}"));
            zones += 1;
        }
        assert!(zones > 400, "{zones}");
        assert!(zone("Etc/Unknown").is_err());
        assert!(zone("").is_err());
    }

    #[test]
    fn an_override_has_an_end_after_its_beginning() {
        let name: Name = "ana".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let one = |starts, ends| Override {
            id: "ovr_0000000000000001".parse().unwrap(),
            schedule: name.clone(),
            person: None,
            starts_at: at(starts),
            ends_at: at(ends),
            reason: None,
            created_by: name.clone(),
        };
        assert!(one("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z").check().is_ok());
        assert!(one("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z").check().is_err());
        assert!(one("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z").check().is_err());
    }
}
