//! What a message says: a page for a person or a machine, in the words of the template, with its signed links.

use domain::detect::alerts::Severity;
use domain::detect::board::Board;
use domain::detect::rules::Rules;
use domain::engage::deliveries::{LinkKind, Message, MessageLink, Urgency};
use domain::engage::escalations::State;
use domain::engage::links::{self, Action};
use domain::words::{Span, Timestamp, text};
use serde_json::{Value, json};
use store::engage::pages::PageRow;
use store::outbox::Delivery;
use store::{Halt, Tx};

use crate::Node;
use crate::detect::signals;

/// How many alerts a message tells of one by one.
const ALERTS_TOLD: usize = 5;

/// For how long a link in a message works.
const LINK_LIFE: Span = Span::hours(24);

/// Writes the message of a delivery, from the page as it is now.
pub fn message(
    tx: &mut Tx<'_>,
    node: &Node,
    board: &Board,
    rules: &Rules,
    page: &PageRow,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Message, Halt> {
    let told = alerts_of(tx, board, page)?;
    let ended = delivery.step == 0;
    let test = page.group.is_none();
    let open_url = match (page.group, told.first()) {
        (Some(_), Some(first)) => format!("{}/alerts/{}", node.identity.public_url, first.id),
        (Some(_), None) => format!("{}/alerts", node.identity.public_url),
        (None, _) => format!("{}/me", node.identity.public_url),
    };
    let mut links = Vec::new();
    if let Some(person) = delivery.person.as_ref().filter(|_| !ended) {
        let link = |label: &str, kind, action| {
            let expires_at = LINK_LIFE.after(now);
            let token = links::mint(&node.identity.link_key, page.id, person, action, expires_at);
            MessageLink { label: label.into(), url: format!("{}/p/{token}", node.identity.public_url), kind }
        };
        links.push(link("Acknowledge", LinkKind::Acknowledge, Action::Acknowledge));
        if !test {
            links.push(link("Escalate", LinkKind::Escalate, Action::Escalate));
        }
    }
    links.push(MessageLink { label: "Open".into(), url: open_url, kind: LinkKind::Open });
    let (subject, body) = words(rules, page, delivery, &told, ended);
    let service = page.service.as_ref().and_then(|name| rules.catalog.services.get_key_value(name));
    let data = json!({
        "page": page.id,
        "group": page.group,
        "title": page.title,
        "because": page.because,
        "urgency": page.urgency,
        "started_at": page.started_at,
        "state": page.state.word(),
        "step": delivery.step,
        "round": delivery.round,
        "service": service.map(|(name, _)| name),
        "runbook": service.and_then(|(_, service)| service.runbook.as_deref()),
        "alerts": told.iter().map(|alert| json!({
            "id": alert.id,
            "labels": alert.particulars.labels,
            "annotations": alert.particulars.annotations,
            "link": alert.particulars.link,
            "starts_at": alert.starts_at,
            "severity": alert.severity.word(),
        })).collect::<Vec<_>>(),
        "alerts_total": alerts_total(board, page),
    });
    let event = if ended { "page.ended" } else if test { "page.test" } else { "page.started" };
    Ok(Message {
        key: delivery.id.to_string(),
        subject,
        text: body,
        html: None,
        urgency: if ended { Urgency::Low } else { page.urgency },
        links,
        thread: page.id.to_string(),
        event: event.into(),
        data,
        repeat_of: None,
    })
}

/// One alert, as a message tells it.
struct Told {
    id: domain::words::AlertId,
    severity: Severity,
    starts_at: Timestamp,
    particulars: signals::Particulars,
}

fn alerts_of(tx: &mut Tx<'_>, board: &Board, page: &PageRow) -> Result<Vec<Told>, Halt> {
    let Some(open) = page.group.and_then(|group| board.group(group)) else { return Ok(Vec::new()) };
    // The worst first; of the same severity the newest, which is what the message is about.
    let mut slots: Vec<_> = open.alerts.iter().copied().filter(|slot| board.at(*slot).muted().is_none()).collect();
    slots.sort_by_key(|slot| std::cmp::Reverse((board.severity(*slot), board.at(*slot).id)));
    let mut told = Vec::new();
    for slot in slots.into_iter().take(ALERTS_TOLD) {
        let alert = board.at(slot);
        let mut particulars = signals::particulars(tx, alert.signal, alert.position)?;
        particulars.labels = board.labels(slot);
        told.push(Told { id: alert.id, severity: board.severity(slot), starts_at: alert.starts_at, particulars });
    }
    Ok(told)
}

fn alerts_total(board: &Board, page: &PageRow) -> usize {
    page.group.and_then(|group| board.group(group)).map_or(0, |open| open.alerts.len())
}

/// Subject and text: by the template of the kind of message, or in plain words if it fails.
fn words(rules: &Rules, page: &PageRow, delivery: &Delivery, told: &[Told], ended: bool) -> (String, String) {
    let summary = |alert: &Told| {
        let annotations = &alert.particulars.annotations;
        let said = ["summary", "message", "description"].into_iter().find_map(|name| annotations.get(name));
        text::shorten(said.or_else(|| alert.particulars.labels.get("alertname")).unwrap_or("Alert"), 300)
    };
    let facts = json!({
        "page": {
            "id": page.id, "title": page.title, "because": page.because, "urgency": page.urgency,
            "started_at": page.started_at.to_string(), "step": delivery.step, "round": delivery.round,
        },
        "person": delivery.person,
        "service": page.service,
        "runbook": page.service.as_ref().and_then(|s| rules.catalog.services.get(s)).and_then(|s| s.runbook.clone()),
        "severity": told.first().map_or("unknown", |alert| alert.severity.word()),
        "alerts": told.iter().map(|alert| json!({
            "summary": summary(alert),
            "severity": alert.severity.word(),
            "labels": alert.particulars.labels,
            "annotations": alert.particulars.annotations,
            "link": alert.particulars.link,
        })).collect::<Vec<_>>(),
    });
    let name = match () {
        () if page.group.is_none() => "test-page",
        () if ended => "page-ended",
        () if delivery.round > 1 || delivery.step > 1 => "page-escalated",
        () => "page-started",
    };
    let template = rules.catalog.notification_templates.get(name);
    let written = template.and_then(|template| domain::prepare::templates::render(template, &facts).ok());
    written.unwrap_or_else(|| plain(page, &facts, ended))
}

fn plain(page: &PageRow, facts: &Value, ended: bool) -> (String, String) {
    let subject = match &page.state {
        _ if page.group.is_none() => "Test page from Allclear".to_owned(),
        State::Ended { why, .. } if ended => format!("{}: {}", capital(why.word()), page.title),
        _ => format!("Page: {}", page.title),
    };
    let mut lines = vec![format!("{} ({} urgency): {}", page.title, page.urgency, page.because)];
    for alert in facts["alerts"].as_array().into_iter().flatten() {
        lines.push(format!("- [{}] {}", alert["severity"].as_str().unwrap_or(""), alert["summary"].as_str().unwrap_or("")));
    }
    if let Some(runbook) = facts["runbook"].as_str() {
        lines.push(format!("Runbook: {runbook}"));
    }
    (text::shorten(&subject, 200), lines.join("\n"))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
