//! What people do with pins in a story: `ana pins it: why`, with `whom=schedule/payments-primary within=5m` where that is not what happened;
//! `ana edits the pin within=30m: why`, `ana retires the pin: why`, `ana plays the pins`. Whoever applies documents has them played first.
//! And what a policy would have done: `ana asks what if step 1 of payments waited 2m`.

use actions::learn::counterfactuals;
use actions::learn::pins::{self as acts, NewPin};
use actions::{Halt, Node};
use domain::learn::counterfactuals::Candidate;
use domain::learn::pins::{Pin, Standing};
use domain::prepare::catalog::Catalog;
use domain::respond::sight::Sight;
use domain::words::{Actor, Name, PinId, Refusal, Timestamp};
use store::Store;

use crate::pin_replays::play_all;
use crate::play::{Play, Stop};
use crate::responders::Responder;

impl Play {
    /// A line about a pin; false if it is none.
    pub(crate) fn with_a_pin(
        &mut self,
        me: &Name,
        words: &[&str],
        about: Option<&str>,
        place: Option<usize>,
    ) -> Result<bool, Stop> {
        let by = Responder::at(me, place);
        let why = about.unwrap_or_default().to_owned();
        match words {
            ["pins", "it", rest @ ..] => {
                let (id, now, sight) = (self.newest_incident()?, self.world.now(), Sight::Of(me));
                let mut new = wanted(rest)?;
                new.why = about.map(str::to_owned);
                let gathered = self.world.act(place, &Actor::Person(me.clone()), |store, node, _| {
                    store.read(|tx| acts::gather(tx, node, id, sight, now))
                })?;
                by.act(self, |tx, node, moment| acts::pin(tx, node, moment, id, &gathered, &new))?;
            }
            ["edits", "the", "pin", rest @ ..] => {
                let (id, NewPin { whom, within, .. }) = (self.pin()?, wanted(rest)?);
                by.act(self, |tx, node, moment| acts::expect(tx, node, moment, id, whom.clone(), within, &why))?;
            }
            ["retires", "the", "pin"] => {
                let id = self.pin()?;
                by.act(self, |tx, _, moment| acts::retire(tx, moment, id, &why))?;
            }
            ["plays", "the", "pins"] => {
                let now = self.world.now();
                let said = self.world.act(place, &Actor::Person(me.clone()), |store, node, _| {
                    let catalog = store.read(|tx| Ok(node.rules(tx)?.catalog.clone()))?;
                    play(store, node, &catalog, now)?;
                    store.read(|tx| acts::standings(tx, node, &catalog, now))
                })?;
                for (pin, verdict) in said {
                    let verdict =
                        verdict.map_or_else(String::new, |one| format!("{}: {}", stands(one.standing), one.said));
                    let story = format!("the pin {:?} {}; it {verdict}", pin.title, pin.expect);
                    self.chronicle.tell(now, &story);
                }
            }
            ["asks", "what", "if", "step", step, "of", policy, "waited", wait] => {
                let (policy, sight, now) = (policy.parse()?, Sight::Of(me), self.world.now());
                let step = step.parse().map_err(|_| Stop::Words("a step is a number".into()))?;
                let asked = Some(Candidate { step, wait: wait.parse()? });
                let found = self.world.act(place, &Actor::Person(me.clone()), |store, node, _| {
                    store.read(|tx| counterfactuals::of_policy(tx, node, &policy, asked, sight))
                })?;
                for one in &found.told {
                    self.chronicle.tell(now, &one.to_string());
                }
                if found.told.is_empty() {
                    self.chronicle.tell(now, &format!("{} pages are too few to tell", found.n));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The pin that was made last.
    pub(crate) fn pin(&self) -> Result<PinId, Stop> {
        let all: Vec<Pin> = self.world.store.read(|tx| Ok(store::learn::pins::list(tx, true, Sight::Whole, 1)?))?;
        let none = || Halt::from(Refusal::not_found("pin: nothing is pinned yet"));
        Ok(all.first().map(|pin| pin.id).ok_or_else(none)?)
    }

    /// Plays the pins through what would be in force, as the edge does before the gate is asked.
    pub(crate) fn play_pins(
        &mut self,
        place: Option<usize>,
        foreseen: impl Fn(&mut store::Tx<'_>, &Node) -> Result<Option<(Catalog, Catalog)>, Halt>,
    ) -> Result<(), Stop> {
        let now = self.world.now();
        Ok(self.world.act(place, &Actor::System, |store, node, _| {
            let Some((before, after)) = store.read(|tx| foreseen(tx, node))? else { return Ok(()) };
            play(store, node, &before, now)?;
            play(store, node, &after, now)
        })?)
    }
}

/// In words that follow "it".
fn stands(standing: Standing) -> &'static str {
    match standing {
        Standing::Stale => "is out of date",
        other => other.word(),
    }
}

fn play(store: &Store, node: &Node, catalog: &Catalog, now: Timestamp) -> Result<(), Halt> {
    let pins = store.read(|tx| acts::to_play(tx, node, catalog, now))?;
    play_all(store, node, &pins, catalog, now, &|| false).map(drop)
}

fn wanted(words: &[&str]) -> Result<NewPin, Stop> {
    let mut new = NewPin::default();
    for word in words {
        match word.split_once('=') {
            Some(("whom", whom)) => new.whom = Some(whom.parse()?),
            Some(("within", within)) => new.within = Some(within.parse()?),
            _ => return Err(Stop::Words(format!("{word:?} says nothing of a pin"))),
        }
    }
    Ok(new)
}
