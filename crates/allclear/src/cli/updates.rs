//! `allclear incident update` and `allclear incident call`: tell people how it stands, and get somebody to command.

use clap::{ArgGroup, Args};
use domain::inform::notices::Status;
use domain::respond::updates::{Audience, Stage};
use domain::words::{IncidentId, Name, Span, UpdateId};
use serde_json::json;
use web::api::respond::updates::{NewUpdate, Update, UpdateDeed};

use super::Failure;
use super::incidents::tell;
use super::screen::Look;
use crate::client::Client;
use crate::clock;

/// What is typed after `incident update`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("deed").required(true).args(["text", "approve", "withdraw"]))]
pub(super) struct Tell {
    /// The id of the incident
    incident: IncidentId,

    /// What people are told
    #[arg(value_name = "TEXT")]
    text: Option<String>,

    /// Tell everybody, and how far it is: investigating, identified, monitoring, resolved. Without it those inside are told
    #[arg(long, value_name = "STAGE")]
    public: Option<Stage>,

    /// With --public: the title of the notice on the status page, if it has none of this incident yet
    #[arg(long, value_name = "TITLE", requires = "public")]
    title: Option<String>,

    /// With --public: how a component is from then on, such as checkout=partial-outage; any number
    #[arg(long = "component", value_name = "NAME=STATUS", value_parser = component, requires = "public")]
    components: Vec<(Name, Status)>,

    /// The next update comes within so long
    #[arg(long, value_name = "SPAN")]
    next: Option<Span>,

    /// Why this one is late, if it is
    #[arg(long, value_name = "WHY")]
    late: Option<String>,

    /// Approve a draft: it is posted
    #[arg(long, value_name = "UPDATE")]
    approve: Option<UpdateId>,

    /// Withdraw a draft
    #[arg(long, value_name = "UPDATE")]
    withdraw: Option<UpdateId>,
}

fn component(text: &str) -> Result<(Name, Status), String> {
    let (name, status) = text.split_once('=').ok_or("write it as checkout=degraded")?;
    let name = name.parse::<Name>().map_err(|refusal| refusal.to_string())?;
    Ok((name, status.parse::<Status>().map_err(|refusal| refusal.to_string())?))
}

pub(super) fn update(client: &Client, command: &Tell, look: Look) -> Result<(), Failure> {
    let id = command.incident.to_string();
    let now: Update = if let Some(text) = &command.text {
        let body = NewUpdate {
            audience: if command.public.is_some() { Audience::Public } else { Audience::Internal },
            stage: command.public,
            text: text.clone(),
            title: command.title.clone(),
            components: command.components.iter().cloned().collect(),
            next_by: command.next.map(|next| next.after(clock::clock()())),
            late_because: command.late.clone(),
        };
        client.post(&["incidents", &id, "updates"], &body)?
    } else {
        let (update, deed) = match (command.approve, command.withdraw) {
            (Some(update), _) => (update.to_string(), UpdateDeed::Approve {}),
            (None, update) => (update.map(|id| id.to_string()).unwrap_or_default(), UpdateDeed::Withdraw {}),
        };
        client.post(&["incidents", &id, "updates", &update], &deed)?
    };
    let next = now.next_by.map_or_else(String::new, |next| format!("; the next by {}", look.time(next)));
    let waits = if now.state == "draft" { ": a second person approves it" } else { "" };
    tell(&now, &format!("{} is {}, {}{waits}{next}.", now.id, now.state, now.audience), look);
    Ok(())
}

pub(super) fn call(client: &Client, incident: IncidentId, look: Look) -> Result<(), Failure> {
    client.post_quietly(&["incidents", &incident.to_string(), "call"], &json!({}))?;
    tell(&json!({ "incident": incident }), &format!("Somebody is being called to command {incident}."), look);
    Ok(())
}
