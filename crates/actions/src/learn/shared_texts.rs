//! The words of a postmortem while several write them at once: opened, changed, saved as revisions.
//!
//! A change is on disk before anybody else hears of it. After a pause, and before whatever rests on the words (a form that is
//! saved, a review, a publication), they become revisions in the names of those who wrote. A change by itself has no entry in the
//! journal; the revision has.

use std::collections::BTreeSet;

use domain::learn::edits::merge;
use domain::learn::postmortem_sections::{self as sections, Section, Texts};
use domain::learn::shared_texts::{FOLD_AFTER, PAUSE, PAUSE_MOST, SharedText};
use domain::respond::sight::Sight;
use domain::words::{Actor, EventKind, IncidentId, Mint, Name, Refusal, Span, Timestamp};
use serde_json::json;
use store::learn::postmortems::{self as texts, Written};
use store::learn::shared_texts::{self as rows, Change, Head};
use store::{Halt, Store, Tx};

use super::postmortems::{Text, begin, load, person};
use crate::announce::Told;
use crate::respond::incidents::seen;
use crate::{Moment, Node, announce};

/// So many become revisions in one turn.
const AT_ONCE: u32 = 20;
/// What went wrong is tried again after so long.
const AGAIN_AFTER: Span = Span::minutes(5);

/// What somebody is told who was there up to a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The changes, in order.
    pub changes: Vec<Vec<u8>>,
    /// The number of the last.
    pub last: i64,
}

/// What was made of a text with its changes.
struct Open {
    head: Head,
    shared: SharedText,
    /// Those that are not folded.
    changes: Vec<Change>,
}

fn read(tx: &mut Tx<'_>, mint: &mut Mint, id: IncidentId) -> Result<Option<Open>, Halt> {
    let Some(head) = rows::get(tx, id)? else { return Ok(None) };
    let changes = rows::since(tx, id, head.folded)?;
    let kept = std::iter::once(head.state.as_slice()).chain(changes.iter().map(|change| change.data.as_slice()));
    let shared = SharedText::read(kept, mint.chance())
        .map_err(|wrong| store::Error::corrupt(format!("the shared text of {id}: {wrong}")))?;
    Ok(Some(Open { head, shared, changes }))
}

/// As it is kept; or new, from the revisions.
fn open(tx: &mut Tx<'_>, mint: &mut Mint, id: IncidentId) -> Result<Open, Halt> {
    if let Some(found) = read(tx, mint, id)? {
        return Ok(found);
    }
    let shared = SharedText::of(&texts::texts(&texts::written(tx, id)?), mint.chance());
    let head = Head { state: shared.state(), folded: 0, last: 0, settled: 0, open_since: None, settle_at: None };
    rows::save(tx, id, &head)?;
    Ok(Open { head, shared, changes: Vec::new() })
}

/// Somebody who may write opens it: from then on it is shared. Refused where nothing is written any more.
pub fn begin_sharing(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId) -> Result<i64, Halt> {
    person(moment)?;
    let (_, one) = load(tx, moment, id)?;
    one.write(moment.now)?;
    Ok(open(tx, moment.mint, id)?.head.last)
}

/// What a program lacks, what we have (a state vector), and the number of the last change in it.
pub type Lacking = (Vec<u8>, Vec<u8>, i64);

/// What a program lacks that has this (a state vector); what we have, and the number of the last change in it. Nothing, if nobody
/// has begun to share it.
pub fn since_vector(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>, vector: &[u8]) -> Result<Option<Lacking>, Halt> {
    seen(tx, id, sight)?;
    // Nothing is signed here: it is only read.
    let Some(open) = read(tx, &mut Mint::seeded(0), id)? else { return Ok(None) };
    Ok(Some((open.shared.since(vector)?, open.shared.vector(), open.head.last)))
}

/// What was changed after a number.
pub fn news(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>, after: i64) -> Result<News, Halt> {
    let Some((folded, last)) = rows::reach(tx, id)? else { return Ok(News::default()) };
    if last <= after {
        return Ok(News { changes: Vec::new(), last });
    }
    seen(tx, id, sight)?;
    let mut changes = Vec::new();
    if after < folded {
        // What was folded meanwhile is told as one; whoever has a part of it loses nothing.
        changes.extend(rows::get(tx, id)?.map(|head| head.state));
    }
    changes.extend(rows::since(tx, id, after.max(folded))?.into_iter().map(|change| change.data));
    Ok(News { changes, last })
}

/// Takes in what somebody changed; answers with its number, or with that of the last if it changes nothing.
pub fn take(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, id: IncidentId, data: &[u8]) -> Result<i64, Halt> {
    let author = person(moment)?;
    let (row, one) = load(tx, moment, id)?;
    one.write(moment.now)?;
    let open = open(tx, moment.mint, id)?;
    let before = open.shared.state();
    let sections = open.shared.take(data)?;
    if sections.is_empty() && before == open.shared.state() {
        return Ok(open.head.last);
    }
    if !sections.is_empty() {
        begin(tx, node, moment, &row, &one)?;
    }
    let change = Change { number: open.head.last + 1, author, sections, at: moment.now, data: data.to_vec() };
    keep(tx, id, open.head, &change)
}

fn keep(tx: &mut Tx<'_>, id: IncidentId, mut head: Head, change: &Change) -> Result<i64, Halt> {
    head.last = change.number;
    let since = *head.open_since.get_or_insert(change.at);
    head.settle_at = Some(PAUSE.after(change.at).min(PAUSE_MOST.after(since)));
    rows::add(tx, id, change)?;
    rows::save(tx, id, &head)?;
    Ok(head.last)
}

/// The last who writes has left: it need not wait for the pause.
pub fn settle_soon(tx: &mut Tx<'_>, id: IncidentId, now: Timestamp) -> Result<(), Halt> {
    if let Some(head) = rows::get(tx, id)?
        && head.settle_at.is_some_and(|at| at > now)
    {
        rows::save(tx, id, &Head { settle_at: Some(now), ..head })?;
    }
    Ok(())
}

/// Makes revisions of what was changed since the last. What was changed and changed back is none.
pub(super) fn settle(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId) -> Result<(), Halt> {
    if rows::get(tx, id)?.is_none_or(|head| head.settle_at.is_none()) {
        return Ok(());
    }
    let Some(open) = read(tx, moment.mint, id)? else { return Ok(()) };
    let written = texts::written(tx, id)?;
    for section in Section::ALL {
        let text = sections::text(&open.shared.text(*section))?;
        let held = written.iter().find(|one| one.section == *section);
        if held.map_or("", |held| held.text.as_str()) == text {
            continue;
        }
        let wrote =
            open.changes.iter().filter(|change| change.number > open.head.settled && change.sections.contains(section));
        let mut wrote: Vec<&Name> = wrote.map(|change| &change.author).collect();
        let Some(author) = wrote.pop().cloned() else { continue };
        let others: BTreeSet<Name> = wrote.into_iter().filter(|name| **name != author).cloned().collect();
        let revision = held.map_or(0, |held| held.revision) + 1;
        let at = moment.now;
        revise(
            tx,
            moment,
            id,
            Written { section: *section, revision, text, author, others: others.into_iter().collect(), at },
        )?;
    }
    let Open { head, shared, .. } = open;
    let mut head = Head { settled: head.last, open_since: None, settle_at: None, ..head };
    if head.last - head.folded >= FOLD_AFTER {
        (head.state, head.folded) = (shared.state(), head.last);
        rows::drop_folded(tx, id, head.folded)?;
    }
    Ok(rows::save(tx, id, &head)?)
}

/// Keeps a revision, and tells of it in the name of whoever wrote it.
pub(super) fn revise(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, one: Written) -> Result<(), Halt> {
    if !texts::write(tx, id, &one)? {
        return Err(Refusal::conflict("somebody else saves the same section just now: save again").into());
    }
    let mut data =
        json!({ "section": one.section, "revision": one.revision, "words": one.text.split_whitespace().count() });
    if !one.others.is_empty() {
        data["others"] = json!(one.others);
    }
    let actor = if moment.person() == Some(&one.author) { moment.actor.clone() } else { Actor::Person(one.author) };
    let mut by = Moment { actor, ..moment.again() };
    announce::of_incident(tx, &mut by, EventKind::PostmortemWritten, id, Vec::new(), Told::of(data))?;
    Ok(())
}

/// What a form wants of a section, taken together with what others wrote since it was opened; or the refusal that shows both.
pub(super) fn together(tx: &mut Tx<'_>, id: IncidentId, held: Option<&Written>, new: &Text) -> Result<String, Halt> {
    let mine = sections::text(&new.text).map_err(|wrong| wrong.at(format!("/sections/{}", new.section)))?;
    let theirs = held.map_or("", |held| held.text.as_str());
    let revision = held.map_or(0, |held| held.revision);
    if revision == new.from || mine == theirs {
        return Ok(mine);
    }
    let base = match new.from {
        0 => Some(String::new()),
        from => texts::revision(tx, id, new.section, from)?.map(|one| one.text),
    };
    if let Some(both) = base.and_then(|base| merge(&base, &mine, theirs)) {
        return Ok(sections::text(&both)?);
    }
    let by = held.map_or_else(String::new, |held| format!(" by {}", held.author));
    let message = format!(
        "{} was written anew{by} since you began (revision {revision}, yours began from {}): take both together, and save again",
        new.section.title(),
        new.from
    );
    Err(Refusal::conflict(message).at(format!("/sections/{}", new.section)).into())
}

/// What was saved by a form goes into the shared text too, as the words that it changes.
pub(super) fn follow(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, saved: &Texts) -> Result<(), Halt> {
    let author = person(moment)?;
    let Some(open) = read(tx, moment.mint, id)? else { return Ok(()) };
    let mut head = open.head;
    for (section, text) in saved {
        if sections::text(&open.shared.text(*section)).is_ok_and(|stands| stands == *text) {
            continue;
        }
        let Some(data) = open.shared.write(*section, text) else { continue };
        head.last += 1;
        let sections = BTreeSet::from([*section]);
        rows::add(tx, id, &Change { number: head.last, author: author.clone(), sections, at: moment.now, data })?;
    }
    // It is a revision already.
    Ok(rows::save(tx, id, &Head { settled: head.last, ..head })?)
}

/// Makes revisions of what rests by now. Answers how many texts were looked at. One that does not come to it holds nothing up.
pub(crate) fn keep_time(store: &Store, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    let due = store.read(|tx| Ok(rows::due(tx, now, AT_ONCE)?))?;
    let mut moment = Moment::new(now, Actor::Rule("postmortem"), mint);
    for id in &due {
        let settled = store.write(|tx| settle(tx, &mut moment.again(), *id));
        let Err(halt) = settled else { continue };
        tracing::error!(incident = %id, %halt, "what was written together is no revision yet; it is tried again");
        store.write(|tx| {
            let Some(head) = rows::get(tx, *id)? else { return Ok(()) };
            Ok(rows::save(tx, *id, &Head { settle_at: Some(AGAIN_AFTER.after(now)), ..head })?)
        })?;
    }
    Ok(due.len())
}

#[cfg(test)]
#[path = "shared_texts_tests.rs"]
mod tests;
