//! What is wrong in one document on its own: empty titles, URLs that lead nowhere, pointers that point at nothing.
//!
//! Whether the documents it names exist is for `checks`; schedules and policies check themselves (`engage`).

use std::collections::BTreeSet;

use super::documents::Spec;
use super::people::{Address, Person};
use super::services::Service;
use super::severity::SeverityMatrix;
use super::templates::NotificationTemplate;
use crate::detect::integrations::{Integration, Mapping, Source};
use crate::detect::routes::Route;
use crate::engage::escalations::{EscalationPolicy, Target};
use crate::engage::schedules;
use crate::words::{Refusal, Span, text};

/// A longer title is a description.
const TITLE_MOST: usize = 200;
const TEXT_BYTES_MOST: usize = 64 << 10;

/// Everything that is wrong in the document on its own; each refusal has a pointer into the spec.
pub(super) fn check(spec: &Spec) -> Vec<Refusal> {
    let mut found = Found(Vec::new());
    match spec {
        Spec::Person(spec) => person(spec, &mut found),
        Spec::Team(spec) => found.title("/title", &spec.title),
        Spec::Schedule(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::EscalationPolicy(spec) => {
            found.title("/title", &spec.title);
            policy(spec, &mut found);
        }
        Spec::Service(spec) => service(spec, &mut found),
        Spec::Route(spec) => route(spec, &mut found),
        Spec::Integration(spec) => integration(spec, &mut found),
        Spec::SeverityMatrix(spec) => severity_matrix(spec, &mut found),
        Spec::Role(spec) => {
            found.title("/title", &spec.title);
            if spec.duties.is_empty() {
                found.refuse("/duties", "a role has at least one duty");
            }
        }
        Spec::NotificationTemplate(spec) => template(spec, &mut found),
    }
    found.0
}

struct Found(Vec<Refusal>);

impl Found {
    fn refuse(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Refusal::invalid(message).at(pointer));
    }

    /// The same, for a message that begins with what the field does wrong.
    fn field(&mut self, pointer: &str, message: &str) {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        self.refuse(pointer, format!("`{name}` {message}"));
    }

    fn take(&mut self, pointer: &str, answer: Result<(), Refusal>) {
        self.0.extend(answer.err().map(|refusal| refusal.at(pointer)));
    }

    fn title(&mut self, pointer: &str, title: &str) {
        if title.trim().is_empty() {
            self.field(pointer, "is empty: write what people call it");
        } else if title.chars().count() > TITLE_MOST || title.chars().any(char::is_control) {
            self.field(pointer, &format!("must be one line of at most {TITLE_MOST} characters"));
        }
    }
}

fn person(spec: &Person, found: &mut Found) {
    found.title("/full_name", &spec.full_name);
    found.take("/email", email(&spec.email));
    found.take("/time_zone", schedules::zone(&spec.time_zone).map(drop));
    let mut names = BTreeSet::new();
    for (place, contact) in spec.contacts.iter().enumerate() {
        let pointer = format!("/contacts/{place}");
        if contact.name.trim().is_empty() {
            found.field(&format!("{pointer}/name"), "is empty: the ladder needs a name to call it by");
        } else if !names.insert(contact.name.as_str()) {
            found.refuse(format!("{pointer}/name"), format!("there is another contact {:?} already", contact.name));
        }
        let (word, answer) = match &contact.address {
            Address::Email(address) => ("email", email(address)),
            Address::Ntfy(address) => ("ntfy", ntfy(address)),
            Address::Webhook(address) => ("webhook", url(address)),
        };
        found.take(&format!("{pointer}/{word}"), answer);
    }
    for (word, rungs) in [("high", &spec.ladder.high), ("low", &spec.ladder.low)] {
        for (place, rung) in rungs.iter().enumerate() {
            if !names.contains(rung.contact.as_str()) {
                let near = text::did_you_mean(&rung.contact, names.iter().copied());
                let message = format!("there is no contact {:?} here{near}", rung.contact);
                found.refuse(format!("/ladder/{word}/{place}/contact"), message);
            }
        }
    }
    if let Some(waking) = &spec.ladder.waking {
        found.take("/ladder/waking", waking_hours(waking));
    }
}

/// `HH:MM-HH:MM`, not empty; may pass midnight.
fn waking_hours(text: &str) -> Result<(), Refusal> {
    let time = |part: &str| {
        let (hour, minute) = part.trim().split_once(':')?;
        let number = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u32>().ok()).flatten();
        let (hour, minute) = (number(hour)?, number(minute)?);
        ((hour < 24 && minute < 60) || (hour, minute) == (24, 0)).then_some(hour * 60 + minute)
    };
    text.split_once('-')
        .and_then(|(from, to)| Some((time(from)?, time(to)?)))
        .filter(|(from, to)| from != to)
        .map(drop)
        .ok_or_else(|| {
            let text = text::shorten(text, 40);
            Refusal::invalid(format!("{text:?} are no waking hours: write them like 08:00-22:00"))
        })
}

fn policy(spec: &EscalationPolicy, found: &mut Found) {
    if spec.steps.is_empty() {
        found.field("/steps", "is empty: a policy has at least one step");
    }
    for (place, step) in spec.steps.iter().enumerate() {
        if step.notify.is_empty() {
            found.field(&format!("/steps/{place}/notify"), "is empty: the step would reach nobody");
        }
        for (target, address) in step.notify.iter().enumerate() {
            if let Target::Webhook(address) = address {
                found.take(&format!("/steps/{place}/notify/{target}/webhook"), url(address));
            }
        }
    }
}

fn service(spec: &Service, found: &mut Found) {
    found.title("/title", &spec.title);
    if !(1..=4).contains(&spec.tier) {
        found.refuse(
            "/tier",
            format!("the tier is 1 (the business stops) to 4 (nobody notices today), not {}", spec.tier),
        );
    }
    if let Some(runbook) = &spec.runbook {
        found.take("/runbook", url(runbook));
    }
    for (place, link) in spec.links.iter().enumerate() {
        found.title(&format!("/links/{place}/title"), &link.title);
        found.take(&format!("/links/{place}/url"), url(&link.url));
    }
}

fn route(spec: &Route, found: &mut Found) {
    for (field, labels) in [("group_by", &spec.group_by), ("novelty", &spec.novelty)] {
        let mut seen = BTreeSet::new();
        for (place, label) in labels.iter().enumerate() {
            let pointer = format!("/{field}/{place}");
            if label.trim().is_empty() {
                found.field(&pointer, "is empty: write the name of a label");
            } else if !seen.insert(label) {
                found.refuse(pointer, format!("{label:?} stands here twice"));
            }
        }
    }
    if spec.group_wait > Span::hours(1) {
        found.refuse("/group_wait", format!("nobody is paged for {}: at most 1h", spec.group_wait));
    }
    if spec.auto_close < Span::minutes(5) {
        found.refuse("/auto_close", format!("{} would close alerts between two repeats: at least 5m", spec.auto_close));
    }
    for (place, rule) in spec.inhibit.iter().enumerate() {
        if rule.source.is_empty() {
            found.field(&format!("/inhibit/{place}/source"), "is empty: then every alert would mute the others");
        }
    }
}

fn integration(spec: &Integration, found: &mut Found) {
    found.title("/title", &spec.title);
    for name in spec.labels.keys().filter(|name| name.trim().is_empty()) {
        found.refuse(format!("/labels/{name}"), "the name of a label is empty");
    }
    match &spec.source {
        Source::Alertmanager { resolve_timeout } => {
            if *resolve_timeout < Span::seconds(10) {
                found.field("/source/alertmanager/resolve_timeout", "must be at least 10s");
            }
        }
        Source::Heartbeat { every, .. } => {
            if *every < Span::seconds(10) {
                found.field("/source/heartbeat/every", "must be at least 10s");
            }
        }
        Source::Webhook { mapping } => mapping_pointers(mapping, found),
    }
}

fn mapping_pointers(mapping: &Mapping, found: &mut Found) {
    let base = "/source/webhook/mapping";
    if let Some(each) = &mapping.each
        && each.starts_with('\'')
    {
        found.field(&format!("{base}/each"), "must be a JSON pointer to the array of alerts");
    }
    let parts = [
        ("each", mapping.each.as_ref()),
        ("summary", Some(&mapping.summary)),
        ("key", mapping.key.as_ref()),
        ("status", mapping.status.as_ref()),
        ("severity", mapping.severity.as_ref()),
        ("description", mapping.description.as_ref()),
        ("starts_at", mapping.starts_at.as_ref()),
        ("link", mapping.link.as_ref()),
    ];
    for (word, pointer) in parts.into_iter().filter_map(|(word, pointer)| Some((word, pointer?))) {
        found.take(&format!("{base}/{word}"), source_pointer(pointer));
    }
    for (name, pointer) in &mapping.labels {
        found.take(&format!("{base}/labels/{name}"), source_pointer(pointer));
    }
    if mapping.status.is_some() && mapping.resolved.is_empty() {
        found.field(&format!("{base}/resolved"), "is missing: which words at `status` mean resolved?");
    }
    if mapping.status.is_none() && !mapping.resolved.is_empty() {
        found.field(&format!("{base}/status"), "is missing: where do the words of `resolved` stand?");
    }
}

/// A JSON pointer, or a text in single quotes.
fn source_pointer(pointer: &str) -> Result<(), Refusal> {
    let quoted = pointer.len() >= 2 && pointer.starts_with('\'') && pointer.ends_with('\'');
    let escapes_hold = pointer.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    if quoted || (pointer.starts_with('/') && escapes_hold) {
        return Ok(());
    }
    let shown = text::shorten(pointer, 60);
    Err(Refusal::invalid(format!(
        "{shown:?} is not a JSON pointer: write it like /event/title, or a fixed text in single quotes like 'disk'"
    )))
}

fn severity_matrix(spec: &SeverityMatrix, found: &mut Found) {
    if spec.levels.is_empty() {
        found.field("/levels", "is empty: a matrix has at least one level");
    }
    let mut seen = BTreeSet::new();
    for (place, level) in spec.levels.iter().enumerate() {
        let pointer = format!("/levels/{place}");
        found.title(&format!("{pointer}/name"), &level.name);
        found.title(&format!("{pointer}/title"), &level.title);
        if !seen.insert(level.name.to_lowercase()) {
            found.refuse(format!("{pointer}/name"), format!("there is another level {:?} already", level.name));
        }
    }
}

fn template(spec: &NotificationTemplate, found: &mut Found) {
    found.title("/subject", &spec.subject);
    for (pointer, source) in [("/subject", &spec.subject), ("/text", &spec.text)] {
        if source.len() > TEXT_BYTES_MOST {
            found.field(pointer, &format!("is too long: at most {TEXT_BYTES_MOST} bytes"));
            continue;
        }
        if let Err(error) = minijinja::Environment::new().template_from_str(source) {
            let line = error.line().map(|line| format!(" in its line {line}")).unwrap_or_default();
            let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            found.field(pointer, &format!("is not a template: {}{detail}{line}", error.kind()));
        }
    }
}

/// An http(s) URL with a host, and nothing that would end a line or a header.
pub fn url(text: &str) -> Result<(), Refusal> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let host = host.map(|host| host.rsplit_once('@').map_or(host, |(_, host)| host));
    let fits = text.len() <= 2000
        && !text.chars().any(|letter| letter.is_control() || letter.is_whitespace())
        && host.is_some_and(|host| !host.is_empty() && !host.starts_with(':'));
    if fits {
        return Ok(());
    }
    let shown = text::shorten(text, 80);
    Err(Refusal::invalid(format!("{shown:?} is not a URL here: it begins with https:// or http:// and has a host")))
}

/// The URL of an ntfy topic: exactly the host and one word after it.
fn ntfy(text: &str) -> Result<(), Refusal> {
    url(text)?;
    let path = text.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    if path.trim_end_matches('/').is_empty() || text.contains(['?', '#']) {
        return Err(Refusal::invalid(format!(
            "{:?} is not the URL of an ntfy topic: write it like https://ntfy.example.org/ana-9f3k",
            text::shorten(text, 80)
        )));
    }
    Ok(())
}

/// The shape of an e-mail address. Whether mail arrives is known when it did.
pub fn email(text: &str) -> Result<(), Refusal> {
    let fits = text.len() <= 254
        && text.rsplit_once('@').is_some_and(|(local, domain)| {
            let local_fits = !local.is_empty()
                && local.len() <= 64
                && local.chars().all(|letter| letter.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(letter))
                && !local.starts_with('.')
                && !local.ends_with('.')
                && !local.contains("..");
            let label_fits = |label: &str| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
            };
            local_fits && domain.split('.').all(label_fits)
        });
    if fits {
        return Ok(());
    }
    let shown = text::shorten(text, 80);
    Err(Refusal::invalid(format!("{shown:?} is not an e-mail address: write it like ana@example.org")))
}
