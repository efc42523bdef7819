//! `allclear plan`, `apply`, `export`, `history`, `diff`, `rollback`: documents, from files and back.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use actions::prepare::documents::{self as acts, Order, Outcome as Applying, Wanted};
use anyhow::Context as _;
use clap::Args;
use domain::prepare::checks::Conditions;
use domain::prepare::documents::{Kind, Reference};
use domain::prepare::ownership::{Field, Via};
use domain::prepare::people::Address;
use domain::prepare::problems::Problem;
use domain::prepare::writing;
use serde_json::json;
use web::api::Listing;
use web::api::change::changes::ChangeRecord;
use web::api::change::document_proposals::NewDocumentProposal;
use web::api::change::gates::GateReason;
use web::api::prepare::documents::{
    Applied, Change, DiffQuery, Difference, DocumentSet, ExportQuery, File, HistoryQuery, Plan, Revision, Rollback,
};

use web::what_if::{self, WhatIf};

use super::files;
use super::local::{Household, Local};
use super::screen::{self, Look, Paint};
use super::{Exit, Failure, Outcome, ownership, pins};
use crate::client::{Client, Server};

/// Show what applying documents would change; changes nothing
///
/// Says what the changes mean: who is on call when, who is paged; and what if they had been in force: the signals of the
/// last days through both, and coverage before and after. What was set by hand since files said otherwise is kept, and
/// told. Exit codes: 0 no changes, 1 something is wrong with the documents, 2 changes pending. With --check: 0 nobody
/// would notice, 1 something is wrong, 2 a past page would reach somebody else, or something would no longer be covered, 3 a
/// freeze, an open incident or a review holds it now.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear plan -f config/\n  allclear plan -f config/ --days 7 --check\n  allclear plan -f config/ --take schedule/payments:/layers"
)]
pub(crate) struct PlanCommand {
    #[command(flatten)]
    what: What,

    #[command(flatten)]
    take: Take,

    /// How many days of signals to play through both; 0: none
    #[arg(long, value_name = "DAYS", default_value_t = what_if::DAYS, value_parser = clap::value_parser!(u32).range(0..=i64::from(what_if::DAYS_MOST)))]
    days: u32,

    /// Exit with 2 only if somebody would notice: for a pipeline
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

/// Put documents in force: all of them, or none
///
/// Shows what changes and, on a terminal, asks first. What somebody else changed meanwhile is not overwritten, and what
/// was set by hand in a page or over the API is kept, unless you take it. Exits with 3, and changes nothing, if a freeze, an
/// open incident or a review holds it: propose it, or let it through if you may.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear apply -f config/ --reason 'Chen joins the rotation'\n  allclear apply -f config/ --prune --yes\n  allclear apply -f config/ --propose 'Chen joins the rotation' --reason 'Ana is away'\n  allclear apply -f config/ --take schedule/payments:/layers --reason 'as agreed with Ana'\n  allclear apply --local --data /var/lib/allclear -f config/"
)]
pub(crate) struct Apply {
    #[command(flatten)]
    what: What,

    #[command(flatten)]
    take: Take,

    /// Why, for the history
    #[arg(long)]
    reason: Option<String>,

    /// Propose them as a change of this title instead: somebody else approves it, then it is applied
    #[arg(long, value_name = "TITLE", conflicts_with_all = ["local", "override_why"], requires = "reason")]
    propose: Option<String>,

    /// Why it cannot wait, if it is held and you may let it through; it is kept, and counted
    #[arg(long = "override", value_name = "WHY", conflicts_with = "local")]
    override_why: Option<String>,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    local: Local,

    #[command(flatten)]
    household: Household,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

/// What of that which was set by hand is overwritten.
#[derive(Debug, Args)]
pub(crate) struct Take {
    /// Overwrite a field though it was set by hand, or a whole document (repeat it)
    #[arg(long, value_name = "KIND/NAME[:/FIELD]")]
    take: Vec<Field>,

    /// Overwrite everything that was set by hand in these documents
    #[arg(long)]
    take_all: bool,
}

/// Which documents.
#[derive(Debug, Args)]
pub(crate) struct What {
    /// Files of YAML, or directories of them; - is standard input (repeat it)
    #[arg(short, long = "file", required = true, value_name = "PATH", num_args = 1..)]
    file: Vec<PathBuf>,

    /// Delete documents of the same kinds that are not in the files
    #[arg(long)]
    prune: bool,
}

/// Write the documents in force, as YAML
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear export > all.yaml\n  allclear export schedule team/payments\n  allclear export -o config/"
)]
pub(crate) struct Export {
    /// Kinds (schedule) and documents (team/payments); all, if absent
    #[arg(value_name = "KIND[/NAME]")]
    wanted: Vec<Wanted_>,

    /// A file for each document, in this directory: config/schedule/payments.yaml
    #[arg(long, short, alias = "to", value_name = "DIR")]
    output: Option<PathBuf>,

    #[command(flatten)]
    server: Server,
}

/// A kind or a document, as typed.
#[derive(Clone, Debug)]
struct Wanted_(String);

impl std::str::FromStr for Wanted_ {
    type Err = domain::words::Refusal;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        word.parse::<Wanted>().map(|_| Self(word.to_owned()))
    }
}

/// Show the revisions of a document: who changed what, when and why
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear history schedule/payments-primary")]
pub(crate) struct History {
    /// KIND/NAME
    document: Reference,

    /// How many at most, the newest
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 50)]
    limit: u32,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

/// Show what differs between two revisions of a document
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear diff schedule/payments-primary\n  allclear diff schedule/payments-primary --from 6 --to 7"
)]
pub(crate) struct Diff {
    /// KIND/NAME
    document: Reference,

    /// The number of the earlier revision; the one before the last, if absent
    #[arg(long, value_name = "N")]
    from: Option<i64>,

    /// The number of the later revision; what is in force, if absent
    #[arg(long, value_name = "M")]
    to: Option<i64>,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

/// Make a document say again what an earlier revision said
///
/// That is a new revision. Overrides, silences and acknowledgements are not touched.
#[derive(Debug, Args)]
#[command(
    name = "rollback",
    after_long_help = "Example:\n  allclear rollback schedule/payments-primary --to 6 --reason 'wrong week'"
)]
pub(crate) struct RollbackCommand {
    /// KIND/NAME
    document: Reference,

    /// The number of the revision
    #[arg(long, value_name = "N")]
    to: i64,

    /// Why, for the history
    #[arg(long)]
    reason: Option<String>,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

impl What {
    pub(crate) fn of(paths: &[PathBuf]) -> Self {
        Self { file: paths.to_vec(), prune: false }
    }

    /// The texts, once they can be read as documents; or nothing, when it was told what is wrong.
    pub(crate) fn read(&self, look: Look) -> Result<Option<Read>, Failure> {
        let texts = files::read(&self.file)?;
        let reading = acts::read_files(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        if !reading.problems.is_empty() {
            tell_found(&reading.problems, &texts, look);
            return Ok(None);
        }
        if reading.proposals.is_empty() {
            return Err(Failure::invalid("there is no document in these files"));
        }
        Ok(Some(Read { texts, order: Order { proposals: reading.proposals, prune: self.prune, ..Order::default() } }))
    }
}

/// Documents that could be read, and the texts they were read from.
pub(crate) struct Read {
    pub(crate) texts: Vec<(String, String)>,
    pub(crate) order: Order,
}

impl Read {
    pub(crate) fn set(&self) -> DocumentSet {
        let files = self.texts.iter().map(|(name, text)| File { name: name.clone(), text: text.clone() });
        let Order { prune, take, take_all, .. } = &self.order;
        DocumentSet {
            files: files.collect(),
            prune: *prune,
            take: take.iter().map(ToString::to_string).collect(),
            take_all: *take_all,
            ..DocumentSet::default()
        }
    }

    fn taking(mut self, take: &Take) -> Self {
        self.order.take.clone_from(&take.take);
        self.order.take_all = take.take_all;
        self
    }
}

pub(crate) fn plan(command: &PlanCommand) -> Outcome {
    let Some(read) = command.what.read(command.look)? else { return Ok(Exit::Trouble) };
    let read = read.taking(&command.take);
    let client = command.server.client()?;
    let days = Some(command.days).filter(|days| *days > 0);
    let Some(plan) = ask_plan(&client, &read, days, command.look)? else { return Ok(Exit::Trouble) };
    if command.look.json {
        screen::say_json(&plan);
    } else {
        tell_plan(&plan, &read.texts);
        ownership::tell_kept(&plan.kept, command.look);
        if let Some(found) = &plan.what_if {
            tell_what_if(found, command.look);
        }
        if let Some(pins) = &plan.pins {
            pins::tell_planned(pins);
        }
        tell_held(&plan.held);
    }
    let is_felt = plan.what_if.as_ref().is_some_and(WhatIf::is_felt);
    Ok(match (plan.problems.is_empty(), plan.changes.is_empty()) {
        (false, _) => Exit::Trouble,
        (true, true) => Exit::Fine,
        (true, false) if command.check && !is_felt && !plan.held.is_empty() => Exit::Denied,
        (true, false) if command.check && !is_felt => Exit::Fine,
        (true, false) => Exit::Changes,
    })
}

/// What holds it now, and who may let it through.
pub(crate) fn tell_held(reasons: &[GateReason]) {
    for one in reasons {
        screen::say_marked(Paint::Warning, "held", &format!("{} ({} may let it through)", one.message, one.may_exempt));
    }
}

/// Whom past signals would have reached, and when nobody would be.
fn tell_what_if(found: &WhatIf, look: Look) {
    screen::say("");
    if let Some(why) = &found.why_not {
        screen::say_marked(Paint::Warning, "what if", why);
    }
    if let Some(replay) = &found.replay {
        let paint = if replay.reaches_others { Paint::Warning } else { Paint::Good };
        screen::say_marked(paint, "what if", &replay.sentence);
        for one in &replay.changes {
            screen::say(format!("    {}  {} {}", look.time(one.at), one.title, one.sentence));
        }
        if replay.more > 0 {
            screen::say(format!("    and {} more", replay.more));
        }
        for one in &replay.left_out {
            screen::say(format!("    left out: {one}"));
        }
    }
    let coverage = &found.coverage;
    let paint = if coverage.lost.is_empty() { Paint::Good } else { Paint::Bad };
    screen::say_marked(paint, "coverage", &coverage.sentence);
    for (paint, sign, stretches) in
        [(Paint::Bad, "-", &coverage.lost), (Paint::Good, "+", &coverage.gained), (Paint::Warning, "!", &coverage.left)]
    {
        for one in stretches {
            let (from, to) = (look.time(one.from), look.time(one.to));
            screen::say_marked(paint, sign, &format!("{} from {from} to {to}: {}", one.document, one.why));
        }
    }
}

/// What the server says would happen; nothing, when it was told what is wrong.
fn ask_plan(client: &Client, read: &Read, days: Option<u32>, look: Look) -> Result<Option<Plan>, Failure> {
    match client.post(&["plan"], &DocumentSet { what_if: days, ..read.set() }) {
        Ok(plan) => Ok(Some(plan)),
        Err(failure) => told_or(failure, &read.texts, look).map(|()| None),
    }
}

/// Documents that the server refuses are told one by one; any other failure goes on.
pub(crate) fn told_or(failure: Failure, texts: &[(String, String)], look: Look) -> Result<(), Failure> {
    match failure {
        Failure::Answered(problem) if !problem.errors.is_empty() => {
            let told = problem.errors.iter().map(|fault| Told {
                place: fault.at.clone().unwrap_or_default(),
                message: fault.detail.clone(),
                suggestion: None,
            });
            tell_problems(&told.collect::<Vec<_>>(), texts, look);
            Ok(())
        }
        other => Err(other),
    }
}

pub(crate) fn apply(command: &Apply) -> Outcome {
    let look = command.look;
    let Some(read) = command.what.read(look)? else { return Ok(Exit::Trouble) };
    let read = read.taking(&command.take);
    if command.local.local {
        return apply_local(command, read);
    }
    let client = command.server.client()?;
    let Some(plan) = ask_plan(&client, &read, None, look)? else { return Ok(Exit::Trouble) };
    if !plan.problems.is_empty() {
        tell_problems(&plan.problems.iter().map(Told::from).collect::<Vec<_>>(), &read.texts, look);
        return Ok(Exit::Trouble);
    }
    if !look.json {
        tell_plan(&plan, &read.texts);
        ownership::tell_kept(&plan.kept, look);
        if let Some(pins) = &plan.pins {
            pins::tell_planned(pins);
        }
        tell_held(&plan.held);
    }
    if let Some(title) = &command.propose {
        return propose(&client, command, &read, &plan, title);
    }
    if plan.changes.is_empty() {
        if look.json {
            screen::say_json(&Applied { changeset: None, plan });
            return Ok(Exit::Fine);
        }
        // Nothing changes by it; but what the files say now is theirs from now on.
        let set = DocumentSet { reason: command.reason.clone(), ..read.set() };
        let done: Result<Applied, Failure> = client.post(&["apply"], &set);
        return done.map(|_| Exit::Fine);
    }
    if !plan.held.is_empty() && command.override_why.is_none() {
        screen::remark("Nothing was changed. Propose it with --propose, or let it through with --override.");
        return Ok(Exit::Denied);
    }
    if !command.yes && !agreed("Apply this?")? {
        screen::remark("Nothing was changed.");
        return Ok(Exit::Trouble);
    }
    let (reason, override_why) = (command.reason.clone(), command.override_why.clone());
    let set = DocumentSet { base: Some(plan.base), reason, override_why, ..read.set() };
    let applied: Applied = match client.post(&["apply"], &set) {
        Ok(applied) => applied,
        Err(failure) => return told_or(failure, &read.texts, look).map(|()| Exit::Trouble),
    };
    tell_applied(&applied, look);
    Ok(Exit::Fine)
}

/// Proposes them as one change.
fn propose(client: &Client, command: &Apply, read: &Read, plan: &Plan, title: &str) -> Outcome {
    if plan.changes.is_empty() {
        screen::remark("These documents say what is in force: there is nothing to propose.");
        return Ok(Exit::Fine);
    }
    if !command.yes && !agreed("Propose this?")? {
        screen::remark("Nothing was proposed.");
        return Ok(Exit::Trouble);
    }
    let why = command.reason.clone().unwrap_or_default();
    let wanted =
        NewDocumentProposal { title: title.to_owned(), why, set: read.set(), ..NewDocumentProposal::default() };
    let made: ChangeRecord = match client.post(&["changes", "documents"], &wanted) {
        Ok(made) => made,
        Err(failure) => return told_or(failure, &read.texts, command.look).map(|()| Exit::Trouble),
    };
    if command.look.json {
        screen::say_json(&made);
    } else {
        screen::say(format!("{} is {}: {}", made.id, made.state, made.title));
    }
    Ok(Exit::Fine)
}

pub(crate) fn tell_applied(applied: &Applied, look: Look) {
    if look.json {
        screen::say_json(applied);
        return;
    }
    match &applied.changeset {
        Some(changeset) => screen::say(format!("Applied as changeset {}.", changeset.number)),
        None => screen::say("Everything says already what it should."),
    }
}

fn apply_local(command: &Apply, read: Read) -> Outcome {
    let look = command.look;
    let order = Order { reason: command.reason.clone(), ..read.order }.via(Via::Apply);
    let channels = command.household.channels()?;
    let works = |address: &Address| channels.accepts(address);
    let may_post = |url: &str| channels.may_post(url);
    let applying = command.local.database.open(true)?.act(&command.household.author(), |tx, moment| {
        let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
        acts::apply(tx, moment, &order, conditions)
    })?;
    let plan = applying.plan();
    if let Applying::Refused(plan) = &applying {
        tell_found(&plan.problems, &read.texts, look);
        return Ok(Exit::Trouble);
    }
    let number = match &applying {
        Applying::Applied { changeset, .. } => Some(changeset.number),
        _ => None,
    };
    if look.json {
        let changes: Vec<String> =
            plan.differences.iter().map(|one| format!("{} {}", one.verb, one.reference)).collect();
        screen::say_json(&json!({ "changeset": number, "changes": changes }));
        return Ok(Exit::Fine);
    }
    for difference in &plan.differences {
        screen::say_marked(paint(difference.verb.word()).0, paint(difference.verb.word()).1, &difference.to_string());
    }
    for warning in &plan.warnings {
        screen::say_marked(Paint::Warning, "doubtful", &warning.to_string());
    }
    for kept in &plan.kept {
        screen::say_marked(Paint::Warning, "kept", &format!("{} as it was set by hand", kept.field));
    }
    match number {
        Some(number) => screen::say(format!("Applied as changeset {number}.")),
        None => screen::say("Everything says already what it should."),
    }
    Ok(Exit::Fine)
}

/// Asks on a terminal; elsewhere somebody has to have said --yes.
fn agreed(question: &str) -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::invalid("nobody can be asked here: add --yes to apply"));
    }
    screen::ask(&format!("{question} [y/N] "));
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Something that is wrong or doubtful.
struct Told {
    place: String,
    message: String,
    suggestion: Option<String>,
}

impl From<&web::api::prepare::documents::Finding> for Told {
    fn from(finding: &web::api::prepare::documents::Finding) -> Self {
        Self { place: finding.place.clone(), message: finding.message.clone(), suggestion: finding.suggestion.clone() }
    }
}

impl From<&Problem> for Told {
    fn from(problem: &Problem) -> Self {
        Self { place: problem.place.clone(), message: problem.message.clone(), suggestion: problem.suggestion.clone() }
    }
}

/// What is wrong with the documents that were read.
pub(crate) fn tell_found(problems: &[Problem], texts: &[(String, String)], look: Look) {
    tell_problems(&problems.iter().map(Told::from).collect::<Vec<_>>(), texts, look);
}

fn tell_problems(problems: &[Told], texts: &[(String, String)], look: Look) {
    if look.json {
        let all: Vec<_> = problems
            .iter()
            .map(|one| json!({ "place": one.place, "message": one.message, "suggestion": one.suggestion }))
            .collect();
        screen::say_json(&json!({ "problems": all }));
        return;
    }
    for problem in problems {
        tell_problem(Paint::Bad, "wrong", problem, texts);
    }
    let many = if problems.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.len()) };
    screen::remark(format!("{many}; nothing was changed."));
}

/// The problem, the line where it is, and beneath it what was probably meant.
fn tell_problem(paint: Paint, mark: &str, problem: &Told, texts: &[(String, String)]) {
    screen::say_marked(paint, mark, &format!("{}: {}", problem.place, problem.message));
    let line = problem.place.rsplit_once(':').and_then(|(file, number)| {
        let (_, text) = texts.iter().find(|(name, _)| name == file)?;
        let number: usize = number.parse().ok()?;
        Some((number, text.lines().nth(number.checked_sub(1)?)?))
    });
    let Some((number, line)) = line else {
        if let Some(near) = &problem.suggestion {
            screen::say(format!("      did you mean {near}?"));
        }
        return;
    };
    screen::say(format!("{number:>5} | {line}"));
    // The word in quotes is what is wrong, if it stands in the line.
    let quoted = problem.message.split(['"', '`']).nth(1).filter(|word| !word.is_empty());
    let (at, width) = quoted
        .and_then(|word| line.find(word).map(|at| (line[..at].chars().count(), word.chars().count())))
        .unwrap_or((line.chars().take_while(|c| c.is_whitespace()).count(), 1));
    let near = problem.suggestion.as_ref().map(|near| format!(" did you mean {near}?")).unwrap_or_default();
    screen::say(format!("      | {}{}{near}", " ".repeat(at), "^".repeat(width)));
}

/// How a change is marked.
fn paint(verb: &str) -> (Paint, &'static str) {
    match verb {
        "create" => (Paint::Good, "+"),
        "delete" => (Paint::Bad, "-"),
        _ => (Paint::Warning, "~"),
    }
}

fn tell_change(change: &Change) {
    let (paint, sign) = paint(&change.verb);
    screen::say_marked(paint, sign, &format!("{} {}", change.verb, change.document));
    for sentence in &change.sentences {
        screen::say(format!("    {sentence}"));
    }
    if change.verb == "change" {
        for field in &change.fields {
            let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".into());
            screen::say(format!("      {}: {} -> {}", field.pointer, show(&field.before), show(&field.after)));
        }
    }
}

fn tell_plan(plan: &Plan, texts: &[(String, String)]) {
    plan.changes.iter().for_each(tell_change);
    for warning in &plan.warnings {
        tell_problem(Paint::Warning, "doubtful", &Told::from(warning), texts);
    }
    for problem in &plan.problems {
        tell_problem(Paint::Bad, "wrong", &Told::from(problem), texts);
    }
    let count = |verb: &str| plan.changes.iter().filter(|change| change.verb == verb).count();
    match plan.changes.len() {
        0 if plan.problems.is_empty() => screen::say("Everything says already what it should."),
        0 => {}
        _ => screen::say(format!(
            "{} to create, {} to change, {} to delete, {} as they are.",
            count("create"),
            count("change"),
            count("delete"),
            plan.unchanged.len()
        )),
    }
}

pub(crate) fn export(command: &Export) -> Outcome {
    let client = command.server.client()?;
    let words: Vec<&str> = command.wanted.iter().map(|wanted| wanted.0.as_str()).collect();
    let query = ExportQuery { of: Some(words.join(",")).filter(|text| !text.is_empty()) };
    let text = client.text(&["export"], &query)?;
    let Some(folder) = &command.output else {
        screen::pour(&text);
        return Ok(Exit::Fine);
    };
    let reading = acts::read_files([("the export", text.as_str())]);
    if let Some(problem) = reading.problems.first() {
        return Err(Failure::invalid(format!("what the server wrote cannot be read: {problem}")));
    }
    let documents = reading.proposals.len();
    for proposal in reading.proposals {
        let reference = proposal.document.reference();
        let folder = folder.join(reference.kind.word());
        let file = folder.join(format!("{}.yaml", reference.name));
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&file, writing::to_yaml([&proposal.document])))
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    screen::remark(format!("{documents} documents are written to {}.", folder.display()));
    Ok(Exit::Fine)
}

fn revisions(client: &Client, document: &Reference, limit: u32) -> Result<Vec<Revision>, Failure> {
    let query = HistoryQuery { limit: Some(limit.clamp(1, 200)), cursor: None };
    let path = ["documents", document.kind.word(), document.name.as_str(), "history"];
    Ok(client.list(&path, &query, limit as usize)?.0)
}

pub(crate) fn history(command: &History) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    let revisions = revisions(&client, &command.document, command.limit)?;
    if look.json {
        screen::say_json(&Listing::whole(revisions));
        return Ok(Exit::Fine);
    }
    for one in &revisions {
        let reason = one.changeset.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let (author, via, time) =
            (screen::actor(&one.changeset.author), &one.changeset.via, look.time(one.changeset.at));
        screen::say(format!("revision {}  {time}  by {author} ({via}){reason}", one.revision));
        if let Some(change) = &one.change {
            tell_change(change);
        }
    }
    Ok(Exit::Fine)
}

pub(crate) fn diff(command: &Diff) -> Outcome {
    let client = command.server.client()?;
    let document = &command.document;
    let from = if let Some(from) = command.from {
        from
    } else {
        let last = revisions(&client, document, 1)?.first().map_or(1, |one| one.revision);
        command.to.unwrap_or(last) - 1
    };
    let path = ["documents", document.kind.word(), document.name.as_str(), "diff"];
    let difference: Difference = client.get(&path, &DiffQuery { from, to: command.to })?;
    if command.look.json {
        screen::say_json(&difference);
    } else if let Some(change) = &difference.change {
        tell_change(change);
    } else {
        screen::say("They say the same.");
    }
    Ok(Exit::Fine)
}

pub(crate) fn rollback(command: &RollbackCommand) -> Outcome {
    let client = command.server.client()?;
    let (kind, name): (Kind, _) = (command.document.kind, command.document.name.as_str());
    let body = Rollback { to: command.to, reason: command.reason.clone() };
    let applied: Applied = match client.post(&["documents", kind.word(), name, "rollback"], &body) {
        Ok(applied) => applied,
        Err(failure) => return told_or(failure, &[], command.look).map(|()| Exit::Trouble),
    };
    if !command.look.json {
        applied.plan.changes.iter().for_each(tell_change);
    }
    tell_applied(&applied, command.look);
    Ok(Exit::Fine)
}
