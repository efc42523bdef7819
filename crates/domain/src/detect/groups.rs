//! A group: alerts that are paged once, together; and whether what is new in it pages.
//!
//! A group pages again on novelty (a severity or a service that it has not told of), never on count.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::prepare::drills;
use crate::words::Urgency;
use crate::words::{GroupId, Name, PageId};

/// An open group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub id: GroupId,
    pub route: Name,
    /// The labels that its alerts share, in the order of the route's `group_by`.
    pub labels: Vec<(String, String)>,
    pub service: Option<Name>,
    pub policy: Option<Name>,
    /// The highest of its alerts; `None` while no alert of it may be paged.
    pub urgency: Option<Urgency>,
    /// One line for people: `Disk full (payments)`.
    pub title: String,
    pub opened_at: Timestamp,
    /// The page that was started last.
    pub page: Option<PageId>,
    /// What the page told of, as `name=value`.
    pub told: BTreeSet<String>,
    /// It waits for company until then, and pages.
    pub due_at: Option<Timestamp>,
}

impl Group {
    /// Whether its alerts are part of a drill.
    pub fn is_drill(&self) -> bool {
        let value = |name: &str| self.labels.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str());
        drills::labelled(value)
    }
}

/// What the group's last page does, as far as paging again is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paged {
    Never,
    Calling,
    Acknowledged,
    /// Nobody answered, or everything in it was silenced.
    Over,
}

/// What is new in a group: alerts that began to fire, or are no longer muted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    pub alerts: u32,
    /// The values of the route's novelty labels among them, as `name=value`.
    pub values: BTreeSet<String>,
    /// The highest urgency among them.
    pub urgency: Option<Urgency>,
    /// An acknowledgement or snooze ran out: that is news by itself.
    pub insists: bool,
}

/// Whether the group pages now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Start a page. The reason is a clause: `first alert of the group`.
    Start { because: String },
    /// Wait for company.
    Wait { until: Timestamp },
    /// A page runs, or was acknowledged, that covers it.
    Join,
    /// Nobody is paged, for this reason.
    Nobody { because: &'static str },
}

/// Decides whether news in a group pages.
pub fn call(group: &Group, paged: Paged, news: &News, group_wait: crate::words::Span, now: Timestamp) -> Call {
    if news.urgency.is_none() {
        return Call::Nobody { because: "alerts of this urgency are not paged" };
    }
    if group.policy.is_none() {
        return Call::Nobody { because: "neither the route nor the service names an escalation policy" };
    }
    let novel: Vec<&str> = news.values.difference(&group.told).map(String::as_str).collect();
    let louder = news.urgency > group.urgency;
    match paged {
        Paged::Never if !group_wait.is_zero() && group.due_at.is_none_or(|due| due > now) => {
            Call::Wait { until: group.due_at.unwrap_or(group_wait.after(now)) }
        }
        Paged::Never => Call::Start { because: "first page of the group".into() },
        Paged::Calling if louder => Call::Start { because: "now of high urgency".into() },
        Paged::Calling => Call::Join,
        Paged::Over => Call::Start { because: "fires on after the page before was over".into() },
        Paged::Acknowledged if louder => Call::Start { because: "now of high urgency".into() },
        Paged::Acknowledged if news.insists => Call::Start { because: "still firing".into() },
        Paged::Acknowledged if !novel.is_empty() => {
            Call::Start { because: format!("new in the group: {}", novel.join(", ")) }
        }
        Paged::Acknowledged => Call::Join,
    }
}
