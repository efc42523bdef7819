//! One alert: where it stands, why it paged whom, its page as it runs, and what happened.

use actions::detect::views::{self, AlertView};
use actions::respond::runbooks;
use axum::extract::Path;
use axum::response::Response;
use domain::detect::alerts::{Muted, Taken};
use domain::detect::rules::trace;
use domain::engage::escalations::State as PageState;
use domain::prepare::people::Access;
use domain::words::{AlertId, EventKind, Name, Refusal};
use store::Halt;
use store::journal::Entry;

use super::alerts::{service, severity, state, summary, why};
use crate::handlers::engage::pages::{page_view, reached, titles};
use crate::handlers::fields::escape;
use crate::handlers::frame::{Asked, Look, sentence};
use crate::pages::detect::alert::{AlertPage, Fellow, Happened, Label, May, RouteTried, Why};
use crate::pages::{Link, PersonTag, Section, Tone};
use crate::problem::Problem;

/// How much of what happened is shown.
const EVENTS: u32 = 100;
const FELLOWS: usize = 20;

/// `GET /alerts/ID`.
pub async fn get_alert(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let wanted: Result<AlertId, Refusal> = id.parse();
    asked
        .page(Section::Alerts, move |look, shell| {
            let gone = || Refusal::not_found(format!("alert {}", domain::words::text::shorten(&id, 40)));
            let id = wanted.clone().map_err(|_| gone())?;
            let node = look.app.node();
            let view = views::one(look.tx, &node.board(), id)?.ok_or_else(gone)?;
            let (state_note, state_at) = standing(look, &view);
            let page = match view.page {
                Some(page) => page_view(look, page)?,
                None => None,
            };
            let link = |url: &str| url.starts_with("https://") || url.starts_with("http://");
            let found = view.service.as_ref().and_then(|name| look.rules.catalog.services.get(name)).cloned();
            let annotation = |name: &str| view.annotations.get(name).filter(|url| link(url));
            let pointers = runbooks::of_alert(&look.rules.catalog, view.service.as_ref(), &view.labels, |name| {
                view.annotations.get(name)
            });
            let mut links: Vec<Link> =
                view.link.iter().filter(|url| link(url)).map(|url| Link::new("At the source", url)).collect();
            for name in ["dashboard_url", "dashboard", "graph"] {
                links.extend(annotation(name).map(|url| Link::new(name.trim_end_matches("_url"), url)));
            }
            links.extend(found.iter().flat_map(|service| &service.links).map(|one| Link::new(&one.title, &one.url)));
            let integration = look.rules.catalog.integrations.get(&view.integration);
            Ok(AlertPage {
                id: view.id.to_string(),
                summary: summary(&view),
                severity: severity(&view),
                state: state(&view),
                state_note,
                state_at: look.when(state_at),
                service: service(look, &view),
                integration: Link::new(
                    integration.map_or(view.integration.as_str(), |one| &one.title),
                    format!("/integrations/{}", view.integration),
                ),
                since: look.when(view.starts_at),
                heard: look.when(view.heard_at),
                count: u64::from(view.count),
                description: view
                    .annotations
                    .get("description")
                    .filter(|text| *text != view.summary())
                    .map(str::to_owned),
                runbooks: pointers.iter().map(crate::handlers::respond::runbooks::link).collect(),
                links,
                labels: view.labels.iter().map(|(name, value)| label(name, value)).collect(),
                annotations: view
                    .annotations
                    .iter()
                    .filter(|(name, _)| !["summary", "description"].contains(name))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                may: may(look, &view)?,
                why: reasons(look, &view)?,
                page,
                history: history(look, &view)?,
                group: fellows(look, &view)?,
                memory: memory(look, &view)?,
                incidents: incidents(look, &view)?,
                shell,
            })
        })
        .await
}

fn label(name: &str, value: &str) -> Label {
    let matcher = domain::words::Matcher::new(name, domain::words::labels::Compare::Equal, value);
    let typed = matcher.map_or_else(|_| name.to_owned(), |matcher| matcher.to_string());
    Label { name: name.to_owned(), value: value.to_owned(), href: format!("/alerts?tab=all&q={}", escape(&typed)) }
}

/// Who took it, until when it sleeps, how it ended; and since when.
fn standing(look: &Look<'_, '_>, view: &AlertView) -> (String, domain::words::Timestamp) {
    if let Some(at) = view.resolved_at {
        let how = match (view.closing.as_deref(), &view.closed_by) {
            (_, Some(by)) => format!("by {}", look.tag_of(by).name),
            (Some("lapsed"), _) => "its source no longer speaks of it".into(),
            (Some("returned"), _) => "it called in again".into(),
            _ => "by its source".into(),
        };
        return (how, at);
    }
    match (&view.muted, &view.taken) {
        (Some(Muted::Silenced(_) | Muted::Inhibited(_)), _) => (why(look, view), view.fired_at),
        (None, Some(Taken::Acknowledged { by, at })) => (format!("by {}", look.full_name(by)), *at),
        (None, Some(Taken::Snoozed { by, at, until })) => {
            (format!("by {} until {}", look.full_name(by), look.view.brief(*until)), *at)
        }
        (None, None) if view.verdict == "nobody" => ("pages nobody; heard first".into(), view.fired_at),
        (None, None) => ("nobody has answered since it paged".into(), view.fired_at),
    }
}

fn may(look: &mut Look<'_, '_>, view: &AlertView) -> Result<May, Halt> {
    if look.asked.access < Access::Responder {
        return Ok(May::default());
    }
    if view.resolved_at.is_some() {
        return Ok(May { silence: true, ..May::default() });
    }
    let page = match view.page {
        Some(page) => store::engage::pages::get(look.tx, page)?,
        None => None,
    };
    Ok(May {
        acknowledge: view.taken.is_none(),
        unacknowledge: view.taken.is_some(),
        escalate: page.is_some_and(|page| !matches!(page.state, PageState::Ended { .. })),
        snooze: true,
        resolve: true,
        silence: true,
    })
}

/// Why it paged, whom, or why not: by the rules of now, and by what was decided when it fired.
fn reasons(look: &mut Look<'_, '_>, view: &AlertView) -> Result<Why, Halt> {
    let rules = look.rules.clone();
    let tried = trace(&rules, &|name: &str| view.labels.get(name));
    let routes = tried.into_iter().map(|tried| {
        let because = match &tried.missed {
            Some(missed) => missed.clone(),
            None => match rules.catalog.routes.get(&tried.route).map(|route| &route.matchers) {
                Some(matchers) if !matchers.is_empty() => {
                    let all: Vec<String> = matchers.iter().map(ToString::to_string).collect();
                    format!("{} matches", all.join(", "))
                }
                _ => "it takes every alert that comes so far".into(),
            },
        };
        RouteTried {
            href: format!("/documents/route/{}", tried.route),
            name: tried.route.to_string(),
            taken: tried.missed.is_none(),
            because,
        }
    });
    let routes: Vec<RouteTried> = routes.collect();
    let route = view.route.as_ref().map_or_else(|| "No route".to_owned(), |route| format!("Route {route}"));
    let said = match view.verdict.as_str() {
        "paged" => format!("{route} took it, and it paged. {}", told(look, view)?),
        "joined" => {
            format!("{route} took it. Its group was paged already, so it joined that page. {}", told(look, view)?)
        }
        _ => format!("{route} took it. {}.", why(look, view)),
    };
    let mut facts = Vec::new();
    let urgency = match view.urgency {
        Some(domain::words::Urgency::High) => "High: it may wake people.",
        Some(domain::words::Urgency::Low) => "Low: it waits for waking hours.",
        None => "None: it is recorded, and pages nobody.",
    };
    facts.push((
        "Urgency".to_owned(),
        format!("{urgency} The label severity says {:?}.", view.labels.get("severity").unwrap_or("")),
    ));
    if let Some((group, _)) = store::detect::groups::get(look.tx, view.group)? {
        let labels: Vec<String> = group.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let open = look.app.node().board().group(view.group).map_or(0, |open| open.alerts.len());
        let many = match open {
            0 => "over".to_owned(),
            1 => "1 alert".to_owned(),
            many => format!("{many} alerts"),
        };
        facts.push((
            "Group".into(),
            format!("{}: {many}, paged once.", if labels.is_empty() { "everything".into() } else { labels.join(", ") }),
        ));
        match group.policy.as_ref().and_then(|name| rules.catalog.escalation_policies.get(name)) {
            Some(policy) => {
                let first = policy.steps.first();
                let people: Vec<String> = first
                    .into_iter()
                    .flat_map(|step| &step.notify)
                    .flat_map(|target| reached(look, target))
                    .map(|name| look.full_name(&name))
                    .collect();
                let named = first.map_or_else(String::new, |step| titles(look, &step.notify));
                let now = if people.is_empty() { "nobody right now".into() } else { people.join(", ") };
                facts.push(("Whom".into(), format!("Policy {}, first {named}: {now}.", policy.title)));
            }
            None => facts
                .push(("Whom".into(), "Nobody: neither its route nor its service names an escalation policy.".into())),
        }
    }
    if view.config > 0 && view.config != rules.catalog.revision {
        facts.push((
            "Decided".into(),
            format!("by the documents of changeset {}; the routes above are those of now.", view.config),
        ));
    }
    Ok(Why { said, routes, facts })
}

/// Whom its page told so far.
fn told(look: &mut Look<'_, '_>, view: &AlertView) -> Result<String, Halt> {
    let Some(page) = view.page else { return Ok(String::new()) };
    let mut people: Vec<Name> = Vec::new();
    for (one, _) in store::outbox::for_page(look.tx, page)? {
        if let Some(person) = one.person.filter(|_| one.step > 0)
            && !people.contains(&person)
        {
            people.push(person);
        }
    }
    if people.is_empty() {
        return Ok("It reached nobody.".into());
    }
    let names: Vec<String> = people.iter().map(|name| look.full_name(name)).collect();
    Ok(format!("It told {}.", names.join(", then ")))
}

fn fellows(look: &mut Look<'_, '_>, view: &AlertView) -> Result<Vec<Fellow>, Halt> {
    let board = look.app.node().board();
    let Some(open) = board.group(view.group) else { return Ok(Vec::new()) };
    let others = open.alerts.iter().copied().filter(|slot| board.at(*slot).id != view.id).take(FELLOWS);
    let others: Vec<_> = others.collect();
    let views = views::open(look.tx, &board, &others)?;
    Ok(views.iter().map(fellow).collect())
}

fn incidents(look: &mut Look<'_, '_>, view: &AlertView) -> Result<Vec<Link>, Halt> {
    let group = view.group.to_string();
    let found = store::respond::incidents::of_subject(look.tx, &group, look.asked.sight())?;
    Ok(found.into_iter().map(|row| Link::new(row.name(), format!("/incidents/{}", row.id))).collect())
}

/// What the same alerts led to before.
fn memory(look: &mut Look<'_, '_>, view: &AlertView) -> Result<Vec<Link>, Halt> {
    let board = look.app.node().board();
    let found = actions::learn::memories::of_group(look.tx, &board, view.group)?;
    drop(board);
    Ok(found.map_or_else(Vec::new, |memory| remembered(&memory, look.view.now)))
}

/// The parts of a memory, each with its record.
pub fn remembered(memory: &domain::learn::memories::Memory, now: domain::words::Timestamp) -> Vec<Link> {
    memory.parts(now).into_iter().map(|part| Link::new(part.says, part.path)).collect()
}

/// An alert in a short list.
pub fn fellow(view: &AlertView) -> Fellow {
    Fellow {
        link: Link::new(summary(view), format!("/alerts/{}", view.id)),
        severity: severity(view),
        state: state(view),
    }
}

/// What happened to it and to its page, the newest first.
fn history(look: &mut Look<'_, '_>, view: &AlertView) -> Result<Vec<Happened>, Halt> {
    let mut entries = store::journal::of_alert(look.tx, view.id, view.group, look.asked.sight(), None, EVENTS)?;
    if let Some(page) = view.page {
        entries.extend(store::journal::of_subject(look.tx, &page.to_string(), look.asked.sight(), None, EVENTS)?);
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    entries.dedup_by_key(|entry| entry.id);
    Ok(entries.iter().map(|entry| happened(look, entry)).collect())
}

/// An entry of the journal in words.
pub fn happened(look: &Look<'_, '_>, entry: &Entry) -> Happened {
    let data = &entry.data;
    let text = |name: &str| data[name].as_str().unwrap_or("").to_owned();
    let told = || -> String {
        let people = data["told"].as_array().into_iter().flatten().map(|one| {
            let to = one["to"].as_str().unwrap_or("");
            match to.strip_prefix("person/") {
                Some(name) => look.tag_of(name).name,
                None => to.to_owned(),
            }
        });
        people.collect::<Vec<_>>().join(", ")
    };
    let step = data["step"].as_u64().unwrap_or(1);
    let called = |verb: &str| {
        let told = told();
        if told.is_empty() {
            format!("{verb}: step {step} reached nobody")
        } else {
            format!("{verb} {told}: step {step}")
        }
    };
    let (tone, said) = match entry.kind() {
        Some(EventKind::AlertsFired) => (Tone::Critical, "Fires".to_owned()),
        Some(EventKind::AlertsResolved) => (Tone::Good, "Resolved".to_owned()),
        Some(EventKind::AlertsAcknowledged) => (Tone::Quiet, "Acknowledged".to_owned()),
        Some(EventKind::AlertsUnacknowledged) => (Tone::Warning, "Handed back".to_owned()),
        Some(EventKind::AlertsSnoozed) => {
            let until = text("until")
                .parse()
                .map_or_else(|_| String::new(), |until| format!(" until {}", look.view.brief(until)));
            (Tone::Quiet, format!("Snoozed{until}"))
        }
        Some(EventKind::AlertsClosed) => (Tone::Quiet, "Closed: not heard of any more".to_owned()),
        Some(EventKind::AlertsMarkedNoise) => (Tone::Quiet, "Marked as noise".to_owned()),
        Some(EventKind::PageStarted) => (Tone::Info, called("Paged")),
        Some(EventKind::PageRestarted) => (Tone::Info, called("Paged again")),
        Some(EventKind::PageEscalated) => (Tone::Info, called("Escalated to")),
        Some(EventKind::PageAcknowledged) => (Tone::Good, "The page was acknowledged".to_owned()),
        Some(EventKind::PageEnded) => (Tone::Quiet, format!("The page ended: {}", text("ended"))),
        Some(EventKind::DeliverySent) => {
            (Tone::Quiet, format!("Sent by {} to {}", text("channel"), look.tag_of(&text("person")).name))
        }
        Some(EventKind::DeliveryFailed) => (
            Tone::Warning,
            format!("Could not be sent by {} to {}", text("channel"), look.tag_of(&text("person")).name),
        ),
        Some(EventKind::IncidentLinked) => (Tone::Info, "Became part of an incident".to_owned()),
        Some(EventKind::IncidentUnlinked) => (Tone::Quiet, "No longer part of an incident".to_owned()),
        _ => (Tone::Quiet, sentence(&entry.word.replace(['.', '-'], " "))),
    };
    // What a provider answers to a message that it took is a number of its own.
    let why = entry.why.clone().filter(|_| entry.kind() != Some(EventKind::DeliverySent));
    Happened { when: look.when(entry.at), tone, text: said, who: actor(look, &entry.actor), why }
}

/// The person behind an entry, if it was one.
pub fn actor(look: &Look<'_, '_>, actor: &str) -> Option<PersonTag> {
    let name = match actor.split_once(':') {
        Some(("person", name)) => name,
        Some(("token" | "chat", rest)) => rest.split_once(':').map_or(rest, |(_, name)| name),
        _ => return None,
    };
    Some(look.tag_of(name))
}
