//! Services: what may break, who owns it, and what fires there now.

use actions::detect::views;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::prepare::services::Service;
use domain::words::labels::Compare;
use domain::words::{Matcher, Name, Refusal, RefusalKind};
use store::Halt;

use crate::api::change::reflexes::{read_service, set_ramp};
use crate::handlers::change::reflexes;
use crate::handlers::detect::alert::fellow;
use crate::handlers::engage::pages::reached;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::prepare::services::{Neighbour, ServicePage, ServiceRow, ServicesPage};
use crate::pages::{Link, PersonTag, Section, Severity};
use crate::problem::Problem;

const ALERTS: usize = 50;

/// `GET /services`.
pub async fn get_services(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Services, |look, shell| {
            let catalog = look.rules.catalog.clone();
            let mut rows: Vec<ServiceRow> = Vec::with_capacity(catalog.services.len());
            for (name, service) in &catalog.services {
                let team = catalog.teams.get(&service.team).map(|team| team.title.clone());
                let none = service.escalation_policy.is_none();
                rows.push(ServiceRow {
                    href: format!("/services/{name}"),
                    title: service.title.clone(),
                    tier: service.tier,
                    team,
                    first: first(look, service),
                    problem: none.then(|| "No escalation policy: alerts page nobody".to_owned()),
                    open: worst(look, name).map(|(severity, count)| {
                        (severity, if count == 1 { "1 open alert".into() } else { format!("{count} open alerts") })
                    }),
                });
            }
            rows.sort_by(|a, b| (a.tier, &a.title).cmp(&(b.tier, &b.title)));
            Ok(ServicesPage { shell, rows })
        })
        .await
}

/// Whom its policy would tell first, now.
fn first(look: &Look<'_, '_>, service: &Service) -> Vec<PersonTag> {
    let policy = service.escalation_policy.as_ref().and_then(|name| look.rules.catalog.escalation_policies.get(name));
    let step = policy.and_then(|policy| policy.steps.first());
    let people = step.into_iter().flat_map(|step| &step.notify).flat_map(|target| reached(look, target));
    people.map(|name| look.tag(&name)).collect()
}

/// Its open alerts, by the label `service`.
fn slots(look: &Look<'_, '_>, name: &Name) -> Vec<domain::detect::board::Slot> {
    let board = look.app.node().board();
    let matcher = Matcher::new("service", Compare::Equal, name.as_str());
    let mut slots = matcher.map_or_else(|_| Vec::new(), |matcher| board.matching(&[matcher]));
    slots.sort_by_key(|slot| std::cmp::Reverse((board.severity(*slot), board.at(*slot).id)));
    slots
}

/// The worst that fires there, and how many alerts are open.
fn worst(look: &Look<'_, '_>, name: &Name) -> Option<(Severity, usize)> {
    let slots = slots(look, name);
    let board = look.app.node().board();
    let first = slots.first()?;
    Some((Severity::of(board.label(*first, "severity").unwrap_or("")), slots.len()))
}

/// `GET /services/NAME`.
pub async fn get_service(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    page(asked, name, None).await
}

/// `POST /services/NAME` with `ramp` and `why`: how far it lets rules take back changes of it.
pub async fn post_service(asked: Asked, Path(name): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let service = read_service(&name)?;
    let (ramp, why) = (fields.text("ramp").to_owned(), fields.raw("why").to_owned());
    let outcome = match ramp.parse() {
        Ok(to) => set_ramp(&asked.app, &asked.visitor, service, to, why.clone()).await,
        Err(refusal) => Err(Halt::Refused(refusal)),
    };
    match outcome {
        Ok(standing) => {
            let toast = format!("Automatic rollback: {}", standing.ramp);
            Ok(asked.lead(&format!("/services/{name}"), Some(done(toast))))
        }
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            page(asked, name, Some((ramp, why, sentence(&refusal.message)))).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// With a move of its ramp that was refused: where to, what was typed, why not.
async fn page(asked: Asked, name: String, refused: Option<(String, String, String)>) -> Result<Response, Problem> {
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Services, status, move |look, shell| {
            let catalog = look.rules.catalog.clone();
            let gone = || Refusal::not_found(format!("service {}", domain::words::text::shorten(&name, 63)));
            let (name, service) = catalog.services.get_key_value(name.as_str()).ok_or_else(gone)?;
            let rehearsed = actions::learn::score_sheets::last_rehearsed(look.tx, name, look.now())?;
            let policy =
                service.escalation_policy.as_ref().and_then(|name| catalog.escalation_policies.get_key_value(name));
            let neighbour = |look: &Look<'_, '_>, name: &Name| {
                let (name, found) = catalog.services.get_key_value(name)?;
                let link = Link::new(&found.title, format!("/services/{name}"));
                Some(Neighbour { link, tier: found.tier, worst: worst(look, name).map(|(severity, _)| severity) })
            };
            let needed: Vec<&Name> = catalog
                .services
                .iter()
                .filter(|(_, one)| one.depends_on.contains(name))
                .map(|(name, _)| name)
                .collect();
            let found = slots(look, name);
            let shown: Vec<_> = found.into_iter().take(ALERTS).collect();
            let alerts = {
                let board = look.app.node().board();
                views::open(look.tx, &board, &shown)?
            };
            let mut problems = Vec::new();
            match policy {
                None => problems.push(
                    "It has no escalation policy: its alerts page nobody, unless their route names one.".to_owned(),
                ),
                Some((_, policy)) if first(look, service).is_empty() => {
                    problems.push(format!("The first step of {} reaches nobody right now.", policy.title));
                }
                Some(_) => {}
            }
            let team = catalog.teams.get_key_value(&service.team);
            Ok(ServicePage {
                name: name.to_string(),
                title: service.title.clone(),
                description: service.description.clone(),
                tier: service.tier,
                tier_means: match service.tier {
                    1 => "The business stops",
                    2 => "Customers notice at once",
                    3 => "Customers notice in time",
                    _ => "Nobody notices today",
                }
                .into(),
                team: team.map(|(name, team)| Link::new(&team.title, format!("/documents/team/{name}"))),
                policy: policy.map(|(name, policy)| Link::new(&policy.title, format!("/escalation-policies/{name}"))),
                first: first(look, service),
                rehearsed: rehearsed
                    .as_ref()
                    .map(|(id, at)| (Link::new("the last drill", format!("/incidents/{id}")), look.when(*at))),
                runbook: service.runbook.as_ref().map(|url| Link::new("Runbook", url)),
                links: service.links.iter().map(|one| Link::new(&one.title, &one.url)).collect(),
                depends_on: service.depends_on.iter().filter_map(|one| neighbour(look, one)).collect(),
                needed_by: needed.into_iter().filter_map(|one| neighbour(look, one)).collect(),
                alerts: alerts.iter().map(fellow).collect(),
                alerts_href: format!("/alerts?tab=all&service={}", escape(name.as_str())),
                problems,
                document_href: format!("/documents/service/{name}"),
                ramp: reflexes::panel(look, name, refused.clone())?,
                shell,
            })
        })
        .await
}
