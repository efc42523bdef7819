//! Schedules: who is on call, strips over time, who would be at any instant, and overrides.

use actions::engage::overrides::{self, Wanted};
use axum::extract::Path;
use axum::response::Response;
use domain::engage::contacts::reachable;
use domain::engage::oncall::{OnCall, Shift as Turn, Why, strips};
use domain::engage::schedules::{Override, Schedule, entered, zone};
use domain::prepare::documents::{Kind, Reference};
use domain::prepare::people::Access;
use domain::words::{Name, OverrideId, Refusal, Span, Timestamp, Urgency};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::Halt;

use super::pages::span;
use crate::handlers::detect::silences::zone_of;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::handlers::prepare::documents::users;
use crate::pages::engage::chart::{Drawing, Holder, Shift, Strip, StripKind};
use crate::pages::engage::schedules::{
    OverrideForm, OverrideRow, SchedulePage, ScheduleRow, SchedulesPage, ShiftRow, WhoAt, Zoom,
};
use crate::pages::filters::Chosen;
use crate::pages::{Badge, Link, Notice, Section, Tone, Viewpoint};
use crate::problem::Problem;

/// Gaps are looked for so far ahead.
const AHEAD: Span = Span::hours(24 * 28);
const GAPS_TOLD: usize = 20;
/// A gap that begins within this time is told on other pages, too.
const SOON: Span = Span::hours(48);
const NOTICES_MOST: usize = 2;
const SHIFTS_TOLD: usize = 60;

/// `GET /schedules`.
pub async fn get_schedules(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Schedules, |look, mut shell| {
            shell.notices.extend(uncovered(look));
            let catalog = look.rules.catalog.clone();
            let rows = catalog.schedules.iter().map(|(name, schedule)| row(look, name, schedule)).collect();
            let hand_off = catalog.schedules.keys().filter_map(|name| look.on_call(name)?.until).min();
            shell.stale_ms = hand_off.map(Timestamp::as_millisecond);
            Ok(SchedulesPage { shell, rows })
        })
        .await
}

fn row(look: &Look<'_, '_>, name: &Name, schedule: &Schedule) -> ScheduleRow {
    let overrides = look.overrides_of(name);
    let now = look.now();
    let strips = strips(schedule, &overrides, now, AHEAD.after(now));
    let answer = look.on_call(name);
    let zone = zone(&schedule.time_zone).unwrap_or(TimeZone::UTC);
    let next = strips.rendered.iter().skip(1).find_map(|shift| {
        shift.person.clone().filter(|person| answer.as_ref().and_then(|answer| answer.person.as_ref()) != Some(person))
    });
    let mine = schedule.layers.iter().any(|layer| layer.people.contains(&look.asked.person));
    ScheduleRow {
        href: format!("/schedules/{name}"),
        title: schedule.title.clone(),
        zone: format!("{} · {} there", schedule.time_zone, now.to_zoned(zone).strftime("%H:%M")),
        team: schedule.team.as_ref().and_then(|team| look.rules.catalog.teams.get(team)).map(|team| team.title.clone()),
        now: answer.as_ref().and_then(|answer| answer.person.as_ref()).map(|person| look.tag(person)),
        until: answer.map_or_else(String::new, |answer| until(&look.view, &answer)),
        next: next.map(|person| look.tag(&person)),
        mine,
        gap: strips.gaps.first().map(|(from, to)| gap(&look.view, *from, *to)),
    }
}

fn until(view: &Viewpoint, answer: &OnCall) -> String {
    let end = answer.until.map_or_else(|| "with no end".to_owned(), |until| format!("until {}", view.brief(until)));
    if answer.person.is_some() { end } else { format!("Nobody {end}") }
}

fn gap(view: &Viewpoint, from: Timestamp, to: Timestamp) -> String {
    if from <= view.now {
        return format!("Nobody is on call until {}.", view.brief(to));
    }
    format!("Nobody is on call from {} to {}.", view.brief(from), view.brief(to))
}

/// Where an override for a gap is offered.
fn fill(name: &Name, from: Timestamp) -> String {
    format!("/schedules/{name}?fill={}#override", escape(&from.to_string()))
}

/// That somebody's schedule has a gap now or soon, for the pages that they have open anyway. It concerns those who are
/// in it and their team; a schedule of no team concerns administrators.
pub fn uncovered(look: &Look<'_, '_>) -> Vec<Notice> {
    let (now, me) = (look.now(), &look.asked.person);
    let concerns = |schedule: &Schedule| {
        let team = schedule.team.as_ref().and_then(|team| look.rules.catalog.teams.get(team));
        let ours = match team {
            Some(team) => team.members.contains(me),
            None => look.asked.access == Access::Administrator,
        };
        ours || schedule.layers.iter().any(|layer| layer.people.contains(me))
    };
    let mut found: Vec<(Timestamp, Timestamp, &Name, &str)> = Vec::new();
    for (name, schedule) in look.rules.catalog.schedules.iter().filter(|(_, schedule)| concerns(schedule)) {
        // As far as the gaps of the schedule's own page, so that both say the same end.
        let strips = strips(schedule, &look.overrides_of(name), now, AHEAD.after(now));
        let first = strips.gaps.first().filter(|(from, _)| *from < SOON.after(now));
        found.extend(first.map(|(from, to)| (*from, *to, name, schedule.title.as_str())));
    }
    found.sort_unstable();
    let more = found.len().saturating_sub(NOTICES_MOST);
    let mut notices: Vec<Notice> = found
        .into_iter()
        .take(NOTICES_MOST)
        .map(|(from, to, name, title)| Notice {
            tone: if from <= now { Tone::Critical } else { Tone::Warning },
            text: format!("{title}: {}", gap(&look.view, from, to).replacen('N', "n", 1)),
            link: Some(Link::new("Fill it", fill(name, from))),
        })
        .collect();
    if more > 0 {
        notices.push(Notice {
            tone: Tone::Warning,
            text: format!("{more} more of your schedules have a gap in the next two days."),
            link: Some(Link::new("Show them", "/schedules")),
        });
    }
    notices
}

/// How much of time is shown.
const VIEWS: [(&str, &str, i64); 4] =
    [("day", "Day", 1), ("week", "Week", 7), ("fortnight", "2 weeks", 14), ("month", "Month", 28)];

/// `GET /schedules/NAME?view=&from=&at=`.
pub async fn get_schedule(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    page(asked, name, None).await
}

async fn page(asked: Asked, name: String, form: Option<OverrideForm>) -> Result<Response, Problem> {
    asked
        .page(Section::Schedules, move |look, mut shell| {
            let catalog = look.rules.catalog.clone();
            let gone = || Refusal::not_found(format!("schedule {}", domain::words::text::shorten(&name, 63)));
            let (name, schedule) = catalog.schedules.get_key_value(name.as_str()).ok_or_else(gone)?;
            let (now, query) = (look.now(), look.asked.query.clone());
            look.tell_apart(schedule.layers.iter().flat_map(|layer| &layer.people));
            let own_zone = zone(&schedule.time_zone).unwrap_or(TimeZone::UTC);
            let view = VIEWS.iter().find(|(word, ..)| *word == query.text("view")).unwrap_or(&VIEWS[2]);
            let today = now.to_zoned(own_zone.clone()).date();
            let first: Date = query
                .text("from")
                .parse()
                .ok()
                .filter(|date: &Date| (1990..=2150).contains(&date.year()))
                .unwrap_or(today);
            let days = |days: i64| first.checked_add(jiff::Span::new().days(days)).unwrap_or(first);
            let midnight = |date: Date| date.to_zoned(own_zone.clone()).map_or(now, |zoned| zoned.timestamp());
            let (from, to) = (midnight(first), midnight(days(view.2)));
            let overrides = store::engage::overrides::between(look.tx, name, from, to)?;
            let shown = strips(schedule, &overrides, from, to);
            let at = instant(query.text("at"), &look.view.zone);
            let href = |view: &str, from: Date| {
                let at = query.some("at").map(|at| format!("&at={}", escape(at))).unwrap_or_default();
                format!("/schedules/{name}?view={view}&from={from}{at}")
            };
            let who_at = match at {
                Some(at) => Some(who_at(look, name, schedule, at, &own_zone)?),
                None => None,
            };
            let coming = strips(schedule, &look.overrides_of(name), now, AHEAD.after(now));
            let answer = look.on_call(name);
            shell.stale_ms = answer.as_ref().and_then(|answer| answer.until).map(Timestamp::as_millisecond);
            let chart = Drawing {
                from,
                to,
                zone: own_zone.clone(),
                zone_name: schedule.time_zone.clone(),
                viewer_zone: look.view.zone.clone(),
                viewer_zone_name: look.zone_name.clone(),
                now,
                at: at.filter(|at| from <= *at && *at < to),
                strips: drawn(look, schedule, &shown),
            };
            let reference = Reference::new(Kind::Schedule, name.clone());
            let form = form.clone().unwrap_or_else(|| {
                let fill = query.text("fill").parse::<Timestamp>().ok();
                let gap = fill.and_then(|fill| coming.gaps.iter().find(|(_, to)| *to > fill).copied());
                blank(look, answer.as_ref(), gap)
            });
            let by_zone = Viewpoint { now, zone: own_zone.clone() };
            Ok(SchedulePage {
                name: name.to_string(),
                title: schedule.title.clone(),
                time_zone: schedule.time_zone.clone(),
                team: schedule
                    .team
                    .as_ref()
                    .and_then(|team| catalog.teams.get_key_value(team))
                    .map(|(name, team)| Link::new(&team.title, format!("/documents/team/{name}"))),
                now: answer.as_ref().and_then(|answer| answer.person.as_ref()).map(|person| look.tag(person)),
                now_note: answer.as_ref().map_or_else(String::new, |answer| {
                    format!("{}, {}", until(&look.view, answer).trim_start_matches("Nobody "), by(answer))
                }),
                zooms: VIEWS
                    .iter()
                    .map(|(word, title, _)| Zoom { title, href: href(word, first), current: *word == view.0 })
                    .collect(),
                earlier_href: href(view.0, days(-view.2)),
                later_href: href(view.0, days(view.2)),
                today_href: format!("/schedules/{name}?view={}", view.0),
                window: window(first, days(view.2 - 1)),
                chart: chart.draw(),
                gaps: coming
                    .gaps
                    .iter()
                    .take(GAPS_TOLD)
                    .map(|(from, to)| Link::new(gap(&look.view, *from, *to), fill(name, *from)))
                    .collect(),
                who_at,
                viewer_zone: look.zone_name.clone(),
                view: view.0.to_owned(),
                from: first.to_string(),
                at: local(at.unwrap_or(now), &look.view.zone),
                shifts: shown.rendered.iter().take(SHIFTS_TOLD).map(|shift| shift_row(look, shift, &by_zone)).collect(),
                overrides: look.overrides_of(name).iter().map(|one| override_row(look, one)).collect(),
                form,
                used_by: users(&catalog, &reference)
                    .iter()
                    .map(|one| {
                        match catalog.escalation_policies.get(&one.name).filter(|_| one.kind == Kind::EscalationPolicy)
                        {
                            Some(policy) => Link::new(&policy.title, format!("/escalation-policies/{}", one.name)),
                            None => Link::new(one.to_string(), format!("/documents/{one}")),
                        }
                    })
                    .collect(),
                document_href: format!("/documents/{reference}"),
                shell,
            })
        })
        .await
}

/// A local time of the viewer, or an instant in UTC.
fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if text.is_empty() {
        return None;
    }
    text.parse().ok().or_else(|| entered(text, zone).ok())
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn window(first: Date, last: Date) -> String {
    let long = |date: Date| date.strftime("%-d %b %Y").to_string();
    match first {
        _ if first == last => long(first),
        _ if first.year() == last.year() => format!("{} to {}", first.strftime("%-d %b"), long(last)),
        _ => format!("{} to {}", long(first), long(last)),
    }
}

/// Why that is the answer: `by layer weekly, turn 14`.
fn by(answer: &OnCall) -> String {
    match &answer.why {
        Why::Turn { layer, turn } => format!("by layer {layer}, turn {turn}"),
        Why::Override(_) => "by an override".into(),
        Why::Gap { intended: true } => "as intended".into(),
        Why::Gap { intended: false } => "no layer covers this time".into(),
        Why::Unreadable(why) => why.clone(),
    }
}

fn who_at(
    look: &mut Look<'_, '_>,
    name: &Name,
    schedule: &Schedule,
    at: Timestamp,
    own: &TimeZone,
) -> Result<WhoAt, Halt> {
    let overrides = store::engage::overrides::between(look.tx, name, at, Span::seconds(1).after(at))?;
    let answer = domain::engage::oncall::on_call(schedule, &overrides, at);
    let there = at.to_zoned(own.clone());
    let here = at.to_zoned(look.view.zone.clone());
    let mut said = there.strftime("%a %-d %b %Y %H:%M %Z").to_string();
    if there.datetime() != here.datetime() {
        said = format!("{said} ({} for you)", here.strftime("%a %H:%M %Z"));
    }
    Ok(WhoAt { at: said, person: answer.person.as_ref().map(|person| look.tag(person)), why: by(&answer) })
}

fn drawn(look: &Look<'_, '_>, schedule: &Schedule, strips: &domain::engage::oncall::Strips) -> Vec<Strip> {
    let shift = |turn: &Turn, standing_in: bool| Shift {
        from: turn.from,
        to: turn.to,
        holder: match (&turn.person, &turn.why) {
            (Some(person), Why::Override(_)) if standing_in => Holder::StandIn(look.tag(person)),
            (Some(person), _) => Holder::Person(look.tag(person)),
            (None, Why::Override(_) | Why::Gap { intended: true }) => Holder::Nobody,
            (None, _) => Holder::Gap,
        },
    };
    let mut rows = vec![Strip {
        kind: StripKind::Final,
        title: "Final".into(),
        note: "who is on call".into(),
        shifts: strips.rendered.iter().map(|turn| shift(turn, true)).collect(),
    }];
    rows.push(Strip {
        kind: StripKind::Overrides,
        title: "Overrides".into(),
        note: String::new(),
        shifts: strips.overrides.iter().map(|turn| shift(turn, true)).collect(),
    });
    for (title, turns) in strips.layers.iter().rev() {
        let layer = schedule.layers.iter().find(|layer| layer.name == *title);
        rows.push(Strip {
            kind: StripKind::Layer,
            title: super::pages::capital(title),
            note: layer.map_or_else(String::new, rotation),
            shifts: turns.iter().map(|turn| shift(turn, false)).collect(),
        });
    }
    rows
}

fn rotation(layer: &domain::engage::schedules::Layer) -> String {
    use domain::engage::schedules::Rotate;
    match layer.rotate {
        Rotate::Weeks(1) => "weekly".into(),
        Rotate::Weeks(weeks) => format!("every {weeks} weeks"),
        Rotate::Days(1) => "daily".into(),
        Rotate::Days(days) => format!("every {days} days"),
        Rotate::Hours(hours) => format!("every {hours} h"),
    }
}

fn shift_row(look: &Look<'_, '_>, shift: &Turn, view: &Viewpoint) -> ShiftRow {
    let said = |at: Timestamp| at.to_zoned(view.zone.clone()).strftime("%a %-d %b %H:%M").to_string();
    ShiftRow {
        person: shift.person.as_ref().map(|person| look.tag(person)),
        from: said(shift.from),
        to: said(shift.to),
        length: span(Span::between(shift.from, shift.to)),
        by: match &shift.why {
            Why::Override(_) => "override".into(),
            Why::Turn { layer, .. } => format!("layer {layer}"),
            Why::Gap { intended: true } => "as intended".into(),
            _ => "gap".into(),
        },
    }
}

fn override_row(look: &Look<'_, '_>, one: &Override) -> OverrideRow {
    OverrideRow {
        id: one.id.to_string(),
        person: one.person.as_ref().map(|person| look.tag(person)),
        from: look.view.brief(one.starts_at),
        to: look.view.brief(one.ends_at),
        reason: one.reason.clone(),
        by: look.full_name(&one.created_by),
        state: if one.starts_at <= look.now() {
            Badge::new(Tone::Info, "Now")
        } else {
            Badge::new(Tone::Quiet, "Coming")
        },
        removable: look.asked.access >= Access::Responder,
    }
}

/// The form as it is offered: the viewer takes over from now until the shift ends, or fills a gap.
fn blank(look: &Look<'_, '_>, answer: Option<&OnCall>, gap: Option<(Timestamp, Timestamp)>) -> OverrideForm {
    let from = gap.map_or(look.now(), |(from, _)| from.max(look.now()));
    let day = Span::hours(24).after(from);
    let ends = gap.map(|(_, to)| to).or_else(|| answer.and_then(|answer| answer.until));
    let to = ends.filter(|until| *until > from && *until < AHEAD.after(look.now()));
    OverrideForm {
        people: people(look, look.asked.person.as_str()),
        from: local(from, &look.view.zone),
        to: local(to.unwrap_or(day), &look.view.zone),
        reason: String::new(),
        error: None,
    }
}

fn people(look: &Look<'_, '_>, chosen: &str) -> Vec<Chosen> {
    let people = look.rules.catalog.people.iter().filter(|(_, person)| reachable(person, Urgency::High).is_ok());
    let mut people: Vec<Chosen> = people
        .map(|(name, person)| Chosen {
            value: name.to_string(),
            title: person.full_name.clone(),
            chosen: name.as_str() == chosen,
        })
        .collect();
    people.sort_by(|a, b| a.title.cmp(&b.title));
    people
}

/// `POST /schedules/NAME/overrides` with `person`, `from`, `to`, `reason`.
pub async fn post_override(asked: Asked, Path(name): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let zone = zone_of(&asked).await?;
    let read = || -> Result<Wanted, Refusal> {
        Ok(Wanted {
            schedule: name.parse().map_err(|_| Refusal::not_found("such schedule"))?,
            person: fields.some("person").map(str::parse).transpose()?,
            starts_at: entered(fields.text("from"), &zone)?,
            ends_at: entered(fields.text("to"), &zone)?,
            reason: fields.some("reason").map(str::to_owned),
        })
    };
    let outcome = match read() {
        Ok(wanted) => {
            let act = asked.app.act(asked.actor(), move |store, node, moment| {
                store.write(|tx| overrides::create(tx, node, &mut moment.again(), &wanted))
            });
            act.await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(_) => Ok(asked.lead(&format!("/schedules/{name}"), Some(done("The override holds")))),
        Err(Halt::Refused(refusal)) if refusal.kind != domain::words::RefusalKind::NotFound => {
            let (from, to) = (fields.text("from").to_owned(), fields.text("to").to_owned());
            let (chosen, reason) = (fields.text("person").to_owned(), fields.text("reason").to_owned());
            let error = Some(sentence(&refusal.message));
            let people = asked.clone().look(move |look| Ok(people(look, &chosen))).await?;
            page(asked, name, Some(OverrideForm { people, from, to, reason, error })).await
        }
        Err(halt) => Err(halt.into()),
    }
}

/// `GET` of what is only posted: back to the schedule.
pub async fn get_back(asked: Asked, Path(name): Path<String>) -> Response {
    asked.lead(&format!("/schedules/{name}"), None)
}

/// `POST /overrides/ID/remove`.
pub async fn post_remove(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let outcome = match id.parse::<OverrideId>() {
        Ok(id) => {
            let act = asked.app.act(asked.actor(), move |store, _, moment| {
                store.write(|tx| overrides::remove(tx, &mut moment.again(), id))
            });
            act.await
        }
        Err(refusal) => Err(refusal.into()),
    };
    let said = outcome.map(|one| done(format!("The override of {} is gone", one.schedule)));
    asked.back_with(&fields, "/schedules", said)
}

/// The shifts of a person in the coming four weeks.
pub fn shifts_of(look: &Look<'_, '_>, person: &Name) -> Vec<(Name, Turn)> {
    let mut found = Vec::new();
    for (name, _) in look.parts_of(person) {
        let Some(schedule) = look.rules.catalog.schedules.get(&name) else { continue };
        // Looked at a little further, so that the last of them is told whole.
        let end = AHEAD.after(look.now());
        let strips = strips(schedule, &look.overrides_of(&name), look.now(), Span::hours(24 * 14).after(end));
        found.extend(
            strips
                .rendered
                .into_iter()
                .filter(|turn| turn.person.as_ref() == Some(person) && turn.from < end)
                .map(|turn| (name.clone(), turn)),
        );
    }
    found.sort_by_key(|(_, turn)| turn.from);
    found
}
