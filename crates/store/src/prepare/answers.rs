//! Requests that may come again, and what was answered to them: a key is noted in the transaction of the effect, and its
//! answer kept once it is known. What a request asks for is not known here.

use domain::words::Timestamp;

use crate::door::{Error, Tx};

/// A request with a key, of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub actor: String,
    pub key: String,
    /// SHA-256 of the request: the same key with another request is a mistake.
    pub body_hash: [u8; 32],
    /// Tells this request from another with the same key that is answered at the same time.
    pub turn: String,
    pub at: Timestamp,
    /// A key that was noted before then may be used afresh.
    pub forgotten_before: Timestamp,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub body_hash: Vec<u8>,
    /// `None`: done, or being done; what was answered is not known (yet).
    pub answer: Option<(i64, String)>,
    pub at: Timestamp,
}

/// The status of a row whose answer is not known yet; its response is the turn.
const NOTED: i64 = 0;

/// What is known of the key of a request.
pub fn get(tx: &mut Tx<'_>, asked: &Asked) -> Result<Option<Answered>, Error> {
    let row = tx.one(
        "SELECT body_hash, status, response, at FROM idempotency_keys WHERE actor = $1 AND key = $2 AND at >= $3",
        &[asked.actor.as_str().into(), asked.key.as_str().into(), asked.forgotten_before.into()],
    )?;
    row.map(|row| {
        let status = row.int("status")?;
        let answer = if status == NOTED { None } else { Some((status, row.text("response")?.to_owned())) };
        Ok(Answered { body_hash: row.bytes("body_hash")?.to_vec(), answer, at: row.instant("at")? })
    })
    .transpose()
}

/// Notes the key with the effect. `false`: another request has it, and the act must not stand.
pub fn note(tx: &mut Tx<'_>, asked: &Asked) -> Result<bool, Error> {
    put(tx, asked, NOTED, &asked.turn)
}

/// Keeps the answer. `false`: another request has the key.
pub fn keep(tx: &mut Tx<'_>, asked: &Asked, status: u16, response: &str) -> Result<bool, Error> {
    put(tx, asked, i64::from(status), response)
}

fn put(tx: &mut Tx<'_>, asked: &Asked, status: i64, response: &str) -> Result<bool, Error> {
    let touched = tx.execute(
        "INSERT INTO idempotency_keys (actor, key, body_hash, status, response, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (actor, key) DO UPDATE
         SET body_hash = excluded.body_hash, status = excluded.status, response = excluded.response, at = excluded.at
         WHERE idempotency_keys.at < $7 OR (idempotency_keys.status = 0 AND idempotency_keys.response = $8)",
        &[
            asked.actor.as_str().into(),
            asked.key.as_str().into(),
            asked.body_hash.as_slice().into(),
            status.into(),
            response.into(),
            asked.at.into(),
            asked.forgotten_before.into(),
            asked.turn.as_str().into(),
        ],
    )?;
    Ok(touched > 0)
}

/// Gives the key back: the request was refused.
pub fn release(tx: &mut Tx<'_>, asked: &Asked) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM idempotency_keys WHERE actor = $1 AND key = $2 AND status = 0 AND response = $3",
        &[asked.actor.as_str().into(), asked.key.as_str().into(), asked.turn.as_str().into()],
    )?;
    Ok(())
}

/// Forgets answers from before. How many there were.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM idempotency_keys WHERE at < $1", &[before.into()])
}

#[cfg(test)]
mod tests {
    use domain::words::Span;

    use super::*;
    use crate::Halt;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn asked(actor: &str, turn: &str, second: i64) -> Asked {
        Asked {
            actor: actor.into(),
            key: "k".into(),
            body_hash: [1; 32],
            turn: turn.into(),
            at: at(second),
            forgotten_before: Span::seconds(100).before(at(second)),
        }
    }

    crate::both_engines! {
        fn a_key_belongs_to_the_request_that_noted_it_until_it_is_forgotten(store) {
            let (first, second) = (asked("person:ana", "one", 0), asked("person:ana", "two", 1));
            store.write(|tx| {
                assert_eq!(get(tx, &first)?, None);
                assert!(note(tx, &first)?);
                assert!(note(tx, &first)?, "the second transaction of the same request");
                assert!(!note(tx, &second)?);
                assert_eq!(get(tx, &second)?.unwrap().answer, None);
                release(tx, &second)?;
                assert!(!keep(tx, &second, 200, "not mine")?);
                assert!(keep(tx, &first, 201, "made")?);
                assert!(!note(tx, &first)?, "once it is answered, nobody does it again");
                assert_eq!(get(tx, &second)?.unwrap().answer, Some((201, "made".into())));
                assert!(note(tx, &asked("person:ben", "one", 0))?, "keys are one's own");
                // After its time it may be used afresh, swept or not.
                let late = asked("person:ana", "three", 101);
                assert_eq!(get(tx, &late)?, None);
                assert!(note(tx, &late)?);
                release(tx, &late)?;
                assert_eq!(get(tx, &late)?, None);
                assert_eq!(cut(tx, at(1))?, 1);
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn what_a_transaction_begins_with_stands_or_falls_with_it(store) {
            let mine = asked("person:ana", "one", 0);
            let noted = mine.clone();
            let with_key = store.beginning_with(move |tx| {
                if note(tx, &noted)? { Ok(()) } else { Err(domain::words::Refusal::conflict("taken").into()) }
            });
            let refused = with_key.write(|_| Err::<(), _>(domain::words::Refusal::invalid("no").into()));
            assert!(refused.is_err());
            assert_eq!(store.read(|tx| Ok(get(tx, &mine)?)).unwrap(), None);
            with_key.write(|_| Ok(())).unwrap();
            assert!(store.read(|tx| Ok(get(tx, &mine)?)).unwrap().is_some());
            store.write(|tx| Ok(keep(tx, &mine, 200, "done")?)).unwrap();
            assert!(with_key.write(|_| -> Result<(), Halt> { panic!("it must not be begun") }).is_err());
        }

        fn of_two_at_once_with_one_key_one_is_done(store) {
            let done: Vec<bool> = std::thread::scope(|threads| {
                let both = ["one", "two"].map(|turn| threads.spawn(move || {
                    store.write(|tx| Ok(note(tx, &asked("person:ana", turn, 0))?)).unwrap()
                }));
                both.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert_eq!(done.iter().filter(|done| **done).count(), 1);
        }
    }
}
