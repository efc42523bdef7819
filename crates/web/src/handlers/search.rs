//! Search: a few of everything whose name has the words. The command palette reads the same page.

use actions::detect::lists::{self, Search, Tab};
use axum::response::Response;
use store::Halt;
use store::respond::incidents::Filter;

use crate::handlers::detect::alerts::{state, summary};
use crate::handlers::fields::escape;
use crate::handlers::frame::{Asked, Look};
use crate::pages::bare::{Found, FoundGroup, SearchPage};
use crate::pages::{Link, Section};
use crate::problem::Problem;

const EACH: usize = 8;

/// `GET /search?q=`.
pub async fn get_search(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Nowhere, |look, shell| {
            let text = look.asked.query.text("q").to_owned();
            let groups = if text.is_empty() { Vec::new() } else { find(look, &text)? };
            Ok(SearchPage { shell, text, groups })
        })
        .await
}

fn find(look: &mut Look<'_, '_>, text: &str) -> Result<Vec<FoundGroup>, Halt> {
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let has = |parts: &[&str]| {
        let whole = parts.join(" ").to_lowercase();
        words.iter().all(|word| whole.contains(word.as_str()))
    };
    let mut groups = vec![incidents(look, text)?, alerts(look, text)?];
    let catalog = look.rules.catalog.clone();
    let group = |title: &str, kind: &str, found: Vec<Found>, href: &str| {
        let more = (found.len() > EACH).then(|| Link::new(format!("All {title}"), href));
        FoundGroup { title: title.into(), kind: kind.into(), found: found.into_iter().take(EACH).collect(), more }
    };
    let found = |title: &str, href: String, note: String| Found { link: Link::new(title, href), note };
    let services = catalog.services.iter().filter(|(name, one)| has(&[name.as_str(), &one.title]));
    let services =
        services.map(|(name, one)| found(&one.title, format!("/services/{name}"), format!("tier {}", one.tier)));
    groups.push(group("Services", "service", services.collect(), "/services"));
    let schedules = catalog.schedules.iter().filter(|(name, one)| has(&[name.as_str(), &one.title]));
    let schedules: Vec<Found> = schedules
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

/// Of those that the viewer may see.
fn incidents(look: &mut Look<'_, '_>, text: &str) -> Result<FoundGroup, Halt> {
    let filter = Filter { words: Some(text.to_owned()), ..Filter::default() };
    let found =
        store::respond::incidents::list(look.tx, &filter, look.asked.sight(), None, u32::try_from(EACH).unwrap_or(8))?;
    let found = found.iter().map(|row| Found {
        link: Link::new(row.name(), format!("/incidents/{}", row.id)),
        note: format!("{}, since {}", row.state.phase, look.view.brief(row.reported_at)),
    });
    Ok(FoundGroup { title: "Incidents".into(), kind: "incident".into(), found: found.collect(), more: None })
}

fn alerts(look: &mut Look<'_, '_>, text: &str) -> Result<FoundGroup, Halt> {
    let mut search = Search { tab: Tab::Open, ..Search::default() };
    let listed = match search.type_in(text) {
        Ok(()) => lists::list(look.tx, &look.app.node().board(), &search, None, EACH)?,
        Err(_) => lists::Listed::default(),
    };
    let found = listed.alerts.iter().map(|view| Found {
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
