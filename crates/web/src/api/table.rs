//! The lines of the API in the table of routes: who may call it, and what answers.

use axum::http::Method;
use axum::routing::{delete, get, post, put};
use domain::prepare::access::Scope;
use domain::prepare::people::Access;

use super::change::{
    changes, document_proposals, environments, flags, gates, kills, observations, reflexes, rollbacks, suspects,
    switches,
};
use super::detect::{alerts, groups, heartbeats, integrations, silences};
use super::engage::{escalations, overrides, pages, schedules, watch};
use super::inform::{notices, outgoing_webhooks, subscribers};
use super::learn::{
    action_items, changes as change_insights, comments, counterfactuals, customer_postmortems, digests, drafts,
    insights, language, mentions, paging, pins, postmortems, review_meetings, score_sheets, search,
};
use super::prepare::{access, addresses, checks, documents, ownership, source};
use super::respond::{
    affected, assignments, chats, checklists, entries, evidence, exports, incidents, obligations, observables, stamps,
    tasks, techniques, updates,
};
use super::{journal, openapi, seals};
use crate::enter::May;
use crate::routes::{Route, route};

const VIEW: May = May::view();
const ALERTS: May = May::respond();
/// Anybody may say that something is wrong.
const DECLARE: May = May::Person(Access::Viewer, Scope::Incidents);
const INCIDENTS: May = May::Person(Access::Responder, Scope::Incidents);
/// What holds the documents of others.
const HOLD: May = May::Person(Access::Manager, Scope::Incidents);
const SCHEDULES: May = May::Person(Access::Responder, Scope::Schedules);
/// What was approved is put in force.
const APPLY: May = May::Person(Access::Responder, Scope::Documents);
/// Whoever is in. Which documents they may change is asked once it is known which: `actions::allow`.
const DOCUMENTS: May = May::Person(Access::Viewer, Scope::Documents);
/// It makes the server speak to others: not for everybody who may look.
const CHECKS: May = May::Person(Access::Responder, Scope::Read);
/// What leaves the house.
const OUTGOING: May = May::Person(Access::Administrator, Scope::Administration);
const TOKENS: May = May::Person(Access::Viewer, Scope::Administration);
/// Addresses of people outside are for nobody else.
const SUBSCRIBERS: May = May::Person(Access::Administrator, Scope::Administration);
/// Of which services is asked once it is known which: `actions::allow`.
const RAMPS: May = May::Person(Access::Manager, Scope::Documents);
const INTEGRATIONS: May = May::Person(Access::Manager, Scope::Administration);

pub(crate) fn lines() -> Vec<Route> {
    let on = |path: &'static str, may: May, method: Method, handler| route(method, path, may, handler);
    vec![
        // Itself
        on("/api/v1/openapi.json", May::Anyone, Method::GET, get(openapi::document)),
        on("/api/v1/proof", May::Anyone, Method::GET, get(watch::proof)),
        on("/api/v1/me", VIEW, Method::GET, get(access::me)),
        on("/api/v1/me/digest", VIEW, Method::GET, get(digests::one)),
        on("/api/v1/me/digest", DOCUMENTS, Method::PUT, put(digests::choose)),
        on("/api/v1/checks", CHECKS, Method::GET, get(checks::list)),
        // Alerts
        on("/api/v1/alerts", VIEW, Method::GET, get(alerts::list)),
        on("/api/v1/alerts/{id}", VIEW, Method::GET, get(alerts::one)),
        on("/api/v1/alerts/acknowledge", ALERTS, Method::POST, post(alerts::acknowledge)),
        on("/api/v1/alerts/unacknowledge", ALERTS, Method::POST, post(alerts::unacknowledge)),
        on("/api/v1/alerts/snooze", ALERTS, Method::POST, post(alerts::snooze)),
        on("/api/v1/alerts/resolve", ALERTS, Method::POST, post(alerts::resolve)),
        on("/api/v1/alerts/noise", ALERTS, Method::POST, post(alerts::noise)),
        on("/api/v1/groups", VIEW, Method::GET, get(groups::list)),
        on("/api/v1/groups/{id}", VIEW, Method::GET, get(groups::one)),
        on("/api/v1/silences", VIEW, Method::GET, get(silences::list)),
        on("/api/v1/silences", ALERTS, Method::POST, post(silences::create)),
        on("/api/v1/silences/{id}", VIEW, Method::GET, get(silences::one)),
        on("/api/v1/silences/{id}", ALERTS, Method::PUT, put(silences::change)),
        on("/api/v1/silences/{id}", ALERTS, Method::DELETE, delete(silences::expire)),
        on("/api/v1/heartbeats", VIEW, Method::GET, get(heartbeats::list)),
        // Pages
        on("/api/v1/pages", VIEW, Method::GET, get(pages::list)),
        on("/api/v1/pages/{id}", VIEW, Method::GET, get(pages::one)),
        on("/api/v1/pages/{id}/acknowledge", ALERTS, Method::POST, post(pages::acknowledge)),
        on("/api/v1/pages/{id}/escalate", ALERTS, Method::POST, post(pages::escalate)),
        on("/api/v1/pages/test", ALERTS, Method::POST, post(pages::test)),
        // Incidents
        on("/api/v1/incidents", VIEW, Method::GET, get(incidents::list)),
        on("/api/v1/incidents", DECLARE, Method::POST, post(incidents::declare)),
        on("/api/v1/incidents/{id}", VIEW, Method::GET, get(incidents::one)),
        on("/api/v1/incidents/{id}/describe", INCIDENTS, Method::POST, post(incidents::describe)),
        on("/api/v1/incidents/{id}/act", INCIDENTS, Method::POST, post(incidents::act)),
        on("/api/v1/incidents/{id}/links", INCIDENTS, Method::POST, post(incidents::link)),
        on("/api/v1/incidents/{id}/links/{subject}", INCIDENTS, Method::DELETE, delete(incidents::unlink)),
        on("/api/v1/incidents/{id}/people", INCIDENTS, Method::POST, post(incidents::name_person)),
        on("/api/v1/incidents/{id}/people/{person}", INCIDENTS, Method::DELETE, delete(incidents::remove_person)),
        on("/api/v1/incidents/{id}/roles", INCIDENTS, Method::POST, post(assignments::act)),
        on("/api/v1/incidents/{id}/stamps", VIEW, Method::GET, get(stamps::list)),
        on("/api/v1/incidents/{id}/stamps", INCIDENTS, Method::POST, post(stamps::claim)),
        on("/api/v1/incidents/{id}/tasks", INCIDENTS, Method::POST, post(tasks::give)),
        on("/api/v1/incidents/{id}/tasks/{task}", INCIDENTS, Method::POST, post(tasks::act)),
        on("/api/v1/incidents/{id}/updates", INCIDENTS, Method::POST, post(updates::say)),
        on("/api/v1/incidents/{id}/updates/{update}", INCIDENTS, Method::POST, post(updates::act)),
        on("/api/v1/incidents/{id}/call", INCIDENTS, Method::POST, post(updates::call)),
        on("/api/v1/incidents/{id}/checklists", VIEW, Method::GET, get(checklists::list)),
        on("/api/v1/incidents/{id}/checklists", INCIDENTS, Method::POST, post(checklists::act)),
        on("/api/v1/incidents/{id}/suspects", VIEW, Method::GET, get(suspects::of_incident)),
        on("/api/v1/incidents/{id}/suspects", INCIDENTS, Method::POST, post(suspects::judge)),
        on("/api/v1/incidents/{id}/rollbacks", VIEW, Method::GET, get(rollbacks::list)),
        on("/api/v1/incidents/{id}/rollbacks", INCIDENTS, Method::POST, post(rollbacks::ask)),
        on("/api/v1/incidents/{id}/rollbacks/preview", VIEW, Method::GET, get(rollbacks::preview)),
        on("/api/v1/changes/{id}/rollbacks", INCIDENTS, Method::POST, post(rollbacks::ask_of_change)),
        on("/api/v1/changes/{id}/rollbacks/preview", VIEW, Method::GET, get(rollbacks::preview_of_change)),
        on("/api/v1/rollbacks/{id}", VIEW, Method::GET, get(rollbacks::one)),
        on("/api/v1/rollbacks/{id}", INCIDENTS, Method::POST, post(rollbacks::act)),
        on("/api/v1/incidents/{id}/reflexes", VIEW, Method::GET, get(reflexes::of_incident)),
        on("/api/v1/reflexes", VIEW, Method::GET, get(reflexes::counting)),
        on("/api/v1/reflexes/{id}", INCIDENTS, Method::POST, post(reflexes::act)),
        on("/api/v1/ramps", VIEW, Method::GET, get(reflexes::list)),
        on("/api/v1/services/{name}/ramp", VIEW, Method::GET, get(reflexes::of_service)),
        on("/api/v1/services/{name}/ramp", RAMPS, Method::PUT, put(reflexes::set)),
        on("/api/v1/incidents/{id}/obligations", VIEW, Method::GET, get(obligations::of_incident)),
        on("/api/v1/incidents/{id}/obligations", INCIDENTS, Method::POST, post(obligations::act)),
        on("/api/v1/obligations", VIEW, Method::GET, get(obligations::list)),
        on("/api/v1/incidents/{id}/timeline", VIEW, Method::GET, get(entries::list)),
        on("/api/v1/action-items", VIEW, Method::GET, get(action_items::list)),
        on("/api/v1/action-items.csv", VIEW, Method::GET, get(action_items::export)),
        on("/api/v1/action-items/survival", VIEW, Method::GET, get(action_items::survival)),
        on("/api/v1/action-items/{id}", VIEW, Method::GET, get(action_items::one)),
        on("/api/v1/action-items/{id}", INCIDENTS, Method::POST, post(action_items::act)),
        on("/api/v1/action-items/{id}/describe", INCIDENTS, Method::POST, post(action_items::describe)),
        on("/api/v1/incidents/{id}/action-items", VIEW, Method::GET, get(action_items::of_incident)),
        on("/api/v1/incidents/{id}/action-items", INCIDENTS, Method::POST, post(action_items::propose)),
        on("/api/v1/escalation-policies/{name}/counterfactuals", VIEW, Method::GET, get(counterfactuals::of_policy)),
        on("/api/v1/pins", VIEW, Method::GET, get(pins::list)),
        on("/api/v1/pins/{id}", VIEW, Method::GET, get(pins::one)),
        on("/api/v1/pins/{id}", HOLD, Method::POST, post(pins::act)),
        on("/api/v1/incidents/{id}/pins", INCIDENTS, Method::POST, post(pins::pin)),
        on("/api/v1/incidents/{id}/score-sheet", VIEW, Method::GET, get(score_sheets::one)),
        on("/api/v1/incidents/{id}/score-sheet.md", VIEW, Method::GET, get(score_sheets::text)),
        on("/api/v1/incidents/{id}/drill-file", VIEW, Method::GET, get(score_sheets::file)),
        on("/api/v1/incidents/{id}/draft", VIEW, Method::GET, get(drafts::one)),
        on("/api/v1/incidents/{id}/similar", VIEW, Method::GET, get(search::like)),
        on("/api/v1/incidents/{id}/draft.md", VIEW, Method::GET, get(drafts::text)),
        on("/api/v1/postmortems", VIEW, Method::GET, get(postmortems::list)),
        on("/api/v1/incidents/{id}/postmortem", VIEW, Method::GET, get(postmortems::one)),
        on("/api/v1/incidents/{id}/postmortem", INCIDENTS, Method::POST, post(postmortems::act)),
        on("/api/v1/incidents/{id}/postmortem.md", VIEW, Method::GET, get(postmortems::text)),
        on("/api/v1/incidents/{id}/postmortem.html", VIEW, Method::GET, get(postmortems::html)),
        on("/api/v1/incidents/{id}/postmortem.pdf", VIEW, Method::GET, get(postmortems::pdf)),
        on("/api/v1/incidents/{id}/customer-postmortem.html", VIEW, Method::GET, get(customer_postmortems::html)),
        on("/api/v1/incidents/{id}/customer-postmortem.pdf", VIEW, Method::GET, get(customer_postmortems::pdf)),
        on("/api/v1/incidents/{id}/postmortem/sections", INCIDENTS, Method::POST, post(postmortems::write)),
        on("/api/v1/incidents/{id}/postmortem/sections/{section}", VIEW, Method::GET, get(postmortems::history)),
        on(
            "/api/v1/incidents/{id}/postmortem/sections/{section}/restore",
            INCIDENTS,
            Method::POST,
            post(postmortems::restore),
        ),
        on("/api/v1/incidents/{id}/mentions", VIEW, Method::GET, get(mentions::list)),
        on("/api/v1/incidents/{id}/postmortem/comments", VIEW, Method::GET, get(comments::list)),
        on("/api/v1/incidents/{id}/postmortem/comments", INCIDENTS, Method::POST, post(comments::say)),
        on(
            "/api/v1/incidents/{id}/postmortem/comments/{comment}/resolve",
            INCIDENTS,
            Method::POST,
            post(comments::resolve),
        ),
        on("/api/v1/incidents/{id}/postmortem/factors", INCIDENTS, Method::POST, post(postmortems::name)),
        on(
            "/api/v1/incidents/{id}/postmortem/factors/{factor}/strike",
            INCIDENTS,
            Method::POST,
            post(postmortems::strike),
        ),
        on("/api/v1/incidents/{id}/customer-postmortem", VIEW, Method::GET, get(customer_postmortems::one)),
        on("/api/v1/incidents/{id}/customer-postmortem", INCIDENTS, Method::POST, post(customer_postmortems::act)),
        on("/api/v1/incidents/{id}/review", VIEW, Method::GET, get(review_meetings::one)),
        on("/api/v1/incidents/{id}/review", INCIDENTS, Method::POST, post(review_meetings::act)),
        on("/api/v1/incidents/{id}/review.ics", VIEW, Method::GET, get(review_meetings::file)),
        on("/api/v1/incidents/{id}/bundle", VIEW, Method::GET, get(seals::bundle)),
        on("/api/v1/incidents/{id}/entries", INCIDENTS, Method::POST, post(entries::add)),
        on("/api/v1/incidents/{id}/entries/{entry}", INCIDENTS, Method::POST, post(entries::mark)),
        // The record of an incident
        on("/api/v1/incidents/{id}/evidence", VIEW, Method::GET, get(evidence::list)),
        on("/api/v1/incidents/{id}/evidence", INCIDENTS, Method::POST, post(evidence::collect)),
        on("/api/v1/incidents/{id}/evidence/elsewhere", INCIDENTS, Method::POST, post(evidence::elsewhere)),
        on("/api/v1/incidents/{id}/evidence/{evidence}", VIEW, Method::GET, get(evidence::one)),
        on("/api/v1/incidents/{id}/evidence/{evidence}/hand-over", INCIDENTS, Method::POST, post(evidence::hand_over)),
        on("/api/v1/incidents/{id}/evidence/{evidence}/download", INCIDENTS, Method::POST, post(evidence::download)),
        on("/api/v1/incidents/{id}/observables", VIEW, Method::GET, get(observables::list)),
        on("/api/v1/incidents/{id}/export.stix.json", VIEW, Method::GET, get(exports::stix)),
        on("/api/v1/incidents/{id}/export.veris.json", VIEW, Method::GET, get(exports::veris)),
        on("/api/v1/incidents/{id}/observables.csv", VIEW, Method::GET, get(observables::export)),
        on("/api/v1/incidents/{id}/observables", INCIDENTS, Method::POST, post(observables::add)),
        on("/api/v1/incidents/{id}/observables/{observable}", INCIDENTS, Method::POST, post(observables::act)),
        on("/api/v1/incidents/{id}/affected", VIEW, Method::GET, get(affected::list)),
        on("/api/v1/incidents/{id}/affected", INCIDENTS, Method::POST, post(affected::begin)),
        on("/api/v1/incidents/{id}/affected/{affected}", INCIDENTS, Method::POST, post(affected::count)),
        on("/api/v1/incidents/{id}/techniques", VIEW, Method::GET, get(techniques::list)),
        on("/api/v1/incidents/{id}/techniques", INCIDENTS, Method::POST, post(techniques::act)),
        // Changes
        on("/api/v1/changes", VIEW, Method::GET, get(changes::list)),
        on("/api/v1/changes", INCIDENTS, Method::POST, post(changes::propose)),
        on("/api/v1/changes/documents", INCIDENTS, Method::POST, post(document_proposals::propose)),
        on("/api/v1/changes/{id}", VIEW, Method::GET, get(changes::one)),
        on("/api/v1/changes/{id}/documents", VIEW, Method::GET, get(document_proposals::one)),
        on("/api/v1/changes/{id}/documents", INCIDENTS, Method::POST, post(document_proposals::edit)),
        on("/api/v1/changes/{id}/documents/update", INCIDENTS, Method::POST, post(document_proposals::update)),
        on("/api/v1/changes/{id}/apply", APPLY, Method::POST, post(document_proposals::apply)),
        on("/api/v1/changes/{id}/edit", INCIDENTS, Method::POST, post(changes::edit)),
        on("/api/v1/changes/{id}/approve", INCIDENTS, Method::POST, post(changes::approve)),
        on("/api/v1/changes/{id}/schedule", INCIDENTS, Method::POST, post(changes::schedule)),
        on("/api/v1/changes/{id}/begin", INCIDENTS, Method::POST, post(changes::begin)),
        on("/api/v1/changes/{id}/finish", INCIDENTS, Method::POST, post(changes::finish)),
        on("/api/v1/changes/{id}/fail", INCIDENTS, Method::POST, post(changes::fail)),
        on("/api/v1/changes/{id}/cancel", INCIDENTS, Method::POST, post(changes::cancel)),
        on("/api/v1/changes/{id}/review", INCIDENTS, Method::POST, post(changes::review)),
        on("/api/v1/changes/{id}/exempt", INCIDENTS, Method::POST, post(changes::exempt)),
        on("/api/v1/changes/{id}/preflight", INCIDENTS, Method::POST, post(changes::preflight)),
        on("/api/v1/gate", VIEW, Method::GET, get(gates::ask)),
        on("/api/v1/gate", VIEW, Method::POST, post(gates::ask_with_body)),
        // Insights
        on("/api/v1/insights", VIEW, Method::GET, get(insights::overview)),
        on("/api/v1/insights/incidents", VIEW, Method::GET, get(insights::incidents)),
        on("/api/v1/insights/promises", VIEW, Method::GET, get(insights::promises)),
        on("/api/v1/insights/changes", VIEW, Method::GET, get(change_insights::overview)),
        on("/api/v1/insights/changes.csv", VIEW, Method::GET, get(change_insights::export)),
        on("/api/v1/insights.csv", VIEW, Method::GET, get(insights::overview_table)),
        on("/api/v1/insights/incidents.csv", VIEW, Method::GET, get(insights::incidents_table)),
        on("/api/v1/insights/promises.csv", VIEW, Method::GET, get(insights::promises_table)),
        on("/api/v1/insights/paging", VIEW, Method::GET, get(paging::overview)),
        on("/api/v1/insights/paging/people.csv", VIEW, Method::GET, get(paging::people)),
        on("/api/v1/insights/paging/alerts.csv", VIEW, Method::GET, get(paging::alerts)),
        on("/api/v1/insights/{measure}", VIEW, Method::GET, get(insights::of_measure)),
        // Finding
        on("/api/v1/search", VIEW, Method::GET, get(search::list)),
        // Writing
        on("/api/v1/language", VIEW, Method::POST, post(language::look)),
        // Schedules
        on("/api/v1/schedules", VIEW, Method::GET, get(schedules::list)),
        on("/api/v1/schedules/{name}/on-call", VIEW, Method::GET, get(schedules::on_call)),
        on("/api/v1/schedules/{name}/shifts", VIEW, Method::GET, get(schedules::shifts)),
        on("/api/v1/schedules/{name}/overrides", VIEW, Method::GET, get(overrides::list)),
        on("/api/v1/schedules/{name}/overrides", SCHEDULES, Method::POST, post(overrides::create)),
        on("/api/v1/overrides/{id}", VIEW, Method::GET, get(overrides::one)),
        on("/api/v1/overrides/{id}", SCHEDULES, Method::DELETE, delete(overrides::remove)),
        on("/api/v1/on-call", VIEW, Method::GET, get(schedules::everywhere)),
        on("/api/v1/escalation-policies/{name}/would-tell", VIEW, Method::GET, get(escalations::would_tell)),
        // Changes
        on("/api/v1/changes/observed", INCIDENTS, Method::POST, post(observations::observe)),
        // Documents
        on("/api/v1/documents", VIEW, Method::GET, get(documents::list)),
        on("/api/v1/documents/source", VIEW, Method::GET, get(source::one)),
        on("/api/v1/documents/source", DOCUMENTS, Method::POST, post(source::pushed)),
        on("/api/v1/documents/{kind}/{name}", VIEW, Method::GET, get(documents::one)),
        on("/api/v1/documents/{kind}/{name}", DOCUMENTS, Method::PUT, put(documents::put)),
        on("/api/v1/documents/{kind}/{name}", DOCUMENTS, Method::DELETE, delete(documents::delete)),
        on("/api/v1/documents/{kind}/{name}/history", VIEW, Method::GET, get(documents::history)),
        on("/api/v1/documents/{kind}/{name}/diff", VIEW, Method::GET, get(documents::difference)),
        on("/api/v1/documents/{kind}/{name}/rollback", DOCUMENTS, Method::POST, post(documents::rollback)),
        on("/api/v1/documents/{kind}/{name}/webhook-secrets", DOCUMENTS, Method::GET, get(addresses::webhook_secrets)),
        on("/api/v1/changesets", VIEW, Method::GET, get(documents::changesets)),
        on("/api/v1/changesets/{number}", VIEW, Method::GET, get(documents::changes)),
        on("/api/v1/export", VIEW, Method::GET, get(documents::export)),
        on("/api/v1/plan", VIEW, Method::POST, post(documents::plan)),
        on("/api/v1/drift", VIEW, Method::GET, get(ownership::set_by_hand)),
        on("/api/v1/drift", VIEW, Method::POST, post(ownership::drift)),
        on("/api/v1/apply", DOCUMENTS, Method::POST, post(documents::apply)),
        on("/api/v1/schemas", May::Anyone, Method::GET, get(documents::schemas)),
        on("/api/v1/schemas/{kind}", May::Anyone, Method::GET, get(documents::schema)),
        // Notices, subscribers
        on("/api/v1/notices", VIEW, Method::GET, get(notices::list)),
        on("/api/v1/notices", INCIDENTS, Method::POST, post(notices::open)),
        on("/api/v1/notices/{id}", VIEW, Method::GET, get(notices::one)),
        on("/api/v1/notices/{id}/describe", INCIDENTS, Method::POST, post(notices::describe)),
        on("/api/v1/notices/{id}/posts", INCIDENTS, Method::POST, post(notices::add)),
        on("/api/v1/notices/{id}/posts/{post}", INCIDENTS, Method::POST, post(notices::correct)),
        on("/api/v1/status-audit", VIEW, Method::GET, get(notices::audit)),
        on("/api/v1/subscribers", SUBSCRIBERS, Method::GET, get(subscribers::list)),
        on("/api/v1/subscribers/{id}", SUBSCRIBERS, Method::DELETE, delete(subscribers::remove)),
        // Integrations, tokens, the journal
        on("/api/v1/integrations/{name}/tokens", INTEGRATIONS, Method::GET, get(integrations::tokens)),
        on("/api/v1/integrations/{name}/tokens", INTEGRATIONS, Method::POST, post(integrations::rotate)),
        on("/api/v1/integrations/{name}/rejections", VIEW, Method::GET, get(integrations::rejections)),
        on("/api/v1/integrations/{name}/test", ALERTS, Method::POST, post(integrations::test)),
        // What others are told
        on("/api/v1/outgoing-webhooks", VIEW, Method::GET, get(outgoing_webhooks::list)),
        on("/api/v1/outgoing-webhooks/{name}", VIEW, Method::GET, get(outgoing_webhooks::one)),
        on("/api/v1/outgoing-webhooks/{name}/deliveries", VIEW, Method::GET, get(outgoing_webhooks::deliveries)),
        on(
            "/api/v1/outgoing-webhooks/{name}/deliveries/{delivery}",
            VIEW,
            Method::GET,
            get(outgoing_webhooks::one_delivery),
        ),
        on(
            "/api/v1/outgoing-webhooks/{name}/deliveries/{delivery}/replay",
            OUTGOING,
            Method::POST,
            post(outgoing_webhooks::replay),
        ),
        on("/api/v1/outgoing-webhooks/{name}/test", OUTGOING, Method::POST, post(outgoing_webhooks::test)),
        on("/api/v1/outgoing-webhooks/{name}/enable", OUTGOING, Method::POST, post(outgoing_webhooks::enable)),
        on("/api/v1/outgoing-webhooks/{name}/secrets", OUTGOING, Method::POST, post(outgoing_webhooks::rotate)),
        // Flags
        on("/api/v1/flags", VIEW, Method::GET, get(flags::list)),
        on("/api/v1/flags/{name}", VIEW, Method::GET, get(flags::one)),
        on("/api/v1/flags/{name}/kills", INCIDENTS, Method::POST, post(kills::create)),
        on("/api/v1/kills", VIEW, Method::GET, get(kills::list)),
        on("/api/v1/kills/{id}", VIEW, Method::GET, get(kills::one)),
        on("/api/v1/kills/{id}/lift", INCIDENTS, Method::POST, post(kills::lift)),
        on("/api/v1/kills/{id}/extend", INCIDENTS, Method::POST, post(kills::extend)),
        on("/api/v1/switches", VIEW, Method::GET, get(switches::list)),
        on("/api/v1/environments", VIEW, Method::GET, get(environments::list)),
        on("/api/v1/environments/{name}/flags", VIEW, Method::GET, get(environments::export)),
        on("/api/v1/environments/{name}/flags", DOCUMENTS, Method::POST, post(environments::import)),
        on("/api/v1/environments/{name}/keys", INTEGRATIONS, Method::GET, get(environments::keys)),
        on("/api/v1/environments/{name}/keys", INTEGRATIONS, Method::POST, post(environments::create_key)),
        on("/api/v1/environments/{name}/keys/{key}", INTEGRATIONS, Method::DELETE, delete(environments::revoke_key)),
        on("/api/v1/environments/{name}/readers", INTEGRATIONS, Method::GET, get(environments::readers_of)),
        on("/api/v1/chats", VIEW, Method::GET, get(chats::list)),
        on("/api/v1/chats/{name}/test", OUTGOING, Method::POST, post(chats::test)),
        on("/api/v1/tokens", TOKENS, Method::GET, get(access::list)),
        on("/api/v1/tokens", TOKENS, Method::POST, post(access::create)),
        on("/api/v1/tokens/{id}", TOKENS, Method::DELETE, delete(access::revoke)),
        on("/api/v1/journal", VIEW, Method::GET, get(journal::list)),
        on("/api/v1/journal/checkpoint", VIEW, Method::GET, get(seals::checkpoint)),
        on("/api/v1/journal/key", VIEW, Method::GET, get(seals::key)),
    ]
}
