//! The courier's desk: what is due is claimed and written out; what became of it is settled.
//!
//! Sending itself is not done here: the edge does it, between the claim and the settling.

use domain::engage::deliveries::{self, Message, Outcome, Settled};
use domain::engage::escalations::{End, State};
use domain::inform::outgoing_webhooks as outgoing;
use domain::prepare::documents::{Kind, Reference, Spec};
use domain::respond::chats::{self as talk, Errand};
use domain::words::{Actor, DeliveryId, EventKind, Mint, Name, Span, Timestamp};
use serde_json::json;
use store::outbox::{self, Delivery};
use store::{Halt, Store, Tx};

use crate::announce::Told;
use crate::engage::compose::{self, Material};
use crate::engage::watch;
use crate::inform::{outgoing_webhooks, subscribers};
use crate::learn::digests;
use crate::learn::review_meetings;
use crate::node::Identity;
use crate::respond::chats;
use crate::{Moment, Node, announce};

/// How long a node may take to send one message before others may.
pub const LEASE: Span = Span::seconds(30);

/// How many messages of a channel one claim takes: the most that a crash can send twice.
pub const CLAIMED_AT_ONCE: u32 = 16;

/// A message that this node may send, once, now.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    pub id: DeliveryId,
    pub fence: i64,
    pub attempt: u32,
    pub channel: String,
    pub address: String,
    pub message: Message,
    /// For an outgoing webhook: what its signing secrets are derived from, the newest first.
    pub signed_by: Vec<String>,
    /// For a chat: what is to be done there.
    pub errand: Option<Box<Errand>>,
}

impl Claimed {
    /// What a node claimed as it queued it.
    pub fn born(identity: &Identity, material: &Material) -> Self {
        Self::new(&material.delivery, compose::write(identity, material))
    }

    fn new(delivery: &Delivery, message: Message) -> Self {
        Self {
            id: delivery.id,
            fence: delivery.fence,
            attempt: delivery.attempts,
            channel: delivery.channel.clone(),
            address: delivery.address.clone(),
            message,
            signed_by: Vec::new(),
            errand: None,
        }
    }
}

/// The channels to people and to machines of policies, each with its own queue: a slow one holds up nothing but itself.
/// Each outgoing webhook and each chat is a channel besides.
pub const CHANNELS: [&str; 5] = ["webhook", "ntfy", "email", subscribers::PUBLIC_WEBHOOK, watch::CHANNEL];

/// How many messages of a channel are sent at once at most.
pub fn at_once(channel: &str) -> u32 {
    match (outgoing::of_channel(channel), talk::of_channel(channel)) {
        (Some(_), _) => outgoing_webhooks::CLAIMED_AT_ONCE,
        (_, Some(_)) => chats::CLAIMED_AT_ONCE,
        _ => CLAIMED_AT_ONCE,
    }
}

/// Every channel, and when there is something to claim in it next.
fn due(tx: &mut Tx<'_>, node: &Node) -> Result<Vec<(String, Timestamp)>, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let own = catalog.outgoing_webhooks.keys().map(outgoing::channel);
    let mut due = Vec::new();
    for channel in CHANNELS.map(str::to_owned).into_iter().chain(own) {
        let next = outbox::next_due(tx, &[&channel])?;
        due.extend(next.map(|next| (channel, next)));
    }
    for channel in catalog.chats.keys().map(talk::channel) {
        let next = outbox::next_in_order(tx, &channel)?;
        due.extend(next.map(|next| (channel, next)));
    }
    Ok(due)
}

/// When there is something to claim next. An outgoing webhook or a chat without room is not asked: its other side may keep
/// it busy for days, and whoever has done with a delivery rings the bell.
pub fn next_due(store: &Store, node: &Node, room: &dyn Fn(&str) -> u32) -> Result<Option<Timestamp>, Halt> {
    let due = store.read(|tx| due(tx, node))?;
    let patient = |channel: &str| outgoing::of_channel(channel).is_some() || talk::of_channel(channel).is_some();
    let can_go = |channel: &str| !patient(channel) || room(channel) > 0;
    Ok(due.into_iter().filter(|(channel, _)| can_go(channel)).map(|(_, next)| next).min())
}

/// Claims what is due and writes it out. `room` says how many more messages a channel can take.
pub fn claim(store: &Store, node: &Node, now: Timestamp, room: &dyn Fn(&str) -> u32) -> Result<Vec<Claimed>, Halt> {
    let due = store.read(|tx| due(tx, node))?;
    let due = due.into_iter().filter(|(_, next)| *next <= now).map(|(channel, _)| channel);
    let due: Vec<String> = due.filter(|channel| room(channel) > 0).collect();
    if due.is_empty() {
        return Ok(Vec::new());
    }
    store.write(|tx| {
        let mut claimed = Vec::new();
        for channel in &due {
            let limit = room(channel).min(at_once(channel));
            let (by, in_order) = (&node.identity.name, talk::of_channel(channel).is_some());
            let found = if in_order {
                outbox::claim_in_order(tx, channel, by, now, LEASE, limit)?
            } else {
                outbox::claim(tx, channel, by, now, LEASE, limit)?
            };
            for delivery in found {
                claimed.extend(write_out(tx, node, &delivery, now)?);
            }
        }
        Ok(claimed)
    })
}

/// Writes the message of a claimed delivery; nothing, if nobody wants it any more.
fn write_out(tx: &mut Tx<'_>, node: &Node, delivery: &Delivery, now: Timestamp) -> Result<Option<Claimed>, Halt> {
    if delivery.channel == watch::CHANNEL {
        return Ok(Some(Claimed::new(delivery, watch::message(delivery))));
    }
    if let Some(webhook) = outgoing::of_channel(&delivery.channel) {
        return outgoing_webhooks::write_out(tx, node, &webhook, delivery, now);
    }
    if let Some(chat) = talk::of_channel(&delivery.channel) {
        return chats::write_out(tx, node, &chat, delivery, now);
    }
    let of_its_own = if subscribers::is_theirs(delivery) {
        Some(subscribers::message(tx, node, delivery, now)?)
    } else if digests::is_one(delivery) {
        Some(digests::message(tx, node, delivery)?)
    } else if review_meetings::is_invitation(delivery) {
        Some(review_meetings::message(tx, node, delivery, now)?)
    } else {
        None
    };
    if let Some(message) = of_its_own {
        if message.is_none() {
            outbox::remove(tx, delivery.id)?;
        }
        return Ok(message.map(|message| Claimed::new(delivery, message)));
    }
    let page = match delivery.page {
        Some(page) => store::engage::pages::get(tx, page)?,
        None => None,
    };
    let Some(page) = page else {
        let why = "what it was about is gone".to_owned();
        outbox::settle(tx, delivery.id, delivery.fence, &Settled::GivenUp { why }, now)?;
        return Ok(None);
    };
    // The end of a page is told after it; everything else only while it calls.
    if delivery.step > 0 && !matches!(page.state, State::Calling { .. }) {
        outbox::cancel_for_page(tx, page.id, now)?;
        return Ok(None);
    }
    let rules = node.rules(tx)?;
    let memory = if delivery.step > 0 { compose::remember(tx, &node.board(), &page)? } else { None };
    let material = compose::gather(tx, None, &node.board(), &rules, &page, memory, delivery.clone(), now)?;
    let mut claimed = Claimed::new(delivery, compose::write(&node.identity, &material));
    if delivery.attempts > 1 {
        let before = outbox::attempts(tx, delivery.id)?;
        claimed.message.repeat_of = before.last().map_or(Some(delivery.created_at), |attempt| Some(attempt.started_at));
    }
    Ok(Some(claimed))
}

/// Settles what became of a message. False: somebody else has claimed it since, and will settle it.
///
/// When trying again cannot help, the person's next contact is due at once; when the whole step has none left, the
/// page goes on to its next step at once.
pub fn settle(
    store: &Store,
    mint: &mut Mint,
    claimed: &Claimed,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<bool, Halt> {
    store.write(|tx| {
        if let Some(webhook) = outgoing::of_channel(&claimed.channel) {
            return outgoing_webhooks::settle(tx, mint, &webhook, claimed, outcome, now);
        }
        if let Some(chat) = talk::of_channel(&claimed.channel) {
            return chats::settle(tx, mint, &chat, claimed, outcome, now);
        }
        let chance = mint.chance();
        let urgency = claimed.message.urgency;
        let settled = deliveries::settle(outcome.clone(), urgency, claimed.attempt, now, chance);
        let Some(delivery) = outbox::settle(tx, claimed.id, claimed.fence, &settled, now)? else { return Ok(false) };
        if delivery.channel == watch::CHANNEL {
            watch::settled(tx, &delivery, now)?;
            return Ok(true);
        }
        // Of thousands of people outside, and of what is read on Mondays, the outbox itself is the record.
        if subscribers::is_theirs(&delivery) || digests::is_one(&delivery) || review_meetings::is_invitation(&delivery)
        {
            return Ok(true);
        }
        let mut moment = Moment::new(now, Actor::Rule("courier"), mint);
        match &settled {
            Settled::Sent { receipt } => {
                note(tx, &mut moment, &delivery, EventKind::DeliverySent, receipt.as_deref())?;
                if delivery.state == outbox::State::Cancelled {
                    tell_that_it_was_over(tx, &mut moment, &delivery)?;
                }
            }
            Settled::Again { .. } => {}
            Settled::GivenUp { why } => {
                note(tx, &mut moment, &delivery, EventKind::DeliveryFailed, Some(why))?;
                go_on(tx, &delivery, now)?;
            }
        }
        Ok(true)
    })
}

/// The page ended while the message was on its way: whoever got it is told that it is over.
fn tell_that_it_was_over(tx: &mut Tx<'_>, moment: &mut Moment<'_>, delivery: &Delivery) -> Result<(), Halt> {
    let Some(page) = delivery.page.filter(|_| delivery.step > 0) else { return Ok(()) };
    let found = store::engage::pages::get(tx, page)?;
    if found.is_some_and(|page| matches!(page.state, State::Ended { why: End::Resolved, .. })) {
        crate::engage::pages::tell_the_end(tx, moment, page)?;
    }
    Ok(())
}

fn note(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    delivery: &Delivery,
    kind: EventKind,
    detail: Option<&str>,
) -> Result<(), Halt> {
    let page = delivery.page.iter().map(ToString::to_string);
    let person = delivery.person.iter().map(|person| format!("person/{person}"));
    let subjects: Vec<String> = [delivery.id.to_string()].into_iter().chain(page).chain(person).collect();
    let data = json!({
        "channel": delivery.channel, "contact": delivery.contact, "person": delivery.person,
        "attempt": delivery.attempts, "step": delivery.step,
    });
    let about = match delivery.page {
        Some(page) => store::engage::pages::get(tx, page)?,
        None => None,
    };
    match about.and_then(|page| page.about.incident()) {
        Some(incident) => {
            announce::of_incident(tx, moment, kind, incident, subjects, Told { why: detail, data, at: None })?;
            Ok(())
        }
        None => announce::event(tx, moment, kind, subjects, detail, data),
    }
}

fn go_on(tx: &mut Tx<'_>, delivery: &Delivery, now: Timestamp) -> Result<(), Halt> {
    let Some(page) = delivery.page else { return Ok(()) };
    if let Some(person) = &delivery.person
        && outbox::expedite(tx, page, person, now)?.is_some()
    {
        return Ok(());
    }
    let Some(found) = store::engage::pages::get(tx, page)? else { return Ok(()) };
    let State::Calling { step, round, since, .. } = found.state else { return Ok(()) };
    let (this_step, this_round) = (u32::from(step), u32::from(round));
    let hopeful = outbox::for_page(tx, page)?.into_iter().any(|(other, _)| {
        let gone = matches!(other.state, outbox::State::Failed | outbox::State::Cancelled);
        (other.step, other.round) == (this_step, this_round) && !gone
    });
    // After the last step the wait stays: or all rounds would be gone in the moment in which a provider is down.
    if !hopeful && found.about.escalates() && usize::from(step) < steps_of(tx, found.policy.as_ref())? {
        let state = State::Calling { step, round, since, due_at: Some(now) };
        store::engage::pages::save_state(tx, page, &state)?;
    }
    Ok(())
}

/// How many steps a policy has now.
fn steps_of(tx: &mut Tx<'_>, policy: Option<&Name>) -> Result<usize, Halt> {
    let Some(policy) = policy else { return Ok(0) };
    let reference = Reference::new(Kind::EscalationPolicy, policy.clone());
    Ok(match store::prepare::documents::head(tx, &reference)?.map(|head| head.document.spec) {
        Some(Spec::EscalationPolicy(policy)) => policy.steps.len(),
        _ => 0,
    })
}
