//! Issues of a project in Jira, in the cloud and in a data centre. What carries our reference is found by a label of its own.
//!
//! Whether an issue is closed says the category of its status. It is moved by a transition that leads there, whatever the workflow
//! calls it; where there is none, people must.

use domain::learn::trackers::{Issue, NewIssue};
use domain::respond::chats::url_part;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Asking, Tracker, Trouble, strange, trouble, unanswered};
use crate::egress::Answer;
use crate::one_line;
use crate::rollback::{Line, read};

pub(super) struct Jira<'e> {
    line: Line<'e>,
    project: &'e str,
    issue_type: &'e str,
    cloud: bool,
}

#[derive(Deserialize)]
struct Made {
    key: String,
}

#[derive(Deserialize)]
struct Told {
    key: String,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    summary: String,
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    name: String,
    #[serde(rename = "statusCategory")]
    category: Category,
}

#[derive(Deserialize)]
struct Category {
    /// `new`, `indeterminate` or `done`.
    key: String,
}

#[derive(Deserialize)]
struct Found {
    issues: Vec<Told>,
}

#[derive(Deserialize)]
struct Transitions {
    transitions: Vec<Transition>,
}

#[derive(Deserialize)]
struct Transition {
    id: String,
    to: Status,
}

const FIELDS: &str = "fields=summary,status";

impl<'e> Jira<'e> {
    pub(super) fn new(line: Line<'e>, project: &'e str, issue_type: &'e str, cloud: bool) -> Self {
        Self { line, project, issue_type, cloud }
    }

    fn issue(&self, told: &Told) -> Issue {
        Issue {
            url: format!("{}/browse/{}", self.line.base, url_part(&told.key)),
            key: one_line(&told.key, 40),
            title: one_line(&told.fields.summary, 200),
            open: told.fields.status.category.key != "done",
            status: one_line(&told.fields.status.name, 40),
            etag: None,
        }
    }

    async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        let answer = self.line.get(path).await.map_err(unanswered)?;
        if answer.is_success() { Ok(answer) } else { Err(trouble(&self.line, &answer)) }
    }

    async fn one(&self, key: &str) -> Result<Issue, Trouble> {
        let answer = self.get(&format!("/rest/api/2/issue/{}?{FIELDS}", url_part(key))).await?;
        Ok(self.issue(&read::<Told>(&answer).ok_or_else(|| strange("Jira"))?))
    }

    fn label(new: &NewIssue) -> String {
        format!("allclear-{}", new.item)
    }
}

impl Tracker for Jira<'_> {
    fn create<'a>(&'a self, new: &'a NewIssue) -> Asking<'a, Result<Issue, Trouble>> {
        Box::pin(async move {
            let body = json!({ "fields": {
                "project": { "key": self.project },
                "issuetype": { "name": self.issue_type },
                "summary": new.title,
                "description": new.body,
                "labels": [Self::label(new)],
            }});
            let answer = self.line.post("/rest/api/2/issue", &body).await.map_err(unanswered)?;
            if !answer.is_success() {
                return Err(trouble(&self.line, &answer));
            }
            let made = read::<Made>(&answer).ok_or_else(|| strange("Jira"))?;
            // It was made, whatever comes now: a new issue is open.
            Ok(self.one(&made.key).await.unwrap_or_else(|_| Issue {
                url: format!("{}/browse/{}", self.line.base, url_part(&made.key)),
                key: one_line(&made.key, 40),
                title: new.title.clone(),
                open: true,
                status: "new".into(),
                etag: None,
            }))
        })
    }

    fn find<'a>(&'a self, new: &'a NewIssue) -> Asking<'a, Result<Option<Issue>, Trouble>> {
        Box::pin(async move {
            let asked = format!("project = \"{}\" AND labels = \"{}\"", self.project, Self::label(new));
            let search = if self.cloud { "search/jql" } else { "search" };
            let path = format!("/rest/api/2/{search}?jql={}&maxResults=1&{FIELDS}", url_part(&asked));
            let found = read::<Found>(&self.get(&path).await?).ok_or_else(|| strange("Jira"))?;
            Ok(found.issues.first().map(|told| self.issue(told)))
        })
    }

    fn read<'a>(&'a self, key: &'a str, _: Option<&'a str>) -> Asking<'a, Result<Option<Issue>, Trouble>> {
        Box::pin(async move { self.one(key).await.map(Some) })
    }

    fn set_open<'a>(&'a self, key: &'a str, open: bool) -> Asking<'a, Result<Issue, Trouble>> {
        Box::pin(async move {
            let stands = self.one(key).await?;
            if stands.open == open {
                return Ok(stands);
            }
            let path = format!("/rest/api/2/issue/{}/transitions", url_part(key));
            let ways = read::<Transitions>(&self.get(&path).await?).ok_or_else(|| strange("Jira"))?;
            let leads = |way: &&Transition| (way.to.category.key != "done") == open;
            let Some(way) = ways.transitions.iter().find(leads) else {
                let word = if open { "open" } else { "done" };
                return Err(Trouble::Refused(format!(
                    "no transition leads to a status that is {word}: somebody must move it there"
                )));
            };
            let body = json!({ "transition": { "id": way.id } }).to_string().into_bytes();
            let headers = self.line.headers.clone();
            let answer = self.line.ask(Method::POST, &path, headers, body).await.map_err(unanswered)?;
            if !answer.is_success() {
                return Err(trouble(&self.line, &answer));
            }
            self.one(key).await
        })
    }
}
