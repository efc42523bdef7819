//! Rows of pins, and the signals that they keep: housekeeping, which forgets old signals, leaves these alone.

use domain::learn::pins::{Expectation, Pin, Retired};
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, PinId, Span, Timestamp};

use crate::door::{Error, Row, Tx, Value};
use crate::respond::sight::{self, INCIDENT as SEEN};
use crate::signals::Body;

/// A call of a source that a pin keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub received_at: Timestamp,
    pub integration: Name,
    /// In the form of the signals log.
    pub body: Vec<u8>,
}

const COLUMNS: &str = "pins.id, pins.incident, pins.title, pins.whom, pins.within, pins.pinned_by, pins.pinned_at, \
    pins.first_at, pins.signals, pins.retired_at, pins.retired_by, pins.retired_why";

/// Writes a pin as it is now.
pub fn save(tx: &mut Tx<'_>, pin: &Pin) -> Result<(), Error> {
    let retired = pin.retired.as_ref();
    tx.execute(
        "INSERT INTO pins (id, incident, title, whom, within, pinned_by, pinned_at, first_at, signals, retired_at, \
         retired_by, retired_why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO UPDATE SET \
         whom = excluded.whom, within = excluded.within, retired_at = excluded.retired_at, \
         retired_by = excluded.retired_by, retired_why = excluded.retired_why",
        &[
            pin.id.into(),
            pin.incident.into(),
            pin.title.as_str().into(),
            pin.expect.whom.word().into(),
            pin.expect.within.as_millis().into(),
            (&pin.pinned_by).into(),
            pin.pinned_at.into(),
            pin.first_at.into(),
            pin.signals.into(),
            retired.map(|retired| retired.at).into(),
            retired.map(|retired| &retired.by).into(),
            retired.map(|retired| retired.why.as_str()).into(),
        ],
    )?;
    Ok(())
}

/// Keeps the signals of a pin, in their order.
pub fn keep_signals(tx: &mut Tx<'_>, id: PinId, signals: &[Kept]) -> Result<(), Error> {
    for (place, kept) in signals.iter().enumerate() {
        let body = Body::pack(&kept.body);
        let (size, packed) = body.parts();
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        tx.execute(
            "INSERT INTO pin_signals (pin, place, received_at, integration, size, body) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                id.into(),
                place.into(),
                kept.received_at.into(),
                (&kept.integration).into(),
                i64::try_from(size).unwrap_or(i64::MAX).into(),
                Value::bytes(packed),
            ],
        )?;
    }
    Ok(())
}

/// The signals of a pin, in the order in which they came.
pub fn signals(tx: &mut Tx<'_>, id: PinId) -> Result<Vec<Kept>, Error> {
    let sql = "SELECT received_at, integration, size, body FROM pin_signals WHERE pin = $1 ORDER BY place";
    let read = |row: &Row| {
        let size = usize::try_from(row.int("size")?).unwrap_or(usize::MAX);
        let body = Body::unpack(size, row.bytes("body")?);
        Ok(Kept {
            received_at: row.instant("received_at")?,
            integration: row.name("integration")?,
            body: body.ok_or_else(|| Error::corrupt(format!("a signal of {id} does not decompress")))?,
        })
    };
    tx.query(sql, &[id.into()])?.iter().map(read).collect()
}

/// One, if whoever looks may see its incident.
pub fn get(tx: &mut Tx<'_>, id: PinId, sight: Sight<'_>) -> Result<Option<Pin>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pins JOIN incidents ON incidents.id = pins.incident WHERE {SEEN} AND pins.id = $2"
    );
    tx.one(&sql, &[sight::bound(sight), id.into()])?.map(|row| read(&row)).transpose()
}

/// Those of incidents that are seen, the newest first: that hold something; or all.
pub fn list(tx: &mut Tx<'_>, also_retired: bool, sight: Sight<'_>, limit: u32) -> Result<Vec<Pin>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pins JOIN incidents ON incidents.id = pins.incident WHERE {SEEN} \
         AND ($2 OR pins.retired_at IS NULL) ORDER BY pins.id DESC LIMIT $3"
    );
    let rows = tx.query(&sql, &[sight::bound(sight), also_retired.into(), i64::from(limit).into()])?;
    rows.iter().map(read).collect()
}

/// The pin of an incident that holds something. Whether that may be seen was asked before.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<Pin>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pins WHERE pins.incident = $1 AND pins.retired_at IS NULL ORDER BY pins.id DESC LIMIT 1"
    );
    tx.one(&sql, &[incident.into()])?.map(|row| read(&row)).transpose()
}

/// How often each pin was let fail by somebody who may, since then.
pub fn overridden(tx: &mut Tx<'_>, id: PinId) -> Result<i64, Error> {
    let sql = "SELECT count(*) AS n FROM exemptions WHERE rule = 'pin' AND about = $1";
    tx.one(sql, &[id.into()])?.map_or(Ok(0), |row| row.int("n"))
}

fn read(row: &Row) -> Result<Pin, Error> {
    let retired = match (row.opt_instant("retired_at")?, row.opt_name("retired_by")?) {
        (Some(at), Some(by)) => Some(Retired { at, by, why: row.opt_text("retired_why")?.unwrap_or("").to_owned() }),
        _ => None,
    };
    let whom = row.text("whom")?.parse().map_err(|_| Error::corrupt("whom a pin must reach does not read"))?;
    Ok(Pin {
        id: row.id("id")?,
        incident: row.id("incident")?,
        title: row.text("title")?.to_owned(),
        expect: Expectation { whom, within: Span::millis(row.int("within")?) },
        pinned_by: row.name("pinned_by")?,
        pinned_at: row.instant("pinned_at")?,
        first_at: row.instant("first_at")?,
        signals: u32::try_from(row.int("signals")?).unwrap_or(0),
        retired,
    })
}

#[cfg(test)]
mod tests {
    use domain::learn::pins::Whom;
    use domain::respond::incidents::{Class, Visibility};
    use domain::words::Mint;

    use super::*;
    use crate::both_engines;
    use crate::respond::incidents::{self, tests::incident};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn pin(mint: &mut Mint, incident: IncidentId, second: i64) -> Pin {
        Pin {
            id: mint.id(at(second)),
            incident,
            title: "5xx high".into(),
            expect: Expectation { whom: "schedule/nights".parse().unwrap(), within: Span::seconds(90) },
            pinned_by: "ana".parse().unwrap(),
            pinned_at: at(second),
            first_at: at(0),
            signals: 2,
            retired: None,
        }
    }

    both_engines! {
        fn a_pin_and_its_signals_read_back(store) {
            let mut mint = Mint::seeded(1);
            let of = incident(&mut mint, 0, Class::System);
            let mut one = pin(&mut mint, of.id, 9);
            let kept = |second: i64, body: &[u8]| Kept {
                received_at: at(second),
                integration: "prometheus".parse().unwrap(),
                body: body.to_vec(),
            };
            let signals = [kept(0, b"[]"), kept(3, &b"[{\"labels\":{}}]".repeat(500))];
            store.write(|tx| {
                incidents::save(tx, &of)?;
                save(tx, &one)?;
                Ok(keep_signals(tx, one.id, &signals)?)
            }).unwrap();
            assert_eq!(store.read(|tx| Ok(super::signals(tx, one.id)?)).unwrap(), signals);
            assert_eq!(store.read(|tx| Ok(of_incident(tx, of.id)?)).unwrap().as_ref(), Some(&one));
            one.expect.whom = Whom::Anybody;
            one.retired = Some(Retired { at: at(20), by: "ben".parse().unwrap(), why: "the api is gone".into() });
            store.write(|tx| Ok(save(tx, &one)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(get(tx, one.id, Sight::Open)?)).unwrap().as_ref(), Some(&one));
            assert_eq!(store.read(|tx| Ok(of_incident(tx, of.id)?)).unwrap(), None);
            assert_eq!(store.read(|tx| Ok(overridden(tx, one.id)?)).unwrap(), 0);
            // What the log forgets, a pin keeps.
            store.write(|tx| Ok(crate::signals::cut(tx, at(1_000_000), 100)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(super::signals(tx, one.id)?)).unwrap().len(), 2);
        }

        fn pins_are_seen_by_those_who_see_their_incident(store) {
            let mut mint = Mint::seeded(2);
            let open = incident(&mut mint, 0, Class::System);
            let mut hidden = incident(&mut mint, 1, Class::Security);
            hidden.state.visibility = Visibility::Restricted;
            let (first, second, mut third) = (pin(&mut mint, open.id, 1), pin(&mut mint, hidden.id, 2), pin(&mut mint, open.id, 3));
            third.retired = Some(Retired { at: at(20), by: "ben".parse().unwrap(), why: "no".into() });
            store.write(|tx| {
                for one in [&open, &hidden] {
                    incidents::save(tx, one)?;
                }
                for one in [&first, &second, &third] {
                    save(tx, one)?;
                }
                Ok(())
            }).unwrap();
            let ids = |also_retired, sight| {
                let found = store.read(|tx| Ok(list(tx, also_retired, sight, 9)?)).unwrap();
                found.iter().map(|one| one.id).collect::<Vec<_>>()
            };
            assert_eq!(ids(false, Sight::Open), [first.id]);
            assert_eq!(ids(true, Sight::Open), [third.id, first.id]);
            assert_eq!(ids(false, Sight::Whole), [second.id, first.id]);
            assert_eq!(store.read(|tx| Ok(get(tx, second.id, Sight::Open)?)).unwrap(), None);
        }
    }
}
