//! Trackers of issues: makes an issue for an action item, reads one, closes and reopens one. One trait, a file for each program.
//!
//! Nothing here tries again, keeps anything or decides. Making one is not idempotent over there, so whoever does not know whether
//! it was made looks for the reference first that stands in its text. Everything goes through the guarded client.

mod github;
mod jira;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use domain::learn::trackers::{Issue, NewIssue, System, Tracker as Spec};
use domain::words::Name;

use crate::egress::{self, Egress, NoAnswer};
use crate::rollback::{Hidden, Line};
use crate::token::Token;

/// What this installation was told of its trackers, by the name of the document. Never printed.
pub type Secrets = BTreeMap<Name, Token>;

/// One tracker. Each call takes ten seconds at most, and is safe to cancel; whether a call that was cancelled was heard, nobody
/// knows.
pub trait Tracker: Send + Sync {
    /// Makes one. Once: see [`Tracker::find`].
    fn create<'a>(&'a self, new: &'a NewIssue) -> Asking<'a, Result<Issue, Trouble>>;

    /// The one that was made for an item, if one was.
    fn find<'a>(&'a self, new: &'a NewIssue) -> Asking<'a, Result<Option<Issue>, Trouble>>;

    /// How one stands; nothing, if it is as it was when it was read with this tag.
    fn read<'a>(&'a self, key: &'a str, etag: Option<&'a str>) -> Asking<'a, Result<Option<Issue>, Trouble>>;

    /// Closes or reopens it. Done twice, it stays so.
    fn set_open<'a>(&'a self, key: &'a str, open: bool) -> Asking<'a, Result<Issue, Trouble>>;
}

pub type Asking<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is not there, or not for us.
    Refused(String),
    /// It may be better soon. Whether it was done, nobody knows.
    Later(String),
}

impl Trouble {
    pub fn why(&self) -> &str {
        match self {
            Self::Refused(why) | Self::Later(why) => why,
        }
    }
}

/// So long one call takes.
const DEADLINE: Duration = Duration::from_secs(10);

/// The tracker that the document names. The error says what is not set up here: nothing was sent.
pub fn tracker<'e>(
    name: &Name,
    spec: &'e Spec,
    secrets: &Secrets,
    egress: &'e Egress,
) -> Result<Box<dyn Tracker + 'e>, String> {
    egress.check_private(spec.system.url())?;
    let told = secrets.get(name).cloned();
    let token = told.ok_or_else(|| {
        format!("there is no token for this tracker: write {name}.token=... into the file of --tracker-secrets")
    })?;
    let headers = match &spec.system {
        System::Jira { account: Some(account), .. } => token.basic_headers(account),
        _ => token.headers(),
    };
    let headers = headers.ok_or("the token of the tracker cannot stand in a header: is it whole?")?;
    let base = spec.system.url().trim_end_matches('/');
    let line = Line { egress, base, headers, hidden: Hidden::Token(token), deadline: DEADLINE };
    Ok(match &spec.system {
        System::Github { repository, labels, .. } => Box::new(github::Github::new(line, repository, labels)),
        System::Jira { project, issue_type, account, .. } => {
            Box::new(jira::Jira::new(line, project, issue_type, account.is_some()))
        }
    })
}

/// What an answer other than the wanted one means.
fn trouble(line: &Line<'_>, answer: &egress::Answer) -> Trouble {
    let why = line.said(answer);
    let throttled = answer.status == 429
        || (answer.status == 403 && answer.headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0"));
    match answer.status {
        408 | 409 => Trouble::Later(why),
        301 | 307 | 308 | 400..=499 if !throttled => Trouble::Refused(why),
        _ => Trouble::Later(why),
    }
}

fn unanswered(none: NoAnswer) -> Trouble {
    match none {
        NoAnswer::Refused(why) => Trouble::Refused(why),
        NoAnswer::Unreached(why) | NoAnswer::Failed(why) => Trouble::Later(why),
    }
}

/// What answers is something else.
fn strange(what: &str) -> Trouble {
    Trouble::Later(format!("what answers there is not {what}"))
}
