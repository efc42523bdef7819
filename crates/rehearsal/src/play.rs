//! Plays the lines of a story in a world, and keeps what they and the world say.
//!
//! What a line may say is told by `story.rs` and `stories/README.md`. It decides nothing: each line becomes one act.

use std::collections::{BTreeMap, BTreeSet};

use actions::board::refresh;
use actions::detect::alerts::{self, Wish};
use actions::detect::signals::{Incoming, heard_before, receive};
use actions::detect::{heartbeats, silences};
use actions::engage::{overrides, pages};
use actions::{Halt, Moment, Node};
use domain::detect::signals::Told;
use domain::detect::silences::Silence;
use domain::engage::escalations::State;
use domain::prepare::documents::Reference;
use domain::respond::sight::Sight;
use domain::words::{Actor, AlertId, Labels, Matcher, Name, OverrideId, PageId, Refusal, SilenceId, Span, Timestamp};
use jiff::tz::TimeZone;
use store::Store;

use crate::channels::Manner;
use crate::checks::Ledger;
use crate::chronicle::Chronicle;
use crate::story::{Line, Story, duration, instant};
use crate::world::{Arrival, Deed, Mishap, World};
use crate::{Trouble, company};

/// A story on its way.
#[derive(Debug)]
pub struct Play {
    pub world: World,
    pub chronicle: Chronicle,
    zone: TimeZone,
    /// What each source says fires: its labels, and since when.
    firing: BTreeMap<(Name, String), Told>,
    repeaters: Vec<Repeater>,
    /// What sources were told that we have: the alerts of each integration, by their key.
    pub promised: BTreeSet<(Name, u64)>,
    /// Those that were not looked for in the store yet.
    pub newly_promised: BTreeSet<(Name, u64)>,
    pub ledger: Ledger,
    /// When sources that repeat last told of what fires.
    pub heard: BTreeMap<(Name, u64), Timestamp>,
    /// Every message that somebody got.
    pub arrivals: Vec<Arrival>,
}

/// A source that tells again and again of what fires.
#[derive(Debug)]
struct Repeater {
    integration: Name,
    every: Span,
    next_at: Timestamp,
}

/// What a line came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    Done,
    /// A rule of ours said no.
    Refused(String),
    /// The store or the node failed: nobody knows whether it was done.
    Failed(String),
}

impl Play {
    /// The world as it is before the first line.
    pub fn begin(mut world: World, story: &Story) -> Result<Self, Trouble> {
        let zone = TimeZone::get(&story.zone).unwrap_or(TimeZone::UTC);
        let mut documents = Vec::new();
        if story.default_company {
            documents.extend(company::read("company.yaml", company::DEFAULT)?);
        }
        documents.extend(company::read("story.yaml", &story.documents)?);
        let now = world.now();
        let mut mint = domain::words::Mint::seeded(story.seed ^ 0x5eed);
        if !documents.is_empty() {
            world.store.write(|tx| {
                let mut moment = Moment::new(now, Actor::System, &mut mint);
                Ok(company::put(tx, &mut moment, &documents, &[])?)
            })?;
        }
        world.digests = story.digests;
        world.add_nodes(&story.nodes);
        Ok(Self {
            world,
            chronicle: Chronicle::new(zone.clone()),
            zone,
            firing: BTreeMap::new(),
            repeaters: Vec::new(),
            promised: BTreeSet::new(),
            newly_promised: BTreeSet::new(),
            ledger: Ledger::default(),
            heard: BTreeMap::new(),
            arrivals: Vec::new(),
        })
    }

    /// What was told so far.
    pub fn lines(&self) -> &[String] {
        self.chronicle.lines()
    }

    /// Lets time pass; what happens on the way is told.
    pub fn until(&mut self, at: Timestamp) -> Result<(), Trouble> {
        while self.one(at)? {}
        Ok(())
    }

    /// Goes on to the next thing that happens by itself, at most until `at`. False: nothing did.
    pub fn one(&mut self, at: Timestamp) -> Result<bool, Trouble> {
        let repeat = self.repeaters.iter().map(|one| one.next_at).min().filter(|next| *next <= at);
        let went_on = self.world.run_one(repeat.unwrap_or(at))?;
        if !went_on && repeat.is_some() {
            self.repeat()?;
            self.follow()?;
            self.world.do_what_is_due()?;
            self.follow()?;
            return Ok(true);
        }
        self.follow()?;
        Ok(went_on)
    }

    fn repeat(&mut self) -> Result<(), Trouble> {
        let now = self.world.now();
        for place in 0..self.repeaters.len() {
            let one = &mut self.repeaters[place];
            if one.next_at > now {
                continue;
            }
            one.next_at = one.every.after(now);
            let integration = one.integration.clone();
            let still: Vec<Told> = self.firing_of(&integration);
            if !still.is_empty() {
                match self.post(&integration, &still, true, None) {
                    // A source that gets no answer tells again next time.
                    Ok(()) | Err(Stop::Halt(_)) => {}
                    Err(stop) => return Err(stop.into()),
                }
            }
        }
        Ok(())
    }

    fn firing_of(&self, integration: &Name) -> Vec<Told> {
        let of = self.firing.iter().filter(|((name, _), _)| name == integration);
        of.map(|(_, told)| told.clone()).collect()
    }

    /// Notes and tells what happened since this was called last.
    pub fn follow(&mut self) -> Result<(), Trouble> {
        let deeds = self.world.take_deeds();
        for (_, deed) in &deeds {
            if let Deed::Attempted(attempt) = deed
                && attempt.arrived
            {
                self.arrivals.push(attempt.arrival.clone());
            }
        }
        self.chronicle.follow(&self.world.store, deeds, self.world.now(), &mut self.ledger)?;
        Ok(())
    }

    /// Plays a line, now.
    pub fn perform(&mut self, line: &Line) -> Result<Came, Trouble> {
        let now = self.world.now();
        let shown = if line.block.is_some() { format!("{} (documents)", line.text) } else { line.text.clone() };
        self.chronicle.tell(now, &format!("> {shown}"));
        let wrong = |message: String| Trouble::Line { line: line.number, message };
        let came = match self.dispatch(line) {
            Ok(()) => Came::Done,
            Err(Stop::Words(message)) => return Err(wrong(message)),
            Err(Stop::Trouble(trouble)) => return Err(trouble),
            Err(Stop::Halt(Halt::Refused(refusal))) => Came::Refused(refusal.to_string()),
            Err(Stop::Halt(Halt::Failed(error))) => Came::Failed(error.to_string()),
        };
        self.follow()?;
        match &came {
            Came::Done => {}
            Came::Refused(why) => self.chronicle.tell(now, &format!("refused: {why}")),
            Came::Failed(why) => self.chronicle.tell(now, &format!("failed: {why}")),
        }
        self.world.do_what_is_due()?;
        self.follow()?;
        Ok(came)
    }

    fn dispatch(&mut self, line: &Line) -> Result<(), Stop> {
        let text = line.text.as_str();
        if text.is_empty() || text.starts_with('(') {
            return Ok(());
        }
        let (text, about) = split_remark(text);
        let mut words = tokens(text);
        let place = match words.first().and_then(|word| word.strip_prefix('@')) {
            Some(name) => Some(self.place(name)?),
            None => None,
        };
        if place.is_some() {
            words.remove(0);
        }
        let all: Vec<&str> = words.iter().map(String::as_str).collect();
        match all.as_slice() {
            [source, rest @ ..] if source.ends_with(':') => self.signal(source.trim_end_matches(':'), rest, place),
            ["node", name, rest @ ..] => self.node(name, rest),
            ["heartbeat", name, "calls"] => {
                let integration: Name = name.parse()?;
                let actor = Actor::Integration(integration.clone());
                Ok(self
                    .world
                    .act(place, &actor, |store, node, moment| heartbeats::beat(store, node, moment, &integration))?)
            }
            [channel @ ("email" | "ntfy" | "webhook" | "everything"), rest @ ..] => self.channel(channel, rest, about),
            ["the", "store", "loses", "its", "next", "answer"] => {
                self.world.arrange(Mishap::AnswerLost);
                Ok(())
            }
            ["the", "pipeline", rest @ ..] => self.pipeline(rest, place, about),
            ["the", "deployer", rest @ ..] => self.deployer(rest, about),
            ["the", "tracker", rest @ ..] => self.tracker(rest),
            [service, "was", "ramped", "to", ramp] => self.was_ramped(&service.parse()?, ramp.parse()?),
            ["programs", rest @ ..] => self.programs(rest, place),
            ["the", "store", "fails", "once"] => {
                self.world.arrange(Mishap::RolledBack);
                Ok(())
            }
            ["the", "branch", "says"] => self.pushed(line.block.as_deref().unwrap_or_default()),
            ["apply"] => self.apply(line.block.as_deref().unwrap_or_default(), &[]),
            ["delete", reference] => self.apply("", &[reference.parse()?]),
            [integration, "repeats", "every", every] => {
                let every: Span = every.parse()?;
                let integration: Name = integration.parse()?;
                self.repeaters.retain(|one| one.integration != integration);
                self.repeaters.push(Repeater { integration, every, next_at: every.after(self.world.now()) });
                Ok(())
            }
            [integration, "falls", "silent"] => {
                self.repeaters.retain(|one| one.integration.as_str() != *integration);
                self.heard.retain(|(name, _), _| name.as_str() != *integration);
                Ok(())
            }
            ["whoever", "is", "paged", "acknowledges", alert] => self.acknowledge_as_told(alert),
            [name, "leaves"] => self.leave(name),
            [name, rest @ ..] if line.block.is_some() => {
                let me: Name = name.parse().map_err(|_| Stop::Words(format!("{name:?} is no line of a story")))?;
                self.with_documents(&me, rest, about, place, line.block.as_deref().unwrap_or_default())
            }
            [name, rest @ ..] => self.person(name, rest, about, place),
            [] => Ok(()),
        }
    }

    fn place(&self, name: &str) -> Result<usize, Stop> {
        self.world.post(name).ok_or_else(|| Stop::Words(format!("there is no node {name:?}")))
    }

    // Sources.

    /// `api "5xx high" severity=critical`, `resolved api "5xx high"`, `db "Disk full" x500 instance=db-{n}`
    fn signal(&mut self, source: &str, words: &[&str], place: Option<usize>) -> Result<(), Stop> {
        let integration: Name = source.parse()?;
        let now = self.world.now();
        let (resolved, words) = match words {
            ["resolved", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (mut pairs, mut summary, mut count) = (Vec::<(String, String)>::new(), None, 1u32);
        for word in words {
            if let Some(name) = unquoted(word) {
                pairs.push(("alertname".into(), name));
            } else if let Some((name, value)) = word.split_once('=') {
                let value = unquoted(value).unwrap_or_else(|| value.to_owned());
                if name == "summary" { summary = Some(value) } else { pairs.push((name.into(), value)) }
            } else if let Some(times) = word.strip_prefix('x').and_then(|times| times.parse().ok()) {
                count = times;
            } else if *word != "-" {
                pairs.push(("service".into(), (*word).to_owned()));
            }
        }
        if !pairs.iter().any(|(name, _)| name == "alertname") {
            return Err(Stop::Words("what fires? Name it in double quotes".into()));
        }
        let mut told = Vec::new();
        for n in 1..=count {
            let pairs = pairs.iter().map(|(name, value)| (name.clone(), value.replace("{n}", &n.to_string())));
            let labels = Labels::from_pairs(pairs);
            let annotations = Labels::from_pairs(summary.iter().map(|summary| ("summary", summary)));
            let key = (integration.clone(), labels.to_string());
            let known = self.firing.get(&key);
            let starts_at = Some(known.and_then(|known| known.starts_at).unwrap_or(now));
            let one = Told { labels, annotations, starts_at, ends_at: None, link: None, key: None };
            if resolved {
                self.firing.remove(&key);
                told.push(Told { ends_at: Some(now), ..one });
            } else {
                self.firing.insert(key, one.clone());
                told.push(one);
            }
        }
        let repeats = self.repeaters.iter().any(|one| one.integration == integration);
        self.post(&integration, &told, repeats, place)
    }

    /// Posts what a source tells; once that is answered for, it must never be lost.
    fn post(&mut self, integration: &Name, told: &[Told], repeats: bool, place: Option<usize>) -> Result<(), Stop> {
        let actor = Actor::Integration(integration.clone());
        let keys = self.world.act(place, &actor, |store, node, moment| {
            let rules = store.read(|tx| Ok(node.rules(tx)?))?;
            let extra = rules.extra(integration);
            let with_extra = |one: &Told| {
                let mine = one.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
                let added = extra.iter().filter(|(name, _)| one.labels.get(name).is_none()).cloned();
                Told { labels: Labels::from_pairs(mine.chain(added)), ..one.clone() }
            };
            let told: Vec<Told> = told.iter().map(with_extra).collect();
            let incoming = Incoming::told(integration.clone(), "alertmanager-v2", &told, repeats, moment.now)?;
            // As the intake does it.
            if !heard_before(node, &incoming) {
                receive(store, node, moment.mint, std::slice::from_ref(&incoming))?;
            }
            Ok(incoming.signals.iter().map(|signal| (signal.key, signal.ends_at.is_none())).collect::<Vec<_>>())
        })?;
        for (key, fires) in keys {
            if !fires {
                self.heard.remove(&(integration.clone(), key));
                continue;
            }
            if repeats {
                self.heard.insert((integration.clone(), key), self.world.now());
            }
            if self.promised.insert((integration.clone(), key)) {
                self.newly_promised.insert((integration.clone(), key));
            }
        }
        Ok(())
    }

    // Machines.

    fn node(&mut self, name: &str, words: &[&str]) -> Result<(), Stop> {
        let place = self.place(name)?;
        match words {
            ["dies"] => self.world.kill(place),
            ["dies", "before", "sending"] => self.world.kill_before_sending(place),
            ["restarts"] => {
                self.world.kill(place);
                self.world.start(place);
            }
            ["is", span, "ahead"] => self.world.set_ahead(place, duration(span).map_err(Stop::Words)?),
            ["is", span, "behind"] => self.world.set_ahead(place, -duration(span).map_err(Stop::Words)?),
            _ => {
                return Err(Stop::Words("a node dies, dies before sending, restarts, or is 3m ahead or behind".into()));
            }
        }
        Ok(())
    }

    /// `email to ana fails for ever: 550 no such user`
    fn channel(&mut self, channel: &str, words: &[&str], about: Option<&str>) -> Result<(), Stop> {
        let (person, words) = match words {
            ["to", name, rest @ ..] => (Some(name.parse::<Name>()?), rest),
            rest => (None, rest),
        };
        let why = |otherwise: &str| about.unwrap_or(otherwise).to_owned();
        let manner = match words {
            ["works"] => Manner::Works,
            ["fails", "for", "ever"] => Manner::Never(why("550 no such mailbox")),
            ["fails"] => Manner::Later(why("451 try again later")),
            ["times", "out"] => Manner::TimesOut,
            ["takes", span] => Manner::Slow(span.parse()?),
            _ => {
                let manners = "a channel works, fails, fails for ever, times out, or takes 40s";
                return Err(Stop::Words(manners.into()));
            }
        };
        let channel = (channel != "everything").then_some(channel);
        self.world.channels.set(channel, person.as_ref(), manner);
        Ok(())
    }

    fn apply(&mut self, yaml: &str, gone: &[Reference]) -> Result<(), Stop> {
        let documents = company::read("story.yaml", yaml)?;
        Ok(self.world.act(None, &Actor::System, |store, _, moment| {
            store.write(|tx| {
                company::put(tx, &mut moment.again(), &documents, gone)?;
                Ok(())
            })
        })?)
    }

    fn leave(&mut self, name: &str) -> Result<(), Stop> {
        let name: Name = name.parse()?;
        let found =
            self.world.store.read(|tx| Ok(store::prepare::documents::load_all(tx)?.people.get(&name).cloned()))?;
        let Some(mut person) = found else { return Err(Stop::Words(format!("there is no person {name}"))) };
        person.inactive = true;
        let document = domain::prepare::documents::Document::new(name, person);
        Ok(self.world.act(None, &Actor::System, |store, _, moment| {
            store.write(|tx| {
                company::put(tx, &mut moment.again(), std::slice::from_ref(&document), &[])?;
                Ok(())
            })
        })?)
    }

    // People.

    /// Whoever was told last of the page of an alert has it.
    fn acknowledge_as_told(&mut self, alert: &str) -> Result<(), Stop> {
        let nobody = || Stop::from(Halt::from(Refusal::not_found("such page that calls")));
        let alert = self.alerts(Some(alert))?.first().copied().ok_or_else(nobody)?;
        let group = self.world.act(None, &Actor::System, |_, node, _| {
            let board = node.board();
            Ok(board.slot(alert).map(|slot| board.at(slot).group))
        })?;
        let (page, told) = self.world.store.read(|tx| {
            let all = store::engage::pages::list(tx, true, Sight::Whole, None, 50)?;
            let page = all.into_iter().find(|page| page.about.group() == group).map(|page| page.id);
            let told = page.map(|page| store::outbox::for_page(tx, page)).transpose()?.unwrap_or_default();
            Ok((page, told.into_iter().rev().find_map(|(delivery, _)| delivery.person)))
        })?;
        let (page, person) = page.zip(told).ok_or_else(nobody)?;
        let me = Actor::Person(person.clone());
        self.world.act(None, &me, |store, node, moment| pages::acknowledge(store, node, moment, page, &person))?;
        Ok(())
    }

    fn person(&mut self, name: &str, words: &[&str], about: Option<&str>, place: Option<usize>) -> Result<(), Stop> {
        let name: Name = name.parse().map_err(|_| Stop::Words(format!("{name:?} is no line of a story")))?;
        let me = Actor::Person(name.clone());
        match words {
            _ if self.with_a_flag(&name, words, about, place)? => {}
            _ if self.with_a_change(&name, words, about, place)? => {}
            _ if self.with_an_item(&name, words, about, place)? => {}
            _ if self.with_a_pin(&name, words, about, place)? => {}
            _ if self.with_a_digest(&name, words, place)? => {}
            _ if self.in_an_incident(&name, words, about, place)? => {}
            ["acknowledges"] | ["acknowledges", "page", _] => {
                let page = self.page(&words[1..])?;
                self.world
                    .act(place, &me, |store, node, moment| pages::acknowledge(store, node, moment, page, &name))?;
            }
            ["escalates", rest @ ..] => {
                let page = self.page(rest)?;
                self.world.act(place, &me, |store, node, moment| pages::escalate(store, node, moment, page))?;
            }
            ["asks", "for", "a", "test", "page"] => {
                self.world.act(place, &me, |store, node, moment| pages::send_test(store, node, moment, &name))?;
            }
            ["acknowledges", alert] => self.wish(&me, Some(alert), &Wish::Acknowledge, place)?,
            ["gives", "back", rest @ ..] => {
                self.wish(&me, rest.first().copied(), &Wish::Unacknowledge, place)?;
            }
            ["resolves", rest @ ..] => self.wish(&me, rest.first().copied(), &Wish::Resolve, place)?,
            ["calls", alert, "noise"] => {
                let reason = about.unwrap_or("nothing to do").to_owned();
                self.wish(&me, Some(alert), &Wish::Noise { reason }, place)?;
            }
            ["snoozes", rest @ ..] => {
                let (alert, rest) = match rest {
                    [alert, rest @ ..] if unquoted(alert).is_some() => (Some(*alert), rest),
                    rest => (None, rest),
                };
                let (_, until) = self.range(rest)?;
                self.wish(&me, alert, &Wish::Snooze { until }, place)?;
            }
            ["silences", rest @ ..] => self.silence(&name, rest, about, place)?,
            ["ends", "the", "silence"] => {
                let last = self.world.store.read(|tx| Ok(store::detect::silences::current(tx)?))?;
                let id = last
                    .last()
                    .map(|silence| silence.id)
                    .ok_or_else(|| Refusal::not_found("silence"))
                    .map_err(Halt::from)?;
                self.world.act(place, &me, |store, node, moment| silences::expire(store, node, moment, id))?;
            }
            ["overrides", schedule, rest @ ..] => self.override_(&name, schedule, rest, about, place)?,
            ["removes", "the", "override", "of", schedule] => {
                let schedule: Name = schedule.parse()?;
                let now = self.world.now();
                let found = self.world.store.read(|tx| Ok(store::engage::overrides::at(tx, &schedule, now)?))?;
                let found = found.last().map(|one| one.id);
                let id: OverrideId = found.ok_or_else(|| Refusal::not_found("override")).map_err(Halt::from)?;
                self.world.act(place, &me, |store, _, moment| {
                    store.write(|tx| overrides::remove(tx, &mut moment.again(), id))
                })?;
            }
            _ => return Err(Stop::Words(format!("nobody knows how {name} does that"))),
        }
        Ok(())
    }

    /// The page of that number, or the newest that calls, or the newest.
    fn page(&self, words: &[&str]) -> Result<PageId, Stop> {
        if let ["page", number] = words {
            let number = number.parse().map_err(|_| Stop::Words("a page has a number".into()))?;
            let found = self.chronicle.page_of(number);
            return Ok(found.ok_or_else(|| Refusal::not_found(format!("page {number}"))).map_err(Halt::from)?);
        }
        let pages = self.world.store.read(|tx| Ok(store::engage::pages::list(tx, false, Sight::Whole, None, 50)?))?;
        let calling = pages.iter().find(|page| matches!(page.state, State::Calling { .. }));
        let found = calling.or_else(|| pages.first()).map(|page| page.id);
        Ok(found.ok_or_else(|| Refusal::not_found("page")).map_err(Halt::from)?)
    }

    /// The open alerts of that name, or those of the newest page's group.
    pub(crate) fn alerts(&mut self, name: Option<&str>) -> Result<Vec<AlertId>, Stop> {
        let name = name.map(|name| unquoted(name).ok_or(Stop::Words("name the alert in double quotes".into())));
        let name = name.transpose()?;
        let group = if name.is_some() {
            None
        } else {
            let page = self.page(&[])?;
            self.world.store.read(|tx| Ok(store::engage::pages::get(tx, page)?))?.and_then(|page| page.about.group())
        };
        Ok(self.world.act(None, &Actor::System, |store, node, moment| {
            refresh(store, node, moment.now)?;
            let board = node.board();
            let fits = |slot: &u32| match &name {
                Some(name) => board.label(*slot, "alertname") == Some(name),
                None => Some(board.at(*slot).group) == group,
            };
            Ok(board.newest_first(None).filter(fits).map(|slot| board.at(slot).id).collect())
        })?)
    }

    fn wish(&mut self, me: &Actor, alert: Option<&str>, wish: &Wish, place: Option<usize>) -> Result<(), Stop> {
        let ids = self.alerts(alert)?;
        self.world.act(place, me, |store, node, moment| alerts::act(store, node, moment, &ids, wish))?;
        Ok(())
    }

    /// `for 30m`, `until 09:00`, `from 03:00 until 04:00`
    fn range(&self, words: &[&str]) -> Result<(Timestamp, Timestamp), Stop> {
        let now = self.world.now();
        let local = now.to_zoned(self.zone.clone());
        let at = |words: &[&str], after: &jiff::Zoned| match words {
            [date, clock] => {
                let date = date.parse().map_err(|_| Stop::Words(format!("{date:?} is no date")))?;
                instant(Some(date), clock, after).map_err(Stop::Words)
            }
            [clock] => instant(None, clock, after).map_err(Stop::Words),
            _ => Err(Stop::Words("until when? Write `until 09:00` or `for 30m`".into())),
        };
        match words {
            ["for", span] => Ok((now, span.parse::<Span>()?.after(now))),
            ["until", rest @ ..] => Ok((now, at(rest, &local)?.timestamp())),
            ["from", rest @ ..] => {
                let split = rest.iter().position(|word| *word == "until");
                let split = split.ok_or(Stop::Words("until when?".into()))?;
                let from = at(&rest[..split], &local)?;
                let until = at(&rest[split + 1..], &from)?;
                Ok((from.timestamp(), until.timestamp()))
            }
            _ => Err(Stop::Words("until when? Write `until 09:00` or `for 30m`".into())),
        }
    }

    fn silence(&mut self, name: &Name, words: &[&str], about: Option<&str>, place: Option<usize>) -> Result<(), Stop> {
        let split = words.iter().position(|word| matches!(*word, "for" | "until" | "from")).unwrap_or(words.len());
        let (starts_at, ends_at) = self.range(&words[split..])?;
        let matchers: Result<Vec<Matcher>, Refusal> =
            words[..split].iter().map(|word| word.trim_end_matches(',').parse()).collect();
        let matchers = matchers?;
        let comment = about.unwrap_or("known").to_owned();
        self.world.act(place, &Actor::Person(name.clone()), |store, node, moment| {
            let wanted = Silence {
                id: SilenceId::clone(&moment.mint.id(moment.now)),
                matchers,
                starts_at,
                ends_at,
                created_by: name.to_string(),
                comment,
                updated_at: moment.now,
            };
            silences::put(store, node, moment, None, &wanted)
        })?;
        Ok(())
    }

    /// `payments-primary with ben from 03:00 until 04:00`
    fn override_(
        &mut self,
        name: &Name,
        schedule: &str,
        words: &[&str],
        about: Option<&str>,
        place: Option<usize>,
    ) -> Result<(), Stop> {
        let (person, words) = match words {
            ["with", "nobody", rest @ ..] => (None, rest),
            ["with", person, rest @ ..] => (Some(person.parse::<Name>()?), rest),
            rest => (Some(name.clone()), rest),
        };
        let (starts_at, ends_at) = self.range(words)?;
        let wanted = overrides::Wanted {
            schedule: schedule.parse()?,
            person,
            starts_at,
            ends_at,
            reason: about.map(str::to_owned),
        };
        self.world.act(place, &Actor::Person(name.clone()), |store: &Store, node: &Node, moment| {
            store.write(|tx| overrides::create(tx, node, &mut moment.again(), &wanted))
        })?;
        Ok(())
    }

    /// Asks whether every promise is kept.
    pub fn check(&mut self) -> Result<(), Trouble> {
        crate::checks::all(self)
    }

    /// Tells how things stand at the end.
    pub fn close(&mut self) -> Result<(), Trouble> {
        let now = self.world.now();
        let pages = self.world.store.read(|tx| Ok(store::engage::pages::list(tx, false, Sight::Whole, None, 500)?))?;
        for page in pages.iter().rev() {
            let number = self.chronicle.number_of(page.id).unwrap_or(0);
            let state = match &page.state {
                State::Calling { step, round, due_at: Some(due_at), .. } => {
                    let due = due_at.to_zoned(self.zone.clone()).strftime("%a %H:%M:%S").to_string();
                    format!("calls, step {step} of round {round}, goes on at {due}")
                }
                State::Calling { step, .. } => format!("waits for a person, step {step}"),
                State::Acknowledged { by, .. } => format!("is acknowledged by {by}"),
                State::Ended { why, .. } => format!("is over: {}", why.word()),
            };
            self.chronicle.tell(now, &format!("= page {number} {state}"));
        }
        let open = self.world.store.read(|tx| Ok(store::detect::alerts::open(tx)?))?.len();
        self.chronicle.tell(now, &format!("= open alerts: {open}; messages that arrived: {}", self.arrivals.len()));
        Ok(())
    }

    /// How many pages there were.
    pub fn pages(&self) -> usize {
        self.ledger.pages()
    }

    /// A number that differs if anything went differently.
    pub fn trace(&self) -> u64 {
        let text = self.lines().join("\n");
        let eat = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        text.bytes().fold(0xcbf2_9ce4_8422_2325, eat)
    }
}

/// Why a line was not done.
pub(crate) enum Stop {
    /// The line does not read.
    Words(String),
    Halt(Halt),
    Trouble(Trouble),
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Words(refusal.to_string())
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Words(message) => Self::Line { line: 0, message },
            Stop::Halt(halt) => Self::Halt(halt),
            Stop::Trouble(trouble) => trouble,
        }
    }
}

/// The line, and what is said after a colon at its end: a comment, a reason, the words of a provider.
fn split_remark(text: &str) -> (&str, Option<&str>) {
    let first = text.split_whitespace().find(|word| !word.starts_with('@')).unwrap_or_default();
    if first.ends_with(':') {
        return (text, None);
    }
    match text.split_once(": ") {
        Some((text, remark)) => (text, Some(remark.trim())),
        None => (text, None),
    }
}

/// Words, where what stands in double quotes is one.
fn tokens(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        if letter == '"' {
            quoted = !quoted;
        }
        if letter.is_whitespace() && !quoted {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
        } else {
            word.push(letter);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

pub(crate) fn unquoted(word: &str) -> Option<String> {
    word.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
}
