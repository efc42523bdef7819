//! What an assistant may do: each tool is a call of the API, for whom that is open. A tool that writes asks first.
//!
//! No tool pages, resolves, rolls back or tells the public, whatever the token may: that takes a person.

use std::sync::Arc;

use actions::prepare::access::ANSWERS_KEPT;
use actions::respond::{entries, incidents as acts, room, updates};
use axum::extract::{Path, State};
use axum::{Extension, Json};

use domain::prepare::access::Scope;
use domain::prepare::people::Access;
use domain::respond::confirmations::{self, CONFIRMED_WITHIN, Deed};
use domain::respond::entries::{Entry, Sort};
use domain::respond::updates::Audience;
use domain::words::{Name, Refusal, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use store::prepare::answers::{self, Asked};
use store::respond::incidents::Filter;

use super::{Wrong, said};
use crate::api::body::{Search, read_json};
use crate::api::engage::schedules::{self, AtQuery};
use crate::api::learn::{postmortems, search};
use crate::api::listing::{self, Listing};
use crate::api::once;
use crate::api::respond::entries::{self as timeline, TimelineQuery};
use crate::api::respond::incidents::{self, id};
use crate::app::App;
use crate::enter::{May, Visitor};
use crate::problem::Problem;

/// A tool.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Who may, which is who may call the route of the API that it stands for.
    pub(crate) may: May,
    writes: bool,
    arguments: fn() -> Value,
}

const VIEW: May = May::view();

/// All of them, in the order in which they are offered.
pub(crate) const TOOLS: [Tool; 8] = [
    Tool {
        name: "search",
        title: "Search",
        description: "Finds incidents, timeline entries, updates, changes, runbooks and postmortems by their words, what fits best \
                      first. Filters: kind:postmortem, service:shop, severity:sev1, since:2026-01-31; \"words in this order\"; -without.",
        may: VIEW,
        writes: false,
        arguments: || {
            object(
                &["query"],
                &json!({
                    "query": { "type": "string", "description": "Words and filters" },
                    "newest": { "type": "boolean", "description": "The newest first, not what fits best" },
                    "limit": { "type": "integer", "minimum": 1, "maximum": 100, "description": "20, if absent" },
                }),
            )
        },
    },
    Tool {
        name: "list_open_incidents",
        title: "List open incidents",
        description: "Incidents that are reported or active, the newest first.",
        may: VIEW,
        writes: false,
        arguments: || object(&[], &json!({})),
    },
    Tool {
        name: "read_incident",
        title: "Read an incident",
        description: "How one incident stands: severity, roles, tasks, updates, when what happened; and its timeline, the latest first.",
        may: VIEW,
        writes: false,
        arguments: || {
            object(
                &["incident"],
                &json!({
                    "incident": incident_argument(),
                    "entries": { "type": "integer", "minimum": 1, "maximum": 200, "description": "How many entries of the timeline; 50, if absent" },
                    "cursor": { "type": "string", "description": "From the answer before: the timeline goes on there" },
                }),
            )
        },
    },
    Tool {
        name: "similar_incidents",
        title: "Similar incidents",
        description: "The incidents that are most like one, each with the reasons for the likeness.",
        may: VIEW,
        writes: false,
        arguments: || object(&["incident"], &json!({ "incident": incident_argument() })),
    },
    Tool {
        name: "who_is_on_call",
        title: "Who is on call",
        description: "Who is on call by every schedule, or by one, now or at another time, and why.",
        may: VIEW,
        writes: false,
        arguments: || {
            object(
                &[],
                &json!({
                    "schedule": { "type": "string", "description": "The name of a schedule; all, if absent" },
                    "at": { "type": "string", "format": "date-time", "description": "Now, if absent: 2026-09-21T14:00:00Z" },
                }),
            )
        },
    },
    Tool {
        name: "read_postmortem",
        title: "Read a postmortem",
        description: "What was learned from an incident: the sections that people wrote, contributing factors, its state, and why one is due.",
        may: VIEW,
        writes: false,
        arguments: || object(&["incident"], &json!({ "incident": incident_argument() })),
    },
    Tool {
        name: "draft_update",
        title: "Draft an update",
        description: "The text of an update about an incident, begun by a template of this organisation with what is on record. Saves \
                      and posts nothing: a person finishes and posts it.",
        may: VIEW,
        writes: false,
        arguments: || {
            object(
                &["incident"],
                &json!({
                    "incident": incident_argument(),
                    "audience": { "type": "string", "enum": ["internal", "public"], "description": "internal, if absent" },
                    "template": { "type": "string", "description": "The name of an update template; the first for the audience, if absent" },
                }),
            )
        },
    },
    Tool {
        name: "add_note",
        title: "Add a note to the timeline",
        description: "Writes a note on the timeline of an incident, in the name of the person whose token this is; the entry says that an \
                      assistant wrote it. Does nothing before it is confirmed.",
        may: May::Person(Access::Responder, Scope::Incidents),
        writes: true,
        arguments: || {
            object(
                &["incident", "text"],
                &json!({
                    "incident": incident_argument(),
                    "text": { "type": "string", "maxLength": domain::respond::entries::TEXT_MOST },
                    "sort": { "type": "string", "enum": Sort::ALL.map(Sort::word), "description": "note, if absent" },
                    "at": { "type": "string", "format": "date-time", "description": "When it was; now, if absent" },
                    "confirmation": { "type": "string", "description": "From the answer to the same call without it, once a person agreed" },
                }),
            )
        },
    },
];

/// The argument that names an incident.
fn incident_argument() -> Value {
    json!({ "type": "string", "description": "The id of the incident: inc_06f1k2m9qv7x3t1a" })
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The tools that this token may use, as the protocol describes tools.
pub(super) fn offered(visitor: &Visitor) -> Vec<Value> {
    let mine = TOOLS.iter().filter(|tool| visitor.allowed(tool.may).is_ok());
    let wire = |tool: &Tool| {
        json!({
            "name": tool.name, "title": tool.title, "description": tool.description, "inputSchema": (tool.arguments)(),
            "annotations": {
                "title": tool.title, "readOnlyHint": !tool.writes, "destructiveHint": false,
                "idempotentHint": !tool.writes, "openWorldHint": false,
            },
        })
    };
    mine.map(wire).collect()
}

/// A call of a tool.
pub(super) struct Called<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: Map<String, Value>,
    /// What the person answered whom the client asked: `accept`, `decline`, `cancel`.
    pub(super) action: Option<&'a str>,
    /// What we gave the client to give back.
    pub(super) state: Option<&'a str>,
}

/// What a tool answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// What is on record.
    Record(Value),
    /// What was done.
    Done(Value),
    /// What would be done, in words, and what confirms it until when.
    Confirm {
        would: String,
        confirmation: String,
        until: Timestamp,
    },
    Declined,
    Refused(String),
}

/// Calls a tool. What is refused is an answer, so that the assistant can read why.
pub(super) async fn call(app: &App, visitor: &Visitor, called: Called<'_>) -> Result<Answer, Wrong> {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == called.name) else {
        let near = domain::words::text::did_you_mean(called.name, TOOLS.iter().map(|tool| tool.name));
        let name = domain::words::text::shorten(called.name, 60);
        return Err(Wrong::params(format!("there is no tool {name:?}{near}")));
    };
    let done = match visitor.allowed(tool.may) {
        Ok(()) => run(app, visitor.clone(), tool, &called).await,
        Err(refusal) => Err(refusal.into()),
    };
    Ok(done.unwrap_or_else(|problem| Answer::Refused(said(&problem))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToFind {
    query: String,
    #[serde(default)]
    newest: bool,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfIncident {
    incident: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadIncident {
    incident: String,
    entries: Option<u32>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnCall {
    schedule: Option<String>,
    at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftUpdate {
    incident: String,
    audience: Option<Audience>,
    template: Option<Name>,
}

/// Written back without the confirmation, which is for the rest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddNote {
    incident: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<Sort>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(skip_serializing)]
    confirmation: Option<String>,
}

/// The arguments, strictly: what is not known is refused with its place.
fn take<T: DeserializeOwned>(arguments: &Map<String, Value>) -> Result<T, Problem> {
    let bytes = serde_json::to_vec(arguments).unwrap_or_default();
    Ok(read_json(&bytes)?)
}

fn record<T: Serialize>(found: &T) -> Answer {
    Answer::Record(serde_json::to_value(found).unwrap_or_default())
}

async fn run(app: &App, visitor: Visitor, tool: &Tool, called: &Called<'_>) -> Result<Answer, Problem> {
    let arguments = &called.arguments;
    let (state, by) = (|| State(app.clone()), |visitor: &Visitor| Extension(visitor.clone()));
    Ok(match tool.name {
        "search" => {
            let ToFind { query, newest, limit } = take(arguments)?;
            let order = newest.then(|| "newest".to_owned());
            // What an assistant types is whole words.
            let asked = search::SearchQuery { q: format!("{query} "), order, limit, skip: None };
            let Json(found) = search::list(state(), by(&visitor), Search(asked)).await?;
            record(&found)
        }
        "list_open_incidents" => {
            let Nothing {} = take(arguments)?;
            record(&open_incidents(app, visitor).await?)
        }
        "read_incident" => {
            let ReadIncident { incident, entries, cursor } = take(arguments)?;
            let Json(detail) = incidents::one(state(), by(&visitor), Path(incident.clone())).await?;
            let query = TimelineQuery { limit: Some(entries.unwrap_or(50)), cursor };
            let timeline = timeline::part(app, &visitor, &incident, &query).await?;
            record(&json!({ "incident": detail, "timeline": timeline }))
        }
        "similar_incidents" => {
            let OfIncident { incident } = take(arguments)?;
            let Json(found) = search::like(state(), by(&visitor), Path(incident)).await?;
            record(&found)
        }
        "who_is_on_call" => {
            let OnCall { schedule, at } = take(arguments)?;
            if let Some(name) = schedule {
                let Json(found) = schedules::on_call(state(), Path(name), Search(AtQuery { at })).await?;
                record(&Listing::whole(vec![found]))
            } else {
                let Json(found) = schedules::everywhere(state(), Search(AtQuery { at })).await?;
                record(&found)
            }
        }
        "read_postmortem" => {
            let OfIncident { incident } = take(arguments)?;
            let Json(found) = postmortems::one(state(), by(&visitor), Path(incident)).await?;
            record(&found)
        }
        "draft_update" => draft(app, visitor, take(arguments)?).await?,
        "add_note" => note(app, visitor, tool, take(arguments)?, called).await?,
        other => return Err(store::Halt::from(store::Error::other(format!("the tool {other} does nothing"))).into()),
    })
}

/// The open incidents that somebody sees, the newest first; at most as many as a page of the API has.
pub(super) async fn open_incidents(app: &App, visitor: Visitor) -> Result<Listing<incidents::Incident>, Problem> {
    let most = listing::limit(None)?;
    let rows = app.read(move |tx| {
        let filter = Filter { open: true, class: None, severity: None, words: None, drill: None };
        let most = u32::try_from(most + 1).unwrap_or(u32::MAX);
        Ok(store::respond::incidents::list(tx, &filter, visitor.sight(), None, most)?)
    });
    let mut rows = rows.await?;
    let more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(Listing::part(rows.iter().map(incidents::wire).collect(), next))
}

async fn draft(app: &App, visitor: Visitor, wanted: DraftUpdate) -> Result<Answer, Problem> {
    let DraftUpdate { incident, audience, template } = wanted;
    let id = id(&incident)?;
    let found = app.look(move |store, node, now| {
        store.read(|tx| {
            let room = room::room(tx, node, id, visitor.sight(), now)?;
            let catalog = node.rules(tx)?.catalog.clone();
            let all = &catalog.update_templates;
            let audience = audience.unwrap_or(Audience::Internal);
            let (name, chosen) = match &template {
                Some(name) => all.get_key_value(name).ok_or_else(|| {
                    let near = domain::words::text::did_you_mean(name.as_str(), all.keys().map(Name::as_str));
                    Refusal::not_found(format!("update template {name}{near}")).at("/template")
                })?,
                None => all
                    .iter()
                    .filter(|(_, one)| one.audience == audience)
                    .min_by_key(|(name, one)| (one.stage, (*name).clone()))
                    .ok_or_else(|| Refusal::not_found(format!("update template for the {audience} audience")))?,
            };
            let others: Vec<Value> = all
                .iter()
                .map(|(name, one)| json!({ "template": name, "title": one.title, "audience": one.audience.word() }))
                .collect();
            Ok(json!({
                "draft": updates::begun(&catalog, &room, chosen)?,
                "template": name, "audience": chosen.audience.word(), "stage": chosen.stage.map(domain::respond::updates::Stage::word),
                "needs_a_second_person": room.second_person && chosen.audience == Audience::Public,
                "templates": others,
            }))
        })
    });
    let mut draft = found.await?;
    draft["post_it_at"] = json!(format!("{}/incidents/{id}#updates", app.settings().public_url));
    Ok(Answer::Record(draft))
}

async fn note(app: &App, visitor: Visitor, tool: &Tool, note: AddNote, called: &Called<'_>) -> Result<Answer, Problem> {
    let (actor, now) = (visitor.actor(), app.now());
    let incident = id(&note.incident)?;
    // What would be refused is refused before anybody is asked.
    let entry = Entry { at: note.at, ..Entry::new(note.sort.unwrap_or(Sort::Note), note.text.clone()) };
    let entry = entry.checked(now)?;
    let seen_by = visitor.clone();
    let row = app.read(move |tx| acts::seen(tx, incident, seen_by.sight())).await?;
    let (by, arguments) = (actor.to_string(), serde_json::to_string(&note).unwrap_or_default());
    let deed = Deed { actor: &by, tool: tool.name, arguments: &arguments };
    let key = &app.node().identity.link_key;
    let given = match (called.action, called.state, note.confirmation.as_deref()) {
        (Some("accept"), Some(state), _) => Some(state),
        (Some(_), _, _) => return Ok(Answer::Declined),
        (None, _, given) => given,
    };
    let Some(given) = given else {
        let when = entry.at.map(|at| format!(" as of {at:.0}")).unwrap_or_default();
        let would = format!(
            "Write this {} on the timeline of {} ({}){when}:\n\n{}",
            entry.sort,
            row.name(),
            row.id,
            entry.text
        );
        let confirmation = confirmations::mint(key, deed, now);
        return Ok(Answer::Confirm { would, confirmation, until: CONFIRMED_WITHIN.after(now) });
    };
    confirmations::check(key, deed, given, now)?;
    // A confirmation is good for one deed, whoever sends it again: it is the key under which the deed is done.
    let asked = Arc::new(Asked {
        actor: by.clone(),
        key: format!("mcp:{given}"),
        body_hash: Sha256::digest(arguments.as_bytes()).into(),
        turn: app.mint().id::<domain::words::EventId>(now).to_string(),
        at: now,
        forgotten_before: ANSWERS_KEPT.before(now),
    });
    let wanted = asked.clone();
    if app.read(move |tx| Ok(answers::get(tx, &wanted)?)).await?.is_some() {
        return Err(Refusal::conflict("this was confirmed and done already").at("/confirmation").into());
    }
    let done = once::under(
        asked,
        app.act(actor, move |store, _, moment| {
            store.write(|tx| entries::add_by_assistant(tx, &mut moment.again(), incident, &entry))
        }),
    );
    let made = done.await?;
    let href = format!("{}/incidents/{incident}/entries/{made}", app.settings().public_url);
    Ok(Answer::Done(json!({ "entry": made, "incident": incident, "href": href })))
}

#[cfg(test)]
mod tests {
    use super::*;

    use axum::http::Method;

    #[test]
    fn a_tool_asks_for_what_the_route_asks_for_that_it_stands_for() {
        let stands_for = [
            ("search", Method::GET, "search"),
            ("list_open_incidents", Method::GET, "incidents"),
            ("read_incident", Method::GET, "incidents/{id}"),
            ("similar_incidents", Method::GET, "incidents/{id}/similar"),
            ("who_is_on_call", Method::GET, "on-call"),
            ("read_postmortem", Method::GET, "incidents/{id}/postmortem"),
            ("draft_update", Method::GET, "incidents/{id}"),
            ("add_note", Method::POST, "incidents/{id}/entries"),
        ];
        let table = crate::routes::table();
        assert_eq!(stands_for.len(), TOOLS.len());
        for (tool, (name, method, path)) in TOOLS.iter().zip(stands_for) {
            let path = format!("/api/v1/{path}");
            let route = table.iter().find(|route| route.method == method && route.path == path);
            assert_eq!((tool.name, Some(tool.may)), (name, route.map(|route| route.may)));
            assert_eq!(tool.writes, method != Method::GET, "{name}");
            let schema = (tool.arguments)();
            let known = schema["properties"].as_object().unwrap();
            for required in schema["required"].as_array().unwrap() {
                assert!(known.contains_key(required.as_str().unwrap()), "{name}: {required}");
            }
        }
    }
}
