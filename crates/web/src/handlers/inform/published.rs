//! What is public, drawn: pages from `domain::inform::published`, for this server and as files for another host alike.

use std::collections::BTreeMap;

use actions::learn::customer_postmortems;
use askama::Template;
use domain::inform::components::Day;
use domain::inform::notices::{Notice, Sort, State, Status};
use domain::inform::published::{Published, heading, utc};
use domain::inform::{feeds, prose, statuspage};
use domain::learn::customer_postmortems::Kept;
use domain::words::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use store::inform::notices::{self as rows, Which};
use store::{Halt, Tx};

use crate::pages::inform::status_pages::{
    BarDay, ComponentView, CorrectionLine, DayView, Frame, GroupView, HistoryPage, LineView, MonthView,
    NoticePublicPage, NoticeView, PostView, PromiseView, PublicPage, ReportPage,
};
use crate::pages::markdown;

/// So many days are told in full.
const DAYS: u8 = 14;
/// Notices of one year.
const OF_YEAR: u32 = 2000;

/// Around a page. `timed`: the clock alone changes it.
pub fn frame(all: &Published, version: &str, timed: bool) -> Frame {
    let minute = Timestamp::from_second(all.now.as_second() / 60 * 60).unwrap_or(all.now);
    Frame {
        title: all.page.title.clone(),
        about: all.page.about.clone(),
        support: all.page.support.clone(),
        subscribe: format!("{}/status/subscribe", all.server),
        as_of: timed.then(|| (minute.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), utc(minute))),
        changed: version.to_owned(),
    }
}

/// `/status`.
pub fn page(all: &Published, version: &str) -> PublicPage {
    let effects = all.effects();
    let standing = all.standing();
    let headline = match standing.status {
        Status::MajorOutage => "Major outage",
        Status::PartialOutage => "Partial outage",
        Status::Degraded => "Degraded performance",
        Status::Maintenance => "Maintenance in progress",
        Status::Operational if standing.incident => "We are looking into an incident",
        Status::Operational => "All systems operational",
    };
    let component = |one: &domain::inform::status_pages::Component| {
        let status = effects.get(&one.name).copied().unwrap_or(Status::Operational);
        let bar = all.bar(one);
        let uptime = bar.uptime.map(percent);
        let bad: Vec<String> =
            bar.days.iter().filter(|day| day.worst > Some(Status::Operational)).map(day_said).collect();
        let days = all.page.history_days;
        let first = bar
            .days
            .iter()
            .find(|day| day.worst.is_some())
            .map_or(all.now.to_zoned(TimeZone::UTC).date(), |day| day.date);
        let known = match bar.days.first() {
            Some(day) if day.worst.is_none() => format!("No data before {}. ", date(first)),
            _ => String::new(),
        };
        let lost = if bad.is_empty() { "Nothing was reported.".to_owned() } else { format!("{}.", bad.join("; ")) };
        ComponentView {
            name: one.name.to_string(),
            title: one.title.clone(),
            description: one.description.clone(),
            status: status.word(),
            status_title: status.title(),
            said: format!(
                "The last {days} days{}. {known}{lost}",
                uptime.as_ref().map_or(String::new(), |up| format!(": {up}"))
            ),
            uptime,
            days: bar
                .days
                .iter()
                .enumerate()
                .map(|(place, day)| BarDay {
                    x: place * 10,
                    status: day.worst.map_or("none", Status::word),
                    said: day_said(day),
                })
                .collect(),
        }
    };
    let open = all.incidents().chain(all.active()).map(|notice| notice_view(all, notice));
    PublicPage {
        frame: frame(all, version, true),
        standing: standing.status.word(),
        headline: headline.to_owned(),
        open: open.collect(),
        upcoming: all.upcoming().into_iter().map(|notice| notice_view(all, notice)).collect(),
        groups: all
            .page
            .groups
            .iter()
            .map(|group| GroupView {
                title: group.title.clone(),
                components: group.components.iter().map(component).collect(),
            })
            .collect(),
        bar_days: all.page.history_days,
        days: days(all),
    }
}

/// The last days, today first; quiet ones that follow each other are told as one.
fn days(all: &Published) -> Vec<DayView> {
    let mut found: Vec<DayView> = Vec::new();
    let mut quiet: Option<(Date, Date)> = None;
    let title = |day: Date| day.strftime("%-d %B %Y").to_string();
    let told = |(last, first): (Date, Date)| DayView {
        title: if last == first { title(last) } else { format!("{} to {}", title(first), title(last)) },
        notices: Vec::new(),
    };
    for (day, notices) in all.days(DAYS) {
        if notices.is_empty() {
            quiet = Some(quiet.map_or((day, day), |(last, _)| (last, day)));
            continue;
        }
        found.extend(quiet.take().map(told));
        let notices = notices.into_iter().map(|notice| notice_view(all, notice));
        found.push(DayView { title: title(day), notices: notices.collect() });
    }
    found.extend(quiet.map(told));
    found
}

/// Never rounded up to a hundred.
fn percent(uptime: f64) -> String {
    let shown = (uptime * 100.0).floor() / 100.0;
    if shown >= 100.0 { "100 % uptime".into() } else { format!("{shown:.2} % uptime") }
}

fn date(day: Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}

fn day_said(day: &Day) -> String {
    let Some(worst) = day.worst else { return format!("{}: no data", date(day.date)) };
    let lost = [("major outage", day.major), ("partial outage", day.partial)]
        .into_iter()
        .filter(|(_, seconds)| *seconds > 0)
        .map(|(what, seconds)| format!("{what} {}", span(seconds)));
    let lost: Vec<String> = lost.collect();
    let said = if lost.is_empty() { worst.title().to_lowercase() } else { lost.join(", ") };
    format!("{}: {said}", date(day.date))
}

/// `40 s`, `1 h 5 min`, `2 d 3 h`.
pub fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A notice as the public reads it.
pub fn notice_view(all: &Published, notice: &Notice) -> NoticeView {
    let touched: Vec<String> = notice
        .touched()
        .into_keys()
        .filter(|name| all.page.component(name).is_some())
        .map(|name| all.title_of(&name))
        .collect();
    let worst = match (notice.sort, notice.worst()) {
        (Sort::Maintenance, Status::Operational) => Status::Maintenance,
        (_, worst) => worst,
    };
    let posts = notice.posts.iter().rev().map(|post| PostView {
        heading: heading(post),
        html: prose::html(&post.text),
        iso: post.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        at: utc(post.at),
        corrected: post.corrected_at.map(utc),
        effects: post
            .effects
            .iter()
            .map(|(name, status)| (all.title_of(name), status.word(), status.title()))
            .collect(),
        next: post.next_update_by.map(utc),
    });
    let mut posts: Vec<PostView> = posts.collect();
    // A promise is of the latest post alone, and only while more is to come.
    for (place, post) in posts.iter_mut().enumerate() {
        if place > 0 || !notice.is_open() {
            post.next = None;
        }
    }
    NoticeView {
        href: format!("/status/notices/{}", notice.id),
        title: notice.title.clone(),
        sort: notice.sort.word(),
        state: notice.state().title(),
        open: notice.is_open(),
        worst: worst.word(),
        window: notice.window.map(|window| {
            let same = window.from.to_zoned(TimeZone::UTC).date() == window.until.to_zoned(TimeZone::UTC).date();
            let until = if same { window.until.strftime("%H:%M UTC").to_string() } else { utc(window.until) };
            format!("{} to {until}", utc(window.from))
        }),
        touched: touched.join(", "),
        posts,
        report: all.reports.contains(&notice.id).then(|| format!("/status/notices/{}/postmortem", notice.id)),
    }
}

/// `/status/notices/ID`.
pub fn notice_page(all: &Published, version: &str, notice: &Notice) -> NoticePublicPage {
    NoticePublicPage { frame: frame(all, version, false), notice: notice_view(all, notice) }
}

/// `/status/notices/ID/postmortem`, as it is now or as one version was; nothing, if there is none.
pub fn report(
    tx: &mut Tx<'_>,
    all: &Published,
    tag: &str,
    notice: &Notice,
    number: Option<u32>,
) -> Result<Option<ReportPage>, Halt> {
    let (versions, promises) = customer_postmortems::of_notice(tx, notice.id)?;
    let Some(last) = versions.last() else { return Ok(None) };
    let Some(shown) = versions.iter().find(|one| one.version == number.unwrap_or(last.version)) else {
        return Ok(None);
    };
    let here = format!("/status/notices/{}", notice.id);
    let time = |at: Timestamp| (at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), utc(at));
    let is_last = shown.version == last.version;
    // What was promised earlier and is no more stands in the version of then, without how it went on.
    let promises: Vec<PromiseView> = if is_last {
        promises.into_iter().map(|(text, kept)| promise(text, kept)).collect()
    } else {
        let earlier = shown.report.promises.iter();
        earlier.map(|one| PromiseView { text: one.text.clone(), kind: "open", says: String::new() }).collect()
    };
    let done = promises.iter().filter(|one| one.kind == "done").count();
    let took = took(notice);
    Ok(Some(ReportPage {
        frame: frame(all, tag, false),
        title: shown.report.title.clone(),
        took,
        notice: here.clone(),
        version: shown.version,
        published: time(versions[0].at),
        corrected: (shown.version > 1).then(|| time(shown.at)),
        current: (!is_last).then(|| format!("{here}/postmortem")),
        opening: markdown::html(&shown.report.opening),
        parts: shown.report.parts.iter().map(|part| (part.title.clone(), markdown::html(&part.text))).collect(),
        promised: if is_last {
            format!("{done} of {} done", promises.len())
        } else {
            "As it was promised then.".into()
        },
        promises,
        corrections: versions
            .iter()
            .rev()
            .filter(|one| one.version <= shown.version)
            .filter_map(|one| {
                let said = one.correction.as_ref()?;
                let (iso, at) = time(one.at);
                let before = format!("{here}/postmortem/{}", one.version.saturating_sub(1));
                Some(CorrectionLine { version: one.version, iso, at, html: markdown::html(said), before })
            })
            .collect(),
        hash: shown.hash.clone(),
    }))
}

/// From when to when it was, as the public was told. When the postmortem came does not count.
fn took(notice: &Notice) -> Option<String> {
    let over = notice.over_at().filter(|over| *over > notice.began_at())?;
    let ended = notice.posts.iter().any(|post| matches!(post.state, Some(State::Resolved | State::Completed)));
    let took = span(over.as_second() - notice.began_at().as_second());
    ended.then(|| format!("{} to {} ({took})", utc(notice.began_at()), utc(over)))
}

fn promise(text: String, kept: Kept) -> PromiseView {
    let (kind, says) = match kept {
        Kept::Done => ("done", "done".to_owned()),
        Kept::Open { due } => ("open", format!("by {}", date(due.to_zoned(TimeZone::UTC).date()))),
        Kept::Dropped => ("dropped", "will not be done".to_owned()),
    };
    PromiseView { text, kind, says }
}

/// The notices that began in a year of UTC.
pub fn of_year(tx: &mut Tx<'_>, year: i16) -> Result<Vec<Notice>, Halt> {
    let begin = |year: i16| {
        let day = Date::new(year, 1, 1).and_then(|day| day.to_zoned(TimeZone::UTC));
        day.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    };
    Ok(rows::list(tx, Which::Between(begin(year), begin(year.saturating_add(1))), OF_YEAR)?)
}

/// `/status/history`, of one year.
pub fn history(all: &Published, version: &str, year: i16, notices: &[Notice]) -> HistoryPage {
    let mut months: BTreeMap<std::cmp::Reverse<(i16, i8)>, Vec<LineView>> = BTreeMap::new();
    for notice in notices.iter().filter(|notice| notice.state() != State::Scheduled) {
        let begin = notice.began_at().to_zoned(TimeZone::UTC).date();
        let took = notice.over_at().map(|over| over.as_second() - notice.began_at().as_second());
        let worst = match (notice.sort, notice.worst()) {
            (Sort::Maintenance, Status::Operational) => Status::Maintenance,
            (_, worst) => worst,
        };
        months.entry(std::cmp::Reverse((begin.year(), begin.month()))).or_default().push(LineView {
            href: format!("/status/notices/{}", notice.id),
            title: notice.title.clone(),
            worst: worst.word(),
            worst_title: worst.title(),
            state: notice.state().title(),
            at: utc(notice.began_at()),
            took: took.filter(|took| *took > 0).map(span),
        });
    }
    let this = all.now.to_zoned(TimeZone::UTC).year();
    let href = |one: i16| if one == this { "/status/history".to_owned() } else { format!("/status/history/{one}") };
    let title = |(year, month): (i16, i8)| {
        Date::new(year, month, 1).map_or_else(|_| year.to_string(), |day| day.strftime("%B %Y").to_string())
    };
    HistoryPage {
        frame: frame(all, version, false),
        year,
        years: all.years().into_iter().map(|one| (one, href(one))).collect(),
        months: months.into_iter().map(|(month, lines)| MonthView { title: title(month.0), lines }).collect(),
    }
}

/// The heartbeat: whoever reads it knows when it was written last, and whether there is something new.
pub fn heartbeat(now: Timestamp, version: &str) -> String {
    let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({ "at": at, "every_seconds": 60, "changed": version }).to_string()
}

/// A file for programs: its path, its kind, and what makes it.
pub type Data = (&'static str, &'static str, fn(&Published) -> String);

/// What programs and feed readers read: path, kind, and what makes it.
pub const DATA: [Data; 10] = [
    ("/api/v2/summary.json", JSON, |all| statuspage::summary(all).to_string()),
    ("/api/v2/status.json", JSON, |all| statuspage::status(all).to_string()),
    ("/api/v2/components.json", JSON, |all| statuspage::components_list(all).to_string()),
    ("/api/v2/incidents.json", JSON, |all| statuspage::incidents(all).to_string()),
    ("/api/v2/incidents/unresolved.json", JSON, |all| statuspage::unresolved(all).to_string()),
    ("/api/v2/scheduled-maintenances.json", JSON, |all| statuspage::maintenances(all).to_string()),
    ("/api/v2/scheduled-maintenances/upcoming.json", JSON, |all| statuspage::upcoming(all).to_string()),
    ("/api/v2/scheduled-maintenances/active.json", JSON, |all| statuspage::active(all).to_string()),
    ("/status/feed.atom", "application/atom+xml; charset=utf-8", feeds::atom),
    ("/status/feed.rss", "application/rss+xml; charset=utf-8", feeds::rss),
];

const JSON: &str = "application/json; charset=utf-8";

/// Everything that is public, as files: the path within the folder, and what is in it. `whole`: also what only a change
/// makes new. Nothing, if no page is shown.
pub fn files(tx: &mut Tx<'_>, all: &Published, version: &str, whole: bool) -> Result<Vec<(String, Vec<u8>)>, Halt> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let failed = |error: askama::Error| store::Error::other(format!("a page does not render: {error}"));
    let mut put = |path: &str, text: String| files.push((path.to_owned(), text.into_bytes()));
    if whole {
        for year in all.years() {
            let notices = of_year(tx, year)?;
            let html = history(all, version, year, &notices).render().map_err(failed)?;
            if year == all.now.to_zoned(TimeZone::UTC).year() {
                put("status/history/index.html", html.clone());
            }
            put(&format!("status/history/{year}/index.html"), html);
            for notice in &notices {
                let html = notice_page(all, version, notice).render().map_err(failed)?;
                put(&format!("status/notices/{}/index.html", notice.id), html);
                if !all.reports.contains(&notice.id) {
                    continue;
                }
                if let Some(page) = report(tx, all, version, notice, None)? {
                    let folder = format!("status/notices/{}/postmortem", notice.id);
                    put(&format!("{folder}/index.html"), page.render().map_err(failed)?);
                    for number in 1..=page.version {
                        if let Some(page) = report(tx, all, version, notice, Some(number))? {
                            put(&format!("{folder}/{number}/index.html"), page.render().map_err(failed)?);
                        }
                    }
                }
            }
        }
        // What is planned for another year is not of any above.
        for notice in all.upcoming() {
            let html = notice_page(all, version, notice).render().map_err(failed)?;
            put(&format!("status/notices/{}/index.html", notice.id), html);
        }
    }
    for (path, _, make) in DATA {
        put(path.trim_start_matches('/'), make(all));
    }
    let html = page(all, version).render().map_err(failed)?;
    put("status/index.html", html.clone());
    put("index.html", html);
    // Last: whoever sees the new beat sees all that it stands for.
    put("status/heartbeat.json", heartbeat(all.now, version));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_up_and_a_span_has_two_units() {
        for (uptime, said) in [(100.0, "100 % uptime"), (99.999, "99.99 % uptime"), (97.5, "97.50 % uptime")] {
            assert_eq!(percent(uptime), said);
        }
        for (seconds, said) in [(40, "40 s"), (61, "1 min"), (3900, "1 h 5 min"), (183_600, "2 d 3 h")] {
            assert_eq!(span(seconds), said);
        }
    }
}
