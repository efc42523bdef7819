//! What happens to signals, from what a source said to what changes here. Read `STAGES` from top to bottom.
//!
//! A call goes through the stages as a whole, so that what it tells of first may mute what it tells of later and the
//! other way round. The last stage changes the board and says what changed; writing that down, and paging, is done by
//! the act.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::alerts::{Closing, Muted, Severity, urgency};
use super::board::{Alert, Board, NewAlert, Slot};
use super::groups::{Group, News};
use super::routes::Route;
use super::rules::Rules;
use super::signals::Signal;
use crate::words::Urgency;
use crate::words::{AlertId, GroupId, Labels, Matcher, Mint, Name, Result, SignalId, Span, text};

/// The stages, in order.
pub const STAGES: [(&str, Stage); 6] = [
    ("normalise", normalise),
    ("silence", silence),
    ("inhibit", inhibit),
    ("route", route),
    ("group", group),
    ("dedup", dedup),
];

/// A stage looks at every signal of a call, and notes on it what it found.
type Stage = fn(&mut Call<'_>, &mut Board, &Rules, &mut Mint, &mut Effects);

/// One call at an ingest URL, on its way through the stages.
#[derive(Debug)]
pub struct Call<'a> {
    pub integration: &'a Name,
    /// The entry of the log that keeps the call.
    pub signal: SignalId,
    pub now: Timestamp,
    /// The source tells an end, or goes on telling, of what fires: silence means that it is over.
    pub repeats: bool,
    pub passing: Vec<Passing<'a>>,
}

/// A signal, and what the stages found.
#[derive(Debug)]
pub struct Passing<'a> {
    signal: &'a Signal,
    resolved: bool,
    /// It opens an alert, as far as one can see before the last stage.
    fresh: bool,
    id: Option<AlertId>,
    muted: Option<Muted>,
    routed: Option<Routed>,
    group_values: Vec<String>,
}

#[derive(Clone, Debug)]
struct Routed {
    route: Name,
    service: Option<Name>,
    policy: Option<Name>,
    urgency: Option<Urgency>,
}

/// What changed on the board, for the act to write down.
#[derive(Debug, Default)]
pub struct Effects {
    /// Opened in this transaction, in the order of their ids; some may be resolved again.
    pub fired: Vec<AlertId>,
    /// Open alerts of which more is to be written than that they were heard of.
    pub updated: BTreeSet<AlertId>,
    pub resolved: Vec<Resolved>,
    pub opened: Vec<GroupId>,
    pub closed: Vec<Group>,
    pub groups: BTreeSet<GroupId>,
    /// What may page.
    pub news: BTreeMap<GroupId, News>,
    /// Signals that told nothing new.
    pub repeats: u32,
}

/// An alert that came to its end, off the board.
#[derive(Debug)]
pub struct Resolved {
    pub alert: Alert,
    pub at: Timestamp,
    pub closing: Closing,
}

impl Effects {
    pub fn is_empty(&self) -> bool {
        self.fired.is_empty()
            && self.updated.is_empty()
            && self.resolved.is_empty()
            && self.groups.is_empty()
            && self.news.is_empty()
    }
}

/// What arrived in one call.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub integration: &'a Name,
    pub signal: SignalId,
    pub signals: &'a [Signal],
    pub repeats: bool,
    pub now: Timestamp,
}

/// Takes a call through the stages.
pub fn receive(board: &mut Board, rules: &Rules, arrival: &Arrival<'_>, mint: &mut Mint, effects: &mut Effects) {
    let passing = arrival.signals.iter().map(|signal| Passing {
        signal,
        resolved: false,
        fresh: false,
        id: None,
        muted: None,
        routed: None,
        group_values: Vec::new(),
    });
    let Arrival { integration, signal, repeats, now, .. } = *arrival;
    let mut call = Call { integration, signal, now, repeats, passing: passing.collect() };
    for (_, stage) in STAGES {
        stage(&mut call, board, rules, mint, effects);
    }
}

/// What the annotations of new alerts must satisfy, before any of a call is let in.
pub fn check(signals: &[Signal], body: &[u8]) -> Result<()> {
    signals.iter().try_for_each(|signal| signal.annotations(body).map(drop))
}

fn label<'s>(signal: &'s Signal) -> impl Fn(&str) -> Option<&'s str> {
    move |name| signal.labels.get(name)
}

/// Firing or resolved, and does it open an alert?
fn normalise(call: &mut Call<'_>, board: &mut Board, _: &Rules, mint: &mut Mint, _: &mut Effects) {
    let (now, integration) = (call.now, call.integration);
    let mut ended: BTreeSet<u64> = BTreeSet::new();
    for passing in &mut call.passing {
        let key = passing.signal.key;
        passing.resolved = passing.signal.resolved(now);
        if passing.resolved {
            ended.insert(key);
            continue;
        }
        let known = board.by_key(integration, key).is_some() && !ended.contains(&key);
        passing.fresh = !known && !board.is_laid_aside(integration, key, passing.signal.starts_at);
        if passing.fresh {
            passing.id = Some(mint.id(now));
        }
    }
}

/// Does a silence match?
fn silence(call: &mut Call<'_>, board: &mut Board, _: &Rules, _: &mut Mint, _: &mut Effects) {
    let now = call.now;
    let active: Vec<_> = board.active_silences(now).collect();
    if active.is_empty() {
        return;
    }
    for passing in call.passing.iter_mut().filter(|passing| passing.fresh) {
        let label = label(passing.signal);
        passing.muted = active.iter().find(|s| s.matches(&label)).map(|s| Muted::Silenced(s.id));
    }
}

/// Does an alert that fires, on the board or in the same call, mute it?
fn inhibit(call: &mut Call<'_>, board: &mut Board, rules: &Rules, _: &mut Mint, _: &mut Effects) {
    for (_, rule) in rules.inhibits() {
        let all = |matchers: &[Matcher], signal: &Signal| {
            let label = label(signal);
            matchers.iter().all(|matcher| matcher.matches_value(label(&matcher.name).unwrap_or("")))
        };
        let sources: Vec<(AlertId, &Signal)> = call
            .passing
            .iter()
            .filter_map(|passing| passing.id.map(|id| (id, passing.signal)))
            .filter(|(_, signal)| all(&rule.source, signal))
            .collect();
        for passing in call.passing.iter_mut().filter(|passing| passing.fresh && passing.muted.is_none()) {
            // What matches both sides mutes nothing, itself least of all.
            if !all(&rule.target, passing.signal) || all(&rule.source, passing.signal) {
                continue;
            }
            let mine = label(passing.signal);
            let agrees = |other: &dyn Fn(&str) -> Option<String>| {
                rule.equal.iter().all(|name| other(name).as_deref().unwrap_or("") == mine(name).unwrap_or(""))
            };
            let here = sources
                .iter()
                .find(|(_, source)| agrees(&|name| label(source)(name).map(str::to_owned)))
                .map(|(id, _)| *id);
            let there = || inhibitor(board, rule, &|name| mine(name).map(str::to_owned));
            passing.muted = here.or_else(there).map(Muted::Inhibited);
        }
    }
}

/// An open alert that mutes one with these labels, under this rule.
fn inhibitor(board: &Board, rule: &super::routes::Inhibit, mine: &dyn Fn(&str) -> Option<String>) -> Option<AlertId> {
    let found = board.matching(&rule.source);
    let agrees = |slot: &Slot| {
        rule.equal.iter().all(|name| board.label(*slot, name).unwrap_or("") == mine(name).as_deref().unwrap_or(""))
    };
    found.into_iter().find(agrees).map(|slot| board.at(slot).id)
}

/// Whose is it, and how urgent?
fn route(call: &mut Call<'_>, _: &mut Board, rules: &Rules, _: &mut Mint, _: &mut Effects) {
    for passing in call.passing.iter_mut().filter(|passing| passing.fresh) {
        let label = label(passing.signal);
        let severity = Severity::read(label("severity").unwrap_or(""));
        passing.routed = rules.route(&label).map(|(name, route)| {
            let named =
                || label("service").and_then(|s| rules.catalog.services.get_key_value(s)).map(|(n, _)| n.clone());
            let service = route.service.clone().or_else(named);
            let owners = || rules.catalog.services.get(service.as_ref()?)?.escalation_policy.clone();
            let policy = route.escalation_policy.clone().or_else(owners);
            Routed { route: name.clone(), service, policy, urgency: urgency(route.urgency, severity) }
        });
    }
}

/// With which others is it paged?
fn group(call: &mut Call<'_>, _: &mut Board, rules: &Rules, _: &mut Mint, _: &mut Effects) {
    for passing in call.passing.iter_mut().filter(|passing| passing.fresh) {
        let Some(route) = passing.routed.as_ref().and_then(|routed| rules.catalog.routes.get(&routed.route)) else {
            continue;
        };
        let label = label(passing.signal);
        passing.group_values = route.group_by.iter().map(|name| label(name).unwrap_or("").to_owned()).collect();
    }
}

/// Is it known? Here, and only here, the board changes.
fn dedup(call: &mut Call<'_>, board: &mut Board, rules: &Rules, mint: &mut Mint, effects: &mut Effects) {
    let timeout = rules.resolve_timeout(call.integration);
    for passing in &call.passing {
        let signal = passing.signal;
        let known = board.by_key(call.integration, signal.key);
        match known {
            Some(slot) if passing.resolved => {
                let at = signal.ends_at.unwrap_or(call.now).min(call.now);
                resolve(board, rules, slot, at, Closing::Source, call.now, effects);
            }
            Some(slot) => {
                let route = board.group(board.at(slot).group).map(|open| open.group.route.clone());
                let route = route.and_then(|name| rules.catalog.routes.get(&name));
                let expires_at = expires_at(call, signal, timeout, route);
                let others_grace = board.others_grace;
                let alert = board.at_mut(slot);
                alert.hear(call.now, expires_at, others_grace);
                if alert.annotations_hash == signal.annotations_hash {
                    effects.repeats += 1;
                    // Other nodes go by the row, and are about to close it.
                    if others_grace > Span::ZERO && alert.must_be_written(call.now) {
                        effects.updated.insert(alert.id);
                    }
                } else {
                    (alert.signal, alert.position) = (call.signal, signal.position);
                    alert.annotations_hash = signal.annotations_hash;
                    effects.updated.insert(alert.id);
                }
            }
            None if passing.resolved => {
                board.forget_laid_aside(call.integration, signal.key);
                effects.repeats += 1;
            }
            None if !passing.fresh => effects.repeats += 1,
            None => open(call, passing, timeout, board, rules, mint, effects),
        }
    }
}

/// When an alert is over unless it is heard of again.
fn expires_at(call: &Call<'_>, signal: &Signal, timeout: Option<Span>, route: Option<&Route>) -> Timestamp {
    let told = signal.ends_at.filter(|ends_at| *ends_at > call.now);
    let timeout = timeout.filter(|_| call.repeats).or_else(|| route.map(|route| route.auto_close));
    told.unwrap_or_else(|| timeout.unwrap_or(Span::hours(7 * 24)).after(call.now))
}

/// When a repeat of an open alert lets it live until. For readers, who have no turn with the pen.
pub fn repeat_expires_at(
    board: &Board,
    slot: Slot,
    rules: &Rules,
    signal: &Signal,
    repeats: bool,
    now: Timestamp,
) -> Timestamp {
    let integration = &board.at(slot).integration;
    let route = board.group(board.at(slot).group).and_then(|open| rules.catalog.routes.get(&open.group.route));
    let call = Call { integration, signal: board.at(slot).signal, now, repeats, passing: Vec::new() };
    expires_at(&call, signal, rules.resolve_timeout(integration), route)
}

fn open(
    call: &Call<'_>,
    passing: &Passing<'_>,
    timeout: Option<Span>,
    board: &mut Board,
    rules: &Rules,
    mint: &mut Mint,
    effects: &mut Effects,
) {
    let signal = passing.signal;
    let Some(id) = passing.id else { return };
    board.forget_laid_aside(call.integration, signal.key);
    // Without any route an alert is still kept, shown and closed in time; nobody is paged, and it says so.
    let unrouted = || Routed { route: no_route(), service: None, policy: None, urgency: None };
    let routed = passing.routed.clone().unwrap_or_else(unrouted);
    let route = rules.catalog.routes.get(&routed.route);
    let expires_at = expires_at(call, signal, timeout, route);
    let group = board.group_by_key(&routed.route, &passing.group_values).unwrap_or_else(|| {
        let id = mint.id(call.now);
        board.open_group(new_group(id, &routed, route, passing, call.now));
        effects.opened.push(id);
        id
    });
    effects.groups.insert(group);
    // A source's clock may be ahead of ours: what it said is kept, or the same firing would not be known again.
    let starts_at = signal.starts_at.unwrap_or(call.now).min(CLOCKS_APART_MOST.after(call.now));
    let new = NewAlert {
        id,
        integration: call.integration.clone(),
        key: signal.key,
        group,
        signal: call.signal,
        position: signal.position,
        annotations_hash: signal.annotations_hash,
        urgency: routed.urgency,
        starts_at,
        fired_at: call.now,
        heard_at: call.now,
        expires_at,
        grace: board.others_grace,
        written_expires_at: expires_at,
        count: 1,
        taken: None,
        muted: passing.muted,
    };
    let slot = board.put(new, signal.labels.iter());
    effects.fired.push(id);
    if passing.muted.is_none() {
        tell(board, rules, slot, effects);
    }
}

/// How far ahead of ours a source's clock is believed to be.
const CLOCKS_APART_MOST: Span = Span::hours(1);

/// The route of alerts that no route matches.
pub fn no_route() -> Name {
    "none".parse().expect("a name")
}

fn new_group(id: GroupId, routed: &Routed, route: Option<&Route>, passing: &Passing<'_>, now: Timestamp) -> Group {
    let names = route.map_or(&[][..], |route| route.group_by.as_slice());
    let labels: Vec<(String, String)> = names.iter().cloned().zip(passing.group_values.iter().cloned()).collect();
    let label = label(passing.signal);
    let mut title = label("alertname").unwrap_or("Alert").to_owned();
    if let Some(service) = routed.service.as_ref().map(Name::as_str).or_else(|| label("service")) {
        title = format!("{title} ({service})");
    }
    Group {
        id,
        route: routed.route.clone(),
        labels,
        service: routed.service.clone(),
        policy: routed.policy.clone(),
        urgency: None,
        title: text::shorten(&title, 200),
        opened_at: now,
        page: None,
        told: BTreeSet::new(),
        due_at: None,
    }
}

/// Notes an alert as news of its group.
fn tell(board: &Board, rules: &Rules, slot: Slot, effects: &mut Effects) {
    let alert = board.at(slot);
    let Some(open) = board.group(alert.group) else { return };
    let news = effects.news.entry(alert.group).or_default();
    news.alerts += 1;
    news.urgency = news.urgency.max(alert.urgency);
    if let Some(route) = rules.catalog.routes.get(&open.group.route) {
        for name in &route.novelty {
            if let Some(value) = board.label(slot, name) {
                let value = format!("{name}={value}");
                if !news.values.contains(&value) {
                    news.values.insert(value);
                }
            }
        }
    }
}

/// An alert comes to its end: off the board; what it muted is looked at again; an empty group is closed.
pub fn resolve(
    board: &mut Board,
    rules: &Rules,
    slot: Slot,
    at: Timestamp,
    closing: Closing,
    now: Timestamp,
    effects: &mut Effects,
) {
    let (id, group) = (board.at(slot).id, board.at(slot).group);
    let muted_by_it = board.inhibited_by(id);
    let alert = board.take(slot);
    if matches!(closing, Closing::Person(_)) {
        board.lay_aside(alert.integration.clone(), alert.key, alert.starts_at);
    }
    effects.updated.remove(&id);
    effects.resolved.push(Resolved { alert, at, closing });
    effects.groups.insert(group);
    for slot in muted_by_it {
        reconsider(board, rules, slot, now, effects);
    }
    if board.group(group).is_some_and(|open| open.alerts.is_empty()) {
        effects.news.remove(&group);
        effects.groups.remove(&group);
        effects.closed.extend(board.close_group(group));
    }
}

/// Is it muted, as things stand now? What speaks again is news.
pub fn reconsider(board: &mut Board, rules: &Rules, slot: Slot, now: Timestamp, effects: &mut Effects) {
    let labels = board.labels(slot);
    let muted = muted(board, rules, slot, &labels, now);
    let before = board.at(slot).muted();
    if muted == before {
        return;
    }
    board.mute(slot, muted);
    effects.updated.insert(board.at(slot).id);
    effects.groups.insert(board.at(slot).group);
    if muted.is_none() && board.at(slot).wants_attention() {
        tell(board, rules, slot, effects);
    }
}

fn muted(board: &Board, rules: &Rules, slot: Slot, labels: &Labels, now: Timestamp) -> Option<Muted> {
    let label = |name: &str| labels.get(name);
    if let Some(silence) = board.active_silences(now).find(|s| s.matches(&label)) {
        return Some(Muted::Silenced(silence.id));
    }
    let all = |matchers: &[Matcher]| matchers.iter().all(|matcher| matcher.matches(labels));
    let rules = rules.inhibits().filter(|(_, rule)| all(&rule.target) && !all(&rule.source));
    let mine = |name: &str| labels.get(name).map(str::to_owned);
    let me = board.at(slot).id;
    rules.into_iter().find_map(|(_, rule)| inhibitor(board, rule, &mine)).filter(|id| *id != me).map(Muted::Inhibited)
}

/// A snooze or an acknowledgement of an alert ran out while it fires.
pub fn insist(board: &Board, rules: &Rules, slot: Slot, effects: &mut Effects) {
    effects.updated.insert(board.at(slot).id);
    effects.groups.insert(board.at(slot).group);
    if board.at(slot).wants_attention() {
        tell(board, rules, slot, effects);
        effects.news.entry(board.at(slot).group).or_default().insists = true;
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
