//! What usually goes wrong and only the server can see: its channels, its policies, its clock. For `allclear doctor`.
//!
//! Sends nothing and changes nothing. Decides nothing about documents: it says what a plan of them would say.

use std::collections::{BTreeMap, BTreeSet};

use actions::inform::outgoing_webhooks::{Off, off};
use axum::Json;
use axum::extract::State;
use domain::detect::routes::UrgencyRule;
use domain::engage::contacts;
use domain::engage::escalations::Target;
use domain::engage::oncall;
use domain::inform::outgoing_webhooks::{WAITING_MOST, channel};
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::{Conditions, check_in_force};
use domain::prepare::people::Address;
use domain::prepare::problems::Problem as Flaw;
use domain::respond::sight::Sight;
use domain::words::{Name, Span, Timestamp, Urgency};
use serde::{Deserialize, Serialize};
use store::engage::overrides;
use store::{Halt, Tx};
use tokio::task::JoinSet;
use utoipa::ToSchema;

use crate::api::listing::Listing;
use crate::app::App;
use crate::problem::Problem;

/// So many places are asked at most, and so many at once.
const PLACES_MOST: usize = 64;
/// Clocks of nodes that are further apart make a muddle of leases and logs.
const SKEW_MOST: Span = Span::seconds(5);

/// An entry that is not sealed after so long tells that sealing stands still.
const UNSEALED_MOST: Span = Span::minutes(2);

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CheckVerdict)]
pub enum Verdict {
    Ok,
    Warn,
    /// It would keep a page from somebody.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Check)]
pub struct Check {
    /// `mail`, `push`, `webhooks`, `policies`, `routes`, `documents`, `nodes`, `journal`, `outgoing-webhooks`.
    pub what: String,
    pub verdict: Verdict,
    pub says: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

fn ok(what: &str, says: impl Into<String>) -> Check {
    Check { what: what.into(), verdict: Verdict::Ok, says: says.into(), remedy: None }
}

fn bad(what: &str, verdict: Verdict, says: impl Into<String>, remedy: impl Into<String>) -> Check {
    Check { what: what.into(), verdict, says: says.into(), remedy: Some(remedy.into()) }
}

/// Looks at what usually goes wrong: asks the mail server (up to the sign-in) and the servers of pushes and webhooks
/// whether they answer, and whom the policies would tell right now.
#[utoipa::path(get, path = "/api/v1/checks", tag = "checks", responses((status = 200, body = Listing<Check>)))]
pub async fn list(State(app): State<App>) -> Result<Json<Listing<Check>>, Problem> {
    let (again, now) = (app.clone(), app.now());
    let (places, mut checks) = app
        .read(move |tx| {
            let rules = again.node().rules(tx)?;
            let mut checks = vec![clock(tx, now)?, seals(tx, now)?];
            checks.extend(policies(tx, &rules.catalog, &again.works(), now)?);
            checks.extend(routes(&rules.catalog));
            checks.extend(outgoing_webhooks(tx, &rules.catalog)?);
            checks.extend(documents(&rules.catalog, &again.works(), &again.may_post(), now));
            Ok((places(&rules.catalog), checks))
        })
        .await?;
    checks.extend(channels(&app, places).await);
    Ok(Json(Listing::whole(checks)))
}

/// Outgoing webhooks that are told nothing, or not enough, though their documents say that they are.
fn outgoing_webhooks(tx: &mut Tx<'_>, catalog: &Catalog) -> Result<Vec<Check>, Halt> {
    let what = "outgoing-webhooks";
    let mut checks = Vec::new();
    for (name, spec) in &catalog.outgoing_webhooks {
        let standing = store::inform::outgoing_webhooks::get(tx, name)?;
        let waiting = store::outbox::waiting(tx, &channel(name))?;
        checks.push(match off(spec, standing.as_ref()) {
            Some(Off::Gone(at)) => bad(
                what,
                Verdict::Warn,
                format!(
                    "the receiver of outgoing webhook {name} answered 410 Gone at {at}: it is told nothing any more"
                ),
                format!("once it wants to be told again: allclear outgoing-webhook enable {name}"),
            ),
            None if waiting >= u64::from(WAITING_MOST) => bad(
                what,
                Verdict::Warn,
                format!("outgoing webhook {name} has as much waiting as may wait: its receiver is down or too slow"),
                format!("see what it answers: allclear outgoing-webhook log {name} --unsent"),
            ),
            None | Some(Off::Document) => continue,
        });
    }
    if checks.is_empty() && !catalog.outgoing_webhooks.is_empty() {
        checks.push(ok(what, "every outgoing webhook that is switched on keeps up"));
    }
    Ok(checks)
}

/// No entry of the journal may be of a time that has not come: another node wrote it, or our clock was set back.
fn clock(tx: &mut Tx<'_>, now: Timestamp) -> Result<Check, Halt> {
    let newest = store::journal::newest(tx, Sight::Whole, None, 1)?.into_iter().next();
    let ahead = newest.map_or(Span::ZERO, |entry| Span::between(now, entry.recorded_at));
    Ok(if ahead > SKEW_MOST {
        let says = format!("the journal is {ahead} ahead of this node's clock");
        bad("nodes", Verdict::Fail, says, "let all nodes keep time by NTP; timers of this node are late by as much")
    } else {
        ok("nodes", "no node is ahead of this one")
    })
}

/// Whether the journal is sealed as it is written.
fn seals(tx: &mut Tx<'_>, now: Timestamp) -> Result<Check, Halt> {
    let lag = store::seals::lag(tx)?;
    Ok(match lag.since.filter(|since| UNSEALED_MOST.after(*since) < now) {
        Some(since) => {
            let says = format!("{} entries are not sealed, the oldest since {since:.0}", lag.entries);
            bad("journal", Verdict::Warn, says, "look at the log of the server for housekeeping that was put off")
        }
        None => ok("journal", "sealed as it is written"),
    })
}

/// Whether each policy that is named reaches somebody, if it were to page now.
fn policies(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    works: &dyn Fn(&Address) -> Result<(), String>,
    now: Timestamp,
) -> Result<Vec<Check>, Halt> {
    let routes = catalog.routes.values().filter_map(|route| route.escalation_policy.as_ref());
    let services = catalog.services.values().filter_map(|service| service.escalation_policy.as_ref());
    let named: BTreeSet<&Name> = routes.chain(services).collect();
    let mut checks = Vec::new();
    for (name, policy) in catalog.escalation_policies.iter().filter(|(name, _)| named.contains(name)) {
        let mut reached = false;
        for target in policy.steps.iter().flat_map(|step| &step.notify) {
            let person = match target {
                Target::Webhook(url) => {
                    reached |= works(&Address::Webhook(url.clone())).is_ok();
                    continue;
                }
                Target::Person(person) => Some(person.clone()),
                Target::Schedule(schedule) => match catalog.schedules.get(schedule) {
                    Some(spec) => oncall::on_call(spec, &overrides::at(tx, schedule, now)?, now).person,
                    None => None,
                },
            };
            let person = person.and_then(|person| catalog.people.get(&person));
            reached |= person.is_some_and(|person| contacts::reachable_by(person, Urgency::High, &works).is_ok());
        }
        if !reached {
            let says = format!("{name} would reach nobody right now");
            let remedy = "allclear override add SCHEDULE --person NAME --for 8h, and a last step that names a person";
            checks.push(bad("policies", Verdict::Fail, says, remedy));
        }
    }
    if checks.is_empty() && !named.is_empty() {
        checks.push(ok("policies", format!("each of {} would reach somebody right now", named.len())));
    }
    Ok(checks)
}

/// Alerts that would page nobody, whoever is on call.
fn routes(catalog: &Catalog) -> Vec<Check> {
    if catalog.routes.is_empty() {
        let remedy = "write a route with an escalation policy (docs/on-call.md), and allclear apply -f";
        return vec![bad("routes", Verdict::Fail, "there is no route: no alert pages anybody", remedy)];
    }
    let has_policy = |service: &Name| catalog.services.get(service).is_some_and(|one| one.escalation_policy.is_some());
    let services = catalog.services.values().any(|service| service.escalation_policy.is_some());
    let mut checks = Vec::new();
    for (name, route) in &catalog.routes {
        if route.escalation_policy.is_some() || route.urgency == UrgencyRule::None {
            continue;
        }
        let says = match &route.service {
            Some(service) if has_policy(service) => continue,
            Some(service) => format!("{name} names no policy, and its service {service} has none"),
            None if services => format!("{name} names no policy: alerts without a service that has one page nobody"),
            None => format!("{name} names no policy, and no service has one: its alerts page nobody"),
        };
        let remedy = "give it an escalation_policy, or say urgency: none if that is meant";
        checks.push(bad("routes", Verdict::Warn, says, remedy));
    }
    if checks.is_empty() {
        checks.push(ok("routes", format!("each of {} knows whom to page", catalog.routes.len())));
    }
    checks
}

/// What is wrong or doubtful in the documents in force, as a plan of them would say it.
fn documents(
    catalog: &Catalog,
    works: &dyn Fn(&Address) -> Result<(), String>,
    may_post: &dyn Fn(&str) -> Result<(), String>,
    now: Timestamp,
) -> Vec<Check> {
    let findings = check_in_force(catalog, Conditions { now, works, may_post });
    let told = |verdict: Verdict, problem: &Flaw| {
        let (says, remedy) = match &problem.document {
            Some(document) => {
                let remedy = format!("allclear export {document}, mend it, allclear apply -f");
                (format!("{document}: {}", problem.message), remedy)
            }
            None => (problem.message.clone(), "mend it, and allclear apply -f".to_owned()),
        };
        bad("documents", verdict, says, remedy)
    };
    let mut checks: Vec<Check> = findings.problems.iter().map(|one| told(Verdict::Fail, one)).collect();
    checks.extend(findings.warnings.iter().map(|one| told(Verdict::Warn, one)));
    if checks.is_empty() {
        let says = format!("{} in force, everybody who may be paged can be reached", catalog.references().len());
        checks.push(ok("documents", says));
    }
    checks
}

/// Each server that messages go to, an address there, and who is reached by it. The key: the channel and the server.
type Places = BTreeMap<(&'static str, String), (Address, Vec<String>)>;

fn places(catalog: &Catalog) -> Places {
    let mut places = Places::new();
    let mut add = |address: &Address, who: String| {
        let key = match address {
            Address::Email(_) => ("mail", String::new()),
            Address::Ntfy(url) => ("push", server_of(url)),
            Address::Webhook(url) => ("webhooks", server_of(url)),
        };
        places.entry(key).or_insert_with(|| (address.clone(), Vec::new())).1.push(who);
    };
    for (name, person) in catalog.people.iter().filter(|(_, person)| !person.inactive) {
        for planned in
            [Urgency::High, Urgency::Low].map(|urgency| contacts::plan(person, urgency, Timestamp::UNIX_EPOCH))
        {
            for one in &planned {
                add(&one.address, name.to_string());
            }
        }
    }
    for (name, policy) in &catalog.escalation_policies {
        for target in policy.steps.iter().flat_map(|step| &step.notify) {
            if let Target::Webhook(url) = target {
                add(&Address::Webhook(url.clone()), format!("policy {name}"));
            }
        }
    }
    places
}

/// Scheme, host and port: what comes after may be a secret, and what stands before the host too.
fn server_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{}", authority.rsplit('@').next().unwrap_or_default())
}

async fn channels(app: &App, places: Places) -> Vec<Check> {
    let mut asked = JoinSet::new();
    for ((what, server), (address, mut who)) in places.into_iter().take(PLACES_MOST) {
        let reach = app.reach();
        who.dedup();
        asked.spawn(async move {
            let found = reach.0.probe(address).await;
            let whom = match who.as_slice() {
                [one] => one.clone(),
                [one, two] => format!("{one} and {two}"),
                more => {
                    format!("{} and {} others", more.first().map_or("", String::as_str), more.len().saturating_sub(1))
                }
            };
            match found {
                Ok(says) => ok(what, says),
                Err(why) => {
                    let place = if server.is_empty() { String::new() } else { format!("{server}: ") };
                    let remedy = match what {
                        "mail" => "look at --smtp, and at the mail server; until then nobody is paged by mail",
                        _ => "look at the address, at that server, and whether --allow lets it be reached",
                    };
                    bad(what, Verdict::Fail, format!("{place}{why} (it reaches {whom})"), remedy)
                }
            }
        });
    }
    let mut checks: Vec<Check> = asked.join_all().await;
    checks.sort_by(|a, b| (&a.what, &a.says).cmp(&(&b.what, &b.says)));
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_of_an_address_holds_no_secret() {
        for (url, server) in [
            ("https://ntfy.example.org/ana-9f3k?auth=tk_1", "https://ntfy.example.org"),
            ("http://ana:geheim@10.0.0.7:8090/x", "http://10.0.0.7:8090"),
            ("https://hook.example.org?key=1", "https://hook.example.org"),
        ] {
            assert_eq!(server_of(url), server);
        }
    }
}
