//! The API, described: `OpenAPI` 3.1, made from the handlers, and from the table of routes who may call what.

use std::sync::OnceLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::prepare::documents::Kind;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::change::{
    changes, document_proposals, environments, flags, gates, kills, observations, reflexes, rollbacks, suspects,
    switches,
};
use super::detect::{alerts, groups, heartbeats, integrations, silences};
use super::engage::{escalations, overrides, pages, schedules, watch};
use super::inform::{notices, outgoing_webhooks, subscribers};
use super::journal;
use super::learn::{
    action_items, changes as change_insights, comments, counterfactuals, customer_postmortems, digests, drafts,
    insights, language, mentions, paging, pins, postmortems, review_meetings, score_sheets, search,
};
use super::prepare::{access, addresses, checks, documents, ownership, source};
use super::respond::{
    affected, assignments, chats, checklists, entries, evidence, exports, incidents, obligations, observables, stamps,
    tasks, techniques, updates,
};
use super::seals;
use crate::enter::{May, word};
use crate::problem::Problem;

#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Allclear",
        description = "Incident response: alerts, pages, who is on call, and the documents that rule them.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        document,
        watch::proof,
        access::me,
        checks::list,
        alerts::list,
        alerts::one,
        alerts::acknowledge,
        alerts::unacknowledge,
        alerts::snooze,
        alerts::resolve,
        alerts::noise,
        groups::list,
        groups::one,
        silences::list,
        silences::create,
        silences::one,
        silences::change,
        silences::expire,
        heartbeats::list,
        pages::list,
        pages::one,
        pages::acknowledge,
        pages::escalate,
        pages::test,
        incidents::list,
        incidents::declare,
        incidents::one,
        incidents::describe,
        incidents::act,
        incidents::link,
        incidents::unlink,
        incidents::name_person,
        incidents::remove_person,
        assignments::act,
        stamps::list,
        stamps::claim,
        tasks::give,
        tasks::act,
        updates::say,
        updates::act,
        updates::call,
        suspects::of_incident,
        suspects::judge,
        rollbacks::preview,
        rollbacks::list,
        rollbacks::ask,
        rollbacks::ask_of_change,
        rollbacks::preview_of_change,
        rollbacks::one,
        rollbacks::act,
        reflexes::list,
        reflexes::counting,
        reflexes::of_incident,
        reflexes::act,
        reflexes::of_service,
        reflexes::set,
        checklists::list,
        checklists::act,
        obligations::list,
        obligations::of_incident,
        obligations::act,
        entries::list,
        entries::add,
        entries::mark,
        exports::stix,
        exports::veris,
        evidence::list,
        evidence::one,
        evidence::collect,
        evidence::elsewhere,
        evidence::hand_over,
        evidence::download,
        observables::list,
        observables::export,
        observables::add,
        observables::act,
        affected::list,
        affected::begin,
        affected::count,
        techniques::list,
        techniques::act,
        changes::list,
        changes::propose,
        changes::one,
        document_proposals::propose,
        document_proposals::one,
        document_proposals::edit,
        document_proposals::update,
        document_proposals::apply,
        changes::edit,
        changes::approve,
        changes::schedule,
        changes::begin,
        changes::finish,
        changes::fail,
        changes::cancel,
        changes::review,
        changes::exempt,
        changes::preflight,
        gates::ask,
        gates::ask_with_body,
        notices::list,
        notices::open,
        notices::one,
        notices::describe,
        notices::add,
        notices::correct,
        notices::audit,
        subscribers::list,
        subscribers::remove,
        action_items::list,
        action_items::export,
        action_items::survival,
        action_items::of_incident,
        action_items::propose,
        action_items::one,
        action_items::act,
        action_items::describe,
        score_sheets::one,
        score_sheets::text,
        score_sheets::file,
        drafts::one,
        drafts::text,
        counterfactuals::of_policy,
        pins::list,
        pins::one,
        pins::pin,
        pins::act,
        postmortems::list,
        postmortems::one,
        postmortems::act,
        postmortems::text,
        postmortems::write,
        postmortems::history,
        postmortems::restore,
        mentions::list,
        comments::list,
        comments::say,
        comments::resolve,
        postmortems::name,
        postmortems::strike,
        postmortems::html,
        postmortems::pdf,
        customer_postmortems::one,
        customer_postmortems::act,
        customer_postmortems::html,
        customer_postmortems::pdf,
        review_meetings::one,
        review_meetings::act,
        review_meetings::file,
        search::like,
        insights::overview,
        insights::incidents,
        insights::promises,
        insights::of_measure,
        insights::overview_table,
        insights::incidents_table,
        insights::promises_table,
        digests::one,
        digests::choose,
        paging::overview,
        paging::people,
        paging::alerts,
        change_insights::overview,
        change_insights::export,
        search::list,
        language::look,
        schedules::list,
        schedules::on_call,
        schedules::shifts,
        schedules::everywhere,
        overrides::list,
        overrides::create,
        overrides::one,
        overrides::remove,
        escalations::would_tell,
        documents::list,
        documents::one,
        documents::put,
        documents::delete,
        documents::history,
        addresses::webhook_secrets,
        documents::difference,
        documents::rollback,
        documents::changesets,
        documents::changes,
        documents::export,
        documents::plan,
        documents::apply,
        ownership::set_by_hand,
        ownership::drift,
        source::one,
        source::pushed,
        documents::schemas,
        documents::schema,
        observations::observe,
        integrations::tokens,
        integrations::rotate,
        integrations::rejections,
        integrations::test,
        outgoing_webhooks::list,
        outgoing_webhooks::one,
        outgoing_webhooks::deliveries,
        outgoing_webhooks::one_delivery,
        outgoing_webhooks::replay,
        outgoing_webhooks::test,
        outgoing_webhooks::enable,
        outgoing_webhooks::rotate,
        flags::list,
        flags::one,
        kills::list,
        kills::one,
        kills::create,
        kills::lift,
        kills::extend,
        switches::list,
        environments::list,
        environments::export,
        environments::import,
        environments::keys,
        environments::create_key,
        environments::revoke_key,
        environments::readers_of,
        chats::list,
        chats::test,
        access::list,
        access::create,
        access::revoke,
        journal::list,
        seals::checkpoint,
        seals::key,
        seals::bundle,
    ),
    components(schemas(Problem))
)]
struct Described;

/// Says what may go wrong everywhere, and who may call what.
fn complete(mut document: Value) -> Value {
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    document["components"]["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer", "description": "A token of the API: acl_..." },
        "session": { "type": "apiKey", "in": "cookie", "name": "__Host-allclear", "description": "A browser." },
    });
    for body in ["AlertIds", "Snooze", "Noise"] {
        document["components"]["schemas"][body]["properties"]["alerts"]["items"]["pattern"] =
            json!("^alr_[0-9a-hjkmnp-tv-z]{16}$");
    }
    let problem = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let errors: [(&str, &str); 4] = [
        ("400", "What was sent is wrong; `at` says where."),
        ("401", "Sign in, or send a token."),
        ("403", "This is not for you."),
        ("429", "Too often; Retry-After says when again."),
    ];
    for route in super::table::lines() {
        let method = route.method.as_str().to_ascii_lowercase();
        let Some(operation) = document["paths"][route.path].get_mut(&method).and_then(Value::as_object_mut) else {
            continue;
        };
        let id = operation_id(&method, route.path);
        operation.insert("operationId".into(), json!(id));
        let responses = operation.entry("responses").or_insert_with(|| json!({}));
        let Some(responses) = responses.as_object_mut() else { continue };
        for (status, response) in responses.iter_mut() {
            // A description is required, also of what says it all by its shape.
            let says = response["description"].as_str().filter(|says| !says.is_empty());
            let says = says.map_or_else(|| success(status).to_owned(), str::to_owned);
            response["description"] = json!(says);
        }
        for (status, says) in errors.iter().skip(if route.may == May::Anyone { 3 } else { 0 }) {
            responses.insert((*status).into(), json!({ "description": says, "content": problem }));
        }
        responses.insert("default".into(), json!({ "description": "Any other refusal.", "content": problem }));
        if let May::Person(access, scope) = route.may {
            operation.insert("security".into(), json!([{ "token": [] }, { "session": [] }]));
            operation.insert("x-access".into(), json!({ "least": word(access), "scope": scope.word() }));
        } else {
            operation.insert("security".into(), json!([]));
        }
        if super::once::honours(&route) {
            let key = json!({
                "name": "Idempotency-Key", "in": "header", "required": false, "schema": { "type": "string" },
                "description": "The same key with the same body is done once within 24 hours: the answer of then is given \
                    again, with Idempotent-Replayed: true. What was refused may be asked again.",
            });
            for (status, says) in [
                ("409", "A request with this Idempotency-Key is being answered, or showed a secret."),
                ("422", "This Idempotency-Key was used for another request."),
            ] {
                operation["responses"][status] = json!({ "description": says, "content": problem });
            }
            if let Some(list) = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut() {
                list.push(key);
            }
        }
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        parameters.for_each(|parameter| narrow(route.path, parameter));
    }
    document
}

/// What a parameter may be, which its type does not say. The handlers refuse all else.
fn narrow(path: &str, parameter: &mut Value) {
    let bounds = match (parameter["in"].as_str(), parameter["name"].as_str()) {
        (Some("query"), Some("limit")) => json!({ "minimum": 1, "maximum": 500 }),
        (Some("header"), Some("Idempotency-Key")) => json!({ "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$" }),
        (Some("path"), Some("name")) => json!({ "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$" }),
        (Some("path"), Some("id")) => json!({ "pattern": "^[a-z]{3}_[0-9a-hjkmnp-tv-z]{16}$" }),
        (Some("query"), Some("severity")) if path == "/api/v1/alerts" => json!({ "enum": alerts::SEVERITIES }),
        (Some("query"), Some("kind")) if matches!(path, "/api/v1/gate" | "/api/v1/changes") => {
            json!({ "enum": domain::change::proposals::Kind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>() })
        }
        (Some("query" | "path"), Some("kind")) => json!({ "enum": Kind::ALL.map(Kind::word) }),
        _ => return,
    };
    if let (Some(schema), Value::Object(bounds)) = (parameter["schema"].as_object_mut(), bounds) {
        schema.extend(bounds);
    }
}

/// What a success means where nothing more is said.
fn success(status: &str) -> &'static str {
    match status {
        "201" => "Made.",
        "202" => "Taken, and on disk.",
        "204" => "Done; there is nothing to say.",
        _ => "As asked.",
    }
}

/// `listAlerts` would be nicer; but a name that follows from method and path never clashes.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.trim_start_matches("/api/v1/").split(['/', '-', '.']).map(|word| word.trim_matches(['{', '}']));
    words.fold(method.to_owned(), |id, word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        id + &first.into_iter().chain(letters).collect::<String>()
    })
}

/// The description, as JSON.
pub fn described() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        complete(serde_json::to_value(Described::openapi()).unwrap_or_else(|_| Value::Object(Map::new())))
    })
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "me", responses((status = 200, body = Value)))]
pub async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], described().to_string()).into_response()
}
