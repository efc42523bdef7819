//! What is said over the line of a shared text: frames of y-sync, as Yjs programs speak them.
//!
//! A frame may hold several messages. What a program knows (`wants`), what it changed (`brings`), and where its cursor is; the
//! meaning of the changes is `shared_texts.rs`. Nothing of a frame is believed about who sent it.

use crate::words::{Refusal, Result};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Has this (a state vector), and wants the rest.
    Wants(Vec<u8>),
    /// A change.
    Brings(Vec<u8>),
    /// Where people are in the text.
    Where(Vec<Place>),
    /// Wants to hear where people are.
    AsksWhere,
}

/// Where one program's cursor is, as JSON; `null` when it left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub client: u64,
    pub clock: u64,
    pub state: String,
}

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const ASKS_AWARENESS: u64 = 3;
const WANTS: u64 = 0;
const ANSWERS: u64 = 1;
const BRINGS: u64 = 2;
/// So many places one frame tells of.
const PLACES_MOST: u64 = 200;

/// All messages of a frame. What we do not know is passed over, with all that follows it.
pub fn read(frame: &[u8]) -> Result<Vec<Said>> {
    let (mut rest, mut all) = (frame, Vec::new());
    while !rest.is_empty() {
        match number(&mut rest)? {
            SYNC => {
                let kind = number(&mut rest)?;
                let body = bytes(&mut rest)?.to_vec();
                all.push(match kind {
                    WANTS => Said::Wants(body),
                    ANSWERS | BRINGS => Said::Brings(body),
                    _ => return Err(wrong()),
                });
            }
            AWARENESS => all.push(Said::Where(places(bytes(&mut rest)?)?)),
            ASKS_AWARENESS => all.push(Said::AsksWhere),
            _ => break,
        }
    }
    Ok(all)
}

fn places(mut rest: &[u8]) -> Result<Vec<Place>> {
    let count = number(&mut rest)?;
    if count > PLACES_MOST {
        return Err(wrong());
    }
    let mut place = || {
        let (client, clock) = (number(&mut rest)?, number(&mut rest)?);
        let state = std::str::from_utf8(bytes(&mut rest)?).map_err(|_| wrong())?.to_owned();
        Ok(Place { client, clock, state })
    };
    (0..count).map(|_| place()).collect()
}

/// We have this, and want the rest.
pub fn wants(vector: &[u8]) -> Vec<u8> {
    sync(WANTS, vector)
}

/// The answer to what a program wants.
pub fn answers(update: &[u8]) -> Vec<u8> {
    sync(ANSWERS, update)
}

/// A change.
pub fn brings(update: &[u8]) -> Vec<u8> {
    sync(BRINGS, update)
}

fn sync(kind: u64, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 8);
    put(&mut out, SYNC);
    put(&mut out, kind);
    put_bytes(&mut out, body);
    out
}

/// Where people are. Of nobody, it says that the line is alive.
pub fn tells(places: &[Place]) -> Vec<u8> {
    let mut body = Vec::new();
    put(&mut body, places.len() as u64);
    for place in places {
        put(&mut body, place.client);
        put(&mut body, place.clock);
        put_bytes(&mut body, place.state.as_bytes());
    }
    let mut out = Vec::with_capacity(body.len() + 8);
    put(&mut out, AWARENESS);
    put_bytes(&mut out, &body);
    out
}

fn wrong() -> Refusal {
    Refusal::invalid("this is no message of y-sync")
}

/// Seven bits at a time, the lowest first.
fn number(rest: &mut &[u8]) -> Result<u64> {
    let mut all = 0;
    for shift in (0..63).step_by(7) {
        let (first, after) = rest.split_first().ok_or_else(wrong)?;
        *rest = after;
        all |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(all);
        }
    }
    Err(wrong())
}

fn bytes<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8]> {
    let length = usize::try_from(number(rest)?).map_err(|_| wrong())?;
    if length > rest.len() {
        return Err(wrong());
    }
    let (body, after) = rest.split_at(length);
    *rest = after;
    Ok(body)
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

fn put_bytes(out: &mut Vec<u8>, body: &[u8]) {
    put(out, body.len() as u64);
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_reads_back() {
        let place = Place { client: 4_294_967_295, clock: 300, state: "{\"user\":1}".into() };
        let frame = [wants(b"v"), answers(&[7; 200]), brings(b""), tells(std::slice::from_ref(&place))].concat();
        let said = read(&frame).unwrap();
        let all =
            [Said::Wants(b"v".into()), Said::Brings(vec![7; 200]), Said::Brings(vec![]), Said::Where(vec![place])];
        assert_eq!(said, all);
        assert_eq!(read(&[3]).unwrap(), [Said::AsksWhere]);
        // As y-protocols writes it: sync, step 1, one byte that says "nothing yet".
        assert_eq!(wants(&[0]), [0, 0, 1, 0]);
        assert_eq!(read(&[99, 1, 2]).unwrap(), []);
    }

    #[test]
    fn half_a_message_is_refused() {
        for frame in [&[0][..], &[0, 2], &[0, 2, 5, 1], &[0, 9, 0], &[1, 2, 255, 1], &[0, 0, 255, 255, 255, 255, 255]] {
            assert!(read(frame).is_err(), "{frame:?}");
        }
    }

    proptest! {
        #[test]
        fn rubbish_does_no_harm(frame in proptest::collection::vec(any::<u8>(), 0..60)) {
            _ = read(&frame);
        }
    }
}
