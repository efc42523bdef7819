//! `allclear doctor`: looks at everything that usually goes wrong, and says what to do about it.
//!
//! Holds no rule of its own: what is wrong with documents, coverage, contacts and channels is what the server says.

use clap::Args;
use domain::words::{Span, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use web::api::Listing;
use web::api::detect::heartbeats::Heartbeat;
use web::api::engage::schedules::{AtQuery, OnCall};
use web::api::prepare::access::Me;
use web::api::prepare::checks::{Check, Verdict};

use super::local::{EvidenceFolder, Local};
use super::screen::{self, Look, Paint};
use super::{Exit, Failure, Outcome, integrations, journal};
use crate::client::{Client, Server};
use crate::clock;

/// Clocks that are further apart make a muddle of logs, links and proofs.
const SKEW_MOST: Span = Span::seconds(5);
/// So far back failures are counted, and so many entries are looked at.
const LOOK_BACK: Span = Span::hours(24);
const ENTRIES_MOST: usize = 5000;

/// Look at everything that usually goes wrong, and say what to do about it
///
/// Exit code 1 if something fails; warnings do not count. With --local it also looks the database over.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  allclear doctor\n  allclear doctor --local --data /var/lib/allclear")]
pub(crate) struct Doctor {
    #[command(flatten)]
    local: Local,

    #[command(flatten)]
    evidence: EvidenceFolder,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

/// What `/health` answers.
#[derive(Debug, Default, Deserialize)]
struct Health {
    #[serde(default)]
    why: Option<String>,
    #[serde(default)]
    version: String,
    /// Whether a mail server is set up.
    #[serde(default)]
    mail: Option<bool>,
}

/// What was found, line by line.
struct Findings(Vec<Check>);

impl Findings {
    fn ok(&mut self, what: &str, says: impl Into<String>) {
        self.0.push(Check { what: what.into(), verdict: Verdict::Ok, says: says.into(), remedy: None });
    }

    fn warn(&mut self, what: &str, says: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Check {
            what: what.into(),
            verdict: Verdict::Warn,
            says: says.into(),
            remedy: Some(remedy.into()),
        });
    }

    fn fail(&mut self, what: &str, says: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Check {
            what: what.into(),
            verdict: Verdict::Fail,
            says: says.into(),
            remedy: Some(remedy.into()),
        });
    }

    /// What could not be asked.
    fn unknown(&mut self, what: &str, failure: &Failure) {
        self.warn(what, format!("could not be looked at: {}", failure.sentence()), "use a token that may read this");
    }
}

pub(crate) fn run(command: &Doctor) -> Outcome {
    let mut findings = Findings(Vec::new());
    let client = command.server.client()?;
    let reached = server(&client, &mut findings);
    if reached && signed_in(&client, &mut findings) {
        checks(&client, &mut findings);
        on_call(&client, &mut findings);
        deliveries(&client, &mut findings);
        sources(&client, &mut findings);
    }
    if command.local.local {
        database(command, &mut findings);
    }
    tell(&findings.0, command.look);
    if !reached && !command.local.local {
        return Err(Failure::Unreachable("nothing else could be looked at".into()));
    }
    let failed = findings.0.iter().any(|one| one.verdict == Verdict::Fail);
    Ok(if failed { Exit::Trouble } else { Exit::Fine })
}

fn tell(findings: &[Check], look: Look) {
    if look.json {
        let worst = if findings.iter().any(|one| one.verdict == Verdict::Fail) {
            Verdict::Fail
        } else if findings.iter().any(|one| one.verdict == Verdict::Warn) {
            Verdict::Warn
        } else {
            Verdict::Ok
        };
        screen::say_json(&json!({ "verdict": worst, "findings": findings }));
        return;
    }
    for finding in findings {
        let (paint, mark) = match finding.verdict {
            Verdict::Ok => (Paint::Good, "ok  "),
            Verdict::Warn => (Paint::Warning, "warn"),
            Verdict::Fail => (Paint::Bad, "FAIL"),
        };
        screen::say_marked(paint, mark, &format!("{:<12} {}", finding.what, finding.says));
        if let Some(remedy) = &finding.remedy {
            screen::say(format!("     {:<12} -> {remedy}", ""));
        }
    }
}

/// Whether it is reached, its health, its version and its clock.
fn server(client: &Client, findings: &mut Findings) -> bool {
    let before = clock::clock()();
    let answer = match client.ask(&Method::GET, &["health"], &(), None) {
        Ok(answer) => answer,
        Err(failure) => {
            let remedy = "is it running? is the address right (--url, ALLCLEAR_URL)?";
            findings.fail("server", failure.sentence(), remedy);
            return false;
        }
    };
    let after = clock::clock()();
    let Ok(health) = serde_json::from_slice::<Health>(&answer.body) else {
        let says = format!("{} answers {} but is no Allclear", client.shown(), answer.status);
        findings.fail("server", says, "is the address right (--url, ALLCLEAR_URL)?");
        return false;
    };
    match (answer.status.is_success(), health.why) {
        (true, _) => findings.ok("server", format!("{} does its work", client.shown())),
        (false, why) => {
            let why = why.unwrap_or_else(|| answer.status.to_string());
            findings.fail("server", why, "look at the log of the server, and at the disk and the database behind it");
        }
    }
    let own = env!("CARGO_PKG_VERSION");
    if health.version == own {
        findings.ok("version", format!("{own} here and there"));
    } else {
        let says = format!("the server is {}, this is {own}", health.version);
        findings.warn("version", says, "use the same version on both sides");
    }
    // Whether one that is set up is reached is what the server looks at itself, below.
    if health.mail == Some(false) {
        findings.warn("mail", "no mail server is set up", "start the server with --smtp (docs/install.md)");
    }
    match answer.date {
        // The server tells whole seconds, and the answer was on its way for a while.
        Some(date) => clock_skew(date, before, after, findings),
        None => findings.warn("clock", "the server does not tell the time", "does a proxy take the header Date away?"),
    }
    true
}

fn clock_skew(date: Timestamp, before: Timestamp, after: Timestamp, findings: &mut Findings) {
    let ahead = Span::between(after, date);
    let behind = Span::between(Span::seconds(1).after(date), before);
    if ahead > SKEW_MOST || behind > SKEW_MOST {
        let (span, word) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
        let says = format!("the server is {} {word} this machine", screen::roughly(span));
        findings.fail("clock", says, "let both machines keep time by NTP");
    } else {
        findings.ok("clock", "the server and this machine agree");
    }
}

fn signed_in(client: &Client, findings: &mut Findings) -> bool {
    match client.get::<Me>(&["me"], &()) {
        Ok(me) => {
            let scopes = if me.scopes.is_empty() { String::new() } else { format!(", only {}", me.scopes.join(", ")) };
            findings.ok("token", format!("of {}, {}{scopes}", me.name, me.access));
            true
        }
        Err(failure) => {
            findings.fail("token", failure.sentence(), "allclear token create makes one; set it as ALLCLEAR_TOKEN");
            false
        }
    }
}

/// What only the server can look at: its channels, its documents, the clocks of its nodes.
fn checks(client: &Client, findings: &mut Findings) {
    match client.get::<Listing<Check>>(&["checks"], &()) {
        Ok(all) => {
            // That no mail server is set up was said already.
            let said = findings.0.iter().any(|one| one.what == "mail");
            findings.0.extend(all.items.into_iter().filter(|one| one.what != "mail" || !said));
        }
        Err(failure) => findings.unknown("checks", &failure),
    }
}

fn on_call(client: &Client, findings: &mut Findings) {
    let all: Listing<OnCall> = match client.get(&["on-call"], &AtQuery::default()) {
        Ok(all) => all,
        Err(failure) => return findings.unknown("on call", &failure),
    };
    if all.items.is_empty() {
        let remedy = "write a schedule, and name it in an escalation policy (docs/on-call.md)";
        return findings.warn("on call", "there is no schedule", remedy);
    }
    let empty: Vec<&OnCall> = all.items.iter().filter(|one| one.person.is_none()).collect();
    for one in &empty {
        let says = format!("nobody on {} now: {}", one.schedule, one.reason);
        let remedy = format!("allclear override add {} --person NAME --for 8h", one.schedule);
        findings.warn("on call", says, remedy);
    }
    if empty.is_empty() {
        findings.ok("on call", format!("somebody on each of {} schedules now", all.items.len()));
    }
}

/// Messages that reached nobody in the last day, by channel.
fn deliveries(client: &Client, findings: &mut Findings) {
    let after = LOOK_BACK.before(clock::clock()());
    let entries = match journal::newest(client, None, Some(after), ENTRIES_MOST) {
        Ok(entries) => entries,
        Err(failure) => return findings.unknown("deliveries", &failure),
    };
    let mut failed = std::collections::BTreeMap::<String, (usize, String)>::new();
    for entry in entries.iter().filter(|entry| entry.kind == "delivery.failed") {
        let word = |name: &str| entry.data[name].as_str().map(str::to_owned);
        let channel = word("channel").unwrap_or_else(|| "a channel".into());
        let why = entry.why.clone().or_else(|| word("why")).or_else(|| word("detail")).unwrap_or_default();
        failed.entry(channel).or_insert((0, why)).0 += 1;
    }
    for (channel, (count, why)) in &failed {
        let why = if why.is_empty() { String::new() } else { format!(", the last: {why}") };
        let says = format!("{count} by {channel} failed in the last day{why}");
        findings.fail("deliveries", says, "allclear page list --all, then allclear page show PAGE tells each attempt");
    }
    if failed.is_empty() {
        findings.ok("deliveries", "none failed in the last day");
    }
}

fn sources(client: &Client, findings: &mut Findings) {
    match integrations::known(client) {
        Ok(known) => {
            // Heartbeats are told of on their own.
            let silent: Vec<_> =
                known.iter().filter(|one| one.heard_at.is_none() && one.source != "heartbeat").collect();
            if known.is_empty() {
                findings.warn("sources", "there is no integration", "write one (docs/connect-anything.md)");
            } else if silent.is_empty() {
                findings.ok("sources", format!("each of {} was heard of", known.len()));
            }
            for one in silent {
                if one.tokens == 0 {
                    let remedy = format!("allclear integration token {}, and tell it to the source", one.name);
                    findings.warn("sources", format!("{} has no token, so nothing can send by it", one.name), remedy);
                } else {
                    let remedy = "look at the source: its URL, its token, its log; or delete the document";
                    findings.warn("sources", format!("{} was never heard of", one.name), remedy);
                }
            }
        }
        Err(failure) => findings.unknown("sources", &failure),
    }
    match client.get::<Listing<Heartbeat>>(&["heartbeats"], &()) {
        Ok(all) => {
            for missed in all.items.iter().filter(|one| one.missed_at.is_some()) {
                let since = missed.missed_at.map(screen::exactly).unwrap_or_default();
                let says = format!("{} does not call in since {since}", missed.integration);
                findings.warn("heartbeats", says, "look at what should call");
            }
            for waiting in all.items.iter().filter(|one| one.state == "waiting") {
                let says =
                    format!("{} never called in: until it does, nobody is told that it is late", waiting.integration);
                let remedy = format!(
                    "call it once: curl -X POST -H 'Authorization: Bearer TOKEN' {}/in/{}/heartbeat",
                    client.shown(),
                    waiting.integration
                );
                findings.warn("heartbeats", says, remedy);
            }
            if !all.items.is_empty() && all.items.iter().all(|one| one.state == "beating") {
                findings.ok("heartbeats", format!("each of {} calls in", all.items.len()));
            }
        }
        Err(failure) => findings.unknown("heartbeats", &failure),
    }
}

fn database(command: &Doctor, findings: &mut Findings) {
    let place = command.local.database.place();
    match store::keeping::check(&place) {
        Ok(report) if report.problems.is_empty() => {
            findings.ok("database", format!("{place} is sound"));
            evidence(command, &place, findings);
        }
        Ok(report) => {
            for problem in report.problems {
                let remedy = "stop the server, keep the files, and allclear restore the last backup that is sound";
                findings.fail("database", problem, remedy);
            }
        }
        Err(halt) => findings.fail("database", halt.to_string(), "name the right one with --data or --database"),
    }
}

/// Whether the files of evidence are what was collected.
fn evidence(command: &Doctor, place: &store::Place, findings: &mut Findings) {
    let blobs = command.evidence.blobs(&command.local.database);
    let looked = store::Store::open_to_read(place).map_err(store::Halt::from).and_then(|store| {
        let kept = store.read(|tx| Ok(store::respond::evidence::kept(tx)?))?.len();
        Ok((kept, blobs.flaws(&store)?))
    });
    match looked {
        Ok((0, _)) => {}
        Ok((kept, flaws)) if flaws.is_empty() => findings.ok("evidence", format!("each of {kept} files has its hash")),
        Ok((_, flaws)) => {
            for flaw in flaws {
                let remedy =
                    "put the file of this name back from a copy of the directory; the incident says whose it is";
                findings.fail("evidence", flaw, remedy);
            }
        }
        Err(halt) => findings.fail("evidence", halt.to_string(), "name the right directory with --evidence"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_apart_are_told() {
        let at = |seconds: i64| Timestamp::from_second(1_790_000_000 + seconds).unwrap();
        for (date, verdict, says) in [
            (0, Verdict::Ok, "the server and this machine agree"),
            (-5, Verdict::Ok, "the server and this machine agree"),
            (60, Verdict::Fail, "the server is 59s ahead of this machine"),
            (-61, Verdict::Fail, "the server is 1m behind this machine"),
        ] {
            let mut findings = Findings(Vec::new());
            clock_skew(at(date), at(0), at(1), &mut findings);
            assert_eq!((findings.0[0].verdict, findings.0[0].says.as_str()), (verdict, says));
        }
    }
}
