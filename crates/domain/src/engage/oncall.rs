//! Who is on call at an instant, and why; and over a range of time, as strips.
//!
//! Pure: schedule and overrides in, answer out. One instant costs arithmetic, whatever the age of the rotation.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::schedules::{Override, Roster, Schedule};
use crate::words::{Name, OverrideId};

/// The answer for one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct OnCall {
    /// Nobody, if absent; `why` says whether that is meant.
    pub person: Option<Name>,
    pub why: Why,
    /// The instant that was asked for.
    pub at: Timestamp,
    /// Since when this is the answer, for the same reason; absent: always was.
    pub since: Option<Timestamp>,
    /// Until when; absent: no end in sight.
    pub until: Option<Timestamp>,
    /// The zone of the schedule, in which [`OnCall::sentence`] speaks.
    pub zone: TimeZone,
}

/// Why that is the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody stands in; or, if there is no person, deliberately nobody.
    Override(OverrideId),
    /// The turn of a layer, counted from 1.
    Turn { layer: String, turn: i64 },
    /// No layer covers the time.
    Gap { intended: bool },
    /// The schedule cannot be read: what was right when it was applied is so no longer (a zone was withdrawn).
    Unreadable(String),
}

/// A stretch of time with one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub from: Timestamp,
    pub to: Timestamp,
    pub person: Option<Name>,
    pub why: Why,
}

/// A clock change within the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seam {
    pub at: Timestamp,
    pub before: Offset,
    pub after: Offset,
}

/// A schedule over a range of time, ready to draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strips {
    /// What each layer says on its own, in the order of the schedule.
    pub layers: Vec<(String, Vec<Shift>)>,
    /// Overrides; where two overlap, both.
    pub overrides: Vec<Shift>,
    /// The answer: covers the range without hole or overlap. Nobody is a shift too.
    pub rendered: Vec<Shift>,
    /// When nobody is on call though that is not meant.
    pub gaps: Vec<(Timestamp, Timestamp)>,
    pub seams: Vec<Seam>,
}

/// Who is on call by this schedule at this instant. `overrides` are those of this schedule.
pub fn on_call(schedule: &Schedule, overrides: &[Override], at: Timestamp) -> OnCall {
    match schedule.roster() {
        Ok(roster) => roster.on_call(overrides, at),
        Err(refusals) => {
            OnCall { person: None, why: unreadable(&refusals), at, since: None, until: None, zone: TimeZone::UTC }
        }
    }
}

/// The schedule over `[from, to)`. The cost grows with the hand-offs in it: the caller keeps the range sane.
pub fn strips(schedule: &Schedule, overrides: &[Override], from: Timestamp, to: Timestamp) -> Strips {
    match schedule.roster() {
        Ok(roster) => roster.strips(overrides, from, to),
        Err(_) if from >= to => Strips::default(),
        Err(refusals) => Strips {
            rendered: vec![Shift { from, to, person: None, why: unreadable(&refusals) }],
            gaps: vec![(from, to)],
            ..Strips::default()
        },
    }
}

impl Roster {
    /// Who is on call at this instant.
    pub fn on_call(&self, overrides: &[Override], at: Timestamp) -> OnCall {
        let (mut since, mut until) = (Timestamp::MIN, Timestamp::MAX);
        let (person, why) = self.answer(overrides, at, &mut since, &mut until);
        OnCall {
            person,
            why,
            at,
            since: (since > Timestamp::MIN).then_some(since),
            until: (until < Timestamp::MAX).then_some(until),
            zone: self.zone.clone(),
        }
    }

    /// From the highest precedence down; whatever does not answer narrows the time for which the answer holds.
    fn answer(
        &self,
        overrides: &[Override],
        at: Timestamp,
        since: &mut Timestamp,
        until: &mut Timestamp,
    ) -> (Option<Name>, Why) {
        let counts = effective(overrides, at);
        for other in overrides.iter().filter(|other| other.starts_at < other.ends_at) {
            if counts.is_none_or(|counts| other.id > counts.id) {
                if other.ends_at <= at {
                    *since = (*since).max(other.ends_at);
                } else {
                    *until = (*until).min(other.starts_at);
                }
            }
        }
        if let Some(counts) = counts {
            *since = (*since).max(counts.starts_at);
            *until = (*until).min(counts.ends_at);
            return (counts.person.clone(), Why::Override(counts.id));
        }
        for rota in self.layers.iter().rev() {
            let stretch = rota.stretch_at(at);
            *since = (*since).max(stretch.since);
            *until = (*until).min(stretch.until);
            if let Some(turn) = stretch.turn {
                let why = Why::Turn { layer: rota.name.clone(), turn: turn + 1 };
                return (Some(rota.person(turn).clone()), why);
            }
        }
        (None, Why::Gap { intended: self.gaps_intended })
    }

    /// The schedule over `[from, to)`.
    pub fn strips(&self, overrides: &[Override], from: Timestamp, to: Timestamp) -> Strips {
        if from >= to {
            return Strips::default();
        }
        let layers: Vec<(String, Vec<Shift>)> = self
            .layers
            .iter()
            .map(|rota| {
                let shifts = rota.turns(from, to).into_iter().map(|(from, to, turn)| Shift {
                    from,
                    to,
                    person: Some(rota.person(turn).clone()),
                    why: Why::Turn { layer: rota.name.clone(), turn: turn + 1 },
                });
                (rota.name.clone(), shifts.collect())
            })
            .collect();
        let mut standing_in: Vec<Shift> = overrides
            .iter()
            .filter(|one| one.starts_at < one.ends_at && one.ends_at > from && one.starts_at < to)
            .map(|one| Shift {
                from: one.starts_at.max(from),
                to: one.ends_at.min(to),
                person: one.person.clone(),
                why: Why::Override(one.id),
            })
            .collect();
        standing_in.sort_by_key(|shift| (shift.from, shift.to));
        let rendered = self.render(&layers, overrides, from, to);
        let gaps = rendered
            .iter()
            .filter(|shift| shift.why == Why::Gap { intended: false })
            .map(|shift| (shift.from, shift.to))
            .collect();
        Strips { layers, overrides: standing_in, rendered, gaps, seams: seams(&self.zone, from, to) }
    }

    /// Paints the layers over each other, and the overrides over them.
    fn render(
        &self,
        layers: &[(String, Vec<Shift>)],
        overrides: &[Override],
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Shift> {
        let mut edges = vec![from, to];
        edges.extend(layers.iter().flat_map(|(_, shifts)| shifts).flat_map(|shift| [shift.from, shift.to]));
        edges.extend(overrides.iter().flat_map(|one| [one.starts_at, one.ends_at]).filter(|at| from < *at && *at < to));
        edges.sort_unstable();
        edges.dedup();
        let mut places = vec![0; layers.len()];
        let mut rendered: Vec<Shift> = Vec::new();
        for edge in edges.windows(2) {
            let (begins, ends) = (edge[0], edge[1]);
            let (mut person, mut why) = (None, Why::Gap { intended: self.gaps_intended });
            for ((_, shifts), place) in layers.iter().zip(&mut places) {
                while shifts.get(*place).is_some_and(|shift| shift.to <= begins) {
                    *place += 1;
                }
                if let Some(shift) = shifts.get(*place).filter(|shift| shift.from <= begins) {
                    (person, why) = (shift.person.clone(), shift.why.clone());
                }
            }
            if let Some(one) = effective(overrides, begins) {
                (person, why) = (one.person.clone(), Why::Override(one.id));
            }
            match rendered.last_mut() {
                Some(last) if last.why == why && last.person == person => last.to = ends,
                _ => rendered.push(Shift { from: begins, to: ends, person, why }),
            }
        }
        rendered
    }
}

/// Where overrides overlap, the one that was made last counts: ids sort by the time they were minted.
fn effective(overrides: &[Override], at: Timestamp) -> Option<&Override> {
    overrides.iter().filter(|one| one.starts_at <= at && at < one.ends_at).max_by_key(|one| one.id)
}

/// The clock changes of a zone within a range.
pub fn seams(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Seam> {
    let mut before = zone.to_offset(from);
    let mut seams = Vec::new();
    for change in zone.following(from).take_while(|change| change.timestamp() < to) {
        let after = change.offset();
        if before != after {
            seams.push(Seam { at: change.timestamp(), before, after });
        }
        before = after;
    }
    seams
}

impl OnCall {
    /// For people: `primary, turn 14, until Mon 09:00 Europe/Berlin`.
    pub fn sentence(&self) -> String {
        format!("{}, {}", self.reason(), self.until_sentence())
    }

    /// The sentence without its end: `primary, turn 14`, `nobody (no layer covers this time)`.
    pub fn reason(&self) -> String {
        match (&self.why, &self.person) {
            (Why::Override(id), Some(_)) => format!("standing in by override {id}"),
            (Why::Override(id), None) => format!("deliberately nobody, by override {id}"),
            (Why::Turn { layer, turn }, _) => format!("{layer}, turn {turn}"),
            (Why::Gap { intended: false }, _) => "nobody (no layer covers this time)".into(),
            (Why::Gap { intended: true }, _) => "nobody, as intended".into(),
            (Why::Unreadable(why), _) => format!("nobody ({why})"),
        }
    }

    /// `until Mon 09:00 Europe/Berlin`; with the date where the weekday alone would mislead.
    pub fn until_sentence(&self) -> String {
        let Some(until) = self.until else { return "with no end".into() };
        let (asked, until) = (self.at.to_zoned(self.zone.clone()), until.to_zoned(self.zone.clone()));
        let days = until.date().duration_since(asked.date()).as_hours() / 24;
        let form = match () {
            () if days < 7 => "%a %H:%M",
            () if asked.year() == until.year() => "%a %-d %b %H:%M",
            () => "%a %-d %b %Y %H:%M",
        };
        format!("until {} {}", until.strftime(form), self.zone.iana_name().unwrap_or("UTC"))
    }
}

fn unreadable(refusals: &[crate::words::Refusal]) -> Why {
    Why::Unreadable(match refusals.first() {
        Some(first) => format!("the schedule cannot be read: {first}"),
        None => "the schedule cannot be read".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: &str = "
title: Payments
time_zone: Europe/Berlin
layers:
  - name: primary
    people: [ana, ben, cleo]
    starts: 2026-01-05T09:00
    rotate: { weeks: 1 }
  - name: office
    people: [dan, eve]
    starts: 2026-03-23T00:00
    ends: 2026-04-06T00:00
    rotate: { days: 1 }
    only: [{ days: [monday, tuesday, wednesday, thursday, friday], from: '09:00', to: '17:00' }]
    turns: covered
";

    fn schedule(yaml: &str) -> Schedule {
        let schedule: Schedule = serde_saphyr::from_str(yaml).unwrap();
        assert_eq!(schedule.check(), []);
        schedule
    }

    fn stand_in(id: u32, person: Option<&str>, from: &str, to: &str) -> Override {
        Override {
            id: format!("ovr_{id:016}").parse().unwrap(),
            schedule: "payments".parse().unwrap(),
            person: person.map(|person| person.parse().unwrap()),
            starts_at: from.parse().unwrap(),
            ends_at: to.parse().unwrap(),
            reason: None,
            created_by: "ana".parse().unwrap(),
        }
    }

    fn ask(schedule: &Schedule, overrides: &[Override], instants: &[&str]) -> String {
        let answer = |at: &&str| {
            let answer = on_call(schedule, overrides, at.parse().unwrap());
            let person = answer.person.as_ref().map_or("-", |person| person.as_str());
            format!("{at} {person}: {}", answer.sentence())
        };
        instants.iter().map(answer).collect::<Vec<_>>().join("\n")
    }

    fn show(shifts: &[Shift], zone: &TimeZone) -> String {
        let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %d %H:%M").to_string();
        let line = |shift: &Shift| {
            let person = shift.person.as_ref().map_or("-", |person| person.as_str());
            format!("{} - {} {person}", local(shift.from), local(shift.to))
        };
        shifts.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_answer_says_who_and_why_and_until_when() {
        let schedule = schedule(SCHEDULE);
        let overrides = [
            stand_in(1, Some("fay"), "2026-04-07T10:00:00Z", "2026-04-07T20:00:00Z"),
            stand_in(2, None, "2026-04-07T12:00:00Z", "2026-04-07T13:00:00Z"),
        ];
        insta::assert_snapshot!(ask(&schedule, &overrides, &[
            "2026-01-05T07:59:59Z",
            "2026-01-05T08:00:00Z",
            "2026-03-24T08:00:00Z",
            "2026-03-28T12:00:00Z",
            "2026-03-30T07:00:00Z",
            "2026-04-07T11:00:00Z",
            "2026-04-07T12:59:59Z",
            "2026-04-07T13:00:00Z",
            "2026-04-07T20:00:00Z",
        ]), @r"
        2026-01-05T07:59:59Z -: nobody (no layer covers this time), until Mon 09:00 Europe/Berlin
        2026-01-05T08:00:00Z ana: primary, turn 1, until Mon 12 Jan 09:00 Europe/Berlin
        2026-03-24T08:00:00Z eve: office, turn 2, until Tue 17:00 Europe/Berlin
        2026-03-28T12:00:00Z cleo: primary, turn 12, until Mon 09:00 Europe/Berlin
        2026-03-30T07:00:00Z eve: office, turn 8, until Mon 17:00 Europe/Berlin
        2026-04-07T11:00:00Z fay: standing in by override ovr_0000000000000001, until Tue 14:00 Europe/Berlin
        2026-04-07T12:59:59Z -: deliberately nobody, by override ovr_0000000000000002, until Tue 15:00 Europe/Berlin
        2026-04-07T13:00:00Z fay: standing in by override ovr_0000000000000001, until Tue 22:00 Europe/Berlin
        2026-04-07T20:00:00Z ben: primary, turn 14, until Mon 09:00 Europe/Berlin
        ");
    }

    #[test]
    fn strips_show_layers_overrides_gaps_and_the_clock_change() {
        let yaml = SCHEDULE.replace("2026-01-05T09:00", "2026-03-27T12:00");
        let schedule = schedule(&yaml);
        let zone = schedule.roster().unwrap().zone().clone();
        let overrides = [stand_in(1, Some("fay"), "2026-03-28T23:00:00Z", "2026-03-29T10:00:00Z")];
        let strips = strips(
            &schedule,
            &overrides,
            "2026-03-26T23:00:00Z".parse().unwrap(),
            "2026-03-31T22:00:00Z".parse().unwrap(),
        );
        insta::assert_snapshot!(show(&strips.layers[0].1, &zone), @"Fri 27 12:00 - Wed 01 00:00 ana");
        insta::assert_snapshot!(show(&strips.layers[1].1, &zone), @r"
        Fri 27 09:00 - Fri 27 17:00 dan
        Mon 30 09:00 - Mon 30 17:00 eve
        Tue 31 09:00 - Tue 31 17:00 dan
        ");
        insta::assert_snapshot!(show(&strips.overrides, &zone), @"Sun 29 00:00 - Sun 29 12:00 fay");
        insta::assert_snapshot!(show(&strips.rendered, &zone), @r"
        Fri 27 00:00 - Fri 27 09:00 -
        Fri 27 09:00 - Fri 27 17:00 dan
        Fri 27 17:00 - Sun 29 00:00 ana
        Sun 29 00:00 - Sun 29 12:00 fay
        Sun 29 12:00 - Mon 30 09:00 ana
        Mon 30 09:00 - Mon 30 17:00 eve
        Mon 30 17:00 - Tue 31 09:00 ana
        Tue 31 09:00 - Tue 31 17:00 dan
        Tue 31 17:00 - Wed 01 00:00 ana
        ");
        insta::assert_snapshot!(format!("{:?}", strips.gaps), @"[(2026-03-26T23:00:00Z, 2026-03-27T08:00:00Z)]");
        insta::assert_snapshot!(format!("{:?}", strips.seams), @"[Seam { at: 2026-03-29T01:00:00Z, before: 01:00:00, after: 02:00:00 }]");
    }

    #[test]
    fn intended_gaps_are_not_reported() {
        let office = "
title: Office
time_zone: Asia/Kolkata
gaps_intended: true
layers:
  - name: office
    people: [ana]
    starts: 2026-01-05T09:00
    rotate: { days: 1 }
    only: [{ from: '09:00', to: '17:00' }]
";
        let schedule = schedule(office);
        insta::assert_snapshot!(ask(&schedule, &[], &["2026-06-01T20:00:00Z"]), @"2026-06-01T20:00:00Z -: nobody, as intended, until Tue 09:00 Asia/Kolkata");
        let strips =
            strips(&schedule, &[], "2026-06-01T00:00:00Z".parse().unwrap(), "2026-06-08T00:00:00Z".parse().unwrap());
        assert_eq!(strips.gaps, []);
        assert_eq!(strips.seams, []);
    }

    #[test]
    fn a_schedule_that_cannot_be_read_reaches_nobody_and_says_so() {
        let mut broken = schedule(SCHEDULE);
        broken.time_zone = "Europe/Atlantis".into();
        insta::assert_snapshot!(ask(&broken, &[], &["2026-04-07T12:00:00Z"]), @r#"2026-04-07T12:00:00Z -: nobody (the schedule cannot be read: /time_zone: there is no time zone "Europe/Atlantis" (did you mean "Europe/Athens"?); use an IANA name like Europe/Berlin), with no end"#);
    }
}
