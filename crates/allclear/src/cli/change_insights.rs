//! `allclear change insights`: how changes go, by count and in lengths of time, and what could be taken back now.

use clap::Args;
use domain::learn::insights::in_words;
use web::api::learn::changes::{ChangeInsightQuery, ChangeInsights, ChangeLengths, ChangeShare, ServiceReadiness};

use super::screen::{self, Look};
use super::{Exit, Outcome};
use crate::client::Client;

/// Which changes are looked at.
#[derive(Debug, Args)]
pub(super) struct Insights {
    /// The first day, in UTC: 2026-09-01; 90 days before the end, if absent
    #[arg(long, value_name = "DAY")]
    from: Option<String>,

    /// The last day, which is part of it; now, if absent
    #[arg(long, value_name = "DAY")]
    to: Option<String>,

    /// Only what touches this service
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
}

pub(super) fn show(command: &Insights, client: &Client, look: Look) -> Outcome {
    let query =
        ChangeInsightQuery { from: command.from.clone(), to: command.to.clone(), service: command.service.clone() };
    let found: ChangeInsights = client.get(&["insights", "changes"], &query)?;
    if look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    screen::say_facts(&[
        ("Period", format!("{} to {}", screen::exactly(found.from), screen::exactly(found.to))),
        ("Failed", share(&found.failed)),
        ("Emergencies", share(&found.emergencies)),
        ("Exempted", share(&found.exempted)),
        ("Recovery", lengths(&found.recovery)),
        ("Lead time", lengths(&found.lead)),
    ]);
    screen::say("");
    let weeks: Vec<[String; 4]> = found
        .weeks
        .iter()
        .map(|week| {
            [look.time(week.from), week.changes.to_string(), week.failed.to_string(), week.incidents.to_string()]
        })
        .collect();
    screen::say_table(["WEEK FROM", "CHANGES", "FAILED", "INCIDENTS"], &weeks, "No week is over.");
    screen::say("");
    let services: Vec<[String; 4]> = found.readiness.iter().map(readiness).collect();
    screen::say_table(["SERVICE", "LAST CHANGE", "COULD BE TAKEN BACK", "HOW"], &services, "Nothing was changed.");
    Ok(Exit::Fine)
}

fn readiness(one: &ServiceReadiness) -> [String; 4] {
    let could = if one.could { "yes" } else { "no" };
    [one.service.clone(), one.change.clone(), could.into(), one.way.clone().unwrap_or_else(|| "no plan".into())]
}

/// `3 of 41: 7% (2% to 20%)`; the share only where there are enough.
fn share(one: &ChangeShare) -> String {
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    match (one.share, one.least, one.most) {
        (Some(share), Some(least), Some(most)) => {
            format!("{} of {}: {} ({} to {})", one.hits, one.n, percent(share), percent(least), percent(most))
        }
        _ => format!("{} of {}", one.hits, one.n),
    }
}

fn lengths(found: &ChangeLengths) -> String {
    let bound = |seconds: Option<i64>| seconds.map_or_else(|| "?".to_owned(), in_words);
    let mut said: Vec<String> = found
        .quantiles
        .iter()
        .map(|one| {
            let (least, most) = (bound(one.least), bound(one.most));
            format!("{}% within {} ({least} to {most})", one.percent, in_words(one.seconds))
        })
        .collect();
    if said.is_empty() {
        said = found.points.iter().map(|point| in_words(point.seconds)).collect();
    }
    if said.is_empty() {
        said.push("none is known".into());
    }
    if found.unknown > 0 {
        said.push(format!("of {} not known", found.unknown));
    }
    said.join(", ")
}
