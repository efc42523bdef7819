//! Worlds that a seed made up: one company, some days, and everything that goes wrong in them.
//!
//! What a seed makes up is a story, line by line as it is played, so that a seed that fails can be kept as one. The
//! promises of `checks.rs` are asked as it goes on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use domain::words::{Mint, Span, Timestamp};
use jiff::SignedDuration;
use store::{Error, Place, Store};

use crate::play::{Came, Play};
use crate::story::{Line, Story};
use crate::world::World;
use crate::{Trouble, checks, company};

/// How much happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Season {
    pub days: usize,
    /// Troubles that begin, each with a few lines of its own.
    pub troubles: usize,
}

impl Default for Season {
    fn default() -> Self {
        Self { days: 2, troubles: 12 }
    }
}

/// A seed that broke a promise.
#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    pub trouble: Trouble,
    /// What led to it, ready to be kept as a file.
    pub story: String,
    /// What was told, as far as it came.
    pub answer: Vec<String>,
}

/// A seed that kept all promises.
#[derive(Debug)]
pub struct Outcome {
    pub story: Story,
    pub trace: u64,
    pub pages: usize,
    pub attempts: u64,
    pub duplicates: u64,
    /// How often something was made to go wrong that may send a message twice.
    pub faults: u64,
    /// How often somebody was reminded of an action item, and how many were proven or given up.
    pub reminders: u64,
    pub items_over: u64,
}

/// Plays the world of a seed. Promises are asked for now and then; if one is broken the world is played again, and they
/// are asked for at every step, so that its story is as short as it can be.
pub fn run(seed: u64, season: Season) -> Result<Outcome, Box<Failure>> {
    let memory = || Store::open(&Place::Memory);
    run_looking(memory(), seed, season, LOOK_NOW_AND_THEN)
        .map_err(|late| run_looking(memory(), seed, season, 1).err().unwrap_or(late))
}

/// Plays the world of a seed in an empty store.
pub fn run_in(store: Store, seed: u64, season: Season) -> Result<Outcome, Box<Failure>> {
    run_looking(Ok(store), seed, season, LOOK_NOW_AND_THEN)
}

fn run_looking(store: Result<Store, Error>, seed: u64, season: Season, every: u32) -> Result<Outcome, Box<Failure>> {
    let mut author = Author::new(seed, season);
    author.every = every;
    let failed = |trouble: Trouble, story: &Story, play: Option<&Play>| {
        let answer = play.map(|play| play.lines().to_vec()).unwrap_or_default();
        Box::new(Failure { seed, trouble, story: story.write(), answer })
    };
    let store = store.map_err(|error| failed(error.into(), &author.story, None))?;
    let world = World::over(store, seed, author.story.starts_at);
    let mut play = Play::begin(world, &author.story).map_err(|trouble| failed(trouble, &author.story, None))?;
    let played = author.play(&mut play);
    let story = author.story;
    match played {
        Ok(()) => Ok(Outcome {
            trace: play.trace(),
            pages: play.pages(),
            attempts: play.ledger.attempts,
            duplicates: play.ledger.duplicates,
            faults: play.ledger.excuses + play.world.lost_with_nodes,
            reminders: play.ledger.reminders,
            items_over: play.ledger.items_over,
            story,
        }),
        Err(trouble) => Err(failed(trouble, &story, Some(&play))),
    }
}

/// Makes the story up.
pub(crate) struct Author {
    story: Story,
    season: Season,
    chance: Mint,
    agenda: BinaryHeap<Reverse<(Timestamp, u64, String)>>,
    /// Keeps lines of one instant in the order in which they were thought of.
    thought: u64,
    /// How many arrivals people have looked at.
    looked_at: usize,
    ends_at: Timestamp,
    /// How often promises could have been asked for, and after how many of these times they are.
    looks: u32,
    every: u32,
}

const NAMES: [&str; 5] = ["Host down", "5xx high", "Disk full", "Queue long", "Slow"];
const SERVICES: [&str; 4] = ["api", "db", "web", "nobodys"];
const SEVERITIES: [&str; 4] = ["critical", "error", "warning", "none"];
/// After how many lines and steps promises are asked for, as long as none is known to be broken.
const LOOK_NOW_AND_THEN: u32 = 40;

impl Author {
    fn new(seed: u64, season: Season) -> Self {
        let mut chance = Mint::seeded(seed);
        let documents = company::made_up(&mut chance);
        let mut pick = |most: usize| usize::try_from(chance.chance() % most as u64).unwrap_or(0);
        // Some weeks have a clock change in them.
        let days = ["2026-03-25", "2026-10-22", "2026-11-02", "2026-06-10", "2026-04-02"];
        let starts_at: Timestamp =
            format!("{}T0{}:00:00Z", days[pick(5)], pick(10)).parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let mut nodes = vec![("a".to_owned(), SignedDuration::ZERO)];
        if pick(2) == 0 {
            let ahead = [0, 0, 20, -20, 150, -150][pick(6)];
            nodes.push(("b".to_owned(), SignedDuration::from_secs(ahead)));
        }
        let story = Story {
            title: format!("what seed {seed} made up"),
            zone: "Europe/Berlin".into(),
            starts_at,
            nodes,
            seed,
            documents,
            ..Story::empty()
        };
        let days = i64::try_from(season.days).unwrap_or(7);
        let ends_at = Span::hours(24 * days).after(starts_at);
        Self { story, season, chance, agenda: BinaryHeap::new(), thought: 0, looked_at: 0, ends_at, looks: 0, every: 1 }
    }

    pub(crate) fn pick(&mut self, most: usize) -> usize {
        usize::try_from(self.chance.chance() % most.max(1) as u64).unwrap_or(0)
    }

    pub(crate) fn seconds(&mut self, least: usize, most: usize) -> Span {
        Span::seconds(i64::try_from(least + self.pick(most - least)).unwrap_or(60))
    }

    pub(crate) fn plan(&mut self, at: Timestamp, text: String) {
        self.thought += 1;
        self.agenda.push(Reverse((at, self.thought, text)));
    }

    fn play(&mut self, play: &mut Play) -> Result<(), Trouble> {
        // Stories begin a minute before their first line; so do these.
        let first = Span::minutes(1).after(self.story.starts_at);
        if self.pick(2) == 0 {
            self.plan(first, "prometheus repeats every 20m".into());
        } else {
            self.plan(first, "(a quiet source)".into());
        }
        let length = usize::try_from(Span::between(first, self.ends_at).as_millis() / 1000).unwrap_or(86_400);
        for _ in 0..self.season.troubles {
            let at = self.seconds(1, length).after(first);
            self.trouble(at);
        }
        while let Some(Reverse((at, _, text))) = self.agenda.pop() {
            if at > self.ends_at {
                break;
            }
            // What happens on the way may make people act before that.
            if play.one(at)? {
                self.plan_again(at, text);
                self.look_at_arrivals(play);
                self.check(play)?;
                continue;
            }
            self.perform(play, at, text)?;
            self.look_at_arrivals(play);
            self.check(play)?;
        }
        self.calm_down(play)
    }

    fn plan_again(&mut self, at: Timestamp, text: String) {
        // Before whatever else was planned for that instant since.
        self.agenda.push(Reverse((at, 0, text)));
    }

    pub(crate) fn perform(&mut self, play: &mut Play, at: Timestamp, text: String) -> Result<(), Trouble> {
        let line = Line { at, text, block: None, number: self.story.lines.len() + 1 };
        self.story.lines.push(line.clone());
        let came = play.perform(&line)?;
        if let Came::Failed(_) = came
            && line.text.contains(": ")
        {
            // A source that got no answer tells again.
            let again = Span::seconds(15).after(at);
            self.plan(again, line.text);
        }
        Ok(())
    }

    /// Asks for all promises. What is due at this very instant is done first, as the story would when it is read again.
    fn check(&mut self, play: &mut Play) -> Result<(), Trouble> {
        self.looks += 1;
        if !self.looks.is_multiple_of(self.every) {
            return Ok(());
        }
        let checked = checks::all(play);
        if checked.is_err() {
            let at = play.world.now();
            self.story.lines.push(Line { at, text: "(a promise is broken)".into(), block: None, number: 0 });
        }
        checked
    }

    /// The faults stop; after a day and a half everything must have come to an end.
    fn calm_down(&mut self, play: &mut Play) -> Result<(), Trouble> {
        play.until(self.ends_at)?;
        let mut last = vec!["everything works".to_owned(), "prometheus falls silent".to_owned()];
        let names: Vec<String> = self.story.nodes.iter().map(|(name, _)| name.clone()).collect();
        last.extend(names.iter().map(|name| format!("node {name} restarts")));
        for text in last {
            self.perform(play, self.ends_at, text)?;
        }
        self.finish_learning(play, self.ends_at)?;
        let quiet = Span::hours(40).after(self.ends_at);
        play.until(quiet)?;
        self.perform(play, quiet, "(all is quiet)".into())?;
        checks::quiet(play)
    }

    /// Something begins to go wrong.
    fn trouble(&mut self, at: Timestamp) {
        match self.pick(28) {
            26.. => self.rule(at),
            23.. => self.switch(at),
            20.. => self.change(at),
            16.. => self.incident(at),
            0..=4 => self.alert(at),
            5 | 6 => self.storm(at),
            7 => self.flap(at),
            8 => {
                self.plan(at, "heartbeat backup calls".into());
                if self.pick(2) == 0 {
                    let again = self.seconds(3600, 20_000).after(at);
                    self.plan(again, "heartbeat backup calls".into());
                }
            }
            9 => self.silence(at),
            10 => self.stand_in(at),
            11 | 12 => self.channel(at),
            13 => self.death(at),
            14 => {
                let what = if self.pick(2) == 0 { "the store loses its next answer" } else { "the store fails once" };
                self.plan(at, what.into());
                self.alert(Span::seconds(1).after(at));
            }
            _ => {
                let (who, what) = (self.person(), self.pick(6));
                let line = match what {
                    0 => format!("{who} leaves"),
                    _ => format!("{who} asks for a test page"),
                };
                self.plan(at, line);
            }
        }
    }

    /// Something is changed, by people or by a pipeline, and perhaps taken back.
    fn change(&mut self, at: Timestamp) {
        let (service, number) = (SERVICES[self.pick(3)], 1 + self.pick(4));
        let (title, mut at) = (format!("\"{service} {number}\""), at);
        if self.pick(2) == 0 {
            let who = self.person();
            let how = ["", "", " scripted", " emergency", " manual", " irreversible"][self.pick(6)];
            self.plan(at, format!("{who} proposes {title} of {service}{how}: it is time"));
        }
        for _ in 0..4 + self.pick(10) {
            at = self.seconds(5, 1200).after(at);
            let (who, node) = (self.person(), self.node());
            let line = match self.pick(24) {
                0..=2 => format!("{who} approves {title}"),
                3..=5 => format!("{who} begins {title}"),
                6 => format!("{who} finishes {title}"),
                7 => format!("{who} edits {title} of {service}: better"),
                8 => format!("{who} fails {title}: it broke"),
                9 => format!("{who} schedules {title} in 5m for 1h"),
                10 => format!("{who} exempts {title} from freeze quarter: it cannot wait"),
                11 => format!("{who} exempts {title} from incident: it cannot wait"),
                12 | 13 => {
                    let stage = ["began", "finished", "failed", "stage"][self.pick(4)];
                    format!("the pipeline ci says {title} of {service} {stage}")
                }
                14..=16 => format!("{who} rolls back {title}: it may be this"),
                17 => format!("{who} confirms {title}"),
                18 => format!("{who} stops {title}"),
                19 => format!("{who} has done by hand {title}: so"),
                20 => format!("{who} has failed by hand {title}: not so"),
                21 => format!("{who} clears {title}: it is not this"),
                22 => format!("{who} suspects {title}: it is this"),
                _ => {
                    let manners = [
                        "works",
                        "takes 3m",
                        "denies: no right",
                        "refuses: 422",
                        "times out",
                        "loses the call",
                        "fails: 1",
                    ];
                    format!("the deployer {}", manners[self.pick(7)])
                }
            };
            let by_node = if line.starts_with("the deployer") { String::new() } else { node };
            self.plan(at, format!("{by_node}{line}"));
        }
    }

    /// A service lets rules go some way, and a deploy of it breaks something; perhaps something comes in between.
    fn rule(&mut self, at: Timestamp) {
        let service = SERVICES[self.pick(3)];
        let title = format!("\"{service} {}\"", 5 + self.pick(9));
        let (who, other, name) = (self.person(), self.person(), NAMES[self.pick(5)]);
        let ramp = ["suggest", "countdown", "countdown", "countdown", "automatic", "automatic"][self.pick(6)];
        let node = self.node();
        self.plan(at, format!("{service} was ramped to {ramp}"));
        let at = self.seconds(5, 600).after(at);
        self.plan(at, format!("{node}the pipeline ci says {title} of {service} finished"));
        let at = self.seconds(20, 1500).after(at);
        let fires = format!("{service} \"{name}\" severity=critical");
        self.plan(at, format!("prometheus: {fires}"));
        let declared = self.seconds(1, 300).after(at);
        let (from, node) = ([" from alert", "", " drill"][self.pick(3)], self.node());
        self.plan(
            declared,
            format!("{node}{who} declares \"It broke\" SEV3{from} services={service}: since the deploy"),
        );
        for _ in 0..self.pick(4) {
            let (at, node) = (self.seconds(1, 130).after(declared), self.node());
            let line = match self.pick(10) {
                0..=3 => format!("{node}{other} stops the rule at {title}: it is not this"),
                4 => format!("{service} was ramped to off"),
                5 => format!("{node}{other} rolls back {title}: it is this"),
                6 => format!("{node}{other} clears {title}: it is not this"),
                7 => format!("prometheus: resolved {fires}"),
                8 => format!("{other} ramps {service} to automatic: faster"),
                _ => format!("the deployer {}", ["works", "denies: no right", "times out"][self.pick(3)]),
            };
            self.plan(at, line);
        }
        let over = self.seconds(400, 4000).after(declared);
        self.plan(over, format!("prometheus: resolved {fires}"));
    }

    /// Somebody declares an incident, and people do with it what they may, and what they may not.
    fn incident(&mut self, at: Timestamp) {
        let (who, node) = (self.person(), self.node());
        let level = [" SEV1", " SEV2", " SEV3", ""][self.pick(4)];
        let how = ["", "", "", " security", " restricted", " reported", " afterwards", " from alert"][self.pick(8)];
        let title = 1 + self.pick(9);
        let services = ["", " services=api", " services=db,web"][self.pick(3)];
        self.plan(at, format!("{node}{who} declares \"Trouble {title}\"{level}{how}{services}: it looks bad"));
        let mut at = at;
        for _ in 0..3 + self.pick(12) {
            at = self.seconds(5, 2400).after(at);
            let (who, other, node) = (self.person(), self.person(), self.node());
            let span = ["10m", "20m", "1h"][self.pick(3)];
            let which = if self.pick(4) == 0 { format!(" of incident {}", 1 + self.pick(3)) } else { String::new() };
            let line = match self.pick(26) {
                0..=2 => format!("{who} takes command{which}"),
                3 => format!("{who} offers command to {other}{which}: it is bad / stop it"),
                4 => format!("{who} accepts command{which}"),
                5 => format!("{who} declines command{which}: no"),
                6 => format!("{who} takes communications-lead{which}"),
                7 | 8 => format!("{who} tells inside {span}{which}: we look / late"),
                9 => format!("{who} tells everybody identified {span}{which}: we know / late"),
                10 => format!("{who} approves{which}"),
                11 => format!("{who} withdraws{which}"),
                12 => format!("{who} gives \"a task\" to {other} {span}{which}"),
                13 => format!("{who} does \"a task\"{which}"),
                14 => format!("{who} reports \"a task\"{which}: it was that"),
                15 => format!("{who} extends \"a task\" {span}{which}"),
                16 => format!("{who} restricts the incident{which}"),
                17 => format!("{who} reveals the incident{which}: no secret"),
                18 => format!("{who} names {other}{which}"),
                19 => format!("{who} takes off {other}{which}"),
                20 => format!("{who} grades {}{which}: it changed", ["SEV1", "SEV2", "SEV3"][self.pick(3)]),
                21 => format!("{who} merges it into {}{which}: the same", 1 + self.pick(3)),
                22 => format!("{who} reopens the incident{which}: it is back"),
                23 => format!("{who} calls a commander{which}"),
                24 => format!("{who} declares it{which}"),
                _ => format!("{who} cancels the incident{which}: it is none"),
            };
            self.plan(at, format!("{node}{line}"));
        }
        let end = self.seconds(60, 4000).after(at);
        let who = self.person();
        self.plan(end, format!("{who} resolves the incident: it went away"));
        self.learn(end);
    }

    pub(crate) fn node(&mut self) -> String {
        let nodes: Vec<String> = self.story.nodes.iter().map(|(name, _)| name.clone()).collect();
        let one = self.pick(nodes.len());
        if nodes.len() > 1 { format!("@{} ", nodes[one]) } else { String::new() }
    }

    pub(crate) fn person(&mut self) -> &'static str {
        let known = ["ana", "ben", "carla", "dai", "eve"];
        let people = known.iter().filter(|name| self.story.documents.contains(&format!("full_name: {name}\n"))).count();
        known[self.pick(people)]
    }

    fn what(&mut self) -> String {
        let (name, service, severity) = (NAMES[self.pick(5)], SERVICES[self.pick(4)], SEVERITIES[self.pick(4)]);
        format!("{service} \"{name}\" severity={severity}")
    }

    fn alert(&mut self, at: Timestamp) {
        let source = company::SOURCES[self.pick(2)];
        let (node, what) = (self.node(), self.what());
        self.plan(at, format!("{node}{source}: {what}"));
        if self.pick(4) > 0 {
            let (ends_at, node) = (self.seconds(5, 8000).after(at), self.node());
            self.plan(ends_at, format!("{node}{source}: resolved {what}"));
        }
    }

    fn storm(&mut self, at: Timestamp) {
        let (node, what, most) = (self.node(), self.what(), 3 + self.pick(30));
        self.plan(at, format!("{node}prometheus: {what} x{most} instance=i-{{n}}"));
        let worse = what.replace("severity=warning", "severity=critical");
        let (second, ends_at) = (self.seconds(1, 900).after(at), self.seconds(1000, 9000).after(at));
        let (node, other) = (self.node(), self.node());
        self.plan(second, format!("{node}prometheus: {worse} x{} instance=i-{{n}}", most + 2));
        self.plan(ends_at, format!("{other}prometheus: resolved {what} x{most} instance=i-{{n}}"));
        self.plan(ends_at, format!("{other}prometheus: resolved {worse} x{} instance=i-{{n}}", most + 2));
    }

    fn flap(&mut self, mut at: Timestamp) {
        let what = self.what();
        for _ in 0..2 + self.pick(4) {
            let node = self.node();
            self.plan(at, format!("{node}prometheus: {what}"));
            at = self.seconds(1, 120).after(at);
            self.plan(at, format!("{node}prometheus: resolved {what}"));
            at = self.seconds(1, 120).after(at);
        }
    }

    fn silence(&mut self, at: Timestamp) {
        let (who, node) = (self.person(), self.node());
        let matcher = match self.pick(3) {
            0 => format!("service={}", SERVICES[self.pick(3)]),
            1 => format!("alertname=\"{}\"", NAMES[self.pick(5)]),
            _ => "severity=~\"critical|error\"".to_owned(),
        };
        let minutes = 1 + self.pick(180);
        self.plan(at, format!("{node}{who} silences {matcher} for {minutes}m: as planned"));
        if self.pick(3) == 0 {
            let early = self.seconds(10, minutes * 60).after(at);
            self.plan(early, format!("{who} ends the silence"));
        }
        // So that there is something to silence.
        let near = self.seconds(1, 600);
        let first = Span::seconds(90).after(self.story.starts_at);
        let near = if self.pick(2) == 0 { near.after(at) } else { near.before(at).max(first) };
        self.alert(near);
    }

    fn stand_in(&mut self, at: Timestamp) {
        let (who, other) = (self.person(), self.person());
        let schedule = ["primary", "secondary"][self.pick(2)];
        let hours = 1 + self.pick(20);
        let with = if self.pick(5) == 0 { "nobody" } else { other };
        self.plan(at, format!("{who} overrides {schedule} with {with} for {hours}h"));
        if self.pick(4) == 0 {
            let early = self.seconds(10, hours * 3600).after(at);
            self.plan(early, format!("{who} removes the override of {schedule}"));
        }
    }

    fn channel(&mut self, at: Timestamp) {
        let channel = ["ntfy", "email", "webhook", "everything"][self.pick(4)];
        let to = if self.pick(2) == 0 { format!(" to {}", self.person()) } else { String::new() };
        let manner = ["fails", "fails for ever", "times out", "takes 45s", "takes 5s"][self.pick(5)];
        self.plan(at, format!("{channel}{to} {manner}"));
        // What takes longer than a lease is sent again with every lease: a minute of that is enough.
        let most = if manner == "takes 45s" { 400 } else { 9000 };
        let better = self.seconds(60, most).after(at);
        self.plan(better, format!("{channel}{to} works"));
        let near = self.chance_after(at);
        self.alert(near);
    }

    fn chance_after(&mut self, at: Timestamp) -> Timestamp {
        self.seconds(1, 300).after(at)
    }

    fn death(&mut self, at: Timestamp) {
        let nodes: Vec<String> = self.story.nodes.iter().map(|(name, _)| name.clone()).collect();
        let node = nodes[self.pick(nodes.len())].clone();
        let how = if self.pick(2) == 0 { "dies" } else { "dies before sending" };
        self.plan(at, format!("node {node} {how}"));
        let back = self.seconds(1, 3000).after(at);
        self.plan(back, format!("node {node} restarts"));
        let near = self.chance_after(at);
        self.alert(near);
    }

    /// People answer late, in other ways than one hopes, or never.
    fn look_at_arrivals(&mut self, play: &Play) {
        let new: Vec<_> = play.arrivals[self.looked_at..].to_vec();
        self.looked_at = play.arrivals.len();
        for arrival in new.iter().filter(|arrival| arrival.step > 0) {
            let (Some(who), Some(page)) = (&arrival.person, arrival.page) else { continue };
            let Some(number) = play.chronicle.number_of(page) else { continue };
            if self.pick(3) == 0 {
                continue;
            }
            // To the second, as a story writes it down.
            let seen = Timestamp::from_second(arrival.at.as_second()).unwrap_or(arrival.at);
            let at = self.seconds(6, 1500).after(seen);
            let node = self.node();
            let line = match self.pick(10) {
                0 => format!("{node}{who} escalates page {number}"),
                1 => format!("{node}{who} snoozes for {}m", 5 + self.pick(120)),
                2 => format!("{node}{who} resolves"),
                3 => format!("{node}{who} gives back"),
                4 => format!("{node}{who} acknowledges \"{}\"", NAMES[self.pick(5)]),
                _ => format!("{node}{who} acknowledges page {number}"),
            };
            self.plan(at, line);
        }
    }
}
