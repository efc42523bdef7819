//! How paging falls upon people, and what it was good for, on a page.

use actions::learn::paging::{Gathered, gather};
use axum::response::Response;
use domain::learn::paging::{About, Paged, Told, Use, burdens, worths};
use domain::prepare::people::Access;
use domain::words::labels::Compare;
use domain::words::{Matcher, Timestamp};
use store::Halt;

use crate::api::learn::paging::PagingQuery;
use crate::handlers::fields::escape;
use crate::handlers::frame::{Asked, Look, sentence};
use crate::pages::learn::insights::Figure;
use crate::pages::learn::paging::{AlertView, OpenedRow, OpenedView, PagingPage, PersonView};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

const PATH: &str = "/insights/paging";
/// So many pages are listed.
const ROWS: usize = 200;

/// `GET /insights/paging?from=&to=&person=&night=&alert=&service=&use=`.
pub async fn get_paging(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Insights, |look, shell| {
            let (found, error) = ask(look)?;
            let told = burdens(&found.told, |name| found.zone(name));
            let worths = worths(&found.paged);
            let people = told.iter().map(|one| {
                let person = one.person.as_str();
                PersonView {
                    person: Link::new(look.full_name(one.person), format!("/people/{person}")),
                    pages: figure(look, one.told.len(), &[("person", person)]),
                    by_night: figure(look, one.by_night, &[("person", person), ("night", "true")]),
                    nights: one.nights,
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
                opened: opened(look, &found),
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

/// The pages behind the number that was opened, if one was.
fn opened(look: &Look<'_, '_>, found: &Gathered) -> Option<OpenedView> {
    let query = &look.asked.query;
    if let Some(person) = query.some("person") {
        let by_night = query.some("night").is_some();
        let all = burdens(&found.told, |name| found.zone(name));
        let burden = all.into_iter().find(|one| one.person.as_str() == person)?;
        let rows: Vec<OpenedRow> = burden
            .told
            .iter()
            .filter(|(_, night)| *night || !by_night)
            .map(|(told, night)| told_row(look, told, *night))
            .collect();
        let name = look.full_name(burden.person);
        return Some(cut(if by_night { format!("{name}, by night") } else { name }, rows));
    }
    let (alert, service) = (query.some("alert")?, query.text("service"));
    let used = [Use::Nothing, Use::Incident, Use::Answered, Use::Open];
    let used = used.into_iter().find(|used| Some(used.word()) == query.some("use"));
    let all = worths(&found.paged);
    let worth = all.into_iter().find(|one| one.alert == alert && one.service.map_or("", AsRef::as_ref) == service)?;
    Some(cut(worth.alert.to_owned(), worth.pages(used).map(|page| paged_row(look, page)).collect()))
}

fn cut(title: String, mut rows: Vec<OpenedRow>) -> OpenedView {
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    OpenedView { title, rows, more }
}

fn told_row(look: &Look<'_, '_>, told: &Told, by_night: bool) -> OpenedRow {
    let href = match &told.about {
        About::Alerts { labels } => of_labels(labels),
        About::Incident(incident) => format!("/incidents/{incident}"),
        About::Other => "/alerts".to_owned(),
    };
    let note = by_night.then(|| Badge::new(Tone::Quiet, "by night"));
    OpenedRow { link: Link::new(&told.title, href), at: look.when(told.at), note }
}

fn paged_row(look: &Look<'_, '_>, page: &Paged) -> OpenedRow {
    let (tone, word) = match page.used() {
        Use::Incident => (Tone::Info, "part of an incident"),
        Use::Answered => (Tone::Good, "answered"),
        Use::Open => (Tone::Warning, "open, or unanswered"),
        Use::Nothing if page.noise => (Tone::Quiet, "noise"),
        Use::Nothing => (Tone::Quiet, "over by itself"),
    };
    let note = Some(Badge::new(tone, word));
    OpenedRow { link: Link::new(&page.title, of_labels(&page.labels)), at: look.when(page.started_at), note }
}
