//! What happens to signals, from what a source said to what changes here. Read `STAGES` from top to bottom.
//!
//! A call goes through the stages as a whole, so that what it tells of first may mute what it tells of later and the
//! other way round. The last stage changes the board and says what changed; writing that down, and paging, is done by
//! the act.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::Timestamp;

use super::alerts::{Closing, Muted, Severity, urgency};
use super::board::{Alert, Board, NewAlert, Slot};
use super::groups::{Group, News};
use super::routes::Route;
use super::rules::Rules;
use super::signals::Signal;
use crate::prepare::drills;
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
type Stage = for<'a> fn(&mut Call<'a>, &mut Board, &'a Rules, &mut Mint, &mut Effects);

/// One call at an ingest URL, on its way through the stages.
#[derive(Debug)]
pub struct Call<'a> {
    pub integration: &'a Name,
    /// The entry of the log that keeps the call.
    pub signal: SignalId,
    /// How many alerts stand before those of the call in the entry.
    pub offset: u32,
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
    routed: Routed<'a>,
    /// Its group, if that is open.
    group: Option<GroupId>,
}

#[derive(Clone, Copy, Debug)]
struct Routed<'a> {
    name: &'a Name,
    route: Option<&'a Route>,
    service: Option<&'a Name>,
    policy: Option<&'a Name>,
    urgency: Option<Urgency>,
}

/// Without any route an alert is still kept, shown and closed in time; nobody is paged, and it says so.
static UNROUTED: LazyLock<Name> = LazyLock::new(|| "none".parse().expect("a name"));

impl Routed<'_> {
    fn nowhere() -> Self {
        Self { name: &UNROUTED, route: None, service: None, policy: None, urgency: None }
    }
}

/// The values by which a route groups, as an alert has them. What is part of a drill is never grouped with what is not.
fn group_values<'v>(route: Option<&'v Route>, signal: &'v Signal) -> impl Iterator<Item = &'v str> + Clone {
    group_names(route, signal).map(|name| signal.labels.get(name).unwrap_or(""))
}

fn group_names<'v>(route: Option<&'v Route>, signal: &Signal) -> impl Iterator<Item = &'v str> + Clone {
    let names = route.map_or(&[][..], |route| route.group_by.as_slice());
    names.iter().map(String::as_str).chain(drills::labelled(label(signal)).then_some(drills::LABEL))
}

/// What changed on the board, for the act to write down.
#[derive(Debug, Default)]
pub struct Effects {
    /// Opened in this transaction, in the order of their ids; some may be resolved again.
    pub fired: Vec<(AlertId, Slot)>,
    /// Open alerts of which more is to be written than that they were heard of.
    pub updated: BTreeSet<AlertId>,
    /// Alerts without a row that another entry of the log tells of now, and the entry that they began in.
    pub moved: BTreeMap<AlertId, SignalId>,
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
    /// How many alerts stand before these in the entry of the log.
    pub offset: u32,
    pub signals: &'a [Signal],
    pub repeats: bool,
    pub now: Timestamp,
}

/// Takes a call through the stages.
pub fn receive<'a>(board: &mut Board, rules: &'a Rules, arrival: &Arrival<'a>, mint: &mut Mint, effects: &mut Effects) {
    let passing = arrival.signals.iter().map(|signal| Passing {
        signal,
        resolved: false,
        fresh: false,
        id: None,
        muted: None,
        routed: Routed::nowhere(),
        group: None,
    });
    let Arrival { integration, signal, offset, repeats, now, .. } = *arrival;
    let mut call = Call { integration, signal, offset, now, repeats, passing: passing.collect() };
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
                must_agree(rule).all(|name| other(name).as_deref().unwrap_or("") == mine(name).unwrap_or(""))
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

/// The labels in which an alert and what it mutes must agree: a drill mutes nothing real, and nothing real a drill.
fn must_agree(rule: &super::routes::Inhibit) -> impl Iterator<Item = &str> {
    rule.equal.iter().map(String::as_str).chain([drills::LABEL])
}

/// An open alert that mutes one with these labels, under this rule.
fn inhibitor(board: &Board, rule: &super::routes::Inhibit, mine: &dyn Fn(&str) -> Option<String>) -> Option<AlertId> {
    let found = board.matching(&rule.source);
    let agrees = |slot: &Slot| {
        must_agree(rule).all(|name| board.label(*slot, name).unwrap_or("") == mine(name).as_deref().unwrap_or(""))
    };
    found.into_iter().find(agrees).map(|slot| board.at(slot).id)
}

/// Whose is it, and how urgent?
fn route<'a>(call: &mut Call<'a>, _: &mut Board, rules: &'a Rules, _: &mut Mint, _: &mut Effects) {
    for passing in call.passing.iter_mut().filter(|passing| passing.fresh) {
        let label = label(passing.signal);
        let Some((name, route)) = rules.route(&label) else { continue };
        let services = &rules.catalog.services;
        let named = || label("service").and_then(|service| services.get_key_value(service)).map(|(name, _)| name);
        let service = route.service.as_ref().or_else(named);
        let owners = || services.get(service?)?.escalation_policy.as_ref();
        let policy = route.escalation_policy.as_ref().or_else(owners);
        let severity = Severity::read(label("severity").unwrap_or(""));
        passing.routed =
            Routed { name, route: Some(route), service, policy, urgency: urgency(route.urgency, severity) };
    }
}

/// With which others is it paged?
fn group(call: &mut Call<'_>, board: &mut Board, _: &Rules, _: &mut Mint, _: &mut Effects) {
    for passing in call.passing.iter_mut().filter(|passing| passing.fresh) {
        let Routed { name, route, .. } = passing.routed;
        passing.group = board.group_by_key(name, &group_values(route, passing.signal));
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
                    if !alert.has_row() {
                        effects.moved.entry(alert.id).or_insert(alert.signal);
                    }
                    (alert.signal, alert.position) = (call.signal, call.offset + signal.position);
                    alert.annotations_hash = signal.annotations_hash;
                    effects.updated.insert(alert.id);
                }
            }
            None if passing.resolved => {
                board.forget_laid_aside(call.integration, signal.key);
                effects.repeats += 1;
            }
            None if !passing.fresh => effects.repeats += 1,
            None => open(call, passing, timeout, board, mint, effects),
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
    let call = Call { integration, signal: board.at(slot).signal, offset: 0, now, repeats, passing: Vec::new() };
    expires_at(&call, signal, rules.resolve_timeout(integration), route)
}

fn open(
    call: &Call<'_>,
    passing: &Passing<'_>,
    timeout: Option<Span>,
    board: &mut Board,
    mint: &mut Mint,
    effects: &mut Effects,
) {
    let (signal, routed) = (passing.signal, &passing.routed);
    let Some(id) = passing.id else { return };
    board.forget_laid_aside(call.integration, signal.key);
    let expires_at = expires_at(call, signal, timeout, routed.route);
    // Opened, or closed, since the stage before: by what came in the same call.
    let open = passing.group.filter(|id| board.group(*id).is_some());
    let found = open.or_else(|| board.group_by_key(routed.name, &group_values(routed.route, signal)));
    let group = found.unwrap_or_else(|| {
        let id = mint.id(call.now);
        board.open_group(new_group(id, passing, call.now));
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
        position: call.offset + signal.position,
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
        has_row: false,
    };
    let slot = board.put(new, signal.labels.iter());
    effects.fired.push((id, slot));
    if passing.muted.is_none() {
        tell(board, routed.route, slot, effects);
    }
}

/// How far ahead of ours a source's clock is believed to be.
const CLOCKS_APART_MOST: Span = Span::hours(1);

fn new_group(id: GroupId, passing: &Passing<'_>, now: Timestamp) -> Group {
    let Routed { name, route, service, policy, .. } = passing.routed;
    let names = group_names(route, passing.signal).map(str::to_owned);
    let values = group_values(route, passing.signal).map(str::to_owned);
    let labels: Vec<(String, String)> = names.zip(values).collect();
    let label = label(passing.signal);
    let mut title = label("alertname").unwrap_or("Alert").to_owned();
    if let Some(service) = service.map(Name::as_str).or_else(|| label("service")) {
        title = format!("{title} ({service})");
    }
    Group {
        id,
        route: name.clone(),
        labels,
        service: service.cloned(),
        policy: policy.cloned(),
        urgency: None,
        title: text::shorten(&drills::marked(drills::labelled(label), &title), 200),
        opened_at: now,
        page: None,
        told: BTreeSet::new(),
        due_at: None,
    }
}

/// Notes an alert as news of its group. `route` is the group's.
fn tell(board: &Board, route: Option<&Route>, slot: Slot, effects: &mut Effects) {
    let alert = board.at(slot);
    let news = effects.news.entry(alert.group).or_default();
    news.alerts += 1;
    news.urgency = news.urgency.max(alert.urgency);
    for name in route.map_or(&[][..], |route| route.novelty.as_slice()) {
        if let Some(pair) = board.whole_pair(slot, name)
            && !news.values.contains(pair)
        {
            news.values.insert(pair.to_owned());
        }
    }
}

/// The same for an alert that was open before.
fn tell_again(board: &Board, rules: &Rules, slot: Slot, effects: &mut Effects) {
    let Some(open) = board.group(board.at(slot).group) else { return };
    tell(board, rules.catalog.routes.get(&open.group.route), slot, effects);
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
        tell_again(board, rules, slot, effects);
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
        tell_again(board, rules, slot, effects);
        effects.news.entry(board.at(slot).group).or_default().insists = true;
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
