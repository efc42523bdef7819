//! `allclear declare` and `allclear incident`: say that something is wrong, see how it stands, write it down, lead it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use domain::prepare::drills::marked;
use domain::respond::entries::Sort;
use domain::respond::entry_facts::EntryFact;
use domain::respond::exports::Language;
use domain::respond::incidents::{Activity, Class, Visibility};
use domain::respond::stamps::Milestone;
use domain::respond::tlp::Tlp;
use domain::words::{IncidentId, Name, Span, TaskId};
use jiff::tz::TimeZone;
use serde_json::json;
use web::api::Listing;
use web::api::learn::drafts::IncidentDraft;
use web::api::prepare::access::Me;
use web::api::respond::assignments::RoleDeed;
use web::api::respond::entries::{Made, NewEntry, TimelineEntry, TimelineQuery};
use web::api::respond::incidents::{
    Deed, Incident, IncidentDetail, IncidentQuery, NewIncident, NewLink, NewPerson, Reason, Runbook,
};
use web::api::respond::stamps::{NewStamp, Stamp};
use web::api::respond::tasks::{NewTask, Task, TaskDeed};

use super::screen::{self, Look};
use super::{Exit, Outcome, checklists, obligations, record, updates, when};
use crate::client::{Client, Server};
use crate::clock;

/// Declare an incident: anybody may, and it costs nothing if it turns out to be none
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear declare 'Card payments fail' --severity SEV2 --from alr_06f1k2m9qv7x3t1a\n  allclear declare 'A token was used from elsewhere' --class security"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Declare {
    /// What is wrong, in a line
    title: String,

    /// What kind of harm it is
    #[arg(long, value_enum, default_value = "system")]
    class: Kind,

    /// A level of the severity matrix: SEV2
    #[arg(long, value_name = "LEVEL")]
    severity: Option<String>,

    /// "I declare it because ..."
    #[arg(long, value_name = "WORDS")]
    because: Option<String>,

    /// "The impact is ..."
    #[arg(long, value_name = "WORDS")]
    impact: Option<String>,

    /// A service that it touches; any number
    #[arg(long = "service", value_name = "SERVICE")]
    services: Vec<Name>,

    /// What it comes from: an alert, a group, a page, another incident; any number
    #[arg(long, value_name = "ID")]
    from: Vec<String>,

    /// Only those who are named may see it. A security incident begins so
    #[arg(long, conflicts_with = "open")]
    restricted: bool,

    /// Everybody may see it, also if it is a security incident
    #[arg(long)]
    open: bool,

    /// Only report it: somebody is to look at it first
    #[arg(long)]
    report: bool,

    /// It could have been an incident, but for luck or a catch
    #[arg(long)]
    near_miss: bool,

    /// It is only practised: it is marked everywhere, and nothing of it is said in public
    #[arg(long)]
    drill: bool,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

/// A class, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    Security,
    System,
    Operational,
}

impl From<Kind> for Class {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Security => Self::Security,
            Kind::System => Self::System,
            Kind::Operational => Self::Operational,
        }
    }
}

pub(crate) fn declare(command: &Declare) -> Outcome {
    let client = command.server.client()?;
    let visibility = match (command.restricted, command.open) {
        (true, _) => Some(Visibility::Restricted),
        (false, true) => Some(Visibility::Open),
        (false, false) => None,
    };
    let body = NewIncident {
        title: command.title.clone(),
        class: command.class.into(),
        severity: command.severity.clone(),
        because: command.because.clone(),
        impact: command.impact.clone(),
        services: command.services.clone(),
        from: command.from.clone(),
        visibility,
        codename: None,
        only_reported: command.report || command.near_miss,
        near_miss: command.near_miss,
        drill: command.drill,
        retrospective: false,
        stamps: Vec::new(),
    };
    let made: Incident = client.post(&["incidents"], &body)?;
    if command.look.json {
        screen::say_json(&made);
    } else {
        let hidden = made.codename.as_ref().filter(|_| made.visibility == "restricted");
        let hidden = hidden.map_or_else(String::new, |name| format!(", restricted: {name}"));
        screen::say(format!("{} is {}{hidden}: {}", made.id, made.phase, marked(made.drill, &made.title)));
    }
    Ok(Exit::Fine)
}

/// Incidents: list, look at one, write on its timeline, play a role, lead it
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear incident list\n  allclear incident note inc_06f1k2m9qv7x3t1a 'pay-1 is out of the pool' --sort action"
)]
pub(crate) struct Incidents {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List incidents that you may see
    #[command(after_long_help = "Example:\n  allclear incident list --all --class security")]
    List {
        /// Also those that are over
        #[arg(long)]
        all: bool,
        /// Of one class
        #[arg(long, value_enum)]
        class: Option<Kind>,
        /// Of one severity
        #[arg(long, value_name = "LEVEL")]
        severity: Option<String>,
        /// Only drills, or none of them
        #[arg(long, value_name = "true|false")]
        drill: Option<bool>,
        /// With these words in the title, the reason or the impact
        #[arg(value_name = "WORDS")]
        words: Option<String>,
    },
    /// Show one incident: how it stands, who plays which role, when what happened
    #[command(after_long_help = "Example:\n  allclear incident show inc_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Show what happened, the latest first
    #[command(after_long_help = "Example:\n  allclear incident timeline inc_06f1k2m9qv7x3t1a --limit 200")]
    Timeline {
        /// The id of the incident
        incident: IncidentId,
        /// So many entries
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Print what the record says, with the source of each sentence, as Markdown: the facts of a postmortem, and open questions
    #[command(after_long_help = "Example:\n  allclear incident draft inc_06f1k2m9qv7x3t1a > draft.md")]
    Draft {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Write it to a file: with its timeline, so that it proves itself; or for others, as STIX 2.1 or VERIS
    ///
    /// A bundle is checked by allclear verify FILE, without a server. STIX and VERIS hold what is marked at most as --up-to says (TLP);
    /// the incident itself is marked AMBER, and RED if it is restricted.
    #[command(
        after_long_help = "Examples:\n  allclear incident export inc_06f1k2m9qv7x3t1a -o inc_06f1k2m9qv7x3t1a.bundle.json\n  allclear incident export inc_06f1k2m9qv7x3t1a --format stix --up-to GREEN"
    )]
    Export {
        /// The id of the incident
        incident: IncidentId,
        /// Where to write it; without it, to standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// For others: stix, veris
        #[arg(long, value_name = "LANGUAGE")]
        format: Option<Language>,
        /// Nothing that is marked above this; AMBER, if absent
        #[arg(long, value_name = "TLP", requires = "format")]
        up_to: Option<Tlp>,
    },
    /// Write on the timeline
    #[command(
        after_long_help = "Examples:\n  allclear incident note inc_06f1k2m9qv7x3t1a 'errors are down'\n  allclear incident note inc_06f1k2m9qv7x3t1a 'fail over to zone b' --sort decision --objections 'Ben: too early'\n  allclear incident note inc_06f1k2m9qv7x3t1a 'the backup of the night does not restore' --sort observation --fact restore-failed\n  allclear incident note inc_06f1k2m9qv7x3t1a 'we went by the runbook' --sort action --followed runbook/payments-fail"
    )]
    Note {
        /// The id of the incident
        incident: IncidentId,
        /// What to write
        text: String,
        /// note, observation, action or decision
        #[arg(long, default_value = "note")]
        sort: Sort,
        /// Of a decision: who objected, and why
        #[arg(long)]
        objections: Option<String>,
        /// When it was: now, if absent; 2026-12-24T18:00, 18:00 (UTC), -10m
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        at: Option<String>,
        /// What it shows, for the rules of postmortem policies: restore-failed, manual-recovery; several times for several
        #[arg(long = "fact", value_name = "FACT")]
        facts: Vec<EntryFact>,
        /// What was followed: runbook/NAME, rollback-adapter/NAME, or a change whose way back was gone through
        #[arg(long, value_name = "WHAT")]
        followed: Vec<String>,
    },
    /// Offer a role, take one, accept or decline one that was offered
    #[command(
        after_long_help = "Examples:\n  allclear incident role inc_06f1k2m9qv7x3t1a incident-commander --take\n  allclear incident role inc_06f1k2m9qv7x3t1a scribe --offer ben\n  allclear incident role inc_06f1k2m9qv7x3t1a incident-commander --offer ben --situation 'errors are down' --objectives 'find the cause'"
    )]
    Role(Play),
    /// Give a task to one person, or say what became of one
    #[command(
        after_long_help = "Examples:\n  allclear incident task inc_06f1k2m9qv7x3t1a --give 'compare pay-1 and pay-2' --to ben --within 20m\n  allclear incident task inc_06f1k2m9qv7x3t1a tsk_06f1k2m9qv7x3t1b --done 'they differ in the time zone'"
    )]
    Task(Tasks),
    /// Tell people how it stands, inside or in public, and when they hear more; approve or withdraw a draft
    #[command(
        after_long_help = "Examples:\n  allclear incident update inc_06f1k2m9qv7x3t1a 'Half of the payments go through again' --next 30m\n  allclear incident update inc_06f1k2m9qv7x3t1a 'Some payments fail since 01:31 UTC' --public investigating --next 20m\n  allclear incident update inc_06f1k2m9qv7x3t1a --approve upd_06f1k2m9qv7x3t1b"
    )]
    Update(updates::Tell),
    /// Page for a commander now, by the escalation policy of the role incident-commander
    #[command(after_long_help = "Example:\n  allclear incident call inc_06f1k2m9qv7x3t1a")]
    Call {
        /// The id of the incident
        incident: IncidentId,
    },
    Checklist(checklists::OfIncident),
    Obligation(obligations::OfIncident),
    /// Say when something happened, as far as it is known
    #[command(
        after_long_help = "Example:\n  allclear incident stamp inc_06f1k2m9qv7x3t1a impact-started '2026-11-22 02:05'"
    )]
    Stamp {
        /// The id of the incident
        incident: IncidentId,
        /// impact-started, detected, mitigated ...
        milestone: Milestone,
        /// As much as is known: 2026, 2026-08-14, 2026-08-14 10:43 (UTC), 2026-08-14T10:43+02:00
        at: String,
        /// How we know
        #[arg(long)]
        note: Option<String>,
        /// The claim that this one replaces: stm_...
        #[arg(long, value_name = "STAMP")]
        supersedes: Option<String>,
    },
    /// Set the severity
    #[command(
        after_long_help = "Example:\n  allclear incident grade inc_06f1k2m9qv7x3t1a SEV1 --why 'a quarter of users'"
    )]
    Grade {
        /// The id of the incident
        incident: IncidentId,
        /// A level of the severity matrix
        severity: String,
        /// Why it changes
        #[arg(long)]
        why: Option<String>,
    },
    /// Begin analysis, containment, eradication, recovery or monitoring
    #[command(after_long_help = "Example:\n  allclear incident begin inc_06f1k2m9qv7x3t1a containment")]
    Begin {
        /// The id of the incident
        incident: IncidentId,
        /// What begins
        activity: Activity,
    },
    /// Say that analysis, containment, eradication, recovery or monitoring is done
    #[command(after_long_help = "Example:\n  allclear incident end inc_06f1k2m9qv7x3t1a recovery --integrity-checked")]
    End {
        /// The id of the incident
        incident: IncidentId,
        /// What is done
        activity: Activity,
        /// Of a recovery: what was restored was checked, and is sound
        #[arg(long)]
        integrity_checked: bool,
        /// Why that was left out
        #[arg(long)]
        why: Option<String>,
    },
    /// Declare one that was only reported
    Declare(One),
    /// Say that impact is back under the threshold
    Mitigate(One),
    /// Say that it is over; with a reason if an end criterion is not met
    Resolve(One),
    /// Say that it came back
    Reopen(One),
    /// Say that nothing is left to do
    Close(One),
    /// Say that it was no incident
    Cancel(One),
    /// Hide it from all who are not named
    Restrict(One),
    /// Show it to everybody
    Reveal(One),
    /// Make it part of another
    #[command(after_long_help = "Example:\n  allclear incident merge inc_06f1k2m9qv7x3t1b inc_06f1k2m9qv7x3t1a")]
    Merge {
        /// The id of the incident
        incident: IncidentId,
        /// The one that goes on
        into: IncidentId,
        /// Why
        #[arg(long)]
        why: Option<String>,
    },
    /// Link alerts, by an alert, a group or a page; or another incident
    #[command(after_long_help = "Example:\n  allclear incident link inc_06f1k2m9qv7x3t1a alr_06f1k2m9qv7x3t1a")]
    Link {
        /// The id of the incident
        incident: IncidentId,
        /// An alert, a group, a page or an incident
        subject: String,
        /// Take the link away
        #[arg(long)]
        remove: bool,
    },
    /// Evidence: keep a file, record what lies elsewhere, hand it over, take a copy
    Evidence(record::EvidenceCommand),
    /// Observables: addresses, names and hashes that were seen
    Observable(record::ObservableCommand),
    /// What is affected, and how many, as far as it is known
    Affected(record::AffectedCommand),
    /// Techniques of MITRE ATT&CK
    Technique(record::TechniqueCommand),
    /// Name somebody who may see it
    #[command(after_long_help = "Example:\n  allclear incident name inc_06f1k2m9qv7x3t1a ben")]
    Name {
        /// The id of the incident
        incident: IncidentId,
        /// Who
        person: Name,
        /// Take them off
        #[arg(long)]
        remove: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear incident resolve inc_06f1k2m9qv7x3t1a --why 'the alerts lag behind'")]
struct One {
    /// The id of the incident
    incident: IncidentId,

    /// A reason
    #[arg(long)]
    why: Option<String>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("deed").required(true).args(["take", "offer", "accept", "decline", "lay_down"]))]
struct Play {
    /// The id of the incident
    incident: IncidentId,

    /// incident-commander, deputy, scribe ...
    role: Name,

    /// Take it, if nobody holds it
    #[arg(long)]
    take: bool,

    /// Ask somebody
    #[arg(long, value_name = "PERSON")]
    offer: Option<Name>,

    /// Accept what was offered
    #[arg(long)]
    accept: bool,

    /// Say no, with a reason
    #[arg(long, value_name = "WHY")]
    decline: Option<String>,

    /// Lay it down
    #[arg(long)]
    lay_down: bool,

    /// Of a hand-over: how things stand
    #[arg(long)]
    situation: Option<String>,

    /// Of a hand-over: what is to be reached next
    #[arg(long)]
    objectives: Option<String>,

    /// Of a hand-over: fatigue, shift, complexity
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("wish").required(true).args(["give", "take", "done", "drop", "extend"]))]
struct Tasks {
    /// The id of the incident
    incident: IncidentId,

    /// The id of the task
    #[arg(required_unless_present = "give")]
    task: Option<TaskId>,

    /// Give this task
    #[arg(long, value_name = "WHAT", requires = "to")]
    give: Option<String>,

    /// To whom
    #[arg(long, value_name = "PERSON")]
    to: Option<Name>,

    /// After so long they report
    #[arg(long, value_name = "SPAN")]
    within: Option<Span>,

    /// I do it
    #[arg(long)]
    take: bool,

    /// It is done: what came of it
    #[arg(long, value_name = "RESULT")]
    done: Option<String>,

    /// It is not done, because
    #[arg(long, value_name = "WHY")]
    drop: Option<String>,

    /// I report later: after so long
    #[arg(long, value_name = "SPAN")]
    extend: Option<Span>,
}

fn do_task(client: &Client, command: &Tasks, look: Look) -> Result<(), super::Failure> {
    let id = command.incident.to_string();
    let task: Task = if let (Some(title), Some(owner)) = (&command.give, &command.to) {
        let body = NewTask { title: title.clone(), owner: owner.clone(), within: command.within };
        client.post(&["incidents", &id, "tasks"], &body)?
    } else {
        let deed = match (&command.done, &command.drop, command.extend) {
            (Some(result), ..) => TaskDeed::Done { result: result.clone() },
            (_, Some(why), _) => TaskDeed::Drop { why: why.clone() },
            (_, _, Some(within)) => TaskDeed::Extend { within },
            _ => TaskDeed::Take {},
        };
        let task = command.task.map(|task| task.to_string()).unwrap_or_default();
        client.post(&["incidents", &id, "tasks", &task], &deed)?
    };
    let due = task.due_at.map_or_else(String::new, |due| format!(", reports {}", look.time(due)));
    tell(&task, &format!("{}: {} ({}, {}{due}).", task.id, task.title, task.owner, task.state), look);
    Ok(())
}

pub(crate) fn run(command: &Incidents) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    let reason = |why: &Option<String>| Reason { why: why.clone() };
    match &command.command {
        Command::List { all, class, severity, drill, words } => {
            let query = IncidentQuery {
                state: Some(if *all { "all" } else { "open" }.to_owned()),
                class: class.map(|kind| Class::from(kind).word().to_owned()),
                severity: severity.clone(),
                q: words.clone(),
                drill: *drill,
                ..IncidentQuery::default()
            };
            list(&client, &query, look)?;
        }
        Command::Show { incident } => {
            let found: IncidentDetail = client.get(&["incidents", &incident.to_string()], &json!({}))?;
            if look.json {
                screen::say_json(&found);
            } else {
                show(&found, look);
            }
        }
        Command::Timeline { incident, limit } => {
            let path = ["incidents", &incident.to_string(), "timeline"];
            let (entries, _) = client.list::<TimelineEntry>(&path, &TimelineQuery::default(), *limit)?;
            if look.json {
                screen::say_json(&Listing::whole(entries));
            } else {
                timeline(&entries, look);
            }
        }
        Command::Export { incident, output, format, up_to } => {
            record::export(&client, *incident, output.as_deref(), *format, *up_to, look)?;
        }
        Command::Draft { incident } => {
            let id = incident.to_string();
            if look.json {
                screen::say_json(&client.get::<IncidentDraft>(&["incidents", &id, "draft"], &())?);
            } else {
                screen::pour(&client.text(&["incidents", &id, "draft.md"], &())?);
            }
        }
        Command::Note { incident, text, sort, objections, at, facts, followed } => {
            let now = clock::clock()();
            let at = at.as_ref().map(|text| when::read(text, &TimeZone::UTC, now)).transpose()?;
            let (objections, followed, facts) = (objections.clone(), followed.clone(), facts.iter().copied().collect());
            let body = NewEntry { objections, at, facts, followed, ..NewEntry::new(*sort, text) };
            let made: Made = client.post(&["incidents", &incident.to_string(), "entries"], &body)?;
            tell(&made, &format!("{} is on the timeline.", made.id), look);
        }
        Command::Task(task) => do_task(&client, task, look)?,
        Command::Update(command) => updates::update(&client, command, look)?,
        Command::Call { incident } => updates::call(&client, *incident, look)?,
        Command::Checklist(command) => checklists::of_incident(&client, command, look)?,
        Command::Obligation(command) => obligations::of_incident(&client, command, look)?,
        Command::Role(role) => play(&client, role, look)?,
        Command::Stamp { incident, milestone, at, note, supersedes } => {
            let body = NewStamp {
                milestone: *milestone,
                at: at.clone(),
                source: None,
                evidence: None,
                note: note.clone(),
                supersedes: supersedes.clone(),
            };
            let made: Stamp = client.post(&["incidents", &incident.to_string(), "stamps"], &body)?;
            let said = format!("{}: {milestone} {}, to the {}.", made.id, look.time(made.at), made.precision);
            tell(&made, &said, look);
        }
        Command::Grade { incident, severity, why } => {
            act(&client, *incident, &Deed::Grade { severity: severity.clone(), why: why.clone() }, look)?;
        }
        Command::Begin { incident, activity } => act(&client, *incident, &Deed::Begin { activity: *activity }, look)?,
        Command::End { incident, activity, integrity_checked, why } => {
            let (activity, integrity_checked, why) = (*activity, *integrity_checked, why.clone());
            act(&client, *incident, &Deed::End { activity, integrity_checked, why }, look)?;
        }
        Command::Declare(one) => act(&client, one.incident, &Deed::Declare(reason(&one.why)), look)?,
        Command::Mitigate(one) => act(&client, one.incident, &Deed::Mitigate(reason(&one.why)), look)?,
        Command::Resolve(one) => act(&client, one.incident, &Deed::Resolve(reason(&one.why)), look)?,
        Command::Reopen(one) => act(&client, one.incident, &Deed::Reopen(reason(&one.why)), look)?,
        Command::Close(one) => act(&client, one.incident, &Deed::Close(reason(&one.why)), look)?,
        Command::Cancel(one) => act(&client, one.incident, &Deed::Cancel(reason(&one.why)), look)?,
        Command::Restrict(one) => act(&client, one.incident, &Deed::Restrict(reason(&one.why)), look)?,
        Command::Reveal(one) => act(&client, one.incident, &Deed::Reveal(reason(&one.why)), look)?,
        Command::Merge { incident, into, why } => {
            act(&client, *incident, &Deed::Merge { into: into.to_string(), why: why.clone() }, look)?;
        }
        Command::Link { incident, subject, remove } => {
            let id = incident.to_string();
            if *remove {
                client.delete(&["incidents", &id, "links", subject])?;
            } else {
                client.post_quietly(&["incidents", &id, "links"], &NewLink { subject: subject.clone() })?;
            }
            let said = if *remove { "no longer belongs" } else { "belongs" };
            tell(&json!({ "incident": incident, "subject": subject }), &format!("{subject} {said} to {id}."), look);
        }
        Command::Evidence(command) => record::evidence(&client, command, look)?,
        Command::Observable(command) => record::observable(&client, command, look)?,
        Command::Affected(command) => record::affected(&client, command, look)?,
        Command::Technique(command) => record::technique(&client, command, look)?,
        Command::Name { incident, person, remove } => {
            let id = incident.to_string();
            if *remove {
                client.delete(&["incidents", &id, "people", person.as_str()])?;
            } else {
                client.post_quietly(&["incidents", &id, "people"], &NewPerson { person: person.clone() })?;
            }
            let said = if *remove { "is no longer named" } else { "is named" };
            tell(&json!({ "incident": incident, "person": person }), &format!("{person} {said} for {id}."), look);
        }
    }
    Ok(Exit::Fine)
}

pub(super) fn tell(answer: &impl serde::Serialize, said: &str, look: Look) {
    if look.json {
        screen::say_json(answer);
    } else {
        screen::say(said);
    }
}

fn act(client: &Client, id: IncidentId, deed: &Deed, look: Look) -> Result<(), super::Failure> {
    let now: Incident = client.post(&["incidents", &id.to_string(), "act"], deed)?;
    let severity = now.severity.as_deref().map_or_else(String::new, |level| format!(", {level}"));
    let going: Vec<&str> = now.activities.iter().map(|one| one.activity.as_str()).collect();
    let going = if going.is_empty() { String::new() } else { format!("; going on: {}", going.join(", ")) };
    tell(&now, &format!("{} is {}, {}{severity}{going}.", now.id, now.phase, now.visibility), look);
    Ok(())
}

fn play(client: &Client, role: &Play, look: Look) -> Result<(), super::Failure> {
    let id = role.incident.to_string();
    let name = role.role.clone();
    let (deed, said) = if let Some(person) = &role.offer {
        let deed = RoleDeed::Offer {
            role: name,
            person: person.clone(),
            situation: role.situation.clone(),
            objectives: role.objectives.clone(),
            reason: role.reason.clone(),
        };
        (deed, format!("{person} was asked to be {}.", role.role))
    } else if role.take {
        let me: Me = client.get(&["me"], &json!({}))?;
        let person: Name = me.name.parse()?;
        let deed = RoleDeed::Offer { role: name, person, situation: None, objectives: None, reason: None };
        (deed, format!("You are {}.", role.role))
    } else if role.accept {
        (RoleDeed::Accept { role: name }, format!("You are {}.", role.role))
    } else if let Some(why) = &role.decline {
        (RoleDeed::Decline { role: name, why: why.clone() }, format!("You are not {}.", role.role))
    } else {
        (RoleDeed::LayDown { role: name }, format!("You are no longer {}.", role.role))
    };
    client.post_quietly(&["incidents", &id, "roles"], &deed)?;
    tell(&json!({ "incident": role.incident, "role": role.role }), &said, look);
    Ok(())
}

fn list(client: &Client, query: &IncidentQuery, look: Look) -> Result<(), super::Failure> {
    let (found, _) = client.list::<Incident>(&["incidents"], query, usize::MAX)?;
    if look.json {
        screen::say_json(&Listing::whole(found));
        return Ok(());
    }
    let rows: Vec<[String; 7]> = found
        .iter()
        .map(|one| {
            let commander = one.commander.clone().unwrap_or_else(|| "nobody".into());
            let phase =
                if one.visibility == "restricted" { format!("{}, restricted", one.phase) } else { one.phase.clone() };
            let severity = one.severity.clone().unwrap_or_default();
            [
                one.id.clone(),
                severity,
                phase,
                one.class.clone(),
                look.time(one.reported_at),
                commander,
                marked(one.drill, &one.title).into_owned(),
            ]
        })
        .collect();
    let headings = ["INCIDENT", "SEVERITY", "PHASE", "CLASS", "REPORTED", "COMMANDER", "TITLE"];
    screen::say_table(headings, &rows, "No incidents.");
    Ok(())
}

fn show(found: &IncidentDetail, look: Look) {
    let one = &found.incident;
    let or = |text: &Option<String>, otherwise: &str| text.clone().unwrap_or_else(|| otherwise.to_owned());
    let going: Vec<String> =
        one.activities.iter().map(|going| format!("{} since {}", going.activity, look.time(going.since))).collect();
    let mut facts = vec![
        ("Incident", one.id.clone()),
        ("Title", marked(one.drill, &one.title).into_owned()),
        ("Phase", format!("{} since {}", one.phase, look.time(one.since))),
        ("Severity", or(&one.severity, "not set")),
        ("Class", one.class.clone()),
        ("Commander", or(&one.commander, "nobody")),
    ];
    let mut more = |name: &'static str, said: String| {
        if !said.is_empty() {
            facts.push((name, said));
        }
    };
    more("Goes on", going.join(", "));
    more("Because", or(&one.because, ""));
    more("Impact", or(&one.impact, ""));
    more("Services", one.services.join(", "));
    if one.visibility == "restricted" {
        more("Restricted", format!("{}; seen by {}", or(&one.codename, ""), found.people.join(", ")));
    }
    for hint in &found.hints {
        more("Hint", hint.clone());
    }
    for runbook in &found.runbooks {
        more(
            "Runbook",
            match runbook {
                Runbook::Document { runbook, title, rehearsed: None } => format!("{title} (runbook/{runbook})"),
                Runbook::Document { runbook, title, rehearsed: Some(last) } => {
                    format!("{title} (runbook/{runbook}; rehearsed {:.10} in {})", last.at.to_string(), last.drill)
                }
                Runbook::Address { of, url } => format!("{url} (of {of})"),
            },
        );
    }
    screen::say_facts(&facts);
    let mut roles: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for held in found.assignments.iter().filter(|one| matches!(one.state.as_str(), "held" | "offered")) {
        let asked = if held.state == "offered" { " (was asked)" } else { "" };
        roles.entry(&held.role).or_default().push(format!("{}{asked}", held.person));
    }
    let rows: Vec<[String; 2]> = roles.iter().map(|(role, people)| [(*role).to_owned(), people.join(", ")]).collect();
    screen::say("");
    screen::say_table(["ROLE", "WHO"], &rows, "Nobody plays a role.");
    let rows: Vec<[String; 5]> = found
        .tasks
        .iter()
        .map(|task| {
            let due = look.time_or(task.due_at, "");
            [task.id.clone(), task.state.clone(), task.owner.clone(), due, task.title.clone()]
        })
        .collect();
    if !rows.is_empty() {
        screen::say("");
        screen::say_table(["TASK", "STATE", "OWNER", "REPORTS", "WHAT"], &rows, "");
    }
    let mut counting: Vec<&Stamp> = found.stamps.iter().filter(|stamp| stamp.counts).collect();
    counting.sort_by_key(|stamp| stamp.at);
    let rows: Vec<[String; 4]> = counting
        .iter()
        .map(|stamp| [stamp.milestone.clone(), look.time(stamp.at), stamp.precision.clone(), stamp.source.clone()])
        .collect();
    screen::say("");
    screen::say_table(["MILESTONE", "WHEN", "TO THE", "SOURCE"], &rows, "No times yet.");
    for odd in &found.oddities {
        screen::say(format!("Odd: {odd}."));
    }
    let rows: Vec<[String; 3]> = found
        .links
        .iter()
        .map(|link| {
            let stands = match (link.open_alerts, &link.phase) {
                (Some(open), _) => format!("{open} open"),
                (None, Some(phase)) => phase.clone(),
                (None, None) => String::new(),
            };
            [link.subject.clone(), stands, or(&link.title, "no longer kept")]
        })
        .collect();
    if !rows.is_empty() {
        screen::say("");
        screen::say_table(["LINKED", "STANDS", "TITLE"], &rows, "");
    }
    let unmet: Vec<&str> = found.end_criteria.iter().filter(|one| !one.met).map(|one| one.says.as_str()).collect();
    if !unmet.is_empty() && one.phase == "active" {
        screen::say("");
        screen::say(format!("Before it is over: {}.", unmet.join("; ")));
    }
}

fn timeline(entries: &[TimelineEntry], look: Look) {
    let rows: Vec<[String; 4]> = entries
        .iter()
        .map(|one| {
            let text = |name: &str| one.entry.data[name].as_str().map(str::to_owned);
            let corrected = one.corrected.as_ref().and_then(|mark| mark.text.clone());
            let said = corrected.or_else(|| text("text")).or_else(|| one.entry.why.clone()).unwrap_or_default();
            let said = match &one.struck {
                Some(mark) => format!("{said} [struck: {}]", mark.text.clone().unwrap_or_default()),
                None => said,
            };
            let kind = text("sort").unwrap_or_else(|| one.entry.kind.clone());
            [look.time(one.entry.at), kind, screen::actor(&one.entry.actor), said.replace('\n', " ")]
        })
        .collect();
    screen::say_table(["WHEN", "WHAT", "WHO", "SAID"], &rows, "Nothing happened yet.");
}
