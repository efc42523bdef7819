//! Who follows the journal, and how far they have read it.
//!
//! A reader moves on in the transaction that writes down what it read: at least once, and nothing is lost in a crash. Of
//! two nodes that read the same at once one moves the reader, and the other finds it moved.

use crate::door::{Error, Tx};
use crate::journal;

/// Begins to read after this number, if it has not begun; whether that was new.
pub fn begin(tx: &mut Tx<'_>, name: &str, number: i64) -> Result<bool, Error> {
    let begun = tx.execute(
        "INSERT INTO journal_readers (name, number) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        &[name.into(), number.into()],
    )?;
    Ok(begun == 1)
}

/// The number of the last entry that was read; `None` if it has not begun.
pub fn at(tx: &mut Tx<'_>, name: &str) -> Result<Option<i64>, Error> {
    let row = tx.one("SELECT number FROM journal_readers WHERE name = $1", &[name.into()])?;
    row.map(|row| row.int("number")).transpose()
}

/// Moves from one number to another; `false` if it no longer stands at the first.
pub fn advance(tx: &mut Tx<'_>, name: &str, from: i64, to: i64) -> Result<bool, Error> {
    let moved = tx.execute(
        "UPDATE journal_readers SET number = $3 WHERE name = $1 AND number = $2",
        &[name.into(), from.into(), to.into()],
    )?;
    Ok(moved == 1)
}

/// Reads no more; whether it had begun.
pub fn stop(tx: &mut Tx<'_>, name: &str) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM journal_readers WHERE name = $1", &[name.into()])? == 1)
}

/// What was not read yet is not read any more: for a database that was restored.
pub fn skip_all(tx: &mut Tx<'_>) -> Result<(), Error> {
    let last = journal::last(tx)?;
    tx.execute("UPDATE journal_readers SET number = $1 WHERE number < $1", &[last.into()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::both_engines;

    both_engines! {
        fn a_reader_begins_once_moves_on_and_stops(store) {
            store.write(|tx| {
                assert_eq!(at(tx, "chat")?, None);
                assert!(!advance(tx, "chat", 0, 5)?, "it has not begun");
                assert_eq!((begin(tx, "chat", 3)?, begin(tx, "chat", 9)?), (true, false));
                assert_eq!(at(tx, "chat")?, Some(3));
                assert!(advance(tx, "chat", 3, 7)?);
                assert!(!advance(tx, "chat", 3, 8)?, "somebody else moved it");
                assert_eq!(at(tx, "chat")?, Some(7));
                assert_eq!((stop(tx, "chat")?, stop(tx, "chat")?), (true, false));
                Ok(())
            }).unwrap();
        }

        fn of_two_nodes_that_read_the_same_one_moves_on(store) {
            store.write(|tx| Ok(begin(tx, "chat", 0)?)).unwrap();
            for turn in 0..10 {
                let moved = AtomicU32::new(0);
                std::thread::scope(|threads| {
                    for _ in 0..2 {
                        threads.spawn(|| {
                            let won = store.write(|tx| Ok(advance(tx, "chat", turn, turn + 1)?)).unwrap();
                            moved.fetch_add(u32::from(won), Ordering::Relaxed);
                        });
                    }
                });
                assert_eq!(moved.into_inner(), 1);
            }
        }
    }
}
