//! Every URL of the product, as a table of contents: who may call it, and what answers.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, options, post};

use domain::prepare::access::Scope;
use domain::prepare::people::Access;

use crate::api::once;
use crate::app::App;
use crate::around;
use crate::enter::{self, May};
use crate::handlers::change::{
    calendars, changes, document_proposals, environments, flags, proposals, reflexes, rollbacks, suspects,
};
use crate::handlers::detect::{alert, alerts, integrations, silences};
use crate::handlers::engage::{escalation_policies, links, schedules};
use crate::handlers::inform::{notices, outgoing_webhooks, published, status_pages, subscribers};
use crate::handlers::learn::{
    action_items, changes as change_insights, customer_postmortems, digests, drafts, insights, language, paging, pins,
    postmortem_sections, postmortems, review_meetings, score_sheets, shared_texts,
};
use crate::handlers::prepare::{
    document_changes, documents, me, ownership, people, services, sign_in, source, theme, tokens, welcome,
};
use crate::handlers::respond::{
    chats, checklists, entries, evidence, incidents, obligations, record, room, runbooks, updates,
};
use crate::handlers::search;
use crate::inbound::{alertmanager, deploys, heartbeat, slack, trackers, v2, webhook};
use crate::{assets, health, live, mcp, metrics, ofrep};

/// One line of the table.
#[derive(Debug)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub may: May,
    pub(crate) handler: MethodRouter<App>,
}

/// A line: the method is the one that the handler was made for.
pub(crate) fn route(method: Method, path: &'static str, may: May, handler: MethodRouter<App>) -> Route {
    Route { method, path, may, handler }
}

const VIEW: May = May::view();
const ALERTS: May = May::respond();
/// Anybody may say that something is wrong.
const DECLARE: May = May::Person(Access::Viewer, Scope::Incidents);
const INCIDENTS: May = May::Person(Access::Responder, Scope::Incidents);
/// What holds the documents of others.
const HOLD: May = May::Person(Access::Manager, Scope::Incidents);
const SCHEDULES: May = May::Person(Access::Responder, Scope::Schedules);
const DOCUMENTS: May = May::Person(Access::Manager, Scope::Documents);
/// What was approved is put in force.
const APPLY: May = May::Person(Access::Responder, Scope::Documents);
/// What is one's own; the act asks whether more may be changed.
const OWN: May = May::Person(Access::Viewer, Scope::Documents);
/// How one comes in: tokens, sessions, the password.
const ACCESS: May = May::Person(Access::Viewer, Scope::Administration);
/// The keys of environments.
const KEYS: May = May::Person(Access::Manager, Scope::Administration);
const ADMINISTER: May = May::Person(Access::Administrator, Scope::Administration);

/// The table.
pub fn table() -> Vec<Route> {
    let mut all = vec![
        // The house
        route(Method::GET, "/health", May::Anyone, get(health::get_health)),
        route(Method::GET, "/metrics", May::Anyone, get(metrics::get_metrics)),
        route(Method::GET, "/live", VIEW, get(live::stream)),
        route(Method::POST, mcp::PATH, VIEW, post(mcp::post_mcp)),
        route(Method::GET, assets::ROUTE, May::Anyone, get(assets::serve)),
        // Coming in
        route(Method::GET, "/", May::Anyone, get(welcome::get_home)),
        route(Method::GET, "/welcome", May::Setup, get(welcome::get_welcome)),
        route(Method::POST, "/welcome", May::Setup, post(welcome::post_welcome)),
        route(Method::GET, "/welcome/page", ADMINISTER, get(welcome::get_first_page)),
        route(Method::POST, "/welcome/page", ADMINISTER, post(welcome::post_first_page)),
        route(Method::GET, "/sign-in", May::Anyone, get(sign_in::get_sign_in)),
        route(Method::POST, "/sign-in", May::Anyone, post(sign_in::post_sign_in)),
        route(Method::POST, "/sign-out", May::Anyone, post(sign_in::post_sign_out)),
        route(Method::POST, "/theme", May::Anyone, post(theme::post_theme)),
        // Pages: detect
        route(Method::GET, "/alerts", VIEW, get(alerts::get_alerts)),
        route(Method::POST, "/alerts/act", ALERTS, post(alerts::post_act)),
        route(Method::GET, "/alerts/{id}", VIEW, get(alert::get_alert)),
        route(Method::GET, "/silences", VIEW, get(silences::get_silences)),
        route(Method::POST, "/silences", ALERTS, post(silences::post_silences)),
        route(Method::GET, "/silences/new", VIEW, get(silences::get_new)),
        route(Method::POST, "/silences/{id}/end", ALERTS, post(silences::post_end)),
        route(Method::GET, "/integrations", VIEW, get(integrations::get_integrations)),
        route(Method::POST, "/integrations", DOCUMENTS, post(integrations::post_integrations)),
        route(Method::GET, "/integrations/new", VIEW, get(integrations::get_new)),
        route(Method::GET, "/integrations/{name}", VIEW, get(integrations::get_integration)),
        route(Method::GET, "/integrations/{name}/rotate", VIEW, get(integrations::get_back)),
        route(Method::POST, "/integrations/{name}/rotate", DOCUMENTS, post(integrations::post_rotate)),
        route(Method::POST, "/integrations/{name}/test", ALERTS, post(integrations::post_test)),
        // Pages: engage
        route(Method::GET, "/p/{token}", May::Link, get(links::get_page)),
        route(
            Method::POST,
            "/p/{token}",
            May::Link,
            post(links::post_page).layer(middleware::map_response(links::for_any_site)),
        ),
        route(
            Method::OPTIONS,
            "/p/{token}",
            May::Link,
            options(links::preflight).layer(middleware::map_response(links::for_any_site)),
        ),
        route(Method::GET, "/schedules", VIEW, get(schedules::get_schedules)),
        route(Method::GET, "/schedules/{name}", VIEW, get(schedules::get_schedule)),
        route(Method::GET, "/schedules/{name}/overrides", VIEW, get(schedules::get_back)),
        route(Method::POST, "/schedules/{name}/overrides", SCHEDULES, post(schedules::post_override)),
        route(Method::POST, "/overrides/{id}/remove", SCHEDULES, post(schedules::post_remove)),
        route(Method::GET, "/escalation-policies", VIEW, get(escalation_policies::get_policies)),
        route(Method::GET, "/escalation-policies/{name}", VIEW, get(escalation_policies::get_policy)),
        // Pages: respond
        route(Method::GET, "/incidents", VIEW, get(incidents::get_incidents)),
        route(Method::POST, "/incidents", DECLARE, post(incidents::post_incidents)),
        route(Method::GET, "/incidents/new", VIEW, get(incidents::get_new)),
        route(Method::GET, "/incidents/{id}", VIEW, get(room::get_room)),
        route(Method::POST, "/incidents/{id}/act", INCIDENTS, post(room::post_act)),
        route(Method::GET, "/incidents/{id}/entries", VIEW, get(room::get_back)),
        route(Method::POST, "/incidents/{id}/entries", INCIDENTS, post(room::post_entry)),
        route(Method::GET, "/incidents/{id}/entries/{entry}", VIEW, get(entries::get_entry)),
        route(Method::POST, "/incidents/{id}/entries/{entry}", INCIDENTS, post(entries::post_entry)),
        route(Method::POST, "/incidents/{id}/links", INCIDENTS, post(room::post_link)),
        route(Method::POST, "/incidents/{id}/people", INCIDENTS, post(room::post_person)),
        route(Method::POST, "/incidents/{id}/roles", INCIDENTS, post(room::post_role)),
        route(Method::POST, "/incidents/{id}/stamps", INCIDENTS, post(room::post_stamp)),
        route(Method::POST, "/incidents/{id}/tasks", INCIDENTS, post(room::post_task)),
        route(Method::GET, "/incidents/{id}/updates", VIEW, get(room::get_back)),
        route(Method::POST, "/incidents/{id}/updates", INCIDENTS, post(updates::post_update)),
        route(Method::GET, "/incidents/{id}/action-items", VIEW, get(action_items::get_new)),
        route(Method::POST, "/incidents/{id}/action-items", INCIDENTS, post(action_items::post_new)),
        route(Method::GET, "/incidents/{id}/draft", VIEW, get(drafts::get_draft)),
        route(Method::GET, "/incidents/{id}/score-sheet", VIEW, get(score_sheets::get_score_sheet)),
        route(Method::GET, "/incidents/{id}/pins", VIEW, get(room::get_back)),
        route(Method::POST, "/incidents/{id}/pins", INCIDENTS, post(pins::post_new)),
        route(Method::GET, "/incidents/{id}/postmortem", VIEW, get(postmortems::get_postmortem)),
        route(Method::POST, "/incidents/{id}/postmortem", INCIDENTS, post(postmortems::post_postmortem)),
        route(
            Method::GET,
            "/incidents/{id}/postmortem/sections/{section}",
            VIEW,
            get(postmortem_sections::get_section),
        ),
        route(
            Method::POST,
            "/incidents/{id}/postmortem/sections/{section}",
            INCIDENTS,
            post(postmortem_sections::post_section),
        ),
        route(Method::GET, "/incidents/{id}/postmortem/live", VIEW, get(shared_texts::get_live)),
        route(
            Method::GET,
            "/incidents/{id}/customer-postmortem",
            VIEW,
            get(customer_postmortems::get_customer_postmortem),
        ),
        route(
            Method::POST,
            "/incidents/{id}/customer-postmortem",
            INCIDENTS,
            post(customer_postmortems::post_customer_postmortem),
        ),
        route(Method::GET, "/incidents/{id}/review", VIEW, get(review_meetings::get_review_meeting)),
        route(Method::POST, "/incidents/{id}/review", INCIDENTS, post(review_meetings::post_review_meeting)),
        route(Method::GET, "/postmortems", VIEW, get(postmortems::get_postmortems)),
        route(Method::GET, "/incidents/{id}/record", VIEW, get(record::get_record)),
        // A file of any size that is allowed: what is kept counts its bytes.
        route(
            Method::POST,
            "/incidents/{id}/evidence",
            INCIDENTS,
            post(evidence::post_evidence).layer(DefaultBodyLimit::disable()),
        ),
        route(Method::POST, "/incidents/{id}/evidence/{evidence}", INCIDENTS, post(evidence::post_hand_over)),
        route(Method::GET, "/incidents/{id}/evidence/{evidence}/picture", VIEW, get(evidence::get_picture)),
        route(Method::POST, "/incidents/{id}/evidence/{evidence}/download", INCIDENTS, post(evidence::post_download)),
        route(Method::GET, "/incidents/{id}/observables", VIEW, get(record::get_back)),
        route(Method::POST, "/incidents/{id}/observables", INCIDENTS, post(record::post_observables)),
        route(Method::POST, "/incidents/{id}/observables/{observable}", INCIDENTS, post(record::post_observable)),
        route(Method::POST, "/incidents/{id}/affected", INCIDENTS, post(record::post_affected)),
        route(Method::POST, "/incidents/{id}/affected/{affected}", INCIDENTS, post(record::post_count)),
        route(Method::POST, "/incidents/{id}/techniques", INCIDENTS, post(record::post_technique)),
        route(Method::POST, "/incidents/{id}/checklists", INCIDENTS, post(checklists::post_item)),
        route(Method::GET, "/incidents/{id}/obligations", VIEW, get(obligations::get_obligations)),
        route(Method::POST, "/incidents/{id}/obligations", INCIDENTS, post(obligations::post_obligations)),
        route(Method::GET, "/incidents/{id}/suspects", VIEW, get(suspects::get_suspects)),
        route(Method::POST, "/incidents/{id}/suspects", INCIDENTS, post(suspects::post_suspects)),
        route(Method::GET, "/incidents/{id}/rollback", VIEW, get(rollbacks::get_rollback)),
        route(Method::POST, "/incidents/{id}/rollback", INCIDENTS, post(rollbacks::post_rollback)),
        route(Method::POST, "/rollbacks/{id}", INCIDENTS, post(rollbacks::post_run)),
        route(Method::POST, "/reflexes/{id}", INCIDENTS, post(reflexes::post_reflex)),
        route(Method::GET, "/obligations", VIEW, get(obligations::get_running)),
        route(Method::GET, "/chats", VIEW, get(chats::get_chats)),
        route(Method::POST, "/chats/{name}/test", ADMINISTER, post(chats::post_test)),
        // Pages: change
        route(Method::GET, "/changes", VIEW, get(changes::get_changes)),
        route(Method::POST, "/changes", INCIDENTS, post(proposals::post_changes)),
        route(Method::GET, "/changes/documents", VIEW, get(documents::get_back)),
        route(Method::POST, "/changes/documents", INCIDENTS, post(document_proposals::post_documents)),
        route(Method::GET, "/changes/new", VIEW, get(proposals::get_new)),
        route(Method::GET, "/changes/calendar", VIEW, get(calendars::get_calendar)),
        route(Method::GET, "/changes/calendar/{token}", May::Link, get(calendars::get_feed)),
        route(Method::GET, "/changes/{id}", VIEW, get(changes::get_change)),
        route(Method::GET, "/changes/{id}/act", VIEW, get(changes::get_back)),
        route(Method::POST, "/changes/{id}/act", INCIDENTS, post(changes::post_act)),
        route(Method::GET, "/changes/{id}/apply", VIEW, get(changes::get_back)),
        route(Method::POST, "/changes/{id}/apply", APPLY, post(changes::post_apply)),
        route(Method::GET, "/changes/{id}/rollback", VIEW, get(rollbacks::get_rollback_of_change)),
        route(Method::POST, "/changes/{id}/rollback", INCIDENTS, post(rollbacks::post_rollback_of_change)),
        route(Method::GET, "/changes/{id}/documents", VIEW, get(document_proposals::get_edit)),
        route(Method::POST, "/changes/{id}/documents", INCIDENTS, post(document_proposals::post_edit)),
        route(Method::GET, "/changes/{id}/edit", VIEW, get(proposals::get_edit)),
        route(Method::POST, "/changes/{id}/edit", INCIDENTS, post(proposals::post_edit)),
        // Pages: inform
        route(Method::GET, "/outgoing-webhooks", VIEW, get(outgoing_webhooks::get_outgoing_webhooks)),
        route(Method::POST, "/outgoing-webhooks", ADMINISTER, post(outgoing_webhooks::post_outgoing_webhooks)),
        route(Method::GET, "/outgoing-webhooks/new", VIEW, get(outgoing_webhooks::get_new)),
        route(Method::GET, "/outgoing-webhooks/{name}", VIEW, get(outgoing_webhooks::get_outgoing_webhook)),
        route(Method::GET, "/outgoing-webhooks/{name}/secrets", VIEW, get(outgoing_webhooks::get_back)),
        route(Method::POST, "/outgoing-webhooks/{name}/secrets", ADMINISTER, post(outgoing_webhooks::post_secrets)),
        route(Method::POST, "/outgoing-webhooks/{name}/test", ADMINISTER, post(outgoing_webhooks::post_test)),
        route(Method::POST, "/outgoing-webhooks/{name}/enable", ADMINISTER, post(outgoing_webhooks::post_enable)),
        route(
            Method::GET,
            "/outgoing-webhooks/{name}/deliveries/{delivery}",
            VIEW,
            get(outgoing_webhooks::get_delivery),
        ),
        route(
            Method::POST,
            "/outgoing-webhooks/{name}/deliveries/{delivery}/replay",
            ADMINISTER,
            post(outgoing_webhooks::post_replay),
        ),
        // Pages: inform, for the public
        route(Method::GET, "/status", May::Anyone, get(status_pages::get_page)),
        route(Method::GET, "/status/history", May::Anyone, get(status_pages::get_history)),
        route(Method::GET, "/status/history/{year}", May::Anyone, get(status_pages::get_year)),
        route(Method::GET, "/status/notices/{id}", May::Anyone, get(status_pages::get_notice)),
        route(Method::GET, "/status/notices/{id}/postmortem", May::Anyone, get(status_pages::get_report)),
        route(
            Method::GET,
            "/status/notices/{id}/postmortem/{version}",
            May::Anyone,
            get(status_pages::get_report_version),
        ),
        route(Method::GET, "/status/heartbeat.json", May::Anyone, get(status_pages::get_heartbeat)),
        route(Method::GET, "/status/subscribe", May::Anyone, get(subscribers::get_subscribe)),
        route(Method::POST, "/status/subscribe", May::Anyone, post(subscribers::post_subscribe)),
        route(Method::GET, "/status/subscriptions/{token}", May::Link, get(subscribers::get_link)),
        route(Method::POST, "/status/subscriptions/{token}", May::Link, post(subscribers::post_link)),
        // Pages: inform, for those who tell it
        route(Method::GET, "/notices", VIEW, get(notices::get_notices)),
        route(Method::POST, "/notices", INCIDENTS, post(notices::post_notices)),
        route(Method::GET, "/notices/new", VIEW, get(notices::get_new)),
        route(Method::GET, "/notices/{id}", VIEW, get(notices::get_notice)),
        route(Method::POST, "/notices/{id}", INCIDENTS, post(notices::post_notice)),
        route(Method::POST, "/notices/{id}/describe", INCIDENTS, post(notices::post_describe)),
        route(Method::POST, "/notices/{id}/posts/{post}", INCIDENTS, post(notices::post_correction)),
        route(Method::GET, "/subscribers", ADMINISTER, get(subscribers::get_subscribers)),
        route(Method::POST, "/subscribers/{id}/remove", ADMINISTER, post(subscribers::post_remove)),
        // Pages: change
        route(Method::GET, "/flags", VIEW, get(flags::get_flags)),
        route(Method::GET, "/flags/{name}", VIEW, get(flags::get_flag)),
        route(Method::GET, "/flags/{name}/kills", VIEW, get(flags::get_back)),
        route(Method::POST, "/flags/{name}/kills", INCIDENTS, post(flags::post_kills)),
        route(Method::GET, "/kills/{id}", VIEW, get(flags::get_kill)),
        route(Method::POST, "/kills/{id}", INCIDENTS, post(flags::post_kill)),
        route(Method::GET, "/environments/{name}", VIEW, get(environments::get_environment)),
        route(Method::GET, "/environments/{name}/keys", VIEW, get(environments::get_back)),
        route(Method::POST, "/environments/{name}/keys", KEYS, post(environments::post_keys)),
        route(Method::POST, "/environments/{name}/keys/{key}/revoke", KEYS, post(environments::post_revoke)),
        // Pages: learn
        route(Method::GET, "/action-items", VIEW, get(action_items::get_action_items)),
        route(Method::GET, "/action-items/{id}", VIEW, get(action_items::get_action_item)),
        route(Method::POST, "/action-items/{id}", INCIDENTS, post(action_items::post_action_item)),
        route(Method::GET, "/pins", VIEW, get(pins::get_pins)),
        route(Method::GET, "/pins/{id}", VIEW, get(pins::get_pin)),
        route(Method::POST, "/pins/{id}", HOLD, post(pins::post_pin)),
        route(Method::GET, "/language", VIEW, get(language::get_language)),
        route(Method::POST, "/language", VIEW, post(language::post_language)),
        route(Method::GET, "/insights", VIEW, get(insights::get_insights)),
        route(Method::GET, "/insights/changes", VIEW, get(change_insights::get_changes)),
        route(Method::GET, "/insights/incidents", VIEW, get(insights::get_incidents)),
        route(Method::GET, "/insights/paging", VIEW, get(paging::get_paging)),
        route(Method::GET, "/insights/promises", VIEW, get(insights::get_promises)),
        route(Method::GET, "/insights/{measure}", VIEW, get(insights::get_measure)),
        // Pages: prepare
        route(Method::GET, "/runbooks/{name}", VIEW, get(runbooks::get_runbook)),
        route(Method::GET, "/services", VIEW, get(services::get_services)),
        route(Method::GET, "/services/{name}", VIEW, get(services::get_service)),
        route(Method::POST, "/services/{name}", DOCUMENTS, post(services::post_service)),
        route(Method::GET, "/documents", VIEW, get(documents::get_documents)),
        route(Method::GET, "/documents/new", VIEW, get(documents::get_new)),
        route(Method::GET, "/documents/source", VIEW, get(source::get_source)),
        route(Method::POST, "/documents/source", OWN, post(source::post_source)),
        route(Method::GET, "/documents/changes", VIEW, get(document_changes::get_changes)),
        route(Method::GET, "/documents/drift", VIEW, get(ownership::get_drift)),
        route(Method::GET, "/documents/plan", VIEW, get(documents::get_back)),
        route(Method::POST, "/documents/plan", VIEW, post(documents::post_plan)),
        route(Method::GET, "/documents/edit", VIEW, get(documents::get_back)),
        route(Method::POST, "/documents/edit", VIEW, post(documents::post_edit)),
        route(Method::GET, "/documents/apply", VIEW, get(documents::get_back)),
        route(Method::POST, "/documents/apply", OWN, post(documents::post_apply)),
        route(Method::GET, "/documents/{kind}/{name}", VIEW, get(documents::get_document)),
        route(Method::GET, "/documents/{kind}/{name}/edit", VIEW, get(documents::get_edit)),
        route(Method::GET, "/documents/{kind}/{name}/history", VIEW, get(documents::get_history)),
        route(Method::POST, "/documents/{kind}/{name}/rollback", OWN, post(documents::post_rollback)),
        route(Method::GET, "/people", VIEW, get(people::get_people)),
        route(Method::GET, "/people/{name}", VIEW, get(people::get_person)),
        route(Method::GET, "/tokens", VIEW, get(tokens::get_tokens)),
        route(Method::POST, "/tokens", ACCESS, post(tokens::post_tokens)),
        route(Method::POST, "/tokens/{id}/revoke", ACCESS, post(tokens::post_revoke)),
        route(Method::GET, "/me", VIEW, get(me::get_me)),
        route(Method::GET, "/me/digest", VIEW, get(digests::get_digest)),
        route(Method::POST, "/me/digest", OWN, post(digests::post_digest)),
        route(Method::GET, "/me/contacts", VIEW, get(me::get_back)),
        route(Method::POST, "/me/contacts", OWN, post(me::post_contacts)),
        route(Method::POST, "/me/contacts/{name}/remove", OWN, post(me::post_remove_contact)),
        route(Method::GET, "/me/ladder", VIEW, get(me::get_back)),
        route(Method::POST, "/me/ladder", OWN, post(me::post_ladder)),
        route(Method::GET, "/me/time-zone", VIEW, get(me::get_back)),
        route(Method::POST, "/me/time-zone", OWN, post(me::post_time_zone)),
        route(Method::GET, "/me/password", VIEW, get(me::get_back)),
        route(Method::POST, "/me/password", ACCESS, post(me::post_password)),
        route(Method::POST, "/me/test", ALERTS, post(me::post_test)),
        route(Method::POST, "/me/sessions/{id}/end", ACCESS, post(me::post_end_session)),
        route(Method::GET, "/search", VIEW, get(search::get_search)),
        // What is said in chats comes in
        route(Method::POST, "/chats/{name}/slack", May::Signed, post(slack::post_slack)),
        // A tracker says that an issue changed
        route(Method::POST, "/trackers/{name}/webhook", May::Signed, post(trackers::post_webhook)),
        // Signals come in
        route(Method::POST, "/in/{integration}/alertmanager", May::Source, post(alertmanager::post_webhook)),
        route(Method::POST, "/in/{integration}/webhook", May::Source, post(webhook::post_webhook)),
        route(Method::POST, "/in/{integration}/heartbeat", May::Source, post(heartbeat::beat)),
        route(Method::PUT, "/in/{integration}/heartbeat", May::Source, axum::routing::put(heartbeat::beat)),
        route(Method::GET, "/in/{integration}/heartbeat", May::Source, get(heartbeat::beat)),
        // Reports of changes come in
        route(Method::POST, "/in/{integration}/github", May::Proof, post(deploys::post_github)),
        route(Method::POST, "/in/{integration}/gitlab", May::Proof, post(deploys::post_gitlab)),
        route(Method::POST, "/in/{integration}/cdevents", May::Source, post(deploys::post_cdevents)),
        route(Method::OPTIONS, "/in/{integration}/cdevents", May::Anyone, options(deploys::options_cdevents)),
        route(Method::POST, "/in/{integration}/v2/change/enqueue", May::Proof, post(deploys::post_pagerduty)),
        route(Method::POST, "/in/{integration}/deploys", May::Source, post(deploys::post_deploys)),
    ];
    // Alertmanager's API, at the root and under an integration
    for (alerts, groups, silences, silence, status, receivers, ready, healthy) in [
        (
            "/api/v2/alerts",
            "/api/v2/alerts/groups",
            "/api/v2/silences",
            "/api/v2/silence/{id}",
            "/api/v2/status",
            "/api/v2/receivers",
            "/-/ready",
            "/-/healthy",
        ),
        (
            "/in/{integration}/api/v2/alerts",
            "/in/{integration}/api/v2/alerts/groups",
            "/in/{integration}/api/v2/silences",
            "/in/{integration}/api/v2/silence/{id}",
            "/in/{integration}/api/v2/status",
            "/in/{integration}/api/v2/receivers",
            "/in/{integration}/-/ready",
            "/in/{integration}/-/healthy",
        ),
    ] {
        all.extend([
            route(Method::POST, alerts, May::Source, post(v2::post_alerts)),
            route(Method::GET, alerts, VIEW, get(v2::get_alerts)),
            route(Method::GET, groups, VIEW, get(v2::get_groups)),
            route(Method::GET, silences, VIEW, get(v2::get_silences)),
            route(Method::POST, silences, ALERTS, post(v2::post_silence)),
            route(Method::GET, silence, VIEW, get(v2::get_silence)),
            route(Method::DELETE, silence, ALERTS, delete(v2::delete_silence)),
            route(Method::GET, status, May::Source, get(v2::get_status)),
            route(Method::GET, receivers, VIEW, get(v2::get_receivers)),
            route(Method::GET, ready, May::Anyone, get(v2::ready)),
            route(Method::GET, healthy, May::Anyone, get(v2::ready)),
        ]);
    }
    // Programs ask for flags
    let of_programs = |(method, path, handler)| route(method, path, May::EnvironmentKey, handler);
    all.extend(ofrep::lines().into_iter().map(of_programs));
    // The status page in Statuspage's shape, beside Alertmanager's API of the same version
    all.extend(published::DATA.map(|(path, _, _)| route(Method::GET, path, May::Anyone, get(status_pages::get_data))));
    all.extend(crate::api::table::lines());
    all
}

/// The router: every line of the table behind its door.
pub fn router(app: &App) -> Router {
    let (mut router, mut beside): (Router<App>, Router<App>) = (Router::new(), Router::new());
    for line in table() {
        if line.may == May::EnvironmentKey {
            // Each layer would cost every question of every program.
            beside = beside.route(line.path, line.handler);
            continue;
        }
        let door = middleware::from_fn_with_state((app.clone(), line.may), enter::enter);
        let (honours, signals) = (once::honours(&line), matches!(line.may, May::Source | May::Proof));
        let mut handler = line.handler;
        if honours {
            handler = handler.route_layer(middleware::from_fn_with_state(app.clone(), once::once));
        }
        // Signals bring a limit of their own; and each layer costs every one of their calls.
        if !signals {
            handler = handler.route_layer(DefaultBodyLimit::max(1 << 20));
        }
        router = router.route(line.path, handler.route_layer(door));
    }
    router
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), around::around))
        .merge(beside)
        .with_state(app.clone())
}

async fn not_found() -> Response {
    crate::problem::Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address").into_response()
}

async fn not_allowed() -> Response {
    let detail = "this address exists, but not for this method";
    crate::problem::Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response()
}
