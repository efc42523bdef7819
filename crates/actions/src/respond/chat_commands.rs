//! What is heard in a chat: a command, a message to be pinned, an invitation. It is acted upon once, as the person who
//! speaks there, with what that person may do; and it is answered.
//!
//! Nothing of a restricted incident is answered, whoever asks: others read along. To a chat it is not there.

use domain::engage::escalations::State as PageState;
use domain::prepare::catalog::Catalog;
use domain::prepare::people::Person;
use domain::respond::assignments::State as Standing;
use domain::respond::chat_commands::{self as commands, ChatCommand, Spoken, Who};
use domain::respond::chats::{Chat, HIDDEN};
use domain::respond::entries::{Entry, Sort};
use domain::respond::incidents::{Class, Visibility};
use domain::respond::sight::Sight;
use domain::respond::updates::{Audience, Fate};
use domain::words::{Actor, AlertId, IncidentId, Mint, Name, PageId, Refusal, Span, Timestamp, text};
use serde_json::json;
use store::respond::chats as rows;
use store::respond::incidents::{Filter, IncidentRow};
use store::respond::{assignments, incidents as incident_rows, tasks as task_rows, updates as update_rows};
use store::{Halt, Store, Tx, outbox};

use super::incidents::{Declaration, levels};
use super::updates::Word;
use super::{assignments as roles, chats, entries, incidents, tasks, updates};
use crate::board::{self, Pace, Turn};
use crate::change::reflexes;
use crate::detect::alerts;
use crate::engage::pages;
use crate::{Moment, Node};

/// Something that was heard in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub chat: Name,
    /// What the chat calls it: it is acted upon once.
    pub id: String,
    /// Where it was said.
    pub room: String,
    /// Who said it, as the chat calls them.
    pub sender: String,
    pub what: What,
    pub reply: Reply,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A command, without the prefix.
    Line(String),
    /// This message is to stand on the timeline; nothing, if it cannot be read. `named`: somebody said so in words.
    Pin { message: Option<Pinned>, named: bool },
    /// We are invited to the room.
    Invited,
}

/// A message that is to stand on the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    pub id: String,
    /// Who wrote it, as the chat calls them.
    pub author: String,
    pub text: String,
    pub at: Option<Timestamp>,
}

/// How it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// By whoever brought it, at once.
    Here,
    /// In the room, as a reply to it.
    Room,
    /// In the room, to them alone.
    Whisper,
}

/// So much of a message that is pinned is kept.
const PINNED_MOST: usize = 4000;
/// So many pages are looked through for those that call somebody.
const PAGES_MOST: u32 = 200;

/// Acts upon what was heard, and answers it; nothing, if there is nothing to say. What was heard before gets the answer
/// that it got then, and changes nothing.
pub fn hear(
    store: &Store,
    node: &Node,
    mint: &mut Mint,
    now: Timestamp,
    heard: &Heard,
) -> Result<Option<String>, Halt> {
    let takes = matches!(&heard.what, What::Line(line) if line.trim().to_lowercase().starts_with("ack"));
    let mut moment = Moment::new(now, Actor::Rule("chat"), mint);
    let done = if takes {
        // Alerts are changed on the board.
        board::turn(store, node, Pace::Ordinary, &mut moment, |turn| take(turn, heard))
    } else {
        store
            .write(|tx| once(tx, node, &mut moment, heard, |tx, moment, hearing| act(tx, node, moment, heard, hearing)))
    };
    match done {
        // What was begun is undone; that it was heard, and the answer, stay.
        Err(Halt::Refused(refusal)) => {
            let said = refusal.message;
            store.write(|tx| {
                once(tx, node, &mut moment, heard, |_, _, hearing| Ok(Said::of(with_usage(hearing, heard, &said))))
            })
        }
        done => done,
    }
}

/// How a command is written, after why it was refused; unless that says it already.
fn with_usage(hearing: &Hearing<'_>, heard: &Heard, said: &str) -> String {
    let What::Line(line) = &heard.what else { return said.to_owned() };
    let word = line.split_whitespace().next().unwrap_or_default().to_lowercase();
    let prefix = hearing.chat.provider.prefix();
    if said.contains(prefix) { said.to_owned() } else { format!("{said}\n{}", commands::usage(prefix, &word)) }
}

/// Who speaks, and where.
struct Hearing<'c> {
    catalog: &'c Catalog,
    chat: &'c Chat,
    person: Option<(&'c Name, &'c Person)>,
}

/// What is answered.
struct Said {
    text: Option<String>,
    /// The incident that the answer tells of.
    about: Option<IncidentId>,
}

impl Said {
    fn of(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), about: None }
    }

    fn about(incident: IncidentId, text: impl Into<String>) -> Self {
        Self { about: Some(incident), ..Self::of(text) }
    }

    const NOTHING: Self = Self { text: None, about: None };
}

/// Does it unless it was done before, and keeps and queues the answer.
fn once(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    heard: &Heard,
    act: impl FnOnce(&mut Tx<'_>, &mut Moment<'_>, &Hearing<'_>) -> Result<Said, Halt>,
) -> Result<Option<String>, Halt> {
    if let Some(answer) = rows::answered(tx, &heard.chat, &heard.id)? {
        return Ok(answer);
    }
    let catalog = node.rules(tx)?.catalog.clone();
    let chat = chats::find(&catalog, &heard.chat)?;
    let hearing = Hearing { catalog: &catalog, chat, person: chats::person_of(&catalog, chat, &heard.sender) };
    let said = if chat.enabled { act(tx, moment, &hearing)? } else { Said::NOTHING };
    rows::note(tx, &heard.chat, &heard.id, said.text.as_deref(), moment.now)?;
    if let Some(text) = &said.text {
        let mut payload = json!({ "say": text, "room": heard.room, "about": said.about, "aside": true });
        match heard.reply {
            Reply::Here => return Ok(said.text),
            Reply::Room => payload["reply_to"] = json!(heard.id),
            Reply::Whisper => payload["whisper"] = json!(heard.sender),
        }
        chats::queue(tx, moment, &heard.chat, &format!("answers/{}", heard.room), 0, &payload)?;
    }
    Ok(said.text)
}

/// The person who speaks, if they may do what needs this access; or what to answer.
fn speaker<'h>(hearing: &Hearing<'h>, heard: &Heard, command: Option<&ChatCommand>) -> Result<&'h Name, Refusal> {
    let Some((name, person)) = hearing.person else {
        let provider = hearing.chat.provider.word();
        let shown = text::shorten(&heard.sender, 120);
        return Err(Refusal::forbidden(format!(
            "Allclear does not know who you are. An administrator writes `chat: {{ {provider}: '{shown}' }}` into your \
             document (person); then it is you. Nothing was changed. {} help shows what there is.",
            hearing.chat.provider.prefix()
        )));
    };
    let needs = command.map_or(domain::prepare::people::Access::Responder, ChatCommand::needs);
    if person.access < needs {
        return Err(Refusal::forbidden(format!("this needs the access {needs}; yours is {}", person.access)));
    }
    Ok(name)
}

fn as_person<'m>(moment: &'m mut Moment<'_>, chat: &Name, person: &Name) -> Moment<'m> {
    Moment { now: moment.now, actor: Actor::Chat(chat.clone(), person.clone()), mint: moment.mint }
}

fn act(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    heard: &Heard,
    hearing: &Hearing<'_>,
) -> Result<Said, Halt> {
    match &heard.what {
        What::Invited => {
            if hearing.person.is_some() {
                let payload = json!({ "join": heard.room });
                chats::queue(tx, moment, &heard.chat, &format!("join/{}", heard.room), 0, &payload)?;
            }
            Ok(Said::NOTHING)
        }
        What::Pin { message, named } => pin(tx, moment, heard, hearing, message.as_ref(), *named),
        What::Line(line) => {
            let names: Vec<String> = levels(hearing.catalog).into_iter().map(|level| level.name).collect();
            let prefix = hearing.chat.provider.prefix();
            let spoken = commands::read(line, prefix, &names)?;
            if spoken.command == ChatCommand::Help {
                return Ok(Said::of(commands::help(prefix)));
            }
            let person = speaker(hearing, heard, Some(&spoken.command))?;
            let mut moment = as_person(moment, &heard.chat, person);
            obey(tx, node, &mut moment, heard, hearing, &spoken)
        }
    }
}

fn obey(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    heard: &Heard,
    hearing: &Hearing<'_>,
    spoken: &Spoken,
) -> Result<Said, Halt> {
    if let ChatCommand::Declare { severity, class, title } = &spoken.command {
        return declare(tx, node, moment, hearing, severity.clone(), class.unwrap_or(Class::System), title);
    }
    let row = meant(tx, heard, spoken.incident)?;
    let id = row.id;
    let said = match &spoken.command {
        ChatCommand::Status => status(tx, node, &row)?,
        ChatCommand::Update { text, late, next } => {
            let word = Word {
                audience: Audience::Internal,
                stage: None,
                text: text.clone(),
                title: None,
                components: domain::inform::notices::Effects::default(),
                next_by: next.map(|next| next.after(moment.now)),
                late_because: late.clone(),
            };
            let update = updates::say(tx, node, moment, id, &word)?;
            let next = update.next_by.map(|at| format!(" The next one is promised by {}.", at.strftime("%H:%M UTC")));
            format!("The responders are told.{}", next.unwrap_or_default())
        }
        ChatCommand::Role { role, who } => {
            let to = someone(moment, hearing, who)?;
            let given = assignments::of_incident(tx, id)?;
            let own = moment.person() == Some(&to);
            let offered =
                given.iter().any(|one| one.role == *role && one.person == to && one.state == Standing::Offered);
            if own && offered {
                roles::accept(tx, node, moment, id, role)?;
            } else {
                roles::offer(tx, node, moment, id, role, &to, None)?;
            }
            if own { format!("You are {role} now.") } else { format!("{role} is offered to {to}.") }
        }
        ChatCommand::Task { what, who, within } => {
            let to = someone(moment, hearing, who)?;
            let task = tasks::give(tx, node, moment, id, what, &to, *within)?;
            let due = task.due_at.map(|at| format!(", who reports by {}", at.strftime("%H:%M UTC")));
            format!("Task for {to}{}: {}", due.unwrap_or_default(), task.title)
        }
        ChatCommand::Pin => {
            let why = "answer the message that is to stand on the timeline, or react to it with 📌; in Slack, use \
                       \"Pin to the timeline\" in its menu";
            return Err(Refusal::invalid(why).into());
        }
        ChatCommand::StopRollback { why } => {
            let stopped = reflexes::stop_all(tx, moment, id, Sight::Open, why)?;
            let titles: Vec<&str> = stopped.iter().map(|one| one.change.change.proposal.title.as_str()).collect();
            format!("Stopped: no rule takes it back in this incident. It was {}.", titles.join(", "))
        }
        ChatCommand::Help | ChatCommand::Declare { .. } | ChatCommand::Acknowledge { .. } => String::new(),
    };
    Ok(Said::about(id, said))
}

/// The incident that is meant: the one that was named, that of the room, or the only open one.
fn meant(tx: &mut Tx<'_>, heard: &Heard, named: Option<IncidentId>) -> Result<IncidentRow, Halt> {
    if let Some(id) = named {
        let found = incident_rows::get(tx, id, Sight::Open)?;
        let why = || Refusal::not_found(format!("incident {id}; of what is restricted nothing is said in a chat"));
        return Ok(found.ok_or_else(why)?);
    }
    if let Some(id) = rows::incident_of(tx, &heard.chat, &heard.room)? {
        let found = incident_rows::get(tx, id, Sight::Open)?;
        return Ok(found.ok_or_else(|| Refusal::conflict(HIDDEN))?);
    }
    let open = Filter { open: true, ..Filter::default() };
    let mut all = incident_rows::list(tx, &open, Sight::Open, None, 6)?;
    match all.len() {
        0 => Err(Refusal::conflict("no incident is open; declare one").into()),
        1 => Ok(all.remove(0)),
        _ => {
            let named = all.iter().map(|row| format!("\n{} {}", row.id, text::shorten(&row.name(), 80)));
            let named: String = named.collect();
            Err(Refusal::conflict(format!(
                "several incidents are open: name one by its id, or speak in its room{named}"
            ))
            .into())
        }
    }
}

fn declare(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    hearing: &Hearing<'_>,
    severity: Option<String>,
    class: Class,
    title: &str,
) -> Result<Said, Halt> {
    let row = incidents::declare(tx, node, moment, &Declaration { severity, ..Declaration::new(title, class) })?;
    if row.state.visibility == Visibility::Restricted {
        let all = format!("{}/incidents", node.identity.public_url);
        return Ok(Said::of(format!(
            "Declared, and restricted: nothing more of it is said in chats. It goes on at {all}"
        )));
    }
    let level = row.state.severity.as_deref().map(|level| format!("{level} · ")).unwrap_or_default();
    let wants = hearing.chat.wants_room(class, row.state.severity.as_deref());
    let room = if wants { "\nA room is opened for it." } else { "" };
    let said = format!("Declared: {level}{class} · {}\n{}{room}", row.name(), chats::link(node, row.id));
    Ok(Said::about(row.id, said))
}

/// The person that is meant.
fn someone(moment: &Moment<'_>, hearing: &Hearing<'_>, who: &Who) -> Result<Name, Refusal> {
    match who {
        Who::Me => moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this")),
        Who::Person(name) if hearing.catalog.people.contains_key(name) => Ok(name.clone()),
        Who::Person(name) => {
            let near = text::did_you_mean(name.as_str(), hearing.catalog.people.keys().map(Name::as_str));
            Err(Refusal::invalid(format!("there is no person {name}{near}")))
        }
        Who::There(id) => {
            let found = chats::person_of(hearing.catalog, hearing.chat, id).map(|(name, _)| name.clone());
            found.ok_or_else(|| {
                let shown = text::shorten(id, 120);
                Refusal::invalid(format!("nobody here is {shown} in the chat: write @ and the person's name here"))
            })
        }
    }
}

fn status(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow) -> Result<String, Halt> {
    let level = row.state.severity.as_deref().unwrap_or("no severity yet");
    let mut lines = vec![format!("{level} · {} · {}", row.state.class, row.name())];
    let activities: Vec<String> = row.state.activities.keys().map(ToString::to_string).collect();
    let meanwhile = if activities.is_empty() { String::new() } else { format!(": {}", activities.join(", ")) };
    lines.push(format!("It is {}{meanwhile}.", row.state.phase));
    lines.push(match &row.state.commander {
        Some(commander) => format!("{commander} commands."),
        None => "Nobody commands.".into(),
    });
    let open = task_rows::of_incident(tx, row.id)?.iter().filter(|task| task.is_open()).count();
    if open > 0 {
        lines.push(format!("{open} {} open.", if open == 1 { "task is" } else { "tasks are" }));
    }
    let promised = update_rows::promises(tx, row.id)?.into_iter();
    let promised =
        promised.filter(|one| one.audience == Audience::Internal && one.fate == Fate::Open).map(|one| one.by).min();
    lines.extend(promised.map(|by| format!("The next update is promised by {}.", by.strftime("%H:%M UTC"))));
    lines.push(chats::link(node, row.id));
    Ok(lines.join("\n"))
}

/// Puts a message on the timeline of the incident whose room it is, in the words and at the time of whoever wrote it.
fn pin(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    heard: &Heard,
    hearing: &Hearing<'_>,
    message: Option<&Pinned>,
    named: bool,
) -> Result<Said, Halt> {
    let own = rows::incident_of(tx, &heard.chat, &heard.room)?;
    // Elsewhere people use the mark for what they like.
    if own.is_none() && !named {
        return Ok(Said::NOTHING);
    }
    let person = speaker(hearing, heard, Some(&ChatCommand::Pin))?;
    let row = meant(tx, heard, None)?;
    let Some(message) = message else {
        return Err(
            Refusal::invalid("that message cannot be read: write on the timeline in Allclear what it said").into()
        );
    };
    if !rows::note(tx, &heard.chat, &format!("pinned/{}", message.id), None, moment.now)? {
        return Ok(Said::about(row.id, "It is on the timeline already."));
    }
    let author = chats::person_of(hearing.catalog, hearing.chat, &message.author);
    let author = author.map_or_else(|| text::shorten(&message.author, 120), |(name, _)| name.to_string());
    let printable = message.text.replace("\r\n", "\n");
    let printable: String = printable.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect();
    if printable.trim().is_empty() {
        return Err(Refusal::invalid("that message has no words").into());
    }
    let at = message.at.filter(|at| *at <= moment.now && Span::between(*at, moment.now) < Span::hours(24 * 365));
    let mut kept: String = printable.trim().chars().take(PINNED_MOST).collect();
    if printable.trim().chars().count() > PINNED_MOST {
        kept.push('…');
    }
    let said = format!("{author}, in the chat: {kept}");
    let entry = Entry { at, ..Entry::new(Sort::Note, said) };
    let mut moment = as_person(moment, &heard.chat, person);
    entries::add(tx, &mut moment, row.id, &entry)?;
    Ok(Said::about(row.id, "It is on the timeline."))
}

/// Takes an alert or a page, or all that calls whoever speaks.
fn take(turn: &mut Turn<'_, '_>, heard: &Heard) -> Result<Option<String>, Halt> {
    let node = turn.node;
    if let Some(answer) = rows::answered(turn.tx, &heard.chat, &heard.id)? {
        return Ok(answer);
    }
    let catalog = turn.rules.catalog.clone();
    let chat = chats::find(&catalog, &heard.chat)?;
    let hearing = Hearing { catalog: &catalog, chat, person: chats::person_of(&catalog, chat, &heard.sender) };
    let What::Line(line) = &heard.what else { return Ok(None) };
    let spoken = commands::read(line, chat.provider.prefix(), &[])?;
    let person = speaker(&hearing, heard, Some(&spoken.command))?.clone();
    let ChatCommand::Acknowledge { what } = &spoken.command else { return Ok(None) };
    turn.moment.actor = Actor::Chat(heard.chat.clone(), person.clone());
    let said = match what.as_deref() {
        None => take_what_calls(turn, &person)?,
        Some(what) => take_named(turn, what, &person)?,
    };
    let Turn { tx, moment, .. } = turn;
    once(tx, node, moment, heard, |_, _, _| Ok(Said::of(said)))
}

fn take_named(turn: &mut Turn<'_, '_>, what: &str, by: &Name) -> Result<String, Halt> {
    if let Ok(id) = what.parse::<PageId>() {
        // What is about a restricted incident is not spoken of in a chat, even to those who may see it.
        let seen = store::engage::pages::seen(turn.tx, id, Sight::Open)?;
        let page = seen.ok_or_else(|| Refusal::not_found(format!("page {id}")))?;
        take_page(turn, page.id, by)?;
        return Ok(format!("You have it: {}", page.title));
    }
    let Ok(id) = what.parse::<AlertId>() else {
        let shown = text::shorten(what, 60);
        return Err(Refusal::invalid(format!("{shown:?} is the id of no alert and of no page")).into());
    };
    if turn.board.slot(id).is_none() && store::detect::alerts::get(turn.tx, id)?.is_none() {
        return Err(Refusal::not_found(format!("alert {id}")).into());
    }
    let changed = alerts::take(turn, &[id], by, None)?;
    Ok(if changed > 0 { "You have it.".into() } else { "It is yours already, or over.".to_owned() })
}

fn take_page(turn: &mut Turn<'_, '_>, id: PageId, by: &Name) -> Result<(), Halt> {
    let page = pages::acknowledge_in_turn(turn, id, by)?;
    if let Some(group) = page.about.group() {
        alerts::take_group(turn, group, by)?;
    }
    Ok(())
}

fn take_what_calls(turn: &mut Turn<'_, '_>, by: &Name) -> Result<String, Halt> {
    let mut taken = Vec::new();
    for page in store::engage::pages::list(turn.tx, true, Sight::Open, None, PAGES_MOST)? {
        let calls = matches!(page.state, PageState::Calling { .. });
        let told = calls && outbox::for_page(turn.tx, page.id)?.iter().any(|(one, _)| one.person.as_ref() == Some(by));
        if told {
            take_page(turn, page.id, by)?;
            taken.push(page.title);
        }
    }
    if taken.is_empty() {
        return Err(Refusal::conflict("nothing calls you right now").into());
    }
    Ok(format!("You have it: {}", taken.join("; ")))
}

#[cfg(test)]
#[path = "chat_commands_tests.rs"]
mod tests;
