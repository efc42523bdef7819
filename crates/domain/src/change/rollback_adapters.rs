//! A rollback adapter: the program elsewhere that takes something back for us, where it is, and what it is told.
//!
//! It knows no token and calls nothing: what is called, what came of it and what is kept of it in between are values here, and
//! `channels` speaks. Whether a plan may run at all is for `rollback_plans` and `rollbacks`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::proposals::Target;
use super::rollback_plans::{Data, RollbackPlan, Watch, Way};
use crate::engage::contacts::check_url;
use crate::prepare::templates;
use crate::words::{ChangeId, Name, Refusal, Result, RollbackId, Span, Timestamp, text};

/// The spec of a `rollback-adapter` document. What is shown to the other side is no part of it: the server is told it in a file
/// (`--adapter-secrets`), because documents are exported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackAdapter {
    /// What people call it: `The rollback workflow of the shop`.
    pub title: String,
    /// Which program, and where it is.
    pub system: System,
    /// How long one call may take, from 1s to 30s. It says nothing of how long taking back may take: that is in the plan.
    #[serde(default = "ten_seconds", skip_serializing_if = "is_ten_seconds")]
    pub deadline: Span,
    /// Which deploys it takes back though nobody wrote a plan for them, because a program reported them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploys: Option<Deploys>,
}

/// Deploys that are reported, and how they are taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploys {
    /// Of these services.
    pub services: BTreeSet<Name>,
    /// In these environments. Empty: in all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub environments: BTreeSet<Name>,
    /// How long it takes.
    pub estimate: Span,
    /// What becomes of the data.
    #[serde(default = "reversible")]
    pub data: Data,
    /// When somebody last tried it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_rehearsed: Option<Timestamp>,
    /// How long the alerts are looked at before they say what it came to; as long as usual, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
}

fn reversible() -> Data {
    Data::Reversible
}

impl Deploys {
    /// Whether it takes all of this back.
    fn covers(&self, targets: &[Target]) -> bool {
        let here = |target: &Target| {
            let environment = target.environment.as_ref();
            self.services.contains(&target.service)
                && (self.environments.is_empty() || environment.is_some_and(|one| self.environments.contains(one)))
        };
        !targets.is_empty() && targets.iter().all(here)
    }

    /// The plan for a deploy that nobody wrote one for. `owner` is the team of what was deployed.
    pub fn plan(&self, adapter: &Name, owner: &Name) -> RollbackPlan {
        RollbackPlan {
            way: Way::Automatic { adapter: adapter.clone(), action: "rollback".into() },
            owner: owner.clone(),
            estimate: self.estimate,
            abort_when: Vec::new(),
            data: self.data,
            point_of_no_return: None,
            verification: Vec::new(),
            last_rehearsed: self.last_rehearsed,
            safe_until: None,
            watch: self.watch,
        }
    }
}

/// The adapter that takes back what was deployed there; of several the first by name.
pub fn for_deploy<'a>(
    adapters: &'a BTreeMap<Name, RollbackAdapter>,
    targets: &[Target],
) -> Option<(&'a Name, &'a Deploys)> {
    let mut all = adapters.iter().filter_map(|(name, spec)| Some((name, spec.deploys.as_ref()?)));
    all.find(|(_, deploys)| deploys.covers(targets))
}

/// Which program takes back. A URL is `https://`; `http://` only to a host in the own network that the settings of the server
/// allow by its name or address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum System {
    /// A workflow of GitHub Actions, with the trigger `workflow_dispatch` and an input `key` that stands in its `run-name`.
    GithubActions {
        /// Where the REST API is; another one for GitHub Enterprise: `https://github.example.org/api/v3`.
        #[serde(default = "github_api", skip_serializing_if = "is_github_api")]
        api: String,
        /// `owner/name`.
        repository: String,
        /// Its file or its number: `rollback.yml`.
        workflow: String,
        /// The branch or tag whose workflow is run: `main`.
        #[serde(rename = "ref")]
        git_ref: String,
        /// What the workflow is given besides `key`. Filled in are `action`, `service`, `environment`, `from`, `to` and `key`, as in
        /// `{{ to }}`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        inputs: BTreeMap<String, String>,
    },
    /// A pipeline of GitLab. It gets the variable `ALLCLEAR_KEY`.
    Gitlab {
        /// Where GitLab is, without `/api/v4`: `https://gitlab.example.org`.
        url: String,
        /// Its path or its number: `group/name`.
        project: String,
        /// The branch or tag whose pipeline is run: `main`.
        #[serde(rename = "ref")]
        git_ref: String,
        /// What the pipeline is given besides `ALLCLEAR_KEY`. Filled in as the inputs of a workflow are.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        variables: BTreeMap<String, String>,
    },
    /// An application of Argo CD, set back to an earlier entry of its history.
    ArgoCd {
        /// Where Argo CD is, without `/api/v1`: `https://argocd.example.org`.
        url: String,
        /// What the application is called there.
        application: String,
        /// The project of the application.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
        /// The namespace in which the application stands, if it is not that of Argo CD.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
    },
    /// Any program: it is posted to, signed as Standard Webhooks has it.
    Webhook { url: String },
}

/// So long a call takes at most, if the document says nothing.
const DEADLINE: Span = Span::seconds(10);
const DEADLINE_LEAST: Span = Span::seconds(1);
const DEADLINE_MOST: Span = Span::seconds(30);

fn ten_seconds() -> Span {
    DEADLINE
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this form")]
fn is_ten_seconds(span: &Span) -> bool {
    *span == DEADLINE
}

fn github_api() -> String {
    "https://api.github.com".into()
}

fn is_github_api(api: &String) -> bool {
    *api == github_api()
}

impl System {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::GithubActions { .. } => "github-actions",
            Self::Gitlab { .. } => "gitlab",
            Self::ArgoCd { .. } => "argo-cd",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// Where it is asked.
    pub fn url(&self) -> &str {
        match self {
            Self::GithubActions { api: url, .. }
            | Self::Gitlab { url, .. }
            | Self::ArgoCd { url, .. }
            | Self::Webhook { url } => url,
        }
    }

    /// Where it is asked, and where in the spec that stands.
    pub fn at(&self) -> (&str, &'static str) {
        (self.url(), self.place())
    }

    /// Where in the spec that stands.
    pub const fn place(&self) -> &'static str {
        match self {
            Self::GithubActions { .. } => "/system/github-actions/api",
            Self::Gitlab { .. } => "/system/gitlab/url",
            Self::ArgoCd { .. } => "/system/argo-cd/url",
            Self::Webhook { .. } => "/system/webhook/url",
        }
    }

    /// What must stand in the file of `--adapter-secrets` after its name and a full stop.
    pub const fn secret(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "signing-secret",
            Self::GithubActions { .. } | Self::Gitlab { .. } | Self::ArgoCd { .. } => "token",
        }
    }
}

/// GitHub takes twenty-five inputs, and one is the key.
const INPUTS_MOST: usize = 24;
const VARIABLES_MOST: usize = 50;
/// The input of a workflow that carries the key.
pub const KEY_INPUT: &str = "key";
/// The variable of a pipeline that carries the key.
pub const KEY_VARIABLE: &str = "ALLCLEAR_KEY";

impl RollbackAdapter {
    /// What is wrong in it on its own; each refusal with a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        let place = self.system.place();
        match check_url(self.system.url()) {
            Err(refusal) => found.push(refusal.at(place)),
            // What is asked there is put after it.
            Ok(()) if !matches!(self.system, System::Webhook { .. }) && self.system.url().contains(['?', '#']) => {
                found.push(Refusal::invalid("write the address alone, without ? and #").at(place));
            }
            Ok(()) => {}
        }
        let mut need = |so: bool, at: &str, message: &str| {
            if !so {
                let at = format!("/system/{}/{at}", self.system.word());
                found.push(Refusal::invalid(message).at(at));
            }
        };
        match &self.system {
            System::GithubActions { repository, workflow, git_ref, inputs, .. } => {
                let two = repository.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name));
                need(two, "repository", "write it as owner/name");
                need(is_part(workflow), "workflow", "write its file, without the folder, or its number: rollback.yml");
                need(is_ref(git_ref), "ref", "write the name of a branch or tag: main");
                found.extend(check_texts("/system/github-actions/inputs", inputs, INPUTS_MOST, KEY_INPUT));
            }
            System::Gitlab { project, git_ref, variables, .. } => {
                let parts = project.split('/').all(is_part);
                need(parts, "project", "write its path as group/name, or its number");
                need(is_ref(git_ref), "ref", "write the name of a branch or tag: main");
                found.extend(check_texts("/system/gitlab/variables", variables, VARIABLES_MOST, KEY_VARIABLE));
            }
            System::ArgoCd { application, project, namespace, .. } => {
                need(is_part(application), "application", "write what the application is called in Argo CD");
                need(project.as_deref().is_none_or(is_part), "project", "write the name of its project");
                need(namespace.as_deref().is_none_or(is_part), "namespace", "write the name of a namespace");
            }
            System::Webhook { .. } => {}
        }
        if !(DEADLINE_LEAST..=DEADLINE_MOST).contains(&self.deadline) {
            let message = format!("a call may take {DEADLINE_LEAST} to {DEADLINE_MOST}, not {}", self.deadline);
            found.push(Refusal::invalid(message).at("/deadline"));
        }
        found
    }
}

/// What may be one part of a path: a name, and no way out of where it stands.
fn is_part(part: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    !part.is_empty() && part.len() <= 200 && part.chars().all(fits) && part != "." && part != ".."
}

fn is_ref(git_ref: &str) -> bool {
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && !"~^:?*[\\".contains(c);
    !git_ref.is_empty() && git_ref.len() <= 200 && git_ref.chars().all(fits) && !git_ref.contains("..")
}

/// Texts by name: names that the other side takes, and texts that can be filled in.
fn check_texts(pointer: &str, texts: &BTreeMap<String, String>, most: usize, own: &str) -> Vec<Refusal> {
    let mut found = Vec::new();
    if texts.len() > most {
        found.push(Refusal::invalid(format!("there are {}: at most {most}", texts.len())).at(pointer));
    }
    let example = facts("roll back", "checkout", "production", "v42", "v41", "rbk_06f1k2m9qv7x3t1a");
    for (name, source) in texts {
        let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !begins || name.len() > 100 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
            let message = format!("{:?} is not a name: use letters, digits, - and _", text::shorten(name, 60));
            found.push(Refusal::invalid(message).at(at));
        } else if name == own {
            let message = format!("`{own}` is the key of the rollback, which is always given: leave it out");
            found.push(Refusal::invalid(message).at(at));
        } else {
            let before = found.len();
            found.extend(templates::check_part(&at, source, &example));
            if found.len() == before {
                found.extend(templates::render_part(&at, source, &example).err());
            }
        }
    }
    found
}

fn facts(action: &str, service: &str, environment: &str, from: &str, to: &str, key: &str) -> Value {
    json!({ "action": action, "service": service, "environment": environment, "from": from, "to": to, "key": key })
}

// --- What is called

/// One call: everything that is said to the other side of one rollback. Complete: whoever makes it looks nothing up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The rollback, and the key that goes along: by it the other side does it once, and we find it again.
    pub key: RollbackId,
    /// What the plan says is called (`Way::Automatic`).
    pub action: String,
    pub change: ChangeId,
    /// What the change is called.
    pub title: String,
    pub service: Name,
    pub environment: Option<Name>,
    /// The version that runs and is to go: to where the change led.
    pub from: Option<String>,
    /// The version to go back to: from where the change led.
    pub to: Option<String>,
    /// When it was set off, the same in each call of it: what began before is somebody else's.
    pub at: Timestamp,
}

impl Call {
    /// The texts, filled in for this call.
    pub fn fill(&self, texts: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        let or_nothing = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let facts = facts(
            &self.action,
            self.service.as_str(),
            &or_nothing(self.environment.as_ref().map(Name::as_str)),
            &or_nothing(self.from.as_deref()),
            &or_nothing(self.to.as_deref()),
            &self.key.to_string(),
        );
        let fill = |(name, source): (&String, &String)| {
            Ok((name.clone(), templates::render_part(&format!("/{name}"), source, &facts)?))
        };
        texts.iter().map(fill).collect()
    }
}

/// What the other side calls what it began. Kept by whoever made the call, and shown again when it is asked how that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// Only the adapter that gave it can read it. At most 1000 bytes.
    pub text: String,
    /// Where a browser shows it: `https://` or `http://`, at most 500 bytes.
    pub link: Option<String>,
}

/// Why a call has no handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing was begun, for certain: it was refused, or never arrived.
    Refused { why: String },
    /// It may have been begun: there was no answer, or none that says. It is looked up by its key, and never sent again blindly.
    Unknown { why: String },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::catalog::Catalog;
    use crate::prepare::checks::{self, Conditions};
    use crate::prepare::reading::from_yaml;
    use crate::words::Id as _;

    fn adapter(system: System) -> RollbackAdapter {
        RollbackAdapter { title: "Rollback".into(), system, deadline: DEADLINE, deploys: None }
    }

    fn github(inputs: &[(&str, &str)]) -> System {
        System::GithubActions {
            api: github_api(),
            repository: "acme/shop".into(),
            workflow: "rollback.yml".into(),
            git_ref: "main".into(),
            inputs: inputs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        }
    }

    fn gitlab(project: &str, git_ref: &str) -> System {
        System::Gitlab {
            url: "https://gitlab.example.org/".into(),
            project: project.into(),
            git_ref: git_ref.into(),
            variables: BTreeMap::new(),
        }
    }

    fn argo(url: &str, application: &str) -> System {
        System::ArgoCd {
            url: url.into(),
            application: application.into(),
            project: None,
            namespace: Some("argo/cd".into()),
        }
    }

    fn said(system: System) -> String {
        adapter(system).check().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_document_is_short_and_says_what_is_wrong_in_it() {
        let spec = serde_json::to_value(adapter(github(&[("version", "{{ to }}")]))).unwrap();
        insta::assert_snapshot!(spec, @r#"{"title":"Rollback","system":{"github-actions":{"repository":"acme/shop","workflow":"rollback.yml","ref":"main","inputs":{"version":"{{ to }}"}}}}"#);
        assert_eq!(said(github(&[("version", "{{ to or 'stable' }}"), ("what", "{{ action }} {{ service }}")])), "");
        assert_eq!(said(gitlab("acme/platform/shop", "release/7")), "");
        assert_eq!(said(gitlab("4711", "main")), "");
        assert_eq!(said(System::Webhook { url: "https://hooks.example.org/rollback?team=shop".into() }), "");
        insta::assert_snapshot!(
            [
                said(github(&[("key", "x"), ("a b", "x"), ("to", "{{ too }}"), ("s", "{{ service|shout }}"), ("x", "{% if")])),
                said(gitlab("acme/../admin", "main..x")),
                said(gitlab("", "")),
                said(argo("https://argo.example.org/?x", "../session")),
                said(System::Webhook { url: "ftp://x".into() }),
                said(System::Webhook { url: "https://hooks.example.org/…".into() }),
            ]
            .join("\n"),
            @r#"
            /system/github-actions/inputs/a b: "a b" is not a name: use letters, digits, - and _
            /system/github-actions/inputs/key: `key` is the key of the rollback, which is always given: leave it out
            /system/github-actions/inputs/s: the template does not render: unknown filter: filter shout is unknown (in <string>:1)
            /system/github-actions/inputs/to: there is no `too` to fill in (did you mean "to"?); there are action, service, environment, from, to, key
            /system/github-actions/inputs/x: is not a template: syntax error: unexpected end of input, expected expression, in its line 1
            /system/gitlab/project: write its path as group/name, or its number
            /system/gitlab/ref: write the name of a branch or tag: main
            /system/gitlab/project: write its path as group/name, or its number
            /system/gitlab/ref: write the name of a branch or tag: main
            /system/argo-cd/url: write the address alone, without ? and #
            /system/argo-cd/application: write what the application is called in Argo CD
            /system/argo-cd/namespace: write the name of a namespace
            /system/webhook/url: "ftp://x" is not a URL to post to: it begins with https:// or http://
            /system/webhook/url: "https://hooks.example.org/…" is masked: it was read by somebody who may not see the whole; write the whole address, or leave this document out
            "#
        );
        let many = (0..=INPUTS_MOST).map(|at| (format!("i{at}"), String::new())).collect();
        assert_eq!(check_texts("/x", &many, INPUTS_MOST, "key").len(), 1);
        for (deadline, right) in [(0, false), (1, true), (30, true), (31, false)] {
            let adapter = RollbackAdapter { deadline: Span::seconds(deadline), ..adapter(gitlab("a/b", "main")) };
            assert_eq!(adapter.check().is_empty(), right, "{deadline}s");
        }
    }

    #[test]
    fn nothing_is_asked_where_nothing_may_be_sent() {
        let document = "kind: rollback-adapter\nname: shop\nspec: { title: Shop, system: { argo-cd: { url: 'http://10.0.0.7', application: shop } } }";
        let reading = from_yaml("new.yaml", document);
        assert_eq!(reading.problems, []);
        let may_post = |url: &str| if url.contains("//10.") { Err("it is a private network".into()) } else { Ok(()) };
        let conditions = Conditions { may_post: &may_post, ..Conditions::at(Timestamp::UNIX_EPOCH) };
        let found = checks::check(&Catalog::default(), &reading.proposals, &[], conditions);
        let found: Vec<_> = found.problems.iter().filter(|one| one.message.contains("private")).collect();
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn texts_are_filled_in_and_what_is_not_known_is_empty() {
        let call = Call {
            key: RollbackId::from_bits(7),
            action: "rollback".into(),
            change: ChangeId::from_bits(1),
            title: "Checkout 42".into(),
            service: "checkout".parse().unwrap(),
            environment: None,
            from: Some("v42".into()),
            to: Some("v41".into()),
            at: Timestamp::UNIX_EPOCH,
        };
        let texts =
            [("all", "{{ action }} {{ service }} {{ environment }}|{{ from }} -> {{ to }}"), ("k", "{{ key }}")];
        let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let filled = call.fill(&texts).unwrap();
        assert_eq!(filled["all"], "rollback checkout |v42 -> v41");
        assert_eq!(filled["k"], call.key.to_string());
        assert!(call.fill(&[("x".to_owned(), "{{ to|shout }}".to_owned())].into()).is_err());
    }
}
