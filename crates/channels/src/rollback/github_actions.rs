//! GitHub Actions: a workflow is dispatched with the key as an input, and its run is followed to its end.
//!
//! Dispatching is not idempotent, and an older GitHub Enterprise answers without saying which run it began: then the run is found
//! by the key in its name, which the workflow must put there (`run-name`). Nothing is dispatched twice.

use std::collections::BTreeMap;

use domain::change::rollback_adapters::{Call, Handle, KEY_INPUT, Mishap};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::respond::chats::url_part;
use domain::words::Span;
use reqwest::header::{ACCEPT, HeaderValue};
use serde::Deserialize;
use serde_json::json;

use super::{Adapter, Asking, BY_KEY, Line, number, read, silence, unanswered, unreachable};

pub(super) struct GithubActions<'e> {
    line: Line<'e>,
    /// Where the workflow and its repository are asked.
    repository: String,
    workflow: String,
    git_ref: &'e str,
    inputs: &'e BTreeMap<String, String>,
    /// It says which run it began, if it is asked to. Others refuse the question.
    names_runs: bool,
}

/// Clocks may be apart by so much when a run is looked for.
const CLOCKS_APART: Span = Span::minutes(10);
/// Among so many of the newest runs.
const RUNS_MOST: u32 = 50;

#[derive(Deserialize)]
struct Begun {
    workflow_run_id: Option<u64>,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct Workflow {
    state: Option<String>,
}

#[derive(Deserialize)]
struct Runs {
    workflow_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    name: Option<String>,
    display_title: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
}

impl<'e> GithubActions<'e> {
    pub(super) fn new(
        mut line: Line<'e>,
        repository: &str,
        workflow: &str,
        git_ref: &'e str,
        inputs: &'e BTreeMap<String, String>,
    ) -> Self {
        // This version is known to every GitHub that has versions; what we read is the same in later ones.
        line.headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        line.headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
        let repository: Vec<String> = repository.split('/').map(url_part).collect();
        let repository = format!("/repos/{}", repository.join("/"));
        let workflow = format!("{repository}/actions/workflows/{}", url_part(workflow));
        let host = line.base.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
        let names_runs = host == "api.github.com" || host.ends_with(".ghe.com");
        Self { line, repository, workflow, git_ref, inputs, names_runs }
    }

    fn word(&self, run: &Run) -> Word {
        match (run.status.as_deref(), run.conclusion.as_deref()) {
            (Some("completed"), Some("success")) => Word::Succeeded,
            (Some("completed"), Some(other)) => {
                Word::Failed { why: self.line.words(&format!("the run ended as {}", other.replace('_', " "))) }
            }
            (Some(_), _) => Word::Running,
            (None, _) => silence("the run has no status"),
        }
    }

    async fn look_up(&self, call: &Call) -> Word {
        let since = CLOCKS_APART.before(call.at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let since = url_part(&format!(">={since}"));
        let path = format!("{}/runs?event=workflow_dispatch&per_page={RUNS_MOST}&created={since}", self.workflow);
        let runs = match self.line.get(&path).await {
            Ok(answer) if answer.is_success() => read::<Runs>(&answer).map(|runs| runs.workflow_runs),
            Ok(answer) => return silence(&self.line.said(&answer)),
            Err(none) => return silence(&none.why()),
        };
        let key = call.key.to_string();
        let carries = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(&key));
        let found = runs.iter().flatten().find(|run| carries(&run.display_title) || carries(&run.name));
        found.map_or_else(|| silence("no run carries the key"), |run| self.word(run))
    }
}

impl Adapter for GithubActions<'_> {
    fn preflight<'a>(&'a self, call: &'a Call) -> Asking<'a, Answer> {
        Box::pin(async move {
            if let Err(refusal) = call.fill(self.inputs) {
                return Answer::Denied(refusal.to_string());
            }
            match self.line.get(&self.workflow).await {
                Ok(answer) if answer.is_success() => match read::<Workflow>(&answer).and_then(|one| one.state) {
                    Some(state) if state == "active" => Answer::Ready,
                    Some(state) => {
                        Answer::Denied(self.line.words(&format!("the workflow is {}", state.replace('_', " "))))
                    }
                    None => Answer::Unreachable("what answers there is not GitHub".into()),
                },
                // What a token may not see is not there.
                Ok(answer) if answer.status == 404 => {
                    Answer::Denied("there is no such workflow that this token may see".into())
                }
                Ok(answer) => self.line.unready(&answer),
                Err(none) => unreachable(none),
            }
        })
    }

    fn execute<'a>(&'a self, call: &'a Call) -> Asking<'a, Result<Handle, Mishap>> {
        Box::pin(async move {
            let mut inputs = call.fill(self.inputs).map_err(|refusal| Mishap::Refused { why: refusal.to_string() })?;
            inputs.insert(KEY_INPUT.to_owned(), call.key.to_string());
            let mut body = json!({ "ref": self.git_ref, "inputs": inputs });
            if self.names_runs {
                body["return_run_details"] = json!(true);
            }
            let answer = self.line.post(&format!("{}/dispatches", self.workflow), &body).await.map_err(unanswered)?;
            if !answer.is_success() {
                return Err(self.line.mishap(&answer));
            }
            let begun = read::<Begun>(&answer);
            let link = begun.as_ref().and_then(|begun| begun.html_url.as_deref());
            let text = match begun.as_ref().and_then(|begun| begun.workflow_run_id) {
                Some(run) => format!("run {run}"),
                None => BY_KEY.to_owned(),
            };
            Ok(self.line.handle(&text, link))
        })
    }

    fn poll<'a>(&'a self, call: &'a Call, handle: Option<&'a Handle>) -> Asking<'a, Word> {
        Box::pin(async move {
            let Some(run) = number(handle, "run") else { return self.look_up(call).await };
            match self.line.get(&format!("{}/actions/runs/{run}", self.repository)).await {
                Ok(answer) if answer.is_success() => {
                    read::<Run>(&answer).map_or_else(|| silence("the answer is no run"), |run| self.word(&run))
                }
                Ok(answer) => silence(&self.line.said(&answer)),
                Err(none) => silence(&none.why()),
            }
        })
    }
}
