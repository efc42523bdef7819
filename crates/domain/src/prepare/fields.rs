//! What is wrong in one document on its own: empty titles, URLs that lead nowhere, pointers that point at nothing.
//!
//! Whether the documents it names exist is for `checks`; people, schedules and policies are checked where they are used (`engage`).

use std::collections::BTreeSet;

use super::documents::Spec;
use super::services::Service;
use super::severity::SeverityMatrix;
use super::templates::{self, NotificationTemplate};
use crate::detect::integrations::{Integration, Mapping, Source};
use crate::detect::routes::Route;
use crate::engage::contacts::{self, check_url};
use crate::inform::status_pages::StatusPage;
use crate::respond::update_templates;
use crate::words::{Refusal, Span, text};

/// A longer title is a description.
const TITLE_MOST: usize = 200;

/// Everything that is wrong in the document on its own; each refusal has a pointer into the spec.
pub(super) fn check(spec: &Spec) -> Vec<Refusal> {
    let mut found = Found(Vec::new());
    match spec {
        Spec::Person(spec) => found.0.extend(contacts::check(spec)),
        Spec::Team(spec) => found.title("/title", &spec.title),
        Spec::Schedule(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::EscalationPolicy(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
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
        Spec::UpdateTemplate(spec) => {
            found.title("/title", &spec.title);
            fit(update_templates::check(spec), &mut found);
        }
        Spec::Checklist(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::Runbook(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::ObligationPack(spec) => {
            found.title("/title", &spec.title);
            if let Some(url) = &spec.url {
                found.take("/url", link(url));
            }
            for (place, anchor) in spec.anchors.iter().enumerate() {
                found.title(&format!("/anchors/{place}/title"), &anchor.title);
            }
            for (place, clock) in spec.clocks.iter().enumerate() {
                found.title(&format!("/clocks/{place}/title"), &clock.title);
                found.title(&format!("/clocks/{place}/to"), &clock.to);
            }
            found.0.extend(spec.check());
        }
        Spec::OutgoingWebhook(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::StatusPage(spec) => status_page(spec, &mut found),
        Spec::Chat(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::Freeze(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.problems());
        }
        Spec::Review(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.problems());
        }
        Spec::PostmortemPolicy(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::FactorTaxonomy(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::Tracker(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::RollbackAdapter(spec) => {
            found.title("/title", &spec.title);
            fit(spec.check(), &mut found);
        }
        Spec::Environment(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
        Spec::Flag(spec) => {
            found.title("/title", &spec.title);
            found.0.extend(spec.check());
        }
    }
    // Of two that say the same of one field, the first.
    let mut seen = BTreeSet::new();
    found.0.retain(|refusal| seen.insert(refusal.at.clone()));
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

fn service(spec: &Service, found: &mut Found) {
    found.title("/title", &spec.title);
    if !(1..=4).contains(&spec.tier) {
        found.refuse(
            "/tier",
            format!("the tier is 1 (the business stops) to 4 (nobody notices today), not {}", spec.tier),
        );
    }
    if let Some(runbook) = &spec.runbook {
        found.take("/runbook", link(runbook));
    }
    for (place, link) in spec.links.iter().enumerate() {
        found.title(&format!("/links/{place}/title"), &link.title);
        found.take(&format!("/links/{place}/url"), self::link(&link.url));
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
        source @ (Source::PagerdutyChanges(reports) | Source::Deploys(reports)) => {
            let word = source.word();
            if reports.pushes {
                found.field(&format!("/source/{word}/pushes"), "is not known of this source: it tells of no pushes");
            }
            if !reports.workflows.is_empty() {
                found.field(
                    &format!("/source/{word}/workflows"),
                    "is not known of this source: it tells of no workflows",
                );
            }
        }
        Source::Github(_) | Source::Gitlab(_) | Source::Cdevents(_) => {}
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
    // A template for a subject may be longer than a title: only what comes out of it is cut.
    if spec.subject.trim().is_empty() || spec.subject.contains(['\n', '\r']) {
        found.field("/subject", "must be one line");
    }
    fit(templates::check(spec), found);
}

fn fit(refusals: Vec<Refusal>, found: &mut Found) {
    for refusal in refusals {
        let pointer = refusal.at.clone().unwrap_or_default();
        if refusal.message.starts_with("is ") {
            found.field(&pointer, &refusal.message);
        } else {
            found.0.push(refusal);
        }
    }
}

fn status_page(spec: &StatusPage, found: &mut Found) {
    found.title("/title", &spec.title);
    for (place, group) in spec.groups.iter().enumerate() {
        if let Some(title) = &group.title {
            found.title(&format!("/groups/{place}/title"), title);
        }
        for (at, component) in group.components.iter().enumerate() {
            found.title(&format!("/groups/{place}/components/{at}/title"), &component.title);
        }
    }
    found.0.extend(spec.check());
}

/// A URL that people follow.
fn link(url: &str) -> Result<(), Refusal> {
    check_url(url).map_err(|refusal| Refusal::invalid(refusal.message.replacen("a URL to post to", "a link", 1)))
}
