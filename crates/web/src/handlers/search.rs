//! Search: what the index finds, and a few of everything whose name has the words. The command palette reads the same page.

use std::collections::BTreeMap;

use actions::detect::lists::{self, Search, Tab as AlertTab};
use actions::learn::likeness::similar;
use actions::learn::search::{DEEP_MOST, Outcome, Wanted, search};
use axum::response::Response;
use domain::learn::queries::{Query, Reading, read};
use domain::learn::search::{Document, Found, heading, snippet};
use domain::words::IncidentId;
use store::Halt;
use store::learn::search::{Answer, Matched, Order};

use crate::api::learn::search::{SIMILAR, address, address_of_id};
use crate::handlers::detect::alerts::{state, summary};
use crate::handlers::fields::escape;
use crate::handlers::frame::{Asked, Look};
use crate::pages::filters::Tab;
use crate::pages::learn::search::{FoundGroup, Named, ResultView, SearchPage, SimilarView};
use crate::pages::{Link, Section};
use crate::problem::Problem;

const EACH: usize = 8;
/// Results of a page.
const SHOWN: usize = 20;

/// `GET /search?q=`.
pub async fn get_search(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Nowhere, |look, shell| {
            let fields = &look.asked.query;
            let (text, newest) = (fields.text("q").to_owned(), fields.text("order") == "newest");
            let skip = fields.text("skip").parse::<usize>().unwrap_or(0).min(DEEP_MOST);
            let Reading { query, oddities } = read(&text);
            let order = if newest { Order::Newest } else { Order::Ranked };
            let outcome = if query.is_empty() {
                Outcome::default()
            } else {
                let wanted = Wanted { order, skip, limit: SHOWN };
                search(look.tx, look.app.node(), look.asked.sight(), &query, wanted)?
            };
            let results = results(look, &outcome.answer)?;
            let is_by_name = skip == 0 && !query.has_filter() && !text.trim().is_empty();
            let groups = if is_by_name { named(look, &text)? } else { Vec::new() };
            let here = |skip: usize| link(&text, newest, skip);
            let next = skip + SHOWN;
            Ok(SearchPage {
                shell,
                newest,
                orders: vec![tab("Best match", link(&text, false, 0), !newest), tab("Newest", link(&text, true, 0), newest)],
                kinds: kinds(&query, newest),
                progress: outcome.progress.map(|progress| {
                    format!(
                        "The index is being made: {} of {} entries of the journal are read. What is found may not be all.",
                        progress.done, progress.of
                    )
                }),
                notes: notes(&oddities, &outcome.answer),
                record: query.id().and_then(address_of_id).map(|href| Link::new("Open the record with this id", href)),
                results,
                back: (skip > 0).then(|| here(skip.saturating_sub(SHOWN))),
                more: (outcome.answer.more && next < DEEP_MOST).then(|| here(next)),
                groups,
                text,
            })
        })
        .await
}

fn tab(title: &'static str, href: String, current: bool) -> Tab {
    Tab { title, href, count: None, current }
}

fn link(text: &str, newest: bool, skip: usize) -> String {
    let order = if newest { "&order=newest" } else { "" };
    let skip = if skip > 0 { format!("&skip={skip}") } else { String::new() };
    format!("/search?q={}{order}{skip}", escape(text))
}

/// The same asked of one kind only, or of all.
fn kinds(query: &Query, newest: bool) -> Vec<Tab> {
    let of = |kinds: &[Found]| {
        let asked = Query { kinds: kinds.iter().copied().collect(), ..query.clone() };
        link(&asked.to_string(), newest, 0)
    };
    let shown = [Found::Incident, Found::Entry, Found::Update, Found::Change, Found::Runbook, Found::Report];
    let one = |kind: &Found| tab(kind.many(), of(&[*kind]), query.kinds.len() == 1 && query.kinds.contains(kind));
    std::iter::once(tab("Everything", of(&[]), query.kinds.is_empty())).chain(shown.iter().map(one)).collect()
}

/// What is to be said of how it was read.
fn notes(oddities: &[String], answer: &Answer) -> Vec<String> {
    let mut notes = oddities.to_vec();
    let also = answer.also.iter().filter(|_| answer.hits.iter().any(|hit| hit.matched == Matched::Nearly));
    notes.extend(also.map(|(word, like)| format!("Few have “{word}”: {} was searched for, too.", like.join(", "))));
    if answer.hits.first().is_some_and(|hit| hit.matched == Matched::Some) {
        notes.push("Nothing has all of the words: these have some of them.".into());
    }
    notes
}

fn results(look: &mut Look<'_, '_>, answer: &Answer) -> Result<Vec<ResultView>, Halt> {
    let mut titles: BTreeMap<IncidentId, Option<String>> = BTreeMap::new();
    for hit in &answer.hits {
        if let Some(id) = hit.document.key.incident
            && !titles.contains_key(&id)
        {
            let row = store::respond::incidents::get(look.tx, id, look.asked.sight())?;
            titles.insert(id, row.map(|row| row.name().into_owned()));
        }
    }
    let view = |document: &Document, matched: Matched| {
        let of = document.key.incident.filter(|_| !matches!(document.key.kind, Found::Incident | Found::Report));
        let title = of.and_then(|id| Some((id, titles.get(&id)?.clone()?)));
        let mut facts: Vec<String> = document.severity.iter().cloned().collect();
        facts.extend(document.services.iter().take(3).map(ToString::to_string));
        if matched == Matched::Some {
            facts.push("some of the words".into());
        }
        ResultView {
            kind: document.key.kind.word(),
            link: Link::new(heading(&document.title, &document.text), address(document)),
            untitled: document.title.is_empty(),
            pieces: snippet(&document.text, &answer.stems).pieces,
            when: look.when(document.at),
            incident: title.map(|(id, title)| Link::new(title, format!("/incidents/{id}"))),
            facts,
        }
    };
    Ok(answer.hits.iter().map(|hit| view(&hit.document, hit.matched)).collect())
}

/// The incidents that are like one, for its room.
pub(super) fn alike(look: &mut Look<'_, '_>, id: IncidentId) -> Result<Vec<SimilarView>, Halt> {
    let found = similar(look.tx, look.app.node(), id, look.asked.sight(), SIMILAR)?;
    let view = |one: &actions::learn::likeness::Similar| SimilarView {
        link: Link::new(one.row.name(), format!("/incidents/{}", one.row.id)),
        word: one.likeness.word(),
        when: look.when(one.row.reported_at),
        reasons: one.likeness.parts.iter().map(|part| part.says.clone()).collect(),
    };
    Ok(found.iter().map(view).collect())
}

/// What is known by its name: it is in no index.
fn named(look: &mut Look<'_, '_>, text: &str) -> Result<Vec<FoundGroup>, Halt> {
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let has = |parts: &[&str]| {
        let whole = parts.join(" ").to_lowercase();
        words.iter().all(|word| whole.contains(word.as_str()))
    };
    let mut groups = vec![alerts(look, text)?];
    let catalog = look.rules.catalog.clone();
    let group = |title: &str, kind: &str, found: Vec<Named>, href: &str| {
        let more = (found.len() > EACH).then(|| Link::new(format!("All {title}"), href));
        FoundGroup { title: title.into(), kind: kind.into(), found: found.into_iter().take(EACH).collect(), more }
    };
    let found = |title: &str, href: String, note: String| Named { link: Link::new(title, href), note };
    let services = catalog.services.iter().filter(|(name, one)| has(&[name.as_str(), &one.title]));
    let services =
        services.map(|(name, one)| found(&one.title, format!("/services/{name}"), format!("tier {}", one.tier)));
    groups.push(group("Services", "service", services.collect(), "/services"));
    let schedules = catalog.schedules.iter().filter(|(name, one)| has(&[name.as_str(), &one.title]));
    let schedules: Vec<Named> = schedules
        .map(|(name, one)| {
            let now = look
                .on_call(name)
                .and_then(|answer| answer.person)
                .map_or("nobody".into(), |name| look.full_name(&name));
            found(&one.title, format!("/schedules/{name}"), format!("{now} is on call"))
        })
        .collect();
    groups.push(group("Schedules", "schedule", schedules, "/schedules"));
    let policies = catalog.escalation_policies.iter().filter(|(name, one)| has(&[name.as_str(), &one.title]));
    let policies = policies.map(|(name, one)| found(&one.title, format!("/escalation-policies/{name}"), String::new()));
    groups.push(group("Escalation policies", "policy", policies.collect(), "/escalation-policies"));
    let reader = look.asked.reader();
    let people = catalog.people.iter();
    let people = people
        .filter(|(name, one)| has(&[name.as_str(), &one.full_name, if reader.sees(name) { &one.email } else { "" }]));
    let people = people.map(|(name, one)| found(&one.full_name, format!("/people/{name}"), one.access.to_string()));
    groups.push(group("People", "person", people.collect(), "/people"));
    let integrations = catalog.integrations.iter().filter(|(name, one)| has(&[name.as_str(), &one.title]));
    let integrations =
        integrations.map(|(name, one)| found(&one.title, format!("/integrations/{name}"), String::new()));
    groups.push(group("Integrations", "integration", integrations.collect(), "/integrations"));
    let documents = catalog.references().into_iter().filter(|one| has(&[one.kind.word(), one.name.as_str()]));
    let documents = documents.map(|one| found(&one.to_string(), format!("/documents/{one}"), String::new()));
    groups.push(group("Documents", "document", documents.collect(), "/documents"));
    groups.retain(|group| !group.found.is_empty());
    Ok(groups)
}

fn alerts(look: &mut Look<'_, '_>, text: &str) -> Result<FoundGroup, Halt> {
    let mut search = Search { tab: AlertTab::Open, ..Search::default() };
    let listed = match search.type_in(text) {
        Ok(()) => lists::list(look.tx, &look.app.node().board(), &search, None, EACH)?,
        Err(_) => lists::Listed::default(),
    };
    let found = listed.alerts.iter().map(|view| Named {
        link: Link::new(summary(view), format!("/alerts/{}", view.id)),
        note: format!("{}, since {}", state(view).word(), look.view.brief(view.starts_at)),
    });
    Ok(FoundGroup {
        title: "Alerts".into(),
        kind: "alert".into(),
        found: found.collect(),
        more: listed.next.map(|_| Link::new("All of them", format!("/alerts?tab=open&q={}", escape(text)))),
    })
}
