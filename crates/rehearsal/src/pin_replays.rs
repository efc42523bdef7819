//! The signals of pins, once more, through a configuration: whom do they reach, and when?
//!
//! Each pin is played alone, in a store of its own, at the same hour of the week for the first time that is not past, without
//! overrides and silences. It goes on for as long as its expectation allows, and an hour more where that is not met, so that it can be
//! told what happens instead.

use std::collections::BTreeSet;

use actions::Node;
use actions::learn::pins::ToPlay;
use domain::detect::signals::Told;
use domain::learn::pins::{CallSeen, Pin, Standing, Verdict, judge};
use domain::prepare::catalog::Catalog;
use domain::words::{Name, Span, Timestamp};
use jiff::SignedDuration;
use store::learn::pins::Kept;
use store::{Halt, Store};

use crate::Trouble;
use crate::replay::{Event, Player, read_told};

/// What comes instead is looked for so much longer.
const LONGER: Span = Span::hours(1);

/// Plays what is to be played, and leaves the verdicts with the node. What there is no time for is left for the next who asks.
/// Answers how many were played.
pub fn play_all(
    source: &Store,
    node: &Node,
    pins: &[ToPlay],
    catalog: &Catalog,
    now: Timestamp,
    enough: &dyn Fn() -> bool,
) -> Result<usize, Halt> {
    let mut played = 0;
    for one in pins {
        if enough() {
            break;
        }
        let signals = source.read(|tx| Ok(store::learn::pins::signals(tx, one.pin.id)?))?;
        let verdict = match play(&one.pin, &signals, catalog, now) {
            Ok(verdict) => verdict,
            Err(trouble) => Verdict::unknown(format!("it could not be played: {trouble}")),
        };
        node.verdicts().keep(one.key.clone(), verdict);
        played += 1;
    }
    Ok(played)
}

/// Plays the signals of one pin.
pub fn play(pin: &Pin, signals: &[Kept], catalog: &Catalog, now: Timestamp) -> Result<Verdict, Trouble> {
    let first = pin.played_at(catalog, now);
    let later = first.duration_since(pin.first_at);
    let sources: BTreeSet<Name> = signals.iter().map(|kept| kept.integration.clone()).collect();
    let mut player = Player::new(first, false)?;
    player.put(catalog.clone())?;
    player.world.add_nodes(&[("pin".into(), SignedDuration::ZERO)]);
    let mut rest = signals.iter();
    let mut next = rest.next();
    let look = |player: &Player| {
        let calls: Vec<CallSeen> = player.calls.iter().map(call).collect();
        judge(&pin.expect, first, &calls, &sources, catalog)
    };
    for end in [pin.expect.within.after(first), LONGER.after(pin.expect.within.after(first))] {
        while let Some(kept) = next {
            let at = moved(kept.received_at, later);
            if at > end {
                break;
            }
            player.world.run_until(at)?;
            if let Some(told) = told_then(kept, later) {
                player.perform(&Event::Told { integration: kept.integration.clone(), told })?;
            }
            player.world.do_what_is_due()?;
            player.collect()?;
            next = rest.next();
        }
        player.world.run_until(end)?;
        player.collect()?;
        let verdict = look(&player);
        if verdict.standing == Standing::Holds {
            return Ok(verdict);
        }
    }
    Ok(look(&player))
}

fn call(call: &crate::replay::Call) -> CallSeen {
    CallSeen {
        at: call.at,
        person: call.person.clone(),
        channel: call.channel.clone(),
        title: call.title.clone(),
        because: call.because.clone(),
    }
}

fn moved(at: Timestamp, later: SignedDuration) -> Timestamp {
    at.saturating_add(later).unwrap_or(at)
}

/// What a source told, as if it told it then.
fn told_then(kept: &Kept, later: SignedDuration) -> Option<Vec<Told>> {
    let until = Span::hours(48).after(kept.received_at);
    let then = |told: Told| Told {
        starts_at: told.starts_at.map(|at| moved(at, later)),
        ends_at: told.ends_at.map(|at| moved(at, later)),
        ..told
    };
    Some(read_told(&kept.body, kept.received_at, until)?.into_iter().map(then).collect())
}

#[cfg(test)]
mod tests {
    use domain::learn::pins::Expectation;
    use domain::respond::sight::Sight;

    use super::*;
    use crate::company;
    use crate::story::Story;

    const STORY: &str = "
story: a night to remember
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api \"5xx high\" severity=critical
02:01 ben acknowledges
02:02 ben declares \"The shop is down\" SEV2 services=api from alert
02:20 prometheus: resolved api \"5xx high\" severity=critical
02:40 (quiet)
";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn with(store: &Store, yaml: &str) -> Catalog {
        let mut catalog = store.read(|tx| Ok(store::prepare::documents::load_all(tx)?)).unwrap();
        for document in company::read("new.yaml", yaml).unwrap() {
            catalog.insert(document);
        }
        catalog
    }

    /// The pin that is drawn from what happened, with its signals.
    fn pinned(store: &Store, node: &Node) -> (ToPlay, Vec<Kept>) {
        let incident = store
            .read(|tx| {
                Ok(store::respond::incidents::list(
                    tx,
                    &store::respond::incidents::Filter::default(),
                    Sight::Whole,
                    None,
                    1,
                )?)
            })
            .unwrap()
            .remove(0);
        let now = at("2026-11-03T09:00:00Z");
        let gathered = store.read(|tx| actions::learn::pins::gather(tx, node, incident.id, Sight::Whole, now)).unwrap();
        let mut mint = domain::words::Mint::seeded(4);
        let ana = domain::words::Actor::Person("ana".parse().unwrap());
        store
            .write(|tx| {
                let mut moment = actions::Moment::new(now, ana.clone(), &mut mint);
                let new = actions::learn::pins::NewPin::default();
                actions::learn::pins::pin(tx, node, &mut moment, incident.id, &gathered, &new)
            })
            .unwrap();
        let catalog = with(store, "");
        let one = store.read(|tx| actions::learn::pins::to_play(tx, node, &catalog, now)).unwrap().remove(0);
        let signals = store.read(|tx| Ok(store::learn::pins::signals(tx, one.pin.id)?)).unwrap();
        (one, signals)
    }

    const SLOWER: &str = "kind: escalation-policy\nname: payments\nspec:\n  title: Payments\n  steps:\n  \
        - { notify: [{ person: carla }], wait: 20m }\n  - { notify: [{ schedule: payments-primary }], wait: 10m }\n";

    #[test]
    fn a_pin_holds_with_what_is_in_force_and_fails_with_what_calls_somebody_else() {
        let played = Story::read(STORY).unwrap().play().unwrap();
        let world = &played.world;
        let node = world.posts()[0].node().unwrap();
        let (one, signals) = pinned(&world.store, node);
        assert_eq!(one.pin.expect.to_string(), "must reach whoever is on call for payments-primary within 5m");
        assert_eq!(signals.len(), 2);
        // A year later, by a rotation that went on.
        let now = at("2027-12-01T12:00:00Z");
        let same = play(&one.pin, &signals, &with(&world.store, ""), now).unwrap();
        assert_eq!(same.standing, Standing::Holds, "{same:?}");
        let other = play(&one.pin, &signals, &with(&world.store, SLOWER), now).unwrap();
        insta::assert_snapshot!(format!("{} {}\n{}", other.standing, other.said, other.story.join("\n")), @r"
        fails ana is called after 20m, which is later than 5m
        +0s carla by email: 5xx high (api) (named in step 1)
        +20m ana by ntfy: 5xx high (api) (on call for payments-primary: weeks, turn 101, until Mon 09:00 Europe/Berlin)
        ");
        let patient =
            Pin { expect: Expectation { within: Span::minutes(30), ..one.pin.expect.clone() }, ..one.pin.clone() };
        assert_eq!(play(&patient, &signals, &with(&world.store, SLOWER), now).unwrap().standing, Standing::Holds);
        // Twice the same.
        assert_eq!(play(&one.pin, &signals, &with(&world.store, SLOWER), now).unwrap(), other);
        // What was played is known to the node, and is not to be played again.
        let (catalog, then) = (with(&world.store, ""), at("2026-11-03T09:00:00Z"));
        let all = |enough: &dyn Fn() -> bool| {
            play_all(&world.store, node, std::slice::from_ref(&one), &catalog, then, enough).unwrap()
        };
        assert_eq!(all(&|| false), 1);
        let left = world.store.read(|tx| actions::learn::pins::to_play(tx, node, &catalog, then)).unwrap();
        assert!(left.is_empty());
        assert_eq!(all(&|| true), 0);
    }
}
