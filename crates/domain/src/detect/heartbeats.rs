//! A heartbeat: a check that must call in. When it does not, that is an alert like any other.

use jiff::Timestamp;

use crate::words::{Name, Span};

/// What is known of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub integration: Name,
    /// The last call; none before the first.
    pub last_at: Option<Timestamp>,
    /// When it is missed; none before the first call, so that a new check wakes nobody.
    pub due_at: Option<Timestamp>,
    /// Since when it is missed.
    pub missed_at: Option<Timestamp>,
}

impl Heartbeat {
    pub fn new(integration: Name) -> Self {
        Self { integration, last_at: None, due_at: None, missed_at: None }
    }

    /// It called in. True if it had been missed: its alert is over.
    pub fn beat(&mut self, every: Span, grace: Span, now: Timestamp) -> bool {
        self.last_at = Some(now);
        self.due_at = Some(grace.after(every.after(now)));
        self.missed_at.take().is_some()
    }

    /// The time has come: is it missed?
    pub fn is_missed(&self, now: Timestamp) -> bool {
        self.missed_at.is_none() && self.due_at.is_some_and(|due| due <= now)
    }

    /// It is missed, from now on.
    pub fn miss(&mut self, now: Timestamp) {
        self.missed_at = Some(now);
        self.due_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_missed_once_after_its_grace_and_returns() {
        let at = |minute: i64| Timestamp::from_second(1_790_000_000 + minute * 60).unwrap();
        let mut heartbeat = Heartbeat::new("backup".parse().unwrap());
        assert!(!heartbeat.is_missed(at(100)), "never called: wakes nobody");
        assert!(!heartbeat.beat(Span::minutes(5), Span::minutes(1), at(0)));
        assert!(!heartbeat.is_missed(at(5)));
        assert!(heartbeat.is_missed(at(6)));
        heartbeat.miss(at(6));
        assert!(!heartbeat.is_missed(at(60)));
        assert!(heartbeat.beat(Span::minutes(5), Span::minutes(1), at(61)));
        assert!(!heartbeat.beat(Span::minutes(5), Span::minutes(1), at(62)));
    }
}
