//! A delivery: one message to one contact, what became of an attempt, and when to try again.
//!
//! It does not know any channel: a channel takes a [`Message`] and answers with an [`Outcome`].

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::words::{Span, Timestamp};

pub use crate::words::Urgency;

/// What a channel is given to say. Complete: a channel looks nothing up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The id of the delivery: the same on every attempt, so that a receiver can tell a repeat.
    pub key: String,
    pub subject: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    pub urgency: Urgency,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<MessageLink>,
    /// What belongs together for the reader: the id of the page (`References` in a mail).
    pub thread: String,
    /// The type of event for machines: `page.started`.
    pub event: String,
    /// The particulars for machines: the body of a webhook.
    #[serde(default)]
    pub data: Value,
    /// An earlier attempt may have arrived: when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_of: Option<Timestamp>,
    /// Where whoever no longer wants such messages says so, with one POST (RFC 8058).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<String>,
    /// What the calendar of whoever reads it is told; channels that have no calendars leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
}

/// A message to a calendar (RFC 5546), beside the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// `REQUEST`, `CANCEL`: it stands in the header of the part, too.
    pub method: String,
    pub text: String,
}

/// Something that the reader can do from within the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLink {
    pub label: String,
    pub url: String,
    pub kind: LinkKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    Acknowledge,
    Escalate,
    Open,
}

/// What became of one attempt. Each says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The provider took it; what it called it, if it said.
    Sent { receipt: Option<String> },
    /// Not now. `at` is when the provider asked us to come back, if it did.
    Later { at: Option<Timestamp>, why: String },
    /// Trying again cannot help: the address is wrong, or we are not allowed.
    Never { why: String },
    /// The other side wants nothing more from us, ever.
    Gone { why: String },
}

/// What the courier does with the row after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    Sent {
        receipt: Option<String>,
    },
    Again {
        at: Timestamp,
        why: String,
    },
    /// The person's next contact is due at once.
    GivenUp {
        why: String,
    },
}

/// Waits after the first, second, third ... attempt. High: quick first, eleven attempts in 38 minutes.
const HIGH_WAITS: [i64; 10] = [5, 15, 45, 120, 300, 300, 300, 300, 450, 450];
/// Low: eight attempts in about a day.
const LOW_WAITS: [i64; 7] = [60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600];

/// A provider may ask for patience, but not hold back a page that is to wake someone for longer than this.
const MOST_PATIENCE_HIGH: Span = Span::minutes(15);
const MOST_PATIENCE_LOW: Span = Span::hours(24);

/// When to try again after attempt number `attempt` (the first is 1) came back with `Later`; `None`: give up.
///
/// `chance` spreads the retries by up to a fifth either way, so that a provider that comes back is not met by all at once.
pub fn retry_at(urgency: Urgency, attempt: u32, now: Timestamp, chance: u64) -> Option<Timestamp> {
    retry_by(waits(urgency), attempt, now, chance)
}

const fn waits(urgency: Urgency) -> &'static [i64] {
    match urgency {
        Urgency::High => &HIGH_WAITS,
        Urgency::Low => &LOW_WAITS,
    }
}

fn retry_by(waits: &[i64], attempt: u32, now: Timestamp, chance: u64) -> Option<Timestamp> {
    let wait_ms = waits.get(usize::try_from(attempt.max(1) - 1).ok()?)? * 1000;
    let spread = wait_ms / 5;
    let jitter = i64::try_from(chance % (2 * spread.unsigned_abs() + 1)).unwrap_or(0) - spread;
    Some(now.saturating_add(SignedDuration::from_millis(wait_ms + jitter)).unwrap_or(Timestamp::MAX))
}

/// What follows from the outcome of attempt number `attempt` (the first is 1).
pub fn settle(outcome: Outcome, urgency: Urgency, attempt: u32, now: Timestamp, chance: u64) -> Settled {
    let patience = match urgency {
        Urgency::High => MOST_PATIENCE_HIGH,
        Urgency::Low => MOST_PATIENCE_LOW,
    };
    settle_by(outcome, waits(urgency), patience, attempt, now, chance)
}

/// The same, with waits (in seconds) and the most patience of another schedule.
pub(crate) fn settle_by(
    outcome: Outcome,
    waits: &[i64],
    patience: Span,
    attempt: u32,
    now: Timestamp,
    chance: u64,
) -> Settled {
    match outcome {
        Outcome::Sent { receipt } => Settled::Sent { receipt },
        Outcome::Never { why } | Outcome::Gone { why } => Settled::GivenUp { why },
        Outcome::Later { at, why } => match retry_by(waits, attempt, now, chance) {
            None => Settled::GivenUp { why: format!("given up after {attempt} attempts: {why}") },
            Some(ours) => {
                let theirs = at.map_or(ours, |at| at.min(patience.after(now)));
                Settled::Again { at: ours.max(theirs), why }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn high_urgency_retries_quickly_and_low_urgency_slowly_and_both_give_up() {
        let now = at("2026-11-02T03:00:00Z");
        let middle = |urgency, attempt| {
            // The middle of the spread is no jitter at all.
            let none = retry_at(urgency, attempt, now, 0)?;
            let whole = Span::between(now, none).as_millis() * 5 / 4;
            Some(Span::millis(whole).to_string())
        };
        let high: Vec<_> = (1..=11).map(|n| middle(Urgency::High, n).unwrap_or_else(|| "give up".into())).collect();
        assert_eq!(high.join(" "), "5s 15s 45s 2m 5m 5m 5m 5m 7m30s 7m30s give up");
        let low: Vec<_> = (1..=8).map(|n| middle(Urgency::Low, n).unwrap_or_else(|| "give up".into())).collect();
        assert_eq!(low.join(" "), "1m 5m 15m 1h 3h 6h 12h give up");
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let now = at("2026-11-02T03:00:00Z");
        for chance in (0..1000).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
            let wait = Span::between(now, retry_at(Urgency::High, 2, now, chance).unwrap()).as_millis();
            assert!((12_000..=18_000).contains(&wait), "{wait}");
        }
    }

    #[test]
    fn a_provider_that_asks_for_patience_gets_it_within_reason() {
        let now = at("2026-11-02T03:00:00Z");
        let later = |minutes| Outcome::Later { at: Some(Span::minutes(minutes).after(now)), why: "429".into() };
        for (minutes, urgency, expected) in [
            (5, Urgency::High, "2026-11-02T03:05:00Z"),
            (60, Urgency::High, "2026-11-02T03:15:00Z"),
            (60, Urgency::Low, "2026-11-02T04:00:00Z"),
            (-5, Urgency::High, "2026-11-02T03:00:04Z"),
        ] {
            let Settled::Again { at: again, .. } = settle(later(minutes), urgency, 1, now, 0) else { panic!() };
            assert_eq!(again, at(expected));
        }
        let never = Outcome::Never { why: "550 no such user".into() };
        assert_eq!(settle(never, Urgency::High, 1, now, 0), Settled::GivenUp { why: "550 no such user".into() });
    }

    #[test]
    fn outcomes_and_messages_read_back_from_json() {
        for outcome in [
            Outcome::Sent { receipt: Some("250 ok".into()) },
            Outcome::Later { at: None, why: "timed out".into() },
            Outcome::Never { why: "410".into() },
        ] {
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), outcome);
        }
    }
}
