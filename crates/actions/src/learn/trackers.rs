//! Issues of action items in trackers elsewhere: asked for here, made and read at the edge, and what follows of how both stand.
//!
//! Which of the two says what stands in `domain/learn/trackers.rs`. Of a restricted incident nothing leaves the house unless
//! whoever asks says that it may.

use domain::learn::action_items::{ActionItem, State};
use domain::learn::trackers::{Follows, Issue, NewIssue, Tracker, follows};
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::words::{ActionItemId, Actor, EventKind, Mint, Name, Refusal, Span, Timestamp, text};
use serde_json::json;
use store::learn::action_items::{self as items, ItemRow};
use store::learn::trackers::{self as rows, TrackedRow};
use store::respond::incidents as incident_rows;
use store::{Halt, Store, Tx};

use super::action_items::{seen, tell, timed};
use crate::{Moment, Node};

const RULE: &str = "tracker";
/// Whoever took one upon itself has so long.
const LEASE: Span = Span::minutes(2);
/// What is open is looked at so often; what is over, so often.
const OPEN_EVERY: Span = Span::minutes(2);
const OVER_EVERY: Span = Span::hours(1);
/// However often a tracker says that an issue changed, it is looked at no sooner after it was looked at last.
const GAP: Span = Span::seconds(5);
/// The longest wait between two attempts that meet trouble.
const LONGEST_WAIT: Span = Span::hours(1);
/// So many are taken at once.
const AT_ONCE: u32 = 4;

/// Has an item followed by an issue: by one that is there, or by a new one.
///
/// # Errors
/// When it has one, the tracker or the issue is none, or its incident is restricted and nobody said that it may leave.
pub fn track(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: ActionItemId,
    tracker: &Name,
    issue: Option<&str>,
    consent: bool,
) -> Result<ItemRow, Halt> {
    let (row, incident) = seen(tx, id, Sight::of(&moment.actor))?;
    let Some(by) = moment.person().cloned() else {
        return Err(Refusal::forbidden("only a person says that of an action item").into());
    };
    let catalog = node.rules(tx)?.catalog.clone();
    let Some(spec) = catalog.trackers.get(tracker) else {
        let near = text::did_you_mean(tracker.as_str(), catalog.trackers.keys().map(Name::as_str));
        return Err(Refusal::invalid(format!("there is no tracker {:?}{near}", tracker.as_str()))
            .at("/tracker")
            .into());
    };
    if let Some(there) = rows::get(tx, id)? {
        let what = there.issue.as_deref().unwrap_or("an issue that is being made");
        return Err(Refusal::conflict(format!("it is followed by {what} of {} already", there.tracker)).into());
    }
    if incident.drill {
        return Err(Refusal::conflict("it belongs to a drill: nothing of that leaves the house").into());
    }
    if incident.state.visibility == Visibility::Restricted && !consent {
        let message = "its incident is restricted, and whoever reads the tracker reads its title and bound there: say that this may be";
        return Err(Refusal::conflict(message).at("/consent").into());
    }
    let key = issue.map(|url| spec.system.key_of(url)).transpose()?;
    if let Some(key) = &key
        && let Some(other) = rows::of_issue(tx, tracker, key)?
    {
        return Err(Refusal::conflict(format!("{key} follows {other} already")).at("/issue").into());
    }
    let now = moment.now;
    let tracked = TrackedRow {
        item: id,
        tracker: tracker.clone(),
        issue: key.clone(),
        url: None,
        title: None,
        status: None,
        // Whichever is over when they meet, the other follows.
        agreed_open: true,
        etag: None,
        asked_by: by,
        asked_at: now,
        heard_at: None,
        trouble: None,
        attempts: 0,
        due_at: Some(now),
        wished: false,
    };
    rows::save(tx, &tracked)?;
    let data = json!({ "tracker": tracker, "issue": key });
    tell(tx, moment, EventKind::ActionItemTracked, &row, None, data)?;
    Ok(row)
}

/// They have nothing to do with each other any more; the issue stays as it is.
///
/// # Errors
/// When it is followed by none.
pub fn untrack(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: ActionItemId) -> Result<ItemRow, Halt> {
    let (row, _) = seen(tx, id, Sight::of(&moment.actor))?;
    let there = rows::get(tx, id)?.ok_or_else(|| Refusal::conflict("it is followed by no issue"))?;
    rows::remove(tx, id)?;
    let data = json!({ "tracker": there.tracker, "issue": there.issue });
    tell(tx, moment, EventKind::ActionItemUntracked, &row, None, data)?;
    Ok(row)
}

/// A tracker says that an issue changed: it is looked at soon, once, however often that is said. True if it follows an item.
///
/// # Errors
/// When the database fails.
pub fn wish(tx: &mut Tx<'_>, tracker: &Name, issue: &str, now: Timestamp) -> Result<bool, Halt> {
    let Some(item) = rows::of_issue(tx, tracker, issue)? else { return Ok(false) };
    let Some(row) = rows::get(tx, item)?.filter(|row| !row.wished) else { return Ok(true) };
    // Whoever looks at it just now may have looked too early, and is not disturbed; nor does a tracker that is down see more of us.
    let waits = row.attempts > 0 && row.due_at.is_some();
    let soon = row.heard_at.map_or(now, |heard| GAP.after(heard).max(now));
    let due_at = row.due_at.map_or(soon, |due| if waits { due } else { due.min(soon) });
    rows::save(tx, &TrackedRow { wished: true, due_at: Some(due_at), ..row })?;
    Ok(true)
}

/// Something to do at the edge.
#[derive(Clone, Debug)]
pub struct Due {
    pub row: TrackedRow,
    pub spec: Tracker,
    pub deed: Deed,
    /// Until when it is ours.
    until: Timestamp,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Makes it; after an attempt of which nobody knows what became, it is looked for first.
    Make { new: NewIssue, look_first: bool },
    /// Reads it.
    Read { key: String, etag: Option<String> },
    /// Has it follow the item.
    Set { key: String, open: bool },
}

/// What came of it. The error says why, and whether it may be better soon.
pub type Came = Result<Option<Issue>, (String, bool)>;

/// When something is due next.
///
/// # Errors
/// When the database fails.
pub fn next_due(store: &Store) -> Result<Option<Timestamp>, Halt> {
    store.read(|tx| Ok(rows::next_due(tx)?))
}

/// Takes what is due upon this node, a few at a time.
///
/// # Errors
/// When the database fails.
pub fn take_due(store: &Store, node: &Node, now: Timestamp) -> Result<Vec<Due>, Halt> {
    if store.read(|tx| Ok(rows::due(tx, now, 1)?))?.is_empty() {
        return Ok(Vec::new());
    }
    let until = LEASE.after(now);
    store.write(|tx| {
        let rules = node.rules(tx)?;
        let mut taken = Vec::new();
        for row in rows::due(tx, now, AT_ONCE)? {
            let Some(due_at) = row.due_at else { continue };
            let Some(spec) = rules.catalog.trackers.get(&row.tracker) else {
                let gone = format!("there is no tracker {} any more", row.tracker);
                rows::save(tx, &TrackedRow { trouble: Some(gone), due_at: None, ..row })?;
                continue;
            };
            let Some(item) = items::get(tx, row.item, Sight::Whole)? else {
                rows::remove(tx, row.item)?;
                continue;
            };
            if rows::claim(tx, row.item, due_at, until)? {
                let deed = deed(&row, &item.item, &node.identity.public_url);
                // Whatever becomes of this attempt, the next one knows that there was one.
                let begun = TrackedRow { attempts: row.attempts + 1, due_at: Some(until), wished: false, ..row };
                rows::save(tx, &begun)?;
                taken.push(Due { row: begun, spec: spec.clone(), deed, until });
            }
        }
        Ok(taken)
    })
}

fn deed(row: &TrackedRow, item: &ActionItem, root: &str) -> Deed {
    let Some(key) = row.issue.clone() else {
        let url = format!("{root}/action-items/{}", item.id);
        return Deed::Make { new: NewIssue::of(item, &url, row.asked_at), look_first: row.attempts > 0 };
    };
    // Only of an issue that was heard of it is known how it stands.
    if row.heard_at.is_some() && item.state.is_open() != row.agreed_open {
        return Deed::Set { key, open: item.state.is_open() };
    }
    Deed::Read { key, etag: row.etag.clone() }
}

/// Keeps what came of something that this node took, and does what follows here. Nothing, if it is another's by now.
///
/// # Errors
/// When the database fails.
pub fn came(store: &Store, mint: &mut Mint, due: &Due, came: &Came, now: Timestamp) -> Result<(), Halt> {
    store.write(|tx| {
        let Some(row) = rows::get(tx, due.row.item)? else { return Ok(()) };
        if row.due_at != Some(due.until) {
            return Ok(());
        }
        let Some(item) = items::get(tx, row.item, Sight::Whole)? else { return Ok(()) };
        let mut next = row.clone();
        match came {
            Err((why, again)) => {
                next.trouble = Some(text::shorten(why, 300));
                next.due_at = again.then(|| wait(row.attempts).after(now));
            }
            Ok(told) => {
                if let Some(issue) = told {
                    next.issue = Some(issue.key.clone());
                    next.url = Some(issue.url.clone());
                    next.title = Some(issue.title.clone());
                    next.status = Some(issue.status.clone());
                    next.etag.clone_from(&issue.etag);
                }
                (next.heard_at, next.trouble, next.attempts) = (Some(now), None, 0);
                let every = if row.wished {
                    GAP
                } else if item.item.state.is_open() {
                    OPEN_EVERY
                } else {
                    OVER_EVERY
                };
                next.due_at = Some(every.after(now));
                if let Some(issue) = told {
                    let mut moment = Moment::new(now, Actor::Rule(RULE), mint);
                    agree(tx, &mut moment, &item, issue, &mut next)?;
                }
            }
        }
        rows::save(tx, &next)?;
        Ok(())
    })
}

/// After so many attempts that met trouble.
fn wait(attempts: u32) -> Span {
    let seconds = 2_i64.saturating_mul(1 << attempts.min(11));
    Span::seconds(seconds).min(LONGEST_WAIT)
}

/// What follows of how both stand now.
fn agree(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    row: &ItemRow,
    issue: &Issue,
    next: &mut TrackedRow,
) -> Result<(), Halt> {
    let now = moment.now;
    let (item, event) = match follows(&row.item.state, issue.open, next.agreed_open) {
        Follows::Nothing => {
            next.agreed_open = issue.open;
            return Ok(());
        }
        Follows::Close | Follows::Open => {
            // The issue is to follow: at once.
            next.agreed_open = issue.open;
            next.due_at = Some(now);
            return Ok(());
        }
        Follows::Done => {
            let state = State::Done { at: now };
            (ActionItem { state, drop_asked: None, ..row.item.clone() }, EventKind::ActionItemDone)
        }
        Follows::Reopened => {
            let mut item = row.item.clone();
            item.reopen(now);
            (item, EventKind::ActionItemReopened)
        }
    };
    next.agreed_open = issue.open;
    let Some(incident) = incident_rows::get(tx, row.incident, Sight::Whole)? else { return Ok(()) };
    let mut changed = timed(&incident, ItemRow { item, reminded_at: None, check_at: None, ..row.clone() }, now);
    if event == EventKind::ActionItemDone && changed.item.next_check(now).is_some() {
        changed.check_at = Some(now);
    }
    items::save(tx, &changed)?;
    let said = match event {
        EventKind::ActionItemDone => format!("{} was closed in {}: {}", issue.key, next.tracker, issue.status),
        _ => format!("{} was reopened in {}: {}", issue.key, next.tracker, issue.status),
    };
    tell(tx, moment, event, &changed, Some(&said), json!({ "tracker": next.tracker, "issue": issue.key }))
}

#[cfg(test)]
mod tests {
    use domain::learn::action_items::{Kind, NewItem, Priority, Wish};
    use domain::learn::item_checks::Check;
    use domain::respond::incidents::Class;

    use super::*;
    use crate::learn::action_items as acts;
    use crate::respond::desk::{Desk, at, name};
    use crate::respond::incidents::Declaration;

    const TRACKER: &str = "
kind: tracker
name: shop
spec: { title: Issues, system: { github: { repository: example/shop } } }
";

    fn proposed(desk: &Desk<'_>, class: Class) -> ActionItemId {
        let incident = desk.declare("ana", &Declaration::new("It fails", class)).id;
        let new = NewItem {
            title: "Limit the queue to 1000".into(),
            bound: "a test with 1001 is refused".into(),
            owner: name("ana"),
            kind: Kind::Prevent,
            priority: Priority::Normal,
            due_at: None,
            factor: None,
            check: Check::Manual {},
        };
        desk.by("ana", |tx, node, moment| acts::propose(tx, node, moment, incident, &new)).unwrap().item.id
    }

    fn issue(open: bool) -> Issue {
        let (key, url) = ("12".to_owned(), "https://github.com/example/shop/issues/12".to_owned());
        Issue {
            key,
            url,
            title: "Limit it".into(),
            open,
            status: if open { "open" } else { "closed" }.into(),
            etag: None,
        }
    }

    store::both_engines! {
        fn whichever_changes_the_other_follows_and_own_changes_are_no_news(store) {
            let desk = Desk::open(store);
            desk.apply(TRACKER);
            let id = proposed(&desk, Class::System);
            let track = |id, issue: Option<&str>, consent| {
                desk.by("ana", |tx, node, moment| track(tx, node, moment, id, &name("shop"), issue, consent))
            };
            track(id, None, false).unwrap();
            let refused = |came: Result<ItemRow, Halt>| match came {
                Err(Halt::Refused(refusal)) => refusal.to_string(),
                other => panic!("{other:?}"),
            };
            assert!(refused(track(id, None, false)).contains("already"));
            let quiet = proposed(&desk, Class::Security);
            assert!(refused(track(quiet, None, false)).contains("restricted"));
            track(quiet, Some("https://github.com/example/shop/issues/99"), true).unwrap();
            desk.by("ana", |tx, _, moment| untrack(tx, moment, quiet)).unwrap();

            let mut mint = Mint::seeded(5);
            let minute = std::cell::Cell::new(desk.minute());
            // The clock of this desk goes on with each act; what is due is looked at much later.
            let mut turn = |came_as: Came| {
                minute.set(minute.get().max(desk.minute()) + 120);
                let due = take_due(store, &desk.node, at(minute.get())).unwrap();
                assert_eq!(due.len(), 1);
                assert!(take_due(store, &desk.node, at(minute.get())).unwrap().is_empty(), "it is taken");
                came(store, &mut mint, &due[0], &came_as, at(minute.get())).unwrap();
                due[0].deed.clone()
            };
            let state = || store.read(|tx| Ok(items::get(tx, id, Sight::Whole)?.unwrap().item.state.word())).unwrap();
            // The first attempt got no answer: the second looks first.
            assert!(matches!(turn(Err(("it answered 502".into(), true))), Deed::Make { look_first: false, .. }));
            assert!(matches!(turn(Ok(Some(issue(true)))), Deed::Make { look_first: true, .. }));
            let read = || Deed::Read { key: "12".into(), etag: None };
            assert_eq!((turn(Ok(None)), state()), (read(), "accepted"));
            // Closed there: done, and not proven.
            assert_eq!((turn(Ok(Some(issue(false)))), state()), (read(), "done"));
            assert_eq!((turn(Ok(Some(issue(false)))), state()), (read(), "done"));
            desk.by("ben", |tx, node, moment| acts::act(tx, node, moment, id, &Wish::Confirm { seen: "I tried".into() })).unwrap();
            assert_eq!(state(), "verified");
            // Reopened there: open again, also what was proven.
            assert_eq!((turn(Ok(Some(issue(true)))), state()), (read(), "accepted"));
            // Done here: the issue is closed, and hears nothing of it again.
            desk.by("ana", |tx, node, moment| acts::act(tx, node, moment, id, &Wish::Done { said: None })).unwrap();
            assert_eq!(turn(Ok(Some(issue(false)))), Deed::Set { key: "12".into(), open: false });
            assert_eq!((turn(Ok(None)), state()), (read(), "done"));
            let row = store.read(|tx| Ok(rows::get(tx, id)?)).unwrap().unwrap();
            assert_eq!((row.agreed_open, row.trouble, row.attempts), (false, None, 0));
            // The tracker says that it changed: it is looked at soon, and once.
            let wish = |second: i64| {
                let now = Span::seconds(second).after(at(minute.get()));
                let known = store.write(|tx| wish(tx, &name("shop"), "12", now)).unwrap();
                (known, store.read(|tx| Ok(rows::get(tx, id)?)).unwrap().unwrap().due_at.unwrap())
            };
            let soon = GAP.after(at(minute.get()));
            assert_eq!((wish(1), wish(2)), ((true, soon), (true, soon)));
            assert!(!store.write(|tx| super::wish(tx, &name("shop"), "99", at(minute.get()))).unwrap());
            let due = take_due(store, &desk.node, soon).unwrap();
            assert_eq!(due.len(), 1);
            // Said while somebody looks: nobody is disturbed, and it is looked at once more.
            let (_, until) = wish(6);
            assert_eq!(until, LEASE.after(soon));
            came(store, &mut Mint::seeded(6), &due[0], &Ok(None), soon).unwrap();
            assert_eq!(wish(7).1, GAP.after(soon));
            // What is refused for good waits for people.
            turn(Err(("it answered 404".into(), false)));
            let row = store.read(|tx| Ok(rows::get(tx, id)?)).unwrap().unwrap();
            assert_eq!((row.trouble.as_deref(), row.due_at), (Some("it answered 404"), None));
        }
    }
}
