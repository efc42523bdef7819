//! Notices over the API: listed, posted, corrected, described; and the truth audit.

use std::collections::BTreeMap;

use actions::inform::notices::{self as acts, Correction, Post as Wanted, Target};
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use axum::{Extension, Json};
use domain::inform::audits::{Gap as Rule, GapKind, What};
use domain::inform::notices::{Effects, Notice as RuleNotice, Sort, State, Status, Window};
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, NoticeId, PostId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::inform::notices::{self as rows, Which};
use store::{Halt, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search, created};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What the public is told of an incident or a maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    pub id: String,
    pub title: String,
    /// `incident` or `maintenance`.
    pub kind: String,
    /// Where it stands: `investigating`, `identified`, `monitoring`, `resolved`, `scheduled`, `in-progress`, `verifying`,
    /// `completed`, `postmortem`.
    pub state: String,
    pub open: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_until: Option<Timestamp>,
    /// What it is about inside, if whoever asks may see it. Never public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// How components are by it now.
    pub components: BTreeMap<String, String>,
    pub began_at: Timestamp,
    pub changed_at: Timestamp,
    /// Where the public reads it.
    pub path: String,
    /// In the order of when they hold from.
    pub posts: Vec<Post>,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Post {
    pub id: String,
    /// Absent: an update that changes no state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    pub text: String,
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    /// Who wrote it. Never public.
    pub by: String,
    pub components: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update_by: Option<Timestamp>,
    pub revision: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_at: Option<Timestamp>,
}

/// A notice that is opened, with the first thing that is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotice {
    /// For the public.
    pub title: String,
    /// `incident` (if absent) or `maintenance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    pub text: String,
    /// Components and how they are from then on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update_by: Option<Timestamp>,
    /// When it holds from: now, if absent. Not in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Subscribers are not told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
}

/// Something more to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPost {
    /// Absent: an update that changes no state. Any order will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    pub text: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update_by: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
}

/// What a post should say instead; what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostCorrection {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<BTreeMap<String, String>>,
}

/// What a notice should be called, and when a maintenance should be; what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeDescription {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_until: Option<Timestamp>,
}

/// Which notices.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeFilter {
    /// `open` (if absent) or `all`: then what was changed last first.
    pub state: Option<String>,
    /// At most so many: 1 to 200.
    pub limit: Option<u32>,
}

/// A difference between what goes on inside and what the page says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditGap {
    /// `silent`: it goes on, and the page says that the component is fine. `stale`: the reverse. `left-open`: the incident is
    /// over, and its notice is not. `overdue`: more was promised.
    pub kind: String,
    pub since: Timestamp,
    pub seconds: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// What the page says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A list of notices.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Notices {
    pub items: Vec<Notice>,
}

/// A list of gaps, the longest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditGaps {
    pub items: Vec<AuditGap>,
}

fn words(effects: &Effects) -> BTreeMap<String, String> {
    effects.iter().map(|(name, status)| (name.to_string(), status.word().to_owned())).collect()
}

fn effects(said: &BTreeMap<String, String>) -> Result<Effects, Refusal> {
    let read = said.iter().map(|(name, word)| {
        let place = format!("/components/{name}");
        let status: Status = word.parse().map_err(|refusal: Refusal| refusal.at(place.clone()))?;
        Ok((name.parse::<Name>().map_err(|refusal| refusal.at(place))?, status))
    });
    read.collect()
}

fn parsed<T: std::str::FromStr<Err = Refusal>>(said: Option<&String>, place: &str) -> Result<Option<T>, Refusal> {
    said.map(|word| word.parse().map_err(|refusal: Refusal| refusal.at(place))).transpose()
}

fn window(from: Option<Timestamp>, until: Option<Timestamp>) -> Result<Option<Window>, Refusal> {
    match (from, until) {
        (Some(from), Some(until)) => Ok(Some(Window { from, until })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Refusal::invalid("say when it begins, too").at("/scheduled_for")),
        (Some(_), None) => Err(Refusal::invalid("say when it ends, too").at("/scheduled_until")),
    }
}

fn id(text: &str) -> Result<NoticeId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("notice with this id"))
}

fn wire(tx: &mut Tx<'_>, notice: &RuleNotice, sight: Sight<'_>) -> Result<Notice, Halt> {
    let incident = match notice.incident {
        Some(id) => store::respond::incidents::get(tx, id, sight)?.map(|row| row.id.to_string()),
        None => None,
    };
    Ok(Notice {
        id: notice.id.to_string(),
        title: notice.title.clone(),
        kind: notice.sort.word().to_owned(),
        state: notice.state().word().to_owned(),
        open: notice.is_open(),
        scheduled_for: notice.window.map(|window| window.from),
        scheduled_until: notice.window.map(|window| window.until),
        incident,
        components: words(&notice.effects()),
        began_at: notice.began_at(),
        changed_at: notice.changed_at,
        path: format!("/status/notices/{}", notice.id),
        posts: notice
            .posts
            .iter()
            .map(|post| Post {
                id: post.id.to_string(),
                state: post.state.map(|state| state.word().to_owned()),
                text: post.text.clone(),
                at: post.at,
                recorded_at: post.recorded_at,
                by: post.by.clone(),
                components: words(&post.effects),
                next_update_by: post.next_update_by,
                revision: post.revision,
                corrected_at: post.corrected_at,
            })
            .collect(),
    })
}

/// Notices.
#[utoipa::path(get, path = "/api/v1/notices", tag = "status page", params(NoticeFilter),
    responses((status = 200, body = Notices)))]
pub async fn list(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Search(filter): Search<NoticeFilter>,
) -> Result<Json<Notices>, Problem> {
    let which = match filter.state.as_deref() {
        None | Some("open") => Which::Open,
        Some("all") => Which::Changed,
        Some(_) => return Err(Refusal::invalid("the state is open or all").at("?state").into()),
    };
    let most = filter.limit.unwrap_or(50);
    if !(1..=200).contains(&most) {
        return Err(Refusal::invalid("the limit is 1 to 200").at("?limit").into());
    }
    let found = app.read(move |tx| {
        let notices = rows::list(tx, which, most)?;
        notices.iter().map(|notice| wire(tx, notice, visitor.sight())).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(Notices { items: found.await? }))
}

/// One notice.
#[utoipa::path(get, path = "/api/v1/notices/{id}", tag = "status page", params(("id" = String, Path)),
    responses((status = 200, body = Notice)))]
pub async fn one(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Notice>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| {
        let notice = acts::find(tx, id)?;
        wire(tx, &notice, visitor.sight())
    });
    Ok(Json(found.await?))
}

/// Opens a notice: tells the public of an incident, or plans a maintenance.
#[utoipa::path(post, path = "/api/v1/notices", tag = "status page", request_body = NewNotice,
    responses((status = 201, body = Notice)))]
pub async fn open(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<NewNotice>,
) -> Result<Response, Problem> {
    let new = body.value;
    let wanted = Wanted {
        notice: Target::New {
            sort: parsed(new.kind.as_ref(), "/kind")?.unwrap_or(Sort::Incident),
            window: window(new.scheduled_for, new.scheduled_until)?,
            title: new.title,
        },
        incident: parsed::<IncidentId>(new.incident.as_ref(), "/incident")?,
        state: parsed::<State>(new.state.as_ref(), "/state")?,
        text: new.text,
        components: effects(&new.components)?,
        next_update_by: new.next_update_by,
        at: new.at,
        quiet: new.quiet,
    };
    let made = say(&app, &visitor, wanted).await?;
    Ok(created(&format!("/api/v1/notices/{}", made.id), &made))
}

async fn say(app: &App, visitor: &Visitor, wanted: Wanted) -> Result<Notice, Problem> {
    let seen = visitor.clone();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let notice = acts::post_directly(tx, node, &mut moment.again(), &wanted)?;
            wire(tx, &notice, seen.sight())
        })
    });
    Ok(done.await?)
}

/// Says more in a notice.
#[utoipa::path(post, path = "/api/v1/notices/{id}/posts", tag = "status page", params(("id" = String, Path)),
    request_body = NewPost, responses((status = 201, body = Notice)))]
pub async fn add(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewPost>,
) -> Result<Response, Problem> {
    let new = body.value;
    let wanted = Wanted {
        notice: Target::Existing(id(&text)?),
        incident: parsed::<IncidentId>(new.incident.as_ref(), "/incident")?,
        state: parsed::<State>(new.state.as_ref(), "/state")?,
        text: new.text,
        components: effects(&new.components)?,
        next_update_by: new.next_update_by,
        at: new.at,
        quiet: new.quiet,
    };
    let made = say(&app, &visitor, wanted).await?;
    Ok(created(&format!("/api/v1/notices/{}", made.id), &made))
}

/// Corrects what was said. The public sees that it was corrected.
#[utoipa::path(post, path = "/api/v1/notices/{id}/posts/{post}", tag = "status page",
    params(("id" = String, Path), ("post" = String, Path)), request_body = PostCorrection,
    responses((status = 200, body = Notice)))]
pub async fn correct(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, post)): Path<(String, String)>,
    body: Body<PostCorrection>,
) -> Result<Json<Notice>, Problem> {
    let id = id(&text)?;
    let post: PostId = post.parse().map_err(|_| Refusal::not_found("post with this id"))?;
    let said = body.value;
    let wanted = Correction {
        text: said.text,
        state: parsed::<State>(said.state.as_ref(), "/state")?,
        components: said.components.as_ref().map(effects).transpose()?,
    };
    let seen = visitor.clone();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let notice = acts::correct(tx, node, &mut moment.again(), id, post, &wanted)?;
            wire(tx, &notice, seen.sight())
        })
    });
    Ok(Json(done.await?))
}

/// Gives a notice another title, or a maintenance another time.
#[utoipa::path(post, path = "/api/v1/notices/{id}/describe", tag = "status page", params(("id" = String, Path)),
    request_body = NoticeDescription, responses((status = 200, body = Notice)))]
pub async fn describe(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NoticeDescription>,
) -> Result<Json<Notice>, Problem> {
    let id = id(&text)?;
    let NoticeDescription { title, scheduled_for, scheduled_until } = body.value;
    let window = window(scheduled_for, scheduled_until)?;
    let seen = visitor.clone();
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| {
            let notice = acts::describe(tx, &mut moment.again(), id, title.as_deref(), window)?;
            wire(tx, &notice, seen.sight())
        })
    });
    Ok(Json(done.await?))
}

/// Where the page says something else than what goes on inside, as far as whoever asks may see it.
#[utoipa::path(get, path = "/api/v1/status-audit", tag = "status page", responses((status = 200, body = AuditGaps)))]
pub async fn audit(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Json<AuditGaps>, Problem> {
    let found = app.look(move |store, node, now| {
        let gaps = store.read(|tx| actions::inform::audits::audit(tx, node, visitor.sight(), now))?;
        Ok(gaps.iter().map(|gap| gap_wire(gap, now)).collect())
    });
    Ok(Json(AuditGaps { items: found.await? }))
}

fn gap_wire(gap: &Rule, now: Timestamp) -> AuditGap {
    let mut said = AuditGap {
        kind: String::new(),
        since: gap.since,
        seconds: (now.as_second() - gap.since.as_second()).max(0),
        component: None,
        status: None,
        notice: None,
        incident: None,
        group: None,
        title: None,
    };
    match &gap.kind {
        GapKind::Silent { component, inside } => {
            "silent".clone_into(&mut said.kind);
            said.component = Some(component.to_string());
            said.status = Some(Status::Operational.word().to_owned());
            said.title = Some(inside.title.clone());
            match inside.what {
                What::Incident(id) => said.incident = Some(id.to_string()),
                What::Alerts(id) => said.group = Some(id.to_string()),
            }
        }
        GapKind::Stale { component, status, notice } => {
            "stale".clone_into(&mut said.kind);
            said.component = Some(component.to_string());
            said.status = Some(status.word().to_owned());
            said.notice = Some(notice.to_string());
        }
        GapKind::LeftOpen { notice, incident } => {
            "left-open".clone_into(&mut said.kind);
            said.notice = Some(notice.to_string());
            said.incident = Some(incident.to_string());
        }
        GapKind::Overdue { notice } => {
            "overdue".clone_into(&mut said.kind);
            said.notice = Some(notice.to_string());
        }
    }
    said
}
