//! A tracker of issues elsewhere (GitHub, Jira): where action items have an issue, and which of the two says what.
//!
//! The rule of conflicts. We hold the obligation: owner, due date, bound, check and proof; the tracker holds its own title, text,
//! assignee and status, and we never write over them. Both have one thing in common, which is open or not. Whichever of the two
//! differs from what both last agreed on is the newer fact, and the other follows. An issue that is closed makes the item done,
//! never proven; one that is reopened reopens it. What two people here decided not to do stays so. An issue that follows us is
//! what we agree on from then on, so that our own change never comes back as news. It calls nothing: `channels` speaks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action_items::{ActionItem, State};
use crate::engage::contacts::check_url;
use crate::words::{ActionItemId, Refusal, Result, Timestamp, text};

/// The spec of a `tracker` document. What is shown to the other side is no part of it: the server is told it in a file
/// (`--tracker-secrets`), because documents are exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracker {
    /// What people call it: `Issues of the shop`.
    pub title: String,
    /// Which program, and where it is.
    pub system: System,
}

/// Which program keeps issues. A URL is `https://`; `http://` only to a host in the own network that the settings of the server
/// allow by its name or address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum System {
    /// Issues of one repository on GitHub.
    Github {
        /// Where the REST API is; another one for GitHub Enterprise: `https://github.example.org/api/v3`.
        #[serde(default = "github_api", skip_serializing_if = "is_github_api")]
        api: String,
        /// `owner/name`.
        repository: String,
        /// Labels that a new issue gets.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels: Vec<String>,
    },
    /// Issues of one project in Jira.
    Jira {
        /// Where Jira is: `https://example.atlassian.net`.
        url: String,
        /// The key of the project: `OPS`.
        project: String,
        /// What kind of issue a new one is: `Task`.
        #[serde(default = "task", skip_serializing_if = "is_task")]
        issue_type: String,
        /// Of Jira in the cloud: the address of the account whose API token is shown. Without it the token is a personal access
        /// token of Jira Data Center.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
}

fn github_api() -> String {
    "https://api.github.com".into()
}

fn is_github_api(api: &String) -> bool {
    *api == github_api()
}

fn task() -> String {
    "Task".into()
}

fn is_task(issue_type: &String) -> bool {
    *issue_type == task()
}

const LABELS_MOST: usize = 10;

impl System {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Github { .. } => "github",
            Self::Jira { .. } => "jira",
        }
    }

    /// Where it is asked.
    pub fn url(&self) -> &str {
        match self {
            Self::Github { api: url, .. } | Self::Jira { url, .. } => url,
        }
    }

    /// Where it is asked, and where in the spec that stands.
    pub fn at(&self) -> (&str, &'static str) {
        (self.url(), self.place())
    }

    /// Where in the spec that stands.
    pub const fn place(&self) -> &'static str {
        match self {
            Self::Github { .. } => "/system/github/api",
            Self::Jira { .. } => "/system/jira/url",
        }
    }

    /// Where a call of it shows over which bytes it is signed.
    pub const fn signature(&self) -> &'static str {
        match self {
            Self::Github { .. } => "x-hub-signature-256",
            Self::Jira { .. } => "x-hub-signature",
        }
    }

    /// Of which issue a call tells; nothing, if it is not one of this tracker. How it stands there is not believed: that is asked.
    pub fn told(&self, body: &Value) -> Option<String> {
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let key = match self {
            Self::Github { repository, .. } => {
                let here = text("/repository/full_name").eq_ignore_ascii_case(repository);
                here.then(|| body.pointer("/issue/number").map(Value::to_string))??
            }
            Self::Jira { .. } => text("/issue/key").to_owned(),
        };
        self.is_key(&key).then_some(key)
    }

    /// Whether an issue of this tracker may be called so.
    fn is_key(&self, key: &str) -> bool {
        match self {
            Self::Github { .. } => is_number(key),
            Self::Jira { project, .. } => {
                key.strip_prefix(project.as_str()).and_then(|rest| rest.strip_prefix('-')).is_some_and(is_number)
            }
        }
    }

    /// What an issue is called there, by its address in a browser: `12`, `OPS-12`. Refused, if it is not one of this tracker.
    pub fn key_of(&self, url: &str) -> Result<String> {
        let refused = |wanted: &str| {
            Err(Refusal::invalid(format!("{:?} is no issue there: it looks like {wanted}", text::shorten(url, 200)))
                .at("/issue"))
        };
        let path = url.trim().split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        match self {
            Self::Github { repository, .. } => {
                let wanted = format!("https://github.com/{repository}/issues/12");
                let found = path.rsplit_once("/issues/").filter(|(before, number)| {
                    let here = before.to_lowercase().ends_with(&format!("/{}", repository.to_lowercase()));
                    here && before.starts_with("http") && self.is_key(number)
                });
                found.map_or_else(|| refused(&wanted), |(_, number)| Ok(number.to_owned()))
            }
            Self::Jira { url: base, project, .. } => {
                let base = base.trim_end_matches('/');
                let wanted = format!("{base}/browse/{project}-12");
                let key = path.strip_prefix(&format!("{base}/browse/"));
                key.filter(|key| self.is_key(key)).map_or_else(|| refused(&wanted), |key| Ok(key.to_owned()))
            }
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < 12 && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

impl Tracker {
    /// What is wrong in it on its own; each refusal with a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        let place = self.system.place();
        match check_url(self.system.url()) {
            Err(refusal) => found.push(refusal.at(place)),
            Ok(()) if self.system.url().contains(['?', '#']) => {
                found.push(Refusal::invalid("write the address alone, without ? and #").at(place));
            }
            Ok(()) => {}
        }
        let mut need = |so: bool, at: &str, message: &str| {
            if !so {
                found.push(Refusal::invalid(message).at(format!("/system/{}/{at}", self.system.word())));
            }
        };
        match &self.system {
            System::Github { repository, labels, .. } => {
                let two = repository.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name));
                need(two, "repository", "write it as owner/name");
                let fit = labels.iter().all(|label| !label.trim().is_empty() && label.len() <= 50);
                need(
                    fit && labels.len() <= LABELS_MOST,
                    "labels",
                    "name at most ten labels, of at most fifty letters each",
                );
            }
            System::Jira { project, issue_type, account, .. } => {
                let key = project.starts_with(|c: char| c.is_ascii_uppercase())
                    && project.len() <= 20
                    && project.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
                need(key, "project", "write the key of the project in capitals: OPS");
                need(
                    !issue_type.trim().is_empty() && issue_type.len() <= 60,
                    "issue_type",
                    "write a kind of issue: Task",
                );
                let fits = account.as_deref().is_none_or(|one| one.contains('@') && !one.contains([':', ' ']));
                need(fits, "account", "write the address of the account: ops@example.org");
            }
        }
        found
    }
}

/// What may be one part of a path: a name, and no way out of where it stands.
fn is_part(part: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !part.is_empty() && part.len() <= 100 && part.chars().all(fits) && part != "." && part != ".."
}

/// What a new issue says. Complete: whoever makes it looks nothing up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIssue {
    pub item: ActionItemId,
    pub title: String,
    pub body: String,
    /// When it was asked for: an issue from before is somebody else's.
    pub asked_at: Timestamp,
}

impl NewIssue {
    /// Of an item whose record is at `url`. The words of people stand in it as they are; the tracker shows them as its own
    /// users' words. What calls somebody by a name there (`@name`), or refers to another issue, is broken up.
    pub fn of(item: &ActionItem, url: &str, asked_at: Timestamp) -> Self {
        let quiet =
            |text: &str| text.replace('@', "@\u{200b}").replace('#', "#\u{200b}").replace("<!--", "<\u{200b}!--");
        let bound: Vec<String> = item.bound.lines().map(|line| format!("> {}", quiet(line))).collect();
        let body = format!(
            "It is done when:\n\n{}\n\nDue {}. Its owner, its due date and its proof stand in Allclear: {url}\n\n{}",
            bound.join("\n"),
            item.due_at.strftime("%Y-%m-%d"),
            marker(item.id)
        );
        Self { item: item.id, title: quiet(&item.title), body, asked_at }
    }
}

/// Stands in the text of an issue that we made: by it a second attempt finds the first.
pub fn marker(item: ActionItemId) -> String {
    format!("Allclear reference: {item}")
}

/// An issue, as the tracker tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// `12`, `OPS-12`.
    pub key: String,
    /// Where people look at it.
    pub url: String,
    pub title: String,
    /// Whether there is something left to do.
    pub open: bool,
    /// What the tracker calls that: `open`, `In Progress`.
    pub status: String,
    /// What it is asked by whether it changed.
    pub etag: Option<String>,
}

/// What follows from how both stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// They agree.
    Nothing,
    /// The issue was closed: the item is done, and not proven.
    Done,
    /// The issue was reopened: so is the item.
    Reopened,
    /// The item is over here: the issue is closed.
    Close,
    /// The item is open again here: the issue is reopened.
    Open,
}

/// How both stand, and how they stood when they last agreed: what follows.
pub const fn follows(item: &State, issue_open: bool, agreed_open: bool) -> Follows {
    match (item.is_open(), issue_open, agreed_open) {
        (true, true, _) | (false, false, _) => Follows::Nothing,
        // Both were open, or the item was reopened here.
        (true, false, true) => Follows::Done,
        (true, false, false) => Follows::Open,
        // What was decided here by two is not undone there.
        (false, true, false) if !matches!(item, State::WontDo { .. }) => Follows::Reopened,
        (false, true, _) => Follows::Close,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn github() -> System {
        System::Github { api: github_api(), repository: "Example/shop".into(), labels: vec![] }
    }

    fn jira() -> System {
        let url = "https://example.atlassian.net/".to_owned();
        System::Jira { url, project: "OPS".into(), issue_type: task(), account: None }
    }

    #[test]
    fn whichever_differs_from_what_both_agreed_on_is_the_newer_fact() {
        let at = Timestamp::UNIX_EPOCH;
        let (open, done) = (State::Accepted { at }, State::Done { at });
        let proven = State::Verified { at, done_at: at, by: None };
        let name = |text: &str| text.parse().unwrap();
        let not = State::WontDo { at, why: "no".into(), asked_by: name("ana"), approved_by: name("ben") };
        for (item, issue, agreed, wanted) in [
            (&open, true, true, Follows::Nothing),
            (&open, false, true, Follows::Done),
            (&open, false, false, Follows::Open),
            (&done, true, true, Follows::Close),
            (&done, true, false, Follows::Reopened),
            (&proven, true, false, Follows::Reopened),
            (&proven, true, true, Follows::Close),
            (&proven, false, true, Follows::Nothing),
            (&done, false, true, Follows::Nothing),
            (&not, true, false, Follows::Close),
            (&not, true, true, Follows::Close),
            (&State::Proposed, false, true, Follows::Done),
        ] {
            assert_eq!(follows(item, issue, agreed), wanted, "{item:?} {issue} {agreed}");
        }
        // Whatever follows, once it is done both agree, and nothing follows of it again.
        for (item, issue, agreed) in [
            (&open, false, true),
            (&open, false, false),
            (&done, true, true),
            (&done, true, false),
            (&not, true, false),
        ] {
            let (item, issue) = match follows(item, issue, agreed) {
                Follows::Nothing => (item.clone(), issue),
                Follows::Done => (done.clone(), issue),
                Follows::Reopened => (open.clone(), issue),
                Follows::Close => (item.clone(), false),
                Follows::Open => (item.clone(), true),
            };
            assert_eq!(item.is_open(), issue);
            assert_eq!(follows(&item, issue, issue), Follows::Nothing);
        }
    }

    #[test]
    fn an_issue_is_known_by_its_address_and_only_one_of_this_tracker() {
        for (system, url, key) in [
            (github(), "https://github.com/example/Shop/issues/12", Some("12")),
            (github(), " https://github.com/Example/shop/issues/12/?x=1#top ", Some("12")),
            (github(), "https://github.com/Example/shop/pull/12", None),
            (github(), "https://github.com/Example/other/issues/12", None),
            (github(), "https://github.com/evil-Example/shop/issues/../12", None),
            (github(), "javascript:/Example/shop/issues/12", None),
            (jira(), "https://example.atlassian.net/browse/OPS-7", Some("OPS-7")),
            (jira(), "https://example.atlassian.net/browse/OPS-07", None),
            (jira(), "https://example.atlassian.net/browse/SEC-7", None),
            (jira(), "https://evil.example/browse/OPS-7", None),
        ] {
            assert_eq!(system.key_of(url).ok().as_deref(), key, "{url}");
        }
        let refused = jira().key_of("https://evil.example/browse/OPS-7").unwrap_err().to_string();
        assert_eq!(
            refused,
            "/issue: \"https://evil.example/browse/OPS-7\" is no issue there: it looks like https://example.atlassian.net/browse/OPS-12"
        );
    }

    #[test]
    fn a_call_tells_of_an_issue_of_this_tracker_or_of_none() {
        let issue = |repository: &str, number: Value| json!({ "repository": { "full_name": repository }, "issue": { "number": number, "state": "closed" } });
        for (system, body, told) in [
            (github(), issue("example/SHOP", json!(12)), Some("12")),
            (github(), issue("example/other", json!(12)), None),
            (github(), issue("example/shop", json!("12")), None),
            (github(), issue("example/shop", json!(-1)), None),
            (github(), json!({ "zen": "Keep it logically awesome." }), None),
            (jira(), json!({ "webhookEvent": "jira:issue_updated", "issue": { "key": "OPS-7" } }), Some("OPS-7")),
            (jira(), json!({ "issue": { "key": "SEC-7" } }), None),
            (jira(), json!({ "issue": { "key": 7 } }), None),
            (jira(), json!([]), None),
        ] {
            assert_eq!(system.told(&body).as_deref(), told, "{body}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_its_place() {
        let said = |system: System| {
            let spec = Tracker { title: "Issues".into(), system };
            spec.check().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(said(github()).is_empty() && said(jira()).is_empty());
        let wrong = System::Github {
            api: "https://x.example?a".into(),
            repository: "shop/..".into(),
            labels: vec![String::new()],
        };
        assert_eq!(
            said(wrong),
            [
                "/system/github/api: write the address alone, without ? and #",
                "/system/github/repository: write it as owner/name",
                "/system/github/labels: name at most ten labels, of at most fifty letters each",
            ]
        );
        let wrong = System::Jira {
            url: "https://x.example".into(),
            project: "ops-1".into(),
            issue_type: " ".into(),
            account: Some("a:b@c".into()),
        };
        assert_eq!(said(wrong).len(), 3);
    }
}
