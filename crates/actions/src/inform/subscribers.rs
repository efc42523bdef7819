//! Subscribers: asked for, confirmed from the address itself, told of each post, and forgotten with all that was said to
//! them.
//!
//! Whoever asks gets the same answer whether the address is known or not; only the owner of the address learns which.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domain::engage::deliveries::{Message, Urgency};
use domain::inform::notices::{Notice, Status};
use domain::inform::prose::{self, escape};
use domain::inform::published::{Published, heading, utc};
use domain::inform::statuspage;
use domain::inform::subscribers::{
    ASKED_AGAIN, CONFIRMED_WITHIN, Claim, Deed, Subscriber, Way, address as check_address, mint as mint_link,
};
use domain::words::{EventKind, Mint, Name, NoticeId, PostId, Refusal, SubscriberId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::inform::{notices, subscribers as rows};
use store::outbox::{self, Delivery, Kind};
use store::{Halt, Store, Tx};

use super::status_pages;
use crate::{Moment, Node, announce};

/// The channel of webhooks that people outside name: it reaches nothing inside, whatever is allowed to others.
pub const PUBLIC_WEBHOOK: &str = "public-webhook";

/// What is to be said, as the outbox keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
enum Said {
    /// Is it you who asked?
    Ask {},
    /// You are told already.
    Known {},
    Post {
        notice: NoticeId,
        post: PostId,
    },
}

/// Somebody asks to be told. What they wrote is refused if it is no address; all else stays between us and the address.
pub fn subscribe(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    way: Way,
    address: &str,
    components: BTreeSet<Name>,
) -> Result<(), Halt> {
    let rules = node.rules(tx)?;
    let page = status_pages::page(&rules.catalog).map(|(_, page)| page).filter(|page| !page.hidden);
    let page = page.ok_or_else(|| Refusal::not_found("status page"))?;
    let address = check_address(way, address)?;
    if let Some(name) = components.iter().find(|name| page.component(name).is_none()) {
        return Err(Refusal::invalid(format!("there is no component {name}")).at("/components").into());
    }
    let now = moment.now;
    let there = rows::at_address(tx, way, &address)?;
    if there.iter().any(|one| ASKED_AGAIN.after(one.asked_at) > now) {
        return Ok(());
    }
    let confirmed = there.iter().find(|one| one.confirmed_at.is_some());
    if let Some(known) = confirmed.filter(|known| known.components == components) {
        let asked_again = Subscriber { asked_at: now, ..known.clone() };
        rows::save(tx, &asked_again)?;
        return queue(tx, moment, &asked_again, &Said::Known {});
    }
    let asked = there.iter().find(|one| one.confirmed_at.is_none());
    let one = Subscriber {
        id: asked.map_or_else(|| moment.mint.id(now), |asked| asked.id),
        way,
        address,
        components,
        asked_at: now,
        confirmed_at: None,
    };
    rows::save(tx, &one)?;
    announce::event(
        tx,
        moment,
        EventKind::SubscriberAsked,
        vec![one.id.to_string()],
        None,
        json!({ "way": way.word() }),
    )?;
    queue(tx, moment, &one, &Said::Ask {})
}

/// They say so from the address itself. Said twice, it stays so.
pub fn confirm(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: SubscriberId) -> Result<Subscriber, Halt> {
    let one = find(tx, id, moment.now)?;
    if one.confirmed_at.is_some() {
        return Ok(one);
    }
    // What the same address asked for before is replaced.
    for other in rows::at_address(tx, one.way, &one.address)?.into_iter().filter(|other| other.id != id) {
        forget(tx, other.id)?;
    }
    let confirmed = Subscriber { confirmed_at: Some(moment.now), ..one };
    rows::save(tx, &confirmed)?;
    let data = json!({ "way": confirmed.way.word(), "components": confirmed.components });
    announce::event(tx, moment, EventKind::SubscriberConfirmed, vec![id.to_string()], None, data)?;
    Ok(confirmed)
}

/// The subscriber, as long as they are known: whoever did not confirm in time is not.
pub fn find(tx: &mut Tx<'_>, id: SubscriberId, now: Timestamp) -> Result<Subscriber, Halt> {
    let found = rows::get(tx, id)?;
    let found = found.filter(|one| one.confirmed_at.is_some() || CONFIRMED_WITHIN.after(one.asked_at) > now);
    Ok(found.ok_or_else(|| Refusal::not_found("subscription here any more: it was ended, or not confirmed in time"))?)
}

/// Forgets a subscriber and everything that was said to them; whether there was one.
pub fn remove(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: SubscriberId) -> Result<bool, Halt> {
    if !forget(tx, id)? {
        return Ok(false);
    }
    announce::event(tx, moment, EventKind::SubscriberRemoved, vec![id.to_string()], None, json!({}))?;
    Ok(true)
}

fn forget(tx: &mut Tx<'_>, id: SubscriberId) -> Result<bool, Halt> {
    outbox::forget_contact(tx, &id.to_string())?;
    Ok(rows::remove(tx, id)?)
}

fn queue(tx: &mut Tx<'_>, moment: &mut Moment<'_>, one: &Subscriber, said: &Said) -> Result<(), Halt> {
    let payload = json!(said).to_string();
    let contact = one.id.to_string();
    let new = outbox::New {
        id: moment.mint.id(moment.now),
        kind: Kind::Mail,
        page: None,
        person: None,
        contact: &contact,
        channel: match one.way {
            Way::Email => "email",
            Way::Webhook => PUBLIC_WEBHOOK,
        },
        address: &one.address,
        step: 0,
        round: 0,
        urgency: Urgency::Low,
        payload: &payload,
        due_at: moment.now,
    };
    outbox::queue(tx, &new, None, moment.now)?;
    Ok(())
}

/// How many subscribers are looked at in one transaction.
const AT_ONCE: u32 = 200;

/// Queues what subscribers are to be told, a few hundred at a time; how many were looked at.
pub fn tell(store: &Store, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(notices::telling(tx)?))?.is_none() {
        return Ok(0);
    }
    store.write(|tx| {
        let Some((notice, post, told)) = notices::telling(tx)? else { return Ok(0) };
        let some = rows::list(tx, told, AT_ONCE)?;
        let last = some.last().map(|one| one.id).filter(|_| some.len() == AT_ONCE as usize);
        if let Some(found) = notices::get(tx, notice)? {
            let mut moment = Moment::new(now, domain::words::Actor::Rule("subscribers"), mint);
            for one in some.iter().filter(|one| one.wants(&found)) {
                queue(tx, &mut moment, one, &Said::Post { notice, post })?;
            }
        }
        notices::told(tx, post, last)?;
        Ok(some.len().max(1))
    })
}

/// Whether the message is one to a subscriber.
pub(crate) fn is_theirs(delivery: &Delivery) -> bool {
    delivery.kind == Kind::Mail && delivery.page.is_none() && delivery.person.is_none()
}

/// Writes a message to a subscriber, as things are now; nothing, if nobody wants it any more.
pub(crate) fn message(
    tx: &mut Tx<'_>,
    node: &Node,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Option<Message>, Halt> {
    let (Ok(id), Ok(said)) = (delivery.contact.parse(), serde_json::from_str(&delivery.payload)) else {
        return Ok(None);
    };
    let (Some(one), Some(all)) = (rows::get(tx, id)?, status_pages::published(tx, node, now)?) else { return Ok(None) };
    let words = Words { node, all: &all, one: &one, key: delivery.id.to_string() };
    Ok(match said {
        Said::Ask {} if one.confirmed_at.is_none() => Some(words.ask()),
        Said::Ask {} => None,
        Said::Known {} => Some(words.known()),
        Said::Post { notice, post } => notices::get(tx, notice)?.and_then(|notice| words.post(&notice, post)),
    })
}

/// What messages to one subscriber are made of.
struct Words<'a> {
    node: &'a Node,
    all: &'a Published,
    one: &'a Subscriber,
    key: String,
}

impl Words<'_> {
    fn link(&self, deed: Deed) -> String {
        let token = mint_link(&self.node.identity.link_key, Claim { subscriber: self.one.id, deed });
        format!("{}/status/subscriptions/{token}", self.all.server)
    }

    fn ask(&self) -> Message {
        let (title, url) = (&self.all.page.title, self.link(Deed::Confirm));
        let lead =
            format!("Somebody, hopefully you, asked that this address is told when something happens at {title}.");
        let rest = "If it was not you, do nothing: without this nobody is told anything, and the address is forgotten in two days.";
        let text = format!("{lead}\n\nConfirm it here:\n{url}\n\n{rest}");
        let body = format!("<p>{}</p>{}<p>{}</p>", escape(&lead), button(&url, "Confirm"), escape(rest));
        let data = json!({ "confirm_url": url });
        self.write(format!("Confirm: updates of {title}"), text, &body, "status.subscription-asked", data, false)
    }

    fn known(&self) -> Message {
        let title = &self.all.page.title;
        let lead = format!(
            "Somebody, hopefully you, asked again for updates of {title}. You are told of them already; nothing has changed."
        );
        self.write(
            format!("You are subscribed to {title}"),
            lead.clone(),
            &format!("<p>{}</p>", escape(&lead)),
            "status.subscription-known",
            json!({}),
            true,
        )
    }

    fn post(&self, notice: &Notice, post: PostId) -> Option<Message> {
        let said = notice.posts.iter().find(|one| one.id == post)?;
        let url = self.all.link(notice.id);
        let told: Vec<String> = said
            .effects
            .iter()
            .map(|(name, status)| format!("{}: {}", self.all.title_of(name), Status::title(*status)))
            .collect();
        let mut text = format!("{}, {}\n\n{}\n", heading(said), utc(said.at), said.text);
        let mut body = format!(
            "<p><strong>{}</strong><br><span style=\"color:#5b6675\" class=\"soft\">{}</span></p>{}",
            heading(said),
            utc(said.at),
            prose::html(&said.text)
        );
        let mut add = |line: String| {
            let _ = write!(text, "\n{line}");
            let _ = write!(body, "<p>{}</p>", escape(&line));
        };
        if let Some(window) = notice.window {
            add(format!("Scheduled: {} to {}", utc(window.from), utc(window.until)));
        }
        told.into_iter().for_each(&mut add);
        if let Some(by) = said.next_update_by {
            add(format!("Next update by {}", utc(by)));
        }
        let _ = write!(text, "\n\n{url}\n");
        body.push_str(&button(&url, "All that was said"));
        let subject = format!("[{}] {}: {}", self.all.page.title, heading(said), notice.title);
        let data = statuspage::webhook(self.all, notice);
        let mut message = self.write(subject, text, &body, "status.notice", data, true);
        message.thread = notice.id.to_string();
        Some(message)
    }

    fn write(
        &self,
        subject: String,
        text: String,
        body: &str,
        event: &str,
        data: serde_json::Value,
        leaves: bool,
    ) -> Message {
        let unsubscribe = leaves.then(|| self.link(Deed::Unsubscribe));
        let (mut text, mut foot) = (text, String::new());
        if let Some(url) = &unsubscribe {
            text = format!("{}\n\nUnsubscribe: {url}\n", text.trim_end());
            foot = format!(
                "You asked to be told of this. <a href=\"{}\" style=\"color:inherit\">Unsubscribe</a>.",
                escape(url)
            );
        }
        let mut data = data;
        if let Some(url) = &unsubscribe {
            data["unsubscribe_url"] = json!(url);
        }
        Message {
            key: self.key.clone(),
            html: Some(mail(&self.all.page.title, &subject, body, &foot)),
            subject,
            text,
            urgency: Urgency::Low,
            links: Vec::new(),
            thread: self.one.id.to_string(),
            event: event.to_owned(),
            data,
            repeat_of: None,
            unsubscribe,
            calendar: None,
        }
    }
}

fn button(url: &str, label: &str) -> String {
    format!(
        "<p><a href=\"{}\" style=\"display:inline-block;padding:11px 20px;border-radius:8px;background:#125a6b;color:#ffffff;\
         font-weight:600;text-decoration:none\">{label}</a></p>",
        escape(url)
    )
}

/// The HTML of a mail that is read, not acted on: one column, light and dark. What stands in it is escaped by whoever writes it.
pub(crate) fn mail(page: &str, subject: &str, body: &str, foot: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>\
         <style>@media (prefers-color-scheme:dark){{.page{{background:#14171c!important}}.card{{background:#1e232b!important;\
         border-color:#333b47!important;color:#eceff4!important}}.soft{{color:#a3adbd!important}}.card a:not([style]){{color:#8ab8ff}}}}\
         </style></head><body class=\"page\" style=\"margin:0;padding:24px 12px;background:#f3f4f6\"><div class=\"card\" \
         style=\"max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border:1px solid #e1e4ea;border-radius:12px;\
         color:#12161c;font:16px/24px -apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
         word-break:break-word\"><p class=\"soft\" style=\"margin:0;font-size:14px;color:#5b6675\">{}</p>\
         <h1 style=\"margin:4px 0 12px;font-size:21px;line-height:28px\">{}</h1>{body}<p class=\"soft\" \
         style=\"margin:20px 0 0;font-size:13px;line-height:19px;color:#5b6675\">{foot}</p></div></body></html>\n",
        escape(subject),
        escape(page),
        escape(subject),
    )
}

#[cfg(test)]
#[path = "subscribers_tests.rs"]
mod tests;
