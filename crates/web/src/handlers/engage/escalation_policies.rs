//! Escalation policies: whom they would tell right now, step by step.

use actions::learn::counterfactuals;
use axum::extract::Path;
use axum::response::Response;
use domain::engage::contacts::reachable;
use domain::engage::escalations::{EscalationPolicy, Target};
use domain::learn::counterfactuals::Candidate;
use domain::prepare::documents::{Kind, Reference};
use domain::words::{Name, Refusal, Span, Urgency};
use store::Halt;

use super::pages::{reached, span, title};
use crate::api::learn::counterfactuals::silence;
use crate::handlers::frame::{Asked, Look, sentence};
use crate::handlers::prepare::documents::users;
use crate::pages::engage::escalation_policies::{
    PoliciesPage, PolicyPage, PolicyPast, PolicyRow, PolicyStep, PolicyTarget,
};
use crate::pages::{Link, Section};
use crate::problem::Problem;

/// `GET /escalation-policies`.
pub async fn get_policies(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Policies, |look, shell| {
            let catalog = look.rules.catalog.clone();
            let row = |(name, policy): (&Name, &EscalationPolicy)| {
                let first: Vec<Name> = policy
                    .steps
                    .first()
                    .into_iter()
                    .flat_map(|step| &step.notify)
                    .flat_map(|one| reached(look, one))
                    .collect();
                let hook = policy
                    .steps
                    .first()
                    .is_some_and(|step| step.notify.iter().any(|one| matches!(one, Target::Webhook(_))));
                let users = users(&catalog, &Reference::new(Kind::EscalationPolicy, name.clone()));
                let count = |kind: Kind| users.iter().filter(|one| one.kind == kind).count();
                PolicyRow {
                    href: format!("/escalation-policies/{name}"),
                    title: policy.title.clone(),
                    team: policy.team.as_ref().and_then(|team| catalog.teams.get(team)).map(|team| team.title.clone()),
                    steps: steps(policy),
                    first: first.iter().map(|name| look.tag(name)).collect(),
                    used: used(count(Kind::Service), count(Kind::Route)),
                    problem: (first.is_empty() && !hook).then(|| "The first step reaches nobody now".to_owned()),
                }
            };
            Ok(PoliciesPage { rows: catalog.escalation_policies.iter().map(row).collect(), shell })
        })
        .await
}

fn steps(policy: &EscalationPolicy) -> String {
    let steps = policy.steps.len();
    let word = if steps == 1 { "step" } else { "steps" };
    let rounds = match policy.rounds() {
        1 => String::new(),
        2 => ", twice".into(),
        rounds => format!(", {rounds} times"),
    };
    format!("{steps} {word} in {}{rounds}", span(round(policy)))
}

fn round(policy: &EscalationPolicy) -> Span {
    Span::millis(policy.steps.iter().map(|step| step.wait.as_millis()).sum())
}

fn used(services: usize, routes: usize) -> String {
    let many =
        |count: usize, word: &str| (count > 0).then(|| format!("{count} {word}{}", if count == 1 { "" } else { "s" }));
    let parts: Vec<String> = [many(services, "service"), many(routes, "route")].into_iter().flatten().collect();
    if parts.is_empty() { "not used".into() } else { parts.join(", ") }
}

/// `GET /escalation-policies/NAME`.
pub async fn get_policy(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    asked
        .page(Section::Policies, move |look, shell| {
            let catalog = look.rules.catalog.clone();
            let gone = || Refusal::not_found(format!("escalation policy {}", domain::words::text::shorten(&name, 63)));
            let (name, policy) = catalog.escalation_policies.get_key_value(name.as_str()).ok_or_else(gone)?;
            let (mut views, mut problems, mut begins) = (Vec::new(), Vec::new(), Span::ZERO);
            for (at, step) in policy.steps.iter().enumerate() {
                let targets: Vec<PolicyTarget> =
                    step.notify.iter().map(|one| target(look, one, &mut problems)).collect();
                let reaches =
                    step.notify.iter().any(|one| matches!(one, Target::Webhook(_)) || !reached(look, one).is_empty());
                if !reaches {
                    problems.push(format!("Step {} reaches nobody right now: it would be skipped at once.", at + 1));
                }
                views.push(PolicyStep {
                    number: (at + 1).to_string(),
                    after: if begins.is_zero() { "At once".into() } else { format!("After {}", span(begins)) },
                    waits: format!("Waits {} for an answer", span(step.wait)),
                    targets,
                });
                begins = Span::millis(begins.as_millis() + step.wait.as_millis());
            }
            let repeats = match policy.rounds() {
                1 => format!("Nobody answered after {}: the page ends unanswered.", span(begins)),
                rounds => format!(
                    "Nobody answered after {}: the steps are gone through again, {} in all.",
                    span(begins),
                    if rounds == 2 { "twice".to_owned() } else { format!("{rounds} times") }
                ),
            };
            let reference = Reference::new(Kind::EscalationPolicy, name.clone());
            let link = |one: &Reference| {
                let (title, href) = match catalog.services.get(&one.name).filter(|_| one.kind == Kind::Service) {
                    Some(service) => (service.title.clone(), format!("/services/{}", one.name)),
                    None => (one.to_string(), format!("/documents/{one}")),
                };
                Link::new(title, href)
            };
            let team = policy.team.as_ref().and_then(|team| catalog.teams.get_key_value(team));
            problems.dedup();
            let past = past(look, name, policy.steps.len().saturating_sub(1))?;
            Ok(PolicyPage {
                past,
                title: policy.title.clone(),
                team: team.map(|(name, team)| Link::new(&team.title, format!("/documents/team/{name}"))),
                repeats,
                ack_timeout: policy.ack_timeout.map(|after| {
                    format!("An acknowledged page calls again after {} while its alerts fire.", span(after))
                }),
                steps: views,
                problems,
                used_by: users(&catalog, &reference).iter().map(link).collect(),
                document_href: format!("/documents/{reference}"),
                shell,
            })
        })
        .await
}

/// What past pages say to other waits: to the one that is asked for, or to those that would have won something.
fn past(look: &mut Look<'_, '_>, name: &Name, steps: usize) -> Result<PolicyPast, Halt> {
    let query = &look.asked.query;
    let (step, wait) = (query.text("step").to_owned(), query.text("wait").to_owned());
    let asked = match (step.parse().ok(), wait.is_empty()) {
        (_, true) => Ok(None),
        (None, false) => Err(Refusal::invalid("which step waits so long?")),
        (Some(step), false) => wait.parse().map(|wait| Some(Candidate { step, wait })),
    };
    let sight = look.asked.sight();
    let (mut found, mut error) = (None, None);
    match asked {
        Ok(asked) => match counterfactuals::of_policy(look.tx, look.app.node(), name, asked, sight) {
            Ok(one) => found = Some(one),
            Err(Halt::Refused(refusal)) => error = Some(sentence(&refusal.message)),
            Err(failed) => return Err(failed),
        },
        Err(refusal) => error = Some(sentence(&refusal.message)),
    }
    let found = match found {
        Some(found) => found,
        None => counterfactuals::of_policy(look.tx, look.app.node(), name, None, sight)?,
    };
    Ok(PolicyPast {
        n: found.n,
        left_out: found.left_out,
        told: found.told.iter().map(|one| sentence(&one.to_string())).collect(),
        silence: silence(&found),
        step,
        wait,
        error,
        steps,
    })
}

fn target(look: &Look<'_, '_>, target: &Target, problems: &mut Vec<String>) -> PolicyTarget {
    let people = reached(look, target);
    let works = look.app.works();
    for name in &people {
        if let Some(person) = look.rules.catalog.people.get(name)
            && let Err(why) = domain::engage::contacts::reachable_by(person, Urgency::High, &works)
        {
            problems.push(sentence(&format!("{} {why}", person.full_name)));
        }
    }
    let (icon, href, note) = match target {
        Target::Person(name) => {
            let found = look.rules.catalog.people.get(name);
            let note = match found.map(|person| reachable(person, Urgency::High)) {
                Some(Err(why)) => why,
                Some(Ok(())) => "whatever the hour".into(),
                None => "is nobody that we know".into(),
            };
            ("me", Some(format!("/people/{name}")), note)
        }
        Target::Schedule(name) => {
            let note = look.on_call(name).map_or_else(
                || "there is no such schedule".into(),
                |answer| match (&answer.person, answer.until) {
                    (Some(_), Some(until)) => format!("until {}", look.view.brief(until)),
                    (Some(_), None) => "with no end".into(),
                    (None, _) => answer.sentence(),
                },
            );
            ("schedules", Some(format!("/schedules/{name}")), note)
        }
        Target::Webhook(_) => ("webhook", None, "a signed webhook".into()),
    };
    PolicyTarget {
        icon,
        title: title(look, target),
        href,
        people: people.iter().map(|name| look.tag(name)).collect(),
        note,
        secret: match target {
            Target::Webhook(url) if look.asked.reader().sees_all() => Some(look.app.webhook_secret(url)),
            _ => None,
        },
    }
}
