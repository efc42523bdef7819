//! Tells what happened in a world, line by line, in words for an operator: from the journal, and from what channels
//! did with each message.
//!
//! It only reads. Ids are numbered in the order in which they appear, so that the same events read the same.

use std::collections::BTreeMap;

use domain::engage::deliveries::Outcome;
use domain::respond::sight::Sight;
use domain::words::{AlertId, EventKind, GroupId, Labels, Name, PageId, SignalId, Timestamp, text};
use jiff::tz::TimeZone;
use serde_json::Value;
use store::journal::{self, Entry};
use store::{Error, Store, Tx};

use crate::checks::Ledger;
use crate::world::{Attempt, Deed, last_entry};

/// What was told so far, and what is known for telling more.
#[derive(Debug)]
pub struct Chronicle {
    zone: TimeZone,
    /// The last entry of the journal that was told.
    read: i64,
    pages: BTreeMap<String, usize>,
    pub(crate) incidents: BTreeMap<String, usize>,
    silences: BTreeMap<String, String>,
    /// The labels of the entry of the signals log that was read last: a storm is one entry.
    last_read: Option<(SignalId, Vec<Labels>)>,
    lines: Vec<String>,
    /// The day and the offset under which the last line stands.
    heading: Option<String>,
}

/// How many alerts of a group are told one by one.
const ONE_BY_ONE: usize = 3;

impl Chronicle {
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            read: 0,
            pages: BTreeMap::new(),
            incidents: BTreeMap::new(),
            silences: BTreeMap::new(),
            last_read: None,
            lines: Vec::new(),
            heading: None,
        }
    }

    /// Everything that was told.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Tells something at an instant.
    pub fn tell(&mut self, at: Timestamp, what: &str) {
        let local = at.to_zoned(self.zone.clone());
        let heading = local.strftime("%a %-d %b %Y, %:z").to_string();
        if self.heading.as_ref() != Some(&heading) {
            self.lines.push(format!("-- {heading}"));
            self.heading = Some(heading);
        }
        self.lines.push(format!("{}  {what}", local.strftime("%H:%M:%S")));
    }

    /// Passes over what the journal has until now.
    pub fn skip_journal(&mut self, store: &Store) -> Result<(), store::Halt> {
        self.read = store.read(|tx| Ok(journal::last(tx)?))?;
        Ok(())
    }

    /// Tells what came into the journal, and what was done since, at true time `now`.
    pub fn follow(
        &mut self,
        store: &Store,
        deeds: Vec<(i64, Deed)>,
        now: Timestamp,
        ledger: &mut Ledger,
    ) -> Result<(), store::Halt> {
        last_entry(store)?;
        let mut deeds = deeds.into_iter().peekable();
        loop {
            let read = self.read;
            let entries = store.read(|tx| Ok(journal::since(tx, read, Sight::Whole, 500)?))?;
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                let number = entry.number.unwrap_or(self.read);
                while let Some((_, deed)) = deeds.next_if(|(after, _)| *after < number) {
                    ledger.deed(&deed);
                    self.tell_deed(&deed, now);
                }
                ledger.entry(entry);
                let said = store.read(|tx| Ok(self.say(tx, entry, now)?))?;
                for line in said {
                    self.tell(now, &line);
                }
                self.read = number;
            }
        }
        for (_, deed) in deeds {
            ledger.deed(&deed);
            self.tell_deed(&deed, now);
        }
        Ok(())
    }

    fn tell_deed(&mut self, deed: &Deed, now: Timestamp) {
        match deed {
            Deed::Attempted(attempt) => {
                let line = self.attempt(attempt);
                self.tell(attempt.at, &line);
            }
            Deed::Settled(attempt) => {
                let what = message(attempt);
                let line = if attempt.stale {
                    format!("the answer about {what} comes too late: another node has it")
                } else {
                    format!("the answer about {what} comes: {}", self.outcome(attempt))
                };
                self.tell(now, &line);
            }
            Deed::Died { node, at, unsent: 0 } => self.tell(*at, &format!("node {node} dies")),
            Deed::Died { node, at, unsent } => {
                self.tell(*at, &format!("node {node} dies with {} unsent", many(*unsent, "message")));
            }
            Deed::Started { node, at } => self.tell(*at, &format!("node {node} starts")),
            Deed::Failed { node, at, why } => self.tell(*at, &format!("node {node} fails: {why}")),
        }
    }

    fn outcome(&self, attempt: &Attempt) -> String {
        let again = attempt.again_at.map_or_else(String::new, |at| format!("; again at {}", self.clock(at)));
        match &attempt.outcome {
            Outcome::Sent { .. } => "sent".into(),
            Outcome::Later { why, .. } => format!("{why}{again}"),
            Outcome::Never { why } | Outcome::Gone { why } => format!("{why}; for ever"),
        }
    }

    fn attempt(&self, attempt: &Attempt) -> String {
        let arrival = &attempt.arrival;
        let to = arrival.person.as_ref().map_or_else(|| "a webhook".to_owned(), person);
        let by = channel(&arrival.channel);
        let repeat = match attempt.repeat_of {
            Some(at) => format!(" (marked as a repeat of {})", self.clock(at)),
            None => String::new(),
        };
        let what = match (arrival.page, arrival.step) {
            (None, _) => arrival.subject.clone(),
            (Some(_), 0) => "that it is over".to_owned(),
            _ => attempt.because.clone(),
        };
        let verb = match (arrival.step, attempt.arrived) {
            (0, true) => "told",
            (0, false) => "could not tell",
            (_, true) => "paged",
            (_, false) => "could not page",
        };
        let (done, pending) = (attempt.outcome_word(), attempt.pending);
        let end = match (&attempt.outcome, attempt.arrived) {
            (Outcome::Sent { .. }, _) if !pending => String::new(),
            _ if pending => ", no answer yet".to_owned(),
            _ if done => String::new(),
            _ => format!(": {}", self.outcome(attempt)),
        };
        let stale = if attempt.stale { ", too late: another node has it" } else { "" };
        if attempt.arrived {
            format!("{verb} {to} by {by}{repeat}: {what}{end}{stale}")
        } else {
            format!("{verb} {to} by {by}{repeat}{end}{stale}")
        }
    }

    fn clock(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }

    fn page(&mut self, entry: &Entry) -> String {
        let id = entry.subjects.iter().find(|subject| subject.starts_with("pag_"));
        let id = id.cloned().unwrap_or_default();
        format!("page {}", self.number(&id))
    }

    fn number(&mut self, page: &str) -> usize {
        let next = self.pages.len() + 1;
        *self.pages.entry(page.to_owned()).or_insert(next)
    }

    /// The page of a number.
    pub fn page_of(&self, number: usize) -> Option<PageId> {
        self.pages.iter().find(|(_, known)| **known == number).and_then(|(id, _)| id.parse().ok())
    }

    /// The number of a page, if it was told of.
    pub fn number_of(&self, page: PageId) -> Option<usize> {
        self.pages.get(&page.to_string()).copied()
    }

    fn say(&mut self, tx: &mut Tx<'_>, entry: &Entry, now: Timestamp) -> Result<Vec<String>, Error> {
        let Some(kind) = entry.kind() else { return Ok(Vec::new()) };
        let why = entry.why.as_deref();
        let because = why.map_or_else(String::new, |why| format!(": {why}"));
        let by = actor(&entry.actor);
        Ok(match kind {
            EventKind::AlertsFired => self.fired(tx, &entry.data)?,
            EventKind::AlertsResolved | EventKind::AlertsClosed => {
                let end = match entry.data["by"].as_str() {
                    Some("person") => format!("resolved by {by}"),
                    Some("lapsed") => "closed, not heard of in time".to_owned(),
                    _ => "resolved by its source".to_owned(),
                };
                self.groups(tx, &entry.data)?.into_iter().map(|(_, what)| format!("{end}: {what}")).collect()
            }
            EventKind::AlertsAcknowledged | EventKind::AlertsUnacknowledged | EventKind::AlertsMarkedNoise => {
                let verb = match kind {
                    EventKind::AlertsAcknowledged => "has",
                    EventKind::AlertsUnacknowledged => "gives back",
                    _ => "calls noise",
                };
                vec![format!("{by} {verb} {}{because}", self.alerts(tx, &entry.subjects)?)]
            }
            EventKind::AlertsSnoozed => {
                let until = self.local(&entry.data["until"]);
                vec![format!("{by} snoozes {} until {until}", self.alerts(tx, &entry.subjects)?)]
            }
            EventKind::SilenceCreated => {
                let id = entry.subjects.first().cloned().unwrap_or_default();
                let matchers = entry.data["matchers"].as_array().into_iter().flatten();
                let matchers: Vec<&str> = matchers.filter_map(Value::as_str).collect();
                self.silences.insert(id, why.unwrap_or_default().to_owned());
                let (from, to) = (self.local(&entry.data["starts_at"]), self.local(&entry.data["ends_at"]));
                vec![format!("{by} silences {} from {from} until {to}{because}", matchers.join(", "))]
            }
            EventKind::SilenceExpired => {
                let about = entry.subjects.first().and_then(|id| self.silences.get(id)).cloned().unwrap_or_default();
                vec![format!("the silence {about:?} ends{because}")]
            }
            EventKind::HeartbeatMissed => vec![format!("heartbeat missed: {}", entry.subjects.join(" "))],
            EventKind::HeartbeatReturned => vec![format!("heartbeat returned: {}", entry.subjects.join(" "))],
            EventKind::OverrideCreated => {
                let who = entry.data["person"].as_str().unwrap_or("nobody");
                let (from, to) = (self.local(&entry.data["starts_at"]), self.local(&entry.data["ends_at"]));
                let schedule = entry.subjects.iter().find_map(|s| s.strip_prefix("schedule/")).unwrap_or("?");
                vec![format!("{who} stands in on {schedule} from {from} until {to}, says {by}")]
            }
            EventKind::OverrideRemoved => vec![format!("{by} takes an override away")],
            EventKind::PageStarted
            | EventKind::PageEscalated
            | EventKind::PageAcknowledged
            | EventKind::PageRestarted
            | EventKind::PageEnded => self.of_page(kind, entry, now),
            EventKind::DeliveryFailed => {
                let to = entry.data["person"].as_str().unwrap_or("a webhook");
                let by = channel(entry.data["channel"].as_str().unwrap_or_default());
                vec![format!("gives up the {by} to {to}{because}")]
            }
            EventKind::DocumentsApplied => vec![format!("documents change{because}")],
            _ => match self
                .of_flag(kind, entry)
                .or_else(|| self.of_change(kind, entry))
                .or_else(|| self.of_learning(kind, entry))
            {
                Some(lines) => lines,
                None => self.of_incident(kind, entry).into_iter().collect(),
            },
        })
    }

    fn of_page(&mut self, kind: EventKind, entry: &Entry, now: Timestamp) -> Vec<String> {
        let page = self.page(entry);
        let data = &entry.data;
        let why = entry.why.as_deref();
        let because = why.map_or_else(String::new, |why| format!(": {why}"));
        let title = data["title"].as_str().unwrap_or_default();
        let urgency = data["urgency"].as_str().unwrap_or_default();
        let mut lines = match kind {
            EventKind::PageStarted => vec![format!("{page} starts, {urgency} urgency, {title}{because}")],
            EventKind::PageRestarted => vec![format!("{page} starts again, {urgency} urgency{because}")],
            EventKind::PageEscalated => {
                let round = data["round"].as_i64().filter(|round| *round > 1);
                let round = round.map_or_else(String::new, |round| format!(", round {round}"));
                vec![format!("{page} goes on to step {}{round}", data["step"])]
            }
            EventKind::PageAcknowledged => {
                let until = if data["until"].is_string() {
                    format!(", until {}", self.local(&data["until"]))
                } else {
                    String::new()
                };
                vec![format!("{page} is acknowledged by {}{until}", data["by"].as_str().unwrap_or("?"))]
            }
            _ => vec![format!("{page} ends {}{because}", data["ended"].as_str().unwrap_or("?"))],
        };
        for (word, verb) in [("skipped", "skips step"), ("missed", "misses in step")] {
            for one in data[word].as_array().into_iter().flatten() {
                lines.push(format!("{page} {verb} {}: {}", one["step"], one["why"].as_str().unwrap_or_default()));
            }
        }
        for told in data["told"].as_array().into_iter().flatten() {
            let to = told["to"].as_str().unwrap_or_default();
            let to = to.strip_prefix("person/").map_or(to.to_owned(), capital);
            let later = told["contacts"].as_array().into_iter().flatten().filter_map(|contact| {
                let due: Timestamp = contact["due_at"].as_str()?.parse().ok()?;
                (due > now).then(|| format!("{} at {}", contact["contact"].as_str().unwrap_or("?"), self.when(due)))
            });
            let later: Vec<String> = later.collect();
            let all = told["contacts"].as_array().map_or(0, Vec::len);
            if later.len() == all && all > 0 {
                let because = told["because"].as_str().unwrap_or_default();
                lines.push(format!("{page} waits to page {to} by {}: {because}", later.join(", then ")));
            }
        }
        if kind == EventKind::PageEnded {
            lines.truncate(1 + lines.iter().filter(|line| line.contains(" skips step ")).count());
        }
        lines
    }

    fn fired(&mut self, tx: &mut Tx<'_>, data: &Value) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        for (group, alerts) in data["groups"].as_object().into_iter().flatten() {
            let alerts: Vec<AlertId> = ids(alerts);
            let mut ends: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for id in &alerts {
                let (name, end) = self.fired_one(tx, *id)?;
                ends.entry(end).or_default().push(name);
            }
            for (end, names) in ends {
                if names.len() <= ONE_BY_ONE {
                    lines.extend(names.iter().map(|name| format!("fires: {name}{end}")));
                } else {
                    let of: Option<GroupId> = group.parse().ok();
                    let title = of.map(|id| store::detect::groups::get(tx, id)).transpose()?.flatten();
                    let title = title.map_or_else(String::new, |(group, _)| group.title);
                    lines.push(format!("fires: {} of {title}{end}", many(names.len(), "alert")));
                }
            }
        }
        Ok(lines)
    }

    fn fired_one(&mut self, tx: &mut Tx<'_>, id: AlertId) -> Result<(String, String), Error> {
        let Some(row) = store::detect::alerts::get(tx, id)? else { return Ok((id.to_string(), String::new())) };
        let about = row.verdict_about.clone().unwrap_or_default();
        let end = match row.verdict.as_str() {
            "paged" | "over" => String::new(),
            "silenced" => format!(", silenced: {}", self.silences.get(&about).cloned().unwrap_or_default()),
            "inhibited" => {
                let other = about.parse().ok().map(|id| self.name_of(tx, id)).transpose()?;
                format!(", inhibited by {}", other.unwrap_or(about))
            }
            "waits" => {
                let until = about.parse().map_or(about, |until| self.clock(until));
                format!(", waits for company until {until}")
            }
            "joined" if about.starts_with("pag_") => format!(", joins page {}", self.number(&about)),
            "nobody" => format!(", nobody is paged: {about}"),
            word => format!(", {word} {about}"),
        };
        Ok((self.name_of(tx, id)?, end))
    }

    fn groups(&mut self, tx: &mut Tx<'_>, data: &Value) -> Result<Vec<(String, String)>, Error> {
        let mut groups = Vec::new();
        for (group, alerts) in data["groups"].as_object().into_iter().flatten() {
            groups.push((group.clone(), self.several(tx, &ids(alerts))?));
        }
        Ok(groups)
    }

    fn alerts(&mut self, tx: &mut Tx<'_>, subjects: &[String]) -> Result<String, Error> {
        let ids: Vec<AlertId> = subjects.iter().filter_map(|subject| subject.parse().ok()).collect();
        self.several(tx, &ids)
    }

    fn several(&mut self, tx: &mut Tx<'_>, ids: &[AlertId]) -> Result<String, Error> {
        if ids.len() > ONE_BY_ONE {
            return Ok(many(ids.len(), "alert"));
        }
        let names: Result<Vec<String>, Error> = ids.iter().map(|id| self.name_of(tx, *id)).collect();
        Ok(names?.join("; "))
    }

    /// `5xx high (api) on web-1, critical`
    fn name_of(&mut self, tx: &mut Tx<'_>, id: AlertId) -> Result<String, Error> {
        let labels = self.labels_of(tx, id)?;
        let part = |name: &str| labels.get(name);
        let mut name = part("alertname").unwrap_or("?").to_owned();
        if let Some(service) = part("service") {
            name = format!("{name} ({service})");
        }
        if let Some(instance) = part("instance") {
            name = format!("{name} on {instance}");
        }
        if let Some(severity) = part("severity") {
            name = format!("{name}, {severity}");
        }
        Ok(text::shorten(&name, 160))
    }

    /// The labels of an alert, from the signals log.
    fn labels_of(&mut self, tx: &mut Tx<'_>, id: AlertId) -> Result<Labels, Error> {
        let Some(row) = store::detect::alerts::get(tx, id)? else { return Ok(Labels::default()) };
        if self.last_read.as_ref().is_none_or(|(signal, _)| *signal != row.signal) {
            self.last_read = Some((row.signal, actions::detect::signals::entry(tx, row.signal)?.into_labels()?));
        }
        let all = self.last_read.as_ref().map_or(&[][..], |(_, all)| all);
        Ok(all.get(row.position as usize).cloned().unwrap_or_default())
    }

    /// An instant of the journal, by the clock of the story; with the day if it is another.
    pub(crate) fn local(&self, at: &Value) -> String {
        match at.as_str().and_then(|at| at.parse::<Timestamp>().ok()) {
            Some(at) => self.when(at),
            None => "?".into(),
        }
    }

    /// With the day: for what lies weeks ahead.
    pub(crate) fn on(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%a %-d %b %H:%M %Z").to_string()
    }

    pub(crate) fn when(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%a %H:%M:%S").to_string()
    }
}

impl Attempt {
    /// It went well, and that is all there is to say.
    fn outcome_word(&self) -> bool {
        matches!(self.outcome, Outcome::Sent { .. })
    }
}

fn ids(list: &Value) -> Vec<AlertId> {
    list.as_array().into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()).collect()
}

fn message(attempt: &Attempt) -> String {
    let to = attempt.arrival.person.as_ref().map_or_else(|| "the webhook".to_owned(), person);
    format!("the {} to {to}", channel(&attempt.arrival.channel))
}

fn person(name: &Name) -> String {
    capital(name.as_str())
}

pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(crate) fn actor(actor: &str) -> String {
    match actor.split_once(':') {
        Some(("person", name)) => capital(name),
        Some((_, name)) => name.to_owned(),
        None => actor.to_owned(),
    }
}

fn channel(word: &str) -> &str {
    if word == "email" { "mail" } else { word }
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
