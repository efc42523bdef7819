//! What people do in the incidents of a story: declare, lead, tell, write down, look.
//!
//! Each line becomes one act of one person. `of incident 2` at its end says in which; without it, the newest.

use actions::respond::assignments as roles;
use actions::respond::incidents::{self as acts, COMMANDER, Declaration};
use actions::respond::stamps::{self, Claim};
use actions::respond::updates::{self, Word};
use actions::respond::{command, links, tasks};
use actions::{Halt, Moment, Node};
use domain::engage::schedules::zone;
use domain::learn::ledgers::took_in_words;
use domain::respond::handovers::Handover;
use domain::respond::incidents::{Activity, Class, Command, Visibility};
use domain::respond::sight::Sight;
use domain::respond::stamps::{When, standing};
use domain::respond::tasks::Wish;
use domain::respond::updates::{Audience, State};
use domain::words::{Actor, IncidentId, Name, Refusal, Span, TaskId, UpdateId};
use store::respond::incidents::{self as rows, Filter};
use store::{Store, Tx};

use crate::play::{Play, Stop, unquoted};
use crate::recorders::effects;

/// What a reason says after " / ": why an update is late, the objectives of a hand-over, whether a restore was checked.
const ALSO: &str = " / ";

impl Play {
    /// A line about an incident; false if it is none.
    pub(crate) fn in_an_incident(
        &mut self,
        me: &Name,
        words: &[&str],
        about: Option<&str>,
        place: Option<usize>,
    ) -> Result<bool, Stop> {
        let (words, number) = match words {
            [rest @ .., "of", "incident", number] => (rest, Some(*number)),
            rest => (rest, None),
        };
        let why = about.map(|about| about.split(ALSO).next().unwrap_or(about).to_owned());
        let also = about.and_then(|about| about.split_once(ALSO)).map(|(_, also)| also.to_owned());
        let said = why.clone().unwrap_or_default();
        let responder = Responder::at(me, place);
        if let ["declares", title, rest @ ..] = words
            && unquoted(title).is_some()
        {
            let mut wanted = declaration(title, rest, why)?;
            wanted.from = self.newest_alert(rest.contains(&"from"))?;
            responder.act(self, |tx, node, moment| acts::declare(tx, node, moment, &wanted))?;
            return Ok(true);
        }
        let known = [
            "takes",
            "offers",
            "accepts",
            "declines",
            "lays",
            "grades",
            "begins",
            "ends",
            "mitigates",
            "declares",
            "resolves",
            "reopens",
            "closes",
            "cancels",
            "restricts",
            "reveals",
            "merges",
            "names",
            "links",
            "gives",
            "does",
            "reports",
            "drops",
            "extends",
            "tells",
            "approves",
            "withdraws",
            "claims",
            "notes",
            "observes",
            "acts",
            "decides",
            "collects",
            "sees",
            "counts",
            "ticks",
            "skips",
            "considers",
            "rules",
            "anchors",
            "submits",
            "plans",
            "looks",
            "reads",
            "calls",
            "describes",
            "postpones",
            "waives",
            "wants",
            "publishes",
            "corrects",
            "sends",
            "writes",
            "prepares",
            "agrees",
            "lets",
            "holds",
        ];
        if !words.first().is_some_and(|word| known.contains(word)) {
            return Ok(false);
        }
        let known_incident = self.incident(number).ok();
        let told = (said.as_str(), also.as_deref());
        if self.in_learning(&responder, words, known_incident, told.0)?
            || self.on_the_record(&responder, words, known_incident, told)?
            || self.in_duty(&responder, words, known_incident, told)?
        {
            return Ok(true);
        }
        let incident = |play: &Self| play.incident(number);
        match words {
            ["takes", "off", person] => {
                let (id, person) = (incident(self)?, person.parse::<Name>()?);
                responder.act(self, |tx, _, moment| acts::remove_person(tx, moment, id, &person))?;
            }
            ["takes", role] => {
                let (id, role, me) = (incident(self)?, role_of(role)?, me.clone());
                responder.act(self, |tx, node, moment| roles::offer(tx, node, moment, id, &role, &me, None))?;
            }
            ["offers", role, "to", person] => {
                let (id, role, person) = (incident(self)?, role_of(role)?, person.parse::<Name>()?);
                let objectives = also.unwrap_or_default();
                let told = Handover { situation: said, objectives, reason: "the shift ends".into() };
                responder
                    .act(self, |tx, node, moment| roles::offer(tx, node, moment, id, &role, &person, Some(&told)))?;
            }
            ["accepts", role] => {
                let (id, role) = (incident(self)?, role_of(role)?);
                responder.act(self, |tx, node, moment| roles::accept(tx, node, moment, id, &role))?;
            }
            ["declines", role] => {
                let (id, role) = (incident(self)?, role_of(role)?);
                responder.act(self, |tx, node, moment| roles::decline(tx, node, moment, id, &role, &said))?;
            }
            ["lays", "down", role] => {
                let (id, role) = (incident(self)?, role_of(role)?);
                responder.act(self, |tx, node, moment| roles::lay_down(tx, node, moment, id, &role))?;
            }
            ["calls", "a", "commander"] => {
                let id = incident(self)?;
                let actor = Actor::Person(me.clone());
                self.world.act(place, &actor, |store, node, moment| command::call_now(store, node, moment, id))?;
            }
            ["tells", audience, rest @ ..] => {
                let id = incident(self)?;
                let mut word = Word {
                    audience: if *audience == "everybody" { Audience::Public } else { Audience::Internal },
                    stage: None,
                    text: said,
                    title: (*audience == "everybody").then(|| title_among(rest)),
                    components: effects(rest)?,
                    next_by: None,
                    late_because: also,
                };
                for one in rest.iter().filter(|word| unquoted(word).is_none() && !word.contains('=')) {
                    match one.parse::<Span>() {
                        Ok(span) => word.next_by = Some(span.after(self.world.now())),
                        Err(_) => word.stage = Some(one.parse()?),
                    }
                }
                responder.act(self, |tx, node, moment| updates::say(tx, node, moment, id, &word))?;
            }
            ["approves" | "withdraws"] => {
                let id = incident(self)?;
                let draft = self.draft(id)?;
                let approves = words == ["approves"];
                responder.act(self, |tx, node, moment| {
                    if approves {
                        updates::approve(tx, node, moment, id, draft)
                    } else {
                        updates::withdraw(tx, node, moment, id, draft)
                    }
                })?;
            }
            ["gives", task, "to", person, rest @ ..] if unquoted(task).is_some() => {
                let (id, person) = (incident(self)?, person.parse::<Name>()?);
                let title = unquoted(task).unwrap_or_default();
                let within = rest.first().map(|span| span.parse::<Span>()).transpose()?;
                responder.act(self, |tx, node, moment| tasks::give(tx, node, moment, id, &title, &person, within))?;
            }
            [verb @ ("does" | "reports" | "drops" | "extends"), task, rest @ ..] if unquoted(task).is_some() => {
                let id = incident(self)?;
                let task = self.task(id, &unquoted(task).unwrap_or_default())?;
                let wish = match *verb {
                    "does" => Wish::Take,
                    "reports" => Wish::Done { result: said },
                    "drops" => Wish::Drop { why: said },
                    _ => Wish::Extend { by: rest.first().copied().unwrap_or("20m").parse()? },
                };
                responder.act(self, |tx, node, moment| tasks::act(tx, node, moment, id, task, &wish))?;
            }
            ["names", person] => {
                let (id, person) = (incident(self)?, person.parse::<Name>()?);
                responder.act(self, |tx, node, moment| acts::name_person(tx, node, moment, id, &person))?;
            }
            ["links", alert] if unquoted(alert).is_some() => {
                let id = incident(self)?;
                let alert = self.alerts(Some(alert))?.first().map(ToString::to_string).unwrap_or_default();
                responder.act(self, |tx, node, moment| links::link(tx, node, moment, id, &alert))?;
            }
            ["claims", milestone, at @ ..] => {
                let id = incident(self)?;
                let when = match at {
                    [span] if span.parse::<Span>().is_ok() => {
                        When::exactly(span.parse::<Span>()?.before(self.world.now()))
                    }
                    at => When::read(&at.join(" "), &zone("UTC")?).map_err(Halt::from)?,
                };
                let claim = Claim { note: why, ..Claim::by_person(milestone.parse()?, when) };
                responder.act(self, |tx, _, moment| {
                    let all = store::respond::stamps::of_incident(tx, id)?;
                    let supersedes = standing(&all).get(&claim.milestone).map(|stamp| stamp.id);
                    stamps::claim(tx, moment, id, &Claim { supersedes, ..claim.clone() })
                })?;
            }
            ["reads", "the", "draft"] => self.read_draft(&responder, incident(self)?)?,
            ["looks"] => self.look(me)?,
            _ => {
                let Some(command) = self.command(words, also.is_some())? else { return Ok(false) };
                let id = incident(self)?;
                responder.act(self, |tx, node, moment| acts::act(tx, node, moment, id, &command, why.as_deref()))?;
            }
        }
        Ok(true)
    }

    fn command(&self, words: &[&str], checked: bool) -> Result<Option<Command>, Stop> {
        Ok(Some(match words {
            ["declares", "it"] => Command::Declare,
            ["grades", level] => Command::Grade { level: (*level).to_owned() },
            ["begins", activity] => Command::Begin { activity: activity.parse()? },
            ["ends", activity] if activity.parse::<Activity>().is_ok() => {
                Command::End { activity: activity.parse()?, integrity_checked: checked }
            }
            ["mitigates"] => Command::Mitigate,
            ["resolves", "the", "incident"] => Command::Resolve { unmet: Vec::new() },
            ["reopens", "the", "incident"] => Command::Reopen,
            ["closes", "the", "incident"] => Command::Close,
            ["cancels", "the", "incident"] => Command::Cancel,
            ["restricts", "the", "incident"] => Command::Restrict,
            ["reveals", "the", "incident"] => Command::Reveal,
            ["merges", "it", "into", number] => Command::Merge { into: self.incident(Some(number))? },
            _ => return Ok(None),
        }))
    }

    /// The incident of that number, or the newest.
    pub(crate) fn incident(&self, number: Option<&str>) -> Result<IncidentId, Stop> {
        let gone = || Stop::from(Halt::from(Refusal::not_found("incident")));
        if let Some(number) = number {
            let number = number.parse().map_err(|_| Stop::Words("an incident has a number".into()))?;
            return self.chronicle.incident_of(number).ok_or_else(gone);
        }
        let newest = self.world.store.read(|tx| Ok(rows::list(tx, &Filter::default(), Sight::Whole, None, 1)?))?;
        newest.first().map(|row| row.id).ok_or_else(gone)
    }

    fn newest_alert(&mut self, wanted: bool) -> Result<Vec<String>, Stop> {
        if !wanted {
            return Ok(Vec::new());
        }
        let page = self.world.store.read(|tx| {
            let all = store::engage::pages::list(tx, false, Sight::Whole, None, 50)?;
            Ok(all.into_iter().find(|page| page.about.group().is_some()))
        })?;
        Ok(page.map(|page| page.id.to_string()).into_iter().collect())
    }

    fn task(&self, id: IncidentId, title: &str) -> Result<TaskId, Stop> {
        let all = self.world.store.read(|tx| Ok(store::respond::tasks::of_incident(tx, id)?))?;
        let found = all.iter().find(|task| task.title == title).map(|task| task.id);
        found.ok_or_else(|| Halt::from(Refusal::not_found(format!("task {title:?}"))).into())
    }

    fn draft(&self, id: IncidentId) -> Result<UpdateId, Stop> {
        let all = self.world.store.read(|tx| Ok(store::respond::updates::of_incident(tx, id)?))?;
        let found = all.iter().rfind(|update| update.state == State::Draft).map(|update| update.id);
        found.ok_or_else(|| Halt::from(Refusal::not_found("draft")).into())
    }

    /// What the record says to somebody: where the minutes went, and what is asked.
    fn read_draft(&mut self, responder: &Responder, id: IncidentId) -> Result<(), Stop> {
        let (now, actor) = (self.world.now(), Actor::Person(responder.me.clone()));
        let draft = self.world.act(responder.place, &actor, |store, node, moment| {
            actions::board::refresh(store, node, moment.now)?;
            let sight = Sight::of(&moment.actor);
            store.read(|tx| actions::learn::drafts::of_incident(tx, node, id, sight, moment.now))
        })?;
        let rows = draft.ledger.rows.iter().map(|row| {
            let took = row.took().map_or_else(|| "not known".to_owned(), took_in_words);
            format!("{} {took}", row.stage.word())
        });
        let whole = draft.ledger.whole.iter().map(|(.., took)| format!("together {}", took_in_words(*took)));
        let minutes = rows.chain(whole).collect::<Vec<_>>().join(", ");
        let asked = draft.sections.iter().filter(|section| section.name == "questions");
        let asked = asked.flat_map(|section| &section.parts).flat_map(|part| &part.sentences);
        let asked = asked.map(|one| one.text.as_str()).collect::<Vec<_>>().join(" / ");
        let number = self.chronicle.incident_number(&id.to_string());
        self.chronicle.tell(now, &format!("{} reads of incident {number}: {minutes}; {asked}", responder.me));
        Ok(())
    }

    /// What somebody sees of the incidents that are there.
    fn look(&mut self, me: &Name) -> Result<(), Stop> {
        let seen = self.world.store.read(|tx| Ok(rows::list(tx, &Filter::default(), Sight::Of(me), None, 50)?))?;
        let names: Vec<String> = seen.iter().rev().map(|row| self.chronicle.incident_words(row)).collect();
        let names = if names.is_empty() { "no incident".to_owned() } else { names.join("; ") };
        let now = self.world.now();
        self.chronicle.tell(now, &format!("{me} sees {names}"));
        Ok(())
    }
}

/// Somebody who acts, at a node.
pub(crate) struct Responder {
    pub(crate) me: Name,
    place: Option<usize>,
}

impl Responder {
    pub(crate) fn at(me: &Name, place: Option<usize>) -> Self {
        Self { me: me.clone(), place }
    }

    pub(crate) fn act<T>(
        &self,
        play: &mut Play,
        mut act: impl FnMut(&mut Tx<'_>, &Node, &mut Moment<'_>) -> Result<T, Halt>,
    ) -> Result<T, Stop> {
        let actor = Actor::Person(self.me.clone());
        Ok(play.world.act(self.place, &actor, |store: &Store, node: &Node, moment: &mut Moment<'_>| {
            store.write(|tx| act(tx, node, &mut moment.again()))
        })?)
    }
}

/// What a notice is called, in double quotes among other words.
fn title_among(words: &[&str]) -> String {
    words.iter().find_map(|word| unquoted(word)).unwrap_or_else(|| "Trouble".to_owned())
}

fn role_of(word: &str) -> Result<Name, Stop> {
    Ok(if word == "command" { COMMANDER.parse()? } else { word.parse()? })
}

/// `"Payments fail" SEV1 security open reported afterwards drill near-miss services=api,db impact="..." from alert`
fn declaration(title: &str, words: &[&str], because: Option<String>) -> Result<Declaration, Stop> {
    let mut wanted = Declaration::new(unquoted(title).unwrap_or_default(), Class::System);
    wanted.because = because;
    for word in words {
        match *word {
            "system" | "security" | "operational" => wanted.class = word.parse()?,
            "open" => wanted.visibility = Some(Visibility::Open),
            "restricted" => wanted.visibility = Some(Visibility::Restricted),
            "reported" => wanted.only_reported = true,
            "afterwards" => wanted.retrospective = true,
            "drill" => wanted.drill = true,
            "near-miss" => {
                wanted.near_miss = true;
                wanted.only_reported = true;
            }
            "from" | "alert" | "the" => {}
            other => match other.split_once('=') {
                Some(("services", names)) => {
                    wanted.services = names.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                Some(("impact", said)) => wanted.impact = unquoted(said),
                Some(("codename", said)) => wanted.codename = unquoted(said),
                _ => wanted.severity = Some(other.to_owned()),
            },
        }
    }
    Ok(wanted)
}
