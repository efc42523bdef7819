//! The meeting in which a postmortem is read together: planned with those whom the record names, moved, held; and what their
//! calendars are told by mail.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domain::engage::deliveries::{Calendar, LinkKind, Message, MessageLink, Urgency};
use domain::learn::postmortems::OWNER;
use domain::learn::review_meetings::{
    Invitation, Invitee, Method, Move, ReviewMeeting, State, Topic, Wanted, agenda, invitation, invitees,
};
use domain::learn::review_surveys::{Answer, ReviewSurvey};
use domain::prepare::catalog::Catalog;
use domain::prepare::people::Access;
use domain::respond::assignments::State as Holding;
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::words::{EventKind, IncidentId, Name, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::learn::{review_meetings as rows, review_surveys as surveys};
use store::outbox::{self, Delivery, Kind};
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Tx};

use super::drafts;
use crate::announce::Told;
use crate::respond::command;
use crate::respond::incidents::{find, seen};
use crate::{Moment, Node, announce};

/// Everything of one, as pages and programs show it.
#[derive(Clone, Debug)]
pub struct Whole {
    pub incident: IncidentRow,
    pub meeting: Option<ReviewMeeting>,
    /// Whom the record names, with why.
    pub suggested: Vec<Invitee>,
    /// Who had a part in the incident: none of them leads the meeting.
    pub involved: BTreeSet<Name>,
    pub agenda: Vec<Topic>,
    /// What was said of it.
    pub survey: ReviewSurvey,
}

/// Minutes of a meeting that nobody planned yet.
const USUAL: u32 = 60;
/// So many entries are looked at to find who took part.
const ENTRIES_MOST: u32 = 2000;

/// That of an incident that is learned from.
pub fn whole(tx: &mut Tx<'_>, node: &Node, id: IncidentId, sight: Sight<'_>, now: Timestamp) -> Result<Whole, Halt> {
    let incident = seen(tx, id, sight)?;
    if store::learn::postmortems::get(tx, id)?.is_none() {
        let message = format!("review of {id}: there is nothing to review before its response is over");
        return Err(Refusal::not_found(message).into());
    }
    let catalog = node.rules(tx)?.catalog.clone();
    let (suggested, involved) = from_record(tx, &catalog, &incident)?;
    let meeting = rows::get(tx, id)?;
    let draft = drafts::of_incident(tx, node, id, sight, now)?;
    let questions = draft.sections.iter().filter(|section| section.name == "questions").flat_map(|one| &one.parts);
    let questions: Vec<String> = questions.flat_map(|part| &part.sentences).map(|one| one.text.clone()).collect();
    let minutes = meeting.as_ref().map_or(USUAL, |meeting| meeting.minutes);
    let (agenda, survey) = (agenda(&questions, draft.prompts, minutes), surveys::get(tx, id)?);
    Ok(Whole { incident, meeting, suggested, involved, agenda, survey })
}

/// Whom the record names: who is to be there, and who was involved.
fn from_record(tx: &mut Tx<'_>, catalog: &Catalog, row: &IncidentRow) -> Result<(Vec<Invitee>, BTreeSet<Name>), Halt> {
    let (mut named, mut involved) = (Vec::new(), BTreeSet::new());
    for one in store::respond::assignments::of_incident(tx, row.id)? {
        if matches!(one.state, Holding::Offered | Holding::Declined { .. }) {
            continue;
        }
        if one.role.as_str() == OWNER {
            named.push((one.person, "owns the postmortem".to_owned()));
            continue;
        }
        let title = catalog.roles.get(&one.role).map_or(one.role.as_str(), |role| role.title.as_str());
        named.push((one.person.clone(), format!("was {}", title.to_lowercase())));
        involved.insert(one.person);
    }
    for entry in store::journal::of_incident(tx, row.id, None, ENTRIES_MOST)?.into_iter().rev() {
        let Some(person) = person_of(&entry.actor) else { continue };
        let learning = ["postmortem.", "factor.", "action-item.", "customer-postmortem.", "review-meeting."];
        if entry.word == EventKind::PostmortemWritten.word() {
            named.push((person, "wrote the postmortem".to_owned()));
        } else if !learning.iter().any(|begin| entry.word.starts_with(begin)) {
            let wrote = entry.word.starts_with("entry.");
            named.push((person.clone(), if wrote { "wrote entries" } else { "took part" }.to_owned()));
            involved.insert(person);
        }
    }
    for service in &row.services {
        let Some(found) = catalog.services.get(service) else { continue };
        let Some(team) = catalog.teams.get(&found.team) else { continue };
        let leads = team
            .members
            .iter()
            .filter(|name| catalog.people.get(*name).is_some_and(|person| person.access >= Access::Manager));
        named.extend(leads.map(|name| (name.clone(), format!("leads {}, which owns {}", team.title, found.title))));
    }
    let reviewer = store::learn::postmortems::get(tx, row.id)?.and_then(|one| one.reviewer);
    named.extend(reviewer.map(|name| (name, "reviewed it".to_owned())));
    let mut all = Vec::new();
    for one in invitees(named) {
        let there = catalog.people.get(&one.person).is_some_and(|person| !person.inactive);
        if there && incident_rows::get(tx, row.id, Sight::Of(&one.person))?.is_some() {
            all.push(one);
        }
    }
    Ok((all, involved))
}

fn person_of(actor: &str) -> Option<Name> {
    let (kind, rest) = actor.split_once(':')?;
    match kind {
        "person" => rest.parse().ok(),
        "token" | "chat" => rest.rsplit(':').next()?.parse().ok(),
        _ => None,
    }
}

/// What somebody wants of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Plan(Wanted),
    Change { wanted: Wanted, revision: u32 },
    Cancel { why: String },
    Note { topic: String, text: String },
    Decide { text: String },
    Hold { attended: BTreeSet<Name> },
    Answer(Answer),
}

/// Does it; answers with how it stands then.
pub fn act(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, id: IncidentId, deed: &Deed) -> Result<Whole, Halt> {
    let me = moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))?;
    let row = find(tx, moment, id)?;
    let (sight, now) = (Sight::Of(&me), moment.now);
    let all = whole(tx, node, id, sight, now)?;
    let catalog = node.rules(tx)?.catalog.clone();
    let planned = || all.meeting.clone().ok_or_else(|| Refusal::not_found(format!("meeting about {id}: plan one")));
    let (moved, why): (Move, Option<&str>) = match deed {
        Deed::Plan(wanted) => {
            // Whoever names nobody asks those whom the record names.
            let mut wanted = wanted.clone();
            if wanted.invitees.is_empty() {
                wanted.invitees.clone_from(&all.suggested);
            }
            let wanted = checked(tx, &catalog, &row, &wanted, &all.involved, now)?;
            (ReviewMeeting::plan(all.meeting.as_ref(), id, wanted)?, None)
        }
        Deed::Change { wanted, revision } => {
            let wanted = checked(tx, &catalog, &row, wanted, &all.involved, now)?;
            (planned()?.change(wanted, *revision)?, None)
        }
        Deed::Cancel { why } => (planned()?.cancel(why)?, Some(why.trim())),
        Deed::Note { topic, text } => {
            // Notes are working paper: what came of them is in decisions and in the postmortem.
            rows::save(tx, &planned()?.note(topic, text, &me, now)?)?;
            return whole(tx, node, id, sight, now);
        }
        Deed::Answer(answer) => {
            // Who answered when is told nowhere: an entry of the journal would say it.
            surveys::save(tx, id, &all.survey.answer(&planned()?, &me, answer)?)?;
            return whole(tx, node, id, sight, now);
        }
        Deed::Decide { text } => (planned()?.decide(text, &me, now)?, None),
        Deed::Hold { attended } => {
            if let Some(unknown) = attended.iter().find(|name| !catalog.people.contains_key(*name)) {
                return Err(Refusal::invalid(format!("there is no person {unknown}")).at("/attended").into());
            }
            (planned()?.hold(attended.clone(), now)?, None)
        }
    };
    let (meeting, event, told) = moved;
    rows::save(tx, &meeting)?;
    for (person, method) in told {
        queue(tx, moment, &catalog, &meeting, &person, method)?;
    }
    let data = particulars(&meeting);
    announce::of_incident(tx, moment, event, id, Vec::new(), Told { why, data, at: None })?;
    whole(tx, node, id, sight, now)
}

/// What is planned, with people who are there; of a restricted incident, who may see it.
fn checked(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    row: &IncidentRow,
    wanted: &Wanted,
    involved: &BTreeSet<Name>,
    now: Timestamp,
) -> Result<Wanted, Halt> {
    let wanted = wanted.checked(involved, now)?;
    for (place, one) in wanted.invitees.iter().enumerate() {
        let at = format!("/invitees/{place}/person");
        if catalog.people.get(&one.person).is_none_or(|person| person.inactive) {
            return Err(Refusal::invalid(format!("there is no {} to invite", one.person)).at(at).into());
        }
        if row.state.visibility == Visibility::Restricted
            && incident_rows::get(tx, row.id, Sight::Of(&one.person))?.is_none()
        {
            let message = format!("{} may not see this incident: name them for it first", one.person);
            return Err(Refusal::conflict(message).at(at).into());
        }
    }
    Ok(wanted)
}

fn particulars(meeting: &ReviewMeeting) -> Value {
    json!({
        "state": meeting.state,
        "starts_at": meeting.starts_at,
        "minutes": meeting.minutes,
        "facilitator": meeting.facilitator,
        "invited": meeting.invitees.iter().map(|one| &one.person).collect::<Vec<_>>(),
        "attended": meeting.attended,
        "decision": meeting.decisions.last().map(|one| &one.text),
        "sequence": meeting.sequence,
    })
}

/// What is to be said to a calendar, as the outbox keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    incident: IncidentId,
    method: Method,
    sequence: u32,
}

const CONTACT: &str = "review-meeting";

fn queue(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    meeting: &ReviewMeeting,
    person: &Name,
    method: Method,
) -> Result<(), Halt> {
    let Some(found) = catalog.people.get(person) else { return Ok(()) };
    let said = Said { incident: meeting.incident, method, sequence: meeting.sequence };
    let payload = json!(said).to_string();
    let new = outbox::New {
        id: moment.mint.id(moment.now),
        kind: Kind::Mail,
        page: None,
        person: Some(person),
        contact: CONTACT,
        channel: "email",
        address: &found.email,
        step: 0,
        round: 0,
        urgency: Urgency::Low,
        payload: &payload,
        due_at: moment.now,
    };
    outbox::queue(tx, &new, None, moment.now)?;
    Ok(())
}

/// Whether the message is an invitation to a meeting, or takes one back.
pub(crate) fn is_invitation(delivery: &Delivery) -> bool {
    delivery.kind == Kind::Mail && delivery.page.is_none() && delivery.contact == CONTACT
}

/// Writes an invitation, as things are now; nothing, if another was sent since or the person may not know of it any more.
pub(crate) fn message(
    tx: &mut Tx<'_>,
    node: &Node,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Option<Message>, Halt> {
    let (Some(person), Ok(said)) = (&delivery.person, serde_json::from_str::<Said>(&delivery.payload)) else {
        return Ok(None);
    };
    let Some(row) = incident_rows::get(tx, said.incident, Sight::Of(person))? else { return Ok(None) };
    let Some(meeting) = rows::get(tx, said.incident)? else { return Ok(None) };
    if said.sequence != meeting.sequence {
        return Ok(None);
    }
    let catalog = node.rules(tx)?.catalog.clone();
    let all = drafts::of_incident(tx, node, row.id, Sight::Of(person), now)?;
    let topics = agenda(&[], all.prompts, meeting.minutes);
    let starts = meeting.starts_in(catalog.people.get(person).map_or("UTC", |person| person.time_zone.as_str()));
    let name = command::outside_name(&row);
    let word = match (said.method, said.sequence) {
        (Method::Cancel, _) => "Cancelled",
        (Method::Request, 0) => "Invitation",
        (Method::Request, _) => "Changed",
    };
    let url = format!("{}/incidents/{}/review", node.identity.public_url.trim_end_matches('/'), row.id);
    let why = meeting.invitees.iter().find(|one| one.person == *person).map(|one| one.why.clone());
    let mut text = match said.method {
        Method::Request => format!("{starts}, {} minutes\n", meeting.minutes),
        Method::Cancel => {
            format!("The review on {starts} does not take place, or you are not asked to come any more.\n")
        }
    };
    if said.method == Method::Request {
        if !meeting.place.is_empty() {
            _ = writeln!(text, "Where: {}", meeting.place);
        }
        _ = writeln!(text, "Led by {}", called(&catalog, &meeting.facilitator));
        if let Some(why) = why {
            _ = writeln!(text, "You are asked because of what the record says: {why}");
        }
        text.push_str("\nNobody is judged: we look for what made sense at the time.\n\n");
        for topic in topics.iter().filter(|topic| topic.minutes > 0) {
            _ = writeln!(text, "- {} ({} min)", topic.title, topic.minutes);
        }
    }
    Ok(Some(Message {
        key: delivery.id.to_string(),
        subject: format!("{word}: review of {name}, {starts}"),
        text,
        html: None,
        urgency: Urgency::Low,
        links: vec![MessageLink { label: "Open the agenda".into(), url: url.clone(), kind: LinkKind::Open }],
        thread: format!("review-{}", row.id),
        event: "review-meeting".into(),
        data: json!({}),
        repeat_of: None,
        unsubscribe: None,
        calendar: Some(Calendar {
            method: said.method.word().to_owned(),
            text: calendar(node, &catalog, &row, &meeting, said.method, now),
        }),
    }))
}

fn called(catalog: &Catalog, person: &Name) -> String {
    catalog.people.get(person).map_or_else(|| person.to_string(), |found| found.full_name.clone())
}

fn calendar(
    node: &Node,
    catalog: &Catalog,
    row: &IncidentRow,
    meeting: &ReviewMeeting,
    method: Method,
    now: Timestamp,
) -> String {
    let url = node.identity.public_url.trim_end_matches('/');
    let host = url.split("://").last().and_then(|rest| rest.split(['/', ':']).next()).unwrap_or("allclear");
    let party = |person: &Name| {
        let address = catalog.people.get(person).map_or_else(String::new, |found| found.email.clone());
        (called(catalog, person), address)
    };
    let name = command::outside_name(row);
    let one = Invitation {
        meeting,
        method,
        summary: format!("Review of {name}"),
        description: "Nobody is judged: we look for what made sense at the time.".into(),
        url: format!("{url}/incidents/{}/review", row.id),
        organizer: party(&meeting.facilitator),
        attendees: meeting.invitees.iter().map(|one| party(&one.person)).collect(),
    };
    invitation(&one, host, now)
}

/// The meeting as a file for a calendar.
pub fn file(tx: &mut Tx<'_>, node: &Node, id: IncidentId, sight: Sight<'_>, now: Timestamp) -> Result<String, Halt> {
    let row = seen(tx, id, sight)?;
    let meeting = rows::get(tx, id)?.ok_or_else(|| Refusal::not_found(format!("meeting about {id}")))?;
    let method = if meeting.state == State::Cancelled { Method::Cancel } else { Method::Request };
    let catalog = node.rules(tx)?.catalog.clone();
    Ok(calendar(node, &catalog, &row, &meeting, method, now))
}

#[cfg(test)]
#[path = "review_meetings_tests.rs"]
mod tests;
