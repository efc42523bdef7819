//! Silences over the API: listed, created, changed, ended.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::detect::silences::Silence as Rule;
use domain::words::{Id as _, Matcher, Refusal, SilenceId, Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search, created};
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A rule of limited time that keeps matching alerts from paging.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Silence)]
pub struct Silence {
    pub id: String,
    /// `pending`, `active` or `expired`.
    pub state: String,
    /// All must match: `service="db"`, `job=~"api.*"`.
    pub matchers: Vec<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub created_by: String,
    pub comment: String,
    pub updated_at: Timestamp,
}

/// A silence that is wanted. Ends at `ends_at`, or after `for`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSilence {
    /// All must match; at least one must not match the empty text.
    #[schema(value_type = Vec<String>, example = json!(["service=\"db\""]))]
    pub matchers: Vec<Matcher>,
    /// Now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// `2h`; counted from its start.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub span: Option<Span>,
    /// Why, so that others know.
    pub comment: String,
}

/// Which silences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SilenceQuery {
    /// `pending`, `active`, `expired`, `current` (pending and active, and what is listed without this) or `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

pub(crate) fn wire(silence: &Rule, now: Timestamp) -> Silence {
    Silence {
        id: silence.id.to_string(),
        state: silence.phase(now).word().to_owned(),
        matchers: silence.matchers.iter().map(ToString::to_string).collect(),
        starts_at: silence.starts_at,
        ends_at: silence.ends_at,
        created_by: silence.created_by.clone(),
        comment: silence.comment.clone(),
        updated_at: silence.updated_at,
    }
}

impl NewSilence {
    fn read(self, by: &str, now: Timestamp) -> Result<Rule, Refusal> {
        let starts_at = self.starts_at.unwrap_or(now);
        let ends_at = match (self.ends_at, self.span) {
            (Some(ends_at), None) => ends_at,
            (None, Some(span)) => span.after(starts_at.max(now)),
            _ => return Err(Refusal::invalid("say when it ends: either `ends_at` or `for`").at("/ends_at")),
        };
        Ok(Rule {
            id: SilenceId::from_bits(0),
            matchers: self.matchers,
            starts_at,
            ends_at,
            created_by: by.to_owned(),
            comment: self.comment,
            updated_at: now,
        })
    }
}

/// The pointers of the rule are those of Alertmanager's API; here the fields are spelt otherwise.
fn ours(halt: actions::Halt) -> Problem {
    let mut problem = Problem::from(halt);
    if problem.at.as_deref() == Some("/endsAt") {
        problem.at = Some("/ends_at".into());
    }
    problem
}

fn id(text: &str) -> Result<SilenceId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("silence with this id"))
}

/// Expired silences are listed for so long.
const EXPIRED_LISTED: Span = Span::hours(30 * 24);

/// Silences, the newest first.
#[utoipa::path(get, path = "/api/v1/silences", tag = "silences", params(SilenceQuery),
    responses((status = 200, body = Listing<Silence>)))]
pub async fn list(
    State(app): State<App>,
    Search(query): Search<SilenceQuery>,
) -> Result<Json<Listing<Silence>>, Problem> {
    let wanted: &[&str] = match query.state.as_deref().unwrap_or("current") {
        "current" => &["pending", "active"],
        "all" => &["pending", "active", "expired"],
        "pending" => &["pending"],
        "active" => &["active"],
        "expired" => &["expired"],
        _ => {
            let why = "the state is one of pending, active, expired, current and all";
            return Err(Refusal::invalid(why).at("?state").into());
        }
    };
    let now = app.now();
    let all = app.read(move |tx| Ok(store::detect::silences::list(tx, EXPIRED_LISTED.before(now), 1000)?)).await?;
    let silences = all.iter().map(|silence| wire(silence, now));
    Ok(Json(Listing::whole(silences.filter(|silence| wanted.contains(&silence.state.as_str())).collect())))
}

/// One silence.
#[utoipa::path(get, path = "/api/v1/silences/{id}", tag = "silences", params(("id" = String, Path)),
    responses((status = 200, body = Silence)))]
pub async fn one(State(app): State<App>, Path(text): Path<String>) -> Result<Json<Silence>, Problem> {
    let (id, now) = (id(&text)?, app.now());
    let found = app.read(move |tx| Ok(store::detect::silences::get(tx, id)?)).await?;
    let silence = found.ok_or_else(|| Refusal::not_found(format!("silence {id}")))?;
    Ok(Json(wire(&silence, now)))
}

/// Creates a silence. What it matches falls silent at once; pages of which nothing else speaks end.
#[utoipa::path(post, path = "/api/v1/silences", tag = "silences", request_body = NewSilence,
    responses((status = 201, body = Silence)))]
pub async fn create(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<NewSilence>,
) -> Result<Response, Problem> {
    let now = app.now();
    let by = visitor.person().map(ToString::to_string).unwrap_or_default();
    let wanted = body.value.read(&by, now)?;
    let made = put(&app, &visitor, None, wanted).await?;
    Ok(created(&format!("/api/v1/silences/{}", made.id), &made))
}

/// Changes a silence: its end and comment in place; other matchers make a new one, and end this one.
#[utoipa::path(put, path = "/api/v1/silences/{id}", tag = "silences", params(("id" = String, Path)),
    request_body = NewSilence, responses((status = 200, body = Silence)))]
pub async fn change(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewSilence>,
) -> Result<Json<Silence>, Problem> {
    let (id, now) = (id(&text)?, app.now());
    let by = visitor.person().map(ToString::to_string).unwrap_or_default();
    let wanted = body.value.read(&by, now)?;
    Ok(Json(put(&app, &visitor, Some(id), wanted).await?))
}

async fn put(app: &App, visitor: &Visitor, id: Option<SilenceId>, wanted: Rule) -> Result<Silence, Problem> {
    let done = app.act(visitor.actor(), move |store, node, moment| {
        let now = moment.now;
        let mut made = None;
        actions::detect::silences::put_and(store, node, moment, id, &wanted, &mut |_, silence| {
            made = Some(wire(silence, now));
            Ok(())
        })?;
        made.ok_or_else(|| store::Error::other("a silence was changed into none").into())
    });
    done.await.map_err(ours)
}

/// Ends a silence now. What it muted speaks again.
#[utoipa::path(delete, path = "/api/v1/silences/{id}", tag = "silences", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn expire(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = id(&text)?;
    let done =
        app.act(visitor.actor(), move |store, node, moment| actions::detect::silences::expire(store, node, moment, id));
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
