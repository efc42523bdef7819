//! How paging falls upon people, and what it was good for, on a page.

use actions::learn::counterfactuals;
use actions::learn::paging::{Gathered, gather};
use axum::response::Response;
use domain::learn::paging::{About, Paged, Told, Use, burdens, worths};
use domain::prepare::people::Access;
use domain::words::labels::Compare;
use domain::words::{Matcher, Timestamp};
use jiff::civil::Date;
use store::Halt;

use crate::api::learn::counterfactuals::silence;
use crate::api::learn::insights::part;
use crate::api::learn::paging::PagingQuery;
use crate::handlers::fields::escape;
use crate::handlers::frame::{Asked, Look, sentence};
use crate::pages::learn::insights::Figure;
use crate::pages::learn::paging::{AlertView, OpenedRow, OpenedView, PagingPage, PersonView, WaitView};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

const PATH: &str = "/insights/paging";
/// So many are listed at once.
const ROWS: usize = 200;
/// So many policies are played again: each by its last hundred pages.
const POLICIES: u32 = 3;

/// `GET /insights/paging?from=&to=&person=&night=any|each|DATE&alert=&service=&use=&after=`.
pub async fn get_paging(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Insights, |look, shell| {
            let (found, error) = ask(look)?;
            let waits = waits(look, &found)?;
            let told = burdens(&found.told, |name| found.zone(name));
            let worths = worths(&found.paged);
            let people = told.iter().map(|one| {
                let person = one.person.as_str();
                PersonView {
                    person: Link::new(look.full_name(one.person), format!("/people/{person}")),
                    pages: figure(look, one.told.len(), &[("person", person)]),
                    by_night: figure(look, one.by_night().count(), &[("person", person), ("night", "any")]),
                    nights: figure(look, one.nights().len(), &[("person", person), ("night", "each")]),
                }
            });
            let alerts = worths.iter().map(|one| {
                let service = one.service.map_or("", AsRef::as_ref);
                let count = |used: Option<Use>| {
                    let word = used.map_or("", Use::word);
                    figure(look, one.count(used), &[("alert", one.alert), ("service", service), ("use", word)])
                };
                let title = one.service.and_then(|name| look.rules.catalog.services.get_key_value(name));
                AlertView {
                    alert: Link::new(one.alert, alerts_of("alertname", one.alert)),
                    service: title.map(|(name, found)| Link::new(&found.title, format!("/services/{name}"))),
                    pages: count(None),
                    nothing: count(Some(Use::Nothing)),
                    incident: count(Some(Use::Incident)),
                    answered: count(Some(Use::Answered)),
                    open: count(Some(Use::Open)),
                }
            });
            let csv = |name: &str| {
                let path = address(look, &[]).replacen(PATH, "/api/v1/insights/paging", 1);
                path.replacen("/paging", &format!("/paging/{name}.csv"), 1)
            };
            Ok(PagingPage {
                from: look.asked.query.text("from").to_owned(),
                to: look.asked.query.text("to").to_owned(),
                period: period(look, found.from, found.to),
                error,
                all: look.asked.access >= Access::Manager,
                people: people.collect(),
                alerts: alerts.collect(),
                opened: opened(look, &found)?,
                waits,
                people_csv: csv("people"),
                alerts_csv: csv("alerts"),
                shell,
            })
        })
        .await
}

/// What is asked for. What cannot be meant is told, and the usual time is shown instead.
fn ask(look: &mut Look<'_, '_>) -> Result<(Gathered, Option<String>), Halt> {
    let said = |name: &str| look.asked.query.some(name).map(str::to_owned);
    let query = PagingQuery { from: said("from"), to: said("to") };
    let (node, now) = (look.app.node(), look.now());
    let who = (Some(&look.asked.person), Some(look.asked.access));
    let found = match query.read(&look.view.zone) {
        Ok(period) => gather(look.tx, node, period, who, look.asked.sight(), now),
        Err(refusal) => Err(refusal.into()),
    };
    match found {
        Ok(found) => Ok((found, None)),
        Err(Halt::Refused(refusal)) => {
            let usual = gather(look.tx, node, (None, None), who, look.asked.sight(), now)?;
            Ok((usual, Some(sentence(&refusal.message))))
        }
        Err(failed) => Err(failed),
    }
}

/// An address with the same time in sight.
fn address(look: &Look<'_, '_>, more: &[(&str, &str)]) -> String {
    let query = &look.asked.query;
    let kept = ["from", "to"].into_iter().filter_map(|name| Some((name, query.some(name)?)));
    let more = more.iter().copied().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = kept.chain(more).map(|(name, value)| format!("{name}={}", escape(value))).collect();
    if pairs.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", pairs.join("&")) }
}

fn figure(look: &Look<'_, '_>, n: usize, more: &[(&str, &str)]) -> Figure {
    Figure { number: n.to_string(), says: String::new(), href: format!("{}#opened", address(look, more)) }
}

fn period(look: &Look<'_, '_>, from: Timestamp, to: Timestamp) -> String {
    let day = |at: Timestamp| at.to_zoned(look.view.zone.clone()).strftime("%-d %b %Y").to_string();
    let last = to.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(to);
    format!("{} to {}", day(from), day(last))
}

/// What the policies that paged most would have come to with a shorter wait.
fn waits(look: &mut Look<'_, '_>, found: &Gathered) -> Result<Vec<WaitView>, Halt> {
    let mut views = Vec::new();
    for name in store::learn::paging::policies(look.tx, found.from, found.to, POLICIES)? {
        let Some(title) = look.rules.catalog.escalation_policies.get(&name).map(|one| one.title.clone()) else {
            continue; // it is there no more
        };
        let past = counterfactuals::of_policy(look.tx, look.app.node(), &name, None, look.asked.sight())?;
        views.push(WaitView {
            policy: Link::new(title, format!("/escalation-policies/{name}#past")),
            says: past.told.first().map(|one| sentence(&one.to_string())),
            silence: silence(&past),
        });
    }
    Ok(views)
}

/// Where the alerts with a label are listed.
fn alerts_of(name: &str, value: &str) -> String {
    let typed =
        Matcher::new(name, Compare::Equal, value).map_or_else(|_| name.to_owned(), |matcher| matcher.to_string());
    format!("/alerts?tab=all&q={}", escape(&typed))
}

fn of_labels(labels: &[(String, String)]) -> String {
    let named = labels.iter().find(|(label, _)| label == "alertname").or_else(|| labels.first());
    named.map_or_else(|| "/alerts?tab=all".to_owned(), |(label, value)| alerts_of(label, value))
}

/// What is behind the number that was opened, if one was.
fn opened(look: &Look<'_, '_>, found: &Gathered) -> Result<Option<OpenedView>, Halt> {
    let query = &look.asked.query;
    let Some(person) = query.some("person") else { return of_alert(look, found) };
    let all = burdens(&found.told, |name| found.zone(name));
    let Some(burden) = all.into_iter().find(|one| one.person.as_str() == person) else { return Ok(None) };
    let name = look.full_name(burden.person);
    let chosen = query.text("night");
    let asked = [("person", person), ("night", chosen)];
    if chosen == "each" {
        let rows = burden.nights().into_iter().map(|(night, told)| night_row(look, person, night, &told));
        return part_of(look, format!("{name}, by nights"), &asked, rows.collect()).map(Some);
    }
    let night: Option<Date> = chosen.parse().ok();
    let rows = burden
        .told
        .iter()
        .filter(|(_, of)| chosen.is_empty() || of.is_some() && night.is_none_or(|night| *of == Some(night)));
    let rows = rows.map(|(told, night)| (told.page.to_string(), told_row(look, told, night.is_some()))).collect();
    let title = match night {
        Some(night) => format!("{name}, {}", night_of(night)),
        None if chosen.is_empty() => name,
        None => format!("{name}, by night"),
    };
    part_of(look, title, &asked, rows).map(Some)
}

fn of_alert(look: &Look<'_, '_>, found: &Gathered) -> Result<Option<OpenedView>, Halt> {
    let query = &look.asked.query;
    let Some(alert) = query.some("alert") else { return Ok(None) };
    let (service, word) = (query.text("service"), query.text("use"));
    let used = [Use::Nothing, Use::Incident, Use::Answered, Use::Open].into_iter().find(|used| used.word() == word);
    let all = worths(&found.paged);
    let worth = all.into_iter().find(|one| one.alert == alert && one.service.map_or("", AsRef::as_ref) == service);
    let Some(worth) = worth else { return Ok(None) };
    let rows = worth.pages(used).map(|page| (page.page.to_string(), paged_row(look, page))).collect();
    let title = used.map_or_else(|| worth.alert.to_owned(), |used| format!("{}: {}", worth.alert, said_of(used)));
    part_of(look, title, &[("alert", alert), ("service", service), ("use", word)], rows).map(Some)
}

/// Rows from behind `after`, and where the next ones are. Each has a key.
fn part_of(
    look: &Look<'_, '_>,
    title: String,
    asked: &[(&str, &str)],
    rows: Vec<(String, OpenedRow)>,
) -> Result<OpenedView, Halt> {
    let count = rows.len();
    let (rows, next) = part(rows, |(key, _)| key.clone(), look.asked.query.some("after"), ROWS)?;
    let next = next.map(|after| {
        let asked: Vec<(&str, &str)> = asked.iter().copied().chain([("after", after.as_str())]).collect();
        format!("{}#opened", address(look, &asked))
    });
    Ok(OpenedView { title, count, rows: rows.into_iter().map(|(_, row)| row).collect(), next })
}

/// `night of 21 Sep 2026`, by its evening.
fn night_of(night: Date) -> String {
    format!("night of {}", night.strftime("%-d %b %Y"))
}

fn night_row(look: &Look<'_, '_>, person: &str, night: Date, told: &[&Told]) -> (String, OpenedRow) {
    let key = night.to_string();
    let says = if told.len() == 1 { "1 page".to_owned() } else { format!("{} pages", told.len()) };
    let href = format!("{}#opened", address(look, &[("person", person), ("night", &key)]));
    let at = told.first().map(|latest| look.when(latest.at));
    let link = Link::new(sentence(&night_of(night)).trim_end_matches('.'), href);
    (key, OpenedRow { link, at, note: Some(Badge::new(Tone::Quiet, says)) })
}

fn told_row(look: &Look<'_, '_>, told: &Told, by_night: bool) -> OpenedRow {
    let href = match &told.about {
        About::Alerts { labels } => of_labels(labels),
        About::Incident(incident) => format!("/incidents/{incident}"),
        About::Other => "/alerts".to_owned(),
    };
    let note = by_night.then(|| Badge::new(Tone::Quiet, "by night"));
    OpenedRow { link: Link::new(&told.title, href), at: Some(look.when(told.at)), note }
}

const fn said_of(used: Use) -> &'static str {
    match used {
        Use::Nothing => "for nothing",
        Use::Incident => "part of an incident",
        Use::Answered => "answered",
        Use::Open => "open, or unanswered",
    }
}

fn paged_row(look: &Look<'_, '_>, page: &Paged) -> OpenedRow {
    let (tone, word) = match page.used() {
        used @ Use::Incident => (Tone::Info, said_of(used)),
        used @ Use::Answered => (Tone::Good, said_of(used)),
        used @ Use::Open => (Tone::Warning, said_of(used)),
        Use::Nothing if page.noise => (Tone::Quiet, "noise"),
        Use::Nothing => (Tone::Quiet, "over by itself"),
    };
    let note = Some(Badge::new(tone, word));
    OpenedRow { link: Link::new(&page.title, of_labels(&page.labels)), at: Some(look.when(page.started_at)), note }
}
