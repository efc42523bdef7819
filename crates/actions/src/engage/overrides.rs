//! Overrides: somebody stands in. An event, so that no `apply` undoes it.

use domain::engage::schedules::Override;
use domain::words::{EventKind, Name, OverrideId, Refusal, Span, Timestamp};
use serde_json::json;
use store::engage::overrides;
use store::{Halt, Tx};

use crate::{Moment, Node, announce};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub schedule: Name,
    /// Nobody, if absent: deliberately.
    pub person: Option<Name>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub reason: Option<String>,
}

/// Puts somebody in somebody else's place. Refused if the person could not be paged, or the time makes no sense.
pub fn create(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, wanted: &Wanted) -> Result<Override, Halt> {
    let rules = node.rules(tx)?;
    let by = moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))?;
    if !rules.catalog.schedules.contains_key(&wanted.schedule) {
        return Err(Refusal::not_found(format!("schedule {}", wanted.schedule)).into());
    }
    if let Some(person) = &wanted.person {
        let Some(found) = rules.catalog.people.get(person) else {
            let names = rules.catalog.people.keys().map(Name::as_str);
            let near = domain::words::text::did_you_mean(person.as_str(), names);
            return Err(Refusal::invalid(format!("there is no person {person}{near}")).at("/person").into());
        };
        let urgency = domain::engage::deliveries::Urgency::High;
        if let Err(why) = domain::engage::contacts::reachable(found, urgency) {
            return Err(Refusal::invalid(format!("{person} {why}, so a page would be lost")).at("/person").into());
        }
    }
    if wanted.ends_at <= wanted.starts_at {
        return Err(Refusal::invalid("it ends before it begins").at("/ends_at").into());
    }
    if wanted.ends_at <= moment.now {
        return Err(Refusal::invalid("it ends in the past").at("/ends_at").into());
    }
    if Span::between(wanted.starts_at, wanted.ends_at) > Span::hours(24 * 92) {
        return Err(Refusal::invalid("an override lasts three months at most; change the schedule")
            .at("/ends_at")
            .into());
    }
    let stand_in = Override {
        id: moment.mint.id(moment.now),
        schedule: wanted.schedule.clone(),
        person: wanted.person.clone(),
        starts_at: wanted.starts_at,
        ends_at: wanted.ends_at,
        reason: wanted.reason.clone().filter(|reason| !reason.trim().is_empty()),
        created_by: by,
    };
    overrides::insert(tx, &stand_in, moment.now)?;
    let subjects = subjects(&stand_in);
    let data = json!({ "person": stand_in.person, "starts_at": stand_in.starts_at, "ends_at": stand_in.ends_at });
    announce::event(tx, moment, EventKind::OverrideCreated, subjects, stand_in.reason.as_deref(), data)?;
    Ok(stand_in)
}

/// Takes an override away: the schedule answers again as if it had never been.
pub fn remove(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: OverrideId) -> Result<Override, Halt> {
    let found = overrides::get(tx, id)?.ok_or_else(|| Refusal::not_found(format!("override {id}")))?;
    overrides::remove(tx, id, moment.now)?;
    announce::event(tx, moment, EventKind::OverrideRemoved, subjects(&found), None, json!({ "person": found.person }))?;
    Ok(found)
}

fn subjects(stand_in: &Override) -> Vec<String> {
    let person = stand_in.person.iter().map(|person| format!("person/{person}"));
    [stand_in.id.to_string(), format!("schedule/{}", stand_in.schedule)].into_iter().chain(person).collect()
}
