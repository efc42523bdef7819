//! What if these documents were in force: past signals through both, and coverage before and after; for pages and
//! programs alike. One is played at a time, away from the threads that serve, and for a bounded time.

use std::sync::Arc;

use actions::prepare::documents::Preview;
use domain::engage::coverage_changes::{self as coverage, DAYS_AHEAD, Stretch};
use domain::learn::pins::matters;
use domain::words::{Refusal, Span, Timestamp};
use rehearsal::what_if::{self as rehearsed, Bounds};
use serde::{Deserialize, Serialize};
use store::Halt;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::Problem;

/// How many days are looked back, if nobody says otherwise.
pub const DAYS: u32 = 30;
/// Farther back nobody looks.
pub const DAYS_MOST: u32 = 90;
/// How long a page is kept waiting for it.
pub const PAGE_PATIENCE: Span = Span::seconds(4);
/// How long a program is.
pub const API_PATIENCE: Span = Span::seconds(20);
/// More changes are counted, not listed.
const LISTED_MOST: usize = 100;

/// One at a time.
pub type Turn = Arc<Semaphore>;

pub fn turn() -> Turn {
    Arc::new(Semaphore::new(1))
}

/// What would have been, and what would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhatIf {
    /// What was played; absent, if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replayed>,
    /// Why nothing was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    pub coverage: Coverage,
}

/// Past signals through the documents in force and through the proposed ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// `3 of 41 pages of the last 30 days change recipient.`
    pub sentence: String,
    /// From when on signals were played: later than was asked for, if something was left out.
    pub since: Timestamp,
    pub until: Timestamp,
    /// How many calls of sources.
    pub signals: usize,
    /// How many acts of people.
    pub acts: usize,
    /// How many pages the documents in force make of it.
    pub pages: usize,
    /// Whether any page would reach somebody else, or nobody, or anybody that is not reached.
    pub reaches_others: bool,
    /// The first hundred.
    pub changes: Vec<PageChange>,
    /// How many more there are.
    pub more: usize,
    /// What was left out, and why.
    pub left_out: Vec<String>,
}

/// A page that would be another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageChange {
    pub at: Timestamp,
    pub title: String,
    /// `recipients`, `gone`, `new` or `time`.
    pub what: String,
    /// Who is told with the documents in force: names of people, or a machine.
    pub before: Vec<String>,
    /// Who would be told.
    pub after: Vec<String>,
    /// How much later somebody is told first, in milliseconds; less than nothing: earlier.
    pub later_ms: i64,
    /// `tells ben instead of ana`
    pub sentence: String,
}

/// Whether high-urgency pages reach a human in time in the coming days, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    pub sentence: String,
    /// Covered now, and no longer with the change.
    pub lost: Vec<Uncovered>,
    /// Not covered now, but with the change.
    pub gained: Vec<Uncovered>,
    /// Not covered with the change, though not because of it.
    pub left: Vec<Uncovered>,
}

/// A stretch of time in which a page that starts would not reach a human in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Uncovered {
    /// `escalation-policy/payments`; a service or route, if it goes through another policy than before.
    pub document: String,
    pub from: Timestamp,
    pub to: Timestamp,
    pub why: String,
}

impl WhatIf {
    /// Whether somebody else would be paged, or something would no longer be covered.
    pub fn is_felt(&self) -> bool {
        !self.coverage.lost.is_empty() || self.replay.as_ref().is_some_and(|replay| replay.reaches_others)
    }
}

/// How many days to look back, as somebody asks for it.
pub fn days(asked: u32, place: &str) -> Result<u32, Refusal> {
    if asked <= DAYS_MOST {
        return Ok(asked);
    }
    Err(Refusal::invalid(format!("at most {DAYS_MOST} days are looked back")).at(place.to_owned()))
}

/// Plays and proves. Nothing, if the change cannot be applied, or is of documents that page nobody.
pub async fn ask(app: &App, preview: &Preview, days: u32, patience: Span) -> Result<Option<WhatIf>, Problem> {
    let plan = &preview.plan;
    let matters = plan.differences.iter().any(|one| matters(one.reference.kind));
    if days == 0 || !plan.problems.is_empty() || !matters {
        return Ok(None);
    }
    let now = app.now();
    let overrides = app.read(move |tx| Ok(store::engage::overrides::current(tx, now)?)).await?;
    let wait = std::time::Duration::from_millis(u64::try_from(patience.as_millis()).unwrap_or(0));
    let turn = tokio::time::timeout(wait, app.what_if_turn().acquire_owned()).await;
    let playing = matches!(turn, Ok(Ok(_)));
    let (again, before, after) = (app.clone(), preview.before.clone(), preview.after.clone());
    let done = tokio::task::spawn_blocking(move || {
        let range = (now, Span::hours(24 * DAYS_AHEAD).after(now));
        let proven = coverage::between(&before, &after, &overrides, range);
        let (begun, since) = (again.now(), Span::hours(24 * i64::from(days)).before(now));
        let enough = || patience.after(begun) <= again.now();
        // What goes on in there is not what goes on here: it is not logged.
        let quiet = tracing::subscriber::NoSubscriber::default();
        let replayed = playing.then(|| {
            tracing::subscriber::with_default(quiet, || {
                rehearsed::what_if(again.store(), (since, now), &before, &after, Bounds::usual(&enough))
            })
        });
        drop(turn);
        (proven, replayed)
    });
    let (proven, replayed) =
        done.await.map_err(|panic| Halt::from(store::Error::other(format!("a what-if did not finish: {panic}"))))?;
    let coverage = Coverage {
        sentence: proven.sentence(),
        lost: proven.lost.iter().map(uncovered).collect(),
        gained: proven.gained.iter().map(uncovered).collect(),
        left: proven.left.iter().map(uncovered).collect(),
    };
    let (replay, why_not) = match replayed {
        Some(Ok(found)) => (Some(wire(&found)), None),
        Some(Err(trouble)) => {
            tracing::warn!(%trouble, "past signals could not be played");
            (None, Some("past signals could not be played; the log of the server says why".into()))
        }
        None => (None, Some("past signals are being played for somebody else: ask again in a moment".into())),
    };
    Ok(Some(WhatIf { replay, why_not, coverage }))
}

fn uncovered(stretch: &Stretch) -> Uncovered {
    let Stretch { subject, from, to, why } = stretch;
    Uncovered { document: subject.to_string(), from: *from, to: *to, why: why.clone() }
}

fn wire(found: &rehearsed::WhatIf) -> Replayed {
    let names = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect();
    let change = |one: &rehearsed::PageChange| PageChange {
        at: one.at,
        title: one.title.clone(),
        what: one.what.word().into(),
        before: names(&one.before),
        after: names(&one.after),
        later_ms: one.later_ms,
        sentence: one.sentence(),
    };
    Replayed {
        sentence: found.sentence(),
        since: found.since,
        until: found.until,
        signals: found.signals,
        acts: found.acts,
        pages: found.pages,
        reaches_others: found.reaches_others(),
        changes: found.changes.iter().take(LISTED_MOST).map(change).collect(),
        more: found.changes.len().saturating_sub(LISTED_MOST),
        left_out: found.left_out.clone(),
    }
}
