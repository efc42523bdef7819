//! `allclear page`: running escalations, with every message of them; and a test to yourself.

use clap::{Args, Subcommand};
use domain::words::{Name, PageId};
use web::api::Listing;
use web::api::engage::pages::{Page, PageDetail, PageQuery, TestPage};

use super::screen::{self, Look};
use super::{Exit, Outcome};
use crate::client::Server;

/// Pages: list, look at one, acknowledge, escalate, test
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  allclear page list\n  allclear page test")]
pub(crate) struct Pages {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List pages, the newest first
    #[command(after_long_help = "Example:\n  allclear page list --all --limit 10")]
    List {
        /// Also those that have ended
        #[arg(long)]
        all: bool,

        /// How many at most
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 50)]
        limit: u32,
    },
    /// Show one page with every message and every attempt to send it
    #[command(after_long_help = "Example:\n  allclear page show pag_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the page
        page: PageId,
    },
    /// Acknowledge: I have it
    #[command(visible_alias = "acknowledge", after_long_help = "Example:\n  allclear page ack pag_06f1k2m9qv7x3t1a")]
    Ack {
        /// The id of the page
        page: PageId,
    },
    /// Go on to the next step at once
    #[command(after_long_help = "Example:\n  allclear page escalate pag_06f1k2m9qv7x3t1a")]
    Escalate {
        /// The id of the page
        page: PageId,
    },
    /// Send a test page to yourself, by every step of your ladder
    #[command(after_long_help = "Example:\n  allclear page test")]
    Test {
        /// To somebody else; for administrators
        #[arg(long)]
        person: Option<Name>,
    },
}

pub(crate) fn run(command: &Pages) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    let show = |page: &Page, done: &str| {
        if look.json {
            screen::say_json(page);
        } else {
            screen::say(format!("{} is {done}: {}", page.id, page.title));
        }
    };
    match &command.command {
        Command::List { all, limit } => {
            let state = Some(if *all { "all" } else { "open" }.to_owned());
            let query = PageQuery { state, limit: Some((*limit).clamp(1, 500)), cursor: None };
            let (pages, more) = client.list::<Page>(&["pages"], &query, *limit as usize)?;
            if look.json {
                screen::say_json(&Listing::whole(pages));
                return Ok(Exit::Fine);
            }
            let rows: Vec<[String; 6]> = pages.iter().map(|page| row(page, look)).collect();
            screen::say_table(["PAGE", "STATE", "URGENCY", "SERVICE", "TITLE", "STARTED"], &rows, "No pages.");
            if more {
                screen::remark(format!("There are more; --limit shows more than {}.", pages.len()));
            }
        }
        Command::Show { page } => {
            let detail: PageDetail = client.get(&["pages", &page.to_string()], &())?;
            if look.json {
                screen::say_json(&detail);
            } else {
                tell(&detail, look);
            }
        }
        Command::Ack { page } => {
            show(&client.post(&["pages", &page.to_string(), "acknowledge"], &())?, "acknowledged");
        }
        Command::Escalate { page } => {
            show(&client.post(&["pages", &page.to_string(), "escalate"], &())?, "escalated");
        }
        Command::Test { person } => {
            let page: Page = client.post(&["pages", "test"], &TestPage { person: person.clone() })?;
            show(&page, "on its way");
            if !look.json {
                screen::remark(format!("What becomes of it: allclear page show {}", page.id));
            }
        }
    }
    Ok(Exit::Fine)
}

fn row(page: &Page, look: Look) -> [String; 6] {
    let state = match (&page.acknowledged_by, &page.ended, page.step) {
        (Some(by), None, _) => format!("{} by {by}", page.state),
        (_, Some(why), _) => format!("{}, {why}", page.state),
        (_, None, Some(step)) => format!("{}, step {step}", page.state),
        _ => page.state.clone(),
    };
    let service = page.service.clone().unwrap_or_else(|| "-".into());
    [page.id.clone(), state, page.urgency.clone(), service, page.title.clone(), look.time(page.started_at)]
}

/// A page and its messages.
pub(crate) fn tell(detail: &PageDetail, look: Look) {
    let page = &detail.page;
    screen::say(format!("Page {}: {}", page.id, page.title));
    let [_, state, urgency, _, _, started] = row(page, look);
    screen::say_facts(&[
        ("  state", state),
        ("  urgency", urgency),
        ("  because", page.because.clone()),
        ("  policy", page.escalation_policy.clone().unwrap_or_default()),
        ("  started", started),
        ("  goes on", look.time_or(page.due_at, "")),
    ]);
    for one in &detail.deliveries {
        let whom = one.person.as_deref().unwrap_or("webhook");
        let seen = one.seen_at.map(|at| format!(", seen {}", look.time(at))).unwrap_or_default();
        let when = look.time(one.settled_at.unwrap_or(one.due_at));
        screen::say(format!(
            "  step {}: {whom} by {} ({}): {} {when}{seen}",
            one.step, one.channel, one.address, one.state
        ));
        for attempt in one.attempts.iter().filter(|attempt| attempt.outcome != "sent") {
            let why = attempt.detail.as_deref().unwrap_or("no reason given");
            screen::say(format!("    attempt {}, {}: {why}", attempt.number, attempt.outcome));
        }
    }
}
