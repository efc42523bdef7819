//! `allclear review`: the meeting about a postmortem: its agenda, its plan, its entry in a calendar.

use clap::{Args, Subcommand};
use domain::words::{IncidentId, Name, Timestamp};
use web::api::learn::review_meetings::{NewReview, Review, ReviewDeed, ReviewInvitee};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};

/// Plan the meeting in which a postmortem is read together
#[derive(Debug, Args)]
pub(crate) struct ReviewMeetings {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the meeting and its agenda, or whom the record names for one
    #[command(after_long_help = "Example:\n  allclear review show inc_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Plan it, and invite by mail
    #[command(
        after_long_help = "Example:\n  allclear review plan inc_06f1k2m9qv7x3t1a --at 2026-12-01T14:00:00Z --led-by dai --where 'Room 4'"
    )]
    Plan {
        /// The id of the incident
        incident: IncidentId,

        /// When it begins
        #[arg(long)]
        at: Timestamp,

        /// How long it takes
        #[arg(long, default_value_t = 60)]
        minutes: u32,

        /// Who leads it: somebody who was not involved
        #[arg(long, value_name = "PERSON")]
        led_by: Name,

        /// A room, or an address of a call
        #[arg(long = "where", default_value = "")]
        place: String,

        /// Who is asked to come; without it, those whom the record names
        #[arg(long, value_name = "PERSON")]
        invite: Vec<Name>,
    },
    /// Cancel it, and tell everybody
    #[command(after_long_help = "Example:\n  allclear review cancel inc_06f1k2m9qv7x3t1a --why 'half of us are away'")]
    Cancel {
        /// The id of the incident
        incident: IncidentId,

        /// Why it does not take place
        #[arg(long)]
        why: String,
    },
    /// Print the meeting as a file for a calendar
    #[command(after_long_help = "Example:\n  allclear review calendar inc_06f1k2m9qv7x3t1a > review.ics")]
    Calendar {
        /// The id of the incident
        incident: IncidentId,
    },
}

pub(crate) fn run(command: &ReviewMeetings) -> Outcome {
    let (client, look) = (command.server.client()?, command.look);
    match &command.command {
        Command::Show { incident } => {
            tell(&client.get(&["incidents", &incident.to_string(), "review"], &())?, look);
        }
        Command::Plan { incident, at, minutes, led_by, place, invite } => {
            let invitees = invite.iter().map(|person| ReviewInvitee { person: person.clone(), why: String::new() });
            let meeting = NewReview {
                starts_at: *at,
                minutes: *minutes,
                place: place.clone(),
                facilitator: led_by.clone(),
                invitees: invitees.collect(),
            };
            tell(&act(&client, incident, &ReviewDeed::Plan { meeting })?, look);
        }
        Command::Cancel { incident, why } => {
            tell(&act(&client, incident, &ReviewDeed::Cancel { why: why.clone() })?, look);
        }
        Command::Calendar { incident } => {
            screen::pour(&client.text(&["incidents", &incident.to_string(), "review.ics"], &())?);
        }
    }
    Ok(Exit::Fine)
}

fn act(client: &Client, incident: &IncidentId, deed: &ReviewDeed) -> Result<Review, Failure> {
    client.post(&["incidents", &incident.to_string(), "review"], deed)
}

fn tell(one: &Review, look: Look) {
    if look.json {
        screen::say_json(one);
        return;
    }
    let invitees = one.meeting.as_ref().map_or(&one.suggested, |meeting| &meeting.invitees);
    if let Some(meeting) = &one.meeting {
        screen::say_facts(&[
            ("State", meeting.state.clone()),
            ("When", format!("{}, {} minutes", look.time(meeting.starts_at), meeting.minutes)),
            ("Where", meeting.place.clone()),
            ("Led by", meeting.facilitator.clone()),
        ]);
    } else {
        screen::say("None is planned. The record names:");
    }
    let rows: Vec<[String; 2]> = invitees.iter().map(|one| [one.person.to_string(), one.why.clone()]).collect();
    screen::say_table(["PERSON", "WHY"], &rows, "Nobody is asked.");
    for topic in &one.agenda {
        screen::say(format!("{} ({} min)", topic.title, topic.minutes));
        for ask in &topic.asks {
            screen::say(format!("  - {ask}"));
        }
    }
    for decision in one.meeting.iter().flat_map(|meeting| &meeting.decisions) {
        screen::say(format!("decided: {}", decision.text));
    }
}
