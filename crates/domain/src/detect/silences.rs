//! A silence: matching alerts page nobody from one instant to another. An event, not a document: no `apply` undoes it.

use jiff::Timestamp;

use crate::words::{Matcher, Refusal, Result, SilenceId, Span};

/// A silence. Its matchers do not change; its end may.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    pub id: SilenceId,
    /// All must match.
    pub matchers: Vec<Matcher>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// A person's name, or what `amtool` says.
    pub created_by: String,
    pub comment: String,
    pub updated_at: Timestamp,
}

/// Where a silence is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Pending,
    Active,
    Expired,
}

impl Phase {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Expired => "expired",
        }
    }
}

/// The longest silence: a year. What is quiet for ever is better not alerted on.
const MOST_DAYS: i64 = 366;

impl Silence {
    pub fn phase(&self, now: Timestamp) -> Phase {
        if now >= self.ends_at {
            Phase::Expired
        } else if now < self.starts_at {
            Phase::Pending
        } else {
            Phase::Active
        }
    }

    /// Does it match labels, looked up by name?
    pub fn matches<'a>(&self, label: &impl Fn(&str) -> Option<&'a str>) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches_value(label(&matcher.name).unwrap_or("")))
    }

    /// May it be created (or changed to this) now? A start in the past becomes now, as in Alertmanager.
    pub fn checked(mut self, now: Timestamp) -> Result<Self> {
        if self.matchers.is_empty() {
            return Err(Refusal::invalid("a silence needs at least one matcher").at("/matchers"));
        }
        if self.matchers.len() > 64 {
            return Err(Refusal::invalid("a silence has 64 matchers at most").at("/matchers"));
        }
        if self.matchers.iter().all(|matcher| matcher.matches_value("")) {
            let why = "at least one matcher must not match the empty text, or every alert would be silenced";
            return Err(Refusal::invalid(why).at("/matchers"));
        }
        self.starts_at = self.starts_at.max(now);
        if self.ends_at <= self.starts_at {
            let why = if self.ends_at <= now { "it ends in the past" } else { "it ends before it starts" };
            return Err(Refusal::invalid(why).at("/endsAt"));
        }
        if self.ends_at > Span::hours(24 * MOST_DAYS).after(now) {
            return Err(Refusal::invalid("a silence lasts a year at most").at("/endsAt"));
        }
        if self.comment.trim().is_empty() {
            return Err(Refusal::invalid("say why, so that others know").at("/comment"));
        }
        if self.comment.len() > 4096 || self.created_by.len() > 256 {
            return Err(Refusal::invalid("too long: 4096 bytes at most").at("/comment"));
        }
        Ok(self)
    }
}
