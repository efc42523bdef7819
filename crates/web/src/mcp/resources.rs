//! What an assistant can read by its address, as Markdown: an incident, its postmortem, a runbook.
//!
//! The addresses are names, not places: they open nothing but what the token sees here.

use actions::learn::postmortems as postmortem_acts;
use domain::words::text::{all_seen, shorten};
use domain::words::{Name, Refusal};
use serde_json::{Value, json};

use super::{QUOTED, tools};
use crate::api::learn::drafts;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

const SCHEME: &str = "allclear://";

/// Runbooks, and incidents that are open.
pub(super) async fn list(app: &App, visitor: &Visitor) -> Result<Vec<Value>, Problem> {
    let node = app.clone();
    let runbooks = app.read(move |tx| {
        let rules = node.node().rules(tx)?;
        let all = rules.catalog.runbooks.iter();
        Ok(all.map(|(name, runbook)| (name.to_string(), runbook.title.clone())).collect::<Vec<_>>())
    });
    let one = |uri: String, name: String, title: &str, kind: &str| json!({ "uri": uri, "name": name, "title": all_seen(title), "description": kind, "mimeType": "text/markdown" });
    let mut found: Vec<Value> = runbooks
        .await?
        .into_iter()
        .map(|(name, title)| one(format!("{SCHEME}runbooks/{name}"), name, &title, "A runbook"))
        .collect();
    for incident in tools::open_incidents(app, visitor.clone()).await?.items {
        let uri = format!("{SCHEME}incidents/{}", incident.id);
        found.push(one(uri, incident.id, &incident.title, "An open incident"));
    }
    Ok(found)
}

/// How addresses are made.
pub(super) fn templates() -> Value {
    json!([
        {
            "uriTemplate": "allclear://incidents/{incident}", "name": "incident", "title": "An incident",
            "description": "What its record says, in sentences that name what they rest on", "mimeType": "text/markdown",
        },
        {
            "uriTemplate": "allclear://incidents/{incident}/postmortem", "name": "postmortem", "title": "A postmortem",
            "description": "As it was published last, or as it is written so far", "mimeType": "text/markdown",
        },
        {
            "uriTemplate": "allclear://runbooks/{runbook}", "name": "runbook", "title": "A runbook",
            "description": "What to do, as it is written", "mimeType": "text/markdown",
        },
    ])
}

/// What is at an address.
pub(super) async fn read(app: &App, visitor: &Visitor, uri: &str) -> Result<String, Problem> {
    let gone = || Refusal::not_found(format!("resource {}", shorten(uri, 120)));
    let path: Vec<&str> = uri.strip_prefix(SCHEME).ok_or_else(gone)?.split('/').collect();
    let text = match path.as_slice() {
        ["incidents", incident] => drafts::markdown_of(app, visitor.clone(), id(incident)?).await?,
        ["incidents", incident, "postmortem"] => {
            let (incident, visitor) = (id(incident)?, visitor.clone());
            let whole = app.read(move |tx| postmortem_acts::whole(tx, incident, visitor.sight())).await?;
            postmortem_acts::markdown(&whole)
        }
        ["runbooks", name] => {
            let name: Name = name.parse().map_err(|_| gone())?;
            let (node, refusal) = (app.clone(), gone());
            let found = app.read(move |tx| {
                let rules = node.node().rules(tx)?;
                let runbook = rules.catalog.runbooks.get(&name).ok_or_else(|| refusal.clone())?;
                Ok(format!("# {}\n\n{}\n", runbook.title, runbook.text.trim()))
            });
            found.await?
        }
        _ => return Err(gone().into()),
    };
    Ok(format!("> {QUOTED}\n\n{}", all_seen(&text)))
}
