//! What a message says: a page for a person or a machine, in the words of the template, with its signed links.

use std::sync::Arc;

use domain::detect::alerts::Severity;
use domain::detect::board::Board;
use domain::detect::rules::Rules;
use domain::engage::deliveries::{LinkKind, Message, MessageLink, Urgency};
use domain::engage::escalations::State;
use domain::engage::links::{self, Claim};
use domain::engage::pages::About;
use domain::learn::memories::Memory;
use domain::prepare::drills as rule;
use domain::words::{Span, Timestamp, text};
use serde_json::{Value, json};
use store::engage::pages::PageRow;
use store::outbox::Delivery;
use store::signals::Draft;
use store::{Halt, Tx};

use crate::detect::signals;
use crate::learn::memories;
use crate::node::Identity;
use crate::prepare::drills;

/// How many alerts a message tells of one by one.
const ALERTS_TOLD: usize = 5;

/// For how long a link in a message works.
const LINK_LIFE: Span = Span::hours(24);

/// All that the message of a delivery tells of, as it stands in one transaction. The words are found afterwards: that
/// takes a while, and nobody who writes shall wait for it.
#[derive(Clone, Debug)]
pub struct Material {
    pub(crate) page: PageRow,
    pub(crate) delivery: Delivery,
    told: Vec<Told>,
    alerts_total: usize,
    /// What the same alerts led to before.
    memory: Option<Memory>,
    /// It is only practised.
    drill: bool,
    rules: Arc<Rules>,
    now: Timestamp,
}

/// What is remembered of what a page is about: asked once for all who are told at once.
pub fn remember(tx: &mut Tx<'_>, board: &Board, page: &PageRow) -> Result<Option<Memory>, Halt> {
    page.about.group().map_or(Ok(None), |group| memories::of_group(tx, board, group))
}

/// Gathers what a message tells of. `draft` is what this transaction brings into the log.
#[expect(clippy::too_many_arguments, reason = "each is another part of what a message is made of")]
pub fn gather(
    tx: &mut Tx<'_>,
    draft: Option<&Draft>,
    board: &Board,
    rules: &Arc<Rules>,
    page: &PageRow,
    memory: Option<Memory>,
    delivery: Delivery,
    now: Timestamp,
) -> Result<Material, Halt> {
    let told = alerts_of(tx, draft, board, page)?;
    let alerts_total = page.about.group().and_then(|group| board.group(group)).map_or(0, |open| open.alerts.len());
    let drill = drills::is_page(tx, &page.about)?;
    let memory = memory.filter(|_| delivery.step > 0);
    Ok(Material { page: page.clone(), delivery, told, alerts_total, memory, drill, rules: rules.clone(), now })
}

/// Writes the message, with links that this node signs.
pub fn write(identity: &Identity, material: &Material) -> Message {
    let Material { page, delivery, told, rules, now, drill, .. } = material;
    let ended = delivery.step == 0;
    let facts = facts(identity, material);
    let (mut subject, mut body) = words(rules, page, &facts, ended);
    if let Some(says) = facts["memory"]["says"].as_str().filter(|says| !body.contains(*says)) {
        // A template that is older than the memory, or of somebody who did not think of it.
        body = format!("{}\n\n{says}.\n{}", body.trim_end(), records(&facts));
    }
    if *drill {
        // Whatever a template says: nobody is to take it for real.
        subject = rule::marked(true, &subject).into_owned();
        body = format!("{}. This is an exercise.\n\n{body}", rule::MARK);
    }
    let event = match () {
        () if ended => "page.ended",
        () if page.about == About::Test => "page.test",
        () => "page.started",
    };
    let mut data = json!({
        "page": page.id,
        "group": page.about.group(),
        "incident": page.about.incident(),
        "title": page.title,
        "because": page.because,
        "urgency": page.urgency,
        "started_at": page.started_at,
        "state": page.state.word(),
        "policy": page.policy,
        "step": delivery.step,
        "round": delivery.round,
        "service": page.service,
        "runbook": facts["service"]["runbook"],
        "alerts": told.iter().map(|alert| json!({
            "id": alert.id,
            "labels": alert.particulars.labels,
            "annotations": alert.particulars.annotations,
            "link": alert.particulars.link,
            "starts_at": alert.starts_at,
            "severity": alert.severity.word(),
        })).collect::<Vec<_>>(),
        "alerts_total": facts["count"],
    });
    if material.memory.is_some() {
        data["memory"] = facts["memory"].clone();
    }
    if *drill {
        data["drill"] = json!(true);
    }
    Message {
        key: delivery.id.to_string(),
        subject,
        text: body,
        html: None,
        urgency: if ended { Urgency::Low } else { page.urgency },
        links: links(identity, page, delivery, told, *now),
        thread: page.id.to_string(),
        event: event.into(),
        data,
        repeat_of: None,
        unsubscribe: None,
        calendar: None,
    }
}

/// What the reader can do: acknowledge and escalate by signed links that name the person, and look.
fn links(identity: &Identity, page: &PageRow, delivery: &Delivery, told: &[Told], now: Timestamp) -> Vec<MessageLink> {
    let root = &identity.public_url;
    let mut links = Vec::new();
    if let Some(person) = delivery.person.as_ref().filter(|_| delivery.step > 0) {
        let link = |label: &str, kind| {
            let claim = Claim { page: page.id, person: person.clone(), action: kind, expires: LINK_LIFE.after(now) };
            let token = links::mint(&identity.link_key, &claim);
            MessageLink { label: label.into(), url: format!("{root}/p/{token}"), kind }
        };
        let acknowledge = if let About::Command(_) = page.about { "Take command" } else { "Acknowledge" };
        links.push(link(acknowledge, LinkKind::Acknowledge));
        if page.about.escalates() {
            links.push(link("Escalate", LinkKind::Escalate));
        }
    }
    links.push(MessageLink { label: "Open".into(), url: open_url(root, page, told), kind: LinkKind::Open });
    links
}

fn open_url(root: &str, page: &PageRow, told: &[Told]) -> String {
    match (page.about, told.first()) {
        (About::Group(_), Some(first)) => format!("{root}/alerts/{}", first.id),
        (About::Group(_), None) => format!("{root}/alerts"),
        (About::Reminder(incident), _) if crate::learn::item_reminders::is_of_items(page.owed.as_deref()) => {
            format!("{root}/action-items?tab=all&incident={incident}")
        }
        (About::Command(incident) | About::Reminder(incident), _) => format!("{root}/incidents/{incident}"),
        (About::Kill(kill), _) => format!("{root}/kills/{kill}"),
        (About::Test, _) => format!("{root}/me"),
    }
}

/// One alert, as a message tells it.
#[derive(Clone, Debug)]
struct Told {
    id: domain::words::AlertId,
    severity: Severity,
    starts_at: Timestamp,
    particulars: signals::Particulars,
}

fn alerts_of(tx: &mut Tx<'_>, draft: Option<&Draft>, board: &Board, page: &PageRow) -> Result<Vec<Told>, Halt> {
    let Some(open) = page.about.group().and_then(|group| board.group(group)) else { return Ok(Vec::new()) };
    // The worst first; of the same severity the newest, which is what the message is about.
    let mut slots: Vec<_> = open.alerts.iter().copied().filter(|slot| board.at(*slot).muted().is_none()).collect();
    slots.sort_by_key(|slot| std::cmp::Reverse((board.severity(*slot), board.at(*slot).id)));
    let mut told = Vec::new();
    for slot in slots.into_iter().take(ALERTS_TOLD) {
        let alert = board.at(slot);
        let calls = match draft.filter(|draft| draft.id == alert.signal) {
            Some(draft) => draft.calls()?,
            None => store::signals::get(tx, alert.signal)?.map_or_else(Vec::new, |entry| entry.calls),
        };
        let mut particulars = signals::particulars(&calls, alert.position)?;
        particulars.labels = board.labels(slot);
        told.push(Told { id: alert.id, severity: board.severity(slot), starts_at: alert.starts_at, particulars });
    }
    Ok(told)
}

/// What templates fill in; `defaults/templates.yaml` tells what each means.
fn facts(identity: &Identity, material: &Material) -> Value {
    let Material { page, delivery, told, rules, now, .. } = material;
    let service = page.service.as_ref().and_then(|name| rules.catalog.services.get_key_value(name));
    let person = delivery.person.as_ref().and_then(|name| rules.catalog.people.get_key_value(name));
    let because = serde_json::from_str::<Value>(&delivery.payload).unwrap_or_default();
    let again = delivery.step > 1 || delivery.round > 1;
    json!({
        "page": {
            "id": page.id,
            "url": open_url(&identity.public_url, page, told),
            "title": page.title,
            "because": page.because,
            "urgency": page.urgency,
            "started_at": page.started_at.to_string(),
        },
        "summary": told.first().map_or_else(|| page.title.clone(), summary),
        "severity": told.first().and_then(|alert| alert.particulars.labels.get("severity")).unwrap_or(""),
        "service": service.map(|(name, service)| json!({ "name": name, "title": service.title, "runbook": service.runbook })),
        "person": person.map(|(name, person)| json!({ "name": name, "full_name": person.full_name })),
        "why": because["because"].as_str().unwrap_or("the escalation policy names you"),
        "policy": page.policy,
        "step": delivery.step,
        "round": delivery.round,
        "waited": again.then(|| Span::seconds(Span::between(page.started_at, *now).as_millis() / 1000).to_string()),
        "memory": material.memory.as_ref().map(|memory| json!({
            "says": memory.says(*now),
            "seen": memory.seen.len(),
            "records": memory.parts(*now).into_iter().map(|part| json!({
                "says": part.says,
                "title": part.record,
                "url": format!("{}{}", identity.public_url, part.path),
            })).collect::<Vec<_>>(),
        })),
        "count": material.alerts_total,
        "alerts": told.iter().map(|alert| json!({
            "name": alert.particulars.labels.get("alertname").unwrap_or("Alert"),
            "summary": summary(alert),
            "severity": alert.severity.word(),
            "labels": alert.particulars.labels,
            "annotations": alert.particulars.annotations,
            "link": alert.particulars.link,
            "started_at": alert.starts_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        })).collect::<Vec<_>>(),
    })
}

fn summary(alert: &Told) -> String {
    let annotations = &alert.particulars.annotations;
    let said = ["summary", "message", "description"].into_iter().find_map(|name| annotations.get(name));
    text::shorten(said.or_else(|| alert.particulars.labels.get("alertname")).unwrap_or("Alert"), 300)
}

/// Subject and text: by the template of the kind of message, or in plain words if there is none or it fails.
fn words(rules: &Rules, page: &PageRow, facts: &Value, ended: bool) -> (String, String) {
    let name = match () {
        () if page.about == About::Test => "page-test",
        () if ended => "page-ended",
        () if matches!(page.about, About::Reminder(_) | About::Kill(_)) => "page-reminder",
        () if matches!(page.about, About::Command(_)) => "page-command",
        () if facts["waited"].is_string() => "page-escalated",
        () => "page-started",
    };
    rules.words().fill(name, facts).unwrap_or_else(|| plain(page, facts, ended))
}

/// The records that the memory is about, a line each.
fn records(facts: &Value) -> String {
    let all = facts["memory"]["records"].as_array().into_iter().flatten();
    let line = |one: &Value| {
        format!("{}: {}", one["title"].as_str().unwrap_or_default(), one["url"].as_str().unwrap_or_default())
    };
    all.map(line).collect::<Vec<_>>().join("\n")
}

fn plain(page: &PageRow, facts: &Value, ended: bool) -> (String, String) {
    let subject = match &page.state {
        _ if page.about == About::Test => "Test page from Allclear".to_owned(),
        State::Ended { why, .. } if ended => format!("{}: {}", capital(why.word()), page.title),
        _ => format!("Page: {}", page.title),
    };
    let mut lines = vec![format!("{} ({} urgency): {}", page.title, page.urgency, page.because)];
    for alert in facts["alerts"].as_array().into_iter().flatten() {
        let part = |name: &str| alert[name].as_str().unwrap_or("").to_owned();
        lines.push(format!("- [{}] {}", part("severity"), part("summary")));
    }
    if let Some(runbook) = facts["service"]["runbook"].as_str() {
        lines.push(format!("Runbook: {runbook}"));
    }
    (text::shorten(&subject, 200), lines.join("\n"))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use domain::detect::board::NewAlert;
    use domain::detect::groups::Group;
    use domain::detect::signals::Told as Said;
    use domain::words::{Labels, Mint};
    use store::signals::Received;

    use super::*;
    use crate::detect::signals::Incoming;

    store::both_engines! {
        fn an_alert_is_told_from_the_log_or_from_what_is_on_its_way_there(store) {
            let (now, mut mint) = (Timestamp::from_second(1_790_000_000).unwrap(), Mint::seeded(1));
            let said = |n: u32| Said {
                labels: Labels::from_pairs([("alertname", format!("a{n}"))]),
                annotations: Labels::from_pairs([("summary", format!("number {n}"))]),
                ..Said::default()
            };
            let mut draft = Draft::new(mint.id(now));
            for said in [vec![said(0)], vec![said(1), said(2)]] {
                let call = Incoming::told("prom".parse().unwrap(), "webhook", &said, false, now).unwrap();
                let (integration, count) = (&call.integration, u32::try_from(said.len()).unwrap());
                draft
                    .add(&Received { integration, received_at: now, format: call.format, count, body: call.packed() })
                    .unwrap();
            }
            let group = Group {
                id: mint.id(now),
                route: "all".parse().unwrap(),
                labels: Vec::new(),
                service: None,
                policy: None,
                urgency: None,
                title: String::new(),
                opened_at: now,
                page: None,
                told: std::collections::BTreeSet::new(),
                due_at: None,
            };
            let page = PageRow {
                id: mint.id(now),
                about: About::Group(group.id),
                owed: None,
                policy: None,
                service: None,
                title: String::new(),
                because: String::new(),
                urgency: Urgency::High,
                started_at: now,
                state: State::Calling { step: 1, round: 1, since: now, due_at: None },
            };
            let mut board = Board::default();
            let (id, signal) = (group.id, draft.id);
            board.open_group(group);
            let new = NewAlert {
                id: mint.id(now),
                integration: "prom".parse().unwrap(),
                key: 2,
                group: id,
                signal,
                position: 2,
                annotations_hash: 0,
                urgency: None,
                starts_at: now,
                fired_at: now,
                heard_at: now,
                expires_at: now,
                grace: Span::ZERO,
                written_expires_at: now,
                count: 1,
                taken: None,
                muted: None,
                has_row: false,
            };
            board.put(new, [("alertname", "a2")].into_iter());
            let summary = |draft: Option<&Draft>| {
                store.read(|tx| Ok(super::summary(&alerts_of(tx, draft, &board, &page)?[0]))).unwrap()
            };
            assert_eq!(summary(Some(&draft)), "number 2");
            assert_eq!(summary(None), "a2", "the log was cut: only the labels are known");
            let births = store::detect::births::Births::new(now, 0);
            let mut draft = Some(draft);
            store.write(|tx| {
                let draft = draft.take().unwrap();
                Ok(store::signals::append(tx, draft, &births, now, "n")?)
            }).unwrap();
            assert_eq!(summary(None), "number 2");
        }
    }
}
