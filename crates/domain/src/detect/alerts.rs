//! An alert's own life: firing, acknowledged, snoozed, resolved; and how bad it says it is.
//!
//! Who is paged about it is the business of its group.

use jiff::Timestamp;

use super::routes::UrgencyRule;
use crate::words::Urgency;
use crate::words::{AlertId, Name, Refusal, Result, SilenceId};

/// What people have done about an open alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    Acknowledged {
        by: Name,
        at: Timestamp,
    },
    /// Quiet until then; if it still fires, it pages again.
    Snoozed {
        by: Name,
        at: Timestamp,
        until: Timestamp,
    },
}

/// Why an open alert pages nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Muted {
    Silenced(SilenceId),
    /// By an alert that fires.
    Inhibited(AlertId),
}

/// How an alert came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The source said so.
    Source,
    /// The source stopped saying that it fires.
    Lapsed,
    /// A person said so.
    Person(Name),
    /// A heartbeat called in again.
    Returned,
}

impl Closing {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Lapsed => "lapsed",
            Self::Person(_) => "person",
            Self::Returned => "returned",
        }
    }
}

/// The longest snooze: a week. What should be quiet for longer wants a silence, which others see.
pub const SNOOZE_MOST_HOURS: i64 = 7 * 24;

/// Until when may it be snoozed?
pub fn snooze_until(until: Timestamp, now: Timestamp) -> Result<Timestamp> {
    if until <= now {
        return Err(Refusal::invalid("a snooze must end in the future").at("/until"));
    }
    if until > crate::words::Span::hours(SNOOZE_MOST_HOURS).after(now) {
        return Err(Refusal::invalid("a snooze lasts a week at most; for longer, create a silence").at("/until"));
    }
    Ok(until)
}

/// How bad the alert says it is: the mark that it gets on screen, and its place in lists. Worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Info,
    Warning,
    /// It says nothing that we know.
    Unknown,
    Error,
    Critical,
}

impl Severity {
    /// From the label `severity`. Exact words only, whatever their case.
    pub fn read(word: &str) -> Self {
        let is = |words: &[&str]| words.iter().any(|w| w.eq_ignore_ascii_case(word));
        if is(&["critical", "crit", "page", "fatal", "emergency", "disaster", "sev1", "p1"]) {
            Self::Critical
        } else if is(&["error", "err", "major", "high", "alert", "sev2", "p2"]) {
            Self::Error
        } else if is(&["warning", "warn", "minor", "average", "medium", "sev3", "p3"]) {
            Self::Warning
        } else if is(&[
            "info",
            "information",
            "informational",
            "notice",
            "low",
            "none",
            "debug",
            "sev4",
            "sev5",
            "p4",
            "p5",
        ]) {
            Self::Info
        } else {
            Self::Unknown
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// How urgent an alert is under a route; `None` is never paged. Without a word that we know it is high: a page too
/// many is better than one that never came.
pub fn urgency(rule: UrgencyRule, severity: Severity) -> Option<Urgency> {
    match rule {
        UrgencyRule::High => Some(Urgency::High),
        UrgencyRule::Low => Some(Urgency::Low),
        UrgencyRule::None => None,
        UrgencyRule::BySeverity if severity <= Severity::Warning => Some(Urgency::Low),
        UrgencyRule::BySeverity => Some(Urgency::High),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_words_lower_the_urgency() {
        for (word, expected) in [
            ("critical", Some(Urgency::High)),
            ("Page", Some(Urgency::High)),
            ("warning", Some(Urgency::Low)),
            ("INFO", Some(Urgency::Low)),
            ("", Some(Urgency::High)),
            ("informative-outage", Some(Urgency::High)),
            ("warning!!", Some(Urgency::High)),
        ] {
            assert_eq!(urgency(UrgencyRule::BySeverity, Severity::read(word)), expected, "{word}");
        }
        assert_eq!(urgency(UrgencyRule::None, Severity::Critical), None);
    }
}
