//! Alerts as they began. All that began in one transaction are one value, in the entry of the signals log that tells of
//! them; each gets a row of its own when something of it changes. So a storm of a thousand alerts is a handful of pages
//! on the disk, and most of what it brings is written once more, when it ends.
//!
//! The table `births` names the entries that tell of open alerts without a row.

use std::collections::BTreeSet;

use domain::detect::alerts::Muted;
use domain::detect::board::Alert;
use domain::engage::deliveries::Urgency;
use domain::words::{AlertId, GroupId, Id, Name, SignalId, SilenceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::alerts::{AlertRow, Verdict};
use crate::door::{Error, Tx, Value};

/// Alerts that begin in one transaction, on their way into the log.
#[derive(Debug)]
pub struct Births(Packed);

/// As they are kept: what many share stands once, in a list, and is named by its place in it.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    fired_at: i64,
    config: i64,
    integrations: Vec<String>,
    groups: Vec<PackedGroup>,
    alerts: Vec<PackedAlert>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PackedGroup {
    id: u128,
    verdict: String,
    about: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PackedAlert {
    id: u128,
    integration: usize,
    group: usize,
    position: u32,
    key: u64,
    annotations_hash: u64,
    high: Option<bool>,
    starts_at: i64,
    expires_at: i64,
    muted: Option<PackedMuted>,
}

#[derive(Debug, Serialize, Deserialize)]
enum PackedMuted {
    Silenced(u128),
    Inhibited(u128),
}

impl Births {
    /// `config` is the changeset in force.
    pub fn new(fired_at: Timestamp, config: i64) -> Self {
        let fired_at = fired_at.as_microsecond();
        Self(Packed { fired_at, config, integrations: Vec::new(), groups: Vec::new(), alerts: Vec::new() })
    }

    /// Names a group and what was decided for those of its alerts that speak; the answer is its place.
    pub fn group(&mut self, id: GroupId, verdict: Verdict<'_>) -> usize {
        let about = verdict.about.map(str::to_owned);
        self.0.groups.push(PackedGroup { id: id.bits(), verdict: verdict.word.to_owned(), about });
        self.0.groups.len() - 1
    }

    /// Adds an alert that began just now. `group` is the place of its group.
    pub fn add(&mut self, alert: &Alert, group: usize) {
        let integrations = &mut self.0.integrations;
        let known = integrations.iter().rposition(|name| alert.integration == **name);
        let integration = known.unwrap_or_else(|| {
            integrations.push(alert.integration.to_string());
            integrations.len() - 1
        });
        self.0.alerts.push(PackedAlert {
            id: alert.id.bits(),
            integration,
            group,
            position: alert.position,
            key: alert.key,
            annotations_hash: alert.annotations_hash,
            high: alert.urgency.map(|urgency| urgency == Urgency::High),
            starts_at: alert.starts_at.as_microsecond(),
            expires_at: alert.expires_at().as_microsecond(),
            muted: alert.muted().map(|muted| match muted {
                Muted::Silenced(id) => PackedMuted::Silenced(id.bits()),
                Muted::Inhibited(id) => PackedMuted::Inhibited(id.bits()),
            }),
        });
    }

    pub fn len(&self) -> usize {
        self.0.alerts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.alerts.is_empty()
    }

    /// As the log keeps them.
    pub(crate) fn pack(&self) -> Result<Vec<u8>, Error> {
        postcard::to_allocvec(&self.0).map_err(|error| Error::other(format!("births cannot be packed: {error}")))
    }
}

impl Packed {
    fn row(&self, signal: SignalId, alert: &PackedAlert) -> Result<AlertRow, Error> {
        let torn = || corrupt(signal);
        let integration: Name =
            self.integrations.get(alert.integration).ok_or_else(torn)?.parse().map_err(|_| torn())?;
        let group = self.groups.get(alert.group).ok_or_else(torn)?;
        let instant = |micros| Timestamp::from_microsecond(micros).map_err(|_| torn());
        let muted = alert.muted.as_ref().map(|muted| match muted {
            PackedMuted::Silenced(id) => Muted::Silenced(SilenceId::from_bits(*id)),
            PackedMuted::Inhibited(id) => Muted::Inhibited(AlertId::from_bits(*id)),
        });
        let (verdict, verdict_about) = match muted {
            None => (group.verdict.clone(), group.about.clone()),
            Some(Muted::Silenced(id)) => ("silenced".to_owned(), Some(id.to_string())),
            Some(Muted::Inhibited(id)) => ("inhibited".to_owned(), Some(id.to_string())),
        };
        let (fired_at, expires_at) = (instant(self.fired_at)?, instant(alert.expires_at)?);
        Ok(AlertRow {
            id: AlertId::from_bits(alert.id),
            integration,
            key: alert.key,
            group: GroupId::from_bits(group.id),
            signal,
            position: alert.position,
            annotations_hash: alert.annotations_hash,
            urgency: alert.high.map(|high| if high { Urgency::High } else { Urgency::Low }),
            starts_at: instant(alert.starts_at)?,
            fired_at,
            heard_at: fired_at,
            expires_at,
            count: 1,
            verdict,
            verdict_about,
            config: self.config,
            muted,
            taken: None,
            resolved_at: None,
            closing: None,
            closed_by: None,
            noise: None,
            has_row: false,
        })
    }
}

/// Notes that an entry of the log tells of so many alerts without a row.
pub(crate) fn note(tx: &mut Tx<'_>, signal: SignalId, count: usize) -> Result<(), Error> {
    if count > 0 {
        let left = i64::try_from(count).unwrap_or(i64::MAX);
        tx.execute("INSERT INTO births (signal, left_over) VALUES ($1, $2)", &[signal.into(), left.into()])?;
    }
    Ok(())
}

/// So many alerts that began in this entry have a row now.
pub fn settle(tx: &mut Tx<'_>, signal: SignalId, count: usize) -> Result<(), Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    tx.execute("UPDATE births SET left_over = left_over - $2 WHERE signal = $1", &[signal.into(), count.into()])?;
    tx.execute("DELETE FROM births WHERE signal = $1 AND left_over <= 0", &[signal.into()])?;
    Ok(())
}

/// All that began in one entry of the log, as it began.
#[derive(Debug)]
pub struct Born {
    signal: SignalId,
    packed: Packed,
}

impl Born {
    /// One of them; none, if it did not begin there.
    pub fn row(&self, id: AlertId) -> Result<Option<AlertRow>, Error> {
        let found = self.packed.alerts.iter().find(|alert| alert.id == id.bits());
        found.map(|alert| self.packed.row(self.signal, alert)).transpose()
    }

    fn rows(&self) -> Result<Vec<AlertRow>, Error> {
        self.packed.alerts.iter().map(|alert| self.packed.row(self.signal, alert)).collect()
    }
}

/// Every alert that began in this entry, as it began; none, if the log was cut.
pub fn of(tx: &mut Tx<'_>, signal: SignalId) -> Result<Born, Error> {
    let packed = match tx.one("SELECT births FROM signals WHERE id = $1", &[signal.into()])? {
        Some(row) => postcard::from_bytes(row.bytes("births")?).map_err(|_| corrupt(signal))?,
        None => Births::new(Timestamp::UNIX_EPOCH, 0).0,
    };
    Ok(Born { signal, packed })
}

/// Those of them that have no row yet.
pub fn without_row(tx: &mut Tx<'_>, signal: SignalId) -> Result<Vec<AlertRow>, Error> {
    let mut born = of(tx, signal)?.rows()?;
    let (Some(first), Some(last)) = (born.first(), born.last()) else { return Ok(born) };
    let rows = tx.query("SELECT id FROM alerts WHERE id >= $1 AND id <= $2", &[first.id.into(), last.id.into()])?;
    let there = rows.iter().map(|row| row.id("id")).collect::<Result<BTreeSet<AlertId>, _>>()?;
    born.retain(|row| !there.contains(&row.id));
    Ok(born)
}

/// The entries that tell of alerts without a row, oldest first, each with how many.
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<(SignalId, i64)>, Error> {
    let rows = tx.query("SELECT signal, left_over FROM births ORDER BY signal", &[])?;
    rows.iter().map(|row| Ok((row.id("signal")?, row.int("left_over")?))).collect()
}

/// An alert without a row, by its id: it was minted a little after the entry that it began in.
pub(crate) fn find(tx: &mut Tx<'_>, id: AlertId) -> Result<Option<AlertRow>, Error> {
    let earliest = SignalId::from_bits(id.bits().saturating_sub(MINTED_AT_ONCE));
    let rows = tx.query(
        "SELECT signal FROM births WHERE signal >= $1 AND signal < $2 ORDER BY signal DESC",
        &[earliest.into(), Value::from(SignalId::from_bits(id.bits()))],
    )?;
    for row in rows {
        if let Some(found) = of(tx, row.id("signal")?)?.row(id)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// More ids than one transaction mints.
pub(crate) const MINTED_AT_ONCE: u128 = 1 << 20;

fn corrupt(signal: SignalId) -> Error {
    Error::corrupt(format!("the births of {signal} do not read"))
}

#[cfg(test)]
mod tests {
    use domain::detect::board::{Board, NewAlert, Slot};
    use domain::words::{Mint, Span};

    use super::*;
    use crate::both_engines;
    use crate::detect::alerts;
    use crate::signals::{self, Draft};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    /// A board with three alerts that began in one entry: one speaks, one is silenced, one is inhibited by the first.
    fn three(mint: &mut Mint) -> (Board, Draft, Vec<Slot>) {
        let draft = Draft::new(mint.id(at(0)));
        let (mut board, group) = (Board::default(), mint.id(at(0)));
        let first: AlertId = mint.id(at(0));
        let muted = [None, Some(Muted::Silenced(mint.id(at(0)))), Some(Muted::Inhibited(first))];
        let slots = muted.into_iter().zip(0..).map(|(muted, position)| {
            let id = if position == 0 { first } else { mint.id(at(0)) };
            let new = NewAlert {
                id,
                integration: if position == 2 { "other" } else { "prom" }.parse().unwrap(),
                key: u64::MAX - u64::from(position),
                group,
                signal: draft.id,
                position,
                annotations_hash: 7,
                urgency: [None, Some(Urgency::High), Some(Urgency::Low)][position as usize],
                starts_at: at(-9),
                fired_at: at(0),
                heard_at: at(0),
                expires_at: at(300),
                grace: Span::ZERO,
                written_expires_at: at(300),
                count: 1,
                taken: None,
                muted,
                has_row: false,
            };
            board.put(new, [("alertname", "a")].into_iter())
        });
        let slots = slots.collect();
        (board, draft, slots)
    }

    /// Writes the three, and answers with what their rows would say.
    fn begin(tx: &mut Tx<'_>, mint: &mut Mint) -> Result<(SignalId, Vec<AlertRow>), Error> {
        let (board, draft, slots) = three(mint);
        let mut births = Births::new(at(0), 42);
        let about = "pag_06f1k2m9qv7x3t1a";
        let group = births.group(board.at(slots[0]).group, Verdict { word: "paged", about: Some(about), config: 42 });
        let mut expected = Vec::new();
        for slot in slots {
            let alert = board.at(slot);
            births.add(alert, group);
            let (word, about) = match alert.muted() {
                None => ("paged", about.to_owned()),
                Some(Muted::Silenced(id)) => ("silenced", id.to_string()),
                Some(Muted::Inhibited(id)) => ("inhibited", id.to_string()),
            };
            let row = AlertRow::of(alert, Verdict { word, about: Some(&about), config: 42 });
            expected.push(AlertRow { has_row: false, ..row });
        }
        let signal = draft.id;
        signals::append(tx, draft, &births, at(0), "a")?;
        Ok((signal, expected))
    }

    both_engines! {
        fn alerts_that_began_read_as_if_they_had_rows(store) {
            let mut mint = Mint::seeded(1);
            let (signal, expected) = store.write(|tx| Ok(begin(tx, &mut mint)?)).unwrap();
            store.read(|tx| {
                assert_eq!(alerts::open(tx)?, expected);
                for row in &expected {
                    assert_eq!(alerts::get(tx, row.id)?.as_ref(), Some(row));
                }
                assert_eq!(alerts::get(tx, AlertId::from_bits(expected[2].id.bits() + 1))?, None);
                assert_eq!(open(tx)?, [(signal, 3)]);
                Ok(())
            }).unwrap();
        }

        fn a_row_takes_the_place_of_the_birth(store) {
            let mut mint = Mint::seeded(1);
            let (signal, expected) = store.write(|tx| Ok(begin(tx, &mut mint)?)).unwrap();
            store.write(|tx| {
                alerts::insert(tx, &AlertRow { count: 5, has_row: true, ..expected[1].clone() })?;
                Ok(settle(tx, signal, 1)?)
            }).unwrap();
            store.read(|tx| {
                let counts: Vec<_> = alerts::open(tx)?.iter().map(|row| (row.count, row.has_row)).collect();
                assert_eq!(counts, [(1, false), (5, true), (1, false)]);
                assert_eq!(alerts::get(tx, expected[1].id)?.unwrap().count, 5);
                assert_eq!(open(tx)?, [(signal, 2)]);
                Ok(())
            }).unwrap();
            // The entry stays as long as an alert has no row, however old it is.
            assert_eq!(store.write(|tx| Ok(signals::cut(tx, at(9000), 9)?)).unwrap(), 0);
            store.write(|tx| Ok(alerts::write_out(tx)?)).unwrap();
            store.read(|tx| {
                let mut rows = alerts::open(tx)?;
                assert!(rows.iter().all(|row| row.has_row) && rows.len() == 3 && open(tx)?.is_empty());
                rows[0].has_row = false;
                assert_eq!(rows[0], expected[0], "as it began");
                Ok(())
            }).unwrap();
        }

        fn open_alerts_come_in_portions_each_once(store) {
            let mut mint = Mint::seeded(1);
            let mut expected = Vec::new();
            for round in 0..3 {
                let (signal, born) = store.write(|tx| Ok(begin(tx, &mut mint)?)).unwrap();
                let rows = &born[..round];
                store.write(|tx| {
                    for row in rows {
                        alerts::insert(tx, &AlertRow { has_row: true, ..row.clone() })?;
                    }
                    Ok(settle(tx, signal, round)?)
                }).unwrap();
                expected.extend(born.iter().map(|row| row.id));
            }
            for portion in 1..12 {
                let (sizes, mut ids): (Vec<usize>, Vec<AlertId>) = store.read(|tx| {
                    let mut open = alerts::OpenAlerts::start(tx)?;
                    open.portion = portion;
                    let (mut sizes, mut ids) = (Vec::new(), Vec::new());
                    while let Some(rows) = open.next(tx)? {
                        sizes.push(rows.len());
                        ids.extend(rows.iter().map(|row| row.id));
                    }
                    Ok((sizes, ids))
                }).unwrap();
                assert!(sizes.iter().all(|size| *size < portion as usize + 3), "{portion}: {sizes:?}");
                ids.sort();
                assert_eq!(ids, expected, "{portion}");
            }
        }

        fn births_that_were_torn_are_named_not_served(store) {
            let mut mint = Mint::seeded(1);
            let (signal, _) = store.write(|tx| Ok(begin(tx, &mut mint)?)).unwrap();
            let whole = store.read(|tx| {
                Ok(tx.one("SELECT births FROM signals", &[])?.unwrap().bytes("births")?.to_vec())
            }).unwrap();
            for end in 0..whole.len() {
                store.write(|tx| {
                    tx.execute("UPDATE signals SET births = $1", &[Value::bytes(&whole[..end])])?;
                    assert_eq!(of(tx, signal).unwrap_err().kind, crate::door::ErrorKind::Corrupt, "{end}");
                    Ok(())
                }).unwrap();
            }
        }
    }
}
