//! What people type in a chat after `/allclear` or `!allclear`: read into a command, or refused with what is wrong and
//! how it is written. Reads alone; who may do it and to what is asked of the acts.

use std::fmt;

use super::incidents::Class;
use crate::prepare::people::Access;
use crate::words::{IncidentId, Name, Refusal, Result, Span, text};

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// The incident that was named; that of the room, or the only open one, if none was.
    pub incident: Option<IncidentId>,
    pub command: ChatCommand,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatCommand {
    Help,
    Status,
    Declare {
        severity: Option<String>,
        class: Option<Class>,
        title: String,
    },
    /// An alert, a page, or what pages whoever speaks.
    Acknowledge {
        what: Option<String>,
    },
    /// Tells the responders, and promises the next update.
    Update {
        text: String,
        /// Why it comes later than was promised, if it does.
        late: Option<String>,
        next: Option<Span>,
    },
    Role {
        role: Name,
        who: Who,
    },
    Task {
        what: String,
        who: Who,
        within: Option<Span>,
    },
    /// Puts the message that is answered on the timeline.
    Pin,
    /// A rule is about to take something back: it does not.
    StopRollback {
        /// Nothing, if there is no time to say.
        why: String,
    },
}

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Me,
    /// By the name here.
    Person(Name),
    /// By what the chat calls them.
    There(String),
}

/// The words of commands, and how each is written.
const USAGE: [(&str, &str, &str); 9] = [
    ("declare", "[SEVERITY] [security|system|operational] TITLE", "declares an incident"),
    ("ack", "[ALERT or PAGE]", "takes an alert or a page; without one, what calls you"),
    ("update", "[INCIDENT] TEXT [late: WHY] [next 30m]", "tells the responders how it stands, and when they hear more"),
    ("role", "[INCIDENT] ROLE [@person|me]", "takes a role, or offers it"),
    ("task", "[INCIDENT] TEXT [for @person] [in 30m]", "gives a task; to yourself, if you name nobody"),
    ("pin", "", "as an answer to a message: puts it on the timeline"),
    ("stop", "[INCIDENT] rollback [WHY]", "stops a rule that counts down to take something back"),
    ("status", "[INCIDENT]", "says how an incident stands"),
    ("help", "", "shows this"),
];

impl ChatCommand {
    /// The word with which it begins.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Declare { .. } => "declare",
            Self::Acknowledge { .. } => "ack",
            Self::Update { .. } => "update",
            Self::Role { .. } => "role",
            Self::Task { .. } => "task",
            Self::Pin => "pin",
            Self::StopRollback { .. } => "stop",
            Self::Status => "status",
            Self::Help => "help",
        }
    }

    /// What a person must be allowed to do here for it: as much as on the pages.
    pub const fn needs(&self) -> Access {
        match self {
            Self::Help | Self::Status | Self::Declare { .. } => Access::Viewer,
            _ => Access::Responder,
        }
    }
}

/// All commands, for people.
pub fn help(prefix: &str) -> String {
    let lines = USAGE.iter().map(|(word, usage, says)| {
        let usage = if usage.is_empty() { String::new() } else { format!(" {usage}") };
        format!("{prefix} {word}{usage}: {says}")
    });
    let rooms = "In the room of an incident it is the incident that is meant; elsewhere name it by its id, or it is the only open one.";
    lines.chain([rooms.to_owned()]).collect::<Vec<_>>().join("\n")
}

/// How one command is written.
pub fn usage(prefix: &str, word: &str) -> String {
    let found = USAGE.iter().find(|(one, ..)| *one == word);
    found.map_or_else(|| help(prefix), |(word, usage, _)| format!("{prefix} {word} {usage}").trim_end().to_owned())
}

/// Reads what was typed after the prefix. `levels` are the severities that there are.
pub fn read(said: &str, prefix: &str, levels: &[String]) -> Result<Spoken> {
    let said = said.trim();
    let (word, rest) = first(said);
    let wrong = |why: &dyn fmt::Display| Refusal::invalid(format!("{why}\n{}", usage(prefix, &word.to_lowercase())));
    let (incident, rest) = match rest.split_whitespace().next().and_then(|word| word.parse::<IncidentId>().ok()) {
        Some(id) => (Some(id), first(rest).1),
        None => (None, rest),
    };
    let nothing_more = |command: ChatCommand| match rest {
        "" => Ok(command),
        more => Err(wrong(&format!("{:?} has no meaning here", text::shorten(more, 60)))),
    };
    let command = match word.to_lowercase().as_str() {
        "" | "help" => ChatCommand::Help,
        "status" => nothing_more(ChatCommand::Status)?,
        "pin" => nothing_more(ChatCommand::Pin)?,
        "declare" => declare(rest, levels).map_err(|refusal| wrong(&refusal.message))?,
        "ack" => {
            let mut words = rest.split_whitespace();
            let (what, more) = (words.next().map(str::to_owned), words.next());
            if more.is_some() {
                return Err(wrong(&"name one alert or one page, by its id"));
            }
            ChatCommand::Acknowledge { what }
        }
        "update" => {
            let (text, next) = ending(rest, "next");
            let (text, late) = match text.rsplit_once(" late: ") {
                Some((text, why)) if !why.trim().is_empty() => (text.trim_end(), Some(why.trim().to_owned())),
                _ => (text, None),
            };
            if text.is_empty() {
                return Err(wrong(&"say how it stands"));
            }
            ChatCommand::Update { text: text.to_owned(), late, next }
        }
        "role" => {
            let (role, who) = first(rest);
            let role =
                role.to_lowercase().parse().map_err(|_| wrong(&"name the role, for example incident-commander"))?;
            let who =
                if who.is_empty() { Who::Me } else { self::who(who).map_err(|refusal| wrong(&refusal.message))? };
            ChatCommand::Role { role, who }
        }
        "stop" => match first(rest) {
            (what, why) if what.eq_ignore_ascii_case("rollback") => ChatCommand::StopRollback { why: why.to_owned() },
            _ => return Err(wrong(&"say what is to be stopped: a rollback")),
        },
        "task" => task(rest).map_err(|refusal| wrong(&refusal.message))?,
        other => {
            let near = text::did_you_mean(other, USAGE.map(|(word, ..)| word));
            let shown = text::shorten(other, 40);
            return Err(Refusal::invalid(format!("there is no command {shown:?}{near}\n{}", help(prefix))));
        }
    };
    Ok(Spoken { incident, command })
}

/// What is said to us in a message: what follows the prefix, in what stands after the quotation of another message, which
/// old programs put first.
pub fn addressed<'s>(body: &'s str, prefix: &str) -> Option<&'s str> {
    let mut own = body.trim_start();
    while own.starts_with("> ") {
        own = own.split_once('\n').map_or("", |(_, rest)| rest).trim_start_matches('\n');
    }
    let rest = own.trim_start().strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim())
}

/// Whether a mark on a message means that it is to stand on the timeline.
pub fn is_pin(mark: &str) -> bool {
    mark.trim_end_matches('\u{fe0f}') == "📌"
}

/// The first word, and what follows it.
fn first(said: &str) -> (&str, &str) {
    let said = said.trim();
    said.split_once(char::is_whitespace).map_or((said, ""), |(word, rest)| (word, rest.trim()))
}

fn declare(said: &str, levels: &[String]) -> Result<ChatCommand> {
    let (mut severity, mut class, mut rest) = (None, None, said);
    loop {
        let (word, after) = first(rest);
        let level = levels.iter().find(|level| level.eq_ignore_ascii_case(word));
        // A title may be one word that means something else, too.
        match (level, Class::ALL.into_iter().find(|class| class.word() == word)) {
            _ if after.is_empty() => break,
            (Some(level), _) if severity.is_none() => severity = Some(level.clone()),
            (_, Some(one)) if class.is_none() => class = Some(one),
            _ if looks_like_a_level(word) && severity.is_none() => {
                let near = text::did_you_mean(&word.to_uppercase(), levels.iter().map(String::as_str));
                let all = levels.join(", ");
                return Err(Refusal::invalid(format!("there is no severity {word}{near}; they are {all}")));
            }
            _ => break,
        }
        rest = after;
    }
    if rest.is_empty() {
        return Err(Refusal::invalid("say in a line what is wrong"));
    }
    Ok(ChatCommand::Declare { severity, class, title: rest.split_whitespace().collect::<Vec<_>>().join(" ") })
}

/// `sev9`, `P1`: nobody begins a title so.
fn looks_like_a_level(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let digits = lower.strip_prefix("sev").or_else(|| lower.strip_prefix('p'));
    digits.is_some_and(|digits| !digits.is_empty() && digits.len() < 3 && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn task(said: &str) -> Result<ChatCommand> {
    let (mut rest, mut who, mut within) = (said, None, None);
    loop {
        let (before, span) = ending(rest, "in");
        if span.is_some() && within.is_none() {
            (rest, within) = (before, span);
            continue;
        }
        if who.is_none()
            && let Some((before, named)) = before_last(rest, "for")
            && (named.starts_with(['@', '<']) || named == "me")
        {
            (rest, who) = (before, Some(self::who(named)?));
            continue;
        }
        break;
    }
    if rest.is_empty() {
        return Err(Refusal::invalid("say what is to be done"));
    }
    Ok(ChatCommand::Task {
        what: rest.split_whitespace().collect::<Vec<_>>().join(" "),
        who: who.unwrap_or(Who::Me),
        within,
    })
}

/// A span of time at the end, after this word: `next 30m`.
fn ending<'s>(said: &'s str, word: &str) -> (&'s str, Option<Span>) {
    let span = before_last(said, word).and_then(|(before, span)| Some((before, span.parse::<Span>().ok()?)));
    span.filter(|(_, span)| *span > Span::ZERO).map_or((said, None), |(before, span)| (before, Some(span)))
}

/// The last word, if this one stands before it, and all that stands before both.
fn before_last<'s>(said: &'s str, word: &str) -> Option<(&'s str, &'s str)> {
    let said = said.trim();
    let (before, last) = said.rsplit_once(char::is_whitespace).unwrap_or(("", said));
    let before = before.trim_end();
    let rest = before.strip_suffix(word)?;
    (rest.is_empty() || rest.ends_with(char::is_whitespace)).then(|| (rest.trim_end(), last))
}

/// `me`, `@ana`, `<@U024BE7LH>`, `<@U024BE7LH|ana>`, `@ana:example.org`.
fn who(said: &str) -> Result<Who> {
    let wrong = || {
        let shown = text::shorten(said, 60);
        Refusal::invalid(format!("{shown:?} names nobody: write @ and the person's name here, for example @ana, or me"))
    };
    if said == "me" {
        return Ok(Who::Me);
    }
    if let Some(mention) = said.strip_prefix("<@").and_then(|rest| rest.strip_suffix('>')) {
        let id = mention.split('|').next().unwrap_or_default();
        return if id.is_empty() || id.contains(char::is_whitespace) {
            Err(wrong())
        } else {
            Ok(Who::There(id.into()))
        };
    }
    let name = said.strip_prefix('@').ok_or_else(wrong)?;
    if name.contains(':') && !said.contains(char::is_whitespace) {
        return Ok(Who::There(said.to_owned()));
    }
    name.to_lowercase().parse().map(Who::Person).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Mint, Timestamp};

    fn levels() -> Vec<String> {
        ["SEV1", "SEV2"].map(str::to_owned).to_vec()
    }

    fn spoken(said: &str) -> Result<Spoken> {
        read(said, "!allclear", &levels())
    }

    fn command(said: &str) -> ChatCommand {
        spoken(said).map_or_else(|refusal| panic!("{said}: {refusal}"), |spoken| spoken.command)
    }

    #[test]
    fn an_incident_is_declared_with_what_is_said_of_it() {
        let declared = |said: &str| match command(said) {
            ChatCommand::Declare { severity, class, title } => {
                format!("{} {} {title}", severity.unwrap_or("-".into()), class.map_or("-", Class::word))
            }
            other => panic!("{other:?}"),
        };
        for (said, read) in [
            ("declare Card payments fail", "- - Card payments fail"),
            ("DECLARE sev2 Card  payments\nfail", "SEV2 - Card payments fail"),
            ("declare SEV1 operational The truck is gone", "SEV1 operational The truck is gone"),
            ("declare security sev1 A laptop is gone", "SEV1 security A laptop is gone"),
            ("declare System down", "- - System down"),
            ("declare system", "- - system"),
            ("declare SEV1", "- - SEV1"),
            ("declare P1000 printer burns", "- - P1000 printer burns"),
            ("declare SEV1 sev2 both", "SEV1 - sev2 both"),
        ] {
            assert_eq!(declared(said), read, "{said}");
        }
    }

    #[test]
    fn tasks_updates_and_roles_name_people_and_times_at_their_end() {
        let ana = || Who::Person("ana".parse().unwrap());
        let task = |what: &str, who, minutes: Option<i64>| ChatCommand::Task {
            what: what.into(),
            who,
            within: minutes.map(Span::minutes),
        };
        let update = |text: &str, minutes: Option<i64>| ChatCommand::Update {
            text: text.into(),
            late: None,
            next: minutes.map(Span::minutes),
        };
        let late = |why: &str| Some(why.to_owned());
        let role = |role: &str, who| ChatCommand::Role { role: role.parse().unwrap(), who };
        for (said, expected) in [
            ("task Look at the logs", task("Look at the logs", Who::Me, None)),
            ("task Look at the logs for @ana in 30m", task("Look at the logs", ana(), Some(30))),
            ("task Look in 1h for @Ana", task("Look", ana(), Some(60))),
            ("task Look for me in 5m", task("Look", Who::Me, Some(5))),
            ("task Look for clues in the logs", task("Look for clues in the logs", Who::Me, None)),
            ("task Roll back for <@U024BE7LH|ana>", task("Roll back", Who::There("U024BE7LH".into()), None)),
            ("task Roll back for @ana:example.org", task("Roll back", Who::There("@ana:example.org".into()), None)),
            ("update We roll back next 30m", update("We roll back", Some(30))),
            ("update We try the next node", update("We try the next node", None)),
            ("update One\ntwo next 1h", update("One\ntwo", Some(60))),
            ("update wait for the next 0s", update("wait for the next 0s", None)),
            (
                "update Found it late: we slept next 1h",
                ChatCommand::Update { text: "Found it".into(), late: late("we slept"), next: Some(Span::hours(1)) },
            ),
            ("role incident-commander", role("incident-commander", Who::Me)),
            ("role scribe @ana", role("scribe", ana())),
            ("role Scribe me", role("scribe", Who::Me)),
            ("ack", ChatCommand::Acknowledge { what: None }),
            ("ack pag_06f1k2m9qv7x3t1a", ChatCommand::Acknowledge { what: Some("pag_06f1k2m9qv7x3t1a".into()) }),
            ("", ChatCommand::Help),
            ("status", ChatCommand::Status),
            ("pin", ChatCommand::Pin),
            ("stop rollback", ChatCommand::StopRollback { why: String::new() }),
            ("Stop Rollback it is the cache", ChatCommand::StopRollback { why: "it is the cache".into() }),
        ] {
            assert_eq!(command(said), expected, "{said}");
        }
    }

    #[test]
    fn an_incident_can_be_named_first() {
        let id: IncidentId = Mint::seeded(1).id(Timestamp::UNIX_EPOCH);
        for said in [format!("status {id}"), format!("update {id} We look"), format!("task {id} Look")] {
            let spoken = spoken(&said).unwrap();
            assert_eq!(spoken.incident, Some(id), "{said}");
        }
        assert_eq!(spoken("update inc_nonsense We look").unwrap().incident, None);
    }

    #[test]
    fn a_mistake_is_answered_with_what_is_wrong_and_how_it_is_written() {
        let said: Vec<String> = [
            "declare",
            "declare SEV9 It burns",
            "update next 30m",
            "role",
            "role scribe ana",
            "role scribe @a b",
            "task for @ana",
            "task look for <@>",
            "status now",
            "ack one two",
            "stop",
            "stop it",
        ]
        .map(|said| spoken(said).unwrap_err().message.replace('\n', " | "))
        .to_vec();
        insta::assert_snapshot!(said.join("\n"), @r#"
        say in a line what is wrong | !allclear declare [SEVERITY] [security|system|operational] TITLE
        there is no severity SEV9 (did you mean "SEV1"?); they are SEV1, SEV2 | !allclear declare [SEVERITY] [security|system|operational] TITLE
        say how it stands | !allclear update [INCIDENT] TEXT [late: WHY] [next 30m]
        name the role, for example incident-commander | !allclear role [INCIDENT] ROLE [@person|me]
        "ana" names nobody: write @ and the person's name here, for example @ana, or me | !allclear role [INCIDENT] ROLE [@person|me]
        "@a b" names nobody: write @ and the person's name here, for example @ana, or me | !allclear role [INCIDENT] ROLE [@person|me]
        say what is to be done | !allclear task [INCIDENT] TEXT [for @person] [in 30m]
        "<@>" names nobody: write @ and the person's name here, for example @ana, or me | !allclear task [INCIDENT] TEXT [for @person] [in 30m]
        "now" has no meaning here | !allclear status [INCIDENT]
        name one alert or one page, by its id | !allclear ack [ALERT or PAGE]
        say what is to be stopped: a rollback | !allclear stop [INCIDENT] rollback [WHY]
        say what is to be stopped: a rollback | !allclear stop [INCIDENT] rollback [WHY]
        "#);
        let unknown = spoken("declair It burns").unwrap_err().message;
        assert!(unknown.starts_with("there is no command \"declair\" (did you mean \"declare\"?)\n"), "{unknown}");
        assert!(unknown.lines().count() > USAGE.len(), "it lists them all");
    }

    #[test]
    fn nothing_that_is_typed_is_too_much() {
        for piece in
            ["<@", ">", "@", ":", "for", "in", "next", " ", "\u{202e}", "sev1", "inc_", "💥", "\0", "9999999999999h"]
        {
            for word in
                ["declare", "ack", "update", "role", "task", "pin", "stop", "stop rollback", "status", "help", ""]
            {
                for said in [
                    format!("{word} {piece}"),
                    format!("{word} {}", piece.repeat(500)),
                    format!("{word}{piece} for {piece} in {piece}"),
                ] {
                    _ = spoken(&said);
                }
            }
        }
    }

    #[test]
    fn what_is_said_to_others_is_not_heard() {
        for (body, said) in [
            ("!allclear status", Some("status")),
            ("  !allclear", Some("")),
            ("!allclear\ndeclare it burns", Some("declare it burns")),
            ("> <@ana:x> it burns\n> really\n\n!allclear pin", Some("pin")),
            ("> <@ana:x> !allclear declare it burns\n\nno!", None),
            ("!allclearly so", None),
            ("I typed !allclear status", None),
            ("", None),
        ] {
            assert_eq!(addressed(body, "!allclear"), said, "{body:?}");
        }
        assert!(is_pin("📌") && is_pin("📌\u{fe0f}") && !is_pin("👍") && !is_pin(""));
    }

    #[test]
    fn who_sees_may_declare_and_who_responds_may_act() {
        for (word, access) in [
            ("declare it burns", Access::Viewer),
            ("status", Access::Viewer),
            ("ack", Access::Responder),
            ("pin", Access::Responder),
            ("stop rollback", Access::Responder),
        ] {
            assert_eq!(command(word).needs(), access);
            assert_eq!(command(word).word(), word.split(' ').next().unwrap());
        }
    }
}
