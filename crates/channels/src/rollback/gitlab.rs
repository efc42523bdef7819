//! GitLab: a pipeline is made with the key as a variable, and followed to its end. GitLab has no verb for taking back: what the
//! pipeline does is the affair of the project.
//!
//! A pipeline that nobody answered for is found by the key in its name (`workflow: name`), or else in its variables.

use std::collections::BTreeMap;

use domain::change::rollback_adapters::{Call, Handle, KEY_VARIABLE, Mishap};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::respond::chats::url_part;
use domain::words::Span;
use serde::Deserialize;
use serde_json::json;

use super::{Adapter, Asking, BY_KEY, Line, number, read, silence, unanswered, unreachable};

pub(super) struct Gitlab<'e> {
    line: Line<'e>,
    /// Where the project is asked.
    project: String,
    git_ref: &'e str,
    variables: &'e BTreeMap<String, String>,
}

/// Clocks may be apart by so much when a pipeline is looked for.
const CLOCKS_APART: Span = Span::minutes(10);
/// Among so many of the newest pipelines.
const PIPELINES_MOST: u32 = 50;
/// The variables of so many are asked for, each by a call.
const VARIABLES_ASKED_MOST: usize = 5;
/// Who may make pipelines, or set variables of them: roles with their access levels.
const ROLES: [(&str, u64); 3] = [("developer", 30), ("maintainer", 40), ("owner", 50)];

#[derive(Deserialize)]
struct Project {
    #[serde(rename = "id")]
    _id: u64,
    archived: Option<bool>,
    jobs_enabled: Option<bool>,
    ci_pipeline_variables_minimum_override_role: Option<String>,
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Commit {
    #[serde(rename = "id")]
    _id: String,
}

#[derive(Deserialize)]
struct Permissions {
    project_access: Option<Access>,
    group_access: Option<Access>,
}

#[derive(Deserialize)]
struct Access {
    access_level: Option<u64>,
}

#[derive(Deserialize)]
struct Pipeline {
    id: Option<u64>,
    name: Option<String>,
    status: Option<Status>,
    web_url: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Success,
    Failed,
    Canceled,
    Skipped,
    /// It goes on; or it waits for somebody's hand, until its time is over.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Variable {
    key: Option<String>,
    value: Option<String>,
}

impl Project {
    /// Why no pipeline can be made here with variables, as far as that shows.
    fn closed(&self) -> Option<String> {
        let access = self.permissions.as_ref().map(|all| {
            let levels = [&all.project_access, &all.group_access];
            levels.into_iter().flatten().filter_map(|one| one.access_level).max().unwrap_or_default()
        });
        let wanted = self.ci_pipeline_variables_minimum_override_role.as_deref().unwrap_or(ROLES[0].0);
        let (role, least) = ROLES.into_iter().find(|(role, _)| *role == wanted).unwrap_or(ROLES[0]);
        if self.archived == Some(true) {
            Some("the project is archived".into())
        } else if self.jobs_enabled == Some(false) {
            Some("pipelines are switched off in the project".into())
        } else if wanted == "no_one_allowed" {
            Some("the project lets nobody set variables of a pipeline (Settings, CI/CD, Variables)".into())
        } else if access.is_some_and(|level| level > 0 && level < least) {
            // An access level of nothing is inherited from where this answer does not look.
            Some(format!(
                "setting variables of a pipeline takes the role {role} in the project, and the token has less"
            ))
        } else {
            None
        }
    }
}

impl<'e> Gitlab<'e> {
    pub(super) fn new(
        line: Line<'e>,
        project: &str,
        git_ref: &'e str,
        variables: &'e BTreeMap<String, String>,
    ) -> Self {
        Self { line, project: format!("/api/v4/projects/{}", url_part(project)), git_ref, variables }
    }

    async fn look_up(&self, call: &Call) -> Word {
        let since = CLOCKS_APART.before(call.at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let path = format!(
            "{}/pipelines?source=api&ref={}&updated_after={}&order_by=id&sort=desc&per_page={PIPELINES_MOST}",
            self.project,
            url_part(self.git_ref),
            url_part(&since),
        );
        let pipelines = match self.line.get(&path).await {
            Ok(answer) if answer.is_success() => read::<Vec<Pipeline>>(&answer).unwrap_or_default(),
            Ok(answer) => return silence(&self.line.said(&answer)),
            Err(none) => return silence(&none.why()),
        };
        let key = call.key.to_string();
        if let Some(named) = pipelines.iter().find(|one| one.name.as_ref().is_some_and(|name| name.contains(&key))) {
            return word(named);
        }
        for pipeline in pipelines.iter().take(VARIABLES_ASKED_MOST) {
            let Some(id) = pipeline.id else { continue };
            match self.line.get(&format!("{}/pipelines/{id}/variables", self.project)).await {
                Ok(answer) if answer.is_success() => {
                    let variables = read::<Vec<Variable>>(&answer).unwrap_or_default();
                    let carries = |one: &Variable| {
                        one.key.as_deref() == Some(KEY_VARIABLE) && one.value.as_deref() == Some(key.as_str())
                    };
                    if variables.iter().any(carries) {
                        return word(pipeline);
                    }
                }
                // Of a pipeline of somebody else's the token may not see them.
                Ok(_) => {}
                Err(none) => return silence(&none.why()),
            }
        }
        silence("no pipeline carries the key")
    }
}

/// How a pipeline goes.
fn word(pipeline: &Pipeline) -> Word {
    let ended = |how: &str| Word::Failed { why: format!("the pipeline ended as {how}") };
    match pipeline.status {
        Some(Status::Success) => Word::Succeeded,
        Some(Status::Failed) => ended("failed"),
        Some(Status::Canceled) => ended("cancelled"),
        Some(Status::Skipped) => ended("skipped"),
        Some(Status::Other) => Word::Running,
        None => silence("the pipeline has no status"),
    }
}

impl Adapter for Gitlab<'_> {
    fn preflight<'a>(&'a self, call: &'a Call) -> Asking<'a, Answer> {
        Box::pin(async move {
            if let Err(refusal) = call.fill(self.variables) {
                return Answer::Denied(refusal.to_string());
            }
            let project = match self.line.get(&self.project).await {
                Ok(answer) if answer.is_success() => read::<Project>(&answer),
                // What a token may not see is not there.
                Ok(answer) if answer.status == 404 => {
                    return Answer::Denied("there is no such project that this token may see".into());
                }
                Ok(answer) => return self.line.unready(&answer),
                Err(none) => return unreachable(none),
            };
            let Some(project) = project else { return Answer::Unreachable("what answers there is not GitLab".into()) };
            if let Some(why) = project.closed() {
                return Answer::Denied(why);
            }
            match self.line.get(&format!("{}/repository/commits/{}", self.project, url_part(self.git_ref))).await {
                Ok(answer) if answer.is_success() && read::<Commit>(&answer).is_some() => Answer::Ready,
                Ok(answer) if answer.status == 404 => Answer::NoTarget(format!("the branch or tag {}", self.git_ref)),
                Ok(answer) => self.line.unready(&answer),
                Err(none) => unreachable(none),
            }
        })
    }

    fn execute<'a>(&'a self, call: &'a Call) -> Asking<'a, Result<Handle, Mishap>> {
        Box::pin(async move {
            let mut variables =
                call.fill(self.variables).map_err(|refusal| Mishap::Refused { why: refusal.to_string() })?;
            variables.insert(KEY_VARIABLE.to_owned(), call.key.to_string());
            let variables: Vec<_> =
                variables.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
            let body = json!({ "ref": self.git_ref, "variables": variables });
            let answer = self.line.post(&format!("{}/pipeline", self.project), &body).await.map_err(unanswered)?;
            if !answer.is_success() {
                return Err(self.line.mishap(&answer));
            }
            let made = read::<Pipeline>(&answer);
            let link = made.as_ref().and_then(|made| made.web_url.as_deref());
            let text = match made.as_ref().and_then(|made| made.id) {
                Some(id) => format!("pipeline {id}"),
                None => BY_KEY.to_owned(),
            };
            Ok(self.line.handle(&text, link))
        })
    }

    fn poll<'a>(&'a self, call: &'a Call, handle: Option<&'a Handle>) -> Asking<'a, Word> {
        Box::pin(async move {
            let Some(id) = number(handle, "pipeline") else { return self.look_up(call).await };
            match self.line.get(&format!("{}/pipelines/{id}", self.project)).await {
                Ok(answer) if answer.is_success() => read::<Pipeline>(&answer)
                    .map_or_else(|| silence("the answer is no pipeline"), |pipeline| word(&pipeline)),
                Ok(answer) => silence(&self.line.said(&answer)),
                Err(none) => silence(&none.why()),
            }
        })
    }
}
