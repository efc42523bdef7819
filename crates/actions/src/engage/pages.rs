//! Pages: started when a group pages, escalated when nobody answers, acknowledged by people, ended by their alerts.

use std::collections::BTreeSet;

use domain::engage::contacts;
use domain::engage::deliveries::Urgency;
use domain::engage::escalations::{self, End, EscalationPolicy, Lookup, Move, Notify, Recipient, State};
use domain::engage::pages::About;
use domain::prepare::drills;
use domain::respond::sight::Sight;
use domain::words::{Actor, EventKind, GroupId, IncidentId, KillId, Mint, Name, PageId, Refusal, Span, Timestamp};
use serde_json::json;
use store::engage::pages::{self, PageRow};
use store::outbox::{self, Kind, New};
use store::{Halt, Store, Tx};

use super::compose;
use super::who::Who;
use crate::announce::Told;
use crate::board::{self, Pace, Turn};
use crate::courier::LEASE;
use crate::detect::alerts;
use crate::respond::{command, links};
use crate::{Moment, Node, announce};

/// Pages for a group: a new page, or the one that it has again from the start.
pub(crate) fn start_for_group(
    turn: &mut Turn<'_, '_>,
    id: GroupId,
    because: &str,
    before: Option<PageId>,
) -> Result<PageId, Halt> {
    let Some(open) = turn.board.group(id) else { return Err(Refusal::not_found("such group").into()) };
    let group = &open.group;
    let urgency = group.urgency.unwrap_or(Urgency::High);
    let rules = turn.rules.clone();
    let policy = policy(&rules.catalog, group.policy.as_ref());
    let now = turn.moment.now;
    let before = match before {
        Some(before) => pages::get(turn.tx, before)?.filter(|page| !matches!(page.state, State::Ended { .. })),
        None => None,
    };
    let (service, title, policy_name) = (group.service.clone(), group.title.clone(), group.policy.clone());
    let who = Who::for_policy(turn.tx, &rules.catalog, &policy, now)?;
    if let Some(mut page) = before {
        // The page goes on under its old number, so that the thread in people's mail is one.
        page.urgency = page.urgency.max(urgency);
        because.clone_into(&mut page.because);
        pages::save_reason(turn.tx, page.id, page.urgency, because)?;
        outbox::cancel_for_page(turn.tx, page.id, now)?;
        let mut again = escalations::start(&policy, page.urgency, now, &who);
        again.event = Some(EventKind::PageRestarted);
        carry_out(turn, &mut page, &again)?;
        return Ok(page.id);
    }
    let begun = escalations::start(&policy, urgency, now, &who);
    let mut page = PageRow {
        id: turn.moment.mint.id(now),
        about: About::Group(id),
        owed: None,
        policy: policy_name,
        service,
        title,
        because: because.to_owned(),
        urgency,
        started_at: now,
        state: begun.state.clone(),
    };
    pages::insert(turn.tx, &page)?;
    carry_out(turn, &mut page, &begun)?;
    Ok(page.id)
}

/// The policy, or one that reaches nobody: what was paged under a policy that is gone must still come to an end.
fn policy(catalog: &domain::prepare::catalog::Catalog, name: Option<&Name>) -> EscalationPolicy {
    let gone =
        || EscalationPolicy { title: "none".into(), steps: Vec::new(), repeat: 0, ack_timeout: None, team: None };
    name.and_then(|name| catalog.escalation_policies.get(name)).cloned().unwrap_or_else(gone)
}

/// Pages about an incident, by an escalation policy; whoever is told is named for it.
pub(crate) fn start_for_command(
    turn: &mut Turn<'_, '_>,
    incident: IncidentId,
    policy: &Name,
    title: &str,
    because: &str,
) -> Result<(), Halt> {
    let (now, rules) = (turn.moment.now, turn.rules.clone());
    let steps = self::policy(&rules.catalog, Some(policy));
    let who = Who::for_policy(turn.tx, &rules.catalog, &steps, now)?;
    let begun = escalations::start(&steps, Urgency::High, now, &who);
    let mut page = PageRow {
        id: turn.moment.mint.id(now),
        about: About::Command(incident),
        owed: None,
        policy: Some(policy.clone()),
        service: None,
        title: drills::marked(crate::prepare::drills::is_page(turn.tx, &About::Command(incident))?, title).into_owned(),
        because: because.to_owned(),
        urgency: Urgency::High,
        started_at: now,
        state: begun.state.clone(),
    };
    pages::insert(turn.tx, &page)?;
    carry_out(turn, &mut page, &begun)
}

/// What somebody is reminded of.
pub(crate) struct Reminder<'a> {
    pub incident: IncidentId,
    /// What it is, within its incident: when that is done, or another reminder of it comes, this one is over.
    pub owed: &'a str,
    pub urgency: Urgency,
    pub title: &'a str,
    pub because: &'a str,
}

/// Reminds one person of what they owe to an incident; nobody else is called for it. Whether they can be reached, and may
/// see it.
pub(crate) fn remind(turn: &mut Turn<'_, '_>, person: &Name, reminder: &Reminder<'_>) -> Result<bool, Halt> {
    let Reminder { incident, urgency, title, because, .. } = *reminder;
    let rules = turn.rules.clone();
    let found = rules.catalog.people.get(person);
    let sees = store::respond::incidents::get(turn.tx, incident, Sight::Of(person))?.is_some();
    if !sees || found.is_none_or(|found| contacts::reachable(found, urgency).is_err()) {
        return Ok(false);
    }
    let page = ForOne { about: About::Reminder(incident), owed: Some(reminder.owed), urgency, title, because };
    tell_one(turn, &page, person, None)?;
    Ok(true)
}

/// Reminds whoever made a kill that it ends. Whether they can be reached.
pub(crate) fn remind_of_kill(
    turn: &mut Turn<'_, '_>,
    person: &Name,
    kill: KillId,
    urgency: Urgency,
    (title, because): (&str, &str),
) -> Result<bool, Halt> {
    let rules = turn.rules.clone();
    let found = rules.catalog.people.get(person);
    if found.is_none_or(|found| found.inactive || contacts::reachable(found, urgency).is_err()) {
        return Ok(false);
    }
    let owed = kill.to_string();
    let page = ForOne { about: About::Kill(kill), owed: Some(&owed), urgency, title, because };
    tell_one(turn, &page, person, None)?;
    Ok(true)
}

/// Writes what a rule decided: the state, the journal, and a delivery for everybody who is to be told.
fn carry_out(turn: &mut Turn<'_, '_>, page: &mut PageRow, decided: &Move) -> Result<(), Halt> {
    if decided.event.is_none() {
        return Ok(());
    }
    let mut told = Vec::new();
    // What was queued before is cancelled first: what is queued now may be on its way already.
    enter(turn.tx, turn.moment.now, page, decided)?;
    for notify in &decided.notify {
        if let (About::Command(incident), Recipient::Person(person)) = (page.about, &notify.to) {
            store::respond::incidents::name_person(turn.tx, incident, person)?;
        }
        let queued = queue(turn, page, notify)?;
        told.push(json!({ "to": recipient(&notify.to), "because": notify.because, "contacts": queued }));
    }
    record(turn.tx, &mut turn.moment, page, decided, &told)
}

/// Writes the state that a rule decided.
fn enter(tx: &mut Tx<'_>, now: Timestamp, page: &mut PageRow, decided: &Move) -> Result<(), Halt> {
    if page.state != decided.state {
        page.state = decided.state.clone();
        pages::save_state(tx, page.id, &page.state)?;
    }
    if let State::Ended { .. } = page.state {
        outbox::cancel_for_page(tx, page.id, now)?;
    }
    Ok(())
}

/// Writes what happened to a page into the journal.
fn record(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    page: &PageRow,
    decided: &Move,
    told: &[serde_json::Value],
) -> Result<(), Halt> {
    let Some(event) = decided.event else { return Ok(()) };
    let skipped = |list: &[escalations::Skipped]| -> Vec<_> {
        list.iter().map(|one| json!({ "step": one.step, "round": one.round, "why": one.why })).collect()
    };
    let mut data = json!({ "title": page.title, "urgency": page.urgency, "told": told });
    match &page.state {
        State::Calling { step, round, due_at, .. } => {
            data["step"] = json!(step);
            data["round"] = json!(round);
            data["due_at"] = json!(due_at);
        }
        State::Acknowledged { by, until, .. } => {
            data["by"] = json!(by);
            data["until"] = json!(until);
        }
        State::Ended { why, .. } => data["ended"] = json!(why.word()),
    }
    if !decided.skipped.is_empty() {
        data["skipped"] = skipped(&decided.skipped).into();
    }
    if !decided.missed.is_empty() {
        data["missed"] = skipped(&decided.missed).into();
    }
    let because = matches!(event, EventKind::PageStarted | EventKind::PageRestarted).then_some(page.because.as_str());
    note(tx, moment, page, event, because, data)?;
    // A page that begins and ends at once reached nobody: that is two things that happened.
    if let (EventKind::PageStarted, State::Ended { why, .. }) = (event, &page.state) {
        let data = json!({ "ended": why.word(), "title": page.title });
        note(tx, moment, page, EventKind::PageEnded, Some("no step reaches anybody"), data)?;
    }
    Ok(())
}

/// Notes something of a page: on the timeline of its incident, if it is about one.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    page: &PageRow,
    event: EventKind,
    why: Option<&str>,
    data: serde_json::Value,
) -> Result<(), Halt> {
    match page.about.incident() {
        Some(incident) => {
            let told = Told { why, data, at: None };
            announce::of_incident(tx, moment, event, incident, vec![page.id.to_string()], told)?;
            Ok(())
        }
        None => announce::event(tx, moment, event, subjects(page), why, data),
    }
}

fn recipient(to: &Recipient) -> String {
    match to {
        Recipient::Person(name) => format!("person/{name}"),
        Recipient::Webhook(url) => format!("webhook {}", without_secrets(url)),
    }
}

/// A webhook's host: its path is as good as a password.
fn without_secrets(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

fn subjects(page: &PageRow) -> Vec<String> {
    let group = page.about.group().map(|group| group.to_string());
    let service = page.service.iter().map(|service| format!("service/{service}"));
    std::iter::once(page.id.to_string()).chain(group).chain(service).collect()
}

/// Queues what one recipient is to be told; what is due at once is claimed by this node as it is queued, which saves
/// the page a trip to the disk. Answers with the contacts and when each is due.
fn queue(turn: &mut Turn<'_, '_>, page: &PageRow, notify: &Notify) -> Result<serde_json::Value, Halt> {
    let now = turn.moment.now;
    let mut queued = Vec::new();
    let payload = json!({ "because": notify.because }).to_string();
    let mut memory = None;
    for (person, contact, address, due_at) in contacts_of(turn, page.urgency, notify) {
        let new = New {
            id: turn.moment.mint.id(now),
            kind: kind(page, &notify.to),
            page: Some(page.id),
            person: person.as_ref(),
            contact: &contact,
            channel: contacts::channel(&address),
            address: contacts::target(&address),
            step: notify.step.into(),
            round: notify.round.into(),
            urgency: page.urgency,
            payload: &payload,
            due_at,
        };
        queued.push(json!({ "delivery": new.id, "contact": contact, "due_at": due_at }));
        let at_once = (due_at <= now).then(|| (turn.node.identity.name.as_str(), LEASE.after(now)));
        let delivery = outbox::queue(turn.tx, &new, at_once, now)?;
        if at_once.is_some() {
            let memory = match &memory {
                Some(memory) => memory,
                None => memory.insert(compose::remember(turn.tx, &turn.board, page)?),
            };
            let (draft, memory) = (turn.entry.as_ref(), memory.clone());
            turn.born.push(compose::gather(turn.tx, draft, &turn.board, &turn.rules, page, memory, delivery, now)?);
        }
    }
    Ok(queued.into())
}

fn kind(page: &PageRow, to: &Recipient) -> Kind {
    match to {
        _ if page.about == About::Test => Kind::Test,
        Recipient::Person(_) => Kind::Page,
        Recipient::Webhook(_) => Kind::Hook,
    }
}

type Due = (Option<Name>, String, domain::prepare::people::Address, Timestamp);

fn contacts_of(turn: &Turn<'_, '_>, urgency: Urgency, notify: &Notify) -> Vec<Due> {
    let now = turn.moment.now;
    match &notify.to {
        Recipient::Webhook(url) => {
            let address = domain::prepare::people::Address::Webhook(url.clone());
            vec![(None, "webhook".into(), address, now)]
        }
        Recipient::Person(name) => {
            let Some(person) = turn.rules.catalog.people.get(name) else { return Vec::new() };
            let planned = match &notify.contact {
                Some(contact) => contacts::plan_one(person, contact, now).into_iter().collect(),
                None => contacts::plan(person, urgency, now),
            };
            let planned = planned.into_iter();
            planned.map(|one| (Some(name.clone()), one.contact, one.address, one.due_at)).collect()
        }
    }
}

/// Ends a page whose alerts are over or silenced. Whoever was told is told that, quietly.
pub(crate) fn end(turn: &mut Turn<'_, '_>, id: PageId, why: End) -> Result<(), Halt> {
    let Some(mut page) = pages::get(turn.tx, id)? else { return Ok(()) };
    let now = turn.moment.now;
    let ended = escalations::end(&escalations::Page { urgency: page.urgency, state: page.state.clone() }, why, now);
    if ended.event.is_none() {
        return Ok(());
    }
    carry_out(turn, &mut page, &ended)?;
    if why == End::Resolved {
        tell_the_end(turn.tx, &mut turn.moment, id)?;
    }
    Ok(())
}

/// Somebody has accepted command of an incident: whoever is being called for that is no longer.
pub(crate) fn commanded(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    commander: &Name,
) -> Result<(), Halt> {
    for page in pages::of_incident(tx, incident)? {
        if let About::Command(_) = page.about {
            take(tx, moment, page, commander)?;
        }
    }
    Ok(())
}

/// What was owed is done, or is reminded of anew: nothing more is sent for it.
pub(crate) fn end_reminders(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    owed: &str,
) -> Result<(), Halt> {
    for page in pages::reminders(tx, incident, owed)? {
        over(tx, moment, page)?;
    }
    Ok(())
}

/// A page about an incident is over; in silence.
fn over(tx: &mut Tx<'_>, moment: &mut Moment<'_>, mut page: PageRow) -> Result<(), Halt> {
    let before = escalations::Page { urgency: page.urgency, state: page.state.clone() };
    let ended = escalations::end(&before, End::Resolved, moment.now);
    enter(tx, moment.now, &mut page, &ended)?;
    record(tx, moment, &page, &ended, &[])
}

/// Somebody has what a page calls for, without having answered it.
fn take(tx: &mut Tx<'_>, moment: &mut Moment<'_>, mut page: PageRow, by: &Name) -> Result<(), Halt> {
    let before = escalations::Page { urgency: page.urgency, state: page.state.clone() };
    if !matches!(before.state, State::Calling { .. }) {
        return Ok(());
    }
    let nobody = policy(&domain::prepare::catalog::Catalog::default(), None);
    let decided = escalations::acknowledge(&nobody, &before, by, moment.now)?;
    outbox::cancel_for_page(tx, page.id, moment.now)?;
    enter(tx, moment.now, &mut page, &decided)?;
    record(tx, moment, &page, &decided, &[])
}

/// The response to an incident is over: nobody is called for it any more.
pub(crate) fn end_for_incident(tx: &mut Tx<'_>, moment: &mut Moment<'_>, incident: IncidentId) -> Result<(), Halt> {
    for page in pages::of_incident(tx, incident)? {
        let called = matches!(page.state, State::Calling { .. }) && page.about.escalates();
        let id = page.id;
        over(tx, moment, page)?;
        if called {
            tell_the_end(tx, moment, id)?;
        }
    }
    Ok(())
}

/// Whoever was told of the page by a message that went out is told of its end in the same way, quietly, once.
pub(crate) fn tell_the_end(tx: &mut Tx<'_>, moment: &mut Moment<'_>, page: PageId) -> Result<(), Halt> {
    let all = outbox::for_page(tx, page)?;
    let of = |one: &outbox::Delivery| (one.person.clone(), one.address.clone());
    let mut told: BTreeSet<(Option<Name>, String)> =
        all.iter().filter(|(one, _)| one.step == 0).map(|(one, _)| of(one)).collect();
    for (before, _) in all {
        let went_out = matches!(before.state, outbox::State::Sent) && before.step > 0;
        if !went_out || !told.insert(of(&before)) {
            continue;
        }
        let new = New {
            id: moment.mint.id(moment.now),
            kind: before.kind,
            page: Some(page),
            person: before.person.as_ref(),
            contact: &before.contact,
            channel: &before.channel,
            address: &before.address,
            // Step 0: the end, as against a step of the policy.
            step: 0,
            round: 0,
            urgency: Urgency::Low,
            payload: "{}",
            due_at: moment.now,
        };
        outbox::queue(tx, &new, None, moment.now)?;
    }
    Ok(())
}

/// Somebody has it: nobody else is called, and the alerts of its group are theirs.
pub fn acknowledge(
    store: &Store,
    node: &Node,
    moment: &mut Moment<'_>,
    id: PageId,
    by: &Name,
) -> Result<PageRow, Halt> {
    board::turn(store, node, Pace::Ordinary, moment, |turn| {
        let page = acknowledge_in_turn(turn, id, by)?;
        if let Some(group) = page.about.group() {
            alerts::take_group(turn, group, by)?;
        }
        Ok(page)
    })
}

pub(crate) fn acknowledge_in_turn(turn: &mut Turn<'_, '_>, id: PageId, by: &Name) -> Result<PageRow, Halt> {
    let mut page = found(turn, id)?;
    still_about_something(turn, &page)?;
    let mut policy = policy(&turn.rules.catalog, page.policy.as_ref());
    if page.about.group().is_none() {
        // Whoever commands does so until they hand over.
        policy.ack_timeout = None;
    }
    let before = escalations::Page { urgency: page.urgency, state: page.state.clone() };
    let decided = escalations::acknowledge(&policy, &before, by, turn.moment.now)?;
    if decided.event.is_some() {
        outbox::cancel_for_page(turn.tx, id, turn.moment.now)?;
        for (delivery, _) in outbox::for_page(turn.tx, id)? {
            if delivery.person.as_ref() == Some(by) && delivery.state == outbox::State::Sent {
                outbox::mark_seen(turn.tx, delivery.id, turn.moment.now)?;
            }
        }
    }
    let answered = decided.event.is_some();
    carry_out(turn, &mut page, &decided)?;
    match page.about {
        About::Group(group) if answered => links::answered(turn.tx, &mut turn.moment, group)?,
        About::Command(incident) if answered => command::accept(turn, incident, by)?,
        _ => {}
    }
    Ok(page)
}

/// The page, if whoever acts may see it.
fn found(turn: &mut Turn<'_, '_>, id: PageId) -> Result<PageRow, Halt> {
    let page = pages::seen(turn.tx, id, Sight::of(&turn.moment.actor))?;
    Ok(page.ok_or_else(|| Refusal::not_found(format!("page {id}")))?)
}

/// A page that nobody answered can still be taken, as long as its alerts fire and no later page is about them.
fn still_about_something(turn: &Turn<'_, '_>, page: &PageRow) -> Result<(), Refusal> {
    let (State::Ended { .. }, Some(group)) = (&page.state, page.about.group()) else { return Ok(()) };
    match turn.board.group(group) {
        None => Err(Refusal::conflict("this page is over: its alerts no longer fire")),
        Some(open) if open.group.page != Some(page.id) => {
            Err(Refusal::conflict("this page is over: there is a later one about the same alerts"))
        }
        Some(_) => Ok(()),
    }
}

/// Somebody has all that speaks in the page's group: it calls nobody. If all is snoozed, until the last snooze ends.
pub(crate) fn hold(turn: &mut Turn<'_, '_>, id: PageId, hold: &alerts::Hold) -> Result<(), Halt> {
    let Some(mut page) = pages::get(turn.tx, id)? else { return Ok(()) };
    let before = escalations::Page { urgency: page.urgency, state: page.state.clone() };
    let now = turn.moment.now;
    let decided = match (&before.state, hold.until) {
        (State::Ended { .. }, _) => return Ok(()),
        (State::Acknowledged { by, until, .. }, Some(wanted)) if *by == hold.by && *until == Some(wanted) => {
            return Ok(());
        }
        (_, Some(until)) if until > now => escalations::snooze(&before, &hold.by, until, now)?,
        (State::Acknowledged { .. }, _) => return Ok(()),
        (State::Calling { .. }, _) => {
            let policy = policy(&turn.rules.catalog, page.policy.as_ref());
            escalations::acknowledge(&policy, &before, &hold.by, now)?
        }
    };
    outbox::cancel_for_page(turn.tx, id, now)?;
    carry_out(turn, &mut page, &decided)
}

/// Somebody asks for the next step at once.
pub fn escalate(store: &Store, node: &Node, moment: &mut Moment<'_>, id: PageId) -> Result<PageRow, Halt> {
    board::turn(store, node, Pace::Ordinary, moment, |turn| {
        let mut page = found(turn, id)?;
        still_about_something(turn, &page)?;
        if !page.about.escalates() {
            return Err(Refusal::conflict("this is for one person: there is nobody else to call for it").into());
        }
        if let About::Command(incident) = page.about {
            command::must_be_wanted(turn.tx, incident)?;
        }
        // The page would end at once, and whoever it called would be called for nothing.
        if page.about.group().is_some_and(|group| is_muted(turn, group)) {
            return Err(Refusal::conflict("its alerts are silenced or muted by others: end that first").into());
        }
        let rules = turn.rules.clone();
        let policy = policy(&rules.catalog, page.policy.as_ref());
        let who = Who::for_policy(turn.tx, &rules.catalog, &policy, turn.moment.now)?;
        let before = escalations::Page { urgency: page.urgency, state: page.state.clone() };
        let decided = escalations::escalate_now(&policy, &before, turn.moment.now, &who)?;
        if !matches!(before.state, State::Calling { .. })
            && let Some(group) = page.about.group()
        {
            alerts::give_back_group(turn, group, true);
        }
        carry_out(turn, &mut page, &decided)?;
        Ok(page)
    })
}

/// No alert of the group may speak: all are silenced or inhibited.
fn is_muted(turn: &Turn<'_, '_>, group: GroupId) -> bool {
    let open = turn.board.group(group);
    open.is_some_and(|open| open.alerts.iter().all(|slot| turn.board.at(*slot).muted().is_some()))
}

/// How many pages move on in one transaction.
const PAGES_AT_ONCE: u32 = 100;

/// Moves pages on whose time has come. Answers how many.
pub fn advance_due(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(pages::due(tx, now, 1)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("escalation"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = pages::due(turn.tx, now, PAGES_AT_ONCE)?;
        for id in &due {
            advance(turn, *id)?;
        }
        Ok(due.len())
    })
}

fn advance(turn: &mut Turn<'_, '_>, id: PageId) -> Result<(), Halt> {
    let Some(mut page) = pages::get(turn.tx, id)? else { return Ok(()) };
    let rules = turn.rules.clone();
    let policy = policy(&rules.catalog, page.policy.as_ref());
    let who = Who::for_policy(turn.tx, &rules.catalog, &policy, turn.moment.now)?;
    let before = escalations::Page { urgency: page.urgency, state: page.state.clone() };
    let decided = escalations::next(&policy, &before, turn.moment.now, &who);
    if let (State::Acknowledged { .. }, Some(group)) = (&before.state, page.about.group())
        && decided.event.is_some()
    {
        alerts::give_back_group(turn, group, false);
        let wanted = turn
            .board
            .group(group)
            .is_some_and(|open| open.alerts.iter().any(|slot| turn.board.at(*slot).wants_attention()));
        if !wanted && let Some(hold) = alerts::hold(turn, group) {
            // What was acknowledged is over; the rest is snoozed.
            return self::hold(turn, id, &hold);
        }
        "the acknowledgement timed out and it still fires".clone_into(&mut page.because);
        pages::save_reason(turn.tx, page.id, page.urgency, &page.because)?;
    }
    carry_out(turn, &mut page, &decided)
}

/// Sends a page to the person who asks for it, by their ladder, so that they know what one looks like.
pub fn send_test(store: &Store, node: &Node, moment: &mut Moment<'_>, person: &Name) -> Result<PageRow, Halt> {
    test(store, node, moment, person, None, &mut |_, _| Ok(()))
}

/// The same by one contact alone, at once: does this way work?
pub fn send_test_by(
    store: &Store,
    node: &Node,
    moment: &mut Moment<'_>,
    person: &Name,
    contact: &str,
) -> Result<PageRow, Halt> {
    test(store, node, moment, person, Some(contact), &mut |_, _| Ok(()))
}

/// As [`send_test`]; does something else with the page in the same transaction.
pub fn send_test_and(
    store: &Store,
    node: &Node,
    moment: &mut Moment<'_>,
    person: &Name,
    also: &mut dyn FnMut(&mut Tx<'_>, &PageRow) -> Result<(), Halt>,
) -> Result<PageRow, Halt> {
    test(store, node, moment, person, None, also)
}

fn test(
    store: &Store,
    node: &Node,
    moment: &mut Moment<'_>,
    person: &Name,
    contact: Option<&str>,
    also: &mut dyn FnMut(&mut Tx<'_>, &PageRow) -> Result<(), Halt>,
) -> Result<PageRow, Halt> {
    board::turn(store, node, Pace::Ordinary, moment, |turn| {
        let now = turn.moment.now;
        let rules = turn.rules.clone();
        let Some(found) = rules.catalog.people.get(person) else {
            return Err(Refusal::not_found(format!("person {person}")).into());
        };
        contacts::reachable(found, Urgency::High)
            .map_err(|why| Refusal::conflict(format!("{person} {why}; give them a contact first")))?;
        if let Some(contact) = contact
            && contacts::plan_one(found, contact, now).is_none()
        {
            let contact = domain::words::text::shorten(contact, 40);
            return Err(Refusal::not_found(format!("contact {contact:?} of {person}")).into());
        }
        let because = match contact {
            Some(contact) => format!("they asked for a test of {contact}"),
            None => "they asked for a test page".to_owned(),
        };
        let new =
            ForOne { about: About::Test, owed: None, urgency: Urgency::High, title: "Test page", because: &because };
        let page = tell_one(turn, &new, person, contact)?;
        also(turn.tx, &page)?;
        Ok(page)
    })
}

/// A page that is for one person alone.
struct ForOne<'a> {
    about: About,
    owed: Option<&'a str>,
    urgency: Urgency,
    title: &'a str,
    because: &'a str,
}

/// Tells one person, by their ladder or by one contact. Nobody escalates it; it waits for them for an hour after the last
/// of their contacts was told.
fn tell_one(turn: &mut Turn<'_, '_>, new: &ForOne<'_>, person: &Name, contact: Option<&str>) -> Result<PageRow, Halt> {
    let now = turn.moment.now;
    let notify = Notify {
        to: Recipient::Person(person.clone()),
        contact: contact.map(str::to_owned),
        because: new.because.to_owned(),
        step: 1,
        round: 1,
    };
    let last = contacts_of(turn, new.urgency, &notify).iter().map(|(.., due)| *due).max();
    let due_at = Span::hours(1).after(last.unwrap_or(now));
    let state = State::Calling { step: 1, round: 1, since: now, due_at: Some(due_at) };
    let drill = crate::prepare::drills::is_page(turn.tx, &new.about)?;
    let mut page = PageRow {
        id: turn.moment.mint.id(now),
        about: new.about,
        owed: new.owed.map(str::to_owned),
        policy: None,
        service: None,
        title: drills::marked(drill, new.title).into_owned(),
        because: new.because.to_owned(),
        urgency: new.urgency,
        started_at: now,
        state: state.clone(),
    };
    pages::insert(turn.tx, &page)?;
    let event = Some(EventKind::PageStarted);
    let decided = Move { state, notify: vec![notify], skipped: Vec::new(), missed: Vec::new(), event };
    carry_out(turn, &mut page, &decided)?;
    Ok(page)
}

/// Who would be told by a policy's steps right now: for the policy's page, and for `oncall`.
pub fn would_tell(
    tx: &mut Tx<'_>,
    catalog: &domain::prepare::catalog::Catalog,
    policy: &EscalationPolicy,
    now: Timestamp,
) -> Result<Vec<(escalations::Target, String)>, Halt> {
    let who = Who::for_policy(tx, catalog, policy, now)?;
    let targets = policy.steps.iter().flat_map(|step| step.notify.iter());
    Ok(targets
        .map(|target| {
            let says = match target {
                escalations::Target::Schedule(name) => match who.on_call(name, now) {
                    Some(found) => match &found.person {
                        Some(person) => format!("{person} ({})", found.sentence()),
                        None => found.sentence(),
                    },
                    None => "there is no such schedule".into(),
                },
                escalations::Target::Person(name) => match who.reachable(name, Urgency::High) {
                    Ok(()) => name.to_string(),
                    Err(why) => format!("{name} {why}"),
                },
                escalations::Target::Webhook(url) => without_secrets(url).to_owned(),
            };
            (target.clone(), says)
        })
        .collect())
}
