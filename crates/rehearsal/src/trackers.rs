//! Trackers of issues that play a part: what people do there, and how they answer, is told by the story.
//!
//! One stands for all of them. It makes an issue as often as it is told to, so that a second one is seen.

use actions::learn::trackers::{self as acts, Came, Deed};
use domain::learn::trackers::Issue;
use domain::words::{ActionItemId, Actor, Name};

use crate::play::{Play, Stop, unquoted};

/// The programs elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Trackers {
    /// Nobody answers.
    pub down: bool,
    /// The next thing is done, and the answer never comes.
    pub loses_next: bool,
    issues: Vec<Kept>,
    /// How often somebody asked in vain.
    in_vain: usize,
}

#[derive(Clone, Debug)]
struct Kept {
    tracker: Name,
    /// The item that its text names.
    item: ActionItemId,
    title: String,
    open: bool,
    /// How often it changed.
    changes: usize,
}

impl Trackers {
    /// Does what a node asks for.
    pub fn work(&mut self, tracker: &Name, deed: &Deed) -> Came {
        if self.down {
            self.in_vain += 1;
            return Err(("connection refused".into(), true));
        }
        let told = match deed {
            Deed::Make { new, look_first } => {
                let made = |one: &Kept| one.tracker == *tracker && one.item == new.item;
                let place = self.issues.iter().position(made).filter(|_| *look_first).unwrap_or_else(|| {
                    let (tracker, title) = (tracker.clone(), new.title.clone());
                    self.issues.push(Kept { tracker, item: new.item, title, open: true, changes: 0 });
                    self.issues.len() - 1
                });
                Some(self.issue(place))
            }
            Deed::Read { key, etag } => {
                let issue = self.place(key).map(|place| self.issue(place)).ok_or_else(|| gone(key))?;
                (issue.etag != *etag).then_some(issue)
            }
            Deed::Set { key, open } => {
                let place = self.place(key).ok_or_else(|| gone(key))?;
                self.set(place, *open);
                Some(self.issue(place))
            }
        };
        if std::mem::take(&mut self.loses_next) { Err(("no answer within 10s".into(), true)) } else { Ok(told) }
    }

    fn place(&self, key: &str) -> Option<usize> {
        key.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < self.issues.len())
    }

    fn set(&mut self, place: usize, open: bool) {
        let one = &mut self.issues[place];
        (one.open, one.changes) = (open, one.changes + usize::from(one.open != open));
    }

    fn issue(&self, place: usize) -> Issue {
        let (one, key) = (&self.issues[place], (place + 1).to_string());
        Issue {
            url: format!("https://tracker.example.org/{}/{key}", one.tracker),
            key,
            title: one.title.clone(),
            open: one.open,
            status: if one.open { "open" } else { "closed" }.into(),
            etag: Some(one.changes.to_string()),
        }
    }
}

fn gone(key: &str) -> (String, bool) {
    (format!("it answers 404: there is no issue {key}"), false)
}

impl Play {
    /// `the tracker closes "Limit the queue"`, `the tracker is down`, `the tracker tells its issues`
    pub(crate) fn tracker(&mut self, words: &[&str]) -> Result<(), Stop> {
        match words {
            ["is", "down"] => self.world.trackers.down = true,
            ["works"] => self.world.trackers.down = false,
            ["loses", "its", "next", "answer"] => self.world.trackers.loses_next = true,
            ["tells", "its", "issues"] => {
                let all = &self.world.trackers;
                let mut lines: Vec<String> = (0..all.issues.len())
                    .map(|place| {
                        let (one, issue) = (&all.issues[place], all.issue(place));
                        format!("= {} in {}: {}, {}", issue.key, one.tracker, issue.title, issue.status)
                    })
                    .collect();
                if lines.is_empty() {
                    lines.push("= there is no issue".into());
                }
                if all.in_vain > 0 {
                    lines.push(format!("= the tracker was asked in vain so often: {}", all.in_vain));
                }
                let now = self.world.now();
                for line in &lines {
                    self.chronicle.tell(now, line);
                }
            }
            [verb @ ("closes" | "reopens"), title] => {
                let place = self.issue(title)?;
                self.world.trackers.set(place, *verb == "reopens");
            }
            ["calls", "about", title] => {
                let place = self.issue(title)?;
                let (tracker, key) = (self.world.trackers.issues[place].tracker.clone(), (place + 1).to_string());
                self.world.act(None, &Actor::System, |store, _, moment| {
                    store.write(|tx| acts::wish(tx, &tracker, &key, moment.now).map(drop))
                })?;
            }
            _ => {
                let words = "the tracker is down, works, loses its next answer, closes, reopens or calls about \"..\", or tells its issues";
                return Err(Stop::Words(words.into()));
            }
        }
        Ok(())
    }

    fn issue(&self, title: &str) -> Result<usize, Stop> {
        let title = unquoted(title).ok_or_else(|| Stop::Words("name the issue in double quotes".into()))?;
        let found = self.world.trackers.issues.iter().position(|one| one.title == title);
        found.ok_or_else(|| Stop::Words(format!("there is no issue {title:?} in the tracker")))
    }
}
