//! What people do with flags in a story: set them, kill them, put that off, lift it; and what programs are told then.
//!
//! A flag is set as people set it, by documents that are checked and applied, and not as the story's own `apply` does it.

use std::collections::BTreeSet;

use actions::change::kills::{self, Wanted};
use actions::change::{flags, switches};
use actions::prepare::documents::{self, Order};
use actions::{Halt, Node};
use domain::change::flag_sets::{Context, Resolution, State};
use domain::change::kills::KillTo;
use domain::prepare::checks::Conditions;
use domain::prepare::documents::Document;
use domain::prepare::ownership::Via;
use domain::words::{Actor, KillId, Name, Refusal, Timestamp};
use serde_json::json;
use store::Store;

use crate::play::{Play, Stop};
use crate::responders::Responder;

impl Play {
    /// A line about a flag; false if it is none.
    pub(crate) fn with_a_flag(
        &mut self,
        me: &Name,
        words: &[&str],
        about: Option<&str>,
        place: Option<usize>,
    ) -> Result<bool, Stop> {
        let said = about.unwrap_or_default();
        let by = Responder::at(me, place);
        match words {
            ["sets", flag, "in", environment, "to", setting] => {
                let (flag, environment): (Name, Name) = (flag.parse()?, environment.parse()?);
                by.act(self, |tx, node, moment| {
                    let catalog = node.rules(tx)?.catalog.clone();
                    let mut spec = kills::must(&catalog, &flag)?.clone();
                    let gone = || Refusal::not_found(format!("environment {environment}"));
                    let it = spec.environments.get_mut(&environment).ok_or_else(gone)?;
                    it.state = if *setting == "disabled" { State::Disabled } else { State::Enabled };
                    it.targeting = (*setting == "half").then(|| json!({ "fractional": [["on", 1], ["off", 1]] }));
                    if !["disabled", "half"].contains(setting) {
                        it.default_variant = Some((*setting).to_owned());
                    }
                    let order = Order::put([Document::new(flag.clone(), spec)]).via(Via::Page).because(said);
                    Ok(documents::apply(tx, moment, &order, Conditions::at(moment.now))?.into_result()?)
                })?;
            }
            ["kills", flag, "in", environment, "for", span, rest @ ..] => {
                let incident = if rest.contains(&"incident") { Some(self.incident(None)?) } else { None };
                let to = rest.iter().find_map(|word| word.strip_prefix("to="));
                let wanted = Wanted {
                    flag: flag.parse()?,
                    environment: environment.parse()?,
                    to: to.map(|name| KillTo::Variant(name.to_owned())),
                    why: said.to_owned(),
                    // By the clock of whoever asks: a node that is ahead or behind must take it as it is.
                    expires_at: span.parse::<domain::words::Span>()?.after(self.world.now()),
                    incident,
                };
                by.act(self, |tx, node, moment| {
                    let catalog = node.rules(tx)?.catalog.clone();
                    kills::kill(tx, moment, &catalog, &wanted)
                })?;
            }
            [verb @ ("lifts" | "extends"), "the", "kill", "of", flag, "in", environment, rest @ ..] => {
                let id = self.newest_kill(flag, environment)?;
                let until = match rest {
                    ["for", span] => Some(span.parse::<domain::words::Span>()?.after(self.world.now())),
                    _ => None,
                };
                let why = about.filter(|_| *verb == "lifts");
                by.act(self, |tx, node, moment| {
                    let catalog = node.rules(tx)?.catalog.clone();
                    match until {
                        Some(until) => kills::extend(tx, moment, &catalog, id, until, about),
                        None => kills::lift(tx, moment, &catalog, id, why),
                    }
                })?;
            }
            ["asks", "which", "switches", "there", "are", "for", service] => self.switches(&service.parse()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `programs ask for new-cart in live`: what they are told, at a node.
    pub(crate) fn programs(&mut self, words: &[&str], place: Option<usize>) -> Result<(), Stop> {
        let ["ask", "for", flag, "in", environment] = words else {
            return Err(Stop::Words("programs ask for FLAG in ENVIRONMENT".into()));
        };
        let environment: Name = environment.parse()?;
        let said = self.world.act(place, &Actor::System, |store, node, moment| {
            asked(store, node, &environment, flag, moment.now, |answer| {
                let value = answer.value.map_or_else(|| "their own default".to_owned(), ToString::to_string);
                let killed = if answer.killed { ", killed" } else { "" };
                format!("programs get {value} for {flag} in {environment} ({}{killed})", answer.reason.word())
            })
        })?;
        let now = self.world.now();
        self.chronicle.tell(now, &said.unwrap_or_else(|| format!("there is no environment {environment}")));
        Ok(())
    }

    fn newest_kill(&self, flag: &str, environment: &str) -> Result<KillId, Stop> {
        let key = self.world.store.read(|tx| {
            let catalog = store::prepare::documents::load_all(tx)?;
            let known =
                flag.parse::<Name>().ok().and_then(|name| Some(catalog.flags.get(&name)?.key(&name).to_owned()));
            Ok(known.unwrap_or_else(|| flag.to_owned()))
        })?;
        let all = self.world.store.read(|tx| Ok(store::change::kills::of_flag(tx, &key, 20)?))?;
        let found = all.iter().find(|row| row.environment.as_str() == environment).map(|row| row.id);
        Ok(found.ok_or_else(|| Halt::from(Refusal::not_found(format!("kill of {flag} in {environment}"))))?)
    }

    /// Tells what could be pulled if a service breaks.
    fn switches(&mut self, service: &Name) -> Result<(), Stop> {
        let services: BTreeSet<Name> = [service.clone()].into();
        let found = self.world.act(None, &Actor::System, |store, node, moment| {
            store.read(|tx| {
                let catalog = node.rules(tx)?.catalog.clone();
                switches::of_services(tx, &catalog, &services, moment.now)
            })
        })?;
        let now = self.world.now();
        for one in found {
            let proven = match one.switch.exercised_at {
                Some(at) => format!("last thrown {}", self.chronicle.when(at)),
                None => "unproven".to_owned(),
            };
            let killed = if one.kill.is_some() { ", killed now" } else { "" };
            let line = format!("switch {} in {}: {proven}{killed}", one.switch.flag, one.switch.environment);
            self.chronicle.tell(now, &line);
        }
        Ok(())
    }
}

/// What a node answers a program about a flag, by the key that programs call it; none if there is no such environment.
pub(crate) fn asked<T>(
    store: &Store,
    node: &Node,
    environment: &Name,
    key: &str,
    now: Timestamp,
    tell: impl FnOnce(&Resolution<'_>) -> T,
) -> Result<Option<T>, Halt> {
    flags::refresh(store, node, now)?;
    let snapshot = node.flags().snapshot();
    let context = Context::empty();
    Ok(snapshot
        .environment(environment)
        .map(|serving| tell(&serving.set.compiled.evaluate(key, &context, &serving.kills, now))))
}
