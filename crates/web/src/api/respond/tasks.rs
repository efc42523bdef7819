//! Tasks over the API: given, taken, extended, done, dropped.

use actions::respond::tasks as acts;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::respond::tasks::{State as Stage, Task as Rule, Wish};
use domain::words::{Name, Refusal, Span, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::id;
use crate::api::body::{Body, created};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What one named person does in an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    pub id: String,
    pub title: String,
    pub owner: String,
    pub given_at: Timestamp,
    /// When the owner reports, done or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// `given`, `taken`, `done` or `dropped`.
    pub state: String,
    /// The result, or why it was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// A task that is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    pub title: String,
    /// One person. Whoever gives it to themselves has taken it.
    #[schema(value_type = String)]
    pub owner: Name,
    /// After so long the owner reports: `20m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub within: Option<Span>,
}

/// What to do with a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TaskDeed {
    /// I do it.
    Take {},
    /// Somebody else does it.
    Give {
        #[schema(value_type = String)]
        owner: Name,
    },
    /// I report later: after so long.
    Extend {
        #[schema(value_type = String)]
        within: Span,
    },
    Done {
        result: String,
    },
    Drop {
        why: String,
    },
}

impl TaskDeed {
    fn read(self) -> Wish {
        match self {
            Self::Take {} => Wish::Take,
            Self::Give { owner } => Wish::Give { to: owner },
            Self::Extend { within } => Wish::Extend { by: within },
            Self::Done { result } => Wish::Done { result },
            Self::Drop { why } => Wish::Drop { why },
        }
    }
}

pub(super) fn wire(task: &Rule) -> Task {
    let said = match &task.state {
        Stage::Given | Stage::Taken { .. } => None,
        Stage::Done { result, .. } => Some(result.clone()),
        Stage::Dropped { why, .. } => Some(why.clone()),
    };
    Task {
        id: task.id.to_string(),
        title: task.title.clone(),
        owner: task.owner.to_string(),
        given_at: task.given_at,
        due_at: task.due_at,
        state: task.state.word().to_owned(),
        said,
    }
}

/// Gives a task to one person.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/tasks", tag = "incidents", params(("id" = String, Path)),
    request_body = NewTask, responses((status = 201, body = Task)))]
pub async fn give(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewTask>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let NewTask { title, owner, within } = body.value;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| Ok(wire(&acts::give(tx, node, &mut moment.again(), id, &title, &owner, within)?)))
    });
    let made = done.await?;
    Ok(created(&format!("/api/v1/incidents/{id}"), &made))
}

/// Takes, gives on, extends, finishes or drops a task.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/tasks/{task}", tag = "incidents",
    params(("id" = String, Path), ("task" = String, Path)), request_body = TaskDeed,
    responses((status = 200, body = Task)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, task)): Path<(String, String)>,
    body: Body<TaskDeed>,
) -> Result<Json<Task>, Problem> {
    let id = id(&text)?;
    let task: TaskId = task.parse().map_err(|_| Refusal::not_found("task with this id"))?;
    let wish = body.value.read();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| Ok(wire(&acts::act(tx, node, &mut moment.again(), id, task, &wish)?)))
    });
    Ok(Json(done.await?))
}
