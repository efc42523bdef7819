//! Changes that are reported while they are done, or afterwards: by a script, with the token of a person.
//!
//! What an integration brings comes in at its own address instead; see `crate::inbound::deploys`.

use actions::change::observations::{self as acts, Taken};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::change::deploy_events::generic;
use domain::words::{Name, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::change::changes::ChangeRow;
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What reports of this API are kept under, where others have the name of their integration.
const SOURCE: &str = "api";

/// A report: a change began, went on, or ended. Reports of one key are one change, in any order and any number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportedChange {
    /// What the sender calls the change; at most 255 bytes.
    pub key: String,
    /// `began`, `stage` (a part of it went out), `finished`, `failed` or `rolled-back`.
    pub stage: String,
    /// When that was; now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// `deploy`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<ReportedTarget>,
    /// Of a part or a failure: more in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// An http(s) URL where people can look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What is changed, where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportedTarget {
    pub service: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The version before, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// One report, or a list of them that is taken whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Reported {
    One(ReportedChange),
    Many(Vec<ReportedChange>),
}

/// What became of the reports of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportsTaken {
    /// The change of each report.
    pub changes: Vec<String>,
    /// So many are of a change that was not known.
    pub new: usize,
    /// So many say more of one.
    pub more: usize,
    /// So many were said before, and changed nothing.
    pub known: usize,
    /// A sentence for each event that is no change here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    /// What no service was found for: name it in the document of the integration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmapped: Vec<String>,
}

impl ReportsTaken {
    pub(crate) fn of(taken: &[(ChangeRow, Taken)]) -> Self {
        let count = |what: Taken| taken.iter().filter(|(_, one)| *one == what).count();
        Self {
            changes: taken.iter().map(|(row, _)| row.change.id.to_string()).collect(),
            new: count(Taken::New),
            more: count(Taken::More),
            known: count(Taken::Known),
            ignored: Vec::new(),
            unmapped: Vec::new(),
        }
    }
}

/// Takes reports of changes: one, or a list. They are durable when this is answered.
#[utoipa::path(post, path = "/api/v1/changes/observed", tag = "changes",
    request_body = Reported, responses((status = 202, body = ReportsTaken)))]
pub async fn observe(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<Value>,
) -> Result<Response, Problem> {
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let rules = node.rules(tx)?;
            let told = generic::read_ours(&body.value, &rules.catalog.services, moment.now)?;
            let source: Name = SOURCE.parse().expect("it is a name");
            acts::take(tx, node, &mut moment.again(), &source, &told.reports)
        })
    });
    Ok((StatusCode::ACCEPTED, Json(ReportsTaken::of(&done.await?))).into_response())
}
