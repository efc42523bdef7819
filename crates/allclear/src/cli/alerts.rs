//! `allclear alert`: what is wrong, why it paged, and what people do about it.

use clap::{Args, Subcommand};
use domain::words::labels::Compare;
use domain::words::{AlertId, Matcher, Span};
use web::api::Listing;
use web::api::detect::alerts::{Alert, AlertDetail, AlertIds, AlertQuery, Changed, Noise, Snooze};
use web::api::detect::silences::{NewSilence, Silence};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, pages};
use crate::client::{Client, Server};

/// Alerts: list, look at one, acknowledge, snooze, resolve, silence
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear alert list --severity critical\n  allclear alert ack alr_06f1k2m9qv7x3t1a"
)]
pub(crate) struct Alerts {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    /// Show one alert: its labels, why it paged or why not, its pages and its history
    #[command(after_long_help = "Example:\n  allclear alert show alr_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the alert
        alert: AlertId,
    },
    /// Acknowledge: I have it
    ///
    /// Stops the pages of these alerts.
    #[command(visible_alias = "acknowledge", after_long_help = "Example:\n  allclear alert ack alr_06f1k2m9qv7x3t1a")]
    Ack(Some_),
    /// Take an acknowledgement or a snooze back; it may page again
    #[command(after_long_help = "Example:\n  allclear alert unack alr_06f1k2m9qv7x3t1a")]
    Unack(Some_),
    /// Acknowledge for a while; then it pages again if it still fires
    #[command(after_long_help = "Example:\n  allclear alert snooze alr_06f1k2m9qv7x3t1a --for 4h")]
    Snooze {
        #[command(flatten)]
        some: Some_,

        /// For how long; a week at most
        #[arg(long = "for", value_name = "SPAN")]
        span: Span,
    },
    /// Resolve: it is over
    #[command(after_long_help = "Example:\n  allclear alert resolve alr_06f1k2m9qv7x3t1a")]
    Resolve(Some_),
    /// Silence what an alert is about: its labels, or those named with --label
    #[command(
        after_long_help = "Example:\n  allclear alert silence alr_06f1k2m9qv7x3t1a --label service --for 2h --comment 'new disks'"
    )]
    Silence {
        /// The id of the alert
        alert: AlertId,

        /// For how long
        #[arg(long = "for", value_name = "SPAN", default_value = "2h")]
        span: Span,

        /// Only this label has to match (repeat it); all labels, if absent
        #[arg(long, value_name = "NAME")]
        label: Vec<String>,

        /// Why, so that others know
        #[arg(long)]
        comment: String,
    },
    /// Mark alerts that should not have paged, for whoever tunes the source
    #[command(
        after_long_help = "Example:\n  allclear alert noise alr_06f1k2m9qv7x3t1a --reason 'fires at every deploy'"
    )]
    Noise {
        #[command(flatten)]
        some: Some_,

        /// What is wrong with it
        #[arg(long)]
        reason: String,
    },
}

/// List alerts, the newest first
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear alert list\n  allclear alert list --state firing,acknowledged --match 'service=~\"pay.*\"'\n  allclear alert list --state resolved --limit 20 --json"
)]
struct List {
    /// firing, acknowledged, snoozed, silenced, inhibited, resolved; open (all but resolved) or all
    #[arg(long, default_value = "open")]
    state: String,

    /// Labels: severity="critical" (repeat it; all must match)
    #[arg(long = "match", short, value_name = "MATCHER")]
    matchers: Vec<Matcher>,

    /// info, warning, unknown, error or critical
    #[arg(long)]
    severity: Option<String>,

    /// Only of this service
    #[arg(long)]
    service: Option<String>,

    /// Only of this integration
    #[arg(long)]
    integration: Option<String>,

    /// How many at most
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 50)]
    limit: u32,
}

/// Some alerts.
#[derive(Debug, Args)]
struct Some_ {
    /// The ids of the alerts
    #[arg(required = true, value_name = "ALERT")]
    alerts: Vec<AlertId>,
}

pub(crate) fn run(command: &Alerts) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    let ids = |some: &Some_| AlertIds { alerts: some.alerts.clone() };
    match &command.command {
        Command::List(what) => list(&client, what, look),
        Command::Show { alert } => show(&client, *alert, look),
        Command::Ack(some) => tell_changed(client.post(&["alerts", "acknowledge"], &ids(some)), "acknowledged", look),
        Command::Unack(some) => tell_changed(client.post(&["alerts", "unacknowledge"], &ids(some)), "open again", look),
        Command::Resolve(some) => tell_changed(client.post(&["alerts", "resolve"], &ids(some)), "resolved", look),
        Command::Snooze { some, span } => {
            let body = Snooze { alerts: some.alerts.clone(), until: None, span: Some(*span) };
            tell_changed(client.post(&["alerts", "snooze"], &body), &format!("snoozed for {span}"), look)
        }
        Command::Noise { some, reason } => {
            let body = Noise { alerts: some.alerts.clone(), reason: reason.clone() };
            tell_changed(client.post(&["alerts", "noise"], &body), "marked as noise", look)
        }
        Command::Silence { alert, span, label, comment } => silence(&client, *alert, *span, label, comment, look),
    }
}

fn list(client: &Client, what: &List, look: Look) -> Outcome {
    let matchers: Vec<String> = what.matchers.iter().map(ToString::to_string).collect();
    let query = AlertQuery {
        state: Some(what.state.clone()),
        matcher: Some(matchers.join(",")).filter(|text| !text.is_empty()),
        integration: what.integration.clone(),
        service: what.service.clone(),
        severity: what.severity.clone(),
        limit: Some(what.limit.clamp(1, 500)),
        cursor: None,
    };
    let (alerts, more) = client.list::<Alert>(&["alerts"], &query, what.limit as usize)?;
    if look.json {
        screen::say_json(&Listing::whole(alerts));
        return Ok(Exit::Fine);
    }
    let rows: Vec<[String; 6]> = alerts
        .iter()
        .map(|alert| {
            let service = alert.service.clone().unwrap_or_else(|| "-".into());
            let state = match &alert.taken_by {
                Some(by) if alert.resolved_at.is_none() => format!("{} by {by}", alert.state),
                _ => alert.state.clone(),
            };
            [alert.id.clone(), alert.severity.clone(), state, service, alert.summary.clone(), look.time(alert.fired_at)]
        })
        .collect();
    screen::say_table(["ALERT", "SEVERITY", "STATE", "SERVICE", "SUMMARY", "FIRED"], &rows, "No alerts.");
    if more {
        screen::remark(format!("There are more; --limit shows more than {}.", alerts.len()));
    }
    Ok(Exit::Fine)
}

fn show(client: &Client, id: AlertId, look: Look) -> Outcome {
    let detail: AlertDetail = client.get(&["alerts", &id.to_string()], &())?;
    if look.json {
        screen::say_json(&detail);
        return Ok(Exit::Fine);
    }
    let alert = &detail.alert;
    screen::say(&alert.summary);
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let labels: Vec<String> = alert.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    screen::say_facts(&[
        ("alert", alert.id.clone()),
        ("state", alert.state.clone()),
        ("severity", alert.severity.clone()),
        ("urgency", some(&alert.urgency)),
        ("service", some(&alert.service)),
        ("integration", alert.integration.clone()),
        ("route", some(&alert.route)),
        ("group", alert.group.clone()),
        ("labels", labels.join(", ")),
        ("link", some(&alert.link)),
        ("fired", look.time(alert.fired_at)),
        ("last heard", format!("{}, {} in all", look.time(alert.heard_at), alert.count)),
        (
            "taken by",
            alert.taken_by.as_ref().map(|by| format!("{by} {}", look.time_or(alert.taken_at, ""))).unwrap_or_default(),
        ),
        ("snoozed until", look.time_or(alert.snoozed_until, "")),
        ("muted by", some(&alert.muted_by)),
        ("resolved", look.time_or(alert.resolved_at, "")),
        ("noise", some(&alert.noise)),
    ]);
    screen::say(format!("\nWhy: {}", detail.why.sentence));
    for tried in &detail.why.routes {
        let missed = tried.missed.as_ref().map(|missed| format!(": {missed}")).unwrap_or_default();
        screen::say(format!("  {} {}{missed}", if tried.matched { "matched" } else { "passed " }, tried.route));
    }
    for page in &detail.pages {
        screen::say("");
        pages::tell(page, look);
    }
    if !detail.history.is_empty() {
        screen::say("\nHistory:");
        for entry in detail.history.iter().rev() {
            super::journal::tell(entry, look);
        }
    }
    Ok(Exit::Fine)
}

fn tell_changed(changed: Result<Changed, Failure>, what: &str, look: Look) -> Outcome {
    let changed = changed?;
    if look.json {
        screen::say_json(&changed);
    } else {
        match changed.changed {
            0 => screen::say(format!("None had to be changed: they are {what} already.")),
            1 => screen::say(format!("1 alert is {what}.")),
            many => screen::say(format!("{many} alerts are {what}.")),
        }
    }
    Ok(Exit::Fine)
}

fn silence(client: &Client, id: AlertId, span: Span, names: &[String], comment: &str, look: Look) -> Outcome {
    let detail: AlertDetail = client.get(&["alerts", &id.to_string()], &())?;
    let labels = detail.alert.labels;
    if let Some(missing) = names.iter().find(|name| !labels.contains_key(*name)) {
        let near = domain::words::text::did_you_mean(missing, labels.keys().map(String::as_str));
        return Err(Failure::invalid(format!("the alert has no label {missing:?}{near}")));
    }
    let wanted = labels.iter().filter(|(name, _)| names.is_empty() || names.contains(name));
    let matchers = wanted.map(|(name, value)| Matcher::new(name, Compare::Equal, value)).collect::<Result<_, _>>()?;
    let body = NewSilence { matchers, starts_at: None, ends_at: None, span: Some(span), comment: comment.to_owned() };
    let made: Silence = client.post(&["silences"], &body)?;
    super::silences::tell_made(&made, look);
    Ok(Exit::Fine)
}
