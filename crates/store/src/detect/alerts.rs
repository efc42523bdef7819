//! Rows of alerts. Labels and annotations are not here: the row points into the signals log. An alert of which nothing
//! has changed since it began has no row yet ([`births`]); whoever reads alerts here need not know.

use std::iter::Peekable;
use std::vec::IntoIter;

use domain::detect::alerts::{Closing, Muted, Taken};
use domain::detect::board::Alert;
use domain::engage::deliveries::Urgency;
use domain::words::{AlertId, GroupId, Id as _, Name, SignalId, Timestamp};

use super::births;
use crate::door::{Error, Row, Tx, Value};

/// An alert as its row tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRow {
    pub id: AlertId,
    pub integration: Name,
    pub key: u64,
    pub group: GroupId,
    pub signal: SignalId,
    pub position: u32,
    pub annotations_hash: u64,
    pub urgency: Option<Urgency>,
    pub starts_at: Timestamp,
    pub fired_at: Timestamp,
    pub heard_at: Timestamp,
    pub expires_at: Timestamp,
    pub count: u32,
    pub verdict: String,
    pub verdict_about: Option<String>,
    pub config: i64,
    pub muted: Option<Muted>,
    pub taken: Option<Taken>,
    pub resolved_at: Option<Timestamp>,
    pub closing: Option<String>,
    pub closed_by: Option<String>,
    pub noise: Option<String>,
    /// False: nothing has changed since it began, and that is what was read.
    pub has_row: bool,
}

const COLUMNS: &str = "id, integration, key, group_id, signal, position, annotations_hash, urgency, starts_at, fired_at, \
    heard_at, expires_at, count, verdict, verdict_about, config, muted, taken, taken_by, taken_at, snoozed_until, \
    resolved_at, closing, closed_by, noise";

/// Why an alert paged, or why not, in a word, and what that is about.
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'a> {
    pub word: &'a str,
    pub about: Option<&'a str>,
    pub config: i64,
}

/// How it ended, for the row.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    pub at: Timestamp,
    pub closing: &'a Closing,
}

impl AlertRow {
    /// The row of an open alert.
    pub fn of(alert: &Alert, verdict: Verdict<'_>) -> Self {
        Self {
            id: alert.id,
            integration: alert.integration.clone(),
            key: alert.key,
            group: alert.group,
            signal: alert.signal,
            position: alert.position,
            annotations_hash: alert.annotations_hash,
            urgency: alert.urgency,
            starts_at: alert.starts_at,
            fired_at: alert.fired_at,
            heard_at: alert.heard_at(),
            expires_at: alert.expires_at(),
            count: alert.count(),
            verdict: verdict.word.to_owned(),
            verdict_about: verdict.about.map(str::to_owned),
            config: verdict.config,
            muted: alert.muted(),
            taken: alert.taken.as_deref().cloned(),
            resolved_at: None,
            closing: None,
            closed_by: None,
            noise: None,
            has_row: true,
        }
    }

    /// The same alert, over.
    pub fn ended(self, ended: Ended<'_>) -> Self {
        let by = match ended.closing {
            Closing::Person(name) => Some(name.to_string()),
            _ => None,
        };
        let closing = Some(ended.closing.word().to_owned());
        Self { resolved_at: Some(ended.at), closing, closed_by: by, muted: None, ..self }
    }
}

/// Writes the row of an alert that has none.
pub fn insert(tx: &mut Tx<'_>, row: &AlertRow) -> Result<(), Error> {
    let taken = taken(row.taken.as_ref());
    tx.execute(
        "INSERT INTO alerts (id, integration, key, group_id, signal, position, annotations_hash, urgency, starts_at, \
         fired_at, heard_at, expires_at, count, verdict, verdict_about, config, muted, taken, taken_by, taken_at, \
         snoozed_until, resolved_at, closing, closed_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)",
        &[
            row.id.into(),
            row.integration.as_str().into(),
            row.key.cast_signed().into(),
            row.group.into(),
            row.signal.into(),
            row.position.into(),
            row.annotations_hash.cast_signed().into(),
            row.urgency.map(Urgency::word).into(),
            row.starts_at.into(),
            row.fired_at.into(),
            row.heard_at.into(),
            row.expires_at.into(),
            row.count.into(),
            row.verdict.as_str().into(),
            row.verdict_about.as_deref().into(),
            row.config.into(),
            muted(row.muted),
            taken.0,
            taken.1,
            taken.2,
            // Nobody wakes for what is over.
            if row.resolved_at.is_some() { Value::Null } else { taken.3 },
            row.resolved_at.into(),
            row.closing.as_deref().into(),
            row.closed_by.as_deref().into(),
        ],
    )?;
    Ok(())
}

/// Writes what can change of an open alert.
pub fn update(tx: &mut Tx<'_>, alert: &Alert) -> Result<(), Error> {
    let taken = taken(alert.taken.as_deref());
    tx.execute(
        "UPDATE alerts SET signal = $2, position = $3, annotations_hash = $4, heard_at = $5, expires_at = $6, count = $7, \
         muted = $8, taken = $9, taken_by = $10, taken_at = $11, snoozed_until = $12 WHERE id = $1",
        &[
            alert.id.into(),
            alert.signal.into(),
            i64::from(alert.position).into(),
            alert.annotations_hash.cast_signed().into(),
            alert.heard_at().into(),
            alert.expires_at().into(),
            i64::from(alert.count()).into(),
            muted(alert.muted()),
            taken.0,
            taken.1,
            taken.2,
            taken.3,
        ],
    )?;
    Ok(())
}

/// Writes the end of an alert.
pub fn resolve(tx: &mut Tx<'_>, alert: &Alert, ended: Ended<'_>) -> Result<(), Error> {
    let [resolved_at, closing, closed_by] = closing(ended);
    tx.execute(
        "UPDATE alerts SET resolved_at = $2, closing = $3, closed_by = $4, heard_at = $5, count = $6, muted = NULL, \
         snoozed_until = NULL WHERE id = $1",
        &[alert.id.into(), resolved_at, closing, closed_by, alert.heard_at().into(), i64::from(alert.count()).into()],
    )?;
    Ok(())
}

/// Writes a later verdict: an alert that was muted spoke, or the other way round.
pub fn set_verdict(tx: &mut Tx<'_>, id: AlertId, verdict: Verdict<'_>) -> Result<(), Error> {
    tx.execute(
        "UPDATE alerts SET verdict = $2, verdict_about = $3, config = $4 WHERE id = $1",
        &[id.into(), verdict.word.into(), verdict.about.into(), verdict.config.into()],
    )?;
    Ok(())
}

/// A person says that it was noise. True if there is such an alert.
pub fn set_noise(tx: &mut Tx<'_>, id: AlertId, reason: Option<&str>) -> Result<bool, Error> {
    Ok(tx.execute("UPDATE alerts SET noise = $2 WHERE id = $1", &[id.into(), reason.into()])? > 0)
}

pub fn get(tx: &mut Tx<'_>, id: AlertId) -> Result<Option<AlertRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM alerts WHERE id = $1");
    match tx.one(&sql, &[id.into()])? {
        Some(row) => read(&row).map(Some),
        None => births::find(tx, id),
    }
}

/// Those of many, in no order; what has no row yet is not among them, and is on the board.
pub fn of_ids(tx: &mut Tx<'_>, ids: &[AlertId]) -> Result<Vec<AlertRow>, Error> {
    tx.query_ids(&format!("SELECT {COLUMNS} FROM alerts WHERE id IN ({{ids}})"), &[], ids)?.iter().map(read).collect()
}

/// Every open alert, oldest first.
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<AlertRow>, Error> {
    let (mut portions, mut all) = (OpenAlerts::start(tx)?, Vec::new());
    while let Some(rows) = portions.next(tx)? {
        all.extend(rows);
    }
    all.sort_by_key(|row| row.id);
    Ok(all)
}

/// Open alerts a portion at a time, for those who need not have all of them in memory. Oldest first, but for what began
/// in one entry of the log and comes in two portions.
#[derive(Debug)]
pub struct OpenAlerts {
    /// Alerts with a smaller id are done.
    from: AlertId,
    /// Entries that tell of alerts without a row.
    births: Peekable<IntoIter<(SignalId, i64)>>,
    done: bool,
    /// So many are enough at a time; there are a little more if an entry of the log has more.
    pub(super) portion: u32,
}

impl OpenAlerts {
    pub fn start(tx: &mut Tx<'_>) -> Result<Self, Error> {
        let births = births::open(tx)?.into_iter().peekable();
        Ok(Self { from: AlertId::from_bits(0), births, done: false, portion: 4096 })
    }

    /// `None` when there are no more.
    pub fn next(&mut self, tx: &mut Tx<'_>) -> Result<Option<Vec<AlertRow>>, Error> {
        let mut rows = Vec::new();
        while rows.len() < self.portion as usize && !self.done {
            self.take(tx, &mut rows)?;
        }
        rows.sort_by_key(|row| row.id);
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }

    /// The rows before the next entry, then those that began in it.
    fn take(&mut self, tx: &mut Tx<'_>, rows: &mut Vec<AlertRow>) -> Result<(), Error> {
        let to =
            self.births.peek().map_or(AlertId::from_bits(u128::MAX), |(signal, _)| AlertId::from_bits(signal.bits()));
        let sql = format!(
            "SELECT {COLUMNS} FROM alerts WHERE resolved_at IS NULL AND id >= $1 AND id < $2 ORDER BY id LIMIT $3"
        );
        let found = tx.query(&sql, &[self.from.into(), to.into(), i64::from(self.portion).into()])?;
        for row in &found {
            rows.push(read(row)?);
        }
        if let Some(last) = rows.last().filter(|_| found.len() == self.portion as usize) {
            self.from = AlertId::from_bits(last.id.bits() + 1);
            return Ok(());
        }
        self.from = to;
        match self.births.next() {
            Some((signal, _)) => rows.extend(births::without_row(tx, signal)?),
            None => self.done = true,
        }
        Ok(())
    }
}

/// Gives every alert without a row its row, as it began. For those who want to ask in SQL.
pub fn write_out(tx: &mut Tx<'_>) -> Result<(), Error> {
    for (signal, count) in births::open(tx)? {
        for row in births::without_row(tx, signal)? {
            insert(tx, &row)?;
        }
        births::settle(tx, signal, usize::try_from(count).unwrap_or(0))?;
    }
    Ok(())
}

/// Alerts that a person resolved after `since`: what their sources go on saying about them opens nothing.
pub fn closed_by_people(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<AlertRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM alerts WHERE resolved_at >= $1 AND closing = 'person' ORDER BY id");
    tx.query(&sql, &[since.into()])?.iter().map(read).collect()
}

/// Resolved alerts, the newest end first, from before a place in that order.
pub fn resolved(tx: &mut Tx<'_>, before: Option<(Timestamp, AlertId)>, limit: u32) -> Result<Vec<AlertRow>, Error> {
    let (at, id) = before.map_or((i64::MAX, "~".to_owned()), |(at, id)| (at.as_microsecond(), id.to_string()));
    let sql = format!(
        "SELECT {COLUMNS} FROM alerts WHERE resolved_at IS NOT NULL AND (resolved_at, id) < ($1, $2) \
         ORDER BY resolved_at DESC, id DESC LIMIT $3"
    );
    tx.query(&sql, &[at.into(), id.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// The earliest end of a snooze.
pub fn next_snooze(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(snoozed_until) AS due FROM alerts WHERE snoozed_until IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// Alerts whose snooze is over.
pub fn snoozes_over(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<AlertId>, Error> {
    let sql = "SELECT id FROM alerts WHERE snoozed_until IS NOT NULL AND snoozed_until <= $1 AND resolved_at IS NULL \
               ORDER BY snoozed_until, id LIMIT 500";
    tx.query(sql, &[now.into()])?.iter().map(|row| row.id("id")).collect()
}

/// Forgets up to `limit` alerts that ended before `before`; how many.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let sql = "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE resolved_at IS NOT NULL AND resolved_at < $1 \
               ORDER BY resolved_at, id LIMIT $2)";
    tx.execute(sql, &[before.into(), i64::from(limit).into()])
}

fn muted(muted: Option<Muted>) -> Value<'static> {
    match muted {
        None => Value::Null,
        Some(Muted::Silenced(id)) => id.to_string().into(),
        Some(Muted::Inhibited(id)) => id.to_string().into(),
    }
}

fn read_muted(text: Option<&str>) -> Result<Option<Muted>, Error> {
    let Some(text) = text else { return Ok(None) };
    let silenced = || text.parse().map(Muted::Silenced);
    let muted = text.parse().map(Muted::Inhibited).or_else(|_| silenced());
    muted.map(Some).map_err(|_| Error::corrupt("the column muted is neither a silence nor an alert"))
}

fn taken(taken: Option<&Taken>) -> (Value<'_>, Value<'_>, Value<'static>, Value<'static>) {
    match taken {
        None => (Value::Null, Value::Null, Value::Null, Value::Null),
        Some(Taken::Acknowledged { by, at }) => ("acknowledged".into(), by.as_str().into(), (*at).into(), Value::Null),
        Some(Taken::Snoozed { by, at, until }) => ("snoozed".into(), by.as_str().into(), (*at).into(), (*until).into()),
    }
}

fn closing(ended: Ended<'_>) -> [Value<'_>; 3] {
    let by = match ended.closing {
        Closing::Person(name) => name.as_str().into(),
        _ => Value::Null,
    };
    [ended.at.into(), ended.closing.word().into(), by]
}

fn read(row: &Row) -> Result<AlertRow, Error> {
    let taken = match row.opt_text("taken")? {
        None => None,
        Some("snoozed") => match row.opt_instant("snoozed_until")? {
            Some(until) => Some(Taken::Snoozed { by: row.name("taken_by")?, at: row.instant("taken_at")?, until }),
            None => Some(Taken::Acknowledged { by: row.name("taken_by")?, at: row.instant("taken_at")? }),
        },
        Some(_) => Some(Taken::Acknowledged { by: row.name("taken_by")?, at: row.instant("taken_at")? }),
    };
    let number = |column| row.int(column).map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    Ok(AlertRow {
        id: row.id("id")?,
        integration: row.name("integration")?,
        key: row.int("key")?.cast_unsigned(),
        group: row.id("group_id")?,
        signal: row.id("signal")?,
        position: number("position")?,
        annotations_hash: row.int("annotations_hash")?.cast_unsigned(),
        urgency: row.opt_parse("urgency")?,
        starts_at: row.instant("starts_at")?,
        fired_at: row.instant("fired_at")?,
        heard_at: row.instant("heard_at")?,
        expires_at: row.instant("expires_at")?,
        count: number("count")?,
        verdict: row.text("verdict")?.to_owned(),
        verdict_about: row.opt_text("verdict_about")?.map(str::to_owned),
        config: row.int("config")?,
        muted: read_muted(row.opt_text("muted")?)?,
        taken,
        resolved_at: row.opt_instant("resolved_at")?,
        closing: row.opt_text("closing")?.map(str::to_owned),
        closed_by: row.opt_text("closed_by")?.map(str::to_owned),
        noise: row.opt_text("noise")?.map(str::to_owned),
        has_row: true,
    })
}
