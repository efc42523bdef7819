//! The signals of an incident, once more, through the documents in force today: does that page somebody? Proves action items.
//!
//! Only what the alerts of the incident share in their labels is played, without what people did and silenced then. It writes
//! nothing to the store that it reads, and ends when it is told that it is enough.

use actions::learn::item_checks::Play;
use domain::detect::signals::Told;
use domain::learn::item_checks::{Answer, Check, PageSeen, Seen, ask_replay};
use domain::prepare::catalog::Catalog;
use domain::words::{Labels, Timestamp};
use store::Store;

use crate::Trouble;
use crate::replay::{Event, Events, Player, told};

/// More signals are not played.
const BYTES_MOST: usize = 64 << 20;

/// Plays it, and says what was seen.
pub fn look(
    source: &Store,
    play: &Play,
    check: &Check,
    catalog: &Catalog,
    enough: &dyn Fn() -> bool,
) -> Result<Seen, Trouble> {
    let Some(all) = source.read(|tx| Ok(told(tx, play.since, play.until, BYTES_MOST)?))? else {
        return Ok(Seen::new(Answer::Unknown, "there were too many signals then to play them"));
    };
    let events = of_groups(all, &play.groups)?;
    let Some(first) = events.first().map(|(at, _)| *at) else {
        return Ok(Seen::new(
            Answer::Unknown,
            "the signals of its alerts are no longer kept, or were reported elsewhere",
        ));
    };
    match pages(&events, play.until, catalog, enough)? {
        Some(pages) => Ok(ask_replay(check, first, &pages)),
        None => Ok(Seen::new(Answer::Unknown, "it took too long to play the signals")),
    }
}

/// What has the labels that the alerts of one of the groups share.
fn of_groups(all: Events, groups: &[Vec<(String, String)>]) -> Result<Events, store::Error> {
    let fits = |labels: &Labels| {
        groups.iter().any(|group| group.iter().all(|(name, value)| labels.get(name).unwrap_or("") == value))
    };
    let mut some = Events::new();
    for (at, event) in all {
        let Event::Heard(heard) = event else { continue };
        let told: Vec<Told> = heard.told()?.into_iter().filter(|one| fits(&one.labels)).collect();
        if !told.is_empty() {
            some.push((at, Event::Told { integration: heard.integration, told }));
        }
    }
    Ok(some)
}

/// The pages that come of it; nothing, if it took too long.
fn pages(
    events: &Events,
    until: Timestamp,
    catalog: &Catalog,
    enough: &dyn Fn() -> bool,
) -> Result<Option<Vec<PageSeen>>, Trouble> {
    let from = events.first().map_or(until, |(at, _)| *at);
    let mut player = Player::new(from, false)?;
    player.put(catalog.clone())?;
    player.world.add_nodes(&[("replay".into(), jiff::SignedDuration::ZERO)]);
    for (at, event) in events {
        if enough() {
            return Ok(None);
        }
        player.world.run_until(*at)?;
        player.perform(event)?;
        player.world.do_what_is_due()?;
        player.collect()?;
    }
    player.world.run_until(until)?;
    player.collect()?;
    let mut seen = Vec::new();
    for (id, paged) in &player.pages {
        let row = player.world.store.read(|tx| {
            let Some(page) = store::engage::pages::get(tx, *id)? else { return Ok(None) };
            let group = match page.about.group() {
                Some(group) => store::detect::groups::get(tx, group)?.map(|(group, _)| group),
                None => None,
            };
            Ok(Some((page, group)))
        })?;
        let Some((page, group)) = row else { continue };
        seen.push(PageSeen {
            title: paged.title.clone(),
            service: page.service,
            route: group.map(|group| group.route),
            policy: page.policy,
            told_at: paged.first_call,
            // A machine that is told wakes nobody.
            whom: paged.whom.iter().filter(|who| !who.starts_with("a machine")).cloned().collect(),
        });
    }
    Ok(Some(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company;
    use crate::story::Story;
    use domain::words::Span;

    const STORY: &str = "
story: a night on which nobody was called
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: route
name: everything
spec: { order: 1000, urgency: none }
>>>

02:00 prometheus: api \"5xx high\" severity=critical
02:05 prometheus: ledger \"Locks\" severity=critical
02:30 prometheus: resolved api \"5xx high\" severity=critical
02:40 (quiet)
";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_new_route_is_proven_by_the_signals_that_paged_nobody_then() {
        let world = Story::read(STORY).unwrap().play().unwrap().world;
        let play = Play {
            since: at("2026-11-03T00:30:00Z"),
            until: at("2026-11-03T03:00:00Z"),
            groups: vec![vec![("service".into(), "api".into())]],
        };
        let check = |within| Check::Replay { service: None, route: None, policy: None, within };
        let before = world.store.read(|tx| Ok(store::prepare::documents::load_all(tx)?)).unwrap();
        let ask = |catalog: &Catalog, play: &Play, check: &Check| {
            look(&world.store, play, check, catalog, &|| false).unwrap()
        };
        assert_eq!(ask(&before, &play, &check(None)).answer, Answer::No);
        let mut after = before.clone();
        for document in company::read("new.yaml", "kind: route\nname: everything\nspec: { order: 1000 }\n").unwrap() {
            after.insert(document);
        }
        let seen = ask(&after, &play, &check(Some(Span::minutes(5))));
        assert_eq!(seen.answer, Answer::Yes, "{}", seen.said);
        assert!(seen.said.contains("5xx high") && !seen.said.contains("Locks"), "{}", seen.said);
        let other = Play { groups: vec![vec![("service".into(), "nothing".into())]], ..play.clone() };
        assert_eq!(ask(&after, &other, &check(None)).answer, Answer::Unknown);
        assert_eq!(look(&world.store, &play, &check(None), &after, &|| true).unwrap().answer, Answer::Unknown);
    }
}
