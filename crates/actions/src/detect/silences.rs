//! Silences: created, changed, expired; and what they do to alerts when they begin and end.

use domain::detect::pipeline;
use domain::detect::silences::{Phase, Silence};
use domain::words::{Actor, EventKind, Mint, Refusal, SilenceId, Timestamp};
use serde_json::json;
use store::detect::silences;
use store::{Halt, Store, Tx};

use crate::board::{self, Pace, Turn};
use crate::{Moment, Node, announce};

/// Creates a silence; or changes the end and the comment of the one with this id. A silence whose matchers change is
/// expired, and a new one is created, as in Alertmanager. Answers with the id of the silence in force.
pub fn put(
    store: &Store,
    node: &Node,
    moment: &mut Moment<'_>,
    id: Option<SilenceId>,
    wanted: &Silence,
) -> Result<SilenceId, Halt> {
    put_and(store, node, moment, id, wanted, &mut |_, _| Ok(()))
}

/// As [`put`]; does something else with the silence in the same transaction.
pub fn put_and(
    store: &Store,
    node: &Node,
    moment: &mut Moment<'_>,
    id: Option<SilenceId>,
    wanted: &Silence,
    also: &mut dyn FnMut(&mut Tx<'_>, &Silence) -> Result<(), Halt>,
) -> Result<SilenceId, Halt> {
    board::turn(store, node, Pace::Ordinary, moment, |turn| {
        let now = turn.moment.now;
        let before = match id {
            Some(id) => {
                let found = silences::get(turn.tx, id)?;
                Some(found.ok_or_else(|| Refusal::not_found(format!("silence {id}")))?)
            }
            None => None,
        };
        let mut silence = wanted.clone();
        silence.updated_at = now;
        match before {
            Some(before) if before.matchers == silence.matchers && before.phase(now) != Phase::Expired => {
                silence.id = before.id;
                let started = before.starts_at.min(now);
                silence = silence.checked(now)?;
                if before.phase(now) == Phase::Active {
                    silence.starts_at = started.max(before.starts_at);
                }
                write(turn, &silence, "changed")?;
                also(turn.tx, &silence)?;
                Ok(silence.id)
            }
            before => {
                let silence = Silence { id: turn.moment.mint.id(now), ..silence }.checked(now)?;
                if let Some(before) = before.filter(|before| before.phase(now) != Phase::Expired) {
                    end(turn, before)?;
                }
                write(turn, &silence, "created")?;
                also(turn.tx, &silence)?;
                Ok(silence.id)
            }
        }
    })
}

/// Ends a silence now. One that has ended already stays as it is.
pub fn expire(store: &Store, node: &Node, moment: &mut Moment<'_>, id: SilenceId) -> Result<(), Halt> {
    board::turn(store, node, Pace::Ordinary, moment, |turn| {
        let silence = silences::get(turn.tx, id)?.ok_or_else(|| Refusal::not_found(format!("silence {id}")))?;
        if silence.phase(turn.moment.now) == Phase::Expired {
            return Err(Refusal::conflict("this silence has expired already").into());
        }
        end(turn, silence)
    })
}

/// Lets silences begin and end whose time has come. Answers how many.
pub fn keep_time(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(silences::due(tx, now)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("silence"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = silences::due(turn.tx, now)?;
        let count = due.len();
        for silence in due {
            match silence.phase(now) {
                Phase::Active => begin(turn, &silence)?,
                Phase::Pending => {}
                Phase::Expired => over(turn, &silence, None)?,
            }
        }
        Ok(count)
    })
}

fn write(turn: &mut Turn<'_, '_>, silence: &Silence, how: &'static str) -> Result<(), Halt> {
    let id = silence.id;
    let data = json!({
        "how": how,
        "matchers": silence.matchers,
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "created_by": silence.created_by,
    });
    let subjects = vec![id.to_string()];
    let comment = silence.comment.clone();
    announce::event(turn.tx, &mut turn.moment, EventKind::SilenceCreated, subjects, Some(&comment), data)?;
    turn.board.silences.retain(|other| other.id != id);
    turn.board.silences.push(silence.clone());
    turn.board.begun.remove(&id);
    turn.board.version = None;
    if silence.phase(turn.moment.now) == Phase::Active {
        begin(turn, silence)?;
    } else {
        silences::save(turn.tx, silence, Some(silence.starts_at))?;
    }
    Ok(())
}

/// It is active from now on: what it matches falls silent.
fn begin(turn: &mut Turn<'_, '_>, silence: &Silence) -> Result<(), Halt> {
    silences::save(turn.tx, silence, Some(silence.ends_at))?;
    turn.board.begun.insert(silence.id);
    for slot in turn.board.matching(&silence.matchers) {
        pipeline::reconsider(&mut turn.board, &turn.rules, slot, turn.moment.now, &mut turn.effects);
    }
    Ok(())
}

fn end(turn: &mut Turn<'_, '_>, mut silence: Silence) -> Result<(), Halt> {
    silence.ends_at = turn.moment.now;
    silence.starts_at = silence.starts_at.min(silence.ends_at);
    silence.updated_at = turn.moment.now;
    over(turn, &silence, Some("ended by hand"))
}

/// It is over: what it muted speaks again, unless something else mutes it.
fn over(turn: &mut Turn<'_, '_>, silence: &Silence, why: Option<&str>) -> Result<(), Halt> {
    silences::save(turn.tx, silence, None)?;
    turn.board.silences.retain(|other| other.id != silence.id);
    turn.board.begun.remove(&silence.id);
    turn.board.version = None;
    let subjects = vec![silence.id.to_string()];
    announce::event(turn.tx, &mut turn.moment, EventKind::SilenceExpired, subjects, why, json!({}))?;
    for slot in turn.board.silenced_by(silence.id) {
        pipeline::reconsider(&mut turn.board, &turn.rules, slot, turn.moment.now, &mut turn.effects);
    }
    Ok(())
}
