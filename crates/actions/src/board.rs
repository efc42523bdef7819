//! A turn at the board: the one way to change alerts and groups.
//!
//! Takes the next version of the board, brings this node's board up to date, runs the act, decides what pages, and
//! writes all of it down, in one transaction. If that is not committed, the board is read afresh before it is used
//! again, so what it shows is never more than a moment ahead of the store.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, RwLockWriteGuard};
use std::thread;

use domain::detect::alerts::Taken;
use domain::detect::board::{Alert, Board, NewAlert, Slot};
use domain::detect::groups::{self, Call, Paged};
use domain::detect::pipeline::Effects;
use domain::detect::rules::Rules;
use domain::engage::escalations::{End, State};
use domain::words::{AlertId, EventKind, GroupId, Labels, SignalId, Span, Timestamp};
use serde_json::json;
use store::detect::alerts::{AlertRow, Ended, Verdict};
use store::detect::births::{self, Births};
use store::detect::boards::{self, Changes};
use store::detect::{alerts, groups as group_rows, silences};
use store::respond::incidents;
use store::signals::Draft;
use store::{Error, Halt, Pending, Store, Tx};

use crate::detect::signals::{Entry as Logged, entry};
use crate::engage::compose::Material;
use crate::engage::pages;
use crate::{Moment, Node, announce};

/// A turn: everything that an act on the board works with.
#[derive(Debug)]
pub struct Turn<'t, 'x> {
    pub tx: &'t mut Tx<'x>,
    pub moment: Moment<'t>,
    pub node: &'t Node,
    pub rules: Arc<Rules>,
    pub board: RwLockWriteGuard<'t, Board>,
    pub effects: Effects,
    /// What came in, for the log.
    pub entry: Option<Draft>,
    /// Messages that this node claimed as it queued them, to be written.
    pub born: Vec<Material>,
}

/// How a write takes its place among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Ordinary,
    /// Gives way to others: ingest.
    Bulk,
}

/// Takes a turn. The act may run more than once.
pub fn turn<T>(
    store: &Store,
    node: &Node,
    pace: Pace,
    moment: &mut Moment<'_>,
    act: impl FnMut(&mut Turn<'_, '_>) -> Result<T, Halt>,
) -> Result<T, Halt> {
    let (answer, landing) = turn_ahead(store, node, pace, moment, act)?;
    landing.land(node)?;
    Ok(answer)
}

/// A turn that is committed, and on its way to the disk. Whoever asked for it may not be answered before it has landed.
#[derive(Debug)]
#[must_use = "nothing counts before it has landed"]
pub struct Landing {
    version: i64,
    pending: Pending,
}

impl Landing {
    /// Waits until the turn is on the disk.
    pub fn land(self, node: &Node) -> Result<(), Halt> {
        if let Err(error) = self.pending.wait() {
            node.board_mut().version = None;
            return Err(error.into());
        }
        node.set_settled(self.version);
        Ok(())
    }
}

/// As [`turn`], but the answer comes before the sync, so that the next turn need not wait for the disk.
pub fn turn_ahead<T>(
    store: &Store,
    node: &Node,
    pace: Pace,
    moment: &mut Moment<'_>,
    mut act: impl FnMut(&mut Turn<'_, '_>) -> Result<T, Halt>,
) -> Result<(T, Landing), Halt> {
    let run = |tx: &mut Tx<'_>| {
        let rules = node.rules(tx)?;
        let version = boards::advance(tx)?;
        let mut board = node.board_mut();
        bring_up_to_date(tx, node, &mut board, version - 1, moment.now)?;
        let moment = moment.again();
        let effects = Effects::default();
        let mut turn = Turn { tx, moment, node, rules, board, effects, entry: None, born: Vec::new() };
        let answer = act(&mut turn)?;
        settle(&mut turn, version)?;
        Ok((version, answer, std::mem::take(&mut turn.born)))
    };
    let outcome = match pace {
        Pace::Ordinary => store.write_ahead(run),
        Pace::Bulk => store.write_bulk_ahead(run),
    };
    let ((version, answer, born), pending) = outcome.inspect_err(|halt| {
        // Whether it is in the store or not: what the board shows may not be what the version says. A refusal that
        // changed the board has said so itself.
        if matches!(halt, Halt::Failed(_)) {
            node.board_mut().version = None;
        }
    })?;
    if pending.is_there() {
        // The next turn may begin before this one is told of, and must not take its board for unsure.
        node.set_settled(version);
    }
    // A page does not wait for the disk. Should the machine fail before the sync, whoever told of the alert got no answer
    // and tells again: the page comes twice. Should the disk fail, people are paged all the same.
    node.hand_over(born);
    Ok((answer, Landing { version, pending }))
}

/// Reads what the store has and this node's board has not; for pages and queries, when they want to be sure.
pub fn refresh(store: &Store, node: &Node, now: Timestamp) -> Result<(), Halt> {
    store.read(|tx| {
        node.rules(tx)?;
        let version = boards::version(tx)?;
        if node.board().version == Some(version) {
            return Ok(());
        }
        let mut board = node.board_mut();
        // A turn of this node may be on its way to the disk: what it put on the board is newer than what we can read.
        if board.version.is_none_or(|mine| mine < version) {
            bring_up_to_date(tx, node, &mut board, version, now)?;
            node.set_settled(version);
        }
        Ok(())
    })
}

fn bring_up_to_date(tx: &mut Tx<'_>, node: &Node, board: &mut Board, version: i64, now: Timestamp) -> Result<(), Halt> {
    // On PostgreSQL another node may have taken the version that a failed turn of ours had; SQLite has one process.
    let certain = node.is_settled(board) || !boards::is_shared(tx);
    if board.version == Some(version) && certain {
        return Ok(());
    }
    let mine = board.version.filter(|mine| *mine < version && node.is_settled(board));
    let changes = match mine {
        Some(mine) => boards::changes_between(tx, mine, version)?,
        None => None,
    };
    let rules = node.rules(tx)?;
    match changes {
        Some(changes) => follow(tx, board, &rules, &changes, now)?,
        None => *board = load(tx, board, &rules, now)?,
    }
    board.silences = silences::current(tx)?;
    board.begun = silences::begun(tx)?;
    board.others_grace = if node.is_alone() { Span::ZERO } else { OTHERS_GRACE };
    board.version = Some(version);
    Ok(())
}

/// For so long after a person resolved an alert, its source may go on telling of the same firing without opening it.
const LAID_ASIDE: Span = Span::hours(7 * 24);

/// The whole board, from the tables; what only this node heard, from the board that it had.
fn load(tx: &mut Tx<'_>, before: &Board, rules: &Rules, now: Timestamp) -> Result<Board, Halt> {
    let mut board = Board::default();
    for group in group_rows::open(tx)? {
        let id = group.id;
        board.open_group(group);
        board.group_is_written(id);
    }
    let first = before.version.is_none() && before.is_empty();
    let mut open = alerts::OpenAlerts::start(tx)?;
    while let Some(rows) = open.next(tx)? {
        let heard: Vec<Heard> = rows.iter().map(|row| heard(row, before, rules, first, now)).collect();
        put_rows(tx, &mut board, rows, heard)?;
    }
    for row in alerts::closed_by_people(tx, LAID_ASIDE.before(now))? {
        if board.by_key(&row.integration, row.key).is_none() {
            board.lay_aside(row.integration, row.key, row.starts_at);
        }
    }
    Ok(board)
}

/// What a node knows of when an alert was heard of, and until when it stays.
struct Heard {
    at: Timestamp,
    expires_at: Timestamp,
    grace: Span,
    count: u32,
}

/// How much longer a node lets alerts live of which it has not heard itself: whoever has heard of them writes that
/// down when their end comes, by a clock that may differ.
const OTHERS_GRACE: Span = Span::minutes(5);

/// A row tells what was written; this node may have heard more since. One that has just started has heard nothing, and
/// a source's silence means nothing until it had the time to speak.
fn heard(row: &AlertRow, before: &Board, rules: &Rules, first: bool, now: Timestamp) -> Heard {
    let timeout = rules.resolve_timeout(&row.integration).unwrap_or(OTHERS_GRACE);
    let earliest = if first { timeout.after(now) } else { Timestamp::MIN };
    let lapses_at = OTHERS_GRACE.after(row.expires_at).max(earliest);
    let mine = before.slot(row.id).map(|slot| before.at(slot)).filter(|mine| mine.expires_at() >= row.expires_at);
    match mine {
        Some(mine) => Heard {
            at: row.heard_at.max(mine.heard_at()),
            expires_at: mine.expires_at(),
            grace: Span::between(mine.expires_at(), mine.lapses_at()).max(before.others_grace),
            count: row.count.max(mine.count()),
        },
        None => Heard {
            at: row.heard_at,
            expires_at: row.expires_at,
            grace: Span::between(row.expires_at, lapses_at),
            count: row.count,
        },
    }
}

/// What other nodes changed.
fn follow(
    tx: &mut Tx<'_>,
    board: &mut Board,
    rules: &Rules,
    changes: &boards::Changes,
    now: Timestamp,
) -> Result<(), Halt> {
    for id in changes.groups.iter().copied().collect::<BTreeSet<_>>() {
        if let Some((group, None)) = group_rows::get(tx, id)? {
            match board.group_mut(id) {
                Some(mine) => *mine = group,
                None => board.open_group(group),
            }
            board.group_is_written(id);
            continue;
        }
        if let Some(open) = board.group(id) {
            for slot in open.alerts.clone() {
                board.take(slot);
            }
        }
        board.close_group(id);
    }
    let mut changed: BTreeMap<AlertId, Option<AlertRow>> = BTreeMap::new();
    for signal in &changes.signals {
        changed.extend(births::without_row(tx, *signal)?.into_iter().map(|row| (row.id, Some(row))));
    }
    for id in &changes.alerts {
        changed.insert(*id, alerts::get(tx, *id)?);
    }
    let (mut open, mut told) = (Vec::new(), Vec::new());
    for (id, row) in changed {
        if let Some(row) = row.as_ref().filter(|row| row.resolved_at.is_none()) {
            told.push(heard(row, board, rules, false, now));
        }
        if let Some(slot) = board.slot(id) {
            board.take(slot);
        }
        match row {
            Some(row) if row.resolved_at.is_none() => open.push(row),
            Some(row) if row.closing.as_deref() == Some("person") => {
                board.lay_aside(row.integration, row.key, row.starts_at);
            }
            _ => {}
        }
    }
    put_rows(tx, board, open, told)
}

/// So many entries of the log are read ahead of their turn. Fewer are not worth a thread.
const READ_AHEAD: usize = 4;

/// Puts rows on the board, with their labels from the signals log. Where they stand in many entries, as after a restart,
/// another thread takes the bodies apart meanwhile: that is half of the work.
fn put_rows(tx: &mut Tx<'_>, board: &mut Board, rows: Vec<AlertRow>, heard: Vec<Heard>) -> Result<(), Halt> {
    let mut signals: Vec<SignalId> = rows.iter().map(|row| row.signal).collect();
    signals.dedup();
    let mut rows = rows.into_iter().zip(heard).peekable();
    let mut put = |signal: &SignalId, labels: &[Labels]| {
        while let Some((row, heard)) = rows.next_if(|(row, _)| row.signal == *signal) {
            let own = labels.get(row.position as usize);
            put_row(board, row, &heard, own);
        }
    };
    if signals.len() <= READ_AHEAD {
        for signal in &signals {
            put(signal, &entry(tx, *signal)?.into_labels()?);
        }
        return Ok(());
    }
    thread::scope(|threads| {
        let (bring, brought) = sync_channel::<Logged>(READ_AHEAD);
        let (hand, handed) = sync_channel(READ_AHEAD);
        threads.spawn(move || {
            // Nobody may be there any more: then the reading failed, and says so itself.
            brought.into_iter().map(Logged::into_labels).all(|labels| hand.send(labels).is_ok())
        });
        let mut next = signals.iter();
        for (turn, signal) in signals.iter().enumerate() {
            for ahead in next.by_ref().take(if turn == 0 { READ_AHEAD } else { 1 }) {
                bring.send(entry(tx, *ahead)?).map_err(|_| Error::other("the log cannot be taken apart"))?;
            }
            let labels = handed.recv().map_err(|_| Error::other("the log cannot be taken apart"))??;
            put(signal, &labels);
        }
        Ok(())
    })
}

fn put_row(board: &mut Board, row: AlertRow, heard: &Heard, labels: Option<&Labels>) {
    let new = NewAlert {
        id: row.id,
        integration: row.integration,
        key: row.key,
        group: row.group,
        signal: row.signal,
        position: row.position,
        annotations_hash: row.annotations_hash,
        urgency: row.urgency,
        starts_at: row.starts_at,
        fired_at: row.fired_at,
        heard_at: heard.at,
        expires_at: heard.expires_at,
        grace: heard.grace,
        written_expires_at: row.expires_at,
        count: heard.count,
        taken: row.taken,
        muted: row.muted,
        has_row: row.has_row,
    };
    board.put(new, labels.into_iter().flat_map(Labels::iter));
}

/// Decides what pages, and writes everything down.
fn settle(turn: &mut Turn<'_, '_>, version: i64) -> Result<(), Halt> {
    // Causes first: the journal tells of an alert before it tells of its page.
    journal(turn)?;
    let mut verdicts: BTreeMap<GroupId, (&'static str, Option<String>)> = BTreeMap::new();
    for (id, news) in std::mem::take(&mut turn.effects.news) {
        let verdict = page_if_due(turn, id, &news)?;
        turn.effects.groups.insert(id);
        verdicts.insert(id, verdict);
    }
    for group in std::mem::take(&mut turn.effects.closed) {
        if let Some(page) = group.page {
            pages::end(turn, page, End::Resolved)?;
        }
        group_rows::save(turn.tx, &group, Some(turn.moment.now))?;
        turn.effects.closed.push(group);
    }
    quiet_pages(turn)?;
    write_alerts(turn, &verdicts)?;
    for id in &turn.effects.groups {
        if let Some(open) = turn.board.group(*id).filter(|open| open.changed) {
            group_rows::save(turn.tx, &open.group, None)?;
            turn.board.group_is_written(*id);
        }
    }
    note_changes(turn, version)?;
    turn.board.version = Some(version);
    Ok(())
}

/// Decides whether news in a group pages, and starts the page. Answers with the verdict for the alerts that are new.
fn page_if_due(
    turn: &mut Turn<'_, '_>,
    id: GroupId,
    news: &groups::News,
) -> Result<(&'static str, Option<String>), Halt> {
    let Some(open) = turn.board.group(id) else { return Ok(("closed", None)) };
    let paged = match open.group.page {
        None => Paged::Never,
        Some(page) => match store::engage::pages::get(turn.tx, page)?.map(|page| page.state) {
            Some(State::Calling { .. }) => Paged::Calling,
            Some(State::Acknowledged { .. }) => Paged::Acknowledged,
            _ => Paged::Over,
        },
    };
    let route = turn.rules.catalog.routes.get(&open.group.route);
    let wait = route.map_or(Span::ZERO, |route| route.group_wait);
    let now = turn.moment.now;
    match groups::call(&open.group, paged, news, wait, now) {
        Call::Start { because } => {
            let before = open.group.page;
            if let Some(group) = turn.board.group_mut(id) {
                group.told.extend(news.values.iter().cloned());
                group.urgency = group.urgency.max(news.urgency);
                group.due_at = None;
            }
            let page = pages::start_for_group(turn, id, &because, before)?;
            if let Some(group) = turn.board.group_mut(id) {
                group.page = Some(page);
            }
            Ok(("paged", Some(page.to_string())))
        }
        Call::Wait { until } => {
            if let Some(group) = turn.board.group_mut(id) {
                group.due_at = Some(until);
                group.urgency = group.urgency.max(news.urgency);
            }
            Ok(("waits", Some(until.to_string())))
        }
        Call::Join => Ok(("joined", open.group.page.map(|page| page.to_string()))),
        Call::Nobody { because } => {
            // Whatever it waited for is not paged: it must not come up again and again.
            if open.group.due_at.is_some()
                && let Some(group) = turn.board.group_mut(id)
            {
                group.due_at = None;
            }
            Ok(("nobody", Some(because.to_owned())))
        }
    }
}

/// A page is over when everything in its group is silenced or inhibited; and calls nobody when somebody has all the rest.
fn quiet_pages(turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
    let mut quiet = Vec::new();
    for id in &turn.effects.groups {
        let Some(open) = turn.board.group(*id) else { continue };
        let wanted = open.alerts.iter().any(|slot| turn.board.at(*slot).wants_attention());
        if let Some(page) = open.group.page.filter(|_| !wanted && !open.alerts.is_empty()) {
            quiet.push((*id, page));
        }
    }
    for (group, page) in quiet {
        match crate::detect::alerts::hold(turn, group) {
            None => {
                pages::end(turn, page, End::Silenced)?;
                // It is nobody's any more: what speaks again later speaks to everybody.
                crate::detect::alerts::give_back_group(turn, group, false);
            }
            Some(hold) => pages::hold(turn, page, &hold)?,
        }
    }
    Ok(())
}

/// Writes what became of alerts: those that began in one value beside the call that told of them, the others in rows.
fn write_alerts(
    turn: &mut Turn<'_, '_>,
    verdicts: &BTreeMap<GroupId, (&'static str, Option<String>)>,
) -> Result<(), Halt> {
    let config = turn.rules.catalog.revision;
    let by_group = |group: GroupId| {
        let (word, about) = verdicts.get(&group).map_or(("joined", None), |(word, about)| (*word, about.as_deref()));
        Verdict { word, about, config }
    };
    let fired = |effects: &Effects, id: AlertId| effects.fired.binary_search_by_key(&id, |(id, _)| *id).is_ok();
    let mut births = Births::new(turn.moment.now, config);
    let mut groups: BTreeMap<GroupId, usize> = BTreeMap::new();
    for (id, slot) in &turn.effects.fired {
        if turn.board.is_at(*slot, *id) {
            let alert = turn.board.at(*slot);
            let group = *groups.entry(alert.group).or_insert_with(|| births.group(alert.group, by_group(alert.group)));
            births.add(alert, group);
        }
    }
    let mut unfolded = Unfolded::default();
    for resolved in &turn.effects.resolved {
        let alert = &resolved.alert;
        let ended = Ended { at: resolved.at, closing: &resolved.closing };
        if alert.has_row() {
            alerts::resolve(turn.tx, alert, ended)?;
        } else if fired(&turn.effects, alert.id) {
            let over = Verdict { word: "over", about: None, config };
            alerts::insert(turn.tx, &AlertRow::of(alert, over).ended(ended))?;
        } else {
            let row = unfolded.row(turn.tx, alert, &turn.effects.moved)?;
            alerts::insert(turn.tx, &row.ended(ended))?;
        }
    }
    for id in &turn.effects.updated {
        let Some(slot) = turn.board.slot(*id).filter(|_| !fired(&turn.effects, *id)) else { continue };
        let alert = turn.board.at(slot);
        if alert.has_row() {
            alerts::update(turn.tx, alert)?;
        } else {
            let row = unfolded.row(turn.tx, alert, &turn.effects.moved)?;
            alerts::insert(turn.tx, &row)?;
        }
        alert.written();
        if alert.muted().is_none() && verdicts.contains_key(&alert.group) {
            alerts::set_verdict(turn.tx, *id, by_group(alert.group))?;
        }
        turn.board.row_is_there(slot);
    }
    unfolded.settle(turn.tx)?;
    if let Some(entry) = turn.entry.take().filter(|entry| !entry.is_empty()) {
        store::signals::append(turn.tx, entry, &births, turn.moment.now, &turn.node.identity.name)?;
    }
    Ok(())
}

/// Gives an open alert a row of its own, if it has none: somebody is about to change what the board does not know.
pub(crate) fn unfold(turn: &mut Turn<'_, '_>, slot: Slot) -> Result<(), Halt> {
    let alert = turn.board.at(slot);
    if alert.has_row() {
        return Ok(());
    }
    let mut unfolded = Unfolded::default();
    let row = unfolded.row(turn.tx, alert, &turn.effects.moved)?;
    alerts::insert(turn.tx, &row)?;
    turn.board.row_is_there(slot);
    unfolded.settle(turn.tx)
}

/// Alerts that get a row of their own: what was decided when they began is read where they began.
#[derive(Default)]
struct Unfolded {
    /// By the entry of the log in which they began: all of its alerts, and how many of them have got a row.
    entries: BTreeMap<SignalId, (births::Born, usize)>,
}

impl Unfolded {
    /// The row, as things stand now.
    fn row(&mut self, tx: &mut Tx<'_>, alert: &Alert, moved: &BTreeMap<AlertId, SignalId>) -> Result<AlertRow, Halt> {
        let signal = moved.get(&alert.id).copied().unwrap_or(alert.signal);
        let (born, count) = match self.entries.entry(signal) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert((births::of(tx, signal)?, 0)),
        };
        let began = born
            .row(alert.id)?
            .ok_or_else(|| Error::corrupt(format!("{signal} does not tell that {} began", alert.id)))?;
        *count += 1;
        let about = began.verdict_about.as_deref();
        Ok(AlertRow::of(alert, Verdict { word: &began.verdict, about, config: began.config }))
    }

    fn settle(self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        for (signal, (_, count)) in self.entries {
            births::settle(tx, signal, count)?;
        }
        Ok(())
    }
}

/// Tells the boards of other nodes what changed.
fn note_changes(turn: &mut Turn<'_, '_>, version: i64) -> Result<(), Halt> {
    if !boards::is_shared(turn.tx) {
        return Ok(());
    }
    let effects = &turn.effects;
    let began = effects.fired.iter().find(|(id, slot)| turn.board.is_at(*slot, *id));
    let began = began.map(|(_, slot)| turn.board.at(*slot).signal);
    let resolved = effects.resolved.iter().map(|resolved| resolved.alert.id);
    let closed = effects.closed.iter().map(|group| group.id);
    let changes = Changes {
        signals: began.into_iter().collect(),
        alerts: effects.updated.iter().copied().chain(resolved).collect(),
        groups: effects.groups.iter().copied().chain(closed).collect(),
    };
    Ok(boards::note_changes(turn.tx, version, turn.moment.now, &changes)?)
}

/// One event for all that fired, one for all that ended: the alerts stand in the data, the groups find them.
fn journal(turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
    let mut fired: BTreeMap<GroupId, Vec<AlertId>> = BTreeMap::new();
    for (id, slot) in &turn.effects.fired {
        if turn.board.is_at(*slot, *id) {
            fired.entry(turn.board.at(*slot).group).or_default().push(*id);
        }
    }
    let mut ended: BTreeMap<&'static str, BTreeMap<GroupId, Vec<AlertId>>> = BTreeMap::new();
    for resolved in &turn.effects.resolved {
        let word = resolved.closing.word();
        ended.entry(word).or_default().entry(resolved.alert.group).or_default().push(resolved.alert.id);
    }
    let subjects =
        |groups: &BTreeMap<GroupId, Vec<AlertId>>| groups.keys().map(ToString::to_string).collect::<Vec<String>>();
    if !fired.is_empty() {
        let data = json!({ "groups": fired_json(&fired) });
        // A group finds the first of it by its name; an alert finds its own by its id; and an incident all of its groups.
        let mut found_by: Vec<String> = turn.effects.opened.iter().map(ToString::to_string).collect();
        let linked = incidents::open_subjects(turn.tx)?;
        found_by.extend(subjects(&fired).into_iter().filter(|group| linked.contains(group)));
        announce::of_groups(turn.tx, &mut turn.moment, EventKind::AlertsFired, subjects(&fired), &found_by, data)?;
    }
    for (closing, groups) in ended {
        let kind = if closing == "lapsed" { EventKind::AlertsClosed } else { EventKind::AlertsResolved };
        let data = json!({ "by": closing, "groups": fired_json(&groups) });
        announce::event(turn.tx, &mut turn.moment, kind, subjects(&groups), None, data)?;
    }
    Ok(())
}

fn fired_json(groups: &BTreeMap<GroupId, Vec<AlertId>>) -> serde_json::Value {
    groups.iter().map(|(group, alerts)| (group.to_string(), json!(alerts))).collect::<serde_json::Map<_, _>>().into()
}

/// Has somebody taken the alert, and when does that end?
pub fn taken_by(taken: Option<&Taken>) -> Option<&domain::words::Name> {
    match taken {
        Some(Taken::Acknowledged { by, .. } | Taken::Snoozed { by, .. }) => Some(by),
        None => None,
    }
}
