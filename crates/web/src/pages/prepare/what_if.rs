//! The part of a plan that says whom past signals would have reached, and when nobody would be. It counts nothing itself.

use crate::pages::{Badge, Link, Tone, Viewpoint, When};
use crate::what_if::{PageChange, Uncovered, WhatIf};

/// What would have been, and what would be.
#[derive(Clone, Debug)]
pub struct WhatIfView {
    /// `3 of 41 pages of the last 30 days change recipient.`; or why nothing was played.
    pub sentence: String,
    /// What was played, and what was left out.
    pub about: String,
    pub changes: Vec<PageRow>,
    /// How many more there are.
    pub more: usize,
    pub coverage: String,
    pub stretches: Vec<StretchRow>,
}

/// A page that would be another.
#[derive(Clone, Debug)]
pub struct PageRow {
    pub badge: Badge,
    pub title: String,
    /// `Tells ben instead of ana`.
    pub sentence: String,
    pub at: When,
}

/// A stretch of time without a human who is told in time.
#[derive(Clone, Debug)]
pub struct StretchRow {
    pub badge: Badge,
    pub document: Link,
    pub from: When,
    pub to: When,
    pub why: String,
}

impl WhatIfView {
    pub fn of(found: &WhatIf, view: &Viewpoint) -> Self {
        let coverage = &found.coverage;
        let stretches = |all: &[Uncovered], tone: Tone, word: &str| {
            all.iter().map(|one| StretchRow::of(one, Badge::new(tone, word), view)).collect::<Vec<_>>()
        };
        let mut rows = stretches(&coverage.lost, Tone::Critical, "No longer covered");
        rows.extend(stretches(&coverage.gained, Tone::Good, "Newly covered"));
        rows.extend(stretches(&coverage.left, Tone::Warning, "Not covered"));
        let replay = found.replay.as_ref();
        let about = replay.map(|replay| {
            let mut about = format!(
                "{} {} of sources and {} {} of people were played through the documents in force and through these.",
                replay.signals,
                if replay.signals == 1 { "call" } else { "calls" },
                replay.acts,
                if replay.acts == 1 { "act" } else { "acts" }
            );
            if !replay.left_out.is_empty() {
                about = format!("{about} Left out: {}.", replay.left_out.join("; "));
            }
            about
        });
        let why_not = || found.why_not.as_ref().map(|why| crate::handlers::frame::sentence(why));
        Self {
            sentence: replay.map(|replay| replay.sentence.clone()).or_else(why_not).unwrap_or_default(),
            about: about.unwrap_or_default(),
            changes: replay.iter().flat_map(|replay| &replay.changes).map(|one| PageRow::of(one, view)).collect(),
            more: replay.map_or(0, |replay| replay.more),
            coverage: coverage.sentence.clone(),
            stretches: rows,
        }
    }
}

impl PageRow {
    fn of(change: &PageChange, view: &Viewpoint) -> Self {
        let (tone, word) = match change.what.as_str() {
            "gone" => (Tone::Critical, "No page"),
            "new" => (Tone::Good, "New page"),
            "time" => (Tone::Info, "Other time"),
            _ => (Tone::Warning, "Other people"),
        };
        Self {
            badge: Badge::new(tone, word),
            title: change.title.clone(),
            sentence: change.sentence.clone(),
            at: view.moment(change.at),
        }
    }
}

impl StretchRow {
    fn of(one: &Uncovered, badge: Badge, view: &Viewpoint) -> Self {
        Self {
            badge,
            document: Link::new(one.document.clone(), format!("/documents/{}", one.document)),
            from: view.moment(one.from),
            to: view.moment(one.to),
            why: one.why.clone(),
        }
    }
}
