//! What people are told meanwhile, and the promise in each update: the time of the next one.
//!
//! The promise is what counts, not the number of updates. Who owes one is reminded before it is due, and a promise that
//! was missed is kept on record with a reason.

use crate::words::{Span, Timestamp};

/// What was promised: an update by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// When it was given: with the last update, or when the incident was declared.
    pub given_at: Timestamp,
    pub by: Timestamp,
}

impl Promise {
    /// After an update, or the declaration: what was said, or what the severity asks for.
    pub fn after(at: Timestamp, said: Option<Timestamp>, every: Option<Span>) -> Option<Self> {
        let by = said.or_else(|| every.map(|every| every.after(at)))?;
        (by > at).then_some(Self { given_at: at, by })
    }

    /// When to remind whoever owes it: a quarter of the time is left, but at least two minutes and at most fifteen.
    pub fn remind_at(self) -> Timestamp {
        let quarter = Span::millis(Span::between(self.given_at, self.by).as_millis() / 4);
        let ahead = quarter.clamp(Span::minutes(2), Span::minutes(15));
        ahead.before(self.by).max(self.given_at)
    }

    /// Whether it is kept by an update at `at`.
    pub fn is_kept_at(self, at: Timestamp) -> bool {
        at <= self.by
    }
}

/// How many promises were kept, of those that were due by `now` or answered before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub kept: u32,
    pub of: u32,
}

/// Counts over the updates of one audience, in order: when each came, and what it promised. `over` is when the incident
/// was resolved: a promise that was due after that is owed no more.
pub fn kept(updates: &[(Timestamp, Option<Promise>)], over: Option<Timestamp>, now: Timestamp) -> Kept {
    let mut count = Kept::default();
    for (place, (_, promise)) in updates.iter().enumerate() {
        let Some(promise) = promise else { continue };
        match updates.get(place + 1) {
            Some((next, _)) => {
                count.of += 1;
                count.kept += u32::from(promise.is_kept_at(*next));
            }
            None if promise.by < over.unwrap_or(now).min(now) => count.of += 1,
            None => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn promise(given: i64, by: i64) -> Promise {
        Promise { given_at: at(given), by: at(by) }
    }

    #[test]
    fn what_was_said_goes_before_what_the_severity_asks() {
        let every = Some(Span::minutes(20));
        assert_eq!(Promise::after(at(0), None, every), Some(promise(0, 20)));
        assert_eq!(Promise::after(at(0), Some(at(60)), every), Some(promise(0, 60)));
        assert_eq!(Promise::after(at(0), Some(at(60)), None), Some(promise(0, 60)));
        assert_eq!(Promise::after(at(0), None, None), None, "the last word promises nothing");
        assert_eq!(Promise::after(at(5), Some(at(5)), every), None, "not in the past");
    }

    #[test]
    fn the_reminder_leaves_time_to_write() {
        assert_eq!(promise(0, 20).remind_at(), at(15));
        assert_eq!(promise(0, 240).remind_at(), at(225), "a quarter of an hour is enough");
        assert_eq!(promise(0, 4).remind_at(), at(2), "and two minutes are the least");
        assert_eq!(promise(0, 1).remind_at(), at(0));
    }

    #[test]
    fn promises_are_counted_when_they_are_due() {
        let updates = [(at(0), Some(promise(0, 20))), (at(20), Some(promise(20, 40))), (at(50), Some(promise(50, 70)))];
        let count = |over, now| kept(&updates, over, at(now));
        assert_eq!(count(None, 60), Kept { kept: 1, of: 2 }, "the last one is not due yet");
        assert_eq!(count(None, 71), Kept { kept: 1, of: 3 });
        assert_eq!(count(Some(at(65)), 500), Kept { kept: 1, of: 2 }, "it was over before");
        assert_eq!(kept(&[], None, at(0)), Kept::default());
    }
}
