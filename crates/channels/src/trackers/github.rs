//! Issues of a repository on GitHub. What carries our reference is found among the newest: the search there lags behind.

use domain::learn::trackers::{Issue, NewIssue, marker};
use domain::respond::chats::url_part;
use domain::words::Span;
use reqwest::Method;
use reqwest::header::{ACCEPT, ETAG, HeaderValue, IF_NONE_MATCH};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asking, Tracker, Trouble, strange, trouble, unanswered};
use crate::egress::Answer;
use crate::one_line;
use crate::rollback::{Line, read};

pub(super) struct Github<'e> {
    line: Line<'e>,
    /// `/repos/owner/name/issues`
    issues: String,
    labels: &'e [String],
}

/// Clocks may be apart by so much when an issue is looked for.
const CLOCKS_APART: Span = Span::minutes(10);
/// So many pages of a hundred of the newest are looked through.
const PAGES_MOST: u32 = 3;

#[derive(Deserialize)]
struct Told {
    number: u64,
    html_url: String,
    title: String,
    state: String,
    body: Option<String>,
}

impl<'e> Github<'e> {
    pub(super) fn new(mut line: Line<'e>, repository: &str, labels: &'e [String]) -> Self {
        line.headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        line.headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
        let repository: Vec<String> = repository.split('/').map(url_part).collect();
        Self { line, issues: format!("/repos/{}/issues", repository.join("/")), labels }
    }

    fn issue(&self, told: &Told, answer: Option<&Answer>) -> Result<Issue, Trouble> {
        let etag = answer.and_then(|answer| answer.headers.get(ETAG)).and_then(|tag| tag.to_str().ok());
        let url = self.line.link(&told.html_url).ok_or_else(|| strange("GitHub"))?;
        Ok(Issue {
            key: told.number.to_string(),
            url,
            title: one_line(&told.title, 200),
            open: told.state == "open",
            status: one_line(&told.state, 40),
            etag: etag.filter(|tag| tag.len() <= 200).map(str::to_owned),
        })
    }

    fn of(&self, answer: &Answer) -> Result<Issue, Trouble> {
        if !answer.is_success() {
            return Err(trouble(&self.line, answer));
        }
        self.issue(&read::<Told>(answer).ok_or_else(|| strange("GitHub"))?, Some(answer))
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Issue, Trouble> {
        let body = body.to_string().into_bytes();
        let answer = self.line.ask(method, path, self.line.headers.clone(), body).await.map_err(unanswered)?;
        self.of(&answer)
    }
}

impl Tracker for Github<'_> {
    fn create<'a>(&'a self, new: &'a NewIssue) -> Asking<'a, Result<Issue, Trouble>> {
        Box::pin(async move {
            let body = json!({ "title": new.title, "body": new.body, "labels": self.labels });
            self.send(Method::POST, &self.issues, &body).await
        })
    }

    fn find<'a>(&'a self, new: &'a NewIssue) -> Asking<'a, Result<Option<Issue>, Trouble>> {
        Box::pin(async move {
            let since = CLOCKS_APART.before(new.asked_at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let since = url_part(&since);
            let wanted = marker(new.item);
            for page in 1..=PAGES_MOST {
                let path = format!(
                    "{}?state=all&sort=created&direction=desc&per_page=100&since={since}&page={page}",
                    self.issues
                );
                let answer = self.line.get(&path).await.map_err(unanswered)?;
                if !answer.is_success() {
                    return Err(trouble(&self.line, &answer));
                }
                let told = read::<Vec<Told>>(&answer).ok_or_else(|| strange("GitHub"))?;
                let last = told.len() < 100;
                if let Some(found) =
                    told.into_iter().find(|one| one.body.as_ref().is_some_and(|body| body.contains(&wanted)))
                {
                    return self.issue(&found, None).map(Some);
                }
                if last {
                    break;
                }
            }
            Ok(None)
        })
    }

    fn read<'a>(&'a self, key: &'a str, etag: Option<&'a str>) -> Asking<'a, Result<Option<Issue>, Trouble>> {
        Box::pin(async move {
            let mut headers = self.line.headers.clone();
            if let Some(tag) = etag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
                headers.insert(IF_NONE_MATCH, tag);
            }
            let path = format!("{}/{}", self.issues, url_part(key));
            let answer = self.line.ask(Method::GET, &path, headers, Vec::new()).await.map_err(unanswered)?;
            if answer.status == 304 {
                return Ok(None);
            }
            self.of(&answer).map(Some)
        })
    }

    fn set_open<'a>(&'a self, key: &'a str, open: bool) -> Asking<'a, Result<Issue, Trouble>> {
        Box::pin(async move {
            let closed = || json!({ "state": "closed", "state_reason": "completed" });
            let body = if open { json!({ "state": "open" }) } else { closed() };
            self.send(Method::PATCH, &format!("{}/{}", self.issues, url_part(key)), &body).await
        })
    }
}
