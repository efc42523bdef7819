//! What people and pipelines do with changes in a story: propose, approve, begin, report, suspect, take back.
//!
//! A change is called by its title in double quotes; of several of that title the newest is meant.

use actions::change::changes::{self as acts, Deed as Act, Wanted};
use actions::change::gates::{self, Question};
use actions::change::rollbacks::{self, Asking};
use actions::change::{observations, reflexes, suspects};
use actions::{Halt, Moment, Node};
use domain::change::gates::Rule;
use domain::change::observations::Observation;
use domain::change::proposals::{Kind, Proposal, Step, Target, Window};
use domain::change::reflexes::Ramp;
use domain::change::rollback_plans::{Abort, Data, RollbackPlan, ScriptStep, Way};
use domain::change::suspects::{Finding, Which};
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::respond::sight::Sight;
use domain::words::{Actor, Event, EventKind, Name, Refusal, RollbackId, Span};
use serde_json::json;
use store::change::changes::{self as rows, ChangeRow, Filter};
use store::change::reflexes::{self as rows_of_reflexes, RampRow};
use store::respond::incidents;
use store::{Store, Tx};

use crate::adapters::Manner;
use crate::play::{Play, Stop, unquoted};
use crate::responders::Responder;

/// What a pipeline calls a change is its title.
impl Play {
    /// `the pipeline ci says "api 4.2" of api finished`
    pub(crate) fn pipeline(&mut self, words: &[&str], place: Option<usize>, said: Option<&str>) -> Result<(), Stop> {
        let [source, "says", title, "of", service, stage] = words else {
            return Err(Stop::Words("the pipeline ci says \"api 4.2\" of api finished".into()));
        };
        let title = quoted(title)?;
        let (source, stage): (Name, _) = (source.parse()?, stage.parse()?);
        let proposal = Proposal {
            kind: Kind::Deploy,
            title: title.clone(),
            why: String::new(),
            targets: targets(service)?,
            steps: Vec::new(),
            rollback: None,
            verification: Vec::new(),
        };
        let at = self.world.now();
        let seen = Observation { key: title, stage, at, proposal, said: said.unwrap_or_default().into(), link: None };
        let actor = Actor::Integration(source.clone());
        Ok(self.world.act(place, &actor, |store, node, moment| {
            store.write(|tx| observations::observe(tx, node, &mut moment.again(), &source, &seen)).map(|_| ())
        })?)
    }

    /// `the deployer denies: why`
    pub(crate) fn deployer(&mut self, words: &[&str], about: Option<&str>) -> Result<(), Stop> {
        let why = about.unwrap_or("it cannot").to_owned();
        self.world.adapters.manner = match words {
            ["works"] => Manner::Works(Span::ZERO),
            ["takes", span] => Manner::Works(span.parse()?),
            ["denies"] => Manner::Denies(why),
            ["refuses"] => Manner::Refuses(why),
            ["times", "out"] => Manner::TimesOut,
            ["loses", "the", "call"] => Manner::Loses,
            ["fails"] => Manner::Fails(why),
            _ => {
                let manners = "the deployer works, takes 40s, denies, refuses, times out, loses the call, or fails";
                return Err(Stop::Words(manners.into()));
            }
        };
        Ok(())
    }

    /// `batch was ramped to countdown`: as far as a record led that the story does not tell.
    pub(crate) fn was_ramped(&mut self, service: &Name, ramp: Ramp) -> Result<(), Stop> {
        let by: Name = "ana".parse()?;
        let actor = Actor::System;
        let subject = format!("service/{service}");
        Ok(self.world.act(None, &actor, |store: &Store, _, moment| {
            store.write(|tx| {
                let row = RampRow { service: service.clone(), ramp, by: by.clone(), why: "so".into(), at: moment.now };
                rows_of_reflexes::set_ramp(tx, &row)?;
                let event = Event {
                    id: moment.mint.id(moment.now),
                    kind: EventKind::RampMoved,
                    at: moment.now,
                    actor: actor.clone(),
                    subjects: vec![subject.clone()],
                    incident: None,
                    why: None,
                    data: json!({ "service": service, "ramp": ramp }),
                };
                Ok(store::journal::append(tx, &event, moment.now)?)
            })
        })?)
    }

    /// A line about a change; false if it is none.
    pub(crate) fn with_a_change(
        &mut self,
        me: &Name,
        words: &[&str],
        about: Option<&str>,
        place: Option<usize>,
    ) -> Result<bool, Stop> {
        let said = about.unwrap_or_default().to_owned();
        let by = Responder::at(me, place);
        match words {
            ["proposes", title, "of", services, rest @ ..] => {
                let emergency = rest.contains(&"emergency");
                let incident = if emergency { Some(self.incident(None)?) } else { None };
                let wanted =
                    Wanted { proposal: proposal(&quoted(title)?, services, rest, &said)?, emergency, incident };
                by.act(self, |tx, node, moment| acts::propose(tx, node, moment, &wanted))?;
            }
            ["edits", title, "of", services, rest @ ..] => {
                let row = self.change(title)?;
                let proposal = Box::new(proposal(&quoted(title)?, services, rest, &said)?);
                self.with(&by, &row, &Act::Edit { revision: row.change.revision, proposal })?;
            }
            ["approves", title, rest @ ..] if unquoted(title).is_some() => {
                let row = self.change(title)?;
                let revision = match rest {
                    ["revision", number] => number.parse().map_err(|_| Stop::Words("a revision is a number".into()))?,
                    _ => row.change.revision,
                };
                self.with(&by, &row, &Act::Approve { revision })?;
            }
            ["schedules", title, "in", from, "for", span] => {
                let from = from.parse::<Span>()?.after(self.world.now());
                let window = Window { from, to: span.parse::<Span>()?.after(from) };
                let row = self.change(title)?;
                self.with(&by, &row, &Act::Schedule { window })?;
            }
            ["applies", title] if unquoted(title).is_some() => self.with_carried(me, true, title, place)?,
            ["brings", title, "up", "to", "date"] => self.with_carried(me, false, title, place)?,
            [verb @ ("begins" | "finishes" | "fails" | "cancels" | "reviews"), title] if unquoted(title).is_some() => {
                let row = self.change(title)?;
                let act = match *verb {
                    "begins" => Act::Begin,
                    "finishes" => Act::Finish,
                    "fails" => Act::Fail { why: said },
                    "cancels" => Act::Cancel { why: said },
                    _ => Act::Review,
                };
                self.with(&by, &row, &act)?;
            }
            ["exempts", title, "from", rule, rest @ ..] => {
                let row = self.change(title)?;
                let of = match (*rule, rest.first()) {
                    ("incident", number) => self.incident(number.copied())?.to_string(),
                    ("pin", None) => self.pin()?.to_string(),
                    (_, about) => about.copied().unwrap_or_default().to_owned(),
                };
                let rule = Rule::read(rule, &of).map_err(Halt::from)?;
                let access = self.access(me)?;
                by.act(self, |tx, node, moment| gates::exempt(tx, node, moment, row.change.id, &rule, &said, access))?;
            }
            ["asks", "the", "gate", "about", what] => self.gate(me, what)?,
            [verb @ ("suspects" | "clears"), title, rest @ ..] if unquoted(title).is_some() => {
                let which = Which::Change(self.change(title)?.change.id);
                let finding = match (*verb, rest) {
                    ("clears", _) => Finding::RuledOut,
                    (_, ["contributed"]) => Finding::Contributed,
                    _ => Finding::Trigger,
                };
                let id = self.incident(None)?;
                by.act(self, |tx, _, moment| suspects::judge(tx, moment, id, &which, finding, &said))?;
            }
            ["asks", "what", "changed"] => self.what_changed(me)?,
            ["rolls", "back", title] => {
                let which = Which::Change(self.change(title)?.change.id);
                let (incident, access) = (self.incident(None).ok(), self.access(me)?);
                by.act(self, |tx, node, moment| {
                    let conditions = Conditions::at(moment.now);
                    let asking = Asking { incident, access, conditions, why: &said };
                    rollbacks::ask(tx, node, moment, &which, asking)
                })?;
            }
            ["rolls", "back", "the", "documents"] => {
                let last = self.world.store.read(|tx| Ok(store::prepare::documents::last_changeset_id(tx)?))?;
                let which = Which::Documents(last.ok_or_else(|| Halt::from(Refusal::not_found("changeset")))?);
                let (incident, access) = (self.incident(None).ok(), self.access(me)?);
                by.act(self, |tx, node, moment| {
                    let conditions = Conditions::at(moment.now);
                    let asking = Asking { incident, access, conditions, why: &said };
                    rollbacks::ask(tx, node, moment, &which, asking)
                })?;
            }
            [verb @ ("confirms" | "stops"), title] if unquoted(title).is_some() => {
                let (id, access) = (self.run_of(title)?, self.access(me)?);
                let confirms = *verb == "confirms";
                by.act(self, |tx, node, moment| {
                    let conditions = Conditions::at(moment.now);
                    let asking = Asking { incident: None, access, conditions, why: "confirmed" };
                    if confirms {
                        rollbacks::confirm(tx, node, moment, id, asking)
                    } else {
                        rollbacks::call_off(tx, moment, id)
                    }
                })?;
            }
            ["ramps", service, "to", ramp] => {
                let (service, to) = (service.parse()?, ramp.parse()?);
                by.act(self, |tx, node, moment| reflexes::set_ramp(tx, node, moment, &service, to, &said))?;
            }
            ["stops", "the", "rule", "at", title] => {
                let (change, incident) = (self.change(title)?.change.id, self.incident(None)?);
                by.act(self, |tx, _, moment| {
                    let all = rows_of_reflexes::of_incident(tx, incident)?;
                    let made = all.iter().find(|made| made.change == change);
                    let id = made.map(|made| made.id).ok_or_else(|| Refusal::not_found("reflex"))?;
                    reflexes::stop(tx, moment, id, &said)
                })?;
            }
            ["has", "done" | "failed", "by", "hand", title] => {
                let id = self.run_of(title)?;
                let done = words[1] == "done";
                by.act(self, |tx, node, moment| {
                    if done {
                        rollbacks::done_by_hand(tx, node, moment, id, &said)
                    } else {
                        rollbacks::failed_by_hand(tx, node, moment, id, &said)
                    }
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn with(&mut self, by: &Responder, row: &ChangeRow, act: &Act) -> Result<(), Stop> {
        let access = self.access(&by.me)?;
        let id = row.change.id;
        by.act(self, |tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>| {
            acts::act(tx, node, moment, id, act, access)
        })?;
        Ok(())
    }

    pub(crate) fn access(&self, me: &Name) -> Result<Access, Stop> {
        let catalog = self.world.store.read(|tx| Ok(store::prepare::documents::load_all(tx)?))?;
        Ok(catalog.people.get(me).map_or(Access::Responder, |person| person.access))
    }

    /// The newest of that title.
    pub(crate) fn change(&self, title: &str) -> Result<ChangeRow, Stop> {
        let title = quoted(title)?;
        let all = self.world.store.read(|tx| Ok(rows::list(tx, &Filter::default(), Sight::Whole, None, 100)?))?;
        let found = all.into_iter().find(|row| row.change.proposal.title == title).map(|row| row.change.id);
        let id = found.ok_or_else(|| Halt::from(Refusal::not_found(format!("change {title:?}"))))?;
        let row = self.world.store.read(|tx| Ok(rows::get(tx, id, Sight::Whole)?))?;
        Ok(row.ok_or_else(|| Halt::from(Refusal::not_found(format!("change {title:?}"))))?)
    }

    fn run_of(&self, title: &str) -> Result<RollbackId, Stop> {
        let change = self.change(title)?.change.id;
        let all = self.world.store.read(|tx| Ok(store::change::rollbacks::of_change(tx, change)?))?;
        Ok(all.last().map(|row| row.run.id).ok_or_else(|| Halt::from(Refusal::not_found("rollback")))?)
    }

    /// Tells what the gate answers, about a change or about a deploy of a service.
    fn gate(&mut self, me: &Name, what: &str) -> Result<(), Stop> {
        let question = match unquoted(what) {
            Some(_) => Question::Change(self.change(what)?.change.id),
            None => Question::Deed {
                kind: Kind::Deploy,
                services: [what.parse()?].into(),
                environment: None,
                needs_record: false,
            },
        };
        let actor = Actor::Person(me.clone());
        let answer = self.world.act(None, &actor, |store: &Store, node, moment| {
            store.read(|tx| gates::ask(tx, node, &question, Sight::Of(me), moment.now))
        })?;
        let now = self.world.now();
        let word = if answer.decision.allows() { "the gate lets it through" } else { "the gate holds it" };
        self.chronicle.tell(now, word);
        for reason in &answer.decision.reasons {
            let end = match &reason.exemption {
                Some(exemption) => format!("exempted by {}: {}", exemption.by, exemption.why),
                None => format!("{} may exempt", reason.exempter),
            };
            self.chronicle.tell(now, &format!("  {}: {} ({end})", reason.rule.word(), reason.message));
        }
        Ok(())
    }

    /// Tells the suspects of the newest incident.
    fn what_changed(&mut self, me: &Name) -> Result<(), Stop> {
        let id = self.incident(None)?;
        let actor = Actor::Person(me.clone());
        let found = self.world.act(None, &actor, |store, node, _| {
            store.read(|tx| {
                let gone = || Refusal::not_found("incident");
                let row = incidents::get(tx, id, Sight::Of(me))?.ok_or_else(gone)?;
                suspects::of_incident(tx, node, &row, Sight::Of(me))
            })
        })?;
        let now = self.world.now();
        if found.ranking.suspects.is_empty() {
            self.chronicle.tell(now, "nothing changed that we know of");
        }
        for one in &found.ranking.suspects {
            let tied = if one.tied > 1 { "=" } else { "" };
            let verdict = one.candidate.found.as_ref().map_or(String::new(), |found| format!("; {}", found.finding));
            let line = format!(
                "suspect {}{tied}: {}, {}: {}{verdict}",
                one.rank,
                one.candidate.title,
                one.score,
                one.reasons()
            );
            self.chronicle.tell(now, &line);
        }
        Ok(())
    }
}

pub(crate) fn quoted(word: &str) -> Result<String, Stop> {
    unquoted(word).ok_or_else(|| Stop::Words(format!("a change is called by its title in double quotes, not {word}")))
}

fn targets(services: &str) -> Result<Vec<Target>, Stop> {
    let target = |name: &str| Ok(Target { service: name.parse()?, environment: None, from: None, to: None });
    services.split(',').map(target).collect()
}

/// `live emergency no-plan manual scripted off=FLAG irreversible forward-only schema`
fn proposal(title: &str, services: &str, words: &[&str], why: &str) -> Result<Proposal, Stop> {
    let has = |word: &str| words.contains(&word);
    let minutes = Span::minutes(5);
    let step =
        |text: &str, adapter: Option<Name>| ScriptStep { text: text.into(), estimate: Span::minutes(1), adapter };
    let deployer: Name = "deployer".parse()?;
    let way = if has("manual") {
        Way::Manual { runbook: "back".parse()? }
    } else if has("scripted") {
        let steps = vec![
            step("stop the workers", None),
            step("roll back", Some(deployer.clone())),
            step("start the workers", None),
        ];
        Way::Scripted { steps }
    } else if let Some(flag) = words.iter().find_map(|word| word.strip_prefix("off=")) {
        Way::FlagOff { environment: "live".parse()?, flag: flag.parse()? }
    } else if has("irreversible") {
        Way::Irreversible { reason: "the column is dropped".into(), forward_fix: "restore it".into() }
    } else {
        Way::Automatic { adapter: deployer, action: "rollback".into() }
    };
    let plan = RollbackPlan {
        point_of_no_return: matches!(way, Way::Irreversible { .. }).then_some(1),
        way,
        owner: "ana".parse()?,
        estimate: minutes,
        abort_when: vec![Abort { when: "errors over 2 of 100".into(), lasting: Span::minutes(3) }],
        data: if has("forward-only") { Data::ForwardOnly } else { Data::Reversible },
        verification: vec!["the alert clears".into()],
        last_rehearsed: None,
        safe_until: None,
        watch: None,
    };
    let mut targets = targets(services)?;
    let environment: Option<Name> = if has("live") { Some("live".parse()?) } else { None };
    for target in &mut targets {
        target.environment.clone_from(&environment);
    }
    Ok(Proposal {
        kind: if has("schema") { Kind::Schema } else { Kind::Deploy },
        title: title.to_owned(),
        why: if why.is_empty() { "it is time".into() } else { why.to_owned() },
        targets,
        steps: vec![Step { text: "deploy".into(), estimate: minutes }],
        rollback: (!has("no-plan")).then_some(plan),
        verification: vec!["it answers".into()],
    })
}
