//! `allclear notice`: what the public is told on the status page, and where that is not what goes on.

use std::collections::BTreeMap;
use std::str::FromStr;

use clap::{Args, Subcommand};
use domain::words::{IncidentId, NoticeId, Refusal, Span};
use jiff::tz::TimeZone;
use serde_json::json;
use web::api::inform::notices::{AuditGaps, NewNotice, NewPost, Notice, Notices as Listed};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, when};
use crate::client::{Client, Server};
use crate::clock;

/// Notices on the status page: list, open, post, show; and what the page does not say
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  allclear notice open 'Some card payments fail' --text 'We are looking into it.' --component checkout=partial-outage"
)]
pub(crate) struct Notices {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List notices
    #[command(after_long_help = "Example:\n  allclear notice list --all")]
    List {
        /// Those that are over, too
        #[arg(long)]
        all: bool,
    },
    /// Show a notice with its posts
    #[command(after_long_help = "Example:\n  allclear notice show ntc_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the notice
        notice: NoticeId,
    },
    /// Tell the public of something
    #[command(
        after_long_help = "Examples:\n  allclear notice open 'Some card payments fail' --text 'We are looking into it.' --component checkout=partial-outage --next 30m\n  allclear notice open 'New database' --from 2026-12-06T02:00 --until 2026-12-06T04:00 --text 'Paying takes longer.' --component checkout=maintenance"
    )]
    Open {
        /// What it is, for the public
        title: String,

        /// A planned maintenance begins then: 2026-12-06T02:00 (UTC), +3h
        #[arg(long, value_name = "TIME", requires = "until")]
        from: Option<String>,

        /// And ends then
        #[arg(long, value_name = "TIME", requires = "from")]
        until: Option<String>,

        #[command(flatten)]
        said: Said,
    },
    /// Say more under a notice
    #[command(
        after_long_help = "Example:\n  allclear notice post ntc_06f1k2m9qv7x3t1a --state resolved --text 'All payments work again.' --component checkout=operational"
    )]
    Post {
        /// The id of the notice
        notice: NoticeId,

        #[command(flatten)]
        said: Said,
    },
    /// Where the page says something else than what goes on, the longest first
    #[command(after_long_help = "Example:\n  allclear notice audit")]
    Audit,
}

/// What is said.
#[derive(Debug, Args)]
struct Said {
    /// What the public reads
    #[arg(long)]
    text: String,

    /// Where it stands: investigating, identified, monitoring, resolved; of a maintenance in-progress, verifying, completed
    #[arg(long)]
    state: Option<String>,

    /// How a component is from then on: COMPONENT=operational, degraded, partial-outage, major-outage or maintenance
    #[arg(long = "component", value_name = "COMPONENT=STATUS")]
    components: Vec<Component>,

    /// When more is said at the latest
    #[arg(long, value_name = "SPAN")]
    next: Option<Span>,

    /// When it holds from, if it was earlier: 14:05 (UTC), -20m
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    /// The incident that it is about; the public does not see that
    #[arg(long)]
    incident: Option<IncidentId>,

    /// Do not write to subscribers
    #[arg(long)]
    quiet: bool,
}

/// `checkout=degraded`.
#[derive(Clone, Debug)]
struct Component(String, String);

impl FromStr for Component {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let (name, status) = text
            .split_once('=')
            .ok_or_else(|| Refusal::invalid("write COMPONENT=STATUS, for example checkout=degraded"))?;
        Ok(Self(name.to_owned(), status.to_owned()))
    }
}

impl Said {
    fn post(&self) -> Result<NewPost, Failure> {
        let now = clock::clock()();
        let components = self.components.iter().map(|Component(name, status)| (name.clone(), status.clone()));
        Ok(NewPost {
            state: self.state.clone(),
            text: self.text.clone(),
            components: components.collect::<BTreeMap<_, _>>(),
            next_update_by: self.next.map(|span| span.after(now)),
            at: self.at.as_ref().map(|text| when::read(text, &TimeZone::UTC, now)).transpose()?,
            incident: self.incident.map(|id| id.to_string()),
            quiet: self.quiet,
        })
    }
}

pub(crate) fn run(command: &Notices) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    match &command.command {
        Command::List { all } => list(&client, *all, look)?,
        Command::Show { notice } => show(&client.get(&["notices", &notice.to_string()], &json!({}))?, look),
        Command::Open { title, from, until, said } => {
            let now = clock::clock()();
            let time =
                |text: &Option<String>| text.as_ref().map(|text| when::read(text, &TimeZone::UTC, now)).transpose();
            let (scheduled_for, scheduled_until) = (time(from)?, time(until)?);
            let NewPost { state, text, components, next_update_by, at, incident, quiet } = said.post()?;
            let kind = scheduled_for.map(|_| "maintenance".to_owned());
            let title = title.clone();
            let notice = NewNotice {
                title,
                kind,
                scheduled_for,
                scheduled_until,
                incident,
                state,
                text,
                components,
                next_update_by,
                at,
                quiet,
            };
            show(&client.post(&["notices"], &notice)?, look);
        }
        Command::Post { notice, said } => {
            show(&client.post(&["notices", &notice.to_string(), "posts"], &said.post()?)?, look);
        }
        Command::Audit => audit(&client, look)?,
    }
    Ok(Exit::Fine)
}

fn list(client: &Client, all: bool, look: Look) -> Result<(), Failure> {
    let listed: Listed = client.get(&["notices"], &json!({ "state": if all { "all" } else { "open" } }))?;
    if look.json {
        screen::say_json(&listed);
        return Ok(());
    }
    let row = |one: &Notice| [one.id.clone(), one.state.clone(), look.time(one.changed_at), one.title.clone()];
    let rows: Vec<[String; 4]> = listed.items.iter().map(row).collect();
    screen::say_table(["NOTICE", "STATE", "CHANGED", "TITLE"], &rows, "The public is told of nothing.");
    Ok(())
}

fn show(notice: &Notice, look: Look) {
    if look.json {
        screen::say_json(notice);
        return;
    }
    let components: Vec<String> = notice.components.iter().map(|(name, status)| format!("{name} {status}")).collect();
    let mut facts = vec![
        ("Notice", notice.id.clone()),
        ("Title", notice.title.clone()),
        ("State", notice.state.clone()),
        ("Public", notice.path.clone()),
    ];
    if !components.is_empty() {
        facts.push(("Components", components.join(", ")));
    }
    screen::say_facts(&facts);
    screen::say("");
    let said = |post: &web::api::inform::notices::Post| {
        [look.time(post.at), post.state.clone().unwrap_or_default(), screen::actor(&post.by), post.text.clone()]
    };
    let rows: Vec<[String; 4]> = notice.posts.iter().map(said).collect();
    screen::say_table(["WHEN", "STATE", "BY", "WHAT"], &rows, "Nothing was said.");
}

fn audit(client: &Client, look: Look) -> Result<(), Failure> {
    let gaps: AuditGaps = client.get(&["status-audit"], &json!({}))?;
    if look.json {
        screen::say_json(&gaps);
        return Ok(());
    }
    let rows: Vec<[String; 4]> = gaps
        .items
        .iter()
        .map(|gap| {
            let about = gap.component.clone().or_else(|| gap.notice.clone()).unwrap_or_default();
            let inside = gap.title.clone().or_else(|| gap.incident.clone()).unwrap_or_default();
            [gap.kind.clone(), look.time(gap.since), about, inside]
        })
        .collect();
    screen::say_table(["GAP", "SINCE", "PAGE", "INSIDE"], &rows, "The page says what goes on.");
    Ok(())
}
