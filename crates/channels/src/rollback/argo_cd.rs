//! Argo CD: an application is set back to an earlier entry of its history. Argo CD knows no key: what is ours is told by when it
//! began and where it leads.
//!
//! It refuses while auto-sync is on, and Git stays as it is: the next sync brings the bad version again. Switching auto-sync off and
//! reverting in Git are not done here.

use std::time::Duration;

use domain::change::rollback_adapters::{Call, Handle, Mishap};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::respond::chats::url_part;
use domain::words::{Span, Timestamp};
use serde_json::{Value, json};

use super::{Adapter, Asking, Line, read, silence, unanswered, unreachable};
use crate::egress;

pub(super) struct ArgoCd<'e> {
    line: Line<'e>,
    application: &'e str,
    project: Option<&'e str>,
    namespace: Option<&'e str>,
}

/// What began so long before the call, by the clock of the cluster, is somebody else's.
const CLOCKS_APART: Span = Span::seconds(5);
/// After so long each it is looked whether a dry run is over.
const LOOKS: [Duration; 4] =
    [Duration::from_millis(300), Duration::from_millis(700), Duration::from_secs(1), Duration::from_secs(2)];

/// A deployment of before, to which an application can be set back.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    id: i64,
    revision: String,
}

impl<'e> ArgoCd<'e> {
    pub(super) fn new(
        line: Line<'e>,
        application: &'e str,
        project: Option<&'e str>,
        namespace: Option<&'e str>,
    ) -> Self {
        Self { line, application, project, namespace }
    }

    async fn application(&self) -> Result<Value, Trouble> {
        let named = [("project", self.project), ("appNamespace", self.namespace)];
        let query: Vec<String> =
            named.iter().filter_map(|(name, value)| Some(format!("{name}={}", url_part((*value)?)))).collect();
        let path = format!("/api/v1/applications/{}?{}", url_part(self.application), query.join("&"));
        let answer = self.line.get(path.trim_end_matches('?')).await.map_err(|none| Trouble::Silent(none.why()))?;
        if !answer.is_success() {
            return Err(Trouble::Answered(answer));
        }
        let application = read::<Value>(&answer).filter(|one| one["metadata"].is_object());
        application.ok_or_else(|| Trouble::Silent("what answers there is not Argo CD".into()))
    }

    async fn roll_back(&self, target: &Target, dry_run: bool) -> Result<egress::Answer, egress::NoAnswer> {
        let mut body = json!({ "name": self.application, "id": target.id, "dryRun": dry_run, "prune": false });
        if let Some(project) = self.project {
            body["project"] = json!(project);
        }
        if let Some(namespace) = self.namespace {
            body["appNamespace"] = json!(namespace);
        }
        self.line.post(&format!("/api/v1/applications/{}/rollback", url_part(self.application)), &body).await
    }

    /// Has it tried without doing it, and says what came of it. One that runs already is waited for.
    async fn try_dry(&self, application: &Value, target: &Target) -> Answer {
        let state = &application["status"]["operationState"];
        let (mut before, runs) = (began(state), is_under_way(application));
        if runs && is_dry(&state["operation"]) && leads_to(&state["operation"], &target.revision) {
            before = None;
        } else if runs {
            return Answer::Denied("another operation is under way in Argo CD".into());
        } else {
            match self.roll_back(target, true).await {
                Ok(answer) if answer.is_success() => {}
                Ok(answer) => return self.line.unready(&answer),
                Err(none) => return unreachable(none),
            }
        }
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            let application = match self.application().await {
                Ok(application) => application,
                Err(trouble) => return self.unready(trouble),
            };
            let state = &application["status"]["operationState"];
            if !is_dry(&state["operation"]) || began(state) == before {
                continue;
            }
            match state["phase"].as_str() {
                Some("Succeeded") => return Answer::Ready,
                Some("Failed" | "Error") => {
                    return Answer::Denied(format!("the dry run failed: {}", self.message(state)));
                }
                _ => {}
            }
        }
        Answer::Unreachable("its dry run is not over yet: ask again".into())
    }

    fn unready(&self, trouble: Trouble) -> Answer {
        match trouble {
            // An application that is not there is forbidden, unless its project is named.
            Trouble::Answered(answer) if answer.status == 404 => {
                Answer::Denied("there is no such application that this token may see".into())
            }
            Trouble::Answered(answer) => self.line.unready(&answer),
            Trouble::Silent(why) => Answer::Unreachable(why),
        }
    }

    fn message(&self, state: &Value) -> String {
        let message = state["message"].as_str().map(|message| self.line.words(message)).unwrap_or_default();
        if message.is_empty() { "Argo CD does not say why".into() } else { message }
    }

    /// How an operation goes that is ours.
    fn word(&self, application: &Value) -> Word {
        let state = &application["status"]["operationState"];
        match state["phase"].as_str() {
            Some("Succeeded") if application["status"]["health"]["status"] == "Progressing" => Word::Running,
            Some("Succeeded") => Word::Succeeded,
            Some("Failed" | "Error") => Word::Failed { why: self.message(state) },
            _ => Word::Running,
        }
    }

    /// By what was kept of the call: where it leads, and which operation was the last before.
    fn follow(&self, application: &Value, call: &Call, revision: &str, before: Option<Timestamp>) -> Word {
        let (state, waiting) = (&application["status"]["operationState"], &application["operation"]);
        let ours = |operation: &Value| !is_dry(operation) && leads_to(operation, revision);
        if began(state).is_some() && began(state) != before && ours(&state["operation"]) {
            return self.word(application);
        }
        if waiting["sync"].is_object() && ours(waiting) {
            return Word::Running;
        }
        // Something else was begun after it: what it led to stands in the history.
        let last = history(application).last();
        let since = CLOCKS_APART.before(call.at);
        if last.is_some_and(|last| revision_of(last) == revision && instant(&last["deployedAt"]) >= Some(since)) {
            return Word::Succeeded;
        }
        silence("no operation of Argo CD is this one")
    }

    /// Without anything that was kept: the last operation, if it began since the call, and sets back to where the call wanted.
    fn look_up(&self, application: &Value, call: &Call) -> Word {
        let since = CLOCKS_APART.before(call.at);
        let fits = |operation: &Value| {
            let sets_back = operation["sync"]["source"].is_object() || operation["sync"]["sources"].is_array();
            let entry = history(application).iter().find(|entry| leads_to(operation, &revision_of(entry)));
            let wanted = |entry: &Value| call.to.as_ref().is_none_or(|to| is_of(entry, to));
            !is_dry(operation) && sets_back && entry.is_some_and(wanted)
        };
        let (state, waiting) = (&application["status"]["operationState"], &application["operation"]);
        if began(state) >= Some(since) && fits(&state["operation"]) {
            return self.word(application);
        }
        if !is_under_way(application) && waiting["sync"].is_object() && fits(waiting) {
            return Word::Running;
        }
        silence("no operation of Argo CD since then is this one")
    }
}

/// Why an application was not read.
enum Trouble {
    Answered(egress::Answer),
    Silent(String),
}

fn history(application: &Value) -> &[Value] {
    application["status"]["history"].as_array().map_or(&[], Vec::as_slice)
}

/// What an entry of the history or an operation leads to: one revision, or one for each source.
fn revision_of(at: &Value) -> String {
    let many = at["revisions"].as_array().filter(|all| !all.is_empty());
    let many = many.map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","));
    many.or_else(|| at["revision"].as_str().map(str::to_owned)).unwrap_or_default()
}

fn leads_to(operation: &Value, revision: &str) -> bool {
    !revision.is_empty() && revision_of(&operation["sync"]) == revision
}

fn is_dry(operation: &Value) -> bool {
    operation["sync"]["dryRun"] == true
}

fn is_under_way(application: &Value) -> bool {
    matches!(application["status"]["operationState"]["phase"].as_str(), Some("Running" | "Terminating"))
}

fn instant(text: &Value) -> Option<Timestamp> {
    text.as_str()?.parse().ok()
}

fn began(state: &Value) -> Option<Timestamp> {
    instant(&state["startedAt"])
}

/// So much of a commit names it.
const COMMIT_LEAST: usize = 7;

/// Whether an entry of the history is of this version: its commit or the beginning of it, the tag that was followed, the version
/// of a chart, or the tag of an image that was set.
fn is_of(entry: &Value, version: &str) -> bool {
    let one = [&entry["source"]];
    let sources: Vec<&Value> = one.into_iter().chain(entry["sources"].as_array().into_iter().flatten()).collect();
    let is_commit = version.len() >= COMMIT_LEAST && version.chars().all(|c| c.is_ascii_hexdigit());
    let of_revision = |revision: &str| revision == version || (is_commit && revision.starts_with(version));
    let tag = format!(":{version}");
    let of_source = |source: &&Value| {
        let images = source["kustomize"]["images"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut values = source["helm"]["parameters"].as_array().into_iter().flatten();
        source["targetRevision"] == *version
            || images.into_iter().any(|image| image.ends_with(&tag))
            || values.any(|parameter| parameter["value"] == *version)
    };
    revision_of(entry).split(',').any(of_revision) || sources.iter().any(of_source)
}

/// The entry to go back to: the newest of the version that is wanted; or, if none is named, the one before what is to go. The
/// error says what is not there.
fn target(application: &Value, call: &Call) -> Result<Target, String> {
    let history = history(application);
    let earlier = history.len().saturating_sub(1);
    let found = if let Some(to) = &call.to {
        let found = history[..earlier].iter().rev().find(|entry| is_of(entry, to));
        found.ok_or_else(|| format!("a deployment of {to} in the history"))?
    } else {
        let bad = call.from.as_ref().and_then(|from| history.iter().rposition(|entry| is_of(entry, from)));
        history[..bad.unwrap_or(earlier)].last().ok_or("an earlier deployment in the history")?
    };
    let revision = revision_of(found);
    match found["id"].as_i64() {
        Some(id) if !revision.is_empty() => Ok(Target { id, revision }),
        _ => Err("a deployment in the history that can be read".into()),
    }
}

fn is_automated(application: &Value) -> bool {
    let automated = &application["spec"]["syncPolicy"]["automated"];
    automated.is_object() && automated["enabled"] != false
}

impl Adapter for ArgoCd<'_> {
    fn preflight<'a>(&'a self, call: &'a Call) -> Asking<'a, Answer> {
        Box::pin(async move {
            let application = match self.application().await {
                Ok(application) => application,
                Err(trouble) => return self.unready(trouble),
            };
            let target = match target(&application, call) {
                Ok(target) => target,
                Err(what) => return Answer::NoTarget(self.line.words(&what)),
            };
            if is_automated(&application) {
                let why = "auto-sync is on, and Argo CD sets nothing back meanwhile: switch it off, or revert in Git";
                return Answer::Denied(why.into());
            }
            self.try_dry(&application, &target).await
        })
    }

    fn execute<'a>(&'a self, call: &'a Call) -> Asking<'a, Result<Handle, Mishap>> {
        Box::pin(async move {
            // Nothing is begun by reading: whatever goes wrong here is certain.
            let refused = |why: String| Mishap::Refused { why };
            let application = self.application().await.map_err(|trouble| match trouble {
                Trouble::Answered(answer) => refused(self.line.said(&answer)),
                Trouble::Silent(why) => refused(why),
            })?;
            let target = target(&application, call)
                .map_err(|what| refused(self.line.words(&format!("Argo CD does not have {what}"))))?;
            let answer = self.roll_back(&target, false).await.map_err(unanswered)?;
            if !answer.is_success() {
                return Err(self.line.mishap(&answer));
            }
            // A dry run is never taken for ours, whenever it began.
            let state = &application["status"]["operationState"];
            let before = began(state).filter(|_| !is_dry(&state["operation"]));
            let before = before.map_or_else(|| "-".to_owned(), |before| before.to_string());
            let namespace = self.namespace.map(|namespace| format!("{}/", url_part(namespace))).unwrap_or_default();
            let link = format!("{}/applications/{namespace}{}", self.line.base, url_part(self.application));
            Ok(self.line.handle(&format!("{before} {}", target.revision), Some(&link)))
        })
    }

    fn poll<'a>(&'a self, call: &'a Call, handle: Option<&'a Handle>) -> Asking<'a, Word> {
        Box::pin(async move {
            let application = match self.application().await {
                Ok(application) => application,
                Err(Trouble::Answered(answer)) => return silence(&self.line.said(&answer)),
                Err(Trouble::Silent(why)) => return silence(&why),
            };
            match handle.and_then(|handle| handle.text.split_once(' ')) {
                Some((before, revision)) => self.follow(&application, call, revision, before.parse().ok()),
                None => self.look_up(&application, call),
            }
        })
    }
}
