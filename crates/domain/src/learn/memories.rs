//! What is remembered when the same alerts fire again: how often that was an incident, what ended it the last time, and what
//! is still owed since.
//!
//! It is one line, for whoever was just woken, and each part of it leads to its record. It is made of what everybody may see,
//! and says nothing where nothing is known; it is no advice.

use super::insights::in_words;
use crate::words::{ActionItemId, ChangeId, IncidentId, KillId, Name, Span, Timestamp, text};

/// What is known of the same alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The incidents that they led to and that are over, the latest first: at least one, at most [`MOST`].
    pub seen: Vec<Seen>,
    /// What ended one of them, the last time that something did.
    pub fix: Option<Fix>,
    /// What is to be done since and is not, by when it is due.
    pub owed: Vec<Owed>,
}

/// So many are counted; one more says that there are more.
pub const MOST: usize = 20;

/// An incident that the same alerts led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub incident: IncidentId,
    pub title: String,
    pub at: Timestamp,
}

/// What ended an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// A rollback after which the alerts cleared, and how long it took from when it was asked for until it was carried out.
    Rollback { change: ChangeId, title: String, took: Span },
    /// A flag that was switched. That it helped, nobody measured.
    Kill { kill: KillId, flag: String, environment: Name },
}

/// An action item that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub item: ActionItemId,
    pub title: String,
    pub due_at: Timestamp,
}

/// A part of what is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `last fixed by rolling back "batch 7" in 40 s`
    pub says: String,
    /// What its record is called, and where it is on this server.
    pub record: String,
    pub path: String,
}

impl Memory {
    /// What it says, part by part, each with its record.
    pub fn parts(&self, now: Timestamp) -> Vec<Part> {
        let mut parts = Vec::new();
        if let Some(last) = self.seen.first() {
            let times = match self.seen.len() {
                1 => "once".to_owned(),
                MOST.. => format!("{MOST} times or more"),
                many => format!("{many} times"),
            };
            parts.push(Part {
                says: format!("seen {times} before, the last time on {}", last.at.strftime("%-d %b %Y")),
                record: named(&last.title),
                path: format!("/incidents/{}", last.incident),
            });
        }
        parts.extend(self.fix.as_ref().map(|fix| match fix {
            Fix::Rollback { change, title, took } => Part {
                says: format!("last fixed by rolling back “{}” in {}", named(title), in_words(took.as_millis() / 1000)),
                record: named(title),
                path: format!("/changes/{change}"),
            },
            Fix::Kill { kill, flag, environment } => Part {
                says: format!("last contained by switching the flag {} in {environment}", named(flag)),
                record: named(flag),
                path: format!("/kills/{kill}"),
            },
        }));
        let late = |owed: &Owed| Span::between(owed.due_at, now).as_millis() / (24 * 3_600_000);
        let overdue = self.owed.iter().filter(|owed| owed.due_at <= now).count();
        parts.extend(self.owed.first().map(|first| Part {
            says: match (overdue, late(first)) {
                (0, _) if self.owed.len() == 1 => "its action item is not done yet".to_owned(),
                (0, _) => format!("{} action items of it are not done yet", self.owed.len()),
                (1, 0) => "its action item is overdue since today".to_owned(),
                (1, 1) => "its action item is 1 day overdue".to_owned(),
                (1, days) => format!("its action item is {days} days overdue"),
                (many, days) => format!("{many} action items of it are overdue, one by {days} days"),
            },
            record: named(&first.title),
            path: format!("/action-items/{}", first.item),
        }));
        parts
    }

    /// All of it in one line, without a stop at its end.
    pub fn says(&self, now: Timestamp) -> String {
        let parts: Vec<String> = self.parts(now).into_iter().map(|part| part.says).collect();
        let mut line = parts.join("; ");
        if let Some(first) = line.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        line
    }
}

/// Others wrote it: one line, and not a long one.
fn named(said: &str) -> String {
    text::shorten(said, 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Mint;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap()
    }

    #[test]
    fn it_says_in_one_line_what_is_known_and_nothing_else() {
        let mut mint = Mint::seeded(1);
        let seen = |mint: &mut Mint, days: &[i64]| {
            let one = |day: &i64| Seen { incident: mint.id(at(*day)), title: "Payments fail".into(), at: at(*day) };
            days.iter().map(one).collect::<Vec<_>>()
        };
        let owed = |mint: &mut Mint, day: i64| Owed { item: mint.id(at(0)), title: "Limit it".into(), due_at: at(day) };
        let roll = Fix::Rollback { change: mint.id(at(0)), title: "shop\n4.18".into(), took: Span::minutes(6) };
        let kill = Fix::Kill { kill: mint.id(at(0)), flag: "fast-pay".into(), environment: "live".parse().unwrap() };
        let many: Vec<i64> = (0..21).rev().collect();
        let table = [
            (vec![9], None, vec![], "Seen once before, the last time on 30 Sep 2026"),
            (
                vec![9, 5, 1],
                Some(roll),
                vec![59],
                "Seen 3 times before, the last time on 30 Sep 2026; last fixed by rolling back “shop 4.18” in 6 min; \
                 its action item is 41 days overdue",
            ),
            (
                many,
                Some(kill),
                vec![100, 99],
                "Seen 20 times or more before, the last time on 11 Oct 2026; last contained by switching the flag \
                 fast-pay in live; 2 action items of it are overdue, one by 0 days",
            ),
            (
                vec![9],
                None,
                vec![101, 102],
                "Seen once before, the last time on 30 Sep 2026; 2 action items of it are not done yet",
            ),
            (
                vec![9],
                None,
                vec![99, 150],
                "Seen once before, the last time on 30 Sep 2026; its action item is 1 day overdue",
            ),
        ];
        for (days, fix, due, wanted) in table {
            let owed = due.into_iter().map(|day| owed(&mut mint, day)).collect();
            let memory = Memory { seen: seen(&mut mint, &days), fix, owed };
            assert_eq!(memory.says(at(100)), wanted);
            assert!(memory.parts(at(100)).iter().all(|part| part.path.starts_with('/') && !part.record.contains('\n')));
        }
    }
}
