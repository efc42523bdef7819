//! `allclear oncall` and `allclear override`: who is on call, when and why; and who stands in.

use clap::{Args, Subcommand};
use domain::words::{Name, OverrideId, Span, Timestamp};
use jiff::tz::TimeZone;
use serde_json::json;
use web::api::Listing;
use web::api::engage::overrides::{NewOverride, Override};
use web::api::engage::schedules::{AtQuery, OnCall, RangeQuery, Schedule};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, when};
use crate::client::{Client, Server};
use crate::clock;

/// Who is on call: now, on a schedule, or at another time
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear oncall\n  allclear oncall who payments-primary\n  allclear oncall at 2026-12-24T18:00 payments-primary"
)]
#[command(args_conflicts_with_subcommands = false)]
pub(crate) struct Who {
    #[command(subcommand)]
    command: Option<WhoCommand>,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum WhoCommand {
    /// Who is on call now on one schedule, and why
    #[command(after_long_help = "Example:\n  allclear oncall who payments-primary")]
    Who {
        /// The name of the schedule
        schedule: Name,
    },
    /// Who is on call at another time, and why
    #[command(
        after_long_help = "Examples:\n  allclear oncall at 2026-12-24T18:00 payments-primary\n  allclear oncall at +12h"
    )]
    At {
        /// 2026-12-24T18:00 (in the zone of the schedule; in UTC without one), 2026-12-24T18:00+01:00, 18:00, +3h
        time: String,
        /// The name of the schedule; all, if absent
        schedule: Option<Name>,
    },
}

/// Overrides: somebody stands in on a schedule
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  allclear override add payments-primary --person chen --from 18:00 --for 4h --reason 'concert'"
)]
pub(crate) struct Overrides {
    #[command(subcommand)]
    command: OverrideCommand,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum OverrideCommand {
    /// List the overrides of a schedule, of the next two weeks
    #[command(after_long_help = "Example:\n  allclear override list payments-primary")]
    List {
        /// The name of the schedule; all, if absent
        schedule: Option<Name>,
    },
    /// Put somebody in the place of whoever is on call
    #[command(
        after_long_help = "Examples:\n  allclear override add payments-primary --person chen --from 18:00 --for 4h --reason 'concert'\n  allclear override add payments-primary --person chen --from 2026-12-24T18:00 --to 2026-12-25T09:00"
    )]
    Add {
        /// The name of the schedule
        schedule: Name,

        /// Who stands in
        #[arg(long, required_unless_present = "nobody")]
        person: Option<Name>,

        /// Nobody is on call meanwhile, deliberately
        #[arg(long, conflicts_with = "person")]
        nobody: bool,

        /// When it begins, in the zone of the schedule: 2026-12-24T18:00, 18:00, +3h; now, if absent
        #[arg(long, value_name = "TIME", default_value = "now")]
        from: String,

        /// When it ends
        #[arg(long, value_name = "TIME", required_unless_present = "span")]
        to: Option<String>,

        /// For how long, instead of --to
        #[arg(long = "for", value_name = "SPAN", conflicts_with = "to")]
        span: Option<Span>,

        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take an override away
    #[command(after_long_help = "Example:\n  allclear override remove ovr_06f1k2m9qv7x3t1a")]
    Remove {
        /// The id of the override
        r#override: OverrideId,
    },
}

pub(crate) fn who(command: &Who) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    let on = |name: &Name, at| client.get::<OnCall>(&["schedules", name.as_str(), "on-call"], &AtQuery { at });
    match &command.command {
        None => tell_all(&client.get(&["on-call"], &AtQuery::default())?, Told::Now(look)),
        Some(WhoCommand::Who { schedule }) => tell_one(&on(schedule, None)?, Told::Now(look)),
        Some(WhoCommand::At { time, schedule: Some(schedule) }) => {
            let zone = zone_of(&client, schedule)?;
            let at = when::read(time, &zone, clock::clock()())?;
            tell_one(&on(schedule, Some(at))?, Told::At(look));
        }
        Some(WhoCommand::At { time, schedule: None }) => {
            let at = Some(when::read(time, &TimeZone::UTC, clock::clock()())?);
            tell_all(&client.get(&["on-call"], &AtQuery { at })?, Told::At(look));
        }
    }
    Ok(Exit::Fine)
}

fn zone_of(client: &Client, schedule: &Name) -> Result<TimeZone, Failure> {
    let (schedules, _) = client.list::<Schedule>(&["schedules"], &(), usize::MAX)?;
    let Some(found) = schedules.iter().find(|one| one.name == schedule.as_str()) else {
        let near = domain::words::text::did_you_mean(schedule.as_str(), schedules.iter().map(|one| one.name.as_str()));
        return Err(Failure::invalid(format!("there is no schedule {schedule}{near}")));
    };
    Ok(when::zone(&found.time_zone)?)
}

/// Now, or at another time: then "in 33d" would be counted from the wrong instant.
#[derive(Clone, Copy)]
enum Told {
    Now(Look),
    At(Look),
}

impl Told {
    fn as_json(self) -> bool {
        let (Self::Now(look) | Self::At(look)) = self;
        look.json
    }

    /// On the wall of the schedule, unless it is about now.
    fn time_or(self, on_call: &OnCall, at: Option<Timestamp>, otherwise: &str) -> String {
        match self {
            Self::Now(look) => look.time_or(at, otherwise),
            Self::At(_) => at.map_or_else(|| otherwise.to_owned(), |at| on_wall(on_call, at)),
        }
    }
}

/// `Thu 24 Dec 2026 18:00 Europe/Berlin`
fn on_wall(on_call: &OnCall, at: Timestamp) -> String {
    let Ok(zone) = when::zone(&on_call.time_zone) else { return screen::exactly(at) };
    format!("{} {}", at.to_zoned(zone).strftime("%a %-d %b %Y %H:%M"), on_call.time_zone)
}

fn tell_one(on_call: &OnCall, told: Told) {
    if told.as_json() {
        screen::say_json(on_call);
        return;
    }
    let nobody = || "nobody".to_owned();
    let person = match (&on_call.full_name, &on_call.person) {
        (Some(full), Some(name)) => format!("{full} ({name})"),
        (_, name) => name.clone().unwrap_or_else(nobody),
    };
    screen::say_facts(&[
        ("schedule", format!("{} ({})", on_call.title, on_call.schedule)),
        ("at", on_wall(on_call, on_call.at)),
        ("on call", person),
        ("why", on_call.reason.clone()),
        ("since", told.time_or(on_call, on_call.since, "always")),
        ("until", told.time_or(on_call, on_call.until, "no end in sight")),
    ]);
}

fn tell_all(all: &Listing<OnCall>, told: Told) {
    if told.as_json() {
        screen::say_json(all);
        return;
    }
    let rows: Vec<[String; 4]> = all
        .items
        .iter()
        .map(|one| {
            let person = one.full_name.clone().or_else(|| one.person.clone()).unwrap_or_else(|| "nobody".into());
            [one.schedule.clone(), person, told.time_or(one, one.until, "-"), one.reason.clone()]
        })
        .collect();
    screen::say_table(["SCHEDULE", "ON CALL", "UNTIL", "WHY"], &rows, "There are no schedules.");
}

pub(crate) fn overrides(command: &Overrides) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    match &command.command {
        OverrideCommand::List { schedule } => list(&client, schedule.as_ref(), look),
        OverrideCommand::Add { schedule, person, nobody: _, from, to, span, reason } => {
            let (zone, now) = (zone_of(&client, schedule)?, clock::clock()());
            let starts_at = when::read(from, &zone, now)?;
            let ends_at = match (to, span) {
                (Some(to), _) => when::read(to, &zone, now)?,
                (None, Some(span)) => span.after(starts_at),
                (None, None) => return Err(Failure::invalid("say when it ends: --to or --for")),
            };
            let body = NewOverride { person: person.clone(), starts_at, ends_at, reason: reason.clone() };
            let made: Override = client.post(&["schedules", schedule.as_str(), "overrides"], &body)?;
            if look.json {
                screen::say_json(&made);
            } else {
                let person = made.person.as_deref().unwrap_or("Nobody");
                let (from, to) = (screen::exactly(made.starts_at), screen::exactly(made.ends_at));
                screen::say(format!("{}: {person} is on call on {schedule} from {from} to {to}.", made.id));
            }
            Ok(Exit::Fine)
        }
        OverrideCommand::Remove { r#override } => {
            client.delete(&["overrides", &r#override.to_string()])?;
            if look.json {
                screen::say_json(&json!({ "removed": r#override }));
            } else {
                screen::say(format!("{override} is removed: the schedule answers as if it had never been."));
            }
            Ok(Exit::Fine)
        }
    }
}

fn list(client: &Client, schedule: Option<&Name>, look: Look) -> Outcome {
    let schedules = if let Some(name) = schedule {
        vec![name.to_string()]
    } else {
        let (all, _) = client.list::<Schedule>(&["schedules"], &(), usize::MAX)?;
        all.into_iter().map(|one| one.name).collect()
    };
    let mut found = Vec::new();
    for name in &schedules {
        let part: Listing<Override> = client.get(&["schedules", name, "overrides"], &RangeQuery::default())?;
        found.extend(part.items);
    }
    if look.json {
        screen::say_json(&Listing::whole(found));
        return Ok(Exit::Fine);
    }
    let rows: Vec<[String; 6]> = found
        .iter()
        .map(|one| {
            let person = one.person.clone().unwrap_or_else(|| "nobody".into());
            let reason = one.reason.clone().unwrap_or_default();
            [one.id.clone(), one.schedule.clone(), person, look.time(one.starts_at), look.time(one.ends_at), reason]
        })
        .collect();
    let nothing = "No overrides in the next two weeks.";
    screen::say_table(["OVERRIDE", "SCHEDULE", "STANDS IN", "FROM", "TO", "REASON"], &rows, nothing);
    Ok(Exit::Fine)
}
