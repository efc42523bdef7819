//! The page by signed link: it works without a session, and only a press does anything.
//!
//! Mail scanners open links, so a GET changes nothing; the press is recorded under the name that stands in the link.

use actions::engage::pages;
use actions::learn::item_reminders;
use actions::respond::runbooks;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::detect::alerts::Severity as How;
use domain::engage::deliveries::LinkKind;
use domain::engage::escalations::{End, State as PageState};
use domain::engage::links::{self, BadLink, Claim};
use domain::engage::pages::About;
use domain::respond::sight::Sight;
use domain::words::{Actor, Name, Timestamp};
use jiff::tz::TimeZone;
use store::engage::pages::PageRow;
use store::{Halt, Tx};

use crate::app::App;
use crate::handlers::detect::alert::remembered;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{html_page, lead, theme_of};
use crate::pages::engage::pages::{Call, LinkState, PageByLink};
use crate::pages::{Severity, State as AlertState, Theme, Viewpoint};
use crate::problem::Problem;

/// `GET /p/TOKEN`.
pub async fn get_page(
    State(app): State<App>,
    Path(token): Path<String>,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (theme, now) = (theme_of(&headers), app.now());
    let escalated = Fields::of_query(uri.query()).some("escalated").is_some();
    let claim = match links::read(&app.node().identity.link_key, &token, now) {
        Ok(claim) => claim,
        Err(bad) => return Ok(bad_link(&app, theme, token, &bad)),
    };
    let again = app.clone();
    let shown = app.read(move |tx| shown(tx, &again, &claim, theme, &token, now, escalated)).await?;
    Ok(match shown {
        Some(page) => html_page(StatusCode::OK, page.render().unwrap_or_default()),
        None => Problem::new(StatusCode::NOT_FOUND, "this page is no longer kept").into_response(),
    })
}

/// `POST /p/TOKEN` with `act`; without it (a button in ntfy) the link's own act. Answers a browser with the page.
pub async fn post_page(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Result<Response, Problem> {
    let claim = match links::read(&app.node().identity.link_key, &token, app.now()) {
        Ok(claim) => claim,
        Err(bad) => return Ok(bad_link(&app, theme_of(&headers), token, &bad)),
    };
    let fields = Fields::of_query(std::str::from_utf8(&body).ok());
    let escalate = match fields.text("act") {
        "acknowledge" => false,
        "escalate" => true,
        _ => claim.action == LinkKind::Escalate,
    };
    let Claim { page, person, .. } = claim;
    let outcome = app
        .act(Actor::Person(person.clone()), move |store, node, moment| {
            let rules = store.read(|tx| Ok(node.rules(tx)?))?;
            if rules.catalog.people.get(&person).is_none_or(|found| found.inactive) {
                return Err(
                    domain::words::Refusal::forbidden("this link was sent to somebody who is no longer here").into()
                );
            }
            if escalate {
                pages::escalate(store, node, moment, page)
            } else {
                pages::acknowledge(store, node, moment, page, &person)
            }
        })
        .await;
    match outcome {
        Ok(_) => {}
        // It is over, or somebody else was quicker: the page says so.
        Err(Halt::Refused(refusal)) if refusal.kind == domain::words::RefusalKind::Conflict => {}
        Err(halt) => return Err(halt.into()),
    }
    let browser =
        headers.get("accept").and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    if !browser {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let to = if escalate { format!("/p/{token}?escalated=1") } else { format!("/p/{token}") };
    Ok(lead(&to, None, app.settings().secure_cookies))
}

/// `OPTIONS /p/TOKEN`: a browser asks whether another site may press.
pub async fn preflight() -> Response {
    let allowed = [("access-control-allow-methods", "POST"), ("access-control-max-age", "86400")];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

/// Any site may press and read what came of it: the link itself is the proof, and no cookie is looked at. The app of a
/// push service runs in a browser, on a site of its own.
pub async fn for_any_site(mut response: Response) -> Response {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn bad_link(app: &App, theme: Theme, token: String, bad: &BadLink) -> Response {
    let person = match bad {
        BadLink::Expired(claim) => app
            .node()
            .last_rules()
            .and_then(|rules| rules.catalog.people.get(&claim.person).map(|person| person.full_name.clone()))
            .unwrap_or_else(|| claim.person.to_string()),
        _ => "somebody".into(),
    };
    let status = match bad {
        BadLink::Malformed | BadLink::WrongSignature => StatusCode::NOT_FOUND,
        BadLink::Expired(_) => StatusCode::GONE,
    };
    let why = crate::handlers::frame::sentence(&bad.to_string());
    let page = PageByLink { theme, token, person, now: LinkState::Expired { why } };
    html_page(status, page.render().unwrap_or_default())
}

fn shown(
    tx: &mut Tx<'_>,
    app: &App,
    claim: &Claim,
    theme: Theme,
    token: &str,
    now: Timestamp,
    escalated: bool,
) -> Result<Option<PageByLink>, Halt> {
    let rules = app.node().rules(tx)?;
    let Some(page) = store::engage::pages::get(tx, claim.page)? else { return Ok(None) };
    let person = rules.catalog.people.get(&claim.person);
    let full_name =
        |name: &Name| rules.catalog.people.get(name).map_or(name.to_string(), |person| person.full_name.clone());
    let zone = person.and_then(|person| domain::engage::schedules::zone(&person.time_zone).ok());
    let view = Viewpoint { now, zone: zone.unwrap_or(TimeZone::UTC) };
    let call = call(tx, app, &rules, &page, claim, &view)?;
    let state = match &page.state {
        // The reader has just asked for the next step.
        PageState::Calling { step, since, .. } if escalated => {
            let policy = page.policy.as_ref().and_then(|name| rules.catalog.escalation_policies.get(name));
            let step = policy.and_then(|policy| policy.steps.get(usize::from(*step).saturating_sub(1)));
            let to = step.map_or_else(|| "the next step".into(), |step| titles(&rules, &step.notify));
            LinkState::Escalated { to, at: view.when(*since), call }
        }
        PageState::Calling { .. } => LinkState::Waiting(call),
        PageState::Acknowledged { by, at, .. } => {
            let title = if let About::Command(_) = page.about {
                if *by == claim.person {
                    "You have command.".to_owned()
                } else {
                    format!("{} has command.", full_name(by))
                }
            } else if *by == claim.person {
                "Acknowledged by you.".to_owned()
            } else {
                format!("{} has acknowledged it.", full_name(by))
            };
            LinkState::Acknowledged { title, at: view.when(*at), call }
        }
        PageState::Ended { at, why: End::Unanswered } => {
            LinkState::Resolved { at: view.when(*at), call: Call { next: Some("Nobody answered".into()), ..call } }
        }
        PageState::Ended { at, .. } => LinkState::Resolved { at: view.when(*at), call },
    };
    Ok(Some(PageByLink { theme, token: token.to_owned(), person: full_name(&claim.person), now: state }))
}

fn titles(rules: &domain::detect::rules::Rules, targets: &[domain::engage::escalations::Target]) -> String {
    use domain::engage::escalations::Target;
    let title = |target: &Target| match target {
        Target::Person(name) => {
            rules.catalog.people.get(name).map_or(name.to_string(), |found| found.full_name.clone())
        }
        Target::Schedule(name) => {
            rules.catalog.schedules.get(name).map_or(name.to_string(), |found| found.title.clone())
        }
        Target::Webhook(_) => "a webhook".into(),
    };
    targets.iter().map(title).collect::<Vec<_>>().join(" and ")
}

/// What the page is about: the worst of its alerts that are open, or the test.
fn call(
    tx: &mut Tx<'_>,
    app: &App,
    rules: &domain::detect::rules::Rules,
    page: &PageRow,
    claim: &Claim,
    view: &Viewpoint,
) -> Result<Call, Halt> {
    let (worst, others) = {
        let board = app.node().board();
        let open = page.about.group().and_then(|group| board.group(group));
        let worst = open.and_then(|open| {
            open.alerts.iter().copied().max_by_key(|slot| (board.severity(*slot), board.at(*slot).id))
        });
        let others = open.map_or(0, |open| open.alerts.len().saturating_sub(1));
        let view = worst.map(|slot| actions::detect::views::open(tx, &board, &[slot])).transpose()?;
        (view.and_then(|mut all| all.pop()), others)
    };
    let service = page.service.as_ref().and_then(|name| rules.catalog.services.get(name));
    let why = store::outbox::for_page(tx, page.id)?
        .into_iter()
        .rfind(|(one, _)| one.person.as_ref() == Some(&claim.person) && one.step > 0)
        .and_then(|(one, _)| serde_json::from_str::<serde_json::Value>(&one.payload).ok())
        .and_then(|payload| payload["because"].as_str().map(|because| format!("You are told because: {because}.")))
        .unwrap_or_default();
    let next = match &page.state {
        PageState::Calling { step, due_at: Some(due), .. } => {
            let policy = page.policy.as_ref().and_then(|name| rules.catalog.escalation_policies.get(name));
            policy
                .and_then(|policy| policy.steps.get(usize::from(*step)))
                .map(|step| format!("Goes to {} {}", titles(rules, &step.notify), view.relative(*due)))
        }
        _ => None,
    };
    let pointers = worst.as_ref().map(|alert| {
        let service = alert.service.as_ref();
        runbooks::of_alert(&rules.catalog, service, &alert.labels, |name| alert.annotations.get(name))
    });
    let runbook = pointers.iter().flatten().next().map(crate::handlers::respond::runbooks::link);
    let state = match &page.state {
        PageState::Calling { .. } => AlertState::Firing,
        PageState::Acknowledged { .. } => AlertState::Acknowledged,
        PageState::Ended { .. } => AlertState::Resolved,
    };
    let incident = match page.about.incident() {
        Some(id) => store::respond::incidents::get(tx, id, Sight::Of(&claim.person))?,
        None => None,
    };
    let severity = match &worst {
        _ if incident.is_some() => {
            Severity::of(incident.as_ref().and_then(|row| row.state.severity.as_deref()).unwrap_or(""))
        }
        Some(alert) => Severity::of(alert.labels.get("severity").unwrap_or("")),
        None if page.about == About::Test => Severity::of(How::Info.word()),
        None => Severity::of(""),
    };
    let memory = match page.about.group() {
        Some(group) => actions::learn::memories::of_group(tx, &app.node().board(), group)?,
        None => None,
    };
    Ok(Call {
        about: page.about,
        severity,
        state,
        summary: worst.as_ref().map_or_else(|| page.title.clone(), |alert| alert.summary().to_owned()),
        service: service.map(|service| service.title.clone()),
        since: view.when(worst.as_ref().map_or(page.started_at, |alert| alert.starts_at)),
        why,
        detail: worst.as_ref().and_then(|alert| alert.annotations.get("description").map(str::to_owned)),
        others: (others > 0).then(|| match others {
            1 => "1 more alert in this group".to_owned(),
            more => format!("{more} more alerts in this group"),
        }),
        next,
        memory: memory.map_or_else(Vec::new, |memory| remembered(&memory, view.now)),
        runbook,
        href: worst.map_or_else(
            || match page.about {
                About::Test => "/me".to_owned(),
                About::Kill(kill) => format!("/kills/{kill}"),
                About::Group(_) => "/alerts".to_owned(),
                About::Reminder(incident) if item_reminders::is_of_items(page.owed.as_deref()) => {
                    format!("/action-items?tab=all&incident={incident}")
                }
                About::Command(incident) | About::Reminder(incident) => format!("/incidents/{incident}"),
            },
            |alert| format!("/alerts/{}", alert.id),
        ),
    })
}
