//! Which node may do what only one does at a time: number the journal, keep the watch.
//!
//! A lease is for economy, not for safety: a node that was stopped may wake and believe that it still
//! holds one. What it does must be harmless when done twice, or name the fence.

use domain::words::Timestamp;

use crate::door::{Error, Tx};

/// Takes the lease if it is free, over, or already this node's. The answer is the fence, which grows
/// with each change of hands.
pub fn acquire(
    tx: &mut Tx<'_>,
    name: &str,
    node: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<i64>, Error> {
    let row = tx.one(
        "INSERT INTO leases (name, node, until, fence) VALUES ($1, $2, $3, 1) \
         ON CONFLICT (name) DO UPDATE SET node = excluded.node, until = excluded.until, \
         fence = CASE WHEN leases.node = excluded.node THEN leases.fence ELSE leases.fence + 1 END \
         WHERE leases.node = excluded.node OR leases.until <= $4 RETURNING fence",
        &[name.into(), node.into(), until.into(), now.into()],
    )?;
    row.map(|row| row.int("fence")).transpose()
}

/// Holds on to the lease, if nobody else has taken it since.
pub fn renew(tx: &mut Tx<'_>, name: &str, node: &str, fence: i64, until: Timestamp) -> Result<bool, Error> {
    let renewed = tx.execute(
        "UPDATE leases SET until = $4 WHERE name = $1 AND node = $2 AND fence = $3",
        &[name.into(), node.into(), fence.into(), until.into()],
    )?;
    Ok(renewed == 1)
}

/// Lets go, so that another need not wait for the end.
pub fn release(tx: &mut Tx<'_>, name: &str, node: &str, fence: i64, now: Timestamp) -> Result<bool, Error> {
    let released = tx.execute(
        "UPDATE leases SET until = $4 WHERE name = $1 AND node = $2 AND fence = $3 AND until > $4",
        &[name.into(), node.into(), fence.into(), now.into()],
    )?;
    Ok(released == 1)
}

/// Which node holds the lease now.
pub fn holder(tx: &mut Tx<'_>, name: &str, now: Timestamp) -> Result<Option<String>, Error> {
    let row = tx.one("SELECT node FROM leases WHERE name = $1 AND until > $2", &[name.into(), now.into()])?;
    row.map(|row| Ok(row.text("node")?.to_owned())).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    both_engines! {
        fn a_lease_has_one_holder_until_it_is_over(store) {
            store.write(|tx| {
                assert_eq!(holder(tx, "journal", at(0))?, None);
                assert_eq!(acquire(tx, "journal", "a", at(0), at(10))?, Some(1));
                assert_eq!(acquire(tx, "journal", "b", at(5), at(15))?, None);
                assert_eq!(acquire(tx, "watch", "b", at(5), at(15))?, Some(1), "another lease");
                assert_eq!(holder(tx, "journal", at(5))?.as_deref(), Some("a"));
                assert_eq!(acquire(tx, "journal", "a", at(5), at(15))?, Some(1), "its own again");
                assert!(renew(tx, "journal", "a", 1, at(20))?);
                assert_eq!(acquire(tx, "journal", "b", at(15), at(25))?, None, "renewed");
                assert_eq!(holder(tx, "journal", at(20))?, None, "over");
                assert_eq!(acquire(tx, "journal", "b", at(20), at(30))?, Some(2));
                assert!(!renew(tx, "journal", "a", 1, at(40))?, "a stale holder renewed");
                assert!(!release(tx, "journal", "a", 1, at(21))?, "a stale holder released");
                assert!(release(tx, "journal", "b", 2, at(22))?);
                assert_eq!(acquire(tx, "journal", "a", at(22), at(32))?, Some(3));
                Ok(())
            }).unwrap();
        }

        fn of_two_that_race_for_a_lease_one_gets_it(store) {
            for turn in 0..10 {
                let won = AtomicU32::new(0);
                std::thread::scope(|threads| {
                    for node in ["a", "b"] {
                        let won = &won;
                        threads.spawn(move || {
                            let name = format!("turn-{turn}");
                            let fence = store.write(|tx| Ok(acquire(tx, &name, node, at(0), at(10))?)).unwrap();
                            won.fetch_add(u32::from(fence.is_some()), Ordering::Relaxed);
                        });
                    }
                });
                assert_eq!(won.into_inner(), 1);
            }
        }
    }
}
