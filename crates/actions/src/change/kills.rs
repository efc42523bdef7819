//! Kills: a flag is switched to one variant, or off, above its definition; lifted, put off, and ended by the clock.
//!
//! Applying documents never touches them. A kill that contains an incident stands on the timeline of that incident, and
//! only there is told why.

use domain::change::flags::Flag;
use domain::change::kills::{Kill, KillTo, Phase};
use domain::prepare::catalog::Catalog;
use domain::respond::sight::Sight;
use domain::words::{Actor, EventKind, IncidentId, KillId, Mint, Name, Refusal, Span, Timestamp, Urgency, text};
use serde_json::{Value, json};
use store::change::kills::{self as rows, KillRow};
use store::{Halt, Store, Tx};

use crate::announce::Told;
use crate::board::{self, Pace, Turn};
use crate::engage::pages;
use crate::{Moment, Node, announce};

/// What somebody wants to be killed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The document of the flag.
    pub flag: Name,
    pub environment: Name,
    /// What everybody gets; what is off for this flag, if absent.
    pub to: Option<KillTo>,
    pub why: String,
    pub expires_at: Timestamp,
    pub incident: Option<IncidentId>,
}

/// How many kills are looked at in one transaction.
const AT_ONCE: u32 = 50;

/// A flag by the name of its document.
pub fn must<'c>(catalog: &'c Catalog, name: &Name) -> Result<&'c Flag, Refusal> {
    catalog.flags.get(name).ok_or_else(|| {
        let near = text::did_you_mean(name.as_str(), catalog.flags.keys().map(Name::as_str));
        Refusal::not_found(format!("flag {name}{near}"))
    })
}

/// Kills a flag in an environment.
pub fn kill(tx: &mut Tx<'_>, moment: &mut Moment<'_>, catalog: &Catalog, wanted: &Wanted) -> Result<KillRow, Halt> {
    let flag = must(catalog, &wanted.flag)?;
    if !flag.environments.contains_key(&wanted.environment) {
        let near = text::did_you_mean(wanted.environment.as_str(), flag.environments.keys().map(Name::as_str));
        let message = format!("the flag is not in the environment {}{near}", wanted.environment);
        return Err(Refusal::invalid(message).at("/environment").into());
    }
    if let Some(incident) = wanted.incident
        && store::respond::incidents::get(tx, incident, Sight::of(&moment.actor))?.is_none()
    {
        return Err(Refusal::not_found(format!("incident {incident}")).at("/incident").into());
    }
    let kill = Kill {
        flag: flag.key(&wanted.flag).to_owned(),
        to: wanted.to.clone().unwrap_or_else(|| flag.off()),
        by: moment.person().map_or_else(|| moment.actor.to_string(), ToString::to_string),
        why: wanted.why.trim().to_owned(),
        incident: wanted.incident,
        at: moment.now,
        expires_at: wanted.expires_at,
        lifted: None,
    };
    let variants: Vec<&str> = flag.variants.keys().map(String::as_str).collect();
    let kill = kill.checked(Some(&variants), moment.now)?;
    let row = KillRow { id: moment.mint.id(moment.now), environment: wanted.environment.clone(), kill };
    write(tx, moment.now, &row)?;
    tell(tx, moment, catalog, EventKind::FlagKilled, &row, Some(&row.kill.why))?;
    Ok(row)
}

/// Lifts a kill: the flag is again what its definition says.
pub fn lift(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    id: KillId,
    why: Option<&str>,
) -> Result<KillRow, Halt> {
    let row = find(tx, id)?;
    let by = moment.person().map_or_else(|| moment.actor.to_string(), ToString::to_string);
    let row = KillRow { kill: row.kill.lift(&by, moment.now)?, ..row };
    write(tx, moment.now, &row)?;
    tell(tx, moment, catalog, EventKind::FlagKillLifted, &row, why)?;
    Ok(row)
}

/// Lets a kill end at another time.
pub fn extend(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    id: KillId,
    expires_at: Timestamp,
    why: Option<&str>,
) -> Result<KillRow, Halt> {
    let row = find(tx, id)?;
    let row = KillRow { kill: row.kill.put_off(expires_at, moment.now)?, ..row };
    write(tx, moment.now, &row)?;
    tell(tx, moment, catalog, EventKind::FlagKillExtended, &row, why)?;
    Ok(row)
}

/// A kill by its id.
pub fn find(tx: &mut Tx<'_>, id: KillId) -> Result<KillRow, Halt> {
    Ok(rows::get(tx, id)?.ok_or_else(|| Refusal::not_found(format!("kill {id}")))?)
}

/// The document of the flag with this key, if there still is one.
pub fn document<'c>(catalog: &'c Catalog, key: &str) -> Option<(&'c Name, &'c Flag)> {
    catalog.flags.iter().find(|(name, flag)| flag.key(name) == key)
}

/// Ends kills whose time is over, and reminds those who made others that they will. Answers how many.
pub fn keep_time(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(rows::due(tx, now, 1)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("kill"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = rows::due(turn.tx, now, AT_ONCE)?;
        for row in &due {
            write(turn.tx, now, row)?;
            match row.kill.phase(now) {
                Phase::InForce => nag(turn, row)?,
                Phase::Expired => {
                    let rules = turn.rules.clone();
                    tell(turn.tx, &mut turn.moment, &rules.catalog, EventKind::FlagKillExpired, row, None)?;
                }
                Phase::Lifted => {}
            }
        }
        Ok(due.len())
    })
}

/// Whoever made the kill is told that it ends, in words that name no incident.
fn nag(turn: &mut Turn<'_, '_>, row: &KillRow) -> Result<(), Halt> {
    let (rules, now) = (turn.rules.clone(), turn.moment.now);
    let left = Span::between(now, row.kill.expires_at);
    let title = format!("The kill of {} in {} ends", text::shorten(&row.kill.flag, 80), row.environment);
    let because = format!("You made it, and it ends in {left}: lift it, let it last longer, or change the flag");
    let urgency = if left <= Span::hours(1) { Urgency::High } else { Urgency::Low };
    let reached = match row.kill.by.parse::<Name>() {
        Ok(person) => pages::remind_of_kill(turn, &person, row.id, urgency, (&title, &because))?,
        Err(_) => false,
    };
    let mut data = particulars(row);
    data["reached"] = reached.into();
    write_event(turn.tx, &mut turn.moment, &rules.catalog, EventKind::FlagKillEnding, row, None, data)
}

/// Writes the row, with when it comes up again.
fn write(tx: &mut Tx<'_>, now: Timestamp, row: &KillRow) -> Result<(), Halt> {
    let in_force = row.kill.phase(now) == Phase::InForce;
    let due_at = in_force.then(|| row.kill.next_nag(now).unwrap_or(row.kill.expires_at));
    Ok(rows::save(tx, row, due_at)?)
}

fn particulars(row: &KillRow) -> Value {
    let variant = if let KillTo::Variant(name) = &row.kill.to { Some(name) } else { None };
    json!({
        "environment": row.environment,
        "flag": row.kill.flag,
        "variant": variant,
        "expires_at": row.kill.expires_at,
    })
}

fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    kind: EventKind,
    row: &KillRow,
    why: Option<&str>,
) -> Result<(), Halt> {
    write_event(tx, moment, catalog, kind, row, why, particulars(row))
}

fn write_event(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    kind: EventKind,
    row: &KillRow,
    why: Option<&str>,
    data: Value,
) -> Result<(), Halt> {
    let mut subjects = vec![row.id.to_string(), format!("environment/{}", row.environment)];
    subjects.extend(document(catalog, &row.kill.flag).map(|(name, _)| format!("flag/{name}")));
    let why = why.map(str::trim).filter(|why| !why.is_empty());
    match row.kill.incident {
        Some(incident) => {
            announce::of_incident(tx, moment, kind, incident, subjects, Told { why, data, at: None })?;
        }
        None => announce::event(tx, moment, kind, subjects, why, data)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::change::flag_sets::Context;
    use domain::respond::incidents::{Class, Command};

    use super::*;
    use crate::change::flags;
    use crate::respond::desk::{Desk, at, name};
    use crate::respond::incidents::Declaration;

    const FLAGS: &str = "
kind: environment
name: production
spec: { title: Production }
---
kind: flag
name: checkout
spec:
  title: New checkout
  key: New checkout!
  purpose: operational
  variants: { on: true, off: false }
  environments: { production: { state: ENABLED, defaultVariant: 'on' } }
";

    fn wanted(expires: i64, incident: Option<IncidentId>) -> Wanted {
        Wanted {
            flag: name("checkout"),
            environment: name("production"),
            to: None,
            why: "orders twice".into(),
            expires_at: at(expires),
            incident,
        }
    }

    /// What programs are told now: reason and variant.
    fn told(desk: &Desk<'_>, minute: i64) -> String {
        flags::refresh(desk.store, &desk.node, at(minute)).unwrap();
        let snapshot = desk.node.flags().snapshot();
        let serving = snapshot.environment(&name("production")).unwrap();
        let context = Context::empty();
        let answer = serving.set.compiled.evaluate("New checkout!", &context, &serving.kills, at(minute));
        format!("{:?} {}", answer.reason, answer.variant.unwrap_or("-"))
    }

    /// The particulars of all events of a kind.
    fn events(desk: &Desk<'_>, kind: EventKind) -> Vec<Value> {
        let of = "environment/production";
        let all = desk.store.read(|tx| Ok(store::journal::of_subject(tx, of, Sight::Whole, None, 100)?)).unwrap();
        let found: Vec<_> = all.into_iter().filter(|entry| entry.word == kind.word()).collect();
        found.into_iter().map(|entry| entry.data).collect()
    }

    fn tick(desk: &Desk<'_>, minute: i64) {
        let mut mint = desk.mint.borrow_mut();
        crate::clockwork::tick(desk.store, &desk.node, &mut mint, at(minute)).unwrap();
    }

    store::both_engines! {
        fn no_apply_undoes_a_kill_and_the_clock_ends_it(store) {
            let desk = Desk::open(store);
            desk.apply(FLAGS);
            assert_eq!(told(&desk, 1), "Static on");
            let row = desk.by("ben", |tx, node, moment| {
                let catalog = node.rules(tx)?.catalog.clone();
                kill(tx, moment, &catalog, &wanted(100_000, None))
            }).unwrap();
            assert_eq!(row.kill.to, KillTo::Variant("off".into()));
            assert_eq!(told(&desk, 10), "Static off");
            desk.apply(&FLAGS.replace("title: New checkout", "title: Newer checkout"));
            assert_eq!(told(&desk, 20), "Static off");
            desk.apply(&FLAGS.replace("ENABLED, defaultVariant: 'on'", "ENABLED, defaultVariant: 'on', targeting: { if: [true, 'on'] }"));
            assert_eq!(told(&desk, 30), "Static off");
            // A week before, a day before, an hour before whoever made it is told.
            for (minute, nags) in [(100_000 - 7 * 1440 - 1, 0), (100_000 - 7 * 1440, 1), (100_000 - 60, 2), (100_000 - 1, 2)] {
                tick(&desk, minute);
                assert_eq!(events(&desk, EventKind::FlagKillEnding).len(), nags, "{minute}");
            }
            assert_eq!(events(&desk, EventKind::FlagKillEnding)[0]["reached"], true);
            // The overlay knows the time before the clockwork looks.
            assert_eq!(told(&desk, 100_000), "TargetingMatch on");
            assert!(events(&desk, EventKind::FlagKillExpired).is_empty());
            tick(&desk, 100_000);
            assert_eq!(events(&desk, EventKind::FlagKillExpired).len(), 1);
            assert_eq!(told(&desk, 100_001), "TargetingMatch on");
        }

        fn a_kill_is_lifted_once_and_put_off_while_it_is_in_force(store) {
            let desk = Desk::open(store);
            desk.apply(FLAGS);
            let catalog = |tx: &mut Tx<'_>, node: &Node| Ok::<_, Halt>(node.rules(tx)?.catalog.clone());
            let row = desk.by("ben", |tx, node, moment| {
                let catalog = catalog(tx, node)?;
                kill(tx, moment, &catalog, &wanted(60, None))
            }).unwrap();
            let row = desk.by("cleo", |tx, node, moment| {
                let catalog = catalog(tx, node)?;
                extend(tx, moment, &catalog, row.id, at(600), None)
            }).unwrap();
            assert_eq!(row.kill.expires_at, at(600));
            let lift_it = |who: &str| desk.by(who, |tx, node, moment| {
                let catalog = catalog(tx, node)?;
                lift(tx, moment, &catalog, row.id, Some("mended"))
            });
            assert_eq!(lift_it("cleo").unwrap().kill.lifted.unwrap().by, "cleo");
            assert!(matches!(lift_it("ana"), Err(Halt::Refused(_))));
            assert_eq!(told(&desk, 50), "Static on");
            for kind in [EventKind::FlagKilled, EventKind::FlagKillExtended, EventKind::FlagKillLifted] {
                assert_eq!(events(&desk, kind).len(), 1, "{kind}");
            }
        }

        fn a_kill_for_an_incident_stands_on_its_timeline_and_hides_with_it(store) {
            let desk = Desk::open(store);
            desk.apply(FLAGS);
            let incident = desk.declare("cleo", &Declaration::new("Orders twice", Class::System));
            desk.act("cleo", incident.id, &Command::Restrict, "quiet").unwrap();
            let kill_it = |who: &str| desk.by(who, |tx, node, moment| {
                let catalog = node.rules(tx)?.catalog.clone();
                kill(tx, moment, &catalog, &wanted(600, Some(incident.id)))
            });
            // To ana that incident is not there.
            assert!(matches!(kill_it("ana"), Err(Halt::Refused(refusal)) if refusal.at.as_deref() == Some("/incident")));
            let row = kill_it("cleo").unwrap();
            assert!(desk.told("cleo", incident.id).contains(&"flag.killed".to_owned()));
            let (ana, cleo) = (name("ana"), name("cleo"));
            store.read(|tx| {
                let shown = rows::seen(tx, row.clone(), Sight::Of(&ana))?;
                assert_eq!((shown.kill.incident, shown.kill.why.as_str()), (None, ""));
                assert_eq!(rows::seen(tx, row.clone(), Sight::Of(&cleo))?, row);
                let heard = store::journal::of_subject(tx, "flag/checkout", Sight::Of(&ana), None, 10)?;
                assert!(heard.iter().all(|entry| entry.word != "flag.killed"));
                Ok(())
            }).unwrap();
            assert_eq!(told(&desk, 50), "Static off");
        }
    }
}
