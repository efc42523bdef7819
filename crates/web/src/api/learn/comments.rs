//! Comments on sections of postmortems over the API: all of them, said, answered, settled.

use actions::learn::comments::{self as acts, Said};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::learn::comments::Wanted;
use domain::learn::postmortem_sections::Section;
use domain::words::{CommentId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::{Body, created};
use crate::api::listing::Listing;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What somebody said beside the text of a postmortem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostmortemComment {
    /// `cmt_…`.
    pub id: String,
    pub section: String,
    /// The words that it is about; absent: the whole section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// The words that it is about stand there no more.
    pub gone: bool,
    /// The comment that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// In Markdown.
    pub text: String,
    pub author: String,
    pub said_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
}

/// What somebody says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    #[schema(value_type = String)]
    pub section: Section,
    /// Words that stand in the section, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// The comment that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// In Markdown.
    pub text: String,
}

fn wire(said: &Said) -> PostmortemComment {
    let one = &said.comment;
    PostmortemComment {
        id: one.id.to_string(),
        section: one.section.to_string(),
        quote: one.quote.clone(),
        gone: said.gone,
        reply_to: one.reply_to.map(|id| id.to_string()),
        text: one.text.clone(),
        author: one.by.to_string(),
        said_at: one.at,
        resolved_by: one.resolved.as_ref().map(|(by, _)| by.to_string()),
        resolved_at: one.resolved.as_ref().map(|(_, at)| *at),
    }
}

/// All comments on a postmortem, the first first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/postmortem/comments", tag = "postmortems", operation_id = "comments_list",
    params(("id" = String, Path)), responses((status = 200, body = Listing<PostmortemComment>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<PostmortemComment>>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| acts::of_incident(tx, id, visitor.sight())).await?;
    Ok(Json(Listing::whole(found.iter().map(wire).collect())))
}

/// Comments on a section, on words of it, or answers a comment.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem/comments", tag = "postmortems", operation_id = "comments_say",
    params(("id" = String, Path)), request_body = NewComment, responses((status = 201, body = PostmortemComment)))]
pub async fn say(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewComment>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let NewComment { section, quote, reply_to, text } = body.value;
    let reply_to =
        reply_to.map(|one| one.parse().map_err(|_| Refusal::not_found(format!("comment {one}")))).transpose()?;
    let wanted = Wanted { section, quote, reply_to, text };
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| acts::say(tx, &mut moment.again(), id, &wanted))
    });
    Ok(created(&format!("/api/v1/incidents/{id}/postmortem/comments"), &wire(&done.await?)))
}

/// Settles a comment, with its answers.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem/comments/{comment}/resolve", tag = "postmortems",
    operation_id = "comments_resolve", params(("id" = String, Path), ("comment" = String, Path)),
    responses((status = 200, body = PostmortemComment)))]
pub async fn resolve(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, which)): Path<(String, String)>,
) -> Result<Json<PostmortemComment>, Problem> {
    let id = id(&text)?;
    let which: CommentId = which.parse().map_err(|_| Refusal::not_found(format!("comment {which}")))?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| acts::resolve(tx, &mut moment.again(), id, which))
    });
    Ok(Json(wire(&done.await?)))
}
