//! `allclear incident checklist`: what is easily forgotten in an incident, and what was done of it.

use std::str::FromStr;

use clap::{ArgGroup, Args};
use domain::words::{IncidentId, Name, Refusal};
use serde_json::json;
use web::api::Listing;
use web::api::respond::checklists::{ChecklistDeed, IncidentChecklist};

use super::Failure;
use super::screen::{self, Look};
use crate::client::Client;

/// Show the checklists of an incident, or say how an item stands
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("deed").args(["tick", "not_applicable", "untick"]),
    after_long_help = "Examples:\n  allclear incident checklist inc_06f1k2m9qv7x3t1a\n  allclear incident checklist inc_06f1k2m9qv7x3t1a --tick contain-a-breach/isolate --note 'pay-1 and pay-3'\n  allclear incident checklist inc_06f1k2m9qv7x3t1a --not-applicable contain-a-breach/isolate --why 'no host is touched'"
)]
pub(crate) struct OfIncident {
    /// The id of the incident
    incident: IncidentId,

    /// It is done: CHECKLIST/ITEM
    #[arg(long, value_name = "ITEM")]
    tick: Option<Item>,

    /// What to remember of it
    #[arg(long, value_name = "WORDS", requires = "tick")]
    note: Option<String>,

    /// It has no place in this incident
    #[arg(long, value_name = "ITEM", requires = "why")]
    not_applicable: Option<Item>,

    /// Why not
    #[arg(long, value_name = "WORDS", requires = "not_applicable")]
    why: Option<String>,

    /// What was said of it does not hold
    #[arg(long, value_name = "ITEM")]
    untick: Option<Item>,
}

/// `contain-a-breach/isolate`.
#[derive(Clone, Debug)]
struct Item {
    checklist: Name,
    item: Name,
}

impl FromStr for Item {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let (checklist, item) = text
            .split_once('/')
            .ok_or_else(|| Refusal::invalid("write CHECKLIST/ITEM, for example contain-a-breach/isolate"))?;
        Ok(Self { checklist: checklist.parse()?, item: item.parse()? })
    }
}

pub(super) fn of_incident(client: &Client, command: &OfIncident, look: Look) -> Result<(), Failure> {
    let id = command.incident.to_string();
    let path = ["incidents", &id, "checklists"];
    let deed = if let Some(Item { checklist, item }) = command.tick.clone() {
        Some(ChecklistDeed::Tick { checklist, item, note: command.note.clone() })
    } else if let Some(Item { checklist, item }) = command.not_applicable.clone() {
        Some(ChecklistDeed::NotApplicable { checklist, item, why: command.why.clone().unwrap_or_default() })
    } else {
        command.untick.clone().map(|Item { checklist, item }| ChecklistDeed::Untick { checklist, item })
    };
    let lists = match &deed {
        Some(deed) => vec![client.post(&path, deed)?],
        None => client.get::<Listing<IncidentChecklist>>(&path, &json!({}))?.items,
    };
    if look.json {
        screen::say_json(&Listing::whole(lists));
        return Ok(());
    }
    let rows: Vec<[String; 4]> = lists
        .iter()
        .flat_map(|list| list.items.iter().map(move |item| (list, item)))
        .map(|(list, item)| {
            let by = item.by.as_deref().filter(|_| item.state != "open").map(screen::actor).unwrap_or_default();
            let said = item.said.as_ref().map_or_else(String::new, |said| format!(" [{}]", said.replace('\n', " ")));
            let name = format!("{}/{}", list.checklist, item.item);
            [name, item.state.clone(), by, format!("{}{said}", item.says)]
        })
        .collect();
    screen::say_table(["ITEM", "STATE", "BY", "WHAT"], &rows, "No checklist is about it now.");
    Ok(())
}
