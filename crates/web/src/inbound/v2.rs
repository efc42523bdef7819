//! Alertmanager's API, version 2, as Prometheus and `amtool` speak it. Shapes and odd corners are Alertmanager's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use actions::detect::signals::Incoming;
use actions::detect::views::{self, AlertView};
use actions::{Halt, board};
use axum::body::Bytes;
use axum::extract::{Path, Query, RawQuery, Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::detect::alerts::Muted;
use domain::detect::rules::Rules;
use domain::detect::signals;
use domain::detect::silences::Silence;
use domain::words::labels::Compare;
use domain::words::{GroupId, Id, Matcher, Name, Refusal, RefusalKind, SilenceId, Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{body, integration_of, receive, received_at, reject, rules, rules_with};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// The Alertmanager whose API is spoken here, and whose amtool it is tried with.
pub(crate) const SPOKEN: &str = "0.25.0";
const FORMAT: &str = "alertmanager-v2";

/// `POST .../alerts`: what fires, and what ended. 200 and no body, as in Alertmanager; durable, unlike it.
pub async fn post_alerts(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    path: Option<Path<Name>>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let named = path.map(|Path(name)| name);
    let rules = match rules_with(&app, named.as_ref()).await {
        Ok(rules) => rules,
        Err(halt) => return Problem::from(halt).into_response(),
    };
    let integration = match integration_of(&visitor, named.as_ref(), &rules) {
        Ok(integration) => integration,
        Err(refusal) => return Problem::from(refusal).into_response(),
    };
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("application/json");
    if !kind.starts_with("application/json") {
        let detail = "send alerts as application/json";
        return Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response();
    }
    let bytes = match body(&app, request).await {
        Ok(bytes) => bytes,
        Err(refusal) => return reject(&app, &visitor, Some(integration), FORMAT, refusal, Bytes::new()).await,
    };
    let now = received_at(&app);
    let extra = rules.extra(&integration);
    match Incoming::read(integration.clone(), FORMAT, bytes.to_vec(), extra, true, now) {
        Ok(incoming) => match receive(&app, incoming).await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(problem) if problem.status == 400 => {
                let refusal = Refusal { at: problem.at.clone(), ..Refusal::invalid(problem.detail.clone()) };
                reject(&app, &visitor, Some(integration), FORMAT, refusal, bytes).await
            }
            Err(problem) => problem.into_response(),
        },
        Err(refusal) => {
            // As Alertmanager: the answer is 400, and the alerts that can be read count all the same.
            if let Some(rest) = signals::readable(&bytes, extra)
                && let Ok(incoming) = Incoming::read(integration.clone(), FORMAT, rest, extra, true, now)
                && let Err(problem) = receive(&app, incoming).await
            {
                return problem.into_response();
            }
            reject(&app, &visitor, Some(integration), FORMAT, refusal, bytes).await
        }
    }
}

/// The filters that `GET .../alerts` and `GET .../alerts/groups` share.
struct Filter {
    active: bool,
    silenced: bool,
    inhibited: bool,
    matchers: Vec<Matcher>,
    receiver: Option<regex::Regex>,
}

impl Filter {
    fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut filter = Self { active: true, silenced: true, inhibited: true, matchers: Vec::new(), receiver: None };
        for (name, value) in pairs(query.unwrap_or("")) {
            let truth = || match value.as_str() {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err(Refusal::invalid(format!("{name} must be true or false")).at(format!("?{name}"))),
            };
            match name.as_str() {
                "active" => filter.active = truth()?,
                "silenced" => filter.silenced = truth()?,
                "inhibited" => filter.inhibited = truth()?,
                "unprocessed" | "muted" => _ = truth()?,
                "filter" => filter.matchers.extend(Matcher::parse_list(&value).map_err(|wrong| wrong.at("?filter"))?),
                "receiver" => {
                    let pattern = regex::RegexBuilder::new(&format!("^(?:{value})$")).size_limit(1 << 18).build();
                    let wrong = |_| Refusal::invalid("receiver is not a regular expression").at("?receiver");
                    filter.receiver = Some(pattern.map_err(wrong)?);
                }
                _ => {}
            }
        }
        Ok(filter)
    }

    fn shows(&self, alert: &AlertView) -> bool {
        let wanted = match alert.muted {
            None => self.active,
            Some(Muted::Silenced(_)) => self.silenced,
            Some(Muted::Inhibited(_)) => self.inhibited,
        };
        wanted && self.receiver.as_ref().is_none_or(|pattern| pattern.is_match(receiver(alert)))
    }
}

/// Whoever would be told, as Alertmanager calls it: our route.
fn receiver(alert: &AlertView) -> &str {
    alert.route.as_ref().map_or("none", Name::as_str)
}

/// Decodes `a=b&c=d`; `+` is a space.
fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let bytes = text.as_bytes();
        let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
        while at < bytes.len() {
            let hex = || bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
            match bytes[at] {
                b'+' => out.push(b' '),
                b'%' => match hex().and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(byte) => {
                        out.push(byte);
                        at += 2;
                    }
                    None => out.push(b'%'),
                },
                byte => out.push(byte),
            }
            at += 1;
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (decode(n), decode(v))).collect()
}

async fn filtered(app: &App, filter: Filter) -> Result<Vec<AlertView>, Halt> {
    let again = app.clone();
    let now = app.now();
    let look = tokio::task::spawn_blocking(move || {
        board::refresh(again.store(), again.node(), now)?;
        again.store().read(|tx| {
            let board = again.node().board();
            let mut slots = board.matching(&filter.matchers);
            slots.sort_by_key(|slot| (board.at(*slot).signal, board.at(*slot).position));
            let views = views::open(tx, &board, &slots)?;
            Ok(views.into_iter().filter(|view| filter.shows(view)).collect())
        })
    });
    look.await.unwrap_or_else(|panic| Err(store::Error::other(format!("a query did not finish: {panic}")).into()))
}

fn alert_json(alert: &AlertView) -> Value {
    let (silenced, inhibited) = match alert.muted {
        Some(Muted::Silenced(id)) => (vec![to_uuid(id)], Vec::new()),
        Some(Muted::Inhibited(id)) => (Vec::new(), vec![id.to_string()]),
        None => (Vec::new(), Vec::new()),
    };
    let state = if alert.muted.is_some() { "suppressed" } else { "active" };
    json!({
        "annotations": alert.annotations,
        "endsAt": alert.expires_at,
        "fingerprint": format!("{:016x}", alert.labels.fingerprint()),
        "receivers": [{ "name": receiver(alert) }],
        "startsAt": alert.starts_at,
        "updatedAt": alert.heard_at,
        "status": { "state": state, "silencedBy": silenced, "inhibitedBy": inhibited, "mutedBy": [] },
        "generatorURL": alert.link.as_deref().unwrap_or(""),
        "labels": alert.labels,
    })
}

pub async fn get_alerts(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let filter = Filter::read(query.as_deref())?;
    let mut alerts = filtered(&app, filter).await?;
    alerts.sort_by_key(|alert| alert.labels.fingerprint());
    Ok(Json(alerts.iter().map(alert_json).collect::<Vec<_>>()).into_response())
}

pub async fn get_groups(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let filter = Filter::read(query.as_deref())?;
    let mut groups: BTreeMap<GroupId, Vec<AlertView>> = BTreeMap::new();
    for alert in filtered(&app, filter).await? {
        groups.entry(alert.group).or_default().push(alert);
    }
    let board = app.node().board();
    let told = groups.iter().map(|(id, alerts)| {
        let labels = board.group(*id).map(|open| &open.group.labels);
        let labels: BTreeMap<&str, &str> = labels
            .into_iter()
            .flatten()
            .filter(|(_, v)| !v.is_empty())
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let name = alerts.first().map_or("none", receiver);
        json!({
            "labels": labels,
            "receiver": { "name": name },
            "alerts": alerts.iter().map(alert_json).collect::<Vec<_>>(),
        })
    });
    Ok(Json(told.collect::<Vec<_>>()).into_response())
}

pub async fn get_receivers(State(app): State<App>) -> Result<Response, Problem> {
    let rules = rules(&app).await?;
    let names: Vec<Value> = rules.routes().map(|(name, _)| json!({ "name": name })).collect();
    Ok(Json(names).into_response())
}

/// `amtool` asks for this before every command.
pub async fn get_status(State(app): State<App>) -> Result<Response, Problem> {
    let rules = rules(&app).await?;
    let own = app.settings().version;
    Ok(Json(json!({
        "cluster": { "status": "disabled", "peers": [] },
        // The version is that of the API, so that clients know what they may ask; who answers stands beside it.
        "versionInfo": {
            "version": SPOKEN, "revision": format!("allclear {own}"), "branch": "allclear", "buildUser": "",
            "buildDate": "", "goVersion": "",
        },
        "config": { "original": routing_as_alertmanager(&rules) },
        "uptime": app.metrics().started_at(),
    }))
    .into_response())
}

/// The routes as Alertmanager would write them, so that `amtool config routes` shows and tries them. Each route is a
/// receiver; what it does with an alert stands in its document.
fn routing_as_alertmanager(rules: &Rules) -> String {
    let mut text = String::from(
        "# Allclear routes by documents (allclear export route). This is what they come to, for amtool config routes.\n\
         route:\n  receiver: nobody\n  routes:\n",
    );
    // Each part is written as JSON, which is YAML on one line.
    for (name, route) in rules.routes() {
        let matchers: Vec<String> = route.matchers.iter().map(ToString::to_string).collect();
        let part = json!({
            "receiver": name, "matchers": matchers, "group_by": route.group_by, "group_wait": route.group_wait,
        });
        _ = writeln!(text, "  - {part}");
    }
    text += "receivers:\n- {\"name\":\"nobody\"}\n";
    for (name, _) in rules.routes().filter(|(name, _)| *name != "nobody") {
        _ = writeln!(text, "- {}", json!({ "name": name }));
    }
    text
}

/// A silence on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostedSilence {
    #[serde(default)]
    id: Option<String>,
    matchers: Vec<WireMatcher>,
    #[serde(default)]
    starts_at: Option<String>,
    ends_at: String,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMatcher {
    name: String,
    value: String,
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

impl WireMatcher {
    fn read(self) -> Result<Matcher, Refusal> {
        let compare = match (self.is_regex, self.is_equal) {
            (false, true) => Compare::Equal,
            (false, false) => Compare::NotEqual,
            (true, true) => Compare::Matches,
            (true, false) => Compare::NotMatches,
        };
        Matcher::new(self.name, compare, self.value)
    }

    fn write(matcher: &Matcher) -> Self {
        Self {
            name: matcher.name.clone(),
            value: matcher.value.clone(),
            is_regex: matches!(matcher.compare, Compare::Matches | Compare::NotMatches),
            is_equal: matches!(matcher.compare, Compare::Equal | Compare::Matches),
        }
    }
}

/// Alertmanager's ids of silences are UUIDs; ours have 80 bits, and stand at its end.
fn to_uuid(id: SilenceId) -> String {
    let hex = format!("{:032x}", id.bits());
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn from_uuid(text: &str) -> Result<SilenceId, Refusal> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    let bits = u128::from_str_radix(&hex, 16).ok().filter(|bits| hex.len() == 32 && bits >> 80 == 0);
    bits.map(SilenceId::from_bits).ok_or_else(|| Refusal::not_found("silence with this id"))
}

fn silence_json(silence: &Silence, now: Timestamp) -> Value {
    json!({
        "id": to_uuid(silence.id),
        "status": { "state": silence.phase(now).word() },
        "updatedAt": silence.updated_at,
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "startsAt": silence.starts_at,
        "endsAt": silence.ends_at,
        "matchers": silence.matchers.iter().map(WireMatcher::write).collect::<Vec<_>>(),
    })
}

/// For so long expired silences are listed, as in Alertmanager (its retention).
const EXPIRED_LISTED: Span = Span::hours(120);

pub async fn get_silences(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let now = app.now();
    let filter: Vec<(String, String)> = pairs(query.as_deref().unwrap_or(""));
    let mut wanted = Vec::new();
    for (_, value) in filter.iter().filter(|(name, _)| name == "filter") {
        wanted.extend(Matcher::parse_list(value).map_err(|wrong| wrong.at("?filter"))?);
    }
    let silences = app.read(move |tx| Ok(store::detect::silences::list(tx, EXPIRED_LISTED.before(now), 1000)?)).await?;
    // As Alertmanager: a silence is listed if each filter is one of its matchers' values.
    let fits = |silence: &Silence| {
        wanted.iter().all(|filter| {
            let of_name = silence.matchers.iter().find(|matcher| matcher.name == filter.name);
            filter.matches_value(of_name.map_or("", |matcher| matcher.value.as_str()))
        })
    };
    let found: Vec<Value> = silences.iter().filter(|s| fits(s)).map(|s| silence_json(s, now)).collect();
    Ok(Json(found).into_response())
}

/// The part of the address that names a silence; the integration stands before it, or not.
#[derive(Deserialize)]
pub struct OfSilence {
    id: String,
}

pub async fn get_silence(State(app): State<App>, Path(OfSilence { id }): Path<OfSilence>) -> Result<Response, Problem> {
    let id = from_uuid(&id)?;
    let now = app.now();
    let found = app.read(move |tx| Ok(store::detect::silences::get(tx, id)?)).await?;
    let silence = found.ok_or_else(|| Refusal::not_found("silence with this id"))?;
    Ok(Json(silence_json(&silence, now)).into_response())
}

pub async fn post_silence(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Result<Response, Problem> {
    let posted: PostedSilence =
        serde_json::from_slice(&body).map_err(|error| Refusal::invalid(format!("this is not a silence: {error}")))?;
    let now = app.now();
    let time = |text: &str, at: &str| {
        let wrong = |_| Refusal::invalid("must be a time like 2026-11-22T02:05:00Z").at(at.to_owned());
        text.parse::<Timestamp>().map_err(wrong)
    };
    let starts_at = match posted.starts_at.as_deref() {
        None | Some("") => now,
        Some(text) if text.starts_with("0001-") => now,
        Some(text) => time(text, "/startsAt")?,
    };
    let mut matchers = Vec::new();
    for (place, matcher) in posted.matchers.into_iter().enumerate() {
        matchers.push(matcher.read().map_err(|wrong| wrong.at(format!("/matchers/{place}")))?);
    }
    let person = visitor.person().map(ToString::to_string).unwrap_or_default();
    let created_by = if posted.created_by.is_empty() { person } else { posted.created_by };
    let wanted = Silence {
        id: SilenceId::from_bits(0),
        matchers,
        starts_at,
        ends_at: time(&posted.ends_at, "/endsAt")?,
        created_by,
        comment: posted.comment,
        updated_at: now,
    };
    let id = posted.id.as_deref().filter(|id| !id.is_empty()).map(from_uuid).transpose()?;
    let put = app.act(visitor.actor(), move |store, node, moment| {
        actions::detect::silences::put(store, node, moment, id, &wanted)
    });
    Ok(Json(json!({ "silenceID": to_uuid(put.await?) })).into_response())
}

pub async fn delete_silence(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(OfSilence { id }): Path<OfSilence>,
) -> Result<Response, Problem> {
    let id = from_uuid(&id)?;
    let done =
        app.act(visitor.actor(), move |store, node, moment| actions::detect::silences::expire(store, node, moment, id));
    match done.await {
        Ok(()) => Ok(StatusCode::OK.into_response()),
        // Ending twice what has ended is what Alertmanager answers 200 to.
        Err(Halt::Refused(refusal)) if refusal.kind == RefusalKind::Conflict => Ok(StatusCode::OK.into_response()),
        Err(halt) => Err(halt.into()),
    }
}

/// Whether the caller reads errors in Alertmanager's own shapes alone: those that insist on JSON, as `amtool` does.
pub(crate) fn insists(request: &Request) -> bool {
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    request.uri().path().contains("/api/v2/")
        && accepts.contains("application/json")
        && !accepts.contains("application/problem+json")
}

/// A problem in Alertmanager's own shapes: a text for what was sent wrong, code and message for the rest.
pub(crate) fn shaped(problem: &Problem, response: &Response) -> Response {
    let message = match &problem.at {
        Some(at) => format!("{at}: {}", problem.detail),
        None => problem.detail.clone(),
    };
    let body = match problem.status {
        400 => json!(message),
        code => json!({ "code": code, "message": message }),
    };
    let mut shaped = (problem.status(), Json(body)).into_response();
    for (name, value) in response.headers() {
        if *name != CONTENT_TYPE && *name != CONTENT_LENGTH {
            shaped.headers_mut().insert(name.clone(), value.clone());
        }
    }
    shaped
}

/// `GET /-/ready` and `/-/healthy`.
pub async fn ready(Query(_): Query<BTreeMap<String, String>>) -> &'static str {
    "OK"
}

/// A silence that is listed as active is one that mutes now.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_silences_go_to_uuids_and_back() {
        let id: SilenceId = domain::words::Mint::seeded(3).id(Timestamp::from_second(1_790_000_000).unwrap());
        let uuid = to_uuid(id);
        assert_eq!(uuid.len(), 36);
        assert_eq!(from_uuid(&uuid).unwrap(), id);
        assert_eq!(from_uuid(&id.to_string()).unwrap(), id);
        assert!(from_uuid("zz").is_err() && from_uuid("ffffffff-ffff-ffff-ffff-ffffffffffff").is_err());
    }

    #[test]
    fn queries_are_decoded() {
        assert_eq!(
            pairs("a=b%3Dc&filter=x%22+y&z"),
            [
                ("a".to_owned(), "b=c".to_owned()),
                ("filter".to_owned(), "x\" y".to_owned()),
                ("z".to_owned(), String::new()),
            ]
        );
    }
}
