//! Alerts as people and programs read them: what the board or the row knows, with the words of the signals log.

use domain::detect::alerts::{Muted, Severity, Taken};
use domain::detect::board::{Board, Slot};
use domain::engage::deliveries::Urgency;
use domain::words::{AlertId, GroupId, Labels, Name, PageId, SignalId, Timestamp};
use store::detect::alerts::{self, AlertRow};
use store::{Halt, Tx};

use super::signals::{Entry, entry};
use crate::Node;

/// An alert, told whole.
#[derive(Clone, Debug)]
pub struct AlertView {
    pub id: AlertId,
    pub integration: Name,
    pub group: GroupId,
    pub labels: Labels,
    pub annotations: Labels,
    /// The source's own page about it.
    pub link: Option<String>,
    pub severity: Severity,
    pub urgency: Option<Urgency>,
    pub starts_at: Timestamp,
    pub fired_at: Timestamp,
    pub heard_at: Timestamp,
    pub expires_at: Timestamp,
    pub count: u32,
    pub taken: Option<Taken>,
    pub muted: Option<Muted>,
    pub resolved_at: Option<Timestamp>,
    /// How it ended: `source`, `lapsed`, `person`, `returned`.
    pub closing: Option<String>,
    pub closed_by: Option<String>,
    pub noise: Option<String>,
    /// What was decided when it fired: `paged`, `joined`, `waits`, `nobody`, `silenced`, `inhibited`, `over`.
    pub verdict: String,
    pub verdict_about: Option<String>,
    /// The changeset in force when that was decided.
    pub config: i64,
    /// Of its group.
    pub route: Option<Name>,
    pub service: Option<Name>,
    pub page: Option<PageId>,
}

impl AlertView {
    /// One line for people: the summary, or the name of the alert.
    pub fn summary(&self) -> &str {
        let said = ["summary", "message", "description"].into_iter().find_map(|name| self.annotations.get(name));
        said.unwrap_or_else(|| self.name())
    }

    pub fn name(&self) -> &str {
        self.labels.get("alertname").unwrap_or("Alert")
    }

    /// Whether it is part of a drill.
    pub fn is_drill(&self) -> bool {
        domain::prepare::drills::labelled(|name| self.labels.get(name))
    }

    /// `firing`, `acknowledged`, `snoozed`, `silenced`, `inhibited` or `resolved`.
    pub fn state(&self) -> &'static str {
        match (self.resolved_at, self.muted, &self.taken) {
            (Some(_), _, _) => "resolved",
            (None, Some(Muted::Silenced(_)), _) => "silenced",
            (None, Some(Muted::Inhibited(_)), _) => "inhibited",
            (None, None, Some(Taken::Snoozed { .. })) => "snoozed",
            (None, None, Some(Taken::Acknowledged { .. })) => "acknowledged",
            (None, None, None) => "firing",
        }
    }
}

/// Open alerts, in the order of the slots.
pub fn open(tx: &mut Tx<'_>, board: &Board, slots: &[Slot]) -> Result<Vec<AlertView>, Halt> {
    let mut log = Log::default();
    let mut views = Vec::with_capacity(slots.len());
    for slot in slots {
        let alert = board.at(*slot);
        // The row has what the board does not keep: the verdict. It may be a moment behind the board.
        let row = alerts::get(tx, alert.id)?;
        let told = log.told(tx, alert.signal, alert.position)?;
        let group = board.group(alert.group).map(|open| &open.group);
        views.push(AlertView {
            id: alert.id,
            integration: alert.integration.clone(),
            group: alert.group,
            labels: board.labels(*slot),
            annotations: told.annotations,
            link: told.link,
            severity: board.severity(*slot),
            urgency: alert.urgency,
            starts_at: alert.starts_at,
            fired_at: alert.fired_at,
            heard_at: alert.heard_at(),
            expires_at: alert.expires_at(),
            count: alert.count(),
            taken: alert.taken.as_deref().cloned(),
            muted: alert.muted(),
            resolved_at: None,
            closing: None,
            closed_by: None,
            noise: row.as_ref().and_then(|row| row.noise.clone()),
            verdict: row.as_ref().map_or_else(String::new, |row| row.verdict.clone()),
            verdict_about: row.as_ref().and_then(|row| row.verdict_about.clone()),
            config: row.as_ref().map_or(0, |row| row.config),
            route: group.map(|group| group.route.clone()),
            service: group.and_then(|group| group.service.clone()),
            page: group.and_then(|group| group.page),
        });
    }
    Ok(views)
}

/// Alerts by their rows: those that are over.
pub fn rows(tx: &mut Tx<'_>, rows: Vec<AlertRow>) -> Result<Vec<AlertView>, Halt> {
    let mut log = Log::default();
    rows.into_iter().map(|row| of_row(tx, &mut log, row)).collect()
}

/// One alert, open or over.
pub fn one(tx: &mut Tx<'_>, board: &Board, id: AlertId) -> Result<Option<AlertView>, Halt> {
    if let Some(slot) = board.slot(id) {
        return Ok(open(tx, board, &[slot])?.pop());
    }
    match alerts::get(tx, id)? {
        Some(row) => Ok(Some(of_row(tx, &mut Log::default(), row)?)),
        None => Ok(None),
    }
}

/// An alert in one line, and how it stands: `DiskFull: 93 % on db-2`, `firing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: AlertId,
    pub title: String,
    pub state: &'static str,
}

impl Line {
    fn of(view: &AlertView) -> Self {
        let (name, said) = (view.name(), view.summary());
        let title = if said.starts_with(name) { said.to_owned() } else { format!("{name}: {said}") };
        let title = domain::prepare::drills::marked(view.is_drill(), &title).into_owned();
        Self { id: view.id, title, state: view.state() }
    }
}

/// Many alerts, a line each: those that are open by the board, the others by their rows.
pub fn lines(tx: &mut Tx<'_>, node: &Node, ids: &[AlertId]) -> Result<Vec<Line>, Halt> {
    let (open, over): (Vec<_>, Vec<_>) = {
        let board = node.board();
        ids.iter().map(|id| (*id, board.slot(*id))).partition(|(_, slot)| slot.is_some())
    };
    let over: Vec<AlertId> = over.into_iter().map(|(id, _)| id).collect();
    let mut all = alerts::of_ids(tx, &over)?;
    all.sort_by_key(|row| (row.signal, row.position));
    let mut log = Log::default();
    let mut found = Vec::new();
    for row in all {
        found.push(Line::of(&of_row(tx, &mut log, row)?));
    }
    let board = node.board();
    let mut slots: Vec<Slot> = open.into_iter().filter_map(|(id, _)| board.slot(id)).collect();
    slots.sort_by_key(|slot| (board.at(*slot).signal, board.at(*slot).position));
    let views = self::open(tx, &board, &slots)?;
    found.extend(views.iter().map(Line::of));
    Ok(found)
}

fn of_row(tx: &mut Tx<'_>, log: &mut Log, row: AlertRow) -> Result<AlertView, Halt> {
    let told = log.told(tx, row.signal, row.position)?;
    let group = store::detect::groups::get(tx, row.group)?.map(|(group, _)| group);
    let severity = Severity::read(told.labels.get("severity").unwrap_or(""));
    Ok(AlertView {
        id: row.id,
        integration: row.integration,
        group: row.group,
        labels: told.labels,
        annotations: told.annotations,
        link: told.link,
        severity,
        urgency: row.urgency,
        starts_at: row.starts_at,
        fired_at: row.fired_at,
        heard_at: row.heard_at,
        expires_at: row.expires_at,
        count: row.count,
        taken: row.taken,
        muted: row.muted,
        resolved_at: row.resolved_at,
        closing: row.closing,
        closed_by: row.closed_by,
        noise: row.noise,
        verdict: row.verdict,
        verdict_about: row.verdict_about,
        config: row.config,
        route: group.as_ref().map(|group| group.route.clone()),
        service: group.as_ref().and_then(|group| group.service.clone()),
        page: group.as_ref().and_then(|group| group.page),
    })
}

/// The entry of the log that was read last: neighbours in a list often came in one call.
#[derive(Default)]
struct Log {
    last: Option<(SignalId, Entry)>,
}

impl Log {
    fn told(&mut self, tx: &mut Tx<'_>, signal: SignalId, position: u32) -> Result<super::signals::Particulars, Halt> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != signal) {
            self.last = Some((signal, entry(tx, signal)?));
        }
        Ok(self.last.as_ref().map(|(_, entry)| entry.particulars(position)).transpose()?.unwrap_or_default())
    }
}
