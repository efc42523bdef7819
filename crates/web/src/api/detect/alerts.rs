//! Alerts over the API: list, one with its why, and what people do about them, one or a thousand at once.

use std::collections::{BTreeMap, BTreeSet};

use actions::detect::alerts::Wish;
use actions::detect::views::{self, AlertView};
use actions::{Halt, Node};
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::{Extension, Json};
use domain::detect::alerts::{Muted, Taken};
use domain::detect::board::{Board, Slot};
use domain::detect::rules;
use domain::words::{AlertId, Matcher, Name, Refusal, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search};
use crate::api::detect::groups::{self, Group};
use crate::api::engage::pages::{self, PageDetail};
use crate::api::journal::{self, Entry};
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// One alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Alert)]
pub struct Alert {
    #[schema(example = "alr_06f1k2m9qv7x3t1a")]
    pub id: String,
    /// `firing`, `acknowledged`, `snoozed`, `silenced`, `inhibited` or `resolved`.
    pub state: String,
    /// The label `alertname`.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// `info`, `warning`, `unknown`, `error` or `critical`.
    pub severity: String,
    /// `high`, `low`, or absent: never paged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// The source's own page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    pub integration: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    pub group: String,
    /// The page that was started last for its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    pub starts_at: Timestamp,
    /// When it came here.
    pub fired_at: Timestamp,
    pub heard_at: Timestamp,
    /// When it is closed if nothing more is heard of it.
    pub expires_at: Timestamp,
    /// How often its source told of it.
    pub count: u32,
    /// Who acknowledged or snoozed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
    /// The silence, or the alert, that mutes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// How it ended: `source`, `lapsed`, `person` or `returned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    /// Why somebody called it noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<String>,
}

/// One alert with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertDetail {
    #[serde(flatten)]
    pub alert: Alert,
    pub why: Why,
    /// The pages of its group, the newest first, with their deliveries.
    pub pages: Vec<PageDetail>,
    /// What the journal tells of it, its group and their pages, the newest first.
    pub history: Vec<Entry>,
}

/// Why it paged, or why not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// `paged`, `joined`, `waits`, `nobody`, `silenced`, `inhibited`, `over`.
    pub verdict: String,
    /// The verdict in plain words.
    pub sentence: String,
    /// What the verdict is about: a page, a silence, an alert, a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The changeset of documents in force when it was decided.
    pub changeset: i64,
    /// The routes that are tried for it by the documents in force now, in order.
    pub routes: Vec<Tried>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

/// A route that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tried {
    pub route: String,
    pub matched: bool,
    /// The first matcher that did not match, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertQuery {
    /// States, with commas between: `firing`, `acknowledged`, `snoozed`, `silenced`, `inhibited`, `resolved`; or `open`
    /// (all but resolved, and what is listed without this) or `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Matchers of labels: `severity="critical", job=~"api.*"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matcher: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `info`, `warning`, `unknown`, `error` or `critical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// How many at once: 50, or 1 to 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Some alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertIds {
    /// 1 to 1000 ids.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 1000)]
    pub alerts: Vec<AlertId>,
}

/// Some alerts, and until when they shall be quiet: `until`, or `for`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 1000)]
    pub alerts: Vec<AlertId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// `30m`, `4h`; a week at most.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub span: Option<Span>,
}

/// Some alerts that should not have paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 1000)]
    pub alerts: Vec<AlertId>,
    /// For whoever tunes the source.
    pub reason: String,
}

/// How many changed; those that were so already are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    pub changed: usize,
}

pub(crate) fn wire(view: &AlertView) -> Alert {
    let pairs = |labels: &domain::words::Labels| {
        labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
    };
    let (taken_by, taken_at, snoozed_until) = match &view.taken {
        None => (None, None, None),
        Some(Taken::Acknowledged { by, at }) => (Some(by.to_string()), Some(*at), None),
        Some(Taken::Snoozed { by, at, until }) => (Some(by.to_string()), Some(*at), Some(*until)),
    };
    Alert {
        id: view.id.to_string(),
        state: view.state().to_owned(),
        name: view.name().to_owned(),
        summary: domain::prepare::drills::marked(view.is_drill(), view.summary()).into_owned(),
        severity: view.severity.word().to_owned(),
        urgency: view.urgency.map(|urgency| urgency.to_string()),
        labels: pairs(&view.labels),
        annotations: pairs(&view.annotations),
        link: view.link.clone(),
        integration: view.integration.to_string(),
        route: view.route.as_ref().map(ToString::to_string),
        service: view.service.as_ref().map(ToString::to_string),
        group: view.group.to_string(),
        page: view.page.map(|page| page.to_string()),
        starts_at: view.starts_at,
        fired_at: view.fired_at,
        heard_at: view.heard_at,
        expires_at: view.expires_at,
        count: view.count,
        taken_by,
        taken_at,
        snoozed_until,
        muted_by: view.muted.map(|muted| match muted {
            Muted::Silenced(id) => id.to_string(),
            Muted::Inhibited(id) => id.to_string(),
        }),
        resolved_at: view.resolved_at,
        closing: view.closing.clone(),
        closed_by: view.closed_by.clone(),
        noise: view.noise.clone(),
    }
}

/// The states, and the words for several of them.
const OPEN: [&str; 5] = ["firing", "acknowledged", "snoozed", "silenced", "inhibited"];
const RESOLVED: &str = "resolved";
pub(crate) const SEVERITIES: [&str; 5] = ["info", "warning", "unknown", "error", "critical"];

struct Filter {
    states: BTreeSet<&'static str>,
    matchers: Vec<Matcher>,
    integration: Option<String>,
    service: Option<String>,
    severity: Option<String>,
}

impl Filter {
    fn read(query: &AlertQuery) -> Result<Self, Refusal> {
        let mut states = BTreeSet::new();
        for word in query.state.as_deref().unwrap_or("open").split(',').map(str::trim) {
            match word {
                "open" => states.extend(OPEN),
                "all" => states.extend(OPEN.into_iter().chain([RESOLVED])),
                word => {
                    let known = OPEN.into_iter().chain([RESOLVED]).find(|state| *state == word);
                    states.insert(known.ok_or_else(|| {
                        let all = OPEN.join(", ");
                        let why = format!("there is no state {word:?}; they are {all}, resolved, open and all");
                        Refusal::invalid(why).at("?state")
                    })?);
                }
            }
        }
        let matchers = Matcher::parse_list(query.matcher.as_deref().unwrap_or(""));
        let severity = query.severity.clone();
        if let Some(word) = severity.as_deref().filter(|word| !SEVERITIES.contains(word)) {
            let why = format!("there is no severity {word:?}; they are {}", SEVERITIES.join(", "));
            return Err(Refusal::invalid(why).at("?severity"));
        }
        Ok(Self {
            states,
            matchers: matchers.map_err(|wrong| wrong.at("?matcher"))?,
            integration: query.integration.clone(),
            service: query.service.clone(),
            severity,
        })
    }

    /// What can be asked of the board alone, before anything is read.
    fn may_show(&self, board: &Board, slot: Slot) -> bool {
        let alert = board.at(slot);
        let state = match (alert.muted(), alert.taken.as_deref()) {
            (Some(Muted::Silenced(_)), _) => "silenced",
            (Some(Muted::Inhibited(_)), _) => "inhibited",
            (None, Some(Taken::Snoozed { .. })) => "snoozed",
            (None, Some(Taken::Acknowledged { .. })) => "acknowledged",
            (None, None) => "firing",
        };
        let service = || board.group(alert.group).and_then(|open| open.group.service.as_ref());
        self.states.contains(state)
            && self.integration.as_deref().is_none_or(|wanted| alert.integration == *wanted)
            && self.severity.as_deref().is_none_or(|wanted| board.severity(slot).word() == wanted)
            && self.service.as_deref().is_none_or(|wanted| service().is_some_and(|service| service == wanted))
    }

    fn shows(&self, view: &AlertView) -> bool {
        self.states.contains(view.state())
            && self.integration.as_deref().is_none_or(|wanted| view.integration == *wanted)
            && self.severity.as_deref().is_none_or(|wanted| view.severity.word() == wanted)
            && self.service.as_deref().is_none_or(|wanted| view.service.as_ref().is_some_and(|found| found == wanted))
            && self.matchers.iter().all(|matcher| matcher.matches(&view.labels))
    }
}

/// Where a part of the list begins: open alerts by their id, then resolved ones by their end.
#[derive(Clone, Copy, Debug)]
enum Place {
    Open(Option<AlertId>),
    Resolved(Option<(Timestamp, AlertId)>),
}

impl Place {
    fn read(cursor: Option<&str>) -> Result<Self, Refusal> {
        let Some(text) = listing::place(cursor)? else { return Ok(Self::Open(None)) };
        let id = |text: &str| text.parse::<AlertId>().map_err(|_| listing::wrong());
        match text.split(':').collect::<Vec<_>>()[..] {
            ["open", last] => Ok(Self::Open(Some(id(last)?))),
            ["resolved"] => Ok(Self::Resolved(None)),
            ["resolved", at, last] => {
                let at = at.parse().ok().and_then(|at| Timestamp::from_microsecond(at).ok());
                Ok(Self::Resolved(Some((at.ok_or_else(listing::wrong)?, id(last)?))))
            }
            _ => Err(listing::wrong()),
        }
    }

    fn write(self) -> String {
        match self {
            Self::Open(id) => format!("open:{}", id.map(|id| id.to_string()).unwrap_or_default()),
            Self::Resolved(None) => "resolved".into(),
            Self::Resolved(Some((at, id))) => format!("resolved:{}:{id}", at.as_microsecond()),
        }
    }
}

/// How many resolved alerts one call looks at: a filter that nothing fits must not read everything.
const LOOKED_AT: usize = 5000;

fn list_part(
    tx: &mut Tx<'_>,
    node: &Node,
    filter: &Filter,
    mut place: Place,
    limit: usize,
) -> Result<(Vec<Alert>, Option<Place>), Halt> {
    let mut alerts = Vec::new();
    if let Place::Open(before) = place {
        let board = node.board();
        let slots = some_open(&board, filter, before, limit + 1);
        let more = slots.len() > limit;
        let shown = &slots[..slots.len().min(limit)];
        alerts.extend(views::open(tx, &board, shown)?.iter().map(wire));
        if more {
            return Ok((alerts, shown.last().map(|slot| Place::Open(Some(board.at(*slot).id)))));
        }
        place = Place::Resolved(None);
    }
    if !filter.states.contains(RESOLVED) {
        return Ok((alerts, None));
    }
    let Place::Resolved(mut before) = place else { return Ok((alerts, None)) };
    let mut looked_at = 0;
    loop {
        if alerts.len() >= limit || looked_at >= LOOKED_AT {
            return Ok((alerts, Some(Place::Resolved(before))));
        }
        let rows = store::detect::alerts::resolved(tx, before, 100)?;
        let all = rows.len() < 100;
        looked_at += rows.len();
        let views = views::rows(tx, rows)?;
        let last = views.len();
        for (at, view) in views.into_iter().enumerate() {
            before = view.resolved_at.map(|end| (end, view.id));
            if filter.shows(&view) {
                alerts.push(wire(&view));
            }
            if alerts.len() >= limit && !(all && at + 1 == last) {
                return Ok((alerts, Some(Place::Resolved(before))));
            }
        }
        if all {
            return Ok((alerts, None));
        }
    }
}

/// Open alerts that fit, newest first.
fn some_open(board: &Board, filter: &Filter, before: Option<AlertId>, most: usize) -> Vec<Slot> {
    if filter.matchers.is_empty() {
        return board.newest_first(before).filter(|slot| filter.may_show(board, *slot)).take(most).collect();
    }
    let mut found = board.matching(&filter.matchers);
    found.retain(|slot| before.is_none_or(|before| board.at(*slot).id < before) && filter.may_show(board, *slot));
    found.sort_unstable_by_key(|slot| std::cmp::Reverse(board.at(*slot).id));
    found.truncate(most);
    found
}

/// Alerts, the newest first; resolved ones after those that are open, the last to end first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(AlertQuery),
    responses((status = 200, body = Listing<Alert>)))]
pub async fn list(State(app): State<App>, uri: Uri, Search(query): Search<AlertQuery>) -> Result<Response, Problem> {
    let (filter, limit) = (Filter::read(&query)?, listing::limit(query.limit)?);
    let place = Place::read(query.cursor.as_deref())?;
    let look = app.look(move |store, node, _| store.read(|tx| list_part(tx, node, &filter, place, limit)));
    let (alerts, next) = look.await?;
    Ok(Listing::part(alerts, next.map(Place::write)).answer(&uri))
}

/// One alert: what it is, why it paged or not, its pages with every delivery, its history.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = AlertDetail)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Json<AlertDetail>, Problem> {
    let id: AlertId = id.parse().map_err(|_| Refusal::not_found("alert with this id"))?;
    let detail = app.look(move |store, node, _| store.read(|tx| detail(tx, node, id, &visitor)));
    Ok(Json(detail.await?))
}

/// Of so many pages of its group the history tells too.
const PAGES_TOLD: usize = 5;
/// How many entries the history has at most.
const HISTORY: u32 = 100;

fn detail(tx: &mut Tx<'_>, node: &Node, id: AlertId, visitor: &Visitor) -> Result<AlertDetail, Halt> {
    let (reader, sight) = (visitor.reader(), visitor.sight());
    let rules = node.rules(tx)?;
    let board = node.board();
    let view = views::one(tx, &board, id)?.ok_or_else(|| Refusal::not_found(format!("alert {id}")))?;
    let tried = rules::trace(&rules, &|name| view.labels.get(name));
    let group = groups::find(tx, &board, view.group)?;
    let (mut pages, mut entries) = (Vec::new(), BTreeMap::new());
    let mut told = store::journal::of_alert(tx, id, view.group, sight, None, HISTORY)?;
    for (place, row) in store::engage::pages::of_group(tx, view.group)?.into_iter().enumerate() {
        if place < PAGES_TOLD {
            told.extend(store::journal::of_subject(tx, &row.id.to_string(), sight, None, HISTORY)?);
        }
        pages.push(pages::detail(tx, &row, &reader)?);
    }
    for entry in told {
        entries.insert(std::cmp::Reverse(entry.id), journal::wire(&entry));
    }
    let history = entries.into_values().take(HISTORY as usize).collect();
    let why = Why {
        verdict: view.verdict.clone(),
        sentence: sentence(&view),
        about: view.verdict_about.clone(),
        changeset: view.config,
        routes: tried
            .into_iter()
            .map(|tried| Tried {
                route: tried.route.to_string(),
                matched: tried.missed.is_none(),
                missed: tried.missed,
            })
            .collect(),
        group,
    };
    Ok(AlertDetail { alert: wire(&view), why, pages, history })
}

/// The verdict in plain words.
fn sentence(view: &AlertView) -> String {
    let about = view.verdict_about.as_deref();
    let named = |what: &str| about.map_or_else(|| what.to_owned(), |about| format!("{what} {about}"));
    match view.verdict.as_str() {
        "paged" => format!("It was news, so {} was started.", named("page")),
        "joined" => match about {
            Some(page) => format!("Its group was paged already, by page {page}: nobody was called again."),
            None => "It joined its group; nobody was called for it.".into(),
        },
        "waits" => format!("Its group waits for company before it pages, {}.", named("until")),
        "nobody" => format!("Nobody was paged: {}.", about.unwrap_or("no rule names anybody")),
        "silenced" => format!("Nobody was paged: {} matches it.", named("silence")),
        "inhibited" => format!("Nobody was paged: {} fires, which mutes it.", named("alert")),
        "over" => "It was over when it came: nobody was paged.".into(),
        _ => "It is being decided.".into(),
    }
}

/// Does what a person wants to alerts.
async fn act(app: &App, visitor: &Visitor, ids: Vec<AlertId>, wish: Wish) -> Result<Json<Changed>, Problem> {
    let done = app.act(visitor.actor(), move |store, node, moment| {
        actions::detect::alerts::act(store, node, moment, &ids, &wish)
    });
    Ok(Json(Changed { changed: done.await? }))
}

/// Takes alerts: nobody else is called for them.
#[utoipa::path(post, path = "/api/v1/alerts/acknowledge", tag = "alerts", request_body = AlertIds,
    responses((status = 200, body = Changed)))]
pub async fn acknowledge(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<AlertIds>,
) -> Result<Json<Changed>, Problem> {
    act(&app, &visitor, body.value.alerts, Wish::Acknowledge).await
}

/// Gives alerts back: they call for somebody again.
#[utoipa::path(post, path = "/api/v1/alerts/unacknowledge", tag = "alerts", request_body = AlertIds,
    responses((status = 200, body = Changed)))]
pub async fn unacknowledge(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<AlertIds>,
) -> Result<Json<Changed>, Problem> {
    act(&app, &visitor, body.value.alerts, Wish::Unacknowledge).await
}

/// Takes alerts for a while; what still fires then calls again.
#[utoipa::path(post, path = "/api/v1/alerts/snooze", tag = "alerts", request_body = Snooze,
    responses((status = 200, body = Changed)))]
pub async fn snooze(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<Snooze>,
) -> Result<Json<Changed>, Problem> {
    let until = match (body.value.until, body.value.span) {
        (Some(until), None) => until,
        (None, Some(span)) => span.after(app.now()),
        _ => return Err(Refusal::invalid("say until when: either `until` or `for`").at("/until").into()),
    };
    act(&app, &visitor, body.value.alerts, Wish::Snooze { until }).await
}

/// Closes alerts by hand. Their source may open them again when they fire anew.
#[utoipa::path(post, path = "/api/v1/alerts/resolve", tag = "alerts", request_body = AlertIds,
    responses((status = 200, body = Changed)))]
pub async fn resolve(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<AlertIds>,
) -> Result<Json<Changed>, Problem> {
    act(&app, &visitor, body.value.alerts, Wish::Resolve).await
}

/// Marks alerts as noise, with a reason.
#[utoipa::path(post, path = "/api/v1/alerts/noise", tag = "alerts", request_body = Noise,
    responses((status = 200, body = Changed)))]
pub async fn noise(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<Noise>,
) -> Result<Json<Changed>, Problem> {
    let Noise { alerts, reason } = body.value;
    act(&app, &visitor, alerts, Wish::Noise { reason }).await
}

/// The name of a document in a path; what is no name is not there.
pub(crate) fn name(text: &str, what: &str) -> Result<Name, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(format!("{what} of this name")))
}
