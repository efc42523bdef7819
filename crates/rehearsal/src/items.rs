//! What people do with action items in a story: `ana proposes item "Limit the queue" for ben: a test shows it`, with `kind=detect`,
//! `due=30d`, `check=service/api/runbook` for a document's field; `ben accepts item "Limit the queue"`. And what they are told of
//! their week.

use actions::learn::{action_items as acts, digests, item_checks, trackers};
use domain::learn::action_items::{Kind, NewItem, Priority, Wish};
use domain::learn::item_checks::{Check, Must};
use domain::respond::sight::Sight;
use domain::words::{ActionItemId, Name, Refusal, Span};
use store::learn::action_items::{self as rows, Filter};

use crate::play::{Play, Stop, unquoted};
use crate::responders::Responder;

impl Play {
    /// A line about an action item; false if it is none.
    pub(crate) fn with_an_item(
        &mut self,
        me: &Name,
        words: &[&str],
        about: Option<&str>,
        place: Option<usize>,
    ) -> Result<bool, Stop> {
        let [verb, "item", title, rest @ ..] = words else { return Ok(false) };
        let title = unquoted(title).ok_or_else(|| Stop::Words("name the item in double quotes".into()))?;
        let responder = Responder::at(me, place);
        let why = about.unwrap_or("because").to_owned();
        if *verb == "proposes" {
            let incident = self.newest_incident()?;
            let new = proposed(title, rest, why, self.world.now())?;
            responder.act(self, |tx, node, moment| acts::propose(tx, node, moment, incident, &new))?;
            return Ok(true);
        }
        let id = self.item(&title)?;
        if *verb == "checks" {
            responder.act(self, |tx, node, moment| item_checks::ask(tx, node, moment, id))?;
            return Ok(true);
        }
        match (*verb, rest) {
            ("tracks", ["in", tracker, consent @ ..]) => {
                let (tracker, consent): (Name, bool) = (tracker.parse()?, *consent == ["consent"]);
                responder
                    .act(self, |tx, node, moment| trackers::track(tx, node, moment, id, &tracker, None, consent))?;
                return Ok(true);
            }
            ("untracks", []) => {
                responder.act(self, |tx, _, moment| trackers::untrack(tx, moment, id))?;
                return Ok(true);
            }
            _ => {}
        }
        let wish = match (*verb, rest) {
            ("accepts", []) => Wish::Accept,
            ("finishes", []) => Wish::Done { said: about.map(str::to_owned) },
            ("confirms", []) => Wish::Confirm { seen: why },
            ("gives", ["to", person]) => Wish::Give { to: person.parse()? },
            ("gives", ["up"]) => Wish::AskDrop { why },
            ("waives", []) => Wish::ApproveDrop,
            ("keeps", []) => Wish::Keep { why },
            ("reopens", []) => Wish::Reopen { why },
            _ => return Err(Stop::Words(format!("nobody knows how {me} does that with an action item"))),
        };
        responder.act(self, |tx, node, moment| acts::act(tx, node, moment, id, &wish))?;
        Ok(true)
    }

    /// `ben reads the digest`, `ben wants no digest`; false if it is none of these.
    pub(crate) fn with_a_digest(&mut self, me: &Name, words: &[&str], place: Option<usize>) -> Result<bool, Stop> {
        let responder = Responder::at(me, place);
        match words {
            ["reads", "the", "digest"] => {
                let (now, mut lines) = (self.world.now(), Vec::new());
                responder.act(self, |tx, node, moment| {
                    let digest = digests::of(tx, node, me, moment.now)?;
                    for section in &digest.sections {
                        lines.extend(
                            section
                                .lines
                                .iter()
                                .map(|line| format!("{}: {}, {}", section.about.title(), line.title, line.note)),
                        );
                    }
                    Ok(())
                })?;
                if lines.is_empty() {
                    lines.push("there is nothing to say".into());
                }
                for line in &lines {
                    self.chronicle.tell(now, &format!("= {line}"));
                }
            }
            ["wants", wanted @ ("a" | "no"), "digest"] => {
                responder.act(self, |tx, _, moment| digests::want(tx, moment, me, *wanted == "a"))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(crate) fn newest_incident(&self) -> Result<domain::words::IncidentId, Stop> {
        let filter = store::respond::incidents::Filter::default();
        let all =
            self.world.store.read(|tx| Ok(store::respond::incidents::list(tx, &filter, Sight::Whole, None, 1)?))?;
        all.first().map(|row| row.id).ok_or_else(|| Stop::Words("there is no incident yet".into()))
    }

    fn item(&self, title: &str) -> Result<ActionItemId, Stop> {
        let all = self.world.store.read(|tx| Ok(rows::list(tx, &Filter::default(), Sight::Whole, 500)?))?;
        let found = all.iter().find(|row| row.item.title == title).map(|row| row.item.id);
        Ok(found.ok_or_else(|| actions::Halt::from(Refusal::not_found(format!("action item {title:?}"))))?)
    }
}

fn proposed(title: String, words: &[&str], bound: String, now: domain::words::Timestamp) -> Result<NewItem, Stop> {
    let ["for", owner, rest @ ..] = words else {
        return Err(Stop::Words("for whom? Write `proposes item \"..\" for ben: it is done when ..`".into()));
    };
    let mut new = NewItem {
        title,
        bound,
        owner: owner.parse()?,
        kind: Kind::Prevent,
        priority: Priority::Normal,
        due_at: None,
        factor: None,
        check: Check::Manual {},
    };
    for word in rest {
        match word.split_once('=') {
            Some(("kind", kind)) => new.kind = kind.parse()?,
            Some(("priority", priority)) => new.priority = priority.parse()?,
            Some(("factor", factor)) => new.factor = Some(factor.to_owned()),
            Some(("due", span)) => new.due_at = Some(span.parse::<Span>()?.after(now)),
            Some(("check", place)) => {
                let mut parts = place.splitn(3, '/');
                let (kind, name, field) = (parts.next(), parts.next(), parts.next());
                let (Some(kind), Some(name), Some(field)) = (kind, name, field) else {
                    return Err(Stop::Words("a check of a document is KIND/NAME/FIELD".into()));
                };
                new.check = Check::Document {
                    document: format!("{kind}/{name}"),
                    field: format!("/{field}"),
                    must: Must::Exist,
                };
            }
            _ => return Err(Stop::Words(format!("{word:?} says nothing of an action item"))),
        }
    }
    Ok(new)
}
