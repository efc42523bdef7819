//! The signals log: every body that an integration sent and we answered for, as it came, for replay
//! and for those who ask what a source really said.
//!
//! Compressed before the transaction, so that nobody waits for it at the gate.

use domain::words::{Name, SignalId, Timestamp};

use crate::door::{Error, Row, Tx, Value};

/// No body is larger; a row that says so is not believed.
const SIZE_MOST: usize = 64 << 20;

/// A body, compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    size: usize,
    packed: Vec<u8>,
}

impl Body {
    pub fn pack(body: &[u8]) -> Self {
        Self { size: body.len(), packed: lz4_flex::block::compress(body) }
    }

    fn unpack(size: usize, packed: &[u8]) -> Result<Vec<u8>, Error> {
        let corrupt = || Error::corrupt("the body of a signal does not decompress");
        if size > SIZE_MOST {
            return Err(corrupt());
        }
        let body = lz4_flex::block::decompress(packed, size).map_err(|_| corrupt())?;
        if body.len() == size { Ok(body) } else { Err(corrupt()) }
    }
}

/// A call that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    pub id: SignalId,
    pub integration: Name,
    pub received_at: Timestamp,
    /// What the body is written in.
    pub format: String,
    /// How many alerts it holds.
    pub count: u32,
    pub body: Vec<u8>,
    pub node: String,
}

/// A call on its way into the log.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    pub id: SignalId,
    pub integration: &'a Name,
    pub received_at: Timestamp,
    pub format: &'a str,
    pub count: u32,
    pub body: &'a Body,
    pub node: &'a str,
}

pub fn append(tx: &mut Tx<'_>, signal: &Received<'_>) -> Result<(), Error> {
    let size = i64::try_from(signal.body.size).map_err(|_| Error::other("the body of a signal is too large"))?;
    tx.execute(
        "INSERT INTO signals (id, integration, received_at, format, count, size, body, node) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            signal.id.into(),
            signal.integration.into(),
            signal.received_at.into(),
            signal.format.into(),
            signal.count.into(),
            size.into(),
            Value::bytes(&signal.body.packed[..]),
            signal.node.into(),
        ],
    )?;
    Ok(())
}

pub fn get(tx: &mut Tx<'_>, id: SignalId) -> Result<Option<Signal>, Error> {
    tx.one(&format!("SELECT {COLUMNS} FROM signals WHERE id = $1"), &[id.into()])?.as_ref().map(signal).transpose()
}

/// What came in from `since` until before `until`, in order; the first `limit` after `after` if there is one.
pub fn between(
    tx: &mut Tx<'_>,
    since: Timestamp,
    until: Timestamp,
    after: Option<(Timestamp, SignalId)>,
    limit: u32,
) -> Result<Vec<Signal>, Error> {
    let (at, id) = after.map_or((since.into(), Value::from("")), |(at, id)| (Value::from(at), id.into()));
    let rows = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM signals WHERE (received_at, id) > ($1, $2) AND received_at >= $3 AND received_at < $4 \
             ORDER BY received_at, id LIMIT $5"
        ),
        &[at, id, since.into(), until.into(), limit.into()],
    )?;
    rows.iter().map(signal).collect()
}

/// Forgets up to `limit` of what came in before `before`, but not what an open alert is told by; how many. Some at a time, so that nobody waits long.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM signals WHERE id IN \
         (SELECT id FROM signals WHERE received_at < $1 AND id NOT IN \
         (SELECT signal FROM alerts WHERE resolved_at IS NULL) ORDER BY received_at, id LIMIT $2)",
        &[before.into(), limit.into()],
    )
}

const COLUMNS: &str = "id, integration, received_at, format, count, size, body, node";

fn signal(row: &Row) -> Result<Signal, Error> {
    Ok(Signal {
        id: row.id("id")?,
        integration: row.name("integration")?,
        received_at: row.instant("received_at")?,
        format: row.text("format")?.to_owned(),
        count: row.number("count")?,
        body: Body::unpack(row.number("size")?, row.bytes("body")?)?,
        node: row.text("node")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use crate::door::{ErrorKind, Halt};
    use domain::words::Mint;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn received<'a>(mint: &mut Mint, second: i64, name: &'a Name, body: &'a Body) -> Received<'a> {
        let received_at = at(second);
        Received {
            id: mint.id(received_at),
            integration: name,
            received_at,
            format: "alertmanager",
            count: 1,
            body,
            node: "a",
        }
    }

    both_engines! {
        fn a_body_comes_back_byte_for_byte_and_smaller_in_between(store) {
            let (mut mint, name) = (Mint::seeded(1), "prometheus".parse().unwrap());
            let noise: Vec<u8> = (0..9_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
            for body in [Vec::new(), b"{}".to_vec(), b"\0\xff".to_vec(), noise, b"[{\"labels\":{}}]".repeat(10_000)] {
                let packed = Body::pack(&body);
                let row = received(&mut mint, 0, &name, &packed);
                let found = store.write(|tx| { append(tx, &row)?; Ok(get(tx, row.id)?) }).unwrap().unwrap();
                assert_eq!((found.body == body, found.count, &*found.node, &found.integration), (true, 1, "a", &name));
                assert!(packed.packed.len() < body.len() / 50 || body.len() < 10_000);
            }
            assert_eq!(store.read(|tx| Ok(get(tx, Mint::seeded(2).id(at(0)))?)).unwrap(), None);
        }

        fn a_body_that_was_torn_is_named_not_served(store) {
            let (mut mint, name, body) = (Mint::seeded(1), "prometheus".parse().unwrap(), Body::pack(&[7; 1000]));
            let row = received(&mut mint, 0, &name, &body);
            store.write(|tx| Ok(append(tx, &row)?)).unwrap();
            for (size, body) in [(i64::MAX, &b"\0"[..]), (999, &body.packed), (1001, &body.packed), (-1, &body.packed), (1000, b"")] {
                let outcome = store.write(|tx| {
                    tx.execute("UPDATE signals SET size = $1, body = $2", &[size.into(), body.into()])?;
                    Ok(get(tx, row.id)?)
                });
                assert!(matches!(outcome, Err(Halt::Failed(error)) if error.kind == ErrorKind::Corrupt), "{size}");
            }
        }

        fn signals_are_read_by_time_and_cut_by_age(store) {
            let (mut mint, name, body) = (Mint::seeded(1), "prometheus".parse().unwrap(), Body::pack(b"[]"));
            for second in [5, 1, 3, 3, 2] {
                let row = received(&mut mint, second, &name, &body);
                store.write(|tx| Ok(append(tx, &row)?)).unwrap();
            }
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let page = store.read(|tx| Ok(between(tx, at(2), at(5), after, 2)?)).unwrap();
                let Some(last) = page.last() else { break };
                after = Some((last.received_at, last.id));
                seen.extend(page.iter().map(|signal| signal.received_at.as_second() - 1_790_000_000));
            }
            assert_eq!(seen, [2, 3, 3]);
            assert_eq!(store.write(|tx| Ok((cut(tx, at(3), 1)?, cut(tx, at(3), 9)?, cut(tx, at(3), 9)?))).unwrap(), (1, 1, 0));
            assert_eq!(store.read(|tx| Ok(between(tx, at(0), at(9), None, 9)?)).unwrap().len(), 3);
        }
    }
}
