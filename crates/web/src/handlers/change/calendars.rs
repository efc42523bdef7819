//! The calendar of changes, and its feed for calendar programs.

use actions::change::calendars::{self as acts, Calendar};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::change::calendars::{View, days, feed, read};
use domain::change::changes::{Path as Way, State as Stands};
use domain::words::{Refusal, Timestamp};
use jiff::civil::Date;

use crate::app::App;
use crate::handlers::frame::{Asked, Look};
use crate::pages::change::calendars::{CalendarPage, DayView, ItemView};
use crate::pages::{Link, Section, Tone};
use crate::problem::Problem;

/// `GET /changes/calendar?view=month|week&on=2026-11-22`.
pub async fn get_calendar(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Changes, |look, shell| {
            let query = &look.asked.query;
            let today = look.now().to_zoned(look.view.zone.clone()).date();
            let view: View = query.parse("view").unwrap_or(View::Month);
            let on = query.some("on").and_then(|day| day.parse::<Date>().ok()).unwrap_or(today);
            let (first, count) = view.days(on);
            let start = |date: Date| date.to_zoned(look.view.zone.clone()).map_or(Timestamp::MAX, |at| at.timestamp());
            let last = first.saturating_add(jiff::Span::new().days(i64::try_from(count).unwrap_or(42)));
            let (from, to) = (start(first), start(last));
            let found = acts::gather(look.tx, look.app.node(), from, to, look.asked.sight(), look.now())?;
            let items = items(look, &found);
            let stretches: Vec<(Timestamp, Timestamp)> = items.iter().map(|item| (item.from, item.to)).collect();
            let laid = days(&stretches, first, count, &look.view.zone);
            let shown = laid.iter().enumerate().map(|(place, day)| DayView {
                weekday: day.date.strftime("%a").to_string(),
                number: day.date.strftime("%-d").to_string(),
                full: day.date.strftime("%A, %-d %B").to_string(),
                today: day.date == today,
                other: view == View::Month && day.date.month() != on.month(),
                items: day
                    .falls
                    .iter()
                    .filter(|(item, begins)| *begins || !items[*item].once || place == 0)
                    .map(|(item, begins)| items[*item].on(look, *begins))
                    .collect(),
            });
            let days = shown.collect();
            let at = |view: View, on: Date| format!("/changes/calendar?view={view}&on={on}");
            let called = |on: Date| match view {
                View::Month => on.strftime("%B %Y").to_string(),
                View::Week => {
                    let (first, _) = View::Week.days(on);
                    let last = first.saturating_add(jiff::Span::new().days(6));
                    format!("{} to {}", first.strftime("%-d %b"), last.strftime("%-d %b %Y"))
                }
            };
            let (before, after) = view.beside(on);
            Ok(CalendarPage {
                title: called(on),
                week: view == View::Week,
                views: [Link::new("Month", at(View::Month, on)), Link::new("Week", at(View::Week, on))],
                before: Link::new(called(before), at(view, before)),
                after: Link::new(called(after), at(view, after)),
                today: Link::new("Today", at(view, today)),
                days,
                feed: acts::feed_url(look.app.node(), &look.asked.person),
                zone: look.zone_name.clone(),
                shell,
            })
        })
        .await
}

/// Something in the calendar.
struct Item {
    from: Timestamp,
    to: Timestamp,
    /// It is shown where it begins, not on each of its days.
    once: bool,
    sort: &'static str,
    tone: Tone,
    link: Link,
    said: String,
}

impl Item {
    fn on(&self, look: &Look<'_, '_>, begins: bool) -> ItemView {
        let clock = |at: Timestamp| at.to_zoned(look.view.zone.clone()).strftime("%H:%M").to_string();
        let day = |at: Timestamp| at.to_zoned(look.view.zone.clone()).date();
        let time = match (begins, self.from == self.to) {
            (false, _) => "goes on".to_owned(),
            (true, true) => clock(self.from),
            (true, false) if day(self.from) == day(self.to) => format!("{} to {}", clock(self.from), clock(self.to)),
            (true, false) => format!("from {}", clock(self.from)),
        };
        ItemView { sort: self.sort, tone: self.tone, time, link: self.link.clone(), said: self.said.clone() }
    }
}

fn items(look: &Look<'_, '_>, found: &Calendar) -> Vec<Item> {
    let mut items = Vec::new();
    for (name, freeze) in &found.freezes {
        items.push(Item {
            from: freeze.from,
            to: freeze.to,
            once: false,
            sort: "Freeze",
            tone: Tone::Warning,
            link: Link::new(&freeze.title, format!("/documents/freeze/{name}")),
            said: if freeze.hard { "hard".to_owned() } else { String::new() },
        });
    }
    for (row, from, to) in &found.changes {
        let change = &row.change;
        let tone = match &change.state {
            Stands::Finished { .. } => Tone::Good,
            Stands::Failed { .. } | Stands::Stuck { .. } => Tone::Critical,
            Stands::RollingBack { .. } | Stands::RolledBack { .. } => Tone::Warning,
            _ => Tone::Info,
        };
        items.push(Item {
            from: *from,
            to: *to,
            once: false,
            sort: if change.path == Way::Emergency { "Emergency" } else { "Change" },
            tone,
            link: Link::new(&change.proposal.title, format!("/changes/{}", change.id)),
            said: change.state.word().replace('-', " "),
        });
    }
    for row in &found.incidents {
        items.push(Item {
            from: row.reported_at,
            to: row.reported_at,
            once: true,
            sort: "Incident",
            tone: Tone::Critical,
            link: Link::new(row.name(), format!("/incidents/{}", row.id)),
            said: row.state.severity.clone().unwrap_or_default(),
        });
    }
    for (schedule, shifts) in &found.on_call {
        let title = look.rules.catalog.schedules.get(schedule).map_or(schedule.as_str(), |found| &found.title);
        for shift in shifts {
            let who = shift.person.as_ref().map_or_else(|| "nobody".to_owned(), |person| look.full_name(person));
            items.push(Item {
                from: shift.from,
                to: shift.to,
                once: true,
                sort: "On call",
                tone: Tone::Quiet,
                link: Link::new(format!("{title}: {who}"), format!("/schedules/{schedule}")),
                said: String::new(),
            });
        }
    }
    items
}

/// `GET /changes/calendar/TOKEN.ics`: the feed, for whoever holds its address.
pub async fn get_feed(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    let token = token.strip_suffix(".ics").unwrap_or(&token);
    let person = read(&app.node().identity.link_key, token)?;
    let (now, house) = (app.now(), app.clone());
    let text = app
        .read(move |tx| {
            let rules = house.node().rules(tx)?;
            if rules.catalog.people.get(&person).is_none_or(|found| found.inactive) {
                return Err(Refusal::not_found("such calendar: it was made for somebody who is no longer here").into());
            }
            let events = acts::events(tx, house.node(), now)?;
            Ok(feed("Changes and freezes", &events, now))
        })
        .await?;
    Ok(([(CONTENT_TYPE, "text/calendar; charset=utf-8"), (CACHE_CONTROL, "private, no-cache")], text).into_response())
}
