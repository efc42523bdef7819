//! Reflexes: a rule looks at the first suspect of an incident, as far as its services let it, and suggests, counts down or acts.
//!
//! The acts of people only ask for a look; the clockwork looks, so that nothing of theirs can fail by it. What is done is done by
//! the same act as when a person asks. Nothing is looked at in a drill, or of what not everybody may see.

use domain::change::reach::Graph;
use domain::change::reflexes::{Aftermath, History, Made, Occasion, QUIET_FOR, Ramp, Reflex, State, reflex};
use domain::change::rollbacks::State as Run;
use domain::change::suspects::{Finding, Which};
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::respond::entries;
use domain::respond::incidents::{Phase, Visibility};
use domain::respond::sight::Sight;
use domain::words::{Actor, EventKind, IncidentId, Mint, Name, ReflexId, Refusal, Span, Timestamp, text};
use serde_json::{Value, json};
use store::change::changes::{self as change_rows, ChangeRow};
use store::change::reflexes::{self as rows, Look, RampRow};
use store::change::{rollbacks as runs, suspects as findings};
use store::respond::incidents::{self, IncidentRow};
use store::{Halt, Store, Tx};

use super::changes::{self, About, note};
use super::preflights;
use super::rollbacks::{self, Asking};
use super::suspects::{self, Suspicion};
use crate::{Moment, Node, announce};

/// An incident is looked at so often, for so long after something of it was said: alerts may come, and programs answer.
const LOOK_EVERY: Span = Span::seconds(30);
const LOOK_FOR: Span = Span::minutes(10);
/// A program that is asked whether it could answers within about this.
const ANSWERS_IN: Span = Span::seconds(5);
/// So much of the record of a service counts.
const RECORD: u32 = 100;
const RULE: &str = "automatic-rollback";

/// What a rule made of a suspect, and what people made of that.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub made: Made,
    pub change: ChangeRow,
    /// Whether people came to the same; nothing: nobody can say.
    pub agreed: Option<bool>,
    /// How that is known.
    pub because: &'static str,
}

/// How far a service lets rules go, and what that rests on.
#[derive(Clone, Debug)]
pub struct Standing {
    pub ramp: Ramp,
    /// Who said so last.
    pub said: Option<RampRow>,
    pub history: History,
    /// The newest first. What is part of an incident that not everybody may see is not among it, and counts for nothing.
    pub record: Vec<Recorded>,
}

impl Standing {
    /// What it could be set to now, with why not.
    pub fn moves(&self) -> Vec<(Ramp, Option<String>)> {
        let all = Ramp::ALL.iter().filter(|ramp| **ramp != self.ramp);
        all.map(|to| (*to, self.ramp.set(*to, self.history).err().map(|refusal| refusal.message))).collect()
    }
}

/// How far services let rules go, as far as anybody ever said; of services that are there.
pub fn ramps(tx: &mut Tx<'_>, node: &Node) -> Result<Vec<RampRow>, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    Ok(rows::ramps(tx)?.into_iter().filter(|row| catalog.services.contains_key(&row.service)).collect())
}

/// What counts down now, for whoever sees it; the oldest first.
pub fn counting(tx: &mut Tx<'_>, sight: Sight<'_>) -> Result<Vec<Recorded>, Halt> {
    let mut all = Vec::new();
    for made in rows::counting(tx, sight)? {
        all.extend(recorded(tx, made, sight)?);
    }
    Ok(all)
}

/// How a service stands.
pub fn of_service(tx: &mut Tx<'_>, service: &Name) -> Result<Standing, Halt> {
    let mut record = Vec::new();
    for made in rows::of_service(tx, service, Sight::Open, RECORD)? {
        record.extend(recorded(tx, made, Sight::Open)?);
    }
    let said = rows::ramp(tx, service)?;
    let history = History::of(record.iter().map(|one| one.agreed));
    Ok(Standing { ramp: said.as_ref().map_or(Ramp::Off, |row| row.ramp), said, history, record })
}

/// What rules made of the suspects of an incident, for whoever sees it; the oldest first.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<Vec<Recorded>, Halt> {
    let mut all = Vec::new();
    for made in rows::of_incident(tx, incident)? {
        all.extend(recorded(tx, made, sight)?);
    }
    Ok(all)
}

/// With what people made of it; nothing, if the change is not seen.
fn recorded(tx: &mut Tx<'_>, made: Made, sight: Sight<'_>) -> Result<Option<Recorded>, Halt> {
    let Some(change) = change_rows::get(tx, made.change, sight)? else { return Ok(None) };
    let which = Which::Change(made.change);
    let found = findings::of_incident(tx, made.incident)?;
    let mut after = Aftermath {
        finding: found.get(&which).map(|found| found.finding),
        another_was_it: found.iter().any(|(other, found)| *other != which && found.finding == Finding::Trigger),
        stopped: matches!(made.state, State::Stopped { .. }),
        ..Aftermath::default()
    };
    for run in runs::of_incident(tx, made.incident)?.iter().filter(|run| run.run.change == made.change) {
        after.by_person |= run.run.asked_by.is_some() && !matches!(run.run.state, Run::CalledOff { .. });
        after.outcome = run.verdict.as_ref().map(|verdict| verdict.outcome).or(after.outcome);
    }
    let (agreed, because) = after.agreed();
    Ok(Some(Recorded { made, change, agreed, because }))
}

/// Says how far a service lets rules go. What counts down there and may no longer be done lapses at once.
pub fn set_ramp(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    service: &Name,
    to: Ramp,
    why: &str,
) -> Result<Standing, Halt> {
    let why = entries::text(why, "/why")?;
    let Some(by) = moment.person().cloned() else {
        return Err(Refusal::forbidden("only a person says how far rules go").into());
    };
    if !node.rules(tx)?.catalog.services.contains_key(service) {
        return Err(Refusal::not_found(format!("service {}", text::shorten(service.as_str(), 63))).into());
    }
    let before = of_service(tx, service)?;
    before.ramp.set(to, before.history)?;
    let row = RampRow { service: service.clone(), ramp: to, by: by.clone(), why: why.clone(), at: moment.now };
    rows::set_ramp(tx, &row)?;
    let History { suggested, agreed } = before.history;
    let data =
        json!({ "service": service, "ramp": to, "before": before.ramp, "suggested": suggested, "agreed": agreed });
    announce::event(tx, moment, EventKind::RampMoved, vec![format!("service/{service}")], Some(&why), data)?;
    for made in rows::counting(tx, Sight::Whole)? {
        let change = changes::find(tx, made.change, Sight::Whole)?;
        let lapsed = made.moved(service, to, &by, &why, moment.now);
        if let Some(lapsed) = lapsed.filter(|_| change.change.proposal.services().contains(service)) {
            lapse(tx, moment, &lapsed, &change)?;
        }
    }
    of_service(tx, service)
}

/// What a rule made of a suspect, for whoever may see its incident and its change.
pub fn seen(tx: &mut Tx<'_>, id: ReflexId, sight: Sight<'_>) -> Result<Recorded, Halt> {
    let gone = || Refusal::not_found(format!("reflex {id}"));
    let made = rows::get(tx, id)?.ok_or_else(gone)?;
    incidents::get(tx, made.incident, sight)?.ok_or_else(gone)?;
    Ok(recorded(tx, made, sight)?.ok_or_else(gone)?)
}

/// Somebody stops what counts down in an incident; there may be several.
pub fn stop_all(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    sight: Sight<'_>,
    why: &str,
) -> Result<Vec<Recorded>, Halt> {
    let all = of_incident(tx, incident, sight)?.into_iter();
    let counting: Vec<_> = all.filter(|one| matches!(one.made.state, State::Counting { .. })).collect();
    if counting.is_empty() {
        return Err(Refusal::conflict("no rule counts down in it: there is nothing to stop").into());
    }
    counting.iter().map(|one| stop(tx, moment, one.made.id, why)).collect()
}

/// Somebody stops what counts down. It need not be said why: there is little time.
pub fn stop(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: ReflexId, why: &str) -> Result<Recorded, Halt> {
    let one = seen(tx, id, Sight::of(&moment.actor))?;
    let Some(person) = moment.person().cloned() else {
        return Err(Refusal::forbidden("only a person stops a rule").into());
    };
    let why = if why.trim().is_empty() { "no reason was given".to_owned() } else { entries::text(why, "/why")? };
    let stopped = one.made.stop(&person, &why, moment.now)?;
    if stopped == one.made {
        return Ok(one);
    }
    if !rows::settle(tx, &stopped)? {
        return Err(Refusal::conflict("it is too late: the rule has begun to take it back").into());
    }
    tell(tx, moment, EventKind::RollbackStopped, &stopped, &one.change, Some(&why), json!({}))?;
    seen(tx, id, Sight::of(&moment.actor))
}

/// Something of an incident was said that a rule may go by: it is looked at soon, where any service lets rules do anything.
pub(crate) fn wish(tx: &mut Tx<'_>, incident: IncidentId, now: Timestamp) -> Result<(), Halt> {
    if rows::any_ramped(tx)? {
        rows::look(tx, &Look { incident, due_at: now, until: LOOK_FOR.after(now) })?;
    }
    Ok(())
}

/// Looks at what is to be looked at, and does what is due. Each is decided by one conditional write, on however many nodes.
pub fn keep_time(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    let due = store.read(|tx| {
        let next = rows::next_due(tx)?.filter(|at| *at <= now);
        let Some(_) = next else { return Ok(None) };
        Ok(Some((rows::looks_due(tx, now, 20)?, rows::due(tx, now, 20)?)))
    })?;
    let Some((looks, over)) = due else { return Ok(0) };
    for one in &looks {
        match turn(store, mint, now, |tx, moment, refused| look(tx, node, moment, one, refused)) {
            // What cannot even be looked at must not hold up the clockwork.
            Err(Halt::Refused(_)) => store.write(|tx| Ok(rows::end_look(tx, one.incident)?))?,
            done => done?,
        }
    }
    for made in &over {
        match turn(store, mint, now, |tx, moment, refused| end_countdown(tx, node, moment, made.id, refused)) {
            Err(Halt::Refused(refusal)) => {
                let state = State::Lapsed { at: now, why: refusal.message };
                store.write(|tx| Ok(rows::settle(tx, &Made { state: state.clone(), ..made.clone() })?))?;
            }
            done => done?,
        }
    }
    Ok(looks.len() + over.len())
}

/// One act of the rule. What could not be done is undone whole; then it is kept that it was not.
fn turn(
    store: &Store,
    mint: &mut Mint,
    now: Timestamp,
    mut act: impl FnMut(&mut Tx<'_>, &mut Moment<'_>, Option<&Refusal>) -> Result<(), Halt>,
) -> Result<(), Halt> {
    let mut once =
        |refused: Option<&Refusal>| store.write(|tx| act(tx, &mut Moment::new(now, Actor::Rule(RULE), mint), refused));
    match once(None) {
        Err(Halt::Refused(refusal)) => once(Some(&refusal)),
        done => done,
    }
}

/// What a rule comes to about a change in an incident.
struct Weighed {
    change: ChangeRow,
    ramp: Ramp,
    reflex: Reflex,
    /// Not every program that it needs was asked lately whether it could.
    unasked: bool,
    /// Why it is the suspect.
    reasons: String,
}

/// Looks at an incident: once something is made of its first suspect, there is nothing more to see.
fn look(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    look: &Look,
    refused: Option<&Refusal>,
) -> Result<(), Halt> {
    let now = moment.now;
    if !rows::claim_look(tx, look, LOOK_EVERY.after(now))? {
        return Ok(());
    }
    let row = incidents::get(tx, look.incident, Sight::Open)?.filter(|row| why_not(row).is_none());
    let Some(row) = row else { return Ok(rows::end_look(tx, look.incident)?) };
    let suspicion = suspects::of_incident(tx, node, &row, Sight::Open)?;
    let first = suspicion.ranking.suspects.first().and_then(|one| suspicion.change(&one.candidate.which)).cloned();
    let all = rows::of_incident(tx, row.id)?;
    let known = first.as_ref().is_some_and(|first| all.iter().any(|made| made.change == first.change.id));
    let weighed = match first.filter(|_| !known) {
        Some(first) => weigh(tx, node, &row, &suspicion, first, now)?,
        None => None,
    };
    let ends = known || look.until <= now;
    match weighed {
        Some(weighed) if weighed.unasked && !matches!(weighed.reflex, Reflex::None(_)) => {
            preflights::wish_once(tx, node, &weighed.change, now)?;
            if !ends {
                rows::look(tx, &Look { due_at: ANSWERS_IN.after(now), ..*look })?;
            }
        }
        Some(weighed) if !matches!(weighed.reflex, Reflex::None(_)) => {
            rows::end_look(tx, row.id)?;
            return make(tx, node, moment, &row, &weighed, refused);
        }
        _ => {}
    }
    if ends {
        rows::end_look(tx, row.id)?;
    }
    Ok(())
}

/// Why a rule does nothing in an incident, whatever changed.
fn why_not(row: &IncidentRow) -> Option<&'static str> {
    if row.state.visibility != Visibility::Open {
        Some("the incident is restricted")
    } else if row.state.phase != Phase::Active {
        Some("the incident is over")
    } else if row.drill || row.retrospective {
        Some("nothing real is taken back in it")
    } else {
        None
    }
}

/// Nothing, where there is no plan.
fn weigh(
    tx: &mut Tx<'_>,
    node: &Node,
    row: &IncidentRow,
    suspicion: &Suspicion,
    change: ChangeRow,
    now: Timestamp,
) -> Result<Option<Weighed>, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    if preflights::plan(&change, &catalog).is_none() {
        return Ok(None);
    }
    let foreseen = rollbacks::foreseen(tx, &catalog, change, Sight::Open, now)?;
    let id = foreseen.change.change.id;
    let services = foreseen.change.change.proposal.services();
    let mut ramp = if services.is_empty() { Ramp::Off } else { Ramp::Automatic };
    for service in &services {
        let said = if catalog.services.contains_key(service) { rows::ramp(tx, service)? } else { None };
        ramp = ramp.min(said.map_or(Ramp::Off, |row| row.ramp));
    }
    let radius = Graph::of(&catalog.services).blast_radius(&services).into_keys().collect();
    let began = foreseen.change.began_at.unwrap_or(now);
    let suspect = suspicion.ranking.suspects.iter().find(|one| one.candidate.which == Which::Change(id));
    let on = Occasion {
        ramp,
        change: &foreseen.change.change,
        ranking: &suspicion.ranking,
        missing: &foreseen.preview.missing,
        second_person: foreseen.preview.second_person,
        last_by_rule: rows::last_by_rule(tx, id)?,
        follows_rollback: rows::taken_back_there(tx, id, QUIET_FOR.before(began), began)?,
        under_way: runs::of_incident(tx, row.id)?
            .iter()
            .chain(&runs::of_change(tx, id)?)
            .any(|one| one.run.is_under_way()),
        alerts: rollbacks::felt(tx, node, Some(row.id), &radius)?.len(),
    };
    let reflex = reflex(&on, now);
    let unasked = preflights::unasked(tx, &catalog, &foreseen.change, &foreseen.plan, now)?;
    let reasons = suspect.map_or_else(String::new, domain::change::suspects::Suspect::reasons);
    // As it is kept: a plan that is set up for all that is deployed there is not its own.
    let change = changes::find(tx, id, Sight::Open)?;
    Ok(Some(Weighed { change, ramp, reflex, unasked, reasons }))
}

/// Does what the rule came to: kept first, once, and told.
fn make(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    row: &IncidentRow,
    weighed: &Weighed,
    refused: Option<&Refusal>,
) -> Result<(), Halt> {
    let now = moment.now;
    let state = match &weighed.reflex {
        Reflex::None(_) => return Ok(()),
        Reflex::Suggest(why) => State::Suggested { why: why.clone() },
        Reflex::At(until) => State::Counting { until: *until },
        Reflex::Now => State::Counting { until: now },
    };
    let id = moment.mint.id(now);
    let made = Made { id, incident: row.id, change: weighed.change.change.id, ramp: weighed.ramp, at: now, state };
    if !rows::add(tx, &made)? {
        return Ok(());
    }
    let told = json!({ "ramp": made.ramp, "reasons": weighed.reasons });
    match (&made.state, refused) {
        (State::Suggested { why }, _) => {
            tell(tx, moment, EventKind::RollbackSuggested, &made, &weighed.change, why.as_deref(), told)
        }
        (_, Some(refusal)) => lapse_for(tx, moment, &made, &weighed.change, &refusal.message),
        _ if weighed.reflex == Reflex::Now => run(tx, node, moment, &made, weighed),
        _ => {
            // The answer that counts is that of the end.
            preflights::wish(tx, node, &weighed.change, now)?;
            tell(tx, moment, EventKind::RollbackCounting, &made, &weighed.change, None, told)
        }
    }
}

/// The time to stop it is over: all is looked at again, and it is done, or it is said why not.
fn end_countdown(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: ReflexId,
    refused: Option<&Refusal>,
) -> Result<(), Halt> {
    let made = rows::get(tx, id)?.filter(|made| matches!(made.state, State::Counting { until } if until <= moment.now));
    let Some(made) = made else { return Ok(()) };
    let kept = changes::find(tx, made.change, Sight::Whole)?;
    if let Some(refusal) = refused {
        return lapse_for(tx, moment, &made, &kept, &refusal.message);
    }
    let row = incidents::get(tx, made.incident, Sight::Whole)?;
    let row = row.ok_or_else(|| Refusal::not_found(format!("incident {}", made.incident)))?;
    if let Some(why) = why_not(&row) {
        return lapse_for(tx, moment, &made, &kept, why);
    }
    let suspicion = suspects::of_incident(tx, node, &row, Sight::Open)?;
    let seen = change_rows::get(tx, made.change, Sight::Open)?;
    let weighed = match seen {
        Some(change) => weigh(tx, node, &row, &suspicion, change, moment.now)?,
        None => None,
    };
    match weighed {
        None => lapse_for(tx, moment, &made, &kept, "it has no plan any more by which it could be taken back"),
        Some(weighed) => match weighed.reflex.against() {
            Some(why) => lapse_for(tx, moment, &made, &kept, &why),
            None if weighed.unasked => {
                lapse_for(tx, moment, &made, &kept, "it is not known whether it could be taken back now")
            }
            None => run(tx, node, moment, &made, &weighed),
        },
    }
}

/// The same act as when a person asks for it, by nobody.
fn run(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, made: &Made, weighed: &Weighed) -> Result<(), Halt> {
    let asking = Asking {
        incident: Some(made.incident),
        access: Access::Responder,
        conditions: Conditions::at(moment.now),
        why: &weighed.reasons,
    };
    let run = rollbacks::ask(tx, node, moment, &Which::Change(made.change), asking)?;
    let state = State::Ran { at: moment.now, rollback: run.run.id };
    if rows::settle(tx, &Made { state, ..made.clone() })? {
        Ok(())
    } else {
        Err(Refusal::conflict("somebody was faster").into())
    }
}

/// When its time came, something spoke against it.
fn lapse_for(tx: &mut Tx<'_>, moment: &mut Moment<'_>, made: &Made, change: &ChangeRow, why: &str) -> Result<(), Halt> {
    let lapsed = Made { state: State::Lapsed { at: moment.now, why: why.to_owned() }, ..made.clone() };
    lapse(tx, moment, &lapsed, change)
}

/// Keeps and tells that it lapsed, unless it was settled otherwise meanwhile.
fn lapse(tx: &mut Tx<'_>, moment: &mut Moment<'_>, lapsed: &Made, change: &ChangeRow) -> Result<(), Halt> {
    let State::Lapsed { why, .. } = &lapsed.state else { return Ok(()) };
    if rows::settle(tx, lapsed)? {
        tell(tx, moment, EventKind::RollbackLapsed, lapsed, change, Some(why), json!({}))?;
    }
    Ok(())
}

/// Notes it on the timeline of the room.
fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    kind: EventKind,
    made: &Made,
    change: &ChangeRow,
    why: Option<&str>,
    mut data: Value,
) -> Result<(), Halt> {
    if let State::Counting { until } = made.state {
        data["due_at"] = json!(until);
    }
    let about = About { change, incident: Some(made.incident), part: Some(("reflex", made.id.to_string())) };
    note(tx, moment, kind, about, why, data)
}
